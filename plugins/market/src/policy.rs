//! How bidders choose their bids: truthful, with a markup, learning, random, adversarial, zero intelligence.

use agent2028_core::rng::SimStream;
use serde::{Deserialize, Serialize};

use crate::accounts::Money;
use crate::auction::Direction;

/// Shades that a [`Learner`] chooses from: 0, 2.5 %, 5 % … 100 %.
pub const SHADES: usize = 41;

/// After so many auctions a learner has forgotten all but 1/e of what it saw before.
const MEMORY_AUCTIONS: i64 = 4096;

/// How a bidder chooses its bid.
#[derive(Clone, Debug, PartialEq)]
pub enum Policy {
    /// What is true.
    Truthful,
    /// A fixed part away from the truth, in its own favour (or against it, if negative).
    Markup {
        /// In thousandths of the truth.
        thousandths: i32,
    },
    /// The shade that would have earned most so far.
    Learning(Box<Learner>),
    /// Any price in the range, whatever is true: that of Gode & Sunder's unconstrained zero-intelligence traders (1993).
    Random,
    /// A random price that does not lose: that of their constrained ones.
    ZeroIntelligence,
    /// The price that is sure to win, whatever it costs the bidder: it spoils the market for others, or has no intention to
    /// pay or deliver.
    Adversarial,
}

/// The prices that bids may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceRange {
    /// The lowest.
    pub low: Money,
    /// The highest, at least the lowest.
    pub high: Money,
}

/// A number from `low` to `high`, both included, all alike; `low` if there is none between. The range is below 2³².
fn uniform(low: Money, high: Money, stream: &mut SimStream) -> Money {
    let width = u32::try_from(high.saturating_sub(low)).unwrap_or(0);
    low + Money::from(stream.below(width.saturating_add(1)))
}

impl Policy {
    /// A bid of somebody to whom the good is worth `truth` (or whom it costs as much, if the auctioneer buys).
    pub fn bid(&self, truth: Money, direction: Direction, range: PriceRange, stream: &mut SimStream) -> Money {
        let price = match self {
            Self::Truthful => truth,
            Self::Markup { thousandths } => {
                let markup = (i128::from(truth) * i128::from(*thousandths) / 1000) as Money;
                // In the bidder's favour: it offers less when it pays, asks more when it is paid.
                if direction == Direction::Sell { truth.saturating_sub(markup) } else { truth.saturating_add(markup) }
            }
            Self::Learning(learner) => learner.bid(truth, direction, range),
            Self::Random => uniform(range.low, range.high, stream),
            Self::ZeroIntelligence if direction == Direction::Sell => uniform(range.low, truth.min(range.high), stream),
            Self::ZeroIntelligence => uniform(truth.max(range.low), range.high, stream),
            Self::Adversarial if direction == Direction::Sell => range.high,
            Self::Adversarial => range.low,
        };
        price.clamp(range.low, range.high.max(range.low))
    }
}

/// Learns how far to bid from the truth, by what each shade would have earned in the auctions so far under their rule ("follow
/// the leader", with a memory that fades). It needs to know the rivals' bids afterwards, which commit and reveal publishes.
/// Against rivals who stay as they are on average it finds the best answer among bids that keep a fixed part of the way between
/// the truth and the end of the range: that is the equilibrium where truths are uniform on the range; an adversary who knows
/// it can lead it about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "SavedLearner", into = "SavedLearner")]
pub struct Learner {
    earned: [i64; SHADES],
    best: usize,
}

/// A learner as it is saved.
#[derive(Serialize, Deserialize)]
struct SavedLearner {
    earned: Vec<i64>,
    best: u32,
}

impl From<Learner> for SavedLearner {
    fn from(learner: Learner) -> Self {
        Self { earned: learner.earned.to_vec(), best: learner.best as u32 }
    }
}

impl TryFrom<SavedLearner> for Learner {
    type Error = &'static str;

    fn try_from(saved: SavedLearner) -> Result<Self, Self::Error> {
        let earned = saved.earned.try_into().map_err(|_| "a learner has another number of shades")?;
        let best = saved.best as usize;
        if best < SHADES { Ok(Self { earned, best }) } else { Err("a learner has chosen a shade that is none") }
    }
}

impl Default for Learner {
    /// Begins with the truth.
    fn default() -> Self {
        Self { earned: [0; SHADES], best: SHADES - 1 }
    }
}

impl Learner {
    /// What is bid of the truth, 0–1: of the distance from the end of the range that is best for the bidder.
    #[must_use]
    pub fn shade(&self) -> f64 {
        self.best as f64 / (SHADES - 1) as f64
    }

    fn shaded(shade: usize, truth: Money, direction: Direction, range: PriceRange) -> Money {
        let end = if direction == Direction::Sell { range.low } else { range.high };
        let away = (i128::from(truth) - i128::from(end)) * shade as i128 / (SHADES - 1) as i128;
        (i128::from(end) + away) as Money
    }

    /// The bid for a truth.
    #[must_use]
    pub fn bid(&self, truth: Money, direction: Direction, range: PriceRange) -> Money {
        Self::shaded(self.best, truth, direction, range)
    }

    /// Learns from an auction that is over. `gain` tells what the auction's rule would have earned the bidder by a price, with
    /// all other bids as they were: so shading pays where one pays as one bids, and does not where one doesn't.
    pub fn learn(
        &mut self,
        truth: Money,
        direction: Direction,
        range: PriceRange,
        mut gain: impl FnMut(Money) -> Money,
    ) {
        let mut last: Option<(Money, Money)> = None;
        for (shade, earned) in self.earned.iter_mut().enumerate() {
            *earned -= *earned / MEMORY_AUCTIONS;
            let price = Self::shaded(shade, truth, direction, range);
            let gained = match last {
                Some((same, gained)) if same == price => gained,
                _ => gain(price),
            };
            last = Some((price, gained));
            *earned = earned.saturating_add(gained);
        }
        // The most cautious of equal ones: nothing has been learnt against it.
        self.best = (0..SHADES).max_by_key(|shade| (self.earned[*shade], *shade)).unwrap_or(0);
    }
}

#[cfg(test)]
mod tests {
    use agent2028_core::agent::AgentId;
    use agent2028_core::rng::{Purpose, SimRng};

    use super::*;
    use crate::auction::{Award, Bid, Dutch, English, FirstPrice, Terms, Vickrey};
    use crate::mechanism::Mechanism;

    const RANGE: PriceRange = PriceRange { low: 0, high: 1_000_000 };

    /// With n values uniform on 0–1 the equilibrium of the first-price auction is to bid (n−1)/n of the value, and so it is on a
    /// Dutch clock; where the second best bid is the price, the truth is dominant (Vickrey 1961).
    #[test]
    fn learners_find_the_equilibrium_of_each_rule() {
        const AUCTIONS: usize = 8_000;
        let rules = |terms: Terms| -> [(Box<dyn Mechanism<Bid = Bid, Outcome = Option<Award>>>, bool); 4] {
            let (near, far) = if terms.direction == Direction::Sell { (0, 1_000_000) } else { (1_000_000, 0) };
            [
                (Box::new(FirstPrice(terms)), false),
                (Box::new(Dutch { terms, start: far, step: 1 }), false),
                (Box::new(Vickrey(terms)), true),
                (Box::new(English { terms, start: near, step: 1 }), true),
            ]
        };
        for bidders in [2_usize, 3, 5, 10] {
            for ((rule, truthful), direction) in [Direction::Sell, Direction::Buy]
                .into_iter()
                .flat_map(|direction| rules(Terms { direction, reserve: None }).map(|rule| (rule, direction)))
            {
                // The arithmetic is that of the same shades; the rules differ in what they pay.
                if rule.name() != "first price" && matches!(bidders, 3 | 10) {
                    continue;
                }
                let mut policies = vec![Policy::Learning(Box::default()); bidders];
                let mut stream = SimRng::new(2028).global(Purpose::new("test.learning"), bidders as u64);
                let mut shades = (0.0, 0);
                for auction in 0..AUCTIONS {
                    let truths: Vec<Money> = (0..bidders).map(|_| (stream.unit_fine() * 1e6) as Money).collect();
                    let bids: Vec<Bid> = policies
                        .iter()
                        .zip(&truths)
                        .enumerate()
                        .map(|(at, (policy, truth))| {
                            Bid::new(AgentId(at as u32), policy.bid(*truth, direction, RANGE, &mut stream))
                        })
                        .collect();
                    for (at, policy) in policies.iter_mut().enumerate() {
                        let Policy::Learning(learner) = policy else { unreachable!("all of them learn") };
                        let (mut others, truth) = (bids.clone(), Bid { price: truths[at], ..bids[at] });
                        learner.learn(truths[at], direction, RANGE, |price| {
                            others[at].price = price;
                            rule.utility(&rule.clear(&others), at, &truth)
                        });
                        if auction >= AUCTIONS / 2 {
                            shades = (shades.0 + learner.shade(), shades.1 + 1);
                        }
                    }
                }
                let mean = shades.0 / f64::from(shades.1);
                let wanted = if truthful { 1.0 } else { (bidders - 1) as f64 / bidders as f64 };
                assert!(
                    (mean / wanted - 1.0).abs() < 0.05,
                    "{} {bidders} {direction:?}: {mean}, {wanted}",
                    rule.name()
                );
            }
        }
    }

    #[test]
    fn policies_bid_as_they_say() {
        let mut stream = SimRng::new(1).global(Purpose::new("test.policies"), 0);
        let mut bid = |policy: &Policy, direction| policy.bid(400_000, direction, RANGE, &mut stream);
        let both = |policy: Policy, bid: &mut dyn FnMut(&Policy, Direction) -> Money| {
            (bid(&policy, Direction::Sell), bid(&policy, Direction::Buy))
        };
        assert_eq!(both(Policy::Truthful, &mut bid), (400_000, 400_000));
        assert_eq!(both(Policy::Markup { thousandths: 100 }, &mut bid), (360_000, 440_000));
        assert_eq!(both(Policy::Markup { thousandths: -100 }, &mut bid), (440_000, 360_000));
        assert_eq!(both(Policy::Markup { thousandths: i32::MAX }, &mut bid), (0, 1_000_000));
        assert_eq!(both(Policy::Adversarial, &mut bid), (1_000_000, 0));
        assert_eq!(both(Policy::Learning(Box::default()), &mut bid), (400_000, 400_000));
        let mean = |policy: Policy, direction, bid: &mut dyn FnMut(&Policy, Direction) -> Money| {
            let bids: Vec<Money> = (0..20_000).map(|_| bid(&policy, direction)).collect();
            let limits = (bids.iter().min().copied().unwrap(), bids.iter().max().copied().unwrap());
            (bids.iter().sum::<Money>() as f64 / 2e10, limits)
        };
        let (random, _) = mean(Policy::Random, Direction::Sell, &mut bid);
        let (buyer, (_, most)) = mean(Policy::ZeroIntelligence, Direction::Sell, &mut bid);
        let (seller, (least, _)) = mean(Policy::ZeroIntelligence, Direction::Buy, &mut bid);
        assert!((random - 0.5).abs() < 0.01 && (buyer - 0.2).abs() < 0.01 && (seller - 0.7).abs() < 0.01);
        assert!(most <= 400_000 && least >= 400_000);
    }
}
