//! Which events are listed: by kind, priority and source.

use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Popup, PopupCloseBehavior, ScrollArea, Ui, WidgetType};
use egui_material_icons::icons::ICON_FILTER_LIST;

use super::{EventsState, EventsView, Whose, words_of};
use crate::format;
use crate::theme::{Look, measure};
use crate::widgets;

/// Which kinds are listed, with how many there were of each.
pub(super) fn kinds(ui: &mut Ui, look: &Look, view: &EventsView, state: &mut EventsState) {
    let counts = &view.bus.counts();
    let shown = counts.keys().filter(|kind| !state.hidden.contains(**kind)).count();
    let icon = look.icon(ICON_FILTER_LIST).color(look.secondary);
    let text =
        if shown == counts.len() { "All kinds".to_owned() } else { format!("{shown} of {} kinds", counts.len()) };
    let name = format!("Kinds of events: {text}");
    let button = ui.add(egui::Button::new((icon, look.body(text))).min_size(egui::vec2(0.0, measure::CONTROL)));
    widgets::named(ui, &button, WidgetType::Button, &name);
    Popup::from_toggle_button_response(&button)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .gap(spacing::TIGHT)
        .width(measure::PICKER.0)
        .show(|ui| {
            ui.set_width(measure::PICKER.0);
            ui.horizontal(|ui| {
                if widgets::text_button(ui, look.body("List all kinds")).clicked() {
                    state.hidden.clear();
                }
                if widgets::text_button(ui, look.body("List none")).clicked() {
                    state.hidden = counts.keys().map(|kind| (*kind).to_owned()).collect();
                }
            });
            ScrollArea::vertical().max_height(measure::PICKER.1).auto_shrink([false, true]).show(ui, |ui| {
                for (kind, count) in counts {
                    let mut on = !state.hidden.contains(*kind);
                    let label = format!("{}  {}", words_of(view.kinds, kind), format::count(*count));
                    let response = ui.checkbox(&mut on, look.body(label));
                    if response.changed() && on {
                        state.hidden.remove(*kind);
                    } else if response.changed() {
                        state.hidden.insert((*kind).to_owned());
                    }
                    if response.secondary_clicked() {
                        state.hidden =
                            counts.keys().filter(|other| *other != kind).map(|kind| (*kind).to_owned()).collect();
                    }
                    let about = view.kinds.get(kind).map_or("", |kind| kind.about);
                    let tip = format!("{about} Right-click to list only this kind");
                    response.on_hover_text(look.body(tip.trim_start()));
                }
                if counts.is_empty() {
                    ui.label(look.quiet("Nothing has happened yet"));
                }
            });
        });
}

/// How much an event must matter to be listed.
pub(super) fn priorities(ui: &mut Ui, look: &Look, state: &mut EventsState) {
    let words = |least: u8| match least {
        0 | 1 => "Any priority".to_owned(),
        10.. => "Priority 10".to_owned(),
        least => format!("Priority {least} and above"),
    };
    widgets::room(ui, measure::SEARCH / 2.0);
    let response = widgets::choice("event priority", measure::SEARCH / 2.0, look.body(words(state.least)))
        .height(measure::PICKER.1)
        .show_ui(ui, |ui| {
            for least in std::iter::once(0).chain(2..=10) {
                ui.selectable_value(&mut state.least, least, words(least));
            }
        })
        .response;
    widgets::named(ui, &response, WidgetType::ComboBox, "Priority of events");
}

/// Whose events are listed.
pub(super) fn sources(ui: &mut Ui, look: &Look, state: &mut EventsState) {
    const SOURCES: [(Whose, &str); 3] =
        [(Whose::Any, "Any source"), (Whose::Agents, "Of agents"), (Whose::Nobody, "Of no agent")];
    let chosen = SOURCES.iter().find(|(whose, _)| *whose == state.whose).map_or("", |(_, words)| words);
    widgets::room(ui, measure::SEARCH / 2.0);
    let response = widgets::choice("event source", measure::SEARCH / 2.0, look.body(chosen))
        .show_ui(ui, |ui| {
            for (whose, words) in SOURCES {
                ui.selectable_value(&mut state.whose, whose, words);
            }
        })
        .response;
    widgets::named(ui, &response, WidgetType::ComboBox, "Source of events");
    let response = ui.checkbox(&mut state.only_selected, look.body("Selected agents only"));
    response.on_hover_text(look.body("List only what selected agents did or what happened to them"));
}
