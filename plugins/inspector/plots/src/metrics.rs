//! All metrics with their last value; a click plots one, and has an expensive one recorded.

use agent2028_core::metrics::{Cost, MetricSpec, Metrics, Series};
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{ScrollArea, Ui, WidgetInfo, WidgetType};
use egui_material_icons::icons::{ICON_MONITORING, ICON_SHOW_CHART, ICON_TABLE_ROWS};

use crate::actions::{Action, Actions};
use crate::format;
use crate::panel::{DockSide, Group, Panel, PanelContext, PanelFacts, PanelKey};
use crate::plots::{DraggedMetric, PlotsState};
use crate::theme::{Look, measure};
use crate::widgets::{self, Cell};

/// What the panel remembers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricsState {
    /// Only metrics whose name or explanation holds this are listed.
    pub filter: String,
}

/// The metrics whose name or explanation holds the text.
pub(crate) fn matching<'a>(metrics: &'a Metrics, filter: &str) -> Vec<(&'a MetricSpec, &'a Series)> {
    let wanted = filter.trim().to_lowercase();
    metrics
        .iter()
        .filter(|(spec, _)| {
            wanted.is_empty()
                || spec.name.to_lowercase().contains(&wanted)
                || spec.help.to_lowercase().contains(&wanted)
        })
        .collect()
}

/// The panel of the table of metrics.
#[derive(Clone, Copy, Debug)]
pub struct MetricsPanel;

impl Panel for MetricsPanel {
    type State = MetricsState;
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Metrics"),
        title: "Metrics",
        icon: ICON_TABLE_ROWS,
        help: "All metrics with their last values.",
        group: Group::Run,
        side: DockSide::Bottom,
        scrolls: false,
        story: false,
    };

    fn show(ui: &mut Ui, context: &mut PanelContext, state: &mut MetricsState) {
        let all = context.facts.resource::<Metrics>();
        show(ui, context.look, all, state, context.states.of::<PlotsState>(), context.actions);
    }
}

/// Shows the metrics.
pub fn show(
    ui: &mut Ui,
    look: &Look,
    metrics: &Metrics,
    state: &mut MetricsState,
    plots: &mut PlotsState,
    actions: &mut Actions,
) {
    let rows = matching(metrics, &state.filter);
    ui.horizontal(|ui| {
        widgets::search(ui, look, &mut state.filter, "Search metrics");
        ui.label(look.quiet(format::counted(rows.len() as u64, "metric", "metrics")));
        ui.label(look.quiet("Click one to plot it, or drag it onto a plot"));
    });
    if rows.is_empty() {
        let (what, how) = if state.filter.trim().is_empty() {
            ("No metrics yet", "Open a scene: its systems tell what they measure.")
        } else {
            ("No metric matches", "Search by name, such as boids, or by what it tells.")
        };
        widgets::empty(ui, look, ICON_MONITORING, what, how);
        return;
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().id_salt("metrics").auto_shrink([false, false]).show_rows(
        ui,
        measure::TABLE_ROW,
        rows.len(),
        |ui, visible| {
            for &(spec, series) in &rows[visible] {
                row(ui, look, spec, series, plots, actions);
            }
        },
    );
}

fn row(ui: &mut Ui, look: &Look, spec: &MetricSpec, series: &Series, plots: &mut PlotsState, actions: &mut Actions) {
    let plotted = plots.shows(&spec.name);
    let response = widgets::row_background(ui, look, &spec.name, false).interact(egui::Sense::click_and_drag());
    response.dnd_set_drag_payload(DraggedMetric { name: spec.name.clone(), from: None });
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::selected(WidgetType::SelectableLabel, enabled, plotted, &spec.name));
    let last = series.last();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::NORMAL;
        let tint = if plotted { look.accent } else { egui::Color32::TRANSPARENT };
        widgets::cell(ui, spacing::ICON, Cell::Left, |ui| ui.label(look.icon(ICON_SHOW_CHART).color(tint)));
        widgets::cell(ui, measure::NAME_COLUMN, Cell::Left, |ui| ui.label(look.body(&spec.name)));
        let value = last.map_or(format::NOTHING.to_owned(), |(_, value)| format::number(value));
        widgets::right_figure(ui, measure::VALUE_COLUMN, look.figure(value));
        widgets::cell(ui, measure::UNIT_COLUMN, Cell::Left, |ui| ui.label(look.quiet(spec.unit)));
        widgets::cell(ui, measure::SPARKLINE.0, Cell::Left, |ui| widgets::sparkline(ui, look, series));
        let note = match spec.cost {
            Cost::Expensive { .. } if last.is_none() => "Recorded once it is plotted: it costs time. ",
            _ => "",
        };
        let rest = ui.available_width();
        widgets::cell(ui, rest, Cell::Left, |ui| ui.label(look.quiet(format!("{note}{}", spec.help))));
    });
    if response.clicked() && plots.toggle(&spec.name) {
        actions.push(Action::WantMetric(spec.name.clone()));
    }
}
