//! What consensus tells: kinds of events and what they carry.

use std::fmt;

use agent2028_core::event::{EventDeclaration, EventKind, EventPayload};
use agent2028_core::tone::Tone;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// A height was decided; the source is who decided first. Carries a [`HeightDecided`].
pub const VOTING_COMPLETED: EventKind = EventKind::new("VotingCompleted", 6);
/// A height was decided by two voters in two ways. Carries a [`ForkFound`].
pub const FORK_FOUND: EventKind = EventKind::new("ForkFound", 10);
/// A voter was proven to contradict itself, for the first time in a height; the source is that voter. Carries an
/// [`EquivocationProven`].
pub const EQUIVOCATION_PROVEN: EventKind = EventKind::new("EquivocationProven", 8);

/// All kinds of events that this crate tells.
pub const KINDS: &[EventDeclaration] = &[
    EventDeclaration::new(
        VOTING_COMPLETED,
        "Voting completed",
        "\u{e90e}",
        Tone::Good,
        "A height of the log was decided, for the first time by anybody.",
    )
    .carries::<HeightDecided>(),
    EventDeclaration::new(
        FORK_FOUND,
        "Fork found",
        "\u{e14e}",
        Tone::Danger,
        "A height of the log was decided by two voters in two ways: more of them lie than is tolerated.",
    )
    .carries::<ForkFound>(),
    EventDeclaration::new(
        EQUIVOCATION_PROVEN,
        "Equivocation proven",
        "\u{e8d5}",
        Tone::Danger,
        "A voter was proven to contradict itself, for the first time in a height.",
    )
    .carries::<EquivocationProven>(),
];

/// What a [`VOTING_COMPLETED`] carries.
#[derive(Clone, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct HeightDecided {
    /// The height.
    pub height: u64,
    /// The round in which it was decided, from 0.
    pub round: u32,
    /// What was decided, by its number.
    pub value: u32,
    /// What the number stands for, if anything waited to be decided.
    pub what: String,
    /// Whose precommits prove it: agents.
    pub signers: Vec<u32>,
}

impl EventPayload for HeightDecided {
    const NAME: &'static str = "HeightDecided";
}

impl fmt::Display for HeightDecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "height {} is decided in round {}: value {}", self.height, self.round, self.value)?;
        if !self.what.is_empty() {
            write!(f, " ({})", self.what)?;
        }
        write!(f, ", with {} signatures", self.signers.len())
    }
}

/// What a [`FORK_FOUND`] carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct ForkFound {
    /// The height.
    pub height: u64,
    /// What was decided first, by its number.
    pub first: u32,
    /// What was decided after it.
    pub second: u32,
}

impl EventPayload for ForkFound {
    const NAME: &'static str = "ForkFound";
}

impl fmt::Display for ForkFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "height {} is decided in two ways: values {} and {}", self.height, self.first, self.second)
    }
}

/// What an [`EQUIVOCATION_PROVEN`] carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct EquivocationProven {
    /// The height.
    pub height: u64,
    /// The round.
    pub round: u32,
}

impl EventPayload for EquivocationProven {
    const NAME: &'static str = "EquivocationProven";
}

impl fmt::Display for EquivocationProven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it said two things in round {} of height {}", self.round, self.height)
    }
}
