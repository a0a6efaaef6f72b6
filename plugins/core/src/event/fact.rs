//! An event, and how to build one.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use uuid::Uuid;

use super::{EventKind, Payload};
use crate::agent::AgentId;
use crate::rng::{Purpose, SimRng};

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The event's number in the run, from 0, without gaps, in the order in which things happened.
    pub sequence: u64,
    /// The tick in which it happened.
    pub tick: u64,
    /// Simulated Unix time in milliseconds.
    pub unix_ms: i64,
    /// What kind of thing happened.
    pub kind: EventKind,
    /// How much it matters, 1–10 (10 highest): usually what its kind says.
    pub priority: u8,
    /// The agent that it happened to, or that did it.
    pub source: Option<AgentId>,
    /// What happened.
    pub payload: Payload,
    /// The last tick in which a response is in time, if one is required.
    pub respond_by: Option<u64>,
    /// The number of the event that this one answers, or whose response it misses.
    pub refers_to: Option<u64>,
}

impl Event {
    /// The event's UUID (version 4 layout), derived from the scene's seed.
    #[must_use]
    pub fn id(&self, dice: &SimRng) -> Uuid {
        dice.uuid(Purpose::new("event.uuid"), self.sequence)
    }

    /// What happened, in words.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        self.payload.text()
    }

    /// Whether somebody must respond.
    #[must_use]
    pub fn requires_response(&self) -> bool {
        self.respond_by.is_some()
    }
}

/// An event that is about to be told.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "it happens when it is handed to EventBus::emit"]
pub struct EventDraft {
    pub(super) kind: EventKind,
    pub(super) priority: u8,
    pub(super) source: Option<AgentId>,
    pub(super) payload: Payload,
    pub(super) respond_within: Option<u64>,
    pub(super) refers_to: Option<u64>,
}

impl EventDraft {
    /// An event of this kind, with its priority, of no agent, that says nothing more.
    pub fn new(kind: EventKind) -> Self {
        Self {
            kind,
            priority: kind.priority,
            source: None,
            payload: Payload::default(),
            respond_within: None,
            refers_to: None,
        }
    }

    /// The agent that it happened to, or that did it.
    pub fn source(mut self, agent: AgentId) -> Self {
        self.source = Some(agent);
        self
    }

    /// What happened: words, or a value of a type that can be shown as words.
    pub fn payload(mut self, payload: impl Into<Payload>) -> Self {
        self.payload = payload.into();
        self
    }

    /// How much it matters, if not as much as its kind usually does: 1–10; anything else becomes the nearest of these.
    pub fn priority(mut self, priority: u8) -> Self {
        self.priority = priority;
        self
    }

    /// Requires a response ([`EventBus::respond`](super::EventBus::respond)) in this tick or the `ticks` that follow it. If
    /// there is none, the tick after begins with a [`EventKind::RESPONSE_MISSING`].
    pub fn respond_within(mut self, ticks: u64) -> Self {
        self.respond_within = Some(ticks);
        self
    }

    /// The number of an earlier event that this one is about.
    pub fn refers_to(mut self, sequence: u64) -> Self {
        self.refers_to = Some(sequence);
        self
    }
}

/// An event that is kept for as long as somebody holds it. It shares its memory with those that were told around it.
#[derive(Clone)]
pub struct SharedEvent {
    chunk: Arc<[Event]>,
    at: usize,
}

impl SharedEvent {
    /// The event at this place of a chunk, if there is one.
    pub(super) fn new(chunk: &Arc<[Event]>, at: usize) -> Option<Self> {
        (at < chunk.len()).then(|| Self { chunk: chunk.clone(), at })
    }
}

impl Deref for SharedEvent {
    type Target = Event;

    fn deref(&self) -> &Event {
        // The place was looked at when this was made, and a shared slice never changes.
        &self.chunk[self.at]
    }
}

impl fmt::Debug for SharedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl PartialEq for SharedEvent {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}
