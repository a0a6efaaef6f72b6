//! A stretch of trading in an order book as one mechanism, so that lies can be looked for in it.
//!
//! Traders have turns, one after the other. Whose turn it is quotes what it says its next unit is worth or costs; a new quote
//! stands in for the old one, and who meets a resting quote trades at that. With the turns given, what everybody says decides
//! all trades: [`ContinuousAuction`] trades the same turns again with other words. That is how the exchange trades, but for
//! money: here everybody can pay.

use agent2028_core::agent::AgentId;

use crate::accounts::Money;
use crate::mechanism::Mechanism;
use crate::order_book::{Lifetime, LimitOrder, OrderBook, OrderId, Side, Trade};

/// So many words of each side are answered.
const WORDS: usize = 16;

/// A trader: what it says that its units are worth or cost, in the order in which it trades them. Also the truth of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraderUnits {
    /// Buying or selling.
    pub side: Side,
    /// In minor units.
    pub prices: Vec<Money>,
}

/// A continuous double auction in which traders have turns, by their places.
#[derive(Clone, Copy, Debug)]
pub struct ContinuousAuction<'a> {
    /// Whose turn it is, one after the other.
    pub turns: &'a [u32],
}

impl Mechanism for ContinuousAuction<'_> {
    type Bid = TraderUnits;
    /// The prices of each trader's trades, in their order.
    type Outcome = Vec<Vec<Money>>;

    fn name(&self) -> &'static str {
        "continuous double auction"
    }

    fn clear(&self, traders: &[TraderUnits]) -> Vec<Vec<Money>> {
        let mut prices: Vec<Vec<Money>> = vec![Vec::new(); traders.len()];
        let mut book = OrderBook::default();
        for turn in self.turns {
            let at = *turn as usize;
            let Some(trader) = traders.get(at) else { continue };
            let Some(price) = trader.prices.get(prices[at].len()).copied() else { continue };
            let id = OrderId(u64::from(*turn));
            // Its new quote stands in for the old one, if that is still there.
            let _ = book.cancel(id);
            let order = LimitOrder {
                id,
                owner: AgentId(*turn),
                side: trader.side,
                price,
                quantity: 1,
                lifetime: Lifetime::UntilCancelled,
            };
            let mut met: Option<Trade> = None;
            // It has a quantity, and its id is free.
            let _ = book.submit(order, |trade| met = Some(trade));
            if let Some(trade) = met {
                prices[at].push(trade.price);
                prices[trade.maker_owner.index()].push(trade.price);
            }
        }
        prices
    }

    fn utility(&self, prices: &Vec<Vec<Money>>, trader: usize, truth: &TraderUnits) -> i64 {
        let gain = |(unit, price): (&Money, &Money)| match truth.side {
            Side::Buy => unit.saturating_sub(*price),
            Side::Sell => price.saturating_sub(*unit),
        };
        // What is bought beyond what it has a use for is worth nothing, and so is a unit sold that it has not got.
        truth.prices.iter().zip(&prices[trader]).map(gain).fold(0, Money::saturating_add)
    }

    /// Words held from the first turn to the last: each of the other side, which meets it, and each of its own side made a unit
    /// keener, which comes before it. Of many those at even distances, by price.
    fn answers(&self, traders: &[TraderUnits], trader: usize, truth: &TraderUnits) -> Vec<TraderUnits> {
        let keener = if truth.side == Side::Buy { 1 } else { -1 };
        let mut answers = Vec::new();
        for (side, away) in [(truth.side.other(), 0), (truth.side, keener)] {
            let others = traders.iter().enumerate().filter(|(at, other)| *at != trader && other.side == side);
            let mut said: Vec<Money> = others.flat_map(|(_, other)| other.prices.iter().copied()).collect();
            said.sort_unstable();
            said.dedup();
            let count = said.len().min(WORDS);
            let chosen = (0..count).map(|at| said[at * (said.len() - 1) / (count - 1).max(1)]);
            answers.extend(chosen.map(|word| truth.at_best(word.saturating_add(away).max(0))));
        }
        answers
    }
}

impl TraderUnits {
    /// Says this price for each unit for which it would not be a loss, and the truth for the others.
    fn at_best(&self, price: Money) -> Self {
        let said = |unit: &Money| if self.side == Side::Buy { price.min(*unit) } else { price.max(*unit) };
        Self { side: self.side, prices: self.prices.iter().map(said).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mechanism::{exploitability, price_lies};

    fn units(side: Side, prices: &[Money]) -> TraderUnits {
        TraderUnits { side, prices: prices.to_vec() }
    }

    /// A buyer's word of 90 rests, a seller of 20 comes: it sells at 90. Had the seller come first, the buyer would have paid 20.
    #[test]
    fn who_was_there_first_says_the_price() {
        let traders = [units(Side::Buy, &[90]), units(Side::Sell, &[20])];
        for (turns, price) in [([0, 1], 90), ([1, 0], 20)] {
            let rule = ContinuousAuction { turns: &turns };
            assert_eq!(rule.clear(&traders), [[price], [price]]);
            assert_eq!(rule.utility(&rule.clear(&traders), 0, &traders[0]), 90 - price);
        }
    }

    /// Worked out by hand. Turns: seller 20, seller 50, buyer 90, buyer 60. By the truth the first buyer pays 20 and the second
    /// 50. The seller of 20 gains nothing by that; had it said 60, the first buyer would have met 50 and the second it, at 60: a
    /// gain of 40. Had it said 61, nobody would have come. The second seller would have sold at 60 as well, for a gain of 10.
    #[test]
    fn who_comes_first_gains_by_a_lie_and_the_search_finds_how_much() {
        let traders =
            vec![units(Side::Sell, &[20]), units(Side::Sell, &[50]), units(Side::Buy, &[90]), units(Side::Buy, &[60])];
        let rule = ContinuousAuction { turns: &[0, 1, 2, 3] };
        let regret = |at| {
            exploitability(&rule, [traders.clone()], at, |truth, lies| {
                lies.extend(
                    price_lies(truth.prices[0])
                        .map(|price| TraderUnits { prices: vec![price.max(0)], ..truth.clone() }),
                );
            })
            .largest
        };
        // The buyers take what they find: no word of theirs makes it cheaper.
        assert_eq!([regret(0), regret(1), regret(2), regret(3)], [40, 10, 0, 0]);
    }

    /// The book is that of the exchange: a trader whose unit is sold has to come again, and its next unit is another one.
    #[test]
    fn units_are_traded_in_their_order_and_no_more_often_than_there_are_turns() {
        let traders = [units(Side::Sell, &[10, 30]), units(Side::Buy, &[50, 40])];
        let rule = ContinuousAuction { turns: &[0, 1, 1, 0, 1, 0] };
        // 10 is met by 50; 40 rests and is met by 30, at 40; nothing is left.
        assert_eq!(rule.clear(&traders), [[10, 40], [10, 40]]);
        assert_eq!(ContinuousAuction { turns: &[7] }.clear(&traders), [[0; 0], [0; 0]]);
    }
}
