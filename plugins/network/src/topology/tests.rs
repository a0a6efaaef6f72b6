//! Degrees and counts of links of all generators.

use agent2028_core::parallel::Workers;
use agent2028_core::rng::{Purpose, SimRng, SimStream};
use agent2028_core::space::{Edge, WorldBounds};
use bevy::math::Vec2;

use super::*;
use crate::graph::SparseLinks;

fn stream(seed: u64) -> SimStream {
    SimRng::new(seed).global(Purpose::new("topology.test"), 0)
}

fn degrees(count: u32, edges: &[(u32, u32)]) -> Vec<usize> {
    let links = SparseLinks::from_edges(edges);
    (0..count).map(|place| links.neighbours(place).len()).collect()
}

#[test]
fn a_ring_has_two_neighbours_a_step() {
    assert!(degrees(1000, &ring(1000, 1)).iter().all(|degree| *degree == 2));
    assert!(degrees(1000, &ring(1000, 3)).iter().all(|degree| *degree == 6));
    assert_eq!(ring(1, 1), []);
    assert_eq!(SparseLinks::from_edges(&ring(2, 1)).len(), 1);
}

#[test]
fn a_grid_has_four_neighbours_inside_and_everywhere_on_a_torus() {
    let open = degrees(100, &grid(100, false));
    assert_eq!([2, 3, 4].map(|wanted| open.iter().filter(|degree| **degree == wanted).count()), [4, 32, 64]);
    assert!(degrees(100, &grid(100, true)).iter().all(|degree| *degree == 4));
    assert_eq!(SparseLinks::from_edges(&grid(7, false)).len(), 8, "3 + 3 + 1 in rows");
}

#[test]
fn a_random_regular_graph_is_regular() {
    for (count, degree) in [(1000, 4), (999, 4), (50, 7), (12, 11)] {
        let found = degrees(count, &random_regular(count, degree, &mut stream(3)));
        assert!(found.iter().filter(|found| **found != degree as usize).count() <= 1, "{count} {degree} {found:?}");
    }
}

#[test]
fn erdos_renyi_has_the_mean_degree_and_the_variance_of_a_poisson_law() {
    let found = degrees(20_000, &erdos_renyi(20_000, 8.0, &mut stream(5)));
    let mean = found.iter().sum::<usize>() as f64 / 20_000.0;
    let variance = found.iter().map(|degree| (*degree as f64 - mean).powi(2)).sum::<f64>() / 20_000.0;
    assert!((mean - 8.0).abs() < 0.1 && (variance - 8.0).abs() < 0.35, "{mean} {variance}");
    assert_eq!(SparseLinks::from_edges(&erdos_renyi(10, 9.0, &mut stream(1))).len(), 45);
}

#[test]
fn watts_strogatz_keeps_its_links_and_rewires_their_share() {
    let count = 4000;
    let edges = watts_strogatz(count, 4, 0.2, &mut stream(7));
    assert_eq!(edges.len(), 16_000);
    let local = |(a, b): &(u32, u32)| {
        let step = b - a;
        step.min(count - step) <= 4
    };
    let moved = edges.iter().filter(|edge| !local(edge)).count() as f64 / 16_000.0;
    assert!((moved - 0.2).abs() < 0.02, "{moved}");
    assert_eq!(watts_strogatz(100, 2, 0.0, &mut stream(7)).len(), 200);
}

#[test]
fn barabasi_albert_has_its_links_and_a_tail_of_power_three() {
    let (count, links) = (20_000, 3);
    let edges = barabasi_albert(count, links, &mut stream(9));
    assert_eq!(edges.len() as u32, 6 + (count - 4) * 3);
    let found = degrees(count, &edges);
    assert!(found.iter().all(|degree| *degree >= 3));
    // P(degree ≥ k) = m(m+1)/(k(k+1)) in the limit: 12/110 at k = 10, 12/930 at 30.
    for (at, wanted) in [(10, 12.0 / 110.0), (30, 12.0 / 930.0)] {
        let share = found.iter().filter(|degree| **degree >= at).count() as f64 / f64::from(count);
        assert!((share / wanted - 1.0).abs() < 0.15, "{at}: {share} against {wanted}");
    }
}

fn points(count: u32, seed: u64, size: Vec2) -> Vec<Vec2> {
    let mut stream = stream(seed);
    (0..count).map(|_| Vec2::new(stream.unit() - 0.5, stream.unit() - 0.5) * size).collect()
}

#[test]
fn the_nearest_are_those_of_a_full_search() {
    for edge in [Edge::Wrap, Edge::Bounce, Edge::Open] {
        for (count, size) in [(300, Vec2::new(100.0, 40.0)), (7, Vec2::splat(10.0)), (40, Vec2::new(500.0, 3.0))] {
            let bounds = WorldBounds { size, edge };
            let points = points(count, 11, size);
            let grid = NearGrid::new(bounds, &points);
            let mut found = Vec::new();
            for place in 0..count {
                let mut all: Vec<(f32, u32)> = (0..count)
                    .filter(|other| *other != place)
                    .map(|other| (grid.distance_squared(place, other), other))
                    .collect();
                all.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                grid.nearest(place, 6, &mut found);
                assert_eq!(found, all[..6.min(all.len())], "{edge:?} {count} {place}");
                grid.within(place, 9.0, &mut found);
                found.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                all.retain(|(distance, _)| *distance <= 81.0);
                assert_eq!(found, all, "{edge:?} {count} {place}");
            }
        }
    }
}

#[test]
fn the_nearest_are_the_same_on_any_number_of_threads() {
    let bounds = WorldBounds { size: Vec2::splat(500.0), edge: Edge::Wrap };
    let points = points(5000, 4, bounds.size);
    let edges = k_nearest(bounds, &points, 5, &Workers::new(1));
    assert_eq!(edges, k_nearest(bounds, &points, 5, &Workers::new(2)));
    assert!(degrees(5000, &edges).iter().all(|degree| *degree >= 5));
}

#[test]
fn links_come_above_one_quality_go_below_another_and_never_exceed_the_bound() {
    let bounds = WorldBounds { size: Vec2::splat(1000.0), edge: Edge::Open };
    let (quality, limits) = (Quality { half_range: 10.0 }, QualityLimits { add_above: 0.7, drop_below: 0.5, most: 3 });
    let reach = quality.reach(0.7);
    assert!((quality.at(100.0) - 0.5).abs() < 1e-6 && (quality.at(reach * reach) - 0.7).abs() < 1e-4);
    let mut links = SparseLinks::default();
    let at = |distance: f32, links: &mut SparseLinks| {
        let points = [Vec2::ZERO, Vec2::new(distance, 0.0)];
        rewire(links, bounds, &[4, 9], &points, quality, limits);
        links.linked(4, 9)
    };
    // 0.7 is at 7.17 units, 0.5 at 10: between them a link stays as it is.
    assert!(!at(8.0, &mut links) && at(7.0, &mut links) && at(9.5, &mut links) && !at(10.5, &mut links));
    assert!(!at(8.0, &mut links), "hysteresis");
    let crowd = points(400, 2, Vec2::splat(60.0));
    let agents: Vec<u32> = (0..400).collect();
    let mut links = SparseLinks::default();
    let done = rewire(&mut links, bounds, &agents, &crowd, quality, limits);
    assert!(u64::from(done.added) == links.len() && links.len() > 500);
    assert!(agents.iter().all(|agent| links.neighbours(*agent).len() <= 3));
}
