//! The list of all settings.

use agent2028_core::faults::SetParam;
use agent2028_core::params::set_live;
use agent2028_core::reflect_path::ParamValue;

use super::*;
use crate::panels::parameters::SceneValues;
use crate::panels::settings::{SettingFacts, SettingsCache, SettingsState, show};

fn facts(simulation: &Simulation, values: &SceneValues) -> Vec<SettingFacts> {
    SettingsCache::default().follow(0, simulation.tick(), simulation.world(), values).to_vec()
}

fn panel<'a>(facts: Vec<SettingFacts>) -> Harness<'a, PanelTest<SettingsState>> {
    panel_test([320.0, 500.0], SettingsState::default(), move |ui, look, state, actions| {
        show(ui, look, &facts, None, state, actions);
    })
}

fn values(simulation: &Simulation) -> SceneValues {
    let mut values = SceneValues::default();
    values.follow(simulation);
    values
}

#[test]
fn without_settings_it_says_so() {
    let harness = panel(Vec::new());
    assert!(says(&harness, "This simulation has no settings"));
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn every_setting_is_listed_found_and_put_back() {
    let mut simulation = simulation(&[("bird", 3)]);
    let values = values(&simulation);
    set_live(simulation.world_mut(), "world.size.x", &ParamValue::Number(640.0)).unwrap();
    let facts = facts(&simulation, &values);
    assert!(facts.iter().any(|facts| facts.setting.path == "world.edge" && !facts.changed()));
    let mut harness = panel(facts);
    for text in ["World · Size", "Changed 1", "world.size.x", "world.edge"] {
        assert!(says(&harness, text), "{text}");
    }
    assert_eq!(nameless(&harness), Vec::<String>::new());
    let reset: SetParam = only(&click(&mut harness, Role::Button, "Reset world.size.x"));
    assert_eq!((reset.path.as_str(), reset.value), ("world.size.x", ParamValue::Number(1000.0)));
    click(&mut harness, Role::CheckBox, "Changed 1");
    assert!(says(&harness, "world.size.x") && !says(&harness, "world.edge"));
    harness.state_mut().state.search = "no such thing".into();
    harness.run_steps(2);
    assert!(says(&harness, "Everything is as the scene says"));
}

#[test]
fn what_was_refused_is_told_until_something_is_set() {
    let mut simulation = simulation(&[("bird", 3)]);
    let values = values(&simulation);
    let mut cache = SettingsCache::default();
    let mut refused = |simulation: &mut Simulation, value: f64| {
        simulation.intervene(SetParam { path: "world.size.x".into(), value: ParamValue::Number(value) });
        simulation.run(1);
        cache.follow(0, simulation.tick(), simulation.world(), &values);
        cache.refused().map(str::to_owned)
    };
    let told = refused(&mut simulation, -5.0).unwrap();
    assert!(told.starts_with("world.size.x was refused: "), "{told}");
    assert_eq!(refused(&mut simulation, 500.0), None);
}

#[test]
fn going_back_in_time_keeps_what_the_scene_said() {
    let mut simulation = simulation(&[("bird", 3)]);
    let mut values = values(&simulation);
    simulation.run(2);
    set_live(simulation.world_mut(), "world.size.x", &ParamValue::Number(640.0)).unwrap();
    let later = simulation.checkpoint();
    simulation.restore(&later).unwrap();
    values.follow(&simulation);
    let facts = facts(&simulation, &values);
    assert!(facts.iter().any(|facts| facts.setting.path == "world.size.x" && facts.changed()));
}
