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

/// Learns how far to bid from the truth, by what each shade would have earned in the auctions so far ("follow the leader",
/// with a memory that fades). It needs to know the best rival bid afterwards, which commit and reveal publishes. Against
/// rivals who stay as they are on average it finds the best answer; an adversary who knows it can lead it about.
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

    /// Learns from a first-price auction what the best rival bid was; ties count as lost.
    pub fn learn(&mut self, truth: Money, rival: Option<Money>, direction: Direction, range: PriceRange) {
        for (shade, earned) in self.earned.iter_mut().enumerate() {
            *earned -= *earned / MEMORY_AUCTIONS;
            let price = Self::shaded(shade, truth, direction, range);
            if rival.is_none_or(|rival| direction.worth(price) > direction.worth(rival)) {
                *earned = earned.saturating_add(direction.gain(truth, price));
            }
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
    use crate::auction::{Bid, FirstPrice, Terms};
    use crate::mechanism::Mechanism;

    const RANGE: PriceRange = PriceRange { low: 0, high: 1_000_000 };

    /// With n values uniform on 0–1 the equilibrium of the first-price auction is to bid (n−1)/n of the value (Vickrey 1961).
    #[test]
    fn learners_find_the_equilibrium_of_the_first_price_auction() {
        const AUCTIONS: usize = 20_000;
        for bidders in [2_usize, 3, 5, 10] {
            for direction in [Direction::Sell, Direction::Buy] {
                let mut policies = vec![Policy::Learning(Box::default()); bidders];
                let mut stream = SimRng::new(2028).global(Purpose::new("test.learning"), bidders as u64);
                let rule = FirstPrice(Terms { direction, reserve: None });
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
                    let winner = rule.clear(&bids).unwrap().bid;
                    let others = |but: usize| bids.iter().filter(move |bid| bid.bidder.index() != but).copied();
                    let second = rule.clear(&others(winner).collect::<Vec<_>>()).unwrap().price;
                    for (at, policy) in policies.iter_mut().enumerate() {
                        let rival = if at == winner { second } else { bids[winner].price };
                        let Policy::Learning(learner) = policy else { unreachable!("all of them learn") };
                        learner.learn(truths[at], Some(rival), direction, RANGE);
                        if auction >= AUCTIONS / 2 {
                            shades = (shades.0 + learner.shade(), shades.1 + 1);
                        }
                    }
                }
                let (mean, wanted) = (shades.0 / f64::from(shades.1), (bidders - 1) as f64 / bidders as f64);
                assert!((mean / wanted - 1.0).abs() < 0.05, "{bidders} {direction:?}: {mean}, {wanted}");
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
