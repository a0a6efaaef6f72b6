//! Changes from outside: attacks, brushes, sites and walls.

mod sites;
mod trails;
mod walls;

pub use sites::{AddNest, DropResource, MoveNest, MoveResource, RemoveNest, RemoveResource};
pub use trails::{ClearPheromone, ErasePheromone, PaintPheromone, SpoofPheromone, SpoofPlace};
pub use walls::{AddWall, MoveWall, RemoveWall};

use agent2028_core::intervention::{Intervention, InterventionContext, InterventionError, InterventionRegistry, Unfit};
use bevy::prelude::*;

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

/// The site of this number, or why there is none.
fn numbered<'a, T>(sites: &'a [T], index: u32, what: &str) -> Result<&'a T, InterventionError> {
    let count = sites.len();
    sites.get(index as usize).ok_or_else(|| {
        let help = if count == 0 { "there are none".into() } else { format!("they are numbered 0 to {}", count - 1) };
        InterventionError::Refused(format!("there is no {what} number {index}; {help}"))
    })
}

/// Tries what changes nothing but the section and the sites, which whoever asks puts back.
fn rehearse(intervention: &impl Intervention, world: &mut World) -> Result<(), Unfit> {
    intervention.apply(world, &InterventionContext { tick: 0, ordinal: 0 })?;
    Ok(())
}
