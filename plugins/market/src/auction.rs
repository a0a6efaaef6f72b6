//! Auctions of one item or one task: sealed best score, first price, Vickrey, Dutch and English.
//!
//! An auction sells to bidders (the highest bid wins and pays) or buys from them (the lowest wins and is paid), as its
//! [`Terms`] say; a task market buys. Prices are whole minor units. Each bidder has one bid; who keeps to that is
//! [`round`](crate::round)'s task. Ties go to the lowest [`AgentId`].

use agent2028_core::agent::AgentId;
use serde::{Deserialize, Serialize};

use crate::accounts::Money;
use crate::mechanism::Mechanism;

/// Which way the good goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// The auctioneer sells: the highest bid wins and is paid by its bidder.
    #[default]
    Sell,
    /// The auctioneer buys, as in a market for tasks: the lowest bid wins and is paid to its bidder.
    Buy,
}

impl Direction {
    /// How good a price is for the auctioneer: more is better. Saturating, so that −2⁶³ has a mirror image.
    #[inline]
    #[must_use]
    pub const fn worth(self, price: Money) -> Money {
        match self {
            Self::Sell => price,
            Self::Buy => price.saturating_neg(),
        }
    }

    /// What a winner gains by this price, if this is its value (or its cost).
    #[inline]
    #[must_use]
    pub const fn gain(self, truth: Money, price: Money) -> Money {
        match self {
            Self::Sell => truth.saturating_sub(price),
            Self::Buy => price.saturating_sub(truth),
        }
    }
}

/// What a bidder promises besides its price. Only [`SealedBestScore`] looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Promise {
    /// What the bidder has to do already, at least 0.
    pub load: f64,
    /// How long it will take, in ms, at least 0.
    pub time_ms: f64,
    /// How sure it is, 0–1.
    pub confidence: f64,
}

impl Default for Promise {
    /// Idle, a second, as sure as can be expected.
    fn default() -> Self {
        Self { load: 0.0, time_ms: 1000.0, confidence: 0.9 }
    }
}

/// A sealed bid, the price at which a bidder takes from a Dutch clock, or that at which it leaves an English auction.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bid {
    /// Whose it is.
    pub bidder: AgentId,
    /// In minor units, not negative.
    pub price: Money,
    /// What is promised with it.
    pub promise: Promise,
}

impl Bid {
    /// A bid that is nothing but a price.
    #[must_use]
    pub fn new(bidder: AgentId, price: Money) -> Self {
        Self { bidder, price, promise: Promise::default() }
    }
}

/// What the auctioneer lays down beforehand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Whether the auctioneer sells or buys.
    pub direction: Direction,
    /// The least that it sells for, or the most that it pays.
    pub reserve: Option<Money>,
}

impl Terms {
    fn admits(&self, price: Money) -> bool {
        self.reserve.is_none_or(|reserve| self.direction.worth(price) >= self.direction.worth(reserve))
    }

    /// The best bid and the price of the next best of another bidder, both within the reserve.
    #[inline]
    fn best_two(&self, bids: &[Bid]) -> Option<(usize, Option<Money>)> {
        let better = |a: &Bid, b: &Bid| {
            let (a_worth, b_worth) = (self.direction.worth(a.price), self.direction.worth(b.price));
            a_worth > b_worth || a_worth == b_worth && a.bidder < b.bidder
        };
        let (mut best, mut next): (Option<usize>, Option<usize>) = (None, None);
        for (at, bid) in bids.iter().enumerate() {
            if !self.admits(bid.price) {
                continue;
            }
            match best {
                Some(first) if !better(bid, &bids[first]) => {
                    let counts = bid.bidder != bids[first].bidder;
                    if counts && next.is_none_or(|second| better(bid, &bids[second])) {
                        next = Some(at);
                    }
                }
                _ => {
                    if best.is_none_or(|first| bids[first].bidder != bid.bidder) {
                        next = best;
                    }
                    best = Some(at);
                }
            }
        }
        best.map(|first| (first, next.map(|second| bids[second].price)))
    }
}

/// Who won, and the price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Award {
    /// The winning bid's place among the bids.
    pub bid: usize,
    /// The winner.
    pub winner: AgentId,
    /// What the winner pays, or is paid.
    pub price: Money,
}

/// What answers the best rival of the `bidder`-th bid best where a price alone decides, on a clock that moves by `step` if there
/// is one: its price, one unit or one step to either side of it, or what the auctioneer would just take.
fn price_answers(terms: &Terms, step: Money, bids: &[Bid], bidder: usize, truth: &Bid) -> Vec<Bid> {
    let rivals = bids.iter().enumerate().filter(|(at, bid)| *at != bidder && terms.admits(bid.price));
    let best = rivals.map(|(_, bid)| bid.price).max_by_key(|price| terms.direction.worth(*price));
    let beside = best.into_iter().flat_map(|best| [0, -1, 1, -step, step].map(|away| best.saturating_add(away)));
    let nothing = (terms.direction == Direction::Sell).then_some(0);
    let all = beside.chain(terms.reserve).chain(nothing);
    all.map(|price| Bid { price: price.max(0), ..*truth }).collect()
}

fn award(bids: &[Bid], bid: usize, price: Money) -> Option<Award> {
    Some(Award { bid, winner: bids[bid].bidder, price })
}

fn utility(terms: &Terms, outcome: &Option<Award>, bidder: usize, truth: &Bid) -> i64 {
    match outcome {
        Some(award) if award.bid == bidder => terms.direction.gain(truth.price, award.price),
        _ => 0,
    }
}

/// The score of the classic rule, lower is better: max(0.01, price · (1 + 0.1·load) · (time/1000) · 1/(confidence + 0.1)).
///
/// A bidder lowers its score by promising what it need not keep, and gets what it asked for: neither price nor promise is
/// truthful under it.
#[must_use]
pub fn classic_score(bid: &Bid) -> f64 {
    let score = bid.price as f64 * score_of_a_unit(&bid.promise);
    // A promise that is no number must not win.
    if score.is_nan() { f64::INFINITY } else { score.max(0.01) }
}

/// What each unit of the price adds to the classic score of somebody who promises this.
fn score_of_a_unit(promise: &Promise) -> f64 {
    let Promise { load, time_ms, confidence } = *promise;
    (1.0 + 0.1 * load) * (time_ms / 1000.0) * (1.0 / (confidence + 0.1))
}

/// *Classic*: the lowest score wins and is paid what it asked for. For buying; the reserve is the most that is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedBestScore {
    /// The most that is paid.
    pub reserve: Option<Money>,
}

impl Mechanism for SealedBestScore {
    type Bid = Bid;
    type Outcome = Option<Award>;

    fn name(&self) -> &'static str {
        "sealed best score"
    }

    fn clear(&self, bids: &[Bid]) -> Option<Award> {
        let terms = Terms { direction: Direction::Buy, reserve: self.reserve };
        let mut best: Option<(f64, usize)> = None;
        for (at, bid) in bids.iter().enumerate().filter(|(_, bid)| terms.admits(bid.price)) {
            let score = classic_score(bid);
            let wins =
                best.is_none_or(|(lowest, first)| score < lowest || score == lowest && bid.bidder < bids[first].bidder);
            if wins {
                best = Some((score, at));
            }
        }
        best.and_then(|(_, at)| award(bids, at, bids[at].price))
    }

    fn utility(&self, outcome: &Option<Award>, bidder: usize, truth: &Bid) -> i64 {
        utility(&Terms { direction: Direction::Buy, reserve: self.reserve }, outcome, bidder, truth)
    }

    fn answers(&self, bids: &[Bid], bidder: usize, truth: &Bid) -> Vec<Bid> {
        let terms = Terms { direction: Direction::Buy, reserve: self.reserve };
        let rivals = bids.iter().enumerate().filter(|(at, bid)| *at != bidder && terms.admits(bid.price));
        let best = rivals.map(|(_, bid)| classic_score(bid)).min_by(f64::total_cmp);
        let boast = Promise { load: 0.0, time_ms: 1.0, confidence: 1.0 };
        let mut answers = Vec::new();
        for promise in [truth.promise, boast] {
            let just = best.map(|best| (best / score_of_a_unit(&promise)) as Money);
            let beside = just.into_iter().flat_map(|just| [-1, 0, 1].map(|away| just.saturating_add(away)));
            let within = |price: Money| self.reserve.map_or(price, |reserve| price.min(reserve)).max(0);
            let bid = |price| Bid { price: within(price), promise, ..*truth };
            answers.extend(beside.chain(self.reserve).map(bid));
        }
        answers
    }
}

/// The best sealed bid wins and pays (or is paid) what it says. Bidding the truth earns nothing, so that everybody shades.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FirstPrice(pub Terms);

impl Mechanism for FirstPrice {
    type Bid = Bid;
    type Outcome = Option<Award>;

    fn name(&self) -> &'static str {
        "first price"
    }

    fn clear(&self, bids: &[Bid]) -> Option<Award> {
        let (best, _) = self.0.best_two(bids)?;
        award(bids, best, bids[best].price)
    }

    fn utility(&self, outcome: &Option<Award>, bidder: usize, truth: &Bid) -> i64 {
        utility(&self.0, outcome, bidder, truth)
    }

    fn answers(&self, bids: &[Bid], bidder: usize, truth: &Bid) -> Vec<Bid> {
        price_answers(&self.0, 1, bids, bidder, truth)
    }
}

/// The best sealed bid wins at the price of the next best, or at the reserve (Vickrey 1961). Without either, it wins at its
/// own price. The truth is a dominant strategy where there is a reserve or another bidder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vickrey(pub Terms);

impl Mechanism for Vickrey {
    type Bid = Bid;
    type Outcome = Option<Award>;

    fn name(&self) -> &'static str {
        "Vickrey"
    }

    fn clear(&self, bids: &[Bid]) -> Option<Award> {
        let (best, next) = self.0.best_two(bids)?;
        award(bids, best, next.or(self.0.reserve).unwrap_or(bids[best].price))
    }

    fn utility(&self, outcome: &Option<Award>, bidder: usize, truth: &Bid) -> i64 {
        utility(&self.0, outcome, bidder, truth)
    }

    fn answers(&self, bids: &[Bid], bidder: usize, truth: &Bid) -> Vec<Bid> {
        price_answers(&self.0, 1, bids, bidder, truth)
    }
}

/// The prices of a clock, one after the other: without end, or as far as the reserve, which is its last price even if the last
/// step is a smaller one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceClock {
    price: Option<Money>,
    step: Money,
    last: Option<Money>,
}

impl Iterator for PriceClock {
    type Item = Money;

    fn next(&mut self) -> Option<Money> {
        let price = self.price?;
        let next = price.saturating_add(self.step);
        let passes = |last: Money| if self.step > 0 { next >= last } else { next <= last };
        self.price = match self.last {
            Some(last) if price == last => None,
            Some(last) if passes(last) => Some(last),
            _ => Some(next),
        };
        Some(price)
    }
}

/// A clock moves from a price that is too good for the auctioneer towards the bidders (down when selling, up when buying)
/// until somebody takes it. Bids are the prices at which they take; those who take at the same tick of the clock are tied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dutch {
    /// What is laid down; at its reserve the clock stops.
    pub terms: Terms,
    /// The clock's first price.
    pub start: Money,
    /// How far it moves at a time, at least 1.
    pub step: Money,
}

impl Dutch {
    /// The clock, to watch it.
    #[must_use]
    pub fn clock(&self) -> PriceClock {
        let step = self.terms.direction.worth(-self.step.max(1));
        PriceClock { price: self.terms.admits(self.start).then_some(self.start), step, last: self.terms.reserve }
    }
}

impl Mechanism for Dutch {
    type Bid = Bid;
    type Outcome = Option<Award>;

    fn name(&self) -> &'static str {
        "Dutch"
    }

    fn clear(&self, bids: &[Bid]) -> Option<Award> {
        let direction = self.terms.direction;
        let (start, step) = (direction.worth(self.start), self.step.max(1));
        let best = bids.iter().map(|bid| direction.worth(bid.price)).max()?;
        let steps = (start.saturating_sub(best).max(0) as u64).div_ceil(step as u64);
        let taken = i64::try_from(steps).ok().and_then(|steps| start.checked_sub(steps.checked_mul(step)?));
        // The last step leads to the reserve, however small it is.
        let end = self.terms.reserve.map(|reserve| direction.worth(reserve));
        let taken = match end {
            Some(end) if start < end || best < end => return None,
            Some(end) => taken.map_or(end, |taken| taken.max(end)),
            None => taken?,
        };
        let price = direction.worth(taken);
        let takers = bids.iter().enumerate().filter(|(_, bid)| direction.worth(bid.price) >= taken);
        takers.min_by_key(|(_, bid)| bid.bidder).and_then(|(at, _)| award(bids, at, price))
    }

    fn utility(&self, outcome: &Option<Award>, bidder: usize, truth: &Bid) -> i64 {
        utility(&self.terms, outcome, bidder, truth)
    }

    fn answers(&self, bids: &[Bid], bidder: usize, truth: &Bid) -> Vec<Bid> {
        price_answers(&self.terms, self.step.max(1), bids, bidder, truth)
    }
}

/// A clock moves from the auctioneer's worst price (up when selling, down when buying) while bidders leave; the last one
/// wins at the last price at which another was still there. Bids are the prices up to which they stay. Those who leave
/// together and were the last are tied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct English {
    /// What is laid down; who does not stay as far as the reserve does not count.
    pub terms: Terms,
    /// The clock's first price.
    pub start: Money,
    /// How far it moves at a time, at least 1.
    pub step: Money,
}

impl English {
    /// The clock, to watch it.
    #[must_use]
    pub fn clock(&self) -> PriceClock {
        PriceClock { price: Some(self.start), step: self.terms.direction.worth(self.step.max(1)), last: None }
    }
}

impl Mechanism for English {
    type Bid = Bid;
    type Outcome = Option<Award>;

    fn name(&self) -> &'static str {
        "English"
    }

    fn clear(&self, bids: &[Bid]) -> Option<Award> {
        let direction = self.terms.direction;
        let (start, step) = (direction.worth(self.start), self.step.max(1));
        // How many steps a bidder sees.
        let stay =
            |bid: &Bid| direction.worth(bid.price).checked_sub(start).filter(|room| *room >= 0).map(|room| room / step);
        let mut stays: Vec<(i64, usize)> =
            bids.iter().enumerate().filter_map(|(at, bid)| stay(bid).map(|steps| (steps, at))).collect();
        stays.sort_by_key(|(steps, at)| (std::cmp::Reverse(*steps), bids[*at].bidder));
        let (_, winner) = *stays.first()?;
        if !self.terms.admits(bids[winner].price) {
            return None;
        }
        let price = stays.get(1).map_or(self.start, |(steps, _)| direction.worth(start + steps * step));
        // Where nobody else stays so far, the auctioneer goes on alone up to the reserve.
        let price = match self.terms.reserve {
            Some(reserve) if !self.terms.admits(price) => reserve,
            _ => price,
        };
        award(bids, winner, price)
    }

    fn utility(&self, outcome: &Option<Award>, bidder: usize, truth: &Bid) -> i64 {
        utility(&self.terms, outcome, bidder, truth)
    }

    fn answers(&self, bids: &[Bid], bidder: usize, truth: &Bid) -> Vec<Bid> {
        price_answers(&self.terms, self.step.max(1), bids, bidder, truth)
    }
}

#[cfg(test)]
mod tests;
