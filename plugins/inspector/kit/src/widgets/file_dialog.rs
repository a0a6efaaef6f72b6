//! A dialog that asks for a file: to open one, or to save one under a name.
//!
//! It is drawn by egui itself, so that it works on every desktop, needs no toolkit, looks like the panels around it, and
//! can be operated by keyboard, by screen readers and by scripts. Whoever needs a file keeps a [`FileDialog`], calls
//! [`FileDialog::ask`] once and [`FileDialog::show`] in every frame, until that returns a path.

use std::path::{Path, PathBuf};

use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{
    Align, AtomExt as _, Button, Context, Id, Key, Label, Layout, Modal, ScrollArea, TextEdit, Ui, WidgetInfo,
    WidgetType, vec2,
};
use egui_material_icons::icons::{
    ICON_ARROW_UPWARD, ICON_CREATE_NEW_FOLDER, ICON_DESCRIPTION, ICON_ERROR, ICON_FOLDER, ICON_FOLDER_OPEN,
    ICON_REFRESH, ICON_WARNING,
};

use crate::format;
use crate::theme::{Look, floating_frame, measure};
use crate::widgets::{self, Cell};

/// What the file is wanted for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileTask {
    /// A file that is there.
    #[default]
    Open,
    /// A file that will be written; one that is there is replaced only after a second click.
    Save,
    /// A folder that is there.
    Folder,
}

/// What is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileQuestion {
    /// What the file is wanted for.
    pub task: FileTask,
    /// What stands above the dialog, such as `Save the scene as`.
    pub title: String,
    /// The endings that files may have, without the dot; all if there are none. The first is added to a name without one.
    pub endings: Vec<&'static str>,
    /// The name that is proposed.
    pub name: String,
    /// The folder that is shown first; the last one, or the current one, if absent.
    pub folder: Option<PathBuf>,
    /// More folders to jump to, by name.
    pub places: Vec<(String, PathBuf)>,
}

/// A file or folder in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    name: String,
    folder: bool,
    bytes: u64,
    changed: Option<std::time::SystemTime>,
}

#[derive(Clone, Debug)]
struct Open {
    question: FileQuestion,
    folder: PathBuf,
    entries: Result<Vec<Entry>, String>,
    chosen: Option<usize>,
    name: String,
    new_folder: Option<String>,
    trouble: Option<String>,
    replace: Option<PathBuf>,
    fresh: bool,
}

/// A dialog that is open or not.
#[derive(Clone, Debug, Default)]
pub struct FileDialog {
    open: Option<Open>,
    last_folder: Option<PathBuf>,
    /// Whether files whose names begin with a dot are listed.
    hidden: bool,
}

impl FileDialog {
    /// Opens the dialog.
    pub fn ask(&mut self, question: FileQuestion) {
        let folder = [question.folder.clone(), self.last_folder.clone(), std::env::current_dir().ok()]
            .into_iter()
            .flatten()
            .find(|folder| folder.is_dir())
            .unwrap_or_else(|| PathBuf::from("."));
        let name = question.name.clone();
        let mut open = Open {
            question,
            folder: folder.clone(),
            entries: Ok(Vec::new()),
            chosen: None,
            name,
            new_folder: None,
            trouble: None,
            replace: None,
            fresh: true,
        };
        open.go(folder, self.hidden);
        self.open = Some(open);
    }

    /// Whether the dialog is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Shows the dialog if it is open; the file, once one is chosen.
    pub fn show(&mut self, ctx: &Context, look: &Look) -> Option<PathBuf> {
        let open = self.open.as_mut()?;
        let hidden = &mut self.hidden;
        let modal = Modal::new(Id::new("file dialog"))
            .frame(floating_frame(look))
            .backdrop_color(look.scrim())
            .show(ctx, |ui| open.contents(ui, look, hidden));
        let closing = modal.should_close();
        let answer = modal.inner;
        if closing && answer.is_none() {
            self.open = None;
            return None;
        }
        match answer? {
            Answer::Cancel => self.open = None,
            Answer::Chosen(path) => {
                self.last_folder = self.open.take().map(|open| open.folder);
                return Some(path);
            }
        }
        None
    }
}

enum Answer {
    Cancel,
    Chosen(PathBuf),
}

/// The files and folders of a folder: folders first, then by name.
fn listing(folder: &Path, question: &FileQuestion, hidden: bool) -> Result<Vec<Entry>, String> {
    let mut entries: Vec<Entry> = std::fs::read_dir(folder)
        .map_err(|error| error.to_string())?
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            // What a link leads to counts, not the link.
            let about = std::fs::metadata(entry.path()).ok()?;
            let wanted = about.is_dir() || (question.task != FileTask::Folder && has_ending(&name, &question.endings));
            (wanted && (hidden || !name.starts_with('.'))).then(|| Entry {
                name,
                folder: about.is_dir(),
                bytes: about.len(),
                changed: about.modified().ok(),
            })
        })
        .collect();
    entries.sort_by_cached_key(|entry| (!entry.folder, entry.name.to_lowercase(), entry.name.clone()));
    Ok(entries)
}

fn has_ending(name: &str, endings: &[&str]) -> bool {
    endings.is_empty()
        || Path::new(name).extension().is_some_and(|own| endings.iter().any(|ending| own.eq_ignore_ascii_case(ending)))
}

/// What was typed as a path: `~` is the home folder, anything relative starts in `folder`.
fn typed(folder: &Path, text: &str) -> PathBuf {
    let text = text.trim();
    match (text.strip_prefix("~"), std::env::home_dir()) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
        _ => folder.join(text),
    }
}

impl Open {
    fn go(&mut self, folder: PathBuf, hidden: bool) {
        self.entries = listing(&folder, &self.question, hidden);
        self.folder = folder;
        self.chosen = None;
        self.trouble = None;
        self.replace = None;
    }

    fn contents(&mut self, ui: &mut Ui, look: &Look, hidden: &mut bool) -> Option<Answer> {
        let (width, height) = measure::FILE_DIALOG;
        let screen = ui.ctx().viewport_rect().size();
        ui.set_width(width.min(screen.x - 4.0 * spacing::SECTION));
        let height = height.min(screen.y - measure::CONTROL * 8.0);
        let mut answer = None;
        ui.label(look.large(self.question.title.as_str()));
        ui.add_space(spacing::NORMAL);
        self.way(ui, look, *hidden);
        ui.add_space(spacing::TIGHT);
        ui.horizontal_top(|ui| {
            ui.set_height(height);
            ui.vertical(|ui| {
                ui.set_width(measure::PLACES);
                self.places(ui, look, *hidden);
            });
            ui.vertical(|ui| answer = self.list(ui, look, height, *hidden));
        });
        ui.add_space(spacing::NORMAL);
        let entered = self.name_field(ui, look);
        self.notes(ui, look);
        ui.add_space(spacing::TIGHT);
        ui.horizontal(|ui| {
            if ui.checkbox(hidden, look.body("Hidden files")).changed() {
                let folder = self.folder.clone();
                self.go(folder, *hidden);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let verb = match self.question.task {
                    FileTask::Open => "Open",
                    FileTask::Folder => "Choose this folder",
                    FileTask::Save if self.replace.is_some() => "Replace",
                    FileTask::Save => "Save",
                };
                let ready = self.question.task == FileTask::Folder || !self.name.trim().is_empty();
                let done =
                    ui.add_enabled(ready, Button::new(look.strong(verb).color(look.on_accent)).fill(look.accent));
                widgets::named(ui, &done, WidgetType::Button, verb);
                if done.clicked() || (entered && ready) {
                    answer = self.decide(*hidden).or(answer.take());
                }
                if widgets::text_button(ui, look.body("Cancel")).clicked() {
                    answer = Some(Answer::Cancel);
                }
            });
        });
        answer
    }

    /// The way to the folder, each step a button.
    fn way(&mut self, ui: &mut Ui, look: &Look, hidden: bool) {
        let mut target = None;
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = spacing::TIGHT;
            let up = widgets::icon_button(ui, look, ICON_ARROW_UPWARD, "Parent folder");
            if widgets::tip(up, look, "Parent folder", "Alt ↑").clicked()
                || widgets::pressed_with(ui, Key::ArrowUp).is_some_and(|held| held.alt)
            {
                target = self.folder.parent().map(Path::to_path_buf);
            }
            let again = widgets::icon_button(ui, look, ICON_REFRESH, "Read the folder again");
            if widgets::tip(again, look, "Read the folder again", "").clicked() {
                target = Some(self.folder.clone());
            }
            if self.question.task != FileTask::Open {
                let new = widgets::icon_button(ui, look, ICON_CREATE_NEW_FOLDER, "New folder");
                if widgets::tip(new, look, "New folder here", "").clicked() {
                    self.new_folder = Some(String::new());
                }
            }
            let whole = self.folder.canonicalize().unwrap_or_else(|_| self.folder.clone());
            ScrollArea::horizontal().id_salt("way").stick_to_right(true).show(ui, |ui| {
                crate::texts::scrolls_sideways(ui);
                ui.spacing_mut().item_spacing.x = 0.0;
                let steps: Vec<&Path> = whole.ancestors().collect();
                for step in steps.into_iter().rev() {
                    let name = step.file_name().map_or("/".into(), |name| name.to_string_lossy().into_owned());
                    let button = ui.add(Button::new(look.body(name.as_str())).frame_when_inactive(false));
                    widgets::named(ui, &button, WidgetType::Button, &format!("Go to folder {name}"));
                    if button.on_hover_text(look.figure(step.display().to_string())).clicked() {
                        target = Some(step.to_path_buf());
                    }
                    if step != whole && name != "/" {
                        ui.label(look.quiet("/"));
                    }
                }
            });
        });
        if let Some(name) = &mut self.new_folder {
            let mut done = false;
            ui.horizontal(|ui| {
                let field = ui.add(TextEdit::singleline(name).hint_text("Name of the new folder"));
                widgets::named(ui, &field, WidgetType::TextEdit, "Name of the new folder");
                field.request_focus();
                done = widgets::text_button(ui, look.body("Create")).clicked()
                    || ui.input(|input| input.key_pressed(Key::Enter));
            });
            if done && !name.trim().is_empty() {
                let path = self.folder.join(name.trim());
                self.new_folder = None;
                match std::fs::create_dir(&path) {
                    Ok(()) => target = Some(path),
                    Err(error) => self.trouble = Some(format!("The folder could not be made: {error}")),
                }
            }
        }
        if let Some(target) = target {
            self.go(target, hidden);
        }
    }

    fn places(&mut self, ui: &mut Ui, look: &Look, hidden: bool) {
        let mut places: Vec<(String, PathBuf)> = Vec::new();
        if let Some(home) = std::env::home_dir() {
            for (name, folder) in [("Home", home.clone()), ("Documents", home.join("Documents"))] {
                places.push((name.into(), folder));
            }
        }
        if let Ok(here) = std::env::current_dir() {
            places.push(("Current folder".into(), here));
        }
        places.extend(self.question.places.iter().cloned());
        let mut target = None;
        for (name, folder) in places.into_iter().filter(|(_, folder)| folder.is_dir()) {
            let words = look.body(name.as_str()).atom_shrink(true);
            let label = (look.icon(ICON_FOLDER).color(look.secondary), words, egui::Atom::grow());
            let button = Button::new(label).frame_when_inactive(false).selected(folder == self.folder);
            let response = ui.add_sized(vec2(measure::PLACES, measure::CONTROL), button.truncate());
            widgets::named(ui, &response, WidgetType::Button, &name);
            if response.on_hover_text(look.figure(folder.display().to_string())).clicked() {
                target = Some(folder);
            }
        }
        if let Some(target) = target {
            self.go(target, hidden);
        }
    }

    fn list(&mut self, ui: &mut Ui, look: &Look, height: f32, hidden: bool) -> Option<Answer> {
        let entries = match &self.entries {
            Ok(entries) if !entries.is_empty() => entries.clone(),
            Ok(_) => {
                let how = match self.question.endings.as_slice() {
                    _ if self.question.task == FileTask::Folder => "It holds no folders.".to_owned(),
                    [] => "It holds no files.".to_owned(),
                    endings => format!("It holds no folders and no files ending in .{}.", endings.join(" or .")),
                };
                widgets::empty(ui, look, ICON_FOLDER_OPEN, "Nothing to choose in this folder", &how);
                return None;
            }
            Err(error) => {
                widgets::empty(ui, look, ICON_ERROR, "This folder can't be read", error);
                return None;
            }
        };
        self.arrows(ui, &entries);
        let mut answer = None;
        let mut target = None;
        ui.spacing_mut().item_spacing.y = 0.0;
        ScrollArea::vertical().id_salt("files").max_height(height).auto_shrink([false, false]).show_rows(
            ui,
            measure::TABLE_ROW,
            entries.len(),
            |ui, rows| {
                for index in rows {
                    let entry = &entries[index];
                    let chosen = self.chosen == Some(index);
                    let response = row(ui, look, entry, chosen);
                    if response.clicked() {
                        self.chosen = Some(index);
                        if !entry.folder {
                            self.name.clone_from(&entry.name);
                            self.replace = None;
                        }
                    }
                    if response.double_clicked() {
                        let path = self.folder.join(&entry.name);
                        if entry.folder {
                            target = Some(path);
                        } else if self.question.task == FileTask::Open {
                            answer = Some(Answer::Chosen(path));
                        }
                    }
                }
            },
        );
        if let Some(target) = target {
            self.go(target, hidden);
        }
        answer
    }

    /// Arrows move the choice, so that the whole dialog can be used by keyboard.
    fn arrows(&mut self, ui: &Ui, entries: &[Entry]) {
        let pressed = |key| widgets::pressed_with(ui, key).is_some_and(|held| !held.alt);
        let (up, down) = (pressed(Key::ArrowUp), pressed(Key::ArrowDown));
        if !(up || down) {
            return;
        }
        let last = entries.len() - 1;
        let next = match self.chosen {
            None => 0,
            Some(at) if down => (at + 1).min(last),
            Some(at) => at.saturating_sub(1),
        };
        self.chosen = Some(next);
        let entry = &entries[next];
        if entry.folder {
            if self.question.task == FileTask::Open {
                self.name.clone_from(&entry.name);
            }
        } else {
            self.name.clone_from(&entry.name);
        }
        self.replace = None;
    }

    /// The field for the name; true if Enter was pressed in it.
    fn name_field(&mut self, ui: &mut Ui, look: &Look) -> bool {
        if self.question.task == FileTask::Folder {
            return false;
        }
        let mut entered = false;
        ui.horizontal(|ui| {
            ui.label(look.quiet("Name"));
            let hint = "A name, or a path";
            let field = ui.add(TextEdit::singleline(&mut self.name).hint_text(hint).desired_width(f32::INFINITY));
            widgets::named(ui, &field, WidgetType::TextEdit, "Name of the file");
            if self.fresh {
                field.request_focus();
                self.fresh = false;
            }
            if field.changed() {
                self.replace = None;
                self.trouble = None;
            }
            entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            if entered {
                field.request_focus();
            }
        });
        entered
    }

    fn notes(&self, ui: &mut Ui, look: &Look) {
        if let Some(path) = &self.replace {
            let name = path.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
            ui.horizontal(|ui| {
                ui.label(look.icon(ICON_WARNING).color(look.warning));
                ui.label(look.body(format!("{name} is there already. Replace it?")));
            });
        }
        if let Some(trouble) = &self.trouble {
            ui.horizontal(|ui| {
                ui.label(look.icon(ICON_ERROR).color(look.danger));
                ui.add(Label::new(look.body(trouble.as_str())).wrap());
            });
        }
    }

    /// What the button leads to: a folder is entered, a file is the answer.
    fn decide(&mut self, hidden: bool) -> Option<Answer> {
        self.trouble = None;
        if self.question.task == FileTask::Folder {
            let inner = self.chosen.and_then(|at| self.entries.as_ref().ok()?.get(at));
            let folder = inner.map_or_else(|| self.folder.clone(), |entry| self.folder.join(&entry.name));
            return Some(Answer::Chosen(folder));
        }
        let mut path = typed(&self.folder, &self.name);
        if path.is_dir() {
            self.name.clear();
            self.go(path, hidden);
            return None;
        }
        if self.question.task == FileTask::Open {
            if path.is_file() {
                return Some(Answer::Chosen(path));
            }
            self.trouble = Some(format!("There is no file {}", path.display()));
            return None;
        }
        if let Some(ending) = self.question.endings.first()
            && !has_ending(&path.to_string_lossy(), &self.question.endings)
        {
            let name = path.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
            path.set_file_name(format!("{name}.{ending}"));
        }
        if !path.parent().is_some_and(Path::is_dir) {
            self.trouble = Some(format!("There is no folder {}", path.parent().unwrap_or(&path).display()));
            return None;
        }
        if path.exists() && self.replace.as_ref() != Some(&path) {
            self.replace = Some(path);
            return None;
        }
        Some(Answer::Chosen(path))
    }
}

fn row(ui: &mut Ui, look: &Look, entry: &Entry, chosen: bool) -> egui::Response {
    let response = widgets::row_background(ui, look, &entry.name, chosen);
    let enabled = ui.is_enabled();
    response.widget_info(|| {
        let what = if entry.folder { "Folder" } else { "File" };
        WidgetInfo::selected(WidgetType::SelectableLabel, enabled, chosen, format!("{what} {}", entry.name))
    });
    let wide = (ui.available_width() - measure::VALUE_COLUMN - measure::DATE_COLUMN - spacing::WIDE * 2.0).max(0.0);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::NORMAL;
        widgets::cell(ui, wide, Cell::Left, |ui| {
            let (icon, tint) =
                if entry.folder { (ICON_FOLDER, look.accent) } else { (ICON_DESCRIPTION, look.secondary) };
            ui.label(look.icon(icon).color(tint));
            ui.label(look.body(entry.name.as_str()));
        });
        let size = if entry.folder { String::new() } else { format::bytes(entry.bytes) };
        widgets::right_figure(ui, measure::VALUE_COLUMN, look.figure(size).color(look.secondary));
        let changed =
            entry.changed.and_then(|at| at.elapsed().ok()).map_or(String::new(), |past| format::ago(past.as_secs()));
        widgets::right_figure(ui, measure::DATE_COLUMN, look.figure(changed).color(look.secondary));
    });
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("agent2028-file-dialog-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("inner")).unwrap();
        for file in ["b.ron", "A.RON", "notes.txt", ".hidden.ron"] {
            std::fs::write(folder.join(file), "()").unwrap();
        }
        folder
    }

    fn asked(task: FileTask, name: &str) -> (FileDialog, PathBuf) {
        let folder = folder(name);
        let mut dialog = FileDialog::default();
        dialog.ask(FileQuestion { task, endings: vec!["ron"], folder: Some(folder.clone()), ..Default::default() });
        (dialog, folder)
    }

    #[test]
    fn folders_come_first_then_files_with_the_right_ending() {
        let (dialog, folder) = asked(FileTask::Open, "listing");
        let entries = dialog.open.unwrap().entries.unwrap();
        let names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["inner", "A.RON", "b.ron"]);
        let question = FileQuestion::default();
        assert_eq!(listing(&folder, &question, true).unwrap().len(), 5);
        assert!(listing(&folder.join("nowhere"), &question, true).is_err());
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_is_replaced_only_after_a_second_click_and_gets_its_ending() {
        let (mut dialog, folder) = asked(FileTask::Save, "saving");
        let open = dialog.open.as_mut().unwrap();
        open.name = "new".into();
        assert!(matches!(open.decide(false), Some(Answer::Chosen(path)) if path == folder.join("new.ron")));
        open.name = "b".into();
        assert!(open.decide(false).is_none());
        assert_eq!(open.replace, Some(folder.join("b.ron")));
        assert!(matches!(open.decide(false), Some(Answer::Chosen(path)) if path == folder.join("b.ron")));
        open.name = "nowhere/c.ron".into();
        assert!(open.decide(false).is_none() && open.trouble.is_some());
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_folder_that_is_typed_is_entered_and_a_missing_file_is_told() {
        let (mut dialog, folder) = asked(FileTask::Open, "typing");
        let open = dialog.open.as_mut().unwrap();
        open.name = "c.ron".into();
        assert!(open.decide(false).is_none() && open.trouble.is_some());
        open.name = "inner".into();
        assert!(open.decide(false).is_none());
        assert_eq!(open.folder, folder.join("inner"));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
