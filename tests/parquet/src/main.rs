//! Compares the Parquet files of a run's folder with its text files, read by the reference implementation of the format.
//! Usage: agent2028_parquet_check DIR

use std::fs::File;
use std::path::Path;
use std::process::ExitCode;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("name the folder of a run");
        return ExitCode::from(2);
    };
    match metrics(folder.as_ref()).and_then(|cells| Ok((cells, events(folder.as_ref())?))) {
        Ok((cells, events)) => {
            println!("{folder}: {cells} numbers and {events} events are the same");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{folder}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn differs<T>(what: impl Into<String>) -> Outcome<T> {
    Err(what.into().into())
}

fn metrics(folder: &Path) -> Outcome<usize> {
    let reader = SerializedFileReader::new(File::open(folder.join("metrics.parquet"))?)?;
    let about = reader.metadata().file_metadata();
    let pairs = about.key_value_metadata().ok_or("no metadata")?;
    if !pairs.iter().any(|pair| pair.key == "agent2028.fingerprint" && pair.value.is_some()) {
        return differs("the metadata lacks the fingerprint");
    }
    let text = std::fs::read_to_string(folder.join("metrics.csv"))?;
    let (header, rows) = text.split_once('\n').ok_or("an empty metrics.csv")?;
    let names: Vec<&str> = about.schema_descr().columns().iter().map(|column| column.name()).collect();
    if names.join(",") != header {
        return differs("other columns");
    }
    let (mut cells, mut table) = (0, reader.get_row_iter(None)?);
    for line in rows.lines() {
        let row = table.next().ok_or("too few rows")??;
        for (index, cell) in line.split(',').enumerate() {
            let same = match (index, cell) {
                (0, tick) => row.get_ulong(0)? == tick.parse::<u64>()?,
                (_, "") => row.get_double(index).is_err(),
                (_, number) => row.get_double(index)?.to_bits() == number.parse::<f64>()?.to_bits(),
            };
            if !same {
                return differs(format!("column {index} of {line}"));
            }
            cells += 1;
        }
    }
    if table.next().is_some() { differs("too many rows") } else { Ok(cells) }
}

fn events(folder: &Path) -> Outcome<usize> {
    let reader = SerializedFileReader::new(File::open(folder.join("events.parquet"))?)?;
    let text = std::fs::read_to_string(folder.join("events.jsonl"))?;
    let (mut count, mut table) = (0, reader.get_row_iter(None)?);
    for line in text.lines() {
        let event: serde_json::Value = serde_json::from_str(line)?;
        let row = table.next().ok_or("too few events")??;
        let same = Some(row.get_ulong(0)?) == event["tick"].as_u64()
            && Some(row.get_ulong(1)?) == event["sequence"].as_u64()
            && Some(row.get_timestamp_millis(2)?) == event["unix_ms"].as_i64()
            && Some(row.get_string(3)?.as_str()) == event["kind"].as_str()
            && Some(u64::from(row.get_uint(4)?)) == event["priority"].as_u64()
            && row.get_uint(5).ok().map(u64::from) == event["agent"].as_u64()
            && Some(row.get_string(6)?.as_str()) == event["text"].as_str()
            && Some(row.get_string(7)?.as_str()) == event["id"].as_str()
            && row.get_string(8).ok().map(String::as_str) == event["payload"].as_str()
            && row.get_string(9).ok().map(String::as_str) == event["fields"].as_str()
            && row.get_ulong(10).ok() == event["respond_by"].as_u64()
            && row.get_ulong(11).ok() == event["refers_to"].as_u64();
        if !same {
            return differs(line);
        }
        count += 1;
    }
    if table.next().is_some() { differs("too many events") } else { Ok(count) }
}
