//! Rows about flocking: against krABMaga, against our bare kernel, and with two threads.

use agent2028_boids::flock::{Birds, FlockKernel, Model, step};
use agent2028_core::checkpoint::Checkpoint;
use agent2028_core::parallel::Workers;
use agent2028_core::simulation::Simulation;
use bevy::math::Vec2;

#[cfg(feature = "krabmaga")]
use crate::birds_on_krabmaga::KrabmagaBirds;
use crate::measure::{Clock, Failure, Figures, Sample, fill, pairs, time};
use crate::row::{Curve, Effort, Row, Target, Unit};
use crate::scene::{Crowd, arrays, mean_of};

const AGENT_STEP: Unit = Unit::SecondsPer("agent-step");

/// The baseline that is only there with the feature of its name.
pub const KRABMAGA: &str = "krABMaga 0.6.2";

/// The rows.
pub const ROWS: &[Row] = &[
    Row {
        name: "flock-small",
        work: "the birds of the ABMFrameworksComparison: 200 on a 100 × 100 torus, vision 5, 100 steps, one thread",
        baseline: KRABMAGA,
        unit: AGENT_STEP,
        clock: Clock::Wall,
        target: Target::CostTimes(0.25),
        measure: |effort| {
            against_krabmaga(effort, Crowd { agents: 200, side: 100.0, vision: 5.0 }, 100, 15, Clock::Wall)
        },
        curve: None,
        why_missed: "",
    },
    Row {
        name: "flock-large",
        work: "the same: 400 on 150 × 150, vision 15, 100 steps",
        baseline: KRABMAGA,
        unit: AGENT_STEP,
        clock: Clock::Wall,
        target: Target::CostTimes(0.15),
        measure: |effort| {
            against_krabmaga(effort, Crowd { agents: 400, side: 150.0, vision: 15.0 }, 100, 15, Clock::Wall)
        },
        curve: None,
        why_missed: "",
    },
    Row {
        name: "flock-100k",
        work: "the birds at the density and vision of flock-small: 10⁵, 20 steps, one thread",
        baseline: KRABMAGA,
        unit: AGENT_STEP,
        clock: Clock::User,
        target: Target::SpeedTimes(40.0),
        measure: |effort| against_krabmaga(effort, Crowd::dense(effort.at_most(100_000, 2_000)), 20, 5, Clock::User),
        curve: None,
        why_missed: SPARSE,
    },
    Row {
        name: "flock-1M",
        work: "the same: 10⁶, 5 steps",
        baseline: KRABMAGA,
        unit: AGENT_STEP,
        clock: Clock::User,
        target: Target::SpeedTimes(40.0),
        measure: |effort| against_krabmaga(effort, Crowd::dense(effort.at_most(1_000_000, 2_000)), 5, 3, Clock::User),
        curve: Some(growth),
        why_missed: SPARSE,
    },
    Row {
        name: "flock-kernel",
        work: "10⁶ birds in the full schedule, 5 steps, one thread",
        baseline: "our bare kernel on plain arrays",
        unit: AGENT_STEP,
        clock: Clock::User,
        target: Target::CostTimes(1.25),
        measure: against_kernel,
        curve: None,
        why_missed: "",
    },
    Row {
        name: "threads",
        work: "flock-1M on two threads",
        baseline: "on one thread",
        unit: AGENT_STEP,
        clock: Clock::Wall,
        target: Target::SpeedTimes(1.9),
        measure: two_threads,
        curve: None,
        why_missed: "What runs on one thread in a tick is about an eighth of it: the prefix sums of the sort, and what the \
             schedule and the metrics do; the faster the flock itself becomes, the more of the tick that is.",
    },
];

/// Why the two rows with many birds miss.
const SPARSE: &str = "The target came from a probe in which krABMaga took 2.1 µs (10⁵ birds) and 2.6 µs (10⁶) per agent-step. Here \
     it answers with its fastest query that finds every neighbour (whole bags as wide as the vision, distances in \
     the model), so that both see the same neighbours; its query that looks at distances itself takes about twice \
     as long with bags of half the vision, and leaves neighbours out. Of our step two fifths are the sort into \
     cells, a quarter the sums (birds this sparse have fewer than two neighbours each, but eight that follow each \
     other in a row share about 30 candidates), a fifth finding where the columns of each row start, a tenth the \
     decisions, the rest moving.";

/// The rules of the comparison.
fn birds(vision: f32) -> Birds {
    Birds { vision, separation: 1.0, cohere: 0.03, separate: 0.015, match_heading: 0.05, speed: 1.0 }
}

/// A full simulation that can be put back to its start, so that every measurement steps the same window.
struct Flight {
    simulation: Simulation,
    start: Checkpoint,
    agents: usize,
}

impl Flight {
    /// Builds the simulation and its schedule: neither is part of a step.
    fn new(crowd: Crowd, threads: usize) -> Result<Self, Failure> {
        let mut simulation = crowd.simulation(threads)?;
        let start = simulation.checkpoint();
        simulation.run(1);
        Ok(Self { simulation, start, agents: crowd.agents })
    }

    fn rewind(&mut self) -> Result<(), Failure> {
        self.simulation.restore(&self.start).map_err(|error| error.to_string())
    }

    /// Steps from the start.
    fn run(&mut self, steps: usize) -> Result<Sample, Failure> {
        self.rewind()?;
        Ok(time((self.agents * steps) as f64, || self.simulation.run(steps as u64)).0)
    }

    /// How many neighbours a bird had on average since the start.
    fn mean_neighbours(&self) -> f64 {
        mean_of(&self.simulation, "boids.neighbours")
    }

    /// Positions and velocities at the start, by id; velocities in units per second.
    fn start_arrays(&mut self) -> Result<(Vec<Vec2>, Vec<Vec2>), Failure> {
        self.rewind()?;
        Ok(arrays(&mut self.simulation))
    }
}

/// Said of the rows whose baseline is not there.
#[cfg(not(feature = "krabmaga"))]
const NOT_BUILT_IN: &str = "krABMaga is not built in; add --features krabmaga";

#[cfg(not(feature = "krabmaga"))]
fn against_krabmaga(_: Effort, _: Crowd, _: usize, _: usize, _: Clock) -> Result<Figures, Failure> {
    Err(NOT_BUILT_IN.into())
}

/// The same birds from the same start in both simulators.
#[cfg(feature = "krabmaga")]
fn against_krabmaga(
    effort: Effort,
    crowd: Crowd,
    steps: usize,
    count: usize,
    clock: Clock,
) -> Result<Figures, Failure> {
    let steps = effort.at_most(steps, 5);
    let mut flight = Flight::new(crowd, 1)?;
    let (positions, velocities) = flight.start_arrays()?;
    let headings: Vec<Vec2> = velocities.iter().map(|velocity| velocity.normalize_or_zero()).collect();
    drop(velocities);
    let seconds = effort.seconds(0.2);
    let mut theirs = 0.0;
    let figures = pairs(
        effort.pairs(count),
        clock,
        || fill(seconds, || flight.run(steps)),
        || {
            fill(seconds, || {
                let mut baseline = KrabmagaBirds::new(birds(crowd.vision), crowd.side, &positions, &headings);
                let (sample, ()) = time((crowd.agents * steps) as f64, || baseline.steps(steps));
                theirs = baseline.mean_neighbours();
                Ok(sample)
            })
        },
    )?;
    let ours = flight.mean_neighbours();
    Ok(figures.with_note(format!("mean neighbours {ours:.2} and {theirs:.2}")))
}

/// The schedule around the kernel must cost little. Both end with the same bits, or nothing is reported.
fn against_kernel(effort: Effort) -> Result<Figures, Failure> {
    let crowd = Crowd::dense(effort.at_most(1_000_000, 2_000));
    let steps = effort.at_most(5, 2);
    let mut flight = Flight::new(crowd, 1)?;
    let (positions, velocities) = flight.start_arrays()?;
    // What the scene says per tick, per second: 60 ticks make one.
    let (dt, rules) = ((1.0_f64 / 60.0) as f32, Birds { speed: 60.0, ..birds(crowd.vision) });
    let (bounds, workers, model) = (crowd.bounds(), Workers::new(1), Model::Birds(rules));
    let mut end = (Vec::new(), Vec::new());
    let figures = pairs(
        effort.pairs(7),
        Clock::User,
        || flight.run(steps),
        || {
            end = (positions.clone(), velocities.clone());
            let mut flock = FlockKernel::default();
            let (sample, ()) = time((crowd.agents * steps) as f64, || {
                for _ in 0..steps {
                    step(&mut flock, &model, &bounds, dt, &mut end.0, &mut end.1, &workers);
                }
            });
            Ok(sample)
        },
    )?;
    let neighbours = flight.mean_neighbours();
    if arrays(&mut flight.simulation) != end {
        return Err("the schedule and the bare kernel end in different states".into());
    }
    Ok(figures.with_note(format!("mean neighbours {neighbours:.2}; both end with the same bits")))
}

fn two_threads(effort: Effort) -> Result<Figures, Failure> {
    let crowd = Crowd::dense(effort.at_most(1_000_000, 20_000));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if cores < 2 && effort == Effort::Full {
        return Err("this machine has one core".into());
    }
    let steps = effort.at_most(5, 2);
    let (mut two, mut one) = (Flight::new(crowd, 2)?, Flight::new(crowd, 1)?);
    let figures = pairs(effort.pairs(9), Clock::Wall, || two.run(steps), || one.run(steps))?;
    if arrays(&mut two.simulation) != arrays(&mut one.simulation) {
        return Err("one and two threads end in different states".into());
    }
    let neighbours = one.mean_neighbours();
    Ok(figures.with_note(format!("mean neighbours {neighbours:.2}; both end with the same bits")))
}

/// How long krABMaga takes for these steps.
#[cfg(feature = "krabmaga")]
fn krabmaga_steps(crowd: Crowd, steps: usize, positions: &[Vec2], headings: &[Vec2]) -> Result<Sample, Failure> {
    let mut baseline = KrabmagaBirds::new(birds(crowd.vision), crowd.side, positions, headings);
    Ok(time((crowd.agents * steps) as f64, || baseline.steps(steps)).0)
}

#[cfg(not(feature = "krabmaga"))]
fn krabmaga_steps(_: Crowd, _: usize, _: &[Vec2], _: &[Vec2]) -> Result<Sample, Failure> {
    Err(NOT_BUILT_IN.into())
}

/// Time per step from 10³ to 10⁷ birds; the baseline's to 10⁶.
fn growth(effort: Effort) -> Result<Curve, Failure> {
    let sizes: &[usize] =
        if effort == Effort::Full { &[1_000, 10_000, 100_000, 1_000_000, 10_000_000] } else { &[100, 200] };
    let (mut ours, mut kernel, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for &agents in sizes {
        let crowd = Crowd::dense(agents);
        let steps = if agents >= 1_000_000 { 5 } else { 20 };
        let seconds = effort.seconds(0.2);
        let per_step = |sample: Sample| sample.wall / sample.work * agents as f64;
        let mut flight = Flight::new(crowd, 1)?;
        let (positions, velocities) = flight.start_arrays()?;
        flight.run(1)?;
        ours.push((agents as f64, per_step(fill(seconds, || flight.run(steps))?)));
        drop(flight);

        let model = Model::Birds(Birds { speed: 60.0, ..birds(crowd.vision) });
        let bare = fill(seconds, || {
            let (mut flock, mut end) = (FlockKernel::default(), (positions.clone(), velocities.clone()));
            let (bounds, workers) = (crowd.bounds(), Workers::new(1));
            let (sample, ()) = time((agents * steps) as f64, || {
                for _ in 0..steps {
                    step(&mut flock, &model, &bounds, 1.0 / 60.0, &mut end.0, &mut end.1, &workers);
                }
            });
            Ok(sample)
        })?;
        kernel.push((agents as f64, per_step(bare)));

        if agents <= 1_000_000 {
            let headings: Vec<Vec2> = velocities.iter().map(|velocity| velocity.normalize_or_zero()).collect();
            let baseline = fill(seconds, || krabmaga_steps(crowd, steps, &positions, &headings))?;
            theirs.push((agents as f64, per_step(baseline)));
        }
    }
    Ok(Curve {
        title: "One step of a flock, one thread".into(),
        x: "birds".into(),
        y: "seconds per step".into(),
        lines: vec![("full schedule".into(), ours), ("bare kernel".into(), kernel), ("krABMaga 0.6.2".into(), theirs)],
    })
}
