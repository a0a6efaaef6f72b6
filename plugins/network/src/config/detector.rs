//! How agents notice that others fail.

use agent2028_core::check::{Range, Unit};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// How agents notice that others fail.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct DetectorConfig {
    /// By asking in turn, directly and through others, with suspicion before a verdict (SWIM: Das, Gupta & Motivala 2002).
    pub swim: Option<SwimConfig>,
    /// By heartbeats, with a suspicion that grows with silence (φ-accrual: Hayashibara, Défago, Yared & Katayama 2004).
    pub heartbeat: Option<HeartbeatConfig>,
}

/// Whom an agent asks next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum ProbeTarget {
    /// A random neighbour.
    #[default]
    Random,
    /// One neighbour after the other, from a random start, so that none waits for long.
    RoundRobin,
}

/// Failure detection by SWIM.
#[derive(Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct SwimConfig {
    /// The protocol period: how often everybody asks one neighbour, each from a moment of its own.
    #[reflect(@Range::new(0.01, 1e6), @Unit("s"))]
    pub period_s: f32,
    /// How long an answer may take before others are asked to ask, and how long theirs may take before the agent is suspected (not
    /// less than five ticks, as each way of a message takes one). One that has failed is suspected after a period and two of these
    /// on average: the first question to it comes after an exponentially distributed time.
    #[reflect(@Range::new(0.001, 1e6), @Unit("s"))]
    pub timeout_s: f32,
    /// How many others are asked to ask.
    #[reflect(@Range::new(0.0, 64.0), @Unit("agents"))]
    pub helpers: u32,
    /// For how many periods a suspect among ten agents may prove that it is there. The time grows with the logarithm of their
    /// number, as that does which news needs to reach all: it is twice as long among a hundred and three times among a thousand.
    #[reflect(@Range::new(1.0, 1000.0), @Unit("periods"))]
    pub suspicion_periods: u32,
    /// How many pieces of news travel with a message at most. Each agent passes a piece on with four messages per digit of the
    /// number of agents. Where many links lose messages there are many suspicions: `swim.news_dropped` tells if this is too few.
    #[reflect(@Range::new(0.0, 255.0))]
    pub news: u32,
    /// Whom an agent asks next.
    pub target: ProbeTarget,
}

impl Default for SwimConfig {
    fn default() -> Self {
        Self { period_s: 1.0, timeout_s: 0.3, helpers: 3, suspicion_periods: 5, news: 32, target: ProbeTarget::Random }
    }
}

/// Failure detection by heartbeats.
#[derive(Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct HeartbeatConfig {
    /// How often everybody tells its neighbours that it is there, each from a moment of its own.
    #[reflect(@Range::new(0.01, 1e6), @Unit("s"))]
    pub period_s: f32,
    /// An agent is suspected as soon as φ is above this: 1 errs at most once in 10 heartbeats, 8 once in 10⁸, if their intervals are
    /// normally distributed. That holds with few heartbeats, too, because mean and deviation are taken for the estimates that they
    /// are (Student's distribution): the fewer heartbeats there were, the longer a high threshold waits. With 8 and a deviation above
    /// the least one these are six deviations where a window of 100 is full, 20 after ten intervals and 160 after five.
    #[reflect(@Range::new(0.1, 100.0))]
    pub threshold: f32,
    /// Over how many of the last intervals mean and deviation are taken.
    #[reflect(@Range::new(2.0, 10_000.0), @Unit("heartbeats"))]
    pub window: u32,
    /// The least standard deviation that is assumed, so that a very regular heart isn't suspected at once.
    #[reflect(@Range::new(0.0, 1e6), @Unit("ms"))]
    pub least_deviation_ms: f32,
    /// For how much longer than usual a heart may be silent before that is suspicious, so that a heartbeat that is lost is no
    /// suspicion: a whole period forgives one.
    #[reflect(@Range::new(0.0, 1e9), @Unit("ms"))]
    pub acceptable_pause_ms: f32,
}

impl Default for HeartbeatConfig {
    fn default() -> Self {
        Self { period_s: 1.0, threshold: 8.0, window: 100, least_deviation_ms: 50.0, acceptable_pause_ms: 0.0 }
    }
}
