//! Short notices at the upper edge of the world: what was done, where it is, or why it failed. They go away by themselves.

use std::path::Path;

use agent2028_view::tokens::{motion, spacing};
use bevy_egui::egui;
use egui::{Context, Order, Rect, Ui};
use egui_material_icons::icons::{ICON_CHECK_CIRCLE, ICON_CLOSE, ICON_CONTENT_COPY, ICON_ERROR};

use crate::actions::{Action, Actions};
use crate::floats::{self, Float, Wish};
use crate::theme::{Look, floating_frame, measure};
use crate::widgets;

/// A notice that tells that something is done stays so long, in seconds; one of a failure stays until it is closed.
const STAYS_S: f64 = 7.0;
/// Most notices at a time: the oldest go first.
const MOST: usize = 4;

/// What is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Something is done: in words, and what of it can be copied, such as a file's path.
    Done(String, Option<String>),
    /// Something failed.
    Failed(String),
}

impl Notice {
    /// A file was written.
    #[must_use]
    pub fn saved(file: &Path) -> Self {
        let file = file.display().to_string();
        Self::Done(format!("Saved as {file}"), Some(file))
    }

    /// A file could not be written.
    #[must_use]
    pub fn not_written(file: &Path, error: &std::io::Error) -> Self {
        Self::Failed(format!("{} could not be written: {error}", file.display()))
    }

    /// A picture or a film came to nothing.
    #[must_use]
    pub fn no_picture(reason: &str) -> Self {
        Self::Failed(format!("The picture was not saved: {reason}"))
    }

    /// A film has begun.
    #[must_use]
    pub fn filming() -> Self {
        Self::Done("Recording a film of the world: Ctrl F12 ends and saves it".to_owned(), None)
    }

    /// A change in the past left one run and began another.
    #[must_use]
    pub fn forked(was: &str, is: &str) -> Self {
        Self::Done(format!("Your change in the past began {is}. {was} stays as it was: see the panel Runs"), None)
    }
}

/// The notices that are shown, and until when.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NoticesState {
    shown: Vec<(Notice, f64)>,
}

impl NoticesState {
    /// Tells something; `now` is real time in seconds.
    pub fn tell(&mut self, notice: Notice, now: f64) {
        let until = if matches!(notice, Notice::Failed(_)) { f64::INFINITY } else { now + STAYS_S };
        self.shown.push((notice, until));
        let over = self.shown.len().saturating_sub(MOST);
        self.shown.drain(..over);
    }

    /// The notices that are still to be shown at this time.
    pub fn now(&mut self, now: f64) -> &[(Notice, f64)] {
        self.shown.retain(|(_, until)| *until > now);
        &self.shown
    }
}

/// Shows the notices.
pub fn show(ctx: &Context, look: &Look, free: Rect, state: &mut NoticesState, moving: bool, actions: &mut Actions) {
    let now = ctx.input(|input| input.time);
    if state.now(now).is_empty() {
        return;
    }
    let wish = Wish::above(free, spacing::WIDE);
    let contents = |ui: &mut Ui| contents(ui, look, free.width(), state, now, moving, actions);
    floats::show(ctx, Float::Notices, wish, Order::Foreground, true, contents);
    // The next one that begins to fade, or is on its way.
    let fades = |until: f64| if moving { until - f64::from(motion::PANEL) } else { until };
    let next = state.shown.iter().map(|(_, until)| fades(*until) - now).fold(f64::INFINITY, f64::min);
    if next.is_finite() {
        ctx.request_repaint_after(std::time::Duration::from_secs_f64(next.max(0.0)));
    }
}

/// The notices below each other, no wider than the room.
pub fn contents(
    ui: &mut Ui,
    look: &Look,
    room: f32,
    state: &mut NoticesState,
    now: f64,
    moving: bool,
    actions: &mut Actions,
) {
    let mut closed = None;
    for (at, (notice, until)) in state.shown.iter().enumerate() {
        let left = ((until - now) / f64::from(motion::PANEL)).clamp(0.0, 1.0) as f32;
        ui.scope(|ui| {
            ui.multiply_opacity(if moving { left } else { 1.0 });
            floating_frame(look).show(ui, |ui| {
                let width = measure::NOTICE.min(room - 2.0 * (spacing::WIDE + spacing::SECTION)).max(measure::CONTROL);
                ui.set_width(width);
                let (icon, tint, text, copy) = match notice {
                    Notice::Done(text, copy) => (ICON_CHECK_CIRCLE, look.good, text, copy.as_ref()),
                    Notice::Failed(text) => (ICON_ERROR, look.danger, text, Some(text)),
                };
                // A row that is as high as its text: a layout from the right would take all the height that there is.
                ui.horizontal_top(|ui| {
                    ui.label(look.icon(icon).color(tint));
                    let buttons = if copy.is_some() { 2.0 } else { 1.0 };
                    let room = widgets::rest(ui, buttons * (measure::CONTROL + spacing::NORMAL));
                    ui.vertical(|ui| {
                        ui.set_width(room);
                        ui.add(egui::Label::new(look.body(text)).wrap());
                    });
                    if let Some(copy) = copy {
                        let button = widgets::icon_button(ui, look, ICON_CONTENT_COPY, "Copy");
                        if widgets::tip(button, look, "Copy it to the clipboard", "").clicked() {
                            actions.push(Action::Copy(copy.clone()));
                        }
                    }
                    if widgets::icon_button(ui, look, ICON_CLOSE, "Close the notice").clicked() {
                        closed = Some(at);
                    }
                });
            });
        });
    }
    if let Some(at) = closed {
        state.shown.remove(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_goes_away_and_what_failed_stays() {
        let mut state = NoticesState::default();
        state.tell(Notice::Done("saved".into(), None), 10.0);
        state.tell(Notice::Failed("no room".into()), 10.0);
        assert_eq!(state.now(16.9).len(), 2);
        assert_eq!(state.now(17.1).len(), 1);
        assert_eq!(state.now(1e9).len(), 1);
        for number in 0..9 {
            state.tell(Notice::Done(number.to_string(), None), 20.0);
        }
        assert_eq!(state.now(20.0).len(), MOST);
    }
}
