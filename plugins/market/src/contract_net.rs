//! The contract net (Smith 1980): a manager announces a task, contractors bid, one is awarded the task.
//!
//! Both sides are pure state machines: a message or the time comes in, messages go out. Messages may be lost, doubled and
//! reordered, and the net may fall apart. All the same no two contractors ever work on a task at once, no bid counts twice,
//! and a task that can be done gets done once the net lets messages through. Three things see to it: every message carries
//! its round, and what belongs to an older round is void; an award becomes work only after the contractor's acceptance has
//! been confirmed; and the confirmation names a tick up to which the work may go on, before which the manager awards the
//! task to nobody else. All that is waited for is repeated, and repeating changes nothing.

use std::collections::BTreeMap;

use agent2028_core::agent::AgentId;
use serde::{Deserialize, Serialize};

use crate::accounts::Money;

/// What manager and contractors tell each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Message {
    /// Manager to all: who does this? Bids count until a tick.
    Announce {
        /// Up to this tick, not including it.
        bids_until: u64,
    },
    /// Contractor: for this price.
    Bid {
        /// In minor units.
        price: Money,
    },
    /// Manager: it is yours, if you accept in time.
    Award,
    /// Contractor: I take it.
    Accept,
    /// Contractor: not any more.
    Decline,
    /// Manager: begin; after the tick named here you may not go on.
    Confirm {
        /// The last tick of work.
        work_until: u64,
    },
    /// Contractor: it is done, or failed.
    Report {
        /// Whether it is done.
        done: bool,
    },
    /// Manager: I have your report.
    Acknowledge,
}

/// A message with its task and round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Envelope {
    /// Which task.
    pub task: u64,
    /// In which round of auctioning it.
    pub round: u32,
    /// What is said.
    pub message: Message,
}

/// Whom a manager's message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Recipient {
    /// Everybody who may bid.
    Everybody,
    /// One contractor.
    One(AgentId),
}

/// How long a manager waits, in ticks, each at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadlines {
    /// For bids, after each announcement.
    pub bids: u64,
    /// For an award to be accepted.
    pub acceptance: u64,
    /// For the work.
    pub work: u64,
    /// Between two tellings of the same.
    pub repeat: u64,
    /// How often a task is auctioned at most.
    pub rounds: u32,
}

impl Default for Deadlines {
    /// Ten ticks for bids and for acceptance, 600 for the work, every third tick again, ten rounds.
    fn default() -> Self {
        Self { bids: 10, acceptance: 10, work: 600, repeat: 3, rounds: 10 }
    }
}

/// Where a task stands for its manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Bids come in.
    Announced,
    /// Awarded, not yet accepted.
    Awarded {
        /// To whom.
        to: AgentId,
        /// For how much.
        price: Money,
    },
    /// Somebody works on it.
    Assigned {
        /// Who.
        to: AgentId,
        /// For how much.
        price: Money,
    },
    /// Done.
    Completed {
        /// By whom.
        by: AgentId,
        /// For how much.
        price: Money,
    },
    /// Nobody did it in as many rounds as were allowed.
    Abandoned,
}

/// The manager of one task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Manager {
    task: u64,
    reserve: Option<Money>,
    deadlines: Deadlines,
    round: u32,
    state: State,
    /// When what is waited for is late.
    until: u64,
    repeat_at: u64,
    bids: BTreeMap<AgentId, Money>,
    /// How often each failed, or did not answer in time.
    failures: BTreeMap<AgentId, u32>,
}

impl Manager {
    /// Begins to auction a task at a tick, for at most the reserve. Call [`Manager::tick`] for the first announcement.
    #[must_use]
    pub fn new(task: u64, reserve: Option<Money>, deadlines: Deadlines, now: u64) -> Self {
        Self {
            task,
            reserve,
            deadlines,
            round: 0,
            state: State::Announced,
            until: now + deadlines.bids.max(1),
            repeat_at: now,
            bids: BTreeMap::new(),
            failures: BTreeMap::new(),
        }
    }

    /// Where the task stands.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// The round of auctioning, from 0.
    #[must_use]
    pub fn round(&self) -> u32 {
        self.round
    }

    /// Bids of this round by bidder.
    #[must_use]
    pub fn bids(&self) -> &BTreeMap<AgentId, Money> {
        &self.bids
    }

    /// How often each contractor accepted and failed, or was awarded the task and did not answer.
    #[must_use]
    pub fn failures(&self) -> &BTreeMap<AgentId, u32> {
        &self.failures
    }

    fn say(&self, message: Message) -> Envelope {
        Envelope { task: self.task, round: self.round, message }
    }

    fn wait(&mut self, state: State, ticks: u64, now: u64) {
        self.state = state;
        self.until = now + ticks.max(1);
        self.repeat_at = now;
    }

    /// Puts the task up again, or gives up.
    fn again(&mut self, failed: Option<AgentId>, now: u64) {
        if let Some(agent) = failed {
            *self.failures.entry(agent).or_default() += 1;
        }
        self.bids.clear();
        if self.round + 1 >= self.deadlines.rounds {
            self.state = State::Abandoned;
        } else {
            self.round += 1;
            self.wait(State::Announced, self.deadlines.bids, now);
        }
    }

    /// Hears a message.
    pub fn hear(&mut self, from: AgentId, envelope: Envelope, now: u64, out: &mut Vec<(Recipient, Envelope)>) {
        if envelope.task != self.task {
            return;
        }
        if let Message::Report { .. } = envelope.message {
            // Whatever becomes of it, the contractor need not repeat it.
            let heard = Envelope { message: Message::Acknowledge, ..envelope };
            out.push((Recipient::One(from), heard));
        }
        if envelope.round != self.round {
            return;
        }
        match (self.state, envelope.message) {
            (State::Announced, Message::Bid { price })
                if now < self.until && self.reserve.is_none_or(|most| price <= most) =>
            {
                // The first bid of a bidder counts, and counts once.
                self.bids.entry(from).or_insert(price);
            }
            (State::Awarded { to, price }, Message::Accept) if to == from && now < self.until => {
                self.wait(State::Assigned { to, price }, self.deadlines.work, now);
                self.confirm(to, now, out);
            }
            (State::Assigned { to, .. }, Message::Accept) if to == from => self.confirm(to, now, out),
            (State::Awarded { to, .. }, Message::Decline) if to == from => self.again(Some(to), now),
            (State::Assigned { to, price }, Message::Report { done }) if to == from => {
                if done {
                    self.state = State::Completed { by: to, price };
                } else {
                    self.again(Some(to), now);
                }
            }
            _ => {}
        }
    }

    fn confirm(&mut self, to: AgentId, now: u64, out: &mut Vec<(Recipient, Envelope)>) {
        self.repeat_at = now + self.deadlines.repeat.max(1);
        out.push((Recipient::One(to), self.say(Message::Confirm { work_until: self.until })));
    }

    /// Lets time pass: what is late is given up, what is waited for is said again. To be called every tick, after messages.
    pub fn tick(&mut self, now: u64, out: &mut Vec<(Recipient, Envelope)>) {
        // One tick after `until`, so that the last tick of work is nobody else's.
        let late = if matches!(self.state, State::Assigned { .. }) { now > self.until } else { now >= self.until };
        match self.state {
            State::Announced if late => match self.bids.iter().min_by_key(|(agent, price)| (**price, **agent)) {
                Some((to, price)) => {
                    let (to, price) = (*to, *price);
                    self.wait(State::Awarded { to, price }, self.deadlines.acceptance, now);
                }
                None => self.again(None, now),
            },
            State::Awarded { to, .. } | State::Assigned { to, .. } if late => self.again(Some(to), now),
            _ => {}
        }
        if now >= self.repeat_at {
            match self.state {
                State::Announced => {
                    out.push((Recipient::Everybody, self.say(Message::Announce { bids_until: self.until })));
                }
                State::Awarded { to, .. } => out.push((Recipient::One(to), self.say(Message::Award))),
                // The contractor asks again if it has not heard.
                State::Assigned { .. } | State::Completed { .. } | State::Abandoned => {}
            }
            self.repeat_at = now + self.deadlines.repeat.max(1);
        }
    }
}

/// Where a task stands for a contractor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Engagement {
    /// It has bid, or has nothing to do with the round.
    Waiting,
    /// It accepted, and waits for confirmation.
    Accepted,
    /// It works, up to a tick.
    Working {
        /// The last tick of work.
        until: u64,
    },
    /// It has reported, and waits for the manager to hear.
    Reported {
        /// Whether it is done.
        done: bool,
    },
    /// Over.
    Over,
}

/// A contractor's side of one task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Contractor {
    task: u64,
    round: u32,
    engagement: Engagement,
    /// Its bid of this round.
    bid: Option<Money>,
    repeat: u64,
    repeat_at: u64,
    /// When it stops asking.
    patience: u64,
    give_up_at: u64,
}

impl Contractor {
    /// A contractor for a task, which says what it waits for again after `repeat` ticks, for `patience` ticks in all.
    #[must_use]
    pub fn new(task: u64, repeat: u64, patience: u64) -> Self {
        let engagement = Engagement::Waiting;
        Self { task, round: 0, engagement, bid: None, repeat: repeat.max(1), repeat_at: 0, patience, give_up_at: 0 }
    }

    /// Where it stands.
    #[must_use]
    pub fn engagement(&self) -> Engagement {
        self.engagement
    }

    /// Whether it works at a tick.
    #[must_use]
    pub fn works(&self, now: u64) -> bool {
        matches!(self.engagement, Engagement::Working { until } if now <= until)
    }

    fn say(&self, message: Message) -> Envelope {
        Envelope { task: self.task, round: self.round, message }
    }

    fn engage(&mut self, engagement: Engagement, now: u64) {
        self.engagement = engagement;
        self.repeat_at = now;
        self.give_up_at = now + self.patience;
    }

    /// Hears a message. `price` is asked for once a round: what it would do the task for, if it wants it.
    pub fn hear(
        &mut self,
        envelope: Envelope,
        now: u64,
        price: impl FnOnce() -> Option<Money>,
        is_free: bool,
        out: &mut Vec<Envelope>,
    ) {
        if envelope.task != self.task || envelope.round < self.round {
            return;
        }
        if envelope.round > self.round {
            // The manager has gone on, so that whatever was before is void.
            self.round = envelope.round;
            self.bid = None;
            self.engagement = Engagement::Waiting;
        }
        match (self.engagement, envelope.message) {
            (Engagement::Waiting, Message::Announce { bids_until }) if now < bids_until => {
                if self.bid.is_none() {
                    self.bid = price();
                }
                if let Some(price) = self.bid {
                    out.push(self.say(Message::Bid { price }));
                }
            }
            (Engagement::Waiting, Message::Award) if self.bid.is_some() => {
                if is_free {
                    self.engage(Engagement::Accepted, now);
                } else {
                    self.engagement = Engagement::Over;
                    out.push(self.say(Message::Decline));
                }
            }
            (Engagement::Over, Message::Award) => out.push(self.say(Message::Decline)),
            (Engagement::Accepted, Message::Confirm { work_until }) if now <= work_until => {
                self.engage(Engagement::Working { until: work_until }, now);
            }
            (Engagement::Reported { .. }, Message::Acknowledge) => self.engagement = Engagement::Over,
            _ => {}
        }
    }

    /// The work has ended, well or not.
    pub fn finish(&mut self, done: bool, now: u64) {
        if self.works(now) {
            self.engage(Engagement::Reported { done }, now);
        }
    }

    /// Lets time pass: work that is not done in time has failed, and what is waited for is said again.
    pub fn tick(&mut self, now: u64, out: &mut Vec<Envelope>) {
        match self.engagement {
            Engagement::Working { until } if now > until => self.engage(Engagement::Reported { done: false }, now),
            Engagement::Accepted | Engagement::Reported { .. } if now >= self.give_up_at => {
                self.engagement = Engagement::Over;
            }
            _ => {}
        }
        if now >= self.repeat_at {
            self.repeat_at = now + self.repeat;
            match self.engagement {
                Engagement::Accepted => out.push(self.say(Message::Accept)),
                Engagement::Reported { done } => out.push(self.say(Message::Report { done })),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use agent2028_core::rng::{Purpose, SimRng, SimStream};

    use super::*;

    const CONTRACTORS: u32 = 6;

    #[derive(Clone, Copy)]
    struct Weather {
        loss: u32,
        double: u32,
        most_delay: u32,
        /// From when to when nobody hears the manager, nor it them.
        partition: (u64, u64),
        /// Percent of work that fails.
        failing: u32,
    }

    struct Net {
        weather: Weather,
        stream: SimStream,
        on_the_way: Vec<(u64, AgentId, bool, Envelope)>,
    }

    impl Net {
        fn send(&mut self, agent: AgentId, to_manager: bool, envelope: Envelope, now: u64) {
            let apart = (self.weather.partition.0..self.weather.partition.1).contains(&now);
            let copies = 1 + u32::from(self.stream.below(100) < self.weather.double);
            for _ in 0..copies {
                let lost = self.stream.below(100) < self.weather.loss || apart;
                let at = now + 1 + u64::from(self.stream.below(self.weather.most_delay));
                if !lost {
                    self.on_the_way.push((at, agent, to_manager, envelope));
                }
            }
        }
    }

    /// Runs a task over a net, and checks in every tick what must hold.
    fn run(weather: Weather, seed: u64, ticks: u64) -> (Manager, u64) {
        let stream = SimRng::new(seed).global(Purpose::new("test.contract-net"), 0);
        let mut net = Net { weather, stream, on_the_way: Vec::new() };
        let deadlines = Deadlines { bids: 12, acceptance: 12, work: 40, repeat: 2, rounds: 100 };
        let mut manager = Manager::new(5, Some(1000), deadlines, 0);
        let mut contractors = vec![Contractor::new(5, 2, 60); CONTRACTORS as usize];
        let mut ends = vec![None; CONTRACTORS as usize];
        let (mut done, mut counted, mut rest) = (0, 0, 0);
        for now in 0..ticks {
            let (arrived, waiting) = net.on_the_way.iter().partition(|(at, ..)| *at <= now);
            net.on_the_way = waiting;
            let arrived: Vec<(u64, AgentId, bool, Envelope)> = arrived;
            for (_, agent, to_manager, envelope) in arrived {
                if to_manager {
                    let (mut out, before) = (Vec::new(), manager.state());
                    manager.hear(agent, envelope, now, &mut out);
                    if let (State::Assigned { .. }, State::Completed { by, price }) = (before, manager.state()) {
                        counted += 1;
                        assert!(by == agent && price == 100 + Money::from(agent.0));
                    }
                    out.into_iter().for_each(|(to, envelope)| {
                        assert_eq!(to, Recipient::One(agent));
                        net.send(agent, false, envelope, now);
                    });
                } else {
                    let mut out = Vec::new();
                    let price = || Some(100 + Money::from(agent.0));
                    contractors[agent.index()].hear(envelope, now, price, true, &mut out);
                    out.into_iter().for_each(|envelope| net.send(agent, true, envelope, now));
                }
            }
            for (at, contractor) in contractors.iter_mut().enumerate() {
                let agent = AgentId(at as u32);
                if contractor.works(now) {
                    let end = *ends[at].get_or_insert_with(|| now + 5 + u64::from(net.stream.below(20)));
                    if now >= end {
                        let well = net.stream.below(100) >= weather.failing;
                        done += u64::from(well);
                        contractor.finish(well, now);
                        ends[at] = None;
                    }
                } else {
                    ends[at] = None;
                }
                let mut out = Vec::new();
                contractor.tick(now, &mut out);
                out.into_iter().for_each(|envelope| net.send(agent, true, envelope, now));
            }
            let mut out = Vec::new();
            manager.tick(now, &mut out);
            for (to, envelope) in out {
                match to {
                    Recipient::One(agent) => net.send(agent, false, envelope, now),
                    Recipient::Everybody => {
                        (0..CONTRACTORS).for_each(|agent| net.send(AgentId(agent), false, envelope, now));
                    }
                }
            }
            let working: Vec<usize> = (0..contractors.len()).filter(|at| contractors[*at].works(now)).collect();
            assert!(working.len() <= 1, "{working:?} work at once in tick {now}");
            if let (Some(at), State::Assigned { to, .. }) = (working.first(), manager.state()) {
                assert_eq!(to.index(), *at, "tick {now}");
            }
            assert!(manager.bids().len() <= CONTRACTORS as usize);
            // Long enough afterwards that what is still on its way could do harm.
            let is_over = matches!(manager.state(), State::Completed { .. } | State::Abandoned);
            rest = if is_over { rest + 1 } else { 0 };
            if rest > 300 {
                break;
            }
        }
        assert!(counted <= 1 && counted <= done);
        (manager, done)
    }

    #[test]
    fn over_a_good_net_the_cheapest_does_it_in_the_first_round() {
        let weather = Weather { loss: 0, double: 0, most_delay: 1, partition: (0, 0), failing: 0 };
        let (manager, done) = run(weather, 1, 100);
        assert_eq!(manager.state(), State::Completed { by: AgentId(0), price: 100 });
        assert_eq!((manager.round(), done, manager.failures().len()), (0, 1, 0));
    }

    #[test]
    fn loss_doubling_reordering_and_partitions_assign_nobody_twice_and_the_task_gets_done() {
        for seed in 0..300 {
            let weather = Weather {
                loss: (seed % 7 * 10) as u32,
                double: (seed % 4 * 25) as u32,
                most_delay: 1 + (seed % 6) as u32,
                partition: (20 + seed % 40, 20 + seed % 40 + seed % 5 * 40),
                failing: (seed % 3 * 40) as u32,
            };
            let (manager, done) = run(weather, seed, 12_000);
            assert!(matches!(manager.state(), State::Completed { .. }), "seed {seed}: {:?}", manager.state());
            assert!(done >= 1);
        }
    }

    #[test]
    fn work_that_fails_goes_back_to_the_market_and_in_the_end_is_given_up() {
        let weather = Weather { loss: 0, double: 0, most_delay: 1, partition: (0, 0), failing: 100 };
        let (manager, done) = run(weather, 1, 20_000);
        assert_eq!((manager.state(), done), (State::Abandoned, 0));
        assert_eq!(manager.failures().get(&AgentId(0)), Some(&100));
    }

    #[test]
    fn bids_above_the_reserve_late_ones_and_second_ones_do_not_count() {
        let mut manager = Manager::new(1, Some(50), Deadlines::default(), 0);
        let mut out = Vec::new();
        let say = |price| Envelope { task: 1, round: 0, message: Message::Bid { price } };
        manager.hear(AgentId(1), say(51), 1, &mut out);
        manager.hear(AgentId(2), say(40), 1, &mut out);
        manager.hear(AgentId(2), say(30), 2, &mut out);
        manager.hear(AgentId(3), say(40), 3, &mut out);
        manager.hear(AgentId(4), say(10), 10, &mut out);
        manager.hear(AgentId(5), Envelope { round: 1, ..say(10) }, 1, &mut out);
        manager.hear(AgentId(5), Envelope { task: 2, ..say(10) }, 1, &mut out);
        assert_eq!(
            manager.bids().iter().map(|(agent, price)| (agent.0, *price)).collect::<Vec<_>>(),
            [(2, 40), (3, 40)]
        );
        manager.tick(10, &mut out);
        assert_eq!(manager.state(), State::Awarded { to: AgentId(2), price: 40 });
        // Who was not awarded the task can't accept it, and who was can decline.
        manager.hear(AgentId(3), Envelope { task: 1, round: 0, message: Message::Accept }, 11, &mut out);
        assert_eq!(manager.state(), State::Awarded { to: AgentId(2), price: 40 });
        manager.hear(AgentId(2), Envelope { task: 1, round: 0, message: Message::Decline }, 11, &mut out);
        assert_eq!((manager.state(), manager.round()), (State::Announced, 1));
    }

    #[test]
    fn a_busy_contractor_declines() {
        let (mut contractor, mut out) = (Contractor::new(1, 2, 20), Vec::new());
        let say = |message| Envelope { task: 1, round: 0, message };
        contractor.hear(say(Message::Announce { bids_until: 9 }), 1, || Some(7), true, &mut out);
        contractor.hear(say(Message::Award), 10, || None, false, &mut out);
        assert_eq!(out, [say(Message::Bid { price: 7 }), say(Message::Decline)]);
        assert_eq!(contractor.engagement(), Engagement::Over);
    }
}
