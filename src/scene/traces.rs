//! Requests and service times from CSV files: all bad rows are reported at once, with line and column. A trace is looked
//! through row by row, however long it is.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use agent2028_core::schema::{Names, suggest};
use agent2028_core::table::{OpenQuote, open_quotes};
use agent2028_operations::config::{ServiceTime, Workload};
pub use agent2028_operations::workload::RowFault;
use agent2028_operations::workload::{TraceReader, read_samples};

use super::Scene;
use super::report::Fault;
use super::rows::{REPORTED, cell_span};
use super::syntax::{Place, SourceId};

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Requests.
    Trace,
    /// Service times.
    Samples,
}

/// What was found in a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Requests, which stay in the file.
    Trace,
    /// Service times in milliseconds.
    Samples(Vec<f32>),
}

/// Why a file can't be used.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// It can't be read.
    Unreadable(String),
    /// Rows are bad: the first things that are wrong, and how many there are beyond.
    Bad(Vec<RowFault>, usize),
}

/// The files that the section `operations` names: where in the scene, name and kind.
#[must_use]
pub fn named(scene: &Scene) -> Vec<(String, String, Kind)> {
    let Some(config) = &scene.operations else { return Vec::new() };
    let traces = config.workload.iter().enumerate().filter_map(|(index, workload)| match workload {
        Workload::Trace(file) => Some((format!("operations.workload[{index}]"), file.clone(), Kind::Trace)),
        _ => None,
    });
    let whole = std::iter::once(("operations.service".to_owned(), &config.service));
    let rules = config.services.iter().enumerate();
    let rules = rules.map(|(index, rule)| (format!("operations.services[{index}].time"), &rule.time));
    let samples = whole.chain(rules).filter_map(|(at, time)| match time {
        ServiceTime::Empirical(file) => Some((at, file.clone(), Kind::Samples)),
        _ => None,
    });
    traces.chain(samples).filter(|(_, file, _)| !file.is_empty()).collect()
}

/// Looks through a file: what it holds, and the hash of its bytes.
///
/// # Errors
/// With everything that is wrong with it.
pub fn look_through(path: &Path, kind: Kind, capabilities: &Names) -> Result<(Content, [u8; 32]), Refusal> {
    let unreadable = |error: std::io::Error| Refusal::Unreadable(error.to_string());
    let open = || File::open(path).map_err(unreadable);
    // It is read as often as it is played, from any place: a pipe or a device can't be, and may have no end.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(Refusal::Unreadable("this is a device, a pipe or a folder; an ordinary file is wanted".into()));
    }
    let (quotes, beyond) = open_quotes(BufReader::new(open()?), REPORTED).map_err(unreadable)?;
    if !quotes.is_empty() {
        return Err(Refusal::Bad(quotes.into_iter().map(fault_of).collect(), beyond));
    }
    let content = match kind {
        Kind::Trace => {
            check_trace(path, capabilities)?;
            Content::Trace
        }
        Kind::Samples => {
            let samples = read_samples(BufReader::new(open()?), REPORTED);
            Content::Samples(samples.map_err(|(faults, beyond)| Refusal::Bad(faults, beyond))?)
        }
    };
    let digest = digest_of(path).map_err(|error| Refusal::Unreadable(error.to_string()))?;
    Ok((content, digest))
}

/// A quote that is not closed, as a fault of its row.
#[must_use]
pub fn fault_of(quote: OpenQuote) -> RowFault {
    let OpenQuote { byte, line, cell, message, help } = quote;
    RowFault { byte, line, cell, message, help }
}

/// The BLAKE3 hash of a file's bytes.
///
/// # Errors
/// If it can't be read.
pub fn digest_of(path: &Path) -> std::io::Result<[u8; 32]> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(*hasher.finalize().as_bytes())
}

fn check_trace(path: &Path, capabilities: &Names) -> Result<(), Refusal> {
    let mut reader = TraceReader::open(path).map_err(|fault| Refusal::Bad(vec![fault], 0))?;
    let column = reader.capability_column();
    let (mut faults, mut beyond, mut rows) = (Vec::new(), 0, 0_u64);
    while let Some(row) = reader.next_row() {
        rows += 1;
        let found = match row {
            Ok(row) if capabilities.contains(&row.capability) => continue,
            Ok(row) => vec![RowFault {
                byte: row.byte,
                line: row.line,
                cell: column,
                message: format!("no agent has the capability \"{}\"", row.capability),
                help: suggest(&row.capability, capabilities.iter(), "capability"),
            }],
            Err(found) => found,
        };
        for fault in found {
            if faults.len() < REPORTED {
                faults.push(fault);
            } else {
                beyond += 1;
            }
        }
    }
    if rows == 0 && faults.is_empty() {
        let (message, help) = ("the trace has no rows".to_owned(), "write a request per row".to_owned());
        faults.push(RowFault { byte: 0, line: 1, cell: 0, message, help });
    }
    if faults.is_empty() { Ok(()) } else { Err(Refusal::Bad(faults, beyond)) }
}

/// The faults of rows with their places in the text; a text that could not be held has none.
#[must_use]
pub fn located(path: &Path, text: &str, source: SourceId, faults: Vec<RowFault>, beyond: usize) -> Vec<Fault> {
    let mut found: Vec<Fault> = faults
        .into_iter()
        .map(|fault| {
            let span = cell_span(text, fault.byte as usize, fault.cell);
            let message =
                if text.is_empty() { format!("line {}: {}", fault.line, fault.message) } else { fault.message };
            Fault::new(Place { source, span }, message, fault.help)
        })
        .collect();
    if beyond > 0
        && let Some(last) = found.last_mut()
    {
        last.help = format!("{}; {beyond} more values in {} are wrong", last.help, path.display());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusals(text: &str) -> (Vec<(u64, usize, String)>, usize) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("requests.csv");
        std::fs::write(&path, text).unwrap();
        match look_through(&path, Kind::Trace, &vec!["a.b".into(), "a.c".into()].into()) {
            Err(Refusal::Bad(faults, beyond)) => {
                let short = |fault: RowFault| (fault.line, fault.cell, fault.message);
                (faults.into_iter().map(short).collect(), beyond)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn tables_of_other_programs_are_told_for_what_they_are() {
        assert_eq!(refusals("at_s;capability\n1;a.b\n").0[0].2, "the columns are separated by semicolons");
        assert_eq!(refusals("at_s,capability,at_s\n1,a.b,2\n").0[0].2, "there are two columns \"at_s\"");
    }

    #[test]
    fn a_capability_that_nobody_has_is_a_bad_value() {
        let (faults, _) = refusals("at_s,capability\n1,a.b\n2,a.d\n");
        assert_eq!(faults, [(3, 1, "no agent has the capability \"a.d\"".to_owned())]);
        assert_eq!(refusals("at_s,capability\n").0[0].2, "the trace has no rows");
    }

    #[test]
    fn at_most_a_thousand_are_told_and_the_rest_counted() {
        let (faults, beyond) = refusals(&format!("at_s,capability\n{}", "x,a.b\n".repeat(REPORTED + 30)));
        assert_eq!((faults.len(), beyond, faults[19].0), (REPORTED, 30, 21));
    }

    #[test]
    fn faults_stand_where_they_are_in_the_text() {
        let text = "at_s,capability\n1,a.b\noops,a.b\n";
        let fault = RowFault { byte: 22, line: 3, cell: 0, message: "no".into(), help: String::new() };
        let found = located(Path::new("requests.csv"), text, SourceId(0), vec![fault], 4);
        assert_eq!(&text[found[0].place.span.clone()], "oops");
        assert!(found[0].help.contains("4 more"));
    }
}
