//! One workload per row, side by side: what it asks for and what becomes of it.

use std::fmt::Write as _;

use agent2028_operations::Operations;
use agent2028_operations::workload::Source;
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{ScrollArea, Ui, vec2};
use egui_material_icons::icons::{ICON_ASSIGNMENT, ICON_DOWNLOAD};

use super::OperationsView;
use agent2028_kit::actions::{Action, Actions};
use agent2028_kit::export::FileToSave;
use agent2028_kit::format;
use agent2028_kit::format::csv_cell;
use agent2028_kit::theme::{Look, measure};
use agent2028_kit::widgets::{self, Cell};

/// What stands in a column: its head, its meaning, and how it is written.
type Column = (&'static str, &'static str, fn(&Source, f64) -> String);

const COLUMNS: [Column; 8] = [
    ("Asked /s", "Operations that it asks for per second, recently", |source, hz| {
        format::fixed(source.tally.per_second(|counts| counts.requested, hz), 1)
    }),
    ("Completed /s", "Operations that are completed per second, recently", |source, hz| {
        format::fixed(source.tally.per_second(|counts| counts.completed, hz), 1)
    }),
    ("Success", "The share of those that ended recently that were completed", |source, _| {
        source.tally.recent().success_ratio().map_or(format::NOTHING.to_owned(), format::percent)
    }),
    ("Retries /s", "Operations that are tried again per second, recently", |source, hz| {
        format::fixed(source.tally.per_second(|counts| counts.retries, hz), 1)
    }),
    ("Mean", "How long what was completed recently took on average", |source, _| {
        source.tally.mean_latency_ms().map_or(format::NOTHING.to_owned(), format::milliseconds)
    }),
    ("p50", "Half of what was completed recently took at most so long", |source, _| quantile(source, 0.5)),
    ("p95", "95 % of what was completed recently took at most so long", |source, _| quantile(source, 0.95)),
    ("p99", "99 % of what was completed recently took at most so long", |source, _| quantile(source, 0.99)),
];

fn quantile(source: &Source, share: f64) -> String {
    let value = source.tally.latency().quantile(share);
    value.map_or(format::NOTHING.to_owned(), |us| format::milliseconds(us / 1e3))
}

/// What stands beside the pages.
pub(super) fn toolbar(ui: &mut Ui, look: &Look, view: &OperationsView, operations: &Operations, actions: &mut Actions) {
    let save = widgets::icon_button(ui, look, ICON_DOWNLOAD, "Save the workloads as CSV");
    if widgets::tip(save, look, "Save the workloads as CSV", "").clicked() {
        let text = csv(view, operations);
        actions.push(Action::SaveFile(FileToSave::csv("Save the workloads as", "workloads", text)));
    }
    let count = view.config().workload.len() as u64;
    ui.label(look.quiet(format::counted(count, "workload", "workloads")));
}

/// Draws the head and the rows.
pub(super) fn show(ui: &mut Ui, look: &Look, view: &OperationsView, operations: &Operations) {
    let config = view.config();
    if config.workload.is_empty() {
        let how = "Add one under operations.workload in the scene.";
        widgets::empty(ui, look, ICON_ASSIGNMENT, "This scene has no workloads", how);
        return;
    }
    let wide = COLUMNS.len() as f32 * (measure::FIGURE_COLUMN + spacing::NORMAL);
    let names = measure::KIND_COLUMN + measure::AGENT_COLUMN + 2.0 * spacing::NORMAL;
    ScrollArea::both().id_salt("workloads").auto_shrink([false, false]).show(ui, |ui| {
        agent2028_kit::texts::scrolls_sideways(ui);
        ui.set_min_width(names + wide);
        ui.spacing_mut().item_spacing = vec2(spacing::NORMAL, 0.0);
        ui.horizontal(|ui| {
            widgets::cell(ui, measure::KIND_COLUMN, Cell::Left, |ui| ui.label(look.quiet("Workload")));
            widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| ui.label(look.quiet("Strategy")));
            for (name, help, _) in COLUMNS {
                widgets::cell(ui, measure::FIGURE_COLUMN, Cell::Right, |ui| ui.label(look.quiet(name)))
                    .on_hover_text(look.body(help));
            }
        });
        widgets::rule(ui, look);
        for (workload, source) in config.workload.iter().zip(operations.sources()) {
            let strategy = workload.demand().and_then(|demand| demand.strategy).unwrap_or(config.strategy);
            ui.horizontal(|ui| {
                widgets::cell(ui, measure::KIND_COLUMN, Cell::Left, |ui| ui.label(look.body(workload.title())));
                let words = look.quiet(format::words(strategy.name()));
                widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| ui.label(words));
                for (_, _, text) in COLUMNS {
                    widgets::right_figure(ui, measure::FIGURE_COLUMN, look.figure(text(source, view.tick_hz)));
                }
            });
        }
    });
}

/// All workloads as a table.
fn csv(view: &OperationsView, operations: &Operations) -> String {
    let mut text = String::from(
        "workload,strategy,requested,completed,failed,timed_out,rejected,retries,mean_ms,p50_ms,p95_ms,p99_ms\n",
    );
    let config = view.config();
    for (workload, source) in config.workload.iter().zip(operations.sources()) {
        let strategy = workload.demand().and_then(|demand| demand.strategy).unwrap_or(config.strategy);
        let (total, latency) = (source.tally.total, source.tally.latency());
        let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
        let quantile = |share: f64| number(latency.quantile(share).map(|us| us / 1e3));
        let _ = writeln!(
            text,
            "{},{},{},{},{},{},{},{},{},{},{},{}",
            csv_cell(&workload.title()),
            strategy.name(),
            total.requested,
            total.completed,
            total.failed,
            total.timed_out,
            total.rejected,
            total.retries,
            number(source.tally.mean_latency_ms()),
            quantile(0.5),
            quantile(0.95),
            quantile(0.99)
        );
    }
    text
}
