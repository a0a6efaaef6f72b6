//! Which tile lies where: a two-level page table over tile coordinates.

use super::grid::TileAt;

/// Tiles along the side of a page.
const PAGE_SIDE: u32 = 32;
const PAGE_TILES: usize = (PAGE_SIDE * PAGE_SIDE) as usize;
/// The entry of a tile that isn't there.
pub const ABSENT: u32 = u32::MAX;

/// A page table: a dense array of pages, each of 32 × 32 tiles (4 KiB), made when first touched.
///
/// A lookup is two loads, without hashing; a world of 10⁵ × 10⁵ cells has a root of 49 × 49 pages.
#[derive(Clone, Debug, Default)]
pub struct TileDirectory {
    page_columns: u32,
    pages: Vec<Option<Box<[u32; PAGE_TILES]>>>,
}

impl TileDirectory {
    /// An empty directory for this many columns and rows of tiles.
    #[must_use]
    pub fn new(tile_columns: u32, tile_rows: u32) -> Self {
        let page_columns = tile_columns.div_ceil(PAGE_SIDE);
        let pages = page_columns as usize * tile_rows.div_ceil(PAGE_SIDE) as usize;
        Self { page_columns, pages: vec![None; pages] }
    }

    #[inline]
    fn split(&self, at: TileAt) -> (usize, usize) {
        let page = (at.row / PAGE_SIDE) as usize * self.page_columns as usize + (at.column / PAGE_SIDE) as usize;
        let within = (at.row % PAGE_SIDE) * PAGE_SIDE + at.column % PAGE_SIDE;
        (page, within as usize)
    }

    /// The tile's index, or [`ABSENT`].
    #[inline]
    #[must_use]
    pub fn get(&self, at: TileAt) -> u32 {
        let (page, within) = self.split(at);
        match self.pages.get(page) {
            Some(Some(page)) => page[within],
            _ => ABSENT,
        }
    }

    /// Sets the tile's index ([`ABSENT`] takes it out). Places beyond the directory are ignored.
    pub fn set(&mut self, at: TileAt, index: u32) {
        let (page, within) = self.split(at);
        if let Some(page) = self.pages.get_mut(page) {
            page.get_or_insert_with(|| Box::new([ABSENT; PAGE_TILES]))[within] = index;
        }
    }

    /// Bytes that the directory takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.pages.len() * size_of::<usize>() + self.pages.iter().flatten().count() * PAGE_TILES * 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vast_world_costs_only_what_is_touched() {
        let mut directory = TileDirectory::new(1563, 1563);
        assert_eq!(directory.get(TileAt { row: 1562, column: 1562 }), ABSENT);
        directory.set(TileAt { row: 1562, column: 3 }, 7);
        assert_eq!(directory.get(TileAt { row: 1562, column: 3 }), 7);
        assert_eq!(directory.get(TileAt { row: 1562, column: 4 }), ABSENT);
        assert!(directory.bytes() < 30_000);
        directory.set(TileAt { row: 1562, column: 3 }, ABSENT);
        assert_eq!(directory.get(TileAt { row: 1562, column: 3 }), ABSENT);
    }
}
