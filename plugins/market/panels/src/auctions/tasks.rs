//! The tasks that are not over, one per row.

use agent2028_core::agent::AgentId;
use agent2028_market::config::TaskMarket;
use agent2028_market::tasks::TaskAuctions;
use agent2028_market::tasks::task::{Task, TaskStatus};
use bevy_egui::egui;
use egui::Ui;
use egui_material_icons::icons::ICON_GAVEL;

use super::{AuctionsState, AuctionsView, Page};
use agent2028_kit::actions::{Action, Actions};
use agent2028_kit::format;
use agent2028_kit::theme::{Look, measure};
use agent2028_kit::widgets::{self, Cell};

fn status_of(auctions: &TaskAuctions, task: &Task) -> &'static str {
    let works = auctions.worker(AgentId(task.assignee)).is_some_and(|worker| worker.works());
    match task.status {
        TaskStatus::Open => "open",
        TaskStatus::Assigned => "waits its turn",
        TaskStatus::InProgress if works => "in work",
        TaskStatus::InProgress => "on the way",
    }
}

/// Shows a row for each task of an auctioneer that is not over.
pub(super) fn show(
    ui: &mut Ui,
    look: &Look,
    view: &AuctionsView,
    (config, auctions): (&TaskMarket, &TaskAuctions),
    state: &mut AuctionsState,
    actions: &mut Actions,
) {
    let number = state.auctioneer;
    let ours: Vec<&Task> =
        auctions.tasks().iter().map(|(_, task)| task).filter(|task| usize::from(task.auctioneer) == number).collect();
    if ours.is_empty() {
        let how = "Tasks appear as sources put them up; \"Put up tasks\" under Faults puts up more.";
        return widgets::empty(ui, look, ICON_GAVEL, "No task is open or in work", how);
    }
    ui.horizontal(|ui| {
        for (name, width) in
            [("Task", measure::TICK_COLUMN), ("Status", measure::AGENT_COLUMN), ("Who", measure::AGENT_COLUMN)]
        {
            widgets::cell(ui, width, Cell::Left, |ui| ui.label(look.quiet(name)));
        }
        for name in ["At most", "Price", "Bids", "Round", "Since"] {
            widgets::cell(ui, measure::TICK_COLUMN, Cell::Right, |ui| ui.label(look.quiet(name)));
        }
        widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| ui.label(look.quiet("Source")));
    });
    let mut list = state.list;
    list.show(ui, look, "Tasks", ours.len(), |ui, row| {
        let task = ours[row];
        ui.horizontal(|ui| {
            let chosen = widgets::cell(ui, measure::TICK_COLUMN, Cell::Left, |ui| {
                ui.link(look.figure(format::count(task.number)))
            });
            if chosen.clicked() {
                (state.task, state.page) = (Some(task.number), Page::Bids);
            }
            widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| ui.label(look.body(status_of(auctions, task))));
            let who = (task.status != TaskStatus::Open).then(|| view.name(task.assignee));
            let clicked = widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| {
                who.is_some_and(|who| ui.link(look.body(format::elided(&who, 18))).clicked())
            });
            if clicked {
                actions.push(Action::Select(vec![AgentId(task.assignee)]));
            }
            let price = (task.status != TaskStatus::Open).then(|| format::fixed(task.price as f64, 0));
            let since = view.tick.saturating_sub(task.posted) as f64 / view.tick_hz;
            for figure in [
                format::fixed(task.reserve as f64, 0),
                price.unwrap_or_else(|| "–".into()),
                format::count(task.bids.len() as u64),
                format::count(u64::from(task.round) + 1),
                format::with_unit(since, "s"),
            ] {
                widgets::right_figure(ui, measure::TICK_COLUMN, look.figure(figure));
            }
            let source = config.sources.get(usize::from(task.source)).map_or("", |source| source.name.as_str());
            widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| ui.label(look.quiet(format::elided(source, 18))));
        });
    });
    state.list = list;
}
