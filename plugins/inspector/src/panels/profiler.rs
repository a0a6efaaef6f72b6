//! Where the time goes: per phase, plugin and system of a tick, and per frame; and what is held in memory. Time is measured
//! only while the panel is open and asked to.

mod profile;
mod times;

pub use profile::FrameCost;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use agent2028_core::profiler::{self, MemoryUse};
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{Rect, ScrollArea, Sense, Ui, WidgetInfo, WidgetType, pos2, vec2};
use egui_material_icons::icons::{ICON_CONTENT_COPY, ICON_DOWNLOAD, ICON_SPEED, ICON_TIMER};
use serde::{Deserialize, Serialize};

use crate::actions::{Action, Actions};
use crate::export::FileToSave;
use crate::format;
use crate::format::csv_cell;
use crate::panel::{DockSide, Group, Keeps, Panel, PanelContext, PanelFacts, PanelKey};
use crate::theme::{Look, measure};
use crate::widgets::{self, Cell};
use profile::Profile;

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct ProfilerView<'a> {
    /// The simulation's world.
    pub world: &'a World,
    /// What a frame has cost, on average since the panel was shown last.
    pub frame: FrameCost,
}

/// What is listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Page {
    /// Time.
    #[default]
    Time,
    /// Memory.
    Memory,
}

/// What the panel remembers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ProfilerState {
    /// What is listed.
    pub page: Page,
    /// Whether time is to be measured while the panel is open.
    #[serde(skip)]
    pub measuring: bool,
    /// Whether the panel was drawn in this frame and wants time to be measured; whoever runs the simulation takes it.
    #[serde(skip)]
    pub wanted: bool,
    /// What is folded up, by name.
    #[serde(skip)]
    folded: BTreeSet<String>,
    #[serde(skip)]
    profile: Profile,
    #[serde(skip)]
    memory: Vec<MemoryUse>,
    #[serde(skip)]
    memory_at: Option<f64>,
}

/// How long figures of memory stand, in seconds of real time.
const MEMORY_INTERVAL_S: f64 = 1.0;

/// The panel of where time and memory go.
#[derive(Clone, Copy, Debug)]
pub struct ProfilerPanel;

impl Panel for ProfilerPanel {
    type State = ProfilerState;
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Profiler"),
        title: "Profiler",
        icon: ICON_SPEED,
        help: "Where the time of a tick and a frame goes, and the memory.",
        group: Group::Run,
        side: DockSide::Bottom,
        scrolls: false,
        story: false,
    };

    fn show(ui: &mut Ui, context: &mut PanelContext, state: &mut ProfilerState) {
        let frame = *context.states.of::<FrameCost>();
        show(ui, context.look, &ProfilerView { world: context.facts.world(), frame }, state, context.actions);
    }

    fn keeps() -> Option<Keeps<ProfilerState>> {
        Some(Keeps::named("profiler"))
    }
}

/// Shows where the time and the memory go.
pub fn show(ui: &mut Ui, look: &Look, view: &ProfilerView, state: &mut ProfilerState, actions: &mut Actions) {
    state.wanted = state.measuring;
    if state.measuring {
        state.profile.note(&profiler::take(view.world), view.frame);
    }
    toolbar(ui, look, state, actions);
    match state.page {
        Page::Time if !state.measuring => {
            let how = "Press the stopwatch above: each system is timed from then on, until the panel is closed. Not measuring costs nothing.";
            widgets::empty(ui, look, ICON_SPEED, "Nothing is being measured", how);
        }
        Page::Time if state.profile.recent_ticks() == 0 => {
            widgets::empty(ui, look, ICON_SPEED, "No tick has been measured yet", "Let the simulation run.");
        }
        Page::Time => {
            frame(ui, look, state);
            times::show(ui, look, &state.profile, &mut state.folded);
        }
        Page::Memory => memory(ui, look, view, state),
    }
}

fn toolbar(ui: &mut Ui, look: &Look, state: &mut ProfilerState, actions: &mut Actions) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::NORMAL;
        for (page, name) in [(Page::Time, "Time"), (Page::Memory, "Memory")] {
            ui.selectable_value(&mut state.page, page, look.body(name));
        }
        let measure = widgets::icon_toggle(ui, look, ICON_TIMER, "Measure", state.measuring);
        let measure = widgets::tip(measure, look, "Time every system while this panel is open", "");
        if measure.clicked() {
            state.measuring = !state.measuring;
            state.profile = Profile::default();
        }
        let copy = widgets::icon_button(ui, look, ICON_CONTENT_COPY, "Copy the table");
        if widgets::tip(copy, look, "Copy the table, to paste it into a spreadsheet", "").clicked() {
            actions.push(Action::Copy(table(state, '\t')));
        }
        let save = widgets::icon_button(ui, look, ICON_DOWNLOAD, "Save the table as CSV");
        if widgets::tip(save, look, "Save the table as CSV", "").clicked() {
            let words = if state.page == Page::Time { "profile time" } else { "profile memory" };
            actions.push(Action::SaveFile(FileToSave::csv("Save the profile as", words, table(state, ','))));
        }
        if state.page == Page::Time && state.measuring {
            let ticks = format::counted(state.profile.recent_ticks(), "tick", "ticks");
            ui.label(look.quiet(format!("{ticks} in the last second")));
        }
    });
}

/// What a frame's time went into, as one bar.
fn frame(ui: &mut Ui, look: &Look, state: &ProfilerState) {
    let cost = state.profile.frame();
    let rest = (cost.total - cost.simulation - cost.interface - cost.world).max(0.0);
    let parts = [
        ("Simulation", cost.simulation, look.category(0), "Ticks that ran within a frame"),
        (
            "Interface",
            cost.interface,
            look.category(1),
            "Laying out the panels and turning them into triangles; not in every frame while nobody touches them",
        ),
        ("World", cost.world, look.category(2), "From the simulation's tables to what is drawn of the world"),
        ("Drawing and waiting", rest, look.disabled, "Drawing the world and the panels, and waiting for the screen"),
    ];
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        ui.label(look.quiet("Frame"));
        ui.label(look.figure(format::milliseconds(cost.total * 1e3)));
        for (name, seconds, tint, help) in parts {
            ui.add_space(spacing::NORMAL);
            widgets::swatch(ui, tint);
            ui.label(look.quiet(name)).on_hover_text(look.body(help));
            ui.label(look.figure(format::milliseconds(seconds * 1e3)));
        }
    });
    let (bar, response) = ui.allocate_exact_size(vec2(ui.available_width(), measure::SWATCH), Sense::hover());
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Image, enabled, "What a frame's time goes into"));
    let whole = parts.iter().map(|part| part.1).sum::<f64>().max(f64::MIN_POSITIVE);
    let mut left = bar.left();
    for (_, seconds, tint, _) in parts {
        let right = left + (seconds / whole) as f32 * bar.width();
        ui.painter().rect_filled(Rect::from_min_max(pos2(left, bar.top()), pos2(right, bar.bottom())), 0.0, tint);
        left = right;
    }
}

fn memory(ui: &mut Ui, look: &Look, view: &ProfilerView, state: &mut ProfilerState) {
    let now = ui.input(|input| input.time);
    if state.memory_at.is_none_or(|at| !(0.0..MEMORY_INTERVAL_S).contains(&(now - at))) {
        state.memory_at = Some(now);
        state.memory = profiler::memory(view.world);
    }
    let all: u64 = state.memory.iter().map(|held| held.bytes).sum();
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        ui.label(look.quiet("In all"));
        ui.label(look.figure(format::bytes(all)));
        for (plugin, bytes) in by_plugin(&state.memory) {
            ui.add_space(spacing::NORMAL);
            ui.label(look.quiet(plugin_name(&plugin)));
            ui.label(look.figure(format::bytes(bytes)));
        }
    });
    if state.memory.is_empty() {
        let how = "Open a scene with agents: their components are listed here by size.";
        widgets::empty(ui, look, ICON_SPEED, "Nothing is held", how);
        return;
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().id_salt("memory").auto_shrink([false, false]).show_rows(
        ui,
        measure::TABLE_ROW,
        state.memory.len(),
        |ui, visible| {
            for held in &state.memory[visible] {
                let row = ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = spacing::NORMAL;
                    widgets::cell(ui, measure::NAME_COLUMN, Cell::Left, |ui| {
                        ui.label(look.body(held.what.rsplit("::").next().unwrap_or(&held.what)));
                    });
                    widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| {
                        ui.label(look.quiet(plugin_name(&held.plugin)));
                    });
                    let entities = held.entities.map_or(format::NOTHING.to_owned(), format::count);
                    widgets::right_figure(ui, measure::VALUE_COLUMN, look.figure(entities));
                    widgets::right_figure(ui, measure::VALUE_COLUMN, look.figure(format::bytes(held.bytes)));
                    let each = held.entities.map(|count| format!("{} B each", held.bytes / count.max(1)));
                    let rest = ui.available_width();
                    widgets::cell(ui, rest, Cell::Left, |ui| ui.label(look.quiet(each.unwrap_or_default())));
                });
                row.response.on_hover_text(look.body(format!("{}::{}", held.plugin, held.what)));
            }
        },
    );
}

/// What each plugin holds, largest first.
fn by_plugin(memory: &[MemoryUse]) -> Vec<(String, u64)> {
    let mut plugins: Vec<(String, u64)> = Vec::new();
    for held in memory {
        match plugins.iter_mut().find(|(plugin, _)| *plugin == held.plugin) {
            Some((_, bytes)) => *bytes += held.bytes,
            None => plugins.push((held.plugin.clone(), held.bytes)),
        }
    }
    plugins.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    plugins
}

/// A crate's name as people say it.
pub(super) fn plugin_name(plugin: &str) -> String {
    format::label_of(plugin.strip_prefix("agent2028_").unwrap_or(plugin))
}

fn table(state: &ProfilerState, separator: char) -> String {
    if state.page == Page::Time {
        return times::table(&state.profile, separator);
    }
    let mut text = format!("plugin{separator}what{separator}entities{separator}bytes\n");
    for held in &state.memory {
        let entities = held.entities.map_or(String::new(), |count| count.to_string());
        let _ = writeln!(
            text,
            "{}{separator}{}{separator}{entities}{separator}{}",
            csv_cell(&held.plugin),
            csv_cell(&held.what),
            held.bytes
        );
    }
    text
}
