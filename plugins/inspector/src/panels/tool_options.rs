//! What the tool in hand makes and how large: a strip over the world, with a line that says what to do.

use agent2028_core::agent::AgentId;
use agent2028_core::selector::Selector;
use agent2028_core::space::WorldBounds;
use agent2028_network::interventions::Partition;
use agent2028_view::tokens::spacing;
use agent2028_view::{ObstacleShape, Tool};
use bevy_egui::egui;
use egui::{Align, Context, DragValue, Label, Layout, Order, Rect, Ui, WidgetInfo, WidgetType};
use egui_material_icons::icons::{ICON_CENTER_FOCUS_WEAK, ICON_CHECK, ICON_CLOSE, ICON_CONTENT_CUT};

use crate::actions::{Action, Actions, ToolChange};
use crate::facts::GroupFacts;
use crate::floats::{self, Float, Wish};
use crate::format;
use crate::hand::ToolOptions;
use crate::panels::tools::{icon, name};
use crate::theme::{Look, floating_frame, measure};
use crate::widgets;

/// What the strip reads.
#[derive(Clone, Copy, Debug)]
pub struct ToolOptionsView<'a> {
    /// The tool in hand.
    pub tool: Tool,
    /// What the obstacle tool draws.
    pub shape: ObstacleShape,
    /// Radius of brush, discs and places, in world units.
    pub radius: f32,
    /// The scene's groups.
    pub groups: &'a [GroupFacts],
    /// The names of the pheromone layers.
    pub fields: &'a [String],
    /// The world.
    pub bounds: WorldBounds,
    /// Whether obstacles have a thickness here: flocks fly around bodies, foragers around lines.
    pub thick: bool,
    /// Whether time stands still.
    pub paused: bool,
    /// The distance that was measured last, and the shortest way where the world wraps around, if that is shorter.
    pub measured: Option<(f32, Option<f32>)>,
    /// The selected agents, where agents talk: a lasso around them is one side of a partition.
    pub cuttable: Option<&'a [AgentId]>,
    /// What was just done: "Spawned 100 ant".
    pub done: Option<&'a str>,
    /// The keys that undo it.
    pub undo: &'a str,
}

/// Whether a tool has anything to say.
#[must_use]
pub const fn has_strip(tool: Tool) -> bool {
    !matches!(tool, Tool::Select)
}

/// Shows the strip at the top of the world.
pub fn show(
    ctx: &Context,
    look: &Look,
    free: Rect,
    view: &ToolOptionsView,
    options: &mut ToolOptions,
    actions: &mut Actions,
) {
    if !has_strip(view.tool) && view.done.is_none() {
        return;
    }
    let wish = Wish::above(free, spacing::WIDE);
    floats::show(ctx, Float::ToolOptions, wish, Order::Middle, true, |ui| {
        floating_frame(look).show(ui, |ui| strip(ui, look, view, options, actions));
    });
}

/// The strip's contents.
pub fn strip(ui: &mut Ui, look: &Look, view: &ToolOptionsView, options: &mut ToolOptions, actions: &mut Actions) {
    if !view.groups.iter().any(|group| group.name == options.group) {
        options.group = view.groups.first().map_or(String::new(), |group| group.name.clone());
    }
    if !view.fields.contains(&options.layer) {
        options.layer = view.fields.first().cloned().unwrap_or_default();
    }
    if has_strip(view.tool) {
        controls(ui, look, view, options, actions);
    }
    told(ui, look, view);
}

fn controls(ui: &mut Ui, look: &Look, view: &ToolOptionsView, options: &mut ToolOptions, actions: &mut Actions) {
    ui.horizontal(|ui| {
        ui.label(look.icon(icon(view.tool)).color(look.accent));
        ui.label(look.strong(name(view.tool)));
        ui.add_space(spacing::TIGHT);
        match view.tool {
            Tool::Select | Tool::Pan | Tool::Move | Tool::Nest => {}
            Tool::Lasso => cut_off(ui, look, view, actions),
            Tool::Measure => measured(ui, look, view),
            Tool::Spawn => {
                let count = DragValue::new(&mut options.count).range(1..=100_000).speed(1.0);
                number(ui, look, "Agents", "How many agents join with each click, 1–100 000", count);
                if view.groups.len() > 1 {
                    choice(ui, "Group", &mut options.group, view.groups.iter().map(|group| group.name.as_str()));
                }
            }
            Tool::Obstacle => {
                for shape in ObstacleShape::ALL {
                    let response = ui.selectable_label(view.shape == shape, shape.label());
                    if response.clicked() {
                        actions.push(Action::Tool(ToolChange::Shape(shape)));
                    }
                }
                if view.shape == ObstacleShape::Wall && view.thick {
                    let mut thickness = options.thickness_in(&view.bounds);
                    let most = view.bounds.size.min_element();
                    let field = DragValue::new(&mut thickness).range(0.001..=most).suffix(" units").max_decimals(2);
                    let field = field.speed(f64::from(most) / 1000.0);
                    if number(ui, look, "Thickness", "How thick walls are, in world units", field) {
                        options.thickness = thickness;
                    }
                }
            }
            Tool::Resource => {
                let field = DragValue::new(&mut options.amount).range(1.0..=1e9).speed(1.0).max_decimals(0);
                number(ui, look, "Amount", "How much food lies there, in units", field.suffix(" units"));
            }
            Tool::Paint => {
                choice(ui, "Pheromone", &mut options.layer, view.fields.iter().map(String::as_str));
                let field = DragValue::new(&mut options.strength).range(0.001..=1000.0).speed(0.01).max_decimals(3);
                number(ui, look, "Strength", "What each cell under the brush gets, in the layer's intensity", field);
            }
            Tool::Erase => {
                if !view.fields.is_empty() {
                    ui.checkbox(&mut options.all_layers, "All pheromones");
                    if !options.all_layers {
                        choice(ui, "Pheromone", &mut options.layer, view.fields.iter().map(String::as_str));
                    }
                }
            }
        }
        if sized(view) {
            let mut radius = view.radius;
            let most = view.bounds.size.max_element();
            let field = DragValue::new(&mut radius).range(0.001..=most).suffix(" units").max_decimals(2);
            let tip = "Radius in world units; drag in the world to draw another one";
            if number(ui, look, "Radius", tip, field.speed(f64::from(most) / 1000.0)) {
                actions.push(Action::Tool(ToolChange::Radius(radius)));
            }
        }
        if makes(view.tool) {
            let response = widgets::icon_button(ui, look, ICON_CENTER_FOCUS_WEAK, "Do it at the centre of the view");
            if widgets::tip(response, look, "Do it at the centre of the view", "Ctrl Enter").clicked() {
                actions.push(Action::Tool(ToolChange::ActAtCenter));
            }
        }
        let close = widgets::icon_button(ui, look, ICON_CLOSE, "Put the tool away");
        if widgets::tip(close, look, "Put the tool away", "Escape").clicked() {
            actions.push(Action::Tool(ToolChange::Take(Tool::Select)));
        }
    });
}

/// What was just done, or what to do.
fn told(ui: &mut Ui, look: &Look, view: &ToolOptionsView) {
    ui.horizontal(|ui| {
        if let Some(done) = view.done {
            ui.label(look.icon(ICON_CHECK).color(look.good));
            let undo = if view.undo.is_empty() { String::new() } else { format!(" \u{2014} {} to undo", view.undo) };
            let when = if view.paused { ", with the next tick" } else { "" };
            ui.add(Label::new(look.quiet(format!("{done}{when}{undo}"))));
        } else {
            ui.add(Label::new(look.quiet(hint(view.tool, view.shape))));
        }
    });
}

/// Whether the radius matters.
fn sized(view: &ToolOptionsView) -> bool {
    match view.tool {
        Tool::Spawn | Tool::Resource | Tool::Nest | Tool::Paint | Tool::Erase => true,
        Tool::Obstacle => view.shape == ObstacleShape::Circle,
        Tool::Select | Tool::Pan | Tool::Lasso | Tool::Move | Tool::Measure => false,
    }
}

/// Whether the tool can act at a point without a pointer.
fn makes(tool: Tool) -> bool {
    matches!(tool, Tool::Spawn | Tool::Obstacle | Tool::Resource | Tool::Nest | Tool::Paint | Tool::Erase)
}

/// What to do with the pointer, and what keys change.
#[must_use]
pub const fn hint(tool: Tool, shape: ObstacleShape) -> &'static str {
    match (tool, shape) {
        (Tool::Select, _) => "",
        (Tool::Pan, _) => "Drag to move the view. Wheel zooms.",
        (Tool::Lasso, _) => "Draw around agents. Shift adds them, Alt or Ctrl takes them out. Escape gives up.",
        (Tool::Move, _) => "Drag what lights up; selected agents move together. Escape gives up.",
        (Tool::Spawn, _) => "Click to spawn, or drag from the centre to choose how widely.",
        (Tool::Obstacle, ObstacleShape::Circle) => "Click, or drag from the centre to the rim.",
        (Tool::Obstacle, ObstacleShape::Polygon) => {
            "Click corner by corner, Enter or a double click closes; or draw it in one go. Backspace takes a corner back."
        }
        (Tool::Obstacle, ObstacleShape::Wall) => {
            "Click point by point, Enter or a double click ends; or draw it in one go. Backspace takes a point back."
        }
        (Tool::Resource, _) => "Click to drop food, or drag from the centre to choose its size.",
        (Tool::Nest, _) => "Click to found a nest, or drag from the centre to choose its size.",
        (Tool::Paint, _) => "Drag to paint. A stroke is applied as it is drawn, tick by tick.",
        (Tool::Erase, _) => "Drag to wipe; click a nest, a resource, a wall or an obstacle to remove it.",
        (Tool::Measure, _) => "Drag from one point to another.",
    }
}

/// Cuts those within the lasso off from the others.
fn cut_off(ui: &mut Ui, look: &Look, view: &ToolOptionsView, actions: &mut Actions) {
    let Some(selected) = view.cuttable else { return };
    ui.add_enabled_ui(!selected.is_empty(), |ui| {
        let response = widgets::verb_button(ui, look, ICON_CONTENT_CUT, look.danger, "Cut off", measure::NUMBER);
        let tip = "Lets no message pass between the selected agents and the others";
        if widgets::tip(response, look, tip, "").clicked() {
            actions.intervene(Partition { select: Selector::Ids(selected.to_vec()), duration_s: None });
        }
    });
}

fn measured(ui: &mut Ui, look: &Look, view: &ToolOptionsView) {
    let Some((straight, around)) = view.measured else {
        return;
    };
    ui.label(look.figure(format::with_unit(straight.into(), "units")));
    if let Some(around) = around {
        ui.label(look.quiet("around the edge"));
        ui.label(look.figure(format::with_unit(around.into(), "units")));
    }
}

/// A named number with a quiet label before it. Whether it was changed.
fn number(ui: &mut Ui, look: &Look, name: &str, tip: &str, field: DragValue) -> bool {
    ui.label(look.quiet(name));
    let response = ui.add(field);
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(WidgetType::DragValue, enabled, name));
    widgets::tip(response, look, tip, "").changed()
}

fn choice<'a>(ui: &mut Ui, name: &str, chosen: &mut String, among: impl Iterator<Item = &'a str>) {
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        let response = widgets::choice(name, measure::NUMBER, chosen.as_str())
            .show_ui(ui, |ui| {
                for known in among {
                    ui.selectable_value(chosen, known.to_owned(), known);
                }
            })
            .response;
        widgets::named(ui, &response, WidgetType::ComboBox, name);
    });
}
