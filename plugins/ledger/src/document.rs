//! Entries and proofs as JSON, for people and other programs.

use chrono::{DateTime, SecondsFormat};
use serde::{Deserialize, Serialize};
use sha3::Sha3_256;
use uuid::Uuid;

use crate::disk::Item;
use crate::entry::{Entry, EntryKind, Outcome, Signature};
use crate::hash::{Hash, TreeHash, from_hex, hash_from_hex, to_hex};
use crate::head::{SignedTreeHead, TreeHead};
use crate::keys::{KeyRole, LedgerKey};
use crate::stamp::TimeStamp;
use crate::tree::{ConsistencyProof, InclusionProof};
use crate::written::{Unwritable, indented_json, json};

/// An entry as a line of JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryLine {
    /// Its number in the ledger, from 0.
    pub index: u64,
    /// What sort of fact it tells.
    pub kind: EntryKind,
    /// The tick.
    pub tick: u64,
    /// The simulated date and time, as RFC 3339.
    pub utc: String,
    /// The same as Unix time in milliseconds.
    pub unix_ms: i64,
    /// The event's UUID.
    pub event: Option<Uuid>,
    /// The agent's number.
    pub who: Option<u32>,
    /// What was done.
    pub operation: String,
    /// The capability that it took.
    pub capability: Option<String>,
    /// How it turned out.
    pub outcome: Outcome,
    /// What happened, in words.
    pub detail: String,
    /// The SHA3-256 of everything that there is to know of it, in hexadecimal digits.
    pub payload: String,
    /// The signature, if there is one.
    pub signature: Option<SignatureText>,
    /// The hash of the entry as a leaf, in hexadecimal digits.
    pub leaf: String,
}

/// A signature in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureText {
    /// The fingerprint of the key.
    pub key: String,
    /// The signature.
    pub bytes: String,
}

impl SignatureText {
    fn of(signature: &Signature) -> Self {
        Self { key: signature.key.clone(), bytes: to_hex(&signature.bytes) }
    }

    fn signature(&self) -> Option<Signature> {
        Some(Signature { key: self.key.clone(), bytes: from_hex(&self.bytes)? })
    }
}

/// What lies in a ledger as a line of JSON: an entry, or an object with one field that says what else it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Line {
    /// An entry.
    Entry(Box<EntryLine>),
    /// A tree head over the entries before it.
    Head {
        /// The head.
        head: HeadText,
    },
    /// A time stamp of an entry before it.
    Stamp {
        /// The number of the entry.
        stamped: u64,
        /// The time stamp.
        stamp: StampText,
    },
    /// A key that signs.
    Key {
        /// The key.
        key: KeyText,
    },
}

impl Line {
    /// Something that lies in a ledger.
    ///
    /// # Errors
    /// If it is a key that has no bytes.
    pub fn of(item: &Item) -> Result<Self, Unwritable> {
        Ok(match item {
            Item::Entry { index, entry, .. } | Item::Kept { index, entry, .. } => {
                Self::Entry(Box::new(EntryLine::of(*index, entry)))
            }
            Item::Head(signed) => Self::Head { head: HeadText::of(signed) },
            Item::Stamp(stamp) => Self::Stamp { stamped: stamp.index, stamp: StampText::of(stamp) },
            Item::Key(key) | Item::FormerKey(key) => Self::Key { key: KeyText::of(key)? },
        })
    }

    /// The line, without its line break.
    ///
    /// # Errors
    /// If it has no JSON form.
    pub fn to_line(&self) -> Result<String, Unwritable> {
        json("a line", self)
    }
}

/// A date and time as RFC 3339 with milliseconds.
#[must_use]
pub fn utc(unix_ms: i64) -> String {
    DateTime::from_timestamp_millis(unix_ms)
        .map_or_else(|| format!("{unix_ms} ms"), |time| time.to_rfc3339_opts(SecondsFormat::Millis, true))
}

impl EntryLine {
    /// An entry as it will be written.
    #[must_use]
    pub fn of(index: u64, entry: &Entry) -> Self {
        Self {
            index,
            kind: entry.kind,
            tick: entry.tick,
            utc: utc(entry.unix_ms),
            unix_ms: entry.unix_ms,
            event: entry.event.map(Uuid::from_bytes),
            who: entry.who,
            operation: entry.operation.clone(),
            capability: Some(entry.capability.clone()).filter(|capability| !capability.is_empty()),
            outcome: entry.outcome,
            detail: entry.detail.clone(),
            payload: to_hex(&entry.payload),
            signature: entry.signature.as_ref().map(SignatureText::of),
            leaf: to_hex(&Sha3_256::leaf(&entry.to_bytes())),
        }
    }

    /// The line, without its line break.
    ///
    /// # Errors
    /// If it has no JSON form.
    pub fn to_line(&self) -> Result<String, Unwritable> {
        json("a line", self)
    }
}

/// A proof that stands by itself: it can be checked without the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "proof", deny_unknown_fields, rename_all = "lowercase")]
pub enum ProofDocument {
    /// An entry is in the ledger.
    Inclusion {
        /// [`FORMAT`].
        format: String,
        /// What the entry says; the bytes below are what counts, and this must say the same.
        entry: Box<EntryLine>,
        /// The entry's bytes in hexadecimal digits.
        bytes: String,
        /// How many entries the ledger had.
        size: u64,
        /// The root over them, in hexadecimal digits.
        root: String,
        /// The siblings on the way from the entry to the root.
        path: Vec<String>,
        /// A tree head of this size, if there is one.
        head: Option<HeadText>,
        /// Time stamps of the entry.
        #[serde(default)]
        stamps: Vec<StampText>,
        /// The public halves of the keys that have signed these.
        #[serde(default)]
        keys: Vec<KeyText>,
    },
    /// A ledger is the beginning of a longer one.
    Consistency {
        /// [`FORMAT`].
        format: String,
        /// How many entries the shorter ledger had.
        old_size: u64,
        /// The root over them, in hexadecimal digits.
        old_root: String,
        /// How many entries the longer ledger had.
        new_size: u64,
        /// The root over them, in hexadecimal digits.
        new_root: String,
        /// The nodes from which both roots follow.
        path: Vec<String>,
    },
}

/// A tree head with its signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadText {
    /// How many entries there were.
    pub size: u64,
    /// The root over them, in hexadecimal digits.
    pub root: String,
    /// The tick at whose end this was so.
    pub tick: u64,
    /// Simulated Unix time in milliseconds.
    pub unix_ms: i64,
    /// The signature, if there is one.
    pub signature: Option<SignatureText>,
}

/// The public half of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyText {
    /// What it is for.
    pub role: KeyRole,
    /// Its fingerprint: 64 hexadecimal digits.
    pub fingerprint: String,
    /// The key in hexadecimal digits.
    pub key: String,
}

/// A time stamp.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StampText {
    /// Simulated Unix time in milliseconds.
    pub unix_ms: i64,
    /// The authority's nonce, in hexadecimal digits.
    pub nonce: String,
    /// The authority's signature over the leaf's hash, the time and the nonce.
    pub signature: SignatureText,
}

/// The format of proofs, with the hash that the tree uses.
pub const FORMAT: &str = "agent2028 ledger proof 1, RFC 9162 with SHA3-256";

/// What a proof proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proven {
    /// This entry is in the ledger with this size and root.
    Inclusion {
        /// The number of the entry.
        index: u64,
        /// The entry.
        entry: Box<Entry>,
        /// How many entries the ledger had.
        size: u64,
        /// The root over them.
        root: Hash,
        /// The tree head of this size that comes with the proof; its signature is not checked yet.
        head: Option<SignedTreeHead>,
        /// The time stamps that come with the proof; their signatures are not checked yet.
        stamps: Vec<TimeStamp>,
        /// The keys that come with the proof; whether they are the right ones only their fingerprints can tell.
        keys: Vec<LedgerKey>,
    },
    /// The shorter ledger is the beginning of the longer one.
    Consistency {
        /// Size and root of the shorter one.
        old: (u64, Hash),
        /// Size and root of the longer one.
        new: (u64, Hash),
    },
}

/// Why a proof proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofFault {
    /// It is none that this program can read.
    #[error("this is no proof that can be read: {0}")]
    Unreadable(String),
    /// It proves nothing.
    #[error("{0}")]
    Wrong(String),
}

fn hashes(path: &[Hash]) -> Vec<String> {
    path.iter().map(|hash| to_hex(hash)).collect()
}

impl HeadText {
    /// A tree head as it will be written.
    #[must_use]
    pub fn of(signed: &SignedTreeHead) -> Self {
        let TreeHead { size, root, tick, unix_ms } = signed.head;
        Self { size, root: to_hex(&root), tick, unix_ms, signature: signed.signature.as_ref().map(SignatureText::of) }
    }

    fn signed(&self) -> Option<SignedTreeHead> {
        let head =
            TreeHead { size: self.size, root: hash_from_hex(&self.root)?, tick: self.tick, unix_ms: self.unix_ms };
        let signature = match &self.signature {
            Some(text) => Some(text.signature()?),
            None => None,
        };
        Some(SignedTreeHead { head, signature })
    }
}

impl StampText {
    /// A time stamp as it will be written.
    #[must_use]
    pub fn of(stamp: &TimeStamp) -> Self {
        let signature = SignatureText::of(&stamp.signature);
        Self { unix_ms: stamp.unix_ms, nonce: format!("{:032x}", stamp.nonce), signature }
    }

    fn stamp(&self, index: u64, entry: Hash) -> Option<TimeStamp> {
        let nonce = u128::from_be_bytes(from_hex(&self.nonce)?.try_into().ok()?);
        Some(TimeStamp { index, entry, unix_ms: self.unix_ms, nonce, signature: self.signature.signature()? })
    }
}

impl KeyText {
    /// A key as it will be written.
    ///
    /// # Errors
    /// If it has no bytes.
    pub fn of(key: &LedgerKey) -> Result<Self, Unwritable> {
        Ok(Self { role: key.role, fingerprint: key.fingerprint(), key: to_hex(&key.encode()?) })
    }

    fn key(&self) -> Option<LedgerKey> {
        let key = LedgerKey::decode(&from_hex(&self.key)?)?;
        (key.role == self.role && key.fingerprint() == self.fingerprint).then_some(key)
    }
}

impl ProofDocument {
    /// A proof that an entry is in the ledger with this root, with a tree head of that size and time stamps if there are any.
    ///
    /// # Errors
    /// If a key has no bytes.
    pub fn inclusion(
        entry: &Entry,
        proof: &InclusionProof,
        root: &Hash,
        head: Option<&SignedTreeHead>,
        stamps: &[TimeStamp],
        keys: &[LedgerKey],
    ) -> Result<Self, Unwritable> {
        Ok(Self::Inclusion {
            format: FORMAT.into(),
            entry: Box::new(EntryLine::of(proof.index, entry)),
            bytes: to_hex(&entry.to_bytes()),
            size: proof.size,
            root: to_hex(root),
            path: hashes(&proof.path),
            head: head.map(HeadText::of),
            stamps: stamps.iter().map(StampText::of).collect(),
            keys: keys.iter().map(KeyText::of).collect::<Result<_, _>>()?,
        })
    }

    /// A proof that the ledger with the root `old` is the beginning of the one with the root `new`.
    #[must_use]
    pub fn consistency(proof: &ConsistencyProof, old: &Hash, new: &Hash) -> Self {
        Self::Consistency {
            format: FORMAT.into(),
            old_size: proof.old_size,
            old_root: to_hex(old),
            new_size: proof.new_size,
            new_root: to_hex(new),
            path: hashes(&proof.path),
        }
    }

    /// As JSON, indented.
    ///
    /// # Errors
    /// If it has no JSON form.
    pub fn to_json(&self) -> Result<String, Unwritable> {
        indented_json("a proof", self)
    }

    /// Reads a proof.
    ///
    /// # Errors
    /// If it is none.
    pub fn from_json(text: &str) -> Result<Self, ProofFault> {
        serde_json::from_str(text).map_err(|error| ProofFault::Unreadable(error.to_string()))
    }

    /// Checks the proof: that the roots follow from what it shows. Whose roots these are, tree heads and their signatures tell.
    ///
    /// # Errors
    /// If it can't be read or proves nothing.
    pub fn check(&self) -> Result<Proven, ProofFault> {
        let wrong = |what: &str| ProofFault::Wrong(what.into());
        let path_of = |path: &[String]| -> Result<Vec<Hash>, ProofFault> {
            let hashes: Option<Vec<Hash>> = path.iter().map(|text| hash_from_hex(text)).collect();
            hashes.ok_or_else(|| wrong("a hash of the path is none"))
        };
        let root_of = |text: &str| hash_from_hex(text).ok_or_else(|| wrong("the root is no hash"));
        let (Self::Inclusion { format, .. } | Self::Consistency { format, .. }) = self;
        if format != FORMAT {
            return Err(ProofFault::Unreadable(format!("its format is \"{format}\", this program reads \"{FORMAT}\"")));
        }
        match self {
            Self::Inclusion { entry, bytes, size, root, path, head, stamps, keys, .. } => {
                let index = entry.index;
                let bytes = from_hex(bytes).ok_or_else(|| wrong("the entry's bytes are none"))?;
                let decoded = Entry::decode(&bytes).map_err(|error| wrong(&format!("the entry is none: {error}")))?;
                if EntryLine::of(index, &decoded) != **entry {
                    return Err(wrong("what the entry says is not what its bytes say"));
                }
                let root = root_of(root)?;
                let leaf = Sha3_256::leaf(&bytes);
                let proof = InclusionProof { index, size: *size, path: path_of(path)? };
                if !proof.verify::<Sha3_256>(&leaf, &root) {
                    return Err(wrong("the root doesn't follow from the entry and the path"));
                }
                let head = match head {
                    Some(text) => Some(text.signed().ok_or_else(|| wrong("the tree head is none"))?),
                    None => None,
                };
                if head.as_ref().is_some_and(|signed| (signed.head.size, signed.head.root) != (*size, root)) {
                    return Err(wrong("the tree head is of another tree"));
                }
                let stamps: Option<Vec<TimeStamp>> = stamps.iter().map(|text| text.stamp(index, leaf)).collect();
                let stamps = stamps.ok_or_else(|| wrong("a time stamp is none"))?;
                let keys: Option<Vec<LedgerKey>> = keys.iter().map(KeyText::key).collect();
                let keys = keys.ok_or_else(|| wrong("a key is none, or not the one of its fingerprint"))?;
                Ok(Proven::Inclusion { index, entry: Box::new(decoded), size: *size, root, head, stamps, keys })
            }
            Self::Consistency { old_size, old_root, new_size, new_root, path, .. } => {
                let (old, new) = (root_of(old_root)?, root_of(new_root)?);
                let proof = ConsistencyProof { old_size: *old_size, new_size: *new_size, path: path_of(path)? };
                if !proof.verify::<Sha3_256>(&old, &new) {
                    return Err(wrong("the roots don't follow from the path"));
                }
                Ok(Proven::Consistency { old: (*old_size, old), new: (*new_size, new) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign::tests::Secret;
    use crate::stamp::TimeStampAuthority;
    use crate::tree::Tree;

    fn ledger() -> (Vec<Entry>, Tree) {
        let entries: Vec<Entry> = (0..40)
            .map(|number| {
                let mut entry = Entry::new(EntryKind::Event, number, number as i64 * 16, "AgentFailed");
                (entry.who, entry.event) = (Some(number as u32), Some([number as u8; 16]));
                entry.detail = format!("number {number}");
                entry
            })
            .collect();
        let mut tree: Tree = Tree::default();
        for entry in &entries {
            tree.push(Sha3_256::leaf(&entry.to_bytes()));
        }
        (entries, tree)
    }

    #[test]
    fn a_proof_stands_by_itself_and_any_change_of_a_digit_breaks_it() {
        let (entries, tree) = ledger();
        let secret = Secret::new(5);
        let head = TreeHead { size: 40, root: tree.root(), tick: 41, unix_ms: 700 }.signed(Some(&secret));
        let leaf = tree.leaf(17).unwrap();
        let stamp = TimeStampAuthority::default().stamp(17, leaf, 300, (&[0; 32], 5), &secret).unwrap();
        let proof = tree.prove_inclusion(17, 40).unwrap();
        let stamps = [stamp.clone()];
        let document = ProofDocument::inclusion(&entries[17], &proof, &tree.root(), Some(&head), &stamps, &[]).unwrap();
        let text = document.to_json().unwrap();
        let read = ProofDocument::from_json(&text).unwrap();
        let Proven::Inclusion { index, entry, size, root, head, stamps, .. } = read.check().unwrap() else { panic!() };
        assert_eq!((index, *entry, size, root), (17, entries[17].clone(), 40, tree.root()));
        head.unwrap().verify(&secret).unwrap();
        assert_eq!(stamps, [stamp]);
        stamps[0].verify(&leaf, &secret).unwrap();

        // Whatever digit or letter is changed: it is no proof, proves nothing, proves another root, or a signature fails.
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
            let Ok(changed) = String::from_utf8(changed) else { continue };
            let Ok(document) = ProofDocument::from_json(&changed) else { continue };
            let Ok(Proven::Inclusion { root, head, stamps, size, index, entry, .. }) = document.check() else {
                continue;
            };
            let believed = head.is_some_and(|head| head.verify(&secret).is_ok())
                && stamps.iter().all(|stamp| stamp.verify(&leaf, &secret).is_ok());
            let same = (root, size, index, &*entry) == (tree.root(), 40, 17, &entries[17]);
            assert!(!believed || (same && changed.to_lowercase() == text), "byte {at} of {changed}");
        }
    }

    #[test]
    fn a_consistency_proof_stands_by_itself() {
        let (_, tree) = ledger();
        let (old, new) = (tree.root_at(13).unwrap(), tree.root());
        let proof = tree.prove_consistency(13, 40).unwrap();
        let document = ProofDocument::consistency(&proof, &old, &new);
        let read = ProofDocument::from_json(&document.to_json().unwrap()).unwrap();
        assert_eq!(read.check().unwrap(), Proven::Consistency { old: (13, old), new: (40, new) });
        let wrong = ProofDocument::consistency(&proof, &new, &old);
        assert!(matches!(wrong.check(), Err(ProofFault::Wrong(_))));
        let later = document.to_json().unwrap().replace("proof 1", "proof 2");
        assert!(matches!(ProofDocument::from_json(&later).unwrap().check(), Err(ProofFault::Unreadable(_))));
    }

    #[test]
    fn an_entry_as_a_line_says_all_of_it() {
        let mut entry = Entry::new(EntryKind::Intervention, 60, 1_830_297_601_000, "Kill");
        entry.event = Some([0xab; 16]);
        let line = EntryLine::of(3, &entry).to_line().unwrap();
        assert!(line.contains("\"utc\":\"2028-01-01T00:00:01.000Z\"") && !line.contains('\n'), "{line}");
        assert!(line.contains("\"event\":\"abababab-abab-abab-abab-abababababab\""), "{line}");
        let read: EntryLine = serde_json::from_str(&line).unwrap();
        assert_eq!(read, EntryLine::of(3, &entry));
        assert_eq!(utc(i64::MAX), format!("{} ms", i64::MAX));
    }
}
