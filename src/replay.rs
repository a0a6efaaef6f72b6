//! Recorded runs, run again and compared.

use std::collections::BTreeMap;
use std::path::PathBuf;

use agent2028_core::checkpoint::{Checkpoint, checked_state_hash};
use agent2028_core::clock::SimClock;
use agent2028_core::intervention::InterventionLog;
use agent2028_core::metrics::Metrics;
use agent2028_core::simulation::run_ticks;
use agent2028_ledger::disk::tree_of_the_run;
use agent2028_ledger::hash::to_hex;
use agent2028_ledger::{EntryKind, Ledger};
use bevy::prelude::World;
use serde::Serialize;

use crate::assemble::{ExtraPlugins, agent_count, build_app, is_stopped};
use crate::headless::{Progress, RunError};
use crate::record::audit::{Audit, AuditVerdict, audit};
use crate::record::{About, RecordedIntervention, Recording};

/// What came out when a run was run again from its folder alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verification {
    /// The folder.
    pub folder: String,
    /// The last tick that was compared.
    pub ticks: u64,
    /// How many interventions from outside were done again.
    pub interventions: usize,
    /// How many state hashes were compared.
    pub hashes: usize,
    /// How many checkpoints were compared, byte by byte.
    pub checkpoints: usize,
    /// Where the run parted from its recording, if it did.
    pub difference: Option<Difference>,
    /// What the run's ledger, and the files beside it, were found to be.
    pub ledger: AuditVerdict,
    /// What makes a difference likely although nothing is broken, such as another version of the program.
    pub notes: Vec<String>,
}

impl Verification {
    /// Whether everything is the same, and the ledger was not changed.
    #[must_use]
    pub const fn passed(&self) -> bool {
        self.difference.is_none() && !matches!(self.ledger, AuditVerdict::Changed(_))
    }
}

/// Where a run parted from its recording.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The first tick that is known to differ.
    pub tick: u64,
    /// The last tick before it that was found to be the same; 0 is the state that the scene describes.
    pub same_until: u64,
    /// What differs.
    pub what: String,
    /// What was recorded.
    pub recorded: String,
    /// What came out now.
    pub now: String,
    /// Which sections of the state differ, if there is a checkpoint of the tick.
    pub sections: Vec<String>,
}

/// Runs a recording again and compares every state hash, every checkpoint and every outcome of an intervention in it. It
/// ends at the first difference.
///
/// # Errors
/// If the scene can't be built, an intervention is unknown, or the folder holds nothing to compare.
pub fn verify(
    recording: &Recording,
    threads: Option<usize>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Verification, RunError> {
    let hashes: BTreeMap<u64, &String> = recording.hashes.iter().map(|(tick, hash)| (*tick, hash)).collect();
    // The rows before a checkpoint are on the disk before it is, so one that lies after all rows is no part of the run.
    let files = recording.checkpoints.iter().filter(|(tick, _)| *tick <= recording.last_tick);
    let files: BTreeMap<u64, &PathBuf> = files.map(|(tick, file)| (*tick, file)).collect();
    let ends = [hashes.last_key_value().map(|(tick, _)| *tick), files.last_key_value().map(|(tick, _)| *tick)];
    let Some(last) = ends.into_iter().flatten().max() else {
        return Err(RunError::NothingToCompare(recording.path.display().to_string()));
    };
    let audit = audit(&recording.path)?;
    let mut app = build_app(&recording.loaded, threads, &ExtraPlugins::default())?;
    let world = app.world_mut();
    recording.queue(world)?;
    let mut found = Verification {
        folder: recording.path.display().to_string(),
        ticks: 0,
        interventions: recording.from_outside().filter(|entry| entry.tick <= last).count(),
        hashes: 0,
        checkpoints: 0,
        difference: None,
        ledger: audit.verdict.clone(),
        notes: notes(recording),
    };
    let (mut told, mut done) = (0, 0);
    loop {
        let tick = world.resource::<SimClock>().tick();
        // A hundred times is enough for a bar and for a line a second.
        if tick == 0 || tick == last || (tick - told) * 100 >= last {
            told = tick;
            progress(Progress { tick, last, agents: agent_count(world) });
        }
        let mut difference = compare_outcomes(recording, world, &mut done)?;
        let checkpoint = files.get(&tick).and_then(|file| match Checkpoint::read(file) {
            Ok(checkpoint) => Some(checkpoint),
            Err(error) => {
                found.notes.push(format!("passed over {}: {error}", file.display()));
                None
            }
        });
        if difference.is_none() && (hashes.contains_key(&tick) || checkpoint.is_some()) {
            found.hashes += usize::from(hashes.contains_key(&tick));
            found.checkpoints += usize::from(checkpoint.is_some());
            difference = compare_states(world, hashes.get(&tick).copied(), checkpoint.as_ref())?;
            if difference.is_none() {
                found.ticks = tick;
            }
        }
        if difference.is_none() && tick < last && is_stopped(world) {
            let recorded = format!("went on to tick {last}");
            difference = Some(Difference::new(tick, "the length of the run", recorded, "a fault stopped it".into()));
        }
        if let Some(difference) = difference {
            found.difference = Some(Difference { same_until: found.ticks, ..difference });
            return Ok(found);
        }
        if tick >= last {
            found.difference =
                compare_ledgers(&audit, world).map(|difference| Difference { same_until: found.ticks, ..difference });
            return Ok(found);
        }
        run_ticks(world, 1);
    }
}

/// What makes a difference likely although nothing is broken.
fn notes(recording: &Recording) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(about) = &recording.about {
        let now = About::of(&recording.loaded, &Metrics::default());
        if about.version != now.version {
            notes.push(format!("recorded by version {}, this is {}", about.version, now.version));
        }
        if about.fingerprint_format != now.fingerprint_format {
            notes.push("recorded by a version that told scenes apart in another way".into());
        } else if about.fingerprint != now.fingerprint {
            notes.push(
                "scene.ron no longer means what it meant when the run was recorded: it was edited, or defaults changed"
                    .into(),
            );
        }
    }
    notes
}

/// Compares what was done since the last look, and what came of it.
fn compare_outcomes(recording: &Recording, world: &World, done: &mut usize) -> Result<Option<Difference>, RunError> {
    let log = &world.resource::<InterventionLog>().0;
    let news = log.iter().enumerate().skip(*done);
    *done = log.len();
    for (index, applied) in news {
        let now = RecordedIntervention::of(applied)?;
        // What the recording no longer tells, because it was cut short, can't be compared.
        let Some(recorded) = recording.interventions.get(index) else {
            return Ok(None);
        };
        if !recorded.does_the_same(&now) || recorded.outcome != now.outcome {
            let what = format!("intervention {}", index + 1);
            return Ok(Some(Difference::new(now.tick, &what, describe(recorded), describe(&now))));
        }
    }
    Ok(None)
}

fn describe(entry: &RecordedIntervention) -> String {
    let (Ok(outcome) | Err(outcome)) = &entry.outcome;
    format!("tick {}: {}{}: {outcome}", entry.tick, entry.name, entry.fields)
}

/// Compares the simulation's ledger, if it keeps one, with that in the folder, as far as both go.
fn compare_ledgers(audit: &Audit, world: &World) -> Option<Difference> {
    let now = world.get_resource::<Ledger>()?;
    let walk = audit.walk.as_ref()?;
    let whole = walk.tree.as_ref()?;
    if audit.ended && matches!(audit.verdict, AuditVerdict::CutOff(_)) {
        // The ledger says itself that it holds another way of the run.
        return None;
    }
    // A run that went on after its end has what closed it then in the midst of its ledger, and a repetition has not.
    let has_ends = walk.counts.contains_key(&EntryKind::Resumed);
    let of_the_run = if has_ends { tree_of_the_run(&audit.path).ok() } else { None };
    let recorded = of_the_run.as_ref().unwrap_or(whole);
    let size = now.size().min(recorded.size());
    let (was, is) = (recorded.root_at(size)?, now.tree().root_at(size)?);
    let tick = world.resource::<SimClock>().tick();
    let what = format!("ledger of {size} entries");
    (was != is).then(|| Difference::new(tick, &what, to_hex(&was), to_hex(&is)))
}

/// Compares the state with what is recorded of it.
fn compare_states(
    world: &World,
    hash: Option<&String>,
    checkpoint: Option<&Checkpoint>,
) -> Result<Option<Difference>, RunError> {
    let tick = world.resource::<SimClock>().tick();
    let now = checked_state_hash(world)?.to_string();
    let recorded = hash.cloned().into_iter().chain(checkpoint.map(|saved| saved.state_hash.to_string()));
    let Some(recorded) = recorded.into_iter().find(|recorded| *recorded != now) else {
        return Ok(None);
    };
    let sections = checkpoint.map_or_else(Vec::new, |saved| {
        let present = Checkpoint::of(world);
        saved.differing_sections(&present).into_iter().map(str::to_owned).collect()
    });
    Ok(Some(Difference { sections, ..Difference::new(tick, "state hash", recorded, now) }))
}

impl Difference {
    fn new(tick: u64, what: &str, recorded: String, now: String) -> Self {
        Self { tick, same_until: 0, what: what.into(), recorded, now, sections: Vec::new() }
    }
}
