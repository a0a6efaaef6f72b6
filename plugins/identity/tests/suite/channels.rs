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

#[cfg(feature = "crystals")]
#[test]
fn each_two_use_the_best_suite_that_both_can() {
    use agent2028_core::agent::AgentGroup;
    use agent2028_identity::config::{ChannelConfig, GroupOffer, GroupSuite};
    use agent2028_identity::suite::SuiteId::{self, HybridCrystals, HybridFips};
    // Who has keys of which suite, what the scene says that it can do, and what comes of it.
    let open = |keys: [SuiteId; 2], offers: [Option<&[SuiteId]>; 2]| {
        let mut scene = Scene::ring();
        let names = ["opener", "other"];
        scene.groups = names.map(|name| AgentGroup { name: name.into(), count: 2, ..Default::default() }).into();
        scene.identity.channels =
            vec![ChannelConfig { from: "opener".into(), to: "other".into(), per_second: 10.0, bytes: 48 }];
        let of = names.iter().map(|name| String::from(*name));
        scene.identity.suites = of.clone().zip(keys).map(|(agents, suite)| GroupSuite { agents, suite }).collect();
        let offers = of.zip(offers).filter_map(|(agents, suites)| Some((agents, suites?.to_vec())));
        scene.identity.offers = offers.map(|(agents, suites)| GroupOffer { agents, suites }).collect();
        let mut simulation = scene.start();
        simulation.run(10);
        let suites: Vec<_> = identities(&simulation).state().channels.iter().map(|channel| channel.suite).collect();
        let missing = if suites.contains(&None) { 2.0 } else { 0.0 };
        assert_eq!(metric(&simulation, "identity.channels_missing"), missing);
        assert_eq!(metric(&simulation, "identity.messages"), if missing > 0.0 { 0.0 } else { 40.0 });
        assert_eq!(metric(&simulation, "identity.lost_messages"), 0.0);
        assert_eq!((suites.len(), suites[0]), (2, suites[1]));
        suites[0]
    };
    let both = Some(&[HybridCrystals, HybridFips][..]);
    for mine in SuiteId::ALL {
        // Where the scene says nothing the recipient's keys decide.
        assert_eq!(open([mine, HybridFips], [None, None]), Some(HybridFips));
        assert_eq!(open([mine, HybridCrystals], [None, None]), Some(HybridCrystals));
        for theirs in SuiteId::ALL {
            assert_eq!(open([mine, theirs], [both, both]), Some(HybridFips));
            assert_eq!(open([mine, theirs], [both, Some(&[HybridCrystals])]), Some(HybridCrystals));
            assert_eq!(open([mine, theirs], [Some(&[HybridCrystals]), both]), Some(HybridCrystals));
            assert_eq!(open([mine, theirs], [Some(&[HybridFips]), Some(&[HybridCrystals])]), None);
        }
    }
}
