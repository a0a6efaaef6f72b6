//! Who bids for tasks, and how.

use agent2028_core::check::{Range, Unit};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::accounts::Money;
use crate::policy::{Learner, Policy};

/// How a bidder chooses its bid, from what the task would cost it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum BidPolicy {
    /// What it costs.
    #[default]
    Truthful,
    /// So many percent more than it costs.
    Markup(#[reflect(@Range::new(-100.0, 1000.0), @Unit("%"))] i32),
    /// As far from the cost as would have earned most so far.
    Learning,
    /// Any price up to the reserve, whatever it costs.
    Random,
    /// Any price from the cost to the reserve.
    ZeroIntelligence,
    /// Nothing at all, and the best promises: the bidder wins whatever it costs.
    Adversarial,
}

impl BidPolicy {
    /// The policy of a bidder that begins.
    #[must_use]
    pub fn begin(self) -> Policy {
        match self {
            Self::Truthful => Policy::Truthful,
            Self::Markup(percent) => Policy::Markup { thousandths: percent.saturating_mul(10) },
            Self::Learning => Policy::Learning(Box::<Learner>::default()),
            Self::Random => Policy::Random,
            Self::ZeroIntelligence => Policy::ZeroIntelligence,
            Self::Adversarial => Policy::Adversarial,
        }
    }
}

/// The agents of a group as bidders.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Bidders {
    /// The group.
    pub group: String,
    /// How they choose their bids; by default `Truthful`.
    pub policy: BidPolicy,
    /// What a second of work costs them; by default 100.
    #[reflect(@Range::new(0.0, 1e9), @Unit("minor units/s"))]
    pub per_work_s: f32,
    /// What travelling costs them; by default 1.
    #[reflect(@Range::new(0.0, 1e6), @Unit("minor units/unit"))]
    pub per_distance: f32,
    /// What a task costs each of them beside that, the least and the most, uniformly between, which nobody else knows; by
    /// default 0 to 1000. The n-th bidders of groups draw alike for the same task, so that rules can be compared.
    #[reflect(@Range::new(0.0, 1e9), @Unit("minor units"))]
    pub private: (Money, Money),
    /// How fast they travel; by default 60.
    #[reflect(@Range::new(0.0, 1e6), @Unit("units/s"))]
    pub speed: f32,
    /// How many tasks one may have at once, one after the other; by default 1.
    #[reflect(@Range::new(1.0, 64.0), @Unit("tasks"))]
    pub capacity: u32,
}

impl Default for Bidders {
    fn default() -> Self {
        Self {
            group: String::new(),
            policy: BidPolicy::default(),
            per_work_s: 100.0,
            per_distance: 1.0,
            private: (0, 1000),
            speed: 60.0,
            capacity: 1,
        }
    }
}
