//! The panels under test, without a window.

mod faults;
mod network;
mod pictures;

use agent2028_kit::InspectorRegistry;
use agent2028_panel_testing::*;

/// Adds the panels of this crate.
fn register(registry: &mut InspectorRegistry) {
    registry.add::<crate::network::NetworkPanel>();
    registry.add::<crate::messages::MessagesPanel>();
    registry.add::<crate::gossip::GossipPanel>();
}
