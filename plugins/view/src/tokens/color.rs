//! A colour in eight bits per channel, as it is stored in images and named in the design.

use bevy::color::{LinearRgba, Srgba};
use bevy::math::ops;

/// A colour in sRGB with straight (not premultiplied) alpha, eight bits each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rgba8(pub [u8; 4]);

impl Rgba8 {
    /// From red, green, blue and alpha.
    #[must_use]
    pub const fn new(red: u8, green: u8, blue: u8, alpha: u8) -> Self {
        Self([red, green, blue, alpha])
    }

    /// An opaque colour from its hexadecimal notation, such as `0x0E1116`.
    #[must_use]
    pub const fn hex(rgb: u32) -> Self {
        Self([(rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8, 255])
    }

    /// The same colour with another alpha, 0–1.
    #[must_use]
    pub fn alpha(self, alpha: f32) -> Self {
        let [r, g, b, _] = self.0;
        Self([r, g, b, (alpha.clamp(0.0, 1.0) * 255.0 + 0.5) as u8])
    }

    /// Between this colour (0) and another (1), in sRGB.
    #[must_use]
    pub fn mix(self, other: Self, share: f32) -> Self {
        let share = share.clamp(0.0, 1.0);
        let channel = |at: usize| {
            let (from, to) = (f32::from(self.0[at]), f32::from(other.0[at]));
            (from + (to - from) * share + 0.5) as u8
        };
        Self([channel(0), channel(1), channel(2), channel(3)])
    }

    /// The colour with less saturation: 0 keeps it, 1 makes it grey of the same lightness (Rec. 709 luma).
    #[must_use]
    pub fn desaturate(self, share: f32) -> Self {
        let [r, g, b, a] = self.0;
        let luma = 0.2126 * f32::from(r) + 0.7152 * f32::from(g) + 0.0722 * f32::from(b);
        let grey = (luma + 0.5) as u8;
        self.mix(Self([grey, grey, grey, a]), share)
    }

    /// As Bevy's colour.
    #[must_use]
    pub fn srgba(self) -> Srgba {
        let [r, g, b, a] = self.0;
        Srgba::rgba_u8(r, g, b, a)
    }

    /// As linear light.
    #[must_use]
    pub fn linear(self) -> LinearRgba {
        self.srgba().into()
    }

    /// Relative luminance (WCAG 2.2), 0 for black to 1 for white.
    #[must_use]
    pub fn luminance(self) -> f32 {
        let light = self.linear();
        0.2126 * light.red + 0.7152 * light.green + 0.0722 * light.blue
    }

    /// Lightness L* (CIE 1976), 0–100.
    #[must_use]
    pub fn lightness(self) -> f32 {
        let y = self.luminance();
        if y > 0.008_856 { 116.0 * ops::cbrt(y) - 16.0 } else { 903.3 * y }
    }

    /// Contrast ratio (WCAG 2.2) of two opaque colours, 1–21.
    #[must_use]
    pub fn contrast(self, other: Self) -> f32 {
        let (a, b) = (self.luminance() + 0.05, other.luminance() + 0.05);
        if a > b { a / b } else { b / a }
    }
}

impl From<Rgba8> for bevy::color::Color {
    fn from(color: Rgba8) -> Self {
        color.srgba().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn black_and_white_have_the_largest_contrast() {
        assert!((Rgba8::hex(0).contrast(Rgba8::hex(0xFF_FFFF)) - 21.0).abs() < 1e-4);
        assert!((Rgba8::hex(0x77_7777).lightness() - 50.03).abs() < 0.1);
    }

    #[test]
    fn mixing_and_fading_keep_the_ends() {
        let (a, b) = (Rgba8::hex(0x10_2030), Rgba8::hex(0xF0_E0D0));
        assert_eq!((a.mix(b, 0.0), a.mix(b, 1.0), a.mix(b, 0.5)), (a, b, Rgba8::hex(0x80_8080)));
        assert_eq!(a.alpha(0.5).0, [0x10, 0x20, 0x30, 128]);
        let grey = b.desaturate(1.0).0;
        assert!(grey[0] == grey[1] && grey[1] == grey[2]);
    }
}
