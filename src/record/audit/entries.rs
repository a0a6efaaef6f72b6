//! The entries of a ledger against the rows of its run: interventions, state hashes and events.

use std::collections::{BTreeMap, BTreeSet};

use agent2028_core::checkpoint::StateHash;
use agent2028_ledger::config::Stamps;
use agent2028_ledger::hash::hash_from_hex;
use agent2028_ledger::{Entry, Hash, Outcome, facts};
use uuid::Uuid;

use super::FilesReport;
use super::comparison::Comparison;
use crate::record::events::EventLine;
use crate::record::{RecordError, checkpoints, interventions, io_error, rows};

/// Events of this priority and more get a time stamp where a scene wants that of important ones.
const IMPORTANT: u8 = 8;

impl Comparison<'_> {
    /// The last tick of which entries were dropped.
    fn dropped(&self) -> Option<u64> {
        self.walk.compactions.last().map(|compaction| compaction.tick)
    }

    pub(super) fn compare_interventions(
        &self,
        whole: bool,
        report: &mut FilesReport,
    ) -> Result<Option<String>, RecordError> {
        let written = interventions::read(self.run)?;
        let hash = |entry: &interventions::RecordedIntervention| {
            let outcome = entry.outcome.as_ref().map(String::as_str).map_err(String::as_str);
            facts::intervention_hash(entry.sequence, entry.origin, &entry.name, &entry.fields, outcome)
        };
        let never = |entry: &interventions::RecordedIntervention| {
            format!("interventions.ron tells of something in tick {} that was never done", entry.tick)
        };
        let mut at = 0;
        for (index, claim) in &self.claims.interventions {
            let (tick, payload) = (claim.tick, &claim.payload);
            // Those of dropped entries come before.
            while let Some(entry) = written.get(at)
                && hash(entry) != *payload
                && self.dropped().is_some_and(|dropped| entry.tick <= dropped)
            {
                at += 1;
            }
            let Some(entry) = written.get(at) else {
                return Ok(Some(format!(
                    "an intervention of tick {tick} is missing in interventions.ron (entry {index})"
                )));
            };
            if hash(entry) != *payload {
                let number = at + 1;
                return Ok(Some(format!(
                    "intervention {number} in interventions.ron is not what was done (entry {index})"
                )));
            }
            let (outcome, Ok(words) | Err(words)) = match &entry.outcome {
                Ok(_) => (Outcome::Done, &entry.outcome),
                Err(_) => (Outcome::Refused, &entry.outcome),
            };
            let told =
                (&claim.operation, claim.outcome, &claim.detail) == (&entry.name, outcome, &facts::clipped(words));
            if !told || entry.tick > tick {
                return Ok(Some(format!("entry {index} tells otherwise of what interventions.ron says was done")));
            }
            (at, report.interventions) = (at + 1, report.interventions + 1);
        }
        // What comes after the last entry waits for its tick, or the ledger was cut off before it.
        let last = self.claims.end.as_ref().map_or(self.claims.last_tick, |end| end.tick);
        let mut rest = written[at..].iter();
        Ok(rest
            .find(|entry| {
                let dropped = self.dropped().is_some_and(|dropped| entry.tick <= dropped);
                !dropped && if whole { entry.tick <= last } else { entry.tick < last }
            })
            .map(never))
    }

    pub(super) fn compare_states(&self, report: &mut FilesReport) -> Result<Option<String>, RecordError> {
        let path = self.run.join("hashes.csv");
        let mut hashes: BTreeMap<u64, Hash> = BTreeMap::new();
        if path.exists() {
            rows::read(&path, 1, |_, row| {
                let hash =
                    row.split_once(',').and_then(|(tick, hash)| Some((tick.parse().ok()?, hash_from_hex(hash)?)));
                hashes.extend(hash);
                Ok(())
            })?;
        }
        let end = self.claims.end.as_ref().zip(self.claims.ended_at);
        let end = end.map(|(entry, index)| (index, entry.tick, entry.payload));
        for (index, tick, payload) in self.claims.states.iter().chain(&end) {
            let Some(hash) = hashes.get(tick) else {
                continue;
            };
            if facts::state_hash(&StateHash(*hash)) != *payload {
                return Ok(Some(format!("the state of tick {tick} in hashes.csv is another (entry {index})")));
            }
            report.state_hashes += 1;
        }
        if let Some(difference) = self.compare_checkpoints(&hashes)? {
            return Ok(Some(difference));
        }
        let path = self.run.join("summary.json");
        if let (Some((index, tick, payload)), true) = (end, path.exists()) {
            let text = agent2028_core::whole_file::read_ordinary_text(&path).map_err(io_error(&path))?;
            let summary: Option<serde_json::Value> = serde_json::from_str(&text).ok();
            let told = summary.as_ref().and_then(|summary| {
                let hash = hash_from_hex(summary.get("state_hash")?.as_str()?)?;
                Some((summary.get("ticks")?.as_u64()?, facts::state_hash(&StateHash(hash))))
            });
            // What is no summary at all the manifest tells.
            if told.is_some_and(|told| told != (tick, payload)) {
                return Ok(Some(format!("summary.json tells of another end (entry {index})")));
            }
        }
        Ok(None)
    }

    /// Whether the checkpoints, from which a run that was cut off goes on, hold the states that are known of their ticks.
    fn compare_checkpoints(&self, hashes: &BTreeMap<u64, Hash>) -> Result<Option<String>, RecordError> {
        let entered: BTreeMap<u64, (u64, Hash)> =
            self.claims.states.iter().map(|(index, tick, payload)| (*tick, (*index, *payload))).collect();
        for (tick, file, state) in checkpoints::states(self.run)? {
            let name = || format!("checkpoints/{}", file.file_name().unwrap_or_default().display());
            if let Some((index, payload)) = entered.get(&tick)
                && facts::state_hash(&state) != *payload
            {
                return Ok(Some(format!("{} holds another state than tick {tick} had (entry {index})", name())));
            }
            if hashes.get(&tick).is_some_and(|hash| *hash != state.0) {
                return Ok(Some(format!("{} holds another state than hashes.csv tells of tick {tick}", name())));
            }
        }
        Ok(None)
    }

    pub(super) fn compare_events(&self, whole: bool, report: &mut FilesReport) -> Result<Option<String>, RecordError> {
        let claims = &self.claims.events;
        let id = |claim: &Entry| claim.event.unwrap_or_default();
        let places: BTreeMap<[u8; 16], usize> =
            claims.iter().enumerate().map(|(at, (_, claim))| (id(claim), at)).collect();
        let stamped: BTreeSet<u64> = self.demands.stamps().iter().map(|stamp| stamp.index).collect();
        let acknowledged = self.acknowledged;
        let mut found = vec![false; claims.len()];
        // The first line that the ledger doesn't know, and the next claim that is expected.
        let (mut unknown, mut next): (Option<usize>, usize) = (None, 0);
        let mut difference: Option<String> = None;
        let path = self.run.join("events.jsonl");
        if !path.exists() {
            return Ok(Some("events.jsonl is missing".into()));
        }
        rows::read(&path, 0, |number, row| {
            let line: EventLine = serde_json::from_str(row).map_err(|error| RecordError::Content {
                path: path.display().to_string(),
                line: Some(number),
                message: error.to_string(),
            })?;
            if difference.is_some() {
                return Ok(());
            }
            let id = line.id.parse::<Uuid>().map(Uuid::into_bytes).unwrap_or_default();
            let Some(at) = places.get(&id).copied() else {
                let wanted =
                    self.claims.terms_at(line.tick).is_some_and(|terms| terms.admit(&line.kind, line.priority))
                        && !facts::tells_of_intervention(&line.kind)
                        && self.dropped().is_none_or(|dropped| line.tick > dropped);
                let lost = !whole && line.tick >= self.claims.last_tick && line.tick > acknowledged;
                if wanted && !lost {
                    difference =
                        Some(format!("line {number} of events.jsonl tells of an event that was never entered"));
                } else if wanted {
                    unknown = unknown.or(Some(number));
                }
                return Ok(());
            };
            let (index, claim) = (claims[at].0, &claims[at].1);
            let value = line.payload.as_deref().zip(line.fields.as_deref());
            if facts::event_hash(&line.kind, line.priority, &line.text, value) != claim.payload {
                difference = Some(format!("line {number} of events.jsonl is another event (entry {index})"));
            } else if (&claim.operation, &claim.detail, claim.who, claim.unix_ms)
                != (&line.kind, &facts::clipped(&line.text), line.agent, line.unix_ms)
                || line.tick > claim.tick
            {
                difference =
                    Some(format!("entry {index} tells otherwise of the event in line {number} of events.jsonl"));
            } else if at < next || unknown.is_some() {
                difference = Some(format!("line {number} of events.jsonl is out of order (entry {index})"));
            }
            let stamps = self.claims.terms_at(claim.tick).map(|terms| terms.stamps);
            let last = !whole && index + 1 == self.walk.size;
            if stamps == Some(Stamps::Important) && line.priority >= IMPORTANT && !stamped.contains(&index) && !last {
                difference = Some(format!("entry {index} lacks the time stamp that the scene demands"));
            }
            (found[at], next) = (true, at + 1);
            report.events += 1;
            Ok(())
        })?;
        if difference.is_some() {
            return Ok(difference);
        }
        let recorded = self.recorded_ticks(found.iter().all(|found| *found))?;
        let missing = found.iter().zip(claims).enumerate().find(|(at, (found, (_, claim)))| {
            let lost = !whole && *at >= next && claim.tick > acknowledged;
            !**found && !lost && recorded.as_ref().is_none_or(|ticks| ticks.contains(&claim.tick))
        });
        Ok(missing.map(|(_, (_, (index, _)))| format!("events.jsonl lacks an event (entry {index})")))
    }

    /// The ticks that the run has rows of: the window may have jumped over others, which the simulation's ledger knows all the
    /// same. Not worked out if nobody asks.
    fn recorded_ticks(&self, unasked: bool) -> Result<Option<BTreeSet<u64>>, RecordError> {
        let path = self.run.join("metrics.csv");
        if unasked || !path.exists() {
            return Ok(None);
        }
        let mut ticks = BTreeSet::new();
        rows::read(&path, rows::header(&path)?.lines, |_, row| {
            ticks.extend(rows::csv_tick(row));
            Ok(())
        })?;
        Ok(Some(ticks))
    }
}
