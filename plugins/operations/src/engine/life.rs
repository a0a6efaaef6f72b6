//! Work, timeouts, retries, ends, and agents that fail.

use agent2028_core::agent::{AgentId, Tier};
use agent2028_core::rng::Purpose;

use super::plan::bridge_of;
use super::{Attempt, Ground, Operations, of};
use crate::server::{FAILED, FROZEN, PRESENT};
use crate::session::{Failure, Outcome, Receipt};
use crate::slab::{GIVEN, HALTED, NONE, PART, REFUSED, SWARM, Stage, TAKEN_OVER, UNANSWERED, WILL_SUCCEED};
use crate::time::NEVER;

const SERVICE: Purpose = Purpose::new("operations.service");
const BACKOFF: Purpose = Purpose::new("operations.backoff");
/// Health below this slows an agent down no further.
const LEAST_HEALTH: f32 = 0.01;

impl Operations {
    /// An agent begins to work on an operation.
    pub(super) fn start(&mut self, ground: &Ground, place: u32) {
        let operation = self.state.slab[place];
        let agent = operation.agent;
        let server = self.state.servers[agent];
        let now = self.now();
        let attempt = AgentId(u32::from(operation.attempt));
        let mut stream = ground.dice.stream(SERVICE, attempt, operation.serial);
        let succeeds = stream.unit() < server.truth;
        let class = &self.classes[usize::from(operation.class)];
        let ms = if operation.is(GIVEN) { operation.given_ms } else { class.service.draw(&mut stream) };
        let ms = ms / server.health.max(LEAST_HEALTH) + server.delay_ms;
        let record = &mut self.state.slab[place];
        record.set_stage(Stage::Executing);
        record.set(WILL_SUCCEED, succeeds);
        record.started = now;
        self.push_executing(agent, place);
        let capability = &self.state.classes[usize::from(operation.class)].capability;
        if !operation.is(PART)
            && !self.bridges.is_empty()
            && let Some(bridge) = bridge_of(&self.bridges, agent, capability)
        {
            return self.split(ground, place, bridge);
        }
        let due = now.saturating_add(ground.rate.parts(f64::from(ms) / 1e3)).min(NEVER - 1);
        self.set_due(place, due);
    }

    fn push_executing(&mut self, agent: u32, place: u32) {
        let server = &mut self.state.servers[agent];
        let next = std::mem::replace(&mut server.first_executing, place);
        server.executing += 1;
        self.state.executing += 1;
        (self.state.slab[place].previous, self.state.slab[place].next) = (NONE, next);
        if next != NONE {
            self.state.slab[next].previous = place;
        }
    }

    fn remove_executing(&mut self, agent: u32, place: u32) {
        let (previous, next) = (self.state.slab[place].previous, self.state.slab[place].next);
        match previous {
            NONE => self.state.servers[agent].first_executing = next,
            previous => self.state.slab[previous].next = next,
        }
        if next != NONE {
            self.state.slab[next].previous = previous;
        }
        (self.state.slab[place].previous, self.state.slab[place].next) = (NONE, NONE);
        self.state.servers[agent].executing -= 1;
        self.state.executing -= 1;
    }

    /// An agent's work on an operation is done. Its answer takes the way back, if that takes time.
    pub(super) fn end_work(&mut self, ground: &Ground, place: u32) {
        let operation = self.state.slab[place];
        if self.way(ground, &operation) > 0 {
            self.remove_executing(operation.agent, place);
            self.state.tiers[usize::from(operation.is(SWARM))].at_agents -= 1;
            self.touch(operation.agent);
            self.send_back(ground, place);
        } else {
            self.answered(ground, place);
        }
        self.fill(ground, operation.agent);
    }

    /// An operation that a swarm did in parts has an answer, or can't have one.
    pub(super) fn end_whole(&mut self, ground: &Ground, place: u32, answered: bool) {
        let operation = &mut self.state.slab[place];
        operation.set(WILL_SUCCEED, answered);
        operation.set(UNANSWERED, !answered);
        self.end_work(ground, place);
    }

    /// Whoever asked has the answer.
    pub(super) fn answered(&mut self, ground: &Ground, place: u32) {
        let operation = self.state.slab[place];
        let succeeded = operation.is(WILL_SUCCEED);
        self.learn_of(ground, place, if succeeded { Outcome::Completed } else { Outcome::Failed });
        self.leave(place);
        if succeeded {
            return self.finish(ground, place, Outcome::Completed, Failure::None);
        }
        let failure = if operation.is(REFUSED) {
            Failure::AgentFailed
        } else if operation.is(UNANSWERED) {
            Failure::NoAnswer
        } else {
            Failure::Service
        };
        self.fail_attempt(ground, place, Outcome::Failed, failure);
    }

    /// An attempt has taken too long.
    pub(super) fn time_out(&mut self, ground: &Ground, place: u32) {
        let operation = self.state.slab[place];
        let agent = operation.agent;
        match operation.stage() {
            Stage::InLine => {
                self.leave(place);
                self.fail_attempt(ground, place, Outcome::TimedOut, Failure::Timeout);
            }
            Stage::Waiting | Stage::Executing | Stage::Outbound | Stage::Returning => {
                self.learn_of(ground, place, Outcome::TimedOut);
                self.leave(place);
                self.fail_attempt(ground, place, Outcome::TimedOut, Failure::Timeout);
                self.fill(ground, agent);
            }
            Stage::Free | Stage::Backoff => {}
        }
    }

    /// Takes note of how an agent did.
    fn learn_of(&mut self, ground: &Ground, place: u32, outcome: Outcome) {
        let succeeded = outcome == Outcome::Completed;
        let operation = &self.state.slab[place];
        if self.heard {
            let (command, agent) = (operation.serial, AgentId(operation.agent));
            let buyer = operation.buyer();
            self.attempts.push(Attempt { command, agent, attempt: operation.attempt, outcome, buyer });
        }
        // What the way takes is not the agent's doing.
        let ways = 2 * self.way(ground, operation);
        let latency = ground.rate.ms((self.state.clock - operation.routed).saturating_sub(ways)) as f32;
        let tick = Self::tick_at(self.state.clock.saturating_sub(1));
        let server = &mut self.state.servers[operation.agent];
        server.observe(latency, succeeded, tick, self.settings.observation);
        if succeeded {
            server.completed = server.completed.saturating_add(1);
        } else {
            server.failed = server.failed.saturating_add(1);
        }
    }

    /// Takes an operation out of where it stands: a line, a queue, an agent's work.
    pub(super) fn leave(&mut self, place: u32) {
        let operation = self.state.slab[place];
        let tier = usize::from(operation.is(SWARM));
        match operation.stage() {
            Stage::InLine => {
                self.leave_line(place, operation.pool());
                self.state.tiers[tier].held -= 1;
            }
            Stage::Waiting => {
                self.change_waiting(operation.agent, |list, slab| list.remove(slab, place));
                self.state.queued -= 1;
                self.leave_tier(tier);
                self.touch(operation.agent);
            }
            Stage::Executing => {
                self.remove_executing(operation.agent, place);
                self.leave_tier(tier);
                self.touch(operation.agent);
            }
            Stage::Outbound => {
                let server = &mut self.state.servers[operation.agent];
                server.coming = server.coming.saturating_sub(1);
                self.leave_tier(tier);
                self.touch(operation.agent);
            }
            // Its agent has done with it.
            Stage::Returning => {
                let server = &mut self.state.servers[operation.agent];
                server.answering = server.answering.saturating_sub(1);
                self.state.tiers[tier].held -= 1;
                self.touch(operation.agent);
            }
            Stage::Free | Stage::Backoff => {}
        }
        self.call_off_due(place);
        self.call_off_deadline(place);
        self.state.slab[place].set_stage(Stage::Backoff);
    }

    fn leave_tier(&mut self, tier: usize) {
        self.state.tiers[tier].held -= 1;
        self.state.tiers[tier].at_agents -= 1;
    }

    /// An attempt ends before an agent had it.
    pub(super) fn end_attempt_early(&mut self, place: u32) {
        let tier = usize::from(self.state.slab[place].is(SWARM));
        self.state.tiers[tier].held -= 1;
        self.call_off_deadline(place);
    }

    /// An attempt did not succeed: it is tried again after a while, or that was it.
    fn fail_attempt(&mut self, ground: &Ground, place: u32, outcome: Outcome, failure: Failure) {
        let retry = &ground.config.retry;
        let operation = &mut self.state.slab[place];
        if operation.attempt >= retry.times {
            return self.finish(ground, place, outcome, failure);
        }
        let mut wait = f64::from(retry.backoff_ms);
        for _ in 0..operation.attempt {
            wait = (wait * f64::from(retry.factor)).min(f64::from(retry.most_ms));
        }
        operation.attempt += 1;
        let serial = operation.serial;
        let workload = usize::from(operation.workload);
        let is_part = operation.is(PART);
        let mut stream = ground.dice.stream(BACKOFF, AgentId(u32::from(operation.attempt)), serial);
        let jitter = f64::from(retry.jitter.clamp(0.0, 1.0));
        wait = wait.min(f64::from(retry.most_ms)) * (1.0 - jitter * f64::from(stream.unit()));
        operation.set_stage(Stage::Backoff);
        self.state.tally.retry();
        if !is_part && let Some(source) = self.state.sources.get_mut(workload) {
            source.tally.retry();
        }
        // At least a moment later, so that a retry without a wait can't go on for ever at one moment.
        let due = self.now().saturating_add(ground.rate.parts(wait / 1e3).max(1)).min(NEVER - 1);
        self.set_due(place, due);
    }

    /// An operation ends. It must stand nowhere any more.
    pub(super) fn finish(&mut self, ground: &Ground, place: u32, outcome: Outcome, failure: Failure) {
        let now = self.now();
        self.call_off_due(place);
        self.call_off_deadline(place);
        let operation = self.state.slab.remove(place);
        let duration = now - operation.requested;
        let latency = (ground.rate.seconds(duration) * 1e6 + 0.5) as u64;
        self.state.tally.end(outcome, latency);
        self.note_commission(&operation, outcome, latency);
        let index = usize::from(operation.workload);
        if !operation.is(PART)
            && let Some(source) = self.state.sources.get_mut(index)
        {
            source.tally.end(outcome, latency);
        }
        let tier = if operation.is(SWARM) { Tier::Swarm } else { Tier::Individual };
        self.state.tiers[of(tier)].note_end(outcome);
        if outcome != Outcome::Completed {
            self.state.untold.note(failure);
        } else if operation.is(TAKEN_OVER) {
            self.note_take_over(crate::events::other(tier));
        }
        // Who is gone, with nothing on the way any more, has no last receipt.
        let last = self.state.servers.get(operation.agent).filter(|server| server.is_kept());
        let receipt = Receipt {
            command: operation.serial,
            session: 0,
            agent: (operation.agent != NONE).then_some(AgentId(operation.agent)),
            class: operation.class,
            at: now,
            duration,
            outcome,
            failure,
            retries: operation.attempt,
            before: last.map_or(0, |server| server.last_receipt),
            hash: [0; 32],
        };
        let number = self.state.book.write(operation.session, receipt, self.settings.receipts);
        if number > 0
            && let Some(server) = self.state.servers.get_mut(operation.agent)
        {
            server.last_receipt = number;
        }
        if operation.is(PART) {
            self.answer(&operation, outcome == Outcome::Completed);
        } else if operation.asker != NONE
            && let Some(workload) = ground.config.workload.get(index)
        {
            let around = self.around(ground, workload, index);
            if let Some(source) = self.state.sources.get_mut(index).filter(|source| source.fits(workload)) {
                source.think(&around, operation.asker, now, duration == 0);
                self.reorder(index);
            }
        }
    }

    /// An agent begins what waits in front of it and calls those who wait for any agent.
    pub(super) fn fill(&mut self, ground: &Ground, agent: u32) {
        loop {
            let server = &self.state.servers[agent];
            let able =
                server.is(PRESENT) && !server.is(FAILED) && !server.is(FROZEN) && server.executing < server.slots;
            let place = server.first_waiting;
            if !able || place == NONE {
                break;
            }
            self.change_waiting(agent, |list, slab| list.remove(slab, place));
            self.state.queued -= 1;
            self.start(ground, place);
        }
        self.refresh(ground, agent);
        if self.settings.most_in_line > 0 {
            self.call_line(ground, agent);
        }
    }

    /// An agent fails or comes back. What it worked on, and what waited in front of it, has failed.
    pub fn set_failed(&mut self, ground: &Ground, agent: AgentId, failed: bool) {
        let Some(server) = self.server(agent) else { return };
        if server.is(FAILED) == failed {
            return;
        }
        self.change(ground, agent.0, |server| server.set(FAILED, failed));
        if failed {
            self.lose_work(ground, agent.0);
        } else {
            self.fill(ground, agent.0);
        }
    }

    /// An agent leaves for good, or can work no more.
    pub fn dismiss(&mut self, ground: &Ground, agent: AgentId) {
        if self.server(agent).is_some() {
            self.change(ground, agent.0, |server| server.set(PRESENT, false));
            self.lose_work(ground, agent.0);
        }
    }

    fn lose_work(&mut self, ground: &Ground, agent: u32) {
        let server = self.state.servers[agent];
        let mut lost: Vec<u32> = self.waiting_list(agent).iter(&self.state.slab).collect();
        let mut at = server.first_executing;
        while at != NONE {
            lost.push(at);
            at = self.state.slab[at].next;
        }
        lost.sort_unstable_by_key(|place| self.state.slab[*place].serial);
        for place in lost {
            self.learn_of(ground, place, Outcome::Failed);
            self.leave(place);
            self.fail_attempt(ground, place, Outcome::Failed, Failure::AgentFailed);
        }
        self.refresh(ground, agent);
    }

    /// An agent stands still or goes on. What it works on stands still with it.
    pub fn set_frozen(&mut self, ground: &Ground, agent: AgentId, frozen: bool) {
        let Some(server) = self.server(agent) else { return };
        if server.is(FROZEN) == frozen {
            return;
        }
        let mut place = server.first_executing;
        self.change(ground, agent.0, |server| server.set(FROZEN, frozen));
        let now = self.now();
        while place != NONE {
            let operation = self.state.slab[place];
            if frozen && operation.due < NEVER {
                self.call_off_due(place);
                let left = operation.due.saturating_sub(now);
                let record = &mut self.state.slab[place];
                record.due = left;
                record.set(HALTED, true);
            } else if !frozen && operation.is(HALTED) {
                let left = operation.due;
                self.set_due(place, now.saturating_add(left));
            }
            place = operation.next;
        }
        if !frozen {
            self.fill(ground, agent.0);
        }
    }
}

impl super::TierState {
    fn note_end(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Completed => self.counts.completed += 1,
            Outcome::Failed => self.counts.failed += 1,
            Outcome::TimedOut => self.counts.timed_out += 1,
            Outcome::Rejected => self.counts.rejected += 1,
        }
    }
}
