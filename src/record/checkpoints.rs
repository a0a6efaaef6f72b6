//! The checkpoints of a run's folder.

use std::fs;
use std::path::{Path, PathBuf};

use agent2028_core::checkpoint::{Checkpoint, StateHash};

use super::{RecordError, io_error};

/// How many of the newest checkpoints are kept.
const KEPT: usize = 10;

/// The checkpoint files of a run with their ticks, oldest first; none if the run has written none.
///
/// # Errors
/// If the folder can't be read.
pub fn files(folder: &Path) -> Result<Vec<(u64, PathBuf)>, RecordError> {
    let path = folder.join("checkpoints");
    if !path.exists() {
        return Ok(Vec::new());
    }
    let mut files: Vec<(u64, PathBuf)> = fs::read_dir(&path)
        .map_err(io_error(&path))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "a28"))
        .filter_map(|path| Some((path.file_stem()?.to_str()?.parse().ok()?, path)))
        .collect();
    files.sort_unstable();
    Ok(files)
}

/// The checkpoints of a run whose headers are whole, oldest first: tick, file, and the hash of the state that it says it holds.
///
/// # Errors
/// If the folder can't be read.
pub fn states(folder: &Path) -> Result<Vec<(u64, PathBuf, StateHash)>, RecordError> {
    let whole = |(tick, file): (u64, PathBuf)| {
        let (_, hash) = Checkpoint::header_of(&file).filter(|(told, _)| *told == tick)?;
        Some((tick, file, hash))
    };
    Ok(files(folder)?.into_iter().filter_map(whole).collect())
}

/// The tick of the newest checkpoint whose header is whole; 0 if there is none.
///
/// # Errors
/// If the folder can't be read.
pub fn newest_tick(folder: &Path) -> Result<u64, RecordError> {
    Ok(states(folder)?.last().map_or(0, |(tick, _, _)| *tick))
}

/// Writes a checkpoint, and drops the oldest ones.
///
/// # Errors
/// If the disk refuses.
pub fn write(folder: &Path, checkpoint: &Checkpoint) -> Result<(), RecordError> {
    checkpoint.write(&folder.join("checkpoints").join(format!("{:012}.a28", checkpoint.tick)))?;
    for (_, old) in files(folder)?.iter().rev().skip(KEPT) {
        // One that can't be removed does no harm.
        let _ = fs::remove_file(old);
    }
    Ok(())
}

/// Removes the checkpoints after a tick: the run that they belong to went another way from there.
///
/// # Errors
/// If the disk refuses.
pub fn cut(folder: &Path, tick: u64) -> Result<(), RecordError> {
    for (_, file) in files(folder)?.iter().filter(|(at, _)| *at > tick) {
        fs::remove_file(file).map_err(io_error(file))?;
    }
    Ok(())
}

/// The newest whole checkpoint of a run, and what was wrong with newer ones; nothing if the run wrote none yet.
///
/// # Errors
/// If there are some and none is whole.
pub fn newest(folder: &Path) -> Result<(Option<Checkpoint>, Vec<String>), RecordError> {
    let mut passed_over = Vec::new();
    for (_, file) in files(folder)?.iter().rev() {
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
