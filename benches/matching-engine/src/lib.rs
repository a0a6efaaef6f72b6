//! The order book behind the C interface of the *Matching Engine Performance Challenge*
//! (<https://github.com/flash1-dev/matching-engine-benchmark>, `api/matching_engine_api.h`), whose harness checks its report
//! stream byte for byte against that of other engines, and takes its times. `run.sh` beside this crate builds the harness
//! and runs it.
//!
//! The interface gives each call to one engine of one process, from one thread at a time. Orders there belong to nobody, so
//! that the rule against trades with oneself does not apply.
#![expect(unsafe_code, reason = "a C interface hands out pointers, and its functions have fixed names")]

use std::cell::UnsafeCell;
use std::ffi::{c_int, c_void};

use agent2028_core::agent::AgentId;
use agent2028_market::order_book::{Lifetime, LimitOrder, OrderBook, OrderId, OrderStatus, Side, Trade};

/// A new order.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct new_order_t {
    order_id: u64,
    sequence_number: u64,
    price_ticks: i64,
    quantity: u32,
    side: u8,
    ioc: u8,
    reserved: [u8; 2],
}

/// A cancellation.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct cancel_t {
    order_id: u64,
    sequence_number: u64,
}

/// A change of price or quantity.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct modify_t {
    order_id: u64,
    sequence_number: u64,
    new_price_ticks: i64,
    new_quantity: u32,
    side: u8,
    reserved: [u8; 3],
}

/// What the engine tells.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct me_report_t {
    kind: u8,
    side: u8,
    reserved: [u8; 6],
    sequence_number: u64,
    order_id: u64,
    price_ticks: i64,
    quantity: u32,
    reserved2: u32,
    maker_order_id: u64,
    taker_order_id: u64,
    reserved3: u64,
}

const ORDER_ACK: u8 = 0;
const TRADE: u8 = 1;
const CANCEL_ACK: u8 = 2;
const MODIFY_ACK: u8 = 3;
const CANCEL_REJECT: u8 = 4;
const MODIFY_REJECT: u8 = 5;

/// The queue that reports travel over. Only its second function is called here.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct me_transport_t {
    create: Option<unsafe extern "C" fn(u32) -> *mut c_void>,
    push: Option<unsafe extern "C" fn(*mut c_void, *const me_report_t) -> c_int>,
    drain: Option<unsafe extern "C" fn(*mut c_void, *mut me_report_t, u32) -> u32>,
    flush: Option<unsafe extern "C" fn(*mut c_void)>,
    destroy: Option<unsafe extern "C" fn(*mut c_void)>,
}

const _: () = assert!(size_of::<new_order_t>() == 32 && size_of::<cancel_t>() == 16 && size_of::<modify_t>() == 32);
const _: () = assert!(size_of::<me_report_t>() == 64);

/// Where reports go.
#[derive(Clone, Copy)]
struct Outlet {
    push: Option<unsafe extern "C" fn(*mut c_void, *const me_report_t) -> c_int>,
    sink: *mut c_void,
}

impl Outlet {
    #[inline]
    fn tell(self, report: &me_report_t) {
        let Some(push) = self.push else { return };
        // SAFETY: the harness gave both, and keeps them valid until `engine_shutdown`; the report is read during the call.
        while unsafe { push(self.sink, report) } == 0 {
            std::hint::spin_loop();
        }
    }
}

struct Engine {
    book: OrderBook,
    outlet: Outlet,
}

/// The one engine of the process.
struct Process(UnsafeCell<Option<Engine>>);

// SAFETY: the harness calls the engine from one thread at a time (`matching_engine_api.h`, "hot path").
unsafe impl Sync for Process {}

static PROCESS: Process = Process(UnsafeCell::new(None));

/// Does something with the engine, if it has been set up.
#[inline]
fn with_engine<T>(action: impl FnOnce(&mut Engine) -> T) -> Option<T> {
    // SAFETY: one thread at a time, and no call is made from within another: reports are pushed into a queue that does not
    // call back.
    unsafe { &mut *PROCESS.0.get() }.as_mut().map(action)
}

#[inline]
fn side_of(side: u8) -> Side {
    if side == 0 { Side::Buy } else { Side::Sell }
}

#[inline]
fn tell_trade(outlet: Outlet, sequence_number: u64, trade: &Trade) {
    outlet.tell(&me_report_t {
        kind: TRADE,
        sequence_number,
        price_ticks: trade.price,
        quantity: trade.quantity,
        maker_order_id: trade.maker.0,
        taker_order_id: trade.taker.0,
        ..me_report_t::default()
    });
}

/// Sets the engine up with an empty book.
///
/// # Safety
/// `transport` must be null or valid, and it and `sink` must stay so until [`engine_shutdown`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_init(_seed: u64, transport: *const me_transport_t, sink: *mut c_void) {
    // SAFETY: the caller promises that it is null or valid.
    let push = unsafe { transport.as_ref() }.and_then(|transport| transport.push);
    // SAFETY: as in `with_engine`.
    unsafe { *PROCESS.0.get() = Some(Engine { book: OrderBook::default(), outlet: Outlet { push, sink } }) };
}

/// Gives all memory back.
#[unsafe(no_mangle)]
pub extern "C" fn engine_shutdown() {
    // SAFETY: as in `with_engine`.
    unsafe { *PROCESS.0.get() = None };
}

/// Nothing waits: every call has done its work when it returns.
#[unsafe(no_mangle)]
pub extern "C" fn engine_flush() {}

/// Takes a new order in.
///
/// # Safety
/// `order` must be valid for the time of the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_on_new_order(order: *const new_order_t) {
    // SAFETY: the caller promises it.
    let order = unsafe { *order };
    with_engine(|Engine { book, outlet }| {
        let report = me_report_t {
            kind: ORDER_ACK,
            side: order.side,
            sequence_number: order.sequence_number,
            order_id: order.order_id,
            price_ticks: order.price_ticks,
            quantity: order.quantity,
            ..me_report_t::default()
        };
        outlet.tell(&report);
        let limit = LimitOrder {
            id: OrderId(order.order_id),
            owner: AgentId::NONE,
            side: side_of(order.side),
            price: order.price_ticks,
            quantity: order.quantity,
            lifetime: if order.ioc == 0 { Lifetime::UntilCancelled } else { Lifetime::ImmediateOrCancel },
        };
        let standing = book.submit(limit, |trade| tell_trade(*outlet, order.sequence_number, &trade));
        if let Ok(OrderStatus::Unfilled { quantity }) = standing {
            outlet.tell(&me_report_t { kind: CANCEL_ACK, quantity, ..report });
        }
    });
}

/// Cancels an order.
///
/// # Safety
/// `cancel` must be valid for the time of the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_on_cancel(cancel: *const cancel_t) {
    // SAFETY: the caller promises it.
    let cancel_t { order_id, sequence_number } = unsafe { *cancel };
    with_engine(|Engine { book, outlet }| {
        let report = me_report_t { sequence_number, order_id, ..me_report_t::default() };
        match book.cancel(OrderId(order_id)) {
            Ok(order) => outlet.tell(&me_report_t {
                kind: CANCEL_ACK,
                side: u8::from(order.side == Side::Sell),
                price_ticks: order.price,
                ..report
            }),
            Err(_) => outlet.tell(&me_report_t { kind: CANCEL_REJECT, ..report }),
        }
    });
}

/// Changes an order.
///
/// # Safety
/// `modify` must be valid for the time of the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_on_modify(modify: *const modify_t) {
    // SAFETY: the caller promises it.
    let modify = unsafe { *modify };
    with_engine(|Engine { book, outlet }| {
        let report = me_report_t {
            sequence_number: modify.sequence_number,
            order_id: modify.order_id,
            ..me_report_t::default()
        };
        let told = |trade: Trade| tell_trade(*outlet, modify.sequence_number, &trade);
        match book.modify(OrderId(modify.order_id), modify.new_price_ticks, modify.new_quantity, told) {
            Ok(_) => outlet.tell(&me_report_t {
                kind: MODIFY_ACK,
                side: modify.side,
                price_ticks: modify.new_price_ticks,
                quantity: modify.new_quantity,
                ..report
            }),
            Err(_) => outlet.tell(&me_report_t { kind: MODIFY_REJECT, ..report }),
        }
    });
}

/// The highest bid, or the smallest number if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn engine_query_best_bid() -> i64 {
    with_engine(|engine| engine.book.best(Side::Buy)).flatten().unwrap_or(i64::MIN)
}

/// The lowest ask, or the largest number if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn engine_query_best_ask() -> i64 {
    with_engine(|engine| engine.book.best(Side::Sell)).flatten().unwrap_or(i64::MAX)
}

/// Units that rest at a price.
#[unsafe(no_mangle)]
pub extern "C" fn engine_query_depth_at(price_ticks: i64, side: u8) -> u64 {
    with_engine(|engine| engine.book.depth_at(side_of(side), price_ticks)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reports as the challenge writes them down: type, sequence number, and what counts for the type.
    type Line = (u8, u64, u8, u64, i64, u32, u64, u64);

    unsafe extern "C" fn push(sink: *mut c_void, report: *const me_report_t) -> c_int {
        // SAFETY: the test below hands in a vector that outlives the engine, and the engine a valid report.
        let (lines, report) = unsafe { (&mut *sink.cast::<Vec<Line>>(), &*report) };
        lines.push((
            report.kind,
            report.sequence_number,
            report.side,
            report.order_id,
            report.price_ticks,
            report.quantity,
            report.maker_order_id,
            report.taker_order_id,
        ));
        1
    }

    /// One test, since there is one engine in a process.
    #[test]
    fn reports_are_those_of_the_interface() {
        let mut lines: Vec<Line> = Vec::new();
        let transport = me_transport_t { create: None, push: Some(push), drain: None, flush: None, destroy: None };
        let order = |sequence_number, order_id, side, quantity, price_ticks, ioc| new_order_t {
            order_id,
            sequence_number,
            price_ticks,
            quantity,
            side,
            ioc,
            reserved: [0; 2],
        };
        assert_eq!(engine_query_best_bid(), i64::MIN);
        // SAFETY: all that is handed in lives until the end of the test.
        unsafe {
            engine_init(7, &raw const transport, (&raw mut lines).cast());
            engine_on_new_order(&order(0, 1, 1, 10, 100, 0));
            engine_on_new_order(&order(1, 2, 1, 10, 99, 0));
            engine_on_new_order(&order(2, 3, 0, 15, 100, 0));
            engine_on_new_order(&order(3, 4, 0, 9, 101, 1));
            engine_on_cancel(&cancel_t { order_id: 1, sequence_number: 4 });
            engine_on_new_order(&order(5, 5, 0, 4, 90, 0));
            engine_on_new_order(&order(6, 6, 1, 4, 95, 0));
            let change = |sequence_number, order_id, new_price_ticks| modify_t {
                order_id,
                sequence_number,
                new_price_ticks,
                new_quantity: 3,
                side: 1,
                reserved: [0; 3],
            };
            engine_on_modify(&change(7, 6, 88));
            engine_on_modify(&change(8, 6, 88));
            assert_eq!((engine_query_best_bid(), engine_query_best_ask()), (90, i64::MAX));
            assert_eq!((engine_query_depth_at(90, 0), engine_query_depth_at(90, 1)), (1, 0));
            engine_on_cancel(&cancel_t { order_id: 5, sequence_number: 9 });
            engine_flush();
            engine_shutdown();
        }
        let trade = |sequence, price, quantity, maker, taker| (TRADE, sequence, 0, 0, price, quantity, maker, taker);
        let wanted = [
            (ORDER_ACK, 0, 1, 1, 100, 10, 0, 0),
            (ORDER_ACK, 1, 1, 2, 99, 10, 0, 0),
            (ORDER_ACK, 2, 0, 3, 100, 15, 0, 0),
            // The better price first, both at the makers' prices.
            trade(2, 99, 10, 2, 3),
            trade(2, 100, 5, 1, 3),
            (ORDER_ACK, 3, 0, 4, 101, 9, 0, 0),
            trade(3, 100, 5, 1, 4),
            // The rest of an immediate order.
            (CANCEL_ACK, 3, 0, 4, 101, 4, 0, 0),
            // Filled orders are gone.
            (CANCEL_REJECT, 4, 0, 1, 0, 0, 0, 0),
            (ORDER_ACK, 5, 0, 5, 90, 4, 0, 0),
            (ORDER_ACK, 6, 1, 6, 95, 4, 0, 0),
            trade(7, 90, 3, 5, 6),
            (MODIFY_ACK, 7, 1, 6, 88, 3, 0, 0),
            (MODIFY_REJECT, 8, 0, 6, 0, 0, 0, 0),
            (CANCEL_ACK, 9, 0, 5, 90, 0, 0, 0),
        ];
        assert_eq!(lines, wanted);
    }
}
