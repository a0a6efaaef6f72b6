//! What markets tell: kinds of events and what they carry.

mod capabilities;
mod exchange;
mod tasks;

pub use capabilities::*;
pub use exchange::*;
pub use tasks::*;
