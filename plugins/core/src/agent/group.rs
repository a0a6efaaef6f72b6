//! Groups of agents as a scene describes them, and who belongs to which.

use std::collections::BTreeMap;

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use super::AgentId;
use crate::check::{Check, FileName, Names, Problems, Range, Unit};
use crate::rng::SimStream;
use crate::space::WorldBounds;

/// A number of agents that start alike. Each entry of a scene's `agents` is one group.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct AgentGroup {
    /// The group's name; selectors and other sections refer to it. Agents are called `name-1`, `name-2` …
    pub name: String,
    /// How many agents start in this group.
    #[reflect(@Range::new(0.0, 16_777_216.0), @Unit("agents"))]
    pub count: u32,
    /// What the agents can do: dotted lower-case names such as `database.query`.
    pub capabilities: Vec<String>,
    /// The health at the start: 1 is perfect, 0 is none.
    #[reflect(@Range::new(0.0, 1.0))]
    pub health: f32,
    /// How reliably the agents do what they are asked: the share of operations that succeed.
    #[reflect(@Range::new(0.0, 1.0))]
    pub reliability: f32,
    /// How many operations an agent can work on at once.
    #[reflect(@Range::new(1.0, 1_000_000.0), @Unit("operations"))]
    pub max_concurrency: u32,
    /// Where the agents start.
    pub spawn: Placement,
    /// The velocity at the start, in world units per second; without it, the plugin that moves the agents chooses.
    #[reflect(@Unit("units/s"))]
    pub velocity: Option<Vec2>,
    /// Whether the agents work alone or as parts of a swarm.
    pub tier: Tier,
    /// The role that the agents play, for the selector `Role`; empty for none.
    pub role: String,
    /// The region that the agents are at home in, for latencies and the selector `InRegion`; empty for none.
    pub region: String,
    /// A CSV file, relative to the scene, with a header and a row per agent, instead of `count` and `spawn`. Columns:
    /// `x`, `y` (needed), `vx`, `vy`, `health`, `capabilities` (separated by spaces).
    #[reflect(@FileName)]
    pub from_csv: Option<String>,
    /// The rows of `from_csv`, once read.
    #[reflect(ignore)]
    #[serde(skip)]
    pub rows: Vec<AgentRow>,
}

impl Default for AgentGroup {
    fn default() -> Self {
        Self {
            name: "agent".into(),
            count: 100,
            capabilities: Vec::new(),
            health: 1.0,
            reliability: 1.0,
            max_concurrency: 1,
            spawn: Placement::World,
            velocity: None,
            tier: Tier::Individual,
            role: String::new(),
            region: String::new(),
            from_csv: None,
            rows: Vec::new(),
        }
    }
}

impl AgentGroup {
    /// How many agents the group starts with: `count`, or one per row of its CSV file.
    #[must_use]
    pub fn initial_count(&self) -> u32 {
        if self.from_csv.is_some() { self.rows.len() as u32 } else { self.count }
    }
}

impl AgentGroup {
    /// The file that its agents come from, if they do.
    #[must_use]
    pub fn file(&self) -> Option<crate::section::FileRequest> {
        self.from_csv.as_deref().map(super::rows::request)
    }
}

impl Check for AgentGroup {
    fn check(&self, at: &str, problems: &mut Problems) {
        if self.name.is_empty() {
            problems.push(format!("{at}.name"), "a group needs a name", "for example name: \"bird\"");
        }
        for (index, capability) in self.capabilities.iter().enumerate() {
            if let Err(error) = super::capability::validate_name(capability) {
                problems.push(
                    format!("{at}.capabilities[{index}]"),
                    error.to_string(),
                    "write dotted lower-case names such as \"database.query\"",
                );
            }
        }
        self.spawn.check(&format!("{at}.spawn"), problems);
    }
}

/// One row of a group's CSV file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AgentRow {
    /// Where the agent starts, in world units.
    pub position: Vec2,
    /// Its velocity in world units per second, if the file has one.
    pub velocity: Option<Vec2>,
    /// Its health 0–1, if the file has one; else the group's.
    pub health: Option<f32>,
    /// Capabilities beside the group's.
    pub capabilities: Vec<String>,
}

/// Whether agents work alone or as parts of a swarm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum Tier {
    /// Agents answer for themselves.
    #[default]
    Individual,
    /// Agents answer as a swarm.
    Swarm,
}

/// Where agents are put when they are spawned.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(deny_unknown_fields)]
pub enum Placement {
    /// Uniformly over the whole world.
    #[default]
    World,
    /// Uniformly over a disc.
    Disc {
        /// The disc's centre.
        #[reflect(@Unit("units"))]
        center: Vec2,
        /// The disc's radius.
        #[reflect(@Range::new(0.0, 1e7), @Unit("units"))]
        radius: f32,
    },
    /// Uniformly over a rectangle.
    Rect {
        /// The rectangle's centre.
        #[reflect(@Unit("units"))]
        center: Vec2,
        /// Its width and height.
        #[reflect(@Unit("units"))]
        size: Vec2,
    },
    /// Evenly on a circle, the first agent to the right of the centre, the others counter-clockwise.
    Ring {
        /// The circle's centre.
        #[reflect(@Unit("units"))]
        center: Vec2,
        /// The circle's radius.
        #[reflect(@Range::new(0.0, 1e7), @Unit("units"))]
        radius: f32,
    },
    /// On a square lattice around a centre, row by row.
    Grid {
        /// The lattice's centre.
        #[reflect(@Unit("units"))]
        center: Vec2,
        /// The distance between neighbours.
        #[reflect(@Range::new(0.0, 1e6), @Unit("units"))]
        spacing: f32,
    },
    /// At the listed points, over and over if there are more agents than points.
    Points(Vec<Vec2>),
}

impl Placement {
    /// The place of the `index`-th of `count` agents.
    #[must_use]
    pub fn point(&self, index: u32, count: u32, bounds: &WorldBounds, stream: &mut SimStream) -> Vec2 {
        match self {
            Self::World => Vec2::new(stream.unit() - 0.5, stream.unit() - 0.5) * bounds.size,
            Self::Disc { center, radius } => {
                // The square root makes the density uniform: area grows with the radius squared.
                let distance = stream.unit().sqrt() * radius;
                *center + stream.direction() * distance
            }
            Self::Rect { center, size } => *center + Vec2::new(stream.unit() - 0.5, stream.unit() - 0.5) * *size,
            Self::Ring { center, radius } => {
                let angle = std::f32::consts::TAU * index as f32 / count.max(1) as f32;
                *center + Vec2::new(bevy::math::ops::cos(angle), bevy::math::ops::sin(angle)) * *radius
            }
            Self::Grid { center, spacing } => {
                let columns = (f64::from(count).sqrt().ceil() as u32).max(1);
                let rows = count.div_ceil(columns).max(1);
                let cell = Vec2::new((index % columns) as f32, (index / columns) as f32);
                let middle = Vec2::new((columns - 1) as f32, (rows - 1) as f32) * 0.5;
                *center + (cell - middle) * *spacing
            }
            Self::Points(points) => match points.len() {
                0 => Vec2::ZERO,
                length => points[index as usize % length],
            },
        }
    }
}

impl Check for Placement {
    fn check(&self, at: &str, problems: &mut Problems) {
        if matches!(self, Self::Points(points) if points.is_empty()) {
            problems.push(at, "a list of points needs at least one point", "for example Points([(0, 0), (10, 0)])");
        }
        if let Self::Rect { size, .. } = self
            && !(size.is_finite() && size.min_element() >= 0.0)
        {
            problems.push(at, "the rectangle is not one", "write a width and a height of at least 0");
        }
    }
}

/// At most so many groups are in a scene: each has a number of 16 bits.
pub const MAX_GROUPS: usize = 1 << 16;

/// A group's number, in the order of the scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Reflect)]
pub struct GroupId(pub u16);

/// All groups of the running scene and the ids that belong to each.
#[derive(Resource, Clone, Debug, Default)]
pub struct AgentGroups {
    groups: Vec<AgentGroup>,
    names: Names,
    roles: Names,
    regions: Names,
    /// The first group of each name.
    by_name: BTreeMap<String, GroupId>,
    /// Half-open id ranges, ascending: (first id, one past the last, group).
    ranges: Vec<(u32, u32, GroupId)>,
    /// The places of each group's ranges.
    own: Vec<Vec<u32>>,
}

impl AgentGroups {
    /// Adds a group and returns its number.
    pub fn add(&mut self, group: AgentGroup) -> GroupId {
        let id = GroupId(self.groups.len() as u16);
        self.by_name.entry(group.name.clone()).or_insert(id);
        self.names.push(&group.name);
        self.roles.push(&group.role);
        if !group.region.is_empty() && !self.regions.contains(&group.region) {
            self.regions.push(&group.region);
        }
        self.groups.push(group);
        id
    }

    /// The groups in the order of the scene.
    #[must_use]
    pub fn groups(&self) -> &[AgentGroup] {
        &self.groups
    }

    /// The names of the groups, in the order of the scene.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The roles of the groups, in the same order.
    #[must_use]
    pub fn roles(&self) -> &Names {
        &self.roles
    }

    /// The regions that groups are at home in, each once.
    #[must_use]
    pub fn regions(&self) -> &Names {
        &self.regions
    }

    /// A group by number.
    #[must_use]
    pub fn get(&self, group: GroupId) -> Option<&AgentGroup> {
        self.groups.get(usize::from(group.0))
    }

    /// A group by name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<GroupId> {
        self.by_name.get(name).copied()
    }

    /// The group that an agent belongs to.
    #[must_use]
    pub fn group_of(&self, agent: AgentId) -> Option<GroupId> {
        let after = self.ranges.partition_point(|range| range.0 <= agent.0);
        let range = self.ranges.get(after.checked_sub(1)?)?;
        (agent.0 < range.1).then_some(range.2)
    }

    /// The id ranges (half-open, ascending) of a group, removed agents included.
    pub fn ranges_of(&self, group: GroupId) -> impl Iterator<Item = std::ops::Range<u32>> + '_ {
        let places = self.own.get(usize::from(group.0)).into_iter().flatten();
        places.map(|place| {
            let (from, to, _) = self.ranges[*place as usize];
            from..to
        })
    }

    /// The name of an agent: its group and its number, as in `bird-7`. The number is the one by which everything else
    /// knows the agent ([`AgentId`]), so that nobody has to tell two numbers of one agent apart.
    #[must_use]
    pub fn name_of(&self, agent: AgentId) -> String {
        let group = self.group_of(agent).and_then(|group| self.get(group));
        format!("{}-{}", group.map_or("agent", |group| group.name.as_str()), agent.0)
    }

    /// The name of an agent of a world; its id alone in a world that has no groups.
    #[must_use]
    pub fn name_in(world: &World, agent: AgentId) -> String {
        world.get_resource::<Self>().map_or_else(|| agent.to_string(), |groups| groups.name_of(agent))
    }

    /// The agent of a name that [`AgentGroups::name_of`] gave, whether it still lives or not.
    #[must_use]
    pub fn agent_named(&self, name: &str) -> Option<AgentId> {
        let (group, number) = name.rsplit_once('-')?;
        let agent = AgentId(number.parse().ok()?);
        self.group_of(agent).filter(|known| self.find(group) == Some(*known)).map(|_| agent)
    }

    pub(crate) fn push_range(&mut self, ids: std::ops::Range<u32>, group: GroupId) {
        match self.ranges.last_mut() {
            Some(last) if last.2 == group && last.1 == ids.start => last.1 = ids.end,
            _ if ids.is_empty() => {}
            _ => {
                self.note_range(group);
                self.ranges.push((ids.start, ids.end, group));
            }
        }
    }

    /// Notes that the next range is one of this group.
    fn note_range(&mut self, group: GroupId) {
        let place = self.ranges.len() as u32;
        if self.own.len() <= usize::from(group.0) {
            self.own.resize(usize::from(group.0) + 1, Vec::new());
        }
        self.own[usize::from(group.0)].push(place);
    }

    pub(crate) fn ranges(&self) -> &[(u32, u32, GroupId)] {
        &self.ranges
    }

    pub(crate) fn set_ranges(&mut self, ranges: Vec<(u32, u32, GroupId)>) {
        self.ranges.clear();
        self.own.clear();
        for range in ranges {
            self.note_range(range.2);
            self.ranges.push(range);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_s_name_has_its_number_and_leads_back_to_it() {
        let mut groups = AgentGroups::default();
        let ant = groups.add(AgentGroup { name: "ant".into(), ..default() });
        let bird = groups.add(AgentGroup { name: "bird".into(), ..default() });
        groups.push_range(0..3, ant);
        groups.push_range(3..5, bird);
        groups.push_range(5..7, ant);
        for number in 0..7 {
            let name = groups.name_of(AgentId(number));
            assert_eq!(name, format!("{}-{number}", if (3..5).contains(&number) { "bird" } else { "ant" }));
            assert_eq!(groups.agent_named(&name), Some(AgentId(number)));
        }
        assert_eq!(groups.group_of(AgentId(7)), None);
        let mut world = World::new();
        assert_eq!(AgentGroups::name_in(&world, AgentId(4)), AgentId(4).to_string());
        world.insert_resource(groups.clone());
        assert_eq!(AgentGroups::name_in(&world, AgentId(4)), "bird-4");
        let ranges = groups.ranges().to_vec();
        for _ in 0..2 {
            assert_eq!(groups.ranges_of(ant).collect::<Vec<_>>(), [0..3, 5..7]);
            assert!(groups.ranges_of(bird).eq(std::iter::once(3..5)));
            assert_eq!(groups.ranges_of(GroupId(9)).count(), 0);
            groups.set_ranges(ranges.clone());
        }
        for wrong in ["ant-3", "bird-2", "ant-7", "wasp-0", "ant", "ant-x", "-1"] {
            assert_eq!(groups.agent_named(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_ring_is_even_and_a_grid_is_centred() {
        let bounds = WorldBounds::default();
        let mut stream = crate::rng::SimRng::new(0).global(crate::rng::Purpose::new("t"), 0);
        let ring = Placement::Ring { center: Vec2::ZERO, radius: 10.0 };
        assert!(ring.point(1, 4, &bounds, &mut stream).abs_diff_eq(Vec2::new(0.0, 10.0), 1e-4));
        let grid = Placement::Grid { center: Vec2::new(5.0, 5.0), spacing: 2.0 };
        let sum: Vec2 = (0..9).map(|index| grid.point(index, 9, &bounds, &mut stream)).sum();
        assert!((sum / 9.0).abs_diff_eq(Vec2::new(5.0, 5.0), 1e-4));
    }
}
