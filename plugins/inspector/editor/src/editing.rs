//! The scene being edited and everything around it: its text, the editor and the form, the gallery, questions about files.

use std::sync::Arc;

use agent2028_core::reflect_path::{ParamValue, Segment, parse_path};
use agent2028_language::patch::{self, Change};
use agent2028_language::path::Step;
use agent2028_language::syntax::{Kind, Node, SourceId, parse};
use bevy_egui::egui;
use egui::{Context, Rect};

use crate::actions::{Action, Actions};
use crate::authoring::{SceneAuthor, Source};
use crate::document::Document;
use crate::files::NotKept;
use crate::scene::{SceneLibrary, SceneRequest, SceneStatus};
use crate::theme::Look;
use crate::{files, gallery, scene_editor, scene_form};

/// What is remembered about the scene being edited.
#[derive(Debug, Default)]
pub struct ScenesState {
    /// The text.
    pub document: Document,
    /// The editor.
    pub editor: scene_editor::EditorState,
    /// The form.
    pub form: scene_form::FormState,
    /// The gallery.
    pub gallery: gallery::GalleryState,
    /// Questions about files.
    pub files: files::FilesState,
    pub(crate) followed: u64,
}

impl ScenesState {
    /// Takes over the text of a scene that was opened.
    pub fn follow(&mut self, opened: &(u64, Source)) {
        if self.followed != opened.0 {
            self.followed = opened.0;
            self.document.open(opened.1.clone());
            self.editor = scene_editor::EditorState::default();
        }
    }

    /// Whether a request may go on; if it would lose unsaved changes, a question opens instead.
    pub fn may(&mut self, request: &SceneRequest) -> bool {
        if request.replaces_document() && self.document.is_dirty() {
            self.files.pending = Some(request.clone());
            return false;
        }
        true
    }

    /// Puts the editor's caret at a line and column of the text, both from 1.
    pub fn edit_at(&mut self, line: usize, column: usize) {
        let start = self.document.line_span(line.saturating_sub(1)).start;
        let rest = self.document.text().get(start..).unwrap_or_default();
        let skip: usize = rest.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum();
        self.editor.jump_to(start + skip);
    }

    /// Does what was asked for about files and the editor; what follows from it is asked for in turn.
    pub fn perform(&mut self, action: &Action, library: &SceneLibrary, actions: &mut Actions) {
        match action {
            Action::SaveScene { ask } => {
                self.files.save(&self.document, *ask, None, library.folder.as_deref(), actions);
            }
            Action::AskForScene => {
                self.files.ask_to_open(&self.document, library.folder.as_deref());
            }
            Action::EditAt { line, column } => self.edit_at(*line, *column),
            Action::Gallery => self.gallery.open(actions),
            _ => {}
        }
    }

    /// Writes the values of sliders that were moved into the text, by their paths. How many there were, or why one has no
    /// place.
    ///
    /// # Errors
    /// With the first value that has no place in the text.
    pub fn keep_parameters(
        &mut self,
        moved: impl IntoIterator<Item = (String, ParamValue)>,
        now: f64,
    ) -> Result<usize, NotKept> {
        let mut kept = 0;
        for (path, value) in moved {
            let read = parse(SourceId(0), self.document.text()).map_err(|_| NotKept::Unreadable)?;
            let steps = steps(&path, &read).ok_or_else(|| NotKept::NoPath(path.clone()))?;
            let change = Change::Set(text_of(&value));
            let edit =
                patch::edit(self.document.text(), &steps, &change).map_err(|error| NotKept::Refused(path, error))?;
            self.document.apply_and_read(&edit, now);
            kept += 1;
        }
        Ok(kept)
    }
}

/// Steps through the values of a text; points are addressed as `.x` and `.y`, entries of maps by their key.
fn steps(path: &str, root: &Node) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut at = Some(root);
    for segment in parse_path(path).ok()? {
        let kind = at.map(|value| &value.plain().kind);
        let step = match (segment, kind) {
            (Segment::Index(index), _) => Step::Item(index),
            (Segment::Field(name), Some(Kind::Map(_))) => Step::Key(name),
            (Segment::Field(name), Some(Kind::Tuple(None, items))) if !items.is_empty() => match name.as_str() {
                "x" => Step::Item(0),
                "y" => Step::Item(1),
                other => Step::Item(other.parse().ok()?),
            },
            (Segment::Field(name), _) => Step::Field(name),
        };
        at = at.and_then(|value| value.step(&step));
        steps.push(step);
    }
    Some(steps)
}

/// A value as it stands in a scene.
fn text_of(value: &ParamValue) -> String {
    match value {
        ParamValue::Number(number) => scene_form::number_text(*number, false),
        ParamValue::Bool(on) => on.to_string(),
        // A choice is a bare word.
        ParamValue::Text(text) => text.clone(),
    }
}

/// The gallery and the questions, over everything else.
pub fn floating(
    ctx: &Context,
    look: &Look,
    free: Rect,
    author: Option<&Arc<dyn SceneAuthor>>,
    library: &SceneLibrary,
    status: &SceneStatus,
    state: &mut ScenesState,
    actions: &mut Actions,
) {
    let templates =
        if state.gallery.open { author.map(|author| author.templates()).unwrap_or_default() } else { Vec::new() };
    gallery::show(ctx, look, library, status, &templates, &mut state.gallery, actions);
    files::show(ctx, look, free, &state.document, library.folder.as_deref(), &mut state.files, actions);
}
