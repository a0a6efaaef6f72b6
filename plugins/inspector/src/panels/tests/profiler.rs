use agent2028_core::profiler;

use super::*;
use crate::panels::profiler::{self as panel, FrameCost, Page, ProfilerState, ProfilerView};

const PANEL: [f32; 2] = [900.0, 420.0];

/// The panel over a simulation that runs two ticks in every frame.
fn measured<'a>(simulation: &'a mut Simulation, measuring: bool) -> Harness<'a, PanelTest<ProfilerState>> {
    let mut state = ProfilerState::default();
    state.measuring = measuring;
    let mut harness = panel_test(PANEL, state, move |ui, look, state, actions| {
        if state.wanted {
            profiler::start(simulation.world_mut()).unwrap();
        }
        simulation.run(2);
        let frame = FrameCost { total: 0.05, simulation: 0.02, interface: 0.01, world: 0.005 };
        panel::show(ui, look, &ProfilerView { world: simulation.world(), frame }, state, actions);
    });
    harness.run_steps(8);
    harness
}

#[test]
fn nothing_is_measured_until_somebody_asks() {
    let mut simulation = simulation(&[("bird", 50)]);
    let mut harness = measured(&mut simulation, false);
    assert!(says(&harness, "Nothing is being measured") && !harness.state().state.wanted);
    click(&mut harness, Role::Button, "Measure");
    assert!(harness.state().state.measuring && harness.state().state.wanted);
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn time_is_told_by_phase_plugin_and_system() {
    let mut simulation = simulation(&[("bird", 50)]);
    let mut harness = measured(&mut simulation, true);
    for text in [
        "Intervene",
        "Observe",
        "Core",
        "observe_agents",
        "apply_due",
        "World",
        "Drawing and waiting",
        "ticks in the last",
    ] {
        assert!(says(&harness, text), "{text}");
    }
    let head = harness.get_by(|node| node.label().is_some_and(|name| name.starts_with("Intervene: ")));
    head.click();
    harness.run_steps(3);
    assert!(!says(&harness, "apply_due") && says(&harness, "observe_agents"), "a phase folds up");
    let actions = click(&mut harness, Role::Button, "Copy the table");
    let [Action::Copy(text)] = &actions[..] else { panic!("{actions:?}") };
    assert!(text.starts_with("phase\tplugin\tsystem\tmean_us\tmax_us\tshare\nStart\tagent2028_core\t"), "{text}");
}

#[test]
fn memory_is_told_by_plugin_and_component() {
    let mut simulation = simulation(&[("bird", 100_000)]);
    let mut harness = measured(&mut simulation, false);
    harness.state_mut().state.page = Page::Memory;
    harness.run_steps(2);
    for text in ["In all", "Position", "Velocity", "100\u{202f}000", "B each"] {
        assert!(says(&harness, text), "{text}");
    }
    let actions = click(&mut harness, Role::Button, "Save the table as CSV");
    let [Action::SaveFile(file)] = &actions[..] else { panic!("{actions:?}") };
    assert!(String::from_utf8(file.bytes.clone()).unwrap().contains("agent2028_core,agent::Position,100000,"));
}
