//! A row per event, and events as files.

use std::fmt::Write as _;

use agent2028_core::agent::AgentGroups;
use agent2028_core::event::{Event, EventKinds, ResponseState};
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Ui, WidgetInfo, WidgetType};
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons::{ICON_CIRCLE, ICON_ERROR, ICON_INFO, ICON_WARNING};

use super::{EventsView, words_of};
use crate::actions::{Action, Actions, Travel};
use crate::format;
use crate::format::csv_cell;
use crate::theme::{Look, measure};
use crate::widgets::{self, Cell};

/// The icon and the colour of an event: those of its kind, or, where no plugin of this program declares the kind, by its
/// priority.
fn mark(look: &Look, kinds: &EventKinds, event: &Event) -> (MaterialIcon, egui::Color32) {
    if let Some(kind) = kinds.get(event.kind.name) {
        return (MaterialIcon::new(kind.icon), widgets::tone_color(look, kind.tone));
    }
    match event.priority {
        9..=u8::MAX => (ICON_ERROR, look.danger),
        7..=8 => (ICON_WARNING, look.warning),
        5..=6 => (ICON_INFO, look.info),
        _ => (ICON_CIRCLE, look.disabled),
    }
}

/// What became of the response that an event requires, and its colour; nothing if it requires none.
fn response_words(look: &Look, state: ResponseState) -> Option<(String, egui::Color32)> {
    match state {
        ResponseState::NotRequired => None,
        ResponseState::Waiting { until } => {
            Some((format!("waits for a response until tick {}", format::count(until)), look.warning))
        }
        ResponseState::Given { tick, .. } => Some((format!("answered at tick {}", format::count(tick)), look.good)),
        ResponseState::Missing => Some(("got no response in time".to_owned(), look.danger)),
    }
}

/// Draws an event; a click selects its agent and goes to its tick.
pub(super) fn row(ui: &mut Ui, look: &Look, view: &EventsView, event: &Event, actions: &mut Actions) {
    let chosen = event.source.is_some_and(|agent| view.selected.binary_search(&agent).is_ok());
    let response = widgets::row_background(ui, look, event.sequence, chosen);
    let who = event.source.map_or(String::new(), |agent| view.names.name_of(agent));
    let kind = words_of(view.kinds, event.kind.name);
    let (text, answer) = (event.text(), response_words(look, view.bus.response_to(event)));
    let enabled = ui.is_enabled();
    response.widget_info(|| {
        let answer = answer.as_ref().map_or(String::new(), |(words, _)| format!(" ({words})"));
        let name = format!("Tick {}, {kind} {who}: {text}{answer}", event.tick);
        WidgetInfo::selected(WidgetType::SelectableLabel, enabled, chosen, name)
    });
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::NORMAL;
        widgets::right_figure(ui, measure::TICK_COLUMN, look.figure(format::count(event.tick)).color(look.secondary));
        let (icon, tint) = mark(look, view.kinds, event);
        widgets::cell(ui, measure::KIND_COLUMN, Cell::Left, |ui| {
            ui.label(look.icon(icon).color(tint));
            ui.label(look.body(kind));
        });
        widgets::right_figure(ui, measure::PRIORITY_COLUMN, look.figure(event.priority.to_string()));
        widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| ui.label(look.body(who)));
        let rest = ui.available_width();
        widgets::cell(ui, rest, Cell::Left, |ui| {
            if let Some((words, tint)) = &answer {
                ui.label(look.quiet(words.as_str()).color(*tint));
            }
            ui.label(look.quiet(text.as_ref()))
        });
    });
    let response = response.on_hover_cursor(egui::CursorIcon::PointingHand);
    let response = response.on_hover_ui(|ui| {
        if let Some(kind) = view.kinds.get(event.kind.name) {
            ui.label(look.body(kind.about));
        }
        ui.label(look.body(format!("Priority {} of 10", event.priority)));
        if let Some((words, _)) = &answer {
            ui.label(look.body(format!("It {words}")));
        }
        if let Some(about) = event.refers_to {
            ui.label(look.body(format!("About event {}", format::count(about))));
        }
        for field in event.payload.fields() {
            let name = format::label_of(&format::words(&field.name));
            ui.label(look.figure(if field.value.is_empty() { name } else { format!("{name}: {}", field.value) }));
        }
        ui.label(look.quiet("Click to select the agent, double-click to go to the tick"));
    });
    if response.double_clicked() {
        actions.push(Action::Time(Travel::Seek(event.tick)));
    } else if let Some(agent) = event.source.filter(|_| response.clicked()) {
        actions.push(Action::Select(vec![agent]));
    }
}

/// Events as a table with a header, oldest first; with tabs or commas between cells.
pub(super) fn text(events: &[&Event], names: &AgentGroups, separator: char) -> String {
    let heads = [
        "sequence",
        "tick",
        "unix_ms",
        "kind",
        "priority",
        "agent",
        "name",
        "text",
        "payload",
        "fields",
        "respond_by",
        "refers_to",
    ];
    let mut text = heads.join(&separator.to_string());
    text.push('\n');
    for event in events.iter().rev() {
        let agent = event.source.map_or(String::new(), |agent| agent.0.to_string());
        let name = event.source.map_or(String::new(), |agent| names.name_of(agent));
        // A tab within a text would be one more cell.
        let clean = |text: &str| csv_cell(&text.replace('\t', " "));
        let (payload, fields) = event.payload.shown().unwrap_or_default();
        let number = |number: Option<u64>| number.map_or(String::new(), |number| number.to_string());
        let cells = [
            event.sequence.to_string(),
            event.tick.to_string(),
            event.unix_ms.to_string(),
            event.kind.name.to_owned(),
            event.priority.to_string(),
            agent,
            csv_cell(&name),
            clean(&event.text()),
            clean(payload),
            clean(&fields),
            number(event.respond_by),
            number(event.refers_to),
        ];
        text.push_str(&cells.join(&separator.to_string()));
        text.push('\n');
    }
    text
}

/// Events as JSON, one per line, oldest first.
pub(super) fn json_lines(events: &[&Event], names: &AgentGroups) -> String {
    let mut text = String::new();
    for event in events.iter().rev() {
        let _ = write!(
            text,
            "{{\"sequence\":{},\"tick\":{},\"unix_ms\":{},\"kind\":{},\"priority\":{}",
            event.sequence,
            event.tick,
            event.unix_ms,
            json(event.kind.name),
            event.priority
        );
        if let Some(agent) = event.source {
            let _ = write!(text, ",\"agent\":{},\"name\":{}", agent.0, json(&names.name_of(agent)));
        }
        let _ = write!(text, ",\"text\":{}", json(&event.text()));
        if let Some((name, fields)) = event.payload.shown() {
            let _ = write!(text, ",\"payload\":{},\"fields\":{}", json(name), json(&fields));
        }
        for (name, number) in [("respond_by", event.respond_by), ("refers_to", event.refers_to)] {
            if let Some(number) = number {
                let _ = write!(text, ",\"{name}\":{number}");
            }
        }
        text.push_str("}\n");
    }
    text
}

/// A string in JSON (RFC 8259).
fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_in_json_are_escaped() {
        assert_eq!(json("a \"b\" \\ c\n\u{1}ü"), "\"a \\\"b\\\" \\\\ c\\n\\u0001ü\"");
    }
}
