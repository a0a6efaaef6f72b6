//! The inspector of several agents at once: how many, of which kind, in which state, and changes for all of them.

use agent2028_core::agent::{AgentGroups, AgentId, Status};
use agent2028_core::faults::{Degrade, Remove, SetField};
use agent2028_core::quantity::QuantitySpec;
use agent2028_core::reflect_path::ParamValue;
use agent2028_core::selector::Selector;
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Align, Label, Layout, ScrollArea, Ui};
use egui_material_icons::icons::{ICON_CLOSE, ICON_DELETE, ICON_EDIT, ICON_HEART_BROKEN};

use crate::actions::{Action, Actions};
use crate::facts::{GroupFacts, ManyFacts, status_index};
use crate::format;
use crate::panels::agent::{grant_row, state_buttons};
use crate::panels::compare::Spread;
use crate::theme::{Look, measure};
use crate::widgets;

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct ManyView<'a> {
    /// The selected agents, ascending.
    pub selected: &'a [AgentId],
    /// The same agents taken together.
    pub facts: &'a ManyFacts,
    /// The scene's groups.
    pub groups: &'a [GroupFacts],
    /// Who belongs to which group.
    pub names: &'a AgentGroups,
    /// The capabilities that are known.
    pub capabilities: &'a [String],
    /// How the numbers of the selected agents are spread.
    pub spreads: &'a [Spread],
    /// The numbers that can be set.
    pub fields: &'a [QuantitySpec],
}

/// What the panel remembers.
#[derive(Clone, Debug, PartialEq)]
pub struct ManyState {
    /// The health that all of them are to get, 0–1.
    pub health: f32,
    /// The capability that is being typed.
    pub capability: String,
    /// The field that all of them are to get a value for.
    pub field: String,
    /// That value: a number, or one of the field's choices.
    pub value: ParamValue,
}

impl Default for ManyState {
    fn default() -> Self {
        Self { health: 0.5, capability: String::new(), field: String::new(), value: ParamValue::Number(0.0) }
    }
}

/// Shows several agents.
pub fn show(ui: &mut Ui, look: &Look, view: &ManyView, state: &mut ManyState, actions: &mut Actions) {
    let select = || Selector::Ids(view.selected.to_vec());
    header(ui, look, view, actions);
    ui.add_space(spacing::TIGHT);
    state_buttons(ui, look, &select, None, actions);
    ui.add_space(spacing::NORMAL);
    widgets::section(ui, look, "Together", |_| {}, |ui| together(ui, look, view));
    if !view.spreads.is_empty() {
        widgets::section(ui, look, "Distributions", |_| {}, |ui| spreads(ui, look, view.spreads));
    }
    widgets::section(ui, look, "Change all", |_| {}, |ui| change(ui, look, view, &select, state, actions));
    widgets::section(ui, look, "Agents", |_| {}, |ui| list(ui, look, view, actions));
}

fn header(ui: &mut Ui, look: &Look, view: &ManyView, actions: &mut Actions) {
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let close = widgets::icon_button(ui, look, ICON_CLOSE, "Select nothing");
            if widgets::tip(close, look, "Select nothing", "Escape").clicked() {
                actions.push(Action::Select(Vec::new()));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let count = format::counted(view.facts.count as u64, "agent", "agents");
                ui.add(Label::new(look.title(format!("{count} selected"))).truncate());
            });
        });
    });
    if view.facts.gone > 0 {
        ui.label(look.quiet(format!("{} more have left the world", format::count(view.facts.gone as u64))));
    }
}

fn together(ui: &mut Ui, look: &Look, view: &ManyView) {
    for status in [Status::Active, Status::Failed, Status::Frozen] {
        let count = view.facts.by_status[status_index(status)];
        if count == 0 && status != Status::Active {
            continue;
        }
        widgets::property(ui, look, widgets::status_word(status, false), |ui| {
            ui.label(look.figure(format::count(count as u64)));
            let tint = widgets::status_color(look, status, false);
            ui.label(look.icon(widgets::status_icon(status, false)).color(tint));
        });
    }
    for (number, (group, count)) in view.groups.iter().zip(&view.facts.by_group).enumerate() {
        if *count > 0 {
            widgets::property(ui, look, &group.name, |ui| {
                ui.label(look.figure(format::count(*count as u64)));
                widgets::swatch(ui, look.category(number));
            });
        }
    }
    let health = if view.facts.count == view.facts.by_status[status_index(Status::Failed)] {
        format::NOTHING.to_owned()
    } else {
        format::percent(view.facts.mean_health)
    };
    widgets::property_text(ui, look, "Mean health", look.figure(health));
    if let Some(speed) = view.facts.mean_speed {
        widgets::property_text(ui, look, "Mean speed", look.figure(format::with_unit(speed, "units/s")));
    }
    let centre = view.facts.centroid;
    let centre = format!("{}, {}", format::fixed(centre.x.into(), 1), format::fixed(centre.y.into(), 1));
    widgets::property_text(ui, look, "Centre", look.figure(centre));
}

fn change(
    ui: &mut Ui,
    look: &Look,
    view: &ManyView,
    select: &dyn Fn() -> Selector,
    state: &mut ManyState,
    actions: &mut Actions,
) {
    widgets::property(ui, look, "Health", |ui| {
        ui.allocate_ui_with_layout(
            egui::vec2(measure::CONTROL + spacing::SECTION, measure::CONTROL),
            Layout::right_to_left(Align::Center),
            |ui| {
                ui.set_min_width(measure::CONTROL + spacing::SECTION);
                ui.label(look.figure(format::percent(state.health.into())));
            },
        );
        let mut health = f64::from(state.health);
        let width = ui.available_width();
        if widgets::slider(ui, &mut health, 0.0..=1.0, 0.01, width, "Health for all").changed() {
            state.health = health as f32;
        }
    });
    let count = format::count(view.facts.count as u64);
    let width = ui.available_width();
    let health = format::percent(state.health.into());
    let text = format!("Set the health of {count} to {health}");
    if widgets::verb_button(ui, look, ICON_HEART_BROKEN, look.warning, &text, width).clicked() {
        actions.intervene(Degrade { select: select(), health: state.health, ..Degrade::default() });
    }
    if !view.fields.is_empty() {
        set_all(ui, look, view, select, state, actions);
    }
    grant_row(ui, look, view.capabilities, select, &mut state.capability, actions);
    let text = format!("Remove {count} for good");
    if widgets::verb_button(ui, look, ICON_DELETE, look.danger, &text, width).clicked() {
        actions.intervene(Remove { select: select() });
    }
}

/// A field, a value, and a button that sets it for all.
fn set_all(
    ui: &mut Ui,
    look: &Look,
    view: &ManyView,
    select: &dyn Fn() -> Selector,
    state: &mut ManyState,
    actions: &mut Actions,
) {
    if !view.fields.iter().any(|field| field.name == state.field) {
        state.field = view.fields.first().map_or(String::new(), |field| field.name.clone());
        state.value = ParamValue::Number(0.0);
    }
    let Some(field) = view.fields.iter().find(|field| field.name == state.field) else { return };
    widgets::property(ui, look, "Field", |ui| {
        let width = ui.available_width();
        let chosen = look.figure(field.name.as_str());
        let response = widgets::choice("field for all", width, chosen).show_ui(ui, |ui| {
            for other in view.fields {
                let response = ui.selectable_label(other.name == field.name, look.figure(other.name.as_str()));
                if response.on_hover_text(look.body(other.help.trim())).clicked() {
                    state.field.clone_from(&other.name);
                    let first = other.labels().and_then(|labels| labels.first()).cloned();
                    state.value = first.map_or(ParamValue::Number(0.0), ParamValue::Text);
                }
            }
        });
        widgets::named(ui, &response.response, egui::WidgetType::ComboBox, "Field for all");
        response.response.on_hover_text(look.body(field.help.trim()));
    });
    widgets::property(ui, look, "Value", |ui| match (field.labels(), &mut state.value) {
        (Some(labels), value) => {
            let chosen = value.to_ron();
            let response =
                widgets::choice("value for all", measure::CHOICE, look.body(chosen.as_str())).show_ui(ui, |ui| {
                    for label in labels {
                        if ui.selectable_label(*label == chosen, look.body(label)).clicked() {
                            *value = ParamValue::Text(label.clone());
                        }
                    }
                });
            widgets::named(ui, &response.response, egui::WidgetType::ComboBox, "Value for all");
        }
        (None, ParamValue::Number(number)) => {
            if !field.unit.is_empty() {
                ui.label(look.quiet(field.unit.as_str()));
            }
            let range = field.range.map_or((f64::MIN, f64::MAX), |range| (range.min, range.max));
            let span = range.1 - range.0;
            let speed = if span < 1e6 { span / 200.0 } else { 1.0 };
            let response = ui.add_sized(
                egui::vec2(measure::NUMBER, measure::CONTROL),
                egui::DragValue::new(number).range(range.0..=range.1).speed(speed).max_decimals(6),
            );
            let (enabled, shown) = (ui.is_enabled(), *number);
            response.widget_info(|| egui::WidgetInfo {
                label: Some("Value for all".to_owned()),
                ..egui::WidgetInfo::drag_value(enabled, shown)
            });
        }
        (None, value) => *value = ParamValue::Number(0.0),
    });
    let count = format::count(view.facts.count as u64);
    let text = format!("Set {} of {count} to {}", field.name, state.value);
    let width = ui.available_width();
    let response = widgets::verb_button(ui, look, ICON_EDIT, look.accent, &text, width);
    if widgets::tip(response, look, "One intervention for all of them; agents without this field stay as they are", "")
        .clicked()
    {
        actions.intervene(SetField { select: select(), field: field.name.clone(), value: state.value.clone() });
    }
}

/// How each number is spread over the agents: smallest and largest, the mean, and a small histogram.
fn spreads(ui: &mut Ui, look: &Look, spreads: &[Spread]) {
    for spread in spreads {
        let response = ui
            .horizontal(|ui| {
                ui.set_min_height(measure::CONTROL);
                ui.spacing_mut().item_spacing.x = spacing::TIGHT;
                ui.allocate_ui_with_layout(
                    egui::vec2(measure::LABEL, measure::CONTROL),
                    Layout::left_to_right(Align::Center),
                    |ui| {
                        ui.set_min_width(measure::LABEL);
                        ui.add(Label::new(look.quiet(format::label_of(&spread.spec.name))).truncate());
                    },
                );
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    ui.allocate_ui_with_layout(
                        egui::vec2(measure::NUMBER, measure::CONTROL),
                        Layout::right_to_left(Align::Center),
                        |ui| {
                            ui.set_min_width(measure::NUMBER);
                            ui.add(Label::new(look.figure(spread.middle())).truncate());
                        },
                    );
                    bins(ui, look, spread);
                });
            })
            .response
            .interact(egui::Sense::hover());
        let words = spread.words();
        widgets::named(ui, &response, egui::WidgetType::Label, &words);
        response.on_hover_text(look.body(words));
    }
}

fn bins(ui: &mut Ui, look: &Look, spread: &Spread) {
    let size = egui::vec2(ui.available_width(), measure::SPARKLINE.1);
    let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
    let most = spread.bins.iter().copied().max().unwrap_or(0).max(1) as f32;
    let width = rect.width() / spread.bins.len().max(1) as f32;
    for (at, count) in spread.bins.iter().enumerate() {
        let left = rect.left() + at as f32 * width;
        let top = egui::lerp(rect.bottom()..=rect.top(), *count as f32 / most);
        let bar = egui::Rect::from_x_y_ranges(left..=left + (width - 1.0).max(1.0), top..=rect.bottom());
        ui.painter().rect_filled(bar, 0.0, look.info);
    }
    ui.painter().hline(rect.x_range(), rect.bottom(), crate::theme::hairline(look));
}

/// The selected agents by name; only the rows in view cost anything.
fn list(ui: &mut Ui, look: &Look, view: &ManyView, actions: &mut Actions) {
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical()
        .id_salt("selected agents")
        .max_height(measure::AGENT_LIST)
        .auto_shrink([false, true])
        .show_rows(ui, measure::TABLE_ROW, view.selected.len(), |ui, rows| {
            for &agent in &view.selected[rows] {
                let response = widgets::row_background(ui, look, agent, false);
                let name = view.names.name_of(agent);
                widgets::named(ui, &response, egui::WidgetType::Button, &name);
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = spacing::NORMAL;
                    ui.add_space(spacing::TIGHT);
                    if let Some(group) = view.names.group_of(agent) {
                        widgets::swatch(ui, look.category(usize::from(group.0)));
                    }
                    let rest = widgets::rest(ui, measure::NUMBER);
                    widgets::cell(ui, rest, widgets::Cell::Left, |ui| ui.label(look.body(name.as_str())));
                    widgets::right_figure(
                        ui,
                        ui.available_width(),
                        look.figure(agent.to_string()).color(look.secondary),
                    );
                });
                if response.clicked() {
                    actions.push(Action::Select(vec![agent]));
                }
            }
        });
}
