//! The scene of a run against its ledger: the text, the files that it names, and the terms that it lays down.

use std::path::Path;

use agent2028_core::clock::SimClock;
use agent2028_core::faults::SetParam;
use agent2028_core::intervention::Intervention;
use agent2028_core::reflect_path;
use agent2028_core::ron_format;
use agent2028_ledger::config::Stamps;
use agent2028_ledger::{Entry, EntryKind, LedgerConfig, Opening, SignedTreeHead, Terms, facts};
use bevy::reflect::{PartialReflect, TypeRegistry};

use super::FilesReport;
use super::comparison::Comparison;
use crate::record::{About, RecordError, interventions, io_error, ledger, recording};
use crate::scene::load::Loaded;
use crate::scene::syntax::{self, SourceId};

impl Comparison<'_> {
    pub(super) fn compare_scene(&self, report: &mut FilesReport) -> Result<Option<String>, RecordError> {
        let Some((index, payload)) = self.claims.scene else {
            return Ok(None);
        };
        let path = self.run.join("scene.ron");
        if !path.exists() {
            return Ok(Some(format!("scene.ron is missing (entry {index})")));
        }
        let text = agent2028_core::whole_file::read_ordinary_text(&path).map_err(io_error(&path))?;
        if facts::scene_hash(&text) != payload {
            return Ok(Some(format!("scene.ron is not the scene that was run (entry {index})")));
        }
        report.files += 1;
        for (index, name, payload) in &self.claims.files {
            let path = self.run.join(name);
            // A name from a ledger leads nowhere but into the run's folder.
            let is_plain =
                Path::new(name).components().count() == 1 && path.file_name().is_some_and(|file| file == name.as_str());
            if !is_plain || !path.is_file() {
                return Ok(Some(format!("{name} is missing (entry {index})")));
            }
            if facts::file_hash(&ledger::digest(&path)?) != *payload {
                return Ok(Some(format!("{name} is not the file that was entered (entry {index})")));
            }
            report.files += 1;
        }
        // A run that was stopped at its very beginning may lack the rest of it.
        if self.demands.lacks_its_beginning(self.walk) { Ok(None) } else { self.compare_demands() }
    }

    /// Whether the ledger begins as one of this scene does, was kept on its terms, and changed these where they were changed.
    fn compare_demands(&self) -> Result<Option<String>, RecordError> {
        let Ok(loaded) = recording::load_scene(self.run, &[]) else {
            // A scene that another program understands is told by whoever runs it again; what is no scene at all was never run.
            let path = self.run.join("scene.ron");
            let text = agent2028_core::whole_file::read_ordinary_text(&path).map_err(io_error(&path))?;
            let is_none = syntax::parse(SourceId(0), &text).is_err();
            return Ok(is_none.then(|| "scene.ron holds no scene, so it was never run (entry 0)".into()));
        };
        let config: LedgerConfig = loaded.scene.section::<LedgerConfig>().cloned().unwrap_or_else(ledger::own_config);
        let clock = SimClock::new(loaded.scene.tick_hz, loaded.scene.epoch());
        let terms = Terms::of(&config, &clock);
        let mut document = Opening::from(loaded.document());
        // The text as it stands there: written anew, lists may be broken into lines in another way.
        let path = self.run.join("scene.ron");
        document.scene = agent2028_core::whole_file::read_ordinary_text(&path).map_err(io_error(&path))?;
        let opening = document.entries(clock.epoch().timestamp_millis(), &terms);
        // Another version may tell scenes apart in another way.
        let own = About::read(self.run)?.is_none_or(|about| about.version == env!("CARGO_PKG_VERSION"));
        let told = |entry: &Entry| match entry.kind {
            EntryKind::Scene if !own => Entry { detail: String::new(), ..entry.clone() },
            _ => entry.clone(),
        };
        for (index, entry) in &self.claims.opening {
            let wanted = usize::try_from(*index).ok().and_then(|index| opening.get(index)).map(told);
            if wanted.as_ref() != Some(&told(entry)) {
                let what = match entry.kind {
                    EntryKind::Seed => "the seed is not that of scene.ron",
                    EntryKind::Terms => "the terms of the ledger are not those of scene.ron",
                    EntryKind::File => "the ledger names a file that scene.ron doesn't",
                    _ => "the ledger calls its scene other than scene.ron does",
                };
                return Ok(Some(format!("{what} (entry {index})")));
            }
        }
        if self.claims.opening.len() != opening.len() {
            return Ok(Some(format!(
                "the ledger begins with {} entries, and a run of scene.ron with {}",
                self.claims.opening.len(),
                opening.len()
            )));
        }
        if let Some(what) = self.compare_changes_of_terms(&loaded, config, &clock)? {
            return Ok(Some(what));
        }
        Ok(self.compare_times(&clock))
    }

    /// Whether the terms changed as the interventions say that set values of the section, and when they say it.
    fn compare_changes_of_terms(
        &self,
        loaded: &Loaded,
        mut config: LedgerConfig,
        clock: &SimClock,
    ) -> Result<Option<String>, RecordError> {
        let Some((_, _, first)) = self.claims.terms.first() else { return Ok(None) };
        let mut types = TypeRegistry::default();
        types.register::<LedgerConfig>();
        let done = interventions::read(self.run)?;
        let mut sets = done.iter().filter(|entry| entry.name == SetParam::NAME && entry.outcome.is_ok()).peekable();
        let mut apply_up_to = |tick: u64, config: &mut LedgerConfig| {
            while let Some(entry) = sets.next_if(|entry| entry.tick <= tick) {
                let set: Result<SetParam, _> = ron_format::from_str(&entry.fields);
                let Ok(set) = set else { continue };
                let path = loaded.scene.params.get(&set.path).map_or(set.path.as_str(), |param| param.path.as_str());
                if let Some(within) = path.strip_prefix("ledger.") {
                    // What was done once can be done again.
                    let _ = reflect_path::write(config.as_partial_reflect_mut(), within, &set.value, &types);
                }
            }
            let Terms { stamps, .. } = Terms::of(config, clock);
            // Who signs and what is kept was decided at the beginning.
            let stamps = if first.stamps == Stamps::None { Stamps::None } else { stamps };
            Terms { sign: first.sign.clone(), keep: first.keep, stamps, ..Terms::of(config, clock) }
        };
        for (at, (index, tick, terms)) in self.claims.terms.iter().enumerate().skip(1) {
            let before = &self.claims.terms[at - 1].2;
            // Nothing changed them between the last ones and these.
            if tick.checked_sub(1).map(|tick| apply_up_to(tick, &mut config)).as_ref() != Some(before) {
                return Ok(Some(format!("the terms before entry {index} are not those that were set by then")));
            }
            if apply_up_to(*tick, &mut config) != *terms {
                return Ok(Some(format!(
                    "the terms changed otherwise than an intervention has set them (entry {index})"
                )));
            }
        }
        let last_tick = self.claims.end.as_ref().map_or(self.claims.last_tick.saturating_sub(1), |end| end.tick);
        let now = apply_up_to(last_tick, &mut config);
        Ok((self.claims.terms.last().map(|(_, _, terms)| terms) != Some(&now)).then(|| {
            format!("an intervention has changed the terms up to tick {last_tick}, and the ledger doesn't say so")
        }))
    }

    /// Whether times are those of their ticks.
    fn compare_times(&self, clock: &SimClock) -> Option<String> {
        let at = |tick: u64| clock.at(tick).timestamp_millis();
        let wrong = |signed: &&SignedTreeHead| signed.head.unix_ms != at(signed.head.tick);
        if let Some(signed) = self.walk.heads.iter().find(wrong) {
            return Some(format!("the tree head over {} entries has not the time of its tick", signed.head.size));
        }
        let late = self.claims.interventions.iter().chain(&self.claims.events);
        let mut late = late.filter(|(_, entry)| entry.unix_ms > at(entry.tick));
        late.next().map(|(index, _)| format!("entry {index} has a time after its tick"))
    }
}
