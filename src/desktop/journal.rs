//! What people did to the running scene, kept on disk while they do it: after a crash the run can be brought back.
//!
//! A run is its scene, its seed and what was done to it. So a journal is a folder like that of a recorded run, with
//! nothing in it but the scene and the interventions of the branch that is shown, and a note of where the run stood. It
//! comes into being with the first change that a person makes, follows rewinds and forks, and goes when another scene is
//! opened or the window is closed: only a program that ended without being asked to leaves one behind.

use std::path::{Path, PathBuf};

use agent2028_core::simulation::Simulation;
use agent2028_core::timeline::{Branch, BranchId, Timeline};
use bevy::prelude::*;
use bevy::tasks::{IoTaskPool, Task};
use serde::{Deserialize, Serialize};

use super::folders::write_whole;
use super::scene_file;
use super::scenes::OpenScene;
use super::session::Session;
use crate::record::{RecordedIntervention, interventions};
use crate::scene::load::{Beside, Loaded, SceneOrigin};

/// A journal is written at most every so many seconds.
const EVERY_S: f64 = 1.0;
/// At most so many journals are kept; the oldest go first.
const MOST: usize = 5;
/// The file that says where the run stood: where it is, everything else is there too.
const STAND: &str = "session.json";

/// Where a run stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stand {
    /// What the scene is called.
    pub title: String,
    /// The name of the built-in scene, if it is one.
    pub builtin: Option<String>,
    /// Its file, if it has one.
    pub path: Option<PathBuf>,
    /// The tick that was shown.
    pub tick: u64,
    /// The last tick of the branch.
    pub furthest: u64,
    /// How many changes people have made.
    pub changes: usize,
    /// Who keeps it: while that session lives, nothing is lost.
    #[serde(flatten)]
    pub session: Session,
}

impl Stand {
    /// Where the scene came from.
    #[must_use]
    pub fn origin(&self) -> SceneOrigin {
        match (&self.path, &self.builtin) {
            (Some(path), _) => SceneOrigin::File(path.clone()),
            (None, Some(name)) => SceneOrigin::Builtin(name.clone()),
            (None, None) => SceneOrigin::Given(self.title.clone()),
        }
    }
}

/// A journal that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostRun {
    /// Where the run stood.
    pub stand: Stand,
    /// Its folder.
    pub folder: PathBuf,
    /// How long ago it was written, in seconds.
    pub age: u64,
}

fn sessions(state: &Path) -> PathBuf {
    state.join("sessions")
}

/// The folder in which a session keeps its journal.
#[must_use]
pub fn folder_of(state: &Path, session: Session) -> PathBuf {
    sessions(state).join(session.to_string())
}

/// The journals of sessions that are gone, the newest first; those too many are removed.
#[must_use]
pub fn found(state: &Path) -> Vec<LostRun> {
    let Ok(entries) = std::fs::read_dir(sessions(state)) else {
        return Vec::new();
    };
    let mut found: Vec<(std::time::SystemTime, LostRun)> = entries
        .flatten()
        .filter_map(|entry| {
            let (folder, file) = (entry.path(), entry.path().join(STAND));
            let written = file.metadata().ok()?.modified().ok()?;
            let stand: Stand = serde_json::from_str(&scene_file::read(&file).ok()?).ok()?;
            let age = written.elapsed().map_or(0, |age| age.as_secs());
            (!stand.session.is_alive()).then_some((written, LostRun { stand, folder, age }))
        })
        .collect();
    found.sort_by_key(|(written, _)| std::cmp::Reverse(*written));
    for (_, old) in found.drain(MOST.min(found.len())..) {
        remove(&old.folder);
    }
    found.into_iter().map(|(_, run)| run).collect()
}

/// Removes a journal. What can't be removed is no worse than before.
pub fn remove(folder: &Path) {
    let _ = std::fs::remove_dir_all(folder);
}

/// Everything that is written, gathered at once.
struct Pages {
    folder: PathBuf,
    /// The scene and its files; nothing if they are there already.
    scene: Vec<(String, Beside)>,
    /// What was done; nothing if that is there already.
    entries: Option<Vec<RecordedIntervention>>,
    stand: Stand,
}

impl Pages {
    fn write(&self) -> std::io::Result<()> {
        if !self.scene.is_empty() {
            std::fs::create_dir_all(&self.folder)?;
        }
        for (name, content) in &self.scene {
            content.write(&self.folder.join(name))?;
        }
        if let Some(entries) = &self.entries {
            interventions::write(&self.folder, entries).map_err(std::io::Error::other)?;
        }
        let stand = serde_json::to_vec(&self.stand).map_err(std::io::Error::other)?;
        write_whole(&self.folder.join(STAND), &stand)
    }
}

/// The journal of the running scene.
#[derive(Default)]
pub(super) struct Journal {
    /// The number of the scene that is on the disk: each that is put in place of another has its own.
    opened: Option<u64>,
    /// What was written last: the changes, by the branch, their number and the last of them; tick and end of the branch.
    known: Option<((BranchId, usize, u64), u64, u64)>,
    written_at: f64,
    writing: Option<Task<std::io::Result<()>>>,
    /// After the disk has refused once, no more is written.
    given_up: bool,
}

/// Keeps the journal up to date.
pub(super) fn keep_journal(
    scene: Res<OpenScene>,
    simulation: Res<Simulation>,
    timeline: Res<Timeline>,
    time: Res<Time<Real>>,
    mut exits: MessageReader<AppExit>,
    mut journal: Local<Journal>,
) {
    let Some(folders) = &scene.folders else {
        return;
    };
    let folder = folder_of(&folders.state, Session::own());
    let closing = exits.read().count() > 0;
    if let Some(task) = journal.writing.take_if(|task| closing || task.is_finished()) {
        // A few small files: whoever closes the window waits for them no longer than for a frame.
        if let Err(error) = bevy::tasks::block_on(task) {
            warn!("{}: what is done to the run can't be kept: {error}", folder.display());
            journal.given_up = true;
        }
    }
    let branch = timeline.current().filter(|_| timeline.follows(&simulation));
    let interventions = branch.map(Branch::interventions).unwrap_or_default();
    let another = journal.opened.is_some_and(|known| known != scene.opened);
    if closing || another || (interventions.is_empty() && journal.known.is_some()) {
        if journal.writing.is_some() {
            return;
        }
        remove(&folder);
        (journal.opened, journal.known) = (None, None);
    }
    let tick = simulation.tick();
    let furthest = branch.map_or(tick, Branch::furthest).max(tick);
    // Branches may give the same numbers to different changes.
    let changes = branch.map_or_else(BranchId::default, Branch::id);
    let changes = (changes, interventions.len(), interventions.last().map_or(0, |last| last.sequence));
    let now = (changes, tick, furthest);
    let elapsed = time.elapsed_secs_f64();
    if closing
        || interventions.is_empty()
        || journal.given_up
        || journal.writing.is_some()
        || journal.known == Some(now)
        || (journal.known.is_some() && elapsed - journal.written_at < EVERY_S)
    {
        return;
    }
    let fresh = journal.opened != Some(scene.opened);
    // While time only goes on, where the run stands is all that is news.
    let is_news = fresh || journal.known.map(|(known, ..)| known) != Some(changes);
    let entries = match is_news
        .then(|| interventions.iter().map(RecordedIntervention::asked).collect::<Result<Vec<_>, _>>())
        .transpose()
    {
        Ok(entries) => entries,
        Err(error) => {
            warn!("the run is no longer kept for after a crash: {error}");
            journal.given_up = true;
            return;
        }
    };
    let pages = Pages {
        scene: if fresh { scene_files(&scene.loaded) } else { Vec::new() },
        entries,
        stand: stand_of(&scene.loaded, tick, furthest, interventions.len()),
        folder,
    };
    journal.opened = Some(scene.opened);
    journal.known = Some(now);
    journal.written_at = elapsed;
    journal.writing = Some(IoTaskPool::get().spawn(async move { pages.write() }));
}

fn scene_files(loaded: &Loaded) -> Vec<(String, Beside)> {
    let (scene, mut files) = loaded.portable();
    files.push(("scene.ron".to_owned(), Beside::Text(scene)));
    files
}

fn stand_of(loaded: &Loaded, tick: u64, furthest: u64, changes: usize) -> Stand {
    let (builtin, path) = match &loaded.origin {
        SceneOrigin::File(path) => (None, Some(path.clone())),
        SceneOrigin::Builtin(name) => (Some(name.clone()), None),
        SceneOrigin::Given(_) => (None, None),
    };
    Stand { title: loaded.scene.name.clone(), builtin, path, tick, furthest, changes, session: Session::own() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::load::load;

    /// No process has such a number: it is beyond what systems give out.
    const fn gone(number: u32) -> Session {
        Session { process: u32::MAX - 7 - number, started: 0 }
    }

    fn journal(state: &Path, session: Session) -> PathBuf {
        let loaded = load("flock", &[]).unwrap();
        let folder = folder_of(state, session);
        let stand = Stand { session, ..stand_of(&loaded, 40, 60, 0) };
        Pages { folder: folder.clone(), scene: scene_files(&loaded), entries: Some(Vec::new()), stand }
            .write()
            .unwrap();
        folder
    }

    #[test]
    fn journals_of_processes_that_are_gone_are_found_and_few_are_kept() {
        let state = tempfile::tempdir().unwrap();
        assert_eq!(found(state.path()), vec![]);
        journal(state.path(), Session::own());
        assert_eq!(found(state.path()), vec![], "this one is still written");
        for number in 0..8 {
            journal(state.path(), gone(number));
        }
        let lost = found(state.path());
        assert_eq!((lost.len(), lost[0].stand.origin()), (MOST, SceneOrigin::Builtin("flock".into())));
        assert_eq!(std::fs::read_dir(sessions(state.path())).unwrap().count(), MOST + 1);
    }

    #[test]
    fn a_journal_whose_note_is_missing_is_none() {
        let state = tempfile::tempdir().unwrap();
        let folder = journal(state.path(), gone(0));
        std::fs::remove_file(folder.join(STAND)).unwrap();
        assert_eq!(found(state.path()), vec![]);
    }
}
