//! Who auctions tasks, and by which rule.

use agent2028_core::check::{Range, Unit};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::accounts::Money;

/// The rule by which a task goes to one of those who bid for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum Rule {
    /// The best score of price, load, time and confidence wins and is paid what it asked for. Bidders say all of these
    /// themselves, so that who promises most wins: the classic rule, for its weakness.
    SealedBestScore,
    /// The lowest sealed bid wins and is paid what it asked for. The truth earns nothing.
    FirstPrice,
    /// The lowest sealed bid wins and is paid what the second lowest asked for (Vickrey 1961). The truth is the best bid.
    #[default]
    Vickrey,
    /// A clock rises from 0 to the reserve; who takes first has the task at that price.
    Dutch,
    /// A clock falls from the reserve; who stays last has the task at the price at which the one before left.
    English,
    /// A manager announces the task, contractors bid, one is awarded it, accepts and is confirmed: messages, over the network if
    /// there is one, where they may be lost, doubled and late (Smith 1980). Paid as asked. Needs `clients`.
    ContractNet,
    /// Tasks are auctioned several at a time to bidders who may want two that lie together, and each is paid what its presence is
    /// worth to the others (Vickrey, Clarke & Groves).
    Combinatorial,
    /// The cheapest assignment of several tasks at a time, paid as asked: what a central planner who is told the truth would do.
    Hungarian,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::SealedBestScore,
        Self::FirstPrice,
        Self::Vickrey,
        Self::Dutch,
        Self::English,
        Self::ContractNet,
        Self::Combinatorial,
        Self::Hungarian,
    ];

    /// Whether a price clock runs.
    #[must_use]
    pub const fn has_clock(self) -> bool {
        matches!(self, Self::Dutch | Self::English)
    }

    /// Whether several tasks are auctioned together.
    #[must_use]
    pub const fn is_call(self) -> bool {
        matches!(self, Self::Combinatorial | Self::Hungarian)
    }

    /// Whether bids are sealed, and could be committed to.
    #[must_use]
    pub const fn is_sealed(self) -> bool {
        matches!(self, Self::SealedBestScore | Self::FirstPrice | Self::Vickrey)
    }
}

/// Who auctions tasks, and how.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Auctioneer {
    /// A name, for metrics of its own (`market.tasks.price.<name>`) and for sources; none by default.
    pub name: String,
    /// The rule by which tasks are given away; by default `Vickrey`.
    pub rule: Rule,
    /// The groups that may bid; by default all of `bidders`.
    pub groups: Vec<String>,
    /// The group whose agents put up the tasks, in turn, pay for them and rate who did them. By default it is nobody in the
    /// scene, and a fund pays.
    pub clients: String,
    /// What the fund holds at the start, if there are no clients; by default 10¹².
    #[reflect(@Range::new(0.0, 1e15), @Unit("minor units"))]
    pub budget: Money,
    /// How long bids are taken, or how long the clock takes from one end to the other; by default 1 s.
    #[reflect(@Range::new(0.01, 1e6), @Unit("s"))]
    pub bid_s: f32,
    /// Sealed rules: how long bidders have, after that, to reveal what they committed to, so that nobody learns a bid in time to
    /// answer it. By default 0: bids are not committed to, and who sees them first may profit.
    #[reflect(@Range::new(0.0, 1e6), @Unit("s"))]
    pub reveal_s: f32,
    /// Dutch and English: how far the clock moves at a time; by default 10.
    #[reflect(@Range::new(1.0, 1e9), @Unit("minor units"))]
    pub step: Money,
    /// How many tasks are auctioned together at most by `Combinatorial` and `Hungarian`; by default 8.
    #[reflect(@Range::new(1.0, 20.0), @Unit("tasks"))]
    pub batch: u32,
    /// How many bidders are asked about a task: the nearest, if it lies somewhere, else any; by default 12.
    #[reflect(@Range::new(1.0, 4096.0), @Unit("bidders"))]
    pub invited: u32,
    /// How often a task is auctioned until it is given up; by default 5 times.
    #[reflect(@Range::new(1.0, 1e6), @Unit("rounds"))]
    pub rounds: u32,
    /// How long who has a task may take until it is taken away and auctioned again; by default 60 s.
    #[reflect(@Range::new(0.1, 1e9), @Unit("s"))]
    pub work_limit_s: f32,
    /// The most that is paid for a task, as a share of what it is worth; by default 1. The lower it is, the less a ring of bidders
    /// gets, and the more tasks find nobody.
    #[reflect(@Range::new(0.0, 1.0))]
    pub reserve_share: f32,
    /// What who wins must deposit, as a share of the reserve; it is lost to the client when the task isn't done. By default 0.
    #[reflect(@Range::new(0.0, 10.0))]
    pub deposit_share: f32,
    /// The least fulfilment that a bidder must have, 0–1: of the tasks that it was given the share that it did, counted as if it
    /// had done two more and failed at one. By default 0.
    #[reflect(@Range::new(0.0, 1.0))]
    pub least_fulfilment: f32,
    /// The least trust that a bidder must have, 0–1, where there is the section `trust`; by default 0.
    #[reflect(@Range::new(0.0, 1.0))]
    pub least_trust: f32,
}

impl Auctioneer {
    /// Whether bids are committed to before anybody can see them.
    #[must_use]
    pub fn seals(&self) -> bool {
        self.reveal_s > 0.0 && self.rule.is_sealed()
    }
}

impl Default for Auctioneer {
    fn default() -> Self {
        Self {
            name: String::new(),
            rule: Rule::default(),
            groups: Vec::new(),
            clients: String::new(),
            budget: 1_000_000_000_000,
            bid_s: 1.0,
            reveal_s: 0.0,
            step: 10,
            batch: 8,
            invited: 12,
            rounds: 5,
            work_limit_s: 60.0,
            reserve_share: 1.0,
            deposit_share: 0.0,
            least_fulfilment: 0.0,
            least_trust: 0.0,
        }
    }
}
