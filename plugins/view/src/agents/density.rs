//! The density map: how many agents there are per pixel, where they are too small to be seen one by one, and which part of
//! them is not in order.

use bevy::math::{Rect, Vec2, ops};

use crate::tokens::{ColorScale, Rgba8, Theme};

/// Counts over the viewport, one per logical pixel.
#[derive(Clone, Debug, Default)]
pub struct Density {
    width: usize,
    height: usize,
    counts: Vec<f32>,
    /// Those among them that are not in order, and those that wait to be changed; empty as long as there are none.
    amiss: Vec<f32>,
    aimed: Vec<f32>,
    scratch: Vec<f32>,
    pixels: Vec<[u8; 4]>,
    corner: Vec2,
}

/// A place with this many times the mean density has the scale's last colour.
pub const DENSEST: f32 = 48.0;

/// The scale's dark end would only dim the ground: it starts here.
const FAINTEST: f32 = 0.12;

/// The map's colour where nothing is amiss; `share` is where the density lies on the scale, 0–1.
#[must_use]
pub fn density_color(theme: Theme, share: f32) -> Rgba8 {
    ColorScale::Magma.on(theme, FAINTEST + (1.0 - FAINTEST) * share)
}

/// The map's colour where everybody is amiss: one hue, whose lightness goes on telling the density.
fn hue(theme: Theme, full: Rgba8, share: f32) -> Rgba8 {
    theme.tokens().world.mix(full, 0.4 + 0.6 * share)
}

/// How far the second hue takes the place of the first where a part of the agents, 0–1, is amiss: few among many show too.
fn weight(part: f32) -> f32 {
    part.clamp(0.0, 1.0).sqrt()
}

/// The map's colour where the density lies at `share` of the scale and this part of the agents is not in order, both 0–1.
#[must_use]
pub fn amiss_color(theme: Theme, share: f32, part: f32) -> Rgba8 {
    density_color(theme, share).mix(hue(theme, theme.tokens().info, share), weight(part))
}

/// How many agents a picture should take together at a place: about so many by chance differ by a fifth, which the eye takes
/// for even.
const TOGETHER: f32 = 28.0;

/// How many pixels to each side are taken together, 1–5, where agents lie `spacing` logical pixels apart. Over fewer, the
/// picture is made of single agents and the gaps between them, which say nothing: it looks like static. Over more, it shows
/// less than there is.
#[must_use]
pub fn smoothing(spacing: f32) -> usize {
    // Two runs over 2r + 1 pixels have the variance ((2r + 1)² − 1) / 6 = 2r(r + 1) / 3, and the weight of 4π times that.
    let wanted = TOGETHER / (4.0 * std::f32::consts::PI) * spacing * spacing;
    (1..5).find(|radius| (2 * radius * (radius + 1)) as f32 / 3.0 >= wanted * 0.99).unwrap_or(5)
}

impl Density {
    /// Forgets all counts and lays the map over a rectangle of the window (logical pixels).
    pub fn begin(&mut self, rect: Rect) {
        let min = rect.min.floor();
        let size = (rect.max.ceil() - min).max(Vec2::splat(2.0));
        (self.width, self.height) = (size.x as usize, size.y as usize);
        self.corner = min;
        self.counts.clear();
        self.counts.resize(self.width * self.height, 0.0);
        self.amiss.clear();
        self.aimed.clear();
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

    /// Counts an agent at a pixel, shared among the four nearest pixels so that slow motion doesn't flicker. `amiss` if it
    /// is not in order, `aimed` if it waits to be changed.
    #[inline]
    pub fn add(&mut self, place: Vec2, amiss: bool, aimed: bool) {
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
        share_out(&mut self.counts, self.width, first, part);
        for (counts, counted) in [(&mut self.amiss, amiss), (&mut self.aimed, aimed)] {
            if counted {
                if counts.is_empty() {
                    counts.resize(self.width * self.height, 0.0);
                }
                share_out(counts, self.width, first, part);
            }
        }
    }

    /// How many agents per pixel there are around an agent, on average over the agents: where they crowd, more than the mean
    /// over the map.
    #[must_use]
    pub fn crowding(&self) -> f32 {
        let (sum, squares) = self.counts.iter().fold((0.0_f64, 0.0_f64), |(sum, squares), count| {
            (sum + f64::from(*count), squares + f64::from(count * count))
        });
        // An agent's own count, shared among four pixels, has squares that sum to (2/3)² on average.
        if sum > 0.0 { (squares / sum - 4.0 / 9.0).max(0.0) as f32 } else { 0.0 }
    }

    /// Spreads each count over the pixels around it: `radius` pixels to each side, twice, which comes close to a bell curve.
    /// The sum stays the same except at the map's edges, where only pixels within the map are averaged.
    pub fn smooth(&mut self, radius: usize) {
        for counts in [&mut self.counts, &mut self.amiss, &mut self.aimed] {
            if !counts.is_empty() {
                self.scratch.resize(counts.len(), 0.0);
                for _ in 0..2 {
                    along_rows(counts, &mut self.scratch, self.width, radius);
                    across_rows(&self.scratch, counts, self.width, radius);
                }
            }
        }
    }

    /// Colours the map: *magma* over the logarithm of the density in parts of `mean` agents per pixel, mixed with a second
    /// hue by the part of the agents that is not in order. `opacity` 0–1.
    pub fn color(&mut self, mean: f32, theme: Theme, opacity: f32) -> &[[u8; 4]] {
        let tokens = theme.tokens();
        let shares =
            |color: &dyn Fn(f32) -> Rgba8| -> [Rgba8; 256] { std::array::from_fn(|at| color(at as f32 / 255.0)) };
        let table = shares(&|share| density_color(theme, share));
        let per_mean = if mean > 0.0 { 1.0 / mean } else { 0.0 };
        let span = 1.0 / ops::ln(1.0 + DENSEST);
        let step = |count: f32| (fast_ln_1p(count.max(0.0) * per_mean) * span).min(1.0);
        self.pixels.clear();
        self.pixels.extend(self.counts.iter().map(|&count| {
            // Where nobody is, the faintest colour lies clear: smoothed edges don't darken.
            let share = step(count);
            let [red, green, blue, _] = table[(share * 255.0) as usize].0;
            let alpha = (share * 5.0).min(1.0) * opacity;
            [red, green, blue, (alpha * 255.0 + 0.5) as u8]
        }));
        for (counts, full) in [(&self.amiss, tokens.info), (&self.aimed, tokens.text)] {
            if counts.is_empty() {
                continue;
            }
            let table = shares(&|share| hue(theme, full, share));
            for ((pixel, &all), &some) in self.pixels.iter_mut().zip(&self.counts).zip(counts) {
                // Less than this is nobody: what smoothing has left of rounding.
                if some > 1e-4 {
                    let to = table[(step(all) * 255.0) as usize];
                    let mixed = Rgba8(*pixel).mix(Rgba8([to.0[0], to.0[1], to.0[2], pixel[3]]), weight(some / all));
                    *pixel = mixed.0;
                }
            }
        }
        &self.pixels
    }

    /// The pixels as coloured last.
    #[must_use]
    pub fn pixels(&self) -> &[[u8; 4]] {
        &self.pixels
    }
}

/// Counts one among four pixels; `part` is how far it lies from the first towards the last.
#[inline]
fn share_out(counts: &mut [f32], width: usize, first: usize, part: Vec2) {
    let (left, right) = (1.0 - part.x, part.x);
    counts[first] += left * (1.0 - part.y);
    counts[first + 1] += right * (1.0 - part.y);
    counts[first + width] += left * part.y;
    counts[first + width + 1] += right * part.y;
}

/// The mean of each pixel and those so far to its left and right.
fn along_rows(from: &[f32], to: &mut [f32], width: usize, radius: usize) {
    for (from, to) in from.chunks_exact(width).zip(to.chunks_exact_mut(width)) {
        let mut sum: f32 = from.iter().take(radius).sum();
        for (at, to) in to.iter_mut().enumerate() {
            if let Some(comes) = from.get(at + radius) {
                sum += comes;
            }
            if let Some(goes) = at.checked_sub(radius + 1) {
                sum -= from[goes];
            }
            let many = (at + radius).min(width - 1) - at.saturating_sub(radius) + 1;
            *to = sum / many as f32;
        }
    }
}

/// The mean of each pixel and those so far above and below it.
fn across_rows(from: &[f32], to: &mut [f32], width: usize, radius: usize) {
    let height = from.len() / width;
    let mut sums = vec![0.0; width];
    let add = |sums: &mut [f32], row: usize, sign: f32| {
        sums.iter_mut().zip(&from[row * width..(row + 1) * width]).for_each(|(sum, count)| *sum += sign * count);
    };
    (0..radius.min(height)).for_each(|row| add(&mut sums, row, 1.0));
    for row in 0..height {
        if row + radius < height {
            add(&mut sums, row + radius, 1.0);
        }
        if let Some(goes) = row.checked_sub(radius + 1) {
            add(&mut sums, goes, -1.0);
        }
        let many = ((row + radius).min(height - 1) - row.saturating_sub(radius) + 1) as f32;
        to[row * width..(row + 1) * width].iter_mut().zip(&sums).for_each(|(mean, sum)| *mean = sum / many);
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
            map.add(Vec2::new(20.3 + at as f32 * 0.37, 33.7), false, false);
        }
        for place in [Vec2::ZERO, Vec2::splat(1e9), Vec2::NAN, Vec2::new(30.0, 60.0)] {
            map.add(place, false, false);
        }
        assert!((map.counts.iter().sum::<f32>() - 100.0).abs() < 1e-3);
    }

    #[test]
    fn denser_is_lighter_in_the_dark_and_darker_in_the_light() {
        for theme in [Theme::Dark, Theme::Light] {
            let mut map = map();
            for at in 0..6 {
                for _ in 0..1 << at {
                    map.add(Vec2::new(15.5 + at as f32 * 8.0, 30.5), false, false);
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

    /// 10⁵ agents thrown at random over 600 × 600 pixels, as in a window of 1280 × 720: less than one in three pixels. A part
    /// of them, in the left half, is not in order.
    fn crowd(part: f32) -> Density {
        let mut map = Density::default();
        map.begin(Rect::new(0.0, 0.0, 600.0, 600.0));
        let mut dice = 1_u64;
        let mut random = || {
            // Knuth's congruential generator; the upper bits are as good as random here.
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (dice >> 40) as f32 / (1_u64 << 24) as f32
        };
        for _ in 0..100_000 {
            let place = Vec2::new(random(), random()) * 600.0;
            let amiss = random() < part && place.x < 300.0;
            map.add(place, amiss, false);
        }
        map
    }

    #[test]
    fn a_crowd_of_even_density_looks_even_and_not_like_static() {
        let mean: f32 = 100_000.0 / 360_000.0;
        let spread = |map: &Density| {
            let inner = (50..550).flat_map(|y| (50..550).map(move |x| y * 600 + x));
            let deviations = inner.map(|at| (map.counts[at] / mean - 1.0) * (map.counts[at] / mean - 1.0));
            (deviations.sum::<f32>() / 250_000.0).sqrt()
        };
        let mut map = crowd(0.0);
        assert!((map.crowding() / mean - 1.0).abs() < 0.05, "{}", map.crowding());
        let before = spread(&map);
        map.smooth(smoothing(1.0 / mean.sqrt()));
        let after = spread(&map);
        // A Poisson process of so many per pixel deviates by 1/√n where n are taken together: two runs of seven by seven
        // pixels have the weight of 4π·8 of them (their variance is 4 each), about 28 agents.
        let expected = 1.0 / (4.0 * std::f32::consts::PI * 8.0 * mean).sqrt();
        assert!(before > 1.0, "{before}");
        assert!((after / expected - 1.0).abs() < 0.15, "{after} {expected}");
    }

    #[test]
    fn smoothing_loses_nobody_and_keeps_to_a_few_pixels() {
        let mut map = map();
        map.add(Vec2::new(40.5, 36.5), true, false);
        map.smooth(3);
        assert!((map.counts.iter().sum::<f32>() - 1.0).abs() < 1e-4 && map.counts == map.amiss);
        let (width, _) = map.size();
        let reached = |at: usize| map.counts[at] > 1e-6;
        for at in 0..map.counts.len() {
            let away = ((at % width).abs_diff(30)).max((at / width).abs_diff(16));
            assert_eq!(reached(at), away <= 6, "{away}");
        }
        // At 3.6 square pixels an agent, 7 × 7 pixels twice weigh as many as 28 agents; dense crowds need less.
        assert_eq!([0.0, 0.5, 1.9, f32::INFINITY].map(smoothing), [1, 1, 3, 5]);
        // Where the map ends, a place is no emptier than where it goes on.
        let mut even = self::map();
        even.counts.fill(2.0);
        even.smooth(4);
        assert!(even.counts.iter().all(|count| (count - 2.0).abs() < 1e-3));
    }

    #[test]
    fn what_is_not_in_order_has_a_hue_of_its_own_that_its_share_strengthens() {
        let mean: f32 = 100_000.0 / 360_000.0;
        for theme in [Theme::Dark, Theme::Light] {
            // The mean colour of a half of the map, as far as it is covered.
            let half = |part: f32, left: bool| {
                let mut map = crowd(part);
                map.smooth(smoothing(1.0 / mean.sqrt()));
                map.color(mean, theme, 1.0);
                let columns = if left { 60..240 } else { 360..540 };
                let pixels = (60..540).flat_map(|y| columns.clone().map(move |x| y * 600 + x));
                let mut sum = [0.0_f32; 3];
                for at in pixels {
                    let [r, g, b, _] = map.pixels()[at];
                    [r, g, b].iter().zip(&mut sum).for_each(|(channel, sum)| *sum += f32::from(*channel) / 86_400.0);
                }
                sum
            };
            let apart = |one: [f32; 3], other: [f32; 3]| -> f32 {
                one.iter().zip(other).map(|(one, other)| (one - other).abs()).sum()
            };
            let whole = half(0.0, true);
            let parts = [0.03, 0.1, 0.33, 1.0].map(|part| apart(half(part, true), whole));
            assert!(parts.is_sorted() && parts[0] > 10.0 && parts[2] > 60.0, "{theme:?} {parts:?}");
            // Blue comes before red; in magma it is never so beyond its darkest end.
            let [red, _, blue] = half(1.0, true);
            assert!(blue > red + 20.0, "{theme:?} {red} {blue}");
            assert!(apart(half(1.0, false), whole) < 4.0, "{theme:?}: who is in order keeps the map's own colours");
        }
    }

    #[test]
    fn the_legend_shows_the_colours_that_are_drawn() {
        for theme in [Theme::Dark, Theme::Light] {
            for (many, ill) in [(4, 0), (4, 1), (4, 4), (40, 10), (2000, 1000)] {
                let mut map = map();
                for at in 0..many {
                    map.add(Vec2::new(40.5, 36.5), at < ill, false);
                }
                let (width, _) = map.size();
                map.color(1.0, theme, 1.0);
                let [r, g, b, _] = map.pixels()[16 * width + 30];
                let share = (ops::ln(1.0 + many as f32) / ops::ln(1.0 + DENSEST)).min(1.0);
                let told = amiss_color(theme, share, ill as f32 / many as f32).0;
                let off = [r, g, b].iter().zip(told).map(|(drawn, told)| drawn.abs_diff(told)).max();
                assert!(off <= Some(3), "{theme:?} {many} {ill}: {:?} {told:?}", [r, g, b]);
            }
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
