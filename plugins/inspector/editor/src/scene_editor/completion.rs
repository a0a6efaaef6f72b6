//! Completion: the list of what may stand at the caret.

use std::sync::Arc;

use agent2028_language::complete::{self, Completion, Completions, Known};
use agent2028_language::patch::TextEdit as Edit;
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Align, Area, Id, Label, Layout, Order, Pos2, Ui, WidgetInfo, WidgetType};

use super::keys::set_caret;
use super::{EditorState, editor_id};
use crate::authoring::SceneAuthor;
use crate::document::Document;
use crate::theme::{Look, floating_frame, measure};
use crate::widgets;

/// So many completions are listed at once.
pub(super) const LISTED: usize = 9;

/// The list of completions while it is open.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub(super) completions: Completions,
    pub(super) chosen: usize,
}

/// Puts a completion into the text; the caret lands where it says.
pub(super) fn take(
    ui: &Ui,
    document: &mut Document,
    state: &mut EditorState,
    span: &std::ops::Range<usize>,
    chosen: &Completion,
    now: f64,
) {
    let caret = span.start + chosen.insert.find('|').unwrap_or(chosen.insert.len());
    document.apply(&Edit { span: span.clone(), text: chosen.insert.replacen('|', "", 1) }, now);
    set_caret(ui, document, state, caret..caret);
    ui.memory_mut(|memory| memory.request_focus(editor_id()));
}

pub(super) fn complete(
    author: Option<&Arc<dyn SceneAuthor>>,
    document: &Document,
    state: &mut EditorState,
    asked: bool,
) {
    let Some(author) = author else {
        return;
    };
    let analysis = document.analysis();
    let known = Known { tree: analysis.tree.as_ref(), metrics: &analysis.metrics };
    let completions = complete::complete(author.types(), document.text(), state.caret, known);
    let typed = document.text().get(completions.span.start..state.caret).unwrap_or_default();
    let done = completions.items.len() == 1 && completions.items[0].label == typed;
    if completions.items.is_empty() || (done && !asked) {
        state.offer = None;
        if asked && completions.items.is_empty() {
            state.note = Some("Nothing is known to stand here".into());
        }
        return;
    }
    state.offer = Some(Offer { completions, chosen: 0 });
}

/// Completion opens by itself once a word is being typed.
pub(super) fn after_typing(author: Option<&Arc<dyn SceneAuthor>>, document: &Document, state: &mut EditorState) {
    let before = document.text().get(..state.caret).and_then(|text| text.chars().next_back());
    if before.is_some_and(|letter| letter == '_' || letter == '"' || letter == '.' || letter.is_alphabetic()) {
        complete(author, document, state, false);
    } else {
        state.offer = None;
    }
}

/// The list of completions at the caret, with what the chosen one means.
pub(super) fn offer(ui: &Ui, look: &Look, document: &mut Document, state: &mut EditorState, at: Pos2, now: f64) {
    let Some(offer) = state.offer.clone() else {
        return;
    };
    let mut picked = None;
    Area::new(Id::new("completions")).order(Order::Foreground).fixed_pos(at).constrain(true).show(ui.ctx(), |ui| {
        floating_frame(look).inner_margin(crate::theme::margin(spacing::TIGHT, spacing::TIGHT)).show(ui, |ui| {
            ui.set_width(measure::COMPLETIONS);
            ui.spacing_mut().item_spacing.y = 0.0;
            let first = offer.chosen.saturating_sub(LISTED - 1);
            for (index, item) in offer.completions.items.iter().enumerate().skip(first).take(LISTED) {
                let chosen = index == offer.chosen;
                let response = widgets::row_background(ui, look, ("completion", index), chosen);
                let enabled = ui.is_enabled();
                response.widget_info(|| {
                    WidgetInfo::selected(WidgetType::SelectableLabel, enabled, chosen, item.label.as_str())
                });
                ui.horizontal(|ui| {
                    ui.set_min_height(measure::TABLE_ROW);
                    ui.label(look.figure(item.label.as_str()));
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        ui.add(Label::new(look.quiet(item.detail.as_str())).truncate());
                    });
                });
                if response.clicked() {
                    picked = Some(index);
                }
            }
            let more = offer.completions.items.len().saturating_sub(first + LISTED);
            if more > 0 {
                ui.label(look.quiet(format!("{more} more")));
            }
            if let Some(docs) =
                offer.completions.items.get(offer.chosen).map(|item| item.docs.as_str()).filter(|docs| !docs.is_empty())
            {
                ui.separator();
                ui.add(Label::new(look.quiet(docs)).wrap());
            }
        });
    });
    if let Some(index) = picked {
        state.offer = None;
        take(ui, document, state, &offer.completions.span, &offer.completions.items[index], now);
    }
}
