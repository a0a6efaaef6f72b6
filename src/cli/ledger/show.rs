//! `agent2028 ledger show` and `agent2028 ledger export`.

use std::collections::{BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use agent2028_ledger::disk::{Item, Walk, locate, walk};
use agent2028_ledger::document::{EntryLine, Line, utc};
use agent2028_ledger::hash::to_hex;
use agent2028_ledger::query::{Query, Summary};
use agent2028_ledger::{Entry, EntryKind, Outcome};
use chrono::{DateTime, Utc};
use clap::Args;
use comfy_table::ContentArrangement;
use serde::Serialize;

use super::unreadable;
use crate::cli::write_up::table;
use crate::cli::{DONE, Failure, Format, counted, json, print, whole};

/// Which entries.
#[derive(Args, Clone, Debug)]
struct Filter {
    /// Those of this agent.
    #[arg(long, value_name = "N")]
    agent: Option<u32>,
    /// Those of this operation: a kind of event, the name of an intervention, a kind of operation, the name of a file.
    #[arg(long, value_name = "NAME")]
    operation: Option<String>,
    /// Those that took this capability.
    #[arg(long, value_name = "NAME")]
    capability: Option<String>,
    /// Those of this kind, such as Event or Intervention.
    #[arg(long, value_name = "KIND", value_parser = parse_kind)]
    kind: Option<EntryKind>,
    /// Those that turned out so, such as Refused.
    #[arg(long, value_name = "OUTCOME", value_parser = parse_outcome)]
    outcome: Option<Outcome>,
    /// Those of this tick or later.
    #[arg(long, value_name = "TICK", value_parser = whole)]
    from: Option<u64>,
    /// Those of this tick or earlier.
    #[arg(long, value_name = "TICK", value_parser = whole)]
    to: Option<u64>,
    /// Those of this simulated time or later, such as 2028-01-01T00:00:10Z.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    since: Option<i64>,
    /// Those of this simulated time or earlier.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    until: Option<i64>,
}

fn parse_kind(text: &str) -> Result<EntryKind, String> {
    named(text, &EntryKind::ALL)
}

fn parse_outcome(text: &str) -> Result<Outcome, String> {
    named(text, &Outcome::ALL)
}

fn named<T: Copy + std::fmt::Debug>(text: &str, all: &[T]) -> Result<T, String> {
    let found = all.iter().find(|value| format!("{value:?}").eq_ignore_ascii_case(text));
    let names: Vec<String> = all.iter().map(|value| format!("{value:?}")).collect();
    found.copied().ok_or_else(|| format!("write one of {}", names.join(", ")))
}

fn parse_time(text: &str) -> Result<i64, String> {
    let time: Result<DateTime<Utc>, _> = text.parse();
    time.map(|time| time.timestamp_millis()).map_err(|error| format!("{error}; for example 2028-01-01T00:00:10Z"))
}

impl Filter {
    fn query(&self) -> Query {
        Query {
            who: self.agent,
            operation: self.operation.clone(),
            capability: self.capability.clone(),
            kind: self.kind,
            outcome: self.outcome,
            from_tick: self.from,
            to_tick: self.to,
            from_unix_ms: self.since,
            to_unix_ms: self.until,
        }
    }
}

/// Tells what a ledger holds: how much of what, and the last entries.
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// A run's folder, its ledger/, or a file in it.
    path: PathBuf,
    #[command(flatten)]
    filter: Filter,
    /// At most so many entries, the last ones.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = whole)]
    limit: u64,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Prints a ledger as JSON Lines, an object a line, in order: entries, and where no entries are chosen, tree heads (`head`), keys
/// (`key`) and time stamps (`stamp`) too.
#[derive(Args, Debug)]
pub(crate) struct Export {
    /// A run's folder, its ledger/, or a file in it.
    path: PathBuf,
    #[command(flatten)]
    filter: Filter,
}

#[derive(Serialize)]
struct Shown {
    size: u64,
    first: u64,
    root: Option<String>,
    heads: usize,
    stamps: u64,
    /// What the entries that were asked for are.
    summary: Summary,
    entries: Vec<EntryLine>,
}

impl Show {
    pub(crate) fn execute(self) -> Result<u8, Failure> {
        let query = self.filter.query();
        let mut summary = Summary::default();
        let mut last: VecDeque<(u64, Entry)> = VecDeque::new();
        let walked = locate(&self.path).and_then(|path| {
            walk(&path, &mut |item| {
                if let Item::Entry { index, entry, .. } | Item::Kept { index, entry, .. } = item
                    && query.admits(&entry)
                {
                    summary.add(&entry);
                    last.push_back((index, entry));
                    if last.len() as u64 > self.limit {
                        last.pop_front();
                    }
                }
                Ok(())
            })
        });
        let walk = match walked {
            Ok(walk) => walk,
            Err(error) => return unreadable(error, &self.path),
        };
        match self.format {
            Format::Json => {
                let entries = last.iter().map(|(index, entry)| EntryLine::of(*index, entry)).collect();
                let root = walk.tree.as_ref().map(|tree| to_hex(&tree.root()));
                let (size, first, heads, stamps) = (walk.size, walk.first, walk.heads.len(), walk.stamps);
                print(&json(&Shown { size, first, root, heads, stamps, summary, entries })?)
            }
            Format::Text => print(&words(&walk, &summary, &last)),
        }
    }
}

/// Words that fit a table; a manifest names every file of a run.
fn clipped(words: &str) -> String {
    match words.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words.to_owned(),
    }
}

fn words(walk: &Walk, summary: &Summary, last: &VecDeque<(u64, Entry)>) -> String {
    let mut text = format!(
        "{}, {}, {}\n",
        counted(walk.size, "entry", "entries"),
        counted(walk.heads.len() as u64, "tree head", "tree heads"),
        counted(walk.stamps, "time stamp", "time stamps")
    );
    if let Some(tree) = &walk.tree {
        let _ = writeln!(text, "root {}", to_hex(&tree.root()));
    }
    for compaction in &walk.compactions {
        let (from, to, tick) = (compaction.from, compaction.to, compaction.tick);
        let _ = writeln!(
            text,
            "dropped: entries {from} to {} up to tick {tick} (by what the ledger says; no tree head covers that)",
            to.saturating_sub(1)
        );
    }
    let Some((first, end)) = summary.ticks else {
        text.push_str("No entry fits.\n");
        return text;
    };
    let _ = writeln!(
        text,
        "{} of ticks {first} to {end}, of {}:",
        summary.entries,
        counted(summary.agents as u64, "agent", "agents")
    );
    let counts: Vec<String> = summary.operations.iter().map(|(name, count)| format!("{count} {name}")).collect();
    let _ = writeln!(text, "{}\n", counts.join(", "));
    let mut table = table(&["entry", "tick", "time", "kind", "agent", "operation", "outcome", "what"]);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    for (index, entry) in last {
        table.add_row([
            index.to_string(),
            entry.tick.to_string(),
            utc(entry.unix_ms),
            format!("{:?}", entry.kind),
            entry.who.map_or_else(String::new, |who| who.to_string()),
            entry.operation.clone(),
            format!("{:?}", entry.outcome),
            clipped(&entry.detail),
        ]);
    }
    let _ = writeln!(text, "{table}");
    if summary.entries > last.len() as u64 {
        let _ = writeln!(text, "… the last {} of {}; --limit shows more", last.len(), summary.entries);
    }
    text
}

impl Export {
    pub(crate) fn execute(self) -> Result<u8, Failure> {
        let query = self.filter.query();
        let mut out = BufWriter::new(std::io::stdout().lock());
        // A reader that has gone away (`| head`) is no fault, and nothing more is written.
        let mut refused: Option<std::io::Error> = None;
        let (everything, mut shown) = (query == Query::default(), BTreeSet::new());
        let walked = locate(&self.path).and_then(|path| {
            walk(&path, &mut |item| {
                let wanted = match &item {
                    Item::Entry { index, entry, .. } | Item::Kept { index, entry, .. } => {
                        let wanted = query.admits(entry);
                        shown.extend((wanted && !everything).then_some(*index));
                        wanted
                    }
                    // With some entries come their time stamps, with all of them everything.
                    Item::Stamp(stamp) => everything || shown.contains(&stamp.index),
                    Item::Head(_) | Item::Key(_) | Item::FormerKey(_) => everything,
                };
                if wanted && refused.is_none() {
                    let line = Line::of(&item).and_then(|line| line.to_line()).map_err(std::io::Error::other);
                    refused = line.and_then(|line| writeln!(out, "{line}")).err();
                }
                Ok(())
            })
        });
        let refused = refused.or_else(|| out.flush().err());
        if let Err(error) = walked {
            return unreadable(error, &self.path);
        }
        match refused {
            Some(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(Failure::Input(miette::miette!("standard output: {error}")))
            }
            _ => Ok(DONE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_outcomes_and_times_are_read_as_people_write_them() {
        assert_eq!(parse_kind("statehash"), Ok(EntryKind::StateHash));
        assert_eq!(parse_outcome("Refused"), Ok(Outcome::Refused));
        assert!(parse_kind("nonsense").unwrap_err().contains("Intervention"));
        assert_eq!(parse_time("1970-01-01T00:00:01Z"), Ok(1000));
        assert!(parse_time("yesterday").unwrap_err().contains("2028"));
    }
}
