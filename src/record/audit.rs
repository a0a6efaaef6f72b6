//! Whether the files of a run say what its ledger says.

use std::collections::BTreeMap;
use std::path::Path;

use agent2028_core::checkpoint::StateHash;
use agent2028_ledger::disk::Item;
use agent2028_ledger::hash::hash_from_hex;
use agent2028_ledger::{Entry, EntryKind, Hash, facts};
use serde::Serialize;
use uuid::Uuid;

use super::events::EventLine;
use super::{RecordError, io_error, ledger, rows};
use crate::headless::RunError;

/// What was compared of a run's files with its ledger, and the first thing that differs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// How many files, interventions, state hashes and events were compared and are the same.
    pub files: usize,
    /// How many interventions.
    pub interventions: usize,
    /// How many state hashes.
    pub state_hashes: usize,
    /// How many events.
    pub events: usize,
    /// Whether the ledger says how the run ended.
    pub ended: bool,
    /// What differs first.
    pub difference: Option<String>,
}

/// What a ledger says of the files of its run.
#[derive(Debug, Default)]
pub struct Claims {
    scene: Option<(u64, Hash)>,
    files: Vec<(u64, String, Hash)>,
    interventions: Vec<(u64, Hash)>,
    states: Vec<(u64, u64, Hash)>,
    events: BTreeMap<[u8; 16], (u64, Hash)>,
    results: Vec<(u64, String, Hash)>,
    end: Option<(u64, u64, Hash)>,
}

impl Claims {
    /// Takes note of what lies in a ledger.
    pub fn note(&mut self, item: &Item) {
        let Item::Entry { index, entry, .. } = item else {
            return;
        };
        let Entry { kind, tick, payload, operation, .. } = entry;
        match kind {
            EntryKind::Scene => self.scene = Some((*index, *payload)),
            EntryKind::File => self.files.push((*index, operation.clone(), *payload)),
            EntryKind::Intervention => self.interventions.push((*index, *payload)),
            EntryKind::StateHash => self.states.push((*index, *tick, *payload)),
            EntryKind::Event => {
                if let Some(id) = entry.event {
                    self.events.insert(id, (*index, *payload));
                }
            }
            EntryKind::Result => self.results.push((*index, operation.clone(), *payload)),
            EntryKind::End => self.end = Some((*index, *tick, *payload)),
            EntryKind::Seed | EntryKind::Receipt | EntryKind::Note => {}
        }
    }

    /// Compares a run's files with it. It ends at the first difference.
    ///
    /// # Errors
    /// If a file can't be read.
    pub fn check(&self, run: &Path) -> Result<Audit, RunError> {
        let mut audit = Audit { ended: self.end.is_some(), ..Audit::default() };
        let difference = self.compare(run, &mut audit)?;
        audit.difference = difference;
        Ok(audit)
    }

    fn compare(&self, run: &Path, audit: &mut Audit) -> Result<Option<String>, RunError> {
        let differs = |index: u64, what: String| Some(format!("{what} (entry {index})"));
        if let Some((index, payload)) = self.scene {
            let path = run.join("scene.ron");
            let text = std::fs::read_to_string(&path).map_err(io_error(&path))?;
            if facts::scene_hash(&text) != payload {
                return Ok(differs(index, "scene.ron is not the scene that was run".into()));
            }
            audit.files += 1;
        }
        for (index, name, payload) in self.files.iter().chain(&self.results) {
            let path = run.join(name);
            // A name from a ledger leads nowhere but into the run's folder.
            let is_plain =
                Path::new(name).components().count() == 1 && path.file_name().is_some_and(|file| file == name.as_str());
            if !is_plain || !path.is_file() {
                return Ok(differs(*index, format!("{name} is missing")));
            }
            if facts::file_hash(&ledger::digest(&path)?) != *payload {
                return Ok(differs(*index, format!("{name} is not the file that was entered")));
            }
            audit.files += 1;
        }
        if let Some(difference) = self.compare_interventions(run, audit)? {
            return Ok(Some(difference));
        }
        if let Some(difference) = self.compare_states(run, audit)? {
            return Ok(Some(difference));
        }
        self.compare_events(run, audit)
    }

    fn compare_interventions(&self, run: &Path, audit: &mut Audit) -> Result<Option<String>, RunError> {
        let written = super::interventions::read(run)?;
        for (number, (index, payload)) in self.interventions.iter().enumerate() {
            let Some(entry) = written.get(number) else {
                return Ok(Some(format!(
                    "intervention {} is missing in interventions.ron (entry {index})",
                    number + 1
                )));
            };
            let outcome = entry.outcome.as_ref().map(String::as_str).map_err(String::as_str);
            let found = facts::intervention_hash(entry.sequence, entry.origin, &entry.name, &entry.fields, outcome);
            if found != *payload {
                return Ok(Some(format!(
                    "intervention {} in interventions.ron is not what was done (entry {index})",
                    number + 1
                )));
            }
            audit.interventions += 1;
        }
        let last = self.end.map_or(0, |(_, tick, _)| tick);
        if self.end.is_some()
            && let Some(entry) = written.get(self.interventions.len()).filter(|entry| entry.tick <= last)
        {
            let tick = entry.tick;
            return Ok(Some(format!("interventions.ron tells of something in tick {tick} that was never done")));
        }
        Ok(None)
    }

    fn compare_states(&self, run: &Path, audit: &mut Audit) -> Result<Option<String>, RunError> {
        let path = run.join("hashes.csv");
        let mut hashes: BTreeMap<u64, Hash> = BTreeMap::new();
        if path.exists() {
            rows::read(&path, 1, |_, row| {
                let hash =
                    row.split_once(',').and_then(|(tick, hash)| Some((tick.parse().ok()?, hash_from_hex(hash)?)));
                hashes.extend(hash);
                Ok(())
            })?;
        }
        for (index, tick, payload) in self.states.iter().chain(&self.end) {
            let Some(hash) = hashes.get(tick) else {
                continue;
            };
            if facts::state_hash(&StateHash(*hash)) != *payload {
                return Ok(Some(format!("the state of tick {tick} in hashes.csv is another (entry {index})")));
            }
            audit.state_hashes += 1;
        }
        let path = run.join("summary.json");
        if let (Some((index, tick, payload)), true) = (self.end, path.exists()) {
            let text = std::fs::read_to_string(&path).map_err(io_error(&path))?;
            let summary: Option<serde_json::Value> = serde_json::from_str(&text).ok();
            let told = summary.as_ref().and_then(|summary| {
                let hash = hash_from_hex(summary.get("state_hash")?.as_str()?)?;
                Some((summary.get("ticks")?.as_u64()?, facts::state_hash(&StateHash(hash))))
            });
            if told != Some((tick, payload)) {
                return Ok(Some(format!("summary.json tells of another end (entry {index})")));
            }
        }
        Ok(None)
    }

    fn compare_events(&self, run: &Path, audit: &mut Audit) -> Result<Option<String>, RunError> {
        let path = run.join("events.jsonl");
        if self.events.is_empty() || !path.exists() {
            return Ok(None);
        }
        let mut left = self.events.clone();
        let mut difference = None;
        rows::read(&path, 0, |number, row| {
            let line: EventLine = serde_json::from_str(row).map_err(|error| RecordError::Content {
                path: path.display().to_string(),
                line: Some(number),
                message: error.to_string(),
            })?;
            let id = line.id.parse::<Uuid>().map(Uuid::into_bytes).unwrap_or_default();
            if let Some((index, payload)) = left.remove(&id) {
                let value = line.payload.as_deref().zip(line.fields.as_deref());
                if facts::event_hash(&line.kind, line.priority, &line.text, value) != payload && difference.is_none() {
                    difference = Some(format!("line {number} of events.jsonl is another event (entry {index})"));
                }
                audit.events += 1;
            }
            Ok(())
        })?;
        let missing = left.values().map(|(index, _)| *index).min();
        Ok(difference.or_else(|| missing.map(|index| format!("events.jsonl lacks an event (entry {index})"))))
    }
}
