//! What was found is kept until something that it was found from changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::best_path::{Limits, Reach, Search};
use crate::graph::TrustGraph;

/// What each of some nodes reaches.
#[derive(Clone, Debug)]
pub struct ReachCache {
    kept: BTreeMap<u32, Kept>,
    most: usize,
    limits: Limits,
    uses: u64,
    hits: u64,
    misses: u64,
    dropped: u64,
    search: Search,
}

#[derive(Clone, Debug)]
struct Kept {
    reach: Arc<Reach>,
    /// How often the graph had changed when it was found.
    changes: u64,
    used: u64,
}

impl ReachCache {
    /// Keeps what at most `most` nodes reach.
    #[must_use]
    pub fn new(most: usize, limits: Limits) -> Self {
        Self {
            kept: BTreeMap::new(),
            most: most.max(1),
            limits,
            uses: 0,
            hits: 0,
            misses: 0,
            dropped: 0,
            search: Search::default(),
        }
    }

    /// Other limits; what was found within the old ones is forgotten.
    pub fn set_limits(&mut self, limits: Limits) {
        if self.limits != limits {
            self.limits = limits;
            self.kept.clear();
        }
    }

    /// How often what was asked for was there, how often it was not, and how often something was dropped for lack of room.
    #[must_use]
    pub fn statistics(&self) -> (u64, u64, u64) {
        (self.hits, self.misses, self.dropped)
    }

    /// What a node reaches in a graph, which must always be the same one.
    ///
    /// What is kept holds as long as no row has changed that the search went through: the arcs of a node that was out of
    /// reach can't have led to anything.
    pub fn reach(&mut self, graph: &TrustGraph, from: u32) -> Arc<Reach> {
        self.uses += 1;
        if let Some(kept) = self.kept.get_mut(&from) {
            if kept.reach.steps().iter().all(|step| graph.changed(step.node) <= kept.changes) {
                kept.used = self.uses;
                self.hits += 1;
                return Arc::clone(&kept.reach);
            }
            self.kept.remove(&from);
        }
        self.misses += 1;
        if self.kept.len() >= self.most
            && let Some(oldest) = self.kept.iter().min_by_key(|(_, kept)| kept.used).map(|(node, _)| *node)
        {
            self.kept.remove(&oldest);
            self.dropped += 1;
        }
        let reach = Arc::new(self.search.reach(graph, from, None, self.limits));
        // A node beyond the graph reaches nothing until it comes in, which no row tells.
        if !reach.steps().is_empty() {
            let kept = Kept { reach: Arc::clone(&reach), changes: graph.changes(), used: self.uses };
            self.kept.insert(from, kept);
        }
        reach
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::Evidence;
    use proptest::prelude::*;

    fn observe(graph: &mut TrustGraph, source: u32, target: u32) {
        graph.observe(source, target, Evidence::new(8.0, 0.0));
    }

    #[test]
    fn a_change_within_reach_is_noticed_and_one_beyond_is_not() {
        let mut graph = TrustGraph::default();
        observe(&mut graph, 0, 1);
        observe(&mut graph, 5, 6);
        let mut cache = ReachCache::new(8, Limits::default());
        assert_eq!(cache.reach(&graph, 0).trustees().count(), 1);
        observe(&mut graph, 5, 7);
        cache.reach(&graph, 0);
        assert_eq!(cache.statistics(), (1, 1, 0));
        observe(&mut graph, 1, 5);
        assert_eq!(cache.reach(&graph, 0).trustees().count(), 4);
        assert_eq!(cache.statistics(), (1, 2, 0));
        graph.fade(1.0);
        cache.reach(&graph, 0);
        assert_eq!(cache.statistics(), (1, 3, 0));
    }

    #[test]
    fn the_one_that_was_used_longest_ago_is_dropped() {
        let mut graph = TrustGraph::default();
        (0..4).for_each(|node| observe(&mut graph, node, node + 1));
        let mut cache = ReachCache::new(2, Limits::default());
        for node in [0, 1, 0, 2, 0, 1] {
            cache.reach(&graph, node);
        }
        assert_eq!(cache.statistics(), (2, 4, 2));
    }

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn what_is_kept_is_what_would_be_found(steps in prop::collection::vec((0_u32..10, 0_u32..10, 0_u8..4), 0..150)) {
            let mut graph = TrustGraph::default();
            let mut cache = ReachCache::new(4, Limits { least: 0.1, most_steps: 3 });
            for (source, target, what) in steps {
                match what {
                    0 => { graph.observe(source, target, Evidence::new(4.0, 1.0)); }
                    1 => graph.compact(|_, _| true),
                    _ => {
                        let found = Search::default().reach(&graph, source, None, Limits { least: 0.1, most_steps: 3 });
                        let mut kept: Vec<_> = cache.reach(&graph, source).trustees().collect();
                        let mut wanted: Vec<_> = found.trustees().collect();
                        kept.sort_by_key(|trustee| trustee.0);
                        wanted.sort_by_key(|trustee| trustee.0);
                        prop_assert_eq!(kept, wanted);
                    }
                }
            }
        }
    }
}
