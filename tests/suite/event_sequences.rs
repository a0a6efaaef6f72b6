//! Every scene tells the same events with the same ids: at any thread count, after a resume and after a rewind, whatever is
//! done to it meanwhile.

use std::sync::{Arc, Mutex};

use agent2028::Sandbox;
use agent2028::scene::gallery;
use agent2028_core::checkpoint::Checkpoint;
use agent2028_core::event::{Event, EventBus};
use agent2028_core::faults::{Churn, Freeze, Kill, Restart};
use agent2028_core::intervention::AnyIntervention;
use agent2028_core::rng::SimRng;
use agent2028_core::selector::Selector;
use agent2028_core::simulation::TickWatchers;
use bevy::prelude::default;
use proptest::prelude::*;

const TICKS: u64 = 40;

type Told = Arc<Mutex<Vec<(String, Event)>>>;

/// Has all events written down from now on, with their ids.
fn listen(sandbox: &mut Sandbox) -> Told {
    let told = Told::default();
    let notes = told.clone();
    let world = sandbox.app_mut().unwrap().world_mut();
    world.resource_mut::<EventBus>().keep_whole_ticks();
    TickWatchers::add(world, move |world| {
        let dice = world.resource::<SimRng>();
        let events = world.resource::<EventBus>().of_last_tick();
        notes.lock().unwrap().extend(events.map(|event| (event.id(dice).to_string(), event.clone())));
    });
    told
}

fn taken(told: &Told) -> Vec<(String, Event)> {
    std::mem::take(&mut *told.lock().unwrap())
}

/// What is done to a run, and after which tick.
fn trouble() -> impl Strategy<Value = Vec<(u64, u8)>> {
    prop::collection::vec((0..TICKS, 0_u8..4), 1..4).prop_map(|mut trouble| {
        trouble.sort_unstable();
        trouble
    })
}

fn action(kind: u8) -> AnyIntervention {
    match kind {
        0 => Kill { select: Selector::Fraction(0.3), duration_s: Some(0.2) }.into(),
        1 => Restart { select: Selector::All }.into(),
        2 => Freeze { select: Selector::Fraction(0.1), duration_s: Some(0.1) }.into(),
        _ => Churn { per_second: 2.0, ..default() }.into(),
    }
}

/// Runs up to a tick, and does on the way what is to be done.
fn run_to(sandbox: &mut Sandbox, end: u64, trouble: &[(u64, u8)]) {
    let from = sandbox.tick().unwrap();
    for (after, kind) in trouble.iter().filter(|(after, _)| (from..end).contains(after)) {
        let now = sandbox.tick().unwrap();
        sandbox.run(after - now).unwrap();
        sandbox.intervene(action(*kind)).unwrap();
    }
    let now = sandbox.tick().unwrap();
    sandbox.run(end - now).unwrap();
}

fn open(name: &str, seed: u64, threads: usize) -> Sandbox {
    Sandbox::builtin(name).unwrap().seed(seed).unwrap().threads(threads).unwrap()
}

#[test]
fn every_scene_tells_the_same_events_over_threads_resume_and_rewind() {
    for name in gallery::names() {
        // A case is five runs of a scene.
        proptest!(agent2028_property_tests::cases(3), |(seed in any::<u64>(), trouble in trouble(), middle in 1..TICKS)| {
            let mut whole = open(name, seed, 1);
            let told = listen(&mut whole);
            run_to(&mut whole, middle, &trouble);
            let saved = whole.checkpoint().unwrap();
            run_to(&mut whole, TICKS, &trouble);
            let told = taken(&told);
            prop_assert!(!told.is_empty(), "{name}: whatever was done is told");
            prop_assert!(told.iter().zip(0..).all(|((_, event), number)| event.sequence == number), "{name}: a gap");
            let after: Vec<_> = told.iter().filter(|(_, event)| event.tick > middle).cloned().collect();

            let mut threaded = open(name, seed, 2);
            let again = listen(&mut threaded);
            run_to(&mut threaded, TICKS, &trouble);
            prop_assert!(taken(&again) == told, "{name}: two threads");

            let mut resumed = open(name, seed, 2);
            resumed.restore(&Checkpoint::decode(&saved.encode().unwrap()).unwrap()).unwrap();
            let told_again = listen(&mut resumed);
            run_to(&mut resumed, TICKS, &trouble);
            prop_assert!(taken(&told_again) == after, "{name}: resumed after tick {middle}");
            prop_assert_eq!(resumed.state_hash().unwrap(), whole.state_hash().unwrap());

            threaded.restore(&saved).unwrap();
            run_to(&mut threaded, TICKS, &trouble);
            prop_assert!(taken(&again) == after, "{name}: put back to tick {middle}");

            // Going back builds the simulation anew, so somebody else has to listen.
            whole.rewind(middle).unwrap();
            let again = listen(&mut whole);
            run_to(&mut whole, TICKS, &trouble);
            prop_assert!(taken(&again) == after, "{name}: rewound to tick {middle}");
            prop_assert_eq!(resumed.state_hash().unwrap(), whole.state_hash().unwrap());
        });
    }
}

#[test]
fn every_event_of_every_scene_carries_a_typed_value_that_reads_as_words() {
    for name in gallery::names() {
        let mut sandbox = open(name, 7, 2);
        let told = listen(&mut sandbox);
        let ends = gallery_end(name);
        run_to(&mut sandbox, ends, &[(5, 0), (20, 2), (30, 1)]);
        for (_, event) in taken(&told) {
            let kind = event.kind.name;
            assert!(event.payload.typed().unwrap().is_some(), "{name}: {kind} says only \"{}\"", event.text());
            assert!(!event.text().is_empty(), "{name}: {kind} says nothing");
        }
    }
}

/// Long enough for what a scene's timeline does first, short enough for a test.
fn gallery_end(name: &str) -> u64 {
    if name.starts_with("abmfc") { TICKS } else { 240 }
}
