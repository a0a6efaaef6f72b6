//! Play, pause, step, speed, and what time it is.

use agent2028_core::transport::{SPEED_LIMITS, Speed};
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Ui, WidgetType};
use egui_material_icons::icons::{
    ICON_ADD, ICON_PAUSE, ICON_PLAY_ARROW, ICON_REMOVE, ICON_RESTART_ALT, ICON_SKIP_NEXT, ICON_SKIP_PREVIOUS,
    ICON_WARNING,
};

use crate::actions::{Action, Actions, Travel};
use crate::format;
use crate::scene::SceneRequest;
use crate::shortcuts::{Command, keys};
use crate::theme::{Look, measure};
use crate::widgets;

/// What the panel reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransportView {
    /// Whether ticks happen by themselves.
    pub playing: bool,
    /// How fast they should.
    pub speed: Speed,
    /// Simulated seconds per real second, as measured lately; 0 while paused or not measured yet.
    pub real_time_factor: f64,
    /// The last tick that ran.
    pub tick: u64,
    /// The first tick that can be gone back to.
    pub start: u64,
    /// Simulated seconds since tick 0.
    pub seconds: f64,
    /// Whether a fault has stopped the run.
    pub stopped: bool,
}

impl TransportView {
    /// Whether the machine can't keep up with the speed that was asked for.
    #[must_use]
    pub fn falls_behind(&self) -> bool {
        match self.speed {
            Speed::Times(times) => self.playing && self.real_time_factor > 0.0 && self.real_time_factor < times * 0.93,
            Speed::Unlimited => false,
        }
    }
}

/// The speeds that can be chosen: 1, 2 and 5 of every decade within the limits.
#[must_use]
pub fn speeds() -> Vec<f64> {
    let mut speeds = Vec::new();
    let mut decade = SPEED_LIMITS.0;
    while decade <= SPEED_LIMITS.1 {
        for factor in [1.0, 2.0, 5.0] {
            // Through text: 0.1 · 10 · 2 should be 2 and not 2.0000000000000004.
            let speed = format!("{:.3}", decade * factor).parse().unwrap_or(decade * factor);
            if speed <= SPEED_LIMITS.1 {
                speeds.push(speed);
            }
        }
        decade *= 10.0;
    }
    speeds
}

/// The next faster speed; beyond the fastest, as fast as possible.
#[must_use]
pub fn faster(speed: Speed) -> Speed {
    match speed {
        Speed::Unlimited => Speed::Unlimited,
        Speed::Times(now) => {
            speeds().into_iter().find(|next| *next > now * 1.001).map_or(Speed::Unlimited, Speed::Times)
        }
    }
}

/// The next slower speed.
#[must_use]
pub fn slower(speed: Speed) -> Speed {
    match speed {
        Speed::Unlimited => Speed::Times(SPEED_LIMITS.1),
        Speed::Times(now) => {
            Speed::Times(speeds().into_iter().rev().find(|next| *next < now * 0.999).unwrap_or(SPEED_LIMITS.0))
        }
    }
}

/// A speed in words.
#[must_use]
pub fn speed_label(speed: Speed) -> String {
    match speed {
        Speed::Times(times) => format::times(times),
        Speed::Unlimited => "Max".into(),
    }
}

/// What is told of time besides the tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Details {
    /// How fast the run really goes.
    pub pace: bool,
    /// The simulated time.
    pub clock: bool,
}

/// Shows the transport in a row.
pub fn show(ui: &mut Ui, look: &Look, view: &TransportView, details: Details, actions: &mut Actions) {
    ui.spacing_mut().item_spacing.x = spacing::TIGHT;
    let restart = widgets::icon_button(ui, look, ICON_RESTART_ALT, "Restart");
    if widgets::tip(restart, look, "Restart: read the scene again, from tick 0", keys(Command::Restart)).clicked() {
        actions.push(Action::Scene(SceneRequest::Reload));
    }
    let (icon, name) = if view.playing { (ICON_PAUSE, "Pause") } else { (ICON_PLAY_ARROW, "Play") };
    ui.add_enabled_ui(view.tick > view.start, |ui| {
        let back = widgets::icon_button(ui, look, ICON_SKIP_PREVIOUS, "Step back");
        if widgets::tip(back, look, "Go back one tick", keys(Command::Back)).clicked() {
            actions.push(Action::Time(Travel::Back(1)));
        }
    });
    ui.add_enabled_ui(!view.stopped, |ui| {
        let play = widgets::icon_toggle(ui, look, icon, name, !view.playing);
        if widgets::tip(play, look, name, keys(Command::PlayPause)).clicked() {
            actions.push(Action::Play(!view.playing));
        }
        let step = widgets::icon_button(ui, look, ICON_SKIP_NEXT, "Step");
        if widgets::tip(step, look, "Run one tick", keys(Command::Step)).clicked() {
            actions.push(Action::Step(1));
        }
    });
    ui.add_space(spacing::TIGHT);
    speed(ui, look, view, actions);
    ui.add_space(spacing::NORMAL);
    time(ui, look, view, details);
}

fn speed(ui: &mut Ui, look: &Look, view: &TransportView, actions: &mut Actions) {
    let slow = widgets::icon_button(ui, look, ICON_REMOVE, "Slower");
    if widgets::tip(slow, look, "Slower", keys(Command::Slower)).clicked() {
        actions.push(Action::Speed(slower(view.speed)));
    }
    let mut chosen = view.speed;
    let response = widgets::choice("speed", measure::SPEED, look.figure(speed_label(view.speed)))
        .show_ui(ui, |ui| {
            for speed in speeds().into_iter().map(Speed::Times).chain([Speed::Unlimited]) {
                ui.selectable_value(&mut chosen, speed, look.figure(speed_label(speed)));
            }
        })
        .response;
    widgets::named(ui, &response, WidgetType::ComboBox, "Speed");
    response.on_hover_text(look.body("Simulated seconds per real second"));
    if chosen != view.speed {
        actions.push(Action::Speed(chosen));
    }
    let fast = widgets::icon_button(ui, look, ICON_ADD, "Faster");
    if widgets::tip(fast, look, "Faster", keys(Command::Faster)).clicked() {
        actions.push(Action::Speed(faster(view.speed)));
    }
}

fn time(ui: &mut Ui, look: &Look, view: &TransportView, details: Details) {
    let tip = "Simulated time since tick 0, and the last tick that ran";
    if details.clock {
        ui.label(look.figure(format::clock(view.seconds))).on_hover_text(look.body(tip));
        ui.add_space(spacing::TIGHT);
    }
    ui.label(look.quiet("tick"));
    ui.label(look.figure(format::count(view.tick))).on_hover_text(look.body(tip));
    if !details.pace {
        return;
    }
    ui.add_space(spacing::TIGHT);
    if view.stopped {
        ui.label(look.icon(ICON_WARNING).color(look.danger));
        ui.label(look.quiet("Stopped by a fault"));
    } else if !view.playing {
        ui.label(look.quiet("Paused"));
    } else if view.real_time_factor > 0.0 {
        let behind = view.falls_behind();
        if behind {
            ui.label(look.icon(ICON_WARNING).color(look.warning));
        }
        let text = format!("{} real time", format::times(rounded(view.real_time_factor)));
        let label = ui.label(look.quiet(text).color(if behind { look.warning } else { look.secondary }));
        if behind {
            let asked = speed_label(view.speed);
            label.on_hover_text(look.body(format!("This machine can't keep up with {asked}: the ticks cost too much")));
        }
    }
}

/// Two significant digits: more would only flicker.
fn rounded(factor: f64) -> f64 {
    format!("{factor:.1e}").parse().unwrap_or(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_one_two_five_within_the_limits() {
        let speeds = speeds();
        assert_eq!(speeds, [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0]);
    }

    #[test]
    fn faster_and_slower_go_back_and_forth_and_stop_at_the_ends() {
        assert_eq!(faster(Speed::Times(1.0)), Speed::Times(2.0));
        assert_eq!(faster(Speed::Times(3.0)), Speed::Times(5.0));
        assert_eq!(slower(Speed::Times(2.0)), Speed::Times(1.0));
        assert_eq!(faster(Speed::Times(1000.0)), Speed::Unlimited);
        assert_eq!(faster(Speed::Unlimited), Speed::Unlimited);
        assert_eq!(slower(Speed::Unlimited), Speed::Times(1000.0));
        assert_eq!(slower(Speed::Times(0.1)), Speed::Times(0.1));
    }

    #[test]
    fn falling_behind_is_told_only_while_playing_at_a_speed() {
        let view = TransportView {
            playing: true,
            speed: Speed::Times(1.0),
            real_time_factor: 0.4,
            tick: 0,
            start: 0,
            seconds: 0.0,
            stopped: false,
        };
        assert!(view.falls_behind());
        assert!(!TransportView { real_time_factor: 0.99, ..view }.falls_behind());
        assert!(!TransportView { playing: false, ..view }.falls_behind());
        assert!(!TransportView { speed: Speed::Unlimited, ..view }.falls_behind());
    }
}
