//! The scene reference, written from the types: `docs/scene-reference.md`.

use std::collections::BTreeSet;
use std::fmt::Write;

use agent2028_core::agent::AgentId;
use agent2028_core::intervention::AnyIntervention;
use agent2028_core::reflect_path::ParamValue;
use agent2028_core::schema::{Member, Range, Unit};
use bevy::math::Vec2;
use bevy::prelude::*;
use bevy::reflect::enums::{VariantInfo, VariantType};
use bevy::reflect::{NamedField, PartialReflect, ReflectRef, TypeInfo, TypeRegistry, Typed};
use std::any::TypeId;

use super::Scene;
use super::conform::field_name;

/// The whole reference as Markdown.
#[must_use]
pub fn markdown() -> String {
    let registry = crate::plugins::all();
    let open = registry.open_types::<Scene>();
    let mut types = TypeRegistry::default();
    types.register::<Scene>();
    registry.register_types(&mut types);
    let mut out = String::from(
        "# Scene reference\n\nEvery field of a scene, with type, default, unit and range. This file is written from the \
         types by `agent2028 scenes reference`; a test keeps it in step.\n\nA scene is one RON file: `Scene(agents: [(name: \
         \"bird\", count: 100)], boids: ())`. Only `agents` must be there. Unknown fields, values of a wrong type or out of \
         range are errors with line and column.\n\n",
    );
    let mut waiting: Vec<&'static TypeInfo> = vec![Scene::type_info()];
    let mut seen: BTreeSet<&'static str> = BTreeSet::new();
    while !waiting.is_empty() {
        let info = waiting.remove(0);
        if !seen.insert(info.type_path_table().path()) {
            continue;
        }
        let mut found = Vec::new();
        match info {
            TypeInfo::Struct(info_struct) => {
                let fields: Vec<&NamedField> = info_struct.iter().collect();
                heading(&mut out, info, info_struct.docs());
                let default = types.get_type_data::<ReflectDefault>(info.type_id()).map(ReflectDefault::default);
                field_table(&mut out, &fields, default.as_deref().map(|value| value.as_partial_reflect()), &mut found);
                member_rows(&mut out, open.fields_of(info.type_id()), &mut found);
            }

            TypeInfo::Enum(info_enum) => {
                heading(&mut out, info, info_enum.docs());
                let default = types.get_type_data::<ReflectDefault>(info.type_id()).map(ReflectDefault::default);
                let default = default.as_deref().and_then(|value| match value.reflect_ref() {
                    ReflectRef::Enum(value) => Some(value.variant_name().to_owned()),
                    _ => None,
                });
                for variant in info_enum.iter() {
                    let mark = if default.as_deref() == Some(variant.name()) { " (default)" } else { "" };
                    let docs = one_line(variant.docs());
                    match variant {
                        VariantInfo::Unit(_) => {
                            let _ = writeln!(out, "- `{}`{mark}: {docs}", variant.name());
                        }
                        VariantInfo::Tuple(tuple) => {
                            let inner: Vec<String> = (0..tuple.field_len())
                                .filter_map(|index| tuple.field_at(index))
                                .filter_map(|field| Some((field, field.type_info()?)))
                                .map(|(field, info)| {
                                    let limits = limits_text(field.get_attribute(), field.get_attribute());
                                    let comma = if limits.is_empty() { "" } else { ", " };
                                    format!("{}{comma}{limits}", type_text(info, &mut found))
                                })
                                .collect();
                            let inner = if inner.is_empty() { "…".into() } else { inner.join(", ") };
                            let _ = writeln!(out, "- `{}`({inner}){mark}: {docs}", variant.name());
                        }
                        VariantInfo::Struct(fields) => {
                            let _ = writeln!(out, "- `{}(…)`{mark}: {docs}\n", variant.name());
                            let fields: Vec<&NamedField> = fields.iter().collect();
                            field_table(&mut out, &fields, None, &mut found);
                        }
                    }
                }
                out.push('\n');
            }
            _ => {
                let Some(choices) = open.choices_of(info.type_id()) else { continue };
                heading(&mut out, info, info.docs());
                for choice in choices {
                    let link = type_text(choice.type_info, &mut found);
                    let _ = writeln!(out, "- `{}`({link}): {}", choice.name, one_line(Some(choice.docs)));
                }
                out.push('\n');
            }
        }
        // Breadth first keeps a section near what refers to it.
        waiting.extend(found);
    }
    out
}

fn heading(out: &mut String, info: &'static TypeInfo, docs: Option<&str>) {
    let _ = writeln!(out, "## {}\n\n{}\n", name_of(info), paragraph(docs));
}

fn name_of(info: &TypeInfo) -> &str {
    let name = info.type_path_table().short_path();
    // What stands for any of several is called what it stands for.
    name.strip_prefix("Any").unwrap_or(name)
}

fn paragraph(docs: Option<&str>) -> String {
    docs.unwrap_or_default().lines().map(str::trim).collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// A documentation comment as one line.
pub(crate) fn one_line(docs: Option<&str>) -> String {
    docs.unwrap_or_default().lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

fn field_table(
    out: &mut String,
    fields: &[&NamedField],
    default: Option<&dyn PartialReflect>,
    found: &mut Vec<&'static TypeInfo>,
) {
    out.push_str("| field | type | default | unit, range | meaning |\n|---|---|---|---|---|\n");
    for field in fields {
        let kind = field.type_info().map_or_else(|| "value".into(), |info| type_text(info, found));
        let value = default.and_then(|default| match default.reflect_ref() {
            ReflectRef::Struct(value) => value.field(field.name()).map(value_text),
            _ => None,
        });
        let limits = limits_text(field.get_attribute(), field.get_attribute());
        let _ = writeln!(
            out,
            "| `{}` | {kind} | {} | {} | {} |",
            field_name(field),
            value.map_or(String::new(), |value| format!("`{value}`")),
            limits,
            one_line(field.docs()).replace('|', "\\|"),
        );
    }
    out.push('\n');
}

/// Rows for the fields that plugins add, in the table before them.
fn member_rows(out: &mut String, members: &[Member], found: &mut Vec<&'static TypeInfo>) {
    if members.is_empty() {
        return;
    }
    // The table ends with an empty line.
    out.pop();
    for member in members {
        let kind = type_text(member.type_info, found);
        let docs = one_line(Some(member.docs)).replace('|', "\\|");
        let _ = writeln!(out, "| `{}` | {kind}, optional | `None` |  | {docs} |", member.name);
    }
    out.push('\n');
}

/// A unit and a range in words.
fn limits_text(unit: Option<&Unit>, range: Option<&Range>) -> String {
    let words = unit.map(|unit| unit.0.to_owned()).into_iter().chain(range.map(Range::to_string));
    words.collect::<Vec<_>>().join(", ")
}

/// A type in words, with a link if it has a section of its own.
fn type_text(info: &'static TypeInfo, found: &mut Vec<&'static TypeInfo>) -> String {
    let id = info.type_id();
    if id == TypeId::of::<Vec2>() {
        return "(x, y)".into();
    }
    if id == TypeId::of::<AgentId>() {
        return "agent id".into();
    }
    if id == TypeId::of::<ParamValue>() {
        return "number, true, false or text".into();
    }
    if id == TypeId::of::<AnyIntervention>() {
        found.push(info);
        return "[Intervention](#intervention)".into();
    }
    if id == TypeId::of::<String>() {
        return "text".into();
    }
    if id == TypeId::of::<bool>() {
        return "true or false".into();
    }
    match info {
        TypeInfo::Enum(option) if name_of(info).starts_with("Option<") => match option.variant("Some") {
            Some(VariantInfo::Tuple(some)) => some
                .field_at(0)
                .and_then(|field| field.type_info())
                .map_or_else(|| "value".into(), |inner| format!("{}, optional", type_text(inner, found))),
            _ => "value".into(),
        },
        TypeInfo::Struct(_) | TypeInfo::Enum(_) => {
            found.push(info);
            let name = name_of(info);
            format!("[{name}](#{})", name.to_lowercase())
        }
        TypeInfo::TupleStruct(tuple) if tuple.field_len() == 1 => tuple
            .field_at(0)
            .and_then(|field| field.type_info())
            .map_or_else(|| "value".into(), |inner| type_text(inner, found)),
        TypeInfo::List(list) => {
            format!("list of {}", list.item_info().map_or_else(|| "values".into(), |inner| type_text(inner, found)))
        }
        TypeInfo::Map(map) => {
            format!(
                "map from name to {}",
                map.value_info().map_or_else(|| "values".into(), |inner| type_text(inner, found))
            )
        }
        TypeInfo::Tuple(tuple) => {
            let parts: Vec<String> =
                tuple.iter().filter_map(|field| field.type_info()).map(|inner| type_text(inner, found)).collect();
            format!("({})", parts.join(", "))
        }
        _ => match name_of(info) {
            "f32" | "f64" => "number".into(),
            "u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64" => "whole number".into(),
            other => other.into(),
        },
    }
}

/// A default value as it would stand in a scene; what is long is shortened.
pub(crate) fn value_text(value: &dyn PartialReflect) -> String {
    if let Some(point) = value.try_downcast_ref::<Vec2>() {
        return format!("({}, {})", point.x, point.y);
    }
    if let Some(intervention) = value.try_downcast_ref::<AnyIntervention>() {
        return format!("{}(…)", intervention.name());
    }
    if let Some(text) = value.try_downcast_ref::<String>() {
        return format!("\"{text}\"");
    }
    match value.reflect_ref() {
        ReflectRef::Struct(_) => "(…)".into(),
        ReflectRef::List(list) if list.is_empty() => "[]".into(),
        ReflectRef::List(_) => "[…]".into(),
        ReflectRef::Map(map) if map.is_empty() => "{}".into(),
        ReflectRef::Enum(value) => match (value.variant_name(), value.variant_type()) {
            ("Some", _) => value.field_at(0).map_or_else(|| "None".into(), value_text),
            (name, VariantType::Unit) => name.into(),
            (name, VariantType::Tuple) => {
                format!("{name}({})", value.field_at(0).map_or_else(String::new, value_text))
            }
            (name, VariantType::Struct) => format!("{name}(…)"),
        },
        _ => format!("{value:?}"),
    }
}
