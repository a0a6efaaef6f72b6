//! Known answers of the field.

use agent2028_core::{agent::AgentId, parallel::Workers};
use bevy::math::Vec2;
use proptest::prelude::*;

use super::*;

fn grid(columns: u32, rows: u32, wraps: bool) -> PheromoneGrid {
    PheromoneGrid::new(Vec2::new(columns as f32, rows as f32), 1.0, wraps)
}

fn free_of_loss() -> LayerParameters {
    LayerParameters { diffusion_rate: 0.4, threshold: 0.0, ..LayerParameters::default() }
}

fn scatter(layer: &mut Layer, count: u32) {
    let grid = *layer.grid();
    let mut state = 12345_u64;
    for _ in 0..count {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let column = (state >> 33) as u32 % grid.columns;
        let row = (state >> 13) as u32 % grid.rows;
        layer.deposit(Cell::new(column, row), 0.05 + (state >> 56) as f32 / 300.0, AgentId(1));
    }
}

fn dump(layer: &Layer) -> Vec<(TileAt, Vec<i32>)> {
    let mut tiles: Vec<_> = layer.tiles().map(|tile| (tile.at(), tile.cells().to_vec())).collect();
    tiles.sort_unstable();
    tiles
}

#[test]
fn mass_is_constant_over_ten_thousand_ticks_for_every_stencil_edge_and_odd_world_size() {
    let workers = Workers::new(2);
    for (stencil, edge) in [
        (Stencil::FivePoint, FieldEdge::Wrap),
        (Stencil::NinePoint, FieldEdge::Wrap),
        (Stencil::FivePoint, FieldEdge::Reflect),
        (Stencil::NinePoint, FieldEdge::Reflect),
    ] {
        let parameters = LayerParameters { stencil, edge, ..free_of_loss() };
        let mut layer = Layer::new(grid(150, 70, edge == FieldEdge::Wrap), &parameters);
        scatter(&mut layer, 40);
        let before = layer.mass(&workers);
        for _ in 0..10_000 {
            layer.step(1.0 / 60.0, &workers);
        }
        let after = layer.mass(&workers);
        assert!(before > 1.0);
        // Far better than 1 part in 10⁶: the sum is a whole number that does not change at all.
        assert_eq!(before.to_bits(), after.to_bits(), "{stencil:?} {edge:?}: {before} became {after}");
        assert_eq!(layer.losses().dropped, 0.0);
    }
}

#[test]
fn absorbing_edges_lose_exactly_what_is_counted() {
    let workers = Workers::new(1);
    for stencil in [Stencil::FivePoint, Stencil::NinePoint] {
        let parameters = LayerParameters { stencil, edge: FieldEdge::Absorb, ..free_of_loss() };
        let mut layer = Layer::new(grid(100, 70, false), &parameters);
        scatter(&mut layer, 30);
        layer.deposit(Cell::new(0, 0), 1.0, AgentId(1));
        layer.deposit(Cell::new(99, 69), 1.0, AgentId(1));
        let before = layer.mass(&workers);
        for _ in 0..2000 {
            layer.step(1.0 / 60.0, &workers);
        }
        let (after, absorbed) = (layer.mass(&workers), layer.losses().absorbed);
        assert!(absorbed > 0.1 * before);
        assert!(((after + absorbed) / before - 1.0).abs() < 1e-12, "{stencil:?}: {before} {after} {absorbed}");
    }
}

#[test]
fn freed_tiles_and_what_they_drop_balance_the_mass() {
    let workers = Workers::new(1);
    let parameters = LayerParameters { threshold: 0.01, ..free_of_loss() };
    let mut layer = Layer::new(grid(512, 512, true), &parameters);
    scatter(&mut layer, 12);
    let before = layer.mass(&workers);
    for _ in 0..3000 {
        layer.step(1.0 / 60.0, &workers);
    }
    let sum = layer.mass(&workers) + layer.losses().dropped;
    assert!((sum / before - 1.0).abs() < 1e-12, "{before} {sum}");
    assert_eq!(layer.active_tiles(), 0, "all cells are below the threshold by now");
}

/// Largest difference to the Gaussian of the heat equation, with `refine` cells per unit of length.
fn gaussian_error(refine: u32, stencil: Stencil) -> f64 {
    let workers = Workers::new(1);
    let side = 32 * refine;
    let parameters = LayerParameters { stencil, diffusion_rate: 0.4, ..free_of_loss() };
    let mut layer = Layer::new(grid(side, side, true), &parameters);
    let middle = side / 2;
    layer.deposit(Cell::new(middle, middle), 1.0, AgentId(1));
    // Diffusion coefficient rate/4 · h² per tick, h = 1/refine: refining needs refine² times the ticks.
    let ticks = 40 * refine * refine;
    for _ in 0..ticks {
        layer.step(1.0, &workers);
    }
    let h = 1.0 / f64::from(refine);
    let variance = 2.0 * 0.1 * h * h * f64::from(ticks);
    let mut worst: f64 = 0.0;
    for row in 0..side {
        for column in 0..side {
            let dx = (f64::from(column) - f64::from(middle)) * h;
            let dy = (f64::from(row) - f64::from(middle)) * h;
            #[allow(clippy::disallowed_methods)]
            let exact = (-(dx * dx + dy * dy) / (2.0 * variance)).exp() / (2.0 * std::f64::consts::PI * variance);
            let density = f64::from(layer.read(Cell::new(column, row))) / (h * h);
            worst = worst.max((density - exact).abs());
        }
    }
    worst
}

#[test]
fn an_impulse_becomes_the_sampled_gaussian_with_an_error_of_order_h_squared() {
    for stencil in [Stencil::FivePoint, Stencil::NinePoint] {
        let (coarse, fine) = (gaussian_error(1, stencil), gaussian_error(2, stencil));
        let finest = gaussian_error(4, stencil);
        assert!(coarse < 1e-3, "{stencil:?}: {coarse}");
        for ratio in [coarse / fine, fine / finest] {
            assert!((3.2..5.0).contains(&ratio), "{stencil:?}: {coarse} {fine} {finest}, halving h divides by {ratio}");
        }
    }
}

#[test]
fn a_mark_has_the_half_life_ln_2_over_lambda_whatever_the_tick() {
    let workers = Workers::new(1);
    for (ticks, diffusion_rate) in [(7_u32, 0.0), (600, 0.0), (60_000, 0.0), (600, 0.3)] {
        let parameters =
            LayerParameters { decay_per_s: std::f64::consts::LN_2 / 10.0, diffusion_rate, ..free_of_loss() };
        let mut layer = Layer::new(grid(64, 64, true), &parameters);
        layer.deposit(Cell::new(5, 9), 1.0, AgentId(1));
        for halves in 1..=3 {
            for _ in 0..ticks {
                layer.step(10.0 / f64::from(ticks), &workers);
            }
            let left = layer.mass(&workers) * f64::from(1 << halves);
            // Halving the cells rounds down; spread over thousands of cells that shows in the sixth digit.
            let tolerance = if diffusion_rate > 0.0 { 5e-5 } else { 1e-8 };
            assert!((left - 1.0).abs() < tolerance, "{ticks} ticks per half-life, after {halves}: {left}");
        }
    }
}

#[test]
fn the_classic_rule_fades_as_its_wrong_formula_says() {
    let workers = Workers::new(1);
    let parameters = LayerParameters { decay_per_s: 0.1, rule: DecayRule::Classic, threshold: 0.0, ..free_of_loss() };
    let parameters = LayerParameters { diffusion_rate: 0.0, ..parameters };
    let mut layer = Layer::new(grid(64, 64, true), &parameters);
    layer.deposit(Cell::new(5, 9), 1.0, AgentId(1));
    for _ in 0..10 {
        layer.step(1.0, &workers);
    }
    assert!((layer.read(Cell::new(5, 9)) - 0.004_086_77).abs() < 1e-6);
}

#[test]
fn the_field_has_the_same_bits_at_any_thread_count_and_any_order_of_touching() {
    let parameters =
        LayerParameters { decay_per_s: 0.2, threshold: 1e-5, stencil: Stencil::NinePoint, ..free_of_loss() };
    let run = |threads: usize, reversed: bool| {
        let workers = Workers::new(threads);
        let mut layer = Layer::new(grid(700, 500, true), &parameters);
        let mut cells: Vec<Cell> = (0..60).map(|i| Cell::new((i * 97) % 700, (i * 61) % 500)).collect();
        if reversed {
            cells.reverse();
        }
        for cell in cells {
            layer.deposit(cell, 0.9, AgentId(3));
        }
        for _ in 0..300 {
            layer.step(1.0 / 60.0, &workers);
        }
        dump(&layer)
    };
    let one = run(1, false);
    assert!(one.len() > 20);
    for (threads, reversed) in [(1, true), (2, false), (4, true)] {
        assert!(one == run(threads, reversed), "{threads} threads, reversed: {reversed}");
    }
}

#[test]
fn a_tiled_world_equals_one_big_array() {
    // A torus of 130 × 70 cells, with tiles cut off at both upper edges, against the definition on a plain array.
    let workers = Workers::new(1);
    for stencil in [Stencil::FivePoint, Stencil::NinePoint] {
        let parameters = LayerParameters { stencil, ..free_of_loss() };
        let mut layer = Layer::new(grid(130, 70, true), &parameters);
        scatter(&mut layer, 200);
        for column in 0..130 {
            layer.deposit(Cell::new(column, 20), 0.01, AgentId(0));
            layer.deposit(Cell::new(column, 69), 0.01, AgentId(0));
        }
        layer.step(0.0, &workers);
        let (columns, rows) = (130_usize, 70_usize);
        let mut plain = vec![0_i32; columns * rows];
        for tile in layer.tiles() {
            for (within, value) in tile.cells().iter().enumerate() {
                let column = tile.at().column as usize * TILE_SIDE + within % TILE_SIDE;
                let row = tile.at().row as usize * TILE_SIDE + within / TILE_SIDE;
                if column < columns && row < rows {
                    plain[row * columns + column] = *value;
                } else {
                    assert_eq!(*value, 0, "cells outside the world stay empty");
                }
            }
        }
        let shares = match stencil {
            Stencil::FivePoint => diffusion::Shares::new(0.1, false),
            Stencil::NinePoint => diffusion::Shares::new(0.4 / 6.0, true),
        };
        for _ in 0..50 {
            layer.step(0.0, &workers);
            plain = step_plain(&plain, columns, rows, shares);
        }
        for tile in layer.tiles() {
            let (width, height) = tile.extent();
            for row in 0..height {
                for column in 0..width {
                    let at = (tile.at().row as usize * TILE_SIDE + row) * columns
                        + tile.at().column as usize * TILE_SIDE
                        + column;
                    assert_eq!(tile.cells()[row * TILE_SIDE + column], plain[at]);
                }
            }
        }
    }
}

fn step_plain(cells: &[i32], columns: usize, rows: usize, shares: diffusion::Shares) -> Vec<i32> {
    let mut out = cells.to_vec();
    for row in 0..rows {
        for column in 0..columns {
            let own = shares.given(cells[row * columns + column]);
            for (dx, dy) in [(-1, 0), (1, 0), (0, -1), (0, 1_i64), (-1, -1), (1, -1), (-1, 1), (1, 1)] {
                let part = match (dx == 0 || dy == 0, shares.diagonal()) {
                    (true, _) => own,
                    (false, true) => own >> 2,
                    (false, false) => continue,
                };
                let to_column = (column as i64 + dx).rem_euclid(columns as i64) as usize;
                let to_row = (row as i64 + dy).rem_euclid(rows as i64) as usize;
                out[row * columns + column] -= part;
                out[to_row * columns + to_column] += part;
            }
        }
    }
    out
}

#[test]
fn a_full_cell_takes_no_more_and_the_rest_is_counted() {
    let mut layer = Layer::new(grid(64, 64, true), &LayerParameters::default());
    let cell = Cell::new(3, 4);
    assert!((layer.deposit(cell, 0.8, AgentId(1)) - 0.8).abs() < 1e-6);
    assert!((layer.deposit(cell, 0.8, AgentId(1)) - 0.2).abs() < 1e-6);
    assert_eq!(layer.read(cell), 1.0);
    assert!((layer.losses().saturated - 0.6).abs() < 1e-6);
    for bad in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        assert_eq!(layer.deposit(cell, bad, AgentId(1)), 0.0);
    }
    layer.deposit(Cell::new(64, 0), 1.0, AgentId(1));
    assert_eq!(layer.active_tiles(), 1, "outside the world nothing is touched");
}

#[test]
fn lowering_the_maximum_of_a_running_layer_keeps_what_is_below() {
    let workers = Workers::new(1);
    let mut layer = Layer::new(grid(64, 64, true), &LayerParameters { maximum: 4.0, ..free_of_loss() });
    layer.deposit(Cell::new(1, 1), 3.0, AgentId(1));
    layer.deposit(Cell::new(9, 9), 0.5, AgentId(1));
    layer.set_parameters(&LayerParameters { maximum: 2.0, ..free_of_loss() });
    assert_eq!((layer.read(Cell::new(1, 1)), layer.read(Cell::new(9, 9))), (2.0, 0.5));
    assert!((layer.losses().saturated - 1.0).abs() < 1e-6);
    assert!((layer.mass(&workers) - 2.5).abs() < 1e-6);
}

#[test]
fn the_gradient_points_up_and_is_zero_where_the_field_is_flat() {
    let mut layer = Layer::new(grid(64, 64, true), &LayerParameters::default());
    for column in 0..64 {
        for row in 0..64 {
            layer.deposit(Cell::new(column, row), 0.01 * column.min(40) as f32, AgentId(1));
        }
    }
    let at = |column, row| layer.grid().center(Cell::new(column, row));
    assert!((layer.gradient_at(at(20, 20)) - Vec2::X).length() < 1e-5);
    assert!((layer.slope_at(at(20, 20)).x - 0.01).abs() < 1e-5);
    assert_eq!(layer.gradient_at(at(50, 20)), Vec2::ZERO);
    assert_eq!(layer.gradient_at(Vec2::splat(f32::NAN)), Vec2::ZERO);
}

#[test]
fn the_nearest_mark_above_a_threshold_is_found_also_around_the_torus() {
    let mut layer = Layer::new(grid(1000, 1000, true), &LayerParameters::default());
    layer.deposit(Cell::new(990, 500), 0.9, AgentId(1));
    layer.deposit(Cell::new(40, 500), 0.9, AgentId(1));
    layer.deposit(Cell::new(12, 500), 0.1, AgentId(1));
    let from = layer.grid().center(Cell::new(10, 500));
    assert_eq!(layer.find_nearest(from, 0.5, 1e6).map(|found| found.0), Some(Cell::new(990, 500)));
    assert_eq!(layer.find_nearest(from, 0.05, 1e6).map(|found| found.0), Some(Cell::new(12, 500)));
    assert_eq!(layer.find_nearest(from, 0.5, 15.0), None);
}

#[test]
fn provenance_names_the_last_and_the_strongest_depositor() {
    let workers = Workers::new(1);
    let parameters = LayerParameters { provenance: true, decay_per_s: 1.0, ..LayerParameters::default() };
    let mut layer = Layer::new(grid(64, 64, true), &parameters);
    let cell = Cell::new(7, 7);
    layer.deposit(cell, 0.5, AgentId(1));
    layer.deposit(cell, 0.2, AgentId(2));
    let entry = layer.provenance(cell).unwrap();
    assert_eq!((entry.last, entry.strongest), (AgentId(2), AgentId(1)));
    // After one second 0.18 is left of the strong deposit, and 0.2 is the strongest.
    for _ in 0..60 {
        layer.step(1.0 / 60.0, &workers);
    }
    layer.deposit(cell, 0.2, AgentId(3));
    assert_eq!(layer.provenance(cell).unwrap().strongest, AgentId(3));
    assert_eq!(layer.provenance(Cell::new(1, 1)), None);
}

#[test]
fn reinforcing_strengthens_only_what_is_there() {
    let mut layer = Layer::new(grid(64, 64, true), &LayerParameters::default());
    let cell = Cell::new(7, 7);
    assert_eq!(layer.reinforce(cell, 2.0, AgentId(1)), 0.0);
    layer.deposit(cell, 0.2, AgentId(1));
    layer.reinforce(cell, 2.0, AgentId(1));
    assert!((layer.read(cell) - 0.4).abs() < 1e-6);
    assert!((layer.remove(cell, 0.1) - 0.1).abs() < 1e-6);
    assert!((layer.read(cell) - 0.3).abs() < 1e-6);
}

#[test]
fn a_vast_world_costs_only_its_active_tiles() {
    let workers = Workers::new(1);
    let mut layer = Layer::new(grid(100_000, 100_000, true), &LayerParameters::default());
    for i in 0..100_u32 {
        layer.deposit(Cell::new(i * 991, i * 983), 0.9, AgentId(1));
    }
    layer.step(1.0 / 60.0, &workers);
    assert_eq!(layer.active_tiles(), 100);
    assert!(layer.bytes() < 4_000_000, "{} bytes", layer.bytes());
}

#[test]
fn a_circle_holds_its_area_of_cells() {
    let field = PheromoneField::new(grid(300, 300, true));
    let cells = field.cells_within(Vec2::new(-150.0, 0.3), 20.0);
    assert!((cells.len() as f32 / (std::f32::consts::PI * 400.0) - 1.0).abs() < 0.03);
    assert_eq!(field.cells_within(Vec2::ZERO, 0.0).len(), 1);
    assert_eq!(field.cells_within(Vec2::ZERO, f32::INFINITY).len(), 1);
    for wraps in [true, false] {
        let field = PheromoneField::new(grid(10, 10, wraps));
        for center in [Vec2::ZERO, Vec2::new(-4.9, 4.9)] {
            assert_eq!(field.cells_within(center, 100.0).len(), 100, "{wraps} {center}");
        }
    }
}

#[test]
fn a_cell_gives_the_rate_of_itself_a_quarter_to_each_neighbour() {
    let workers = Workers::new(1);
    let mut layer = Layer::new(grid(64, 64, true), &LayerParameters { diffusion_rate: 0.2, ..free_of_loss() });
    layer.deposit(Cell::new(9, 9), 1.0, AgentId(1));
    layer.step(1.0, &workers);
    assert!((layer.read(Cell::new(9, 9)) - 0.8).abs() < 1e-6);
    for (column, row) in [(8, 9), (10, 9), (9, 8), (9, 10)] {
        assert!((layer.read(Cell::new(column, row)) - 0.05).abs() < 1e-6);
    }
    assert_eq!(layer.read(Cell::new(8, 8)), 0.0);
}

#[test]
fn the_nine_point_stencil_keeps_fronts_rounder() {
    let roundness = |stencil| {
        let workers = Workers::new(1);
        let mut layer = Layer::new(grid(64, 64, true), &LayerParameters { stencil, ..free_of_loss() });
        layer.deposit(Cell::new(32, 32), 1.0, AgentId(1));
        for _ in 0..12 {
            layer.step(1.0, &workers);
        }
        // Five cells away along an axis, and along the 3–4–5 triangle.
        (layer.read(Cell::new(37, 32)) / layer.read(Cell::new(35, 36)) - 1.0).abs()
    };
    let (five, nine) = (roundness(Stencil::FivePoint), roundness(Stencil::NinePoint));
    assert!(nine < 0.1 * five, "{nine} against {five}");
}

#[test]
fn what_reaches_an_edge_wraps_is_absorbed_or_stays() {
    let workers = Workers::new(1);
    let after = |edge: FieldEdge| {
        let mut layer = Layer::new(grid(100, 70, edge == FieldEdge::Wrap), &LayerParameters { edge, ..free_of_loss() });
        layer.deposit(Cell::new(0, 30), 1.0, AgentId(1));
        layer.step(1.0, &workers);
        (layer.read(Cell::new(0, 30)), layer.read(Cell::new(99, 30)), layer.losses().absorbed)
    };
    let close = |found: (f32, f32, f64), wanted: (f32, f32, f64)| {
        let gaps = [found.0 - wanted.0, found.1 - wanted.1, (found.2 - wanted.2) as f32];
        assert!(gaps.iter().all(|gap| gap.abs() < 1e-6), "{found:?}, not {wanted:?}");
    };
    close(after(FieldEdge::Wrap), (0.6, 0.1, 0.0));
    close(after(FieldEdge::Absorb), (0.6, 0.0, 0.1));
    close(after(FieldEdge::Reflect), (0.7, 0.0, 0.0));
}

#[test]
fn a_tile_is_freed_when_its_last_cell_falls_below_the_threshold() {
    let workers = Workers::new(1);
    // The default threshold: a hundredth of the default maximum.
    let parameters = LayerParameters { decay_per_s: std::f64::consts::LN_2, ..LayerParameters::default() };
    let mut layer = Layer::new(grid(64, 64, true), &parameters);
    layer.deposit(Cell::new(1, 1), 0.016, AgentId(1));
    layer.deposit(Cell::new(50, 60), 0.019, AgentId(1));
    layer.step(0.9, &workers);
    assert_eq!((layer.active_tiles(), layer.losses().dropped), (1, 0.0), "0.0102 is left of the stronger mark");
    layer.step(0.1, &workers);
    assert_eq!(layer.active_tiles(), 0);
    assert!((layer.losses().dropped - 0.0175).abs() < 1e-6, "{}", layer.losses().dropped);
}

#[test]
fn clearing_leaves_nothing_behind() {
    let workers = Workers::new(1);
    let mut layer = Layer::new(grid(300, 300, true), &LayerParameters { decay_per_s: 1.0, ..free_of_loss() });
    scatter(&mut layer, 50);
    layer.step(0.5, &workers);
    layer.clear();
    assert_eq!((layer.active_tiles(), layer.mass(&workers), layer.active_cells(&workers)), (0, 0.0, 0));
    assert_eq!(layer.losses(), LayerLosses::default());
    layer.deposit(Cell::new(3, 3), 0.5, AgentId(1));
    assert!((layer.read(Cell::new(3, 3)) - 0.5).abs() < 1e-6, "it is as new");
}

proptest! {
    #![proptest_config(agent2028_property_tests::cases(48))]

    #[test]
    fn intensities_stay_between_zero_and_the_maximum_and_diffusion_makes_no_new_extremes(
        marks in prop::collection::vec((0_u32..90, 0_u32..80, -0.5_f32..3.0), 1..60),
        rate in prop::sample::select(vec![0.0_f32, 0.1, 0.37, MAX_DIFFUSION_RATE]),
        decay_per_s in prop::sample::select(vec![0.0_f64, 0.3, 50.0]),
        stencil in prop::sample::select(vec![Stencil::FivePoint, Stencil::NinePoint]),
        edge in prop::sample::select(vec![FieldEdge::Wrap, FieldEdge::Absorb, FieldEdge::Reflect]),
        maximum in prop::sample::select(vec![1.0_f32, 1e-3, 250.0]),
    ) {
        let workers = Workers::new(1);
        let parameters =
            LayerParameters { diffusion_rate: rate, decay_per_s, stencil, edge, maximum, threshold: 0.0, ..free_of_loss() };
        let mut layer = Layer::new(grid(90, 80, edge == FieldEdge::Wrap), &parameters);
        for (at, (column, row, amount)) in marks.into_iter().enumerate() {
            layer.deposit(Cell::new(column, row), amount * maximum, AgentId(1));
            layer.remove(Cell::new(row, column), 0.1 * maximum);
            let before = extremes(&layer);
            if at % 3 == 0 {
                layer.step(0.05, &workers);
                let after = extremes(&layer);
                // Rounding to whole units may move a cell by one for each of its neighbours.
                let slack = maximum * 2e-8;
                prop_assert!(after.0 >= 0.0 && after.1 <= before.1 + slack, "{before:?} became {after:?}");
                if decay_per_s == 0.0 && edge != FieldEdge::Absorb {
                    prop_assert!(after.0 >= before.0 - slack, "{before:?} became {after:?}");
                }
            }
            prop_assert!(before.0 >= 0.0 && before.1 <= maximum);
        }
    }

    #[test]
    fn the_nearest_mark_is_the_one_a_linear_search_finds(
        marks in prop::collection::vec((0_u32..150, 0_u32..140, 0.05_f32..1.0), 1..40),
        from in (-80_f32..80.0, -70_f32..70.0),
        least in 0.05_f32..0.9,
        radius in prop::sample::select(vec![10.0_f32, 45.0, 1e6]),
        wraps in any::<bool>(),
    ) {
        let mut layer = Layer::new(grid(150, 140, wraps), &LayerParameters::default());
        for (column, row, amount) in marks {
            layer.deposit(Cell::new(column, row), amount, AgentId(1));
        }
        let point = Vec2::from(from).clamp(Vec2::new(-75.0, -70.0), Vec2::new(74.9, 69.9));
        let wanted = (0..140)
            .flat_map(|row| (0..150).map(move |column| Cell::new(column, row)))
            .filter(|cell| layer.read(*cell) >= least)
            .map(|cell| (layer.grid().delta(point, layer.grid().center(cell)).length_squared(), cell))
            .filter(|(squared, _)| *squared <= radius * radius)
            .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        prop_assert_eq!(layer.find_nearest(point, least, radius).map(|found| found.0), wanted.map(|wanted| wanted.1));
    }
}

/// The smallest and the largest intensity.
fn extremes(layer: &Layer) -> (f32, f32) {
    let grid = *layer.grid();
    let cells = (0..grid.rows).flat_map(|row| (0..grid.columns).map(move |column| Cell::new(column, row)));
    cells.map(|cell| layer.read(cell)).fold((f32::MAX, f32::MIN), |held, value| (held.0.min(value), held.1.max(value)))
}
