//! The fused step of a tile: renormalise and diffuse, in place, one pass over its cells.
//!
//! **Arithmetic.** Cells are whole numbers of a tiny unit (2⁻²⁹ of the layer's maximum). In a step a cell gives
//! `q = ⌊c · k⌋` units to each orthogonal neighbour, and what it gives is subtracted from it, unit for unit: the sum of
//! all cells is an invariant of whole numbers, not a matter of rounding luck, and holds for any number of ticks, threads
//! and tiles. Floating-point cells drift (the same rounding happens every tick once a field is nearly steady); compensated
//! sums need a second array, which is the memory traffic that this pass is bound by.
//!
//! **In place.** Only the `q` of the row below, the row itself and the row above are needed, so three rows of `q` roll
//! through the first-level cache and each cell is read and written once. What comes from other tiles is read from their
//! rims of the tick before.

use super::grid::{TILE_CELLS, TILE_SIDE};
use super::prefetch::Ahead;

/// A row of outgoing parts with one cell of the neighbours at each end, padded to whole vectors.
const ROW: usize = TILE_SIDE + 8;

/// What lies around a tile: the cells next to it, in stored units.
#[derive(Clone, Debug)]
pub struct Halo {
    /// The row below, from the lower left neighbour's corner to the lower right one's.
    pub south: [i32; TILE_SIDE + 2],
    /// The row above.
    pub north: [i32; TILE_SIDE + 2],
    /// The column to the left, upwards.
    pub west: [i32; TILE_SIDE],
    /// The column to the right, upwards.
    pub east: [i32; TILE_SIDE],
}

/// The shares of a step: what part of a cell goes to each neighbour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares {
    orthogonal: f32,
    diagonal: bool,
}

impl Shares {
    /// `orthogonal` (0–⅛, values outside are brought in) to each of the four orthogonal neighbours, and with `diagonal`
    /// a quarter of that to each of the four diagonal ones.
    #[must_use]
    pub const fn new(orthogonal: f32, diagonal: bool) -> Self {
        let orthogonal = if orthogonal.is_nan() { 0.0 } else { orthogonal.clamp(0.0, 0.125) };
        Self { orthogonal, diagonal }
    }

    /// What goes to each orthogonal neighbour.
    #[must_use]
    pub const fn orthogonal(self) -> f32 {
        self.orthogonal
    }

    /// Whether diagonal neighbours get something.
    #[must_use]
    pub const fn diagonal(self) -> bool {
        self.diagonal
    }

    /// Units that a cell gives to each orthogonal neighbour.
    #[inline(always)]
    #[must_use]
    pub fn given(self, cell: i32) -> i32 {
        let given = cell as f32 * self.orthogonal;
        // SAFETY: |cell| ≤ 2³¹ and 0 ≤ orthogonal ≤ ⅛ (see `Shares::new`), so the product is finite and fits an i32.
        // The checked conversion adds four instructions to a loop of twenty.
        #[expect(unsafe_code, reason = "the checked conversion adds four instructions to a loop of twenty")]
        unsafe {
            given.to_int_unchecked::<i32>()
        }
    }
}

/// Steps a tile: halves every cell (and the halo) `shift` times, then diffuses. Returns the largest cell.
///
/// `width` and `height` (1–64) are the part of the tile that lies in the world; the rest stays 0. `next` is the tile that
/// will be stepped next: each of its rows is asked for from memory while the same row of this one is worked on.
#[must_use]
pub fn step_tile(
    cells: &mut [i32; TILE_CELLS],
    halo: &Halo,
    shares: Shares,
    shift: u32,
    (width, height): (usize, usize),
    next: Ahead,
) -> i32 {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx512f")
        && std::arch::is_x86_feature_detected!("avx512vl")
        && std::arch::is_x86_feature_detected!("avx512bw")
        && std::arch::is_x86_feature_detected!("avx512dq")
    {
        // SAFETY: the processor has what `step_avx512` needs, as was just asked.
        #[expect(unsafe_code, reason = "instructions that not every processor has")]
        return unsafe { step_avx512(cells, halo, shares, shift, width, height, next) };
    }
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2, as was just asked; that is all that `step_avx2` needs.
        #[expect(unsafe_code, reason = "instructions that not every processor has")]
        return unsafe { step_avx2(cells, halo, shares, shift, width, height, next) };
    }
    step_any(cells, halo, shares, shift, width, height, next)
}

/// The same code compiled for eight lanes. Conversions, products and whole-number sums are exact or correctly rounded
/// in both, so the bits are the same.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn step_avx2(
    cells: &mut [i32; TILE_CELLS],
    halo: &Halo,
    shares: Shares,
    shift: u32,
    width: usize,
    height: usize,
    next: Ahead,
) -> i32 {
    step_any(cells, halo, shares, shift, width, height, next)
}

/// The same for sixteen lanes.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq")]
fn step_avx512(
    cells: &mut [i32; TILE_CELLS],
    halo: &Halo,
    shares: Shares,
    shift: u32,
    width: usize,
    height: usize,
    next: Ahead,
) -> i32 {
    step_any(cells, halo, shares, shift, width, height, next)
}

#[inline(always)]
fn step_any(
    cells: &mut [i32; TILE_CELLS],
    halo: &Halo,
    shares: Shares,
    shift: u32,
    width: usize,
    height: usize,
    next: Ahead,
) -> i32 {
    // The usual case, a whole tile between two halvings, is compiled for itself: no shifts, no remainders.
    match (shares.diagonal, shift == 0 && (width, height) == (TILE_SIDE, TILE_SIDE)) {
        (false, true) => step_rows::<false>(cells, halo, shares, 0, TILE_SIDE, TILE_SIDE, next),
        (false, false) => step_rows::<false>(cells, halo, shares, shift, width, height, next),
        (true, true) => step_rows::<true>(cells, halo, shares, 0, TILE_SIDE, TILE_SIDE, next),
        (true, false) => step_rows::<true>(cells, halo, shares, shift, width, height, next),
    }
}

#[inline(always)]
fn step_rows<const DIAGONAL: bool>(
    cells: &mut [i32; TILE_CELLS],
    halo: &Halo,
    shares: Shares,
    shift: u32,
    width: usize,
    height: usize,
    next: Ahead,
) -> i32 {
    // Shifting by 31 empties every cell that isn't negative, and none is.
    let shift = shift.min(31);
    let (mut first, mut second, mut third) = ([0_i32; ROW], [0_i32; ROW], [0_i32; ROW]);
    let (mut below, mut here, mut above) = (&mut first, &mut second, &mut third);
    give_halo(below, &halo.south, shares, shift);
    give_row(here, cells, 0, halo, shares, shift, width);
    let mut peak = 0;
    for row in 0..height {
        next.row(row);
        if row + 1 < height {
            give_row(above, cells, row + 1, halo, shares, shift, width);
        } else {
            give_halo(above, &halo.north, shares, shift);
        }
        let line = &mut cells.as_chunks_mut::<TILE_SIDE>().0[row];
        let mut largest = 0;
        for column in 0..TILE_SIDE {
            // Nothing wraps: all sums stay below 2³¹. The checks of a debug build would only keep the loop scalar.
            let given = here[column + 1];
            let sides = here[column].wrapping_add(here[column + 2]);
            let ends = below[column + 1].wrapping_add(above[column + 1]);
            let mut cell = (line[column] >> shift).wrapping_sub(given << 2).wrapping_add(sides).wrapping_add(ends);
            if DIAGONAL {
                let low = (below[column] >> 2).wrapping_add(below[column + 2] >> 2);
                let high = (above[column] >> 2).wrapping_add(above[column + 2] >> 2);
                cell = cell.wrapping_add(low).wrapping_add(high).wrapping_sub((given >> 2) << 2);
            }
            line[column] = cell;
            largest = largest.max(cell);
        }
        if width < TILE_SIDE {
            line[width..].fill(0);
            largest = line.iter().copied().max().unwrap_or(0);
        }
        peak = peak.max(largest);
        (below, here, above) = (here, above, below);
    }
    peak
}

#[inline(always)]
fn give_row(
    out: &mut [i32; ROW],
    cells: &[i32; TILE_CELLS],
    row: usize,
    halo: &Halo,
    shares: Shares,
    shift: u32,
    width: usize,
) {
    let line = &cells.as_chunks::<TILE_SIDE>().0[row];
    for column in 0..TILE_SIDE {
        out[column + 1] = shares.given(line[column] >> shift);
    }
    out[0] = shares.given(halo.west[row] >> shift);
    // In a tile that is cut off by the edge of the world, the neighbour follows the last column.
    out[width + 1] = shares.given(halo.east[row] >> shift);
}

#[inline(always)]
fn give_halo(out: &mut [i32; ROW], cells: &[i32; TILE_SIDE + 2], shares: Shares, shift: u32) {
    for (out, cell) in out.iter_mut().zip(cells) {
        *out = shares.given(cell >> shift);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, cell by cell.
    fn reference(cells: &[i32; TILE_CELLS], halo: &Halo, shares: Shares, shift: u32) -> Vec<i32> {
        let read = |column: i32, row: i32| -> i32 {
            let side = TILE_SIDE as i32;
            let cell = if row < 0 {
                halo.south[(column + 1) as usize]
            } else if row >= side {
                halo.north[(column + 1) as usize]
            } else if column < 0 {
                halo.west[row as usize]
            } else if column >= side {
                halo.east[row as usize]
            } else {
                cells[(row * side + column) as usize]
            };
            cell >> shift
        };
        let mut out = Vec::new();
        for row in 0..TILE_SIDE as i32 {
            for column in 0..TILE_SIDE as i32 {
                let mut cell = read(column, row);
                let own = shares.given(cell);
                for (dx, dy) in [(-1, 0), (1, 0), (0, -1), (0, 1)] {
                    cell += shares.given(read(column + dx, row + dy)) - own;
                }
                if shares.diagonal {
                    for (dx, dy) in [(-1, -1), (1, -1), (-1, 1), (1, 1)] {
                        cell += (shares.given(read(column + dx, row + dy)) >> 2) - (own >> 2);
                    }
                }
                out.push(cell);
            }
        }
        out
    }

    #[test]
    fn the_vector_kernel_equals_the_definition_bit_for_bit() {
        let mut state = 1_u32;
        let mut dice = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 2) as i32
        };
        let mut cells = [0; TILE_CELLS];
        cells.iter_mut().for_each(|cell| *cell = dice());
        let mut halo = Halo { south: [0; 66], north: [0; 66], west: [0; 64], east: [0; 64] };
        let Halo { south, north, west, east } = &mut halo;
        for side in [&mut south[..], north, west, east] {
            side.iter_mut().for_each(|cell| *cell = dice());
        }
        for (diagonal, shift) in [(false, 0), (true, 0), (false, 1), (true, 3)] {
            let shares = Shares::new(0.05, diagonal);
            let wanted = reference(&cells, &halo, shares, shift);
            let (mut vector, mut plain) = (cells, cells);
            let peak = step_tile(&mut vector, &halo, shares, shift, (TILE_SIDE, TILE_SIDE), Ahead::NOTHING);
            let plain_peak = step_any(&mut plain, &halo, shares, shift, TILE_SIDE, TILE_SIDE, Ahead::NOTHING);
            assert_eq!(vector.as_slice(), wanted.as_slice());
            assert_eq!(vector, plain);
            assert_eq!((peak, Some(peak)), (plain_peak, wanted.iter().copied().max()));
        }
    }
}
