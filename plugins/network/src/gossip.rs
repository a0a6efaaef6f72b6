//! Gossip: rumours spread by flooding, push, pull, both, or along a tree.

mod begin;
mod explain;
mod floor;
mod known;
mod react;
mod round;
mod rumour;
mod seen;
mod tellings;
mod tree;

pub use begin::begin_rumour;
pub(crate) use begin::{begin_due_rumours, rumours_are_due};
pub(crate) use explain::explain;
pub(crate) use floor::{goes, partners, put_known, put_rumour};
pub(crate) use known::{ColumnsAsOf, Heard, Living, SharedColumns};
pub(crate) use round::ROUND;
pub use rumour::{Hearing, Rumour, Rumours, ScopeCode};
pub use seen::{Seen, SeenCache};
pub use tree::Tree;

use agent2028_core::agent::AgentIndex;
use agent2028_core::clock::SimClock;
use agent2028_core::rhythm::Rhythm;
use agent2028_core::rng::SimRng;
use agent2028_core::time::Rate;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::config::{GossipConfig, GossipMode, NetworkConfig};
use crate::inbox::Inbox;
use crate::network::{AT_THE_END, Network};
use floor::Floor;
use known::{Known, Manner};
use tellings::{Telling, Tellings};

/// What became of rumours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GossipCounts {
    /// Rumours that an agent had heard already.
    pub duplicates: u64,
    /// Rumours that an agent had heard and forgotten, and so took for new ones.
    pub forgotten: u64,
    /// How many rounds there were.
    pub rounds: u64,
}

/// Rumours, who remembers which, and who tells which.
#[derive(Resource, Debug, Default, Serialize, Deserialize)]
pub struct Gossip {
    pub(crate) rumours: Rumours,
    pub(crate) seen: SeenCache,
    pub(crate) telling: Tellings,
    tree: Tree,
    counts: GossipCounts,
    /// Rumours that began in this tick and whose origins still have to pass them on.
    begun: Vec<(u32, u32)>,
    /// What everybody knows in columns; derived.
    #[serde(skip)]
    known: Known,
    /// Whether all tellings but the new ones are in order and go on; derived.
    #[serde(skip)]
    settled: bool,
    /// For which members and rumours that is so; derived.
    #[serde(skip)]
    settled_for: (u64, Vec<u32>),
}

impl Gossip {
    /// The last rumours.
    #[must_use]
    pub fn rumours(&self) -> &Rumours {
        &self.rumours
    }

    /// What each agent remembers.
    #[must_use]
    pub fn seen(&self) -> &SeenCache {
        &self.seen
    }

    /// What became of rumours.
    #[must_use]
    pub fn counts(&self) -> &GossipCounts {
        &self.counts
    }

    /// How many tellings are going on: agents times the rumours that each tells.
    #[must_use]
    pub fn tellings(&self) -> usize {
        self.telling.len()
    }

    /// The memory that it holds, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.rumours.bytes() + self.seen.bytes() + self.telling.bytes() + self.tree.bytes() + self.known.bytes()
    }
}

/// When rounds are.
pub(crate) fn rounds(config: &GossipConfig, clock: &SimClock) -> Rhythm {
    Rhythm::of_seconds(Rate::of(clock), config.period_s)
}

/// Lets agents hear, answer and tell.
pub(crate) fn gossip(
    clock: Res<SimClock>,
    dice: Res<SimRng>,
    config: Res<NetworkConfig>,
    index: Res<AgentIndex>,
    inbox: Res<Inbox>,
    mut network: ResMut<Network>,
    mut gossip: ResMut<Gossip>,
) {
    let Some(rules) = &config.gossip else {
        return;
    };
    let tick = clock.tick();
    let gossip = &mut *gossip;
    let agents = index.next_id().index();
    if gossip.seen.fit(agents, rules.remembered) || config.is_changed() {
        gossip.known.forget();
        gossip.settled = false;
    }
    let (agreement, oldest) = (network.may_be_silent(&config), network.oldest_round(&inbox));
    let Network { members, links, outbox, idle, homes, silent, spare, changed_members, .. } = &mut *network;
    let graft_after = clock.ticks_in(f64::from(rules.graft_after_s)).max(1);
    let mut floor = Floor {
        rules,
        tick,
        moment: AT_THE_END,
        graft_after,
        members,
        links,
        idle,
        homes,
        outbox,
        payload: Vec::new(),
        known: Vec::new(),
    };
    for (agent, rumour) in std::mem::take(&mut gossip.begun) {
        if let Some(seen) = gossip.seen.get(agent, rumour) {
            gossip.pass_on(&mut floor, agent, None, seen, true);
        }
    }
    gossip.react_to_all(&mut floor, &inbox);
    floor.moment = AT_THE_END;
    if rules.mode == GossipMode::Plumtree {
        for (agent, rumour, from) in gossip.tree.due(tick) {
            gossip.ask_for(&mut floor, agent, rumour, from);
        }
    }
    if let Some((moment, _)) = rounds(rules, &clock).in_tick(tick) {
        floor.moment = moment;
        gossip.counts.rounds += 1;
        if !matches!(rules.mode, GossipMode::Flood | GossipMode::Plumtree) {
            if agreement.is_none() {
                gossip.settled = false;
            }
            gossip.settle_tellings(&floor, *changed_members);
            let manner = agreement.map(|agreement| Manner {
                version: agreement.version,
                pushes: rules.mode != GossipMode::Pull,
                pulls: rules.mode != GossipMode::Push,
            });
            let silently = manner.filter(|manner| {
                gossip.known.fit(*manner, &gossip.rumours, tick, &gossip.seen, &gossip.telling, agents)
            });
            if silently.is_some() {
                let mut round = spare.take().unwrap_or_default();
                round.number = gossip.known.begin_round(oldest);
                gossip.silent_round(&mut floor, &dice, &mut round);
                *silent = (!round.turns.is_empty()).then_some(round);
            } else {
                gossip.round(&mut floor, &dice);
            }
        }
    }
}
