//! Whether a run, or a ledger by itself, is what it was when it was written: whole, cut off by a kill, or changed.

mod claims;
mod comparison;
mod entries;
mod files;
mod report;
mod scene;

pub use report::{FilesReport, KeyReport, LedgerReport};

use std::path::{Path, PathBuf};

use agent2028_ledger::demand::{Demands, Extent};
use agent2028_ledger::disk::{DiskError, Item, Walk, locate, walk};
use serde::Serialize;

use self::claims::Claims;
use self::comparison::Comparison;
use self::report::report;
use super::{RecordError, checkpoints, contents, ledger};

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
            let comparison = Comparison { run: path, claims: &claims, demands: &demands, walk: &walk, acknowledged };
            match &mut files {
                _ if reaches.is_err() && !path.join("summary.json").exists() => {
                    let what = reaches.err().unwrap_or_default();
                    AuditVerdict::Changed(format!("{what} (there is a checkpoint of tick {acknowledged})"))
                }
                Some(files) => comparison.at_run(&extent, files).map_err(|error| refused(path, error))?,
                None => comparison.at_ledger(&extent),
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
