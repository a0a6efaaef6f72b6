//! Going back, playing on and forking give the same bits as a run from the start with the same interventions.

use agent2028::Sandbox;
use agent2028::scene::gallery;
use agent2028_core::checkpoint::StateHash;
use agent2028_core::event::{Event, EventBus};
use agent2028_core::faults::{Churn, Kill, Restart};
use agent2028_core::intervention::{AnyIntervention, Applied, InterventionLog};
use agent2028_core::metrics::{Metrics, Series};
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_core::timeline::{Branch, Timeline};
use bevy::prelude::default;

/// Long enough that every system has had its turn, short enough for a test over all scenes.
const TICKS: u64 = 60;

type Everything = (u64, StateHash, Vec<Event>, Vec<Applied>, Vec<(String, Series)>);

fn everything(simulation: &Simulation) -> Everything {
    let world = simulation.world();
    let metrics = world.resource::<Metrics>();
    (
        simulation.tick(),
        simulation.state_hash(),
        world.resource::<EventBus>().history().cloned().collect(),
        world.resource::<InterventionLog>().0.clone(),
        metrics.iter().map(|(spec, series)| (spec.name.clone(), series.clone())).collect(),
    )
}

/// Which parts differ, in words.
fn differing(one: &Everything, other: &Everything) -> String {
    let parts = [
        ("tick", one.0 == other.0),
        ("state", one.1 == other.1),
        ("events", one.2 == other.2),
        ("interventions", one.3 == other.3),
    ];
    let parts = parts.into_iter().filter(|(_, same)| !same).map(|(name, _)| name.to_owned());
    let metrics = one.4.iter().zip(&other.4).filter(|(one, other)| one != other).map(|(one, _)| one.0.clone());
    parts.chain(metrics).collect::<Vec<_>>().join(", ")
}

fn open(name: &str) -> Simulation {
    Sandbox::builtin(name).unwrap().into_simulation().unwrap().0
}

fn kill() -> AnyIntervention {
    Kill { select: Selector::Fraction(0.3), duration_s: Some(0.2) }.into()
}

fn churn() -> AnyIntervention {
    Churn { per_second: 2.0, ..default() }.into()
}

/// A run from the start with interventions, each queued after a tick.
fn fresh(name: &str, interventions: &[(u64, AnyIntervention)]) -> Everything {
    let mut simulation = open(name);
    for (after, action) in interventions {
        simulation.run(after - simulation.tick());
        simulation.intervene(action.clone());
    }
    simulation.run(TICKS - simulation.tick());
    everything(&simulation)
}

#[test]
fn every_scene_rewound_and_forked_is_what_a_fresh_run_is() {
    for name in gallery::names() {
        let (mut simulation, mut timeline) = (open(name), Timeline::default());
        timeline.run(&mut simulation, 20);
        timeline.intervene(&mut simulation, kill());
        timeline.run(&mut simulation, TICKS - 20);
        let once = fresh(name, &[(20, kill())]);
        assert!(everything(&simulation) == once, "{name}: a run with keyframes");

        timeline.seek(11);
        timeline.finish(&mut simulation);
        assert_eq!(simulation.tick(), 11);
        timeline.run(&mut simulation, TICKS - 11);
        let again = everything(&simulation);
        assert!(again == once, "{name}: rewound and played on, other {}", differing(&again, &once));

        timeline.seek(30);
        timeline.finish(&mut simulation);
        timeline.intervene(&mut simulation, churn());
        timeline.run(&mut simulation, TICKS - 30);
        let twice = fresh(name, &[(20, kill()), (30, churn())]);
        assert!(everything(&simulation) == twice, "{name}: forked with another intervention");

        timeline.undo();
        timeline.undo();
        timeline.finish(&mut simulation);
        assert!(everything(&simulation) == fresh(name, &[]), "{name}: both undone");

        let first = timeline.branches().next().map(Branch::id).unwrap();
        assert!(timeline.switch(first, TICKS));
        timeline.finish(&mut simulation);
        assert!(everything(&simulation) == once, "{name}: back in the first run");
    }
}

#[test]
fn a_sandbox_is_rewound_and_forked() {
    let mut sandbox = Sandbox::builtin("predator").unwrap();
    sandbox.run(20).unwrap();
    sandbox.intervene(kill()).unwrap();
    sandbox.run(20).unwrap();
    let (at_40, events) = (sandbox.state_hash().unwrap(), sandbox.events().unwrap());
    let mut fork = sandbox.fork().unwrap();
    assert_eq!((fork.tick().unwrap(), fork.state_hash().unwrap(), fork.events().unwrap()), (40, at_40, events.clone()));
    assert_eq!(fork.series("agents.failed").unwrap(), sandbox.series("agents.failed").unwrap());
    fork.intervene(Restart { select: Selector::All }).unwrap();
    fork.run(20).unwrap();
    sandbox.run(20).unwrap();
    assert_ne!(fork.state_hash().unwrap(), sandbox.state_hash().unwrap());
    for sandbox in [&mut sandbox, &mut fork] {
        sandbox.rewind(40).unwrap();
        assert_eq!((sandbox.tick().unwrap(), sandbox.state_hash().unwrap()), (40, at_40));
        assert_eq!(sandbox.events().unwrap(), events);
    }
    let error = sandbox.rewind(41).unwrap_err().to_string();
    assert_eq!(error, "tick 41 has not run yet, the last one was 40; run up to it first");
}

/// Where keyframes lie hangs on how fast the machine is, so every place must do.
#[test]
fn every_scene_goes_on_the_same_from_any_of_its_first_ticks() {
    for name in gallery::names() {
        let run = |simulation: &mut Simulation| {
            simulation.run(20 - simulation.tick());
            simulation.intervene(kill());
            simulation.run(TICKS - 20);
        };
        let mut simulation = open(name);
        let mut saved = vec![simulation.checkpoint()];
        for _ in 0..12 {
            simulation.run(1);
            saved.push(simulation.checkpoint());
        }
        run(&mut simulation);
        let whole = simulation.checkpoint();
        for (tick, checkpoint) in saved.iter().enumerate() {
            simulation.restore(checkpoint).unwrap();
            run(&mut simulation);
            let differing = simulation.checkpoint().differing_sections(&whole).join(", ");
            assert!(differing.is_empty(), "{name} from tick {tick}: {differing}");
        }
    }
}
