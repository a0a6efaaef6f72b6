//! What an event says: words, or a value of a type that can be shown as words.

use std::any::Any;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bevy::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

/// A value that an event carries. Its [`Display`](fmt::Display) is the event's text; nobody pays for it who doesn't read it.
///
/// Register it with [`AddEventPayload::add_event_payload`], so that checkpoints with events that nobody has read yet can be
/// loaded.
///
/// ```
/// use agent2028_core::event::{EventBus, EventKind, EventPayload};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
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
    Serialize + DeserializeOwned + fmt::Debug + fmt::Display + PartialEq + Send + Sync + 'static
{
    /// The type's name in recordings and checkpoints, in CamelCase.
    const NAME: &'static str;
}

trait Erased: fmt::Debug + fmt::Display + Send + Sync {
    fn name(&self) -> &'static str;
    fn to_ron(&self) -> Result<String, ron::Error>;
    fn equals(&self, other: &dyn Any) -> bool;
    fn as_any(&self) -> &dyn Any;
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
#[derive(Resource, Clone, Debug, Default)]
pub struct EventPayloads(BTreeMap<&'static str, Read>);

impl EventPayloads {
    /// Reads a value of the type of this name.
    ///
    /// # Errors
    /// If the type is not registered or the fields don't fit it.
    pub fn read(&self, name: &str, fields: &str) -> Result<Payload, String> {
        let read = self.0.get(name).ok_or_else(|| {
            format!("events carry a \"{name}\", which is not registered here; add_event_payload does that")
        })?;
        read(fields).map_err(|error| format!("{name}: {error}"))
    }

    /// The registered names in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }
}

/// Makes types of payloads known to an app.
pub trait AddEventPayload {
    /// Registers a type, so that checkpoints with events that carry it can be loaded.
    fn add_event_payload<T: EventPayload>(&mut self) -> &mut Self;
}

impl AddEventPayload for App {
    fn add_event_payload<T: EventPayload>(&mut self) -> &mut Self {
        self.world_mut().get_resource_or_init::<EventPayloads>().0.insert(T::NAME, |fields| {
            crate::ron_format::from_str::<T>(fields).map(Payload::from).map_err(|error| error.to_string())
        });
        self
    }
}
