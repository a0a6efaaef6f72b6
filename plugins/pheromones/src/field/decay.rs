//! How marks fade.

use bevy::reflect::{Reflect, std_traits::ReflectDefault};
use serde::{Deserialize, Serialize};

/// The rule by which a layer fades.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum DecayRule {
    /// One factor e^(−λ·dt) per tick: after time t exactly e^(−λt) is left, whatever the length of a tick.
    #[default]
    Exact,
    /// The classic rule: every tick multiplies a cell by e^(−λ·age), its age in seconds since the last deposit, although
    /// the ticks before have applied their factors already. After n calls e^(−λ·n(n+1)/2) is left (ages counted in
    /// calls): 0.004 instead of 0.37 for λ = 0.1 and n = 10. It is no exponential, it has no half-life, and it fades
    /// faster the shorter the ticks are. Here to reproduce a known behaviour; it also costs a second pass.
    Classic,
}

/// e^(−x) for x ≥ 0 in double precision, with the same bits on every platform.
///
/// A layer's scale is a product of a factor per tick; single precision would be off by 10⁻³ after 10⁴ ticks. Only
/// correctly rounded operations are used: the argument is halved until it is below 2⁻⁴, a Taylor series of 12 terms is
/// exact to the last place there, and the result is squared back.
#[must_use]
pub fn decay_factor(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return 1.0;
    }
    if x > 700.0 {
        return 0.0;
    }
    let mut halvings = 0;
    let mut small = x;
    while small > 0.0625 {
        small *= 0.5;
        halvings += 1;
    }
    let mut term = 1.0;
    let mut sum = 1.0;
    for order in 1..=12 {
        term *= -small / f64::from(order);
        sum += term;
    }
    for _ in 0..halvings {
        sum *= sum;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_is_the_exponential_to_thirteen_digits() {
        for (x, exact) in [
            (0.0, 1.0),
            (1.0, 0.367_879_441_171_442_33),
            (std::f64::consts::LN_2, 0.5),
            (10.0, 4.539_992_976_248_485e-5),
            (0.001, 0.999_000_499_833_375),
        ] {
            assert!((decay_factor(x) / exact - 1.0).abs() < 1e-13, "e^-{x}");
        }
        assert_eq!((decay_factor(f64::NAN), decay_factor(1e9)), (1.0, 0.0));
    }

    #[test]
    fn the_classic_rule_leaves_0_004_where_0_37_would_be_right() {
        let classic: f64 = (1..=10).map(|call| decay_factor(0.1 * f64::from(call))).product();
        let exact: f64 = (1..=10).map(|_| decay_factor(0.1)).product();
        assert!((classic - 0.004_086_77).abs() < 1e-7, "{classic}");
        assert!((exact - 0.367_879).abs() < 1e-6, "{exact}");
    }
}
