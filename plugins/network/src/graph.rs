//! Who is linked with whom: a compact graph (compressed sparse rows) with the lists that have changed since beside it, or
//! everybody with everybody, for which nothing is stored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Undirected links between agents, by their ids. Lists of neighbours ascend.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SparseLinks {
    offsets: Vec<u32>,
    targets: Vec<u32>,
    /// The lists that differ from the rows above.
    changed: BTreeMap<u32, Vec<u32>>,
    links: u64,
}

impl SparseLinks {
    /// The graph with these links; loops and links that are named twice count once or not at all.
    #[must_use]
    pub fn from_edges(edges: &[(u32, u32)]) -> Self {
        let mut pairs: Vec<u64> = Vec::with_capacity(edges.len() * 2);
        for &(a, b) in edges.iter().filter(|(a, b)| a != b) {
            pairs.push(u64::from(a) << 32 | u64::from(b));
            pairs.push(u64::from(b) << 32 | u64::from(a));
        }
        pairs.sort_unstable();
        pairs.dedup();
        let nodes = pairs.last().map_or(0, |pair| (pair >> 32) as usize + 1);
        let mut offsets = vec![0; nodes + 1];
        for pair in &pairs {
            offsets[(pair >> 32) as usize + 1] += 1;
        }
        for node in 0..nodes {
            offsets[node + 1] += offsets[node];
        }
        let targets: Vec<u32> = pairs.iter().map(|pair| *pair as u32).collect();
        Self { offsets, links: targets.len() as u64 / 2, targets, changed: BTreeMap::new() }
    }

    /// The neighbours of an agent, ascending.
    #[inline]
    #[must_use]
    pub fn neighbours(&self, agent: u32) -> &[u32] {
        if !self.changed.is_empty()
            && let Some(list) = self.changed.get(&agent)
        {
            return list;
        }
        let at = agent as usize;
        match self.offsets.get(at..=at + 1) {
            Some([from, to]) => &self.targets[*from as usize..*to as usize],
            _ => &[],
        }
    }

    /// Whether two agents are linked.
    #[must_use]
    pub fn linked(&self, one: u32, other: u32) -> bool {
        self.neighbours(one).binary_search(&other).is_ok()
    }

    /// How many links there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.links
    }

    /// Whether there is no link.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.links == 0
    }

    /// All links, each once with the lower id first, ascending.
    pub fn edges(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        let base = self.offsets.len().saturating_sub(1) as u32;
        let last = self.changed.last_key_value().map_or(0, |(agent, _)| agent + 1);
        (0..base.max(last)).flat_map(move |agent| {
            self.neighbours(agent).iter().filter(move |other| **other > agent).map(move |other| (agent, *other))
        })
    }

    fn list(&mut self, agent: u32) -> &mut Vec<u32> {
        if !self.changed.contains_key(&agent) {
            let list = self.neighbours(agent).to_vec();
            self.changed.insert(agent, list);
        }
        self.changed.entry(agent).or_default()
    }

    /// Links two agents; false if they were, or are the same.
    pub fn add(&mut self, one: u32, other: u32) -> bool {
        if one == other || self.linked(one, other) {
            return false;
        }
        for (from, to) in [(one, other), (other, one)] {
            let list = self.list(from);
            let at = list.partition_point(|known| *known < to);
            list.insert(at, to);
        }
        self.links += 1;
        true
    }

    /// Takes a link away; false if there was none.
    pub fn remove(&mut self, one: u32, other: u32) -> bool {
        if !self.linked(one, other) {
            return false;
        }
        for (from, to) in [(one, other), (other, one)] {
            self.list(from).retain(|known| *known != to);
        }
        self.links -= 1;
        true
    }

    /// Takes all links of an agent away.
    pub fn remove_all_of(&mut self, agent: u32) {
        for other in self.neighbours(agent).to_vec() {
            self.remove(agent, other);
        }
    }

    /// Writes the changed lists into the rows once they are many.
    pub fn compact(&mut self) {
        if self.changed.len() * 8 > self.offsets.len() {
            let edges: Vec<(u32, u32)> = self.edges().collect();
            *self = Self::from_edges(&edges);
        }
    }

    /// The memory that it holds, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let lists: usize = self.changed.values().map(|list| list.capacity() * 4 + 48).sum();
        (self.offsets.capacity() + self.targets.capacity()) * 4 + lists
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn changes_equal_those_of_a_set(
            start in prop::collection::vec((0_u32..20, 0_u32..20), 0..40),
            steps in prop::collection::vec((0_u8..4, 0_u32..24, 0_u32..24), 0..80),
        ) {
            let mut links = SparseLinks::from_edges(&start);
            let mut known: BTreeSet<(u32, u32)> = start.iter().filter(|(a, b)| a != b).map(|(a, b)| (*a.min(b), *a.max(b))).collect();
            for (what, a, b) in steps {
                let pair = (a.min(b), a.max(b));
                match what {
                    0 => prop_assert_eq!(links.add(a, b), a != b && known.insert(pair)),
                    1 => prop_assert_eq!(links.remove(a, b), known.remove(&pair)),
                    2 => {
                        links.remove_all_of(a);
                        known.retain(|(one, other)| *one != a && *other != a);
                    }
                    _ => links.compact(),
                }
                prop_assert_eq!(links.edges().collect::<Vec<_>>(), known.iter().copied().collect::<Vec<_>>());
                prop_assert_eq!(links.len(), known.len() as u64);
                prop_assert!(links.neighbours(a).is_sorted());
            }
        }
    }
}
