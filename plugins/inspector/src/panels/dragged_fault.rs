//! A row of the palette of faults on its way to the world: what it would hit, and what it does when it is let go.

use agent2028_core::agent::AgentGroups;
use agent2028_kit::faults::{DropOn, FaultsState, FaultsView};
use agent2028_view::paint::Projection;
use agent2028_view::picking::agent_at;
use agent2028_view::tokens::{spacing, type_size};
use bevy::math::Vec2;
use bevy_egui::egui;
use egui::{Id, Rect, Stroke, Ui};

use super::faults::all_rows;
use crate::actions::Actions;
use crate::context::Facts;
use crate::facts::GroupCounts;
use crate::states::States;
use crate::theme::{Look, radius};

/// Follows the row that is dragged; what was done in words, once it is let go.
pub fn show(
    ui: &Ui,
    look: &Look,
    facts: &Facts,
    states: &mut States,
    actions: &mut Actions,
    free: Rect,
) -> Option<String> {
    let verb = states.of::<FaultsState>().dragged?;
    let ctx = ui.ctx();
    let (at, released) = ctx.input(|input| (input.pointer.interact_pos(), !input.pointer.any_down()));
    let given_up = ctx.input(|input| input.key_pressed(egui::Key::Escape));
    if released || given_up {
        states.of::<FaultsState>().dragged = None;
    }
    let Some(at) = at.filter(|at| free.contains(*at) && !given_up) else {
        if !released {
            ctx.set_cursor_icon(egui::CursorIcon::NoDrop);
        }
        return None;
    };
    let zoom = ctx.zoom_factor();
    let projection = Projection::new(facts.camera, facts.viewport);
    let pixel = Vec2::new(at.x, at.y) * zoom;
    let rows = all_rows(facts.registry).into_iter().find(|rows| rows.has(verb));
    let (choices, mut counts) = (states.of::<FaultsState>().clone(), states.take::<GroupCounts>());
    let view = FaultsView::of(facts, counts.follow(facts.generation(), facts.world()));
    let needs_ground = rows.is_some_and(|rows| rows.needs_ground(verb));
    let agent = if needs_ground { None } else { agent_at(facts.simulation, &projection, pixel) };
    let on = agent.map_or_else(|| DropOn::Ground(projection.point(pixel)), DropOn::Agent);
    let done = released.then(|| match rows {
        Some(rows) => rows.dropped(verb, on, &view, &choices, states),
        None => choices.dropped(verb, on, &view),
    });
    let reach = choices.drop_radius(&view);
    states.put(counts);
    if let Some((intervention, words)) = done {
        actions.intervene(intervention);
        return Some(words);
    }
    ctx.set_cursor_icon(egui::CursorIcon::Grabbing);
    let painter =
        ctx.layer_painter(egui::LayerId::new(egui::Order::Tooltip, Id::new("dragged fault"))).with_clip_rect(free);
    let stroke = Stroke::new(spacing::HAIRLINE * 1.5, look.accent);
    let name = match on {
        DropOn::Agent(agent) => {
            painter.circle_stroke(at, spacing::WIDE, stroke);
            Some(facts.resource::<AgentGroups>().name_of(agent))
        }
        DropOn::Ground(_) => {
            let reach = projection.length(reach) / zoom;
            painter.circle(at, reach, look.accent.gamma_multiply(0.08), stroke);
            None
        }
    };
    let text = match (rows, &name) {
        (Some(rows), name) => rows.hint(verb, name.as_deref()),
        (None, Some(name)) => format!("{} {name}", verb.word()),
        (None, None) => format!("{} here", verb.word()),
    };
    let font = egui::FontId::proportional(type_size::SMALL);
    let galley = painter.layout_no_wrap(text, font, look.text);
    let corner = at + egui::vec2(spacing::SECTION, spacing::SECTION);
    let rect = Rect::from_min_size(corner, galley.size()).expand2(egui::vec2(spacing::NORMAL, spacing::TIGHT));
    painter.rect_filled(rect, radius(), look.panel);
    painter.galley(corner, galley, look.text);
    None
}
