//! Texts with changes that are not saved, kept on disk so that nothing is lost when the program ends without asking.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::folders::write_whole;
use super::scene_file;
use super::session::Session;

/// At most so many texts are kept; the oldest go first.
const MOST: usize = 20;
/// Longer texts are not kept.
const MOST_BYTES: usize = 32 << 20;
/// So long is the file of the longest text at most: each byte of it takes six where all have to be escaped.
const MOST_BYTES_KEPT: u64 = 7 * MOST_BYTES as u64;

/// A text as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsaved {
    /// The name by which the scene was opened.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// Its file.
    pub path: Option<PathBuf>,
    /// The text.
    pub text: String,
    /// Who keeps it: while that session lives, the text is not lost.
    #[serde(flatten)]
    pub session: Session,
}

/// A text that was found, and the file in which it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The text.
    pub unsaved: Unsaved,
    /// Where it is kept.
    pub file: PathBuf,
    /// How long ago it was written, in seconds.
    pub age: u64,
}

fn folder(state: &Path) -> PathBuf {
    state.join("unsaved")
}

/// The file in which a scene's text is kept by a session.
#[must_use]
pub fn file_of(state: &Path, name: &str, session: Session) -> PathBuf {
    let id = blake3::hash(name.as_bytes()).to_hex();
    folder(state).join(format!("{}-{session}.json", &id[..16]))
}

/// Keeps a text.
///
/// # Errors
/// If it can't be written.
pub fn keep(state: &Path, unsaved: &Unsaved) -> std::io::Result<PathBuf> {
    let file = file_of(state, &unsaved.name, unsaved.session);
    if unsaved.text.len() > MOST_BYTES {
        return Ok(file);
    }
    let text = serde_json::to_vec(unsaved).map_err(std::io::Error::other)?;
    write_whole(&file, &text)?;
    let mut kept = files(state);
    kept.sort();
    let surplus = kept.len().saturating_sub(MOST);
    for (_, old) in kept.into_iter().take(surplus).filter(|(_, old)| *old != file) {
        // What can't be removed is no worse than before.
        let _ = std::fs::remove_file(old);
    }
    Ok(file)
}

fn files(state: &Path) -> Vec<(std::time::SystemTime, PathBuf)> {
    let Ok(entries) = std::fs::read_dir(folder(state)) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|ending| ending == "json"))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect()
}

/// The texts of sessions that are gone, the newest first. Those that say what their file says already are removed.
#[must_use]
pub fn found(state: &Path) -> Vec<Kept> {
    let mut files = files(state);
    files.sort();
    files
        .into_iter()
        .rev()
        .filter_map(|(changed, file)| {
            // What is longer was never kept by this program.
            if std::fs::metadata(&file).ok()?.len() > MOST_BYTES_KEPT {
                return None;
            }
            let unsaved: Unsaved = serde_json::from_slice(&std::fs::read(&file).ok()?).ok()?;
            if unsaved.session.is_alive() {
                return None;
            }
            let saved = unsaved.path.as_ref().and_then(|path| scene_file::read(path).ok());
            if saved.as_ref() == Some(&unsaved.text) {
                let _ = std::fs::remove_file(&file);
                return None;
            }
            Some(Kept { unsaved, file, age: changed.elapsed().map_or(0, |age| age.as_secs()) })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unsaved(name: &str, text: &str, session: Session) -> Unsaved {
        Unsaved { name: name.into(), title: name.into(), path: None, text: text.into(), session }
    }

    /// No process has this number: it is beyond what systems give out.
    const GONE: Session = Session { process: u32::MAX - 7, started: 0 };

    #[test]
    fn texts_of_processes_that_are_gone_are_found_again() {
        let state = tempfile::tempdir().unwrap();
        keep(state.path(), &unsaved("a", "old", GONE)).unwrap();
        let file = keep(state.path(), &unsaved("a", "new", GONE)).unwrap();
        keep(state.path(), &unsaved("b", "mine", Session::own())).unwrap();
        let found = found(state.path());
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].unsaved.text.as_str(), &found[0].file), ("new", &file));
    }

    #[test]
    fn what_was_saved_after_all_is_not_offered() {
        let state = tempfile::tempdir().unwrap();
        let path = state.path().join("scene.ron");
        std::fs::write(&path, "same").unwrap();
        let mut text = unsaved("a", "same", GONE);
        text.path = Some(path);
        let file = keep(state.path(), &text).unwrap();
        assert_eq!(found(state.path()), vec![]);
        assert!(!file.exists());
        std::fs::write(folder(state.path()).join("junk.json"), "{").unwrap();
        assert_eq!(found(state.path()), vec![]);
    }

    #[test]
    fn no_more_than_a_few_are_kept() {
        let state = tempfile::tempdir().unwrap();
        for number in 0..MOST + 5 {
            keep(state.path(), &unsaved(&format!("{number}"), "text", GONE)).unwrap();
        }
        assert_eq!(files(state.path()).len(), MOST);
    }
}
