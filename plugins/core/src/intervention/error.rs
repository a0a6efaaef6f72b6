//! Why an intervention could not be applied, and bounds of what lasts.

use bevy::prelude::*;

use crate::agent::{CapabilityError, SpawnError};
use crate::reflect_path::PathError;

/// Why an intervention could not be applied. The simulation is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InterventionError {
    /// A path or value doesn't fit.
    #[error("{}; {}", .0.message, .0.help)]
    Path(#[from] PathError),
    /// A capability name is malformed.
    #[error(transparent)]
    Capability(#[from] CapabilityError),
    /// Agents can't be spawned.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// No agent has this component now.
    #[error("no agent has the component \"{0}\"")]
    NobodyHas(String),
    /// Anything else, in words that say what would work.
    #[error("{0}")]
    Refused(String),
}

impl InterventionError {
    /// What is wrong, and what would be right if that is known.
    #[must_use]
    pub fn into_words(self) -> (String, String) {
        match self {
            Self::Path(error) => (error.message, error.help),
            // Refusals are written as what is wrong; what would work.
            Self::Refused(words) => match words.split_once("; ") {
                Some((message, help)) => (message.to_owned(), help.to_owned()),
                None => (words, String::new()),
            },
            other => (other.to_string(), String::new()),
        }
    }
}

/// What of an intervention doesn't fit a scene, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// The field that is to blame; empty for the whole.
    pub field: &'static str,
    /// Why.
    pub error: InterventionError,
}

impl From<InterventionError> for Unfit {
    fn from(error: InterventionError) -> Self {
        Self { field: "", error }
    }
}

/// How many interventions of one kind may last at the same time: each costs something in every tick.
pub const MOST_LASTING: usize = 256;

/// Refuses one more of what lasts for a while if so many last already.
///
/// # Errors
/// If `now` is [`MOST_LASTING`] or more.
pub fn room_for(now: usize, what: &str) -> Result<(), InterventionError> {
    room_among(now, MOST_LASTING, what)
}

/// Refuses one more of something if there are `most` already. Whoever needs room for several counts all but one of them to `now`.
/// The words are the same whatever `now` is, so that what failed for one reason is told once.
///
/// # Errors
/// If `now` is `most` or more.
pub fn room_among(now: usize, most: usize, what: &str) -> Result<(), InterventionError> {
    if now < most {
        return Ok(());
    }
    Err(InterventionError::Refused(format!("there is no room for more {what}; there may be {most} at a time")))
}
