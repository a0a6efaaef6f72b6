//! Which part of the window shows the world, and who may use the pointer and the keyboard.

use bevy::prelude::*;

/// The part of the window that panels leave free. The camera centres and fits the world in it.
#[derive(Resource, Clone, Copy, Debug, PartialEq)]
pub struct Viewport {
    /// What panels leave free, in logical pixels from the window's upper left corner, y down. Whoever lays out panels
    /// writes it every frame; `None` means the whole window.
    pub free: Option<Rect>,
    /// The window's size in logical pixels, kept by the view.
    pub window: Vec2,
    /// Physical pixels per logical pixel, kept by the view.
    pub scale_factor: f32,
}

impl Default for Viewport {
    fn default() -> Self {
        Self { free: None, window: Vec2::new(1280.0, 720.0), scale_factor: 1.0 }
    }
}

impl Viewport {
    /// A viewport of its own, without panels, of a size in logical pixels.
    #[must_use]
    pub fn of_size(window: Vec2) -> Self {
        Self { window, ..Self::default() }
    }

    /// The free rectangle in logical pixels: within the window, at least one pixel wide and high.
    #[must_use]
    pub fn rect(&self) -> Rect {
        let window = Rect::from_corners(Vec2::ZERO, self.window.max(Vec2::ONE));
        match self.free {
            Some(free) if free.min.is_finite() && free.max.is_finite() => {
                let min = free.min.clamp(Vec2::ZERO, window.max - Vec2::ONE);
                Rect { min, max: free.max.clamp(min + Vec2::ONE, window.max) }
            }
            _ => window,
        }
    }

    /// Whether a point of the window (logical pixels) lies in the free rectangle.
    #[must_use]
    pub fn contains(&self, point: Vec2) -> bool {
        self.rect().contains(point)
    }
}

/// What the interface wants for itself: the view ignores it then. Whoever draws the interface writes it every frame.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InputGate {
    /// The pointer is over a panel or drags one.
    pub pointer: bool,
    /// A text field has the keyboard.
    pub keyboard: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_free_rectangle_stays_in_the_window_and_never_vanishes() {
        let mut viewport = Viewport::of_size(Vec2::new(800.0, 600.0));
        assert_eq!(viewport.rect().size(), Vec2::new(800.0, 600.0));
        viewport.free = Some(Rect::new(260.0, 40.0, 500.0, 900.0));
        assert_eq!(viewport.rect(), Rect::new(260.0, 40.0, 500.0, 600.0));
        viewport.free = Some(Rect { min: Vec2::splat(900.0), max: Vec2::splat(-5.0) });
        assert!(viewport.rect().size().min_element() >= 1.0);
        viewport.free = Some(Rect { min: Vec2::NAN, max: Vec2::NAN });
        assert_eq!(viewport.rect().size(), Vec2::new(800.0, 600.0));
    }
}
