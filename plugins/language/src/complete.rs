//! What could stand at the caret of a text that may be unfinished: names of fields, choices, truths, and the names that
//! a scene refers to (metrics, paths, groups).

use std::ops::Range;

use crate::path::Step;
use crate::syntax::lexer::{Token, TokenKind, tokens};
use crate::syntax::{Kind, Node};
use crate::types::{FieldDoc, Payload, Shape, ShapeId, Types};

/// What could stand at a place of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    /// The bytes that a completion replaces: what was typed of it so far.
    pub span: Range<usize>,
    /// The completions, best first.
    pub items: Vec<Completion>,
}

/// One of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// What is listed.
    pub label: String,
    /// What is put into the text. The caret lands on the first `|`, which is left out, or behind the text.
    pub insert: String,
    /// Type, unit and range.
    pub detail: String,
    /// What it means.
    pub docs: String,
}

/// What is known about the scene whose text is completed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'k> {
    /// Its values, as they were when the text could be read last.
    pub tree: Option<&'k Node>,
    /// The names of its metrics.
    pub metrics: &'k [String],
}

/// At most so many are offered.
const MOST: usize = 60;
/// Paths to values are looked for down to this depth.
const PATH_DEPTH: usize = 6;

/// A bracket that is open at the caret.
#[derive(Clone, Debug, Default)]
struct Frame {
    bracket: char,
    /// The word before the bracket: a type's or variant's name.
    head: Option<String>,
    /// The field that is being written, once its colon stands there.
    key: Option<String>,
    /// How many commas came before.
    index: usize,
    /// The fields that stand there already.
    keys: Vec<String>,
}

/// What may stand at a place.
enum Expected<'s> {
    /// The name of a field.
    Name(&'s [FieldDoc]),
    /// A value.
    Value(ShapeId, Option<&'s FieldDoc>),
    /// Nothing that is known.
    Unknown,
}

/// What could stand at a byte of the text.
#[must_use]
pub fn complete(types: &Types, text: &str, cursor: usize, known: Known) -> Completions {
    let mut cursor = cursor.min(text.len());
    while !text.is_char_boundary(cursor) {
        cursor -= 1;
    }
    let found = tokens(text);
    let touched = found.iter().position(|token| token.span.start < cursor && cursor <= token.span.end);
    let nothing = Completions { span: cursor..cursor, items: Vec::new() };
    let mut in_text = false;
    let mut span = cursor..cursor;
    let mut before = found.partition_point(|token| token.span.end <= cursor);
    if let Some(at) = touched {
        let token = &found[at];
        match token.kind {
            TokenKind::Comment => return nothing,
            TokenKind::Text => {
                if token.whole && cursor == token.span.end {
                    return nothing;
                }
                in_text = true;
                let end = if token.whole { token.span.end - 1 } else { token.span.end };
                span = token.span.start + 1..end.max(token.span.start + 1);
                before = at;
            }
            TokenKind::Word | TokenKind::Field | TokenKind::Number => {
                span = token.span.clone();
                before = at;
            }
            _ => {}
        }
    }
    let typed = text.get(span.start..cursor).unwrap_or_default().to_owned();
    let mut frames = frames(text, &found[..before]);
    let later = keys_behind(text, &found[before..]);
    if let Some(frame) = frames.last_mut() {
        frame.keys.extend(later.into_iter().filter(|key| *key != text[span.clone()]));
    }
    let mut items = match expected(types, &frames) {
        Expected::Name(fields) if !in_text => {
            let present = frames.last().map_or(&[][..], |frame| &frame.keys);
            names(types, fields, present, text, span.end)
        }
        Expected::Value(shape, field) => values(types, shape, field, known, in_text),
        _ if frames.is_empty() && !in_text => vec![Completion {
            label: "Scene".into(),
            insert: "Scene(|)".into(),
            detail: "the whole file".into(),
            docs: "A scene: agents, what acts on them, what is done to them and what is expected.".into(),
        }],
        _ => Vec::new(),
    };
    rank(&mut items, &typed);
    items.truncate(MOST);
    Completions { span, items }
}

/// The brackets that are open behind these tokens.
fn frames(text: &str, tokens: &[Token]) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    let mut word: Option<String> = None;
    for token in tokens {
        let content = &text[token.span.clone()];
        match token.kind {
            TokenKind::Comment => continue,
            TokenKind::Open => {
                frames.push(Frame {
                    bracket: content.chars().next().unwrap_or('('),
                    head: word.take(),
                    ..Frame::default()
                });
            }
            TokenKind::Close => drop(frames.pop()),
            TokenKind::Comma => {
                if let Some(frame) = frames.last_mut() {
                    frame.key = None;
                    frame.index += 1;
                }
            }
            TokenKind::Colon => {
                if let (Some(frame), Some(word)) = (frames.last_mut(), word.take()) {
                    frame.keys.push(word.clone());
                    frame.key = Some(word);
                }
            }
            TokenKind::Word | TokenKind::Field => {
                word = Some(content.to_owned());
                continue;
            }
            TokenKind::Text => {
                word = Some(content.trim_matches('"').to_owned());
                continue;
            }
            TokenKind::Number | TokenKind::Other => {}
        }
        word = None;
    }
    frames
}

/// The fields that stand in the same brackets behind the caret.
fn keys_behind(text: &str, tokens: &[Token]) -> Vec<String> {
    let mut depth = 0_i64;
    let mut keys = Vec::new();
    for token in tokens {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => {
                depth -= 1;
                if depth < 0 {
                    break;
                }
            }
            TokenKind::Field if depth == 0 => keys.push(text[token.span.clone()].to_owned()),
            _ => {}
        }
    }
    keys
}

/// What may stand inside of these brackets.
fn expected<'s>(types: &'s Types, frames: &[Frame]) -> Expected<'s> {
    let mut shape = types.root;
    let mut field: Option<&FieldDoc> = None;
    for (depth, frame) in frames.iter().enumerate() {
        let last = depth + 1 == frames.len();
        let plain = types.plain(shape);
        if frame.bracket == '(' && frame.head.as_deref() == Some("Some") {
            shape = plain;
            continue;
        }
        let fields: Option<&[FieldDoc]> = match (frame.bracket, types.shape(plain)) {
            ('(', Shape::Record { fields, .. }) => Some(fields),
            ('(', Shape::Choice { variants, .. }) => {
                let variant = variants.iter().find(|variant| Some(variant.name.as_str()) == frame.head.as_deref());
                match variant.map(|variant| &variant.payload) {
                    Some(Payload::Fields(fields)) => Some(fields),
                    Some(Payload::Values(values)) => {
                        let Some(value) = values.get(frame.index).or(match values.as_slice() {
                            [only] => Some(only),
                            _ => None,
                        }) else {
                            return Expected::Unknown;
                        };
                        (shape, field) = (value.shape, Some(value));
                        continue;
                    }
                    _ => return Expected::Unknown,
                }
            }
            ('(', Shape::Tuple(inner)) => match inner.get(frame.index) {
                Some(inner) => {
                    shape = *inner;
                    continue;
                }
                None => return Expected::Unknown,
            },
            // A list keeps its field: `metrics: ["…"]` holds names of metrics.
            ('[', Shape::List(inner)) => {
                shape = *inner;
                continue;
            }
            ('{', Shape::Map(inner)) if frame.key.is_some() => {
                (shape, field) = (*inner, None);
                continue;
            }
            _ => return Expected::Unknown,
        };
        let fields = fields.unwrap_or_default();
        match &frame.key {
            Some(key) => match fields.iter().find(|field| field.name == *key) {
                Some(found) => (shape, field) = (found.shape, Some(found)),
                None => return Expected::Unknown,
            },
            None if last => return Expected::Name(fields),
            None => return Expected::Unknown,
        }
    }
    if frames.is_empty() { Expected::Unknown } else { Expected::Value(shape, field) }
}

fn names(types: &Types, fields: &[FieldDoc], present: &[String], text: &str, end: usize) -> Vec<Completion> {
    let colon_follows = text[end..].trim_start().starts_with(':');
    fields
        .iter()
        .filter(|field| !present.contains(&field.name))
        .map(|field| {
            let value = match types.shape(types.plain(field.shape)) {
                Shape::Text => "\"|\"",
                Shape::List(_) => "[|]",
                Shape::Map(_) => "{|}",
                Shape::Record { .. } | Shape::Point | Shape::Tuple(_) => "(|)",
                _ => "|",
            };
            let insert = if colon_follows { format!("{}|", field.name) } else { format!("{}: {value}", field.name) };
            Completion { label: field.name.clone(), insert, detail: types.detail(field), docs: field.docs.clone() }
        })
        .collect()
}

fn values(types: &Types, shape: ShapeId, field: Option<&FieldDoc>, known: Known, in_text: bool) -> Vec<Completion> {
    let plain = types.plain(shape);
    let about = field.map_or(String::new(), |field| field.docs.clone());
    let detail = field.map_or(String::new(), |field| types.detail(field));
    let word = |word: &str, docs: &str| Completion {
        label: word.into(),
        insert: word.into(),
        detail: String::new(),
        docs: docs.into(),
    };
    let mut items = Vec::new();
    if !in_text && plain != shape {
        items.push(word("None", "Nothing: as if the field were left out."));
    }
    match types.shape(plain) {
        _ if in_text && !matches!(types.shape(plain), Shape::Text | Shape::Free) => {}
        Shape::Truth => items.extend([word("true", &about), word("false", &about)]),
        Shape::Choice { variants, .. } => items.extend(variants.iter().map(|variant| Completion {
            label: variant.name.clone(),
            insert: match &variant.payload {
                Payload::Nothing => variant.name.clone(),
                Payload::Fields(_) | Payload::Values(_) => with_caret(&types.blank_variant(variant)),
            },
            detail: match &variant.payload {
                Payload::Nothing => String::new(),
                Payload::Fields(fields) => {
                    fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(", ")
                }
                Payload::Values(values) => {
                    values.iter().map(|value| types.words(value.shape)).collect::<Vec<_>>().join(", ")
                }
            },
            docs: variant.docs.clone(),
        })),
        Shape::Text => {
            let name = field.map_or("", |field| field.name.as_str());
            items.extend(references(types, name, known).into_iter().map(|(label, docs)| Completion {
                insert: if in_text { label.clone() } else { format!("\"{label}\"") },
                label,
                detail: String::new(),
                docs,
            }));
        }
        Shape::Whole { .. } | Shape::Real { .. } => {
            let default = field.and_then(FieldDoc::plain_default).filter(|default| *default != "None");
            items.extend(default.map(|default| Completion {
                label: default.into(),
                insert: default.into(),
                detail,
                docs: about,
            }));
        }
        Shape::Record { name, docs, .. } => items.push(Completion {
            label: format!("({name})"),
            insert: "(|)".into(),
            detail: name.clone(),
            docs: docs.lines().collect::<Vec<_>>().join(" "),
        }),
        _ => {}
    }
    items
}

/// The caret lands in the parentheses.
fn with_caret(text: &str) -> String {
    match text.rfind(')') {
        Some(at) => format!("{}|{}", &text[..at], &text[at..]),
        None => text.to_owned(),
    }
}

/// The names that a text field may refer to, each with what it is.
fn references(types: &Types, field: &str, known: Known) -> Vec<(String, String)> {
    match field {
        "metric" | "metrics" | "headline" => {
            known.metrics.iter().map(|name| (name.clone(), "A metric of this scene".to_owned())).collect()
        }
        "on" | "events" | "signed_events" => {
            let kinds = known.metrics.iter().filter_map(|name| name.strip_prefix("events."));
            kinds.map(|kind| (kind.to_owned(), "A kind of event of this scene".to_owned())).collect()
        }
        "path" => known.tree.map_or_else(Vec::new, |value| scene_paths(types, value)),
        "" | "agents" | "prey" | "predators" | "group" | "select" | "target" => groups(known),
        _ => Vec::new(),
    }
}

/// The names of the groups of agents.
fn groups(known: Known) -> Vec<(String, String)> {
    let agents = known.tree.and_then(|value| value.step(&Step::Field("agents".into())));
    match agents.map(|agents| &agents.kind) {
        Some(Kind::List(groups)) => groups
            .iter()
            .filter_map(|group| match &group.step(&Step::Field("name".into()))?.kind {
                Kind::Text(name) => Some((name.clone(), "A group of agents".to_owned())),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The paths of all values in the scene's sections that can change while it runs, set or not.
fn scene_paths(types: &Types, value: &Node) -> Vec<(String, String)> {
    let mut out = Vec::new();
    if let Shape::Record { fields, .. } = types.shape(types.root) {
        for field in fields {
            let live = matches!(types.shape(field.shape), Shape::Optional(_));
            if live && let Some(value) = value.step(&Step::Field(field.name.clone())) {
                walk(types, field, Some(value), &field.name, PATH_DEPTH, &mut out);
            }
        }
    }
    out
}

fn walk(
    types: &Types,
    field: &FieldDoc,
    value: Option<&Node>,
    path: &str,
    depth: usize,
    out: &mut Vec<(String, String)>,
) {
    match types.shape(types.plain(field.shape)) {
        Shape::Record { fields, .. } if depth > 0 => {
            for inner in fields {
                let value = value.and_then(|value| value.step(&Step::Field(inner.name.clone())));
                // An optional section that isn't there has no values.
                if value.is_some() || !matches!(types.shape(inner.shape), Shape::Optional(_)) {
                    walk(types, inner, value, &format!("{path}.{}", inner.name), depth - 1, out);
                }
            }
        }
        Shape::List(inner) if depth > 0 => {
            for index in 0..value.map_or(0, Node::len) {
                let value = value.and_then(|value| value.step(&Step::Item(index)));
                let item = FieldDoc { shape: *inner, ..field.clone() };
                walk(types, &item, value, &format!("{path}[{index}]"), depth - 1, out);
            }
        }
        Shape::Whole { .. } | Shape::Real { .. } | Shape::Truth => out.push((path.to_owned(), field.docs.clone())),
        Shape::Choice { variants, .. } if variants.iter().all(|variant| variant.payload == Payload::Nothing) => {
            out.push((path.to_owned(), field.docs.clone()));
        }
        _ => {}
    }
}

/// What begins with what was typed comes first, then what holds it; the rest goes.
fn rank(items: &mut Vec<Completion>, typed: &str) {
    let typed = typed.to_lowercase();
    if typed.is_empty() {
        return;
    }
    let weight = |item: &Completion| {
        let label = item.label.to_lowercase();
        match (label.starts_with(&typed), label.contains(&typed)) {
            (true, _) => Some(0),
            (false, true) => Some(1),
            _ => None,
        }
    };
    items.retain(|item| weight(item).is_some());
    items.sort_by_key(weight);
}
