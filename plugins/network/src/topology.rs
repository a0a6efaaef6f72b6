//! Topologies: who is linked with whom at the start, as lists of links between places 0 … n − 1.

mod lattice;
mod quality;
mod random;
mod spatial;
#[cfg(test)]
mod tests;

pub use lattice::{grid, ring};
pub use quality::{Quality, QualityLimits, rewire};
pub use random::{barabasi_albert, erdos_renyi, random_regular, watts_strogatz};
pub use spatial::{NearGrid, k_nearest};

use agent2028_core::rng::SimStream;

/// A whole number below `bound` (at least 1), uniform but for one part in 2³².
#[inline]
pub(crate) fn below(stream: &mut SimStream, bound: u32) -> u32 {
    ((u64::from(rand::Rng::next_u32(stream)) * u64::from(bound)) >> 32) as u32
}
