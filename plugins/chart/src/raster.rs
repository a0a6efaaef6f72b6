//! Shapes as PNG.

use tiny_skia::{Color, FillRule, LineJoin, Paint, PathBuilder, Pixmap, Rect, Stroke, StrokeDash, Transform};
use ttf_parser::OutlineBuilder;

use crate::ChartError;
use crate::picture::{Anchor, Picture, Shape};
use crate::style::Rgb;

/// Pictures with a longer side are refused.
const LONGEST: u32 = 16_384;

/// The outline of a letter on its way into a path: the font's y points up, the picture's down.
struct Letter {
    path: PathBuilder,
    scale: f32,
    x: f32,
    y: f32,
}

impl Letter {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.scale, self.y - y * self.scale)
    }
}

impl OutlineBuilder for Letter {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

impl Picture {
    /// The picture as PNG, with so many pixels of the file per pixel of the picture.
    ///
    /// # Errors
    /// If it would be too large.
    pub fn to_png(&self, scale: f32) -> Result<Vec<u8>, ChartError> {
        let side = |pixels: u32| (pixels as f32 * scale).round() as u32;
        let (width, height) = (side(self.size.0), side(self.size.1));
        if width > LONGEST || height > LONGEST {
            return Err(ChartError::Size(width, height));
        }
        let mut pixels = Pixmap::new(width, height).ok_or(ChartError::Size(width, height))?;
        pixels.fill(Color::WHITE);
        for shape in &self.shapes {
            draw(&mut pixels, shape, Transform::from_scale(scale, scale));
        }
        // The ground is opaque, so nothing is left to be divided by its alpha.
        let data: Vec<u8> =
            pixels.pixels().iter().flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()]).collect();
        let refused = |error: png::EncodingError| ChartError::Encoding(error.to_string());
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.write_header().and_then(|mut writer| writer.write_image_data(&data)).map_err(refused)?;
        Ok(file)
    }
}

fn paint(Rgb(red, green, blue): Rgb) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(red, green, blue, 255);
    paint.anti_alias = true;
    paint
}

fn draw(pixels: &mut Pixmap, shape: &Shape, transform: Transform) {
    match shape {
        Shape::Rectangle([x, y, w, h], color) => {
            if let Some(rectangle) = Rect::from_xywh(*x, *y, *w, *h) {
                pixels.fill_rect(rectangle, &paint(*color), transform, None);
            }
        }
        Shape::Line { points, color, width, pattern } => {
            let mut path = PathBuilder::new();
            for (index, (x, y)) in points.iter().enumerate() {
                if index == 0 {
                    path.move_to(*x, *y);
                } else {
                    path.line_to(*x, *y);
                }
            }
            let dash = if pattern.is_empty() { None } else { StrokeDash::new(pattern.to_vec(), 0.0) };
            let stroke = Stroke { width: *width, line_join: LineJoin::Round, dash, ..Stroke::default() };
            if let Some(path) = path.finish() {
                pixels.stroke_path(&path, &paint(*color), &stroke, transform, None);
            }
        }
        Shape::Triangle(corners, color) => {
            let mut path = PathBuilder::new();
            path.move_to(corners[0].0, corners[0].1);
            path.line_to(corners[1].0, corners[1].1);
            path.line_to(corners[2].0, corners[2].1);
            path.close();
            if let Some(path) = path.finish() {
                pixels.fill_path(&path, &paint(*color), FillRule::Winding, transform, None);
            }
        }
        Shape::Text { text, at, size, font, color, anchor } => {
            let width = font.width(text, *size);
            let left = match anchor {
                Anchor::Start => at.0,
                Anchor::Middle => at.0 - width / 2.0,
                Anchor::End => at.0 - width,
            };
            let mut path = PathBuilder::new();
            font.outline::<Letter>(text, *size, (left, at.1), |draw, scale, x, y| {
                let mut letter = Letter { path: std::mem::take(&mut path), scale, x, y };
                draw(&mut letter);
                path = letter.path;
            });
            if let Some(path) = path.finish() {
                pixels.fill_path(&path, &paint(*color), FillRule::Winding, transform, None);
            }
        }
    }
}
