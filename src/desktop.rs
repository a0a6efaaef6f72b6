//! The window: a simulation, the view, the inspector, and what connects them.

mod record;

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

pub use self::record::RecordOptions;
use self::record::{Recorder, Saver};
use agent2028_core::simulation::Simulation;
use agent2028_core::space::WorldBounds;
use agent2028_core::timeline::Timeline;
use agent2028_core::transport::{Speed, Transport};
use agent2028_inspector::{
    DescribeInterface, InspectorPlugin, KeepWorkspace, PlotPanel, SceneEntry, SceneLibrary, SceneRequest, SceneStatus,
};
use agent2028_view::{Theme, ViewPlugin, ViewSettings, Viewport, WorldCamera};
use bevy::log::LogPlugin;
use bevy::prelude::*;
use bevy::window::{PresentMode, WindowResolution};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use crate::assemble::{ExtraPlugins, build_app};
use crate::headless::RunError;
use crate::record::Recording;
use crate::scene::gallery;
use crate::scene::load::{Loaded, SceneOrigin, Setting, load};
use crate::scene::report::SceneError;

/// What a window should begin with.
#[derive(Clone, Debug)]
pub struct WindowOptions {
    /// Width and height in logical pixels.
    pub size: (u32, u32),
    /// How fast the simulation runs.
    pub speed: Speed,
    /// Whether it begins paused.
    pub paused: bool,
    /// A tick after which the window closes and the state hash is printed.
    pub until: Option<u64>,
    /// How many threads the simulation may use; all cores if absent.
    pub threads: Option<usize>,
    /// Light or dark; as it was left last time if absent.
    pub theme: Option<Theme>,
    /// Settings that also hold for the scenes opened later from the same file.
    pub settings: Vec<Setting>,
    /// Plugins of your own, added to every scene that is opened.
    pub plugins: ExtraPlugins,
    /// A file that describes what the window shows, for scripts.
    pub describe_interface: Option<PathBuf>,
    /// The folder that records the run as it goes.
    pub record: Option<RecordOptions>,
    /// A recorded run to show, and the tick at which it is shown first; the scene is that of the recording.
    pub recording: Option<(Recording, u64)>,
}

impl Default for WindowOptions {
    fn default() -> Self {
        Self {
            size: (1280, 720),
            speed: Speed::Times(1.0),
            paused: false,
            until: None,
            threads: None,
            theme: None,
            settings: Vec::new(),
            plugins: ExtraPlugins::default(),
            describe_interface: None,
            record: None,
            recording: None,
        }
    }
}

/// What a window that was asked to close by itself reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowReport {
    /// The last tick that ran.
    pub tick: u64,
    /// The hash of the state after it.
    pub state_hash: String,
}

/// The running scene and how to open another.
#[derive(Resource)]
struct OpenScene {
    loaded: Loaded,
    threads: Option<usize>,
    plugins: ExtraPlugins,
    settings: Vec<Setting>,
    watch: Option<FileWatch>,
    recorder: Option<Recorder>,
}

/// Tells when a file of the scene changes on disk.
struct FileWatch {
    changes: Mutex<Receiver<()>>,
    _watcher: RecommendedWatcher,
}

/// Closes the window at a tick.
#[derive(Resource)]
struct Until {
    tick: u64,
    report: std::sync::Arc<Mutex<Option<WindowReport>>>,
}

/// Builds the simulation of a scene.
///
/// # Errors
/// If the scene doesn't fit its plugins.
pub fn simulation_of(
    loaded: &Loaded,
    threads: Option<usize>,
    plugins: &ExtraPlugins,
) -> Result<Simulation, SceneError> {
    let mut app = build_app(loaded, threads, plugins)?;
    Ok(Simulation::new(std::mem::take(app.world_mut())))
}

/// Opens a window and returns when it is closed: the exit code of the app, and what was reported if it closed by itself.
///
/// # Errors
/// If the scene doesn't fit its plugins, or a recorded run can't be shown.
pub fn open(loaded: Loaded, options: &WindowOptions) -> Result<(AppExit, Option<WindowReport>), RunError> {
    let mut simulation = simulation_of(&loaded, options.threads, &options.plugins)?;
    let recorder =
        options.record.as_ref().map(|record| Recorder::begin(record, &loaded, &mut simulation)).transpose()?;
    let mut timeline = Timeline::default();
    if let Some((recording, at)) = &options.recording {
        recording.queue(simulation.world_mut())?;
        timeline.begin(&simulation);
        timeline.foresee(recording.last_tick);
        timeline.seek(*at);
    }
    let report = std::sync::Arc::new(Mutex::new(None));
    let mut app = App::new();
    app.add_plugins(
        DefaultPlugins
            .set(WindowPlugin {
                primary_window: Some(Window {
                    title: title_of(&loaded),
                    name: Some("agent2028".into()),
                    resolution: WindowResolution::new(options.size.0, options.size.1),
                    present_mode: PresentMode::AutoVsync,
                    ..default()
                }),
                ..default()
            })
            // The command line has set up logging for all verbs.
            .disable::<LogPlugin>(),
    );
    let recent = match &loaded.origin {
        SceneOrigin::File(path) => vec![path.clone()],
        _ => Vec::new(),
    };
    let mut transport = Transport::default();
    transport.playing = !options.paused;
    transport.speed = options.speed;
    transport.pause_at = options.until;
    app.insert_resource(simulation)
        .insert_resource(timeline)
        .insert_resource(transport)
        .add_plugins((ViewPlugin, InspectorPlugin))
        .insert_resource(SceneLibrary { entries: library(), recent })
        .insert_resource(status_of(&loaded))
        .insert_resource(OpenScene {
            watch: FileWatch::of(&loaded),
            loaded,
            threads: options.threads,
            plugins: options.plugins.clone(),
            settings: options.settings.clone(),
            recorder,
        })
        .init_resource::<Saver>()
        .add_systems(PreUpdate, drive)
        .add_systems(Update, (open_requested, reload_changed, record::save_requested).chain())
        .add_systems(Last, record::keep_recording);
    if let Some(keep) = KeepWorkspace::in_settings(options.theme) {
        app.insert_resource(keep);
    } else if let Some(theme) = options.theme {
        app.world_mut().resource_mut::<ViewSettings>().theme = theme;
    }
    if let Some(file) = &options.describe_interface {
        app.insert_resource(DescribeInterface { file: file.clone() });
    }
    if let Some(tick) = options.until {
        app.insert_resource(Until { tick, report: report.clone() }).add_systems(PostUpdate, close_at_tick);
    }
    let exit = app.run();
    let report = report.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    Ok((exit, report))
}

fn title_of(loaded: &Loaded) -> String {
    format!("{} – Agent2028", loaded.scene.name)
}

/// The built-in scenes for the scene chooser.
#[must_use]
pub fn library() -> Vec<SceneEntry> {
    gallery::names()
        .filter_map(|name| {
            // The tests load every built-in scene, so none is left out.
            let scene = load(name, &[]).ok()?.scene;
            Some(SceneEntry { name: name.into(), title: scene.name, description: scene.description, path: None })
        })
        .collect()
}

/// What the interface shows of a scene.
#[must_use]
pub fn status_of(loaded: &Loaded) -> SceneStatus {
    let scene = &loaded.scene;
    SceneStatus {
        name: loaded.origin.label(),
        title: scene.name.clone(),
        description: scene.description.clone(),
        seed: scene.seed,
        path: match &loaded.origin {
            SceneOrigin::File(path) => Some(path.clone()),
            _ => None,
        },
        plots: scene
            .plots
            .iter()
            .map(|plot| PlotPanel { title: plot.title.clone(), metrics: plot.metrics.clone() })
            .collect(),
        captions: {
            let mut captions: Vec<(u64, String)> =
                scene.captions.iter().map(|caption| (caption.at, caption.text.clone())).collect();
            captions.sort_by_key(|(at, _)| *at);
            captions
        },
        problems: Vec::new(),
    }
}

/// Runs the ticks that are due, before anything looks at the simulation.
fn drive(
    time: Res<Time<Real>>,
    mut transport: ResMut<Transport>,
    mut timeline: ResMut<Timeline>,
    mut simulation: ResMut<Simulation>,
) {
    timeline.advance(&mut simulation, &mut transport, time.delta());
}

fn close_at_tick(until: Res<Until>, simulation: Res<Simulation>, mut exit: MessageWriter<AppExit>) {
    if simulation.tick() >= until.tick || simulation.stopped() {
        let report = WindowReport { tick: simulation.tick(), state_hash: simulation.state_hash().to_string() };
        *until.report.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(report);
        exit.write(AppExit::Success);
    }
}

fn open_requested(
    mut requests: MessageReader<SceneRequest>,
    mut scene: ResMut<OpenScene>,
    mut simulation: ResMut<Simulation>,
    mut status: ResMut<SceneStatus>,
    mut library: ResMut<SceneLibrary>,
    mut camera: ResMut<WorldCamera>,
    viewport: Res<Viewport>,
    mut windows: Query<&mut Window>,
) {
    // Only the last wish of a frame counts.
    let Some(request) = requests.read().last() else {
        return;
    };
    let (name, another) = match request {
        SceneRequest::Open(name) => (name.clone(), true),
        SceneRequest::Reload => (scene.loaded.origin.label(), false),
    };
    if another {
        scene.settings.clear();
    }
    if exchange(&name, &mut scene, &mut simulation, &mut status) {
        if another {
            let bounds = simulation.world().get_resource::<WorldBounds>().copied().unwrap_or_default();
            camera.fit(&bounds, &viewport);
            if let SceneOrigin::File(path) = &scene.loaded.origin {
                library.recent.retain(|known| known != path);
                library.recent.insert(0, path.clone());
            }
        }
        for mut window in &mut windows {
            window.title = title_of(&scene.loaded);
        }
    }
}

/// A scene file that changed on disk is opened again; camera and panels stay.
fn reload_changed(mut scene: ResMut<OpenScene>, mut simulation: ResMut<Simulation>, mut status: ResMut<SceneStatus>) {
    let changed = scene.watch.as_ref().is_some_and(FileWatch::take);
    if changed {
        let name = scene.loaded.origin.label();
        exchange(&name, &mut scene, &mut simulation, &mut status);
    }
}

/// Puts another scene in place of the running one; if it is wrong, the running one stays and the report is shown.
fn exchange(name: &str, scene: &mut OpenScene, simulation: &mut Simulation, status: &mut SceneStatus) -> bool {
    let opened = load(name, &scene.settings).and_then(|loaded| {
        simulation_of(&loaded, scene.threads, &scene.plugins).map(|simulation| (loaded, simulation))
    });
    match opened {
        Ok((loaded, fresh)) => {
            if let Some(recorder) = scene.recorder.take() {
                recorder.finish(simulation.world(), &scene.loaded);
            }
            simulation.replace(fresh.into_world());
            *status = status_of(&loaded);
            scene.watch = FileWatch::of(&loaded);
            scene.loaded = loaded;
            true
        }
        Err(error) => {
            status.problems = vec![error.to_plain_text()];
            false
        }
    }
}

impl FileWatch {
    /// Watches the files of a scene; built-in scenes have none.
    fn of(loaded: &Loaded) -> Option<Self> {
        if loaded.files.is_empty() {
            return None;
        }
        let files: Vec<PathBuf> =
            loaded.files.iter().map(|file| file.canonicalize().unwrap_or_else(|_| file.clone())).collect();
        let (sender, changes) = channel();
        let watched = files.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Editors save by writing or by renaming over; both end as an event about the file's name.
            if let Ok(event) = event
                && (event.kind.is_modify() || event.kind.is_create())
                && event.paths.iter().any(|path| watched.contains(path))
            {
                // The receiver is gone only when another scene has been opened.
                let _ = sender.send(());
            }
        });
        let mut watcher = match watcher {
            Ok(watcher) => watcher,
            Err(error) => {
                warn!("changes of the scene's files will not be noticed: {error}");
                return None;
            }
        };
        // Folders are watched, not files: a file that is replaced by renaming would be lost.
        let mut folders: Vec<PathBuf> = files.iter().filter_map(|file| file.parent().map(PathBuf::from)).collect();
        folders.sort_unstable();
        folders.dedup();
        for folder in folders {
            if let Err(error) = watcher.watch(&folder, RecursiveMode::NonRecursive) {
                warn!("changes in {} will not be noticed: {error}", folder.display());
            }
        }
        Some(Self { changes: Mutex::new(changes), _watcher: watcher })
    }

    /// Whether something changed since the last call. Waits a moment for the writer to finish.
    fn take(&self) -> bool {
        let changes = self.changes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut any = false;
        while changes.try_recv().is_ok() {
            any = true;
        }
        if any {
            // A save is a burst of events: what follows at once belongs to it.
            while changes.recv_timeout(Duration::from_millis(30)).is_ok() {}
        }
        any
    }
}
