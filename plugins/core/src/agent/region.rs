//! Regions: where in a large system agents are at home, and how long messages take between them.

use std::collections::{BTreeMap, BTreeSet};

use bevy::prelude::*;
use bytemuck::{Pod, Zeroable};

use super::{AgentGroup, AgentId, AgentIndex};

/// The region that an agent is at home in: an index into [`Regions`]. **Absent** on agents of groups without a region.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable, Reflect)]
#[reflect(Component)]
#[repr(transparent)]
pub struct Region(pub u16);

/// The regions of the scene and the latencies between them. What it holds grows with the regions and with the pairs that have
/// a latency of their own, not with all pairs.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct Regions {
    names: Vec<String>,
    by_name: BTreeMap<String, Region>,
    /// In milliseconds of simulated time, as all latencies here.
    within_ms: f32,
    between_ms: f32,
    /// Pairs with a latency of their own, the lower number first.
    pairs: BTreeMap<(u16, u16), f32>,
}

/// A latency that is finite and at least 0; anything else counts as 0.
fn sound(latency_ms: f32) -> f32 {
    if latency_ms.is_finite() { latency_ms.max(0.0) } else { 0.0 }
}

impl Regions {
    /// The number of the region of this name, which it gets if it is new.
    pub fn intern(&mut self, name: &str) -> Region {
        if let Some(region) = self.find(name) {
            return region;
        }
        let region = Region(self.names.len() as u16);
        self.names.push(name.to_owned());
        self.by_name.insert(name.to_owned(), region);
        region
    }

    /// The region of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Region> {
        self.by_name.get(name).copied()
    }

    /// The names in the order of the regions' numbers.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// A region's name.
    #[must_use]
    pub fn name(&self, region: Region) -> Option<&str> {
        self.names.get(usize::from(region.0)).map(String::as_str)
    }

    /// Sets how long a message takes within any region and between any two, in milliseconds (finite, at least 0; anything else
    /// counts as 0). What pairs had of their own is forgotten.
    pub fn set_latencies_ms(&mut self, within_ms: f32, between_ms: f32) {
        (self.within_ms, self.between_ms) = (sound(within_ms), sound(between_ms));
        self.pairs.clear();
    }

    /// Sets how long a message takes from one region to the other, both ways, in milliseconds (finite, at least 0;
    /// anything else counts as 0).
    pub fn set_latency_ms(&mut self, one: Region, other: Region, latency_ms: f32) {
        let (low, high) = (one.min(other), one.max(other));
        if usize::from(high.0) < self.names.len() {
            self.pairs.insert((low.0, high.0), sound(latency_ms));
        }
    }

    /// How long a message takes between two regions beyond what the links take, in milliseconds; 0 for agents without a
    /// region.
    #[must_use]
    pub fn latency_ms(&self, one: Option<Region>, other: Option<Region>) -> f32 {
        let (Some(one), Some(other)) = (one, other) else {
            return 0.0;
        };
        let (low, high) = (one.min(other), one.max(other));
        if usize::from(high.0) >= self.names.len() {
            return 0.0;
        }
        let usual = if low == high { self.within_ms } else { self.between_ms };
        // Few scenes have pairs of their own, and this is asked for every message.
        if self.pairs.is_empty() { usual } else { self.pairs.get(&(low.0, high.0)).copied().unwrap_or(usual) }
    }
}

/// The region of an agent, if it lives and has one.
#[must_use]
pub fn region_of(world: &World, agent: AgentId) -> Option<Region> {
    world.get::<Region>(world.resource::<AgentIndex>().get(agent)?).copied()
}

/// The names of the regions that groups are at home in, in the order of their first mention.
#[must_use]
pub fn regions_of_groups(groups: &[AgentGroup]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let named = groups.iter().map(|group| &group.region).filter(|name| !name.is_empty());
    named.filter(|name| seen.insert(name.as_str())).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_are_symmetric_and_outlast_new_regions() {
        let mut regions = Regions::default();
        let (east, west) = (regions.intern("east"), regions.intern("west"));
        regions.set_latency_ms(east, west, 80.0);
        regions.set_latency_ms(east, east, 2.0);
        let north = regions.intern("north");
        assert_eq!(regions.intern("west"), west);
        assert_eq!(regions.latency_ms(Some(west), Some(east)), 80.0);
        assert_eq!(regions.latency_ms(Some(east), Some(east)), 2.0);
        assert_eq!(regions.latency_ms(Some(north), Some(east)), 0.0);
        assert_eq!(regions.latency_ms(None, Some(east)), 0.0);
        assert_eq!(regions.latency_ms(Some(Region(9)), Some(Region(8))), 0.0);
        regions.set_latency_ms(east, north, f32::NAN);
        assert_eq!(regions.latency_ms(Some(east), Some(north)), 0.0);
        regions.set_latencies_ms(1.0, 30.0);
        assert_eq!(regions.latency_ms(Some(west), Some(east)), 30.0);
        assert_eq!(regions.latency_ms(Some(east), Some(east)), 1.0);
        regions.set_latency_ms(north, west, 7.0);
        assert_eq!(regions.latency_ms(Some(west), Some(north)), 7.0);
        assert_eq!(regions.latency_ms(Some(Region(9)), Some(east)), 0.0);
    }
}
