//! What task auctions need to know of the world.

use std::collections::BTreeMap;
use std::sync::Arc;

use agent2028_core::agent::{
    Agent, AgentGroups, AgentId, AgentIndex, Capabilities, CapabilityId, CapabilityRegistry, Position,
};
use agent2028_core::clock::{SimClock, ticks_in};
use agent2028_core::rng::SimRng;
use agent2028_core::space::WorldBounds;
use agent2028_trust::Trust;
use bevy::prelude::*;

use super::table::TaskRow;
use crate::config::TaskMarket;

/// The rows of task files, by name.
#[derive(Resource, Clone, Debug, Default)]
pub struct TaskTables(pub BTreeMap<String, Arc<Vec<TaskRow>>>);

/// What is worked out from the section and the groups: whose tasks are paid by which agents, and who may bid where. Derived.
#[derive(Resource, Clone, Debug, Default)]
pub(crate) struct Circles {
    /// The agents that put up an auctioneer's tasks; none where a fund does.
    pub clients: Vec<Option<Vec<u32>>>,
    /// The groups of bidders that an auctioneer admits, as bits.
    pub admits: Vec<u64>,
    /// The capabilities that a source's tasks need; none where an agent can't have them.
    pub skills: Vec<Option<Vec<CapabilityId>>>,
    /// How many agents there were, and had been.
    pub looked_at: Option<(usize, u32)>,
}

impl Circles {
    /// Looks again, if anything has changed.
    pub(crate) fn look(
        &mut self,
        config: &TaskMarket,
        groups: &AgentGroups,
        index: &AgentIndex,
        names: &CapabilityRegistry,
        anew: bool,
    ) {
        let agents = (index.len(), index.next_id().0);
        if !anew && self.looked_at == Some(agents) {
            return;
        }
        self.looked_at = Some(agents);
        let members = |name: &str| -> Vec<u32> {
            let ranges = groups.find(name).into_iter().flat_map(|group| groups.ranges_of(group));
            ranges.flatten().filter(|agent| index.get(AgentId(*agent)).is_some()).collect()
        };
        self.clients = config
            .auctioneers
            .iter()
            .map(|auctioneer| (!auctioneer.clients.is_empty()).then(|| members(&auctioneer.clients)))
            .collect();
        let bit = |group: &String| config.bidders.iter().position(|bidders| bidders.group == *group);
        let all = |groups: &[String]| match groups {
            [] => u64::MAX,
            groups => groups.iter().filter_map(bit).fold(0, |bits, at| bits | 1 << at),
        };
        self.admits = config.auctioneers.iter().map(|auctioneer| all(&auctioneer.groups)).collect();
        let skill = |name: &String| names.find(name);
        self.skills = config.sources.iter().map(|source| source.skills.iter().map(skill).collect()).collect();
    }
}

/// Agents, where they are and what they can do.
pub(crate) type People<'w, 's> = Query<'w, 's, (&'static Agent, &'static Position, Option<&'static Capabilities>)>;

/// What a tick of auctions looks at.
pub(crate) struct Ground<'a> {
    pub config: &'a TaskMarket,
    pub circles: &'a Circles,
    pub tables: &'a BTreeMap<String, Arc<Vec<TaskRow>>>,
    pub names: &'a CapabilityRegistry,
    pub bounds: &'a WorldBounds,
    pub dice: &'a SimRng,
    pub trust: Option<&'a Trust>,
    pub tick: u64,
    pub tick_hz: f64,
}

impl<'a> Ground<'a> {
    pub(crate) fn new(
        config: &'a TaskMarket,
        circles: &'a Circles,
        tables: &'a TaskTables,
        names: &'a CapabilityRegistry,
        (bounds, dice, clock): (&'a WorldBounds, &'a SimRng, &SimClock),
        trust: Option<&'a Trust>,
    ) -> Self {
        let (tick, tick_hz) = (clock.tick(), clock.tick_hz());
        Self { config, circles, tables: &tables.0, names, bounds, dice, trust, tick, tick_hz }
    }

    pub(crate) fn ticks_in(&self, seconds: f32) -> u64 {
        ticks_in(f64::from(seconds), self.tick_hz)
    }

    /// Those who put up an auctioneer's tasks, if agents do and some are there.
    pub(crate) fn clients(&self, auctioneer: usize) -> Option<&[u32]> {
        self.circles.clients.get(auctioneer)?.as_deref().filter(|clients| !clients.is_empty())
    }

    /// The capabilities of these names; `u16::MAX` for one that nobody can have.
    pub(crate) fn skills_of(&self, names: &[String]) -> Vec<u16> {
        names.iter().map(|name| self.names.find(name).map_or(u16::MAX, |id| id.0)).collect()
    }
}
