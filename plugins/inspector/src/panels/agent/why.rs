//! Why an agent does what it does: what it would decide if it decided now, and what each input adds to that.

use agent2028_core::explain::{Choice, Explanation, Term, Value};
use agent2028_view::tokens::spacing;
use agent2028_view::{Lens, ViewSettings};
use bevy::math::Vec2;
use bevy_egui::egui;
use egui::{Align, Align2, Color32, FontId, Label, Layout, Pos2, Rect, Sense, Shape, Stroke, Ui, pos2, vec2};
use egui_material_icons::icons::{ICON_CHECK, ICON_GROUPS, ICON_VISIBILITY};

use super::AgentView;
use crate::actions::{Action, Actions};
use crate::format;
use crate::theme::{Look, measure};
use crate::widgets;

/// Shows the explanations.
pub(super) fn show(ui: &mut Ui, look: &Look, view: &AgentView, actions: &mut Actions) {
    for explanation in view.explanations {
        ui.push_id(explanation.section, |ui| one(ui, look, view, explanation, actions));
    }
}

fn one(ui: &mut Ui, look: &Look, view: &AgentView, explanation: &Explanation, actions: &mut Actions) {
    ui.add(Label::new(look.strong(format!("{} {}", view.agent.name, explanation.sentence))).wrap());
    ui.add_space(spacing::TIGHT);
    let outcome = format!("If it decided now, it {}.", outcome_in_words(explanation));
    ui.add(Label::new(look.body(outcome)).wrap()).on_hover_text(look.body(
        "Worked out from the state as it is, by the rules and the dice of the tick to come. An intervention in between \
         changes it.",
    ));
    ui.add_space(spacing::NORMAL);
    let arrows = arrows(explanation);
    if !arrows.is_empty() {
        diagram(ui, look, explanation, &arrows);
        ui.add_space(spacing::NORMAL);
    }
    if !explanation.terms.is_empty() {
        let unit = explanation.terms.iter().find(|term| term.contribution.is_some()).map_or("", |term| term.unit);
        let trailing = |ui: &mut Ui| {
            ui.label(look.quiet(unit));
        };
        widgets::section(ui, look, "Inputs", trailing, |ui| inputs(ui, look, explanation));
    }
    if !explanation.choices.is_empty() {
        widgets::section(ui, look, "Choices", |_| {}, |ui| choices(ui, look, &explanation.choices));
    }
    widgets::section(ui, look, "Perception", |_| {}, |ui| perception(ui, look, view, explanation, actions));
}

fn outcome_in_words(explanation: &Explanation) -> String {
    let wanted = total(explanation).length();
    match explanation.outcome.limit {
        Some(limit) if wanted > limit * 1.001 => format!(
            "{}: its inputs ask for a change of {}, of which {} is possible in a tick",
            explanation.outcome.sentence,
            format::with_unit(f64::from(wanted), "units/s"),
            format::with_unit(f64::from(limit), "units/s")
        ),
        _ => explanation.outcome.sentence.clone(),
    }
}

fn total(explanation: &Explanation) -> Vec2 {
    explanation.terms.iter().filter_map(|term| term.contribution.as_ref()?.vector()).sum()
}

/// The inputs that pull somewhere: their place in the list of terms and what they contribute.
fn arrows(explanation: &Explanation) -> Vec<(usize, Vec2)> {
    explanation
        .terms
        .iter()
        .enumerate()
        .filter_map(|(at, term)| Some((at, term.contribution.as_ref()?.vector()?)))
        .filter(|(_, vector)| *vector != Vec2::ZERO)
        .collect()
}

/// The pulls as arrows from the agent, each in the colour of its row, and what comes of them.
fn diagram(ui: &mut Ui, look: &Look, explanation: &Explanation, arrows: &[(usize, Vec2)]) {
    let size = vec2(ui.available_width(), measure::DIAGRAM);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let words = format!("Pulls on the agent: {}", explanation.outcome.sentence);
    widgets::named(ui, &response, egui::WidgetType::Image, &words);
    if !ui.is_rect_visible(rect) {
        return;
    }
    let painter = ui.painter().with_clip_rect(rect);
    painter.rect(rect, crate::theme::radius(), look.background, crate::theme::hairline(look), egui::StrokeKind::Inside);
    let center = rect.center();
    let radius = size.y / 2.0 - spacing::WIDE;
    let change = explanation.outcome.change.unwrap_or(Vec2::ZERO);
    let longest = arrows.iter().map(|(_, vector)| vector.length()).fold(change.length(), f32::max);
    if longest <= 0.0 {
        return;
    }
    let tip = |vector: Vec2| center + vec2(vector.x, -vector.y) * (radius / longest);
    if let Some(limit) = explanation.outcome.limit.filter(|limit| *limit > 0.0 && *limit < longest * 1.001) {
        painter.circle_stroke(center, radius * limit / longest, crate::theme::hairline(look));
    }
    let heading = explanation.senses.heading;
    if heading != Vec2::ZERO {
        let far = vec2(heading.x, -heading.y) * (radius + spacing::NORMAL);
        painter.add(Shape::dashed_line(
            &[center, center + far],
            Stroke::new(spacing::HAIRLINE, look.disabled),
            spacing::TIGHT,
            spacing::TIGHT,
        ));
    }
    for (at, vector) in arrows {
        arrow(&painter, center, tip(*vector), look.category(*at));
    }
    if change != Vec2::ZERO {
        arrow(&painter, center, tip(change), look.text);
    }
    painter.circle_filled(center, measure::DOT, look.text);
    let font = FontId::proportional(agent2028_view::tokens::type_size::SMALL);
    let corner = rect.min + vec2(spacing::NORMAL, spacing::TIGHT);
    painter.text(corner, Align2::LEFT_TOP, "outcome", font.clone(), look.text);
    let corner = pos2(rect.right() - spacing::NORMAL, rect.top() + spacing::TIGHT);
    painter.text(corner, Align2::RIGHT_TOP, "dashed: heading", font, look.secondary);
}

fn arrow(painter: &egui::Painter, from: Pos2, to: Pos2, color: Color32) {
    let along = to - from;
    let length = along.length();
    if length < 1.0 {
        return;
    }
    let ahead = along / length;
    let head = spacing::NORMAL.min(length);
    let (back, side) = (to - ahead * head, ahead.rot90() * (head * 0.4));
    painter.line_segment([from, back], Stroke::new(measure::CURVE, color));
    painter.add(Shape::convex_polygon(vec![to, back + side, back - side], color, Stroke::NONE));
}

fn inputs(ui: &mut Ui, look: &Look, explanation: &Explanation) {
    let along = explanation.outcome.change.map_or(Vec2::ZERO, |change| change.normalize_or_zero());
    let pull = |term: &Term| match term.contribution.as_ref() {
        // With the outcome or against it.
        Some(Value::Vector(vector)) => Some(vector.dot(along)),
        // A turn to the left goes to the left.
        Some(Value::Number(number)) => Some(-*number as f32),
        _ => None,
    };
    let most = explanation.terms.iter().filter_map(pull).map(f32::abs).fold(0.0, f32::max);
    for (at, term) in explanation.terms.iter().enumerate() {
        let response = row(ui, look, at, term, pull(term).map(|pull| if most > 0.0 { pull / most } else { 0.0 }));
        let weight = term.weight;
        response.on_hover_ui(|ui| {
            ui.set_max_width(measure::SCENE_LIST);
            ui.label(look.strong(term.name.as_ref()));
            ui.add(Label::new(look.body(term.meaning.as_ref())).wrap());
            if let Some(weight) = weight {
                ui.label(look.quiet(format!(
                    "Reads {}, weighs {}",
                    value_text(&term.value, term.unit),
                    format::number(weight)
                )));
            }
            if let Some(setting) = &term.setting {
                ui.label(look.quiet("Set by"));
                ui.label(look.figure(setting.as_str()).color(look.secondary));
            }
        });
    }
    if along != Vec2::ZERO {
        let note = "Bars to the right pull the way it goes, bars to the left against it.";
        ui.add(Label::new(look.quiet(note)).wrap());
    }
}

/// A vector by its length, a turn with its side.
pub(super) fn value_text(value: &Value, unit: &str) -> String {
    match value {
        Value::Number(degrees) if unit == "°" => {
            let side = if *degrees > 0.0 {
                " left"
            } else if *degrees < 0.0 {
                " right"
            } else {
                ""
            };
            format!("{}°{side}", format::fixed(degrees.abs(), 1))
        }
        Value::Number(number) => format::with_unit(*number, unit),
        Value::Vector(vector) => format::with_unit(f64::from(vector.length()), unit),
        Value::Text(text) => text.to_string(),
    }
}

fn row(ui: &mut Ui, look: &Look, at: usize, term: &Term, pull: Option<f32>) -> egui::Response {
    let shown = term.contribution.as_ref().unwrap_or(&term.value);
    let text = match (shown, pull) {
        // The unit stands above the column.
        (Value::Vector(vector), Some(_)) => format::number(f64::from(vector.length())),
        (shown, _) => value_text(shown, term.unit),
    };
    let response = ui
        .horizontal(|ui| {
            ui.set_min_height(measure::CONTROL);
            ui.spacing_mut().item_spacing.x = spacing::TIGHT;
            ui.allocate_ui_with_layout(
                vec2(measure::INPUT_LABEL, measure::CONTROL),
                Layout::left_to_right(Align::Center),
                |ui| {
                    ui.set_min_width(measure::INPUT_LABEL);
                    let tint = if pull.is_some() { look.category(at) } else { look.hairline };
                    widgets::swatch(ui, tint);
                    ui.add(Label::new(look.body(term.name.as_ref())).truncate());
                },
            );
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                match pull {
                    Some(_) => {
                        ui.allocate_ui_with_layout(
                            vec2(measure::NUMBER, measure::CONTROL),
                            Layout::right_to_left(Align::Center),
                            |ui| {
                                ui.set_min_width(measure::NUMBER);
                                ui.add(Label::new(look.figure(text.as_str())).truncate());
                            },
                        );
                    }
                    None => {
                        ui.add(Label::new(look.figure(text.as_str())).truncate());
                    }
                }
                if let Some(pull) = pull {
                    bar(ui, look, pull, look.category(at));
                }
            });
        })
        .response
        .interact(Sense::hover());
    let words = format!("{}: {}", term.name, value_text(shown, term.unit));
    widgets::named(ui, &response, egui::WidgetType::Label, &words);
    response
}

/// A bar from the middle, −1 to 1.
fn bar(ui: &mut Ui, look: &Look, share: f32, color: Color32) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), measure::BAR), Sense::hover());
    let middle = rect.center().x;
    let end = middle + share.clamp(-1.0, 1.0) * rect.width() / 2.0;
    let filled = Rect::from_x_y_ranges(middle.min(end)..=middle.max(end), rect.y_range());
    ui.painter().rect_filled(filled, 0.0, color);
    ui.painter().vline(middle, rect.expand(spacing::TIGHT / 2.0).y_range(), crate::theme::hairline(look));
}

fn choices(ui: &mut Ui, look: &Look, choices: &[Choice]) {
    for choice in choices {
        let response = ui
            .horizontal(|ui| {
                ui.set_min_height(measure::CONTROL);
                ui.spacing_mut().item_spacing.x = spacing::TIGHT;
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    ui.allocate_ui_with_layout(
                        vec2(measure::TICK_COLUMN / 1.5, measure::CONTROL),
                        Layout::right_to_left(Align::Center),
                        |ui| {
                            ui.set_min_width(measure::TICK_COLUMN / 1.5);
                            ui.label(look.figure(format::percent(choice.probability)));
                        },
                    );
                    let (rect, _) = ui.allocate_exact_size(vec2(measure::NUMBER, measure::BAR), Sense::hover());
                    let filled = Rect::from_min_size(
                        rect.min,
                        vec2(rect.width() * choice.probability.clamp(0.0, 1.0) as f32, rect.height()),
                    );
                    ui.painter().rect_filled(rect, 0.0, look.raised);
                    ui.painter().rect_filled(filled, 0.0, if choice.taken { look.accent } else { look.info });
                    if choice.taken {
                        ui.label(look.icon(ICON_CHECK).color(look.accent));
                    }
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        ui.add(Label::new(look.body(choice.name.as_ref())).truncate());
                    });
                });
            })
            .response;
        let taken = if choice.taken { ", chosen" } else { "" };
        let words = format!("{}: {}{taken}", choice.name, format::percent(choice.probability));
        widgets::named(ui, &response, egui::WidgetType::Label, &words);
        response.on_hover_text(look.body(words));
    }
}

fn perception(ui: &mut Ui, look: &Look, view: &AgentView, explanation: &Explanation, actions: &mut Actions) {
    let senses = &explanation.senses;
    let count = explanation.perceived.len() as u64;
    widgets::property_text(ui, look, "Perceives", look.figure(format::counted(count, "agent", "agents")));
    if let Some(radius) = senses.radius {
        widgets::property_text(ui, look, "Radius", look.figure(format::with_unit(f64::from(radius), "units")));
    }
    if let Some(degrees) = senses.view_degrees {
        widgets::property_text(
            ui,
            look,
            "Field of view",
            look.figure(format!("{}°", format::number(f64::from(degrees)))),
        );
    }
    let width = ui.available_width();
    ui.add_enabled_ui(count > 0, |ui| {
        let response = widgets::verb_button(ui, look, ICON_GROUPS, look.info, "Select whom it perceives", width);
        if widgets::tip(response, look, "Select the agents that count in this decision", "").clicked() {
            actions.push(Action::Select(explanation.perceived.clone()));
        }
    });
    let through = view.settings.lens == Lens::Agent;
    let (text, lens) =
        if through { ("See the world as it is", Lens::Truth) } else { ("See as this agent", Lens::Agent) };
    let response = widgets::verb_button(ui, look, ICON_VISIBILITY, look.accent, text, width);
    if widgets::tip(response, look, "Draw what this agent perceives and dim the rest", "").clicked() {
        let settings = ViewSettings { lens, ..view.settings.clone() };
        actions.push(Action::View(Box::new(settings)));
    }
}
