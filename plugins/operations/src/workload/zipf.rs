//! Zipf's law: how often each of many keys comes.

use agent2028_core::rng::SimStream;

/// Numbers from 1 to `count`, `k` of them as often as `k` to the power of −`exponent` says: drawn exactly and in constant time,
/// however many there are, by rejection-inversion (Hörmann & Derflinger 1996, "Rejection-inversion to generate variates from
/// monotone discrete distributions").
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Zipf {
    count: u32,
    exponent: f32,
    /// The integral of the density from 1 to 3/2, less the first number's weight; and to where it ends.
    low: f64,
    high: f64,
    /// Where a drawn point is so close to its number that it is accepted at once.
    near: f64,
}

impl Zipf {
    /// Of so many numbers (≥ 1), by an exponent above 0.
    pub(super) fn new(count: u32, exponent: f32) -> Self {
        let mut zipf = Self { count: count.max(1), exponent, low: 0.0, high: 0.0, near: 0.0 };
        zipf.low = zipf.integral(1.5) - 1.0;
        zipf.high = zipf.integral(f64::from(zipf.count) + 0.5);
        zipf.near = 2.0 - zipf.inverse(zipf.integral(2.5) - zipf.weight(2.0));
        zipf
    }

    /// Whether it is that of these.
    pub(super) fn fits(&self, count: u32, exponent: f32) -> bool {
        (self.count, self.exponent) == (count.max(1), exponent)
    }

    /// How often a number comes, up to a common factor.
    fn weight(&self, number: f64) -> f64 {
        libm::exp(-f64::from(self.exponent) * libm::log(number))
    }

    /// The integral of the weights from 1 on: (x^(1−s) − 1) ÷ (1 − s), which is ln x at s = 1.
    fn integral(&self, to: f64) -> f64 {
        let (log, power) = (libm::log(to), 1.0 - f64::from(self.exponent));
        let grown = power * log;
        // Near s = 1 the difference would cancel.
        if grown.abs() < 1e-8 { log * (1.0 + grown / 2.0) } else { libm::expm1(grown) / power }
    }

    /// Where the integral is this.
    fn inverse(&self, integral: f64) -> f64 {
        let power = 1.0 - f64::from(self.exponent);
        let grown = (power * integral).max(-1.0);
        libm::exp(if grown.abs() < 1e-8 { integral * (1.0 - grown / 2.0) } else { libm::log1p(grown) / power })
    }

    /// Draws a number.
    pub(super) fn draw(&self, stream: &mut SimStream) -> u32 {
        loop {
            let drawn = self.high + stream.unit_fine() * (self.low - self.high);
            let at = self.inverse(drawn);
            let number = (at + 0.5).floor().clamp(1.0, f64::from(self.count));
            if number - at <= self.near || drawn >= self.integral(number + 0.5) - self.weight(number) {
                return number as u32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::rng::{Purpose, SimRng};

    /// Σ k^−s over 1 to `count`, smallest first.
    fn harmonic(count: u32, exponent: f64) -> f64 {
        (1..=count).rev().map(|k| f64::from(k).powf(-exponent)).sum()
    }

    /// Pearson's χ² against the law, over the first numbers one by one and the others in octaves.
    #[test]
    fn numbers_come_as_often_as_the_law_says() {
        const DRAWS: usize = 200_000;
        for (number, (count, exponent)) in [
            (2_u32, 1.0_f32),
            (10, 0.5),
            (1024, 1.0),
            (1024, 0.999_999_9),
            (1024, 2.0),
            (1024, 4.0),
            (100_000, 0.1),
            (1_000_000, 1.2),
        ]
        .into_iter()
        .enumerate()
        {
            let zipf = Zipf::new(count, exponent);
            let mut stream = SimRng::new(11).global(Purpose::new("zipf"), number as u64);
            let bin = |k: u32| if k <= 16 { k } else { 12 + k.ilog2() };
            let bins = bin(count) as usize + 1;
            let (mut seen, mut wanted) = (vec![0.0; bins], vec![0.0; bins]);
            for _ in 0..DRAWS {
                let k = zipf.draw(&mut stream);
                assert!((1..=count).contains(&k));
                seen[bin(k) as usize] += 1.0;
            }
            let all = harmonic(count, exponent.into());
            (1..=count).rev().for_each(|k| wanted[bin(k) as usize] += f64::from(k).powf(-f64::from(exponent)) / all);
            // What is expected fewer than five times is left to its neighbour.
            let (mut chi, mut degrees, mut left) = (0.0, 0.0, (0.0, 0.0));
            for (seen, wanted) in seen.iter().zip(&wanted).rev() {
                left = (left.0 + seen, left.1 + wanted * DRAWS as f64);
                if left.1 >= 5.0 {
                    chi += (left.0 - left.1) * (left.0 - left.1) / left.1;
                    degrees += 1.0;
                    left = (0.0, 0.0);
                }
            }
            // Mean and standard deviation of χ²; five of them are passed once in a million, by its tail somewhat more often.
            let (mean, deviation) = (degrees - 1.0_f64, (2.0 * (degrees - 1.0_f64)).sqrt());
            assert!(chi <= mean + 6.0 * deviation, "{count} {exponent}: χ² = {chi} for {mean} degrees");
        }
    }

    /// 1 ÷ H(1024) = 0.13319…, by H(n) ≈ ln n + γ + 1 ÷ 2n.
    #[test]
    fn the_first_of_1024_keys_comes_as_often_as_zipf_says() {
        let share = 1.0 / (1024_f64.ln() + 0.577_215_664_9 + 1.0 / 2048.0);
        let zipf = Zipf::new(1024, 1.0);
        let mut stream = SimRng::new(3).global(Purpose::new("zipf"), 0);
        let first = (0..400_000).filter(|_| zipf.draw(&mut stream) == 1).count() as f64 / 4e5;
        // Five standard deviations of a share of 400 000.
        assert!((first - share).abs() < 5.0 * (share * (1.0 - share) / 4e5).sqrt(), "{first} for {share}");
    }

    #[test]
    fn all_of_very_many_numbers_can_come() {
        let zipf = Zipf::new(1_000_000_000, 0.01);
        let mut stream = SimRng::new(3).global(Purpose::new("zipf"), 0);
        let drawn: Vec<u32> = (0..2000).map(|_| zipf.draw(&mut stream)).collect();
        // With 24 random bits, all would be multiples of about 60, up to rounding.
        let last_digits: std::collections::BTreeSet<u32> = drawn.iter().map(|k| k % 60).collect();
        assert_eq!(last_digits.len(), 60);
        assert!(drawn.into_iter().max().unwrap() > 990_000_000);
    }
}
