use agent2028_core::agent::{AgentGroup, AgentId};
use agent2028_core::selector::Selector;
use agent2028_network::NetworkPlugin;
use agent2028_network::config::{GossipConfig, GossipMode, NetworkConfig, TopologyConfig};
use agent2028_network::interventions::{Heal, Partition, TellRumour};

use super::*;
use crate::gossip::{self, GossipState, GossipView};
use crate::messages::{self, MessagesState, MessagesView};
use crate::network::{self, NetworkState, NetworkView};
use agent2028_kit::actions::Travel;

const PANEL: [f32; 2] = [700.0, 640.0];

/// Agents that gossip, `ticks` after one of them began a rumour.
pub(super) fn talking(count: u32, ticks: u64) -> Simulation {
    let mut app = app();
    for region in ["east", "west"] {
        let group = AgentGroup { name: region.into(), count: count / 2, region: region.into(), ..default() };
        app.world_mut().resource_mut::<AgentGroups>().add(group);
    }
    let rules = GossipConfig { mode: GossipMode::PushPull, ..default() };
    let topology = TopologyConfig::RandomRegular { degree: 6 };
    app.add_plugins(NetworkPlugin {
        config: NetworkConfig { topology, gossip: Some(rules), vector_clocks: count < 1000, ..default() },
    });
    for group in 0..2 {
        agent2028_core::agent::spawn_scene_group(app.world_mut(), agent2028_core::agent::GroupId(group)).unwrap();
    }
    let mut simulation = Simulation::new(std::mem::take(app.world_mut()));
    simulation.intervene(TellRumour { select: Selector::Ids(vec![AgentId(3)]), ..default() });
    simulation.run(ticks);
    simulation
}

fn network_panel(simulation: &Simulation) -> Harness<'_, PanelTest<NetworkState>> {
    panel_test(PANEL, NetworkState::default(), |ui, look, state, actions| {
        network::show(
            ui,
            look,
            &NetworkView { world: simulation.world(), generation: 0, selected: &[AgentId(1), AgentId(2)] },
            state,
            actions,
        );
    })
}

#[test]
fn a_scene_without_a_network_says_so() {
    let simulation = simulation(&[("bird", 5)]);
    assert!(says(&network_panel(&simulation), "Nobody talks in this scene"));
    let world = simulation.world();
    let harness = panel_test(PANEL, GossipState::default(), |ui, look, state, actions| {
        gossip::show(ui, look, &GossipView { world, tick: 0, agents: 5, tick_hz: 60.0 }, state, actions);
    });
    assert!(says(&harness, "No rumour yet"));
    let harness = panel_test(PANEL, MessagesState::default(), |ui, look, state, actions| {
        messages::show(ui, look, &MessagesView { world, tick: 0, selected: &[] }, state, actions);
    });
    assert!(says(&harness, "No message yet"));
}

#[test]
fn the_network_is_told_and_partitions_are_healed() {
    let mut simulation = talking(60, 90);
    simulation.intervene(Partition { select: Selector::InRegion("west".into()), duration_s: None });
    simulation.run(30);
    let mut harness = network_panel(&simulation);
    for text in [
        "Arrived",
        "Cut off",
        "Per agent",
        "Partition 0: 30 agents cut off",
        "Within east",
        "Known in west",
        "On bridges",
        "east \u{2013} west",
        "Measured",
        "Histogram of links per agent",
    ] {
        assert!(says(&harness, text), "{text}");
    }
    let actions = click(&mut harness, Role::Button, "Heal partition 0");
    assert_eq!(only::<Heal>(&actions), Heal { partition: Some(0) });
    let actions = click(&mut harness, Role::Button, "Cut off the selected");
    let cut = only::<Partition>(&actions);
    assert_eq!(cut.select, Selector::Ids(vec![AgentId(1), AgentId(2)]));
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn a_hundred_thousand_agents_are_counted_once_a_second() {
    let simulation = talking(100_000, 2);
    let harness = network_panel(&simulation);
    assert!(says(&harness, "100\u{202f}000") && says(&harness, "300\u{202f}000"));
}

#[test]
fn the_diagram_shows_what_goes_on_between_the_selected() {
    let simulation = talking(40, 120);
    let selected: Vec<AgentId> = (0..8).map(AgentId).collect();
    for selected in [&selected[..], &[], &selected[3..4]] {
        let harness = panel_test(PANEL, MessagesState::default(), |ui, look, state, actions| {
            let view = MessagesView { world: simulation.world(), tick: simulation.tick(), selected };
            messages::show(ui, look, &view, state, actions);
        });
        assert!(says(&harness, "Message diagram: ") && !says(&harness, "Message diagram: 0 "), "{selected:?}");
        assert_eq!(nameless(&harness), Vec::<String>::new());
    }
}

#[test]
fn a_rumour_is_played_back() {
    let simulation = talking(40, 240);
    let mut harness = panel_test(PANEL, GossipState::default(), |ui, look, state, actions| {
        let view = GossipView { world: simulation.world(), tick: simulation.tick(), agents: 40, tick_hz: 60.0 };
        gossip::show(ui, look, &view, state, actions);
    });
    assert!(says(&harness, "Rumour 0: hear, hear") && says(&harness, "40 of 40") && says(&harness, "heard it from"));
    let actions = click(&mut harness, Role::Button, "Select those who had heard it");
    assert!(matches!(&actions[..], [Action::Select(agents)] if agents.len() == 40), "{actions:?}");
    harness.state_mut().state.until = Some(1);
    harness.run_steps(2);
    let actions = click(&mut harness, Role::Button, "Select those who had heard it");
    assert!(matches!(&actions[..], [Action::Select(agents)] if agents[..] == [AgentId(3)]), "{actions:?}");
    let actions = click(&mut harness, Role::Button, "Go to that tick");
    assert!(matches!(&actions[..], [Action::Time(Travel::Seek(1))]), "{actions:?}");
    assert_eq!(nameless(&harness), Vec::<String>::new());
}
