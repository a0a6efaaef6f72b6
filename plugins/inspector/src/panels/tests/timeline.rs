use agent2028_core::agent::AgentId;
use agent2028_core::event::{EventBus, EventKinds};
use agent2028_core::faults::{Kill, Spawn};
use agent2028_core::intervention::{InterventionLog, InterventionQueue};
use agent2028_core::selector::Selector;
use agent2028_core::timeline::{Branch, Timeline};
use agent2028_core::transport::Transport;

use super::*;
use crate::actions::Travel;
use crate::panels::captions::CaptionsState;
use crate::panels::timeline::{self, TimelineState, TimelineView};
use crate::scene::SceneCaption;

/// The strip in the smallest window.
const STRIP: [f32; 2] = [1280.0, 44.0];

/// A run of some ticks with its timeline.
struct Run {
    simulation: Simulation,
    timeline: Timeline,
    strip: TimelineState,
}

fn run(agents: u32, ticks: u64) -> Run {
    let mut run = Run { simulation: simulation(&[("bird", agents)]), timeline: Timeline::default(), strip: default() };
    run.timeline.begin(&run.simulation);
    run.timeline.run(&mut run.simulation, ticks);
    run
}

fn strip<'a>(run: Run) -> Harness<'a, PanelTest<Run>> {
    strip_in(STRIP, run)
}

fn strip_in<'a>(size: [f32; 2], run: Run) -> Harness<'a, PanelTest<Run>> {
    let captions = [(30, "A third of the birds fail".to_owned())];
    panel_test(size, run, move |ui, look, run, actions| {
        let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(ui.ctx().viewport_rect()));
        let world = run.simulation.world();
        let live = world.resource::<InterventionLog>().0.as_slice();
        let view = TimelineView {
            timeline: &run.timeline,
            log: run.timeline.current().and_then(Branch::log).unwrap_or(live),
            waiting: world.resource::<InterventionQueue>(),
            captions: &captions,
            kinds: world.resource::<EventKinds>(),
            tick: run.simulation.tick(),
            tick_hz: 60.0,
            playing: false,
            keyframes: true,
        };
        timeline::show(&mut ui, look, &view, &mut run.strip, actions);
    })
}

/// Where a tick is on the strip of a run of 600 ticks at most.
fn at(harness: &Harness<'_, PanelTest<Run>>, tick: f32) -> egui::Pos2 {
    let band = harness.get_by_role_and_label(Role::Slider, "Time").rect();
    egui::pos2(egui::lerp(band.left() + 4.5..=band.right() - 4.5, tick / 600.0), band.bottom() - 2.0)
}

fn act(harness: &mut Harness<'_, PanelTest<Run>>) -> Vec<Action> {
    let actions = harness.state_mut().actions.take();
    for action in &actions {
        if let Action::Time(travel) = action.clone() {
            let run = &mut harness.state_mut().state;
            travel.perform(&mut run.timeline, &mut run.simulation, &mut Transport::default());
        }
    }
    actions
}

#[test]
fn before_the_first_frame_the_strip_says_so() {
    let mut run = run(5, 0);
    run.timeline = Timeline::default();
    assert!(says(&strip(run), "Time begins with the first frame"));
}

#[test]
fn pressing_and_dragging_goes_to_the_tick_under_the_pointer() {
    let mut harness = strip(run(5, 500));
    let (from, to) = (at(&harness, 200.0), at(&harness, 100.0));
    harness.drag_at(from);
    harness.run_steps(2);
    assert_eq!(act(&mut harness), [Action::Time(Travel::Seek(200))]);
    harness.hover_at(to);
    harness.run_steps(2);
    assert_eq!(act(&mut harness), [Action::Time(Travel::Seek(100))]);
    // What has not run can't be dragged to.
    harness.hover_at(at(&harness, 590.0));
    harness.run_steps(2);
    assert_eq!(act(&mut harness), [Action::Time(Travel::Seek(500))]);
    harness.drop_at(to);
    harness.run_steps(2);
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn interventions_stand_on_the_strip_and_lead_to_just_before_them() {
    let mut ran = run(9, 100);
    ran.timeline.intervene(&mut ran.simulation, Kill { select: Selector::Count(3), duration_s: None });
    ran.timeline.run(&mut ran.simulation, 200);
    ran.timeline.intervene(&mut ran.simulation, Spawn { group: "nobody".into(), count: 1, at: None });
    ran.timeline.run(&mut ran.simulation, 10);
    ran.timeline.seek(150);
    ran.timeline.finish(&mut ran.simulation);
    let mut harness = strip(ran);
    let failed = harness
        .query_all_by(|node| node.label().is_some_and(|name| name.starts_with("Tick 301 · You: Spawn, failed: ")))
        .count();
    assert_eq!(failed, 1, "what is known to come is told too");
    let actions = click(&mut harness, Role::Button, "Tick 101 · You: Kill, 3 agents failed");
    assert_eq!(actions, [Action::Time(Travel::Seek(100))]);
    assert_eq!(click(&mut harness, Role::Button, "Undo"), [Action::Time(Travel::Undo)]);
    assert_eq!(click(&mut harness, Role::Button, "Fork here"), [Action::Time(Travel::Fork)]);
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn the_pointer_is_told_what_is_where() {
    let mut ran = run(9, 30);
    ran.timeline.intervene(&mut ran.simulation, Kill { select: Selector::Count(3), duration_s: None });
    ran.timeline.run(&mut ran.simulation, 300);
    ran.timeline.seek(200);
    ran.timeline.finish(&mut ran.simulation);
    let mut harness = strip_in([1280.0, 400.0], ran);
    for (tick, texts) in [
        (31.0, ["has been played", "Agent failed (3 times): failed"]),
        (30.0, ["has been played", "Caption: A third of the birds fail"]),
        (250.0, ["tick 250", "known: it comes again if nothing is changed"]),
        (500.0, ["tick 500", "has not run yet"]),
    ] {
        harness.hover_at(at(&harness, tick));
        harness.run_steps(60);
        for text in texts {
            assert!(says(&harness, text), "{tick}: {text}");
        }
    }
}

#[test]
fn a_tick_is_typed_and_another_run_chosen() {
    let mut ran = run(5, 100);
    ran.timeline.seek(40);
    ran.timeline.finish(&mut ran.simulation);
    ran.timeline.fork(&mut ran.simulation, Some("what if"));
    ran.strip.jumping = true;
    let mut harness = strip(ran);
    harness.get_by_role_and_label(Role::TextInput, "Go to tick").type_text("0:01.5");
    harness.run_steps(2);
    harness.key_press(egui::Key::Enter);
    harness.run_steps(2);
    assert_eq!(act(&mut harness), [Action::Time(Travel::Seek(90))]);
    harness.get_by_role_and_label(Role::ComboBox, "Run").click();
    harness.run_steps(3);
    let first = harness.state().state.timeline.branches().next().unwrap().id();
    harness.query_all_by_label("Run 1").last().unwrap().click();
    harness.run_steps(3);
    assert_eq!(act(&mut harness), [Action::Time(Travel::Switch(first, 90))]);
}

#[test]
fn a_long_way_shows_how_far_it_is_and_can_be_stopped() {
    let mut ran = run(5, 100);
    ran.timeline.seek(5000);
    let mut harness = strip(ran);
    harness.run_steps(20);
    assert!(says(&harness, "to 5\u{202f}000 · 0"));
    assert_eq!(click(&mut harness, Role::Button, "Stop here"), [Action::Time(Travel::Stay)]);
}

#[test]
fn a_run_of_many_agents_and_changes_draws_few_marks() {
    let mut ran = run(1_000_000, 1);
    for _ in 0..40 {
        ran.timeline.intervene(&mut ran.simulation, Kill { select: Selector::Count(2), duration_s: Some(0.1) });
        ran.timeline.run(&mut ran.simulation, 1);
    }
    // What falls together is one mark: the strip draws no more of them than it has places.
    let harness = strip(ran);
    let marks =
        harness.query_all_by(|node| node.label().is_some_and(|name| name.contains("changes from tick 2"))).count();
    assert!((1..=8).contains(&marks), "{marks}");
}

/// A line through a number makes it another one: wherever the run is, the place that is shown leaves the labels alone.
#[test]
fn nothing_is_drawn_through_the_labels_of_the_strip() {
    use egui::epaint::{ClippedShape, Shape};
    fn flat<'a>(shape: &'a Shape, all: &mut Vec<&'a Shape>) {
        match shape {
            Shape::Vec(shapes) => shapes.iter().for_each(|shape| flat(shape, all)),
            other => all.push(other),
        }
    }
    let mut harness = strip(run(5, 0));
    for tick in (0..590).step_by(7) {
        let Run { simulation, timeline, .. } = &mut harness.state_mut().state;
        timeline.run(simulation, 7);
        harness.run_steps(2);
        let texts = texts(&harness);
        let mut shapes = Vec::new();
        for ClippedShape { shape, .. } in &harness.output().shapes {
            flat(shape, &mut shapes);
        }
        for shape in shapes {
            let drawn = match shape {
                Shape::LineSegment { points, .. } => egui::Rect::from_two_pos(points[0], points[1]),
                Shape::Path(path) => path.visual_bounding_rect(),
                _ => continue,
            };
            for text in texts.iter().filter(|text| text.text.starts_with("tick ") || text.text.contains(':')) {
                assert!(!drawn.expand(0.5).intersects(text.ink.shrink(0.5)), "tick {tick}: {drawn:?} {text:?}");
            }
        }
    }
}

#[test]
fn a_caption_appears_with_the_first_event_of_its_kind() {
    let mut simulation = simulation(&[("bird", 3)]);
    let captions = [SceneCaption::at(900, "late"), SceneCaption::on("AgentFailed", "one fails")];
    let mut state = CaptionsState::default();
    let mut due = |simulation: &Simulation| {
        let bus = simulation.world().resource::<EventBus>();
        state.due(&captions, bus, simulation.generation(), simulation.tick())
    };
    simulation.run(4);
    assert_eq!(due(&simulation), [(900, "late".to_owned())]);
    simulation.intervene(Kill { select: Selector::Ids(vec![AgentId(1)]), duration_s: None });
    simulation.run(1);
    let first = simulation.tick();
    let expected = [(first, "one fails".to_owned()), (900, "late".to_owned())];
    assert_eq!(due(&simulation), expected);
    simulation.run(30);
    simulation.intervene(Kill { select: Selector::All, duration_s: None });
    simulation.run(5);
    assert_eq!(due(&simulation), expected, "the first one counts");
    // Somebody who comes later finds the same tick, as long as the log has it.
    let bus = simulation.world().resource::<EventBus>();
    assert_eq!(CaptionsState::default().due(&captions, bus, 7, simulation.tick()), expected);
}
