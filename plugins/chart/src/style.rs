//! Colours and sizes of charts: those of the window's design, for programs without a window too.

/// An opaque colour: red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

impl Rgb {
    const fn hex(rgb: u32) -> Self {
        Self((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8)
    }
}

/// The colours of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// The ground.
    pub ground: Rgb,
    /// The field of a plot.
    pub field: Rgb,
    /// Lines along round numbers.
    pub grid: Rgb,
    /// Axes.
    pub axis: Rgb,
    /// Titles.
    pub text: Rgb,
    /// Names, numbers, captions.
    pub secondary: Rgb,
    /// Marks where something was done.
    pub mark: Rgb,
    /// The series, one after another.
    pub series: [Rgb; 7],
}

impl Style {
    /// Light marks on a dark ground.
    pub const DARK: Self = Self {
        ground: Rgb::hex(0x0E_1116),
        field: Rgb::hex(0x0B_0E13),
        grid: Rgb::hex(0x1C_232C),
        axis: Rgb::hex(0x2A_323D),
        text: Rgb::hex(0xE6_EAF0),
        secondary: Rgb::hex(0x9A_A5B4),
        mark: Rgb::hex(0xF2_B84B),
        series: [
            Rgb::hex(0x56_B4E9),
            Rgb::hex(0xE6_9F00),
            Rgb::hex(0x00_9E73),
            Rgb::hex(0xCC_79A7),
            Rgb::hex(0xF0_E442),
            Rgb::hex(0xD5_5E00),
            Rgb::hex(0x00_72B2),
        ],
    };

    /// Dark marks on white, for paper.
    pub const LIGHT: Self = Self {
        ground: Rgb::hex(0xFF_FFFF),
        field: Rgb::hex(0xFF_FFFF),
        grid: Rgb::hex(0xE9_ECF1),
        axis: Rgb::hex(0xCF_D6DF),
        text: Rgb::hex(0x17_1C24),
        secondary: Rgb::hex(0x55_606F),
        mark: Rgb::hex(0x8A_5A00),
        series: [
            Rgb::hex(0x1B_6F9C),
            Rgb::hex(0x94_6500),
            Rgb::hex(0x00_7A58),
            Rgb::hex(0xA3_4F7E),
            Rgb::hex(0x58_6E00),
            Rgb::hex(0xB3_3A00),
            Rgb::hex(0x00_4E7C),
        ],
    };

    /// The colour of the `index`-th series; they repeat after seven.
    #[must_use]
    pub const fn series(&self, index: usize) -> Rgb {
        self.series[index % self.series.len()]
    }
}

/// The size of a chart's title, in pixels.
pub(crate) const TITLE: f32 = 20.0;
/// The size of a plot's title.
pub(crate) const HEADING: f32 = 13.0;
/// The size of everything else that is written.
pub(crate) const SMALL: f32 = 12.0;
/// The width of a series' line.
pub(crate) const LINE: f32 = 1.75;
/// The width of axes, grid and marks.
pub(crate) const HAIRLINE: f32 = 1.0;
/// The margin around a chart, and the distance between its plots.
pub(crate) const MARGIN: f32 = 24.0;
/// The distance between things of one group.
pub(crate) const GAP: f32 = 8.0;

/// The pattern of a series' line: lengths of dash and gap in turn; empty for a line that is drawn through.
pub(crate) const fn pattern(index: usize) -> &'static [f32] {
    const PATTERNS: [&[f32]; 4] = [&[], &[7.0, 3.0], &[2.0, 2.5], &[9.0, 3.0, 2.0, 3.0]];
    PATTERNS[index % PATTERNS.len()]
}
