//! Messages through sealed channels.

use agent2028_core::faults::{Kill, Spawn};
use agent2028_identity::interventions::{DeactivateIdentity, RotateKeys};

use crate::scene::{Scene, agents, identities, metric};

#[test]
fn what_is_sent_arrives() {
    let mut simulation = Scene::ring().start();
    simulation.run(50);
    // Six channels, two ends, ten times a second, for five seconds.
    assert_eq!(metric(&simulation, "identity.channels"), 6.0);
    assert_eq!(metric(&simulation, "identity.messages"), 600.0);
    assert_eq!(metric(&simulation, "identity.lost_messages"), 0.0);
    // 48 bytes, a tag of 16, a number of 8.
    assert_eq!(metric(&simulation, "identity.sealed_bytes"), 600.0 * 72.0);
}

#[test]
fn channels_outlive_rotations_and_end_with_identities() {
    let mut simulation = Scene::ring().start();
    simulation.run(10);
    simulation.intervene(RotateKeys { select: agents(&[0, 1, 2]) });
    simulation.run(10);
    assert_eq!(metric(&simulation, "identity.messages"), 240.0);
    simulation.intervene(DeactivateIdentity { select: agents(&[0]) });
    simulation.intervene(Kill { select: agents(&[3]), duration_s: Some(1.0) });
    simulation.run(10);
    // Channels 5–0, 0–1, 2–3 and 3–4 rest; two go on.
    assert_eq!(metric(&simulation, "identity.messages"), 240.0 + 40.0);
    simulation.intervene(Spawn { group: "peer".into(), count: 1, at: None });
    simulation.run(10);
    assert_eq!(identities(&simulation).state().channels.len(), 7);
    assert_eq!(metric(&simulation, "identity.lost_messages"), 0.0);
}

#[cfg(feature = "crystals")]
#[test]
fn the_other_suite_does_the_same() {
    use agent2028_identity::suite::SuiteId;
    let mut scene = Scene::ring();
    scene.identity.suite = SuiteId::HybridCrystals;
    let run = |scene: &Scene| {
        let mut simulation = scene.start();
        simulation.run(20);
        simulation
    };
    let (one, other) = (run(&scene), run(&scene));
    assert_eq!((metric(&one, "identity.messages"), metric(&one, "identity.lost_messages")), (240.0, 0.0));
    // Keys come from the operating system, and take no part in the state.
    let keys = |simulation| identities(simulation).document_of(agent2028_core::agent::AgentId(0)).unwrap().did;
    assert_ne!(keys(&one), keys(&other));
    assert_eq!(one.state_hash(), other.state_hash());
}
