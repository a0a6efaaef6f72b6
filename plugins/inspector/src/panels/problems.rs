//! The report of why a scene could not be read, above the world until it is closed.

use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Align, Align2, Area, Context, Id, Label, Layout, Order, Rect, ScrollArea, vec2};
use egui_material_icons::icons::{ICON_CLOSE, ICON_CONTENT_COPY, ICON_ERROR};

use crate::actions::{Action, Actions};
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

/// Shows the report at the upper edge of the world.
pub fn show(
    ctx: &Context,
    look: &Look,
    free: Rect,
    problems: &[String],
    state: &mut ProblemsState,
    actions: &mut Actions,
) {
    if !state.is_open(problems) {
        return;
    }
    let width = measure::BANNER.0.min(free.width() - spacing::SECTION * 2.0);
    Area::new(Id::new("problems"))
        .order(Order::Middle)
        .pivot(Align2::CENTER_TOP)
        .fixed_pos(free.center_top() + vec2(0.0, spacing::SECTION))
        .show(ctx, |ui| {
            floating_frame(look).stroke(egui::Stroke::new(spacing::HAIRLINE, look.danger)).show(ui, |ui| {
                ui.set_width(width);
                ui.horizontal(|ui| {
                    ui.label(look.icon(ICON_ERROR).color(look.danger));
                    let count = format::counted(problems.len() as u64, "problem", "problems");
                    ui.label(look.strong(format!("The scene could not be read: {count}")));
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
                        let close = widgets::icon_button(ui, look, ICON_CLOSE, "Close the report");
                        if widgets::tip(close, look, "Close; the status bar keeps it", "").clicked() {
                            state.close(problems);
                        }
                        let copy = widgets::icon_button(ui, look, ICON_CONTENT_COPY, "Copy the report");
                        if widgets::tip(copy, look, "Copy the report", "").clicked() {
                            actions.push(Action::Copy(problems.join("\n\n")));
                        }
                    });
                });
                ui.label(
                    look.quiet("What ran before goes on. Mend the file and save it, or press Ctrl R to read it again."),
                );
                let height = measure::BANNER.1.min(free.height() / 2.0);
                ScrollArea::both().max_height(height).auto_shrink([false, true]).show(ui, |ui| {
                    for problem in problems {
                        ui.add(Label::new(look.figure(problem.as_str())).extend().selectable(true));
                    }
                });
            });
        });
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
