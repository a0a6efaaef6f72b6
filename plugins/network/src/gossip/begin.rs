//! How rumours begin: those of the section when they are due, and any other when somebody says so.

use agent2028_core::agent::{AgentId, AgentIndex};
use agent2028_core::clock::SimClock;
use agent2028_core::event::EventBus;
use agent2028_core::intervention::InterventionContext;
use agent2028_core::rng::{Purpose, SimRng};
use bevy::prelude::*;

use super::{Gossip, Hearing, Rumour, Seen};
use crate::bits::BitSet;
use crate::config::{NetworkConfig, Scope};
use crate::events::{FALSE_ALARM, RUMOUR_BEGAN, RumourBegan};
use crate::inbox::Inbox;
use crate::network::Network;
use crate::topology::below;

/// The dice of beginnings: who of those that may begin a rumour does.
const BEGIN: Purpose = Purpose::new("network.gossip.begin");

/// Whether a rumour of the section begins in this tick.
pub(crate) fn rumours_are_due(clock: Res<SimClock>, config: Res<NetworkConfig>) -> bool {
    config
        .gossip
        .as_ref()
        .is_some_and(|rules| rules.rumours.iter().any(|rumour| is_due(rumour.at, rumour.every, clock.tick())))
}

fn is_due(at: u64, every: Option<u64>, tick: u64) -> bool {
    tick == at || every.is_some_and(|every| tick > at && (tick - at).is_multiple_of(every.max(1)))
}

/// Begins the rumours of the section that are due.
pub(crate) fn begin_due_rumours(world: &mut World) {
    let tick = world.resource::<SimClock>().tick();
    let Some(rules) = world.resource::<NetworkConfig>().gossip.clone() else {
        return;
    };
    for (ordinal, rumour) in
        rules.rumours.iter().enumerate().filter(|(_, rumour)| is_due(rumour.at, rumour.every, tick))
    {
        // Apart from what interventions choose in the same tick.
        let context = InterventionContext { tick, ordinal: (1 << 32) + ordinal as u64 };
        let candidates = rumour.from.resolve(world, &context);
        let network = world.resource::<Network>();
        let candidates: Vec<AgentId> = candidates
            .into_iter()
            .filter(|agent| network.members().place(agent.0).is_some() && network.acts(agent.0))
            .collect();
        if candidates.is_empty() {
            continue;
        }
        let mut stream = world.resource::<SimRng>().global(BEGIN.indexed(ordinal as u64), tick);
        let origin = candidates[below(&mut stream, candidates.len() as u32) as usize];
        begin_rumour(world, origin, rumour.scope, &rumour.text, false);
    }
}

/// Lets an agent begin a rumour; nothing if nothing is gossiped, or the agent doesn't talk. Returns the rumour's number.
pub fn begin_rumour(world: &mut World, origin: AgentId, scope: Scope, text: &str, untrue: bool) -> Option<u32> {
    let rules = world.resource::<NetworkConfig>().gossip.clone()?;
    let (clock, agents) = (world.resource::<SimClock>().clone(), world.resource::<AgentIndex>().next_id().index());
    let tick = clock.tick();
    if !world.contains_resource::<Gossip>() || world.resource::<AgentIndex>().get(origin).is_none() {
        return None;
    }
    // Who was proven to have no answer may have one now.
    if let Some(mut inbox) = world.get_resource_mut::<Inbox>() {
        inbox.write_out();
    }
    world.resource_mut::<Network>().write_out();
    world.resource_scope(|world, mut gossip: Mut<Gossip>| {
        let network = world.resource::<Network>();
        network.members.place(origin.0).or_else(|| (network.known == (0, 0)).then_some(0))?;
        gossip.seen.fit(agents, rules.remembered);
        let rumour = Rumour {
            number: 0,
            scope: scope.into(),
            origin,
            born: tick,
            dies: tick.saturating_add(clock.ticks_in(f64::from(rules.lifetime_s))),
            text: text.to_owned(),
            untrue,
            informed: BitSet::default(),
            hearings: Vec::new(),
            last_heard: tick,
        };
        let number = gossip.rumours.add(rumour, rules.kept);
        gossip.note(Hearing { agent: origin, from: origin, tick, hops: 0 }, number, &rules);
        let seen = Seen { rumour: number, ttl: rules.ttl.of(scope), hops: 0 };
        gossip.remember(origin.0, seen);
        gossip.begun.push((origin.0, number));
        let kind = if untrue { FALSE_ALARM } else { RUMOUR_BEGAN };
        let told = RumourBegan { number, text: text.to_owned() };
        world.resource_mut::<EventBus>().publish(kind, Some(origin), told);
        Some(number)
    })
}
