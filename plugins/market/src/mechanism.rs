//! What all mechanisms have in common, and how much a lie gains under one.
//!
//! A [`Mechanism`] turns bids into an outcome. A bid has the same form as the truth behind it, so that "bid the truth" is a
//! bid like another. [`exploitability`] looks for lies that pay: it clears the same draws of all bidders' truths again with
//! one bidder's bid replaced, and compares what the outcome is worth to that bidder by its truth.

/// A rule that turns bids into an outcome.
pub trait Mechanism {
    /// What a bidder says; also what is true of it.
    type Bid: Clone;
    /// Who gets what and pays what.
    type Outcome;

    /// The name of the mechanism as the literature has it.
    fn name(&self) -> &'static str;

    /// The outcome of these bids. Ties go to the lowest [`AgentId`](agent2028_core::agent::AgentId).
    fn clear(&self, bids: &[Self::Bid]) -> Self::Outcome;

    /// What an outcome is worth to the bidder of the `bidder`-th bid if `truth` is true of it: value less payment, or payment
    /// less cost, in minor units; 0 if nothing came of its bid.
    fn utility(&self, outcome: &Self::Outcome, bidder: usize, truth: &Self::Bid) -> i64;

    /// Bids of the `bidder`-th among which its best answer to all others' bids is, as far as that can be said: right next to
    /// what its rivals say. Nothing by default. `bids` holds the truth in the bidder's place.
    fn answers(&self, bids: &[Self::Bid], bidder: usize, truth: &Self::Bid) -> Vec<Self::Bid> {
        let _ = (bids, bidder, truth);
        Vec::new()
    }
}

/// What lies would have gained.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exploitability {
    /// How many draws were looked at.
    pub draws: usize,
    /// In how many of them some lie gains.
    pub profitable: usize,
    /// The mean over all draws of what the best lie gains, chosen for each draw with all other bids known (the ex-post
    /// regret of the truth), in minor units. 0 if the truth is a dominant strategy.
    pub regret: f64,
    /// The largest gain in one draw, in minor units.
    pub largest: i64,
    /// The gain per draw of the best single rule for lying, chosen once for all draws; at least 0.
    pub best_rule_gain: f64,
    /// Which deviation that is; none if the truth is best.
    pub best_rule: Option<usize>,
}

/// Searches lies of the `bidder`-th bidder over draws of everybody's truths. `deviate` tells the lies for a truth, always
/// equally many and in the same order, since the `i`-th is taken for the same rule in all draws. The best lie of a draw is
/// looked for among the mechanism's [`answers`](Mechanism::answers) as well, which know what the others say.
pub fn exploitability<M: Mechanism + ?Sized>(
    mechanism: &M,
    draws: impl IntoIterator<Item = Vec<M::Bid>>,
    bidder: usize,
    mut deviate: impl FnMut(&M::Bid, &mut Vec<M::Bid>),
) -> Exploitability {
    let mut found = Exploitability::default();
    let mut by_rule: Vec<i128> = Vec::new();
    let (mut regret, mut lies) = (0_i128, Vec::new());
    for mut bids in draws {
        let Some(truth) = bids.get(bidder).cloned() else { continue };
        let honest = mechanism.utility(&mechanism.clear(&bids), bidder, &truth);
        lies.clear();
        deviate(&truth, &mut lies);
        by_rule.resize(by_rule.len().max(lies.len()), 0);
        let mut best = 0;
        for (lie, total) in lies.drain(..).zip(&mut by_rule) {
            bids[bidder] = lie;
            let gain = mechanism.utility(&mechanism.clear(&bids), bidder, &truth) - honest;
            *total += i128::from(gain);
            best = best.max(gain);
        }
        bids[bidder] = truth.clone();
        for answer in mechanism.answers(&bids, bidder, &truth) {
            bids[bidder] = answer;
            best = best.max(mechanism.utility(&mechanism.clear(&bids), bidder, &truth) - honest);
        }
        found.draws += 1;
        found.profitable += usize::from(best > 0);
        found.largest = found.largest.max(best);
        regret += i128::from(best);
    }
    let draws = found.draws.max(1) as f64;
    found.regret = regret as f64 / draws;
    // The first of equal rules, so that the answer does not hang on how maxima are found.
    for (rule, total) in by_rule.iter().enumerate() {
        let gain = *total as f64 / draws;
        if gain > found.best_rule_gain {
            (found.best_rule_gain, found.best_rule) = (gain, Some(rule));
        }
    }
    found
}

/// The usual lies about a price: from half of the truth to half as much again, in steps of 5 %, and ±1; 22 in all. The
/// truth itself is not among them.
pub fn price_lies(truth: i64) -> impl Iterator<Item = i64> {
    let part = move |percent: i64| (i128::from(truth) * i128::from(percent) / 100) as i64;
    let below = (50..100).step_by(5).map(part);
    let above = (105..=150).step_by(5).map(part);
    below.chain(above).chain([truth - 1, truth + 1])
}
