use agent2028_core::agent::{AgentGroup, AgentId};
use agent2028_operations::config::{Poisson, Workload};
use agent2028_operations::{OperationsConfig, OperationsPlugin, Strategy};
use agent2028_trust::{TrustConfig, TrustPlugin, Way};

use super::*;
use crate::trust::{self, TrustState, TrustView};

const PANEL: [f32; 2] = [1100.0, 640.0];

/// Peers that serve each other, `ticks` after they began.
pub(super) fn trusting(count: u32, per_second: f64, ticks: u64) -> Simulation {
    let mut app = app();
    let asked = Poisson { capability: "file.read".into(), per_second, ..default() };
    let config = OperationsConfig { strategy: Strategy::Random, workload: vec![Workload::Poisson(asked)], ..default() };
    app.add_plugins(OperationsPlugin { config, ..default() });
    app.add_plugins(TrustPlugin { config: TrustConfig { isolate_below: Some(0.2), ..default() }, ..default() });
    for (name, share, reliability) in [("good", 0.8, 0.95), ("bad", 0.2, 0.05)] {
        let capabilities = vec!["file.read".into()];
        let count = (f64::from(count) * share) as u32;
        let group = AgentGroup { name: name.into(), count, reliability, max_concurrency: 8, capabilities, ..default() };
        let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
        agent2028_core::agent::spawn_scene_group(app.world_mut(), group).unwrap();
    }
    let mut simulation = Simulation::new(std::mem::take(app.world_mut()));
    simulation.run(ticks);
    simulation
}

fn panel<'a>(
    simulation: &'a Simulation,
    selected: &'a [AgentId],
    size: [f32; 2],
) -> Harness<'a, PanelTest<TrustState>> {
    panel_test(size, TrustState::default(), move |ui, look, state, actions| {
        let (world, tick) = (simulation.world(), simulation.tick());
        let view = TrustView { world, generation: 0, tick, tick_hz: 60.0, selected };
        trust::show(ui, look, &view, state, actions);
    })
}

#[test]
fn a_scene_without_trust_says_so() {
    let simulation = simulation(&[("bird", 5)]);
    assert!(says(&panel(&simulation, &[], PANEL), "Nobody keeps trust in this scene"));
    let fresh = trusting(20, 0.0, 1);
    assert!(says(&panel(&fresh, &[], PANEL), "Nobody knows anybody yet"));
}

#[test]
fn the_graph_is_drawn_and_an_agent_is_explained() {
    let simulation = trusting(30, 200.0, 300);
    for size in [PANEL, [360.0, 640.0]] {
        let harness = panel(&simulation, &[], size);
        for text in ["Graph of trust: ", "Pairs", "Ratings", "Select an agent"] {
            assert!(says(&harness, text), "{text}");
        }
        assert!(!says(&harness, "Graph of trust: 0 "));
        assert_eq!(nameless(&harness), Vec::<String>::new());
    }
    let harness = panel(&simulation, &[AgentId(27)], PANEL);
    for text in
        ["Reputation", "At least", "Given no work for lack of trust", "Last ratings", "failure", "Score of what was"]
    {
        assert!(says(&harness, text), "{text}");
    }
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn one_asks_how_far_it_may_trust_another() {
    let simulation = trusting(12, 200.0, 600);
    let selected = [AgentId(0), AgentId(3)];
    let mut harness = panel(&simulation, &selected, PANEL);
    assert!(says(&harness, "good-0 in good-3") && says(&harness, "Product") && says(&harness, "good-0 \u{2192} "));
    click(&mut harness, Role::Button, "The other way round");
    assert!(says(&harness, "good-3 in good-0"));
    for (way, text) in [(Way::AllPaths, "Uncertainty"), (Way::MaxFlow, "it is accepted")] {
        harness.state_mut().state.way = way;
        harness.run_steps(2);
        assert!(says(&harness, text), "{text}");
        assert_eq!(nameless(&harness), Vec::<String>::new());
    }
}

#[test]
fn a_hundred_thousand_agents_are_drawn_as_those_with_the_most_experience() {
    let simulation = trusting(100_000, 30_000.0, 30);
    let harness = panel(&simulation, &[], PANEL);
    assert!(says(&harness, "Graph of trust: 120 agents") || says(&harness, "Graph of trust: "));
}
