//! What the network tells: kinds of events and what they carry.

use std::fmt;

use agent2028_core::agent::AgentId;
use agent2028_core::event::{EventDeclaration, EventKind, EventPayload};
use agent2028_core::tone::Tone;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// A partition cuts the network. Carries a [`PartitionBegan`].
pub const PARTITION_BEGAN: EventKind = EventKind::new("PartitionBegan", 8);
/// A partition is over. Carries a [`PartitionHealed`].
pub const PARTITION_HEALED: EventKind = EventKind::new("PartitionHealed", 7);
/// Somebody begins a rumour. Carries a [`RumourBegan`].
pub const RUMOUR_BEGAN: EventKind = EventKind::new("RumourBegan", 4);
/// Somebody raises a false alarm. Carries a [`RumourBegan`].
pub const FALSE_ALARM: EventKind = EventKind::new("FalseAlarm", 6);
/// An agent is suspected of having failed, by the first that does. Carries a [`Suspicion`].
pub const AGENT_SUSPECTED: EventKind = EventKind::new("AgentSuspected", 6);
/// An agent is held for failed, by the first that does. Carries a [`Suspicion`].
pub const AGENT_CONFIRMED_DEAD: EventKind = EventKind::new("AgentConfirmedDead", 7);
/// A suspect says that it is there.
pub const SUSPICION_REFUTED: EventKind = EventKind::new("SuspicionRefuted", 5);

/// What this crate declares: the kinds of events that it tells beside those of the core.
pub const KINDS: &[EventDeclaration] = &[
    EventDeclaration::new(
        PARTITION_BEGAN,
        "Partition began",
        "\u{e16f}",
        Tone::Danger,
        "A partition cuts the network.",
    )
    .carries::<PartitionBegan>(),
    EventDeclaration::new(PARTITION_HEALED, "Partition healed", "\u{e250}", Tone::Good, "A partition is over.")
        .carries::<PartitionHealed>(),
    EventDeclaration::new(RUMOUR_BEGAN, "Rumour began", "\u{ef49}", Tone::Info, "Somebody begins a rumour.")
        .carries::<RumourBegan>(),
    EventDeclaration::new(FALSE_ALARM, "False alarm", "\u{f052}", Tone::Warning, "Somebody raises a false alarm.")
        .carries::<RumourBegan>(),
    EventDeclaration::new(
        AGENT_SUSPECTED,
        "Agent suspected",
        "\u{e8fd}",
        Tone::Warning,
        "An agent is suspected of having failed, by the first that does.",
    )
    .carries::<Suspicion>(),
    EventDeclaration::new(
        AGENT_CONFIRMED_DEAD,
        "Agent confirmed dead",
        "\u{eac2}",
        Tone::Danger,
        "An agent is held for failed, by the first that does.",
    )
    .carries::<Suspicion>(),
    EventDeclaration::new(
        SUSPICION_REFUTED,
        "Suspicion refuted",
        "\u{f0be}",
        Tone::Good,
        "A suspect says that it is there.",
    )
    .carries::<Refutation>(),
];

/// What a [`PARTITION_BEGAN`] carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct PartitionBegan {
    /// The partition's number in the run, from 0.
    pub number: u32,
    /// How many agents are on the side that was chosen.
    pub inside: u64,
    /// How many are on the other.
    pub outside: u64,
}

impl EventPayload for PartitionBegan {
    const NAME: &'static str = "PartitionBegan";
}

impl fmt::Display for PartitionBegan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "partition {} cuts {} agents from {} others", self.number, self.inside, self.outside)
    }
}

/// What a [`PARTITION_HEALED`] carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct PartitionHealed {
    /// The partition's number in the run, from 0.
    pub number: u32,
}

impl EventPayload for PartitionHealed {
    const NAME: &'static str = "PartitionHealed";
}

impl fmt::Display for PartitionHealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "partition {} healed", self.number)
    }
}

/// What a [`RUMOUR_BEGAN`] or a [`FALSE_ALARM`] carries; its source is who begins it.
#[derive(Clone, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct RumourBegan {
    /// The rumour's number in the run, from 0.
    pub number: u32,
    /// What it says.
    pub text: String,
}

impl EventPayload for RumourBegan {
    const NAME: &'static str = "RumourBegan";
}

impl fmt::Display for RumourBegan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rumour {} begins: {}", self.number, self.text)
    }
}

/// What a [`SUSPICION_REFUTED`] carries; its source is who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct Refutation {
    /// How often it has had to say so.
    pub incarnation: u32,
}

impl EventPayload for Refutation {
    const NAME: &'static str = "Refutation";
}

impl fmt::Display for Refutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "says that it is there (incarnation {})", self.incarnation)
    }
}

/// How somebody came to think that another has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub enum Grounds {
    /// It doesn't answer, nor to those who were asked for help (SWIM).
    NoAnswer,
    /// It has been suspected for long enough (SWIM).
    NotRefuted,
    /// Its heart is silent (φ-accrual).
    Silence,
}

/// What an [`AGENT_SUSPECTED`] or an [`AGENT_CONFIRMED_DEAD`] carries; its source is whom it concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct Suspicion {
    /// Who thinks so.
    pub by: AgentId,
    /// Why.
    pub grounds: Grounds,
}

impl EventPayload for Suspicion {
    const NAME: &'static str = "Suspicion";
}

impl fmt::Display for Suspicion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = self.by.0;
        match self.grounds {
            Grounds::NoAnswer => write!(f, "agent {by} suspects that it has failed"),
            Grounds::NotRefuted => write!(f, "agent {by} holds it for failed"),
            Grounds::Silence => write!(f, "agent {by} hears its heart no more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::event::EventBus;

    #[test]
    fn what_is_told_can_be_read_as_words_and_as_values() {
        let mut bus = EventBus::default();
        bus.publish(PARTITION_BEGAN, None, PartitionBegan { number: 2, inside: 30, outside: 70 });
        bus.publish(PARTITION_HEALED, None, PartitionHealed { number: 2 });
        bus.publish(RUMOUR_BEGAN, Some(AgentId(3)), RumourBegan { number: 0, text: "fire".into() });
        for grounds in [Grounds::NoAnswer, Grounds::NotRefuted, Grounds::Silence] {
            bus.publish(AGENT_SUSPECTED, Some(AgentId(4)), Suspicion { by: AgentId(9), grounds });
        }
        let texts: Vec<String> = bus.history().map(|event| event.text().into_owned()).collect();
        assert_eq!(
            texts,
            [
                "partition 2 cuts 30 agents from 70 others",
                "partition 2 healed",
                "rumour 0 begins: fire",
                "agent 9 suspects that it has failed",
                "agent 9 holds it for failed",
                "agent 9 hears its heart no more",
            ]
        );
        let told = bus.history().find_map(|event| event.payload.get::<RumourBegan>()).unwrap();
        assert_eq!((told.number, told.text.as_str()), (0, "fire"));
    }
}
