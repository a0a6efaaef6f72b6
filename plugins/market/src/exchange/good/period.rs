//! Periods of trading: who takes part, what everybody has, and what could be gained.

use agent2028_core::agent::AgentId;
use agent2028_core::rng::{Purpose, SimRng, SimStream};

use super::trader::values_of;
use super::{Floor, GoodMarket, Members, PeriodTally, Trader};
use crate::accounts::Transfer;
use crate::config::TradingSide;
use crate::double_auction::{Offer, UniformPrice, largest_welfare};
use crate::exchange::shout::Belief;
use crate::mechanism::Mechanism;
use crate::order_book::Side;

const BEGINNER: Purpose = Purpose::new("market.beginner");

impl GoodMarket {
    /// Takes in those who trade it now: newcomers begin, and those who are gone take back their orders.
    pub(crate) fn enrol(
        &mut self,
        floor: &mut Floor,
        dice: &SimRng,
        period: u64,
        groups: &[Members],
        is_there: &dyn Fn(AgentId) -> bool,
    ) {
        let mut fresh = Vec::new();
        for Members { group, traders, agents } in groups {
            let side = if traders.side == TradingSide::Buys { Side::Buy } else { Side::Sell };
            for (rank, (agent, purse)) in agents.iter().enumerate() {
                let agent = *agent;
                if self.place(agent).is_some() {
                    continue;
                }
                let stock = self.units.open_purse(agent);
                let values = values_of(traders, side, agent, rank, period, dice);
                let first = values.first().copied().unwrap_or(0);
                let mut trader = Trader {
                    agent,
                    group: *group,
                    side,
                    gone: false,
                    belief: Belief::beginner(side, first, &mut dice.stream(BEGINNER, agent, 0)),
                    values,
                    done: 0,
                    profit: 0,
                    owed: 0,
                    purse: *purse,
                    stock,
                };
                self.provide(&mut trader);
                fresh.push(trader);
            }
        }
        let joined = !fresh.is_empty();
        self.traders.extend(fresh);
        self.traders.sort_by_key(|trader| trader.agent);
        for at in 0..self.traders.len() {
            if !self.traders[at].gone && !is_there(self.traders[at].agent) {
                self.withdraw(floor, at);
                self.traders[at].gone = true;
            }
        }
        self.derive();
        if joined {
            self.weigh();
        }
    }

    /// Works out which traders each group has.
    pub(crate) fn derive(&mut self) {
        self.members.iter_mut().for_each(Vec::clear);
        for (at, trader) in self.traders.iter().enumerate().filter(|(_, trader)| !trader.gone) {
            let group = usize::from(trader.group);
            if self.members.len() <= group {
                self.members.resize(group + 1, Vec::new());
            }
            self.members[group].push(at as u32);
        }
    }

    /// Whether traders of groups have to be looked up.
    pub(crate) fn is_underived(&self) -> bool {
        self.members.is_empty() && !self.traders.is_empty()
    }

    /// Sellers have what they can sell: what is used up is made again, and what is missing comes in.
    fn provide(&mut self, trader: &mut Trader) {
        if trader.side == Side::Buy {
            return;
        }
        let wanted = trader.values.len() as i64 - self.units.balance(trader.stock);
        let again = wanted.clamp(0, self.units.balance(self.used));
        // It is there, and what is issued fits: a trader has at most a thousand units.
        let _ = self.units.transfer(Transfer { from: self.used, to: trader.stock, amount: again });
        let _ = self.units.issue(trader.stock, (wanted - again).max(0));
    }

    /// Works out what could be gained in this period.
    fn weigh(&mut self) {
        let mut offers = Vec::new();
        for trader in &self.traders {
            let (agent, side) = (trader.agent, trader.side);
            // Of somebody who has left in this period what it traded counts, as it does among what was gained.
            let units = if trader.gone { &trader.values[..trader.done as usize] } else { &trader.values[..] };
            offers.extend(units.iter().map(|price| Offer { trader: agent, side, price: *price, quantity: 1 }));
        }
        let clearing = UniformPrice { k: 500 }.clear(&offers);
        self.now.largest = largest_welfare(&offers);
        self.now.equilibrium = clearing.fills.iter().find(|fill| fill.quantity > 0).map(|fill| fill.price);
    }

    /// Ends a period: orders are taken back, what was bought is used up, and money goes back to where it came from.
    pub(crate) fn end_period(&mut self, floor: &mut Floor, stream: &mut SimStream) -> PeriodTally {
        self.search_turns(stream);
        for at in 0..self.traders.len() {
            self.withdraw(floor, at);
        }
        for trader in &self.traders {
            let bought = self.units.balance(trader.stock);
            if trader.side == Side::Buy || trader.gone {
                let _ = self.units.transfer(Transfer { from: trader.stock, to: self.used, amount: bought });
            }
        }
        for trader in self.traders.iter_mut().filter(|trader| trader.owed > 0) {
            let amount = trader.owed.min(floor.accounts.balance(trader.purse));
            if floor.accounts.transfer(Transfer { from: trader.purse, to: floor.house, amount }).is_ok() {
                trader.owed -= amount;
            }
        }
        for trader in self.traders.iter_mut().filter(|trader| trader.owed < 0) {
            let amount = (-trader.owed).min(floor.accounts.balance(floor.house));
            if floor.accounts.transfer(Transfer { from: floor.house, to: trader.purse, amount }).is_ok() {
                trader.owed += amount;
            }
        }
        let ended = self.now;
        self.before = Some(ended);
        ended
    }

    /// Begins a period: everybody has new values, and sellers have what they can sell.
    pub(crate) fn begin_period(&mut self, groups: &[Members], period: u64, dice: &SimRng) {
        self.now = PeriodTally::default();
        self.turns.clear();
        self.searched = false;
        self.traders.retain(|trader| !trader.gone || trader.owed != 0);
        let mut traders = std::mem::take(&mut self.traders);
        for trader in &mut traders {
            trader.done = 0;
            let group = groups.iter().find(|members| members.group == trader.group);
            if let Some(members) = group.filter(|_| !trader.gone) {
                let rank = members.agents.partition_point(|(agent, _)| *agent < trader.agent);
                trader.values = values_of(members.traders, trader.side, trader.agent, rank, period, dice);
                self.provide(trader);
            }
        }
        self.traders = traders;
        self.derive();
        self.weigh();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{AccountId, Money};

    /// Somebody bought for 90 what cost 10, and left; a newcomer does not make that more than there was to be had.
    #[test]
    fn what_was_gained_is_part_of_what_there_was_also_when_who_gained_it_has_left() {
        let mut good = GoodMarket::new(AccountId::MINT);
        let trader = |agent: u32, side, values: &[Money], done, gone| Trader {
            agent: AgentId(agent),
            group: 0,
            side,
            gone,
            values: values.to_vec(),
            done,
            belief: Belief::beginner(side, 10, &mut SimRng::new(1).global(BEGINNER, 0)),
            profit: 0,
            owed: 0,
            purse: AccountId::MINT,
            stock: AccountId::MINT,
        };
        // The seller's unit is gone with the buyer; what the buyer did not buy any more can't be gained.
        good.traders = vec![
            trader(1, Side::Buy, &[90, 80], 1, true),
            trader(2, Side::Sell, &[10], 1, false),
            trader(3, Side::Buy, &[20], 0, false),
        ];
        good.now.surplus = 80;
        good.weigh();
        assert_eq!((good.now.largest, good.now.efficiency()), (80, Some(1.0)));
    }
}
