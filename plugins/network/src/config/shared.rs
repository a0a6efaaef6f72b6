//! State that agents share.

use agent2028_core::check::{Range, Unit};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// What kind of value is shared: conflict-free replicated data types (Shapiro, Preguiça, Baquero & Zawirski 2011).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum SharedKind {
    /// A counter that only grows.
    #[default]
    GCounter,
    /// A counter that grows and shrinks.
    PnCounter,
    /// A set to which things are added and from which they are removed; adding wins over removing at the same time.
    OrSet,
    /// One value; the last one that was written wins.
    LwwRegister,
    /// Values by name; of each the last one that was written wins.
    LwwMap,
}

/// A value of which each agent has a replica. Agents write now and then and exchange what differs.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct SharedConfig {
    /// The value's name.
    pub name: String,
    /// What kind of value it is.
    pub kind: SharedKind,
    /// How often each agent writes, at most once in a tick.
    #[reflect(@Range::new(0.0, 1e6), @Unit("1/s"))]
    pub writes_per_s: f32,
    /// Nobody writes after this tick; by default agents write for ever.
    #[reflect(@Unit("ticks"))]
    pub write_until: Option<u64>,
    /// How many different things a set or map holds.
    #[reflect(@Range::new(1.0, 65_536.0))]
    pub things: u32,
    /// How often each agent compares its replica with that of a random neighbour.
    #[reflect(@Range::new(0.001, 1e6), @Unit("s"))]
    pub period_s: f32,
}

impl Default for SharedConfig {
    fn default() -> Self {
        Self {
            name: "shared".into(),
            kind: SharedKind::GCounter,
            writes_per_s: 0.5,
            write_until: None,
            things: 16,
            period_s: 0.5,
        }
    }
}
