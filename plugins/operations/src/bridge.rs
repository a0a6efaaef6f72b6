//! How an individual's request becomes a swarm's operation, and its answers one again.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// What stands in front of the names of swarm operations.
const PREFIX: &str = "swarm_";

/// The swarm's name for an individual's capability: `database.query` becomes `swarm_database.query`.
#[must_use]
pub fn swarm_name(capability: &str) -> String {
    format!("{PREFIX}{capability}")
}

/// The individual's name for a swarm's capability, if it is one.
#[must_use]
pub fn individual_name(capability: &str) -> Option<&str> {
    capability.strip_prefix(PREFIX)
}

/// How the answers of a swarm's members become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum Reducer {
    /// The first answer that comes.
    First,
    /// All members must answer, and alike.
    All,
    /// What more than half of the members answer.
    #[default]
    Majority,
    /// Each member does its part, and the parts are added; none may be missing.
    Sum,
}

/// What is known of an operation that was split over members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// More answers are needed.
    Open,
    /// The answer.
    Answer(i64),
    /// There can be no answer any more.
    Impossible,
}

impl Reducer {
    /// Combines the answers that came so far, in the order in which they came (`None`: a member failed), of `parts` members.
    #[must_use]
    pub fn combine(self, answers: &[Option<i64>], parts: usize) -> Verdict {
        let open = parts.saturating_sub(answers.len());
        let failed = answers.iter().any(Option::is_none);
        match self {
            Self::First => match answers.iter().flatten().next() {
                Some(answer) => Verdict::Answer(*answer),
                None if open == 0 => Verdict::Impossible,
                None => Verdict::Open,
            },
            Self::All => match answers.first() {
                _ if failed || answers.windows(2).any(|pair| pair[0] != pair[1]) => Verdict::Impossible,
                Some(Some(answer)) if open == 0 => Verdict::Answer(*answer),
                _ if open == 0 => Verdict::Impossible,
                _ => Verdict::Open,
            },
            Self::Majority => {
                let votes = |answer: &i64| answers.iter().flatten().filter(|other| *other == answer).count();
                let best = answers.iter().flatten().map(|answer| (votes(answer), *answer)).max_by_key(|best| best.0);
                match best {
                    Some((votes, answer)) if 2 * votes > parts => Verdict::Answer(answer),
                    best if 2 * (best.map_or(0, |best| best.0) + open) <= parts => Verdict::Impossible,
                    _ => Verdict::Open,
                }
            }
            Self::Sum if failed => Verdict::Impossible,
            Self::Sum if open > 0 => Verdict::Open,
            Self::Sum => Verdict::Answer(answers.iter().flatten().fold(0, |sum: i64, part| sum.saturating_add(*part))),
        }
    }

    /// What the `part`-th of `parts` members answers to a question whose answer is `whole`, if it answers rightly.
    #[must_use]
    pub fn answer_of(self, whole: i64, part: usize, parts: usize) -> i64 {
        match self {
            Self::Sum => {
                let (parts, part) = (parts.max(1) as i64, part as i64);
                whole / parts + i64::from(part < whole % parts)
            }
            Self::First | Self::All | Self::Majority => whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Answer, Impossible, Open};

    #[test]
    fn names_are_translated_there_and_back() {
        assert_eq!(swarm_name("database.query"), "swarm_database.query");
        assert_eq!(individual_name("swarm_database.query"), Some("database.query"));
        assert_eq!(individual_name("database.query"), None);
    }

    #[test]
    fn the_first_answer_counts_even_after_failures() {
        assert_eq!(Reducer::First.combine(&[], 3), Open);
        assert_eq!(Reducer::First.combine(&[None, Some(4)], 3), Answer(4));
        assert_eq!(Reducer::First.combine(&[None, None], 2), Impossible);
    }

    #[test]
    fn all_must_answer_alike() {
        assert_eq!(Reducer::All.combine(&[Some(4), Some(4)], 3), Open);
        assert_eq!(Reducer::All.combine(&[Some(4), Some(4), Some(4)], 3), Answer(4));
        assert_eq!(Reducer::All.combine(&[Some(4), Some(5)], 3), Impossible);
        assert_eq!(Reducer::All.combine(&[None], 3), Impossible);
    }

    #[test]
    fn more_than_half_is_a_majority_as_soon_as_it_is_there() {
        assert_eq!(Reducer::Majority.combine(&[Some(4), None, Some(4)], 5), Open);
        assert_eq!(Reducer::Majority.combine(&[Some(4), None, Some(4), Some(4)], 5), Answer(4));
        assert_eq!(Reducer::Majority.combine(&[Some(4), Some(5)], 2), Impossible);
        assert_eq!(Reducer::Majority.combine(&[None, None, None], 5), Impossible);
        assert_eq!(Reducer::Majority.combine(&[Some(1), Some(2), Some(2), Some(1)], 5), Open);
    }

    #[test]
    fn parts_add_up_and_none_may_be_missing() {
        let parts: Vec<Option<i64>> = (0..4).map(|part| Some(Reducer::Sum.answer_of(1003, part, 4))).collect();
        assert_eq!(Reducer::Sum.combine(&parts[..3], 4), Open);
        assert_eq!(Reducer::Sum.combine(&parts, 4), Answer(1003));
        assert_eq!(Reducer::Sum.combine(&[Some(1), None], 4), Impossible);
    }
}
