//! Changes from outside: attacks, brushes and new sites.

use agent2028_core::agent::{Agent, AgentId, Position};
use agent2028_core::check::{Check, Problems, Range, Unit, suggest};
use agent2028_core::clock::SimClock;
use agent2028_core::intervention::{
    Intervention, InterventionContext, InterventionError, InterventionRegistry, PaletteEntry, Tone, Unfit, room_among,
    room_for,
};
use agent2028_core::ranges::check_ranges;
use agent2028_core::rng::SimRng;
use agent2028_core::selector::Selector;
use agent2028_core::space::WorldBounds;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::config::{NestConfig, PheromonesConfig, ResourceConfig, WallConfig, check_points};
use crate::emit::{MOST_BRUSH_CELLS, Spoof, SpoofSource, Spoofs, brush, brush_size, deposit};
use crate::field::{LayerId, PheromoneField};
use crate::forager::Forager;
use crate::site::Sites;

/// Adds the interventions of this plugin.
pub fn interventions(list: &mut InterventionRegistry) {
    list.add::<SpoofPheromone>()
        .add::<DropResource>()
        .add::<MoveResource>()
        .add::<RemoveResource>()
        .add::<AddNest>()
        .add::<MoveNest>()
        .add::<RemoveNest>()
        .add::<AddWall>()
        .add::<MoveWall>()
        .add::<RemoveWall>()
        .add::<PaintPheromone>()
        .add::<ErasePheromone>()
        .add::<ClearPheromone>();
}

/// No more than these are added while a simulation runs; those of the section may be more.
const MOST_SITES: usize = 1 << 17;
const MOST_NESTS: usize = 4096;
const MOST_WALLS: usize = 4096;

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
    const NEEDS: &'static [&'static str] = &["pheromones"];
    const CHANGES_SECTIONS: bool = true;

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        // It changes nothing but the sites, which whoever asks puts back.
        self.apply(world, &InterventionContext { tick: 0, ordinal: 0 })?;
        Ok(())
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let items = self.resource.items.max(1) as usize;
        room_among(world.resource::<Sites>().sources.len() + items - 1, MOST_SITES, "resources")?;
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
    const NEEDS: &'static [&'static str] = &["pheromones"];
    const CHANGES_SECTIONS: bool = true;

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        // It changes nothing but the sites, which whoever asks puts back.
        self.apply(world, &InterventionContext { tick: 0, ordinal: 0 })?;
        Ok(())
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        room_among(world.resource::<Sites>().nests.len(), MOST_NESTS, "nests")?;
        let bounds = *world.resource::<WorldBounds>();
        world.resource_mut::<Sites>().add_nest(&self.nest, &bounds);
        Ok(format!("added nest {}", self.nest.name))
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

impl Check for PaintPheromone {
    fn check(&self, _: &str, _: &mut Problems) {}
}

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

impl Check for ErasePheromone {
    fn check(&self, _: &str, _: &mut Problems) {}
}

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

impl Check for ClearPheromone {
    fn check(&self, _: &str, _: &mut Problems) {}
}

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

/// The site of this number, or why there is none.
fn numbered<'a, T>(sites: &'a [T], index: u32, what: &str) -> Result<&'a T, InterventionError> {
    let count = sites.len();
    sites.get(index as usize).ok_or_else(|| {
        let help = if count == 0 { "there are none".into() } else { format!("they are numbered 0 to {}", count - 1) };
        InterventionError::Refused(format!("there is no {what} number {index}; {help}"))
    })
}

/// Moves a resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct MoveResource {
    /// Which, from 0 in the order in which they came into the world.
    pub index: u32,
    /// Where to.
    #[reflect(@Range::new(-1e7, 1e7), @Unit("units"))]
    pub to: Vec2,
}

impl Check for MoveResource {
    fn check(&self, _: &str, _: &mut Problems) {}
}

impl Intervention for MoveResource {
    const NAME: &'static str = "MoveResource";
    const NEEDS: &'static [&'static str] = &["pheromones"];

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        numbered(&world.resource::<Sites>().sources, self.index, "resource")?;
        Ok(())
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        let bounds = *world.resource::<WorldBounds>();
        let mut sites = world.resource_mut::<Sites>();
        numbered(&sites.sources, self.index, "resource")?;
        let source = &mut sites.sources[self.index as usize];
        source.position = bounds.enter(self.to);
        Ok(format!("{} is at {} now", source.name, source.position))
    }
}

/// Takes a resource out of the world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct RemoveResource {
    /// Which, from 0 in the order in which they came into the world.
    pub index: u32,
}

impl Check for RemoveResource {
    fn check(&self, _: &str, _: &mut Problems) {}
}

impl Intervention for RemoveResource {
    const NAME: &'static str = "RemoveResource";
    const NEEDS: &'static [&'static str] = &["pheromones"];
    const CHANGES_SECTIONS: bool = true;

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        // It changes nothing but the sites, which whoever asks puts back. What comes later asks only how many there are, so that
        // those behind needn't move up.
        let mut sites = world.resource_mut::<Sites>();
        numbered(&sites.sources, self.index, "resource")?;
        sites.sources.swap_remove(self.index as usize);
        Ok(())
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        let mut sites = world.resource_mut::<Sites>();
        numbered(&sites.sources, self.index, "resource")?;
        let gone = sites.sources.remove(self.index as usize);
        Ok(format!("{} at {} is gone", gone.name, gone.position))
    }
}

/// Moves a nest. Its foragers find home there from now on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct MoveNest {
    /// Which, from 0 in the order in which they came into the world.
    pub index: u32,
    /// Where to.
    #[reflect(@Range::new(-1e7, 1e7), @Unit("units"))]
    pub to: Vec2,
}

impl Check for MoveNest {
    fn check(&self, _: &str, _: &mut Problems) {}
}

impl Intervention for MoveNest {
    const NAME: &'static str = "MoveNest";
    const NEEDS: &'static [&'static str] = &["pheromones"];

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        numbered(&world.resource::<Sites>().nests, self.index, "nest")?;
        Ok(())
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        let bounds = *world.resource::<WorldBounds>();
        let mut sites = world.resource_mut::<Sites>();
        numbered(&sites.nests, self.index, "nest")?;
        let nest = &mut sites.nests[self.index as usize];
        nest.position = bounds.enter(self.to);
        Ok(format!("{} is at {} now", nest.name, nest.position))
    }
}

/// Takes a nest out of the world. Its foragers choose the nest that is nearest to them; the last nest can't be taken from
/// foragers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct RemoveNest {
    /// Which, from 0 in the order in which they came into the world.
    pub index: u32,
}

impl Check for RemoveNest {
    fn check(&self, _: &str, _: &mut Problems) {}
}

impl Intervention for RemoveNest {
    const NAME: &'static str = "RemoveNest";
    const NEEDS: &'static [&'static str] = &["pheromones"];
    const CHANGES_SECTIONS: bool = true;

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        // It changes nothing but the sites, which whoever asks puts back. What comes later asks only how many there are, so that
        // those behind needn't move up.
        let mut sites = world.resource_mut::<Sites>();
        numbered(&sites.nests, self.index, "nest")?;
        sites.nests.swap_remove(self.index as usize);
        Ok(())
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        let bounds = *world.resource::<WorldBounds>();
        let mut foragers = world.query::<(&Agent, &Position, &mut Forager)>();
        let forages = foragers.iter(world).next().is_some();
        let mut sites = world.resource_mut::<Sites>();
        numbered(&sites.nests, self.index, "nest")?;
        if forages && sites.nests.len() == 1 {
            let text = "this is the only nest, and foragers need one; add another one first";
            return Err(InterventionError::Refused(text.into()));
        }
        let gone = sites.nests.remove(self.index as usize);
        let left = sites.clone();
        let mut moved = 0;
        // Each forager's new nest depends on nothing but itself, so their order is of no effect.
        for (_, position, mut forager) in foragers.iter_mut(world) {
            if forager.nest > self.index {
                forager.nest -= 1;
            } else if forager.nest == self.index {
                forager.nest = left.nearest_nest(position.0, &bounds).unwrap_or(0) as u32;
                moved += 1;
            }
        }
        Ok(format!("{} is gone, {moved} foragers moved to other nests", gone.name))
    }
}

/// Whether a wall is in order: nothing else in the section depends on it, so that what changes a wall looks at that wall alone and
/// costs the same however many there are.
fn check_wall(wall: &WallConfig, number: usize) -> Result<(), InterventionError> {
    let mut problems = Problems::default();
    let at = format!("pheromones.walls[{number}]");
    check_ranges(wall, &at, &mut problems);
    check_points(&wall.points, &at, &mut problems);
    match problems.into_list().into_iter().next() {
        Some(problem) => {
            Err(InterventionError::Refused(format!("{}: {}; {}", problem.path, problem.message, problem.help)))
        }
        None => Ok(()),
    }
}

/// Tries what changes nothing but the section, which whoever asks puts back.
fn rehearse(intervention: &impl Intervention, world: &mut World) -> Result<(), Unfit> {
    intervention.apply(world, &InterventionContext { tick: 0, ordinal: 0 })?;
    Ok(())
}

/// Puts up a wall.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct AddWall {
    /// The wall.
    pub wall: WallConfig,
}

impl Check for AddWall {
    fn check(&self, at: &str, problems: &mut Problems) {
        if self.wall.points.len() < 2 {
            let help = "for example [(0, 0), (9, 0)]";
            problems.push(format!("{at}.wall.points"), "at least two points are needed", help);
        }
    }
}

impl Intervention for AddWall {
    const NAME: &'static str = "AddWall";
    const NEEDS: &'static [&'static str] = &["pheromones"];
    const CHANGES_SECTIONS: bool = true;

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        rehearse(self, world)
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        let number = world.resource::<PheromonesConfig>().walls.len();
        room_among(number, MOST_WALLS, "walls")?;
        check_wall(&self.wall, number)?;
        world.resource_mut::<PheromonesConfig>().walls.push(self.wall.clone());
        Ok(format!("wall {number} stands"))
    }
}

/// Moves a wall.
#[derive(Clone, Copy, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct MoveWall {
    /// Which of the section's `walls`, from 0.
    pub index: u32,
    /// By how much, along x and y.
    #[reflect(@Range::new(-1e7, 1e7), @Unit("units"))]
    pub by: Vec2,
}

impl Check for MoveWall {
    fn check(&self, _: &str, _: &mut Problems) {}
}

impl Intervention for MoveWall {
    const NAME: &'static str = "MoveWall";
    const NEEDS: &'static [&'static str] = &["pheromones"];
    const CHANGES_SECTIONS: bool = true;

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        rehearse(self, world)
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        let mut wall = numbered(&world.resource::<PheromonesConfig>().walls, self.index, "wall")?.clone();
        wall.points.iter_mut().for_each(|point| *point += self.by);
        check_wall(&wall, self.index as usize)?;
        world.resource_mut::<PheromonesConfig>().walls[self.index as usize] = wall;
        Ok(format!("wall {} moved by {}", self.index, self.by))
    }
}

/// Takes a wall away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct RemoveWall {
    /// Which of the section's `walls`, from 0.
    pub index: u32,
}

impl Check for RemoveWall {
    fn check(&self, _: &str, _: &mut Problems) {}
}

impl Intervention for RemoveWall {
    const NAME: &'static str = "RemoveWall";
    const NEEDS: &'static [&'static str] = &["pheromones"];
    const CHANGES_SECTIONS: bool = true;

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        rehearse(self, world)
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        numbered(&world.resource::<PheromonesConfig>().walls, self.index, "wall")?;
        world.resource_mut::<PheromonesConfig>().walls.remove(self.index as usize);
        Ok(format!("wall {} is gone", self.index))
    }
}
