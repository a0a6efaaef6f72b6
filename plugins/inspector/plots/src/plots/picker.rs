//! A list of metrics to pick one from.

use agent2028_core::metrics::Metrics;
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Button, Popup, PopupCloseBehavior, Response, ScrollArea, WidgetType};

use crate::metrics::matching;
use crate::theme::{Look, measure};
use crate::widgets;

/// Opens the list at a click on a button; what was picked. Metrics in `without` are not offered.
pub(super) fn show(
    look: &Look,
    metrics: &Metrics,
    button: &Response,
    text: &mut String,
    without: &[String],
) -> Option<String> {
    if button.clicked() {
        text.clear();
    }
    let popup = Popup::from_toggle_button_response(button)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .gap(spacing::TIGHT)
        .width(measure::PICKER.0)
        .show(|ui| {
            ui.set_width(measure::PICKER.0);
            widgets::search(ui, look, text, "Search metrics to plot");
            let rows: Vec<_> =
                matching(metrics, text).into_iter().filter(|(spec, _)| !without.contains(&spec.name)).collect();
            if rows.is_empty() {
                ui.label(look.quiet("No metric matches"));
            }
            let mut picked = None;
            let list = ScrollArea::vertical().max_height(measure::PICKER.1).auto_shrink([false, true]);
            list.show_rows(ui, measure::CONTROL, rows.len(), |ui, visible| {
                for (spec, _) in &rows[visible] {
                    let text = look.body(&spec.name);
                    let response = ui.add(Button::new(text).frame(false).min_size(egui::vec2(0.0, measure::CONTROL)));
                    widgets::named(ui, &response, WidgetType::Button, &format!("Plot {}", spec.name));
                    if response.on_hover_text(look.body(spec.help)).clicked() {
                        picked = Some(spec.name.clone());
                        ui.close();
                    }
                }
            });
            picked
        });
    popup.and_then(|popup| popup.inner)
}
