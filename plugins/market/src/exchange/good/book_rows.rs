//! A book in what is saved: its orders, in the order in which they would trade.

use agent2028_core::agent::AgentId;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::order_book::{Lifetime, LimitOrder, OrderBook, OrderId, Side};

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
