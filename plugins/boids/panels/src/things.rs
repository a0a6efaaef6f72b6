//! Obstacles, targets and formations, taken with the pointer.

use agent2028_boids::config::BoidsConfig;
use agent2028_boids::formation::{Anchor, Formations};
use agent2028_boids::intervention::{MoveFormation, MoveObstacle, MoveTarget, RemoveObstacle};
use agent2028_boids::obstacle::Obstacle;
use agent2028_core::simulation::Simulation;
use agent2028_core::space::WorldBounds;
use agent2028_view::thing::{Grip, LINE_REACH, Outline, Pointer, ThingChange, ThingId, Things, number_after};
use bevy::math::Vec2;

/// An obstacle, by its number.
pub const OBSTACLE: &str = "boids.obstacle";
/// A target, by its number.
pub const TARGET: &str = "boids.target";
/// What the formation of a group is built around, by the number of its waypoint.
pub const FORMATION: &str = "boids.formation";

/// What flocks heed, and formations.
#[derive(Clone, Copy, Debug)]
pub struct FlockThings;

impl Things for FlockThings {
    fn under(pointer: &Pointer) -> Vec<(Grip, ThingId)> {
        let world = pointer.simulation.world();
        let handles = Self::handles(pointer.simulation).into_iter();
        let mut found: Vec<(Grip, ThingId)> =
            handles.map(|(at, thing)| (Grip::Handle(pointer.away_from(at)), thing)).collect();
        let Some(config) = world.get_resource::<BoidsConfig>() else { return found };
        let bounds = world.get_resource::<WorldBounds>().copied().unwrap_or_default();
        let place = bounds.enter(pointer.projection.point(pointer.at));
        let obstacle = config.obstacles.iter().rposition(|obstacle| {
            obstacle.contains(&bounds, place)
                || matches!(obstacle, Obstacle::Circle { center, .. } if pointer.away_from(*center) <= LINE_REACH)
        });
        found.extend(obstacle.map(|number| (Grip::Area, ThingId::new(OBSTACLE, number))));
        found
    }

    fn handles(simulation: &Simulation) -> Vec<(Vec2, ThingId)> {
        let world = simulation.world();
        let mut handles = Vec::new();
        let Some(config) = world.get_resource::<BoidsConfig>() else { return handles };
        let now = world.get_resource::<Formations>();
        for formation in &config.formations {
            let thing = |waypoint: usize| ThingId { of: formation.agents.clone(), ..ThingId::new(FORMATION, waypoint) };
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
        handles.extend(config.targets.iter().enumerate().map(|(at, target)| (target.at, ThingId::new(TARGET, at))));
        handles
    }

    fn outline(simulation: &Simulation, thing: &ThingId) -> Option<Outline> {
        if thing.kind != OBSTACLE {
            return place_of(simulation, thing).map(Outline::Handle);
        }
        let config = simulation.world().get_resource::<BoidsConfig>()?;
        Some(match config.obstacles.get(thing.number as usize)? {
            Obstacle::Circle { center, radius } => Outline::Disc(*center, *radius),
            Obstacle::Polygon(corners) => {
                Outline::Line(corners.iter().chain(corners.first()).copied().collect(), false)
            }
        })
    }

    fn moved(simulation: &Simulation, thing: &ThingId, by: Vec2) -> Option<ThingChange> {
        match thing.kind {
            OBSTACLE => {
                let index = obstacle_after(thing.number, simulation)?;
                Some((MoveObstacle { index, by }.into(), "an obstacle".into()))
            }
            TARGET => {
                let to = place_of(simulation, thing)? + by;
                Some((MoveTarget { flock: None, index: thing.number, to }.into(), "a target".into()))
            }
            FORMATION => {
                let (to, agents) = (place_of(simulation, thing)? + by, thing.of.clone());
                let what = format!("the formation of {agents}");
                Some((MoveFormation { agents, waypoint: thing.number, to }.into(), what))
            }
            _ => None,
        }
    }

    fn removed(simulation: &Simulation, thing: &ThingId) -> Option<ThingChange> {
        let index = obstacle_after(thing.number, simulation).filter(|_| thing.kind == OBSTACLE)?;
        Some((RemoveObstacle { index }.into(), "an obstacle".into()))
    }
}

fn place_of(simulation: &Simulation, thing: &ThingId) -> Option<Vec2> {
    FlockThings::handles(simulation).into_iter().find(|(_, known)| known == thing).map(|(at, _)| at)
}

fn obstacle_after(number: u32, simulation: &Simulation) -> Option<u32> {
    number_after(number, simulation, |action| action.downcast::<RemoveObstacle>().map(|gone| gone.index))
}
