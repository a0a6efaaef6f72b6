//! What the tool in hand makes and how large: a strip over the world, with a line that says what to do.

use agent2028_core::space::WorldBounds;
use agent2028_view::ToolFacts;
use agent2028_view::tokens::spacing;
use agent2028_view::tool::SELECT;
use bevy_egui::egui;
use egui::{Context, DragValue, Label, Order, Rect, Ui};
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons::{ICON_CENTER_FOCUS_WEAK, ICON_CHECK, ICON_CLOSE};

use crate::actions::{Action, ToolChange};
use crate::context::PanelContext;
use crate::floats::{self, Float, Wish};
use crate::shortcuts::{Command, keys};
use crate::theme::floating_frame;
use crate::widgets;

/// Whether a tool has anything to say.
#[must_use]
pub fn has_strip(tool: &ToolFacts) -> bool {
    tool.key != SELECT.key
}

/// Shows the strip at the top of the world; `done` is what was just done: "Spawned 100 ant".
pub fn show(ctx: &Context, free: Rect, context: &mut PanelContext, done: Option<&str>) {
    if !has_strip(context.facts.tools.active) && done.is_none() {
        return;
    }
    let wish = Wish::above(free, spacing::WIDE);
    let look = context.look;
    floats::show(ctx, Float::ToolOptions, wish, Order::Middle, true, |ui| {
        floating_frame(look).show(ui, |ui| strip(ui, context, done));
    });
}

/// The strip's contents.
pub fn strip(ui: &mut Ui, context: &mut PanelContext, done: Option<&str>) {
    if has_strip(context.facts.tools.active) {
        controls(ui, context);
    }
    told(ui, context, done);
}

fn controls(ui: &mut Ui, context: &mut PanelContext) {
    let (look, facts) = (context.look, context.facts);
    let tool = facts.tools.active;
    ui.horizontal(|ui| {
        ui.label(look.icon(MaterialIcon::new(tool.icon)).color(look.accent));
        ui.label(look.strong(tool.label));
        ui.add_space(spacing::TIGHT);
        facts.registry.tools.options(ui, tool, context);
        if tool.draws.is_sized(facts.tools.shape) {
            let bounds = facts.resource::<WorldBounds>();
            let mut radius = facts.tools.radius_in(bounds);
            let most = bounds.size.max_element();
            let field = DragValue::new(&mut radius).range(0.001..=most).suffix(" units").max_decimals(2);
            let help = "Radius in world units; drag in the world to draw another one";
            if widgets::tool_number(ui, look, "Radius", help, field.speed(f64::from(most) / 1000.0)) {
                context.actions.push(Action::Tool(ToolChange::Radius(radius)));
            }
        }
        if tool.draws.makes() {
            let response = widgets::icon_button(ui, look, ICON_CENTER_FOCUS_WEAK, "Do it at the centre of the view");
            let response = widgets::tip(response, look, "Do it at the centre of the view", keys(Command::UseTool));
            if response.clicked() {
                context.actions.push(Action::Tool(ToolChange::ActAtCenter));
            }
        }
        let close = widgets::icon_button(ui, look, ICON_CLOSE, "Put the tool away");
        if widgets::tip(close, look, "Put the tool away", "Escape").clicked() {
            context.actions.push(Action::Tool(ToolChange::Take(&SELECT)));
        }
    });
}

/// What was just done, or what to do.
fn told(ui: &mut Ui, context: &PanelContext, done: Option<&str>) {
    let (look, facts) = (context.look, context.facts);
    ui.horizontal(|ui| {
        if let Some(done) = done {
            ui.label(look.icon(ICON_CHECK).color(look.good));
            let when = if facts.transport.playing { "" } else { ", with the next tick" };
            let text = format!("{done}{when} \u{2014} {} to undo", keys(Command::Undo));
            ui.add(Label::new(look.quiet(text)));
        } else {
            let hint = facts.registry.tools.hint(facts.tools.active, facts.tools.shape);
            ui.add(Label::new(look.quiet(hint)));
        }
    });
}
