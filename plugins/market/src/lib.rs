//! Markets for tasks and capabilities: the mechanisms, as pure functions over slices and plain values.
//!
//! Nothing here knows a world or a clock: money is whole minor units, times are what the caller counts in, and chance comes
//! from streams of [`SimRng`](agent2028_core::rng::SimRng) that the caller hands in. So everything repeats bit for bit, and
//! can be used outside of a simulation.
//!
//! | module | what it holds |
//! |---|---|
//! | [`mechanism`] | what all mechanisms have in common, and how much a lie gains under one |
//! | [`auction`] | one item: sealed best score, first price, Vickrey, Dutch, English |
//! | [`combinatorial`] | bundles of items: winner determination and VCG payments |
//! | [`double_auction`] | many buyers and sellers at once: uniform price, McAfee |
//! | [`order_book`] | a continuous double auction with price–time priority |
//! | [`assignment`] | the cheapest assignment of tasks to agents, as yardstick |
//! | [`round`] | who may bid, one bid each, sealed by a commitment and revealed |
//! | [`policy`], [`zero_intelligence`] | how bidders choose their bids |
//! | [`contract_net`] | announcement, bid and award as messages that can be lost |
//! | [`accounts`] | money in double-entry accounts with escrow |
//! | [`listing`], [`pricing`] | what is offered, how much of it is left, what it costs |
//! | [`contract`], [`sla`], [`rating`] | a contract's life, what it promises, what its buyer thinks of it |

pub mod accounts;
pub mod assignment;
pub mod auction;
pub mod combinatorial;
pub mod contract;
pub mod contract_net;
pub mod double_auction;
pub mod listing;
pub mod mechanism;
pub mod order_book;
pub mod policy;
pub mod pricing;
pub mod rating;
pub mod round;
pub mod sla;
pub mod zero_intelligence;
