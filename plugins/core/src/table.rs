//! Reading tables that other programs wrote: other separators, other encodings, and columns that stand there twice.

use std::collections::BTreeSet;
use std::io::{BufRead, Read};

use csv::StringRecord;

use crate::check::suggest;

/// Something that is wrong with the first line of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderFault {
    /// Which cell of the line, from 0.
    pub cell: usize,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: String,
}

/// Whether bytes are the beginning of a text in UTF-16, which spreadsheets call Unicode.
#[must_use]
pub fn is_utf16(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) || bytes.iter().take(2).any(|byte| *byte == 0)
}

/// What to do about a table in UTF-16.
pub const SAVE_AS_UTF8: &str = "save it as UTF-8 (spreadsheets call that CSV UTF-8)";

/// Why bytes are no text: what they seem to be, and where the first place is that can't be read.
///
/// # Errors
/// If they are not UTF-8.
pub fn utf8(bytes: Vec<u8>) -> Result<String, String> {
    if is_utf16(&bytes) {
        return Err("the file is UTF-16 text, not UTF-8".into());
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let line_begin = bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let line = 1 + bytes[..at].iter().filter(|byte| **byte == b'\n').count();
        let column = 1 + String::from_utf8_lossy(&bytes[line_begin..at]).chars().count();
        let byte = bytes.get(at).copied().unwrap_or_default();
        format!("the file is not UTF-8 text, perhaps Latin-1: byte 0x{byte:02X} in line {line}, column {column}")
    })
}

/// Looks for what people's tables have that is no comma-separated UTF-8 with a name per column, in the cells of the first line as
/// they are between commas.
#[must_use]
pub fn header_fault<'c>(cells: impl IntoIterator<Item = &'c [u8]>) -> Option<HeaderFault> {
    let cells: Vec<&[u8]> = cells.into_iter().collect();
    let fault = |cell, message: String, help: &str| Some(HeaderFault { cell, message, help: help.into() });
    if cells.first().is_some_and(|first| is_utf16(first)) {
        return fault(0, "the table is UTF-16 text".into(), SAVE_AS_UTF8);
    }
    if let [only] = cells.as_slice() {
        for (byte, name) in [(b';', "semicolons"), (b'\t', "tabs"), (b'|', "vertical bars")] {
            if only.contains(&byte) {
                let help = "separate the columns with commas, and write decimals with a point";
                return fault(0, format!("the columns are separated by {name}"), help);
            }
        }
    }
    let mut seen = BTreeSet::new();
    let twice = cells.iter().position(|name| !name.is_empty() && !seen.insert(*name))?;
    let name = String::from_utf8_lossy(cells[twice]);
    fault(twice, format!("there are two columns \"{name}\""), "remove one of them, or give it another name")
}

/// Something that is wrong with a row of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    /// Where the row begins in the file.
    pub byte: u64,
    /// The line, from 1.
    pub line: u64,
    /// Which cell of the row, from 0.
    pub cell: usize,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: String,
}

/// Where between quotes a reader of a table is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// At the beginning of a value, where a quote opens it.
    Beginning,
    /// In a value without quotes, or behind its closing quote.
    Plain,
    /// Between quotes.
    Quoted,
    /// Behind a quote that closes, or stands for one if another follows.
    Closing,
}

impl RowFault {
    /// A fault in a cell of a row.
    #[must_use]
    pub fn new(byte: u64, line: u64, cell: usize, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { byte, line, cell, message: message.into(), help: help.into() }
    }
}

/// Reads a table of rows below a line that names its columns.
#[derive(Debug)]
pub struct TableReader<R> {
    reader: csv::Reader<R>,
    /// Which cell of a row is that of a column that may be there.
    cells: Vec<Option<usize>>,
    width: usize,
    needs_whole_rows: bool,
    record: StringRecord,
}

impl<R: Read> TableReader<R> {
    /// Reads the first line of a table of `what`, such as links, which may have these columns; the first `needed` must be there.
    ///
    /// # Errors
    /// If the first line doesn't name them.
    pub fn new(read: R, what: &str, columns: &[&str], needed: usize) -> Result<Self, RowFault> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(read);
        if let Some(found) = reader.byte_headers().ok().and_then(header_fault) {
            return Err(RowFault::new(0, 1, found.cell, found.message, found.help));
        }
        let header = reader
            .headers()
            .map_err(|error| RowFault::new(0, 1, 0, error.to_string(), "the first line names the columns"))?;
        for (cell, name) in header.iter().enumerate() {
            if !columns.contains(&name) {
                let help = suggest(name, columns.iter().copied(), "column");
                return Err(RowFault::new(0, 1, cell, format!("{what} have no column \"{name}\""), help));
            }
        }
        let cells: Vec<_> = columns.iter().map(|name| header.iter().position(|column| column == *name)).collect();
        let missing = columns.iter().zip(&cells).take(needed).find(|(_, cell)| cell.is_none());
        if let Some((name, _)) = missing {
            let help = format!("the first line names the columns, for example {}", columns.join(","));
            return Err(RowFault::new(0, 1, 0, format!("there is no column \"{name}\""), help));
        }
        let width = header.len();
        Ok(Self { reader, cells, width, needs_whole_rows: false, record: StringRecord::new() })
    }

    /// The same, where a row with fewer values than there are columns is at fault as a whole.
    #[must_use]
    pub fn with_whole_rows(self) -> Self {
        Self { needs_whole_rows: true, ..self }
    }

    /// Whether the table has a column.
    #[must_use]
    pub fn has(&self, column: usize) -> bool {
        self.cells.get(column).is_some_and(Option::is_some)
    }

    /// The next row; nothing at the end.
    pub fn next_row(&mut self) -> Option<Result<Row<'_>, RowFault>> {
        match self.reader.read_record(&mut self.record) {
            Ok(false) => return None,
            Ok(true) => {}
            Err(error) => {
                let (byte, line) = error.position().map_or((0, 0), |position| (position.byte(), position.line()));
                return Some(Err(RowFault::new(byte, line, 0, error.to_string(), "mend the line")));
            }
        }
        let (byte, line) = self.record.position().map_or((0, 1), |position| (position.byte(), position.line()));
        let row = Row { byte, line, cells: &self.cells, record: &self.record };
        let (found, width) = (self.record.len(), self.width);
        // What a row has too much was meant for something: a decimal comma, for example.
        if found > width || (found < width && self.needs_whole_rows) {
            let cell = if found > width { width } else { found.saturating_sub(1) };
            let message = unlike_the_header(found, width);
            return Some(Err(RowFault::new(byte, line, cell, message, "give each row a value per column")));
        }
        Some(Ok(row))
    }
}

/// A row of a table.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    byte: u64,
    line: u64,
    cells: &'a [Option<usize>],
    record: &'a StringRecord,
}

impl<'a> Row<'a> {
    /// What stands in a column; nothing if the table doesn't have it or the row ends before.
    #[must_use]
    pub fn get(&self, column: usize) -> Option<&'a str> {
        self.record.get((*self.cells.get(column)?)?)
    }

    /// That something is wrong with what stands in a column.
    #[must_use]
    pub fn fault(&self, column: usize, message: impl Into<String>, help: impl Into<String>) -> RowFault {
        let cell = self.cells.get(column).copied().flatten().unwrap_or(0);
        RowFault::new(self.byte, self.line, cell, message, help)
    }
}

/// Looks for quotes that open a value and aren't closed in their line, so that what follows would be taken for more of the value,
/// down to the next quote or to the end of the file: the first `most`, and how many there are beyond. No table that is read here
/// has values with line breaks in them.
///
/// # Errors
/// If the table can't be read.
pub fn open_quotes(mut table: impl BufRead, most: usize) -> std::io::Result<(Vec<RowFault>, usize)> {
    let (mut found, mut beyond) = (Vec::new(), 0);
    let (mut begin, mut byte, mut line, mut cell, mut within) = (0, 0, 1, 0, Within::Beginning);
    if is_utf16(table.fill_buf()?) {
        // It is refused for what it is.
        return Ok((found, beyond));
    }
    let mut end_line = |begin: u64, line: u64, cell: usize, within: Within| {
        if within != Within::Quoted {
            return;
        }
        if found.len() == most {
            beyond += 1;
            return;
        }
        let help = "close it in the same line, or remove it; a quote within quotes is written twice";
        found.push(RowFault::new(begin, line, cell, "this quote is never closed", help));
    };
    loop {
        let piece = table.fill_buf()?;
        if piece.is_empty() {
            break;
        }
        for &next in piece {
            byte += 1;
            within = match (within, next) {
                (_, b'\n' | b'\r') => {
                    end_line(begin, line, cell, within);
                    (begin, cell, line) = (byte, 0, line + u64::from(next == b'\n'));
                    Within::Beginning
                }
                (Within::Quoted, b'"') => Within::Closing,
                (Within::Beginning | Within::Closing, b'"') | (Within::Quoted, _) => Within::Quoted,
                (_, b',') => {
                    cell += 1;
                    Within::Beginning
                }
                _ => Within::Plain,
            };
        }
        let read = piece.len();
        table.consume(read);
    }
    end_line(begin, line, cell, within);
    Ok((found, beyond))
}

/// A count and what is counted: "1 value", "2 values".
#[must_use]
pub fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// What is wrong with a row that has another number of values than the header has columns.
#[must_use]
pub fn unlike_the_header(found: usize, width: usize) -> String {
    let (values, columns) = (counted(found, "value", "values"), counted(width, "column", "columns"));
    format!("this row has {values}, the header names {columns}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(header: &[u8]) -> Option<(usize, String)> {
        header_fault(header.split(|byte| *byte == b',')).map(|fault| (fault.cell, fault.message))
    }

    #[test]
    fn quotes_that_are_not_closed_in_their_line_are_found() {
        let found = |text: &str| {
            let (found, _) = open_quotes(text.as_bytes(), 20).unwrap();
            found.into_iter().map(|quote| (quote.byte, quote.line, quote.cell)).collect::<Vec<_>>()
        };
        // Closed, doubled, empty, behind which something stands, and in the middle of a value, where they are letters.
        assert_eq!(found("a,b\n\"x, y\",\"say \"\"hi\"\"\"\r\n\"\",\"x\"y\n5\" pipe,2\n"), []);
        // Without a line break at the end, and with more quotes that would close it.
        assert_eq!(found("x,y\n1,\"2"), [(4, 2, 1)]);
        assert_eq!(found("x,y\n1,\"2\n\"3,4\n5,6\n"), [(4, 2, 1), (9, 3, 0)]);
        assert_eq!(found("x,y\r\n\"\"\",4\r\n"), [(5, 2, 0)]);
        assert_eq!(found("x,\"y\n1,2\n"), [(0, 1, 1)]);
        let (shown, beyond) = open_quotes("\"\n".repeat(50).as_bytes(), 20).unwrap();
        assert_eq!((shown.len(), beyond), (20, 30));
        // However the text falls into pieces.
        let text = "x,y\n\"a\"\"b\",\"2\n3,4\n";
        let pieces = std::io::BufReader::with_capacity(1, text.as_bytes());
        assert_eq!(open_quotes(pieces, 20).unwrap().0[0].cell, 1);
    }

    #[test]
    fn each_trouble_is_told_for_what_it_is() {
        assert_eq!(told(b"x,y,health"), None);
        assert_eq!(told(b"x;y;health"), Some((0, "the columns are separated by semicolons".into())));
        assert_eq!(told(b"x\ty"), Some((0, "the columns are separated by tabs".into())));
        assert_eq!(told(b"x,y,x"), Some((2, "there are two columns \"x\"".into())));
        let utf16 = |order: fn(u16) -> [u8; 2], text: &str| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        for text in [
            utf16(u16::to_le_bytes, "\u{feff}x,y"),
            utf16(u16::to_be_bytes, "\u{feff}x"),
            utf16(u16::to_le_bytes, "x,y"),
        ] {
            assert_eq!(told(&text), Some((0, "the table is UTF-16 text".into())));
        }
        // The mark that some programs put before UTF-8 is none of this.
        assert_eq!(told("\u{feff}x,y".as_bytes()), None);
    }
}
