//! From a selector to text.

use bevy::math::Vec2;

use super::KEYWORDS;
use super::lexer::{is_bare, quote};
use crate::agent::Status;
use crate::selector::Selector;

/// The written form of a selector: what [`parse`](super::parse) reads back as the same one.
#[must_use]
pub fn format(selector: &Selector) -> String {
    match selector {
        Selector::All => "all".into(),
        Selector::Fraction(share) => format!("any {}%", per_cent(*share)),
        Selector::Count(count) => format!("any {count}"),
        Selector::Named(name) => format!("group {}", written(name)),
        Selector::WithCapability(pattern) => format!("can {}", written(pattern)),
        Selector::Role(role) => format!("role {}", written(role)),
        Selector::InRegion(name) => format!("region {}", written(name)),
        Selector::Ids(ids) if ids.is_empty() => "none".into(),
        Selector::Ids(ids) => {
            let ids: Vec<String> = ids.iter().map(|id| id.0.to_string()).collect();
            format!("id {}", ids.join(", "))
        }
        Selector::IdRange { first, last } => format!("id {}..{}", first.0, last.0),
        Selector::HasStatus(Status::Active) => "active".into(),
        Selector::HasStatus(Status::Failed) => "failed".into(),
        Selector::HasStatus(Status::Frozen) => "frozen".into(),
        Selector::Compare { quantity, is, value } => format!("{} {} {value}", term(quantity), is.symbol()),
        Selector::Within { center, radius } => format!("within {radius} of {}", point(*center)),
        Selector::Region { center, size } => format!("region {} size {}", point(*center), point(*size)),
        Selector::Inside(corners) => {
            let corners: Vec<String> = corners.iter().map(|corner| point(*corner)).collect();
            format!("inside {}", corners.join(" "))
        }
        Selector::Nearest { to, count } => format!("nearest {count} to {}", point(*to)),
        Selector::And(parts) => joined("and", parts),
        Selector::Or(parts) => joined("or", parts),
        Selector::Not(inner) => format!("not {}", operand(inner)),
    }
}

fn joined(word: &str, parts: &[Selector]) -> String {
    if parts.len() < 2 {
        // There is no place for the word between fewer than two.
        let parts: Vec<String> = parts.iter().map(format).collect();
        return format!("{word}({})", parts.join(", "));
    }
    let parts: Vec<String> = parts.iter().map(operand).collect();
    parts.join(&format!(" {word} "))
}

/// In parentheses if it consists of several.
fn operand(selector: &Selector) -> String {
    let written = format(selector);
    match selector {
        Selector::And(parts) | Selector::Or(parts) if parts.len() > 1 => format!("({written})"),
        _ => written,
    }
}

fn point(point: Vec2) -> String {
    format!("({}, {})", point.x, point.y)
}

pub(super) fn written(name: &str) -> String {
    if is_bare(name) { name.to_owned() } else { quote(name) }
}

/// A name where keywords could stand too.
pub(super) fn term(name: &str) -> String {
    if KEYWORDS.iter().any(|(word, _)| *word == name) { quote(name) } else { written(name) }
}

/// A share in per cent: the shortest decimal number that is read as the same share, its point moved by two places.
fn per_cent(share: f32) -> String {
    let decimal = share.to_string();
    let (sign, decimal) = decimal.strip_prefix('-').map_or(("", decimal.as_str()), |rest| ("-", rest));
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    let fraction = format!("{fraction:0<2}");
    let (hundredths, rest) = fraction.split_at(2);
    let whole = format!("{whole}{hundredths}");
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    if rest.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}
