//! The window: a simulation, the view, the inspector, and what connects them.

pub mod display;
pub mod folders;
pub mod journal;
mod lost;
mod pacing;
mod record;
pub mod scene_file;
mod scenes;
pub mod session;
pub mod shelf;
mod signals;
pub mod unsaved;
mod watch;

use std::path::PathBuf;
use std::sync::Mutex;

pub use self::record::RecordOptions;
use self::record::{Recorder, Saver};
use agent2028_core::simulation::Simulation;
use agent2028_core::timeline::Timeline;
use agent2028_core::transport::{Speed, Transport};
use agent2028_inspector::authoring::Source;
use agent2028_inspector::panels::top_bar::window_title;
use agent2028_inspector::theme::least_window;
use agent2028_inspector::{
    CaptionCue, DescribeInterface, InspectorPlugin, InspectorState, KeepWorkspace, PlotPanel, SceneCaption, SceneEntry,
    SceneLibrary, SceneStatus,
};
use agent2028_view::{Theme, ViewPlugin, ViewSettings};
use bevy::log::LogPlugin;
use bevy::prelude::*;
use bevy::render::pipelined_rendering::PipelinedRenderingPlugin;
use bevy::window::{PresentMode, PrimaryWindow, RawHandleWrapper, WindowResizeConstraints, WindowResolution};

use crate::assemble::{ExtraPlugins, build_app};
use crate::authoring::Author;
use crate::headless::RunError;
use crate::panels::PanelPlugins;
use crate::record::Recording;
use crate::render::show_as;
use crate::scene::load::{Loaded, SceneOrigin, Setting, load_text};
use crate::scene::report::SceneError;
use display::coming::{Coming, guarded};
use folders::Folders;
use scenes::OpenScene;
use shelf::PictureMaker;
use watch::FileWatch;

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
    /// A scene that can't be run: the window opens on its text and what is wrong with it.
    pub broken: Option<BrokenScene>,
    /// What can be done where no window can be opened, in a sentence.
    pub without_window: String,
    /// This program, if it can draw pictures of people's own scenes for the gallery: `PROGRAM render FILE …`.
    pub pictures_by: Option<PathBuf>,
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
            broken: None,
            without_window: String::new(),
            pictures_by: None,
        }
    }
}

/// A scene that can't be run, to be mended in the window.
#[derive(Clone, Debug)]
pub struct BrokenScene {
    /// Its file.
    pub path: PathBuf,
    /// What the file holds.
    pub text: String,
    /// What is wrong with it.
    pub error: SceneError,
}

impl BrokenScene {
    /// A file that could not be loaded, if a person can mend it in the editor: its text can be shown there.
    #[must_use]
    pub fn of(name: &str, error: &SceneError) -> Option<Self> {
        let path = PathBuf::from(name);
        let text = scene_file::read(&path).ok()?;
        Some(Self { path, text, error: error.clone() })
    }

    /// What runs while the scene is mended: nothing at all.
    ///
    /// # Errors
    /// Never, as far as is known: the scene is as good as constant.
    pub fn stand_in() -> Result<Loaded, SceneError> {
        load_text("nothing", include_str!("authoring/templates/nothing.ron"), None, &[])
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
/// If the scene doesn't fit its plugins, a recorded run can't be shown, or no display takes a window.
pub fn open(loaded: Loaded, options: &WindowOptions) -> Result<(AppExit, Option<WindowReport>), RunError> {
    let mut broken = options.broken.clone();
    let (loaded, mut simulation) = match simulation_of(&loaded, options.threads, &options.plugins) {
        Ok(simulation) => (loaded, simulation),
        Err(error) => {
            // Its plugins may refuse what its types allow; that, too, can be mended where a person sits.
            let waits = options.until.is_some() || options.record.is_some() || options.recording.is_some();
            broken = BrokenScene::of(&loaded.origin.label(), &error).filter(|_| !waits && options.settings.is_empty());
            if broken.is_none() {
                return Err(error.into());
            }
            let nothing = BrokenScene::stand_in()?;
            let simulation = simulation_of(&nothing, options.threads, &options.plugins)?;
            (nothing, simulation)
        }
    };
    // Held until the window is up: a display that starts over when its last client leaves would refuse it.
    let display = display::connect().map_err(RunError::NoDisplay)?;
    // Looking for a graphics card asks the display, too.
    let coming = Coming::begin(&options.without_window);
    // What is wrong with a folder is told before there is a window, but nothing is written before it is up.
    if let Some(record) = &options.record {
        Recorder::foresee(record, &mut simulation)?;
    }
    let mut timeline = Timeline::default();
    if let Some((recording, at)) = &options.recording {
        recording.queue(simulation.world_mut())?;
        timeline.begin(&simulation);
        timeline.foresee(recording.last_tick);
        timeline.seek(*at);
    }
    let report = std::sync::Arc::new(Mutex::new(None));
    let start = std::sync::Arc::new(Mutex::new(Start::default()));
    let mut app = App::new();
    let mut plugins = DefaultPlugins
        .set(WindowPlugin {
            primary_window: Some(Window {
                title: window_title(&loaded.scene.name, false),
                name: Some("agent2028".into()),
                resolution: WindowResolution::new(options.size.0, options.size.1),
                present_mode: PresentMode::AutoVsync,
                resize_constraints: WindowResizeConstraints {
                    min_width: least_window().0,
                    min_height: least_window().1,
                    ..default()
                },
                ..default()
            }),
            // The window asks about unsaved changes first.
            close_when_requested: false,
            ..default()
        })
        // The command line has set up logging for all verbs.
        .disable::<LogPlugin>();
    // Drawing one frame while the next one is made gains nothing where both are done by the same processor, and every answer
    // would come a frame later.
    if agent2028_view::offscreen::draws_by_software() {
        plugins = plugins.disable::<PipelinedRenderingPlugin>();
    }
    guarded(|| {
        app.add_plugins(plugins);
    })
    .map_err(RunError::NoDisplay)?;
    let folders = Folders::customary();
    let mut library = SceneLibrary { entries: library(), recent: shelf::read_recent(folders.as_ref()), ..default() };
    let mut pictures = PictureMaker::by(options.pictures_by.clone());
    if let SceneOrigin::File(path) = &loaded.origin {
        shelf::remember(&mut library, path, folders.as_ref());
        pictures.want(&loaded, path, folders.as_ref());
    }
    let found = folders.as_ref().map(|folders| lost::find(&folders.state)).unwrap_or_default();
    let scene_view = loaded.scene.view.clone();
    let mut transport = Transport::default();
    transport.playing = !options.paused;
    transport.speed = options.speed;
    transport.pause_at = options.until;
    app.insert_resource(simulation)
        .insert_resource(timeline)
        .insert_resource(transport)
        .add_plugins((ViewPlugin, InspectorPlugin, PanelPlugins, pacing::PacingPlugin))
        .insert_resource(library)
        .insert_resource(pictures)
        .insert_resource(Author::resource(options.plugins.clone()))
        .insert_resource(status_of(&loaded))
        .insert_resource(OpenScene {
            watch: FileWatch::of(&loaded),
            loaded,
            threads: options.threads,
            plugins: options.plugins.clone(),
            settings: options.settings.clone(),
            recorder: None,
            folders,
            found,
            opened: 0,
        })
        .init_resource::<Saver>()
        .insert_resource(signals::AskedToEnd::listen())
        .insert_resource(ComingUp {
            _coming: coming,
            _display: display,
            record: options.record.clone(),
            was_drawn: false,
            start: start.clone(),
        })
        .add_systems(PreUpdate, (begin_when_up, drive.run_if(not(resource_exists::<ComingUp>))).chain())
        .add_systems(
            Update,
            (
                signals::end_when_asked,
                scenes::take_drops,
                scenes::close_window,
                scenes::serve,
                scenes::follow_files,
                scenes::draw_pictures,
                scenes::name_window,
                record::save_requested,
            )
                .chain(),
        )
        .add_systems(Last, (scenes::keep_unsaved, journal::keep_journal, record::keep_recording));
    if let Some(broken) = broken {
        scenes::open_broken(&mut app, broken);
    }
    let offered = lost::offered(&app.world().resource::<OpenScene>().found);
    app.world_mut().resource_mut::<InspectorState>().scenes().files.recovered = offered;
    if let Some(keep) = KeepWorkspace::in_settings(options.theme) {
        app.insert_resource(keep);
    } else if let Some(theme) = options.theme {
        app.world_mut().resource_mut::<ViewSettings>().theme = theme;
    }
    show_as(&scene_view, &mut app.world_mut().resource_mut::<ViewSettings>());
    if let Some(file) = &options.describe_interface {
        app.insert_resource(DescribeInterface { file: file.clone() });
    }
    if let Some(tick) = options.until {
        app.insert_resource(Until { tick, report: report.clone() })
            .add_systems(PostUpdate, close_at_tick.run_if(not(resource_exists::<ComingUp>)));
    }
    let exit = guarded(|| app.run());
    let Start { is_up, failure } =
        std::mem::take(&mut *start.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    if let Some(failure) = failure {
        return Err(failure);
    }
    // An event loop ends with an error when the display is gone.
    let gone = match &exit {
        Err(reason) => Some(reason.clone()),
        Ok(AppExit::Error(_)) => display::connect().err(),
        Ok(AppExit::Success) => None,
    };
    let exit = match (exit, gone) {
        (_, Some(reason)) if is_up => return Err(RunError::DisplayGone(reason)),
        (_, Some(reason)) | (Err(reason), None) => return Err(RunError::NoDisplay(reason)),
        (Ok(exit), None) => exit,
    };
    let report = report.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    Ok((exit, report))
}

/// A window that comes up. Until it is up no tick runs, and nothing is written.
#[derive(Resource)]
struct ComingUp {
    _coming: Coming,
    _display: display::Display,
    /// What is recorded from then on.
    record: Option<RecordOptions>,
    /// Whether there was a window in the update before this one, so that it has been drawn.
    was_drawn: bool,
    start: std::sync::Arc<Mutex<Start>>,
}

/// How a window came up.
#[derive(Default)]
struct Start {
    is_up: bool,
    /// Why its recording could not begin.
    failure: Option<RunError>,
}

/// Begins the run when the window has been drawn once, and its recording.
fn begin_when_up(
    mut commands: Commands,
    coming: Option<ResMut<ComingUp>>,
    windows: Query<(), (With<PrimaryWindow>, With<RawHandleWrapper>)>,
    mut scene: ResMut<OpenScene>,
    mut simulation: ResMut<Simulation>,
    mut exit: MessageWriter<AppExit>,
) {
    let Some(mut coming) = coming.filter(|_| !windows.is_empty()) else { return };
    if !std::mem::replace(&mut coming.was_drawn, true) {
        return;
    }
    let record = coming.record.take();
    let mut start = coming.start.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    start.is_up = true;
    if let Some(record) = record {
        match Recorder::begin(&record, &scene.loaded, &mut simulation) {
            Ok(recorder) => scene.bypass_change_detection().recorder = Some(recorder),
            Err(error) => {
                start.failure = Some(error);
                exit.write(AppExit::error());
            }
        }
    }
    commands.remove_resource::<ComingUp>();
}

/// The built-in scenes for the gallery.
#[must_use]
pub fn library() -> Vec<SceneEntry> {
    shelf::builtin()
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
        captions: scene
            .captions
            .iter()
            .map(|caption| SceneCaption {
                cue: caption.on.clone().map_or(CaptionCue::Tick(caption.at), CaptionCue::Event),
                text: caption.text.clone(),
            })
            .collect(),
        problems: Vec::new(),
        reports: Vec::new(),
        source: (1, source_of(loaded)),
    }
}

/// A scene's own text, for the editor.
fn source_of(loaded: &Loaded) -> Source {
    let withheld = Some(loaded.source_text().len() as u64).filter(|bytes| *bytes > scene_file::MOST_BYTES);
    Source {
        name: loaded.origin.label(),
        title: loaded.scene.name.clone(),
        text: if withheld.is_some() { String::new() } else { loaded.source_text().to_owned() },
        path: match &loaded.origin {
            SceneOrigin::File(path) => Some(path.clone()),
            _ => None,
        },
        broken: false,
        withheld,
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
