//! How large agents are drawn, so that they stay legible at every zoom.

use agent2028_core::space::WorldBounds;
use bevy::math::ops;

use crate::settings::SizeBy;
use crate::tokens::marks;

/// How agents of a frame are drawn, all alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AgentSize {
    /// Length of a dart in logical pixels.
    pub length: f32,
    /// How opaque single agents are, 0–1: below 1 they are passing into the density map.
    pub singles: f32,
    /// How opaque the density map is, 0–1.
    pub density: f32,
}

/// Where agents are further apart than this (logical pixels), there is room for darts beyond the comfortable size.
const LONELY: f32 = 110.0;

/// Length of a dart in logical pixels where `spacing` is the mean distance between agents (the square root of the area per
/// agent), in logical pixels: three quarters of it up to 10 px, which a hundred agents or more in a window never exceed;
/// with a handful of agents, or far zoomed in, ever slower up to 24 px.
#[must_use]
pub fn dart_length(spacing: f32) -> f32 {
    let (_, comfortable) = marks::DART;
    let spacing = spacing.max(0.0);
    if spacing <= LONELY {
        return (0.75 * spacing).min(comfortable);
    }
    // Eight times that spacing is where the longest dart is reached.
    let beyond = (ops::ln(spacing / LONELY) / ops::ln(8.0)).min(1.0);
    comfortable + (marks::LARGEST_DART - comfortable) * beyond * beyond * (3.0 - 2.0 * beyond)
}

impl AgentSize {
    /// For this many agents in a world seen at `pixels_per_unit`.
    #[must_use]
    pub fn new(bounds: &WorldBounds, agents: usize, pixels_per_unit: f32) -> Self {
        let area = f64::from(bounds.size.x) * f64::from(bounds.size.y);
        let spacing = (area / agents.max(1) as f64).sqrt() as f32 * pixels_per_unit;
        let length = dart_length(spacing);
        let (map, singles) = marks::DENSITY_BELOW;
        let singles = ((length - map) / (singles - map)).clamp(0.0, 1.0);
        Self { length, singles, density: 1.0 - singles }
    }

    /// Whether single agents show where they head.
    #[must_use]
    pub fn shows_heading(&self) -> bool {
        self.length >= marks::POINT_BELOW
    }

    /// How far a pointer may be from an agent to pick it, in logical pixels.
    #[must_use]
    pub fn pick_reach(&self) -> f32 {
        marks::PICK_REACH.max(self.length * 0.75)
    }
}

impl SizeBy {
    /// The factor by which an agent is larger or smaller. `share` is where its speed or quantity lies on its scale, both 0–1.
    #[inline]
    #[must_use]
    pub fn factor(&self, share: f32, health: f32) -> f32 {
        match self {
            Self::Uniform => 1.0,
            Self::Speed | Self::Quantity(_) => 0.6 + 0.8 * share,
            Self::Health => 0.6 + 0.4 * health,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::space::Edge;
    use bevy::math::Vec2;

    #[test]
    fn length_grows_with_zoom_without_jumps_and_stays_in_its_range() {
        let mut last = 0.0;
        for step in 0..4000 {
            let length = dart_length(step as f32 * 0.25);
            assert!(length >= last && length - last < 0.3, "{step}: {last} {length}");
            last = length;
        }
        assert_eq!(last, marks::LARGEST_DART);
        assert_eq!(dart_length(f32::NAN), 0.0);
    }

    #[test]
    fn crowds_pass_from_darts_over_points_into_a_density_map() {
        let bounds = WorldBounds { size: Vec2::splat(1000.0), edge: Edge::Wrap };
        let size = |agents| AgentSize::new(&bounds, agents, 0.68);
        assert_eq!(size(100).length, marks::DART.1);
        assert!((marks::DART.1..=16.0).contains(&size(10).length), "{:?}", size(10));
        assert!((marks::DART.0..=marks::DART.1).contains(&size(5_000).length), "{:?}", size(5_000));
        assert!(!size(50_000).shows_heading() && size(50_000).singles == 1.0, "{:?}", size(50_000));
        // A window of 1280 × 720 with its panels leaves less than this to a square world.
        for crowd in [200_000, 1_000_000] {
            assert_eq!((size(crowd).singles, size(crowd).density), (0.0, 1.0), "{crowd}");
        }
        let between = size(80_000);
        assert!(between.singles > 0.0 && between.density > 0.0, "{between:?}");
    }
}
