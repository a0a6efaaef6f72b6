//! Time within ticks: what happens inside a tick is ordered by its real time in the tick.

use crate::clock::SimClock;

/// A moment, or a length of time, in parts of a tick. Tick `t` runs from `(t − 1)·PARTS` to `t·PARTS`.
pub type Time = u64;

/// How many bits of a [`Time`] lie within a tick.
pub const TICK_BITS: u32 = 24;
/// How many parts a tick has.
pub const PARTS: Time = 1 << TICK_BITS;
/// A moment that never comes.
pub const NEVER: Time = Time::MAX;

/// The moment at which a tick ends: what is done in the tick is done then.
#[must_use]
#[inline]
pub const fn end_of(tick: u64) -> Time {
    tick.saturating_mul(PARTS)
}

/// The tick in which a moment lies; one that ends just then, not the one that begins.
#[must_use]
#[inline]
pub const fn tick_of(moment: Time) -> u64 {
    moment.div_ceil(PARTS)
}

/// How simulated seconds and parts of ticks turn into each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    tick_hz: f64,
}

impl Rate {
    /// At this many ticks per second (> 0).
    #[must_use]
    pub fn new(tick_hz: f64) -> Self {
        Self { tick_hz }
    }

    /// That of a clock.
    #[must_use]
    pub fn of(clock: &SimClock) -> Self {
        Self::new(clock.tick_hz())
    }

    /// Ticks per simulated second.
    #[must_use]
    pub fn tick_hz(&self) -> f64 {
        self.tick_hz
    }

    /// Parts of a tick in so many seconds, rounded; what is below 0 or no number is 0, what is too long stops short of
    /// [`NEVER`].
    #[must_use]
    #[inline]
    pub fn parts(&self, seconds: f64) -> Time {
        let parts = seconds * self.tick_hz * PARTS as f64 + 0.5;
        // A conversion that saturates; a quarter of the range is further than any run goes and can be added safely.
        (parts as Time).min(NEVER / 4)
    }

    /// Seconds in so many parts.
    #[must_use]
    #[inline]
    pub fn seconds(&self, parts: Time) -> f64 {
        parts as f64 / (PARTS as f64 * self.tick_hz)
    }

    /// Milliseconds in so many parts.
    #[must_use]
    #[inline]
    pub fn ms(&self, parts: Time) -> f64 {
        self.seconds(parts) * 1e3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_lies_in_the_tick_that_ends_with_or_after_it() {
        assert_eq!([end_of(3) - PARTS + 1, end_of(3), end_of(3) + 1].map(tick_of), [3, 3, 4]);
        assert_eq!((tick_of(0), tick_of(NEVER)), (0, 1 << 40));
    }

    #[test]
    fn seconds_and_parts_turn_into_each_other() {
        let rate = Rate::new(50.0);
        assert_eq!(rate.parts(0.02), PARTS);
        assert_eq!(rate.seconds(PARTS * 25), 0.5);
        assert_eq!(rate.ms(PARTS / 2), 10.0);
        assert_eq!(rate.parts(f64::NAN), 0);
        assert_eq!(rate.parts(-1.0), 0);
        assert_eq!(rate.parts(f64::INFINITY), NEVER / 4);
    }
}
