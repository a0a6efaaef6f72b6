//! Whether a run, or a ledger by itself, is what it was when it was written: whole, cut off by a kill, or changed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use agent2028_core::checkpoint::StateHash;
use agent2028_core::clock::SimClock;
use agent2028_core::faults::SetParam;
use agent2028_core::intervention::Intervention;
use agent2028_core::reflect_path;
use agent2028_core::rng::SimRng;
use agent2028_core::ron_format;
use agent2028_ledger::config::Stamps;
use agent2028_ledger::demand::{Demands, Extent};
use agent2028_ledger::disk::{DiskError, Item, Torn, Walk, locate, tree_of_the_run, walk};
use agent2028_ledger::hash::{hash_from_hex, leaf_hash, to_hex};
use agent2028_ledger::keys::{KeyRole, LedgerKey, SigningKey};
use agent2028_ledger::{
    Entry, EntryKind, Hash, LedgerConfig, Manifest, Opening, Outcome, SignedTreeHead, Terms, facts,
};
use bevy::reflect::{PartialReflect, TypeRegistry};
use serde::Serialize;
use uuid::Uuid;

use super::events::EventLine;
use super::{About, RecordError, checkpoints, contents, folder, interventions, io_error, ledger, recording, rows};
use crate::scene::load::Loaded;
use crate::scene::syntax::{self, SourceId};

/// Events of this priority and more get a time stamp where a scene wants that of important ones.
const IMPORTANT: u8 = 8;

/// What a run or a ledger is found to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", content = "words", rename_all = "snake_case")]
pub enum AuditVerdict {
    /// Everything is there, and as it was written.
    Whole,
    /// What the ledger holds is as it was written, and the end is missing, as after a kill: where it ends, in words.
    CutOff(String),
    /// Something is not as it was written: where, and what, in words.
    Changed(String),
}

/// What was looked at, and what came out.
#[derive(Clone, Debug, Serialize)]
pub struct Audit {
    /// Where the ledger is.
    pub path: PathBuf,
    /// What was found.
    #[serde(flatten)]
    pub verdict: AuditVerdict,
    /// What the ledger holds; nothing if it could not be read to its end.
    pub ledger: Option<LedgerReport>,
    /// What was compared of the run's files; nothing if only a ledger was looked at.
    pub files: Option<FilesReport>,
    /// The bytes of the ledger's first entry, by whose leaf it is called.
    #[serde(skip)]
    pub origin: Option<Vec<u8>>,
    /// Whether the ledger has an entry that ends the run.
    #[serde(skip)]
    pub ended: bool,
    /// The walk through the ledger, for those who want to know more.
    #[serde(skip)]
    pub walk: Option<Walk>,
}

/// What a ledger holds.
#[derive(Clone, Debug, Serialize)]
pub struct LedgerReport {
    /// How many entries, with those that were dropped.
    pub entries: u64,
    /// The first entry that is there; those before it were dropped.
    pub first: u64,
    /// The root over all entries; nothing of a file by itself.
    pub root: Option<String>,
    /// The number of entries up to the end of the run, and the root over these: the same whenever the run is repeated. Of a run
    /// that went on after its end, without what closed it before.
    pub run: Option<(u64, String)>,
    /// How many files it lies in.
    pub files: usize,
    /// How many bytes these have.
    pub bytes: u64,
    /// How many tree heads.
    pub heads: usize,
    /// How many of them are signed, and rightly.
    pub signed_heads: usize,
    /// How many time stamps.
    pub stamps: u64,
    /// How many entries carry a signature of the agent that they name.
    pub signed_entries: u64,
    /// The keys that have signed.
    pub keys: Vec<KeyReport>,
}

/// A key of a ledger.
#[derive(Clone, Debug, Serialize)]
pub struct KeyReport {
    /// What it is for.
    pub role: KeyRole,
    /// Its suite.
    pub suite: String,
    /// Its fingerprint.
    pub fingerprint: String,
    /// Whether it follows from the run's seed, so that everybody who has the run has it; nothing if that is not known.
    pub of_the_run: Option<bool>,
}

/// What was compared of a run's files with its ledger and is the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FilesReport {
    /// How many files.
    pub files: usize,
    /// How many interventions.
    pub interventions: usize,
    /// How many state hashes.
    pub state_hashes: usize,
    /// How many events.
    pub events: usize,
}

/// What a ledger says of the files of its run.
#[derive(Debug, Default)]
struct Claims {
    scene: Option<(u64, Hash)>,
    /// What the ledger begins with: scene, seed, the first terms and files.
    opening: Vec<(u64, Entry)>,
    files: Vec<(u64, String, Hash)>,
    terms: Vec<(u64, u64, Terms)>,
    interventions: Vec<(u64, Entry)>,
    states: Vec<(u64, u64, Hash)>,
    events: Vec<(u64, Entry)>,
    results: Vec<(u64, String, Hash)>,
    /// Every manifest: of each end of the run.
    manifests: Vec<(u64, Manifest)>,
    end: Option<Entry>,
    ended_at: Option<u64>,
    /// How often the run went on after its end.
    resumed: u64,
    /// The leaves of the results and the end that hold.
    closing: Vec<Hash>,
    last_tick: u64,
}

impl Claims {
    fn note(&mut self, item: &Item) {
        let (Item::Entry { index, entry, bytes } | Item::Kept { index, entry, bytes }) = item else {
            return;
        };
        if matches!(entry.kind, EntryKind::Result | EntryKind::End) {
            self.closing.push(leaf_hash(bytes));
        }
        let Entry { kind, tick, payload, operation, .. } = entry;
        self.last_tick = self.last_tick.max(*tick);
        let is_first_terms = *kind == EntryKind::Terms && self.terms.is_empty();
        if is_first_terms || matches!(kind, EntryKind::Scene | EntryKind::Seed | EntryKind::File) {
            self.opening.push((*index, entry.clone()));
        }
        match kind {
            EntryKind::Scene => self.scene = Some((*index, *payload)),
            EntryKind::File => self.files.push((*index, operation.clone(), *payload)),
            EntryKind::Terms => {
                self.terms.extend(Terms::from_text(&entry.detail).map(|(terms, _)| (*index, *tick, terms)));
            }
            EntryKind::Intervention => self.interventions.push((*index, entry.clone())),
            EntryKind::StateHash => self.states.push((*index, *tick, *payload)),
            EntryKind::Event => self.events.push((*index, entry.clone())),
            EntryKind::Manifest => {
                self.manifests.extend(Manifest::from_text(&entry.detail).map(|manifest| (*index, manifest)));
            }
            EntryKind::Result => self.results.push((*index, operation.clone(), *payload)),
            EntryKind::End => {
                self.ended_at = Some(*index);
                self.end = Some(entry.clone());
            }
            EntryKind::Resumed => {
                // What closed the run no longer holds.
                self.resumed += 1;
                self.results.clear();
                self.closing.clear();
                (self.end, self.ended_at) = (None, None);
            }
            EntryKind::Receipt | EntryKind::Note | EntryKind::Identity | EntryKind::Seed => {}
        }
    }

    /// The terms that were in force in a tick.
    fn terms_at(&self, tick: u64) -> Option<&Terms> {
        let before = self.terms.iter().rev().find(|(_, since, _)| *since <= tick);
        before.map(|(_, _, terms)| terms)
    }
}

/// Looks at a run's folder with everything in it, at a ledger's folder, or at one of its files.
///
/// # Errors
/// If there is nothing of that kind, or the system refuses to let it be read.
pub fn audit(path: &Path) -> Result<Audit, DiskError> {
    let is_run = contents::is_run(path);
    let empty = |verdict: AuditVerdict| Audit {
        path: path.into(),
        verdict,
        ledger: None,
        files: None,
        origin: None,
        ended: false,
        walk: None,
    };
    if is_run && let Some(what) = contents::out_of_place(path).map_err(|error| refused(path, error))? {
        return Ok(empty(AuditVerdict::Changed(what)));
    }
    let found = if is_run { path.join(ledger::FOLDER) } else { locate(path)? };
    let mut claims = Claims::default();
    let mut demands: Option<Demands> = None;
    let from_start = found.is_dir();
    let mut origin = None;
    let walked = walk(&found, &mut |item| {
        if let Item::Entry { index: 0, bytes, .. } | Item::Kept { index: 0, bytes, .. } = item {
            origin = Some(bytes.to_vec());
        }
        claims.note(&item);
        let starts = from_start || matches!(item, Item::Entry { index: 0, .. } | Item::Key(_) | Item::FormerKey(_));
        demands.get_or_insert_with(|| Demands::new(starts)).note(&item)
    });
    let walk = match walked {
        Ok(walk) => walk,
        Err(DiskError::Damaged(damage)) => return Ok(empty(AuditVerdict::Changed(damage.to_string()))),
        Err(DiskError::NoLedger(_)) if is_run => {
            return without_ledger(path, "ledger/ holds no ledger").map(empty);
        }
        Err(DiskError::Io { path: place, source }) if is_run && source.kind() == std::io::ErrorKind::NotFound => {
            return without_ledger(path, &format!("{place} is missing")).map(empty);
        }
        Err(other) => return Err(other),
    };
    let mut demands = demands.unwrap_or_else(|| Demands::new(from_start));
    let mut files = is_run.then(FilesReport::default);
    let verdict = match demands.end(&walk) {
        Err(what) => AuditVerdict::Changed(format!("{}: {what}", found.display())),
        Ok(extent) => {
            let acknowledged = if is_run { checkpoints::newest_tick(path) } else { Ok(0) };
            let acknowledged = acknowledged.map_err(|error| refused(path, error))?;
            let reaches = if extent == Extent::Open { demands.reaches(acknowledged) } else { Ok(()) };
            let look = Look { run: path, claims: &claims, demands: &demands, walk: &walk, acknowledged };
            match &mut files {
                _ if reaches.is_err() && !path.join("summary.json").exists() => {
                    let what = reaches.err().unwrap_or_default();
                    AuditVerdict::Changed(format!("{what} (there is a checkpoint of tick {acknowledged})"))
                }
                Some(files) => look.at_run(&extent, files).map_err(|error| refused(path, error))?,
                None => look.at_ledger(&extent),
            }
        }
    };
    let whose = is_run && !matches!(verdict, AuditVerdict::Changed(_));
    let ledger = Some(report(&claims, &demands, &walk, (path, &found), whose));
    let files = files.filter(|_| !matches!(verdict, AuditVerdict::Changed(_)));
    let ended = claims.end.is_some();
    Ok(Audit { path: found, verdict, ledger, files, origin, ended, walk: Some(walk) })
}

/// What a run's folder is in which there is no ledger: one of a run that was stopped before its first tick, or a changed one.
fn without_ledger(run: &Path, what: &str) -> Result<AuditVerdict, DiskError> {
    Ok(match contents::sign_of_ticks(run).map_err(|error| refused(run, error))? {
        Some(sign) => {
            AuditVerdict::Changed(format!("{what}, and {sign} tells that the run has begun: every run has a ledger"))
        }
        None => AuditVerdict::CutOff(format!(
            "{what}: the run was stopped before its first tick, and nothing vouches for anything"
        )),
    })
}

fn refused(path: &Path, error: RecordError) -> DiskError {
    match error {
        RecordError::Io { path, source } => DiskError::Io { path, source },
        other => DiskError::Refused(format!("{}: {other}", path.display())),
    }
}

/// The number of entries up to the end of a run, and the root over them, without what closed it before it went on: that is in the
/// ledger of no repetition.
fn up_to_the_end(claims: &Claims, walk: &Walk, folder: &Path) -> Option<(u64, Hash)> {
    let end = claims.ended_at? + 1;
    if claims.resumed == 0 {
        return Some((end, walk.tree.as_ref()?.root_at(end)?));
    }
    let mut tree = tree_of_the_run(folder).ok()?;
    for leaf in &claims.closing {
        tree.push(*leaf);
    }
    Some((tree.size(), tree.root()))
}

fn report(claims: &Claims, demands: &Demands, walk: &Walk, (run, folder): (&Path, &Path), whose: bool) -> LedgerReport {
    let root = walk.tree.as_ref();
    let own = own_keys(run, whose);
    let key = |key: &LedgerKey| {
        let (suite, fingerprint) = (key.key.suite.to_string(), key.fingerprint());
        let of_the_run = own.as_ref().map(|own| own.contains(&fingerprint));
        let of_the_run = of_the_run.filter(|_| !matches!(key.role, KeyRole::Agent(_)));
        KeyReport { role: key.role, suite, fingerprint, of_the_run }
    };
    LedgerReport {
        entries: walk.size,
        first: walk.first,
        root: root.map(|tree| to_hex(&tree.root())),
        run: up_to_the_end(claims, walk, folder).map(|(size, root)| (size, to_hex(&root))),
        files: walk.segments,
        bytes: walk.bytes,
        heads: walk.heads.len(),
        signed_heads: walk.heads.iter().filter(|signed| signed.signature.is_some()).count(),
        stamps: walk.stamps,
        signed_entries: demands.signed_entries(),
        keys: walk.keys.iter().map(key).collect(),
    }
}

/// The fingerprints of the keys that follow from the seed of a run.
fn own_keys(run: &Path, wanted: bool) -> Option<BTreeSet<String>> {
    // What a scene says that is not the one that was run tells nothing about the run, and is not even read.
    let loaded = if wanted { recording::load_scene(run, &[]).ok()? } else { return None };
    let config = loaded.scene.section::<LedgerConfig>().cloned().unwrap_or_else(ledger::own_config);
    let dice = SimRng::new(loaded.scene.seed);
    let key = |role| Some(SigningKey::of_run(role, config.sign?, &dice).ok()?.public().fingerprint());
    Some([KeyRole::Keeper, KeyRole::TimeStamps].into_iter().filter_map(key).collect())
}

/// A ledger and the run that it belongs to.
struct Look<'a> {
    run: &'a Path,
    claims: &'a Claims,
    demands: &'a Demands,
    walk: &'a Walk,
    /// The tick of the newest checkpoint: everything up to it was on the disk before that.
    acknowledged: u64,
}

impl Look<'_> {
    /// Where the ledger ends, in words.
    fn cut_off(&self) -> AuditVerdict {
        let size = self.walk.size;
        let ends = match size.checked_sub(1) {
            Some(last) => format!("the ledger ends with entry {last} of tick {}", self.claims.last_tick),
            None => "the ledger has no entry yet".into(),
        };
        let torn = self.walk.torn.as_ref().map_or_else(String::new, |torn| format!("; {}", torn_words(torn)));
        AuditVerdict::CutOff(format!("{ends}, and the end of the run is not in it{torn}"))
    }

    fn at_ledger(&self, extent: &Extent) -> AuditVerdict {
        match (extent, self.partial()) {
            (Extent::Open, _) => self.cut_off(),
            (Extent::Whole(_), Some(reason)) => AuditVerdict::CutOff(reason),
            (Extent::Whole(_), None) => AuditVerdict::Whole,
        }
    }

    /// Why the ledger says itself that it doesn't hold all of the run.
    fn partial(&self) -> Option<String> {
        let end = self.claims.end.as_ref().filter(|end| end.outcome == Outcome::Partial)?;
        Some(format!("the ledger doesn't hold all of the run: {}", end.detail))
    }

    fn at_run(&self, extent: &Extent, report: &mut FilesReport) -> Result<AuditVerdict, RecordError> {
        let is_there = |name: &str| self.run.join(name).exists();
        let told = |result: Result<Option<String>, RecordError>| match result {
            Err(error @ RecordError::Io { .. }) if !is_missing(&error) => Err(error),
            Err(error) => Ok(Some(error.to_string())),
            Ok(found) => Ok(found),
        };
        if matches!(extent, Extent::Open) && is_there("summary.json") {
            let AuditVerdict::CutOff(words) = self.cut_off() else { return Ok(AuditVerdict::Whole) };
            return Ok(AuditVerdict::Changed(format!("the run has ended (summary.json), and {words}")));
        }
        let difference = match extent {
            Extent::Open => match told(self.compare_beginning())? {
                None => told(self.compare(false, report))?,
                found => found,
            },
            Extent::Whole(manifest) => {
                let listed = match told(self.compare_manifest(manifest, report))? {
                    None => told(self.compare_earlier(true))?,
                    found => found,
                };
                // What differs within a file is a better place than the file.
                let mut unused = FilesReport { files: report.files, ..FilesReport::default() };
                let within = if self.partial().is_some() { None } else { told(self.compare(true, &mut unused))? };
                if listed.is_none() {
                    *report = FilesReport { files: report.files, ..unused };
                }
                match (listed, within) {
                    (Some(listed), Some(within)) if names_a_file_of(&listed, &within) => Some(within),
                    (Some(listed), _) => Some(listed),
                    // What has the length and hash that the manifest tells of can be read again.
                    (None, None) if self.partial().is_none() => told(self.compare_results())?,
                    (None, within) => within,
                }
            }
        };
        if let Some(what) = difference {
            return Ok(AuditVerdict::Changed(what));
        }
        Ok(match (extent, self.partial()) {
            (Extent::Open, _) => self.cut_off(),
            (Extent::Whole(_), Some(reason)) => AuditVerdict::CutOff(reason),
            (Extent::Whole(_), None) if !is_there("summary.json") => {
                let words =
                    "everything is there but the summary, which is still in summary.json.part: a resume ends the run";
                AuditVerdict::CutOff(words.into())
            }
            (Extent::Whole(_), None) => AuditVerdict::Whole,
        })
    }

    /// Compares the files of the folder with the manifest.
    fn compare_manifest(&self, manifest: &Manifest, report: &mut FilesReport) -> Result<Option<String>, RecordError> {
        let index = self.walk.size - 1;
        let named = |name: &&&str| !manifest.files.iter().any(|line| line.name == ***name);
        let wanted = contents::FROM_THE_BEGINNING.iter().chain(&contents::AT_THE_END);
        if let Some(name) = wanted.clone().find(named) {
            return Ok(Some(format!("the manifest does not name {name}, which every run has (entry {index})")));
        }
        let there: BTreeSet<String> = contents::list(self.run)?.into_iter().map(|(name, _)| name).collect();
        let mut left = there.clone();
        for line in &manifest.files {
            let staged = line.name == "summary.json" && !there.contains(&line.name);
            let name = if staged { contents::STAGED } else { &line.name };
            if !left.remove(name) {
                return Ok(Some(format!("{} is missing (entry {index})", line.name)));
            }
            let path = self.run.join(name);
            let bytes = std::fs::metadata(&path).map_err(io_error(&path))?.len();
            // What has another length isn't read, however long it is.
            if bytes != line.bytes {
                let was = line.bytes;
                let what =
                    format!("{name} is not the file that was entered: {bytes} bytes and not {was} (entry {index})");
                return Ok(Some(what));
            }
            let (_, hash) = contents::length_and_hash(&path)?;
            if line.hash() != Some(hash) {
                return Ok(Some(format!("{name} is not the file that was entered (entry {index})")));
            }
            report.files += 1;
        }
        let surplus = left.into_iter().next();
        Ok(surplus.map(|name| format!("{name} is none of the files that the run has written (entry {index})")))
    }

    /// What a folder holds whose run has not ended: the files that every run has from its beginning on, and all that was on the
    /// disk before the newest checkpoint was.
    fn compare_beginning(&self) -> Result<Option<String>, RecordError> {
        if self.demands.lacks_its_beginning(self.walk) {
            let (size, sign) = (self.walk.size, contents::sign_of_ticks(self.run)?);
            return Ok(sign.map(|sign| {
                format!("the ledger has {size} entries and not all that it begins with, and {sign} tells of ticks")
            }));
        }
        if let Some(name) = contents::FROM_THE_BEGINNING.iter().find(|name| !self.run.join(name).exists()) {
            let index = if *name == "scene.ron" { "0" } else { "none names it, and every run has it" };
            return Ok(Some(format!("{name} is missing (entry {index})")));
        }
        let head = self.walk.heads.last().map_or(0, |signed| signed.head.tick);
        let checkpoint = self.acknowledged;
        if head < checkpoint {
            return Ok(Some(format!(
                "the last tree head is of tick {head} and there is a checkpoint of tick {checkpoint}, before which the ledger had \
                 one of that tick: it was cut (entry {})",
                self.walk.size
            )));
        }
        let path = self.run.join("metrics.csv");
        let mut last = 0;
        rows::read(&path, rows::header(&path)?.lines, |_, row| {
            last = rows::csv_tick(row).unwrap_or(last);
            Ok(())
        })?;
        if last < checkpoint {
            return Ok(Some(format!("metrics.csv ends with tick {last}, before the checkpoint of tick {checkpoint}")));
        }
        self.compare_earlier(false)
    }

    /// Compares the files that only grow with what they were at earlier ends of the run.
    fn compare_earlier(&self, ended: bool) -> Result<Option<String>, RecordError> {
        let earlier = &self.claims.manifests[..self.claims.manifests.len().saturating_sub(usize::from(ended))];
        for (index, manifest) in earlier {
            for line in manifest.files.iter().filter(|line| contents::GROWING.contains(&line.name.as_str())) {
                if !contents::begins_with(self.run, line)? {
                    let (name, tick) = (&line.name, manifest.tick);
                    return Ok(Some(format!(
                        "{name} no longer begins with what it was when the run had ended in tick {tick} (entry {index})"
                    )));
                }
            }
        }
        Ok(None)
    }

    /// Compares what the files say with what the entries say. A run that was cut off may lack the ends of both.
    fn compare(&self, whole: bool, report: &mut FilesReport) -> Result<Option<String>, RecordError> {
        if let Some(difference) = self.compare_scene(report)? {
            return Ok(Some(difference));
        }
        if let Some(difference) = self.compare_interventions(whole, report)? {
            return Ok(Some(difference));
        }
        if let Some(difference) = self.compare_states(report)? {
            return Ok(Some(difference));
        }
        self.compare_events(whole, report)
    }

    /// Whether the entries of results are those of the files that they name, and all are there.
    fn compare_results(&self) -> Result<Option<String>, RecordError> {
        let there = folder::RESULTS.iter().filter(|name| self.run.join(name).exists());
        if !there.clone().eq(self.claims.results.iter().map(|(_, name, _)| name)) {
            let names = there.copied().collect::<Vec<_>>().join(", ");
            return Ok(Some(format!("the results that were entered are not those of the run: {names}")));
        }
        for (index, name, payload) in &self.claims.results {
            if facts::file_hash(&ledger::digest(&self.run.join(name))?) != *payload {
                return Ok(Some(format!("{name} is not the result that was entered (entry {index})")));
            }
        }
        Ok(None)
    }

    fn compare_scene(&self, report: &mut FilesReport) -> Result<Option<String>, RecordError> {
        let Some((index, payload)) = self.claims.scene else {
            return Ok(None);
        };
        let path = self.run.join("scene.ron");
        if !path.exists() {
            return Ok(Some(format!("scene.ron is missing (entry {index})")));
        }
        let text = agent2028_core::whole_file::read_ordinary_text(&path).map_err(io_error(&path))?;
        if facts::scene_hash(&text) != payload {
            return Ok(Some(format!("scene.ron is not the scene that was run (entry {index})")));
        }
        report.files += 1;
        for (index, name, payload) in &self.claims.files {
            let path = self.run.join(name);
            // A name from a ledger leads nowhere but into the run's folder.
            let is_plain =
                Path::new(name).components().count() == 1 && path.file_name().is_some_and(|file| file == name.as_str());
            if !is_plain || !path.is_file() {
                return Ok(Some(format!("{name} is missing (entry {index})")));
            }
            if facts::file_hash(&ledger::digest(&path)?) != *payload {
                return Ok(Some(format!("{name} is not the file that was entered (entry {index})")));
            }
            report.files += 1;
        }
        // A run that was stopped at its very beginning may lack the rest of it.
        if self.demands.lacks_its_beginning(self.walk) { Ok(None) } else { self.compare_demands() }
    }

    /// Whether the ledger begins as one of this scene does, was kept on its terms, and changed these where they were changed.
    fn compare_demands(&self) -> Result<Option<String>, RecordError> {
        let Ok(loaded) = recording::load_scene(self.run, &[]) else {
            // A scene that another program understands is told by whoever runs it again; what is no scene at all was never run.
            let path = self.run.join("scene.ron");
            let text = agent2028_core::whole_file::read_ordinary_text(&path).map_err(io_error(&path))?;
            let is_none = syntax::parse(SourceId(0), &text).is_err();
            return Ok(is_none.then(|| "scene.ron holds no scene, so it was never run (entry 0)".into()));
        };
        let config: LedgerConfig = loaded.scene.section::<LedgerConfig>().cloned().unwrap_or_else(ledger::own_config);
        let clock = SimClock::new(loaded.scene.tick_hz, loaded.scene.epoch());
        let terms = Terms::of(&config, &clock);
        let mut document = Opening::from(loaded.document());
        // The text as it stands there: written anew, lists may be broken into lines in another way.
        let path = self.run.join("scene.ron");
        document.scene = agent2028_core::whole_file::read_ordinary_text(&path).map_err(io_error(&path))?;
        let opening = document.entries(clock.epoch().timestamp_millis(), &terms);
        // Another version may tell scenes apart in another way.
        let own = About::read(self.run)?.is_none_or(|about| about.version == env!("CARGO_PKG_VERSION"));
        let told = |entry: &Entry| match entry.kind {
            EntryKind::Scene if !own => Entry { detail: String::new(), ..entry.clone() },
            _ => entry.clone(),
        };
        for (index, entry) in &self.claims.opening {
            let wanted = usize::try_from(*index).ok().and_then(|index| opening.get(index)).map(told);
            if wanted.as_ref() != Some(&told(entry)) {
                let what = match entry.kind {
                    EntryKind::Seed => "the seed is not that of scene.ron",
                    EntryKind::Terms => "the terms of the ledger are not those of scene.ron",
                    EntryKind::File => "the ledger names a file that scene.ron doesn't",
                    _ => "the ledger calls its scene other than scene.ron does",
                };
                return Ok(Some(format!("{what} (entry {index})")));
            }
        }
        if self.claims.opening.len() != opening.len() {
            return Ok(Some(format!(
                "the ledger begins with {} entries, and a run of scene.ron with {}",
                self.claims.opening.len(),
                opening.len()
            )));
        }
        if let Some(what) = self.compare_changes_of_terms(&loaded, config, &clock)? {
            return Ok(Some(what));
        }
        Ok(self.compare_times(&clock))
    }

    /// Whether the terms changed as the interventions say that set values of the section, and when they say it.
    fn compare_changes_of_terms(
        &self,
        loaded: &Loaded,
        mut config: LedgerConfig,
        clock: &SimClock,
    ) -> Result<Option<String>, RecordError> {
        let Some((_, _, first)) = self.claims.terms.first() else { return Ok(None) };
        let mut types = TypeRegistry::default();
        types.register::<LedgerConfig>();
        let done = interventions::read(self.run)?;
        let mut sets = done.iter().filter(|entry| entry.name == SetParam::NAME && entry.outcome.is_ok()).peekable();
        let mut apply_up_to = |tick: u64, config: &mut LedgerConfig| {
            while let Some(entry) = sets.next_if(|entry| entry.tick <= tick) {
                let set: Result<SetParam, _> = ron_format::from_str(&entry.fields);
                let Ok(set) = set else { continue };
                let path = loaded.scene.params.get(&set.path).map_or(set.path.as_str(), |param| param.path.as_str());
                if let Some(within) = path.strip_prefix("ledger.") {
                    // What was done once can be done again.
                    let _ = reflect_path::write(config.as_partial_reflect_mut(), within, &set.value, &types);
                }
            }
            let Terms { stamps, .. } = Terms::of(config, clock);
            // Who signs and what is kept was decided at the beginning.
            let stamps = if first.stamps == Stamps::None { Stamps::None } else { stamps };
            Terms { sign: first.sign.clone(), keep: first.keep, stamps, ..Terms::of(config, clock) }
        };
        for (at, (index, tick, terms)) in self.claims.terms.iter().enumerate().skip(1) {
            let before = &self.claims.terms[at - 1].2;
            // Nothing changed them between the last ones and these.
            if tick.checked_sub(1).map(|tick| apply_up_to(tick, &mut config)).as_ref() != Some(before) {
                return Ok(Some(format!("the terms before entry {index} are not those that were set by then")));
            }
            if apply_up_to(*tick, &mut config) != *terms {
                return Ok(Some(format!(
                    "the terms changed otherwise than an intervention has set them (entry {index})"
                )));
            }
        }
        let last_tick = self.claims.end.as_ref().map_or(self.claims.last_tick.saturating_sub(1), |end| end.tick);
        let now = apply_up_to(last_tick, &mut config);
        Ok((self.claims.terms.last().map(|(_, _, terms)| terms) != Some(&now)).then(|| {
            format!("an intervention has changed the terms up to tick {last_tick}, and the ledger doesn't say so")
        }))
    }

    /// Whether times are those of their ticks.
    fn compare_times(&self, clock: &SimClock) -> Option<String> {
        let at = |tick: u64| clock.at(tick).timestamp_millis();
        let wrong = |signed: &&SignedTreeHead| signed.head.unix_ms != at(signed.head.tick);
        if let Some(signed) = self.walk.heads.iter().find(wrong) {
            return Some(format!("the tree head over {} entries has not the time of its tick", signed.head.size));
        }
        let late = self.claims.interventions.iter().chain(&self.claims.events);
        let mut late = late.filter(|(_, entry)| entry.unix_ms > at(entry.tick));
        late.next().map(|(index, _)| format!("entry {index} has a time after its tick"))
    }

    /// The last tick of which entries were dropped.
    fn dropped(&self) -> Option<u64> {
        self.walk.compactions.last().map(|compaction| compaction.tick)
    }

    fn compare_interventions(&self, whole: bool, report: &mut FilesReport) -> Result<Option<String>, RecordError> {
        let written = interventions::read(self.run)?;
        let hash = |entry: &interventions::Entry| {
            let outcome = entry.outcome.as_ref().map(String::as_str).map_err(String::as_str);
            facts::intervention_hash(entry.sequence, entry.origin, &entry.name, &entry.fields, outcome)
        };
        let never = |entry: &interventions::Entry| {
            format!("interventions.ron tells of something in tick {} that was never done", entry.tick)
        };
        let mut at = 0;
        for (index, claim) in &self.claims.interventions {
            let (tick, payload) = (claim.tick, &claim.payload);
            // Those of dropped entries come before.
            while let Some(entry) = written.get(at)
                && hash(entry) != *payload
                && self.dropped().is_some_and(|dropped| entry.tick <= dropped)
            {
                at += 1;
            }
            let Some(entry) = written.get(at) else {
                return Ok(Some(format!(
                    "an intervention of tick {tick} is missing in interventions.ron (entry {index})"
                )));
            };
            if hash(entry) != *payload {
                let number = at + 1;
                return Ok(Some(format!(
                    "intervention {number} in interventions.ron is not what was done (entry {index})"
                )));
            }
            let (outcome, Ok(words) | Err(words)) = match &entry.outcome {
                Ok(_) => (Outcome::Done, &entry.outcome),
                Err(_) => (Outcome::Refused, &entry.outcome),
            };
            let told =
                (&claim.operation, claim.outcome, &claim.detail) == (&entry.name, outcome, &facts::clipped(words));
            if !told || entry.tick > tick {
                return Ok(Some(format!("entry {index} tells otherwise of what interventions.ron says was done")));
            }
            (at, report.interventions) = (at + 1, report.interventions + 1);
        }
        // What comes after the last entry waits for its tick, or the ledger was cut off before it.
        let last = self.claims.end.as_ref().map_or(self.claims.last_tick, |end| end.tick);
        let mut rest = written[at..].iter();
        Ok(rest
            .find(|entry| {
                let dropped = self.dropped().is_some_and(|dropped| entry.tick <= dropped);
                !dropped && if whole { entry.tick <= last } else { entry.tick < last }
            })
            .map(never))
    }

    fn compare_states(&self, report: &mut FilesReport) -> Result<Option<String>, RecordError> {
        let path = self.run.join("hashes.csv");
        let mut hashes: BTreeMap<u64, Hash> = BTreeMap::new();
        if path.exists() {
            rows::read(&path, 1, |_, row| {
                let hash =
                    row.split_once(',').and_then(|(tick, hash)| Some((tick.parse().ok()?, hash_from_hex(hash)?)));
                hashes.extend(hash);
                Ok(())
            })?;
        }
        let end = self.claims.end.as_ref().zip(self.claims.ended_at);
        let end = end.map(|(entry, index)| (index, entry.tick, entry.payload));
        for (index, tick, payload) in self.claims.states.iter().chain(&end) {
            let Some(hash) = hashes.get(tick) else {
                continue;
            };
            if facts::state_hash(&StateHash(*hash)) != *payload {
                return Ok(Some(format!("the state of tick {tick} in hashes.csv is another (entry {index})")));
            }
            report.state_hashes += 1;
        }
        let path = self.run.join("summary.json");
        if let (Some((index, tick, payload)), true) = (end, path.exists()) {
            let text = agent2028_core::whole_file::read_ordinary_text(&path).map_err(io_error(&path))?;
            let summary: Option<serde_json::Value> = serde_json::from_str(&text).ok();
            let told = summary.as_ref().and_then(|summary| {
                let hash = hash_from_hex(summary.get("state_hash")?.as_str()?)?;
                Some((summary.get("ticks")?.as_u64()?, facts::state_hash(&StateHash(hash))))
            });
            // What is no summary at all the manifest tells.
            if told.is_some_and(|told| told != (tick, payload)) {
                return Ok(Some(format!("summary.json tells of another end (entry {index})")));
            }
        }
        Ok(None)
    }

    fn compare_events(&self, whole: bool, report: &mut FilesReport) -> Result<Option<String>, RecordError> {
        let claims = &self.claims.events;
        let id = |claim: &Entry| claim.event.unwrap_or_default();
        let places: BTreeMap<[u8; 16], usize> =
            claims.iter().enumerate().map(|(at, (_, claim))| (id(claim), at)).collect();
        let stamped: BTreeSet<u64> = self.demands.stamps().iter().map(|stamp| stamp.index).collect();
        let acknowledged = self.acknowledged;
        let mut found = vec![false; claims.len()];
        // The first line that the ledger doesn't know, and the next claim that is expected.
        let (mut unknown, mut next): (Option<usize>, usize) = (None, 0);
        let mut difference: Option<String> = None;
        let path = self.run.join("events.jsonl");
        if !path.exists() {
            return Ok(Some("events.jsonl is missing".into()));
        }
        rows::read(&path, 0, |number, row| {
            let line: EventLine = serde_json::from_str(row).map_err(|error| RecordError::Content {
                path: path.display().to_string(),
                line: Some(number),
                message: error.to_string(),
            })?;
            if difference.is_some() {
                return Ok(());
            }
            let id = line.id.parse::<Uuid>().map(Uuid::into_bytes).unwrap_or_default();
            let Some(at) = places.get(&id).copied() else {
                let wanted =
                    self.claims.terms_at(line.tick).is_some_and(|terms| terms.admit(&line.kind, line.priority))
                        && !facts::tells_of_intervention(&line.kind)
                        && self.dropped().is_none_or(|dropped| line.tick > dropped);
                let lost = !whole && line.tick >= self.claims.last_tick && line.tick > acknowledged;
                if wanted && !lost {
                    difference =
                        Some(format!("line {number} of events.jsonl tells of an event that was never entered"));
                } else if wanted {
                    unknown = unknown.or(Some(number));
                }
                return Ok(());
            };
            let (index, claim) = (claims[at].0, &claims[at].1);
            let value = line.payload.as_deref().zip(line.fields.as_deref());
            if facts::event_hash(&line.kind, line.priority, &line.text, value) != claim.payload {
                difference = Some(format!("line {number} of events.jsonl is another event (entry {index})"));
            } else if (&claim.operation, &claim.detail, claim.who, claim.unix_ms)
                != (&line.kind, &facts::clipped(&line.text), line.agent, line.unix_ms)
                || line.tick > claim.tick
            {
                difference =
                    Some(format!("entry {index} tells otherwise of the event in line {number} of events.jsonl"));
            } else if at < next || unknown.is_some() {
                difference = Some(format!("line {number} of events.jsonl is out of order (entry {index})"));
            }
            let stamps = self.claims.terms_at(claim.tick).map(|terms| terms.stamps);
            let last = !whole && index + 1 == self.walk.size;
            if stamps == Some(Stamps::Important) && line.priority >= IMPORTANT && !stamped.contains(&index) && !last {
                difference = Some(format!("entry {index} lacks the time stamp that the scene demands"));
            }
            (found[at], next) = (true, at + 1);
            report.events += 1;
            Ok(())
        })?;
        if difference.is_some() {
            return Ok(difference);
        }
        let recorded = self.recorded_ticks(found.iter().all(|found| *found))?;
        let missing = found.iter().zip(claims).enumerate().find(|(at, (found, (_, claim)))| {
            let lost = !whole && *at >= next && claim.tick > acknowledged;
            !**found && !lost && recorded.as_ref().is_none_or(|ticks| ticks.contains(&claim.tick))
        });
        Ok(missing.map(|(_, (_, (index, _)))| format!("events.jsonl lacks an event (entry {index})")))
    }

    /// The ticks that the run has rows of: the window may have jumped over others, which the simulation's ledger knows all the
    /// same. Not worked out if nobody asks.
    fn recorded_ticks(&self, unasked: bool) -> Result<Option<BTreeSet<u64>>, RecordError> {
        let path = self.run.join("metrics.csv");
        if unasked || !path.exists() {
            return Ok(None);
        }
        let mut ticks = BTreeSet::new();
        rows::read(&path, rows::header(&path)?.lines, |_, row| {
            ticks.extend(rows::csv_tick(row));
            Ok(())
        })?;
        Ok(Some(ticks))
    }
}

/// Whether two differences are of the same file.
fn names_a_file_of(listed: &str, within: &str) -> bool {
    let name = listed.split(' ').next().unwrap_or_default();
    within.contains(name)
}

fn is_missing(error: &RecordError) -> bool {
    use std::io::ErrorKind::{InvalidData, InvalidInput, NotFound};
    matches!(error, RecordError::Io { source, .. } if matches!(source.kind(), NotFound | InvalidInput | InvalidData))
}

fn torn_words(torn: &Torn) -> String {
    let (file, record, offset, bytes) = (torn.file.display(), torn.record, torn.offset, torn.bytes);
    let bytes = if bytes == 1 { "1 byte".to_owned() } else { format!("{bytes} bytes") };
    format!(
        "{file}, record {record} at byte {offset}: it is torn, {bytes} of it are there, and resuming the run cuts them off"
    )
}
