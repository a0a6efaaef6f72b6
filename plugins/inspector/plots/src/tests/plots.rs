use agent2028_core::faults::Kill;
use agent2028_core::intervention::{Applied, InterventionLog};
use agent2028_core::metrics::Metrics;

use super::*;
use crate::actions::Travel;
use crate::plots::{self, PlotSetup, PlotsState, PlotsView, Span};

const PANEL: [f32; 2] = [800.0, 240.0];
const TICK: u64 = 600;

/// A run with an intervention in the middle.
fn run() -> Simulation {
    let mut simulation = simulation(&[("bird", 20)]);
    simulation.run(299);
    simulation.intervene(Kill::default());
    simulation.run(301);
    simulation
}

fn shown<'a>(simulation: &'a Simulation, state: PlotsState) -> Harness<'a, PanelTest<PlotsState>> {
    panel_test(PANEL, state, move |ui, look, state, actions| {
        let interventions: &[Applied] = &simulation.world().resource::<InterventionLog>().0;
        let metrics = simulation.world().resource::<Metrics>();
        let view = PlotsView { metrics, plots: &[], interventions, others: &[], tick: TICK, tick_hz: 60.0 };
        plots::show(ui, look, &view, state, actions);
    })
}

fn with(metrics: &[&[&str]]) -> PlotsState {
    let plot = |names: &&[&str]| PlotSetup {
        metrics: names.iter().map(|name| (*name).to_owned()).collect(),
        ..PlotSetup::default()
    };
    let mut state = PlotsState::default();
    state.plots = metrics.iter().map(plot).collect();
    state
}

fn names(harness: &Harness<'_, PanelTest<PlotsState>>) -> Vec<Vec<String>> {
    harness.state().state.plots.iter().map(|plot| plot.metrics.clone()).collect()
}

fn saved(actions: &[Action]) -> String {
    match actions {
        [Action::SaveFile(file)] => String::from_utf8(file.bytes.clone()).unwrap(),
        other => panic!("not one file: {other:?}"),
    }
}

#[test]
fn a_plot_is_added_from_a_list_that_is_searched() {
    let simulation = run();
    let mut harness = shown(&simulation, PlotsState::default());
    assert!(says(&harness, "Nothing is plotted"));
    click(&mut harness, Role::Button, "Add a plot");
    let actions = click(&mut harness, Role::Button, "Plot agents.failed");
    assert_eq!(actions, [Action::WantMetric("agents.failed".into())]);
    click(&mut harness, Role::Button, "Add a metric to agents.failed");
    click(&mut harness, Role::Button, "Plot agents.active");
    assert_eq!(names(&harness), [["agents.failed", "agents.active"]]);
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn statistics_are_those_of_the_visible_span() {
    let simulation = run();
    let mut state = with(&[&["agents.failed"]]);
    state.span = Span::Fixed(400.0, 600.0);
    let mut harness = shown(&simulation, state);
    click(&mut harness, Role::Button, "Statistics");
    for word in ["Last", "Min", "Mean", "Max", "Spread"] {
        assert!(says(&harness, word), "{word}");
    }
    // All have failed in the visible part: level at 20.
    assert!(harness.query_all_by(|node| node.value().as_deref() == Some("20")).count() >= 4);
    harness.state_mut().state.span = Span::All;
    harness.run_steps(2);
    assert!(says(&harness, "10.033"), "301 of 600 ticks at 20");
}

#[test]
fn the_visible_span_is_saved_as_a_table() {
    let simulation = run();
    let mut state = with(&[&["agents.failed"], &["agents.active", "agents.failed"]]);
    state.span = Span::Fixed(299.0, 301.0);
    let mut harness = shown(&simulation, state);
    let text = saved(&click(&mut harness, Role::Button, "Save all plotted values as CSV"));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "tick,time_s,agents.failed,agents.active");
    assert_eq!(lines[1], format!("299,{},0,20", 299.0 / 60.0));
    assert_eq!(lines[2], "300,5,20,0");
    click(&mut harness, Role::Button, "More about agents.active, agents.failed");
    let actions = click(&mut harness, Role::Button, "Copy the values");
    assert!(
        matches!(&actions[..], [Action::Copy(text)] if text.starts_with("tick\ttime_s\tagents.active\tagents.failed\n"))
    );
}

#[test]
fn a_plot_is_saved_as_a_picture() {
    let simulation = run();
    for (entry, name, begins) in
        [("Save as SVG…", ".svg", b"<svg".as_slice()), ("Save as PNG…", ".png", b"\x89PNG".as_slice())]
    {
        let mut harness = shown(&simulation, with(&[&["agents.failed"]]));
        click(&mut harness, Role::Button, "More about agents.failed");
        let actions = click(&mut harness, Role::Button, entry);
        let [Action::SaveFile(file)] = &actions[..] else { panic!("nothing was saved") };
        assert!(file.name.ends_with(name), "{}", file.name);
        let place = file.bytes.windows(begins.len()).position(|bytes| bytes == begins);
        assert!(place.is_some_and(|place| place < 64), "{entry}");
    }
}

#[test]
fn the_wheel_zooms_and_dragging_moves_all_plots() {
    let simulation = run();
    let mut harness = shown(&simulation, with(&[&["agents.failed"], &["agents.health"]]));
    let plot = harness.get_by_role_and_label(Role::Image, "Plot of agents.failed").rect();
    let at = plot.center();
    harness.event(egui::Event::PointerMoved(at));
    harness.run_steps(2);
    assert!(harness.state().state.cursor.is_some_and(|tick| (200.0..400.0).contains(&tick)));
    harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: egui::vec2(0.0, 100.0),
        phase: egui::TouchPhase::Move,
        modifiers: egui::Modifiers::NONE,
    });
    harness.run_steps(12);
    let Span::Fixed(from, to) = harness.state().state.span else { panic!("zoomed") };
    assert!(from > 20.0 && to < 580.0, "{from} to {to}");
    let button = |pos, pressed| egui::Event::PointerButton {
        pos,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: egui::Modifiers::NONE,
    };
    harness.event(button(at, true));
    harness.run_steps(1);
    for step in 1..=6 {
        harness.event(egui::Event::PointerMoved(at + egui::vec2(-10.0 * step as f32, 0.0)));
        harness.run_steps(1);
    }
    harness.event(button(at - egui::vec2(60.0, 0.0), false));
    harness.run_steps(2);
    let Span::Fixed(moved, end) = harness.state().state.span else { panic!("moved") };
    assert!(moved > from + 10.0 && ((end - moved) - (to - from)).abs() < 1.0, "{moved} to {end}");
    click(&mut harness, Role::Button, "Show the whole run");
    assert_eq!(harness.state().state.span, Span::All);
}

#[test]
fn a_click_in_a_plot_goes_to_its_tick() {
    let simulation = run();
    let mut harness = shown(&simulation, with(&[&["agents.failed"]]));
    let plot = harness.get_by_role_and_label(Role::Image, "Plot of agents.failed").rect();
    let actions = press_at(&mut harness, plot.center(), 1);
    let [Action::Time(Travel::Seek(tick))] = &actions[..] else { panic!("{actions:?}") };
    assert!((250..330).contains(tick), "{tick}");
}

#[test]
fn the_time_axis_counts_seconds_or_ticks_and_follows() {
    let simulation = run();
    let mut harness = shown(&simulation, with(&[&["agents.failed"]]));
    assert!(says(&harness, "00:00.00 to 00:10.00"));
    click(&mut harness, Role::Button, "Time axis in seconds");
    assert!(says(&harness, "Ticks 0 to 600"));
    harness.state_mut().state.span = Span::Fixed(100.0, 200.0);
    harness.run_steps(2);
    click(&mut harness, Role::Button, "Follow the newest ticks");
    assert_eq!(harness.state().state.span, Span::Last(100.0));
    assert!(says(&harness, "Ticks 500 to 600"));
}

#[test]
fn a_metric_dragged_from_one_plot_to_another_changes_sides() {
    let simulation = run();
    let mut harness = shown(&simulation, with(&[&["agents.failed", "agents.health"], &["agents.active"]]));
    let from = harness.get_by(|node| node.value().as_deref() == Some("Health")).rect().center();
    let to = harness.get_by_role_and_label(Role::Image, "Plot of agents.active").rect().center();
    let button = |pos, pressed| egui::Event::PointerButton {
        pos,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: egui::Modifiers::NONE,
    };
    harness.event(egui::Event::PointerMoved(from));
    harness.event(button(from, true));
    harness.run_steps(1);
    for share in [0.2, 0.5, 0.8, 1.0] {
        harness.event(egui::Event::PointerMoved(from + (to - from) * share));
        harness.run_steps(1);
    }
    harness.event(button(to, false));
    harness.run_steps(3);
    assert_eq!(names(&harness), [vec!["agents.failed"], vec!["agents.active", "agents.health"]]);
}

#[test]
fn plots_are_rearranged_and_removed_from_their_menu() {
    let simulation = run();
    let mut harness = shown(&simulation, with(&[&["agents.failed"], &["agents.active"]]));
    click(&mut harness, Role::Button, "More about agents.active");
    click(&mut harness, Role::Button, "Move to the front");
    assert_eq!(names(&harness), [["agents.active"], ["agents.failed"]]);
    click(&mut harness, Role::Button, "More about agents.active");
    click(&mut harness, Role::CheckBox, "Logarithmic axis");
    assert!(harness.state().state.plots[0].logarithmic);
    harness.key_press(egui::Key::Escape);
    harness.run_steps(2);
    click(&mut harness, Role::Button, "More about agents.failed");
    click(&mut harness, Role::Button, "Remove the plot");
    assert_eq!(names(&harness), [["agents.active"]]);
}

#[test]
fn what_is_plotted_is_part_of_a_saved_layout() {
    let mut state = with(&[&["agents.failed"]]);
    state.statistics = true;
    state.span = Span::Last(60.0);
    let text = agent2028_core::ron_format::to_line(&state).unwrap();
    let back: PlotsState = agent2028_core::ron_format::from_str(&text).unwrap();
    assert_eq!((&back.plots, back.statistics, back.span), (&state.plots, true, Span::All));
}

#[test]
fn other_runs_are_drawn_beside_this_one_and_named() {
    let simulation = run();
    let mut other = super::simulation(&[("bird", 20)]);
    other.run(900);
    let others =
        [plots::OtherRun { name: "Nobody fails", metrics: other.world().resource::<Metrics>(), from: 299, to: 900 }];
    let harness = panel_test(PANEL, with(&[&["agents.failed"]]), |ui, look, state, actions| {
        let metrics = simulation.world().resource::<Metrics>();
        let view = PlotsView { metrics, plots: &[], interventions: &[], others: &others, tick: TICK, tick_hz: 60.0 };
        plots::show(ui, look, &view, state, actions);
    });
    assert!(says(&harness, "Nobody fails"));
    // Time goes on to the end of the run that went further.
    assert!(says(&harness, "00:00.00 to 00:15.00"));
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn the_table_holds_every_run_that_is_compared() {
    let (shown, tried) = (run(), {
        let mut simulation = simulation(&[("bird", 20)]);
        simulation.run(TICK);
        simulation
    });
    let mut state = with(&[&["agents.failed"]]);
    state.span = Span::Fixed(590.0, 620.0);
    let mut harness = panel_test(PANEL, state, move |ui, look, state, actions| {
        let metrics = shown.world().resource::<Metrics>();
        let others = [plots::OtherRun {
            name: "Run 2, calm",
            metrics: tried.world().resource::<Metrics>(),
            from: 299,
            to: TICK,
        }];
        let view = PlotsView { metrics, plots: &[], interventions: &[], others: &others, tick: TICK, tick_hz: 60.0 };
        plots::show(ui, look, &view, state, actions);
    });
    let text = saved(&click(&mut harness, Role::Button, "Save all plotted values as CSV"));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "tick,time_s,agents.failed,\"agents.failed of Run 2, calm\"");
    assert_eq!(lines.last(), Some(&"600,10,20,0"), "all of the one have failed, and none of the other");
}

/// A number that is cut is another number: in a plot of any width every value is whole, and every run is named whole or with
/// an ellipsis.
#[test]
fn values_are_whole_and_every_run_is_named_however_narrow_a_plot_is() {
    let mut simulation = run();
    let mut timeline = agent2028_core::timeline::Timeline::default();
    timeline.begin(&simulation);
    timeline.run(&mut simulation, 10);
    for width in [160.0_f32, 200.0, 290.0, 360.0, 700.0] {
        let mut state = with(&[&["agents.failed", "agents.active", "agents.total", "no.such.metric"]]);
        state.plots[0].title = "Way against the shortest one there is".into();
        let metrics = simulation.world().resource::<Metrics>().clone();
        let harness = panel_test([width, 420.0], state, move |ui, look, state, actions| {
            let other = |name| plots::OtherRun { name, metrics: &metrics, from: 100, to: TICK };
            let others = [other("Run 2"), other(plots::STILL_TO_COME)];
            let view = PlotsView {
                metrics: &metrics,
                plots: &[],
                interventions: &[],
                others: &others,
                tick: TICK,
                tick_hz: 60.0,
            };
            plots::show(ui, look, &view, state, actions);
        });
        let texts = texts(&harness);
        let faults: Vec<_> = texts.iter().filter(|seen| seen.fault.is_some()).collect();
        assert!(faults.is_empty(), "{width}: {faults:?}");
        let metrics = harness_metrics(&simulation);
        for value in metrics {
            assert!(texts.iter().any(|seen| seen.text == value), "{width}: {value} {texts:?}");
        }
        // In the widest one there is room for all.
        if width > 600.0 {
            for name in ["Run 2", "Still to come"] {
                assert!(texts.iter().any(|seen| seen.text == name), "{name}");
            }
        }
    }
}

fn harness_metrics(simulation: &Simulation) -> Vec<String> {
    let metrics = simulation.world().resource::<Metrics>();
    let values = ["agents.failed", "agents.active"].iter().filter_map(|name| metrics.value(name));
    values.map(crate::format::number).collect()
}

/// The time at the right edge is whole, and there is a number at the vertical axis.
#[test]
fn axes_have_whole_labels() {
    let simulation = run();
    for width in [150.0_f32, 291.0, 500.0] {
        for tick in [498, 600, 1200] {
            let metrics = simulation.world().resource::<Metrics>();
            let harness = panel_test([width, 150.0], with(&[&["agents.failed"]]), move |ui, look, state, actions| {
                let view = PlotsView { metrics, plots: &[], interventions: &[], others: &[], tick, tick_hz: 60.0 };
                plots::show(ui, look, &view, state, actions);
            });
            let texts = texts(&harness);
            let cut: Vec<_> = texts.iter().filter(|seen| seen.fault.is_some()).collect();
            assert!(cut.is_empty(), "{width} {tick}: {cut:?}");
            let left = |text: &&crate::texts::SeenText| text.ink.right() < 54.0 && text.text.parse::<f64>().is_ok();
            assert!(texts.iter().any(|text| left(&text)), "{width} {tick}: {texts:?}");
        }
    }
}
