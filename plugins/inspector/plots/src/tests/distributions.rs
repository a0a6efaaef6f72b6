use agent2028_core::agent::{AgentId, AgentIndex, Velocity};

use super::*;
use crate::distributions::{self, Chart, DistributionsState, DistributionsView};

const PANEL: [f32; 2] = [900.0, 320.0];

/// Ants and birds; each agent is as fast as its number says.
fn flock(count: u32) -> Simulation {
    let mut simulation = simulation(&[("ant", count / 2), ("bird", count - count / 2)]);
    let world = simulation.world_mut();
    let agents: Vec<(AgentId, Entity)> = world.resource::<AgentIndex>().iter().collect();
    for (agent, entity) in agents {
        world.get_mut::<Velocity>(entity).unwrap().0 = Vec2::X * agent.0 as f32;
    }
    simulation
}

fn shown<'a>(
    simulation: &'a Simulation,
    selected: &'a [AgentId],
    change: fn(&mut DistributionsState),
) -> Harness<'a, PanelTest<DistributionsState>> {
    let mut state = DistributionsState::default();
    change(&mut state);
    panel_test(PANEL, state, move |ui, look, state, actions| {
        let view = DistributionsView { world: simulation.world(), generation: 0, tick: simulation.tick(), selected };
        distributions::show(ui, look, &view, state, actions);
    })
}

fn saved(harness: &mut Harness<'_, PanelTest<DistributionsState>>) -> String {
    match &click(harness, Role::Button, "Save the numbers as CSV")[..] {
        [Action::SaveFile(file)] => String::from_utf8(file.bytes.clone()).unwrap(),
        other => panic!("not one file: {other:?}"),
    }
}

fn drag(harness: &mut Harness<'_, PanelTest<DistributionsState>>, from: egui::Pos2, to: egui::Pos2) -> Vec<Action> {
    let button = |pos, pressed| egui::Event::PointerButton {
        pos,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: egui::Modifiers::NONE,
    };
    harness.event(egui::Event::PointerMoved(from));
    harness.event(button(from, true));
    harness.run_steps(1);
    for share in [0.3, 0.7, 1.0] {
        harness.event(egui::Event::PointerMoved(from + (to - from) * share));
        harness.run_steps(1);
    }
    harness.event(button(to, false));
    harness.run_steps(2);
    harness.state_mut().actions.take()
}

#[test]
fn a_histogram_counts_every_agent_once() {
    let simulation = flock(100);
    let mut harness = shown(&simulation, &[], |_| {});
    for text in ["Agents", "Mean", "49.500", "Median", "49", "units/s"] {
        assert!(says(&harness, text), "{text}");
    }
    assert!(harness.query_by_role_and_label(Role::Image, "Histogram of speed").is_some());
    let text = saved(&mut harness);
    assert_eq!(text.lines().next(), Some("from,to,ant,bird"));
    let counts =
        text.lines().skip(1).flat_map(|line| line.split(',').skip(2).map(|count| count.parse::<u32>().unwrap()));
    assert_eq!(counts.sum::<u32>(), 100);
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn bins_are_chosen_and_kinds_have_their_own() {
    let simulation = flock(100);
    let mut harness = shown(&simulation, &[], |state| (state.bins, state.by_group) = (Some(4), false));
    assert_eq!(saved(&mut harness).lines().nth(1), Some("0,24.75,25"));
    harness.state_mut().state.x = "group".into();
    harness.run_steps(2);
    assert_eq!(saved(&mut harness).lines().skip(1).collect::<Vec<_>>(), ["-0.5,0.5,50", "0.5,1.5,50"]);
}

#[test]
fn a_bar_selects_its_agents() {
    let simulation = flock(100);
    let mut harness = shown(&simulation, &[], |state| state.bins = Some(10));
    let chart = harness.get_by_role_and_label(Role::Image, "Histogram of speed").rect();
    let at = egui::pos2(chart.left() + chart.width() * 0.999, chart.center().y);
    let [Action::Select(agents)] = &drag(&mut harness, at, at + egui::vec2(-20.0, 0.0))[..] else {
        panic!("a selection")
    };
    assert_eq!(agents.last(), Some(&AgentId(99)));
    assert!((5..=20).contains(&agents.len()), "{}", agents.len());
}

#[test]
fn a_box_in_the_scatter_plot_selects_the_agents_in_it() {
    let simulation = flock(100);
    let mut harness = shown(&simulation, &[], |state| {
        state.chart = Chart::Scatter;
        (state.x, state.y) = ("id".into(), "speed".into());
    });
    assert!(says(&harness, "1.000"), "they lie on a line");
    let chart = harness.get_by_role_and_label(Role::Image, "Scatter plot of speed against id").rect();
    let middle = chart.center();
    let [Action::Select(agents)] = &drag(&mut harness, middle, chart.right_top() + egui::vec2(-1.0, 1.0))[..] else {
        panic!("a selection")
    };
    assert!((45..=55).contains(&agents.len()), "{}", agents.len());
    assert_eq!(agents.last(), Some(&AgentId(99)));
    assert_eq!(saved(&mut harness).lines().nth(2), Some("1,1,1,0"));
}

#[test]
fn only_selected_agents_are_looked_at_if_asked() {
    let simulation = flock(100);
    let selected = [AgentId(3), AgentId(60), AgentId(61)];
    let mut harness = shown(&simulation, &selected, |state| (state.only_selected, state.bins) = (true, Some(1)));
    assert_eq!(saved(&mut harness).lines().nth(1), Some("3,61,1,2"));
    let none = shown(&simulation, &[], |state| state.only_selected = true);
    assert!(says(&none, "No agent has such a value now"));
}

#[test]
fn a_million_agents_are_shown_as_density_and_read_at_intervals_only() {
    let simulation = flock(1_000_000);
    let mut harness = shown(&simulation, &[], |state| {
        state.chart = Chart::Scatter;
        (state.x, state.y, state.color) = ("x".into(), "y".into(), Some("speed".into()));
    });
    assert!(says(&harness, "1\u{202f}000\u{202f}000"));
    harness.state_mut().state.chart = Chart::Histogram;
    harness.state_mut().state.logarithmic = true;
    harness.run_steps(2);
    assert!(harness.query_by_role_and_label(Role::Image, "Histogram of x").is_some());
}
