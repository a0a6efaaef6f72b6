//! Voters of scenes: what they decide is in the ledger, who contradicts itself loses trust, operations wait for them, and what they
//! do can be explored.

use std::path::Path;

use agent2028::Sandbox;
use agent2028::consensus::Consensus;
use agent2028::core::agent::AgentId;
use agent2028::ledger::Ledger;
use agent2028::scene::gallery;
use agent2028::trust::Trust;
use bevy::prelude::World;

use crate::{finish, folder, program};

fn world(sandbox: &mut Sandbox) -> &World {
    sandbox.app_mut().unwrap().world()
}

fn run(text: &str, ticks: u64) -> Sandbox {
    let mut sandbox = Sandbox::parse(text).unwrap_or_else(|error| panic!("{text}\n{error:?}"));
    sandbox.run(ticks).unwrap();
    sandbox
}

/// A scene whose agents `voter` decide, over a network of this topology.
fn scene(voters: u32, topology: &str, more: &str) -> String {
    format!(
        "Scene(schema: 1, tick_hz: 60, agents: [(name: \"voter\", count: {voters}, capabilities: [\"deploy.release\"])], network: \
         (topology: {topology}, link: (latency: Constant(20))), consensus: (voters: [(group: \"voter\")]), {more})"
    )
}

/// What a built-in scene promises and doesn't do after a change of its text.
fn broken(name: &str, from: &str, to: &str) -> Vec<String> {
    let text = gallery::find(name).unwrap();
    assert!(text.contains(from), "{name}: {from}");
    let mut sandbox = run(&text.replace(from, to), 0);
    let ticks = sandbox.scene().unwrap().duration_ticks();
    sandbox.run(ticks).unwrap();
    let unmet = sandbox.verdicts().unwrap().into_iter().filter(|verdict| !verdict.met);
    unmet.map(|verdict| verdict.metric.clone()).collect()
}

#[test]
fn the_promises_of_scenes_fail_where_what_they_show_is_broken() {
    for (name, from, to, metric) in [
        // A liar more than is tolerated, and one fewer than it takes.
        ("byzantine-4", "Equivocate(select: Ids([0]))", "Equivocate(select: Ids([0, 1]))", "consensus.forks"),
        ("byzantine-7", "ByzantineVote(select: Ids([1]))", "Equivocate(select: Ids([1, 2]))", "consensus.forks"),
        ("byzantine-too-many", "Ids([0, 1])", "Ids([0])", "consensus.forks"),
        // Voters who never say where they are never catch up.
        ("leader-crash", "voters: [", "waits: (retransmit_s: 0), voters: [", "consensus.lag"),
        ("partition-vote", "voters: [", "waits: (retransmit_s: 0), voters: [", "consensus.since_decision"),
        // A partition that leaves a quorum on one side.
        ("partition-vote", "Ids([0, 1, 2])", "Ids([0, 1])", "consensus.since_decision"),
        // One that fails fewer, so that nothing has to wait.
        ("deploy-gate", "Ids([0, 3, 5])", "Ids([0, 3])", "consensus.waiting"),
        ("deploy-gate", "wait_s: 60", "wait_s: 5", "consensus.lapsed"),
    ] {
        let unmet = broken(name, from, to);
        assert!(unmet.iter().any(|unmet| unmet == metric), "{name}, {to}: {unmet:?}");
    }
}

#[test]
fn decisions_stand_in_the_ledger_in_order_and_each_once() {
    let mut sandbox = Sandbox::builtin("byzantine-7").unwrap();
    sandbox.run(1500).unwrap();
    let decided = world(&mut sandbox).resource::<Consensus>().decided();
    let entries = world(&mut sandbox).resource::<Ledger>().entries();
    let told: Vec<String> = entries
        .filter(|(_, entry)| entry.operation == "VotingCompleted")
        .map(|(_, entry)| entry.detail.split(" is decided").next().unwrap().to_owned())
        .collect();
    assert!(decided > 20);
    // What the last tick told is entered at its end.
    let wanted: Vec<String> = (1..=decided).map(|height| format!("height {height}")).collect();
    assert_eq!(told, wanted);
}

#[test]
fn who_is_proven_to_contradict_itself_loses_trust_and_nobody_else_does() {
    let mut sandbox = Sandbox::builtin("byzantine-7").unwrap();
    sandbox.run(900).unwrap();
    let scores = |sandbox: &mut Sandbox| -> Vec<Option<f32>> {
        let trust = world(sandbox).resource::<Trust>();
        (0..7).map(|agent| trust.standing(AgentId(agent)).map(|standing| standing.score)).collect()
    };
    let before = scores(&mut sandbox);
    sandbox.run(2100).unwrap();
    let after = scores(&mut sandbox);
    for (agent, (before, after)) in before.iter().zip(&after).enumerate() {
        if agent == 4 {
            let (before, after) = (before.unwrap_or(0.5), after.unwrap());
            assert!(after < 0.6 * before, "{before} {after}");
        } else {
            assert!(after.unwrap_or(0.5) >= before.unwrap_or(0.5) - 1e-6, "{agent}: {before:?} {after:?}");
        }
    }
}

/// Each operation behind the gate is let through once, by a decision, or not at all.
#[test]
fn nothing_passes_a_gate_without_a_decision_and_nothing_passes_twice() {
    let more =
        "operations: (workload: [Constant(name: \"deployments\", capability: \"deploy.release\", per_second: 2)]),";
    let text =
        scene(4, "Full", more).replace("voters: [", "gates: [(capability: \"deploy.release\", wait_s: 4)], voters: [");
    let mut sandbox = run(&text, 600);
    let done = sandbox.metric("consensus.approved").unwrap();
    assert!((15.0..=20.0).contains(&done), "{done}");
    let completed = |sandbox: &mut Sandbox| {
        let operations = world(sandbox).resource::<agent2028::operations::Operations>();
        assert!(operations.conserves());
        (operations.tally().total.completed, operations.tally().total.ended())
    };
    assert!(completed(&mut sandbox).0 as f64 <= done);
    // Two of four have failed: what is asked for lapses, and no more is done.
    sandbox
        .intervene(agent2028::core::faults::Kill {
            select: agent2028::core::selector::Selector::Ids(vec![AgentId(0), AgentId(1)]),
            ..Default::default()
        })
        .unwrap();
    sandbox.run(120).unwrap();
    let before = sandbox.metric("consensus.approved").unwrap();
    sandbox.run(600).unwrap();
    assert_eq!(sandbox.metric("consensus.approved").unwrap(), before);
    assert!(sandbox.metric("consensus.lapsed").unwrap() >= 10.0);
    assert!(completed(&mut sandbox).0 as f64 <= before);
}

#[test]
fn voters_that_are_not_linked_are_told_by_others() {
    // On a ring of seven a message takes up to three links, and a grid of nine has corners.
    for (voters, topology) in [(7, "Ring(reach: 1)"), (9, "Grid(wrap: false)")] {
        let mut sandbox = run(&scene(voters, topology, ""), 900);
        assert!(sandbox.metric("consensus.decided").unwrap() >= 15.0, "{topology}");
        assert!(sandbox.metric("consensus.relayed").unwrap() > 100.0, "{topology}");
        assert_eq!(sandbox.metric("consensus.unreached").unwrap(), 0.0, "{topology}");
    }
    // Where all are linked nobody passes anything on; where no way leads, that is told.
    let mut full = run(&scene(7, "Full", ""), 300);
    assert_eq!(full.metric("consensus.relayed").unwrap(), 0.0);
    let mut apart = run(&scene(4, "Edges([(0, 1), (2, 3)])", ""), 600);
    assert_eq!(apart.metric("consensus.decided").unwrap(), 0.0);
    assert!(apart.metric("consensus.unreached").unwrap() > 0.0);
}

fn explore(arguments: &[&str], at: &Path) -> (i32, String, String) {
    finish(program().current_dir(at).arg("check").args(arguments).arg("--consensus"))
}

#[test]
fn a_fork_that_an_exploration_finds_is_a_recording_that_can_be_played_again() {
    let folder = folder();
    // A liar with three fifths of the power, and two who are honest.
    let text = "Scene(schema: 1, agents: [(name: \"liar\", count: 1), (name: \"voter\", count: 2)], network: (), consensus: \
        (voters: [(group: \"liar\", power: 3), (group: \"voter\")]), timeline: [(at: 5, do: Equivocate(select: Ids([0])))])";
    std::fs::write(folder.path().join("heavy.ron"), text).unwrap();
    let (code, out, errors) = explore(&["heavy.ron"], folder.path());
    assert_eq!(code, 1, "{out}{errors}");
    for words in ["voter 0 lies", "FAILS: no two honest voters decide differently", "   6. ", "agent2028 replay"] {
        assert!(out.contains(words), "{words}\n{out}");
    }
    let recording = folder.path().join("heavy-counterexample");
    let (code, out, errors) = finish(program().arg("replay").arg(&recording).arg("--verify"));
    assert_eq!(code, 0, "{out}{errors}");
    let events = std::fs::read_to_string(recording.join("events.jsonl")).unwrap();
    assert!(events.lines().any(|line| line.contains("ForkFound")), "{events}");
    // Nothing is written over.
    let (code, _, errors) = explore(&["heavy.ron"], folder.path());
    assert!(code == 2 && errors.contains("counterexample"), "{errors}");
    // A step that can't happen is told with its place.
    let scene = std::fs::read_to_string(recording.join("scene.ron")).unwrap();
    let changed = folder.path().join("changed.ron");
    let steps = scene.find("steps:").unwrap();
    let at = steps + scene[steps..].find("receives").unwrap();
    std::fs::write(&changed, format!("{}forgets{}", &scene[..at], &scene[at + 8..])).unwrap();
    let (code, out, errors) = finish(program().arg("check").arg(&changed));
    assert!(code == 2 && errors.contains("can't happen then"), "{out}{errors}");
}

#[test]
fn an_exploration_tells_what_holds_and_how_far_it_went() {
    let folder = folder();
    let (code, out, errors) = explore(&["byzantine-4", "--depth", "3", "--format", "json"], folder.path());
    assert_eq!(code, 0, "{out}{errors}");
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((told[0]["voters"].as_u64(), told[0]["depth"].as_u64()), (Some(4), Some(3)));
    assert_eq!(told[0]["liars"][0].as_u64(), Some(0));
    assert!(told[0]["unique_states"].as_u64().unwrap() > 100, "{out}");
    assert!(told[0]["properties"].as_array().unwrap().iter().all(|property| property["holds"] == true), "{out}");
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "nothing is written");
    let (code, out, _) = explore(&["byzantine-4", "--states", "50"], folder.path());
    assert!(code == 0 && out.contains("not all"), "{out}");
    let (code, _, errors) = explore(&["flock"], folder.path());
    assert!(code == 2 && errors.contains("nobody decides anything"), "{errors}");
}

#[test]
fn all_agents_vote_where_nobody_is_named() {
    let text = scene(4, "Full", "").replace("voters: [(group: \"voter\")]", "");
    let mut sandbox = run(&text, 300);
    assert!(sandbox.metric("consensus.decided").unwrap() > 5.0);
    assert_eq!(world(&mut sandbox).resource::<Consensus>().voters().count(), 4);
}

#[test]
fn what_is_wrong_with_voters_is_told_with_its_place() {
    let right = scene(4, "Full", "");
    for (from, to, message) in [
        ("group: \"voter\"", "group: \"votre\"", "votre"),
        ("(group: \"voter\")", "(group: \"voter\"), (group: \"voter\")", "listed twice"),
        ("(group: \"voter\")", "(group: \"voter\", power: 0)", "power"),
        ("voters: [", "gates: [(capability: \"deploy.release\")], voters: [", "no operations"),
        ("voters: [", "gates: [(capability: \"deploy.relaese\")], voters: [", "deploy.relaese"),
        ("voters: [", "schedule: Some((liars: [4])), voters: [", "there is no voter 4"),
        ("voters: [", "schedule: Some((steps: [\"nothing\"])), voters: [", "can't happen then"),
        ("voters: [", "waits: (propose_s: 0), voters: [", "propose_s"),
    ] {
        assert!(right.contains(from));
        let error = Sandbox::parse(&right.replacen(from, to, 1)).and_then(|mut sandbox| sandbox.run(1));
        let told = format!("{:?}", error.expect_err(to));
        assert!(told.contains(message), "{to}\n{told}");
    }
}
