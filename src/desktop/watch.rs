//! Watches the files of a scene for changes on disk.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use bevy::prelude::*;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use crate::scene::load::Loaded;

/// Tells when a file of the scene changes on disk.
pub(super) struct FileWatch {
    changes: Mutex<Receiver<PathBuf>>,
    _watcher: RecommendedWatcher,
}

impl FileWatch {
    /// Watches the files of a scene; built-in scenes have none.
    pub fn of(loaded: &Loaded) -> Option<Self> {
        Self::on(&loaded.files)
    }

    /// Watches these files; nothing if there are none.
    pub fn on(files: &[PathBuf]) -> Option<Self> {
        if files.is_empty() {
            return None;
        }
        let files: Vec<PathBuf> =
            files.iter().map(|file| file.canonicalize().unwrap_or_else(|_| file.clone())).collect();
        let (sender, changes) = channel();
        let watched = files.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Editors save by writing or by renaming over; both end as an event about the file's name.
            if let Ok(event) = event
                && (event.kind.is_modify() || event.kind.is_create())
            {
                for path in event.paths.into_iter().filter(|path| watched.contains(path)) {
                    // The receiver is gone only when another scene has been opened.
                    let _ = sender.send(path);
                }
                super::pacing::wake();
            }
        });
        let mut watcher = match watcher {
            Ok(watcher) => watcher,
            Err(error) => {
                warn!("changes of the scene's files will not be noticed: {error}");
                return None;
            }
        };
        // Folders are watched, not files: a file that is replaced by renaming would be lost.
        let mut folders: Vec<PathBuf> = files.iter().filter_map(|file| file.parent().map(PathBuf::from)).collect();
        folders.sort_unstable();
        folders.dedup();
        for folder in folders {
            if let Err(error) = watcher.watch(&folder, RecursiveMode::NonRecursive) {
                warn!("changes in {} will not be noticed: {error}", folder.display());
            }
        }
        Some(Self { changes: Mutex::new(changes), _watcher: watcher })
    }

    /// What changed since the last call. Waits a moment for the writer to finish.
    pub fn take(&self) -> Vec<PathBuf> {
        let changes = self.changes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut changed: Vec<PathBuf> = changes.try_iter().collect();
        if !changed.is_empty() {
            // A save is a burst of events: what follows at once belongs to it.
            while let Ok(path) = changes.recv_timeout(Duration::from_millis(30)) {
                changed.push(path);
            }
        }
        changed.sort_unstable();
        changed.dedup();
        changed
    }
}
