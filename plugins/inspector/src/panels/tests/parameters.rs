use std::collections::BTreeMap;

use agent2028_core::check::{Check, Problems, Range, Unit};
use agent2028_core::faults::SetParam;
use agent2028_core::params::{AddSection, Param, Params, set_live};
use agent2028_core::reflect_path::ParamValue;
use egui_kittest::kittest::NodeT as _;
use section::Demo;

use super::*;
use crate::panels::parameters::{ParamFacts, ParametersState, SceneValues, gather, show};

/// A section with a field of every kind, as a plugin would have it.
mod section {
    use super::*;
    use serde::{Deserialize, Serialize};

    #[derive(Resource, Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
    #[reflect(Resource, Default)]
    pub struct Demo {
        /// How strongly they keep apart.
        #[reflect(@Range::new(0.0, 5.0), @Unit("1/s"))]
        pub weight: f32,
        /// Whether they do.
        pub on: bool,
        /// What it is called.
        pub name: String,
        /// Whose word counts.
        pub word: Word,
    }

    #[derive(Clone, Copy, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
    #[reflect(Default)]
    pub enum Word {
        #[default]
        Everybodys,
        Founders,
    }

    impl Default for Demo {
        fn default() -> Self {
            Self { weight: 1.5, on: true, name: "first".into(), word: Word::Everybodys }
        }
    }

    impl Check for Demo {
        fn check(&self, _: &str, _: &mut Problems) {}
    }
}

fn demo() -> Simulation {
    let mut app = app();
    app.init_resource::<Demo>().add_section::<Demo>("demo");
    let param = |path: &str| Param { path: path.into(), ..default() };
    app.insert_resource(Params(BTreeMap::from([
        ("keep_apart".into(), param("demo.weight")),
        ("active".into(), param("demo.on")),
        ("title".into(), param("demo.name")),
        ("word".into(), param("demo.word")),
    ])));
    Simulation::new(std::mem::take(app.world_mut()))
}

struct Sliders {
    simulation: Simulation,
    values: SceneValues,
    state: ParametersState,
    playing: bool,
}

impl Sliders {
    fn new(simulation: Simulation, playing: bool) -> Self {
        let mut values = SceneValues::default();
        values.follow(&simulation);
        Self { simulation, values, state: ParametersState::default(), playing }
    }
}

fn sliders<'a>(simulation: Simulation, playing: bool) -> Harness<'a, PanelTest<Sliders>> {
    panel_test([260.0, 400.0], Sliders::new(simulation, playing), |ui, look, sliders, actions| {
        let facts = gather(sliders.simulation.world(), &sliders.values);
        show(ui, look, &facts, sliders.playing, &mut sliders.state, actions);
    })
}

fn facts(simulation: &Simulation, values: &SceneValues, name: &str) -> ParamFacts {
    gather(simulation.world(), values).into_iter().find(|facts| facts.name == name).unwrap()
}

#[test]
fn fields_tell_their_unit_range_and_documentation() {
    let simulation = demo();
    let mut values = SceneValues::default();
    values.follow(&simulation);
    let facts = facts(&simulation, &values, "keep_apart");
    assert_eq!((facts.label.as_str(), facts.unit.as_str()), ("Keep apart", "1/s"));
    assert_eq!((facts.range, facts.step), ((0.0, 5.0), 0.05));
    assert_eq!(facts.help, "How strongly they keep apart.");
    assert_eq!(facts.value, Ok(ParamValue::Number(1.5)));
    assert_eq!(facts.scene_value, Some(ParamValue::Number(1.5)));
}

#[test]
fn a_scene_without_parameters_says_what_would_be_here() {
    let harness = sliders(simulation(&[]), true);
    assert!(says(&harness, "names no parameters"));
    assert!(harness.query_by_role(Role::Slider).is_none());
}

#[test]
fn every_parameter_has_its_widget_by_name() {
    let harness = sliders(demo(), true);
    harness.get_by_role_and_label(Role::Slider, "Keep apart");
    harness.get_by_role_and_label(Role::SpinButton, "Keep apart value");
    harness.get_by_role_and_label(Role::CheckBox, "Active");
    harness.get_by_role_and_label(Role::TextInput, "Title");
    harness.get_by_role_and_label(Role::ComboBox, "Word");
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn an_arrow_key_moves_a_slider_by_its_step() {
    let mut harness = sliders(demo(), true);
    harness.get_by_role_and_label(Role::Slider, "Keep apart").focus();
    harness.run_steps(2);
    harness.key_press(egui::Key::ArrowRight);
    harness.run_steps(2);
    let set: SetParam = only(&harness.state_mut().actions.take());
    assert_eq!(set.path, "keep_apart");
    assert!((set.value.number().unwrap() - 1.55).abs() < 1e-6, "{set:?}");
}

/// Presses the slider at a share of its length, moves to another, and releases; returns what was asked for at each step.
fn drag(harness: &mut Harness<'_, PanelTest<Sliders>>, from: f32, to: f32) -> [Vec<Action>; 3] {
    let rect = harness.get_by_role_and_label(Role::Slider, "Keep apart").rect();
    let at = |share: f32| egui::pos2(rect.left() + rect.width() * share, rect.center().y);
    let take = |harness: &mut Harness<'_, PanelTest<Sliders>>| {
        harness.run_steps(2);
        harness.state_mut().actions.take()
    };
    harness.drag_at(at(from));
    let pressed = take(harness);
    harness.hover_at(at(to));
    let moved = take(harness);
    harness.drop_at(at(to));
    [pressed, moved, take(harness)]
}

#[test]
fn while_playing_a_drag_takes_effect_as_it_moves() {
    let mut harness = sliders(demo(), true);
    let [pressed, moved, _] = drag(&mut harness, 0.5, 0.8);
    let middle: SetParam = only(&pressed);
    let later: SetParam = only(&moved);
    assert!((middle.value.number().unwrap() - 2.5).abs() < 0.3, "{middle:?}");
    assert!((later.value.number().unwrap() - 4.0).abs() < 0.3, "{later:?}");
}

#[test]
fn while_paused_a_drag_is_one_intervention_when_it_ends() {
    let mut harness = sliders(demo(), false);
    let [pressed, moved, released] = drag(&mut harness, 0.5, 0.8);
    assert_eq!((pressed, moved), (vec![], vec![]));
    let set: SetParam = only(&released);
    assert!((set.value.number().unwrap() - 4.0).abs() < 0.3, "{set:?}");
}

#[test]
fn check_boxes_and_text_set_their_values() {
    let mut harness = sliders(demo(), true);
    let set: SetParam = only(&click(&mut harness, Role::CheckBox, "Active"));
    assert_eq!((set.path.as_str(), set.value), ("active", ParamValue::Bool(false)));
    let text = harness.get_by_role_and_label(Role::TextInput, "Title");
    text.click();
    harness.run_steps(2);
    harness.get_by_role_and_label(Role::TextInput, "Title").type_text("!");
    harness.run_steps(2);
    harness.key_press(egui::Key::Enter);
    harness.run_steps(2);
    let set: SetParam = only(&harness.state_mut().actions.take());
    assert_eq!(set.path, "title");
    assert!(set.value.to_ron().contains('!'), "{set:?}");
}

#[test]
fn a_choice_is_made_from_its_names() {
    let simulation = demo();
    let mut values = SceneValues::default();
    values.follow(&simulation);
    assert_eq!(facts(&simulation, &values, "word").choices, ["Everybodys", "Founders"]);
    assert!(facts(&simulation, &values, "title").choices.is_empty());
    let mut harness = sliders(simulation, true);
    harness.get_by_role_and_label(Role::ComboBox, "Word").click();
    harness.run_steps(2);
    harness.get_by_label("Founders").click();
    harness.run_steps(2);
    let set: SetParam = only(&harness.state_mut().actions.take());
    assert_eq!((set.path.as_str(), set.value.to_ron().as_str()), ("word", "Founders"));
}

#[test]
fn a_value_that_waits_is_shown_and_a_changed_one_can_be_reset() {
    let mut simulation = demo();
    let mut values = SceneValues::default();
    values.follow(&simulation);
    assert_eq!(simulation.world_mut().resource::<Demo>().weight, 1.5);
    simulation.intervene(SetParam { path: "keep_apart".into(), value: ParamValue::Number(3.0) });
    assert_eq!(facts(&simulation, &values, "keep_apart").waiting, Some(ParamValue::Number(3.0)));
    simulation.run(1);
    let now = facts(&simulation, &values, "keep_apart");
    assert_eq!((now.waiting, now.value), (None, Ok(ParamValue::Number(3.0))));

    let mut harness = panel_test([260.0, 400.0], Sliders { simulation, values, state: default(), playing: true }, {
        |ui, look, sliders: &mut Sliders, actions| {
            let facts = gather(sliders.simulation.world(), &sliders.values);
            show(ui, look, &facts, sliders.playing, &mut sliders.state, actions);
        }
    });
    let set: SetParam = only(&click(&mut harness, Role::Button, "Reset Keep apart"));
    assert_eq!(set.value, ParamValue::Number(1.5));
    assert!(harness.query_by_role_and_label(Role::Button, "Reset Active").is_none());
}

#[test]
fn the_scenes_values_survive_going_back_in_time() {
    let mut simulation = demo();
    let mut values = SceneValues::default();
    values.follow(&simulation);
    simulation.run(3);
    let checkpoint = simulation.checkpoint();
    simulation.intervene(SetParam { path: "keep_apart".into(), value: ParamValue::Number(3.0) });
    simulation.run(1);
    let later = simulation.checkpoint();
    simulation.restore(&checkpoint).unwrap();
    values.follow(&simulation);
    simulation.restore(&later).unwrap();
    values.follow(&simulation);
    assert_eq!(facts(&simulation, &values, "keep_apart").scene_value, Some(ParamValue::Number(1.5)));
}

#[test]
fn a_parameter_that_leads_nowhere_says_why() {
    let mut simulation = demo();
    simulation
        .world_mut()
        .resource_mut::<Params>()
        .0
        .insert("lost".into(), Param { path: "demo.wieght".into(), ..default() });
    let harness = sliders(simulation, true);
    assert!(says(&harness, "did you mean \"weight\"?"));
}

#[test]
fn hundreds_of_parameters_with_long_names_are_all_there() {
    let mut simulation = demo();
    for number in 0..300 {
        let name = format!("a_parameter_with_a_rather_long_name_that_does_not_fit_{number}");
        let param = Param { path: "demo.weight".into(), unit: "quite_long_units/s".into(), ..default() };
        simulation.world_mut().resource_mut::<Params>().0.insert(name, param);
    }
    set_live(simulation.world_mut(), "demo.weight", &ParamValue::Number(4.0)).unwrap();
    let harness = sliders(simulation, true);
    assert_eq!(harness.query_all_by_role(Role::Slider).count(), 301);
    for node in harness.query_all_by_role(Role::Slider) {
        assert!(node.rect().right() <= 260.0, "a slider is wider than its dock: {:?}", node.rect());
        assert!((node.accesskit_node().numeric_value().unwrap() - 4.0).abs() < 1e-6);
    }
}
