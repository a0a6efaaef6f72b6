//! The rules of price–time priority, and a book of plain vectors that the fast one must equal.

use agent2028_core::agent::AgentId;
use proptest::prelude::*;

use super::*;

fn order(id: u64, owner: u32, side: Side, price: i64, quantity: u32) -> LimitOrder {
    LimitOrder { id: OrderId(id), owner: AgentId(owner), side, price, quantity, lifetime: Lifetime::UntilCancelled }
}

fn submit(book: &mut OrderBook, order: LimitOrder) -> (Vec<(u64, i64, u32)>, OrderStatus) {
    let mut trades = Vec::new();
    let standing = book.submit(order, |trade| trades.push((trade.maker.0, trade.price, trade.quantity))).unwrap();
    (trades, standing)
}

/// Buyers, and the mirror image with sellers: prices change their signs.
fn both_sides(test: impl Fn(Side, i64)) {
    test(Side::Buy, 1);
    test(Side::Sell, -1);
}

#[test]
fn an_order_trades_with_the_best_price_first_and_the_oldest_there_at_the_resting_price() {
    both_sides(|maker, sign| {
        let mut book = OrderBook::default();
        for (id, price) in [(1, 100), (2, 102), (3, 101), (4, 102)] {
            submit(&mut book, order(id, id as u32, maker, sign * price, 10));
        }
        let (trades, standing) = submit(&mut book, order(9, 9, maker.other(), sign * 101, 25));
        assert_eq!(trades, [(2, sign * 102, 10), (4, sign * 102, 10), (3, sign * 101, 5)]);
        assert_eq!(standing, OrderStatus::Filled);
        assert_eq!(book.best(maker), Some(sign * 101));
        assert_eq!(book.depth(maker).collect::<Vec<_>>(), [(sign * 101, 5), (sign * 100, 10)]);
    });
}

#[test]
fn a_limit_never_pays_through_itself_and_its_rest_becomes_the_best_price() {
    both_sides(|maker, sign| {
        let mut book = OrderBook::default();
        submit(&mut book, order(1, 1, maker, sign * 102, 5));
        submit(&mut book, order(2, 2, maker, sign * 100, 5));
        let (trades, standing) = submit(&mut book, order(3, 3, maker.other(), sign * 101, 9));
        assert_eq!((trades, standing), (vec![(1, sign * 102, 5)], OrderStatus::Rests { quantity: 4 }));
        assert_eq!((book.best(maker), book.best(maker.other())), (Some(sign * 100), Some(sign * 101)));
    });
}

#[test]
fn a_partial_fill_keeps_its_place() {
    both_sides(|maker, sign| {
        let mut book = OrderBook::default();
        submit(&mut book, order(1, 1, maker, sign * 100, 10));
        submit(&mut book, order(2, 2, maker, sign * 100, 10));
        submit(&mut book, order(3, 3, maker.other(), sign * 100, 4));
        let (trades, _) = submit(&mut book, order(4, 4, maker.other(), sign * 100, 8));
        assert_eq!(trades, [(1, sign * 100, 6), (2, sign * 100, 2)]);
    });
}

#[test]
fn a_smaller_quantity_keeps_its_place_and_a_larger_one_or_another_price_loses_it() {
    let first = |change: Option<(i64, u32)>| {
        let mut book = OrderBook::default();
        submit(&mut book, order(1, 1, Side::Sell, 100, 10));
        submit(&mut book, order(2, 2, Side::Sell, 100, 10));
        if let Some((price, quantity)) = change {
            book.modify(OrderId(1), price, quantity, |_| panic!("nobody buys")).unwrap();
            book.modify(OrderId(1), 100, quantity, |_| panic!("nobody buys")).unwrap();
        }
        assert_eq!(book.depth_at(Side::Sell, 100), 10 + u64::from(change.map_or(10, |(_, quantity)| quantity)));
        submit(&mut book, order(3, 3, Side::Buy, 100, 1)).0[0].0
    };
    assert_eq!(first(None), 1);
    assert_eq!(first(Some((100, 10))), 1);
    assert_eq!(first(Some((100, 3))), 1);
    assert_eq!(first(Some((100, 11))), 2);
    assert_eq!(first(Some((101, 10))), 2);
}

#[test]
fn a_changed_price_may_trade_and_then_at_the_resting_price() {
    both_sides(|maker, sign| {
        let mut book = OrderBook::default();
        submit(&mut book, order(1, 1, maker, sign * 100, 5));
        submit(&mut book, order(2, 2, maker.other(), sign * 105, 8));
        let mut trades = Vec::new();
        let standing = book.modify(OrderId(2), sign * 98, 8, |trade| trades.push(trade)).unwrap();
        assert_eq!(standing, OrderStatus::Rests { quantity: 3 });
        assert_eq!((trades[0].maker, trades[0].price, trades[0].quantity), (OrderId(1), sign * 100, 5));
        assert_eq!((book.best(maker), book.best(maker.other())), (None, Some(sign * 98)));
    });
}

#[test]
fn the_rest_of_an_immediate_order_is_cancelled() {
    let mut book = OrderBook::default();
    submit(&mut book, order(1, 1, Side::Sell, 100, 5));
    let immediate = LimitOrder { lifetime: Lifetime::ImmediateOrCancel, ..order(2, 2, Side::Buy, 100, 8) };
    assert_eq!(submit(&mut book, immediate), (vec![(1, 100, 5)], OrderStatus::Unfilled { quantity: 3 }));
    assert!(book.is_empty());
    assert_eq!(submit(&mut book, immediate), (vec![], OrderStatus::Unfilled { quantity: 8 }));
    assert!(book.is_empty() && book.best(Side::Buy).is_none());
}

#[test]
fn what_is_gone_can_be_neither_cancelled_nor_changed() {
    let mut book = OrderBook::default();
    let gone = Refusal::NotResting(OrderId(1));
    assert_eq!(book.cancel(OrderId(1)), Err(gone));
    submit(&mut book, order(1, 1, Side::Sell, 100, 5));
    assert_eq!(book.cancel(OrderId(1)).map(|order| order.quantity), Ok(5));
    assert_eq!(book.cancel(OrderId(1)), Err(gone));
    submit(&mut book, order(1, 1, Side::Sell, 100, 5));
    submit(&mut book, order(2, 2, Side::Buy, 100, 5));
    assert_eq!(book.cancel(OrderId(1)), Err(gone));
    assert_eq!(book.modify(OrderId(1), 90, 1, |_| ()), Err(gone));
    assert_eq!(book.cancel(OrderId(2)), Err(Refusal::NotResting(OrderId(2))));
}

#[test]
fn an_id_is_refused_while_it_rests_and_free_again_afterwards() {
    let mut book = OrderBook::default();
    submit(&mut book, order(1, 1, Side::Sell, 100, 5));
    assert_eq!(book.submit(order(1, 2, Side::Buy, 100, 5), |_| ()), Err(Refusal::IdInUse(OrderId(1))));
    assert_eq!(book.submit(order(2, 2, Side::Buy, 100, 0), |_| ()), Err(Refusal::NoQuantity(OrderId(2))));
    assert_eq!(book.modify(OrderId(1), 100, 0, |_| ()), Err(Refusal::NoQuantity(OrderId(1))));
    assert_eq!(book.depth_at(Side::Sell, 100), 5);
    submit(&mut book, order(2, 2, Side::Buy, 100, 5));
    submit(&mut book, order(1, 1, Side::Buy, 90, 5));
    assert_eq!(book.best(Side::Buy), Some(90));
}

#[test]
fn own_orders_never_meet_and_the_rest_is_cancelled_and_told_also_after_a_partial_fill() {
    both_sides(|maker, sign| {
        let mut book = OrderBook::default();
        submit(&mut book, order(1, 1, maker, sign * 101, 3));
        submit(&mut book, order(2, 7, maker, sign * 100, 4));
        submit(&mut book, order(3, 3, maker, sign * 100, 5));
        let prevented = OrderStatus::SelfTradePrevented { quantity: 7, met: OrderId(2) };
        assert_eq!(
            submit(&mut book, order(4, 7, maker.other(), sign * 100, 10)),
            (vec![(1, sign * 101, 3)], prevented)
        );
        assert_eq!(book.depth(maker).collect::<Vec<_>>(), [(sign * 100, 9)]);
        assert_eq!(book.depth(maker.other()).count(), 0);
        // In the middle of a queue, and by a change.
        submit(&mut book, order(5, 3, maker.other(), sign * 110, 9));
        let mut trades = Vec::new();
        let standing = book.modify(OrderId(5), sign * 100, 9, |trade| trades.push(trade)).unwrap();
        assert_eq!(standing, OrderStatus::SelfTradePrevented { quantity: 5, met: OrderId(3) });
        assert_eq!((trades[0].maker, trades[0].quantity), (OrderId(2), 4));
        assert_eq!(book.queue(maker).map(|order| order.id.0).collect::<Vec<_>>(), [3]);
        assert_eq!(book.cancel(OrderId(5)), Err(Refusal::NotResting(OrderId(5))));
    });
}

#[test]
fn orders_of_nobody_may_meet() {
    let mut book = OrderBook::default();
    submit(&mut book, LimitOrder { owner: AgentId::NONE, ..order(1, 0, Side::Sell, 100, 5) });
    let taker = LimitOrder { owner: AgentId::NONE, ..order(2, 0, Side::Buy, 100, 5) };
    assert_eq!(submit(&mut book, taker), (vec![(1, 100, 5)], OrderStatus::Filled));
}

#[test]
fn cancelling_within_a_queue_loses_nobody() {
    let mut book = OrderBook::default();
    for id in 1..=6 {
        submit(&mut book, order(id, id as u32, Side::Sell, 100, 10));
    }
    for id in [1, 3, 6] {
        book.cancel(OrderId(id)).unwrap();
    }
    assert_eq!(book.queue(Side::Sell).map(|order| order.id.0).collect::<Vec<_>>(), [2, 4, 5]);
    let (trades, _) = submit(&mut book, order(9, 9, Side::Buy, 100, 30));
    assert_eq!(trades, [(2, 100, 10), (4, 100, 10), (5, 100, 10)]);
    assert!(book.is_empty() && book.best(Side::Sell).is_none());
}

#[test]
fn prices_at_the_ends_of_their_range_are_like_others() {
    let mut book = OrderBook::default();
    submit(&mut book, order(1, 1, Side::Sell, i64::MAX, u32::MAX));
    submit(&mut book, order(2, 2, Side::Buy, i64::MIN, u32::MAX));
    submit(&mut book, order(5, 5, Side::Buy, i64::MIN, u32::MAX));
    assert_eq!((book.best(Side::Buy), book.best(Side::Sell)), (Some(i64::MIN), Some(i64::MAX)));
    assert_eq!(book.depth_at(Side::Buy, i64::MIN), 2 * u64::from(u32::MAX));
    assert_eq!(submit(&mut book, order(3, 3, Side::Buy, i64::MAX, 1)).0, [(1, i64::MAX, 1)]);
    assert_eq!(submit(&mut book, order(4, 4, Side::Sell, i64::MIN, 1)).0, [(2, i64::MIN, 1)]);
}

#[test]
fn what_is_filled_leaves_the_book_and_its_memory() {
    let mut book = OrderBook::default();
    // A few orders rest at a time while hundreds of thousands pass: memory follows those that rest.
    for id in 0..300_000 {
        let price = 1000 + (id * 7919 % 5000) as i64;
        submit(&mut book, order(id, 1, Side::Sell, price, 1));
        if id >= 64 {
            if id % 2 == 0 {
                let oldest = book.queue(Side::Sell).next().unwrap().id;
                book.cancel(oldest).unwrap();
            } else {
                submit(&mut book, order(1 << 40 | id, 2, Side::Buy, i64::MAX, 1));
            }
        }
        assert!(book.len() <= 65);
    }
    assert!(book.memory() < 65 * 1024, "{} bytes for {} orders", book.memory(), book.len());
    // A peak is given back on demand, and the book stays as it is.
    for id in 0..100_000 {
        submit(&mut book, order(1 << 50 | id, 1, Side::Sell, 1_000_000 + id as i64, 1));
    }
    let (peak, kept): (usize, Vec<_>) = (book.memory(), book.queue(Side::Sell).take(64).collect());
    for id in 0..100_000 {
        book.cancel(OrderId(1 << 50 | id)).unwrap();
    }
    book.shrink();
    assert!(book.memory() < peak / 100, "{} of {peak} bytes", book.memory());
    assert_eq!(book.queue(Side::Sell).collect::<Vec<_>>(), kept);
}

/// The same rules on a plain list, where nothing can go wrong but the rules.
#[derive(Default)]
struct PlainBook {
    /// The oldest first.
    resting: Vec<RestingOrder>,
}

impl PlainBook {
    fn best(&self, side: Side) -> Option<usize> {
        let rank = |at: &usize| match side {
            Side::Buy => (-i128::from(self.resting[*at].price), *at),
            Side::Sell => (i128::from(self.resting[*at].price), *at),
        };
        (0..self.resting.len()).filter(|at| self.resting[*at].side == side).min_by_key(rank)
    }

    fn submit(&mut self, order: LimitOrder, trades: &mut Vec<(u64, i64, u32)>) -> OrderStatus {
        let mut left = order.quantity;
        while left > 0 {
            let Some(at) = self.best(order.side.other()) else { break };
            let maker = self.resting[at];
            if !order.side.accepts(order.price, maker.price) {
                break;
            }
            if maker.owner == order.owner {
                return OrderStatus::SelfTradePrevented { quantity: left, met: maker.id };
            }
            let quantity = left.min(maker.quantity);
            trades.push((maker.id.0, maker.price, quantity));
            left -= quantity;
            self.resting[at].quantity -= quantity;
            self.resting.retain(|order| order.quantity > 0);
        }
        if left == 0 {
            return OrderStatus::Filled;
        }
        if order.lifetime == Lifetime::ImmediateOrCancel {
            return OrderStatus::Unfilled { quantity: left };
        }
        let LimitOrder { id, owner, side, price, .. } = order;
        self.resting.push(RestingOrder { id, owner, side, price, quantity: left });
        OrderStatus::Rests { quantity: left }
    }

    fn modify(&mut self, id: u64, price: i64, quantity: u32, trades: &mut Vec<(u64, i64, u32)>) -> Option<OrderStatus> {
        let at = self.resting.iter().position(|order| order.id.0 == id)?;
        let old = self.resting[at];
        if old.price == price && quantity <= old.quantity {
            self.resting[at].quantity = quantity;
            return Some(OrderStatus::Rests { quantity });
        }
        self.resting.remove(at);
        Some(self.submit(order(id, old.owner.0, old.side, price, quantity), trades))
    }
}

/// What is sent to a book: (what, id, owner, side, price, quantity).
type Message = (u8, u64, u32, bool, i64, u32);

fn message() -> impl Strategy<Value = Message> {
    (0..6_u8, 0..40_u64, 0..5_u32, any::<bool>(), -70..70_i64, 1..12_u32)
}

proptest! {
    #![proptest_config(agent2028_property_tests::cases(256))]

    #[test]
    fn the_book_equals_a_plain_list_never_crosses_and_conserves_units(
        messages in prop::collection::vec(message(), 1..300),
    ) {
        let (mut book, mut plain) = (OrderBook::default(), PlainBook::default());
        for (what, id, owner, buys, price, quantity) in messages {
            let side = if buys { Side::Buy } else { Side::Sell };
            let (mut trades, mut wanted) = (Vec::new(), Vec::new());
            let mut told = |trade: Trade| trades.push((trade.maker.0, trade.price, trade.quantity));
            let rests = plain.resting.iter().any(|order| order.id.0 == id);
            match what {
                0 => {
                    let cancelled = book.cancel(OrderId(id));
                    prop_assert_eq!(cancelled.is_ok(), rests);
                    plain.resting.retain(|order| order.id.0 != id);
                }
                1 => {
                    let standing = book.modify(OrderId(id), price, quantity, &mut told).ok();
                    prop_assert_eq!(standing, plain.modify(id, price, quantity, &mut wanted));
                }
                _ => {
                    let lifetime = if what == 2 { Lifetime::ImmediateOrCancel } else { Lifetime::UntilCancelled };
                    let order = LimitOrder { lifetime, ..order(id, owner, side, price, quantity) };
                    let standing = book.submit(order, &mut told);
                    if rests {
                        prop_assert_eq!(standing, Err(Refusal::IdInUse(OrderId(id))));
                    } else {
                        prop_assert_eq!(standing, Ok(plain.submit(order, &mut wanted)));
                    }
                }
            }
            prop_assert_eq!(trades, wanted);
            if let (Some(buy), Some(sell)) = (book.best(Side::Buy), book.best(Side::Sell)) {
                prop_assert!(buy < sell, "{} crosses {}", buy, sell);
            }
            for side in [Side::Buy, Side::Sell] {
                let mut of_side: Vec<RestingOrder> =
                    plain.resting.iter().copied().filter(|order| order.side == side).collect();
                of_side.sort_by_key(|order| if side == Side::Buy { -order.price } else { order.price });
                prop_assert_eq!(book.queue(side).collect::<Vec<_>>(), of_side.clone());
                for (price, units) in book.depth(side) {
                    let sum: u64 =
                        of_side.iter().filter(|order| order.price == price).map(|order| u64::from(order.quantity)).sum();
                    prop_assert!(units == sum && units == book.depth_at(side, price));
                }
            }
            prop_assert_eq!(book.len(), plain.resting.len());
            for order in &plain.resting {
                prop_assert_eq!(book.get(order.id), Some(*order));
            }
        }
        let before: Vec<_> = book.queue(Side::Buy).chain(book.queue(Side::Sell)).collect();
        book.shrink();
        prop_assert_eq!(before, book.queue(Side::Buy).chain(book.queue(Side::Sell)).collect::<Vec<_>>());
    }
}
