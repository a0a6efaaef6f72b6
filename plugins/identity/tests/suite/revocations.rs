//! What is taken back, and how it is heard of.

use agent2028_core::agent::{AgentGroup, AgentId};
use agent2028_core::event::EventBus;
use agent2028_identity::events::ListSpread;
use agent2028_identity::interventions::{RaiseEpoch, RevokePapers};
use agent2028_identity::validator::LinkError;
use agent2028_identity::{LIST_SPREAD, verdict_now, verdict_of_all_knowing};
use bevy::prelude::*;

use crate::scene::{Scene, agents, identities, metric};

/// An office with many gates, so that lists have a way to go.
fn large() -> Scene {
    let mut scene = Scene::office();
    scene.groups[4].count = 50;
    scene
}

#[test]
fn a_revoked_delegation_stops_working_gate_by_gate() {
    let mut simulation = large().start();
    simulation.run(10);
    simulation.intervene(RevokePapers { select: agents(&[8]), capability: String::new() });
    simulation.run(1);
    assert_eq!(metric(&simulation, "identity.revoked"), 1.0);
    let may = |simulation: &agent2028_core::simulation::Simulation, gate| {
        verdict_now(simulation.world(), AgentId(8), "database.query", AgentId(gate)).unwrap().error
    };
    // Whoever knows everything refuses; gates that haven't heard of it don't.
    let all = verdict_of_all_knowing(simulation.world(), AgentId(8), "database.query", "gate").unwrap();
    assert_eq!((all.error, all.failing), (Some(LinkError::Revoked(1)), Some(2)));
    let hearers = |simulation: &_| (11..61).filter(|gate| may(simulation, *gate).is_some()).count();
    assert!(hearers(&simulation) < 25, "{}", hearers(&simulation));
    simulation.run(150);
    assert_eq!(hearers(&simulation), 50);
    assert!(metric(&simulation, "identity.stale") > 0.0);
    assert_eq!(metric(&simulation, "identity.revocations_known"), 1.0);
    let bus = simulation.world().resource::<EventBus>();
    let told = bus.history().find(|event| event.kind == LIST_SPREAD).unwrap();
    // Push–pull with two others a second reaches 61 agents within a few rounds.
    let after_s = told.payload.get::<ListSpread>().unwrap().after_ms as f64 / 1000.0;
    assert!((1.0..12.0).contains(&after_s), "{after_s} s");
    // The others' papers are as good as before.
    for other in [3, 7, 9, 10] {
        assert!(verdict_now(simulation.world(), AgentId(other), "database.query", AgentId(20)).unwrap().is_yes());
    }
}

#[test]
fn cutting_a_link_cuts_all_beyond_it() {
    let mut scene = Scene::office();
    scene.groups.push(AgentGroup { name: "friend".into(), count: 4, ..default() });
    let further = agent2028_identity::config::DelegationConfig {
        by: "helper".into(),
        to: "friend".into(),
        ..scene.identity.delegations[0].clone()
    };
    scene.identity.delegations.push(further);
    let mut simulation = scene.start();
    simulation.run(2);
    let may = |simulation: &agent2028_core::simulation::Simulation, agent| {
        verdict_of_all_knowing(simulation.world(), AgentId(agent), "database.query", "gate").unwrap()
    };
    assert!([3, 7, 14].iter().all(|agent| may(&simulation, *agent).is_yes()));
    simulation.intervene(RevokePapers { select: agents(&[3]), capability: "database.*".into() });
    simulation.run(1);
    // Owner 3 lost its attestation: its helper 7 and that one's friend 14 lose theirs at the same link.
    for agent in [3, 7, 14] {
        let verdict = may(&simulation, agent);
        assert_eq!((verdict.failing, verdict.error), (Some(1), Some(LinkError::Revoked(1))), "agent {agent}");
    }
    assert!([4, 8, 15].iter().all(|agent| may(&simulation, *agent).is_yes()));
}

#[test]
fn a_new_epoch_ends_all_earlier_attestations() {
    let mut simulation = Scene::office().start();
    simulation.run(2);
    simulation.intervene(RaiseEpoch { select: agents(&[2]) });
    simulation.run(100);
    let error = |agent| verdict_now(simulation.world(), AgentId(agent), "database.query", AgentId(11)).unwrap().error;
    assert_eq!(error(4), Some(LinkError::OldEpoch { epoch: 0, now: 1 }));
    assert_eq!(error(8), Some(LinkError::OldEpoch { epoch: 0, now: 1 }));
    assert_eq!((error(3), error(7)), (None, None));
}

#[test]
fn what_nobody_checks_nobody_stops() {
    let mut scene = Scene::office();
    scene.identity.checks.revocations = false;
    let mut simulation = scene.start();
    simulation.intervene(RevokePapers { select: agents(&[3, 8]), capability: String::new() });
    simulation.run(100);
    assert_eq!(metric(&simulation, "identity.refused_ratio"), 0.0);
    assert_eq!(identities(&simulation).lists_of(AgentId(1)).len(), 1);
}
