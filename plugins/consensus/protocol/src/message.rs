//! What voters of the log say to each other.
//!
//! Signatures are the business of who carries the messages: whatever is handed to a [`Replica`](crate::replica::Replica) has been
//! found to be signed by the voters that it names, each vote within a certificate or a bundle too. Votes and proposals name height
//! and round, so that a signature for one is none for another.

use serde::{Deserialize, Serialize};

use crate::committee::Committee;

/// The number of a decision in the log, from 1.
pub type Height = u64;

/// The number of an attempt to decide a height, from 0.
pub type Round = u32;

/// A voter by its number in the committee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Voter(pub u16);

/// The value that is decided on, by a number. Who carries the messages keeps what it stands for, and makes sure that two values
/// never have the same number, as a digest does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ValueId(pub u32);

/// Which of the two votes of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// What should be decided.
    Prevote,
    /// That enough others want it decided.
    Precommit,
}

/// A vote: for a value, or for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Vote {
    /// Of which height.
    pub height: Height,
    /// Of which round.
    pub round: Round,
    /// Which of the two votes of the round.
    pub phase: Phase,
    /// Who votes.
    pub voter: Voter,
    /// For what; `None` is a vote for none.
    pub value: Option<ValueId>,
}

/// What a proposer wants decided.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Proposal {
    /// Of which height.
    pub height: Height,
    /// Of which round.
    pub round: Round,
    /// Who proposes.
    pub proposer: Voter,
    /// What.
    pub value: ValueId,
    /// The earlier round in which a quorum prevoted for it, if it is proposed again.
    pub valid_round: Option<Round>,
    /// These prevotes, for who has not received them. They are no part of what the proposer signs.
    pub polka: Option<Certificate>,
}

impl Proposal {
    /// Whether both propose the same.
    #[must_use]
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        (self.height, self.round, self.proposer) == (other.height, other.round, other.proposer)
            && (self.value, self.valid_round) == (other.value, other.valid_round)
    }
}

/// Votes of a quorum for the same value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Certificate {
    /// Of which height.
    pub height: Height,
    /// Of which round.
    pub round: Round,
    /// Prevotes (a polka), or precommits (a decision).
    pub phase: Phase,
    /// For what.
    pub value: ValueId,
    /// Who voted so, ascending.
    pub signers: Vec<Voter>,
}

/// Why a certificate proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Signers are not ascending: one could be counted twice.
    #[error("the signers are not in order, or one stands there twice")]
    Order,
    /// A signer is no voter.
    #[error("{0:?} is no voter")]
    Stranger(Voter),
    /// The signers are too few.
    #[error("the signers have a voting power of {0}, which is no quorum")]
    TooFew(u64),
}

impl Certificate {
    /// Checks that the signers are a quorum of the committee.
    ///
    /// # Errors
    ///
    /// If they are not, or are not voters, or one is named twice.
    pub fn check(&self, committee: &Committee) -> Result<(), CertificateError> {
        if self.signers.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(CertificateError::Order);
        }
        if let Some(stranger) = self.signers.iter().find(|signer| !committee.contains(**signer)) {
            return Err(CertificateError::Stranger(*stranger));
        }
        let power = self.signers.iter().map(|signer| committee.power(*signer)).sum();
        if committee.is_quorum(power) { Ok(()) } else { Err(CertificateError::TooFew(power)) }
    }

    /// The votes that it consists of.
    pub fn votes(&self) -> impl Iterator<Item = Vote> + '_ {
        let Self { height, round, phase, value, .. } = *self;
        self.signers.iter().map(move |voter| Vote { height, round, phase, voter: *voter, value: Some(value) })
    }
}

/// Two statements of a voter that contradict each other. Whoever has them can show them to anybody, since both are signed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Evidence {
    /// Two votes.
    Votes {
        /// The one that was received first.
        first: Vote,
        /// The other one.
        second: Vote,
    },
    /// Two proposals.
    Proposals {
        /// The one that was received first.
        first: Box<Proposal>,
        /// The other one.
        second: Box<Proposal>,
    },
}

impl Evidence {
    /// Whom it accuses.
    #[must_use]
    pub fn accused(&self) -> Voter {
        match self {
            Self::Votes { first, .. } => first.voter,
            Self::Proposals { first, .. } => first.proposer,
        }
    }

    /// Whether it proves anything, if both statements are signed by whom they name: they must be of the same voter, height, round
    /// and phase, and differ.
    #[must_use]
    pub fn is_proof(&self) -> bool {
        match self {
            Self::Votes { first, second } => {
                (first.voter, first.height, first.round, first.phase)
                    == (second.voter, second.height, second.round, second.phase)
                    && first.value != second.value
            }
            Self::Proposals { first, second } => {
                (first.proposer, first.height, first.round) == (second.proposer, second.height, second.round)
                    && !first.says_the_same_as(second)
            }
        }
    }
}

/// What a voter says when it has made no progress for a while, or knows that it is behind: where it is, and what it knows that
/// others may lack. Who has decided this height may have to answer with the decision: see [`Status::is_for`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Status {
    /// Who says it.
    pub voter: Voter,
    /// The height that it wants decided.
    pub height: Height,
    /// Its round.
    pub round: Round,
    /// How often it has said so in this height before.
    pub attempt: u32,
    /// The proposal of the round.
    pub proposal: Option<Proposal>,
    /// The votes of this round and later ones that it has received, and those that brought it here.
    pub votes: Vec<Vote>,
}

impl Status {
    /// Whether this voter has to answer if it has decided the height. So many are asked each time that one of them is honest; others
    /// in each attempt, so that all are asked in the end.
    #[must_use]
    pub fn is_for(&self, voter: Voter, committee: &Committee) -> bool {
        let voters = committee.len() as u64;
        let asked = u64::from(crate::quorum::faults_tolerated(voters as u32)) + 1;
        let first = u64::from(self.voter.0) + 1 + u64::from(self.attempt) * asked;
        let after = (u64::from(voter.0) + voters - first % voters) % voters;
        self.voter != voter && after < asked
    }
}

/// A message from voter to voter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Message {
    /// What should be decided.
    Proposal(Proposal),
    /// A vote.
    Vote(Vote),
    /// Where somebody is who made no progress.
    Status(Status),
    /// The precommits by which a height was decided.
    Decision(Certificate),
}

impl Message {
    /// The height that it speaks of.
    #[must_use]
    pub fn height(&self) -> Height {
        match self {
            Self::Proposal(proposal) => proposal.height,
            Self::Vote(vote) => vote.height,
            Self::Status(status) => status.height,
            Self::Decision(certificate) => certificate.height,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_counts_voters_of_the_committee_once_each() {
        let committee = Committee::new(vec![1; 4]).unwrap();
        let of = |signers: &[u16]| {
            let signers = signers.iter().map(|voter| Voter(*voter)).collect();
            Certificate { height: 1, round: 0, phase: Phase::Precommit, value: ValueId(7), signers }.check(&committee)
        };
        assert_eq!(of(&[0, 2, 3]), Ok(()));
        assert_eq!(of(&[0, 2]), Err(CertificateError::TooFew(2)));
        assert_eq!(of(&[0, 2, 2]), Err(CertificateError::Order));
        assert_eq!(of(&[2, 1, 0]), Err(CertificateError::Order));
        assert_eq!(of(&[0, 1, 4]), Err(CertificateError::Stranger(Voter(4))));
    }

    #[test]
    fn who_asks_asks_somebody_honest_each_time_and_everybody_in_the_end() {
        for voters in 1..12_u16 {
            let committee = Committee::new(vec![1; usize::from(voters)]).unwrap();
            let faulty = (usize::from(voters) - 1) / 3;
            for asker in 0..voters {
                let mut all = std::collections::BTreeSet::new();
                for attempt in 0..4 {
                    let status =
                        Status { voter: Voter(asker), height: 1, round: 0, attempt, proposal: None, votes: vec![] };
                    let asked = (0..voters).filter(|voter| status.is_for(Voter(*voter), &committee));
                    let asked: Vec<u16> = asked.collect();
                    // It doesn't ask itself, which may be one of them.
                    assert!(asked.len() == faulty + 1 || asked.len() == faulty, "{voters} {asker} {attempt}");
                    all.extend(asked);
                }
                assert_eq!(all.len(), usize::from(voters) - 1, "{voters} {asker}");
            }
        }
    }

    #[test]
    fn evidence_proves_only_what_contradicts_itself() {
        let vote = Vote { height: 3, round: 1, phase: Phase::Prevote, voter: Voter(2), value: Some(ValueId(5)) };
        let with = |second: Vote| Evidence::Votes { first: vote, second }.is_proof();
        assert!(with(Vote { value: None, ..vote }) && with(Vote { value: Some(ValueId(6)), ..vote }));
        assert!(!with(vote), "the same vote twice");
        for other in [
            Vote { voter: Voter(1), value: None, ..vote },
            Vote { height: 4, value: None, ..vote },
            Vote { round: 2, value: None, ..vote },
            Vote { phase: Phase::Precommit, value: None, ..vote },
        ] {
            assert!(!with(other), "{other:?}");
        }
        let proposal =
            Proposal { height: 3, round: 1, proposer: Voter(2), value: ValueId(5), valid_round: None, polka: None };
        let with = |second: Proposal| {
            Evidence::Proposals { first: Box::new(proposal.clone()), second: Box::new(second) }.is_proof()
        };
        assert!(with(Proposal { value: ValueId(6), ..proposal.clone() }));
        assert!(with(Proposal { valid_round: Some(0), ..proposal.clone() }));
        assert!(!with(Proposal { round: 2, value: ValueId(6), ..proposal.clone() }));
        let polka = Certificate { height: 3, round: 0, phase: Phase::Prevote, value: ValueId(5), signers: vec![] };
        assert!(!with(Proposal { polka: Some(polka), ..proposal.clone() }), "what is not signed is no contradiction");
    }
}
