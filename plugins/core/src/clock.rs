//! The one clock: simulated time is a tick count.

use bevy::prelude::*;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// The epoch of a scene that names none: the first second of 2028, UTC.
pub const DEFAULT_EPOCH: &str = "2028-01-01T00:00:00Z";

/// Simulated time. The ticks of a run are numbered 1, 2, 3 …; tick 0 is the state that the scene describes.
///
/// Nothing in a simulation reads the wall clock: `now = epoch + tick / tick_hz`.
#[derive(Resource, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SimClock {
    tick: u64,
    tick_hz: f64,
    epoch: DateTime<Utc>,
}

impl Default for SimClock {
    fn default() -> Self {
        Self::new(60.0, DateTime::UNIX_EPOCH + TimeDelta::seconds(1_830_297_600))
    }
}

impl SimClock {
    /// A clock at tick 0 with `tick_hz` ticks per simulated second (finite, above zero; anything else becomes 60).
    #[must_use]
    pub fn new(tick_hz: f64, epoch: DateTime<Utc>) -> Self {
        let tick_hz = if tick_hz.is_finite() && tick_hz > 0.0 { tick_hz } else { 60.0 };
        Self { tick: 0, tick_hz, epoch }
    }

    /// The tick that runs now, or, between ticks, the last one that ran.
    #[must_use]
    pub fn tick(&self) -> u64 {
        self.tick
    }

    /// Ticks per simulated second.
    #[must_use]
    pub fn tick_hz(&self) -> f64 {
        self.tick_hz
    }

    /// The date and time of tick 0.
    #[must_use]
    pub fn epoch(&self) -> DateTime<Utc> {
        self.epoch
    }

    /// The length of a tick in simulated seconds.
    #[must_use]
    pub fn dt(&self) -> f32 {
        (1.0 / self.tick_hz) as f32
    }

    /// Simulated seconds since tick 0.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.tick as f64 / self.tick_hz
    }

    /// The simulated date and time of the current tick.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.at(self.tick)
    }

    /// The simulated date and time of any tick; stops at the last date that exists.
    #[must_use]
    pub fn at(&self, tick: u64) -> DateTime<Utc> {
        let nanoseconds = tick as f64 / self.tick_hz * 1e9;
        self.epoch.checked_add_signed(TimeDelta::nanoseconds(nanoseconds as i64)).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// How many whole ticks cover `seconds` of simulated time (at least one for anything above zero).
    #[must_use]
    pub fn ticks_in(&self, seconds: f64) -> u64 {
        if seconds > 0.0 { ((seconds * self.tick_hz).round() as u64).max(1) } else { 0 }
    }

    pub(crate) fn advance(&mut self) {
        self.tick += 1;
    }
}

/// Starts a tick: the first thing that [`SimSchedule`](crate::SimSchedule) runs.
pub(crate) fn advance_clock(mut clock: ResMut<SimClock>) {
    clock.advance();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn now_is_epoch_plus_ticks_over_rate() {
        let mut clock = SimClock::new(50.0, DateTime::UNIX_EPOCH);
        for _ in 0..125 {
            clock.advance();
        }
        assert_eq!(clock.seconds(), 2.5);
        assert_eq!(clock.now().timestamp_millis(), 2500);
    }

    #[test]
    fn default_epoch_is_the_documented_one() {
        let documented: DateTime<Utc> = DEFAULT_EPOCH.parse().unwrap();
        assert_eq!(SimClock::default().epoch(), documented);
    }

    #[test]
    fn a_tick_far_away_saturates_instead_of_overflowing() {
        let clock = SimClock::new(1e-9, DateTime::UNIX_EPOCH);
        assert!(clock.at(u64::MAX) > clock.epoch());
    }
}
