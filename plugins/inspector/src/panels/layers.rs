//! What is drawn of the world, and what its colours and sizes tell.

use agent2028_view::tokens::spacing;
use agent2028_view::{ColorBy, SizeBy, ViewSettings};
use bevy_egui::egui;
use egui::{Popup, PopupCloseBehavior, Ui};
use egui_material_icons::icons::{ICON_FIT_SCREEN, ICON_LAYERS};

use crate::actions::{Action, Actions};
use crate::theme::{Look, measure};
use crate::widgets;

/// Shows the button that opens the menu, and the menu; `fields` are the names of the pheromone layers.
pub fn show(ui: &mut Ui, look: &Look, settings: &ViewSettings, fields: &[String], actions: &mut Actions) {
    let fit = widgets::icon_button(ui, look, ICON_FIT_SCREEN, "Show the whole world");
    if widgets::tip(fit, look, "Show the whole world", "F").clicked() {
        actions.push(Action::FitView);
    }
    let response = widgets::icon_button(ui, look, ICON_LAYERS, "Layers and colours");
    let response = widgets::tip(response, look, "What is drawn, and what colours tell", "");
    Popup::from_toggle_button_response(&response)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .width(measure::MENU)
        .gap(spacing::TIGHT)
        .show(|ui| {
            ui.set_width(measure::MENU);
            menu(ui, look, settings, fields, actions);
        });
}

/// The menu's contents.
pub fn menu(ui: &mut Ui, look: &Look, settings: &ViewSettings, fields: &[String], actions: &mut Actions) {
    let mut edited = settings.clone();
    ui.label(look.strong("Colour agents by"));
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        for choice in ColorBy::ALL {
            ui.selectable_value(&mut edited.color_by, choice, choice.label());
        }
    });
    ui.add_space(spacing::TIGHT);
    ui.label(look.strong("Size agents by"));
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        for choice in SizeBy::ALL {
            ui.push_id("size", |ui| ui.selectable_value(&mut edited.size_by, choice, choice.label()));
        }
    });
    ui.add_space(spacing::TIGHT);
    ui.separator();
    ui.label(look.strong("Layers"));
    let layers = &mut edited.layers;
    for (on, name) in [
        (&mut layers.agents, "Agents"),
        (&mut layers.headings, "Headings"),
        (&mut layers.trails, "Trails"),
        (&mut layers.places, "Nests and resources"),
        (&mut layers.obstacles, "Obstacles"),
        (&mut layers.formation_slots, "Formation slots"),
        (&mut layers.fields, "Pheromones"),
    ] {
        ui.checkbox(on, name);
    }
    for (number, name) in fields.iter().enumerate() {
        ui.horizontal(|ui| {
            ui.add_space(spacing::SECTION + spacing::NORMAL);
            ui.add_enabled_ui(layers.fields, |ui| {
                let mut on = layers.shows_field(name);
                widgets::swatch(ui, crate::theme::color(settings.tokens().layer(number)));
                if ui.checkbox(&mut on, name.as_str()).changed() {
                    layers.show_field(name, on);
                }
            });
        });
    }
    for (on, name) in [(&mut layers.bounds, "World's outline"), (&mut layers.grid, "Grid")] {
        ui.checkbox(on, name);
    }
    ui.separator();
    ui.checkbox(&mut edited.reduced_motion, "Reduced motion");
    if edited != *settings {
        actions.push(Action::View(Box::new(edited)));
    }
}
