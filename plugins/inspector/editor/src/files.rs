//! Questions about files: what becomes of unsaved changes, of a file that another program has changed, and of texts that
//! were found again. Nothing that somebody wrote is lost without an answer.

use std::path::{Path, PathBuf};

use agent2028_view::tokens::{motion, spacing};
use bevy_egui::egui;
use egui::{Button, Context, Id, Label, Modal, Order, Rect, ScrollArea, Ui, WidgetType};
use egui_material_icons::icons::{ICON_CHECK_CIRCLE, ICON_ERROR, ICON_RESTORE, ICON_WARNING};

use crate::actions::{Action, Actions};
use crate::document::Document;
use crate::floats::{self, Float, Wish};
use crate::format;
use crate::scene::{SceneRequest, UnreadableFile};
use crate::theme::{Look, floating_frame, measure};
use crate::widgets::{self, FileDialog, FileQuestion, FileTask};

/// How long a note stays.
const NOTE_S: f64 = 3.0;

/// What was found again after the program had ended without being asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveredWhat {
    /// A text that was not saved.
    Text {
        /// How many lines it has.
        lines: usize,
    },
    /// A run that people had changed.
    Run {
        /// The tick that was shown.
        tick: u64,
        /// How many changes they had made.
        changes: usize,
    },
}

/// A text or a run that was found again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// What the scene is called.
    pub title: String,
    /// The file that it belongs to.
    pub path: Option<PathBuf>,
    /// How long ago it was written, in seconds.
    pub age: u64,
    /// What it is.
    pub what: RecoveredWhat,
}

/// What became of a scene, its text or its file: told for a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The scene is in this file.
    Saved(String),
    /// The file could not be written, and why.
    NotWritten(PathBuf, String),
    /// So many values of sliders went into the scene's text.
    Kept(usize),
    /// They could not.
    NotKept(NotKept),
    /// A run that was found again could not be read, and why.
    NotBroughtBack(String),
    /// Some of what was done to such a run could not be done again, and why.
    PartlyBroughtBack(String),
    /// What was dropped on the window is nothing that it opens.
    Unknown(String),
    /// A file is nothing for a window, and why.
    NotShown(PathBuf, UnreadableFile),
}

/// Why the values of sliders could not go into the scene's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotKept {
    /// The text has errors.
    Unreadable,
    /// The parameter has no place in the text.
    NoPath(String),
    /// Its place refused the value, and why.
    Refused(String, String),
}

impl Note {
    /// Whether it tells of something that went well.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        matches!(self, Self::Saved(_) | Self::Kept(_))
    }

    /// What is shown.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Saved(name) => format!("{name} is saved"),
            Self::NotWritten(path, why) => format!("{} could not be written: {why}", path.display()),
            Self::Kept(0) => "No slider was moved".into(),
            Self::Kept(count) => {
                let what = format::counted(*count as u64, "value is", "values are");
                format!("{what} in the scene's text now; save it to keep it")
            }
            Self::NotKept(NotKept::Unreadable) => "the scene's text can't be read".into(),
            Self::NotKept(NotKept::NoPath(path)) => format!("{path} is no path"),
            Self::NotKept(NotKept::Refused(path, why)) => format!("{path}: {why}"),
            Self::NotBroughtBack(why) => format!("The run can't be brought back: {why}"),
            Self::PartlyBroughtBack(why) => format!("Not all of the run can be brought back: {why}"),
            Self::NotShown(path, why) => format!("{} is not opened: {}", path.display(), unfit(why)),
            Self::Unknown(name) => format!("{name} is neither a scene (.ron) nor the folder of a run"),
        }
    }
}

/// Why a window doesn't read a file, in words.
#[must_use]
pub fn unfit(why: &UnreadableFile) -> String {
    match why {
        UnreadableFile::TooLong { bytes, most } => {
            format!("it has {}; a window takes scenes of up to {}", format::bytes(*bytes), format::bytes(*most))
        }
        UnreadableFile::NoFile => "it is no ordinary file".into(),
        UnreadableFile::NoText => "it is not UTF-8 text: save it with the encoding UTF-8".into(),
        UnreadableFile::Unreadable(why) => why.clone(),
    }
}

/// What the dialog that is open asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Purpose {
    Open,
    /// To save, and then to do this.
    Save(Option<SceneRequest>),
}

/// What the panel remembers.
#[derive(Clone, Debug, Default)]
pub struct FilesState {
    dialog: FileDialog,
    purpose: Option<Purpose>,
    /// What waits for an answer about unsaved changes.
    pub pending: Option<SceneRequest>,
    /// What the file holds now, if another program changed it while there were unsaved changes.
    pub theirs: Option<String>,
    difference: bool,
    /// Texts and runs that were found again.
    pub recovered: Vec<Recovered>,
    /// What was done or went wrong, and when it was first shown.
    note: Option<(Note, Option<f64>)>,
}

impl FilesState {
    /// Tells for a moment what was done or went wrong.
    pub fn tell(&mut self, note: Note) {
        self.note = Some((note, None));
    }

    /// What is being told.
    #[must_use]
    pub fn told(&self) -> Option<&Note> {
        self.note.as_ref().map(|(note, _)| note)
    }

    /// Asks for a scene file.
    pub fn ask_to_open(&mut self, document: &Document, own: Option<&Path>) {
        self.purpose = Some(Purpose::Open);
        let places = own.map(|folder| ("My scenes".to_owned(), folder.to_path_buf())).into_iter().collect();
        self.dialog.ask(FileQuestion {
            task: FileTask::Open,
            title: "Open a scene".into(),
            endings: vec!["ron"],
            folder: document.path().and_then(Path::parent).map(Path::to_path_buf),
            places,
            ..FileQuestion::default()
        });
    }

    /// Writes the document: at once if it has a file, else after asking for one. `then` follows.
    pub fn save(
        &mut self,
        document: &Document,
        ask: bool,
        then: Option<SceneRequest>,
        folder: Option<&Path>,
        actions: &mut Actions,
    ) {
        if document.withheld().is_some() {
            // There is nothing here that could be written.
            return;
        }
        if let Some(path) = document.path().filter(|_| !ask) {
            actions.push(Action::Scene(SceneRequest::Save(path.into())));
            if let Some(then) = then {
                actions.push(Action::Discard(then));
            }
            return;
        }
        let called = if document.name().is_empty() { document.title().to_owned() } else { document.label() };
        let name = match document.path() {
            Some(_) => document.label(),
            None => format!("{}.ron", called.to_lowercase().replace([' ', '/'], "-")),
        };
        let beside = document.path().and_then(Path::parent).map(Path::to_path_buf);
        self.purpose = Some(Purpose::Save(then));
        self.dialog.ask(FileQuestion {
            task: FileTask::Save,
            title: "Save the scene as".into(),
            endings: vec!["ron"],
            name,
            folder: beside.or_else(|| folder.map(Path::to_path_buf)),
            places: folder.map(|folder| ("My scenes".to_owned(), folder.to_path_buf())).into_iter().collect(),
        });
    }

    /// Whether a question is open, so that keys are answers and no shortcuts.
    #[must_use]
    pub fn is_asking(&self) -> bool {
        self.dialog.is_open() || self.pending.is_some() || self.theirs.is_some()
    }
}

/// Shows whatever wants an answer. `folder` is the one for people's own scenes.
pub fn show(
    ctx: &Context,
    look: &Look,
    free: Rect,
    document: &Document,
    folder: Option<&Path>,
    state: &mut FilesState,
    actions: &mut Actions,
) {
    if let Some(path) = state.dialog.show(ctx, look) {
        match state.purpose.take() {
            Some(Purpose::Open) => actions.push(Action::Scene(SceneRequest::Open(path.display().to_string()))),
            Some(Purpose::Save(then)) => {
                actions.push(Action::Scene(SceneRequest::Save(path)));
                if let Some(then) = then {
                    actions.push(Action::Discard(then));
                }
            }
            None => {}
        }
    }
    if state.pending.is_some() && !state.dialog.is_open() {
        unsaved(ctx, look, document, folder, state, actions);
    } else if state.theirs.is_some() && !state.dialog.is_open() {
        changed(ctx, look, document, folder, state, actions);
    }
    recovered(ctx, look, free, state, actions);
    note(ctx, look, free, state);
}

/// A question in the middle of the window; false once it was closed without an answer.
fn question(ctx: &Context, look: &Look, id: &str, contents: impl FnOnce(&mut Ui)) -> bool {
    let modal = Modal::new(Id::new(id)).frame(floating_frame(look)).backdrop_color(look.scrim()).show(ctx, |ui| {
        ui.set_width(measure::QUESTION);
        contents(ui);
    });
    !modal.should_close()
}

fn primary(ui: &mut Ui, look: &Look, text: &str) -> bool {
    let button = ui.add(Button::new(look.strong(text).color(look.on_accent)).fill(look.accent));
    widgets::named(ui, &button, WidgetType::Button, text);
    button.clicked()
}

fn unsaved(
    ctx: &Context,
    look: &Look,
    document: &Document,
    folder: Option<&Path>,
    state: &mut FilesState,
    actions: &mut Actions,
) {
    let Some(request) = state.pending.clone() else {
        return;
    };
    let what = match &request {
        SceneRequest::Close => "before the window closes",
        _ => "before another scene is opened",
    };
    let mut done = false;
    let stays = question(ctx, look, "unsaved changes", |ui| {
        ui.horizontal(|ui| {
            ui.label(look.icon(ICON_WARNING).color(look.warning));
            ui.label(look.large(format!("Save {}?", document.label())));
        });
        ui.add_space(spacing::NORMAL);
        ui.add(
            Label::new(look.body(format!("It has changes that are not saved. Save them {what}, or they are gone.")))
                .wrap(),
        );
        ui.add_space(spacing::WIDE);
        widgets::buttons(ui, |ui| {
            if primary(ui, look, "Save") {
                state.save(document, false, Some(request.clone()), folder, actions);
                done = true;
            }
            if widgets::text_button(ui, look.body("Cancel")).clicked() {
                done = true;
            }
            if widgets::text_button(ui, look.body("Don't save")).clicked() {
                actions.push(Action::Discard(request.clone()));
                done = true;
            }
        });
    });
    if done || !stays {
        state.pending = None;
    }
}

fn changed(
    ctx: &Context,
    look: &Look,
    document: &Document,
    folder: Option<&Path>,
    state: &mut FilesState,
    actions: &mut Actions,
) {
    let Some(theirs) = state.theirs.clone() else {
        return;
    };
    let mut done = false;
    let stays = question(ctx, look, "changed elsewhere", |ui| {
        ui.horizontal(|ui| {
            ui.label(look.icon(ICON_WARNING).color(look.warning));
            ui.label(look.large(format!("{} was changed elsewhere", document.label())));
        });
        ui.add_space(spacing::NORMAL);
        let text = "Another program has written the file, and here it has changes that are not saved.";
        ui.add(Label::new(look.body(text)).wrap());
        if state.difference {
            ui.add_space(spacing::NORMAL);
            difference(ui, look, document.text(), &theirs);
        }
        ui.add_space(spacing::WIDE);
        widgets::buttons(ui, |ui| {
            if primary(ui, look, "Keep mine") {
                done = true;
            }
            if widgets::text_button(ui, look.body("Take theirs")).clicked() {
                actions.push(Action::Discard(SceneRequest::TakeTheirs));
                done = true;
            }
            if widgets::text_button(ui, look.body("Save mine as")).clicked() {
                state.save(document, true, None, folder, actions);
                done = true;
            }
            let label = if state.difference { "Hide the difference" } else { "Show the difference" };
            if widgets::text_button(ui, look.body(label)).clicked() {
                state.difference = !state.difference;
            }
        });
    });
    if done || !stays {
        state.theirs = None;
        state.difference = false;
    }
}

/// A line of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side<'a> {
    Mine(&'a str),
    Theirs(&'a str),
    Same(usize),
}

/// Compares line by line: what begins and ends alike is folded, the middle is compared by its longest common lines.
fn compare<'a>(mine: &'a str, theirs: &'a str) -> Vec<Side<'a>> {
    /// More lines than this are told as one block each.
    const MOST: usize = 1000;
    let (a, b): (Vec<&str>, Vec<&str>) = (mine.lines().collect(), theirs.lines().collect());
    let start = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let most = a.len().min(b.len()) - start;
    let tail = a.iter().rev().zip(b.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    let (x, y) = (&a[start..a.len() - tail], &b[start..b.len() - tail]);
    let mut out = vec![Side::Same(start)];
    if x.len() > MOST || y.len() > MOST {
        out.extend(x.iter().map(|line| Side::Mine(line)));
        out.extend(y.iter().map(|line| Side::Theirs(line)));
    } else {
        let mut longest = vec![vec![0_u32; y.len() + 1]; x.len() + 1];
        for i in (0..x.len()).rev() {
            for j in (0..y.len()).rev() {
                longest[i][j] =
                    if x[i] == y[j] { longest[i + 1][j + 1] + 1 } else { longest[i + 1][j].max(longest[i][j + 1]) };
            }
        }
        let (mut i, mut j) = (0, 0);
        while i < x.len() || j < y.len() {
            if i < x.len() && j < y.len() && x[i] == y[j] {
                match out.last_mut() {
                    Some(Side::Same(count)) => *count += 1,
                    _ => out.push(Side::Same(1)),
                }
                (i, j) = (i + 1, j + 1);
            } else if j >= y.len() || (i < x.len() && longest[i + 1][j] >= longest[i][j + 1]) {
                out.push(Side::Mine(x[i]));
                i += 1;
            } else {
                out.push(Side::Theirs(y[j]));
                j += 1;
            }
        }
    }
    out.push(Side::Same(tail));
    out.retain(|side| *side != Side::Same(0));
    out
}

fn difference(ui: &mut Ui, look: &Look, mine: &str, theirs: &str) {
    let lines = compare(mine, theirs);
    ScrollArea::both().max_height(measure::DIFFERENCE).auto_shrink([false, true]).show_rows(
        ui,
        measure::SMALL_LINE,
        lines.len(),
        |ui, rows| {
            crate::texts::scrolls_sideways(ui);
            ui.spacing_mut().item_spacing.y = 0.0;
            for line in &lines[rows] {
                let text = match line {
                    Side::Mine(text) => look.figure(format!("mine    {text}")).color(look.accent),
                    Side::Theirs(text) => look.figure(format!("theirs  {text}")).color(look.info),
                    Side::Same(count) => {
                        look.quiet(format!("{} alike", format::counted(*count as u64, "line", "lines")))
                    }
                };
                ui.add(Label::new(text).extend());
            }
        },
    );
}

fn recovered(ctx: &Context, look: &Look, free: Rect, state: &mut FilesState, actions: &mut Actions) {
    let Some(first) = state.recovered.first().cloned() else {
        return;
    };
    let (heading, what, away) = match first.what {
        RecoveredWhat::Text { lines } => (
            format!("Unsaved changes of {} were found", first.title),
            format!(
                "Written {}, {}. The program ended before they were saved.",
                format::ago(first.age),
                format::counted(lines as u64, "line", "lines")
            ),
            "Delete them",
        ),
        RecoveredWhat::Run { tick, changes } => (
            format!("A run of {} was cut off", first.title),
            format!(
                "It stood at tick {} with {} made by hand, {}. It can be run again up to there.",
                format::count(tick),
                format::counted(changes as u64, "change", "changes"),
                format::ago(first.age)
            ),
            "Forget it",
        ),
    };
    let width = measure::QUESTION.min(free.width() - spacing::SECTION * 2.0).max(0.0);
    let wish = Wish::below(free, spacing::SECTION);
    floats::show(ctx, Float::FoundAgain, wish, Order::Foreground, true, |ui| {
        floating_frame(look).show(ui, |ui| {
            ui.set_width(width);
            ui.horizontal(|ui| {
                ui.label(look.icon(ICON_RESTORE).color(look.info));
                ui.add(Label::new(look.strong(heading)).truncate());
            });
            ui.add(Label::new(look.quiet(what)).wrap());
            ui.add_space(spacing::TIGHT);
            widgets::buttons(ui, |ui| {
                if primary(ui, look, "Restore") {
                    actions.push(Action::Scene(SceneRequest::Recover(0)));
                }
                if widgets::text_button(ui, look.body(away)).clicked() {
                    actions.push(Action::Scene(SceneRequest::Forget(0)));
                }
                if widgets::text_button(ui, look.body("Later")).clicked() {
                    state.recovered.clear();
                }
            });
        });
    });
}

/// A note's words: in one line where that fits.
fn note_text(ui: &mut Ui, look: &Look, text: String, room: f32) {
    let most = room - 4.0 * spacing::SECTION - measure::CONTROL;
    let width = (widgets::text_width(ui, look.body(text.as_str())) + 1.0).min(most).max(0.0);
    ui.vertical(|ui| {
        ui.set_max_width(width);
        ui.add(Label::new(look.body(text)).wrap());
    });
}

fn note(ctx: &Context, look: &Look, free: Rect, state: &mut FilesState) {
    let now = ctx.input(|input| input.time);
    let Some((told, since)) = &mut state.note else {
        return;
    };
    let since = *since.get_or_insert(now);
    let (text, good) = (told.words(), told.is_good());
    let stays = if good { NOTE_S } else { NOTE_S * 3.0 };
    if now - since > stays {
        state.note = None;
        return;
    }
    ctx.request_repaint_after(std::time::Duration::from_secs_f64(
        stays - (now - since) + f64::from(motion::TOOLTIP_DELAY),
    ));
    let wish = Wish::above(free, spacing::SECTION);
    floats::show(ctx, Float::FileNote, wish, Order::Foreground, false, |ui| {
        floating_frame(look).show(ui, |ui| {
            ui.horizontal(|ui| {
                let (icon, tint) = if good { (ICON_CHECK_CIRCLE, look.good) } else { (ICON_ERROR, look.danger) };
                ui.label(look.icon(icon).color(tint));
                note_text(ui, look, text, free.width());
            });
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_texts_are_compared_line_by_line() {
        let lines = compare("a\nb\nc\nd\nx", "a\nc\ne\nd\nx");
        assert_eq!(lines, [Side::Same(1), Side::Mine("b"), Side::Same(1), Side::Theirs("e"), Side::Same(2)]);
        assert_eq!(compare("a", "a"), [Side::Same(1)]);
        assert_eq!(compare("", "a"), [Side::Theirs("a")]);
    }
}
