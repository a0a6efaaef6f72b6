//! Regular lattices.

/// Everybody in a ring is linked with the `reach` next ones on either side.
#[must_use]
pub fn ring(count: u32, reach: u32) -> Vec<(u32, u32)> {
    let mut edges = Vec::new();
    for place in 0..count {
        for step in 1..=reach.min(count.saturating_sub(1)) {
            edges.push((place, (place + step) % count));
        }
    }
    edges
}

/// A square grid, row by row, with links to the four next ones; `wrap` joins its edges to a torus (of whole rows).
#[must_use]
pub fn grid(count: u32, wrap: bool) -> Vec<(u32, u32)> {
    let columns = (1..=count).find(|side| u64::from(*side).pow(2) >= u64::from(count)).unwrap_or(1);
    let rows = count.div_ceil(columns.max(1));
    let mut edges = Vec::new();
    for place in 0..count {
        let (row, column) = (place / columns, place % columns);
        let width = if row + 1 == rows { count - row * columns } else { columns };
        if column + 1 < width {
            edges.push((place, place + 1));
        } else if wrap && width > 2 {
            edges.push((place, row * columns));
        }
        if place + columns < count {
            edges.push((place, place + columns));
        } else if wrap && row > 1 {
            edges.push((place, column));
        }
    }
    edges
}
