//! A ledger's folder, open for appending.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use sha3::Sha3_256;

use super::base::{Base, Compaction};
use super::record::{self, LONGEST, RecordKind, Sum};
use super::segment::{self, SegmentHeader};
use super::walk::{Item, LastSegment, Torn, Walk, walk, walk_with_places};
use super::{DiskError, io_error};
use crate::entry::{Entry, EntryKind};
use crate::hash::{Hash, TreeHash};
use crate::head::SignedTreeHead;
use crate::keys::LedgerKey;
use crate::stamp::TimeStamp;
use crate::tree::{Frontier, Tree};

/// When what was appended is brought to the disk, so that a crash of the machine doesn't lose it. (A kill of the program loses
/// nothing that was flushed in any case.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// After each entry.
    Each,
    /// After so many entries, at the next flush.
    Every(u64),
    /// At tree heads.
    AtHeads,
}

/// How a ledger is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreOptions {
    /// When it is brought to the disk.
    pub durability: Durability,
    /// How long a segment may become before the next one begins, in bytes.
    pub segment_bytes: u64,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { durability: Durability::AtHeads, segment_bytes: 16 << 20 }
    }
}

/// What was found when a ledger was opened again.
#[derive(Clone, Debug)]
pub struct Recovery {
    /// What lies in it.
    pub walk: Walk,
    /// What was torn off, if the writer had been stopped in the middle of a record.
    pub torn: Option<Torn>,
}

/// How much of what a ledger holds, with what was dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Entries of each kind.
    pub entries: BTreeMap<EntryKind, u64>,
    /// Tree heads.
    pub heads: u64,
    /// Time stamps.
    pub stamps: u64,
    /// The fingerprints of keys, in the order in which they came.
    pub keys: Vec<String>,
}

impl Tally {
    fn of(walk: &Walk) -> Self {
        Self {
            entries: walk.counts.clone(),
            heads: walk.heads.len() as u64,
            stamps: walk.stamps,
            keys: walk.keys.iter().map(LedgerKey::fingerprint).collect(),
        }
    }
}

/// A ledger's folder, open for appending.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    options: StoreOptions,
    frontier: Frontier,
    file: File,
    number: u32,
    /// The first entry of the segment.
    first: u64,
    /// How much of the segment the system has, in bytes.
    written: u64,
    /// The last checksum before what is in memory, and that.
    pending: Vec<u8>,
    /// Entries since the disk was last waited for.
    unsynced: u64,
    tally: Tally,
    scratch: Vec<u8>,
}

/// So much is gathered before the system gets it, in bytes.
const GATHERED: usize = 1 << 16;

impl Store {
    /// Begins a ledger in a folder, which is made if it doesn't exist.
    ///
    /// # Errors
    /// If there is one already, or the disk refuses.
    pub fn create(folder: &Path, options: StoreOptions) -> Result<Self, DiskError> {
        std::fs::create_dir_all(folder).map_err(io_error(folder))?;
        if Base::path(folder).exists() || !segment::list(folder)?.is_empty() {
            return Err(DiskError::Occupied(folder.display().to_string()));
        }
        let header = SegmentHeader { number: 0, first: 0, before: Sum::default() };
        Self::begin(folder, options, (Frontier::default(), Tally::default()), header)
    }

    /// Opens a ledger to go on with it: everything in it is checked, and a torn end is cut off.
    ///
    /// # Errors
    /// If there is none, or it is damaged: that is not for a program to mend.
    pub fn open(folder: &Path, options: StoreOptions) -> Result<(Self, Recovery), DiskError> {
        let base = Base::read(folder)?;
        if folder.is_dir() {
            // Files that a compaction was stopped from removing.
            for (_, file) in segment::list(folder)?.iter().filter(|(number, _)| *number < base.segment) {
                std::fs::remove_file(file).map_err(io_error(file))?;
            }
        }
        let mut walk = walk(folder, &mut |_| Ok(()))?;
        let torn = walk.torn.take();
        let store = Self::after(folder, options, &walk, &base)?;
        Ok((store, Recovery { walk, torn }))
    }

    /// A writer that goes on where a walk has ended.
    fn after(folder: &Path, options: StoreOptions, walk: &Walk, base: &Base) -> Result<Self, DiskError> {
        let frontier = walk.tree.as_ref().and_then(|tree| tree.frontier_at(walk.size)).unwrap_or_default();
        let tally = Tally::of(walk);
        let last = walk.last.clone().filter(|last| last.whole > 0);
        let Some(LastSegment { number, first, whole, sum }) = last else {
            // There is no segment, or not even a whole header: begin it anew.
            let number = walk.last.as_ref().map_or(base.segment, |last| last.number);
            let before = walk.last.as_ref().map_or(base.before, |last| last.sum);
            let header = SegmentHeader { number, first: walk.size, before };
            return Self::begin(folder, options, (frontier, tally), header);
        };
        let path = segment::path(folder, number);
        let open = || -> std::io::Result<File> {
            let file = OpenOptions::new().append(true).open(&path)?;
            if file.metadata()?.len() > whole {
                file.set_len(whole)?;
                file.sync_all()?;
            }
            Ok(file)
        };
        let file = open().map_err(io_error(&path))?;
        Ok(Self {
            folder: folder.into(),
            options,
            frontier,
            file,
            number,
            first,
            written: whole,
            pending: sum.to_vec(),
            unsynced: 0,
            tally,
            scratch: Vec::new(),
        })
    }

    fn begin(
        folder: &Path,
        options: StoreOptions,
        (frontier, tally): (Frontier, Tally),
        header: SegmentHeader,
    ) -> Result<Self, DiskError> {
        let path = segment::path(folder, header.number);
        let bytes = header.to_bytes();
        let create = || -> std::io::Result<File> {
            File::create(&path)?;
            let mut file = OpenOptions::new().append(true).open(&path)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            // The file's name must be on the disk too. Not every file system lets a folder be flushed.
            let _ = File::open(folder).and_then(|folder| folder.sync_all());
            Ok(file)
        };
        let file = create().map_err(io_error(&path))?;
        Ok(Self {
            folder: folder.into(),
            options,
            frontier,
            file,
            number: header.number,
            first: header.first,
            written: bytes.len() as u64,
            pending: record::last_sum(&bytes).to_vec(),
            unsynced: 0,
            tally,
            scratch: Vec::new(),
        })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// How many entries there are, with those that were dropped.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// How much of what it holds.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The edge of the tree over all entries.
    #[must_use]
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// The root over all entries.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.frontier.root::<Sha3_256>()
    }

    /// Appends an entry and returns its number.
    ///
    /// # Errors
    /// If it is too long, or the disk refuses.
    pub fn append(&mut self, entry: &Entry) -> Result<u64, DiskError> {
        let mut bytes = std::mem::take(&mut self.scratch);
        bytes.clear();
        entry.encode(&mut bytes);
        let appended = self.append_bytes(&bytes, Sha3_256::leaf(&bytes));
        self.scratch = bytes;
        appended
    }

    /// Appends an entry by its bytes and the hash of its leaf, for those who have both.
    ///
    /// # Errors
    /// If it is too long, or the disk refuses.
    pub fn append_bytes(&mut self, entry: &[u8], leaf: Hash) -> Result<u64, DiskError> {
        if entry.len() > LONGEST {
            return Err(DiskError::Refused(format!("an entry of {} bytes is too long", entry.len())));
        }
        if self.size() > self.first && self.length() >= self.options.segment_bytes {
            self.next_segment()?;
        }
        record::append(&mut self.pending, RecordKind::Entry, entry);
        let index = self.size();
        self.frontier.push::<Sha3_256>(leaf);
        if let Some(kind) = entry.get(1).and_then(|kind| EntryKind::ALL.get(usize::from(*kind))) {
            *self.tally.entries.entry(*kind).or_default() += 1;
        }
        self.unsynced += 1;
        if self.options.durability == Durability::Each {
            self.sync()?;
        } else if self.pending.len() >= GATHERED {
            self.hand_over()?;
        }
        Ok(index)
    }

    /// Appends a tree head over the entries so far.
    ///
    /// # Errors
    /// If it is of another tree, or the disk refuses.
    pub fn append_head(&mut self, signed: &SignedTreeHead) -> Result<(), DiskError> {
        if (signed.head.size, signed.head.root) != (self.size(), self.root()) {
            let size = signed.head.size;
            return Err(DiskError::Refused(format!("the tree head over {size} entries is not that of this ledger")));
        }
        let mut body = Vec::new();
        signed.encode(&mut body);
        record::append(&mut self.pending, RecordKind::Head, &body);
        self.tally.heads += 1;
        if self.options.durability == Durability::AtHeads { self.sync() } else { Ok(()) }
    }

    /// Appends a time stamp of an entry.
    ///
    /// # Errors
    /// If there is no such entry yet, or the disk refuses.
    pub fn append_stamp(&mut self, stamp: &TimeStamp) -> Result<(), DiskError> {
        if stamp.index >= self.size() {
            return Err(DiskError::Refused(format!("there is no entry {} yet that could be stamped", stamp.index)));
        }
        let mut body = Vec::new();
        stamp.encode(&mut body);
        record::append(&mut self.pending, RecordKind::Stamp, &body);
        self.tally.stamps += 1;
        Ok(())
    }

    /// Writes down the public half of a key that signs.
    ///
    /// # Errors
    /// If the key has no bytes.
    pub fn append_key(&mut self, key: &LedgerKey) -> Result<(), DiskError> {
        let bytes = key.encode().map_err(|error| DiskError::Refused(error.to_string()))?;
        record::append(&mut self.pending, RecordKind::Key, &bytes);
        self.tally.keys.push(key.fingerprint());
        Ok(())
    }

    /// The length of the segment with what is in memory, in bytes.
    fn length(&self) -> u64 {
        self.written + (self.pending.len() - record::SUM) as u64
    }

    /// Hands what is in memory to the system.
    fn hand_over(&mut self) -> Result<(), DiskError> {
        let news = &self.pending[record::SUM..];
        if news.is_empty() {
            return Ok(());
        }
        if let Err(source) = self.file.write_all(news) {
            // What came through is cut off again, so that another attempt doesn't follow half a record.
            let _ = self.file.set_len(self.written);
            return Err(io_error(&segment::path(&self.folder, self.number))(source));
        }
        self.written += news.len() as u64;
        self.pending.drain(..self.pending.len() - record::SUM);
        Ok(())
    }

    /// Acknowledges what was appended: it is there after a kill of this program, and, as far as the options say so, on the
    /// disk.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn flush(&mut self) -> Result<(), DiskError> {
        match self.options.durability {
            Durability::Every(entries) if self.unsynced >= entries.max(1) => self.sync(),
            _ => self.hand_over(),
        }
    }

    /// Brings everything to the disk.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn sync(&mut self) -> Result<(), DiskError> {
        self.hand_over()?;
        self.file.sync_data().map_err(io_error(&segment::path(&self.folder, self.number)))?;
        self.unsynced = 0;
        Ok(())
    }

    fn next_segment(&mut self) -> Result<(), DiskError> {
        self.sync()?;
        let before = record::last_sum(&self.pending);
        let number = self.number.checked_add(1);
        let number =
            number.ok_or_else(|| DiskError::Refused("a ledger has no more files than it can number".into()))?;
        let header = SegmentHeader { number, first: self.size(), before };
        *self = Self::begin(&self.folder, self.options, (self.frontier.clone(), self.tally.clone()), header)?;
        Ok(())
    }

    /// Takes back everything from the first thing on that isn't `kept`. For a run that goes another way from there: the ledger
    /// is then that of another run. Returns the keys that are left.
    ///
    /// # Errors
    /// If the disk refuses, or the ledger is damaged.
    pub fn cut(&mut self, kept: impl Fn(&Item) -> bool) -> Result<Vec<LedgerKey>, DiskError> {
        self.sync()?;
        let base = Base::read(&self.folder)?;
        let mut gone = None;
        let whole = walk_with_places(&self.folder, &mut |item, place| {
            if gone.is_none() && place.is_some() && !kept(&item) {
                gone = place;
            }
            Ok(())
        })?;
        let Some(end) = gone else {
            return Ok(whole.keys);
        };
        // From the last to the first, so that a ledger without a gap is left if this is stopped.
        for (_, file) in segment::list(&self.folder)?.iter().rev().filter(|(number, _)| *number > end.segment) {
            std::fs::remove_file(file).map_err(io_error(file))?;
        }
        let path = segment::path(&self.folder, end.segment);
        let cut = || -> std::io::Result<()> {
            let file = OpenOptions::new().write(true).open(&path)?;
            file.set_len(end.offset)?;
            file.sync_all()
        };
        cut().map_err(io_error(&path))?;
        let walk = walk(&self.folder, &mut |_| Ok(()))?;
        *self = Self::after(&self.folder, self.options, &walk, &base)?;
        Ok(walk.keys)
    }

    /// Drops the segments all of whose entries lie before `index`. What stays of them are the roots of the subtrees that they
    /// made up, their tree heads, what proves these consistent with later ones, and the record of what was dropped. Returns
    /// that, if there was something to drop and what would stay of it is not too much to be read again.
    ///
    /// # Errors
    /// If the disk refuses, or the ledger is damaged.
    pub fn compact(&mut self, index: u64) -> Result<Option<Compaction>, DiskError> {
        self.sync()?;
        let base = Base::read(&self.folder)?;
        let files: Vec<(u32, PathBuf)> =
            segment::list(&self.folder)?.into_iter().filter(|(number, _)| *number >= base.segment).collect();
        let mut kept = None;
        for (number, file) in &files {
            let mut bytes = vec![0; segment::HEADER];
            let read = File::open(file).and_then(|mut file| std::io::Read::read_exact(&mut file, &mut bytes));
            read.map_err(io_error(file))?;
            if let Some(header) = SegmentHeader::read(&bytes).filter(|header| header.first <= index) {
                kept = Some((*number, header));
            }
        }
        let Some((segment, header)) = kept.filter(|(number, _)| *number > base.segment) else {
            return Ok(None);
        };
        let mut dropped = Dropped::begin(&base);
        let walk = walk(&self.folder, &mut |item| {
            dropped.note(&item, header.first);
            Ok(())
        })?;
        let Dropped { tick, kept, keys, counts, stamps, .. } = dropped;
        let mut tree: Tree = walk.tree.unwrap_or_default();
        let root = tree.root_at(header.first).unwrap_or_default();
        let heads: Vec<SignedTreeHead> =
            walk.heads.into_iter().filter(|signed| signed.head.size <= header.first).collect();
        let sizes: Vec<u64> = heads.iter().map(|signed| signed.head.size).collect();
        let leaves: Vec<u64> = kept.iter().map(|(index, _)| *index).collect();
        tree.drop_before(header.first, &sizes, &leaves);
        let remains = tree.remains();
        let gone: Vec<&PathBuf> = files.iter().filter(|(number, _)| *number < segment).map(|(_, file)| file).collect();
        let bytes = gone.iter().filter_map(|file| file.metadata().ok()).map(|data| data.len()).sum();
        let compaction = Compaction { from: walk.first, to: header.first, tick, bytes, root };
        let mut compactions = base.compactions;
        compactions.push(compaction.clone());
        let (frontier, pinned) = (remains.frontier, remains.pinned);
        let before = header.before;
        let base = Base { segment, before, frontier, pinned, kept, heads, keys, counts, stamps, compactions };
        if !base.write(&self.folder)? {
            return Ok(None);
        }
        for file in gone {
            std::fs::remove_file(file).map_err(io_error(file))?;
        }
        Ok(Some(compaction))
    }
}

/// What is left of entries that are dropped.
struct Dropped {
    tick: u64,
    kept: Vec<(u64, Vec<u8>)>,
    keys: Vec<LedgerKey>,
    counts: BTreeMap<EntryKind, u64>,
    stamps: u64,
    /// Whether what comes now stays.
    ended: bool,
}

impl Dropped {
    fn begin(base: &Base) -> Self {
        Self {
            tick: base.compactions.last().map_or(0, |compaction| compaction.tick),
            kept: base.kept.clone(),
            keys: base.keys.clone(),
            counts: base.counts.clone(),
            stamps: base.stamps,
            ended: false,
        }
    }

    /// Looks at what comes next; entries from `first` on stay.
    fn note(&mut self, item: &Item, first: u64) {
        match item {
            Item::Entry { index, .. } if *index >= first => self.ended = true,
            _ if self.ended => {}
            Item::Entry { index, entry, bytes } => {
                self.tick = self.tick.max(entry.tick);
                *self.counts.entry(entry.kind).or_default() += 1;
                if entry.kind.is_kept() {
                    self.kept.push((*index, bytes.to_vec()));
                }
            }
            Item::Stamp(_) => self.stamps += 1,
            Item::Key(key) => {
                if !self.keys.contains(key) {
                    self.keys.push(key.clone());
                }
            }
            Item::Head(_) | Item::Kept { .. } | Item::FormerKey(_) => {}
        }
    }
}
