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
    relayed: MetricId,
    unreached: MetricId,
    /// How many operations wait, were let through, and were turned away; where operations wait for decisions.
    gates: Option<[MetricId; 3]>,
}

impl ConsensusMetrics {
    pub(crate) fn declare(has_gates: bool, metrics: &mut Metrics) -> Self {
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
            relayed: cheap("relayed", "messages", "How often somebody on its way has passed a message of voters on."),
            unreached: cheap(
                "unreached",
                "messages",
                "How many messages of voters found no way to whom they were for.",
            ),
            gates: has_gates.then(|| {
                [
                    cheap("waiting", "operations", "How many operations wait for a decision."),
                    cheap("approved", "operations", "How many operations were let through by a decision."),
                    cheap(
                        "lapsed",
                        "operations",
                        "How many operations were rejected because no decision came in time.",
                    ),
                ]
            }),
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
    metrics.record(ids.relayed, consensus.relayed() as f64);
    metrics.record(ids.unreached, consensus.unreached() as f64);
    if let Some(ids) = ids.gates {
        let gates = consensus.gates();
        let values = [gates.waiting() as f64, gates.approved() as f64, gates.lapsed() as f64];
        for (id, value) in ids.into_iter().zip(values) {
            metrics.record(id, value);
        }
    }
    if let Some((rounds, ticks)) = consensus.recent() {
        metrics.record(ids.rounds, rounds);
        metrics.record(ids.latency, seconds(ticks));
    }
}
