//! Events that tell when a limit is reached.

use std::borrow::Cow;
use std::fmt;

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use super::{EventBus, EventKind, EventPayload};

/// What an [`EventKind::LIMIT_REACHED`] carries.
#[derive(Clone, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct LimitReached {
    /// What is bounded, such as `operations asked for within a tick`.
    pub what: Cow<'static, str>,
    /// The most of it that there may be.
    pub most: u64,
    /// What becomes of what is beyond.
    pub beyond: Cow<'static, str>,
}

impl EventPayload for LimitReached {
    const NAME: &'static str = "LimitReached";
}

impl fmt::Display for LimitReached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: at most {}; {}", self.what, self.most, self.beyond)
    }
}

impl LimitReached {
    /// What is told when there would be more than `most` of `what`.
    #[must_use]
    pub const fn new(what: &'static str, most: u64, beyond: &'static str) -> Self {
        Self { what: Cow::Borrowed(what), most, beyond: Cow::Borrowed(beyond) }
    }

    /// Tells it, once for each tick in which the bound is reached.
    pub fn tell(self, bus: &mut EventBus) {
        bus.publish(EventKind::LIMIT_REACHED, None, self);
    }
}
