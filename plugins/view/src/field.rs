//! Fields over the ground as one picture: each layer of a field in its own hue, alpha by intensity. What fields there are,
//! plugins tell.

use agent2028_core::simulation::Simulation;
use bevy::color::{ColorToPacked, LinearRgba, Srgba};
use bevy::math::{Rect, Vec2};
use bevy::prelude::World;

use crate::layer_facts::LayerFacts;
use crate::paint::Projection;
use crate::settings::ViewSettings;
use crate::tokens::{Rgba8, Theme, Tokens};

/// More texels than this aren't drawn of a whole field: only what can be seen is.
const MOST_TEXELS: u64 = 1 << 20;

/// Most texels along a side of the picture.
const LONGEST_SIDE: u32 = 2048;

/// What can be seen is rounded out to multiples of this many texels, so that a slow pan rarely starts a new picture.
const ROUND: u32 = 64;

/// The cells that a field lies in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FieldGrid {
    /// The lower left corner, in world units.
    pub origin: Vec2,
    /// Width and height of a cell, in world units.
    pub cell_size: Vec2,
    /// Cells from left to right.
    pub columns: u32,
    /// Cells from bottom to top.
    pub rows: u32,
}

/// A layer of a field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldLayer {
    /// Its name.
    pub name: String,
    /// The number of its hue among the theme's.
    pub hue: usize,
    /// Its largest intensity.
    pub maximum: f32,
    /// Whether there is nothing of it anywhere.
    pub is_empty: bool,
}

/// A rectangle of cells of a layer.
#[derive(Clone, Copy, Debug)]
pub struct FieldTile<'a> {
    /// Its first column and row.
    pub first: (u32, u32),
    /// How many columns and rows it has.
    pub extent: (usize, usize),
    /// The intensities, row by row from the bottom.
    pub cells: &'a [i32],
    /// How far the first cell of a row is from that of the next among `cells`.
    pub stride: usize,
    /// What to multiply an intensity by to get its share of the layer's maximum.
    pub share: f32,
}

/// A quantity over the ground that a plugin offers.
pub trait Field: 'static {
    /// What is to know about the layer that shows it.
    const FACTS: LayerFacts;

    /// The cells that it lies in; none if this world doesn't have it.
    #[must_use]
    fn grid(world: &World) -> Option<FieldGrid>;

    /// Its layers.
    #[must_use]
    fn layers(world: &World) -> Vec<FieldLayer>;

    /// Goes through the cells of a layer that hold something.
    fn read(world: &World, layer: usize, visit: &mut dyn FnMut(FieldTile));
}

/// A field that was registered.
#[derive(Clone, Copy, Debug)]
pub struct FieldEntry {
    /// What is to know about the layer that shows it.
    pub facts: &'static LayerFacts,
    grid: fn(&World) -> Option<FieldGrid>,
    layers: fn(&World) -> Vec<FieldLayer>,
    read: fn(&World, usize, &mut dyn FnMut(FieldTile)),
}

impl FieldEntry {
    pub(crate) fn of<F: Field>() -> Self {
        Self { facts: &F::FACTS, grid: F::grid, layers: F::layers, read: F::read }
    }

    /// Whether this world has it.
    #[must_use]
    pub fn applies(&self, world: &World) -> bool {
        (self.grid)(world).is_some()
    }

    /// Its layers.
    #[must_use]
    pub fn layers(&self, world: &World) -> Vec<FieldLayer> {
        (self.layers)(world)
    }
}

impl FieldLayer {
    /// The hue in which it is drawn.
    #[must_use]
    pub fn color(&self, tokens: &Tokens) -> Rgba8 {
        tokens.layer(self.hue)
    }

    /// How it looks on the world's ground from 0 to its maximum, at even steps of intensity: for legends.
    #[must_use]
    pub fn ramp(&self, settings: &ViewSettings) -> [Rgba8; 64] {
        let theme = settings.theme;
        let (hues, opacity) = (hues(self.hue, theme), settings.field_opacity.clamp(0.0, 1.0));
        let ground = theme.tokens().world.linear();
        std::array::from_fn(|at| {
            let [red, green, blue, alpha] = light_at(hues, theme, opacity, (at as f32 / 63.0).sqrt());
            let through = 1.0 - alpha;
            let over = LinearRgba::rgb(
                red + ground.red * through,
                green + ground.green * through,
                blue + ground.blue * through,
            );
            Rgba8(Srgba::from(over).to_u8_array())
        })
    }
}

/// The part of the field that is drawn, and how finely.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Window {
    /// First column and row.
    first: (u32, u32),
    /// Columns and rows.
    extent: (u32, u32),
    /// Cells per texel along each axis, a power of two.
    step: u32,
}

impl Window {
    /// What `visible` (world units) shows of a grid at `pixels_per_unit`; none if it shows nothing.
    fn new(grid: &FieldGrid, visible: Rect, pixels_per_unit: f32) -> Option<Self> {
        let smallest = grid.cell_size.min_element() * pixels_per_unit;
        let mut step = 1_u32;
        while (step as f32) * smallest < 1.0 && step < (1 << 20) {
            step *= 2;
        }
        let texels = |cells: u32| u64::from(cells.div_ceil(step));
        let whole = texels(grid.columns) * texels(grid.rows) <= MOST_TEXELS
            && texels(grid.columns.max(grid.rows)) <= u64::from(LONGEST_SIDE);
        if whole {
            return Some(Self { first: (0, 0), extent: (grid.columns, grid.rows), step });
        }
        let axis = |low: f32, high: f32, origin: f32, size: f32, count: u32, step: u32| {
            let round = (step * ROUND) as f32;
            let from = (((low - origin) / size / round).floor() * round).max(0.0);
            let to = (((high - origin) / size / round).ceil() * round).min(count as f32);
            (from < to).then_some((from as u32, (to - from) as u32))
        };
        loop {
            let (left, width) =
                axis(visible.min.x, visible.max.x, grid.origin.x, grid.cell_size.x, grid.columns, step)?;
            let (bottom, height) =
                axis(visible.min.y, visible.max.y, grid.origin.y, grid.cell_size.y, grid.rows, step)?;
            if width.max(height).div_ceil(step) <= LONGEST_SIDE {
                return Some(Self { first: (left, bottom), extent: (width, height), step });
            }
            step *= 2;
        }
    }

    /// Width and height in texels.
    fn texels(&self) -> (usize, usize) {
        (self.extent.0.div_ceil(self.step) as usize, self.extent.1.div_ceil(self.step) as usize)
    }

    /// The rectangle of the world that the texels cover: it may reach a little beyond the last cells.
    fn covers(&self, grid: &FieldGrid) -> Rect {
        let (width, height) = self.texels();
        let step = self.step as f32;
        let min = grid.origin + Vec2::new(self.first.0 as f32, self.first.1 as f32) * grid.cell_size;
        Rect { min, max: min + Vec2::new(width as f32, height as f32) * step * grid.cell_size }
    }
}

/// Everything that the picture depends on.
#[derive(Clone, Debug, PartialEq)]
struct Key {
    generation: u64,
    tick: u64,
    window: Window,
    theme: Theme,
    opacity: f32,
    /// Number and hue, faint and strong.
    layers: Vec<(usize, [Rgba8; 2])>,
}

/// The picture of all layers of a field that are shown. It is made anew only when something in it changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeatMap {
    key: Option<Key>,
    width: usize,
    height: usize,
    /// Steps of intensity of the layer being added, 0–255.
    levels: Vec<u8>,
    /// Linear light times alpha, and alpha, of what was added so far.
    light: Vec<[f32; 4]>,
    pixels: Vec<[u8; 4]>,
    covers: Rect,
    place: Rect,
    version: u64,
}

impl HeatMap {
    /// Width and height in texels.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// sRGB times alpha (in linear light, encoded afterwards) and alpha, row by row from the top.
    pub(crate) fn pixels(&self) -> &[[u8; 4]] {
        &self.pixels
    }

    /// Where the picture lies, in logical pixels of the window.
    pub(crate) fn place(&self) -> Rect {
        self.place
    }

    /// Whether there is something to show.
    pub(crate) fn is_drawn(&self) -> bool {
        self.key.is_some()
    }

    /// Counts the pictures.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Makes the picture of a frame.
    /// `fields` are those that the world has; of several that are shown the first one is drawn.
    pub(crate) fn update(
        &mut self,
        simulation: &Simulation,
        settings: &ViewSettings,
        projection: &Projection,
        fields: &[&FieldEntry],
    ) {
        let visible = Rect::from_corners(projection.point(projection.rect.min), projection.point(projection.rect.max));
        let Some((field, grid, key)) = shown(simulation, settings, projection, fields, visible) else {
            self.key = None;
            return;
        };
        if self.key.as_ref() != Some(&key) {
            self.covers = key.window.covers(&grid);
            let world = simulation.world();
            self.paint(&|layer, visit| (field.read)(world, layer, visit), &key);
            self.version += 1;
            self.key = Some(key);
        }
        self.place = Rect::from_corners(projection.pixel(self.covers.min), projection.pixel(self.covers.max));
    }

    fn paint(&mut self, read: &dyn Fn(usize, &mut dyn FnMut(FieldTile)), key: &Key) {
        (self.width, self.height) = key.window.texels();
        let texels = self.width * self.height;
        self.pixels.clear();
        self.pixels.resize(texels, [0; 4]);
        let encode = encode_table();
        let single = key.layers.len() == 1;
        if !single {
            self.light.clear();
            self.light.resize(texels, [0.0; 4]);
        }
        for (index, hue) in &key.layers {
            self.levels.clear();
            self.levels.resize(texels, 0);
            let size = (self.width, self.height);
            read(*index, &mut |tile| read_levels(&tile, &key.window, size, &mut self.levels));
            let table = light_table(*hue, key.theme, key.opacity);
            if single {
                let table = table.map(|light| encoded(light, &encode));
                for (pixel, level) in self.pixels.iter_mut().zip(&self.levels) {
                    *pixel = table[usize::from(*level)];
                }
                return;
            }
            for (below, level) in self.light.iter_mut().zip(&self.levels) {
                if *level > 0 {
                    *below = mixed(*below, table[usize::from(*level)], key.theme);
                }
            }
        }
        for (pixel, light) in self.pixels.iter_mut().zip(&self.light) {
            if light[3] > 0.0 {
                *pixel = encoded(*light, &encode);
            }
        }
    }
}

/// The field and what is to be shown of it; none if that is nothing.
fn shown(
    simulation: &Simulation,
    settings: &ViewSettings,
    projection: &Projection,
    fields: &[&FieldEntry],
    visible: Rect,
) -> Option<(FieldEntry, FieldGrid, Key)> {
    let world = simulation.world();
    let field = **fields.iter().find(|field| settings.layers.shows(field.facts))?;
    let grid = (field.grid)(world)?;
    let layers: Vec<_> = field
        .layers(world)
        .iter()
        .enumerate()
        .filter(|(_, layer)| settings.layers.shows_field(&layer.name) && !layer.is_empty)
        .map(|(index, layer)| (index, hues(layer.hue, settings.theme)))
        .collect();
    if layers.is_empty() || settings.field_opacity <= 0.0 {
        return None;
    }
    let key = Key {
        generation: simulation.generation(),
        tick: simulation.tick(),
        window: Window::new(&grid, visible, projection.pixels_per_unit)?,
        theme: settings.theme,
        opacity: settings.field_opacity.min(1.0),
        layers,
    };
    Some((field, grid, key))
}

/// Reads cells as steps of intensity, row by row from the top; of several cells in a texel the strongest counts, so that
/// a thin trail stays visible from afar.
fn read_levels(tile: &FieldTile, window: &Window, (width, height): (usize, usize), levels: &mut [u8]) {
    let (first, extent, step) = (window.first, window.extent, window.step as usize);
    let (corner, (columns, rows)) = (tile.first, tile.extent);
    // The part of the tile that lies in the window, in cells of the tile.
    let from = |first: u32, corner: u32| first.saturating_sub(corner) as usize;
    let to = |end: u32, corner: u32, size: usize| (end.saturating_sub(corner) as usize).min(size);
    let across = from(first.0, corner.0)..to(first.0 + extent.0, corner.0, columns);
    let up = from(first.1, corner.1)..to(first.1 + extent.1, corner.1, rows);
    if across.is_empty() || up.is_empty() {
        return;
    }
    for row in up {
        let line = height - 1 - (corner.1 as usize + row - first.1 as usize) / step;
        let cells = &tile.cells[row * tile.stride + across.start..row * tile.stride + across.end];
        let left = corner.0 as usize + across.start - first.0 as usize;
        let texels = &mut levels[line * width..(line + 1) * width];
        for (offset, cell) in cells.iter().enumerate() {
            if *cell > 0 {
                let texel = &mut texels[(left + offset) / step];
                *texel = level(*cell as f32 * tile.share).max(*texel);
            }
        }
    }
}

/// The step of an intensity, as a share of the maximum: its square root, so that a faint trail has steps enough.
#[inline]
fn level(share: f32) -> u8 {
    (share.min(1.0).sqrt() * 255.0 + 0.5) as u8
}

/// A layer's hue where it is faint and where it is strongest. In the dark it grows lighter; on a light ground it begins as
/// the bright hue, since the one that marks have there would look like dirt when faint.
fn hues(number: usize, theme: Theme) -> [Rgba8; 2] {
    let hue = theme.tokens().layer(number);
    match theme {
        Theme::Dark => [hue, hue.mix(Rgba8::hex(0xFF_FFFF), 0.55)],
        Theme::Light => [Theme::Dark.tokens().layer(number), hue],
    }
}

/// The colour at each step: from nothing over the faint hue to the strong one at the maximum. Linear light times alpha,
/// and alpha.
fn light_table(hues: [Rgba8; 2], theme: Theme, opacity: f32) -> [[f32; 4]; 256] {
    std::array::from_fn(|level| light_at(hues, theme, opacity, level as f32 / 255.0))
}

/// The same at one step, given as the square root of the intensity.
fn light_at([faint, strong]: [Rgba8; 2], theme: Theme, opacity: f32, root: f32) -> [f32; 4] {
    // Light adds up in the dark: what is faint has to be fainter there to look as faint.
    let alpha = match theme {
        Theme::Dark => root * (0.25 + 0.75 * root),
        Theme::Light => root,
    } * opacity;
    let beyond = ((root - 0.5) * 2.0).max(0.0);
    let light = faint.mix(strong, beyond * beyond).linear();
    [light.red * alpha, light.green * alpha, light.blue * alpha, alpha]
}

/// Two layers in one texel, both as light times alpha and alpha. In the dark their light adds up without ever exceeding
/// white (screen), on a light ground each takes its part of the light away (multiply): either way a place where both lie
/// looks like more than each, never like the mud between their hues.
fn mixed(one: [f32; 4], two: [f32; 4], theme: Theme) -> [f32; 4] {
    let alpha = 1.0 - (1.0 - one[3]) * (1.0 - two[3]);
    let channel = |at: usize| match theme {
        Theme::Dark => 1.0 - (1.0 - one[at]) * (1.0 - two[at]),
        // What a layer lets through of white light, times what the other lets through, less what the ground will add.
        Theme::Light => (one[at] + 1.0 - one[3]) * (two[at] + 1.0 - two[3]) - (1.0 - alpha),
    };
    [channel(0), channel(1), channel(2), alpha]
}

/// Entries of the table that encodes linear light: less than a step of sRGB apart even where it is steepest.
const CODES: usize = 4096;

/// From linear light, 0–1 in 4095ths, to sRGB.
fn encode_table() -> Vec<u8> {
    (0..CODES)
        .map(|at| {
            let light = at as f32 / (CODES - 1) as f32;
            let code = if light <= 0.003_130_8 {
                light * 12.92
            } else {
                1.055 * bevy::math::ops::powf(light, 1.0 / 2.4) - 0.055
            };
            (code * 255.0 + 0.5) as u8
        })
        .collect()
}

#[inline]
fn encoded(light: [f32; 4], table: &[u8]) -> [u8; 4] {
    let code = |channel: f32| table[((channel * (CODES - 1) as f32 + 0.5) as usize).min(CODES - 1)];
    [code(light[0]), code(light[1]), code(light[2]), (light[3] * 255.0 + 0.5) as u8]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Marks in single cells: layer, column, row and what share of the maximum lies there, in thousandths.
    struct Marks {
        grid: FieldGrid,
        marks: Vec<(usize, u32, u32, i32)>,
    }

    fn field(size: f32, marks: &[(usize, u32, u32, i32)]) -> Marks {
        let cells = size as u32;
        let grid = FieldGrid { origin: Vec2::splat(-size / 2.0), cell_size: Vec2::ONE, columns: cells, rows: cells };
        Marks { grid, marks: marks.to_vec() }
    }

    fn map(field: &Marks, window: Window, layers: &[(usize, [Rgba8; 2])], theme: Theme) -> HeatMap {
        let mut map = HeatMap::default();
        let key = Key { generation: 0, tick: 0, window, theme, opacity: 1.0, layers: layers.to_vec() };
        let read = |layer: usize, visit: &mut dyn FnMut(FieldTile)| {
            for (_, column, row, share) in field.marks.iter().filter(|mark| mark.0 == layer) {
                let cells = [*share];
                visit(FieldTile { first: (*column, *row), extent: (1, 1), cells: &cells, stride: 1, share: 0.001 });
            }
        };
        map.paint(&read, &key);
        map
    }

    fn whole(field: &Marks, pixels_per_unit: f32) -> Window {
        Window::new(&field.grid, Rect::from_center_size(Vec2::ZERO, Vec2::splat(1e6)), pixels_per_unit).unwrap()
    }

    const GREEN: Rgba8 = Rgba8::hex(0x00_9E73);
    const PINK: Rgba8 = Rgba8::hex(0xCC_79A7);

    #[test]
    fn a_cell_shows_at_its_place_in_its_hue_and_stronger_is_more_opaque() {
        let field = field(100.0, &[(0, 10, 70, 10), (0, 20, 70, 250), (0, 30, 70, 1000)]);
        let map = map(&field, whole(&field, 2.0), &[(0, [GREEN; 2])], Theme::Dark);
        assert_eq!(map.size(), (100, 100));
        let at = |column: usize| map.pixels()[(99 - 70) * 100 + column];
        assert!(
            at(10)[3] > 0 && at(20)[3] > at(10)[3] + 20 && at(30)[3] > at(20)[3] + 20,
            "{:?}",
            [at(10), at(20), at(30)]
        );
        assert!(at(20)[1] > at(20)[0] && at(20)[1] > at(20)[2], "green stays green");
        assert_eq!(at(30)[3], 255);
        let drawn = map.pixels().iter().filter(|pixel| pixel[3] > 0).count();
        assert_eq!(drawn, 3);
    }

    #[test]
    fn from_afar_the_strongest_cell_of_a_texel_counts() {
        let field = field(256.0, &[(0, 36, 255, 10), (0, 37, 255, 1000), (0, 38, 254, 10)]);
        let window = whole(&field, 0.25);
        assert_eq!((window.step, window.texels()), (4, (64, 64)));
        let map = map(&field, window, &[(0, [GREEN; 2])], Theme::Light);
        assert_eq!(map.pixels()[37 / 4][3], 255, "the uppermost row comes first");
    }

    #[test]
    fn two_layers_mix_and_a_single_one_looks_the_same_either_way() {
        let field = field(64.0, &[(0, 5, 5, 250), (1, 5, 5, 250), (0, 9, 5, 250)]);
        let both = map(&field, whole(&field, 1.0), &[(0, [GREEN; 2]), (1, [PINK; 2])], Theme::Dark);
        let one = map(&field, whole(&field, 1.0), &[(0, [GREEN; 2])], Theme::Dark);
        let (mixed, alone) = ((64 - 6) * 64 + 5, (64 - 6) * 64 + 9);
        assert_eq!(both.pixels()[alone], one.pixels()[alone]);
        assert!(both.pixels()[mixed][3] > one.pixels()[mixed][3]);
        assert!(both.pixels()[mixed][0] > one.pixels()[mixed][0] + 20, "the other hue shows");
    }

    #[test]
    fn overlapping_layers_add_light_in_the_dark_and_take_it_away_on_white() {
        let table = |hue, theme| light_table([hue; 2], theme, 1.0);
        for level in [60, 160, 255] {
            let dark = [GREEN, PINK].map(|hue| table(hue, Theme::Dark)[level]);
            let both = mixed(dark[0], dark[1], Theme::Dark);
            let light = [GREEN, PINK].map(|hue| table(hue, Theme::Light)[level]);
            let under = mixed(light[0], light[1], Theme::Light);
            for channel in 0..3 {
                assert!(both[channel] >= dark[0][channel].max(dark[1][channel]) - 1e-6 && both[channel] <= 1.0);
                let on_white = |layer: [f32; 4]| layer[channel] + 1.0 - layer[3];
                assert!(
                    on_white(under) <= on_white(light[0]).min(on_white(light[1])) + 1e-6 && under[channel] >= -1e-6
                );
            }
        }
    }

    #[test]
    fn a_huge_field_is_drawn_only_where_it_is_seen() {
        let field = field(100_000.0, &[]);
        let seen = Rect::from_center_size(Vec2::new(-20_000.0, 0.0), Vec2::splat(600.0));
        let window = Window::new(&field.grid, seen, 1.0).unwrap();
        let covers = window.covers(&field.grid);
        assert!(covers.contains(seen.min) && covers.contains(seen.max));
        assert!(covers.size().max_element() < 800.0);
        assert!(Window::new(&field.grid, Rect::from_center_size(Vec2::splat(1e9), Vec2::ONE), 1.0).is_none());
        for pixels_per_unit in [1e-6, 0.003, 0.7, 50.0] {
            let visible = Rect::from_center_size(Vec2::ZERO, Vec2::new(1280.0, 720.0) / pixels_per_unit);
            let (width, height) = Window::new(&field.grid, visible, pixels_per_unit).unwrap().texels();
            assert!(width.max(height) <= LONGEST_SIDE as usize && width * height > 0, "{pixels_per_unit}");
        }
    }
}
