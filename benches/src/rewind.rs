//! The row about going back in time.

use agent2028::Sandbox;
use agent2028_core::timeline::{Branch, Timeline};

use crate::measure::{Clock, Failure, Figures, median, pairs, time};
use crate::row::{Effort, Row, Target, Unit};

/// The rows.
pub const ROWS: &[Row] = &[Row {
    name: "rewind",
    work: "jump back 1000 ticks in the welcome scene",
    baseline: "simulating 1000 ticks of it",
    unit: Unit::SecondsPer("tick"),
    clock: Clock::Wall,
    target: Target::CostTimes(0.2),
    measure: jump_back,
    curve: None,
    why_missed: "",
}];

fn jump_back(effort: Effort) -> Result<Figures, Failure> {
    let told = |error: agent2028::SandboxError| error.to_string();
    let ticks = effort.at_most(1000, 40) as u64;
    let (mut simulation, _) = Sandbox::builtin("welcome").map_err(told)?.into_simulation().map_err(told)?;
    let (mut plain, _) = Sandbox::builtin("welcome").map_err(told)?.into_simulation().map_err(told)?;
    let mut timeline = Timeline::default();
    timeline.run(&mut simulation, ticks * 2);
    plain.run(ticks);
    let mut jumps = Vec::new();
    let figures = pairs(
        effort.pairs(9),
        Clock::Wall,
        || {
            // Each time from another tick, so that it never lands where a jump has landed before.
            let from = ticks * 2 + jumps.len() as u64 * 7;
            timeline.seek(from);
            timeline.finish(&mut simulation);
            let (sample, ()) = time(ticks as f64, || {
                timeline.seek(from - ticks);
                timeline.finish(&mut simulation);
            });
            jumps.push(sample.wall);
            if simulation.tick() == from - ticks { Ok(sample) } else { Err("the tick was not reached".into()) }
        },
        || {
            // The same stretch of the run, again and again.
            let start = plain.checkpoint();
            let (sample, ran) = time(ticks as f64, || plain.run(ticks));
            plain.restore(&start).map_err(|error| error.to_string())?;
            if ran == ticks { Ok(sample) } else { Err("the run stopped".into()) }
        },
    )?;
    let keyframes = timeline.current().map(Branch::id).map_or(0, |run| timeline.keyframes(run).count());
    Ok(figures.with_note(format!(
        "a jump takes {:.1} ms; {keyframes} keyframes in {:.0} MB",
        median(&jumps) * 1e3,
        timeline.bytes() as f64 / 1e6
    )))
}
