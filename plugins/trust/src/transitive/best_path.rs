//! Trust along the best path: the largest product of trust from one to another, by Dijkstra's algorithm (1959) on products
//! instead of sums of negative logarithms, which needs no logarithm and rounds less.

use super::falling::{Candidate, FallingQueue};
use crate::graph::Arcs;

/// How far trust is passed on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Paths whose product is below this, 0–1, are not followed.
    pub least: f64,
    /// Paths of more steps than this are not followed.
    pub most_steps: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { least: 0.1, most_steps: 6 }
    }
}

/// A node that was reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The node.
    pub node: u32,
    /// The product of trust on the way to it.
    pub trust: f64,
    /// How many steps the way has.
    pub steps: u32,
    /// The place of the step before in [`Reach::steps`]; its own for the first.
    before: u32,
}

/// A path from one to another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path {
    /// The nodes on it, both ends included.
    pub nodes: Vec<u32>,
    /// The product of trust up to each of them, 1 for the first.
    pub trust: Vec<f64>,
}

impl Path {
    /// The trust that it gives.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.trust.last().copied().unwrap_or(0.0)
    }
}

/// All that one reaches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reach {
    steps: Vec<Step>,
}

impl Reach {
    /// The steps, by falling trust: the first is the one who trusts, with trust 1. With a limit on steps a node may be here
    /// several times, later on with less trust and fewer steps.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The best way to a node.
    fn find(&self, node: u32) -> Option<usize> {
        self.steps.iter().position(|step| step.node == node)
    }

    /// The trust in a node; 0 for those out of reach.
    #[must_use]
    pub fn trust(&self, node: u32) -> f64 {
        self.find(node).map_or(0.0, |at| self.steps[at].trust)
    }

    /// The best path to a node.
    #[must_use]
    pub fn path(&self, node: u32) -> Option<Path> {
        let mut at = self.find(node)?;
        let mut path = Path::default();
        loop {
            let step = self.steps[at];
            path.nodes.push(step.node);
            path.trust.push(step.trust);
            if step.before as usize == at {
                break;
            }
            at = step.before as usize;
        }
        path.nodes.reverse();
        path.trust.reverse();
        Some(path)
    }

    /// Whom one trusts, by falling trust, each once, without the one who does.
    pub fn trustees(&self) -> impl Iterator<Item = (u32, f64)> + '_ {
        let first = |at: usize| !self.steps[..at].iter().any(|step| step.node == self.steps[at].node);
        (1..self.steps.len()).filter(move |at| first(*at)).map(|at| (self.steps[at].node, self.steps[at].trust))
    }
}

/// What is known of a node in the search that is on.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    search: u32,
    /// The fewest steps of those taken to it; those with more can't be better.
    taken: u32,
    /// The best that waits, by trust, and its steps.
    waiting_trust: f64,
    waiting_steps: u32,
}

/// Searches, one after the other, with memory that is used again: a search costs what it reaches, not what there is.
#[derive(Clone, Debug, Default)]
pub struct Search {
    seen: Vec<Seen>,
    search: u32,
    queue: FallingQueue,
}

impl Search {
    /// What `from` reaches within limits; with a `goal` the search ends there.
    pub fn reach(&mut self, arcs: &impl Arcs, from: u32, goal: Option<u32>, limits: Limits) -> Reach {
        let mut reach = Reach::default();
        if from as usize >= arcs.nodes() {
            return reach;
        }
        self.search = self.search.wrapping_add(1);
        if self.search == 0 || self.seen.len() < arcs.nodes() {
            self.seen.clear();
            self.seen.resize(arcs.nodes(), Seen::default());
            self.search = 1;
        }
        let Self { seen, search, queue } = self;
        queue.begin(Candidate { trust: 1.0, steps: 0, node: from, before: 0 });
        // No path that is worth going passes a node twice. With room for all of them there is one best way to each.
        let counts_steps = (limits.most_steps as usize) < arcs.nodes();
        seen[from as usize] = Seen { search: *search, taken: u32::MAX, waiting_trust: 1.0, waiting_steps: 0 };
        while let Some(best) = queue.pop() {
            let known = &mut seen[best.node as usize];
            if known.taken <= best.steps {
                continue;
            }
            known.taken = if counts_steps { best.steps } else { 0 };
            let at = reach.steps.len() as u32;
            let before = if at == 0 { 0 } else { best.before };
            reach.steps.push(Step { node: best.node, trust: best.trust, steps: best.steps, before });
            if goal == Some(best.node) {
                break;
            }
            if best.steps >= limits.most_steps {
                continue;
            }
            let steps = best.steps + 1;
            // What is trusted less than the goal already is comes after it.
            let waits = goal.and_then(|goal| seen.get(goal as usize)).filter(|known| known.search == *search);
            let least = waits.map_or(limits.least, |known| known.waiting_trust.max(limits.least));
            arcs.for_each_arc(best.node, |node, arc| {
                let trust = best.trust * arc;
                if !(trust >= least && trust > 0.0) {
                    return;
                }
                let Some(known) = seen.get_mut(node as usize) else { return };
                if known.search != *search {
                    *known = Seen { search: *search, taken: u32::MAX, waiting_trust: 0.0, waiting_steps: u32::MAX };
                }
                let taken = known.taken <= steps;
                let waiting = if counts_steps {
                    known.waiting_trust >= trust && known.waiting_steps <= steps
                } else {
                    known.waiting_trust > trust || (known.waiting_trust == trust && known.waiting_steps <= steps)
                };
                if !taken && !waiting {
                    if trust >= known.waiting_trust {
                        (known.waiting_trust, known.waiting_steps) = (trust, steps);
                    }
                    queue.push(Candidate { trust, steps, node, before: at });
                }
            });
        }
        reach
    }

    /// The best path from one to another, if there is one within limits.
    pub fn best_path(&mut self, arcs: &impl Arcs, from: u32, to: u32, limits: Limits) -> Option<Path> {
        self.reach(arcs, from, Some(to), limits).path(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Web;
    use agent2028_core::rng::{Purpose, SimRng, SimStream};
    use petgraph::graph::DiGraph;

    const FAR: Limits = Limits { least: 0.0, most_steps: u32::MAX };

    fn best(web: &Web, from: u32, to: u32, limits: Limits) -> Option<(Vec<u32>, f64)> {
        Search::default().best_path(web, from, to, limits).map(|path| (path.nodes.clone(), path.value()))
    }

    fn near(one: f64, other: f64) {
        assert!((one - other).abs() < 1e-7, "{one} is not {other}");
    }

    #[test]
    fn a_b_c_z_with_0_9_0_8_0_9_gives_0_648() {
        let web = Web::new(4, &[(0, 1, 0.9), (1, 2, 0.8), (2, 3, 0.9)]);
        let (nodes, trust) = best(&web, 0, 3, Limits::default()).unwrap();
        assert_eq!(nodes, [0, 1, 2, 3]);
        near(trust, 0.648);
    }

    #[test]
    fn a_longer_path_with_a_higher_product_wins() {
        let web = Web::new(4, &[(0, 3, 0.5), (0, 1, 0.9), (1, 2, 0.9), (2, 3, 0.9)]);
        let (nodes, trust) = best(&web, 0, 3, Limits::default()).unwrap();
        assert_eq!(nodes, [0, 1, 2, 3]);
        near(trust, 0.729);
        // With few steps allowed the shorter one is what there is.
        let (nodes, trust) = best(&web, 0, 3, Limits { most_steps: 2, ..Limits::default() }).unwrap();
        assert_eq!(nodes, [0, 3]);
        near(trust, 0.5);
    }

    #[test]
    fn cycles_end() {
        let web = Web::new(3, &[(0, 1, 1.0), (1, 0, 1.0), (1, 2, 1.0), (2, 1, 1.0), (2, 0, 1.0)]);
        assert_eq!(best(&web, 0, 2, FAR).unwrap().0, [0, 1, 2]);
        assert_eq!(Search::default().reach(&web, 0, None, FAR).steps().len(), 3);
        assert_eq!(best(&web, 0, 0, FAR), Some((vec![0], 1.0)));
    }

    #[test]
    fn paths_below_a_tenth_are_pruned() {
        let web = Web::new(4, &[(0, 1, 0.5), (1, 2, 0.5), (2, 3, 0.39)]);
        assert_eq!(best(&web, 0, 3, Limits::default()), None);
        assert!(best(&web, 0, 3, Limits { least: 0.05, ..Limits::default() }).is_some());
        assert_eq!(best(&web, 0, 9, Limits::default()), None);
        assert_eq!(best(&web, 9, 0, Limits::default()), None);
    }

    #[test]
    fn trustees_come_by_falling_trust_each_once() {
        let web = Web::new(5, &[(0, 1, 0.5), (0, 2, 0.9), (2, 1, 0.9), (1, 3, 1.0), (3, 4, 0.1)]);
        let reach = Search::default().reach(&web, 0, None, Limits { most_steps: 2, ..Limits::default() });
        let found: Vec<(u32, i64)> =
            reach.trustees().map(|(node, trust)| (node, (trust * 1000.0).round() as i64)).collect();
        // Node 3 within two steps is reached over the arc of 0.5 only.
        assert_eq!(found, [(2, 900), (1, 810), (3, 500)]);
        near(reach.trust(3), 0.5);
        assert_eq!((reach.trust(4), reach.trust(0)), (0.0, 1.0));
    }

    fn random(nodes: u32, arcs: u32, stream: &mut SimStream) -> Vec<(u32, u32, f32)> {
        let node = |stream: &mut SimStream| (stream.unit() * nodes as f32) as u32;
        (0..arcs).map(|_| (node(stream), node(stream), stream.unit())).collect()
    }

    /// Dijkstra of another library on negative logarithms.
    #[test]
    fn it_agrees_with_petgraph() {
        for run in 0..30 {
            let mut stream = SimRng::new(5).global(Purpose::new("paths"), run);
            let list = random(60, 240, &mut stream);
            let web = Web::new(60, &list);
            let mut graph = DiGraph::<(), f64>::new();
            let nodes: Vec<_> = (0..60).map(|_| graph.add_node(())).collect();
            for source in 0..60 {
                web.for_each_arc(source, |target, trust| {
                    graph.add_edge(nodes[source as usize], nodes[target as usize], -libm::log(trust));
                });
            }
            let costs = petgraph::algo::dijkstra(&graph, nodes[0], None, |edge| *edge.weight());
            let reach = Search::default().reach(&web, 0, None, FAR);
            for node in 0..60 {
                let wanted = costs.get(&nodes[node as usize]).map_or(0.0, |cost| libm::exp(-cost));
                assert!((reach.trust(node) - wanted).abs() < 1e-9, "{node}: {} {wanted}", reach.trust(node));
            }
        }
    }

    /// Bellman–Ford over at most so many steps.
    #[test]
    fn the_limit_on_steps_is_exact() {
        let mut search = Search::default();
        for run in 0..60 {
            let mut stream = SimRng::new(5).global(Purpose::new("steps"), run);
            let web = Web::new(25, &random(25, 90, &mut stream));
            for most_steps in 1..6 {
                let mut wanted = vec![0.0_f64; 25];
                wanted[0] = 1.0;
                for _ in 0..most_steps {
                    let before = wanted.clone();
                    for source in 0..25 {
                        web.for_each_arc(source, |target, trust| {
                            let through = before[source as usize] * trust;
                            if through >= 0.02 {
                                wanted[target as usize] = wanted[target as usize].max(through);
                            }
                        });
                    }
                }
                let reach = search.reach(&web, 0, None, Limits { least: 0.02, most_steps });
                for node in 0..25 {
                    assert_eq!(reach.trust(node).to_bits(), wanted[node as usize].to_bits());
                    if let Some(path) = reach.path(node) {
                        assert!(path.nodes.len() <= most_steps as usize + 1 && path.nodes[0] == 0);
                        assert_eq!(path.value().to_bits(), wanted[node as usize].to_bits());
                    }
                }
            }
        }
    }
}
