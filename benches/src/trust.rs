//! The rows about trust.

use agent2028_core::parallel::Workers;
use agent2028_core::rng::{Purpose, SimRng};
use agent2028_trust::eigentrust::{EigenTrust, Opinions};
use agent2028_trust::graph::{Arcs, TrustGraph, Web};
use agent2028_trust::score::Evidence;
use agent2028_trust::transitive::{Limits, Search};
use petgraph::graph::{DiGraph, NodeIndex};

use crate::measure::{Clock, Failure, Figures, pairs, time};
use crate::row::{Effort, Row, Target, Unit};

/// The rows.
pub const ROWS: &[Row] = &[
    Row {
        name: "trust",
        work: "EigenTrust to 10⁻⁹ on 10⁶ agents and 10⁷ edges, from the graph of opinions, one thread",
        baseline: "a bare power iteration over a transposed sparse matrix in double precision, to the same change",
        unit: Unit::SecondsPer("edge"),
        clock: Clock::Wall,
        target: Target::CostTimes(1.2),
        measure: eigentrust,
        curve: None,
        why_missed: "",
    },
    Row {
        name: "trust-observe",
        work: "observations of pairs among 10⁶ agents with 10⁷ edges, new and known ones, compaction included",
        baseline: "a write to the same number of random places of an array of as many bytes",
        unit: Unit::SecondsPer("observation"),
        clock: Clock::Wall,
        target: Target::Cost(2e-7),
        measure: observations,
        curve: None,
        why_missed: "",
    },
    Row {
        name: "transitive",
        work: "the best path over 10⁶ nodes and 10⁷ edges, pruned at 0.1, to random goals",
        baseline: "petgraph's Dijkstra on negative logarithms to the same goals",
        unit: Unit::SecondsPer("search"),
        clock: Clock::Wall,
        target: Target::CostTimes(0.5),
        measure: best_path,
        curve: None,
        why_missed: "",
    },
];

/// Edges of a random graph, ten per node.
fn edges(nodes: usize) -> impl Iterator<Item = (u32, u32, f32)> {
    let mut stream = SimRng::new(7).global(Purpose::new("bench.trust"), 0);
    let mut node = move || ((f64::from(stream.unit()) * nodes as f64) as u32, stream.unit());
    (0..10 * nodes).map(move |_| {
        let (source, value) = node();
        (source, node().0, value)
    })
}

fn graph(nodes: usize) -> TrustGraph {
    let mut graph = TrustGraph::default();
    for (source, target, value) in edges(nodes) {
        graph.observe(source, target, Evidence::new(1.0 + 8.0 * f64::from(value), 0.5));
    }
    graph.compact(|_, _| true);
    graph
}

/// The transposed matrix of normalised opinions, and who has none.
struct Bare {
    offsets: Vec<usize>,
    sources: Vec<u32>,
    weights: Vec<f64>,
    idle: Vec<bool>,
}

impl Bare {
    fn of(graph: &TrustGraph, nodes: usize) -> Self {
        let opinions = Opinions::of(graph, nodes);
        let mut bare = Self { offsets: vec![0], sources: Vec::new(), weights: Vec::new(), idle: vec![true; nodes] };
        for target in 0..nodes as u32 {
            for (source, share) in opinions.of_target(target) {
                bare.sources.push(source);
                bare.weights.push(share);
                bare.idle[source as usize] = false;
            }
            bare.offsets.push(bare.sources.len());
        }
        bare
    }

    fn iterate(&self, a: f64, tolerance: f64) -> (Vec<f64>, u32) {
        let nodes = self.idle.len();
        let even = 1.0 / nodes as f64;
        let mut trust = vec![even; nodes];
        let mut next = vec![0.0; nodes];
        for round in 1..=1000 {
            let idle: f64 = trust.iter().zip(&self.idle).filter(|(_, idle)| **idle).map(|(trust, _)| trust).sum();
            let base = (a + (1.0 - a) * idle) * even;
            let mut change = 0.0;
            for node in 0..nodes {
                let row = self.offsets[node]..self.offsets[node + 1];
                let edges = self.sources[row.clone()].iter().zip(&self.weights[row]);
                let sum: f64 = edges.map(|(source, weight)| weight * trust[*source as usize]).sum();
                next[node] = (1.0 - a) * sum + base;
                change += f64::abs(next[node] - trust[node]);
            }
            std::mem::swap(&mut trust, &mut next);
            if change <= tolerance {
                return (trust, round);
            }
        }
        (trust, 1000)
    }
}

fn eigentrust(effort: Effort) -> Result<Figures, Failure> {
    let nodes = effort.at_most(1_000_000, 2_000);
    let graph = graph(nodes);
    let opinions = Opinions::of(&graph, nodes);
    let bare = Bare::of(&graph, nodes);
    let (method, workers) = (EigenTrust::default(), Workers::new(1));
    let solution = method.solve(&opinions, &[], None, &workers);
    let (wanted, rounds) = bare.iterate(method.pre_trust, method.tolerance);
    let apart = solution.trust.iter().zip(&wanted).map(|(one, other)| (one - other).abs()).sum::<f64>();
    if apart > 1e-7 || solution.rounds.abs_diff(rounds) > 1 {
        return Err(format!("{apart} apart, {} and {rounds} rounds", solution.rounds));
    }
    let edges = opinions.len() as f64;
    let figures = pairs(
        effort.pairs(5),
        Clock::Wall,
        || Ok(time(edges, || std::hint::black_box(method.solve(&opinions, &[], None, &workers))).0),
        || Ok(time(edges, || std::hint::black_box(bare.iterate(method.pre_trust, method.tolerance))).0),
    )?;
    Ok(figures.with_note(format!("{edges} edges, {rounds} rounds, {} MB", graph.bytes() / 1_000_000)))
}

fn observations(effort: Effort) -> Result<Figures, Failure> {
    let nodes = effort.at_most(1_000_000, 2_000);
    let mut graph = graph(nodes);
    let count = effort.at_most(5_000_000, 5_000);
    let mut again: Vec<(u32, u32)> =
        edges(nodes).step_by(2).take(count / 2).map(|(source, target, _)| (source, target)).collect();
    // As many pairs that are new, for the most part.
    let fresh: Vec<(u32, u32)> = again.iter().map(|(source, target)| (*target, *source)).collect();
    again.extend(fresh);
    let mut places = vec![0.0_f32; graph.len() * 3];
    let length = places.len();
    let work = again.len() as f64;
    let figures = pairs(
        effort.pairs(3),
        Clock::Wall,
        || {
            let one = Evidence::new(0.9, 0.1);
            let observed = time(work, || again.iter().all(|(source, target)| graph.observe(*source, *target, one)));
            Ok(observed.0)
        },
        || {
            let mut write = || {
                for (source, target) in &again {
                    let place =
                        (u64::from(*source).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(*target)) % length as u64;
                    places[place as usize] += 1.0;
                }
                places[0]
            };
            Ok(time(work, || std::hint::black_box(write())).0)
        },
    )?;
    Ok(figures.with_note(format!("{} edges at the end", graph.len())))
}

fn best_path(effort: Effort) -> Result<Figures, Failure> {
    let nodes = effort.at_most(1_000_000, 2_000);
    let list: Vec<(u32, u32, f32)> =
        edges(nodes).map(|(source, target, value)| (source, target, 0.5 + 0.5 * value)).collect();
    let web = Web::new(nodes, &list);
    drop(list);
    let mut other = DiGraph::<(), f64>::with_capacity(nodes, 10 * nodes);
    (0..nodes).for_each(|_| {
        other.add_node(());
    });
    for source in 0..nodes as u32 {
        web.for_each_arc(source, |target, trust| {
            other.add_edge(NodeIndex::new(source as usize), NodeIndex::new(target as usize), -trust.ln());
        });
    }
    let limits = Limits { least: 0.1, most_steps: u32::MAX };
    let goals: Vec<u32> = (1..6).map(|goal| (goal * 7919) % nodes as u32).collect();
    let mut search = Search::default();
    let reached = goals.iter().filter(|goal| search.best_path(&web, 0, **goal, limits).is_some()).count();
    let work = goals.len() as f64;
    let figures = pairs(
        effort.pairs(3),
        Clock::Wall,
        || {
            let mut find = || goals.iter().map(|goal| search.best_path(&web, 0, *goal, limits)).collect::<Vec<_>>();
            Ok(time(work, || std::hint::black_box(find())).0)
        },
        || {
            let find = |goal: &u32| {
                let (from, to) = (NodeIndex::new(0), Some(NodeIndex::new(*goal as usize)));
                petgraph::algo::dijkstra(&other, from, to, |edge| *edge.weight()).len()
            };
            Ok(time(work, || std::hint::black_box(goals.iter().map(find).sum::<usize>())).0)
        },
    )?;
    Ok(figures.with_note(format!("{reached} of {} goals within reach", goals.len())))
}
