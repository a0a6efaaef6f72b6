//! Links between agents, and messages on their way.

use agent2028_core::agent::{AgentId, AgentIndex, Position};
use agent2028_core::time::end_of;
use agent2028_network::neighbours::Links;
use agent2028_network::{MessageKind, Network};
use bevy::math::Vec2;

use super::{FrameInput, line};
use crate::paint::Painter;

/// If there are more links than this, only those of selected agents are drawn: all would cover everything else.
const MOST_LINKS: u64 = 4_000;
/// If there are more messages than this, only those from and to selected agents are drawn.
const MOST_MESSAGES: u64 = 2_000;
/// How clearly links are drawn: a few stand out, many must not.
const LINK_ALPHA: (f32, f32) = (0.09, 0.4);
/// Up to so many links are few; four times as many are half as clear.
const FEW_LINKS: f32 = 150.0;

pub(super) fn paint(painter: &mut Painter, input: &FrameInput) {
    let layers = &input.settings.layers;
    let world = input.simulation.world();
    let (Some(network), Some(index)) = (world.get_resource::<Network>(), world.get_resource::<AgentIndex>()) else {
        return;
    };
    let place = |agent: u32| {
        let entity = index.get(AgentId(agent))?;
        world.get::<Position>(entity).map(|position| position.0).filter(|place| place.is_finite())
    };
    if layers.links {
        paint_links(painter, input, network, &place);
    }
    if layers.messages {
        paint_messages(painter, input, network, &place);
    }
}

fn paint_links(painter: &mut Painter, input: &FrameInput, network: &Network, place: &impl Fn(u32) -> Option<Vec2>) {
    let (tokens, bounds) = (input.settings.tokens(), input.bounds());
    let (count, selected) = (network.link_count(), &input.selection.selected);
    if count > MOST_LINKS && selected.len() as u64 > MOST_LINKS {
        return;
    }
    let of_selected = || selected.iter().map(|agent| network.neighbours(*agent));
    let shown = if count > MOST_LINKS { of_selected().map(|all| all.len() as u64).sum() } else { count };
    if shown > MOST_LINKS {
        return;
    }
    let clear = LINK_ALPHA.1 * (FEW_LINKS / shown.max(1) as f32).sqrt();
    let color = tokens.secondary.alpha(clear.clamp(LINK_ALPHA.0, LINK_ALPHA.1));
    let cut = tokens.danger.alpha(0.35);
    let mut link = |one: u32, other: u32| {
        if let (Some(from), Some(to)) = (place(one), place(other)) {
            let color = if network.faults().cut(one, other) { cut } else { color };
            line::paint(painter, input, &bounds, from, to, color);
        }
    };
    if count > MOST_LINKS {
        for (agent, neighbours) in selected.iter().zip(of_selected()) {
            // A link between two selected agents is drawn once.
            let selected_before = |other: u32| other < agent.0 && selected.binary_search(&AgentId(other)).is_ok();
            neighbours.iter().filter(|other| !selected_before(*other)).for_each(|other| link(agent.0, other));
        }
        return;
    }
    match network.links() {
        Links::Sparse(links) => links.edges().for_each(|(one, other)| link(one, other)),
        Links::Full => {
            let members = network.members().ids();
            for (at, one) in members.iter().enumerate() {
                members[at + 1..].iter().for_each(|other| link(*one, *other));
            }
        }
    }
}

fn paint_messages(painter: &mut Painter, input: &FrameInput, network: &Network, place: &impl Fn(u32) -> Option<Vec2>) {
    let (tokens, bounds, now) = (input.settings.tokens(), input.bounds(), end_of(input.simulation.tick()));
    let selected = &input.selection.selected;
    let few = network.in_flight() <= MOST_MESSAGES;
    if !few && selected.is_empty() {
        return;
    }
    let meant = |agent: AgentId| selected.binary_search(&agent).is_ok();
    let shown = network.flights().filter(|(_, message)| few || meant(message.from) || meant(message.to));
    for (_, message) in shown.take(MOST_MESSAGES as usize) {
        let (Some(from), Some(to)) = (place(message.from.0), place(message.to.0)) else {
            continue;
        };
        let way = message.arrives.saturating_sub(message.sent).max(1);
        let progress = (now.saturating_sub(message.sent) as f32 / way as f32).min(1.0);
        let at = input.projection.pixel(bounds.enter(from + bounds.delta(from, to) * progress));
        // What carries news stands out from what only asks and answers.
        let (color, radius) = match message.kind {
            MessageKind::RUMOUR => (tokens.warning, 2.6),
            MessageKind::ENTRIES | MessageKind::BRANCHES => (tokens.good, 2.2),
            MessageKind::PING | MessageKind::PING_REQUEST | MessageKind::ACK | MessageKind::HEARTBEAT => {
                (tokens.info, 1.6)
            }
            _ => (tokens.secondary, 1.8),
        };
        if input.projection.sees(at, radius) {
            painter.disc(at, radius, color.alpha(0.9));
        }
    }
}
