//! How numbers, times and shares are written: thin spaces between thousands, a true minus sign, units always.

use std::fmt::Write as _;

/// The space between groups of three digits: narrow and never broken over two lines (U+202F, as the SI brochure asks).
pub const THIN_SPACE: char = '\u{202f}';
/// The minus sign (U+2212), as wide as a plus.
const MINUS: &str = "\u{2212}";
/// What stands where no value is known yet.
pub const NOTHING: &str = "–";

/// A whole number with its thousands apart: `1 204 000`.
#[must_use]
pub fn count(number: u64) -> String {
    group(&number.to_string())
}

/// A count and what is counted, in the singular for 1: `1 agent`, `10 000 agents`.
#[must_use]
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// Puts a thin space after every third digit from the right.
fn group(digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3 * THIN_SPACE.len_utf8());
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(THIN_SPACE);
        }
        grouped.push(digit);
    }
    grouped
}

/// A number with exactly `decimals` places, its thousands apart.
#[must_use]
pub fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return if value.is_nan() { "not a number".into() } else { format!("{}∞", sign(value)) };
    }
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let shown_as_zero = text.chars().all(|digit| digit == '0' || digit == '.');
    let mut out = String::new();
    if value < 0.0 && !shown_as_zero {
        out.push_str(MINUS);
    }
    out.push_str(&group(whole));
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

fn sign(value: f64) -> &'static str {
    if value < 0.0 { MINUS } else { "" }
}

/// A measured number with about four significant digits: `0.9312`, `12.35`, `10 000`, `1.2×10⁻⁵`; whole numbers are
/// written whole.
#[must_use]
pub fn number(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() || size == 0.0 {
        return fixed(value, 0);
    }
    if !(1e-3..1e12).contains(&size) {
        return scientific(value);
    }
    if value.fract() == 0.0 || size >= 10_000.0 {
        return fixed(value, 0);
    }
    let decimals = if size >= 1000.0 {
        1
    } else if size >= 100.0 {
        2
    } else if size >= 1.0 {
        3
    } else {
        4
    };
    fixed(value, decimals)
}

/// How many places the numbers of a column have, so that they can be compared at a glance: about four significant digits
/// for the largest of them. None if they can only be written each in its own way.
#[must_use]
pub fn places_of(values: impl IntoIterator<Item = f64>) -> Option<usize> {
    let (mut largest, mut whole) = (0.0_f64, true);
    for value in values.into_iter().filter(|value| value.is_finite()) {
        largest = largest.max(value.abs());
        whole &= value.fract() == 0.0;
    }
    match largest {
        _ if largest >= 1e12 => None,
        _ if whole || largest >= 10_000.0 => Some(0),
        _ if largest >= 1000.0 => Some(1),
        _ if largest >= 100.0 => Some(2),
        _ if largest >= 1.0 => Some(3),
        _ if largest >= 1e-3 => Some(4),
        _ => None,
    }
}

/// A number of a column that has so many places.
#[must_use]
pub fn in_column(value: f64, places: Option<usize>) -> String {
    places.map_or_else(|| number(value), |places| fixed(value, places))
}

fn scientific(value: f64) -> String {
    let text = format!("{:.2e}", value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mut out = format!("{}{mantissa}×10", sign(value));
    for digit in exponent.chars() {
        out.push(match digit {
            '-' => '⁻',
            '0' => '⁰',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            '4' => '⁴',
            '5' => '⁵',
            '6' => '⁶',
            '7' => '⁷',
            '8' => '⁸',
            _ => '⁹',
        });
    }
    out
}

/// A number in a field that can be edited: as many places as the field asks for, more only if the value needs them. The
/// fields read thin spaces and the true minus sign back.
#[must_use]
pub fn edited(value: f64, decimals: std::ops::RangeInclusive<usize>) -> String {
    let (least, most) = (*decimals.start(), (*decimals.end()).min(6));
    let enough = (least..most)
        .find(|places| {
            let unit = 10_f64.powi(-(*places as i32));
            // f32 values come through f64: what lies below seven digits is noise of the conversion.
            ((value / unit).round() * unit - value).abs() <= value.abs() * 1e-6
        })
        .unwrap_or(most.max(least));
    fixed(value, enough)
}

/// A number and its unit, or the number alone if it has none.
#[must_use]
pub fn with_unit(value: f64, unit: &str) -> String {
    unit_behind(number(value), unit)
}

/// A number that is written already and its unit, if it has one.
#[must_use]
pub fn unit_behind(mut text: String, unit: &str) -> String {
    if !unit.is_empty() {
        text.push(THIN_SPACE);
        text.push_str(unit);
    }
    text
}

/// A number of bytes: `512 B`, `1.5 kB`, `12 MB`.
#[must_use]
pub fn bytes(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut unit = "B";
    for larger in ["kB", "MB", "GB", "TB"] {
        if value < 1000.0 {
            break;
        }
        value /= 1000.0;
        unit = larger;
    }
    let places = usize::from(unit != "B" && value < 10.0);
    format!("{}{THIN_SPACE}{unit}", fixed(value, places))
}

/// How long ago something was: `just now`, `5 min ago`, `3 days ago`.
#[must_use]
pub fn ago(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (minutes, hours, days) {
        (0, ..) => "just now".into(),
        (minutes, 0, _) => format!("{minutes}{THIN_SPACE}min ago"),
        (_, hours, 0) => format!("{hours}{THIN_SPACE}h ago"),
        (.., days) => format!("{} ago", counted(days, "day", "days")),
    }
}

/// A share 0–1 in per cent: `33 %`, `0.5 %`.
#[must_use]
pub fn percent(share: f64) -> String {
    let per_cent = share * 100.0;
    let decimals = usize::from(per_cent.abs() < 10.0 && (per_cent - per_cent.round()).abs() > 0.049);
    format!("{}{THIN_SPACE}%", fixed(per_cent, decimals))
}

/// A name of at most `most` letters: of a longer one the middle is left out, as the end often tells agents apart.
#[must_use]
pub fn elided(name: &str, most: usize) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= most {
        return name.to_owned();
    }
    let kept = most.saturating_sub(1);
    let (head, tail) = (kept / 2, kept - kept / 2);
    letters[..head].iter().chain(&['\u{2026}']).chain(&letters[letters.len() - tail..]).collect()
}

/// A share as a person would say it: `a third`, `half`, `all`, else in per cent.
#[must_use]
pub fn share_in_words(share: f64) -> String {
    const WORDS: [(f64, &str); 6] = [
        (0.1, "a tenth"),
        (0.25, "a quarter"),
        (0.333, "a third"),
        (0.5, "half"),
        (0.667, "two thirds"),
        (0.75, "three quarters"),
    ];
    if share >= 1.0 {
        return "all".into();
    }
    WORDS
        .iter()
        .find(|(known, _)| (known - share).abs() < 0.004)
        .map_or_else(|| percent(share), |(_, word)| (*word).to_owned())
}

/// Simulated time since tick 0 as `mm:ss.cc`, with hours and days in front once there are any.
#[must_use]
pub fn clock(seconds: f64) -> String {
    let hundredths = (seconds.max(0.0) * 100.0 + 1e-6) as u64;
    let (rest, hundredth) = (hundredths / 100, hundredths % 100);
    let (minutes, second) = (rest / 60, rest % 60);
    let (hours, minute) = (minutes / 60, minutes % 60);
    let (days, hour) = (hours / 24, hours % 24);
    let mut text = String::new();
    if days > 0 {
        let _ = write!(text, "{} d {hour:02}:", count(days));
    } else if hours > 0 {
        let _ = write!(text, "{hour}:");
    }
    let _ = write!(text, "{minute:02}:{second:02}.{hundredth:02}");
    text
}

/// A wall-clock duration in milliseconds: three digits that matter.
#[must_use]
pub fn milliseconds(ms: f64) -> String {
    let decimals = if ms >= 100.0 {
        0
    } else if ms >= 10.0 {
        1
    } else if ms >= 0.1 || ms <= 0.0 {
        2
    } else {
        3
    };
    format!("{}{THIN_SPACE}ms", fixed(ms, decimals))
}

/// A multiple: `0.1×`, `2×`, `1 000×`.
#[must_use]
pub fn times(factor: f64) -> String {
    let decimals = if factor >= 9.95 || factor.fract() == 0.0 {
        0
    } else if factor >= 0.095 {
        1
    } else {
        2
    };
    format!("{}×", fixed(factor, decimals))
}

/// How many decimal places a value needs so that steps of `step` show.
#[must_use]
pub fn decimals_for_step(step: f64) -> usize {
    (0..6)
        .find(|places| {
            let scaled = step * 10_f64.powi(*places as i32);
            (scaled - scaled.round()).abs() < 1e-6 * scaled.abs().max(1.0)
        })
        .unwrap_or(6)
}

/// `CamelCase` names as words: `AgentFailed` becomes `Agent failed`.
#[must_use]
pub fn words(camel: &str) -> String {
    let mut out = String::with_capacity(camel.len() + 4);
    for (index, letter) in camel.chars().enumerate() {
        if index > 0 && letter.is_uppercase() {
            out.push(' ');
            out.extend(letter.to_lowercase());
        } else {
            out.push(letter);
        }
    }
    out
}

/// `snake_case` and `dotted.paths` as words: `max_speed` becomes `Max speed`.
#[must_use]
pub fn label_of(name: &str) -> String {
    let spaced = name.replace(['_', '.'], " ");
    let mut letters = spaced.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => spaced,
    }
}

/// A cell of a CSV file, in quotes if it has to be.
pub fn csv_cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_a_column_have_one_precision() {
        let column = |values: &[f64]| {
            let places = places_of(values.iter().copied());
            values.iter().map(|value| in_column(*value, places)).collect::<Vec<_>>()
        };
        assert_eq!(column(&[0.5, 2.0, 3.25]), ["0.500", "2.000", "3.250"]);
        assert_eq!(column(&[99.99, 100.0, -1.0]), ["99.99", "100.00", "\u{2212}1.00"]);
        assert_eq!(column(&[3.0, 17.0]), ["3", "17"]);
        assert_eq!(column(&[12_345.6, 0.25]), ["12\u{202f}346", "0"]);
        assert_eq!(column(&[0.0, 0.25]), ["0.0000", "0.2500"]);
        assert_eq!(column(&[1e-9]), [number(1e-9)]);
        assert_eq!(column(&[f64::NAN, 1.5]), ["not a number", "1.500"]);
        assert_eq!(column(&[]), [""; 0]);
    }

    #[test]
    fn thousands_stand_apart_by_a_thin_space() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1204), "1\u{202f}204");
        assert_eq!(count(12_345_678), "12\u{202f}345\u{202f}678");
        assert_eq!(counted(1, "agent", "agents"), "1 agent");
        assert_eq!(counted(10_000, "agent", "agents"), "10\u{202f}000 agents");
    }

    #[test]
    fn numbers_keep_the_digits_that_matter() {
        assert_eq!(number(0.0), "0");
        assert_eq!(number(0.93124), "0.9312");
        assert_eq!(number(12.3456), "12.346");
        assert_eq!(number(-12.5), "\u{2212}12.500");
        assert_eq!(number(1234.56), "1\u{202f}234.6");
        assert_eq!(number(100.0), "100");
        assert_eq!(number(123_456.7), "123\u{202f}457");
        assert_eq!(number(0.000_012), "1.20×10⁻⁵");
        assert_eq!(number(f64::NAN), "not a number");
        assert_eq!(number(f64::NEG_INFINITY), "\u{2212}∞");
        assert_eq!(fixed(-0.001, 2), "0.00");
        assert_eq!(with_unit(3.0, "units/s"), "3\u{202f}units/s");
    }

    #[test]
    fn edited_numbers_show_no_noise() {
        assert_eq!(edited(f64::from(0.1_f32), 0..=6), "0.1");
        assert_eq!(edited(12.0, 0..=6), "12");
        assert_eq!(edited(12.0, 2..=6), "12.00");
        assert_eq!(edited(-1234.5, 0..=6), "\u{2212}1\u{202f}234.5");
    }

    #[test]
    fn shares_and_times_read_like_a_person_says_them() {
        assert_eq!(percent(0.33), "33\u{202f}%");
        assert_eq!(percent(0.005), "0.5\u{202f}%");
        assert_eq!(percent(0.05), "5\u{202f}%");
        assert_eq!(share_in_words(1.0 / 3.0), "a third");
        assert_eq!(share_in_words(0.33), "a third");
        assert_eq!(share_in_words(0.42), "42\u{202f}%");
        assert_eq!(share_in_words(1.0), "all");
        assert_eq!(clock(20.0666), "00:20.06");
        assert_eq!(clock(1204.0 / 60.0), "00:20.06");
        assert_eq!(clock(3661.5), "1:01:01.50");
        assert_eq!(clock(2.0 * 86_400.0), "2 d 00:00:00.00");
        assert_eq!(times(0.4), "0.4×");
        assert_eq!(times(1000.0), "1\u{202f}000×");
        assert_eq!(times(1.96), "2.0×");
        assert_eq!(milliseconds(0.81), "0.81\u{202f}ms");
        assert_eq!(milliseconds(0.012), "0.012\u{202f}ms");
    }

    #[test]
    fn sizes_and_ages_read_like_a_person_says_them() {
        assert_eq!(bytes(512), "512\u{202f}B");
        assert_eq!(bytes(1540), "1.5\u{202f}kB");
        assert_eq!(bytes(12_400_000), "12\u{202f}MB");
        assert_eq!(ago(3), "just now");
        assert_eq!(ago(300), "5\u{202f}min ago");
        assert_eq!(ago(7200), "2\u{202f}h ago");
        assert_eq!(ago(86_400), "1 day ago");
    }

    #[test]
    fn steps_need_as_many_places_as_they_show() {
        assert_eq!(decimals_for_step(1.0), 0);
        assert_eq!(decimals_for_step(0.05), 2);
        assert_eq!(decimals_for_step(2.5), 1);
        assert_eq!(decimals_for_step(0.001), 3);
    }

    #[test]
    fn names_become_words() {
        assert_eq!(words("AgentFailed"), "Agent failed");
        assert_eq!(label_of("max_speed"), "Max speed");
        assert_eq!(label_of(""), "");
    }

    #[test]
    fn long_names_lose_their_middle() {
        assert_eq!(elided("peer-12", 8), "peer-12");
        assert_eq!(elided("a-very-long-name-17891", 10), "a-ve\u{2026}17891");
        assert_eq!((elided("äöüäöü", 3), elided("abc", 0)), ("ä\u{2026}ü".into(), "\u{2026}".into()));
    }
}
