//! Changes of pheromones: false trails, brushes, and empty layers.

use agent2028_core::agent::AgentId;
use agent2028_core::check::{Check, Problems, Range, Unit, suggest};
use agent2028_core::clock::SimClock;
use agent2028_core::intervention::{
    Intervention, InterventionContext, InterventionError, PaletteEntry, Tone, Unfit, room_for,
};
use agent2028_core::selector::Selector;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::emit::{MOST_BRUSH_CELLS, Spoof, SpoofSource, Spoofs, brush, brush_size, deposit};
use crate::field::{LayerId, PheromoneField};

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

impl SpoofPheromone {
    /// Whether what it marks at once is small enough.
    fn check_size(&self, world: &World) -> Result<(), InterventionError> {
        match &self.place {
            SpoofPlace::Agents(_) | SpoofPlace::At(_) => check_brush(world, &[Vec2::ZERO], self.radius),
            SpoofPlace::Path(path) => check_brush(world, path, self.radius),
        }
    }
}

impl Intervention for SpoofPheromone {
    const NAME: &'static str = "SpoofPheromone";
    const NEEDS: &'static [&'static str] = &["pheromones"];
    const PALETTE: Option<PaletteEntry> = Some(
        PaletteEntry::new(
            "Spoof",
            "\u{e798}",
            Tone::Danger,
            "A false trail: marks that promise what isn't there, and lead astray who follows them.",
        )
        .with_strength("strength"),
    );

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        find_layer(world, &self.layer).map_err(|error| Unfit { field: "layer", error })?;
        self.check_size(world).map_err(|error| Unfit { field: "radius", error })
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let layer = find_layer(world, &self.layer)?;
        self.check_size(world)?;
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
        room_for(world.resource::<Spoofs>().0.len(), "false trails")?;
        if let SpoofSource::Agents(agents) = &source {
            let cells = brush_size(world.resource::<PheromoneField>(), &[Vec2::ZERO], self.radius);
            let all = cells.saturating_mul(agents.len() as u64);
            if all > MOST_BRUSH_CELLS {
                let help = "choose a smaller radius or fewer agents";
                let text = format!("{} agents with {cells} cells each are too many; {help}", agents.len());
                return Err(InterventionError::Refused(text));
            }
        }
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

/// Paints pheromone with a round brush, along a stroke if it has more points than one.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct PaintPheromone {
    /// The layer; by default `food`.
    pub layer: String,
    /// The middle of the brush, where a stroke begins.
    #[reflect(@Unit("units"))]
    pub center: Vec2,
    /// Where the stroke goes on from there, point by point; by default nowhere.
    #[reflect(@Range::new(-1e7, 1e7), @Unit("units"))]
    pub path: Vec<Vec2>,
    /// Radius of the brush; by default 20.
    #[reflect(@Range::new(0.0, 1e5), @Unit("units"))]
    pub radius: f32,
    /// What each cell gets, once per stroke; by default 0.5.
    #[reflect(@Range::new(0.0, 1e9), @Unit("intensity"))]
    pub amount: f32,
    /// Whether `center` is where an earlier part of the same stroke ended: what the brush covers there was painted with that
    /// part.
    pub continued: bool,
}

impl Default for PaintPheromone {
    fn default() -> Self {
        let (center, path) = (Vec2::ZERO, Vec::new());
        Self { layer: "food".into(), center, path, radius: 20.0, amount: 0.5, continued: false }
    }
}

impl Check for PaintPheromone {}

impl Intervention for PaintPheromone {
    const NAME: &'static str = "PaintPheromone";
    const NEEDS: &'static [&'static str] = &["pheromones"];

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        find_layer(world, &self.layer).map_err(|error| Unfit { field: "layer", error })?;
        let stroke = stroke(self.center, &self.path);
        check_brush(world, &stroke, self.radius).map_err(|error| Unfit { field: "radius", error })
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        let layer = find_layer(world, &self.layer)?;
        let stroke = stroke(self.center, &self.path);
        check_brush(world, &stroke, self.radius)?;
        let mut field = world.resource_mut::<PheromoneField>();
        let mut cells = brush(&field, &stroke, self.radius);
        if self.continued {
            let mut painted = brush(&field, &[self.center], self.radius);
            painted.sort_unstable();
            cells.retain(|cell| painted.binary_search(cell).is_err());
        }
        deposit(&mut field, layer, &cells, self.amount, AgentId::NONE);
        Ok(format!("painted {} on {} cells", self.layer, cells.len()))
    }

    fn continues(&self, earlier: &Self) -> bool {
        self.continued && goes_on(self.center, earlier.center, &earlier.path)
    }
}

/// Erases pheromone with a round brush, along a stroke if it has more points than one.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct ErasePheromone {
    /// The layer; by default all.
    pub layer: Option<String>,
    /// The middle of the brush, where a stroke begins.
    #[reflect(@Unit("units"))]
    pub center: Vec2,
    /// Where the stroke goes on from there, point by point; by default nowhere.
    #[reflect(@Range::new(-1e7, 1e7), @Unit("units"))]
    pub path: Vec<Vec2>,
    /// Radius of the brush; by default 20.
    #[reflect(@Range::new(0.0, 1e5), @Unit("units"))]
    pub radius: f32,
    /// Whether `center` is where an earlier part of the same stroke ended.
    pub continued: bool,
}

impl Default for ErasePheromone {
    fn default() -> Self {
        Self { layer: None, center: Vec2::ZERO, path: Vec::new(), radius: 20.0, continued: false }
    }
}

impl Check for ErasePheromone {}

/// The points of a brush's stroke.
fn stroke(center: Vec2, path: &[Vec2]) -> Vec<Vec2> {
    let mut points = vec![center];
    points.extend_from_slice(path);
    points
}

/// Whether a stroke that begins at `start` goes on where another one has ended.
fn goes_on(start: Vec2, center: Vec2, path: &[Vec2]) -> bool {
    start == *path.last().unwrap_or(&center)
}

fn layers_meant(world: &World, name: Option<&String>) -> Result<Vec<LayerId>, InterventionError> {
    match name {
        Some(name) => Ok(vec![find_layer(world, name)?]),
        None => Ok(world.resource::<PheromoneField>().layers().map(|(id, ..)| id).collect()),
    }
}

impl Intervention for ErasePheromone {
    const NAME: &'static str = "ErasePheromone";
    const NEEDS: &'static [&'static str] = &["pheromones"];

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        layers_meant(world, self.layer.as_ref()).map_err(|error| Unfit { field: "layer", error })?;
        let stroke = stroke(self.center, &self.path);
        check_brush(world, &stroke, self.radius).map_err(|error| Unfit { field: "radius", error })
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        let layers = layers_meant(world, self.layer.as_ref())?;
        let stroke = stroke(self.center, &self.path);
        check_brush(world, &stroke, self.radius)?;
        let mut field = world.resource_mut::<PheromoneField>();
        let cells = brush(&field, &stroke, self.radius);
        for layer in layers {
            if let Some(layer) = field.layer_mut(layer) {
                for cell in &cells {
                    layer.remove(*cell, f32::MAX);
                }
            }
        }
        Ok(format!("erased {} cells", cells.len()))
    }

    fn continues(&self, earlier: &Self) -> bool {
        self.continued && goes_on(self.center, earlier.center, &earlier.path)
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

impl Check for ClearPheromone {}

impl Intervention for ClearPheromone {
    const NAME: &'static str = "ClearPheromone";
    const NEEDS: &'static [&'static str] = &["pheromones"];

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        layers_meant(world, self.layer.as_ref()).map(|_| ()).map_err(|error| Unfit { field: "layer", error })
    }

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
