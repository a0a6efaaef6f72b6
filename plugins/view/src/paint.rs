//! Lines and areas as triangles with soft edges: a small vector layer for everything in the world that isn't an agent.
//!
//! Coordinates are logical pixels of the window, y down. Edges are smoothed by a rim one physical pixel wide that fades
//! to nothing, so that no multisampling is needed. Everything is rebuilt each frame: a few thousand triangles at most.

pub(crate) mod line;
mod polygon;

use agent2028_core::space::WorldBounds;
use bevy::math::ops;
use bevy::prelude::*;
use bytemuck::{Pod, Zeroable};

use crate::camera::WorldCamera;
use crate::tokens::Rgba8;
use crate::viewport::Viewport;

pub use polygon::triangulate;

/// A corner of a triangle.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Vertex {
    /// Where, in logical pixels of the window.
    pub at: Vec2,
    /// sRGB with straight alpha.
    pub color: [u8; 4],
}

/// From world units to logical pixels: what a frame's drawing needs of camera and viewport.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Projection {
    /// The world's point at `middle`.
    pub center: Vec2,
    /// The viewport's centre in logical pixels.
    pub middle: Vec2,
    /// Logical pixels per world unit.
    pub pixels_per_unit: f32,
    /// The viewport in logical pixels.
    pub rect: Rect,
    /// The window's size in logical pixels.
    pub window: Vec2,
    /// Physical pixels per logical pixel.
    pub scale_factor: f32,
}

impl Projection {
    /// Of a camera and a viewport.
    #[must_use]
    pub fn new(camera: &WorldCamera, viewport: &Viewport) -> Self {
        let rect = viewport.rect();
        Self {
            center: camera.center,
            middle: rect.center(),
            pixels_per_unit: 1.0 / camera.units_per_pixel,
            rect,
            window: viewport.window.max(Vec2::ONE),
            scale_factor: viewport.scale_factor.max(0.1),
        }
    }

    /// The pixel over a point of the world.
    #[inline]
    #[must_use]
    pub fn pixel(&self, point: Vec2) -> Vec2 {
        let offset = (point - self.center) * self.pixels_per_unit;
        Vec2::new(self.middle.x + offset.x, self.middle.y - offset.y)
    }

    /// The point of the world under a pixel.
    #[must_use]
    pub fn point(&self, pixel: Vec2) -> Vec2 {
        let offset = (pixel - self.middle) / self.pixels_per_unit;
        self.center + Vec2::new(offset.x, -offset.y)
    }

    /// A length in pixels.
    #[must_use]
    pub fn length(&self, units: f32) -> f32 {
        units * self.pixels_per_unit
    }

    /// The pixels that the world covers.
    #[must_use]
    pub fn world(&self, bounds: &WorldBounds) -> Rect {
        Rect::from_corners(self.pixel(bounds.min()), self.pixel(bounds.max()))
    }

    /// Whether a disc of this radius in pixels around a pixel touches the viewport.
    #[inline]
    #[must_use]
    pub fn sees(&self, pixel: Vec2, radius: f32) -> bool {
        pixel.x >= self.rect.min.x - radius
            && pixel.x <= self.rect.max.x + radius
            && pixel.y >= self.rect.min.y - radius
            && pixel.y <= self.rect.max.y + radius
    }
}

/// Collects triangles.
#[derive(Clone, Debug, Default)]
pub struct Painter {
    vertices: Vec<Vertex>,
    indices: Vec<u32>,
    /// Width of the soft rim: one physical pixel, in logical ones.
    feather: f32,
}

/// Most segments of a circle.
const MOST_SEGMENTS: usize = 256;

impl Painter {
    /// Forgets everything and starts a frame at this many physical pixels per logical one.
    pub fn begin(&mut self, scale_factor: f32) {
        self.vertices.clear();
        self.indices.clear();
        self.feather = 1.0 / scale_factor.max(0.1);
    }

    /// The corners.
    #[must_use]
    pub fn vertices(&self) -> &[Vertex] {
        &self.vertices
    }

    /// The triangles: three indices each, first to last drawn.
    #[must_use]
    pub fn indices(&self) -> &[u32] {
        &self.indices
    }

    fn vertex(&mut self, at: Vec2, color: Rgba8) -> u32 {
        self.vertices.push(Vertex { at, color: color.0 });
        (self.vertices.len() - 1) as u32
    }

    /// A rectangle with hard edges, which should lie on whole pixels.
    pub fn rect(&mut self, rect: Rect, color: Rgba8) {
        let first = self.vertex(rect.min, color);
        self.vertex(Vec2::new(rect.max.x, rect.min.y), color);
        self.vertex(rect.max, color);
        self.vertex(Vec2::new(rect.min.x, rect.max.y), color);
        self.indices.extend([0, 1, 2, 0, 2, 3].map(|corner| first + corner));
    }

    /// The outline of a rectangle, inside it, with hard edges.
    pub fn frame(&mut self, rect: Rect, width: f32, color: Rgba8) {
        let (min, max) = (rect.min, rect.max);
        self.rect(Rect { min, max: Vec2::new(max.x, min.y + width) }, color);
        self.rect(Rect { min: Vec2::new(min.x, max.y - width), max }, color);
        self.rect(Rect::new(min.x, min.y + width, min.x + width, max.y - width), color);
        self.rect(Rect::new(max.x - width, min.y + width, max.x, max.y - width), color);
    }

    /// A straight line.
    pub fn line(&mut self, from: Vec2, to: Vec2, width: f32, color: Rgba8) {
        let across = (to - from).perp().normalize_or_zero();
        if across == Vec2::ZERO {
            return;
        }
        let (rail, edge) = self.rails(width, color);
        let sides = |painter: &mut Self, at: Vec2| {
            [
                painter.vertex(at - across * edge.outer, color.alpha(0.0)),
                painter.vertex(at - across * edge.inner, rail),
                painter.vertex(at + across * edge.inner, rail),
                painter.vertex(at + across * edge.outer, color.alpha(0.0)),
            ]
        };
        let (a, b) = (sides(self, from), sides(self, to));
        for strip in 0..3 {
            self.quad(a[strip], a[strip + 1], b[strip + 1], b[strip]);
        }
    }

    /// A closed line through points.
    pub fn outline(&mut self, points: &[Vec2], width: f32, color: Rgba8) {
        if points.len() < 2 {
            return;
        }
        let (rail, edge) = self.rails(width, color);
        let first = self.vertices.len() as u32;
        for at in 0..points.len() {
            let (point, miter) = (points[at], miter(points, at));
            self.vertex(point - miter * edge.outer, color.alpha(0.0));
            self.vertex(point - miter * edge.inner, rail);
            self.vertex(point + miter * edge.inner, rail);
            self.vertex(point + miter * edge.outer, color.alpha(0.0));
        }
        let count = points.len() as u32;
        for at in 0..count {
            let (a, b) = (first + 4 * at, first + 4 * ((at + 1) % count));
            for strip in 0..3 {
                self.quad(a + strip, a + strip + 1, b + strip + 1, b + strip);
            }
        }
    }

    /// The outline of a circle.
    pub fn circle(&mut self, center: Vec2, radius: f32, width: f32, color: Rgba8) {
        self.outline(&around(center, radius, segments(radius)), width, color);
    }

    /// A part of a circle from the top clockwise; `share` 0–1 of the whole.
    pub fn arc(&mut self, center: Vec2, radius: f32, share: f32, width: f32, color: Rgba8) {
        if share >= 1.0 {
            return self.circle(center, radius, width, color);
        }
        let steps = ((segments(radius) as f32 * share.max(0.0)).ceil() as usize).max(1);
        let at = |step: usize| {
            let angle = std::f32::consts::TAU * share.max(0.0) * step as f32 / steps as f32;
            center + Vec2::new(ops::sin(angle), -ops::cos(angle)) * radius
        };
        for step in 0..steps {
            self.line(at(step), at(step + 1), width, color);
        }
    }

    /// The outline of a circle in dashes of about this length and gap.
    pub fn dashed_circle(&mut self, center: Vec2, radius: f32, width: f32, dash: (f32, f32), color: Rgba8) {
        let length = std::f32::consts::TAU * radius;
        let dashes = ((length / (dash.0 + dash.1)).round() as usize).clamp(6, MOST_SEGMENTS);
        let on = dash.0 / (dash.0 + dash.1);
        let at = |turn: f32| {
            let angle = std::f32::consts::TAU * turn;
            center + Vec2::new(ops::cos(angle), ops::sin(angle)) * radius
        };
        for index in 0..dashes {
            let start = index as f32 / dashes as f32;
            let end = (index as f32 + on) / dashes as f32;
            let middle = (start + end) * 0.5;
            self.line(at(start), at(middle), width, color);
            self.line(at(middle), at(end), width, color);
        }
    }

    /// A filled circle.
    pub fn disc(&mut self, center: Vec2, radius: f32, color: Rgba8) {
        self.area(&around(center, radius, segments(radius)), color);
    }

    /// A filled polygon whose corners go around it once, in either direction; it need not be convex.
    pub fn area(&mut self, points: &[Vec2], color: Rgba8) {
        let Some(triangles) = triangulate(points) else {
            return;
        };
        let turn = polygon::signed_area(points).signum();
        let first = self.vertices.len() as u32;
        let half = self.feather * 0.5;
        for at in 0..points.len() {
            let outward = miter(points, at) * -turn;
            self.vertex(points[at] - outward * half, color);
            self.vertex(points[at] + outward * half, color.alpha(0.0));
        }
        self.indices.extend(triangles.into_iter().map(|corner| first + 2 * corner));
        let count = points.len() as u32;
        for at in 0..count {
            let (a, b) = (first + 2 * at, first + 2 * ((at + 1) % count));
            self.quad(a, a + 1, b + 1, b);
        }
    }

    /// Triangles of these corners, three indices each, with hard edges.
    pub fn mesh(&mut self, corners: &[Vec2], triangles: &[u32], color: Rgba8) {
        let first = self.vertices.len() as u32;
        for corner in corners {
            self.vertex(*corner, color);
        }
        let known = triangles.iter().filter(|corner| (**corner as usize) < corners.len());
        let whole = known.clone().count() == triangles.len();
        if whole {
            self.indices.extend(known.map(|corner| first + corner));
        }
    }

    /// The area between a closed line and another one, whose corners are `outside`.
    pub fn ring(&mut self, inside: &[Vec2], outside: impl Fn(Vec2) -> Vec2, color: Rgba8) {
        let first = self.vertices.len() as u32;
        for corner in inside {
            self.vertex(*corner, color);
            self.vertex(outside(*corner), color);
        }
        let count = inside.len() as u32;
        for at in 0..count {
            let (a, b) = (first + 2 * at, first + 2 * ((at + 1) % count));
            self.quad(a, a + 1, b + 1, b);
        }
    }

    /// A thin line through points whose alpha fades from nothing at the first to `color` at the last.
    pub fn fading_line(
        &mut self,
        points: impl IntoIterator<Item = Option<Vec2>>,
        count: usize,
        width: f32,
        color: Rgba8,
    ) {
        let reach = width * 0.5 + self.feather * 0.5;
        let mut last: Option<(Vec2, Rgba8)> = None;
        for (at, point) in points.into_iter().enumerate() {
            let Some(point) = point else {
                last = None;
                continue;
            };
            let share = (at + 1) as f32 / count.max(1) as f32;
            let tint = color.alpha(f32::from(color.0[3]) / 255.0 * share);
            if let Some((from, dim)) = last {
                let across = (point - from).perp().normalize_or_zero() * reach;
                if across != Vec2::ZERO {
                    let a = [
                        self.vertex(from - across, color.alpha(0.0)),
                        self.vertex(from, dim),
                        self.vertex(from + across, color.alpha(0.0)),
                    ];
                    let b = [
                        self.vertex(point - across, color.alpha(0.0)),
                        self.vertex(point, tint),
                        self.vertex(point + across, color.alpha(0.0)),
                    ];
                    self.quad(a[0], a[1], b[1], b[0]);
                    self.quad(a[1], a[2], b[2], b[1]);
                }
            }
            last = Some((point, tint));
        }
    }

    fn quad(&mut self, a: u32, b: u32, c: u32, d: u32) {
        self.indices.extend([a, b, c, a, c, d]);
    }

    /// How far the opaque and the clear edge of a line of this width lie from its middle. Lines thinner than a physical
    /// pixel stay a pixel wide and fade instead.
    fn rails(&self, width: f32, color: Rgba8) -> (Rgba8, Edges) {
        let (wide, fade) = if width < self.feather { (self.feather, width / self.feather) } else { (width, 1.0) };
        let rail = color.alpha(f32::from(color.0[3]) / 255.0 * fade);
        (rail, Edges { inner: ((wide - self.feather) * 0.5).max(0.0), outer: (wide + self.feather) * 0.5 })
    }
}

struct Edges {
    inner: f32,
    outer: f32,
}

/// So many segments that a circle is never more than a tenth of a pixel off.
fn segments(radius: f32) -> usize {
    // The sagitta of a segment is r (1 − cos(π/n)) ≈ r π² / 2n².
    let count = std::f32::consts::PI * (radius.max(0.0) / 0.2).sqrt();
    (count.ceil() as usize).clamp(12, MOST_SEGMENTS)
}

fn around(center: Vec2, radius: f32, count: usize) -> Vec<Vec2> {
    (0..count)
        .map(|at| {
            let angle = std::f32::consts::TAU * at as f32 / count as f32;
            center + Vec2::new(ops::cos(angle), ops::sin(angle)) * radius
        })
        .collect()
}

/// The direction in which a corner of a closed line moves when the line gets wider by one on that side; at most 2 long,
/// so that sharp corners don't shoot out.
fn miter(points: &[Vec2], at: usize) -> Vec2 {
    let count = points.len();
    let (before, here, after) = (points[(at + count - 1) % count], points[at], points[(at + 1) % count]);
    let one = (here - before).perp().normalize_or_zero();
    let two = (after - here).perp().normalize_or_zero();
    let sum = one + two;
    let square = sum.length_squared();
    if square < 1e-6 { one } else { sum * (2.0 / square).min(2.0 / square.sqrt()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painter() -> Painter {
        let mut painter = Painter::default();
        painter.begin(2.0);
        painter
    }

    fn area_of(painter: &Painter) -> f32 {
        painter
            .indices()
            .chunks_exact(3)
            .map(|corners| {
                let [a, b, c] = [corners[0], corners[1], corners[2]].map(|corner| painter.vertices()[corner as usize]);
                let solid = [a, b, c].iter().map(|vertex| f32::from(vertex.color[3])).sum::<f32>() / 3.0 / 255.0;
                ((b.at - a.at).perp_dot(c.at - a.at) * 0.5).abs() * solid
            })
            .sum()
    }

    const INK: Rgba8 = Rgba8::hex(0xFF_FFFF);

    #[test]
    fn shapes_cover_what_they_should() {
        let mut shapes = painter();
        shapes.disc(Vec2::splat(50.0), 20.0, INK);
        assert!((area_of(&shapes) / (std::f32::consts::PI * 400.0) - 1.0).abs() < 0.02);
        let mut shapes = painter();
        shapes.line(Vec2::ZERO, Vec2::new(100.0, 0.0), 3.0, INK);
        assert!((area_of(&shapes) - 300.0).abs() < 1.0);
        let mut shapes = painter();
        shapes.line(Vec2::ZERO, Vec2::new(100.0, 0.0), 0.1, INK);
        assert!((area_of(&shapes) - 10.0).abs() < 1.0, "thin lines fade instead of vanishing: {}", area_of(&shapes));
        let mut shapes = painter();
        shapes.circle(Vec2::ZERO, 30.0, 2.0, INK);
        assert!((area_of(&shapes) / (std::f32::consts::TAU * 30.0 * 2.0) - 1.0).abs() < 0.02);
        let mut shapes = painter();
        shapes.arc(Vec2::ZERO, 30.0, 0.25, 2.0, INK);
        assert!((area_of(&shapes) / (std::f32::consts::TAU * 30.0 * 2.0) - 0.25).abs() < 0.02);
        let mut shapes = painter();
        let square = [Vec2::ZERO, Vec2::new(10.0, 0.0), Vec2::splat(10.0), Vec2::new(0.0, 10.0)];
        shapes.mesh(&square, &[0, 1, 2, 0, 2, 3], INK);
        shapes.mesh(&square, &[0, 1, 9], INK);
        assert_eq!(area_of(&shapes), 100.0, "a corner that isn't there leaves the mesh out");
        let mut shapes = painter();
        shapes.ring(&square, |corner| (corner - 5.0) * 3.0, INK);
        assert_eq!(area_of(&shapes), 800.0);
        let mut shapes = painter();
        shapes.frame(Rect::new(0.0, 0.0, 10.0, 20.0), 1.0, INK);
        assert!((area_of(&shapes) - 56.0).abs() < 1e-3);
        let mut shapes = painter();
        shapes.area(&[Vec2::ZERO, Vec2::new(40.0, 0.0), Vec2::new(40.0, 40.0), Vec2::new(20.0, 10.0)], INK);
        assert!((area_of(&shapes) - 600.0).abs() < 6.0, "{}", area_of(&shapes));
    }

    #[test]
    fn a_fading_line_starts_clear_and_breaks_where_a_point_is_missing() {
        let mut whole = painter();
        whole.fading_line((0..4).map(|at| Some(Vec2::new(at as f32, 0.0))), 4, 1.0, INK);
        let mut broken = painter();
        broken.fading_line((0..4).map(|at| (at != 1).then_some(Vec2::new(at as f32, 0.0))), 4, 1.0, INK);
        assert_eq!((whole.indices().len(), broken.indices().len()), (36, 12));
        assert_eq!(whole.vertices()[whole.vertices().len() - 2].color[3], 255);
    }

    #[test]
    fn the_projection_agrees_with_the_camera() {
        let viewport = Viewport { free: Some(Rect::new(100.0, 40.0, 900.0, 600.0)), ..default() };
        let mut camera = WorldCamera::default();
        camera.look_at(Vec2::new(30.0, 7.0));
        camera.target_units_per_pixel = 0.25;
        camera.jump();
        let projection = Projection::new(&camera, &viewport);
        let point = Vec2::new(55.0, -12.0);
        assert!(projection.pixel(point).abs_diff_eq(camera.world_to_window(&viewport, point), 1e-3));
        assert!(projection.point(projection.pixel(point)).abs_diff_eq(point, 1e-3));
        assert!(projection.sees(Vec2::new(95.0, 300.0), 6.0) && !projection.sees(Vec2::new(90.0, 300.0), 6.0));
    }
}
