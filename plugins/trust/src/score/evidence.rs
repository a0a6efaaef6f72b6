//! The sound score: evidence for and against an agent, and what a Beta distribution makes of it (Jøsang & Ismail 2002).

use bevy::prelude::*;
use libm::exp2;
use serde::{Deserialize, Serialize};

use super::beta::Beta;
use super::outcome::Outcome;

/// Evidence for (`r`) and against (`s`), in outcomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// For.
    pub r: f64,
    /// Against.
    pub s: f64,
}

/// How a lower bound of trust is worked out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum Bound {
    /// The 2.5 % quantile of the Beta distribution.
    #[default]
    BetaQuantile,
    /// The lower end of Wilson's 95 % interval (Wilson 1927).
    Wilson,
    /// None: the score itself. Who is unknown counts as much as who is known to be middling.
    None,
}

/// The quantile of the standard normal distribution that leaves 2.5 % above it.
const Z: f64 = 1.959_963_984_540_054;

/// Wilson's lower bound for a share `p` (0–1) seen in `n` cases, at `z` standard deviations; 0 without any case.
#[must_use]
pub fn wilson(p: f64, n: f64, z: f64) -> f64 {
    if n.is_nan() || n <= 0.0 {
        return 0.0;
    }
    let z2 = z * z;
    let centre = p + z2 / (2.0 * n);
    let spread = z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    ((centre - spread) / (1.0 + z2 / n)).clamp(0.0, 1.0)
}

impl Evidence {
    /// Evidence of so much for and against; what isn't finite, or is below 0, counts as 0.
    #[must_use]
    pub fn new(r: f64, s: f64) -> Self {
        let sane = |value: f64| if value.is_finite() && value > 0.0 { value } else { 0.0 };
        Self { r: sane(r), s: sane(s) }
    }

    /// Takes an outcome into account, `weight` times.
    pub fn observe(&mut self, outcome: Outcome, weight: f64) {
        self.add(outcome.good(), weight);
    }

    /// Takes `weight` cases into account of which a share, 0–1, was good.
    pub fn add(&mut self, good: f64, weight: f64) {
        let good = good.clamp(0.0, 1.0);
        *self = Self::new(self.r + good * weight, self.s + (1.0 - good) * weight);
    }

    /// How much there is.
    #[must_use]
    pub fn amount(&self) -> f64 {
        self.r + self.s
    }

    /// The share that speaks for the agent; nothing without evidence.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        (self.amount() > 0.0).then(|| self.r / self.amount())
    }

    /// The score `(r + 1)/(r + s + 2)`, 0–1.
    #[must_use]
    pub fn score(&self) -> f64 {
        (self.r + 1.0) / (self.amount() + 2.0)
    }

    /// How sure the score is, 0–1: the share of it that evidence makes up, `(r + s)/(r + s + 2)`.
    #[must_use]
    pub fn confidence(&self) -> f64 {
        self.amount() / (self.amount() + 2.0)
    }

    /// A lower bound of the score.
    #[must_use]
    pub fn conservative(&self, bound: Bound) -> f64 {
        match bound {
            Bound::BetaQuantile => Beta::new(self.r + 1.0, self.s + 1.0).quantile(0.025),
            Bound::Wilson => wilson(self.share().unwrap_or(0.0), self.amount(), Z),
            Bound::None => self.score(),
        }
    }

    /// What is left of it when a share `kept` (0–1) is.
    #[must_use]
    pub fn faded(&self, kept: f64) -> Self {
        Self::new(self.r * kept, self.s * kept)
    }
}

/// How fast evidence fades.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Fading {
    /// Halvings per day; 0 for none.
    halvings_per_day: f64,
}

impl Fading {
    /// A share `kept` (above 0, at most 1) is left after a day.
    #[must_use]
    pub fn per_day(kept: f64) -> Self {
        let halvings = -libm::log2(kept.clamp(f64::MIN_POSITIVE, 1.0));
        Self { halvings_per_day: halvings }
    }

    /// Half is left after so many seconds.
    #[must_use]
    pub fn half_life_s(seconds: f64) -> Self {
        let halvings = if seconds > 0.0 { 86_400.0 / seconds } else { f64::MAX };
        Self { halvings_per_day: halvings }
    }

    /// Whether nothing fades.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.halvings_per_day <= 0.0
    }

    /// How often evidence halves within so many days.
    #[must_use]
    pub fn halvings(&self, days: f64) -> f64 {
        self.halvings_per_day * days.max(0.0)
    }

    /// The share that is left after so many days.
    #[must_use]
    pub fn kept(&self, days: f64) -> f64 {
        exp2(-self.halvings(days))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn near(one: f64, other: f64, within: f64) {
        assert!((one - other).abs() <= within, "{one} is not {other}");
    }

    #[test]
    fn eight_for_and_two_against_give_0_75() {
        assert_eq!(Evidence::new(8.0, 2.0).score(), 0.75);
        assert_eq!(Evidence::default().score(), 0.5);
    }

    #[test]
    fn nine_of_ten_are_bounded_by_0_5958_and_0_5872() {
        let evidence = Evidence::new(9.0, 1.0);
        near(evidence.conservative(Bound::Wilson), 0.5958, 5e-5);
        near(evidence.conservative(Bound::BetaQuantile), 0.5872, 5e-5);
        near(evidence.conservative(Bound::None), 10.0 / 12.0, 1e-15);
    }

    #[test]
    fn nothing_known_is_worth_next_to_nothing_to_the_careful() {
        near(Evidence::default().conservative(Bound::BetaQuantile), 0.025, 1e-12);
        assert_eq!(Evidence::default().conservative(Bound::Wilson), 0.0);
    }

    /// Unlike the classic interval, this one covers what it says.
    #[test]
    fn the_bound_covers_what_it_says() {
        use agent2028_core::rng::{Purpose, SimRng};
        let mut covered = 0;
        for run in 0..4000 {
            let mut stream = SimRng::new(7).global(Purpose::new("coverage"), run);
            let mut evidence = Evidence::default();
            for _ in 0..50 {
                evidence.add(if stream.unit() < 0.8 { 1.0 } else { 0.0 }, 1.0);
            }
            covered += u32::from(evidence.conservative(Bound::BetaQuantile) <= 0.8);
        }
        let share = f64::from(covered) / 4000.0;
        assert!((0.96..=1.0).contains(&share), "{share}");
    }

    #[test]
    fn fading_is_told_by_days_or_by_half_lives() {
        near(Fading::per_day(0.9).kept(2.0), 0.81, 1e-12);
        near(Fading::half_life_s(3600.0).kept(1.0 / 24.0), 0.5, 1e-12);
        assert!(Fading::per_day(1.0).is_none() && Fading::default().kept(1e9) == 1.0);
        assert_eq!(Fading::half_life_s(0.0).kept(1.0), 0.0);
    }

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn fading_composes(r in 0.0..1e6_f64, s in 0.0..1e6_f64, one in 0.0..50.0_f64, other in 0.0..50.0_f64) {
            let (evidence, fading) = (Evidence::new(r, s), Fading::per_day(0.93));
            let twice = evidence.faded(fading.kept(one)).faded(fading.kept(other));
            let once = evidence.faded(fading.kept(one + other));
            prop_assert!((twice.r - once.r).abs() <= 1e-9 * (1.0 + once.r));
            prop_assert!((twice.s - once.s).abs() <= 1e-9 * (1.0 + once.s));
        }

        #[test]
        fn scores_stay_between_0_and_1(steps in prop::collection::vec((0_u8..5, 0.0..1.0_f32, 0.0..400.0_f64), 0..200)) {
            let (mut evidence, mut classic) = (Evidence::default(), super::super::Classic::default());
            let fading = Fading::per_day(0.9);
            for (kind, share, age) in steps {
                let outcome = match kind {
                    0 => Outcome::Success,
                    1 => Outcome::Timeout,
                    2 => Outcome::PartialFailure(share),
                    3 => Outcome::Failure,
                    _ => Outcome::PartialFailure(f32::NAN),
                };
                evidence = evidence.faded(fading.kept(age));
                evidence.observe(outcome, f64::from(share));
                classic.observe(outcome);
                let aged = classic.aged(age, 30.0);
                for value in [
                    evidence.score(), evidence.confidence(), evidence.conservative(Bound::Wilson),
                    evidence.conservative(Bound::BetaQuantile), classic.score, classic.conservative(),
                    classic.confidence(), aged.score, aged.confidence(), aged.conservative(),
                ] {
                    prop_assert!((0.0..=1.0).contains(&value), "{value}");
                }
            }
        }
    }
}
