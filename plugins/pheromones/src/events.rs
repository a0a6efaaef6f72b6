//! What foragers tell: kinds of events and what they carry.

use std::fmt;

use agent2028_core::event::{EventKind, EventPayload};
use bevy::math::Vec2;
use serde::{Deserialize, Serialize};

/// Somebody has found a resource that nobody had found before. Carries a [`ResourceFound`].
pub const RESOURCE_FOUND: EventKind = EventKind::new("ResourceFound", 5);

/// All kinds of events that this crate tells beside those of the core.
pub const KINDS: &[EventKind] = &[RESOURCE_FOUND];

/// What a [`RESOURCE_FOUND`] carries; its source is the finder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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

/// What an [`EventKind::RESOURCE_EXHAUSTED`] of a resource carries; its source is who took the last of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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

/// What an [`EventKind::RESOURCE_AVAILABLE`] of a resource that has grown back carries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
