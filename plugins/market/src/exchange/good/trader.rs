//! Who trades a good, and what its units are worth to each.

use agent2028_core::agent::AgentId;
use agent2028_core::rng::{Purpose, SimRng};
use serde::{Deserialize, Serialize};

use crate::accounts::{AccountId, Money};
use crate::config::{Traders, UnitValues};
use crate::exchange::shout::Belief;
use crate::order_book::Side;

const VALUES: Purpose = Purpose::new("market.values");

/// Somebody who trades a good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trader {
    /// Who it is.
    pub agent: AgentId,
    /// Its group, by its place in the section.
    pub group: u16,
    /// Whether it buys or sells.
    pub side: Side,
    /// Whether it is there no more.
    pub gone: bool,
    /// What its units are worth or cost in this period, in the order in which it trades them.
    pub values: Vec<Money>,
    /// How many of them it has traded.
    pub done: u32,
    /// The price that it aims at, if it learns.
    pub belief: Belief,
    /// What it gained by all its trades, in minor units: value less price, or price less cost.
    pub profit: Money,
    /// What came into its purse by trades that was not given back at a period's end, in minor units.
    pub owed: Money,
    pub(super) purse: AccountId,
    pub(super) stock: AccountId,
}

impl Trader {
    /// What its next unit is worth or costs; nothing if it has traded all.
    #[must_use]
    pub fn truth(&self) -> Option<Money> {
        self.values.get(self.done as usize).copied()
    }

    /// Where its units are.
    #[must_use]
    pub fn stock(&self) -> AccountId {
        self.stock
    }

    pub(super) fn gain(&self, price: Money) -> Money {
        let truth = self.truth().unwrap_or(price);
        if self.side == Side::Buy { truth - price } else { price - truth }
    }
}

/// What a trader's units are worth or cost in a period, in the order in which it trades them.
pub(super) fn values_of(
    traders: &Traders,
    side: Side,
    agent: AgentId,
    rank: usize,
    period: u64,
    dice: &SimRng,
) -> Vec<Money> {
    let units = traders.units as usize;
    let mut values: Vec<Money> = match &traders.values {
        UnitValues::Uniform(low, high) => {
            let mut stream = dice.stream(VALUES, agent, period);
            let width = u32::try_from(high.saturating_sub(*low)).unwrap_or(0);
            (0..units).map(|_| low + Money::from(stream.below(width.saturating_add(1)))).collect()
        }
        UnitValues::Listed(list) => {
            (0..units).filter_map(|unit| list.get((rank * units + unit) % list.len().max(1)).copied()).collect()
        }
    };
    values.sort_unstable();
    if side == Side::Buy {
        values.reverse();
    }
    values
}
