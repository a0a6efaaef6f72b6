use agent2028_core::faults::Kill;
use agent2028_core::metrics::Metrics;
use agent2028_core::selector::Selector;
use agent2028_core::timeline::{Branch, BranchId, Timeline, TimelineLimits};

use super::*;
use crate::actions::Travel;
use crate::runs::{self, RunsState, RunsView};

struct Run {
    simulation: Simulation,
    timeline: Timeline,
    runs: RunsState,
}

fn kill(count: u32) -> Kill {
    Kill { select: Selector::Count(count), duration_s: None }
}

/// A run in which three birds fail, and a second one in which five fail earlier.
fn forked(agents: u32) -> Run {
    let mut simulation = simulation(&[("bird", agents)]);
    let mut timeline = Timeline::default();
    timeline.run(&mut simulation, 100);
    timeline.intervene(&mut simulation, kill(3));
    timeline.run(&mut simulation, 50);
    timeline.seek(60);
    timeline.finish(&mut simulation);
    timeline.intervene(&mut simulation, kill(5));
    timeline.run(&mut simulation, 60);
    Run { simulation, timeline, runs: default() }
}

fn panel<'a>(size: [f32; 2], run: Run, plotted: &'a [String]) -> Harness<'a, PanelTest<Run>> {
    panel_test(size, run, move |ui, look, run, actions| {
        let view = RunsView {
            timeline: &run.timeline,
            metrics: run.simulation.world().resource::<Metrics>(),
            plotted,
            tick_hz: 60.0,
        };
        runs::show(ui, look, &view, &mut run.runs, actions);
    })
}

fn ids(harness: &Harness<'_, PanelTest<Run>>) -> Vec<BranchId> {
    harness.state().state.timeline.branches().map(Branch::id).collect()
}

#[test]
fn a_single_run_says_how_to_get_a_second_one() {
    let mut simulation = simulation(&[("bird", 5)]);
    let empty = Run { simulation: super::simulation(&[]), timeline: Timeline::default(), runs: default() };
    assert!(says(&panel([320.0, 400.0], empty, &[]), "No run yet"));
    let mut timeline = Timeline::default();
    timeline.run(&mut simulation, 10);
    let mut harness = panel([320.0, 400.0], Run { simulation, timeline, runs: default() }, &[]);
    for text in ["1 run", "There is one run so far", "No change of yours"] {
        assert!(says(&harness, text), "{text}");
    }
    assert_eq!(click(&mut harness, Role::Button, "Fork here"), [Action::Time(Travel::Fork)]);
}

#[test]
fn runs_tell_what_differs_and_their_metrics_are_compared() {
    let plotted = ["agents.failed".to_owned(), "agents.none".to_owned()];
    let mut harness = panel([420.0, 500.0], forked(20), &plotted);
    for text in [
        "2 runs",
        "Run 1",
        "Run 2",
        "Forked from Run 1 at tick 60",
        "tick 61: Kill",
        "tick 101: Kill",
        "ran to 150",
        "Metrics at tick 120",
        "Failed (agents)",
        "5",
        "3 (\u{2212}2)",
    ] {
        assert!(says(&harness, text), "{text}");
    }
    let [first, second] = ids(&harness)[..] else { panic!("two runs") };
    assert_eq!(click(&mut harness, Role::Button, "Show Run 1"), [Action::Time(Travel::Switch(first, 120))]);
    assert_eq!(nameless(&harness), Vec::<String>::new());
    // The one it forked from is compared until somebody says no.
    let run = &harness.state().state;
    assert_eq!(run.runs.compared(&run.timeline).iter().map(|run| run.id()).collect::<Vec<_>>(), [first]);
    click(&mut harness, Role::CheckBox, "Compare Run 1");
    assert!(says(&harness, "Tick the box of a run"));
    let run = &mut harness.state_mut().state;
    run.timeline.switch(first, 120);
    run.timeline.finish(&mut run.simulation);
    harness.run_steps(3);
    assert!(says(&harness, "5 (+2)"));
    assert_eq!(click(&mut harness, Role::Button, "Remove Run 2"), [Action::Time(Travel::Remove(second))]);
}

#[test]
fn a_run_is_renamed_in_place() {
    let mut harness = panel([420.0, 400.0], forked(9), &[]);
    let [_, second] = ids(&harness)[..] else { panic!("two runs") };
    click(&mut harness, Role::Button, "Rename Run 2");
    harness.run_steps(3);
    harness.get_by_role_and_label(Role::TextInput, "Name of the run").type_text(" earlier");
    harness.run_steps(2);
    harness.key_press(egui::Key::Enter);
    harness.run_steps(2);
    let renamed = [Action::Time(Travel::Rename(second, "Run 2 earlier".into()))];
    assert_eq!(harness.state_mut().actions.take(), renamed);
    assert!(harness.state().state.runs.renaming.is_none());
}

#[test]
fn undone_changes_and_removed_runs_are_told() {
    let mut run = forked(9);
    run.timeline.undo();
    run.timeline.finish(&mut run.simulation);
    assert!(says(&panel([420.0, 400.0], run, &[]), "without Kill at tick 61"));

    let mut simulation = simulation(&[("bird", 5)]);
    let mut timeline = Timeline::new(TimelineLimits { branches: 3, ..TimelineLimits::default() });
    for _ in 0..5 {
        timeline.run(&mut simulation, 5);
        timeline.fork(&mut simulation, None);
    }
    let harness = panel([420.0, 400.0], Run { simulation, timeline, runs: default() }, &[]);
    assert!(says(&harness, "3 runs removed by itself: at most 3 are kept"));
}
