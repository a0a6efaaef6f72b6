//! What must be fast, measured as ratios against baselines in one run.
//!
//! `cargo run --profile measure -p agent2028_bench --features krabmaga` measures all rows, prints a table, and keeps it in
//! `docs/BENCHMARKS.md`. The feature brings krABMaga in, the baseline of four rows; a build of the whole workspace goes
//! without it, because its dependencies would have all of Bevy built a second time.
//!
//! | module | what it holds |
//! |---|---|
//! | [`row`], [`measure`] | what a row is; how it is measured |
//! | [`flock`], [`idle`], [`memory`], [`field`], [`events`], [`operations`], [`market`], [`contracts`], [`network`], [`identity`], [`ledger`], [`trust`], [`draw`], [`interface`], [`window`], [`checkpoint`], [`rewind`] | the rows |
//! | [`scene`] | the simulations that they measure |
//! | `birds_on_krabmaga` | the flock rows' baseline |
//! | [`report`], [`chart`], [`machine`] | the table and the charts |
#![allow(clippy::print_stdout, reason = "printing the table is what it is for")]

#[cfg(feature = "krabmaga")]
mod birds_on_krabmaga;
mod chart;
mod checkpoint;
mod consensus;
mod contracts;
mod draw;
mod events;
mod field;
mod flock;
mod identity;
mod idle;
mod interface;
mod ledger;
mod machine;
mod market;
mod measure;
mod memory;
mod network;
mod operations;
mod report;
mod rewind;
mod row;
mod scene;
mod trust;
mod window;

use std::panic::{UnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use machine::Machine;
use measure::Failure;
use report::{Outcome, Results};
use row::{Effort, Row};

/// Measures what must be fast, each row against its baseline.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only rows whose names begin with one of these.
    #[arg(long, value_name = "PREFIX")]
    only: Vec<String>,
    /// Run every row for a moment, to see that it runs; the figures mean nothing and nothing is written.
    #[arg(long)]
    smoke: bool,
    /// List the rows and what they must reach.
    #[arg(long)]
    list: bool,
    /// Measure no cost curves; those measured before are kept.
    #[arg(long)]
    no_curves: bool,
    /// Print only; leave the docs as they are.
    #[arg(long)]
    no_docs: bool,
    /// The folder that BENCHMARKS.md is written to; the repository's `docs` by default.
    #[arg(long, value_name = "FOLDER")]
    docs: Option<PathBuf>,
    /// The date to note down; today's by default.
    #[arg(long)]
    date: Option<String>,
    /// Used by the rows about memory, which start this program again.
    #[arg(long, hide = true, value_name = "AGENTS")]
    resident: Option<usize>,
    /// Lets these agents gossip for so many ticks instead of flying.
    #[arg(long, hide = true, value_name = "TICKS", requires = "resident")]
    gossip_ticks: Option<u64>,
}

/// All rows in the order of the table.
fn rows() -> Vec<&'static Row> {
    [
        flock::ROWS,
        idle::ROWS,
        memory::ROWS,
        field::ROWS,
        events::ROWS,
        network::ROWS,
        trust::ROWS,
        operations::ROWS,
        market::ROWS,
        contracts::ROWS,
        consensus::ROWS,
        identity::ROWS,
        ledger::ROWS,
        draw::ROWS,
        interface::ROWS,
        window::ROWS,
        checkpoint::ROWS,
        rewind::ROWS,
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(agents) = arguments.resident {
        return match memory::resident_with(agents, arguments.gossip_ticks) {
            Ok(bytes) => {
                println!("{bytes}");
                ExitCode::SUCCESS
            }
            Err(failure) => fail(&failure),
        };
    }
    let all = rows();
    let chosen: Vec<&Row> = all
        .iter()
        .copied()
        .filter(|row| arguments.only.is_empty() || arguments.only.iter().any(|prefix| row.name.starts_with(prefix)))
        .collect();
    if chosen.is_empty() {
        return fail("no row begins with that; --list names them");
    }
    if arguments.list {
        for row in chosen {
            println!("{:16} {}\n{:16} against {}", row.name, row.work, "", row.baseline);
        }
        return ExitCode::SUCCESS;
    }
    let (chosen, without_baseline): (Vec<&Row>, Vec<&Row>) =
        chosen.into_iter().partition(|row| cfg!(feature = "krabmaga") || row.baseline != flock::KRABMAGA);
    for row in &without_baseline {
        eprintln!("SKIPPED {}: its baseline is not built in; add --features krabmaga", row.name);
    }
    if !without_baseline.is_empty() && !arguments.smoke && !arguments.no_docs {
        return fail("the table would lack rows; add --features krabmaga, or choose others by --only, or --no-docs");
    }
    let effort = if arguments.smoke { Effort::Smoke } else { Effort::Full };
    if cfg!(debug_assertions) && effort == Effort::Full {
        return fail("measure with --release; this is a debug build (--smoke runs in one too)");
    }
    let folder = arguments.docs.clone().unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs"));
    let mut results = Results::read(&folder, Machine::here());
    let date = arguments.date.clone().unwrap_or_else(machine::today);
    let commit = machine::commit();
    let mut broken = false;
    for row in &chosen {
        eprintln!("{} …", row.name);
        let figures = guarded(|| (row.measure)(effort));
        let kept = || results.rows.get(row.name).and_then(|outcome| outcome.curve.clone());
        let curve = match row.curve {
            Some(measure) if !arguments.no_curves => match guarded(|| measure(effort)) {
                Ok(curve) => Some(curve),
                Err(failure) => {
                    eprintln!("{}: no curve: {failure}", row.name);
                    broken |= effort == Effort::Smoke;
                    kept()
                }
            },
            _ => kept(),
        };
        if let Err(failure) = &figures {
            eprintln!("{}: {failure}", row.name);
        }
        broken |= figures.is_err() && effort == Effort::Smoke;
        let outcome = Outcome { date: date.clone(), commit: commit.clone(), figures, curve };
        results.rows.insert(row.name.into(), outcome);
    }
    let outcomes: Vec<(&Row, &Outcome)> =
        chosen.iter().filter_map(|row| results.rows.get(row.name).map(|outcome| (*row, outcome))).collect();
    println!("{}", report::table(&outcomes));
    if effort == Effort::Smoke {
        println!("A smoke test: every row was run for a moment, the figures mean nothing.");
        for (_, outcome) in &outcomes {
            // Drawn to see that it can be; not kept.
            let _ = outcome.curve.as_ref().map(chart::draw);
        }
    } else if !arguments.no_docs
        && let Err(error) = results.write(&folder, &all)
    {
        return fail(&format!("{}: {error}", folder.display()));
    }
    if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Measures, and takes a panic for a failure of this row alone.
fn guarded<T>(measure: impl FnOnce() -> Result<T, Failure> + UnwindSafe) -> Result<T, Failure> {
    catch_unwind(measure).unwrap_or_else(|panic| {
        let told = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Err(format!("panicked: {}", told.and_then(|text| text.lines().next()).unwrap_or("for no stated reason")))
    })
}

fn fail(message: &str) -> ExitCode {
    eprintln!("agent2028_bench: {message}");
    ExitCode::FAILURE
}
