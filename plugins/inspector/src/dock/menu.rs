//! The menus that open panels and choose layouts.

use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Popup, PopupCloseBehavior, Ui};
use egui_material_icons::icons::{ICON_ADD, ICON_DASHBOARD};

use super::layout::DockLayout;
use super::panel::PanelId;
use super::preset::Preset;
use crate::shortcuts::{self, Command};
use crate::theme::{Look, measure};
use crate::widgets;

/// A button with a menu of the panels that are not open; returns the one that was chosen.
pub(super) fn add_panel(ui: &mut Ui, look: &Look, open: &[PanelId]) -> Option<PanelId> {
    let closed: Vec<PanelId> = PanelId::ALL.iter().copied().filter(|panel| !open.contains(panel)).collect();
    if closed.is_empty() {
        return None;
    }
    let button = widgets::icon_button(ui, look, ICON_ADD, "Add a panel here");
    let button = widgets::tip(button, look, "Add a panel to this dock", "");
    let mut chosen = None;
    Popup::menu(&button).gap(spacing::TIGHT).show(|ui| {
        ui.set_width(measure::MENU);
        for panel in closed {
            if row(ui, look, panel, false).clicked() {
                chosen = Some(panel);
            }
        }
    });
    chosen
}

/// The button of the top bar that chooses a layout and opens panels.
pub fn layouts(ui: &mut Ui, look: &Look, layout: &mut DockLayout, visible: &mut bool) {
    let button = widgets::icon_button(ui, look, ICON_DASHBOARD, "Panels and layouts");
    let button = widgets::tip(button, look, "Panels and layouts", "");
    Popup::menu(&button).close_behavior(PopupCloseBehavior::CloseOnClickOutside).gap(spacing::TIGHT).show(|ui| {
        ui.set_width(measure::MENU);
        ui.label(look.strong("Layouts"));
        ui.horizontal(|ui| {
            for (preset, command) in Preset::ALL.into_iter().zip(shortcuts::LAYOUTS) {
                let button = widgets::text_button(ui, look.body(preset.label()));
                if widgets::tip(button, look, preset.help(), shortcuts::keys(command)).clicked() {
                    *layout = DockLayout::preset(preset);
                    *visible = true;
                }
            }
        });
        ui.add_space(spacing::TIGHT);
        ui.separator();
        ui.label(look.strong("Panels"));
        for &panel in PanelId::ALL {
            if row(ui, look, panel, layout.is_open(panel)).clicked() {
                if layout.is_open(panel) {
                    layout.close(panel);
                } else {
                    layout.open(panel);
                }
                *visible = true;
            }
        }
        ui.separator();
        let text = if *visible { "Hide all panels" } else { "Show all panels" };
        let button = widgets::text_button(ui, look.body(text));
        if widgets::tip(button, look, text, shortcuts::keys(Command::Panels)).clicked() {
            *visible = !*visible;
        }
    });
}

fn row(ui: &mut Ui, look: &Look, panel: PanelId, open: bool) -> egui::Response {
    let facts = panel.facts();
    let tint = if open { look.accent } else { look.secondary };
    let text = (look.icon(facts.icon).color(tint), look.body(facts.title), egui::Atom::grow());
    let button = egui::Button::selectable(open, text).min_size(egui::vec2(ui.available_width(), 0.0));
    let response = ui.add(button);
    let enabled = ui.is_enabled();
    response.widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::Checkbox, enabled, open, facts.title));
    response.on_hover_text(look.body(facts.help))
}
