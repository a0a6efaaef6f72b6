//! Regions: where in a large system agents are at home, and how long messages take between them.

use bevy::prelude::*;
use bytemuck::{Pod, Zeroable};

use super::{AgentGroup, AgentId, AgentIndex};

/// The region that an agent is at home in: an index into [`Regions`]. **Absent** on agents of groups without a region.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable, Reflect)]
#[reflect(Component)]
#[repr(transparent)]
pub struct Region(pub u16);

/// The regions of the scene and the latencies between them.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct Regions {
    names: Vec<String>,
    /// Row by row, in milliseconds of simulated time.
    latencies_ms: Vec<f32>,
}

impl Regions {
    /// The number of the region of this name, which it gets if it is new.
    pub fn intern(&mut self, name: &str) -> Region {
        if let Some(region) = self.find(name) {
            return region;
        }
        let before = self.names.len();
        self.names.push(name.to_owned());
        let mut grown = vec![0.0; (before + 1) * (before + 1)];
        for row in 0..before {
            grown[row * (before + 1)..][..before].copy_from_slice(&self.latencies_ms[row * before..][..before]);
        }
        self.latencies_ms = grown;
        Region(before as u16)
    }

    /// The region of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Region> {
        self.names.iter().position(|known| known == name).map(|index| Region(index as u16))
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

    /// Sets how long a message takes from one region to the other, both ways, in milliseconds (finite, at least 0;
    /// anything else counts as 0).
    pub fn set_latency_ms(&mut self, one: Region, other: Region, latency_ms: f32) {
        let (one, other, count) = (usize::from(one.0), usize::from(other.0), self.names.len());
        if one < count && other < count {
            let latency_ms = if latency_ms.is_finite() { latency_ms.max(0.0) } else { 0.0 };
            self.latencies_ms[one * count + other] = latency_ms;
            self.latencies_ms[other * count + one] = latency_ms;
        }
    }

    /// How long a message takes between two regions beyond what the links take, in milliseconds; 0 for agents without a
    /// region.
    #[must_use]
    pub fn latency_ms(&self, one: Option<Region>, other: Option<Region>) -> f32 {
        let (Some(one), Some(other)) = (one, other) else {
            return 0.0;
        };
        let count = self.names.len();
        let at = usize::from(one.0) * count + usize::from(other.0);
        if usize::from(other.0) < count { self.latencies_ms.get(at).copied().unwrap_or(0.0) } else { 0.0 }
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
    let mut names: Vec<String> = Vec::new();
    for group in groups {
        if !group.region.is_empty() && !names.contains(&group.region) {
            names.push(group.region.clone());
        }
    }
    names
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
    }
}
