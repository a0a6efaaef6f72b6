//! The plugin's metrics.

use std::collections::BTreeMap;

use agent2028_core::agent::{AgentGroup, Tier};
use agent2028_core::clock::SimClock;
use agent2028_core::metrics::{MetricId, MetricSpec, Metrics};
use bevy::prelude::*;

use crate::config::OperationsConfig;
use crate::engine::Operations;
use crate::server::PRESENT;
use crate::stats::{Counts, Tally, fairness};

/// Ticks between two samples of what takes a look at all agents.
const EVERY_TICKS: u32 = 15;

/// The percentiles that are told.
const PERCENTILES: [(f64, &str, &str); 3] = [
    (0.5, "latency_p50", "Half of what was completed recently took at most so long, from the request on."),
    (0.95, "latency_p95", "95 % of what was completed recently took at most so long, from the request on."),
    (0.99, "latency_p99", "99 % of what was completed recently took at most so long, from the request on."),
];

const RATES: [(&str, &str, fn(&Counts) -> u64); 6] = [
    ("requested_per_s", "How many operations were requested per second, recently.", |counts| counts.requested),
    ("completed_per_s", "How many operations were completed per second, recently.", |counts| counts.completed),
    ("failed_per_s", "How many operations failed per second, recently.", |counts| counts.failed),
    ("timed_out_per_s", "How many operations timed out per second, recently.", |counts| counts.timed_out),
    ("rejected_per_s", "How many operations were rejected per second, recently.", |counts| counts.rejected),
    ("retries_per_s", "How many operations were tried again per second, recently.", |counts| counts.retries),
];

const TOTALS: [(&str, &str, fn(&Counts) -> u64); 5] = [
    ("requested", "How many operations were requested since the start.", |counts| counts.requested),
    ("completed", "How many operations were completed since the start.", |counts| counts.completed),
    ("failed", "How many operations failed since the start.", |counts| counts.failed),
    ("timed_out", "How many operations timed out since the start.", |counts| counts.timed_out),
    ("rejected", "How many operations were rejected since the start.", |counts| counts.rejected),
];

/// What is told of all operations, and of those of a workload with a name.
struct TallyMetrics {
    rates: Vec<MetricId>,
    success_ratio: MetricId,
    mean: MetricId,
    percentiles: Vec<MetricId>,
}

impl TallyMetrics {
    fn declare(metrics: &mut Metrics, suffix: &str) -> Self {
        let mut cheap = |name: &str, unit, help| {
            metrics.declare(MetricSpec::cheap(format!("operations.{name}{suffix}"), unit, help))
        };
        Self {
            rates: RATES.iter().map(|(name, help, _)| cheap(name, "1/s", help)).collect(),
            success_ratio: cheap(
                "success_ratio",
                "",
                "The share of operations that ended recently that were completed, 0 to 1.",
            ),
            mean: cheap("latency_mean", "ms", "How long what was completed recently took on average."),
            percentiles: PERCENTILES.iter().map(|(_, name, help)| cheap(name, "ms", help)).collect(),
        }
    }

    fn record(&self, tally: &Tally, tick_hz: f64, metrics: &mut Metrics) {
        for (id, (_, _, count)) in self.rates.iter().zip(RATES) {
            metrics.record(*id, tally.per_second(count, tick_hz));
        }
        if let Some(ratio) = tally.recent().success_ratio() {
            metrics.record(self.success_ratio, ratio);
        }
        if let Some(mean) = tally.mean_latency_ms() {
            metrics.record(self.mean, mean);
            let latencies = tally.latency().quantiles(PERCENTILES.map(|(share, ..)| share));
            for (id, latency) in self.percentiles.iter().zip(latencies.into_iter().flatten()) {
                metrics.record(*id, latency / 1e3);
            }
        }
    }
}

struct TierMetrics {
    tier: Tier,
    health: MetricId,
    held: MetricId,
    completed: MetricId,
    refused: MetricId,
}

/// A workload with a name.
struct NamedMetrics {
    name: String,
    /// Its place in the section, if it is still there.
    at: Option<usize>,
    all: TallyMetrics,
    /// How evenly the agents that can do it were given it.
    even: MetricId,
}

/// The numbers of the plugin's metrics in this run.
#[derive(Resource)]
pub(crate) struct OperationsMetrics {
    all: TallyMetrics,
    totals: Vec<MetricId>,
    /// Workloads with a name.
    named: Vec<NamedMetrics>,
    tiers: Vec<TierMetrics>,
    in_flight: MetricId,
    in_system: MetricId,
    queue: MetricId,
    utilisation: MetricId,
    fairness: MetricId,
    agents: MetricId,
    sessions: MetricId,
    report_gap: MetricId,
    fullest: MetricId,
}

impl OperationsMetrics {
    /// Declares the metrics of a scene: those of a tier only if a group is of it.
    pub(crate) fn declare(config: &OperationsConfig, groups: &[AgentGroup], metrics: &mut Metrics) -> Self {
        let names = config.workload.iter().filter_map(|workload| workload.demand()).map(|demand| demand.name);
        let named = names
            .filter(|name| !name.is_empty())
            .map(|name| {
                let suffix = format!(".{name}");
                let even = MetricSpec::expensive(
                    format!("operations.fairness{suffix}"),
                    "",
                    "How evenly the agents that can do this were given work since the start (Jain's index): 1 if all alike.",
                    EVERY_TICKS,
                );
                let all = TallyMetrics::declare(metrics, &suffix);
                NamedMetrics { name: name.to_owned(), at: None, all, even: metrics.declare(even) }
            })
            .collect();
        let tiers = [(Tier::Individual, "individual"), (Tier::Swarm, "swarm")]
            .into_iter()
            .filter(|(tier, _)| groups.is_empty() || groups.iter().any(|group| group.tier == *tier))
            .map(|(tier, name)| {
                let mut cheap = |what: &str, unit, help| {
                    metrics.declare(MetricSpec::cheap(format!("operations.{name}.{what}"), unit, help))
                };
                TierMetrics {
                    tier,
                    health: cheap("health", "", "Mean health of the tier's agents, 0 for those that have failed."),
                    held: cheap("in_flight", "operations", "Operations that the tier has taken on and not ended."),
                    completed: cheap("completed", "operations", "Operations that the tier has completed."),
                    refused: cheap("rejected", "operations", "Operations of the tier that were rejected."),
                }
            })
            .collect();
        let all = TallyMetrics::declare(metrics, "");
        let mut cheap = |name: &str, unit, help| metrics.declare(MetricSpec::cheap(name, unit, help));
        Self {
            all,
            named,
            tiers,
            totals: TOTALS
                .iter()
                .map(|(name, help, _)| cheap(&format!("operations.{name}"), "operations", help))
                .collect(),
            in_flight: cheap("operations.in_flight", "operations", "Operations on their way at the end of the tick."),
            in_system: cheap("operations.in_system", "operations", "Operations on their way, the mean over the tick."),
            queue: cheap(
                "operations.queue",
                "operations",
                "Operations that wait for an agent, the mean over the tick.",
            ),
            utilisation: cheap(
                "operations.utilisation",
                "",
                "The share of what all available agents can work on at once that they did work on, the mean over the tick.",
            ),
            fairness: cheap(
                "operations.fairness",
                "",
                "How evenly agents were given work since the start (Jain's index): 1 if all alike, 1/n if one has all.",
            ),
            agents: cheap(
                "operations.slots",
                "operations",
                "How many operations all available agents can work on at once.",
            ),
            sessions: cheap("operations.sessions", "sessions", "How many sessions were opened since the start."),
            report_gap: metrics.declare(MetricSpec::expensive(
                "operations.report_gap",
                "",
                "How far what agents report is from what is observed of them, the mean over all, 0 to 1.",
                EVERY_TICKS,
            )),
            fullest: metrics.declare(MetricSpec::expensive(
                "operations.fullest",
                "operations",
                "The most operations that are at one agent.",
                EVERY_TICKS,
            )),
        }
    }
}

impl OperationsMetrics {
    /// Finds the places of workloads with a name: in one walk, not one for each of them.
    fn find_places(&mut self, config: &OperationsConfig) {
        let named = config.workload.iter().enumerate().rev();
        let places: BTreeMap<&str, usize> =
            named.filter_map(|(at, workload)| Some((workload.demand()?.name, at))).collect();
        for named in &mut self.named {
            named.at = places.get(named.name.as_str()).copied();
        }
    }
}

/// Records the metrics. What nothing has happened for yet (ratios, latencies) is not recorded.
pub(crate) fn observe(
    clock: Res<SimClock>,
    config: Res<OperationsConfig>,
    operations: Res<Operations>,
    mut ids: ResMut<OperationsMetrics>,
    mut metrics: ResMut<Metrics>,
) {
    if config.is_changed() {
        ids.find_places(&config);
    }
    let tick_hz = clock.tick_hz();
    let (tally, (_, last)) = (operations.tally(), operations.areas());
    ids.all.record(tally, tick_hz, &mut metrics);
    for (id, (_, _, count)) in ids.totals.iter().zip(TOTALS) {
        metrics.record(*id, count(&tally.total) as f64);
    }
    for named in &ids.named {
        let Some(at) = named.at else { continue };
        let Some(source) = operations.sources().get(at) else { continue };
        named.all.record(&source.tally, tick_hz, &mut metrics);
        if metrics.wanted(named.even)
            && let Some(index) = fairness_of(&operations, &config.workload[at])
        {
            metrics.record(named.even, index);
        }
    }
    for ids in &ids.tiers {
        let Some(health) = operations.tier_health(ids.tier) else { continue };
        let tier = operations.tier(ids.tier);
        metrics.record(ids.health, health);
        metrics.record(ids.held, f64::from(tier.held));
        metrics.record(ids.completed, tier.counts.completed as f64);
        metrics.record(ids.refused, tier.counts.rejected as f64);
    }
    metrics.record(ids.in_flight, operations.slab().len() as f64);
    metrics.record(ids.in_system, last.mean(last.in_system));
    metrics.record(ids.queue, last.mean(last.queued));
    metrics.record(ids.agents, operations.slots() as f64);
    metrics.record(ids.sessions, operations.book().session_count() as f64);
    if operations.slots() > 0 {
        metrics.record(ids.utilisation, last.mean(last.executing) / operations.slots() as f64);
    }
    if let Some(index) = operations.fairness() {
        metrics.record(ids.fairness, index);
    }
    if metrics.wanted(ids.report_gap) || metrics.wanted(ids.fullest) {
        let (mut gap, mut count, mut fullest) = (0.0, 0_u64, 0);
        for server in operations.servers().iter().filter(|server| server.is(PRESENT)) {
            gap += f64::from(server.report_gap());
            count += 1;
            fullest = fullest.max(server.load());
        }
        metrics.record(ids.report_gap, gap / count.max(1) as f64);
        metrics.record(ids.fullest, f64::from(fullest));
    }
}

/// How evenly the agents that can do what a workload asks for were given work.
fn fairness_of(operations: &Operations, workload: &crate::config::Workload) -> Option<f64> {
    let demand = workload.demand()?;
    let pools = operations.pools_for(demand.capability);
    let mut members = pools.filter(|pool| pool.key.strategy == demand.strategy).flat_map(|pool| pool.members());
    let (mut count, mut sum, mut squares) = (0, 0.0, 0.0);
    members.by_ref().for_each(|agent| {
        let assigned = f64::from(operations.servers().get(*agent).map_or(0, |server| server.assigned));
        count += 1;
        sum += assigned;
        squares += assigned * assigned;
    });
    fairness(count, sum, squares)
}
