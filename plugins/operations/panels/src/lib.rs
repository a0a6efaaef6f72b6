//! The inspector's panels of work: what is on its way, and who is given which.
//!
//! | where | what |
//! |---|---|
//! | [`faults`] | rows of the palette of faults |
//! | [`operations`] | work on its way and done |
//! | [`routing`] | who is given which work |

pub mod faults;
pub mod operations;
pub mod routing;
#[cfg(test)]
mod tests;

use agent2028_kit::RegisterPanels as _;
use bevy::prelude::*;

/// The panels of work: what is on its way, and who is given which.
#[derive(Clone, Copy, Debug, Default)]
pub struct OperationsPanels;

impl Plugin for OperationsPanels {
    fn build(&self, app: &mut App) {
        app.add_panel::<routing::RoutingPanel>();
        app.add_panel::<operations::OperationsPanel>();
        app.add_fault_rows::<faults::WorkRows>();
    }
}
