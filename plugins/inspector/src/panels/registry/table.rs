//! The table's head and rows.

use std::fmt::Write as _;
use std::ops::Range;

use agent2028_core::agent::{AgentGroups, AgentId, AgentIndex, Condition, Status};
use agent2028_core::quantity::{Quantity, QuantityKind, QuantitySpec};
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Key, ScrollArea, Ui, WidgetInfo, WidgetType, vec2};

use super::{RegistryState, RegistryView};
use crate::actions::{Action, Actions};
use crate::format::{self, csv_cell};
use crate::theme::{Look, measure};
use crate::widgets::{self, Cell};

/// A column that can be drawn.
struct Column {
    name: String,
    quantity: Option<Quantity>,
    width: f32,
}

fn columns(state: &RegistryState) -> Vec<Column> {
    let column = |name: &String| {
        let quantity = state.known.find(name).cloned();
        let width = match quantity.as_ref().map(|quantity| &quantity.spec().kind) {
            Some(QuantityKind::Category(_)) => measure::AGENT_COLUMN,
            _ => measure::VALUE_COLUMN + name.len().saturating_sub(10) as f32 * spacing::NORMAL,
        };
        Column { name: name.clone(), quantity, width }
    };
    state.columns.iter().map(column).collect()
}

/// How a value is written: the label of a category, else the number. Units stand in the head.
/// All numbers of a column have the same `places`.
pub(crate) fn value_text(spec: &QuantitySpec, value: Option<f64>, places: Option<usize>) -> String {
    match (value, &spec.kind) {
        (None, _) => format::NOTHING.to_owned(),
        (Some(value), QuantityKind::Category(_)) => format::label_of(&spec.text(value)),
        (Some(value), QuantityKind::Integer) => format::fixed(value, 0),
        (Some(value), QuantityKind::Angle) => format::fixed(value, 1),
        (Some(value), _) => format::in_column(value, places),
    }
}

/// How many places each column has for what is visible.
fn places(
    view: &RegistryView,
    state: &RegistryState,
    columns: &[Column],
    visible: &Range<usize>,
) -> Vec<Option<usize>> {
    let agents: Vec<AgentId> = visible.clone().filter_map(|row| state.order.get(row)).collect();
    columns
        .iter()
        .map(|column| {
            let quantity = column.quantity.as_ref()?;
            format::places_of(agents.iter().filter_map(|agent| quantity.value(view.world, *agent)))
        })
        .collect()
}

/// Draws the head and the visible rows.
pub(super) fn show(ui: &mut Ui, look: &Look, view: &RegistryView, state: &mut RegistryState, actions: &mut Actions) {
    let columns = columns(state);
    let wide: f32 = columns.iter().map(|column| column.width + spacing::NORMAL).sum();
    let width = (measure::AGENT_COLUMN + spacing::NORMAL + wide + spacing::SECTION).max(ui.available_width());
    ScrollArea::horizontal().id_salt("registry").auto_shrink([false, false]).show(ui, |ui| {
        crate::texts::scrolls_sideways(ui);
        ui.set_width(width);
        ui.spacing_mut().item_spacing.y = 0.0;
        head(ui, look, &columns, state);
        widgets::rule(ui, look);
        keys(ui, view, state, actions);
        let mut list = state.list;
        let count = state.order.len();
        let places = places(view, state, &columns, &list.visible(ui, count));
        let visible = list.show(ui, look, "agents", count, |ui, row| {
            if let Some(agent) = state.order.get(row) {
                line(ui, look, view, &columns, &places, state, agent, row, actions);
            }
        });
        state.list = list;
        state.visible = visible.len();
    });
}

fn head(ui: &mut Ui, look: &Look, columns: &[Column], state: &mut RegistryState) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::NORMAL;
        let number = Column { name: "Agent".into(), quantity: None, width: measure::AGENT_COLUMN };
        title(ui, look, &number, "", state, None);
        for (place, column) in columns.iter().enumerate() {
            let unit = column.quantity.as_ref().map_or("", |quantity| quantity.spec().unit.as_str());
            title(ui, look, column, unit, state, Some(place));
        }
    });
}

/// The head of a column: a click sorts by it, its menu moves and removes it.
fn title(ui: &mut Ui, look: &Look, column: &Column, unit: &str, state: &mut RegistryState, place: Option<usize>) {
    let sorted = match (&state.sort, place) {
        (Some((name, descending)), Some(_)) if *name == column.name => Some(*descending),
        (None, None) => Some(false),
        _ => None,
    };
    let words =
        if place.is_none() { false } else { column.quantity.as_ref().is_none_or(|q| q.spec().labels().is_none()) };
    let align = if words { Cell::Right } else { Cell::Left };
    let text = if column.name.contains(|letter: char| letter.is_uppercase()) {
        column.name.clone()
    } else {
        format::label_of(&column.name)
    };
    let text = if unit.is_empty() { text } else { format!("{text} ({unit})") };
    let response = widgets::sort_head(ui, look, column.width, align, (&column.name, &text), sorted);
    let help = match (&column.quantity, place) {
        (Some(quantity), _) => quantity.spec().help.clone(),
        (None, None) => "The agent's name; sorts by number".to_owned(),
        (None, Some(_)) => "No agent of this scene has this quantity now".to_owned(),
    };
    let response = response.on_hover_text(look.body(format!("{help} Click to sort, right-click for more.")));
    if response.clicked() {
        state.sort = widgets::sorted_after(place.map(|_| column.name.clone()), sorted);
    }
    let Some(place) = place else { return };
    egui::Popup::context_menu(&response).show(|ui| {
        let item = |ui: &mut Ui, text: &str| ui.add(egui::Button::new(look.body(text)).frame(false)).clicked();
        if place > 0 && item(ui, "Move to the left") {
            state.columns.swap(place, place - 1);
        }
        if place + 1 < state.columns.len() && item(ui, "Move to the right") {
            state.columns.swap(place, place + 1);
        }
        if item(ui, "Remove the column") {
            state.columns.remove(place);
        }
    });
}

/// Arrows move the chosen row, Page up and down by what is visible.
fn keys(ui: &mut Ui, view: &RegistryView, state: &mut RegistryState, actions: &mut Actions) {
    let focused = ui.memory(|memory| memory.focused()).is_some_and(|id| state.focused == Some(id));
    if !focused || state.order.len() == 0 {
        return;
    }
    let page = state.visible.saturating_sub(2).max(1) as i64;
    let end = state.order.len() as i64 - 1;
    let by = ui.input_mut(|input| {
        let none = egui::Modifiers::NONE;
        [
            (Key::ArrowUp, -1),
            (Key::ArrowDown, 1),
            (Key::PageUp, -page),
            (Key::PageDown, page),
            (Key::Home, -end),
            (Key::End, end),
        ]
        .into_iter()
        .find(|(key, _)| input.consume_key(none, *key))
        .map(|(_, by)| by)
    });
    let Some(by) = by else { return };
    let from = state.anchor.or(view.selected.first().copied()).and_then(|agent| state.order.row_of(agent)).unwrap_or(0);
    let to = (from as i64 + by).clamp(0, end) as usize;
    if let Some(agent) = state.order.get(to) {
        state.anchor = Some(agent);
        state.list.reveal(to, state.visible);
        actions.push(Action::Select(vec![agent]));
    }
}

fn line(
    ui: &mut Ui,
    look: &Look,
    view: &RegistryView,
    columns: &[Column],
    places: &[Option<usize>],
    state: &mut RegistryState,
    agent: AgentId,
    row: usize,
    actions: &mut Actions,
) {
    let chosen = view.selected.binary_search(&agent).is_ok();
    let response = widgets::row_background(ui, look, "row", chosen);
    let names = view.world.resource::<AgentGroups>();
    let name = names.name_of(agent);
    let enabled = ui.is_enabled();
    response
        .widget_info(|| WidgetInfo::selected(WidgetType::SelectableLabel, enabled, chosen, format!("Agent {name}")));
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing = vec2(spacing::NORMAL, 0.0);
        widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| {
            let entity = view.world.resource::<AgentIndex>().get(agent);
            let condition = entity.and_then(|entity| view.world.get::<Condition>(entity)).copied().unwrap_or_default();
            let degraded = crate::facts::degraded(&condition);
            if condition.status != Status::Active || degraded {
                let tint = widgets::status_color(look, condition.status, degraded);
                ui.label(look.icon(widgets::status_icon(condition.status, degraded)).color(tint));
            }
            ui.label(look.body(name));
        });
        for (column, places) in columns.iter().zip(places) {
            let Some(quantity) = &column.quantity else {
                widgets::right_figure(ui, column.width, look.figure(format::NOTHING).color(look.disabled));
                continue;
            };
            let text = value_text(quantity.spec(), quantity.value(view.world, agent), *places);
            if quantity.spec().labels().is_some() {
                widgets::cell(ui, column.width, Cell::Left, |ui| ui.label(look.body(text)));
            } else {
                widgets::right_figure(ui, column.width, look.figure(text));
            }
        }
    });
    if response.double_clicked() {
        actions.push(Action::Follow(Some(agent)));
    } else if response.clicked() {
        response.request_focus();
        state.focused = Some(response.id);
        let (order, anchor) = (&state.order, &mut state.anchor);
        let modifiers = widgets::held_with(ui);
        let from = anchor.filter(|_| modifiers.shift).and_then(|anchor| order.row_of(anchor));
        let mut selected = if modifiers.command { view.selected.to_vec() } else { Vec::new() };
        match from {
            Some(from) => selected.extend(order.agents(from.min(row)..=from.max(row))),
            None if modifiers.command && chosen => selected.retain(|other| *other != agent),
            None => selected.push(agent),
        }
        if from.is_none() {
            *anchor = Some(agent);
        }
        actions.push(Action::Select(selected));
    }
}

/// All listed agents with all columns.
pub(super) fn csv(view: &RegistryView, state: &RegistryState) -> String {
    let columns = columns(state);
    let mut text = String::from("agent,name");
    for column in &columns {
        let _ = write!(text, ",{}", csv_cell(&column.name));
    }
    text.push('\n');
    // Columns are read at once, which is much faster than agent by agent.
    let values: Vec<Vec<f32>> = columns.iter().map(|column| dense(view, column.quantity.as_ref())).collect();
    let names = view.world.resource::<AgentGroups>();
    for row in 0..state.order.len() {
        let Some(agent) = state.order.get(row) else { continue };
        let _ = write!(text, "{},{}", agent.0, csv_cell(&names.name_of(agent)));
        for (column, values) in columns.iter().zip(&values) {
            text.push(',');
            match values.get(agent.index()).filter(|value| !value.is_nan()) {
                Some(value) if column.quantity.as_ref().is_some_and(|quantity| quantity.spec().labels().is_some()) => {
                    let label = column.quantity.as_ref().map(|quantity| quantity.spec().text(f64::from(*value)));
                    text.push_str(&csv_cell(&label.unwrap_or_default()));
                }
                Some(value) => {
                    let _ = write!(text, "{value}");
                }
                None => {}
            }
        }
        text.push('\n');
    }
    text
}

/// A quantity's values by agent number, NaN where there is none.
fn dense(view: &RegistryView, quantity: Option<&Quantity>) -> Vec<f32> {
    let mut values = vec![f32::NAN; view.world.resource::<AgentIndex>().next_id().index()];
    let mut column = Vec::new();
    if let Some(quantity) = quantity {
        quantity.column(view.world, &mut column);
    }
    for (agent, value) in column {
        if let Some(place) = values.get_mut(agent.index()) {
            *place = value;
        }
    }
    values
}
