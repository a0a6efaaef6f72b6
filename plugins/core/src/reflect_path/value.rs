//! Values as people write and read them.

use bevy::prelude::*;
use bevy::reflect::enums::VariantType;
use bevy::reflect::{PartialReflect, ReflectRef};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::is_wrapper;

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

/// A field's value as it is shown.
pub(crate) fn to_param(value: &dyn PartialReflect) -> ParamValue {
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
