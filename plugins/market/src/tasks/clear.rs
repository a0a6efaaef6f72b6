//! How auctions end: who has which task, for how much.

use agent2028_core::agent::AgentId;

use super::ground::Ground;
use super::invite::{deposit, opening};
use super::rule::{Called, TaskRule, assign, clear_together};
use super::state::{Cleared, TaskAuctions};
use super::task::{NONE, Task, TaskBid, TaskStatus};
use crate::accounts::{AccountId, Money};
use crate::auction::{Award, Bid, Direction};
use crate::config::{Auctioneer, BidPolicy};
use crate::events::TaskTold;
use crate::mechanism::Mechanism;
use crate::money::Treasury;
use crate::policy::PriceRange;
use crate::round::Phase;

/// How fast the efficiency of the past fades, per task.
pub(super) const FADE: f64 = 1.0 / 64.0;
/// The most tasks, and the most seats of bidders, of which the best assignment is worked out.
const MOST_MEASURED: usize = 32;
const MOST_SEATS: usize = 512;
/// After measuring so many tasks, as many ticks pass until efficiency is worked out again.
const MEASURED_PER_TICK: u64 = 4;

/// The rule of an auctioneer for a task.
pub(crate) fn rule_of(auctioneer: &Auctioneer, task: &Task) -> TaskRule {
    TaskRule { rule: auctioneer.rule, reserve: task.reserve, step: auctioneer.step }
}

/// After how many ticks a clock that takes `taken` ends with these bids.
pub(crate) fn clock_ends(rule: &TaskRule, bids: &[TaskBid], taken: u64) -> u64 {
    let bids: Vec<Bid> = bids.iter().map(TaskBid::said).collect();
    rule.clear(&bids).map_or(taken, |award| rule.ticks_to(award.price, taken)).max(1)
}

/// An auction that has ended: the task's slot, its bids that count, and who won.
struct Ended {
    slot: u32,
    bids: Vec<TaskBid>,
    award: Option<(usize, Money)>,
}

impl TaskAuctions {
    /// Looks at all tasks whose time has come.
    pub(crate) fn clear_due(&mut self, ground: &Ground<'_>, treasury: &mut Treasury) {
        let mut due = Vec::new();
        while let Some(entry) = self.agenda.first_entry().filter(|entry| *entry.key() <= ground.tick) {
            let (tick, slots) = entry.remove_entry();
            due.extend(slots.into_iter().filter(|slot| self.tasks.get(*slot).is_some_and(|task| task.wake == tick)));
        }
        due.sort_by_key(|slot| self.tasks.get(*slot).map(|task| (std::cmp::Reverse(task.priority), task.number)));
        due.dedup();
        let measured = self.before_clearing(ground, &due);
        let mut called: Vec<Vec<u32>> = vec![Vec::new(); self.auctioneers.len()];
        for slot in due {
            let Some(task) = self.tasks.get(slot) else { continue };
            let (status, auctioneer) = (task.status, usize::from(task.auctioneer));
            if task.deadline <= ground.tick {
                self.expire(ground, treasury, slot);
            } else if status != TaskStatus::Open {
                self.default(ground, treasury, slot, true);
            } else if ground.config.auctioneers.get(auctioneer).is_some_and(|auctioneer| auctioneer.rule.is_call()) {
                called[auctioneer].push(slot);
            } else {
                self.close(ground, treasury, slot);
            }
        }
        for (number, slots) in called.into_iter().enumerate() {
            let Some(auctioneer) = ground.config.auctioneers.get(number) else { continue };
            for together in slots.chunks(auctioneer.batch.max(1) as usize) {
                self.close_together(ground, treasury, auctioneer, together);
            }
        }
        self.measure(ground, measured);
    }

    /// The bids for a task of those that still have room for it, by bidder.
    fn standing_bids(&self, ground: &Ground<'_>, bids: &[TaskBid]) -> Vec<TaskBid> {
        let has_room = |bid: &&TaskBid| {
            let worker = self.workers.get(AgentId(bid.bidder));
            worker.is_some_and(|worker| {
                worker.is_ready(ground.config.bidders.get(worker.group as usize).map_or(0, |group| group.capacity))
            })
        };
        bids.iter().filter(has_room).copied().collect()
    }

    /// Ends the auction of one task, or its first part.
    fn close(&mut self, ground: &Ground<'_>, treasury: &mut Treasury, slot: u32) {
        let Some(task) = self.tasks.get(slot) else { return };
        let number = usize::from(task.auctioneer);
        let Some(auctioneer) = ground.config.auctioneers.get(number) else {
            return self.cancel(ground, treasury, slot);
        };
        let mut bids = self.standing_bids(ground, &task.bids);
        if let Some(sealed) = &task.sealed {
            if sealed.phase(ground.tick) == Phase::Revealing {
                return self.reveal(ground, slot, &bids);
            }
            let revealed = sealed.bids(ground.tick);
            let void = bids.len();
            bids.retain(|bid| revealed.iter().any(|other| other.bidder.0 == bid.bidder));
            self.auctioneers[number].counts.void_bids += (void - bids.len()) as u64;
        } else {
            self.add_shill(ground, number, task.reserve, &mut bids);
        }
        let Some(task) = self.tasks.get(slot) else { return };
        let rule = rule_of(auctioneer, task);
        let taken = ground.ticks_in(auctioneer.bid_s).max(1);
        if rule.rule.has_clock() {
            // Who would have ended it has no room any more: the clock goes on.
            let ends = task.since + clock_ends(&rule, &bids, taken);
            if ends > ground.tick {
                let deadline = task.deadline;
                return self.wake(slot, ends.min(deadline));
            }
        }
        let said: Vec<Bid> = bids.iter().map(TaskBid::said).collect();
        let award = rule.clear(&said).map(|Award { bid, price, .. }| (bid, price));
        self.learn(ground, number as u16, &rule, &bids);
        self.end(ground, treasury, Ended { slot, bids, award });
    }

    /// Bidders reveal what they committed to. A shill tries to answer what it sees, in vain.
    fn reveal(&mut self, ground: &Ground<'_>, slot: u32, bids: &[TaskBid]) {
        let Some(task) = self.tasks.get(slot) else { return };
        let openings: Vec<_> = bids.iter().map(|bid| (bid.bidder, opening(ground, task, bid))).collect();
        let admits = ground.circles.admits.get(usize::from(task.auctioneer)).copied().unwrap_or(0);
        let shill = self.shill(admits);
        let number = usize::from(task.auctioneer);
        let (mut void, mut close) = (0, u64::MAX);
        if let Some(task) = self.tasks.get_mut(slot)
            && let Some(sealed) = &mut task.sealed
        {
            for (bidder, opening) in openings {
                // A shill has seen those before it, and would like to say something else than it committed to.
                let seen = bids.iter().filter(|bid| bid.honest).map(|bid| bid.price).min();
                if let Some(price) = seen.filter(|_| shill == Some(bidder)) {
                    let other = crate::round::Opening { price: price + 1, ..opening };
                    void += u64::from(sealed.reveal(ground.tick, AgentId(bidder), &other).is_err());
                }
                void += u64::from(sealed.reveal(ground.tick, AgentId(bidder), &opening).is_err());
            }
            close = sealed.close_at();
        }
        self.auctioneers[number].counts.void_bids += void;
        let deadline = self.tasks.get(slot).map_or(u64::MAX, |task| task.deadline);
        self.wake(slot, close.max(ground.tick + 1).min(deadline));
    }

    /// A shill that sees the bids asks for one unit more than the lowest, so that the winner is paid hardly more than it asked.
    fn add_shill(&self, ground: &Ground<'_>, auctioneer: usize, reserve: Money, bids: &mut Vec<TaskBid>) {
        let admits = ground.circles.admits.get(auctioneer).copied().unwrap_or(0);
        let Some(shill) = self.shill(admits).filter(|shill| self.room(ground, *shill) > 0) else { return };
        let lowest = bids.iter().filter(|bid| bid.bidder != shill).map(|bid| bid.price).min();
        let Some(price) = lowest.map(|lowest| lowest + 1).filter(|price| *price <= reserve) else { return };
        bids.retain(|bid| bid.bidder != shill);
        bids.push(TaskBid { bidder: shill, price, cost: reserve, way: 0, promise: (99.0, 1e6, 0.0), honest: false });
        bids.sort_by_key(|bid| bid.bidder);
    }

    /// Ends the auction of several tasks at once.
    fn close_together(&mut self, ground: &Ground<'_>, treasury: &mut Treasury, auctioneer: &Auctioneer, slots: &[u32]) {
        let slots: Vec<u32> = slots.iter().copied().filter(|slot| self.tasks.get(*slot).is_some()).collect();
        let tasks: Vec<&Task> = slots.iter().filter_map(|slot| self.tasks.get(*slot)).collect();
        let bids: Vec<Vec<TaskBid>> = tasks.iter().map(|task| self.standing_bids(ground, &task.bids)).collect();
        let called: Vec<Called<'_>> =
            tasks.iter().zip(&bids).map(|(task, bids)| Called { reserve: task.reserve, bids }).collect();
        let saved = |agent: u32, first: usize, second: usize| {
            let group =
                self.workers.get(AgentId(agent)).and_then(|worker| ground.config.bidders.get(worker.group as usize));
            let (Some(group), Some(a), Some(b)) = (group, tasks[first].at(), tasks[second].at()) else { return 0 };
            // It goes from the first to the second, instead of from where it is.
            let between = (f64::from(ground.bounds.delta(a, b).length()) * f64::from(group.per_distance)) as Money;
            let way = bids[second].iter().find(|bid| bid.bidder == agent).map_or(0, |bid| bid.way);
            (way - between).max(0)
        };
        let awards = clear_together(auctioneer.rule, &called, |agent| self.room(ground, agent), saved);
        for ((slot, bids), award) in slots.into_iter().zip(bids).zip(awards) {
            if let Some(task) = self.tasks.get(slot) {
                let (number, rule) = (task.auctioneer, rule_of(auctioneer, task));
                self.learn(ground, number, &rule, &bids);
            }
            self.end(ground, treasury, Ended { slot, bids, award });
        }
    }

    /// How many more tasks an agent may have.
    fn room(&self, ground: &Ground<'_>, agent: u32) -> u32 {
        self.workers.get(AgentId(agent)).map_or(0, |worker| {
            let capacity = ground.config.bidders.get(worker.group as usize).map_or(0, |group| group.capacity);
            if worker.is_ready(capacity) { capacity - worker.load } else { 0 }
        })
    }

    /// Notes an auction and carries out what came of it.
    fn end(&mut self, ground: &Ground<'_>, treasury: &mut Treasury, ended: Ended) {
        let Ended { slot, bids, award } = ended;
        let Some(task) = self.tasks.get(slot) else { return };
        let number = usize::from(task.auctioneer);
        let cleared = Cleared {
            tick: ground.tick,
            task: task.number,
            place: task.place,
            reserve: task.reserve,
            value: task.value,
            winner: award.map(|(bid, _)| bid),
            price: award.map_or(0, |(_, price)| price),
            waited: ground.tick - task.posted,
            bids,
        };
        let won = award.map(|(bid, price)| (cleared.bids[bid], price));
        self.note(number, cleared);
        match won {
            Some((bid, price)) => {
                if self.award(ground, treasury, slot, bid, price) {
                    self.enqueue(bid.bidder, slot);
                    self.take_room(ground, bid.bidder, 1);
                }
            }
            None => self.again(ground, slot),
        }
    }

    /// An agent has more or fewer tasks than before.
    pub(crate) fn take_room(&mut self, ground: &Ground<'_>, agent: u32, more: i32) {
        let Some(worker) = self.workers.get_mut(AgentId(agent)) else { return };
        worker.load = worker.load.saturating_add_signed(more);
        let capacity = ground.config.bidders.get(worker.group as usize).map_or(0, |group| group.capacity);
        self.set_free(agent, capacity);
    }

    /// Gives a task to a bidder, with the money for it in escrow. Whether that was possible; if not, the task is over or up again.
    pub(crate) fn award(
        &mut self,
        ground: &Ground<'_>,
        treasury: &mut Treasury,
        slot: u32,
        bid: TaskBid,
        price: Money,
    ) -> bool {
        let Some(task) = self.tasks.get(slot) else { return false };
        let number = usize::from(task.auctioneer);
        let Some(auctioneer) = ground.config.auctioneers.get(number) else { return false };
        let payer = self.payer(treasury, slot);
        let deposit = deposit(task, auctioneer.deposit_share);
        let bidder = treasury.purse_of(AgentId(bid.bidder));
        let has = treasury.accounts().balance(bidder);
        // The rule may be another by now than when the task was put up: what counts is whether a manager looks after it.
        let managed = self.nets.has(task.number);
        if has < deposit && !managed {
            // It has spent its deposit elsewhere meanwhile.
            self.again(ground, slot);
            return false;
        }
        // A contractor has accepted already, and deposits what it has.
        let deposit = deposit.min(has);
        let Ok(escrow) = treasury.accounts_mut().open_escrow(&[(payer, price), (bidder, deposit)]) else {
            self.cancel(ground, treasury, slot);
            return false;
        };
        let limit = ground.ticks_in(auctioneer.work_limit_s);
        let state = &mut self.auctioneers[number];
        state.open = state.open.saturating_sub(1);
        state.assigned += 1;
        state.counts.awarded += 1;
        let mut wake = u64::MAX;
        if let Some(task) = self.tasks.get_mut(slot) {
            (task.status, task.assignee, task.price, task.cost) = (TaskStatus::Assigned, bid.bidder, price, bid.cost);
            (task.escrow, task.deposit, task.since) = (escrow, deposit, ground.tick);
            // In a contract net the manager says when it takes too long.
            wake = if managed { task.deadline } else { task.deadline.min(ground.tick + limit) };
            let told = TaskTold::Awarded { task: task.number, price, bids: task.bids.len() as u32 };
            self.told.push((Some(AgentId(bid.bidder)), told));
            (task.bids, task.sealed) = (Vec::new(), None);
        }
        self.wake(slot, wake);
        true
    }

    /// The account that pays for a task.
    pub(crate) fn payer(&self, treasury: &mut Treasury, slot: u32) -> AccountId {
        let Some(task) = self.tasks.get(slot) else { return AccountId::MINT };
        if task.client != NONE {
            return treasury.purse_of(AgentId(task.client));
        }
        self.auctioneers.get(usize::from(task.auctioneer)).map_or(AccountId::MINT, |state| state.fund)
    }

    /// Auctions a task again, or gives it up.
    pub(crate) fn again(&mut self, ground: &Ground<'_>, slot: u32) {
        let Some(task) = self.tasks.get_mut(slot) else { return };
        let number = usize::from(task.auctioneer);
        let rounds = ground.config.auctioneers.get(number).map_or(0, |auctioneer| auctioneer.rounds);
        if task.round + 1 >= rounds {
            let told = TaskTold::GivenUp { task: task.number, rounds: task.round + 1 };
            self.told.push((None, told));
            self.auctioneers[number].counts.failed += 1;
            return self.drop_task(ground, slot);
        }
        task.round += 1;
        (task.bids, task.sealed, task.wake) = (Vec::new(), None, u64::MAX);
        self.auctioneers[number].counts.repeated += 1;
        self.to_open.push(slot);
    }

    /// Takes a task out, whatever it was.
    pub(crate) fn drop_task(&mut self, ground: &Ground<'_>, slot: u32) {
        if let Some(number) = self.tasks.get(slot).map(|task| task.number) {
            self.release_held(ground, number);
        }
        let Some(task) = self.tasks.remove(slot) else { return };
        let state = &mut self.auctioneers[usize::from(task.auctioneer)];
        match task.status {
            TaskStatus::Open => state.open = state.open.saturating_sub(1),
            TaskStatus::Assigned | TaskStatus::InProgress => state.assigned = state.assigned.saturating_sub(1),
        }
        self.nets.forget(task.number);
    }

    /// Nobody can pay for a task, or there is nobody any more who auctions it.
    fn cancel(&mut self, ground: &Ground<'_>, treasury: &mut Treasury, slot: u32) {
        let Some(task) = self.tasks.get(slot) else { return };
        let number = usize::from(task.auctioneer);
        self.told.push((None, TaskTold::Unpaid { task: task.number, price: task.reserve }));
        self.refund(treasury, slot, false);
        self.auctioneers[number].counts.cancelled += 1;
        self.drop_task(ground, slot);
    }

    /// Gives back what is in escrow for a task. A lost deposit goes to who would have paid.
    pub(crate) fn refund(&mut self, treasury: &mut Treasury, slot: u32, forfeit: bool) {
        let payer = self.payer(treasury, slot);
        let Some(task) = self.tasks.get_mut(slot) else { return };
        if task.escrow == AccountId::MINT {
            return;
        }
        let (escrow, price, deposit) = (std::mem::replace(&mut task.escrow, AccountId::MINT), task.price, task.deposit);
        let (assignee, number) = (AgentId(task.assignee), usize::from(task.auctioneer));
        (task.price, task.deposit) = (0, 0);
        let bidder = treasury.purse_of(assignee);
        let shares =
            if forfeit { [(payer, price + deposit), (bidder, 0)] } else { [(payer, price), (bidder, deposit)] };
        // The shares are what was paid in.
        let closed = treasury.accounts_mut().close_escrow(escrow, &shares);
        debug_assert!(closed.is_ok());
        if forfeit {
            self.auctioneers[number].counts.forfeited += deposit;
        }
    }

    /// Takes a task away from who has it and did not do it; `repeat` says whether it is auctioned again.
    pub(crate) fn default(&mut self, ground: &Ground<'_>, treasury: &mut Treasury, slot: u32, repeat: bool) {
        let Some(task) = self.tasks.get(slot) else { return };
        let (agent, number, task_number) = (task.assignee, usize::from(task.auctioneer), task.number);
        let client = task.client;
        self.unlink(agent, slot);
        self.take_room(ground, agent, -1);
        if let Some(worker) = self.workers.get_mut(AgentId(agent)) {
            worker.failed += 1;
        }
        self.refund(treasury, slot, true);
        self.told.push((Some(AgentId(agent)), TaskTold::NotDone { task: task_number }));
        self.ratings.push((client, agent, false));
        let state = &mut self.auctioneers[number];
        state.counts.defaulted += 1;
        state.assigned = state.assigned.saturating_sub(1);
        state.open += 1;
        if let Some(task) = self.tasks.get_mut(slot) {
            (task.status, task.assignee) = (TaskStatus::Open, NONE);
        }
        if repeat {
            self.again(ground, slot);
        }
    }

    /// A task is not done in time.
    fn expire(&mut self, ground: &Ground<'_>, treasury: &mut Treasury, slot: u32) {
        let Some(task) = self.tasks.get(slot) else { return };
        let (number, task_number) = (usize::from(task.auctioneer), task.number);
        if self.nets.has(task_number) {
            // Its contractor may have let go of it already, and have something else to do.
            self.take_back(ground, treasury, slot);
        } else if task.status != TaskStatus::Open {
            self.default(ground, treasury, slot, false);
        }
        self.told.push((None, TaskTold::TooLate { task: task_number }));
        self.auctioneers[number].counts.failed += 1;
        self.drop_task(ground, slot);
    }

    /// Those who learn do so from what each price would have earned them in an auction, by its rule and with the bids of the
    /// others as they were.
    pub(crate) fn learn(&mut self, ground: &Ground<'_>, auctioneer: u16, rule: &TaskRule, bids: &[TaskBid]) {
        let learns = |group: u32| {
            let group = ground.config.bidders.get(group as usize);
            group.is_some_and(|group| group.policy == BidPolicy::Learning)
        };
        if !(0..ground.config.bidders.len() as u32).any(learns) {
            return;
        }
        let mut said: Vec<Bid> = bids.iter().map(TaskBid::said).collect();
        let range = PriceRange { low: 0, high: rule.reserve };
        for (at, bid) in bids.iter().enumerate() {
            if !self.workers.get(AgentId(bid.bidder)).is_some_and(|worker| learns(worker.group)) {
                continue;
            }
            let asked = said[at];
            let truth = Bid { price: bid.cost, ..asked };
            self.learners.entry((auctioneer, bid.bidder)).or_default().learn(
                bid.cost,
                Direction::Buy,
                range,
                |price| {
                    said[at].price = price;
                    rule.utility(&rule.clear(&said), at, &truth)
                },
            );
            said[at] = asked;
        }
    }

    /// What is auctioned in this tick and who could have it, for the auctioneers whose efficiency is worked out.
    fn before_clearing(&self, ground: &Ground<'_>, due: &[u32]) -> Vec<Measured> {
        let measures = |state: &super::state::AuctioneerState| state.measure_at <= ground.tick;
        let mut all: Vec<Measured> = self
            .auctioneers
            .iter()
            .map(|state| Measured { measures: measures(state), ..Measured::default() })
            .collect();
        for slot in due {
            let Some(task) = self.tasks.get(*slot).filter(|task| task.status == TaskStatus::Open) else { continue };
            let measured = &mut all[usize::from(task.auctioneer)];
            if !measured.measures || measured.tasks.len() == MOST_MEASURED {
                continue;
            }
            let mut bids = self.standing_bids(ground, &task.bids);
            bids.retain(|bid| bid.honest);
            measured.tasks.push((task.number, task.value, bids));
        }
        for measured in &mut all {
            let mut bidders: Vec<u32> =
                measured.tasks.iter().flat_map(|(.., bids)| bids.iter().map(|bid| bid.bidder)).collect();
            bidders.sort_unstable();
            bidders.dedup();
            let most = measured.tasks.len() as u32;
            let seats = |agent: u32| std::iter::repeat_n(agent, self.room(ground, agent).min(most) as usize);
            measured.seats = bidders.into_iter().flat_map(seats).take(MOST_SEATS).collect();
        }
        all
    }

    /// Compares what was cleared with the best assignment of the same tasks to those who could have had them.
    fn measure(&mut self, ground: &Ground<'_>, all: Vec<Measured>) {
        for (state, measured) in self.auctioneers.iter_mut().zip(all) {
            let now = || state.recent.iter().rev().take_while(|cleared| cleared.tick == ground.tick);
            // A clock may have gone on instead.
            let ended: Vec<(&Cleared, &(u64, Money, Vec<TaskBid>))> = measured
                .tasks
                .iter()
                .filter_map(|task| now().find(|cleared| cleared.task == task.0).map(|cleared| (cleared, task)))
                .collect();
            if ended.is_empty() {
                continue;
            }
            let called: Vec<Called<'_>> =
                ended.iter().map(|(_, (_, value, bids))| Called { reserve: *value, bids }).collect();
            let best = assign(&called, &measured.seats, |task, bid| task.bids[bid].cost);
            let worth = |task: &Called<'_>, bid: usize| (task.reserve - task.bids[bid].cost).max(0) as f64;
            let optimum: f64 = called.iter().zip(&best).filter_map(|(task, bid)| bid.map(|bid| worth(task, bid))).sum();
            let got = |cleared: &Cleared| {
                let bid = cleared.winner.map(|at| cleared.bids[at]).filter(|bid| bid.honest);
                bid.map_or(0.0, |bid| (cleared.value - bid.cost) as f64)
            };
            let welfare: f64 = ended.iter().map(|(cleared, _)| got(cleared)).sum();
            let kept = ended.iter().fold(1.0, |kept, _| kept * (1.0 - FADE));
            let tasks = ended.len() as u64;
            state.welfare = (state.welfare.0 * kept + welfare, state.welfare.1 * kept + optimum);
            state.measure_at = ground.tick + tasks.div_ceil(MEASURED_PER_TICK);
        }
    }
}

/// What is auctioned in a tick and who could have it.
#[derive(Clone, Debug, Default)]
struct Measured {
    measures: bool,
    /// Tasks by number, with what they are worth and the honest bids for them.
    tasks: Vec<(u64, Money, Vec<TaskBid>)>,
    /// Those who bid, as often as they have room for a task.
    seats: Vec<u32>,
}
