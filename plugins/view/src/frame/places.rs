//! What stands in the world: obstacles, walls, corridors, nests, resources, targets.

use agent2028_boids::config::{BoidsConfig, Target, TargetUrge};
use agent2028_boids::obstacle::Obstacle;
use agent2028_pheromones::config::PheromonesConfig;
use agent2028_pheromones::site::{Nest, Sites, Source};
use bevy::prelude::*;

use super::FrameInput;
use crate::paint::{Painter, Projection};
use crate::tokens::{Tokens, marks, spacing};

/// The smallest radius of a nest or resource on the screen, in logical pixels: at any zoom one can see where it is.
const SMALLEST_PLACE: f32 = 4.0;

/// Width of a wall, in logical pixels: it has to stand out under a trail.
const WALL: f32 = 3.0;

/// Items of a patch with more resources than this shrink to what they measure: they are a texture, not landmarks.
const FEW_PLACES: usize = 64;

pub(super) fn paint(painter: &mut Painter, input: &FrameInput) {
    let world = input.simulation.world();
    let (projection, tokens, layers) = (&input.projection, input.settings.tokens(), &input.settings.layers);
    if let Some(config) = world.get_resource::<PheromonesConfig>() {
        if layers.obstacles {
            paint_walls(painter, projection, tokens, config);
        }
        if layers.places {
            for counter in &config.counters {
                let (from, to) = (projection.pixel(counter.from), projection.pixel(counter.to));
                painter.line(from, to, spacing::HAIRLINE, tokens.info.alpha(0.6));
            }
        }
    }
    if let Some(config) = world.get_resource::<BoidsConfig>() {
        if layers.obstacles {
            for obstacle in &config.obstacles {
                paint_obstacle(painter, projection, tokens, obstacle);
            }
        }
        if layers.places {
            for target in &config.targets {
                paint_target(painter, projection, tokens, target);
            }
        }
    }
    if layers.places
        && let Some(sites) = world.get_resource::<Sites>()
    {
        let least = if sites.sources.len() > FEW_PLACES { 1.0 } else { SMALLEST_PLACE };
        for source in &sites.sources {
            paint_source(painter, projection, tokens, source, least);
        }
        for nest in &sites.nests {
            paint_nest(painter, projection, tokens, nest);
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

fn paint_walls(painter: &mut Painter, projection: &Projection, tokens: &Tokens, config: &PheromonesConfig) {
    for corridor in &config.corridors {
        // The path itself as a broad, quiet band: what moves on it stays on top.
        let width = projection.length(config.cell_size).clamp(2.0, 12.0);
        for pair in corridor.points.windows(2) {
            painter.line(projection.pixel(pair[0]), projection.pixel(pair[1]), width, tokens.panel);
        }
        for point in &corridor.points {
            painter.disc(projection.pixel(*point), width * 0.5, tokens.panel);
        }
    }
    for wall in &config.walls {
        let points: Vec<Vec2> = wall.points.iter().map(|point| projection.pixel(*point)).collect();
        for pair in points.windows(2) {
            painter.line(pair[0], pair[1], WALL, tokens.obstacle);
        }
        if let [first, _, .., last] = points.as_slice()
            && wall.closed
        {
            painter.line(*last, *first, WALL, tokens.obstacle);
        }
    }
}

/// A resource: its rim, and a disc in it whose area says how full it is.
fn paint_source(painter: &mut Painter, projection: &Projection, tokens: &Tokens, source: &Source, least: f32) {
    let at = projection.pixel(source.position);
    let radius = projection.length(source.radius).max(least);
    if !projection.sees(at, radius) {
        return;
    }
    let fill = source.fill();
    if fill > 0.0 {
        painter.disc(at, radius * fill.sqrt(), tokens.resource.alpha(0.75));
    }
    let rim = if fill > 0.0 { tokens.resource } else { tokens.disabled };
    if radius >= SMALLEST_PLACE {
        painter.circle(at, radius, spacing::HAIRLINE, rim.alpha(0.8));
    }
}

/// A nest: a ring around a small disc.
fn paint_nest(painter: &mut Painter, projection: &Projection, tokens: &Tokens, nest: &Nest) {
    let at = projection.pixel(nest.position);
    let radius = projection.length(nest.radius).max(SMALLEST_PLACE);
    if projection.sees(at, radius) {
        painter.disc(at, radius, tokens.nest.alpha(0.22));
        painter.circle(at, radius, 1.5, tokens.nest);
        painter.disc(at, (radius * 0.25).clamp(1.5, 5.0), tokens.nest);
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
