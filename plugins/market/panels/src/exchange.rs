//! Goods: the order book, demand and supply, trades, and how near the market is to its optimum.

mod curves;
mod trades;

use agent2028_core::agent::AgentId;
use agent2028_market::MarketConfig;
use agent2028_market::config::{Good, TradingRule};
use agent2028_market::exchange::Exchange;
use agent2028_market::exchange::good::GoodMarket;
use agent2028_market::order_book::Side;
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{Align, Layout, ScrollArea, Ui, UiBuilder, WidgetType, pos2, vec2};
use egui_material_icons::icons::ICON_CANDLESTICK_CHART;
use serde::{Deserialize, Serialize};

use agent2028_kit::actions::Actions;
use agent2028_kit::format;
use agent2028_kit::panel::{DockSide, Group, Keeps, Panel, PanelContext, PanelFacts, PanelKey};
use agent2028_kit::theme::{Look, measure};
use agent2028_kit::widgets::{self, LongList};

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct ExchangeView<'a> {
    /// The simulation's world.
    pub world: &'a World,
    /// The selected agents, ascending.
    pub selected: &'a [AgentId],
}

/// What is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Drawn {
    /// What rests in the book.
    #[default]
    Book,
    /// What units are worth and cost in truth.
    Values,
    /// Prices of trades.
    Prices,
}

/// What the panel remembers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ExchangeState {
    /// The good that is shown, by its place.
    #[serde(skip)]
    pub good: usize,
    /// What is drawn.
    pub drawn: Drawn,
    #[serde(skip)]
    list: LongList,
}

/// The panel of goods.
#[derive(Clone, Copy, Debug)]
pub struct ExchangePanel;

impl Panel for ExchangePanel {
    type State = ExchangeState;
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Exchange"),
        title: "Exchange",
        icon: ICON_CANDLESTICK_CHART,
        help: "Order books and call markets: depth, trades, prices, and how near they come to the optimum.",
        group: Group::Market,
        side: DockSide::Bottom,
        scrolls: false,
        story: true,
    };

    fn applies(simulation: &agent2028_core::simulation::Simulation) -> bool {
        simulation.world().contains_resource::<Exchange>()
    }

    fn show(ui: &mut Ui, context: &mut PanelContext, state: &mut ExchangeState) {
        let facts = context.facts;
        let view = ExchangeView { world: facts.world(), selected: facts.selected() };
        show(ui, context.look, &view, state, context.actions);
    }

    fn keeps() -> Option<Keeps<ExchangeState>> {
        Some(Keeps::named("exchange"))
    }
}

/// What a rule is called.
fn rule_name(rule: TradingRule) -> &'static str {
    match rule {
        TradingRule::Continuous => "order book",
        TradingRule::UniformPrice { .. } => "call at one price",
        TradingRule::McAfee { .. } => "call by McAfee",
    }
}

/// Shows the goods.
pub fn show(ui: &mut Ui, look: &Look, view: &ExchangeView, state: &mut ExchangeState, actions: &mut Actions) {
    let config = view.world.get_resource::<MarketConfig>().and_then(|config| config.exchange.as_ref());
    let Some((exchange, config)) = view.world.get_resource::<Exchange>().zip(config) else {
        let how = "A scene with market.exchange has goods to trade: open the scene order-book.";
        return widgets::empty(ui, look, ICON_CANDLESTICK_CHART, "This scene has no exchange", how);
    };
    if exchange.goods().is_empty() {
        let how = "Let the simulation run for a tick.";
        return widgets::empty(ui, look, ICON_CANDLESTICK_CHART, "Trading has not begun yet", how);
    }
    state.good = state.good.min(exchange.goods().len() - 1);
    toolbar(ui, look, &config.goods, state);
    let (Some(good), market) = (config.goods.get(state.good), &exchange.goods()[state.good]) else { return };
    tallies(ui, look, exchange, good, market);
    ui.add_space(spacing::TIGHT);
    let area = ui.available_rect_before_wrap();
    if area.width() < measure::BESIDE {
        ScrollArea::vertical().id_salt("exchange").auto_shrink([false, false]).show(ui, |ui| {
            curves::show(ui, look, good, market, state.drawn, vec2(ui.available_width(), measure::PLOT.1));
            ui.add_space(spacing::NORMAL);
            let height = (area.bottom() - ui.cursor().top()).max(measure::GROUP_LIST);
            ui.allocate_ui(vec2(ui.available_width(), height), |ui| {
                trades::show(ui, look, view, market, &mut state.list, actions);
            });
        });
        return;
    }
    let edge = area.left() + area.width() * 0.5;
    let left = egui::Rect::from_min_max(area.min, pos2(edge - spacing::WIDE, area.bottom()));
    let right = egui::Rect::from_min_max(pos2(edge, area.top()), area.max);
    let mut side = ui.new_child(UiBuilder::new().max_rect(left).layout(Layout::top_down(Align::Min)));
    let size = side.available_size();
    curves::show(&mut side, look, good, market, state.drawn, size);
    let mut side = ui.new_child(UiBuilder::new().max_rect(right).layout(Layout::top_down(Align::Min)));
    trades::show(&mut side, look, view, market, &mut state.list, actions);
    ui.advance_cursor_after_rect(area);
}

fn toolbar(ui: &mut Ui, look: &Look, goods: &[Good], state: &mut ExchangeState) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::NORMAL;
        let title = |good: &Good| format!("{} ({})", good.name, rule_name(good.rule));
        let chosen = goods.get(state.good).map_or_else(String::new, title);
        let response = widgets::choice("good", measure::SEARCH, look.body(chosen)).show_ui(ui, |ui| {
            for (at, good) in goods.iter().enumerate() {
                if ui.selectable_label(at == state.good, look.body(title(good))).clicked() {
                    state.good = at;
                }
            }
        });
        widgets::named(ui, &response.response, WidgetType::ComboBox, "Which good");
        for (drawn, name, help) in [
            (Drawn::Book, "Book", "What rests in the order book, price by price"),
            (
                Drawn::Values,
                "Demand and supply",
                "What units are worth to buyers and cost sellers, which only the sandbox knows",
            ),
            (Drawn::Prices, "Prices", "Prices of the last trades"),
        ] {
            ui.selectable_value(&mut state.drawn, drawn, look.body(name)).on_hover_text(look.body(help));
        }
    });
}

fn tallies(ui: &mut Ui, look: &Look, exchange: &Exchange, good: &Good, market: &GoodMarket) {
    let nothing = || format::NOTHING.to_owned();
    let price = |price: Option<i64>| price.map_or_else(nothing, |price| format::count(price.unsigned_abs()));
    let share = |share: Option<f64>| share.map_or_else(nothing, format::percent);
    widgets::tallies(ui, |ui| {
        widgets::tally(ui, look, None, "Period", format::count(exchange.period()), "Which period of trading it is");
        widgets::tally(ui, look, None, "Price", price(market.price()), "The price of the last trade");
        if good.rule == TradingRule::Continuous {
            let (buy, sell) = (market.book().best(Side::Buy), market.book().best(Side::Sell));
            widgets::tally(
                ui,
                look,
                Some(look.good),
                "Bid",
                price(buy),
                "The highest price that somebody offers to pay",
            );
            widgets::tally(ui, look, Some(look.danger), "Ask", price(sell), "The lowest price that somebody asks for");
            let spread = buy.zip(sell).map(|(buy, sell)| sell - buy);
            widgets::tally(ui, look, None, "Spread", price(spread), "How far the ask is above the bid");
        }
        let regret = |side| {
            let mean = market.regret(side).mean();
            mean.map_or_else(nothing, |mean| format::fixed(mean, 2))
        };
        let help = if good.rule == TradingRule::Continuous {
            "What the best lie would have gained one of them in the turns of a period, if all others had said the truth: the mean"
        } else {
            "What the best lie would have gained one of them in a call, the mean"
        };
        widgets::tally(ui, look, Some(look.good), "Lie of a buyer", regret(Side::Buy), help);
        widgets::tally(ui, look, Some(look.danger), "Lie of a seller", regret(Side::Sell), help);
        widgets::tally(
            ui,
            look,
            None,
            "Units",
            format::count(market.volume()),
            "Units that changed hands since the start",
        );
        let now = "What trades of this period are worth so far, as a part of the most that they can be";
        widgets::tally(ui, look, None, "Of the optimum", share(market.now().efficiency()), now);
        let before = market.before().and_then(|before| before.efficiency());
        widgets::tally(ui, look, None, "Period before", share(before), "The same, of the whole period before");
    });
}
