//! Saves the files that panels offer, where the user wants them.

use agent2028_core::checkpoint::write_atomically;
use bevy_egui::egui;

use crate::panels::notices::Notice;
use crate::theme::Look;
use crate::widgets::file_dialog::{FileDialog, FileQuestion, FileTask};

pub use agent2028_kit::export::FileToSave;

/// What is remembered while a person chooses where to save.
#[derive(Clone, Debug, Default)]
pub struct Saving {
    dialog: FileDialog,
    file: Option<FileToSave>,
}

impl Saving {
    /// Asks where to save a file.
    pub fn ask(&mut self, file: FileToSave) {
        self.dialog.ask(FileQuestion {
            task: FileTask::Save,
            title: file.title.clone(),
            endings: vec![file.ending],
            name: file.name.clone(),
            ..FileQuestion::default()
        });
        self.file = Some(file);
    }

    /// Whether a place is asked for, so that keys are answers and no shortcuts.
    #[must_use]
    pub fn is_asking(&self) -> bool {
        self.dialog.is_open()
    }

    /// Shows the dialog while it is open, and writes the file once its place is chosen; what came of that.
    pub fn show(&mut self, ctx: &egui::Context, look: &Look) -> Option<Notice> {
        let path = self.dialog.show(ctx, look)?;
        let file = self.file.take()?;
        Some(match write_atomically(&path, &file.bytes) {
            Ok(()) => Notice::saved(&path),
            Err(error) => Notice::not_written(&path, &error),
        })
    }
}
