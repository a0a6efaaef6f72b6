//! What the window tells about scenes, and what people ask for: the contract with whoever opens scenes.

use std::path::PathBuf;

use bevy::prelude::*;

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
}

/// All scenes that can be chosen.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct SceneLibrary {
    /// The built-in scenes and those of the scene folder, in the order in which they are listed.
    pub entries: Vec<SceneEntry>,
    /// Files opened lately, newest first.
    pub recent: Vec<PathBuf>,
}

/// Somebody asks for a scene.
#[derive(Message, Clone, Debug, PartialEq, Eq)]
pub enum SceneRequest {
    /// Open the scene of this name or path.
    Open(String),
    /// Read the running scene again and start it from tick 0.
    Reload,
}

/// A plot that the scene asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlotPanel {
    /// What stands above it.
    pub title: String,
    /// The names of the metrics in it.
    pub metrics: Vec<String>,
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
    /// Subtitles: the tick from which each matters, ascending, and its text.
    pub captions: Vec<(u64, String)>,
    /// Reports of why the scene could not be opened or read again; empty if all went well.
    pub problems: Vec<String>,
}
