//! Trust over all paths by subjective logic (Jøsang, Hayward & Pope 2006): recommendations are discounted along paths, and paths
//! that know nothing of each other are brought to a consensus.
//!
//! Paths that share an arc are not independent: taken both, what is said once would count twice. So paths are taken from the
//! best one on, and one is left out if with it the graph of all that were taken could no longer be reduced to one arc by
//! replacing chains and parallels (a directed series-parallel graph).

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::best_path::{Limits, Path};
use super::opinion::Opinion;
use crate::graph::{Arcs, TrustGraph};

/// At most so many steps are looked at for paths.
const MOST_STEPS: usize = 20_000;
/// At most so many paths are tried.
const MOST_PATHS: usize = 64;

/// What was found from one to another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Analysis {
    /// What the one may think of the other; nothing if no path leads there.
    pub opinion: Option<Opinion>,
    /// The paths that count, the best first.
    pub paths: Vec<Path>,
    /// How many were left out because they would count something twice.
    pub left_out: usize,
    /// Whether there are more than were looked at.
    pub more: bool,
}

/// An arc between two nodes, or what chains and parallels were replaced by.
#[derive(Clone, Copy, Debug)]
struct Link {
    from: u32,
    to: u32,
    opinion: Opinion,
}

/// What `from` may think of `to`, by way of all paths within limits.
#[must_use]
pub fn analyse(graph: &TrustGraph, from: u32, to: u32, limits: Limits) -> Analysis {
    let (paths, more) = paths(graph, from, to, limits);
    let mut analysis = Analysis { more, ..Analysis::default() };
    let mut arcs: Vec<(u32, u32)> = Vec::new();
    for path in paths {
        let mut with = arcs.clone();
        for arc in path.nodes.windows(2).map(|ends| (ends[0], ends[1])) {
            if !with.contains(&arc) {
                with.push(arc);
            }
        }
        match reduce(graph, &with, from, to) {
            Some(opinion) => {
                analysis.opinion = Some(opinion);
                analysis.paths.push(path);
                arcs = with;
            }
            None => analysis.left_out += 1,
        }
    }
    analysis
}

/// The opinion that a graph amounts to, if it can be reduced to one arc.
fn reduce(graph: &TrustGraph, arcs: &[(u32, u32)], from: u32, to: u32) -> Option<Opinion> {
    let opinion = |(from, to): &(u32, u32)| graph.evidence(*from, *to).map(Opinion::of);
    let mut links: Vec<Link> =
        arcs.iter().filter_map(|arc| opinion(arc).map(|opinion| Link { from: arc.0, to: arc.1, opinion })).collect();
    loop {
        if let [only] = links.as_slice() {
            return (only.from == from && only.to == to).then_some(only.opinion);
        }
        if !join_parallels(&mut links) && !join_chains(&mut links, from, to) {
            return None;
        }
    }
}

/// Replaces the first two arcs that have the same ends.
fn join_parallels(links: &mut Vec<Link>) -> bool {
    for one in 0..links.len() {
        for other in one + 1..links.len() {
            if (links[one].from, links[one].to) == (links[other].from, links[other].to) {
                links[one].opinion = links[one].opinion.consensus(&links[other].opinion);
                links.remove(other);
                return true;
            }
        }
    }
    false
}

/// Replaces the first two arcs between which there is a node with no others.
fn join_chains(links: &mut Vec<Link>, from: u32, to: u32) -> bool {
    for one in 0..links.len() {
        let middle = links[one].to;
        if middle == from || middle == to {
            continue;
        }
        let into = links.iter().filter(|link| link.to == middle).count();
        let mut out = (0..links.len()).filter(|at| links[*at].from == middle);
        if let (1, Some(next), None) = (into, out.next(), out.next()) {
            links[one].opinion = links[one].opinion.discount(&links[next].opinion);
            links[one].to = links[next].to;
            links.remove(next);
            return true;
        }
    }
    false
}

#[derive(Debug)]
struct Partial(Path);

impl PartialEq for Partial {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Partial {}

impl PartialOrd for Partial {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The one with the most trust is greatest, then the shortest, then the one with the lowest nodes.
impl Ord for Partial {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0
            .value()
            .total_cmp(&other.0.value())
            .then(other.0.nodes.len().cmp(&self.0.nodes.len()))
            .then_with(|| other.0.nodes.cmp(&self.0.nodes))
    }
}

/// The paths without cycles from one to another, the best first, and whether there are more.
fn paths(graph: &TrustGraph, from: u32, to: u32, limits: Limits) -> (Vec<Path>, bool) {
    let mut found = Vec::new();
    if from == to || from as usize >= graph.nodes() {
        return (found, false);
    }
    let mut heap = BinaryHeap::from([Partial(Path { nodes: vec![from], trust: vec![1.0] })]);
    let mut looked = 0;
    while let Some(Partial(path)) = heap.pop() {
        let last = path.nodes.last().copied().unwrap_or(from);
        if last == to {
            found.push(path);
            if found.len() == MOST_PATHS {
                return (found, !heap.is_empty());
            }
            continue;
        }
        if path.nodes.len() > limits.most_steps as usize {
            continue;
        }
        if looked >= MOST_STEPS {
            return (found, true);
        }
        for edge in graph.edges_of(last) {
            let (node, trust) = (edge.target, path.value() * edge.evidence.score());
            looked += 1;
            // What somebody says against the one in question is heard; by way of those who are distrusted nothing is.
            let speaks_for = edge.evidence.r > edge.evidence.s;
            let counts = if speaks_for { trust >= limits.least } else { node == to };
            if counts && !path.nodes.contains(&node) {
                let mut longer = path.clone();
                longer.nodes.push(node);
                longer.trust.push(trust);
                heap.push(Partial(longer));
            }
        }
    }
    (found, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::Evidence;

    fn graph(edges: &[(u32, u32, f64, f64)]) -> TrustGraph {
        let mut graph = TrustGraph::default();
        for (source, target, r, s) in edges {
            graph.observe(*source, *target, Evidence::new(*r, *s));
        }
        graph
    }

    fn opinion(r: f64, s: f64) -> Opinion {
        Opinion::of(Evidence::new(r, s))
    }

    fn near(one: Option<Opinion>, other: Opinion) {
        assert!((one.unwrap().expected() - other.expected()).abs() < 1e-9, "{one:?} is not {other:?}");
    }

    #[test]
    fn what_is_said_against_somebody_is_heard_and_passes_nothing_on() {
        // 0 trusts 1, who distrusts 2, who praises 3.
        let graph = graph(&[(0, 1, 8.0, 0.0), (1, 2, 0.0, 8.0), (2, 3, 8.0, 0.0)]);
        let of = |to| analyse(&graph, 0, to, Limits::default()).opinion;
        near(of(2), opinion(8.0, 0.0).discount(&opinion(0.0, 8.0)));
        assert!(of(2).unwrap().expected() < 0.5);
        assert_eq!(of(3), None);
    }

    #[test]
    fn one_path_is_discounted() {
        let graph = graph(&[(0, 1, 18.0, 0.0), (1, 2, 8.0, 2.0)]);
        let found = analyse(&graph, 0, 2, Limits::default());
        near(found.opinion, opinion(18.0, 0.0).discount(&opinion(8.0, 2.0)));
        assert_eq!((found.paths.len(), found.left_out, found.more), (1, 0, false));
    }

    #[test]
    fn independent_paths_are_brought_to_a_consensus() {
        let graph =
            graph(&[(0, 1, 18.0, 0.0), (1, 3, 8.0, 2.0), (0, 2, 6.0, 1.0), (2, 3, 20.0, 0.0), (0, 3, 1.0, 1.0)]);
        let found = analyse(&graph, 0, 3, Limits::default());
        let one = opinion(18.0, 0.0).discount(&opinion(8.0, 2.0));
        let other = opinion(6.0, 1.0).discount(&opinion(20.0, 0.0));
        near(found.opinion, one.consensus(&other).consensus(&opinion(1.0, 1.0)));
        assert_eq!((found.paths.len(), found.left_out), (3, 0));
    }

    /// Two ways to 3 that both come from 1: the arc 0 → 1 counts once.
    #[test]
    fn what_is_shared_at_the_beginning_counts_once() {
        let graph = graph(&[(0, 1, 9.0, 0.0), (1, 2, 9.0, 0.0), (1, 4, 9.0, 1.0), (2, 3, 9.0, 0.0), (4, 3, 9.0, 0.0)]);
        let found = analyse(&graph, 0, 3, Limits::default());
        let upper = opinion(9.0, 0.0).discount(&opinion(9.0, 0.0));
        let lower = opinion(9.0, 1.0).discount(&opinion(9.0, 0.0));
        near(found.opinion, opinion(9.0, 0.0).discount(&upper.consensus(&lower)));
        assert_eq!((found.paths.len(), found.left_out), (2, 0));
    }

    /// The bridge of Wheatstone is the smallest graph that is not series-parallel: the way across it is left out.
    #[test]
    fn paths_that_would_count_something_twice_are_left_out() {
        let strong = (20.0, 0.0);
        let graph = graph(&[
            (0, 1, strong.0, strong.1),
            (0, 2, strong.0, strong.1),
            (1, 3, strong.0, strong.1),
            (2, 3, strong.0, strong.1),
            (1, 2, 5.0, 0.0),
        ]);
        let found = analyse(&graph, 0, 3, Limits::default());
        assert_eq!((found.paths.len(), found.left_out), (2, 1));
        assert!(found.paths.iter().all(|path| path.nodes.len() == 3));
    }

    #[test]
    fn nothing_is_thought_of_those_out_of_reach_and_cycles_end() {
        let graph = graph(&[(0, 1, 9.0, 0.0), (1, 0, 9.0, 0.0), (1, 1, 9.0, 0.0), (2, 0, 9.0, 0.0)]);
        assert_eq!(analyse(&graph, 0, 2, Limits::default()).opinion, None);
        assert_eq!(analyse(&graph, 0, 0, Limits::default()).opinion, None);
        assert_eq!(analyse(&graph, 7, 0, Limits::default()), Analysis::default());
    }

    #[test]
    fn a_dense_graph_is_cut_off_and_says_so() {
        let mut graph = TrustGraph::default();
        for source in 0..40 {
            for target in 0..40 {
                graph.observe(source, target, Evidence::new(100.0, 0.0));
            }
        }
        let found = analyse(&graph, 0, 39, Limits::default());
        assert!(found.more && found.opinion.is_some());
    }
}
