//! What foragers find, drawn over the world: walls, corridors, counting lines, nests and resources.

use agent2028_pheromones::config::PheromonesConfig;
use agent2028_pheromones::site::{self, Nest, Source};
use agent2028_view::layer::{OBSTACLES, PLACES};
use agent2028_view::paint::{Painter, Projection};
use agent2028_view::tokens::{Tokens, spacing};
use agent2028_view::{LabelRank, Layer, LayerFacts, LayerInput, LayerLabel};
use bevy::math::Vec2;
use bevy::prelude::World;

/// The smallest radius of a nest or resource on the screen, in logical pixels: at any zoom one can see where it is.
const SMALLEST_PLACE: f32 = 4.0;

/// Width of a wall, in logical pixels: it has to stand out under a trail.
const WALL: f32 = 3.0;

/// Items of a patch with more resources than this shrink to what they measure: they are a texture, not landmarks.
const FEW_PLACES: usize = 64;

/// More resources than this are a texture, not landmarks: they have no labels.
const FEW_LABELS: usize = 48;

/// Walls and corridors.
#[derive(Clone, Copy, Debug)]
pub struct Walls;

impl Layer for Walls {
    const FACTS: LayerFacts = OBSTACLES;

    fn applies(world: &World) -> bool {
        world.contains_resource::<PheromonesConfig>()
    }

    fn paint(painter: &mut Painter, input: &LayerInput) {
        let Some(config) = input.world().get_resource::<PheromonesConfig>() else { return };
        paint_walls(painter, &input.projection, input.tokens(), config);
    }
}

/// Counting lines, resources and nests.
#[derive(Clone, Copy, Debug)]
pub struct Sites;

impl Layer for Sites {
    const FACTS: LayerFacts = PLACES;

    fn applies(world: &World) -> bool {
        world.contains_resource::<PheromonesConfig>() || world.contains_resource::<site::Sites>()
    }

    fn paint(painter: &mut Painter, input: &LayerInput) {
        let (projection, tokens) = (&input.projection, input.tokens());
        if let Some(config) = input.world().get_resource::<PheromonesConfig>() {
            for counter in &config.counters {
                let (from, to) = (projection.pixel(counter.from), projection.pixel(counter.to));
                painter.line(from, to, spacing::HAIRLINE, tokens.info.alpha(0.6));
            }
        }
        let Some(sites) = input.world().get_resource::<site::Sites>() else { return };
        let least = if sites.sources.len() > FEW_PLACES { 1.0 } else { SMALLEST_PLACE };
        for source in &sites.sources {
            paint_source(painter, projection, tokens, source, least);
        }
        for nest in &sites.nests {
            paint_nest(painter, projection, tokens, nest);
        }
    }

    fn labels(world: &World) -> Vec<LayerLabel> {
        let Some(sites) = world.get_resource::<site::Sites>() else { return Vec::new() };
        let nests = sites.nests.iter().map(|nest| LayerLabel {
            rank: LabelRank::Place,
            text: format!("{} · {} delivered", nest.name, agent2028_kit::format::number(nest.delivered.round())),
            at: nest.position,
            radius: nest.radius,
            weight: nest.delivered as f32,
        });
        let few = sites.sources.len() <= FEW_LABELS;
        let sources = sites.sources.iter().filter(|_| few).map(|source| LayerLabel {
            rank: LabelRank::Detail,
            text: format!("{} {}", source.name, agent2028_kit::format::percent(f64::from(source.fill()))),
            at: source.position,
            radius: source.radius,
            weight: source.amount,
        });
        nests.chain(sources).collect()
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
