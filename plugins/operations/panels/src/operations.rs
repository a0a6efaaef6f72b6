//! Work that is asked of agents: operations on their way and ended ones, workloads, latencies, tiers. Lists are worked out at
//! intervals and hold the oldest operations, so that a million of them don't slow the window.

mod latency;
mod list;
mod search;
mod tiers;
mod workloads;

use agent2028_core::agent::{AgentGroups, AgentId};
use agent2028_operations::stats::Counts;
use agent2028_operations::{Operations, OperationsConfig};
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{Color32, Rect, Sense, Ui, WidgetInfo, WidgetType, pos2, vec2};
use egui_material_icons::icons::ICON_ASSIGNMENT;
use serde::{Deserialize, Serialize};

use agent2028_kit::actions::Actions;
use agent2028_kit::format;
use agent2028_kit::panel::{DockSide, Group, Keeps, Panel, PanelContext, PanelFacts, PanelKey};
use agent2028_kit::theme::{Look, measure};
use agent2028_kit::widgets::{self, LongList};
pub use list::Shown;

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct OperationsView<'a> {
    /// The simulation's world.
    pub world: &'a World,
    /// How often the simulation was replaced or put back in time.
    pub generation: u64,
    /// The tick now.
    pub tick: u64,
    /// Ticks per simulated second.
    pub tick_hz: f64,
    /// The selected agents, ascending.
    pub selected: &'a [AgentId],
}

impl<'a> OperationsView<'a> {
    fn names(&self) -> &'a AgentGroups {
        self.world.resource::<AgentGroups>()
    }

    fn config(&self) -> &'a OperationsConfig {
        self.world.resource::<OperationsConfig>()
    }
}

/// What is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Page {
    /// One operation per row.
    #[default]
    List,
    /// One workload per row.
    Workloads,
    /// How long operations take.
    Latency,
    /// Individuals, swarms, and bridges between them.
    Tiers,
}

/// What the panel remembers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OperationsState {
    /// What is shown.
    pub page: Page,
    /// Which operations are listed.
    pub shown: Shown,
    /// Only operations that this describes are listed: a number, a part of a capability, a workload or an agent.
    #[serde(skip)]
    pub filter: String,
    /// Only operations of selected agents are listed.
    #[serde(skip)]
    pub only_selected: bool,
    /// The workload whose latencies are drawn, by its place; all if absent.
    #[serde(skip)]
    pub workload: Option<usize>,
    #[serde(skip)]
    cache: list::Cache,
    #[serde(skip)]
    list: LongList,
}

/// The panel of work on its way and done.
#[derive(Clone, Copy, Debug)]
pub struct OperationsPanel;

impl Panel for OperationsPanel {
    type State = OperationsState;
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Operations"),
        title: "Operations",
        icon: ICON_ASSIGNMENT,
        help: "Work on its way and done, workloads, latencies and tiers.",
        group: Group::Work,
        side: DockSide::Bottom,
        scrolls: false,
        story: true,
    };

    fn applies(simulation: &agent2028_core::simulation::Simulation) -> bool {
        simulation.world().contains_resource::<agent2028_operations::OperationsConfig>()
    }

    fn show(ui: &mut Ui, context: &mut PanelContext, state: &mut OperationsState) {
        let facts = context.facts;
        let (world, generation) = (facts.world(), facts.generation());
        let (tick, selected) = (facts.tick(), facts.selected());
        let view = OperationsView { world, generation, tick, tick_hz: facts.tick_hz(), selected };
        show(ui, context.look, &view, state, context.actions);
    }

    fn keeps() -> Option<Keeps<OperationsState>> {
        Some(Keeps::named("operations"))
    }
}

/// Shows the operations.
pub fn show(ui: &mut Ui, look: &Look, view: &OperationsView, state: &mut OperationsState, actions: &mut Actions) {
    let Some(operations) = view.world.get_resource::<Operations>() else {
        let how = "Add a section operations to the scene, with a workload, or open the scene query-distribution.";
        widgets::empty(ui, look, ICON_ASSIGNMENT, "This scene has no operations", how);
        return;
    };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::NORMAL;
        for (page, name) in [
            (Page::List, "Operations"),
            (Page::Workloads, "Workloads"),
            (Page::Latency, "Latency"),
            (Page::Tiers, "Tiers"),
        ] {
            ui.selectable_value(&mut state.page, page, look.body(name));
        }
        match state.page {
            Page::List => list::toolbar(ui, look, view, operations, state, actions),
            Page::Workloads => workloads::toolbar(ui, look, view, operations, actions),
            Page::Latency => latency::toolbar(ui, look, view, operations, state, actions),
            Page::Tiers => {}
        }
    });
    let total = operations.tally().total;
    if total.requested == 0 {
        let how = "Let the simulation run, or look at the workloads: perhaps they ask for nothing.";
        widgets::empty(ui, look, ICON_ASSIGNMENT, "Nothing has been asked for yet", how);
        return;
    }
    balance(ui, look, &total, operations.slab().len() as u64);
    ui.add_space(spacing::TIGHT);
    match state.page {
        Page::List => list::show(ui, look, view, operations, state, actions),
        Page::Workloads => workloads::show(ui, look, view, operations),
        Page::Latency => latency::show(ui, look, view, operations, state),
        Page::Tiers => tiers::show(ui, look, view, operations),
    }
}

/// What became of everything that was requested, as one bar: the parts make up the whole.
fn balance(ui: &mut Ui, look: &Look, total: &Counts, in_flight: u64) {
    let parts: [(&str, u64, Color32, &str); 5] = [
        ("Completed", total.completed, look.good, "Done"),
        ("Failed", total.failed, look.danger, "Tried, and not done"),
        ("Timed out", total.timed_out, look.warning, "Given up after their timeout"),
        ("Rejected", total.rejected, look.category(4), "Never begun: nobody had room, or nobody could do it"),
        ("On their way", in_flight, look.info, "Not ended yet"),
    ];
    widgets::tallies(ui, |ui| {
        let asked = "Operations that were asked for since the start";
        widgets::tally(ui, look, None, "Requested", format::count(total.requested), asked);
        for (name, count, tint, help) in parts {
            widgets::tally(ui, look, Some(tint), name, format::count(count), help);
        }
    });
    let (bar, response) = ui.allocate_exact_size(vec2(ui.available_width(), measure::SWATCH), Sense::hover());
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Image, enabled, "What became of the requests"));
    let mut left = bar.left();
    for (_, count, tint, _) in parts.into_iter().filter(|part| part.1 > 0) {
        let right = left + (count as f64 / total.requested.max(1) as f64) as f32 * bar.width();
        ui.painter().rect_filled(Rect::from_min_max(pos2(left, bar.top()), pos2(right, bar.bottom())), 0.0, tint);
        left = right;
    }
}
