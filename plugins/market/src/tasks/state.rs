//! The state of task auctions in a simulation.

use std::collections::{BTreeMap, VecDeque};

use agent2028_core::agent::{AgentId, AgentRows, Placement};
use agent2028_core::checkpoint::to_bytes;
use bevy::prelude::Resource;
use serde::{Deserialize, Serialize};

use super::attack::Campaign;
use super::contract_nets::Nets;
use super::task::{NONE, Task, TaskBid, Tasks};
use super::worker::{PRESENT, Worker};
use crate::accounts::{AccountId, Money};
use crate::config::{Auctioneer, Rule};
use crate::events::TaskTold;
use crate::policy::Learner;

/// So many of the last auctions of each auctioneer are kept one by one.
pub const RECENT: usize = 64;

/// An auction that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cleared {
    /// When.
    pub tick: u64,
    /// The task's number.
    pub task: u64,
    /// Where it lies.
    pub place: Option<(f32, f32)>,
    /// The most that would have been paid.
    pub reserve: Money,
    /// What the task is worth.
    pub value: Money,
    /// The bids that counted.
    pub bids: Vec<TaskBid>,
    /// The place of the winner's bid; none if nobody won.
    pub winner: Option<usize>,
    /// What the winner is paid.
    pub price: Money,
    /// How long it took since the task was put up, in ticks.
    pub waited: u64,
}

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskCounts {
    /// Tasks that were put up.
    pub posted: u64,
    /// How often a task was given to somebody.
    pub awarded: u64,
    /// Tasks that were done.
    pub completed: u64,
    /// How often somebody who had a task did not do it.
    pub defaulted: u64,
    /// How often a task was auctioned again.
    pub repeated: u64,
    /// Tasks that were given up: nobody did them in as many rounds as were allowed, or in time.
    pub failed: u64,
    /// Tasks that could not be paid for.
    pub cancelled: u64,
    /// Tasks that found no room.
    pub refused: u64,
    /// Bids that counted.
    pub bids: u64,
    /// Bids that did not count: not what was committed to, or nothing was.
    pub void_bids: u64,
    /// What was paid for tasks that were done.
    pub paid: Money,
    /// What these tasks cost who did them.
    pub cost: Money,
    /// Deposits that were lost.
    pub forfeited: Money,
}

/// What an auctioneer remembers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct AuctioneerState {
    /// The account that pays, if no agents do; 0 as long as there is none.
    pub(crate) fund: AccountId,
    /// Counts.
    pub counts: TaskCounts,
    /// Tasks that are open.
    pub open: u32,
    /// Tasks that somebody has.
    pub assigned: u32,
    /// The last auctions, oldest first.
    pub recent: VecDeque<Cleared>,
    /// The last auctions that somebody won, oldest first, also where many that nobody won came after them.
    pub(crate) won: VecDeque<Won>,
    /// How far bids lay apart in the last auctions with several bids, as a share of their mean.
    pub(crate) variations: VecDeque<f64>,
    /// What assignments were worth (value less true cost) and what the best ones would have been, fading.
    pub(crate) welfare: (f64, f64),
    /// No efficiency is worked out before this tick.
    pub(crate) measure_at: u64,
}

/// What is remembered of an auction that somebody won.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Won {
    pub price: Money,
    /// The price less the winner's cost, if it means to do the task.
    pub margin: Option<Money>,
    /// How long it took since the task was put up, in ticks.
    pub waited: u64,
}

/// Keeps the last [`RECENT`].
fn keep<T>(list: &mut VecDeque<T>, item: T) {
    while list.len() >= RECENT {
        list.pop_front();
    }
    list.push_back(item);
}

/// The coefficient of variation; nothing of fewer than two, or if they are all nothing.
fn variation(values: impl Iterator<Item = f64> + Clone) -> Option<f64> {
    let mean = |values: &mut dyn Iterator<Item = f64>| {
        let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
        (count >= 2).then(|| sum / f64::from(count))
    };
    let average = mean(&mut values.clone()).filter(|average| *average > 0.0)?;
    let squares = mean(&mut values.map(|value| (value - average) * (value - average)))?;
    Some(squares.sqrt() / average)
}

/// What a source remembers.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct SourceState {
    /// How many tasks it has put up.
    pub posted: u64,
    /// When it puts up the next, in ticks with fractions; the next row of a file.
    pub next: f64,
    pub begun: bool,
}

/// Tasks that somebody puts up by hand in this tick.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ByHand {
    pub source: u32,
    pub count: u32,
    pub place: Option<Placement>,
    pub value: Option<Money>,
}

/// Tasks, those who bid for them, and how auctions stand.
#[derive(Resource, Clone, Debug, Default, Serialize, Deserialize)]
pub struct TaskAuctions {
    pub(crate) tasks: Tasks,
    pub(crate) workers: AgentRows<Worker>,
    pub(crate) auctioneers: Vec<AuctioneerState>,
    pub(crate) sources: Vec<SourceState>,
    /// When tasks are looked at again.
    pub(crate) agenda: BTreeMap<u64, Vec<u32>>,
    /// Those that have room for a task, by group of bidders.
    pub(crate) free: Vec<Vec<u32>>,
    /// What bidders have learnt, by auctioneer and bidder: what pays hangs on the rule.
    pub(crate) learners: BTreeMap<(u16, u32), Learner>,
    pub(crate) nets: Nets,
    pub(crate) campaigns: Vec<Campaign>,
    /// Tasks whose auction is to begin.
    pub(crate) to_open: Vec<u32>,
    pub(crate) by_hand: Vec<ByHand>,
    pub(crate) posted: u64,
    pub(crate) numbered: u64,
    pub(crate) welcomed: u32,
    /// What is still to be told, and how clients rate who worked for them: client, worker, whether it was done.
    /// How many agents there were when they were last looked at; derived.
    #[serde(skip)]
    pub(crate) present: usize,
    #[serde(skip)]
    pub(crate) told: Vec<(Option<AgentId>, TaskTold)>,
    #[serde(skip)]
    pub(crate) ratings: Vec<(u32, u32, bool)>,
}

impl TaskAuctions {
    /// The tasks that are not over.
    #[must_use]
    pub fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// The auctioneers, as the scene lists them.
    #[must_use]
    pub fn auctioneers(&self) -> &[AuctioneerState] {
        &self.auctioneers
    }

    /// What is known of an agent that bids.
    #[must_use]
    pub fn worker(&self, agent: AgentId) -> Option<&Worker> {
        self.workers.get(agent).filter(|worker| worker.is(PRESENT))
    }

    /// All agents that bid.
    pub fn workers(&self) -> impl Iterator<Item = (AgentId, &Worker)> + '_ {
        self.workers.agents().filter(|(_, worker)| worker.is(PRESENT))
    }

    /// The shades that learning bidders have come to in the auctions of an auctioneer, 0–1: what they keep of the way from the
    /// reserve to their cost.
    pub fn shades(&self, auctioneer: usize) -> impl Iterator<Item = (AgentId, f64)> + '_ {
        let of = u16::try_from(auctioneer).into_iter();
        let learners = of.flat_map(|of| self.learners.range((of, 0)..=(of, u32::MAX)));
        learners.map(|((_, agent), learner)| (AgentId(*agent), learner.shade()))
    }

    /// Attacks that go on.
    #[must_use]
    pub fn campaigns(&self) -> &[Campaign] {
        &self.campaigns
    }

    /// Looks at a task again at a tick.
    pub(crate) fn wake(&mut self, slot: u32, tick: u64) {
        if let Some(task) = self.tasks.get_mut(slot) {
            task.wake = tick;
            if tick != u64::MAX {
                self.agenda.entry(tick).or_default().push(slot);
            }
        }
    }

    /// Puts an agent among those that have room for a task, or takes it away from there.
    pub(crate) fn set_free(&mut self, agent: u32, capacity: u32) {
        let Some(worker) = self.workers.get_mut(AgentId(agent)) else { return };
        let (ready, at) = (worker.is_ready(capacity), worker.free_at);
        let group = worker.group as usize;
        let Some(list) = self.free.get_mut(group) else { return };
        if ready && at == NONE {
            worker.free_at = list.len() as u32;
            list.push(agent);
        } else if !ready && at != NONE {
            worker.free_at = NONE;
            list.swap_remove(at as usize);
            if let Some(moved) = list.get(at as usize).copied()
                && let Some(moved) = self.workers.get_mut(AgentId(moved))
            {
                moved.free_at = at;
            }
        }
    }

    /// Puts a task at the end of what an agent has to do.
    pub(crate) fn enqueue(&mut self, agent: u32, slot: u32) {
        let Some(worker) = self.workers.get_mut(AgentId(agent)) else { return };
        let last = std::mem::replace(&mut worker.tail, slot);
        if worker.head == NONE {
            worker.head = slot;
        } else if let Some(before) = self.tasks.get_mut(last) {
            before.next = slot;
        }
        if let Some(task) = self.tasks.get_mut(slot) {
            task.next = NONE;
        }
    }

    /// Takes a task out of what an agent has to do.
    pub(crate) fn unlink(&mut self, agent: u32, slot: u32) {
        let after = self.tasks.get(slot).map_or(NONE, |task| task.next);
        let Some(worker) = self.workers.get_mut(AgentId(agent)) else { return };
        if worker.head == slot {
            worker.head = after;
            worker.set(super::worker::WORKING | super::worker::BEGUN, false);
            if worker.tail == slot {
                worker.tail = NONE;
            }
            return;
        }
        let mut at = worker.head;
        while at != NONE {
            let next = self.tasks.get(at).map_or(NONE, |task| task.next);
            if next == slot {
                if let Some(before) = self.tasks.get_mut(at) {
                    before.next = after;
                }
                if worker.tail == slot {
                    worker.tail = at;
                }
                return;
            }
            at = next;
        }
    }

    /// The rule by which a task is auctioned: that of its auctioneer, but that a task stays with the manager that it has, and one
    /// that nobody could manage is auctioned by the auctioneer, whatever its rule has become meanwhile.
    pub(crate) fn rule_now(&self, auctioneer: &Auctioneer, task: &Task) -> Rule {
        if self.nets.has(task.number) {
            Rule::ContractNet
        } else if auctioneer.rule == Rule::ContractNet && task.client == NONE {
            Rule::FirstPrice
        } else {
            auctioneer.rule
        }
    }

    /// Notes an auction that is over.
    pub(crate) fn note(&mut self, auctioneer: usize, cleared: Cleared) {
        let Some(state) = self.auctioneers.get_mut(auctioneer) else { return };
        state.counts.bids += cleared.bids.len() as u64;
        if let Some(winner) = cleared.winner.map(|at| cleared.bids[at]) {
            let margin = winner.honest.then_some(cleared.price - winner.cost);
            keep(&mut state.won, Won { price: cleared.price, margin, waited: cleared.waited });
        }
        if let Some(apart) = variation(cleared.bids.iter().map(|bid| bid.price as f64)) {
            keep(&mut state.variations, apart);
        }
        keep(&mut state.recent, cleared);
    }

    /// The tasks that an agent has, the one that it is about first.
    #[must_use]
    pub fn tasks_of(&self, agent: AgentId) -> Vec<(u32, &Task)> {
        let mut found = Vec::new();
        let mut at = self.worker(agent).map_or(NONE, |worker| worker.head);
        while let Some(task) = self.tasks.get(at) {
            found.push((at, task));
            at = task.next;
        }
        found
    }

    /// Their memory in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let recent = |state: &AuctioneerState| {
            let bids: usize = state.recent.iter().map(|cleared| cleared.bids.capacity()).sum();
            state.recent.capacity() * size_of::<Cleared>()
                + bids * size_of::<TaskBid>()
                + state.won.capacity() * size_of::<Won>()
                + state.variations.capacity() * size_of::<f64>()
        };
        self.tasks.bytes()
            + self.workers.bytes()
            + self.auctioneers.iter().map(recent).sum::<usize>()
            + self.free.iter().map(|list| list.capacity() * 4).sum::<usize>()
            + self.agenda.values().map(|list| 48 + list.capacity() * 4).sum::<usize>()
            + self.learners.len() * size_of::<Learner>()
            + self.nets.bytes()
    }

    /// The state as bytes.
    ///
    /// # Errors
    /// If a part of it has no binary form.
    pub fn save(&self) -> Result<Vec<u8>, String> {
        to_bytes(self)
    }

    /// Becomes what was saved.
    ///
    /// # Errors
    /// If the bytes are no state.
    pub fn load(bytes: &[u8]) -> Result<Self, String> {
        let state: Self = postcard::from_bytes(bytes).map_err(|error| error.to_string())?;
        let known = |agent: u32| state.workers.get(AgentId(agent));
        let free = state.free.iter().enumerate().all(|(group, list)| {
            (0..).zip(list).all(|(at, agent)| {
                known(*agent).is_some_and(|worker| worker.free_at == at && worker.group as usize == group)
            })
        });
        // Each task is in one place of one agent's list at most, and lists end.
        let mut reached = std::collections::BTreeSet::new();
        let lists = state.workers.agents().all(|(_, worker)| {
            let (mut at, mut last) = (worker.head, NONE);
            while at != NONE {
                let Some(task) = state.tasks.get(at).filter(|_| reached.insert(at)) else { return false };
                (last, at) = (at, task.next);
            }
            last == worker.tail
        });
        let tasks = state.tasks.iter().all(|(_, task)| usize::from(task.auctioneer) < state.auctioneers.len());
        if !(state.tasks.is_sound() && free && lists && tasks) {
            return Err("the state of task auctions makes no sense".into());
        }
        Ok(state)
    }
}
