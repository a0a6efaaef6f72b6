//! Reading and writing fields by path, such as `separation.weight` or `flocks[0].max_speed`, through reflection.

use bevy::prelude::*;
use bevy::reflect::enums::{Enum, VariantInfo, VariantType};
use bevy::reflect::serde::TypedReflectDeserializer;
use bevy::reflect::{PartialReflect, ReflectMut, ReflectRef, TypeInfo, TypeRegistry};
use serde::de::{DeserializeSeed, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::schema::{Range, Unit, suggest};

/// A value given from outside for a field: a number, a truth value, or text in RON (names of variants, tuples, lists).
#[derive(Clone, Debug, PartialEq, Reflect)]
pub enum ParamValue {
    /// A number.
    Number(f64),
    /// True or false.
    Bool(bool),
    /// RON text.
    Text(String),
}

impl ParamValue {
    /// Reads what a person typed: `true`, `2.5`, `Wrap`, `(10, 20)` …
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        match text {
            "true" => Self::Bool(true),
            "false" => Self::Bool(false),
            _ => match text.parse::<f64>() {
                Ok(number) => Self::Number(number),
                Err(_) => Self::Text(text.into()),
            },
        }
    }

    /// The value as RON text.
    #[must_use]
    pub fn to_ron(&self) -> String {
        match self {
            Self::Number(number) => format!("{number}"),
            Self::Bool(truth) => truth.to_string(),
            Self::Text(text) => text.clone(),
        }
    }

    /// The value as a number, if it is one (true is 1, false 0).
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Bool(truth) => Some(f64::from(u8::from(*truth))),
            Self::Text(_) => None,
        }
    }
}

impl std::fmt::Display for ParamValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_ron())
    }
}

impl Serialize for ParamValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Bool(truth) => serializer.serialize_bool(*truth),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for ParamValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = ParamValue;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a number, true, false, or text in quotes")
            }
            fn visit_bool<E>(self, value: bool) -> Result<ParamValue, E> {
                Ok(ParamValue::Bool(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<ParamValue, E> {
                Ok(ParamValue::Number(value as f64))
            }
            fn visit_u64<E>(self, value: u64) -> Result<ParamValue, E> {
                Ok(ParamValue::Number(value as f64))
            }
            fn visit_f64<E>(self, value: f64) -> Result<ParamValue, E> {
                Ok(ParamValue::Number(value))
            }
            fn visit_str<E>(self, value: &str) -> Result<ParamValue, E> {
                Ok(ParamValue::Text(value.into()))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

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

fn hints_of(parent: &dyn PartialReflect, name: &str) -> FieldHints {
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

fn to_param(value: &dyn PartialReflect) -> ParamValue {
    macro_rules! numbers {
        ($($kind:ty),*) => {
            $(if let Some(number) = value.try_downcast_ref::<$kind>() { return ParamValue::Number(*number as f64); })*
        };
    }
    if let Some(number) = value.try_downcast_ref::<f32>() {
        // Through text, so that 0.1_f32 shows as 0.1 and not as 0.10000000149.
        return ParamValue::Number(number.to_string().parse().unwrap_or(f64::from(*number)));
    }
    numbers!(f64, u8, u16, u32, u64, usize, i8, i16, i32, i64);
    if let Some(truth) = value.try_downcast_ref::<bool>() {
        return ParamValue::Bool(*truth);
    }
    if let Some(text) = value.try_downcast_ref::<String>() {
        return ParamValue::Text(text.clone());
    }
    match value.reflect_ref() {
        ReflectRef::Enum(parent) if parent.variant_type() == VariantType::Unit => {
            ParamValue::Text(parent.variant_name().into())
        }
        ReflectRef::Enum(parent) if is_wrapper(parent) && parent.variant_name() == "Some" => {
            parent.field_at(0).map_or(ParamValue::Text("None".into()), to_param)
        }
        _ => ParamValue::Text(format!("{value:?}")),
    }
}

/// Writes a value at a path; the root is unchanged if that fails.
///
/// # Errors
/// If a step doesn't exist, the value has the wrong type, isn't finite, or lies outside the field's range.
pub fn write(
    root: &mut dyn PartialReflect,
    path: &str,
    value: &ParamValue,
    types: &TypeRegistry,
) -> Result<(), PathError> {
    let segments = parse_path(path)?;
    descend(root, &segments, FieldHints::default(), value, types)
}

fn descend(
    target: &mut dyn PartialReflect,
    segments: &[Segment],
    hints: FieldHints,
    value: &ParamValue,
    types: &TypeRegistry,
) -> Result<(), PathError> {
    let Some((segment, rest)) = segments.split_first() else {
        return assign(target, hints, value, types);
    };
    // An absent optional section comes into being with its defaults when something in it is set.
    if let ReflectRef::Enum(option) = target.reflect_ref()
        && option.variant_name() == "None"
        && let Some(TypeInfo::Enum(info)) = target.get_represented_type_info()
        && let Some(VariantInfo::Tuple(some)) = info.variant("Some")
        && let Some(field) = some.field_at(0)
        && let Some(default) = types.get_type_data::<ReflectDefault>(field.type_id())
    {
        let mut tuple = bevy::reflect::tuple::DynamicTuple::default();
        let mut inner = default.default().into_partial_reflect();
        descend(inner.as_mut(), segments, hints, value, types)?;
        tuple.insert_boxed(inner);
        let some = bevy::reflect::enums::DynamicEnum::new("Some", bevy::reflect::enums::DynamicVariant::Tuple(tuple));
        return target
            .try_apply(&some)
            .map_err(|error| PathError::new(error.to_string(), "set the whole value instead"));
    }
    let known = target.to_dynamic();
    let missing = |segment: &Segment| match segment {
        Segment::Field(name) => unknown_field(known.as_ref(), name),
        Segment::Index(index) => no_element(*index, list_length(known.as_ref())),
    };
    let next_hints = match segment {
        Segment::Field(name) => hints_of(target, name),
        Segment::Index(_) => hints,
    };
    match (target.reflect_mut(), segment) {
        (ReflectMut::Struct(parent), Segment::Field(name)) => match parent.field_mut(name) {
            Some(field) => descend(field, rest, next_hints, value, types),
            None => Err(missing(segment)),
        },
        (ReflectMut::TupleStruct(parent), Segment::Field(name)) => {
            let position = name.parse::<usize>().ok().filter(|index| *index < parent.field_len());
            match position {
                Some(index) => match parent.field_mut(index) {
                    Some(field) => descend(field, rest, hints, value, types),
                    None => Err(missing(segment)),
                },
                None if parent.field_len() == 1 => match parent.field_mut(0) {
                    Some(field) => descend(field, segments, hints, value, types),
                    None => Err(missing(segment)),
                },
                None => Err(missing(segment)),
            }
        }
        (ReflectMut::Enum(parent), Segment::Field(name)) if parent.variant_type() == VariantType::Struct => {
            match parent.field_mut(name) {
                Some(field) => descend(field, rest, next_hints, value, types),
                None => Err(missing(segment)),
            }
        }
        (ReflectMut::Enum(parent), _) if is_wrapper(parent) => match parent.field_at_mut(0) {
            Some(field) => descend(field, segments, hints, value, types),
            None => Err(missing(segment)),
        },
        (ReflectMut::List(parent), Segment::Index(index)) => match parent.get_mut(*index) {
            Some(field) => descend(field, rest, next_hints, value, types),
            None => Err(missing(segment)),
        },
        (ReflectMut::Array(parent), Segment::Index(index)) => match parent.get_mut(*index) {
            Some(field) => descend(field, rest, next_hints, value, types),
            None => Err(missing(segment)),
        },
        _ => Err(missing(segment)),
    }
}

fn list_length(value: &dyn PartialReflect) -> usize {
    match value.reflect_ref() {
        ReflectRef::List(list) => list.len(),
        ReflectRef::Array(array) => array.len(),
        _ => 0,
    }
}

fn assign(
    target: &mut dyn PartialReflect,
    hints: FieldHints,
    value: &ParamValue,
    types: &TypeRegistry,
) -> Result<(), PathError> {
    if let ParamValue::Number(number) = value {
        if !number.is_finite() {
            return Err(PathError::new(format!("{number} is not a finite number"), "write an ordinary number"));
        }
        if let Some(range) = hints.range
            && !range.contains(*number)
        {
            return Err(PathError::new(
                format!("{number} is out of range"),
                format!("the value must be {range}{}", hints.unit.map_or(String::new(), |unit| format!(" {}", unit.0))),
            ));
        }
    }
    macro_rules! whole {
        ($($kind:ty),*) => {
            $(if let (Some(field), ParamValue::Number(number)) = (target.try_downcast_mut::<$kind>(), value) {
                if number.fract() != 0.0 || *number < <$kind>::MIN as f64 || *number > <$kind>::MAX as f64 {
                    return Err(PathError::new(
                        format!("{number} is not a whole number that fits"),
                        format!("write a whole number from {} to {}", <$kind>::MIN, <$kind>::MAX),
                    ));
                }
                *field = *number as $kind;
                return Ok(());
            })*
        };
    }
    whole!(u8, u16, u32, u64, usize, i8, i16, i32, i64);
    if let (Some(field), ParamValue::Number(number)) = (target.try_downcast_mut::<f32>(), value) {
        let number = *number as f32;
        if !number.is_finite() {
            return Err(PathError::new("the number is too large", "write a smaller number"));
        }
        *field = number;
        return Ok(());
    }
    if let (Some(field), ParamValue::Number(number)) = (target.try_downcast_mut::<f64>(), value) {
        *field = *number;
        return Ok(());
    }
    if let (Some(field), ParamValue::Bool(truth)) = (target.try_downcast_mut::<bool>(), value) {
        *field = *truth;
        return Ok(());
    }
    if let (Some(field), ParamValue::Text(text)) = (target.try_downcast_mut::<String>(), value) {
        field.clone_from(text);
        return Ok(());
    }
    if let ReflectMut::Enum(option) = target.reflect_mut()
        && option.variant_name() == "Some"
        && *value != ParamValue::Text("None".into())
        && let Some(inner) = option.field_at_mut(0)
    {
        return assign(inner, hints, value, types);
    }
    // Everything else is read as RON into the field's own type.
    let type_info = target
        .get_represented_type_info()
        .ok_or_else(|| PathError::new("this value can't be set", "set one of its fields"))?;
    let registration = types
        .get(type_info.type_id())
        .ok_or_else(|| PathError::new("this value can't be set as a whole", "set one of its fields"))?;
    let text = value.to_ron();
    let wrong = |error: &dyn std::fmt::Display| {
        PathError::new(format!("\"{text}\" does not fit here: {error}"), expected(type_info))
    };
    let options = crate::ron_format::options();
    let mut deserializer =
        ron::de::Deserializer::from_str_with_options(&text, &options).map_err(|error| wrong(&error))?;
    let parsed = TypedReflectDeserializer::new(registration, types)
        .deserialize(&mut deserializer)
        .map_err(|error| wrong(&error))?;
    deserializer.end().map_err(|error| wrong(&error))?;
    if !all_finite(parsed.as_ref()) {
        return Err(PathError::new("a number in it is not finite", "write ordinary numbers"));
    }
    target.try_apply(parsed.as_ref()).map_err(|error| wrong(&error))
}

/// What a value of a type looks like, for messages.
fn expected(info: &TypeInfo) -> String {
    match info {
        TypeInfo::Enum(info) => format!("one of: {}", info.variant_names().join(", ")),
        other => format!("expected a value of type {}", other.type_path_table().short_path()),
    }
}

/// Whether every number within a value is finite.
#[must_use]
pub fn all_finite(value: &dyn PartialReflect) -> bool {
    if let Some(number) = value.try_downcast_ref::<f32>() {
        return number.is_finite();
    }
    if let Some(number) = value.try_downcast_ref::<f64>() {
        return number.is_finite();
    }
    match value.reflect_ref() {
        ReflectRef::Struct(value) => value.iter_fields().all(|(_, field)| all_finite(field)),
        ReflectRef::TupleStruct(value) => value.iter_fields().all(all_finite),
        ReflectRef::Tuple(value) => value.iter_fields().all(all_finite),
        ReflectRef::List(value) => value.iter().all(all_finite),
        ReflectRef::Array(value) => value.iter().all(all_finite),
        ReflectRef::Map(value) => value.iter().all(|(_, field)| all_finite(field)),
        ReflectRef::Enum(value) => value.iter_fields().all(|field| all_finite(field.value())),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Reflect, Clone, Debug, Default, PartialEq)]
    #[reflect(Default)]
    struct Inner {
        #[reflect(@Range::new(0.0, 5.0))]
        weight: f32,
        count: u32,
        edge: crate::space::Edge,
    }

    #[derive(Reflect, Clone, Debug, Default, PartialEq)]
    #[reflect(Default)]
    struct Outer {
        inner: Inner,
        list: Vec<Inner>,
        optional: Option<Inner>,
        size: Vec2,
        maybe: Option<f32>,
    }

    fn types() -> TypeRegistry {
        let mut types = TypeRegistry::default();
        types.register::<Outer>();
        types.register::<Vec2>();
        types.register::<f32>();
        types
    }

    fn set(outer: &mut Outer, path: &str, value: &str) -> Result<(), PathError> {
        write(outer, path, &ParamValue::parse(value), &types())
    }

    #[test]
    fn values_are_set_through_structs_lists_and_options() {
        let mut outer = Outer { list: vec![Inner::default()], ..default() };
        set(&mut outer, "inner.weight", "2.5").unwrap();
        set(&mut outer, "list[0].count", "7").unwrap();
        set(&mut outer, "optional.weight", "1.5").unwrap();
        set(&mut outer, "inner.edge", "Bounce").unwrap();
        set(&mut outer, "size", "(3, 4)").unwrap();
        set(&mut outer, "size.x", "8").unwrap();
        set(&mut outer, "maybe", "0.25").unwrap();
        set(&mut outer, "maybe", "0.5").unwrap();
        assert_eq!(outer.inner.weight, 2.5);
        assert_eq!(outer.list[0].count, 7);
        assert_eq!(outer.optional.as_ref().unwrap().weight, 1.5);
        assert_eq!(outer.inner.edge, crate::space::Edge::Bounce);
        assert_eq!(outer.size, Vec2::new(8.0, 4.0));
        assert_eq!(outer.maybe, Some(0.5));
        assert_eq!(read(&outer, "inner.weight").unwrap().0, ParamValue::Number(2.5));
        assert_eq!(read(&outer, "maybe").unwrap().0, ParamValue::Number(0.5));
    }

    #[test]
    fn wrong_values_are_refused_with_a_hint_and_change_nothing() {
        let mut outer = Outer::default();
        let before = outer.clone();
        for (path, value, hint) in [
            ("inner.wieght", "1", "did you mean \"weight\"?"),
            ("inner.weight", "9", "0 to 5"),
            ("inner.weight", "NaN", "ordinary"),
            ("inner.weight", "inf", "ordinary"),
            ("inner.count", "1.5", "whole"),
            ("inner.count", "-1", "whole"),
            ("inner.edge", "Sideways", "Wrap"),
            ("list[3].count", "1", "empty"),
            ("size", "(1, inf)", "ordinary"),
            ("", "1", "paths look like"),
            ("inner..weight", "1", "paths look like"),
        ] {
            let error = set(&mut outer, path, value).unwrap_err();
            assert!(error.help.contains(hint), "{path}={value}: {error:?}");
        }
        assert_eq!(outer, before);
    }
}
