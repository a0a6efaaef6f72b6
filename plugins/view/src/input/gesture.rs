//! Gestures: what buttons and positions of the pointer mean, such as a click, a drag or a box.

use bevy::math::{Rect, Vec2};

use crate::selection::Combine;

/// A press that moves less than this (logical pixels) is a click.
pub const CLICK_SLACK: f32 = 4.0;

/// A second click within this time (seconds) and [`CLICK_SLACK`] of the first one is a double click.
pub const DOUBLE_CLICK: f64 = 0.35;

/// The pointer during one frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PointerFrame {
    /// Where it is in logical pixels; none if it left the window.
    pub position: Option<Vec2>,
    /// The primary button is down.
    pub primary: bool,
    /// Another button that drags the view is down.
    pub other: bool,
    /// What the held keys make of what is pointed at.
    pub how: Combine,
    /// The pointer is over the world, and nothing else wants it: presses may begin.
    pub free: bool,
    /// Real time in seconds, to tell double clicks.
    pub time: f64,
}

/// What was meant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gesture {
    /// A click.
    Click {
        /// Where.
        at: Vec2,
        /// What becomes of the selection.
        how: Combine,
        /// It is the second one in a short time.
        double: bool,
    },
    /// The view is dragged by this much.
    Drag(Vec2),
    /// A box is being drawn.
    Box(Rect),
    /// A box was drawn.
    BoxDone(Rect, Combine),
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Press {
    from: Vec2,
    last: Vec2,
    /// It left the slack around where it began.
    moved: bool,
    primary: bool,
    how: Combine,
}

/// Follows the pointer from frame to frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gestures {
    press: Option<Press>,
    was_down: bool,
    last_click: Option<(Vec2, f64)>,
}

impl Gestures {
    /// Takes the next frame in.
    pub fn follow(&mut self, frame: &PointerFrame) -> Option<Gesture> {
        let down = frame.primary || frame.other;
        let began = down && !self.was_down;
        self.was_down = down;
        if began {
            // A press that begins over a panel isn't ours until all buttons are up again.
            self.press = frame.position.filter(|_| frame.free).map(|at| Press {
                from: at,
                last: at,
                moved: false,
                primary: frame.primary,
                how: frame.how,
            });
        }
        let press = self.press.as_mut()?;
        let at = frame.position.unwrap_or(press.last);
        let step = at - press.last;
        press.last = at;
        let was_moved = press.moved;
        press.moved |= at.distance(press.from) > CLICK_SLACK;
        let press = *press;
        let boxed = press.primary && press.how != Combine::Replace;
        let area = Rect::from_corners(press.from, at);
        if down {
            return match (press.moved, boxed) {
                (false, _) => None,
                (true, true) => Some(Gesture::Box(area)),
                // What moved within the slack is made up for, so that the world stays under the pointer.
                (true, false) => Some(Gesture::Drag(if was_moved { step } else { at - press.from })),
            };
        }
        self.press = None;
        if press.moved {
            return boxed.then_some(Gesture::BoxDone(area, press.how));
        }
        if !press.primary {
            return None;
        }
        let double = self
            .last_click
            .is_some_and(|(place, time)| place.distance(at) <= CLICK_SLACK && frame.time - time <= DOUBLE_CLICK);
        self.last_click = if double { None } else { Some((at, frame.time)) };
        Some(Gesture::Click { at, how: press.how, double })
    }

    /// Whether a press that began over the world is going on.
    #[must_use]
    pub fn pressing(&self) -> bool {
        self.press.is_some()
    }

    /// Forgets what is going on.
    pub fn cancel(&mut self) {
        self.press = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f32, y: f32) -> PointerFrame {
        PointerFrame { position: Some(Vec2::new(x, y)), free: true, ..PointerFrame::default() }
    }

    fn down(x: f32, y: f32) -> PointerFrame {
        PointerFrame { primary: true, ..at(x, y) }
    }

    fn run(frames: &[PointerFrame]) -> Vec<Gesture> {
        let mut gestures = Gestures::default();
        frames.iter().filter_map(|frame| gestures.follow(frame)).collect()
    }

    #[test]
    fn a_press_that_stays_is_a_click_and_two_are_a_double_click() {
        let click = |double| Gesture::Click { at: Vec2::new(12.0, 11.0), how: Combine::Replace, double };
        assert_eq!(run(&[at(10.0, 10.0), down(10.0, 10.0), down(12.0, 11.0), at(12.0, 11.0)]), [click(false)]);
        let again = |time: f64, frame: PointerFrame| PointerFrame { time, ..frame };
        let three = [0.0, 0.1, 0.2, 0.3, 0.4, 1.0, 1.1].map(|time| {
            let pressed = [0.1, 0.3, 1.0].contains(&time);
            again(time, if pressed { down(12.0, 11.0) } else { at(12.0, 11.0) })
        });
        assert_eq!(run(&three), [click(false), click(true), click(false)]);
    }

    #[test]
    fn a_press_that_moves_drags_the_world_along_without_a_jump() {
        let gestures = run(&[down(10.0, 10.0), down(13.0, 10.0), down(20.0, 10.0), down(25.0, 9.0), at(25.0, 9.0)]);
        let sum: Vec2 = gestures
            .iter()
            .map(|gesture| match gesture {
                Gesture::Drag(step) => *step,
                other => panic!("{other:?}"),
            })
            .sum();
        assert_eq!(sum, Vec2::new(15.0, -1.0));
    }

    #[test]
    fn with_shift_a_drag_draws_a_box_and_a_click_adds() {
        let shift = |frame: PointerFrame| PointerFrame { how: Combine::Add, ..frame };
        let alt = |frame: PointerFrame| PointerFrame { how: Combine::Subtract, ..frame };
        let area = Rect::new(10.0, 5.0, 40.0, 30.0);
        let gestures = run(&[shift(down(10.0, 30.0)), down(40.0, 5.0), at(40.0, 5.0)]);
        assert_eq!(gestures, [Gesture::Box(area), Gesture::BoxDone(area, Combine::Add)]);
        let gestures = run(&[alt(down(10.0, 30.0)), down(40.0, 5.0), at(40.0, 5.0)]);
        assert_eq!(gestures[1], Gesture::BoxDone(area, Combine::Subtract));
        let gestures = run(&[shift(down(10.0, 30.0)), at(10.0, 30.0)]);
        assert_eq!(gestures, [Gesture::Click { at: Vec2::new(10.0, 30.0), how: Combine::Add, double: false }]);
    }

    #[test]
    fn presses_over_panels_are_ignored_to_their_end_and_other_buttons_only_drag() {
        let taken = |frame: PointerFrame| PointerFrame { free: false, ..frame };
        assert_eq!(run(&[taken(down(10.0, 10.0)), down(300.0, 10.0), at(300.0, 10.0)]), []);
        let other = |frame: PointerFrame| PointerFrame { other: true, ..frame };
        assert_eq!(run(&[other(at(0.0, 0.0)), at(0.0, 0.0)]), []);
        assert_eq!(
            run(&[other(at(0.0, 0.0)), other(at(9.0, 0.0)), at(9.0, 0.0)]),
            [Gesture::Drag(Vec2::new(9.0, 0.0))]
        );
        let lost = PointerFrame { primary: true, ..PointerFrame::default() };
        assert_eq!(run(&[down(0.0, 0.0), lost, PointerFrame::default()]).len(), 1, "leaving the window is no drag");
    }
}
