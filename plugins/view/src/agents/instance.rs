//! What the graphics processor needs to know of an agent: 16 bytes.

use bevy::math::Vec2;
use bytemuck::{Pod, Zeroable};

use super::glyph::Glyph;
use crate::tokens::Rgba8;

/// The longest shape that an instance can describe, in logical pixels.
pub const LONGEST_GLYPH: f32 = 64.0;

/// One shape of the instanced draw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct AgentInstance {
    /// Where, in logical pixels of the window, as the bits of two `f32`.
    place: [u32; 2],
    /// The heading in window axes, as long as the shape's length in parts of [`LONGEST_GLYPH`], in 32 767ths.
    direction: [i16; 2],
    /// sRGB; the fourth byte holds the shape (three bits) and the opacity (five bits).
    color: [u8; 4],
}

impl AgentInstance {
    /// Packs a shape. `heading` is a unit vector in window axes, `length` in logical pixels, `opacity` 0–1.
    #[inline]
    #[must_use]
    pub fn new(place: Vec2, heading: Vec2, length: f32, color: Rgba8, glyph: Glyph, opacity: f32) -> Self {
        let direction = heading * (length * (32_767.0 / LONGEST_GLYPH)).min(32_767.0);
        let [red, green, blue, _] = color.0;
        Self {
            place: [place.x.to_bits(), place.y.to_bits()],
            direction: [direction.x as i16, direction.y as i16],
            color: [red, green, blue, glyph as u8 | ((opacity * 31.0 + 0.5) as u8) << 3],
        }
    }

    /// The bytes as the pipeline reads them.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> [u8; 16] {
        bytemuck::cast(*self)
    }

    /// Where, in logical pixels.
    #[must_use]
    pub fn place(&self) -> Vec2 {
        Vec2::new(f32::from_bits(self.place[0]), f32::from_bits(self.place[1]))
    }

    /// The length in logical pixels.
    #[must_use]
    pub fn length(&self) -> f32 {
        let [x, y] = self.direction.map(f32::from);
        Vec2::new(x, y).length() / 32_767.0 * LONGEST_GLYPH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_keeps_place_length_heading_and_shape() {
        let heading = Vec2::new(0.6, -0.8);
        let packed = AgentInstance::new(Vec2::new(12.25, 700.5), heading, 7.0, Rgba8::hex(0x12_3456), Glyph::Bars, 0.5);
        assert_eq!(packed.place(), Vec2::new(12.25, 700.5));
        assert!((packed.length() - 7.0).abs() < 0.01);
        let [x, y] = packed.direction.map(f32::from);
        assert!(Vec2::new(x, y).normalize().abs_diff_eq(heading, 1e-3));
        assert_eq!(packed.color, [0x12, 0x34, 0x56, 3 | 16 << 3]);
        assert_eq!(packed.bytes().len(), 16);
        assert!(
            (AgentInstance::new(Vec2::ZERO, heading, 900.0, Rgba8::default(), Glyph::Dart, 1.0).length()
                - LONGEST_GLYPH)
                .abs()
                < 0.01
        );
    }
}
