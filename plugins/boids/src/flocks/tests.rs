use agent2028_core::simulation::Simulation;
use agent2028_core::space::Edge;
use bevy::math::ops;
use bevy::prelude::*;

use super::*;

fn bounds(edge: Edge) -> WorldBounds {
    WorldBounds { size: Vec2::splat(100.0), edge }
}

fn sizes(places: &[Vec2], edge: Edge, radius: f32) -> Vec<usize> {
    let components = Components::of(places, &bounds(edge), radius);
    let mut sizes: Vec<usize> = components.counts().into_iter().map(|(_, count)| count).collect();
    sizes.sort_unstable();
    sizes
}

/// Scattered places from a linear congruential generator (Knuth's MMIX).
fn scatter(count: usize, seed: u64) -> Vec<Vec2> {
    let mut state = seed;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 24) as f32
    };
    (0..count).map(|_| Vec2::new(next() * 100.0 - 50.0, next() * 100.0 - 50.0)).collect()
}

/// By definition: every pair is looked at.
fn by_definition(places: &[Vec2], edge: Edge, radius: f32) -> Vec<usize> {
    let bounds = bounds(edge);
    let mut flock: Vec<usize> = (0..places.len()).collect();
    for one in 0..places.len() {
        for two in 0..one {
            if bounds.delta(places[one], places[two]).length() <= radius && flock[one] != flock[two] {
                let (from, to) = (flock[one], flock[two]);
                flock.iter_mut().filter(|flock| **flock == from).for_each(|flock| *flock = to);
            }
        }
    }
    let mut sizes = vec![0; places.len()];
    flock.iter().for_each(|flock| sizes[*flock] += 1);
    sizes.retain(|size| *size > 0);
    sizes.sort_unstable();
    sizes
}

#[test]
fn flocks_are_those_of_the_definition() {
    for (seed, count) in [(1, 30), (2, 120), (3, 300), (4, 300)] {
        let places = scatter(count, seed);
        for edge in [Edge::Wrap, Edge::Bounce] {
            for radius in [1.5, 4.0, 7.0, 40.0] {
                let expected = by_definition(&places, edge, radius);
                assert_eq!(sizes(&places, edge, radius), expected, "{seed} {edge:?} {radius}");
            }
        }
    }
    assert!(sizes(&[], Edge::Wrap, 5.0).is_empty());
}

#[test]
fn there_are_as_many_flocks_as_the_metric_says() {
    use crate::BoidsPlugin;
    use crate::config::{FlockConfig, PredatorConfig};
    use agent2028_core::SimCorePlugin;
    use agent2028_core::agent::{AgentGroup, AgentId, Placement, fail_agents, spawn_group};
    use agent2028_core::metrics::Metrics;
    for named in [false, true] {
        let mut app = App::new();
        app.add_plugins(SimCorePlugin::default());
        let mut config =
            BoidsConfig { predators: vec![PredatorConfig { agents: "hawk".into(), ..default() }], ..default() };
        if named {
            config.flocks = vec![FlockConfig { agents: "bird".into(), ..default() }];
        }
        app.add_plugins(BoidsPlugin { config });
        for (name, count) in [("bird", 250), ("hawk", 6), ("gull", 60)] {
            let group = AgentGroup { name: name.into(), ..default() };
            let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
            spawn_group(app.world_mut(), group, count, &Placement::World).unwrap();
        }
        fail_agents(app.world_mut(), &(0..40).map(AgentId).collect::<Vec<_>>(), u64::MAX);
        let mut simulation = Simulation::new(std::mem::take(app.world_mut()));
        simulation.world_mut().resource_mut::<Metrics>().want("boids.flocks");
        simulation.run(20);
        let (radius, places, _) = flocking(simulation.world()).unwrap();
        let bounds = *simulation.world().resource::<WorldBounds>();
        let found = Components::of(&places, &bounds, radius).count();
        let metrics = simulation.world().resource::<Metrics>();
        let (_, series) = metrics.iter().find(|(spec, _)| spec.name == "boids.flocks").unwrap();
        let (_, told) = series.last().unwrap();
        assert_eq!(found as f64, told, "with flocks of their own: {named}");
        assert!(found > 3);
    }
}

fn disc(center: Vec2, count: usize, radius: f32) -> Vec<Vec2> {
    (0..count)
        .map(|at| {
            let angle = 2.399_963 * at as f32;
            center + Vec2::new(ops::cos(angle), ops::sin(angle)) * radius * (at as f32 / count as f32).sqrt()
        })
        .collect()
}

#[test]
fn around_the_torus_a_flock_is_in_one_piece() {
    let bounds = bounds(Edge::Wrap);
    let places: Vec<Vec2> = disc(Vec2::new(49.0, 48.0), 60, 8.0).into_iter().map(|at| bounds.wrap(at)).collect();
    let flocks = Components::of(&places, &bounds, 5.0);
    let [root] = flocks.largest(4, 120)[..] else { panic!("one flock") };
    let unrolled = flocks.unrolled(root, &places, &bounds);
    let covered = unrolled.iter().fold(Rect::EMPTY, |rect, place| rect.union_point(*place));
    assert_eq!(unrolled.len(), 60);
    assert!(covered.size().max_element() < 17.0, "{covered:?}");
    // A band all around stays where it is along that axis.
    let band: Vec<Vec2> = (0..50).map(|at| Vec2::new(at as f32 * 2.0 - 50.0, 0.0)).collect();
    let flocks = Components::of(&band, &bounds, 5.0);
    let unrolled = flocks.unrolled(flocks.largest(4, 120)[0], &band, &bounds);
    assert!(unrolled.iter().all(|place| bounds.min().x <= place.x && place.x < bounds.max().x));
}

#[test]
fn in_a_world_of_very_many_cells_flocks_are_those_of_the_definition_too() {
    let places: Vec<Vec2> = scatter(300, 5).into_iter().map(|at| at * 0.02).collect();
    let bounds = WorldBounds { size: Vec2::splat(100_000.0), edge: Edge::Wrap };
    let components = Components::of(&places, &bounds, 0.08);
    assert!(components.table.is_empty(), "the cells have no table");
    let scaled: Vec<Vec2> = places.iter().map(|at| *at * 50.0).collect();
    let mut sizes: Vec<usize> = components.counts().into_iter().map(|(_, count)| count).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, by_definition(&scaled, Edge::Bounce, 4.0));
}

#[test]
fn flocks_are_connected_components_around_the_torus() {
    let places = [(-49.0, 0.0), (49.0, 0.0), (46.0, 1.0), (0.0, 0.0), (3.0, 3.0), (20.0, 20.0)].map(Vec2::from);
    let count = |places: &[Vec2], radius| Components::of(places, &bounds(Edge::Wrap), radius).count();
    assert_eq!((count(&places, 5.0), count(&places, 1.0), count(&[], 5.0)), (3, 6, 0));
}
