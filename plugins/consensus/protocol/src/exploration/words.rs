//! What can happen, in words: as people read it, and as a step is found again among all that can happen.

use std::fmt;

use super::{Event, Fault};
use crate::message::{Certificate, Message, Phase, Voter};
use crate::replica::TimeoutKind;

/// The numbers of voters, in a row.
struct Row<'a>(&'a [Voter]);

impl fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, voter) in self.0.iter().enumerate() {
            let between = if at == 0 { "" } else { ", " };
            write!(f, "{between}{}", voter.0)?;
        }
        Ok(())
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prevote => "prevote",
            Self::Precommit => "precommit",
        })
    }
}

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { height, round, phase, value, signers } = self;
        write!(f, "{phase}s for {} in height {height}, round {round}, by {}", value.0, Row(signers))
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vote(vote) => {
                write!(f, "the {} of {} for ", vote.phase, vote.voter.0)?;
                match vote.value {
                    Some(value) => write!(f, "{}", value.0)?,
                    None => f.write_str("none")?,
                }
                write!(f, " in height {}, round {}", vote.height, vote.round)
            }
            Self::Proposal(proposal) => {
                let (height, round) = (proposal.height, proposal.round);
                write!(
                    f,
                    "the proposal of {}: {} in height {height}, round {round}",
                    proposal.proposer.0, proposal.value.0
                )?;
                if let Some(valid) = proposal.valid_round {
                    write!(f, ", valid since round {valid}")?;
                }
                if let Some(polka) = &proposal.polka {
                    write!(f, ", with {polka}")?;
                }
                Ok(())
            }
            Self::Status(status) => {
                let (height, round, attempt) = (status.height, status.round, status.attempt);
                write!(f, "where {} is: height {height}, round {round}, time {attempt}", status.voter.0)?;
                for vote in &status.votes {
                    write!(f, "; {}", Self::Vote(*vote))?;
                }
                Ok(())
            }
            Self::Decision(certificate) => write!(f, "the decision: {certificate}"),
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deliver { to, message } => write!(f, "{} receives {message}", to.0),
            Self::Expire { voter, timeout } => {
                let what = match timeout.kind {
                    TimeoutKind::NewHeight => "before the height",
                    TimeoutKind::Propose => "for the proposal",
                    TimeoutKind::Prevote => "for prevotes",
                    TimeoutKind::Precommit => "for precommits",
                    TimeoutKind::Retransmit => "for progress",
                };
                let (height, round) = (timeout.height, timeout.round);
                write!(f, "{} has waited {what} of height {height}, round {round}", voter.0)
            }
            Self::Restart { voter } => write!(f, "{} is killed and restarted", voter.0),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fork(height) => write!(f, "two honest voters decide height {height} differently"),
            Self::Garbage(height) => write!(f, "an honest voter decides what is not valid in height {height}"),
            Self::Contradiction(voter) => write!(f, "voter {}, who is honest, contradicts itself", voter.0),
        }
    }
}
