//! Who gets what: the agents that operations are routed to, how evenly, and where they queue. Numbers are gathered at
//! intervals, so that a million agents don't slow the window.

mod gather;
mod heat;
mod table;

use agent2028_core::agent::{AgentGroups, AgentId, Tier};
use agent2028_operations::Operations;
use agent2028_operations::pool::PoolKey;
use agent2028_operations::strategy::Strategy;
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{Rect, Ui, UiBuilder, WidgetType};
use egui_material_icons::icons::{ICON_ALT_ROUTE, ICON_DOWNLOAD, ICON_SELECT_ALL};
use serde::{Deserialize, Serialize};

use agent2028_kit::actions::{Action, Actions};
use agent2028_kit::export::FileToSave;
use agent2028_kit::format;
use agent2028_kit::panel::{DockSide, Group, Keeps, Panel, PanelContext, PanelFacts, PanelKey};
use agent2028_kit::theme::{Look, measure};
use agent2028_kit::widgets::{self, LongList};
use gather::Cache;

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct RoutingView<'a> {
    /// The simulation's world.
    pub world: &'a World,
    /// How often the simulation was replaced or put back in time.
    pub generation: u64,
    /// The tick now.
    pub tick: u64,
    /// The selected agents, ascending.
    pub selected: &'a [AgentId],
}

impl<'a> RoutingView<'a> {
    fn operations(&self) -> Option<&'a Operations> {
        self.world.get_resource::<Operations>()
    }

    fn name(&self, agent: u32) -> String {
        self.world.resource::<AgentGroups>().name_of(AgentId(agent))
    }
}

/// A number of an agent that the panel shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Figure {
    /// What the agent was given since the start.
    #[default]
    Given,
    /// What waits in front of the agent.
    Queue,
    /// What the agent works on, as a share of what it can work on at once.
    Utilisation,
    /// What the agent has completed.
    Completed,
    /// Attempts of the agent that failed or were given up.
    Failed,
    /// How long the agent's operations take, as observed.
    Latency,
    /// The share of the agent's operations that succeed, as observed.
    Reliability,
}

/// What the panel remembers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct RoutingState {
    /// What colours the heat map.
    pub heat: Figure,
    /// What orders the table, and whether the largest comes first; by number if absent.
    pub sort: Option<(Figure, bool)>,
    /// The pool of agents that is looked at; all if absent.
    #[serde(skip)]
    pub pool: Option<PoolKey>,
    #[serde(skip)]
    cache: Cache,
    #[serde(skip)]
    list: LongList,
}

impl Default for RoutingState {
    fn default() -> Self {
        Self {
            heat: Figure::Queue,
            sort: Some((Figure::Given, true)),
            pool: None,
            cache: Cache::default(),
            list: LongList::default(),
        }
    }
}

/// The panel of who is given which work.
#[derive(Clone, Copy, Debug)]
pub struct RoutingPanel;

impl Panel for RoutingPanel {
    type State = RoutingState;
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Routing"),
        title: "Routing",
        icon: ICON_ALT_ROUTE,
        help: "Who is given which work, how evenly, and where it queues.",
        group: Group::Work,
        side: DockSide::Bottom,
        scrolls: false,
        story: false,
    };

    fn applies(simulation: &agent2028_core::simulation::Simulation) -> bool {
        simulation.world().contains_resource::<agent2028_operations::OperationsConfig>()
    }

    fn show(ui: &mut Ui, context: &mut PanelContext, state: &mut RoutingState) {
        let facts = context.facts;
        let (world, generation) = (facts.world(), facts.generation());
        let (tick, selected) = (facts.tick(), facts.selected());
        let view = RoutingView { world, generation, tick, selected };
        show(ui, context.look, &view, state, context.actions);
    }

    fn keeps() -> Option<Keeps<RoutingState>> {
        Some(Keeps::named("routing"))
    }
}

/// Shows who gets what.
pub fn show(ui: &mut Ui, look: &Look, view: &RoutingView, state: &mut RoutingState, actions: &mut Actions) {
    let Some(operations) = view.operations() else {
        let how = "Add a section operations to the scene, with a workload, or open the scene query-distribution.";
        widgets::empty(ui, look, ICON_ALT_ROUTE, "This scene has no operations", how);
        return;
    };
    if state.pool.as_ref().is_some_and(|key| operations.pools().iter().all(|pool| pool.key != *key)) {
        state.pool = None;
    }
    let now = ui.input(|input| input.time);
    let mut cache = std::mem::take(&mut state.cache);
    cache.follow(view, operations, state, now);
    state.cache = cache;
    toolbar(ui, look, view, operations, state, actions);
    if state.cache.members.is_empty() {
        let (what, how) = if operations.has_begun() {
            ("No agent can do what is asked for", "Grant agents the capability: Faults are in the dock at the left.")
        } else {
            ("Nothing has been asked for yet", "Let the simulation run.")
        };
        widgets::empty(ui, look, ICON_ALT_ROUTE, what, how);
        return;
    }
    statistics(ui, look, state);
    ui.add_space(spacing::TIGHT);
    let area = ui.available_rect_before_wrap();
    let beside = area.width() >= measure::BESIDE;
    let map = if beside {
        Rect::from_min_max(area.min, egui::pos2(area.left() + area.width() * measure::MAP_SHARE, area.bottom()))
    } else {
        Rect::from_min_max(area.min, egui::pos2(area.right(), area.top() + area.height() * measure::MAP_SHARE))
    };
    let table = if beside {
        Rect::from_min_max(egui::pos2(map.right() + spacing::WIDE, area.top()), area.max)
    } else {
        Rect::from_min_max(egui::pos2(area.left(), map.bottom() + spacing::NORMAL), area.max)
    };
    heat::show(&mut ui.new_child(UiBuilder::new().max_rect(map)), look, view, operations, state, actions);
    table::show(&mut ui.new_child(UiBuilder::new().max_rect(table)), look, view, operations, state, actions);
    ui.advance_cursor_after_rect(area);
}

fn toolbar(
    ui: &mut Ui,
    look: &Look,
    view: &RoutingView,
    operations: &Operations,
    state: &mut RoutingState,
    actions: &mut Actions,
) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::NORMAL;
        pools(ui, look, operations, state);
        let by = look.quiet("coloured by");
        widgets::room(ui, widgets::text_width(ui, by.clone()) + spacing::NORMAL + measure::CHOICE);
        ui.label(by);
        let response = widgets::choice("heat", measure::CHOICE, state.heat.label())
            .show_ui(ui, |ui| {
                for figure in Figure::EVERY {
                    let response = ui.selectable_value(&mut state.heat, figure, figure.label());
                    response.on_hover_text(look.body(figure.help()));
                }
            })
            .response;
        widgets::named(ui, &response, WidgetType::ComboBox, "Colour of the map");
        let all = widgets::icon_button(ui, look, ICON_SELECT_ALL, "Select the agents of the pool");
        if widgets::tip(all, look, "Select all agents that these operations are routed to", "").clicked() {
            actions.push(Action::Select(state.cache.members.iter().map(|agent| AgentId(*agent)).collect()));
        }
        let save = widgets::icon_button(ui, look, ICON_DOWNLOAD, "Save who gets what as CSV");
        if widgets::tip(save, look, "Save the numbers of all agents as CSV, in the order of the table", "").clicked() {
            let text = table::csv(view, operations, state);
            actions.push(Action::SaveFile(FileToSave::csv("Save who gets what as", "routing", text)));
        }
        let agents = state.cache.members.len() as u64;
        ui.label(look.quiet(format::counted(agents, "agent", "agents")));
    });
}

/// What a pool is called: the capability, who is asked, and how one is chosen.
fn pool_words(capability: &str, tier: Tier, strategy: Strategy) -> String {
    let swarm = if tier == Tier::Swarm { " (swarm)" } else { "" };
    format!("{capability}{swarm}, {}", format::words(strategy.name()))
}

fn pools(ui: &mut Ui, look: &Look, operations: &Operations, state: &mut RoutingState) {
    const ALL: &str = "All capabilities";
    let chosen = state.pool.as_ref().and_then(|key| operations.pools().iter().find(|pool| pool.key == *key));
    let text = chosen.map_or(ALL.to_owned(), |pool| pool_words(&pool.key.capability, pool.key.tier, pool.strategy()));
    widgets::room(ui, measure::FILTER);
    let response = widgets::choice("pool", measure::FILTER, text)
        .show_ui(ui, |ui| {
            ui.selectable_value(&mut state.pool, None, ALL);
            for pool in operations.pools() {
                let words = pool_words(&pool.key.capability, pool.key.tier, pool.strategy());
                let response = ui.selectable_label(state.pool.as_ref() == Some(&pool.key), words);
                let help = format::counted(pool.members().len() as u64, "agent can do it", "agents can do it");
                if response.on_hover_text(look.body(help)).clicked() {
                    state.pool = Some(pool.key.clone());
                }
            }
        })
        .response;
    widgets::named(ui, &response, WidgetType::ComboBox, "What is asked for");
}

/// How evenly it is given, in a line.
fn statistics(ui: &mut Ui, look: &Look, state: &RoutingState) {
    let sums = &state.cache.sums;
    widgets::tallies(ui, |ui| {
        let mut tell = |name: &str, value: String, help: &str| widgets::tally(ui, look, None, name, value, help);
        let fairness = sums.fairness.map_or(format::NOTHING.to_owned(), |index| format::fixed(index, 3));
        let each = |value: Option<u32>| value.map_or(format::NOTHING.to_owned(), |value| format::count(value.into()));
        let jain = "Jain's index over these agents since the start: 1 if all were given the same, 1/n if one has all";
        tell("Fairness", fairness, jain);
        tell("Given", format::count(sums.given), "Operations that these agents were given since the start");
        tell("Least", each(sums.least), "What the agent with the least was given");
        tell("Median", each(sums.median), "Half of the agents were given at most so many");
        tell("Most", each(sums.most), "What the agent with the most was given");
        tell("Waiting", format::count(sums.waiting), "Operations that wait in front of these agents now");
        tell("Longest queue", format::count(sums.longest.into()), "The most that wait in front of one agent now");
        tell("Not available", format::count(sums.gone), "Agents that have failed, were isolated or have no room left");
    });
}
