//! The camera over the world: pure arithmetic between world units and logical pixels, and smooth motion.

use agent2028_core::{agent::AgentId, space::WorldBounds};
use bevy::math::ops;
use bevy::prelude::*;

use crate::tokens::{layout, motion};
use crate::viewport::Viewport;

/// Where the camera is and where it is going. World y points up, window y down.
///
/// Commands set the target; the camera glides there ([`WorldCamera::advance`]) or jumps with reduced motion.
#[derive(Resource, Clone, Debug, PartialEq)]
pub struct WorldCamera {
    /// The point of the world at the viewport's centre.
    pub center: Vec2,
    /// World units per logical pixel (above 0): small is near.
    pub units_per_pixel: f32,
    /// Where `center` is going.
    pub target_center: Vec2,
    /// Where `units_per_pixel` is going.
    pub target_units_per_pixel: f32,
    /// The agent that the camera keeps in the middle.
    pub follow: Option<AgentId>,
    /// Whether the whole world is to be kept in view as panels and windows change; any pan, zoom or follow ends it.
    pub fitted: bool,
    nearest: f32,
    farthest: f32,
}

impl Default for WorldCamera {
    fn default() -> Self {
        Self {
            center: Vec2::ZERO,
            units_per_pixel: 1.0,
            target_center: Vec2::ZERO,
            target_units_per_pixel: 1.0,
            follow: None,
            fitted: true,
            nearest: 1e-4,
            farthest: 1e6,
        }
    }
}

/// How far out beyond the fitted world the camera goes.
const FARTHEST_FITS: f32 = 8.0;

/// How near the camera goes, as a part of the world's longer side per pixel: beyond it single precision shows.
const NEAREST_PART: f32 = 1.0 / 4_194_304.0;

impl WorldCamera {
    /// The point of the world under a point of the window (logical pixels).
    #[must_use]
    pub fn window_to_world(&self, viewport: &Viewport, point: Vec2) -> Vec2 {
        let offset = point - viewport.rect().center();
        self.center + Vec2::new(offset.x, -offset.y) * self.units_per_pixel
    }

    /// The point of the window (logical pixels) over a point of the world.
    #[must_use]
    pub fn world_to_window(&self, viewport: &Viewport, point: Vec2) -> Vec2 {
        let offset = (point - self.center) / self.units_per_pixel;
        viewport.rect().center() + Vec2::new(offset.x, -offset.y)
    }

    /// The part of the world that the viewport shows.
    #[must_use]
    pub fn visible(&self, viewport: &Viewport) -> Rect {
        Rect::from_center_size(self.center, viewport.rect().size() * self.units_per_pixel)
    }

    /// Sends the camera to where the whole world is in view.
    pub fn fit(&mut self, bounds: &WorldBounds, viewport: &Viewport) {
        self.limit(bounds, viewport);
        self.fit_rect(Rect::from_corners(bounds.min(), bounds.max()), viewport);
        self.fitted = true;
    }

    /// Sends the camera to where a rectangle of the world is in view.
    pub fn fit_rect(&mut self, area: Rect, viewport: &Viewport) {
        self.target_center = area.center();
        self.set_target_zoom(fitting(area.size(), viewport));
        self.follow = None;
        self.fitted = false;
    }

    /// Zooms by `factor` (above 1: nearer) and keeps the world's point under `point` (logical pixels) where it is.
    /// While an agent is followed, the viewport's centre stays instead.
    pub fn zoom_at(&mut self, viewport: &Viewport, point: Vec2, factor: f32) {
        if !(factor.is_finite() && factor > 0.0) {
            return;
        }
        let before = self.target_units_per_pixel;
        self.set_target_zoom(before / factor);
        if self.follow.is_none() {
            let offset = point - viewport.rect().center();
            // Both ends of the glide put the same point under the pointer, and so does everything in between, as centre
            // and scale move along straight lines together.
            self.target_center += Vec2::new(offset.x, -offset.y) * (before - self.target_units_per_pixel);
        }
        self.fitted = false;
    }

    /// Moves with the pointer by a drag in logical pixels, at once.
    pub fn pan(&mut self, drag: Vec2) {
        let step = Vec2::new(-drag.x, drag.y) * self.units_per_pixel;
        self.center += step;
        self.target_center += step;
        self.follow = None;
        self.fitted = false;
    }

    /// Sends the camera by a distance in logical pixels (window axes).
    pub fn glide(&mut self, distance: Vec2) {
        self.target_center += Vec2::new(distance.x, -distance.y) * self.target_units_per_pixel;
        self.follow = None;
        self.fitted = false;
    }

    /// Sends the camera to a point of the world.
    pub fn look_at(&mut self, point: Vec2) {
        if point.is_finite() {
            self.target_center = point;
            self.follow = None;
            self.fitted = false;
        }
    }

    /// Keeps an agent in the middle from now on, or stops doing so.
    pub fn follow(&mut self, agent: Option<AgentId>) {
        self.follow = agent;
        self.fitted &= agent.is_none();
    }

    /// Ends all gliding where it was going.
    pub fn jump(&mut self) {
        self.center = self.target_center;
        self.units_per_pixel = self.target_units_per_pixel;
    }

    /// Glides for `seconds` of real time: nine tenths of the way in the camera's duration, ever slower.
    pub fn advance(&mut self, seconds: f32, reduced_motion: bool) {
        const DECADE: f32 = std::f32::consts::LN_10;
        let share = if reduced_motion { 1.0 } else { 1.0 - ops::exp(-seconds.max(0.0) * DECADE / motion::CAMERA) };
        let (center, scale) = (
            self.center + (self.target_center - self.center) * share,
            self.units_per_pixel + (self.target_units_per_pixel - self.units_per_pixel) * share,
        );
        // The last hundredth of a pixel would go on for ever.
        let rest = (center - self.target_center).abs().max_element() / scale;
        let arrived = rest < 0.01 && (scale / self.target_units_per_pixel - 1.0).abs() < 1e-5;
        if arrived || !center.is_finite() || !scale.is_finite() {
            self.jump();
        } else {
            (self.center, self.units_per_pixel) = (center, scale);
        }
    }

    /// Whether the camera stands still.
    #[must_use]
    pub fn is_still(&self) -> bool {
        self.center == self.target_center && self.units_per_pixel == self.target_units_per_pixel
    }

    /// Sets how near and how far the camera may go in a world of this size.
    pub fn limit(&mut self, bounds: &WorldBounds, viewport: &Viewport) {
        self.nearest = (bounds.size.max_element() * NEAREST_PART).max(f32::MIN_POSITIVE);
        self.farthest = (fitting(bounds.size, viewport) * FARTHEST_FITS).max(self.nearest);
    }

    fn set_target_zoom(&mut self, units_per_pixel: f32) {
        if units_per_pixel.is_finite() {
            self.target_units_per_pixel = units_per_pixel.clamp(self.nearest, self.farthest);
        }
    }
}

/// World units per pixel at which an area fits into the viewport with a margin around it.
fn fitting(size: Vec2, viewport: &Viewport) -> f32 {
    let free = viewport.rect().size();
    let margin = layout::FIT_MARGIN.min(free.min_element() * 0.1);
    (size / (free - 2.0 * margin)).max_element().max(f32::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::space::Edge;

    fn viewport() -> Viewport {
        Viewport {
            free: Some(Rect::new(260.0, 40.0, 960.0, 540.0)),
            window: Vec2::new(1280.0, 720.0),
            scale_factor: 2.0,
        }
    }

    fn camera() -> WorldCamera {
        let mut camera = WorldCamera { target_center: Vec2::new(120.0, -40.0), ..default() };
        camera.target_units_per_pixel = 0.37;
        camera.jump();
        camera
    }

    fn bounds(size: Vec2) -> WorldBounds {
        WorldBounds { size, edge: Edge::Wrap }
    }

    #[test]
    fn window_and_world_convert_back_and_forth() {
        let (camera, viewport) = (camera(), viewport());
        for point in [Vec2::new(260.0, 40.0), Vec2::new(700.0, 500.0), Vec2::new(0.0, 720.0)] {
            let there = camera.window_to_world(&viewport, point);
            assert!(camera.world_to_window(&viewport, there).abs_diff_eq(point, 1e-2));
        }
        assert_eq!(camera.window_to_world(&viewport, Vec2::new(610.0, 290.0)), camera.center);
        let above = camera.window_to_world(&viewport, Vec2::new(610.0, 100.0));
        assert!(above.y > camera.center.y, "world y points up");
    }

    #[test]
    fn zooming_keeps_the_point_under_the_pointer_all_the_way() {
        let (mut camera, viewport) = (camera(), viewport());
        camera.limit(&bounds(Vec2::splat(1000.0)), &viewport);
        let pointer = Vec2::new(300.0, 420.0);
        let point = camera.window_to_world(&viewport, pointer);
        for factor in [1.7, 3.0, 0.2, 1.1] {
            camera.zoom_at(&viewport, pointer, factor);
            for _ in 0..40 {
                camera.advance(0.01, false);
                assert!(camera.world_to_window(&viewport, point).abs_diff_eq(pointer, 0.05));
            }
        }
        for _ in 0..60 {
            camera.advance(0.01, false);
        }
        assert!(camera.is_still());
        camera.zoom_at(&viewport, pointer, f32::NAN);
        assert!(camera.is_still());
    }

    #[test]
    fn fitting_shows_the_whole_world_and_little_more() {
        let viewport = viewport();
        for size in [Vec2::new(1000.0, 10.0), Vec2::new(3.0, 900.0), Vec2::splat(1e7), Vec2::splat(1e-3)] {
            let mut camera = camera();
            camera.fit(&bounds(size), &viewport);
            camera.jump();
            let seen = camera.visible(&viewport).size();
            assert!(seen.cmpge(size).all(), "{size}");
            assert!((seen / size).min_element() < 1.2, "{size}");
            assert!(camera.fitted);
        }
    }

    #[test]
    fn panning_moves_the_world_with_the_pointer() {
        let (mut camera, viewport) = (camera(), viewport());
        let point = camera.window_to_world(&viewport, Vec2::new(400.0, 300.0));
        camera.pan(Vec2::new(35.0, -20.0));
        assert!(camera.world_to_window(&viewport, point).abs_diff_eq(Vec2::new(435.0, 280.0), 1e-2));
        assert!(camera.is_still() && !camera.fitted);
    }

    #[test]
    fn zoom_has_ends_and_reduced_motion_jumps() {
        let (mut camera, viewport) = (camera(), viewport());
        camera.fit(&bounds(Vec2::splat(100.0)), &viewport);
        let fitted = camera.target_units_per_pixel;
        for _ in 0..200 {
            camera.zoom_at(&viewport, Vec2::ZERO, 0.5);
        }
        assert!((camera.target_units_per_pixel / fitted - FARTHEST_FITS).abs() < 1e-3);
        for _ in 0..200 {
            camera.zoom_at(&viewport, Vec2::ZERO, 2.0);
        }
        assert!(camera.target_units_per_pixel > 0.0);
        camera.advance(0.0, true);
        assert!(camera.is_still());
    }

    #[test]
    fn gliding_arrives_within_a_moment() {
        let mut camera = camera();
        camera.look_at(Vec2::new(500.0, 0.0));
        camera.advance(motion::CAMERA, false);
        let left = (camera.center.x - 500.0).abs() / 380.0;
        assert!((left - 0.1).abs() < 1e-3, "{left}");
        for _ in 0..60 {
            camera.advance(1.0 / 60.0, false);
        }
        assert!(camera.is_still());
    }
}
