//! One good of the exchange: its book, who trades it, and its units in double entry.

mod book_rows;
mod call;
mod continuous;
mod period;
mod tally;
mod trade;
mod trader;
mod turns;

pub use tally::{PeriodTally, Regret, TradeRecord};
pub use trader::Trader;

use std::collections::VecDeque;

use agent2028_core::agent::AgentId;
use serde::{Deserialize, Serialize};

use crate::accounts::{AccountId, Accounts, Money, Purpose as AccountPurpose};
use crate::config::Traders;
use crate::order_book::{OrderBook, Side};

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
    /// Whose turn it was in this period, in an order book: the first ones.
    turns: Vec<u32>,
    /// Whether lies have been looked for in this period.
    searched: bool,
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
            turns: Vec::new(),
            searched: false,
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

    /// What lies would have gained one who buys or sells in calls, or in periods of an order book.
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
            + self.turns.capacity() * 4
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
        let turns = self.turns.len() <= turns::MOST_TURNS;
        if sorted && sound && known && turns && self.units.is_sound() && (0.0..1.0).contains(&self.carry) {
            Ok(())
        } else {
            Err("an order book makes no sense".into())
        }
    }
}
