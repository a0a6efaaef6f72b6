//! What panels read, gathered from the simulation into plain values.

use agent2028_core::agent::{
    AgentGroups, AgentId, AgentIndex, Capabilities, CapabilityRegistry, Condition, GroupId, Position, ServiceRecord,
    Status, Velocity,
};
use agent2028_core::quantity::{self, Quantity};
use bevy::prelude::*;

/// A group of agents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupFacts {
    /// Its name.
    pub name: String,
    /// How many agents it has now.
    pub count: u64,
    /// What its agents can do from the start.
    pub capabilities: Vec<String>,
}

/// The groups of the scene, counted anew only when agents came or went.
#[derive(Clone, Debug, Default)]
pub struct GroupCounts {
    counted: Option<(u64, usize, AgentId)>,
    groups: Vec<GroupFacts>,
}

impl GroupCounts {
    /// The groups as they are now.
    pub fn follow(&mut self, generation: u64, world: &World) -> &[GroupFacts] {
        let index = world.resource::<AgentIndex>();
        let now = (generation, index.len(), index.next_id());
        if self.counted != Some(now) {
            self.counted = Some(now);
            self.groups = count_groups(world.resource::<AgentGroups>(), index);
        }
        &self.groups
    }
}

fn count_groups(groups: &AgentGroups, index: &AgentIndex) -> Vec<GroupFacts> {
    let none_left = index.len() == index.next_id().index();
    groups
        .groups()
        .iter()
        .enumerate()
        .map(|(number, group)| {
            let ranges = groups.ranges_of(GroupId(number as u16));
            let count = if none_left {
                ranges.map(|range| range.len() as u64).sum()
            } else {
                ranges.flatten().filter(|id| index.get(AgentId(*id)).is_some()).count() as u64
            };
            GroupFacts { name: group.name.clone(), count, capabilities: group.capabilities.clone() }
        })
        .collect()
}

/// One agent.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentFacts {
    /// Its number.
    pub id: AgentId,
    /// Its name.
    pub name: String,
    /// Its group's number and name.
    pub group: Option<(usize, String)>,
    /// Where it is, in world units.
    pub position: Vec2,
    /// How it moves, in world units per second, if it moves at all.
    pub velocity: Option<Vec2>,
    /// Whether it is in order.
    pub condition: Condition,
    /// What it can do.
    pub capabilities: Vec<String>,
    /// What is known of its service, if it serves.
    pub record: Option<ServiceRecord>,
}

impl AgentFacts {
    /// Looks at an agent; `None` if it left the world.
    #[must_use]
    pub fn of(world: &World, id: AgentId) -> Option<Self> {
        let entity = world.resource::<AgentIndex>().get(id)?;
        let groups = world.resource::<AgentGroups>();
        let group = groups.group_of(id);
        let registry = world.resource::<CapabilityRegistry>();
        let capabilities = world.get::<Capabilities>(entity).map_or_else(Vec::new, |set| {
            let mut names: Vec<String> = set.0.iter().map(|id| registry.name(id).to_owned()).collect();
            names.sort_unstable();
            names
        });
        Some(Self {
            id,
            name: groups.name_of(id),
            group: group.and_then(|group| Some((usize::from(group.0), groups.get(group)?.name.clone()))),
            position: world.get::<Position>(entity)?.0,
            velocity: world.get::<Velocity>(entity).map(|velocity| velocity.0),
            condition: world.get::<Condition>(entity).copied().unwrap_or_default(),
            capabilities,
            record: world.get::<ServiceRecord>(entity).copied(),
        })
    }

    /// Whether its health is below what it could be.
    #[must_use]
    pub fn degraded(&self) -> bool {
        degraded(&self.condition)
    }
}

/// Whether an agent with this condition has less health than its own.
#[must_use]
pub fn degraded(condition: &Condition) -> bool {
    condition.health < condition.base_health
}

/// Several agents taken together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ManyFacts {
    /// How many of them still exist.
    pub count: usize,
    /// How many have left the world.
    pub gone: usize,
    /// How many are active, failed and frozen.
    pub by_status: [usize; 3],
    /// How many belong to each group, by the group's number.
    pub by_group: Vec<usize>,
    /// Mean health of those that have not failed, 0–1.
    pub mean_health: f64,
    /// Mean speed in world units per second; `None` if none of them moves.
    pub mean_speed: Option<f64>,
    /// Their centre, in world units (not wrapped).
    pub centroid: Vec2,
}

impl ManyFacts {
    /// Looks at agents.
    #[must_use]
    pub fn of(world: &World, agents: &[AgentId]) -> Self {
        let index = world.resource::<AgentIndex>();
        let groups = world.resource::<AgentGroups>();
        let mut facts = Self { by_group: vec![0; groups.groups().len()], ..Self::default() };
        let (mut health, mut living, mut speed, mut moving) = (0.0_f64, 0_usize, 0.0_f64, 0_usize);
        let (mut x, mut y) = (0.0_f64, 0.0_f64);
        for &agent in agents {
            let Some(entity) = index.get(agent) else {
                facts.gone += 1;
                continue;
            };
            facts.count += 1;
            let condition = world.get::<Condition>(entity);
            let status = condition.map_or(Status::Active, |condition| condition.status);
            facts.by_status[status_index(status)] += 1;
            if status != Status::Failed {
                living += 1;
                health += f64::from(Condition::health(condition));
            }
            if let Some(count) = groups.group_of(agent).and_then(|group| facts.by_group.get_mut(usize::from(group.0))) {
                *count += 1;
            }
            if let Some(velocity) = world.get::<Velocity>(entity) {
                moving += 1;
                speed += f64::from(velocity.0.length());
            }
            if let Some(position) = world.get::<Position>(entity) {
                x += f64::from(position.0.x);
                y += f64::from(position.0.y);
            }
        }
        let mean = |sum: f64, count: usize| if count == 0 { 0.0 } else { sum / count as f64 };
        facts.mean_health = mean(health, living);
        facts.mean_speed = (moving > 0).then(|| mean(speed, moving));
        facts.centroid = Vec2::new(mean(x, facts.count) as f32, mean(y, facts.count) as f32);
        facts
    }
}

/// The place of a status in [`ManyFacts::by_status`].
#[must_use]
pub fn status_index(status: Status) -> usize {
    match status {
        Status::Active => 0,
        Status::Failed => 1,
        Status::Frozen => 2,
    }
}

/// A large selection is looked at again only this often, in seconds of real time.
const MANY_INTERVAL_S: f64 = 0.25;
/// A selection up to this size is looked at in every frame.
const FEW: usize = 2000;

/// Several agents taken together, looked at no more often than a reader can follow.
#[derive(Clone, Debug, Default)]
pub struct ManyCache {
    looked: Option<(u64, u64, usize, Option<AgentId>, Option<AgentId>)>,
    at: f64,
    facts: ManyFacts,
}

impl ManyCache {
    /// The agents as they are now, or as they were a moment ago; `now` is real time in seconds.
    pub fn follow(&mut self, generation: u64, tick: u64, world: &World, agents: &[AgentId], now: f64) -> &ManyFacts {
        let (first, last) = (agents.first().copied(), agents.last().copied());
        let same = self.looked.is_some_and(|(known, _, count, from, to)| {
            (known, count, from, to) == (generation, agents.len(), first, last)
        });
        let fresh = self.looked.is_some_and(|(_, looked, ..)| looked == tick);
        let soon = agents.len() > FEW && (0.0..MANY_INTERVAL_S).contains(&(now - self.at));
        if !same || (!fresh && !soon) {
            self.looked = Some((generation, tick, agents.len(), first, last));
            self.at = now;
            self.facts = ManyFacts::of(world, agents);
        }
        &self.facts
    }
}

/// The quantities of the simulation, collected anew only when they may have changed.
#[derive(Clone, Debug, Default)]
pub struct KnownQuantities {
    of: Option<(u64, usize)>,
    list: Vec<Quantity>,
}

impl KnownQuantities {
    /// The quantities as they are now.
    pub fn follow(&mut self, generation: u64, world: &World) -> &[Quantity] {
        let now = (generation, quantity::version(world));
        if self.of != Some(now) {
            self.of = Some(now);
            self.list = quantity::list(world);
        }
        &self.list
    }

    /// The quantities as they were when [`follow`](Self::follow) was last called.
    #[must_use]
    pub fn list(&self) -> &[Quantity] {
        &self.list
    }

    /// The quantity of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Quantity> {
        self.list.iter().find(|quantity| quantity.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::SimCorePlugin;
    use agent2028_core::agent::{AgentGroup, Placement, fail_agents, remove_agents, spawn_group};

    fn world() -> World {
        let mut app = App::new();
        app.add_plugins(SimCorePlugin::default());
        for name in ["ant", "bird"] {
            let group = AgentGroup { name: name.into(), ..default() };
            let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
            spawn_group(app.world_mut(), group, 10, &Placement::Grid { center: Vec2::ZERO, spacing: 1.0 }).unwrap();
        }
        std::mem::take(app.world_mut())
    }

    #[test]
    fn groups_are_counted_again_when_agents_go() {
        let mut world = world();
        let mut counts = GroupCounts::default();
        let numbers = |groups: &[GroupFacts]| groups.iter().map(|group| group.count).collect::<Vec<_>>();
        assert_eq!(numbers(counts.follow(0, &world)), [10, 10]);
        remove_agents(&mut world, &[AgentId(3), AgentId(12), AgentId(13)]);
        assert_eq!(numbers(counts.follow(0, &world)), [9, 8]);
    }

    #[test]
    fn several_agents_are_summed_up() {
        let mut world = world();
        fail_agents(&mut world, &[AgentId(0)], u64::MAX);
        remove_agents(&mut world, &[AgentId(1)]);
        let ids: Vec<AgentId> = (0..12).map(AgentId).collect();
        let facts = ManyFacts::of(&world, &ids);
        assert_eq!((facts.count, facts.gone), (11, 1));
        assert_eq!(facts.by_status, [10, 1, 0]);
        assert_eq!(facts.by_group, [9, 2]);
        assert_eq!((facts.mean_health, facts.mean_speed), (1.0, None));
        let mut cache = ManyCache::default();
        assert_eq!(cache.follow(0, 0, &world, &ids, 0.0).count, 11);
        assert_eq!(cache.follow(0, 0, &world, &ids[..1], 0.0).count, 1);
    }

    #[test]
    fn an_agent_that_left_has_no_facts() {
        let mut world = world();
        let agent = AgentFacts::of(&world, AgentId(11)).unwrap();
        assert_eq!((agent.name.as_str(), agent.group), ("bird-11", Some((1, "bird".into()))));
        remove_agents(&mut world, &[AgentId(11)]);
        assert_eq!(AgentFacts::of(&world, AgentId(11)), None);
    }
}
