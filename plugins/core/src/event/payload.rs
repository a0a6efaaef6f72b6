//! What an event says: words, or a value of a type that can be shown as words.

use std::any::Any;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bevy::prelude::*;
use bevy::reflect::enums::VariantType;
use bevy::reflect::{PartialReflect, ReflectRef, Typed};
use serde::{Serialize, de::DeserializeOwned};

/// A value that an event carries. Its [`Display`](fmt::Display) is the event's text; nobody pays for it who doesn't read it.
///
/// Name it where its kinds are declared ([`EventDeclaration::carries`](super::EventDeclaration::carries)), so that checkpoints
/// with events that nobody has read yet can be loaded. Its fields are read by reflection.
///
/// ```
/// use agent2028_core::event::{EventBus, EventKind, EventPayload};
/// use bevy::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, PartialEq, Reflect, Serialize, Deserialize)]
/// struct AuctionCleared { price: f64, bids: u32 }
///
/// impl EventPayload for AuctionCleared {
///     const NAME: &'static str = "AuctionCleared";
/// }
///
/// impl std::fmt::Display for AuctionCleared {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         write!(f, "cleared at {} after {} bids", self.price, self.bids)
///     }
/// }
///
/// const CLEARED: EventKind = EventKind::new("AuctionCleared", 5);
/// let mut bus = EventBus::default();
/// bus.publish(CLEARED, None, AuctionCleared { price: 2.5, bids: 16 });
/// let event = bus.history().next().unwrap();
/// assert_eq!(event.payload.get::<AuctionCleared>().unwrap().bids, 16);
/// assert_eq!(event.text(), "cleared at 2.5 after 16 bids");
/// ```
pub trait EventPayload:
    Reflect + Typed + Serialize + DeserializeOwned + fmt::Debug + fmt::Display + PartialEq + Send + Sync + 'static
{
    /// The type's name in recordings and checkpoints, in CamelCase.
    const NAME: &'static str;
}

trait Erased: fmt::Debug + fmt::Display + Send + Sync {
    fn name(&self) -> &'static str;
    fn to_ron(&self) -> Result<String, ron::Error>;
    fn equals(&self, other: &dyn Any) -> bool;
    fn as_any(&self) -> &dyn Any;
    fn reflect(&self) -> &dyn PartialReflect;
}

impl<T: EventPayload> Erased for T {
    fn name(&self) -> &'static str {
        T::NAME
    }

    fn to_ron(&self) -> Result<String, ron::Error> {
        crate::ron_format::to_line(self)
    }

    fn equals(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<T>().is_some_and(|other| other == self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn reflect(&self) -> &dyn PartialReflect {
        self
    }
}

/// A field of what an event carries, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadField {
    /// Its name; of an enum, that of the variant in front of it.
    pub name: String,
    /// Its value; empty if the name says it all.
    pub value: String,
}

/// The fields of a value in words.
fn fields_of(value: &dyn PartialReflect, before: &str, fields: &mut Vec<PayloadField>) {
    let named = |name: &str| if before.is_empty() { name.to_owned() } else { format!("{before}.{name}") };
    match value.reflect_ref() {
        ReflectRef::Struct(of) => {
            for (name, field) in of.iter_fields() {
                fields.push(PayloadField { name: named(name), value: value_in_words(field) });
            }
        }
        ReflectRef::Enum(of) => match of.variant_type() {
            VariantType::Unit => fields.push(PayloadField { name: named(of.variant_name()), value: String::new() }),
            VariantType::Struct => {
                for field in of.iter_fields() {
                    let name = named(&format!("{}.{}", of.variant_name(), field.name().unwrap_or_default()));
                    fields.push(PayloadField { name, value: value_in_words(field.value()) });
                }
            }
            VariantType::Tuple => {
                let values: Vec<String> = of.iter_fields().map(|field| value_in_words(field.value())).collect();
                fields.push(PayloadField { name: named(of.variant_name()), value: values.join(", ") });
            }
        },
        _ => fields.push(PayloadField { name: before.to_owned(), value: value_in_words(value) }),
    }
}

/// A value in words, as short as it can be told.
fn value_in_words(value: &dyn PartialReflect) -> String {
    let all = |values: Vec<String>| values.join(", ");
    match value.reflect_ref() {
        ReflectRef::Opaque(_) => {
            let text = value.try_downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| value.try_downcast_ref::<Cow<'static, str>>().map(|text| &**text));
            text.map_or_else(|| format!("{value:?}"), str::to_owned)
        }
        ReflectRef::TupleStruct(of) => all(of.iter_fields().map(value_in_words).collect()),
        ReflectRef::Tuple(of) => all(of.iter_fields().map(value_in_words).collect()),
        ReflectRef::List(of) => all(of.iter().map(value_in_words).collect()),
        ReflectRef::Array(of) => all(of.iter().map(value_in_words).collect()),
        ReflectRef::Enum(of) if of.variant_name() == "Some" => {
            all(of.iter_fields().map(|field| value_in_words(field.value())).collect())
        }
        ReflectRef::Enum(of) if of.variant_name() == "None" => "none".to_owned(),
        _ => {
            let mut fields = Vec::new();
            fields_of(value, "", &mut fields);
            let words = |field: PayloadField| match field.value.is_empty() {
                true => field.name,
                false => format!("{} {}", field.name, field.value),
            };
            all(fields.into_iter().map(words).collect())
        }
    }
}

/// What an event says.
#[derive(Clone)]
pub struct Payload(Content);

#[derive(Clone)]
enum Content {
    Text(Cow<'static, str>),
    Typed(Arc<dyn Erased>),
}

impl Payload {
    /// The value, if it is a `T`.
    #[must_use]
    pub fn get<T: EventPayload>(&self) -> Option<&T> {
        match &self.0 {
            Content::Text(_) => None,
            Content::Typed(value) => value.as_any().downcast_ref(),
        }
    }

    /// In words.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match &self.0 {
            Content::Text(text) => Cow::Borrowed(text),
            Content::Typed(value) => Cow::Owned(value.to_string()),
        }
    }

    /// The name of the value's type and its fields in RON; nothing if there are only words.
    ///
    /// # Errors
    /// If the value has no RON form, so that it can't be written down.
    pub fn typed(&self) -> Result<Option<(&'static str, String)>, String> {
        match &self.0 {
            Content::Text(_) => Ok(None),
            Content::Typed(value) => {
                let fields = value.to_ron().map_err(|error| format!("{} can't be written: {error}", value.name()))?;
                Ok(Some((value.name(), fields)))
            }
        }
    }

    /// The fields of the value in words, by reflection; none if there are only words.
    #[must_use]
    pub fn fields(&self) -> Vec<PayloadField> {
        let mut fields = Vec::new();
        if let Content::Typed(value) = &self.0 {
            fields_of(value.reflect(), "", &mut fields);
        }
        fields
    }

    /// The same for people to look at: where fields can't be written, why not stands in their place.
    #[must_use]
    pub fn shown(&self) -> Option<(&'static str, String)> {
        match (&self.0, self.typed()) {
            (Content::Typed(value), Err(why)) => Some((value.name(), why)),
            (_, typed) => typed.ok().flatten(),
        }
    }

    /// Bytes beside the payload itself; of typed values, what they weigh is not known.
    pub(crate) fn bytes(&self) -> usize {
        match &self.0 {
            Content::Text(Cow::Owned(text)) => text.capacity(),
            Content::Text(Cow::Borrowed(_)) => 0,
            Content::Typed(value) => size_of_val(&**value) + 2 * size_of::<usize>(),
        }
    }
}

impl fmt::Display for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Content::Text(text) => f.write_str(text),
            Content::Typed(value) => fmt::Display::fmt(value, f),
        }
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Content::Text(text) => fmt::Debug::fmt(text, f),
            Content::Typed(value) => fmt::Debug::fmt(value, f),
        }
    }
}

impl Default for Payload {
    fn default() -> Self {
        Self::from("")
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Content::Text(own), Content::Text(other)) => own == other,
            (Content::Typed(own), Content::Typed(other)) => own.equals(other.as_any()),
            _ => false,
        }
    }
}

impl From<&'static str> for Payload {
    #[inline]
    fn from(text: &'static str) -> Self {
        Self(Content::Text(Cow::Borrowed(text)))
    }
}

impl From<String> for Payload {
    #[inline]
    fn from(text: String) -> Self {
        Self(Content::Text(Cow::Owned(text)))
    }
}

impl From<Cow<'static, str>> for Payload {
    #[inline]
    fn from(text: Cow<'static, str>) -> Self {
        Self(Content::Text(text))
    }
}

impl<T: EventPayload> From<T> for Payload {
    fn from(value: T) -> Self {
        Self(Content::Typed(Arc::new(value)))
    }
}

type Read = fn(&str) -> Result<Payload, String>;

/// The types of values that events carry, by name.
#[derive(Resource, Clone, Debug)]
pub struct EventPayloads(BTreeMap<&'static str, Read>);

impl Default for EventPayloads {
    fn default() -> Self {
        let mut payloads = Self(BTreeMap::new());
        payloads.add(super::core_kinds::KINDS);
        payloads
    }
}

impl EventPayloads {
    /// Reads a value of the type of this name.
    ///
    /// # Errors
    /// If the type is not registered or the fields don't fit it.
    pub fn read(&self, name: &str, fields: &str) -> Result<Payload, String> {
        let read = self.0.get(name).ok_or_else(|| {
            format!("events carry a \"{name}\", which is not declared here; EventDeclaration::carries does that")
        })?;
        read(fields).map_err(|error| format!("{name}: {error}"))
    }

    pub(super) fn insert(&mut self, name: &'static str, read: Read) {
        self.0.insert(name, read);
    }

    /// The registered names in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }
}

/// Reads a value of a type from its fields in RON.
pub(super) fn read<T: EventPayload>(fields: &str) -> Result<Payload, String> {
    crate::ron_format::from_str::<T>(fields).map(Payload::from).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::{AgentsJoined, ConditionChange};

    #[test]
    fn the_fields_of_a_value_are_told_in_words() {
        let told =
            |payload: Payload| payload.fields().into_iter().map(|field| (field.name, field.value)).collect::<Vec<_>>();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let joined = AgentsJoined { group: "bird".into(), count: 3 };
        assert_eq!(told(joined.into()), [pair("group", "bird"), pair("count", "3")]);
        let change = ConditionChange::Degraded { health: 0.5, until: Some(9) };
        assert_eq!(told(change.into()), [pair("Degraded.health", "0.5"), pair("Degraded.until", "9")]);
        assert_eq!(told(ConditionChange::Failed { until: None }.into()), [pair("Failed.until", "none")]);
        assert_eq!(told(ConditionChange::Restarted.into()), [pair("Restarted", "")]);
        assert_eq!(told("words".into()), []);
    }
}
