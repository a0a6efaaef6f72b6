//! Metrics of the task market.

use agent2028_core::clock::SimClock;
use agent2028_core::metrics::{MetricId, MetricSpec, Metrics};
use bevy::prelude::*;

use super::probe::probe;
use super::state::{AuctioneerState, TaskAuctions};
use super::worker::PRESENT;
use crate::config::{Auctioneer, MarketConfig, TaskMarket};
use crate::observe::gini;

/// How often what looks at all bidders is recorded.
const EVERY_TICKS: u32 = 15;

type Count = fn(&AuctioneerState) -> f64;

const COUNTS: [(&str, &str, &str, Count); 13] = [
    ("open", "tasks", "Tasks that are open.", |state| f64::from(state.open)),
    ("assigned", "tasks", "Tasks that somebody has.", |state| f64::from(state.assigned)),
    ("posted", "tasks", "Tasks that were put up since the start.", |state| state.counts.posted as f64),
    ("completed", "tasks", "Tasks that were done since the start.", |state| state.counts.completed as f64),
    ("defaulted", "tasks", "How often somebody who had a task did not do it since the start.", |state| {
        state.counts.defaulted as f64
    }),
    ("repeated", "rounds", "How often a task was auctioned again since the start.", |state| {
        state.counts.repeated as f64
    }),
    ("failed", "tasks", "Tasks that were given up since the start: nobody took them or did them in time.", |state| {
        state.counts.failed as f64
    }),
    ("cancelled", "tasks", "Tasks that could not be paid for since the start.", |state| state.counts.cancelled as f64),
    ("refused", "tasks", "Tasks that found no room, or nobody to put them up, since the start.", |state| {
        state.counts.refused as f64
    }),
    (
        "void_bids",
        "bids",
        "Bids since the start that did not count: not what was committed to, or not revealed.",
        |state| state.counts.void_bids as f64,
    ),
    ("revenue", "minor units", "What was paid for tasks that were done since the start.", |state| {
        state.counts.paid as f64
    }),
    ("profit", "minor units", "That, less what these tasks cost who did them.", |state| {
        (state.counts.paid - state.counts.cost) as f64
    }),
    ("forfeited", "minor units", "Deposits that were lost since the start.", |state| state.counts.forfeited as f64),
];

/// Means over the last auctions, with what they are of.
type Recent = fn(&AuctioneerState, f64) -> Option<f64>;

const RECENT: [(&str, &str, &str, Recent); 6] = [
    ("price", "minor units", "Mean price of the last 64 auctions that somebody won.", |state, _| {
        mean(state.won.iter().map(|won| won.price as f64))
    }),
    (
        "margin",
        "minor units",
        "How much more than its cost the winner was promised, the mean of the last 64 auctions that somebody won.",
        |state, _| mean(state.won.iter().filter_map(|won| Some(won.margin? as f64))),
    ),
    ("bids_per_task", "bids", "Mean number of bids in the last 64 auctions.", |state, _| {
        mean(state.recent.iter().map(|cleared| cleared.bids.len() as f64))
    }),
    (
        "time_to_assignment_s",
        "s",
        "How long it took from when a task was put up until somebody had it, the mean of the last 64 auctions that \
        somebody won.",
        |state, tick_hz| mean(state.won.iter().map(|won| won.waited as f64 / tick_hz)),
    ),
    (
        "efficiency",
        "",
        "What assignments were worth (value less true cost) as a share of what the best assignment of the same tasks to \
        the same bidders would have been worth.",
        |state, _| (state.welfare.1 > 0.0).then(|| state.welfare.0 / state.welfare.1),
    ),
    (
        "bid_variation",
        "",
        "How far bids of one auction lie apart, as a share of their mean; the mean of the last 64 auctions with several \
        bids. It falls when bidders agree.",
        |state, _| mean(state.variations.iter().copied()),
    ),
];

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

/// The metrics of an auctioneer.
struct Of {
    counts: Vec<MetricId>,
    recent: Vec<MetricId>,
    exploitability: MetricId,
    regret: MetricId,
    shade: MetricId,
    income_gini: MetricId,
    load_spread: MetricId,
    fulfilment: MetricId,
}

/// The numbers of the task market's metrics in this run, by auctioneer.
#[derive(Resource)]
pub(crate) struct TaskMetrics(Vec<Of>);

impl TaskMetrics {
    pub(crate) fn declare(config: &TaskMarket, metrics: &mut Metrics) -> Self {
        let of = |auctioneer: &Auctioneer| {
            let name = |metric: &str| match auctioneer.name.as_str() {
                "" => format!("market.tasks.{metric}"),
                name => format!("market.tasks.{metric}.{name}"),
            };
            let counts = COUNTS
                .iter()
                .map(|(metric, unit, help, _)| metrics.declare(MetricSpec::cheap(name(metric), unit, help)));
            let counts = counts.collect();
            let recent = RECENT
                .iter()
                .map(|(metric, unit, help, _)| metrics.declare(MetricSpec::cheap(name(metric), unit, help)));
            let recent = recent.collect();
            let mut costly = |metric: &str, unit, help, every| {
                metrics.declare(MetricSpec::expensive(name(metric), unit, help, every))
            };
            Of {
                counts,
                recent,
                exploitability: costly(
                    "exploitability",
                    "minor units",
                    "What the best single way of lying would have gained one bidder in each of the last 64 auctions, if the others had \
                     told the truth. 0 where the truth is the best bid. A rule for several tasks at a time is taken as what it comes to for one.",
                    EVERY_TICKS,
                ),
                regret: costly(
                    "regret",
                    "minor units",
                    "What the best lie would have gained, chosen for each of the last 64 auctions with all other bids known, the mean.",
                    EVERY_TICKS,
                ),
                shade: costly(
                    "shade",
                    "",
                    "What learning bidders keep of the way from the reserve to their cost, the mean: 1 if they have come to bid the truth. With \
                     n bidders whose costs are uniform up to the reserve it is (n−1)/n in the equilibrium of first-price auctions.",
                    EVERY_TICKS,
                ),
                income_gini: costly(
                    "income_gini",
                    "",
                    "How unequally income is spread over bidders: 0 if all earned the same, near 1 if one earned all.",
                    EVERY_TICKS,
                ),
                load_spread: costly(
                    "load_spread",
                    "tasks",
                    "The standard deviation of how many tasks bidders have.",
                    EVERY_TICKS,
                ),
                fulfilment: costly(
                    "fulfilment",
                    "",
                    "Of what bidders were given, and is over, the share that they did.",
                    EVERY_TICKS,
                ),
            }
        };
        Self(config.auctioneers.iter().map(of).collect())
    }
}

/// Records the metrics. What nothing has happened for yet is not recorded.
pub(crate) fn observe(
    clock: Res<SimClock>,
    section: Res<MarketConfig>,
    circles: Res<super::Circles>,
    state: Res<TaskAuctions>,
    ids: Res<TaskMetrics>,
    mut metrics: ResMut<Metrics>,
) {
    let Some(config) = &section.tasks else { return };
    let probed = clock.tick().is_multiple_of(clock.ticks_in(f64::from(config.probe_s)).max(1));
    for (number, ids) in ids.0.iter().enumerate() {
        let (Some(own), Some(auctioneer)) = (state.auctioneers.get(number), config.auctioneers.get(number)) else {
            continue;
        };
        for (id, (_, _, _, count)) in ids.counts.iter().zip(COUNTS) {
            metrics.record(*id, count(own));
        }
        for (id, (_, _, _, recent)) in ids.recent.iter().zip(RECENT) {
            if let Some(value) = recent(own, clock.tick_hz()) {
                metrics.record(*id, value);
            }
        }
        if probed
            && (metrics.wanted(ids.exploitability) || metrics.wanted(ids.regret))
            && let Some(found) = probe(auctioneer, own)
        {
            metrics.record(ids.exploitability, found.best_rule_gain);
            metrics.record(ids.regret, found.regret);
        }
        if metrics.wanted(ids.shade)
            && let Some(shade) = mean(state.shades(number).map(|(_, shade)| shade))
        {
            metrics.record(ids.shade, shade);
        }
        let of_bidders = [ids.income_gini, ids.load_spread, ids.fulfilment];
        if of_bidders.iter().any(|id| metrics.wanted(*id)) {
            let bits = circles.admits.get(number).copied().unwrap_or(0);
            record_bidders(&state, bits, ids, &mut metrics);
        }
    }
}

fn record_bidders(state: &TaskAuctions, bits: u64, ids: &Of, metrics: &mut Metrics) {
    let ours = || {
        let rows = state.workers.rows().iter();
        rows.filter(|worker| worker.is(PRESENT) && worker.group < 64 && bits >> worker.group & 1 == 1)
    };
    let mut earned: Vec<i64> = ours().map(|worker| worker.earned).collect();
    if let Some(gini) = gini(&mut earned) {
        metrics.record(ids.income_gini, gini);
    }
    let loads = || ours().map(|worker| f64::from(worker.load));
    if let Some(average) = mean(loads()) {
        let squares = mean(loads().map(|load| (load - average) * (load - average))).unwrap_or(0.0);
        metrics.record(ids.load_spread, squares.sqrt());
    }
    let (done, failed) = ours().fold((0_u64, 0_u64), |(done, failed), worker| {
        (done + u64::from(worker.completed), failed + u64::from(worker.failed))
    });
    if done + failed > 0 {
        metrics.record(ids.fulfilment, done as f64 / (done + failed) as f64);
    }
}
