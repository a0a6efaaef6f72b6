//! What lies around a tile, from the rims of its neighbours.

use super::diffusion::{Halo, Shares};
use super::grid::TILE_SIDE;
use super::layer::OUTSIDE;
use super::prefetch::ask_for_all;
use super::tile::{EAST, NORTH, NORTH_EAST, NORTH_WEST, Rim, SOUTH, SOUTH_EAST, SOUTH_WEST, Tile, WEST};

pub(super) const fn opposite(direction: usize) -> usize {
    [EAST, WEST, NORTH, SOUTH, NORTH_EAST, NORTH_WEST, SOUTH_EAST, SOUTH_WEST][direction]
}

/// Asks for what [`halo_of`] will read and what the new rim will be written over.
pub(super) fn ask_for_surroundings(tile: &Tile, rims: &[Box<Rim>]) {
    let rim = |direction: usize| rims.get(tile.neighbours[direction] as usize);
    if let Some(south) = rim(SOUTH) {
        ask_for_all(&south.north);
    }
    if let Some(north) = rim(NORTH) {
        ask_for_all(&north.south);
    }
    if let Some(east) = rim(EAST) {
        ask_for_all(&east.west);
    }
    ask_for_all(tile.rim.as_ref());
}

/// The cells around a tile. Where there is no neighbour, the tile's own cells are mirrored, so that what goes over that
/// border comes back and no mass is lost; beyond an absorbing edge there is nothing.
pub(super) fn halo_of(tile: &Tile, index: usize, rims: &[Box<Rim>]) -> Halo {
    let own = &rims[index];
    let rim = |direction: usize| rims.get(tile.neighbours[direction] as usize);
    let outside = |direction: usize| tile.neighbours[direction] == OUTSIDE;
    let side =
        |direction: usize, mirrored: &[i32; TILE_SIDE], facing: fn(&Rim) -> &[i32; TILE_SIDE]| match rim(direction) {
            Some(neighbour) => *facing(neighbour),
            None if outside(direction) => [0; TILE_SIDE],
            None => *mirrored,
        };
    // A corner that is missing mirrors across the border that is missing, as the rows and columns next to it do; the
    // tile on the other side of that mirror does the same, so what two cells exchange is equal both ways.
    let corner = |direction: usize, vertical: usize, horizontal: usize| -> i32 {
        let at = |direction: usize| direction - SOUTH_WEST;
        if let Some(neighbour) = rim(direction) {
            return neighbour.corners[at(opposite(direction))];
        }
        if outside(direction) {
            return 0;
        }
        let mirrored_column = [NORTH_WEST, NORTH_EAST, SOUTH_WEST, SOUTH_EAST][at(direction)];
        let mirrored_row = [SOUTH_EAST, SOUTH_WEST, NORTH_EAST, NORTH_WEST][at(direction)];
        match (rim(vertical), rim(horizontal)) {
            (Some(neighbour), None) => neighbour.corners[at(mirrored_column)],
            (None, Some(neighbour)) => neighbour.corners[at(mirrored_row)],
            _ => own.corners[at(direction)],
        }
    };
    let mut halo = Halo {
        south: [0; TILE_SIDE + 2],
        north: [0; TILE_SIDE + 2],
        west: side(WEST, &own.west, |rim| &rim.east),
        east: side(EAST, &own.east, |rim| &rim.west),
    };
    halo.south[1..=TILE_SIDE].copy_from_slice(&side(SOUTH, &own.south, |rim| &rim.north));
    halo.north[1..=TILE_SIDE].copy_from_slice(&side(NORTH, &own.north, |rim| &rim.south));
    halo.south[0] = corner(SOUTH_WEST, SOUTH, WEST);
    halo.south[tile.width + 1] = corner(SOUTH_EAST, SOUTH, EAST);
    halo.north[0] = corner(NORTH_WEST, NORTH, WEST);
    halo.north[tile.width + 1] = corner(NORTH_EAST, NORTH, EAST);
    halo
}

/// Units that a tile gives over absorbing edges in a step.
pub(super) fn given_outside(tile: &Tile, rim: &Rim, shares: Shares, shift: u32) -> i64 {
    let shift = shift.min(31);
    let outside = |direction: usize| tile.neighbours[direction] == OUTSIDE;
    let sides: [(usize, &[i32]); 4] = [
        (WEST, &rim.west[..tile.height]),
        (EAST, &rim.east[..tile.height]),
        (SOUTH, &rim.south[..tile.width]),
        (NORTH, &rim.north[..tile.width]),
    ];
    let mut units = 0;
    for (direction, cells) in sides {
        if outside(direction) {
            for cell in cells {
                let given = shares.given(cell >> shift);
                units += i64::from(given);
                if shares.diagonal() {
                    units += 2 * i64::from(given >> 2);
                }
            }
        }
    }
    if shares.diagonal() {
        // The corner's diagonal part over two outer sides was counted with both.
        for (corner, (vertical, horizontal)) in
            [(SOUTH, WEST), (SOUTH, EAST), (NORTH, WEST), (NORTH, EAST)].into_iter().enumerate()
        {
            if outside(vertical) && outside(horizontal) {
                units -= i64::from(shares.given(rim.corners[corner] >> shift) >> 2);
            }
        }
    }
    units
}
