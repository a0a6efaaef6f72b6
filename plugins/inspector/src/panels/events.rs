//! What happened, newest first: filtered by kind, source, text and priority, with what it says, whether it got its response,
//! and a way back to the tick; beside it who listens and what was missed.

mod filters;
mod statistics;
mod table;

use std::collections::BTreeSet;

use agent2028_core::agent::{AgentGroups, AgentId};
use agent2028_core::event::{Event, EventBus, EventHandlers, EventKinds};
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Popup, ScrollArea, Ui};
use egui_material_icons::icons::{ICON_CONTENT_COPY, ICON_DOWNLOAD, ICON_EVENT_NOTE, ICON_LIST_ALT};
use serde::{Deserialize, Serialize};

use crate::actions::{Action, Actions};
use crate::export::FileToSave;
use crate::format;
use crate::panel::{DockSide, Group, Keeps, Panel, PanelContext, PanelFacts, PanelKey};
use crate::theme::{Look, measure};
use crate::widgets;
use crate::widgets::search;

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct EventsView<'a> {
    /// The events.
    pub bus: &'a EventBus,
    /// What plugins say of the kinds of events that they tell.
    pub kinds: &'a EventKinds,
    /// The functions that are called when something happens.
    pub handlers: &'a EventHandlers,
    /// Who is called what.
    pub names: &'a AgentGroups,
    /// The selected agents, ascending.
    pub selected: &'a [AgentId],
}

/// Whose events are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Whose {
    /// Those of agents and those of nobody.
    #[default]
    Any,
    /// Those of any agent.
    Agents,
    /// Those that are of no agent.
    Nobody,
}

/// What the panel remembers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EventsState {
    /// Events of these kinds are not listed.
    pub hidden: BTreeSet<String>,
    /// Only events of at least this priority are listed, 1–10; all if 0.
    pub least: u8,
    /// Whose events are listed.
    pub whose: Whose,
    /// Only events whose words, kind or agent hold this are listed.
    #[serde(skip)]
    pub filter: String,
    /// Only events of selected agents are listed.
    pub only_selected: bool,
}

impl EventsState {
    fn admits(&self, event: &Event, view: &EventsView, wanted: &str) -> bool {
        if self.hidden.contains(event.kind.name) || event.priority < self.least {
            return false;
        }
        match self.whose {
            Whose::Agents if event.source.is_none() => return false,
            Whose::Nobody if event.source.is_some() => return false,
            Whose::Any | Whose::Agents | Whose::Nobody => {}
        }
        if self.only_selected && event.source.is_none_or(|agent| view.selected.binary_search(&agent).is_err()) {
            return false;
        }
        wanted.is_empty()
            || event.text().to_lowercase().contains(wanted)
            || event.kind.name.to_lowercase().contains(wanted)
            || words_of(view.kinds, event.kind.name).to_lowercase().contains(wanted)
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

/// What people call a kind of event: what its plugin says, else its key in words.
pub(crate) fn words_of(kinds: &EventKinds, key: &str) -> String {
    kinds.get(key).map_or_else(|| format::words(key), |kind| kind.words.to_owned())
}

/// The panel of the log of events.
#[derive(Clone, Copy, Debug)]
pub struct EventsPanel;

impl Panel for EventsPanel {
    type State = EventsState;
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Events"),
        title: "Events",
        icon: ICON_LIST_ALT,
        help: "What has happened, filtered.",
        group: Group::Run,
        side: DockSide::Bottom,
        scrolls: false,
        story: false,
    };

    fn show(ui: &mut Ui, context: &mut PanelContext, state: &mut EventsState) {
        let facts = context.facts;
        let view = EventsView {
            bus: facts.resource::<EventBus>(),
            kinds: facts.resource::<EventKinds>(),
            handlers: facts.resource::<EventHandlers>(),
            names: facts.resource::<AgentGroups>(),
            selected: facts.selected(),
        };
        show(ui, context.look, &view, state, context.actions);
    }

    fn keeps() -> Option<Keeps<EventsState>> {
        Some(Keeps::named("events"))
    }
}

/// Shows the events.
pub fn show(ui: &mut Ui, look: &Look, view: &EventsView, state: &mut EventsState, actions: &mut Actions) {
    let rows = state.listed(view);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::NORMAL;
        search(ui, look, &mut state.filter, "Search events");
        filters::kinds(ui, look, view, state);
        filters::priorities(ui, look, state);
        filters::sources(ui, look, state);
        let copy = widgets::icon_button(ui, look, ICON_CONTENT_COPY, "Copy the listed events");
        if widgets::tip(copy, look, "Copy the listed events, to paste them into a spreadsheet", "").clicked() {
            actions.push(Action::Copy(table::text(&rows, view.names, '\t')));
        }
        save(ui, look, view, &rows, actions);
        statistics::button(ui, look, view);
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
