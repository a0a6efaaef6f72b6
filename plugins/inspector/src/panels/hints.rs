//! Three hints for somebody who sees the window for the first time. Each goes away once it was followed.

use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Align, Align2, Context, Label, Layout, Order, Rect, Ui, vec2};
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons::{ICON_BOLT, ICON_CLOSE, ICON_KEYBOARD, ICON_MOUSE};

use crate::floats::{self, Float, Wish};
use crate::theme::{Look, floating_frame, measure};
use crate::widgets;

/// A hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Time can be stopped.
    Pause,
    /// Agents can be looked at.
    Select,
    /// Things can be made to happen.
    Intervene,
}

impl Hint {
    const ALL: [Self; 3] = [Self::Pause, Self::Select, Self::Intervene];

    fn words(self, has_faults: bool) -> (MaterialIcon, &'static str, &'static str) {
        match self {
            Self::Pause => (ICON_KEYBOARD, "Press Space", "to stop time, and again to go on."),
            Self::Select => {
                (ICON_MOUSE, "Click an agent", "to see what it is. The wheel zooms, dragging moves the view.")
            }
            Self::Intervene if has_faults => {
                (ICON_BOLT, "Kill a third", "in the panel Faults, and watch what the others do.")
            }
            Self::Intervene => {
                (ICON_BOLT, "Kill a third", "in the panel Faults: Ctrl P finds it. Watch what the others do.")
            }
        }
    }
}

/// Which hints are still to be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HintsState {
    left: Vec<Hint>,
}

impl Default for HintsState {
    fn default() -> Self {
        Self { left: Hint::ALL.to_vec() }
    }
}

impl HintsState {
    /// No hints: for somebody who knows, and for pictures.
    #[must_use]
    pub fn none() -> Self {
        Self { left: Vec::new() }
    }

    /// A hint was followed, or is not wanted.
    pub fn done(&mut self, hint: Hint) {
        self.left.retain(|left| *left != hint);
    }

    /// The hints that are left.
    #[must_use]
    pub fn left(&self) -> &[Hint] {
        &self.left
    }
}

/// Shows the hints that are left, at the upper left of the world. `has_faults` is whether the panel Faults is open.
pub fn show(ctx: &Context, look: &Look, free: Rect, has_faults: bool, state: &mut HintsState) {
    // In a narrow strip of the world they would stand over the panels.
    if state.left.is_empty() || free.width() < measure::HINT + 4.0 * spacing::WIDE {
        return;
    }
    let wish = Wish { pivot: Align2::LEFT_TOP, at: free.left_top() + vec2(spacing::WIDE, spacing::WIDE) };
    floats::show(ctx, Float::Hints, wish, Order::Middle, true, |ui| {
        floating_frame(look).show(ui, |ui| {
            ui.set_width(measure::HINT);
            cards(ui, look, state, has_faults);
        });
    });
}

fn cards(ui: &mut Ui, look: &Look, state: &mut HintsState, has_faults: bool) {
    ui.horizontal(|ui| {
        ui.label(look.strong("To begin with"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if widgets::icon_button(ui, look, ICON_CLOSE, "Hide the hints").clicked() {
                state.left.clear();
            }
        });
    });
    for hint in &state.left {
        let (icon, what, why) = hint.words(has_faults);
        ui.horizontal_top(|ui| {
            ui.label(look.icon(icon).color(look.accent));
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                ui.label(look.body(what));
                ui.add(Label::new(look.quiet(why)).wrap());
            });
        });
    }
}
