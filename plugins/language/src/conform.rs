//! Whether a tree has the shape of the types: field names, types, ranges, all problems at once.

use crate::limits::Range;
use crate::names::suggest;
use crate::syntax::literal::{is_not_finite, real, suffix_of, whole};
use crate::syntax::{Fault, Kind, Name, Node, Place, parse_number};
use crate::types::{FieldDoc, Payload, Shape, ShapeId, Types, VariantDoc};

/// What a check of a tree brings to light.
#[derive(Debug, Default)]
pub struct Findings {
    /// What doesn't fit.
    pub faults: Vec<Fault>,
    /// Where structs carry their type's name, which RON allows and doesn't need.
    pub type_names: Vec<Place>,
}

/// Checks a tree against the types.
#[must_use]
pub fn conform(node: &Node, types: &Types) -> Findings {
    let mut checker = Checker { types, findings: Findings::default() };
    checker.check(Seen { node, inside: false }, types.root, Limits::default());
    checker.findings
}

/// The limits that a field's attributes set for the numbers in it.
#[derive(Clone, Copy, Default)]
struct Limits {
    range: Option<Range>,
    unit: &'static str,
}

impl Limits {
    fn of(field: &FieldDoc) -> Self {
        Self { range: field.range, unit: field.unit_text() }
    }

    fn unit(self) -> String {
        if self.unit.is_empty() { String::new() } else { format!(" {}", self.unit) }
    }
}

/// What is looked at: a value, or what the name of a choice holds, without the name.
#[derive(Clone, Copy)]
struct Seen<'n> {
    node: &'n Node,
    inside: bool,
}

impl Seen<'_> {
    fn describe(self) -> String {
        match &self.node.kind {
            Kind::Tuple(_, items) if self.inside && items.is_empty() => "nothing in the parentheses".into(),
            Kind::Tuple(..) if self.inside => "several values in the parentheses".into(),
            Kind::Struct(..) if self.inside => "(field: value, …)".into(),
            _ => self.node.describe(),
        }
    }
}

struct Checker<'t> {
    types: &'t Types,
    findings: Findings,
}

impl<'t> Checker<'t> {
    fn fault(&mut self, place: &Place, message: impl Into<String>, help: impl Into<String>) {
        self.findings.faults.push(Fault::new(place.clone(), message, help));
    }

    fn wrong(&mut self, seen: Seen, expected: &str, example: &str) {
        self.fault(&seen.node.place, format!("expected {expected}, found {}", seen.describe()), example);
    }

    fn value(&mut self, node: &Node, shape: ShapeId, limits: Limits) {
        self.check(Seen { node, inside: false }, shape, limits);
    }

    fn check(&mut self, seen: Seen, shape: ShapeId, limits: Limits) {
        let Seen { node, inside } = seen;
        match self.types.shape(shape) {
            Shape::Whole { least, most, .. } => self.whole(seen, (*least, *most), limits),
            Shape::Real { single } => self.real(seen, *single, limits),
            Shape::Truth => {
                if inside || !matches!(&node.kind, Kind::Word(word) if word == "true" || word == "false") {
                    self.wrong(seen, "true or false", "write true or false");
                }
            }
            Shape::Text => {
                if inside || !matches!(node.kind, Kind::Text(_)) {
                    self.wrong(seen, "text in double quotes", "for example \"bird\"");
                }
            }
            Shape::Point => match &node.kind {
                Kind::Tuple(name, items) if items.len() == 2 && (inside || name.is_none()) => {
                    for item in items {
                        self.real(Seen { node: item, inside: false }, true, Limits::default());
                    }
                }
                _ => self.wrong(seen, "two numbers", "for example (100, -50)"),
            },
            Shape::Free => match &node.kind {
                Kind::Number(_) if !inside => self.real(seen, false, Limits::default()),
                Kind::Text(_) if !inside => {}
                Kind::Word(word) if !inside && (word == "true" || word == "false") => {}
                Kind::Word(word) if !inside && is_not_finite(word) => self.real(seen, false, Limits::default()),
                _ => self.wrong(seen, "a number, true, false, or text in quotes", "for example 1.5 or \"Wrap\""),
            },
            Shape::Record { name, fields, .. } => self.record(seen, name, fields),
            Shape::Choice { variants, .. } => self.choice(seen, variants),
            Shape::Optional(inner) => match &node.kind {
                Kind::Word(word) if !inside && word == "None" => {}
                Kind::Tuple(Some(name), items) if !inside && name.text == "Some" && items.len() == 1 => {
                    self.value(&items[0], *inner, limits);
                }
                // `Some(x: 1)` stands for `Some((x: 1))`.
                Kind::Struct(Some(name), _) | Kind::Tuple(Some(name), _) if !inside && name.text == "Some" => {
                    self.check(Seen { node, inside: true }, *inner, limits);
                }
                _ => self.check(seen, *inner, limits),
            },
            Shape::List(inner) => match &node.kind {
                Kind::List(items) if !inside => items.iter().for_each(|item| self.value(item, *inner, limits)),
                _ => self.wrong(seen, "a list", "write the values in square brackets: [a, b]"),
            },
            Shape::Map(inner) => match &node.kind {
                Kind::Map(entries) if !inside => {
                    for (key, value) in entries {
                        if !matches!(key.kind, Kind::Text(_)) {
                            let key = Seen { node: key, inside: false };
                            self.wrong(key, "a name in quotes", "for example {\"separation\": (…)}");
                        }
                        self.value(value, *inner, limits);
                    }
                }
                _ => self.wrong(seen, "a map", "write the entries in braces: {\"name\": (…)}"),
            },
            Shape::Tuple(inner) => match &node.kind {
                Kind::Tuple(name, items) if items.len() == inner.len() && (inside || name.is_none()) => {
                    for (item, inner) in items.iter().zip(inner) {
                        self.value(item, *inner, limits);
                    }
                }
                _ => self.wrong(seen, &format!("{} values in parentheses", inner.len()), "for example (0, 100)"),
            },
            Shape::Opaque => {}
        }
    }

    fn record(&mut self, seen: Seen, expected: &str, fields: &'t [FieldDoc]) {
        let (name, given): (_, &[(Name, Node)]) = match &seen.node.kind {
            Kind::Struct(name, given) => (name, given),
            Kind::Tuple(name, items) if items.is_empty() => (name, &[]),
            _ => {
                let names: Vec<&str> = fields.iter().take(4).map(|field| field.name.as_str()).collect();
                let more = if fields.len() > 4 { ", …" } else { "" };
                let example = format!("write (name: value, …); the fields are {}{more}", names.join(", "));
                return self.wrong(seen, "fields in parentheses", &example);
            }
        };
        match name {
            Some(name) if !seen.inside && name.text == expected => self.findings.type_names.push(name.place.clone()),
            Some(name) if !seen.inside => self.fault(
                &name.place,
                format!("expected {expected}(…), found {}(…)", name.text),
                format!("write {expected}(…) or leave the name out"),
            ),
            _ => {}
        }
        self.fields(given, fields);
    }

    fn fields(&mut self, given: &[(Name, Node)], fields: &[FieldDoc]) {
        for (name, node) in given {
            match fields.iter().find(|field| field.name == name.text) {
                Some(field) => self.value(node, field.shape, Limits::of(field)),
                None => self.fault(
                    &name.place,
                    format!("there is no field \"{}\" here", name.text),
                    suggest(&name.text, fields.iter().map(|field| field.name.as_str()), "field"),
                ),
            }
        }
    }

    fn choice(&mut self, seen: Seen, variants: &'t [VariantDoc]) {
        let node = seen.node;
        let names = || variants.iter().map(|variant| variant.name.as_str());
        let (name, place) = match &node.kind {
            Kind::Word(word) if !seen.inside => (word.as_str(), &node.place),
            Kind::Struct(Some(name), _) | Kind::Tuple(Some(name), _) if !seen.inside => {
                (name.text.as_str(), &name.place)
            }
            _ => {
                let help = format!("one of: {}", names().collect::<Vec<_>>().join(", "));
                return self.wrong(seen, "one of several choices", &help);
            }
        };
        let Some(variant) = variants.iter().find(|variant| variant.name == name) else {
            let help = suggest(name, names(), "choice");
            return self.fault(place, format!("\"{name}\" is not a choice here"), help);
        };
        match (&variant.payload, variant.holds, &node.kind) {
            (Payload::Nothing, _, Kind::Word(_)) => {}
            (Payload::Nothing, ..) => self.wrong(seen, &format!("just {name}"), "this choice takes no values"),
            (payload, Some(_), Kind::Word(_)) => {
                let example = match payload {
                    Payload::Fields(_) => format!("for example {name}()"),
                    _ => "for example Fraction(0.5)".to_owned(),
                };
                self.wrong(seen, &format!("{name}(…) with a value in parentheses"), &example);
            }
            (payload, Some(inner), kind) => {
                let limits = match payload {
                    Payload::Values(values) => values.first().map(Limits::of).unwrap_or_default(),
                    _ => Limits::default(),
                };
                // `Kill(select: All)` stands for `Kill((select: All))`; a bare `Kill()` for one with all defaults.
                match kind {
                    Kind::Tuple(_, items) if items.len() == 1 => self.value(&items[0], inner, limits),
                    _ => self.check(Seen { node, inside: true }, inner, limits),
                }
            }
            (Payload::Fields(fields), None, Kind::Struct(_, given)) => {
                self.fields(given, fields);
                for field in fields {
                    if !given.iter().any(|(name, _)| name.text == field.name) && !self.types.may_be_left_out(field) {
                        let all: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
                        let message = format!("the field \"{}\" is missing", field.name);
                        self.fault(place, message, format!("{name} needs {}", all.join(", ")));
                    }
                }
            }
            (Payload::Fields(fields), None, _) => {
                let all: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
                let expected = format!("{name}({}: …)", all.join(": …, "));
                self.wrong(seen, &expected, "write the fields in parentheses");
            }
            (Payload::Values(values), None, Kind::Tuple(_, items)) if items.len() == values.len() => {
                for (item, value) in items.iter().zip(values) {
                    self.value(item, value.shape, Limits::of(value));
                }
            }
            (Payload::Values(_), None, _) => {
                let expected = format!("{name}(…) with values in parentheses");
                self.wrong(seen, &expected, "for example Fraction(0.5)");
            }
        }
    }

    fn real(&mut self, seen: Seen, single: bool, limits: Limits) {
        let node = seen.node;
        let number = match &node.kind {
            Kind::Number(text) if !seen.inside => parse_number(text),
            Kind::Word(word) if !seen.inside && is_not_finite(word) => Some(f64::NAN),
            _ => None,
        };
        let Some(number) = number else {
            let help = limits.range.map_or("for example 1.5".to_owned(), |range| format!("{range}{}", limits.unit()));
            return self.wrong(seen, "a number", &help);
        };
        if !number.is_finite() {
            return self.fault(&node.place, "this is not a finite number", "write an ordinary number");
        }
        if let Kind::Number(text) = &node.kind {
            let suffix = suffix_of(text);
            let is_read = if single { real::<f32>(text, "f32").is_some() } else { real::<f64>(text, "f64").is_some() };
            if !suffix.is_empty() && !is_read {
                return self.wrong(seen, "a number", &format!("leave {suffix} out"));
            }
        }
        if let Some(range) = limits.range
            && !range.contains(number)
        {
            let help = format!("the value must be {range}{}", limits.unit());
            return self.fault(&node.place, format!("{number} is out of range"), help);
        }
        let most = f64::from(f32::MAX);
        if single && !(-most..=most).contains(&number) {
            // What has a range is told with it, and all have the same upper end.
            let help = match limits.range {
                Some(range) => format!("the value must be {range}{}, and at most {most:.4e}", limits.unit()),
                None => format!("write a number from {:.4e} to {most:.4e}", -most),
            };
            let text = if let Kind::Number(text) = &node.kind { text.clone() } else { format!("{number:e}") };
            self.fault(&node.place, format!("{text} does not fit here"), help);
        }
    }

    /// Whole numbers are compared as such, so that large seeds keep all their digits.
    fn whole(&mut self, seen: Seen, (least, most): (i128, i128), limits: Limits) {
        let node = seen.node;
        let Kind::Number(text) = &node.kind else {
            return self.real(seen, false, limits);
        };
        let Some(number) = whole(text) else {
            if !parse_number(text).is_some_and(f64::is_finite) {
                return self.real(seen, false, limits);
            }
            return self.wrong(seen, "a whole number", "leave the fraction out");
        };
        if !number.suffix.is_empty() && range_of(number.suffix) != Some((least, most)) {
            return self.wrong(seen, "a whole number", &format!("leave {} out", number.suffix));
        }
        let Some(value) = number.value().filter(|number| (least..=most).contains(number)) else {
            let range = limits.range.map_or_else(|| format!("{least} to {most}"), |range| range.to_string());
            let help = format!("write a whole number from {range}").replace("from at least", "of at least");
            return self.fault(&node.place, format!("{} does not fit here", text.replace('_', "")), help);
        };
        if let Some(range) = limits.range
            && !range.contains(value as f64)
        {
            let help = format!("the value must be {range}{}", limits.unit());
            self.fault(&node.place, format!("{value} is out of range"), help);
        }
    }
}

/// The smallest and largest number of the type that a suffix names.
fn range_of(suffix: &str) -> Option<(i128, i128)> {
    let bits: u32 = suffix.get(1..)?.parse().ok()?;
    match suffix.as_bytes().first()? {
        b'u' => Some((0, (1_i128 << bits) - 1)),
        b'i' => Some((-(1_i128 << (bits - 1)), (1_i128 << (bits - 1)) - 1)),
        _ => None,
    }
}
