//! Which agents exist, their groups and places: the section that is loaded before all others.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use super::column::{self, Living};
use super::registry::to_bytes;
use crate::agent::{Agent, AgentGroups, AgentId, AgentIndex, GroupId, MAX_AGENTS, Position};

#[derive(Serialize, Deserialize)]
struct Header {
    next_id: u32,
    /// Half-open ranges of the ids that exist.
    living: Vec<(u32, u32)>,
    groups: Vec<(u32, u32, u16)>,
}

impl Header {
    fn makes_sense(&self, groups: usize) -> bool {
        u64::from(self.next_id) <= MAX_AGENTS
            && self.living.iter().all(|range| range.0 < range.1 && range.1 <= self.next_id)
            && self.living.windows(2).all(|pair| pair[0].1 < pair[1].0)
            && self
                .groups
                .iter()
                .all(|range| range.0 < range.1 && range.1 <= self.next_id && usize::from(range.2) < groups)
            && self.groups.windows(2).all(|pair| pair[0].1 <= pair[1].0)
    }
}

pub(super) fn save(world: &World) -> Result<Vec<u8>, String> {
    let living = Living::of(world);
    let header = Header {
        next_id: world.resource::<AgentIndex>().next_id().0,
        living: living.ranges().to_vec(),
        groups: world
            .resource::<AgentGroups>()
            .ranges()
            .iter()
            .map(|(from, to, group)| (*from, *to, group.0))
            .collect(),
    };
    let header = to_bytes(&header)?;
    let header = [&(header.len() as u64).to_le_bytes(), header.as_slice()].concat();
    // Every agent has a place: it is a required component.
    column::dense_column::<Position>(world, &living, &header).ok_or_else(|| "an agent has no place".to_owned())
}

/// Agents that live now and in the checkpoint keep their entity, so that nothing is moved that needn't be.
pub(super) fn load(world: &mut World, bytes: &[u8]) -> Result<(), String> {
    let (length, rest) = bytes.split_first_chunk().ok_or("cut short")?;
    let (header, places) = usize::try_from(u64::from_le_bytes(*length))
        .ok()
        .and_then(|length| rest.split_at_checked(length))
        .ok_or("cut short")?;
    let header: Header = postcard::from_bytes(header).map_err(|error| error.to_string())?;
    if !header.makes_sense(world.resource::<AgentGroups>().groups().len()) {
        return Err("the agents' ids make no sense".into());
    }
    let living = Living::from_ranges(header.living);
    if Some(places.len()) != living.len().checked_mul(size_of::<Position>()) {
        return Err("the agents' places are cut short".into());
    }
    let before = Living::of(world);
    if before != living {
        remove_all_but(world, &before, &living);
    }
    world.resource_mut::<AgentIndex>().set_next_id(AgentId(header.next_id));
    if before != living {
        add_missing(world, &living);
    }
    if column::overwrite_dense::<Position>(world, &living, places)? != living.len() {
        return Err("an agent without a place".into());
    }
    let ranges = header.groups.into_iter().map(|(from, to, group)| (from, to, GroupId(group))).collect();
    world.resource_mut::<AgentGroups>().set_ranges(ranges);
    Ok(())
}

fn remove_all_but(world: &mut World, before: &Living, living: &Living) {
    for agent in before.ids().filter(|agent| !living.contains(*agent)) {
        if let Some(entity) = world.resource_mut::<AgentIndex>().take(agent) {
            world.despawn(entity);
        }
    }
}

fn add_missing(world: &mut World, living: &Living) {
    let index = world.resource::<AgentIndex>();
    let missing: Vec<AgentId> = living.ids().filter(|agent| index.get(*agent).is_none()).collect();
    let entities: Vec<Entity> =
        world.spawn_batch(missing.iter().map(|agent| (Agent(*agent), Position::default()))).collect();
    let mut index = world.resource_mut::<AgentIndex>();
    for (agent, entity) in missing.into_iter().zip(entities) {
        index.set(agent, entity);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::AgentGroup;

    fn world(groups: &[&str], ids: &[u32], next_id: u32) -> World {
        let mut world = World::new();
        let mut index = AgentIndex::default();
        for &id in ids {
            let entity = world.spawn((Agent(AgentId(id)), Position(Vec2::splat(id as f32)))).id();
            index.set(AgentId(id), entity);
        }
        index.set_next_id(AgentId(next_id));
        let mut all = AgentGroups::default();
        for name in groups {
            all.add(AgentGroup { name: (*name).into(), ..default() });
        }
        if let Some(last) = all.groups().len().checked_sub(1) {
            all.push_range(0..next_id, GroupId(last as u16));
        }
        world.insert_resource(index);
        world.insert_resource(all);
        world
    }

    fn entities(world: &World) -> Vec<(AgentId, Entity)> {
        world.resource::<AgentIndex>().iter().collect()
    }

    #[test]
    fn who_lives_before_and_after_keeps_the_entity_and_others_come_and_go() {
        let saved = save(&world(&["bird"], &[0, 2, 3, 6], 8)).unwrap();
        for ids in [&[0, 2, 3, 6][..], &[6, 3, 2, 0], &[], &[0, 1, 2, 3], &[2, 5, 9]] {
            let mut world = world(&["bird"], ids, 10);
            let before = entities(&world);
            load(&mut world, &saved).unwrap();
            assert_eq!(save(&world).unwrap(), saved);
            let after = entities(&world);
            assert_eq!(after.iter().map(|(agent, _)| agent.0).collect::<Vec<_>>(), [0, 2, 3, 6]);
            assert_eq!(world.resource::<AgentIndex>().len(), 4);
            assert_eq!(world.query::<&Agent>().iter(&world).count(), 4);
            for (agent, entity) in after {
                assert_eq!(world.get::<Agent>(entity), Some(&Agent(agent)));
                assert_eq!(world.get::<Position>(entity).unwrap().0.x, agent.0 as f32);
                let kept = before.iter().find(|(other, _)| *other == agent);
                assert!(kept.is_none_or(|(_, before)| *before == entity), "{agent}");
            }
        }
    }

    #[test]
    fn sections_that_make_no_sense_are_refused() {
        let saved = save(&world(&["bird", "ant"], &[0, 1], 2)).unwrap();
        let mut few_groups = world(&["bird"], &[0, 1], 2);
        assert!(load(&mut few_groups, &saved).is_err());
        let mut fits = world(&["bird", "ant"], &[], 0);
        for cut in 0..saved.len() {
            assert!(load(&mut fits, &saved[..cut]).is_err(), "{cut}");
        }
        let section = |header: Header, places: usize| {
            let header = postcard::to_stdvec(&header).unwrap();
            [&(header.len() as u64).to_le_bytes(), header.as_slice(), &vec![0; places * 8]].concat()
        };
        let header =
            |next_id, living: &[_], groups: &[_]| Header { next_id, living: living.into(), groups: groups.into() };
        for (header, places) in [
            (header(u32::MAX, &[(0, 1)], &[]), 1),
            (header(4, &[(2, 5)], &[]), 3),
            (header(4, &[(2, 2)], &[]), 0),
            (header(4, &[(2, 3), (0, 1)], &[]), 2),
            (header(4, &[(0, 2), (2, 3)], &[]), 3),
            (header(4, &[(0, 2)], &[(0, 9, 0)]), 2),
            (header(4, &[(0, 2)], &[(0, 3, 0), (1, 4, 1)]), 2),
            (header(4, &[(0, 2)], &[(0, 4, 2)]), 2),
            (header(4, &[(0, 2)], &[(0, 4, 0)]), 1),
        ] {
            assert!(load(&mut fits, &section(header, places)).is_err());
        }
        load(&mut fits, &section(header(4, &[(0, 2)], &[(0, 4, 1)]), 2)).unwrap();
    }
}
