//! Every number of an agent's components, by component, to read and to edit.

use agent2028_core::agent::{AgentId, AgentIndex};
use agent2028_core::faults::{EditableComponents, SetField};
use agent2028_core::quantity::{self, Quantity, QuantityKind, QuantitySpec};
use agent2028_core::reflect_path::ParamValue;
use agent2028_core::selector::Selector;
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{Align, Label, Layout, TextEdit, Ui, WidgetType, vec2};
use egui_material_icons::icons::{ICON_SEARCH_OFF, ICON_UNDO};

use super::edit::{Editable, number, set_field};
use super::{AgentState, AgentView};
use crate::actions::Actions;
use crate::format;
use crate::theme::{Look, measure};
use crate::widgets;

/// A number of an agent.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldFacts {
    /// What it is.
    pub spec: QuantitySpec,
    /// Its value now.
    pub value: f64,
    /// Whether it can be set from outside.
    pub editable: bool,
}

impl FieldFacts {
    /// The component that it belongs to.
    #[must_use]
    pub fn component(&self) -> &str {
        self.spec.name.split_once('.').map_or(self.spec.name.as_str(), |(component, _)| component)
    }

    /// What it is called within its component.
    fn label(&self) -> String {
        match self.spec.name.split_once('.') {
            Some((_, field)) => format::label_of(&field.replace('.', " ")),
            None => format::words(&self.spec.name),
        }
    }
}

/// What fields were before they were edited, for one agent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edited {
    of: Option<AgentId>,
    before: Vec<(String, f64)>,
}

impl Edited {
    /// Takes note of a field's value before its first edit.
    pub fn note(&mut self, agent: AgentId, path: &str, value: f64) {
        if self.of != Some(agent) {
            *self = Self { of: Some(agent), before: Vec::new() };
        }
        if self.before(agent, path).is_none() {
            self.before.push((path.to_owned(), value));
        }
    }

    fn before(&self, agent: AgentId, path: &str) -> Option<f64> {
        let known = self.before.iter().filter(|_| self.of == Some(agent));
        known.into_iter().find(|(known, _)| known == path).map(|(_, value)| *value)
    }

    fn forget(&mut self, path: &str) {
        self.before.retain(|(known, _)| known != path);
    }
}

/// The fields of the agent that is looked at. What fields there are is found out once.
#[derive(Clone, Debug, Default)]
pub struct FieldCache {
    known: Option<(u64, usize)>,
    quantities: Vec<Quantity>,
    of: Option<(u64, AgentId)>,
    tick: Option<u64>,
    list: Vec<FieldFacts>,
}

impl FieldCache {
    /// The quantities that are fields of components.
    pub fn quantities(&mut self, generation: u64, world: &World) -> &[Quantity] {
        let version = (generation, quantity::version(world));
        if self.known != Some(version) {
            self.known = Some(version);
            self.quantities = quantity::list(world).into_iter().filter(Quantity::is_field).collect();
            self.tick = None;
        }
        &self.quantities
    }

    /// The fields of an agent with their values now.
    pub fn follow(&mut self, generation: u64, tick: u64, world: &World, agent: AgentId) -> &[FieldFacts] {
        self.quantities(generation, world);
        let same = self.of == Some((generation, agent));
        if same && self.tick == Some(tick) {
            return &self.list;
        }
        let editable = world.get_resource::<EditableComponents>();
        let exists = world.resource::<AgentIndex>().get(agent).is_some();
        self.list = self
            .quantities
            .iter()
            .filter(|_| exists)
            .filter_map(|quantity| {
                let value = quantity.value(world, agent)?;
                let component = quantity.name().split('.').next().unwrap_or_default();
                Some(FieldFacts {
                    spec: quantity.spec().clone(),
                    value,
                    editable: editable.is_some_and(|editable| editable.contains(component)),
                })
            })
            .collect();
        (self.of, self.tick) = (Some((generation, agent)), Some(tick));
        &self.list
    }
}

/// Shows the fields.
pub(super) fn show(ui: &mut Ui, look: &Look, view: &AgentView, state: &mut AgentState, actions: &mut Actions) {
    let field = TextEdit::singleline(&mut state.search).hint_text("Search fields").desired_width(f32::INFINITY);
    let response = ui.add(field);
    widgets::named(ui, &response, WidgetType::TextEdit, "Search fields");
    ui.add_space(spacing::NORMAL);
    let wanted = state.search.trim().to_lowercase();
    let shown: Vec<&FieldFacts> = view
        .fields
        .iter()
        .filter(|field| wanted.is_empty() || field.spec.name.to_lowercase().contains(&wanted))
        .collect();
    if shown.is_empty() {
        let how = "Search for part of a name, such as health or velocity.";
        widgets::empty(ui, look, ICON_SEARCH_OFF, "No field has this name", how);
        return;
    }
    for fields in shown.chunk_by(|a, b| a.component() == b.component()) {
        let title = format::words(fields[0].component());
        let trailing = |ui: &mut Ui| {
            if !fields[0].editable {
                ui.label(look.quiet("worked out by the simulation"));
            }
        };
        widgets::section(ui, look, &title, trailing, |ui| {
            for field in fields {
                ui.push_id(&field.spec.name, |ui| row(ui, look, view.agent.id, field, state, actions));
            }
        });
    }
}

fn row(ui: &mut Ui, look: &Look, agent: AgentId, field: &FieldFacts, state: &mut AgentState, actions: &mut Actions) {
    let label = field.label();
    ui.horizontal(|ui| {
        ui.set_min_height(measure::CONTROL);
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            match state.edited.before(agent, &field.spec.name) {
                Some(before) => {
                    let response = widgets::icon_button(ui, look, ICON_UNDO, &format!("Reset {}", field.spec.name));
                    let tip = format!("Back to {}, what it was before it was edited", field.spec.text(before));
                    if widgets::tip(response, look, &tip, "").clicked() {
                        actions.intervene(set(agent, field, before));
                        state.edited.forget(&field.spec.name);
                    }
                }
                None => ui.add_space(measure::CONTROL),
            }
            value(ui, look, agent, field, state, actions);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let response = ui.add(Label::new(look.quiet(label.as_str())).truncate());
                response.on_hover_ui(|ui| explain(ui, look, field));
            });
        });
    });
}

fn explain(ui: &mut Ui, look: &Look, field: &FieldFacts) {
    ui.set_max_width(measure::SCENE_LIST);
    ui.label(look.strong(field.label()));
    ui.add(Label::new(look.body(field.spec.help.trim())).wrap());
    if let Some(range) = field.spec.range {
        ui.label(look.quiet(format!("Range {range} {}", field.spec.unit)));
    }
    ui.label(look.figure(field.spec.name.as_str()).color(look.secondary));
}

/// The intervention that sets a field; choices are set by their names.
fn set(agent: AgentId, field: &FieldFacts, value: f64) -> SetField {
    let name = field.spec.labels().and_then(|labels| labels.get(value as usize));
    match name {
        Some(name) => SetField {
            select: Selector::Ids(vec![agent]),
            field: field.spec.name.clone(),
            value: ParamValue::Text(name.clone()),
        },
        None => set_field(agent, &field.spec.name, value),
    }
}

fn value(ui: &mut Ui, look: &Look, agent: AgentId, field: &FieldFacts, state: &mut AgentState, actions: &mut Actions) {
    if !field.editable {
        ui.add(Label::new(look.figure(value_text(field))).truncate());
        return;
    }
    if let Some(labels) = field.spec.labels() {
        let chosen = labels.get(field.value as usize).map_or(format::NOTHING, String::as_str);
        let response = widgets::choice(&field.spec.name, measure::SPEED, look.body(chosen)).show_ui(ui, |ui| {
            for (at, label) in labels.iter().enumerate() {
                if ui.selectable_label(at as f64 == field.value, look.body(label)).clicked() {
                    state.edited.note(agent, &field.spec.name, field.value);
                    actions.intervene(set(agent, field, at as f64));
                }
            }
        });
        widgets::named(ui, &response.response, WidgetType::ComboBox, &field.spec.name);
        return;
    }
    // A column of its own, so that numbers stand below each other.
    ui.allocate_ui_with_layout(vec2(measure::SPEED, measure::CONTROL), Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_width(measure::SPEED);
        ui.add(Label::new(look.quiet(field.spec.unit.as_str())).truncate());
    });
    let range = field.spec.range.map_or((f64::MIN, f64::MAX), |range| (range.min, range.max));
    let span = if range.1 - range.0 < 1e9 { (range.1 - range.0) / 200.0 } else { 1.0 };
    let whole = field.spec.kind == QuantityKind::Integer;
    let of = Editable {
        range,
        speed: if whole { span.max(0.1) } else { span.clamp(1e-3, 1.0) },
        places: if whole { 0 } else { format::decimals_for_step(span.clamp(1e-3, 0.1)) },
        ..Editable::any(&field.spec.name, &field.spec.name, field.value)
    };
    if let Some(edited) = number(ui, agent, of, measure::NUMBER, &mut state.dragged) {
        state.edited.note(agent, &field.spec.name, field.value);
        actions.intervene(set_field(agent, &field.spec.name, edited));
    }
}

fn value_text(field: &FieldFacts) -> String {
    match field.spec.labels() {
        Some(_) => field.spec.text(field.value),
        None => format::with_unit(field.value, &field.spec.unit),
    }
}
