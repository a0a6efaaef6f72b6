//! Equal bits: the kernel against the comparison of all with all, every instruction set, any number of threads.

use agent2028_core::parallel::Workers;
use agent2028_core::rng::{Purpose, SimRng};
use agent2028_core::space::{CellGrid, Edge, WorldBounds};
use bevy::math::Vec2;
use proptest::prelude::*;

use super::*;

pub(crate) fn parameters() -> FlockParameters {
    FlockParameters {
        separation_radius: 6.0,
        separation_weight: 1.5,
        alignment_radius: 12.0,
        alignment_weight: 1.0,
        heading_only: false,
        cohesion_radius: 12.0,
        cohesion_weight: 1.0,
        avoidance_radius: 15.0,
        avoidance_weight: 2.0,
        view_degrees: 360.0,
        max_speed: 4.0,
        min_speed: 0.0,
        max_force: 0.1,
        gain: 1.0,
    }
}

fn bird() -> Birds {
    Birds { vision: 5.0, separation: 1.0, cohere: 0.03, separate: 0.015, match_heading: 0.05, speed: 1.0 }
}

/// A crowd: most spread over the world, some in a clump, some on the very same points.
fn crowd(count: usize, seed: u64, bounds: WorldBounds) -> (Vec<Vec2>, Vec<Vec2>) {
    let mut dice = SimRng::new(seed).global(Purpose::new("test.crowd"), 0);
    let mut positions: Vec<Vec2> = Vec::with_capacity(count);
    let mut velocities = Vec::with_capacity(count);
    for at in 0..count {
        let spread = Vec2::new(dice.signed_unit(), dice.signed_unit());
        // In an open world a part of them has left the drawn area.
        let is_out = bounds.edge == Edge::Open && at / 5 % 2 == 0;
        positions.push(match at % 5 {
            0 if at > 0 => positions[at - 1],
            1 if is_out => (spread * 0.05 + Vec2::new(2.3, -0.6)) * bounds.size,
            1 | 2 => spread * bounds.size * 0.05,
            3 if is_out => spread * bounds.size * 1.5,
            _ => spread * bounds.size * 0.5,
        });
        velocities.push(dice.direction() * (4.0 * dice.unit()));
    }
    (positions, velocities)
}

fn worlds() -> Vec<WorldBounds> {
    [Edge::Wrap, Edge::Bounce, Edge::Open]
        .into_iter()
        .flat_map(|edge| {
            // From worlds smaller than a neighbourhood to wide and tall ones.
            [(20.0, 14.0), (40.0, 40.0), (300.0, 50.0), (31.0, 400.0), (200.0, 200.0)]
                .map(|(x, y)| WorldBounds { size: Vec2::new(x, y), edge })
        })
        .collect()
}

fn decide<R: Rule>(
    rule: &R,
    bounds: WorldBounds,
    positions: &[Vec2],
    velocities: &[Vec2],
    instructions: Instructions,
    threads: usize,
) -> Vec<Vec2> {
    let workers = Workers::new(threads);
    let mut flock = FlockKernel::with_instructions(instructions);
    let grid = CellGrid::for_radius(bounds, rule.reach());
    flock.perceive(grid, &[Arrays { positions, velocities }], &workers);
    flock.decide_by(rule, &Influences::default(), &workers);
    (0..positions.len()).map(|id| flock.decided(AgentId(id as u32)).unwrap()).collect()
}

fn bits(velocities: &[Vec2]) -> Vec<(u32, u32)> {
    velocities.iter().map(|v| (v.x.to_bits(), v.y.to_bits())).collect()
}

fn assert_same(expected: &[Vec2], found: &[Vec2], what: &str) {
    for (id, (expected, found)) in bits(expected).iter().zip(bits(found)).enumerate() {
        assert_eq!(*expected, found, "agent {id}: {what}");
    }
}

#[test]
fn birds_equal_the_quadratic_reference_bit_for_bit() {
    for bounds in worlds() {
        for count in [1, 2, 7, 8, 9, 100, 400] {
            let (positions, velocities) = crowd(count, count as u64, bounds);
            let expected = reference::birds(&bird(), bounds, &positions, &velocities);
            for instructions in Instructions::available() {
                let found = decide(&bird(), bounds, &positions, &velocities, instructions, 1);
                assert_same(&expected, &found, &format!("{bounds:?} {count} {instructions:?}"));
            }
        }
    }
}

fn one(parameters: &FlockParameters) -> FlockSet<'_> {
    FlockSet { per_flock: std::slice::from_ref(parameters), relations: &[], flock_of: &[] }
}

#[test]
fn boids_equal_the_quadratic_reference_bit_for_bit() {
    let plain = parameters();
    let heading = FlockParameters { heading_only: true, min_speed: 2.0, gain: 0.25, ..plain };
    let apart = FlockParameters { cohesion_radius: 9.0, separation_radius: 13.0, ..plain };
    for bounds in worlds() {
        for count in [2, 9, 100, 400] {
            let (positions, velocities) = crowd(count, count as u64, bounds);
            for (name, parameters) in [("plain", plain), ("heading", heading), ("apart", apart)] {
                let split = Boids::<false, false, false>::new(one(&parameters));
                let expected =
                    reference::boids(&[parameters], &[], &[], split.reach(), bounds, &positions, &velocities);
                for instructions in Instructions::available() {
                    let what = format!("{name} {bounds:?} {count} {instructions:?}");
                    let found = decide(&split, bounds, &positions, &velocities, instructions, 1);
                    assert_same(&expected, &found, &what);
                    if parameters.alignment_radius == parameters.cohesion_radius {
                        let shared = Boids::<true, false, false>::new(one(&parameters));
                        let found = decide(&shared, bounds, &positions, &velocities, instructions, 1);
                        assert_same(&expected, &found, &what);
                    }
                }
            }
        }
    }
}

#[test]
fn a_field_of_view_equals_the_quadratic_reference_bit_for_bit() {
    for bounds in worlds() {
        let (positions, mut velocities) = crowd(300, 5, bounds);
        velocities[3] = Vec2::ZERO;
        for view_degrees in [0.0, 90.0, 180.0, 270.0, 360.0] {
            let parameters = FlockParameters { view_degrees, ..parameters() };
            let rule = Boids::<false, true, false>::new(one(&parameters));
            let expected = reference::boids(&[parameters], &[], &[], rule.reach(), bounds, &positions, &velocities);
            for instructions in Instructions::available() {
                let found = decide(&rule, bounds, &positions, &velocities, instructions, 1);
                assert_same(&expected, &found, &format!("{view_degrees}° {bounds:?} {instructions:?}"));
            }
        }
    }
}

#[test]
fn several_flocks_equal_the_quadratic_reference_bit_for_bit() {
    use Relation::{Avoid, Ignore, Join};
    let per_flock = [
        parameters(),
        FlockParameters { max_speed: 2.0, separation_radius: 3.0, view_degrees: 200.0, ..parameters() },
        FlockParameters { alignment_radius: 5.0, cohesion_radius: 14.0, avoidance_radius: 20.0, ..parameters() },
    ];
    let relations = [Join, Avoid, Ignore, Join, Join, Avoid, Avoid, Ignore, Join];
    for bounds in worlds() {
        let (positions, velocities) = crowd(300, 6, bounds);
        let flock_of: Vec<u8> = (0..300).map(|id| (id % 7 % 3) as u8).collect();
        let by_slot: Vec<u8> = reference::sorted(bounds, 20.0, &positions, &velocities)
            .ids()
            .iter()
            .map(|id| flock_of[id.index()])
            .collect();
        let rule = Boids::<false, true, true>::new(FlockSet {
            per_flock: &per_flock,
            relations: &relations,
            flock_of: &by_slot,
        });
        assert_eq!(rule.reach(), 20.0);
        let expected = reference::boids(&per_flock, &relations, &flock_of, 20.0, bounds, &positions, &velocities);
        for instructions in Instructions::available() {
            let found = decide(&rule, bounds, &positions, &velocities, instructions, 1);
            assert_same(&expected, &found, &format!("{bounds:?} {instructions:?}"));
        }
    }
}

#[test]
fn several_steps_have_the_same_bits_at_any_thread_count_and_instruction_set() {
    let bounds = WorldBounds { size: Vec2::new(260.0, 240.0), edge: Edge::Wrap };
    let parameters = parameters();
    let run = |instructions, threads| {
        let (mut positions, mut velocities) = crowd(20_000, 9, bounds);
        let workers = Workers::new(threads);
        let mut flock = FlockKernel::with_instructions(instructions);
        let model = Model::Boids(one(&parameters));
        let mut neighbours = 0;
        for _ in 0..3 {
            neighbours += step(&mut flock, &model, &bounds, 1.0, &mut positions, &mut velocities, &workers);
        }
        (bits(&positions), bits(&velocities), neighbours)
    };
    let expected = run(Instructions::Portable, 1);
    for instructions in Instructions::available() {
        for threads in [1, 2, 3, 4] {
            assert!(expected == run(instructions, threads), "{instructions:?}, {threads} threads");
        }
    }
}

#[test]
fn topological_neighbours_are_the_nearest_and_the_same_at_any_thread_count() {
    let bounds = WorldBounds { size: Vec2::new(200.0, 100.0), edge: Edge::Wrap };
    let parameters = parameters();
    let (positions, velocities) = crowd(2_000, 11, bounds);
    let run = |threads, radius| {
        let workers = Workers::new(threads);
        let mut flock = FlockKernel::default();
        flock.perceive(
            CellGrid::for_radius(bounds, radius),
            &[Arrays { positions: &positions, velocities: &velocities }],
            &workers,
        );
        let neighbours = flock.decide(&Model::Nearest(one(&parameters), 7), &Influences::default(), &workers);
        let next: Vec<Vec2> = (0..2_000).map(|id| flock.decided(AgentId(id)).unwrap()).collect();
        (neighbours, bits(&next))
    };
    let expected = run(1, 3.0);
    assert_eq!(expected.0, 14_000);
    for (threads, radius) in [(2, 3.0), (4, 3.0), (1, 12.0), (1, 70.0)] {
        assert!(expected == run(threads, radius), "{threads} threads, cells for {radius}");
    }
}

#[test]
fn seven_neighbours_within_reach_decide_like_a_metric_neighbourhood_of_seven() {
    // Eight agents, all of which see all others: nearest seven = all within the radius, up to the order of the sums.
    let bounds = WorldBounds { size: Vec2::splat(100.0), edge: Edge::Open };
    let parameters = FlockParameters { alignment_radius: 50.0, cohesion_radius: 50.0, ..parameters() };
    let (positions, velocities) = crowd(8, 3, WorldBounds { size: Vec2::splat(20.0), edge: Edge::Open });
    let metric = decide(
        &Boids::<true, false, false>::new(one(&parameters)),
        bounds,
        &positions,
        &velocities,
        Instructions::best(),
        1,
    );
    let mut flock = FlockKernel::default();
    let workers = Workers::new(1);
    flock.perceive(
        CellGrid::for_radius(bounds, 5.0),
        &[Arrays { positions: &positions, velocities: &velocities }],
        &workers,
    );
    flock.decide(&Model::Nearest(one(&parameters), 7), &Influences::default(), &workers);
    for (id, metric) in metric.iter().enumerate() {
        assert!(flock.decided(AgentId(id as u32)).unwrap().abs_diff_eq(*metric, 1e-5));
    }
}

proptest! {
    #![proptest_config(agent2028_property_tests::cases(64))]

    #[test]
    fn any_crowd_equals_the_quadratic_reference(
        agents in prop::collection::vec(((-0.5_f32..0.5, -0.5_f32..0.5), (-4_f32..4.0, -4_f32..4.0)), 1..120),
        size in (5_f32..200.0, 5_f32..200.0),
        edge in prop::sample::select(vec![Edge::Wrap, Edge::Bounce, Edge::Open]),
        radii in (0_f32..30.0, 0_f32..30.0, 0_f32..30.0),
        view_degrees in prop::sample::select(vec![60.0_f32, 200.0, 360.0]),
    ) {
        let bounds = WorldBounds { size: size.into(), edge };
        let positions: Vec<Vec2> = agents.iter().map(|&(p, _)| Vec2::from(p) * bounds.size * 0.999).collect();
        let velocities: Vec<Vec2> = agents.iter().map(|&(_, v)| v.into()).collect();
        let parameters = FlockParameters {
            separation_radius: radii.0,
            alignment_radius: radii.1,
            cohesion_radius: radii.2,
            view_degrees,
            ..parameters()
        };
        let rule = Boids::<false, true, false>::new(one(&parameters));
        let expected = reference::boids(&[parameters], &[], &[], rule.reach(), bounds, &positions, &velocities);
        for instructions in Instructions::available() {
            let found = decide(&rule, bounds, &positions, &velocities, instructions, 1);
            prop_assert_eq!(bits(&expected), bits(&found));
        }
    }
}
