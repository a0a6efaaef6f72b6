//! What links are like, what is added between regions, and how messages are written.

use agent2028_core::check::{Range, Unit};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::wire::Codec;

/// How long a message is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(deny_unknown_fields)]
pub enum LatencyModel {
    /// Always as long.
    Constant(#[reflect(@Range::new(0.0, 1e9), @Unit("ms"))] f32),
    /// Normally distributed, never below 0.
    Normal {
        /// The mean.
        #[reflect(@Range::new(0.0, 1e9), @Unit("ms"))]
        mean_ms: f32,
        /// The standard deviation.
        #[reflect(@Range::new(0.0, 1e9), @Unit("ms"))]
        deviation_ms: f32,
    },
    /// Log-normally distributed: mostly short, now and then long.
    LogNormal {
        /// The median.
        #[reflect(@Range::new(0.0, 1e9), @Unit("ms"))]
        median_ms: f32,
        /// The standard deviation of the logarithm.
        #[reflect(@Range::new(0.0, 5.0))]
        sigma: f32,
    },
}

impl Default for LatencyModel {
    fn default() -> Self {
        Self::Constant(20.0)
    }
}

/// What all links are like. A message that is sent in a tick is there in the next one at the earliest.
#[derive(Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct LinkConfig {
    /// How long a message is on its way.
    pub latency: LatencyModel,
    /// Up to so much is added at random, so that messages may overtake each other.
    #[reflect(@Range::new(0.0, 1e9), @Unit("ms"))]
    pub jitter_ms: f32,
    /// How much an agent can send; without it as much as it likes. What it sends faster waits.
    #[reflect(@Range::new(1.0, 1e12), @Unit("B/s"))]
    pub bandwidth: Option<f32>,
    /// What would wait longer than this for its turn is lost.
    #[reflect(@Range::new(0.0, 1e6), @Unit("s"))]
    pub longest_wait_s: f32,
    /// The chance that a message is lost.
    #[reflect(@Range::new(0.0, 1.0))]
    pub loss: f32,
    /// The chance that a message arrives twice.
    #[reflect(@Range::new(0.0, 1.0))]
    pub duplication: f32,
    /// The chance that a message is held up, so that later ones overtake it.
    #[reflect(@Range::new(0.0, 1.0))]
    pub reordering: f32,
    /// For how long at most a message is held up.
    #[reflect(@Range::new(0.0, 1e9), @Unit("ms"))]
    pub held_up_ms: f32,
}

impl Default for LinkConfig {
    fn default() -> Self {
        Self {
            latency: LatencyModel::default(),
            jitter_ms: 0.0,
            bandwidth: None,
            longest_wait_s: 5.0,
            loss: 0.0,
            duplication: 0.0,
            reordering: 0.0,
            held_up_ms: 100.0,
        }
    }
}

/// What is added to the latency between regions; groups say which region their agents are at home in.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct RegionConfig {
    /// Within a region.
    #[reflect(@Range::new(0.0, 1e9), @Unit("ms"))]
    pub within_ms: f32,
    /// Between two regions, unless `pairs` says otherwise.
    #[reflect(@Range::new(0.0, 1e9), @Unit("ms"))]
    pub between_ms: f32,
    /// Between certain regions.
    pub pairs: Vec<RegionPair>,
    /// How many events the bus of each region keeps.
    #[reflect(@Range::new(1.0, 1_000_000.0), @Unit("events"))]
    pub bus_history: u32,
}

impl Default for RegionConfig {
    fn default() -> Self {
        Self { within_ms: 0.0, between_ms: 80.0, pairs: Vec::new(), bus_history: 200 }
    }
}

/// The latency between two regions.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct RegionPair {
    /// One region.
    pub from: String,
    /// The other.
    pub to: String,
    /// What is added to the latency, both ways.
    #[reflect(@Range::new(0.0, 1e9), @Unit("ms"))]
    pub latency_ms: f32,
}

/// How messages are written and packed. Two agents use the highest version that both know, and the first codec in the
/// sender's list that the receiver knows too; what one agent sends to another in a tick is packed together.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct ProtocolConfig {
    /// The lowest and the highest version that agents know: 1 has fields of fixed width, 2 short ones for small numbers.
    pub versions: (u8, u8),
    /// The codecs that agents know, the best first; none means as they are.
    pub codecs: Vec<Codec>,
    /// Only packets of at least this size are packed: a single short message barely shrinks.
    #[reflect(@Range::new(0.0, 1e6), @Unit("B"))]
    pub pack_from_bytes: u32,
    /// What a packet costs beyond its messages; 28 is a header of IPv4 and UDP.
    #[reflect(@Range::new(0.0, 1e6), @Unit("B"))]
    pub header_bytes: u32,
    /// Groups that know other versions or codecs.
    pub groups: Vec<ProtocolOverride>,
}

impl Default for ProtocolConfig {
    fn default() -> Self {
        Self { versions: (1, 2), codecs: vec![Codec::Lz4], pack_from_bytes: 128, header_bytes: 28, groups: Vec::new() }
    }
}

/// What a group knows of the protocol.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct ProtocolOverride {
    /// The group.
    pub agents: String,
    /// The lowest and the highest version.
    pub versions: (u8, u8),
    /// The codecs, the best first.
    pub codecs: Vec<Codec>,
}

impl Default for ProtocolOverride {
    fn default() -> Self {
        Self { agents: String::new(), versions: (1, 2), codecs: Vec::new() }
    }
}
