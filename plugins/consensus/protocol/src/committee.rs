//! Voters with voting power, and the rotation of proposers by it.
//!
//! The rotation is `CometBFT`'s (its specification, "Proposer selection procedure"): in each round everybody's priority grows by
//! the own power, whoever has the highest proposes, and pays the power of all for it. So the share of proposals is the share of
//! power, and nobody proposes again before those who wait longer.

use serde::{Deserialize, Serialize};

use crate::message::{Height, Round, Voter};

/// The most voting power that a committee may have together: an eighth of the largest signed number, as in `CometBFT`, so that
/// priorities never leave 64 bits.
pub const MOST_POWER: u64 = i64::MAX as u64 / 8;

/// The most voters that a committee may have.
pub const MOST_VOTERS: usize = 1 << 15;

/// Why there is no such committee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitteeError {
    /// Nobody votes.
    #[error("a committee needs at least one voter")]
    Empty,
    /// There are more voters than a committee may have.
    #[error("{0} voters are more than the {MOST_VOTERS} that a committee may have")]
    TooMany(usize),
    /// A voter has no power.
    #[error("voter {0} has no voting power")]
    NoPower(usize),
    /// All powers together are too large.
    #[error("the voting powers add up to more than {MOST_POWER}")]
    TooMuchPower,
}

/// Who votes, with which power. Voters are numbered from 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Committee {
    powers: Vec<u64>,
    total: u64,
}

impl Committee {
    /// The committee of voters with these powers.
    ///
    /// # Errors
    ///
    /// If there are no voters or too many, or if a power is 0 or the sum too large.
    pub fn new(powers: Vec<u64>) -> Result<Self, CommitteeError> {
        if powers.is_empty() {
            return Err(CommitteeError::Empty);
        }
        if powers.len() > MOST_VOTERS {
            return Err(CommitteeError::TooMany(powers.len()));
        }
        if let Some(powerless) = powers.iter().position(|power| *power == 0) {
            return Err(CommitteeError::NoPower(powerless));
        }
        let total = powers.iter().try_fold(0_u64, |sum, power| sum.checked_add(*power));
        let total = total.filter(|total| *total <= MOST_POWER).ok_or(CommitteeError::TooMuchPower)?;
        Ok(Self { powers, total })
    }

    /// Whether it keeps its own rules, as what was read from a file may not.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        Self::new(self.powers.clone()).as_ref() == Ok(self)
    }

    /// How many voters there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.powers.len()
    }

    /// Never: a committee has a voter.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.powers.is_empty()
    }

    /// The power of a voter; 0 for who is none.
    #[must_use]
    #[inline]
    pub fn power(&self, voter: Voter) -> u64 {
        self.powers.get(usize::from(voter.0)).copied().unwrap_or(0)
    }

    /// Whether there is such a voter.
    #[must_use]
    pub fn contains(&self, voter: Voter) -> bool {
        usize::from(voter.0) < self.powers.len()
    }

    /// The power of all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Whether so much power is more than two thirds: what decides.
    #[must_use]
    #[inline]
    pub fn is_quorum(&self, power: u64) -> bool {
        3 * u128::from(power) > 2 * u128::from(self.total)
    }

    /// Whether so much power is more than a third: at least one honest voter is among them.
    #[must_use]
    #[inline]
    pub fn has_honest(&self, power: u64) -> bool {
        3 * u128::from(power) > u128::from(self.total)
    }
}

/// Everybody's priority to propose.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Rotation {
    priorities: Vec<i64>,
    proposer: Voter,
}

/// How far priorities may lie apart, in powers of all.
const WINDOW: i128 = 2;

impl Rotation {
    /// Where nobody has proposed yet, one step on.
    fn new(committee: &Committee) -> Self {
        let mut rotation = Self { priorities: vec![0; committee.len()], proposer: Voter(0) };
        rotation.advance(committee, 1);
        rotation
    }

    /// Goes `times` rounds on at once. Before, priorities are drawn together if they lie too far apart, and centred.
    fn advance(&mut self, committee: &Committee, times: u32) {
        self.draw_together(committee);
        self.centre();
        for _ in 0..times {
            self.step(committee);
        }
    }

    fn draw_together(&mut self, committee: &Committee) {
        let most = self.priorities.iter().max().map_or(0, |most| i128::from(*most));
        let least = self.priorities.iter().min().map_or(0, |least| i128::from(*least));
        let (apart, allowed) = (most - least, WINDOW * i128::from(committee.total));
        if apart > allowed {
            let ratio = (apart + allowed - 1) / allowed;
            for priority in &mut self.priorities {
                // A number divided by one of at least 1 stays within its bits.
                *priority = (i128::from(*priority) / ratio) as i64;
            }
        }
    }

    fn centre(&mut self) {
        let sum: i128 = self.priorities.iter().map(|priority| i128::from(*priority)).sum();
        let mean = sum.div_euclid(self.priorities.len() as i128) as i64;
        for priority in &mut self.priorities {
            *priority = priority.saturating_sub(mean);
        }
    }

    fn step(&mut self, committee: &Committee) {
        let mut first = 0;
        for (at, power) in committee.powers.iter().enumerate() {
            self.priorities[at] = self.priorities[at].saturating_add(*power as i64);
            // Of equals the one with the lowest number.
            if self.priorities[at] > self.priorities[first] {
                first = at;
            }
        }
        self.priorities[first] = self.priorities[first].saturating_sub(committee.total as i64);
        self.proposer = Voter(first as u16);
    }
}

/// Who proposes in which round of a height. That depends on height and round alone, not on which rounds a voter went through:
/// rounds that were skipped count like those that were not, and the next height begins one step after where this one began.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Proposers {
    /// As it is in round 0. All else follows from it, so it alone is compared.
    first: Rotation,
    /// As it is in the last round that somebody asked about.
    last: Rotation,
    /// The proposers of the rounds from 0 to that one.
    known: Vec<Voter>,
}

impl PartialEq for Proposers {
    fn eq(&self, other: &Self) -> bool {
        self.first == other.first
    }
}

impl Eq for Proposers {}

impl std::hash::Hash for Proposers {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.first.hash(state);
    }
}

impl Proposers {
    /// The proposers of the first height, which is 1.
    #[must_use]
    pub fn new(committee: &Committee) -> Self {
        Self::from(Rotation::new(committee))
    }

    /// The proposers of a height.
    #[must_use]
    pub fn at_height(committee: &Committee, height: Height) -> Self {
        let mut rotation = Rotation::new(committee);
        for _ in 1..height {
            rotation.advance(committee, 1);
        }
        Self::from(rotation)
    }

    fn from(first: Rotation) -> Self {
        let (last, known) = (first.clone(), vec![first.proposer]);
        Self { first, last, known }
    }

    /// The proposers of the height after this one.
    #[must_use]
    pub fn of_next_height(&self, committee: &Committee) -> Self {
        let mut first = self.first.clone();
        first.advance(committee, 1);
        Self::from(first)
    }

    /// Whether they are proposers of this committee, as what was read from a file may not be.
    #[must_use]
    pub fn fit(&self, committee: &Committee) -> bool {
        let of = |rotation: &Rotation| rotation.priorities.len() == committee.len();
        of(&self.first)
            && of(&self.last)
            && !self.known.is_empty()
            && self.known.iter().all(|of| committee.contains(*of))
    }

    /// Who proposes in a round. The work grows with the round, the first time that it is asked about.
    pub fn of_round(&mut self, committee: &Committee, round: Round) -> Voter {
        let missing = (round as usize + 1).saturating_sub(self.known.len());
        for _ in 0..missing {
            self.last.advance(committee, 1);
            self.known.push(self.last.proposer);
        }
        self.known[round as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(powers: &[u64], number: usize) -> Vec<u16> {
        let committee = Committee::new(powers.to_vec()).unwrap();
        let mut proposers = Proposers::new(&committee);
        (0..number as u32).map(|round| proposers.of_round(&committee, round).0).collect()
    }

    /// `CometBFT`'s `types/validator_set_test.go`, `TestProposerSelection1`: its three voters by address.
    const PUBLISHED: &str = "foo baz foo bar foo foo baz foo bar foo foo baz foo foo bar foo baz foo foo bar \
        foo foo baz foo bar foo foo baz foo bar foo foo baz foo foo bar foo baz foo foo bar \
        foo baz foo foo bar foo baz foo foo bar foo baz foo foo foo baz bar foo foo foo baz \
        foo bar foo foo baz foo bar foo foo baz foo bar foo foo baz foo bar foo foo baz foo \
        foo bar foo baz foo foo bar foo baz foo foo bar foo baz foo foo";

    #[test]
    fn proposers_follow_the_sequence_that_cometbft_publishes() {
        let names = ["bar", "baz", "foo"];
        let ours: Vec<&str> = sequence(&[300, 330, 1000], 99).iter().map(|voter| names[usize::from(*voter)]).collect();
        let theirs: Vec<&str> = PUBLISHED.split_whitespace().collect();
        assert_eq!(theirs.len(), 99);
        assert_eq!(ours, theirs);
        // The same whether rounds or heights go by.
        let committee = Committee::new(vec![300, 330, 1000]).unwrap();
        let mut of_height = Proposers::new(&committee);
        for theirs in &theirs {
            assert_eq!(names[usize::from(of_height.of_round(&committee, 0).0)], *theirs);
            of_height = of_height.of_next_height(&committee);
        }
    }

    /// `TestProposerSelection2`.
    #[test]
    fn equals_take_turns_and_shares_of_proposals_are_shares_of_power() {
        assert_eq!(sequence(&[100; 3], 15), [0, 1, 2].repeat(5));
        assert_eq!(sequence(&[100, 100, 400], 2), [2, 0], "not enough to propose twice in a row");
        assert_eq!(sequence(&[100, 100, 401], 3), [2, 2, 0], "enough to propose twice in a row");
        let of_120 = sequence(&[4, 5, 3], 120);
        assert_eq!([0, 1, 2].map(|voter| of_120.iter().filter(|other| **other == voter).count()), [40, 50, 30]);
    }

    /// `TestAveragingInIncrementProposerPriorityWithVotingPower`.
    #[test]
    fn priorities_are_those_that_cometbft_publishes() {
        let committee = Committee::new(vec![10, 1, 1]).unwrap();
        for (times, wanted, proposer) in [
            (1, [10 - 12, 1, 1], 0),
            (2, [2 * 10 - 2 * 12, 2, 2], 0),
            (4, [4 * (10 - 12), 4, 4], 0),
            (5, [5 * 10 - 4 * 12, 5 - 12, 5], 1),
            (8, [8 * 10 - 7 * 12, 8 - 12, 8], 0),
            (9, [9 * 10 - 7 * 12, 9 - 12, 9 - 12], 2),
            (11, [11 * 10 - 9 * 12, 11 - 12, 11 - 12], 0),
        ] {
            let mut rotation = Rotation { priorities: vec![0; 3], proposer: Voter(0) };
            rotation.advance(&committee, times);
            assert_eq!((rotation.priorities, rotation.proposer.0), (wanted.to_vec(), proposer), "{times} times");
        }
    }

    /// `TestAveragingInIncrementProposerPriority` and `TestAvgProposerPriority`: priorities are centred, rounding down.
    #[test]
    fn priorities_are_centred_even_at_the_ends_of_the_integers() {
        for (priorities, wanted) in [
            (vec![1, 2, 3], vec![-1, 0, 1]),
            (vec![10, -10, 1], vec![10, -10, 1]),
            (vec![100, -10, 1], vec![70, -40, -29]),
            (vec![i64::MAX, i64::MAX], vec![0, 0]),
            (vec![i64::MIN, i64::MIN], vec![0, 0]),
            (vec![i64::MAX, 0], vec![i64::MAX - i64::MAX / 2, -(i64::MAX / 2)]),
        ] {
            let mut rotation = Rotation { priorities, proposer: Voter(0) };
            rotation.centre();
            assert_eq!(rotation.priorities, wanted);
        }
    }

    #[test]
    fn rounds_that_were_skipped_count_like_those_that_were_not() {
        let committee = Committee::new(vec![3, 1, 4, 1, 5]).unwrap();
        let (mut one_by_one, mut at_once) = (Proposers::new(&committee), Proposers::new(&committee));
        let all: Vec<Voter> = (0..40).map(|round| one_by_one.of_round(&committee, round)).collect();
        assert_eq!(at_once.of_round(&committee, 39), all[39]);
        assert_eq!(at_once.of_round(&committee, 7), all[7]);
        // What happened within a height changes nothing in the next one.
        let untouched = Proposers::new(&committee).of_next_height(&committee);
        assert_eq!(at_once.of_next_height(&committee), untouched);
        assert_eq!(Proposers::at_height(&committee, 2), untouched);
        // Nobody proposes again and again: of equals, each within n rounds.
        let equals = sequence(&[7; 9], 9);
        assert_eq!(equals.iter().collect::<std::collections::BTreeSet<_>>().len(), 9);
    }

    #[test]
    fn powers_near_the_end_of_the_integers_do_not_overflow() {
        let committee = Committee::new(vec![MOST_POWER - 2, 1, 1]).unwrap();
        let mut proposers = Proposers::new(&committee);
        assert!((0..1000).all(|round| proposers.of_round(&committee, round) == Voter(0)));
        assert!(committee.is_quorum(MOST_POWER - 2) && !committee.is_quorum(2) && !committee.has_honest(2));
        assert_eq!(Committee::new(vec![MOST_POWER, 1]), Err(CommitteeError::TooMuchPower));
        assert_eq!(Committee::new(vec![u64::MAX, u64::MAX, u64::MAX]), Err(CommitteeError::TooMuchPower));
        assert_eq!(Committee::new(vec![]), Err(CommitteeError::Empty));
        assert_eq!(Committee::new(vec![1, 0]), Err(CommitteeError::NoPower(1)));
    }

    #[test]
    fn who_has_more_than_two_thirds_decides_and_more_than_one_third_has_somebody_honest() {
        let six = Committee::new(vec![1; 6]).unwrap();
        assert!(!six.is_quorum(0) && !six.is_quorum(2) && !six.is_quorum(4) && six.is_quorum(5));
        assert!(!six.has_honest(0) && !six.has_honest(2) && six.has_honest(3));
    }
}
