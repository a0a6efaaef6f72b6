//! One voter of the log: Tendermint (Buchman, Kwon & Milosevic 2018, "The latest gossip on BFT consensus", Algorithm 1).
//!
//! A [`Replica`] takes a message or a timeout and gives [`Output`]s back. It reads no clock and no network, so that the same value
//! is simulated, explored and tested. The lines that comments name are those of the paper's algorithm.
//!
//! Beyond the paper, since messages get lost here and voters are killed:
//!
//! - What a voter signs is recorded first ([`Durable`]); after a restart it signs nothing that the record contradicts.
//! - A voter that makes no progress, or knows that it is behind, says where it is, with what it knows
//!   ([`Status`](crate::message::Status)). Who has decided the height already answers with the decision.
//! - Who is proposed again carries the prevotes that made it valid.
//! - Voters in different later rounds count together for skipping (see [`HeightVotes::round_to_skip_to`]).
//!
//! **Liveness.** Let all messages between honest voters that are sent from some moment on arrive within δ ticks, let R be the
//! highest round of an honest voter in a height at that moment, and let timeouts from round R + 1 on be at least 4δ. Then all
//! honest voters are within a round of each other after one [`Timing::retransmit`] and δ, and the height is decided in the first
//! round after R + 1 whose proposer is honest and knows the latest valid value. Where voters have equal power and f of them have
//! crashed, that is at the latest round R + 2 + (f + 1), and round f in every later height. A liar that lets one voter alone see
//! a quorum can put it off until it is that voter's turn: at most as many rounds as there are voters.

use serde::{Deserialize, Serialize};

use crate::committee::{Committee, Proposers};
use crate::durable::{Durable, Mark};
use crate::message::{Certificate, Evidence, Height, Message, Phase, Proposal, Round, ValueId, Voter};
use crate::tally::HeightVotes;

mod rules;
#[cfg(test)]
mod tests;

/// How long a timeout is: longer in each round, so that it is long enough in some round however slow the network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Growing {
    /// In round 0, in ticks.
    pub first: u64,
    /// How much longer in each round after, in ticks.
    pub per_round: u64,
}

impl Growing {
    /// In a round, in ticks: at least one.
    #[must_use]
    pub const fn in_round(self, round: Round) -> u64 {
        let ticks = self.first.saturating_add(self.per_round.saturating_mul(round as u64));
        if ticks == 0 { 1 } else { ticks }
    }
}

/// How long voters wait, in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Timing {
    /// For a proposal.
    pub propose: Growing,
    /// For more prevotes, once a quorum prevoted for different values.
    pub prevote: Growing,
    /// For more precommits, once a quorum precommitted without deciding.
    pub precommit: Growing,
    /// Between a decision and the next height.
    pub commit: u64,
    /// Until a voter that makes no progress says where it is; 0 if nobody ever does.
    pub retransmit: u64,
}

/// What all voters agree on beforehand.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LogSetup {
    /// Who votes.
    pub committee: Committee,
    /// How long they wait.
    pub timing: Timing,
}

/// What is decided on.
pub trait Application {
    /// A new value, for who has to propose one.
    fn propose(&mut self, height: Height, round: Round) -> ValueId;

    /// Whether a value may be decided in a height. All honest voters must answer alike.
    fn is_valid(&self, height: Height, value: ValueId) -> bool;
}

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TimeoutKind {
    /// To begin the height.
    NewHeight,
    /// To prevote for none.
    Propose,
    /// To precommit for none.
    Prevote,
    /// To go to the next round.
    Precommit,
    /// To say where the voter is.
    Retransmit,
}

/// A timer that ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timeout {
    /// The height that it was set in.
    pub height: Height,
    /// The round that it was set in.
    pub round: Round,
    /// What for.
    pub kind: TimeoutKind,
}

/// What a voter wants done. The order counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Write [`Replica::durable`] down before anything that follows is sent.
    Persist,
    /// Send this to all other voters.
    Broadcast(Message),
    /// Tell when so many ticks have passed.
    Schedule(Timeout, u64),
    /// A height is decided. The certificate proves it to anybody.
    Decide(Certificate),
    /// A voter contradicted itself.
    Accuse(Evidence),
    /// This voter is still in this height, which is decided: send it the decision.
    CatchUp(Voter, Height),
}

/// Where a voter is in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Step {
    /// The height has not begun.
    Waiting,
    /// It waits for the proposal.
    Propose,
    /// It has prevoted.
    Prevote,
    /// It has precommitted.
    Precommit,
}

/// What is done once in a round only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Once {
    prevote_timer: bool,
    precommit_timer: bool,
    polka: bool,
}

/// The proposals of a round: the first, and one that contradicts it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct RoundProposals {
    round: Round,
    first: Proposal,
    second: Option<Proposal>,
}

/// What was received of a height.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Book {
    votes: HeightVotes,
    /// Ascending by round.
    proposals: Vec<RoundProposals>,
    proposers: Proposers,
}

/// More rounds than any height takes, since they grow.
const MOST_ROUNDS: Round = 1 << 20;

/// How many rounds beyond the current one proposals are kept for.
const PROPOSALS_AHEAD: Round = 16;

impl Book {
    fn new(committee: &Committee, height: Height, proposers: Proposers) -> Self {
        Self { votes: HeightVotes::new(height, committee.len()), proposals: Vec::new(), proposers }
    }

    fn proposals_of(&self, round: Round) -> Option<&RoundProposals> {
        self.proposals.binary_search_by_key(&round, |of| of.round).ok().map(|at| &self.proposals[at])
    }

    /// Keeps a proposal by the proposer of its round, and counts the prevotes that it carries. Returns what it proves.
    fn add_proposal(&mut self, committee: &Committee, proposal: &Proposal, current: Round) -> Vec<Evidence> {
        let is_ahead = proposal.round > current.saturating_add(PROPOSALS_AHEAD);
        if is_ahead || self.proposers.of_round(committee, proposal.round) != proposal.proposer {
            return Vec::new();
        }
        let mut evidence = Vec::new();
        let fits = |polka: &&Certificate| {
            (polka.height, Some(polka.round), polka.phase, polka.value)
                == (proposal.height, proposal.valid_round, Phase::Prevote, proposal.value)
                && polka.round < proposal.round
                && polka.check(committee).is_ok()
        };
        if let Some(polka) = proposal.polka.as_ref().filter(fits) {
            evidence = self.votes.add_certificate(committee, polka, current);
        }
        match self.proposals.binary_search_by_key(&proposal.round, |of| of.round) {
            Err(at) => {
                let of = RoundProposals { round: proposal.round, first: proposal.clone(), second: None };
                self.proposals.insert(at, of);
            }
            Ok(at) => {
                let of = &mut self.proposals[at];
                if of.second.is_none() && !of.first.says_the_same_as(proposal) {
                    of.second = Some(proposal.clone());
                    let (first, second) = (Box::new(of.first.clone()), Box::new(proposal.clone()));
                    evidence.push(Evidence::Proposals { first, second });
                }
            }
        }
        evidence
    }
}

/// A voter of the log, or somebody who only follows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Replica {
    me: Option<Voter>,
    height: Height,
    round: Round,
    step: Step,
    locked: Mark,
    valid: Mark,
    /// The prevotes that made the valid value so.
    polka: Option<Certificate>,
    once: Once,
    /// How often it has said where it is, in this height.
    attempt: u32,
    /// Whether it was told the decision before this height, and so may be behind.
    was_told: bool,
    book: Book,
    /// What was received of the next height.
    next: Book,
    durable: Durable,
}

impl Replica {
    /// A voter of the committee, or nobody of it, before the first height.
    #[must_use]
    pub fn new(setting: &LogSetup, me: Option<Voter>) -> Self {
        Self::at_height(setting, me, 1, Durable::default())
    }

    /// A voter that begins at a height, with what it has on record. What it had received is lost.
    #[must_use]
    pub fn at_height(setting: &LogSetup, me: Option<Voter>, height: Height, durable: Durable) -> Self {
        let committee = &setting.committee;
        let proposers = Proposers::at_height(committee, height);
        let of_next = proposers.of_next_height(committee);
        let mut replica = Self {
            me: me.filter(|me| committee.contains(*me)),
            height,
            round: 0,
            step: Step::Waiting,
            locked: None,
            valid: None,
            polka: None,
            once: Once::default(),
            attempt: 0,
            was_told: false,
            book: Book::new(committee, height, proposers),
            next: Book::new(committee, height.saturating_add(1), of_next),
            durable,
        };
        replica.take_up_record();
        replica
    }

    /// Whether it is a voter of this committee, as what was read from a file may not be.
    #[must_use]
    pub fn fits(&self, committee: &Committee) -> bool {
        self.me.is_none_or(|me| committee.contains(me))
            && self.round.max(self.durable.round) < MOST_ROUNDS
            && [&self.book, &self.next].iter().all(|book| book.votes.fit(committee) && book.proposers.fit(committee))
    }

    /// The same voter after it was killed: all that it had not written down is lost. It has kept the decisions below `height`.
    #[must_use]
    pub fn restarted(&self, setting: &LogSetup, height: Height) -> Self {
        Self::at_height(setting, self.me, height, self.durable.clone())
    }

    /// Its number in the committee; `None` if it only follows.
    #[must_use]
    pub fn me(&self) -> Option<Voter> {
        self.me
    }

    /// The height that it wants decided.
    #[must_use]
    pub fn height(&self) -> Height {
        self.height
    }

    /// Its round.
    #[must_use]
    pub fn round(&self) -> Round {
        self.round
    }

    /// Where it is in its round.
    #[must_use]
    pub fn step(&self) -> Step {
        self.step
    }

    /// The value that it is locked on, and since which round.
    #[must_use]
    pub fn locked(&self) -> Mark {
        self.locked
    }

    /// The value that it would propose again, and since which round.
    #[must_use]
    pub fn valid(&self) -> Mark {
        self.valid
    }

    /// The votes of its height that it has received.
    #[must_use]
    pub fn votes(&self) -> &HeightVotes {
        &self.book.votes
    }

    /// The first proposal of a round of its height that it has received.
    #[must_use]
    pub fn proposal(&self, round: Round) -> Option<&Proposal> {
        self.book.proposals_of(round).map(|of| &of.first)
    }

    /// Who proposes in a round of its height.
    pub fn proposer(&mut self, setting: &LogSetup, round: Round) -> Voter {
        self.book.proposers.of_round(&setting.committee, round)
    }

    /// What must be written down when it says so.
    #[must_use]
    pub fn durable(&self) -> &Durable {
        &self.durable
    }

    /// Begins, or goes on after a restart.
    pub fn start(&mut self, setting: &LogSetup, application: &mut impl Application, outputs: &mut Vec<Output>) {
        if self.step == Step::Waiting {
            rules::Acting { replica: self, setting, application, outputs }.begin_height();
        }
    }

    /// Takes a message, whose signatures were found good.
    pub fn receive(
        &mut self,
        setting: &LogSetup,
        application: &mut impl Application,
        message: &Message,
        outputs: &mut Vec<Output>,
    ) {
        rules::Acting { replica: self, setting, application, outputs }.receive(message);
    }

    /// Learns that a timer ran out. One that has become pointless changes nothing.
    pub fn expire(
        &mut self,
        setting: &LogSetup,
        application: &mut impl Application,
        timeout: Timeout,
        outputs: &mut Vec<Output>,
    ) {
        rules::Acting { replica: self, setting, application, outputs }.expire(timeout);
    }

    /// Whether a timer is still good for something.
    #[must_use]
    pub fn awaits(&self, timeout: Timeout) -> bool {
        if (timeout.height, timeout.round) != (self.height, self.round) {
            return false;
        }
        match timeout.kind {
            TimeoutKind::NewHeight => self.step == Step::Waiting,
            TimeoutKind::Propose => self.step == Step::Propose,
            TimeoutKind::Prevote => self.step == Step::Prevote,
            TimeoutKind::Precommit | TimeoutKind::Retransmit => self.step != Step::Waiting,
        }
    }

    /// Enters a height whose messages so far are in the book.
    fn enter(&mut self, height: Height) {
        (self.height, self.round, self.step, self.once) = (height, 0, Step::Waiting, Once::default());
        (self.attempt, self.was_told) = (0, false);
        (self.locked, self.valid, self.polka) = (None, None, None);
        self.take_up_record();
    }

    /// What it said in this height before it was killed binds it.
    fn take_up_record(&mut self) {
        if self.durable.height == self.height {
            let record = &self.durable;
            self.round = record.round;
            (self.locked, self.valid, self.polka) = (record.locked, record.valid, record.polka.clone());
        }
    }
}
