//! Two classic experiments as settings: built-in scenes and tests run the same numbers.

use agent2028_core::agent::{AgentGroup, Placement};
use agent2028_core::space::{Edge, WorldBounds};
use bevy::math::Vec2;

use crate::config::{
    ChoiceRule, CorridorConfig, CounterConfig, FollowConfig, ForagingConfig, LayerConfig, NestConfig, PheromonesConfig,
    ResourceConfig,
};

/// An experiment: what a scene would say.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// The world.
    pub world: WorldBounds,
    /// Ticks per second.
    pub tick_hz: f64,
    /// How long it takes.
    pub ticks: u64,
    /// The agents.
    pub groups: Vec<AgentGroup>,
    /// The section.
    pub pheromones: PheromonesConfig,
}

/// The double bridge of Goss, Aron, Deneubourg & Pasteels (1989): nest and food are joined by a short branch (140 units)
/// and one twice as long (280), together an equilateral triangle, so that all ways part at 60°. Ants mark both ways, one unit per passage, and choose at the forks by the rule that was
/// fitted to the Argentine ant (k = 20, n = 2). Nobody knows which branch is short; ants on it are back sooner, and what
/// they leave draws others. The metric is `pheromones.share.short` after half an hour.
#[must_use]
pub fn double_bridge() -> Experiment {
    let point = Vec2::new;
    let corridor = |name: &str, points: &[Vec2]| CorridorConfig { name: name.into(), points: points.to_vec() };
    let counter = |name: &str, from, to| CounterConfig { name: name.into(), from, to, set: "bridge".into() };
    // The three corners of the triangle, 140 apart, and the ends of the stems.
    let (near, far, apex) = (point(-70.0, -60.0), point(70.0, -60.0), point(0.0, 61.243_557));
    let (nest, food) = (point(-130.0, -60.0), point(130.0, -60.0));
    let cell_size = 5.0;
    let speed = 7.0;
    // A cell gets one unit per passage.
    let mark_per_s = 0.2 * speed / cell_size;
    Experiment {
        world: WorldBounds { size: point(400.0, 240.0), edge: Edge::Bounce },
        tick_hz: 5.0,
        ticks: 9_000,
        groups: vec![AgentGroup {
            name: "ant".into(),
            count: 500,
            spawn: Placement::Points(vec![nest]),
            ..AgentGroup::default()
        }],
        pheromones: PheromonesConfig {
            cell_size,
            layers: vec![LayerConfig {
                name: "food".into(),
                decay_per_s: 0.0,
                half_life_s: Some(1800.0),
                diffusion_rate: 0.0,
                maximum: 10_000.0,
                ..LayerConfig::default()
            }],
            nests: vec![NestConfig { position: nest, radius: 4.0, ..NestConfig::default() }],
            resources: vec![ResourceConfig { position: food, radius: 4.0, amount: 1e6, ..ResourceConfig::default() }],
            corridors: vec![
                corridor("nest", &[nest, near]),
                corridor("short", &[near, far]),
                corridor("long", &[near, apex, far]),
                corridor("food", &[far, food]),
            ],
            counters: vec![
                counter("short", point(0.0, -70.0), point(0.0, -50.0)),
                counter("long", point(0.0, 50.0), point(0.0, 70.0)),
            ],
            foraging: vec![ForagingConfig {
                agents: "ant".into(),
                speed,
                follow: vec![FollowConfig::default()],
                sensor_distance: 7.5,
                mark_per_s,
                mark_out_per_s: mark_per_s,
                rest_s: 125.0,
                confined: true,
                choice: ChoiceRule::default(),
                ..ForagingConfig::default()
            }],
            ..PheromonesConfig::default()
        },
    }
}

/// The discovery of resources: 100 agents look for 200 seeds that lie in four patches around their nest. With
/// `stigmergy` those who find one lead the others to its patch; without, each searches for itself. The metric is the tick
/// in which `pheromones.found` reaches 200.
#[must_use]
pub fn discovery(stigmergy: bool) -> Experiment {
    let patch = |x: f32, y: f32| ResourceConfig {
        name: "seed".into(),
        position: Vec2::new(x, y),
        radius: 3.0,
        amount: 1.0,
        items: 50,
        spread: 25.0,
        ..ResourceConfig::default()
    };
    Experiment {
        world: WorldBounds { size: Vec2::splat(1600.0), edge: Edge::Bounce },
        tick_hz: 20.0,
        ticks: 72_000,
        groups: vec![AgentGroup {
            name: "ant".into(),
            count: 100,
            spawn: Placement::Disc { center: Vec2::ZERO, radius: 15.0 },
            ..AgentGroup::default()
        }],
        pheromones: PheromonesConfig {
            cell_size: 8.0,
            layers: vec![LayerConfig {
                name: "food".into(),
                half_life_s: Some(40.0),
                diffusion_rate: 0.02,
                threshold: 0.002,
                ..LayerConfig::default()
            }],
            nests: vec![NestConfig { radius: 20.0, ..NestConfig::default() }],
            resources: vec![patch(480.0, 120.0), patch(-160.0, 500.0), patch(-520.0, -80.0), patch(220.0, -460.0)],
            foraging: vec![ForagingConfig {
                agents: "ant".into(),
                stigmergy,
                speed: 60.0,
                wander_deg: 50.0,
                sensor_distance: 20.0,
                sensor_angle_deg: 35.0,
                follow: vec![FollowConfig::default()],
                outward: 0.8,
                mark_per_s: 2.0,
                sight: 8.0,
                ..ForagingConfig::default()
            }],
            ..PheromonesConfig::default()
        },
    }
}
