//! What an agent is and does: in a sentence, where it goes, whether it is in order, how it serves.

use agent2028_core::agent::{AgentId, FitnessWeights, ServiceRecord, Status, fitness};
use agent2028_core::faults::Degrade;
use agent2028_core::selector::Selector;
use agent2028_view::tokens::spacing;
use bevy::math::{Vec2, ops};
use bevy_egui::egui;
use egui::{Align, Label, Layout, Ui};
use egui_material_icons::icons::{ICON_CONTENT_COPY, ICON_FINGERPRINT};

use super::edit::{Dragged, Editable, number, set_field};
use super::{AgentState, AgentView};
use crate::actions::{Action, Actions};
use crate::format;
use crate::theme::{Look, measure};
use crate::widgets;

/// Shows the overview.
pub(super) fn show(ui: &mut Ui, look: &Look, view: &AgentView, state: &mut AgentState, actions: &mut Actions) {
    if let Some(explanation) = view.explanations.first() {
        ui.add(Label::new(look.body(format!("{} {}.", view.agent.name, explanation.sentence))).wrap());
        ui.add(Label::new(look.quiet(format!("Next, it {}.", explanation.outcome.sentence))).wrap());
        ui.add_space(spacing::NORMAL);
        widgets::rule(ui, look);
        ui.add_space(spacing::NORMAL);
    }
    widgets::section(ui, look, "Motion", |_| {}, |ui| motion(ui, look, view, &mut state.dragged, actions));
    widgets::section(ui, look, "Condition", |_| {}, |ui| condition(ui, look, view, &mut state.dragged, actions));
    if let Some(record) = &view.agent.record {
        widgets::section(
            ui,
            look,
            "Service",
            |_| {},
            |ui| {
                service(ui, look, view, record, &mut state.dragged, actions);
            },
        );
    }
    widgets::section(ui, look, "Identity", |_| {}, |ui| identity(ui, look, view, state, actions));
}

fn motion(ui: &mut Ui, look: &Look, view: &AgentView, dragged: &mut Dragged, actions: &mut Actions) {
    let agent = view.agent;
    let (x, y) = (f64::from(agent.position.x), f64::from(agent.position.y));
    let position = [Editable::any("Position.x", "Position x", x), Editable::any("Position.y", "Position y", y)];
    pair(ui, look, "Position", agent.id, position, dragged, actions);
    let Some(velocity) = agent.velocity else {
        widgets::property_text(ui, look, "Velocity", look.quiet("does not move"));
        return;
    };
    let (x, y) = (f64::from(velocity.x), f64::from(velocity.y));
    let parts = [Editable::any("Velocity.x", "Velocity x", x), Editable::any("Velocity.y", "Velocity y", y)];
    pair(ui, look, "Velocity", agent.id, parts, dragged, actions);
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
    dragged: &mut Dragged,
    actions: &mut Actions,
) {
    widgets::property(ui, look, label, |ui| {
        let width = (widgets::rest(ui, spacing::TIGHT) / 2.0).floor();
        for part in parts.into_iter().rev() {
            if let Some(edited) = number(ui, agent, part, width, dragged) {
                actions.intervene(set_field(agent, part.path, edited));
            }
        }
    });
}

fn condition(ui: &mut Ui, look: &Look, view: &AgentView, dragged: &mut Dragged, actions: &mut Actions) {
    let agent = view.agent;
    health_slider(ui, look, agent.id, f64::from(agent.condition.health), dragged, |health| {
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
fn health_slider(ui: &mut Ui, look: &Look, agent: AgentId, health: f64, dragged: &mut Dragged, set: impl FnOnce(f32)) {
    const PATH: &str = "Condition.health";
    widgets::property(ui, look, "Health", |ui| {
        let mut edited = dragged.value(agent, PATH).unwrap_or(health);
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
        if let Some(value) = dragged.settled(&response, agent, PATH, edited) {
            set(value as f32);
        }
    });
}

fn service(
    ui: &mut Ui,
    look: &Look,
    view: &AgentView,
    record: &ServiceRecord,
    dragged: &mut Dragged,
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
            if let Some(edited) = number(ui, agent.id, of, measure::NUMBER, dragged) {
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
