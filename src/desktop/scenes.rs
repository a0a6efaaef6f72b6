//! Opening, running, saving and following scenes while the window is open.

use std::path::{Path, PathBuf};

use agent2028_core::simulation::Simulation;
use agent2028_core::space::WorldBounds;
use agent2028_core::timeline::Timeline;
use agent2028_core::transport::Transport;
use agent2028_editor::files::Note;
use agent2028_inspector::authoring::Source;
use agent2028_inspector::panels::top_bar::window_title;
use agent2028_inspector::{InspectorState, SceneLibrary, SceneRequest, SceneStatus, UnreadableFile};
use agent2028_view::{ViewSettings, Viewport, WorldCamera};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use bevy::window::{FileDragAndDrop, WindowCloseRequested};

use super::folders::{Folders, write_whole};
use super::journal::{self, LostRun};
use super::lost::{self, Lost};
use super::record::Recorder;
use super::scene_file;
use super::session::Session;
use super::shelf::{self, PictureMaker};
use super::signals::AskedToEnd;
use super::unsaved::{self, Kept, Unsaved};
use super::watch::FileWatch;
use super::{BrokenScene, simulation_of, status_of};
use crate::assemble::{ExtraPlugins, with_all_problems};
use crate::authoring::problems_of;
use crate::record::Recording;
use crate::render::show_as;
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
    pub folders: Option<Folders>,
    /// Texts and runs that were found again.
    pub found: Vec<Lost>,
    /// How many scenes have been put in place of others.
    pub opened: u64,
    /// What writes the run down as it goes.
    pub recorder: Option<Recorder>,
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
pub(super) struct SceneOpening<'w> {
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
    view: ResMut<'w, ViewSettings>,
}

/// Does what was asked for: saves first, then the last other wish of the frame.
pub(super) fn serve(
    mut requests: MessageReader<SceneRequest>,
    mut opening: SceneOpening,
    mut exit: MessageWriter<AppExit>,
) {
    let mut last = None;
    for request in requests.read() {
        match request {
            // What should have followed on saving doesn't if that failed.
            SceneRequest::Save(path) if !opening.save(path) => return,
            SceneRequest::Save(_) => {}
            SceneRequest::Refresh => shelf::refresh(&mut opening.library, opening.scene.folders.as_ref()),
            other => last = Some(other.clone()),
        }
    }
    match last {
        Some(SceneRequest::Open(name)) => opening.open(&name),
        Some(SceneRequest::Reload) => opening.restart(),
        Some(SceneRequest::Run(text)) => {
            opening.run(&text);
        }
        Some(SceneRequest::New { title, text }) => opening.begin(&title, &text),
        Some(SceneRequest::TakeTheirs) => opening.reload_from_disk(),
        Some(SceneRequest::Recover(index)) => opening.recover(index),
        Some(SceneRequest::Forget(index)) => opening.forget(index),
        Some(SceneRequest::Close) => {
            exit.write(AppExit::Success);
        }
        Some(SceneRequest::Save(_) | SceneRequest::Refresh) | None => {}
    }
}

impl SceneOpening<'_> {
    /// Puts a scene in place of the running one; if it is wrong, that stays and the report is shown.
    fn exchange(&mut self, loaded: Result<Loaded, SceneError>) -> bool {
        let opened = loaded.map_err(|error| with_all_problems(error, &self.scene.plugins)).and_then(|loaded| {
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
                // What was chosen by hand stays while a scene is only edited or begun anew.
                if loaded.scene.view != self.scene.loaded.scene.view {
                    show_as(&loaded.scene.view, &mut self.view);
                }
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
        tell_problems(&mut self.status, error);
    }

    /// Tells that a file is nothing for a window, and why.
    fn turn_away(&mut self, path: &Path, why: &UnreadableFile) {
        self.state.scenes().files.tell(Note::NotShown(path.into(), why.clone()));
    }

    /// Hands a text to the editor; the document follows at once.
    fn show_text(&mut self, source: Source) {
        self.status.source.0 += 1;
        self.status.source.1 = source;
        self.state.scenes().follow(&self.status.source);
    }

    fn fit(&mut self) {
        let bounds = self.simulation.world().get_resource::<WorldBounds>().copied().unwrap_or_default();
        self.camera.fit(&bounds, &self.viewport);
    }

    fn open(&mut self, name: &str) {
        // A run's folder holds its scene.
        let inside = Path::new(name).join("scene.ron");
        let name = if inside.is_file() { inside.display().to_string() } else { name.to_owned() };
        let path = Path::new(&name);
        // A file that isn't there is told by who looks for it.
        if path.exists()
            && let Err(why) = scene_file::check(path)
        {
            self.turn_away(path, &why);
            return;
        }
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
                ..Source::default()
            });
            if let Some(path) = path {
                self.remember(&path);
            }
        } else {
            self.scene.settings = settings;
            // What can't be run can be mended: its text is shown while the other scene goes on.
            let path = PathBuf::from(&name);
            if let Ok(text) = scene_file::read(&path) {
                self.show_text(broken_source(&path, text));
                self.remember(&path);
                self.watch_too(&path);
            }
        }
    }

    /// A file that can't be run is watched beside those of the scene that runs: somebody may mend it elsewhere.
    fn watch_too(&mut self, path: &Path) {
        let files: Vec<PathBuf> = self.scene.loaded.files.iter().cloned().chain([path.to_path_buf()]).collect();
        self.scene.watch = FileWatch::on(&files);
    }

    fn remember(&mut self, path: &Path) {
        let folders = self.scene.folders.clone();
        shelf::remember(&mut self.library, path, folders.as_ref());
        if self.scene.loaded.origin == SceneOrigin::File(path.into()) {
            self.pictures.want(&self.scene.loaded, path, folders.as_ref());
        }
    }

    /// Where the document comes from.
    fn origin(&mut self) -> SceneOrigin {
        let document = &self.state.scenes().document;
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
        self.state.scenes().document.now_runs(text, &title);
        if another || before != self.simulation.world().get_resource::<WorldBounds>().copied() {
            self.fit();
        }
        true
    }

    /// Starts again from tick 0: from the file, or from the text that was applied without saving it.
    fn restart(&mut self) {
        let document = &self.state.scenes().document;
        let applied = document.running().filter(|running| *running != document.saved()).map(str::to_owned);
        match applied {
            Some(text) => {
                self.run(&text);
            }
            None if document.withheld().is_some() => {
                // What the window doesn't read is as it was read when the window opened.
                let loaded = self.scene.loaded.clone();
                self.exchange(Ok(loaded));
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
        let name = self.state.scenes().document.path().map(|path| path.display().to_string());
        let name = name.unwrap_or_else(|| self.scene.loaded.origin.label());
        if matches!(self.scene.loaded.origin, SceneOrigin::Given(_)) && self.state.scenes().document.path().is_none() {
            let text = self.state.scenes().document.text().to_owned();
            self.run(&text);
            return;
        }
        let path = Path::new(&name);
        if path.exists()
            && let Err(why) = scene_file::check(path)
        {
            self.turn_away(path, &why);
            return;
        }
        let loaded = load(&name, &self.scene.settings);
        let text = match &loaded {
            Ok(loaded) => Some(loaded.source_text().to_owned()),
            Err(_) => scene_file::read(path).ok(),
        };
        let good = self.exchange(loaded);
        let document = &self.state.scenes().document;
        let Some(text) = text else {
            return;
        };
        // The same text again keeps caret and undo.
        if document.text() == text && document.saved() == text {
            if good {
                let title = self.status.title.clone();
                self.state.scenes().document.now_runs(&text, &title);
            }
            self.state.scenes().document.read_again();
            return;
        }
        let path = document.path().map(Path::to_path_buf);
        let title = self.status.title.clone();
        self.show_text(Source { name, title, text, path, broken: !good, withheld: None });
    }

    fn begin(&mut self, title: &str, text: &str) {
        self.scene.settings.clear();
        self.show_text(Source {
            name: String::new(),
            title: title.into(),
            text: text.into(),
            broken: true,
            ..Source::default()
        });
        self.run(text);
        self.fit();
    }

    fn save(&mut self, path: &Path) -> bool {
        let text = self.state.scenes().document.text().to_owned();
        if let Err(error) = write_whole(path, text.as_bytes()) {
            self.state.scenes().files.tell(Note::NotWritten(path.into(), error.to_string()));
            return false;
        }
        let moved = self.state.scenes().document.path() != Some(path);
        self.state.scenes().document.saved_to(path.into(), &text);
        let name = path.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
        self.state.scenes().files.tell(Note::Saved(name));
        if moved {
            // From now on this file is the scene's.
            self.scene.loaded.origin = SceneOrigin::File(path.into());
            self.scene.loaded.files.insert(0, path.into());
            self.scene.watch = FileWatch::of(&self.scene.loaded);
            self.status.name = path.display().to_string();
            self.status.path = Some(path.into());
        }
        self.remember(path);
        let folders = self.scene.folders.clone();
        shelf::refresh(&mut self.library, folders.as_ref());
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
            withheld: None,
        });
        self.state.scenes().document.recovered(&unsaved.text, 0.0);
        self.scene.settings.clear();
        self.run(&unsaved.text);
        // From here on the text is kept under this session.
        let _ = std::fs::remove_file(kept.file);
    }

    /// Runs a scene again with all that people had done to it, up to where it stood, and waits there.
    fn recover_run(&mut self, lost: &LostRun) {
        let recording = match Recording::open(&lost.folder) {
            Ok(recording) => recording,
            Err(error) => {
                self.state.scenes().files.tell(Note::NotBroughtBack(error.to_string()));
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
            ..Source::default()
        });
        if let Err(error) = recording.queue(self.simulation.world_mut()) {
            self.state.scenes().files.tell(Note::PartlyBroughtBack(error.to_string()));
        }
        self.timeline.begin(&self.simulation);
        self.timeline.foresee(lost.stand.furthest);
        self.timeline.seek(lost.stand.tick);
        self.transport.playing = false;
        self.fit();
        // From here on it is kept under this session.
        journal::remove(&lost.folder);
    }

    fn forget(&mut self, index: usize) {
        if index < self.scene.found.len() {
            lost::forget(&self.scene.found.remove(index));
        }
        self.list_found();
    }

    fn list_found(&mut self) {
        self.state.scenes().files.recovered = lost::offered(&self.scene.found);
    }
}

/// Opens the window on a scene that can't be run: when everything stands where it was left, or the editor would be closed again
/// with all that was not open then.
pub(super) fn open_broken(app: &mut App, broken: BrokenScene) {
    app.add_systems(PostStartup, move |world: &mut World| begin_broken(world, &broken));
}

/// Lets a window begin with a scene that can't be run: its text stands in the editor, with the caret at the first error.
fn begin_broken(world: &mut World, broken: &BrokenScene) {
    let source = broken_source(&broken.path, broken.text.clone());
    let mut scene = world.resource_mut::<OpenScene>();
    scene.watch = FileWatch::on(std::slice::from_ref(&broken.path));
    let folders = scene.folders.clone();
    shelf::remember(&mut world.resource_mut::<SceneLibrary>(), &broken.path, folders.as_ref());
    let mut status = world.resource_mut::<SceneStatus>();
    tell_problems(&mut status, &broken.error);
    status.source.0 += 1;
    status.source.1 = source;
    let first = status.reports.iter().find(|report| report.here).map(|report| (report.line, report.column));
    let opened = status.source.clone();
    let mut state = world.resource_mut::<InspectorState>();
    state.scenes().follow(&opened);
    state.open_editor(first);
}

/// Shows what is wrong with a scene.
pub(super) fn tell_problems(status: &mut SceneStatus, error: &SceneError) {
    let name = error.lines().first().map(|line| line.file.clone()).unwrap_or_default();
    status.problems = vec![error.to_plain_text()];
    status.reports = problems_of(error, &name);
}

/// The text of a file that can't be run, to be mended.
pub(super) fn broken_source(path: &Path, text: String) -> Source {
    let title = path.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
    let name = path.display().to_string();
    Source { name, title, text, path: Some(path.into()), broken: true, withheld: None }
}

/// What the file of a scene, or the built-in scene, says.
fn saved_text(path: Option<&Path>, name: &str) -> String {
    match path {
        Some(path) => scene_file::read(path).unwrap_or_default(),
        None => gallery::find(name).unwrap_or_default().to_owned(),
    }
}

/// A scene file that changed on disk is opened again; camera and panels stay. If there are unsaved changes, a question
/// opens instead.
pub(super) fn follow_files(mut opening: SceneOpening) {
    let changed = opening.scene.watch.as_ref().map(FileWatch::take).unwrap_or_default();
    if changed.is_empty() {
        return;
    }
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let own = opening.state.scenes().document.path().map(whole);
    let theirs = own.as_ref().and_then(|path| scene_file::read(path).ok());
    let same = theirs.as_deref() == Some(opening.state.scenes().document.saved());
    let others = changed.iter().any(|path| Some(path) != own.as_ref());
    match (same, others, theirs) {
        // The window itself wrote it.
        (true, false, _) => {}
        (true, true, _) => {
            opening.state.scenes().document.read_again();
            opening.restart();
        }
        (false, _, Some(theirs)) if opening.state.scenes().document.is_dirty() => {
            opening.state.scenes().document.saved_elsewhere(&theirs);
            opening.state.scenes().files.theirs = Some(theirs);
        }
        _ => opening.reload_from_disk(),
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
            if state.scenes().may(&request) {
                requests.write(request);
            }
        } else {
            let name = path_buf.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
            state.scenes().files.tell(Note::Unknown(name));
        }
    }
}

/// The window closes when it is asked to, unless something would be lost.
pub(super) fn close_window(
    mut asked: MessageReader<WindowCloseRequested>,
    mut state: ResMut<InspectorState>,
    mut requests: MessageWriter<SceneRequest>,
) {
    if asked.read().count() > 0 && state.scenes().may(&SceneRequest::Close) {
        requests.write(SceneRequest::Close);
    }
}

/// The title names the scene, with a dot while its text isn't saved.
pub(super) fn name_window(
    status: Res<SceneStatus>,
    mut state: ResMut<InspectorState>,
    mut windows: Query<&mut Window>,
) {
    let title = window_title(&status.title, state.bypass_change_detection().scenes().document.is_dirty());
    for mut window in &mut windows {
        if window.title != title {
            window.title.clone_from(&title);
        }
    }
}

/// Keeps a text with unsaved changes on disk; removes it once it is saved or given up.
pub(super) fn keep_unsaved(
    scene: Res<OpenScene>,
    mut state: ResMut<InspectorState>,
    time: Res<Time<Real>>,
    asked: Res<AskedToEnd>,
    mut exits: MessageReader<AppExit>,
    mut keeping: Local<Keeping>,
) {
    let Some(folders) = &scene.folders else {
        return;
    };
    let document = &state.bypass_change_detection().scenes().document;
    let now = time.elapsed_secs_f64();
    if keeping.version != document.version() {
        (keeping.version, keeping.changed_at) = (document.version(), now);
    }
    // Who closes the window has answered what becomes of the changes; whom the system sends away has not.
    let closing = exits.read().count() > 0;
    let answered = closing && !asked.is_set();
    if !document.is_dirty() || answered {
        if let Some((_, file)) = keeping.kept.take() {
            // It is gone already if nothing was ever kept.
            let _ = std::fs::remove_file(file);
        }
        return;
    }
    let known = keeping.kept.as_ref().map(|(version, _)| *version);
    let soon = known.is_some() && now - keeping.changed_at < KEEP_AFTER_S;
    if known == Some(document.version()) || (soon && !closing) {
        return;
    }
    let text = Unsaved {
        name: if document.name().is_empty() { document.label() } else { document.name().into() },
        title: document.title().into(),
        path: document.path().map(Path::to_path_buf),
        text: document.text().into(),
        session: Session::own(),
    };
    match unsaved::keep(&folders.state, &text) {
        Ok(file) => {
            let before = keeping.kept.replace((document.version(), file.clone()));
            if let Some((_, before)) = before.filter(|(_, before)| *before != file) {
                let _ = std::fs::remove_file(before);
            }
        }
        Err(error) => {
            warn!("unsaved changes can't be kept: {error}");
            // Trying again with every frame would help nobody.
            let nowhere = unsaved::file_of(&folders.state, &text.name, text.session);
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
    if pictures.bypass_change_detection().work(scene.folders.as_ref()) {
        shelf::refresh(&mut library, scene.folders.as_ref());
    }
}

#[cfg(test)]
mod tests;
