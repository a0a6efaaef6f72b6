//! The plugin's metrics.

use agent2028_core::clock::SimClock;
use agent2028_core::metrics::{MetricId, MetricSpec, Metrics};
use agent2028_core::parallel::Workers;
use bevy::prelude::*;

use crate::config::PheromonesConfig;
use crate::field::{PheromoneField, decay_factor};
use crate::plan::ForagingPlan;
use crate::site::Sites;
use crate::stats::ForagingStats;

struct LayerMetrics {
    tiles: MetricId,
    dropped: MetricId,
    saturated: MetricId,
    absorbed: MetricId,
    mass: MetricId,
    active: MetricId,
    coverage: MetricId,
}

struct CounterMetrics {
    crossings: MetricId,
    share: MetricId,
}

/// The numbers of the plugin's metrics in this run.
#[derive(Resource)]
pub struct PheromoneMetrics {
    layers: Vec<LayerMetrics>,
    counters: Vec<CounterMetrics>,
    found: MetricId,
    pickups: MetricId,
    delivered: MetricId,
    trips: MetricId,
    left: MetricId,
    left_share: MetricId,
    trip_length: MetricId,
    detour: MetricId,
}

/// Ticks between two samples of what takes a pass over the field.
const EVERY_TICKS: u32 = 10;

impl PheromoneMetrics {
    /// Declares the metrics of a scene.
    #[must_use]
    pub fn declare(config: &PheromonesConfig, metrics: &mut Metrics) -> Self {
        let layers = config.layers.iter().map(|layer| declare_layer(&layer.name, metrics)).collect();
        let counters = config
            .counters
            .iter()
            .map(|counter| CounterMetrics {
                crossings: metrics.declare(MetricSpec::cheap(
                    format!("pheromones.crossings.{}", counter.name),
                    "crossings",
                    "How often foragers have crossed this counter.",
                )),
                share: metrics.declare(MetricSpec::cheap(
                    format!("pheromones.share.{}", counter.name),
                    "",
                    "This counter's share, 0 to 1, of the recent crossings of all counters of its set.",
                )),
            })
            .collect();
        let mut cheap = |name: &str, unit, help| metrics.declare(MetricSpec::cheap(name, unit, help));
        Self {
            layers,
            counters,
            found: cheap("pheromones.found", "resources", "How many resources have been found by anybody."),
            pickups: cheap("pheromones.pickups", "loads", "How many loads were picked up."),
            delivered: cheap("pheromones.delivered", "units of food", "How much was brought home."),
            trips: cheap("pheromones.trips", "trips", "How many trips ended with a load in the nest."),
            left: cheap("pheromones.left", "units of food", "What is left of all resources."),
            left_share: cheap("pheromones.left_share", "", "What is left of all resources, as a share of all."),
            trip_length: cheap(
                "pheromones.trip_length",
                "units",
                "Mean distance walked on recent trips, from leaving the nest to delivering.",
            ),
            detour: cheap(
                "pheromones.detour",
                "",
                "Mean length of recent trips over that of the shortest way there and back.",
            ),
        }
    }
}

fn declare_layer(name: &str, metrics: &mut Metrics) -> LayerMetrics {
    let path = |what: &str| format!("pheromones.{what}.{name}");
    LayerMetrics {
        tiles: metrics.declare(MetricSpec::cheap(path("tiles"), "tiles", "Tiles of 64 × 64 cells in memory.")),
        dropped: metrics.declare(MetricSpec::cheap(
            path("dropped"),
            "intensity·cells",
            "What was dropped with freed tiles since the start.",
        )),
        saturated: metrics.declare(MetricSpec::cheap(
            path("saturated"),
            "intensity·cells",
            "What full cells could not take since the start.",
        )),
        absorbed: metrics.declare(MetricSpec::cheap(
            path("absorbed"),
            "intensity·cells",
            "What diffused over an absorbing edge of the world since the start.",
        )),
        mass: metrics.declare(MetricSpec::expensive(
            path("mass"),
            "intensity·cells",
            "Sum of the intensities of all cells.",
            EVERY_TICKS,
        )),
        active: metrics.declare(MetricSpec::expensive(
            path("active_cells"),
            "cells",
            "Cells at or above the layer's threshold.",
            EVERY_TICKS,
        )),
        coverage: metrics.declare(MetricSpec::expensive(
            path("coverage"),
            "",
            "Share of the world's cells at or above the layer's threshold.",
            EVERY_TICKS,
        )),
    }
}

/// Records the metrics. What nothing has happened for yet (shares, trips) is not recorded.
pub fn observe(
    clock: Res<SimClock>,
    workers: Res<Workers>,
    config: Res<PheromonesConfig>,
    field: Res<PheromoneField>,
    sites: Res<Sites>,
    plan: Res<ForagingPlan>,
    ids: Res<PheromoneMetrics>,
    mut stats: ResMut<ForagingStats>,
    mut metrics: ResMut<Metrics>,
) {
    for ((_, _, layer), ids) in field.layers().zip(&ids.layers) {
        let losses = layer.losses();
        metrics.record(ids.tiles, layer.active_tiles() as f64);
        metrics.record(ids.dropped, losses.dropped);
        metrics.record(ids.saturated, losses.saturated);
        metrics.record(ids.absorbed, losses.absorbed);
        if metrics.wanted(ids.mass) {
            metrics.record(ids.mass, layer.mass(&workers));
        }
        if metrics.wanted(ids.active) || metrics.wanted(ids.coverage) {
            let active = layer.active_cells(&workers) as f64;
            metrics.record(ids.active, active);
            metrics.record(ids.coverage, active / field.grid().cells() as f64);
        }
    }
    if !sites.sources.is_empty() || !plan.groups.is_empty() {
        let capacity: f64 = sites.sources.iter().map(|source| f64::from(source.capacity)).sum();
        let left = sites.left();
        metrics.record(ids.found, stats.found as f64);
        metrics.record(ids.pickups, stats.pickups as f64);
        metrics.record(ids.delivered, stats.delivered);
        metrics.record(ids.trips, stats.trips as f64);
        metrics.record(ids.left, left);
        if capacity > 0.0 {
            metrics.record(ids.left_share, left / capacity);
        }
    }
    for (index, ids) in ids.counters.iter().enumerate() {
        metrics.record(ids.crossings, stats.crossings.get(index).copied().unwrap_or(0) as f64);
        if let Some(share) = stats.share(&plan, index) {
            metrics.record(ids.share, share);
        }
    }
    if let (Some(length), Some(detour)) = (stats.mean_trip(), stats.detour()) {
        metrics.record(ids.trip_length, length);
        metrics.record(ids.detour, detour);
    }
    let per_s = std::f64::consts::LN_2 / f64::from(config.recent_s.max(1e-3));
    stats.fade(decay_factor(per_s * f64::from(clock.dt())));
}
