//! Simulated UTC with a resolution of a microsecond.

use agent2028_core::clock::SimClock;
use bevy::prelude::Reflect;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01T00:00:00Z, of the simulated clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Reflect, Serialize, Deserialize)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Later than everything: what has this as its end doesn't expire.
    pub const NEVER: Self = Self(i64::MAX);

    /// The date and time of the tick that runs.
    #[must_use]
    pub fn now(clock: &SimClock) -> Self {
        Self(clock.now().timestamp_micros())
    }

    /// So many seconds later (or earlier, if negative); an end beyond all time is [`NEVER`](Self::NEVER).
    #[must_use]
    pub fn plus_seconds(self, seconds: f64) -> Self {
        // A cast from f64 saturates, and what isn't a number becomes 0.
        Self(self.0.saturating_add((seconds * 1e6) as i64))
    }

    /// The seconds from `earlier` to this.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> f64 {
        (self.0 as f64 - earlier.0 as f64) / 1e6
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match DateTime::<Utc>::from_timestamp_micros(self.0) {
            Some(time) => write!(f, "{}", time.format("%Y-%m-%d %H:%M:%S%.3f")),
            None => write!(f, "never"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_the_simulated_clock_s() {
        let clock = SimClock::default();
        let now = Timestamp::now(&clock);
        assert_eq!(now.to_string(), "2028-01-01 00:00:00.000");
        assert_eq!(now.plus_seconds(90.5).seconds_since(now), 90.5);
        assert_eq!(now.plus_seconds(f64::INFINITY), Timestamp::NEVER);
        assert_eq!(Timestamp::NEVER.to_string(), "never");
    }
}
