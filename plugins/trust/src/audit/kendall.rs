//! How alike two rankings are.

/// Kendall's τ-b between two columns of the same length (Kendall 1945), in O(n log n) (Knight 1966): 1 if they rank alike,
/// −1 if in opposite order, about 0 if they have nothing to do with each other. Pairs in which a value isn't a number are
/// left out; nothing if one of the columns has only one value.
#[must_use]
pub fn kendall_tau(one: &[f64], other: &[f64]) -> Option<f64> {
    let mut pairs: Vec<(f64, f64)> =
        one.iter().copied().zip(other.iter().copied()).filter(|(x, y)| !x.is_nan() && !y.is_nan()).collect();
    pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let pairs_of = |count: usize| count as f64 * (count as f64 - 1.0) / 2.0;
    let all = pairs_of(pairs.len());
    let tied = |same: &dyn Fn(usize) -> bool, count: usize| {
        let (mut sum, mut run) = (0.0, 1);
        for at in 1..count {
            if same(at) {
                run += 1;
            } else {
                sum += pairs_of(run);
                run = 1;
            }
        }
        sum + if count > 0 { pairs_of(run) } else { 0.0 }
    };
    let in_one = tied(&|at| pairs[at].0 == pairs[at - 1].0, pairs.len());
    let in_both = tied(&|at| pairs[at] == pairs[at - 1], pairs.len());
    let mut values: Vec<f64> = pairs.iter().map(|pair| pair.1).collect();
    let swaps = sort_counting(&mut values);
    let in_other = tied(&|at| values[at] == values[at - 1], values.len());
    let spread = (all - in_one) * (all - in_other);
    (spread > 0.0).then(|| ((all - in_one - in_other + in_both - 2.0 * swaps as f64) / spread.sqrt()).clamp(-1.0, 1.0))
}

/// Sorts by merging and counts how many pairs were in the wrong order.
fn sort_counting(values: &mut [f64]) -> u64 {
    let mut buffer = values.to_vec();
    let (mut swaps, mut width) = (0, 1);
    while width < values.len() {
        for start in (0..values.len()).step_by(2 * width) {
            let middle = (start + width).min(values.len());
            let end = (start + 2 * width).min(values.len());
            let (mut left, mut right) = (start, middle);
            for place in &mut buffer[start..end] {
                if right >= end || (left < middle && values[left] <= values[right]) {
                    *place = values[left];
                    left += 1;
                } else {
                    *place = values[right];
                    swaps += (middle - left) as u64;
                    right += 1;
                }
            }
        }
        values.copy_from_slice(&buffer);
        width *= 2;
    }
    swaps
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// By looking at every pair.
    fn plain(one: &[f64], other: &[f64]) -> Option<f64> {
        let (mut agree, mut tied_one, mut tied_other, mut all) = (0.0, 0.0, 0.0, 0.0);
        for a in 0..one.len() {
            for b in a + 1..one.len() {
                let (x, y) = (one[a] - one[b], other[a] - other[b]);
                all += 1.0;
                tied_one += f64::from(u8::from(x == 0.0));
                tied_other += f64::from(u8::from(y == 0.0));
                if x != 0.0 && y != 0.0 {
                    agree += if (x > 0.0) == (y > 0.0) { 1.0 } else { -1.0 };
                }
            }
        }
        let spread = (all - tied_one) * (all - tied_other);
        (spread > 0.0).then(|| agree / f64::sqrt(spread))
    }

    #[test]
    fn equal_opposite_and_textbook_rankings() {
        let up = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(kendall_tau(&up, &up), Some(1.0));
        assert_eq!(kendall_tau(&up, &[4.0, 3.0, 2.0, 1.0]), Some(-1.0));
        let textbook = kendall_tau(&[12.0, 2.0, 1.0, 12.0, 2.0], &[1.0, 4.0, 7.0, 1.0, 0.0]).unwrap();
        assert!((textbook + 2.0_f64.sqrt() / 3.0).abs() < 1e-12, "{textbook}");
        assert_eq!(kendall_tau(&up, &[1.0; 4]), None);
        assert_eq!(kendall_tau(&[], &[]), None);
        assert_eq!(kendall_tau(&[1.0, f64::NAN, 2.0], &[1.0, 7.0, 2.0]), Some(1.0));
    }

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn it_agrees_with_counting_pairs(pairs in prop::collection::vec((0_i32..12, 0_i32..12), 0..60)) {
            let one: Vec<f64> = pairs.iter().map(|pair| f64::from(pair.0)).collect();
            let other: Vec<f64> = pairs.iter().map(|pair| f64::from(pair.1)).collect();
            match (kendall_tau(&one, &other), plain(&one, &other)) {
                (Some(fast), Some(slow)) => prop_assert!((fast - slow).abs() < 1e-12, "{fast} is not {slow}"),
                (fast, slow) => prop_assert_eq!(fast, slow),
            }
        }
    }
}
