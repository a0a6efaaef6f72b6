//! Runs in the window, written down: as they go (`open --out`), or afterwards by running them again in the background.
//!
//! The folder that follows a run holds the branch that is shown: going back writes nothing, and when something else is
//! done there, the folder is cut at that tick. It ends with the scene: another scene, or the same one from the start, is
//! another run and is not recorded.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use agent2028_core::checkpoint::checked_state_hash;
use agent2028_core::clock::SimClock;
use agent2028_core::intervention::{AnyIntervention, InterventionLog, Origin};
use agent2028_core::metrics::Metrics;
use agent2028_core::simulation::{Simulation, TickWatchers};
use agent2028_inspector::{RunRequest, RunStatus, SaveOutcome, Saved, Saving};
use bevy::prelude::*;

use super::display::coming;
use super::scenes::OpenScene;
use crate::headless::{RunError, RunOptions, Summary, run, summarise, want_metrics};
use crate::record::{Asked, Follower, RecordError, RunFolder};
use crate::scene::load::{Loaded, SceneOrigin};

/// How often what was written is handed to the system.
const FLUSH_EVERY: Duration = Duration::from_secs(1);
/// How many state hashes a saved run has, the last one included.
const HASHES: u64 = 20;

/// What a run in the window is recorded as.
#[derive(Clone, Debug)]
pub struct RecordOptions {
    /// The folder.
    pub out: PathBuf,
    /// Ticks between two checkpoints.
    pub checkpoint_every: Option<u64>,
    /// Ticks between two state hashes.
    pub hash_every: Option<u64>,
    /// Names and patterns of the metrics that are recorded although they cost something.
    pub metrics: Vec<String>,
}

/// The recorder of the running scene.
pub(super) struct Recorder {
    path: PathBuf,
    shared: Arc<Mutex<Shared>>,
    started: Instant,
    flushed: Instant,
}

struct Shared {
    follower: Follower,
    problem: Option<RecordError>,
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Recorder {
    /// Whether a recording could begin as far as can be told without writing anything; the simulation measures from now on what
    /// the recording asks for.
    ///
    /// # Errors
    /// If there is anything in the folder already, or a pattern fits no metric.
    pub(super) fn foresee(options: &RecordOptions, simulation: &mut Simulation) -> Result<(), RunError> {
        want_metrics(simulation.world_mut(), &options.metrics)?;
        Ok(RunFolder::refuse_what_is_there(&options.out)?)
    }

    /// Lets a new folder follow a simulation from its first tick.
    ///
    /// # Errors
    /// If there is anything in the folder already, it can't be written, or a pattern fits no metric.
    #[expect(clippy::disallowed_methods, reason = "how long a run took is about real time; no simulation code sees it")]
    pub(super) fn begin(
        options: &RecordOptions,
        loaded: &Loaded,
        simulation: &mut Simulation,
    ) -> Result<Self, RunError> {
        let RecordOptions { out, checkpoint_every, hash_every, metrics } = options.clone();
        want_metrics(simulation.world_mut(), &metrics)?;
        let asked = Asked { checkpoint_every, hash_every, metrics, ..Asked::default() };
        let folder = RunFolder::create(&out, loaded, &asked, simulation.world_mut())?;
        let follower = Follower::new(folder, checkpoint_every, hash_every);
        let shared = Arc::new(Mutex::new(Shared { follower, problem: None }));
        let (mortal, path) = (shared.clone(), out.clone());
        coming::on_death(move || {
            // Whoever holds it may be in the middle of a row, and this the thread that never goes on.
            if let Ok(mut shared) = mortal.try_lock()
                && shared.problem.is_none()
                && shared.follower.folder_mut().sync().is_ok()
            {
                return Some(path);
            }
            None
        });
        let watcher = shared.clone();
        TickWatchers::add(simulation.world_mut(), move |world| {
            let mut shared = lock(&watcher);
            // After the disk has refused once, nothing is written any more: a hole would be worse than an end.
            if shared.problem.is_none()
                && let Err(error) = shared.follower.look(world)
            {
                shared.problem = Some(error);
            }
        });
        let now = Instant::now();
        Ok(Self { path: out, shared, started: now, flushed: now })
    }

    /// Hands what was written to the system now and then; why nothing is written any more, if so.
    fn keep_up(&mut self) -> Option<String> {
        let mut shared = lock(&self.shared);
        if self.flushed.elapsed() >= FLUSH_EVERY && shared.problem.is_none() {
            shared.problem = shared.follower.folder_mut().flush().err();
            drop(shared);
            self.flushed += self.flushed.elapsed();
            shared = lock(&self.shared);
        }
        shared.problem.as_ref().map(ToString::to_string)
    }

    /// Ends the recording with its last state. If the window shows an earlier tick, the folder stays as a run that has not
    /// ended.
    pub(super) fn finish(self, world: &World, loaded: &Loaded) {
        let mut shared = lock(&self.shared);
        if shared.problem.is_some() {
            return;
        }
        let missing = shared.follower.missing();
        if missing > 0 {
            warn!(
                "{}: {missing} ticks have no row; the window jumped over them to another branch",
                self.path.display()
            );
        }
        let folder = shared.follower.folder_mut();
        let tick = world.resource::<SimClock>().tick();
        let ended = if tick == folder.last() && tick > 0 {
            summarise(world, loaded, 0, self.started.elapsed().as_secs_f64(), None)
                .and_then(|summary| Ok(folder.finish(&summary.to_json()?, checked_state_hash(world)?, world)?))
        } else {
            folder.sync().map_err(RunError::from)
        };
        if let Err(error) = ended {
            error!("the run's folder could not be ended: {error}");
        }
    }
}

/// Keeps the folder that follows the run up to date, and ends it when the window closes.
pub(super) fn keep_recording(
    mut scene: ResMut<OpenScene>,
    simulation: Res<Simulation>,
    mut status: ResMut<RunStatus>,
    mut exits: MessageReader<AppExit>,
) {
    // That something was written is no change of the scene.
    let scene = scene.bypass_change_detection();
    let Some(recorder) = &mut scene.recorder else {
        if status.recording.is_some() {
            status.recording = None;
        }
        return;
    };
    if status.recording.as_ref() != Some(&recorder.path) {
        status.recording = Some(recorder.path.clone());
    }
    let problem = recorder.keep_up();
    if problem != status.recording_problem {
        status.recording_problem = problem;
    }
    if exits.read().next().is_some()
        && let Some(recorder) = scene.recorder.take()
    {
        recorder.finish(simulation.world(), &scene.loaded);
    }
}

/// A run that is run again in the background.
#[derive(Resource, Default)]
pub(super) struct Saver(Option<Job>);

struct Job {
    folder: PathBuf,
    last: u64,
    hash: String,
    reached: Arc<AtomicU64>,
    cancel: Arc<AtomicBool>,
    outcome: Mutex<Receiver<Result<Summary, RunError>>>,
}

impl Drop for Job {
    fn drop(&mut self) {
        self.cancel.store(true, Ordering::Relaxed);
    }
}

/// Saves a run when somebody asks for it, and tells how it goes.
pub(super) fn save_requested(
    mut requests: MessageReader<RunRequest>,
    scene: Res<OpenScene>,
    simulation: Res<Simulation>,
    mut saver: ResMut<Saver>,
    mut status: ResMut<RunStatus>,
) {
    for request in requests.read() {
        match request {
            RunRequest::Save(folder) if saver.0.is_none() => {
                if is_free(folder) {
                    saver.0 = Some(start(folder, &scene, &simulation));
                } else {
                    let outcome = SaveOutcome::Occupied;
                    status.saved = Some(Saved { folder: folder.clone(), tick: simulation.tick(), outcome });
                }
            }
            // One run is saved at a time; asking is the inspector's business.
            RunRequest::Save(_) | RunRequest::Ask => {}
            RunRequest::Cancel => {
                if let Some(job) = &saver.0 {
                    job.cancel.store(true, Ordering::Relaxed);
                }
            }
        }
    }
    if status.proposed.as_os_str().is_empty() || scene.is_changed() {
        let proposed = propose(&scene.loaded);
        if status.proposed != proposed {
            status.proposed = proposed;
        }
    }
    let Some(job) = &saver.0 else {
        return;
    };
    match job.outcome.lock().unwrap_or_else(PoisonError::into_inner).try_recv() {
        Err(TryRecvError::Empty) => {
            let tick = job.reached.load(Ordering::Relaxed);
            status.saving = Some(Saving { folder: job.folder.clone(), tick, last: job.last });
            return;
        }
        Ok(outcome) => status.saved = Some(judge(job, outcome)),
        Err(TryRecvError::Disconnected) => {
            let outcome = SaveOutcome::Broken;
            status.saved = Some(Saved { folder: job.folder.clone(), tick: job.last, outcome });
        }
    }
    saver.0 = None;
    status.saving = None;
    status.proposed = propose(&scene.loaded);
}

/// A folder may be saved to if nothing is in it: what is there is nobody's to write over, nor to remove.
fn is_free(folder: &Path) -> bool {
    std::fs::read_dir(folder).map_or(!folder.exists(), |mut entries| entries.next().is_none())
}

/// Begins to run the scene again with what people did to it, up to the present.
fn start(folder: &Path, scene: &OpenScene, simulation: &Simulation) -> Job {
    let last = simulation.tick();
    let log = &simulation.world().resource::<InterventionLog>().0;
    let interventions: Vec<(u64, AnyIntervention)> = log
        .iter()
        .filter(|applied| applied.stamped.origin != Origin::Scene)
        .map(|applied| (applied.stamped.tick, applied.stamped.action.clone()))
        .collect();
    // What somebody has plotted while it ran belongs to the run.
    let known = simulation.world().resource::<Metrics>();
    let metrics = known.iter().map(|(spec, _)| spec.name.clone()).filter(|name| known.wants(name)).collect();
    let (reached, cancel) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let options = RunOptions {
        ticks: Some(last),
        threads: scene.threads,
        out: Some(folder.into()),
        hash_every: Some((last / HASHES).max(1)),
        interventions,
        metrics,
        cancel: Some(cancel.clone()),
        plugins: scene.plugins.clone(),
        ..RunOptions::default()
    };
    let (sender, outcome) = channel();
    let (loaded, told, path) = (scene.loaded.clone(), reached.clone(), folder.to_path_buf());
    std::thread::spawn(move || {
        let outcome = run(&loaded, &options, &mut |progress| told.store(progress.tick, Ordering::Relaxed));
        if matches!(outcome, Err(RunError::Cancelled)) {
            // It was new or empty when this began. What can't be removed is a run that has not ended.
            let _ = std::fs::remove_dir_all(&path);
        }
        // The window may have been closed meanwhile.
        let _ = sender.send(outcome);
        super::pacing::wake();
    });
    let hash = simulation.state_hash().to_string();
    Job { folder: folder.into(), last, hash, reached, cancel, outcome: Mutex::new(outcome) }
}

fn judge(job: &Job, outcome: Result<Summary, RunError>) -> Saved {
    let outcome = match outcome {
        Ok(summary) if summary.state_hash == job.hash => SaveOutcome::Verified,
        Ok(summary) => SaveOutcome::Differs(job.hash.clone(), summary.state_hash),
        Err(RunError::Cancelled) => SaveOutcome::Cancelled,
        Err(error) => SaveOutcome::Failed(error.to_string()),
    };
    Saved { folder: job.folder.clone(), tick: job.last, outcome }
}

/// A folder of its own for the next run of a scene.
fn propose(loaded: &Loaded) -> PathBuf {
    let home =
        ["HOME", "USERPROFILE"].iter().find_map(std::env::var_os).map_or_else(|| PathBuf::from("."), PathBuf::from);
    let name = match &loaded.origin {
        SceneOrigin::File(path) => path.file_stem().map(|stem| stem.to_string_lossy().into_owned()),
        SceneOrigin::Builtin(name) => Some(name.clone()),
        SceneOrigin::Given(_) => None,
    };
    let name = name.unwrap_or_else(|| "run".into());
    let folder = home.join("agent2028-runs");
    let free = (1..10_000).map(|number| folder.join(format!("{name}-{number}"))).find(|path| !path.exists());
    free.unwrap_or(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assemble::ExtraPlugins;
    use crate::desktop::simulation_of;
    use crate::scene::load::load_text;

    fn recorded(out: &Path, metrics: &[&str]) -> Result<String, RunError> {
        let scene = "Scene(agents: [(name: \"a\", count: 40)], boids: ())";
        let loaded = load_text("scene", scene, None, &[])?;
        let mut simulation = simulation_of(&loaded, Some(1), &ExtraPlugins::default())?;
        let metrics = metrics.iter().map(|&name| name.into()).collect();
        let options = RecordOptions { out: out.into(), checkpoint_every: None, hash_every: None, metrics };
        let recorder = Recorder::begin(&options, &loaded, &mut simulation)?;
        simulation.run(10);
        recorder.finish(simulation.world(), &loaded);
        Ok(std::fs::read_to_string(out.join("metrics.csv")).unwrap())
    }

    #[test]
    fn a_window_records_the_metrics_that_it_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let without = recorded(&folder.path().join("without"), &[]).unwrap();
        assert!(!without.contains("boids.flocks"), "{without}");
        let with = recorded(&folder.path().join("with"), &["boids.flock?"]).unwrap();
        let mut rows = with.lines();
        let column = rows.next().unwrap().split(',').position(|name| name == "boids.flocks").unwrap();
        assert!(rows.any(|row| !row.split(',').nth(column).unwrap().is_empty()), "{with}");
        let refused = recorded(&folder.path().join("unknown"), &["boids.flukes"]).unwrap_err();
        assert!(matches!(refused, RunError::UnknownMetric { .. }), "{refused}");
        assert!(!folder.path().join("unknown").exists());
    }
}
