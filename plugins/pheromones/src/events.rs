//! What foragers tell: kinds of events and what they carry.

use std::fmt;

use agent2028_core::event::{EventDeclaration, EventKind, EventPayload};
use agent2028_core::tone::Tone;
use bevy::math::Vec2;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// Somebody has found a resource that nobody had found before. Carries a [`ResourceFound`].
pub const RESOURCE_FOUND: EventKind = EventKind::new("ResourceFound", 5);
/// Somebody has taken the last of a resource. Carries a [`ResourceUsedUp`].
pub const RESOURCE_EXHAUSTED: EventKind = EventKind::new("ResourceExhausted", 7);
/// A resource has grown back. Carries a [`ResourceGrownBack`].
pub const RESOURCE_AVAILABLE: EventKind = EventKind::new("ResourceAvailable", 5);

/// What this crate declares: the kinds of events that it tells beside those of the core.
pub const KINDS: &[EventDeclaration] = &[
    EventDeclaration::new(
        RESOURCE_FOUND,
        "Resource found",
        "\u{f1db}",
        Tone::Good,
        "Somebody has found a resource that nobody had found before.",
    )
    .carries::<ResourceFound>(),
    EventDeclaration::new(
        RESOURCE_EXHAUSTED,
        "Resource exhausted",
        "\u{ebdc}",
        Tone::Warning,
        "Something that agents need is used up.",
    )
    .carries::<ResourceUsedUp>(),
    EventDeclaration::new(
        RESOURCE_AVAILABLE,
        "Resource available",
        "\u{e1a1}",
        Tone::Good,
        "Something that agents need is there, or there again.",
    )
    .carries::<ResourceGrownBack>(),
];

/// What a [`RESOURCE_FOUND`] carries; its source is the finder.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
pub struct ResourceFound {
    /// What is found there.
    pub name: String,
    /// Where, in world units.
    pub position: Vec2,
}

impl EventPayload for ResourceFound {
    const NAME: &'static str = "ResourceFound";
}

impl fmt::Display for ResourceFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.name, self.position)
    }
}

/// What an [`RESOURCE_EXHAUSTED`] of a resource carries; its source is who took the last of it.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
pub struct ResourceUsedUp {
    /// What was found there.
    pub name: String,
    /// Where, in world units.
    pub position: Vec2,
}

impl EventPayload for ResourceUsedUp {
    const NAME: &'static str = "ResourceUsedUp";
}

impl fmt::Display for ResourceUsedUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} is used up", self.name, self.position)
    }
}

/// What an [`RESOURCE_AVAILABLE`] of a resource that has grown back carries.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
pub struct ResourceGrownBack {
    /// What is found there.
    pub name: String,
    /// Where, in world units.
    pub position: Vec2,
    /// How much there is.
    pub amount: f32,
}

impl EventPayload for ResourceGrownBack {
    const NAME: &'static str = "ResourceGrownBack";
}

impl fmt::Display for ResourceGrownBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} units of {} at {}", self.amount, self.name, self.position)
    }
}
