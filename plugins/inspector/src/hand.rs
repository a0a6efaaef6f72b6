//! From what was drawn with a tool to interventions.

use agent2028_boids::config::BoidsConfig;
use agent2028_boids::intervention::{AddObstacle, MoveFormation, MoveObstacle, MoveTarget, RemoveObstacle};
use agent2028_boids::obstacle::Obstacle;
use agent2028_core::agent::Placement;
use agent2028_core::faults::{MoveAgents, Spawn};
use agent2028_core::intervention::{AnyIntervention, InterventionQueue};
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_core::space::WorldBounds;
use agent2028_pheromones::PheromonesConfig;
use agent2028_pheromones::config::{NestConfig, ResourceConfig, WallConfig};
use agent2028_pheromones::interventions::{
    AddNest, AddWall, DropResource, ErasePheromone, MoveNest, MoveResource, MoveWall, PaintPheromone, RemoveNest,
    RemoveResource, RemoveWall,
};
use agent2028_pheromones::site::Sites;
use agent2028_view::tool::{handles, simplify};
use agent2028_view::{ObstacleShape, Thing, ToolGesture};
use bevy::math::{Vec2, ops};
use bevy::prelude::World;

use crate::panels::deeds::{Done, What};

/// What the tools make, beside its place and size.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolOptions {
    /// The group that spawned agents join; the first of the scene if there is none of this name.
    pub group: String,
    /// How many agents are spawned at once.
    pub count: u32,
    /// The pheromone layer that is painted; the first if there is none of this name.
    pub layer: String,
    /// Whether the eraser wipes all layers, not only the chosen one.
    pub all_layers: bool,
    /// What each cell under the brush gets.
    pub strength: f32,
    /// How much there is of a resource, in units of food.
    pub amount: f32,
    /// How thick walls are that flocks fly around, in world units; 0 for a part of the world.
    pub thickness: f32,
}

impl Default for ToolOptions {
    fn default() -> Self {
        Self {
            group: String::new(),
            count: 100,
            layer: String::new(),
            all_layers: false,
            strength: PaintPheromone::default().amount,
            amount: ResourceConfig::default().amount,
            thickness: 0.0,
        }
    }
}

/// Walls are this part of the world's smaller side thick, unless somebody chose.
const THICKNESS: f32 = 0.012;

impl ToolOptions {
    /// How thick walls are, in world units.
    #[must_use]
    pub fn thickness_in(&self, bounds: &WorldBounds) -> f32 {
        if self.thickness > 0.0 { self.thickness } else { bounds.size.min_element() * THICKNESS }
    }
}

/// The part of a stroke that has not become an intervention yet.
#[derive(Clone, Debug, Default, PartialEq)]
struct Stroke {
    erase: bool,
    points: Vec<Vec2>,
    radius: f32,
    done: bool,
    /// A part of it was painted already: the first point is where that part ended.
    begun: bool,
}

/// Collects strokes, so that each makes one intervention per tick at most, however fast frames come.
#[derive(Clone, Debug, Default)]
pub struct Strokes {
    open: Option<Stroke>,
    sent: Option<(u64, u64)>,
}

impl Strokes {
    fn add(&mut self, now: (u64, u64), erase: bool, points: &[Vec2], radius: f32, done: bool) {
        // While time stands still a stroke stays whole, and is one intervention.
        if self.open.is_none() {
            self.sent = Some(now);
        }
        let stroke = self.open.get_or_insert_with(|| Stroke { erase, radius, ..Stroke::default() });
        let fresh = if stroke.points.is_empty() { points } else { points.get(1..).unwrap_or(&[]) };
        stroke.points.extend_from_slice(fresh);
        stroke.done |= done;
    }

    /// The part that is due: all of it when the stroke has ended, else what was drawn since the last tick.
    fn due(&mut self, now: (u64, u64)) -> Option<Stroke> {
        let stroke = self.open.as_mut()?;
        // A brush that rests has painted where it is.
        let fresh = stroke.points.len() > usize::from(stroke.begun);
        if !stroke.done && (self.sent == Some(now) || !fresh) {
            return None;
        }
        self.sent = Some(now);
        let part = fresh.then(|| stroke.clone());
        if stroke.done {
            self.open = None;
            self.sent = None;
        } else {
            // The next part begins where this one ends.
            stroke.points.drain(..stroke.points.len() - 1);
            stroke.begun = true;
        }
        part
    }
}

/// Something that a person did with a tool, and what it is called.
#[derive(Clone, Debug, PartialEq)]
pub struct Deed {
    /// The interventions; none if it can't be done.
    pub interventions: Vec<AnyIntervention>,
    /// What was done.
    pub what: Done,
}

/// Turns gestures into what is to be done. Strokes wait for their tick.
pub fn deeds(
    gestures: Vec<ToolGesture>,
    options: &ToolOptions,
    simulation: &Simulation,
    strokes: &mut Strokes,
) -> Vec<Deed> {
    let mut done = Vec::new();
    let now = (simulation.generation(), simulation.tick());
    for gesture in gestures {
        if let ToolGesture::Stroke { erase, points, radius, done: ends } = gesture {
            strokes.add(now, erase, &points, radius, ends);
            // One stroke may end and the next begin within a frame.
            if ends && let Some(stroke) = strokes.due(now) {
                done.push(brush(stroke, options, simulation.world()));
            }
        } else {
            done.extend(deed(gesture, options, simulation));
        }
    }
    if let Some(stroke) = strokes.due(now) {
        done.push(brush(stroke, options, simulation.world()));
    }
    done
}

fn layer_name(options: &ToolOptions, world: &World) -> String {
    let layers = world.get_resource::<PheromonesConfig>().map_or(&[][..], |config| config.layers.as_slice());
    let known = layers.iter().find(|layer| layer.name == options.layer).or(layers.first());
    known.map_or(String::new(), |layer| layer.name.clone())
}

fn brush(stroke: Stroke, options: &ToolOptions, world: &World) -> Deed {
    let points = simplify(&stroke.points, stroke.radius * 0.1);
    let Some((center, path)) = points.split_first() else {
        return Deed { interventions: Vec::new(), what: Done::Nothing };
    };
    let (center, path, radius, layer) = (*center, path.to_vec(), stroke.radius, layer_name(options, world));
    let continued = stroke.begun;
    if stroke.erase {
        let layer = (!options.all_layers).then_some(layer);
        let what = Done::Wiped(layer.clone());
        Deed { interventions: vec![ErasePheromone { layer, center, path, radius, continued }.into()], what }
    } else {
        let what = Done::Painted(layer.clone());
        let paint = PaintPheromone { layer, center, path, radius, amount: options.strength, continued };
        Deed { interventions: vec![paint.into()], what }
    }
}

fn deed(gesture: ToolGesture, options: &ToolOptions, simulation: &Simulation) -> Option<Deed> {
    let world = simulation.world();
    let one = |intervention: AnyIntervention, what: Done| Some(Deed { interventions: vec![intervention], what });
    match gesture {
        ToolGesture::Stroke { .. } => None,
        ToolGesture::Spawn { at, radius } => {
            let spawn = Spawn {
                group: options.group.clone(),
                count: options.count,
                at: Some(Placement::Disc { center: at, radius }),
            };
            one(spawn.into(), Done::Spawned(options.count, options.group.clone()))
        }
        ToolGesture::Obstacle { shape, points, radius } => Some(obstacle(shape, points, radius, options, world)),
        ToolGesture::Resource { at, radius } => {
            let resource = ResourceConfig { position: at, radius, amount: options.amount, ..Default::default() };
            one(DropResource { resource }.into(), Done::Dropped(options.amount))
        }
        ToolGesture::Nest { at, radius } => {
            let taken = world.get_resource::<Sites>().map_or(&[][..], |sites| sites.nests.as_slice());
            let name = (taken.len() + 1..)
                .map(|number| format!("nest-{number}"))
                .find(|name| !taken.iter().any(|nest| nest.name == *name))?;
            let what = Done::Founded(name.clone());
            one(AddNest { nest: NestConfig { name, position: at, radius } }.into(), what)
        }
        ToolGesture::Remove(thing) => {
            let thing = numbered_now(thing, world.get_resource::<InterventionQueue>())?;
            match thing {
                Thing::Obstacle(index) => one(RemoveObstacle { index }.into(), Done::Removed(What::Obstacle)),
                Thing::Wall(index) => one(RemoveWall { index }.into(), Done::Removed(What::Wall)),
                Thing::Nest(index) => one(RemoveNest { index }.into(), Done::Removed(What::Nest)),
                Thing::Resource(index) => one(RemoveResource { index }.into(), Done::Removed(What::Resource)),
                Thing::Agents(_) | Thing::Target(_) | Thing::Formation { .. } => None,
            }
        }
        ToolGesture::Move { thing, from, to } => moved(thing, to - from, simulation),
    }
}

/// Corners of the wall that stands for a disc where there are only walls.
const DISC_CORNERS: usize = 16;

fn obstacle(shape: ObstacleShape, points: Vec<Vec2>, radius: f32, options: &ToolOptions, world: &World) -> Deed {
    let mut interventions = Vec::new();
    let flocks = world.contains_resource::<BoidsConfig>();
    // Whoever forages heeds walls; where nobody flocks nothing else could stand.
    let forages = world.get_resource::<PheromonesConfig>().is_some_and(|config| !flocks || !config.foraging.is_empty());
    let center = points.first().copied().unwrap_or_default();
    if flocks {
        let bounds = world.get_resource::<WorldBounds>().copied().unwrap_or_default();
        let obstacle = match shape {
            ObstacleShape::Circle => Obstacle::Circle { center, radius },
            ObstacleShape::Polygon => Obstacle::Polygon(points.clone()),
            ObstacleShape::Wall => Obstacle::wall(&points, options.thickness_in(&bounds), false),
        };
        interventions.push(AddObstacle { obstacle }.into());
    }
    if forages {
        let (points, closed) = match shape {
            ObstacleShape::Circle => {
                let rim = (0..DISC_CORNERS).map(|at| {
                    let angle = std::f32::consts::TAU * at as f32 / DISC_CORNERS as f32;
                    center + Vec2::new(ops::cos(angle), ops::sin(angle)) * radius
                });
                (rim.collect(), true)
            }
            ObstacleShape::Polygon => (points, true),
            ObstacleShape::Wall => (points, false),
        };
        interventions.push(AddWall { wall: WallConfig { points, closed } }.into());
    }
    let what = if shape == ObstacleShape::Wall { What::Wall } else { What::Obstacle };
    Deed { interventions, what: Done::PutUp(what) }
}

fn moved(thing: Thing, by: Vec2, simulation: &Simulation) -> Option<Deed> {
    let world = simulation.world();
    // Where things stand is known by the numbers they have now; what waits to be removed shifts the numbers.
    let place = handles(simulation).into_iter().find(|(_, known)| *known == thing).map(|(at, _)| at);
    let sites = world.get_resource::<Sites>();
    let stands = match &thing {
        Thing::Nest(index) => sites.and_then(|sites| Some(sites.nests.get(*index as usize)?.position)),
        Thing::Resource(index) => sites.and_then(|sites| Some(sites.sources.get(*index as usize)?.position)),
        _ => place,
    };
    let thing = numbered_now(thing, world.get_resource::<InterventionQueue>())?;
    let (intervention, what): (AnyIntervention, What) = match thing {
        Thing::Agents(agents) => {
            let what = What::Agents(agents.len());
            (MoveAgents { select: Selector::Ids(agents), by }.into(), what)
        }
        Thing::Obstacle(index) => (MoveObstacle { index, by }.into(), What::Obstacle),
        Thing::Wall(index) => (MoveWall { index, by }.into(), What::Wall),
        Thing::Nest(index) => (MoveNest { index, to: stands? + by }.into(), What::Nest),
        Thing::Resource(index) => (MoveResource { index, to: stands? + by }.into(), What::Resource),
        Thing::Target(index) => (MoveTarget { flock: None, index, to: stands? + by }.into(), What::Target),
        Thing::Formation { agents, waypoint } => {
            let what = What::Formation(agents.clone());
            (MoveFormation { agents, waypoint, to: stands? + by }.into(), what)
        }
    };
    Some(Deed { interventions: vec![intervention], what: Done::Moved(what) })
}

/// The thing by the number that it will have when what waits has been applied: everything that is removed before it
/// lowers its number. None if it is to be removed itself.
fn numbered_now(thing: Thing, queue: Option<&InterventionQueue>) -> Option<Thing> {
    let Some(queue) = queue else { return Some(thing) };
    let removed: Vec<AnyIntervention> = queue.iter().map(|waiting| waiting.action).collect();
    let shifted = |index: u32, gone: &dyn Fn(&AnyIntervention) -> Option<u32>| {
        removed.iter().filter_map(gone).try_fold(index, |index, gone| match gone.cmp(&index) {
            std::cmp::Ordering::Less => Some(index - 1),
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some(index),
        })
    };
    Some(match thing {
        Thing::Obstacle(index) => {
            Thing::Obstacle(shifted(index, &|action| action.downcast::<RemoveObstacle>().map(|gone| gone.index))?)
        }
        Thing::Wall(index) => {
            Thing::Wall(shifted(index, &|action| action.downcast::<RemoveWall>().map(|gone| gone.index))?)
        }
        Thing::Nest(index) => {
            Thing::Nest(shifted(index, &|action| action.downcast::<RemoveNest>().map(|gone| gone.index))?)
        }
        Thing::Resource(index) => {
            Thing::Resource(shifted(index, &|action| action.downcast::<RemoveResource>().map(|gone| gone.index))?)
        }
        other => other,
    })
}

#[cfg(test)]
mod tests;
