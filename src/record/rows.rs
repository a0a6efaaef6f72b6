//! Files of rows, a line each, in ascending order of ticks: appended to as the run goes on, cut when it goes back.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use agent2028_core::whole_file::open_ordinary;

use super::{RecordError, io_error};

/// So many bytes a row may have. What is longer is none, and is not held in memory.
const LONGEST_ROW: u64 = 1 << 26;

/// How a row tells its tick; `None` for a row that tells none.
pub type TickOf = fn(&str) -> Option<u64>;

/// The tick of a row of comma-separated values: its first cell.
#[must_use]
pub fn csv_tick(row: &str) -> Option<u64> {
    row.split(',').next()?.parse().ok()
}

/// Writes texts as one row of comma-separated values (RFC 4180), with quotes where they are needed.
#[must_use]
pub fn csv_row<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let quoted = |cell: &str| {
        let needs = cell.contains([',', '"', '\n', '\r']);
        if needs { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
    };
    cells.into_iter().map(quoted).collect::<Vec<_>>().join(",")
}

/// A file of rows, open for appending.
#[derive(Debug)]
pub struct RowFile {
    path: PathBuf,
    tick_of: TickOf,
    header_lines: usize,
    writer: BufWriter<File>,
}

impl RowFile {
    /// Begins a file, with a header if it has one.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn create(path: &Path, header: Option<&str>, tick_of: TickOf) -> Result<Self, RecordError> {
        File::create(path).map_err(io_error(path))?;
        // Appending writes at the end wherever that is: a cut may move it.
        let file = OpenOptions::new().append(true).open(path).map_err(io_error(path))?;
        let mut rows =
            Self { path: path.into(), tick_of, header_lines: header.map_or(0, lines_of), writer: BufWriter::new(file) };
        if let Some(header) = header {
            rows.push(header)?;
        }
        rows.flush()?;
        Ok(rows)
    }

    /// Opens a file to go on after `tick`: later rows, and a torn one, are cut off. A file that is missing begins empty.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn resume(path: &Path, header: Option<&str>, tick_of: TickOf, tick: u64) -> Result<Self, RecordError> {
        if !path.exists() {
            return Self::create(path, header, tick_of);
        }
        let writer = OpenOptions::new().append(true).open(path).map(BufWriter::new).map_err(io_error(path))?;
        let mut rows = Self { path: path.into(), tick_of, header_lines: header.map_or(0, lines_of), writer };
        rows.cut(tick)?;
        if let Some(header) = header
            && path.metadata().map_err(io_error(path))?.len() == 0
        {
            // It was torn.
            rows.push(header)?;
            rows.flush()?;
        }
        Ok(rows)
    }

    /// Appends a row (without its line break).
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn push(&mut self, row: &str) -> Result<(), RecordError> {
        self.writer.write_all(row.as_bytes()).and_then(|()| self.writer.write_all(b"\n")).map_err(io_error(&self.path))
    }

    /// Cuts off the rows after `tick`, and a torn one.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn cut(&mut self, tick: u64) -> Result<(), RecordError> {
        self.flush()?;
        let file = File::open(&self.path).map_err(io_error(&self.path))?;
        let length = file.metadata().map_err(io_error(&self.path))?.len();
        let kept = prefix(BufReader::new(file), self.header_lines, self.tick_of, tick).map_err(io_error(&self.path))?;
        if kept < length {
            let cut = || -> std::io::Result<()> {
                let file = OpenOptions::new().write(true).open(&self.path)?;
                file.set_len(kept)?;
                file.sync_data()
            };
            cut().map_err(io_error(&self.path))?;
        }
        Ok(())
    }

    /// Hands all rows to the system: another program sees them, and a kill of this one loses none.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn flush(&mut self) -> Result<(), RecordError> {
        self.writer.flush().map_err(io_error(&self.path))
    }

    /// Brings all rows to the disk: a crash of the machine loses none.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn sync(&mut self) -> Result<(), RecordError> {
        self.flush()?;
        self.writer.get_ref().sync_data().map_err(io_error(&self.path))
    }
}

/// How many lines a row takes: a name in quotes may hold line breaks.
fn lines_of(row: &str) -> usize {
    row.matches('\n').count() + 1
}

/// The length in bytes of the header and the whole rows up to `tick`.
fn prefix(mut file: impl BufRead, header_lines: usize, tick_of: TickOf, tick: u64) -> std::io::Result<u64> {
    let (mut kept, mut number, mut line) = (0, 0, Vec::new());
    loop {
        line.clear();
        let bytes = file.read_until(b'\n', &mut line)?;
        if !line.ends_with(b"\n") {
            return Ok(kept);
        }
        let row = std::str::from_utf8(&line[..bytes - 1]).ok();
        let within = number < header_lines || row.and_then(tick_of).is_some_and(|at| at <= tick);
        if !within {
            return Ok(kept);
        }
        kept += bytes as u64;
        number += 1;
    }
}

/// The header of a file of comma-separated values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The names of the columns.
    pub names: Vec<String>,
    /// How many lines of the file it takes.
    pub lines: usize,
}

/// The header of a file of comma-separated values; no names if it was torn.
///
/// # Errors
/// If the file can't be read.
pub fn header(path: &Path) -> Result<Header, RecordError> {
    let file = BufReader::new(open_ordinary(path).map_err(io_error(path))?);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(file);
    let mut record = csv::StringRecord::new();
    let is_there = reader.read_record(&mut record).map_err(|error| RecordError::Content {
        path: path.display().to_string(),
        line: Some(1),
        message: error.to_string(),
    })?;
    // The reader stands behind the header, on the line after it.
    let lines = (reader.position().line() as usize).saturating_sub(1);
    if !is_there || lines == 0 {
        return Ok(Header { names: Vec::new(), lines: 1 });
    }
    Ok(Header { names: record.iter().map(str::to_owned).collect(), lines })
}

/// Reads the whole rows of a file after its header, with their line numbers from 1; a torn last line is passed over.
///
/// # Errors
/// If the file can't be read, or what `each` says.
pub fn read(
    path: &Path,
    header_lines: usize,
    mut each: impl FnMut(usize, &str) -> Result<(), RecordError>,
) -> Result<(), RecordError> {
    let mut file = BufReader::new(open_ordinary(path).map_err(io_error(path))?);
    let (mut number, mut line) = (0, String::new());
    loop {
        line.clear();
        let length = (&mut file).take(LONGEST_ROW).read_line(&mut line).map_err(io_error(path))?;
        let Some(row) = line.strip_suffix('\n') else {
            let message = format!("the line is longer than {LONGEST_ROW} bytes, as no row is");
            let (path, line) = (path.display().to_string(), Some(number + 1));
            return if length as u64 == LONGEST_ROW {
                Err(RecordError::Content { path, line, message })
            } else {
                Ok(())
            };
        };
        number += 1;
        if number > header_lines {
            each(number, row)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_after_the_tick_and_torn_rows_are_cut_off() {
        let text = "tick,a\n1,2\n2,3\n3,4\n4,";
        let kept = |tick| &text[..prefix(text.as_bytes(), 1, csv_tick, tick).unwrap() as usize];
        assert_eq!(kept(2), "tick,a\n1,2\n2,3\n");
        assert_eq!(kept(9), "tick,a\n1,2\n2,3\n3,4\n");
        assert_eq!(kept(0), "tick,a\n");
    }

    #[test]
    fn names_with_commas_quotes_and_line_breaks_are_one_header() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv");
        let names = ["tick", "a,b", "the \"best\"", "two\nlines", "plain"];
        let header_row = csv_row(names);
        let mut rows = RowFile::create(&path, Some(&header_row), csv_tick).unwrap();
        (1..=3).for_each(|tick| rows.push(&format!("{tick},1,2,3,4")).unwrap());
        rows.cut(2).unwrap();
        rows.sync().unwrap();
        let found = header(&path).unwrap();
        assert_eq!((found.names, found.lines), (names.map(str::to_owned).to_vec(), 2));
        let mut seen = Vec::new();
        let mut note = |_, row: &str| {
            seen.push(row.to_owned());
            Ok(())
        };
        read(&path, found.lines, &mut note).unwrap();
        assert_eq!(seen, ["1,1,2,3,4", "2,1,2,3,4"]);
        // What another program makes of it (RFC 4180).
        let mut reader = csv::Reader::from_path(&path).unwrap();
        assert_eq!(reader.headers().unwrap(), &csv::StringRecord::from(names.to_vec()));
        assert_eq!(reader.records().map(|row| row.unwrap().len()).collect::<Vec<_>>(), [5, 5]);
    }

    #[test]
    fn a_torn_header_is_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv");
        std::fs::write(&path, "tick,\"a,").unwrap();
        assert_eq!(header(&path).unwrap().names, [""; 0]);
        let mut rows = RowFile::resume(&path, Some("tick,a"), csv_tick, 5).unwrap();
        rows.push("1,2").unwrap();
        rows.sync().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "tick,a\n1,2\n");
    }

    #[test]
    fn a_file_goes_on_where_it_was_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv");
        let mut rows = RowFile::create(&path, Some("tick,a"), csv_tick).unwrap();
        for tick in 1..=5 {
            rows.push(&format!("{tick},{tick}")).unwrap();
        }
        rows.cut(2).unwrap();
        rows.push("3,new").unwrap();
        rows.sync().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "tick,a\n1,1\n2,2\n3,new\n");
        let mut rows = RowFile::resume(&path, Some("tick,a"), csv_tick, 1).unwrap();
        rows.push("2,again").unwrap();
        rows.flush().unwrap();
        let mut seen = Vec::new();
        read(&path, 1, |number, row| {
            seen.push((number, row.to_owned()));
            Ok(())
        })
        .unwrap();
        assert_eq!(seen, [(2, "1,1".to_owned()), (3, "2,again".to_owned())]);
    }
}
