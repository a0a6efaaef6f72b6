//! `about.json`: what somebody needs to know about a run before reading its numbers.

use std::path::Path;

use agent2028_core::checkpoint::write_atomically;
use agent2028_core::metrics::Metrics;
use agent2028_core::whole_file::read_ordinary_text;
use serde::{Deserialize, Serialize};

use super::{RecordError, io_error};
use crate::scene::fingerprint::FORMAT;
use crate::scene::load::Loaded;

/// What a run is, and what its columns mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// The version of the program that recorded the run.
    pub version: String,
    /// The scene's title.
    pub scene: String,
    /// The seed.
    pub seed: u64,
    /// The fingerprint of scene, seed and settings: 64 hexadecimal digits.
    pub fingerprint: String,
    /// How the fingerprint was worked out, see [`crate::scene::fingerprint::FORMAT`].
    #[serde(default = "first_format")]
    pub fingerprint_format: u32,
    /// Ticks per simulated second.
    pub tick_hz: f64,
    /// The date and time of tick 0, as RFC 3339.
    pub epoch: String,
    /// The metrics, in the order of the columns of `metrics.csv`.
    pub metrics: Vec<MetricColumn>,
}

/// The first runs didn't say how their fingerprints were worked out.
fn first_format() -> u32 {
    1
}

/// A metric as a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricColumn {
    /// The metric's name.
    pub name: String,
    /// Its unit, empty for pure numbers.
    pub unit: String,
    /// What it tells.
    pub help: String,
}

impl About {
    /// The name of the file.
    pub const FILE: &'static str = "about.json";

    /// What there is to know of a run of a scene. Its columns are the metrics that are recorded: all that cost next to nothing, and
    /// those others that somebody wants.
    #[must_use]
    pub fn of(loaded: &Loaded, metrics: &Metrics) -> Self {
        let column = |spec: &agent2028_core::metrics::MetricSpec| MetricColumn {
            name: spec.name.clone(),
            unit: spec.unit.into(),
            help: spec.help.into(),
        };
        Self {
            version: env!("CARGO_PKG_VERSION").into(),
            scene: loaded.scene.name.clone(),
            seed: loaded.scene.seed,
            fingerprint: Self::fingerprint_of(loaded),
            fingerprint_format: FORMAT,
            tick_hz: loaded.scene.tick_hz,
            epoch: loaded.scene.epoch().to_rfc3339(),
            metrics: metrics
                .iter()
                .filter(|(spec, _)| metrics.records(&spec.name))
                .map(|(spec, _)| column(spec))
                .collect(),
        }
    }

    /// The fingerprint of a scene as it is written down.
    #[must_use]
    pub fn fingerprint_of(loaded: &Loaded) -> String {
        blake3::Hash::from(loaded.fingerprint()).to_hex().to_string()
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

    /// Reads it from a run's folder; `None` if there is none.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn read(folder: &Path) -> Result<Option<Self>, RecordError> {
        let path = folder.join(Self::FILE);
        if !path.exists() {
            return Ok(None);
        }
        let text = read_ordinary_text(&path).map_err(io_error(&path))?;
        serde_json::from_str(&text).map(Some).map_err(|error| RecordError::Content {
            path: path.display().to_string(),
            line: Some(error.line()),
            message: error.to_string(),
        })
    }

    /// The unit of a metric, empty if it has none or is not known.
    #[must_use]
    pub fn unit(&self, metric: &str) -> &str {
        self.metrics.iter().find(|column| column.name == metric).map_or("", |column| &column.unit)
    }
}
