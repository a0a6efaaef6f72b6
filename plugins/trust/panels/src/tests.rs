//! The panels under test, without a window.

mod faults;
mod pictures;
mod trust;

use agent2028_kit::InspectorRegistry;
use agent2028_panel_testing::*;

/// Adds the panels of this crate.
fn register(registry: &mut InspectorRegistry) {
    registry.add::<crate::trust::TrustPanel>();
}
