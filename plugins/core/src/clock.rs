//! The clock: simulated time is a tick count. No simulation code reads the time of the machine.

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

    /// How many ticks `seconds` of simulated time last, see [`ticks_in`].
    #[must_use]
    pub fn ticks_in(&self, seconds: f64) -> u64 {
        ticks_in(seconds, self.tick_hz)
    }

    /// The tick at which something ends that lasts `seconds` from now on; without a length it never does.
    #[must_use]
    pub fn end_of(&self, seconds: Option<f32>) -> u64 {
        seconds.map_or(u64::MAX, |seconds| self.tick.saturating_add(self.ticks_in(f64::from(seconds))))
    }

    pub(crate) fn advance(&mut self) {
        self.tick += 1;
    }
}

/// How many ticks `seconds` of simulated time last at `tick_hz` ticks per second: rounded to the nearest, halves up, and at
/// least one for anything above zero.
///
/// The one place where lengths of time become ticks. `seconds` counts as the [number that was written](as_written), so that
/// 0.1 s at 10 Hz are one tick and 0.35 s are four, whether a scene keeps them in 32 or in 64 bits.
#[must_use]
pub fn ticks_in(seconds: f64, tick_hz: f64) -> u64 {
    if seconds.is_nan() || seconds <= 0.0 {
        return 0;
    }
    let ticks = as_written(seconds) * tick_hz;
    // What should end in .5 may miss it by the rounding of the product.
    let halves = (2.0 * ticks).round();
    let ticks = if (2.0 * ticks - halves).abs() <= 4.0 * f64::EPSILON * halves { halves / 2.0 } else { ticks };
    (ticks.round() as u64).max(1)
}

/// The decimal that somebody wrote who got this number, if it was kept in 32 bits on the way: `f32` makes
/// 0.100000001490116 of 0.1, which is 0.1 again here. Every other number, and what has no decimals, stays what it is.
#[must_use]
pub fn as_written(number: f64) -> f64 {
    let kept = number as f32;
    if f64::from(kept) != number || !number.is_finite() {
        return number;
    }
    // Powers of ten up to 10²² are exact, so this is the nearest number to a decimal with so many places.
    let mut shift = 1.0;
    for _ in 0..=22 {
        let decimal = (number * shift).round() / shift;
        if decimal as f32 == kept {
            return decimal;
        }
        shift *= 10.0;
    }
    number
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

    /// Lengths of time as a scene writes them: in decimals, kept in 32 bits.
    #[test]
    fn a_length_that_is_written_in_whole_ticks_has_them_at_any_rate() {
        for (tick_hz, one_tick) in
            [(1_u64, "1"), (2, "0.5"), (4, "0.25"), (5, "0.2"), (8, "0.125"), (10, "0.1"), (20, "0.05"), (25, "0.04")]
                .into_iter()
                .chain([(40, "0.025"), (50, "0.02"), (100, "0.01"), (125, "0.008"), (200, "0.005"), (1000, "0.001")])
        {
            let places = one_tick.split_once('.').map_or(0, |(_, decimals)| decimals.len());
            // In units of the last place there is no rounding.
            let unit = 10_u64.pow(places as u32);
            for ticks in 1..=3000_u64 {
                let units = ticks * (unit / tick_hz);
                let written = format!("{}.{:0places$}", units / unit, units % unit, places = places.max(1));
                let written = if places == 0 { units.to_string() } else { written };
                let single: f32 = written.parse().unwrap();
                let double: f64 = written.parse().unwrap();
                assert_eq!(ticks_in(f64::from(single), tick_hz as f64), ticks, "{written} s at {tick_hz} Hz");
                assert_eq!(ticks_in(double, tick_hz as f64), ticks, "{written} s at {tick_hz} Hz");
            }
        }
    }

    /// The exact number of ticks in thousandths by whole numbers.
    #[test]
    fn lengths_are_rounded_to_the_nearest_tick_and_halves_up() {
        for tick_hz in [1_u64, 3, 7, 10, 24, 30, 50, 60, 90, 100, 144, 240, 999, 1000] {
            for thousandths in 1..=5000_u64 {
                let exact = ((thousandths * tick_hz + 500) / 1000).max(1);
                let written = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
                let single: f32 = written.parse().unwrap();
                let double: f64 = written.parse().unwrap();
                assert_eq!(ticks_in(f64::from(single), tick_hz as f64), exact, "{written} s at {tick_hz} Hz");
                assert_eq!(ticks_in(double, tick_hz as f64), exact, "{written} s at {tick_hz} Hz");
            }
        }
    }

    #[test]
    fn a_length_that_is_none_has_no_ticks_and_one_without_end_has_all() {
        for none in [0.0, -0.0, -1.0, f64::NEG_INFINITY, f64::NAN] {
            assert_eq!(ticks_in(none, 60.0), 0);
        }
        assert_eq!(ticks_in(1e-30, 60.0), 1);
        assert_eq!(ticks_in(f64::INFINITY, 60.0), u64::MAX);
        assert_eq!(ticks_in(f64::from(f32::MAX), 60.0), u64::MAX);
    }

    #[test]
    fn what_was_written_is_found_again() {
        for text in ["0.1", "0.3", "33.3", "1e-7", "123456.7", "86400", "16777216", "1e-12", "0.0033333334"] {
            let single: f32 = text.parse().unwrap();
            let double: f64 = text.parse().unwrap();
            assert_eq!(as_written(f64::from(single)), double, "{text}");
        }
        // A number that never was in 32 bits has its own digits.
        assert_eq!(as_written(0.1), 0.1);
        assert_eq!(as_written(1.0 / 3.0), 1.0 / 3.0);
    }

    #[test]
    fn a_tick_far_away_saturates_instead_of_overflowing() {
        let clock = SimClock::new(1e-9, DateTime::UNIX_EPOCH);
        assert!(clock.at(u64::MAX) > clock.epoch());
    }
}
