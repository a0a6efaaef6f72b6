//! What stands in the world and can be taken with the pointer.

use agent2028_boids::config::BoidsConfig;
use agent2028_boids::formation::{Anchor, Formations};
use agent2028_boids::obstacle::Obstacle;
use agent2028_core::agent::AgentId;
use agent2028_core::simulation::Simulation;
use agent2028_core::space::WorldBounds;
use agent2028_pheromones::PheromonesConfig;
use agent2028_pheromones::site::Sites;
use bevy::math::Vec2;

use crate::paint::Projection;
use crate::picking::agent_at;
use crate::selection::Selection;

/// Something that stands in the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thing {
    /// Agents, ascending: the selected ones if one of them is under the pointer.
    Agents(Vec<AgentId>),
    /// An obstacle of flocks, by its number.
    Obstacle(u32),
    /// A wall, by its number.
    Wall(u32),
    /// A nest, by its number.
    Nest(u32),
    /// A resource, by its number.
    Resource(u32),
    /// A target of flocks, by its number.
    Target(u32),
    /// What a formation is built around.
    Formation {
        /// Its group.
        agents: String,
        /// Which of its waypoints.
        waypoint: u32,
    },
}

/// A handle so near to the pointer (logical pixels) can be taken.
const HANDLE_REACH: f32 = 9.0;

/// A wall so near to the pointer (logical pixels) can be taken.
const WALL_REACH: f32 = 5.0;

/// The points by which formations and targets are dragged, in world units.
#[must_use]
pub fn handles(simulation: &Simulation) -> Vec<(Vec2, Thing)> {
    let world = simulation.world();
    let mut handles = Vec::new();
    if let Some(config) = world.get_resource::<BoidsConfig>() {
        let now = world.get_resource::<Formations>();
        for formation in &config.formations {
            let thing =
                |waypoint: usize| Thing::Formation { agents: formation.agents.clone(), waypoint: waypoint as u32 };
            match &formation.anchor {
                Anchor::Point(at) => handles.push((*at, thing(0))),
                Anchor::Drift { from, .. } => {
                    let flying = now.and_then(|now| now.0.iter().find(|one| one.config().agents == formation.agents));
                    handles.push((flying.map_or(*from, |flying| flying.anchor()), thing(0)));
                }
                Anchor::Waypoints { points, .. } => {
                    handles.extend(points.iter().enumerate().map(|(at, point)| (*point, thing(at))));
                }
                // Where its leader is: the leader is what can be moved.
                Anchor::Leader(_) => {}
            }
        }
        handles.extend(config.targets.iter().enumerate().map(|(at, target)| (target.at, Thing::Target(at as u32))));
    }
    handles
}

/// What lies under a point of the window (logical pixels), the topmost first; agents and handles only if they can be
/// `moved`.
#[must_use]
pub fn thing_at(
    simulation: &Simulation,
    projection: &Projection,
    selection: &Selection,
    pointer: Vec2,
    moved: bool,
) -> Option<Thing> {
    if moved {
        let near = |at: Vec2| projection.pixel(at).distance(pointer);
        let handle = handles(simulation)
            .into_iter()
            .map(|(at, thing)| (near(at), thing))
            .filter(|(distance, _)| *distance <= HANDLE_REACH)
            .min_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, thing)) = handle {
            return Some(thing);
        }
        // At their middles nests win over the agents that throng there.
        let sites = simulation.world().get_resource::<Sites>();
        let nest = sites.and_then(|sites| sites.nests.iter().rposition(|nest| near(nest.position) <= HANDLE_REACH));
        if let Some(nest) = nest {
            return Some(Thing::Nest(nest as u32));
        }
        if let Some(agent) = agent_at(simulation, projection, pointer) {
            let several = selection.contains(agent);
            return Some(Thing::Agents(if several { selection.selected.clone() } else { vec![agent] }));
        }
    }
    let world = simulation.world();
    if let Some(sites) = world.get_resource::<Sites>() {
        let over = |at: Vec2, radius: f32| {
            projection.pixel(at).distance(pointer) <= projection.length(radius).max(HANDLE_REACH)
        };
        if let Some(nest) = sites.nests.iter().rposition(|nest| over(nest.position, nest.radius)) {
            return Some(Thing::Nest(nest as u32));
        }
        if let Some(source) = sites.sources.iter().rposition(|source| over(source.position, source.radius)) {
            return Some(Thing::Resource(source as u32));
        }
    }
    if let Some(config) = world.get_resource::<PheromonesConfig>() {
        let wall = config.walls.iter().rposition(|wall| {
            let closing = wall.closed.then(|| (wall.points.last().copied(), wall.points.first().copied()));
            let closing = closing.and_then(|(last, first)| Some((last?, first?)));
            wall.points
                .windows(2)
                .map(|pair| (pair[0], pair[1]))
                .chain(closing)
                .any(|(from, to)| away(pointer, projection.pixel(from), projection.pixel(to)) <= WALL_REACH)
        });
        if let Some(wall) = wall {
            return Some(Thing::Wall(wall as u32));
        }
    }
    let config = world.get_resource::<BoidsConfig>()?;
    let bounds = world.get_resource::<WorldBounds>().copied().unwrap_or_default();
    let place = bounds.enter(projection.point(pointer));
    let obstacle = config.obstacles.iter().rposition(|obstacle| {
        obstacle.contains(&bounds, place)
            || matches!(obstacle, Obstacle::Circle { center, .. }
                if projection.pixel(*center).distance(pointer) <= WALL_REACH)
    });
    obstacle.map(|obstacle| Thing::Obstacle(obstacle as u32))
}

/// The distance of a point from a segment.
fn away(point: Vec2, from: Vec2, to: Vec2) -> f32 {
    let along = to - from;
    let square = along.length_squared();
    let share = if square > 0.0 { ((point - from).dot(along) / square).clamp(0.0, 1.0) } else { 0.0 };
    point.distance(from + along * share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_boids::config::Target;
    use agent2028_boids::formation::FormationConfig;
    use agent2028_core::SimCorePlugin;
    use agent2028_core::agent::{AgentGroup, AgentGroups, Placement, spawn_group};
    use agent2028_pheromones::config::{NestConfig, ResourceConfig, WallConfig};
    use bevy::prelude::*;

    use crate::camera::WorldCamera;
    use crate::paint::Projection;
    use crate::viewport::Viewport;

    fn simulation() -> Simulation {
        let mut app = App::new();
        app.add_plugins(SimCorePlugin::default());
        let group = app.world_mut().resource_mut::<AgentGroups>().add(AgentGroup { name: "ant".into(), ..default() });
        let places = Placement::Points(vec![Vec2::ZERO, Vec2::new(200.0, 0.0)]);
        spawn_group(app.world_mut(), group, 2, &places).unwrap();
        let bounds = WorldBounds::default();
        let mut sites = Sites::default();
        sites.add_nest(&NestConfig { position: Vec2::new(0.0, 200.0), ..default() }, &bounds);
        let resource = ResourceConfig { position: Vec2::new(100.0, 200.0), ..default() };
        let mut stream = agent2028_core::rng::SimRng::new(1).global(agent2028_core::rng::Purpose::new("test"), 0);
        sites.add_resource(&resource, &bounds, &mut stream);
        app.insert_resource(sites);
        let wall = WallConfig { points: vec![Vec2::new(-200.0, -50.0), Vec2::new(-200.0, 50.0)], closed: false };
        app.insert_resource(PheromonesConfig { walls: vec![wall], ..default() });
        let anchor = Anchor::Waypoints {
            points: vec![Vec2::new(-100.0, 300.0), Vec2::new(100.0, 300.0)],
            speed: 1.0,
            looped: true,
        };
        app.insert_resource(BoidsConfig {
            obstacles: vec![Obstacle::Circle { center: Vec2::new(0.0, -200.0), radius: 50.0 }],
            targets: vec![Target { at: Vec2::new(300.0, 300.0), ..default() }],
            formations: vec![FormationConfig { agents: "ant".into(), anchor, ..default() }],
            ..default()
        });
        Simulation::new(std::mem::take(app.world_mut()))
    }

    #[test]
    fn everything_can_be_taken_where_it_is_drawn() {
        let simulation = simulation();
        let projection = Projection::new(&WorldCamera::default(), &Viewport::default());
        let mut selection = Selection::default();
        selection.set([AgentId(1)]);
        let at = |x: f32, y: f32, moved: bool, selection: &Selection| {
            thing_at(&simulation, &projection, selection, projection.pixel(Vec2::new(x, y)), moved)
        };
        let formation = |waypoint| Thing::Formation { agents: "ant".into(), waypoint };
        for (x, y, thing) in [
            (0.0, 0.0, Thing::Agents(vec![AgentId(0)])),
            (200.0, 0.0, Thing::Agents(vec![AgentId(1)])),
            (0.0, 200.0, Thing::Nest(0)),
            (100.0, 200.0, Thing::Resource(0)),
            (-200.0, 20.0, Thing::Wall(0)),
            (30.0, -220.0, Thing::Obstacle(0)),
            (300.0, 300.0, Thing::Target(0)),
            (-100.0, 300.0, formation(0)),
            (100.0, 300.0, formation(1)),
        ] {
            assert_eq!(at(x, y, true, &selection), Some(thing.clone()), "({x}, {y})");
            let stays = matches!(thing, Thing::Agents(_) | Thing::Target(_) | Thing::Formation { .. });
            assert_eq!(at(x, y, false, &selection), (!stays).then_some(thing), "({x}, {y})");
        }
        assert_eq!(at(-300.0, -300.0, true, &selection), None);
        selection.set([AgentId(0), AgentId(1)]);
        assert_eq!(at(0.0, 0.0, true, &selection), Some(Thing::Agents(vec![AgentId(0), AgentId(1)])));
    }
}
