//! What is counted.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::events::OperationsTold;
use crate::histogram::{Histogram, Packed};
use crate::session::{Failure, Outcome};
use crate::time::Time;

/// How many operations were requested, and how those that have ended did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Requested.
    pub requested: u64,
    /// Completed.
    pub completed: u64,
    /// Failed.
    pub failed: u64,
    /// Timed out.
    pub timed_out: u64,
    /// Rejected.
    pub rejected: u64,
    /// Tried again.
    pub retries: u64,
}

impl Counts {
    /// How many have ended.
    #[must_use]
    pub fn ended(&self) -> u64 {
        self.completed + self.failed + self.timed_out + self.rejected
    }

    /// The share of those that have ended that were completed; nothing if none has ended.
    #[must_use]
    pub fn success_ratio(&self) -> Option<f64> {
        (self.ended() > 0).then(|| self.completed as f64 / self.ended() as f64)
    }

    fn note(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Completed => self.completed += 1,
            Outcome::Failed => self.failed += 1,
            Outcome::TimedOut => self.timed_out += 1,
            Outcome::Rejected => self.rejected += 1,
        }
    }

    fn each(&mut self, other: &Self, combine: impl Fn(u64, u64) -> u64) {
        self.requested = combine(self.requested, other.requested);
        self.completed = combine(self.completed, other.completed);
        self.failed = combine(self.failed, other.failed);
        self.timed_out = combine(self.timed_out, other.timed_out);
        self.rejected = combine(self.rejected, other.rejected);
        self.retries = combine(self.retries, other.retries);
    }
}

/// How many stretches make a window: rates and percentiles move on in steps of this share.
const STRETCHES: usize = 20;

/// What happened in a stretch of time, with its latencies as a histogram that is written to, or packed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Stretch<L = Histogram> {
    counts: Counts,
    latency: L,
    latency_sum: u64,
    ticks: u64,
}

impl Stretch {
    fn packed(&self) -> Stretch<Packed> {
        let Self { counts, latency_sum, ticks, .. } = *self;
        Stretch { counts, latency: self.latency.packed(), latency_sum, ticks }
    }

    fn add(&mut self, other: &Stretch<Packed>) {
        self.counts.each(&other.counts, |mine, theirs| mine + theirs);
        self.latency.add(&other.latency);
        self.latency_sum = self.latency_sum.saturating_add(other.latency_sum);
        self.ticks += other.ticks;
    }

    /// Takes a stretch out; `left` are those that stay.
    fn subtract<'a>(&mut self, other: &Stretch<Packed>, left: impl Iterator<Item = &'a Stretch<Packed>>) {
        self.counts.each(&other.counts, u64::saturating_sub);
        self.latency.subtract(&other.latency, left.map(|stretch| &stretch.latency));
        self.latency_sum = self.latency_sum.saturating_sub(other.latency_sum);
        self.ticks = self.ticks.saturating_sub(other.ticks);
    }

    fn clear(&mut self) {
        self.counts = Counts::default();
        self.latency.clear();
        self.latency_sum = 0;
        self.ticks = 0;
    }
}

/// What happened since the start, and in the recent past.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Since the start.
    pub total: Counts,
    recent: Stretch,
    past: VecDeque<Stretch<Packed>>,
    now: Stretch,
}

impl Tally {
    /// An operation was requested.
    #[inline]
    pub fn request(&mut self) {
        self.total.requested += 1;
        self.now.counts.requested += 1;
    }

    /// An operation is tried again.
    pub fn retry(&mut self) {
        self.total.retries += 1;
        self.now.counts.retries += 1;
    }

    /// An operation has ended, `latency_us` microseconds after it was requested.
    #[inline]
    pub fn end(&mut self, outcome: Outcome, latency_us: u64) {
        self.total.note(outcome);
        self.now.counts.note(outcome);
        if outcome == Outcome::Completed {
            self.now.latency.record(latency_us);
            self.now.latency_sum = self.now.latency_sum.saturating_add(latency_us);
        }
    }

    /// A tick is over; the window is `window` ticks long.
    pub fn tick(&mut self, window: u64) {
        self.now.ticks += 1;
        let stretch = (window / STRETCHES as u64).max(1);
        if self.now.ticks < stretch {
            return;
        }
        let over = self.now.packed();
        self.now.clear();
        self.recent.add(&over);
        self.past.push_back(over);
        while self.past.len() > STRETCHES || (self.recent.ticks > window.max(1) && self.past.len() > 1) {
            let Some(oldest) = self.past.pop_front() else { break };
            self.recent.subtract(&oldest, self.past.iter());
        }
    }

    /// What happened in the recent past.
    #[must_use]
    pub fn recent(&self) -> &Counts {
        &self.recent.counts
    }

    /// Something per second, over the recent past.
    #[must_use]
    pub fn per_second(&self, count: impl Fn(&Counts) -> u64, tick_hz: f64) -> f64 {
        match self.recent.ticks {
            0 => 0.0,
            ticks => count(&self.recent.counts) as f64 * tick_hz / ticks as f64,
        }
    }

    /// Latencies of what was completed in the recent past, from the request on, in microseconds.
    #[must_use]
    pub fn latency(&self) -> &Histogram {
        &self.recent.latency
    }

    /// The mean of these, in milliseconds.
    #[must_use]
    pub fn mean_latency_ms(&self) -> Option<f64> {
        let completed = self.recent.counts.completed;
        (completed > 0).then(|| self.recent.latency_sum as f64 / 1e3 / completed as f64)
    }

    /// Its memory in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.recent.latency.bytes()
            + self.now.latency.bytes()
            + self.past.iter().map(|stretch| stretch.latency.bytes() + size_of::<Stretch>()).sum::<usize>()
    }

    pub(crate) fn check(&self) -> bool {
        let fits = |stretch: &Stretch| stretch.latency.check();
        fits(&self.recent) && fits(&self.now) && self.past.iter().all(|stretch| stretch.latency.check())
    }
}

/// What is added up over time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Areas {
    /// Operations on their way × time.
    pub in_system: u64,
    /// Operations in work × time.
    pub executing: u64,
    /// Operations that wait at agents or for one × time.
    pub queued: u64,
    /// The time.
    pub time: Time,
}

impl Areas {
    /// The mean number of something over the time; 0 over none.
    #[must_use]
    pub fn mean(&self, area: u64) -> f64 {
        if self.time == 0 { 0.0 } else { area as f64 / self.time as f64 }
    }
}

/// Failures that were not told yet, by reason.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Untold {
    counts: Vec<u64>,
}

impl Untold {
    pub(crate) fn note(&mut self, failure: Failure) {
        self.counts.resize(Failure::ALL.len(), 0);
        self.counts[failure as usize] += 1;
    }

    /// What there is to tell; then it is told.
    pub(crate) fn tell(&mut self) -> Option<OperationsTold> {
        let mut reasons: Vec<(u64, Failure)> = Failure::ALL
            .into_iter()
            .filter_map(|failure| Some((*self.counts.get(failure as usize)?, failure)))
            .filter(|(count, _)| *count > 0)
            .collect();
        self.counts.clear();
        reasons.sort_by_key(|(count, failure)| (std::cmp::Reverse(*count), *failure));
        (!reasons.is_empty()).then_some(OperationsTold::Failures(reasons))
    }
}

/// Jain's fairness index (Jain, Chiu & Hawe 1984) of `count` shares by their sum and sum of squares: 1 if all are alike, 1/n
/// if one has all; nothing if nobody has anything.
#[must_use]
pub fn fairness(count: usize, sum: f64, squares: f64) -> Option<f64> {
    (count > 0 && squares > 0.0).then(|| sum * sum / (count as f64 * squares))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recent_past_is_a_window() {
        let mut tally = Tally::default();
        for tick in 0..500_u64 {
            tally.request();
            tally.end(if tick < 250 { Outcome::Failed } else { Outcome::Completed }, 1000 + tick);
            tally.tick(100);
        }
        assert_eq!(tally.total.ended(), 500);
        assert_eq!((tally.recent().completed, tally.recent().failed), (100, 0));
        assert_eq!(tally.per_second(|counts| counts.completed, 60.0), 60.0);
        assert_eq!(tally.latency().total(), 100);
        let mean = tally.mean_latency_ms().unwrap();
        assert!((mean - 1.4495).abs() < 1e-9, "{mean}");
    }

    #[test]
    fn a_window_shorter_than_its_stretches_still_moves_on() {
        let mut tally = Tally::default();
        for _ in 0..50 {
            tally.request();
            tally.tick(3);
        }
        assert_eq!(tally.recent().requested, 3);
        tally.tick(1);
        tally.tick(1);
        assert_eq!(tally.recent().requested, 0);
    }

    #[test]
    fn fairness_is_one_for_equals_and_small_for_a_monopoly() {
        assert_eq!(fairness(4, 8.0, 16.0), Some(1.0));
        assert_eq!(fairness(4, 8.0, 64.0), Some(0.25));
        assert_eq!(fairness(4, 0.0, 0.0), None);
    }

    #[test]
    fn failures_are_told_once_with_their_reasons() {
        let mut untold = Untold::default();
        assert_eq!(untold.tell(), None);
        [Failure::Service, Failure::AgentFailed, Failure::AgentFailed].into_iter().for_each(|why| untold.note(why));
        let told = untold.tell().unwrap().to_string();
        assert!(told.starts_with("3 operations did not succeed (2: the agent failed; 1:"), "{told}");
        assert_eq!(untold.tell(), None);
    }
}
