//! Global reputation by EigenTrust (Kamvar, Schlosser & Garcia-Molina 2003): everybody's opinion counts as much as everybody
//! thinks of them, and some are trusted beforehand.

use agent2028_core::parallel::Workers;

use crate::graph::TrustGraph;

/// Nodes per piece of work. Sums are added up piece by piece, so they are the same for any number of threads.
const CHUNK: usize = 4096;

/// Who trusts whom by how much, arranged by who is trusted.
///
/// An edge takes 8 bytes: weights are kept as they were observed, in single precision, and divided by what their source gives
/// away in total only within the sums, in double precision.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Opinions {
    offsets: Vec<u32>,
    sources: Vec<u32>,
    weights: Vec<f32>,
    /// By source: 1 over the sum of its weights, 0 if it has none.
    share: Vec<f64>,
}

impl Opinions {
    /// The opinions of a graph: what speaks for another, less what speaks against it, where that is above 0. `nodes` may be
    /// more than the graph has.
    #[must_use]
    pub fn of(graph: &TrustGraph, nodes: usize) -> Self {
        let mut opinions = Self { offsets: vec![0; nodes + 1], share: vec![0.0; nodes], ..Self::default() };
        let weight = |r: f64, s: f64| (r - s) as f32;
        let counts = &mut opinions.offsets;
        let mut sums = vec![0.0_f64; nodes];
        graph.for_each(|source, target, r, s| {
            let weight = weight(r, s);
            if weight > 0.0 && (source.max(target) as usize) < nodes {
                counts[target as usize + 1] += 1;
                sums[source as usize] += f64::from(weight);
            }
        });
        for node in 0..nodes {
            counts[node + 1] += counts[node];
        }
        let edges = counts[nodes] as usize;
        let mut next = counts.clone();
        let (mut sources, mut weights) = (vec![0; edges], vec![0.0; edges]);
        graph.for_each(|source, target, r, s| {
            let weight = weight(r, s);
            if weight > 0.0 && (source.max(target) as usize) < nodes {
                let at = next[target as usize] as usize;
                (sources[at], weights[at]) = (source, weight);
                next[target as usize] += 1;
            }
        });
        (opinions.sources, opinions.weights) = (sources, weights);
        for (share, sum) in opinions.share.iter_mut().zip(sums) {
            *share = if sum > 0.0 { 1.0 / sum } else { 0.0 };
        }
        opinions
    }

    /// How many nodes there are.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.share.len()
    }

    /// How many opinions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sources.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// The share of its trust, 0–1, that each source gives to a target: source and share.
    pub fn of_target(&self, target: u32) -> impl Iterator<Item = (u32, f64)> + '_ {
        let target = target as usize;
        let row = match self.offsets.get(target).zip(self.offsets.get(target + 1)) {
            Some((from, to)) => *from as usize..*to as usize,
            None => 0..0,
        };
        row.map(|at| (self.sources[at], f64::from(self.weights[at]) * self.share[self.sources[at] as usize]))
    }
}

/// How the trust vector is worked out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EigenTrust {
    /// How much those that are trusted beforehand count at each step, `a`, 0–1.
    pub pre_trust: f64,
    /// It ends when no step changes the vector by more, summed over all nodes.
    pub tolerance: f64,
    /// It ends after so many steps at the latest.
    pub most_rounds: u32,
}

impl Default for EigenTrust {
    fn default() -> Self {
        Self { pre_trust: 0.1, tolerance: 1e-9, most_rounds: 1000 }
    }
}

/// A trust vector.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Solution {
    /// By node; they sum to 1.
    pub trust: Vec<f64>,
    /// How many steps it took.
    pub rounds: u32,
    /// By how much the last step changed the vector.
    pub change: f64,
}

/// What a piece of a step adds to the sums.
#[derive(Clone, Copy, Default)]
struct Sums {
    change: f64,
    /// The trust of those who have no opinion.
    idle: f64,
}

impl EigenTrust {
    /// The trust vector. `before` holds how much each node is trusted beforehand (≥ 0; if all are 0, all are trusted alike);
    /// `start` is where to begin, if not there. Who has no opinion counts as having that of those who are trusted beforehand.
    #[must_use]
    pub fn solve(&self, opinions: &Opinions, before: &[f64], start: Option<&[f64]>, workers: &Workers) -> Solution {
        let nodes = opinions.nodes();
        if nodes == 0 {
            return Solution::default();
        }
        let before = normalised(before, nodes);
        let mut trust = match start {
            Some(start) => normalised(start, nodes),
            None => before.clone(),
        };
        let share = &opinions.share;
        let mut given: Vec<f64> = trust.iter().zip(share).map(|(trust, share)| trust * share).collect();
        let mut next_given = vec![0.0; nodes];
        let mut sums = vec![Sums::default(); nodes.div_ceil(CHUNK)];
        let mut idle: f64 = trust.iter().zip(share).filter(|(_, share)| **share == 0.0).map(|(trust, _)| trust).sum();
        let (mut rounds, mut change) = (0, f64::INFINITY);
        while rounds < self.most_rounds && change > self.tolerance {
            let others = 1.0 - self.pre_trust;
            let from_before = self.pre_trust + others * idle;
            let pieces = trust.chunks_mut(CHUNK).zip(next_given.chunks_mut(CHUNK)).zip(&mut sums).enumerate();
            let pieces: Vec<_> =
                pieces.map(|(index, ((trust, given), sums))| (index * CHUNK, trust, given, sums)).collect();
            workers.for_each_owned(pieces, |(first, trust, next_given, sums)| {
                // Beside the loop, so that it need not be in memory after each node.
                let mut piece = Sums::default();
                for (offset, (trust, next_given)) in trust.iter_mut().zip(next_given).enumerate() {
                    let node = first + offset;
                    let row = opinions.offsets[node] as usize..opinions.offsets[node + 1] as usize;
                    let edges = opinions.sources[row.clone()].iter().zip(&opinions.weights[row]);
                    let sum: f64 = edges.map(|(source, weight)| f64::from(*weight) * given[*source as usize]).sum();
                    let next = others * sum + from_before * before[node];
                    piece.change += (next - *trust).abs();
                    if share[node] == 0.0 {
                        piece.idle += next;
                    }
                    *trust = next;
                    *next_given = next * share[node];
                }
                *sums = piece;
            });
            std::mem::swap(&mut given, &mut next_given);
            change = sums.iter().map(|sums| sums.change).sum();
            idle = sums.iter().map(|sums| sums.idle).sum();
            rounds += 1;
        }
        // Each step keeps the sum but for rounding.
        let sum: f64 = trust.iter().sum();
        trust.iter_mut().for_each(|trust| *trust /= sum);
        Solution { trust, rounds, change }
    }
}

/// Weights that sum to 1; what isn't a number above 0 counts as 0, and if nothing else is left, all count alike.
fn normalised(weights: &[f64], nodes: usize) -> Vec<f64> {
    let sane = |weight: f64| if weight.is_finite() && weight > 0.0 { weight } else { 0.0 };
    let sum: f64 = weights.iter().take(nodes).map(|weight| sane(*weight)).sum();
    if !(sum > 0.0 && sum.is_finite()) {
        return vec![1.0 / nodes as f64; nodes];
    }
    (0..nodes).map(|node| weights.get(node).map_or(0.0, |weight| sane(*weight) / sum)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::Evidence;
    use agent2028_core::rng::{Purpose, SimRng, SimStream};

    fn graph(edges: &[(u32, u32, f64)]) -> TrustGraph {
        let mut graph = TrustGraph::default();
        edges.iter().for_each(|(source, target, weight)| {
            graph.observe(*source, *target, Evidence::new(*weight, 0.0));
        });
        graph
    }

    fn colluding_pair() -> TrustGraph {
        graph(&[(0, 1, 1.0), (0, 2, 1.0), (1, 0, 1.0), (2, 0, 1.0), (2, 1, 1.0), (3, 4, 1.0), (4, 3, 1.0)])
    }

    fn solve(graph: &TrustGraph, nodes: usize, before: &[f64]) -> Solution {
        let workers = Workers::new(1);
        EigenTrust { tolerance: 1e-14, ..EigenTrust::default() }.solve(
            &Opinions::of(graph, nodes),
            before,
            None,
            &workers,
        )
    }

    /// Gaussian elimination of (I − (1 − a)·Cᵀ − …)·t = a·p, an independent way to the same vector.
    fn dense(graph: &TrustGraph, before: &[f64], a: f64) -> Vec<f64> {
        let nodes = before.len();
        let total: f64 = before.iter().sum();
        let before: Vec<f64> = before.iter().map(|weight| weight / total).collect();
        let mut rows = vec![vec![0.0; nodes]; nodes];
        graph.for_each(|source, target, r, s| {
            let weight = f64::from((r - s) as f32);
            if weight > 0.0 {
                rows[source as usize][target as usize] = weight;
            }
        });
        for row in &mut rows {
            let sum: f64 = row.iter().sum();
            if sum > 0.0 {
                row.iter_mut().for_each(|weight| *weight /= sum);
            } else {
                row.clone_from(&before);
            }
        }
        let mut system: Vec<Vec<f64>> = (0..nodes)
            .map(|at| {
                let mut line: Vec<f64> =
                    (0..nodes).map(|from| f64::from(u8::from(from == at)) - (1.0 - a) * rows[from][at]).collect();
                line.push(a * before[at]);
                line
            })
            .collect();
        for pivot in 0..nodes {
            let best =
                (pivot..nodes).max_by(|x, y| system[*x][pivot].abs().total_cmp(&system[*y][pivot].abs())).unwrap();
            system.swap(pivot, best);
            for other in 0..nodes {
                if other != pivot {
                    let above = system[pivot].clone();
                    let factor = system[other][pivot] / above[pivot];
                    system[other].iter_mut().zip(above).for_each(|(value, above)| *value -= factor * above);
                }
            }
        }
        (0..nodes).map(|at| system[at][nodes] / system[at][at]).collect()
    }

    fn near(found: &[f64], wanted: &[f64], within: f64) {
        assert_eq!(found.len(), wanted.len());
        for (one, other) in found.iter().zip(wanted) {
            assert!((one - other).abs() <= within, "{found:?} is not {wanted:?}");
        }
    }

    #[test]
    fn a_colluding_pair_gets_nothing_from_those_who_are_trusted_beforehand() {
        let solution = solve(&colluding_pair(), 5, &[1.0, 0.0, 0.0, 0.0, 0.0]);
        near(&solution.trust, &[0.475_624, 0.310_345, 0.214_031, 0.0, 0.0], 5e-7);
        assert_eq!(solution.trust[3..], [0.0, 0.0]);
    }

    #[test]
    fn a_colluding_pair_keeps_a_fifth_each_if_all_are_trusted_alike() {
        let solution = solve(&colluding_pair(), 5, &[]);
        near(&solution.trust[3..], &[0.2, 0.2], 1e-12);
    }

    fn random_graph(nodes: u32, edges: u32, stream: &mut SimStream) -> TrustGraph {
        let mut graph = TrustGraph::default();
        for _ in 0..edges {
            let [source, target] = [stream.unit(), stream.unit()].map(|unit| (unit * nodes as f32) as u32);
            graph.observe(
                source,
                target,
                Evidence::new(f64::from(stream.unit()) * 9.0, f64::from(stream.unit()) * 4.0),
            );
        }
        graph
    }

    #[test]
    fn the_vector_sums_to_1_and_equals_a_dense_reference() {
        for run in 0..40 {
            let mut stream = SimRng::new(3).global(Purpose::new("eigentrust"), run);
            let nodes = 3 + (stream.unit() * 40.0) as u32;
            let graph = random_graph(nodes, nodes * (1 + run as u32 % 6), &mut stream);
            let before: Vec<f64> = (0..nodes).map(|_| f64::from(stream.unit() < 0.2)).collect();
            let before = if before.contains(&1.0) { before } else { vec![1.0; nodes as usize] };
            let solution = solve(&graph, nodes as usize, &before);
            assert!((solution.trust.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            near(&solution.trust, &dense(&graph, &before, 0.1), 1e-9);
        }
    }

    #[test]
    fn threads_change_no_bit_and_a_warm_start_saves_steps() {
        let mut stream = SimRng::new(3).global(Purpose::new("eigentrust"), 99);
        let mut graph = random_graph(10_000, 60_000, &mut stream);
        let opinions = Opinions::of(&graph, 10_000);
        let before = vec![1.0; 10_000];
        let method = EigenTrust::default();
        let one = method.solve(&opinions, &before, None, &Workers::new(1));
        for threads in [2, 3] {
            assert_eq!(one, method.solve(&opinions, &before, None, &Workers::new(threads)));
        }
        graph.observe(1, 2, Evidence::new(5.0, 0.0));
        let opinions = Opinions::of(&graph, 10_000);
        let again = method.solve(&opinions, &before, Some(&one.trust), &Workers::new(1));
        assert!(again.rounds < one.rounds, "{} of {}", again.rounds, one.rounds);
    }

    #[test]
    fn shares_of_a_target_are_told_and_empty_graphs_are_fine() {
        let opinions = Opinions::of(&colluding_pair(), 7);
        assert_eq!(opinions.of_target(1).collect::<Vec<_>>(), [(0, 0.5), (2, 0.5)]);
        assert_eq!((opinions.nodes(), opinions.len(), opinions.is_empty()), (7, 7, false));
        assert_eq!(opinions.of_target(99).count(), 0);
        assert_eq!(solve(&TrustGraph::default(), 0, &[]).trust, []);
        assert_eq!(solve(&TrustGraph::default(), 2, &[]).trust, [0.5, 0.5]);
    }

    /// The experiment of the paper, in small: everybody is served by one of those who offer a file, chosen by trust or by
    /// chance; 30 % serve badly and praise each other.
    #[test]
    fn with_30_percent_colluding_at_most_a_third_of_the_bad_operations_of_chance() {
        let (nodes, malicious) = (100_u32, 30_u32);
        let bad = |node: u32| node >= nodes - malicious;
        let serve = |by_trust: bool, run: u64| {
            let mut stream = SimRng::new(11).global(Purpose::new("collusion"), run);
            let mut graph = TrustGraph::default();
            let before: Vec<f64> = (0..nodes).map(|node| f64::from(u8::from(node < 5))).collect();
            let mut trust = vec![1.0 / f64::from(nodes); nodes as usize];
            let mut served_badly = 0;
            for round in 0..40 {
                for asker in 0..nodes {
                    let mut offers: Vec<u32> = (0..10).map(|_| (stream.unit() * nodes as f32) as u32).collect();
                    offers.retain(|node| *node != asker);
                    let total: f64 = offers.iter().map(|node| trust[*node as usize]).sum();
                    // One in ten asks somebody unknown, so that newcomers get a chance.
                    let chosen = if by_trust && total > 0.0 && stream.unit() > 0.1 {
                        let mut left = f64::from(stream.unit()) * total;
                        offers.iter().copied().find(|node| {
                            left -= trust[*node as usize];
                            left <= 0.0
                        })
                    } else {
                        offers.get((stream.unit() * offers.len() as f32) as usize).copied()
                    };
                    let Some(chosen) = chosen else { continue };
                    let good = !bad(chosen) && stream.unit() < 0.95;
                    // The first rounds are for learning.
                    served_badly += u32::from(round >= 10 && bad(chosen) && !bad(asker));
                    let evidence = if good != bad(asker) { Evidence::new(0.9, 0.1) } else { Evidence::new(0.0, 1.0) };
                    graph.observe(asker, chosen, evidence);
                }
                for accomplice in nodes - malicious..nodes {
                    graph.observe(
                        accomplice,
                        nodes - malicious + (accomplice + 1) % malicious,
                        Evidence::new(20.0, 0.0),
                    );
                }
                if by_trust {
                    trust = solve(&graph, nodes as usize, &before).trust;
                }
            }
            served_badly
        };
        for run in 0..3 {
            let (trusting, random) = (serve(true, run), serve(false, run));
            assert!(3 * trusting <= random, "{trusting} of {random}");
        }
    }
}
