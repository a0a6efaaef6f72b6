//! Bringing agents into the world and taking them out.

use bevy::prelude::*;

use super::{
    Agent, AgentGroups, AgentId, AgentIndex, AgentLeft, AgentsJoined, Capabilities, CapabilityIndex,
    CapabilityRegistry, Condition, GroupId, Placement, Position, Regions, ServiceRecord, Velocity, regions_of_groups,
};
use crate::clock::SimClock;
use crate::event::{EventBus, EventKind};
use crate::rng::{Purpose, SimRng};
use crate::space::WorldBounds;

/// Ids stay below this, so that sorts and files can use 24 bits more for other things and memory stays bounded.
pub const MAX_AGENTS: u64 = 1 << 28;
/// There are at most this many agents at once.
pub(crate) const MOST_AT_ONCE: u64 = 1 << 24;

/// Why agents could not be spawned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpawnError {
    /// No such group.
    #[error("there is no group {0}")]
    UnknownGroup(String),
    /// More agents than a run can number.
    #[error("a run numbers at most {MAX_AGENTS} agents")]
    TooMany,
    /// There would be more agents at once than a simulation holds.
    #[error("there are {now} agents; {more} more would be over the {MOST_AT_ONCE} that there may be at once")]
    TooManyAtOnce {
        /// How many there are.
        now: u64,
        /// How many were to come.
        more: u64,
    },
}

/// Agents that were spawned together: their ids are consecutive, `entities[i]` has id `first + i`.
#[derive(Clone, Debug)]
pub struct SpawnBatch {
    /// The group they belong to.
    pub group: GroupId,
    /// The first id.
    pub first: AgentId,
    /// Their entities, in id order.
    pub entities: Vec<Entity>,
    /// Velocities that the scene gave (in id order); empty if it gave none.
    pub velocities: Vec<Option<Vec2>>,
}

impl SpawnBatch {
    /// Ids and entities.
    pub fn iter(&self) -> impl Iterator<Item = (AgentId, Entity)> + '_ {
        let first = self.first.0;
        self.entities.iter().enumerate().map(move |(offset, entity)| (AgentId(first + offset as u32), *entity))
    }

    /// The velocity that the scene gave the agent at `offset`, if any.
    #[must_use]
    pub fn velocity(&self, offset: usize) -> Option<Vec2> {
        self.velocities.get(offset).copied().flatten()
    }
}

/// What plugins do to agents that have just been spawned, in the order in which the plugins were added.
#[derive(Resource, Clone, Debug, Default)]
pub struct SpawnHooks(pub Vec<fn(&mut World, &SpawnBatch)>);

/// Spawns what a group starts with.
///
/// # Errors
/// If the group doesn't exist or ids run out.
pub fn spawn_scene_group(world: &mut World, group: GroupId) -> Result<SpawnBatch, SpawnError> {
    let spec =
        world.resource::<AgentGroups>().get(group).ok_or_else(|| SpawnError::UnknownGroup(group.0.to_string()))?;
    let (count, placement) = (spec.initial_count(), spec.spawn.clone());
    spawn(world, group, count, &placement, true)
}

/// Spawns `count` more agents of a group.
///
/// # Errors
/// If the group doesn't exist or ids run out.
pub fn spawn_group(
    world: &mut World,
    group: GroupId,
    count: u32,
    placement: &Placement,
) -> Result<SpawnBatch, SpawnError> {
    spawn(world, group, count, placement, false)
}

fn spawn(
    world: &mut World,
    group: GroupId,
    count: u32,
    placement: &Placement,
    with_rows: bool,
) -> Result<SpawnBatch, SpawnError> {
    let spec = world
        .resource::<AgentGroups>()
        .get(group)
        .ok_or_else(|| SpawnError::UnknownGroup(group.0.to_string()))?
        .clone();
    let first = world.resource::<AgentIndex>().next_id();
    room(first, world.resource::<AgentIndex>().len(), count)?;
    let bounds = *world.resource::<WorldBounds>();
    let dice = *world.resource::<SimRng>();
    let rows = if with_rows { spec.rows.as_slice() } else { &[] };
    let purpose = Purpose::new("agent.spawn");
    let entities: Vec<Entity> = world
        .spawn_batch((0..count).map(|offset| {
            let agent = AgentId(first.0 + offset);
            let point = match rows.get(offset as usize) {
                Some(row) => row.position,
                None => placement.point(offset, count, &bounds, &mut dice.stream(purpose, agent, 0)),
            };
            (Agent(agent), Position(bounds.enter(point)))
        }))
        .collect();
    let mut index = world.resource_mut::<AgentIndex>();
    for entity in &entities {
        index.push(*entity);
    }
    world.resource_mut::<AgentGroups>().push_range(first.0..first.0 + count, group);

    let has_velocities = spec.velocity.is_some() || rows.iter().any(|row| row.velocity.is_some());
    let velocities = if has_velocities {
        (0..count as usize).map(|offset| rows.get(offset).and_then(|row| row.velocity).or(spec.velocity)).collect()
    } else {
        Vec::new()
    };
    let batch = SpawnBatch { group, first, entities, velocities };
    if !spec.region.is_empty() {
        // All in the order of the groups, so that a region has the same number whichever group is spawned first; once, not for
        // each of the groups.
        if world.resource::<Regions>().find(&spec.region).is_none() {
            let names = regions_of_groups(world.resource::<AgentGroups>().groups());
            let mut regions = world.resource_mut::<Regions>();
            names.iter().for_each(|name| {
                regions.intern(name);
            });
        }
        let region = world.resource_mut::<Regions>().intern(&spec.region);
        for entity in &batch.entities {
            world.entity_mut(*entity).insert(region);
        }
    }
    for (offset, (agent, entity)) in batch.iter().enumerate() {
        let row = rows.get(offset);
        let health = row.and_then(|row| row.health).unwrap_or(spec.health);
        if health < 1.0 {
            world.entity_mut(entity).insert(Condition { base_health: health, health, ..default() });
        }
        let own: &[String] = row.map_or(&[], |row| &row.capabilities);
        if !spec.capabilities.is_empty() || !own.is_empty() {
            let mut set = Capabilities::default();
            let mut registry = world.resource_mut::<CapabilityRegistry>();
            for name in spec.capabilities.iter().chain(own) {
                // Names were validated with the scene; a bad one from a library user is skipped with a warning.
                match registry.intern(name) {
                    Ok(id) => set.0.insert(id),
                    Err(error) => tracing::warn!("capability of group {}: {error}", spec.name),
                }
            }
            let mut capability_index = world.resource_mut::<CapabilityIndex>();
            for capability in set.0.iter() {
                capability_index.insert(capability, agent);
            }
            let record = ServiceRecord {
                reliability: spec.reliability,
                reported_reliability: spec.reliability,
                max_concurrency: spec.max_concurrency.max(1),
                ..default()
            };
            world.entity_mut(entity).insert((set, record));
        }
        if let Some(velocity) = batch.velocity(offset) {
            world.entity_mut(entity).insert(Velocity(velocity));
        }
        // The common case, a plain flock, has nothing to add to any agent.
        if rows.is_empty() && !has_velocities && spec.capabilities.is_empty() && spec.health >= 1.0 {
            break;
        }
    }
    let hooks = world.resource::<SpawnHooks>().0.clone();
    for hook in hooks {
        hook(world, &batch);
    }
    if count > 0 && world.resource::<SimClock>().tick() > 0 {
        let told = AgentsJoined { group: spec.name.clone(), count };
        world.resource_mut::<EventBus>().publish(EventKind::AGENT_STARTED, Some(first), told);
    }
    Ok(batch)
}

/// Refuses `count` more agents if there would be too many at once, or in the run.
fn room(next: AgentId, now: usize, count: u32) -> Result<(), SpawnError> {
    if u64::from(next.0) + u64::from(count) > MAX_AGENTS {
        return Err(SpawnError::TooMany);
    }
    let now = now as u64;
    if now + u64::from(count) > MOST_AT_ONCE {
        return Err(SpawnError::TooManyAtOnce { now, more: count.into() });
    }
    Ok(())
}

/// Takes agents out of the world for good; ids that are gone already are passed over. Returns how many were removed.
pub fn remove_agents(world: &mut World, agents: &[AgentId]) -> usize {
    let mut removed = 0;
    for &agent in agents {
        let Some(entity) = world.resource_mut::<AgentIndex>().take(agent) else {
            continue;
        };
        if let Some(set) = world.get::<Capabilities>(entity).cloned() {
            let mut index = world.resource_mut::<CapabilityIndex>();
            for capability in set.0.iter() {
                index.remove(capability, agent);
            }
        }
        world.despawn(entity);
        world.resource_mut::<EventBus>().publish(EventKind::AGENT_REMOVED, Some(agent), AgentLeft);
        removed += 1;
    }
    removed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SimCorePlugin;
    use crate::agent::AgentGroup;
    use crate::faults::Spawn;
    use crate::intervention::{Intervention, InterventionContext};

    #[test]
    fn no_spawn_passes_the_limits_of_agents() {
        let most = MOST_AT_ONCE as u32;
        assert_eq!(room(AgentId(0), 0, most), Ok(()));
        assert_eq!(room(AgentId(most), most as usize, 0), Ok(()));
        assert_eq!(room(AgentId(7), 7, most - 7), Ok(()));
        assert_eq!(room(AgentId(7), 7, most - 6), Err(SpawnError::TooManyAtOnce { now: 7, more: u64::from(most) - 6 }));
        assert_eq!(room(AgentId(MAX_AGENTS as u32 - 3), 5, 3), Ok(()));
        assert_eq!(room(AgentId(MAX_AGENTS as u32 - 3), 5, 4), Err(SpawnError::TooMany));
        assert_eq!(room(AgentId(MAX_AGENTS as u32), 0, u32::MAX), Err(SpawnError::TooMany));
        // Through the door that scenes use, and nothing is half done.
        let mut app = App::new();
        app.add_plugins(SimCorePlugin::default());
        let group = app.world_mut().resource_mut::<AgentGroups>().add(AgentGroup { count: 5, ..default() });
        spawn_scene_group(app.world_mut(), group).unwrap();
        let more = Spawn { group: "agent".into(), count: most - 4, at: None };
        let refused = more.apply(app.world_mut(), &InterventionContext { tick: 1, ordinal: 0 });
        assert!(refused.unwrap_err().to_string().contains("16777216"));
        let index = app.world().resource::<AgentIndex>();
        assert_eq!((index.len(), index.next_id()), (5, AgentId(5)));
    }

    #[test]
    fn regions_are_numbered_in_the_order_of_the_groups_whichever_is_spawned_first() {
        let mut app = App::new();
        app.add_plugins(SimCorePlugin::default());
        let groups: Vec<GroupId> = ["south", "north", "", "south", "east"]
            .into_iter()
            .map(|region| {
                let group = AgentGroup { name: format!("in {region}"), region: region.into(), count: 1, ..default() };
                app.world_mut().resource_mut::<AgentGroups>().add(group)
            })
            .collect();
        for group in groups.into_iter().rev() {
            spawn_scene_group(app.world_mut(), group).unwrap();
        }
        assert_eq!(app.world().resource::<Regions>().names(), ["south", "north", "east"]);
    }
}
