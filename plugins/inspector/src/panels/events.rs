//! What happened, newest first, filtered by kind and text.

use agent2028_core::agent::{AgentGroups, AgentId};
use agent2028_core::event::{Event, EventBus, EventKind};
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{ScrollArea, Ui, WidgetInfo, WidgetType};
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons::{ICON_CIRCLE, ICON_ERROR, ICON_EVENT_NOTE, ICON_INFO, ICON_WARNING};

use crate::actions::{Action, Actions};
use crate::format;
use crate::panels::metrics::search;
use crate::theme::{Look, measure};
use crate::widgets::{self, Cell};

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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventsState {
    /// Only events of this kind are listed.
    pub kind: Option<String>,
    /// Only events whose words, kind or agent hold this are listed.
    pub filter: String,
    /// Only events of selected agents are listed.
    pub only_selected: bool,
}

impl EventsState {
    fn admits(&self, event: &Event, view: &EventsView, wanted: &str) -> bool {
        if self.kind.as_deref().is_some_and(|kind| kind != event.kind.name) {
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
    ui.horizontal(|ui| {
        search(ui, look, &mut state.filter, "Search events");
        kinds(ui, view, state);
        let response = ui.checkbox(&mut state.only_selected, look.body("Selected agents only"));
        response.on_hover_text(look.body("List only what selected agents did or what happened to them"));
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
                row(ui, look, view, event, actions);
            }
        },
    );
}

fn kinds(ui: &mut Ui, view: &EventsView, state: &mut EventsState) {
    const ALL: &str = "All kinds";
    let chosen = state.kind.as_deref().map_or(ALL.to_owned(), format::words);
    let response = widgets::choice("event kind", measure::CHOICE, chosen)
        .show_ui(ui, |ui| {
            ui.selectable_value(&mut state.kind, None, ALL);
            for (kind, count) in view.bus.counts() {
                let label = format!("{}  {}", format::words(kind), format::count(*count));
                ui.selectable_value(&mut state.kind, Some((*kind).to_owned()), label);
            }
        })
        .response;
    widgets::named(ui, &response, WidgetType::ComboBox, "Kind of event");
}

/// How much an event matters: icon and colour by its priority.
fn weight(look: &Look, kind: EventKind) -> (MaterialIcon, egui::Color32) {
    match kind.priority {
        9..=u8::MAX => (ICON_ERROR, look.danger),
        7..=8 => (ICON_WARNING, look.warning),
        5..=6 => (ICON_INFO, look.info),
        _ => (ICON_CIRCLE, look.disabled),
    }
}

fn row(ui: &mut Ui, look: &Look, view: &EventsView, event: &Event, actions: &mut Actions) {
    let chosen = event.source.is_some_and(|agent| view.selected.binary_search(&agent).is_ok());
    let response = widgets::row_background(ui, look, event.sequence, chosen);
    let who = event.source.map_or(String::new(), |agent| view.names.name_of(agent));
    let kind = format::words(event.kind.name);
    let enabled = ui.is_enabled();
    response.widget_info(|| {
        let name = format!("Tick {}, {kind} {who}: {}", event.tick, event.text);
        WidgetInfo::selected(WidgetType::SelectableLabel, enabled, chosen, name)
    });
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::NORMAL;
        widgets::right_figure(ui, measure::TICK_COLUMN, look.figure(format::count(event.tick)).color(look.secondary));
        let (icon, tint) = weight(look, event.kind);
        widgets::cell(ui, measure::KIND_COLUMN, Cell::Left, |ui| {
            ui.label(look.icon(icon).color(tint));
            ui.label(look.body(kind));
        });
        widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| ui.label(look.body(who)));
        let rest = ui.available_width();
        widgets::cell(ui, rest, Cell::Left, |ui| ui.label(look.quiet(event.text.as_ref())));
    });
    if let Some(agent) = event.source
        && response.on_hover_cursor(egui::CursorIcon::PointingHand).clicked()
    {
        actions.push(Action::Select(vec![agent]));
    }
}
