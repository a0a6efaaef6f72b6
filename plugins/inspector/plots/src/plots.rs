//! Curves of metrics over simulated time: the plots that the scene asks for, and those that a person puts together.
//!
//! All plots show the same span of time and share one cursor. Metrics are dragged in from the table of metrics or from
//! other plots, or picked from a list.

pub mod axis;
mod chart;
mod curves;
mod heading;
mod picker;
mod picture;
mod setup;

pub use setup::{PlotSetup, PlotsState, Span};

use agent2028_core::intervention::{Applied, InterventionLog};
use agent2028_core::metrics::Metrics;
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{DragAndDrop, ScrollArea, Ui, vec2};
use egui_material_icons::icons::{
    ICON_ADD_CHART, ICON_DOWNLOAD, ICON_FIT_WIDTH, ICON_FUNCTIONS, ICON_LAST_PAGE, ICON_SHOW_CHART,
};

use crate::actions::{Action, Actions};
use crate::context::Facts;
use crate::export::FileToSave;
use crate::format;
use crate::panel::{DockSide, Group, Keeps, Panel, PanelContext, PanelFacts, PanelKey};
use crate::runs::RunsState;
use crate::scene::PlotPanel;
use crate::theme::{Look, measure};
use crate::widgets;

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct PlotsView<'a> {
    /// All metrics.
    pub metrics: &'a Metrics,
    /// The plots of the scene.
    pub plots: &'a [PlotPanel],
    /// What was done to the run, in order: marks on the plots.
    pub interventions: &'a [Applied],
    /// Other runs to compare with, drawn thin and dashed.
    pub others: &'a [OtherRun<'a>],
    /// The tick now: the right end of the curves.
    pub tick: u64,
    /// Ticks per simulated second.
    pub tick_hz: f64,
}

/// What the part of the shown run is called that was run already and lies ahead.
pub const STILL_TO_COME: &str = "Still to come";

/// A run that the one that is shown is compared with.
#[derive(Clone, Copy, Debug)]
pub struct OtherRun<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Its metrics as far as it ran.
    pub metrics: &'a Metrics,
    /// The last tick that it has in common with the run that is shown.
    pub from: u64,
    /// The last tick that it ran.
    pub to: u64,
}

impl PlotsView<'_> {
    /// The last tick of which there is anything to show.
    fn last(&self) -> u64 {
        self.others.iter().map(|other| other.to).fold(self.tick, u64::max)
    }
}

/// A metric that is being dragged to a plot, and the plot that it leaves, if any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraggedMetric {
    /// Its name.
    pub name: String,
    /// The number of the plot that it leaves.
    pub from: Option<usize>,
}

/// A plot that is being dragged to another place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct DraggedPlot(usize);

/// The runs that plots compare with, and what is still to come of the one that is shown.
fn other_runs<'a>(facts: &Facts<'a>, runs: &RunsState) -> Vec<OtherRun<'a>> {
    let Some(current) = facts.timeline.current() else {
        return Vec::new();
    };
    let now = facts.simulation.tick();
    let future = current.metrics().filter(|_| now < current.furthest()).map(|metrics| OtherRun {
        name: STILL_TO_COME,
        metrics,
        from: now,
        to: current.furthest(),
    });
    let compared = runs.compared(facts.timeline).into_iter().filter_map(|run| {
        let from = facts.timeline.common(run.id(), current.id());
        Some(OtherRun { name: run.name(), metrics: run.metrics()?, from, to: run.furthest() })
    });
    compared.chain(future).collect()
}

/// What is to be done with the list of plots once all have been drawn.
#[derive(Clone, Debug, PartialEq)]
enum Change {
    Remove(usize),
    Rearrange(usize, usize),
    Drop(DraggedMetric, usize),
    DropAlone(DraggedMetric),
}

/// What a plot says whose metrics have not been recorded yet.
pub(crate) const NO_VALUES: &str = "No values yet";

/// The panel of the curves.
#[derive(Clone, Copy, Debug)]
pub struct PlotsPanel;

impl Panel for PlotsPanel {
    type State = PlotsState;
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Plots"),
        title: "Plots",
        icon: ICON_SHOW_CHART,
        help: "Curves of metrics over time.",
        group: Group::Run,
        side: DockSide::Bottom,
        scrolls: false,
        story: false,
    };

    fn show(ui: &mut Ui, context: &mut PanelContext, state: &mut PlotsState) {
        let facts = context.facts;
        let others = other_runs(facts, context.states.of::<RunsState>());
        let view = PlotsView {
            metrics: facts.resource::<Metrics>(),
            plots: &facts.status.plots,
            interventions: &facts.resource::<InterventionLog>().0,
            others: &others,
            tick: facts.tick(),
            tick_hz: facts.tick_hz(),
        };
        show(ui, context.look, &view, state, context.actions);
    }

    fn keeps() -> Option<Keeps<PlotsState>> {
        Some(Keeps::named("plots"))
    }
}

/// Shows the plots in as many columns as fit.
pub fn show(ui: &mut Ui, look: &Look, view: &PlotsView, state: &mut PlotsState, actions: &mut Actions) {
    state.follow_scene(view.plots);
    let mut change = None;
    toolbar(ui, look, view, state, actions, &mut change);
    if state.plots.is_empty() {
        let area = ui.available_rect_before_wrap();
        widgets::empty(
            ui,
            look,
            ICON_SHOW_CHART,
            "Nothing is plotted",
            "Add a plot above, drag a metric here from the panel Metrics, or name plots in the scene.",
        );
        drop_zone(ui, look, area, &mut change);
    } else {
        grid(ui, look, view, state, actions, &mut change);
    }
    apply(change, state, actions);
}

fn grid(
    ui: &mut Ui,
    look: &Look,
    view: &PlotsView,
    state: &mut PlotsState,
    actions: &mut Actions,
    change: &mut Option<Change>,
) {
    let (wide, high) = (ui.available_width(), ui.available_height());
    let most = ((wide + spacing::SECTION) / (measure::PLOT.0 + spacing::SECTION)).floor().max(1.0) as usize;
    let count = state.plots.len();
    let rows = count.div_ceil(most);
    let columns = count.div_ceil(rows);
    let width = ((wide - (columns - 1) as f32 * spacing::SECTION) / columns as f32).floor();
    let height = ((high - (rows - 1) as f32 * spacing::WIDE) / rows as f32).floor();
    let headings: Vec<f32> =
        state.plots.iter().map(|setup| chart::rows(ui, look, view, setup, width).height()).collect();
    let cursor = state.cursor.take();
    ScrollArea::vertical().id_salt("plots").auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing = vec2(spacing::SECTION, spacing::WIDE);
        for row in 0..rows {
            // Under a heading of many rows there is as much chart as under one of a single row.
            let heading = headings.iter().skip(row * columns).take(columns).fold(measure::CONTROL, |a, b| a.max(*b));
            let height = height.max(measure::PLOT.1 - measure::CONTROL + heading);
            ui.horizontal_top(|ui| {
                for number in (row * columns..count).take(columns) {
                    let (rect, _) = ui.allocate_exact_size(vec2(width, height), egui::Sense::hover());
                    if ui.is_rect_visible(rect) {
                        let mut child = ui.new_child(
                            egui::UiBuilder::new()
                                .max_rect(rect)
                                .layout(egui::Layout::top_down(egui::Align::Min))
                                .id_salt(("plot", number)),
                        );
                        chart::show(&mut child, look, view, state, number, cursor, actions, change);
                    }
                }
            });
        }
    });
    if state.cursor != cursor {
        ui.ctx().request_repaint();
    }
}

fn apply(change: Option<Change>, state: &mut PlotsState, actions: &mut Actions) {
    let mut leave = |state: &mut PlotsState, dragged: &DraggedMetric| {
        if let Some(plot) = dragged.from.and_then(|from| state.plots.get_mut(from)) {
            plot.metrics.retain(|name| *name != dragged.name);
        }
        actions.push(Action::WantMetric(dragged.name.clone()));
    };
    match change {
        Some(Change::Remove(number)) if number < state.plots.len() => {
            state.plots.remove(number);
        }
        Some(Change::Rearrange(from, to)) => state.rearrange(from, to),
        Some(Change::Drop(dragged, to)) if dragged.from != Some(to) => {
            leave(state, &dragged);
            if let Some(plot) = state.plots.get_mut(to) {
                plot.add(&dragged.name);
            }
            state.plots.retain(|plot| !plot.metrics.is_empty());
        }
        Some(Change::DropAlone(dragged)) => {
            leave(state, &dragged);
            state.plots.retain(|plot| !plot.metrics.is_empty());
            state.plots.push(PlotSetup::of(&dragged.name));
        }
        _ => {}
    }
}

/// Takes a metric that is dropped into a rectangle for a plot of its own.
fn drop_zone(ui: &Ui, look: &Look, area: egui::Rect, change: &mut Option<Change>) {
    if !DragAndDrop::has_payload_of_type::<DraggedMetric>(ui.ctx()) || !ui.rect_contains_pointer(area) {
        return;
    }
    ui.painter().rect_stroke(area, crate::theme::radius(), chart::accent(look), egui::StrokeKind::Inside);
    if ui.input(|input| input.pointer.any_released())
        && let Some(dragged) = DragAndDrop::take_payload::<DraggedMetric>(ui.ctx())
    {
        *change = Some(Change::DropAlone((*dragged).clone()));
    }
}

fn toolbar(
    ui: &mut Ui,
    look: &Look,
    view: &PlotsView,
    state: &mut PlotsState,
    actions: &mut Actions,
    change: &mut Option<Change>,
) {
    let row = ui.horizontal_wrapped(|ui| {
        ui.set_min_height(measure::CONTROL);
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        let add = widgets::icon_button(ui, look, ICON_ADD_CHART, "Add a plot");
        let add = widgets::tip(add, look, "Add a plot of a metric; or drop a metric here", "");
        if let Some(metric) = picker::show(look, view.metrics, &add, &mut state.search, &[]) {
            state.plots.push(PlotSetup::of(&metric));
            actions.push(Action::WantMetric(metric));
        }
        let fit = widgets::icon_button(ui, look, ICON_FIT_WIDTH, "Show the whole run");
        if widgets::tip(fit, look, "Show the whole run; double-click a plot does it too", "").clicked() {
            state.span = Span::All;
        }
        let follows = state.span.follows();
        let follow = widgets::icon_toggle(ui, look, ICON_LAST_PAGE, "Follow the newest ticks", follows);
        if widgets::tip(follow, look, "Keep the newest ticks in sight, in a span as wide as now", "").clicked() {
            let (from, to) = state.span.ticks(view.last());
            state.span = if follows { Span::Fixed(from, to) } else { Span::Last(to - from) };
        }
        let on = state.statistics;
        let statistics = widgets::icon_toggle(ui, look, ICON_FUNCTIONS, "Statistics", on);
        if widgets::tip(
            statistics,
            look,
            "Last, smallest, mean and largest value and the spread of what is visible",
            "",
        )
        .clicked()
        {
            state.statistics = !on;
        }
        let label = if state.in_ticks { "Ticks" } else { "Seconds" };
        let response = ui.add(egui::Button::new(look.body(label)));
        widgets::named(ui, &response, egui::WidgetType::Button, &format!("Time axis in {}", label.to_lowercase()));
        if widgets::tip(response, look, "Count seconds of simulated time or ticks at the horizontal axis", "").clicked()
        {
            state.in_ticks = !state.in_ticks;
        }
        if !state.plots.is_empty() {
            let save = widgets::icon_button(ui, look, ICON_DOWNLOAD, "Save all plotted values as CSV");
            if widgets::tip(save, look, "Save the visible span of all plotted metrics as CSV", "").clicked() {
                let mut names: Vec<String> = Vec::new();
                for name in state.metrics().filter(|name| view.metrics.spec(name).is_some()) {
                    if !names.iter().any(|known| known == name) {
                        names.push(name.to_owned());
                    }
                }
                let text = visible_table(view, state, &names, ',');
                actions.push(Action::SaveFile(FileToSave::csv("Save the plotted values as", "plots", text)));
            }
        }
        // In a narrow dock the axis says it too.
        if ui.available_size_before_wrap().x >= measure::SEARCH {
            ui.add_space(spacing::NORMAL);
            ui.label(look.quiet(span_text(view, state)));
        }
    });
    drop_zone(ui, look, row.response.rect, change);
}

/// What part of the run is visible, in words.
fn span_text(view: &PlotsView, state: &PlotsState) -> String {
    let (from, to) = state.span.ticks(view.last());
    let (from, to) = (from.max(0.0).min(view.last() as f64), to.min(view.last() as f64).max(0.0));
    if state.in_ticks {
        format!("Ticks {} to {}", format::count(from as u64), format::count(to as u64))
    } else {
        format!("{} to {}", format::clock(from / view.tick_hz), format::clock(to / view.tick_hz))
    }
}

/// The visible span of metrics as a table: of the run that is shown, and of every run that it is compared with, which
/// stands in the head behind the metric.
fn visible_table(view: &PlotsView, state: &PlotsState, names: &[String], separator: char) -> String {
    let (from, to) = state.span.ticks(view.last());
    let (from, to) = (from.max(0.0) as u64, to.max(0.0) as u64);
    let mut curves = Vec::new();
    for name in names {
        let curve = |metrics, from, to| curves::Curve::of(metrics, name, from, to, usize::MAX);
        let mut shown = curve(view.metrics, from, to.min(view.tick));
        let (ahead, others): (Vec<&OtherRun>, Vec<&OtherRun>) =
            view.others.iter().partition(|other| other.name == STILL_TO_COME);
        // What was run already and lies ahead belongs to the run that is shown.
        for ahead in ahead {
            shown.buckets.extend(curve(ahead.metrics, from.max(view.tick + 1), to.min(ahead.to)).buckets);
        }
        curves.push(shown);
        for other in others {
            let other_curve = curve(other.metrics, from, to.min(other.to));
            curves.push(curves::Curve { name: format!("{name} of {}", other.name), ..other_curve });
        }
    }
    curves::table(&curves, view.tick_hz, separator)
}
