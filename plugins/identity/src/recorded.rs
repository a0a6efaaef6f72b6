//! What a run makes with keys that nobody could make again: public keys and signatures, to be written down with the run, so
//! that a repetition shows the same names, papers and signatures.
//!
//! Private keys are in none of it. A repetition has private keys of its own and signs with them what the recording doesn't
//! hold (what is done otherwise, or beyond its end); among its own agents those signatures count as the recorded keys' own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use agent2028_core::checkpoint::to_bytes;
use agent2028_core::hex::{from_hex, to_hex};

use crate::canonical::Digest;
use crate::suite::{
    Encapsulation, HalfSignatures, KeyError, PrivateKeys, PublicKeys, SharedSecret, SignatureError, VerifyingKeys,
};
use crate::vault::Generation;

/// So many entries wait at most for somebody who writes them down; the oldest are dropped.
const MOST_WAITING: usize = 1 << 16;

/// Something that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    /// Keys: the public half.
    Keys(Generation, PublicKeys),
    /// The signature by keys of a generation of a message with this digest.
    Signature(Generation, Digest, HalfSignatures),
}

impl Made {
    /// The names of the cells of a [row](Self::to_row).
    pub const COLUMNS: &str = "agent,generation,what,of,bytes";

    /// As comma-separated values.
    ///
    /// # Errors
    /// If it has no binary form.
    pub fn to_row(&self) -> Result<String, String> {
        Ok(match self {
            Self::Keys((agent, number), keys) => {
                format!("{agent},{number},keys,{},{}", keys.id().0, to_hex(&to_bytes(keys)?))
            }
            Self::Signature((agent, number), message, halves) => {
                format!("{agent},{number},signature,{message},{}", to_hex(&to_bytes(halves)?))
            }
        })
    }

    /// Reads a row; nothing if it is none.
    #[must_use]
    pub fn from_row(row: &str) -> Option<Self> {
        let mut cells = row.split(',');
        let mut next = || cells.next();
        let generation = (next()?.parse().ok()?, next()?.parse().ok()?);
        let (what, of, content) = (next()?, from_hex(next()?)?, from_hex(next()?)?);
        let of = Digest(of.try_into().ok()?);
        match what {
            "keys" => {
                let keys: PublicKeys = postcard::from_bytes(&content).ok()?;
                (keys.id().0 == of).then_some(Self::Keys(generation, keys))
            }
            "signature" => Some(Self::Signature(generation, of, postcard::from_bytes(&content).ok()?)),
            _ => None,
        }
    }
}

/// What a recorded run made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    keys: BTreeMap<Generation, PublicKeys>,
    signatures: BTreeMap<(Generation, Digest), HalfSignatures>,
    /// Keys that were lost when the run was interrupted, and were made anew: what came after is by others.
    lost: BTreeSet<Generation>,
}

impl Recorded {
    /// Adds what was made next.
    pub fn add(&mut self, made: Made) {
        match made {
            Made::Keys(generation, keys) => match self.keys.get(&generation) {
                None => drop(self.keys.insert(generation, keys)),
                Some(first) if *first == keys => {}
                Some(_) => drop(self.lost.insert(generation)),
            },
            Made::Signature(generation, message, halves) if !self.lost.contains(&generation) => {
                self.signatures.entry((generation, message)).or_insert(halves);
            }
            Made::Signature(..) => {}
        }
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// How many keys and signatures there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len() + self.signatures.len()
    }

    pub(crate) fn keys_of(&self, generation: Generation) -> Option<&PublicKeys> {
        self.keys.get(&generation)
    }
}

/// What was made and is not written down yet.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    made: Vec<Made>,
    kept: bool,
    closed: bool,
}

impl Journal {
    fn note(&mut self, made: Made) {
        if self.closed {
            return;
        }
        if self.made.len() >= MOST_WAITING {
            self.made.drain(..MOST_WAITING / 2);
        }
        self.made.push(made);
    }

    /// From now on somebody writes everything down. If it is too late for the keys, they are told again.
    pub(crate) fn keep(&mut self, keys: impl Iterator<Item = (Generation, PublicKeys)>) {
        self.kept = true;
        if std::mem::take(&mut self.closed) {
            self.made.extend(keys.map(|(generation, keys)| Made::Keys(generation, keys)));
        }
    }

    /// Nobody has said until now that he writes things down, so they need not be kept for him.
    pub(crate) fn close_if_unkept(&mut self) {
        if !self.kept {
            self.closed = true;
            self.made = Vec::new();
        }
    }

    /// What was made since the last time.
    pub(crate) fn take(&mut self) -> Vec<Made> {
        std::mem::take(&mut self.made)
    }
}

/// Keys whose signatures are written down, or come from what was written down.
pub(crate) struct Witnessed {
    generation: Generation,
    own: Box<dyn PrivateKeys>,
    public: PublicKeys,
    recorded: Arc<Recorded>,
    journal: Arc<Mutex<Journal>>,
}

impl Witnessed {
    pub(crate) fn new(
        generation: Generation,
        own: Box<dyn PrivateKeys>,
        recorded: &Arc<Recorded>,
        journal: &Arc<Mutex<Journal>>,
    ) -> Self {
        let suite = own.public().suite;
        let public = recorded.keys_of(generation).filter(|keys| keys.suite == suite).unwrap_or(own.public()).clone();
        let keys = Self { generation, own, public, recorded: Arc::clone(recorded), journal: Arc::clone(journal) };
        keys.note(Made::Keys(generation, keys.public.clone()));
        keys
    }

    fn note(&self, made: Made) {
        // A journal is whole whenever its lock is free.
        self.journal.lock().unwrap_or_else(PoisonError::into_inner).note(made);
    }
}

impl PrivateKeys for Witnessed {
    fn public(&self) -> &PublicKeys {
        &self.public
    }

    fn sealing(&self) -> &PublicKeys {
        self.own.public()
    }

    fn sign(&self, message: &[u8]) -> Result<HalfSignatures, SignatureError> {
        let digest = Digest::of(message);
        let halves = match self.recorded.signatures.get(&(self.generation, digest)) {
            Some(halves) => halves.clone(),
            None => self.own.sign(message)?,
        };
        self.note(Made::Signature(self.generation, digest, halves.clone()));
        Ok(halves)
    }

    fn decapsulate(&self, sealed: &Encapsulation, transcript: &[u8]) -> Result<SharedSecret, KeyError> {
        self.own.decapsulate(sealed, transcript)
    }
}

/// Recorded keys, and those that sign in their place in a repetition.
pub(crate) struct Continued {
    pub recorded: Box<dyn VerifyingKeys>,
    pub own: Box<dyn VerifyingKeys>,
}

impl VerifyingKeys for Continued {
    fn verify(&self, message: &[u8], halves: &HalfSignatures) -> Result<(), SignatureError> {
        self.recorded.verify(message, halves).or_else(|error| self.own.verify(message, halves).map_err(|_| error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::keys;

    fn signed(message: &[u8]) -> Made {
        Made::Signature((4, 1), Digest::of(message), keys(1).sign(message).unwrap())
    }

    #[test]
    fn rows_come_back_as_they_were_and_others_are_none() {
        for made in [Made::Keys((4, 0), keys(1).public().clone()), signed(b"message")] {
            let row = made.to_row().unwrap();
            assert_eq!(row.split(',').count(), Made::COLUMNS.split(',').count());
            assert_eq!(Made::from_row(&row), Some(made));
            assert_eq!(Made::from_row(&row[..row.len() - 1]), None);
            assert_eq!(Made::from_row(&row.replace("keys", "quays").replace("signature", "sign")), None);
        }
        // Digits with a sign are none.
        let row = signed(b"message").to_row().unwrap();
        let (start, digits) = row.rsplit_once(',').unwrap();
        assert_eq!(Made::from_row(&format!("{start},+{}", &digits[1..])), None);
        // Keys stand under their own name.
        let row = Made::Keys((4, 0), keys(1).public().clone()).to_row().unwrap();
        let other = keys(2).public().id().0.to_string();
        assert_eq!(Made::from_row(&row.replace(&keys(1).public().id().0.to_string(), &other)), None);
    }

    #[test]
    fn what_keys_that_were_lost_would_have_signed_is_not_what_others_signed() {
        let mut recorded = Recorded::default();
        recorded.add(Made::Keys((4, 1), keys(1).public().clone()));
        recorded.add(signed(b"before"));
        recorded.add(Made::Keys((4, 1), keys(1).public().clone()));
        recorded.add(signed(b"still"));
        recorded.add(Made::Keys((4, 1), keys(2).public().clone()));
        recorded.add(signed(b"after"));
        assert_eq!((recorded.len(), recorded.keys_of((4, 1))), (3, Some(keys(1).public())));
        let has = |message: &[u8]| recorded.signatures.contains_key(&((4, 1), Digest::of(message)));
        assert!(has(b"before") && has(b"still") && !has(b"after"));
    }

    #[test]
    fn nothing_is_kept_for_nobody() {
        let mut journal = Journal::default();
        journal.note(signed(b"one"));
        journal.close_if_unkept();
        journal.note(signed(b"two"));
        assert_eq!(journal.take(), []);
        journal.keep([((4, 1), keys(1).public().clone())].into_iter());
        journal.close_if_unkept();
        journal.note(signed(b"three"));
        assert_eq!(journal.take().len(), 2);
        for _ in 0..=MOST_WAITING {
            journal.note(Made::Keys((0, 0), keys(1).public().clone()));
        }
        assert!(journal.take().len() <= MOST_WAITING);
    }
}
