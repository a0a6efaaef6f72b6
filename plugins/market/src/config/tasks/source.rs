//! What tasks there are, and when they are put up.

use agent2028_core::agent::Placement;
use agent2028_core::check::{FileName, Range, Unit};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::accounts::Money;

/// When tasks are put up.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(deny_unknown_fields)]
pub enum Arrivals {
    /// Independently of each other, at a mean rate.
    Poisson {
        /// The mean rate.
        #[reflect(@Range::new(0.0, 1e6), @Unit("1/s"))]
        per_second: f64,
    },
    /// So many at once, again and again.
    Batches {
        /// How many at once.
        #[reflect(@Range::new(1.0, 65_536.0), @Unit("tasks"))]
        count: u32,
        /// How long after the last ones; the first come at once.
        #[reflect(@Range::new(0.01, 1e9), @Unit("s"))]
        every_s: f64,
    },
    /// As many as are missing until so many are open, at the auctioneer that has most.
    Keep {
        /// How many are to be open.
        #[reflect(@Range::new(0.0, 1_048_576.0), @Unit("tasks"))]
        open: u32,
    },
    /// As a CSV file says, relative to the scene, with a header and a row per task in the order of time. Columns: `at_s` (needed),
    /// `value` (needed, minor units), `x`, `y`, `work_s`, `deadline_s`, `priority`, `payload_bytes`, `skills` (separated by spaces).
    /// What a row doesn't say, the source says.
    Csv(#[reflect(@FileName)] String),
}

impl Default for Arrivals {
    fn default() -> Self {
        Self::Poisson { per_second: 1.0 }
    }
}

/// Tasks that are put up.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct TaskSource {
    /// A name, for those who look at tasks; none by default.
    pub name: String,
    /// When they are put up; by default one a second, at random.
    pub arrivals: Arrivals,
    /// The auctioneer that gets them; by default all do, each a copy of every task.
    pub auctioneer: String,
    /// The capabilities that a bidder must have, all of them; none by default.
    pub skills: Vec<String>,
    /// The least and the most that a task is worth to who puts it up, uniformly between; by default 10 000.
    #[reflect(@Range::new(0.0, 1e9), @Unit("minor units"))]
    pub value: (Money, Money),
    /// How long the work takes, the least and the most, uniformly between; by default 2 s.
    #[reflect(@Range::new(0.0, 1e6), @Unit("s"))]
    pub work_s: (f32, f32),
    /// How long after it was put up a task must be done; never by default.
    #[reflect(@Range::new(0.01, 1e9), @Unit("s"))]
    pub deadline_s: Option<f32>,
    /// 1 to 10: of tasks that are auctioned at the same moment, the highest comes first; by default 5.
    #[reflect(@Range::new(1.0, 10.0))]
    pub priority: u8,
    /// How much must be sent to who does it; by default nothing.
    #[reflect(@Range::new(0.0, 1e9), @Unit("B"))]
    pub payload_bytes: u32,
    /// How long it takes to send, per second of which a bidder is away from its work; by default 10 000 000 bytes a second.
    #[reflect(@Range::new(1.0, 1e12), @Unit("B/s"))]
    pub bytes_per_s: f64,
    /// Where they lie; by default nowhere, so that nobody need travel.
    pub place: Option<Placement>,
    /// How many are put up in all; without end by default.
    #[reflect(@Range::new(0.0, 4e9), @Unit("tasks"))]
    pub most: Option<u32>,
    /// When it begins; by default at once.
    #[reflect(@Range::new(0.0, 1e9), @Unit("s"))]
    pub from_s: f32,
    /// When it ends; never by default.
    #[reflect(@Range::new(0.0, 1e9), @Unit("s"))]
    pub until_s: Option<f32>,
}

impl Default for TaskSource {
    fn default() -> Self {
        Self {
            name: String::new(),
            arrivals: Arrivals::default(),
            auctioneer: String::new(),
            skills: Vec::new(),
            value: (10_000, 10_000),
            work_s: (2.0, 2.0),
            deadline_s: None,
            priority: 5,
            payload_bytes: 0,
            bytes_per_s: 1e7,
            place: None,
            most: None,
            from_s: 0.0,
            until_s: None,
        }
    }
}
