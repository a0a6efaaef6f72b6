//! The inspector's panels of markets: goods, contracts and money, and what is traded over the world.
//!
//! | where | what |
//! |---|---|
//! | [`trades`] | contracts and trades over the world |
//! | [`exchange`] | order books, demand and supply, trades |
//! | [`contracts`] | contracts, what was promised and measured, listings |
//! | [`accounts`] | whose money there is |

pub mod accounts;
pub mod contracts;
pub mod exchange;
#[cfg(test)]
mod tests;
pub mod trades;

use agent2028_kit::RegisterPanels as _;
use agent2028_view::RegisterLayers as _;
use bevy::prelude::*;

/// The panels of markets.
#[derive(Clone, Copy, Debug, Default)]
pub struct MarketPanels;

impl Plugin for MarketPanels {
    fn build(&self, app: &mut App) {
        app.add_layer::<trades::TradesLayer>();
        app.add_panel::<exchange::ExchangePanel>();
        app.add_panel::<contracts::ContractsPanel>();
        app.add_panel::<accounts::AccountsPanel>();
    }
}
