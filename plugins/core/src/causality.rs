//! What came before what when everybody has a clock of their own: hybrid logical clocks (Kulkarni et al. 2014) and vector
//! clocks (Fidge 1988, Mattern 1989).
//!
//! Both are plain values that know no world: whoever sends a message takes a stamp with it, whoever receives one hands it to
//! the own clock.
//!
//! | | says | costs |
//! |---|---|---|
//! | [`HybridTime`] | e → f implies hlc(e) < hlc(f), and is near to physical time | 16 bytes |
//! | [`VectorClock`] | e → f exactly if v(e) < v(f): it knows what is concurrent | an entry per agent heard of |

mod hybrid;
#[cfg(test)]
mod known_answers;
mod vector;

pub use hybrid::{HybridClock, HybridTime, TooFarAhead};
pub use vector::VectorClock;
