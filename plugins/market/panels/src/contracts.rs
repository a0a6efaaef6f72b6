//! Contracts: what is promised and measured, what is offered, and what became of it.

use agent2028_core::agent::{AgentGroups, AgentId};
use agent2028_market::capabilities::{Deal, Entry, ServiceMarket};
use agent2028_market::contract::Status;
use agent2028_market::pricing::Pricing;
use agent2028_market::sla::allowed_failures;
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{Color32, ScrollArea, Ui, WidgetInfo, WidgetType, vec2};
use egui_material_icons::icons::ICON_CONTRACT;
use serde::{Deserialize, Serialize};

use agent2028_kit::actions::{Action, Actions, Travel};
use agent2028_kit::format;
use agent2028_kit::panel::{DockSide, Group, Keeps, Panel, PanelContext, PanelFacts, PanelKey};
use agent2028_kit::theme::{Look, measure};
use agent2028_kit::widgets::{self, Cell, LongList};

/// How long a list stands before it is worked out anew, in seconds of real time.
const INTERVAL_S: f64 = 0.25;

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct ContractsView<'a> {
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

/// What is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Page {
    /// Contracts that have not ended.
    #[default]
    Open,
    /// Contracts that have.
    Ended,
    /// What is offered.
    Listings,
}

/// What the panel remembers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ContractsState {
    /// What is shown.
    pub page: Page,
    /// Only what has to do with selected agents is listed.
    #[serde(skip)]
    pub only_selected: bool,
    #[serde(skip)]
    rows: Vec<u32>,
    #[serde(skip)]
    asked: Option<(Page, u64, bool, Vec<AgentId>)>,
    #[serde(skip)]
    worked_out: (u64, f64),
    #[serde(skip)]
    list: LongList,
}

/// The panel of contracts.
#[derive(Clone, Copy, Debug)]
pub struct ContractsPanel;

impl Panel for ContractsPanel {
    type State = ContractsState;
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Contracts"),
        title: "Contracts",
        icon: ICON_CONTRACT,
        help: "Contracts about capabilities: what was promised, what is measured, and what became of it.",
        group: Group::Market,
        side: DockSide::Bottom,
        scrolls: false,
        story: true,
    };

    fn applies(simulation: &agent2028_core::simulation::Simulation) -> bool {
        simulation.world().contains_resource::<ServiceMarket>()
    }

    fn show(ui: &mut Ui, context: &mut PanelContext, state: &mut ContractsState) {
        let facts = context.facts;
        let (world, generation, tick) = (facts.world(), facts.generation(), facts.tick());
        let view = ContractsView { world, generation, tick, tick_hz: facts.tick_hz(), selected: facts.selected() };
        show(ui, context.look, &view, state, context.actions);
    }

    fn keeps() -> Option<Keeps<ContractsState>> {
        Some(Keeps::named("contracts"))
    }
}

fn status_tint(look: &Look, status: Status) -> Color32 {
    match status {
        Status::Proposed => look.secondary,
        Status::Active => look.info,
        Status::Suspended => look.warning,
        Status::Fulfilled => look.good,
        Status::Breached => look.danger,
        Status::Expired => look.category(4),
    }
}

fn status_word(status: Status) -> &'static str {
    match status {
        Status::Proposed => "Proposed",
        Status::Active => "Active",
        Status::Suspended => "Suspended",
        Status::Fulfilled => "Fulfilled",
        Status::Breached => "Breached",
        Status::Expired => "Expired",
    }
}

/// Shows the contracts.
pub fn show(ui: &mut Ui, look: &Look, view: &ContractsView, state: &mut ContractsState, actions: &mut Actions) {
    let Some(market) = view.world.get_resource::<ServiceMarket>() else {
        let how = "A scene with market.capabilities has some: open the scene sla-breach or trust-market.";
        return widgets::empty(ui, look, ICON_CONTRACT, "Nobody offers capabilities in this scene", how);
    };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::NORMAL;
        for (page, name) in [(Page::Open, "Open"), (Page::Ended, "Ended"), (Page::Listings, "Listings")] {
            ui.selectable_value(&mut state.page, page, look.body(name));
        }
        let response = ui.checkbox(&mut state.only_selected, look.body("Selected only"));
        response.on_hover_text(look.body("List only what has to do with selected agents"));
    });
    tallies(ui, look, market);
    ui.add_space(spacing::TIGHT);
    follow(ui, view, market, state);
    if state.rows.is_empty() {
        let (what, how) = match state.page {
            _ if state.only_selected => ("Nothing has to do with selected agents", "Select others, or list all."),
            Page::Open => ("There is no contract now", "Buyers propose one when they find what suits them."),
            Page::Ended => ("No contract has ended yet", "They end when all is delivered, or a promise is broken."),
            Page::Listings => ("Nothing is offered", "Listings come with the agents that offer something."),
        };
        return widgets::empty(ui, look, ICON_CONTRACT, what, how);
    }
    // In a narrow dock the table keeps its columns, and is moved sideways.
    ScrollArea::horizontal().id_salt("table").auto_shrink([false, false]).show(ui, |ui| {
        ui.set_min_width(width_of(state.page));
        table(ui, look, view, market, state, actions);
    });
}

/// How wide the table of a page is.
fn width_of(page: Page) -> f32 {
    let (figures, words, kinds) = match page {
        Page::Open => (6, 3, 0),
        Page::Ended => (7, 3, 0),
        Page::Listings => (7, 2, 1),
    };
    let column = |count: i32, width: f32| count as f32 * (width + spacing::NORMAL);
    // Room for the bar of the list.
    column(figures, measure::TICK_COLUMN)
        + column(words, measure::AGENT_COLUMN)
        + column(kinds, measure::KIND_COLUMN)
        + spacing::WIDE
}

fn table(
    ui: &mut Ui,
    look: &Look,
    view: &ContractsView,
    market: &ServiceMarket,
    state: &mut ContractsState,
    actions: &mut Actions,
) {
    ui.spacing_mut().item_spacing.y = 0.0;
    head(ui, look, state.page);
    widgets::rule(ui, look);
    let (rows, page, mut list) = (std::mem::take(&mut state.rows), state.page, state.list);
    list.show(ui, look, "contracts", rows.len(), |ui, row| match page {
        Page::Open => {
            if let Some(deal) = market.deal(rows[row]) {
                open_row(ui, look, view, market, deal, actions);
            }
        }
        Page::Ended => {
            if let Some(ended) = market.ended().nth(rows[row] as usize) {
                ended_row(ui, look, view, ended, actions);
            }
        }
        Page::Listings => {
            if let Some(entry) = market.entries().get(rows[row] as usize) {
                listing_row(ui, look, view, entry, actions);
            }
        }
    });
    (state.rows, state.list) = (rows, list);
}

/// Works the list out anew if it is old or another one is asked for.
fn follow(ui: &Ui, view: &ContractsView, market: &ServiceMarket, state: &mut ContractsState) {
    let now = ui.input(|input| input.time);
    let selected = if state.only_selected { view.selected.to_vec() } else { Vec::new() };
    let asked = (state.page, view.generation, state.only_selected, selected);
    let (tick, at) = state.worked_out;
    let fresh = tick == view.tick || (0.0..INTERVAL_S).contains(&(now - at));
    if state.asked.as_ref() == Some(&asked) && fresh {
        return;
    }
    let shown = |agents: &[AgentId]| !asked.2 || agents.iter().any(|agent| asked.3.binary_search(agent).is_ok());
    state.rows = match state.page {
        Page::Open => market
            .places()
            .filter(|(_, deal)| shown(&[deal.contract.terms.buyer, deal.contract.terms.provider]))
            .map(|(place, _)| place)
            .collect(),
        Page::Ended => {
            let all = market.ended().enumerate().rev();
            all.filter(|(_, ended)| shown(&[ended.buyer, ended.provider])).map(|(at, _)| at as u32).collect()
        }
        Page::Listings => {
            let all = market.entries().iter().enumerate();
            all.filter(|(_, entry)| shown(&[entry.listing.provider])).map(|(at, _)| at as u32).collect()
        }
    };
    (state.asked, state.worked_out) = (Some(asked), (view.tick, now));
}

fn tallies(ui: &mut Ui, look: &Look, market: &ServiceMarket) {
    let counts = market.counts();
    let [proposed, active, suspended] = market.open().map(u64::from);
    widgets::tallies(ui, |ui| {
        let mut tally =
            |tint, name, number: u64, help| widgets::tally(ui, look, tint, name, format::count(number), help);
        tally(Some(look.secondary), "Proposed", proposed, "Waiting for the provider's answer");
        tally(Some(look.info), "Active", active, "Service is delivered");
        tally(
            Some(look.warning),
            "Suspended",
            suspended,
            "Service rests: the network is parted, or a right is missing",
        );
        tally(Some(look.good), "Fulfilled", counts.fulfilled, "All was delivered as promised, since the start");
        tally(Some(look.danger), "Breached", counts.breached, "A promise was broken, since the start");
        tally(Some(look.category(4)), "Expired", counts.expired, "The time was over first, since the start");
        tally(None, "In escrow", market.escrowed().unsigned_abs(), "Money that is held until contracts end");
        tally(None, "Penalties", counts.penalties.unsigned_abs(), "What providers paid for breaches since the start");
    });
}

fn head(ui: &mut Ui, look: &Look, page: Page) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::NORMAL;
        let figure = |ui: &mut Ui, name: &str| widgets::right_figure(ui, measure::TICK_COLUMN, look.quiet(name));
        let words = |ui: &mut Ui, name: &str| {
            widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| ui.label(look.quiet(name)));
        };
        match page {
            Page::Open | Page::Ended => {
                figure(ui, "Number");
                words(ui, "State");
                words(ui, "Buyer");
                words(ui, "Provider");
                figure(ui, "Delivered");
                figure(ui, "Failed");
                figure(ui, "Slow");
                figure(ui, "Cost");
                figure(ui, if page == Page::Open { "Ends in" } else { "Ended at" });
                if page == Page::Ended {
                    figure(ui, "Stars");
                }
            }
            Page::Listings => {
                words(ui, "Provider");
                widgets::cell(ui, measure::KIND_COLUMN, Cell::Left, |ui| ui.label(look.quiet("Capability")));
                words(ui, "Price");
                figure(ui, "Uptime");
                figure(ui, "Stock");
                figure(ui, "Stars");
                figure(ui, "Ratings");
                figure(ui, "Contracts");
                figure(ui, "Breaches");
                figure(ui, "Earned");
            }
        }
    });
}

fn figure(ui: &mut Ui, look: &Look, text: impl Into<String>) {
    widgets::right_figure(ui, measure::TICK_COLUMN, look.figure(text));
}

/// A row that selects its agents when it is clicked.
fn row(
    ui: &mut Ui,
    look: &Look,
    view: &ContractsView,
    agents: &[AgentId],
    said: String,
    contents: impl FnOnce(&mut Ui),
) -> egui::Response {
    let chosen = agents.iter().any(|agent| view.selected.binary_search(agent).is_ok());
    let response = widgets::row_background(ui, look, "row", chosen);
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::selected(WidgetType::SelectableLabel, enabled, chosen, &said));
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing = vec2(spacing::NORMAL, 0.0);
        contents(ui);
    });
    response.on_hover_cursor(egui::CursorIcon::PointingHand)
}

fn select(agents: &[AgentId], actions: &mut Actions) {
    let mut agents = agents.to_vec();
    agents.sort_unstable();
    actions.push(Action::Select(agents));
}

fn open_row(
    ui: &mut Ui,
    look: &Look,
    view: &ContractsView,
    market: &ServiceMarket,
    deal: &Deal,
    actions: &mut Actions,
) {
    let terms = &deal.contract.terms;
    let (buyer, provider) =
        (AgentGroups::name_in(view.world, terms.buyer), AgentGroups::name_in(view.world, terms.provider));
    let status = deal.contract.status();
    let word = status_word(status);
    let said = format!("Contract {}, {word}, {buyer} buys from {provider}", deal.contract.id.0);
    let allowed =
        allowed_failures(deal.sla.requests.max(deal.measured.served + deal.measured.failed), deal.sla.uptime_ppm);
    let seconds = terms.expires.saturating_sub(view.tick) as f64 / view.tick_hz.max(f64::MIN_POSITIVE);
    let response = row(ui, look, view, &[terms.buyer, terms.provider], said, |ui| {
        figure(ui, look, format::count(deal.contract.id.0));
        widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| {
            widgets::dot(ui, status_tint(look, status));
            ui.label(look.body(word));
        });
        widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| ui.label(look.body(&buyer)));
        widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| ui.label(look.body(&provider)));
        figure(ui, look, format!("{}/{}", deal.contract.delivered(), terms.quantity));
        let text = look.figure(format!("{}/{allowed}", deal.measured.failed));
        let near = allowed > 0 && deal.measured.failed * 2 > allowed;
        let text = if near { text.color(look.warning) } else { text };
        widgets::right_figure(ui, measure::TICK_COLUMN, text);
        figure(ui, look, format::count(deal.measured.slow));
        figure(ui, look, format::count(terms.cost.unsigned_abs()));
        figure(ui, look, format!("{} s", format::fixed(seconds, 1)));
    });
    let listing = market.entries().get(deal.listing as usize).map(|entry| entry.listing.capability.clone());
    let response = response.on_hover_ui(|ui| {
        ui.label(look.body(listing.unwrap_or_default()));
        ui.label(look.quiet("Failed: how many requests, and how many may. Slow: how many took longer than promised."));
        ui.label(look.quiet("Click to select both"));
    });
    if response.clicked() {
        select(&[terms.buyer, terms.provider], actions);
    }
}

fn ended_row(
    ui: &mut Ui,
    look: &Look,
    view: &ContractsView,
    ended: &agent2028_market::capabilities::analytics::EndedContract,
    actions: &mut Actions,
) {
    let (buyer, provider) =
        (AgentGroups::name_in(view.world, ended.buyer), AgentGroups::name_in(view.world, ended.provider));
    let word = status_word(ended.status);
    let said = format!("Contract {}, {word}, {buyer} bought from {provider}", ended.id.0);
    let response = row(ui, look, view, &[ended.buyer, ended.provider], said, |ui| {
        figure(ui, look, format::count(ended.id.0));
        widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| {
            widgets::dot(ui, status_tint(look, ended.status));
            ui.label(look.body(word));
        });
        widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| ui.label(look.body(&buyer)));
        widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| ui.label(look.body(&provider)));
        figure(ui, look, format!("{}/{}", ended.delivered, ended.quantity));
        figure(ui, look, format::count(ended.measured.failed));
        figure(ui, look, format::count(ended.measured.slow));
        figure(ui, look, format::count(ended.cost.unsigned_abs()));
        figure(ui, look, format::count(ended.tick));
        figure(ui, look, ended.stars.map_or_else(|| format::NOTHING.to_owned(), |stars| stars.to_string()));
    });
    let response = response.on_hover_ui(|ui| {
        if let Some(breach) = ended.breach {
            ui.label(look.body(breach.to_string()));
        }
        ui.label(look.quiet("Click to select both, double-click to go to the tick"));
    });
    if response.double_clicked() {
        actions.push(Action::Time(Travel::Seek(ended.tick)));
    } else if response.clicked() {
        select(&[ended.buyer, ended.provider], actions);
    }
}

/// A price in a few words.
fn price(pricing: &Pricing) -> String {
    let amount = |amount: i64| format::count(amount.unsigned_abs());
    match pricing {
        Pricing::Fixed { price } => format!("{} in all", amount(*price)),
        Pricing::PerUnit { price } => format!("{} a unit", amount(*price)),
        Pricing::Subscription { monthly } => format!("{} a month", amount(*monthly)),
        Pricing::Auction { awarded } => format!("bids from {}", amount(*awarded)),
        Pricing::Metered { tiers } => {
            let first = tiers.first().map_or(0, |tier| tier.per_unit);
            format!("metered from {}", amount(first))
        }
    }
}

fn listing_row(ui: &mut Ui, look: &Look, view: &ContractsView, entry: &Entry, actions: &mut Actions) {
    let listing = &entry.listing;
    let provider = AgentGroups::name_in(view.world, listing.provider);
    let said = format!("{provider} offers {}", listing.capability);
    let response = row(ui, look, view, &[listing.provider], said, |ui| {
        widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| ui.label(look.body(&provider)));
        widgets::cell(ui, measure::KIND_COLUMN, Cell::Left, |ui| ui.label(look.body(&listing.capability)));
        widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| {
            if entry.withdrawn {
                ui.label(look.body("withdrawn").color(look.danger));
            } else {
                ui.label(look.body(price(&listing.pricing)));
            }
        });
        figure(ui, look, format::percent(f64::from(listing.uptime_ppm) / 1e6));
        figure(ui, look, format::count(listing.stock.left().into()));
        let rated = listing.rating.number() > 0;
        let stars = f64::from(listing.rating.mean_thousandths()) / 1000.0;
        figure(ui, look, if rated { format::fixed(stars, 2) } else { format::NOTHING.to_owned() });
        figure(ui, look, format::count(listing.rating.number().into()));
        figure(ui, look, format::count(entry.contracts));
        figure(ui, look, format::count(entry.breaches));
        let minus = if entry.earned < 0 { "−" } else { "" };
        figure(ui, look, format!("{minus}{}", format::count(entry.earned.unsigned_abs())));
    });
    let response = response.on_hover_ui(|ui| {
        if !listing.description.is_empty() {
            ui.label(look.body(&listing.description));
        }
        ui.label(look.quiet("Click to select the provider"));
    });
    if response.clicked() {
        select(&[listing.provider], actions);
    }
}
