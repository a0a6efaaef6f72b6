//! A continuous double auction: limit orders with price–time priority.
//!
//! An incoming order trades with the best price first and with the oldest at that price, always at the resting order's
//! price. What is left of it rests, or is cancelled if it was immediate or cancel. Prices are whole ticks of any sign,
//! quantities whole units; there is no rounding anywhere.
//!
//! Three structures, each with one task: orders lie in a slab and are linked into a queue per price (`Orders`); prices of
//! one side are found by pages of 32 neighbouring ticks in a `BTreeMap` with a small cache in front (`Ladder`); orders are
//! found by their ids in a table of open addresses (`OrderIndex`). What is filled or cancelled leaves all three at once,
//! and its place is used again; [`OrderBook::shrink`] gives the memory back.

mod index;
mod ladder;
mod orders;

use agent2028_core::agent::AgentId;

use index::OrderIndex;
use ladder::{Ladder, Level};
use orders::{NO_SLOT, Orders, Resting};
use serde::{Deserialize, Serialize};

/// Names an order in its book. Whoever submits chooses it; it must not be that of an order that rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(pub u64);

/// Which side of the market an order is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Side {
    /// Wants to buy at its price or lower.
    Buy,
    /// Wants to sell at its price or higher.
    Sell,
}

impl Side {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// Whether an order of this side with that limit may trade at this price.
    #[must_use]
    pub const fn accepts(self, limit: i64, price: i64) -> bool {
        match self {
            Self::Buy => price <= limit,
            Self::Sell => price >= limit,
        }
    }
}

/// What becomes of the part of an order that finds nobody at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lifetime {
    /// It rests until it is filled or cancelled.
    #[default]
    UntilCancelled,
    /// It is cancelled.
    ImmediateOrCancel,
}

/// A limit order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitOrder {
    /// Its name.
    pub id: OrderId,
    /// Whose it is. Orders of one owner never meet; those of [`AgentId::NONE`] belong to nobody and may.
    pub owner: AgentId,
    /// Its side.
    pub side: Side,
    /// The worst price that it accepts, in ticks.
    pub price: i64,
    /// How many units, at least 1.
    pub quantity: u32,
    /// What becomes of the rest.
    pub lifetime: Lifetime,
}

/// Two orders met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// The order that was there first.
    pub maker: OrderId,
    /// Whose that was.
    pub maker_owner: AgentId,
    /// The order that came in.
    pub taker: OrderId,
    /// Whose that was.
    pub taker_owner: AgentId,
    /// The side of the order that came in.
    pub taker_side: Side,
    /// The resting order's price, in ticks.
    pub price: i64,
    /// How many units change hands.
    pub quantity: u32,
}

/// Where an order stands when its message has been dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderStatus {
    /// Nothing of it is left to trade.
    Filled,
    /// So many units rest in the book.
    Rests {
        /// How many.
        quantity: u32,
    },
    /// So many units were cancelled because it was immediate or cancel.
    Unfilled {
        /// How many.
        quantity: u32,
    },
    /// So many units were cancelled because the next order that they would have met has the same owner.
    SelfTradePrevented {
        /// How many.
        quantity: u32,
        /// The order that they would have met; it rests as before.
        met: OrderId,
    },
}

/// Why a message changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// An order with this id rests already.
    #[error("order {} rests already", .0.0)]
    IdInUse(OrderId),
    /// No order with this id rests: it was filled, cancelled, or never there.
    #[error("order {} does not rest in the book", .0.0)]
    NotResting(OrderId),
    /// An order has at least one unit.
    #[error("order {} has no quantity", .0.0)]
    NoQuantity(OrderId),
}

/// A resting order, as it is seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestingOrder {
    /// Its name.
    pub id: OrderId,
    /// Whose it is.
    pub owner: AgentId,
    /// Its side.
    pub side: Side,
    /// Its limit, in ticks.
    pub price: i64,
    /// How many units are left.
    pub quantity: u32,
}

/// An order book for one good.
///
/// ```
/// use agent2028_core::agent::AgentId;
/// use agent2028_market::order_book::{Lifetime, LimitOrder, OrderBook, OrderId, Side, OrderStatus};
///
/// let mut book = OrderBook::default();
/// let order = |id, owner, side, price, quantity| LimitOrder {
///     id: OrderId(id), owner: AgentId(owner), side, price, quantity, lifetime: Lifetime::UntilCancelled,
/// };
/// let mut trades = Vec::new();
/// book.submit(order(1, 7, Side::Sell, 100, 5), |trade| trades.push(trade)).unwrap();
/// let standing = book.submit(order(2, 8, Side::Buy, 103, 8), |trade| trades.push(trade)).unwrap();
/// assert_eq!((trades[0].price, trades[0].quantity), (100, 5));
/// assert_eq!(standing, OrderStatus::Rests { quantity: 3 });
/// assert_eq!((book.best(Side::Buy), book.best(Side::Sell)), (Some(103), None));
/// ```
#[derive(Clone, Debug, Default)]
pub struct OrderBook {
    orders: Orders,
    index: OrderIndex,
    buys: Ladder,
    sells: Ladder,
}

impl OrderBook {
    /// Lets an order trade and rest.
    ///
    /// # Errors
    /// Its id must not rest in the book, and it needs a quantity.
    #[inline]
    pub fn submit(&mut self, order: LimitOrder, mut told: impl FnMut(Trade)) -> Result<OrderStatus, Refusal> {
        if order.quantity == 0 {
            return Err(Refusal::NoQuantity(order.id));
        }
        if self.index.find(order.id, &self.orders).is_some() {
            return Err(Refusal::IdInUse(order.id));
        }
        Ok(self.take_in(order, &mut told))
    }

    /// Takes an order out of the book, and tells what it was.
    ///
    /// # Errors
    /// It must rest in the book.
    #[inline]
    pub fn cancel(&mut self, id: OrderId) -> Result<RestingOrder, Refusal> {
        let slot = self.index.remove(id, &self.orders).ok_or(Refusal::NotResting(id))?;
        Ok(self.take_out(slot))
    }

    /// Gives a resting order another limit and quantity. With the same price and no more units it keeps its place in the
    /// queue; otherwise it is taken out and comes in again as a new order would, and may trade.
    ///
    /// # Errors
    /// It must rest in the book, and still wants at least one unit.
    #[inline]
    pub fn modify(
        &mut self,
        id: OrderId,
        price: i64,
        quantity: u32,
        mut told: impl FnMut(Trade),
    ) -> Result<OrderStatus, Refusal> {
        if quantity == 0 {
            return Err(Refusal::NoQuantity(id));
        }
        let slot = self.index.find(id, &self.orders).ok_or(Refusal::NotResting(id))?;
        let resting = *self.orders.get(slot);
        if self.price_of(&resting) == price && quantity <= resting.quantity {
            self.ladder_mut(resting.side).level_mut(resting.level).quantity -= u64::from(resting.quantity - quantity);
            self.orders.get_mut(slot).quantity = quantity;
            return Ok(OrderStatus::Rests { quantity });
        }
        self.index.remove(id, &self.orders);
        let old = self.take_out(slot);
        let order =
            LimitOrder { id, owner: old.owner, side: old.side, price, quantity, lifetime: Lifetime::UntilCancelled };
        Ok(self.take_in(order, &mut told))
    }

    /// The best price of a side, in ticks: the highest buying, the lowest selling.
    #[inline]
    #[must_use]
    pub fn best(&self, side: Side) -> Option<i64> {
        self.ladder(side).best(side)
    }

    /// How many units rest at a price.
    #[must_use]
    pub fn depth_at(&self, side: Side, price: i64) -> u64 {
        self.ladder(side).find(price).map_or(0, |level| self.ladder(side).level(level).quantity)
    }

    /// Prices of a side with the units that rest there, best first.
    pub fn depth(&self, side: Side) -> impl Iterator<Item = (i64, u64)> + '_ {
        let ladder = self.ladder(side);
        ladder.in_order(side).map(move |level| (ladder.level(level).price, ladder.level(level).quantity))
    }

    /// Resting orders of a side in the order in which they would trade. A book into which all of them are submitted anew
    /// in this order is equal to this one.
    pub fn queue(&self, side: Side) -> impl Iterator<Item = RestingOrder> + '_ {
        let ladder = self.ladder(side);
        ladder.in_order(side).flat_map(move |level| {
            let level = ladder.level(level);
            self.orders.queue(level.head).map(move |resting| seen(resting, level.price))
        })
    }

    /// A resting order.
    #[must_use]
    pub fn get(&self, id: OrderId) -> Option<RestingOrder> {
        let resting = self.orders.get(self.index.find(id, &self.orders)?);
        Some(seen(resting, self.price_of(resting)))
    }

    /// How many orders rest.
    #[must_use]
    pub fn len(&self) -> usize {
        self.orders.len()
    }

    /// Whether no order rests.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes all orders out.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Memory that the book holds, in bytes; that of the `BTreeMap`s over pages is an estimate.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.orders.memory() + self.index.memory() + self.buys.memory() + self.sells.memory()
    }

    /// Gives back memory beyond what the resting orders need. Their places and order stay as they are.
    pub fn shrink(&mut self) {
        let resting: Vec<RestingOrder> = self.queue(Side::Buy).chain(self.queue(Side::Sell)).collect();
        let mut fresh = Self::default();
        fresh.orders.reserve(resting.len());
        for order in resting {
            // Nothing crosses in a book, so that they all come to rest again, in their order.
            let RestingOrder { id, owner, side, price, quantity } = order;
            fresh.rest(LimitOrder { id, owner, side, price, quantity, lifetime: Lifetime::UntilCancelled });
        }
        *self = fresh;
    }

    #[inline]
    fn ladder(&self, side: Side) -> &Ladder {
        match side {
            Side::Buy => &self.buys,
            Side::Sell => &self.sells,
        }
    }

    #[inline]
    fn ladder_mut(&mut self, side: Side) -> &mut Ladder {
        match side {
            Side::Buy => &mut self.buys,
            Side::Sell => &mut self.sells,
        }
    }

    #[inline]
    fn price_of(&self, resting: &Resting) -> i64 {
        self.ladder(resting.side).level(resting.level).price
    }

    /// Trades, and lets the rest come to rest.
    #[inline]
    fn take_in(&mut self, order: LimitOrder, told: &mut impl FnMut(Trade)) -> OrderStatus {
        let mut left = order.quantity;
        let other = order.side.other();
        let makers = match order.side {
            Side::Buy => &mut self.sells,
            Side::Sell => &mut self.buys,
        };
        while let Some(best) = makers.best_level(other) {
            let Level { price, head, .. } = *makers.level(best);
            if !order.side.accepts(order.price, price) {
                break;
            }
            let mut slot = head;
            let mut traded = 0_u64;
            // The oldest first; what is filled leaves, and its level with the last of it.
            while slot != NO_SLOT && left > 0 {
                let maker = *self.orders.get(slot);
                if maker.owner == order.owner && maker.owner != AgentId::NONE {
                    makers.take_from_front(best, slot, traded);
                    self.orders.make_head(slot);
                    return OrderStatus::SelfTradePrevented { quantity: left, met: maker.id };
                }
                let quantity = left.min(maker.quantity);
                left -= quantity;
                traded += u64::from(quantity);
                told(Trade {
                    maker: maker.id,
                    maker_owner: maker.owner,
                    taker: order.id,
                    taker_owner: order.owner,
                    taker_side: order.side,
                    price,
                    quantity,
                });
                if quantity < maker.quantity {
                    self.orders.get_mut(slot).quantity = maker.quantity - quantity;
                } else {
                    self.index.remove(maker.id, &self.orders);
                    self.orders.free(slot);
                    slot = maker.next;
                }
            }
            if slot == NO_SLOT {
                makers.remove(best);
            } else {
                makers.take_from_front(best, slot, traded);
                self.orders.make_head(slot);
            }
            if left == 0 {
                return OrderStatus::Filled;
            }
        }
        if order.lifetime == Lifetime::ImmediateOrCancel {
            return OrderStatus::Unfilled { quantity: left };
        }
        self.rest(LimitOrder { quantity: left, ..order });
        OrderStatus::Rests { quantity: left }
    }

    /// Puts an order at the end of the queue of its price.
    #[inline]
    fn rest(&mut self, order: LimitOrder) {
        let ladder = match order.side {
            Side::Buy => &mut self.buys,
            Side::Sell => &mut self.sells,
        };
        let level = ladder.find_or_add(order.price, order.side);
        let at = ladder.level_mut(level);
        let slot = self.orders.add(Resting {
            id: order.id,
            owner: order.owner,
            side: order.side,
            quantity: order.quantity,
            level,
            previous: at.tail,
            next: NO_SLOT,
        });
        if at.tail == NO_SLOT {
            at.head = slot;
        } else {
            self.orders.get_mut(at.tail).next = slot;
        }
        at.tail = slot;
        at.quantity += u64::from(order.quantity);
        self.index.insert(order.id, slot);
    }

    /// Unlinks an order that the index does not know any more.
    #[inline]
    fn take_out(&mut self, slot: u32) -> RestingOrder {
        let resting = *self.orders.get(slot);
        let ladder = match resting.side {
            Side::Buy => &mut self.buys,
            Side::Sell => &mut self.sells,
        };
        let at = ladder.level_mut(resting.level);
        let order = seen(&resting, at.price);
        at.quantity -= u64::from(resting.quantity);
        if resting.previous == NO_SLOT {
            at.head = resting.next;
        } else {
            self.orders.get_mut(resting.previous).next = resting.next;
        }
        if resting.next == NO_SLOT {
            at.tail = resting.previous;
        } else {
            self.orders.get_mut(resting.next).previous = resting.previous;
        }
        if at.head == NO_SLOT {
            ladder.remove(resting.level);
        }
        self.orders.free(slot);
        order
    }
}

fn seen(resting: &Resting, price: i64) -> RestingOrder {
    RestingOrder { id: resting.id, owner: resting.owner, side: resting.side, price, quantity: resting.quantity }
}

#[cfg(test)]
mod tests;
