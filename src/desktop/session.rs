//! Which run of this program something belongs to. Numbers of processes come again, in containers with every start: so
//! a session is told by its beginning too.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// One run of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The number of its process.
    pub process: u32,
    /// When it began, in milliseconds since 1970.
    #[serde(default)]
    pub started: u64,
}

#[expect(clippy::disallowed_methods, reason = "when the program began is no part of the simulation")]
static OWN: LazyLock<Session> = LazyLock::new(|| Session {
    process: std::process::id(),
    started: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64),
});

impl Session {
    /// This one.
    #[must_use]
    pub fn own() -> Self {
        *OWN
    }

    /// Whether it still runs: another program may have got the number since, and a process that has ended may still be
    /// listed.
    #[must_use]
    pub fn is_alive(self) -> bool {
        if self.process == Self::own().process {
            return self == Self::own();
        }
        let program = |process: &str| std::fs::read_link(Path::new("/proc").join(process).join("exe")).ok();
        let name = |path: PathBuf| path.file_name().map(std::ffi::OsStr::to_owned);
        let other = program(&self.process.to_string()).and_then(name);
        other.is_some() && other == program("self").and_then(name)
    }
}

impl std::fmt::Display for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.process, self.started)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_before_under_the_same_number_is_over() {
        let own = Session::own();
        assert!(own.is_alive());
        assert!(!Session { started: own.started.wrapping_sub(1), ..own }.is_alive());
        assert!(!Session { process: u32::MAX - 7, ..own }.is_alive());
    }
}
