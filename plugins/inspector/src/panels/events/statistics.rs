//! How many events there were of each kind, who listens, and what was missed.

use agent2028_core::event::{EventFilter, EventKinds, EventStatistics, Sources};
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Popup, PopupCloseBehavior, ScrollArea, Ui, WidgetType};
use egui_material_icons::icons::ICON_BAR_CHART;

use super::{EventsView, words_of};
use crate::format;
use crate::theme::{Look, measure};
use crate::widgets::{self, Cell};

/// A button that tells how many listen and opens the rest.
pub(super) fn button(ui: &mut Ui, look: &Look, view: &EventsView) {
    let statistics = view.bus.statistics();
    let handlers = view.handlers.iter().len();
    let lost = statistics.subscribers.iter().any(|subscriber| subscriber.missed > 0);
    let failing = statistics.handler_failures > 0 || statistics.unanswered > 0 || lost;
    let tint = if failing { look.warning } else { look.secondary };
    let text = format::counted((statistics.active_subscribers() + handlers) as u64, "listener", "listeners");
    let name = format!("Statistics of events: {text}");
    let icon = look.icon(ICON_BAR_CHART).color(tint);
    let button = ui.add(egui::Button::new((icon, look.body(text))).min_size(egui::vec2(0.0, measure::CONTROL)));
    widgets::named(ui, &button, WidgetType::Button, &name);
    Popup::from_toggle_button_response(&button)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .gap(spacing::TIGHT)
        .width(measure::PICKER.0)
        .show(|ui| {
            ui.set_width(measure::PICKER.0);
            ScrollArea::vertical().max_height(measure::PICKER.1).auto_shrink([false, true]).show(ui, |ui| {
                totals(ui, look, &statistics);
                kinds(ui, look, view.kinds, &statistics);
                listeners(ui, look, view, &statistics);
            });
        });
}

fn line(ui: &mut Ui, look: &Look, what: &str, count: u64, matters: bool) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::NORMAL;
        let width = widgets::rest(ui, measure::VALUE_COLUMN + spacing::NORMAL);
        widgets::cell(ui, width, Cell::Left, |ui| ui.label(look.body(what)));
        let figure = look.figure(format::count(count));
        let figure = if matters && count > 0 { figure.color(look.warning) } else { figure };
        widgets::right_figure(ui, measure::VALUE_COLUMN, figure);
    });
}

fn heading(ui: &mut Ui, look: &Look, title: &str) {
    ui.add_space(spacing::NORMAL);
    ui.label(look.strong(title));
}

fn totals(ui: &mut Ui, look: &Look, statistics: &EventStatistics) {
    ui.label(look.strong("Events"));
    line(ui, look, "In the run", statistics.published, false);
    line(ui, look, "In the history", statistics.kept, false);
    line(ui, look, "No longer kept", statistics.dropped, false);
    line(ui, look, "Wait for a response", statistics.waiting as u64, false);
    line(ui, look, "Got no response in time", statistics.unanswered, true);
    line(ui, look, "Failures of handlers", statistics.handler_failures, true);
}

fn kinds(ui: &mut Ui, look: &Look, names: &EventKinds, statistics: &EventStatistics) {
    heading(ui, look, "By kind");
    let mut kinds: Vec<(&str, u64)> = statistics.by_kind.iter().map(|(kind, count)| (*kind, *count)).collect();
    // The most frequent first; equally frequent ones stay in alphabetical order.
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (kind, count) in &kinds {
        line(ui, look, &words_of(names, kind), *count, false);
    }
    if kinds.is_empty() {
        ui.label(look.quiet("Nothing has happened yet"));
    }
}

fn listeners(ui: &mut Ui, look: &Look, view: &EventsView, statistics: &EventStatistics) {
    heading(ui, look, "Listeners");
    for subscriber in &statistics.subscribers {
        ui.label(look.body(format!("{}, every tick", subscriber.name)))
            .on_hover_text(look.body(words(&subscriber.filter)));
        line(ui, look, "not read yet", subscriber.unread, false);
        if subscriber.missed > 0 {
            line(ui, look, "missed: it did not read for too long", subscriber.missed, true);
        }
    }
    for (name, filter) in view.handlers.iter() {
        ui.label(look.body(format!("{name}, handler"))).on_hover_text(look.body(words(filter)));
    }
    if statistics.streams > 0 {
        line(ui, look, "From outside", statistics.streams as u64, false);
    }
    if statistics.active_subscribers() + view.handlers.iter().len() == 0 {
        ui.label(look.quiet("Nobody listens; the history is kept all the same"));
    }
}

/// What passes a filter.
fn words(filter: &EventFilter) -> String {
    let kinds = filter.kind_names().map_or("Every kind".to_owned(), |names| {
        let names: Vec<String> = names.map(format::words).collect();
        if names.is_empty() { "No kind".to_owned() } else { names.join(", ") }
    });
    let least = match filter.least_priority() {
        0 | 1 => String::new(),
        least => format!(", priority {least} and above"),
    };
    let sources = match filter.sources() {
        Sources::Any => String::new(),
        Sources::Nobody => ", of no agent".to_owned(),
        Sources::Anybody => ", of agents".to_owned(),
        Sources::Agents(agents) => format!(", of {}", format::counted(agents.len() as u64, "agent", "agents")),
    };
    format!("{kinds}{least}{sources}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::agent::AgentId;
    use agent2028_core::event::EventKind;

    #[test]
    fn filters_are_told_in_words() {
        let filter = EventFilter::kinds([EventKind::AGENT_FAILED]).at_least(7).of([AgentId(1), AgentId(4)]);
        assert_eq!(words(&filter), "Agent failed, priority 7 and above, of 2 agents");
        assert_eq!(words(&EventFilter::all()), "Every kind");
    }
}
