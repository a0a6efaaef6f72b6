//! The part `tasks` of the section `market`.

mod auctioneer;
mod bidders;
mod check;
mod source;

pub use auctioneer::{Auctioneer, Rule};
pub use bidders::{BidPolicy, Bidders};
pub use source::{Arrivals, TaskSource};

use agent2028_core::check::{Range, Unit};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// Where tasks are put up and agents bid for them.
///
/// Sources put up tasks; each auctioneer gets every task of every source and auctions it among its own bidders, so that several
/// rules can be compared on the same tasks. Who wins travels to the task, if it lies somewhere, works on it, and is paid when it
/// is done.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct TaskMarket {
    /// What tasks there are, and when they are put up.
    pub sources: Vec<TaskSource>,
    /// Who auctions them, each by a rule of its own; by default one, by Vickrey's rule.
    pub auctioneers: Vec<Auctioneer>,
    /// Who bids, and how.
    pub bidders: Vec<Bidders>,
    /// How far from a task an agent may stand to work on it; by default 4.
    #[reflect(@Range::new(0.0, 1e5), @Unit("units"))]
    pub reach: f32,
    /// How often it is worked out what lies would have gained; by default every second.
    #[reflect(@Range::new(0.05, 1e6), @Unit("s"))]
    pub probe_s: f32,
    /// The most open tasks of an auctioneer; what is put up beyond is refused and counted. By default 65 536.
    #[reflect(@Range::new(1.0, 1_048_576.0), @Unit("tasks"))]
    pub most_open: u32,
}

impl Default for TaskMarket {
    fn default() -> Self {
        Self {
            sources: Vec::new(),
            auctioneers: vec![Auctioneer::default()],
            bidders: Vec::new(),
            reach: 4.0,
            probe_s: 1.0,
            most_open: 65_536,
        }
    }
}
