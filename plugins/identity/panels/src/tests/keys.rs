//! The tab of an agent's keys and papers.

use agent2028_core::SimCorePlugin;
use agent2028_core::agent::{AgentGroup, AgentGroups, AgentId, spawn_scene_group};
use agent2028_core::selector::Selector;
use agent2028_identity::IdentityPlugin;
use agent2028_identity::config::{AttestationConfig, DelegationConfig, IdentityConfig, RequestConfig};
use agent2028_identity::interventions::{DeactivateIdentity, RevokePapers, RotateKeys};
use agent2028_identity::suite::SuiteId;

use super::*;
use crate::keys::{KeysCache, KeysFacts, KeysTab, show};
use agent2028_kit::panel::AgentTab as _;

/// A root (agent 0) attests an owner (1), who lets a helper (2) query; a gate (3) and somebody without papers (4).
fn office(suite: SuiteId) -> Simulation {
    let mut app = App::new();
    app.add_plugins(SimCorePlugin { tick_hz: 10.0, ..default() });
    let names = ["root", "owner-of-a-rather-long-name", "helper", "gate", "stranger"];
    let groups: Vec<_> = names
        .iter()
        .map(|name| {
            let group = AgentGroup { name: (*name).into(), count: 1, ..default() };
            app.world_mut().resource_mut::<AgentGroups>().add(group)
        })
        .collect();
    let request = |by: &str| RequestConfig {
        by: by.into(),
        at: "gate".into(),
        capability: "database.query".into(),
        per_second: 10.0,
    };
    let config = IdentityConfig {
        suite,
        roots: vec!["root".into()],
        attestations: vec![AttestationConfig {
            by: "root".into(),
            to: names[1].into(),
            capability: "database.*".into(),
            ..default()
        }],
        delegations: vec![DelegationConfig {
            by: names[1].into(),
            to: "helper".into(),
            capability: "database.query".into(),
            ..default()
        }],
        requests: vec![request("helper"), request("stranger")],
        ..default()
    };
    app.add_plugins(IdentityPlugin { config, ..default() });
    app.finish();
    app.cleanup();
    for group in groups {
        spawn_scene_group(app.world_mut(), group).unwrap();
    }
    Simulation::new(std::mem::take(app.world_mut()))
}

/// The tab of an agent.
fn tab<'a>(simulation: &Simulation, id: u32) -> Harness<'a, PanelTest<()>> {
    let facts = KeysFacts::of(simulation.world(), AgentId(id)).unwrap();
    panel_test([320.0, 900.0], (), move |ui, look, (), actions| show(ui, look, AgentId(id), &facts, actions))
}

fn ids(id: u32) -> Selector {
    Selector::Ids(vec![AgentId(id)])
}

#[test]
fn a_chain_is_shown_with_the_link_that_fails() {
    let mut simulation = office(SuiteId::HybridFips);
    simulation.run(3);
    let harness = tab(&simulation, 2);
    for text in ["did:agent:z", "its document holds", "hybrid-fips", "database.query", "may", "Use by helper-2"] {
        assert!(says(&harness, text), "{text}");
    }
    assert!(says(&harness, "Delegation: holds") && !says(&harness, "may not"));
    assert_eq!(nameless(&harness), Vec::<String>::new());
    drop(harness);
    simulation.intervene(RevokePapers { select: ids(1), capability: String::new() });
    simulation.run(1);
    let harness = tab(&simulation, 2);
    assert!(says(&harness, "may not"));
    assert!(says(&harness, "Attestation: it was revoked by list 1 of who issued it"));
    assert!(says(&harness, "Delegation: not asked, an earlier link fails"));
    drop(harness);
    let harness = tab(&simulation, 4);
    assert!(says(&harness, "It holds no papers for this."));
}

#[test]
fn keys_are_rotated_revoked_and_ended_through_interventions() {
    let mut simulation = office(SuiteId::HybridFips);
    simulation.run(3);
    let mut harness = tab(&simulation, 2);
    let rotate: RotateKeys = only(&click(&mut harness, Role::Button, "Rotate"));
    let revoke: RevokePapers = only(&click(&mut harness, Role::Button, "Revoke"));
    let end: DeactivateIdentity = only(&click(&mut harness, Role::Button, "End"));
    assert_eq!([rotate.select.clone(), revoke.select, end.select.clone()], [ids(2), ids(2), ids(2)]);
    drop(harness);
    simulation.intervene(rotate);
    simulation.run(2);
    simulation.intervene(end);
    simulation.run(1);
    let facts = KeysFacts::of(simulation.world(), AgentId(2)).unwrap();
    assert_eq!((facts.keys.len(), facts.document.clone(), facts.ended.is_some()), (2, Ok(()), true));
    let mut harness = tab(&simulation, 2);
    assert!(says(&harness, "for good") && says(&harness, "2 generations"));
    assert_eq!(click(&mut harness, Role::Button, "End"), vec![]);
}

#[test]
fn who_has_no_keys_has_no_such_tab() {
    let simulation = super::simulation(&[("rock", 2)]);
    assert!(!KeysTab::follow(&simulation, AgentId(1), &mut KeysCache::default(), 0.0));
    let mut simulation = office(SuiteId::HybridFips);
    simulation.run(1);
    assert!(KeysTab::follow(&simulation, AgentId(2), &mut KeysCache::default(), 0.0));
}

#[test]
fn a_suite_that_is_no_longer_maintained_is_marked() {
    let simulation = office(SuiteId::HybridCrystals);
    let harness = tab(&simulation, 2);
    assert!(says(&harness, "RUSTSEC-2024-0380"));
}
