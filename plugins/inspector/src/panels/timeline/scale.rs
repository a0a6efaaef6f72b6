//! Which ticks the strip shows, where each of them is, and which of them are labelled.

use agent2028_core::clock::ticks_in;
use bevy_egui::egui;
use egui::{Rangef, remap};

/// The ticks from one end of the strip to the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The tick at the left end.
    pub from: f64,
    /// The tick at the right end.
    pub to: f64,
}

/// The strip never shows fewer ticks than this.
const LEAST: f64 = 20.0;
/// A run that has just begun stands in a strip of this many seconds.
const FIRST_S: f64 = 10.0;

impl Range {
    /// Everything that ran, with room to go on: the right end moves in few large steps, so that marks rest in between.
    pub fn fitted(start: u64, furthest: u64, tick_hz: f64) -> Self {
        let span = (furthest.saturating_sub(start) as f64 / tick_hz).max(FIRST_S / 1.05) * 1.05;
        let power = 10_f64.powf(span.log10().floor());
        let seconds = [1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0]
            .into_iter()
            .map(|factor| factor * power)
            .find(|seconds| *seconds >= span)
            .unwrap_or(span);
        Self { from: start as f64, to: start as f64 + (seconds * tick_hz).max(LEAST) }
    }

    /// Zoomed by a factor (above 1 shows less) around a tick, within `all`.
    pub fn zoomed(self, factor: f64, around: f64, all: Self) -> Self {
        let span = ((self.to - self.from) / factor).clamp(LEAST, (all.to - all.from).max(LEAST));
        let share = ((around - self.from) / (self.to - self.from)).clamp(0.0, 1.0);
        Self { from: around - share * span, to: around + (1.0 - share) * span }.within(all)
    }

    /// Moved by so many ticks, within `all`.
    pub fn moved(self, ticks: f64, all: Self) -> Self {
        Self { from: self.from + ticks, to: self.to + ticks }.within(all)
    }

    fn within(self, all: Self) -> Self {
        let span = (self.to - self.from).min(all.to - all.from);
        let from = self.from.clamp(all.from, all.to - span);
        Self { from, to: from + span }
    }

    /// Whether a tick is shown.
    pub fn holds(self, tick: u64) -> bool {
        (self.from..=self.to).contains(&(tick as f64))
    }

    /// Where a tick is.
    pub fn x(self, tick: u64, across: Rangef) -> f32 {
        remap(tick as f64, self.from..=self.to, f64::from(across.min)..=f64::from(across.max)) as f32
    }

    /// The tick at a place.
    pub fn tick(self, x: f32, across: Rangef) -> u64 {
        if across.span() <= 0.0 {
            return self.from.round().max(0.0) as u64;
        }
        let tick = remap(f64::from(x), f64::from(across.min)..=f64::from(across.max), self.from..=self.to);
        tick.round().max(0.0) as u64
    }

    /// The labels: each with its tick, at round times not closer than `least` seconds.
    pub fn labels(self, tick_hz: f64, least: f64) -> Vec<(u64, String)> {
        const ROUND: [f64; 22] = [
            0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0,
            14_400.0, 28_800.0, 43_200.0, 86_400.0, 172_800.0,
        ];
        let last = ROUND[ROUND.len() - 1];
        let step = ROUND.into_iter().find(|step| *step >= least).unwrap_or_else(|| (least / last).ceil() * last);
        let (first, end) = ((self.from / tick_hz / step).ceil() as u64, (self.to / tick_hz / step).floor() as u64);
        (first..=end)
            .map(|index| {
                let seconds = index as f64 * step;
                (ticks_in(seconds, tick_hz), time(seconds, step))
            })
            .collect()
    }
}

/// A time as fine as the step between the labels.
fn time(seconds: f64, step: f64) -> String {
    let whole = (seconds + 1e-9) as u64;
    let (minutes, second) = (whole / 60, whole % 60);
    if step < 1.0 {
        return format!("{minutes}:{second:02}.{}", ((seconds - whole as f64) * 10.0).round() as u64);
    }
    match (minutes / 60, minutes / 60 / 24) {
        (0, _) => format!("{minutes}:{second:02}"),
        (hours, 0) => format!("{hours}:{:02}:{second:02}", minutes % 60),
        (hours, days) => format!("{days} d {}:{:02}", hours % 24, minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_fits_and_the_end_moves_in_steps() {
        assert_eq!(Range::fitted(0, 0, 60.0), Range { from: 0.0, to: 600.0 });
        assert_eq!(Range::fitted(0, 570, 60.0), Range { from: 0.0, to: 600.0 });
        assert_eq!(Range::fitted(0, 600, 60.0), Range { from: 0.0, to: 900.0 });
        let mut steps = std::collections::BTreeSet::new();
        for furthest in 0..100_000 {
            let range = Range::fitted(100, 100 + furthest, 60.0);
            assert!(range.holds(100) && range.holds(100 + furthest));
            steps.insert(range.to as u64);
        }
        assert!(steps.len() < 20);
    }

    #[test]
    fn zooming_keeps_what_is_under_the_pointer_and_stays_inside() {
        let all = Range { from: 0.0, to: 1000.0 };
        let across = Rangef::new(10.0, 110.0);
        let zoomed = all.zoomed(2.0, 250.0, all);
        assert_eq!(zoomed, Range { from: 125.0, to: 625.0 });
        assert!((zoomed.x(250, across) - all.x(250, across)).abs() < 1e-4);
        assert_eq!(zoomed.moved(-500.0, all), Range { from: 0.0, to: 500.0 });
        assert_eq!(zoomed.zoomed(0.1, 300.0, all), all);
        let closest = zoomed.zoomed(1e9, 300.0, all);
        assert!((closest.to - closest.from - LEAST).abs() < 1e-6);
        for tick in [125, 300, 625] {
            assert_eq!(zoomed.tick(zoomed.x(tick, across), across), tick);
        }
        assert_eq!(all.tick(-500.0, across), 0);
    }

    #[test]
    fn labels_stand_at_round_times() {
        let labels = Range { from: 0.0, to: 3600.0 }.labels(60.0, 12.0);
        assert_eq!(
            labels,
            [
                (0, "0:00".into()),
                (900, "0:15".into()),
                (1800, "0:30".into()),
                (2700, "0:45".into()),
                (3600, "1:00".into())
            ]
        );
        assert_eq!(Range { from: 3.0, to: 13.0 }.labels(10.0, 0.4)[0], (5, "0:00.5".into()));
        assert_eq!(time(3660.0, 60.0), "1:01:00");
        assert_eq!(time(90_000.0, 3600.0), "1 d 1:00");
        let day = Range { from: 0.0, to: 1e9 };
        assert!(day.labels(60.0, 2e6).len() < 20);
    }
}
