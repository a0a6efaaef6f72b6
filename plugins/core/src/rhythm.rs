//! What agents do again and again: at a period that need not be a whole number of ticks, each agent from a moment of its own.

use crate::agent::AgentId;
use crate::clock::as_written;
use crate::rng::{Purpose, SimRng};
use crate::time::{PARTS, Rate, Time, end_of};
use rand::Rng as _;

/// Something that is done once in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    period: Time,
}

impl Rhythm {
    /// Once in so many seconds, but at most once in a tick.
    #[must_use]
    pub fn of_seconds(rate: Rate, seconds: f32) -> Self {
        Self::of_parts(rate.parts(as_written(f64::from(seconds))))
    }

    /// Once in so many parts of a tick, but at most once in a tick.
    #[must_use]
    pub fn of_parts(period: Time) -> Self {
        Self { period: period.max(PARTS) }
    }

    /// The length of the period.
    #[must_use]
    pub fn period(self) -> Time {
        self.period
    }

    /// The moment in a tick at which it is done, by all at once, and how often it was done before; most ticks have none.
    #[must_use]
    pub fn in_tick(self, tick: u64) -> Option<(Time, u64)> {
        self.at(tick).beat(0)
    }

    /// The first tick after `tick` in which it is done by all at once.
    #[must_use]
    pub fn tick_after(self, tick: u64) -> u64 {
        let done = end_of(tick) / self.period;
        crate::time::tick_of((done + 1).saturating_mul(self.period))
    }

    /// What is done in a tick, for all agents.
    #[must_use]
    pub fn at(self, tick: u64) -> RhythmInTick {
        let end = end_of(tick);
        RhythmInTick { period: self.period, end, into: end % self.period, number: end / self.period }
    }
}

/// A [`Rhythm`] in one tick.
#[derive(Clone, Copy, Debug)]
pub struct RhythmInTick {
    period: Time,
    end: Time,
    /// How far the tick's end is into a period that began at moment 0.
    into: Time,
    /// How many periods are over by then.
    number: u64,
}

impl RhythmInTick {
    /// The moment in this tick at which an agent does it, and how often it has done it before. Its periods begin after a share of
    /// the period, in parts of 2³².
    #[inline]
    #[must_use]
    pub fn beat(self, share: u32) -> Option<(Time, u64)> {
        let offset = ((u128::from(share) * u128::from(self.period)) >> 32) as Time;
        let (ago, number) = if offset <= self.into {
            (self.into - offset, self.number)
        } else {
            (self.into + self.period - offset, self.number.checked_sub(1)?)
        };
        (ago < PARTS && self.end > ago).then(|| (self.end - ago, number))
    }
}

/// After which share of a period each agent begins: at random, so that not all do it at once. Derived from the seed.
#[derive(Clone, Debug, Default)]
pub struct Phases(Vec<u32>);

impl Phases {
    /// Draws the phases of agents with ids below `count` that are not drawn yet.
    pub fn fit(&mut self, dice: &SimRng, purpose: Purpose, count: usize) {
        for agent in self.0.len()..count {
            self.0.push(dice.stream(purpose, AgentId(agent as u32), 0).next_u32());
        }
    }

    /// An agent's phase in parts of 2³² of the period.
    #[inline]
    #[must_use]
    pub fn of(&self, agent: u32) -> u32 {
        self.0.get(agent as usize).copied().unwrap_or(0)
    }

    /// The memory that they hold, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.capacity() * 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_lasts_what_is_written_at_any_rate_of_ticks() {
        for (tick_hz, seconds, ticks) in [
            (10.0, 0.1_f32, 1.0),
            (60.0, 0.2, 12.0),
            (60.0, 0.025, 1.5),
            (25.0, 0.1, 2.5),
            (30.0, 0.35, 10.5),
            (7.0, 1.0, 7.0),
        ] {
            let rhythm = Rhythm::of_seconds(Rate::new(tick_hz), seconds);
            let beats: Vec<u64> = (1..=2000).filter(|tick| rhythm.in_tick(*tick).is_some()).collect();
            assert_eq!(beats.len(), (2000.0 / ticks) as usize, "{seconds} s at {tick_hz} Hz");
            for (at, tick) in beats.iter().enumerate() {
                let moment = (at + 1) as f64 * ticks;
                assert_eq!(*tick, moment.ceil() as u64, "{seconds} s at {tick_hz} Hz");
                let (found, number) = rhythm.in_tick(*tick).unwrap();
                assert!((found as f64 / PARTS as f64 - moment).abs() < 1e-4 && number == at as u64 + 1);
                assert_eq!(rhythm.tick_after(*tick - 1), *tick);
            }
        }
        assert!(
            (1..9).all(|tick| Rhythm::of_parts(5).in_tick(tick).is_some()),
            "at most once in a tick, and not more seldom"
        );
    }

    #[test]
    fn each_agent_has_its_own_moment_and_all_moments_are_as_likely() {
        let (dice, mut phases) = (SimRng::new(4), Phases::default());
        phases.fit(&dice, Purpose::new("test"), 4000);
        let rhythm = Rhythm::of_parts(PARTS * 5 / 2);
        let mut beats = vec![0; 4000];
        let mut by_fifth = [0; 5];
        for tick in 1..=50 {
            let here = rhythm.at(tick);
            for agent in 0..4000 {
                if let Some((moment, number)) = here.beat(phases.of(agent)) {
                    assert!(moment > end_of(tick - 1) && moment <= end_of(tick));
                    assert_eq!(number, beats[agent as usize], "none is left out and none comes twice");
                    beats[agent as usize] += 1;
                    by_fifth[((moment - end_of(tick - 1) - 1) * 5 / PARTS) as usize] += 1;
                }
            }
        }
        assert!(beats.iter().all(|count| *count == 20), "fifty ticks are twenty periods");
        // 80 000 beats, of which each fifth of a tick has 16 000 give or take √12 800 · 20 (an agent's beats aren't independent).
        assert!(by_fifth.iter().all(|count| (14_500..17_500).contains(count)), "{by_fifth:?}");
    }
}
