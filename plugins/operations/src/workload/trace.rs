//! Requests and service times from CSV files. A trace is read row by row: however long it is, one row is in memory.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use agent2028_core::agent::parse_pattern;
use agent2028_core::check::suggest;
use agent2028_core::rng::Purpose;
use agent2028_core::table::{RowFault, header_fault, unlike_the_header};
use csv::{Position, StringRecord};

use crate::index::spread;

/// The columns that a trace may have.
const COLUMNS: [&str; 6] = ["at_s", "capability", "kind", "key", "priority", "service_ms"];

/// A request of a trace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TraceRow {
    /// When, in simulated seconds.
    pub at_s: f64,
    /// The capability.
    pub capability: String,
    /// The kind of operation; empty: the capability.
    pub kind: String,
    /// The key.
    pub key: u64,
    /// 1–10.
    pub priority: u8,
    /// How long an agent in perfect health works on it, in milliseconds, if the trace says so.
    pub service_ms: Option<f32>,
    /// Where the row begins in the file.
    pub byte: u64,
    /// The line, from 1.
    pub line: u64,
}

/// Reads a trace row by row.
#[derive(Debug)]
pub struct TraceReader<R = BufReader<File>> {
    reader: csv::Reader<R>,
    columns: [Option<usize>; COLUMNS.len()],
    width: usize,
    record: StringRecord,
    last_at: f64,
    ahead: Option<TraceRow>,
}

impl TraceReader {
    /// Opens a file.
    ///
    /// # Errors
    /// If it can't be read or its header isn't that of a trace.
    pub fn open(path: &Path) -> Result<Self, RowFault> {
        let file = File::open(path)
            .map_err(|error| RowFault::new(0, 1, 0, error.to_string(), "the path is relative to the scene"))?;
        Self::new(BufReader::with_capacity(1 << 16, file))
    }
}

impl<R: Read + Seek> TraceReader<R> {
    /// Reads from anywhere.
    ///
    /// # Errors
    /// If the header isn't that of a trace.
    pub fn new(read: R) -> Result<Self, RowFault> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(read);
        if let Some(found) = reader.byte_headers().ok().and_then(header_fault) {
            return Err(RowFault::new(0, 1, found.cell, found.message, found.help));
        }
        let header = reader
            .headers()
            .map_err(|error| RowFault::new(0, 1, 0, error.to_string(), "the first line names the columns"))?
            .clone();
        for (cell, name) in header.iter().enumerate() {
            if !COLUMNS.contains(&name) {
                let help = suggest(name, COLUMNS, "column");
                return Err(RowFault::new(0, 1, cell, format!("a trace has no column \"{name}\""), help));
            }
        }
        let columns = COLUMNS.map(|name| header.iter().position(|column| column == name));
        for needed in [0, 1] {
            if columns[needed].is_none() {
                let message = format!("the trace lacks the column {}", COLUMNS[needed]);
                return Err(RowFault::new(
                    0,
                    1,
                    0,
                    message,
                    "the first line names the columns, for example at_s,capability",
                ));
            }
        }
        Ok(Self { reader, columns, width: header.len(), record: StringRecord::new(), last_at: 0.0, ahead: None })
    }

    /// Which cell of a row names the capability, from 0.
    #[must_use]
    pub fn capability_column(&self) -> usize {
        self.columns[1].unwrap_or(0)
    }

    /// Goes on with the row that begins at a byte, at or after `at_s`.
    ///
    /// # Errors
    /// If the file can't be read there.
    pub fn seek(&mut self, byte: u64, at_s: f64) -> Result<(), RowFault> {
        let mut position = Position::new();
        position.set_byte(byte);
        self.last_at = at_s;
        self.ahead = None;
        self.reader
            .seek(position)
            .map_err(|error| RowFault::new(byte, 0, 0, error.to_string(), "the file must stay as it was"))
    }

    /// The next row; nothing at the end.
    ///
    /// # Errors
    /// With everything that is wrong with the row; the one after it can still be read.
    pub fn next_row(&mut self) -> Option<Result<TraceRow, Vec<RowFault>>> {
        if let Some(row) = self.ahead.take() {
            return Some(Ok(row));
        }
        let before = self.reader.position().clone();
        match self.reader.read_record(&mut self.record) {
            Ok(false) => return None,
            Ok(true) => {}
            Err(error) => {
                let at = error.position().unwrap_or(&before);
                return Some(Err(vec![RowFault::new(at.byte(), at.line(), 0, error.to_string(), "mend the line")]));
            }
        }
        let (byte, line) = self.record.position().map_or((0, 0), |position| (position.byte(), position.line()));
        if self.record.len() != self.width {
            let cell = self.record.len().saturating_sub(1).min(self.width);
            let message = unlike_the_header(self.record.len(), self.width);
            return Some(Err(vec![RowFault::new(byte, line, cell, message, "give each row a value per column")]));
        }
        let mut faults = Vec::new();
        let row = self.parse(byte, line, &mut faults);
        Some(if faults.is_empty() { Ok(row) } else { Err(faults) })
    }

    /// Where in the file the next row begins and when it comes; nothing at the end, and before a bad row.
    pub fn peek(&mut self) -> Option<(u64, f64)> {
        if self.ahead.is_none() {
            self.ahead = self.next_row()?.ok();
        }
        self.ahead.as_ref().map(|row| (row.byte, row.at_s))
    }

    fn parse(&mut self, byte: u64, line: u64, faults: &mut Vec<RowFault>) -> TraceRow {
        let record = &self.record;
        let cell = |column: usize| self.columns[column].and_then(|at| Some((at, record.get(at)?)));
        let mut bad =
            |at: usize, message: String, help: &str| faults.push(RowFault::new(byte, line, at, message, help));
        let mut row = TraceRow { priority: 5, byte, line, ..TraceRow::default() };
        if let Some((at, text)) = cell(0) {
            match text.parse::<f64>() {
                Ok(seconds) if seconds.is_finite() && seconds >= self.last_at => row.at_s = seconds,
                Ok(seconds) if seconds.is_finite() && seconds >= 0.0 => {
                    bad(
                        at,
                        format!("{seconds} s comes after {} s", self.last_at),
                        "the rows must be in the order of time",
                    );
                }
                Ok(seconds) => {
                    bad(at, format!("{seconds} is no time"), "write seconds from the start on, such as 12.5");
                }
                Err(_) => bad(at, format!("\"{text}\" is not a number"), "write seconds such as 12.5"),
            }
        }
        if let Some((at, text)) = cell(1) {
            match parse_pattern(text) {
                Ok((_, false)) => text.clone_into(&mut row.capability),
                _ => bad(at, format!("\"{text}\" is not a capability"), "write dotted lower-case names"),
            }
        }
        if let Some((_, text)) = cell(2) {
            text.clone_into(&mut row.kind);
        }
        if let Some((_, text)) = cell(3) {
            row.key = text.parse().unwrap_or_else(|_| key_of(text));
        }
        if let Some((at, text)) = cell(4).filter(|(_, text)| !text.is_empty()) {
            match text.parse::<u8>() {
                Ok(priority @ 1..=10) => row.priority = priority,
                _ => bad(at, format!("\"{text}\" is not a priority"), "write a whole number from 1 to 10"),
            }
        }
        if let Some((at, text)) = cell(5).filter(|(_, text)| !text.is_empty()) {
            match text.parse::<f32>() {
                Ok(ms) if (0.0..=1e9).contains(&ms) => row.service_ms = Some(ms),
                _ => bad(at, format!("\"{text}\" is not a service time"), "write milliseconds such as 20"),
            }
        }
        if faults.is_empty() {
            self.last_at = row.at_s;
        }
        row
    }
}

/// The key that a text stands for.
fn key_of(text: &str) -> u64 {
    text.bytes().fold(spread(text.len() as u64), |key, byte| spread(key ^ u64::from(byte)))
}

/// Reads service times in milliseconds from the column `ms`.
///
/// # Errors
/// With the first `most` things that are wrong, and how many there are beyond.
pub fn read_samples(read: impl Read, most: usize) -> Result<Vec<f32>, (Vec<RowFault>, usize)> {
    let whole = |message: String, help: &str| (vec![RowFault::new(0, 1, 0, message, help)], 0);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(read);
    if let Some(found) = reader.byte_headers().ok().and_then(header_fault) {
        return Err((vec![RowFault::new(0, 1, found.cell, found.message, found.help)], 0));
    }
    let header = reader.headers().map_err(|error| whole(error.to_string(), "the first line names the columns"))?;
    let Some(column) = header.iter().position(|name| name == "ms") else {
        return Err(whole("there is no column \"ms\"".into(), "the first line names the columns"));
    };
    let width = header.len();
    let (mut samples, mut faults, mut beyond) = (Vec::new(), Vec::new(), 0);
    for record in reader.records() {
        let problem = match record {
            Ok(record) => {
                let (byte, line) = record.position().map_or((0, 0), |position| (position.byte(), position.line()));
                let text = record.get(column).unwrap_or_default();
                match text.parse::<f32>() {
                    // What a row has too much was meant for something: a decimal comma, for example.
                    _ if record.len() > width => {
                        let message = unlike_the_header(record.len(), width);
                        RowFault::new(byte, line, width, message, "give each row a value per column")
                    }
                    Ok(ms) if (0.0..=1e9).contains(&ms) => {
                        samples.push(ms);
                        continue;
                    }
                    _ => RowFault::new(
                        byte,
                        line,
                        column,
                        format!("\"{text}\" is not a service time"),
                        "write milliseconds such as 20",
                    ),
                }
            }
            Err(error) => {
                let (byte, line) = error.position().map_or((0, 0), |position| (position.byte(), position.line()));
                RowFault::new(byte, line, 0, error.to_string(), "mend the line")
            }
        };
        if faults.len() < most {
            faults.push(problem);
        } else {
            beyond += 1;
        }
    }
    match faults.is_empty() {
        true if samples.is_empty() => Err(whole("there are no rows".into(), "write a time in milliseconds per row")),
        true => Ok(samples),
        false => Err((faults, beyond)),
    }
}

/// The purpose of the numbers that sources draw.
pub(super) const ARRIVAL: Purpose = Purpose::new("operations.arrival");

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn rows(text: &str) -> Vec<Result<TraceRow, Vec<RowFault>>> {
        let mut reader = TraceReader::new(Cursor::new(text)).unwrap();
        std::iter::from_fn(|| reader.next_row()).collect()
    }

    #[test]
    fn rows_become_requests() {
        let read = rows("at_s,capability,key,priority,service_ms\n0.5,a.b,7,9,20\n0.5,a.c,shop,,\n");
        let first = read[0].as_ref().unwrap();
        assert_eq!((first.at_s, first.capability.as_str(), first.key, first.priority), (0.5, "a.b", 7, 9));
        assert_eq!(first.service_ms, Some(20.0));
        let second = read[1].as_ref().unwrap();
        assert_eq!((second.priority, second.service_ms), (5, None));
        assert_eq!(second.key, key_of("shop"));
    }

    #[test]
    fn every_bad_value_is_told_with_its_line_and_cell() {
        let text = "at_s,capability,priority\n1,a.b,5\nx,A,11\n0.5,a.b,1\n2,a\n3,a.b,1\n";
        let faults: Vec<(u64, usize)> =
            rows(text).into_iter().filter_map(Result::err).flatten().map(|fault| (fault.line, fault.cell)).collect();
        assert_eq!(faults, [(3, 0), (3, 1), (3, 2), (4, 0), (5, 1)]);
        assert!(rows(text).last().unwrap().is_ok(), "what comes after a bad row is read");
    }

    #[test]
    fn a_wrong_header_is_named() {
        let wrong = |text: &str| TraceReader::new(Cursor::new(text.to_owned())).unwrap_err();
        assert!(wrong("at_s,capabilty\n").help.contains("capability"));
        assert!(wrong("at_s\n1\n").message.contains("capability"));
    }

    #[test]
    fn reading_goes_on_where_it_was() {
        let text = "at_s,capability\n1,a\n2,b\n3,c\n";
        let second = rows(text)[1].clone().unwrap();
        let mut reader = TraceReader::new(Cursor::new(text)).unwrap();
        reader.seek(second.byte, 1.0).unwrap();
        let rest: Vec<f64> = std::iter::from_fn(|| reader.next_row()).map(|row| row.unwrap().at_s).collect();
        assert_eq!(rest, [2.0, 3.0]);
    }

    #[test]
    fn service_times_are_read_and_wrong_ones_counted() {
        assert_eq!(read_samples("ms\n1\n2.5\n".as_bytes(), 20), Ok(vec![1.0, 2.5]));
        let (faults, beyond) = read_samples(format!("ms\n{}", "x\n".repeat(30)).as_bytes(), 20).unwrap_err();
        assert_eq!((faults.len(), beyond, faults[0].line), (20, 10, 2));
        assert!(read_samples("s\n1\n".as_bytes(), 20).is_err());
        assert!(read_samples("ms\n".as_bytes(), 20).is_err());
        let (faults, _) = read_samples("ms\n1\n1,2\n".as_bytes(), 20).unwrap_err();
        assert_eq!((faults[0].line, faults[0].cell), (3, 1));
        assert_eq!(faults[0].message, "this row has 2 values, the header names 1 column");
    }
}
