//! The inspector's panels of markets: auctions, goods, contracts and money, and what is traded over the world.
//!
//! | where | what |
//! |---|---|
//! | [`layer`] | tasks, travel and awards over the world |
//! | [`trades`] | contracts and trades over the world |
//! | [`auctions`] | bids, the clock's price, who won and why, and what the truth would have earned |
//! | [`exchange`] | order books, demand and supply, trades |
//! | [`contracts`] | contracts, what was promised and measured, listings |
//! | [`accounts`] | whose money there is |

pub mod accounts;
pub mod auctions;
pub mod contracts;
pub mod exchange;
pub mod layer;
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
        app.add_layer::<layer::TasksLayer>();
        app.add_panel::<auctions::AuctionsPanel>();
        app.add_layer::<trades::TradesLayer>();
        app.add_panel::<exchange::ExchangePanel>();
        app.add_panel::<contracts::ContractsPanel>();
        app.add_panel::<accounts::AccountsPanel>();
    }
}
