//! Reading a ledger from its beginning to its end, and checking everything on the way.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::base::{Base, Compaction};
use super::record::{self, RecordFault, RecordKind, Sum};
use super::segment::{self, SegmentHeader};
use super::{Damage, DiskError, io_error, open};
use crate::entry::{Entry, EntryKind};
use crate::hash::TreeHash;
use crate::head::SignedTreeHead;
use crate::keys::LedgerKey;
use crate::stamp::TimeStamp;
use crate::tree::{MOST_LEAVES, Tree};

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
    /// An entry that was kept when those around it were dropped.
    Kept {
        /// Its number, from 0.
        index: u64,
        /// The entry.
        entry: Entry,
        /// The bytes of which its leaf is the hash.
        bytes: &'a [u8],
    },
    /// The public half of a key whose place was dropped.
    FormerKey(LedgerKey),
}

/// Where a record lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecordPosition {
    pub segment: u32,
    pub offset: u64,
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
    /// How many time stamps, those of dropped entries too.
    pub stamps: u64,
    /// How many entries of each kind, those that were dropped too.
    pub counts: BTreeMap<EntryKind, u64>,
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
    match std::fs::metadata(path) {
        Ok(about) if about.is_dir() => {}
        Ok(_) => return Ok(path.into()),
        Err(_) => return Err(none()),
    }
    let within = path.join("ledger");
    for folder in [path, &within].into_iter().filter(|folder| folder.is_dir()) {
        if std::fs::symlink_metadata(Base::path(folder)).is_ok() || !segment::list(folder)?.is_empty() {
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
    walk_with_places(path, &mut |item, _| visit(item))
}

/// The same for whom it matters where things lie. What was kept of dropped entries has no place.
pub(super) fn walk_with_places(path: &Path, visit: &mut Visit) -> Result<Walk, DiskError> {
    let about = std::fs::symlink_metadata(path).map_err(io_error(path))?;
    if !(about.is_dir() || (about.is_symlink() && path.is_dir())) {
        return walk_file(path, visit);
    }
    let base = Base::read(path)?;
    let files: Vec<(u32, PathBuf)> =
        segment::list(path)?.into_iter().filter(|(number, _)| *number >= base.segment).collect();
    if files.is_empty() && base == Base::default() {
        return Err(DiskError::NoLedger(path.display().to_string()));
    }
    let mut walker = Walker::new(&base, Some(base.tree()));
    walker.base(&Base::path(path), &base, visit)?;
    for (at, (number, file)) in files.iter().enumerate() {
        let expected = base.segment.saturating_add(at as u32);
        if *number != expected {
            let missing = segment::path(path, expected);
            return Err(DiskError::Damaged(Damage::of_file(&missing, "the segment is missing")));
        }
        walker.segment(file, *number, at + 1 == files.len(), visit)?;
    }
    Ok(walker.walk)
}

/// The tree over what the run itself has entered into a ledger: without what closed the run before it went on.
///
/// # Errors
/// If there is no ledger, the disk refuses, or it is damaged.
pub fn tree_of_the_run(folder: &Path) -> Result<Tree, DiskError> {
    // What was dropped lies before the first end.
    let mut tree = Base::read(folder)?.tree();
    walk(folder, &mut |item| {
        if let Item::Entry { entry, bytes, .. } = item
            && entry.kind.is_of_the_run()
        {
            tree.push(sha3::Sha3_256::leaf(bytes));
        }
        Ok(())
    })?;
    Ok(tree)
}

/// The longest torn end that a stopped writer leaves, in bytes: it has never more on its way than the longest record and what is
/// gathered beside it.
const LONGEST_TORN: u64 = 2 * record::LONGEST as u64;

/// Walks through a segment by itself.
fn walk_file(file: &Path, visit: &mut Visit) -> Result<Walk, DiskError> {
    let none = || DiskError::NoLedger(file.display().to_string());
    let (header, _) = SegmentFile::open(file)?.ok_or_else(none)?.header(file)?;
    if !segment::looks_like_one(&header) {
        return Err(none());
    }
    let header = SegmentHeader::read(&header);
    let base = match header {
        Some(header) => Base { segment: header.number, before: header.before, ..Base::default() },
        None => Base::default(),
    };
    let first = header.map_or(0, |header| header.first);
    let mut walker = Walker::new(&base, (first == 0).then(Tree::default));
    (walker.walk.first, walker.walk.size) = (first, first);
    walker.segment(file, base.segment, true, visit)?;
    Ok(walker.walk)
}

/// Sees what lies in a ledger, and where.
type Visit<'a> = dyn FnMut(Item, Option<RecordPosition>) -> Result<(), String> + 'a;

/// A segment that is read from its beginning to its end.
struct SegmentFile {
    reader: BufReader<File>,
    length: u64,
}

impl SegmentFile {
    fn open(path: &Path) -> Result<Option<Self>, DiskError> {
        let Some(file) = open(path)? else {
            return Ok(None);
        };
        let length = file.metadata().map_err(io_error(path))?.len();
        Ok(Some(Self { reader: BufReader::with_capacity(1 << 16, file), length }))
    }

    /// The bytes of its header, fewer if it is shorter.
    fn header(mut self, path: &Path) -> Result<(Vec<u8>, Self), DiskError> {
        let mut header = Vec::new();
        let read = (&mut self.reader).take(segment::HEADER as u64).read_to_end(&mut header);
        read.map_err(io_error(path))?;
        Ok((header, self))
    }

    /// Whether all bytes from `offset` on are 0.
    fn is_zero_from(&mut self, offset: u64) -> std::io::Result<bool> {
        self.reader.seek(SeekFrom::Start(offset))?;
        loop {
            let bytes = self.reader.fill_buf()?;
            if bytes.is_empty() {
                return Ok(true);
            }
            if bytes.iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            let count = bytes.len();
            self.reader.consume(count);
        }
    }
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
            stamps: base.stamps,
            counts: base.counts.clone(),
            keys: base.keys.clone(),
            compactions: base.compactions.clone(),
            torn: None,
            last: None,
        };
        Self { walk, before: base.before }
    }

    /// Shows what was kept of dropped entries.
    fn base(&mut self, file: &Path, base: &Base, visit: &mut Visit) -> Result<(), DiskError> {
        let told = |what: String| DiskError::Damaged(Damage::of_file(file, what));
        for key in &base.keys {
            visit(Item::FormerKey(key.clone()), None).map_err(told)?;
        }
        for (index, bytes) in &base.kept {
            let wrong = |what: String| told(format!("entry {index}: {what}"));
            let entry = Entry::decode(bytes).map_err(|error| wrong(error.to_string()))?;
            visit(Item::Kept { index: *index, entry, bytes }, None).map_err(wrong)?;
        }
        Ok(())
    }

    fn segment(&mut self, file: &Path, number: u32, is_last: bool, visit: &mut Visit) -> Result<(), DiskError> {
        let damage = |what: &str| DiskError::Damaged(Damage::of_file(file, what));
        let segment = SegmentFile::open(file)?.ok_or_else(|| damage("the segment is missing"))?;
        let (bytes, mut segment) = segment.header(file)?;
        let length = segment.length;
        self.walk.segments += 1;
        self.walk.bytes += length;
        let first = self.walk.size;
        let Some(header) = SegmentHeader::read(&bytes) else {
            // A writer that was stopped right when it began the file.
            if is_last && bytes.len() < segment::HEADER && segment_is_torn(&bytes) {
                self.walk.torn = Some(Torn { file: file.into(), record: 0, offset: 0, bytes: bytes.len() as u64 });
                self.walk.last = Some(LastSegment { number, first, whole: 0, sum: self.before });
                return Ok(());
            }
            if segment::is_of_earlier_version(&bytes) {
                return Err(damage("an earlier version has written this, and this program doesn't read it"));
            }
            return Err(damage("the segment's header is damaged"));
        };
        if (header.number, header.first) != (number, first) || header.before != self.before {
            return Err(damage("the segment doesn't go on where the one before it ends"));
        }
        self.before = record::last_sum(&bytes);
        let (mut at, mut count, mut body) = (segment::HEADER as u64, 0, Vec::new());
        while at < length {
            let entry = self.walk.size;
            let told = |what: String| {
                let (file, entry) = (file.into(), Some(entry));
                DiskError::Damaged(Damage { file, record: Some(count), entry, offset: at, what })
            };
            let read = record::read_from(&mut segment.reader, &self.before, length - at, &mut body);
            let (kind, sum) = match read.map_err(io_error(file))? {
                Ok(record) => record,
                Err(fault) => {
                    // What a stopped writer leaves: the beginning of a record, or, after a crash of the machine, bytes that
                    // never came to the disk.
                    let may_be = is_last && length - at <= LONGEST_TORN;
                    let torn = may_be
                        && (fault == RecordFault::Incomplete || segment.is_zero_from(at).map_err(io_error(file))?);
                    if !torn {
                        return Err(told(fault.to_string()));
                    }
                    self.walk.torn = Some(Torn { file: file.into(), record: count, offset: at, bytes: length - at });
                    break;
                }
            };
            let item = self.walk.item(kind, &body).map_err(told)?;
            if let Item::Entry { index, entry, .. } = &item
                && *index == self.walk.first
                && let Some(dropped) = self.walk.compactions.last().filter(|dropped| dropped.tick > entry.tick)
            {
                let what = format!("entries up to tick {} are said to be dropped before it", dropped.tick);
                return Err(told(what));
            }
            visit(item, Some(RecordPosition { segment: number, offset: at })).map_err(|what| {
                let (file, entry) = (file.into(), self.walk.size.checked_sub(1));
                DiskError::Damaged(Damage { file, record: Some(count), entry, offset: at, what })
            })?;
            self.before = sum;
            (at, count) = (at + (record::HEADER + body.len() + record::SUM) as u64, count + 1);
        }
        self.walk.last = Some(LastSegment { number, first, whole: at, sum: self.before });
        Ok(())
    }
}

fn segment_is_torn(bytes: &[u8]) -> bool {
    segment::looks_like_one(bytes) || bytes.iter().all(|byte| *byte == 0)
}

impl Walk {
    /// Looks at the next record.
    fn item<'a>(&mut self, kind: RecordKind, body: &'a [u8]) -> Result<Item<'a>, String> {
        match kind {
            RecordKind::Entry => {
                let entry = Entry::decode(body).map_err(|error| format!("the entry can't be read: {error}"))?;
                if let Some(tree) = &mut self.tree {
                    tree.push(sha3::Sha3_256::leaf(body));
                }
                self.size += 1;
                if self.size > MOST_LEAVES {
                    return Err("no ledger has so many entries".into());
                }
                *self.counts.entry(entry.kind).or_default() += 1;
                Ok(Item::Entry { index: self.size - 1, entry, bytes: body })
            }
            RecordKind::Head => {
                let signed = SignedTreeHead::decode(body).ok_or("the tree head can't be read")?;
                let root = self.tree.as_ref().map(Tree::root);
                if signed.head.size != self.size || root.is_some_and(|root| root != signed.head.root) {
                    return Err(format!("the tree head over {} entries is not that of the entries", signed.head.size));
                }
                self.heads.push(signed.clone());
                Ok(Item::Head(signed))
            }
            RecordKind::Stamp => {
                let stamp = TimeStamp::decode(body).ok_or("the time stamp can't be read")?;
                let leaf = self.tree.as_ref().and_then(|tree| tree.leaf(stamp.index));
                let known = leaf.is_none_or(|leaf| leaf == stamp.entry);
                if stamp.index >= self.size || !known {
                    return Err(format!("the time stamp is not of entry {}", stamp.index));
                }
                self.stamps += 1;
                Ok(Item::Stamp(stamp))
            }
            RecordKind::Key => {
                let key = LedgerKey::decode(body).ok_or("the key can't be read")?;
                self.keys.push(key.clone());
                Ok(Item::Key(key))
            }
        }
    }
}
