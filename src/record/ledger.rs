//! `ledger/`: the run's audit ledger on disk.
//!
//! If the scene has the section `ledger`, the folder gets what the simulation's own ledger holds. If not, the recorder keeps
//! one with the defaults, into which the state hashes go that it writes anyway. Either way it begins with the scene, the seed
//! and the files that belong to them, and ends with what the run has written.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use agent2028_core::checkpoint::StateHash;
use agent2028_core::clock::SimClock;
use agent2028_core::rng::SimRng;
use agent2028_core::whole_file::open_ordinary;
use agent2028_ledger::disk::{DiskError, Item, Store, Tally, tree_of_the_run, walk};
use agent2028_ledger::hash::Sha3_256;
use agent2028_ledger::keys::{KeyRole, LedgerKey, SigningKey};
use agent2028_ledger::stamp::TimeStamp;
use agent2028_ledger::tree::Frontier;
use agent2028_ledger::{Entry, EntryKind, Ledger, LedgerConfig, Manifest, Outcome, SignedTreeHead, TreeHead, facts};
use bevy::prelude::World;

use super::{RecordError, contents, io_error};
use crate::scene::load::Loaded;

/// The name of the folder within that of a run.
pub const FOLDER: &str = "ledger";

/// So many more entries than a scene wants to keep are there before the oldest files are dropped, as a share of these.
const SLACK: u64 = 8;

/// The audit ledger of a run that is written to a folder.
#[derive(Debug)]
pub struct RunLedger {
    store: Store,
    config: LedgerConfig,
    /// The recorder's own ledger, if the simulation has none.
    own: Option<Ledger>,
    /// A key from outside of the run that signs in place of the run's own.
    signer: Option<Arc<SigningKey>>,
    /// How much of what the simulation has entered the last tree head covers that was written.
    head: u64,
    /// The size and tick of the last tree head that was written.
    sealed_at: Option<(u64, u64)>,
    /// At which count of changes the ledger's keys were all in the files.
    keys: Option<u64>,
    /// The keys that are in the files.
    written: BTreeSet<KeyName>,
    /// What closed the run before it went on.
    ends: Ends,
    /// The edge of the tree over what the simulation has entered, where that isn't all.
    of_the_run: Option<Frontier>,
    /// The last tick whose state hash the recorder has entered.
    hashed: Option<u64>,
    /// Why nothing is written any longer.
    ended: Option<String>,
    /// The size at which old files are dropped.
    compact_at: u64,
    /// The size at the newest checkpoint: what comes after it a resumed run goes on from, so it is never dropped. Without a
    /// checkpoint a resumed run starts over.
    checkpointed: Option<u64>,
}

/// What a key is for, its fingerprint, and whether the identity that it belongs to has ended.
type KeyName = (KeyRole, String, bool);

/// What closed a run before it went on: it stays, so that whoever kept a tree head over it finds it again.
#[derive(Debug, Default)]
struct Ends {
    /// How many of the entries in the files those are that the simulation's own ledger hasn't.
    entries: u64,
    /// The number of the first of them.
    first: Option<u64>,
    /// How many entries there are up to the last of them, all covered by tree heads.
    sealed: u64,
    /// Whether an entry says that the run goes on after that.
    resumed: bool,
    /// The last tick of the run when it had ended last: up to there all is in the files.
    tick: u64,
}

impl Ends {
    /// Those in a ledger, of ends up to a tick. An end that was being written when the program was stopped is none, and a ledger
    /// that says itself that it doesn't hold all of the run has none.
    fn of(folder: &Path, most: u64) -> Result<Self, DiskError> {
        let (mut closing, mut partial): (Vec<u64>, bool) = (Vec::new(), false);
        let (mut waiting, mut found): (Option<Self>, Self) = (None, Self::default());
        walk(folder, &mut |item| {
            match item {
                Item::Entry { index, entry, .. } if !entry.kind.is_of_the_run() && entry.tick <= most => {
                    closing.push(index);
                    partial &= entry.kind != EntryKind::End;
                    partial |= entry.kind == EntryKind::End && entry.outcome == Outcome::Partial;
                    let resumed = entry.kind == EntryKind::Resumed;
                    if resumed || entry.kind == EntryKind::Manifest && !partial {
                        let (entries, first) = (closing.len() as u64, closing.first().copied());
                        waiting = Some(Self { entries, first, sealed: index + 1, resumed, tick: entry.tick });
                    }
                }
                Item::Head(signed) => {
                    if let Some(ends) = waiting.take_if(|ends| ends.sealed == signed.head.size) {
                        found = ends;
                    }
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(found)
    }
}

/// What closed a run before it went on, if it has a ledger.
fn ends_of(ledger: &Path) -> Result<Ends, RecordError> {
    match Ends::of(ledger, u64::MAX) {
        // Nothing came to the disk.
        Err(DiskError::NoLedger(_)) => Ok(Ends::default()),
        Err(DiskError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(Ends::default()),
        found => found.map_err(|error| told(error, ledger)),
    }
}

/// When a run ended last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastEnd {
    /// In which tick; 0 if it has never ended.
    pub tick: u64,
    /// Whether nothing stands after it: its files must be what the manifest says until an entry says that the run goes on.
    pub is_closed: bool,
}

impl LastEnd {
    /// Reads it from the ledger of a run's folder.
    ///
    /// # Errors
    /// If the ledger is damaged or can't be read.
    pub fn of(run: &Path) -> Result<Self, RecordError> {
        let ends = ends_of(&run.join(FOLDER))?;
        Ok(Self { tick: ends.tick, is_closed: ends.sealed > 0 && !ends.resumed })
    }
}

fn told(error: DiskError, path: &Path) -> RecordError {
    match error {
        DiskError::Io { path, source } => RecordError::Io { path, source },
        DiskError::Damaged(damage) => RecordError::Content {
            path: damage.file.display().to_string(),
            line: None,
            message: format!("the ledger is damaged: {damage}; `agent2028 ledger verify` tells more"),
        },
        other => RecordError::Content { path: path.display().to_string(), line: None, message: other.to_string() },
    }
}

/// How the recorder keeps a ledger of its own. What that needs from outside it gets from outside: the state hashes that are
/// written.
#[must_use]
pub fn own_config() -> LedgerConfig {
    LedgerConfig { state_hash_every_s: None, ..LedgerConfig::default() }
}

fn config_of(world: &World) -> LedgerConfig {
    world.get_resource::<LedgerConfig>().cloned().unwrap_or_else(own_config)
}

impl RunLedger {
    /// A ledger over these files of which nothing has been written or read yet.
    fn over(store: Store, config: LedgerConfig, signer: Option<Arc<SigningKey>>) -> Self {
        let compact_at = compact_at(&config, store.size());
        Self {
            store,
            config,
            own: None,
            signer,
            head: 0,
            sealed_at: None,
            keys: None,
            written: BTreeSet::new(),
            ends: Ends::default(),
            of_the_run: None,
            hashed: None,
            ended: None,
            compact_at,
            checkpointed: None,
        }
    }

    /// Begins the ledger of a run.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn create(
        run: &Path,
        loaded: &Loaded,
        signer: Option<Arc<SigningKey>>,
        world: &World,
    ) -> Result<Self, RecordError> {
        let path = run.join(FOLDER);
        let config = config_of(world);
        let store = begin(&path, &config).map_err(|error| told(error, &path))?;
        let own = (!world.contains_resource::<Ledger>()).then(|| {
            Ledger::begin(&loaded.document().into(), &config, world.resource::<SimRng>(), world.resource::<SimClock>())
        });
        let mut ledger = Self { own, ..Self::over(store, config, signer) };
        ledger.take_over(world)?;
        ledger.store.sync().map_err(|error| told(error, &path))?;
        Ok(ledger)
    }

    /// Goes on with the ledger of a run, with a simulation that stands at the end of the tick after which it goes on.
    ///
    /// # Errors
    /// If the disk refuses, the ledger is damaged, or it is not that of the run.
    pub fn resume(
        run: &Path,
        loaded: &Loaded,
        signer: Option<Arc<SigningKey>>,
        world: &World,
    ) -> Result<Self, RecordError> {
        let path = run.join(FOLDER);
        let tell = |error| told(error, &path);
        let now = world.resource::<SimClock>().tick();
        let ends = ends_of(&path)?;
        if now == 0 && ends.sealed == 0 {
            // The run starts over, and its ledger with it, whatever was dropped of that.
            if path.is_dir() {
                std::fs::remove_dir_all(&path).map_err(io_error(&path))?;
            }
            return Self::create(run, loaded, signer, world);
        }
        // A run that had ended has everything up to its end in its ledger, from wherever it is run again.
        let tick = now.max(ends.tick);
        let config = config_of(world);
        let (mut store, recovery) = Store::open(&path, config.disk.options()).map_err(tell)?;
        if let Some(torn) = &recovery.torn {
            let (bytes, record) = (torn.bytes, torn.record);
            tracing::warn!("{}: cut off {bytes} bytes of record {record}, which was torn", torn.file.display());
        }
        if let Some(dropped) = recovery.walk.compactions.last().filter(|dropped| dropped.tick > tick) {
            let (to, until) = (dropped.to, dropped.tick);
            return Err(RecordError::Content {
                path: path.display().to_string(),
                line: None,
                message: format!(
                    "the ledger has dropped the {to} entries up to tick {until} (ledger.disk.keep), and the newest whole \
                     checkpoint is of tick {tick}: from there it can't go on"
                ),
            });
        }
        let hashed = Cell::new(None);
        let kept = |item: &Item| {
            let stays = stays(item, tick, ends.sealed);
            if let Item::Entry { entry, .. } = item
                && stays
                && entry.kind == EntryKind::StateHash
            {
                hashed.set(Some(entry.tick));
            }
            stays
        };
        let written = key_names(&store.cut(kept).map_err(tell)?);
        let head = recovery.walk.heads.iter().map(|signed| signed.head.size).filter(|size| *size <= store.size());
        let (head, size) = (head.max().unwrap_or(0), store.size());
        let mut ledger = Self { head, written, ends, hashed: hashed.get(), ..Self::over(store, config, signer) };
        if !world.contains_resource::<Ledger>() {
            // What signs the ledger is the same from any entry on.
            ledger.own = Some(ledger.own_from_here(tick, world));
        }
        if ledger.ends.sealed == size && size > 0 && !ledger.ends.resumed {
            ledger.go_on_after_the_end(world)?;
        }
        if ledger.own.is_some() {
            // The recorder's own ledger goes on after what closed the run, too.
            (ledger.own, ledger.ends.entries) = (Some(ledger.own_from_here(tick, world)), 0);
        }
        if !ledger.fits(now, world).map_err(tell)? {
            let size = ledger.store.size();
            return Err(RecordError::Content {
                path: path.display().to_string(),
                line: None,
                message: format!("the ledger of {size} entries up to tick {tick} is not that of this run"),
            });
        }
        ledger.head = ledger.head.saturating_sub(ledger.ends.entries);
        ledger.checkpointed = Some(ledger.store.size());
        // Keys of a suite that takes no seeds are new ones.
        ledger.write_keys(world)?;
        Ok(ledger)
    }

    /// A ledger of the recorder's own that goes on where the files end.
    fn own_from_here(&self, tick: u64, world: &World) -> Ledger {
        let (dice, clock) = (world.resource::<SimRng>(), world.resource::<SimClock>());
        Ledger::at(self.store.frontier().clone(), tick, &self.config, dice, clock)
    }

    /// Enters that the run goes on after its end, and signs that.
    fn go_on_after_the_end(&mut self, world: &World) -> Result<(), RecordError> {
        let (tick, clock) = (self.ends.tick, world.resource::<SimClock>());
        let unix_ms = clock.at(tick).timestamp_millis();
        let tell = self.tell();
        self.store.append(&facts::resumed_entry(tick, unix_ms)).map_err(tell)?;
        self.append_head(tick, unix_ms, world)?;
        self.sync()?;
        let size = self.store.size();
        (self.ends.entries, self.ends.sealed, self.ends.resumed) = (self.ends.entries + 1, size, true);
        self.head = size;
        Ok(())
    }

    /// Whether the files hold what the simulation has entered up to `now`, and more only where the run had ended later.
    fn fits(&mut self, now: u64, world: &World) -> Result<bool, DiskError> {
        let size = self.store.size() - self.ends.entries;
        self.of_the_run = None;
        let tree = if self.ends.entries > 0 || now < self.ends.tick {
            let mut tree = tree_of_the_run(self.store.folder())?;
            if self.own.is_some() {
                // It begins where the files end.
                return Ok(true);
            }
            self.of_the_run = tree.frontier_at(size).filter(|_| self.ends.entries > 0);
            tree.truncate(size);
            Some(tree)
        } else {
            None
        };
        let Some(source) = self.source(world) else { return Ok(false) };
        let (at, root) = (source.size(), source.root());
        let was = tree.as_ref().map_or_else(|| (at == size).then(|| self.store.root()), |tree| tree.root_at(at));
        let is_there = at == size || now < self.ends.tick && at < size;
        // What was dropped can't be compared.
        let is_dropped = tree.as_ref().is_some_and(|tree| at < tree.dropped());
        Ok(is_there && (is_dropped || was == Some(root)))
    }

    /// The ledger that is written down.
    fn source<'a>(&'a self, world: &'a World) -> Option<&'a Ledger> {
        self.own.as_ref().or_else(|| world.get_resource::<Ledger>())
    }

    fn tell(&self) -> impl Fn(DiskError) -> RecordError + use<> {
        let path: PathBuf = self.store.folder().into();
        move |error| told(error, &path)
    }

    /// Writes down the tick that has just run.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn tick(&mut self, world: &World) -> Result<(), RecordError> {
        // What had ended once is run again up to there, and stands in the files already.
        let is_new = world.resource::<SimClock>().tick() > self.ends.tick;
        if let Some(own) = self.own.as_mut().filter(|_| is_new) {
            own.write_down(world, &self.config);
        }
        self.take_over(world)
    }

    /// Writes down a state hash that the recorder has worked out, unless the simulation enters its own.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn hash(&mut self, tick: u64, hash: &StateHash, world: &World) -> Result<(), RecordError> {
        let is_new = tick > self.ends.tick && self.hashed != Some(tick);
        let Some(own) = self.own.as_mut().filter(|_| is_new) else {
            return Ok(());
        };
        self.hashed = Some(tick);
        own.note_state(hash, tick, world.resource::<SimClock>().at(tick).timestamp_millis());
        self.take_over(world)
    }

    /// Appends the keys that the ledger has and the files have not.
    fn write_keys(&mut self, world: &World) -> Result<(), RecordError> {
        let tell = self.tell();
        let Self { store, own, signer, keys, written, .. } = self;
        if let Some(key) = signer.as_ref().map(|signer| signer.public())
            && written.insert(key_name(&key))
        {
            store.append_key(&key).map_err(&tell)?;
        }
        let Some(source) = own.as_ref().or_else(|| world.get_resource::<Ledger>()) else {
            return Ok(());
        };
        if keys.replace(source.keys_changed()) == Some(source.keys_changed()) {
            return Ok(());
        }
        for key in source.keys() {
            if signer.is_some() && key.role == KeyRole::Keeper {
                continue;
            }
            if written.insert(key_name(&key)) {
                store.append_key(&key).map_err(&tell)?;
            }
        }
        Ok(())
    }

    /// Appends what the ledger has and the files have not.
    fn take_over(&mut self, world: &World) -> Result<(), RecordError> {
        if self.ended.is_some() {
            return Ok(());
        }
        let tell = self.tell();
        self.write_keys(world)?;
        let Self { store, own, signer, head, sealed_at, ends, of_the_run, ended, .. } = self;
        let signer = signer.as_deref();
        let Some(source) = own.as_ref().or_else(|| world.get_resource::<Ledger>()) else {
            return Ok(());
        };
        // A tree head of the simulation's ledger, over what is in the files.
        let signed_over = |signed: &SignedTreeHead, store: &Store| {
            let head = TreeHead { size: store.size(), root: store.root(), ..signed.head };
            match signer {
                Some(signer) => head.signed(Some(signer)),
                None if head == signed.head => signed.clone(),
                None => source.sign(head),
            }
        };
        let before = ends.entries;
        let from = store.size() - before;
        let root = of_the_run.as_ref().map_or_else(|| store.root(), Frontier::root::<Sha3_256>);
        if source.first() > from || source.tree().root_at(from).is_some_and(|other| other != root) {
            let reason = format!("the run was continued elsewhere, and its entries from {from} on are not at hand");
            tracing::warn!("{}: the ledger ends here: {reason}", store.folder().display());
            *ended = Some(reason);
            return Ok(());
        }
        let last = *head;
        let mut heads = source.heads().iter().filter(|signed| signed.head.size > last).peekable();
        for index in from..source.size() {
            if let (Some(bytes), Some(leaf)) = (source.bytes_of(index), source.tree().leaf(index)) {
                store.append_bytes(bytes, leaf).map_err(&tell)?;
                if let Some(edge) = of_the_run {
                    edge.push::<Sha3_256>(leaf);
                }
            }
            for stamp in source.stamps_of(index) {
                store.append_stamp(&TimeStamp { index: index + before, ..stamp.clone() }).map_err(&tell)?;
            }
            while let Some(signed) = heads.next_if(|signed| signed.head.size <= store.size() - before) {
                if signed.head.size == store.size() - before {
                    store.append_head(&signed_over(signed, store)).map_err(&tell)?;
                    (*head, *sealed_at) = (signed.head.size, Some((store.size(), signed.head.tick)));
                }
            }
        }
        // A head over entries that were written before it was made.
        while let Some(signed) = heads.next_if(|signed| signed.head.size == store.size() - before) {
            store.append_head(&signed_over(signed, store)).map_err(&tell)?;
            (*head, *sealed_at) = (signed.head.size, Some((store.size(), signed.head.tick)));
        }
        if self.store.size() >= self.compact_at
            && let Some(keep) = self.config.disk.keep
        {
            // What comes after an end, and that itself, is never dropped: what was entered before can't be told apart then.
            let most = self.ends.first.unwrap_or(u64::MAX);
            let wanted = (self.store.size() - keep.min(self.store.size())).min(most);
            self.store.compact(self.checkpointed.map_or(wanted, |size| wanted.min(size))).map_err(&tell)?;
            self.compact_at = compact_at(&self.config, self.store.size());
        }
        Ok(())
    }

    /// Signs everything up to a tick of which a checkpoint is going to be written, and returns whether the ledger still holds
    /// all of the run.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn seal(&mut self, tick: u64, world: &World) -> Result<bool, RecordError> {
        if self.ended.is_some() {
            return Ok(false);
        }
        if tick > self.ends.tick && self.sealed_at != Some((self.store.size(), tick)) {
            self.append_head(tick, world.resource::<SimClock>().at(tick).timestamp_millis(), world)?;
            self.head = self.store.size() - self.ends.entries;
        }
        Ok(true)
    }

    /// A checkpoint is on the disk from which a run goes on that is resumed.
    pub fn checkpointed(&mut self) {
        self.checkpointed = Some(self.store.size());
    }

    /// Takes back what was entered after `tick`: the run goes another way from there.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn cut(&mut self, tick: u64) -> Result<(), RecordError> {
        let tell = self.tell();
        let ends = Ends::of(self.store.folder(), tick).map_err(&tell)?;
        self.written = key_names(&self.store.cut(|item| stays(item, tick, ends.sealed)).map_err(&tell)?);
        (self.keys, self.sealed_at) = (None, None);
        // The recorder's own ledger has them too.
        let entries = if self.own.is_some() { 0 } else { ends.entries };
        self.ends = Ends { entries, ..ends };
        self.of_the_run = match entries {
            0 => None,
            _ => tree_of_the_run(self.store.folder()).map_err(&tell)?.frontier_at(self.store.size() - entries),
        };
        self.head = self.head.min(self.store.size() - entries);
        self.checkpointed = self.checkpointed.map(|size| size.min(self.store.size()));
        self.hashed = self.hashed.filter(|hashed| *hashed <= tick);
        if let Some(own) = &mut self.own
            && !own.truncate(self.store.size(), tick)
        {
            self.ended = Some("the run went back behind what is in memory".into());
        }
        Ok(())
    }

    /// Enters the files in which the run's results are and its last state, and signs the end; then the manifest of all files,
    /// and signs that. `summary` are the bytes of the summary, which takes its place after this.
    ///
    /// # Errors
    /// If the disk refuses, or a file can't be read.
    pub fn finish(
        &mut self,
        run: &Path,
        results: &[&str],
        summary: &[u8],
        last: &StateHash,
        world: &World,
    ) -> Result<(), RecordError> {
        let tell = self.tell();
        let clock = world.resource::<SimClock>();
        let (tick, unix_ms) = (clock.tick(), clock.now().timestamp_millis());
        let end = facts::end_entry(last, tick, unix_ms);
        let closing = match &self.ended {
            // What is known of the run up to here stands; that it is not all of it is told.
            Some(reason) => {
                self.store.cut(|item| stays(item, tick, self.ends.sealed)).map_err(&tell)?;
                vec![Entry { outcome: Outcome::Partial, detail: reason.clone(), ..end }]
            }
            None => {
                let there = results.iter().filter(|name| run.join(name).exists());
                let entries = there.map(|name| Ok(facts::result_entry(name, &digest(&run.join(name))?, tick, unix_ms)));
                entries.chain([Ok(end)]).collect::<Result<Vec<Entry>, RecordError>>()?
            }
        };
        for entry in &closing {
            self.store.append(entry).map_err(&tell)?;
        }
        self.append_head(tick, unix_ms, world)?;
        let names = contents::list(run)?.into_iter().map(|(name, _)| name);
        let names = names.filter(|name| name != contents::STAGED && name != "summary.json");
        let mut files = names.map(|name| contents::line_of(run, &name)).collect::<Result<Vec<_>, RecordError>>()?;
        files.push(contents::line_of_bytes("summary.json", summary));
        let tally = self.store.tally().clone();
        let Tally { entries, heads, stamps, keys } = tally;
        let manifest = Manifest { tick, entries, heads, stamps, keys, files };
        let entry = facts::manifest_entry(&manifest, tick, unix_ms);
        let entry = entry.map_err(|error| DiskError::Refused(error.to_string())).map_err(&tell)?;
        self.store.append(&entry).map_err(&tell)?;
        self.append_head(tick, unix_ms, world)?;
        self.sync()
    }

    /// Signs everything up to here.
    fn append_head(&mut self, tick: u64, unix_ms: i64, world: &World) -> Result<(), RecordError> {
        let head = TreeHead { size: self.store.size(), root: self.store.root(), tick, unix_ms };
        let signed = match (&self.signer, self.source(world)) {
            (Some(signer), _) => head.signed(Some(&**signer)),
            (None, Some(source)) => source.sign(head),
            (None, None) => head.signed(None),
        };
        let tell = self.tell();
        self.sealed_at = Some((head.size, head.tick));
        self.store.append_head(&signed).map_err(tell)
    }

    /// Hands everything to the system, so that a kill of this program loses none.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn flush(&mut self) -> Result<(), RecordError> {
        let tell = self.tell();
        self.store.flush().map_err(tell)
    }

    /// Brings everything to the disk.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn sync(&mut self) -> Result<(), RecordError> {
        let tell = self.tell();
        self.store.sync().map_err(tell)
    }
}

fn key_name(key: &LedgerKey) -> KeyName {
    let ended = key.document.as_ref().is_some_and(|document| document.deactivated.is_some());
    (key.role, key.fingerprint(), ended)
}

fn key_names(keys: &[LedgerKey]) -> BTreeSet<KeyName> {
    keys.iter().map(key_name).collect()
}

/// Begins the files. Those of a run that was stopped before its first tick are in nobody's way.
fn begin(path: &Path, config: &LedgerConfig) -> Result<Store, DiskError> {
    match Store::create(path, config.disk.options()) {
        Err(DiskError::Occupied(at)) => {
            let mut only_begun = true;
            walk(path, &mut |item| {
                only_begun &= stays(&item, 0, 0);
                Ok(())
            })?;
            if !only_begun {
                return Err(DiskError::Occupied(at));
            }
            std::fs::remove_dir_all(path).map_err(|source| DiskError::Io { path: at, source })?;
            Store::create(path, config.disk.options())
        }
        other => other,
    }
}

/// Whether something in a ledger stays if the run goes another way after `tick`. What closes it does if it is among the first
/// `sealed` entries.
fn stays(item: &Item, tick: u64, sealed: u64) -> bool {
    match item {
        Item::Entry { index, entry, .. } => *index < sealed || entry.tick <= tick && entry.kind.is_of_the_run(),
        Item::Head(signed) => signed.head.size <= sealed || signed.head.tick <= tick,
        Item::Stamp(_) | Item::Key(_) | Item::Kept { .. } | Item::FormerKey(_) => true,
    }
}

fn compact_at(config: &LedgerConfig, size: u64) -> u64 {
    let keep = config.disk.keep.unwrap_or(u64::MAX);
    size.max(keep).saturating_add(keep / SLACK).saturating_add(1)
}

/// The BLAKE3 hash of a file.
///
/// # Errors
/// If it can't be read.
pub fn digest(path: &Path) -> Result<[u8; 32], RecordError> {
    let mut hasher = blake3::Hasher::new();
    open_ordinary(path).and_then(|file| hasher.update_reader(file).map(drop)).map_err(io_error(path))?;
    Ok(*hasher.finalize().as_bytes())
}
