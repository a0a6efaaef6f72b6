//! Numbers with their names in a line that wraps between them, never within one.

use bevy_egui::egui;
use egui::{Color32, Ui};

use super::{room, swatch, text_width};
use crate::theme::{Look, measure};
use agent2028_view::tokens::spacing;

/// A line of numbers.
pub fn tallies(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        ui.set_row_height(measure::SMALL_LINE);
        contents(ui);
    });
}

/// A number in it: the colour that stands for it if there is one, its name, its value, and a sentence for who points at it.
pub fn tally(ui: &mut Ui, look: &Look, tint: Option<Color32>, name: &str, value: impl Into<String>, help: &str) {
    let (name, value) = (look.quiet(name), look.figure(value));
    let texts = text_width(ui, name.clone()) + text_width(ui, value.clone());
    room(ui, texts + spacing::TIGHT + tint.map_or(0.0, |_| measure::SWATCH + spacing::TIGHT));
    ui.set_row_height(measure::SMALL_LINE);
    if let Some(tint) = tint {
        swatch(ui, tint);
    }
    let label = ui.label(name);
    if !help.is_empty() {
        label.on_hover_text(look.body(help));
    }
    ui.label(value);
    ui.add_space(spacing::NORMAL);
}
