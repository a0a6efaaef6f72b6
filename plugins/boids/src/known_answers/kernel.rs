//! The kernel on plain arrays.

use super::*;

const WORLD: WorldBounds = WorldBounds { size: Vec2::new(1000.0, 800.0), edge: Edge::Wrap };

fn fly(
    parameters: FlockParameters,
    bounds: WorldBounds,
    positions: &mut [Vec2],
    velocities: &mut [Vec2],
    ticks: usize,
) {
    let (mut flock, workers) = (FlockKernel::default(), Workers::new(1));
    let model = Model::Boids(FlockSet { per_flock: &[parameters], relations: &[], flock_of: &[] });
    for _ in 0..ticks {
        step(&mut flock, &model, &bounds, 1.0, positions, velocities, &workers);
    }
}

fn scattered(count: usize, seed: u64, bounds: WorldBounds, speed: f32) -> (Vec<Vec2>, Vec<Vec2>) {
    let mut dice = SimRng::new(seed).global(Purpose::new("test.scatter"), 0);
    let places = (0..count).map(|_| Vec2::new(dice.unit() - 0.5, dice.unit() - 0.5) * bounds.size).collect();
    let courses = (0..count).map(|_| dice.direction() * speed).collect();
    (places, courses)
}

#[test]
fn an_agent_alone_keeps_its_velocity() {
    for velocity in [Vec2::new(1.0, -0.3), Vec2::new(2.4, 3.2), Vec2::new(-4.0, 0.0), Vec2::ZERO] {
        let (mut positions, mut velocities) = ([Vec2::new(3.0, 4.0)], [velocity]);
        fly(classic(), WORLD, &mut positions, &mut velocities, 100);
        assert_eq!(velocities[0], velocity);
    }
}

#[test]
fn two_agents_closer_than_the_separation_radius_move_apart() {
    for offset in [Vec2::new(10.0, 0.0), Vec2::new(0.0, -24.0), Vec2::new(3.0, 4.0), Vec2::ZERO] {
        // Around the origin, and across the corner of the torus.
        for middle in [Vec2::ZERO, WORLD.size * 0.5] {
            let mut positions = [WORLD.wrap(middle), WORLD.wrap(middle + offset)];
            let mut velocities = [Vec2::ZERO; 2];
            let only_separation = FlockParameters { cohesion_weight: 0.0, alignment_weight: 0.0, ..classic() };
            fly(only_separation, WORLD, &mut positions, &mut velocities, 20);
            let apart = WORLD.delta(positions[0], positions[1]).length();
            assert!(apart > offset.length() + 1.0, "{offset} around {middle}: {apart}");
        }
    }
}

#[test]
fn the_default_flock_moves_apart_within_the_separation_radius_too() {
    // Separation outweighs cohesion, whose forces saturate alike.
    let (mut positions, mut velocities) = ([Vec2::ZERO, Vec2::new(8.0, 0.0)], [Vec2::ZERO; 2]);
    fly(classic(), WORLD, &mut positions, &mut velocities, 20);
    assert!(positions[0].distance(positions[1]) > 8.5);
}

#[test]
fn acceleration_never_exceeds_the_maximum_force() {
    let (mut positions, mut velocities) = scattered(600, 1, WorldBounds { size: Vec2::splat(250.0), ..WORLD }, 4.0);
    let per_flock = [
        classic(),
        FlockParameters { heading_only: true, min_speed: 2.0, ..classic() },
        // Flies far too fast for its new top speed: it has to brake, but not faster than it can.
        FlockParameters { max_speed: 1.0, separation_weight: 50.0, ..classic() },
    ];
    for parameters in per_flock {
        for _ in 0..30 {
            let before = velocities.clone();
            fly(parameters, WORLD, &mut positions, &mut velocities, 1);
            for (before, after) in before.iter().zip(&velocities) {
                // The velocities themselves are rounded: a few parts in ten million of the speed.
                assert!(before.distance(*after) <= parameters.max_force + 2e-6, "{}", before.distance(*after));
            }
        }
    }
}

#[test]
fn nobody_flies_faster_than_top_speed() {
    let (mut positions, mut velocities) = scattered(600, 2, WorldBounds { size: Vec2::splat(250.0), ..WORLD }, 4.0);
    for _ in 0..100 {
        fly(classic(), WORLD, &mut positions, &mut velocities, 1);
        assert!(velocities.iter().all(|velocity| velocity.length() <= 4.0 * 1.000_01));
    }
}

#[test]
fn an_agent_already_aligned_feels_no_alignment_force() {
    let only_alignment = FlockParameters { separation_weight: 0.0, cohesion_weight: 0.0, ..classic() };
    for (heading_only, velocity) in [(false, Vec2::new(1.0, 2.0)), (true, Vec2::new(0.0, 4.0))] {
        let parameters = FlockParameters { heading_only, ..only_alignment };
        let mut positions = [Vec2::ZERO, Vec2::new(30.0, 0.0), Vec2::new(0.0, 20.0)];
        let mut velocities = [velocity; 3];
        fly(parameters, WORLD, &mut positions, &mut velocities, 50);
        assert_eq!(velocities, [velocity; 3]);
    }
}

#[test]
fn with_alignment_only_and_no_noise_the_order_parameter_goes_to_one() {
    for heading_only in [false, true] {
        let parameters = FlockParameters {
            separation_weight: 0.0,
            cohesion_weight: 0.0,
            alignment_radius: 120.0,
            separation_radius: 0.0,
            cohesion_radius: 0.0,
            heading_only,
            ..classic()
        };
        let bounds = WorldBounds { size: Vec2::splat(400.0), edge: Edge::Wrap };
        let (mut positions, mut velocities) = scattered(200, 3, bounds, 4.0);
        fly(parameters, bounds, &mut positions, &mut velocities, 600);
        let mut order = Order::default();
        velocities.iter().for_each(|velocity| order.add(*velocity));
        assert!(order.parameter() > 0.99, "heading only: {heading_only}, φ = {}", order.parameter());
    }
}

#[test]
fn cohesion_draws_two_agents_together_across_the_seam() {
    let only_cohesion = FlockParameters { separation_weight: 0.0, alignment_weight: 0.0, ..classic() };
    let mut positions = [Vec2::new(485.0, 0.0), Vec2::new(-485.0, 0.0)];
    let mut velocities = [Vec2::ZERO; 2];
    fly(only_cohesion, WORLD, &mut positions, &mut velocities, 10);
    assert!(WORLD.delta(positions[0], positions[1]).length() < 25.0);
}

#[test]
fn who_is_behind_a_field_of_view_is_not_followed() {
    let ahead_only = FlockParameters { view_degrees: 180.0, separation_weight: 0.0, ..classic() };
    let mut positions = [Vec2::ZERO, Vec2::new(-30.0, 0.0)];
    let mut velocities = [Vec2::new(2.0, 0.0); 2];
    fly(ahead_only, WORLD, &mut positions, &mut velocities, 1);
    assert_eq!(velocities[0], Vec2::new(2.0, 0.0));
    assert!(velocities[1].x > 2.0);
}
