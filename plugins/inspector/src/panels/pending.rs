//! What a person has changed while time stands still: it waits for the next tick. A chip over the world counts it, lists it,
//! and lets it be taken back; whom it will reach carries a mark in the world.

use agent2028_core::agent::AgentId;
use agent2028_core::intervention::{InterventionQueue, Origin, Stamped};
use agent2028_core::simulation::Simulation;
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Align, Context, Layout, Order, Rect, ScrollArea, Sense, Shape, Stroke, Ui, WidgetType, pos2, vec2};
use egui_material_icons::icons::{ICON_EXPAND_LESS, ICON_EXPAND_MORE, ICON_SKIP_NEXT, ICON_UNDO};

use super::interventions::fields;
use crate::actions::{Action, Actions};
use crate::floats::{self, Float, Wish};
use crate::format;
use crate::shortcuts::{Command, keys};
use crate::theme::{Look, floating_frame, measure};
use crate::widgets;

/// A change that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingChange {
    /// Its number in the queue: how it is taken back.
    pub sequence: u64,
    /// What it is.
    pub name: String,
    /// Its fields in RON.
    pub fields: String,
    /// How many agents it will reach; nothing if it isn't about agents.
    pub reaches: Option<u64>,
}

/// What the panel remembers.
#[derive(Clone, Debug, Default)]
pub struct PendingState {
    /// Generation and tick, and the numbers of what waits: what is known is about these.
    known: Option<(u64, u64, Vec<u64>)>,
    changes: Vec<PendingChange>,
    /// Whether the list is open.
    pub open: bool,
}

impl PendingState {
    /// Looks at what waits for the next tick; `stands_still` is whether nobody goes there by himself. Returns whom it will
    /// reach (ascending, each once) if that is anything new: chosen as the simulation itself will choose them.
    pub fn follow(&mut self, simulation: &Simulation, stands_still: bool) -> Option<Vec<AgentId>> {
        let world = simulation.world();
        let (generation, tick) = (simulation.generation(), simulation.tick());
        let queue = world.get_resource::<InterventionQueue>().filter(|_| stands_still);
        let is_users = |stamped: &Stamped| stamped.origin == Origin::User;
        let by_user = |queue: &InterventionQueue| {
            let due = queue.due(tick + 1).map(|(stamped, _)| stamped).filter(is_users);
            due.map(|stamped| stamped.sequence).collect::<Vec<_>>()
        };
        let now = (generation, tick, queue.map(by_user).unwrap_or_default());
        if self.known.as_ref() == Some(&now) || (now.2.is_empty() && self.changes.is_empty()) {
            return None;
        }
        self.known = Some(now);
        self.changes.clear();
        let mut reached = Vec::new();
        let foreseen = queue.map(|queue| queue.foresee(world, tick + 1)).unwrap_or_default();
        for (stamped, agents) in foreseen.into_iter().filter(|(stamped, _)| is_users(stamped)) {
            self.changes.push(PendingChange {
                sequence: stamped.sequence,
                name: format::words(stamped.action.name()),
                fields: fields(&stamped.action),
                reaches: agents.as_ref().map(|agents| agents.len() as u64),
            });
            reached.extend(agents.unwrap_or_default());
        }
        reached.sort_unstable();
        reached.dedup();
        Some(reached)
    }

    /// What waits, in the order in which it will be applied.
    #[must_use]
    pub fn changes(&self) -> &[PendingChange] {
        &self.changes
    }
}

/// So many changes are listed at once.
const LISTED: f32 = 6.0;

/// Shows the chip at the lower edge of the world; returns the place that it takes.
pub fn show(ctx: &Context, look: &Look, free: Rect, state: &mut PendingState, actions: &mut Actions) -> Option<Rect> {
    if state.changes.is_empty() {
        state.open = false;
        return None;
    }
    let wish = Wish::below(free, spacing::WIDE);
    let draw = |ui: &mut Ui| floating_frame(look).show(ui, |ui| contents(ui, look, state, actions));
    Some(floats::show(ctx, Float::Pending, wish, Order::Middle, true, draw)?.response.rect)
}

/// The list, if it is open, and below it the chip.
pub fn contents(ui: &mut Ui, look: &Look, state: &mut PendingState, actions: &mut Actions) {
    ui.set_width(measure::PENDING);
    if state.open {
        let height = (state.changes.len() as f32).min(LISTED) * measure::CONTROL;
        ScrollArea::vertical().id_salt("pending").auto_shrink([false, false]).max_height(height).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for change in &state.changes {
                row(ui, look, change, actions);
            }
        });
        widgets::rule(ui, look);
    }
    ui.horizontal(|ui| {
        ui.set_min_height(measure::CONTROL);
        mark(ui, look);
        let words = format!("{} pending: step to apply", format::count(state.changes.len() as u64));
        ui.label(look.body(words));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let step = widgets::icon_button(ui, look, ICON_SKIP_NEXT, "Step to apply");
            if widgets::tip(step, look, "Run one tick: what waits is applied at its start", keys(Command::Step))
                .clicked()
            {
                actions.push(Action::Step(1));
            }
            let (icon, name) = if state.open {
                (ICON_EXPAND_MORE, "Close the list of what waits")
            } else {
                (ICON_EXPAND_LESS, "List what waits")
            };
            let list = widgets::icon_button(ui, look, icon, name);
            if widgets::tip(list, look, "What waits for the next tick, to be looked at or taken back", "").clicked() {
                state.open = !state.open;
            }
        });
    });
}

fn row(ui: &mut Ui, look: &Look, change: &PendingChange, actions: &mut Actions) {
    ui.horizontal(|ui| {
        ui.set_min_height(measure::CONTROL);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let name = format!("Take back {}", change.name);
            let button = widgets::icon_button(ui, look, ICON_UNDO, &name);
            if widgets::tip(button, look, "Take it back: it will not happen", "").clicked() {
                actions.push(Action::Withdraw(change.sequence));
            }
            if let Some(reaches) = change.reaches {
                ui.label(look.quiet(format::counted(reaches, "agent", "agents")));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.label(look.body(change.name.as_str()));
                let fields = ui.add(egui::Label::new(look.figure(&change.fields).color(look.secondary)).truncate());
                widgets::named(ui, &fields, WidgetType::Label, &change.fields);
            });
        });
    });
}

/// The mark that agents carry in the world: a ring in four pieces.
fn mark(ui: &mut Ui, look: &Look) {
    let (rect, _) = ui.allocate_exact_size(vec2(measure::SWATCH, measure::SWATCH), Sense::hover());
    let radius = measure::SWATCH * 0.5;
    let stroke = Stroke::new(spacing::HAIRLINE * 1.5, look.text);
    for piece in 0..4_u8 {
        // A little less than a quarter turn each, around the axes.
        let middle = f32::from(piece) * std::f32::consts::FRAC_PI_2;
        let points = (-4_i8..=4).map(|step| {
            let angle = middle + f32::from(step) * 0.12;
            let (sin, cos) = (bevy::math::ops::sin(angle), bevy::math::ops::cos(angle));
            pos2(rect.center().x + cos * radius, rect.center().y + sin * radius)
        });
        ui.painter().add(Shape::line(points.collect(), stroke));
    }
}
