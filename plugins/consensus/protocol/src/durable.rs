//! What a voter must have written down before it sends.
//!
//! A voter that forgets what it signed may sign the opposite after a restart, which nobody can tell from a lie. So each statement
//! is recorded first, and what contradicts the record, or comes before it, is never signed.

use serde::{Deserialize, Serialize};

use crate::message::{Certificate, Height, Round, ValueId};

/// Something that a voter signs in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statement {
    /// It proposes this, in which a quorum prevoted for it before, if one did.
    Proposal(ValueId, Option<Round>),
    /// It prevotes so.
    Prevote(Option<ValueId>),
    /// It precommits so.
    Precommit(Option<ValueId>),
}

/// Whether a statement may be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is new, and now on record.
    New,
    /// It is on record already: signing it again says nothing new.
    Same,
    /// It would contradict the record, or comes after a later statement.
    Refused,
}

/// A value and the round in which a quorum prevoted for it.
pub type Mark = Option<(Round, ValueId)>;

/// The record of a voter: its last round with all that it said there, and what binds it in later ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Durable {
    /// The height that it last said something in; 0 if it never did.
    pub height: Height,
    /// The round that it last said something in.
    pub round: Round,
    /// What it proposed there.
    pub proposal: Option<(ValueId, Option<Round>)>,
    /// How it prevoted there.
    pub prevote: Option<Option<ValueId>>,
    /// How it precommitted there.
    pub precommit: Option<Option<ValueId>>,
    /// What it is locked on in this height.
    pub locked: Mark,
    /// What it would propose in this height.
    pub valid: Mark,
    /// The prevotes that made it so.
    pub polka: Option<Certificate>,
}

impl Durable {
    /// Records a statement, unless it must not be signed.
    pub fn record(&mut self, height: Height, round: Round, statement: Statement) -> Verdict {
        match (height, round).cmp(&(self.height, self.round)) {
            std::cmp::Ordering::Less => return Verdict::Refused,
            std::cmp::Ordering::Equal => {}
            std::cmp::Ordering::Greater => {
                let kept = std::mem::take(self);
                // What binds a voter belongs to its height.
                if kept.height == height {
                    (self.locked, self.valid, self.polka) = (kept.locked, kept.valid, kept.polka);
                }
                (self.height, self.round) = (height, round);
            }
        }
        // Nothing is signed after a statement that comes later in a round.
        let is_late = match statement {
            Statement::Proposal(..) => self.prevote.is_some() || self.precommit.is_some(),
            Statement::Prevote(_) => self.precommit.is_some(),
            Statement::Precommit(_) => false,
        };
        match statement {
            Statement::Proposal(value, valid) => Self::fill(&mut self.proposal, (value, valid), is_late),
            Statement::Prevote(value) => Self::fill(&mut self.prevote, value, is_late),
            Statement::Precommit(value) => Self::fill(&mut self.precommit, value, is_late),
        }
    }

    fn fill<T: PartialEq>(place: &mut Option<T>, said: T, is_late: bool) -> Verdict {
        match place {
            Some(before) if *before == said => Verdict::Same,
            None if !is_late => {
                *place = Some(said);
                Verdict::New
            }
            _ => Verdict::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V: Option<ValueId> = Some(ValueId(1));
    const W: Option<ValueId> = Some(ValueId(2));

    #[test]
    fn nothing_that_contradicts_the_record_is_signed() {
        let mut durable = Durable::default();
        assert_eq!(durable.record(3, 1, Statement::Prevote(V)), Verdict::New);
        assert_eq!(durable.record(3, 1, Statement::Prevote(V)), Verdict::Same);
        for refused in [
            (3, 1, Statement::Prevote(W)),
            (3, 1, Statement::Prevote(None)),
            (3, 1, Statement::Proposal(ValueId(1), None)),
            (3, 0, Statement::Precommit(V)),
            (2, 9, Statement::Precommit(V)),
        ] {
            assert_eq!(durable.record(refused.0, refused.1, refused.2), Verdict::Refused, "{refused:?}");
        }
        assert_eq!(durable.record(3, 1, Statement::Precommit(None)), Verdict::New);
        assert_eq!(durable.record(3, 1, Statement::Precommit(V)), Verdict::Refused);
        assert_eq!(durable.record(3, 1, Statement::Prevote(V)), Verdict::Same);
        assert_eq!((durable.height, durable.round), (3, 1));
    }

    #[test]
    fn what_binds_a_voter_stays_for_its_height() {
        let mut durable = Durable { height: 3, locked: Some((0, ValueId(1))), ..Durable::default() };
        durable.record(3, 2, Statement::Prevote(V));
        assert_eq!(durable.locked, Some((0, ValueId(1))));
        durable.record(4, 0, Statement::Prevote(W));
        assert_eq!((durable.locked, durable.precommit), (None, None));
    }
}
