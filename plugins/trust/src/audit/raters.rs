//! Raters against each other: who says of others what nobody else says stuffs ballots, or bad-mouths.

use crate::graph::TrustGraph;
use crate::score::Evidence;

/// Evidence below this is no vote.
const LEAST: f64 = 0.5;

/// When a rating counts as diverging.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RaterAudit {
    /// How many standard deviations it must be off what others say.
    pub deviations: f64,
    /// How far it must be off beside that, 0–1.
    pub least: f64,
    /// How much evidence a rating must have to be looked at.
    pub cases: f64,
    /// How much of a rater's evidence must diverge, 0–1, for a verdict on the rater.
    pub share: f64,
}

impl Default for RaterAudit {
    fn default() -> Self {
        Self { deviations: 3.0, least: 0.2, cases: 3.0, share: 0.25 }
    }
}

/// What a rater does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It says what others say.
    #[default]
    Honest,
    /// It says better things of some than others do.
    Stuffs,
    /// It says worse things of some than others do.
    BadMouths,
    /// It does both.
    Both,
}

impl Verdict {
    /// In words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Honest => "says what others say",
            Self::Stuffs => "praises some more than others do",
            Self::BadMouths => "speaks worse of some than others do",
            Self::Both => "praises some and runs others down",
        }
    }
}

/// How far a rater is from what others say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Divergence {
    /// The rater.
    pub rater: u32,
    /// How much evidence was looked at.
    pub evidence: f64,
    /// The share of it that says better than others do.
    pub above: f64,
    /// The share of it that says worse than others do.
    pub below: f64,
    /// What that means.
    pub verdict: Verdict,
}

impl Divergence {
    /// How much a rater's word counts, 0–1: the less, the more of it diverges; nothing if half of it does.
    #[must_use]
    pub fn credibility(&self) -> f64 {
        match self.verdict {
            Verdict::Honest => 1.0,
            _ => (1.0 - 2.0 * (self.above + self.below)).clamp(0.0, 1.0),
        }
    }
}

impl RaterAudit {
    /// Looks at all raters of a graph of `nodes` nodes. `weights` says by rater how much its word counts in what others say
    /// (≥ 0; a missing one counts 1): with reputations there, a crowd of newcomers can't outvote those who are known.
    /// Returns one entry per rater that has said enough, by id.
    #[must_use]
    pub fn look(&self, graph: &TrustGraph, nodes: usize, weights: &[f64]) -> Vec<Divergence> {
        let weight = |rater: u32| weights.get(rater as usize).copied().unwrap_or(1.0);
        // By subject: what is said of it and by whom.
        let mut starts = vec![0_usize; nodes + 1];
        let enough = |source: u32, target: u32, evidence: Evidence| {
            evidence.amount() >= LEAST && (source.max(target) as usize) < nodes
        };
        graph.for_each(|source, target, r, s| {
            if enough(source, target, Evidence::new(r, s)) {
                starts[target as usize + 1] += 1;
            }
        });
        for node in 0..nodes {
            starts[node + 1] += starts[node];
        }
        let mut next = starts.clone();
        let mut said = vec![(0_u32, Evidence::default()); starts[nodes]];
        graph.for_each(|source, target, r, s| {
            let evidence = Evidence::new(r, s);
            if enough(source, target, evidence) {
                said[next[target as usize]] = (source, evidence);
                next[target as usize] += 1;
            }
        });
        let mut raters = vec![(0.0_f64, 0.0_f64, 0.0_f64); nodes];
        let mut order = Vec::new();
        for subject in 0..nodes {
            let said = &said[starts[subject]..starts[subject + 1]];
            let Some(consensus) = consensus(said, &weight, &mut order) else { continue };
            for (rater, evidence) in said.iter().filter(|(_, evidence)| evidence.amount() >= self.cases) {
                let held = &mut raters[*rater as usize];
                held.0 += evidence.amount();
                let difference = evidence.share().unwrap_or(consensus) - consensus;
                let sure = consensus.clamp(0.02, 0.98);
                let spread = (sure * (1.0 - sure) / evidence.amount()).sqrt();
                if difference.abs() > self.least && difference.abs() > self.deviations * spread {
                    if difference > 0.0 {
                        held.1 += evidence.amount();
                    } else {
                        held.2 += evidence.amount();
                    }
                }
            }
        }
        let divergence = |(rater, (evidence, above, below)): (usize, (f64, f64, f64))| {
            let (above, below) = (above / evidence, below / evidence);
            let verdict = match (above >= self.share, below >= self.share) {
                (false, false) => Verdict::Honest,
                (true, false) => Verdict::Stuffs,
                (false, true) => Verdict::BadMouths,
                (true, true) => Verdict::Both,
            };
            Divergence { rater: rater as u32, evidence, above, below, verdict }
        };
        raters.into_iter().enumerate().filter(|(_, held)| held.0 > 0.0).map(divergence).collect()
    }
}

/// What raters say of a subject, each with one vote of its weight however much it has said: the mean of the middle half, so
/// that up to a quarter may say anything at either end; nothing if fewer than three have a say.
fn consensus(said: &[(u32, Evidence)], weight: &impl Fn(u32) -> f64, order: &mut Vec<(f64, u32, f64)>) -> Option<f64> {
    order.clear();
    order.extend(said.iter().filter_map(|(rater, evidence)| {
        let weight = weight(*rater);
        evidence.share().filter(|_| weight > 0.0).map(|share| (share, *rater, weight))
    }));
    if order.len() < 3 {
        return None;
    }
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let all = order.iter().map(|entry| entry.2).sum::<f64>();
    let (from, to) = (0.25 * all, 0.75 * all);
    let (mut before, mut sum) = (0.0, 0.0);
    for (share, _, weight) in order.iter() {
        let after = before + weight;
        // As much of this vote as lies within the middle half.
        sum += share * (after.min(to) - before.max(from)).max(0.0);
        before = after;
    }
    Some(sum / (to - from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::rng::{Purpose, SimRng};

    /// 30 raters, of which the last ones lie, rate 20 agents of which the last five are bad.
    fn ratings(liars: u32, lie: impl Fn(u32) -> Option<f64>, seed: u64) -> TrustGraph {
        let mut stream = SimRng::new(seed).global(Purpose::new("ratings"), 0);
        let mut graph = TrustGraph::default();
        for rater in 0..30 {
            for subject in 0..20 {
                let truth = if subject >= 15 { 0.2 } else { 0.9 };
                for _ in 0..12 {
                    let honest = f64::from(u8::from(stream.unit() < truth));
                    let good = if rater >= 30 - liars { lie(subject).unwrap_or(honest) } else { honest };
                    graph.observe(rater, 100 + subject, Evidence::new(good, 1.0 - good));
                }
            }
        }
        graph
    }

    fn verdicts(graph: &TrustGraph, weights: &[f64]) -> Vec<Verdict> {
        RaterAudit::default().look(graph, 200, weights).into_iter().map(|found| found.verdict).collect()
    }

    #[test]
    fn honest_raters_are_found_honest() {
        for seed in 0..20 {
            let found = verdicts(&ratings(0, |_| None, seed), &[]);
            assert!(found.len() == 30 && found.iter().all(|verdict| *verdict == Verdict::Honest), "{found:?}");
        }
    }

    #[test]
    fn those_who_stuff_ballots_and_those_who_bad_mouth_are_found() {
        for seed in 0..10 {
            let stuffed = verdicts(&ratings(8, |subject| (subject >= 15).then_some(1.0), seed), &[]);
            assert!(stuffed[..22].iter().all(|verdict| *verdict == Verdict::Honest));
            assert!(stuffed[22..].iter().all(|verdict| *verdict == Verdict::Stuffs));
            let slandered = verdicts(&ratings(8, |subject| (subject < 7).then_some(0.0), seed), &[]);
            assert!(slandered[..22].iter().all(|verdict| *verdict == Verdict::Honest));
            assert!(slandered[22..].iter().all(|verdict| *verdict == Verdict::BadMouths));
            let both = verdicts(&ratings(8, |subject| Some(f64::from(u8::from(subject >= 15))), seed), &[]);
            assert!(both[22..].iter().all(|verdict| *verdict == Verdict::Both), "{both:?}");
        }
    }

    /// Outnumbered, the honest look like liars, unless it counts who is known.
    #[test]
    fn a_crowd_outvotes_the_honest_unless_reputations_count() {
        let graph = ratings(18, |subject| (subject >= 15).then_some(1.0), 1);
        let fooled = verdicts(&graph, &[]);
        assert!(fooled[..12].iter().all(|verdict| *verdict == Verdict::BadMouths));
        let weights: Vec<f64> = (0..30).map(|rater| if rater < 12 { 1.0 } else { 0.01 }).collect();
        let found = verdicts(&graph, &weights);
        assert!(found[..12].iter().all(|verdict| *verdict == Verdict::Honest));
        assert!(found[12..].iter().all(|verdict| *verdict == Verdict::Stuffs));
    }

    #[test]
    fn what_diverges_does_not_count() {
        let found = RaterAudit::default().look(&ratings(8, |subject| (subject >= 15).then_some(1.0), 1), 200, &[]);
        assert_eq!(found[0].credibility(), 1.0);
        assert!((0.3..0.6).contains(&found[29].credibility()), "{:?}", found[29]);
    }
}
