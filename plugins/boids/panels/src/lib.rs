//! What the window shows of flocks, and what its tools do to what flocks heed.
//!
//! | where | what |
//! |---|---|
//! | [`layers`] | obstacles, targets and slots of formations, drawn over the world |
//! | [`things`] | obstacles, targets and formations, taken with the pointer |
//! | [`tools`] | obstacles that are put up |
//! | [`hulls`] | which agents hang together |

pub mod hulls;
pub mod layers;
#[cfg(test)]
mod tests;
pub mod things;
pub mod tools;

use agent2028_kit::RegisterPanels as _;
use agent2028_view::RegisterLayers as _;
use bevy::prelude::*;

/// What the window shows of flocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct BoidsPanels;

impl Plugin for BoidsPanels {
    fn build(&self, app: &mut App) {
        app.add_layer::<layers::FlockObstacles>()
            .add_layer::<layers::Targets>()
            .add_layer::<layers::SlotsLayer>()
            .add_things::<things::FlockThings>()
            .add_flocks(hulls::flocks)
            .add_top_speed(hulls::top_speed);
        app.add_tool_part::<tools::FlockObstaclePart>().add_tool_part::<tools::FlockErasePart>();
    }
}
