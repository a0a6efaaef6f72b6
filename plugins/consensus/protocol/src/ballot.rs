//! What a voter says in a pool, and how what all say is summed up.

use serde::{Deserialize, Serialize};

use crate::quorum::{PARTS, Share};

/// An option of a pool, from 0.
pub type OptionId = u16;

/// How voters say what they want, and how that is summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Method {
    /// One option each; the pool's rule says whether the heaviest decides.
    Single,
    /// One option each, with the confidence that it is right; the highest sum of confidence × weight wins.
    Confidence,
    /// All options that are good enough; the most approved wins.
    Approval,
    /// All options in order of preference, by Schulze's method.
    Ranked,
    /// Votes for and against options that cost their squares (Lalley & Weyl 2018).
    Quadratic {
        /// What each voter may spend.
        credits: u32,
    },
}

/// What a voter wants.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Choice {
    /// This option.
    Option(OptionId),
    /// This option, with a confidence in parts per million.
    Confident(OptionId, u32),
    /// All these options, ascending.
    Approved(Vec<OptionId>),
    /// Groups of options, the most wanted first; those in a group are wanted alike, and those in none less than all others.
    Ranking(Vec<Vec<OptionId>>),
    /// So many votes for each of these options, against it if negative; ascending by option.
    Votes(Vec<(OptionId, i32)>),
}

/// Why a choice can't be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    /// It is of another kind than the pool asks for.
    #[error("the pool asks for another kind of vote")]
    OtherKind,
    /// There is no such option.
    #[error("there is no option {0}")]
    NoOption(OptionId),
    /// Options are not ascending, or one stands there twice.
    #[error("option {0} stands there twice, or not in order")]
    Twice(OptionId),
    /// The confidence is more than certainty.
    #[error("a confidence of {0} parts per million is more than certain")]
    TooConfident(u32),
    /// The votes cost more than a voter may spend.
    #[error("the votes cost {cost} of {credits} credits")]
    TooDear {
        /// What they cost.
        cost: u64,
        /// What a voter may spend.
        credits: u32,
    },
}

/// What so many votes for an option cost: their square.
#[must_use]
pub const fn quadratic_cost(votes: i32) -> u64 {
    votes.unsigned_abs() as u64 * votes.unsigned_abs() as u64
}

fn ascending(options: impl Iterator<Item = OptionId>, number: u16) -> Result<(), ChoiceError> {
    let mut least = 0;
    for option in options {
        if option >= number {
            return Err(ChoiceError::NoOption(option));
        }
        if u32::from(option) < least {
            return Err(ChoiceError::Twice(option));
        }
        least = u32::from(option) + 1;
    }
    Ok(())
}

impl Method {
    /// Checks a choice among so many options.
    ///
    /// # Errors
    ///
    /// If the choice is of another kind, names an option that there is not or one twice, or claims too much.
    pub fn check(self, choice: &Choice, options: u16) -> Result<(), ChoiceError> {
        match (self, choice) {
            (Self::Single, Choice::Option(option)) => ascending([*option].into_iter(), options),
            (Self::Confidence, Choice::Confident(option, confidence)) => {
                ascending([*option].into_iter(), options)?;
                if *confidence > PARTS { Err(ChoiceError::TooConfident(*confidence)) } else { Ok(()) }
            }
            (Self::Approval, Choice::Approved(approved)) => ascending(approved.iter().copied(), options),
            (Self::Ranked, Choice::Ranking(groups)) => {
                let mut all: Vec<OptionId> = groups.iter().flatten().copied().collect();
                all.sort_unstable();
                ascending(all.into_iter(), options)
            }
            (Self::Quadratic { credits }, Choice::Votes(votes)) => {
                ascending(votes.iter().map(|(option, _)| *option), options)?;
                let cost = votes.iter().fold(0_u64, |sum, (_, votes)| sum.saturating_add(quadratic_cost(*votes)));
                if cost > credits.into() { Err(ChoiceError::TooDear { cost, credits }) } else { Ok(()) }
            }
            _ => Err(ChoiceError::OtherKind),
        }
    }
}

/// What options got together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Of each option: confidence is in parts per million.
    pub scores: Vec<i128>,
    /// How many voted for each option.
    pub voters: Vec<u32>,
    /// How many voted.
    pub all: u32,
    /// The weight of all that voted.
    pub weight: u64,
}

impl Sums {
    /// Sums choices up that were checked, each with its voter's weight. Rankings have no sum.
    #[must_use]
    pub fn of<'a>(choices: impl Iterator<Item = (u64, &'a Choice)>, options: u16) -> Self {
        let options = usize::from(options);
        let mut sums = Self { scores: vec![0; options], voters: vec![0; options], all: 0, weight: 0 };
        for (weight, choice) in choices {
            sums.all += 1;
            sums.weight = sums.weight.saturating_add(weight);
            let weight = i128::from(weight);
            let mut add = |option: OptionId, score: i128| {
                sums.scores[usize::from(option)] += score;
                sums.voters[usize::from(option)] += 1;
            };
            match choice {
                Choice::Option(option) => add(*option, weight),
                Choice::Confident(option, confidence) => add(*option, weight * i128::from(*confidence)),
                Choice::Approved(approved) => approved.iter().for_each(|option| add(*option, weight)),
                Choice::Votes(votes) => {
                    votes.iter().for_each(|(option, votes)| add(*option, weight * i128::from(*votes)));
                }
                Choice::Ranking(_) => {}
            }
        }
        sums
    }

    /// The options with the highest score, ascending; none if nothing scored above nothing.
    #[must_use]
    pub fn highest(&self) -> Vec<OptionId> {
        let most = self.scores.iter().copied().max().filter(|most| *most > 0);
        let each = self.scores.iter().enumerate();
        each.filter(|(_, score)| Some(**score) == most).map(|(option, _)| option as OptionId).collect()
    }

    /// The winning score as a share of the weight of all that voted, at most 1.
    #[must_use]
    pub fn confidence(&self, option: OptionId) -> Share {
        let whole = u128::from(self.weight) * u128::from(PARTS);
        let score = self.scores.get(usize::from(option)).map_or(0, |score| (*score).max(0).unsigned_abs());
        if whole == 0 {
            return Share::NONE;
        }
        // Rounded to a part in a million.
        Share::ppm(u32::try_from((score.saturating_mul(PARTS.into()) + whole / 2) / whole).unwrap_or(PARTS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn votes_cost_their_squares() {
        // The table of the Wikipedia article "Quadratic voting".
        assert_eq!([1, 2, 3, 4, 5].map(quadratic_cost), [1, 4, 9, 16, 25]);
        assert_eq!(quadratic_cost(i32::MIN), 1 << 62);
        let method = Method::Quadratic { credits: 100 };
        assert_eq!(method.check(&Choice::Votes(vec![(0, 6), (2, -8)]), 3), Ok(()));
        let too_dear = ChoiceError::TooDear { cost: 101, credits: 100 };
        assert_eq!(method.check(&Choice::Votes(vec![(0, 10), (1, 1)]), 3), Err(too_dear));
        assert_eq!(method.check(&Choice::Votes(vec![(0, 1), (0, 1)]), 3), Err(ChoiceError::Twice(0)));
    }

    #[test]
    fn choices_that_cannot_be_counted_are_refused() {
        assert_eq!(Method::Single.check(&Choice::Option(2), 2), Err(ChoiceError::NoOption(2)));
        assert_eq!(Method::Single.check(&Choice::Confident(1, 5), 2), Err(ChoiceError::OtherKind));
        assert_eq!(
            Method::Confidence.check(&Choice::Confident(0, 1_000_001), 2),
            Err(ChoiceError::TooConfident(1_000_001))
        );
        assert_eq!(Method::Approval.check(&Choice::Approved(vec![1, 0]), 2), Err(ChoiceError::Twice(0)));
        assert_eq!(Method::Ranked.check(&Choice::Ranking(vec![vec![1], vec![0, 1]]), 2), Err(ChoiceError::Twice(1)));
        assert_eq!(Method::Ranked.check(&Choice::Ranking(vec![vec![1]]), 2), Ok(()));
        assert_eq!(
            Method::Ranked.check(&Choice::Ranking(vec![vec![u16::MAX]]), u16::MAX),
            Err(ChoiceError::NoOption(u16::MAX))
        );
    }

    #[test]
    fn the_winner_s_confidence_is_its_share_of_the_weight() {
        // Approve 0.9 · 1.0, approve 0.8 · 1.0, reject 0.9 · 1.0: confidence 1.7/3.
        let choices = [Choice::Confident(0, 900_000), Choice::Confident(0, 800_000), Choice::Confident(1, 900_000)];
        let sums = Sums::of(choices.iter().map(|choice| (1_000_000, choice)), 2);
        assert_eq!(sums.highest(), [0]);
        assert_eq!(sums.confidence(0), Share::of(1.7 / 3.0));
        assert_eq!(Sums::of(std::iter::empty(), 2).highest(), []);
        let certain = Choice::Confident(1, PARTS);
        assert_eq!(Sums::of([(u64::MAX, &certain), (u64::MAX, &certain)].into_iter(), 2).confidence(1), Share::ALL);
    }
}
