//! A task, from when it is put up until it is over, and the slots that tasks stand in.

use agent2028_core::agent::AgentId;
use serde::{Deserialize, Serialize};

use crate::accounts::{AccountId, Money};
use crate::auction::{Bid, Promise};
use crate::round::SealedRound;

/// No slot, no agent.
pub(crate) const NONE: u32 = u32::MAX;

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TaskStatus {
    /// Bids come in.
    Open,
    /// Somebody has it, and has not begun.
    Assigned,
    /// Somebody travels to it or works on it.
    InProgress,
}

/// A bid for a task, and what is true of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskBid {
    /// Whose it is.
    pub bidder: u32,
    /// What is asked, in minor units.
    pub price: Money,
    /// What the task would cost the bidder.
    pub cost: Money,
    /// What of that is for the way there.
    pub way: Money,
    /// What is promised: load, time in ms, confidence.
    pub promise: (f32, f32, f32),
    /// Whether the bidder means to do the task.
    pub honest: bool,
}

impl TaskBid {
    /// As mechanisms see it.
    #[must_use]
    pub fn said(&self) -> Bid {
        Bid { bidder: AgentId(self.bidder), price: self.price, promise: self.promised() }
    }

    /// What is promised.
    #[must_use]
    pub fn promised(&self) -> Promise {
        let (load, time_ms, confidence) = self.promise;
        Promise { load: f64::from(load), time_ms: f64::from(time_ms), confidence: f64::from(confidence) }
    }
}

/// A task that is not over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    /// Its number among the tasks of its auctioneer.
    pub number: u64,
    /// The number of what was put up, which all auctioneers' copies of it share.
    pub origin: u64,
    /// The auctioneer.
    pub auctioneer: u16,
    /// The source that put it up.
    pub source: u16,
    /// Where it stands.
    pub status: TaskStatus,
    /// 1–10, 10 comes first.
    pub priority: u8,
    /// How often it was auctioned before.
    pub round: u32,
    /// Where it lies.
    pub place: Option<(f32, f32)>,
    /// How long the work takes.
    pub work_ticks: u64,
    /// What it is worth to who put it up.
    pub value: Money,
    /// The most that is paid for it.
    pub reserve: Money,
    /// The tick by which it must be done; `u64::MAX` for never.
    pub deadline: u64,
    /// When it was put up.
    pub posted: u64,
    /// When its auction, or its work, began.
    pub since: u64,
    /// When it is looked at again.
    pub wake: u64,
    /// Who pays; nobody in the scene if it is the fund.
    pub client: u32,
    /// Who has it.
    pub assignee: u32,
    /// For how much.
    pub price: Money,
    /// What it costs who has it.
    pub cost: Money,
    /// Where the money is meanwhile.
    pub escrow: AccountId,
    /// What of that is the deposit of who has it.
    pub deposit: Money,
    /// The next task of who has it.
    pub next: u32,
    /// Bids of this round.
    pub bids: Vec<TaskBid>,
    /// Commitments of this round, where there are any.
    pub sealed: Option<Box<SealedRound>>,
    /// Capabilities that a bidder must have beside those that the source says.
    pub(crate) skills: Vec<u16>,
}

impl Task {
    /// Where it lies.
    #[must_use]
    pub fn at(&self) -> Option<bevy::prelude::Vec2> {
        self.place.map(bevy::prelude::Vec2::from)
    }

    /// Its memory in bytes beside its slot.
    pub(crate) fn extra_bytes(&self) -> usize {
        let sealed = self.sealed.as_ref().map_or(0, |sealed| sealed.bytes());
        self.bids.capacity() * size_of::<TaskBid>() + sealed
    }
}

/// Tasks that are not over, each in a slot that it keeps.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Tasks {
    slots: Vec<Option<Box<Task>>>,
    free: Vec<u32>,
}

impl Tasks {
    /// Puts a task into a slot.
    pub(crate) fn insert(&mut self, task: Task) -> u32 {
        let task = Some(Box::new(task));
        if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = task;
            return slot;
        }
        self.slots.push(task);
        (self.slots.len() - 1) as u32
    }

    /// Takes a task out of its slot.
    pub(crate) fn remove(&mut self, slot: u32) -> Option<Box<Task>> {
        let task = self.slots.get_mut(slot as usize)?.take();
        if task.is_some() {
            self.free.push(slot);
        }
        task
    }

    /// The task in a slot.
    #[must_use]
    pub fn get(&self, slot: u32) -> Option<&Task> {
        self.slots.get(slot as usize)?.as_deref()
    }

    /// The task in a slot, to change it.
    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut Task> {
        self.slots.get_mut(slot as usize)?.as_deref_mut()
    }

    /// All tasks, by slot.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Task)> + '_ {
        (0..).zip(&self.slots).filter_map(|(slot, task)| Some((slot, task.as_deref()?)))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Their memory in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let own: usize = self.iter().map(|(_, task)| size_of::<Task>() + task.extra_bytes()).sum();
        own + self.slots.capacity() * 8 + self.free.capacity() * 4
    }

    /// Whether slots are what they say.
    pub(crate) fn is_sound(&self) -> bool {
        let mut free = self.free.clone();
        free.sort_unstable();
        free.dedup();
        let empty = self.slots.iter().filter(|slot| slot.is_none()).count();
        free.len() == self.free.len()
            && free.len() == empty
            && free.iter().all(|slot| self.slots.get(*slot as usize).is_some_and(Option::is_none))
    }
}
