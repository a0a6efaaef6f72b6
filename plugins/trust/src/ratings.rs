//! Ratings from CSV files with the columns `source`, `target`, `rating` and, if they are dated, `time`.

use std::collections::BTreeMap;
use std::io::Read;

use agent2028_core::check::suggest;
use agent2028_core::table::{RowFault, counted, header_fault};
use csv::{ByteRecord, StringRecord};

/// The columns that a file of ratings may have; the last one needn't be there.
const COLUMNS: [&str; 4] = ["source", "target", "rating", "time"];
/// What some programs put before a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
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

/// How a file calls agents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Called {
    /// By their numbers, from 0, as the scene lists them.
    #[default]
    ByNumbers,
    /// By names of any kind; each new one is that of the next agent.
    ByNames,
}

/// What a file of ratings holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The ratings of others, in the order of the file.
    pub ratings: Vec<Rating>,
    /// The names of agents by id, if the file calls them by names.
    pub names: Vec<String>,
    /// How many rows rate the rater itself, which are left out, and the line of the first one.
    pub of_themselves: Option<(u64, u64)>,
}

/// What is needed to read rows.
struct Reading<'a> {
    columns: [Option<usize>; COLUMNS.len()],
    width: usize,
    agents: u32,
    scale: (f32, f32),
    called: Called,
    known: &'a mut BTreeMap<String, u32>,
}

/// The columns of a table whose first row names none: three or four, of which the third is a rating.
fn without_header(first: &StringRecord) -> Option<usize> {
    let is_rating = first.get(2).is_some_and(|text| text.parse::<f64>().is_ok_and(f64::is_finite));
    (is_rating && (3..=COLUMNS.len()).contains(&first.len())).then_some(first.len())
}

/// The columns that a first line names.
fn columns_of(header: &StringRecord) -> Result<[Option<usize>; COLUMNS.len()], RowFault> {
    for (cell, name) in header.iter().enumerate() {
        if !COLUMNS.contains(&name) {
            let message = format!("ratings have no column \"{name}\"");
            return Err(RowFault::new(0, 1, cell, message, suggest(name, COLUMNS, "column")));
        }
    }
    let columns = COLUMNS.map(|name| header.iter().position(|column| column == name));
    match (0..3).find(|needed| columns[*needed].is_none()) {
        Some(missing) => {
            let message = format!("the ratings lack the column {}", COLUMNS[missing]);
            Err(RowFault::new(
                0,
                1,
                0,
                message,
                "the first line names the columns, for example source,target,rating,time",
            ))
        }
        None => Ok(columns),
    }
}

/// Reads ratings on a scale from `worst` to `best` of the agents below `agents`. A table without a line that names its columns
/// has them in the order source, target, rating, time.
///
/// # Errors
/// With the first `most` things that are wrong, and how many there are beyond.
pub fn read_ratings(
    read: impl Read,
    agents: u32,
    scale: (f32, f32),
    called: Called,
    most: usize,
) -> Result<Table, (Vec<RowFault>, usize)> {
    let mut builder = csv::ReaderBuilder::new();
    let mut reader = builder.trim(csv::Trim::All).flexible(true).has_headers(false).from_reader(read);
    let whole = |one: RowFault| (vec![one], 0);
    let mut first = ByteRecord::new();
    let is_there = reader
        .read_byte_record(&mut first)
        .map_err(|error| whole(RowFault::new(0, 1, 0, error.to_string(), "the first line names the columns")))?;
    let cells = || first.iter().map(|cell| cell.strip_prefix(BYTE_ORDER_MARK).unwrap_or(cell));
    let header = StringRecord::from_byte_record(ByteRecord::from(cells().collect::<Vec<_>>()));
    let header = match header {
        Ok(header) if is_there && without_header(&header).is_some() => header,
        header => {
            if let Some(found) = header_fault(cells()) {
                return Err(whole(RowFault::new(0, 1, found.cell, found.message, found.help)));
            }
            header.map_err(|error| whole(RowFault::new(0, 1, 0, error.to_string(), "write the table as UTF-8")))?
        }
    };
    let (mut table, mut faults, mut beyond) = (Table::default(), Vec::new(), 0);
    let mut known = BTreeMap::new();
    let mut first_row = without_header(&header).map(|_| header.clone());
    let columns = match without_header(&header) {
        Some(width) => std::array::from_fn(|column| (column < width).then_some(column)),
        None => columns_of(&header).map_err(whole)?,
    };
    let mut reading = Reading { columns, width: header.len(), agents, scale, called, known: &mut known };
    let mut record = StringRecord::new();
    loop {
        let mut found = Vec::new();
        let next = match first_row.take() {
            Some(row) => {
                record = row;
                Ok(true)
            }
            None => reader.read_record(&mut record),
        };
        match next {
            Ok(false) => break,
            Ok(true) => {
                let at = record.position().map_or((0, 1), |position| (position.byte(), position.line()));
                match reading.row(&record, at, &mut found) {
                    Some(rating) if rating.source == rating.target => {
                        table.of_themselves = Some(match table.of_themselves {
                            Some((count, line)) => (count + 1, line),
                            None => (1, at.1),
                        });
                    }
                    Some(_) if table.ratings.len() >= MOST_RATINGS => {
                        let message = format!("more than {MOST_RATINGS} ratings");
                        found.push(RowFault::new(at.0, at.1, 0, message, "leave out older ones"));
                    }
                    Some(rating) => table.ratings.push(rating),
                    None => {}
                }
            }
            Err(error) => {
                let at = error.position().map_or((0, 0), |position| (position.byte(), position.line()));
                found.push(RowFault::new(at.0, at.1, 0, error.to_string(), "mend the line"));
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
    if !faults.is_empty() {
        return Err((faults, beyond));
    }
    table.names = vec![String::new(); known.len()];
    for (name, agent) in known {
        table.names[agent as usize] = name;
    }
    Ok(table)
}

impl Reading<'_> {
    /// A row, if nothing is wrong with it.
    fn row(&mut self, record: &StringRecord, (byte, line): (u64, u64), found: &mut Vec<RowFault>) -> Option<Rating> {
        let (columns, (worst, best)) = (self.columns, self.scale);
        if record.len() != self.width {
            let cell = record.len().saturating_sub(1).min(self.width);
            let values = counted(record.len(), "value", "values");
            let message = format!("this row has {values}, the first line has {}", self.width);
            found.push(RowFault::new(byte, line, cell, message, "give each row a value per column"));
            return None;
        }
        let before = found.len();
        let cell = |column: usize| columns[column].map(|at| (at, record.get(at).unwrap_or("")));
        let mut agent = |column: usize| {
            let (at, text) = cell(column).unwrap_or((0, ""));
            self.agent(text).unwrap_or_else(|(message, help)| {
                found.push(RowFault::new(byte, line, at, message, help));
                0
            })
        };
        let (source, target) = (agent(0), agent(1));
        let number = |column: usize, found: &mut Vec<RowFault>| -> f64 {
            let Some((at, text)) = cell(column) else { return 0.0 };
            match text.parse::<f64>() {
                Ok(number) if number.is_finite() => number,
                _ => {
                    found.push(RowFault::new(
                        byte,
                        line,
                        at,
                        format!("\"{text}\" is no number"),
                        "write an ordinary number",
                    ));
                    0.0
                }
            }
        };
        let numbers = found.len();
        let rating = number(2, found) as f32;
        if found.len() == numbers && !(worst..=best).contains(&rating) {
            let message = format!("a rating of {rating} is off the scale");
            let help = format!("the section's scale goes from {worst} to {best}");
            found.push(RowFault::new(byte, line, columns[2].unwrap_or(0), message, help));
        }
        let time = number(3, found);
        (found.len() == before).then_some(Rating { source, target, rating, time })
    }

    /// The agent that is called so, or what is wrong and what would be right.
    fn agent(&mut self, text: &str) -> Result<u32, (String, String)> {
        let agents = self.agents;
        let last = agents.saturating_sub(1);
        match self.called {
            Called::ByNumbers => match text.parse::<u32>() {
                Ok(agent) if agent < agents => Ok(agent),
                Ok(agent) => Err((
                    format!("there is no agent {agent}"),
                    format!("agents are numbered 0 to {last}; if these are names, write CsvOfNames(…)"),
                )),
                Err(_) => Err((
                    format!("\"{text}\" is no agent's number"),
                    "write for example 17; for names, write CsvOfNames(…) in the scene".into(),
                )),
            },
            Called::ByNames if text.is_empty() => Err(("this name is empty".into(), "give every agent a name".into())),
            Called::ByNames => {
                if let Some(agent) = self.known.get(text) {
                    return Ok(*agent);
                }
                let next = self.known.len() as u32;
                if next >= agents {
                    return Err((
                        format!("\"{text}\" is one name too many: the scene has {agents} agents"),
                        "let the scene have an agent for each name".into(),
                    ));
                }
                self.known.insert(text.to_owned(), next);
                Ok(next)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str, called: Called) -> Result<Table, (Vec<RowFault>, usize)> {
        read_ratings(text.as_bytes(), 5, (-10.0, 10.0), called, 20)
    }

    fn read(text: &str) -> Result<Vec<Rating>, (Vec<RowFault>, usize)> {
        table(text, Called::ByNumbers).map(|table| table.ratings)
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
                (5, 1, "this row has 2 values, the first line has 4".to_owned()),
            ]
        );
        let (shown, beyond) = read(&format!("source,target,rating\n{}", "0,0,99\n".repeat(50))).unwrap_err();
        assert_eq!((shown.len(), beyond), (20, 30));
    }

    /// As the Stanford collection has its signed networks: no first line, and numbers with gaps.
    #[test]
    fn a_table_without_a_header_has_its_columns_in_the_usual_order() {
        let rating = |source, target, rating, time| Rating { source, target, rating, time };
        let rows = [rating(0, 2, 4.0, 1_289_241_911.728_36), rating(3, 0, -10.0, 1_289_241_941.533_78)];
        assert_eq!(read("0,2,4,1289241911.72836\n3,0,-10,1289241941.53378\n").unwrap(), rows);
        assert_eq!(read("\u{feff}0,2,4\n3,0,-10\n").unwrap().len(), 2);
        let text = "6,2,4,1289241911.72836\n35591,6,-10,1289241941.53378\n";
        let named = table(text, Called::ByNames).unwrap();
        let rows = [rating(0, 1, 4.0, 1_289_241_911.728_36), rating(2, 0, -10.0, 1_289_241_941.533_78)];
        assert_eq!((named.ratings, named.names), (rows.to_vec(), ["6", "2", "35591"].map(String::from).to_vec()));
        assert_eq!(faults(text)[0], (1, 0, "there is no agent 6".to_owned()));
        // What has a word where the rating would be is a header, right or wrong.
        assert_eq!(faults("from,to,stars\n")[0].2, "ratings have no column \"from\"");
        assert_eq!(faults("0,1\n")[0].2, "ratings have no column \"0\"");
        assert_eq!(read("").unwrap_err().0[0].message, "the ratings lack the column source");
    }

    #[test]
    fn agents_can_be_called_by_names() {
        let text = "time,target,source,rating\n0,bob,alice,5\n1,alice,bob,-5\n2,carol,alice,1\n";
        let named = table(text, Called::ByNames).unwrap();
        assert_eq!(named.names, ["alice", "bob", "carol"]);
        let ends: Vec<(u32, u32)> = named.ratings.iter().map(|rating| (rating.source, rating.target)).collect();
        assert_eq!(ends, [(0, 1), (1, 0), (0, 2)]);
        let many = "a,b,1\nc,d,1\ne,f,1\n,a,1\ng,f,1\n";
        let told = table(many, Called::ByNames).unwrap_err().0;
        let told: Vec<(u64, usize, &str)> =
            told.iter().map(|fault| (fault.line, fault.cell, fault.message.as_str())).collect();
        let too_many = |name: &str| format!("\"{name}\" is one name too many: the scene has 5 agents");
        assert_eq!(
            told,
            [
                (3, 1, too_many("f").as_str()),
                (4, 0, "this name is empty"),
                (5, 0, too_many("g").as_str()),
                (5, 1, too_many("f").as_str()),
            ]
        );
    }

    #[test]
    fn rows_that_rate_themselves_are_counted_and_left_out() {
        let table = table("source,target,rating\n0,1,2\n3,3,10\n1,1,10\n", Called::ByNumbers).unwrap();
        assert_eq!((table.ratings.len(), table.of_themselves), (1, Some((2, 3))));
        assert_eq!(super::tests::table("0,1,2\n", Called::ByNumbers).unwrap().of_themselves, None);
    }

    #[test]
    fn a_wrong_header_is_told_with_the_nearest_name() {
        assert_eq!(faults("source,target,ratings\n")[0].2, "ratings have no column \"ratings\"");
        assert_eq!(faults("source,rating\n")[0].2, "the ratings lack the column target");
        assert!(read(&[0xFF, 0xFE, b'\n'].iter().map(|byte| *byte as char).collect::<String>()).is_err());
    }
}
