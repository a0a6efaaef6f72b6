//! Files that panels offer: what is in them, and where a person wants them.

use agent2028_core::checkpoint::write_atomically;
use bevy_egui::egui;

use crate::panels::notices::Notice;
use crate::theme::Look;
use crate::widgets::file_dialog::{FileDialog, FileQuestion, FileTask};

/// Something to save as a file once a person has said where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileToSave {
    /// What stands above the dialog.
    pub title: String,
    /// The name that is proposed.
    pub name: String,
    /// The ending of its name, without the dot.
    pub ending: &'static str,
    /// What will be in it.
    pub bytes: Vec<u8>,
}

impl FileToSave {
    /// A file whose name is made from words.
    #[must_use]
    pub fn new(title: &str, words: &str, ending: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { title: title.to_owned(), name: format!("{}.{ending}", file_name(words)), ending, bytes: bytes.into() }
    }

    /// A table as CSV.
    #[must_use]
    pub fn csv(title: &str, words: &str, text: String) -> Self {
        Self::new(title, words, "csv", text)
    }
}

/// A name for a file made from words: letters and digits in lower case, dashes between them.
fn file_name(words: &str) -> String {
    const LONGEST: usize = 48;
    let mut name = String::new();
    for letter in words.chars().take(LONGEST) {
        if letter.is_alphanumeric() {
            name.extend(letter.to_lowercase());
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    let name = name.trim_end_matches('-');
    if name.is_empty() { "values".to_owned() } else { name.to_owned() }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_made_from_words() {
        assert_eq!(file_name("boids.order, boids.speed"), "boids-order-boids-speed");
        assert_eq!(file_name("  Über 9000!  "), "über-9000");
        assert_eq!(file_name("…"), "values");
        assert_eq!(FileToSave::csv("Save", "A b", String::new()).name, "a-b.csv");
    }
}
