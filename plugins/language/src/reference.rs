//! The reference of a language, written from the types: one section for each type, with fields, defaults, units and ranges.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::types::{FieldDoc, Payload, Shape, ShapeId, Types, VariantDoc};

/// The types as Markdown, breadth first, so that a section is near what refers to it.
#[must_use]
pub fn markdown(types: &Types) -> String {
    let mut out = String::new();
    let mut waiting = std::collections::VecDeque::from([types.root]);
    let mut seen: BTreeSet<ShapeId> = BTreeSet::new();
    while let Some(id) = waiting.pop_front() {
        if !seen.insert(id) {
            continue;
        }
        let mut found = Vec::new();
        match types.shape(id) {
            Shape::Record { name, docs, fields } => {
                let _ = writeln!(out, "## {name}\n\n{docs}\n");
                field_table(&mut out, types, fields, &mut found);
            }
            Shape::Choice { name, docs, default, variants } => {
                let _ = writeln!(out, "## {name}\n\n{docs}\n");
                for variant in variants {
                    let mark = if *default == variant.name { " (default)" } else { "" };
                    variant_line(&mut out, types, variant, mark, &mut found);
                }
                out.push('\n');
            }
            _ => {}
        }
        waiting.extend(found);
    }
    out
}

fn variant_line(out: &mut String, types: &Types, variant: &VariantDoc, mark: &str, found: &mut Vec<ShapeId>) {
    let VariantDoc { name, docs, .. } = variant;
    match (&variant.payload, variant.holds) {
        (Payload::Nothing, _) => {
            let _ = writeln!(out, "- `{name}`{mark}: {docs}");
        }
        (Payload::Fields(_), Some(held)) => {
            let _ = writeln!(out, "- `{name}`({}){mark}: {docs}", type_text(types, held, found));
        }
        (Payload::Values(values), _) => {
            let texts: Vec<String> = values
                .iter()
                .map(|value| {
                    let limits = limits_text(value);
                    let comma = if limits.is_empty() { "" } else { ", " };
                    format!("{}{comma}{limits}", type_text(types, value.shape, found))
                })
                .collect();
            let _ = writeln!(out, "- `{name}`({}){mark}: {docs}", texts.join(", "));
        }
        (Payload::Fields(fields), None) => {
            let _ = writeln!(out, "- `{name}(…)`{mark}: {docs}\n");
            field_table(out, types, fields, found);
        }
    }
}

fn field_table(out: &mut String, types: &Types, fields: &[FieldDoc], found: &mut Vec<ShapeId>) {
    out.push_str("| field | type | default | unit, range | meaning |\n|---|---|---|---|---|\n");
    for field in fields {
        let kind = type_text(types, field.shape, found);
        let default = field.default.as_ref().map_or(String::new(), |default| format!("`{default}`"));
        let docs = field.docs.replace('|', "\\|");
        let _ = writeln!(out, "| `{}` | {kind} | {default} | {} | {docs} |", field.name, limits_text(field));
    }
    out.push('\n');
}

/// A unit and a range in words.
fn limits_text(field: &FieldDoc) -> String {
    let unit = field.unit.map(|unit| unit.0.to_owned());
    unit.into_iter().chain(field.range.map(|range| range.to_string())).collect::<Vec<_>>().join(", ")
}

/// A type in words, with a link if it has a section of its own.
fn type_text(types: &Types, id: ShapeId, found: &mut Vec<ShapeId>) -> String {
    match types.shape(id) {
        Shape::Record { name, .. } | Shape::Choice { name, .. } => {
            found.push(id);
            format!("[{name}](#{})", name.to_lowercase())
        }
        Shape::Optional(inner) => format!("{}, optional", type_text(types, *inner, found)),
        Shape::List(inner) => format!("list of {}", type_text(types, *inner, found)),
        Shape::Map(inner) => format!("map from name to {}", type_text(types, *inner, found)),
        Shape::Tuple(inner) => {
            let parts: Vec<String> = inner.iter().map(|inner| type_text(types, *inner, found)).collect();
            format!("({})", parts.join(", "))
        }
        _ => types.words(id),
    }
}
