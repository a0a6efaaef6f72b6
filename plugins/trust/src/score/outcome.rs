//! How something that an agent was asked for turned out.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// How something that an agent was asked for turned out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum Outcome {
    /// It was done: +0.8.
    #[default]
    Success,
    /// It took too long: −0.3.
    Timeout,
    /// A share of it (0–1) went wrong: −0.5 times the share.
    PartialFailure(f32),
    /// It failed: −1.
    Failure,
}

impl Outcome {
    /// What it is worth, δ, from −1 to 1. A share that isn't a number counts as 1.
    #[must_use]
    pub fn delta(self) -> f64 {
        match self {
            Self::Success => 0.8,
            Self::Timeout => -0.3,
            Self::PartialFailure(share) if share.is_nan() => -0.5,
            Self::PartialFailure(share) => -0.5 * f64::from(share.clamp(0.0, 1.0)),
            Self::Failure => -1.0,
        }
    }

    /// The share of it that counts as good, `0.5 + δ/2`, 0–1.
    #[must_use]
    pub fn good(self) -> f64 {
        0.5 + self.delta() / 2.0
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Timeout => "timeout",
            Self::PartialFailure(_) => "partial failure",
            Self::Failure => "failure",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_worth_what_is_written() {
        let worth =
            [Outcome::Success, Outcome::Timeout, Outcome::PartialFailure(0.4), Outcome::Failure].map(Outcome::delta);
        assert_eq!(worth, [0.8, -0.3, -0.5 * f64::from(0.4_f32), -1.0]);
        assert_eq!(Outcome::PartialFailure(f32::NAN).delta(), -0.5);
        assert_eq!(Outcome::PartialFailure(7.0).delta(), -0.5);
        assert_eq!((Outcome::Success.good(), Outcome::Failure.good()), (0.9, 0.0));
    }
}
