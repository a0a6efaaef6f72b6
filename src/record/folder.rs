//! A run's folder, open for writing.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use agent2028_core::checkpoint::{Checkpoint, StateHash};
use agent2028_core::clock::SimClock;
use agent2028_core::event::EventBus;
use agent2028_core::intervention::{InterventionLog, InterventionQueue, InterventionRegistry, Stamped};
use agent2028_core::metrics::Metrics;
use agent2028_core::rng::SimRng;
use agent2028_ledger::keys::SigningKey;
use bevy::prelude::World;

use super::audit::{AuditVerdict, audit};
use super::events::{self, EventLine};
use super::interventions::{InterventionFile, RecordedIntervention};
use super::ledger::{LastEnd, RunLedger};
use super::rows::{self, RowFile};
use super::signatures::SignatureFile;
use super::{About, Asked, RecordError, checkpoints, contents, io_error, parquet};
use crate::scene::load::{Beside, Loaded};

/// The files that the ledger vouches for when a run has ended.
pub const RESULTS: [&str; 4] = [super::interventions::FILE, "metrics.csv", "events.jsonl", "hashes.csv"];

/// A run's folder, open for writing.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    columns: Vec<String>,
    metrics: RowFile,
    events: RowFile,
    hashes: RowFile,
    interventions: InterventionFile,
    signatures: SignatureFile,
    ledger: Option<RunLedger>,
    last: u64,
    /// The tick of the last row of state hashes.
    hashed: Option<u64>,
    /// The tick up to which rows stay as they are: those of a run that had ended, which may be run again from an earlier one on.
    kept: u64,
}

impl RunFolder {
    /// Begins a run in a folder that holds none yet, with a simulation that has not run a tick.
    ///
    /// # Errors
    /// If there is anything in the folder already or it can't be written.
    pub fn create(path: &Path, loaded: &Loaded, asked: &Asked, world: &mut World) -> Result<Self, RecordError> {
        Self::create_signed(path, loaded, asked, None, world)
    }

    /// Whether a run can begin in a folder: it is new or empty, or holds what a run left that was stopped before its scene was
    /// written. Nothing is touched.
    ///
    /// # Errors
    /// With what is there.
    pub(crate) fn refuse_what_is_there(path: &Path) -> Result<(), RecordError> {
        let told = || path.display().to_string();
        if !path.exists() {
            return Ok(());
        }
        if !path.is_dir() {
            return Err(RecordError::NoFolder(told()));
        }
        if path.join("scene.ron").exists() {
            return Err(RecordError::Occupied(told()));
        }
        if !contents::is_only_begun(path)? {
            return Err(RecordError::NotEmpty(told()));
        }
        Ok(())
    }

    /// The same with a ledger that a key from outside of the run signs.
    ///
    /// # Errors
    /// If there is anything in the folder already or it can't be written.
    pub fn create_signed(
        path: &Path,
        loaded: &Loaded,
        asked: &Asked,
        signer: Option<Arc<SigningKey>>,
        world: &mut World,
    ) -> Result<Self, RecordError> {
        make_room(path)?;
        let checkpoints = path.join("checkpoints");
        fs::create_dir_all(&checkpoints).map_err(io_error(&checkpoints))?;
        let about = About::of(loaded, world.resource::<Metrics>());
        about.write(path)?;
        asked.write(path)?;
        let columns: Vec<String> = about.metrics.into_iter().map(|column| column.name).collect();
        let header = header_of(&columns);
        let mut folder = Self {
            path: path.into(),
            columns,
            metrics: RowFile::create(&path.join("metrics.csv"), Some(&header), rows::csv_tick)?,
            events: RowFile::create(&path.join("events.jsonl"), None, events::written_in)?,
            hashes: RowFile::create(&path.join("hashes.csv"), Some("tick,state_hash"), rows::csv_tick)?,
            interventions: InterventionFile::open(path, 0)?,
            signatures: SignatureFile::create(path, world)?,
            ledger: None,
            last: 0,
            hashed: None,
            kept: 0,
        };
        // The scene after all other files: where it is, they are there too. Then the ledger, which begins with it.
        let (scene, mut files) = loaded.portable();
        files.push(("scene.ron".to_owned(), Beside::Text(scene)));
        for (name, content) in files {
            let file = path.join(name);
            content.write(&file).map_err(io_error(&file))?;
        }
        folder.ledger = Some(RunLedger::create(path, loaded, signer, world)?);
        world.resource_mut::<EventBus>().keep_whole_ticks();
        Ok(folder)
    }

    /// Goes on with a run, with a simulation that stands at the end of the tick after which it goes on. What is in the
    /// folder of later ticks is cut off, but for what people did then: that is queued to be done again.
    ///
    /// # Errors
    /// If the folder can't be read or written, or holds an intervention that this program doesn't know.
    pub fn resume(path: &Path, loaded: &Loaded, asked: &Asked, world: &mut World) -> Result<Self, RecordError> {
        Self::resume_signed(path, loaded, asked, None, world)
    }

    /// The same with a ledger that a key from outside of the run signs.
    ///
    /// # Errors
    /// If the folder can't be read or written, or holds an intervention that this program doesn't know.
    pub fn resume_signed(
        path: &Path,
        loaded: &Loaded,
        asked: &Asked,
        signer: Option<Arc<SigningKey>>,
        world: &mut World,
    ) -> Result<Self, RecordError> {
        let tick = world.resource::<SimClock>().tick();
        refuse_changed(path)?;
        let last_end = LastEnd::of(path)?;
        // What a run had written when it ended stays, from wherever it is run again: the ledger has the hash of it.
        let kept = tick.max(last_end.tick);
        // Before any of that changes the ledger knows that the run goes on; and before that the summary is no longer in its
        // place, as it is where a run ends. So a kill in between leaves what a resume goes on with.
        let mut ledger = None;
        if last_end.is_closed {
            let summary = path.join("summary.json");
            if summary.exists() {
                fs::rename(&summary, path.join(contents::STAGED)).map_err(io_error(&summary))?;
            }
            ledger = Some(RunLedger::resume(path, loaded, signer.clone(), world)?);
        }
        asked.write(path)?;
        for name in contents::AT_THE_END.into_iter().chain([contents::STAGED]) {
            let file = path.join(name);
            if file.exists() {
                fs::remove_file(&file).map_err(io_error(&file))?;
            }
        }
        let metrics = path.join("metrics.csv");
        // The columns are those with which the run began, and who wanted them wants them still.
        let names: Vec<String> =
            if metrics.exists() { rows::header(&metrics)?.names.into_iter().skip(1).collect() } else { Vec::new() };
        for name in &names {
            world.resource_mut::<Metrics>().want(name);
        }
        let mut about = About::of(loaded, world.resource::<Metrics>());
        let mut columns: Vec<String> = about.metrics.iter().map(|column| column.name.clone()).collect();
        if !names.is_empty() {
            about.metrics.retain(|column| names.contains(&column.name));
            about.metrics.sort_by_key(|column| names.iter().position(|name| *name == column.name));
            columns = names;
        }
        about.write(path)?;
        let header = header_of(&columns);
        let metrics_rows = RowFile::resume(&metrics, Some(&header), rows::csv_tick, kept)?;
        recall_metrics(&metrics, tick, world)?;
        let hashes = path.join("hashes.csv");
        let mut folder = Self {
            path: path.into(),
            columns,
            metrics: metrics_rows,
            events: RowFile::resume(&path.join("events.jsonl"), None, events::written_in, kept)?,
            hashes: RowFile::resume(&hashes, Some("tick,state_hash"), rows::csv_tick, kept)?,
            interventions: InterventionFile::open(path, tick)?,
            signatures: SignatureFile::resume(path, tick, world)?,
            ledger: None,
            last: tick,
            hashed: last_hashed(&hashes)?,
            kept,
        };
        folder.ledger = Some(match ledger {
            Some(ledger) => ledger,
            None => RunLedger::resume(path, loaded, signer, world)?,
        });
        queue(path, folder.interventions.waiting(), world)?;
        world.resource_mut::<EventBus>().keep_whole_ticks();
        Ok(folder)
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The last tick that was written down.
    #[must_use]
    pub const fn last(&self) -> u64 {
        self.last
    }

    /// What was done to the run so far, in order.
    #[must_use]
    pub fn interventions(&self) -> &[RecordedIntervention] {
        self.interventions.entries()
    }

    /// Writes down the tick that has just run: what was done to it, its metrics and events.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn tick(&mut self, world: &World) -> Result<(), RecordError> {
        let tick = world.resource::<SimClock>().tick();
        // First what the run can't be repeated without.
        let log = &world.resource::<InterventionLog>().0;
        for applied in log.iter().skip(self.interventions.entries().len()) {
            self.interventions.push(RecordedIntervention::of(applied)?)?;
        }
        if tick > self.kept {
            self.write_rows(tick, world)?;
        }
        self.signatures.tick(world)?;
        self.last = tick;
        self.ledger.as_mut().map_or(Ok(()), |ledger| ledger.tick(world))
    }

    /// Writes the metrics and events of a tick.
    fn write_rows(&mut self, tick: u64, world: &World) -> Result<(), RecordError> {
        let metrics = world.resource::<Metrics>();
        let mut row = tick.to_string();
        for name in &self.columns {
            row.push(',');
            if let Some((at, value)) = metrics.series(name).and_then(|series| series.last())
                && at == tick
            {
                row.push_str(&value.to_string());
            }
        }
        self.metrics.push(&row)?;
        let dice = world.resource::<SimRng>();
        for event in world.resource::<EventBus>().of_last_tick() {
            self.events.push(&EventLine::of(event, dice)?.to_line()?)?;
        }
        Ok(())
    }

    /// Writes a state hash, unless that of the tick stands there already.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn hash(&mut self, tick: u64, hash: StateHash, world: &World) -> Result<(), RecordError> {
        // Where a run had ended later, all that it wrote then stays; and a run that was stopped between its last checkpoint and its
        // end may lack the hash of its last tick.
        if self.hashed.is_some_and(|hashed| hashed >= tick) {
            return Ok(());
        }
        self.hashed = Some(tick);
        self.hashes.push(&format!("{tick},{hash}"))?;
        self.ledger.as_mut().map_or(Ok(()), |ledger| ledger.hash(tick, &hash, world))
    }

    /// Writes a checkpoint and the rows before it, all on the disk when this returns, and drops the oldest checkpoints.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn checkpoint(&mut self, checkpoint: &Checkpoint, world: &World) -> Result<(), RecordError> {
        // What it holds is entered before it, so that another one in its place shows; and a tree head of its tick is on the disk: so a
        // ledger that was cut behind a checkpoint shows.
        let goes_on = match &mut self.ledger {
            Some(ledger) => {
                ledger.hash(checkpoint.tick, &checkpoint.state_hash, world)?;
                ledger.seal(checkpoint.tick, world)?
            }
            None => true,
        };
        self.sync()?;
        if goes_on {
            checkpoints::write(&self.path, checkpoint)?;
            self.ledger.as_mut().into_iter().for_each(RunLedger::checkpointed);
        }
        Ok(())
    }

    /// Cuts off everything after `tick`: the run goes another way from there.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn cut(&mut self, tick: u64) -> Result<(), RecordError> {
        checkpoints::cut(&self.path, tick)?;
        self.rows().try_for_each(|rows| rows.cut(tick))?;
        self.interventions.cut(tick)?;
        self.ledger.as_mut().map_or(Ok(()), |ledger| ledger.cut(tick))?;
        self.last = self.last.min(tick);
        self.kept = self.kept.min(tick);
        self.hashed = last_hashed(&self.path.join("hashes.csv"))?;
        Ok(())
    }

    /// Ends the run with its last state: all rows on the disk, the Parquet files, the end of the ledger with the hash of every
    /// file, and last the summary.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn finish(&mut self, summary: &str, last: StateHash, world: &World) -> Result<(), RecordError> {
        self.hash(world.resource::<SimClock>().tick(), last, world)?;
        self.sync()?;
        parquet::write(&self.path)?;
        // The summary is on the disk before the ledger knows it, and in its place after that: a kill between the two shows.
        let staged = self.path.join(contents::STAGED);
        let write = || -> std::io::Result<()> {
            let mut file = fs::File::create(&staged)?;
            file.write_all(summary.as_bytes())?;
            file.sync_all()
        };
        write().map_err(io_error(&staged))?;
        if let Some(ledger) = &mut self.ledger {
            ledger.finish(&self.path, &RESULTS, summary.as_bytes(), &last, world)?;
        }
        let path = self.path.join("summary.json");
        fs::rename(&staged, &path).map_err(io_error(&path))?;
        // The file's name must be on the disk too. Not every file system lets a folder be flushed.
        let _ = fs::File::open(&self.path).and_then(|folder| folder.sync_all());
        Ok(())
    }

    /// Hands all rows to the system, so that a kill of this program loses none.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn flush(&mut self) -> Result<(), RecordError> {
        self.ledger.as_mut().map_or(Ok(()), RunLedger::flush)?;
        self.rows().try_for_each(RowFile::flush)
    }

    /// Brings all rows to the disk.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn sync(&mut self) -> Result<(), RecordError> {
        self.interventions.sync()?;
        self.ledger.as_mut().map_or(Ok(()), RunLedger::sync)?;
        self.rows().try_for_each(RowFile::sync)
    }

    fn rows(&mut self) -> impl Iterator<Item = &mut RowFile> {
        [&mut self.metrics, &mut self.events, &mut self.hashes].into_iter().chain(self.signatures.rows())
    }
}

/// The first row of `metrics.csv`.
fn header_of(columns: &[String]) -> String {
    rows::csv_row(std::iter::once("tick").chain(columns.iter().map(String::as_str)))
}

/// The tick of the last row of state hashes.
fn last_hashed(path: &Path) -> Result<Option<u64>, RecordError> {
    let mut last = None;
    rows::read(path, 1, |_, row| {
        last = rows::csv_tick(row).or(last);
        Ok(())
    })?;
    Ok(last)
}

/// Puts back what a run had measured last of each metric up to `tick`. A checkpoint has no measurements, and not everything is
/// measured in every tick: what a run tells at its end may be from before.
fn recall_metrics(path: &Path, tick: u64, world: &mut World) -> Result<(), RecordError> {
    let header = rows::header(path)?;
    let mut last: Vec<Option<(u64, f64)>> = vec![None; header.names.len()];
    rows::read(path, header.lines, |_, row| {
        let mut cells = row.split(',');
        if let Some(at) = cells.next().and_then(|cell| cell.parse().ok()).filter(|at| *at <= tick) {
            for (last, cell) in last.iter_mut().skip(1).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
                *last = cell.parse().ok().map(|value| (at, value)).or(*last);
            }
        }
        Ok(())
    })?;
    let mut metrics = world.resource_mut::<Metrics>();
    for (name, last) in header.names.iter().zip(last) {
        if let Some((at, value)) = last {
            metrics.recall(name, at, value);
        }
    }
    Ok(())
}

/// Refuses to go on with a run whose files are not what it has written. Nothing is touched before.
///
/// # Errors
/// What is not as it was written, in words.
pub fn refuse_changed(path: &Path) -> Result<(), RecordError> {
    let told = |what: String| RecordError::Changed(path.display().to_string(), what);
    match audit(path).map_err(|error| told(error.to_string()))?.verdict {
        AuditVerdict::Changed(what) => Err(told(what)),
        AuditVerdict::Whole | AuditVerdict::CutOff(_) => Ok(()),
    }
}

/// Clears the folder in which a run can begin of what a run left that was stopped before its scene was written.
fn make_room(path: &Path) -> Result<(), RecordError> {
    RunFolder::refuse_what_is_there(path)?;
    if !path.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(io_error(path))? {
        let file = entry.map_err(io_error(path))?.path();
        let gone = if file.is_dir() { fs::remove_dir_all(&file) } else { fs::remove_file(&file) };
        gone.map_err(io_error(&file))?;
    }
    Ok(())
}

/// Queues recorded interventions for the ticks at which they were applied, but for those that a checkpoint has brought
/// back already.
///
/// # Errors
/// If the program doesn't know one of them.
pub fn queue(folder: &Path, entries: &[RecordedIntervention], world: &mut World) -> Result<(), RecordError> {
    let registry = world.resource::<InterventionRegistry>().clone();
    let waiting: Vec<Stamped> = world.resource::<InterventionQueue>().iter().collect();
    let mut known = waiting.iter().map(RecordedIntervention::asked).collect::<Result<Vec<_>, _>>()?;
    for entry in entries {
        if let Some(at) = known.iter().position(|known| known.does_the_same(entry)) {
            // Each that waits stands for one: the same may be done twice in a tick.
            known.swap_remove(at);
            continue;
        }
        let action = entry.action(&registry).map_err(|error| RecordError::Content {
            path: folder.join(super::interventions::FILE).display().to_string(),
            line: None,
            message: format!("tick {}: {error}", entry.tick),
        })?;
        world.resource_mut::<InterventionQueue>().push(entry.tick, entry.origin, action);
    }
    Ok(())
}
