//! Contract nets over the network: a manager and contractors for each task, and the letters between them.

use std::collections::BTreeMap;
use std::sync::Arc;

use agent2028_core::agent::{AgentId, Carrier, Letter};
use agent2028_core::time::Time;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use super::clear::FADE;
use super::ground::Ground;
use super::rule::TaskRule;
use super::state::{Cleared, TaskAuctions};
use super::task::{TaskBid, TaskStatus};
use super::worker::{INACTIVE, PRESENT};
use crate::config::Rule;
use crate::contract_net::{Contractor, Deadlines, Engagement, Envelope, Manager, Recipient, State};
use crate::money::Treasury;

/// Who carries the letters of contract nets, where there is a network.
#[derive(Resource, Clone)]
pub(crate) struct Post(pub Option<Arc<dyn Carrier>>);

/// How far a contractor has come, for its room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Hold {
    /// It has nothing to do with the task.
    Nothing,
    /// It has accepted, and keeps room for it.
    Room,
    /// It has it among its tasks.
    Task,
}

/// A contractor of a task.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Party {
    contractor: Contractor,
    hold: Hold,
    bid: TaskBid,
}

/// The net of one task.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Net {
    slot: u32,
    client: u32,
    manager: Manager,
    parties: BTreeMap<u32, Party>,
    /// The round that bidders were last asked in.
    asked: u32,
    awarded: bool,
}

/// A letter that no network carries: it arrives in the next tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    from: u32,
    to: u32,
    envelope: Envelope,
}

/// All contract nets, by the numbers of their tasks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Nets {
    nets: BTreeMap<u64, Net>,
    notes: Vec<Note>,
    /// Messages that were sent.
    pub sent: u64,
}

impl Nets {
    /// Whether a task is in a contract net.
    #[must_use]
    pub fn has(&self, task: u64) -> bool {
        self.nets.contains_key(&task)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nets.is_empty() && self.notes.is_empty()
    }

    /// The manager of a task.
    #[must_use]
    pub fn manager(&self, task: u64) -> Option<&Manager> {
        self.nets.get(&task).map(|net| &net.manager)
    }

    /// How many contractors work on a task at a tick.
    #[must_use]
    pub fn working(&self, task: u64, tick: u64) -> usize {
        self.nets.get(&task).map_or(0, |net| net.parties.values().filter(|party| party.contractor.works(tick)).count())
    }

    pub(crate) fn forget(&mut self, task: u64) {
        self.nets.remove(&task);
    }

    /// Work on a task has ended.
    pub(crate) fn report(&mut self, task: u64, agent: u32, done: bool, tick: u64) {
        if let Some(party) = self.nets.get_mut(&task).and_then(|net| net.parties.get_mut(&agent)) {
            party.contractor.finish(done, tick);
            party.hold = Hold::Nothing;
        }
    }

    /// An agent can't go on with a task.
    pub(crate) fn abandon(&mut self, task: u64, agent: u32) {
        if let Some(net) = self.nets.get_mut(&task) {
            net.parties.remove(&agent);
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        let net = |net: &Net| size_of::<Net>() + net.parties.len() * (size_of::<Party>() + 16);
        self.nets.values().map(net).sum::<usize>() + self.notes.capacity() * size_of::<Note>()
    }
}

impl TaskAuctions {
    /// A round of a task begins: its net is made, or its bidders are others now.
    pub(crate) fn open_net(&mut self, ground: &Ground<'_>, slot: u32) {
        let Some(task) = self.tasks.get(slot) else { return };
        let Some(auctioneer) = ground.config.auctioneers.get(usize::from(task.auctioneer)) else { return };
        let deadlines = Deadlines {
            bids: ground.ticks_in(auctioneer.bid_s).max(1),
            acceptance: ground.ticks_in(auctioneer.bid_s).max(1),
            work: ground.ticks_in(auctioneer.work_limit_s).max(1),
            rounds: auctioneer.rounds,
            ..Deadlines::default()
        };
        let (number, client, reserve) = (task.number, task.client, task.reserve);
        let net = self.nets.nets.entry(number).or_insert_with(|| {
            let manager = Manager::new(number, Some(reserve), deadlines, ground.tick);
            Net { slot, client, manager, parties: BTreeMap::new(), asked: 0, awarded: false }
        });
        net.asked = net.manager.round();
        let patience = 4 * (deadlines.bids + deadlines.acceptance + deadlines.repeat);
        for bid in &task.bids {
            let contractor = || Contractor::new(number, deadlines.repeat, patience);
            let party = Party { contractor: contractor(), hold: Hold::Nothing, bid: *bid };
            net.parties.entry(bid.bidder).or_insert(party).bid = *bid;
        }
    }

    /// Gives back the room that contractors of a task keep for it, and takes it from those who work on it still.
    pub(crate) fn release_held(&mut self, ground: &Ground<'_>, task: u64) {
        let Some(net) = self.nets.nets.get_mut(&task) else { return };
        let slot = net.slot;
        let parties = net.parties.iter_mut();
        let held: Vec<(u32, Hold)> =
            parties.map(|(agent, party)| (*agent, std::mem::replace(&mut party.hold, Hold::Nothing))).collect();
        held.into_iter().for_each(|(agent, before)| self.change_hold(ground, agent, slot, before, Hold::Nothing));
    }

    /// A tick of all nets: what has arrived is heard, what is due is said. Returns the letters.
    pub(crate) fn converse(
        &mut self,
        ground: &Ground<'_>,
        treasury: &mut Treasury,
        arrived: &[Letter],
    ) -> Vec<(u32, u32, Envelope)> {
        let mut inbox: Vec<Note> = std::mem::take(&mut self.nets.notes);
        inbox.extend(arrived.iter().filter_map(|letter| {
            let envelope = postcard::from_bytes(&letter.content).ok()?;
            Some(Note { from: letter.from.0, to: letter.to.0, envelope })
        }));
        let mut out = Vec::new();
        // Contractors first: whose time is over stops before anybody else begins.
        let numbers: Vec<u64> = self.nets.nets.keys().copied().collect();
        for number in &numbers {
            self.let_contractors_wait(ground, *number, &mut out);
        }
        for note in inbox {
            self.hear(ground, treasury, note, &mut out);
        }
        for number in numbers {
            self.let_manager_wait(ground, treasury, number, &mut out);
        }
        self.nets.sent += out.len() as u64;
        out
    }

    /// Keeps letters that no network carries until the next tick.
    pub(crate) fn keep(&mut self, letters: Vec<(u32, u32, Envelope)>) {
        self.nets.notes = letters.into_iter().map(|(from, to, envelope)| Note { from, to, envelope }).collect();
    }

    /// Time passes for the contractors of a task.
    fn let_contractors_wait(&mut self, ground: &Ground<'_>, number: u64, out: &mut Vec<(u32, u32, Envelope)>) {
        let Some(net) = self.nets.nets.get_mut(&number) else { return };
        let (slot, client) = (net.slot, net.client);
        let (mut letters, mut changes) = (Vec::new(), Vec::new());
        for (agent, party) in &mut net.parties {
            let worker = self.workers.get(AgentId(*agent));
            if worker.is_none_or(|worker| worker.flags & (PRESENT | INACTIVE) != PRESENT) {
                continue;
            }
            party.contractor.tick(ground.tick, &mut letters);
            out.extend(letters.drain(..).map(|envelope| (*agent, client, envelope)));
            let wanted = match party.contractor.engagement() {
                Engagement::Accepted => Hold::Room,
                Engagement::Working { .. } => Hold::Task,
                _ => Hold::Nothing,
            };
            if party.hold != wanted {
                changes.push((*agent, party.hold, wanted));
                party.hold = wanted;
            }
        }
        changes.into_iter().for_each(|(agent, before, now)| self.change_hold(ground, agent, slot, before, now));
    }

    fn change_hold(&mut self, ground: &Ground<'_>, agent: u32, slot: u32, before: Hold, now: Hold) {
        match (before, now) {
            (Hold::Nothing, Hold::Nothing) | (Hold::Room, Hold::Room) | (Hold::Task, Hold::Task) => {}
            (Hold::Nothing, Hold::Room) => self.take_room(ground, agent, 1),
            (Hold::Nothing, Hold::Task) => {
                self.take_room(ground, agent, 1);
                self.enqueue(agent, slot);
            }
            (Hold::Room, Hold::Task) => self.enqueue(agent, slot),
            (Hold::Room, Hold::Nothing) => self.take_room(ground, agent, -1),
            (Hold::Task, Hold::Room) => self.unlink(agent, slot),
            (Hold::Task, Hold::Nothing) => {
                self.unlink(agent, slot);
                self.take_room(ground, agent, -1);
            }
        }
    }

    /// Somebody hears a message.
    fn hear(&mut self, ground: &Ground<'_>, treasury: &mut Treasury, note: Note, out: &mut Vec<(u32, u32, Envelope)>) {
        let number = note.envelope.task;
        let Some(net) = self.nets.nets.get_mut(&number) else {
            // The task is over: who still reports need not say it again.
            if matches!(note.envelope.message, crate::contract_net::Message::Report { .. }) {
                let message = crate::contract_net::Message::Acknowledge;
                out.push((note.to, note.from, Envelope { message, ..note.envelope }));
            }
            return;
        };
        let (slot, client) = (net.slot, net.client);
        if note.to == client {
            let before = net.manager.state();
            let mut letters = Vec::new();
            net.manager.hear(AgentId(note.from), note.envelope, ground.tick, &mut letters);
            let after = net.manager.state();
            self.address(number, letters, out);
            return self.follow(ground, treasury, number, before, after);
        }
        if self.workers.get(AgentId(note.to)).is_none_or(|worker| worker.flags & (PRESENT | INACTIVE) != PRESENT) {
            return;
        }
        let Some(party) = net.parties.get_mut(&note.to) else { return };
        let room = self.workers.get(AgentId(note.to)).is_some_and(|worker| {
            worker.is_ready(ground.config.bidders.get(worker.group as usize).map_or(0, |group| group.capacity))
        });
        let mut letters = Vec::new();
        let price = Some(party.bid.price);
        party.contractor.hear(note.envelope, ground.tick, || price, room, &mut letters);
        let wanted = match party.contractor.engagement() {
            Engagement::Accepted => Hold::Room,
            Engagement::Working { .. } => Hold::Task,
            _ => Hold::Nothing,
        };
        let before = std::mem::replace(&mut party.hold, wanted);
        out.extend(letters.into_iter().map(|envelope| (note.to, client, envelope)));
        self.change_hold(ground, note.to, slot, before, wanted);
    }

    /// Time passes for the manager of a task.
    fn let_manager_wait(
        &mut self,
        ground: &Ground<'_>,
        treasury: &mut Treasury,
        number: u64,
        out: &mut Vec<(u32, u32, Envelope)>,
    ) {
        let Some(net) = self.nets.nets.get_mut(&number) else { return };
        let (before, mut letters) = (net.manager.state(), Vec::new());
        net.manager.tick(ground.tick, &mut letters);
        let after = net.manager.state();
        self.address(number, letters, out);
        self.follow(ground, treasury, number, before, after);
    }

    /// Says whom a manager's messages are for: announcements go to those who were asked.
    fn address(&self, number: u64, letters: Vec<(Recipient, Envelope)>, out: &mut Vec<(u32, u32, Envelope)>) {
        let Some(net) = self.nets.nets.get(&number) else { return };
        for (recipient, envelope) in letters {
            match recipient {
                Recipient::One(agent) => out.push((net.client, agent.0, envelope)),
                Recipient::Everybody => out.extend(net.parties.keys().map(|agent| (net.client, *agent, envelope))),
            }
        }
    }

    /// Compares who won a task with the cheapest of those whose bids came through. Tasks of a net are awarded one by one, so
    /// each is compared by itself.
    fn measure_award(&mut self, auctioneer: usize, cleared: &Cleared) {
        let honest = || cleared.bids.iter().filter(|bid| bid.honest);
        let Some(cheapest) = honest().map(|bid| bid.cost).min() else { return };
        let winner = cleared.winner.map(|at| cleared.bids[at]).filter(|bid| bid.honest);
        let got = winner.map_or(0.0, |bid| (cleared.value - bid.cost) as f64);
        let best = (cleared.value - cheapest).max(0) as f64;
        let welfare = &mut self.auctioneers[auctioneer].welfare;
        *welfare = (welfare.0 * (1.0 - FADE) + got, welfare.1 * (1.0 - FADE) + best);
    }

    /// What a manager has decided becomes true of the task and its money.
    fn follow(&mut self, ground: &Ground<'_>, treasury: &mut Treasury, number: u64, before: State, after: State) {
        let Some(net) = self.nets.nets.get(&number) else { return };
        let (slot, round, asked) = (net.slot, net.manager.round(), net.asked);
        if before == after && round == asked {
            return;
        }
        match after {
            State::Assigned { to, price } if before != after => {
                let bids = net.manager.bids();
                let bids: Vec<TaskBid> = net
                    .parties
                    .values()
                    .filter(|party| bids.contains_key(&AgentId(party.bid.bidder)))
                    .map(|party| party.bid)
                    .collect();
                let Some(task) = self.tasks.get(slot) else { return };
                let cleared = Cleared {
                    tick: ground.tick,
                    task: number,
                    place: task.place,
                    reserve: task.reserve,
                    value: task.value,
                    winner: bids.iter().position(|bid| bid.bidder == to.0),
                    price,
                    waited: ground.tick - task.posted,
                    bids,
                };
                let auctioneer = usize::from(task.auctioneer);
                let rule = TaskRule { rule: Rule::ContractNet, reserve: task.reserve, step: 1 };
                let bid = net.parties.get(&to.0).map(|party| party.bid);
                self.learn(ground, auctioneer as u16, &rule, &cleared.bids);
                self.measure_award(auctioneer, &cleared);
                self.note(auctioneer, cleared);
                if let Some(bid) = bid {
                    self.award(ground, treasury, slot, bid, price);
                }
            }
            State::Completed { .. } => {
                self.release_held(ground, number);
                self.pay(ground, treasury, slot);
            }
            State::Abandoned => {
                self.take_back(ground, treasury, slot);
                self.release_held(ground, number);
                let rounds = round + 1;
                self.told.push((None, crate::events::TaskTold::GivenUp { task: number, rounds }));
                if let Some(task) = self.tasks.get(slot) {
                    self.auctioneers[usize::from(task.auctioneer)].counts.failed += 1;
                }
                self.drop_task(ground, slot);
            }
            State::Announced | State::Awarded { .. } | State::Assigned { .. } => {
                if round == asked {
                    return;
                }
                self.take_back(ground, treasury, slot);
                if let Some(net) = self.nets.nets.get_mut(&number) {
                    net.asked = round;
                }
                if let Some(task) = self.tasks.get_mut(slot) {
                    task.round = round;
                    let auctioneer = usize::from(task.auctioneer);
                    self.auctioneers[auctioneer].counts.repeated += 1;
                    self.to_open.push(slot);
                }
            }
        }
    }

    /// A task that a contractor had and did not do is open again.
    pub(crate) fn take_back(&mut self, ground: &Ground<'_>, treasury: &mut Treasury, slot: u32) {
        let Some(task) = self.tasks.get(slot).filter(|task| task.status != TaskStatus::Open) else { return };
        let (agent, number) = (task.assignee, task.number);
        let hold = self.nets.nets.get_mut(&number).and_then(|net| net.parties.get_mut(&agent));
        let held = hold.map_or(Hold::Nothing, |party| std::mem::replace(&mut party.hold, Hold::Nothing));
        // What its contractor keeps it gives back with the task.
        match held {
            Hold::Task => self.default(ground, treasury, slot, false),
            Hold::Room | Hold::Nothing => {
                if held == Hold::Nothing {
                    self.take_room(ground, agent, 1);
                }
                self.default(ground, treasury, slot, false);
            }
        }
    }
}

/// Sends letters over the network.
pub(crate) fn send(world: &mut World, carrier: &Arc<dyn Carrier>, moment: Time, letters: Vec<(u32, u32, Envelope)>) {
    for (from, to, envelope) in letters {
        // An envelope is numbers alone, which have a binary form.
        let Ok(content) = postcard::to_stdvec(&envelope) else { continue };
        carrier.send(world, Letter { from: AgentId(from), to: AgentId(to), moment, content });
    }
}
