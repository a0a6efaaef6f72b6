//! The table: on the terminal, and kept in `docs/`.
//!
//! Results are kept in `docs/benchmarks/results.json`, so that measuring some rows again leaves the others as they are.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use comfy_table::{ContentArrangement, Table, presets};
use serde::{Deserialize, Serialize};

use crate::chart;
use crate::machine::Machine;
use crate::measure::{Cost, Failure, Figures};
use crate::row::{Curve, Row, Target, Unit, slope};

/// What came of a row, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The date.
    pub date: String,
    /// The commit.
    pub commit: String,
    /// The figures, or why there are none.
    pub figures: Result<Figures, Failure>,
    /// How the cost grows.
    pub curve: Option<Curve>,
}

/// All that is known of this machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// The machine.
    pub machine: Machine,
    /// By row.
    pub rows: BTreeMap<String, Outcome>,
}

impl Results {
    /// What was kept in a folder, if it is of this machine; else nothing yet.
    pub fn read(folder: &Path, machine: Machine) -> Self {
        let kept = std::fs::read_to_string(folder.join("benchmarks/results.json"))
            .ok()
            .and_then(|text| serde_json::from_str::<Self>(&text).ok())
            .filter(|kept| kept.machine == machine);
        kept.unwrap_or(Self { machine, rows: BTreeMap::new() })
    }

    /// Writes results, charts and the page.
    ///
    /// # Errors
    /// If the file system refuses.
    pub fn write(&self, folder: &Path, rows: &[&Row]) -> std::io::Result<()> {
        let charts = folder.join("benchmarks");
        std::fs::create_dir_all(&charts)?;
        std::fs::write(charts.join("results.json"), serde_json::to_string_pretty(self)? + "\n")?;
        for (name, outcome) in &self.rows {
            if let Some(curve) = &outcome.curve {
                std::fs::write(charts.join(format!("{name}.svg")), chart::draw(curve))?;
            }
        }
        std::fs::write(folder.join("BENCHMARKS.md"), self.page(rows))
    }

    fn page(&self, rows: &[&Row]) -> String {
        let machine = &self.machine;
        let mut page = format!(
            "# Benchmarks\n\n\
             Written by `cargo run --profile measure -p agent2028_bench --features krabmaga`; the rows are defined in `benches/src`.\n\n\
             Machines are shared and noisy, so every figure is a ratio: ours and the baseline are measured in turns (A B A B …, \
             after a warm-up) in one run, and the table shows the median of the pairs' ratios with the lowest and the highest \
             of them. Times are wall-clock time with user CPU time in brackets, medians too; on their own they are for \
             orientation. A ratio is ours over the baseline, by the clock that the row names; with × faster it is the other way \
             round.\n\n\
             Machine: {}, {} cores, {} GiB, {}, flock kernel on {}.\n\n\
             | row | work | ours | baseline | ratio | target | met | measured |\n|---|---|---|---|---|---|---|---|\n",
            machine.processor, machine.cores, machine.memory_gib, machine.system, machine.instructions
        );
        let known = || rows.iter().filter_map(|row| self.rows.get(row.name).map(|outcome| (*row, outcome)));
        for (row, outcome) in known() {
            let cells = cells(row, &outcome.figures);
            let note = outcome.figures.as_ref().map_or("", |figures| figures.note.as_str());
            let note = if note.is_empty() { String::new() } else { format!("; {note}") };
            // Writing to a string can't fail.
            let _ = writeln!(
                page,
                "| {} | {}{note} | {} | {}: {} | {} | {} | {} | {} at {} |",
                row.name,
                row.work,
                cells.ours,
                row.baseline,
                cells.baseline,
                cells.ratio,
                target(row),
                cells.met,
                outcome.date,
                outcome.commit
            );
        }
        let missed: Vec<(&Row, &Outcome)> = known().filter(|(row, outcome)| !is_met(row, outcome)).collect();
        if !missed.is_empty() {
            page.push_str("\n## Targets missed, and why\n");
            for (row, outcome) in missed {
                let why = match &outcome.figures {
                    Err(failure) => failure.as_str(),
                    Ok(_) if row.why_missed.is_empty() => "Not profiled yet.",
                    Ok(_) => row.why_missed,
                };
                let _ = writeln!(page, "\n**{}.** {why}", row.name);
            }
        }
        if known().any(|(_, outcome)| outcome.curve.is_some()) {
            page.push_str(
                "\n## Cost curves\n\nBoth axes are logarithmic; with slope 1 the cost grows with the size and no faster.\n",
            );
        }
        for (row, curve) in known().filter_map(|(row, outcome)| Some((row, outcome.curve.as_ref()?))) {
            let slopes: Vec<String> =
                curve.lines.iter().map(|(name, points)| format!("{name} {:.2}", slope(points))).collect();
            let _ = writeln!(
                page,
                "\n### {}\n\nSlopes: {}.\n\n![{}](benchmarks/{}.svg)",
                curve.title,
                slopes.join(", "),
                curve.title,
                row.name
            );
            let _ = writeln!(page, "\n| {} | {} |", curve.x, names(curve).join(" | "));
            let _ = writeln!(page, "|---{}|", "|---".repeat(curve.lines.len()));
            for size in sizes(curve) {
                let costs: Vec<String> = curve
                    .lines
                    .iter()
                    .map(|(_, points)| {
                        let point = points.iter().find(|(x, _)| *x == size);
                        point.map_or(String::new(), |(_, cost)| plain(row.unit, *cost))
                    })
                    .collect();
                let _ = writeln!(page, "| {} | {} |", size as u64, costs.join(" | "));
            }
        }
        page
    }
}

fn names(curve: &Curve) -> Vec<&str> {
    curve.lines.iter().map(|(name, _)| name.as_str()).collect()
}

fn sizes(curve: &Curve) -> Vec<f64> {
    let mut sizes: Vec<f64> = curve.lines.iter().flat_map(|(_, points)| points.iter().map(|(x, _)| *x)).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    sizes
}

fn is_met(row: &Row, outcome: &Outcome) -> bool {
    outcome.figures.as_ref().is_ok_and(|figures| row.target.is_met(figures, row.clock))
}

/// The cells of a row that come from figures.
struct Cells {
    ours: String,
    baseline: String,
    ratio: String,
    met: String,
}

fn cells(row: &Row, figures: &Result<Figures, Failure>) -> Cells {
    let dash = || "–".to_owned();
    match figures {
        Err(failure) => {
            Cells { ours: dash(), baseline: dash(), ratio: dash(), met: format!("not measured: {failure}") }
        }
        Ok(figures) => Cells {
            ours: cost(row.unit, figures.ours),
            baseline: cost(row.unit, figures.baseline),
            ratio: ratio(row, figures),
            met: if row.target.is_met(figures, row.clock) { "yes".into() } else { "**no**".into() },
        },
    }
}

fn ratio(row: &Row, figures: &Figures) -> String {
    let (low, high) = match (figures.ratios.first(), figures.ratios.last()) {
        (Some(low), Some(high)) => (*low, *high),
        _ => return String::new(),
    };
    match row.target {
        Target::SpeedTimes(_) => {
            format!("{} × faster ({} – {})", three(1.0 / figures.ratio()), three(1.0 / high), three(1.0 / low))
        }
        Target::CostTimes(_) | Target::Cost(_) => {
            format!("{} × ({} – {})", three(figures.ratio()), three(low), three(high))
        }
    }
}

fn target(row: &Row) -> String {
    let clock = match row.clock {
        crate::measure::Clock::Wall => "",
        crate::measure::Clock::User => " by CPU time",
    };
    match row.target {
        Target::CostTimes(most) => format!("≤ {most} ×{clock}"),
        Target::SpeedTimes(least) => format!("≥ {least} × faster{clock}"),
        Target::Cost(most) => format!("≤ {}", plain(row.unit, most)),
    }
}

fn cost(unit: Unit, cost: Cost) -> String {
    let name = match unit {
        Unit::SecondsPer(name) | Unit::BytesPer(name) => name,
    };
    let user =
        if cost.user.is_finite() && cost.user > 0.0 { format!(" ({})", plain(unit, cost.user)) } else { String::new() };
    format!("{}{user} per {name}", plain(unit, cost.wall))
}

/// A time or a size with its unit.
fn plain(unit: Unit, value: f64) -> String {
    let steps: &[(f64, &str)] = match unit {
        Unit::SecondsPer(_) => &[(1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")],
        Unit::BytesPer(_) => &[(1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B")],
    };
    let (scale, name) = steps.iter().find(|(scale, _)| value >= *scale).or(steps.last()).copied().unwrap_or((1.0, ""));
    format!("{} {name}", three(value / scale))
}

/// A number with three digits that count.
fn three(value: f64) -> String {
    let decimals = match value.abs() {
        large if large >= 99.95 => 0,
        middle if middle >= 9.995 => 1,
        small if small >= 0.9995 => 2,
        _ => 3,
    };
    format!("{value:.decimals$}")
}

/// The table for a terminal.
pub fn table(rows: &[(&Row, &Outcome)]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["row", "work", "ours", "baseline", "ratio", "target", "met"]);
    if table.width().is_none() {
        // Into a file: as wide as a wide terminal.
        table.set_width(180);
    }
    for (row, outcome) in rows {
        let cells = cells(row, &outcome.figures);
        let note = outcome.figures.as_ref().map_or("", |figures| figures.note.as_str());
        table.add_row([
            row.name.to_owned(),
            [row.work, note].join("\n").trim().to_owned(),
            cells.ours,
            format!("{}\n{}", row.baseline, cells.baseline),
            cells.ratio,
            target(row),
            cells.met.replace('*', ""),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Clock;

    fn row() -> Row {
        Row {
            name: "test",
            work: "something",
            baseline: "something else",
            unit: Unit::SecondsPer("step"),
            clock: Clock::Wall,
            target: Target::CostTimes(0.5),
            measure: |_| Err("is a test".into()),
            curve: None,
            why_missed: "It is slow.",
        }
    }

    fn results(ratio: f64) -> Results {
        let cost = |wall| Cost { wall, user: f64::NAN };
        let figures =
            Figures { ours: cost(ratio * 1e-3), baseline: cost(1e-3), ratios: vec![ratio], note: "note".into() };
        let lines = vec![("a".into(), vec![(10.0, 1e-3), (100.0, 1e-2)]), ("b".into(), vec![(10.0, 1e-3)])];
        let curve = Curve { title: "Growth".into(), x: "agents".into(), y: "seconds".into(), lines };
        let outcome =
            Outcome { date: "2028-01-01".into(), commit: "abc".into(), figures: Ok(figures), curve: Some(curve) };
        Results { machine: Machine::here(), rows: BTreeMap::from([("test".into(), outcome)]) }
    }

    #[test]
    fn numbers_have_three_digits_and_fitting_units() {
        let seconds = Unit::SecondsPer("");
        assert_eq!(plain(seconds, 0.012_345), "12.3 ms");
        assert_eq!(plain(seconds, 3.21e-8), "32.1 ns");
        assert_eq!(plain(Unit::BytesPer(""), 92.96), "93.0 B");
        assert_eq!((three(0.251_3), three(999.6)), ("0.251".into(), "1000".into()));
    }

    #[test]
    fn the_page_tells_why_targets_are_missed() {
        let row = row();
        let missed = results(0.75).page(&[&row]);
        assert!(missed.contains("| **no** |") && missed.contains("It is slow."), "{missed}");
        let met = results(0.25).page(&[&row]);
        assert!(met.contains("| yes |") && !met.contains("It is slow."), "{met}");
        assert!(met.contains("Slopes: a 1.00"), "{met}");
        assert!(met.contains("| 100 | 10.0 ms |  |"), "{met}");
    }

    #[test]
    fn results_come_back_from_a_folder_of_the_same_machine_only() {
        let folder = tempfile::tempdir().unwrap();
        let results = results(0.5);
        results.write(folder.path(), &[&row()]).unwrap();
        let json = |results: &Results| serde_json::to_string(results).unwrap();
        assert_eq!(json(&Results::read(folder.path(), Machine::here())), json(&results));
        let other = Machine { cores: 4096, ..Machine::here() };
        assert!(Results::read(folder.path(), other).rows.is_empty());
        assert!(folder.path().join("benchmarks/test.svg").exists());
    }
}
