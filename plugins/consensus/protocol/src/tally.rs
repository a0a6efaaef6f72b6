//! Which votes of a height were received, and which thresholds they reach.
//!
//! A voter that votes twice in a phase contradicts itself. In the log both votes count, each for its own value, as in the paper
//! (Buchman, Kwon & Milosevic 2018 count messages): what one honest voter has seen a quorum for, the others must be able to see,
//! whichever of the two votes they received first. Two quorums still share more than a third, and so an honest voter. Where any
//! vote counts, a voter counts once.

use serde::{Deserialize, Serialize};

use crate::committee::Committee;
use crate::message::{Certificate, Evidence, Height, Phase, Round, ValueId, Vote, Voter};

/// How a voter voted in a phase of a round, in 32 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Choice(u32);

impl Choice {
    const NOT_YET: Self = Self(0);
    const NONE: Self = Self(1);

    #[inline]
    fn of(value: Option<ValueId>) -> Self {
        // The last two numbers share a choice; who gives values their numbers never comes so far.
        value.map_or(Self::NONE, |value| Self(value.0.saturating_add(2)))
    }

    fn value(self) -> Option<Option<ValueId>> {
        match self {
            Self::NOT_YET => None,
            Self::NONE => Some(None),
            Self(other) => Some(Some(ValueId(other - 2))),
        }
    }
}

/// What a vote changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counted {
    /// The vote that the voter gave before, if it is another one.
    before: Option<Option<ValueId>>,
    /// Whether there is now a quorum for the value, and was not.
    value: bool,
    /// Whether there is now a quorum of votes for anything, and was not.
    any: bool,
}

/// The votes of a phase of a round.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct PhaseVotes {
    /// The first vote of each voter.
    choices: Vec<Choice>,
    /// Second votes of those who contradict themselves, ascending.
    seconds: Vec<(Voter, Choice)>,
    /// The power that voted for each choice, ascending by choice.
    sums: Vec<(Choice, u64)>,
    /// The power of all that voted.
    power: u64,
}

impl PhaseVotes {
    fn new(voters: usize) -> Self {
        Self { choices: vec![Choice::NOT_YET; voters], seconds: Vec::new(), sums: Vec::new(), power: 0 }
    }

    fn power_for(&self, choice: Choice) -> u64 {
        self.sums.iter().find(|(other, _)| *other == choice).map_or(0, |(_, power)| *power)
    }

    fn has_voted(&self, voter: Voter) -> bool {
        self.choices[usize::from(voter.0)] != Choice::NOT_YET
    }

    /// Counts a vote; `None` if it counts already, or is one too many. Votes that stand in a certificate are never too many.
    #[inline]
    fn add(&mut self, committee: &Committee, voter: Voter, choice: Choice, is_certified: bool) -> Option<Counted> {
        let power = committee.power(voter);
        let first = &mut self.choices[usize::from(voter.0)];
        let (mut any, mut before) = (false, None);
        if *first == Choice::NOT_YET {
            *first = choice;
            any = !committee.is_quorum(self.power) && committee.is_quorum(self.power + power);
            self.power += power;
        } else if *first == choice {
            return None;
        } else {
            before = first.value();
            let Err(at) = self.seconds.binary_search(&(voter, choice)) else { return None };
            let has_second = self.seconds.iter().any(|(other, _)| *other == voter);
            if has_second && !is_certified {
                return None;
            }
            self.seconds.insert(at, (voter, choice));
        }
        let value = match self.sums.binary_search_by_key(&choice, |(other, _)| *other) {
            Ok(at) => {
                let sum = &mut self.sums[at].1;
                let had = committee.is_quorum(*sum);
                *sum += power;
                !had && committee.is_quorum(*sum)
            }
            Err(at) => {
                self.sums.insert(at, (choice, power));
                committee.is_quorum(power)
            }
        };
        Some(Counted { before, value, any })
    }

    /// Who voted so, ascending.
    fn signers(&self, choice: Choice) -> Vec<Voter> {
        let firsts = self.choices.iter().enumerate().filter(|(_, other)| **other == choice);
        let mut signers: Vec<Voter> = firsts.map(|(voter, _)| Voter(voter as u16)).collect();
        signers.extend(self.seconds.iter().filter(|(_, other)| *other == choice).map(|(voter, _)| *voter));
        signers.sort_unstable();
        signers
    }

    /// All votes, of those who contradict themselves the first.
    fn votes(&self) -> impl Iterator<Item = (Voter, Option<ValueId>)> + '_ {
        let each = self.choices.iter().enumerate();
        each.filter_map(|(voter, choice)| Some((Voter(voter as u16), choice.value()?)))
    }
}

/// What a vote brought about (the outputs of the vote keeper in the specification of Malachite).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// A quorum prevoted, for different values.
    PolkaAny,
    /// A quorum prevoted for none.
    PolkaNil,
    /// A quorum prevoted for the value.
    PolkaValue(ValueId),
    /// A quorum precommitted, for different values or for none.
    PrecommitAny,
    /// A quorum precommitted for the value.
    PrecommitValue(ValueId),
    /// Somebody honest is in this later round, or beyond.
    Skip(Round),
}

/// The votes of a round.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct RoundVotes {
    round: Round,
    prevotes: PhaseVotes,
    precommits: PhaseVotes,
}

impl RoundVotes {
    fn new(round: Round, voters: usize) -> Self {
        Self { round, prevotes: PhaseVotes::new(voters), precommits: PhaseVotes::new(voters) }
    }

    fn phase(&self, phase: Phase) -> &PhaseVotes {
        match phase {
            Phase::Prevote => &self.prevotes,
            Phase::Precommit => &self.precommits,
        }
    }
}

/// In how many rounds beyond the current one a voter's votes are kept: who lies can't fill the memory with rounds that never come.
/// Votes that are left out still tell which round a voter has reached.
pub const ROUNDS_AHEAD: usize = 2;

/// The votes of a height.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HeightVotes {
    height: Height,
    /// Ascending by round.
    rounds: Vec<RoundVotes>,
    /// The highest round that each voter has voted in, plus one; 0 if it hasn't.
    reached: Vec<Round>,
}

/// What became of a vote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// The threshold that was reached by it.
    pub threshold: Option<Threshold>,
    /// That its voter contradicts itself, if this was not known.
    pub evidence: Option<Evidence>,
}

impl HeightVotes {
    /// No votes of a height.
    #[must_use]
    pub fn new(height: Height, voters: usize) -> Self {
        Self { height, rounds: Vec::new(), reached: vec![0; voters] }
    }

    /// Whether they are votes of this committee, as what was read from a file may not be.
    #[must_use]
    pub fn fit(&self, committee: &Committee) -> bool {
        let mut phases = self.rounds.iter().flat_map(|votes| [&votes.prevotes, &votes.precommits]);
        let fits = |votes: &PhaseVotes| {
            let seconds =
                votes.seconds.iter().all(|(voter, choice)| committee.contains(*voter) && choice.value().is_some());
            let cast = votes.sums.iter().all(|(choice, power)| choice.value().is_some() && *power <= committee.total());
            votes.choices.len() == committee.len() && votes.power <= committee.total() && seconds && cast
        };
        self.reached.len() == committee.len() && phases.all(fits)
    }

    fn of(&self, round: Round) -> Option<&RoundVotes> {
        self.rounds.binary_search_by_key(&round, |votes| votes.round).ok().map(|at| &self.rounds[at])
    }

    /// Whether a voter's votes of a round beyond the current one are too many.
    fn is_too_far_ahead(&self, vote: &Vote, current: Round) -> bool {
        let has_voted =
            |votes: &&RoundVotes| votes.prevotes.has_voted(vote.voter) || votes.precommits.has_voted(vote.voter);
        let ahead = self.rounds.iter().rev().take_while(|votes| votes.round > current);
        vote.round > current
            && ahead.filter(|votes| votes.round != vote.round).filter(has_voted).count() >= ROUNDS_AHEAD
    }

    /// Counts a vote; the voter that counts is in round `current`. Votes of strangers and of other heights change nothing.
    #[inline]
    pub fn add(&mut self, committee: &Committee, vote: &Vote, current: Round) -> Added {
        self.count(committee, vote, current, false)
    }

    /// Counts the votes of a certificate that was checked. Returns the evidence that they hold.
    pub(crate) fn add_certificate(
        &mut self,
        committee: &Committee,
        certificate: &Certificate,
        current: Round,
    ) -> Vec<Evidence> {
        let votes = certificate.votes();
        votes.filter_map(|vote| self.count(committee, &vote, current, true).evidence).collect()
    }

    #[inline]
    fn count(&mut self, committee: &Committee, vote: &Vote, current: Round, is_certified: bool) -> Added {
        if vote.height != self.height || !committee.contains(vote.voter) {
            return Added::default();
        }
        let reached = &mut self.reached[usize::from(vote.voter.0)];
        let is_further = vote.round >= *reached;
        if is_further {
            *reached = vote.round.saturating_add(1);
        }
        let skip = if is_further && vote.round > current { self.round_to_skip_to(committee, current) } else { None };
        let skip = skip.map(Threshold::Skip);
        let at = match self.rounds.binary_search_by_key(&vote.round, |votes| votes.round) {
            Ok(at) if vote.round <= current => at,
            _ if !is_certified && self.is_too_far_ahead(vote, current) => {
                return Added { threshold: skip, evidence: None };
            }
            Ok(at) => at,
            Err(at) => {
                self.rounds.insert(at, RoundVotes::new(vote.round, committee.len()));
                at
            }
        };
        let votes = &mut self.rounds[at];
        let votes = match vote.phase {
            Phase::Prevote => &mut votes.prevotes,
            Phase::Precommit => &mut votes.precommits,
        };
        let counted = votes.add(committee, vote.voter, Choice::of(vote.value), is_certified);
        let Some(counted) = counted else { return Added { threshold: skip, evidence: None } };
        let threshold = match (vote.phase, vote.value) {
            (Phase::Prevote, Some(value)) if counted.value => Some(Threshold::PolkaValue(value)),
            (Phase::Prevote, None) if counted.value => Some(Threshold::PolkaNil),
            (Phase::Prevote, _) if counted.any => Some(Threshold::PolkaAny),
            (Phase::Precommit, Some(value)) if counted.value => Some(Threshold::PrecommitValue(value)),
            (Phase::Precommit, _) if counted.any => Some(Threshold::PrecommitAny),
            _ => None,
        };
        let first = counted.before.map(|value| Vote { value, ..*vote });
        Added { threshold: skip.or(threshold), evidence: first.map(|first| Evidence::Votes { first, second: *vote }) }
    }

    /// The latest round beyond the current one that somebody honest has reached: more than a third of the power voted in it or
    /// in a later one. (The paper asks for that many in the same round. Voters that drifted apart, with a few in each round, would
    /// then wait for each other.)
    #[must_use]
    pub fn round_to_skip_to(&self, committee: &Committee, current: Round) -> Option<Round> {
        let mut ahead: Vec<(Round, u64)> = (self.reached.iter().enumerate())
            .filter(|(_, reached)| **reached > current.saturating_add(1))
            .map(|(voter, reached)| (*reached - 1, committee.power(Voter(voter as u16))))
            .collect();
        ahead.sort_unstable_by(|one, other| other.cmp(one));
        let mut power = 0;
        ahead
            .iter()
            .find(|(_, of_voter)| {
                power += of_voter;
                committee.has_honest(power)
            })
            .map(|(round, _)| *round)
    }

    /// Whether a quorum voted so.
    #[must_use]
    pub fn has_quorum(&self, committee: &Committee, round: Round, phase: Phase, value: Option<ValueId>) -> bool {
        self.of(round).is_some_and(|votes| committee.is_quorum(votes.phase(phase).power_for(Choice::of(value))))
    }

    /// Whether a quorum voted, for anything.
    #[must_use]
    pub fn has_any_quorum(&self, committee: &Committee, round: Round, phase: Phase) -> bool {
        self.of(round).is_some_and(|votes| committee.is_quorum(votes.phase(phase).power))
    }

    /// The votes of a quorum for a value, if there is one.
    #[must_use]
    pub fn certificate(
        &self,
        committee: &Committee,
        round: Round,
        phase: Phase,
        value: ValueId,
    ) -> Option<Certificate> {
        let signers =
            || self.of(round).map_or_else(Vec::new, |votes| votes.phase(phase).signers(Choice::of(Some(value))));
        self.has_quorum(committee, round, phase, Some(value)).then(|| Certificate {
            height: self.height,
            round,
            phase,
            value,
            signers: signers(),
        })
    }

    /// The rounds and values that a quorum precommitted, ascending.
    pub fn decided<'a>(&'a self, committee: &'a Committee) -> impl Iterator<Item = (Round, ValueId)> + 'a {
        self.rounds.iter().flat_map(|votes| {
            let sums = votes.precommits.sums.iter().filter(|(_, power)| committee.is_quorum(*power));
            sums.filter_map(|(choice, _)| Some((votes.round, choice.value()??)))
        })
    }

    /// The power that voted so.
    #[must_use]
    pub fn power_for(&self, round: Round, phase: Phase, value: Option<ValueId>) -> u64 {
        self.of(round).map_or(0, |votes| votes.phase(phase).power_for(Choice::of(value)))
    }

    /// The votes of the rounds from `from` on, and the precommits of the round before if they are a quorum: what shows others why
    /// somebody is in round `from`.
    #[must_use]
    pub fn votes_from(&self, committee: &Committee, from: Round) -> Vec<Vote> {
        let mut votes = Vec::new();
        for of_round in &self.rounds {
            for phase in [Phase::Prevote, Phase::Precommit] {
                let brought_here = of_round.round.checked_add(1) == Some(from)
                    && phase == Phase::Precommit
                    && committee.is_quorum(of_round.precommits.power);
                if of_round.round >= from || brought_here {
                    let (height, round) = (self.height, of_round.round);
                    let each = of_round.phase(phase).votes();
                    votes.extend(each.map(|(voter, value)| Vote { height, round, phase, voter, value }));
                }
            }
        }
        votes
    }

    /// How a voter voted.
    #[must_use]
    pub fn vote_of(&self, voter: Voter, round: Round, phase: Phase) -> Option<Option<ValueId>> {
        self.of(round)?.phase(phase).choices.get(usize::from(voter.0))?.value()
    }

    /// The rounds that somebody voted in, ascending.
    pub fn rounds(&self) -> impl Iterator<Item = Round> + '_ {
        self.rounds.iter().map(|votes| votes.round)
    }
}

#[cfg(test)]
mod tests;
