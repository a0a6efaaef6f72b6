//! The scene's captions, as subtitles over the world while they matter.

use std::collections::BTreeMap;

use agent2028_core::clock::ticks_in;
use agent2028_core::event::EventBus;
use agent2028_view::tokens::{motion, spacing};
use bevy_egui::egui;
use egui::{Align2, Context, Label, Order, Rect, vec2};

use super::overlay::Free;
use crate::floats::{self, Float, Wish};
use crate::scene::{CaptionCue, SceneCaption};
use crate::theme::{Look, floating_frame, measure};
use crate::widgets;

/// A caption stays for this long, in simulated seconds …
const STAYS_SIMULATED_S: f64 = 5.0;
/// … and at least this long in real seconds, so that it can be read in a fast run.
const STAYS_REAL_S: f64 = 3.0;

/// What the panel remembers: which caption it shows, and since when.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CaptionsState {
    generation: u64,
    last_tick: u64,
    shown: Option<(usize, f64)>,
    /// The captions that wait for an event, by their places, and the tick in which it happened first.
    begun: BTreeMap<usize, u64>,
}

impl CaptionsState {
    /// The captions whose ticks are known, in the order of these: those that wait for an event appear in the tick of its first
    /// one. Of events that are no longer in the log nobody knows when the first one was: such a caption is over.
    pub fn due(&mut self, captions: &[SceneCaption], bus: &EventBus, generation: u64, tick: u64) -> Vec<(u64, String)> {
        if generation != self.generation || tick < self.last_tick {
            *self = Self { generation, ..Self::default() };
        }
        self.last_tick = tick;
        let mut due: Vec<(u64, String)> = Vec::with_capacity(captions.len());
        for (place, caption) in captions.iter().enumerate() {
            let at = match &caption.cue {
                CaptionCue::Tick(at) => Some(*at),
                CaptionCue::Event(kind) => {
                    if !self.begun.contains_key(&place) && bus.count_of(kind) > 0 {
                        self.begun.insert(place, first_of(bus, kind));
                    }
                    self.begun.get(&place).copied()
                }
            };
            due.extend(at.map(|at| (at, caption.text.clone())));
        }
        due.sort_by_key(|(at, _)| *at);
        due
    }

    /// The caption that matters now, and how long it has been shown; `now` is real time in seconds.
    pub fn follow<'a>(
        &mut self,
        captions: &'a [(u64, String)],
        generation: u64,
        tick: u64,
        tick_hz: f64,
        now: f64,
    ) -> Option<(&'a str, f64)> {
        if generation != self.generation || tick < self.last_tick {
            *self = Self { generation, ..Self::default() };
        }
        self.last_tick = tick;
        let stays = ticks_in(STAYS_SIMULATED_S, tick_hz);
        let newest = captions.iter().rposition(|(at, _)| *at <= tick);
        let fresh = newest.filter(|index| tick <= captions[*index].0.saturating_add(stays));
        match (self.shown, newest) {
            // A caption that was passed by within one frame of a fast run is shown too.
            (Some((index, _)), Some(newest)) if newest > index => self.shown = Some((newest, now)),
            (None, _) => self.shown = fresh.map(|index| (index, now)),
            (Some((index, since)), _) => {
                if Some(index) != fresh && now - since > STAYS_REAL_S {
                    self.shown = None;
                }
            }
        }
        let (index, since) = self.shown?;
        Some((captions.get(index)?.1.as_str(), now - since))
    }
}

/// The tick of the first event of a kind; 0 if that is no longer in the log.
fn first_of(bus: &EventBus, kind: &str) -> u64 {
    let mut kept = bus.history().filter(|event| event.kind.name == kind);
    let first = kept.next().map_or(0, |event| event.tick);
    if kept.count() as u64 + 1 == bus.count_of(kind) { first } else { 0 }
}

/// Shows a caption at the lower edge of the world: in its middle, or if that isn't free between what stands in its corners, or
/// above it if that is too narrow.
pub fn show(ctx: &Context, look: &Look, free: &Free, text: &str, shown_for: f64, moving: bool) {
    if moving && shown_for < f64::from(motion::PANEL) {
        ctx.request_repaint();
    }
    let opacity = if moving { motion::ease_out((shown_for as f32 / motion::PANEL).clamp(0.0, 1.0)) } else { 1.0 };
    let margin = spacing::SECTION * 2.0;
    let widest = measure::CAPTION.min(free.whole.width() - margin).max(0.0);
    let middle = Rect::from_center_size(free.whole.center(), vec2(widest, free.whole.height()));
    let (free, widest) = if free.between.contains_rect(middle) {
        (free.whole, widest)
    } else if free.between.width() >= measure::CAPTION * 0.5 {
        (free.between, widest.min(free.between.width() - margin).max(0.0))
    } else {
        (free.above, widest)
    };
    let anchor = free.center_bottom() - vec2(0.0, spacing::SECTION);
    let wish = Wish { pivot: Align2::CENTER_BOTTOM, at: anchor };
    floats::show(ctx, Float::Caption, wish, Order::Middle, false, |ui| {
        ui.multiply_opacity(opacity);
        ui.set_max_width(widest);
        floating_frame(look).show(ui, |ui| {
            let words = look.large(text).family(egui::FontFamily::Proportional);
            let response = ui.add(Label::new(words).wrap().halign(egui::Align::Center));
            widgets::named(ui, &response, egui::WidgetType::Label, text);
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captions() -> Vec<(u64, String)> {
        vec![(0, "start".into()), (600, "a third fails".into()), (640, "and more".into())]
    }

    #[test]
    fn a_caption_shows_while_it_matters() {
        let captions = captions();
        let mut state = CaptionsState::default();
        let mut at = |tick, now| state.follow(&captions, 0, tick, 60.0, now).map(|(text, _)| text.to_owned());
        assert_eq!(at(0, 0.0).as_deref(), Some("start"));
        assert_eq!(at(300, 5.0).as_deref(), Some("start"));
        assert_eq!(at(301, 5.1), None);
        assert_eq!(at(600, 10.0).as_deref(), Some("a third fails"));
        assert_eq!(at(641, 10.7).as_deref(), Some("and more"));
        assert_eq!(at(2000, 60.0), None);
    }

    #[test]
    fn in_a_fast_run_it_stays_long_enough_to_be_read() {
        let captions = captions();
        let mut state = CaptionsState::default();
        let mut at = |tick, now| state.follow(&captions, 0, tick, 60.0, now).map(|(text, _)| text.to_owned());
        assert_eq!(at(1, 0.0).as_deref(), Some("start"));
        assert_eq!(at(100_000, 0.1).as_deref(), Some("and more"));
        assert_eq!(at(900_000, 3.0).as_deref(), Some("and more"));
        assert_eq!(at(990_000, 3.2), None);
    }

    #[test]
    fn going_back_in_time_starts_again() {
        let captions = captions();
        let mut state = CaptionsState::default();
        assert!(state.follow(&captions, 0, 5000, 60.0, 0.0).is_none());
        assert_eq!(state.follow(&captions, 1, 10, 60.0, 1.0), Some(("start", 0.0)));
        assert!(state.follow(&[], 2, 10, 60.0, 1.0).is_none());
    }
}
