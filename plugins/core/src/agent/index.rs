//! From `AgentId` to `Entity`.

use bevy::ecs::entity::{EntityGeneration, EntityIndex};
use bevy::prelude::*;

use super::AgentId;

/// From `AgentId` to `Entity`, kept by [`spawn_group`](super::spawn_group) and [`remove_agents`](super::remove_agents).
///
/// It takes 4 bytes per id. Only when an agent gets an entity whose place in Bevy's tables another one had before, which
/// its generation tells, it takes 4 bytes more.
#[derive(Resource, Clone, Debug, Default)]
pub struct AgentIndex {
    entities: Vec<Option<EntityIndex>>,
    /// The generations of the first entities; those of the others are the first one.
    generations: Vec<EntityGeneration>,
    living: usize,
}

impl AgentIndex {
    /// How many agents there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.living
    }

    /// Whether there is no agent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.living == 0
    }

    /// The id that the next agent will get; all ids ever given are below it.
    #[must_use]
    pub fn next_id(&self) -> AgentId {
        AgentId(self.entities.len() as u32)
    }

    /// The entity of an agent that still exists.
    #[must_use]
    pub fn get(&self, agent: AgentId) -> Option<Entity> {
        let index = self.entities.get(agent.index()).copied().flatten()?;
        Some(Entity::from_index_and_generation(index, self.generation(agent.index())))
    }

    /// All agents in id order.
    pub fn iter(&self) -> impl Iterator<Item = (AgentId, Entity)> + '_ {
        self.entities.iter().enumerate().filter_map(|(id, index)| {
            index.map(|index| (AgentId(id as u32), Entity::from_index_and_generation(index, self.generation(id))))
        })
    }

    fn generation(&self, id: usize) -> EntityGeneration {
        self.generations.get(id).copied().unwrap_or(EntityGeneration::FIRST)
    }

    fn set_generation(&mut self, id: usize, generation: EntityGeneration) {
        if let Some(held) = self.generations.get_mut(id) {
            *held = generation;
        } else if generation != EntityGeneration::FIRST {
            self.generations.resize(id, EntityGeneration::FIRST);
            self.generations.push(generation);
        }
    }

    pub(crate) fn reserve(&mut self, count: usize) {
        self.entities.reserve_exact(count);
    }

    pub(crate) fn push(&mut self, entity: Entity) {
        self.set(self.next_id(), entity);
    }

    /// Enters an agent whose id is known, as when a checkpoint is loaded; ids in between count as removed.
    pub(crate) fn set(&mut self, agent: AgentId, entity: Entity) {
        if self.entities.len() <= agent.index() {
            self.entities.resize(agent.index() + 1, None);
        }
        if self.entities[agent.index()].replace(entity.index()).is_none() {
            self.living += 1;
        }
        self.set_generation(agent.index(), entity.generation());
    }

    pub(crate) fn take(&mut self, agent: AgentId) -> Option<Entity> {
        let taken = self.get(agent)?;
        self.entities[agent.index()] = None;
        self.living -= 1;
        Some(taken)
    }

    /// Forgets ids from `next_id` on, or counts those up to it as given and removed.
    pub(crate) fn set_next_id(&mut self, next_id: AgentId) {
        for forgotten in next_id.0..self.next_id().0 {
            self.take(AgentId(forgotten));
        }
        self.entities.resize(next_id.index(), None);
        self.generations.truncate(next_id.index());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_bytes_an_id() {
        assert_eq!(size_of::<Option<EntityIndex>>(), 4);
    }

    #[test]
    fn entities_that_follow_others_in_their_place_are_told_apart() {
        let entity = |place, versions| {
            let place = EntityIndex::from_raw_u32(place).unwrap();
            Entity::from_index_and_generation(place, EntityGeneration::FIRST.after_versions(versions))
        };
        let (first, gone, again, last) = (entity(4, 0), entity(5, 0), entity(5, 1), entity(6, 0));
        let mut index = AgentIndex::default();
        index.push(first);
        index.push(gone);
        assert!(index.generations.is_empty());

        assert_eq!(index.take(AgentId(1)), Some(gone));
        assert_eq!((index.take(AgentId(1)), index.get(AgentId(1)), index.len()), (None, None, 1));
        index.push(again);
        index.set(AgentId(5), last);
        assert_eq!(index.iter().collect::<Vec<_>>(), [(AgentId(0), first), (AgentId(2), again), (AgentId(5), last)]);
        assert_eq!((index.next_id(), index.len()), (AgentId(6), 3));

        // An id whose entity had a later generation may get one of the first.
        index.set(AgentId(2), last);
        assert_eq!((index.get(AgentId(2)), index.len()), (Some(last), 3));
        index.set(AgentId(2), again);
        index.set_next_id(AgentId(2));
        assert_eq!((index.iter().count(), index.len()), (1, 1));
        index.set_next_id(AgentId(4));
        assert_eq!((index.next_id(), index.get(AgentId(2)), index.generations.len()), (AgentId(4), None, 2));
    }
}
