//! The inspector's panels of work: what is on its way, and who is given which.
//!
//! | where | what |
//! |---|---|
//! | [`operations`] | work on its way and done |
//! | [`routing`] | who is given which work |

pub mod operations;
pub mod routing;
#[cfg(test)]
mod tests;

use agent2028_inspector::RegisterPanels as _;
use bevy::prelude::*;

/// The panels of work: what is on its way, and who is given which.
#[derive(Clone, Copy, Debug, Default)]
pub struct OperationsPanels;

impl Plugin for OperationsPanels {
    fn build(&self, app: &mut App) {
        app.add_panel::<routing::RoutingPanel>();
        app.add_panel::<operations::OperationsPanel>();
    }
}
