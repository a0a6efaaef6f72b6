//! How many agents there are, and how they are.

use bevy::prelude::*;

use super::{Agent, AgentIndex, Condition, Status};
use crate::metrics::{MetricId, MetricSpec, Metrics};

/// The numbers of the metrics about all agents.
#[derive(Resource)]
pub(super) struct AgentMetrics {
    total: MetricId,
    active: MetricId,
    failed: MetricId,
    health: MetricId,
}

impl FromWorld for AgentMetrics {
    fn from_world(world: &mut World) -> Self {
        let mut metrics = world.get_resource_or_init::<Metrics>();
        Self {
            total: metrics.declare(MetricSpec::cheap("agents.total", "agents", "How many agents there are.")),
            active: metrics.declare(MetricSpec::cheap("agents.active", "agents", "How many agents can act.")),
            failed: metrics.declare(MetricSpec::cheap("agents.failed", "agents", "How many agents have failed.")),
            health: metrics.declare(MetricSpec::cheap(
                "agents.health",
                "",
                "The mean health of all agents that have not failed, 0 to 1.",
            )),
        }
    }
}

/// Counts agents.
pub(super) fn observe_agents(
    index: Res<AgentIndex>,
    ids: Res<AgentMetrics>,
    conditions: Query<(&Agent, &Condition)>,
    mut metrics: ResMut<Metrics>,
) {
    let (mut failed, mut frozen, mut missing_health) = (0_u64, 0_u64, 0.0_f64);
    for (_, condition) in &conditions {
        match condition.status {
            Status::Failed => failed += 1,
            Status::Frozen => frozen += 1,
            Status::Active => {}
        }
        if condition.status != Status::Failed {
            // Hundredths of a thousandth, as whole numbers: the order of the query must not show in the sum.
            missing_health += (f64::from(1.0 - condition.health) * 1e5).round();
        }
    }
    let total = index.len() as u64;
    let living = total - failed.min(total);
    metrics.record(ids.total, total as f64);
    metrics.record(ids.active, living.saturating_sub(frozen) as f64);
    metrics.record(ids.failed, failed as f64);
    let health = if living == 0 { 0.0 } else { 1.0 - missing_health / 1e5 / living as f64 };
    metrics.record(ids.health, health);
}
