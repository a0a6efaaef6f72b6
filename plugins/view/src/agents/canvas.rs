//! Agents and trails painted by the processor into an image: the way to many agents where triangles are slow.

use bevy::math::{Rect, Vec2};

use super::glyph::Glyph;
use crate::tokens::Rgba8;

/// An image over the viewport in physical pixels, sRGB with straight alpha, row by row from the top.
#[derive(Clone, Debug, Default)]
pub struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<[u8; 4]>,
    /// The window's pixel (logical) at the image's corner.
    corner: Vec2,
    scale: f32,
    drawn: bool,
}

impl Canvas {
    /// Clears the canvas and lays it over a rectangle of the window (logical pixels).
    pub fn begin(&mut self, rect: Rect, scale_factor: f32) {
        // Whole physical pixels, so that what is painted isn't smeared when it is shown.
        let min = (rect.min * scale_factor).floor();
        let max = (rect.max * scale_factor).ceil();
        let size = (max - min).max(Vec2::ONE);
        (self.width, self.height) = (size.x as usize, size.y as usize);
        self.corner = min / scale_factor;
        self.scale = scale_factor;
        self.pixels.clear();
        self.pixels.resize(self.width * self.height, [0; 4]);
        self.drawn = false;
    }

    /// Takes the canvas away: nothing is drawn on it.
    pub fn clear(&mut self) {
        (self.width, self.height) = (0, 0);
        self.pixels.clear();
        self.drawn = false;
    }

    /// Width and height in physical pixels.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// The pixels.
    #[must_use]
    pub fn pixels(&self) -> &[[u8; 4]] {
        &self.pixels
    }

    /// The rectangle of the window that the canvas covers, in logical pixels.
    #[must_use]
    pub fn rect(&self) -> Rect {
        Rect { min: self.corner, max: self.corner + Vec2::new(self.width as f32, self.height as f32) / self.scale }
    }

    /// Whether something was painted since the canvas was cleared.
    #[must_use]
    pub fn is_drawn(&self) -> bool {
        self.drawn
    }

    /// Paints a shape; place and length in logical pixels of the window.
    #[inline]
    pub fn glyph(&mut self, place: Vec2, heading: Vec2, length: f32, color: Rgba8, glyph: Glyph, opacity: f32) {
        let middle = (place - self.corner) * self.scale - 0.5;
        let length = length * self.scale;
        let reach = if glyph == Glyph::Dart { dart_box(heading, length) } else { Vec2::splat(glyph.reach() * length) };
        let reach = reach.max(Vec2::splat(0.5)) + 0.5;
        let Some((columns, rows)) = self.clip(middle - reach, middle + reach) else {
            return;
        };
        self.drawn = true;
        let strength = opacity * 256.0;
        for row in rows {
            let y = row as f32 - middle.y;
            let line = &mut self.pixels[row * self.width..(row + 1) * self.width];
            for column in columns.clone() {
                let coverage = glyph.coverage(Vec2::new(column as f32 - middle.x, y), heading, length, self.scale);
                let alpha = (coverage * strength) as u32;
                if alpha > 0 {
                    blend(&mut line[column], color, alpha);
                }
            }
        }
    }

    /// Paints a line one logical pixel wide, clear at `from` as far as `fade.0` says (0–1) and at `to` as `fade.1` says.
    pub fn line(&mut self, from: Vec2, to: Vec2, color: Rgba8, fade: (f32, f32)) {
        let (from, to) = ((from - self.corner) * self.scale - 0.5, (to - self.corner) * self.scale - 0.5);
        let limit = Vec2::new(self.width as f32, self.height as f32);
        let outside = from.max(to).cmplt(Vec2::ZERO).any() || from.min(to).cmpgt(limit).any();
        // A step far longer than the image can only be a leap that nobody wants to see drawn.
        let steps = (to - from).abs().max_element().ceil();
        if outside || !steps.is_finite() || steps > 4.0 * limit.max_element() {
            return;
        }
        self.drawn = true;
        let count = (steps as usize).max(1);
        for step in 0..count {
            let share = (step as f32 + 0.5) / count as f32;
            let alpha = fade.0 + (fade.1 - fade.0) * share;
            self.dab(from + (to - from) * share, color, alpha * f32::from(color.0[3]) / 255.0);
        }
    }

    /// Spreads one pixel of colour over the four pixels around a place (physical pixels, pixel centres at whole numbers).
    #[inline]
    fn dab(&mut self, at: Vec2, color: Rgba8, opacity: f32) {
        let corner = at.floor();
        let part = at - corner;
        let (x, y) = (corner.x as i64, corner.y as i64);
        let weights = [
            (0, 0, (1.0 - part.x) * (1.0 - part.y)),
            (1, 0, part.x * (1.0 - part.y)),
            (0, 1, (1.0 - part.x) * part.y),
            (1, 1, part.x * part.y),
        ];
        for (dx, dy, weight) in weights {
            let (column, row) = (x + dx, y + dy);
            if (0..self.width as i64).contains(&column) && (0..self.height as i64).contains(&row) {
                let alpha = (weight * opacity * 256.0) as u32;
                if alpha > 0 {
                    blend(&mut self.pixels[row as usize * self.width + column as usize], color, alpha);
                }
            }
        }
    }

    /// The columns and rows whose centres lie between two corners; none if that is nothing.
    #[inline]
    fn clip(&self, min: Vec2, max: Vec2) -> Option<(std::ops::Range<usize>, std::ops::Range<usize>)> {
        // Negative values and what isn't a number saturate to 0.
        let first = min.ceil();
        let last = max.floor() + 1.0;
        let columns = (first.x as usize)..(last.x as usize).min(self.width);
        let rows = (first.y as usize)..(last.y as usize).min(self.height);
        (columns.start < columns.end && rows.start < rows.end).then_some((columns, rows))
    }
}

/// Half the size of the box around a dart whose middle is at the origin; the box need not be tight on all sides.
#[inline]
fn dart_box(heading: Vec2, length: f32) -> Vec2 {
    let tip = heading * (0.5 * length);
    let side = heading.perp() * (0.36 * length);
    tip.abs().max((side - tip).abs()).max((side + tip).abs())
}

/// Lays a colour over a pixel; `alpha` is 0–256.
#[inline]
fn blend(pixel: &mut [u8; 4], color: Rgba8, alpha: u32) {
    let below = u32::from(pixel[3]);
    let [red, green, blue, _] = color.0;
    if below == 0 {
        *pixel = [red, green, blue, alpha.min(255) as u8];
        return;
    }
    if alpha >= 256 {
        *pixel = [red, green, blue, 255];
        return;
    }
    // All alphas in 255ths of 256ths: what shows of the pixel below is its alpha times what the new colour lets through.
    let through = below * (256 - alpha);
    let above = alpha * 255;
    let total = through + above;
    for (channel, new) in pixel.iter_mut().zip([red, green, blue]) {
        *channel = ((u32::from(*channel) * through + u32::from(new) * above) / total) as u8;
    }
    pixel[3] = (total >> 8).min(255) as u8;
}

#[cfg(test)]
mod tests {
    use super::*;

    const INK: Rgba8 = Rgba8::hex(0x56_B4E9);

    fn canvas(scale: f32) -> Canvas {
        let mut canvas = Canvas::default();
        canvas.begin(Rect::new(100.0, 50.0, 164.0, 98.0), scale);
        canvas
    }

    fn ink(canvas: &Canvas) -> f32 {
        canvas.pixels().iter().map(|pixel| f32::from(pixel[3]) / 255.0).sum()
    }

    #[test]
    fn the_canvas_lies_on_whole_pixels_over_its_rectangle() {
        let mut canvas = Canvas::default();
        canvas.begin(Rect::new(10.3, 20.6, 50.2, 40.1), 1.5);
        let rect = canvas.rect();
        assert!(rect.min.cmple(Vec2::new(10.3, 20.6)).all() && rect.max.cmpge(Vec2::new(50.2, 40.1)).all());
        assert_eq!((rect.min * 1.5).fract(), Vec2::ZERO);
    }

    #[test]
    fn a_dart_lands_where_it_should_and_has_the_right_weight() {
        for scale in [1.0, 2.0] {
            let mut canvas = canvas(scale);
            canvas.glyph(Vec2::new(132.0, 74.0), Vec2::X, 12.0, INK, Glyph::Dart, 1.0);
            let (width, _) = canvas.size();
            let tip = canvas.pixels()[(24.0 * scale) as usize * width + (35.0 * scale) as usize];
            assert!(tip[3] > 150, "{tip:?}");
            let expected = 0.28 * 144.0 * scale * scale;
            assert!((ink(&canvas) / expected - 1.0).abs() < 0.1, "{} {expected}", ink(&canvas));
        }
    }

    #[test]
    fn turned_darts_are_not_cut_off_by_their_box() {
        for turn in 0..32 {
            let angle = std::f32::consts::TAU * turn as f32 / 32.0;
            let heading = Vec2::new(bevy::math::ops::cos(angle), bevy::math::ops::sin(angle));
            let mut canvas = canvas(1.0);
            canvas.glyph(Vec2::new(132.2, 74.7), heading, 9.0, INK, Glyph::Dart, 1.0);
            let expected = 0.28 * 81.0;
            assert!((ink(&canvas) / expected - 1.0).abs() < 0.12, "{turn}: {} {expected}", ink(&canvas));
        }
    }

    #[test]
    fn what_lies_outside_is_clipped_and_odd_values_do_no_harm() {
        let mut canvas = canvas(1.0);
        for place in [Vec2::new(0.0, 74.0), Vec2::splat(1e9), Vec2::splat(-1e30), Vec2::NAN, Vec2::new(99.0, 49.0)] {
            canvas.glyph(place, Vec2::X, 6.0, INK, Glyph::Dart, 1.0);
            canvas.line(place, Vec2::new(120.0, f32::INFINITY), INK, (0.0, 1.0));
            canvas.line(place, Vec2::new(-120.0, 9.0), INK, (0.0, 1.0));
        }
        assert!(ink(&canvas) < 12.0);
    }

    #[test]
    fn lines_have_their_length_in_ink_and_fade() {
        let mut canvas = canvas(1.0);
        canvas.line(Vec2::new(110.0, 60.0), Vec2::new(150.0, 60.0), INK, (0.0, 1.0));
        assert!((ink(&canvas) - 20.0).abs() < 1.5, "{}", ink(&canvas));
    }

    #[test]
    fn blending_covers_and_mixes() {
        let mut pixel = [0, 0, 0, 0];
        blend(&mut pixel, Rgba8::hex(0xFF_0000), 128);
        assert_eq!(pixel, [255, 0, 0, 128]);
        blend(&mut pixel, Rgba8::hex(0x00_00FF), 256);
        assert_eq!(pixel, [0, 0, 255, 255]);
        blend(&mut pixel, Rgba8::hex(0xFF_FFFF), 128);
        assert!(pixel[0].abs_diff(127) < 3 && pixel[2] > 250 && pixel[3] >= 254, "{pixel:?}");
    }
}
