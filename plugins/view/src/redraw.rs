//! When the window is drawn: not more often than there is something new to see.
//!
//! Updates of the app and frames on the screen are two things. An update runs ticks, reads files and answers messages; a
//! frame is laid out, composed and drawn, which costs a hundred times as much. Whoever knows that something new is to be
//! seen says so here; whoever owns the event loop decides by it ([`Redraw::draws`]). Without such an owner every update
//! is drawn.

use bevy::prelude::*;

/// So many frames are drawn after something has changed: one shows it, and what is laid out by the frame before takes one
/// more.
const SETTLE: u32 = 3;
/// And a frame each so many seconds later: some things are looked at only every now and then, or go away after a while.
const LATER_S: [f64; 4] = [0.25, 0.6, 1.5, 4.5];

/// Whether this update is drawn, and when the next one has to be.
#[derive(Resource, Clone, Copy, Debug, PartialEq)]
pub struct Redraw {
    draws: bool,
    frames: u32,
    at: Option<f64>,
    /// When to look around without drawing.
    look: Option<f64>,
    /// When something changed last, and how many of the later frames have been drawn since.
    changed: f64,
    later: usize,
    clock: f64,
    drawn: u64,
}

impl Default for Redraw {
    fn default() -> Self {
        Self { draws: true, frames: 0, at: None, look: None, changed: 0.0, later: LATER_S.len(), clock: 0.0, drawn: 0 }
    }
}

impl Redraw {
    /// Whether this update is drawn.
    #[must_use]
    pub fn draws(&self) -> bool {
        self.draws
    }

    /// How many frames have been drawn so far by decision.
    #[must_use]
    pub fn drawn(&self) -> u64 {
        self.drawn
    }

    /// Something has changed: the next frames are drawn.
    pub fn now(&mut self) {
        (self.frames, self.changed, self.later) = (SETTLE, self.clock, 0);
    }

    /// One more frame is drawn at once, as a motion wants that is under way.
    pub fn next(&mut self) {
        self.frames = self.frames.max(1);
    }

    /// A frame has to be drawn at this time, in seconds of real time since the start.
    pub fn at(&mut self, time: f64) {
        if time.is_finite() {
            self.at = Some(self.at.map_or(time, |known| known.min(time)));
        }
    }

    /// The app has to update at this time, in seconds of real time since the start, whether it draws or not.
    pub fn look_at(&mut self, time: f64) {
        if time.is_finite() {
            self.look = Some(self.look.map_or(time, |known| known.min(time)));
        }
    }

    /// When the app has to update without drawing.
    #[must_use]
    pub fn looks(&self) -> Option<f64> {
        self.look
    }

    /// Whether a frame has to be drawn at once.
    #[must_use]
    pub fn is_due(&self, now: f64) -> bool {
        self.frames > 0 || self.awaited().is_some_and(|at| at <= now)
    }

    /// When the next frame is due that can wait.
    #[must_use]
    pub fn awaited(&self) -> Option<f64> {
        let later = LATER_S.get(self.later).map(|later| self.changed + later);
        [self.at, later].into_iter().flatten().reduce(f64::min)
    }

    /// Whether something has changed a moment ago: more may be on its way.
    #[must_use]
    pub fn is_awake(&self) -> bool {
        self.later < LATER_S.len()
    }

    /// Decides at the start of an update whether it is drawn: it is if a frame is due or something is `moving`, unless the
    /// window is hidden.
    pub fn decide(&mut self, now: f64, moving: bool, hidden: bool) {
        self.clock = now;
        self.look = self.look.filter(|at| *at > now);
        self.draws = !hidden && (moving || self.is_due(now));
        if self.draws {
            self.drawn += 1;
            self.frames = self.frames.saturating_sub(1);
            self.at = self.at.filter(|at| *at > now);
        }
        if self.draws || hidden {
            // The looks that nobody sees pass too: otherwise a hidden window would be awake for ever.
            self.later += LATER_S[self.later..].iter().take_while(|later| self.changed + **later <= now).count();
        }
    }
}

/// Whether this update is drawn, as a condition of systems.
#[must_use]
pub fn is_drawn(redraw: Res<Redraw>) -> bool {
    redraw.draws()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_drawn_until_it_has_settled_and_then_nothing_is() {
        let mut redraw = Redraw::default();
        redraw.decide(1.0, false, false);
        assert!(!redraw.draws());
        redraw.now();
        for _ in 0..SETTLE {
            redraw.decide(1.0, false, false);
            assert!(redraw.draws());
        }
        redraw.decide(1.1, false, false);
        assert!(!redraw.draws());
        redraw.decide(1.2, true, false);
        assert!(redraw.draws(), "what moves is drawn");
        let drawn: Vec<u32> = (13..200)
            .filter(|tenth| {
                redraw.decide(f64::from(*tenth) / 10.0, false, false);
                redraw.draws()
            })
            .collect();
        assert_eq!(drawn.len(), LATER_S.len(), "{drawn:?}");
        assert!(!redraw.is_awake() && redraw.awaited().is_none());
    }

    #[test]
    fn a_frame_for_later_waits_for_its_time_and_the_earliest_counts() {
        let mut redraw = Redraw::default();
        redraw.at(5.0);
        redraw.at(3.0);
        redraw.at(f64::INFINITY);
        redraw.decide(2.9, false, false);
        assert!(!redraw.draws());
        assert_eq!(redraw.awaited(), Some(3.0));
        redraw.decide(3.0, false, false);
        assert!(redraw.draws());
        assert_eq!(redraw.awaited(), None);
    }

    #[test]
    fn nothing_is_drawn_that_nobody_sees_and_nothing_is_forgotten() {
        let mut redraw = Redraw::default();
        redraw.now();
        redraw.decide(0.0, true, true);
        assert!(!redraw.draws());
        redraw.decide(0.1, false, false);
        assert!(redraw.draws());
    }

    /// A change that comes just before the window is hidden, as hiding it is one itself, keeps nobody awake.
    #[test]
    fn a_hidden_window_comes_to_rest_like_one_that_is_seen() {
        let mut redraw = Redraw::default();
        redraw.decide(1.0, false, false);
        redraw.now();
        for tenth in 11..70 {
            redraw.decide(f64::from(tenth) / 10.0, false, true);
            assert!(!redraw.draws());
        }
        assert!(!redraw.is_awake());
        redraw.decide(9.0, false, false);
        assert!(redraw.draws(), "what was not seen is drawn once it can be");
    }
}
