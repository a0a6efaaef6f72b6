//! What stands in the world: nests, resources, walls, corridors, counters.

use agent2028_core::check::{Range, Unit};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// A nest.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct NestConfig {
    /// The nest's name, by which foragers find theirs.
    pub name: String,
    /// Its middle.
    #[reflect(@Range::new(-1e7, 1e7), @Unit("units"))]
    pub position: Vec2,
    /// Its radius; by default 10.
    #[reflect(@Range::new(0.0, 1e6), @Unit("units"))]
    pub radius: f32,
}

impl Default for NestConfig {
    fn default() -> Self {
        Self { name: "nest".into(), position: Vec2::ZERO, radius: 10.0 }
    }
}

/// What happens to a resource that is used up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum Respawn {
    /// It stays empty.
    #[default]
    Never,
    /// It is full again after a time.
    After {
        /// How long it stays empty.
        #[reflect(@Range::new(0.0, 1e9), @Unit("s"))]
        seconds: f32,
    },
    /// After a time it is full again at a random place in the world.
    Elsewhere {
        /// How long it stays empty.
        #[reflect(@Range::new(0.0, 1e9), @Unit("s"))]
        seconds: f32,
    },
}

/// A resource, or a patch of many small ones.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct ResourceConfig {
    /// The resource's name.
    pub name: String,
    /// Its middle.
    #[reflect(@Range::new(-1e7, 1e7), @Unit("units"))]
    pub position: Vec2,
    /// Its radius; by default 5.
    #[reflect(@Range::new(0.0, 1e6), @Unit("units"))]
    pub radius: f32,
    /// How much there is of it; by default 100.
    #[reflect(@Range::new(0.0, 1e9), @Unit("units of food"))]
    pub amount: f32,
    /// What happens when it is used up; by default `Never`.
    pub respawn: Respawn,
    /// How many there are, by default 1. Several are scattered evenly over the patch around `position`, each with
    /// `amount`.
    #[reflect(@Range::new(1.0, 100_000.0))]
    pub items: u32,
    /// Radius of the patch over which several are scattered; by default 0.
    #[reflect(@Range::new(0.0, 1e6), @Unit("units"))]
    pub spread: f32,
}

impl Default for ResourceConfig {
    fn default() -> Self {
        Self {
            name: "food".into(),
            position: Vec2::new(100.0, 0.0),
            radius: 5.0,
            amount: 100.0,
            respawn: Respawn::Never,
            items: 1,
            spread: 0.0,
        }
    }
}

/// A wall: a chain of segments, or a closed polygon. Scent passes it, bodies and antennae don't.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct WallConfig {
    /// The corners in order, at least two.
    #[reflect(@Range::new(-1e7, 1e7), @Unit("units"))]
    pub points: Vec<Vec2>,
    /// Whether the last corner is joined to the first; by default not.
    pub closed: bool,
}

/// A path on which confined foragers walk. Corridors whose ends lie within a tenth of a cell of each other meet there.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct CorridorConfig {
    /// The corridor's name.
    pub name: String,
    /// The points of the path in order, at least two.
    #[reflect(@Range::new(-1e7, 1e7), @Unit("units"))]
    pub points: Vec<Vec2>,
}

/// A line that counts the foragers that cross it, in either direction.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct CounterConfig {
    /// The counter's name; its metrics are `pheromones.crossings.NAME` and `pheromones.share.NAME`.
    pub name: String,
    /// One end.
    #[reflect(@Range::new(-1e7, 1e7), @Unit("units"))]
    pub from: Vec2,
    /// The other end.
    #[reflect(@Range::new(-1e7, 1e7), @Unit("units"))]
    pub to: Vec2,
    /// Counters of the same set share the recent crossings among them; by default all do.
    pub set: String,
}
