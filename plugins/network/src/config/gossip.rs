//! Rumours and how they spread.

use agent2028_core::check::{Range, Unit};
use agent2028_core::selector::Selector;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// How rumours spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum GossipMode {
    /// Who hears a rumour tells all neighbours at once: it reaches exactly those within its number of hops.
    Flood,
    /// In each round, those who know a rumour tell `fanout` random neighbours.
    #[default]
    Push,
    /// In each round, everybody asks `fanout` random neighbours for what it doesn't know.
    Pull,
    /// Both at once.
    PushPull,
    /// At once along a tree that grows by itself, with mere announcements on the other links, by which the tree is mended
    /// (Plumtree: Leitão, Pereira & Rodrigues 2007). It needs links that are stored: not `Full`.
    Plumtree,
}

/// How far a rumour is meant to go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum Scope {
    /// For those nearby: 2 hops.
    LocalBroadcast,
    /// For the own region: 5 hops, and only to agents of the same region.
    RegionalGossip,
    /// For all: 20 hops.
    #[default]
    GlobalAlert,
}

/// How many hops messages of each scope go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct TtlConfig {
    /// Those of `LocalBroadcast`.
    #[reflect(@Range::new(1.0, 65_535.0), @Unit("hops"))]
    pub local: u16,
    /// Those of `RegionalGossip`.
    #[reflect(@Range::new(1.0, 65_535.0), @Unit("hops"))]
    pub regional: u16,
    /// Those of `GlobalAlert`.
    #[reflect(@Range::new(1.0, 65_535.0), @Unit("hops"))]
    pub global: u16,
}

impl Default for TtlConfig {
    fn default() -> Self {
        Self { local: 2, regional: 5, global: 20 }
    }
}

impl TtlConfig {
    /// The hops of a scope.
    #[must_use]
    pub fn of(&self, scope: Scope) -> u16 {
        match scope {
            Scope::LocalBroadcast => self.local,
            Scope::RegionalGossip => self.regional,
            Scope::GlobalAlert => self.global,
        }
    }
}

/// A rumour that begins by itself.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct RumourConfig {
    /// The tick in which it begins.
    #[reflect(@Unit("ticks"))]
    pub at: u64,
    /// Another one begins every so many ticks.
    #[reflect(@Range::new(1.0, 1e15), @Unit("ticks"))]
    pub every: Option<u64>,
    /// Who knows it first: one of these, by chance.
    pub from: Selector,
    /// How far it is meant to go.
    pub scope: Scope,
    /// What it says.
    pub text: String,
}

impl Default for RumourConfig {
    fn default() -> Self {
        Self { at: 1, every: None, from: Selector::All, scope: Scope::GlobalAlert, text: "hear, hear".into() }
    }
}

/// Rumours and how they spread.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct GossipConfig {
    /// How rumours spread.
    pub mode: GossipMode,
    /// How many neighbours an agent turns to in a round.
    #[reflect(@Range::new(1.0, 1000.0), @Unit("agents"))]
    pub fanout: u32,
    /// How long a round is; all agents keep step.
    #[reflect(@Range::new(1e-3, 1e6), @Unit("s"))]
    pub period_s: f32,
    /// For how many rounds an agent tells a rumour; 0 for as long as the rumour lives, 1 is "infect and die".
    #[reflect(@Range::new(0.0, 65_535.0), @Unit("rounds"))]
    pub rounds: u32,
    /// How many hops rumours of each scope go.
    pub ttl: TtlConfig,
    /// How long a rumour lives.
    #[reflect(@Range::new(0.001, 1e9), @Unit("s"))]
    pub lifetime_s: f32,
    /// How many rumours an agent remembers, so as not to take them for new ones.
    #[reflect(@Range::new(1.0, 1024.0), @Unit("rumours"))]
    pub remembered: u32,
    /// How many rumours are kept, with who heard them from whom: beyond these the oldest is told no more.
    #[reflect(@Range::new(1.0, 4096.0), @Unit("rumours"))]
    pub kept: u32,
    /// How many hearings of each rumour are kept for the inspector.
    #[reflect(@Range::new(0.0, 16_777_216.0), @Unit("hearings"))]
    pub history: u32,
    /// How long an announced rumour may take before it is asked for (Plumtree).
    #[reflect(@Range::new(0.001, 1e6), @Unit("s"))]
    pub graft_after_s: f32,
    /// Rumours that begin by themselves.
    pub rumours: Vec<RumourConfig>,
}

impl Default for GossipConfig {
    fn default() -> Self {
        Self {
            mode: GossipMode::Push,
            fanout: 1,
            period_s: 0.2,
            rounds: 0,
            ttl: TtlConfig::default(),
            lifetime_s: 60.0,
            remembered: 16,
            kept: 16,
            history: 10_000,
            graft_after_s: 0.5,
            rumours: Vec::new(),
        }
    }
}
