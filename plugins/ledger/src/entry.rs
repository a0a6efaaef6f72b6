//! Entries: what the ledger says happened.

use serde::{Deserialize, Serialize};

use crate::hash::Hash;
use crate::wire::{Reader, Truncated, put_bytes};

/// What sort of fact an entry tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EntryKind {
    /// The scene that was run, with includes merged and settings applied.
    Scene,
    /// The seed.
    Seed,
    /// A file that belongs to the scene.
    File,
    /// Something that was done to the run from outside or by the scene's timeline.
    Intervention,
    /// The hash of the whole state at the end of a tick.
    StateHash,
    /// An event.
    Event,
    /// The receipt of an operation.
    Receipt,
    /// Something that a plugin has entered.
    Note,
    /// A file that the run has written.
    Result,
    /// The end of the run.
    End,
    /// What has to be in the ledger: who signs, how often, and what is entered.
    Terms,
    /// Who an agent is: the identifier that its keys lead back to.
    Identity,
    /// The last of all: every file of the run's folder with its hash, and how much of what the ledger holds.
    Manifest,
    /// The run goes on after its end: what closed it stays, and no longer holds.
    Resumed,
}

impl EntryKind {
    /// All kinds, by their number in the encoding.
    pub const ALL: [Self; 14] = [
        Self::Scene,
        Self::Seed,
        Self::File,
        Self::Intervention,
        Self::StateHash,
        Self::Event,
        Self::Receipt,
        Self::Note,
        Self::Result,
        Self::End,
        Self::Terms,
        Self::Identity,
        Self::Manifest,
        Self::Resumed,
    ];

    /// Whether entries of this kind are kept when those around them are dropped: without them nobody knows what was run, what
    /// has to be in the ledger, and who has signed.
    #[must_use]
    pub fn is_kept(self) -> bool {
        matches!(self, Self::Scene | Self::Seed | Self::File | Self::Terms | Self::Identity)
    }

    /// Whether entries of this kind close a run: they stand at its end. When it goes on they stay, and an entry says so.
    #[must_use]
    pub fn closes(self) -> bool {
        matches!(self, Self::Result | Self::End | Self::Manifest)
    }

    /// Whether the simulation's own ledger has entries of this kind: others are made where a run is written down.
    #[must_use]
    pub fn is_of_the_run(self) -> bool {
        !self.closes() && self != Self::Resumed
    }
}

/// How something turned out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// It is so, or was done.
    #[default]
    Done,
    /// It was tried and failed.
    Failed,
    /// It was refused.
    Refused,
    /// It took too long.
    TimedOut,
    /// A part of it was done.
    Partial,
}

impl Outcome {
    /// All outcomes, by their number in the encoding.
    pub const ALL: [Self; 5] = [Self::Done, Self::Failed, Self::Refused, Self::TimedOut, Self::Partial];
}

/// A signature with the name of its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// The fingerprint of the key.
    pub key: String,
    /// The signature, in the form that the key's suite has.
    pub bytes: Vec<u8>,
}

/// An entry of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What sort of fact it tells.
    pub kind: EntryKind,
    /// The tick in which it was entered: ticks never go down from one entry to the next.
    pub tick: u64,
    /// When it happened, as simulated Unix time in milliseconds (UTC).
    pub unix_ms: i64,
    /// The UUID of the event that it tells about.
    pub event: Option<[u8; 16]>,
    /// The number of the agent that did it, or to which it happened.
    pub who: Option<u32>,
    /// What was done: the kind of event, the name of an intervention, the class of an operation, the name of a file.
    pub operation: String,
    /// The capability that it took, empty if none.
    pub capability: String,
    /// How it turned out.
    pub outcome: Outcome,
    /// What happened, in words.
    pub detail: String,
    /// The SHA3-256 of everything that there is to know of it.
    pub payload: Hash,
    /// Who vouches for it.
    pub signature: Option<Signature>,
}

/// Why bytes are no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// There are too few bytes.
    #[error("it ends too early")]
    Truncated,
    /// There are bytes after its end.
    #[error("it goes on after its end")]
    Surplus,
    /// The version of the encoding is not known.
    #[error("its encoding has version {0}, this program reads {VERSION}")]
    Version(u8),
    /// A byte doesn't have one of the values that it may have.
    #[error("its {0} is none that exists")]
    Unknown(&'static str),
    /// A text is no UTF-8.
    #[error("its {0} is no text")]
    Text(&'static str),
}

impl From<Truncated> for EntryError {
    fn from(_: Truncated) -> Self {
        Self::Truncated
    }
}

/// The version of the encoding.
const VERSION: u8 = 1;
const HAS_EVENT: u8 = 1;
const HAS_AGENT: u8 = 2;
const HAS_SIGNATURE: u8 = 4;

impl Entry {
    /// An entry that tells no more than its kind, its time and what was done.
    #[must_use]
    pub fn new(kind: EntryKind, tick: u64, unix_ms: i64, operation: impl Into<String>) -> Self {
        Self {
            kind,
            tick,
            unix_ms,
            event: None,
            who: None,
            operation: operation.into(),
            capability: String::new(),
            outcome: Outcome::Done,
            detail: String::new(),
            payload: [0; 32],
            signature: None,
        }
    }

    /// Appends the entry's bytes, of which its leaf is the hash. Every entry has one encoding, and no two have the same:
    ///
    /// version, kind, outcome, which parts there are (a byte each); tick, time (8 bytes each, the lowest first); the event's
    /// UUID (16) and the agent (4) if there are any; the hash (32); operation, capability, words, and key and signature if
    /// there is one, each after its length (4).
    pub fn encode(&self, bytes: &mut Vec<u8>) {
        let parts = [(self.event.is_some(), HAS_EVENT), (self.who.is_some(), HAS_AGENT)];
        let parts = parts.into_iter().chain([(self.signature.is_some(), HAS_SIGNATURE)]);
        let parts = parts.filter(|(there, _)| *there).fold(0, |parts, (_, part)| parts | part);
        bytes.extend_from_slice(&[VERSION, self.kind as u8, self.outcome as u8, parts]);
        bytes.extend_from_slice(&self.tick.to_le_bytes());
        bytes.extend_from_slice(&self.unix_ms.to_le_bytes());
        if let Some(event) = &self.event {
            bytes.extend_from_slice(event);
        }
        if let Some(who) = self.who {
            bytes.extend_from_slice(&who.to_le_bytes());
        }
        bytes.extend_from_slice(&self.payload);
        for text in [&self.operation, &self.capability, &self.detail] {
            put_bytes(bytes, text.as_bytes());
        }
        if let Some(signature) = &self.signature {
            put_bytes(bytes, signature.key.as_bytes());
            put_bytes(bytes, &signature.bytes);
        }
    }

    /// The entry's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(128);
        self.encode(&mut bytes);
        bytes
    }

    /// What is signed of an entry: its bytes without the signature.
    #[must_use]
    pub fn unsigned(&self) -> Vec<u8> {
        Self { signature: None, ..self.clone() }.to_bytes()
    }

    /// Reads an entry's bytes.
    ///
    /// # Errors
    /// If they are none, or more than one.
    pub fn decode(bytes: &[u8]) -> Result<Self, EntryError> {
        let mut reader = Reader(bytes);
        let [version, kind, outcome, parts] = reader.array()?;
        if version != VERSION {
            return Err(EntryError::Version(version));
        }
        let kind = *EntryKind::ALL.get(usize::from(kind)).ok_or(EntryError::Unknown("kind"))?;
        let outcome = *Outcome::ALL.get(usize::from(outcome)).ok_or(EntryError::Unknown("outcome"))?;
        if parts & !(HAS_EVENT | HAS_AGENT | HAS_SIGNATURE) != 0 {
            return Err(EntryError::Unknown("list of parts"));
        }
        let has = |part: u8| parts & part != 0;
        let tick = u64::from_le_bytes(reader.array()?);
        let unix_ms = i64::from_le_bytes(reader.array()?);
        let event = if has(HAS_EVENT) { Some(reader.array()?) } else { None };
        let who = if has(HAS_AGENT) { Some(u32::from_le_bytes(reader.array()?)) } else { None };
        let payload = reader.array()?;
        let mut text = |name: &'static str| -> Result<String, EntryError> {
            String::from_utf8(reader.bytes()?.to_vec()).map_err(|_| EntryError::Text(name))
        };
        let (operation, capability, detail) = (text("operation")?, text("capability")?, text("words")?);
        let signature = if has(HAS_SIGNATURE) {
            let key = text("key")?;
            Some(Signature { key, bytes: reader.bytes()?.to_vec() })
        } else {
            None
        };
        if !reader.0.is_empty() {
            return Err(EntryError::Surplus);
        }
        Ok(Self { kind, tick, unix_ms, event, who, operation, capability, outcome, detail, payload, signature })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    prop_compose! {
        /// Any entry.
        pub(crate) fn entries()(
            kind in 0..EntryKind::ALL.len(),
            outcome in 0..Outcome::ALL.len(),
            (tick, unix_ms) in any::<(u64, i64)>(),
            (event, who) in any::<(Option<[u8; 16]>, Option<u32>)>(),
            (operation, capability, detail) in (".{0,20}", ".{0,8}", ".{0,80}"),
            payload in any::<[u8; 32]>(),
            signature in proptest::option::of((".{0,9}", proptest::collection::vec(any::<u8>(), 0..70))),
        ) -> Entry {
            Entry {
                kind: EntryKind::ALL[kind],
                outcome: Outcome::ALL[outcome],
                tick, unix_ms, event, who, operation, capability, detail, payload,
                signature: signature.map(|(key, bytes)| Signature { key, bytes }),
            }
        }
    }

    #[test]
    fn kinds_and_outcomes_are_numbered_as_they_stand() {
        assert!(EntryKind::ALL.iter().enumerate().all(|(number, kind)| *kind as usize == number));
        assert!(Outcome::ALL.iter().enumerate().all(|(number, outcome)| *outcome as usize == number));
    }

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn an_entry_comes_back_and_nothing_more_or_less_is_one(entry in entries(), surplus in any::<u8>()) {
            let bytes = entry.to_bytes();
            prop_assert_eq!(&Entry::decode(&bytes).unwrap(), &entry);
            for end in 0..bytes.len() {
                prop_assert!(Entry::decode(&bytes[..end]).is_err());
            }
            let mut longer = bytes.clone();
            longer.push(surplus);
            prop_assert_eq!(Entry::decode(&longer), Err(EntryError::Surplus));
        }

        #[test]
        fn whatever_is_read_as_an_entry_has_exactly_these_bytes(entry in entries(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut bytes = entry.to_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(read) = Entry::decode(&bytes) {
                prop_assert_eq!(read.to_bytes(), bytes);
            }
        }

        #[test]
        fn any_bytes_are_an_entry_or_none_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(entry) = Entry::decode(&bytes) {
                prop_assert_eq!(entry.to_bytes(), bytes);
            }
        }
    }
}
