//! What flocks tell: kinds of events and what they carry.

use std::fmt;

use agent2028_core::agent::AgentId;
use agent2028_core::event::{EventKind, EventPayload};
use serde::{Deserialize, Serialize};

/// A formation has formed.
pub const FORMATION_FORMED: EventKind = EventKind::new("FormationFormed", 4);
/// A formation has given out its slots anew.
pub const FORMATION_REFORMED: EventKind = EventKind::new("FormationReformed", 4);
/// A formation has too few members left.
pub const FORMATION_DISSOLVED: EventKind = EventKind::new("FormationDissolved", 6);
/// A predator has caught its prey. Carries a [`PreyCaught`].
pub const PREY_CAUGHT: EventKind = EventKind::new("PreyCaught", 7);

/// What a [`PREY_CAUGHT`] carries; its source is the predator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreyCaught {
    /// Who was caught.
    pub prey: AgentId,
    /// What it is called.
    pub name: String,
}

impl EventPayload for PreyCaught {
    const NAME: &'static str = "PreyCaught";
}

impl fmt::Display for PreyCaught {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "caught {}", self.name)
    }
}
