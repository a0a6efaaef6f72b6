//! Layers: what is drawn between the ground and the agents. Each layer has a key by which it is shown and hidden.

use agent2028_core::agent::{AgentId, AgentIndex, Position};
use agent2028_core::simulation::Simulation;
use agent2028_core::space::WorldBounds;
use bevy::math::Vec2;
use bevy::prelude::World;

use crate::paint::{Painter, Projection, line};
use crate::selection::Selection;
use crate::settings::ViewSettings;
use crate::tokens::{Rgba8, Tokens};

pub use crate::layer_facts::{
    AGENTS, BOUNDS, GRID, HEADINGS, HOVER_CARD, HULLS, LABELS, LEGEND, LayerFacts, MINIMAP, OBSTACLES, PLACES, REGIONS,
    TRAILS,
};

/// What a layer reads.
#[derive(Clone, Copy, Debug)]
pub struct LayerInput<'a> {
    /// The simulation.
    pub simulation: &'a Simulation,
    /// How the world is drawn.
    pub settings: &'a ViewSettings,
    /// The selected agents.
    pub selection: &'a Selection,
    /// From world units to logical pixels.
    pub projection: Projection,
    /// How long a single agent is drawn, in logical pixels.
    pub agent_length: f32,
}

impl<'a> LayerInput<'a> {
    /// What the simulation's world holds.
    #[must_use]
    pub fn world(&self) -> &'a World {
        self.simulation.world()
    }

    /// The colours in use.
    #[must_use]
    pub fn tokens(&self) -> &'static Tokens {
        self.settings.tokens()
    }

    /// The world's size and edges.
    #[must_use]
    pub fn bounds(&self) -> WorldBounds {
        self.world().get_resource::<WorldBounds>().copied().unwrap_or_default()
    }

    /// Where an agent is, in world units; none if it has left the world.
    #[must_use]
    pub fn place(&self, agent: AgentId) -> Option<Vec2> {
        let entity = self.world().get_resource::<AgentIndex>()?.get(agent)?;
        self.world().get::<Position>(entity).map(|position| position.0).filter(|place| place.is_finite())
    }

    /// Draws a line between two places the short way; around a torus it leaves on one side and comes back on the other.
    pub fn line(&self, painter: &mut Painter, from: Vec2, to: Vec2, color: Rgba8) {
        line::paint(painter, &self.projection, &self.bounds(), from, to, color);
    }
}

/// How much a label matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LabelRank {
    /// One of many: it gives way to the others, and is written quietly.
    Detail,
    /// A landmark.
    Place,
}

/// A name or a number that wants to stand beside something in the world.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerLabel {
    /// How much it matters.
    pub rank: LabelRank,
    /// What it says.
    pub text: String,
    /// The middle of what it names, in world units.
    pub at: Vec2,
    /// How far that reaches, in world units.
    pub radius: f32,
    /// Of two of a rank, the one with more weight comes first.
    pub weight: f32,
}

/// A layer: something that is drawn above the ground and below the agents, and that a person can hide. Several plugins may
/// paint one layer, such as [`OBSTACLES`]: it is shown and hidden as a whole.
pub trait Layer: 'static {
    /// What is to know about it before it is drawn.
    const FACTS: LayerFacts;

    /// Whether this world has any of it.
    #[must_use]
    fn applies(world: &World) -> bool;

    /// Draws it.
    fn paint(painter: &mut Painter, input: &LayerInput);

    /// What is written beside it where there is room, while names are shown.
    #[must_use]
    fn labels(world: &World) -> Vec<LayerLabel> {
        let _ = world;
        Vec::new()
    }
}

/// A layer that was registered, or the part of one.
#[derive(Clone, Copy, Debug)]
pub struct LayerEntry {
    /// What is to know about it.
    pub facts: &'static LayerFacts,
    applies: fn(&World) -> bool,
    paint: fn(&mut Painter, &LayerInput),
    labels: fn(&World) -> Vec<LayerLabel>,
}

impl LayerEntry {
    pub(crate) fn of<L: Layer>() -> Self {
        Self { facts: &L::FACTS, applies: L::applies, paint: L::paint, labels: L::labels }
    }

    pub(crate) fn paint(&self, painter: &mut Painter, input: &LayerInput) {
        (self.paint)(painter, input);
    }

    pub(crate) fn labels(&self, world: &World) -> Vec<LayerLabel> {
        (self.labels)(world)
    }

    /// Whether this world has any of it.
    #[must_use]
    pub fn applies(&self, world: &World) -> bool {
        (self.applies)(world)
    }
}
