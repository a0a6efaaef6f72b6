//! The menus that open panels and choose layouts.

use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Id, Popup, PopupCloseBehavior, ScrollArea, TextEdit, Ui, WidgetType};
use egui_material_icons::icons::{ICON_ADD, ICON_DASHBOARD};

use super::behavior::Offer;
use super::layout::DockLayout;
use super::panel::{Group, PanelFacts, PanelKey};
use super::preset::Preset;
use crate::format;
use crate::theme::{Look, measure};
use crate::widgets;

/// A button with a menu of the panels that are not open; returns the one that was chosen.
pub(super) fn add_panel(ui: &mut Ui, look: &Look, offer: &Offer, open: &[PanelKey]) -> Option<PanelKey> {
    if offer.catalog.iter().all(|facts| open.contains(&facts.key)) {
        return None;
    }
    let button = widgets::icon_button(ui, look, ICON_ADD, "Add a panel here");
    let button = widgets::tip(button, look, "Add a panel to this dock", "");
    let mut chosen = None;
    Popup::menu(&button).close_behavior(PopupCloseBehavior::CloseOnClickOutside).gap(spacing::TIGHT).show(|ui| {
        ui.set_width(measure::MENU);
        chosen = panels(ui, look, offer, |panel| !open.contains(&panel), |_| false);
        if chosen.is_some() {
            ui.close();
        }
    });
    chosen
}

/// The button of the top bar that chooses a layout and opens panels. `hide_keys` hide and show all panels.
pub fn layouts(ui: &mut Ui, look: &Look, offer: &Offer, layout: &mut DockLayout, visible: &mut bool, hide_keys: &str) {
    let button = widgets::icon_button(ui, look, ICON_DASHBOARD, "Panels and layouts");
    let button = widgets::tip(button, look, "Panels and layouts", "");
    Popup::menu(&button).close_behavior(PopupCloseBehavior::CloseOnClickOutside).gap(spacing::TIGHT).show(|ui| {
        ui.set_width(measure::MENU);
        ui.label(look.strong("Layouts"));
        ui.horizontal(|ui| {
            for preset in Preset::ALL {
                let button = widgets::text_button(ui, look.body(preset.label()));
                if widgets::tip(button, look, preset.help(), preset.keys()).clicked() {
                    *layout = DockLayout::preset(preset, offer.catalog);
                    *visible = true;
                }
            }
        });
        ui.add_space(spacing::TIGHT);
        ui.separator();
        ui.label(look.strong("Panels"));
        if let Some(panel) = panels(ui, look, offer, |_| true, |panel| layout.is_open(panel)) {
            if layout.is_open(panel) {
                layout.close(panel);
            } else {
                layout.open(panel);
            }
            *visible = true;
        }
        ui.separator();
        let text = if *visible { "Hide all panels" } else { "Show all panels" };
        let button = widgets::text_button(ui, look.body(text));
        if widgets::tip(button, look, text, hide_keys).clicked() {
            *visible = !*visible;
        }
    });
}

/// The panels that apply to the simulation, by what they are about; any other is found by its name. Returns the one that was
/// clicked.
fn panels(
    ui: &mut Ui,
    look: &Look,
    offer: &Offer,
    listed: impl Fn(PanelKey) -> bool,
    open: impl Fn(PanelKey) -> bool,
) -> Option<PanelKey> {
    let id = Id::new("find a panel");
    let now = ui.ctx().cumulative_pass_nr();
    let known: Option<(String, u64)> = ui.data_mut(|data| data.get_temp(id));
    // A menu that opens anew seeks nothing.
    let mut query = known.filter(|(_, shown)| shown + 1 >= now).map(|(query, _)| query).unwrap_or_default();
    let field = TextEdit::singleline(&mut query).hint_text("Find a panel").desired_width(f32::INFINITY);
    let response = ui.add(field);
    widgets::named(ui, &response, WidgetType::TextEdit, "Find a panel");
    let wanted = query.trim().to_lowercase();
    let offered = |facts: &PanelFacts| {
        if wanted.is_empty() {
            offer.applying.contains(&facts.key) || open(facts.key)
        } else {
            facts.title.to_lowercase().contains(&wanted) || facts.help.to_lowercase().contains(&wanted)
        }
    };
    let mut chosen = None;
    // Above and below the list are the layouts and the line that hides all panels.
    let height = ui.ctx().viewport_rect().height() - measure::CONTROL * 10.0;
    ScrollArea::vertical().max_height(height).show(ui, |ui| {
        for group in Group::ALL {
            let rows: Vec<&PanelFacts> =
                offer.catalog.of(group).filter(|facts| listed(facts.key) && offered(facts)).collect();
            if rows.is_empty() {
                continue;
            }
            ui.label(look.quiet(group.label()));
            for facts in rows {
                if row(ui, look, facts, open(facts.key)).clicked() {
                    chosen = Some(facts.key);
                }
            }
        }
        let others = offer.catalog.iter().filter(|facts| listed(facts.key) && !offered(facts)).count();
        if wanted.is_empty() && others > 0 {
            let count = format::counted(others as u64, "more panel", "more panels");
            ui.add(egui::Label::new(look.quiet(format!("{count} for other scenes: type a name to find one."))).wrap());
        }
    });
    if chosen.is_some() {
        query.clear();
    }
    ui.data_mut(|data| data.insert_temp(id, (query, now)));
    chosen
}

fn row(ui: &mut Ui, look: &Look, facts: &PanelFacts, open: bool) -> egui::Response {
    let tint = if open { look.accent } else { look.secondary };
    let text = (look.icon(facts.icon).color(tint), look.body(facts.title), egui::Atom::grow());
    let button = egui::Button::selectable(open, text).min_size(egui::vec2(ui.available_width(), 0.0));
    let response = ui.add(button);
    let (enabled, title) = (ui.is_enabled(), facts.title);
    response.widget_info(|| egui::WidgetInfo::selected(WidgetType::Checkbox, enabled, open, title));
    response.on_hover_text(look.body(facts.help))
}
