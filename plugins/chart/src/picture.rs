//! A picture as a list of shapes, in pixels from the upper left corner.

use crate::font::Font;
use crate::style::Rgb;

/// Where a text stands relative to its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// A shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A filled rectangle: left, top, width, height.
    Rectangle([f32; 4], Rgb),
    /// A line through points.
    Line {
        /// The points.
        points: Vec<(f32, f32)>,
        /// Its colour.
        color: Rgb,
        /// Its width.
        width: f32,
        /// Lengths of dash and gap in turn; empty for a line that is drawn through.
        pattern: &'static [f32],
    },
    /// A filled triangle.
    Triangle([(f32, f32); 3], Rgb),
    /// A text.
    Text {
        /// What it says.
        text: String,
        /// Where, on the line on which its letters stand.
        at: (f32, f32),
        /// Its size.
        size: f32,
        /// Its font.
        font: Font,
        /// Its colour.
        color: Rgb,
        /// Where it stands relative to its place.
        anchor: Anchor,
    },
}

/// A picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// What it is called.
    pub title: String,
    /// Its shapes, from back to front.
    pub shapes: Vec<Shape>,
}

impl Picture {
    pub(crate) fn rectangle(&mut self, rectangle: [f32; 4], color: Rgb) {
        self.shapes.push(Shape::Rectangle(rectangle, color));
    }

    pub(crate) fn line(&mut self, points: Vec<(f32, f32)>, color: Rgb, width: f32, pattern: &'static [f32]) {
        self.shapes.push(Shape::Line { points, color, width, pattern });
    }

    pub(crate) fn text(
        &mut self,
        text: impl Into<String>,
        at: (f32, f32),
        (font, size, color): (Font, f32, Rgb),
        anchor: Anchor,
    ) {
        self.shapes.push(Shape::Text { text: text.into(), at, size, font, color, anchor });
    }
}
