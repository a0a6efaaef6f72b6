//! What trust tells: kinds of events and what they carry.

use std::fmt;

use agent2028_core::event::{EventDeclaration, EventKind, EventPayload};
use agent2028_core::tone::Tone;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// An agent is trusted too little to be given work. Carries a [`TrustLost`].
pub const TRUST_LOST: EventKind = EventKind::new("TrustLost", 7);
/// An agent that was isolated for lack of trust gets another chance. Carries a [`TrustRegained`].
pub const TRUST_REGAINED: EventKind = EventKind::new("TrustRegained", 5);
/// A rater was found to say of others what nobody else does. Carries a [`RaterExposed`].
pub const RATER_EXPOSED: EventKind = EventKind::new("RaterExposed", 6);
/// The scores of some agents were found wrong and corrected. Carries a [`ScoresCorrected`].
pub const SCORES_CORRECTED: EventKind = EventKind::new("ScoresCorrected", 5);
/// An agent has left and come back under another name, which only the sandbox knows. Carries a [`Whitewashed`].
pub const AGENT_WHITEWASHED: EventKind = EventKind::new("AgentWhitewashed", 4);

/// What this crate declares: the kinds of events that it tells beside those of the core.
pub const KINDS: &[EventDeclaration] = &[
    EventDeclaration::new(
        TRUST_LOST,
        "Trust lost",
        "\u{f578}",
        Tone::Danger,
        "An agent is trusted too little and is given no more work.",
    )
    .carries::<TrustLost>(),
    EventDeclaration::new(
        TRUST_REGAINED,
        "Trust regained",
        "\u{f577}",
        Tone::Good,
        "An agent that was isolated for lack of trust gets another chance.",
    )
    .carries::<TrustRegained>(),
    EventDeclaration::new(
        RATER_EXPOSED,
        "Rater exposed",
        "\u{e8f4}",
        Tone::Warning,
        "A rater was found to say of others what nobody else does.",
    )
    .carries::<RaterExposed>(),
    EventDeclaration::new(
        SCORES_CORRECTED,
        "Scores corrected",
        "\u{f0c5}",
        Tone::Info,
        "The scores of some agents were found wrong and corrected.",
    )
    .carries::<ScoresCorrected>(),
    EventDeclaration::new(
        AGENT_WHITEWASHED,
        "Agent whitewashed",
        "\u{ea66}",
        Tone::Warning,
        "An agent left and came back under another name, which only the sandbox knows.",
    )
    .carries::<Whitewashed>(),
];

macro_rules! payload {
    ($($kind:ident: |$value:ident, $f:ident| $show:expr;)*) => {
        $(impl EventPayload for $kind {
            const NAME: &'static str = stringify!($kind);
        }

        impl fmt::Display for $kind {
            fn fmt(&self, $f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let $value = self;
                $show
            }
        })*
    };
}

/// What a [`TRUST_LOST`] carries.
#[derive(Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
pub struct TrustLost {
    /// How much it is trusted, 0–1.
    pub trust: f32,
    /// Over how many outcomes.
    pub outcomes: f32,
    /// How much would be needed, 0–1.
    pub needed: f32,
}

/// What a [`TRUST_REGAINED`] carries.
#[derive(Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
pub struct TrustRegained {
    /// How much it was trusted when its time was over, 0–1.
    pub trust: f32,
}

/// What a [`RATER_EXPOSED`] carries.
#[derive(Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
pub struct RaterExposed {
    /// The share of what it says that is better than what others say, 0–1.
    pub above: f32,
    /// The share that is worse, 0–1.
    pub below: f32,
}

/// What a [`SCORES_CORRECTED`] carries; its source is the first of the agents.
#[derive(Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
pub struct ScoresCorrected {
    /// Of how many agents.
    pub agents: u32,
    /// The largest difference between recorded and realised, −1 to 1.
    pub largest: f32,
}

/// What an [`AGENT_WHITEWASHED`] carries; its source is the agent as it is called now.
#[derive(Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
pub struct Whitewashed {
    /// Its number before.
    pub before: u32,
    /// How much it was trusted then, 0–1.
    pub trust: f32,
}

payload! {
    TrustLost: |value, f| write!(
        f,
        "is trusted {:.2} after {:.0} outcomes, less than {:.2}: it is given no more work",
        value.trust, value.outcomes, value.needed
    );
    TrustRegained: |value, f| write!(f, "was trusted {:.2} and gets another chance", value.trust);
    RaterExposed: |value, f| write!(
        f,
        "rates unlike others: {:.0} % better, {:.0} % worse; its word counts less",
        f64::from(value.above) * 100.0, f64::from(value.below) * 100.0
    );
    ScoresCorrected: |value, f| write!(
        f,
        "the scores of {} agents were wrong by up to {:.2} and stand corrected",
        value.agents, value.largest.abs()
    );
    Whitewashed: |value, f| write!(
        f,
        "left as agent {} with a trust of {:.2} and came back under this name",
        value.before, value.trust
    );
}
