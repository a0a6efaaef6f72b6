//! What the gallery shows: the built-in scenes, files opened lately, and people's own scenes, each with a picture.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use agent2028_inspector::{SceneEntry, SceneLibrary, ScenePicture, SceneTrouble};
use bevy::prelude::*;

use super::folders::{Folders, write_whole};
use super::scene_file;
use crate::scene::load::{Loaded, load};
use crate::scene::{Scene, gallery};

/// So many files opened lately are remembered.
const MOST_RECENT: usize = 24;
/// So many files of the folder for own scenes are listed.
const MOST_OWN: usize = 200;
/// A picture of a scene is smaller than this.
const PICTURE_BYTES: u64 = 16 << 20;

/// The built-in scenes.
#[must_use]
pub fn builtin() -> Vec<SceneEntry> {
    gallery::names()
        .filter_map(|name| {
            // The tests load every built-in scene, so none is left out.
            let scene = load(name, &[]).ok()?.scene;
            let picture = gallery::picture(name).map(|png| ScenePicture(png.into()));
            Some(SceneEntry { name: name.into(), picture, ..about(&scene) })
        })
        .collect()
}

/// What a card tells about a scene.
fn about(scene: &Scene) -> SceneEntry {
    SceneEntry {
        title: scene.name.clone(),
        description: scene.description.clone(),
        tags: tags(scene),
        agents: scene.agents.iter().map(|group| u64::from(group.initial_count())).sum(),
        headline: scene.headline.clone(),
        ..SceneEntry::default()
    }
}

/// What a scene is made of, in words that people filter by.
fn tags(scene: &Scene) -> Vec<String> {
    let mut tags: Vec<&str> = scene.sections.iter().flat_map(|section| section.tags()).collect();
    if !scene.timeline.is_empty() {
        tags.push("timeline");
    }
    tags.into_iter().map(str::to_owned).collect()
}

/// A file as a card; what is wrong with it is told there.
#[must_use]
pub fn entry_of(path: &Path, folders: Option<&Folders>) -> SceneEntry {
    let name = path.display().to_string();
    let title = path.file_stem().map_or_else(|| name.clone(), |stem| stem.to_string_lossy().into_owned());
    let plain = SceneEntry { name: name.clone(), title, path: Some(path.into()), ..SceneEntry::default() };
    if !path.exists() {
        return SceneEntry { trouble: Some(SceneTrouble::Gone), ..plain };
    }
    let picture =
        folders.and_then(|folders| read_picture(&picture_file(folders, path))).map(|png| ScenePicture(png.into()));
    if let Err(why) = scene_file::check(path) {
        // Such files are listed without being read.
        return SceneEntry { picture, trouble: Some(SceneTrouble::UnreadableFile(why)), ..plain };
    }
    match load(&name, &[]) {
        Ok(loaded) => SceneEntry { name, path: Some(path.into()), picture, ..about(&loaded.scene) },
        Err(error) => {
            let first = error.lines().first().map_or(SceneTrouble::Unreadable, |line| SceneTrouble::Invalid {
                line: line.line,
                message: line.message.clone(),
            });
            SceneEntry { trouble: Some(first), picture, ..plain }
        }
    }
}

fn read_picture(file: &Path) -> Option<Vec<u8>> {
    let small = std::fs::metadata(file).is_ok_and(|about| about.is_file() && about.len() <= PICTURE_BYTES);
    small.then(|| std::fs::read(file).ok()).flatten()
}

/// Where the picture of a file is kept.
fn picture_file(folders: &Folders, path: &Path) -> PathBuf {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let id = blake3::hash(whole.to_string_lossy().as_bytes()).to_hex();
    folders.cache.join("pictures").join(format!("{}.png", &id[..32]))
}

/// The list of files opened lately, kept between sessions.
fn recent_file(folders: &Folders) -> PathBuf {
    folders.state.join("recent.txt")
}

/// The files opened lately, newest first.
#[must_use]
pub fn read_recent(folders: Option<&Folders>) -> Vec<PathBuf> {
    let text = folders.and_then(|folders| scene_file::read(&recent_file(folders)).ok()).unwrap_or_default();
    text.lines().filter(|line| !line.is_empty()).map(PathBuf::from).take(MOST_RECENT).collect()
}

/// Puts a file in front of those opened lately.
pub fn remember(library: &mut SceneLibrary, path: &Path, folders: Option<&Folders>) {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    library.recent.retain(|known| *known != path);
    library.recent.insert(0, path);
    library.recent.truncate(MOST_RECENT);
    let Some(folders) = folders else {
        return;
    };
    let text: String = library.recent.iter().map(|path| format!("{}\n", path.display())).collect();
    if let Err(error) = write_whole(&recent_file(folders), text.as_bytes()) {
        warn!("the list of recent files can't be kept: {error}");
    }
}

/// Looks again which files there are, and what they hold.
pub fn refresh(library: &mut SceneLibrary, folders: Option<&Folders>) {
    library.recent_entries = library.recent.iter().map(|path| entry_of(path, folders)).collect();
    let Some(folders) = folders else {
        return;
    };
    library.folder = folders.scenes.is_dir().then(|| folders.scenes.clone());
    let mut own: Vec<PathBuf> = std::fs::read_dir(&folders.scenes)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    own.retain(|path| path.extension().is_some_and(|ending| ending == "ron"));
    own.sort();
    own.truncate(MOST_OWN);
    library.own = own.iter().map(|path| entry_of(path, Some(folders))).collect();
}

/// Has pictures of people's own scenes drawn by another process, so that the window never waits.
#[derive(Resource, Debug, Default)]
pub struct PictureMaker {
    /// The program that can draw: `PROGRAM render FILE …`.
    program: Option<PathBuf>,
    wanted: Vec<(PathBuf, u64)>,
    working: Option<Child>,
}

impl PictureMaker {
    /// Pictures drawn by a program, or none.
    #[must_use]
    pub fn by(program: Option<PathBuf>) -> Self {
        Self { program, wanted: Vec::new(), working: None }
    }

    /// Wants a picture of a file, unless there is one that is newer than the file.
    pub fn want(&mut self, loaded: &Loaded, path: &Path, folders: Option<&Folders>) {
        let (Some(folders), Some(_)) = (folders, &self.program) else {
            return;
        };
        let changed = |path: &Path| std::fs::metadata(path).and_then(|about| about.modified()).ok();
        if changed(&picture_file(folders, path)) >= changed(path) {
            return;
        }
        let agents: u64 = loaded.scene.agents.iter().map(|group| u64::from(group.initial_count())).sum();
        // Few ticks of many agents take as long as many ticks of few.
        let ticks = (3_000_000 / agents.max(1)).clamp(30, 400).min(loaded.scene.duration_ticks().max(1));
        self.wanted.retain(|(known, _)| known != path);
        self.wanted.push((path.into(), ticks));
    }

    /// Goes on drawing; true if a picture was finished.
    pub fn work(&mut self, folders: Option<&Folders>) -> bool {
        if let Some(child) = &mut self.working {
            match child.try_wait() {
                Ok(None) => return false,
                Ok(Some(_)) | Err(_) => {
                    self.working = None;
                    return true;
                }
            }
        }
        let (Some(folders), Some(program)) = (folders, &self.program) else {
            return false;
        };
        let Some((path, ticks)) = self.wanted.pop() else {
            return false;
        };
        let picture = picture_file(folders, &path);
        if let Some(folder) = picture.parent()
            && let Err(error) = std::fs::create_dir_all(folder)
        {
            debug!("no pictures can be kept: {error}");
            return false;
        }
        let (width, height) = gallery::PICTURE_SIZE;
        let child = Command::new(program)
            .arg("render")
            .arg(&path)
            .args(["--at", &ticks.to_string(), "--size", &format!("{width}x{height}"), "--threads", "1", "--out"])
            .arg(&picture)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match child {
            Ok(child) => self.working = Some(child),
            Err(error) => debug!("no picture of {}: {error}", path.display()),
        }
        false
    }
}

impl Drop for PictureMaker {
    fn drop(&mut self) {
        if let Some(child) = &mut self.working {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(folder: &Path) -> Folders {
        Folders { state: folder.join("state"), cache: folder.join("cache"), scenes: folder.join("scenes") }
    }

    #[test]
    fn recent_files_are_kept_between_sessions_and_missing_ones_marked() {
        let folder = tempfile::tempdir().unwrap();
        let folders = folders(folder.path());
        let (one, two) = (folder.path().join("one.ron"), folder.path().join("two.ron"));
        std::fs::write(&one, "Scene(name: \"One\", agents: [(name: \"a\", count: 3)], boids: ())").unwrap();
        std::fs::write(&two, "Scene(").unwrap();
        let mut library = SceneLibrary::default();
        for path in [&one, &two, &one] {
            remember(&mut library, path, Some(&folders));
        }
        library.recent = read_recent(Some(&folders));
        library.recent.push(folder.path().join("gone.ron"));
        refresh(&mut library, Some(&folders));
        let cards = &library.recent_entries;
        assert_eq!(
            (cards[0].title.as_str(), cards[0].agents, &cards[0].tags[..]),
            ("One", 3, &["boids".to_owned()][..])
        );
        assert!(matches!(cards[1].trouble, Some(SceneTrouble::Invalid { line: 1, .. })), "{:?}", cards[1]);
        assert_eq!(cards[2].trouble, Some(SceneTrouble::Gone));
    }

    #[test]
    fn own_scenes_lie_in_their_folder() {
        let folder = tempfile::tempdir().unwrap();
        let folders = folders(folder.path());
        let mut library = SceneLibrary::default();
        refresh(&mut library, Some(&folders));
        assert_eq!((library.own.len(), &library.folder), (0, &None));
        write_whole(&folders.scenes.join("mine.ron"), b"Scene(agents: [()])").unwrap();
        refresh(&mut library, Some(&folders));
        assert_eq!((library.own.len(), &library.folder), (1, &Some(folders.scenes.clone())));
    }

    #[test]
    fn every_built_in_scene_has_a_card_with_picture_tags_and_what_to_watch() {
        for entry in builtin() {
            assert!(entry.picture.is_some() && !entry.headline.is_empty() && entry.agents > 0, "{}", entry.name);
            assert!(!entry.tags.is_empty() && !entry.description.is_empty(), "{}", entry.name);
        }
    }
}
