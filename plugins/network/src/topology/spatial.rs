//! Neighbours in space: a grid of cells, and the k nearest.

use agent2028_core::parallel::Workers;
use agent2028_core::space::WorldBounds;
use bevy::math::Vec2;

/// Points sorted into square cells of about two points each.
#[derive(Clone, Debug, Default)]
pub struct NearGrid {
    bounds: WorldBounds,
    low: Vec2,
    cell: Vec2,
    columns: i32,
    rows: i32,
    starts: Vec<u32>,
    places: Vec<u32>,
    points: Vec<Vec2>,
}

impl NearGrid {
    /// Sorts points (all finite).
    #[must_use]
    pub fn new(bounds: WorldBounds, points: &[Vec2]) -> Self {
        let (low, high) = if bounds.wraps() {
            (bounds.min(), bounds.max())
        } else {
            let low = points.iter().copied().reduce(Vec2::min).unwrap_or_default();
            (low, points.iter().copied().reduce(Vec2::max).unwrap_or_default())
        };
        let size = (high - low).max(Vec2::splat(1e-3));
        let side = (size.x * size.y * 2.0 / points.len().max(1) as f32).sqrt().max(size.max_element() / 4096.0);
        let (columns, rows) = ((size.x / side).floor().max(1.0) as i32, (size.y / side).floor().max(1.0) as i32);
        let cell = size / Vec2::new(columns as f32, rows as f32);
        let mut grid =
            Self { bounds, low, cell, columns, rows, starts: Vec::new(), places: Vec::new(), points: points.to_vec() };
        let cells: Vec<u32> = points
            .iter()
            .map(|point| {
                let (x, y) = grid.cell_of(*point);
                (y * columns + x) as u32
            })
            .collect();
        grid.starts = vec![0; (columns * rows) as usize + 1];
        for cell in &cells {
            grid.starts[*cell as usize + 1] += 1;
        }
        for at in 1..grid.starts.len() {
            grid.starts[at] += grid.starts[at - 1];
        }
        let mut next = grid.starts.clone();
        grid.places = vec![0; points.len()];
        for (place, cell) in cells.iter().enumerate() {
            grid.places[next[*cell as usize] as usize] = place as u32;
            next[*cell as usize] += 1;
        }
        grid
    }

    fn cell_of(&self, point: Vec2) -> (i32, i32) {
        let at = (point - self.low) / self.cell;
        ((at.x as i32).clamp(0, self.columns - 1), (at.y as i32).clamp(0, self.rows - 1))
    }

    /// The squared distance between two points.
    #[must_use]
    pub fn distance_squared(&self, one: u32, other: u32) -> f32 {
        self.bounds.delta(self.points[one as usize], self.points[other as usize]).length_squared()
    }

    /// Shows `visit` the points of one cell; on a torus cells go round, elsewhere there are none beyond the edge.
    fn visit_cell(&self, x: i32, y: i32, visit: &mut impl FnMut(u32)) {
        let (x, y) = if self.bounds.wraps() {
            (x.rem_euclid(self.columns), y.rem_euclid(self.rows))
        } else if x < 0 || y < 0 || x >= self.columns || y >= self.rows {
            return;
        } else {
            (x, y)
        };
        let cell = (y * self.columns + x) as usize;
        for place in &self.places[self.starts[cell] as usize..self.starts[cell + 1] as usize] {
            visit(*place);
        }
    }

    /// Shows `visit` the points of the ring of cells at distance `ring`, each cell once also on a small torus.
    fn visit_ring(&self, (x, y): (i32, i32), ring: i32, visit: &mut impl FnMut(u32)) {
        if ring == 0 {
            return self.visit_cell(x, y, visit);
        }
        let wraps = self.bounds.wraps();
        // On a torus the far side is met from both sides: the cells at −n/2 … (n−1)/2 are each cell once.
        let inside = |step: i32, count: i32| !wraps || step >= -(count / 2) && step <= (count - 1) / 2;
        for dy in -ring..=ring {
            let step = if dy.abs() == ring { 1 } else { 2 * ring };
            let mut dx = -ring;
            while dx <= ring {
                if inside(dx, self.columns) && inside(dy, self.rows) {
                    self.visit_cell(x + dx, y + dy, visit);
                }
                dx += step;
            }
        }
    }

    fn farthest_ring(&self) -> i32 {
        self.columns.max(self.rows)
    }

    /// The `count` nearest others of a point with their squared distances, nearest first, equal ones by place.
    pub fn nearest(&self, place: u32, count: usize, found: &mut Vec<(f32, u32)>) {
        found.clear();
        if count == 0 {
            return;
        }
        let home = self.cell_of(self.points[place as usize]);
        let width = self.cell.min_element();
        for ring in 0..=self.farthest_ring() {
            // What lies in this ring is at least so far away.
            let least = (ring - 1).max(0) as f32 * width;
            if found.len() == count && found[count - 1].0 < least * least {
                break;
            }
            self.visit_ring(home, ring, &mut |other| {
                if other == place {
                    return;
                }
                let entry = (self.distance_squared(place, other), other);
                let before = |known: &(f32, u32)| known.0.total_cmp(&entry.0).then(known.1.cmp(&entry.1)).is_lt();
                let at = found.partition_point(before);
                if at < count {
                    found.insert(at, entry);
                    found.truncate(count);
                }
            });
        }
    }

    /// The others within a distance of a point, with their squared distances, in no particular order.
    pub fn within(&self, place: u32, radius: f32, found: &mut Vec<(f32, u32)>) {
        found.clear();
        let home = self.cell_of(self.points[place as usize]);
        let rings = ((radius / self.cell.min_element()).ceil() as i32 + 1).min(self.farthest_ring());
        for ring in 0..=rings {
            self.visit_ring(home, ring, &mut |other| {
                let distance = self.distance_squared(place, other);
                if other != place && distance <= radius * radius {
                    found.push((distance, other));
                }
            });
        }
    }
}

/// Points per chunk of parallel work.
const CHUNK: usize = 1024;

/// Everybody is linked with the `count` nearest; who is among somebody's nearest is linked with it too.
#[must_use]
pub fn k_nearest(bounds: WorldBounds, points: &[Vec2], count: u32, workers: &Workers) -> Vec<(u32, u32)> {
    let grid = NearGrid::new(bounds, points);
    let chunks = workers.map_indices(points.len().div_ceil(CHUNK), |chunk| {
        let (mut edges, mut found) = (Vec::new(), Vec::new());
        for place in chunk * CHUNK..((chunk + 1) * CHUNK).min(points.len()) {
            grid.nearest(place as u32, count as usize, &mut found);
            edges.extend(found.iter().map(|(_, other)| (place as u32, *other)));
        }
        edges
    });
    chunks.concat()
}
