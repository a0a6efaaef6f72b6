//! Trades, prices and what they tell.

use std::collections::VecDeque;

use agent2028_core::agent::AgentId;
use serde::{Deserialize, Serialize};

use super::state::ServiceMarket;
use crate::accounts::Money;
use crate::contract::{ContractId, Status};
use crate::listing::ListingId;
use crate::sla::{Breach, Measured};

/// A contract that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedContract {
    /// Its number.
    pub id: ContractId,
    /// When it ended, as tick.
    pub tick: u64,
    /// Who bought.
    pub buyer: AgentId,
    /// Who provided.
    pub provider: AgentId,
    /// What of.
    pub listing: ListingId,
    /// What it became.
    pub status: Status,
    /// Units that were agreed on.
    pub quantity: u32,
    /// Units that were delivered.
    pub delivered: u32,
    /// What was agreed on for all units, in minor units.
    pub cost: Money,
    /// What was measured.
    pub measured: Measured,
    /// The promise that was broken, if one was.
    pub breach: Option<BrokenPromise>,
    /// The stars that its buyer gave, if it did.
    pub stars: Option<u8>,
}

/// Which promise was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, bevy::prelude::Reflect, Serialize, Deserialize)]
pub enum BrokenPromise {
    /// More requests failed than may.
    Uptime {
        /// How many failed.
        failed: u64,
        /// How many may.
        allowed: u64,
    },
    /// More requests were slow than may.
    Latency {
        /// How many were slow.
        slow: u64,
        /// How many may.
        allowed: u64,
    },
}

impl From<Breach> for BrokenPromise {
    fn from(breach: Breach) -> Self {
        match breach {
            Breach::Uptime { failed, allowed } => Self::Uptime { failed, allowed },
            Breach::Latency { slow, allowed } => Self::Latency { slow, allowed },
        }
    }
}

impl std::fmt::Display for BrokenPromise {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Uptime { failed: 1, allowed } => write!(f, "a request failed, where {allowed} may"),
            Self::Uptime { failed, allowed } => write!(f, "{failed} requests failed, where {allowed} may"),
            Self::Latency { slow: 1, allowed } => write!(f, "a request was slow, where {allowed} may be"),
            Self::Latency { slow, allowed } => write!(f, "{slow} requests were slow, where {allowed} may be"),
        }
    }
}

/// Sales of a capability.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sales {
    recent: VecDeque<(u64, u64, i64)>,
    recent_sum: (u64, i128),
    first: (u64, i128),
    began: Option<u64>,
    all: (u64, i128),
}

impl Sales {
    /// Units were sold for so much.
    pub(crate) fn count(&mut self, tick: u64, units: u64, cost: Money, window: u64) {
        let began = *self.began.get_or_insert(tick);
        if tick - began < window {
            self.first = (self.first.0 + units, self.first.1 + i128::from(cost));
        }
        self.all = (self.all.0 + units, self.all.1 + i128::from(cost));
        self.recent_sum = (self.recent_sum.0 + units, self.recent_sum.1 + i128::from(cost));
        self.recent.push_back((tick, units, cost));
    }

    /// Forgets what was sold before a tick.
    pub(crate) fn forget_before(&mut self, tick: u64) {
        while let Some((_, units, cost)) = self.recent.front().copied().filter(|(at, ..)| *at < tick) {
            self.recent.pop_front();
            self.recent_sum = (self.recent_sum.0 - units, self.recent_sum.1 - i128::from(cost));
        }
    }

    /// Units that were sold since the start.
    #[must_use]
    pub fn units(&self) -> u64 {
        self.all.0
    }

    /// What they were sold for, in minor units.
    #[must_use]
    pub fn volume(&self) -> i128 {
        self.all.1
    }

    /// The mean price of a unit recently, in minor units.
    #[must_use]
    pub fn average_price(&self) -> Option<f64> {
        (self.recent_sum.0 > 0).then(|| self.recent_sum.1 as f64 / self.recent_sum.0 as f64)
    }

    /// The mean price of a unit recently, as a percentage of that in the first stretch of time in which some was sold.
    #[must_use]
    pub fn price_index(&self) -> Option<f64> {
        let (units, cost) = self.first;
        let first = (units > 0 && cost > 0).then(|| cost as f64 / units as f64)?;
        Some(100.0 * self.average_price()? / first)
    }

    /// Whether the sums are those of what is kept.
    pub(crate) fn is_sound(&self) -> bool {
        let sum = |sum: (u64, i128), sale: &(u64, u64, i64)| (sum.0.wrapping_add(sale.1), sum.1 + i128::from(sale.2));
        self.recent.iter().fold((0, 0), sum) == self.recent_sum
    }

    pub(crate) fn bytes(&self) -> usize {
        self.recent.capacity() * size_of::<(u64, u64, i64)>()
    }
}

/// What contracts and accounts tell of two who trade with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairTrade {
    /// Who buys.
    pub buyer: AgentId,
    /// Who provides.
    pub provider: AgentId,
    /// Their contracts that were rated.
    pub contracts: u32,
    /// What the buyer paid for them, in minor units.
    pub paid: Money,
    /// What came back to it from the provider otherwise, in minor units.
    pub returned: Money,
}

impl PairTrade {
    /// What went there and back again.
    #[must_use]
    pub fn round_trip(&self) -> Money {
        self.paid.min(self.returned)
    }
}

impl ServiceMarket {
    /// Who had rated contracts with whom.
    pub fn pairs(&self) -> impl Iterator<Item = PairTrade> + '_ {
        self.voices.iter().filter_map(|((listing, buyer), voice)| {
            let entry = self.entries.get(*listing as usize)?;
            Some(PairTrade {
                buyer: AgentId(*buyer),
                provider: entry.listing.provider,
                contracts: voice.count,
                paid: voice.paid,
                returned: voice.returned,
            })
        })
    }

    /// The part of what was paid that came back to whoever paid it: what wash trades look like. Nothing if nothing was paid.
    #[must_use]
    pub fn round_trip_share(&self) -> Option<f64> {
        let (mut paid, mut back) = (0_i128, 0_i128);
        for pair in self.pairs() {
            paid += i128::from(pair.paid);
            back += i128::from(pair.round_trip());
        }
        (paid > 0).then(|| back as f64 / paid as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capabilities::state::Voice;

    #[test]
    fn a_price_index_is_the_mean_price_against_that_of_the_first_stretch() {
        let mut sales = Sales::default();
        assert_eq!((sales.average_price(), sales.price_index()), (None, None));
        sales.count(10, 10, 100, 5);
        sales.count(12, 30, 300, 5);
        assert_eq!((sales.average_price(), sales.price_index()), (Some(10.0), Some(100.0)));
        sales.count(20, 10, 150, 5);
        sales.forget_before(15);
        assert_eq!((sales.average_price(), sales.price_index()), (Some(15.0), Some(150.0)));
        assert_eq!((sales.units(), sales.volume()), (50, 550));
        sales.forget_before(100);
        assert_eq!((sales.average_price(), sales.units()), (None, 50));
    }

    #[test]
    fn what_goes_there_and_back_again_stands_out() {
        let pair = |paid, returned| PairTrade { buyer: AgentId(1), provider: AgentId(2), contracts: 1, paid, returned };
        assert_eq!([pair(100, 0), pair(100, 100), pair(100, 250)].map(|pair| pair.round_trip()), [0, 100, 100]);
        let voice = |paid, returned| Voice { stars: 5, count: 1, paid, returned };
        let kept = [voice(100, 0), voice(100, 90), voice(100, 250), voice(0, 0)].map(|voice| voice.net_thousandths());
        assert_eq!(kept, [1000, 100, 0, 1000]);
    }
}
