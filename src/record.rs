//! The folder that a run writes, and reading it again.
//!
//! | file | what it holds | written |
//! |---|---|---|
//! | `scene.ron` | the scene, includes merged and settings applied | at the start |
//! | `agents-N.csv` | the tables that its agents come from | at the start |
//! | `options.json` | what the run was asked for: ticks, threads, checkpoints, state hashes | at the start |
//! | `about.json` | program version, scene, seed, fingerprint, and unit and meaning of each metric | at the start |
//! | `interventions.ron` | what was done to the run, in order, with its outcome | as it happens |
//! | `metrics.csv` | a row per tick, a column per metric | as it runs |
//! | `events.jsonl` | a JSON object per event | as it runs |
//! | `hashes.csv` | `tick,state_hash` | as it runs |
//! | `signatures.csv` | public keys and signatures of a suite whose keys can't be made again from the seed, if one is used | as it runs |
//! | `ledger/` | the audit ledger: scene, seed, terms, interventions, events, state hashes, and at the end every file with its hash | as it runs |
//! | `checkpoints/TICK.a28` | whole states, each there completely or not at all | as it runs |
//! | `metrics.parquet`, `events.parquet` | the same as the text files, for data tools | at the end |
//! | `summary.json` | what `run --format json` prints | at the end, last of all |
//!
//! A kill at any moment leaves a readable prefix: rows are whole lines, and files that appear at once are renamed into
//! place. Parquet files can't be read without their last bytes, so they are made from the text files when the run ends
//! (by itself, or after a resume). What a resumed run repeats is cut off first, but for what people did to it after the
//! checkpoint: that waits in `interventions.ron` for its tick, because the run is nothing without it.
//!
//! | module | concept |
//! |---|---|
//! | [`folder`] | the folder, open for writing |
//! | [`follow`] | a folder that follows a run through rewinds and forks |
//! | [`interventions`] | `interventions.ron` |
//! | [`events`] | `events.jsonl` |
//! | [`mod@ledger`], [`audit`] | the audit ledger, and whether the other files say the same |
//! | [`signatures`] | `signatures.csv` |
//! | [`rows`] | files of rows that can be cut at a tick |
//! | [`about`] | `about.json` |
//! | [`asked`] | `options.json`, and how far a run came |
//! | [`mod@parquet`] | the Parquet files |
//! | [`contents`] | which files a run's folder holds, and their hashes |
//! | [`recording`] | a folder, read |
//! | [`checkpoints`] | the checkpoints of a folder |

pub mod about;
pub mod asked;
pub mod audit;
pub mod checkpoints;
pub mod contents;
pub mod events;
pub mod folder;
pub mod follow;
pub mod interventions;
pub mod ledger;
pub mod parquet;
pub mod recording;
pub mod rows;
pub mod signatures;

pub use about::About;
pub use asked::{Asked, Past};
pub use folder::RunFolder;
pub use follow::Follower;
pub use interventions::RecordedIntervention;
pub use recording::Recording;

use std::io;
use std::path::Path;

use agent2028_core::checkpoint::CheckpointError;

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
    /// The folder holds something else.
    #[error("{0} has files in it and no run that could be resumed: choose a new or empty folder")]
    NotEmpty(String),
    /// The folder is none.
    #[error("{0} is a file: choose a new or empty folder")]
    NoFolder(String),
    /// The folder holds the run of another scene.
    #[error(
        "{0} holds the run of another scene, seed or setting: a run goes on with what it began with, so leave these out"
    )]
    OtherScene(String),
    /// The run's scene was identified in another way than this version does.
    #[error(
        "the run in {0} was recorded by a version that told scenes apart in another way, so that its checkpoints fit none \
         now: replay it, or run its scene.ron again"
    )]
    OtherFingerprints(String),
    /// The run's ledger is signed with a key that is not at hand.
    #[error("the ledger of {0} is signed with the key {1}: add --sign-with and the file of that key")]
    OtherSigner(String, String),
    /// The folder's files are not what its run has written.
    #[error(
        "{0} is not as its run has left it, so it does not go on: {1}; nothing was touched (`agent2028 ledger verify {0}` tells \
         more)"
    )]
    Changed(String, String),
    /// Fewer ticks are asked for than there are.
    #[error(
        "{folder} holds {recorded} ticks and {asked} are asked for: nothing that is recorded is taken away; ask for at \
         least {recorded}, or record another run by --out"
    )]
    Shorter {
        /// The folder.
        folder: String,
        /// How many ticks it holds.
        recorded: u64,
        /// How many are asked for.
        asked: u64,
    },
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
    /// A file of the folder doesn't hold what it should.
    #[error("{path}{}: {message}", line.map_or_else(String::new, |line| format!(", line {line}")))]
    Content {
        /// The file.
        path: String,
        /// The line, from 1.
        line: Option<usize>,
        /// What is wrong with it.
        message: String,
    },
    /// Something has no form in which it could be written down.
    #[error("{0} can't be recorded: {1}")]
    Unwritten(String, String),
    /// A checkpoint can't be written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> RecordError + '_ {
    move |source| RecordError::Io { path: path.display().to_string(), source }
}
