use std::path::PathBuf;
use std::time::Duration;

use agent2028_core::quarantine::Quarantine;
use agent2028_core::transport::Speed;
use agent2028_view::{ColorBy, ViewSettings};

use super::*;
use crate::panels::hints::{Hint, HintsState};
use crate::panels::overlay::Free;
use crate::panels::problems::ProblemsState;
use crate::panels::scene::{self, SceneView};
use crate::panels::status_bar::{self, StatusView};
use crate::panels::top_bar::{self, TopBarState, TopBarView};
use crate::panels::transport::TransportView;
use crate::panels::{captions, help, hints, layers, problems};
use crate::scene::{SceneEntry, SceneLibrary, SceneRequest, SceneStatus};

const PAUSED: TransportView = TransportView {
    playing: false,
    speed: Speed::Times(1.0),
    real_time_factor: 0.0,
    tick: 1204,
    start: 0,
    seconds: 1204.0 / 60.0,
    stopped: false,
};

fn library() -> SceneLibrary {
    let entry = |name: &str, title: &str, path: Option<&str>| SceneEntry {
        name: name.into(),
        title: title.into(),
        description: "What it shows, in a sentence that is too long for one line of the list of scenes.".into(),
        path: path.map(PathBuf::from),
        ..Default::default()
    };
    SceneLibrary {
        entries: vec![entry("flock", "A flock", None), entry("ants", "Ants", Some("/scenes/ants.ron"))],
        recent: vec![PathBuf::from("/home/me/mine.ron")],
        ..default()
    }
}

fn bar<'a>(library: SceneLibrary, transport: TransportView) -> Harness<'a, PanelTest<TopBarState>> {
    let status = SceneStatus { name: "flock".into(), title: "A flock".into(), ..default() };
    let settings = ViewSettings::default();
    panel_test([1280.0, 600.0], TopBarState::default(), move |ui, look, state, actions| {
        let food = layers::FieldLine { name: "food".into(), hue: look.info };
        let fields = [(&agent2028_view::layer::PLACES, vec![food])];
        let view = TopBarView {
            library: &library,
            status: &status,
            dirty: false,
            transport,
            layers: layers::LayersView {
                settings: &settings,
                layers: &[],
                fields: &fields,
                quantities: &[],
                range: None,
            },
            pictures: Default::default(),
            scale: 1.0,
        };
        top_bar::show(ui, look, &view, state, |_| (), actions);
    })
}

#[test]
fn the_transport_plays_steps_and_restarts() {
    let mut harness = bar(library(), PAUSED);
    assert!(says(&harness, "1\u{202f}204") && says(&harness, "00:20.06") && says(&harness, "Paused"));
    assert_eq!(click(&mut harness, Role::Button, "Play"), [Action::Play(true)]);
    assert_eq!(click(&mut harness, Role::Button, "Step"), [Action::Step(1)]);
    assert_eq!(click(&mut harness, Role::Button, "Restart"), [Action::Scene(SceneRequest::Reload)]);
    assert_eq!(click(&mut harness, Role::Button, "Faster"), [Action::Speed(Speed::Times(2.0))]);
    assert_eq!(click(&mut harness, Role::Button, "Slower"), [Action::Speed(Speed::Times(0.5))]);
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn the_speed_is_chosen_from_a_list() {
    let mut harness = bar(library(), PAUSED);
    click(&mut harness, Role::ComboBox, "Speed");
    harness.get_by_label("100×").click();
    harness.run_steps(3);
    assert_eq!(harness.state_mut().actions.take(), [Action::Speed(Speed::Times(100.0))]);
}

#[test]
fn what_can_not_keep_up_is_told() {
    let slow = TransportView { playing: true, real_time_factor: 0.4, ..PAUSED };
    let mut harness = bar(library(), slow);
    assert!(says(&harness, "0.4× real time"));
    assert_eq!(click(&mut harness, Role::Button, "Pause"), [Action::Play(false)]);
    let stopped = TransportView { playing: true, stopped: true, ..PAUSED };
    let mut harness = bar(library(), stopped);
    assert!(says(&harness, "Stopped by a fault"));
    assert_eq!(click(&mut harness, Role::Button, "Step"), vec![]);
}

#[test]
fn the_scene_menu_opens_saves_and_reloads() {
    let mut harness = bar(library(), PAUSED);
    let mut choose = |name: &str| {
        click(&mut harness, Role::ComboBox, "Scene: A flock");
        click(&mut harness, Role::Button, name)
    };
    assert_eq!(choose("All scenes"), [Action::Gallery]);
    assert_eq!(choose("Open a file"), [Action::AskForScene]);
    assert_eq!(choose("Save the scene"), [Action::SaveScene { ask: false }]);
    assert_eq!(choose("Save the scene as"), [Action::SaveScene { ask: true }]);
    assert_eq!(choose("Keep slider values in the scene"), [Action::KeepParameters]);
    assert_eq!(choose("Reload this scene"), [Action::Scene(SceneRequest::Reload)]);
    assert_eq!(choose("mine.ron"), [Action::Scene(SceneRequest::Open("/home/me/mine.ron".into()))]);
}

#[test]
fn theme_scale_and_help_are_in_the_bar() {
    let mut harness = bar(library(), PAUSED);
    assert_eq!(click(&mut harness, Role::Button, "Light theme"), [Action::Theme(Theme::Light)]);
    click(&mut harness, Role::Button, "Size of the interface");
    harness.get_by_label("150\u{202f}%").click();
    harness.run_steps(3);
    assert_eq!(harness.state_mut().actions.take(), [Action::Scale(1.5)]);
    assert_eq!(click(&mut harness, Role::Button, "Keys and help"), vec![]);
    assert!(harness.state().state.help);
    assert_eq!(click(&mut harness, Role::Button, "Show the whole world"), [Action::FitView]);
}

#[test]
fn layers_and_colours_change_the_view_settings() {
    let settings = ViewSettings::default();
    let mut harness = panel_test([340.0, 640.0], (), move |ui, look, (), actions| {
        let fields = ["food", "home"].map(|name| layers::FieldLine { name: name.into(), hue: look.info });
        let fields = [(&agent2028_view::layer::PLACES, fields.to_vec())];
        let offered: Vec<_> = agent2028_view::WorldLayers::default().all().collect();
        let view =
            layers::LayersView { settings: &settings, layers: &offered, fields: &fields, quantities: &[], range: None };
        layers::menu(ui, look, &view, actions);
    });
    let changed = |actions: Vec<Action>| match actions.as_slice() {
        [Action::View(settings)] => (**settings).clone(),
        other => panic!("{other:?}"),
    };
    assert!(changed(click(&mut harness, Role::CheckBox, "Trails")).layers.shows(&agent2028_view::layer::TRAILS));
    let fields = changed(click(&mut harness, Role::CheckBox, "home")).layers;
    assert!(fields.shows_field("food") && !fields.shows_field("home"));
    assert_eq!(changed(click(&mut harness, Role::Button, "Heading")).color_by, ColorBy::Heading);
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

fn status<'a>(view: StatusView<'a>) -> Harness<'a, PanelTest<bool>> {
    panel_test([1256.0, 22.0], false, move |ui, look, opened, actions| {
        *opened |= status_bar::show(ui, look, &view, actions);
    })
}

fn calm(quarantine: &Quarantine) -> StatusView<'_> {
    StatusView {
        measured: true,
        agents: 10_000,
        tick_cost: Duration::from_micros(812),
        frames_per_second: 59.94,
        seed: 2028,
        hash: None,
        waiting: 0,
        problems: &[],
        quarantine,
        rejected: 0,
        stopped: false,
        playing: true,
    }
}

#[test]
fn the_status_line_is_exact() {
    let quarantine = Quarantine::default();
    let mut harness = status(calm(&quarantine));
    for text in ["10\u{202f}000", "0.81\u{202f}ms", "60", "2028", "No problems"] {
        assert!(says(&harness, text), "{text}");
    }
    assert_eq!(click(&mut harness, Role::Button, "Work out the state hash"), [Action::HashState]);
    assert_eq!(nameless(&harness), Vec::<String>::new());
    let hash = "3fa9c2de00112233";
    let mut harness = status(StatusView { hash: Some(hash), ..calm(&quarantine) });
    assert!(says(&harness, "3fa9c2de…"));
    assert_eq!(click(&mut harness, Role::Button, "Copy the state hash 3fa9c2de…"), [Action::Copy(hash.into())]);
}

#[test]
fn the_status_line_tells_what_is_wrong() {
    let quarantine = Quarantine::default();
    let problems = ["line 3".to_owned()];
    let view = StatusView {
        problems: &problems,
        rejected: 4,
        waiting: 2,
        playing: false,
        stopped: true,
        tick_cost: Duration::ZERO,
        frames_per_second: 0.0,
        ..calm(&quarantine)
    };
    let mut harness = status(view);
    for text in ["1 problem", "4 metric values", "2 changes wait", "Stopped by a fault", "–"] {
        assert!(says(&harness, text), "{text}");
    }
    click(&mut harness, Role::Button, "1 problem");
    assert!(harness.state().state);
}

#[test]
fn the_scene_panel_lists_groups_or_says_what_is_missing() {
    let groups: Vec<crate::facts::GroupFacts> = (0..200)
        .map(|number| crate::facts::GroupFacts {
            name: format!("group-with-a-long-name-{number}"),
            count: 1_000_000 + number,
            capabilities: vec!["database.query".into()],
        })
        .collect();
    let status = SceneStatus { name: "flock".into(), description: "Birds.".repeat(60), ..default() };
    let empty = SceneStatus::default();
    let draw = |status: SceneStatus, groups: Vec<crate::facts::GroupFacts>| {
        panel_test([236.0, 500.0], (), move |ui, look, (), actions| {
            let bounds = agent2028_core::space::WorldBounds::default();
            let view =
                SceneView { status: &status, groups: &groups, agents: 200_000_000, bounds, colored_by_group: true };
            scene::show(ui, look, &view, actions);
        })
    };
    let mut harness = draw(status, groups);
    assert_eq!(nameless(&harness), Vec::<String>::new());
    let asked = click(&mut harness, Role::Button, "Select group-with-a-long-name-1");
    let selector = agent2028_core::selector::Selector::Named("group-with-a-long-name-1".into());
    assert_eq!(asked, [Action::SelectBy(selector, agent2028_view::Combine::Replace)]);
    for text in ["flock", "200\u{202f}000\u{202f}000", "1\u{202f}000 × 1\u{202f}000", "group-with-a-long-name-0"] {
        assert!(says(&harness, text), "{text}");
    }
    assert!(says(&draw(empty, vec![]), "No scene is open"));
}

#[test]
fn a_report_is_read_copied_and_closed() {
    let reports = vec!["scenes/x.ron:3:7 unknown field `cuont`\n  help: did you mean \"count\"?".to_owned()];
    let mut harness = panel_test([1280.0, 720.0], ProblemsState::default(), {
        let reports = reports.clone();
        move |ui, look, state, actions| {
            problems::show(ui.ctx(), look, ui.max_rect(), &reports, &[], state, actions);
        }
    });
    assert!(says(&harness, "did you mean \"count\"?"));
    assert_eq!(click(&mut harness, Role::Button, "Copy the report"), [Action::Copy(reports[0].clone())]);
    click(&mut harness, Role::Button, "Close the report");
    assert!(!says(&harness, "did you mean"));
    assert!(!harness.state().state.is_open(&reports));
}

#[test]
fn hints_go_away_one_by_one_or_all_at_once() {
    let mut harness = panel_test([800.0, 600.0], HintsState::default(), |ui, look, state, _| {
        hints::show(ui.ctx(), look, ui.max_rect(), true, state);
    });
    assert!(says(&harness, "Press Space") && says(&harness, "Kill a third"));
    harness.state_mut().state.done(Hint::Pause);
    harness.run_steps(3);
    assert!(!says(&harness, "Press Space") && says(&harness, "Click an agent"));
    click(&mut harness, Role::Button, "Hide the hints");
    assert!(harness.state().state.left().is_empty() && !says(&harness, "Kill a third"));
}

#[test]
fn the_sheet_of_keys_opens_and_closes() {
    let mut harness = panel_test([1280.0, 720.0], true, |ui, look, open, _| {
        help::show(ui.ctx(), look, &agent2028_view::WorldLayers::default(), &crate::panels::of_the_host().tools, open);
    });
    for text in ["Play or pause", "Ctrl R", "Hide or show all panels"] {
        assert!(says(&harness, text), "{text}");
    }
    click(&mut harness, Role::Button, "Close the sheet");
    assert!(!harness.state().state);
    harness.state_mut().state = true;
    harness.run_steps(2);
    harness.key_press(egui::Key::Escape);
    harness.run_steps(2);
    assert!(!harness.state().state);
}

#[test]
fn a_caption_wraps_in_a_narrow_world() {
    let text = "A third of the agents fail, and the others have to find a way to go on without them";
    let harness = panel_test([400.0, 300.0], (), move |ui, look, (), _| {
        let whole = ui.max_rect();
        captions::show(ui.ctx(), look, &Free { whole, between: whole, above: whole }, text, 5.0, true);
    });
    let rect = harness.get_by_role_and_label(Role::Label, text).rect();
    assert!(rect.left() >= 0.0 && rect.right() <= 400.0 && rect.height() > 40.0, "{rect:?}");
}

#[test]
fn a_caption_leaves_what_stands_in_the_corners_alone() {
    let text = "A third of the agents fail, and the others have to find a way to go on without them";
    let place = |between: f32| {
        let harness = panel_test([1000.0, 500.0], (), move |ui, look, (), _| {
            let whole = ui.max_rect();
            let between = egui::Rect::from_x_y_ranges(200.0..=200.0 + between, whole.y_range());
            let above = egui::Rect::from_x_y_ranges(whole.x_range(), whole.top()..=300.0);
            captions::show(ui.ctx(), look, &Free { whole, between, above }, text, 5.0, true);
        });
        harness.get_by_role_and_label(Role::Label, text).rect()
    };
    let beside = place(500.0);
    assert!(beside.left() >= 200.0 && beside.right() <= 700.0 && beside.top() > 300.0, "{beside:?}");
    let above = place(250.0);
    assert!(above.bottom() <= 300.0 && above.width() > 300.0, "{above:?}");
}

#[test]
fn a_report_shows_the_line_with_a_mark_and_leads_into_the_editor() {
    let report = [crate::authoring::TextProblem {
        span: 20..23,
        line: 3,
        column: 5,
        file: "mine.ron".into(),
        here: true,
        message: "there is no field \"sed\" here".into(),
        help: "did you mean \"seed\"?".into(),
        excerpt: "    sed: 7,".into(),
        caret: 4,
    }];
    let mut harness =
        panel_test([1280.0, 720.0], problems::ProblemsState::default(), move |ui, look, state, actions| {
            let (area, text) = (ui.max_rect(), ["whole".to_owned()]);
            problems::show(ui.ctx(), look, area, &text, &report, state, actions);
        });
    for text in ["mine.ron:3:5", "3 │     sed: 7,", "^^^", "did you mean \"seed\"?"] {
        assert!(says(&harness, text), "{text}");
    }
    let there = [Action::EditAt { line: 3, column: 5 }];
    assert_eq!(click(&mut harness, Role::Button, "Open line 3 in the editor"), there);
    let copied = click(&mut harness, Role::Button, "Copy the report");
    assert!(matches!(&copied[..], [Action::Copy(text)] if text.contains("mine.ron:3:5") && text.contains('^')));
}
