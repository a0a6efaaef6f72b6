//! Which files a run's folder holds, and their hashes.

use std::fs::FileType;
use std::io::Read;
use std::path::Path;

use agent2028_core::whole_file::{extraordinary, open_ordinary};
use agent2028_ledger::Hash;
use agent2028_ledger::hash::{payload_hash, payload_hash_of};
use agent2028_ledger::manifest::FileLine;

use super::{RecordError, io_error, ledger, rows};

/// The folder of checkpoints.
const CHECKPOINTS: &str = "checkpoints";

/// A run's summary while the ledger is closed: the ledger knows its hash, and it takes its place as the last thing of a run.
pub const STAGED: &str = "summary.json.part";

/// The files that a run writes, or that belong to its scene, but for those with numbers in their names.
const NAMES: [&str; 14] = [
    "scene.ron",
    super::About::FILE,
    super::Asked::FILE,
    super::interventions::FILE,
    "metrics.csv",
    "events.jsonl",
    "hashes.csv",
    super::signatures::FILE,
    super::parquet::METRICS,
    super::parquet::EVENTS,
    "summary.json",
    "links.csv",
    "ratings.csv",
    STAGED,
];

/// Whether a name is one of a run's files, in its folder itself.
fn is_file_of_a_run(name: &str) -> bool {
    let numbered = ["agents-", "operations-"].into_iter().filter_map(|begin| name.strip_prefix(begin));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    NAMES.contains(&name) || numbered.filter_map(|rest| rest.strip_suffix(".csv")).any(digits)
}

/// What lies in a run's folder and belongs to the run, but for what the ledger holds: names, those in `checkpoints/` with that
/// before them, in order, and what kind of thing each is. Whatever else people keep there is none of the run's business.
///
/// # Errors
/// If a folder can't be read.
pub fn list(run: &Path) -> Result<Vec<(String, FileType)>, RecordError> {
    let mut found = Vec::new();
    let mut look = |folder: &Path, before: &str, belongs: &dyn Fn(&str) -> bool| -> Result<(), RecordError> {
        for entry in std::fs::read_dir(folder).map_err(io_error(folder))? {
            let entry = entry.map_err(io_error(folder))?;
            let name = entry.file_name();
            // A name that is no text is none of ours.
            if let Some(name) = name.to_str().filter(|name| belongs(name)) {
                found.push((format!("{before}{name}"), entry.file_type().map_err(io_error(folder))?));
            }
        }
        Ok(())
    };
    look(run, "", &is_file_of_a_run)?;
    let checkpoints = run.join(CHECKPOINTS);
    if std::fs::symlink_metadata(&checkpoints).is_ok_and(|about| about.is_dir()) {
        look(&checkpoints, "checkpoints/", &|name| name.ends_with(".a28"))?;
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(found)
}

/// What is in the place of a file or folder of a run and is none, in words; nothing if there is none such.
///
/// # Errors
/// If a folder can't be read.
pub fn out_of_place(run: &Path) -> Result<Option<String>, RecordError> {
    for name in [CHECKPOINTS, ledger::FOLDER] {
        if let Ok(about) = std::fs::symlink_metadata(run.join(name))
            && !about.is_dir()
        {
            let what = extraordinary(about.file_type()).unwrap_or("a file");
            return Ok(Some(format!("{name} is {what} and no folder")));
        }
    }
    let wrong = list(run)?.into_iter().find_map(|(name, kind)| Some((name, extraordinary(kind)?)));
    Ok(wrong.map(|(name, what)| format!("{name} is {what} and no ordinary file")))
}

/// Refuses a run's folder with something in the place of a file that can't be read as one: a folder, a pipe, a device. A link to
/// an ordinary file may be read.
///
/// # Errors
/// If there is one, or a folder can't be read.
pub fn refuse_extraordinary(run: &Path) -> Result<(), RecordError> {
    for (name, _) in list(run)? {
        let path = run.join(&name);
        let about = std::fs::metadata(&path).map_err(io_error(&path))?;
        if let Some(what) = extraordinary(about.file_type()) {
            let message = format!("this is {what} and no ordinary file");
            return Err(RecordError::Content { path: path.display().to_string(), line: None, message });
        }
    }
    Ok(())
}

/// Whether a folder holds a run, whole or in parts: it has a ledger in it, or more than a scene by itself.
#[must_use]
pub fn is_run(path: &Path) -> bool {
    let has_ledger = std::fs::symlink_metadata(path.join(ledger::FOLDER)).is_ok();
    path.is_dir() && (has_ledger || list(path).is_ok_and(|found| found.len() > 1))
}

/// The files that every run has from its start, beside the files that its scene names.
pub const FROM_THE_BEGINNING: [&str; 7] = [
    "scene.ron",
    super::About::FILE,
    super::Asked::FILE,
    "metrics.csv",
    "events.jsonl",
    "hashes.csv",
    super::interventions::FILE,
];

/// The files that a run has besides when it has ended.
pub const AT_THE_END: [&str; 3] = [super::parquet::METRICS, super::parquet::EVENTS, "summary.json"];

/// The files of which a run that goes on after its end only appends to.
pub const GROWING: [&str; 3] = ["metrics.csv", "events.jsonl", "hashes.csv"];

/// What shows that ticks of a run were run: the name of a file; nothing if none does.
///
/// # Errors
/// If a file can't be read.
pub fn sign_of_ticks(run: &Path) -> Result<Option<&'static str>, RecordError> {
    for name in AT_THE_END.into_iter().chain([STAGED]) {
        if run.join(name).exists() {
            return Ok(Some(name));
        }
    }
    if list(run)?.iter().any(|(name, _)| name.starts_with("checkpoints/")) {
        return Ok(Some(CHECKPOINTS));
    }
    for (name, has_header) in [("metrics.csv", true), ("events.jsonl", false), ("hashes.csv", true)] {
        let path = run.join(name);
        if !path.is_file() {
            continue;
        }
        let mut has_row = false;
        let looked = rows::header(&path).map_or(1, |header| header.lines);
        let looked = rows::read(&path, if has_header { looked } else { 0 }, |_, _| {
            has_row = true;
            Ok(())
        });
        // What can't be read as rows is not what a run leaves that was stopped at its beginning.
        if has_row || looked.is_err() {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Whether a folder holds nothing but what a run leaves that was stopped before its scene was written: whoever begins a run may use
/// it, and these files go.
///
/// # Errors
/// If a folder or file can't be read.
pub fn is_only_begun(path: &Path) -> Result<bool, RecordError> {
    // Somebody's own files may have such names, but not beside what a run begins with.
    let mut first = Vec::new();
    for entry in std::fs::read_dir(path).map_err(io_error(path))? {
        let entry = entry.map_err(io_error(path))?;
        let (name, kind) = (entry.file_name(), entry.file_type().map_err(io_error(path))?);
        let name = name.to_str().unwrap_or_default();
        let ours = if kind.is_dir() {
            name == CHECKPOINTS
        } else {
            // The beginning of a file that is renamed into its place when it is whole.
            let part = name.starts_with(".agent2028-") && name.ends_with(".part");
            kind.is_file() && name != "scene.ron" && (part || is_file_of_a_run(name))
        };
        if !ours {
            return Ok(false);
        }
        first.push(name.to_owned());
    }
    if first.is_empty() {
        return Ok(true);
    }
    let is_run_of_ours = first.iter().any(|name| name == CHECKPOINTS)
        && (first.iter().all(|name| name == CHECKPOINTS || name == super::About::FILE || name.ends_with(".part"))
            || matches!(super::About::read(path), Ok(Some(_))));
    Ok(is_run_of_ours && sign_of_ticks(path)?.is_none())
}

/// Whether a file still begins with the same bytes: their number and their hash are in the manifest's line.
///
/// # Errors
/// If it can't be read.
pub fn begins_with(run: &Path, line: &FileLine) -> Result<bool, RecordError> {
    let path = run.join(&line.name);
    let length = std::fs::metadata(&path).map_err(io_error(&path))?.len();
    if length < line.bytes {
        return Ok(false);
    }
    let hash = open_ordinary(&path).and_then(|file| payload_hash_of(file.take(line.bytes))).map_err(io_error(&path))?;
    Ok(line.hash() == Some(hash.1))
}

/// A file as a line of a manifest. What becomes of it while it is read shows in its hash.
///
/// # Errors
/// If it can't be read.
pub fn line_of(run: &Path, name: &str) -> Result<FileLine, RecordError> {
    let path = run.join(name);
    let (bytes, hash) = length_and_hash(&path)?;
    Ok(FileLine::new(name, bytes, &hash))
}

/// The length of a file, and its SHA3-256.
///
/// # Errors
/// If it can't be read.
pub fn length_and_hash(path: &Path) -> Result<(u64, Hash), RecordError> {
    open_ordinary(path).and_then(payload_hash_of).map_err(io_error(path))
}

/// What isn't written yet, as a line of a manifest.
#[must_use]
pub fn line_of_bytes(name: &str, bytes: &[u8]) -> FileLine {
    FileLine::new(name, bytes.len() as u64, &payload_hash(bytes))
}
