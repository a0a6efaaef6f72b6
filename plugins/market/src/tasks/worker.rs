//! What is known of each agent that bids for tasks.

use agent2028_core::agent::AgentRecord;
use bytemuck::{Pod, Zeroable};

use super::task::NONE;

/// It is there.
pub(crate) const PRESENT: u32 = 1;
/// It does nothing: failed or frozen.
pub(crate) const INACTIVE: u32 = 2;
/// It works on its first task.
pub(crate) const WORKING: u32 = 4;
/// It never does what it takes on.
pub(crate) const DEFAULTS: u32 = 8;
/// It has begun with its first task.
pub(crate) const BEGUN: u32 = 16;
/// Stands for ids of nobody.
const NOBODY: u32 = 1 << 31;

/// An agent that bids.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Worker {
    /// What it was paid for tasks since the start.
    pub earned: i64,
    /// That, less what the tasks cost it.
    pub profit: i64,
    /// When its work is done, while it works.
    pub until: u64,
    /// The slot of its first task.
    pub(crate) head: u32,
    /// The slot of its last task.
    pub(crate) tail: u32,
    /// How many tasks it has.
    pub load: u32,
    /// How many it has done.
    pub completed: u32,
    /// How many it was given and did not do.
    pub failed: u32,
    pub(crate) flags: u32,
    /// Its group's place among the bidders.
    pub(crate) group: u32,
    /// Its place in the list of those that have room for a task.
    pub(crate) free_at: u32,
    /// How reliable it is, 0–1.
    pub(crate) reliability: f32,
    /// Its number within its group.
    pub(crate) rank: u32,
    /// Where its first task lies, once it has begun to go there; not a number if nowhere.
    pub(crate) target: [f32; 2],
}

impl Default for Worker {
    fn default() -> Self {
        Self { head: NONE, tail: NONE, free_at: NONE, reliability: 1.0, ..Self::zeroed() }
    }
}

impl AgentRecord for Worker {
    fn gap(ids: u64) -> Self {
        Self { flags: NOBODY, until: ids, ..Self::zeroed() }
    }

    fn is_gap(&self) -> Option<u64> {
        self.is(NOBODY).then_some(self.until)
    }
}

impl Worker {
    pub(crate) fn is(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    pub(crate) fn set(&mut self, flag: u32, on: bool) {
        if on {
            self.flags |= flag;
        } else {
            self.flags &= !flag;
        }
    }

    /// Whether it works on a task.
    #[must_use]
    pub fn works(&self) -> bool {
        self.is(WORKING)
    }

    /// The slot of the task that it is about.
    #[must_use]
    pub fn task(&self) -> Option<u32> {
        (self.head != NONE).then_some(self.head)
    }

    /// The share of what it was given that it did, counted as if it had done two more and failed at one: what may be expected
    /// of somebody new is neither nothing nor all.
    #[must_use]
    pub fn fulfilment(&self) -> f64 {
        (f64::from(self.completed) + 2.0) / (f64::from(self.completed) + f64::from(self.failed) + 3.0)
    }

    pub(crate) fn is_ready(&self, capacity: u32) -> bool {
        self.is(PRESENT) && !self.is(INACTIVE) && self.load < capacity
    }
}
