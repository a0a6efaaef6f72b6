//! Rows about saving and loading.

use std::path::Path;

use agent2028_core::checkpoint::{Checkpoint, write_atomically};
use agent2028_core::simulation::Simulation;

use crate::measure::{Clock, Cost, Failure, Figures, Sample, median, pairs, time};
use crate::row::{Curve, Effort, Row, Target, Unit};
use crate::scene::Crowd;

/// The rows.
pub const ROWS: &[Row] = &[
    Row {
        name: "checkpoint",
        work: "save 10⁶ flocking agents to disk and load them again",
        baseline: "writing the file's bytes, flushed to disk too, and reading them",
        unit: Unit::SecondsPer("agent"),
        clock: Clock::Wall,
        target: Target::CostTimes(3.0),
        measure: save_and_load,
        curve: Some(growth),
        why_missed: "",
    },
    Row {
        name: "checkpoint-size",
        work: "bytes on disk per agent of the same",
        baseline: "position and velocity, 16 B",
        unit: Unit::BytesPer("agent"),
        clock: Clock::Wall,
        target: Target::Cost(60.0),
        measure: size,
        curve: None,
        why_missed: "",
    },
];

fn told(error: impl std::fmt::Display) -> Failure {
    error.to_string()
}

/// A flock that has flown a little: its headings have begun to align.
fn flown(agents: usize) -> Result<Simulation, Failure> {
    let mut simulation = Crowd::dense(agents).simulation(1)?;
    simulation.run(5);
    Ok(simulation)
}

fn save(simulation: &Simulation, path: &Path) -> Result<(), Failure> {
    simulation.checkpoint().write(path).map_err(told)
}

fn load(simulation: &mut Simulation, path: &Path) -> Result<(), Failure> {
    let checkpoint = Checkpoint::read(path).map_err(told)?;
    simulation.restore(&checkpoint).map_err(told)
}

fn save_and_load(effort: Effort) -> Result<Figures, Failure> {
    let agents = effort.at_most(1_000_000, 2_000);
    let mut simulation = flown(agents)?;
    let folder = tempfile::tempdir().map_err(told)?;
    let (path, raw) = (folder.path().join("flock.a28"), folder.path().join("raw"));
    save(&simulation, &path)?;
    let bytes = std::fs::read(&path).map_err(told)?;
    let mut phases: [Vec<f64>; 4] = Default::default();
    let figures = pairs(
        effort.pairs(9),
        Clock::Wall,
        || {
            let (collected, checkpoint) = time(agents as f64, || simulation.checkpoint());
            let (written, outcome) = time(0.0, || checkpoint.write(&path));
            outcome.map_err(told)?;
            drop(checkpoint);
            let (read, checkpoint) = time(0.0, || Checkpoint::read(&path));
            let checkpoint = checkpoint.map_err(told)?;
            let (restored, outcome) = time(0.0, || simulation.restore(&checkpoint));
            outcome.map_err(told)?;
            let parts = [collected, written, read, restored];
            for (times, part) in phases.iter_mut().zip(&parts) {
                times.push(part.wall);
            }
            Ok(Sample::sum(&parts))
        },
        || {
            let (sample, outcome) = time(agents as f64, || {
                write_atomically(&raw, &bytes)?;
                std::fs::read(&raw)
            });
            if outcome.map_err(told)? != bytes {
                return Err("what was read is not what was written".into());
            }
            Ok(sample)
        },
    )?;
    let names = ["collect", "pack and write", "read and unpack", "restore"];
    let told: Vec<String> =
        names.iter().zip(&phases).map(|(name, times)| format!("{name} {:.1} ms", median(times) * 1e3)).collect();
    Ok(figures.with_note(format!("{}; file {:.1} MB", told.join(", "), bytes.len() as f64 / 1e6)))
}

fn size(effort: Effort) -> Result<Figures, Failure> {
    let agents = effort.at_most(1_000_000, 2_000);
    let bytes = flown(agents)?.checkpoint().encode().map_err(told)?.len() as f64 / agents as f64;
    Ok(Figures {
        ours: Cost::plain(bytes),
        baseline: Cost::plain(16.0),
        ratios: vec![bytes / 16.0],
        note: String::new(),
    })
}

/// Saving and loading from 10³ to 10⁶ agents.
fn growth(effort: Effort) -> Result<Curve, Failure> {
    let sizes: &[usize] = if effort == Effort::Full { &[1_000, 10_000, 100_000, 1_000_000] } else { &[100, 200] };
    let (mut saves, mut loads) = (Vec::new(), Vec::new());
    let folder = tempfile::tempdir().map_err(told)?;
    let path = folder.path().join("flock.a28");
    for &agents in sizes {
        let mut simulation = flown(agents)?;
        save(&simulation, &path)?;
        let mut walls = (Vec::new(), Vec::new());
        for _ in 0..effort.pairs(5) {
            let (saved, outcome) = time(1.0, || save(&simulation, &path));
            outcome?;
            let (loaded, outcome) = time(1.0, || load(&mut simulation, &path));
            outcome?;
            walls.0.push(saved.wall);
            walls.1.push(loaded.wall);
        }
        saves.push((agents as f64, median(&walls.0)));
        loads.push((agents as f64, median(&walls.1)));
    }
    Ok(Curve {
        title: "Saving and loading a flock".into(),
        x: "agents".into(),
        y: "seconds".into(),
        lines: vec![("save".into(), saves), ("load".into(), loads)],
    })
}
