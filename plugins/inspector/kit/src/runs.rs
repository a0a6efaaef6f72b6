//! Recording and saving runs: the contract with whoever writes them.

use std::path::PathBuf;

use bevy::prelude::*;

/// Somebody asks for something about the run's recording.
#[derive(Message, Clone, Debug, PartialEq, Eq)]
pub enum RunRequest {
    /// Ask where to save the run.
    Ask,
    /// Run the scene with the interventions of the current branch again, up to the present, and write it to this folder.
    Save(PathBuf),
    /// Stop saving.
    Cancel,
}

/// A run that is being saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saving {
    /// The folder.
    pub folder: PathBuf,
    /// The tick that is reached.
    pub tick: u64,
    /// The tick at which it is done.
    pub last: u64,
}

/// How saving ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SaveOutcome {
    /// The run was written, and ended in the same state as the window's.
    Verified,
    /// The run was written, but ended in another state; the hashes of the window and of the folder.
    Differs(String, String),
    /// Somebody stopped it; nothing was left.
    Cancelled,
    /// The folder holds something already: what is there is nobody's to write over.
    Occupied,
    /// It could not be written, and why.
    Failed(String),
    /// Saving itself came to an end that it should never come to.
    Broken,
}

/// A run that was saved, or was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The folder.
    pub folder: PathBuf,
    /// The last tick.
    pub tick: u64,
    /// How it ended.
    pub outcome: SaveOutcome,
}

/// What is known about the run's recording.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct RunStatus {
    /// The folder that follows the run as it goes, if it is recorded.
    pub recording: Option<PathBuf>,
    /// Why the run is no longer recorded, if the disk refused.
    pub recording_problem: Option<String>,
    /// A run that is being saved.
    pub saving: Option<Saving>,
    /// How the last saving ended.
    pub saved: Option<Saved>,
    /// The folder that is proposed for the next one.
    pub proposed: PathBuf,
}
