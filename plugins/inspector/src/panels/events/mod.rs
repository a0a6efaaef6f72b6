//! What happened, newest first: filtered by kind, agent, text and weight, counted per kind, and a way back to the tick.

mod table;

use std::collections::BTreeSet;

use agent2028_core::agent::{AgentGroups, AgentId};
use agent2028_core::event::{Event, EventBus};
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Popup, PopupCloseBehavior, ScrollArea, Ui, WidgetType};
use egui_material_icons::icons::{ICON_CONTENT_COPY, ICON_DOWNLOAD, ICON_EVENT_NOTE, ICON_FILTER_LIST};
use serde::{Deserialize, Serialize};

use crate::actions::{Action, Actions};
use crate::export::FileToSave;
use crate::format;
use crate::panels::metrics::search;
use crate::theme::{Look, measure};
use crate::widgets;

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct EventsView<'a> {
    /// The events.
    pub bus: &'a EventBus,
    /// Who is called what.
    pub names: &'a AgentGroups,
    /// The selected agents, ascending.
    pub selected: &'a [AgentId],
}

/// What the panel remembers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EventsState {
    /// Events of these kinds are not listed.
    pub hidden: BTreeSet<String>,
    /// Only events of at least this priority are listed, 1–10; all if 0.
    pub least: u8,
    /// Only events whose words, kind or agent hold this are listed.
    #[serde(skip)]
    pub filter: String,
    /// Only events of selected agents are listed.
    pub only_selected: bool,
}

impl EventsState {
    fn admits(&self, event: &Event, view: &EventsView, wanted: &str) -> bool {
        if self.hidden.contains(event.kind.name) || event.kind.priority < self.least {
            return false;
        }
        if self.only_selected && event.source.is_none_or(|agent| view.selected.binary_search(&agent).is_err()) {
            return false;
        }
        wanted.is_empty()
            || event.text.to_lowercase().contains(wanted)
            || event.kind.name.to_lowercase().contains(wanted)
            || event.source.is_some_and(|agent| {
                agent.to_string() == wanted || view.names.name_of(agent).to_lowercase().contains(wanted)
            })
    }

    /// The events that pass the filters, newest first.
    fn listed<'a>(&self, view: &EventsView<'a>) -> Vec<&'a Event> {
        let wanted = self.filter.trim().to_lowercase();
        view.bus.history().rev().filter(|event| self.admits(event, view, &wanted)).collect()
    }
}

/// Shows the events.
pub fn show(ui: &mut Ui, look: &Look, view: &EventsView, state: &mut EventsState, actions: &mut Actions) {
    let rows = state.listed(view);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::NORMAL;
        search(ui, look, &mut state.filter, "Search events");
        kinds(ui, look, view, state);
        weights(ui, look, state);
        let response = ui.checkbox(&mut state.only_selected, look.body("Selected agents only"));
        response.on_hover_text(look.body("List only what selected agents did or what happened to them"));
        let copy = widgets::icon_button(ui, look, ICON_CONTENT_COPY, "Copy the listed events");
        if widgets::tip(copy, look, "Copy the listed events, to paste them into a spreadsheet", "").clicked() {
            actions.push(Action::Copy(table::text(&rows, view.names, '\t')));
        }
        save(ui, look, view, &rows, actions);
        ui.label(look.quiet(format::counted(rows.len() as u64, "event", "events")));
        if view.bus.dropped() > 0 {
            let older = format::count(view.bus.dropped());
            ui.label(look.quiet(format!("{older} older ones are no longer kept")));
        }
    });
    if rows.is_empty() {
        let (what, how) = if view.bus.history().len() == 0 {
            ("Nothing has happened yet", "Run the scene, or let something happen: Faults are in the dock at the left.")
        } else {
            ("No event passes the filters", "Choose all kinds, or empty the search field.")
        };
        widgets::empty(ui, look, ICON_EVENT_NOTE, what, how);
        return;
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().id_salt("events").auto_shrink([false, false]).show_rows(
        ui,
        measure::TABLE_ROW,
        rows.len(),
        |ui, visible| {
            for event in &rows[visible] {
                table::row(ui, look, view, event, actions);
            }
        },
    );
}

fn save(ui: &mut Ui, look: &Look, view: &EventsView, rows: &[&Event], actions: &mut Actions) {
    const TITLE: &str = "Save the listed events as";
    let save = widgets::icon_button(ui, look, ICON_DOWNLOAD, "Save the listed events");
    let save = widgets::tip(save, look, "Save the listed events as CSV or as JSON Lines", "");
    Popup::menu(&save).gap(spacing::TIGHT).show(|ui| {
        let item = |ui: &mut Ui, text: &str| ui.add(egui::Button::new(look.body(text)).frame(false)).clicked();
        if item(ui, "As CSV…") {
            actions.push(Action::SaveFile(FileToSave::csv(TITLE, "events", table::text(rows, view.names, ','))));
        }
        if item(ui, "As JSON Lines…") {
            let lines = table::json_lines(rows, view.names);
            actions.push(Action::SaveFile(FileToSave::new(TITLE, "events", "jsonl", lines)));
        }
    });
}

/// Which kinds are listed, with how many there were of each.
fn kinds(ui: &mut Ui, look: &Look, view: &EventsView, state: &mut EventsState) {
    let counts = view.bus.counts();
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
                    let label = format!("{}  {}", format::words(kind), format::count(*count));
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
                    response.on_hover_text(look.body("Right-click to list only this kind"));
                }
                if counts.is_empty() {
                    ui.label(look.quiet("Nothing has happened yet"));
                }
            });
        });
}

/// How much an event must matter to be listed.
fn weights(ui: &mut Ui, look: &Look, state: &mut EventsState) {
    const WEIGHTS: [(u8, &str); 4] = [(0, "Any priority"), (5, "5 and above"), (7, "7 and above"), (9, "9 and above")];
    let chosen = WEIGHTS.iter().rev().find(|(least, _)| state.least >= *least).map_or(WEIGHTS[0].1, |(_, name)| name);
    let response = widgets::choice("event priority", measure::SEARCH / 2.0, look.body(chosen))
        .show_ui(ui, |ui| {
            for (least, name) in WEIGHTS {
                ui.selectable_value(&mut state.least, least, name);
            }
        })
        .response;
    widgets::named(ui, &response, WidgetType::ComboBox, "Priority of events");
}
