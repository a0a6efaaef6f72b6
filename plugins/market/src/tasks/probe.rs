//! What lies would have gained in the auctions that are over: beside every rule, found by search on the same draws.

use super::rule::TaskRule;
use super::state::{AuctioneerState, Cleared};
use super::task::TaskBid;
use crate::accounts::Money;
use crate::auction::{Bid, Promise};
use crate::config::{Auctioneer, Rule};
use crate::mechanism::{Exploitability, Mechanism, exploitability, price_lies};

/// Into how many parts the way to the reserve is cut; as many are tried.
const WAYS: i64 = 20;

/// The bids of an auction as the truth has them: what each would have bid that says what the task costs it.
fn truths(cleared: &Cleared) -> Vec<Bid> {
    let honest = cleared.bids.iter().filter(|bid| bid.honest);
    honest.map(|bid| Bid { price: bid.cost, ..TaskBid::said(bid) }).collect()
}

/// What lies of one bidder would have gained in the last auctions of an auctioneer, if all others had said the truth. Each auction
/// is a draw, in which another of its bidders is the one that lies. Nothing if there was no auction with two bidders.
#[must_use]
pub fn probe(auctioneer: &Auctioneer, state: &AuctioneerState) -> Option<Exploitability> {
    let draws: Vec<(Money, Vec<Bid>)> = state
        .recent
        .iter()
        .map(|cleared| (cleared.reserve, truths(cleared)))
        .filter(|(_, bids)| bids.len() >= 2)
        .enumerate()
        .map(|(draw, (reserve, mut bids))| {
            let liar = draw % bids.len();
            bids.swap(0, liar);
            (reserve, bids)
        })
        .collect();
    if draws.is_empty() {
        return None;
    }
    // Reserves differ from task to task, so that each draw brings its own.
    let rule = AnyReserve { auctioneer };
    let draws = draws
        .into_iter()
        .map(|(reserve, bids)| bids.into_iter().map(|bid| WithReserve { bid, reserve }).collect::<Vec<_>>());
    let promises = auctioneer.rule == Rule::SealedBestScore;
    let found = exploitability(&rule, draws, 0, |truth, lies| {
        let lie = |price, promise| WithReserve { bid: Bid { price, promise, ..truth.bid }, ..*truth };
        lies.extend(price_lies(truth.bid.price).map(|price| lie(price.max(0), truth.bid.promise)));
        // And parts of the way to the reserve, as the equilibrium of first-price auctions has it.
        let way = truth.reserve.saturating_sub(truth.bid.price);
        let along = |part: i64| truth.bid.price + (i128::from(way) * i128::from(part) / i128::from(WAYS)) as Money;
        lies.extend((1..=WAYS).map(|part| lie(along(part), truth.bid.promise)));
        if promises {
            let best = Promise { load: 0.0, time_ms: 1.0, confidence: 1.0 };
            lies.extend(price_lies(truth.bid.price).map(|price| lie(price.max(0), best)));
            lies.push(lie(truth.reserve, best));
        }
    });
    Some(found)
}

/// What every bidder of an auction would have gained by the truth, and the winner's gain by what it did: for those who look at it.
#[must_use]
pub fn by_truth(auctioneer: &Auctioneer, cleared: &Cleared, bidder: usize) -> Option<Money> {
    let truth = cleared.bids.get(bidder)?;
    let mut bids: Vec<Bid> = cleared.bids.iter().map(TaskBid::said).collect();
    let honest = Bid { price: truth.cost, ..truth.said() };
    bids[bidder] = honest;
    let rule = TaskRule { rule: auctioneer.rule, reserve: cleared.reserve, step: auctioneer.step };
    Some(rule.utility(&rule.clear(&bids), bidder, &honest))
}

/// A bid with the reserve of its auction.
#[derive(Clone, Copy, Debug, PartialEq)]
struct WithReserve {
    bid: Bid,
    reserve: Money,
}

/// An auctioneer's rule with the reserve that each auction has.
struct AnyReserve<'a> {
    auctioneer: &'a Auctioneer,
}

impl AnyReserve<'_> {
    fn rule(&self, reserve: Money) -> TaskRule {
        TaskRule { rule: self.auctioneer.rule, reserve, step: self.auctioneer.step }
    }
}

impl Mechanism for AnyReserve<'_> {
    type Bid = WithReserve;
    type Outcome = Option<crate::auction::Award>;

    fn name(&self) -> &'static str {
        self.rule(0).name()
    }

    fn clear(&self, bids: &[WithReserve]) -> Self::Outcome {
        let reserve = bids.first().map_or(0, |bid| bid.reserve);
        let bids: Vec<Bid> = bids.iter().map(|bid| bid.bid).collect();
        self.rule(reserve).clear(&bids)
    }

    fn utility(&self, outcome: &Self::Outcome, bidder: usize, truth: &WithReserve) -> i64 {
        self.rule(truth.reserve).utility(outcome, bidder, &truth.bid)
    }

    fn answers(&self, bids: &[WithReserve], bidder: usize, truth: &WithReserve) -> Vec<WithReserve> {
        let bids: Vec<Bid> = bids.iter().map(|bid| bid.bid).collect();
        let answers = self.rule(truth.reserve).answers(&bids, bidder, &truth.bid);
        answers.into_iter().map(|bid| WithReserve { bid, ..*truth }).collect()
    }
}

#[cfg(test)]
mod tests {
    use agent2028_core::rng::{Purpose, SimRng};

    use super::*;

    fn history() -> AuctioneerState {
        let mut state = AuctioneerState::default();
        for task in 0..60 {
            let mut stream = SimRng::new(9).global(Purpose::new("test.probe"), task);
            let bids: Vec<TaskBid> = (0..6)
                .map(|bidder| {
                    let cost = i64::from(stream.below(1000));
                    TaskBid { bidder, price: cost, cost, way: 0, promise: (1.0, 2000.0, 0.9), honest: true }
                })
                .collect();
            let (place, tick) = (None, 0);
            let winner = Some(0);
            state.recent.push_back(Cleared {
                tick,
                task,
                place,
                reserve: 1000,
                value: 1000,
                bids,
                winner,
                price: 0,
                waited: 0,
            });
        }
        state
    }

    /// Lies gain nothing where the truth is a dominant strategy, and something everywhere else.
    #[test]
    fn lies_pay_under_the_rules_under_which_they_do() {
        let state = history();
        for rule in Rule::ALL {
            let auctioneer = Auctioneer { rule, step: 1, ..Auctioneer::default() };
            let found = probe(&auctioneer, &state).unwrap();
            assert_eq!(found.draws, 60);
            match rule {
                Rule::Vickrey | Rule::English | Rule::Combinatorial => {
                    assert_eq!((found.profitable, found.best_rule_gain), (0, 0.0), "{rule:?}");
                }
                _ => assert!(found.profitable > 0 && found.best_rule_gain > 0.0, "{rule:?}: {found:?}"),
            }
        }
        // Promises cost nothing: they gain more than a price alone.
        let of = |rule| probe(&Auctioneer { rule, ..Auctioneer::default() }, &state).unwrap().best_rule_gain;
        assert!(of(Rule::SealedBestScore) > 3.0 * of(Rule::FirstPrice));
    }
}
