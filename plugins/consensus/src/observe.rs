//! The plugin's metrics.

use agent2028_core::clock::SimClock;
use agent2028_core::metrics::{MetricId, MetricSpec, Metrics};
use bevy::prelude::*;

use crate::log::Consensus;

/// The numbers of the plugin's metrics in this run.
#[derive(Resource)]
pub(crate) struct ConsensusMetrics {
    decided: MetricId,
    forks: MetricId,
    rounds: MetricId,
    latency: MetricId,
    since: MetricId,
    lag: MetricId,
    proven: MetricId,
    messages: MetricId,
}

impl ConsensusMetrics {
    pub(crate) fn declare(metrics: &mut Metrics) -> Self {
        let mut cheap =
            |name: &str, unit, help| metrics.declare(MetricSpec::cheap(format!("consensus.{name}"), unit, help));
        Self {
            decided: cheap("decided", "heights", "How many heights somebody has decided."),
            forks: cheap(
                "forks",
                "heights",
                "How many heights were decided in two ways: none, if at most a third lies.",
            ),
            rounds: cheap("rounds", "rounds", "How many rounds each of the last 20 decided heights took, on average."),
            latency: cheap(
                "latency",
                "s",
                "How long each of the last 20 decided heights took until somebody decided it, on average.",
            ),
            since: cheap("since_decision", "s", "For how long nothing has been decided."),
            lag: cheap("lag", "heights", "How many heights the last of the voters that act is behind the first."),
            proven: cheap("equivocators", "voters", "How many voters were proven to contradict themselves."),
            messages: cheap("messages", "messages", "How many messages voters have sent to each other."),
        }
    }
}

/// Records the metrics.
pub(crate) fn observe(
    consensus: Res<Consensus>,
    clock: Res<SimClock>,
    ids: Res<ConsensusMetrics>,
    mut metrics: ResMut<Metrics>,
) {
    let seconds = |ticks: f64| ticks * f64::from(clock.dt());
    metrics.record(ids.decided, consensus.decided() as f64);
    metrics.record(ids.forks, consensus.forks() as f64);
    metrics.record(ids.since, seconds(clock.tick().saturating_sub(consensus.last_decision()) as f64));
    metrics.record(ids.lag, consensus.lag() as f64);
    metrics.record(ids.proven, consensus.proven().count() as f64);
    metrics.record(ids.messages, consensus.messages() as f64);
    if let Some((rounds, ticks)) = consensus.recent() {
        metrics.record(ids.rounds, rounds);
        metrics.record(ids.latency, seconds(ticks));
    }
}
