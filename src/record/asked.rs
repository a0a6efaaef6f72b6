//! `options.json`: what a run was asked for, so that it goes on with the same when it is resumed; and how far it came.

use std::path::Path;

use agent2028_core::checkpoint::write_atomically;
use agent2028_core::whole_file::read_ordinary_text;
use serde::{Deserialize, Serialize};

use super::{About, RecordError, io_error, rows};
use crate::headless::{RunOptions, Summary};
use crate::scene::fingerprint::FORMAT;
use crate::scene::load::Loaded;

/// What a run was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// The tick after which it ends; the scene's duration if absent.
    pub ticks: Option<u64>,
    /// How many threads it may use; all cores if absent.
    pub threads: Option<usize>,
    /// Ticks between two checkpoints.
    pub checkpoint_every: Option<u64>,
    /// Ticks between two state hashes.
    pub hash_every: Option<u64>,
    /// Names and patterns of the metrics that are recorded although they cost something.
    pub metrics: Vec<String>,
    /// The fingerprint of the key that signs the ledger in place of the run's own, if one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
}

impl Asked {
    /// The name of the file.
    pub const FILE: &'static str = "options.json";

    /// What options ask for.
    #[must_use]
    pub fn of(options: &RunOptions) -> Self {
        Self {
            ticks: options.ticks,
            threads: options.threads,
            checkpoint_every: options.checkpoint_every,
            hash_every: options.hash_every,
            metrics: options.metrics.clone(),
            signed_by: options.sign_with.as_ref().map(|key| key.public().fingerprint()),
        }
    }

    /// What is asked for now, and of the rest what was asked for before.
    #[must_use]
    pub fn or(self, before: &Self) -> Self {
        Self {
            ticks: self.ticks.or(before.ticks),
            threads: self.threads.or(before.threads),
            checkpoint_every: self.checkpoint_every.or(before.checkpoint_every),
            hash_every: self.hash_every.or(before.hash_every),
            metrics: if self.metrics.is_empty() { before.metrics.clone() } else { self.metrics },
            signed_by: self.signed_by.or_else(|| before.signed_by.clone()),
        }
    }

    /// Writes it into a run's folder.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn write(&self, folder: &Path) -> Result<(), RecordError> {
        let path = folder.join(Self::FILE);
        let text = serde_json::to_string_pretty(self).map_err(std::io::Error::other).map_err(io_error(&path))? + "\n";
        write_atomically(&path, text.as_bytes()).map_err(io_error(&path))
    }

    /// Reads it from a run's folder; nothing was asked for if an older version began the run.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn read(folder: &Path) -> Result<Self, RecordError> {
        Ok(read_json(&folder.join(Self::FILE))?.unwrap_or_default())
    }
}

/// A run as it stands in its folder.
#[derive(Clone, Debug)]
pub struct Past {
    /// What it was asked for.
    pub asked: Asked,
    /// The last tick that it has a row of.
    pub recorded: u64,
    /// How it ended, if it did.
    pub summary: Option<Summary>,
}

impl Past {
    /// Looks at a run's folder, to go on with the run of this scene.
    ///
    /// # Errors
    /// If it holds no run, or that of another scene, or can't be read.
    pub fn of(folder: &Path, loaded: &Loaded) -> Result<Self, RecordError> {
        if !folder.join("scene.ron").exists() {
            return Err(RecordError::NoRun(folder.display().to_string()));
        }
        let about = About::read(folder)?;
        if about.as_ref().is_some_and(|about| about.fingerprint_format != FORMAT) {
            return Err(RecordError::OtherFingerprints(folder.display().to_string()));
        }
        if let Some(about) = about
            && about.version == env!("CARGO_PKG_VERSION")
            && about.fingerprint != About::fingerprint_of(loaded)
        {
            return Err(RecordError::OtherScene(folder.display().to_string()));
        }
        let metrics = folder.join("metrics.csv");
        let mut recorded = 0;
        if metrics.exists() {
            rows::read(&metrics, rows::header(&metrics)?.lines, |_, row| {
                recorded = rows::csv_tick(row).unwrap_or(recorded);
                Ok(())
            })?;
        }
        Ok(Self { asked: Asked::read(folder)?, recorded, summary: read_json(&folder.join("summary.json"))? })
    }
}

/// Reads a file of JSON; nothing if there is none.
fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>, RecordError> {
    if !path.exists() {
        return Ok(None);
    }
    let text = read_ordinary_text(path).map_err(io_error(path))?;
    serde_json::from_str(&text).map(Some).map_err(|error| RecordError::Content {
        path: path.display().to_string(),
        line: Some(error.line()),
        message: error.to_string(),
    })
}
