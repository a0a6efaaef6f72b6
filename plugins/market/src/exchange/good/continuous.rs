//! Continuous trading: a price is said, and meets the best one of the other side.

use agent2028_core::agent::AgentId;
use agent2028_core::rng::SimStream;

use super::{Floor, GoodMarket, TradeRecord, Trader};
use crate::accounts::{Money, Transfer};
use crate::config::{Good, Traders};
use crate::exchange::shout::Shout;
use crate::order_book::{Lifetime, LimitOrder, OrderId, Side, Trade};

impl GoodMarket {
    /// Lets those who trade continuously say prices: as many as are due, by chance.
    pub(crate) fn quote(
        &mut self,
        floor: &mut Floor,
        good: &Good,
        config: &[Traders],
        tick_hz: f64,
        may_act: &dyn Fn(AgentId) -> bool,
        stream: &mut SimStream,
    ) {
        let weights: Vec<f64> = self
            .members
            .iter()
            .enumerate()
            .map(|(group, members)| {
                config.get(group).map_or(0.0, |traders| f64::from(traders.quotes_per_s) * members.len() as f64)
            })
            .collect();
        let all: f64 = weights.iter().sum();
        self.carry += all / tick_hz;
        while self.carry >= 1.0 {
            self.carry -= 1.0;
            let mut left = stream.unit_fine() * all;
            let group = weights.iter().position(|weight| {
                left -= weight;
                left < 0.0
            });
            let Some(group) = group else { continue };
            let members = &self.members[group];
            let at = members[stream.below(members.len() as u32) as usize] as usize;
            if may_act(self.traders[at].agent) {
                self.note_turn(self.traders[at].agent);
                self.say(floor, good, config, at, stream);
            }
        }
        self.search_full_turns(stream);
    }

    /// A trader says a price.
    fn say(&mut self, floor: &mut Floor, good: &Good, config: &[Traders], at: usize, stream: &mut SimStream) {
        let Some(policy) = config.get(usize::from(self.traders[at].group)).map(|traders| traders.policy) else {
            return;
        };
        let Some(truth) = self.traders[at].truth() else { return };
        let price = self.price_of(at, truth, policy, good, stream);
        // Its new price stands in for the old one.
        self.withdraw(floor, at);
        let Trader { agent, side, purse, stock, .. } = self.traders[at];
        let pledge = match side {
            Side::Buy => floor.accounts.transfer(Transfer { from: purse, to: self.pledged, amount: price }),
            Side::Sell => self.units.transfer(Transfer { from: stock, to: self.offered, amount: 1 }),
        };
        // Who hasn't got what it would promise is silent.
        if pledge.is_err() {
            return;
        }
        self.quotes += 1;
        let order = LimitOrder {
            id: OrderId(agent.0.into()),
            owner: agent,
            side,
            price,
            quantity: 1,
            lifetime: Lifetime::UntilCancelled,
        };
        let mut met: Option<Trade> = None;
        // It has a quantity, and no other order of its owner rests.
        let _ = self.book.submit(order, |trade| met = Some(trade));
        let shout = Shout { side, price: met.map_or(price, |trade| trade.price), accepted: met.is_some() };
        if let Some(trade) = met
            && let Some(maker) = self.place(trade.maker_owner)
        {
            let (buyer, seller) = if side == Side::Buy { (at, maker) } else { (maker, at) };
            let pledged = if side == Side::Buy { price } else { trade.price };
            self.settle(floor, (buyer, seller), trade.price, pledged, Some(side));
        }
        self.hear(config, shout, stream);
    }

    /// A unit and its price change hands. What the buyer has pledged and need not pay it gets back.
    fn settle(
        &mut self,
        floor: &mut Floor,
        (buyer, seller): (usize, usize),
        price: Money,
        pledged: Money,
        taker: Option<Side>,
    ) {
        let (payer, payee) = (self.traders[buyer].purse, self.traders[seller].purse);
        let paid = floor.accounts.transfer_all(&[
            Transfer { from: self.pledged, to: payee, amount: price },
            Transfer { from: self.pledged, to: payer, amount: pledged - price },
        ]);
        let given = self.units.transfer(Transfer { from: self.offered, to: self.traders[buyer].stock, amount: 1 });
        debug_assert!(paid.is_ok() && given.is_ok(), "what was pledged is there");
        self.count(buyer, price);
        self.count(seller, price);
        let record = TradeRecord {
            tick: floor.tick,
            buyer: self.traders[buyer].agent,
            seller: self.traders[seller].agent,
            price,
            taker,
        };
        self.note(floor, record);
    }
}
