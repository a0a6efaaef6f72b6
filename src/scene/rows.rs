//! Agents from CSV files: all bad rows are reported at once, with line and column.

use std::path::Path;

use agent2028_core::agent::AgentRow;
use agent2028_core::table::{self, header_fault};
use bevy::math::Vec2;

use super::report::Fault;
use super::syntax::{Place, SourceId};
use super::traces;

/// How many bad rows of a file are reported; the others are counted.
pub(super) const REPORTED: usize = 1000;
/// The columns that a file may have.
const COLUMNS: [&str; 6] = ["x", "y", "vx", "vy", "health", "capabilities"];

/// Reads the rows of an agents file. `source` is the text's number in reports.
///
/// # Errors
/// With everything that is wrong with the file, each with its place.
pub fn read(path: &Path, text: &str, source: SourceId) -> Result<Vec<AgentRow>, Vec<Fault>> {
    let file = path.display();
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(text.as_bytes());
    let whole = |message: String, help: &str| {
        vec![Fault::new(Place { source, span: 0..text.lines().next().map_or(0, str::len) }, message, help)]
    };
    if let Some(found) = reader.byte_headers().ok().and_then(header_fault) {
        let span = cell_span(text, 0, found.cell);
        return Err(vec![Fault::new(Place { source, span }, format!("{file}: {}", found.message), found.help)]);
    }
    let header = reader
        .headers()
        .map_err(|error| whole(format!("{file}: {error}"), "the first line names the columns"))?
        .clone();
    let column = |name: &str| header.iter().position(|column| column == name);
    for name in &header {
        if !COLUMNS.contains(&name) {
            let help = agent2028_core::schema::suggest(name, COLUMNS, "column");
            return Err(whole(format!("{file} has a column \"{name}\" that means nothing here"), &help));
        }
    }
    let (Some(x), Some(y)) = (column("x"), column("y")) else {
        return Err(whole(
            format!("{file} lacks a column x or y"),
            "the first line names the columns, for example x,y,vx,vy",
        ));
    };
    let (vx, vy, health, capabilities) = (column("vx"), column("vy"), column("health"), column("capabilities"));
    if vx.is_some() != vy.is_some() {
        return Err(whole(format!("{file} has only one of the columns vx and vy"), "give both or neither"));
    }
    let mut rows = Vec::new();
    let mut faults = Vec::new();
    let mut unreported = 0_usize;
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let start = error.position().map_or(0, |position| position.byte() as usize);
                faults.push(Fault::new(
                    Place { source, span: line_at(text, start) },
                    format!("{file}: {error}"),
                    "mend the line",
                ));
                continue;
            }
        };
        let start = record.position().map_or(0, |position| position.byte() as usize);
        let mut report = |index: usize, message: String, help: &str| {
            if faults.len() < REPORTED {
                let span = cell_span(text, start, index);
                faults.push(Fault::new(Place { source, span }, message, help));
            } else {
                unreported += 1;
            }
        };
        if record.len() != header.len() {
            report(
                record.len().saturating_sub(1).min(header.len()),
                format!("this row has {} values, the header names {} columns", record.len(), header.len()),
                "give each row a value per column",
            );
            continue;
        }
        let mut number = |index: usize| -> Option<f32> {
            let cell = record.get(index).unwrap_or_default();
            match cell.parse::<f32>() {
                Ok(number) if number.is_finite() => Some(number),
                Ok(_) => {
                    report(index, format!("\"{cell}\" is not a finite number"), "write an ordinary number");
                    None
                }
                Err(_) => {
                    report(index, format!("\"{cell}\" is not a number"), "write a number such as 12.5");
                    None
                }
            }
        };
        let position = (number(x), number(y));
        let velocity = vx.zip(vy).map(|(vx, vy)| (number(vx), number(vy)));
        let own_health = health.map(|index| (index, number(index)));
        if let Some((index, Some(value))) = own_health
            && !(0.0..=1.0).contains(&value)
        {
            report(index, format!("a health of {value} is out of range"), "the value must be 0 to 1");
        }
        let own: Vec<String> = capabilities
            .and_then(|index| record.get(index))
            .map(|cell| cell.split_whitespace().map(str::to_owned).collect())
            .unwrap_or_default();
        for name in &own {
            if let Err(error) = agent2028_core::agent::parse_pattern(name) {
                report(
                    capabilities.unwrap_or(0),
                    error.to_string(),
                    "write dotted lower-case names separated by spaces",
                );
            }
        }
        if let (Some(x), Some(y)) = position {
            rows.push(AgentRow {
                position: Vec2::new(x, y),
                velocity: velocity.and_then(|(vx, vy)| Some(Vec2::new(vx?, vy?))),
                health: own_health.and_then(|(_, value)| value),
                capabilities: own,
            });
        }
    }
    if unreported > 0
        && let Some(last) = faults.last_mut()
    {
        last.help = format!("{}; {unreported} more values in {file} are wrong", last.help);
    }
    if faults.is_empty() { Ok(rows) } else { Err(faults) }
}

/// Reads the links of a network: pairs of agents by their numbers below `agents`.
///
/// # Errors
/// With everything that is wrong with the file, each with its place.
pub fn read_links(path: &Path, text: &str, source: SourceId, agents: u64) -> Result<Vec<(u32, u32)>, Vec<Fault>> {
    let file = path.display();
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(text.as_bytes());
    let header = Place { source, span: 0..text.lines().next().map_or(0, str::len) };
    if let Some(found) = reader.byte_headers().ok().and_then(header_fault) {
        let span = cell_span(text, 0, found.cell);
        return Err(vec![Fault::new(Place { source, span }, format!("{file}: {}", found.message), found.help)]);
    }
    let columns = reader.headers().ok().and_then(|names| {
        let column = |name: &str| names.iter().position(|column| column == name);
        Some((column("from")?, column("to")?))
    });
    let Some((from, to)) = columns else {
        let help = "the first line names the columns: from,to";
        return Err(vec![Fault::new(header, format!("{file} lacks a column from or to"), help)]);
    };
    let names = reader.headers().cloned().unwrap_or_default();
    if let Some((cell, name)) = names.iter().enumerate().find(|(cell, _)| ![from, to].contains(cell)) {
        let place = Place { source, span: cell_span(text, 0, cell) };
        let help = agent2028_core::schema::suggest(name, ["from", "to"], "column");
        return Err(vec![Fault::new(place, format!("links have no column \"{name}\""), help)]);
    }
    let (mut links, mut faults, mut unreported) = (Vec::new(), Vec::new(), 0_usize);
    for record in reader.records() {
        let Ok(record) = record else {
            // Flexible rows of a text are always read.
            continue;
        };
        let start = record.position().map_or(0, |position| position.byte() as usize);
        // What a row has too much was meant for something: a decimal comma, for example.
        if record.len() > names.len() {
            if faults.len() < REPORTED {
                let place = Place { source, span: cell_span(text, start, names.len()) };
                let message = format!("this row has {} values, the header names {} columns", record.len(), names.len());
                faults.push(Fault::new(place, message, "give each row a value per column"));
            } else {
                unreported += 1;
            }
            continue;
        }
        let mut number = |index: usize| {
            let cell = record.get(index).unwrap_or_default();
            let known = cell.parse::<u32>().ok().filter(|number| u64::from(*number) < agents);
            if known.is_none() {
                if faults.len() < REPORTED {
                    let place = Place { source, span: cell_span(text, start, index) };
                    let help = format!("agents are numbered from 0 to {}", agents.saturating_sub(1));
                    faults.push(Fault::new(place, format!("\"{cell}\" is the number of no agent"), &help));
                } else {
                    unreported += 1;
                }
            }
            known
        };
        if let (Some(from), Some(to)) = (number(from), number(to)) {
            links.push((from, to));
        }
    }
    if unreported > 0
        && let Some(last) = faults.last_mut()
    {
        last.help = format!("{}; {unreported} more values in {file} are wrong", last.help);
    }
    if faults.is_empty() { Ok(links) } else { Err(faults) }
}

/// Whether all quotes of a table are closed in their lines.
///
/// # Errors
/// With those that aren't, each with its place.
pub fn open_quotes(path: &Path, text: &str, source: SourceId) -> Result<(), Vec<Fault>> {
    // A text that is held can be read.
    let (quotes, beyond) = table::open_quotes(text.as_bytes(), REPORTED).unwrap_or_default();
    if quotes.is_empty() {
        return Ok(());
    }
    Err(traces::located(path, text, source, quotes.into_iter().map(traces::fault_of).collect(), beyond))
}

pub(super) fn line_at(text: &str, start: usize) -> std::ops::Range<usize> {
    let start = start.min(text.len());
    let end = text.get(start..).and_then(|rest| rest.find(['\n', '\r'])).map_or(text.len(), |end| start + end);
    start..end
}

/// The bytes of the `index`-th cell of the row that starts at `start` (quoted cells count their quotes).
pub(super) fn cell_span(text: &str, start: usize, index: usize) -> std::ops::Range<usize> {
    let line = line_at(text, start);
    let Some(row) = text.get(line.clone()) else {
        return line;
    };
    let mut from = 0;
    let mut quoted = false;
    let mut cell = 0;
    for (at, character) in row.char_indices() {
        match character {
            '"' => quoted = !quoted,
            ',' if !quoted => {
                if cell == index {
                    return line.start + from..line.start + at;
                }
                cell += 1;
                from = at + 1;
            }
            _ => {}
        }
    }
    line.start + from..line.end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Vec<AgentRow>, Vec<Fault>> {
        read(Path::new("agents.csv"), text, SourceId(0))
    }

    #[test]
    fn rows_become_agents() {
        let rows = read_text("x,y,vx,vy,health,capabilities\n1, 2,3,4,0.5,a.b c\n-1,0,0,0,1,\n").unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].velocity, Some(Vec2::new(3.0, 4.0)));
        assert_eq!(rows[0].capabilities, ["a.b", "c"]);
    }

    #[test]
    fn rows_become_links_and_bad_numbers_are_reported_with_their_place() {
        let read = |text: &str| read_links(Path::new("links.csv"), text, SourceId(0), 5);
        assert_eq!(read("to,from\n1,0\n4, 2\n").unwrap(), [(0, 1), (2, 4)]);
        let text = "from,to\n0,5\nx,1\n2\n";
        let faults = read(text).unwrap_err();
        let found: Vec<&str> = faults.iter().map(|fault| &text[fault.place.span.clone()]).collect();
        assert_eq!(found.len(), 3);
        assert_eq!(found[..2], ["5", "x"]);
        assert!(read("a,b\n").is_err());
        let text = "from,to\n1,2,3\n";
        let faults = read(text).unwrap_err();
        assert_eq!((&text[faults[0].place.span.clone()], faults.len()), ("3", 1));
        let text = "from,to,weight\n1,2,3\n";
        assert_eq!(&text[read(text).unwrap_err()[0].place.span.clone()], "weight");
    }

    #[test]
    fn every_bad_value_is_reported_with_its_place() {
        let text = "x,y,health\n1,2,0.5\noops,2,7\n1,inf,1\n1,2\n";
        let faults = read_text(text).unwrap_err();
        let found: Vec<&str> = faults.iter().map(|fault| &text[fault.place.span.clone()]).collect();
        assert_eq!(found, ["oops", "7", "inf", "2"]);
    }

    #[test]
    fn at_most_a_thousand_values_are_reported_and_the_rest_counted() {
        let text = format!("x,y\n{}", "a,1\n".repeat(1030));
        let faults = read_text(&text).unwrap_err();
        assert_eq!(faults.len(), REPORTED);
        assert!(faults[REPORTED - 1].help.contains("30 more"));
    }

    #[test]
    fn tables_of_other_programs_are_told_for_what_they_are() {
        for (text, message, span) in [
            ("x;y\n1;2\n", "separated by semicolons", 0..3),
            ("x\ty\n1\t2\n", "separated by tabs", 0..3),
            ("x,y,x\n1,2,3\n", "two columns \"x\"", 4..5),
        ] {
            let fault = &read_text(text).unwrap_err()[0];
            assert!(fault.message.contains(message) && fault.place.span == span, "{fault:?}");
        }
        let faults = read_links(Path::new("links.csv"), "from;to\n0;1\n", SourceId(0), 5).unwrap_err();
        assert!(faults[0].message.contains("semicolons"), "{faults:?}");
        assert_eq!(read_text("\u{feff}x,y\n1,2\n").unwrap().len(), 1);
    }

    #[test]
    fn a_wrong_column_is_named_with_a_suggestion() {
        let faults = read_text("x,y,helth\n1,2,3\n").unwrap_err();
        assert!(faults[0].help.contains("health"), "{faults:?}");
    }
}
