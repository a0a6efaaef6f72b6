//! What a scene may hold: a tree of documented fields with types, units, ranges and defaults. Types may contain
//! themselves, so they refer to each other by number.

/// The number of a type in its [`Schema`].
pub type ShapeId = usize;

/// All types of a scene.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schema {
    /// The types.
    pub shapes: Vec<Shape>,
    /// The scene itself.
    pub root: ShapeId,
}

/// What a value may be.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Shape {
    /// A number; whole ones have ends of their own.
    Number {
        /// Whether fractions are refused.
        whole: bool,
        /// Smallest and largest value of the type.
        ends: (f64, f64),
    },
    /// `true` or `false`.
    Truth,
    /// Text.
    Text,
    /// `(x, y)`.
    Point,
    /// A number, a truth, or text.
    Free,
    /// Fields in parentheses, all with defaults.
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

/// A field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldDoc {
    /// Its name; empty for the values of a tuple.
    pub name: String,
    /// What it means.
    pub docs: String,
    /// Its unit.
    pub unit: String,
    /// Smallest and largest value.
    pub range: Option<(f64, f64)>,
    /// Its default as it would stand in a scene, shortened if it is long; nothing if it must be given.
    pub default: Option<String>,
    /// Its type.
    pub shape: ShapeId,
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

impl Schema {
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

    /// The shortest value of a type: what a new item of a list begins as.
    #[must_use]
    pub fn blank(&self, id: ShapeId) -> String {
        match self.shape(id) {
            Shape::Number { .. } | Shape::Free => "0".into(),
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
        let value = |field: &FieldDoc| match (&field.default, field.range) {
            (Some(default), _) if !default.contains('…') => default.clone(),
            (_, Some((least, most))) if matches!(self.shape(field.shape), Shape::Number { .. }) => {
                0.0_f64.clamp(least, most).to_string()
            }
            _ => self.blank(field.shape),
        };
        match &variant.payload {
            Payload::Nothing => variant.name.clone(),
            Payload::Fields(fields) => {
                let needed: Vec<String> = fields
                    .iter()
                    .filter(|field| field.default.is_none() && !matches!(self.shape(field.shape), Shape::Optional(_)))
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
}
