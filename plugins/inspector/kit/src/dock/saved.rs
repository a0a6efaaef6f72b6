//! The layout as it is written to a file: independent of the crate that lays it out, and readable.

use bevy_egui::egui;
use egui_tiles::{Container, Linear, LinearDir, Tabs, Tile, TileId, Tiles, Tree};
use serde::{Deserialize, Serialize};

use super::panel::PanelKey;

/// A part of the window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum SavedTile {
    /// A panel.
    Panel(PanelKey),
    /// Panels behind each other.
    Tabs {
        /// The number of the one in front.
        front: usize,
        /// The panels.
        panels: Vec<SavedTile>,
    },
    /// Parts side by side, each with its share of the width.
    Row(Vec<(f32, SavedTile)>),
    /// Parts below each other, each with its share of the height.
    Column(Vec<(f32, SavedTile)>),
}

/// A saved layout nested deeper than this was not made by hand.
const DEEPEST: usize = 16;

impl SavedTile {
    /// Writes down a tree; `None` if it is empty or holds something that has no written form.
    pub(super) fn of(tree: &Tree<PanelKey>) -> Option<Self> {
        Self::of_tile(&tree.tiles, tree.root?, 0)
    }

    fn of_tile(tiles: &Tiles<PanelKey>, tile: TileId, depth: usize) -> Option<Self> {
        if depth > DEEPEST {
            return None;
        }
        let part = |tile: TileId| Self::of_tile(tiles, tile, depth + 1);
        match tiles.get(tile)? {
            Tile::Pane(panel) => Some(Self::Panel(*panel)),
            Tile::Container(Container::Tabs(tabs)) => {
                let front = tabs.children.iter().position(|child| Some(*child) == tabs.active).unwrap_or(0);
                Some(Self::Tabs { front, panels: tabs.children.iter().copied().filter_map(part).collect() })
            }
            Tile::Container(Container::Linear(linear)) => {
                let parts: Vec<(f32, Self)> =
                    linear.children.iter().filter_map(|child| Some((linear.shares[*child], part(*child)?))).collect();
                Some(if linear.dir == LinearDir::Horizontal { Self::Row(parts) } else { Self::Column(parts) })
            }
            // Nothing makes grids here; its parts stand side by side.
            Tile::Container(Container::Grid(grid)) => {
                Some(Self::Row(grid.children().copied().filter_map(part).map(|part| (1.0, part)).collect()))
            }
        }
    }

    /// Builds the tree again; `None` if it is nested too deeply or a share is no number above 0.
    pub(super) fn tree(&self) -> Option<Tree<PanelKey>> {
        let mut tiles = Tiles::default();
        let root = self.insert(&mut tiles, 0)?;
        Some(Tree::new(egui::Id::new("dock"), root, tiles))
    }

    fn insert(&self, tiles: &mut Tiles<PanelKey>, depth: usize) -> Option<TileId> {
        if depth > DEEPEST {
            return None;
        }
        let linear = |tiles: &mut Tiles<PanelKey>, dir, parts: &[(f32, Self)]| -> Option<TileId> {
            let mut children = Vec::with_capacity(parts.len());
            for (share, part) in parts {
                if !share.is_finite() || *share <= 0.0 {
                    return None;
                }
                children.push((part.insert(tiles, depth + 1)?, *share));
            }
            Some(row_of(tiles, dir, &children))
        };
        match self {
            Self::Panel(panel) => Some(tiles.insert_pane(*panel)),
            Self::Tabs { front, panels } => {
                let children: Option<Vec<TileId>> = panels.iter().map(|panel| panel.insert(tiles, depth + 1)).collect();
                let children = children?;
                let mut tabs = Tabs::new(children.clone());
                tabs.active = children.get(*front).or(children.first()).copied();
                Some(tiles.insert_container(Container::Tabs(tabs)))
            }
            Self::Row(parts) => linear(tiles, LinearDir::Horizontal, parts),
            Self::Column(parts) => linear(tiles, LinearDir::Vertical, parts),
        }
    }

    /// All panels in it, in order.
    pub(super) fn panels(&self, into: &mut Vec<PanelKey>) {
        match self {
            Self::Panel(panel) => into.push(*panel),
            Self::Tabs { panels, .. } => panels.iter().for_each(|part| part.panels(into)),
            Self::Row(parts) | Self::Column(parts) => parts.iter().for_each(|(_, part)| part.panels(into)),
        }
    }
}

/// Parts in a row or column with their shares.
fn row_of(tiles: &mut Tiles<PanelKey>, dir: LinearDir, parts: &[(TileId, f32)]) -> TileId {
    let mut container = Linear::new(dir, parts.iter().map(|(tile, _)| *tile).collect());
    for (tile, share) in parts {
        container.shares.set_share(*tile, *share);
    }
    tiles.insert_container(Container::Linear(container))
}
