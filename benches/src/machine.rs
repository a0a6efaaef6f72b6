//! Where and when something was measured.

use std::process::Command;

use agent2028_boids::flock::Instructions;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The machine. Figures of different machines don't belong into one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's model.
    pub processor: String,
    /// How many cores the process may use.
    pub cores: usize,
    /// Memory in GiB; 0 if unknown.
    pub memory_gib: u64,
    /// The widest instructions that the flock kernel uses here.
    pub instructions: String,
    /// Operating system and architecture.
    pub system: String,
}

impl Machine {
    /// This machine.
    pub fn here() -> Self {
        let field = |file: &str, name: &str| {
            let text = std::fs::read_to_string(file).ok()?;
            let line = text.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let kibibytes = field("/proc/meminfo", "MemTotal")
            .and_then(|memory| memory.trim_end_matches("kB").trim().parse::<u64>().ok())
            .unwrap_or(0);
        Self {
            processor: field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".into()),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            memory_gib: (kibibytes + (1 << 19)) >> 20,
            instructions: format!("{:?}", Instructions::best()),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        }
    }
}

/// The commit that is measured, with a `+` if the checkout has changes.
pub fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(["-C", env!("CARGO_MANIFEST_DIR")]).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short", "HEAD"]) else {
        return "unknown".into();
    };
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|changes| !changes.is_empty());
    if changed { commit + "+" } else { commit }
}

/// Today's date, UTC.
#[expect(clippy::disallowed_methods, reason = "the date of a measurement is a real one")]
pub fn today() -> String {
    DateTime::<Utc>::from(std::time::SystemTime::now()).format("%Y-%m-%d").to_string()
}
