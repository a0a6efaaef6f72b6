//! Components of agents as columns in id order, copied in runs straight between Bevy's tables and the bytes of a section.
//!
//! A column's bytes: 1 if every agent has the component; otherwise 0, how many have it (8 bytes) and their ids (4 each),
//! little-endian. Then the values.

use bevy::ecs::component::Mutable;
use bevy::prelude::*;
use bytemuck::Pod;
use serde::{Serialize, de::DeserializeOwned};

use crate::agent::{Agent, AgentId, AgentIndex};

/// The ids that exist, as half-open ranges in ascending order, as long as they can be.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Living {
    ranges: Vec<(u32, u32)>,
    /// For each range how many agents come before it.
    ranks: Vec<usize>,
    count: usize,
}

impl Living {
    /// The agents of a world.
    pub(super) fn of(world: &World) -> Self {
        let index = world.resource::<AgentIndex>();
        if index.len() == index.next_id().index() {
            return Self::from_ranges(if index.is_empty() { Vec::new() } else { vec![(0, index.next_id().0)] });
        }
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for (agent, _) in index.iter() {
            match ranges.last_mut() {
                Some(range) if range.1 == agent.0 => range.1 += 1,
                _ => ranges.push((agent.0, agent.0 + 1)),
            }
        }
        Self::from_ranges(ranges)
    }

    /// Ranges that ascend without overlap.
    pub(super) fn from_ranges(ranges: Vec<(u32, u32)>) -> Self {
        let mut count = 0;
        let mut ranks = Vec::with_capacity(ranges.len());
        for range in &ranges {
            ranks.push(count);
            count += (range.1 - range.0) as usize;
        }
        Self { ranges, ranks, count }
    }

    pub(super) fn ranges(&self) -> &[(u32, u32)] {
        &self.ranges
    }

    /// How many agents there are.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = AgentId> + '_ {
        self.ranges.iter().flat_map(|range| (range.0..range.1).map(AgentId))
    }

    pub(super) fn contains(&self, agent: AgentId) -> bool {
        self.place(agent).is_some()
    }

    /// How many agents have a smaller id, and how many ids exist without a gap from this one on; nothing if it doesn't.
    fn place(&self, agent: AgentId) -> Option<(usize, usize)> {
        let after = self.ranges.partition_point(|range| range.0 <= agent.0);
        let range = self.ranges[..after].last()?;
        (agent.0 < range.1)
            .then(|| (self.ranks[after - 1] + (agent.0 - range.0) as usize, (range.1 - agent.0) as usize))
    }

    /// The agents at the beginning of `agents` (not empty) whose values lie next to each other in a column: how many, and
    /// where in the column; nowhere if the first one doesn't exist.
    fn run(&self, agents: &[Agent]) -> (usize, Option<usize>) {
        match self.place(agents[0].0) {
            Some((rank, left)) => (consecutive(agents).min(left), Some(rank)),
            None => (1, None),
        }
    }
}

/// How many agents at the beginning of `agents` (not empty) have consecutive ids.
fn consecutive(agents: &[Agent]) -> usize {
    // Long enough for vector instructions, short enough to stop soon.
    const LOOK: usize = 64;
    let mut next = agents[0].0.0;
    let mut length = 0;
    for look in agents.chunks(LOOK) {
        let fits = |(at, agent): (usize, &Agent)| agent.0.0 == next.wrapping_add(at as u32);
        if !look.iter().enumerate().map(fits).fold(true, |all, fits| all & fits) {
            return length + look.iter().enumerate().take_while(|pair| fits(*pair)).count();
        }
        next = next.wrapping_add(LOOK as u32);
        length += look.len();
    }
    length
}

/// Shows `visit` all agents that have `T`, table by table.
fn visit_tables<'w, T: Component>(world: &'w World, mut visit: impl FnMut(&'w [Agent], &'w [T])) {
    let Some(mut query) = world.try_query::<(&Agent, &T)>() else {
        return;
    };
    match query.contiguous_iter(world) {
        Ok(tables) => tables.for_each(|(agents, values)| visit(agents, values)),
        // A component outside of tables.
        Err(_) => {
            query
                .iter(world)
                .for_each(|(agent, value)| visit(std::slice::from_ref(agent), std::slice::from_ref(value)));
        }
    }
}

/// A component of the agents that have it, in id order.
fn sorted<T: Component>(world: &World) -> Vec<(AgentId, &T)> {
    let mut column: Vec<(AgentId, &T)> = Vec::new();
    visit_tables::<T>(world, |agents, values| column.extend(agents.iter().map(|agent| agent.0).zip(values)));
    if !column.is_sorted_by_key(|(agent, _)| *agent) {
        column.sort_unstable_by_key(|(agent, _)| *agent);
    }
    column
}

/// The values of all agents in id order behind `header`, or nothing if an agent lacks the component.
pub(super) fn dense_column<T: Component + Pod>(world: &World, living: &Living, header: &[u8]) -> Option<Vec<u8>> {
    let mut found = 0;
    visit_tables::<T>(world, |agents, _| found += agents.len());
    if found != living.len() {
        return None;
    }
    // Zeroed memory comes from the system as it is, so no page is written twice.
    let mut bytes = vec![0; header.len() + found * size_of::<T>()];
    let (head, body) = bytes.split_at_mut(header.len());
    head.copy_from_slice(header);
    let mut complete = true;
    visit_tables::<T>(world, |mut agents, mut values| {
        while !agents.is_empty() {
            let (run, place) = living.run(agents);
            match place {
                Some(rank) => body[rank * size_of::<T>()..(rank + run) * size_of::<T>()]
                    .copy_from_slice(bytemuck::cast_slice(&values[..run])),
                None => complete = false,
            }
            (agents, values) = (&agents[run..], &values[run..]);
        }
    });
    complete.then_some(bytes)
}

/// Overwrites the component of every agent that has it with the values of all agents in id order. Returns how many were
/// overwritten.
pub(super) fn overwrite_dense<T: Component<Mutability = Mutable> + Pod>(
    world: &mut World,
    living: &Living,
    body: &[u8],
) -> Result<usize, String> {
    if Some(body.len()) != living.len().checked_mul(size_of::<T>()) {
        return Err("a column has the wrong length".into());
    }
    let mut written = 0;
    let mut write = |mut agents: &[Agent], mut values: &mut [T]| {
        while !agents.is_empty() {
            let (run, place) = living.run(agents);
            let (now, later) = values.split_at_mut(run);
            if let Some(rank) = place {
                bytemuck::cast_slice_mut(now)
                    .copy_from_slice(&body[rank * size_of::<T>()..(rank + run) * size_of::<T>()]);
                written += run;
            }
            (agents, values) = (&agents[run..], later);
        }
    };
    let mut query = world.query::<(&Agent, &mut T)>();
    if let Ok(tables) = query.contiguous_iter_mut(world) {
        tables.for_each(|(agents, mut values)| write(agents, &mut values));
        return Ok(written);
    }
    for (agent, mut value) in query.iter_mut(world) {
        write(std::slice::from_ref(agent), std::slice::from_mut(&mut *value));
    }
    Ok(written)
}

/// The column of a plain-old-data component.
pub(super) fn save_pod<T: Component + Pod>(world: &World) -> Vec<u8> {
    if let Some(column) = dense_column::<T>(world, &Living::of(world), &[1]) {
        return column;
    }
    let column = sorted::<T>(world);
    let mut bytes = column_header(world, &column);
    for (_, value) in column {
        bytes.extend_from_slice(bytemuck::bytes_of(value));
    }
    bytes
}

/// The inverse of [`save_pod`].
pub(super) fn load_pod<T: Component<Mutability = Mutable> + Pod>(
    world: &mut World,
    bytes: &[u8],
) -> Result<(), String> {
    let (ids, body) = split_header(bytes)?;
    let Some(ids) = ids else {
        let living = Living::of(world);
        if overwrite_dense::<T>(world, &living, body)? == living.len() {
            return Ok(());
        }
        let values = read_pods::<T>(body, living.len())?;
        return insert_all(world, &living.ids().collect::<Vec<_>>(), values);
    };
    let values = read_pods::<T>(body, ids.len())?;
    remove_others::<T>(world, &ids);
    insert_all(world, &ids, values)
}

/// The column of a plain-old-data component; nothing if no agent has it.
pub(super) fn save_rare_pod<T: Component + Pod>(world: &World) -> Vec<u8> {
    let mut found = 0;
    visit_tables::<T>(world, |agents, _| found += agents.len());
    if found == 0 { Vec::new() } else { save_pod::<T>(world) }
}

/// The inverse of [`save_rare_pod`].
pub(super) fn load_rare_pod<T: Component<Mutability = Mutable> + Pod>(
    world: &mut World,
    bytes: &[u8],
) -> Result<(), String> {
    if bytes.is_empty() {
        remove_others::<T>(world, &[]);
        return Ok(());
    }
    load_pod::<T>(world, bytes)
}

/// The column of a component in serde's form.
pub(super) fn save_serde<T: Component + Serialize>(world: &World) -> Result<Vec<u8>, String> {
    let column = sorted::<T>(world);
    let mut bytes = column_header(world, &column);
    for (agent, value) in column {
        postcard::to_io(value, &mut bytes).map_err(|error| format!("agent {}: {error}", agent.0))?;
    }
    Ok(bytes)
}

/// The inverse of [`save_serde`].
pub(super) fn load_serde<T: Component + DeserializeOwned>(world: &mut World, bytes: &[u8]) -> Result<(), String> {
    let (ids, mut body) = split_header(bytes)?;
    let ids = ids.unwrap_or_else(|| Living::of(world).ids().collect());
    let mut values = Vec::with_capacity(ids.len());
    for _ in &ids {
        let (value, rest) = postcard::take_from_bytes::<T>(body).map_err(|error| error.to_string())?;
        values.push(value);
        body = rest;
    }
    remove_others::<T>(world, &ids);
    insert_all(world, &ids, values)
}

fn column_header<T>(world: &World, column: &[(AgentId, &T)]) -> Vec<u8> {
    if column.len() == world.resource::<AgentIndex>().len() {
        return vec![1];
    }
    let mut bytes = Vec::with_capacity(9 + column.len() * (4 + size_of::<T>()));
    bytes.push(0);
    bytes.extend_from_slice(&(column.len() as u64).to_le_bytes());
    bytes.extend(column.iter().flat_map(|(agent, _)| agent.0.to_le_bytes()));
    bytes
}

/// The ids of a column, if not all agents are in it, and its values.
fn split_header(bytes: &[u8]) -> Result<(Option<Vec<AgentId>>, &[u8]), String> {
    let (all, rest) = bytes.split_first().ok_or("an empty column")?;
    if *all == 1 {
        return Ok((None, rest));
    }
    let (count, rest) = rest.split_first_chunk().ok_or("a column without a length")?;
    let length = usize::try_from(u64::from_le_bytes(*count)).ok().and_then(|count| count.checked_mul(4));
    let (ids, values) = length.and_then(|length| rest.split_at_checked(length)).ok_or("a column cut short")?;
    let ids: Vec<AgentId> = bytemuck::allocation::pod_collect_to_vec(ids);
    if !ids.is_sorted_by(|a, b| a < b) {
        return Err("a column whose ids don't ascend".into());
    }
    Ok((Some(ids), values))
}

pub(super) fn read_pods<T: Pod>(bytes: &[u8], count: usize) -> Result<Vec<T>, String> {
    if Some(bytes.len()) != count.checked_mul(size_of::<T>()) {
        return Err("a column has the wrong length".into());
    }
    Ok(bytemuck::allocation::pod_collect_to_vec(bytes))
}

/// Takes the component from agents that didn't have it when the column was saved.
fn remove_others<T: Component>(world: &mut World, ids: &[AgentId]) {
    let others: Vec<Entity> = world
        .query_filtered::<(Entity, &Agent), With<T>>()
        .iter(world)
        .filter(|(_, agent)| ids.binary_search(&agent.0).is_err())
        .map(|(entity, _)| entity)
        .collect();
    for entity in others {
        world.entity_mut(entity).remove::<T>();
    }
}

fn insert_all<T: Component>(world: &mut World, ids: &[AgentId], values: Vec<T>) -> Result<(), String> {
    let index = world.resource::<AgentIndex>();
    let entities: Option<Vec<Entity>> = ids.iter().map(|agent| index.get(*agent)).collect();
    let entities = entities.ok_or("an agent that does not exist")?;
    world.insert_batch(entities.into_iter().zip(values).collect::<Vec<_>>());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::Velocity;
    use serde::Deserialize;

    #[derive(Component, Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Note(String);

    #[derive(Component, Clone, Copy, Debug, Default, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
    #[component(storage = "SparseSet")]
    #[repr(C)]
    struct Rare(u32);

    /// Agents whose ids lie in no order in their tables, and some ids that are gone.
    fn world(ids: &[u32]) -> World {
        let mut world = World::new();
        world.register_component::<Rare>();
        world.register_component::<Velocity>();
        let mut index = AgentIndex::default();
        for &id in ids {
            let entity = world.spawn((Agent(AgentId(id)), Velocity(Vec2::new(id as f32, 0.5)))).id();
            index.set(AgentId(id), entity);
        }
        world.insert_resource(index);
        world
    }

    fn entity(world: &World, id: u32) -> Entity {
        world.resource::<AgentIndex>().get(AgentId(id)).unwrap()
    }

    #[test]
    fn ranks_count_the_agents_before() {
        let living = Living::of(&world(&[9, 2, 3, 4, 7]));
        assert_eq!(living.ranges(), [(2, 5), (7, 8), (9, 10)]);
        let places: Vec<_> = (1..11).map(|id| living.place(AgentId(id))).collect();
        let ranks =
            [None, Some((0, 3)), Some((1, 2)), Some((2, 1)), None, None, Some((3, 1)), None, Some((4, 1)), None];
        assert_eq!(places, ranks);
        assert_eq!(Living::of(&world(&[])).place(AgentId(0)), None);
    }

    #[test]
    fn runs_end_where_ids_jump() {
        for (length, jump) in [(1, 1), (200, 1), (200, 63), (200, 64), (200, 65), (200, 128), (200, 199), (200, 200)] {
            let agents: Vec<Agent> = (0..length).map(|at| Agent(AgentId(at + 5 * u32::from(at >= jump)))).collect();
            assert_eq!(consecutive(&agents), jump as usize, "{length} {jump}");
        }
    }

    #[test]
    fn a_dense_column_is_in_id_order_whatever_order_the_tables_have() {
        let mut world = world(&[5, 6, 7, 0, 2, 1]);
        // An agent that was never entered.
        world.spawn(Agent(AgentId(8)));
        // Another table.
        let moved = entity(&world, 6);
        world.entity_mut(moved).insert(Note("moved".into()));
        let bytes = save_pod::<Velocity>(&world);
        let values: Vec<Vec2> = bytemuck::allocation::pod_collect_to_vec(&bytes[1..]);
        assert_eq!(values.iter().map(|value| value.x).collect::<Vec<_>>(), [0.0, 1.0, 2.0, 5.0, 6.0, 7.0]);

        for mut velocity in world.query::<&mut Velocity>().iter_mut(&mut world) {
            velocity.0 = Vec2::ZERO;
        }
        // One has lost it altogether.
        let poor = entity(&world, 2);
        world.entity_mut(poor).remove::<Velocity>();
        load_pod::<Velocity>(&mut world, &bytes).unwrap();
        for id in [0, 1, 2, 5, 6, 7] {
            assert_eq!(world.get::<Velocity>(entity(&world, id)).unwrap().0, Vec2::new(id as f32, 0.5));
        }
        assert_eq!(save_pod::<Velocity>(&world), bytes);
    }

    #[test]
    fn a_component_that_some_have_comes_back_to_them_and_goes_from_others() {
        let mut world = world(&[0, 1, 2, 3]);
        for id in [3, 1] {
            let entity = entity(&world, id);
            world.entity_mut(entity).insert((Rare(id * 10), Note(format!("note {id}"))));
        }
        let (rare, notes) = (save_pod::<Rare>(&world), save_serde::<Note>(&world).unwrap());
        let (had, has) = (entity(&world, 1), entity(&world, 0));
        world.entity_mut(had).remove::<(Rare, Note)>();
        world.entity_mut(has).insert((Rare(7), Note("new".into())));
        load_pod::<Rare>(&mut world, &rare).unwrap();
        load_serde::<Note>(&mut world, &notes).unwrap();
        assert_eq!(world.get::<Rare>(had), Some(&Rare(10)));
        assert_eq!(world.get::<Note>(had), Some(&Note("note 1".into())));
        assert!(world.get::<Rare>(has).is_none() && world.get::<Note>(has).is_none());
        assert_eq!((save_pod::<Rare>(&world), save_serde::<Note>(&world).unwrap()), (rare, notes));
    }

    #[test]
    fn a_component_outside_of_tables_that_all_have_is_overwritten() {
        let mut world = world(&[2, 0, 1]);
        for id in 0..3 {
            let entity = entity(&world, id);
            world.entity_mut(entity).insert(Rare(id + 4));
        }
        let bytes = save_pod::<Rare>(&world);
        assert_eq!(bytes[0], 1);
        for mut rare in world.query::<&mut Rare>().iter_mut(&mut world) {
            rare.0 = 0;
        }
        load_pod::<Rare>(&mut world, &bytes).unwrap();
        assert_eq!(world.get::<Rare>(entity(&world, 2)), Some(&Rare(6)));
    }

    #[test]
    fn columns_that_make_no_sense_are_refused() {
        let mut world = world(&[0, 1]);
        let unknown = [&[0][..], &1_u64.to_le_bytes(), &9_u32.to_le_bytes(), &[0; 8]].concat();
        let twice = [&[0][..], &2_u64.to_le_bytes(), &[0; 8], &[0; 16]].concat();
        let vast = [&[0][..], &u64::MAX.to_le_bytes()].concat();
        for bytes in [&[][..], &[0, 1], &[1, 2, 3], &unknown, &twice, &vast] {
            assert!(load_pod::<Velocity>(&mut world, bytes).is_err(), "{bytes:?}");
        }
        for bytes in [&[][..], &[1, 200], &unknown[..13]] {
            assert!(load_serde::<Note>(&mut world, bytes).is_err(), "{bytes:?}");
        }
    }
}
