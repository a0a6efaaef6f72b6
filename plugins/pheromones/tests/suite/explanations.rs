//! An explanation says what a forager does: its heading to the bit, its turns as a sum, its choices with their chances.

use agent2028_core::agent::{AgentId, AgentIndex};
use agent2028_core::explain::{Explanation, Value, explain};
use agent2028_core::faults::Kill;
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_pheromones::config::{CorridorConfig, ForagingConfig, Homing, Steering, WallConfig};
use agent2028_pheromones::forager::{Activity, Forager};
use agent2028_pheromones::interventions::PaintPheromone;
use bevy::math::ops;
use bevy::prelude::*;

use crate::scene::{Scene, foragers, place};

fn told(simulation: &Simulation, agent: u32) -> Explanation {
    let mut all = explain(simulation.world(), AgentId(agent));
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn forager(simulation: &mut Simulation, agent: u32) -> Mut<'_, Forager> {
    let entity = simulation.world().resource::<AgentIndex>().get(AgentId(agent)).unwrap();
    simulation.world_mut().get_mut::<Forager>(entity).unwrap()
}

/// Degrees from one heading to another, to the left if positive.
fn turn(from: Vec2, to: Vec2) -> f32 {
    from.angle_to(to).to_degrees()
}

#[test]
fn what_is_told_is_what_foragers_do_whatever_leads_them() {
    for (steering, homing, wander_deg) in [
        (Steering::Antennae, Homing::Compass, 60.0),
        (Steering::Gradient, Homing::Compass, 60.0),
        (Steering::Antennae, Homing::Trail("food".into()), 60.0),
        (Steering::Antennae, Homing::Compass, 0.0),
    ] {
        let mut scene = Scene::ants();
        let rules =
            ForagingConfig { steering, homing, wander_deg, rest_s: 0.5, patience_s: 8.0, ..scene.foraging().clone() };
        *scene.foraging() = rules;
        let mut simulation = scene.start();
        let mut seen = Vec::new();
        for _ in 0..80 {
            let hash = simulation.state_hash();
            let before: Vec<(Vec2, Explanation)> = foragers(&mut simulation)
                .into_iter()
                .map(|(agent, _, forager)| (forager.heading, told(&simulation, agent.0)))
                .collect();
            assert_eq!(hash, simulation.state_hash(), "explaining changes nothing");
            simulation.run(1);
            for ((heading, explanation), (agent, _, forager)) in before.iter().zip(foragers(&mut simulation)) {
                seen.push(explanation.activity.to_string());
                let velocity = explanation.outcome.velocity.unwrap();
                // Who picks up or delivers in the tick turns around after it has decided; who rests has no speed.
                let turned_around = forager.heading.dot(velocity) < 0.0 && forager.since_s == 0.0;
                if velocity == Vec2::ZERO || turned_around {
                    continue;
                }
                assert_eq!(forager.heading * 30.0, velocity, "{agent:?}: {}", explanation.sentence);
                let turns: f64 = explanation
                    .terms
                    .iter()
                    .filter_map(|term| match &term.contribution {
                        Some(Value::Number(degrees)) => Some(*degrees),
                        _ => None,
                    })
                    .sum();
                let off = ops::rem_euclid(turns as f32 - turn(*heading, forager.heading), 360.0);
                assert!(off.min(360.0 - off) < 0.05, "{agent:?}: {turns} of {}", turn(*heading, forager.heading));
            }
            simulation.run(10);
        }
        for activity in ["Rests", "Explores", "Heads for food", "Follows scent", "Carries"] {
            assert!(seen.iter().any(|seen| seen == activity), "{activity} is missing");
        }
    }
}

#[test]
fn antennae_are_told_with_what_they_smell_and_the_choice_between_them() {
    let mut scene = Scene::ants();
    scene.foraging().outward = 0.0;
    let mut simulation = scene.start();
    place(&mut simulation, 0, Vec2::new(-100.0, 0.0));
    forager(&mut simulation, 0).heading = Vec2::X;
    // The left antenna's tip lies 15 units away, 40° to the left.
    simulation.intervene(PaintPheromone {
        layer: "food".into(),
        center: Vec2::new(-88.5, 9.6),
        radius: 3.0,
        amount: 0.8,
        ..Default::default()
    });
    simulation.run(1);
    place(&mut simulation, 0, Vec2::new(-100.0, 0.0));
    forager(&mut simulation, 0).heading = Vec2::X;
    let explanation = told(&simulation, 0);
    assert_eq!(explanation.activity, "Follows scent");
    assert_eq!(explanation.sentence, "follows the food trail");
    assert_eq!(explanation.senses.points.len(), 3);
    let value = |name: &str| explanation.terms.iter().find(|term| term.name == name).unwrap().value.magnitude();
    assert!(value("Left antenna") > 0.5 && value("Antenna ahead") == 0.0 && value("Right antenna") == 0.0);
    let chances: Vec<(f64, bool)> =
        explanation.choices.iter().map(|choice| (choice.probability, choice.taken)).collect();
    assert_eq!(chances, [(1.0, true), (0.0, false), (0.0, false)]);
    let turn = explanation.terms.iter().find(|term| term.name == "Turn by scent").unwrap();
    assert!((turn.value.magnitude() - 18.0).abs() < 1e-3, "360°/s over a twentieth of a second");
    assert_eq!(turn.setting.as_deref(), Some("pheromones.foraging[0].turn_deg_per_s"));
}

#[test]
fn loads_marks_and_walls_are_told() {
    let mut scene = Scene::ants();
    scene.pheromones.walls =
        vec![WallConfig { points: vec![Vec2::new(-80.0, -50.0), Vec2::new(-80.0, 50.0)], closed: false }];
    let mut simulation = scene.start();
    simulation.run(1);
    place(&mut simulation, 0, Vec2::new(-90.0, 0.0));
    let mut carrier = forager(&mut simulation, 0);
    (carrier.activity, carrier.carried, carrier.heading) = (Activity::Carry, 0.75, Vec2::X);
    let explanation = told(&simulation, 0);
    assert_eq!(explanation.activity, "Carries");
    assert_eq!(explanation.sentence, "carries 0.75 units of food home, straight");
    let value = |name: &str| explanation.terms.iter().find(|term| term.name == name).unwrap().value.magnitude();
    assert_eq!((value("Load"), value("Mark")), (0.75, 2.0));
    assert!((value("Wall ahead") - 10.0).abs() < 0.5);
    assert!((value("Way to the nest") - 90.0).abs() < 1e-3);
}

#[test]
fn confined_foragers_are_told_with_the_chances_at_the_next_fork() {
    let mut scene = Scene::ants();
    scene.pheromones.corridors = [[(-40.0, 0.0), (0.0, 0.0)], [(0.0, 0.0), (40.0, 20.0)], [(0.0, 0.0), (40.0, -20.0)]]
        .map(|path| CorridorConfig { points: path.map(Vec2::from).to_vec(), ..default() })
        .to_vec();
    scene.foraging().confined = true;
    scene.foraging().choice.k = 1.0;
    let mut simulation = scene.start();
    simulation.run(1);
    // A mark where the upper branch is smelled.
    simulation.intervene(PaintPheromone {
        layer: "food".into(),
        center: Vec2::new(13.4, 6.7),
        radius: 3.0,
        amount: 1.0,
        ..Default::default()
    });
    simulation.run(1);
    let agent = foragers(&mut simulation)
        .into_iter()
        .find(|(.., forager)| forager.on.is_some_and(|on| on.corridor == 0 && on.onward))
        .map(|(agent, ..)| agent.0)
        .unwrap();
    let explanation = told(&simulation, agent);
    let chances: Vec<f64> = explanation.choices.iter().map(|choice| choice.probability).collect();
    assert_eq!(chances.len(), 2);
    assert!((chances.iter().sum::<f64>() - 1.0).abs() < 1e-6);
    assert!(chances[0] > 0.7, "(1 + 1)² : (1 + 0)²: {chances:?}");
    assert!(explanation.outcome.sentence.starts_with("walks on to the next fork"));
}

#[test]
fn who_has_failed_decides_nothing_and_the_first_tick_is_explained_too() {
    let mut simulation = Scene::ants().start();
    assert_eq!(told(&simulation, 5).activity, "Explores");
    simulation.intervene(Kill { select: Selector::Ids(vec![AgentId(5)]), duration_s: None });
    simulation.run(1);
    assert_eq!(told(&simulation, 5).activity, "Has failed");
}
