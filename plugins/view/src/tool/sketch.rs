//! The drawing of a tool, from the positions of the pointer: a pure state machine.

use bevy::math::Vec2;

use crate::input::{CLICK_SLACK, DOUBLE_CLICK};

/// How something is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SketchMode {
    /// From the centre to the rim; a click takes the usual radius.
    Circle,
    /// A stroke that takes effect while it is drawn.
    Brush,
    /// A line by hand, done when the button is released.
    Freehand,
    /// Corner by corner with clicks, or by hand in one go.
    Corners,
    /// From one point to another.
    Drag,
}

/// The pointer during one frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SketchFrame {
    /// Where it is in logical pixels; none if it left the window.
    pub pixel: Option<Vec2>,
    /// The same in world units.
    pub point: Option<Vec2>,
    /// The primary button is down.
    pub down: bool,
    /// The pointer is over the world, and nothing else wants it: presses may begin.
    pub free: bool,
    /// Real time in seconds, to tell double clicks.
    pub time: f64,
    /// Logical pixels per world unit.
    pub pixels_per_unit: f32,
}

/// What came of a frame, in world units.
#[derive(Clone, Debug, PartialEq)]
pub enum SketchStep {
    /// A circle was drawn; without a radius it was a click.
    Circle {
        /// Its centre.
        center: Vec2,
        /// Its radius.
        radius: Option<f32>,
    },
    /// The brush went on. Each part begins with the point at which the one before ended.
    Brush {
        /// The points.
        points: Vec<Vec2>,
        /// Whether the button was released.
        done: bool,
    },
    /// A line or an outline was drawn.
    Shape(Vec<Vec2>),
    /// Something was dragged.
    Drag {
        /// From where.
        from: Vec2,
        /// To where.
        to: Vec2,
    },
}

/// What is being drawn, to show it; in world units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sketch<'a> {
    /// Nothing.
    Nothing,
    /// A circle.
    Circle(Vec2, f32),
    /// A stroke.
    Brush(&'a [Vec2]),
    /// A line by hand.
    Freehand(&'a [Vec2]),
    /// Corners set so far.
    Corners(&'a [Vec2]),
    /// From one point to another.
    Drag(Vec2, Vec2),
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Press {
    from_pixel: Vec2,
    from: Vec2,
    last_pixel: Vec2,
    last: Vec2,
    moved: bool,
}

/// A line by hand gets a new point after so many logical pixels.
const POINT_EVERY: f32 = 2.0;

/// A click so near to the first corner (logical pixels) closes an outline.
const CLOSE_REACH: f32 = 8.0;

/// Most points of a line: who draws for minutes doesn't fill the memory.
const MOST_POINTS: usize = 20_000;

/// Follows the pointer from frame to frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sketcher {
    mode: Option<SketchMode>,
    press: Option<Press>,
    was_down: bool,
    points: Vec<Vec2>,
    /// The place of the last point that was kept, in pixels.
    kept: Vec2,
    /// How many points of a stroke were handed out.
    sent: usize,
    last_click: Option<(Vec2, f64)>,
}

impl Sketcher {
    /// Takes the next frame in.
    pub fn follow(&mut self, mode: SketchMode, frame: &SketchFrame) -> Option<SketchStep> {
        if self.mode != Some(mode) {
            self.cancel();
            self.mode = Some(mode);
        }
        let began = frame.down && !self.was_down;
        self.was_down = frame.down;
        if began
            && frame.free
            && let (Some(pixel), Some(point)) = (frame.pixel, frame.point)
        {
            self.press = Some(Press { from_pixel: pixel, from: point, last_pixel: pixel, last: point, moved: false });
            if mode != SketchMode::Corners {
                self.points = vec![point];
                self.sent = 0;
            }
            self.kept = pixel;
        }
        let press = self.press.as_mut()?;
        if let (Some(pixel), Some(point)) = (frame.pixel, frame.point) {
            (press.last_pixel, press.last) = (pixel, point);
        }
        let was_moved = press.moved;
        press.moved |= press.last_pixel.distance(press.from_pixel) > CLICK_SLACK;
        let press = *press;
        let by_hand = mode == SketchMode::Corners && press.moved;
        if by_hand && !was_moved && self.points.is_empty() {
            self.points = vec![press.from];
        }
        let draws = matches!(mode, SketchMode::Brush | SketchMode::Freehand) || by_hand;
        if draws && press.last_pixel.distance(self.kept) >= POINT_EVERY && self.points.len() < MOST_POINTS {
            self.points.push(press.last);
            self.kept = press.last_pixel;
        }
        if frame.down {
            return if mode == SketchMode::Brush { self.stroke(false) } else { None };
        }
        self.press = None;
        match mode {
            SketchMode::Circle => {
                let radius = press.moved.then(|| press.from.distance(press.last));
                Some(SketchStep::Circle { center: press.from, radius })
            }
            SketchMode::Brush => self.stroke(true),
            SketchMode::Drag => press.moved.then_some(SketchStep::Drag { from: press.from, to: press.last }),
            SketchMode::Freehand => {
                let points = std::mem::take(&mut self.points);
                press.moved.then_some(SketchStep::Shape(points))
            }
            SketchMode::Corners if press.moved => Some(SketchStep::Shape(std::mem::take(&mut self.points))),
            SketchMode::Corners => self.corner(&press, frame),
        }
    }

    fn stroke(&mut self, done: bool) -> Option<SketchStep> {
        let fresh = self.points.len() > self.sent;
        if !fresh && !done {
            return None;
        }
        let points = self.points[self.sent.saturating_sub(1)..].to_vec();
        self.sent = self.points.len();
        if done {
            self.points.clear();
            self.sent = 0;
        }
        Some(SketchStep::Brush { points, done })
    }

    fn corner(&mut self, press: &Press, frame: &SketchFrame) -> Option<SketchStep> {
        let double = self.last_click.is_some_and(|(place, time)| {
            place.distance(press.from_pixel) <= CLICK_SLACK && frame.time - time <= DOUBLE_CLICK
        });
        self.last_click = Some((press.from_pixel, frame.time));
        let closes =
            self.points.len() > 2 && self.points[0].distance(press.from) * frame.pixels_per_unit <= CLOSE_REACH;
        if double || closes {
            return self.close();
        }
        if self.points.len() < MOST_POINTS {
            self.points.push(press.from);
        }
        None
    }

    /// Ends an outline that is set corner by corner.
    pub fn close(&mut self) -> Option<SketchStep> {
        self.last_click = None;
        let points = std::mem::take(&mut self.points);
        (points.len() > 1).then_some(SketchStep::Shape(points))
    }

    /// Takes the last corner back.
    pub fn undo_corner(&mut self) {
        self.points.pop();
        self.last_click = None;
    }

    /// Whether a press that began over the world is going on.
    #[must_use]
    pub fn pressing(&self) -> bool {
        self.press.is_some()
    }

    /// Forgets what is being drawn. Whether there was something.
    pub fn cancel(&mut self) -> bool {
        let drawing = self.press.take().is_some() | !self.points.is_empty();
        self.points.clear();
        self.sent = 0;
        self.last_click = None;
        drawing
    }

    /// What is being drawn.
    #[must_use]
    pub fn sketch(&self) -> Sketch<'_> {
        match (self.mode, &self.press) {
            (Some(SketchMode::Corners), _) if !self.points.is_empty() => Sketch::Corners(&self.points),
            (Some(SketchMode::Circle), Some(press)) if press.moved => {
                Sketch::Circle(press.from, press.from.distance(press.last))
            }
            (Some(SketchMode::Brush), Some(_)) => Sketch::Brush(&self.points),
            (Some(SketchMode::Freehand), Some(_)) => Sketch::Freehand(&self.points),
            (Some(SketchMode::Drag), Some(press)) if press.moved => Sketch::Drag(press.from, press.last),
            _ => Sketch::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pixel is half a world unit, y down.
    fn at(x: f32, y: f32, down: bool) -> SketchFrame {
        let pixel = Vec2::new(x, y);
        SketchFrame {
            pixel: Some(pixel),
            point: Some(Vec2::new(x, -y) * 0.5),
            down,
            free: true,
            time: 0.0,
            pixels_per_unit: 2.0,
        }
    }

    fn run(mode: SketchMode, frames: &[SketchFrame]) -> Vec<SketchStep> {
        let mut sketcher = Sketcher::default();
        frames.iter().filter_map(|frame| sketcher.follow(mode, frame)).collect()
    }

    #[test]
    fn a_circle_goes_from_its_centre_to_its_rim_and_a_click_has_no_radius() {
        let steps = run(SketchMode::Circle, &[at(10.0, 0.0, true), at(30.0, 0.0, true), at(30.0, 0.0, false)]);
        assert_eq!(steps, [SketchStep::Circle { center: Vec2::new(5.0, 0.0), radius: Some(10.0) }]);
        let steps = run(SketchMode::Circle, &[at(10.0, 0.0, true), at(11.0, 0.0, false)]);
        assert_eq!(steps, [SketchStep::Circle { center: Vec2::new(5.0, 0.0), radius: None }]);
    }

    #[test]
    fn a_stroke_is_handed_out_part_by_part_without_gaps() {
        let frames: Vec<SketchFrame> = (0..=10).map(|step| at(step as f32 * 4.0, 0.0, step < 10)).collect();
        let steps = run(SketchMode::Brush, &frames);
        let mut all: Vec<Vec2> = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            let SketchStep::Brush { points, done } = step else { panic!("{step:?}") };
            assert_eq!(*done, index + 1 == steps.len());
            if let Some(last) = all.last() {
                assert_eq!(points[0], *last);
                all.extend(&points[1..]);
            } else {
                all.extend(points);
            }
        }
        assert_eq!((all.len(), all[0], all[10]), (11, Vec2::ZERO, Vec2::new(20.0, 0.0)));
        // A dab is a stroke of one point; while the pointer rests nothing is repeated.
        let dab = run(SketchMode::Brush, &[at(0.0, 0.0, true), at(0.0, 0.0, true), at(0.0, 0.0, false)]);
        let part = |done| SketchStep::Brush { points: vec![Vec2::ZERO], done };
        assert_eq!(dab, [part(false), part(true)]);
    }

    #[test]
    fn a_line_by_hand_is_done_on_release_and_a_click_draws_none() {
        let frames = [at(0.0, 0.0, true), at(20.0, 0.0, true), at(20.0, 20.0, true), at(0.0, 20.0, false)];
        let steps = run(SketchMode::Freehand, &frames);
        let line = [(0.0, 0.0), (10.0, 0.0), (10.0, -10.0), (0.0, -10.0)].map(Vec2::from).to_vec();
        assert_eq!(steps, [SketchStep::Shape(line)]);
        assert_eq!(run(SketchMode::Freehand, &[at(0.0, 0.0, true), at(1.0, 0.0, false)]), []);
    }

    #[test]
    fn corners_are_set_by_clicks_and_closed_at_the_first_by_a_double_click_or_by_key() {
        let click = |x: f32, y: f32, time: f64| {
            [SketchFrame { time, ..at(x, y, true) }, SketchFrame { time, ..at(x, y, false) }]
        };
        let triangle = [click(0.0, 0.0, 0.0), click(40.0, 0.0, 1.0), click(40.0, 40.0, 2.0)].concat();
        let corners = [(0.0, 0.0), (20.0, 0.0), (20.0, -20.0)].map(Vec2::from).to_vec();
        let closed = [triangle.clone(), click(3.0, 3.0, 3.0).to_vec()].concat();
        assert_eq!(run(SketchMode::Corners, &closed), [SketchStep::Shape(corners.clone())]);
        let double = [triangle.clone(), click(40.0, 41.0, 2.2).to_vec()].concat();
        assert_eq!(run(SketchMode::Corners, &double), [SketchStep::Shape(corners.clone())]);
        let mut sketcher = Sketcher::default();
        for frame in &triangle {
            assert_eq!(sketcher.follow(SketchMode::Corners, frame), None);
        }
        assert_eq!(sketcher.sketch(), Sketch::Corners(&corners));
        sketcher.undo_corner();
        assert_eq!(sketcher.close(), Some(SketchStep::Shape(corners[..2].to_vec())));
        assert_eq!(sketcher.close(), None);
    }

    #[test]
    fn corners_may_be_drawn_by_hand_in_one_go() {
        let frames = [at(0.0, 0.0, true), at(20.0, 0.0, true), at(40.0, 0.0, true), at(40.0, 0.0, false)];
        let steps = run(SketchMode::Corners, &frames);
        assert_eq!(steps, [SketchStep::Shape([0.0, 10.0, 20.0].map(|x| Vec2::new(x, 0.0)).to_vec())]);
    }

    #[test]
    fn presses_over_panels_draw_nothing_and_what_is_cancelled_is_gone() {
        let taken = |frame: SketchFrame| SketchFrame { free: false, ..frame };
        for mode in [SketchMode::Circle, SketchMode::Brush, SketchMode::Freehand, SketchMode::Corners, SketchMode::Drag]
        {
            let frames = [taken(at(0.0, 0.0, true)), at(50.0, 0.0, true), at(50.0, 0.0, false)];
            assert_eq!(run(mode, &frames), [], "{mode:?}");
            let mut sketcher = Sketcher::default();
            sketcher.follow(mode, &at(0.0, 0.0, true));
            sketcher.follow(mode, &at(50.0, 0.0, true));
            assert!(sketcher.cancel() && sketcher.sketch() == Sketch::Nothing);
            assert_eq!(sketcher.follow(mode, &at(60.0, 0.0, true)), None, "not before the button is up again");
            assert_eq!(sketcher.follow(mode, &at(60.0, 0.0, false)), None);
        }
        let drag = run(SketchMode::Drag, &[at(0.0, 0.0, true), at(50.0, 0.0, true), at(50.0, 0.0, false)]);
        assert_eq!(drag, [SketchStep::Drag { from: Vec2::ZERO, to: Vec2::new(25.0, 0.0) }]);
    }
}
