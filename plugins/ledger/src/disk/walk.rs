//! Reading a ledger from its beginning to its end, and checking everything on the way.

use std::path::{Path, PathBuf};

use super::base::{Base, Compaction};
use super::record::{self, Fault, RecordKind, Sum};
use super::segment::{self, SegmentHeader};
use super::{Damage, DiskError, io_error};
use crate::entry::Entry;
use crate::hash::TreeHash;
use crate::head::SignedTreeHead;
use crate::keys::LedgerKey;
use crate::stamp::TimeStamp;
use crate::tree::Tree;

/// What lies in a ledger.
#[derive(Clone, Debug)]
pub enum Item<'a> {
    /// An entry.
    Entry {
        /// Its number, from 0.
        index: u64,
        /// The entry.
        entry: Entry,
        /// The bytes of which its leaf is the hash.
        bytes: &'a [u8],
    },
    /// A tree head over the entries before it.
    Head(SignedTreeHead),
    /// A time stamp of an entry before it.
    Stamp(TimeStamp),
    /// The public half of a key.
    Key(LedgerKey),
}

/// The end of a file that was being written when the writer was stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// The file.
    pub file: PathBuf,
    /// The number of the record in the file, from 0.
    pub record: u64,
    /// Where it begins, in bytes.
    pub offset: u64,
    /// How many bytes there are of it.
    pub bytes: u64,
}

/// What a walk through a ledger has found.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The tree over the entries. Of a file without the ones before it only the records can be checked, not the tree.
    pub tree: Option<Tree>,
    /// The number of the first entry that is there.
    pub first: u64,
    /// The number of the next entry.
    pub size: u64,
    /// How many segments there are.
    pub segments: usize,
    /// How many bytes of segments.
    pub bytes: u64,
    /// The tree heads, those of dropped entries too.
    pub heads: Vec<SignedTreeHead>,
    /// How many time stamps.
    pub stamps: u64,
    /// The public halves of the keys that have signed.
    pub keys: Vec<LedgerKey>,
    /// What was dropped.
    pub compactions: Vec<Compaction>,
    /// The torn end, if there is one.
    pub torn: Option<Torn>,
    pub(super) last: Option<LastSegment>,
}

/// The segment that a writer goes on with.
#[derive(Clone, Debug)]
pub(super) struct LastSegment {
    pub number: u32,
    pub first: u64,
    /// How much of the file is whole, in bytes; less than a header if not even that is.
    pub whole: u64,
    pub sum: Sum,
}

/// Where the ledger is that somebody means by a path: a run's folder, a ledger's folder, or one of its files.
///
/// # Errors
/// If there is none.
pub fn locate(path: &Path) -> Result<PathBuf, DiskError> {
    let none = || DiskError::NoLedger(path.display().to_string());
    if path.is_file() {
        return Ok(path.into());
    }
    let within = path.join("ledger");
    let folders = [path, &within].into_iter().filter(|folder| folder.is_dir());
    for folder in folders {
        if Base::path(folder).exists() || !segment::list(folder)?.is_empty() {
            return Ok(folder.into());
        }
    }
    Err(none())
}

/// Walks through a ledger (its folder, or a single segment) and checks every record, every tree head and every time stamp's
/// entry. `visit` sees what lies in it, in order; what it says is wrong is told as damage.
///
/// # Errors
/// If something is damaged: the first place; or if it can't be read.
pub fn walk(path: &Path, visit: &mut dyn FnMut(Item) -> Result<(), String>) -> Result<Walk, DiskError> {
    if path.is_file() {
        return walk_file(path, visit);
    }
    let base = Base::read(path)?;
    let files: Vec<(u32, PathBuf)> =
        segment::list(path)?.into_iter().filter(|(number, _)| *number >= base.segment).collect();
    if files.is_empty() && !Base::path(path).exists() {
        return Err(DiskError::NoLedger(path.display().to_string()));
    }
    let mut walker = Walker::new(&base, Some(base.tree()));
    for (at, (number, file)) in files.iter().enumerate() {
        let expected = base.segment + at as u32;
        if *number != expected {
            let missing = segment::path(path, expected);
            return Err(DiskError::Damaged(Damage::of_file(&missing, "the segment is missing")));
        }
        let bytes = std::fs::read(file).map_err(io_error(file))?;
        walker.segment(file, *number, &bytes, at + 1 == files.len(), visit)?;
    }
    Ok(walker.walk)
}

/// Walks through a segment by itself.
fn walk_file(file: &Path, visit: &mut dyn FnMut(Item) -> Result<(), String>) -> Result<Walk, DiskError> {
    let bytes = std::fs::read(file).map_err(io_error(file))?;
    if !segment::looks_like_one(&bytes) {
        return Err(DiskError::NoLedger(file.display().to_string()));
    }
    let base = match SegmentHeader::read(&bytes) {
        Some(header) => Base { segment: header.number, before: header.before, ..Base::default() },
        None => Base::default(),
    };
    let first = SegmentHeader::read(&bytes).map_or(0, |header| header.first);
    let mut walker = Walker::new(&base, (first == 0).then(Tree::default));
    (walker.walk.first, walker.walk.size) = (first, first);
    walker.segment(file, base.segment, &bytes, true, visit)?;
    Ok(walker.walk)
}

struct Walker {
    walk: Walk,
    before: Sum,
}

impl Walker {
    fn new(base: &Base, tree: Option<Tree>) -> Self {
        let first = base.frontier.size();
        let walk = Walk {
            tree,
            first,
            size: first,
            segments: 0,
            bytes: 0,
            heads: base.heads.clone(),
            stamps: 0,
            keys: base.keys.clone(),
            compactions: base.compactions.clone(),
            torn: None,
            last: None,
        };
        Self { walk, before: base.before }
    }

    fn segment(
        &mut self,
        file: &Path,
        number: u32,
        bytes: &[u8],
        is_last: bool,
        visit: &mut dyn FnMut(Item) -> Result<(), String>,
    ) -> Result<(), DiskError> {
        self.walk.segments += 1;
        self.walk.bytes += bytes.len() as u64;
        let damage = |what: &str| DiskError::Damaged(Damage::of_file(file, what));
        let first = self.walk.size;
        let Some(header) = SegmentHeader::read(bytes) else {
            // A writer that was stopped right when it began the file.
            if is_last && bytes.len() < segment::HEADER && segment_is_torn(bytes) {
                self.walk.torn = Some(Torn { file: file.into(), record: 0, offset: 0, bytes: bytes.len() as u64 });
                self.walk.last = Some(LastSegment { number, first, whole: 0, sum: self.before });
                return Ok(());
            }
            return Err(damage("the segment's header is damaged"));
        };
        if (header.number, header.first) != (number, first) || header.before != self.before {
            return Err(damage("the segment doesn't go on where the one before it ends"));
        }
        let (mut at, mut count) = (segment::HEADER, 0);
        while at < bytes.len() {
            let entry = self.walk.size;
            let told = |what: String| {
                let (file, entry) = (file.into(), Some(entry));
                DiskError::Damaged(Damage { file, record: Some(count), entry, offset: at as u64, what })
            };
            let record = match record::read(bytes, at) {
                Ok(record) => record,
                Err(fault) if is_last && is_torn(&bytes[at..], fault) => {
                    let (offset, left) = (at as u64, (bytes.len() - at) as u64);
                    self.walk.torn = Some(Torn { file: file.into(), record: count, offset, bytes: left });
                    break;
                }
                Err(fault) => return Err(told(fault.to_string())),
            };
            let item = self.walk.item(&record).map_err(told)?;
            visit(item).map_err(|what| {
                let (file, entry) = (file.into(), self.walk.size.checked_sub(1));
                DiskError::Damaged(Damage { file, record: Some(count), entry, offset: at as u64, what })
            })?;
            (at, count) = (record.end, count + 1);
        }
        self.before = record::last_sum(&bytes[..at]);
        self.walk.last = Some(LastSegment { number, first, whole: at as u64, sum: self.before });
        Ok(())
    }
}

/// Whether the rest of a file is what a stopped writer leaves: the beginning of a record, or, after a crash of the machine,
/// bytes that never came to the disk.
fn is_torn(rest: &[u8], fault: Fault) -> bool {
    fault == Fault::Incomplete || rest.iter().all(|byte| *byte == 0)
}

fn segment_is_torn(bytes: &[u8]) -> bool {
    segment::looks_like_one(bytes) || bytes.iter().all(|byte| *byte == 0)
}

impl Walk {
    /// Looks at the next record.
    fn item<'a>(&mut self, record: &record::Record<'a>) -> Result<Item<'a>, String> {
        match record.kind {
            RecordKind::Entry => {
                let entry = Entry::decode(record.body).map_err(|error| format!("the entry can't be read: {error}"))?;
                if let Some(tree) = &mut self.tree {
                    tree.push(sha3::Sha3_256::leaf(record.body));
                }
                self.size += 1;
                Ok(Item::Entry { index: self.size - 1, entry, bytes: record.body })
            }
            RecordKind::Head => {
                let signed = SignedTreeHead::decode(record.body).ok_or("the tree head can't be read")?;
                let root = self.tree.as_ref().map(Tree::root);
                if signed.head.size != self.size || root.is_some_and(|root| root != signed.head.root) {
                    return Err(format!("the tree head over {} entries is not that of the entries", signed.head.size));
                }
                self.heads.push(signed.clone());
                Ok(Item::Head(signed))
            }
            RecordKind::Stamp => {
                let stamp = TimeStamp::decode(record.body).ok_or("the time stamp can't be read")?;
                let leaf = self.tree.as_ref().and_then(|tree| tree.leaf(stamp.index));
                let known = leaf.is_none_or(|leaf| leaf == stamp.entry);
                if stamp.index >= self.size || !known {
                    return Err(format!("the time stamp is not of entry {}", stamp.index));
                }
                self.stamps += 1;
                Ok(Item::Stamp(stamp))
            }
            RecordKind::Key => {
                let key = LedgerKey::decode(record.body).ok_or("the key can't be read")?;
                self.keys.push(key.clone());
                Ok(Item::Key(key))
            }
        }
    }
}
