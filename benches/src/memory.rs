//! Rows about memory. Each measurement is a process of its own, so that they can't disturb each other.

use std::process::Command;

use crate::measure::{Clock, Cost, Failure, Figures, median};
use crate::network::gossiping;
use crate::row::{Curve, Effort, Row, Target, Unit};
use crate::scene::Crowd;

/// The rows.
pub const ROWS: &[Row] = &[FLOCK, GOSSIP];

const FLOCK: Row = Row {
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
};

const GOSSIP: Row = Row {
    name: "memory-gossip",
    work: "resident bytes per agent of 10⁵ agents that have gossiped by push–pull for 600 ticks, less an empty scene's: more ticks \
           than the timing wheel has slots",
    baseline: "the same after 20 ticks",
    unit: Unit::BytesPer("agent"),
    clock: Clock::Wall,
    target: Target::CostTimes(1.2),
    measure: gossip,
    curve: None,
    why_missed: "Buffers keep the size of the largest round, and the allocator keeps what was given back.",
};

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
    Ok((in_child(agents, None)? - in_child(0, None)?) / agents as f64)
}

/// Resident bytes per gossiping agent after few and after many ticks.
fn gossip(effort: Effort) -> Result<Figures, Failure> {
    let agents = effort.at_most(100_000, 500);
    let (mut few, mut many, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..effort.pairs(3) {
        let empty = in_child(0, None)?;
        let per_agent = |ticks| Ok::<_, Failure>((in_child(agents, Some(ticks))? - empty).max(1.0) / agents as f64);
        few.push(per_agent(20)?);
        many.push(per_agent(600)?);
        ratios.push(many[many.len() - 1] / few[few.len() - 1]);
    }
    ratios.sort_by(f64::total_cmp);
    Ok(Figures { ours: Cost::plain(median(&many)), baseline: Cost::plain(median(&few)), ratios, note: String::new() })
}

/// Starts this program again and asks it for its resident memory in bytes.
fn in_child(agents: usize, gossip_ticks: Option<u64>) -> Result<f64, Failure> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.args(["--resident", &agents.to_string()]);
    if let Some(ticks) = gossip_ticks {
        command.args(["--gossip-ticks", &ticks.to_string()]);
    }
    let output = command.output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let told = String::from_utf8_lossy(&output.stderr);
    text.trim().parse().map_err(|_| format!("the child process said: {}", told.trim()))
}

/// What the child does: flies a flock of so many agents for three ticks, so that every buffer has its size, or lets them gossip
/// for as many ticks as it is told, and says how much memory the process then has, in bytes.
///
/// # Errors
/// Where the system doesn't tell.
pub fn resident_with(agents: usize, gossip_ticks: Option<u64>) -> Result<u64, Failure> {
    if let Some(ticks) = gossip_ticks {
        let mut simulation = gossiping(agents)?;
        simulation.run(ticks);
        let bytes = resident_bytes();
        // Alive until here.
        drop(simulation);
        return bytes;
    }
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
