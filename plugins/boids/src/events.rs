//! What flocks tell: kinds of events and what they carry.

use std::fmt;

use agent2028_core::agent::AgentId;
use agent2028_core::event::{EventDeclaration, EventKind, EventPayload};
use agent2028_core::tone::Tone;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::formation::FormationChange;

/// A formation has formed. Carries a [`FormationTold`], as the next two do.
pub const FORMATION_FORMED: EventKind = EventKind::new("FormationFormed", 4);
/// A formation has given out its slots anew.
pub const FORMATION_REFORMED: EventKind = EventKind::new("FormationReformed", 4);
/// A formation has too few members left.
pub const FORMATION_DISSOLVED: EventKind = EventKind::new("FormationDissolved", 6);
/// A predator has caught its prey. Carries a [`PreyCaught`].
pub const PREY_CAUGHT: EventKind = EventKind::new("PreyCaught", 7);

/// What this crate declares: the kinds of events that it tells beside those of the core.
pub const KINDS: &[EventDeclaration] = &[
    EventDeclaration::new(FORMATION_FORMED, "Formation formed", "\u{f233}", Tone::Good, "A formation has formed.")
        .carries::<FormationTold>(),
    EventDeclaration::new(
        FORMATION_REFORMED,
        "Formation reformed",
        "\u{e5d5}",
        Tone::Info,
        "A formation has given out its places anew.",
    )
    .carries::<FormationTold>(),
    EventDeclaration::new(
        FORMATION_DISSOLVED,
        "Formation dissolved",
        "\u{e0b6}",
        Tone::Warning,
        "A formation has too few members left, or was given up.",
    )
    .carries::<FormationTold>(),
    EventDeclaration::new(PREY_CAUGHT, "Prey caught", "\u{e91d}", Tone::Danger, "A predator has caught its prey.")
        .carries::<PreyCaught>(),
];

/// What a [`PREY_CAUGHT`] carries; its source is the predator.
#[derive(Clone, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
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

/// What events about a formation carry; their source is its first member, if it has any.
#[derive(Clone, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct FormationTold {
    /// Whose formation it is: the group's name.
    pub agents: String,
    /// What has become of it.
    pub change: FormationChange,
    /// How many active members it has.
    pub members: u32,
}

impl FormationTold {
    /// What kind of thing it is.
    #[must_use]
    pub const fn kind(&self) -> EventKind {
        match self.change {
            FormationChange::Formed => FORMATION_FORMED,
            FormationChange::Reformed => FORMATION_REFORMED,
            FormationChange::Dissolved | FormationChange::GivenUp => FORMATION_DISSOLVED,
        }
    }
}

impl EventPayload for FormationTold {
    const NAME: &'static str = "FormationTold";
}

impl fmt::Display for FormationTold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.change {
            FormationChange::Formed => "formed",
            FormationChange::Reformed => "formed anew",
            FormationChange::Dissolved => "dissolved",
            FormationChange::GivenUp => return write!(f, "formation {} was given up", self.agents),
        };
        write!(f, "formation {} {what} with {} members", self.agents, self.members)
    }
}
