//! What the window tells about scenes, and what people ask for: the contract with whoever opens scenes.

use std::path::PathBuf;

use std::sync::Arc;

use bevy::prelude::*;

use crate::authoring::{Source, TextProblem};

/// A scene that can be opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SceneEntry {
    /// The name by which it is opened.
    pub name: String,
    /// The name for people.
    pub title: String,
    /// What it shows, in a sentence or two.
    pub description: String,
    /// The file it lies in; `None` for a scene that is built in.
    pub path: Option<PathBuf>,
    /// What it is made of, such as `boids`: words to filter by.
    pub tags: Vec<String>,
    /// How many agents it begins with.
    pub agents: u64,
    /// The metrics that tell how it goes, the most telling first.
    pub headline: Vec<String>,
    /// What it looks like.
    pub picture: Option<ScenePicture>,
    /// Why it can't be opened: a file that is gone, or one that is no scene.
    pub trouble: Option<SceneTrouble>,
}

/// Why a file can't be opened as a scene.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SceneTrouble {
    /// It is there no more.
    Gone,
    /// Its text is no scene: the line of the first error, and what is wrong there.
    Invalid {
        /// Counted from 1.
        line: usize,
        /// The error.
        message: String,
    },
    /// It is no scene, and no line of it is to blame.
    Unreadable,
    /// The window doesn't read it, and why.
    UnreadableFile(UnreadableFile),
}

/// Why a window doesn't read a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnreadableFile {
    /// It is too long.
    TooLong {
        /// How many bytes it has.
        bytes: u64,
        /// How many a window reads.
        most: u64,
    },
    /// It is a folder, a device or a pipe.
    NoFile,
    /// It is not UTF-8 text.
    NoText,
    /// It can't be read, and why.
    Unreadable(String),
}

/// A small picture as a PNG.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ScenePicture(pub Arc<[u8]>);

impl std::fmt::Debug for ScenePicture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ScenePicture").field(&self.0.len()).finish()
    }
}

/// All scenes that can be chosen.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct SceneLibrary {
    /// The built-in scenes, in the order in which they are listed.
    pub entries: Vec<SceneEntry>,
    /// Files opened lately, newest first.
    pub recent: Vec<PathBuf>,
    /// What is known about the files opened lately, in the same order.
    pub recent_entries: Vec<SceneEntry>,
    /// The scenes in the folder for people's own scenes.
    pub own: Vec<SceneEntry>,
    /// That folder.
    pub folder: Option<PathBuf>,
}

/// Somebody asks for a scene.
#[derive(Message, Clone, Debug, PartialEq, Eq)]
pub enum SceneRequest {
    /// Open the scene of this name or path.
    Open(String),
    /// Read the running scene again and start it from tick 0.
    Reload,
    /// Run this text from tick 0, saved or not. The document stays.
    Run(String),
    /// Begin a new scene, which lies in no file yet.
    New {
        /// What it is called.
        title: String,
        /// Its text.
        text: String,
    },
    /// Write the document to this file.
    Save(PathBuf),
    /// Take what the file holds now instead of the document.
    TakeTheirs,
    /// Go on with a text that was found again after the program had ended without saving it.
    Recover(usize),
    /// Forget such a text.
    Forget(usize),
    /// Look again which scenes lie in the folder and which recent files are still there.
    Refresh,
    /// Close the window.
    Close,
}

impl SceneRequest {
    /// Whether unsaved changes would be lost.
    #[must_use]
    pub const fn replaces_document(&self) -> bool {
        matches!(self, Self::Open(_) | Self::New { .. } | Self::TakeTheirs | Self::Recover(_) | Self::Close)
    }
}

/// A plot that the scene asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlotPanel {
    /// What stands above it.
    pub title: String,
    /// The names of the metrics in it.
    pub metrics: Vec<String>,
}

/// When a subtitle appears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaptionCue {
    /// At this tick.
    Tick(u64),
    /// With the first event of this kind.
    Event(String),
}

/// A subtitle of a scene.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SceneCaption {
    /// When it appears.
    pub cue: CaptionCue,
    /// What it says.
    pub text: String,
}

impl SceneCaption {
    /// One that appears at a tick.
    #[must_use]
    pub fn at(tick: u64, text: impl Into<String>) -> Self {
        Self { cue: CaptionCue::Tick(tick), text: text.into() }
    }

    /// One that appears with the first event of a kind.
    #[must_use]
    pub fn on(kind: impl Into<String>, text: impl Into<String>) -> Self {
        Self { cue: CaptionCue::Event(kind.into()), text: text.into() }
    }
}

/// What is known about the running scene.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct SceneStatus {
    /// The name by which it was opened.
    pub name: String,
    /// The name for people.
    pub title: String,
    /// What it shows.
    pub description: String,
    /// The seed of all chance in it.
    pub seed: u64,
    /// The file it lies in; `None` for a scene that is built in.
    pub path: Option<PathBuf>,
    /// The plots it asks for.
    pub plots: Vec<PlotPanel>,
    /// Subtitles.
    pub captions: Vec<SceneCaption>,
    /// Reports of why the scene could not be opened or read again; empty if all went well.
    pub problems: Vec<String>,
    /// The same problems one by one, with their places.
    pub reports: Vec<TextProblem>,
    /// The text that was opened last, and how often one was opened: the document follows it.
    pub source: (u64, Source),
}
