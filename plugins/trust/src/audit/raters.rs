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
    /// How much evidence a rating must have to be judged alone. Those that have less are judged together: what a rater says
    /// of all whom others run down, of all in the middle, and of all whom others praise.
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
        let mut are_small = false;
        let mut order = Vec::new();
        for subject in 0..nodes {
            let said = &said[starts[subject]..starts[subject + 1]];
            let Some(consensus) = consensus(said, &weight, &mut order) else { continue };
            for (rater, evidence) in said {
                if evidence.amount() < self.cases {
                    are_small = true;
                    continue;
                }
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
        if are_small {
            let subjects = |subject: usize| &said[starts[subject]..starts[subject + 1]];
            for (held, pooled) in raters.iter_mut().zip(self.pool(nodes, subjects, &weight)) {
                for pooled in pooled.iter().filter(|pooled| pooled.amount >= self.cases) {
                    held.0 += pooled.amount;
                    match self.judge(pooled) {
                        Some((true, _)) => held.1 += pooled.amount,
                        Some((false, _)) => held.2 += pooled.amount,
                        None => {}
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

/// How often what raters say is compared anew without those who were found to lie.
const MOST_ROUNDS: usize = 8;

/// What a rater says of subjects of whom others say about the same, where it says too little of each.
#[derive(Clone, Copy, Debug, Default)]
struct Pooled {
    /// How much evidence that is.
    amount: f64,
    /// How much of it is good.
    good: f64,
    /// How much of it would be if it were as others say.
    expected: f64,
    /// How many cases it is worth, since what others say is no more than a sample, too.
    cases: f64,
}

/// Whether others run a subject down (0), find it middling (1) or praise it (2).
fn level_of(consensus: f64) -> usize {
    usize::from(consensus > 1.0 / 3.0) + usize::from(consensus > 2.0 / 3.0)
}

/// The information (in nats per case) by which a share of `seen` differs from one of `expected`: the relative entropy of two
/// coins.
fn information(seen: f64, expected: f64) -> f64 {
    let part = |seen: f64, expected: f64| if seen > 0.0 { seen * libm::log(seen / expected) } else { 0.0 };
    part(seen, expected) + part(1.0 - seen, 1.0 - expected)
}

impl RaterAudit {
    /// What each rater says where it says little, against the mean of what the others say: of those whom they run down, of
    /// those in the middle, of those whom they praise. (By what others say, never by what the rater does: else chance alone
    /// would make two heaps. And by their mean: the middle half of votes that are yes or no is yes or no.)
    ///
    /// A mean believes everybody, so it is taken again without those who are off the most, until nobody is.
    fn pool<'s>(
        &self,
        nodes: usize,
        subjects: impl Fn(usize) -> &'s [(u32, Evidence)],
        weight: &impl Fn(u32) -> f64,
    ) -> Vec<[Pooled; 3]> {
        let mut believed = vec![true; nodes];
        let mut raters = Vec::new();
        for _ in 0..MOST_ROUNDS {
            raters = vec![[Pooled::default(); 3]; nodes];
            for subject in 0..nodes {
                self.compare(subjects(subject), weight, &believed, &mut raters);
            }
            let off = |pooled: &[Pooled; 3]| {
                let found =
                    pooled.iter().filter(|pooled| pooled.amount >= self.cases).filter_map(|one| self.judge(one));
                found.map(|(_, information)| information).fold(0.0, f64::max)
            };
            let off: Vec<f64> = raters.iter().map(off).collect();
            let worst = off.iter().zip(&believed).filter(|(_, believed)| **believed).map(|(off, _)| *off);
            let worst = worst.fold(0.0, f64::max);
            if worst <= 0.0 {
                break;
            }
            for (believed, off) in believed.iter_mut().zip(off) {
                *believed &= off < 0.5 * worst;
            }
        }
        raters
    }

    /// Adds what raters say of a subject to what they say of all like it.
    fn compare(
        &self,
        said: &[(u32, Evidence)],
        weight: &impl Fn(u32) -> f64,
        believed: &[bool],
        raters: &mut [[Pooled; 3]],
    ) {
        let vote = |(rater, evidence): &(u32, Evidence)| {
            let weight = if believed[*rater as usize] { weight(*rater).max(0.0) } else { 0.0 };
            (weight > 0.0).then_some((weight, weight * evidence.share().unwrap_or(0.5), evidence.amount(), 1_u32))
        };
        let sum = |one: (f64, f64, f64, u32), two: (f64, f64, f64, u32)| {
            (one.0 + two.0, one.1 + two.1, one.2 + two.2, one.3 + two.3)
        };
        let all = said.iter().filter_map(vote).fold((0.0, 0.0, 0.0, 0), sum);
        for entry in said.iter().filter(|(_, evidence)| evidence.amount() < self.cases) {
            let own = vote(entry).unwrap_or_default();
            let (weight, good, amount, votes) = (all.0 - own.0, all.1 - own.1, all.2 - own.2, all.3 - own.3);
            if votes < 2 || weight <= 0.0 || amount <= 0.0 {
                continue;
            }
            let (rater, evidence) = entry;
            let consensus = (good / weight).clamp(0.0, 1.0);
            let pooled = &mut raters[*rater as usize][level_of(consensus)];
            pooled.amount += evidence.amount();
            pooled.good += evidence.r;
            pooled.expected += evidence.amount() * consensus;
            pooled.cases += evidence.amount() * amount / (evidence.amount() + amount);
        }
    }

    /// Whether what was pooled is better than others say (`true`) or worse (`false`), by more than chance explains, and by how
    /// much information.
    ///
    /// That so many cases come out so far off happens with a probability of at most exp(−cases × information), whatever lies
    /// between 0 and 1 they can be (Hoeffding 1963, theorem 1). Where numbers are large this is the test by standard
    /// deviations; where they are small, it claims no more than is known.
    fn judge(&self, pooled: &Pooled) -> Option<(bool, f64)> {
        let (seen, expected) = (pooled.good / pooled.amount, pooled.expected / pooled.amount);
        let information = pooled.cases * information(seen.clamp(0.0, 1.0), expected.clamp(0.02, 0.98));
        let is_off = (seen - expected).abs() > self.least && information > 0.5 * self.deviations * self.deviations;
        is_off.then_some((seen > expected, information))
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

    /// One rating of each subject by each rater, as a file of ratings holds them: no pair has enough evidence by itself.
    fn single_ratings(liars: u32, lie: impl Fn(u32) -> Option<f64>, seed: u64) -> TrustGraph {
        let mut stream = SimRng::new(seed).global(Purpose::new("single"), 0);
        let mut graph = TrustGraph::default();
        for rater in 0..30 {
            for subject in 0..60 {
                let truth = if subject >= 40 { 0.15 } else { 0.9 };
                let honest = f64::from(u8::from(stream.unit() < truth));
                let good = if rater >= 30 - liars { lie(subject).unwrap_or(honest) } else { honest };
                graph.observe(rater, 100 + subject, Evidence::new(good, 1.0 - good));
            }
        }
        graph
    }

    #[test]
    fn ratings_that_are_worth_one_outcome_each_are_audited_together() {
        let mut wronged = 0;
        for seed in 0..20 {
            let honest = verdicts(&single_ratings(0, |_| None, seed), &[]);
            assert_eq!(honest.len(), 30);
            wronged += honest.iter().filter(|verdict| **verdict != Verdict::Honest).count();
            let stuffed = verdicts(&single_ratings(7, |subject| (subject >= 40).then_some(1.0), seed), &[]);
            let praises = |verdict: &Verdict| matches!(verdict, Verdict::Stuffs | Verdict::Both);
            assert!(stuffed[23..].iter().all(praises), "{seed} {stuffed:?}");
            let runs_down = |verdict: &Verdict| matches!(verdict, Verdict::BadMouths | Verdict::Both);
            let slandered = verdicts(&single_ratings(7, |subject| (subject < 40).then_some(0.0), seed), &[]);
            assert!(slandered[23..].iter().all(runs_down), "{seed} {slandered:?}");
            let fooled =
                [stuffed, slandered].concat().chunks(30).flat_map(|all| all[..23].to_vec()).collect::<Vec<_>>();
            wronged += fooled.iter().filter(|verdict| **verdict != Verdict::Honest).count();
        }
        // Two tests of each of 600 + 2 × 460 honest raters, each wrong with a probability of at most 2·exp(−4.5) = 0.022.
        assert!(wronged <= 67, "{wronged}");
    }

    /// Against sums of binomial probabilities: what `judge` calls more than chance is as rare as its bound says.
    #[test]
    fn what_the_audit_calls_more_than_chance_is_as_rare_as_it_says() {
        let audit = RaterAudit { least: 0.0, ..RaterAudit::default() };
        for cases in [3_i32, 8, 20, 60] {
            for expected in [0.1, 0.3, 0.5, 0.85] {
                let mut false_alarm = 0.0;
                let mut choose = 1.0;
                for good in 0..=cases {
                    let probability = choose
                        * libm::pow(expected, f64::from(good))
                        * libm::pow(1.0 - expected, f64::from(cases - good));
                    let pooled = Pooled {
                        amount: f64::from(cases),
                        good: f64::from(good),
                        expected: expected * f64::from(cases),
                        cases: f64::from(cases),
                    };
                    if audit.judge(&pooled).is_some() {
                        false_alarm += probability;
                    }
                    choose *= f64::from(cases - good) / f64::from(good + 1);
                }
                assert!(false_alarm <= 2.0 * libm::exp(-4.5), "{cases} {expected}: {false_alarm}");
            }
        }
    }

    #[test]
    fn what_diverges_does_not_count() {
        let found = RaterAudit::default().look(&ratings(8, |subject| (subject >= 15).then_some(1.0), 1), 200, &[]);
        assert_eq!(found[0].credibility(), 1.0);
        assert!((0.3..0.6).contains(&found[29].credibility()), "{:?}", found[29]);
    }
}
