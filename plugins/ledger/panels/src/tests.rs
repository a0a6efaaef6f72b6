//! The panels under test, without a window.

mod ledger;
mod pictures;

use agent2028_kit::InspectorRegistry;
use agent2028_panel_testing::*;

/// Adds the panels of this crate.
fn register(registry: &mut InspectorRegistry) {
    registry.add::<crate::ledger::LedgerPanel>();
}
