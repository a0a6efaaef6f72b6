//! Folders of the user's that the window writes to: settings, what has to survive a crash, and what can be made again.
//!
//! `AGENT2028_HOME` puts all of them below one folder, for tests and for people who carry the program on a stick.

use std::path::PathBuf;

use etcetera::{BaseStrategy, choose_base_strategy};

const NAME: &str = "agent2028";

fn place(below_home: &str, standard: impl Fn(&dyn Fn(PathBuf) -> PathBuf) -> Option<PathBuf>) -> Option<PathBuf> {
    match std::env::var_os("AGENT2028_HOME").filter(|home| !home.is_empty()) {
        Some(home) => Some(PathBuf::from(home).join(below_home)),
        None => standard(&|folder| folder.join(NAME)),
    }
}

/// Settings: the layout of panels, recent scenes. `None` if the user has no home.
#[must_use]
pub fn config() -> Option<PathBuf> {
    place("config", |named| choose_base_strategy().ok().map(|base| named(base.config_dir())))
}

/// What must survive a crash: unsaved scenes, the journal of a session. `None` if the user has no home.
#[must_use]
pub fn state() -> Option<PathBuf> {
    // Not every system has a folder for state; the one for data is next to it in purpose.
    place("state", |named| {
        choose_base_strategy().ok().map(|base| named(base.state_dir().unwrap_or_else(|| base.data_dir())))
    })
}

/// What can be made again: pictures of scenes. `None` if the user has no home.
#[must_use]
pub fn cache() -> Option<PathBuf> {
    place("cache", |named| choose_base_strategy().ok().map(|base| named(base.cache_dir())))
}

/// The user's home, where runs and pictures go by default. `None` if there is none.
#[must_use]
pub fn home() -> Option<PathBuf> {
    match std::env::var_os("AGENT2028_HOME").filter(|home| !home.is_empty()) {
        Some(home) => Some(PathBuf::from(home)),
        None => etcetera::home_dir().ok(),
    }
}
