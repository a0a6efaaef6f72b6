//! One good of the exchange: its book, who trades it, and its units in double entry.

use std::collections::VecDeque;

use agent2028_core::agent::AgentId;
use agent2028_core::rng::{Purpose, SimRng, SimStream};
use serde::{Deserialize, Serialize};

use super::shout::{Belief, Shout};
use crate::accounts::{AccountId, Accounts, Money, Purpose as AccountPurpose, Refusal, Transfer};
use crate::auction::Direction;
use crate::config::{Good, Traders, TradingPolicy, TradingRule, TradingSide, UnitValues};
use crate::double_auction::{Clearing, McAfee, Offer, UniformPrice, largest_welfare};
use crate::mechanism::{Mechanism, exploitability, price_lies};
use crate::order_book::{Lifetime, LimitOrder, OrderBook, OrderId, Side, Trade};
use crate::policy::{Policy, PriceRange};

const VALUES: Purpose = Purpose::new("market.values");
const BEGINNER: Purpose = Purpose::new("market.beginner");

/// At most so many of a group hear a price.
const MOST_HEARING: usize = 256;

/// Lies are looked for in calls of at most so many offers.
const MOST_SEARCHED: usize = 512;

/// Somebody who trades a good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trader {
    /// Who it is.
    pub agent: AgentId,
    /// Its group, by its place in the section.
    pub group: u16,
    /// Whether it buys or sells.
    pub side: Side,
    /// Whether it is there no more.
    pub gone: bool,
    /// What its units are worth or cost in this period, in the order in which it trades them.
    pub values: Vec<Money>,
    /// How many of them it has traded.
    pub done: u32,
    /// The price that it aims at, if it learns.
    pub belief: Belief,
    /// What it gained by all its trades, in minor units: value less price, or price less cost.
    pub profit: Money,
    /// What came into its purse by trades that was not given back at a period's end, in minor units.
    pub owed: Money,
    purse: AccountId,
    stock: AccountId,
}

impl Trader {
    /// What its next unit is worth or costs; nothing if it has traded all.
    #[must_use]
    pub fn truth(&self) -> Option<Money> {
        self.values.get(self.done as usize).copied()
    }

    /// Where its units are.
    #[must_use]
    pub fn stock(&self) -> AccountId {
        self.stock
    }

    fn gain(&self, price: Money) -> Money {
        let truth = self.truth().unwrap_or(price);
        if self.side == Side::Buy { truth - price } else { price - truth }
    }
}

/// A trade that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradeRecord {
    /// When.
    pub tick: u64,
    /// Who bought.
    pub buyer: AgentId,
    /// Who sold.
    pub seller: AgentId,
    /// At which price, in minor units.
    pub price: Money,
    /// Whose order came in and met the other; nobody's in a call.
    pub taker: Option<Side>,
}

/// How a period went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodTally {
    /// Units that changed hands.
    pub units: u64,
    /// What the trades were worth: values less costs.
    pub surplus: i128,
    /// The most that they could have been.
    pub largest: i128,
    /// The price at which demand meets supply; nothing if they don't.
    pub equilibrium: Option<Money>,
    /// The squared distances of prices from that, added up.
    pub squares: i128,
}

impl PeriodTally {
    /// The part of the largest surplus that was realised; nothing if there was none to be had.
    #[must_use]
    pub fn efficiency(&self) -> Option<f64> {
        (self.largest > 0).then(|| self.surplus as f64 / self.largest as f64)
    }

    /// How far prices are from the equilibrium, in percent of it: Smith's α (1962).
    #[must_use]
    pub fn deviation_percent(&self) -> Option<f64> {
        let price = self.equilibrium.filter(|price| *price > 0)?;
        (self.units > 0).then(|| 100.0 * (self.squares as f64 / self.units as f64).sqrt() / price as f64)
    }
}

/// What lies would have gained in calls: mean of the best one, found afterwards with all other offers known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Regret {
    sum: i128,
    calls: u64,
}

impl Regret {
    fn note(&mut self, gain: i64) {
        self.sum += i128::from(gain);
        self.calls += 1;
    }

    /// Its mean, in minor units; nothing before the first call.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.calls > 0).then(|| self.sum as f64 / self.calls as f64)
    }
}

/// A good.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GoodMarket {
    #[serde(with = "book_rows")]
    book: OrderBook,
    /// Units of the good: whose they are.
    units: Accounts,
    /// Units that stand behind orders to sell.
    offered: AccountId,
    /// Units that are used up, to be made again in the next period.
    used: AccountId,
    /// Money that stands behind orders to buy.
    pledged: AccountId,
    traders: Vec<Trader>,
    /// The part of a quote that is left over from ticks before.
    carry: f64,
    price: Option<Money>,
    now: PeriodTally,
    before: Option<PeriodTally>,
    volume: u64,
    turnover: i128,
    quotes: u64,
    /// What lies would have gained buyers and sellers.
    regret: [Regret; 2],
    recent: VecDeque<TradeRecord>,
    called: u64,
    /// Traders of each group by their places. Derived.
    #[serde(skip)]
    members: Vec<Vec<u32>>,
}

/// What a good needs from around it.
pub(crate) struct Floor<'a> {
    pub(crate) accounts: &'a mut Accounts,
    pub(crate) house: AccountId,
    pub(crate) tick: u64,
    pub(crate) most_trades: usize,
}

/// Those of a group who trade a good.
pub(crate) struct Members<'a> {
    /// The group, by its place in the section.
    pub(crate) group: u16,
    pub(crate) traders: &'a Traders,
    /// They and their purses, ascending.
    pub(crate) agents: &'a [(AgentId, AccountId)],
}

/// What came of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Called {
    pub(crate) units: u64,
    pub(crate) price: Option<Money>,
    pub(crate) kept: Money,
}

impl GoodMarket {
    /// A good that nobody trades yet; `pledged` holds the money behind orders.
    #[must_use]
    pub fn new(pledged: AccountId) -> Self {
        let mut units = Accounts::default();
        let (offered, used) = (units.open_fund(), units.open_fund());
        Self {
            book: OrderBook::default(),
            units,
            offered,
            used,
            pledged,
            traders: Vec::new(),
            carry: 0.0,
            price: None,
            now: PeriodTally::default(),
            before: None,
            volume: 0,
            turnover: 0,
            quotes: 0,
            regret: [Regret::default(); 2],
            recent: VecDeque::new(),
            called: 0,
            members: Vec::new(),
        }
    }

    /// The order book.
    #[must_use]
    pub fn book(&self) -> &OrderBook {
        &self.book
    }

    /// Units of the good, in double entry.
    #[must_use]
    pub fn units(&self) -> &Accounts {
        &self.units
    }

    /// The account of units that stand behind orders to sell.
    #[must_use]
    pub fn offered(&self) -> AccountId {
        self.offered
    }

    /// The account of money that stands behind orders to buy.
    #[must_use]
    pub fn pledged(&self) -> AccountId {
        self.pledged
    }

    /// Who trades it, by id.
    #[must_use]
    pub fn traders(&self) -> &[Trader] {
        &self.traders
    }

    /// Somebody who trades it.
    #[must_use]
    pub fn trader(&self, agent: AgentId) -> Option<&Trader> {
        Some(&self.traders[self.place(agent)?])
    }

    /// The price of the last trade.
    #[must_use]
    pub fn price(&self) -> Option<Money> {
        self.price
    }

    /// How this period goes.
    #[must_use]
    pub fn now(&self) -> &PeriodTally {
        &self.now
    }

    /// How the period before went.
    #[must_use]
    pub fn before(&self) -> Option<&PeriodTally> {
        self.before.as_ref()
    }

    /// Units that changed hands since the start.
    #[must_use]
    pub fn volume(&self) -> u64 {
        self.volume
    }

    /// Money that changed hands for it since the start, in minor units.
    #[must_use]
    pub fn turnover(&self) -> i128 {
        self.turnover
    }

    /// Prices that were said since the start.
    #[must_use]
    pub fn quotes(&self) -> u64 {
        self.quotes
    }

    /// What lies would have gained one who buys or sells in calls.
    #[must_use]
    pub fn regret(&self, side: Side) -> &Regret {
        &self.regret[usize::from(side == Side::Sell)]
    }

    /// The trades that are kept, oldest first.
    pub fn recent(&self) -> impl DoubleEndedIterator<Item = &TradeRecord> + ExactSizeIterator {
        self.recent.iter()
    }

    /// Its memory in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let traders = self.traders.iter().map(|trader| size_of::<Trader>() + trader.values.capacity() * 8);
        self.book.memory()
            + self.units.bytes()
            + traders.sum::<usize>()
            + self.recent.capacity() * size_of::<TradeRecord>()
            + self.members.iter().map(|members| members.capacity() * 4).sum::<usize>()
    }

    fn place(&self, agent: AgentId) -> Option<usize> {
        self.traders.binary_search_by_key(&agent, |trader| trader.agent).ok()
    }

    /// Whether what was read makes sense.
    pub(crate) fn check(&self) -> Result<(), String> {
        let sorted = self.traders.windows(2).all(|pair| pair[0].agent < pair[1].agent);
        let sound = self.traders.iter().all(|trader| {
            trader.belief.is_sound()
                && trader.done as usize <= trader.values.len()
                && self.units.purpose(trader.stock) == Some(AccountPurpose::Purse(trader.agent))
        });
        let rests = |side| self.book.queue(side);
        let known = rests(Side::Buy).chain(rests(Side::Sell)).all(|order| {
            order.quantity == 1 && order.id.0 == u64::from(order.owner.0) && self.trader(order.owner).is_some()
        });
        if sorted && sound && known && self.units.is_sound() && (0.0..1.0).contains(&self.carry) {
            Ok(())
        } else {
            Err("an order book makes no sense".into())
        }
    }

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
        for trader in self.traders.iter().filter(|trader| !trader.gone) {
            let (agent, side) = (trader.agent, trader.side);
            offers.extend(trader.values.iter().map(|price| Offer { trader: agent, side, price: *price, quantity: 1 }));
        }
        let clearing = UniformPrice { k: 500 }.clear(&offers);
        self.now.largest = largest_welfare(&offers);
        self.now.equilibrium = clearing.fills.iter().find(|fill| fill.quantity > 0).map(|fill| fill.price);
    }

    /// Ends a period: orders are taken back, what was bought is used up, and money goes back to where it came from.
    pub(crate) fn end_period(&mut self, floor: &mut Floor) -> PeriodTally {
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
                self.say(floor, good, config, at, stream);
            }
        }
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

    /// Those who learn hear a price: all of them, or, of very many, some by chance.
    fn hear(&mut self, config: &[Traders], shout: Shout, stream: &mut SimStream) {
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

    /// What a trader says.
    fn price_of(&self, at: usize, truth: Money, policy: TradingPolicy, good: &Good, stream: &mut SimStream) -> Money {
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

    /// Takes a trader's order back, with what stands behind it.
    fn withdraw(&mut self, floor: &mut Floor, at: usize) {
        let Trader { agent, purse, stock, .. } = self.traders[at];
        if let Ok(order) = self.book.cancel(OrderId(agent.0.into())) {
            // It lies there since the order came.
            let _ = match order.side {
                Side::Buy => floor.accounts.transfer(Transfer { from: self.pledged, to: purse, amount: order.price }),
                Side::Sell => self.units.transfer(Transfer { from: self.offered, to: stock, amount: 1 }),
            };
        }
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

    /// A trader has traded its next unit and paid or got so much.
    fn count(&mut self, at: usize, price: Money) {
        let trader = &mut self.traders[at];
        let worth = i128::from(trader.truth().unwrap_or(price));
        self.now.surplus += if trader.side == Side::Buy { worth } else { -worth };
        trader.profit = trader.profit.saturating_add(trader.gain(price));
        trader.owed = trader.owed.saturating_add(if trader.side == Side::Buy { -price } else { price });
        trader.done += 1;
    }

    fn note(&mut self, floor: &Floor, record: TradeRecord) {
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

/// What a trader's units are worth or cost in a period, in the order in which it trades them.
fn values_of(traders: &Traders, side: Side, agent: AgentId, rank: usize, period: u64, dice: &SimRng) -> Vec<Money> {
    let units = traders.units as usize;
    let mut values: Vec<Money> = match &traders.values {
        UnitValues::Uniform(low, high) => {
            let mut stream = dice.stream(VALUES, agent, period);
            let width = u32::try_from(high.saturating_sub(*low)).unwrap_or(0);
            (0..units).map(|_| low + Money::from(stream.below(width.saturating_add(1)))).collect()
        }
        UnitValues::Listed(list) => {
            (0..units).filter_map(|unit| list.get((rank * units + unit) % list.len().max(1)).copied()).collect()
        }
    };
    values.sort_unstable();
    if side == Side::Buy {
        values.reverse();
    }
    values
}

/// A book in what is saved: its orders, in the order in which they would trade.
mod book_rows {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{AgentId, Lifetime, LimitOrder, OrderBook, OrderId, Side};

    type Row = (u64, u32, i64, u32);

    pub(super) fn serialize<S: Serializer>(book: &OrderBook, serializer: S) -> Result<S::Ok, S::Error> {
        let rows = [Side::Buy, Side::Sell].map(|side| -> Vec<Row> {
            book.queue(side).map(|order| (order.id.0, order.owner.0, order.price, order.quantity)).collect()
        });
        rows.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OrderBook, D::Error> {
        let rows: [Vec<Row>; 2] = Deserialize::deserialize(deserializer)?;
        let mut book = OrderBook::default();
        for (rows, side) in rows.into_iter().zip([Side::Buy, Side::Sell]) {
            for (id, owner, price, quantity) in rows {
                let (id, owner, lifetime) = (OrderId(id), AgentId(owner), Lifetime::UntilCancelled);
                let mut met = false;
                let order = LimitOrder { id, owner, side, price, quantity, lifetime };
                book.submit(order, |_| met = true).map_err(D::Error::custom)?;
                if met {
                    return Err(D::Error::custom("an order book crosses"));
                }
            }
        }
        Ok(book)
    }
}
