//! Values set at the end of a path.

use bevy::prelude::*;
use bevy::reflect::enums::{VariantInfo, VariantType};
use bevy::reflect::serde::TypedReflectDeserializer;
use bevy::reflect::{PartialReflect, ReflectMut, ReflectRef, TypeInfo, TypeRegistry};
use serde::de::DeserializeSeed;

use super::{FieldHints, ParamValue, PathError, Segment, hints_of, is_wrapper, no_element, parse_path, unknown_field};

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
    use crate::reflect_path::read;
    use crate::schema::Range;

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
