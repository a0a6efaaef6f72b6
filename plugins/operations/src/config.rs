//! The scene's section `operations`.

mod check;
mod orchestrator;
mod service;
mod workload;

pub use orchestrator::{BridgeConfig, OrchestratorConfig, Shares};
pub use service::{ServiceRule, ServiceTime};
pub use workload::{Bursty, ClosedLoop, Constant, Demand, Diurnal, Poisson, Workload};

use agent2028_core::agent::FitnessWeights;
use agent2028_core::check::{Range, Unit};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::strategy::Strategy;

/// Work that is asked of agents: who asks for how much of what, who is chosen to do it, and what becomes of it.
///
/// Everything here can be changed while the simulation runs.
#[derive(Resource, Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Resource, Default)]
#[serde(default, deny_unknown_fields)]
pub struct OperationsConfig {
    /// How the agent for an operation is chosen, where its workload doesn't say; by default `BestFit`.
    pub strategy: Strategy,
    /// Who asks for what, and how often.
    pub workload: Vec<Workload>,
    /// How long agents work on an operation; by default `Exponential(mean_ms: 20)`. An agent of half the health needs twice
    /// the time.
    pub service: ServiceTime,
    /// Other service times and timeouts for some capabilities; the first that fits holds.
    pub services: Vec<ServiceRule>,
    /// An attempt that has taken so long is given up; never by default.
    #[reflect(@Range::new(1e-3, 1e9), @Unit("ms"))]
    pub timeout_ms: Option<f32>,
    /// Whether operations that failed or timed out are tried again.
    pub retry: RetryConfig,
    /// What waits in front of agents.
    pub queue: QueueConfig,
    /// What makes an agent fit, for `BestFit`, `TrustWeighted` and `Learned`.
    pub fitness: FitnessWeights,
    /// How much the last operation counts in the observed latency and reliability of an agent; by default 0.05.
    #[reflect(@Range::new(0.0, 1.0))]
    pub observation_weight: f32,
    /// Whether routing believes what agents report of themselves instead of what is observed; by default not. With it,
    /// liars get the work.
    pub believe_reports: bool,
    /// The time that rates, shares and percentiles look back; by default 2.
    #[reflect(@Range::new(1e-3, 1e6), @Unit("s"))]
    pub window_s: f32,
    /// The most operations that are on their way at once; what comes beyond is rejected. By default 1 000 000.
    #[reflect(@Range::new(1.0, 16_777_216.0), @Unit("operations"))]
    pub most_in_flight: u32,
    /// How many receipts of finished operations are kept; by default 4096. With 0 none are written.
    #[reflect(@Range::new(0.0, 16_777_216.0), @Unit("receipts"))]
    pub receipts: u32,
    /// Which tier works on what, and what happens when a tier isn't well.
    pub orchestrator: OrchestratorConfig,
    /// Individuals that hand their operations to a swarm and combine its answers.
    pub bridges: Vec<BridgeConfig>,
}

impl Default for OperationsConfig {
    fn default() -> Self {
        Self {
            strategy: Strategy::BestFit,
            workload: Vec::new(),
            service: ServiceTime::default(),
            services: Vec::new(),
            timeout_ms: None,
            retry: RetryConfig::default(),
            queue: QueueConfig::default(),
            fitness: FitnessWeights::default(),
            observation_weight: 0.05,
            believe_reports: false,
            window_s: 2.0,
            most_in_flight: 1_000_000,
            receipts: 4096,
            orchestrator: OrchestratorConfig::default(),
            bridges: Vec::new(),
        }
    }
}

/// Whether operations that failed or timed out are tried again.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct RetryConfig {
    /// How often an operation is tried again at most; by default 0.
    #[reflect(@Range::new(0.0, 100.0), @Unit("times"))]
    pub times: u8,
    /// The wait before the first retry; by default 50.
    #[reflect(@Range::new(0.0, 1e9), @Unit("ms"))]
    pub backoff_ms: f32,
    /// How much longer the wait becomes from one retry to the next; by default 2.
    #[reflect(@Range::new(1.0, 1000.0))]
    pub factor: f32,
    /// The longest wait; by default 10 000.
    #[reflect(@Range::new(0.0, 1e9), @Unit("ms"))]
    pub most_ms: f32,
    /// The share of the wait that is random: 0 none, 1 (by default) all of it, so that retries don't come in waves.
    #[reflect(@Range::new(0.0, 1.0))]
    pub jitter: f32,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self { times: 0, backoff_ms: 50.0, factor: 2.0, most_ms: 10_000.0, jitter: 1.0 }
    }
}

/// What waits in front of agents.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct QueueConfig {
    /// How many operations may wait at an agent; by default 100.
    #[reflect(@Range::new(0.0, 1_000_000.0), @Unit("operations"))]
    pub capacity: u32,
    /// What happens to an operation when no agent has room for it; by default it is rejected.
    pub when_full: WhenFull,
}

impl Default for QueueConfig {
    fn default() -> Self {
        Self { capacity: 100, when_full: WhenFull::Reject }
    }
}

/// What happens to an operation when no agent has room for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum WhenFull {
    /// It is rejected.
    #[default]
    Reject,
    /// It takes the place of the one that has waited longest at the chosen agent, which is rejected.
    ShedOldest,
    /// It waits until an agent has room; beyond so many that wait it is rejected.
    Wait {
        /// The most that wait per capability and tier.
        #[reflect(@Range::new(1.0, 16_777_216.0), @Unit("operations"))]
        most: u32,
    },
}
