//! The scene being edited: as text, as a form, in which file it lies, and which others there are.
//!
//! | where | what |
//! |---|---|
//! | [`document`] | the text being edited, with undo, and what is known about it |
//! | [`editing`] | all that is remembered of it |
//! | [`scene_editor`] | the scene as text: colours, errors in place, completion, search |
//! | [`scene_form`] | the scene as a form: every field with its meaning, unit and range |
//! | [`EditorPanel`], [`FormPanel`] | the two as panels |
//! | [`gallery`] | all scenes as cards |
//! | [`files`] | questions about files: what becomes of unsaved changes |
//!
//! A program that has scenes inserts an [`Authoring`](agent2028_kit::authoring::Authoring) resource. Without it the editor
//! colours and saves, but neither checks nor completes, and there is no form.

pub mod document;
pub mod editing;
pub mod files;
pub mod gallery;
mod panels;
pub mod scene_editor;
pub mod scene_form;
#[cfg(test)]
mod tests;

pub use document::Document;
pub use editing::{ScenesState, floating};
pub use panels::{EditorPanel, FormPanel};

use agent2028_kit::{actions, authoring, floats, format, panel, scene, texts, theme, widgets};
