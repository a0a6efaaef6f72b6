//! What makes a choice among many agents cheap: no choice looks at all of them.

mod hash;
mod set;
mod soonest;
mod tree;

pub use hash::{jump, spread};
pub use set::SlotSet;
pub use soonest::Soonest;
pub use tree::{MinTree, NOT_THERE, rank};
