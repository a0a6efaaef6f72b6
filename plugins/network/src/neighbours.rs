//! The agents that talk, and whom each is linked with.

use agent2028_core::rng::SimStream;
use serde::{Deserialize, Serialize};

use crate::graph::SparseLinks;
use crate::topology::below;

/// The agents that talk, ascending by id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Members {
    ids: Vec<u32>,
}

impl Members {
    /// The members, by ids that ascend.
    #[must_use]
    pub fn new(ids: Vec<u32>) -> Self {
        Self { ids }
    }

    /// Their ids, ascending.
    #[must_use]
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// An agent's place among them, if it is one.
    #[inline]
    #[must_use]
    pub fn place(&self, agent: u32) -> Option<usize> {
        // Where all ids from 0 on are members, each is its own place.
        if self.ids.get(agent as usize) == Some(&agent) {
            return Some(agent as usize);
        }
        self.ids.binary_search(&agent).ok()
    }
}

/// Who is linked with whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Links {
    /// Everybody with everybody: nothing is stored.
    #[default]
    Full,
    /// As stored.
    Sparse(SparseLinks),
}

/// The neighbours of an agent, ascending.
#[derive(Clone, Copy, Debug)]
pub struct Neighbours<'a> {
    list: &'a [u32],
    /// The place that is passed over: an agent isn't its own neighbour.
    without: usize,
}

impl<'a> Neighbours<'a> {
    /// How many there are.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len() - usize::from(self.without < self.list.len())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The neighbour at a place below [`Neighbours::len`].
    #[inline]
    #[must_use]
    pub fn get(&self, at: usize) -> u32 {
        self.list[at + usize::from(at >= self.without)]
    }

    /// All of them.
    pub fn iter(self) -> impl Iterator<Item = u32> + 'a {
        (0..self.len()).map(move |at| self.get(at))
    }

    /// Whether somebody is among them.
    #[must_use]
    pub fn contains(&self, agent: u32) -> bool {
        self.list.binary_search(&agent).is_ok_and(|at| at != self.without)
    }

    /// The place of a neighbour.
    #[must_use]
    pub fn place_of(&self, agent: u32) -> Option<usize> {
        let at = self.list.binary_search(&agent).ok().filter(|at| *at != self.without)?;
        Some(at - usize::from(at > self.without))
    }

    /// `count` different ones by chance, or all if there are no more, in place of what `chosen` held.
    pub fn choose(&self, count: u32, stream: &mut SimStream, chosen: &mut Vec<u32>) {
        chosen.clear();
        let (all, count) = (self.len(), count as usize);
        if count >= all {
            chosen.extend(self.iter());
            return;
        }
        // Floyd's sample (Bentley & Floyd 1987): as many draws as are wanted.
        for last in all - count..all {
            let drawn = self.get(below(stream, last as u32 + 1) as usize);
            let agent = if chosen.contains(&drawn) { self.get(last) } else { drawn };
            chosen.push(agent);
        }
    }
}

impl Links {
    /// The neighbours of an agent.
    #[inline]
    #[must_use]
    pub fn of<'a>(&'a self, members: &'a Members, agent: u32) -> Neighbours<'a> {
        match self {
            Self::Full => match members.place(agent) {
                Some(place) => Neighbours { list: members.ids(), without: place },
                None => Neighbours { list: &[], without: usize::MAX },
            },
            Self::Sparse(links) => Neighbours { list: links.neighbours(agent), without: usize::MAX },
        }
    }

    /// How many links there are.
    #[must_use]
    pub fn count(&self, members: &Members) -> u64 {
        match self {
            Self::Full => members.len() as u64 * (members.len() as u64).saturating_sub(1) / 2,
            Self::Sparse(links) => links.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::rng::{Purpose, SimRng};

    #[test]
    fn everybody_is_linked_with_all_others_without_storing_it() {
        let members = Members::new(vec![2, 3, 7, 9]);
        let links = Links::Full;
        assert_eq!(links.of(&members, 7).iter().collect::<Vec<_>>(), [2, 3, 9]);
        assert_eq!((links.count(&members), links.of(&members, 5).len()), (6, 0));
        assert!(links.of(&members, 7).contains(9) && !links.of(&members, 7).contains(7));
    }

    #[test]
    fn a_choice_is_of_different_ones_and_each_has_the_same_chance() {
        let members = Members::new((0..10).collect());
        let (mut counts, mut chosen) = ([0_u32; 10], Vec::new());
        for round in 0..9000 {
            let mut stream = SimRng::new(1).global(Purpose::new("choose"), round);
            Links::Full.of(&members, 4).choose(3, &mut stream, &mut chosen);
            assert!(chosen.len() == 3 && chosen[0] != chosen[1] && chosen[1] != chosen[2] && chosen[0] != chosen[2]);
            chosen.iter().for_each(|agent| counts[*agent as usize] += 1);
        }
        assert_eq!(counts[4], 0);
        assert!(
            counts.iter().enumerate().all(|(agent, count)| agent == 4 || (2800..3200).contains(count)),
            "{counts:?}"
        );
        Links::Full.of(&members, 4).choose(20, &mut SimRng::new(1).global(Purpose::new("all"), 0), &mut chosen);
        assert_eq!(chosen.len(), 9);
    }
}
