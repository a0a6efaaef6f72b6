//! Agents of a frame: culled, then into instances, the canvas or the density map; and what is drawn on top of them.

use agent2028_core::agent::{Agent, AgentId, AgentIndex, Condition, Position, Velocity};
use agent2028_core::clock::SimClock;
use bevy::prelude::*;

use super::{AgentRoute, Frame, FrameInput};
use crate::agents::{AgentInstance, AgentLooks, AgentSize, Glyph, smoothing};
use crate::layer_facts::AGENTS;
use crate::paint::Painter;
use crate::recovery::closing_share;
use crate::tokens::marks;

/// More agents than this in a selection get their rings in a frame only as far as this goes.
const MOST_RINGS: usize = 20_000;

/// Agents that move or may move: id, place, velocity, condition.
pub(crate) type AgentData = (&'static Agent, &'static Position, Option<&'static Velocity>, Option<&'static Condition>);

pub(super) fn draw(frame: &mut Frame, input: &FrameInput, size: &AgentSize, put: &mut impl FnMut(AgentInstance)) {
    frame.visible = 0;
    frame.shows_density = false;
    if !input.settings.layers.shows(&AGENTS) {
        return;
    }
    let world = input.simulation.world();
    let (Some(facts), Some(mut agents)) = (input.looks(), world.try_query::<AgentData>()) else {
        return;
    };
    let projection = &input.projection;
    frame.shows_density = size.density > 0.0;
    let mut looks = AgentLooks::new(&facts, size.shows_heading());
    if frame.shows_density {
        frame.density.begin(projection.rect);
        for (agent, position, _, condition) in agents.iter(world) {
            let amiss = looks.amiss(agent.0, condition);
            let aimed = !input.aimed.0.is_empty() && input.aimed.contains(agent.0);
            frame.density.add(projection.pixel(position.0), amiss, aimed);
        }
        let bounds = input.bounds();
        let mean = input.simulation.agents() as f32
            / (bounds.size.x * bounds.size.y * projection.pixels_per_unit * projection.pixels_per_unit);
        let crowding = frame.density.crowding().max(mean);
        frame.density.smooth(smoothing(1.0 / crowding.sqrt()));
        frame.density.color(mean, input.settings.theme, size.density);
    }
    if size.singles > 0.0 {
        // The longest shapes reach a little further than half their length.
        let reach = size.length;
        let mut visible = 0;
        for (agent, position, velocity, condition) in agents.iter(world) {
            let at = projection.pixel(position.0);
            if !projection.sees(at, reach) {
                continue;
            }
            visible += 1;
            let look = looks.of(agent.0, velocity.map_or(Vec2::ZERO, |velocity| velocity.0), condition);
            let length = size.length * look.size;
            match frame.route {
                AgentRoute::Instances => {
                    put(AgentInstance::new(at, look.heading, length, look.color, look.glyph, size.singles));
                }
                AgentRoute::Canvas => {
                    frame.canvas.glyph(at, look.heading, length, look.color, look.glyph, size.singles);
                }
            }
        }
        frame.visible = visible;
    }
    rings(input, size, put);
}

/// How many instances a frame may put at most.
pub(super) fn most_instances(frame: &Frame, input: &FrameInput, size: &AgentSize) -> usize {
    let singles = frame.route == AgentRoute::Instances && size.singles > 0.0;
    let agents = if singles { input.simulation.agents() } else { 0 };
    agents + input.selection.selected.len().min(MOST_RINGS) + input.aimed.0.len().min(MOST_RINGS) + 1
}

/// Rings around what is selected, what is under the pointer and what waits to be changed. There are few, so they are always
/// instances.
fn rings(input: &FrameInput, size: &AgentSize, put: &mut impl FnMut(AgentInstance)) {
    let tokens = input.settings.tokens();
    let place = |agent: AgentId| -> Option<Vec2> {
        let world = input.simulation.world();
        let entity = world.get_resource::<AgentIndex>()?.get(agent)?;
        Some(input.projection.pixel(world.get::<Position>(entity)?.0))
    };
    let mut ring = |at: Vec2, glyph: Glyph, color| {
        let length = ring_length(size);
        if input.projection.sees(at, length) {
            put(AgentInstance::new(at, Vec2::X, length, color, glyph, 1.0));
        }
    };
    for agent in input.selection.selected.iter().take(MOST_RINGS) {
        if let Some(at) = place(*agent) {
            ring(at, Glyph::Ring, tokens.accent);
        }
    }
    // Where there is no room for rings the map's hue tells it.
    if size.singles > 0.0 {
        for agent in input.aimed.0.iter().take(MOST_RINGS) {
            if let Some(at) = place(*agent) {
                ring(at, Glyph::Aim, tokens.text);
            }
        }
    }
    if let Some(agent) = input.selection.hovered
        && !input.selection.contains(agent)
        && let Some(at) = place(agent)
    {
        ring(at, Glyph::ThinRing, tokens.text);
    }
}

/// Diameter of a ring around an agent, in logical pixels.
fn ring_length(size: &AgentSize) -> f32 {
    size.length.max(marks::DART.0) * 1.3 + 5.0
}

/// What is painted over the agents: the rubber band, and rings that close around agents that will recover.
pub(super) fn paint_overlay(painter: &mut Painter, input: &FrameInput, size: &AgentSize) {
    let tokens = input.settings.tokens();
    if input.settings.layers.shows(&AGENTS) && size.shows_heading() {
        paint_recovering(painter, input, size);
    }
    paint_flags(painter, input, size);
    if let Some(band) = input.selection.rubber_band {
        painter.rect(band, tokens.accent.alpha(0.08));
        painter.frame(band, 1.0, tokens.accent);
    }
}

/// A small flag on each pinned agent.
fn paint_flags(painter: &mut Painter, input: &FrameInput, size: &AgentSize) {
    let world = input.simulation.world();
    let Some(index) = world.get_resource::<AgentIndex>() else { return };
    let (color, (height, cloth)) = (input.settings.tokens().accent, marks::FLAG);
    for agent in &input.pins.0 {
        let Some(position) = index.get(*agent).and_then(|entity| world.get::<Position>(entity)) else { continue };
        let foot = input.projection.pixel(position.0) - Vec2::new(0.0, ring_length(size) * 0.5);
        if input.projection.sees(foot, height) {
            let top = foot - Vec2::new(0.0, height);
            painter.line(foot, top, marks::RING.0, color);
            painter.area(&[top, top + Vec2::new(cloth, cloth * 0.4), top + Vec2::new(0.0, cloth * 0.8)], color);
        }
    }
}

/// More recovering agents than this have no ring: it would be a carpet.
const MOST_RECOVERING: usize = 400;

fn paint_recovering(painter: &mut Painter, input: &FrameInput, size: &AgentSize) {
    // Who comes back, and when, is the truth; the system doesn't know it.
    if input.held.is_some() {
        return;
    }
    let world = input.simulation.world();
    let (Some(clock), Some(mut ill)) = (world.get_resource::<SimClock>(), world.try_query::<(&Position, &Condition)>())
    else {
        return;
    };
    let color = input.settings.tokens().good;
    let radius = ring_length(size) * 0.5;
    let recovering = ill.iter(world).filter_map(|(position, condition)| {
        let share = closing_share(condition, clock.tick(), clock.tick_hz())?;
        let at = input.projection.pixel(position.0);
        input.projection.sees(at, radius).then_some((at, share))
    });
    for (at, share) in recovering.take(MOST_RECOVERING) {
        painter.arc(at, radius, share, 1.5, color);
    }
}
