//! What is wrong with the text, as a list below it.

use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Label, Rect, ScrollArea, Sense, Ui, WidgetInfo, WidgetType, vec2};
use egui_material_icons::icons::ICON_ERROR;

use super::EditorState;
use crate::authoring::TextProblem;
use crate::document::Document;
use crate::theme::{Look, measure, radius};

pub(super) fn problem_list(ui: &mut Ui, look: &Look, document: &Document, state: &mut EditorState, height: f32) {
    ui.add_space(spacing::TIGHT);
    let problems = &document.analysis().problems;
    ui.spacing_mut().item_spacing.y = 0.0;
    let mut jump = None;
    ScrollArea::vertical().id_salt("problems of the text").max_height(height).auto_shrink([false, true]).show_rows(
        ui,
        measure::PROBLEM_ROW,
        problems.len(),
        |ui, rows| {
            for problem in &problems[rows] {
                if row(ui, look, problem) && problem.here {
                    jump = Some(problem.span.start);
                }
            }
        },
    );
    if let Some(byte) = jump {
        state.jump_to(byte);
    }
}

/// A problem in two lines; true if it is clicked.
pub(super) fn row(ui: &mut Ui, look: &Look, problem: &TextProblem) -> bool {
    let start = ui.cursor().min;
    let rect = Rect::from_min_size(start, vec2(ui.available_width(), measure::PROBLEM_ROW));
    let id = ui.id().with(("row", problem.span.start, problem.message.as_str()));
    let response = ui.interact(rect, id, Sense::click());
    let enabled = ui.is_enabled();
    let name = format!("Line {}: {}", problem.line, problem.message);
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, enabled, name.as_str()));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, radius(), look.raised);
    }
    let mut inner = ui.new_child(egui::UiBuilder::new().max_rect(rect.shrink2(vec2(spacing::TIGHT, 0.0))));
    inner.spacing_mut().item_spacing = vec2(spacing::NORMAL, 0.0);
    inner.horizontal(|ui| {
        ui.label(look.icon(ICON_ERROR).color(look.danger));
        let place = if problem.here { format!("{}:{}", problem.line, problem.column) } else { problem.place() };
        ui.label(look.figure(place).color(look.secondary));
        ui.add(Label::new(look.body(problem.message.as_str())).truncate());
    });
    inner.horizontal(|ui| {
        ui.add_space(spacing::ICON + spacing::NORMAL);
        ui.add(Label::new(look.quiet(problem.help.as_str())).truncate());
    });
    ui.allocate_rect(rect, Sense::hover());
    response.on_hover_text(look.body("Go to this place")).clicked()
}
