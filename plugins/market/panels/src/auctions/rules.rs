//! The auctioneers side by side.

use agent2028_core::metrics::Metrics;
use agent2028_market::config::TaskMarket;
use agent2028_market::tasks::TaskAuctions;
use agent2028_market::tasks::probe::probe;
use bevy_egui::egui;
use egui::{ScrollArea, Ui};

use super::{AuctionsState, AuctionsView, Page, rule_name, title_of};
use agent2028_kit::format;
use agent2028_kit::theme::{Look, measure};
use agent2028_kit::widgets::{self, Cell};

/// Shows a row for each auctioneer.
pub(super) fn show(
    ui: &mut Ui,
    look: &Look,
    view: &AuctionsView,
    (config, auctions): (&TaskMarket, &TaskAuctions),
    state: &mut AuctionsState,
) {
    let metrics = view.world.resource::<Metrics>();
    const COLUMNS: [&str; 7] = ["Price", "Margin", "Efficiency", "A lie gains", "Done", "Not done", "Open"];
    ScrollArea::both().id_salt("rules").auto_shrink([false, false]).show(ui, |ui| {
        ui.horizontal(|ui| {
            widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| ui.label(look.quiet("Auctioneer")));
            widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| ui.label(look.quiet("Rule")));
            for column in COLUMNS {
                widgets::cell(ui, measure::TICK_COLUMN, Cell::Right, |ui| ui.label(look.quiet(column)));
            }
        });
        for (at, (auctioneer, own)) in config.auctioneers.iter().zip(auctions.auctioneers()).enumerate() {
            ui.horizontal(|ui| {
                let shown = widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| {
                    ui.link(look.body(format::elided(&title_of(auctioneer), 18)))
                });
                if shown.clicked() {
                    (state.auctioneer, state.task, state.page) = (at, None, Page::Bids);
                }
                widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| {
                    ui.label(look.body(rule_name(auctioneer.rule)))
                });
                let of = |metric: &str| match auctioneer.name.as_str() {
                    "" => metrics.value(&format!("market.tasks.{metric}")),
                    name => metrics.value(&format!("market.tasks.{metric}.{name}")),
                };
                let lie = probe(auctioneer, own).map(|found| found.best_rule_gain);
                let figures = [
                    of("price").map(|price| format::fixed(price, 0)),
                    of("margin").map(|margin| format::fixed(margin, 0)),
                    of("efficiency").map(format::percent),
                    lie.map(|gain| format::fixed(gain, 1)),
                    Some(format::count(own.counts.completed)),
                    Some(format::count(own.counts.defaulted)),
                    Some(format::count(own.open.into())),
                ];
                for figure in figures {
                    widgets::right_figure(ui, measure::TICK_COLUMN, look.figure(figure.unwrap_or_else(|| "–".into())));
                }
            });
        }
    });
}
