//! Kinds of pheromone and who emits them.

use agent2028_core::check::{Range, Unit};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::field::{DecayRule, FieldEdge, LayerParameters, Stencil};

/// A kind of pheromone.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct LayerConfig {
    /// The layer's name, by which everything else refers to it.
    pub name: String,
    /// Decay constant λ: after time t, e^(−λt) of a mark is left; by default 0.02.
    #[reflect(@Range::new(0.0, 1e4), @Unit("1/s"))]
    pub decay_per_s: f32,
    /// Time after which half of a mark is left; takes the place of `decay_per_s` if given.
    #[reflect(@Range::new(1e-4, 1e9), @Unit("s"))]
    pub half_life_s: Option<f32>,
    /// `Exact` or `Classic`; by default `Exact`.
    pub rule: DecayRule,
    /// Part of itself that a cell gives to its neighbours per tick, 0–0.5; by default 0.05. Above ½ it would oscillate.
    #[reflect(@Range::new(0.0, 0.5), @Unit("per tick"))]
    pub diffusion_rate: f32,
    /// `FivePoint` or `NinePoint`; by default `FivePoint`.
    pub stencil: Stencil,
    /// What happens at the edge of the world: `Wrap`, `Absorb` or `Reflect`; by default `Wrap` in a world that wraps and
    /// `Reflect` elsewhere.
    pub edge: Option<FieldEdge>,
    /// Intensity at which a cell is full; by default 1.
    #[reflect(@Range::new(1e-6, 1e9), @Unit("intensity"))]
    pub maximum: f32,
    /// A tile of 64 × 64 cells is freed when all its cells are below this; by default 0.01. With 0 only when all are
    /// empty.
    #[reflect(@Range::new(0.0, 1e9), @Unit("intensity"))]
    pub threshold: f32,
    /// Whether each cell remembers its last and its strongest depositor (48 KiB per tile); by default not.
    pub provenance: bool,
    /// Which hue of the palette draws the layer, counted from 0; by default 0.
    #[reflect(@Range::new(0.0, 63.0))]
    pub color: u32,
}

impl Default for LayerConfig {
    fn default() -> Self {
        Self {
            name: "food".into(),
            decay_per_s: 0.02,
            half_life_s: None,
            rule: DecayRule::Exact,
            diffusion_rate: 0.05,
            stencil: Stencil::FivePoint,
            edge: None,
            maximum: 1.0,
            threshold: 0.01,
            provenance: false,
            color: 0,
        }
    }
}

impl LayerConfig {
    /// The parameters of the layer in a world that wraps or not. In a world that doesn't, a layer doesn't either.
    #[must_use]
    pub fn parameters(&self, world_wraps: bool) -> LayerParameters {
        let decay_per_s = match self.half_life_s {
            Some(half_life) if half_life > 0.0 => std::f64::consts::LN_2 / f64::from(half_life),
            _ => f64::from(self.decay_per_s),
        };
        let usual = if world_wraps { FieldEdge::Wrap } else { FieldEdge::Reflect };
        let edge = match self.edge {
            Some(FieldEdge::Wrap) | None => usual,
            Some(edge) => edge,
        };
        LayerParameters {
            decay_per_s,
            rule: self.rule,
            diffusion_rate: self.diffusion_rate,
            stencil: self.stencil,
            edge,
            maximum: self.maximum,
            threshold: self.threshold,
            provenance: self.provenance,
        }
        .sane()
    }
}

/// A group of agents that leaves a trail wherever it goes, whoever moves it.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct EmitterConfig {
    /// The agent group.
    pub agents: String,
    /// The layer.
    pub layer: String,
    /// What each agent leaves per second; by default 1.
    #[reflect(@Range::new(0.0, 1e9), @Unit("intensity/s"))]
    pub per_s: f32,
}

impl Default for EmitterConfig {
    fn default() -> Self {
        Self { agents: String::new(), layer: "food".into(), per_s: 1.0 }
    }
}
