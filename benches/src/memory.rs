//! Rows about memory. Each measurement is a process of its own, so that they can't disturb each other.

use std::process::Command;

use crate::measure::{Clock, Cost, Failure, Figures, median};
use crate::row::{Curve, Effort, Row, Target, Unit};
use crate::scene::Crowd;

/// The rows.
pub const ROWS: &[Row] = &[Row {
    name: "memory-flock",
    work: "resident bytes per agent of 10⁶ flocking agents after three ticks, less an empty scene's",
    baseline: "TeraAgent's published 183 B per agent",
    unit: Unit::BytesPer("agent"),
    clock: Clock::Wall,
    target: Target::Cost(128.0),
    measure: flock,
    curve: Some(growth),
    why_missed: "Bevy takes about 93 B for three components with their ticks and its tables of entities, the kernel 28 B \
         (a sorted record of 16, its id of 4, the next velocity of 8), and the index from ids to entities 4 B: 125 B \
         before anything else. The allocator keeps nothing back: handing freed memory to the system at once \
         (`MALLOC_MMAP_THRESHOLD_`) changes nothing.",
}];

const PUBLISHED_BYTES: f64 = 183.0;

fn flock(effort: Effort) -> Result<Figures, Failure> {
    let agents = effort.at_most(1_000_000, 20_000);
    let mut found = Vec::new();
    for _ in 0..effort.pairs(5) {
        found.push(bytes_per_agent(agents)?);
    }
    let mut ratios: Vec<f64> = found.iter().map(|bytes| bytes / PUBLISHED_BYTES).collect();
    ratios.sort_by(f64::total_cmp);
    Ok(Figures {
        ours: Cost::plain(median(&found)),
        baseline: Cost::plain(PUBLISHED_BYTES),
        ratios,
        note: String::new(),
    })
}

fn bytes_per_agent(agents: usize) -> Result<f64, Failure> {
    Ok((in_child(agents)? - in_child(0)?) / agents as f64)
}

/// Starts this program again and asks it for its resident memory in bytes.
fn in_child(agents: usize) -> Result<f64, Failure> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output =
        Command::new(program).args(["--resident", &agents.to_string()]).output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let told = String::from_utf8_lossy(&output.stderr);
    text.trim().parse().map_err(|_| format!("the child process said: {}", told.trim()))
}

/// What the child does: flies a flock of so many agents for three ticks, so that every buffer has its size, and says
/// how much memory the process then has, in bytes.
///
/// # Errors
/// Where the system doesn't tell.
pub fn resident_with(agents: usize) -> Result<u64, Failure> {
    // All cores: each has buffers.
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut simulation = Crowd::dense(agents).simulation(threads)?;
    simulation.run(3);
    let bytes = resident_bytes();
    // Alive until here.
    drop(simulation);
    bytes
}

fn resident_bytes() -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")
        .map_err(|_| "this system doesn't tell a process its resident memory in /proc".to_owned())?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS in /proc/self/status")?;
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse().map_err(|_| format!("VmRSS is {line}"))?;
    Ok(kibibytes * 1024)
}

/// Resident bytes from 10³ to 10⁷ agents.
fn growth(effort: Effort) -> Result<Curve, Failure> {
    let sizes: &[usize] =
        if effort == Effort::Full { &[10_000, 100_000, 1_000_000, 10_000_000] } else { &[10_000, 20_000] };
    let mut resident = Vec::new();
    for &agents in sizes {
        resident.push((agents as f64, bytes_per_agent(agents)?.max(1.0) * agents as f64));
    }
    Ok(Curve {
        title: "Memory of a flock, less an empty scene's".into(),
        x: "agents".into(),
        y: "resident bytes".into(),
        lines: vec![("flock only".into(), resident)],
    })
}
