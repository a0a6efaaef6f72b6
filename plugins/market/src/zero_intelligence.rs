//! A market of traders without intelligence (Gode & Sunder 1993): random bids and offers in a continuous double auction.
//!
//! Each trader buys or sells one unit after the other, the most valuable or cheapest first. One trader at a time, chosen at
//! random, quotes a random price. A trade happens at the quote that was there first, and clears all quotes, as in the
//! experiment. Constrained traders never bid above their value or ask below their cost; with that alone the market finds
//! nearly all of the surplus, which is why it is a yardstick: what a mechanism does with traders who know nothing is its own
//! merit.

use agent2028_core::agent::AgentId;
use agent2028_core::rng::SimStream;

use crate::accounts::Money;
use crate::auction::Direction;
use crate::double_auction::{Offer, largest_welfare};
use crate::order_book::{Lifetime, LimitOrder, OrderBook, OrderId, Side};
use crate::policy::{Policy, PriceRange};

/// A trader: what each of its units is worth to it, or costs it, in the order in which it trades them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trader {
    /// Buying or selling.
    pub side: Side,
    /// In minor units.
    pub units: Vec<Money>,
}

/// How a period went.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Period {
    /// Prices of the trades, in their order.
    pub prices: Vec<Money>,
    /// What the trades were worth: values less costs.
    pub surplus: i128,
    /// The most that it could have been.
    pub largest_surplus: i128,
}

impl Period {
    /// The part of the largest surplus that was realised; 1 if there was none to be had.
    #[must_use]
    pub fn efficiency(&self) -> f64 {
        if self.largest_surplus == 0 { 1.0 } else { self.surplus as f64 / self.largest_surplus as f64 }
    }
}

/// Trades for so many quotes. Traders quote by `policy`: [`Policy::ZeroIntelligence`] is constrained, [`Policy::Random`] not.
pub fn trade(traders: &[Trader], policy: &Policy, range: PriceRange, quotes: u32, stream: &mut SimStream) -> Period {
    let mut done = vec![0_usize; traders.len()];
    let mut period = Period { largest_surplus: largest_surplus(traders), ..Period::default() };
    let mut book = OrderBook::default();
    for _ in 0..quotes {
        let at = stream.below(traders.len() as u32) as usize;
        let Some(trader) = traders.get(at) else { break };
        let Some(truth) = trader.units.get(done[at]).copied() else { continue };
        // A buyer bids as to somebody who sells.
        let direction = if trader.side == Side::Buy { Direction::Sell } else { Direction::Buy };
        let price = policy.bid(truth, direction, range, stream);
        // Its new quote stands in for the old one.
        let _ = book.cancel(OrderId(at as u64));
        let mut traded = None;
        let order = LimitOrder {
            id: OrderId(at as u64),
            owner: AgentId(at as u32),
            side: trader.side,
            price,
            quantity: 1,
            lifetime: Lifetime::UntilCancelled,
        };
        // It has a quantity, and its id is free since the line above.
        let _ = book.submit(order, |trade| traded = Some(trade));
        if let Some(trade) = traded {
            let other = trade.maker.0 as usize;
            let worth = |at: usize| {
                let unit = i128::from(traders[at].units[done[at]]);
                if traders[at].side == Side::Buy { unit } else { -unit }
            };
            period.surplus += worth(at) + worth(other);
            period.prices.push(trade.price);
            done[at] += 1;
            done[other] += 1;
            book.clear();
        }
    }
    period
}

fn largest_surplus(traders: &[Trader]) -> i128 {
    let offers: Vec<Offer> = traders
        .iter()
        .enumerate()
        .flat_map(|(at, trader)| {
            let offer = move |price: &Money| Offer {
                trader: AgentId(at as u32),
                side: trader.side,
                price: *price,
                quantity: 1,
            };
            trader.units.iter().map(offer)
        })
        .collect();
    largest_welfare(&offers)
}

#[cfg(test)]
mod tests {
    use agent2028_core::rng::{Purpose, SimRng};

    use super::*;

    const RANGE: PriceRange = PriceRange { low: 1, high: 200 };

    /// Six buyers and six sellers as in the experiment, four units each, values falling and costs rising around a price of
    /// about 100; what lies outside of it is not to be traded.
    fn market(stream: &mut SimStream) -> Vec<Trader> {
        let mut draw = |side| {
            let mut units: Vec<Money> = (0..4)
                .map(|_| match side {
                    Side::Buy => 40 + Money::from(stream.below(120)),
                    Side::Sell => 30 + Money::from(stream.below(120)),
                })
                .collect();
            units.sort_unstable();
            if side == Side::Buy {
                units.reverse();
            }
            Trader { side, units }
        };
        (0..12).map(|at| draw(if at % 2 == 0 { Side::Buy } else { Side::Sell })).collect()
    }

    fn efficiencies(policy: &Policy) -> Vec<f64> {
        let mut all: Vec<f64> = (0..100)
            .map(|seed| {
                let mut stream = SimRng::new(seed).global(Purpose::new("test.zero-intelligence"), 0);
                let traders = market(&mut stream);
                trade(&traders, policy, RANGE, 20_000, &mut stream).efficiency()
            })
            .collect();
        all.sort_by(f64::total_cmp);
        all
    }

    /// Gode & Sunder (1993): constrained traders realise close to all of the surplus, unconstrained ones far less.
    #[test]
    fn constrained_traders_find_95_percent_of_the_surplus_and_unconstrained_ones_do_not() {
        let (constrained, free) = (efficiencies(&Policy::ZeroIntelligence), efficiencies(&Policy::Random));
        let median = |all: &[f64]| (all[49] + all[50]) / 2.0;
        assert!(median(&constrained) >= 0.95, "{}", median(&constrained));
        assert!(median(&free) < 0.95 && median(&free) < median(&constrained) - 0.03, "{}", median(&free));
        assert!(constrained.iter().all(|part| (0.0..=1.0).contains(part)));
    }

    #[test]
    fn constrained_traders_never_lose_and_trades_stay_in_the_range() {
        let mut stream = SimRng::new(3).global(Purpose::new("test.zero-intelligence"), 1);
        let traders =
            [Trader { side: Side::Buy, units: vec![90, 60] }, Trader { side: Side::Sell, units: vec![50, 95] }];
        let period = trade(&traders, &Policy::ZeroIntelligence, RANGE, 5000, &mut stream);
        assert_eq!((period.prices.len(), period.surplus, period.largest_surplus), (1, 40, 40));
        assert!((50..=90).contains(&period.prices[0]));
        assert_eq!(trade(&[], &Policy::Random, RANGE, 10, &mut stream), Period::default());
    }
}
