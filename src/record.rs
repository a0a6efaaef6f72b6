//! The folder that a run writes: its scene, checkpoints, state hashes, metrics and summary.
//!
//! | file | what it holds |
//! |---|---|
//! | `scene.ron` | the scene, includes merged and settings applied |
//! | `agents-N.csv` | the tables that its agents come from |
//! | `checkpoints/TICK.a28` | whole states, each there completely or not at all |
//! | `hashes.csv` | `tick,state_hash` |
//! | `metrics.csv` | a row per tick, a column per metric |
//! | `summary.json` | what `run --format json` prints, once the run has ended |
//!
//! A kill at any moment leaves a readable prefix: rows are whole lines, checkpoints and the summary are renamed into
//! place. What a resumed run repeats is cut off first.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use agent2028_core::checkpoint::{Checkpoint, CheckpointError, StateHash, write_atomically};
use agent2028_core::clock::SimClock;
use agent2028_core::metrics::Metrics;
use bevy::prelude::World;

use crate::scene::load::Loaded;

/// How many of the newest checkpoints are kept.
const KEPT_CHECKPOINTS: usize = 10;

/// Why a run's folder could not be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The folder holds another run.
    #[error("{0} already holds a run: choose another folder, or go on with it by --resume {0}")]
    Occupied(String),
    /// The folder holds no run.
    #[error("{0} holds no run (there is no scene.ron in it)")]
    NoRun(String),
    /// The folder has no checkpoint that can be used.
    #[error("{folder} holds no whole checkpoint{details}")]
    NoCheckpoint {
        /// The folder.
        folder: String,
        /// What was wrong with those that are there.
        details: String,
    },
    /// A checkpoint can't be written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> RecordError + '_ {
    move |source| RecordError::Io { path: path.display().to_string(), source }
}

/// A run's folder, open for writing.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    hashes: BufWriter<File>,
    metrics: BufWriter<File>,
    columns: Vec<String>,
}

impl RunFolder {
    /// Begins a run in a folder that holds none yet.
    ///
    /// # Errors
    /// If the folder holds a run already or can't be written.
    pub fn create(path: &Path, loaded: &Loaded, world: &World) -> Result<Self, RecordError> {
        if path.join("scene.ron").exists() {
            return Err(RecordError::Occupied(path.display().to_string()));
        }
        let checkpoints = path.join("checkpoints");
        fs::create_dir_all(&checkpoints).map_err(io_error(&checkpoints))?;
        let (scene, tables) = loaded.portable();
        // The scene last: where it is, everything that it names is there too.
        let files = tables.iter().map(|(name, text)| (name.as_str(), *text)).chain([("scene.ron", scene.as_str())]);
        for (name, text) in files {
            let file = path.join(name);
            write_atomically(&file, text.as_bytes()).map_err(io_error(&file))?;
        }
        let columns: Vec<String> = world.resource::<Metrics>().iter().map(|(spec, _)| spec.name.clone()).collect();
        let mut folder = Self {
            path: path.into(),
            hashes: open(&path.join("hashes.csv"))?,
            metrics: open(&path.join("metrics.csv"))?,
            columns,
        };
        let header = format!("tick,{}\n", folder.columns.join(","));
        folder.write_line(true, "tick,state_hash\n")?;
        folder.write_line(false, &header)?;
        folder.flush()?;
        Ok(folder)
    }

    /// Goes on with a run after `tick`: rows after it are cut off.
    ///
    /// # Errors
    /// If the folder can't be written.
    pub fn resume(path: &Path, tick: u64) -> Result<Self, RecordError> {
        for name in ["hashes.csv", "metrics.csv"] {
            let file = path.join(name);
            let text = fs::read_to_string(&file).map_err(io_error(&file))?;
            let kept = rows_up_to(&text, tick);
            if kept.len() != text.len() {
                write_atomically(&file, kept.as_bytes()).map_err(io_error(&file))?;
            }
        }
        let metrics = path.join("metrics.csv");
        let header = fs::read_to_string(&metrics).map_err(io_error(&metrics))?;
        let columns = header.lines().next().unwrap_or_default().split(',').skip(1).map(str::to_owned).collect();
        Ok(Self { path: path.into(), hashes: open(&path.join("hashes.csv"))?, metrics: open(&metrics)?, columns })
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn write_line(&mut self, hashes: bool, line: &str) -> Result<(), RecordError> {
        let (writer, name) = if hashes { (&mut self.hashes, "hashes.csv") } else { (&mut self.metrics, "metrics.csv") };
        let path = self.path.join(name);
        writer.write_all(line.as_bytes()).map_err(io_error(&path))
    }

    /// Writes the metrics that were recorded in the tick that has just run.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn metrics(&mut self, world: &World) -> Result<(), RecordError> {
        let tick = world.resource::<SimClock>().tick();
        let metrics = world.resource::<Metrics>();
        let mut line = tick.to_string();
        for name in &self.columns {
            line.push(',');
            if let Some((at, value)) = metrics.series(name).and_then(|series| series.last())
                && at == tick
            {
                line.push_str(&value.to_string());
            }
        }
        line.push('\n');
        self.write_line(false, &line)
    }

    /// Writes a state hash.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn hash(&mut self, tick: u64, hash: StateHash) -> Result<(), RecordError> {
        self.write_line(true, &format!("{tick},{hash}\n"))
    }

    /// Writes a checkpoint and the rows before it, all on the disk when this returns, and drops the oldest checkpoints.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), RecordError> {
        self.flush()?;
        let name = format!("{:012}.a28", checkpoint.tick);
        checkpoint.write(&self.path.join("checkpoints").join(name))?;
        let all = checkpoint_files(&self.path)?;
        for old in all.iter().rev().skip(KEPT_CHECKPOINTS) {
            // One that can't be removed does no harm.
            let _ = fs::remove_file(old);
        }
        Ok(())
    }

    /// Writes the summary.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn summary(&mut self, json: &str) -> Result<(), RecordError> {
        self.flush()?;
        let path = self.path.join("summary.json");
        write_atomically(&path, json.as_bytes()).map_err(io_error(&path))
    }

    /// Brings all rows to the disk.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn flush(&mut self) -> Result<(), RecordError> {
        for (writer, name) in [(&mut self.hashes, "hashes.csv"), (&mut self.metrics, "metrics.csv")] {
            let path = self.path.join(name);
            writer.flush().and_then(|()| writer.get_ref().sync_data()).map_err(io_error(&path))?;
        }
        Ok(())
    }
}

fn open(path: &Path) -> Result<BufWriter<File>, RecordError> {
    OpenOptions::new().create(true).append(true).open(path).map(BufWriter::new).map_err(io_error(path))
}

/// The header and the whole rows whose tick is at most `tick`.
fn rows_up_to(text: &str, tick: u64) -> String {
    text.split_inclusive('\n')
        .enumerate()
        .filter(|(index, line)| {
            let number = line.split(',').next().and_then(|cell| cell.parse::<u64>().ok());
            line.ends_with('\n') && (*index == 0 || number.is_some_and(|number| number <= tick))
        })
        .map(|(_, line)| line)
        .collect()
}

/// The checkpoint files of a run, oldest first.
fn checkpoint_files(folder: &Path) -> Result<Vec<PathBuf>, RecordError> {
    let path = folder.join("checkpoints");
    let mut files: Vec<PathBuf> = fs::read_dir(&path)
        .map_err(io_error(&path))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "a28"))
        .collect();
    files.sort_unstable();
    Ok(files)
}

/// The text of a run's scene.
///
/// # Errors
/// If the folder holds no run.
pub fn scene_of(folder: &Path) -> Result<String, RecordError> {
    let path = folder.join("scene.ron");
    if !path.exists() {
        return Err(RecordError::NoRun(folder.display().to_string()));
    }
    fs::read_to_string(&path).map_err(io_error(&path))
}

/// The newest whole checkpoint of a run, and what was wrong with newer ones; nothing if the run wrote none yet.
///
/// # Errors
/// If there are some and none is whole.
pub fn newest_checkpoint(folder: &Path) -> Result<(Option<Checkpoint>, Vec<String>), RecordError> {
    let mut passed_over = Vec::new();
    for file in checkpoint_files(folder)?.iter().rev() {
        match Checkpoint::read(file) {
            Ok(checkpoint) => return Ok((Some(checkpoint), passed_over)),
            Err(error) => passed_over.push(format!("{}: {error}", file.display())),
        }
    }
    if passed_over.is_empty() {
        return Ok((None, passed_over));
    }
    let details = passed_over.iter().map(|line| format!("\n  {line}")).collect();
    Err(RecordError::NoCheckpoint { folder: folder.display().to_string(), details })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_after_the_tick_and_torn_rows_are_cut_off() {
        let text = "tick,a\n1,2\n2,3\n3,4\n4,";
        assert_eq!(rows_up_to(text, 2), "tick,a\n1,2\n2,3\n");
        assert_eq!(rows_up_to(text, 9), "tick,a\n1,2\n2,3\n3,4\n");
    }
}
