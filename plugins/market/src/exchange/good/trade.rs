//! What all rules of trading share: prices are said and heard, orders are taken back, and trades are counted.

use agent2028_core::rng::SimStream;

use super::{Floor, GoodMarket, TradeRecord, Trader};
use crate::accounts::{Money, Transfer};
use crate::auction::Direction;
use crate::config::{Good, Traders, TradingPolicy};
use crate::exchange::shout::Shout;
use crate::order_book::{OrderId, Side};
use crate::policy::{Policy, PriceRange};

/// At most so many of a group hear a price.
const MOST_HEARING: usize = 256;

impl GoodMarket {
    /// What a trader says.
    pub(super) fn price_of(
        &self,
        at: usize,
        truth: Money,
        policy: TradingPolicy,
        good: &Good,
        stream: &mut SimStream,
    ) -> Money {
        let (low, high) = good.prices;
        let range = PriceRange { low, high: high.max(low) };
        let trader = &self.traders[at];
        // A buyer bids as to somebody who sells.
        let direction = if trader.side == Side::Buy { Direction::Sell } else { Direction::Buy };
        let policy = match policy {
            TradingPolicy::ZeroIntelligence => Policy::ZeroIntelligence,
            TradingPolicy::Unconstrained => Policy::Random,
            TradingPolicy::Truthful => Policy::Truthful,
            TradingPolicy::Markup(part) => Policy::Markup { thousandths: (f64::from(part) * 1000.0).round() as i32 },
            TradingPolicy::Learning => {
                return trader.belief.price(trader.side, truth).clamp(range.low, range.high);
            }
        };
        policy.bid(truth, direction, range, stream)
    }

    /// Those who learn hear a price: all of them, or, of very many, some by chance.
    pub(super) fn hear(&mut self, config: &[Traders], shout: Shout, stream: &mut SimStream) {
        for (group, _) in config.iter().enumerate().filter(|(_, traders)| traders.policy == TradingPolicy::Learning) {
            let Some(members) = self.members.get(group).filter(|members| !members.is_empty()) else { continue };
            let count = members.len().min(MOST_HEARING);
            let first = if count < members.len() { stream.below(members.len() as u32) as usize } else { 0 };
            for at in (first..first + count).map(|at| members[at % members.len()] as usize) {
                let trader = &mut self.traders[at];
                let truth = trader.truth();
                trader.belief.hear(trader.side, truth, shout, stream);
            }
        }
    }

    /// Takes a trader's order back, with what stands behind it.
    pub(super) fn withdraw(&mut self, floor: &mut Floor, at: usize) {
        let Trader { agent, purse, stock, .. } = self.traders[at];
        if let Ok(order) = self.book.cancel(OrderId(agent.0.into())) {
            // It lies there since the order came.
            let _ = match order.side {
                Side::Buy => floor.accounts.transfer(Transfer { from: self.pledged, to: purse, amount: order.price }),
                Side::Sell => self.units.transfer(Transfer { from: self.offered, to: stock, amount: 1 }),
            };
        }
    }

    /// A trader has traded its next unit and paid or got so much.
    pub(super) fn count(&mut self, at: usize, price: Money) {
        let trader = &mut self.traders[at];
        let worth = i128::from(trader.truth().unwrap_or(price));
        self.now.surplus += if trader.side == Side::Buy { worth } else { -worth };
        trader.profit = trader.profit.saturating_add(trader.gain(price));
        trader.owed = trader.owed.saturating_add(if trader.side == Side::Buy { -price } else { price });
        trader.done += 1;
    }

    pub(super) fn note(&mut self, floor: &Floor, record: TradeRecord) {
        self.price = Some(record.price);
        self.volume += 1;
        self.turnover += i128::from(record.price);
        self.now.units += 1;
        if let Some(equilibrium) = self.now.equilibrium {
            let apart = i128::from(record.price) - i128::from(equilibrium);
            self.now.squares += apart * apart;
        }
        while self.recent.len() >= floor.most_trades.max(1) {
            self.recent.pop_front();
        }
        if floor.most_trades > 0 {
            self.recent.push_back(record);
        }
    }
}
