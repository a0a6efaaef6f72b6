//! A run's folder, read: what was run, what was done to it, and what came out.

use std::path::{Path, PathBuf};

use agent2028_core::checkpoint::Checkpoint;
use agent2028_core::clock::SimClock;
use agent2028_core::intervention::Origin;
use agent2028_core::whole_file::read_ordinary_text;
use bevy::prelude::*;

use super::{
    About, RecordError, RecordedIntervention, checkpoints, contents, folder, interventions, io_error, rows, signatures,
};
use crate::headless::RunError;
use crate::scene::load::{Loaded, Setting, load_recorded};

/// A recorded run.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Its folder.
    pub path: PathBuf,
    /// Its scene.
    pub loaded: Loaded,
    /// What its columns mean, if that is there.
    pub about: Option<About>,
    /// What was done to it, in order, the scene's own timeline too.
    pub interventions: Vec<RecordedIntervention>,
    /// Its state hashes: tick and 64 hexadecimal digits, ascending.
    pub hashes: Vec<(u64, String)>,
    /// The last tick that it tells something about.
    pub last_tick: u64,
    /// Its checkpoints with their ticks, oldest first.
    pub checkpoints: Vec<(u64, PathBuf)>,
}

impl Recording {
    /// Reads a folder.
    ///
    /// # Errors
    /// If it holds no run, or a file in it can't be read.
    pub fn open(path: &Path) -> Result<Self, RunError> {
        let mut loaded = load_scene(path, &[])?;
        loaded.supply(signatures::read(path)?);
        let mut hashes: Vec<(u64, String)> = Vec::new();
        let file = path.join("hashes.csv");
        if file.exists() {
            rows::read(&file, 1, |number, row| {
                let hash = row.split_once(',').and_then(|(tick, hash)| Some((tick.parse().ok()?, hash.to_owned())));
                let (tick, hash) = hash.filter(|(_, hash)| is_hash(hash)).ok_or_else(|| RecordError::Content {
                    path: file.display().to_string(),
                    line: Some(number),
                    message: "this is no tick and state hash".into(),
                })?;
                hashes.push((tick, hash));
                Ok(())
            })?;
        }
        let mut last_tick = hashes.last().map_or(0, |(tick, _)| *tick);
        let file = path.join("metrics.csv");
        if file.exists() {
            rows::read(&file, rows::header(&file)?.lines, |_, row| {
                last_tick = last_tick.max(rows::csv_tick(row).unwrap_or(0));
                Ok(())
            })?;
        }
        Ok(Self {
            about: About::read(path)?,
            interventions: interventions::read(path)?,
            hashes,
            last_tick,
            checkpoints: checkpoints::files(path)?,
            loaded,
            path: path.into(),
        })
    }

    /// What has to be queued to run it again: everything but what the scene does by itself.
    pub fn from_outside(&self) -> impl Iterator<Item = &RecordedIntervention> {
        self.interventions.iter().filter(|entry| entry.origin != Origin::Scene)
    }

    /// Queues what was done to the run after the tick at which a simulation of its scene stands.
    ///
    /// # Errors
    /// If this program doesn't know one of the interventions.
    pub fn queue(&self, world: &mut World) -> Result<(), RecordError> {
        let tick = world.resource::<SimClock>().tick();
        let later: Vec<RecordedIntervention> = self.from_outside().filter(|entry| entry.tick > tick).cloned().collect();
        folder::queue(&self.path, &later, world)
    }

    /// The newest whole checkpoint that is not after `tick`.
    #[must_use]
    pub fn checkpoint_before(&self, tick: u64) -> Option<Checkpoint> {
        let early = self.checkpoints.iter().rev().filter(|(at, _)| *at <= tick);
        early.filter_map(|(_, file)| Checkpoint::read(file).ok()).next()
    }
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Loads the scene of a run's folder.
///
/// # Errors
/// If the folder holds no run, or the scene can't be read.
pub fn load_scene(folder: &Path, settings: &[Setting]) -> Result<Loaded, RunError> {
    let path = folder.join("scene.ron");
    if !path.exists() {
        return Err(RecordError::NoRun(folder.display().to_string()).into());
    }
    contents::refuse_extraordinary(folder)?;
    let text = read_ordinary_text(&path).map_err(io_error(&path))?;
    Ok(load_recorded(&path.display().to_string(), &text, folder, settings)?)
}
