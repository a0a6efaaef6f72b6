//! Pheromone layers as one picture: each layer in its own hue, alpha by intensity.

use agent2028_core::simulation::Simulation;
use agent2028_pheromones::config::PheromonesConfig;
use agent2028_pheromones::field::{CellGrid, Layer, PheromoneField, TILE_SIDE};
use bevy::color::{ColorToPacked, LinearRgba, Srgba};
use bevy::math::{Rect, Vec2};
use bevy::prelude::World;

use crate::frame::FrameInput;
use crate::settings::ViewSettings;
use crate::tokens::{Rgba8, Theme, Tokens};

/// More texels than this aren't drawn of a whole field: only what can be seen is.
const MOST_TEXELS: u64 = 1 << 20;

/// Most texels along a side of the picture.
const LONGEST_SIDE: u32 = 2048;

/// What can be seen is rounded out to multiples of this many texels, so that a slow pan rarely starts a new picture.
const ROUND: u32 = 64;

/// The hue in which the `index`-th pheromone layer of a world is drawn: the one that its scene chose by `color`, and the
/// one of its own number where the scene chose none.
#[must_use]
pub fn layer_hue(world: &World, index: usize, tokens: &Tokens) -> Rgba8 {
    let chosen = world
        .get_resource::<PheromonesConfig>()
        .and_then(|config| config.layers.get(index))
        .map_or(0, |layer| layer.color as usize);
    tokens.layer(if chosen == 0 { index } else { chosen })
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
    fn new(grid: &CellGrid, visible: Rect, pixels_per_unit: f32) -> Option<Self> {
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
    fn covers(&self, grid: &CellGrid) -> Rect {
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

/// The picture of all pheromone layers that are shown. It is made anew only when something in it changed.
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
    pub(crate) fn update(&mut self, input: &FrameInput) {
        let projection = &input.projection;
        let visible = Rect::from_corners(projection.point(projection.rect.min), projection.point(projection.rect.max));
        let Some((field, key)) = shown(input, visible) else {
            self.key = None;
            return;
        };
        if self.key.as_ref() != Some(&key) {
            self.covers = key.window.covers(field.grid());
            self.paint(field, &key);
            self.version += 1;
            self.key = Some(key);
        }
        self.place = Rect::from_corners(projection.pixel(self.covers.min), projection.pixel(self.covers.max));
    }

    fn paint(&mut self, field: &PheromoneField, key: &Key) {
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
        let layers: Vec<_> = field.layers().collect();
        for (index, hue) in &key.layers {
            let Some((_, _, layer)) = layers.get(*index) else { continue };
            self.levels.clear();
            self.levels.resize(texels, 0);
            read_levels(layer, &key.window, self.width, self.height, &mut self.levels);
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
fn shown<'a>(input: &FrameInput<'a>, visible: Rect) -> Option<(&'a PheromoneField, Key)> {
    let (simulation, settings): (&Simulation, _) = (input.simulation, input.settings);
    let field = simulation.world().get_resource::<PheromoneField>()?;
    let layers: Vec<_> = field
        .layers()
        .enumerate()
        .filter(|(_, (_, name, layer))| settings.layers.shows_field(name) && layer.active_tiles() > 0)
        .map(|(index, _)| (index, hues(simulation.world(), index, settings.theme)))
        .collect();
    if layers.is_empty() || settings.field_opacity <= 0.0 {
        return None;
    }
    let key = Key {
        generation: simulation.generation(),
        tick: simulation.tick(),
        window: Window::new(field.grid(), visible, input.projection.pixels_per_unit)?,
        theme: settings.theme,
        opacity: settings.field_opacity.min(1.0),
        layers,
    };
    Some((field, key))
}

/// Reads a layer as steps of intensity, row by row from the top; of several cells in a texel the strongest counts, so that
/// a thin trail stays visible from afar.
fn read_levels(layer: &Layer, window: &Window, width: usize, height: usize, levels: &mut [u8]) {
    let (first, extent, step) = (window.first, window.extent, window.step as usize);
    for tile in layer.tiles() {
        let corner = tile.first_cell();
        let (columns, rows) = tile.extent();
        // The part of the tile that lies in the window, in cells of the tile.
        let from = |first: u32, corner: u32| first.saturating_sub(corner) as usize;
        let to = |end: u32, corner: u32, size: usize| (end.saturating_sub(corner) as usize).min(size);
        let across = from(first.0, corner.column)..to(first.0 + extent.0, corner.column, columns);
        let up = from(first.1, corner.row)..to(first.1 + extent.1, corner.row, rows);
        if across.is_empty() || up.is_empty() || tile.peak_share() <= 0.0 {
            continue;
        }
        let share = tile.share_per_unit();
        for row in up {
            let line = height - 1 - (corner.row as usize + row - first.1 as usize) / step;
            let cells = &tile.cells()[row * TILE_SIDE + across.start..row * TILE_SIDE + across.end];
            let left = corner.column as usize + across.start - first.0 as usize;
            let texels = &mut levels[line * width..(line + 1) * width];
            for (offset, cell) in cells.iter().enumerate() {
                if *cell > 0 {
                    let texel = &mut texels[(left + offset) / step];
                    *texel = level(*cell as f32 * share).max(*texel);
                }
            }
        }
    }
}

/// The step of an intensity, as a share of the maximum: its square root, so that a faint trail has steps enough.
#[inline]
fn level(share: f32) -> u8 {
    (share.min(1.0).sqrt() * 255.0 + 0.5) as u8
}

/// How a layer looks on the world's ground from 0 to its maximum, at even steps of intensity: for legends.
#[must_use]
pub fn layer_ramp(world: &World, index: usize, settings: &ViewSettings) -> [Rgba8; 64] {
    let theme = settings.theme;
    let (hues, opacity) = (hues(world, index, theme), settings.field_opacity.clamp(0.0, 1.0));
    let ground = theme.tokens().world.linear();
    std::array::from_fn(|at| {
        let [red, green, blue, alpha] = light_at(hues, theme, opacity, (at as f32 / 63.0).sqrt());
        let through = 1.0 - alpha;
        let over =
            LinearRgba::rgb(red + ground.red * through, green + ground.green * through, blue + ground.blue * through);
        Rgba8(Srgba::from(over).to_u8_array())
    })
}

/// A layer's hue where it is faint and where it is strongest. In the dark it grows lighter; on a light ground it begins as
/// the bright hue, since the one that marks have there would look like dirt when faint.
fn hues(world: &World, index: usize, theme: Theme) -> [Rgba8; 2] {
    let hue = layer_hue(world, index, theme.tokens());
    match theme {
        Theme::Dark => [hue, hue.mix(Rgba8::hex(0xFF_FFFF), 0.55)],
        Theme::Light => [layer_hue(world, index, Theme::Dark.tokens()), hue],
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
    use agent2028_core::agent::AgentId;
    use agent2028_pheromones::field::{Cell, LayerId, LayerParameters};

    fn field(size: Vec2, cell: f32, layers: usize) -> PheromoneField {
        let mut field = PheromoneField::new(CellGrid::new(size, cell, true));
        for at in 0..layers {
            field.add_layer(
                format!("layer {at}"),
                &LayerParameters { maximum: 4.0, ..LayerParameters::default() }.sane(),
            );
        }
        field
    }

    fn map(field: &PheromoneField, window: Window, layers: &[(usize, [Rgba8; 2])], theme: Theme) -> HeatMap {
        let mut map = HeatMap::default();
        let key = Key { generation: 0, tick: 0, window, theme, opacity: 1.0, layers: layers.to_vec() };
        map.paint(field, &key);
        map
    }

    fn whole(field: &PheromoneField, pixels_per_unit: f32) -> Window {
        Window::new(field.grid(), Rect::from_center_size(Vec2::ZERO, Vec2::splat(1e6)), pixels_per_unit).unwrap()
    }

    const GREEN: Rgba8 = Rgba8::hex(0x00_9E73);
    const PINK: Rgba8 = Rgba8::hex(0xCC_79A7);

    #[test]
    fn a_cell_shows_at_its_place_in_its_hue_and_stronger_is_more_opaque() {
        let mut field = field(Vec2::splat(100.0), 1.0, 1);
        for (column, amount) in [(10, 0.04), (20, 1.0), (30, 4.0)] {
            field.layer_mut(LayerId(0)).unwrap().deposit(Cell::new(column, 70), amount, AgentId(0));
        }
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
        let mut field = field(Vec2::splat(256.0), 1.0, 1);
        field.layer_mut(LayerId(0)).unwrap().deposit(Cell::new(37, 255), 4.0, AgentId(0));
        let window = whole(&field, 0.25);
        assert_eq!((window.step, window.texels()), (4, (64, 64)));
        let map = map(&field, window, &[(0, [GREEN; 2])], Theme::Light);
        assert_eq!(map.pixels()[37 / 4][3], 255, "the uppermost row comes first");
    }

    #[test]
    fn two_layers_mix_and_a_single_one_looks_the_same_either_way() {
        let mut field = field(Vec2::splat(64.0), 1.0, 2);
        for layer in [0, 1] {
            field.layer_mut(LayerId(layer)).unwrap().deposit(Cell::new(5, 5), 1.0, AgentId(0));
        }
        field.layer_mut(LayerId(0)).unwrap().deposit(Cell::new(9, 5), 1.0, AgentId(0));
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
        let field = field(Vec2::splat(100_000.0), 1.0, 1);
        let seen = Rect::from_center_size(Vec2::new(-20_000.0, 0.0), Vec2::splat(600.0));
        let window = Window::new(field.grid(), seen, 1.0).unwrap();
        let covers = window.covers(field.grid());
        assert!(covers.contains(seen.min) && covers.contains(seen.max));
        assert!(covers.size().max_element() < 800.0);
        assert!(Window::new(field.grid(), Rect::from_center_size(Vec2::splat(1e9), Vec2::ONE), 1.0).is_none());
        for pixels_per_unit in [1e-6, 0.003, 0.7, 50.0] {
            let visible = Rect::from_center_size(Vec2::ZERO, Vec2::new(1280.0, 720.0) / pixels_per_unit);
            let (width, height) = Window::new(field.grid(), visible, pixels_per_unit).unwrap().texels();
            assert!(width.max(height) <= LONGEST_SIDE as usize && width * height > 0, "{pixels_per_unit}");
        }
    }
}
