//! Hybrid logical clocks: timestamps that respect causality and stay near to physical time.

use std::fmt;

use bevy::reflect::Reflect;
use bytemuck::{Pod, Zeroable};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A timestamp of a hybrid logical clock. Timestamps are ordered by `physical`, then by `logical`; ties between agents go to
/// the lower id, which the timestamp doesn't hold.
///
/// The unit of `physical` is whatever the clocks are fed with, the same for all: ticks, milliseconds, microseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Reflect, Serialize, Deserialize, Pod, Zeroable,
)]
#[repr(C)]
pub struct HybridTime {
    /// The largest physical time that the event knows of (*l* in the paper): never less than the own clock's.
    pub physical: i64,
    /// Counts the events that know of no larger physical time (*c* in the paper).
    pub logical: u64,
}

impl HybridTime {
    /// The first timestamp with a physical time: it is before everything else that is stamped with that time.
    #[must_use]
    pub const fn at(physical: i64) -> Self {
        Self { physical, logical: 0 }
    }

    /// The least timestamp after this one and not before `physical`.
    #[must_use]
    #[inline]
    const fn next(self, physical: i64) -> Self {
        if physical > self.physical {
            Self::at(physical)
        } else if let Some(logical) = self.logical.checked_add(1) {
            Self { physical: self.physical, logical }
        } else {
            Self::at(self.physical.saturating_add(1))
        }
    }
}

impl fmt::Display for HybridTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.physical, self.logical)
    }
}

/// A message claims to come from further in the future than clocks may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a timestamp is {ahead} ahead of the own clock; {bound} is the most that is believed")]
pub struct TooFarAhead {
    /// How far it is ahead of the receiver's physical clock, in the unit of the clocks.
    pub ahead: i64,
    /// The most that is believed.
    pub bound: i64,
}

/// An agent's hybrid logical clock (Kulkarni, Demirbas, Madappa, Avva & Leone 2014, "Logical Physical Clocks", figure 5).
///
/// With physical clocks that differ by at most ε, for each event: l ≥ pt and l − pt ≤ ε. A physical clock that is set back
/// never takes the hybrid one with it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Reflect, Serialize, Deserialize, Pod, Zeroable,
)]
#[repr(transparent)]
pub struct HybridClock {
    last: HybridTime,
}

impl HybridClock {
    /// A clock whose next stamp comes after `last`.
    #[must_use]
    #[inline]
    pub const fn new(last: HybridTime) -> Self {
        Self { last }
    }

    /// The last stamp that was given.
    #[must_use]
    #[inline]
    pub const fn last(&self) -> HybridTime {
        self.last
    }

    /// Stamps a local event or a message that is sent when the own physical clock shows `physical`.
    #[inline]
    pub const fn stamp(&mut self, physical: i64) -> HybridTime {
        self.last = self.last.next(physical);
        self.last
    }

    /// Stamps the receipt of a message that carries `message` when the own physical clock shows `physical`.
    #[inline]
    pub fn receive(&mut self, physical: i64, message: HybridTime) -> HybridTime {
        self.last = self.last.max(message).next(physical);
        self.last
    }

    /// Stamps `count` events one after the other, all when the own physical clock shows `physical`; the stamp of the first.
    pub const fn stamp_many(&mut self, physical: i64, count: u32) -> HybridTime {
        if count == 0 {
            return self.last;
        }
        let first = self.stamp(physical);
        self.count_on(physical, count - 1);
        first
    }

    /// Stamps the receipt of `count` messages, each with an older stamp than one that has `physical` as its physical part, when the
    /// own physical clock shows `physical`.
    #[inline]
    pub const fn receive_older(&mut self, physical: i64, count: u32) {
        if count > 0 {
            self.last = self.last.next(physical);
            self.count_on(physical, count - 1);
        }
    }

    /// Stamps `count` events when the clock is not behind `physical`.
    #[inline]
    const fn count_on(&mut self, physical: i64, count: u32) {
        if let Some(logical) = self.last.logical.checked_add(count as u64) {
            self.last.logical = logical;
        } else {
            let mut left = count;
            while left > 0 {
                self.stamp(physical);
                left -= 1;
            }
        }
    }

    /// As [`HybridClock::receive`], but refuses a message from more than `bound` ahead of the own physical clock, so that one
    /// broken clock can't pull all others with it.
    ///
    /// # Errors
    /// If the message is refused; the clock is then as it was.
    pub fn receive_within(
        &mut self,
        physical: i64,
        message: HybridTime,
        bound: i64,
    ) -> Result<HybridTime, TooFarAhead> {
        let ahead = message.physical.saturating_sub(physical);
        if ahead > bound { Err(TooFarAhead { ahead, bound }) } else { Ok(self.receive(physical, message)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The run of figure 6 in the paper, in which a clock with l = 10 pulls three others with it.
    #[test]
    fn the_example_of_the_paper() {
        let time = |physical, logical| HybridTime { physical, logical };
        let mut clocks = [HybridClock::default(); 4];
        let sent = clocks[0].stamp(10);
        assert_eq!(sent, time(10, 0));
        assert_eq!(clocks[1].receive(1, sent), time(10, 1));
        assert_eq!(clocks[1].stamp(2), time(10, 2));
        let sent = clocks[1].stamp(2);
        assert_eq!(sent, time(10, 3));
        assert_eq!(clocks[2].receive(2, sent), time(10, 4));
        let sent = clocks[2].stamp(3);
        assert_eq!(clocks[3].receive(4, sent), time(10, 6));
        assert_eq!(clocks[0].stamp(11), time(11, 0));
        assert_eq!(clocks[3].stamp(13), time(13, 0));
    }

    #[test]
    fn a_clock_that_is_set_back_goes_on_forward() {
        let mut clock = HybridClock::default();
        let before = clock.stamp(100);
        let after = clock.stamp(40);
        assert!(after > before);
        assert_eq!(after.physical, 100);
    }

    #[test]
    fn a_message_from_too_far_ahead_is_refused_and_changes_nothing() {
        let mut clock = HybridClock::new(HybridTime::at(5));
        assert_eq!(clock.receive_within(6, HybridTime::at(20), 10), Err(TooFarAhead { ahead: 14, bound: 10 }));
        assert_eq!(clock.last(), HybridTime::at(5));
        assert_eq!(clock.receive_within(6, HybridTime::at(16), 10), Ok(HybridTime { physical: 16, logical: 1 }));
        assert!(clock.receive_within(i64::MIN, HybridTime::at(i64::MAX), 10).is_err());
    }

    #[test]
    fn many_at_once_are_as_many_one_by_one() {
        let time = |physical, logical| HybridTime { physical, logical };
        for start in [time(3, 9), time(7, 2), time(8, 4), time(12, u64::MAX - 2), time(8, u64::MAX - 1)] {
            for count in 0..6 {
                let (mut one, mut many) = (HybridClock::new(start), HybridClock::new(start));
                let stamps: Vec<_> = (0..count).map(|_| one.stamp(8)).collect();
                assert_eq!(many.stamp_many(8, count), stamps.first().copied().unwrap_or(start));
                assert_eq!(many, one);
                let (mut one, mut many) = (HybridClock::new(start), HybridClock::new(start));
                for message in 0..count {
                    one.receive(8, time(7 - i64::from(message % 3), u64::MAX - u64::from(message)));
                }
                many.receive_older(8, count);
                assert_eq!(many, one, "{start} {count}");
            }
        }
    }

    #[test]
    fn a_full_counter_goes_on_in_the_physical_part() {
        let mut clock = HybridClock::new(HybridTime { physical: 3, logical: u64::MAX });
        assert_eq!(clock.stamp(3), HybridTime::at(4));
    }
}
