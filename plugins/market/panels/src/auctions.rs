//! Auctions: the rules side by side, the tasks that are open, and each auction with its bids: the clock's price, who won and why, and
//! what the truth would have earned.

mod bids;
mod rules;
mod tasks;

use agent2028_core::agent::{AgentGroups, AgentId};
use agent2028_market::MarketConfig;
use agent2028_market::config::{Auctioneer, Rule, TaskMarket};
use agent2028_market::tasks::TaskAuctions;
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{Ui, WidgetType};
use egui_material_icons::icons::ICON_GAVEL;
use serde::{Deserialize, Serialize};

use agent2028_kit::actions::Actions;
use agent2028_kit::panel::{DockSide, Group, Keeps, Panel, PanelContext, PanelFacts, PanelKey};
use agent2028_kit::theme::{Look, measure};
use agent2028_kit::widgets::{self, LongList};

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct AuctionsView<'a> {
    /// The simulation's world.
    pub world: &'a World,
    /// The last tick that ran.
    pub tick: u64,
    /// Ticks per simulated second.
    pub tick_hz: f64,
    /// The selected agents, ascending.
    pub selected: &'a [AgentId],
}

impl AuctionsView<'_> {
    fn name(&self, agent: u32) -> String {
        AgentGroups::name_in(self.world, AgentId(agent))
    }
}

/// What is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Page {
    /// One auction with its bids.
    #[default]
    Bids,
    /// One task per row.
    Tasks,
    /// One auctioneer per row.
    Rules,
}

/// What the panel remembers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AuctionsState {
    /// What is shown.
    pub page: Page,
    /// The auctioneer, by its place.
    pub auctioneer: usize,
    /// The task whose auction is shown, by number; the last one if absent.
    #[serde(skip)]
    pub task: Option<u64>,
    #[serde(skip)]
    list: LongList,
    #[serde(skip)]
    past: LongList,
}

/// The panel of auctions.
#[derive(Clone, Copy, Debug)]
pub struct AuctionsPanel;

impl Panel for AuctionsPanel {
    type State = AuctionsState;
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Auctions"),
        title: "Auctions",
        icon: ICON_GAVEL,
        help: "Bids for tasks, the clock's price, who won and why, and what the truth would have earned.",
        group: Group::Market,
        side: DockSide::Bottom,
        scrolls: false,
        story: true,
    };

    fn applies(simulation: &agent2028_core::simulation::Simulation) -> bool {
        simulation.world().contains_resource::<TaskAuctions>()
    }

    fn show(ui: &mut Ui, context: &mut PanelContext, state: &mut AuctionsState) {
        let facts = context.facts;
        let view = AuctionsView {
            world: facts.world(),
            tick: facts.tick(),
            tick_hz: facts.tick_hz(),
            selected: facts.selected(),
        };
        show(ui, context.look, &view, state, context.actions);
    }

    fn keeps() -> Option<Keeps<AuctionsState>> {
        Some(Keeps::named("auctions"))
    }
}

/// The rule's name as people write it.
pub(crate) fn rule_name(rule: Rule) -> &'static str {
    match rule {
        Rule::SealedBestScore => "Best score",
        Rule::FirstPrice => "First price",
        Rule::Vickrey => "Vickrey",
        Rule::Dutch => "Dutch clock",
        Rule::English => "English clock",
        Rule::ContractNet => "Contract net",
        Rule::Combinatorial => "Bundles (VCG)",
        Rule::Hungarian => "Best assignment",
    }
}

/// The auctioneer's name, or that of its rule.
fn title_of(auctioneer: &Auctioneer) -> String {
    if auctioneer.name.is_empty() { rule_name(auctioneer.rule).into() } else { auctioneer.name.clone() }
}

/// Shows auctions.
pub fn show(ui: &mut Ui, look: &Look, view: &AuctionsView, state: &mut AuctionsState, actions: &mut Actions) {
    let known = view.world.get_resource::<TaskAuctions>();
    let config = view.world.get_resource::<MarketConfig>().and_then(|config| config.tasks.as_ref());
    let Some((auctions, config)) = known.zip(config) else {
        let how = "Add tasks to the section market of the scene, or open the scene auctions or task-swarm.";
        return widgets::empty(ui, look, ICON_GAVEL, "This scene has no task market", how);
    };
    if config.auctioneers.is_empty() {
        let how = "Add one to market.tasks.auctioneers of the scene.";
        return widgets::empty(ui, look, ICON_GAVEL, "Nobody auctions tasks", how);
    }
    state.auctioneer = state.auctioneer.min(config.auctioneers.len() - 1);
    toolbar(ui, look, config, state);
    ui.add_space(spacing::TIGHT);
    match state.page {
        Page::Bids => bids::show(ui, look, view, (config, auctions), state, actions),
        Page::Tasks => tasks::show(ui, look, view, (config, auctions), state, actions),
        Page::Rules => rules::show(ui, look, view, (config, auctions), state),
    }
}

fn toolbar(ui: &mut Ui, look: &Look, config: &TaskMarket, state: &mut AuctionsState) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::NORMAL;
        for (page, name) in [(Page::Bids, "Bids"), (Page::Tasks, "Tasks"), (Page::Rules, "Rules")] {
            ui.selectable_value(&mut state.page, page, look.body(name));
        }
        if config.auctioneers.len() < 2 || state.page == Page::Rules {
            return;
        }
        if ui.available_width() < measure::CHOICE {
            ui.end_row();
        }
        let chosen = look.body(title_of(&config.auctioneers[state.auctioneer]));
        let response = widgets::choice("auctioneer", measure::CHOICE, chosen).show_ui(ui, |ui| {
            for (at, auctioneer) in config.auctioneers.iter().enumerate() {
                if ui.selectable_label(at == state.auctioneer, look.body(title_of(auctioneer))).clicked() {
                    (state.auctioneer, state.task) = (at, None);
                }
            }
        });
        widgets::named(ui, &response.response, WidgetType::ComboBox, "Auctioneer");
    });
}
