//! `interventions.ron`: what was done to a run, in order, with its outcome.
//!
//! A list in RON with an entry a line, closed by `]` after every entry, so that it is whole whenever somebody looks. Where
//! the machine broke down in the middle of a line, that line and the bracket are missing, and the rest is read.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use agent2028_core::checkpoint::write_atomically;
use agent2028_core::intervention::{
    AnyIntervention, Applied, InterventionError, InterventionRegistry, Origin, Stamped,
};
use agent2028_core::ron_format;
use agent2028_core::whole_file::read_ordinary_text;
use ron::value::RawValue;
use serde::{Deserialize, Serialize};

use super::{RecordError, io_error};

/// The name of the file.
pub const FILE: &str = "interventions.ron";

const HEAD: &str =
    "// What was done to this run, in order. A replay does it again, but for what the scene does by itself.\n[\n";
const TAIL: &str = "]\n";

/// An intervention as it is written down.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedIntervention {
    /// The tick at whose start it was applied.
    pub tick: u64,
    /// Its number among all interventions of the run.
    pub sequence: u64,
    /// Who asked for it; what the scene's own timeline does comes from the scene again in a replay.
    pub origin: Origin,
    /// Its name.
    pub name: String,
    /// Its fields in RON.
    pub fields: String,
    /// What it did, or why it could not.
    pub outcome: Result<String, String>,
}

/// The same, as RON reads it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    tick: u64,
    sequence: u64,
    origin: Origin,
    name: String,
    fields: Box<RawValue>,
    outcome: Outcome,
}

#[derive(Serialize, Deserialize)]
enum Outcome {
    Done(String),
    Refused(String),
}

impl RecordedIntervention {
    /// An intervention that was applied.
    ///
    /// # Errors
    /// If it has no RON form.
    pub fn of(applied: &Applied) -> Result<Self, RecordError> {
        let stamped = &applied.stamped;
        let name = stamped.action.name();
        Ok(Self {
            tick: stamped.tick,
            sequence: stamped.sequence,
            origin: stamped.origin,
            name: name.into(),
            fields: stamped.action.to_ron().map_err(|error| {
                RecordError::Unwritten(format!("the intervention {name} of tick {}", stamped.tick), error.to_string())
            })?,
            outcome: applied.outcome.clone(),
        })
    }

    /// An intervention that somebody asked for, whether its tick has come or not.
    ///
    /// # Errors
    /// If it has no RON form.
    pub fn asked(stamped: &Stamped) -> Result<Self, RecordError> {
        Self::of(&Applied { stamped: stamped.clone(), outcome: Ok(String::new()) })
    }

    /// An intervention that a program asks for, at a tick that has not come.
    ///
    /// # Errors
    /// If it has no RON form.
    pub fn wanted(tick: u64, action: &AnyIntervention) -> Result<Self, RecordError> {
        Self::asked(&Stamped { tick, sequence: 0, origin: Origin::User, action: action.clone() })
    }

    /// Whether both do the same at the same tick, whatever their numbers are.
    #[must_use]
    pub fn does_the_same(&self, other: &Self) -> bool {
        (self.tick, self.origin, &self.name, &self.fields) == (other.tick, other.origin, &other.name, &other.fields)
    }

    /// The intervention itself.
    ///
    /// # Errors
    /// If this program doesn't know it, or its fields don't fit.
    pub fn action(&self, registry: &InterventionRegistry) -> Result<AnyIntervention, InterventionError> {
        registry.read(&self.name, &self.fields)
    }

    fn to_line(&self) -> String {
        // A text in quotes, escaped as RON reads it; there is none that has no such form.
        let text = |value: &str| format!("{value:?}");
        let outcome = match &self.outcome {
            Ok(done) => format!("Done({})", text(done)),
            Err(why) => format!("Refused({})", text(why)),
        };
        format!(
            "(tick: {}, sequence: {}, origin: {:?}, name: {}, fields: {}, outcome: {outcome}),\n",
            self.tick,
            self.sequence,
            self.origin,
            text(&self.name),
            self.fields
        )
    }

    fn from_line(line: &str) -> Result<Self, String> {
        let line: Line = ron_format::from_str(line.trim().trim_end_matches(',')).map_err(|error| error.to_string())?;
        Ok(Self {
            tick: line.tick,
            sequence: line.sequence,
            origin: line.origin,
            name: line.name,
            fields: line.fields.get_ron().trim().to_owned(),
            outcome: match line.outcome {
                Outcome::Done(text) => Ok(text),
                Outcome::Refused(text) => Err(text),
            },
        })
    }
}

/// Reads the interventions of a run, in the order in which they were applied; none if the file is missing.
///
/// # Errors
/// If a line that is not the torn last one can't be read.
pub fn read(folder: &Path) -> Result<Vec<RecordedIntervention>, RecordError> {
    let path = folder.join(FILE);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = read_ordinary_text(&path).map_err(io_error(&path))?;
    parse(&text).map_err(|(line, message)| RecordError::Content {
        path: path.display().to_string(),
        line: Some(line),
        message,
    })
}

fn parse(text: &str) -> Result<Vec<RecordedIntervention>, (usize, String)> {
    let whole = text.trim_end().ends_with(']');
    let last = text.lines().count();
    let mut entries = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if matches!(line.trim(), "" | "[" | "]") || line.trim_start().starts_with("//") {
            continue;
        }
        match RecordedIntervention::from_line(line) {
            Ok(entry) => entries.push(entry),
            Err(_) if index + 1 == last && !whole => {}
            Err(message) => return Err((index + 1, message)),
        }
    }
    entries.sort_by_key(|entry| (entry.tick, entry.sequence));
    Ok(entries)
}

/// Writes the interventions of a run, all at once: there completely or not at all.
///
/// # Errors
/// If the disk refuses.
pub fn write(folder: &Path, entries: &[RecordedIntervention]) -> Result<(), RecordError> {
    write_all(&folder.join(FILE), entries, &[]).map(drop)
}

/// `interventions.ron`, open for writing.
#[derive(Debug)]
pub struct InterventionFile {
    path: PathBuf,
    file: File,
    entries: Vec<RecordedIntervention>,
    waiting: Vec<RecordedIntervention>,
}

impl InterventionFile {
    /// Begins a file, or goes on with one after a tick: what people did later waits for its tick to come again.
    ///
    /// # Errors
    /// If the disk refuses or the file can't be read.
    pub fn open(folder: &Path, tick: u64) -> Result<Self, RecordError> {
        let (entries, later): (Vec<RecordedIntervention>, Vec<RecordedIntervention>) =
            read(folder)?.into_iter().partition(|entry| entry.tick <= tick);
        let waiting: Vec<RecordedIntervention> =
            later.into_iter().filter(|entry| entry.origin != Origin::Scene).collect();
        let path = folder.join(FILE);
        let file = write_all(&path, &entries, &waiting)?;
        Ok(Self { path, file, entries, waiting })
    }

    /// What is written down of the past, in order.
    #[must_use]
    pub fn entries(&self) -> &[RecordedIntervention] {
        &self.entries
    }

    /// What waits for its tick, in order.
    #[must_use]
    pub fn waiting(&self) -> &[RecordedIntervention] {
        &self.waiting
    }

    /// Writes an intervention down as it happens.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn push(&mut self, entry: RecordedIntervention) -> Result<(), RecordError> {
        if let Some(at) = self.waiting.iter().position(|waiting| waiting.does_the_same(&entry)) {
            // Its line is there already.
            self.waiting.remove(at);
            self.entries.push(entry);
            return Ok(());
        }
        let text = entry.to_line() + TAIL;
        let mut write = || -> std::io::Result<()> {
            self.file.seek(SeekFrom::End(-(TAIL.len() as i64)))?;
            self.file.write_all(text.as_bytes())
        };
        write().map_err(io_error(&self.path))?;
        self.entries.push(entry);
        Ok(())
    }

    /// Forgets what was done after `tick`, and what waits.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn cut(&mut self, tick: u64) -> Result<(), RecordError> {
        let before = (self.entries.len(), self.waiting.len());
        self.entries.retain(|entry| entry.tick <= tick);
        self.waiting.clear();
        if before != (self.entries.len(), 0) {
            self.file = write_all(&self.path, &self.entries, &[])?;
        }
        Ok(())
    }

    /// Brings everything to the disk.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn sync(&mut self) -> Result<(), RecordError> {
        self.file.sync_data().map_err(io_error(&self.path))
    }
}

/// Writes the whole file, there completely or not at all, and opens it for more.
fn write_all(
    path: &Path,
    entries: &[RecordedIntervention],
    waiting: &[RecordedIntervention],
) -> Result<File, RecordError> {
    let lines: String = entries.iter().chain(waiting).map(RecordedIntervention::to_line).collect();
    write_atomically(path, format!("{HEAD}{lines}{TAIL}").as_bytes()).map_err(io_error(path))?;
    OpenOptions::new().write(true).open(path).map_err(io_error(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(tick: u64, sequence: u64, origin: Origin, outcome: Result<&str, &str>) -> RecordedIntervention {
        RecordedIntervention {
            tick,
            sequence,
            origin,
            name: "Kill".into(),
            fields: "(select:Fraction(0.3),duration_s:None)".into(),
            outcome: outcome.map(str::to_owned).map_err(str::to_owned),
        }
    }

    #[test]
    fn what_is_written_comes_back_and_is_one_list_of_ron() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = InterventionFile::open(folder.path(), 0).unwrap();
        let entries = [
            entry(3, 0, Origin::Scene, Ok("killed 3 agents")),
            entry(9, 1, Origin::User, Err("\"quotes\", a \\ and\na line break")),
        ];
        for entry in &entries {
            file.push(entry.clone()).unwrap();
        }
        assert_eq!(read(folder.path()).unwrap(), entries);
        let text = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
        let list: Vec<Line> = ron_format::from_str(&text).unwrap();
        assert_eq!(list.len(), 2);
        assert!(text.contains("fields: (select:Fraction(0.3),duration_s:None)"), "{text}");
    }

    #[test]
    fn a_torn_last_line_is_passed_over_and_a_wrong_one_is_told_with_its_line() {
        let whole = format!("{HEAD}{}", entry(1, 0, Origin::User, Ok("")).to_line());
        let torn = format!("{whole}(tick: 4, sequence: 1, ori");
        assert_eq!(parse(&torn).unwrap().len(), 1);
        assert_eq!(parse(&whole).unwrap().len(), 1);
        let wrong = format!("{whole}(tick: 4, nonsense: 1),\n]\n");
        assert_eq!(parse(&wrong).unwrap_err().0, 4);
    }

    #[test]
    fn what_people_did_after_the_tick_waits_and_is_not_written_twice() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = InterventionFile::open(folder.path(), 0).unwrap();
        let scenes = entry(5, 0, Origin::Scene, Ok(""));
        let persons = entry(7, 1, Origin::User, Ok(""));
        for entry in [entry(2, 2, Origin::User, Ok("")), scenes.clone(), persons.clone()] {
            file.push(entry).unwrap();
        }
        let mut again = InterventionFile::open(folder.path(), 4).unwrap();
        assert_eq!((again.entries().len(), again.waiting().len()), (1, 1));
        assert_eq!(read(folder.path()).unwrap().len(), 2, "what waits survives another kill");
        again.push(scenes).unwrap();
        again.push(persons).unwrap();
        assert!(again.waiting().is_empty());
        assert_eq!(read(folder.path()).unwrap().iter().map(|entry| entry.tick).collect::<Vec<_>>(), [2, 5, 7]);
        again.cut(5).unwrap();
        assert_eq!(read(folder.path()).unwrap().len(), 2);
    }
}
