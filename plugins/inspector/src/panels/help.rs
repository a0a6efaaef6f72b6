//! The sheet of all keys.

use agent2028_kit::tool::Toolbox;
use agent2028_view::WorldLayers;
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Align, Context, Id, Key, Layout, Modal, ScrollArea, Ui};
use egui_material_icons::icons::ICON_CLOSE;

use crate::shortcuts::{LAYERS, Line, SHEET, TOOLS};
use crate::theme::{Look, floating_frame, measure};
use crate::widgets;

/// How many columns the sheet has.
const COLUMNS: usize = 3;

/// Shows the sheet while `open`; Escape, a click beside it and its button close it.
pub fn show(ctx: &Context, look: &Look, layers: &WorldLayers, tools: &Toolbox, open: &mut bool) {
    if !*open {
        return;
    }
    let modal = Modal::new(Id::new("keys"))
        .frame(floating_frame(look))
        .backdrop_color(look.background.gamma_multiply(0.6))
        .show(ctx, |ui| {
            ui.set_width(measure::SHEET);
            sheet(ui, look, layers, tools)
        });
    if modal.inner || modal.should_close() || ctx.input(|input| input.key_pressed(Key::Escape)) {
        *open = false;
    }
}

/// The sheet's contents; true when its button to close was pressed.
fn sheet(ui: &mut Ui, look: &Look, layers: &WorldLayers, tools: &Toolbox) -> bool {
    let mut close = false;
    ui.horizontal(|ui| {
        ui.label(look.large("Keys"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            close = widgets::icon_button(ui, look, ICON_CLOSE, "Close the sheet").clicked();
        });
    });
    ui.add_space(spacing::NORMAL);
    let height = ui.ctx().viewport_rect().height() - measure::CONTROL * 6.0;
    ScrollArea::vertical().max_height(height).show(ui, |ui| {
        ui.columns(COLUMNS, |columns| {
            let mut filled = [0; COLUMNS];
            for part in &SHEET {
                // The first of the shortest columns: so they end up about equally long.
                let column = (0..COLUMNS).min_by_key(|column| filled[*column]).unwrap_or(0);
                let mut listed: Vec<Line> = part.lines.to_vec();
                let of_layers = layers.all().map(|facts| Line { keys: facts.shortcut, does: facts.label });
                let of_tools = tools.iter().map(|entry| Line { keys: entry.facts.shortcut, does: entry.facts.label });
                if part.title == LAYERS {
                    listed.extend(of_layers.filter(|line| !line.keys.is_empty()));
                } else if part.title == TOOLS {
                    listed.splice(0..0, of_tools.filter(|line| !line.keys.is_empty()));
                }
                filled[column] += listed.len() + 2;
                lines(&mut columns[column], look, part.title, &listed);
            }
        });
    });
    close
}

fn lines(ui: &mut Ui, look: &Look, title: &str, lines: &[Line]) {
    ui.label(look.strong(title));
    for line in lines {
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
