//! From `AgentId` to `Entity`.

use bevy::ecs::entity::{EntityGeneration, EntityIndex};
use bevy::prelude::*;

use super::AgentId;

/// How many ids share a page.
const PAGE: usize = 1024;

/// The entities of ids that follow each other.
#[derive(Clone, Debug)]
struct Page {
    entities: [Option<EntityIndex>; PAGE],
    /// The generations of the first entities; those of the others are the first one.
    generations: Vec<EntityGeneration>,
    living: u32,
}

impl Page {
    const EMPTY: Self = Self { entities: [None; PAGE], generations: Vec::new(), living: 0 };

    fn generation(&self, place: usize) -> EntityGeneration {
        self.generations.get(place).copied().unwrap_or(EntityGeneration::FIRST)
    }

    fn get(&self, place: usize) -> Option<Entity> {
        let index = self.entities[place]?;
        Some(Entity::from_index_and_generation(index, self.generation(place)))
    }

    fn set_generation(&mut self, place: usize, generation: EntityGeneration) {
        if let Some(held) = self.generations.get_mut(place) {
            *held = generation;
        } else if generation != EntityGeneration::FIRST {
            self.generations.resize(place, EntityGeneration::FIRST);
            self.generations.push(generation);
        }
    }
}

/// From `AgentId` to `Entity`, kept by [`spawn_group`](super::spawn_group) and [`remove_agents`](super::remove_agents).
///
/// It takes 4 bytes per id. Only when an agent gets an entity whose place in Bevy's tables another one had before, which
/// its generation tells, it takes 4 bytes more. Ids are never given twice, so runs in which agents come and go use up many
/// more ids than agents live: pages of ids of which nobody lives are given back, and neither memory nor walks through all
/// agents grow with the ids that were ever given.
#[derive(Resource, Clone, Debug, Default)]
pub struct AgentIndex {
    pages: Vec<Option<Box<Page>>>,
    next: u32,
    living: usize,
}

/// The page of an id, and its place there.
const fn place_of(agent: AgentId) -> (usize, usize) {
    (agent.0 as usize / PAGE, agent.0 as usize % PAGE)
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
        AgentId(self.next)
    }

    /// The entity of an agent that still exists.
    #[must_use]
    #[inline]
    pub fn get(&self, agent: AgentId) -> Option<Entity> {
        let (page, place) = place_of(agent);
        self.pages.get(page)?.as_ref()?.get(place)
    }

    /// All agents in id order.
    pub fn iter(&self) -> impl Iterator<Item = (AgentId, Entity)> + '_ {
        self.pages.iter().enumerate().filter_map(|(number, page)| Some((number, page.as_ref()?))).flat_map(
            |(number, page)| {
                (0..PAGE).filter_map(move |place| Some((AgentId((number * PAGE + place) as u32), page.get(place)?)))
            },
        )
    }

    /// Its memory in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let held = self.pages.iter().flatten();
        let pages = held.map(|page| size_of::<Page>() + page.generations.capacity() * size_of::<EntityGeneration>());
        pages.sum::<usize>() + self.pages.capacity() * size_of::<Option<Box<Page>>>()
    }

    pub(crate) fn push(&mut self, entity: Entity) {
        self.set(self.next_id(), entity);
    }

    /// Enters an agent whose id is known, as when a checkpoint is loaded. Ids between it and the last one count as removed.
    pub(crate) fn set(&mut self, agent: AgentId, entity: Entity) {
        let (page, place) = place_of(agent);
        if self.pages.len() <= page {
            self.pages.resize(page + 1, None);
        }
        let page = self.pages[page].get_or_insert_with(|| Box::new(Page::EMPTY));
        if page.entities[place].replace(entity.index()).is_none() {
            page.living += 1;
            self.living += 1;
        }
        page.set_generation(place, entity.generation());
        self.next = self.next.max(agent.0 + 1);
    }

    pub(crate) fn take(&mut self, agent: AgentId) -> Option<Entity> {
        let (number, place) = place_of(agent);
        let page = self.pages.get_mut(number)?.as_mut()?;
        let taken = page.get(place)?;
        page.entities[place] = None;
        page.living -= 1;
        self.living -= 1;
        if page.living == 0 {
            self.pages[number] = None;
        }
        Some(taken)
    }

    /// Makes `next_id` the id that the next agent gets: larger ids are forgotten, and ids below it that nobody has count as
    /// given and removed.
    pub(crate) fn set_next_id(&mut self, next_id: AgentId) {
        for forgotten in next_id.0..self.next {
            self.take(AgentId(forgotten));
        }
        self.next = next_id.0;
        self.pages.truncate(next_id.index().div_ceil(PAGE));
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
        assert!(index.pages[0].as_ref().unwrap().generations.is_empty());

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
        assert_eq!((index.next_id(), index.get(AgentId(2)), index.len()), (AgentId(4), None, 1));
    }

    #[test]
    fn ids_that_nobody_has_any_more_take_no_memory_and_no_walk() {
        let entity = |place| Entity::from_index(EntityIndex::from_raw_u32(place).unwrap());
        let mut index = AgentIndex::default();
        (0..5000).for_each(|place| index.push(entity(place)));
        let at_first = index.bytes();
        // A population that is replaced over and over, in the order of age and at random.
        let mut oldest = 0;
        let mut living: Vec<AgentId> = (0..5000).map(AgentId).collect();
        for step in 0..200_000_u32 {
            let at = if step % 2 == 0 { 0 } else { (step.wrapping_mul(2_654_435_761) % 5000) as usize };
            let gone = living.remove(at);
            oldest = oldest.max(gone.0);
            assert!(index.take(gone).is_some());
            living.push(index.next_id());
            index.push(entity(step % 5000));
        }
        assert_eq!((index.next_id(), index.len()), (AgentId(205_000), 5000));
        assert!(index.iter().map(|(agent, _)| agent).eq(living.iter().copied()));
        assert!(index.bytes() <= 4 * at_first, "{} bytes, {at_first} at first", index.bytes());
        living.into_iter().for_each(|agent| {
            index.take(agent);
        });
        assert!(index.is_empty() && index.pages.iter().all(Option::is_none) && index.next_id() == AgentId(205_000));
    }
}
