//! Round numbers along an axis.

/// Round numbers between `from` and `to` (finite, `from < to`), about `count` of them: multiples of 1, 2 or 5 times a power
/// of ten.
#[must_use]
pub fn round_numbers(from: f64, to: f64, count: usize) -> Vec<f64> {
    let step = step(from, to, count);
    let (first, last) = ((from / step).ceil(), (to / step).floor());
    if !(first.is_finite() && last.is_finite()) || last - first > 1000.0 {
        return Vec::new();
    }
    let mut numbers = Vec::new();
    let mut index = first;
    while index <= last {
        // Adding zero makes minus zero plain.
        numbers.push(index * step + 0.0);
        index += 1.0;
    }
    numbers
}

/// The distance of round numbers between `from` and `to`, about `count` of them.
fn step(from: f64, to: f64, count: usize) -> f64 {
    let rough = (to - from) / count.max(1) as f64;
    let power = 10_f64.powi(rough.log10().floor() as i32);
    let times = rough / power;
    power
        * if times < 1.5 {
            1.0
        } else if times < 3.5 {
            2.0
        } else if times < 7.5 {
            5.0
        } else {
            10.0
        }
}

/// How a number of such a row is written: as many decimals as the row needs, thin spaces between thousands, a true minus
/// sign; very large and very small ones with a power of ten.
#[must_use]
pub fn label(number: f64, row: &[f64]) -> String {
    let largest = row.iter().fold(0.0_f64, |largest, number| largest.max(number.abs()));
    let step = row.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
    let step = if step.is_finite() && step > 0.0 { step } else { largest.max(1.0) };
    if largest >= 1e7 || largest < 1e-4 && largest > 0.0 {
        if number == 0.0 {
            return "0".into();
        }
        let decimals = (largest.log10().floor() - step.log10().floor()).clamp(0.0, 6.0) as usize;
        return format!("{number:.decimals$e}").replace('-', "\u{2212}");
    }
    let decimals = (-(step.log10() + 1e-9).floor()).clamp(0.0, 9.0) as usize;
    let text = format!("{:.decimals$}", number.abs());
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) && whole.len() > 3 {
            grouped.push('\u{2009}');
        }
        grouped.push(digit);
    }
    if let Some(rest) = rest {
        grouped.push('.');
        grouped.push_str(rest);
    }
    if number < 0.0 { format!("\u{2212}{grouped}") } else { grouped }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_round_and_within() {
        assert_eq!(round_numbers(0.0, 1.0, 5), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        assert_eq!(round_numbers(3.0, 97.0, 5), [20.0, 40.0, 60.0, 80.0]);
        assert_eq!(round_numbers(-7.0, 7.0, 3), [-5.0, 0.0, 5.0]);
    }

    #[test]
    fn labels_have_the_decimals_of_their_row() {
        let row = round_numbers(0.0, 1.0, 5);
        assert_eq!(
            row.iter().map(|number| label(*number, &row)).collect::<Vec<_>>(),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        let row = round_numbers(-20_000.0, 20_000.0, 4);
        assert_eq!(label(row[0], &row), "\u{2212}20\u{2009}000");
        let row = round_numbers(0.0, 3e9, 3);
        assert_eq!(label(row[1], &row), "1e9");
        let row = round_numbers(0.0, 3e-6, 3);
        assert_eq!(label(row[1], &row), "1e\u{2212}6");
    }
}
