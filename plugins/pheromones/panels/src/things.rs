//! Walls, nests and resources, taken with the pointer.

use agent2028_core::simulation::Simulation;
use agent2028_pheromones::PheromonesConfig;
use agent2028_pheromones::interventions::{MoveNest, MoveResource, MoveWall, RemoveNest, RemoveResource, RemoveWall};
use agent2028_pheromones::site::Sites;
use agent2028_view::thing::{
    Grip, HANDLE_REACH, LINE_REACH, Outline, Pointer, ThingChange, ThingId, Things, number_after,
};
use bevy::math::Vec2;

/// A nest, by its number.
pub const NEST: &str = "pheromones.nest";
/// A resource, by its number.
pub const RESOURCE: &str = "pheromones.resource";
/// A wall, by its number.
pub const WALL: &str = "pheromones.wall";

/// What foragers find.
#[derive(Clone, Copy, Debug)]
pub struct ForagingThings;

impl Things for ForagingThings {
    fn under(pointer: &Pointer) -> Vec<(Grip, ThingId)> {
        let world = pointer.simulation.world();
        let mut found = Vec::new();
        if let Some(sites) = world.get_resource::<Sites>() {
            let middle = sites.nests.iter().rposition(|nest| pointer.away_from(nest.position) <= HANDLE_REACH);
            found.extend(middle.map(|nest| (Grip::Middle, ThingId::new(NEST, nest))));
            let over =
                |at: Vec2, radius: f32| pointer.away_from(at) <= pointer.projection.length(radius).max(HANDLE_REACH);
            let nest = sites.nests.iter().rposition(|nest| over(nest.position, nest.radius));
            found.extend(nest.map(|nest| (Grip::Area, ThingId::new(NEST, nest))));
            let source = sites.sources.iter().rposition(|source| over(source.position, source.radius));
            found.extend(source.map(|source| (Grip::Area, ThingId::new(RESOURCE, source))));
        }
        let Some(config) = world.get_resource::<PheromonesConfig>() else { return found };
        let wall = config.walls.iter().rposition(|wall| {
            let closing = wall.closed.then(|| (wall.points.last().copied(), wall.points.first().copied()));
            let closing = closing.and_then(|(last, first)| Some((last?, first?)));
            let sides = wall.points.windows(2).map(|pair| (pair[0], pair[1])).chain(closing);
            sides.into_iter().any(|(from, to)| pointer.away_from_segment(from, to) <= LINE_REACH)
        });
        found.extend(wall.map(|wall| (Grip::Area, ThingId::new(WALL, wall))));
        found
    }

    fn outline(simulation: &Simulation, thing: &ThingId) -> Option<Outline> {
        let (world, index) = (simulation.world(), thing.number as usize);
        match thing.kind {
            NEST => {
                let nest = world.get_resource::<Sites>()?.nests.get(index)?;
                Some(Outline::Disc(nest.position, nest.radius))
            }
            RESOURCE => {
                let source = world.get_resource::<Sites>()?.sources.get(index)?;
                Some(Outline::Disc(source.position, source.radius))
            }
            WALL => {
                let wall = world.get_resource::<PheromonesConfig>()?.walls.get(index)?;
                Some(Outline::Line(wall.points.clone(), wall.closed))
            }
            _ => None,
        }
    }

    fn moved(simulation: &Simulation, thing: &ThingId, by: Vec2) -> Option<ThingChange> {
        // Where things stand is known by the numbers they have now; what waits to be removed shifts the numbers.
        let stands = Self::outline(simulation, thing)?;
        let to = if let Outline::Disc(center, _) = stands { center + by } else { by };
        let index = index_after(thing, simulation)?;
        match thing.kind {
            NEST => Some((MoveNest { index, to }.into(), "a nest".into())),
            RESOURCE => Some((MoveResource { index, to }.into(), "a resource".into())),
            WALL => Some((MoveWall { index, by }.into(), "a wall".into())),
            _ => None,
        }
    }

    fn removed(simulation: &Simulation, thing: &ThingId) -> Option<ThingChange> {
        let index = index_after(thing, simulation)?;
        match thing.kind {
            NEST => Some((RemoveNest { index }.into(), "a nest".into())),
            RESOURCE => Some((RemoveResource { index }.into(), "a resource".into())),
            WALL => Some((RemoveWall { index }.into(), "a wall".into())),
            _ => None,
        }
    }
}

fn index_after(thing: &ThingId, simulation: &Simulation) -> Option<u32> {
    number_after(thing.number, simulation, |action| match thing.kind {
        NEST => action.downcast::<RemoveNest>().map(|gone| gone.index),
        RESOURCE => action.downcast::<RemoveResource>().map(|gone| gone.index),
        WALL => action.downcast::<RemoveWall>().map(|gone| gone.index),
        _ => None,
    })
}
