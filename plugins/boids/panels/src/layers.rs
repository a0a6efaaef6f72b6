//! What flocks heed, drawn over the world: obstacles, targets, and the slots of formations.

use agent2028_boids::config::{BoidsConfig, Target, TargetUrge};
use agent2028_boids::formation::Formations;
use agent2028_boids::obstacle::Obstacle;
use agent2028_view::layer::{OBSTACLES, PLACES};
use agent2028_view::paint::{Painter, Projection};
use agent2028_view::tokens::{Tokens, marks, spacing};
use agent2028_view::{Layer, LayerFacts, LayerInput};
use bevy::math::{Rect, Vec2};
use bevy::prelude::World;

/// Obstacles that flocks fly around.
#[derive(Clone, Copy, Debug)]
pub struct FlockObstacles;

impl Layer for FlockObstacles {
    const FACTS: LayerFacts = OBSTACLES;

    fn applies(world: &World) -> bool {
        world.contains_resource::<BoidsConfig>()
    }

    fn paint(painter: &mut Painter, input: &LayerInput) {
        let Some(config) = input.world().get_resource::<BoidsConfig>() else { return };
        for obstacle in &config.obstacles {
            paint_obstacle(painter, &input.projection, input.tokens(), obstacle);
        }
    }
}

/// Places that flocks fly to, or flee from.
#[derive(Clone, Copy, Debug)]
pub struct Targets;

impl Layer for Targets {
    const FACTS: LayerFacts = PLACES;

    fn applies(world: &World) -> bool {
        world.contains_resource::<BoidsConfig>()
    }

    fn paint(painter: &mut Painter, input: &LayerInput) {
        let Some(config) = input.world().get_resource::<BoidsConfig>() else { return };
        for target in &config.targets {
            paint_target(painter, &input.projection, input.tokens(), target);
        }
    }
}

/// More slots than this aren't drawn in full: circles would cover everything else.
const MOST_SLOTS: usize = 2_000;

/// Slots of formations.
#[derive(Clone, Copy, Debug)]
pub struct SlotsLayer;

impl Layer for SlotsLayer {
    const FACTS: LayerFacts = LayerFacts {
        key: "formation_slots",
        label: "Formation slots",
        help: "The places that agents in formation fly to",
        shortcut: "8",
        shown: true,
    };

    fn applies(world: &World) -> bool {
        world.get_resource::<Formations>().is_some_and(|formations| !formations.0.is_empty())
    }

    fn paint(painter: &mut Painter, input: &LayerInput) {
        let Some(formations) = input.world().get_resource::<Formations>() else { return };
        let (bounds, projection) = (input.bounds(), &input.projection);
        let color = input.tokens().secondary.alpha(0.7);
        let radius = (input.agent_length * 0.8).max(marks::DART.0);
        let mut stations = Vec::new();
        for formation in &formations.0 {
            formation.stations(&bounds, &mut stations);
        }
        for station in stations.iter().take(MOST_SLOTS) {
            let at = projection.pixel(station.at);
            if projection.sees(at, radius) {
                painter.dashed_circle(at, radius, spacing::HAIRLINE, marks::DASH, color);
            }
        }
    }
}

fn paint_obstacle(painter: &mut Painter, projection: &Projection, tokens: &Tokens, obstacle: &Obstacle) {
    match obstacle {
        Obstacle::Circle { center, radius } => {
            let (at, radius) = (projection.pixel(*center), projection.length(*radius));
            if projection.sees(at, radius) {
                painter.disc(at, radius, tokens.obstacle);
            }
        }
        Obstacle::Polygon(corners) => {
            let corners: Vec<Vec2> = corners.iter().map(|corner| projection.pixel(*corner)).collect();
            let covered = corners.iter().fold(Rect::EMPTY, |rect, corner| rect.union_point(*corner));
            if !covered.intersect(projection.rect).is_empty() {
                painter.area(&corners, tokens.obstacle);
            }
        }
    }
}

/// A target: a cross-hair; one to flee from has a diagonal cross. A circle shows how far it reaches.
fn paint_target(painter: &mut Painter, projection: &Projection, tokens: &Tokens, target: &Target) {
    let at = projection.pixel(target.at);
    let arm = 6.0;
    let flees = target.urge == TargetUrge::Flee;
    let color = if flees { tokens.danger } else { tokens.info };
    if projection.sees(at, arm) {
        let turn = if flees { Vec2::splat(std::f32::consts::FRAC_1_SQRT_2) } else { Vec2::X };
        for direction in [turn, turn.perp()] {
            painter.line(at - direction * arm, at - direction * 2.0, 1.5, color);
            painter.line(at + direction * 2.0, at + direction * arm, 1.5, color);
        }
    }
    if let Some(within) = target.within {
        let radius = projection.length(within);
        if projection.sees(at, radius) {
            painter.dashed_circle(at, radius, spacing::HAIRLINE, marks::DASH, color.alpha(0.5));
        }
    }
}
