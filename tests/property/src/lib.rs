//! What tests of all crates share. How property tests draw their cases: the same ones in every run and on every machine, so that
//! the gate says the same to everybody (`fuzz/properties.sh` tries others); and what something costs in memory.

pub mod memory;

use proptest::test_runner::{Config, RngSeed};

/// What all cases of the gate are drawn from.
const SEED: u64 = 2028;

/// So many cases, the same ones in every run. proptest itself lets `PROPTEST_CASES` and `PROPTEST_RNG_SEED` go before.
///
/// ```
/// use proptest::prelude::*;
///
/// proptest! {
///     #![proptest_config(agent2028_property_tests::cases(64))]
///
///     fn sums_commute(a in 0..100, b in 0..100) {
///         prop_assert_eq!(a + b, b + a);
///     }
/// }
/// sums_commute();
/// ```
#[must_use]
pub fn cases(number: u32) -> Config {
    Config { cases: number, rng_seed: RngSeed::Fixed(SEED), ..Config::default() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    #[test]
    fn the_same_cases_are_drawn_in_every_run() {
        let drawn = || {
            let mut runner = TestRunner::new(super::cases(1));
            (0..32)
                .map(|_| any::<u64>().new_tree(&mut runner).map(|tree| tree.current()))
                .collect::<Result<Vec<_>, _>>()
        };
        assert_eq!(drawn(), drawn());
    }
}
