//! Finds what an earlier session of the program left behind when it crashed or was killed: texts that were not saved, and runs.

use std::path::Path;

use agent2028_editor::files::{Recovered, RecoveredWhat};

use super::journal::{self, LostRun};
use super::unsaved::{self, Kept};

/// One thing of that kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// A text with unsaved changes.
    Text(Kept),
    /// A run that people had changed.
    Run(LostRun),
}

/// Everything that is there: texts first, because nobody can write them again.
pub(super) fn find(state: &Path) -> Vec<Lost> {
    let texts = unsaved::found(state).into_iter().map(Lost::Text);
    texts.chain(journal::found(state).into_iter().map(Lost::Run)).collect()
}

/// What was found, as the window offers it.
pub(super) fn offered(found: &[Lost]) -> Vec<Recovered> {
    let name = |title: &str, or: &str| if title.is_empty() { or.to_owned() } else { title.to_owned() };
    found
        .iter()
        .map(|lost| match lost {
            Lost::Text(kept) => Recovered {
                title: name(&kept.unsaved.title, &kept.unsaved.name),
                path: kept.unsaved.path.clone(),
                age: kept.age,
                what: RecoveredWhat::Text { lines: kept.unsaved.text.lines().count() },
            },
            Lost::Run(run) => Recovered {
                title: name(&run.stand.title, &run.stand.origin().label()),
                path: run.stand.path.clone(),
                age: run.age,
                what: RecoveredWhat::Run { tick: run.stand.tick, changes: run.stand.changes },
            },
        })
        .collect()
}

/// Removes one of them for good.
pub(super) fn forget(lost: &Lost) {
    match lost {
        Lost::Text(kept) => {
            if let Err(error) = std::fs::remove_file(&kept.file) {
                bevy::log::warn!("{} can't be removed: {error}", kept.file.display());
            }
        }
        Lost::Run(run) => journal::remove(&run.folder),
    }
}
