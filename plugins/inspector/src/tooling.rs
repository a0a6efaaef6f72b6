//! What stands over the world while somebody works on it: the strip of the tool in hand, and a fault on its way there.

use agent2028_boids::config::BoidsConfig;
use agent2028_core::agent::AgentGroups;
use agent2028_core::faults::Spawn;
use agent2028_core::space::WorldBounds;
use agent2028_network::Network;
use agent2028_pheromones::field::PheromoneField;
use agent2028_view::Tool;
use agent2028_view::paint::Projection;
use agent2028_view::picking::agent_at;
use agent2028_view::tokens::{spacing, type_size};
use agent2028_view::tool::Sketch;
use bevy::math::Vec2;
use bevy_egui::egui;
use egui::{Id, Rect, Stroke, Ui};

use crate::actions::Actions;
use crate::facts::GroupCounts;
use crate::hand::ToolOptions;
use crate::panels::faults::FaultsState;
use crate::panels::{faults, tool_options};
use crate::shell::Facts;
use crate::shortcuts::{self, Command};
use crate::state::InspectorState;
use crate::theme::Look;

/// What the tool in hand makes, and what was just done.
pub(crate) fn tool_strip(
    ctx: &egui::Context,
    look: &Look,
    facts: &Facts,
    state: &mut InspectorState,
    actions: &mut Actions,
    free: Rect,
) {
    let world = facts.simulation.world();
    let bounds = *facts.resource::<WorldBounds>();
    let fields: Vec<String> = world
        .get_resource::<PheromoneField>()
        .map_or_else(Vec::new, |field| field.layers().map(|(_, name, _)| name.to_owned()).collect());
    let measured = match facts.tools.sketcher.sketch() {
        Sketch::Drag(from, to) if facts.tools.active == Tool::Measure => Some((from, to)),
        _ => facts.tools.measured,
    };
    let measured = measured.map(|(from, to)| {
        let straight = from.distance(to);
        let around = bounds.delta(bounds.enter(from), bounds.enter(to)).length();
        (straight, (bounds.wraps() && around < straight * 0.999).then_some(around))
    });
    let InspectorState { states, done, .. } = state;
    let mut options = states.take::<ToolOptions>();
    let view = tool_options::ToolOptionsView {
        tool: facts.tools.active,
        shape: facts.tools.shape,
        radius: facts.tools.radius_in(&bounds),
        groups: states.of::<GroupCounts>().follow(facts.generation(), world),
        fields: &fields,
        bounds,
        thick: world.contains_resource::<BoidsConfig>(),
        paused: !facts.transport.playing,
        measured,
        cuttable: world.contains_resource::<Network>().then_some(facts.selection.selected.as_slice()),
        done: done.as_ref().map(|(words, _)| words.as_str()),
        undo: shortcuts::keys(Command::Undo),
    };
    tool_options::show(ctx, look, free, &view, &mut options, actions);
    state.states.put(options);
}

/// How long is told what was just done, in seconds of real time.
pub(crate) const TOLD_S: f64 = 4.0;

/// A row of the palette on its way to the world: what it would hit, and what it does when it is let go.
pub(crate) fn drop_fault(
    ui: &Ui,
    look: &Look,
    facts: &Facts,
    state: &mut InspectorState,
    actions: &mut Actions,
    free: Rect,
) {
    let Some(verb) = state.states.of::<FaultsState>().dragged else { return };
    let ctx = ui.ctx();
    let (at, released, now) = ctx.input(|input| (input.pointer.interact_pos(), !input.pointer.any_down(), input.time));
    let given_up = ctx.input(|input| input.key_pressed(egui::Key::Escape));
    if released || given_up {
        state.states.of::<FaultsState>().dragged = None;
    }
    let Some(at) = at.filter(|at| free.contains(*at) && !given_up) else {
        if !released {
            ctx.set_cursor_icon(egui::CursorIcon::NoDrop);
        }
        return;
    };
    let zoom = ctx.zoom_factor();
    let projection = Projection::new(facts.camera, facts.viewport);
    let pixel = Vec2::new(at.x, at.y) * zoom;
    let world = facts.simulation.world();
    let agents = facts.simulation.agents() as u64;
    let InspectorState { states, done, .. } = state;
    let palette = states.of::<FaultsState>().clone();
    let view = faults::FaultsView {
        agents,
        groups: states.of::<GroupCounts>().follow(facts.generation(), world),
        selected: &facts.selection.selected,
        capabilities: &[],
        fields: &[],
        talking: None,
        proving: None,
        trusting: false,
        demands: &[],
        offered: &[],
        view_center: facts.camera.center,
        world_size: facts.resource::<WorldBounds>().size.max_element(),
    };
    let agent = if verb.is::<Spawn>() { None } else { agent_at(facts.simulation, &projection, pixel) };
    let on = agent.map_or_else(|| faults::DropOn::Ground(projection.point(pixel)), faults::DropOn::Agent);
    if released {
        let (intervention, words) = palette.dropped(verb, on, &view);
        actions.intervene(intervention);
        *done = Some((words, now + TOLD_S));
        return;
    }
    ctx.set_cursor_icon(egui::CursorIcon::Grabbing);
    let painter =
        ctx.layer_painter(egui::LayerId::new(egui::Order::Tooltip, Id::new("dragged fault"))).with_clip_rect(free);
    let stroke = Stroke::new(spacing::HAIRLINE * 1.5, look.accent);
    let text = match on {
        faults::DropOn::Agent(agent) => {
            painter.circle_stroke(at, spacing::WIDE, stroke);
            faults::hint(verb, Some(&facts.resource::<AgentGroups>().name_of(agent)))
        }
        faults::DropOn::Ground(_) => {
            let radius = projection.length(palette.drop_radius(&view)) / zoom;
            painter.circle(at, radius, look.accent.gamma_multiply(0.08), stroke);
            faults::hint(verb, None)
        }
    };
    let font = egui::FontId::proportional(type_size::SMALL);
    let galley = painter.layout_no_wrap(text, font, look.text);
    let corner = at + egui::vec2(spacing::SECTION, spacing::SECTION);
    let rect = Rect::from_min_size(corner, galley.size()).expand2(egui::vec2(spacing::NORMAL, spacing::TIGHT));
    painter.rect_filled(rect, crate::theme::radius(), look.panel);
    painter.galley(corner, galley, look.text);
}
