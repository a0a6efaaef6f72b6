//! The visual language: every colour, size and duration that the window uses, for a dark and a light theme.
//!
//! Nothing else names a colour or a size. Panels read [`Theme::tokens`]; the world is drawn from the same table.

mod color;
mod scale;

pub use color::Rgba8;
pub use scale::{ColorScale, cyclic, diverging, magma, viridis};

use bevy::prelude::*;

/// Which of the two sets of colours is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Reflect)]
#[reflect(Default)]
pub enum Theme {
    /// Light marks on a dark ground.
    #[default]
    Dark,
    /// Dark marks on a light ground, with the same contrast.
    Light,
}

impl Theme {
    /// The colours of this theme.
    #[must_use]
    pub const fn tokens(self) -> &'static Tokens {
        match self {
            Self::Dark => &DARK,
            Self::Light => &LIGHT,
        }
    }

    /// The other theme.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Dark => Self::Light,
            Self::Light => Self::Dark,
        }
    }
}

/// The colours of a theme. Text colours reach 4.5 : 1 (WCAG 2.2 AA) on `panel`; `disabled` is for what need not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// The window behind everything.
    pub background: Rgba8,
    /// The ground of the simulated world.
    pub world: Rgba8,
    /// Panels and bars.
    pub panel: Rgba8,
    /// Buttons, rows under the pointer, floating things.
    pub raised: Rgba8,
    /// One-pixel lines between things, and the world's bounds.
    pub hairline: Rgba8,
    /// The world's grid: fainter than a hairline.
    pub grid: Rgba8,
    /// Text.
    pub text: Rgba8,
    /// Text of less weight: units, captions.
    pub secondary: Rgba8,
    /// What can't be used now.
    pub disabled: Rgba8,
    /// Selection, focus, the primary action. Used sparingly.
    pub accent: Rgba8,
    /// Text on a surface filled with `accent`.
    pub on_accent: Rgba8,
    /// Something to know (sky).
    pub info: Rgba8,
    /// In order (bluish green).
    pub good: Rgba8,
    /// Needs a look (orange).
    pub warning: Rgba8,
    /// Failed, attacked, lost (vermilion).
    pub danger: Rgba8,
    /// The one shadow, below floating things.
    pub shadow: Rgba8,
    /// Obstacles in the world.
    pub obstacle: Rgba8,
    /// Nests.
    pub nest: Rgba8,
    /// Resources: how full they are shows as the area filled.
    pub resource: Rgba8,
    /// Categories (Okabe and Ito 2008), ordered so that neighbours differ most.
    pub categories: [Rgba8; 7],
}

impl Tokens {
    /// The colour of the `index`-th category; they repeat after seven, so shape or words must tell more than seven apart.
    #[must_use]
    pub const fn category(&self, index: usize) -> Rgba8 {
        self.categories[index % self.categories.len()]
    }

    /// The hue of the `index`-th field layer: the categories in another order, so that a layer rarely has the hue of the
    /// first groups of agents that walk on it.
    #[must_use]
    pub const fn layer(&self, index: usize) -> Rgba8 {
        const ORDER: [usize; 7] = [1, 3, 2, 4, 6, 5, 0];
        self.categories[ORDER[index % ORDER.len()]]
    }
}

/// The dark theme.
pub static DARK: Tokens = Tokens {
    background: Rgba8::hex(0x0E_1116),
    world: Rgba8::hex(0x0B_0E13),
    panel: Rgba8::hex(0x15_1A21),
    raised: Rgba8::hex(0x1C_232C),
    hairline: Rgba8::hex(0x2A_323D),
    grid: Rgba8::hex(0x14_1920),
    text: Rgba8::hex(0xE6_EAF0),
    secondary: Rgba8::hex(0x9A_A5B4),
    disabled: Rgba8::hex(0x5C_6675),
    accent: Rgba8::hex(0xF2_B84B),
    on_accent: Rgba8::hex(0x15_1A21),
    info: Rgba8::hex(0x56_B4E9),
    good: Rgba8::hex(0x00_9E73),
    warning: Rgba8::hex(0xE6_9F00),
    danger: Rgba8::hex(0xD5_5E00),
    shadow: Rgba8::new(0, 0, 0, 110),
    obstacle: Rgba8::hex(0x39_4350),
    nest: Rgba8::hex(0xCC_79A7),
    resource: Rgba8::hex(0x00_9E73),
    categories: [
        Rgba8::hex(0x56_B4E9),
        Rgba8::hex(0xE6_9F00),
        Rgba8::hex(0x00_9E73),
        Rgba8::hex(0xCC_79A7),
        Rgba8::hex(0xF0_E442),
        Rgba8::hex(0xD5_5E00),
        Rgba8::hex(0x00_72B2),
    ],
};

/// The light theme: the dark one mirrored, its hues darkened until they read as well on white.
pub static LIGHT: Tokens = Tokens {
    background: Rgba8::hex(0xE9_ECF1),
    world: Rgba8::hex(0xFF_FFFF),
    panel: Rgba8::hex(0xF3_F5F8),
    raised: Rgba8::hex(0xFC_FDFE),
    hairline: Rgba8::hex(0xCF_D6DF),
    grid: Rgba8::hex(0xF1_F3F6),
    text: Rgba8::hex(0x17_1C24),
    secondary: Rgba8::hex(0x55_606F),
    disabled: Rgba8::hex(0x8C_96A3),
    accent: Rgba8::hex(0x8A_5A00),
    on_accent: Rgba8::hex(0xFF_FFFF),
    info: Rgba8::hex(0x1B_6F9C),
    good: Rgba8::hex(0x00_7A58),
    warning: Rgba8::hex(0x94_6500),
    danger: Rgba8::hex(0xB3_3A00),
    shadow: Rgba8::new(20, 28, 40, 46),
    obstacle: Rgba8::hex(0xB9_C2CE),
    nest: Rgba8::hex(0xA3_4F7E),
    resource: Rgba8::hex(0x00_7A58),
    categories: [
        Rgba8::hex(0x1B_6F9C),
        Rgba8::hex(0x94_6500),
        Rgba8::hex(0x00_7A58),
        Rgba8::hex(0xA3_4F7E),
        Rgba8::hex(0x58_6E00),
        Rgba8::hex(0xB3_3A00),
        Rgba8::hex(0x00_4E7C),
    ],
};

/// Distances between and around things, in logical pixels.
pub mod spacing {
    /// Between parts of one thing.
    pub const TIGHT: f32 = 4.0;
    /// Between things of one group.
    pub const NORMAL: f32 = 8.0;
    /// Between groups; the margin of a panel.
    pub const WIDE: f32 = 12.0;
    /// Between sections.
    pub const SECTION: f32 = 16.0;
    /// Corner radius of everything that has corners.
    pub const RADIUS: f32 = 4.0;
    /// Width of a hairline.
    pub const HAIRLINE: f32 = 1.0;
    /// Edge of an icon.
    pub const ICON: f32 = 16.0;
}

/// Sizes of type, in logical pixels. Text is set in Inter, numbers in tables in JetBrains Mono with tabular figures.
pub mod type_size {
    /// Captions, units, status bar: the smallest size there is.
    pub const SMALL: f32 = 12.0;
    /// Body text.
    pub const BODY: f32 = 13.0;
    /// Titles of panels.
    pub const TITLE: f32 = 15.0;
    /// Titles of sheets, and captions of a scene.
    pub const LARGE: f32 = 20.0;
}

/// Sizes of the bars and docks, in logical pixels.
pub mod layout {
    /// Height of the top bar.
    pub const TOP_BAR: f32 = 40.0;
    /// Width of the tool strip on the left.
    pub const TOOL_STRIP: f32 = 40.0;
    /// First width of the left dock.
    pub const LEFT_DOCK: f32 = 260.0;
    /// First width of the right dock.
    pub const RIGHT_DOCK: f32 = 320.0;
    /// First height of the bottom dock.
    pub const BOTTOM_DOCK: f32 = 180.0;
    /// Height of the status bar.
    pub const STATUS_BAR: f32 = 22.0;
    /// Edge of the minimap.
    pub const MINIMAP: f32 = 160.0;
    /// The smallest window that everything fits into.
    pub const SMALLEST_WINDOW: (f32, f32) = (1280.0, 720.0);
    /// Free space around the world when it is fitted into the viewport.
    pub const FIT_MARGIN: f32 = 24.0;
}

/// Durations in seconds. With reduced motion all of them count as 0.
pub mod motion {
    /// Hovers and small changes.
    pub const QUICK: f32 = 0.12;
    /// The camera's way to where it is sent.
    pub const CAMERA: f32 = 0.15;
    /// Panels that open and close.
    pub const PANEL: f32 = 0.18;
    /// One pulse of something that wants to be seen.
    pub const PULSE: f32 = 0.6;
    /// How long the pointer rests on an agent before its card shows.
    pub const HOVER_DELAY: f32 = 0.15;
    /// How long the pointer rests before a tooltip shows.
    pub const TOOLTIP_DELAY: f32 = 0.35;

    /// Ease-out: fast at first, then slower; 0 at 0 and 1 at 1, clamped outside.
    #[must_use]
    pub fn ease_out(progress: f32) -> f32 {
        let rest = 1.0 - progress.clamp(0.0, 1.0);
        1.0 - rest * rest * rest
    }
}

/// Sizes of what is drawn in the world, in logical pixels.
pub mod marks {
    /// An agent's dart where there is room: 6–10 px.
    pub const DART: (f32, f32) = (6.0, 10.0);
    /// The longest dart, far zoomed in.
    pub const LARGEST_DART: f32 = 24.0;
    /// Below this length an agent is drawn as a point.
    pub const POINT_BELOW: f32 = 3.0;
    /// Below the first length agents are drawn as a density map alone, from the second on one by one; in between the map
    /// fades. Shorter ones would touch each other and, each in its own colour, look like static.
    pub const DENSITY_BELOW: (f32, f32) = (1.5, 2.25);
    /// Width of rings around selected and hovered agents.
    pub const RING: (f32, f32) = (1.75, 1.0);
    /// How far from the pointer an agent is still picked.
    pub const PICK_REACH: f32 = 6.0;
    /// Width of a trail at the agent.
    pub const TRAIL: f32 = 1.25;
    /// How opaque the area of a hull is on a dark and on a light ground, 0–1: light weighs more in the dark.
    pub const HULL_AREA: (f32, f32) = (0.04, 0.1);
    /// How opaque the rim of a hull is, 0–1.
    pub const HULL_LINE: f32 = 0.55;
    /// Width of a hull's rim.
    pub const HULL_RIM: f32 = 1.25;
    /// How much shows of what an agent doesn't perceive while the world is drawn through its eyes, 0–1.
    pub const VEILED: f32 = 0.3;
    /// Height of a pinned agent's flag and length of its cloth.
    pub const FLAG: (f32, f32) = (13.0, 7.0);
    /// Length and gap of the dashes of a formation slot.
    pub const DASH: (f32, f32) = (4.0, 3.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_reaches_the_contrast_of_wcag_aa() {
        for tokens in [&DARK, &LIGHT] {
            for color in [tokens.text, tokens.secondary, tokens.info, tokens.good, tokens.warning, tokens.danger] {
                assert!(color.contrast(tokens.panel) >= 4.5, "{color:?} {}", color.contrast(tokens.panel));
                assert!(color.contrast(tokens.world) >= 4.5, "{color:?} {}", color.contrast(tokens.world));
            }
            assert!(tokens.accent.contrast(tokens.panel) >= 4.5);
            assert!(tokens.on_accent.contrast(tokens.accent) >= 4.5);
        }
    }

    #[test]
    fn categories_stand_out_from_the_world_and_from_each_other() {
        for tokens in [&DARK, &LIGHT] {
            for (at, color) in tokens.categories.iter().enumerate() {
                assert!(color.contrast(tokens.world) >= 3.0, "{color:?}");
                for other in &tokens.categories[..at] {
                    let [r, g, b, _] = color.0;
                    let [x, y, z, _] = other.0;
                    assert!(u32::from(r.abs_diff(x)) + u32::from(g.abs_diff(y)) + u32::from(b.abs_diff(z)) > 60);
                }
            }
            assert_eq!(tokens.category(8), tokens.category(1));
            assert_eq!(tokens.layer(0), tokens.layer(7));
        }
    }

    #[test]
    fn easing_goes_from_nought_to_one_and_never_back() {
        assert_eq!((motion::ease_out(-1.0), motion::ease_out(0.0), motion::ease_out(2.0)), (0.0, 0.0, 1.0));
        assert!((1..=100).all(|at| motion::ease_out(at as f32 / 100.0) > motion::ease_out((at - 1) as f32 / 100.0)));
    }
}
