//! A flock that a newcomer writes flies, and the same at any rate of ticks.

use super::*;

const RATES: [f64; 5] = [15.0, 30.0, 60.0, 120.0, 240.0];
/// When flocks are looked at, in simulated seconds: while they come to order, and afterwards.
const TIMES: [u64; 5] = [1, 2, 4, 6, 10];

/// Mean speed, as a share of top speed, and the order parameter at each of [`TIMES`].
fn course(config: &BoidsConfig, tick_hz: f64, seed: u64) -> Vec<(f64, f64)> {
    // As dense as 500 agents in the world of 1000 × 1000 units that a scene has by default.
    let world = WorldBounds { size: Vec2::splat(320.0), edge: Edge::Wrap };
    let mut app = App::new();
    app.add_plugins(SimCorePlugin { seed, tick_hz, world, threads: Some(1), ..default() });
    app.add_plugins(BoidsPlugin { config: config.clone() });
    let group = AgentGroup { name: "bird".into(), count: 50, ..default() };
    let id = app.world_mut().resource_mut::<AgentGroups>().add(group);
    spawn_scene_group(app.world_mut(), id).unwrap();
    let mut simulation = Simulation::new(std::mem::take(app.world_mut()));
    let top = f64::from(config.max_speed) * if config.units == Units::PerTick { tick_hz } else { 1.0 };
    TIMES
        .iter()
        .map(|seconds| {
            let due = (*seconds as f64 * tick_hz) as u64;
            simulation.run(due - simulation.tick());
            let (mut order, mut speed) = (Order::default(), 0.0);
            for agent in 0..50 {
                let velocity = state(&simulation, agent).1;
                order.add(velocity);
                speed += f64::from(velocity.length()) / 50.0;
            }
            (speed / top, order.parameter())
        })
        .collect()
}

/// Mean and standard error.
fn mean(values: impl ExactSizeIterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (mean, (variance / count).sqrt())
}

#[test]
fn the_default_flock_keeps_its_speed_and_comes_to_order_alike_at_any_rate_of_ticks() {
    // So many flocks that a difference of 10 % is at least four standard errors, which is looked at below: a difference
    // is found if it is there, and chance makes none.
    const SEEDS: u64 = 120;
    let config = BoidsConfig::default();
    let runs = RATES.map(|rate| (0..SEEDS).map(|seed| course(&config, rate, seed)).collect::<Vec<_>>());
    for (at, seconds) in TIMES.iter().enumerate() {
        for (what, pick) in [("speed", (|run| run.0) as fn((f64, f64)) -> f64), ("order", |run| run.1)] {
            let means = runs.each_ref().map(|runs| mean(runs.iter().map(|run| pick(run[at]))).0);
            for (one, rate) in RATES.iter().enumerate() {
                for other in 0..one {
                    // The flocks of one seed set off alike, so their differences vary less than they do.
                    let pairs = runs[one].iter().zip(&runs[other]);
                    let (difference, error) = mean(pairs.map(|(a, b)| pick(a[at]) - pick(b[at])));
                    let allowed = 0.1 * means[one].min(means[other]);
                    let told = format!(
                        "{what} after {seconds} s at {rate} and {} Hz: {means:.3?}, {difference:.4} ± {error:.4}",
                        RATES[other]
                    );
                    assert!(4.0 * error <= allowed, "too few flocks to tell: {told}");
                    assert!(difference.abs() <= allowed, "{told}");
                }
            }
        }
        let (speed, order) = (0..RATES.len())
            .map(|rate| {
                (mean(runs[rate].iter().map(|run| run[at].0)).0, mean(runs[rate].iter().map(|run| run[at].1)).0)
            })
            .fold((1.0_f64, 1.0_f64), |least, found| (least.0.min(found.0), least.1.min(found.1)));
        assert!(speed > 0.499, "the flock slows down to {speed} of its top speed after {seconds} s");
        // Fifty independent directions have an order of √(π / 200) = 0.125 on average.
        assert!(order > if *seconds < 6 { 0.125 } else { 0.85 }, "order {order} after {seconds} s");
    }
}

#[test]
fn the_classic_flock_stalls_as_it_says_and_is_another_at_another_rate() {
    let config = BoidsConfig::classic();
    let speeds = |rate: f64| {
        let runs: Vec<_> = (0..10).map(|seed| course(&config, rate, seed)).collect();
        mean(runs.iter().map(|run| run[TIMES.len() - 1].0)).0 * rate
    };
    let (slow, usual) = (speeds(15.0), speeds(60.0));
    assert!(usual < 0.05 * 60.0 && slow < 0.2 * 15.0, "{slow} {usual}");
}

#[test]
fn what_a_newcomer_changes_flies_too() {
    let plain = BoidsConfig::default();
    let cases = [
        ("a top speed", BoidsConfig { max_speed: 60.0, ..plain.clone() }),
        ("a large force", BoidsConfig { max_force: 2000.0, ..plain.clone() }),
        ("much separation", BoidsConfig { separation: Separation { radius: 40.0, weight: 5.0 }, ..plain.clone() }),
        ("much cohesion", BoidsConfig { cohesion: Cohesion { radius: 60.0, weight: 5.0 }, ..plain.clone() }),
        ("no cohesion", BoidsConfig { cohesion: Cohesion { radius: 0.0, weight: 0.0 }, ..plain.clone() }),
        (
            "mean velocities",
            BoidsConfig { alignment: Alignment { matching: Matching::Velocity, ..default() }, ..plain.clone() },
        ),
        ("seven neighbours", BoidsConfig { neighbourhood: Neighbourhood::Nearest(7), ..plain.clone() }),
        ("a field of view", BoidsConfig { view_degrees: 240.0, ..plain.clone() }),
        ("a slow start", BoidsConfig { initial_speed: Some(5.0), ..plain.clone() }),
    ];
    for (what, config) in cases {
        for seed in 0..3 {
            let (speed, _) = course(&config, 60.0, seed)[TIMES.len() - 1];
            assert!(speed > 0.499, "{what}: the flock slows down to {speed} of its top speed");
        }
    }
}
