//! The sheet of all keys.

use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Align, Context, Id, Key, Layout, Modal, Ui};
use egui_material_icons::icons::ICON_CLOSE;

use crate::shortcuts::{Part, SHEET};
use crate::theme::{Look, floating_frame, measure};
use crate::widgets;

/// Shows the sheet while `open`; Escape, a click beside it and its button close it.
pub fn show(ctx: &Context, look: &Look, open: &mut bool) {
    if !*open {
        return;
    }
    let modal = Modal::new(Id::new("keys"))
        .frame(floating_frame(look))
        .backdrop_color(look.background.gamma_multiply(0.6))
        .show(ctx, |ui| {
            ui.set_width(measure::SHEET);
            sheet(ui, look)
        });
    if modal.inner || modal.should_close() || ctx.input(|input| input.key_pressed(Key::Escape)) {
        *open = false;
    }
}

/// The sheet's contents; true when its button to close was pressed.
fn sheet(ui: &mut Ui, look: &Look) -> bool {
    let mut close = false;
    ui.horizontal(|ui| {
        ui.label(look.large("Keys"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            close = widgets::icon_button(ui, look, ICON_CLOSE, "Close the sheet").clicked();
        });
    });
    ui.add_space(spacing::NORMAL);
    ui.columns(2, |columns| {
        for (number, part) in SHEET.iter().enumerate() {
            lines(&mut columns[number % 2], look, part);
        }
    });
    close
}

fn lines(ui: &mut Ui, look: &Look, part: &Part) {
    ui.label(look.strong(part.title));
    for line in part.lines {
        ui.horizontal_top(|ui| {
            ui.allocate_ui_with_layout(
                egui::vec2(measure::LABEL, measure::SMALL_LINE),
                Layout::left_to_right(Align::Min),
                |ui| {
                    ui.set_min_width(measure::LABEL);
                    ui.label(look.figure(line.keys).color(look.accent));
                },
            );
            ui.add(egui::Label::new(look.body(line.does)).wrap());
        });
    }
    ui.add_space(spacing::WIDE);
}
