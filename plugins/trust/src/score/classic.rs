//! The classic score: a moving average of outcomes with a confidence and a conservative bound.
//!
//! What is wrong with it: 500 successes in a row stop at 0.9, because a success counts as 0.9; the interval shrinks with the
//! number of all outcomes though the average remembers about the last twelve, so that after 300 of them it covers 64 % where
//! it says 97.5 %.

use serde::{Deserialize, Serialize};

use super::outcome::Outcome;

/// How much the last outcome counts, α.
pub const WEIGHT: f64 = 0.15;
/// Where an agent of which nothing is known starts.
pub const START: f64 = 0.5;
/// How far per day beyond the greatest age a score goes toward [`START`].
const DRIFT_PER_DAY: f64 = 0.01;
/// What is left of the confidence after it has drifted.
const CONFIDENCE_KEPT: f64 = 0.95;

/// A classic score.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Classic {
    /// 0–1.
    pub score: f64,
    /// How many outcomes it is made of.
    pub count: u64,
    /// What confidence lost by age: a factor, 1 at first.
    pub kept: f64,
}

impl Default for Classic {
    fn default() -> Self {
        Self { score: START, count: 0, kept: 1.0 }
    }
}

impl Classic {
    /// Takes an outcome into account.
    pub fn observe(&mut self, outcome: Outcome) {
        self.observe_good(outcome.good());
    }

    /// Takes an outcome into account of which a share, 0–1, was good.
    pub fn observe_good(&mut self, good: f64) {
        self.score = (self.score * (1.0 - WEIGHT) + good.clamp(0.0, 1.0) * WEIGHT).clamp(0.0, 1.0);
        self.count = self.count.saturating_add(1);
    }

    /// How sure it is, 0–1: `n/(n + 10)`, less what it lost by age.
    #[must_use]
    pub fn confidence(&self) -> f64 {
        let count = self.count as f64;
        count / (count + 10.0) * self.kept
    }

    /// The lower bound `score − 1.96·√(score(1 − score)/n)`, at least 0; 0 if nothing is known.
    #[must_use]
    pub fn conservative(&self) -> f64 {
        if self.count == 0 {
            return 0.0;
        }
        (self.score - 1.96 * (self.score * (1.0 - self.score) / self.count as f64).sqrt()).max(0.0)
    }

    /// Goes toward 0.5, a stranger's score, after `age` days without an outcome, of which the first `max_age` don't
    /// matter. The way is limited to the whole of it: otherwise 0.05 would be 0.95 after 230 days.
    ///
    /// The classic rule works this out anew each time that it is asked, from the score as it was at the last outcome, so
    /// this returns the aged score and leaves that one as it is.
    #[must_use]
    pub fn aged(&self, age: f64, max_age: f64) -> Self {
        let beyond = age - max_age;
        if beyond.is_nan() || beyond <= 0.0 {
            return *self;
        }
        let share = (DRIFT_PER_DAY * beyond).min(1.0);
        Self { score: self.score + (START - self.score) * share, kept: self.kept * CONFIDENCE_KEPT, ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_success_from_the_start_gives_0_56() {
        let mut classic = Classic::default();
        classic.observe(Outcome::Success);
        assert!((classic.score - 0.56).abs() < 1e-15, "{}", classic.score);
        assert!((classic.confidence() - 1.0 / 11.0).abs() < 1e-15);
    }

    #[test]
    fn many_successes_stop_at_0_9() {
        let mut classic = Classic::default();
        (0..500).for_each(|_| classic.observe(Outcome::Success));
        assert!((classic.score - 0.9).abs() < 1e-12);
    }

    #[test]
    fn nothing_known_is_worth_nothing_to_the_careful() {
        assert_eq!(Classic::default().conservative(), 0.0);
        let known = Classic { score: 0.9, count: 100, ..Classic::default() };
        assert!((known.conservative() - (0.9 - 1.96 * 0.03)).abs() < 1e-12);
    }

    #[test]
    fn idle_agents_drift_to_the_middle_and_not_beyond() {
        let bad = Classic { score: 0.05, count: 40, ..Classic::default() };
        assert_eq!(bad.aged(30.0, 30.0), bad);
        assert!((bad.aged(80.0, 30.0).score - 0.275).abs() < 1e-12);
        // Unclamped, the 200 days beyond would carry it twice the way: to 0.95.
        assert!((bad.score + (START - bad.score) * DRIFT_PER_DAY * 200.0 - 0.95).abs() < 1e-12);
        assert_eq!(bad.aged(230.0, 30.0).score, 0.5);
        assert!((bad.aged(230.0, 30.0).confidence() - 0.8 * 0.95).abs() < 1e-12);
    }

    /// The interval claims 97.5 % on its side; simulated, it covers about 64 % after 300 outcomes.
    #[test]
    fn its_interval_covers_far_less_than_it_says() {
        use agent2028_core::rng::{Purpose, SimRng};
        let mut covered = 0;
        for run in 0..2000 {
            let mut stream = SimRng::new(7).global(Purpose::new("coverage"), run);
            let mut classic = Classic::default();
            for _ in 0..300 {
                classic.observe_good(if stream.unit() < 0.8 { 1.0 } else { 0.0 });
            }
            covered += u32::from(classic.conservative() <= 0.8);
        }
        let share = f64::from(covered) / 2000.0;
        assert!((0.58..0.70).contains(&share), "{share}");
    }
}
