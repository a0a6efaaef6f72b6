//! Going on from a checkpoint gives what going on without one gives.

use agent2028_core::checkpoint::Checkpoint;
use agent2028_core::faults::{Kill, Spawn};
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_trust::config::{AuditConfig, BetrayalConfig, Forgetting, Reputation};
use agent2028_trust::interventions::{BadMouthing, BallotStuffing, Collude, OnOff, SybilJoin, Whitewash};
use agent2028_trust::{Trust, TrustConfig};
use bevy::prelude::*;

use crate::scene::{Scene, clients, metric, trust, workers};

/// Everything that there is.
fn everything(reputation: Reputation) -> Scene {
    let config = TrustConfig {
        reputation,
        pre_trusted: vec!["founder".into()],
        forgetting: Forgetting::HalfLife(10.0),
        betrayal: Some(BetrayalConfig::default()),
        isolate_below: Some(0.3),
        isolation_s: Some(1.5),
        audit: AuditConfig { raters: true, scores: true, every_s: 0.7, ..default() },
        newcomers: 0.3,
        refresh_s: 0.4,
        most_recent: 100,
        ..default()
    };
    let groups =
        vec![workers("founder", 3, 0.97), workers("peer", 25, 0.9), clients("client", 10), workers("cheat", 12, 0.1)];
    Scene::new(groups, config)
}

fn disturb(simulation: &mut Simulation) {
    simulation.run(60);
    let cheats = || Selector::Named("cheat".into());
    let clients = || Selector::Named("client".into());
    simulation.intervene(Collude { select: Selector::Count(6), against: Some(clients()), ..default() });
    simulation.intervene(BallotStuffing {
        select: clients(),
        praise: cheats(),
        per_second: 3.3,
        duration_s: Some(2.0),
    });
    simulation.intervene(BadMouthing { select: cheats(), against: Selector::Named("peer".into()), ..default() });
    simulation.intervene(OnOff { select: Selector::Count(7), behave_s: 0.5, betray_s: 0.3, ..default() });
    simulation.intervene(Whitewash { select: cheats(), below: 0.5, pause_s: 0.5, duration_s: None });
    simulation.intervene(SybilJoin { group: "cheat".into(), count: 9, praise: Some(cheats()), ..default() });
    simulation.run(40);
    simulation.intervene(Kill { select: Selector::Count(4), duration_s: Some(1.5) });
    simulation.intervene(Spawn { group: "peer".into(), count: 2, at: None });
    simulation.run(41);
}

#[test]
fn a_checkpoint_amid_everything_goes_on_with_the_same_hashes() {
    for reputation in [Reputation::Weighted, Reputation::EigenTrust, Reputation::BestPath] {
        let scene = everything(reputation);
        let mut through = scene.start();
        disturb(&mut through);
        let saved = through.checkpoint();
        let read = Checkpoint::decode(&saved.encode().unwrap()).unwrap();
        let mut resumed = Scene { threads: 2, ..scene.clone() }.start();
        resumed.restore(&read).unwrap();
        for _ in 0..8 {
            through.run(23);
            resumed.run(23);
            assert_eq!(through.state_hash(), resumed.state_hash(), "{reputation:?} tick {}", through.tick());
        }
        assert!(metric(&through, "trust.whitewashed") > 0.0 && metric(&through, "trust.lies") > 100.0);
        // Back in time in the same simulation, with all that it has derived.
        let (tick, hash) = (through.tick(), through.state_hash());
        through.restore(&saved).unwrap();
        through.run(tick - through.tick());
        assert_eq!(through.state_hash(), hash);
        // And back to the very beginning.
        let first = scene.start().checkpoint();
        through.restore(&first).unwrap();
        assert_eq!(trust(&through).counts().observations, 0);
    }
}

#[test]
fn bytes_that_are_no_state_are_refused() {
    let mut simulation = everything(Reputation::EigenTrust).start();
    disturb(&mut simulation);
    let bytes = trust(&simulation).save().unwrap();
    assert!(Trust::load(&bytes).is_ok());
    assert!(Trust::load(&bytes[..bytes.len() / 2]).is_err());
    // Whatever a damaged state says, loading it either fails or gives something that can be looked at.
    for at in (0..bytes.len()).step_by(61) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x5a;
        if let Ok(trust) = Trust::load(&damaged) {
            assert!(trust.graph().edges().count() <= bytes.len());
        }
    }
}

#[test]
fn scores_stay_between_0_and_1_whatever_happens() {
    for seed in 0..4 {
        let mut simulation = Scene { seed, ..everything(Reputation::Weighted) }.start();
        disturb(&mut simulation);
        for _ in 0..10 {
            simulation.run(17);
            for standing in trust(&simulation).standings() {
                for value in
                    [standing.score, standing.conservative, standing.confidence, standing.trust, standing.credibility]
                {
                    assert!((0.0..=1.0).contains(&value), "{standing:?}");
                }
            }
        }
    }
}
