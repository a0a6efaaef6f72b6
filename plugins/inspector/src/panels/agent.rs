//! The inspector of one agent: what it is, where it goes, what it can do, and all of it to edit.

use agent2028_core::agent::{AgentId, FitnessWeights, ServiceRecord, Status, fitness};
use agent2028_core::faults::{Degrade, Freeze, GrantCapability, Kill, Restart, SetField, WithdrawCapability};
use agent2028_core::reflect_path::ParamValue;
use agent2028_core::selector::Selector;
use agent2028_view::tokens::spacing;
use bevy::math::{Vec2, ops};
use bevy_egui::egui;
use egui::{Align, DragValue, Label, Layout, Response, Ui, WidgetInfo};
use egui_material_icons::icons::{
    ICON_AC_UNIT, ICON_ADD, ICON_CENTER_FOCUS_STRONG, ICON_CLOSE, ICON_CONTENT_COPY, ICON_FINGERPRINT,
    ICON_POWER_SETTINGS_NEW, ICON_RESTART_ALT,
};

use crate::actions::{Action, Actions};
use crate::facts::AgentFacts;
use crate::format;
use crate::panels::faults::capability_field;
use crate::theme::{Look, measure};
use crate::widgets;

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct AgentView<'a> {
    /// The agent.
    pub agent: &'a AgentFacts,
    /// Its UUID, if it was asked for.
    pub uuid: Option<&'a str>,
    /// Whether the camera follows it.
    pub followed: bool,
    /// The capabilities that are known.
    pub capabilities: &'a [String],
    /// The tick now.
    pub tick: u64,
    /// Ticks per simulated second.
    pub tick_hz: f64,
}

/// What the panel remembers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AgentState {
    /// The agent whose UUID was asked for.
    pub uuid_of: Option<AgentId>,
    /// The capability that is being typed.
    pub capability: String,
    /// A value that is being dragged and not asked for yet.
    dragged: Option<(AgentId, &'static str, f64)>,
}

/// Shows an agent.
pub fn show(ui: &mut Ui, look: &Look, view: &AgentView, state: &mut AgentState, actions: &mut Actions) {
    header(ui, look, view, actions);
    ui.add_space(spacing::TIGHT);
    state_buttons(ui, look, Selector::Ids(vec![view.agent.id]), Some(view.agent.condition.status), actions);
    ui.add_space(spacing::NORMAL);
    widgets::section(ui, look, "Motion", |_| {}, |ui| motion(ui, look, view, state, actions));
    widgets::section(ui, look, "Condition", |_| {}, |ui| condition(ui, look, view, state, actions));
    if let Some(record) = &view.agent.record {
        widgets::section(ui, look, "Service", |_| {}, |ui| service(ui, look, view, record, state, actions));
    }
    let count = view.agent.capabilities.len();
    let trailing = |ui: &mut Ui| {
        ui.label(look.figure(format::count(count as u64)).color(look.secondary));
    };
    widgets::section(ui, look, "Capabilities", trailing, |ui| {
        let select = Selector::Ids(vec![view.agent.id]);
        owned_capabilities(ui, look, &view.agent.capabilities, &select, actions);
        grant_row(ui, look, view.capabilities, &select, &mut state.capability, actions);
    });
    widgets::section(ui, look, "Identity", |_| {}, |ui| identity(ui, look, view, state, actions));
}

fn header(ui: &mut Ui, look: &Look, view: &AgentView, actions: &mut Actions) {
    let agent = view.agent;
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = spacing::TIGHT;
            let close = widgets::icon_button(ui, look, ICON_CLOSE, "Select nothing");
            if widgets::tip(close, look, "Select nothing", "Escape").clicked() {
                actions.push(Action::Select(Vec::new()));
            }
            let name = if view.followed { "Stop following" } else { "Follow with the camera" };
            let follow = widgets::icon_toggle(ui, look, ICON_CENTER_FOCUS_STRONG, name, view.followed);
            if widgets::tip(follow, look, name, "").clicked() {
                actions.push(Action::Follow((!view.followed).then_some(agent.id)));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(look.title(agent.name.as_str())).truncate());
            });
        });
    });
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        let degraded = agent.degraded();
        let tint = widgets::status_color(look, agent.condition.status, degraded);
        let word = widgets::status_word(agent.condition.status, degraded);
        ui.label(look.icon(widgets::status_icon(agent.condition.status, degraded)).color(tint));
        ui.label(look.body(word).color(tint));
        ui.add_space(spacing::TIGHT);
        // What may be long comes last, so that it is cut and not the number at the right.
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(look.figure(agent.id.to_string()).color(look.secondary));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                if let Some((number, group)) = &agent.group {
                    widgets::swatch(ui, look.category(*number));
                    ui.add(Label::new(look.body(group.as_str())).truncate());
                }
            });
        });
    });
}

/// Kill, restart and freeze for the agents that are meant; what changes nothing is greyed out.
pub fn state_buttons(ui: &mut Ui, look: &Look, select: Selector, status: Option<Status>, actions: &mut Actions) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        let width = ((ui.available_width() - 2.0 * spacing::TIGHT) / 3.0).floor();
        ui.add_enabled_ui(status != Some(Status::Failed), |ui| {
            let response = widgets::verb_button(ui, look, ICON_POWER_SETTINGS_NEW, look.danger, "Kill", width);
            if widgets::tip(response, look, "It stops, and nobody perceives it.", "").clicked() {
                actions.intervene(Kill { select: select.clone(), duration_s: None });
            }
        });
        ui.add_enabled_ui(!matches!(status, Some(Status::Failed | Status::Frozen)), |ui| {
            let response = widgets::verb_button(ui, look, ICON_AC_UNIT, look.info, "Freeze", width);
            if widgets::tip(response, look, "It stands still; others still perceive it.", "").clicked() {
                actions.intervene(Freeze { select: select.clone(), duration_s: None });
            }
        });
        let response = widgets::verb_button(ui, look, ICON_RESTART_ALT, look.good, "Restart", width);
        if widgets::tip(response, look, "It is active again, with its own health.", "").clicked() {
            actions.intervene(Restart { select });
        }
    });
}

/// A number of an agent that can be edited.
#[derive(Clone, Copy, Debug)]
struct Editable {
    /// The component's name and the field in it.
    path: &'static str,
    /// What screen readers call it.
    name: &'static str,
    /// Its value now.
    value: f64,
    /// Smallest and largest value.
    range: (f64, f64),
    /// How much a pixel of dragging changes it.
    speed: f64,
    /// Decimal places shown.
    places: usize,
}

impl Editable {
    const fn any(path: &'static str, name: &'static str, value: f64) -> Self {
        Self { path, name, value, range: (f64::MIN, f64::MAX), speed: 1.0, places: 1 }
    }
}

/// A number field. Returns the new value once the pointer has let go of it, or at once if it was typed.
fn number(ui: &mut Ui, agent: AgentId, of: Editable, width: f32, state: &mut AgentState) -> Option<f64> {
    let mut edited = held_value(state, agent, of.path).unwrap_or(of.value);
    let field = DragValue::new(&mut edited)
        .range(of.range.0..=of.range.1)
        .clamp_existing_to_range(false)
        .speed(of.speed)
        .min_decimals(of.places)
        .max_decimals(of.places);
    let response = ui.add_sized(egui::vec2(width, measure::CONTROL), field);
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo { label: Some(of.name.to_owned()), ..WidgetInfo::drag_value(enabled, edited) });
    settled(&response, agent, of.path, edited, state)
}

fn held_value(state: &AgentState, agent: AgentId, path: &str) -> Option<f64> {
    state.dragged.filter(|(of, at, _)| *of == agent && *at == path).map(|(.., value)| value)
}

/// The value once the pointer has let go of the widget, or at once if it was changed without the pointer.
fn settled(
    response: &Response,
    agent: AgentId,
    path: &'static str,
    edited: f64,
    state: &mut AgentState,
) -> Option<f64> {
    let held = response.dragged() || response.is_pointer_button_down_on();
    if response.changed() && held {
        state.dragged = Some((agent, path, edited));
        None
    } else if response.changed() {
        state.dragged = None;
        Some(edited)
    } else if !held && held_value(state, agent, path).is_some() {
        state.dragged.take().map(|(.., dragged)| dragged)
    } else {
        None
    }
}

fn set_field(agent: AgentId, field: &str, value: f64) -> SetField {
    SetField { select: Selector::Ids(vec![agent]), field: field.to_owned(), value: ParamValue::Number(value) }
}

fn motion(ui: &mut Ui, look: &Look, view: &AgentView, state: &mut AgentState, actions: &mut Actions) {
    let agent = view.agent;
    let (x, y) = (f64::from(agent.position.x), f64::from(agent.position.y));
    let position = [Editable::any("Position.x", "Position x", x), Editable::any("Position.y", "Position y", y)];
    pair(ui, look, "Position", agent.id, position, state, actions);
    let Some(velocity) = agent.velocity else {
        widgets::property_text(ui, look, "Velocity", look.quiet("does not move"));
        return;
    };
    let (x, y) = (f64::from(velocity.x), f64::from(velocity.y));
    let parts = [Editable::any("Velocity.x", "Velocity x", x), Editable::any("Velocity.y", "Velocity y", y)];
    pair(ui, look, "Velocity", agent.id, parts, state, actions);
    let speed = format::with_unit(f64::from(velocity.length()), "units/s");
    widgets::property_text(ui, look, "Speed", look.figure(speed));
    let heading = heading_degrees(velocity).map_or(format::NOTHING.to_owned(), |degrees| format!("{degrees:.0}°"));
    let response = widgets::property_text(ui, look, "Heading", look.figure(heading));
    response.on_hover_text(look.body("0° is to the right, 90° is up"));
}

/// Where something moves to, 0–359 whole degrees, counter-clockwise from the right; `None` if it stands still.
fn heading_degrees(velocity: Vec2) -> Option<f32> {
    if velocity == Vec2::ZERO || !velocity.is_finite() {
        return None;
    }
    let degrees = ops::atan2(velocity.y, velocity.x).to_degrees();
    // Rounding comes first: 359.9° is 0°.
    Some(ops::rem_euclid(degrees.round(), 360.0))
}

fn pair(
    ui: &mut Ui,
    look: &Look,
    label: &str,
    agent: AgentId,
    parts: [Editable; 2],
    state: &mut AgentState,
    actions: &mut Actions,
) {
    widgets::property(ui, look, label, |ui| {
        let width = ((ui.available_width() - spacing::TIGHT) / 2.0).floor();
        for part in parts.into_iter().rev() {
            if let Some(edited) = number(ui, agent, part, width, state) {
                actions.intervene(set_field(agent, part.path, edited));
            }
        }
    });
}

fn condition(ui: &mut Ui, look: &Look, view: &AgentView, state: &mut AgentState, actions: &mut Actions) {
    let agent = view.agent;
    health_slider(ui, look, agent.id, f64::from(agent.condition.health), state, |health| {
        let select = Selector::Ids(vec![agent.id]);
        actions.intervene(Degrade { select, health, ..Degrade::default() });
    });
    if agent.condition.base_health < 1.0 {
        let own = format::percent(f64::from(agent.condition.base_health));
        widgets::property_text(ui, look, "Own health", look.figure(own));
    }
    for (label, until, ends) in [
        ("Status ends", agent.condition.status_until, agent.condition.status != Status::Active),
        ("Health returns", agent.condition.health_until, agent.degraded()),
    ] {
        if ends {
            let when = if until == u64::MAX {
                "never by itself".to_owned()
            } else {
                let left = until.saturating_sub(view.tick) as f64 / view.tick_hz;
                format!("in {}", format::clock(left))
            };
            widgets::property_text(ui, look, label, look.figure(when));
        }
    }
}

/// A slider for health; the new value is told once the pointer has let go of it.
fn health_slider(ui: &mut Ui, look: &Look, agent: AgentId, health: f64, state: &mut AgentState, set: impl FnOnce(f32)) {
    const PATH: &str = "Condition.health";
    widgets::property(ui, look, "Health", |ui| {
        let mut edited = held_value(state, agent, PATH).unwrap_or(health);
        ui.allocate_ui_with_layout(
            egui::vec2(measure::CONTROL + spacing::SECTION, measure::CONTROL),
            Layout::right_to_left(Align::Center),
            |ui| {
                ui.set_min_width(measure::CONTROL + spacing::SECTION);
                ui.label(look.figure(format::percent(edited)));
            },
        );
        let width = ui.available_width();
        let response = widgets::slider(ui, &mut edited, 0.0..=1.0, 0.01, width, "Health");
        if let Some(value) = settled(&response, agent, PATH, edited, state) {
            set(value as f32);
        }
    });
}

fn service(
    ui: &mut Ui,
    look: &Look,
    view: &AgentView,
    record: &ServiceRecord,
    state: &mut AgentState,
    actions: &mut Actions,
) {
    let agent = view.agent;
    for (label, unit, of) in [
        (
            "Latency",
            "ms",
            Editable {
                range: (0.0, 1e9),
                ..Editable::any("ServiceRecord.latency_ms", "Latency", f64::from(record.latency_ms))
            },
        ),
        (
            "Reliability",
            "",
            Editable {
                range: (0.0, 1.0),
                speed: 0.01,
                places: 3,
                ..Editable::any("ServiceRecord.reliability", "Reliability", f64::from(record.reliability))
            },
        ),
        (
            "Most at once",
            "operations",
            Editable {
                range: (1.0, 1e6),
                speed: 0.1,
                places: 0,
                ..Editable::any("ServiceRecord.max_concurrency", "Most at once", f64::from(record.max_concurrency))
            },
        ),
    ] {
        widgets::property(ui, look, label, |ui| {
            if !unit.is_empty() {
                ui.label(look.quiet(unit));
            }
            if let Some(edited) = number(ui, agent.id, of, measure::NUMBER, state) {
                actions.intervene(set_field(agent.id, of.path, edited));
            }
        });
    }
    let load =
        format!("{} of {}", format::count(record.current_load.into()), format::count(record.max_concurrency.into()));
    widgets::property_text(ui, look, "Load", look.figure(load));
    let claimed = format::number(f64::from(record.reported_reliability));
    widgets::property_text(ui, look, "Claims", look.figure(claimed))
        .on_hover_text(look.body("The reliability that the agent reports of itself, 0 to 1"));
    let value = fitness(true, agent.condition.health, record, &FitnessWeights::default());
    widgets::property_text(ui, look, "Fitness", look.figure(format::number(f64::from(value))))
        .on_hover_text(look.body("0.3 health + 0.3 latency + 0.2 reliability + 0.2 free capacity, 0 to 1"));
    let seen = format!("tick {}", format::count(record.last_seen));
    widgets::property_text(ui, look, "Last seen", look.figure(seen));
}

/// The capabilities that agents have, each with a button that withdraws it.
fn owned_capabilities(ui: &mut Ui, look: &Look, names: &[String], select: &Selector, actions: &mut Actions) {
    if names.is_empty() {
        ui.label(look.quiet("None yet. Grant one below, for example database.query."));
    }
    for name in names {
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let response = widgets::icon_button(ui, look, ICON_CLOSE, &format!("Withdraw {name}"));
                if widgets::tip(response, look, &format!("Withdraw {name}"), "").clicked() {
                    let select = select.clone();
                    actions.intervene(WithdrawCapability { select, capability: name.clone() });
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(Label::new(look.figure(name.as_str())).truncate());
                });
            });
        });
    }
}

/// A field and a button that grants a capability.
pub fn grant_row(
    ui: &mut Ui,
    look: &Look,
    known: &[String],
    select: &Selector,
    text: &mut String,
    actions: &mut Actions,
) {
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = spacing::TIGHT;
            let name = text.trim().to_owned();
            let granted = ui
                .add_enabled_ui(!name.is_empty(), |ui| {
                    let response = widgets::icon_button(ui, look, ICON_ADD, "Grant the capability");
                    widgets::tip(response, look, "Grant the capability", "Enter").clicked()
                })
                .inner;
            let field = capability_field(ui, known, text);
            let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            if (granted || entered) && !name.is_empty() {
                actions.intervene(GrantCapability { select: select.clone(), capability: name });
                text.clear();
            }
        });
    });
}

fn identity(ui: &mut Ui, look: &Look, view: &AgentView, state: &mut AgentState, actions: &mut Actions) {
    widgets::property_text(ui, look, "Number", look.figure(view.agent.id.to_string()));
    match view.uuid {
        None => {
            widgets::property(ui, look, "UUID", |ui| {
                let width = ui.available_width();
                if widgets::verb_button(ui, look, ICON_FINGERPRINT, look.secondary, "Show UUID", width).clicked() {
                    state.uuid_of = Some(view.agent.id);
                }
            });
        }
        Some(uuid) => {
            ui.horizontal(|ui| {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let response = widgets::icon_button(ui, look, ICON_CONTENT_COPY, "Copy UUID");
                    if widgets::tip(response, look, "Copy UUID", "").clicked() {
                        actions.push(Action::Copy(uuid.to_owned()));
                    }
                    ui.add(Label::new(look.figure(uuid)).truncate().selectable(true));
                });
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_whole_degrees_from_the_right() {
        assert_eq!(heading_degrees(Vec2::new(2.0, 0.0)), Some(0.0));
        assert_eq!(heading_degrees(Vec2::new(0.0, 1.0)), Some(90.0));
        assert_eq!(heading_degrees(Vec2::new(0.0, -1.0)), Some(270.0));
        assert_eq!(heading_degrees(Vec2::new(1.0, -0.001)), Some(0.0));
        assert_eq!(heading_degrees(Vec2::ZERO), None);
    }
}
