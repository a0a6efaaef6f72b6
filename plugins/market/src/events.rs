//! What markets tell: kinds of events and what they carry.

mod capabilities;
mod exchange;

pub use capabilities::*;
pub use exchange::*;
