//! What a checkpoint keeps of a field: grid, parameters, scale, counts and the cells of every tile. Rims, directory and
//! neighbours are worked out again.

use agent2028_core::agent::AgentId;
use bytemuck::{Pod, Zeroable};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::PheromoneField;
use super::grid::{PheromoneGrid, TILE_CELLS, TileAt};
use super::layer::{Layer, LayerLosses, LayerParameters};
use super::tile::{CellProvenance, Tile};

/// Numbers as raw little-endian bytes: a field is mostly cells, and a checkpoint should take about their size.
struct Raw<T>(Vec<T>);

struct RawRef<'a, T>(&'a [T]);

impl<T: Pod> Serialize for RawRef<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytemuck::cast_slice(self.0))
    }
}

impl<'de, T: Pod> Deserialize<'de> for Raw<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = Vec<u8>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("bytes")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }

            fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(bytes)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<u8>, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = sequence.next_element()? {
                    bytes.push(byte);
                }
                Ok(bytes)
            }
        }
        let bytes = deserializer.deserialize_byte_buf(Bytes)?;
        if !bytes.len().is_multiple_of(size_of::<T>()) {
            return Err(D::Error::custom("a block of numbers is cut off"));
        }
        Ok(Self(bytes.chunks_exact(size_of::<T>()).map(bytemuck::pod_read_unaligned).collect()))
    }
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct StoredProvenance {
    last: u32,
    strongest: u32,
    amount: i32,
}

#[derive(Serialize)]
struct TileOut<'a> {
    at: TileAt,
    peak: i32,
    cells: RawRef<'a, i32>,
    provenance: Option<Vec<u8>>,
    marked_at: Option<RawRef<'a, u64>>,
}

#[derive(Deserialize)]
struct TileIn {
    at: TileAt,
    peak: i32,
    cells: Raw<i32>,
    provenance: Option<Vec<u8>>,
    marked_at: Option<Raw<u64>>,
}

#[derive(Serialize)]
struct LayerOut<'a> {
    parameters: &'a LayerParameters,
    unit: f64,
    scale: f64,
    tick: u64,
    losses: LayerLosses,
    tiles: Vec<TileOut<'a>>,
}

#[derive(Deserialize)]
struct LayerIn {
    parameters: LayerParameters,
    unit: f64,
    scale: f64,
    tick: u64,
    losses: LayerLosses,
    tiles: Vec<TileIn>,
}

#[derive(Serialize)]
struct FieldOut<'a> {
    grid: PheromoneGrid,
    names: &'a [String],
    layers: Vec<LayerOut<'a>>,
}

#[derive(Deserialize)]
struct FieldIn {
    grid: PheromoneGrid,
    names: Vec<String>,
    layers: Vec<LayerIn>,
}

impl Serialize for PheromoneField {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let layers = self.layers.iter().map(layer_out).collect();
        FieldOut { grid: self.grid, names: &self.names, layers }.serialize(serializer)
    }
}

fn layer_out(layer: &Layer) -> LayerOut<'_> {
    let mut tiles: Vec<&Tile> = layer.tiles.iter().collect();
    tiles.sort_unstable_by_key(|tile| tile.at);
    LayerOut {
        parameters: &layer.parameters,
        unit: layer.unit,
        scale: layer.scale,
        tick: layer.tick,
        losses: layer.losses,
        tiles: tiles
            .into_iter()
            .map(|tile| TileOut {
                at: tile.at,
                peak: tile.peak,
                cells: RawRef(tile.cells.as_slice()),
                provenance: tile.provenance.as_deref().map(provenance_out),
                marked_at: tile.marked_at.as_deref().map(RawRef),
            })
            .collect(),
    }
}

fn provenance_out(entries: &[CellProvenance]) -> Vec<u8> {
    let stored: Vec<StoredProvenance> = entries
        .iter()
        .map(|entry| StoredProvenance { last: entry.last.0, strongest: entry.strongest.0, amount: entry.amount })
        .collect();
    bytemuck::cast_slice(&stored).to_vec()
}

fn provenance_in(bytes: &[u8]) -> Box<[CellProvenance]> {
    bytes
        .chunks_exact(size_of::<StoredProvenance>())
        .map(bytemuck::pod_read_unaligned::<StoredProvenance>)
        .map(|stored| CellProvenance {
            last: AgentId(stored.last),
            strongest: AgentId(stored.strongest),
            amount: stored.amount,
        })
        .collect()
}

impl<'de> Deserialize<'de> for PheromoneField {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let input = FieldIn::deserialize(deserializer)?;
        let grid = input.grid;
        let sizes = grid.cell_size.min_element() > 0.0 && grid.cell_size.is_finite() && grid.origin.is_finite();
        let limits = 1..=super::MAX_CELLS_PER_AXIS;
        if !sizes || !limits.contains(&grid.columns) || !limits.contains(&grid.rows) {
            return Err(D::Error::custom("the grid of the pheromone field makes no sense"));
        }
        if input.names.len() != input.layers.len() {
            return Err(D::Error::custom("the pheromone layers and their names don't match"));
        }
        let layers = input
            .layers
            .into_iter()
            .map(|layer| layer_in(grid, layer))
            .collect::<Result<_, &str>>()
            .map_err(D::Error::custom)?;
        Ok(Self { grid, names: input.names, layers })
    }
}

fn layer_in(grid: PheromoneGrid, input: LayerIn) -> Result<Layer, &'static str> {
    let mut layer = Layer::new(grid, &input.parameters);
    let scale_fits = input.scale > 0.5 && input.scale <= 1.0;
    if !(scale_fits && input.unit > 0.0 && input.unit.is_finite()) {
        return Err("the scale of a pheromone layer is out of range");
    }
    layer.unit = input.unit;
    layer.scale = input.scale;
    layer.tick = input.tick;
    layer.losses = input.losses;
    let mut before: Option<TileAt> = None;
    for stored in input.tiles {
        let at = stored.at;
        if at.row >= grid.tile_rows() || at.column >= grid.tile_columns() || before.is_some_and(|before| before >= at) {
            return Err("a pheromone tile lies outside the world or out of order");
        }
        before = Some(at);
        let (width, height) = grid.tile_extent(at);
        let mut tile = Tile::new(at, width, height);
        if stored.cells.0.len() != TILE_CELLS || stored.cells.0.iter().any(|cell| !(0..=1 << 30).contains(cell)) {
            return Err("the cells of a pheromone tile are out of range");
        }
        tile.cells.copy_from_slice(&stored.cells.0);
        // A peak is an upper bound that steers when tiles are freed, so it is restored as it was.
        tile.peak = stored.peak.max(tile.cells.iter().copied().max().unwrap_or(0));
        if let Some(bytes) = stored.provenance {
            let entries = provenance_in(&bytes);
            if entries.len() != TILE_CELLS {
                return Err("the provenance of a pheromone tile is cut off");
            }
            tile.provenance = Some(entries);
        }
        if let Some(marked_at) = stored.marked_at {
            if marked_at.0.len() != TILE_CELLS {
                return Err("the ages of a pheromone tile are cut off");
            }
            tile.marked_at = Some(marked_at.0.into_boxed_slice());
        }
        layer.tiles.push(tile);
    }
    layer.rebuild();
    Ok(layer)
}
