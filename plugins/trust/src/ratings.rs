//! Ratings from CSV files with the columns `source`, `target`, `rating` and, if they are dated, `time`.

use std::io::Read;

use agent2028_core::schema::suggest;
use agent2028_core::table::header_fault;
use csv::StringRecord;

/// The columns that a file of ratings may have; the last one needn't be there.
const COLUMNS: [&str; 4] = ["source", "target", "rating", "time"];
/// At most this many ratings are read.
pub const MOST_RATINGS: usize = 1 << 26;

/// A rating of one agent by another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rating {
    /// Who rates; agents are numbered from 0, as the scene lists them.
    pub source: u32,
    /// Who is rated.
    pub target: u32,
    /// How good, on the scale of the file.
    pub rating: f32,
    /// When, in seconds; 0 if the file has no times. Only differences count.
    pub time: f64,
}

/// Something that is wrong with a row.
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

fn fault(byte: u64, line: u64, cell: usize, message: impl Into<String>, help: impl Into<String>) -> RowFault {
    RowFault { byte, line, cell, message: message.into(), help: help.into() }
}

/// Reads ratings on a scale from `worst` to `best` of the agents below `agents`.
///
/// # Errors
/// With the first `most` things that are wrong, and how many there are beyond.
pub fn read_ratings(
    read: impl Read,
    agents: u32,
    (worst, best): (f32, f32),
    most: usize,
) -> Result<Vec<Rating>, (Vec<RowFault>, usize)> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(read);
    let whole = |one: RowFault| (vec![one], 0);
    if let Some(found) = reader.byte_headers().ok().and_then(header_fault) {
        return Err(whole(fault(0, 1, found.cell, found.message, found.help)));
    }
    let header = reader
        .headers()
        .map_err(|error| whole(fault(0, 1, 0, error.to_string(), "the first line names the columns")))?
        .clone();
    for (cell, name) in header.iter().enumerate() {
        if !COLUMNS.contains(&name) {
            let message = format!("ratings have no column \"{name}\"");
            return Err(whole(fault(0, 1, cell, message, suggest(name, COLUMNS, "column"))));
        }
    }
    let columns = COLUMNS.map(|name| header.iter().position(|column| column == name));
    if let Some(missing) = (0..3).find(|needed| columns[*needed].is_none()) {
        let message = format!("the ratings lack the column {}", COLUMNS[missing]);
        let help = "the first line names the columns, for example source,target,rating,time";
        return Err(whole(fault(0, 1, 0, message, help)));
    }
    let (mut ratings, mut faults, mut beyond) = (Vec::new(), Vec::new(), 0);
    let mut record = StringRecord::new();
    loop {
        let mut found = Vec::new();
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {
                let at = record.position().map_or((0, 0), |position| (position.byte(), position.line()));
                match row(&record, &columns, at, header.len(), agents, (worst, best), &mut found) {
                    Some(_) if ratings.len() >= MOST_RATINGS => {
                        let message = format!("more than {MOST_RATINGS} ratings");
                        found.push(fault(at.0, at.1, 0, message, "leave out older ones"));
                    }
                    Some(rating) => ratings.push(rating),
                    None => {}
                }
            }
            Err(error) => {
                let at = error.position().map_or((0, 0), |position| (position.byte(), position.line()));
                found.push(fault(at.0, at.1, 0, error.to_string(), "mend the line"));
            }
        }
        for one in found {
            if faults.len() < most {
                faults.push(one);
            } else {
                beyond += 1;
            }
        }
    }
    if faults.is_empty() { Ok(ratings) } else { Err((faults, beyond)) }
}

/// A row, if nothing is wrong with it.
fn row(
    record: &StringRecord,
    columns: &[Option<usize>; COLUMNS.len()],
    (byte, line): (u64, u64),
    width: usize,
    agents: u32,
    (worst, best): (f32, f32),
    found: &mut Vec<RowFault>,
) -> Option<Rating> {
    if record.len() != width {
        let cell = record.len().saturating_sub(1).min(width);
        let message = format!("this row has {} values, the header names {width} columns", record.len());
        found.push(fault(byte, line, cell, message, "give each row a value per column"));
        return None;
    }
    let before = found.len();
    let cell = |column: usize| columns[column].map(|at| (at, record.get(at).unwrap_or("")));
    let agent = |column: usize, found: &mut Vec<RowFault>| -> u32 {
        let (at, text) = cell(column).unwrap_or((0, ""));
        match text.parse::<u32>() {
            Ok(agent) if agent < agents => agent,
            Ok(agent) => {
                let message = format!("there is no agent {agent}");
                let help = format!("agents are numbered 0 to {}", agents.saturating_sub(1));
                found.push(fault(byte, line, at, message, help));
                0
            }
            Err(_) => {
                found.push(fault(byte, line, at, format!("\"{text}\" is no agent's number"), "for example 17"));
                0
            }
        }
    };
    let (source, target) = (agent(0, found), agent(1, found));
    let number = |column: usize, found: &mut Vec<RowFault>| -> f64 {
        let Some((at, text)) = cell(column) else { return 0.0 };
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => number,
            _ => {
                found.push(fault(byte, line, at, format!("\"{text}\" is no number"), "write an ordinary number"));
                0.0
            }
        }
    };
    let numbers = found.len();
    let rating = number(2, found) as f32;
    if found.len() == numbers && !(worst..=best).contains(&rating) {
        let message = format!("a rating of {rating} is off the scale");
        let help = format!("the section's scale goes from {worst} to {best}");
        found.push(fault(byte, line, columns[2].unwrap_or(0), message, help));
    }
    let time = number(3, found);
    (found.len() == before).then_some(Rating { source, target, rating, time })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Rating>, (Vec<RowFault>, usize)> {
        read_ratings(text.as_bytes(), 5, (-10.0, 10.0), 20)
    }

    fn faults(text: &str) -> Vec<(u64, usize, String)> {
        read(text).unwrap_err().0.into_iter().map(|fault| (fault.line, fault.cell, fault.message)).collect()
    }

    #[test]
    fn ratings_come_in_with_columns_in_any_order() {
        let ratings = read("rating,time,source,target\n-3.5, 1407470400,4,0\n10,1407470401.5,1,2\n").unwrap();
        assert_eq!(
            ratings,
            [
                Rating { source: 4, target: 0, rating: -3.5, time: 1_407_470_400.0 },
                Rating { source: 1, target: 2, rating: 10.0, time: 1_407_470_401.5 }
            ]
        );
        assert_eq!(read("source,target,rating\n0,1,2\n").unwrap()[0].time, 0.0);
        assert_eq!(read("source,target,rating\n").unwrap(), []);
    }

    #[test]
    fn all_bad_values_are_told_at_once_with_line_and_cell() {
        let text = "source,target,rating,time\n0,1,5,0\n9,x,11,0\n0,1,nan,never\n0,1\n";
        assert_eq!(
            faults(text),
            [
                (3, 0, "there is no agent 9".to_owned()),
                (3, 1, "\"x\" is no agent's number".to_owned()),
                (3, 2, "a rating of 11 is off the scale".to_owned()),
                (4, 2, "\"nan\" is no number".to_owned()),
                (4, 3, "\"never\" is no number".to_owned()),
                (5, 1, "this row has 2 values, the header names 4 columns".to_owned()),
            ]
        );
        let (shown, beyond) = read(&format!("source,target,rating\n{}", "0,0,99\n".repeat(50))).unwrap_err();
        assert_eq!((shown.len(), beyond), (20, 30));
    }

    #[test]
    fn a_wrong_header_is_told_with_the_nearest_name() {
        assert_eq!(faults("source,target,ratings\n")[0].2, "ratings have no column \"ratings\"");
        assert_eq!(faults("source,rating\n")[0].2, "the ratings lack the column target");
        assert!(read(&[0xFF, 0xFE, b'\n'].iter().map(|byte| *byte as char).collect::<String>()).is_err());
    }
}
