//! What the window shows of foraging, and what its tools and its palette do to it.
//!
//! | where | what |
//! |---|---|
//! | [`field`] | pheromones as heat maps |
//! | [`layers`] | walls, corridors, nests and resources, drawn over the world |
//! | [`things`] | walls, nests and resources, taken with the pointer |
//! | [`tools`] | resources that are dropped, nests that are founded, pheromone that is painted and wiped away |
//! | [`faults`] | false trails |

pub mod faults;
pub mod field;
pub mod layers;
#[cfg(test)]
mod tests;
pub mod things;
pub mod tools;

use agent2028_kit::RegisterPanels as _;
use agent2028_pheromones::PheromonesConfig;
use agent2028_view::RegisterLayers as _;
use bevy::prelude::*;

/// What the window shows of foraging.
#[derive(Clone, Copy, Debug, Default)]
pub struct PheromonesPanels;

impl Plugin for PheromonesPanels {
    fn build(&self, app: &mut App) {
        app.add_field::<field::Pheromones>()
            .add_layer::<layers::Walls>()
            .add_layer::<layers::Sites>()
            .add_things::<things::ForagingThings>()
            .add_top_speed(top_speed);
        app.add_tool::<tools::ResourceTool>()
            .add_tool::<tools::NestTool>()
            .add_tool::<tools::PaintTool>()
            .add_tool_part::<tools::WallPart>()
            .add_tool_part::<tools::WipePart>()
            .add_fault_rows::<faults::FalseTrails>();
    }
}

/// The largest speed of foragers, in world units per second.
#[must_use]
pub fn top_speed(world: &World) -> Option<f32> {
    let config = world.get_resource::<PheromonesConfig>()?;
    Some(config.foraging.iter().map(|foraging| foraging.speed).fold(0.0, f32::max))
}
