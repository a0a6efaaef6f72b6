//! Tasks from CSV files.

use std::io::Read;

use agent2028_core::agent::parse_pattern;
use agent2028_core::section::{FileContext, FileFaults};
use agent2028_core::table::{Row, RowFault, TableReader};

use crate::accounts::Money;

/// The columns that a file may have; the first two are needed.
const COLUMNS: [&str; 9] = ["at_s", "value", "x", "y", "work_s", "deadline_s", "priority", "payload_bytes", "skills"];
const AT: usize = 0;
const VALUE: usize = 1;
const X: usize = 2;
const Y: usize = 3;
const WORK: usize = 4;
const DEADLINE: usize = 5;
const PRIORITY: usize = 6;
const PAYLOAD: usize = 7;
const SKILLS: usize = 8;

/// A task of a file. What it doesn't say, its source says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskRow {
    /// When it is put up, in seconds since the start.
    pub at_s: f64,
    /// What it is worth, in minor units.
    pub value: Money,
    /// Where it lies.
    pub place: Option<(f32, f32)>,
    /// How long the work takes.
    pub work_s: Option<f32>,
    /// How long after it was put up it must be done.
    pub deadline_s: Option<f32>,
    /// 1–10.
    pub priority: Option<u8>,
    /// How much must be sent.
    pub payload_bytes: Option<u32>,
    /// What a bidder must be able to do.
    pub skills: Vec<String>,
}

/// Reads the tasks of a table.
///
/// # Errors
/// With the first things that are wrong, and how many there are beyond.
pub fn read_tasks(read: impl Read, context: &FileContext) -> Result<Vec<TaskRow>, FileFaults> {
    let most = context.most_faults;
    let mut reader = TableReader::new(read, "tasks", &COLUMNS, 2)?.with_whole_rows();
    if reader.has(X) != reader.has(Y) {
        return Err(RowFault::new(0, 1, 0, "there is only one of the columns x and y", "give both or neither").into());
    }
    let (mut rows, mut faults, mut last) = (Vec::new(), FileFaults::default(), 0.0);
    while let Some(row) = reader.next_row() {
        let row = match row {
            Ok(row) => row,
            Err(fault) => {
                faults.push(fault, most);
                continue;
            }
        };
        let mut found = Vec::new();
        let task = task_of(&row, last, &mut found);
        for skill in &task.skills {
            if let Err(error) = parse_pattern(skill) {
                found.push(row.fault(SKILLS, error.to_string(), "write dotted lower-case names separated by spaces"));
            } else if !context.capabilities.contains(skill) {
                let help = agent2028_core::check::suggest(skill, context.capabilities.iter(), "capability");
                found.push(row.fault(SKILLS, format!("no agent has the capability \"{skill}\""), help));
            }
        }
        last = task.at_s;
        if found.is_empty() {
            rows.push(task);
        }
        found.into_iter().for_each(|fault| faults.push(fault, most));
    }
    if rows.is_empty() && faults.is_empty() {
        return Err(RowFault::new(0, 1, 0, "there are no tasks", "write a task per row").into());
    }
    if faults.is_empty() { Ok(rows) } else { Err(faults) }
}

fn task_of(row: &Row<'_>, last: f64, found: &mut Vec<RowFault>) -> TaskRow {
    // An empty cell leaves it to the source.
    let mut number = |column: usize, least: f64, most: f64, what: &str| -> Option<f64> {
        let text = row.get(column).filter(|text| !text.is_empty() || column <= VALUE)?;
        let number = text.parse::<f64>().ok().filter(|number| (least..=most).contains(number));
        if number.is_none() {
            let help = format!("write a number from {least} to {most}");
            found.push(row.fault(column, format!("\"{text}\" is not {what}"), help));
        }
        number
    };
    let at_s = number(AT, 0.0, 1e9, "a time in seconds");
    let value = number(VALUE, 0.0, 1e9, "an amount in minor units");
    let place = number(X, -1e7, 1e7, "a place").zip(number(Y, -1e7, 1e7, "a place"));
    let work_s = number(WORK, 0.0, 1e6, "a time in seconds");
    let deadline_s = number(DEADLINE, 0.01, 1e9, "a time in seconds");
    let priority = number(PRIORITY, 1.0, 10.0, "a priority");
    let payload_bytes = number(PAYLOAD, 0.0, 1e9, "a number of bytes");
    if let Some(at) = at_s.filter(|at| *at < last) {
        let message = format!("{at} s comes before {last} s of the row above");
        found.push(row.fault(AT, message, "put the rows in the order of their time"));
    }
    let skills = row.get(SKILLS).unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    TaskRow {
        at_s: at_s.unwrap_or(last),
        value: value.unwrap_or(0.0) as Money,
        place: place.map(|(x, y)| (x as f32, y as f32)),
        work_s: work_s.map(|seconds| seconds as f32),
        deadline_s: deadline_s.map(|seconds| seconds as f32),
        priority: priority.map(|priority| priority as u8),
        payload_bytes: payload_bytes.map(|bytes| bytes as u32),
        skills,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::check::Names;

    fn read(text: &str) -> Result<Vec<TaskRow>, Vec<(u64, usize)>> {
        let capabilities = Names::from(vec!["lift.heavy".to_owned()]);
        let context = FileContext { agents: 0, capabilities: &capabilities, most_faults: 100 };
        read_tasks(text.as_bytes(), &context)
            .map_err(|faults| faults.told.into_iter().map(|fault| (fault.line, fault.cell)).collect())
    }

    #[test]
    fn rows_become_tasks() {
        let rows = read("at_s,value,x,y,skills,priority\n0,500,1,2,lift.heavy,9\n1.5,70,,,,\n").unwrap();
        assert_eq!((rows[0].value, rows[0].place, rows[0].priority), (500, Some((1.0, 2.0)), Some(9)));
        assert_eq!((rows[1].at_s, rows[1].place, rows[1].skills.len(), rows[1].priority), (1.5, None, 0, None));
    }

    #[test]
    fn every_bad_value_is_told_with_its_place() {
        let text = "at_s,value,priority,skills\n1,x,11,\n0.5,3,5,lift.hevy\n2,,5,\n";
        assert_eq!(read(text).unwrap_err(), [(2, 1), (2, 2), (3, 0), (3, 3), (4, 1)]);
        assert_eq!(read("at_s\n1\n").unwrap_err(), [(1, 0)]);
        assert_eq!(read("at_s,value,x\n1,2,3\n").unwrap_err(), [(1, 0)]);
        assert_eq!(read("at_s,value\n").unwrap_err(), [(1, 0)]);
    }
}
