//! The allocator of this test binary, which counts.

use agent2028_property_tests::memory::Counting;

pub use agent2028_property_tests::memory::asked_for as memory_asked_for;

#[global_allocator]
static COUNTING: Counting = Counting;
