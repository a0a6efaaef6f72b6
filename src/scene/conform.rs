//! Whether a syntax tree has the shape of a type: field names, types, ranges, all problems at once.
//!
//! The types tell their shape through reflection, so a field that is added to any section is checked, documented and
//! offered by the inspector without another line.

use std::any::TypeId;

use agent2028_core::agent::AgentId;
use agent2028_core::reflect_path::ParamValue;
use agent2028_core::schema::{Member, OpenTypes, Range, Unit, suggest};
use agent2028_core::selector::Selector;
use bevy::math::Vec2;
use bevy::reflect::enums::{EnumInfo, VariantInfo};
use bevy::reflect::{NamedField, TypeInfo, Typed};

use super::syntax::{Fault, Kind, Name, Node, Place, parse_number};

/// The limits that a field's attributes set for the numbers in it.
#[derive(Clone, Copy, Default)]
struct Limits {
    range: Option<Range>,
    unit: Option<Unit>,
}

impl Limits {
    fn of(field: &NamedField) -> Self {
        Self { range: field.get_attribute::<Range>().copied(), unit: field.get_attribute::<Unit>().copied() }
    }
}

/// What a check of a tree brings to light.
#[derive(Debug, Default)]
pub struct Findings {
    /// What doesn't fit.
    pub misfits: Vec<Fault>,
    /// Where structs carry their type's name, which RON allows and doesn't need.
    pub type_names: Vec<Place>,
    open: OpenTypes,
}

impl Findings {
    fn push(&mut self, misfit: Fault) {
        self.misfits.push(misfit);
    }
}

/// Checks a tree against the type `T` and what is added to types.
#[must_use]
pub fn conform<T: Typed>(node: &Node, open: &OpenTypes) -> Findings {
    let mut findings = Findings { open: open.clone(), ..Findings::default() };
    check(node, T::type_info(), Limits::default(), &mut findings);
    findings
}

/// A field's name as it stands in a scene.
#[must_use]
pub fn field_name(field: &NamedField) -> &str {
    field.name().strip_prefix("r#").unwrap_or(field.name())
}

fn misfit(place: &Place, message: impl Into<String>, help: impl Into<String>) -> Fault {
    Fault { place: place.clone(), message: message.into(), help: help.into() }
}

fn wrong(node: &Node, expected: &str, example: &str, findings: &mut Findings) {
    findings.push(misfit(&node.place, format!("expected {expected}, found {}", node.describe()), example));
}

fn check(node: &Node, info: &'static TypeInfo, limits: Limits, findings: &mut Findings) {
    let id = info.type_id();
    if id == TypeId::of::<Vec2>() {
        return check_point(node, findings);
    }
    if id == TypeId::of::<ParamValue>() {
        return check_param_value(node, findings);
    }
    if id == TypeId::of::<AgentId>() {
        return check_number(node, Some((0.0, f64::from(u32::MAX))), limits, findings);
    }
    if let Some(choices) = findings.open.choices_of(id).map(<[Member]>::to_vec) {
        return check_open_choice(node, &choices, findings);
    }
    match info {
        TypeInfo::Struct(info) => {
            let members = findings.open.fields_of(id).to_vec();
            let fields: Vec<&NamedField> = (0..info.field_len()).filter_map(|index| info.field_at(index)).collect();
            match &node.kind {
                Kind::Struct(name, given) => {
                    check_type_name(name.as_ref(), info.type_path_table().short_path(), findings);
                    check_fields(given, &fields, &members, findings);
                }
                Kind::Tuple(name, items) if items.is_empty() => {
                    check_type_name(name.as_ref(), info.type_path_table().short_path(), findings);
                }
                _ => wrong(node, "fields in parentheses", &example_of(&fields), findings),
            }
        }
        TypeInfo::TupleStruct(info) if info.field_len() == 1 => {
            if let Some(inner) = info.field_at(0).and_then(|field| field.type_info()) {
                check(node, inner, limits, findings);
            }
        }
        TypeInfo::Tuple(info) => match &node.kind {
            Kind::Tuple(None, items) if items.len() == info.field_len() => {
                for (index, item) in items.iter().enumerate() {
                    if let Some(inner) = info.field_at(index).and_then(|field| field.type_info()) {
                        check(item, inner, limits, findings);
                    }
                }
            }
            _ => wrong(node, &format!("{} values in parentheses", info.field_len()), "for example (0, 100)", findings),
        },
        TypeInfo::Enum(info) if info.type_path_table().short_path().starts_with("Option<") => {
            check_option(node, info, limits, findings);
        }
        TypeInfo::Enum(info) => check_enum(node, info, id, findings),
        TypeInfo::List(info) => match (&node.kind, info.item_info()) {
            (Kind::List(items), Some(inner)) => items.iter().for_each(|item| check(item, inner, limits, findings)),
            (Kind::List(_), None) => {}
            _ => wrong(node, "a list", "write the values in square brackets: [a, b]", findings),
        },
        TypeInfo::Map(info) => match (&node.kind, info.value_info()) {
            (Kind::Map(entries), inner) => {
                for (key, value) in entries {
                    if !matches!(key.kind, Kind::Text(_)) {
                        wrong(key, "a name in quotes", "for example {\"separation\": (…)}", findings);
                    }
                    if let Some(inner) = inner {
                        check(value, inner, limits, findings);
                    }
                }
            }
            _ => wrong(node, "a map", "write the entries in braces: {\"name\": (…)}", findings),
        },
        _ => check_plain(node, id, limits, findings),
    }
}

fn check_type_name(name: Option<&Name>, expected: &str, findings: &mut Findings) {
    match name {
        Some(name) if name.text == expected => findings.type_names.push(name.place.clone()),
        Some(name) => findings.push(misfit(
            &name.place,
            format!("expected {expected}(…), found {}(…)", name.text),
            format!("write {expected}(…) or leave the name out"),
        )),
        None => {}
    }
}

fn example_of(fields: &[&NamedField]) -> String {
    let names: Vec<&str> = fields.iter().take(4).map(|field| field_name(field)).collect();
    format!("write (name: value, …); the fields are {}{}", names.join(", "), if fields.len() > 4 { ", …" } else { "" })
}

fn check_fields(given: &[(Name, Node)], fields: &[&NamedField], members: &[Member], findings: &mut Findings) {
    for (name, node) in given {
        let own = fields.iter().find(|field| field_name(field) == name.text);
        let member = members.iter().find(|member| member.name == name.text);
        match (own, member) {
            (Some(field), _) => {
                if let Some(info) = field.type_info() {
                    check(node, info, Limits::of(field), findings);
                }
            }
            (None, Some(member)) => match &node.kind {
                Kind::Word(word) if word == "None" => {}
                Kind::Tuple(Some(name), items) if name.text == "Some" && items.len() == 1 => {
                    check(&items[0], member.type_info, Limits::default(), findings);
                }
                _ => check(node, member.type_info, Limits::default(), findings),
            },
            (None, None) => {
                let names =
                    fields.iter().map(|field| field_name(field)).chain(members.iter().map(|member| member.name));
                let names: Vec<&str> = names.collect();
                findings.push(misfit(
                    &name.place,
                    format!("there is no field \"{}\" here", name.text),
                    suggest(&name.text, names, "field"),
                ));
            }
        }
    }
}

/// Checks `Name(fields)` where plugins add the names.
fn check_open_choice(node: &Node, choices: &[Member], findings: &mut Findings) {
    let (Kind::Struct(Some(name), _) | Kind::Tuple(Some(name), _)) = &node.kind else {
        let (expected, example) = match &node.kind {
            Kind::Word(word) if choices.iter().any(|choice| choice.name == word) => {
                (format!("{word}(…) with a value in parentheses"), format!("for example {word}()"))
            }
            Kind::Word(word) => {
                let message = format!("\"{word}\" is not a choice here");
                let help = suggest(word, choices.iter().map(|choice| choice.name), "choice");
                return findings.push(misfit(&node.place, message, help));
            }
            _ => {
                let names: Vec<&str> = choices.iter().map(|choice| choice.name).collect();
                ("one of several choices".to_owned(), format!("one of: {}", names.join(", ")))
            }
        };
        return wrong(node, &expected, &example, findings);
    };
    let Some(choice) = choices.iter().find(|choice| choice.name == name.text) else {
        let message = format!("\"{}\" is not a choice here", name.text);
        let help = suggest(&name.text, choices.iter().map(|choice| choice.name), "choice");
        return findings.push(misfit(&name.place, message, help));
    };
    // `Kill(select: All)` stands for `Kill((select: All))`; a bare `Kill()` for one with all defaults.
    match &node.kind {
        Kind::Tuple(_, items) if items.len() == 1 => {
            check(&items[0], choice.type_info, Limits::default(), findings);
        }
        _ => {
            let mut unwrapped = node.clone();
            if let Kind::Struct(name, _) | Kind::Tuple(name, _) = &mut unwrapped.kind {
                *name = None;
            }
            check(&unwrapped, choice.type_info, Limits::default(), findings);
        }
    }
}

fn check_option(node: &Node, info: &'static EnumInfo, limits: Limits, findings: &mut Findings) {
    let inner = match info.variant("Some") {
        Some(VariantInfo::Tuple(some)) => some.field_at(0).and_then(|field| field.type_info()),
        _ => None,
    };
    match (&node.kind, inner) {
        (Kind::Word(word), _) if word == "None" => {}
        (Kind::Tuple(Some(name), items), Some(inner)) if name.text == "Some" && items.len() == 1 => {
            check(&items[0], inner, limits, findings);
        }
        (_, Some(inner)) => check(node, inner, limits, findings),
        _ => {}
    }
}

fn check_enum(node: &Node, info: &'static EnumInfo, id: TypeId, findings: &mut Findings) {
    let (name, place) = match &node.kind {
        Kind::Word(word) => (word.as_str(), &node.place),
        Kind::Struct(Some(name), _) | Kind::Tuple(Some(name), _) => (name.text.as_str(), &name.place),
        _ => {
            let names = info.variant_names().join(", ");
            return wrong(node, "one of several choices", &format!("one of: {names}"), findings);
        }
    };
    let Some(variant) = info.variant(name) else {
        findings.push(misfit(
            place,
            format!("\"{name}\" is not a choice here"),
            suggest(name, info.variant_names().iter().copied(), "choice"),
        ));
        return;
    };
    if id == TypeId::of::<Selector>() && check_selector(node, name, findings) {
        return;
    }
    match (variant, &node.kind) {
        (VariantInfo::Unit(_), Kind::Word(_)) => {}
        (VariantInfo::Unit(_), _) => wrong(node, &format!("just {name}"), "this choice takes no values", findings),
        (VariantInfo::Struct(variant), Kind::Struct(_, given)) => {
            let fields: Vec<&NamedField> = variant.iter().collect();
            check_fields(given, &fields, &[], findings);
            for field in fields {
                if !given.iter().any(|(name, _)| name.text == field_name(field)) && !has_default(field) {
                    findings.push(misfit(
                        place,
                        format!("the field \"{}\" is missing", field_name(field)),
                        format!("{name} needs {}", variant.iter().map(field_name).collect::<Vec<_>>().join(", ")),
                    ));
                }
            }
        }
        (VariantInfo::Struct(variant), _) => {
            let fields: Vec<&str> = variant.iter().map(field_name).collect();
            wrong(node, &format!("{name}({}: …)", fields.join(": …, ")), "write the fields in parentheses", findings);
        }
        (VariantInfo::Tuple(variant), Kind::Tuple(_, items)) if items.len() == variant.field_len() => {
            for (index, item) in items.iter().enumerate() {
                if let Some(field) = variant.field_at(index)
                    && let Some(inner) = field.type_info()
                {
                    let limits = Limits {
                        range: field.get_attribute::<Range>().copied(),
                        unit: field.get_attribute::<Unit>().copied(),
                    };
                    check(item, inner, limits, findings);
                }
            }
        }
        // `Kill(select: All)` stands for `Kill((select: All))`; a bare `Kill()` for one with all defaults.
        (VariantInfo::Tuple(variant), Kind::Struct(_, _) | Kind::Tuple(_, _)) if variant.field_len() == 1 => {
            if let Some(inner) = variant.field_at(0).and_then(|field| field.type_info()) {
                let mut unwrapped = node.clone();
                match &mut unwrapped.kind {
                    Kind::Struct(name, _) | Kind::Tuple(name, _) => *name = None,
                    _ => {}
                }
                check(&unwrapped, inner, Limits::default(), findings);
            }
        }
        (VariantInfo::Tuple(variant), _) => {
            let count = variant.field_len();
            let many = if count == 1 { "a value" } else { "values" };
            wrong(node, &format!("{name}(…) with {many} in parentheses"), "for example Fraction(0.5)", findings);
        }
    }
}

/// Optional fields may be left out of a variant.
fn has_default(field: &NamedField) -> bool {
    field.type_info().is_some_and(|info| info.type_path_table().short_path().starts_with("Option<"))
}

/// Selectors contain selectors, which reflection leaves out. Returns whether the node was one of those.
fn check_selector(node: &Node, name: &str, findings: &mut Findings) -> bool {
    match (name, &node.kind) {
        ("And" | "Or", Kind::Tuple(_, items)) => {
            match items.as_slice() {
                [Node { kind: Kind::List(selectors), .. }] => {
                    for selector in selectors {
                        check(selector, Selector::type_info(), Limits::default(), findings);
                    }
                }
                _ => {
                    let wanted = format!("{name}([…]) with selectors");
                    let example = format!("for example {name}([Named(\"ant\"), Fraction(0.5)])");
                    wrong(node, &wanted, &example, findings);
                }
            }
            true
        }
        ("Not", Kind::Tuple(_, items)) => {
            match items.as_slice() {
                [inner] => check(inner, Selector::type_info(), Limits::default(), findings),
                _ => wrong(node, "Not(…) with a selector", "for example Not(Named(\"ant\"))", findings),
            }
            true
        }
        ("And" | "Or" | "Not", _) => {
            wrong(node, &format!("{name}(…)"), "for example Not(Named(\"ant\"))", findings);
            true
        }
        _ => false,
    }
}

fn check_point(node: &Node, findings: &mut Findings) {
    match &node.kind {
        Kind::Tuple(None, items) if items.len() == 2 => {
            for item in items {
                check_number(item, Some((f64::from(f32::MIN), f64::from(f32::MAX))), Limits::default(), findings);
            }
        }
        _ => wrong(node, "two numbers", "for example (100, -50)", findings),
    }
}

fn check_param_value(node: &Node, findings: &mut Findings) {
    match &node.kind {
        Kind::Number(_) => check_number(node, None, Limits::default(), findings),
        Kind::Text(_) => {}
        Kind::Word(word) if word == "true" || word == "false" => {}
        Kind::Word(word) if is_not_finite(word) => check_number(node, None, Limits::default(), findings),
        _ => wrong(node, "a number, true, false, or text in quotes", "for example 1.5 or \"Wrap\"", findings),
    }
}

fn is_not_finite(word: &str) -> bool {
    matches!(word, "NaN" | "inf" | "nan" | "infinity")
}

fn check_number(node: &Node, whole: Option<(f64, f64)>, limits: Limits, findings: &mut Findings) {
    let unit = limits.unit.map_or(String::new(), |unit| format!(" {}", unit.0));
    let number = match &node.kind {
        Kind::Number(text) => parse_number(text),
        Kind::Word(word) if is_not_finite(word) => Some(f64::NAN),
        _ => None,
    };
    let Some(number) = number else {
        let help = limits.range.map_or("for example 1.5".to_owned(), |range| format!("{range}{unit}"));
        return wrong(node, "a number", &help, findings);
    };
    if !number.is_finite() {
        findings.push(misfit(&node.place, "this is not a finite number", "write an ordinary number"));
    } else if let Some(range) = limits.range
        && !range.contains(number)
    {
        findings.push(misfit(
            &node.place,
            format!("{number} is out of range"),
            format!("the value must be {range}{unit}"),
        ));
    } else if let Some((min, max)) = whole
        && !(min..=max).contains(&number)
    {
        findings.push(misfit(
            &node.place,
            format!("{number} does not fit here"),
            format!("write a number from {min} to {max}"),
        ));
    }
}

/// Whole numbers are compared as such, so that large seeds keep all their digits.
fn check_whole(node: &Node, (least, most): (i128, i128), limits: Limits, findings: &mut Findings) {
    let Kind::Number(text) = &node.kind else {
        return check_number(node, None, limits, findings);
    };
    let plain = text.replace('_', "");
    let Some(number) = plain.parse::<i128>().ok().filter(|number| (least..=most).contains(number)) else {
        if plain.trim_start_matches(['+', '-']).bytes().all(|byte| byte.is_ascii_digit()) {
            let range = limits.range.map_or_else(|| format!("{least} to {most}"), |range| range.to_string());
            let help = format!("write a whole number from {range}").replace("from at least", "of at least");
            return findings.push(misfit(&node.place, format!("{plain} does not fit here"), help));
        }
        if !parse_number(text).is_some_and(f64::is_finite) {
            return check_number(node, None, limits, findings);
        }
        return wrong(node, "a whole number", "leave the fraction out", findings);
    };
    if let Some(range) = limits.range
        && !range.contains(number as f64)
    {
        let unit = limits.unit.map_or(String::new(), |unit| format!(" {}", unit.0));
        findings.push(misfit(
            &node.place,
            format!("{number} is out of range"),
            format!("the value must be {range}{unit}"),
        ));
    }
}

fn check_plain(node: &Node, id: TypeId, limits: Limits, findings: &mut Findings) {
    macro_rules! whole {
        ($($kind:ty),*) => {
            $(if id == TypeId::of::<$kind>() {
                return check_whole(node, (<$kind>::MIN as i128, <$kind>::MAX as i128), limits, findings);
            })*
        };
    }
    whole!(u8, u16, u32, u64, usize, i8, i16, i32, i64);
    if id == TypeId::of::<f32>() {
        return check_number(node, Some((f64::from(f32::MIN), f64::from(f32::MAX))), limits, findings);
    }
    if id == TypeId::of::<f64>() {
        return check_number(node, None, limits, findings);
    }
    if id == TypeId::of::<bool>() && !matches!(&node.kind, Kind::Word(word) if word == "true" || word == "false") {
        return wrong(node, "true or false", "write true or false", findings);
    }
    if id == TypeId::of::<String>() && !matches!(node.kind, Kind::Text(_)) {
        wrong(node, "text in double quotes", "for example \"bird\"", findings);
    }
}
