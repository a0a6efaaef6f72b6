//! One description of the types of a scene: a tree of documented fields with units, ranges and defaults. Checks, the reference,
//! completion and the form all read it. Types may contain themselves, so they refer to each other by number.

mod describe;

use std::any::TypeId;
use std::collections::BTreeMap;

use bevy_reflect::TypeInfo;

pub use describe::{Describer, Held, field_name};

use crate::limits::{Range, Unit};

/// Something that is added to a type from outside: a field of the scene that is a plugin's section, an intervention that a
/// timeline may name.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// The name as it stands in scenes.
    pub name: &'static str,
    /// What it means.
    pub docs: &'static str,
    /// The type of what stands there.
    pub type_info: &'static TypeInfo,
}

/// What is added to types from outside.
#[derive(Clone, Debug, Default)]
pub struct OpenTypes {
    fields: BTreeMap<TypeId, Vec<Member>>,
    choices: BTreeMap<TypeId, Vec<Member>>,
}

impl OpenTypes {
    /// Adds an optional field to `T`.
    pub fn add_field<T: 'static>(&mut self, field: Member) {
        self.fields.entry(TypeId::of::<T>()).or_default().push(field);
    }

    /// Adds a choice to `T`.
    pub fn add_choice<T: 'static>(&mut self, choice: Member) {
        self.choices.entry(TypeId::of::<T>()).or_default().push(choice);
    }

    /// The fields that a type has beside its own.
    #[must_use]
    pub fn fields_of(&self, id: TypeId) -> &[Member] {
        self.fields.get(&id).map_or(&[], Vec::as_slice)
    }

    /// The choices of a type all of whose choices are added; nothing if it is none of these.
    #[must_use]
    pub fn choices_of(&self, id: TypeId) -> Option<&[Member]> {
        self.choices.get(&id).map(Vec::as_slice)
    }
}

/// The number of a type among [`Types`].
pub type ShapeId = usize;

/// All types of a scene.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Types {
    /// The types.
    pub shapes: Vec<Shape>,
    /// The scene itself.
    pub root: ShapeId,
}

/// What a value may be.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Shape {
    /// A whole number.
    Whole {
        /// The smallest value of the type.
        least: i128,
        /// The largest.
        most: i128,
        /// What it is called, if it isn't just a whole number.
        called: Option<&'static str>,
    },
    /// A number with a fraction.
    Real {
        /// Whether it is in single precision.
        single: bool,
    },
    /// `true` or `false`.
    Truth,
    /// Text.
    Text,
    /// `(x, y)`.
    Point,
    /// A number, a truth, or text.
    Free,
    /// Fields in parentheses.
    Record {
        /// The type's name.
        name: String,
        /// What it is.
        docs: String,
        /// Its fields, in order.
        fields: Vec<FieldDoc>,
    },
    /// One of several.
    Choice {
        /// The type's name.
        name: String,
        /// What it is.
        docs: String,
        /// What is chosen if nothing is said; empty if something must be.
        default: String,
        /// What can be chosen.
        variants: Vec<VariantDoc>,
    },
    /// A value or nothing.
    Optional(ShapeId),
    /// A list.
    List(ShapeId),
    /// A map from names.
    Map(ShapeId),
    /// Values in parentheses.
    Tuple(Vec<ShapeId>),
    /// Something that is written by hand.
    #[default]
    Opaque,
}

impl Shape {
    /// The smallest and the largest number of the type.
    #[must_use]
    pub fn ends(&self) -> Option<(f64, f64)> {
        match *self {
            Self::Whole { least, most, .. } => Some((least as f64, most as f64)),
            Self::Real { single: true } => Some((f64::from(f32::MIN), f64::from(f32::MAX))),
            Self::Real { single: false } => Some((f64::MIN, f64::MAX)),
            _ => None,
        }
    }

    /// Whether it is a number.
    #[must_use]
    pub const fn is_number(&self) -> bool {
        matches!(self, Self::Whole { .. } | Self::Real { .. })
    }
}

/// A field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldDoc {
    /// Its name; empty for the values of a tuple.
    pub name: String,
    /// What it means.
    pub docs: String,
    /// Its unit.
    pub unit: Option<Unit>,
    /// The values that it may take.
    pub range: Option<Range>,
    /// Whether it is the name of a file, relative to the scene's.
    pub is_file: bool,
    /// Its default as it would stand in a scene, shortened if it is long; nothing if it must be given.
    pub default: Option<String>,
    /// Its type.
    pub shape: ShapeId,
}

impl FieldDoc {
    /// The default without a fraction that says nothing: `60`, not `60.0`.
    #[must_use]
    pub fn plain_default(&self) -> Option<&str> {
        self.default.as_deref().map(|text| text.strip_suffix(".0").unwrap_or(text))
    }

    /// The unit; empty if there is none.
    #[must_use]
    pub fn unit_text(&self) -> &'static str {
        self.unit.map_or("", |unit| unit.0)
    }
}

/// One of several choices.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VariantDoc {
    /// Its name.
    pub name: String,
    /// What it means.
    pub docs: String,
    /// What stands in its parentheses.
    pub payload: Payload,
    /// The type of the one value that it holds, if it holds one: `Kill(select: All)` holds what has the field `select`.
    pub holds: Option<ShapeId>,
}

/// What stands in the parentheses of a choice.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Payload {
    /// There are none.
    #[default]
    Nothing,
    /// Fields with names.
    Fields(Vec<FieldDoc>),
    /// Values without names.
    Values(Vec<FieldDoc>),
}

impl Types {
    /// A type.
    #[must_use]
    pub fn shape(&self, id: ShapeId) -> &Shape {
        self.shapes.get(id).unwrap_or(&Shape::Opaque)
    }

    /// The type without the option around it.
    #[must_use]
    pub fn plain(&self, id: ShapeId) -> ShapeId {
        match self.shape(id) {
            Shape::Optional(inner) => self.plain(*inner),
            _ => id,
        }
    }

    /// Whether a field may be left out.
    pub(crate) fn may_be_left_out(&self, field: &FieldDoc) -> bool {
        field.default.is_some() || matches!(self.shape(field.shape), Shape::Optional(_))
    }

    /// The shortest value of a type: what a new item of a list begins as.
    #[must_use]
    pub fn blank(&self, id: ShapeId) -> String {
        match self.shape(id) {
            Shape::Whole { .. } | Shape::Real { .. } | Shape::Free => "0".into(),
            Shape::Truth => "false".into(),
            Shape::Text => "\"\"".into(),
            Shape::Point => "(0, 0)".into(),
            Shape::Record { .. } | Shape::Opaque => "()".into(),
            Shape::Choice { variants, .. } => variants.first().map_or("()".into(), |first| self.blank_variant(first)),
            Shape::Optional(inner) => self.blank(*inner),
            Shape::List(_) => "[]".into(),
            Shape::Map(_) => "{}".into(),
            Shape::Tuple(inner) => {
                format!("({})", inner.iter().map(|id| self.blank(*id)).collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// The shortest form of a choice: fields with defaults are left out.
    #[must_use]
    pub fn blank_variant(&self, variant: &VariantDoc) -> String {
        let value = |field: &FieldDoc| match (field.plain_default(), field.range) {
            (Some(default), _) if !default.contains('…') => default.to_owned(),
            (_, Some(range)) if self.shape(field.shape).is_number() => 0.0_f64.clamp(range.min, range.max).to_string(),
            _ => self.blank(field.shape),
        };
        match &variant.payload {
            Payload::Nothing => variant.name.clone(),
            Payload::Fields(fields) => {
                let needed: Vec<String> = fields
                    .iter()
                    .filter(|field| !self.may_be_left_out(field))
                    .map(|field| format!("{}: {}", field.name, value(field)))
                    .collect();
                format!("{}({})", variant.name, needed.join(", "))
            }
            Payload::Values(fields) => match fields.as_slice() {
                // A single point stands without parentheses of its own.
                [only] if matches!(self.shape(only.shape), Shape::Point | Shape::Tuple(_)) => {
                    format!("{}{}", variant.name, value(only))
                }
                fields => format!("{}({})", variant.name, fields.iter().map(value).collect::<Vec<_>>().join(", ")),
            },
        }
    }

    /// A type in words, such as `list of numbers`.
    #[must_use]
    pub fn words(&self, id: ShapeId) -> String {
        match self.shape(id) {
            Shape::Whole { called, .. } => called.unwrap_or("whole number").into(),
            Shape::Real { .. } => "number".into(),
            Shape::Truth => "true or false".into(),
            Shape::Text => "text".into(),
            Shape::Point => "(x, y)".into(),
            Shape::Free => "number, true, false or text".into(),
            Shape::Record { name, .. } | Shape::Choice { name, .. } => name.clone(),
            Shape::Optional(inner) => format!("{}, optional", self.words(*inner)),
            Shape::List(inner) => format!("list of {}", self.words(*inner)),
            Shape::Map(inner) => format!("map from name to {}", self.words(*inner)),
            Shape::Tuple(inner) => {
                format!("({})", inner.iter().map(|id| self.words(*id)).collect::<Vec<_>>().join(", "))
            }
            Shape::Opaque => "value".into(),
        }
    }

    /// Type, unit, range and default of a field in words.
    #[must_use]
    pub fn detail(&self, field: &FieldDoc) -> String {
        let mut parts = vec![self.words(field.shape)];
        parts.extend(field.unit.map(|unit| unit.0.to_owned()));
        match field.range {
            Some(range) if range.max >= f64::from(f32::MAX) => parts.push(format!("at least {}", range.min)),
            Some(range) => parts.push(format!("{} to {}", range.min, range.max)),
            None => {}
        }
        parts.extend(field.plain_default().map(|default| format!("default {default}")));
        parts.join(" · ")
    }
}

/// A documentation comment as one line.
#[must_use]
pub fn one_line(docs: Option<&str>) -> String {
    docs.unwrap_or_default().lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A documentation comment with its lines.
fn paragraph(docs: Option<&str>) -> String {
    docs.unwrap_or_default().lines().map(str::trim).collect::<Vec<_>>().join("\n").trim().to_owned()
}
