//! What tests of this crate have in common.

use crate::secret::Secret;
use crate::suite::{KeySeed, PrivateKeys, SuiteId};
use crate::timestamp::Timestamp;

/// A seed from a number.
pub fn seed(number: u8) -> KeySeed {
    Secret::filled_by(|bytes| *bytes = [number; 32])
}

/// The keys of a number in the suite that reproduces.
pub fn keys(number: u8) -> Box<dyn PrivateKeys> {
    SuiteId::HybridFips.suite().unwrap().generate(&seed(number))
}

/// So many seconds after the tests' beginning of time.
pub fn time(seconds: i64) -> Timestamp {
    Timestamp(1_830_297_600_000_000 + seconds * 1_000_000)
}
