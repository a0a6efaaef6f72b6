//! What is learned from outcomes, without anybody attacking.

use agent2028_core::agent::{AgentId, RoutingWeights};
use agent2028_core::belief::judgements;
use agent2028_core::explain::explain;
use agent2028_core::faults::{Kill, Remove, Spawn};
use agent2028_core::selector::Selector;
use agent2028_operations::config::RetryConfig;
use agent2028_operations::{Strategy, TRUST_COLUMN};
use agent2028_trust::config::{AuditConfig, Forgetting, Reputation, ScoreRule};
use agent2028_trust::interventions::OnOff;
use agent2028_trust::ratings::Rating;
use agent2028_trust::score::Bound;
use agent2028_trust::{Reaches, SCORES_CORRECTED, TRUST_LOST, TRUST_REGAINED, TrustConfig, Way};
use bevy::prelude::*;

use crate::scene::{Scene, clients, events, metric, score, trust, workers};

fn two_kinds(config: TrustConfig) -> Scene {
    Scene::new(vec![clients("client", 20), workers("good", 10, 0.95), workers("bad", 10, 0.2)], config)
}

fn by_clients() -> TrustConfig {
    TrustConfig { raters: vec!["client".into()], malicious: vec!["bad".into()], newcomers: 0.2, ..default() }
}

#[test]
fn work_goes_to_those_who_are_trusted() {
    let mut trusting = two_kinds(by_clients()).start();
    let mut random = Scene { strategy: Strategy::Random, ..two_kinds(by_clients()) }.start();
    trusting.run(1200);
    random.run(1200);
    let [with, without] = [&trusting, &random].map(|simulation| metric(simulation, "trust.malicious_share"));
    assert!((0.45..0.55).contains(&without) && with < 0.05, "{with} {without}");
    assert!(metric(&random, "trust.rank_correlation") > 0.6);
    // Scores are what the rules make of the truth: 0.9·p + 0.1·0 …
    let good = (20..30).map(|agent| score(&random, agent)).sum::<f32>() / 10.0;
    let bad = (30..40).map(|agent| score(&random, agent)).sum::<f32>() / 10.0;
    assert!((good - 0.9 * 0.95).abs() < 0.04 && (bad - 0.9 * 0.2).abs() < 0.04, "{good} {bad}");
}

#[test]
fn every_operation_leaves_one_rating_by_one_of_the_raters() {
    let mut simulation = two_kinds(by_clients()).start();
    simulation.run(600);
    let trust = trust(&simulation);
    assert_eq!(trust.counts().observations, trust.counts().served);
    assert!(trust.counts().observations > 3000 && trust.counts().lies == 0);
    assert!(trust.recent().all(|heard| heard.rater < 20 && heard.subject >= 20 && heard.command.is_some()));
    let total: f64 = trust.graph().edges().map(|edge| edge.evidence.amount()).sum();
    let pooled: f64 = trust.standings().iter().map(|standing| standing.pooled().amount()).sum();
    assert!((total - pooled).abs() < 1e-3 * total, "{total} {pooled}");
    let (about, evidence) = trust.since(AgentId(20), 300);
    assert!(!about.is_empty() && about.iter().all(|heard| heard.subject == 20 && heard.tick >= 300));
    assert!((evidence.amount() - about.len() as f64).abs() < 1e-9);
}

#[test]
fn attempts_that_were_tried_again_elsewhere_count_too() {
    let mut scene = two_kinds(by_clients());
    scene.operations.retry = RetryConfig { times: 3, ..default() };
    scene.strategy = Strategy::Random;
    let mut simulation = scene.start();
    simulation.run(900);
    assert!(score(&simulation, 35) < 0.35, "{}", score(&simulation, 35));
    assert!(metric(&simulation, "operations.success_ratio") > 0.9);
}

#[test]
fn newcomers_are_known_to_routing_before_they_are_given_anything() {
    let config = TrustConfig { newcomers: 0.3, ..by_clients() };
    let mut simulation = two_kinds(config).start();
    simulation.run(300);
    simulation.intervene(Spawn { group: "bad".into(), count: 5, at: None });
    simulation.run(1);
    let weights = simulation.world().resource::<RoutingWeights>().column(TRUST_COLUMN).unwrap();
    assert!((40..45).all(|agent| (weights.get(AgentId(agent)) - 0.3).abs() < 1e-6));
}

#[test]
fn what_is_known_of_agents_goes_with_them() {
    let mut simulation = two_kinds(by_clients()).start();
    simulation.run(300);
    simulation.intervene(Remove { select: Selector::Ids((20..25).chain(0..5).map(AgentId).collect()) });
    simulation.run(60);
    let gone = |agent: u32| agent < 5 || (20..25).contains(&agent);
    assert!(trust(&simulation).graph().edges().all(|edge| !gone(edge.source) && !gone(edge.target)));
    assert!(trust(&simulation).graph().len() > 100);
}

#[test]
fn those_who_are_trusted_too_little_are_isolated_and_get_another_chance() {
    let config = TrustConfig { isolate_below: Some(0.4), isolation_s: Some(5.0), ..by_clients() };
    let mut simulation = Scene { strategy: Strategy::Random, ..two_kinds(config) }.start();
    simulation.run(240);
    assert_eq!((metric(&simulation, "trust.isolated"), metric(&simulation, "trust.isolated_wrongly")), (10.0, 0.0));
    assert_eq!(metric(&simulation, "trust.malicious_share").min(0.3), metric(&simulation, "trust.malicious_share"));
    assert!(metric(&simulation, "trust.time_to_isolate_s") < 3.0);
    let held = judgements(simulation.world()).unwrap();
    let bad: Vec<_> = held.iter().filter(|(agent, _)| agent.0 >= 30).collect();
    assert!(bad.iter().all(|(_, held)| held.standing == agent2028_core::belief::Standing::Failed), "{bad:?}");
    simulation.run(360);
    assert!(events(&simulation, TRUST_LOST) >= 10 && events(&simulation, TRUST_REGAINED) >= 10);
}

#[test]
fn ratings_from_a_file_are_there_at_once_and_older_ones_count_less() {
    let rating = |source, target, rating, time| Rating { source, target, rating, time };
    let day = 86_400.0;
    let ratings = [rating(0, 1, 10.0, 10.0 * day), rating(0, 2, -10.0, 10.0 * day), rating(0, 3, 10.0, 0.0)];
    let config = TrustConfig { forgetting: Forgetting::PerDay(0.9), rating_weight: 8.0, ..default() };
    let mut scene = Scene::new(vec![clients("client", 5)], config);
    scene.ratings = ratings.into();
    let mut simulation = scene.start();
    simulation.run(1);
    let known = |to| trust(&simulation).graph().evidence(0, to).unwrap();
    assert!((known(1).r - 8.0).abs() < 1e-4 && known(1).s < 1e-6, "{:?}", known(1));
    assert!((known(2).s - 8.0).abs() < 1e-4 && known(2).r < 1e-6);
    let kept = (0..10).fold(8.0, |kept, _| kept * 0.9);
    assert!((known(3).r - kept).abs() < 1e-4, "{:?}", known(3));
    assert_eq!(trust(&simulation).graph().len(), 3);
}

#[test]
fn trust_in_strangers_is_found_by_way_of_others() {
    let rating = |source, target| Rating { source, target, rating: 10.0, time: 0.0 };
    let ratings = [rating(0, 1), rating(1, 2), rating(2, 3), rating(4, 0)];
    let config = TrustConfig { rating_weight: 18.0, forgetting: Forgetting::Never, ..default() };
    let mut scene = Scene::new(vec![clients("client", 6)], config.clone());
    scene.ratings = ratings.into();
    let mut simulation = scene.start();
    simulation.run(2);
    let reaches = simulation.world().resource::<Reaches>();
    let trust = trust(&simulation);
    let ask = |from, to, way| reaches.ask(trust, &config, AgentId(from), AgentId(to), way);
    // (18 + 1)/(18 + 2) at each step.
    let best = ask(0, 3, Way::BestPath);
    assert!((best.trust - 0.95_f64 * 0.95 * 0.95).abs() < 1e-6, "{best:?}");
    assert_eq!(best.path.unwrap().nodes, [0, 1, 2, 3]);
    // Belief of 0.9 at each step: 0.729 + half of what is uncertain.
    let all = ask(0, 3, Way::AllPaths);
    assert!((all.trust - (0.729 + 0.271 / 2.0)).abs() < 1e-6, "{all:?}");
    assert_eq!((ask(0, 3, Way::MaxFlow).trust, ask(0, 4, Way::MaxFlow).trust), (1.0, 0.0));
    assert_eq!(ask(3, 0, Way::BestPath).trust, 0.0);
    assert_eq!(ask(0, 99, Way::BestPath).path, None);
    let trustees = reaches.trustees(trust, &config, AgentId(0));
    assert_eq!(trustees.iter().map(|trustee| trustee.0.0).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(reaches.statistics().0, 2, "asked for again, known by then");
}

#[test]
fn an_audit_finds_scores_that_are_no_longer_so() {
    let audit = AuditConfig { scores: true, raters: false, every_s: 1.0, ..default() };
    let config = TrustConfig { forgetting: Forgetting::Never, audit, ..by_clients() };
    let run = |scores: bool| {
        let audit = AuditConfig { scores, ..audit };
        let mut scene = two_kinds(TrustConfig { audit, ..config.clone() });
        scene.strategy = Strategy::Random;
        let mut simulation = scene.start();
        simulation.run(1800);
        let turn = OnOff { select: Selector::Named("good".into()), behave_s: 0.0, betray_s: 999.0, ..default() };
        simulation.intervene(turn);
        simulation.run(240);
        simulation
    };
    let (audited, not) = (run(true), run(false));
    assert!(score(&not, 22) > 0.6, "a long past hides it: {}", score(&not, 22));
    assert!(score(&audited, 22) < 0.3, "{}", score(&audited, 22));
    assert!(events(&audited, SCORES_CORRECTED) > 0 && events(&not, SCORES_CORRECTED) == 0);
    assert!(metric(&not, "trust.score_gap") > 0.3);
}

#[test]
fn all_rules_rank_agents_as_they_are() {
    for (score, reputation) in [
        (ScoreRule::Classic, Reputation::Pooled),
        (ScoreRule::Sound, Reputation::Pooled),
        (ScoreRule::Sound, Reputation::Weighted),
        (ScoreRule::Sound, Reputation::EigenTrust),
        (ScoreRule::Sound, Reputation::BestPath),
        (ScoreRule::Sound, Reputation::MaxFlow),
    ] {
        for bound in [Bound::BetaQuantile, Bound::Wilson, Bound::None] {
            let pre_trusted = vec!["client".into()];
            let config = TrustConfig { score, reputation, bound, pre_trusted, ..by_clients() };
            let mut simulation = Scene { strategy: Strategy::Random, ..two_kinds(config) }.start();
            simulation.run(600);
            let (good, bad) = (metric(&simulation, "trust.mean"), metric(&simulation, "trust.mean_malicious"));
            assert!(good > bad + 0.2, "{score:?} {reputation:?} {bound:?}: {good} {bad}");
        }
    }
}

#[test]
fn it_says_why_an_agent_is_trusted() {
    let mut simulation = two_kinds(by_clients()).start();
    simulation.run(600);
    let told = |agent: u32| {
        let told = explain(simulation.world(), AgentId(agent));
        told.into_iter().find(|told| told.section == "trust").unwrap()
    };
    assert_eq!((told(20).activity.as_ref(), told(35).activity.as_ref()), ("Is trusted", "Is distrusted"));
    assert_eq!(told(3).activity, "Is unknown");
    assert!(told(20).terms.iter().any(|term| term.name == "For it" && term.value.magnitude() > 10.0));
}

#[test]
fn a_scene_without_operations_keeps_trust_all_the_same() {
    let mut app = App::new();
    app.add_plugins(agent2028_core::SimCorePlugin::default());
    app.add_plugins(agent2028_trust::TrustPlugin::default());
    let mut simulation = agent2028_core::simulation::Simulation::new(std::mem::take(app.world_mut()));
    simulation.run(120);
    simulation.intervene(Kill::default());
    simulation.run(60);
    assert!(trust(&simulation).graph().is_empty());
}

/// Trust by the best path from agent 0, with ratings worth eight outcomes each.
fn trusted_by_best_path(ratings: &[(u32, u32, f32)]) -> Vec<f32> {
    let ratings: Vec<Rating> =
        ratings.iter().map(|&(source, target, rating)| Rating { source, target, rating, time: 0.0 }).collect();
    let config = TrustConfig {
        reputation: Reputation::BestPath,
        pre_trusted: vec!["founder".into()],
        forgetting: Forgetting::Never,
        rating_weight: 8.0,
        ..default()
    };
    let mut scene = Scene::new(vec![clients("founder", 1), clients("peer", 5)], config);
    scene.ratings = ratings.into();
    let mut simulation = scene.start();
    simulation.run(1);
    trust(&simulation).standings().iter().map(|standing| standing.score).collect()
}

#[test]
fn a_bad_word_lifts_nobody_and_vouches_for_nobody() {
    let near = |one: &[f32], other: &[f64]| {
        assert_eq!(one.len(), other.len());
        assert!(one.iter().zip(other).all(|(one, other)| (f64::from(*one) - other).abs() < 1e-6), "{one:?} {other:?}");
    };
    // (8 + 1)/(8 + 2) along each step of praise.
    near(&trusted_by_best_path(&[(0, 1, 10.0), (1, 2, 10.0)]), &[1.0, 0.9, 0.81, 0.0, 0.0, 0.0]);
    // 1 says the worst of 2, who praises 3: neither is known any better for it.
    near(&trusted_by_best_path(&[(0, 1, 10.0), (1, 2, -10.0), (2, 3, 10.0)]), &[1.0, 0.9, 0.0, 0.0, 0.0, 0.0]);
    // Middling is no trust, either.
    near(&trusted_by_best_path(&[(0, 4, 0.0), (4, 5, 10.0)]), &[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
}

#[test]
fn what_finds_no_room_changes_nothing() {
    let run = |most_edges| {
        let config = TrustConfig { most_edges, reputation: Reputation::Pooled, ..default() };
        let mut scene = Scene::new(vec![workers("good", 6, 0.95), workers("bad", 6, 0.1)], config);
        scene.strategy = Strategy::Random;
        let mut simulation = scene.start();
        simulation.run(600);
        simulation
    };
    let (full, small) = (run(1000), run(20));
    assert_eq!(metric(&full, "trust.refused"), 0.0);
    let (refused, heard) = (metric(&small, "trust.refused"), metric(&small, "trust.observations"));
    assert!(refused > 1000.0 && metric(&small, "trust.edges") == 20.0, "{refused}");
    // Each is heard or refused, and what is known of agents is what the graph holds.
    assert_eq!(refused + heard, metric(&full, "trust.observations"));
    let known: f64 = trust(&small).standings().iter().map(|standing| standing.pooled().amount()).sum();
    let mut held = 0.0;
    trust(&small).graph().for_each(|_, _, r, s| held += r + s);
    assert!((known - held).abs() < 1e-3 * held && known < heard, "{known} {held}");
}

#[test]
fn ratings_that_have_faded_are_counted_and_not_there() {
    let day = 86_400.0;
    let rating = |source, time| Rating { source, target: 5, rating: 10.0, time };
    // 0.98 a day leaves a thousandth after 342 days.
    let ratings = [rating(0, 0.0), rating(1, 300.0 * day), rating(2, 341.0 * day), rating(3, 343.0 * day)];
    let mut scene = Scene::new(vec![clients("client", 6)], TrustConfig::default());
    scene.ratings = ratings.into();
    let mut simulation = scene.start();
    simulation.run(1);
    assert_eq!((metric(&simulation, "trust.edges"), metric(&simulation, "trust.faded")), (3.0, 1.0));
}

/// 40 raters give one rating each to 60 agents; ten of them lie. Ratings of a file are worth one outcome each.
#[test]
fn liars_among_the_ratings_of_a_file_are_exposed() {
    let mut ratings = Vec::new();
    for rater in 0..40_u32 {
        for subject in 0..60_u32 {
            let truth = if subject < 20 { -8.0 } else { 8.0 };
            // A tenth of the honest ratings are otherwise, spread evenly.
            let honest = if (rater * 7 + subject * 3) % 10 == 0 { -truth } else { truth };
            let rating = if rater < 30 { honest } else { 10.0 };
            ratings.push(Rating { source: rater, target: 40 + subject, rating, time: 0.0 });
        }
    }
    let config = TrustConfig { forgetting: Forgetting::Never, ..default() };
    let mut scene = Scene::new(vec![clients("rater", 40), clients("subject", 60)], config);
    scene.ratings = ratings.into();
    let mut simulation = scene.start();
    // Audits are every two seconds.
    simulation.run(130);
    let credibility = |rater: u32| trust(&simulation).standing(AgentId(rater)).unwrap().credibility;
    assert!((0..30).all(|rater| credibility(rater) == 1.0));
    assert!((30..40).all(|rater| credibility(rater) < 0.5));
    assert_eq!(metric(&simulation, "trust.exposed"), 10.0);
}
