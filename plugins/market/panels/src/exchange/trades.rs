//! One trade per row, newest first.

use agent2028_core::agent::{AgentGroups, AgentId};
use agent2028_market::exchange::good::{GoodMarket, TradeRecord};
use agent2028_market::order_book::Side;
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Ui, WidgetInfo, WidgetType, vec2};
use egui_material_icons::icons::ICON_CANDLESTICK_CHART;

use super::ExchangeView;
use agent2028_kit::actions::{Action, Actions};
use agent2028_kit::format;
use agent2028_kit::theme::{Look, measure};
use agent2028_kit::widgets::{self, Cell, LongList};

/// Draws the head and the visible rows.
pub(super) fn show(
    ui: &mut Ui,
    look: &Look,
    view: &ExchangeView,
    market: &GoodMarket,
    list: &mut LongList,
    actions: &mut Actions,
) {
    let trades = market.recent();
    let count = trades.len();
    if count == 0 {
        let how = "Offers that suit each other have not met yet.";
        return widgets::empty(ui, look, ICON_CANDLESTICK_CHART, "Nothing was traded yet", how);
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::NORMAL;
        widgets::right_figure(ui, measure::TICK_COLUMN, look.quiet("Tick"));
        widgets::right_figure(ui, measure::ORIGIN_COLUMN, look.quiet("Price"));
        widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| ui.label(look.quiet("Buyer")));
        widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| ui.label(look.quiet("Seller")));
    });
    widgets::rule(ui, look);
    let name = |agent: AgentId| AgentGroups::name_in(view.world, agent);
    list.show(ui, look, "trades", count, |ui, row| {
        if let Some(trade) = market.recent().rev().nth(row) {
            draw(ui, look, view, trade, &name, actions);
        }
    });
}

fn draw(
    ui: &mut Ui,
    look: &Look,
    view: &ExchangeView,
    trade: &TradeRecord,
    name: &dyn Fn(AgentId) -> String,
    actions: &mut Actions,
) {
    let chosen = [trade.buyer, trade.seller].iter().any(|agent| view.selected.binary_search(agent).is_ok());
    let response = widgets::row_background(ui, look, "row", chosen);
    let (buyer, seller) = (name(trade.buyer), name(trade.seller));
    let enabled = ui.is_enabled();
    response.widget_info(|| {
        let said = format!("Trade in tick {} at {}, {buyer} buys from {seller}", trade.tick, trade.price);
        WidgetInfo::selected(WidgetType::SelectableLabel, enabled, chosen, said)
    });
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing = vec2(spacing::NORMAL, 0.0);
        widgets::right_figure(ui, measure::TICK_COLUMN, look.figure(format::count(trade.tick)).color(look.secondary));
        let tint = match trade.taker {
            Some(Side::Buy) => look.good,
            Some(Side::Sell) => look.danger,
            None => look.text,
        };
        let price = look.figure(format::count(trade.price.unsigned_abs())).color(tint);
        widgets::right_figure(ui, measure::ORIGIN_COLUMN, price);
        widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| ui.label(look.body(&buyer)));
        widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| ui.label(look.body(&seller)));
    });
    let response = response.on_hover_cursor(egui::CursorIcon::PointingHand);
    if response.on_hover_text(look.body("Click to select both")).clicked() {
        let mut both = vec![trade.buyer, trade.seller];
        both.sort_unstable();
        actions.push(Action::Select(both));
    }
}
