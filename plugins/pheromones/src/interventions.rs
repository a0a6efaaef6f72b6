//! Changes from outside: attacks, brushes and new sites.

use agent2028_core::clock::SimClock;
use agent2028_core::intervention::{Intervention, InterventionContext, InterventionError};
use agent2028_core::rng::SimRng;
use agent2028_core::schema::{Check, Problems, Range, Unit, suggest};
use agent2028_core::selector::Selector;
use agent2028_core::space::WorldBounds;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::config::{NestConfig, ResourceConfig};
use crate::emit::{MOST_BRUSH_CELLS, Spoof, SpoofSource, Spoofs, brush, brush_size, paint};
use crate::field::{LayerId, PheromoneField};
use crate::site::Sites;

fn find_layer(world: &World, name: &str) -> Result<LayerId, InterventionError> {
    let field = world.resource::<PheromoneField>();
    field.find(name).ok_or_else(|| {
        let help = suggest(name, field.layers().map(|(_, name, _)| name), "layer");
        InterventionError::Refused(format!("there is no pheromone layer \"{name}\"; {help}"))
    })
}

/// Whether a brush is small enough.
fn check_brush(world: &World, path: &[Vec2], radius: f32) -> Result<(), InterventionError> {
    let cells = brush_size(world.resource::<PheromoneField>(), path, radius);
    if cells > MOST_BRUSH_CELLS {
        let help = "choose a smaller radius or a shorter path";
        return Err(InterventionError::Refused(format!("{cells} cells are too many for one brush; {help}")));
    }
    Ok(())
}

/// Where a false trail is laid.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(deny_unknown_fields)]
pub enum SpoofPlace {
    /// By these agents, around them, wherever they go.
    Agents(Selector),
    /// In a circle around this point.
    At(#[reflect(@Unit("units"))] Vec2),
    /// Along this path.
    Path(#[reflect(@Unit("units"))] Vec<Vec2>),
}

impl Default for SpoofPlace {
    fn default() -> Self {
        Self::Agents(Selector::Fraction(0.1))
    }
}

/// Attack: a false trail, laid by traitors or out of nowhere, that leads foragers astray.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct SpoofPheromone {
    /// The layer; by default `food`.
    pub layer: String,
    /// Where: `Agents(selector)`, `At(point)` or `Path(points)`; by default a tenth of all agents.
    pub place: SpoofPlace,
    /// What each cell gets per second; by default 5.
    #[reflect(@Range::new(0.0, 1e9), @Unit("intensity/s"))]
    pub strength: f32,
    /// Radius of the mark, or half the width of the path; by default 5.
    #[reflect(@Range::new(0.0, 1e5), @Unit("units"))]
    pub radius: f32,
    /// For how long; by default 30 s.
    #[reflect(@Range::new(0.0, 1e9), @Unit("s"))]
    pub duration_s: f32,
}

impl Default for SpoofPheromone {
    fn default() -> Self {
        Self { layer: "food".into(), place: SpoofPlace::default(), strength: 5.0, radius: 5.0, duration_s: 30.0 }
    }
}

impl Check for SpoofPheromone {
    fn check(&self, at: &str, problems: &mut Problems) {
        match &self.place {
            SpoofPlace::Agents(select) => select.check(&format!("{at}.place"), problems),
            SpoofPlace::Path(path) if path.is_empty() => {
                problems.push(format!("{at}.place"), "a path needs points", "for example [(0, 0), (9, 9)]");
            }
            SpoofPlace::At(_) | SpoofPlace::Path(_) => {}
        }
    }
}

impl Intervention for SpoofPheromone {
    const NAME: &'static str = "SpoofPheromone";

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let layer = find_layer(world, &self.layer)?;
        match &self.place {
            SpoofPlace::Agents(_) | SpoofPlace::At(_) => check_brush(world, &[Vec2::ZERO], self.radius)?,
            SpoofPlace::Path(path) => check_brush(world, path, self.radius)?,
        }
        let (source, who) = match &self.place {
            SpoofPlace::Agents(select) => {
                let agents = select.resolve(world, context);
                let who = format!("{} agents", agents.len());
                (SpoofSource::Agents(agents), who)
            }
            SpoofPlace::At(point) => (SpoofSource::Place(*point), format!("a source at {point}")),
            SpoofPlace::Path(path) => (SpoofSource::Path(path.clone()), "a path".to_owned()),
        };
        let clock = world.resource::<SimClock>();
        let until = clock.tick().saturating_add(clock.ticks_in(f64::from(self.duration_s)));
        world.resource_mut::<Spoofs>().0.push(Spoof {
            layer: layer.0,
            source,
            per_s: self.strength,
            radius: self.radius,
            until,
        });
        Ok(format!("{who} lay false {} for {} s", self.layer, self.duration_s))
    }
}

/// Brings a new resource into the world.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct DropResource {
    /// The resource.
    pub resource: ResourceConfig,
}

impl Check for DropResource {
    fn check(&self, _: &str, _: &mut Problems) {}
}

impl Intervention for DropResource {
    const NAME: &'static str = "DropResource";

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let bounds = *world.resource::<WorldBounds>();
        let mut stream = world.resource::<SimRng>().global(context.purpose("pheromones.drop"), context.tick);
        world.resource_mut::<Sites>().add_resource(&self.resource, &bounds, &mut stream);
        Ok(format!("dropped {} units of {}", self.resource.amount, self.resource.name))
    }
}

/// Brings a new nest into the world. Foragers that are there keep theirs; those spawned later may choose it.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct AddNest {
    /// The nest.
    pub nest: NestConfig,
}

impl Check for AddNest {
    fn check(&self, _: &str, _: &mut Problems) {}
}

impl Intervention for AddNest {
    const NAME: &'static str = "AddNest";

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        let bounds = *world.resource::<WorldBounds>();
        world.resource_mut::<Sites>().add_nest(&self.nest, &bounds);
        Ok(format!("added nest {}", self.nest.name))
    }
}

/// Paints pheromone with a round brush.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct PaintPheromone {
    /// The layer; by default `food`.
    pub layer: String,
    /// The middle of the brush.
    #[reflect(@Unit("units"))]
    pub center: Vec2,
    /// Radius of the brush; by default 20.
    #[reflect(@Range::new(0.0, 1e5), @Unit("units"))]
    pub radius: f32,
    /// What each cell gets; by default 0.5.
    #[reflect(@Range::new(0.0, 1e9), @Unit("intensity"))]
    pub amount: f32,
}

impl Default for PaintPheromone {
    fn default() -> Self {
        Self { layer: "food".into(), center: Vec2::ZERO, radius: 20.0, amount: 0.5 }
    }
}

impl Check for PaintPheromone {
    fn check(&self, _: &str, _: &mut Problems) {}
}

impl Intervention for PaintPheromone {
    const NAME: &'static str = "PaintPheromone";

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        let layer = find_layer(world, &self.layer)?;
        check_brush(world, &[self.center], self.radius)?;
        let mut field = world.resource_mut::<PheromoneField>();
        let none = agent2028_core::agent::AgentId::NONE;
        let cells = paint(&mut field, layer, &[self.center], self.radius, self.amount, none);
        Ok(format!("painted {} on {cells} cells", self.layer))
    }
}

/// Erases pheromone with a round brush.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct ErasePheromone {
    /// The layer; by default all.
    pub layer: Option<String>,
    /// The middle of the brush.
    #[reflect(@Unit("units"))]
    pub center: Vec2,
    /// Radius of the brush; by default 20.
    #[reflect(@Range::new(0.0, 1e5), @Unit("units"))]
    pub radius: f32,
}

impl Default for ErasePheromone {
    fn default() -> Self {
        Self { layer: None, center: Vec2::ZERO, radius: 20.0 }
    }
}

impl Check for ErasePheromone {
    fn check(&self, _: &str, _: &mut Problems) {}
}

fn layers_meant(world: &World, name: Option<&String>) -> Result<Vec<LayerId>, InterventionError> {
    match name {
        Some(name) => Ok(vec![find_layer(world, name)?]),
        None => Ok(world.resource::<PheromoneField>().layers().map(|(id, ..)| id).collect()),
    }
}

impl Intervention for ErasePheromone {
    const NAME: &'static str = "ErasePheromone";

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        let layers = layers_meant(world, self.layer.as_ref())?;
        check_brush(world, &[self.center], self.radius)?;
        let mut field = world.resource_mut::<PheromoneField>();
        let cells = brush(&field, &[self.center], self.radius);
        for layer in layers {
            if let Some(layer) = field.layer_mut(layer) {
                for cell in &cells {
                    layer.remove(*cell, f32::MAX);
                }
            }
        }
        Ok(format!("erased {} cells", cells.len()))
    }
}

/// Empties a layer, or all.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct ClearPheromone {
    /// The layer; by default all.
    pub layer: Option<String>,
}

impl Check for ClearPheromone {
    fn check(&self, _: &str, _: &mut Problems) {}
}

impl Intervention for ClearPheromone {
    const NAME: &'static str = "ClearPheromone";

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        let layers = layers_meant(world, self.layer.as_ref())?;
        let mut field = world.resource_mut::<PheromoneField>();
        for layer in &layers {
            if let Some(layer) = field.layer_mut(*layer) {
                layer.clear();
            }
        }
        Ok(format!("cleared {} layers", layers.len()))
    }
}
