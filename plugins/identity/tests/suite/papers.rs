//! Who has keys and papers, and what they are good for.

use agent2028_core::agent::AgentId;
use agent2028_core::event::EventBus;
use agent2028_core::faults::{Remove, Spawn};
use agent2028_core::rng::SimRng;
use agent2028_identity::events::Refusal;
use agent2028_identity::interventions::{DeactivateIdentity, RotateKeys};
use agent2028_identity::validator::{LinkError, LinkKind};
use agent2028_identity::{CAPABILITY_REFUSED, verdict_now};
use bevy::prelude::*;

use crate::scene::{Scene, agents, identities, metric};

/// An office where everybody asks in every tick.
fn busy() -> Scene {
    let mut scene = Scene::office();
    for request in &mut scene.identity.requests {
        request.per_second = 10.0;
    }
    scene
}

#[test]
fn everybody_gets_keys_and_the_papers_the_scene_asks_for() {
    let mut simulation = busy().start();
    let all = identities(&simulation);
    assert_eq!((all.state().members.len(), all.papers().count()), (14, 10));
    for agent in 0..14 {
        assert_eq!(all.document_of(AgentId(agent)).unwrap().verify(), Ok(()));
    }
    simulation.run(20);
    // Eight agents, ten times a second, for two seconds.
    assert_eq!((metric(&simulation, "identity.requests"), metric(&simulation, "identity.allowed")), (160.0, 160.0));
    // A proof of control each, a paper each, and the witness's word for those of each of three rules.
    assert_eq!(metric(&simulation, "identity.signatures"), 160.0 + 10.0 + 3.0);
    let verdict = verdict_now(simulation.world(), AgentId(8), "database.query", AgentId(11)).unwrap();
    let kinds: Vec<LinkKind> = verdict.links.iter().map(|link| link.kind).collect();
    use LinkKind::{Attestation, Control, Delegation, Issuer};
    assert_eq!((verdict.is_yes(), kinds), (true, vec![Issuer, Attestation, Delegation, Control]));
    let verdict = verdict_now(simulation.world(), AgentId(8), "database.write", AgentId(11)).unwrap();
    let widened = LinkError::Widened { held: "database.query".into(), wanted: "database.write".into() };
    assert_eq!(verdict.error, Some(widened));
}

#[test]
fn who_joins_later_gets_papers_and_who_leaves_stops() {
    let mut simulation = busy().start();
    simulation.run(5);
    simulation.intervene(Spawn { group: "helper".into(), count: 2, at: None });
    simulation.intervene(Remove { select: agents(&[7]) });
    simulation.run(1);
    let before = metric(&simulation, "identity.requests");
    simulation.run(10);
    assert_eq!(metric(&simulation, "identity.requests") - before, 90.0);
    assert_eq!(metric(&simulation, "identity.refused_ratio"), 0.0);
    assert_eq!(identities(&simulation).papers().count(), 12);
}

#[test]
fn papers_are_renewed_or_end() {
    let mut scene = Scene::office();
    scene.identity.attestations[1].valid_s = 2.0;
    scene.identity.delegations[0].valid_s = 1.5;
    let mut simulation = scene.start();
    simulation.run(100);
    assert_eq!(metric(&simulation, "identity.refused_ratio"), 0.0);
    for rule in &mut scene.identity.attestations {
        rule.renew = false;
    }
    scene.identity.delegations[0].renew = false;
    let mut simulation = scene.start();
    simulation.run(14);
    assert_eq!(metric(&simulation, "identity.refused_ratio"), 0.0);
    simulation.run(40);
    assert!(metric(&simulation, "identity.refused_ratio") > 0.5);
    let refusals: Vec<LinkError> = simulation
        .world()
        .resource::<EventBus>()
        .history()
        .filter(|event| event.kind == CAPABILITY_REFUSED)
        .filter_map(|event| event.payload.get::<Refusal>().map(|refusal| refusal.error.clone()))
        .collect();
    assert!(refusals.iter().all(|error| matches!(error, LinkError::Expired(_))), "{refusals:?}");
    // One a second and agent, no more.
    assert!((16..=40).contains(&refusals.len()), "{}", refusals.len());
}

#[test]
fn keys_rotate_while_papers_stay_good() {
    let mut simulation = Scene::office().start();
    simulation.run(10);
    let name = identities(&simulation).document_of(AgentId(4)).unwrap().did;
    for _ in 0..2 {
        simulation.intervene(RotateKeys { select: agents(&[0, 1, 4, 8]) });
        simulation.run(10);
    }
    let document = identities(&simulation).document_of(AgentId(4)).unwrap();
    assert_eq!((document.did, document.history.len(), document.verify()), (name, 3, Ok(())));
    assert_eq!(metric(&simulation, "identity.refused_ratio"), 0.0);
    assert_eq!(metric(&simulation, "identity.rotations"), 8.0);
}

#[test]
fn a_deactivated_issuer_vouches_for_nobody() {
    let mut simulation = Scene::office().start();
    simulation.run(10);
    simulation.intervene(DeactivateIdentity { select: agents(&[1]) });
    simulation.run(10);
    // Owners 3 and 5 have their papers from issuer 1, and helpers 7 and 9 theirs from these owners.
    for (agent, may) in [(3, false), (4, true), (5, false), (6, true), (7, false), (8, true), (9, false), (10, true)] {
        let verdict = verdict_now(simulation.world(), AgentId(agent), "database.query", AgentId(11)).unwrap();
        assert_eq!(verdict.is_yes(), may, "agent {agent}: {:?}", verdict.error);
    }
    let verdict = verdict_now(simulation.world(), AgentId(7), "database.query", AgentId(11)).unwrap();
    assert_eq!((verdict.failing, verdict.error), (Some(1), Some(LinkError::Deactivated)));
    // It is final.
    simulation.intervene(RotateKeys { select: agents(&[1]) });
    simulation.run(1);
    assert_eq!(metric(&simulation, "identity.rotations"), 0.0);
}

#[test]
fn an_audience_is_kept() {
    let mut scene = Scene::office();
    scene.identity.attestations[1].audience = "issuer".into();
    let mut simulation = scene.start();
    simulation.run(5);
    assert_eq!(metric(&simulation, "identity.allowed"), 0.0);
    let verdict = verdict_now(simulation.world(), AgentId(3), "database.query", AgentId(11)).unwrap();
    assert_eq!(verdict.error, Some(LinkError::OtherAudience("issuer".into())));
}

#[test]
fn events_are_signed_by_whom_they_come_from() {
    use agent2028_identity::sign_events::{EVENT, event_bytes};
    let mut scene = Scene::office();
    scene.identity.signed_events = vec!["KeysRotated".into()];
    let mut simulation = scene.start();
    simulation.run(3);
    simulation.intervene(RotateKeys { select: agents(&[4, 5]) });
    simulation.run(2);
    assert_eq!(metric(&simulation, "identity.signed_events"), 2.0);
    let bus = simulation.world().resource::<EventBus>();
    let all = identities(&simulation);
    for (number, signature) in all.event_signatures() {
        let event = bus.history().find(|event| event.sequence == number).unwrap();
        let keys = all.document_of(event.source.unwrap()).unwrap().keys_at(signature.key, signature.at).unwrap();
        assert_eq!(signature.verify(keys, EVENT, &event_bytes(event, &SimRng::new(scene.seed)).unwrap()), Ok(()));
        assert_eq!(all.signature_of_event(number), Some(signature));
    }
    assert_eq!(all.event_signatures().count(), 2);
}
