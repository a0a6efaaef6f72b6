//! Suites side by side: keys that come from the operating system leave no trace in the state, whoever deals with them.

use agent2028_core::agent::{AgentGroup, AgentId};
use agent2028_core::checkpoint::Checkpoint;
use agent2028_core::simulation::Simulation;
use agent2028_identity::config::{ChannelConfig, GroupSuite};
use agent2028_identity::interventions::{ForgeSignature, RaiseEpoch, RevokePapers, RotateKeys};
use agent2028_identity::suite::SuiteId;
use bevy::prelude::*;

use crate::scene::{Scene, agents, identities};

/// The office with channels, signed events and somebody who isn't honest; some of its groups have the other suite.
fn office(others: &[&str]) -> Scene {
    let mut scene = Scene::office();
    scene.groups.push(AgentGroup { name: "stranger".into(), count: 1, ..default() });
    scene.identity.suites =
        others.iter().map(|name| GroupSuite { agents: (*name).into(), suite: SuiteId::HybridCrystals }).collect();
    scene.identity.attestations[1].valid_s = 2.0;
    let channel = |from: &str, to: &str| ChannelConfig { from: from.into(), to: to.into(), per_second: 5.0, bytes: 20 };
    scene.identity.channels = vec![channel("helper", "gate"), channel("gate", "owner"), channel("root", "issuer")];
    scene.identity.signed_events = vec!["KeysRotated".into(), "PapersRevoked".into(), "ListSpread".into()];
    scene
}

/// Everything that signs is done: papers are issued, renewed, forged and taken back, keys change, channels open.
fn whole_day(scene: &Scene) -> (Simulation, Checkpoint) {
    let mut simulation = scene.start();
    simulation.run(5);
    // Agent 8 is a helper, 4 an owner, 1 and 2 are issuers, 14 is the stranger.
    simulation.intervene(RevokePapers { select: agents(&[4, 8]), capability: String::new() });
    simulation.intervene(ForgeSignature { select: agents(&[14]), per_second: 4.0, ..default() });
    simulation.intervene(RotateKeys { select: agents(&[0, 3, 7, 11]) });
    simulation.run(5);
    simulation.intervene(RaiseEpoch { select: agents(&[2]) });
    simulation.run(12);
    let saved = simulation.checkpoint();
    (simulation, saved)
}

#[test]
fn whoever_has_the_other_suite_two_runs_have_one_state() {
    for others in [
        &[][..],
        &["root"],
        &["issuer"],
        &["owner"],
        &["helper"],
        &["gate"],
        &["stranger"],
        &["root", "helper", "stranger"],
        &["root", "issuer", "owner", "helper", "gate", "stranger"],
    ] {
        let scene = office(others);
        let ((one, first), (other, second)) = (whole_day(&scene), whole_day(&scene));
        assert_eq!(first.differing_sections(&second), [""; 0], "{others:?}");
        assert_eq!(first.state_hash, second.state_hash, "{others:?}");
        // The keys are others in each run, or the test would show nothing.
        let names = |simulation: &Simulation| -> Vec<_> {
            (0..15).map(|agent| identities(simulation).document_of(AgentId(agent)).unwrap().did).collect()
        };
        assert_eq!(names(&one) == names(&other), others.is_empty(), "{others:?}");
    }
}

#[test]
fn signatures_that_repeat_are_state_and_others_are_only_counted() {
    let transcript = |scene: &Scene| identities(&whole_day(scene).0).state().transcript;
    let plain = transcript(&office(&[]));
    // The stranger has no part in most of what is signed, so most of it is state beside him, too.
    assert_ne!(transcript(&office(&["stranger"])), default());
    assert_ne!(transcript(&office(&["stranger"])), plain);
    let all = office(&["root", "issuer", "owner", "helper", "gate", "stranger"]);
    assert_eq!(transcript(&all), default());
    let signed = |scene: &Scene| identities(&whole_day(scene).0).state().counts.signed;
    assert_eq!(signed(&all), signed(&office(&[])));
}
