//! Call markets: everybody offers, and all offers are cleared at once.

use agent2028_core::agent::AgentId;
use agent2028_core::rng::SimStream;

use super::{Floor, GoodMarket, TradeRecord};
use crate::accounts::{Money, Refusal, Transfer};
use crate::config::{Good, Traders, TradingRule};
use crate::double_auction::{Clearing, McAfee, Offer, UniformPrice};
use crate::exchange::shout::Shout;
use crate::mechanism::{Mechanism, exploitability, price_lies};
use crate::order_book::Side;

/// Lies are looked for in calls of at most so many offers.
const MOST_SEARCHED: usize = 512;

/// What came of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Called {
    pub(crate) units: u64,
    pub(crate) price: Option<Money>,
    pub(crate) kept: Money,
}

impl GoodMarket {
    /// Whether a call is due, every so many ticks.
    pub(crate) fn is_called(&self, every: u64, tick: u64) -> bool {
        tick.saturating_sub(self.called) >= every.max(1)
    }

    /// Clears a call market: everybody who has something left offers one unit.
    pub(crate) fn call(
        &mut self,
        floor: &mut Floor,
        good: &Good,
        config: &[Traders],
        may_act: &dyn Fn(AgentId) -> bool,
        stream: &mut SimStream,
    ) -> Result<Called, Refusal> {
        self.called = floor.tick;
        let (mut offers, mut truths, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for at in 0..self.traders.len() {
            let trader = &self.traders[at];
            let (agent, side) = (trader.agent, trader.side);
            let Some(truth) = trader.truth().filter(|_| !trader.gone && may_act(agent)) else { continue };
            let Some(policy) = config.get(usize::from(trader.group)).map(|traders| traders.policy) else { continue };
            let mut price = self.price_of(at, truth, policy, good, stream);
            if side == Side::Buy {
                price = price.min(floor.accounts.balance(self.traders[at].purse));
            } else if self.units.balance(self.traders[at].stock) == 0 {
                continue;
            }
            self.quotes += 1;
            offers.push(Offer { trader: agent, side, price, quantity: 1 });
            truths.push(Offer { trader: agent, side, price: truth, quantity: 1 });
            places.push(at);
        }
        let clearing = match good.rule {
            TradingRule::McAfee { .. } => McAfee.clear(&offers),
            TradingRule::UniformPrice { k, .. } => uniform(k).clear(&offers),
            TradingRule::Continuous => Clearing::default(),
        };
        self.search_lies(good, &truths, stream);
        let trades = |side: Side| {
            let filled = clearing.fills.iter().zip(&offers).zip(&places);
            filled
                .filter(move |((fill, offer), _)| fill.quantity > 0 && offer.side == side)
                .map(|((fill, _), at)| (*at, fill.price))
                .collect::<Vec<_>>()
        };
        let (buyers, sellers) = (trades(Side::Buy), trades(Side::Sell));
        let mut called = Called::default();
        for ((buyer, pay), (seller, get)) in buyers.into_iter().zip(sellers) {
            let (payer, payee) = (self.traders[buyer].purse, self.traders[seller].purse);
            floor.accounts.transfer_all(&[
                Transfer { from: payer, to: floor.house, amount: pay },
                Transfer { from: floor.house, to: payee, amount: get },
            ])?;
            let (from, to) = (self.traders[seller].stock, self.traders[buyer].stock);
            self.units.transfer(Transfer { from, to, amount: 1 })?;
            self.count(buyer, pay);
            self.count(seller, get);
            let (buyer, seller) = (self.traders[buyer].agent, self.traders[seller].agent);
            self.note(floor, TradeRecord { tick: floor.tick, buyer, seller, price: pay, taker: None });
            called.units += 1;
            called.price = Some(pay);
            called.kept += pay - get;
        }
        if let Some(price) = called.price {
            for side in [Side::Buy, Side::Sell] {
                self.hear(config, Shout { side, price, accepted: true }, stream);
            }
        }
        Ok(called)
    }

    /// What a lie would have gained one who buys and one who sells, both by chance, if all others said the truth.
    fn search_lies(&mut self, good: &Good, truths: &[Offer], stream: &mut SimStream) {
        for side in [Side::Buy, Side::Sell] {
            let of_side: Vec<usize> = (0..truths.len()).filter(|at| truths[*at].side == side).collect();
            if of_side.is_empty() {
                continue;
            }
            let bidder = of_side[stream.below(of_side.len() as u32) as usize];
            if truths.len() > MOST_SEARCHED {
                continue;
            }
            let lies = |truth: &Offer, lies: &mut Vec<Offer>| {
                lies.extend(price_lies(truth.price).map(|price| Offer { price: price.max(0), ..*truth }));
            };
            let draws = || std::iter::once(truths.to_vec());
            let found = match good.rule {
                TradingRule::McAfee { .. } => exploitability(&McAfee, draws(), bidder, lies),
                TradingRule::UniformPrice { k, .. } => exploitability(&uniform(k), draws(), bidder, lies),
                TradingRule::Continuous => continue,
            };
            self.regret[usize::from(side == Side::Sell)].note(found.largest);
        }
    }
}

fn uniform(k: f32) -> UniformPrice {
    UniformPrice { k: (f64::from(k) * 1000.0).round() as u16 }
}
