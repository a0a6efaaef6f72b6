//! Events in the order of their time.

use agent2028_core::agent::Tier;
use agent2028_core::clock::ticks_in;

use super::{Ground, Operations, State, of};
use crate::events::{OperationsTold, TierResource};
use crate::index::Soonest;
use crate::slab::{HALTED, Operation, Stage};
use crate::time::{NEVER, TICK_BITS, Time};
use crate::workload::Source;

/// The event of an operation that its `due` is for; the odd one after it is for its deadline.
fn due_of(place: u32) -> u32 {
    2 * place
}

impl Operations {
    /// Runs a tick: everything that happens in it, in the order of its time. Ticks must follow each other.
    pub fn run_tick(&mut self, ground: &Ground, tick: u64) {
        let (begin, end) = (Self::begin_of(tick), Self::end_of(tick));
        self.tick = tick;
        self.end = end;
        (self.asked_for, self.held_over) = (0, false);
        self.state.last_areas = self.state.areas;
        // A run that begins late has missed nothing.
        if self.state.clock < begin {
            self.pass(begin);
        }
        self.expire(ground, tick);
        self.agenda.begin(begin);
        if !self.wheel.is_idle(begin) {
            let slab = &self.state.slab;
            self.wheel.take_due(begin, end, |event| time_of(&slab[event / 2], event), &mut self.agenda);
        }
        loop {
            self.take_answers(ground);
            let State { slab, servers, .. } = &self.state;
            // What happens soon is asked for beforehand: waiting for memory takes longer than all else.
            let event = self.agenda.peek(|event| {
                if let Some(operation) = slab.get(event / 2) {
                    servers.ask_for(operation.agent);
                }
            });
            // Of what happens at once, work ends before more of it comes.
            if let Some((time, number)) = event
                && time <= self.soonest.0
            {
                self.agenda.pop();
                let place = number / 2;
                // What was called off meanwhile has another time, or none.
                if time_of(&self.state.slab[place], number) == time {
                    self.pass(time);
                    self.happen(ground, place, number % 2 != 0);
                }
            } else if self.soonest.0 < end && self.asked_for >= super::MOST_IN_A_TICK {
                self.hold_over(ground, end);
            } else if self.soonest.0 < end {
                self.asked_for += 1;
                self.pass(self.soonest.0);
                self.ask(ground, self.soonest.1);
            } else {
                break;
            }
        }
        self.pass(end);
        self.close_tick(ground);
    }

    /// Lets all that would still be asked for in this tick wait for the next one.
    fn hold_over(&mut self, ground: &Ground, end: Time) {
        self.held_over = true;
        for (source, workload) in self.state.sources.iter_mut().zip(&ground.config.workload) {
            source.wait_until(end, workload);
        }
        for flood in &mut self.state.floods {
            flood.source.wait_until(end, &crate::config::Workload::default());
        }
        self.find_soonest();
    }

    /// Time goes by until `time`.
    fn pass(&mut self, time: Time) {
        let passed = time.saturating_sub(self.state.clock);
        let areas = &mut self.state.areas;
        areas.in_system = areas.in_system.wrapping_add(self.state.slab.len() as u64 * passed);
        areas.executing = areas.executing.wrapping_add(u64::from(self.state.executing) * passed);
        areas.queued = areas.queued.wrapping_add(u64::from(self.state.queued) * passed);
        areas.time += passed;
        self.state.clock = self.state.clock.max(time);
    }

    fn happen(&mut self, ground: &Ground, place: u32, is_deadline: bool) {
        let operation = &mut self.state.slab[place];
        if is_deadline {
            operation.deadline = NEVER;
            self.time_out(ground, place);
        } else {
            operation.due = NEVER;
            match operation.stage() {
                Stage::Executing => self.end_work(ground, place),
                Stage::Backoff => self.dispatch(ground, place),
                Stage::Outbound => self.arrive(ground, place),
                Stage::Returning => self.answered(ground, place),
                Stage::Free | Stage::InLine | Stage::Waiting => {}
            }
        }
    }

    /// Sets when an operation's work is done or it is tried again.
    pub(super) fn set_due(&mut self, place: u32, time: Time) {
        self.call_off_due(place);
        self.state.slab[place].due = time;
        self.schedule(due_of(place), time);
    }

    /// Sets when an attempt is given up.
    pub(super) fn set_deadline(&mut self, place: u32, time: Time) {
        self.call_off_deadline(place);
        self.state.slab[place].deadline = time;
        self.schedule(due_of(place) + 1, time);
    }

    fn schedule(&mut self, event: u32, time: Time) {
        if time < self.end {
            self.agenda.push(time, event);
        } else {
            self.wheel.insert(event, time);
        }
    }

    pub(super) fn call_off_due(&mut self, place: u32) {
        let operation = &mut self.state.slab[place];
        if operation.due == NEVER {
            return;
        }
        if !operation.is(HALTED) {
            self.wheel.remove(due_of(place), operation.due);
        }
        operation.set(HALTED, false);
        operation.due = NEVER;
    }

    pub(super) fn call_off_deadline(&mut self, place: u32) {
        let operation = &mut self.state.slab[place];
        if operation.deadline < NEVER {
            self.wheel.remove(due_of(place) + 1, operation.deadline);
            operation.deadline = NEVER;
        }
    }

    /// Which source is next, when there are others than before or all may have changed.
    pub(super) fn find_soonest(&mut self) {
        let floods = self.state.floods.iter().map(|flood| flood.source.next());
        self.order = Soonest::new(self.state.sources.iter().map(Source::next).chain(floods));
        self.soonest = self.order.first();
    }

    /// Which source is next, when one has changed: by its number, or, of a flood, by that after those of the sources.
    pub(super) fn reorder(&mut self, number: usize) {
        let sources = self.state.sources.len();
        let next = match self.state.sources.get(number) {
            Some(source) => source.next(),
            None => self.state.floods.get(number - sources).map_or(NEVER, |flood| flood.source.next()),
        };
        self.looked += u64::from(self.order.set(number, next));
        self.soonest = self.order.first();
    }

    fn close_tick(&mut self, ground: &Ground) {
        self.state.tally.tick(self.settings.window);
        for source in &mut self.state.sources {
            source.tally.tick(self.settings.window);
        }
        for tier in [Tier::Individual, Tier::Swarm] {
            self.look_after(ground, tier);
        }
        // Failures are told once a second.
        if self.tick.saturating_sub(self.state.told_at) >= ticks_in(1.0, ground.rate.tick_hz())
            && let Some(told) = self.state.untold.tell()
        {
            self.state.told_at = self.tick;
            self.notices.push((None, told));
        }
    }

    /// Notes what has become better about a tier.
    fn look_after(&mut self, ground: &Ground, tier: Tier) {
        let well = self.is_well(tier);
        let now = self.state.clock;
        let state = &mut self.state.tiers[of(tier)];
        if state.diverting && well {
            state.diverting = false;
            state.taken_over = false;
            self.notices.push((None, OperationsTold::TierWell(tier)));
        }
        let state = &mut self.state.tiers[of(tier)];
        if state.exhausted.contains(&true) && now.saturating_sub(state.refused_at) >= ground.rate.parts(1.0) {
            let were_out = std::mem::take(&mut state.exhausted);
            let back = TierResource::ALL.into_iter().filter(|resource| were_out[resource.index()]).collect();
            self.notices.push((None, OperationsTold::TierRestored(tier, back)));
        }
    }

    /// The other tier has completed something of this one's for the first time since it took over.
    pub(super) fn note_take_over(&mut self, from: Tier) {
        let state = &mut self.state.tiers[of(from)];
        if state.diverting && !state.taken_over {
            state.taken_over = true;
            self.notices.push((None, OperationsTold::TakenOver { from }));
        }
    }
}

/// When an event is due.
fn time_of(operation: &Operation, event: u32) -> Time {
    if !event.is_multiple_of(2) {
        operation.deadline
    } else if operation.is(HALTED) {
        NEVER
    } else {
        operation.due
    }
}

const _: () = assert!(TICK_BITS < 32, "a tick's parts times the operations on their way fit into 64 bits");
