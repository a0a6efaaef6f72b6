//! How much an agent is to be trusted, from what is known of it alone.

mod beta;
mod classic;
mod evidence;
mod outcome;

pub use beta::{Beta, ln_gamma};
pub use classic::Classic;
pub use evidence::{Bound, Evidence, Fading, wilson};
pub use outcome::Outcome;
