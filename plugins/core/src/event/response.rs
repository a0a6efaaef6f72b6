//! Events that require a response.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use bevy::prelude::*;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::EventPayload;
use crate::agent::AgentId;

/// What a [`RESPONSE_MISSING`](super::EventKind::RESPONSE_MISSING) says.
#[derive(Clone, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct ResponseMissing {
    /// The kind of the event that required a response.
    pub kind: String,
    /// The tick in which it was told.
    pub asked_at: u64,
    /// The last tick in which a response would have been in time.
    pub respond_by: u64,
}

impl EventPayload for ResponseMissing {
    const NAME: &'static str = "ResponseMissing";
}

impl fmt::Display for ResponseMissing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, asked_at, respond_by } = self;
        write!(f, "{kind} of tick {asked_at} got no response until tick {respond_by}")
    }
}

/// Why a response was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ResponseError {
    /// There has been no such event.
    #[error("there has been no event {0}")]
    Unknown(u64),
    /// The event requires no response.
    #[error("event {0} requires no response")]
    NotRequired(u64),
    /// The event has its response, or its deadline is over.
    #[error("event {0} waits for a response no longer")]
    Closed(u64),
}

/// What became of the response that an event requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseState {
    /// It requires none.
    NotRequired,
    /// It waits for one.
    Waiting {
        /// The last tick in which one is in time.
        until: u64,
    },
    /// It has one.
    Given {
        /// The number of the response.
        sequence: u64,
        /// The tick of the response.
        tick: u64,
    },
    /// There was none in time.
    Missing,
}

/// An event that waits for its response.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Request {
    pub sequence: u64,
    pub respond_by: u64,
    pub kind: String,
    pub tick: u64,
    pub priority: u8,
    pub source: Option<AgentId>,
}

/// All events that wait for their response.
#[derive(Clone, Debug, Default)]
pub(super) struct Requests {
    open: BTreeMap<u64, Request>,
    deadlines: BTreeSet<(u64, u64)>,
    /// How many got none in time.
    pub unanswered: u64,
}

impl Requests {
    /// Takes note of an event that requires a response.
    pub fn insert(&mut self, request: Request) {
        self.deadlines.insert((request.respond_by, request.sequence));
        self.open.insert(request.sequence, request);
    }

    /// Takes an event out that has got its response, and tells its priority; nothing if it doesn't wait for one.
    pub fn answer(&mut self, sequence: u64) -> Option<u8> {
        let request = self.open.remove(&sequence)?;
        self.deadlines.remove(&(request.respond_by, sequence));
        Some(request.priority)
    }

    /// Takes out an event whose deadline was before `tick`, the one with the earliest deadline first.
    pub fn take_overdue(&mut self, tick: u64) -> Option<Request> {
        let (respond_by, sequence) = *self.deadlines.first()?;
        if respond_by >= tick {
            return None;
        }
        self.deadlines.remove(&(respond_by, sequence));
        self.unanswered += 1;
        self.open.remove(&sequence)
    }

    /// Whether an event waits for its response.
    pub fn waits(&self, sequence: u64) -> bool {
        self.open.contains_key(&sequence)
    }

    /// Those that wait, the earliest told first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Request> {
        self.open.values()
    }
}
