//! The exchange of a simulation: agents who trade goods in order books and call markets.
//!
//! | module | what it holds |
//! |---|---|
//! | [`good`] | one good: its book, who trades it, its units in double entry |
//! | [`shout`] | how traders learn from prices that others say |
//! | `trade` | the system: periods, quotes, calls |
//! | `observe` | metrics |
//!
//! Money that stands behind a resting order to buy lies in a fund of the book, and so do the units behind an order to sell; so
//! nobody can promise the same twice, and every trade can be paid.

pub mod good;
mod observe;
pub mod shout;
mod trade;

pub(crate) use observe::ExchangeMetrics;

use agent2028_core::agent::AgentIndex;
use agent2028_core::checkpoint::{AddCheckpoint, to_bytes};
use agent2028_core::metrics::Metrics;
use agent2028_core::profiler::AddMemoryReport;
use agent2028_core::{SimSchedule, SimSystems};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::Part;
use crate::accounts::AccountId;
use crate::config::Exchange as ExchangeConfig;
use good::GoodMarket;

/// All goods, and where the exchange stands.
#[derive(Resource, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Exchange {
    goods: Vec<GoodMarket>,
    /// The number of the period, from 1; 0 before the first.
    period: u64,
    /// The tick in which it began.
    period_began: u64,
    /// Money that the market itself holds within a period.
    house: Option<AccountId>,
    /// Agents and the next id when traders were last looked up.
    known: (u64, u32),
}

impl Exchange {
    /// The goods, as the section lists them.
    #[must_use]
    pub fn goods(&self) -> &[GoodMarket] {
        &self.goods
    }

    /// The number of the period, from 1; 0 before the first tick.
    #[must_use]
    pub fn period(&self) -> u64 {
        self.period
    }

    /// The tick in which the period began.
    #[must_use]
    pub fn period_began(&self) -> u64 {
        self.period_began
    }

    /// The account of the market itself.
    #[must_use]
    pub fn house(&self) -> Option<AccountId> {
        self.house
    }

    /// Its memory in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.goods.iter().map(GoodMarket::bytes).sum()
    }

    fn is_known(&self, index: &AgentIndex) -> bool {
        self.known == (index.len() as u64, index.next_id().0)
    }
}

/// Adds the exchange to a simulation.
pub(crate) fn build(config: &ExchangeConfig, app: &mut App) {
    let mut metrics = app.world_mut().get_resource_or_init::<Metrics>();
    let ids = ExchangeMetrics::declare(config, &mut metrics);
    app.insert_resource(ids).init_resource::<Exchange>().checkpoint_custom("market.exchange", true, save, load);
    app.report_memory("agent2028_market", "order books and traders", |world| {
        world.get_resource::<Exchange>().map_or(0, Exchange::bytes)
    });
    app.add_systems(SimSchedule, trade::trade.in_set(Part::Exchange.of(SimSystems::Settle)))
        .add_systems(SimSchedule, observe::observe.in_set(Part::Exchange.of(SimSystems::Observe)));
}

fn save(world: &World) -> Result<Vec<u8>, String> {
    world.get_resource::<Exchange>().map_or(Ok(Vec::new()), to_bytes)
}

fn load(world: &mut World, bytes: &[u8]) -> Result<(), String> {
    let exchange: Exchange = postcard::from_bytes(bytes).map_err(|error| error.to_string())?;
    exchange.goods.iter().try_for_each(GoodMarket::check)?;
    world.insert_resource(exchange);
    Ok(())
}
