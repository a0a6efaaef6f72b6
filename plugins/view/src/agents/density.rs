//! The density map: how many agents there are per pixel, where they are too small to be seen one by one.

use bevy::math::{Rect, Vec2, ops};

use crate::tokens::{ColorScale, Theme};

/// Counts over the viewport, one per logical pixel.
#[derive(Clone, Debug, Default)]
pub struct Density {
    width: usize,
    height: usize,
    counts: Vec<f32>,
    pixels: Vec<[u8; 4]>,
    corner: Vec2,
}

/// A place with this many times the mean density has the scale's last colour.
pub const DENSEST: f32 = 48.0;

impl Density {
    /// Forgets all counts and lays the map over a rectangle of the window (logical pixels).
    pub fn begin(&mut self, rect: Rect) {
        let min = rect.min.floor();
        let size = (rect.max.ceil() - min).max(Vec2::splat(2.0));
        (self.width, self.height) = (size.x as usize, size.y as usize);
        self.corner = min;
        self.counts.clear();
        self.counts.resize(self.width * self.height, 0.0);
    }

    /// Width and height in logical pixels.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// The rectangle of the window that the map covers, in logical pixels.
    #[must_use]
    pub fn rect(&self) -> Rect {
        Rect { min: self.corner, max: self.corner + Vec2::new(self.width as f32, self.height as f32) }
    }

    /// Counts an agent at a pixel, shared among the four nearest pixels so that slow motion doesn't flicker.
    #[inline]
    pub fn add(&mut self, place: Vec2) {
        let at = place - self.corner - 0.5;
        let corner = at.floor();
        let inside = corner.x >= 0.0
            && corner.y >= 0.0
            && corner.x < (self.width - 1) as f32
            && corner.y < (self.height - 1) as f32;
        if !inside {
            return;
        }
        let part = at - corner;
        let first = corner.y as usize * self.width + corner.x as usize;
        let (left, right) = (1.0 - part.x, part.x);
        self.counts[first] += left * (1.0 - part.y);
        self.counts[first + 1] += right * (1.0 - part.y);
        self.counts[first + self.width] += left * part.y;
        self.counts[first + self.width + 1] += right * part.y;
    }

    /// Colours the map: *magma* over the logarithm of the density in parts of `mean` agents per pixel. `opacity` 0–1.
    pub fn color(&mut self, mean: f32, theme: Theme, opacity: f32) -> &[[u8; 4]] {
        let table = ColorScale::Magma.table_on(theme);
        let per_mean = if mean > 0.0 { 1.0 / mean } else { 0.0 };
        let span = 1.0 / ops::ln(1.0 + DENSEST);
        self.pixels.clear();
        self.pixels.extend(self.counts.iter().map(|&count| {
            // Where nobody is, the faintest colour lies clear: smoothed edges don't darken.
            let share = (fast_ln_1p(count.max(0.0) * per_mean) * span).min(1.0);
            // The scale's dark end would only dim the ground: it starts a little later and fades in instead.
            let [red, green, blue, _] = table[((0.12 + 0.88 * share) * 255.0) as usize].0;
            let alpha = (share * 5.0).min(1.0) * opacity;
            [red, green, blue, (alpha * 255.0 + 0.5) as u8]
        }));
        &self.pixels
    }

    /// The pixels as coloured last.
    #[must_use]
    pub fn pixels(&self) -> &[[u8; 4]] {
        &self.pixels
    }
}

/// ln(1 + x) for x ≥ 0, at most 0.0065 off, from the float's own exponent: a million exact logarithms would cost more than
/// counting the agents.
#[inline]
fn fast_ln_1p(x: f32) -> f32 {
    let value = 1.0 + x;
    let bits = value.to_bits();
    let exponent = (bits >> 23) as i32 - 127;
    let mantissa = f32::from_bits(bits & 0x007F_FFFF | 0x3F80_0000) - 1.0;
    // A parabola through both ends of the octave and its middle.
    let log2 = exponent as f32 + mantissa * (1.0 + 0.339_850 * (1.0 - mantissa));
    log2 * std::f32::consts::LN_2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> Density {
        let mut map = Density::default();
        map.begin(Rect::new(10.0, 20.0, 74.0, 52.0));
        map
    }

    #[test]
    fn every_agent_counts_once_and_those_outside_not_at_all() {
        let mut map = map();
        for at in 0..100 {
            map.add(Vec2::new(20.3 + at as f32 * 0.37, 33.7));
        }
        for place in [Vec2::ZERO, Vec2::splat(1e9), Vec2::NAN, Vec2::new(30.0, 60.0)] {
            map.add(place);
        }
        assert!((map.counts.iter().sum::<f32>() - 100.0).abs() < 1e-3);
    }

    #[test]
    fn denser_is_lighter_in_the_dark_and_darker_in_the_light() {
        for theme in [Theme::Dark, Theme::Light] {
            let mut map = map();
            for at in 0..6 {
                for _ in 0..1 << at {
                    map.add(Vec2::new(15.5 + at as f32 * 8.0, 30.5));
                }
            }
            let (width, _) = map.size();
            map.color(1.0, theme, 1.0);
            let lightness: Vec<f32> = (0..6)
                .map(|at| {
                    let [r, g, b, _] = map.pixels()[10 * width + 5 + at * 8];
                    crate::tokens::Rgba8::new(r, g, b, 255).lightness()
                })
                .collect();
            let grows = lightness.windows(2).all(|pair| pair[1] > pair[0]);
            let shrinks = lightness.windows(2).all(|pair| pair[1] < pair[0]);
            assert!(if theme == Theme::Dark { grows } else { shrinks }, "{theme:?} {lightness:?}");
            assert_eq!(map.pixels()[0][3], 0, "nobody there");
        }
    }

    #[test]
    fn the_fast_logarithm_is_close_and_grows() {
        let mut last = -1.0;
        for at in 0..20_000 {
            let x = at as f32 * 0.01;
            let fast = fast_ln_1p(x);
            assert!(fast >= last && (fast - ops::ln(1.0 + x)).abs() < 0.0065, "{x}");
            last = fast;
        }
    }
}
