//! Reading and writing fields by path, such as `separation.weight` or `flocks[0].max_speed`, through reflection.

mod value;
mod write;

pub use value::ParamValue;
pub use write::{Undo, all_finite, write, write_undoable};

use bevy::prelude::*;
use bevy::reflect::enums::{Enum, VariantInfo, VariantType};
use bevy::reflect::{PartialReflect, ReflectRef, TypeInfo};

pub(crate) use self::value::to_param;
use crate::check::{Range, Unit, suggest};

/// Why a path could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PathError {
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: String,
}

impl PathError {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// A field by name (or by number, for tuples).
    Field(String),
    /// An element of a list.
    Index(usize),
}

/// Splits `a.b[2].c` into its steps.
///
/// # Errors
/// If the path is empty or a bracket holds no number.
pub fn parse_path(path: &str) -> Result<Vec<Segment>, PathError> {
    if path.is_empty() {
        let help = "paths look like boids.flocks[0].max_speed, or Condition.health";
        return Err(PathError::new("the name of a field is missing", help));
    }
    let bad = || PathError::new(format!("\"{path}\" is not a path"), "paths look like boids.flocks[0].max_speed");
    let mut segments = Vec::new();
    for part in path.split('.') {
        let (name, mut rest) = match part.find('[') {
            Some(at) => part.split_at(at),
            None => (part, ""),
        };
        if name.is_empty() {
            return Err(bad());
        }
        segments.push(Segment::Field(name.into()));
        while !rest.is_empty() {
            let inner = rest.strip_prefix('[').ok_or_else(bad)?;
            let (number, after) = inner.split_once(']').ok_or_else(bad)?;
            segments.push(Segment::Index(number.parse().map_err(|_| bad())?));
            rest = after;
        }
    }
    Ok(segments)
}

/// What is known about the field at the end of a path.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FieldHints {
    /// The values that the field may take.
    pub range: Option<Range>,
    /// The field's unit.
    pub unit: Option<Unit>,
    /// The field's documentation.
    pub docs: Option<&'static str>,
}

pub(crate) fn hints_of(parent: &dyn PartialReflect, name: &str) -> FieldHints {
    let Some(info) = parent.get_represented_type_info() else {
        return FieldHints::default();
    };
    let field = match info {
        TypeInfo::Struct(info) => info.field(name),
        TypeInfo::Enum(info) => match parent.reflect_ref() {
            ReflectRef::Enum(value) => match info.variant(value.variant_name()) {
                Some(VariantInfo::Struct(variant)) => variant.field(name),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    field.map_or_else(FieldHints::default, |field| FieldHints {
        range: field.get_attribute::<Range>().copied(),
        unit: field.get_attribute::<Unit>().copied(),
        docs: field.docs(),
    })
}

fn field_names(value: &dyn PartialReflect) -> Vec<String> {
    match value.reflect_ref() {
        ReflectRef::Struct(value) => {
            (0..value.field_len()).filter_map(|index| value.name_at(index).map(str::to_owned)).collect()
        }
        ReflectRef::Enum(value) => {
            (0..value.field_len()).filter_map(|index| value.name_at(index).map(str::to_owned)).collect()
        }
        _ => Vec::new(),
    }
}

fn unknown_field(value: &dyn PartialReflect, name: &str) -> PathError {
    let names = field_names(value);
    PathError::new(
        format!("there is no field \"{name}\" here"),
        suggest(name, names.iter().map(String::as_str), "field"),
    )
}

fn no_element(index: usize, length: usize) -> PathError {
    PathError::new(
        format!("there is no element [{index}]"),
        if length == 0 { "the list is empty".into() } else { format!("the list has elements [0] to [{}]", length - 1) },
    )
}

/// Whether an enum value is a wrapper that paths see through: `Some(x)`, or a variant around one value.
fn is_wrapper(value: &dyn Enum) -> bool {
    value.variant_type() == VariantType::Tuple && value.field_len() == 1
}

/// The field at `segments` below `root`, and what is known about it.
///
/// # Errors
/// If a step doesn't exist.
pub fn get<'a>(
    root: &'a dyn PartialReflect,
    segments: &[Segment],
) -> Result<(&'a dyn PartialReflect, FieldHints), PathError> {
    let mut value = root;
    let mut hints = FieldHints::default();
    let mut steps = segments.iter();
    let mut step = steps.next();
    while let Some(segment) = step {
        let next: &dyn PartialReflect = match (value.reflect_ref(), segment) {
            (ReflectRef::Struct(parent), Segment::Field(name)) => {
                hints = hints_of(value, name);
                parent.field(name).ok_or_else(|| unknown_field(value, name))?
            }
            (ReflectRef::TupleStruct(parent), Segment::Field(name)) => {
                match name.parse().ok().and_then(|index| parent.field(index)) {
                    Some(field) => field,
                    // A newtype is seen through.
                    None if parent.field_len() == 1 => {
                        value = parent.field(0).ok_or_else(|| unknown_field(value, name))?;
                        continue;
                    }
                    None => return Err(unknown_field(value, name)),
                }
            }
            (ReflectRef::Enum(parent), Segment::Field(name)) if parent.variant_type() == VariantType::Struct => {
                hints = hints_of(value, name);
                parent.field(name).ok_or_else(|| unknown_field(value, name))?
            }
            (ReflectRef::Enum(parent), _) if is_wrapper(parent) => {
                value = parent
                    .field_at(0)
                    .ok_or_else(|| PathError::new("nothing is set here", "set the whole value first"))?;
                continue;
            }
            (ReflectRef::List(parent), Segment::Index(index)) => {
                parent.get(*index).ok_or_else(|| no_element(*index, parent.len()))?
            }
            (ReflectRef::Array(parent), Segment::Index(index)) => {
                parent.get(*index).ok_or_else(|| no_element(*index, parent.len()))?
            }
            (_, Segment::Field(name)) => return Err(unknown_field(value, name)),
            (_, Segment::Index(index)) => return Err(no_element(*index, 0)),
        };
        value = next;
        step = steps.next();
    }
    Ok((value, hints))
}

/// The value at a path as a number, truth or RON-like text.
///
/// # Errors
/// If a step doesn't exist.
pub fn read(root: &dyn PartialReflect, path: &str) -> Result<(ParamValue, FieldHints), PathError> {
    let (value, hints) = get(root, &parse_path(path)?)?;
    Ok((to_param(value), hints))
}
