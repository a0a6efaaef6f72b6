//! Hulls around flocks, and the veil over what an agent doesn't perceive.

use agent2028_core::space::WorldBounds;
use bevy::prelude::*;

use super::FrameInput;
use crate::hulls::Hull;
use crate::layer_facts::HULLS;
use crate::paint::{Painter, Projection};
use crate::tokens::{Rgba8, Theme, marks, spacing};

/// Soft hulls: a faint area with a thin rim, in the colour of the flock's group. On a torus each is drawn on every side of
/// the world that it reaches.
pub(super) fn paint_hulls(painter: &mut Painter, input: &FrameInput) {
    if !input.settings.layers.shows(&HULLS) {
        return;
    }
    let (bounds, tokens) = (input.bounds(), input.settings.tokens());
    let area = match input.settings.theme {
        Theme::Dark => marks::HULL_AREA.0,
        Theme::Light => marks::HULL_AREA.1,
    };
    for hull in input.hulls.list() {
        let color = hull.group.map_or(tokens.secondary, |group| tokens.category(usize::from(group.0)));
        for shift in copies(hull, &bounds) {
            paint_hull(painter, &input.projection, hull, shift, [color.alpha(area), color.alpha(marks::HULL_LINE)]);
        }
    }
}

/// By how much a hull has to be moved to lie in the world, once per side of a torus that it reaches.
fn copies(hull: &Hull, bounds: &WorldBounds) -> impl Iterator<Item = Vec2> {
    let world = Rect::from_corners(bounds.min(), bounds.max());
    let (size, extent) = (bounds.size, hull.extent);
    let around: &[f32] = if bounds.wraps() { &[0.0, -1.0, 1.0] } else { &[0.0] };
    around
        .iter()
        .flat_map(move |y| around.iter().map(move |x| size * Vec2::new(*x, *y)))
        .filter(move |shift| *shift == Vec2::ZERO || !extent_at(extent, *shift).intersect(world).is_empty())
}

fn extent_at(extent: Rect, shift: Vec2) -> Rect {
    Rect { min: extent.min + shift, max: extent.max + shift }
}

fn paint_hull(painter: &mut Painter, projection: &Projection, hull: &Hull, shift: Vec2, [area, line]: [Rgba8; 2]) {
    let extent = extent_at(hull.extent, shift);
    let seen = Rect::from_corners(projection.pixel(extent.min), projection.pixel(extent.max));
    if seen.intersect(projection.rect).is_empty() {
        return;
    }
    let corners: Vec<Vec2> = hull.outline.iter().map(|corner| projection.pixel(*corner + shift)).collect();
    painter.mesh(&corners, &hull.triangles, area);
    painter.outline(&corners, marks::HULL_RIM, line);
}

/// Dims the ground where an agent perceives nothing: all but the area around it that its senses reach.
pub(super) fn paint_veil(painter: &mut Painter, input: &FrameInput) {
    let Some(seen) = input.seen else { return };
    let veil = input.settings.tokens().world.alpha(1.0 - marks::VEILED);
    let (projection, rect) = (&input.projection, input.projection.rect);
    let eye = projection.pixel(seen.at);
    let Some(border) = border(input) else {
        painter.rect(rect, veil);
        return;
    };
    // From the border outwards along its spokes, far enough that the last corner of the window is covered.
    let far = 4.0 * (rect.size().length() + eye.distance(rect.center()));
    let outside = |corner: Vec2| eye + (corner - eye).normalize_or_zero() * far;
    painter.ring(&border, outside, veil);
}

/// The border of what the agent perceives.
pub(super) fn paint_border(painter: &mut Painter, input: &FrameInput) {
    if input.seen.is_some()
        && let Some(border) = border(input)
    {
        painter.outline(&border, spacing::HAIRLINE, input.settings.tokens().accent.alpha(0.8));
    }
}

fn border(input: &FrameInput) -> Option<Vec<Vec2>> {
    let least = marks::DART.1 / input.projection.pixels_per_unit;
    let border = input.seen?.border(least)?;
    Some(border.into_iter().map(|corner| input.projection.pixel(corner)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::space::Edge;

    #[test]
    fn around_the_torus_a_hull_is_drawn_on_every_side_that_it_reaches() {
        let copies_at = |min: Vec2, max: Vec2, edge: Edge| {
            let hull = Hull {
                outline: Vec::new(),
                triangles: Vec::new(),
                extent: Rect::from_corners(min, max),
                agents: 9,
                center: Vec2::ZERO,
                group: None,
            };
            copies(&hull, &WorldBounds { size: Vec2::splat(100.0), edge }).collect::<Vec<_>>()
        };
        assert_eq!(copies_at(Vec2::splat(-9.0), Vec2::splat(9.0), Edge::Wrap), [Vec2::ZERO]);
        assert_eq!(copies_at(Vec2::splat(40.0), Vec2::new(58.0, 45.0), Edge::Wrap).len(), 2);
        assert_eq!(copies_at(Vec2::splat(40.0), Vec2::splat(58.0), Edge::Wrap).len(), 4);
        assert_eq!(copies_at(Vec2::splat(40.0), Vec2::splat(58.0), Edge::Open).len(), 1);
    }
}
