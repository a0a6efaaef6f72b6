//! The scene's section `network`.

mod advice;
mod check;
mod detector;
mod gossip;
mod link;
mod shared;
mod topology;

pub(crate) use check::check_text;
pub use detector::{DetectorConfig, HeartbeatConfig, ProbeTarget, SwimConfig};
pub use gossip::{GossipConfig, GossipMode, RumourConfig, Scope, TtlConfig};
pub use link::{LatencyModel, LinkConfig, ProtocolConfig, ProtocolOverride, RegionConfig, RegionPair};
pub use shared::{SharedConfig, SharedKind};
pub use topology::TopologyConfig;

use agent2028_core::agent::Regions;
use agent2028_core::check::{Range, Unit};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// Links, messages, gossip, failure detection and shared state. Without this section agents don't talk.
#[derive(Resource, Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Resource, Default)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkConfig {
    /// The groups whose agents talk; all if the list is empty.
    pub agents: Vec<String>,
    /// Who is linked with whom.
    pub topology: TopologyConfig,
    /// What the links are like.
    pub link: LinkConfig,
    /// What is added between regions.
    pub regions: RegionConfig,
    /// How messages are written and packed.
    pub protocol: ProtocolConfig,
    /// Rumours and how they spread. Without it nothing is gossiped.
    pub gossip: Option<GossipConfig>,
    /// How agents notice that others fail.
    pub detector: DetectorConfig,
    /// State that agents share by exchanging what differs.
    pub shared: Vec<SharedConfig>,
    /// Vector clocks on messages, for the message diagram; they cost an entry per agent and agent, so they suit small scenes.
    pub vector_clocks: bool,
    /// How many messages the message diagram remembers; 0 for none.
    #[reflect(@Range::new(0.0, 100_000.0), @Unit("messages"))]
    pub diagram: u32,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            agents: Vec::new(),
            topology: TopologyConfig::default(),
            link: LinkConfig::default(),
            regions: RegionConfig::default(),
            protocol: ProtocolConfig::default(),
            gossip: None,
            detector: DetectorConfig::default(),
            shared: Vec::new(),
            vector_clocks: false,
            diagram: 500,
        }
    }
}

impl NetworkConfig {
    /// Writes the latencies between regions into the world's table, which others read too.
    pub fn set_region_latencies(&self, regions: &mut Regions) {
        regions.set_latencies_ms(self.regions.within_ms, self.regions.between_ms);
        for pair in &self.regions.pairs {
            if let (Some(one), Some(other)) = (regions.find(&pair.from), regions.find(&pair.to)) {
                regions.set_latency_ms(one, other, pair.latency_ms);
            }
        }
    }
}
