//! The report of why a scene could not be read, above the world until it is closed.

use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Align, Context, Label, Layout, Order, Rect, ScrollArea, Ui, WidgetType};
use egui_material_icons::icons::{ICON_CLOSE, ICON_CONTENT_COPY, ICON_ERROR, ICON_LIGHTBULB};

use crate::actions::{Action, Actions};
use crate::authoring::TextProblem;
use crate::floats::{self, Float, Wish};
use crate::format;
use crate::theme::{Look, floating_frame, measure};
use crate::widgets;

/// What the panel remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProblemsState {
    closed: Vec<String>,
}

impl ProblemsState {
    /// Whether the report is open: it opens by itself for problems that are new.
    #[must_use]
    pub fn is_open(&self, problems: &[String]) -> bool {
        !problems.is_empty() && self.closed != problems
    }

    /// Opens the report again.
    pub fn open(&mut self) {
        self.closed.clear();
    }

    fn close(&mut self, problems: &[String]) {
        self.closed = problems.to_vec();
    }
}

/// At most so many problems are shown one by one.
const SHOWN: usize = 20;

/// Shows the report at the upper edge of the world. `reports` are the problems one by one; what has no place in a text
/// stands in `problems` alone.
pub fn show(
    ctx: &Context,
    look: &Look,
    free: Rect,
    problems: &[String],
    reports: &[TextProblem],
    state: &mut ProblemsState,
    actions: &mut Actions,
) {
    if !state.is_open(problems) {
        return;
    }
    let width = measure::BANNER.0.min(free.width() - spacing::SECTION * 2.0).max(0.0);
    let wish = Wish::above(free, spacing::SECTION);
    floats::show(ctx, Float::Problems, wish, Order::Middle, true, |ui| {
        floating_frame(look).stroke(egui::Stroke::new(spacing::HAIRLINE, look.danger)).show(ui, |ui| {
            ui.set_width(width);
            // It may grow: as high as it was in the last frame says nothing about what there is room for.
            ui.set_max_height(free.height() - 2.0 * spacing::SECTION);
            let count = if reports.is_empty() { problems.len() } else { reports.len() } as u64;
            head(ui, look, count, problems, reports, state, actions);
            ui.label(look.quiet("What runs now goes on. Mend the text and press Ctrl Enter, or save the file."));
            let height = measure::BANNER.1.min(free.height() / 2.0);
            ScrollArea::both().max_height(height).auto_shrink([false, true]).show(ui, |ui| {
                crate::texts::scrolls_sideways(ui);
                if reports.is_empty() {
                    for problem in problems {
                        ui.add(Label::new(look.figure(problem.as_str())).extend().selectable(true));
                    }
                }
                for report in reports.iter().take(SHOWN) {
                    one(ui, look, report, actions);
                }
                if let Some(more) = reports.len().checked_sub(SHOWN).filter(|more| *more > 0) {
                    ui.label(look.quiet(format!("and {more} more; they are in the copied report")));
                }
            });
        });
    });
}

fn head(
    ui: &mut Ui,
    look: &Look,
    count: u64,
    problems: &[String],
    reports: &[TextProblem],
    state: &mut ProblemsState,
    actions: &mut Actions,
) {
    ui.horizontal(|ui| {
        ui.label(look.icon(ICON_ERROR).color(look.danger));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = spacing::TIGHT;
            let close = widgets::icon_button(ui, look, ICON_CLOSE, "Close the report");
            if widgets::tip(close, look, "Close; the status bar keeps it", "").clicked() {
                state.close(problems);
            }
            let copy = widgets::icon_button(ui, look, ICON_CONTENT_COPY, "Copy the report");
            if widgets::tip(copy, look, "Copy the report", "").clicked() {
                let text = if reports.is_empty() {
                    problems.join("\n\n")
                } else {
                    reports.iter().map(TextProblem::to_text).collect::<Vec<_>>().join("\n")
                };
                actions.push(Action::Copy(text));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let count = format::counted(count, "problem", "problems");
                let title = look.strong(format!("The scene could not be read: {count}"));
                ui.add(Label::new(title).truncate());
            });
        });
    });
}

/// A problem as on the command line: what, where, the line with a caret, and what would be right.
fn one(ui: &mut Ui, look: &Look, report: &TextProblem, actions: &mut Actions) {
    ui.add_space(spacing::TIGHT);
    ui.horizontal(|ui| {
        ui.add(Label::new(look.strong(report.message.as_str())).extend().selectable(true));
    });
    ui.horizontal(|ui| {
        ui.label(look.figure(report.place()).color(look.secondary));
        if report.here {
            let button = widgets::text_button(ui, look.body("Open in editor"));
            widgets::named(ui, &button, WidgetType::Button, &format!("Open line {} in the editor", report.line));
            if button.on_hover_text(look.body("Show this place in the scene's text")).clicked() {
                actions.push(Action::EditAt { line: report.line, column: report.column });
            }
        }
    });
    if !report.excerpt.is_empty() {
        code(ui, look, report);
    }
    if !report.help.is_empty() {
        ui.horizontal(|ui| {
            ui.label(look.icon(ICON_LIGHTBULB).color(look.info));
            ui.add(Label::new(look.body(report.help.as_str())).extend().selectable(true));
        });
    }
}

/// The line that is wrong, with its number, and a mark under the place.
fn code(ui: &mut Ui, look: &Look, report: &TextProblem) {
    let (excerpt, caret) = (&report.excerpt, report.caret);
    let number = report.line.to_string();
    let pad = " ".repeat(number.len());
    let length = (report.span.len()).clamp(1, excerpt.chars().count().saturating_sub(caret).max(1));
    let mark = format!("{pad}   {}{}", " ".repeat(caret), "^".repeat(length));
    egui::Frame::new().fill(look.background).inner_margin(crate::theme::margin(spacing::NORMAL, spacing::TIGHT)).show(
        ui,
        |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.add(Label::new(look.figure(format!("{number} │ {excerpt}"))).extend().selectable(true));
            ui.add(Label::new(look.figure(mark).color(look.danger)).extend());
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_report_opens_again_for_new_problems_only() {
        let mut state = ProblemsState::default();
        let (old, new) = (vec!["a".to_owned()], vec!["b".to_owned()]);
        assert!(!state.is_open(&[]) && state.is_open(&old));
        state.close(&old);
        assert!(!state.is_open(&old) && state.is_open(&new));
        state.open();
        assert!(state.is_open(&old));
    }
}
