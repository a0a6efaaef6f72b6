//! Orders by id: a table of open addresses with linear probing, whose gaps are closed when an order leaves, so that it
//! never fills up with what is gone. Nothing ever iterates over it, hence its order shows nowhere.

use super::OrderId;
use super::orders::{NO_SLOT, Orders};

/// The places of a new table, as a power of two.
const SMALLEST_BITS: u32 = 4;

/// A slot with the hash of its order's id, so that others are told apart without looking at them.
#[derive(Clone, Copy, Debug)]
struct Place {
    hash: u32,
    slot: u32,
}

const EMPTY: Place = Place { hash: 0, slot: NO_SLOT };

/// Slots by id. Ids themselves are read from the orders.
#[derive(Clone, Debug, Default)]
pub struct OrderIndex {
    /// 2^bits places, or none; at most half of them are taken.
    places: Vec<Place>,
    bits: u32,
    taken: usize,
}

/// Fibonacci hashing (Knuth, vol. 3, 6.4): spreads ids in arithmetic progressions evenly over the high bits.
#[inline]
const fn hash(id: OrderId) -> u32 {
    (id.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
}

impl OrderIndex {
    pub fn memory(&self) -> usize {
        self.places.capacity() * size_of::<Place>()
    }

    #[inline]
    fn mask(&self) -> usize {
        self.places.len() - 1
    }

    /// Where an order with this hash would like to stand.
    #[inline]
    fn home(&self, hash: u32) -> usize {
        (hash >> (u32::BITS - self.bits)) as usize
    }

    #[inline]
    fn place_of(&self, id: OrderId, orders: &Orders) -> Option<usize> {
        if self.taken == 0 {
            return None;
        }
        let (hash, mask) = (hash(id), self.mask());
        let mut at = self.home(hash);
        loop {
            let place = self.places[at];
            if place.slot == NO_SLOT {
                return None;
            }
            if place.hash == hash && orders.get(place.slot).id == id {
                return Some(at);
            }
            at = (at + 1) & mask;
        }
    }

    #[inline]
    pub fn find(&self, id: OrderId, orders: &Orders) -> Option<u32> {
        self.place_of(id, orders).map(|at| self.places[at].slot)
    }

    /// Adds an order that is not in it.
    #[inline]
    pub fn insert(&mut self, id: OrderId, slot: u32) {
        if (self.taken + 1) * 2 > self.places.len() {
            self.grow();
        }
        self.put(Place { hash: hash(id), slot });
        self.taken += 1;
    }

    #[inline]
    fn put(&mut self, place: Place) {
        let mask = self.mask();
        let mut at = self.home(place.hash);
        while self.places[at].slot != NO_SLOT {
            at = (at + 1) & mask;
        }
        self.places[at] = place;
    }

    #[cold]
    fn grow(&mut self) {
        self.bits = (self.bits + 1).max(SMALLEST_BITS);
        let old = std::mem::replace(&mut self.places, vec![EMPTY; 1 << self.bits]);
        old.into_iter().filter(|place| place.slot != NO_SLOT).for_each(|place| self.put(place));
    }

    /// Takes an order out, while the slab still has it.
    #[inline]
    pub fn remove(&mut self, id: OrderId, orders: &Orders) -> Option<u32> {
        let mut gap = self.place_of(id, orders)?;
        let removed = self.places[gap].slot;
        let mask = self.mask();
        let mut at = gap;
        // Whoever stands after the gap and would have liked to stand at it or before moves into it.
        loop {
            at = (at + 1) & mask;
            let place = self.places[at];
            if place.slot == NO_SLOT {
                break;
            }
            if at.wrapping_sub(self.home(place.hash)) & mask >= at.wrapping_sub(gap) & mask {
                self.places[gap] = place;
                gap = at;
            }
        }
        self.places[gap] = EMPTY;
        self.taken -= 1;
        Some(removed)
    }
}
