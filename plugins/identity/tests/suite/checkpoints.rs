//! Going on from a checkpoint gives what going on without one gives, on any number of threads; and no checkpoint holds a
//! secret.

use agent2028_core::agent::{AgentGroup, AgentId};
use agent2028_core::checkpoint::Checkpoint;
use agent2028_core::faults::{Kill, Remove, Spawn};
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_identity::config::{ChannelConfig, GroupOffer};
use agent2028_identity::interventions::{
    DeactivateIdentity, ForgeList, ForgeSignature, Impersonate, RaiseEpoch, ReplayMessages, ReplayOpening,
    RevokePapers, RotateKeys, StealDelegation, StealOldKey, StripOffers,
};
use agent2028_identity::suite::SuiteId;
use bevy::prelude::*;

use crate::scene::{Scene, agents, identities};

fn everything() -> Scene {
    let mut scene = Scene::office();
    scene.groups.push(AgentGroup { name: "stranger".into(), count: 4, ..default() });
    scene.identity.attestations[1].valid_s = 3.0;
    scene.identity.delegations[0].valid_s = 2.5;
    let channel = ChannelConfig { from: "helper".into(), to: "gate".into(), per_second: 5.0, bytes: 20 };
    scene.identity.channels = vec![channel];
    scene.identity.checks.list_signatures = false;
    scene.identity.checks.openings = false;
    scene.identity.checks.downgrades = false;
    let offer = |group: &str| GroupOffer { agents: group.into(), suites: SuiteId::ALL.to_vec() };
    scene.identity.offers = vec![offer("helper"), offer("gate")];
    scene.identity.signed_events = vec!["KeysRotated".into(), "PapersRevoked".into()];
    scene
}

fn disturb(simulation: &mut Simulation) {
    simulation.run(10);
    simulation.intervene(RotateKeys { select: agents(&[0, 1, 7, 8, 12]) });
    simulation.intervene(RevokePapers { select: agents(&[8]), capability: String::new() });
    simulation.intervene(ForgeSignature { select: agents(&[14]), per_second: 4.0, ..default() });
    simulation.intervene(StealDelegation { select: agents(&[15]), per_second: 4.0, ..default() });
    simulation.intervene(Impersonate { select: agents(&[16]), per_second: 4.0, duration_s: Some(3.0), ..default() });
    simulation.intervene(ReplayMessages { select: agents(&[17]), per_second: 4.0, duration_s: None });
    simulation.intervene(Kill { select: agents(&[12]), duration_s: Some(2.0) });
    simulation.run(3);
    simulation.intervene(RaiseEpoch { select: agents(&[2]) });
    simulation.intervene(DeactivateIdentity { select: agents(&[9]) });
    simulation.intervene(ForgeList { select: agents(&[15]), victim: agents(&[2]), per_second: 3.0, ..default() });
    simulation.intervene(ReplayOpening { select: agents(&[16]), per_second: 10.0, duration_s: None });
    simulation.intervene(StealOldKey { select: agents(&[14]), victim: Selector::All, per_second: 3.0, ..default() });
    simulation.intervene(Spawn { group: "helper".into(), count: 3, at: None });
    simulation.intervene(StripOffers { select: agents(&[17]), victim: Selector::All, duration_s: None });
    simulation.intervene(Remove { select: agents(&[10]) });
    simulation.run(4);
}

#[test]
fn a_resumed_run_goes_on_with_the_same_bits() {
    let scene = everything();
    let mut through = scene.start();
    disturb(&mut through);
    let saved: Checkpoint = through.checkpoint();
    let suites: Vec<_> = identities(&through).state().channels.iter().filter_map(|channel| channel.suite).collect();
    assert!(SuiteId::present().all(|suite| suites.contains(&suite)), "{suites:?}");
    through.run(40);
    let mut resumed = Scene { threads: 2, ..scene }.start();
    resumed.restore(&saved).unwrap();
    assert_eq!(resumed.state_hash(), saved.state_hash);
    for agent in 0..20 {
        let documents = [&through, &resumed].map(|simulation| identities(simulation).document_of(AgentId(agent)));
        assert_eq!(documents[0], documents[1], "agent {agent}");
    }
    resumed.run(40);
    assert_eq!(resumed.checkpoint().differing_sections(&through.checkpoint()), [""; 0]);
    // Going back within one run, too.
    through.restore(&saved).unwrap();
    through.run(40);
    assert_eq!(through.state_hash(), resumed.state_hash());
}

#[test]
fn two_threads_give_the_bits_of_one_and_another_seed_others() {
    let scene = everything();
    let run = |scene: &Scene| {
        let mut simulation = scene.start();
        disturb(&mut simulation);
        (simulation.state_hash(), identities(&simulation).state().transcript)
    };
    let one = run(&scene);
    assert_eq!(one, run(&Scene { threads: 2, ..scene.clone() }));
    let other = run(&Scene { seed: 2, ..scene });
    assert_ne!(one.0, other.0);
    assert_ne!(one.1, other.1);
}

#[test]
fn damaged_states_are_refused_and_not_believed() {
    let mut simulation = everything().start();
    disturb(&mut simulation);
    let state = identities(&simulation).state().clone();
    assert_eq!(state.check(), Ok(()));
    let mut wrong = state.clone();
    wrong.papers[0].by = 99;
    assert!(wrong.check().is_err());
    let mut wrong = state.clone();
    wrong.members.swap(0, 1);
    assert!(wrong.check().is_err());
    let mut wrong = state.clone();
    wrong.lists.get_mut(&2).unwrap()[0].papers.push(u32::MAX);
    assert!(wrong.check().is_err());
    let mut wrong = state;
    wrong.known.get_mut(&2).unwrap().pop();
    assert!(wrong.check().is_err());
    let mut wrong = identities(&simulation).state().clone();
    assert_eq!(wrong.forged.len(), 1);
    wrong.forged[0].base = 99;
    assert!(wrong.check().is_err());
    let mut wrong = identities(&simulation).state().clone();
    wrong.known.get_mut(&2).unwrap()[0] = agent2028_identity::state::FORGED + 1;
    assert!(wrong.check().is_err());
}
