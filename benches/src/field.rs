//! Rows about the pheromone field.

use agent2028_core::agent::AgentId;
use agent2028_core::parallel::Workers;
use agent2028_core::rng::{Purpose, SimRng};
use agent2028_pheromones::field::{Cell, Layer, LayerParameters, PheromoneGrid, TILE_SIDE};
use bevy::math::Vec2;

use crate::measure::{Clock, Failure, Figures, Sample, fill, pairs, time};
use crate::row::{Curve, Effort, Row, Target, Unit};

/// The rows.
pub const ROWS: &[Row] = &[
    Row {
        name: "field",
        work: "a step of a pheromone layer with decay and diffusion, 4096 × 4096 dense cells, one thread",
        baseline: "memcpy of the same array",
        unit: Unit::SecondsPer("cell"),
        clock: Clock::Wall,
        target: Target::CostTimes(1.5),
        measure: against_memcpy,
        curve: Some(growth),
        why_missed: "The pass over a tile reads and writes each cell once, as the copy does, and asks for the rows of the next tile \
             while it works on this one. What is left is arithmetic and memory that overlap only in part: while the layer \
             fits into the cache the pass takes about 0.21 ns per cell, a little more than the copy of the large array.",
    },
    Row {
        name: "field-sparse",
        work: "a step of 10⁵ active tiles scattered over a world of 10⁵ × 10⁵ cells, one thread",
        baseline: "the same number of cells lying densely",
        unit: Unit::SecondsPer("cell"),
        clock: Clock::Wall,
        target: Target::CostTimes(2.0),
        measure: scattered_against_dense,
        curve: None,
        why_missed: "",
    },
];

const DT: f64 = 1.0 / 60.0;
const CELLS_PER_TILE: f64 = (TILE_SIDE * TILE_SIDE) as f64;

fn parameters() -> LayerParameters {
    // Without a threshold no tile is freed, however long it is measured.
    LayerParameters { decay_per_s: 0.02, diffusion_rate: 0.05, threshold: 0.0, ..LayerParameters::default() }
}

fn grid(cells_per_side: usize) -> PheromoneGrid {
    PheromoneGrid::new(Vec2::splat(cells_per_side as f32), 1.0, true)
}

/// A layer with something in every cell.
fn full_layer(side: usize) -> Layer {
    let mut layer = Layer::new(grid(side), &parameters());
    let mut dice = SimRng::new(1).global(Purpose::new("bench.field"), 0);
    for row in 0..side as u32 {
        for column in 0..side as u32 {
            layer.deposit(Cell::new(column, row), 0.2 + 0.6 * dice.unit(), AgentId(0));
        }
    }
    layer
}

/// A layer with a mark in the middle of each of these tiles (column, row).
fn marked_layer(side: usize, tiles: &[(u32, u32)]) -> Layer {
    let mut layer = Layer::new(grid(side), &parameters());
    let middle = |tile: u32| tile * TILE_SIDE as u32 + TILE_SIDE as u32 / 2;
    for &(column, row) in tiles {
        layer.deposit(Cell::new(middle(column), middle(row)), 1.0, AgentId(0));
    }
    layer
}

fn copy_sample(from: &[i32], to: &mut [i32]) -> Sample {
    let (sample, ()) = time(from.len() as f64, || {
        to.copy_from_slice(from);
        std::hint::black_box(&*to);
    });
    sample
}

fn against_memcpy(effort: Effort) -> Result<Figures, Failure> {
    let side = effort.at_most(4096, 256);
    let mut layer = full_layer(side);
    let workers = Workers::new(1);
    let from: Vec<i32> = (0..(side * side) as i32).collect();
    let mut to = vec![0; from.len()];
    let seconds = effort.seconds(0.1);
    pairs(
        effort.pairs(15),
        Clock::Wall,
        || fill(seconds, || Ok(time((side * side) as f64, || layer.step(DT, &workers)).0)),
        || fill(seconds, || Ok(copy_sample(&from, &mut to))),
    )
}

/// Marks spread by a cell per step at most, so none reaches the border of its tile within the steps taken here, and the
/// number of tiles stays what it is. A step looks at all cells of a tile, whatever they hold.
fn scattered_against_dense(effort: Effort) -> Result<Figures, Failure> {
    let (tiles, world) = (effort.at_most(100_000, 400), effort.at_most(100_000, 6_400));
    let across = (tiles as f64).sqrt() as u32;
    let dense: Vec<(u32, u32)> = (0..across * across).map(|at| (at % across, at / across)).collect();
    let scattered = scatter(dense.len(), (world / TILE_SIDE) as u32);
    let mut scattered = marked_layer(world, &scattered);
    let mut dense = marked_layer(across as usize * TILE_SIDE, &dense);
    let count = dense.active_tiles();
    let (workers, cells) = (Workers::new(1), count as f64 * CELLS_PER_TILE);
    let figures = pairs(
        effort.pairs(7),
        Clock::Wall,
        || Ok(time(cells, || scattered.step(DT, &workers)).0),
        || Ok(time(cells, || dense.step(DT, &workers)).0),
    )?;
    if (scattered.active_tiles(), dense.active_tiles()) != (count, count) {
        return Err("the number of tiles changed while it was measured".into());
    }
    let bytes = scattered.bytes() as f64 / dense.bytes() as f64;
    Ok(figures.with_note(format!("{count} tiles each; memory {bytes:.2} ×")))
}

/// So many different tiles, chosen at random.
fn scatter(count: usize, tiles_per_side: u32) -> Vec<(u32, u32)> {
    let mut dice = SimRng::new(2).global(Purpose::new("bench.tiles"), 0);
    let mut chosen = std::collections::BTreeSet::new();
    while chosen.len() < count {
        let pick = |unit: f32| ((unit * tiles_per_side as f32) as u32).min(tiles_per_side - 1);
        chosen.insert((pick(dice.unit()), pick(dice.unit())));
    }
    chosen.into_iter().collect()
}

/// Time per step from 256² to 8192² cells.
fn growth(effort: Effort) -> Result<Curve, Failure> {
    let sides: &[usize] = if effort == Effort::Full { &[256, 512, 1024, 2048, 4096, 8192] } else { &[64, 128] };
    let (mut ours, mut copies) = (Vec::new(), Vec::new());
    let workers = Workers::new(1);
    for &side in sides {
        let cells = (side * side) as f64;
        let seconds = effort.seconds(0.3);
        let mut layer = full_layer(side);
        layer.step(DT, &workers);
        let sample = fill(seconds, || Ok(time(1.0, || layer.step(DT, &workers)).0))?;
        ours.push((cells, sample.wall / sample.work));
        drop(layer);
        let from = vec![1; side * side];
        let mut to = vec![0; side * side];
        copy_sample(&from, &mut to);
        let sample = fill(seconds, || Ok(Sample { work: 1.0, ..copy_sample(&from, &mut to) }))?;
        copies.push((cells, sample.wall / sample.work));
    }
    Ok(Curve {
        title: "One step of a dense pheromone layer, one thread".into(),
        x: "cells".into(),
        y: "seconds per step".into(),
        lines: vec![("decay and diffusion".into(), ours), ("memcpy".into(), copies)],
    })
}
