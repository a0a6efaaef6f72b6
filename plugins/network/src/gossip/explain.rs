//! Whom an agent would turn to in the next round, and with what.

use agent2028_core::agent::AgentId;
use agent2028_core::clock::SimClock;
use agent2028_core::explain::{Choice, Explanation, Outcome, Term, explain_inability};
use agent2028_core::rng::SimRng;
use bevy::prelude::*;

use super::{Gossip, ROUND, goes, partners, rounds};
use crate::config::{GossipMode, NetworkConfig};
use crate::network::Network;

/// At most this many neighbours are listed as choices.
const LISTED: usize = 32;

/// What `agent` would gossip if a round began now; nothing if it doesn't talk or nothing is gossiped.
pub(crate) fn explain(world: &World, agent: AgentId) -> Option<Explanation> {
    let rules = world.get_resource::<NetworkConfig>()?.gossip.as_ref()?;
    let (network, gossip) = (world.get_resource::<Network>()?, world.get_resource::<Gossip>()?);
    network.members().place(agent.0)?;
    if let Some(inability) = explain_inability(world, agent) {
        return Some(inability);
    }
    let clock = world.get_resource::<SimClock>()?;
    let next = rounds(rules, clock).tick_after(clock.tick());
    let neighbours = network.neighbours(agent);
    let mut chosen = Vec::new();
    let in_rounds = !matches!(rules.mode, GossipMode::Flood | GossipMode::Plumtree);
    if in_rounds {
        let mut stream = world.get_resource::<SimRng>()?.stream(ROUND, agent, next);
        partners(neighbours, rules.fanout, &mut stream, &mut chosen);
    }
    let known: Vec<_> = gossip
        .seen()
        .of(agent.0)
        .filter_map(|seen| gossip.rumours().alive(seen.rumour, clock.tick()).map(|rumour| (seen, rumour)))
        .collect();
    let told: Vec<u32> =
        gossip.telling.iter().filter(|telling| telling.agent == agent.0).map(|telling| telling.rumour).collect();
    let mut terms = vec![
        Term::number("Neighbours", neighbours.len() as f64, "agents", "Whom the agent is linked with."),
        Term::number("Rumours known", known.len() as f64, "", "Rumours that live and that it remembers."),
        Term::number("Rumours told", told.len() as f64, "", "Rumours that it tells in each round."),
        Term::number("Fan-out", rules.fanout, "agents", "How many neighbours it turns to in a round.")
            .set_by("network.gossip.fanout"),
        Term::number("Next round", (next - clock.tick()) as f64 / clock.tick_hz(), "s", "The time to the next round.")
            .set_by("network.gossip.period_s"),
    ];
    terms.extend(known.iter().map(|(seen, rumour)| {
        Term::text(
            format!("Rumour {}", rumour.number),
            rumour.text.clone(),
            format!("heard over {} hops, may go {} more", seen.hops, seen.ttl),
        )
    }));
    let share = (f64::from(rules.fanout) / neighbours.len().max(1) as f64).min(1.0);
    let listed = neighbours
        .iter()
        .take(LISTED)
        .chain(chosen.iter().copied().filter(|one| neighbours.iter().take(LISTED).all(|listed| listed != *one)));
    let choices = listed
        .map(|neighbour| {
            let stays = known.iter().any(|(_, rumour)| !goes(&network.homes, rumour.scope.scope(), agent.0, neighbour));
            Choice {
                name: format!("agent {neighbour}{}", if stays { " (another region)" } else { "" }).into(),
                probability: if in_rounds { share } else { 1.0 },
                taken: chosen.contains(&neighbour),
            }
        })
        .collect();
    let names: Vec<String> = chosen.iter().map(u32::to_string).collect();
    let sentence = match (rules.mode, told.is_empty()) {
        (GossipMode::Flood, _) => "passes on whatever it hears first, to all neighbours at once".to_owned(),
        (GossipMode::Plumtree, _) => {
            "passes on whatever it hears first along the tree, and announces it elsewhere".to_owned()
        }
        (GossipMode::Push, true) => "has nothing to tell".to_owned(),
        (GossipMode::Push, false) => format!("will tell {} rumours to {}", told.len(), names.join(", ")),
        (GossipMode::Pull, _) => format!("will ask {} for what it doesn't know", names.join(", ")),
        (GossipMode::PushPull, _) => {
            format!("will tell {} rumours to {} and ask for others", told.len(), names.join(", "))
        }
    };
    let mut perceived: Vec<AgentId> = chosen.iter().map(|partner| AgentId(*partner)).collect();
    perceived.sort_unstable();
    Some(Explanation {
        activity: if told.is_empty() { "Listens".into() } else { "Gossips".into() },
        sentence: sentence.clone(),
        perceived,
        terms,
        choices,
        outcome: Outcome { sentence, ..Outcome::default() },
        ..Explanation::default()
    })
}
