//! Metrics.

use agent2028_core::agent::AgentIndex;
use agent2028_core::clock::SimClock;
use agent2028_core::metrics::{MetricId, MetricSpec, Metrics};
use agent2028_operations::Operations;
use agent2028_operations::server::{FAILED, PRESENT};
use bevy::prelude::*;

use crate::audit::kendall_tau;
use crate::config::TrustConfig;
use crate::trust::{Trust, TrustCounts};
use crate::trust_record::{EXPOSED, ISOLATED, LIAR, MALICIOUS};

/// How often what looks at all agents is recorded.
const EVERY_TICKS: u32 = 15;

type Count = fn(&TrustCounts) -> u64;

const COUNTS: [(&str, &str, &str, Count); 7] = [
    ("observations", "ratings", "Ratings that were given and heard since the start.", |counts| counts.observations),
    ("lies", "ratings", "Ratings since the start that are not so.", |counts| counts.lies),
    ("served", "operations", "Operations that agents worked on since the start.", |counts| counts.served),
    ("served_malicious", "operations", "Operations that malicious agents worked on since the start.", |counts| {
        counts.served_malicious
    }),
    ("corrections", "scores", "Scores that audits have corrected since the start.", |counts| counts.corrections),
    ("exposed", "raters", "Raters that audits have exposed since the start.", |counts| counts.exposed),
    ("whitewashed", "agents", "How often an agent left and came back under another name since the start.", |counts| {
        counts.whitewashed
    }),
];

/// The numbers of the plugin's metrics in this run.
#[derive(Resource)]
pub(crate) struct TrustMetrics {
    counts: Vec<MetricId>,
    /// Only where there is work.
    malicious_share: Option<MetricId>,
    edges: MetricId,
    faded: MetricId,
    refused: MetricId,
    isolated: MetricId,
    /// Only where agents are isolated.
    time_to_isolate: Option<MetricId>,
    isolated_wrongly: MetricId,
    /// Only where there is work.
    score_gap: Option<MetricId>,
    correlation: MetricId,
    mean: MetricId,
    mean_malicious: MetricId,
    malicious_agents: MetricId,
    liars_exposed: MetricId,
    exposed_wrongly: MetricId,
}

impl TrustMetrics {
    /// `works`: whether agents work on operations, so that there is something to compare trust with.
    pub(crate) fn declare(config: &TrustConfig, works: bool, metrics: &mut Metrics) -> Self {
        let mut cheap =
            |name: &str, unit, help| metrics.declare(MetricSpec::cheap(format!("trust.{name}"), unit, help));
        let counts = COUNTS.iter().map(|(name, unit, help, _)| cheap(name, unit, help)).collect();
        let malicious_share = works.then(|| {
            cheap(
                "malicious_share",
                "",
                "The share of operations in the last few seconds that malicious agents worked on.",
            )
        });
        let edges = cheap("edges", "pairs", "Pairs of agents of which one has experience with the other.");
        let faded = cheap(
            "faded",
            "pairs",
            "How many pairs' experience has faded since the start, or before it, until nothing was left of it.",
        );
        let refused =
            cheap("refused", "ratings", "Ratings that found no room in the graph since the start; they count nowhere.");
        let isolated = cheap("isolated", "agents", "Agents that are given no work for lack of trust.");
        let time_to_isolate = config.isolate_below.is_some().then(|| cheap(
            "time_to_isolate_s",
            "s",
            "How long it took from when an agent became malicious until it was isolated, the mean over those that were.",
        ));
        let isolated_wrongly = cheap(
            "isolated_wrongly",
            "agents",
            "How often an agent was isolated that is not malicious, since the start.",
        );
        let score_gap = works.then(|| {
            cheap(
                "score_gap",
                "",
                "How far recorded scores are from what was realised, the mean at the last audit, 0 to 1.",
            )
        });
        let mut costly = |name: &str, unit, help| {
            metrics.declare(MetricSpec::expensive(format!("trust.{name}"), unit, help, EVERY_TICKS))
        };
        Self {
            counts,
            malicious_share,
            edges,
            faded,
            refused,
            isolated,
            time_to_isolate,
            isolated_wrongly,
            score_gap,
            correlation: costly(
                "rank_correlation",
                "",
                "How alike the rankings of agents by trust and by true reliability are (Kendall's tau-b): 1 if the same.",
            ),
            mean: costly("mean", "", "Mean trust of the agents that work and are not malicious."),
            mean_malicious: costly("mean_malicious", "", "Mean trust of the malicious agents that work."),
            malicious_agents: costly(
                "malicious_agents",
                "",
                "The share of agents there to work that are malicious: what chance would give them.",
            ),
            liars_exposed: costly("liars_exposed", "", "The share of those who lie as raters that are exposed."),
            exposed_wrongly: costly(
                "exposed_wrongly",
                "",
                "The share of those who don't lie as raters, and are there, that are exposed all the same.",
            ),
        }
    }
}

/// Records the metrics. What nothing has happened for yet (shares, means) is not recorded.
pub(crate) fn observe(
    clock: Res<SimClock>,
    index: Res<AgentIndex>,
    operations: Option<Res<Operations>>,
    trust: Res<Trust>,
    ids: Res<TrustMetrics>,
    mut metrics: ResMut<Metrics>,
) {
    for (id, (_, _, _, count)) in ids.counts.iter().zip(COUNTS) {
        metrics.record(*id, count(&trust.counts) as f64);
    }
    if let (Some(id), Some(share)) = (ids.malicious_share, trust.malicious_share()) {
        metrics.record(id, share);
    }
    metrics.record(ids.edges, trust.graph.len() as f64);
    metrics.record(ids.faded, trust.graph.faded() as f64);
    metrics.record(ids.refused, trust.graph.refused() as f64);
    metrics.record(ids.isolated, trust.isolated.len() as f64);
    metrics.record(ids.isolated_wrongly, (trust.isolations.count - trust.isolations.malicious) as f64);
    if let Some(time_to_isolate) = ids.time_to_isolate
        && trust.isolations.malicious > 0
    {
        let mean = trust.isolations.ticks as f64 / trust.isolations.malicious as f64;
        metrics.record(time_to_isolate, mean / clock.tick_hz());
    }
    if let (Some(id), Some(gap)) = (ids.score_gap, trust.gap) {
        metrics.record(id, gap);
    }
    if let Some(operations) = operations
        && [ids.correlation, ids.mean, ids.mean_malicious, ids.malicious_agents].iter().any(|id| metrics.wanted(*id))
    {
        record_workers(&operations, &trust, &ids, &mut metrics);
    }
    if metrics.wanted(ids.liars_exposed) || metrics.wanted(ids.exposed_wrongly) {
        // By whether they lie: all, and those who are exposed.
        let mut counts = [[0_u32; 2]; 2];
        for (agent, _) in index.iter() {
            if let Some(standing) = trust.standing(agent) {
                let count = &mut counts[usize::from(standing.is(LIAR))];
                count[0] += 1;
                count[1] += u32::from(standing.is(EXPOSED));
            }
        }
        for (id, [all, exposed]) in [(ids.exposed_wrongly, counts[0]), (ids.liars_exposed, counts[1])] {
            if all > 0 {
                metrics.record(id, f64::from(exposed) / f64::from(all));
            }
        }
    }
}

fn record_workers(operations: &Operations, trust: &Trust, ids: &TrustMetrics, metrics: &mut Metrics) {
    let (mut held, mut truth) = (Vec::new(), Vec::new());
    let mut sums = [(0.0, 0_u32); 2];
    for (agent, server) in operations.servers().agents() {
        let Some(standing) = trust.standing(agent) else { continue };
        if !server.is(PRESENT) || server.is(FAILED) {
            continue;
        }
        let value = if standing.is(ISOLATED) { 0.0 } else { f64::from(standing.trust) };
        held.push(value);
        truth.push(f64::from(server.truth));
        let sum = &mut sums[usize::from(standing.is(MALICIOUS))];
        *sum = (sum.0 + value, sum.1 + 1);
    }
    if let Some(tau) = kendall_tau(&held, &truth).filter(|_| metrics.wanted(ids.correlation)) {
        metrics.record(ids.correlation, tau);
    }
    for (id, (sum, count)) in [ids.mean, ids.mean_malicious].into_iter().zip(sums) {
        if count > 0 && metrics.wanted(id) {
            metrics.record(id, sum / f64::from(count));
        }
    }
    let all = sums[0].1 + sums[1].1;
    if all > 0 && metrics.wanted(ids.malicious_agents) {
        metrics.record(ids.malicious_agents, f64::from(sums[1].1) / f64::from(all));
    }
}
