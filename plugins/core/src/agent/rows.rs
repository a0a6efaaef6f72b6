//! Agents from CSV files.

use std::io::Read;

use bevy::prelude::*;

use super::{AgentRow, parse_pattern};
use crate::section::{FileContent, FileFaults, FileRequest};
use crate::table::{RowFault, TableReader};

/// The columns that a file may have.
const COLUMNS: [&str; 6] = ["x", "y", "vx", "vy", "health", "capabilities"];
/// Their places in the list.
const X: usize = 0;
const Y: usize = 1;
const VX: usize = 2;
const VY: usize = 3;
const HEALTH: usize = 4;
const CAPABILITIES: usize = 5;

/// Asks for the file of a group.
pub(super) fn request(file: &str) -> FileRequest {
    FileRequest::new("from_csv", file, "agents-{}.csv", |file, context| {
        Ok(FileContent::new(read_agents(file.open()?, context.most_faults)?))
    })
}

/// Reads the agents of a table with the columns `x` and `y`, and if they are there `vx`, `vy`, `health` and `capabilities`.
///
/// # Errors
/// With the first `most` things that are wrong, and how many there are beyond.
pub fn read_agents(read: impl Read, most: usize) -> Result<Vec<AgentRow>, FileFaults> {
    let mut reader = TableReader::new(read, "agents", &COLUMNS, 2)?.with_whole_rows();
    if reader.has(VX) != reader.has(VY) {
        let message = "there is only one of the columns vx and vy";
        return Err(RowFault::new(0, 1, 0, message, "give both or neither").into());
    }
    let (mut rows, mut faults) = (Vec::new(), FileFaults::default());
    while let Some(row) = reader.next_row() {
        let row = match row {
            Ok(row) => row,
            Err(fault) => {
                faults.push(fault, most);
                continue;
            }
        };
        let mut number = |column: usize| -> Option<f32> {
            let text = row.get(column)?;
            let fault = match text.parse::<f32>() {
                Ok(number) if number.is_finite() => return Some(number),
                Ok(_) => row.fault(column, format!("\"{text}\" is not a finite number"), "write an ordinary number"),
                Err(_) => row.fault(column, format!("\"{text}\" is not a number"), "write a number such as 12.5"),
            };
            faults.push(fault, most);
            None
        };
        let position = (number(X), number(Y));
        let velocity = number(VX).zip(number(VY)).map(Vec2::from);
        let health = number(HEALTH);
        if let Some(value) = health.filter(|value| !(0.0..=1.0).contains(value)) {
            let message = format!("a health of {value} is out of range");
            faults.push(row.fault(HEALTH, message, "the value must be 0 to 1"), most);
        }
        let own = row.get(CAPABILITIES).unwrap_or_default();
        let capabilities: Vec<String> = own.split_whitespace().map(str::to_owned).collect();
        for error in capabilities.iter().filter_map(|name| parse_pattern(name).err()) {
            let help = "write dotted lower-case names separated by spaces";
            faults.push(row.fault(CAPABILITIES, error.to_string(), help), most);
        }
        if let (Some(x), Some(y)) = position {
            rows.push(AgentRow { position: Vec2::new(x, y), velocity, health, capabilities });
        }
    }
    if faults.is_empty() { Ok(rows) } else { Err(faults) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 1000;

    fn read_text(text: &str) -> Result<Vec<AgentRow>, FileFaults> {
        read_agents(text.as_bytes(), MOST)
    }

    /// Line and cell of what is wrong.
    fn told(text: &str) -> Vec<(u64, usize)> {
        read_text(text).unwrap_err().told.into_iter().map(|fault| (fault.line, fault.cell)).collect()
    }

    #[test]
    fn rows_become_agents() {
        let rows = read_text("x,y,vx,vy,health,capabilities\n1, 2,3,4,0.5,a.b c\n-1,0,0,0,1,\n").unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].velocity, Some(Vec2::new(3.0, 4.0)));
        assert_eq!(rows[0].capabilities, ["a.b", "c"]);
        assert_eq!(read_text("\u{feff}x,y\n1,2\n").unwrap().len(), 1);
    }

    #[test]
    fn every_bad_value_is_reported_with_its_place() {
        // A word, a health beyond 1, an infinite number, a row that is too short.
        assert_eq!(told("x,y,health\n1,2,0.5\noops,2,7\n1,inf,1\n1,2\n"), [(3, 0), (3, 2), (4, 1), (5, 1)]);
        assert_eq!(told("x,y,vx\n1,2,3\n"), [(1, 0)]);
        assert_eq!(told("x\n1\n"), [(1, 0)]);
    }

    #[test]
    fn at_most_a_thousand_values_are_reported_and_the_rest_counted() {
        let faults = read_text(&format!("x,y\n{}", "a,1\n".repeat(MOST + 30))).unwrap_err();
        assert_eq!((faults.told.len(), faults.beyond), (MOST, 30));
    }

    #[test]
    fn tables_of_other_programs_are_told_for_what_they_are() {
        for (text, message, cell) in [
            ("x;y\n1;2\n", "separated by semicolons", 0),
            ("x\ty\n1\t2\n", "separated by tabs", 0),
            ("x,y,x\n1,2,3\n", "two columns \"x\"", 2),
        ] {
            let faults = read_text(text).unwrap_err();
            assert!(faults.told[0].message.contains(message) && faults.told[0].cell == cell, "{faults:?}");
        }
    }

    #[test]
    fn a_wrong_column_is_named_with_a_suggestion() {
        let faults = read_text("x,y,helth\n1,2,3\n").unwrap_err();
        assert!(faults.told[0].help.contains("health"), "{faults:?}");
    }
}
