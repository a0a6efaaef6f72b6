//! What could be written next.

use std::ops::Range;

use super::lexer::{Kind, Token, tokens};
use super::write::{term, written};
use super::{KEYWORDS, Vocabulary, is_ron};
use crate::selector::Comparison;

/// Something that could be written at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpressionCompletion {
    /// What would be written.
    pub text: String,
    /// What it means, in a few words.
    pub means: String,
}

/// What could be written at a place, and what it would replace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpressionCompletions {
    /// The bytes of the text that a completion replaces: the word that has been begun.
    pub replace: Range<usize>,
    /// The choices: those that begin with the word first, then those that contain it.
    pub choices: Vec<ExpressionCompletion>,
}

/// What could be written at byte `cursor` of an expression, so far as it stands before that.
#[must_use]
pub fn complete(text: &str, cursor: usize, known: &Vocabulary) -> ExpressionCompletions {
    let mut cursor = cursor.min(text.len());
    while !text.is_char_boundary(cursor) {
        cursor -= 1;
    }
    let (mut before, problem) = tokens(&text[..cursor]);
    // A word in capitals may become either: as long as it stands alone, it may be the name of a quantity.
    let ron = is_ron(text) && text.contains('(');
    if problem.is_some() || ron {
        return ExpressionCompletions { replace: cursor..cursor, choices: Vec::new() };
    }
    let begun = match before.last() {
        Some(Token { kind: Kind::Word(word), at }) if at.end == cursor => Some((word.clone(), at.clone())),
        _ => None,
    };
    if begun.is_some() {
        before.pop();
    }
    let (word, replace) = begun.unwrap_or((String::new(), cursor..cursor));
    let choices = possible(&before, known);
    let fits = |choice: &ExpressionCompletion| {
        let (text, word) = (choice.text.to_lowercase(), word.to_lowercase());
        // What stands there already is no completion.
        if text == word { None } else { text.find(&word).map(|at| at > 0) }
    };
    let mut fitting: Vec<(bool, ExpressionCompletion)> =
        choices.into_iter().filter_map(|choice| Some((fits(&choice)?, choice))).collect();
    fitting.sort_by_key(|(within, _)| *within);
    ExpressionCompletions { replace, choices: fitting.into_iter().map(|(_, choice)| choice).collect() }
}

fn possible(before: &[Token], known: &Vocabulary) -> Vec<ExpressionCompletion> {
    let names = |names: &[String], means: &str| -> Vec<ExpressionCompletion> {
        names.iter().map(|name| ExpressionCompletion { text: written(name), means: means.to_owned() }).collect()
    };
    let Some(last) = before.last() else {
        return terms(known);
    };
    match &last.kind {
        // Whatever the name is called.
        Kind::Word(_) | Kind::Quoted(_) if follows_name(before) => joins(),
        Kind::Word(word) => match word.as_str() {
            "and" | "or" | "not" => terms(known),
            "group" => names(&known.groups, "group"),
            "role" => names(&known.roles, "role"),
            "region" => names(&known.regions, "region"),
            "can" | "capability" => {
                let mut patterns: Vec<String> = known
                    .capabilities
                    .iter()
                    .filter_map(|name| name.rsplit_once('.').map(|(domain, _)| format!("{domain}.*")))
                    .collect();
                patterns.dedup();
                let mut all = names(&known.capabilities, "capability");
                all.extend(names(&patterns, "capabilities"));
                all
            }
            "within" | "inside" | "nearest" | "id" | "any" | "of" | "to" | "size" => Vec::new(),
            word if is_whole(word) => joins(),
            _ => comparisons(),
        },
        Kind::Quoted(_) => comparisons(),
        Kind::Number(_) | Kind::Sign(")" | "%") => joins(),
        Kind::Sign("(") if opens_group(before) => terms(known),
        Kind::Sign(_) => Vec::new(),
    }
}

/// Whether the last token is the name that a keyword asks for.
fn follows_name(before: &[Token]) -> bool {
    let keyword = before.len().checked_sub(2).map(|at| &before[at].kind);
    matches!(keyword, Some(Kind::Word(word)) if matches!(word.as_str(), "group" | "role" | "region" | "can" | "capability"))
}

fn is_whole(word: &str) -> bool {
    matches!(word, "all" | "none" | "active" | "failed" | "frozen")
}

/// Whether a parenthesis opens a group of selectors and not a point.
fn opens_group(before: &[Token]) -> bool {
    match before.len().checked_sub(2).map(|at| &before[at].kind) {
        None => true,
        Some(Kind::Word(word)) => matches!(word.as_str(), "and" | "or" | "not"),
        Some(Kind::Sign(sign)) => *sign == "(",
        Some(_) => false,
    }
}

fn terms(known: &Vocabulary) -> Vec<ExpressionCompletion> {
    let keywords = KEYWORDS.iter().filter(|(word, _)| !matches!(*word, "and" | "or" | "of"));
    let mut all: Vec<ExpressionCompletion> = keywords
        .map(|(word, means)| ExpressionCompletion { text: (*word).to_owned(), means: (*means).to_owned() })
        .collect();
    all.extend(
        known
            .quantities
            .iter()
            .map(|name| ExpressionCompletion { text: term(name), means: format!("for example {} > 0", term(name)) }),
    );
    all
}

fn joins() -> Vec<ExpressionCompletion> {
    KEYWORDS
        .iter()
        .filter(|(word, _)| matches!(*word, "and" | "or"))
        .map(|(word, means)| ExpressionCompletion { text: (*word).to_owned(), means: (*means).to_owned() })
        .collect()
}

fn comparisons() -> Vec<ExpressionCompletion> {
    let means = |comparison| match comparison {
        Comparison::Below => "less than",
        Comparison::AtMost => "at most",
        Comparison::Equal => "equal to",
        Comparison::Unequal => "not equal to",
        Comparison::AtLeast => "at least",
        Comparison::Above => "more than",
    };
    Comparison::ALL
        .into_iter()
        .map(|comparison| ExpressionCompletion { text: comparison.symbol().into(), means: means(comparison).into() })
        .collect()
}
