//! Colour scales for ordered, diverging and cyclic data.

use bevy::prelude::*;

use super::{Rgba8, Theme};

/// A scale by name, so that settings and legends can speak of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Reflect)]
#[reflect(Default)]
pub enum ColorScale {
    /// Ordered data: dark blue over green to yellow.
    #[default]
    Viridis,
    /// Density: black over purple and orange to pale yellow.
    Magma,
    /// Data with a middle: blue, grey, orange.
    Diverging,
    /// Directions: a circle of hues of equal lightness.
    Cyclic,
    /// Health: the diverging scale turned around, so that 0 is orange and 1 blue.
    Health,
}

impl ColorScale {
    /// The colour at `at`, 0–1 (clamped; what isn't a number counts as 0).
    #[must_use]
    pub fn at(self, at: f32) -> Rgba8 {
        match self {
            Self::Viridis => viridis(at),
            Self::Magma => magma(at),
            Self::Diverging => diverging(at),
            Self::Cyclic => cyclic(at),
            Self::Health => diverging(1.0 - at),
        }
    }

    /// The colour at `at` for marks on the world's ground: the end of *viridis* that would vanish into it is left out.
    #[must_use]
    pub fn on(self, theme: Theme, at: f32) -> Rgba8 {
        let at = if at > 0.0 { at.min(1.0) } else { 0.0 };
        match (self, theme) {
            (Self::Viridis, Theme::Dark) => viridis(0.2 + 0.8 * at),
            (Self::Viridis, Theme::Light) => viridis(0.82 * at),
            (Self::Magma | Self::Diverging | Self::Cyclic | Self::Health, Theme::Dark) => self.at(at),
            // On white, dense is dark.
            (Self::Magma, Theme::Light) => magma(1.0 - at),
            (Self::Diverging | Self::Cyclic | Self::Health, Theme::Light) => {
                self.at(at).mix(Rgba8::hex(0x00_0000), 0.3)
            }
        }
    }

    /// The scale as a table of 256 colours.
    #[must_use]
    pub fn table(self) -> [Rgba8; 256] {
        std::array::from_fn(|at| self.at(at as f32 / 255.0))
    }

    /// The scale for marks on the world's ground as a table of 256 colours.
    #[must_use]
    pub fn table_on(self, theme: Theme) -> [Rgba8; 256] {
        std::array::from_fn(|at| self.on(theme, at as f32 / 255.0))
    }
}

/// Every fifteenth of 256 colours of *viridis* (Smith, van der Walt and Firing 2015, CC0).
const VIRIDIS: [u32; 18] = [
    0x44_0154, 0x48_1769, 0x47_2A7A, 0x43_3D84, 0x3D_4E8A, 0x35_5E8D, 0x2E_6D8E, 0x29_7B8E, 0x23_898E, 0x1F_978B,
    0x21_A585, 0x2E_B37C, 0x46_C06F, 0x65_CB5E, 0x89_D548, 0xB0_DD2F, 0xD8_E219, 0xFD_E725,
];

/// Every fifteenth of 256 colours of *magma* (Smith and van der Walt 2015, CC0).
const MAGMA: [u32; 18] = [
    0x00_0004, 0x09_0720, 0x1A_1042, 0x31_1165, 0x4A_1079, 0x62_1980, 0x79_2282, 0x91_2B81, 0xAA_337D, 0xC2_3B75,
    0xD9_466B, 0xEC_5860, 0xF7_725C, 0xFC_8E64, 0xFE_AA74, 0xFE_C68A, 0xFD_E2A3, 0xFC_FDBF,
];

/// From sky blue over a quiet grey to orange, both arms equally far from the middle in lightness.
const DIVERGING: [u32; 5] = [0x56_B4E9, 0x64_8FAE, 0x78_7878, 0xAE_8446, 0xE6_9F00];

fn along(anchors: &[u32], at: f32) -> Rgba8 {
    let last = anchors.len() - 1;
    let place = if at > 0.0 { at.min(1.0) * last as f32 } else { 0.0 };
    let index = (place as usize).min(last - 1);
    Rgba8::hex(anchors[index]).mix(Rgba8::hex(anchors[index + 1]), place - index as f32)
}

/// *viridis* at 0–1 (clamped): lightness grows evenly, also for colour-blind eyes and in grey print.
#[must_use]
pub fn viridis(at: f32) -> Rgba8 {
    along(&VIRIDIS, at)
}

/// *magma* at 0–1 (clamped).
#[must_use]
pub fn magma(at: f32) -> Rgba8 {
    along(&MAGMA, at)
}

/// Blue – grey – orange at 0–1 (clamped); 0.5 is the middle.
#[must_use]
pub fn diverging(at: f32) -> Rgba8 {
    along(&DIVERGING, at)
}

/// A circle of hues of equal lightness and chroma (Oklch, Ottosson 2020) at 0–1; 0 and 1 are the same colour.
#[must_use]
pub fn cyclic(at: f32) -> Rgba8 {
    let turn = if at.is_finite() { at - at.floor() } else { 0.0 };
    let [red, green, blue, _] = Srgba::from(Oklcha::lch(0.76, 0.125, turn * 360.0)).to_u8_array();
    Rgba8::new(red, green, blue, 255)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lightness(scale: ColorScale) -> Vec<f32> {
        scale.table().iter().map(|color| color.lightness()).collect()
    }

    #[test]
    fn ordered_scales_grow_lighter_at_every_step() {
        for scale in [ColorScale::Viridis, ColorScale::Magma] {
            let lightness = lightness(scale);
            // Eight bits per channel round by less than half a unit of lightness.
            assert!(lightness.windows(2).all(|pair| pair[1] > pair[0] - 0.25), "{scale:?}");
            assert!(lightness.windows(9).all(|nine| nine[8] > nine[0] + 0.5), "{scale:?}");
            assert!(lightness[255] - lightness[0] > 70.0);
        }
    }

    #[test]
    fn the_diverging_scale_is_greyest_in_the_middle_and_its_ends_weigh_the_same() {
        let chroma = |at: f32| {
            let [r, g, b, _] = diverging(at).0;
            i32::from(r.max(g).max(b)) - i32::from(r.min(g).min(b))
        };
        assert!((0..=20).all(|at| chroma(at as f32 / 20.0) >= chroma(0.5)));
        assert!((diverging(0.0).lightness() - diverging(1.0).lightness()).abs() < 6.0);
        assert!(diverging(0.0).0[2] > diverging(0.0).0[0] && diverging(1.0).0[0] > diverging(1.0).0[2]);
    }

    #[test]
    fn the_cyclic_scale_closes_and_keeps_its_lightness() {
        assert_eq!(cyclic(0.0), cyclic(1.0));
        assert_eq!(cyclic(0.25), cyclic(-0.75));
        let lightness = lightness(ColorScale::Cyclic);
        let (least, most) = lightness.iter().fold((f32::MAX, f32::MIN), |(a, b), &x| (a.min(x), b.max(x)));
        assert!(most - least < 12.0, "{least} {most}");
    }

    #[test]
    fn marks_on_the_ground_can_be_seen_all_along_ordered_scales() {
        for theme in [Theme::Dark, Theme::Light] {
            for color in ColorScale::Viridis.table_on(theme) {
                assert!(color.contrast(theme.tokens().world) > 1.7, "{theme:?} {color:?}");
            }
        }
    }

    #[test]
    fn published_colours_are_met_and_odd_inputs_are_clamped() {
        assert_eq!(viridis(0.0), Rgba8::hex(0x44_0154));
        assert_eq!(viridis(1.0), Rgba8::hex(0xFD_E725));
        // The middle of viridis as published is 0x21918C.
        let [r, g, b, _] = viridis(0.5).0;
        assert!(r.abs_diff(0x21) < 3 && g.abs_diff(0x91) < 3 && b.abs_diff(0x8C) < 3);
        assert_eq!(viridis(f32::NAN), viridis(0.0));
        assert_eq!(magma(7.0), magma(1.0));
        assert_eq!(cyclic(f32::INFINITY), cyclic(0.0));
    }
}
