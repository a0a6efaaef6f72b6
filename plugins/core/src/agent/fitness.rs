//! How fit an agent is for an operation.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::check::{Range, Unit};

/// What is known of an agent's service: what was *observed* of it, and what it *reports* of itself. Carried by agents
/// with capabilities. Routing uses the observed values; the gap is shown.
#[derive(Component, Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Component)]
pub struct ServiceRecord {
    /// Observed latency, exponentially weighted, in milliseconds (≥ 0).
    #[reflect(@Range::new(0.0, 1e9), @Unit("ms"))]
    pub latency_ms: f32,
    /// Observed share of operations that succeeded, exponentially weighted, 0–1.
    #[reflect(@Range::new(0.0, 1.0))]
    pub reliability: f32,
    /// The reliability that the agent claims, 0–1.
    #[reflect(@Range::new(0.0, 1.0))]
    pub reported_reliability: f32,
    /// Operations in work.
    #[reflect(@Unit("operations"))]
    pub current_load: u32,
    /// How many operations the agent can work on at once (≥ 1).
    #[reflect(@Range::new(1.0, 4_294_967_295.0), @Unit("operations"))]
    pub max_concurrency: u32,
    /// The tick in which the agent was last heard of.
    #[reflect(@Unit("tick"))]
    pub last_seen: u64,
}

impl Default for ServiceRecord {
    fn default() -> Self {
        Self {
            latency_ms: 0.0,
            reliability: 1.0,
            reported_reliability: 1.0,
            current_load: 0,
            max_concurrency: 1,
            last_seen: 0,
        }
    }
}

impl ServiceRecord {
    /// Takes note of an operation that ended in `tick` after `latency_ms` (≥ 0): both averages move by `weight` (0–1) of
    /// the way to what was observed. What is not a number is not taken note of.
    pub fn observe(&mut self, latency_ms: f32, succeeded: bool, tick: u64, weight: f32) {
        self.last_seen = self.last_seen.max(tick);
        if weight.is_nan() || !latency_ms.is_finite() {
            return;
        }
        let weight = weight.clamp(0.0, 1.0);
        self.latency_ms += weight * (latency_ms.max(0.0) - self.latency_ms);
        self.reliability += weight * (f32::from(u8::from(succeeded)) - self.reliability);
    }

    /// How much more reliable the agent claims to be than it was observed to be, −1 to 1.
    #[must_use]
    pub fn reliability_gap(&self) -> f32 {
        self.reported_reliability - self.reliability
    }
}

/// How much each part of an agent's fitness counts. Used normalised to a sum of 1.
#[derive(Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct FitnessWeights {
    /// Weight of health.
    pub health: f32,
    /// Weight of low latency.
    pub latency: f32,
    /// Weight of reliability.
    pub reliability: f32,
    /// Weight of free capacity.
    pub capacity: f32,
}

impl Default for FitnessWeights {
    /// The classic weights.
    fn default() -> Self {
        Self { health: 0.3, latency: 0.3, reliability: 0.2, capacity: 0.2 }
    }
}

/// Fitness for a capability, 0–1 (*classic*): the weighted mean of health, `1/(1 + latency/100 ms)`, reliability and
/// `1 − load/max_concurrency`; 0 for an agent that lacks the capability or whose `max_concurrency` is 0.
#[must_use]
pub fn fitness(has_capability: bool, health: f32, record: &ServiceRecord, weights: &FitnessWeights) -> f32 {
    let total = weights.health + weights.latency + weights.reliability + weights.capacity;
    if !has_capability || record.max_concurrency == 0 || !total.is_finite() || total <= 0.0 {
        return 0.0;
    }
    let latency_factor = 1.0 / (1.0 + record.latency_ms.max(0.0) / 100.0);
    let capacity_factor = (1.0 - record.current_load as f32 / record.max_concurrency as f32).max(0.0);
    (weights.health * health
        + weights.latency * latency_factor
        + weights.reliability * record.reliability
        + weights.capacity * capacity_factor)
        / total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_perfect_idle_agent_has_fitness_one() {
        let record = ServiceRecord::default();
        assert!((fitness(true, 1.0, &record, &FitnessWeights::default()) - 1.0).abs() < 1e-6);
        assert_eq!(fitness(false, 1.0, &record, &FitnessWeights::default()), 0.0);
    }

    #[test]
    fn the_worked_example_has_fitness_0_715() {
        let record =
            ServiceRecord { latency_ms: 100.0, reliability: 0.9, current_load: 50, max_concurrency: 100, ..default() };
        let value = fitness(true, 0.95, &record, &FitnessWeights::default());
        assert!((value - 0.715).abs() < 1e-6, "{value}");
    }

    #[test]
    fn weights_are_normalised() {
        let doubled = FitnessWeights { health: 0.6, latency: 0.6, reliability: 0.4, capacity: 0.4 };
        let record = ServiceRecord { latency_ms: 30.0, reliability: 0.7, ..default() };
        let difference =
            fitness(true, 0.5, &record, &FitnessWeights::default()) - fitness(true, 0.5, &record, &doubled);
        assert!(difference.abs() < 1e-6);
    }

    #[test]
    fn observations_move_the_averages_by_their_weight_and_leave_the_claim() {
        let mut record = ServiceRecord::default();
        for tick in 1..=200 {
            record.observe(80.0, tick % 4 != 0, tick, 0.1);
        }
        assert!((record.latency_ms - 80.0).abs() < 1e-3, "{}", record.latency_ms);
        assert!((record.reliability - 0.75).abs() < 0.06, "{}", record.reliability);
        assert_eq!((record.reported_reliability, record.last_seen), (1.0, 200));
        assert!((record.reliability_gap() - 0.25).abs() < 0.06);
        let before = record;
        record.observe(f32::NAN, false, 150, 0.5);
        record.observe(10.0, false, 150, f32::NAN);
        assert_eq!(record, before);
        record.observe(20.0, true, 201, 0.5);
        assert!((record.latency_ms - 50.0).abs() < 1e-3);
    }

    #[test]
    fn routing_uses_what_was_observed_and_not_what_is_claimed() {
        let liar = ServiceRecord { reliability: 0.2, reported_reliability: 1.0, ..default() };
        let modest = ServiceRecord { reliability: 0.9, reported_reliability: 0.1, ..default() };
        let fit = |record: &ServiceRecord| fitness(true, 1.0, record, &FitnessWeights::default());
        assert!(fit(&modest) > fit(&liar));
    }

    #[test]
    fn a_concurrency_of_zero_is_refused_at_the_door() {
        use crate::agent::AgentGroup;
        use crate::check::Problems;
        let mut problems = Problems::default();
        crate::ranges::check_ranges(&AgentGroup { max_concurrency: 0, ..default() }, "agents[0]", &mut problems);
        let paths: Vec<&str> = problems.list().iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(paths, ["agents[0].max_concurrency"]);
        let record = ServiceRecord { max_concurrency: 0, ..default() };
        assert_eq!(fitness(true, 1.0, &record, &FitnessWeights::default()), 0.0);
    }
}
