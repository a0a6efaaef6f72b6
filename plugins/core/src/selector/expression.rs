//! Selectors as people would say them: `group ant and speed > 2 and within 50 of (0, 0)`.
//!
//! Every [`Selector`] has exactly one written form ([`format()`]), and reading it gives the same selector back ([`parse`]).
//!
//! | written | selector |
//! |---|---|
//! | `all`, `none` | `All`, `Ids([])` |
//! | `group ant`, `role worker`, `can database.*` | `Named`, `Role`, `WithCapability` |
//! | `id 3`, `id 3, 5, 8`, `id 3..10` | `Ids`, `IdRange` |
//! | `active`, `failed`, `frozen` | `HasStatus` |
//! | `speed > 2` (also `<`, `<=`, `>=`, `=`, `!=`) | `Compare` |
//! | `within 50 of (0, 0)`, or `within (0, 0) 50` | `Within` |
//! | `region (0, 0) size (100, 60)`, `region europe` | `Region`, `InRegion` |
//! | `inside (0, 0) (9, 0) (9, 9)` | `Inside` |
//! | `nearest 5 to (0, 0)`, or `nearest to (0, 0)` for one | `Nearest` |
//! | `any 33%`, `any 5` | `Fraction`, `Count` |
//! | `a and b`, `a or b`, `not a`, `(a)` | `And`, `Or`, `Not` |
//! | `and(a)`, `or()` | `And` and `Or` of fewer than two |
//!
//! `not` binds more tightly than `and`, and `and` more tightly than `or`. Names with other characters than letters, digits,
//! `_`, `-`, `.`, `*`, `[` and `]`, names that begin with a digit, and quantities that are called like one of these words
//! stand in double quotes. A word that begins with a capital letter and is followed by a parenthesis, or stands alone, is
//! read as a scene's RON: `And([Named("ant"), Fraction(0.5)])`. (So `A < 0` compares the quantity `A`.)

mod complete;
mod lexer;
mod parser;
mod write;

pub use complete::{ExpressionCompletion, ExpressionCompletions, complete};
pub use write::format;

use std::ops::Range;

use bevy::prelude::World;

use super::Selector;
use crate::agent::{AgentGroups, CapabilityRegistry};

/// The words that mean something by themselves, and what they are followed by.
pub(crate) const KEYWORDS: [(&str, &str); 18] = [
    ("all", "all agents"),
    ("none", "nobody"),
    ("group", "the agents of a group: group ant"),
    ("role", "the agents whose group plays a role: role worker"),
    ("can", "the agents with a capability: can database.*"),
    ("id", "agents by number: id 3, 5 or id 3..10"),
    ("active", "the agents in order"),
    ("failed", "the agents that have failed"),
    ("frozen", "the agents that stand still"),
    ("within", "the agents in a circle: within 50 of (0, 0)"),
    ("region", "the agents in a rectangle, region (0, 0) size (100, 60), or of a region by name: region europe"),
    ("inside", "the agents in a polygon: inside (0, 0) (9, 0) (9, 9)"),
    ("nearest", "the agents nearest to a point: nearest 5 to (0, 0)"),
    ("any", "a random choice: any 33% or any 5"),
    ("not", "all but these"),
    ("and", "narrows down"),
    ("or", "adds"),
    ("of", "a circle's centre follows"),
];

/// What is wrong with an expression, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}; {help}")]
pub struct ExpressionError {
    /// The bytes of the text that don't fit; empty at the end of the text if something is missing there.
    pub at: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What would work.
    pub help: String,
}

/// The names that an expression may use in a running simulation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vocabulary {
    /// The names of the groups.
    pub groups: Vec<String>,
    /// The roles that groups play.
    pub roles: Vec<String>,
    /// The regions that groups are at home in.
    pub regions: Vec<String>,
    /// The names of all capabilities.
    pub capabilities: Vec<String>,
    /// The names of the quantities that agents have.
    pub quantities: Vec<String>,
}

impl Vocabulary {
    /// The names that are known in a simulation's world.
    #[must_use]
    pub fn of(world: &World) -> Self {
        let quantities = crate::quantity::list(world).iter().map(|quantity| quantity.name().to_owned()).collect();
        let mut known = Self { quantities, ..Self::default() };
        if let Some(groups) = world.get_resource::<AgentGroups>() {
            known.groups = groups.groups().iter().map(|group| group.name.clone()).collect();
            known.roles =
                groups.groups().iter().map(|group| group.role.clone()).filter(|role| !role.is_empty()).collect();
            known.regions = crate::agent::regions_of_groups(groups.groups());
            known.roles.sort_unstable();
            known.roles.dedup();
        }
        if let Some(registry) = world.get_resource::<CapabilityRegistry>() {
            known.capabilities = registry.names().map(str::to_owned).collect();
            known.capabilities.sort_unstable();
        }
        known
    }
}

/// Reads an expression, whatever names it uses.
///
/// # Errors
/// With the place of the first thing that doesn't fit.
pub fn parse(text: &str) -> Result<Selector, ExpressionError> {
    read(text, None)
}

/// Reads an expression that may use only known names.
///
/// # Errors
/// With the place of the first thing that doesn't fit, or of a name that nothing has.
pub fn parse_among(text: &str, known: &Vocabulary) -> Result<Selector, ExpressionError> {
    read(text, Some(known))
}

fn read(text: &str, known: Option<&Vocabulary>) -> Result<Selector, ExpressionError> {
    if is_ron(text) {
        return read_ron(text);
    }
    parser::Parser::new(text, known)?.whole()
}

/// Whether a text is meant as a scene's RON: a variant alone, or with something in parentheses. An expression can begin
/// with a word in capitals too, the name of a quantity, but a comparison follows it.
fn is_ron(text: &str) -> bool {
    let text = text.trim_start();
    let after = text.trim_start_matches(|letter: char| letter.is_ascii_alphanumeric() || letter == '_').trim_start();
    text.starts_with(|letter: char| letter.is_ascii_uppercase()) && (after.is_empty() || after.starts_with(['(', '/']))
}

fn read_ron(text: &str) -> Result<Selector, ExpressionError> {
    crate::ron_format::from_str(text).map_err(|error| {
        let place = |position: ron::error::Position| {
            let start: usize = text.split_inclusive('\n').take(position.line.saturating_sub(1)).map(str::len).sum();
            let line = &text[start..];
            start + line.char_indices().nth(position.col.saturating_sub(1)).map_or(line.len(), |(at, _)| at)
        };
        let (start, end) = (place(error.span.start), place(error.span.end));
        ExpressionError {
            at: start.min(end)..end.max(start),
            message: error.code.to_string(),
            help: "for example And([Named(\"ant\"), Fraction(0.5)])".into(),
        }
    })
}

impl std::str::FromStr for Selector {
    type Err = ExpressionError;

    fn from_str(text: &str) -> Result<Self, ExpressionError> {
        parse(text)
    }
}

impl std::fmt::Display for Selector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&format(self))
    }
}

#[cfg(test)]
mod tests;
