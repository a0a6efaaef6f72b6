//! Pheromones as heat maps over the ground.

use agent2028_pheromones::config::PheromonesConfig;
use agent2028_pheromones::field::{PheromoneField, TILE_SIDE};
use agent2028_view::LayerFacts;
use agent2028_view::field::{Field, FieldGrid, FieldLayer, FieldTile};
use bevy::prelude::World;

/// All pheromone layers of a world.
#[derive(Clone, Copy, Debug)]
pub struct Pheromones;

/// The names of the pheromone layers.
#[must_use]
pub fn names(world: &World) -> Vec<String> {
    let field = world.get_resource::<PheromoneField>();
    field.map_or_else(Vec::new, |field| field.layers().map(|(_, name, _)| name.to_owned()).collect())
}

impl Field for Pheromones {
    const FACTS: LayerFacts =
        LayerFacts { key: "fields", label: "Pheromones", help: "Pheromones as heat maps", shortcut: "9", shown: true };

    fn grid(world: &World) -> Option<FieldGrid> {
        let grid = world.get_resource::<PheromoneField>()?.grid();
        let (origin, cell_size) = (grid.origin, grid.cell_size);
        Some(FieldGrid { origin, cell_size, columns: grid.columns, rows: grid.rows })
    }

    fn layers(world: &World) -> Vec<FieldLayer> {
        let Some(field) = world.get_resource::<PheromoneField>() else { return Vec::new() };
        let chosen = world.get_resource::<PheromonesConfig>().map_or(&[][..], |config| config.layers.as_slice());
        let layer = |(index, (_, name, layer)): (usize, (_, &str, &agent2028_pheromones::field::Layer))| {
            // The hue that the scene chose by `color`, and the one of its own number where it chose none.
            let hue = chosen.get(index).map_or(0, |layer| layer.color as usize);
            FieldLayer {
                name: name.to_owned(),
                hue: if hue == 0 { index } else { hue },
                maximum: layer.parameters().maximum,
                is_empty: layer.active_tiles() == 0,
            }
        };
        field.layers().enumerate().map(layer).collect()
    }

    fn read(world: &World, layer: usize, visit: &mut dyn FnMut(FieldTile)) {
        let Some(field) = world.get_resource::<PheromoneField>() else { return };
        let Some((_, _, layer)) = field.layers().nth(layer) else { return };
        for tile in layer.tiles().filter(|tile| tile.peak_share() > 0.0) {
            let first = tile.first_cell();
            visit(FieldTile {
                first: (first.column, first.row),
                extent: tile.extent(),
                cells: tile.cells(),
                stride: TILE_SIDE,
                share: tile.share_per_unit(),
            });
        }
    }
}
