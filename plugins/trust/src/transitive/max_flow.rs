//! Trust by maximum flow, as Advogato does (Levien & Aiken 1998): some are trusted for certain, everybody can vouch for only so
//! many, and who is reached by the flow is accepted. However many accounts an attacker makes, no more of them are accepted
//! than flow into the accounts that honest people vouch for.

use std::collections::VecDeque;

use crate::graph::Arcs;

/// Capacity without bound.
const UNBOUNDED: u32 = u32::MAX / 2;

#[derive(Clone, Copy, Debug)]
struct Pipe {
    to: u32,
    room: u32,
}

/// A network of pipes with whole capacities, for the maximum flow (Dinitz 1970).
#[derive(Clone, Debug, Default)]
pub struct Flow {
    pipes: Vec<Pipe>,
    of: Vec<Vec<u32>>,
}

impl Flow {
    /// A network of `nodes` nodes without pipes.
    #[must_use]
    pub fn new(nodes: usize) -> Self {
        Self { pipes: Vec::new(), of: vec![Vec::new(); nodes] }
    }

    /// Adds a pipe and returns its number. Ends beyond the network make it grow.
    pub fn add(&mut self, from: u32, to: u32, capacity: u32) -> u32 {
        let needed = from.max(to) as usize + 1;
        if self.of.len() < needed {
            self.of.resize(needed, Vec::new());
        }
        let number = self.pipes.len() as u32;
        self.of[from as usize].push(number);
        self.of[to as usize].push(number + 1);
        self.pipes.push(Pipe { to, room: capacity });
        self.pipes.push(Pipe { to: from, room: 0 });
        number
    }

    /// How much flows through a pipe.
    #[must_use]
    pub fn through(&self, pipe: u32) -> u32 {
        self.pipes.get(pipe as usize + 1).map_or(0, |back| back.room)
    }

    /// How far nodes are from `source` along pipes with room.
    fn levels(&self, source: u32) -> Vec<u32> {
        let mut levels = vec![u32::MAX; self.of.len()];
        levels[source as usize] = 0;
        let mut queue = VecDeque::from([source]);
        while let Some(node) = queue.pop_front() {
            for pipe in self.of[node as usize].iter().map(|pipe| self.pipes[*pipe as usize]) {
                if pipe.room > 0 && levels[pipe.to as usize] == u32::MAX {
                    levels[pipe.to as usize] = levels[node as usize] + 1;
                    queue.push_back(pipe.to);
                }
            }
        }
        levels
    }

    /// Lets as much flow as can, and returns how much that is.
    pub fn run(&mut self, source: u32, sink: u32) -> u64 {
        let mut total = 0;
        if source == sink || source.max(sink) as usize >= self.of.len() {
            return 0;
        }
        loop {
            let levels = self.levels(source);
            if levels[sink as usize] == u32::MAX {
                return total;
            }
            let mut next = vec![0; self.of.len()];
            while let Some(amount) = self.push(source, sink, &levels, &mut next) {
                total += u64::from(amount);
            }
        }
    }

    /// Lets something flow along one way of rising levels; `next` says which pipe of each node to try.
    fn push(&mut self, source: u32, sink: u32, levels: &[u32], next: &mut [usize]) -> Option<u32> {
        let mut way: Vec<u32> = Vec::new();
        let mut node = source;
        while node != sink {
            match self.of[node as usize].get(next[node as usize]) {
                Some(number) => {
                    let pipe = self.pipes[*number as usize];
                    if pipe.room > 0 && levels[pipe.to as usize] == levels[node as usize] + 1 {
                        way.push(*number);
                        node = pipe.to;
                    } else {
                        next[node as usize] += 1;
                    }
                }
                None => {
                    // A dead end: back, and not this way again.
                    let number = way.pop()?;
                    node = self.pipes[(number ^ 1) as usize].to;
                    next[node as usize] += 1;
                }
            }
        }
        let amount = way.iter().map(|number| self.pipes[*number as usize].room).min()?;
        for number in way {
            self.pipes[number as usize].room -= amount;
            self.pipes[(number ^ 1) as usize].room += amount;
        }
        Some(amount)
    }
}

/// How many are accepted, and on whose word.
#[derive(Clone, Debug, PartialEq)]
pub struct Advogato {
    /// An arc with less trust than this, 0–1, vouches for nobody.
    pub threshold: f64,
    /// How much flows into those who are trusted for certain, and into those one step, two steps … away from them; beyond
    /// the last, 1.
    pub capacities: Vec<u32>,
}

impl Default for Advogato {
    /// The capacities of Advogato itself.
    fn default() -> Self {
        Self { threshold: 0.5, capacities: vec![800, 200, 200, 50, 12, 4, 2, 1] }
    }
}

impl Advogato {
    /// By node: whether it is accepted on the word of `seeds`.
    #[must_use]
    pub fn accepted(&self, arcs: &impl Arcs, seeds: &[u32]) -> Vec<bool> {
        let nodes = arcs.nodes();
        let mut level = vec![u32::MAX; nodes];
        let mut queue = VecDeque::new();
        for seed in seeds {
            if let Some(level) = level.get_mut(*seed as usize).filter(|level| **level == u32::MAX) {
                *level = 0;
                queue.push_back(*seed);
            }
        }
        // Each node is split into one that the flow enters and one that it leaves, with its capacity in between; one unit
        // stays at the node itself, which is then accepted.
        let (source, sink) = (2 * nodes as u32, 2 * nodes as u32 + 1);
        let mut flow = Flow::new(2 * nodes + 2);
        let mut own = vec![None; nodes];
        for seed in &queue {
            flow.add(source, 2 * seed, UNBOUNDED);
        }
        while let Some(node) = queue.pop_front() {
            let steps = level[node as usize];
            let capacity = self.capacities.get(steps as usize).copied().unwrap_or(1).max(1);
            own[node as usize] = Some(flow.add(2 * node, sink, 1));
            flow.add(2 * node, 2 * node + 1, capacity - 1);
            arcs.for_each_arc(node, |target, trust| {
                // Without a threshold, too, who is not trusted at all is not vouched for.
                if trust < self.threshold || trust <= 0.0 || target as usize >= nodes {
                    return;
                }
                flow.add(2 * node + 1, 2 * target, UNBOUNDED);
                if level[target as usize] == u32::MAX {
                    level[target as usize] = steps + 1;
                    queue.push_back(target);
                }
            });
        }
        flow.run(source, sink);
        own.into_iter().map(|pipe| pipe.is_some_and(|pipe| flow.through(pipe) > 0)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Web;
    use agent2028_core::rng::{Purpose, SimRng};
    use petgraph::graph::DiGraph;

    #[test]
    fn it_agrees_with_petgraph() {
        for run in 0..40 {
            let mut stream = SimRng::new(9).global(Purpose::new("flow"), run);
            let mut flow = Flow::new(20);
            let mut graph = DiGraph::<(), u32>::new();
            let nodes: Vec<_> = (0..20).map(|_| graph.add_node(())).collect();
            for _ in 0..80 {
                let [from, to] = [stream.unit(), stream.unit()].map(|unit| (unit * 20.0) as u32);
                let capacity = (stream.unit() * 9.0) as u32;
                if from != to {
                    flow.add(from, to, capacity);
                    graph.add_edge(nodes[from as usize], nodes[to as usize], capacity);
                }
            }
            let (wanted, _) = petgraph::algo::ford_fulkerson(&graph, nodes[0], nodes[19]);
            assert_eq!(flow.run(0, 19), u64::from(wanted));
        }
    }

    #[test]
    fn those_who_are_vouched_for_are_accepted_and_others_are_not() {
        let web = Web::new(6, &[(0, 1, 0.9), (1, 2, 0.8), (0, 3, 0.3), (3, 4, 0.9), (4, 5, 0.9)]);
        let accepted = Advogato::default().accepted(&web, &[0]);
        assert_eq!(accepted, [true, true, true, false, false, false]);
        assert_eq!(Advogato::default().accepted(&web, &[]), [false; 6]);
        assert_eq!(Advogato::default().accepted(&web, &[99, 4]), [false, false, false, false, true, true]);
    }

    /// An attacker is vouched for once and vouches for a thousand of its own.
    #[test]
    fn many_accounts_are_accepted_no_more_than_flows_into_one() {
        let mut arcs: Vec<(u32, u32, f32)> =
            (1..10).flat_map(|node| [(0, node, 0.9), (node, node % 9 + 1, 0.9)]).collect();
        arcs.push((9, 10, 0.9));
        for account in 11..1011 {
            arcs.extend([(10, account, 1.0), (account, 10, 1.0), (account, 11 + (account - 10) % 1000, 1.0)]);
        }
        let method = Advogato { capacities: vec![100, 20, 5, 2], ..Advogato::default() };
        let accepted = method.accepted(&Web::new(1011, &arcs), &[0]);
        assert!(accepted[..10].iter().all(|accepted| *accepted));
        let attackers = accepted[10..].iter().filter(|accepted| **accepted).count();
        assert!(attackers <= 5, "{attackers} accounts for a capacity of 5 into the one that was vouched for");
    }

    #[test]
    fn who_is_not_trusted_at_all_is_not_vouched_for_without_a_threshold_either() {
        let method = Advogato { threshold: 0.0, ..Advogato::default() };
        assert_eq!(method.accepted(&Web::new(3, &[(0, 1, 0.2), (0, 2, 0.0)]), &[0]), [true, true, false]);
    }

    #[test]
    fn a_seed_vouches_for_as_many_as_its_capacity_less_itself() {
        let arcs: Vec<(u32, u32, f32)> = (1..30).map(|node| (0, node, 0.9)).collect();
        let method = Advogato { capacities: vec![11], ..Advogato::default() };
        let accepted = method.accepted(&Web::new(30, &arcs), &[0]);
        assert_eq!(accepted.iter().filter(|accepted| **accepted).count(), 11);
    }
}
