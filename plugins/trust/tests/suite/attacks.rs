//! Every attack does its damage where nothing is done against it, and next to none where something is.

use agent2028_core::selector::Selector;
use agent2028_operations::Strategy;
use agent2028_trust::config::{AuditConfig, BetrayalConfig, Forgetting, Reputation};
use agent2028_trust::interventions::{BadMouthing, BallotStuffing, Collude, OnOff, SybilJoin, Whitewash};
use agent2028_trust::{AGENT_WHITEWASHED, RATER_EXPOSED, TrustConfig};
use bevy::prelude::*;

use crate::scene::{Scene, clients, events, metric, workers};

fn named(name: &str) -> Selector {
    Selector::Named(name.into())
}

/// 30 % of the peers collude. The share of operations that they do.
fn colluding(strategy: Strategy, reputation: Reputation, seed: u64) -> f64 {
    let config = TrustConfig {
        reputation,
        pre_trusted: vec!["founder".into()],
        newcomers: 0.1,
        audit: AuditConfig { raters: false, ..default() },
        ..default()
    };
    let groups = vec![workers("founder", 3, 0.97), workers("peer", 39, 0.95), workers("colluder", 18, 0.2)];
    let mut simulation = Scene { seed, strategy, ..Scene::new(groups, config) }.start();
    simulation.intervene(Collude { select: named("colluder"), against: Some(named("peer")), ..default() });
    simulation.run(1500);
    metric(&simulation, "trust.served_malicious") / metric(&simulation, "trust.served")
}

#[test]
fn with_30_percent_colluding_trust_gives_them_at_most_a_third_of_what_chance_does() {
    for seed in [1, 2, 3] {
        let random = colluding(Strategy::Random, Reputation::EigenTrust, seed);
        let trusted = colluding(Strategy::TrustWeighted, Reputation::EigenTrust, seed);
        assert!((0.25..0.35).contains(&random) && 3.0 * trusted <= random, "{trusted} {random}");
        // Where everybody's word counts alike, their praise of each other buys them work.
        let fooled = colluding(Strategy::TrustWeighted, Reputation::Pooled, seed);
        assert!(fooled > 3.0 * trusted && fooled > 0.2, "{fooled} {trusted}");
    }
}

#[test]
fn sybils_take_over_unless_trust_begins_with_founders() {
    let share = |reputation| {
        let config = TrustConfig {
            reputation,
            pre_trusted: vec!["founder".into()],
            newcomers: 0.1,
            audit: AuditConfig { raters: false, ..default() },
            ..default()
        };
        let groups = vec![workers("founder", 3, 0.97), workers("peer", 30, 0.95), workers("sybil", 0, 0.1)];
        let mut simulation = Scene::new(groups, config).start();
        simulation.run(400);
        simulation.intervene(SybilJoin { group: "sybil".into(), count: 60, per_second: 10.0, ..default() });
        simulation.run(1200);
        metric(&simulation, "trust.malicious_share")
    };
    let (undefended, defended) = (share(Reputation::Pooled), share(Reputation::EigenTrust));
    assert!(undefended > 0.5 && defended < 0.1, "{undefended} {defended}");
    let flow = share(Reputation::MaxFlow);
    assert!(flow < 0.15, "{flow}");
}

#[test]
fn a_new_name_pays_only_where_newcomers_are_trusted() {
    let run = |newcomers| {
        let config = TrustConfig {
            raters: vec!["client".into()],
            newcomers,
            forgetting: Forgetting::HalfLife(60.0),
            ..default()
        };
        let groups = vec![clients("client", 20), workers("worker", 20, 0.9), workers("cheat", 20, 0.1)];
        let mut simulation = Scene::new(groups, config).start();
        simulation.intervene(Whitewash { select: named("cheat"), below: 0.4, pause_s: 1.0, duration_s: None });
        simulation.run(1500);
        assert!(events(&simulation, AGENT_WHITEWASHED) >= 5);
        metric(&simulation, "trust.served_malicious") / metric(&simulation, "trust.served")
    };
    let (undefended, defended) = (run(0.9), run(0.05));
    assert!(undefended > 0.1 && defended < 0.04 && undefended > 4.0 * defended, "{undefended} {defended}");
}

#[test]
fn traitors_are_noticed_where_what_was_done_lately_counts() {
    let run = |betrayal| {
        let config = TrustConfig {
            raters: vec!["client".into()],
            newcomers: 0.3,
            refresh_s: 0.25,
            forgetting: Forgetting::HalfLife(600.0),
            betrayal,
            ..default()
        };
        let groups = vec![clients("client", 20), workers("worker", 15, 0.9), workers("traitor", 15, 0.98)];
        let mut simulation = Scene { per_second: 500.0, ..Scene::new(groups, config) }.start();
        simulation.run(1200);
        simulation.intervene(OnOff { select: named("traitor"), behave_s: 5.0, betray_s: 3.0, ..default() });
        // Two rounds of their game.
        let before = metric(&simulation, "operations.failed");
        simulation.run(960);
        metric(&simulation, "operations.failed") - before
    };
    let (undefended, defended) = (run(None), run(Some(BetrayalConfig::default())));
    assert!(defended < 0.6 * undefended, "{defended} of {undefended}");
}

/// Frauds that are praised, or experts that are run down, by a third of the raters. How alike ranking and truth are, the share
/// of liars exposed, and of honest raters.
fn lying(raters: bool, stuff: bool) -> (f64, f64, f64) {
    let config = TrustConfig {
        raters: vec!["client".into(), "liar".into()],
        forgetting: Forgetting::HalfLife(40.0),
        audit: AuditConfig { raters, every_s: 1.0, ..default() },
        ..default()
    };
    let groups = vec![
        clients("client", 20),
        clients("liar", 10),
        workers("expert", 8, 0.95),
        workers("worker", 8, 0.7),
        workers("fraud", 8, 0.15),
    ];
    let mut simulation = Scene { strategy: Strategy::Random, ..Scene::new(groups, config) }.start();
    simulation.run(300);
    if stuff {
        simulation.intervene(BallotStuffing {
            select: named("liar"),
            praise: named("fraud"),
            per_second: 20.0,
            ..default()
        });
    } else {
        simulation.intervene(BadMouthing {
            select: named("liar"),
            against: named("expert"),
            per_second: 20.0,
            ..default()
        });
    }
    simulation.run(1200);
    assert_eq!(events(&simulation, RATER_EXPOSED) > 0, raters);
    let exposed = [metric(&simulation, "trust.liars_exposed"), metric(&simulation, "trust.exposed_wrongly")];
    (metric(&simulation, "trust.rank_correlation"), exposed[0], exposed[1])
}

#[test]
fn ballot_stuffers_are_exposed_and_their_praise_counts_less() {
    let (fooled, ..) = lying(false, true);
    let (defended, exposed, wrongly) = lying(true, true);
    assert!(exposed >= 0.9 && wrongly <= 0.1, "{exposed} {wrongly}");
    assert!(defended > fooled + 0.3, "{defended} {fooled}");
}

#[test]
fn bad_mouths_are_exposed_and_their_word_counts_less() {
    let (fooled, ..) = lying(false, false);
    let (defended, exposed, wrongly) = lying(true, false);
    assert!(exposed >= 0.9 && wrongly <= 0.1, "{exposed} {wrongly}");
    assert!(defended > fooled + 0.3, "{defended} {fooled}");
}
