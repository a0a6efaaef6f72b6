//! The panels under test, without a window.

mod faults;
mod operations;
mod pictures;
mod routing;

use agent2028_kit::InspectorRegistry;
use agent2028_panel_testing::*;

/// Adds the panels of this crate.
fn register(registry: &mut InspectorRegistry) {
    registry.add::<crate::routing::RoutingPanel>();
    registry.add::<crate::operations::OperationsPanel>();
}
