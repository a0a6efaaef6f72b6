//! The ways that the run has taken: its branches, what differs in them, and how their metrics compare.

use std::collections::BTreeMap;

use agent2028_core::intervention::Stamped;
use agent2028_core::metrics::{MetricSpec, Metrics};
use agent2028_core::timeline::{Branch, BranchId, Timeline};
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Align, Grid, Key, Label, Layout, ScrollArea, Stroke, TextEdit, Ui, WidgetInfo, WidgetType, pos2};
use egui_material_icons::icons::{
    ICON_CALL_SPLIT, ICON_CHECK, ICON_DELETE, ICON_EDIT, ICON_ERROR, ICON_PLAY_ARROW, ICON_WARNING,
};

use crate::actions::{Action, Actions, Travel};
use crate::format;
use crate::panel::{DockSide, Group, Panel, PanelContext, PanelFacts, PanelKey};
use crate::plots::PlotsState;
use crate::shortcuts::{Command, keys};
use crate::theme::{Look, measure};
use crate::widgets;

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct RunsView<'a> {
    /// Branches and keyframes.
    pub timeline: &'a Timeline,
    /// The metrics of the run that is shown, up to now.
    pub metrics: &'a Metrics,
    /// The metrics that are plotted: those that are compared.
    pub plotted: &'a [String],
    /// Ticks per simulated second.
    pub tick_hz: f64,
}

/// What the panel remembers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunsState {
    /// The run whose name is edited, and what it will be.
    pub renaming: Option<(BranchId, String)>,
    /// Runs that were chosen to be compared, or not to be.
    chosen: BTreeMap<BranchId, bool>,
}

impl RunsState {
    /// Whether a run is compared with the one that is shown. Unless a person has chosen otherwise, the run that it forked
    /// from is, and the last one that forked from it: what else would have happened, what else was tried.
    #[must_use]
    pub fn compares(&self, timeline: &Timeline, run: BranchId) -> bool {
        let Some(current) = timeline.current().map(Branch::id).filter(|current| *current != run) else {
            return false;
        };
        self.chosen.get(&run).copied().unwrap_or_else(|| {
            let parent = |id| timeline.parent(id).map(|(parent, _)| parent);
            let last_fork = timeline.branches().filter(|branch| parent(branch.id()) == Some(current)).last();
            parent(current) == Some(run) || last_fork.is_some_and(|fork| fork.id() == run)
        })
    }

    /// The runs that are compared with the one that is shown, the oldest first.
    pub fn compared<'a>(&self, timeline: &'a Timeline) -> Vec<&'a Branch> {
        timeline.branches().filter(|branch| self.compares(timeline, branch.id())).collect()
    }

    /// Compares a run with the one that is shown, or not.
    pub fn choose(&mut self, run: BranchId, compared: bool) {
        self.chosen.insert(run, compared);
    }
}

/// The panel of the ways that the run has taken.
#[derive(Clone, Copy, Debug)]
pub struct RunsPanel;

impl Panel for RunsPanel {
    type State = RunsState;
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Runs"),
        title: "Runs",
        icon: ICON_CALL_SPLIT,
        help: "The ways that the run has taken: forks, what differs in them, and how their metrics compare.",
        group: Group::Run,
        side: DockSide::Right,
        scrolls: false,
        story: false,
    };

    fn show(ui: &mut Ui, context: &mut PanelContext, state: &mut RunsState) {
        let facts = context.facts;
        let mut plotted: Vec<String> = Vec::new();
        for name in context.states.of::<PlotsState>().plots.iter().flat_map(|plot| &plot.metrics) {
            if !plotted.contains(name) {
                plotted.push(name.clone());
            }
        }
        let view = RunsView {
            timeline: facts.timeline,
            metrics: facts.resource::<Metrics>(),
            plotted: &plotted,
            tick_hz: facts.tick_hz(),
        };
        show(ui, context.look, &view, state, context.actions);
    }
}

/// Shows all runs as a tree, and below it how those that are compared differ.
pub fn show(ui: &mut Ui, look: &Look, view: &RunsView, state: &mut RunsState, actions: &mut Actions) {
    if view.timeline.current().is_none() {
        widgets::empty(ui, look, ICON_CALL_SPLIT, "No run yet", "A run begins with the first frame of a scene.");
        return;
    }
    head(ui, look, view, actions);
    ScrollArea::vertical().id_salt("runs").auto_shrink([false, false]).show(ui, |ui| {
        for (branch, depth) in tree(view.timeline) {
            ui.push_id(branch.id(), |ui| run(ui, look, view, branch, depth, state, actions));
        }
        if view.timeline.branches().count() < 2 {
            ui.add_space(spacing::NORMAL);
            let text = "There is one run so far. Go back in time and change something, or fork here: then both runs stay, \
                        and their metrics are compared.";
            ui.add(Label::new(look.quiet(text)).wrap());
            return;
        }
        ui.add_space(spacing::WIDE);
        comparison(ui, look, view, state);
    });
}

fn head(ui: &mut Ui, look: &Look, view: &RunsView, actions: &mut Actions) {
    ui.horizontal(|ui| {
        ui.set_min_height(measure::CONTROL);
        let runs = view.timeline.branches().count() as u64;
        ui.label(look.quiet(format::counted(runs, "run", "runs")));
        let used = format!("{} kept", format::bytes(view.timeline.bytes() as u64));
        let most = format::bytes(view.timeline.limits().bytes as u64);
        ui.label(look.quiet(used)).on_hover_text(look.body(format!(
            "Memory of keyframes and of the runs' metrics, at most {most}. When it is full, older keyframes are thinned \
             out: a jump then takes longer, and nothing is lost."
        )));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let response = ui.button((look.icon(ICON_CALL_SPLIT), look.body("Fork here")));
            widgets::named(ui, &response, WidgetType::Button, "Fork here");
            let text = "A second run that goes on from this tick; the first stays as it is";
            if widgets::tip(response, look, text, keys(Command::Fork)).clicked() {
                actions.push(Action::Time(Travel::Fork));
            }
        });
    });
    if view.timeline.branches_dropped() > 0 {
        let dropped = format::counted(view.timeline.branches_dropped(), "run", "runs");
        let most = format::count(view.timeline.limits().branches as u64);
        note(ui, look, ICON_WARNING, look.warning, &format!("{dropped} removed by itself: at most {most} are kept"));
    }
    if let Some(failure) = view.timeline.failure() {
        let text = format!("{failure}. Open the scene again before you trust what is shown.");
        note(ui, look, ICON_ERROR, look.danger, &text);
    }
}

fn note(ui: &mut Ui, look: &Look, icon: egui_material_icons::MaterialIcon, tint: egui::Color32, text: &str) {
    ui.horizontal(|ui| {
        ui.label(look.icon(icon).color(tint));
        ui.add(Label::new(look.quiet(text)).wrap());
    });
}

/// The runs, each behind the one that it forked from, with how deep it stands.
fn tree(timeline: &Timeline) -> Vec<(&Branch, usize)> {
    let mut rows = Vec::new();
    let mut open: Vec<(&Branch, usize)> =
        timeline.branches().filter(|branch| timeline.parent(branch.id()).is_none()).map(|branch| (branch, 0)).collect();
    open.reverse();
    while let Some((branch, depth)) = open.pop() {
        rows.push((branch, depth));
        let forks =
            timeline.branches().filter(|fork| timeline.parent(fork.id()).is_some_and(|(id, _)| id == branch.id()));
        let mut forks: Vec<_> = forks.map(|fork| (fork, depth + 1)).collect();
        forks.reverse();
        open.append(&mut forks);
    }
    rows
}

fn run(
    ui: &mut Ui,
    look: &Look,
    view: &RunsView,
    branch: &Branch,
    depth: usize,
    state: &mut RunsState,
    actions: &mut Actions,
) {
    let id = branch.id();
    let current = view.timeline.current().is_some_and(|current| current.id() == id);
    let indent = depth as f32 * spacing::SECTION;
    let top = ui.cursor().top();
    ui.horizontal(|ui| {
        ui.set_min_height(measure::CONTROL);
        ui.add_space(indent);
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        if current {
            let (rect, response) = ui.allocate_exact_size(egui::Vec2::splat(spacing::ICON), egui::Sense::hover());
            ui.painter().circle_filled(rect.center(), measure::DOT, look.accent);
            response.on_hover_text(look.body("This run is shown"));
        } else {
            let mut compared = state.compares(view.timeline, id);
            let response = ui.checkbox(&mut compared, "");
            let (enabled, name) = (ui.is_enabled(), format!("Compare {}", branch.name()));
            response.widget_info(|| WidgetInfo::selected(WidgetType::Checkbox, enabled, compared, name.as_str()));
            if response.clone().on_hover_text(look.body("Compare: here below, and dashed in the plots")).changed() {
                state.choose(id, compared);
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = spacing::TIGHT;
            buttons(ui, look, view, branch, current, state, actions);
            ui.add_space(spacing::TIGHT);
            let ran = format!("ran to {}", format::count(branch.furthest()));
            ui.label(look.quiet(ran)).on_hover_text(look.body(format!(
                "Tick {}, {} of simulated time",
                format::count(branch.furthest()),
                format::clock(branch.furthest() as f64 / view.tick_hz)
            )));
            ui.add_space(spacing::NORMAL);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| name(ui, look, branch, current, state, actions));
        });
    });
    ui.horizontal(|ui| {
        ui.add_space(indent + spacing::ICON + spacing::TIGHT);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for line in differences(view.timeline, branch) {
                ui.add(Label::new(look.quiet(line)).truncate());
            }
        });
    });
    if depth > 0 {
        let x = ui.max_rect().left() + indent - spacing::NORMAL;
        let corner = pos2(x, top + measure::CONTROL / 2.0);
        let stroke = Stroke::new(spacing::HAIRLINE, look.hairline);
        ui.painter().vline(x, top - spacing::TIGHT..=corner.y, stroke);
        ui.painter().hline(x..=x + spacing::NORMAL - spacing::TIGHT, corner.y, stroke);
    }
    ui.add_space(spacing::TIGHT);
}

fn name(ui: &mut Ui, look: &Look, branch: &Branch, current: bool, state: &mut RunsState, actions: &mut Actions) {
    let Some((_, text)) = state.renaming.as_mut().filter(|(id, _)| *id == branch.id()) else {
        let name = if current { look.strong(branch.name()) } else { look.body(branch.name()) };
        ui.add(Label::new(name).truncate());
        return;
    };
    let response = ui.add(TextEdit::singleline(text).desired_width(ui.available_width()).id_salt("name"));
    widgets::named(ui, &response, WidgetType::TextEdit, "Name of the run");
    if !response.has_focus() && !response.lost_focus() {
        response.request_focus();
    }
    if response.lost_focus() {
        let (_, text) = state.renaming.take().unwrap_or((branch.id(), String::new()));
        if !ui.input(|input| input.key_pressed(Key::Escape)) && !text.trim().is_empty() && text != branch.name() {
            actions.push(Action::Time(Travel::Rename(branch.id(), text)));
        }
    }
}

fn buttons(
    ui: &mut Ui,
    look: &Look,
    view: &RunsView,
    branch: &Branch,
    current: bool,
    state: &mut RunsState,
    actions: &mut Actions,
) {
    let (id, name) = (branch.id(), branch.name());
    ui.add_enabled_ui(view.timeline.removable(id), |ui| {
        let remove = widgets::icon_button(ui, look, ICON_DELETE, &format!("Remove {name}"));
        if widgets::tip(remove, look, &format!("Remove {name}; runs that forked from it stay"), "")
            .on_disabled_hover_text(look.body("The first run and the one that is shown can't be removed"))
            .clicked()
        {
            actions.push(Action::Time(Travel::Remove(id)));
        }
    });
    let renaming = state.renaming.as_ref().is_some_and(|(renamed, _)| *renamed == id);
    let (icon, tip) = if renaming { (ICON_CHECK, "Done: Enter") } else { (ICON_EDIT, "Rename this run") };
    let rename = widgets::icon_button(ui, look, icon, &format!("Rename {name}"));
    // While the field is open, it ends by losing the focus to this very button.
    if widgets::tip(rename, look, tip, "").clicked() && !renaming {
        state.renaming = Some((id, name.to_owned()));
    }
    ui.add_enabled_ui(!current, |ui| {
        let switch = widgets::icon_button(ui, look, ICON_PLAY_ARROW, &format!("Show {name}"));
        let tick = view.timeline.position().min(branch.furthest());
        let text = format!("Show {name}, at tick {}", format::count(tick));
        if widgets::tip(switch, look, &text, "").on_disabled_hover_text(look.body("This run is shown")).clicked() {
            actions.push(Action::Time(Travel::Switch(id, tick)));
        }
    });
}

/// So many differences are told of a run.
const MOST_DIFFERENCES: usize = 4;

/// What makes a run another one than that which it forked from.
fn differences(timeline: &Timeline, branch: &Branch) -> Vec<String> {
    let parent = timeline.parent(branch.id());
    let fork = parent.map(|(_, fork)| fork);
    let own = branch.interventions().iter().filter(|stamped| fork.is_none_or(|fork| stamped.tick > fork));
    let mut lines: Vec<String> = Vec::new();
    if let Some((from, fork)) = parent {
        let from = timeline.branch(from).map_or("a removed run", |from| from.name());
        lines.push(format!("Forked from {from} at tick {}", format::count(fork)));
    }
    if let Some(without) = timeline.left_out(branch.id()) {
        let what = format::words(without.action.name());
        lines.push(format!("without {what} at tick {}", format::count(without.tick)));
    }
    // A slider that was dragged is one line.
    let mut changes: Vec<(&Stamped, u64)> = Vec::new();
    for stamped in own {
        match changes.last_mut() {
            Some((last, count)) if stamped.action.continues(&last.action) => *count += 1,
            _ => changes.push((stamped, 1)),
        }
    }
    lines.extend(changes.iter().take(MOST_DIFFERENCES).map(|(stamped, count)| {
        let what = format!("tick {}: {}", format::count(stamped.tick), format::words(stamped.action.name()));
        if *count > 1 { format!("{what} ({} times)", format::count(*count)) } else { what }
    }));
    if let Some(more) = changes.len().checked_sub(MOST_DIFFERENCES).filter(|more| *more > 0) {
        lines.push(format!("and {} more", format::counted(more as u64, "change", "changes")));
    }
    if changes.is_empty() && timeline.left_out(branch.id()).is_none() {
        lines.push("No change of yours".into());
    }
    lines
}

/// The plotted metrics of the runs that are compared, at the same tick, next to each other.
fn comparison(ui: &mut Ui, look: &Look, view: &RunsView, state: &RunsState) {
    let compared = state.compared(view.timeline);
    let tick = view.timeline.seeking().map_or(view.timeline.position(), |seeking| seeking.now);
    if compared.is_empty() {
        ui.add(
            Label::new(look.quiet("Tick the box of a run to compare its metrics with the run that is shown.")).wrap(),
        );
        return;
    }
    if view.plotted.is_empty() {
        let text = "Nothing is plotted, so there is nothing to compare. Click a metric in the tab Metrics.";
        ui.add(Label::new(look.quiet(text)).wrap());
        return;
    }
    ui.label(look.strong(format!("Metrics at tick {}", format::count(tick)))).on_hover_text(
        look.body("Of a run that has not come so far: at its last tick. In brackets what it has more or less."),
    );
    let shown = view.timeline.current().map_or("", |current| current.name());
    ScrollArea::horizontal().id_salt("comparison").show(ui, |ui| {
        crate::texts::scrolls_sideways(ui);
        Grid::new("comparison").num_columns(2 + compared.len()).spacing([spacing::WIDE, spacing::TIGHT]).show(
            ui,
            |ui| {
                ui.label(look.quiet(""));
                right(ui, look.quiet(shown));
                for branch in &compared {
                    right(ui, look.quiet(branch.name()));
                }
                ui.end_row();
                for name in view.plotted {
                    let Some(spec) = view.metrics.spec(name) else {
                        continue;
                    };
                    metric(ui, look, view, spec, &compared, tick);
                    ui.end_row();
                }
            },
        );
    });
}

fn metric(ui: &mut Ui, look: &Look, view: &RunsView, spec: &MetricSpec, compared: &[&Branch], tick: u64) {
    let value = |metrics: &Metrics| metrics.series(&spec.name).and_then(|series| series.at(tick));
    let short = spec.name.rsplit('.').next().unwrap_or(&spec.name);
    let label = if spec.unit.is_empty() {
        format::label_of(short)
    } else {
        format!("{} ({})", format::label_of(short), spec.unit)
    };
    ui.label(look.body(label)).on_hover_text(look.body(format!("{}: {}", spec.name, spec.help)));
    let here = value(view.metrics);
    right(ui, look.figure(here.map_or(format::NOTHING.into(), format::number)));
    for branch in compared {
        let there = view.timeline.metrics(branch.id()).and_then(value);
        let text = match (there, here) {
            (Some(there), Some(here)) => {
                let difference = there - here;
                let sign = if difference > 0.0 { "+" } else { "" };
                format!("{} ({sign}{})", format::number(there), format::number(difference))
            }
            (Some(there), None) => format::number(there),
            (None, _) => format::NOTHING.into(),
        };
        right(ui, look.figure(text));
    }
}

/// Text at the right of its column, which is made as wide as the text needs.
fn right(ui: &mut Ui, text: egui::RichText) {
    let needed = egui::WidgetText::from(text.clone())
        .into_galley(ui, Some(egui::TextWrapMode::Extend), f32::INFINITY, egui::TextStyle::Body)
        .size();
    let size = egui::vec2(needed.x.max(ui.available_width()), needed.y.max(measure::SMALL_LINE));
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_width(size.x);
        ui.label(text);
    });
}
