//! How the numbers of agents are spread: a histogram of one quantity, or a scatter plot of two. Numbers are read at
//! intervals, so that a million agents don't slow the window.

mod gather;
mod histogram;
mod numbers;
mod scatter;

use agent2028_core::agent::AgentId;
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{DragValue, Ui, WidgetType};
use egui_material_icons::icons::{ICON_BAR_CHART, ICON_DOWNLOAD, ICON_SCATTER_PLOT};
use serde::{Deserialize, Serialize};

use crate::actions::{Action, Actions};
use crate::export::FileToSave;
use crate::facts::KnownQuantities;
use crate::format;
use crate::panel::{DockSide, Group, Keeps, Panel, PanelContext, PanelFacts, PanelKey};
use crate::theme::{Look, measure};
use crate::widgets;
use gather::Cache;

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct DistributionsView<'a> {
    /// The simulation's world.
    pub world: &'a World,
    /// How often the simulation was replaced or put back in time.
    pub generation: u64,
    /// The tick now.
    pub tick: u64,
    /// The selected agents, ascending.
    pub selected: &'a [AgentId],
}

/// What is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Chart {
    /// How many agents have which value.
    #[default]
    Histogram,
    /// One quantity against another.
    Scatter,
}

/// What the panel remembers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct DistributionsState {
    /// What is drawn.
    pub chart: Chart,
    /// The quantity along the horizontal axis.
    pub x: String,
    /// The quantity along the vertical axis of a scatter plot.
    pub y: String,
    /// The quantity that colours a scatter plot.
    pub color: Option<String>,
    /// How many bins a histogram has; by itself if absent.
    pub bins: Option<usize>,
    /// Whether a histogram counts on a logarithmic axis.
    pub logarithmic: bool,
    /// Whether a histogram tells groups apart.
    pub by_group: bool,
    /// Whether only selected agents are looked at.
    pub only_selected: bool,
    #[serde(skip)]
    known: KnownQuantities,
    #[serde(skip)]
    cache: Cache,
    /// Where a box is being drawn from, in the chart's own numbers.
    #[serde(skip)]
    box_from: Option<[f64; 2]>,
}

impl Default for DistributionsState {
    fn default() -> Self {
        Self {
            chart: Chart::default(),
            x: "speed".into(),
            y: "health".into(),
            color: Some("group".into()),
            bins: None,
            logarithmic: false,
            by_group: true,
            only_selected: false,
            known: KnownQuantities::default(),
            cache: Cache::default(),
            box_from: None,
        }
    }
}

/// The panel of histograms and scatter plots.
#[derive(Clone, Copy, Debug)]
pub struct DistributionsPanel;

impl Panel for DistributionsPanel {
    type State = DistributionsState;
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Distributions"),
        title: "Distributions",
        icon: ICON_BAR_CHART,
        help: "How any quantity is spread over the agents, and how two go together.",
        group: Group::Agents,
        side: DockSide::Bottom,
        scrolls: false,
        story: false,
    };

    fn show(ui: &mut Ui, context: &mut PanelContext, state: &mut DistributionsState) {
        let facts = context.facts;
        let (world, generation) = (facts.world(), facts.generation());
        let (tick, selected) = (facts.tick(), facts.selected());
        let view = DistributionsView { world, generation, tick, selected };
        show(ui, context.look, &view, state, context.actions);
    }

    fn keeps() -> Option<Keeps<DistributionsState>> {
        Some(Keeps::named("distributions"))
    }
}

/// Shows the distribution.
pub fn show(ui: &mut Ui, look: &Look, view: &DistributionsView, state: &mut DistributionsState, actions: &mut Actions) {
    state.known.follow(view.generation, view.world);
    toolbar(ui, look, view, state, actions);
    let now = ui.input(|input| input.time);
    let mut cache = std::mem::take(&mut state.cache);
    cache.follow(view, state, now);
    state.cache = cache;
    if state.cache.gathered.points.is_empty() {
        let (icon, how) =
            (ICON_BAR_CHART, "Choose another quantity, or look at all agents and not only at selected ones.");
        widgets::empty(ui, look, icon, "No agent has such a value now", how);
        return;
    }
    match state.chart {
        Chart::Histogram => histogram::show(ui, look, state, actions),
        Chart::Scatter => scatter::show(ui, look, state, actions),
    }
}

fn toolbar(ui: &mut Ui, look: &Look, view: &DistributionsView, state: &mut DistributionsState, actions: &mut Actions) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::NORMAL;
        for (chart, icon, name) in
            [(Chart::Histogram, ICON_BAR_CHART, "Histogram"), (Chart::Scatter, ICON_SCATTER_PLOT, "Scatter plot")]
        {
            let toggle = widgets::icon_toggle(ui, look, icon, name, state.chart == chart);
            if widgets::tip(toggle, look, name, "").clicked() {
                state.chart = chart;
            }
        }
        let scatter = state.chart == Chart::Scatter;
        let DistributionsState { known, x, y, color, .. } = state;
        quantity(ui, look, known, if scatter { "Horizontal quantity" } else { "Quantity" }, x);
        if scatter {
            ui.label(look.quiet("against"));
            quantity(ui, look, known, "Vertical quantity", y);
            ui.label(look.quiet("coloured by"));
            coloring(ui, look, known, color);
        } else {
            bins(ui, look, state);
            let response = ui.checkbox(&mut state.by_group, look.body("By group"));
            response.on_hover_text(look.body("Tell the groups apart by colour"));
            let response = ui.checkbox(&mut state.logarithmic, look.body("Logarithmic"));
            response.on_hover_text(look.body("Count agents on a logarithmic axis"));
        }
        let response = ui.checkbox(&mut state.only_selected, look.body("Selected only"));
        response.on_hover_text(look.body(format!(
            "Look at selected agents only: {}",
            format::counted(view.selected.len() as u64, "agent", "agents")
        )));
        let save = widgets::icon_button(ui, look, ICON_DOWNLOAD, "Save the numbers as CSV");
        if widgets::tip(save, look, "Save the numbers that are drawn as CSV", "").clicked() {
            let (words, text) = match state.chart {
                Chart::Histogram => (format!("histogram {}", state.x), histogram::csv(state, view.world)),
                Chart::Scatter => (format!("{} against {}", state.x, state.y), scatter::csv(state)),
            };
            actions.push(Action::SaveFile(FileToSave::csv("Save the numbers as", &words, text)));
        }
    });
}

fn quantity(ui: &mut Ui, look: &Look, known: &KnownQuantities, name: &str, chosen: &mut String) {
    widgets::room(ui, measure::CHOICE);
    let response = widgets::choice(name, measure::CHOICE, chosen.clone())
        .show_ui(ui, |ui| {
            for quantity in known.list() {
                let response = ui.selectable_label(quantity.name() == chosen, quantity.name());
                if response.on_hover_text(look.body(&quantity.spec().help)).clicked() {
                    quantity.name().clone_into(chosen);
                }
            }
        })
        .response;
    widgets::named(ui, &response, WidgetType::ComboBox, name);
}

fn coloring(ui: &mut Ui, look: &Look, known: &KnownQuantities, chosen: &mut Option<String>) {
    const NONE: &str = "Nothing";
    widgets::room(ui, measure::CHOICE);
    let response = widgets::choice("colour", measure::CHOICE, chosen.clone().unwrap_or_else(|| NONE.to_owned()))
        .show_ui(ui, |ui| {
            ui.selectable_value(chosen, None, NONE);
            for quantity in known.list() {
                let response = ui.selectable_label(chosen.as_deref() == Some(quantity.name()), quantity.name());
                if response.on_hover_text(look.body(&quantity.spec().help)).clicked() {
                    *chosen = Some(quantity.name().to_owned());
                }
            }
        })
        .response;
    widgets::named(ui, &response, WidgetType::ComboBox, "Quantity that colours");
}

fn bins(ui: &mut Ui, look: &Look, state: &mut DistributionsState) {
    let mut automatic = state.bins.is_none();
    let now = state.cache.gathered.bins.map_or(1, |bins| bins.count);
    let response = ui.checkbox(&mut automatic, look.body("Bins by themselves"));
    let response = response.on_hover_text(look.body("As many bins as show the shape best (Freedman and Diaconis)"));
    if response.changed() {
        state.bins = (!automatic).then_some(now);
    }
    if let Some(bins) = &mut state.bins {
        let response = ui.add(DragValue::new(bins).range(1..=numbers::MOST_BINS).suffix(" bins"));
        widgets::named(ui, &response, WidgetType::DragValue, "Number of bins");
        response.on_hover_text(look.body(format!("How many bins, 1 to {}", numbers::MOST_BINS)));
    }
}
