//! The plugin's metrics.

use agent2028_core::clock::SimClock;
use agent2028_core::metrics::{MetricId, MetricSpec, Metrics};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::config::NetworkConfig;
use crate::gossip::Gossip;
use crate::network::{Counts, Network};

/// What was counted a second ago, so that rates can be told.
#[derive(Resource, Clone, Debug, Default, Serialize, Deserialize)]
pub struct RateWindow {
    since: u64,
    then: Counts,
    bytes_per_s: f64,
    messages_per_s: f64,
    mean_bytes: f64,
}

impl RateWindow {
    /// Bytes per second that all agents together sent in the last whole second.
    #[must_use]
    pub fn bytes_per_s(&self) -> f64 {
        self.bytes_per_s
    }

    /// Messages per second that all agents together sent in the last whole second.
    #[must_use]
    pub fn messages_per_s(&self) -> f64 {
        self.messages_per_s
    }

    /// The mean size of these messages with all that they cost, in bytes.
    #[must_use]
    pub fn mean_bytes(&self) -> f64 {
        self.mean_bytes
    }
}

/// The classic estimate of what gossip costs: `edges × mean size × frequency / agents`, in bytes per agent and second.
#[must_use]
pub fn classic_overhead(edges: u64, mean_bytes: f64, frequency_hz: f64, agents: usize) -> f64 {
    if agents == 0 { 0.0 } else { edges as f64 * mean_bytes * frequency_hz / agents as f64 }
}

/// The numbers of the plugin's metrics in this run.
#[derive(Resource)]
pub struct NetworkMetrics {
    links: MetricId,
    degree: MetricId,
    link_changes: MetricId,
    partitions: MetricId,
    sent: MetricId,
    delivered: MetricId,
    lost: MetricId,
    cut: MetricId,
    in_flight: MetricId,
    unaccounted: MetricId,
    delivery_ratio: MetricId,
    overhead: MetricId,
    /// Only where there is gossip, whose estimate it is.
    classic: Option<MetricId>,
    compression: MetricId,
    skew: MetricId,
    gossip: Option<GossipMetrics>,
}

struct GossipMetrics {
    rumours: MetricId,
    informed: MetricId,
    last_informed: MetricId,
    reached: MetricId,
    spread: MetricId,
    redundancy: MetricId,
    forgotten: MetricId,
    false_alarm: MetricId,
}

impl NetworkMetrics {
    /// Declares the metrics of a scene.
    #[must_use]
    pub fn declare(config: &NetworkConfig, metrics: &mut Metrics) -> Self {
        let gossip = config.gossip.is_some().then(|| {
            let mut cheap = |name: &str, unit, help| metrics.declare(MetricSpec::cheap(name, unit, help));
            GossipMetrics {
                rumours: cheap("gossip.rumours", "rumours", "How many rumours there were."),
                informed: cheap("gossip.informed", "agents", "How many have heard the last rumour."),
                last_informed: cheap(
                    "gossip.informed_ratio",
                    "",
                    "The share of agents that have heard the last rumour, 0 to 1.",
                ),
                reached: cheap(
                    "gossip.hops",
                    "hops",
                    "The most hops over which somebody heard the last rumour for the first time.",
                ),
                spread: cheap(
                    "gossip.spread_s",
                    "s",
                    "The time from the beginning of the last rumour until somebody heard it last.",
                ),
                redundancy: cheap(
                    "gossip.redundancy",
                    "",
                    "How often a rumour came to an agent that knew it, per first hearing.",
                ),
                forgotten: cheap(
                    "gossip.forgotten",
                    "hearings",
                    "How often agents took a rumour for new that they had heard and forgotten.",
                ),
                false_alarm: cheap(
                    "gossip.false_alarm_ratio",
                    "",
                    "The share of agents that have heard the last false alarm, 0 to 1; 0 before there is one.",
                ),
            }
        });
        let mut cheap = |name: &str, unit, help| metrics.declare(MetricSpec::cheap(name, unit, help));
        Self {
            links: cheap("network.links", "links", "How many links there are."),
            degree: cheap("network.degree", "links", "How many links an agent has on average."),
            link_changes: cheap(
                "network.link_changes",
                "links",
                "How many links have come and gone since the start, where the topology follows places.",
            ),
            partitions: cheap("network.partitions", "partitions", "How many partitions cut the network."),
            sent: cheap("network.sent", "messages", "How many messages were sent, with the copies that links made."),
            delivered: cheap("network.delivered", "messages", "How many messages arrived."),
            lost: cheap("network.lost", "messages", "How many messages were lost."),
            cut: cheap("network.cut", "messages", "How many messages were dropped at partitions."),
            in_flight: cheap("network.in_flight", "messages", "How many messages are on their way."),
            unaccounted: cheap(
                "network.unaccounted",
                "messages",
                "Messages of which nobody knows what became: sent less delivered, lost, dropped at partitions and in flight. Always 0.",
            ),
            delivery_ratio: cheap(
                "network.delivery_ratio",
                "",
                "The share of messages that arrived, of those that are no longer on their way.",
            ),
            overhead: cheap(
                "network.overhead",
                "B/agent/s",
                "What an agent sent in the last second on average, measured.",
            ),
            classic: gossip.is_some().then(|| {
                cheap(
                    "network.classic_overhead",
                    "B/agent/s",
                    "The classic estimate of it: edges × mean size × frequency / agents.",
                )
            }),
            compression: cheap(
                "network.compression",
                "",
                "What packing leaves of the packets that were packed, 0 to 1, measured; 1 before any was.",
            ),
            skew: cheap("network.clock_skew", "ms", "By how much the clock that is most wrong is off."),
            gossip,
        }
    }
}

/// Records the metrics. What nothing has happened for yet is not recorded.
pub(crate) fn observe(
    clock: Res<SimClock>,
    config: Res<NetworkConfig>,
    network: Res<Network>,
    gossip: Option<Res<Gossip>>,
    ids: Res<NetworkMetrics>,
    mut window: ResMut<RateWindow>,
    mut metrics: ResMut<Metrics>,
) {
    let counts = network.counts();
    let (agents, links) = (network.members().len(), network.link_count());
    metrics.record(ids.links, links as f64);
    if agents > 0 {
        metrics.record(ids.degree, 2.0 * links as f64 / agents as f64);
    }
    metrics.record(ids.link_changes, (counts.links_added + counts.links_dropped) as f64);
    metrics.record(ids.partitions, network.faults().partitions.len() as f64);
    metrics.record(ids.sent, counts.sent as f64);
    metrics.record(ids.delivered, counts.delivered as f64);
    metrics.record(ids.lost, counts.lost as f64);
    metrics.record(ids.cut, counts.cut as f64);
    metrics.record(ids.in_flight, network.in_flight() as f64);
    let known = counts.delivered + counts.lost + counts.cut + network.in_flight();
    metrics.record(ids.unaccounted, counts.sent as f64 - known as f64);
    let ended = counts.delivered + counts.lost + counts.cut;
    if ended > 0 {
        metrics.record(ids.delivery_ratio, counts.delivered as f64 / ended as f64);
    }
    let second = clock.ticks_in(1.0).max(1);
    if clock.tick() >= window.since + second {
        let seconds = (clock.tick() - window.since) as f64 / clock.tick_hz();
        let (bytes, messages) = ((counts.bytes - window.then.bytes) as f64, (counts.sent - counts.copies) as f64);
        let messages = messages - (window.then.sent - window.then.copies) as f64;
        window.bytes_per_s = bytes / seconds;
        window.messages_per_s = messages / seconds;
        window.mean_bytes = if messages > 0.0 { bytes / messages } else { 0.0 };
        window.since = clock.tick();
        window.then = *counts;
    }
    if agents > 0 && clock.tick() >= second {
        metrics.record(ids.overhead, window.bytes_per_s / agents as f64);
        if let (Some(rules), Some(classic)) = (&config.gossip, ids.classic) {
            let frequency = 1.0 / f64::from(rules.period_s.max(1e-6));
            metrics.record(classic, classic_overhead(links, window.mean_bytes, frequency, agents));
        }
    }
    let left = if counts.packed_from > 0 { counts.packed_to as f64 / counts.packed_from as f64 } else { 1.0 };
    metrics.record(ids.compression, left);
    let skew = network.faults().skews.values().map(|(skew, _)| skew.unsigned_abs()).max().unwrap_or(0);
    metrics.record(ids.skew, skew as f64);
    if let (Some(ids), Some(gossip)) = (&ids.gossip, gossip) {
        observe_gossip(&clock, agents, &gossip, ids, &mut metrics);
    }
}

fn observe_gossip(clock: &SimClock, agents: usize, gossip: &Gossip, ids: &GossipMetrics, metrics: &mut Metrics) {
    metrics.record(ids.rumours, f64::from(gossip.rumours().next()));
    metrics.record(ids.forgotten, gossip.counts().forgotten as f64);
    let alarm = gossip.rumours().iter().rev().find(|rumour| rumour.untrue).map_or(0, |alarm| alarm.informed.len());
    metrics.record(ids.false_alarm, alarm as f64 / agents.max(1) as f64);
    let Some(last) = gossip.rumours().iter().next_back() else {
        return;
    };
    metrics.record(ids.informed, last.informed.len() as f64);
    if agents > 0 {
        metrics.record(ids.last_informed, last.informed.len() as f64 / agents as f64);
    }
    let hops = last.hearings.iter().map(|hearing| hearing.hops).max().unwrap_or(0);
    metrics.record(ids.reached, f64::from(hops));
    metrics.record(ids.spread, (last.last_heard - last.born) as f64 / clock.tick_hz());
    let heard: usize = gossip.rumours().iter().map(|rumour| rumour.informed.len() - 1).sum();
    if heard > 0 {
        metrics.record(ids.redundancy, gossip.counts().duplicates as f64 / heard as f64);
    }
}
