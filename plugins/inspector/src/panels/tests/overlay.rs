use agent2028_core::agent::{AgentId, Status, fail_agents};
use agent2028_core::selector::Selector;
use agent2028_view::labels::LabelPlacer;
use agent2028_view::tokens::layout;
use agent2028_view::{ColorBy, Combine, ViewSettings};
use bevy::math::{Rect as WorldRect, Vec2};

use super::*;
use crate::facts::AgentFacts;
use crate::panels::hover_card::{self, HoverView};
use crate::panels::labels::{self, Label, LabelKind};
use crate::panels::layers::{self, LayersView, QuantityLine};
use crate::panels::legend::{
    self, CategoryKey, CategoryRow, ColorKey, FieldKey, HeldKey, LegendView, ScaleKey, SizeKey, TroubleKey,
};
use crate::panels::minimap::{self, MinimapPicture, MinimapState, MinimapView};
use crate::panels::notices::{self, Notice, NoticesState};
use crate::panels::pictures;

fn key(view: LegendView) -> Harness<'static, PanelTest<LegendView>> {
    panel_test([220.0, 480.0], view, |ui, look, view, actions| legend::contents(ui, look, view, actions))
}

#[test]
fn a_scale_is_explained_with_its_numbers_and_unit() {
    let view = LegendView {
        color: ColorKey::Scale(ScaleKey {
            title: "speed".into(),
            unit: "units/s".into(),
            ramp: vec![egui::Color32::TRANSPARENT; 8],
            marks: ["0", "60", "120"].map(String::from).to_vec(),
        }),
        size: Some(SizeKey { title: "health".into(), ends: ["0 %".into(), "100 %".into()] }),
        fields: vec![(
            "Pheromones",
            vec![FieldKey { name: "food".into(), ramp: vec![egui::Color32::TRANSPARENT; 2], maximum: 10.0 }],
        )],
        ..default()
    };
    let harness = key(view);
    for text in ["units/s", "Scale of speed from 0 to 60 to 120", "Size of health from 0 % to 100 %"] {
        assert!(says(&harness, text), "{text}");
    }
    assert!(says(&harness, "Scale of food from 0 to 10"));
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn what_the_system_holds_is_counted_with_its_mistakes() {
    let held = Some(HeldKey { failed: 41, suspected: 7, poor: 0, unnoticed: 12, wronged: 3 });
    let harness = key(LegendView { eyes: "As the system sees it".into(), held, ..default() });
    for text in ["As the system sees it", "Held for failed", "41", "Suspected", "7", "unnoticed", "12", "doubted", "3"]
    {
        assert!(says(&harness, text), "{text}");
    }
    assert!(!says(&harness, "poor"), "what nobody is held for has no row");
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn where_agents_are_a_density_map_the_legend_tells_of_hues_and_not_of_shapes() {
    let scale = |title: &str, unit: &str| ScaleKey {
        title: title.into(),
        unit: unit.into(),
        ramp: vec![egui::Color32::TRANSPARENT; 8],
        marks: ["0 %", "100 %"].map(String::from).to_vec(),
    };
    let view = LegendView {
        density: Some(scale("Density", "× mean")),
        amiss: Some(scale("Not in order", "of all there")),
        hue: Some(egui::Color32::RED),
        trouble: TroubleKey { failed: 333, frozen: 4, degraded: 2 },
        ..default()
    };
    let harness = key(view.clone());
    for text in ["× mean", "Scale of Not in order from 0 % to 100 %", "of all there", "Failed", "333", "Degraded"] {
        assert!(says(&harness, text), "{text}");
    }
    assert!(!says(&harness, "paler"), "nothing is drawn paler there");
    let shapes = key(LegendView { hue: None, ..view });
    assert!(says(&shapes, "Degraded: paler"));
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn categories_are_counted_and_too_many_are_summed_up() {
    let rows = (0..12).map(|at| CategoryRow {
        name: format!("kind {at}"),
        count: 1000,
        select: Some(Selector::Named(format!("kind {at}"))),
        ..default()
    });
    let rows = rows.collect();
    let mut harness = key(LegendView {
        color: ColorKey::Categories(CategoryKey { title: "Group".into(), rows }),
        trouble: TroubleKey { failed: 333, frozen: 0, degraded: 2 },
        ..default()
    });
    for text in ["kind 7", "1\u{202f}000", "4 more", "4\u{202f}000", "Failed", "333", "Degraded"] {
        assert!(says(&harness, text), "{text}");
    }
    assert!(!says(&harness, "kind 8") && !says(&harness, "Frozen"));
    assert!(LegendView::default().is_empty());
    assert_eq!(nameless(&harness), Vec::<String>::new());
    let asked = click(&mut harness, Role::Button, "Select kind 2");
    assert_eq!(asked, [Action::SelectBy(Selector::Named("kind 2".into()), Combine::Replace)]);
    let asked = click(&mut harness, Role::Button, "Select Failed");
    assert_eq!(asked, [Action::SelectBy(Selector::HasStatus(Status::Failed), Combine::Replace)]);
}

#[test]
fn a_click_on_the_map_moves_the_view_there() {
    let world = WorldRect::from_center_size(Vec2::ZERO, Vec2::new(1000.0, 500.0));
    let seen = WorldRect::from_center_size(Vec2::new(100.0, 0.0), Vec2::splat(200.0));
    let picture = MinimapPicture { size: [96, 48], pixels: vec![egui::Color32::TRANSPARENT; 96 * 48], version: 1 };
    let mut harness = panel_test([200.0, 200.0], MinimapState::default(), move |ui, look, state, actions| {
        let view = MinimapView { world, seen, picture: &picture, side: layout::MINIMAP };
        minimap::contents(ui, look, &view, state, actions);
    });
    let map = harness.get_by_label("Map of the world").rect();
    assert!((map.width() - layout::MINIMAP).abs() < 1.0 && (map.height() - layout::MINIMAP / 2.0).abs() < 1.0);
    let actions = click(&mut harness, Role::Image, "Map of the world");
    let [Action::LookAt { point, at_once: false }] = actions.as_slice() else { panic!("{actions:?}") };
    assert!(point.length() < 20.0, "the middle of the map is the middle of the world: {point}");
}

#[test]
fn the_card_tells_what_the_agent_is() {
    let mut simulation = simulation(&[("bird", 5)]);
    fail_agents(simulation.world_mut(), &[AgentId(3)], u64::MAX);
    let mut agent = AgentFacts::of(simulation.world(), AgentId(3)).unwrap();
    agent.velocity = Some(Vec2::new(3.0, 4.0));
    let harness = panel_test([240.0, 200.0], (), move |ui, look, (), _| {
        let view = HoverView {
            agent: &agent,
            group_color: look.category(0),
            quantity: Some(("boids.neighbours".into(), "12".into())),
            at: egui::Pos2::ZERO,
            clearance: 0.0,
        };
        hover_card::contents(ui, look, &view);
    });
    for text in ["bird-3", "bird", "Failed", "5\u{202f}units/s", "boids.neighbours", "12"] {
        assert!(says(&harness, text), "{text}");
    }
}

#[test]
fn a_long_name_of_a_group_leaves_room_for_its_label() {
    let simulation = simulation(&[("a group with a name that is far too long for a card", 5)]);
    let agent = AgentFacts::of(simulation.world(), AgentId(3)).unwrap();
    let harness = panel_test([240.0, 200.0], (), move |ui, look, (), _| {
        let at = egui::Pos2::ZERO;
        let view = HoverView { agent: &agent, group_color: look.category(0), quantity: None, at, clearance: 0.0 };
        hover_card::contents(ui, look, &view);
    });
    let (label, name) = (harness.get_by_label("Group").rect(), harness.get_by_label_contains("…").rect());
    assert!(label.right() < name.left(), "{label:?} {name:?}");
}

#[test]
fn labels_with_room_are_shown_and_others_are_not() {
    let crowd: Vec<Label> = (0..40)
        .map(|number| Label {
            kind: if number == 7 { LabelKind::Selected } else { LabelKind::Flock },
            number,
            text: format!("starling · {number}"),
            tint: egui::Color32::TRANSPARENT,
            at: Vec2::new(200.0, 150.0 + number as f32),
            clearance: 8.0,
            weight: number as f32,
        })
        .collect();
    let harness = panel_test([400.0, 300.0], (0, LabelPlacer::default()), move |ui, look, (shown, placer), _| {
        let free = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(400.0, 300.0));
        *shown = labels::show(ui, look, free, &[], &crowd, placer);
    });
    assert!((2..16).contains(&harness.state().state.0), "{}", harness.state().state.0);
}

#[test]
fn pictures_and_films_are_asked_for_and_a_running_film_can_be_ended() {
    use agent2028_view::capture::CaptureRequest;
    let view = |filming| pictures::PicturesView { stem: "flock-tick-9".into(), folder: "/home/me".into(), filming };
    let mut harness = panel_test([340.0, 320.0], (), move |ui, look, (), actions| {
        pictures::menu(ui, look, &view(None), actions);
    });
    let stem = || "flock-tick-9".to_owned();
    let asked = |request| vec![Action::Capture(request)];
    let fine = CaptureRequest::World { stem: stem(), scale: 4 };
    assert_eq!(click(&mut harness, Role::Button, "Save at 4×"), asked(fine));
    assert_eq!(click(&mut harness, Role::Button, "Save the window"), asked(CaptureRequest::Window { stem: stem() }));
    assert_eq!(click(&mut harness, Role::Button, "Record a film"), asked(CaptureRequest::Film { stem: stem() }));
    assert!(says(&harness, "They go to /home/me"));
    assert_eq!(nameless(&harness), Vec::<String>::new());
    let mut harness = panel_test([340.0, 60.0], (), move |ui, look, (), actions| {
        pictures::show(ui, look, &view(Some(12.0)), actions);
    });
    assert_eq!(click(&mut harness, Role::Button, "End the film"), asked(CaptureRequest::EndFilm));
}

#[test]
fn notices_can_be_copied_and_closed() {
    let mut state = NoticesState::default();
    state.tell(Notice::Done("Saved as /home/me/a.png".into(), Some("/home/me/a.png".into())), 1e6);
    let free = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(700.0, 600.0));
    let mut harness = panel_test([700.0, 600.0], state, move |ui, look, state, actions| {
        notices::show(ui.ctx(), look, free, state, true, actions);
    });
    assert!(says(&harness, "Saved as /home/me/a.png"));
    let height = harness.ctx.memory(|memory| memory.area_rect("notices")).unwrap().height();
    assert!(height < 60.0, "a notice of one line is {height} points high");
    assert_eq!(click(&mut harness, Role::Button, "Copy"), [Action::Copy("/home/me/a.png".into())]);
    click(&mut harness, Role::Button, "Close the notice");
    assert!(!says(&harness, "Saved as"));
}

#[test]
fn every_layer_can_be_switched_and_every_quantity_found() {
    let quantities: Vec<QuantityLine> = ["speed", "Condition.health", "boids.neighbours"]
        .map(|name| QuantityLine { name: name.into(), unit: "units".into(), help: "What it is.".into() })
        .to_vec();
    let mut harness = panel_test([340.0, 800.0], ViewSettings::default(), move |ui, look, settings, actions| {
        let offered: Vec<_> = agent2028_view::WorldLayers::default().all().collect();
        let range = Some((2.0, 5.0));
        let view = LayersView { settings, layers: &offered, fields: &[], quantities: &quantities, range };
        layers::menu(ui, look, &view, actions);
        if let Some(Action::View(edited)) = actions.iter().last() {
            *settings = (**edited).clone();
        }
    });
    for layer in agent2028_view::WorldLayers::default().all() {
        let before = harness.state().state.layers.shows(layer);
        click(&mut harness, Role::CheckBox, layer.label);
        assert_eq!(harness.state().state.layers.shows(layer), !before, "{layer:?}");
    }
    harness.get_by_role_and_label(Role::TextInput, "Colour by a quantity").click();
    harness.run_steps(2);
    harness.get_by_role_and_label(Role::TextInput, "Colour by a quantity").type_text("health");
    harness.run_steps(3);
    assert!(!says(&harness, "boids.neighbours"));
    click(&mut harness, Role::Button, "Condition.health (units)");
    assert_eq!(harness.state().state.color_by, ColorBy::Quantity("Condition.health".into()));
    click(&mut harness, Role::CheckBox, "Automatic range");
    assert_eq!(harness.state().state.color_range, Some((2.0, 5.0)));
    click(&mut harness, Role::Button, "No quantity");
    assert_eq!(harness.state().state.color_by, ColorBy::Group);
    assert_eq!(harness.state().state.color_range, None);
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn a_picture_of_the_window_leaves_out_what_belongs_to_the_moment() {
    let mut harness = super::testing::whole::whole([1280.0, 720.0], simulation(&[("bird", 100)]));
    let notice = crate::panels::notices::Notice::Failed("the disk is full".into());
    harness.state_mut().state.inspector.notices().tell(notice, 0.0);
    harness.run_steps(3);
    for text in ["the disk is full", "per tick", "fps"] {
        assert!(says(&harness, text), "{text}");
    }
    harness.state_mut().state.picture = true;
    harness.run_steps(3);
    for text in ["the disk is full", "per tick", "fps"] {
        assert!(!says(&harness, text), "{text}");
    }
    assert!(says(&harness, "seed"));
}
