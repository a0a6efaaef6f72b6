//! Links between agents, and messages on their way, drawn over the world.

use agent2028_core::agent::AgentId;
use agent2028_core::time::end_of;
use agent2028_network::neighbours::Links;
use agent2028_network::{MessageKind, Network};
use agent2028_view::paint::Painter;
use agent2028_view::{Layer, LayerFacts, LayerInput};
use bevy::prelude::World;

/// If there are more links than this, only those of selected agents are drawn: all would cover everything else.
const MOST_LINKS: u64 = 4_000;
/// If there are more messages than this, only those from and to selected agents are drawn.
const MOST_MESSAGES: u64 = 2_000;
/// How clearly links are drawn: a few stand out, many must not.
const LINK_ALPHA: (f32, f32) = (0.09, 0.4);
/// Up to so many links are few; four times as many are half as clear.
const FEW_LINKS: f32 = 150.0;

/// Who is linked with whom.
#[derive(Clone, Copy, Debug)]
pub struct LinksLayer;

impl Layer for LinksLayer {
    const FACTS: LayerFacts = LayerFacts {
        key: "links",
        label: "Links",
        help: "Who is linked with whom, and where a partition cuts; where links are too many, those of the selected agents",
        shortcut: "Alt 7",
        shown: true,
    };

    fn applies(world: &World) -> bool {
        world.contains_resource::<Network>()
    }

    fn paint(painter: &mut Painter, input: &LayerInput) {
        if let Some(network) = input.world().get_resource::<Network>() {
            paint_links(painter, input, network);
        }
    }
}

/// Messages on their way.
#[derive(Clone, Copy, Debug)]
pub struct MessagesLayer;

impl Layer for MessagesLayer {
    const FACTS: LayerFacts = LayerFacts {
        key: "messages",
        label: "Messages in flight",
        help: "Messages on their way; where they are too many, those from and to the selected agents",
        shortcut: "Alt 8",
        shown: true,
    };

    fn applies(world: &World) -> bool {
        world.contains_resource::<Network>()
    }

    fn paint(painter: &mut Painter, input: &LayerInput) {
        if let Some(network) = input.world().get_resource::<Network>() {
            paint_messages(painter, input, network);
        }
    }
}

fn paint_links(painter: &mut Painter, input: &LayerInput, network: &Network) {
    let tokens = input.tokens();
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
        if let (Some(from), Some(to)) = (input.place(AgentId(one)), input.place(AgentId(other))) {
            let color = if network.faults().cut(one, other) { cut } else { color };
            input.line(painter, from, to, color);
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

fn paint_messages(painter: &mut Painter, input: &LayerInput, network: &Network) {
    let (tokens, bounds, now) = (input.tokens(), input.bounds(), end_of(input.simulation.tick()));
    let selected = &input.selection.selected;
    let few = network.in_flight() <= MOST_MESSAGES;
    if !few && selected.is_empty() {
        return;
    }
    let meant = |agent: AgentId| selected.binary_search(&agent).is_ok();
    let shown = network.flights().filter(|(_, message)| few || meant(message.from) || meant(message.to));
    for (_, message) in shown.take(MOST_MESSAGES as usize) {
        let (Some(from), Some(to)) = (input.place(message.from), input.place(message.to)) else {
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
