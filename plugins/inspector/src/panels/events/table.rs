//! A row per event, and events as files.

use std::fmt::Write as _;

use agent2028_core::agent::AgentGroups;
use agent2028_core::event::{Event, EventKind};
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Ui, WidgetInfo, WidgetType};
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons::{ICON_CIRCLE, ICON_ERROR, ICON_INFO, ICON_WARNING};

use super::EventsView;
use crate::actions::{Action, Actions, Travel};
use crate::format;
use crate::panels::registry::quoted;
use crate::theme::{Look, measure};
use crate::widgets::{self, Cell};

/// How much an event matters: icon and colour by its priority.
fn weight(look: &Look, kind: EventKind) -> (MaterialIcon, egui::Color32) {
    match kind.priority {
        9..=u8::MAX => (ICON_ERROR, look.danger),
        7..=8 => (ICON_WARNING, look.warning),
        5..=6 => (ICON_INFO, look.info),
        _ => (ICON_CIRCLE, look.disabled),
    }
}

/// Draws an event; a click selects its agent and goes to its tick.
pub(super) fn row(ui: &mut Ui, look: &Look, view: &EventsView, event: &Event, actions: &mut Actions) {
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
    let response = response.on_hover_cursor(egui::CursorIcon::PointingHand);
    let tip =
        format!("Priority {} of 10. Click to select the agent, double-click to go to the tick.", event.kind.priority);
    let response = response.on_hover_text(look.body(tip));
    if response.double_clicked() {
        actions.push(Action::Time(Travel::Seek(event.tick)));
    } else if let Some(agent) = event.source.filter(|_| response.clicked()) {
        actions.push(Action::Select(vec![agent]));
    }
}

/// Events as a table with a header, oldest first; with tabs or commas between cells.
pub(super) fn text(events: &[&Event], names: &AgentGroups, separator: char) -> String {
    let heads = ["sequence", "tick", "unix_ms", "kind", "priority", "agent", "name", "text"];
    let mut text = heads.join(&separator.to_string());
    text.push('\n');
    for event in events.iter().rev() {
        let agent = event.source.map_or(String::new(), |agent| agent.0.to_string());
        let name = event.source.map_or(String::new(), |agent| names.name_of(agent));
        // A tab within a text would be one more cell.
        let words = event.text.replace('\t', " ");
        let cells = [
            event.sequence.to_string(),
            event.tick.to_string(),
            event.unix_ms.to_string(),
            event.kind.name.to_owned(),
            event.kind.priority.to_string(),
            agent,
            quoted(&name),
            quoted(&words),
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
            event.kind.priority
        );
        if let Some(agent) = event.source {
            let _ = write!(text, ",\"agent\":{},\"name\":{}", agent.0, json(&names.name_of(agent)));
        }
        let _ = writeln!(text, ",\"text\":{}}}", json(&event.text));
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
