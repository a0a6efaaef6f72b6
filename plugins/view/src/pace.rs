//! How often something costly is worked out again: no more than its cost allows, and never for nothing.

use std::time::Duration;

/// What is worked out takes at most this part of the time that passes.
const SHARE: f64 = 0.04;
/// However cheap it is, not more often than this, in seconds: nobody could see it.
const SHORTEST: f64 = 0.1;
/// However dear it is, not more rarely than this, in seconds.
const LONGEST: f64 = 4.0;

/// Limits how often something costly is worked out: it remembers when that was done last, for which state, and how long it
/// took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pace {
    /// Generation and tick of the simulation.
    done: Option<(u64, u64)>,
    at: f64,
    cost: Duration,
}

impl Pace {
    /// Does the work if there is something new to work on and it is time to; `now` is real time in seconds. With `exact`
    /// it is always time to. Returns whether it was done.
    #[expect(clippy::disallowed_methods, reason = "what drawing costs is measured; no simulation code sees it")]
    pub fn at_most_some(&mut self, key: (u64, u64), now: f64, exact: bool, work: impl FnOnce()) -> bool {
        if self.done == Some(key) {
            return false;
        }
        let other = self.done.is_none_or(|(generation, tick)| generation != key.0 || tick > key.1);
        let soon = (0.0..self.interval()).contains(&(now - self.at));
        if soon && !other && !exact {
            return false;
        }
        let start = std::time::Instant::now();
        work();
        *self = Self { done: Some(key), at: now, cost: start.elapsed() };
        true
    }

    /// Forgets what was done, so that the next call works.
    pub fn reset(&mut self) {
        self.done = None;
    }

    /// How long a result is kept, in seconds.
    #[must_use]
    pub fn interval(&self) -> f64 {
        (self.cost.as_secs_f64() / SHARE).clamp(SHORTEST, LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_waits_for_news_and_for_its_time() {
        let mut pace = Pace::default();
        let mut done = 0;
        let mut ask = |pace: &mut Pace, key, now, exact| pace.at_most_some(key, now, exact, || done += 1);
        assert!(ask(&mut pace, (0, 5), 0.0, false));
        assert!(!ask(&mut pace, (0, 5), 9.0, true), "nothing is new");
        assert!(!ask(&mut pace, (0, 6), 0.05, false), "too soon");
        assert!(ask(&mut pace, (0, 6), 0.06, true));
        assert!(ask(&mut pace, (0, 7), 5.0, false));
        assert!(ask(&mut pace, (0, 3), 5.01, false), "back in time");
        assert!(ask(&mut pace, (1, 4), 5.02, false), "another simulation");
        pace.reset();
        assert!(ask(&mut pace, (1, 4), 5.03, false));
        assert_eq!(done, 6);
    }

    #[test]
    fn what_is_dear_is_rare() {
        let cost = |milliseconds| Pace { cost: Duration::from_millis(milliseconds), ..Pace::default() }.interval();
        assert_eq!((cost(0), cost(20), cost(10_000)), (SHORTEST, 0.5, LONGEST));
    }
}
