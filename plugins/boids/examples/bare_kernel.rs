//! Steps the bare kernel on plain arrays and prints how many agent-steps it does per second, for every instruction set
//! that this machine has: `cargo run --release -p agent2028_boids --example bare_kernel [part of a row]`.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use agent2028_boids::flock::{Birds, FlockKernel, FlockParameters, FlockSet, Instructions, Model, step};
use agent2028_core::parallel::Workers;
use agent2028_core::rng::{Purpose, SimRng};
use agent2028_core::space::{Edge, WorldBounds};
use bevy::math::Vec2;

fn main() {
    let birds = Birds { vision: 5.0, separation: 1.0, cohere: 0.03, separate: 0.015, match_heading: 0.05, speed: 1.0 };
    let wide = Birds { vision: 15.0, ..birds };
    // (agents, side of the world, steps)
    time("birds", &Model::Birds(birds), 200, 100.0, 100, 20);
    time("birds", &Model::Birds(wide), 400, 150.0, 100, 20);
    time("birds", &Model::Birds(birds), 100_000, 2236.0, 20, 1);
    time("birds", &Model::Birds(birds), 1_000_000, 7071.0, 5, 1);
    let parameters = FlockParameters {
        separation_radius: 2.5,
        separation_weight: 1.5,
        alignment_radius: 5.0,
        alignment_weight: 1.0,
        heading_only: false,
        cohesion_radius: 5.0,
        cohesion_weight: 1.0,
        avoidance_radius: 0.0,
        avoidance_weight: 0.0,
        view_degrees: 360.0,
        max_speed: 1.0,
        min_speed: 0.0,
        max_force: 0.1,
        gain: 1.0,
    };
    let view = FlockParameters { view_degrees: 270.0, ..parameters };
    let apart = FlockParameters { cohesion_radius: 4.5, ..parameters };
    time("boids", &one(&[parameters]), 100_000, 2236.0, 20, 1);
    time("boids, two radii", &one(&[apart]), 100_000, 2236.0, 20, 1);
    time("boids, field of view", &one(&[view]), 100_000, 2236.0, 20, 1);
    time("boids, two flocks", &one(&[parameters, view]), 100_000, 2236.0, 20, 1);
    let flocks = FlockSet { per_flock: &[parameters], relations: &[], flock_of: &[] };
    time("boids, seven nearest", &Model::Nearest(flocks, 7), 100_000, 2236.0, 20, 1);
}

fn one(per_flock: &[FlockParameters]) -> Model<'_> {
    Model::Boids(FlockSet { per_flock, relations: &[], flock_of: &[] })
}

#[expect(clippy::disallowed_methods, reason = "measuring takes a real clock")]
fn time(name: &str, model: &Model<'_>, agents: usize, side: f32, steps: usize, repeats: usize) {
    let bounds = WorldBounds { size: Vec2::splat(side), edge: Edge::Wrap };
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    for instructions in Instructions::available() {
        for threads in [1, 2] {
            let row = format!("{name:22} {agents:8} agents, {instructions:?}, {threads} threads");
            if !wanted.iter().all(|part| row.contains(part.as_str())) {
                continue;
            }
            let workers = Workers::new(threads);
            let mut flock = FlockKernel::with_instructions(instructions);
            let mut elapsed = 0.0;
            let mut neighbours = 0;
            for repeat in 0..repeats {
                let mut dice = SimRng::new(repeat as u64).global(Purpose::new("example.crowd"), 0);
                let mut place = || Vec2::new(dice.signed_unit(), dice.signed_unit()) * (side * 0.499);
                let mut positions: Vec<Vec2> = (0..agents).map(|_| place()).collect();
                let mut velocities: Vec<Vec2> = (0..agents).map(|_| place().normalize_or_zero()).collect();
                let start = std::time::Instant::now();
                for _ in 0..steps {
                    neighbours += step(&mut flock, model, &bounds, 1.0, &mut positions, &mut velocities, &workers);
                }
                elapsed += start.elapsed().as_secs_f64();
            }
            let work = (agents * steps * repeats) as f64;
            println!(
                "{row}: {:6.1} million agent-steps/s, {:.1} neighbours",
                work / elapsed / 1e6,
                neighbours as f64 / work
            );
        }
    }
}
