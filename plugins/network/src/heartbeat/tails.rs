//! How unlikely it is that something is so late: upper tails of the normal distribution and of Student's, as φ = −log₁₀ of them, and
//! their inverses.

use std::f64::consts::{FRAC_1_SQRT_2, LN_2, LN_10, TAU};

/// φ of a delay in standard deviations: −log₁₀ of the upper tail of the normal distribution, right to the last digits wherever the
/// tail is a number of double precision, and beyond.
#[must_use]
pub fn normal_phi(late: f64) -> f64 {
    if late < 0.0 {
        return -libm::log1p(-0.5 * libm::erfc(-late * FRAC_1_SQRT_2)) / LN_10;
    }
    if late < 30.0 {
        return -libm::log(0.5 * libm::erfc(late * FRAC_1_SQRT_2)) / LN_10;
    }
    // The asymptotic series of the tail (Abramowitz & Stegun 26.2.12).
    let square = late * late;
    let series = (((105.0 / square - 15.0) / square + 3.0) / square - 1.0) / square;
    (0.5 * square + libm::log(late * TAU.sqrt()) - libm::log1p(series)) / LN_10
}

/// φ of a delay in standard deviations that were estimated: −log₁₀ of the upper tail of Student's t distribution with so many degrees
/// of freedom, which may be a broken number (Student 1908; Abramowitz & Stegun 26.7.1).
#[must_use]
pub fn student_phi(late: f64, degrees: f64) -> f64 {
    let square = late * late / degrees;
    // Twice the tail is the incomplete beta function I(ν/2, 1/2) at ν/(ν + t²). Its fraction converges fast on one side of its mean.
    let ln_twice_tail = if square * (degrees + 2.0) > 3.0 {
        ln_beta_below(0.5 * degrees, 0.5, -libm::log1p(square), libm::log(square / (1.0 + square)))
    } else {
        let within = if square > 0.0 {
            libm::exp(ln_beta_below(0.5, 0.5 * degrees, libm::log(square / (1.0 + square)), -libm::log1p(square)))
        } else {
            0.0
        };
        libm::log1p(-within)
    };
    if late < 0.0 { -libm::log1p(-0.5 * libm::exp(ln_twice_tail)) / LN_10 } else { (LN_2 - ln_twice_tail) / LN_10 }
}

/// The logarithm of the regularised incomplete beta function I(a, b) at x, by the logarithms of x and 1 − x, for x below its mean:
/// the continued fraction of Didonato & Morris (NIST 8.17.22), worked out from its beginning (Lentz 1976).
fn ln_beta_below(a: f64, b: f64, ln_x: f64, ln_rest: f64) -> f64 {
    /// Far more than it takes within the bounds that are used.
    const MOST_TERMS: u32 = 500;
    let x = libm::exp(ln_x);
    let away_from_zero = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let (mut c, mut d) = (1.0, 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = d;
    for term in 1..MOST_TERMS {
        let m = f64::from(term);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for part in [even, odd] {
            d = 1.0 / away_from_zero(1.0 + part * d);
            c = away_from_zero(1.0 + part / c);
            change = c * d;
            fraction *= change;
        }
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    let ln_beta = libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b);
    a * ln_x + b * ln_rest - ln_beta - libm::log(a) + libm::log(fraction)
}

/// The delay that has this φ by a law whose φ grows with the delay.
fn inverse(phi: f64, of: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (-1.0, 1.0);
    while of(high) < phi && high < 1e300 {
        (low, high) = (high, 2.0 * high);
    }
    while of(low) >= phi && low > -1e300 {
        (low, high) = (2.0 * low, low);
    }
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if of(middle) < phi {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// The delay in standard deviations that has this φ: the inverse of [`normal_phi`].
#[must_use]
pub fn normal_delay(phi: f64) -> f64 {
    inverse(phi, normal_phi)
}

/// The delay in estimated standard deviations that has this φ: the inverse of [`student_phi`].
#[must_use]
pub fn student_delay(phi: f64, degrees: f64) -> f64 {
    inverse(phi, |late| student_phi(late, degrees))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phi_is_the_tail_of_the_normal_distribution() {
        // Upper tails of the normal distribution, to fifteen digits from tables.
        let tails = [
            (-3.0, 0.998_650_101_968_370),
            (0.0, 0.5),
            (1.0, 0.158_655_253_931_457),
            (2.0, 0.022_750_131_948_179_2),
            (3.0, 1.349_898_031_630_09e-3),
            (5.0, 2.866_515_718_791_94e-7),
            (6.0, 9.865_876_450_376_98e-10),
            (7.0, 1.279_812_543_885_84e-12),
            (8.0, 6.220_960_574_271_78e-16),
            (10.0, 7.619_853_024_160_53e-24),
            (20.0, 2.753_624_118_606_23e-89),
        ];
        for (late, tail) in tails {
            let found = normal_phi(late);
            assert!((found + f64::log10(tail)).abs() < 1e-12 * found.max(1.0), "{late}: {found}");
        }
        // Where the tail is no number any more: 30 standard deviations are 10^−197.309, and both ways to reckon agree there.
        assert!(
            (normal_phi(30.0) - 197.309_2).abs() < 1e-3 && (normal_phi(30.0) - normal_phi(30.0 - 1e-9)).abs() < 1e-6
        );
        assert!(normal_phi(100.0).is_finite() && normal_phi(100.0) > 2000.0 && normal_phi(-40.0) == 0.0);
        // Quantiles from tables.
        for (phi, delay) in [(1.0, 1.281_551_566), (3.0, 3.090_232_306), (8.0, 5.612_001_244), (12.0, 7.034_483_825)] {
            assert!((normal_delay(phi) - delay).abs() < 1e-8, "{phi}: {}", normal_delay(phi));
        }
    }

    #[test]
    fn phi_of_an_estimated_deviation_is_the_tail_of_student_s_distribution() {
        use std::f64::consts::PI;
        // With one and two degrees of freedom the tails are known in closed form.
        for late in [-30.0, -1.0, -0.1, 0.0, 0.1, 0.9, 1.0, 1.5, 3.0, 1e3, 1e8, 1e30] {
            let one = if late > 0.5 { f64::atan(1.0 / late) / PI } else { 0.5 - f64::atan(late) / PI };
            let root = f64::sqrt(2.0 + late * late);
            let two = if late > 0.0 { 1.0 / (root * (root + late)) } else { 0.5 - 0.5 * late / root };
            for (degrees, tail) in [(1.0, one), (2.0, two)] {
                let found = student_phi(late, degrees);
                assert!((found + f64::log10(tail)).abs() < 1e-11 * found.max(1.0), "{late}, {degrees}: {found}");
            }
        }
        // Critical values from tables: upper tails of 0.1, 0.01 and 0.0005.
        let table = [
            (3.0, [1.637_744, 4.540_703, 12.923_979]),
            (10.0, [1.372_184, 2.763_769, 4.586_894]),
            (30.0, [1.310_415, 2.457_262, 3.645_959]),
            (120.0, [1.288_646, 2.357_825, 3.373_454]),
        ];
        for (degrees, critical) in table {
            for (late, tail) in critical.into_iter().zip([0.1, 0.01, 0.0005]) {
                let found = student_delay(-f64::log10(tail), degrees);
                assert!((found - late).abs() < 2e-6, "{degrees}, {tail}: {found}");
            }
        }
        // Very many degrees of freedom are none to be unsure of, and every delay has its φ back.
        for phi in [0.1, 0.3, 1.0, 8.0, 100.0] {
            assert!((student_delay(phi, 1e9) - normal_delay(phi)).abs() < 1e-4, "{phi}");
            for degrees in [1.0, 4.7, 19_999.0] {
                let delay = student_delay(phi, degrees);
                assert!((student_phi(delay, degrees) - phi).abs() < 1e-9 * phi.max(1.0), "{phi}, {degrees}: {delay}");
            }
        }
    }
}
