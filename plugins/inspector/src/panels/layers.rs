//! What is drawn of the world, through whose eyes, and what its colours and sizes tell.

use agent2028_view::tokens::spacing;
use agent2028_view::{ColorBy, LayerFacts, Lens, SizeBy, ViewSettings};
use bevy_egui::egui;
use egui::{Color32, Id, Popup, PopupCloseBehavior, ScrollArea, Ui};
use egui_material_icons::icons::{ICON_FIT_SCREEN, ICON_LAYERS};

use crate::actions::{Action, Actions};
use crate::shortcuts::{Command, keys};
use crate::theme::{Look, measure};
use crate::widgets;

/// A layer of a field over the ground.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldLine {
    /// Its name.
    pub name: String,
    /// The hue that it is drawn in.
    pub hue: Color32,
}

/// A quantity that colours and sizes can tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuantityLine {
    /// Its name.
    pub name: String,
    /// Its unit; empty for none.
    pub unit: String,
    /// What it is.
    pub help: String,
}

/// What the menu reads.
#[derive(Clone, Copy, Debug)]
pub struct LayersView<'a> {
    /// How the world is drawn.
    pub settings: &'a ViewSettings,
    /// The layers that are offered.
    pub layers: &'a [&'static LayerFacts],
    /// The fields over the ground: the layer that shows each, and what it is made of.
    pub fields: &'a [(&'static LayerFacts, Vec<FieldLine>)],
    /// All quantities.
    pub quantities: &'a [QuantityLine],
    /// Both ends of the colour scale of a quantity, if there is one.
    pub range: Option<(f64, f64)>,
}

/// Shows the button that opens the menu, and the menu.
pub fn show(ui: &mut Ui, look: &Look, view: &LayersView, actions: &mut Actions) {
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
            let height = ui.ctx().viewport_rect().height() - measure::CONTROL * 4.0;
            ScrollArea::vertical().max_height(height).show(ui, |ui| menu(ui, look, view, actions));
        });
}

/// The menu's contents.
pub fn menu(ui: &mut Ui, look: &Look, view: &LayersView, actions: &mut Actions) {
    let settings = view.settings;
    let mut edited = settings.clone();
    colors(ui, look, view, &mut edited);
    sizes(ui, look, view, &mut edited);
    ui.label(look.strong("Look through the eyes of"));
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        for lens in Lens::ALL {
            let choice = ui.selectable_value(&mut edited.lens, lens, lens.label());
            let (what, key) = match lens {
                Lens::Truth => ("The world as it is", ""),
                Lens::System => {
                    ("What detectors and those who give out work hold of agents, right or wrong", keys(Command::Lens))
                }
                Lens::Agent => ("What the selected agent perceives; everything else is dimmed", keys(Command::Lens)),
            };
            widgets::tip(choice, look, what, key);
        }
    });
    ui.separator();
    layers(ui, look, view, &mut edited);
    ui.separator();
    ui.checkbox(&mut edited.reduced_motion, "Reduced motion");
    if edited != *settings {
        actions.push(Action::View(Box::new(edited)));
    }
}

fn colors(ui: &mut Ui, look: &Look, view: &LayersView, edited: &mut ViewSettings) {
    ui.label(look.strong("Colour agents by"));
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        for choice in ColorBy::ALL {
            let label = choice.label().to_owned();
            ui.selectable_value(&mut edited.color_by, choice, label);
        }
    });
    let mut chosen = if let ColorBy::Quantity(name) = &edited.color_by { Some(name.clone()) } else { None };
    if quantity(ui, look, view.quantities, "Colour by a quantity", &mut chosen) {
        edited.color_by = chosen.clone().map_or(ColorBy::Group, ColorBy::Quantity);
        edited.color_range = None;
    }
    if let (Some(_), Some(now)) = (&chosen, view.range) {
        range(ui, look, now, edited);
    }
    ui.add_space(spacing::TIGHT);
}

/// Whether the scale's ends follow what there is, and where they are if they don't.
fn range(ui: &mut Ui, look: &Look, now: (f64, f64), edited: &mut ViewSettings) {
    ui.horizontal(|ui| {
        let mut automatic = edited.color_range.is_none();
        let response = ui.checkbox(&mut automatic, "Automatic range");
        let what =
            "The scale's ends follow the values of nearly all agents, slowly; off, they stay as they are written";
        if widgets::tip(response, look, what, "").changed() {
            edited.color_range = (!automatic).then_some(now);
        }
    });
    if let Some((low, high)) = &mut edited.color_range {
        ui.horizontal(|ui| {
            let step = ((*high - *low).abs() * 0.01).max(1e-6);
            for (value, name) in [(low, "From"), (high, "To")] {
                ui.label(look.quiet(name));
                let response = ui.add(egui::DragValue::new(value).speed(step));
                widgets::named(ui, &response, egui::WidgetType::DragValue, &format!("{name}: end of the colour scale"));
            }
        });
    }
}

fn sizes(ui: &mut Ui, look: &Look, view: &LayersView, edited: &mut ViewSettings) {
    ui.label(look.strong("Size agents by"));
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        for choice in SizeBy::ALL {
            let label = choice.label().to_owned();
            ui.push_id("size", |ui| ui.selectable_value(&mut edited.size_by, choice, label));
        }
    });
    let mut chosen = if let SizeBy::Quantity(name) = &edited.size_by { Some(name.clone()) } else { None };
    if quantity(ui, look, view.quantities, "Size by a quantity", &mut chosen) {
        edited.size_by = chosen.map_or(SizeBy::Uniform, SizeBy::Quantity);
    }
    ui.add_space(spacing::TIGHT);
}

/// A field to find a quantity in, with the fitting ones below it while one is sought. True if another one was chosen.
fn quantity(ui: &mut Ui, look: &Look, all: &[QuantityLine], name: &str, chosen: &mut Option<String>) -> bool {
    let id = Id::new(name);
    let mut search: String = ui.data_mut(|data| data.get_temp(id)).unwrap_or_default();
    let mut changed = false;
    ui.horizontal(|ui| {
        let field = egui::TextEdit::singleline(&mut search)
            .hint_text(chosen.as_deref().unwrap_or("Any quantity: type to find one"))
            .desired_width(widgets::rest(ui, if chosen.is_some() { measure::CONTROL + spacing::NORMAL } else { 0.0 }));
        let response = ui.add(field);
        widgets::named(ui, &response, egui::WidgetType::TextEdit, name);
        if chosen.is_some() {
            let clear = widgets::icon_button(ui, look, egui_material_icons::icons::ICON_CLOSE, "No quantity");
            if widgets::tip(clear, look, "Tell no quantity", "").clicked() {
                *chosen = None;
                changed = true;
            }
        }
        // While the field is being typed in, its list is open.
        let open = response.has_focus() || !search.is_empty();
        ui.data_mut(|data| data.insert_temp(id.with("open"), open));
    });
    if ui.data(|data| data.get_temp(id.with("open"))).unwrap_or(false) {
        let wanted = search.to_lowercase();
        let fitting: Vec<&QuantityLine> =
            all.iter().filter(|line| line.name.to_lowercase().contains(&wanted)).collect();
        ScrollArea::vertical().id_salt(id).max_height(measure::GROUP_LIST).auto_shrink([false, true]).show(ui, |ui| {
            for line in &fitting {
                let text =
                    if line.unit.is_empty() { line.name.clone() } else { format!("{} ({})", line.name, line.unit) };
                let on = chosen.as_deref() == Some(line.name.as_str());
                if widgets::tip(ui.selectable_label(on, text), look, &line.help, "").clicked() {
                    *chosen = Some(line.name.clone());
                    changed = true;
                    search.clear();
                }
            }
            if fitting.is_empty() {
                ui.label(
                    look.quiet("No quantity is called so. Agents have quantities such as speed or Condition.health."),
                );
            }
        });
    }
    ui.data_mut(|data| data.insert_temp(id, search));
    changed
}

fn layers(ui: &mut Ui, look: &Look, view: &LayersView, edited: &mut ViewSettings) {
    ui.label(look.strong("Layers"));
    let width = (measure::MENU - spacing::NORMAL) / 2.0;
    for pair in view.layers.chunks(2) {
        ui.horizontal(|ui| {
            for layer in pair {
                ui.allocate_ui_with_layout(
                    egui::vec2(width, measure::CONTROL),
                    egui::Layout::left_to_right(egui::Align::Center),
                    |ui| {
                        ui.set_width(width);
                        let mut on = edited.layers.shows(layer);
                        let response = ui.checkbox(&mut on, layer.label);
                        if widgets::tip(response, look, layer.help, layer.shortcut).changed() {
                            edited.layers.show(layer, on);
                        }
                    },
                );
            }
        });
    }
    for (layer, fields) in view.fields.iter().filter(|(_, fields)| !fields.is_empty()) {
        ui.add_space(spacing::TIGHT);
        ui.label(look.strong(layer.label));
        for field in fields {
            ui.horizontal(|ui| {
                ui.add_enabled_ui(edited.layers.shows(layer), |ui| {
                    let mut on = edited.layers.shows_field(&field.name);
                    widgets::swatch(ui, field.hue);
                    if ui.checkbox(&mut on, field.name.as_str()).changed() {
                        edited.layers.show_field(&field.name, on);
                    }
                });
            });
        }
    }
}
