//! What is kept of trades: the last ones, how a period went, and what lies would have gained.

use agent2028_core::agent::AgentId;
use serde::{Deserialize, Serialize};

use crate::accounts::Money;
use crate::order_book::Side;

/// A trade that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradeRecord {
    /// When.
    pub tick: u64,
    /// Who bought.
    pub buyer: AgentId,
    /// Who sold.
    pub seller: AgentId,
    /// At which price, in minor units.
    pub price: Money,
    /// Whose order came in and met the other; nobody's in a call.
    pub taker: Option<Side>,
}

/// How a period went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodTally {
    /// Units that changed hands.
    pub units: u64,
    /// What the trades were worth: values less costs.
    pub surplus: i128,
    /// The most that they could have been.
    pub largest: i128,
    /// The price at which demand meets supply; nothing if they don't.
    pub equilibrium: Option<Money>,
    /// The squared distances of prices from that, added up.
    pub squares: i128,
}

impl PeriodTally {
    /// The part of the largest surplus that was realised; nothing if there was none to be had.
    #[must_use]
    pub fn efficiency(&self) -> Option<f64> {
        (self.largest > 0).then(|| self.surplus as f64 / self.largest as f64)
    }

    /// How far prices are from the equilibrium, in percent of it: Smith's α (1962).
    #[must_use]
    pub fn deviation_percent(&self) -> Option<f64> {
        let price = self.equilibrium.filter(|price| *price > 0)?;
        (self.units > 0).then(|| 100.0 * (self.squares as f64 / self.units as f64).sqrt() / price as f64)
    }
}

/// What lies would have gained in calls, or in periods: mean of the best one, found afterwards with all other offers known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Regret {
    sum: i128,
    calls: u64,
}

impl Regret {
    pub(super) fn note(&mut self, gain: i64) {
        self.sum += i128::from(gain);
        self.calls += 1;
    }

    /// Its mean, in minor units; nothing before the first call, or the first period.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.calls > 0).then(|| self.sum as f64 / self.calls as f64)
    }
}
