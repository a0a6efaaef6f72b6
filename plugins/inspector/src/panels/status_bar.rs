//! The line at the bottom: how many agents, how fast, from which seed, in which state, and whether something is wrong.

use std::time::Duration;

use agent2028_core::quarantine::Quarantine;
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Align, Button, Layout, Response, RichText, Ui, WidgetType};
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons::{ICON_CHECK_CIRCLE, ICON_ERROR, ICON_SCHEDULE, ICON_STOP_CIRCLE, ICON_WARNING};

use crate::actions::{Action, Actions};
use crate::format;
use crate::theme::{Look, measure};
use crate::widgets;

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct StatusView<'a> {
    /// How many agents there are.
    pub agents: u64,
    /// What a tick costs, in wall-clock time; zero before the first tick.
    pub tick_cost: Duration,
    /// Frames per second of the window; 0 before it is known.
    pub frames_per_second: f64,
    /// Whether what was measured on this machine is told: in pictures it isn't, so that those of the same tick are alike.
    pub measured: bool,
    /// The seed of all chance.
    pub seed: u64,
    /// The hash of the state at this very tick, if it was worked out.
    pub hash: Option<&'a str>,
    /// How many changes wait for the next tick.
    pub waiting: usize,
    /// Why the scene could not be opened or read again.
    pub problems: &'a [String],
    /// Agents whose values were not finite.
    pub quarantine: &'a Quarantine,
    /// How many metric values were not finite.
    pub rejected: u64,
    /// Whether a fault has stopped the run.
    pub stopped: bool,
    /// Whether ticks happen by themselves.
    pub playing: bool,
}

/// How many digits of the hash are shown.
const HASH_DIGITS: usize = 8;

/// Shows the line. Returns true if the problems were clicked.
pub fn show(ui: &mut Ui, look: &Look, view: &StatusView, actions: &mut Actions) -> bool {
    ui.spacing_mut().item_spacing.x = spacing::TIGHT;
    ui.spacing_mut().interact_size.y = 0.0;
    ui.spacing_mut().button_padding = egui::vec2(spacing::TIGHT, 0.0);
    let mut opened = false;
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        figure(ui, look, &format::count(view.agents), if view.agents == 1 { "agent" } else { "agents" });
        if view.measured && ui.available_width() >= measure::STATUS_LINE {
            measured(ui, look, view);
        }
        gap(ui, look);
        ui.label(look.quiet("seed"));
        ui.label(look.figure(view.seed.to_string()))
            .on_hover_text(look.body("The same scene and seed give the same run"));
        gap(ui, look);
        hash(ui, look, view, actions);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| opened = notes(ui, look, view));
    });
    opened
}

/// What ticks and frames cost here and now.
fn measured(ui: &mut Ui, look: &Look, view: &StatusView) {
    gap(ui, look);
    let cost = if view.tick_cost.is_zero() {
        format::NOTHING.to_owned()
    } else {
        format::milliseconds(view.tick_cost.as_secs_f64() * 1000.0)
    };
    figure(ui, look, &cost, "per tick").on_hover_text(look.body("Wall-clock time that a tick takes on average"));
    gap(ui, look);
    let frames = if view.frames_per_second > 0.0 {
        format::fixed(view.frames_per_second, 0)
    } else {
        format::NOTHING.to_owned()
    };
    figure(ui, look, &frames, "fps").on_hover_text(look.body("Frames that the window draws in a second"));
}

fn figure(ui: &mut Ui, look: &Look, value: &str, unit: &str) -> Response {
    let figure = ui.label(look.figure(value));
    ui.label(look.quiet(unit)).union(figure)
}

fn gap(ui: &mut Ui, look: &Look) {
    ui.label(look.quiet("·").color(look.disabled));
}

fn hash(ui: &mut Ui, look: &Look, view: &StatusView, actions: &mut Actions) {
    ui.label(look.quiet("hash"));
    match view.hash {
        Some(hash) => {
            let short = hash.get(..HASH_DIGITS).unwrap_or(hash);
            let response = ui.add(Button::new(look.figure(format!("{short}…"))).frame(false));
            widgets::named(ui, &response, WidgetType::Button, &format!("Copy the state hash {short}…"));
            let response = response.on_hover_ui(|ui| {
                ui.label(look.body("Hash of the whole state at this tick; click to copy"));
                ui.label(look.figure(hash));
            });
            if response.clicked() {
                actions.push(Action::Copy(hash.to_owned()));
            }
        }
        None => {
            let response = ui.add(Button::new(look.quiet("work out").underline()).frame(false));
            widgets::named(ui, &response, WidgetType::Button, "Work out the state hash");
            let tip = "Hash of the whole state at the current tick. It costs time, so it is worked out when asked for, \
                       and by itself while paused.";
            if response.on_hover_text(look.body(tip)).clicked() {
                actions.push(Action::HashState);
            }
        }
    }
}

/// What needs attention, from the right: problems first.
fn notes(ui: &mut Ui, look: &Look, view: &StatusView) -> bool {
    let mut opened = false;
    if view.problems.is_empty() && view.quarantine.count() == 0 && view.rejected == 0 && !view.stopped {
        note(ui, look, ICON_CHECK_CIRCLE, look.quiet("No problems"), look.good);
    }
    if !view.problems.is_empty() {
        let text = format::counted(view.problems.len() as u64, "problem", "problems");
        let button = Button::new((look.icon(ICON_ERROR).color(look.danger), look.quiet(text.as_str()))).frame(false);
        let response = ui.add(button);
        widgets::named(ui, &response, WidgetType::Button, &text);
        opened = response.on_hover_text(look.body("The scene could not be read; click for the report")).clicked();
    }
    if view.stopped {
        note(ui, look, ICON_STOP_CIRCLE, look.quiet("Stopped by a fault"), look.danger);
    }
    if view.quarantine.count() > 0 {
        let text = format!("{} in quarantine", format::counted(view.quarantine.count(), "agent", "agents"));
        note(ui, look, ICON_WARNING, look.quiet(text), look.warning).on_hover_ui(|ui| {
            ui.label(look.body("Their values were not finite; they were taken out of action"));
            for fault in view.quarantine.faults().iter().take(spacing::NORMAL as usize) {
                let tick = format::count(fault.tick);
                ui.label(look.figure(format!("{} at tick {tick}: {}", fault.agent, fault.values)));
            }
        });
    }
    if view.rejected > 0 {
        let text = format!("{} not finite", format::counted(view.rejected, "metric value", "metric values"));
        note(ui, look, ICON_WARNING, look.quiet(text), look.warning);
    }
    if view.waiting > 0 && !view.playing {
        let waits = if view.waiting == 1 { "waits" } else { "wait" };
        let changes = format::counted(view.waiting as u64, "change", "changes");
        note(ui, look, ICON_SCHEDULE, look.quiet(format!("{changes} {waits} for the next tick")), look.info);
    }
    opened
}

/// An icon and words, in a row that goes from right to left.
fn note(ui: &mut Ui, look: &Look, icon: MaterialIcon, text: RichText, tint: egui::Color32) -> Response {
    let words = ui.label(text);
    let response = ui.label(look.icon(icon).color(tint)).union(words);
    ui.add_space(spacing::NORMAL);
    response
}
