//! Runs without a window: ticks in a loop, with progress, checkpoints, state hashes and resume.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use agent2028_core::check::suggest;
use agent2028_core::checkpoint::{Checkpoint, checked_state_hash};
use agent2028_core::clock::SimClock;
use agent2028_core::event::EventBus;
use agent2028_core::intervention::{AnyIntervention, InterventionLog, InterventionQueue, Origin};
use agent2028_core::metrics::Metrics;
use agent2028_core::simulation::run_ticks;
use agent2028_ledger::keys::SigningKey;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::assemble::{ExtraPlugins, agent_count, build_app, is_stopped};
use crate::plot::fits;
use crate::record::folder::{queue, refuse_changed};
use crate::record::{Asked, Past, RecordError, RecordedIntervention, RunFolder, checkpoints};
use crate::scene::expect::{Expectations, Verdict};
use crate::scene::load::Loaded;
use crate::scene::report::SceneError;

/// What a run without a window should do.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// The tick after which it ends; the scene's duration if absent.
    pub ticks: Option<u64>,
    /// How many threads the simulation may use; all cores if absent.
    pub threads: Option<usize>,
    /// A folder to write.
    pub out: Option<PathBuf>,
    /// Ticks between two checkpoints.
    pub checkpoint_every: Option<u64>,
    /// Ticks between two state hashes.
    pub hash_every: Option<u64>,
    /// A run's folder to go on with. What is not asked for here stays as it was asked for when the run began.
    pub resume: Option<PathBuf>,
    /// Metrics to be recorded although they cost something: names, or patterns in which `*` stands for any letters and `?` for one.
    pub metrics: Vec<String>,
    /// What somebody does to the run: each at the start of its tick, in this order within a tick. Where a run is resumed, what
    /// it has done or still has waiting is not done twice.
    pub interventions: Vec<(u64, AnyIntervention)>,
    /// Signs the ledger of the folder in place of the run's own key.
    pub sign_with: Option<Arc<SigningKey>>,
    /// Ends the run early, with [`RunError::Cancelled`], once this is true.
    pub cancel: Option<Arc<AtomicBool>>,
    /// Plugins of your own.
    pub plugins: ExtraPlugins,
}

/// Why a run could not be done.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Something is wrong with the scene.
    #[error(transparent)]
    Scene(Box<SceneError>),
    /// The run's folder can't be used.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// There is no such metric in the scene.
    #[error("this scene has no metric \"{name}\"; {help}")]
    UnknownMetric {
        /// The name or pattern that was asked for.
        name: String,
        /// The nearest valid name.
        help: String,
    },
    /// The run's ledger can't be read.
    #[error(transparent)]
    Ledger(#[from] agent2028_ledger::disk::DiskError),
    /// There is no display that takes a window.
    #[error("a window can't be opened: {0}")]
    NoDisplay(String),
    /// The display went away while the window was open.
    #[error("the window is gone: {0}")]
    DisplayGone(String),
    /// Somebody ended the run early.
    #[error("the run was ended early")]
    Cancelled,
    /// There is nothing in a run's folder that a repetition could be compared with.
    #[error("{0} holds no state hash and no checkpoint, so there is nothing to compare")]
    NothingToCompare(String),
}

impl From<SceneError> for RunError {
    fn from(error: SceneError) -> Self {
        Self::Scene(Box::new(error))
    }
}

impl From<agent2028_core::checkpoint::CheckpointError> for RunError {
    fn from(error: agent2028_core::checkpoint::CheckpointError) -> Self {
        Self::Record(error.into())
    }
}

/// An intervention that failed, once or again and again for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedIntervention {
    /// Its name, such as `Kill`.
    pub intervention: String,
    /// Why, and what would have worked.
    pub reason: String,
    /// How often.
    pub times: u64,
    /// The tick of the first time.
    pub first_tick: u64,
}

/// The interventions of a run that failed, in the order in which they did first.
#[must_use]
pub fn failed_interventions(world: &World) -> Vec<FailedIntervention> {
    let mut places: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut failed: Vec<FailedIntervention> = Vec::new();
    for applied in &world.resource::<InterventionLog>().0 {
        let Err(reason) = &applied.outcome else { continue };
        let name = applied.stamped.action.name();
        match places.get(&(name, reason.as_str())) {
            Some(place) => failed[*place].times += 1,
            None => {
                places.insert((name, reason), failed.len());
                failed.push(FailedIntervention {
                    intervention: name.into(),
                    reason: reason.clone(),
                    times: 1,
                    first_tick: applied.stamped.tick,
                });
            }
        }
    }
    failed
}

/// How a run went; what `run --format json` prints.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// The scene's path or name.
    pub scene: String,
    /// The seed.
    pub seed: u64,
    /// The last tick that ran.
    pub ticks: u64,
    /// How many agents there are at the end.
    pub agents: usize,
    /// The hash of the final state.
    pub state_hash: String,
    /// Wall-clock time of the ticks, in seconds.
    pub wall_seconds: f64,
    /// Processor time of the ticks, in seconds, if the system tells.
    pub cpu_seconds: Option<f64>,
    /// Ticks per second of wall-clock time.
    pub ticks_per_second: f64,
    /// The largest resident memory of the process, in bytes, if the system tells.
    pub peak_rss_bytes: Option<u64>,
    /// The last value of each metric.
    #[serde(deserialize_with = "numbers_or_none")]
    pub metrics: BTreeMap<String, f64>,
    /// The scene's expectations and how they turned out.
    pub expectations: Vec<Verdict>,
    /// How many events of each kind there were.
    pub events: BTreeMap<String, u64>,
    /// What was to be done to the run and failed.
    #[serde(default)]
    pub failed_interventions: Vec<FailedIntervention>,
    /// The metrics that the scene names first.
    #[serde(skip)]
    pub headline: Vec<String>,
    /// Whether a fault stopped the run early.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stopped: bool,
    /// Whether the run was complete before and nothing was done.
    #[serde(skip)]
    pub was_complete: bool,
}

/// JSON has no numbers that are not finite: they are written as null.
fn numbers_or_none<'de, D: serde::Deserializer<'de>>(reader: D) -> Result<BTreeMap<String, f64>, D::Error> {
    let numbers = BTreeMap::<String, Option<f64>>::deserialize(reader)?;
    Ok(numbers.into_iter().map(|(name, number)| (name, number.unwrap_or(f64::NAN))).collect())
}

impl Summary {
    /// Whether no expectation failed. What the run was too short for is not judged.
    #[must_use]
    pub fn passed(&self) -> bool {
        !self.expectations.iter().any(Verdict::failed) && !self.stopped
    }

    /// As JSON, indented.
    ///
    /// # Errors
    /// If it has no JSON form.
    pub fn to_json(&self) -> Result<String, RecordError> {
        serde_json::to_string_pretty(self)
            .map_err(|error| RecordError::Unwritten("the summary".into(), error.to_string()))
    }
}

/// What a run tells while it goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// The last tick that ran.
    pub tick: u64,
    /// The tick after which the run ends.
    pub last: u64,
    /// Agents now.
    pub agents: usize,
}

/// How often progress is told at most.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// Runs a scene to its end.
///
/// # Errors
/// If the scene doesn't fit its plugins or the folder can't be used; nothing half-written is left.
pub fn run(loaded: &Loaded, options: &RunOptions, progress: &mut dyn FnMut(Progress)) -> Result<Summary, RunError> {
    let mut asked = Asked::of(options);
    let mut least = 0;
    if let Some(folder) = &options.resume {
        let past = Past::of(folder, loaded)?;
        if let Some(summary) = past.summary.filter(|summary| options.ticks.is_none_or(|ticks| ticks == summary.ticks)) {
            refuse_changed(folder)?;
            let headline = loaded.scene.headline.clone();
            return Ok(Summary { headline, was_complete: true, ..summary });
        }
        if let Some(key) = past.asked.signed_by.as_ref().filter(|key| asked.signed_by.as_ref() != Some(*key)) {
            return Err(RecordError::OtherSigner(folder.display().to_string(), key.clone()).into());
        }
        asked = asked.or(&past.asked);
        least = past.recorded;
        if let Some(asked) = asked.ticks.filter(|ticks| *ticks < least) {
            let folder = folder.display().to_string();
            return Err(RecordError::Shorter { folder, recorded: least, asked }.into());
        }
    }
    let last = asked.ticks.unwrap_or_else(|| loaded.scene.duration_ticks().max(least));
    let mut app = build_app(loaded, asked.threads, &options.plugins)?;
    let world = app.world_mut();
    want_metrics(world, &asked.metrics)?;
    let mut folder = match (&options.resume, &options.out) {
        (Some(resume), _) => {
            let (checkpoint, passed_over) = checkpoints::newest(resume)?;
            for problem in passed_over {
                tracing::warn!("passed over {problem}");
            }
            if let Some(checkpoint) = &checkpoint {
                checkpoint.restore(world)?;
            } else {
                tracing::warn!("{} has no checkpoint yet: the run starts over", resume.display());
            }
            let folder = RunFolder::resume_signed(resume, loaded, &asked, options.sign_with.clone(), world)?;
            let now = world.resource::<SimClock>().tick();
            let later = options.interventions.iter().filter(|(tick, _)| *tick > now);
            let wanted = later
                .map(|(tick, action)| RecordedIntervention::wanted(*tick, action))
                .collect::<Result<Vec<_>, _>>()?;
            queue(resume, &wanted, world)?;
            Some(folder)
        }
        (None, Some(out)) => Some(RunFolder::create_signed(out, loaded, &asked, options.sign_with.clone(), world)?),
        (None, None) => None,
    };
    for (tick, action) in options.interventions.iter().filter(|_| options.resume.is_none()) {
        world.resource_mut::<InterventionQueue>().push(*tick, Origin::User, action.clone());
    }
    let first = world.resource::<SimClock>().tick();
    let (wall, cpu) = run_loop(world, last, &asked, options.cancel.as_deref(), folder.as_mut(), progress)?;
    let summary = summarise(world, loaded, first, wall, cpu)?;
    if let Some(folder) = &mut folder {
        folder.finish(&summary.to_json()?, checked_state_hash(world)?, world)?;
    }
    Ok(summary)
}

/// Asks for the metrics that fit some patterns.
///
/// # Errors
/// If a pattern fits none.
pub(crate) fn want_metrics(world: &mut World, patterns: &[String]) -> Result<(), RunError> {
    let mut metrics = world.resource_mut::<Metrics>();
    let names: Vec<String> = metrics.iter().map(|(spec, _)| spec.name.clone()).collect();
    for pattern in patterns {
        let fitting: Vec<&String> = names.iter().filter(|name| fits(pattern, name)).collect();
        if fitting.is_empty() {
            let help = suggest(pattern, names.iter().map(String::as_str), "metric");
            return Err(RunError::UnknownMetric { name: pattern.clone(), help });
        }
        for name in fitting {
            metrics.want(name);
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "how long a run took is about real time; no simulation code sees it")]
fn run_loop(
    world: &mut World,
    last: u64,
    asked: &Asked,
    cancel: Option<&AtomicBool>,
    mut folder: Option<&mut RunFolder>,
    progress: &mut dyn FnMut(Progress),
) -> Result<(f64, Option<f64>), RunError> {
    let start = Instant::now();
    let cpu_start = cpu_seconds();
    let mut told = start;
    let mut tick = world.resource::<SimClock>().tick();
    progress(Progress { tick, last, agents: agent_count(world) });
    while tick < last && !is_stopped(world) {
        if cancel.is_some_and(|cancel| cancel.load(Ordering::Relaxed)) {
            return Err(RunError::Cancelled);
        }
        run_ticks(world, 1);
        tick = world.resource::<SimClock>().tick();
        let due = |every: Option<u64>| every.is_some_and(|every| tick.is_multiple_of(every.max(1)));
        if let Some(folder) = &mut folder {
            folder.tick(world)?;
            // The hash of the last tick is written at the end in any case.
            if due(asked.hash_every) && tick < last {
                folder.hash(tick, checked_state_hash(world)?, world)?;
            }
            if due(asked.checkpoint_every) {
                folder.checkpoint(&Checkpoint::of(world), world)?;
            }
        } else if due(asked.hash_every) {
            tracing::info!("tick {tick}: state-hash {}", checked_state_hash(world)?);
        }
        if told.elapsed() >= PROGRESS_EVERY || tick == last {
            told = Instant::now();
            if let Some(folder) = &mut folder {
                folder.flush()?;
            }
            progress(Progress { tick, last, agents: agent_count(world) });
        }
    }
    let cpu = cpu_seconds().zip(cpu_start).map(|(end, start)| end - start);
    Ok((start.elapsed().as_secs_f64(), cpu))
}

pub(crate) fn summarise(
    world: &World,
    loaded: &Loaded,
    first: u64,
    wall: f64,
    cpu: Option<f64>,
) -> Result<Summary, RunError> {
    let metrics = world.resource::<Metrics>();
    let ticks = world.resource::<SimClock>().tick();
    Ok(Summary {
        scene: loaded.origin.label(),
        seed: loaded.scene.seed,
        ticks,
        agents: agent_count(world),
        state_hash: checked_state_hash(world)?.to_string(),
        wall_seconds: wall,
        cpu_seconds: cpu,
        ticks_per_second: if wall > 0.0 { (ticks - first) as f64 / wall } else { 0.0 },
        peak_rss_bytes: peak_rss_bytes(),
        // Those that the run records: what a plugin measured along the way and nobody asked for has no column either.
        metrics: metrics
            .iter()
            .filter(|(spec, _)| metrics.records(&spec.name))
            .filter_map(|(spec, series)| Some((spec.name.clone(), series.last()?.1)))
            .collect(),
        expectations: world.resource::<Expectations>().verdicts(ticks),
        events: world.resource::<EventBus>().counts().iter().map(|(kind, count)| ((*kind).into(), *count)).collect(),
        failed_interventions: failed_interventions(world),
        headline: loaded.scene.headline.clone(),
        stopped: is_stopped(world),
        was_complete: false,
    })
}

/// Processor time that this process has used, in seconds; only on Unix.
#[must_use]
pub fn cpu_seconds() -> Option<f64> {
    #[cfg(unix)]
    {
        use nix::sys::resource::{UsageWho, getrusage};
        use nix::sys::time::TimeValLike;
        let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
        let time = usage.user_time() + usage.system_time();
        Some(time.num_microseconds() as f64 / 1e6)
    }
    #[cfg(not(unix))]
    None
}

/// The largest resident memory that this process has had, in bytes; only where `/proc` tells.
#[must_use]
pub fn peak_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}
