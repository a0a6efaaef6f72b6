//! Saving the run: where to, how far it is, and how it ended.

use std::path::{Path, PathBuf};

use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Align, Align2, Button, Context, Id, Label, Layout, ProgressBar, TextEdit, Ui, WidgetType, Window, vec2};
use egui_material_icons::icons::{ICON_CHECK_CIRCLE, ICON_ERROR, ICON_FOLDER_OPEN, ICON_INFO};

use crate::actions::{Action, Actions};
use crate::format;
use crate::panels::notices::Notice;
use crate::runs::{RunRequest, RunStatus, SaveOutcome, Saved, Saving};
use crate::theme::{Look, floating_frame, measure};
use crate::widgets::{self, FileDialog, FileQuestion, FileTask};

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct SaveRunView<'a> {
    /// What is known about the run's recording.
    pub status: &'a RunStatus,
    /// The last tick that ran.
    pub tick: u64,
    /// How many changes of people are part of the run.
    pub changes: usize,
}

/// What the panel remembers.
#[derive(Clone, Debug, Default)]
pub struct SaveRunState {
    /// Whether it is open.
    pub open: bool,
    folder: String,
    dialog: FileDialog,
}

impl SaveRunState {
    /// Opens the panel with a folder proposed.
    pub fn ask(&mut self, status: &RunStatus) {
        self.open = true;
        self.folder = status.proposed.display().to_string();
    }
}

/// Shows the panel over the world if it is open.
pub fn show(ctx: &Context, look: &Look, view: &SaveRunView, state: &mut SaveRunState, actions: &mut Actions) {
    if !state.open {
        return;
    }
    Window::new("Save run")
        .id(Id::new("save run"))
        .title_bar(false)
        .resizable(false)
        .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
        .frame(floating_frame(look))
        .show(ctx, |ui| {
            ui.set_width(measure::SAVE_RUN);
            contents(ui, look, view, state, actions);
        });
    if let Some(parent) = state.dialog.show(ctx, look) {
        // The run becomes a new folder in the one that was chosen.
        let name = Path::new(state.folder.trim()).file_name().unwrap_or("run".as_ref()).to_owned();
        state.folder = parent.join(name).display().to_string();
    }
}

fn contents(ui: &mut Ui, look: &Look, view: &SaveRunView, state: &mut SaveRunState, actions: &mut Actions) {
    ui.spacing_mut().item_spacing.y = spacing::NORMAL;
    ui.label(look.strong("Save run"));
    if let Some(saving) = &view.status.saving {
        progress(ui, look, saving, state, actions);
        return;
    }
    let changes = format::count(view.changes as u64);
    let tick = format::count(view.tick);
    let done = if view.changes == 1 { "change" } else { "changes" };
    let what = format!(
        "The scene is run again up to tick {tick} with the {changes} {done} made to it, without a window, and compared with \
         what you see."
    );
    ui.add(Label::new(look.quiet(what)).wrap());
    let label = ui.label(look.body("New folder"));
    ui.allocate_ui_with_layout(
        vec2(ui.available_width(), measure::CONTROL),
        Layout::right_to_left(Align::Center),
        |ui| {
            let choose = widgets::icon_button(ui, look, ICON_FOLDER_OPEN, "Choose where");
            if widgets::tip(choose, look, "Choose the folder in which the new one is made", "").clicked() {
                let folder = Path::new(state.folder.trim()).ancestors().find(|folder| folder.is_dir());
                state.dialog.ask(FileQuestion {
                    task: FileTask::Folder,
                    title: "Where to save the run".into(),
                    folder: folder.map(Path::to_path_buf),
                    ..FileQuestion::default()
                });
            }
            let field = ui.add(TextEdit::singleline(&mut state.folder).desired_width(f32::INFINITY));
            let field = field.labelled_by(label.id);
            widgets::named(ui, &field, WidgetType::TextEdit, "New folder");
        },
    );
    if let Some(saved) = &view.status.saved {
        outcome(ui, look, saved);
    }
    let folder = PathBuf::from(state.folder.trim());
    widgets::buttons(ui, |ui| {
        let ready = view.tick > 0 && !folder.as_os_str().is_empty();
        let save = ui.add_enabled(ready, Button::new(look.body("Save and verify")));
        let why = if view.tick == 0 {
            "Nothing has run yet"
        } else {
            "Writes scene, interventions, metrics, events and hashes"
        };
        if save.on_hover_text(look.body(why)).on_disabled_hover_text(look.body(why)).clicked() {
            actions.push(Action::Run(RunRequest::Save(folder)));
        }
        let close = widgets::text_button(ui, look.body("Close"));
        if widgets::tip(close, look, "Close without saving", "Esc").clicked()
            || (!state.dialog.is_open() && ui.input(|input| input.key_pressed(egui::Key::Escape)))
        {
            state.open = false;
        }
    });
}

fn progress(ui: &mut Ui, look: &Look, saving: &Saving, state: &mut SaveRunState, actions: &mut Actions) {
    ui.add(Label::new(look.quiet(saving.folder.display().to_string())).wrap());
    let share = saving.tick as f32 / saving.last.max(1) as f32;
    let text = format!("tick {} of {}", format::count(saving.tick), format::count(saving.last));
    let bar = ui.add(ProgressBar::new(share).text(look.figure(text)));
    widgets::named(ui, &bar, WidgetType::ProgressIndicator, "Saving");
    widgets::buttons(ui, |ui| {
        let cancel = widgets::text_button(ui, look.body("Cancel saving"));
        if widgets::tip(cancel, look, "Stop, and leave nothing behind", "").clicked() {
            actions.push(Action::Run(RunRequest::Cancel));
        }
        let hide = widgets::text_button(ui, look.body("Hide"));
        if widgets::tip(hide, look, "Saving goes on in the background", "").clicked() {
            state.open = false;
        }
    });
}

/// How saving ended, in words.
fn words(saved: &Saved) -> String {
    let folder = saved.folder.display();
    match &saved.outcome {
        SaveOutcome::Verified => format!("Saved and verified: {folder}, up to tick {}", format::count(saved.tick)),
        SaveOutcome::Differs(window, written) => {
            format!("Saved to {folder}, but it ended in another state: {written} instead of {window}")
        }
        SaveOutcome::Cancelled => "Saving was stopped; nothing was left".into(),
        SaveOutcome::Occupied => {
            format!("The run was not saved: there is something in {folder} already; name a new folder")
        }
        SaveOutcome::Failed(why) => format!("The run was not saved: {why}"),
        SaveOutcome::Broken => "The run was not saved: saving ended by a fault inside".into(),
    }
}

/// How saving ended, for those who don't have the dialog open.
#[must_use]
pub fn notice(saved: &Saved) -> Notice {
    match saved.outcome {
        SaveOutcome::Verified => Notice::Done(words(saved), Some(saved.folder.display().to_string())),
        SaveOutcome::Cancelled => Notice::Done(words(saved), None),
        SaveOutcome::Differs(..) | SaveOutcome::Occupied | SaveOutcome::Failed(_) | SaveOutcome::Broken => {
            Notice::Failed(words(saved))
        }
    }
}

fn outcome(ui: &mut Ui, look: &Look, saved: &Saved) {
    let (icon, tint) = match saved.outcome {
        SaveOutcome::Verified => (ICON_CHECK_CIRCLE, look.good),
        SaveOutcome::Cancelled => (ICON_INFO, look.info),
        SaveOutcome::Differs(..) | SaveOutcome::Occupied | SaveOutcome::Failed(_) | SaveOutcome::Broken => {
            (ICON_ERROR, look.danger)
        }
    };
    ui.horizontal_top(|ui| {
        ui.label(look.icon(icon).color(tint));
        ui.add(Label::new(look.body(words(saved))).wrap());
    });
}
