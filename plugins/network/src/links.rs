//! Links from CSV files with the columns `from` and `to`: agents by their numbers.

use std::io::Read;

use agent2028_core::section::FileFaults;
use agent2028_core::table::{RowFault, TableReader};

/// Reads the links of a network: pairs of agents by their numbers below `agents`.
///
/// # Errors
/// With the first `most` things that are wrong, and how many there are beyond.
pub fn read_links(read: impl Read, agents: u32, most: usize) -> Result<Vec<(u32, u32)>, FileFaults> {
    let mut reader = TableReader::new(read, "links", &["from", "to"], 2)?;
    let (mut links, mut faults) = (Vec::new(), FileFaults::default());
    while let Some(row) = reader.next_row() {
        let row = match row {
            Ok(row) => row,
            Err(fault) => {
                faults.push(fault, most);
                continue;
            }
        };
        let mut number = |column: usize| {
            let text = row.get(column).unwrap_or_default();
            let known = text.parse::<u32>().ok().filter(|number| *number < agents);
            if known.is_none() {
                let help = format!("agents are numbered from 0 to {}", agents.saturating_sub(1));
                let fault: RowFault = row.fault(column, format!("\"{text}\" is the number of no agent"), help);
                faults.push(fault, most);
            }
            known
        };
        if let (Some(from), Some(to)) = (number(0), number(1)) {
            links.push((from, to));
        }
    }
    if faults.is_empty() { Ok(links) } else { Err(faults) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_links_and_bad_numbers_are_reported_with_their_place() {
        let read = |text: &str| read_links(text.as_bytes(), 5, 1000);
        assert_eq!(read("to,from\n1,0\n4, 2\n").unwrap(), [(0, 1), (2, 4)]);
        let told = |text: &str| {
            let faults = read(text).unwrap_err().told.into_iter();
            faults.map(|fault| (fault.line, fault.cell)).collect::<Vec<_>>()
        };
        // A number too large, a word, a cell that is not there.
        assert_eq!(told("from,to\n0,5\nx,1\n2\n"), [(2, 1), (3, 0), (4, 1)]);
        assert_eq!(told("a,b\n"), [(1, 0)]);
        assert_eq!(told("from,to\n1,2,3\n"), [(2, 2)]);
        assert_eq!(told("from,to,weight\n1,2,3\n"), [(1, 2)]);
        assert!(read("from;to\n0;1\n").unwrap_err().told[0].message.contains("semicolons"));
    }
}
