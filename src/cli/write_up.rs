//! Results as tables for people.

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, CellAlignment, LineStyle, Table, TableStyle};

use crate::headless::{FailedIntervention, Summary};
use crate::scene::expect::Verdict;

/// How many metrics a summary shows when the scene names none first.
const METRICS_SHOWN: usize = 8;

/// A number with thin spaces between thousands and as many decimals as it needs.
pub(crate) fn number(value: f64) -> String {
    let magnitude = value.abs();
    let text = if value == value.round() && magnitude < 1e15 {
        format!("{value:.0}")
    } else if magnitude >= 1000.0 {
        format!("{value:.1}")
    } else if magnitude >= 1.0 {
        format!("{value:.3}")
    } else if magnitude >= 1e-4 {
        format!("{value:.4}")
    } else {
        format!("{value:.3e}")
    };
    group_thousands(&text)
}

fn group_thousands(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("\u{2212}", digits));
    let (whole, fraction) = digits.split_at(digits.find(['.', 'e']).unwrap_or(digits.len()));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push('\u{2009}');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{fraction}")
}

/// No lines but one under the header.
const QUIET: TableStyle = NOTHING.header_separator(LineStyle::none().fill('─').junction('─'));

/// A table with a header, quiet lines, and numbers to the right.
pub(crate) fn table(header: &[&str]) -> Table {
    let mut table = plain_table();
    table.set_header(header.iter().copied());
    table
}

fn plain_table() -> Table {
    let mut table = Table::new();
    table.load_style(QUIET);
    table
}

/// A cell for a number.
pub(crate) fn right(text: impl Into<String>) -> Cell {
    Cell::new(text.into()).set_alignment(CellAlignment::Right)
}

/// The end of a run: what ran, how fast, the metrics that matter, the expectations, the state hash.
pub(crate) fn summary_text(summary: &Summary) -> String {
    let mut out = String::new();
    let mut facts = plain_table();
    facts.add_row(vec![Cell::new("scene"), right(&*summary.scene)]);
    facts.add_row(vec![Cell::new("seed"), right(summary.seed.to_string())]);
    facts.add_row(vec![Cell::new("ticks"), right(number(summary.ticks as f64))]);
    facts.add_row(vec![Cell::new("agents"), right(number(summary.agents as f64))]);
    facts.add_row(vec![Cell::new("ticks/s"), right(number(summary.ticks_per_second.round()))]);
    facts.add_row(vec![Cell::new("time"), right(format!("{:.2} s", summary.wall_seconds))]);
    out += &format!("{facts}\n");

    let shown: Vec<(&String, &f64)> = if summary.headline.is_empty() {
        summary.metrics.iter().take(METRICS_SHOWN).collect()
    } else {
        summary.headline.iter().filter_map(|name| summary.metrics.get_key_value(name)).collect()
    };
    if !shown.is_empty() {
        let mut metrics = table(&["metric", "last value"]);
        for (name, value) in shown {
            metrics.add_row(vec![Cell::new(name), right(number(*value))]);
        }
        out += &format!("\n{metrics}\n");
    }
    if !summary.expectations.is_empty() {
        out += &format!("\n{}\n", verdict_table(&summary.expectations));
    }
    if summary.expectations.iter().any(|verdict| !verdict.judged) {
        out += "\nThe run ended before all expectations could be judged: `agent2028 test` runs the whole length.\n";
    }
    out += &failed_text(&summary.failed_interventions);
    if summary.stopped {
        out += "\nA fault stopped the run: see the log above (on_fault is Stop).\n";
    }
    out += &format!("\nstate-hash: {}\n", summary.state_hash);
    out
}

/// At most so many failed interventions are told one by one.
const FAILURES_SHOWN: usize = 10;

/// Interventions that failed, in words; nothing if none did.
pub(crate) fn failed_text(failed: &[FailedIntervention]) -> String {
    let times: u64 = failed.iter().map(|one| one.times).sum();
    if times == 0 {
        return String::new();
    }
    let mut out =
        format!("\n{} failed:\n", if times == 1 { "1 intervention".into() } else { format!("{times} interventions") });
    for one in failed.iter().take(FAILURES_SHOWN) {
        let when = match one.times {
            1 => format!("at tick {}", one.first_tick),
            times => format!("{times} times, first at tick {}", one.first_tick),
        };
        out += &format!("  {} {when}: {}\n", one.intervention, one.reason);
    }
    if failed.len() > FAILURES_SHOWN {
        out += &format!("  and {} more; --format json tells all\n", failed.len() - FAILURES_SHOWN);
    }
    out
}

/// Expectations and how they turned out.
pub(crate) fn verdict_table(verdicts: &[Verdict]) -> Table {
    let mut table = table(&["expectation", "wanted", "got", ""]);
    for verdict in verdicts {
        table.add_row(vec![
            Cell::new(&verdict.metric),
            Cell::new(&verdict.wanted),
            right(verdict.got.map_or_else(|| "no value".into(), number)),
            Cell::new(verdict.word()),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        for (value, text) in [
            (1_234_567.0, "1\u{2009}234\u{2009}567"),
            (-1234.56, "\u{2212}1\u{2009}234.6"),
            (0.5, "0.5000"),
            (1.5, "1.500"),
            (0.0, "0"),
            (0.000_001, "1.000e-6"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
