//! Who has which experience with whom: a directed graph of evidence, compact enough for 10⁷ edges in memory.

mod arcs;
mod compact;
mod fresh;
mod rows;
mod store;
#[cfg(test)]
mod tests;

pub use arcs::{Arcs, Web};
pub use compact::FAINTEST;
pub use store::{Edge, TrustGraph};
