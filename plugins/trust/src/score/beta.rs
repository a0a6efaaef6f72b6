//! The Beta distribution: its cumulative distribution function and its quantiles, with the same bits on every machine.

use libm::{exp, log, log1p};

/// Digits beyond this are of no use: a trust of nine digits is more than enough.
const PRECISION: f64 = 1e-15;
/// The continued fraction needs about the square root of its larger parameter; more than this is never needed within the
/// evidence that is kept.
const MOST_TERMS: u32 = 100_000;

/// Coefficients of the approximation of the gamma function (Lanczos 1964) with g = 7 and nine terms.
const LANCZOS: [f64; 9] = [
    0.999_999_999_999_809_9,
    676.520_368_121_885_1,
    -1_259.139_216_722_402_8,
    771.323_428_777_653_1,
    -176.615_029_162_140_6,
    12.507_343_278_686_905,
    -0.138_571_095_265_720_12,
    9.984_369_578_019_572e-6,
    1.505_632_735_149_311_6e-7,
];

/// The natural logarithm of the gamma function at `x` > 0.
#[must_use]
pub fn ln_gamma(x: f64) -> f64 {
    if x < 0.5 {
        // Γ(x)·x = Γ(x + 1).
        return ln_gamma(x + 1.0) - log(x);
    }
    let x = x - 1.0;
    let sum =
        LANCZOS[0] + (1_u32..).zip(&LANCZOS[1..]).map(|(term, weight)| weight / (x + f64::from(term))).sum::<f64>();
    let t = x + 7.5;
    0.5 * log(std::f64::consts::TAU) + (x + 0.5) * log(t) - t + log(sum)
}

/// A Beta distribution with parameters above 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beta {
    a: f64,
    b: f64,
    /// The logarithm of 1 over the beta function.
    ln_norm: f64,
}

impl Beta {
    /// The distribution with these parameters; what isn't above 0 counts as the smallest number that is.
    #[must_use]
    pub fn new(a: f64, b: f64) -> Self {
        let (a, b) = (a.max(f64::MIN_POSITIVE), b.max(f64::MIN_POSITIVE));
        Self { a, b, ln_norm: ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) }
    }

    /// Its mean.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.a / (self.a + self.b)
    }

    fn density(&self, x: f64) -> f64 {
        exp((self.a - 1.0) * log(x) + (self.b - 1.0) * log1p(-x) + self.ln_norm)
    }

    /// The probability of at most `x`: the regularised incomplete beta function.
    #[must_use]
    pub fn at_most(&self, x: f64) -> f64 {
        if x <= 0.0 {
            return 0.0;
        }
        if x >= 1.0 {
            return 1.0;
        }
        let front = exp(self.a * log(x) + self.b * log1p(-x) + self.ln_norm);
        // The fraction converges fast on one side of the mean; the other one mirrors it.
        let share = if x < (self.a + 1.0) / (self.a + self.b + 2.0) {
            front * fraction(self.a, self.b, x) / self.a
        } else {
            1.0 - front * fraction(self.b, self.a, 1.0 - x) / self.b
        };
        share.clamp(0.0, 1.0)
    }

    /// The value that is undercut with probability `p`: by Newton's method, kept within an interval that is halved wherever
    /// it would leave it.
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        if p <= 0.0 {
            return 0.0;
        }
        if p >= 1.0 {
            return 1.0;
        }
        let (mut low, mut high) = (0.0_f64, 1.0_f64);
        let sum = self.a + self.b;
        let deviation = (self.mean() * (1.0 - self.mean()) / (sum + 1.0)).sqrt();
        let mut x = if p < 0.5 { self.mean() - 2.0 * deviation } else { self.mean() + 2.0 * deviation };
        if !(x > 0.0 && x < 1.0) {
            x = 0.5 * if p < 0.5 { self.mean() } else { 1.0 + self.mean() };
        }
        for _ in 0..300 {
            let error = self.at_most(x) - p;
            if error > 0.0 {
                high = x;
            } else {
                low = x;
            }
            let step = error / self.density(x);
            let next = x - step;
            let next = if next > low && next < high { next } else { 0.5 * (low + high) };
            if (next - x).abs() <= 1e-12 * x || high - low <= PRECISION * high {
                return next;
            }
            x = next;
        }
        x
    }
}

/// The continued fraction of the incomplete beta function (DLMF 8.17.22) by the modified method of Lentz (1976).
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut value = d;
    for term in 1..MOST_TERMS {
        let m = f64::from(term);
        for coefficient in [
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        ] {
            d = 1.0 / away_from_zero(1.0 + coefficient * d);
            c = away_from_zero(1.0 + coefficient / c);
            value *= c * d;
        }
        if (c * d - 1.0).abs() < PRECISION {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(one: f64, other: f64, within: f64) {
        assert!((one - other).abs() <= within, "{one} is not {other}");
    }

    #[test]
    fn the_gamma_function_gives_factorials_and_roots_of_pi() {
        let mut factorial = 1.0_f64;
        for n in 1..20 {
            near(exp(ln_gamma(f64::from(n))) / factorial, 1.0, 1e-12);
            factorial *= f64::from(n);
        }
        near(exp(ln_gamma(0.5)), std::f64::consts::PI.sqrt(), 1e-12);
        near(exp(ln_gamma(0.25)), 3.625_609_908_221_908, 1e-11);
    }

    #[test]
    fn simple_distributions_have_their_closed_forms() {
        for x in [0.0, 0.01, 0.3, 0.5, 0.77, 0.999, 1.0_f64] {
            near(Beta::new(1.0, 1.0).at_most(x), x, 1e-14);
            near(Beta::new(2.0, 1.0).at_most(x), x * x, 1e-14);
            near(Beta::new(1.0, 3.0).at_most(x), 1.0 - (1.0 - x) * (1.0 - x) * (1.0 - x), 1e-14);
            near(Beta::new(2.0, 2.0).at_most(x), x * x * (3.0 - 2.0 * x), 1e-14);
        }
        near(Beta::new(0.5, 0.5).at_most(0.25), 1.0 / 3.0, 1e-12);
    }

    /// The probability of at least 7 of 12 at 0.4 is a sum of binomial terms.
    #[test]
    fn whole_parameters_give_binomial_sums() {
        let (n, k, p) = (12_u32, 7_u32, 0.4_f64);
        let mut sum = 0.0;
        for i in k..=n {
            let ways: f64 = (0..i).map(|j| f64::from(n - j) / f64::from(j + 1)).product();
            let chance = (0..i).fold(ways, |product, _| product * p);
            sum += (i..n).fold(chance, |product, _| product * (1.0 - p));
        }
        near(Beta::new(f64::from(k), f64::from(n - k + 1)).at_most(p), sum, 1e-13);
    }

    #[test]
    fn quantiles_undo_probabilities_also_far_out() {
        for (a, b) in [(1.0, 1.0), (10.0, 2.0), (0.3, 4.0), (1.0, 500.0), (400.0, 30.0), (1e5, 3.0), (3e4, 3e4)] {
            let beta = Beta::new(a, b);
            for p in [1e-6, 0.025, 0.3, 0.5, 0.9, 0.975] {
                near(beta.at_most(beta.quantile(p)) / p, 1.0, 1e-6);
            }
        }
        near(Beta::new(1.0, 1.0).quantile(0.025), 0.025, 1e-12);
        assert_eq!((Beta::new(2.0, 3.0).quantile(0.0), Beta::new(2.0, 3.0).quantile(1.0)), (0.0, 1.0));
    }
}
