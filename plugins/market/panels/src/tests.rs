//! The panels under test, without a window.

mod accounts;
mod auctions;
mod contracts;
mod exchange;
mod goods_pictures;
mod pictures;

use agent2028_kit::InspectorRegistry;
use agent2028_panel_testing::*;

/// Adds the panels of this crate.
fn register(registry: &mut InspectorRegistry) {
    registry.add::<crate::exchange::ExchangePanel>();
    registry.add::<crate::contracts::ContractsPanel>();
    registry.add::<crate::accounts::AccountsPanel>();
    registry.add::<crate::auctions::AuctionsPanel>();
}
