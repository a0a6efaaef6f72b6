//! Values set at the end of a path.

use agent2028_language::syntax::{Kind, SourceId, parse};
use bevy::prelude::*;
use bevy::reflect::enums::{EnumInfo, VariantInfo, VariantType};
use bevy::reflect::serde::TypedReflectDeserializer;
use bevy::reflect::{PartialReflect, ReflectMut, ReflectRef, TypeInfo, TypeRegistry};
use serde::de::DeserializeSeed;

use super::{
    FieldHints, ParamValue, PathError, Segment, get, hints_of, is_wrapper, no_element, parse_path, unknown_field,
};

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
    descend(root, &segments, FieldHints::default(), types, &mut |target, hints| assign(target, hints, value, types))
}

/// What stood at a path before something was written there.
pub struct Undo {
    path: Vec<Segment>,
    held: Box<dyn PartialReflect>,
}

impl Undo {
    /// Puts it back.
    ///
    /// # Errors
    /// If what was written since has no such path any more.
    pub fn put_back(self, root: &mut dyn PartialReflect, types: &TypeRegistry) -> Result<(), PathError> {
        let mut held = Some(self.held);
        descend(root, &self.path, FieldHints::default(), types, &mut |target, _| {
            let Some(held) = held.take() else { return Ok(()) };
            match (target.try_as_reflect_mut(), held.try_into_reflect()) {
                (Some(target), Ok(held)) => target
                    .set(held)
                    .map_err(|_| PathError::new("what stood there has another type", "set the whole value")),
                _ => Err(PathError::new("what stood there can't be put back", "set the whole value")),
            }
        })
    }
}

/// Writes a value at a path as [`write()`] does, and tells how to undo it. Only what stands at the path is copied.
///
/// # Errors
/// As [`write()`].
pub fn write_undoable(
    root: &mut dyn PartialReflect,
    path: &str,
    value: &ParamValue,
    types: &TypeRegistry,
) -> Result<Undo, PathError> {
    let mut segments = parse_path(path)?;
    let undo = loop {
        // What is not there yet comes into being with what holds it, which is copied then.
        match get(root, &segments) {
            Ok((held, _)) => {
                let held = held.reflect_clone().map_err(|error| PathError::new(error.to_string(), ""))?;
                break Undo { path: segments, held: held.into_partial_reflect() };
            }
            Err(error) if segments.pop().is_none() => return Err(error),
            Err(_) => {}
        }
    };
    match write(root, path, value, types) {
        Ok(()) => Ok(undo),
        Err(error) => {
            undo.put_back(root, types)?;
            Err(error)
        }
    }
}

/// What is done with the value at the end of a path.
type AtEnd<'a> = &'a mut dyn FnMut(&mut dyn PartialReflect, FieldHints) -> Result<(), PathError>;

/// Walks down a path.
fn descend(
    target: &mut dyn PartialReflect,
    segments: &[Segment],
    hints: FieldHints,
    types: &TypeRegistry,
    at_end: AtEnd,
) -> Result<(), PathError> {
    let Some((segment, rest)) = segments.split_first() else {
        return at_end(target, hints);
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
        descend(inner.as_mut(), segments, hints, types, at_end)?;
        tuple.insert_boxed(inner);
        let some = bevy::reflect::enums::DynamicEnum::new("Some", bevy::reflect::enums::DynamicVariant::Tuple(tuple));
        return target
            .try_apply(&some)
            .map_err(|error| PathError::new(error.to_string(), "set the whole value instead"));
    }
    // Looked up first, so that what is missing can be told from what is there.
    step_exists(target, segment)?;
    let next_hints = match segment {
        Segment::Field(name) => hints_of(target, name),
        Segment::Index(_) => hints,
    };
    let gone = || PathError::new("the path leads nowhere", "name a field that is there");
    match (target.reflect_mut(), segment) {
        (ReflectMut::Struct(parent), Segment::Field(name)) => {
            descend(parent.field_mut(name).ok_or_else(gone)?, rest, next_hints, types, at_end)
        }
        (ReflectMut::TupleStruct(parent), Segment::Field(name)) => {
            match name.parse::<usize>().ok().filter(|index| *index < parent.field_len()) {
                Some(index) => descend(parent.field_mut(index).ok_or_else(gone)?, rest, hints, types, at_end),
                // A newtype is seen through.
                None => descend(parent.field_mut(0).ok_or_else(gone)?, segments, hints, types, at_end),
            }
        }
        (ReflectMut::Enum(parent), Segment::Field(name)) if parent.variant_type() == VariantType::Struct => {
            descend(parent.field_mut(name).ok_or_else(gone)?, rest, next_hints, types, at_end)
        }
        (ReflectMut::Enum(parent), _) if is_wrapper(parent) => {
            descend(parent.field_at_mut(0).ok_or_else(gone)?, segments, hints, types, at_end)
        }
        (ReflectMut::List(parent), Segment::Index(index)) => {
            descend(parent.get_mut(*index).ok_or_else(gone)?, rest, next_hints, types, at_end)
        }
        (ReflectMut::Array(parent), Segment::Index(index)) => {
            descend(parent.get_mut(*index).ok_or_else(gone)?, rest, next_hints, types, at_end)
        }
        _ => Err(gone()),
    }
}

/// Whether a step of a path leads on from a value; else why not.
fn step_exists(target: &dyn PartialReflect, segment: &Segment) -> Result<(), PathError> {
    let exists = match (target.reflect_ref(), segment) {
        (ReflectRef::Struct(parent), Segment::Field(name)) => parent.field(name).is_some(),
        (ReflectRef::TupleStruct(parent), Segment::Field(name)) => {
            parent.field_len() == 1 || name.parse::<usize>().is_ok_and(|index| index < parent.field_len())
        }
        (ReflectRef::Enum(parent), Segment::Field(name)) if parent.variant_type() == VariantType::Struct => {
            parent.field(name).is_some()
        }
        (ReflectRef::Enum(parent), _) if is_wrapper(parent) => true,
        (ReflectRef::List(parent), Segment::Index(index)) => *index < parent.len(),
        (ReflectRef::Array(parent), Segment::Index(index)) => *index < parent.len(),
        _ => false,
    };
    if exists {
        return Ok(());
    }
    Err(match segment {
        Segment::Field(name) => unknown_field(target, name),
        Segment::Index(index) => no_element(*index, list_length(target)),
    })
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
    // A scene may write Some(…) around what may be absent.
    if let Some(TypeInfo::Enum(info)) = target.get_represented_type_info()
        && is_option(info)
        && let Some(plain) = within_some(value)
    {
        return assign(target, hints, &plain, types);
    }
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
    let wrong =
        |_: &dyn std::fmt::Display| PathError::new(format!("\"{text}\" does not fit here"), expected(type_info, &text));
    // What isn't RON, or has something twice, is told as in a scene.
    if let Err(broken) = parse(SourceId(0), &text)
        && let Some(fault) = broken.faults.into_iter().next()
    {
        return Err(PathError::new(format!("\"{text}\": {}", fault.message), fault.help));
    }
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

fn is_option(info: &EnumInfo) -> bool {
    info.type_path().starts_with("core::option::Option<")
}

/// The value within the `Some(…)` that a scene may write around it.
fn within_some(value: &ParamValue) -> Option<ParamValue> {
    let ParamValue::Text(text) = value else { return None };
    match parse(SourceId(0), text).ok()?.kind {
        Kind::Tuple(Some(name), items) if name.text == "Some" => match items.as_slice() {
            [inner] => Some(ParamValue::parse(&text[inner.place.span.clone()])),
            _ => None,
        },
        _ => None,
    }
}

/// What a value of a type looks like, for messages.
fn expected(info: &TypeInfo, text: &str) -> String {
    match info {
        TypeInfo::Enum(info) if is_option(info) => "write a value, or None".to_owned(),
        TypeInfo::Enum(info) => {
            let names = info.variant_names();
            let near = crate::check::nearest(text, names.iter().copied());
            let near = near.map_or_else(String::new, |near| format!("did you mean {near}? "));
            format!("{near}one of: {}", names.join(", "))
        }
        TypeInfo::Opaque(info) => match info.type_path_table().short_path() {
            "f32" | "f64" => "expected a number".into(),
            "bool" => "expected true or false".into(),
            "String" => "expected text".into(),
            whole => format!("expected a whole number of the type {whole}"),
        },
        TypeInfo::List(_) | TypeInfo::Array(_) => "expected a list, such as [1, 2]".into(),
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
    use crate::check::Range;
    use crate::reflect_path::read;

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

    #[test]
    fn values_are_read_as_a_scene_reads_them() {
        let mut outer = Outer { maybe: Some(1.0), ..default() };
        set(&mut outer, "maybe", "Some(0.25)").unwrap();
        assert_eq!(outer.maybe, Some(0.25));
        set(&mut outer, "maybe", "None").unwrap();
        assert_eq!(outer.maybe, None);
        set(&mut outer, "maybe", "Some(5)").unwrap();
        assert_eq!(outer.maybe, Some(5.0));
        let before = outer.clone();
        for (path, value, message, help) in [
            ("inner", "(weight: 1, weight: 2)", "\"weight\" stands here twice", "remove one"),
            ("inner", "(weight 1)", "a colon is missing", "name: value"),
            ("inner.weight", "Some(1)", "\"Some(1)\" does not fit here", "a number"),
            ("inner.edge", "wrap", "\"wrap\" does not fit here", "did you mean Wrap?"),
            ("inner.count", "many", "\"many\" does not fit here", "whole number"),
            ("", "1", "the name of a field is missing", "boids.flocks[0].max_speed"),
        ] {
            let error = set(&mut outer, path, value).unwrap_err();
            assert!(error.message.contains(message) && error.help.contains(help), "{path}: {error:?}");
            assert!(!error.message.contains("stack") && !error.message.contains("Expected"), "{error:?}");
            assert_eq!(outer, before, "{path}");
        }
    }
}
