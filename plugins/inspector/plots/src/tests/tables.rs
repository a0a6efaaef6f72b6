use agent2028_core::metrics::{MetricSpec, Metrics};

use super::*;
use crate::metrics::{self, MetricsState};
use crate::plots::{self, PlotsState, PlotsView};
use crate::scene::PlotPanel;

/// The size of the bottom dock in the smallest window.
const DOCK: [f32; 2] = [1256.0, 160.0];

fn metrics_with(count: usize, ticks: u64) -> Metrics {
    let mut metrics = Metrics::default();
    for number in 0..count {
        let id = metrics.declare(MetricSpec::cheap(format!("group.metric_{number}"), "units/s", "What it tells."));
        for _ in 0..ticks {
            metrics.record(id, number as f64 + 0.5);
        }
    }
    metrics.declare(MetricSpec::expensive("boids.collisions", "pairs", "Costs time.", 10));
    metrics
}

fn plot<'a>(metrics: &'a Metrics, panels: &'a [PlotPanel], picked: &[&str]) -> Harness<'a, PanelTest<PlotsState>> {
    let mut state = PlotsState::default();
    for name in picked {
        state.toggle(name);
    }
    panel_test(DOCK, state, move |ui, look, state, actions| {
        let view = PlotsView { metrics, plots: panels, interventions: &[], others: &[], tick: 600, tick_hz: 60.0 };
        plots::show(ui, look, &view, state, actions);
    })
}

#[test]
fn without_plots_the_tab_says_how_to_get_some() {
    let metrics = Metrics::default();
    assert!(says(&plot(&metrics, &[], &[]), "Nothing is plotted"));
}

#[test]
fn plots_name_their_curves_with_last_value_and_unit() {
    let metrics = metrics_with(3, 100);
    let panels = [PlotPanel {
        title: "Throughput".into(),
        metrics: vec!["group.metric_0".into(), "group.metric_1".into(), "group.missing".into()],
    }];
    let harness = plot(&metrics, &panels, &[]);
    for text in ["Throughput", "Metric 0", "0.5000", "1.500", "units/s", "group.missing"] {
        assert!(says(&harness, text), "{text}");
    }
}

#[test]
fn a_picked_metric_can_be_dropped_again() {
    let metrics = metrics_with(3, 100);
    let mut harness = plot(&metrics, &[], &["group.metric_2"]);
    click(&mut harness, Role::Button, "Plot group.metric_2 no longer");
    assert!(harness.state().state.plots.is_empty());
    assert!(says(&harness, "Nothing is plotted"));
}

#[test]
fn many_plots_of_long_series_are_drawn() {
    let metrics = metrics_with(40, 20_000);
    let panels: Vec<PlotPanel> = (0..12)
        .map(|number| PlotPanel {
            title: format!("A plot with a title that goes on and on, number {number}"),
            metrics: (0..40).map(|metric| format!("group.metric_{metric}")).collect(),
        })
        .collect();
    let harness = plot(&metrics, &panels, &[]);
    assert!(says(&harness, "number 0"));
}

type Table = (MetricsState, PlotsState);

fn table(metrics: &Metrics) -> Harness<'_, PanelTest<Table>> {
    panel_test(DOCK, Table::default(), move |ui, look, (state, plots), actions| {
        metrics::show(ui, look, metrics, state, plots, actions);
    })
}

#[test]
fn clicking_a_metric_plots_it_and_has_it_recorded() {
    let metrics = metrics_with(1, 10);
    let mut harness = table(&metrics);
    assert!(says(&harness, "2 metrics") && says(&harness, "it costs time"));
    let want = [Action::WantMetric("boids.collisions".into())];
    assert_eq!(click(&mut harness, Role::Button, "boids.collisions"), want);
    assert!(harness.state().state.1.shows("boids.collisions"));
    assert_eq!(click(&mut harness, Role::Button, "boids.collisions"), vec![]);
    assert_eq!(nameless(&harness), Vec::<String>::new());
}

#[test]
fn metrics_are_searched_and_their_absence_explained() {
    assert!(says(&table(&Metrics::default()), "No metrics yet"));
    let metrics = metrics_with(500, 3);
    let mut harness = table(&metrics);
    let rows = harness.query_all_by(|node| node.label().is_some_and(|name| name.starts_with("group."))).count();
    assert!(rows < 40, "only rows in view are drawn, not {rows}");
    harness.state_mut().state.0.filter = "metric_499".into();
    harness.run_steps(2);
    assert!(says(&harness, "1 metric"));
    harness.state_mut().state.0.filter = "no such".into();
    harness.run_steps(2);
    assert!(says(&harness, "No metric matches"));
}
