//! The Parquet files of a run, made from its text files: the same numbers with the same bits, for data tools.
//!
//! `metrics.parquet` has the column `tick` (unsigned) and an optional double for each metric; a tick in which a metric was
//! not recorded has no value there. `events.parquet` has the fields of [`EventLine`]. The key-value metadata of both tells
//! the program's version, the scene, its seed and fingerprint, ticks per second and epoch (`agent2028.*`), and for each
//! column its unit and meaning (`column.NAME.unit`, `column.NAME.help`).
//!
//! The writer is our own (`file`, `thrift`), because it needs so little of the format: flat columns, one plain page of
//! each per row group, Zstandard. `tests/parquet` has it read by the reference implementation.

pub mod file;
mod thrift;

use std::path::Path;

use self::file::{Column, Parquet, Values};
use super::events::EventLine;
use super::{About, RecordError, io_error, rows};

/// The name of the file of metrics.
pub const METRICS: &str = "metrics.parquet";
/// The name of the file of events.
pub const EVENTS: &str = "events.parquet";
/// How many rows a row group has at most.
pub const GROUP_ROWS: usize = 1 << 16;

/// Writes both files from the text files of a run's folder.
///
/// # Errors
/// If a file can't be read or written.
pub fn write(folder: &Path) -> Result<(), RecordError> {
    let about = About::read(folder)?;
    metrics(folder, about.as_ref())?;
    events(folder, about.as_ref())
}

fn metrics(folder: &Path, about: Option<&About>) -> Result<(), RecordError> {
    let source = folder.join("metrics.csv");
    let header = rows::header(&source)?;
    let names: Vec<String> = header.names.into_iter().skip(1).collect();
    let mut columns = vec![Column::unsigned("tick", 64)];
    columns.extend(names.iter().map(|name| Column::optional_double(name)));
    let described = names.iter().map(|name| {
        let column = about.and_then(|about| about.metrics.iter().find(|column| column.name == *name));
        (name.as_str(), column.map_or("", |column| &column.unit), column.map_or("", |column| &column.help))
    });
    let described = std::iter::once(("tick", "ticks", "The tick, from 1.")).chain(described);
    let path = folder.join(METRICS);
    let mut parquet = Parquet::create(&path, columns, metadata(about, described)).map_err(io_error(&path))?;

    let mut group = MetricRows { ticks: Vec::new(), columns: vec![Vec::new(); names.len()] };
    rows::read(&source, header.lines, |number, row| {
        group.push(row).map_err(|message| RecordError::Content {
            path: source.display().to_string(),
            line: Some(number),
            message,
        })?;
        if group.ticks.len() == GROUP_ROWS { group.write(&mut parquet).map_err(io_error(&path)) } else { Ok(()) }
    })?;
    group.write(&mut parquet).and_then(|()| parquet.close()).map_err(io_error(&path))
}

/// The rows of a group of metrics, column by column.
struct MetricRows {
    ticks: Vec<u64>,
    columns: Vec<Vec<Option<f64>>>,
}

impl MetricRows {
    fn push(&mut self, row: &str) -> Result<(), String> {
        let mut cells = row.split(',');
        self.ticks.push(cells.next().and_then(|cell| cell.parse().ok()).ok_or("the row begins with no tick")?);
        for column in &mut self.columns {
            let cell = cells.next().ok_or("the row is too short")?;
            let number = |cell: &str| cell.parse::<f64>().map_err(|_| format!("\"{cell}\" is no number"));
            column.push(if cell.is_empty() { None } else { Some(number(cell)?) });
        }
        if cells.next().is_some() {
            return Err("the row is too long".into());
        }
        Ok(())
    }

    fn write(&mut self, parquet: &mut Parquet) -> std::io::Result<()> {
        let ticks = Values::Long(self.ticks.iter().map(|tick| tick.cast_signed()).collect());
        let columns = self.columns.iter().map(|column| Values::OptionalDouble(column.clone()));
        parquet.group(std::iter::once(ticks).chain(columns).collect())?;
        self.ticks.clear();
        self.columns.iter_mut().for_each(Vec::clear);
        Ok(())
    }
}

fn events(folder: &Path, about: Option<&About>) -> Result<(), RecordError> {
    let columns = vec![
        Column::unsigned("tick", 64),
        Column::unsigned("sequence", 64),
        Column::time("unix_ms"),
        Column::text("kind"),
        Column::unsigned("priority", 32),
        Column::optional_unsigned("agent"),
        Column::text("text"),
        Column::text("id"),
        Column::optional_text("payload"),
        Column::optional_text("fields"),
        Column::optional_unsigned_long("respond_by"),
        Column::optional_unsigned_long("refers_to"),
    ];
    let described = [
        ("tick", "ticks", "The tick in which it happened."),
        ("sequence", "", "The event's number in the run, from 0."),
        ("unix_ms", "ms", "Simulated Unix time."),
        ("kind", "", "What kind of thing happened."),
        ("priority", "", "How much it matters, 1 to 10 (10 highest)."),
        ("agent", "", "The agent that it happened to, or that did it."),
        ("text", "", "What happened, in words."),
        ("id", "", "The event's UUID."),
        ("payload", "", "The type of the value that it carries, if not only words."),
        ("fields", "", "The fields of that value in RON."),
        ("respond_by", "ticks", "The last tick in which a response is in time, if one is required."),
        ("refers_to", "", "The number of the event that this one answers, or whose response it misses."),
    ];
    let path = folder.join(EVENTS);
    let mut parquet = Parquet::create(&path, columns, metadata(about, described)).map_err(io_error(&path))?;
    let source = folder.join("events.jsonl");
    let mut group: Vec<EventLine> = Vec::new();
    if source.exists() {
        rows::read(&source, 0, |number, row| {
            let event = serde_json::from_str(row).map_err(|error| RecordError::Content {
                path: source.display().to_string(),
                line: Some(number),
                message: error.to_string(),
            })?;
            group.push(event);
            if group.len() == GROUP_ROWS {
                parquet.group(event_columns(&group)).map_err(io_error(&path))?;
                group.clear();
            }
            Ok(())
        })?;
    }
    parquet.group(event_columns(&group)).and_then(|()| parquet.close()).map_err(io_error(&path))
}

fn event_columns(events: &[EventLine]) -> Vec<Values> {
    let longs = |number: fn(&EventLine) -> i64| Values::Long(events.iter().map(number).collect());
    let optional_longs = |number: fn(&EventLine) -> Option<u64>| {
        Values::OptionalLong(events.iter().map(|event| number(event).map(u64::cast_signed)).collect())
    };
    let texts =
        |text: fn(&EventLine) -> &String| Values::Text(events.iter().map(|event| text(event).clone()).collect());
    vec![
        longs(|event| event.tick.cast_signed()),
        longs(|event| event.sequence.cast_signed()),
        longs(|event| event.unix_ms),
        texts(|event| &event.kind),
        Values::Int(events.iter().map(|event| i32::from(event.priority)).collect()),
        Values::OptionalInt(events.iter().map(|event| event.agent.map(u32::cast_signed)).collect()),
        texts(|event| &event.text),
        texts(|event| &event.id),
        Values::OptionalText(events.iter().map(|event| event.payload.clone()).collect()),
        Values::OptionalText(events.iter().map(|event| event.fields.clone()).collect()),
        optional_longs(|event| event.respond_by),
        optional_longs(|event| event.refers_to),
    ]
}

fn metadata<'a>(
    about: Option<&About>,
    columns: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>,
) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    if let Some(about) = about {
        let About { version, scene, seed, fingerprint, tick_hz, epoch, fingerprint_format: _, metrics: _ } = about;
        for (key, value) in [
            ("version", version.clone()),
            ("scene", scene.clone()),
            ("seed", seed.to_string()),
            ("fingerprint", fingerprint.clone()),
            ("tick_hz", tick_hz.to_string()),
            ("epoch", epoch.clone()),
        ] {
            pairs.push((format!("agent2028.{key}"), value));
        }
    }
    for (name, unit, help) in columns {
        pairs.push((format!("column.{name}.unit"), unit.into()));
        pairs.push((format!("column.{name}.help"), help.into()));
    }
    pairs
}
