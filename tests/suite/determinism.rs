//! The same scene and seed give the same bits: at any thread count, after a rewind, after a resume, and on every machine. What
//! `stories.rs` does with whole scenes is done here with their first seconds, in more ways.

use agent2028::Sandbox;
use agent2028::scene::gallery;

/// Long enough that every system of every scene has had its turn, short enough for a test.
const TICKS: u64 = 120;

/// What these scenes are at the end of their whole story, on every machine. Whoever changes one of these lines changes what everybody's
/// scenes do, or what is part of a state, and says so in the changelog.
const GOLDEN: [(&str, &str); 6] = [
    ("flock", "01681ab62776e18e60d8bc1f3fa2e9779f9b4ed0fb17a79eab68125ac71eed3c"),
    ("predator", "f49af0f04a6fd205060baf9eacb4f81eca26542ff356a13d844c041f8bc8e0b6"),
    ("formations", "6313e4d4e202a13c2706e43bc9fa8273ed56e11c863b583f5495f9212ece38d0"),
    ("foraging", "2553a8395d28d89d21ef9c251e7308c1bf62a34ee57df52f2db47c44eeb6faae"),
    ("double-bridge", "e158152bac81f7ba7d62339b471b2f1b76df4bad5ee965868a1c21100372eaff"),
    ("abmfc-flock-small", "c5eca4dd8f53ec27891fdb1961efe31e9f1468ebbeab92fbfecdc0e89a817b73"),
];

#[test]
fn a_few_scenes_end_in_the_states_they_have_always_ended_in() {
    for (name, golden) in GOLDEN {
        let ticks = Sandbox::builtin(name).unwrap().scene().unwrap().duration_ticks();
        assert_eq!(hash(name, 2, ticks), golden, "{name}");
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
