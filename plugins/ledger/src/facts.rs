//! Entries from what happens in a simulation, and the hashes that they keep of it.
//!
//! Each hash can be worked out again from the files of a run, so that these can be checked against the ledger.

use agent2028_core::checkpoint::StateHash;
use agent2028_core::event::{Event, EventKind};
use agent2028_core::intervention::{Applied, Origin};
use agent2028_core::rng::SimRng;
use agent2028_core::section::SceneDocument;
use agent2028_identity::did::DidDocument;
use agent2028_identity::sign_events::event_digest;
use agent2028_operations::session::{self, Receipt};

use crate::entry::{Entry, EntryKind, Outcome};
use crate::hash::{Hash, hash_from_hex, payload_hash, to_hex};
use crate::manifest::Manifest;
use crate::terms::Terms;
use crate::wire::put_bytes;
use crate::written::Unwritable;

/// So many characters of what is said in words are kept; the hash is of all of it.
const MOST_CHARACTERS: usize = 2000;

fn clipped_to(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

/// What an entry keeps of something that is said in words.
#[must_use]
pub fn clipped(text: &str) -> String {
    clipped_to(text, MOST_CHARACTERS)
}

fn hash_of(parts: &[&[u8]]) -> Hash {
    let mut bytes = Vec::with_capacity(256);
    parts.iter().for_each(|part| put_bytes(&mut bytes, part));
    payload_hash(&bytes)
}

/// The scene, seed and files of a run: what its ledger begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// The scene's title.
    pub name: String,
    /// Its text, with includes merged and settings applied.
    pub scene: String,
    /// The seed.
    pub seed: u64,
    /// The fingerprint of scene, seed and settings.
    pub fingerprint: [u8; 32],
    /// The files that belong to it: name and BLAKE3 hash.
    pub files: Vec<(String, [u8; 32])>,
}

impl From<SceneDocument> for Opening {
    fn from(document: SceneDocument) -> Self {
        let SceneDocument { name, text, seed, fingerprint, files } = document;
        Self { name, scene: text, seed, fingerprint, files }
    }
}

/// The hash of a scene's text.
#[must_use]
pub fn scene_hash(text: &str) -> Hash {
    hash_of(&[text.as_bytes()])
}

/// The hash of a seed.
#[must_use]
pub fn seed_hash(seed: u64) -> Hash {
    hash_of(&[&seed.to_le_bytes()])
}

/// The hash of a file, by its BLAKE3 hash.
#[must_use]
pub fn file_hash(blake3: &[u8; 32]) -> Hash {
    hash_of(&[blake3])
}

/// The hash of a state hash.
#[must_use]
pub fn state_hash(hash: &StateHash) -> Hash {
    hash_of(&[&hash.0])
}

/// The hash of an event: kind, priority, words, and the type and fields of the value that it carries. Agents sign the same.
#[must_use]
pub fn event_hash(kind: &str, priority: u8, text: &str, value: Option<(&str, &str)>) -> Hash {
    event_digest(kind, priority, text, value).0
}

/// The hash of an intervention: number, who asked for it, name, fields in RON, whether it was done, and what it did or why it
/// could not.
#[must_use]
pub fn intervention_hash(sequence: u64, origin: Origin, name: &str, fields: &str, outcome: Result<&str, &str>) -> Hash {
    let (done, words) = match outcome {
        Ok(words) => (1, words),
        Err(words) => (0, words),
    };
    let origin = format!("{origin:?}");
    let (name, fields) = (name.as_bytes(), fields.as_bytes());
    hash_of(&[&sequence.to_le_bytes(), origin.as_bytes(), name, fields, &[done], words.as_bytes()])
}

impl Opening {
    /// The entries that a ledger begins with, under the terms on which it is kept: the scene, the seed, the terms, and the files.
    #[must_use]
    pub fn entries(&self, unix_ms: i64, terms: &Terms) -> Vec<Entry> {
        let entry = |kind, operation: &str, detail: String, payload| Entry {
            detail,
            payload,
            ..Entry::new(kind, 0, unix_ms, operation)
        };
        let fingerprint = format!("fingerprint {}", to_hex(&self.fingerprint));
        let scene = entry(EntryKind::Scene, &self.name, fingerprint, scene_hash(&self.scene));
        let seed = entry(EntryKind::Seed, "seed", self.seed.to_string(), seed_hash(self.seed));
        let file = |(name, blake3): &(String, [u8; 32])| {
            entry(EntryKind::File, name, format!("BLAKE3 {}", to_hex(blake3)), file_hash(blake3))
        };
        let terms = terms_entry(terms, self.files.len(), 0, unix_ms);
        [scene, seed, terms].into_iter().chain(self.files.iter().map(file)).collect()
    }
}

/// Whether an event of this kind is entered as an intervention already.
#[must_use]
pub fn tells_of_intervention(kind: &str) -> bool {
    kind == EventKind::INTERVENTION_APPLIED.name || kind == EventKind::INTERVENTION_FAILED.name
}

/// Whether an event is entered as an intervention already.
pub(crate) fn is_told_as_intervention(kind: EventKind) -> bool {
    kind == EventKind::INTERVENTION_APPLIED || kind == EventKind::INTERVENTION_FAILED
}

/// The entry of an event that is entered in a tick.
#[must_use]
pub fn event_entry(event: &Event, tick: u64, dice: &SimRng) -> Entry {
    let text = event.text();
    let value = event.payload.shown();
    let value = value.as_ref().map(|(name, fields)| (*name, fields.as_str()));
    Entry {
        event: Some(event.id(dice).into_bytes()),
        who: event.source.map(|agent| agent.0),
        payload: event_hash(event.kind.name, event.priority, &text, value),
        detail: clipped(&text),
        ..Entry::new(EntryKind::Event, tick, event.unix_ms, event.kind.name)
    }
}

/// The entry of an intervention that is entered in a tick.
#[must_use]
pub fn intervention_entry(applied: &Applied, tick: u64, unix_ms: i64) -> Entry {
    let stamped = &applied.stamped;
    let name = stamped.action.name();
    // Recordings write the same. A run with an intervention that has no RON form can't be recorded; its ledger says why.
    let fields = stamped.action.to_ron().unwrap_or_else(|error| format!("can't be written: {error}"));
    let (outcome, words) = match &applied.outcome {
        Ok(words) => (Outcome::Done, Ok(words.as_str())),
        Err(words) => (Outcome::Refused, Err(words.as_str())),
    };
    let (Ok(said) | Err(said)) = words;
    Entry {
        outcome,
        detail: clipped(said),
        payload: intervention_hash(stamped.sequence, stamped.origin, name, &fields, words),
        ..Entry::new(EntryKind::Intervention, tick, unix_ms, name)
    }
}

/// The entry of an operation's receipt.
#[must_use]
pub fn receipt_entry(receipt: &Receipt, capability: &str, kind: &str, tick: u64, unix_ms: i64, dice: &SimRng) -> Entry {
    let outcome = match receipt.outcome {
        session::Outcome::Completed => Outcome::Done,
        session::Outcome::Failed => Outcome::Failed,
        session::Outcome::TimedOut => Outcome::TimedOut,
        session::Outcome::Rejected => Outcome::Refused,
    };
    let operation = if kind.is_empty() { "operation" } else { kind };
    Entry {
        event: Some(session::command_id(dice, receipt.command).into_bytes()),
        who: receipt.agent.map(|agent| agent.0),
        capability: capability.into(),
        outcome,
        detail: receipt.failure.reason().into(),
        payload: hash_of(&[&receipt.hash]),
        ..Entry::new(EntryKind::Receipt, tick, unix_ms, operation)
    }
}

/// The entry of a state hash.
#[must_use]
pub fn state_entry(hash: &StateHash, tick: u64, unix_ms: i64) -> Entry {
    Entry {
        detail: hash.to_string(),
        payload: state_hash(hash),
        ..Entry::new(EntryKind::StateHash, tick, unix_ms, "state")
    }
}

/// The entry of a file that a run has written, by its BLAKE3 hash.
#[must_use]
pub fn result_entry(name: &str, blake3: &[u8; 32], tick: u64, unix_ms: i64) -> Entry {
    Entry {
        detail: format!("BLAKE3 {}", to_hex(blake3)),
        payload: file_hash(blake3),
        ..Entry::new(EntryKind::Result, tick, unix_ms, name)
    }
}

/// The entry of terms, with the number of files that are entered right after it.
#[must_use]
pub fn terms_entry(terms: &Terms, files: usize, tick: u64, unix_ms: i64) -> Entry {
    let text = terms.to_text(files);
    Entry { payload: hash_of(&[text.as_bytes()]), detail: text, ..Entry::new(EntryKind::Terms, tick, unix_ms, "terms") }
}

/// What an entry of kind `Note` is called that tells of ticks which the ledger doesn't know.
pub const GAP: &str = "gap";

/// The entry that tells of ticks that ran before this one where the ledger did not see them.
#[must_use]
pub fn gap_entry(first: u64, last: u64, tick: u64, unix_ms: i64) -> Entry {
    let words = format!("ticks {first} to {last} ran elsewhere and were not entered");
    Entry { payload: words_hash(&words), detail: words, ..Entry::new(EntryKind::Note, tick, unix_ms, GAP) }
}

/// The entry that says who an agent is, and with which key it signs from now on; nothing if its document has no key.
#[must_use]
pub fn identity_entry(who: u32, document: &DidDocument, tick: u64, unix_ms: i64) -> Option<Entry> {
    let (name, record) = (document.did.to_string(), document.history.last()?);
    let key = IdentityWords {
        key: record.keys.id().0.to_string(),
        since: record.from.0,
        ended: document.deactivated.as_ref().map(|signature| signature.at.0),
    };
    let words = key.to_text();
    Some(Entry {
        who: Some(who),
        payload: identity_hash(&name, &words),
        detail: words,
        ..Entry::new(EntryKind::Identity, tick, unix_ms, name)
    })
}

/// The hash of what an entry says about who an agent is.
#[must_use]
pub fn identity_hash(name: &str, words: &str) -> Hash {
    hash_of(&[name.as_bytes(), words.as_bytes()])
}

/// What an entry says, in words, of the key of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityWords {
    /// The key's fingerprint.
    pub key: String,
    /// Since when it is in force, in microseconds of Unix time.
    pub since: i64,
    /// When the identity ended, if it did, likewise.
    pub ended: Option<i64>,
}

impl IdentityWords {
    /// As words.
    #[must_use]
    pub fn to_text(&self) -> String {
        let ended = self.ended.map_or_else(String::new, |at| format!(" ended {at}"));
        format!("key {} since {}{ended}", self.key, self.since)
    }

    /// From words; nothing if they are none of these.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split(' ').collect();
        let (key, since, ended) = match words[..] {
            ["key", key, "since", since] => (key, since, None),
            ["key", key, "since", since, "ended", at] => (key, since, Some(at.parse().ok()?)),
            _ => return None,
        };
        let read = Self { key: key.into(), since: since.parse().ok()?, ended };
        (read.to_text() == text).then_some(read)
    }
}

/// What an entry of kind `Resumed` is called.
pub const RESUMED: &str = "resumed";

fn resumed_words(tick: u64) -> String {
    format!("the run goes on after tick {tick}")
}

/// The entry that says that a run goes on after its end.
#[must_use]
pub fn resumed_entry(tick: u64, unix_ms: i64) -> Entry {
    let words = resumed_words(tick);
    Entry { payload: words_hash(&words), detail: words, ..Entry::new(EntryKind::Resumed, tick, unix_ms, RESUMED) }
}

/// The entry of a manifest: the last one.
///
/// # Errors
/// If the manifest can't be put into words.
pub fn manifest_entry(manifest: &Manifest, tick: u64, unix_ms: i64) -> Result<Entry, Unwritable> {
    let text = manifest.to_text()?;
    Ok(Entry {
        payload: hash_of(&[text.as_bytes()]),
        detail: text,
        ..Entry::new(EntryKind::Manifest, tick, unix_ms, "manifest")
    })
}

/// The hash of what an entry says in words, where that is all there is to it: terms and manifests.
#[must_use]
pub fn words_hash(text: &str) -> Hash {
    hash_of(&[text.as_bytes()])
}

/// Whether an entry says of itself what entries of its kind say: what its words tell is what its payload is the hash of, and it
/// carries what entries of its kind carry. What only the run's files can tell is left to whoever has them.
///
/// # Errors
/// What is not so, in words.
pub fn check(entry: &Entry) -> Result<(), String> {
    let Entry { kind, outcome, operation, detail, payload, .. } = entry;
    let blake3 = || detail.strip_prefix("BLAKE3 ").and_then(hash_from_hex).map(|hash| file_hash(&hash));
    let state = || hash_from_hex(detail).map(|hash| state_hash(&StateHash(hash)));
    let partial = *kind == EntryKind::End && *outcome == Outcome::Partial;
    let (named, told): (&str, Option<Hash>) = match kind {
        EntryKind::Seed => {
            ("seed", detail.parse().ok().filter(|seed: &u64| seed.to_string() == *detail).map(seed_hash))
        }
        EntryKind::File | EntryKind::Result => (operation.as_str(), blake3()),
        EntryKind::StateHash => ("state", state()),
        EntryKind::End if !partial => ("end", state()),
        EntryKind::Terms => ("terms", Some(words_hash(detail))),
        EntryKind::Manifest => ("manifest", Some(words_hash(detail))),
        EntryKind::Resumed => (RESUMED, Some(words_hash(detail)).filter(|_| *detail == resumed_words(entry.tick))),
        EntryKind::Identity => (operation.as_str(), Some(identity_hash(operation, detail))),
        EntryKind::Note if operation == GAP => (GAP, Some(words_hash(detail))),
        _ => (operation.as_str(), Some(*payload)),
    };
    if operation != named {
        return Err(format!("it is of kind {kind:?} and called \"{operation}\" in place of \"{named}\""));
    }
    if told != Some(*payload) {
        return Err(format!("what it says in words (\"{}\") is not what its hash is of", clipped_to(detail, 80)));
    }
    let may = match kind {
        EntryKind::Intervention => matches!(outcome, Outcome::Done | Outcome::Refused),
        EntryKind::Receipt => *outcome != Outcome::Partial,
        EntryKind::Note => true,
        EntryKind::End => matches!(outcome, Outcome::Done | Outcome::Partial),
        _ => *outcome == Outcome::Done,
    };
    if !may {
        return Err(format!("no entry of kind {kind:?} has the outcome {outcome:?}"));
    }
    let (has_event, has_agent) = (entry.event.is_some(), entry.who.is_some());
    let fits = match kind {
        EntryKind::Event | EntryKind::Receipt => has_event,
        EntryKind::Identity => has_agent && !has_event,
        EntryKind::Note => true,
        _ => !has_event && !has_agent,
    };
    let signed = entry.signature.is_some() && *kind != EntryKind::Event;
    let capable = !entry.capability.is_empty() && !matches!(kind, EntryKind::Receipt | EntryKind::Note);
    if !fits || signed || capable {
        return Err(format!("it carries what no entry of kind {kind:?} does, or lacks what each has"));
    }
    Ok(())
}

/// The entry with which a run ends: its last state.
#[must_use]
pub fn end_entry(hash: &StateHash, tick: u64, unix_ms: i64) -> Entry {
    Entry { kind: EntryKind::End, operation: "end".into(), ..state_entry(hash, tick, unix_ms) }
}
