//! The same scene and seed give the same bits: at any thread count, after a rewind, after a resume, and on every machine.

use agent2028::Sandbox;
use agent2028::scene::gallery;

/// Long enough that every system of every scene has had its turn, short enough for a test.
const TICKS: u64 = 120;

fn hash(name: &str, threads: usize, ticks: u64) -> String {
    let mut sandbox = Sandbox::builtin(name).unwrap().threads(threads);
    sandbox.run(ticks).unwrap();
    sandbox.state_hash().unwrap().to_string()
}

#[test]
fn every_scene_has_the_same_hash_at_1_2_and_4_threads() {
    for name in gallery::names() {
        let one = hash(name, 1, TICKS);
        for threads in [2, 4] {
            assert_eq!(one, hash(name, threads, TICKS), "{name} at {threads} threads");
        }
    }
}

#[test]
fn another_seed_gives_another_run() {
    let mut other = Sandbox::builtin("flock").unwrap().seed(1);
    other.run(10).unwrap();
    assert_ne!(other.state_hash().unwrap().to_string(), hash("flock", 1, 10));
}

#[test]
fn every_scene_goes_on_from_a_checkpoint_with_the_same_bits_and_events() {
    for name in gallery::names() {
        let mut whole = Sandbox::builtin(name).unwrap();
        whole.run(TICKS / 2).unwrap();
        let saved = whole.checkpoint().unwrap();
        whole.run(TICKS / 2).unwrap();
        let mut resumed = Sandbox::builtin(name).unwrap();
        resumed.restore(&saved).unwrap();
        resumed.run(TICKS / 2).unwrap();
        assert_eq!(resumed.state_hash().unwrap(), whole.state_hash().unwrap(), "{name}");
        let after = |sandbox: &mut Sandbox| {
            sandbox.events().unwrap().into_iter().filter(|event| event.tick > TICKS / 2).collect::<Vec<_>>()
        };
        assert_eq!(after(&mut resumed), after(&mut whole), "{name}: events");
        assert_eq!(resumed.verdicts().unwrap(), whole.verdicts().unwrap(), "{name}: expectations");
    }
}

#[test]
fn a_rewound_run_repeats_itself() {
    let mut sandbox = Sandbox::builtin("predator").unwrap();
    sandbox.run(40).unwrap();
    let saved = sandbox.checkpoint().unwrap();
    sandbox.run(60).unwrap();
    let first = sandbox.state_hash().unwrap();
    sandbox.restore(&saved).unwrap();
    assert_eq!(sandbox.tick().unwrap(), 40);
    sandbox.run(60).unwrap();
    assert_eq!(sandbox.state_hash().unwrap(), first);
}
