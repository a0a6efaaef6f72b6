//! A card that tells about the agent under the pointer, after it rested there for a moment.

use agent2028_core::agent::AgentId;
use agent2028_view::tokens::{motion, spacing};
use bevy_egui::egui;
use egui::{Align2, Color32, Context, Order, Pos2, Rect, Ui, vec2};

use crate::facts::AgentFacts;
use crate::floats::{self, Float, Wish};
use crate::format;
use crate::theme::{Look, floating_frame, measure};
use crate::widgets;

/// What the panel reads.
#[derive(Clone, Debug)]
pub struct HoverView<'a> {
    /// The agent.
    pub agent: &'a AgentFacts,
    /// Its group's colour.
    pub group_color: Color32,
    /// What colours tell of it besides: name and value with unit.
    pub quantity: Option<(String, String)>,
    /// Where it is drawn, in points.
    pub at: Pos2,
    /// How far from there the card stands, in points.
    pub clearance: f32,
}

/// What the panel remembers: which agent the pointer is over, and since when.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HoverState {
    over: Option<(AgentId, f64)>,
    /// A card is open: the next one opens at once.
    open: bool,
    left_at: f64,
}

/// After a card has closed, another one opens at once for so long (seconds).
const KEEPS_READY_S: f64 = 0.4;

impl HoverState {
    /// The agent to tell about now; `now` is real time in seconds.
    pub fn follow(&mut self, hovered: Option<AgentId>, now: f64) -> Option<AgentId> {
        let Some(agent) = hovered else {
            if self.over.take().is_some() && self.open {
                self.left_at = now;
            }
            self.open = false;
            return None;
        };
        let since = match self.over {
            Some((known, since)) if known == agent => since,
            _ => {
                self.over = Some((agent, now));
                now
            }
        };
        let ready = self.open || (0.0..KEEPS_READY_S).contains(&(now - self.left_at)) && self.left_at > 0.0;
        self.open = ready || now - since >= f64::from(motion::HOVER_DELAY);
        self.open.then_some(agent)
    }
}

/// The name of a group that is longer loses its middle; the card's title has it whole.
const MOST_LETTERS: usize = 18;

/// Shows the card beside its agent, on the side that has room.
pub fn show(ctx: &Context, look: &Look, free: Rect, view: &HoverView) -> Option<Rect> {
    let right = view.at.x < free.center().x;
    let below = view.at.y < free.center().y;
    let away = |forward: bool| if forward { view.clearance } else { -view.clearance };
    let pivot = match (right, below) {
        (true, true) => Align2::LEFT_TOP,
        (true, false) => Align2::LEFT_BOTTOM,
        (false, true) => Align2::RIGHT_TOP,
        (false, false) => Align2::RIGHT_BOTTOM,
    };
    let wish = Wish { pivot, at: view.at + vec2(away(right), away(below)) };
    let draw = |ui: &mut Ui| floating_frame(look).show(ui, |ui| contents(ui, look, view));
    Some(floats::show(ctx, Float::HoverCard, wish, Order::Tooltip, false, draw)?.response.rect)
}

/// The card's contents.
pub fn contents(ui: &mut Ui, look: &Look, view: &HoverView) {
    let agent = view.agent;
    ui.set_width(measure::HOVER_CARD);
    ui.spacing_mut().item_spacing.y = spacing::TIGHT;
    ui.label(look.strong(&agent.name));
    if let Some((_, group)) = &agent.group {
        line(ui, look, "Group", |ui| {
            ui.label(look.body(format::elided(group, MOST_LETTERS)));
            widgets::swatch(ui, view.group_color);
        });
    }
    let degraded = agent.degraded();
    line(ui, look, "Status", |ui| {
        let status = agent.condition.status;
        ui.label(look.body(widgets::status_word(status, degraded)));
        let icon = widgets::status_icon(status, degraded);
        ui.label(look.icon(icon).color(widgets::status_color(look, status, degraded)));
    });
    if let Some(velocity) = agent.velocity {
        line(ui, look, "Speed", |ui| {
            // A tenth is as much as one can see.
            let speed = (f64::from(velocity.length()) * 10.0).round() / 10.0;
            ui.label(look.figure(format::with_unit(speed, "units/s")));
        });
    }
    if let Some((name, value)) = &view.quantity {
        line(ui, look, name, |ui| {
            ui.label(look.figure(value));
        });
    }
}

fn line(ui: &mut Ui, look: &Look, name: &str, value: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        ui.set_height(measure::SMALL_LINE);
        ui.label(look.quiet(name));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), value);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_waits_a_moment_and_the_next_one_does_not() {
        let mut state = HoverState::default();
        let (one, two) = (Some(AgentId(1)), Some(AgentId(2)));
        assert_eq!(state.follow(one, 10.0), None);
        assert_eq!(state.follow(one, 10.1), None);
        assert_eq!(state.follow(one, 10.16), one);
        assert_eq!(state.follow(two, 10.2), two, "from one to the next");
        assert_eq!(state.follow(None, 10.3), None);
        assert_eq!(state.follow(one, 10.5), one, "back at once");
        assert_eq!(state.follow(None, 10.6), None);
        assert_eq!(state.follow(one, 12.0), None, "after a pause it waits again");
        assert_eq!(state.follow(two, 12.1), None, "passing over agents opens nothing");
        assert_eq!(state.follow(one, 12.2), None);
    }
}
