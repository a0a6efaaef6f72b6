//! What voters do that lie.
//!
//! A liar runs the protocol like everybody else; what it sends is changed on the way out. So it knows what an honest voter knows,
//! and lies about it.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::protocol::committee::Committee;
use crate::protocol::message::{Height, Message, Phase, Proposal, Round, ValueId, Vote, Voter};
use crate::protocol::replica::Replica;

/// Values from this number on are not valid, whoever proposes them.
pub const GARBAGE: u32 = 1 << 31;

/// How a voter lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Deed {
    /// It proposes and votes for what is not valid.
    Garbage,
    /// It says one thing to one half of the honest, and another to the others, in concert with all who do so.
    Equivocate,
    /// It says nothing.
    Withhold,
    /// It says everything so many ticks late.
    Delay(u64),
    /// It votes only for what one of those proposes who do so, and for none otherwise.
    Collude,
    /// It sends to everybody again what others have said before.
    Replay,
}

impl Deed {
    /// Whether it says something else than it holds for true; then what it decides for itself counts for nothing.
    #[must_use]
    pub const fn is_lie(self) -> bool {
        matches!(self, Self::Garbage | Self::Equivocate | Self::Collude)
    }
}

/// Who else lies in concert.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Company<'a> {
    pub equivocators: &'a [Voter],
    pub colluders: &'a [Voter],
}

/// How many messages a voter remembers that says them again.
const REMEMBERED: usize = 64;

/// How many of them it says again each time that it says something.
const SAID_AGAIN: usize = 4;

/// What voters have heard that say it again: by whom it was said, and its bytes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Heard(BTreeMap<Voter, VecDeque<(Voter, Vec<u8>)>>);

impl Heard {
    /// Remembers a message.
    pub fn keep(&mut self, by: Voter, author: Voter, content: &[u8]) {
        let heard = self.0.entry(by).or_default();
        if heard.len() == REMEMBERED {
            heard.pop_front();
        }
        heard.push_back((author, content.to_vec()));
    }

    /// What a voter says again now: the oldest that it remembers, which then are its newest.
    pub fn next_of(&mut self, voter: Voter) -> Vec<(Voter, Vec<u8>)> {
        let Some(heard) = self.0.get_mut(&voter) else { return Vec::new() };
        let number = SAID_AGAIN.min(heard.len());
        heard.rotate_left(number);
        heard.iter().rev().take(number).cloned().collect()
    }

    /// Whether all of them are voters of a committee.
    pub fn fits(&self, committee: &Committee) -> bool {
        let authors = self.0.values().flatten().map(|(author, _)| author);
        self.0.keys().chain(authors).all(|voter| committee.contains(*voter))
    }
}

/// An agent that lies where it votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lie {
    pub agent: u32,
    pub deed: Deed,
    /// The last tick.
    pub until: u64,
}

/// Two values that equivocators have proposed in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Plot {
    pub height: Height,
    pub round: Round,
    pub values: [ValueId; 2],
}

/// A message and to whom it goes: to all, or to the first or the second half of the honest.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    pub from: Voter,
    pub half: Option<usize>,
    pub message: Message,
}

/// What a liar says instead of a message. `fresh` is a value that nobody has proposed yet.
pub(crate) fn twist(
    (deed, replica): (Deed, &Replica),
    message: Message,
    company: Company<'_>,
    plot: &mut Option<Plot>,
    fresh: impl FnOnce() -> ValueId,
) -> Vec<Told> {
    let Some(from) = replica.me() else { return Vec::new() };
    let to_all = |message| Told { from, half: None, message };
    match (deed, message) {
        (Deed::Withhold, _) => Vec::new(),
        (Deed::Garbage, Message::Vote(vote)) => {
            let value = Some(ValueId(GARBAGE | vote.height as u32 & (GARBAGE - 1)));
            vec![to_all(Message::Vote(Vote { value, ..vote }))]
        }
        (Deed::Garbage, Message::Proposal(proposal)) => {
            let value = ValueId(GARBAGE | proposal.height as u32 & (GARBAGE - 1));
            vec![to_all(Message::Proposal(Proposal { value, valid_round: None, polka: None, ..proposal }))]
        }
        // What it says of where it is holds what others have said; what it has said itself would prove that it lies.
        (Deed::Garbage | Deed::Collude, Message::Status(mut status)) => {
            status.votes.retain(|vote| vote.voter != from);
            status.proposal = status.proposal.filter(|proposal| proposal.proposer != from);
            vec![to_all(Message::Status(status))]
        }
        (Deed::Equivocate, Message::Proposal(proposal)) => {
            let (height, round) = (proposal.height, proposal.round);
            let values = [proposal.value, fresh()];
            *plot = Some(Plot { height, round, values });
            let other = Proposal { value: values[1], valid_round: None, polka: None, ..proposal.clone() };
            let proposals = [proposal, other].into_iter().enumerate();
            let mut told: Vec<Told> = proposals
                .map(|(half, proposal)| Told { from, half: Some(half), message: Message::Proposal(proposal) })
                .collect();
            // All who are in it back both at once.
            for voter in company.equivocators {
                for phase in [Phase::Prevote, Phase::Precommit] {
                    told.extend(both(*voter, height, round, phase, values.map(Some)));
                }
            }
            told
        }
        (Deed::Equivocate, Message::Vote(vote)) => {
            if plot.is_some_and(|plot| (plot.height, plot.round) == (vote.height, vote.round)) {
                return Vec::new();
            }
            let proposed = replica.proposal(vote.round).map(|proposal| proposal.value);
            let other = if vote.value.is_some() { None } else { proposed };
            both(vote.voter, vote.height, vote.round, vote.phase, [vote.value, other])
        }
        // Its own prevote, which it has not sent, proves nothing to others: for them the value is new.
        (Deed::Collude, Message::Proposal(mut proposal)) => {
            if proposal.polka.as_ref().is_some_and(|polka| polka.signers.contains(&from)) {
                (proposal.valid_round, proposal.polka) = (None, None);
            }
            vec![to_all(Message::Proposal(proposal))]
        }
        (Deed::Collude, Message::Vote(vote)) => {
            let proposal = replica.proposal(vote.round).filter(|of| company.colluders.contains(&of.proposer));
            vec![to_all(Message::Vote(Vote { value: proposal.map(|proposal| proposal.value), ..vote }))]
        }
        (_, message) => vec![to_all(message)],
    }
}

fn both(voter: Voter, height: Height, round: Round, phase: Phase, values: [Option<ValueId>; 2]) -> Vec<Told> {
    let vote = |value| Message::Vote(Vote { height, round, phase, voter, value });
    let each = values.into_iter().enumerate();
    each.map(|(half, value)| Told { from: voter, half: Some(half), message: vote(value) }).collect()
}
