//! Whether what is recorded is so: scores against what agents really did, and raters against each other.

mod kendall;
mod raters;
mod scores;

pub use kendall::kendall_tau;
pub use raters::{Divergence, RaterAudit, Verdict};
pub use scores::{Deviation, ScoreAudit};
