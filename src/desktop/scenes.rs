//! Opening, running, saving and following scenes while the window is open.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use agent2028_core::simulation::Simulation;
use agent2028_core::space::WorldBounds;
use agent2028_core::timeline::Timeline;
use agent2028_core::transport::Transport;
use agent2028_inspector::authoring::document::Source;
use agent2028_inspector::panels::files::{Recovered, RecoveredWhat};
use agent2028_inspector::{InspectorState, SceneLibrary, SceneRequest, SceneStatus};
use agent2028_view::{Viewport, WorldCamera};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use bevy::window::{FileDragAndDrop, WindowCloseRequested};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::journal::{self, LostRun};
use super::places::{Places, write_whole};
use super::record::Recorder;
use super::shelf::{self, PictureMaker};
use super::unsaved::{self, Kept, Unsaved};
use super::{simulation_of, status_of};
use crate::assemble::ExtraPlugins;
use crate::authoring::problems_of;
use crate::record::Recording;
use crate::scene::gallery;
use crate::scene::load::{Loaded, SceneOrigin, Setting, load, load_edited};
use crate::scene::report::SceneError;

/// An unsaved text is written to disk so many seconds after it changed last.
const KEEP_AFTER_S: f64 = 1.0;

/// The running scene and how to open another.
#[derive(Resource)]
pub(super) struct OpenScene {
    pub loaded: Loaded,
    pub threads: Option<usize>,
    pub plugins: ExtraPlugins,
    pub settings: Vec<Setting>,
    pub watch: Option<FileWatch>,
    pub places: Option<Places>,
    /// Texts and runs that were found again.
    pub found: Vec<Lost>,
    /// How many scenes have been put in place of others.
    pub opened: u64,
    /// What writes the run down as it goes.
    pub recorder: Option<Recorder>,
}

/// What a program that ended without being asked to has left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// A text with unsaved changes.
    Text(Kept),
    /// A run that people had changed.
    Run(LostRun),
}

/// Everything of that kind: texts first, because nobody can write them again.
pub(super) fn find_lost(state: &Path) -> Vec<Lost> {
    let texts = unsaved::found(state).into_iter().map(Lost::Text);
    texts.chain(journal::found(state).into_iter().map(Lost::Run)).collect()
}

/// What was kept last of the document.
#[derive(Default)]
pub(super) struct Keeping {
    version: u64,
    changed_at: f64,
    kept: Option<(u64, PathBuf)>,
}

/// Everything that opening a scene touches.
#[derive(SystemParam)]
pub(super) struct Stage<'w> {
    scene: ResMut<'w, OpenScene>,
    simulation: ResMut<'w, Simulation>,
    status: ResMut<'w, SceneStatus>,
    library: ResMut<'w, SceneLibrary>,
    state: ResMut<'w, InspectorState>,
    camera: ResMut<'w, WorldCamera>,
    viewport: Res<'w, Viewport>,
    pictures: ResMut<'w, PictureMaker>,
    timeline: ResMut<'w, Timeline>,
    transport: ResMut<'w, Transport>,
}

/// Does what was asked for: saves first, then the last other wish of the frame.
pub(super) fn serve(mut requests: MessageReader<SceneRequest>, mut stage: Stage, mut exit: MessageWriter<AppExit>) {
    let mut last = None;
    for request in requests.read() {
        match request {
            // What should have followed on saving doesn't if that failed.
            SceneRequest::Save(path) if !stage.save(path) => return,
            SceneRequest::Save(_) => {}
            SceneRequest::Refresh => shelf::refresh(&mut stage.library, stage.scene.places.as_ref()),
            other => last = Some(other.clone()),
        }
    }
    match last {
        Some(SceneRequest::Open(name)) => stage.open(&name),
        Some(SceneRequest::Reload) => stage.restart(),
        Some(SceneRequest::Run(text)) => {
            stage.run(&text);
        }
        Some(SceneRequest::New { title, text }) => stage.begin(&title, &text),
        Some(SceneRequest::TakeTheirs) => stage.reload_from_disk(),
        Some(SceneRequest::Recover(index)) => stage.recover(index),
        Some(SceneRequest::Forget(index)) => stage.forget(index),
        Some(SceneRequest::Close) => {
            exit.write(AppExit::Success);
        }
        Some(SceneRequest::Save(_) | SceneRequest::Refresh) | None => {}
    }
}

impl Stage<'_> {
    /// Puts a scene in place of the running one; if it is wrong, that stays and the report is shown.
    fn exchange(&mut self, loaded: Result<Loaded, SceneError>) -> bool {
        let opened = loaded.and_then(|loaded| {
            simulation_of(&loaded, self.scene.threads, &self.scene.plugins).map(|simulation| (loaded, simulation))
        });
        match opened {
            Ok((loaded, fresh)) => {
                if let Some(recorder) = self.scene.recorder.take() {
                    recorder.finish(self.simulation.world(), &self.scene.loaded);
                }
                self.simulation.replace(fresh.into_world());
                let source = std::mem::take(&mut self.status.source);
                *self.status = status_of(&loaded);
                self.status.source = source;
                self.scene.watch = FileWatch::of(&loaded);
                self.scene.loaded = loaded;
                self.scene.opened += 1;
                true
            }
            Err(error) => {
                self.refuse(&error);
                false
            }
        }
    }

    fn refuse(&mut self, error: &SceneError) {
        let name = error.lines().first().map(|line| line.file.clone()).unwrap_or_default();
        self.status.problems = vec![error.to_plain_text()];
        self.status.reports = problems_of(error, &name);
    }

    /// Hands a text to the editor; the document follows at once.
    fn show_text(&mut self, source: Source) {
        self.status.source.0 += 1;
        self.status.source.1 = source;
        self.state.scenes.follow(&self.status.source);
    }

    fn fit(&mut self) {
        let bounds = self.simulation.world().get_resource::<WorldBounds>().copied().unwrap_or_default();
        self.camera.fit(&bounds, &self.viewport);
    }

    fn open(&mut self, name: &str) {
        // A run's folder holds its scene.
        let inside = Path::new(name).join("scene.ron");
        let name = if inside.is_file() { inside.display().to_string() } else { name.to_owned() };
        let loaded = load(&name, &[]);
        let text = loaded.as_ref().ok().map(|loaded| loaded.source_text().to_owned());
        let settings = std::mem::take(&mut self.scene.settings);
        if self.exchange(loaded) {
            self.fit();
            let path = self.status.path.clone();
            self.show_text(Source {
                name: self.status.name.clone(),
                title: self.status.title.clone(),
                text: text.unwrap_or_default(),
                path: path.clone(),
                broken: false,
            });
            if let Some(path) = path {
                self.remember(&path);
            }
        } else {
            self.scene.settings = settings;
            // What can't be run can be mended: its text is shown while the other scene goes on.
            let path = PathBuf::from(&name);
            if let Ok(text) = std::fs::read_to_string(&path) {
                let title = path.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
                self.show_text(Source { name, title, text, path: Some(path.clone()), broken: true });
                self.remember(&path);
            }
        }
    }

    fn remember(&mut self, path: &Path) {
        let places = self.scene.places.clone();
        shelf::remember(&mut self.library, path, places.as_ref());
        if self.scene.loaded.origin == SceneOrigin::File(path.into()) {
            self.pictures.want(&self.scene.loaded, path, places.as_ref());
        }
    }

    /// Where the document comes from.
    fn origin(&self) -> SceneOrigin {
        let document = &self.state.scenes.document;
        match document.path() {
            Some(path) => SceneOrigin::File(path.into()),
            None if gallery::find(document.name()).is_some() => SceneOrigin::Builtin(document.name().into()),
            None => SceneOrigin::Given(document.label()),
        }
    }

    /// Runs a text from tick 0, whether it is saved or not.
    fn run(&mut self, text: &str) -> bool {
        let origin = self.origin();
        let another = origin != self.scene.loaded.origin;
        let before = self.simulation.world().get_resource::<WorldBounds>().copied();
        let loaded = load_edited(origin, text, &self.scene.settings);
        if !self.exchange(loaded) {
            return false;
        }
        let title = self.status.title.clone();
        self.state.scenes.document.now_runs(text, &title);
        if another || before != self.simulation.world().get_resource::<WorldBounds>().copied() {
            self.fit();
        }
        true
    }

    /// Starts again from tick 0: from the file, or from the text that was applied without saving it.
    fn restart(&mut self) {
        let document = &self.state.scenes.document;
        let applied = document.running().filter(|running| *running != document.saved()).map(str::to_owned);
        match applied {
            Some(text) => {
                self.run(&text);
            }
            None if document.is_dirty() || document.running().is_none() => {
                let name = self.scene.loaded.origin.label();
                let loaded = load(&name, &self.scene.settings);
                self.exchange(loaded);
            }
            None => self.reload_from_disk(),
        }
    }

    /// Reads the scene's file again, into the simulation and into the editor.
    fn reload_from_disk(&mut self) {
        let name = self.state.scenes.document.path().map(|path| path.display().to_string());
        let name = name.unwrap_or_else(|| self.scene.loaded.origin.label());
        if matches!(self.scene.loaded.origin, SceneOrigin::Given(_)) && self.state.scenes.document.path().is_none() {
            let text = self.state.scenes.document.text().to_owned();
            self.run(&text);
            return;
        }
        let loaded = load(&name, &self.scene.settings);
        let text = match &loaded {
            Ok(loaded) => Some(loaded.source_text().to_owned()),
            Err(_) => std::fs::read_to_string(&name).ok(),
        };
        let good = self.exchange(loaded);
        let document = &self.state.scenes.document;
        let Some(text) = text else {
            return;
        };
        // The same text again keeps caret and undo.
        if document.text() == text && document.saved() == text {
            if good {
                let title = self.status.title.clone();
                self.state.scenes.document.now_runs(&text, &title);
            }
            self.state.scenes.document.read_again();
            return;
        }
        let path = document.path().map(Path::to_path_buf);
        self.show_text(Source { name, title: self.status.title.clone(), text, path, broken: !good });
    }

    fn begin(&mut self, title: &str, text: &str) {
        self.scene.settings.clear();
        self.show_text(Source {
            name: String::new(),
            title: title.into(),
            text: text.into(),
            path: None,
            broken: true,
        });
        self.run(text);
        self.fit();
    }

    fn save(&mut self, path: &Path) -> bool {
        let text = self.state.scenes.document.text().to_owned();
        if let Err(error) = write_whole(path, text.as_bytes()) {
            self.state.scenes.files.warn(format!("{} could not be written: {error}", path.display()));
            return false;
        }
        let moved = self.state.scenes.document.path() != Some(path);
        self.state.scenes.document.saved_to(path.into(), &text);
        let name = path.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
        self.state.scenes.files.tell(format!("{name} is saved"));
        if moved {
            // From now on this file is the scene's.
            self.scene.loaded.origin = SceneOrigin::File(path.into());
            self.scene.loaded.files.insert(0, path.into());
            self.scene.watch = FileWatch::of(&self.scene.loaded);
            self.status.name = path.display().to_string();
            self.status.path = Some(path.into());
        }
        self.remember(path);
        let places = self.scene.places.clone();
        shelf::refresh(&mut self.library, places.as_ref());
        true
    }

    fn recover(&mut self, index: usize) {
        if index >= self.scene.found.len() {
            return;
        }
        let lost = self.scene.found.remove(index);
        self.list_found();
        match lost {
            Lost::Text(kept) => self.recover_text(kept),
            Lost::Run(run) => self.recover_run(&run),
        }
    }

    fn recover_text(&mut self, kept: Kept) {
        let unsaved = kept.unsaved;
        let saved = saved_text(unsaved.path.as_deref(), &unsaved.name);
        self.show_text(Source {
            name: unsaved.name,
            title: unsaved.title,
            text: saved,
            path: unsaved.path,
            broken: true,
        });
        self.state.scenes.document.recovered(&unsaved.text, 0.0);
        self.scene.settings.clear();
        self.run(&unsaved.text);
        // From here on the text is kept under this process.
        let _ = std::fs::remove_file(kept.file);
    }

    /// Runs a scene again with all that people had done to it, up to where it stood, and waits there.
    fn recover_run(&mut self, lost: &LostRun) {
        let recording = match Recording::open(&lost.folder) {
            Ok(recording) => recording,
            Err(error) => {
                self.state.scenes.files.warn(format!("The run can't be brought back: {error}"));
                return;
            }
        };
        let origin = lost.stand.origin();
        let mut loaded = recording.loaded.clone();
        loaded.origin = origin.clone();
        // The folder of the journal is nobody's scene: what is watched is the file that the scene came from.
        loaded.files = lost.stand.path.iter().cloned().collect();
        self.scene.settings.clear();
        if !self.exchange(Ok(loaded)) {
            return;
        }
        let text = saved_text(lost.stand.path.as_deref(), &origin.label());
        let text = if text.is_empty() { recording.loaded.source_text().to_owned() } else { text };
        self.show_text(Source {
            name: self.status.name.clone(),
            title: self.status.title.clone(),
            text,
            path: lost.stand.path.clone(),
            broken: false,
        });
        if let Err(error) = recording.queue(self.simulation.world_mut()) {
            self.state.scenes.files.warn(format!("Not all of the run can be brought back: {error}"));
        }
        self.timeline.begin(&self.simulation);
        self.timeline.foresee(lost.stand.furthest);
        self.timeline.seek(lost.stand.tick);
        self.transport.playing = false;
        self.fit();
        // From here on it is kept under this process.
        journal::remove(&lost.folder);
    }

    fn forget(&mut self, index: usize) {
        if index < self.scene.found.len() {
            match self.scene.found.remove(index) {
                Lost::Text(kept) => {
                    if let Err(error) = std::fs::remove_file(&kept.file) {
                        warn!("{} can't be removed: {error}", kept.file.display());
                    }
                }
                Lost::Run(run) => journal::remove(&run.folder),
            }
        }
        self.list_found();
    }

    fn list_found(&mut self) {
        self.state.scenes.files.recovered = recovered(&self.scene.found);
    }
}

/// What the file of a scene, or the built-in scene, says.
fn saved_text(path: Option<&Path>, name: &str) -> String {
    match path {
        Some(path) => std::fs::read_to_string(path).unwrap_or_default(),
        None => gallery::find(name).unwrap_or_default().to_owned(),
    }
}

/// What was found, as the window offers it.
pub(super) fn recovered(found: &[Lost]) -> Vec<Recovered> {
    let name = |title: &str, or: &str| if title.is_empty() { or.to_owned() } else { title.to_owned() };
    found
        .iter()
        .map(|lost| match lost {
            Lost::Text(kept) => Recovered {
                title: name(&kept.unsaved.title, &kept.unsaved.name),
                path: kept.unsaved.path.clone(),
                age: kept.age,
                what: RecoveredWhat::Text { lines: kept.unsaved.text.lines().count() },
            },
            Lost::Run(run) => Recovered {
                title: name(&run.stand.title, &run.stand.origin().label()),
                path: run.stand.path.clone(),
                age: run.age,
                what: RecoveredWhat::Run { tick: run.stand.tick, changes: run.stand.changes },
            },
        })
        .collect()
}

/// A scene file that changed on disk is opened again; camera and panels stay. If there are unsaved changes, a question
/// opens instead.
pub(super) fn follow_files(mut stage: Stage) {
    let changed = stage.scene.watch.as_ref().map(FileWatch::take).unwrap_or_default();
    if changed.is_empty() {
        return;
    }
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let own = stage.state.scenes.document.path().map(whole);
    let theirs = own.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
    let same = theirs.as_deref() == Some(stage.state.scenes.document.saved());
    let others = changed.iter().any(|path| Some(path) != own.as_ref());
    match (same, others, theirs) {
        // The window itself wrote it.
        (true, false, _) => {}
        (true, true, _) => {
            stage.state.scenes.document.read_again();
            stage.restart();
        }
        (false, _, Some(theirs)) if stage.state.scenes.document.is_dirty() => {
            stage.state.scenes.document.saved_elsewhere(&theirs);
            stage.state.scenes.files.theirs = Some(theirs);
        }
        _ => stage.reload_from_disk(),
    }
}

/// Files dropped on the window are opened.
pub(super) fn take_drops(
    mut drops: MessageReader<FileDragAndDrop>,
    mut state: ResMut<InspectorState>,
    mut requests: MessageWriter<SceneRequest>,
) {
    for drop in drops.read() {
        let FileDragAndDrop::DroppedFile { path_buf, .. } = drop else {
            continue;
        };
        let is_scene = path_buf.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("ron"));
        if is_scene || path_buf.join("scene.ron").is_file() {
            let request = SceneRequest::Open(path_buf.display().to_string());
            if state.scenes.may(&request) {
                requests.write(request);
            }
        } else {
            let name = path_buf.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
            let what = format!("{name} is neither a scene (.ron) nor the folder of a run");
            state.scenes.files.warn(what);
        }
    }
}

/// The window closes when it is asked to, unless something would be lost.
pub(super) fn close_window(
    mut asked: MessageReader<WindowCloseRequested>,
    mut state: ResMut<InspectorState>,
    mut requests: MessageWriter<SceneRequest>,
) {
    if asked.read().count() > 0 && state.scenes.may(&SceneRequest::Close) {
        requests.write(SceneRequest::Close);
    }
}

/// The title names the scene, with a dot while its text isn't saved.
pub(super) fn name_window(status: Res<SceneStatus>, state: Res<InspectorState>, mut windows: Query<&mut Window>) {
    let mark = if state.scenes.document.is_dirty() { "• " } else { "" };
    let title = format!("{mark}{} – Agent2028", status.title);
    for mut window in &mut windows {
        if window.title != title {
            window.title.clone_from(&title);
        }
    }
}

/// Keeps a text with unsaved changes on disk; removes it once it is saved or given up.
pub(super) fn keep_unsaved(
    scene: Res<OpenScene>,
    state: Res<InspectorState>,
    time: Res<Time<Real>>,
    mut exits: MessageReader<AppExit>,
    mut keeping: Local<Keeping>,
) {
    let Some(places) = &scene.places else {
        return;
    };
    let document = &state.scenes.document;
    let now = time.elapsed_secs_f64();
    if keeping.version != document.version() {
        (keeping.version, keeping.changed_at) = (document.version(), now);
    }
    // Who closes the window has answered what becomes of the changes.
    let closing = exits.read().count() > 0;
    if !document.is_dirty() || closing {
        if let Some((_, file)) = keeping.kept.take() {
            // It is gone already if nothing was ever kept.
            let _ = std::fs::remove_file(file);
        }
        return;
    }
    let known = keeping.kept.as_ref().map(|(version, _)| *version);
    if known == Some(document.version()) || (known.is_some() && now - keeping.changed_at < KEEP_AFTER_S) {
        return;
    }
    let text = Unsaved {
        name: if document.name().is_empty() { document.label() } else { document.name().into() },
        title: document.title().into(),
        path: document.path().map(Path::to_path_buf),
        text: document.text().into(),
        process: std::process::id(),
    };
    match unsaved::keep(&places.state, &text) {
        Ok(file) => {
            let before = keeping.kept.replace((document.version(), file.clone()));
            if let Some((_, before)) = before.filter(|(_, before)| *before != file) {
                let _ = std::fs::remove_file(before);
            }
        }
        Err(error) => {
            warn!("unsaved changes can't be kept: {error}");
            // Trying again with every frame would help nobody.
            let nowhere = unsaved::file_of(&places.state, &text.name, text.process);
            keeping.kept = Some((document.version(), nowhere));
        }
    }
}

/// Pictures of people's own scenes are drawn by another process.
pub(super) fn draw_pictures(
    mut pictures: ResMut<PictureMaker>,
    scene: Res<OpenScene>,
    mut library: ResMut<SceneLibrary>,
) {
    if pictures.bypass_change_detection().work(scene.places.as_ref()) {
        shelf::refresh(&mut library, scene.places.as_ref());
    }
}

/// Tells when a file of the scene changes on disk.
pub(super) struct FileWatch {
    changes: Mutex<Receiver<PathBuf>>,
    _watcher: RecommendedWatcher,
}

impl FileWatch {
    /// Watches the files of a scene; built-in scenes have none.
    pub fn of(loaded: &Loaded) -> Option<Self> {
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
            {
                for path in event.paths.into_iter().filter(|path| watched.contains(path)) {
                    // The receiver is gone only when another scene has been opened.
                    let _ = sender.send(path);
                }
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

    /// What changed since the last call. Waits a moment for the writer to finish.
    fn take(&self) -> Vec<PathBuf> {
        let changes = self.changes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut changed: Vec<PathBuf> = changes.try_iter().collect();
        if !changed.is_empty() {
            // A save is a burst of events: what follows at once belongs to it.
            while let Ok(path) = changes.recv_timeout(Duration::from_millis(30)) {
                changed.push(path);
            }
        }
        changed.sort_unstable();
        changed.dedup();
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The window without a window: what is asked of it, done to a simulation that nobody sees.
    fn window(name: &str, home: &Path) -> App {
        let loaded = load(name, &[]).unwrap_or_else(|error| panic!("{}", error.to_plain_text()));
        let simulation = simulation_of(&loaded, Some(1), &ExtraPlugins::default()).unwrap();
        let mut status = status_of(&loaded);
        status.source.0 = 1;
        let mut state = InspectorState::default();
        state.scenes.follow(&status.source);
        let places = Places { state: home.join("state"), cache: home.join("cache"), scenes: home.join("scenes") };
        let mut app = App::new();
        app.add_plugins(bevy::time::TimePlugin)
            .add_message::<SceneRequest>()
            .add_message::<AppExit>()
            .add_message::<FileDragAndDrop>()
            .add_message::<WindowCloseRequested>()
            .insert_resource(simulation)
            .insert_resource(status)
            .insert_resource(state)
            .init_resource::<SceneLibrary>()
            .init_resource::<WorldCamera>()
            .init_resource::<Viewport>()
            .init_resource::<PictureMaker>()
            .init_resource::<Timeline>()
            .init_resource::<Transport>()
            .insert_resource(OpenScene {
                watch: FileWatch::of(&loaded),
                loaded,
                threads: Some(1),
                plugins: ExtraPlugins::default(),
                settings: Vec::new(),
                places: Some(places),
                found: Vec::new(),
                opened: 0,
                recorder: None,
            })
            .add_systems(
                Update,
                (take_drops, close_window, serve, follow_files, keep_unsaved, journal::keep_journal).chain(),
            );
        app
    }

    fn ask(app: &mut App, request: SceneRequest) {
        app.world_mut().write_message(request);
        app.update();
    }

    fn scenes(app: &mut App) -> Mut<'_, InspectorState> {
        app.world_mut().resource_mut::<InspectorState>()
    }

    fn agents(app: &App) -> usize {
        app.world().resource::<Simulation>().agents()
    }

    fn edit(app: &mut App, text: &str) {
        scenes(app).scenes.document.changed_to(text, 0.0);
    }

    const TWO: &str = "Scene(name: \"Two\", agents: [(name: \"a\", count: 2)])";

    #[test]
    fn a_built_in_scene_is_edited_run_saved_and_opened_again() {
        let home = tempfile::tempdir().unwrap();
        let mut app = window("flock", home.path());
        edit(&mut app, TWO);
        ask(&mut app, SceneRequest::Run(TWO.into()));
        assert_eq!((agents(&app), scenes(&mut app).scenes.document.is_dirty()), (2, true));
        let file = home.path().join("two.ron");
        ask(&mut app, SceneRequest::Save(file.clone()));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), TWO);
        assert!(!scenes(&mut app).scenes.document.is_dirty());
        assert_eq!(app.world().resource::<SceneStatus>().path.as_ref(), Some(&file));
        ask(&mut app, SceneRequest::Open("foraging".into()));
        assert_eq!(scenes(&mut app).scenes.document.name(), "foraging");
        let dropped = FileDragAndDrop::DroppedFile { window: Entity::PLACEHOLDER, path_buf: file };
        app.world_mut().write_message(dropped);
        app.update();
        assert_eq!((agents(&app), scenes(&mut app).scenes.document.text()), (2, TWO));
        assert_eq!(app.world().resource::<SceneLibrary>().recent.len(), 1);
    }

    #[test]
    fn nothing_is_opened_or_closed_over_unsaved_changes() {
        let home = tempfile::tempdir().unwrap();
        let mut app = window("flock", home.path());
        edit(&mut app, TWO);
        let dropped = FileDragAndDrop::DroppedFile { window: Entity::PLACEHOLDER, path_buf: "x.ron".into() };
        app.world_mut().write_message(dropped);
        app.update();
        assert_eq!(scenes(&mut app).scenes.files.pending, Some(SceneRequest::Open("x.ron".into())));
        app.world_mut().write_message(WindowCloseRequested { window: Entity::PLACEHOLDER });
        app.update();
        assert_eq!(scenes(&mut app).scenes.files.pending, Some(SceneRequest::Close));
        assert_eq!(scenes(&mut app).scenes.document.text(), TWO);
        assert!(app.should_exit().is_none());
        // The answer is given: it closes, and nothing is kept.
        ask(&mut app, SceneRequest::Close);
        assert!(app.should_exit().is_some());
    }

    #[test]
    fn a_broken_scene_leaves_the_old_one_running_and_its_text_to_be_mended() {
        let home = tempfile::tempdir().unwrap();
        let mut app = window("flock", home.path());
        let before = agents(&app);
        let file = home.path().join("broken.ron");
        std::fs::write(&file, "Scene(agents: [(cuont: 3)])").unwrap();
        ask(&mut app, SceneRequest::Open(file.display().to_string()));
        let status = app.world().resource::<SceneStatus>();
        assert_eq!((agents(&app), status.reports.len()), (before, 1));
        let report = &status.reports[0];
        assert!(report.here && report.help.contains("count") && (report.line, report.column) == (1, 17), "{report:?}");
        let document = &scenes(&mut app).scenes.document;
        assert!(document.text().contains("cuont") && document.is_ahead() && !document.is_dirty());
        ask(&mut app, SceneRequest::Run("Scene(agents: [(count: 3)])".into()));
        assert_eq!((agents(&app), app.world().resource::<SceneStatus>().reports.len()), (3, 0));
        // Restarting runs what was applied, not what the file says.
        ask(&mut app, SceneRequest::Reload);
        assert_eq!(agents(&app), 3);
    }

    #[test]
    fn unsaved_texts_are_kept_and_removed_once_they_are_saved() {
        let home = tempfile::tempdir().unwrap();
        let mut app = window("flock", home.path());
        let kept = || std::fs::read_dir(home.path().join("state/unsaved")).map_or(0, Iterator::count);
        edit(&mut app, TWO);
        app.update();
        assert_eq!(kept(), 1);
        ask(&mut app, SceneRequest::Save(home.path().join("two.ron")));
        app.update();
        assert_eq!(kept(), 0);
    }

    #[test]
    fn a_text_that_was_found_again_is_restored_with_its_file_and_runs() {
        let home = tempfile::tempdir().unwrap();
        let mut app = window("flock", home.path());
        let file = home.path().join("mine.ron");
        std::fs::write(&file, "Scene(agents: [()])").unwrap();
        let text = Unsaved {
            name: file.display().to_string(),
            title: "Mine".into(),
            path: Some(file.clone()),
            text: TWO.into(),
            process: u32::MAX - 7,
        };
        let state = home.path().join("state");
        unsaved::keep(&state, &text).unwrap();
        app.world_mut().resource_mut::<OpenScene>().found = find_lost(&state);
        ask(&mut app, SceneRequest::Recover(0));
        let document = &scenes(&mut app).scenes.document;
        assert_eq!((document.text(), document.path(), document.is_dirty()), (TWO, Some(file.as_path()), true));
        assert_eq!((agents(&app), unsaved::found(&state)), (2, vec![]));
    }

    #[test]
    fn a_run_that_a_crash_has_ended_is_brought_back_with_all_that_was_done_to_it() {
        use agent2028_core::faults::Kill;
        use agent2028_core::selector::Selector;
        bevy::tasks::IoTaskPool::get_or_init(bevy::tasks::TaskPool::new);
        let home = tempfile::tempdir().unwrap();
        let state = home.path().join("state");
        let mut app = window("flock", home.path());
        let play = |app: &mut App, ticks: u64| {
            app.world_mut().resource_scope(|world, mut timeline: Mut<Timeline>| {
                timeline.run(&mut world.resource_mut::<Simulation>(), ticks);
            });
        };
        play(&mut app, 5);
        app.update();
        let own = journal::folder_of(&state, std::process::id());
        assert!(!own.exists(), "nobody has changed anything");
        app.world_mut().resource_scope(|world, mut timeline: Mut<Timeline>| {
            let kill = Kill { select: Selector::Count(7), duration_s: None };
            timeline.intervene(&mut world.resource_mut::<Simulation>(), kill);
        });
        play(&mut app, 5);
        for _ in 0..200 {
            app.update();
            if own.join("session.json").exists() {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let (hash, left) = (app.world().resource::<Simulation>().state_hash(), agents(&app));
        // The program dies: its folder stays, under a number that no living process has.
        let dead = journal::folder_of(&state, u32::MAX - 7);
        std::fs::rename(&own, &dead).unwrap();
        let note = dead.join("session.json");
        let text = std::fs::read_to_string(&note).unwrap();
        let text =
            text.replace(&format!("\"process\":{}", std::process::id()), &format!("\"process\":{}", u32::MAX - 7));
        std::fs::write(&note, text).unwrap();

        let mut app = window("predator", home.path());
        app.world_mut().resource_mut::<OpenScene>().found = find_lost(&state);
        let offered = recovered(&app.world().resource::<OpenScene>().found);
        assert_eq!(offered[0].what, RecoveredWhat::Run { tick: 10, changes: 1 });
        ask(&mut app, SceneRequest::Recover(0));
        app.world_mut().resource_scope(|world, mut timeline: Mut<Timeline>| {
            timeline.finish(&mut world.resource_mut::<Simulation>());
        });
        let simulation = app.world().resource::<Simulation>();
        assert_eq!((simulation.tick(), simulation.state_hash(), agents(&app)), (10, hash, left));
        assert!(!dead.exists() && !scenes(&mut app).scenes.document.is_dirty());
        // Another scene on purpose: nothing is left behind.
        for _ in 0..200 {
            app.update();
            if own.join("session.json").exists() {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(own.exists());
        ask(&mut app, SceneRequest::Open("flock".into()));
        for _ in 0..200 {
            app.update();
            if !own.exists() {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(!own.exists());
    }

    #[test]
    fn a_file_changed_elsewhere_is_taken_over_or_asked_about() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("scene.ron");
        std::fs::write(&file, TWO).unwrap();
        let mut app = window(&file.display().to_string(), home.path());
        let wait_for = |app: &mut App, done: &dyn Fn(&mut App) -> bool| {
            for _ in 0..200 {
                app.update();
                if done(app) {
                    return true;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            false
        };
        std::fs::write(&file, TWO.replace("count: 2", "count: 5")).unwrap();
        assert!(wait_for(&mut app, &|app| agents(app) == 5));
        assert!(scenes(&mut app).scenes.document.text().contains("count: 5"));
        edit(&mut app, "mine");
        std::fs::write(&file, TWO.replace("count: 2", "count: 7")).unwrap();
        assert!(wait_for(&mut app, &|app| scenes(app).scenes.files.theirs.is_some()));
        assert_eq!((agents(&app), scenes(&mut app).scenes.document.text()), (5, "mine"));
        ask(&mut app, SceneRequest::TakeTheirs);
        assert!(agents(&app) == 7 && !scenes(&mut app).scenes.document.is_dirty());
    }

    #[test]
    fn a_new_scene_runs_at_once_and_asks_for_a_name_only_when_it_is_saved() {
        let home = tempfile::tempdir().unwrap();
        let mut app = window("flock", home.path());
        ask(&mut app, SceneRequest::New { title: "Empty".into(), text: TWO.into() });
        let document = &scenes(&mut app).scenes.document;
        assert_eq!((document.path(), document.is_dirty(), document.is_ahead()), (None, false, false));
        assert_eq!(agents(&app), 2);
    }
}
