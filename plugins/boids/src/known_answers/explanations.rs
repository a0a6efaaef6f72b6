//! An explanation says what the kernel does: its outcome to the bit, its terms as a sum.

use agent2028_core::explain::{Explanation, Value, explain};

use super::*;

fn told(simulation: &Simulation, agent: u32) -> Explanation {
    let mut all = explain(simulation.world(), AgentId(agent));
    assert_eq!(all.len(), 1, "agent {agent}");
    all.remove(0)
}

fn sum(explanation: &Explanation) -> Vec2 {
    explanation.terms.iter().filter_map(|term| term.contribution.as_ref().and_then(Value::vector)).sum()
}

/// Compares what all agents are said to decide with what the next tick does, several times in a run.
fn check(scene: &Scene, agents: u32, what: &str) {
    let mut simulation = scene.start();
    for _ in 0..4 {
        let before: Vec<(Vec2, Explanation)> =
            (0..agents).map(|agent| (state(&simulation, agent).1, told(&simulation, agent))).collect();
        let hash = simulation.state_hash();
        assert_eq!(hash, simulation.state_hash(), "{what}: explaining changes nothing");
        simulation.run(1);
        let flock = simulation.world().resource::<FlockKernel>();
        for (agent, (velocity, explanation)) in before.iter().enumerate() {
            let what = format!("{what}, agent {agent}");
            if explanation.activity == "Has failed" {
                continue;
            }
            let decided = flock.decided(AgentId(agent as u32)).unwrap();
            let outcome = explanation.outcome.velocity.unwrap();
            assert_eq!(
                (outcome.x.to_bits(), outcome.y.to_bits()),
                (decided.x.to_bits(), decided.y.to_bits()),
                "{what}"
            );
            assert_eq!(explanation.outcome.change, Some(outcome - *velocity), "{what}");
            let wanted = sum(explanation);
            let limited = explanation.outcome.limit.map_or(wanted, |limit| wanted.clamp_length_max(limit));
            let top = decided.length();
            let free = *velocity + limited;
            // Within the limits of speed, the decision is the sum of its terms; beyond them it points the same way.
            let expected = if explanation.outcome.limit.is_none() { free.normalize_or_zero() * top } else { free };
            let bounded = explanation.outcome.limit.is_some_and(|_| (free.length() / top - 1.0).abs() > 1e-4);
            // The largest change of velocity holds for a change of speed too.
            let limit = explanation.outcome.limit.unwrap_or(f32::MAX);
            if bounded && velocity.distance(decided) > limit * 0.999 {
                assert!(velocity.distance(decided) < limit * 1.001, "{what}: {velocity} {decided}");
            } else if bounded {
                assert!(free.angle_to(decided).abs() < 1e-2, "{what}: {free} {decided}");
            } else {
                let tolerance = 1e-3 * (1.0 + top);
                assert!(expected.distance(decided) < tolerance, "{what}: {expected} {decided}");
            }
        }
        simulation.run(7);
    }
}

fn flock(config: BoidsConfig) -> Scene {
    Scene::new(&[("bird", 220)], config)
}

#[test]
fn what_is_told_is_what_the_kernel_decides_for_every_neighbourhood() {
    let plain = BoidsConfig { min_speed: Some(60.0), ..default() };
    for (what, config) in [
        ("metric", plain.clone()),
        ("metric, several radii", BoidsConfig { cohesion: Cohesion { radius: 80.0, weight: 0.7 }, ..plain.clone() }),
        ("topological", BoidsConfig { neighbourhood: Neighbourhood::Nearest(7), ..plain.clone() }),
        ("field of view", BoidsConfig { view_degrees: 200.0, ..plain.clone() }),
        (
            "topological with a field of view",
            BoidsConfig { neighbourhood: Neighbourhood::Nearest(3), view_degrees: 120.0, ..plain.clone() },
        ),
        ("per tick", BoidsConfig { min_speed: Some(1.0), ..BoidsConfig::classic() }),
        (
            "birds",
            BoidsConfig {
                model: FlockModel::AbmFrameworksComparison {
                    vision: 40.0,
                    speed: 1.0,
                    cohere: 0.03,
                    separation: 8.0,
                    separate: 0.015,
                    match_velocity: 0.05,
                },
                ..plain.clone()
            },
        ),
    ] {
        for edge in [Edge::Wrap, Edge::Bounce] {
            let mut scene = flock(config.clone());
            scene.world.edge = edge;
            check(&scene, 220, &format!("{what}, {edge:?}"));
        }
    }
}

#[test]
fn what_is_told_is_what_the_kernel_decides_with_everything_at_once() {
    check(&Scene::new(&[("starling", 120), ("crow", 80), ("hawk", 3), ("drone", 9)], everything()), 212, "everything");
}

#[test]
fn neighbours_are_those_within_reach_the_short_way_round() {
    let mut simulation = Scene::new(&[("bird", 4)], BoidsConfig::default()).start();
    place(&mut simulation, 0, Vec2::new(-299.0, 0.0), Vec2::X);
    place(&mut simulation, 1, Vec2::new(280.0, 0.0), Vec2::X);
    place(&mut simulation, 2, Vec2::new(-260.0, 0.0), Vec2::X);
    place(&mut simulation, 3, Vec2::ZERO, Vec2::X);
    let all = told(&simulation, 0);
    assert_eq!(all.perceived, [AgentId(1), AgentId(2)]);
    assert_eq!((all.senses.radius, all.senses.view_degrees), (Some(50.0), None));
    assert_eq!((all.activity.as_ref(), all.sentence.as_str()), ("Flocks", "flies with 2 others"));
    let separation = &all.terms[0];
    assert_eq!(separation.name, "Separation");
    assert_eq!(separation.meaning, "Away from the one closer than 25 units.");
    assert_eq!(separation.setting.as_deref(), Some("boids.separation.weight"));
    // The one behind, over the seam, pushes it forward.
    assert!(separation.value.vector().unwrap().x > 0.0);
    assert!(told(&simulation, 3).perceived.is_empty());

    simulation.world_mut().resource_mut::<BoidsConfig>().view_degrees = 90.0;
    assert_eq!(told(&simulation, 0).perceived, [AgentId(2)], "it sees ahead only, and at once");
}

#[test]
fn trades_are_told_apart() {
    let mut simulation = Scene::new(EVERYBODY, everything()).start();
    // Away from the obstacle in the middle.
    place(&mut simulation, 0, Vec2::new(200.0, 200.0), Vec2::X);
    place(&mut simulation, 500, Vec2::new(230.0, 200.0), Vec2::X);
    let starling = told(&simulation, 0);
    assert_eq!(starling.activity, "Flees");
    assert!(starling.sentence.starts_with("flees from hawk-500"), "{}", starling.sentence);
    assert!(starling.perceived.contains(&AgentId(500)));
    let hawk = told(&simulation, 500);
    assert_eq!(hawk.activity, "Hunts");
    assert!(hawk.terms.iter().any(|term| term.name == "Prey"));
    simulation.run(400);
    let drone = told(&simulation, 503);
    assert_eq!(drone.activity, "Keeps its slot", "{}", drone.sentence);
    assert!(drone.sentence.contains("slot in the V"), "{}", drone.sentence);
    let crows = (300..500).map(|crow| told(&simulation, crow));
    let following = crows.filter(|crow| crow.terms.iter().any(|term| term.name == "Leader")).count();
    let acting = (300..500).filter(|crow| told(&simulation, *crow).activity != "Has failed").count();
    assert_eq!(following, acting - 1, "all but the one that leads");
}

#[test]
fn who_cannot_act_decides_nothing_and_who_does_not_fly_is_left_to_others() {
    let mut simulation = Scene::new(&[("bird", 3)], BoidsConfig::default()).start();
    simulation.intervene(Kill { select: Selector::Ids(vec![AgentId(0)]), duration_s: None });
    simulation.intervene(Freeze { select: Selector::Ids(vec![AgentId(1)]), duration_s: None });
    simulation.run(1);
    assert_eq!(told(&simulation, 0).activity, "Has failed");
    assert_eq!(told(&simulation, 1).activity, "Is frozen");
    assert!(explain(simulation.world(), AgentId(77)).is_empty());
    let mut simulation = Scene::new(&[("bird", 3), ("rock", 1)], everything()).start();
    simulation.run(1);
    assert!(explain(simulation.world(), AgentId(3)).is_empty(), "nothing moves a rock");
}

#[test]
fn degraded_agents_are_told_with_their_health() {
    let mut simulation = Scene::new(&[("bird", 60)], BoidsConfig::default()).start();
    simulation.intervene(Degrade {
        select: Selector::Ids(vec![AgentId(0)]),
        health: 0.5,
        duration_s: None,
        ..default()
    });
    simulation.run(1);
    let explanation = told(&simulation, 0);
    assert!(explanation.terms.iter().any(|term| term.name == "Health" && term.value == Value::Number(0.5)));
    simulation.run(1);
    assert_eq!(simulation.world().resource::<FlockKernel>().decided(AgentId(0)), explanation.outcome.velocity);
}
