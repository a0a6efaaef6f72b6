//! The same scene and seed give the same bits: at any thread count, after a rewind, after a resume, and on every machine.

use agent2028::Sandbox;
use agent2028::scene::gallery;

/// Long enough that every system of every scene has had its turn, short enough for a test.
const TICKS: u64 = 120;

/// What these scenes are after [`TICKS`] ticks, on every machine. Whoever changes one of these lines changes what everybody's
/// scenes do, or what is part of a state, and says so in the changelog.
const GOLDEN: [(&str, &str); 6] = [
    ("flock", "1c622b61fb5ce608476345e96f75ca5b85e9b13ad546852e2921fbdfc27331b8"),
    ("predator", "7e360acd9703b383abc3efa21f4b5e0c8bc3958d1ee1a66d506aea8b63ba19bb"),
    ("formations", "90cefc995cb8ee73d728eefbf3fa38639f4537b0603c4265fe276613fdfc73b9"),
    ("foraging", "54ef3f810455f406a5077d1899969f178339cfe39ab0b0025725d37cdfb6be1b"),
    ("double-bridge", "4b86830f5db404f9b105853fc0e24836bebeee21d690f7f3941409bc5a59c8d2"),
    ("abmfc-flock-small", "14c784c958b182352a950255e65108588d82cb09ae661925addc2394b33edc53"),
];

#[test]
fn a_few_scenes_end_in_the_states_they_have_always_ended_in() {
    for (name, golden) in GOLDEN {
        assert_eq!(hash(name, 2, TICKS), golden, "{name}");
    }
}

fn hash(name: &str, threads: usize, ticks: u64) -> String {
    let mut sandbox = Sandbox::builtin(name).unwrap().threads(threads).unwrap();
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
    let mut other = Sandbox::builtin("flock").unwrap().seed(1).unwrap();
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
