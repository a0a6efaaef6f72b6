//! Recorded scores against what was realised since.

use crate::score::Evidence;

/// When a score counts as wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreAudit {
    /// How many standard deviations it must be off.
    pub deviations: f64,
    /// How far it must be off beside that, 0–1: what is smaller doesn't matter.
    pub least: f64,
    /// How many cases there must be.
    pub cases: f64,
}

impl Default for ScoreAudit {
    fn default() -> Self {
        Self { deviations: 3.0, least: 0.1, cases: 10.0 }
    }
}

/// How far a recorded score is from what was realised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deviation {
    /// The score that was recorded, 0–1.
    pub recorded: f64,
    /// The share of cases that were good since, 0–1.
    pub realised: f64,
    /// `recorded − realised`: above 0 if too much was promised.
    pub difference: f64,
    /// The same in standard deviations of what chance would do.
    pub deviations: f64,
    /// Whether that is too much.
    pub wrong: bool,
}

impl ScoreAudit {
    /// Compares a score with what was realised since it was recorded; nothing if there were too few cases.
    #[must_use]
    pub fn compare(&self, recorded: f64, realised: Evidence) -> Option<Deviation> {
        let cases = realised.amount();
        let share = realised.share().filter(|_| cases >= self.cases)?;
        let difference = recorded - share;
        // The spread of a share of which recorded and realised are the two estimates there are.
        let middle = (0.5 * (recorded + share)).clamp(0.5 / cases, 1.0 - 0.5 / cases);
        let deviations = difference / (middle * (1.0 - middle) / cases).sqrt();
        let wrong = deviations.abs() > self.deviations && difference.abs() > self.least;
        Some(Deviation { recorded, realised: share, difference, deviations, wrong })
    }

    /// The evidence that is right: what was realised, where the recorded one is wrong.
    #[must_use]
    pub fn correct(&self, recorded: Evidence, realised: Evidence) -> Evidence {
        match self.compare(recorded.score(), realised) {
            Some(deviation) if deviation.wrong => realised,
            _ => recorded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_that_promised_too_much_is_wrong_and_corrected() {
        let audit = ScoreAudit::default();
        let (recorded, realised) = (Evidence::new(90.0, 10.0), Evidence::new(8.0, 32.0));
        let deviation = audit.compare(recorded.score(), realised).unwrap();
        assert!(deviation.wrong && deviation.difference > 0.6 && deviation.deviations > 8.0, "{deviation:?}");
        assert_eq!(audit.correct(recorded, realised), realised);
    }

    #[test]
    fn what_chance_does_is_not_wrong() {
        use agent2028_core::rng::{Purpose, SimRng};
        let audit = ScoreAudit::default();
        let mut wrong = 0;
        for run in 0..2000 {
            let mut stream = SimRng::new(4).global(Purpose::new("audit"), run);
            let good = (0..50).filter(|_| stream.unit() < 0.8).count() as f64;
            wrong += u32::from(audit.compare(0.8, Evidence::new(good, 50.0 - good)).unwrap().wrong);
        }
        assert!(wrong <= 20, "{wrong} of 2000");
    }

    #[test]
    fn few_cases_and_small_differences_say_nothing() {
        let audit = ScoreAudit::default();
        assert_eq!(audit.compare(0.9, Evidence::new(0.0, 9.0)), None);
        assert!(!audit.compare(0.9, Evidence::new(850_000.0, 150_000.0)).unwrap().wrong);
        assert!(audit.compare(1.0, Evidence::new(0.0, 20.0)).unwrap().deviations.is_finite());
    }
}
