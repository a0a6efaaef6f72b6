//! Edges that are newer than the rows: found by a hash of both ends, and listed by their source.

use bytemuck::{Pod, Zeroable};
use serde::{Deserialize, Serialize};

/// No edge.
pub(super) const NONE: u32 = u32::MAX;

/// An edge that stands in no row yet.
#[derive(Clone, Copy, Debug, Pod, Zeroable, PartialEq)]
#[repr(C)]
pub(super) struct Fresh {
    pub source: u32,
    pub target: u32,
    /// The edge of the same source that came before.
    pub next: u32,
    pub r: f32,
    pub s: f32,
}

/// All of them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct FreshEdges {
    #[serde(with = "agent2028_core::checkpoint::records")]
    edges: Vec<Fresh>,
    /// By the place of a source: its latest edge.
    #[serde(skip)]
    latest: Vec<u32>,
    /// An open-addressed table of a power of two of places; it is at most half full.
    #[serde(skip)]
    places: Vec<u32>,
}

/// SplitMix64's finaliser (Steele, Lea & Flood 2014).
fn spread(mut key: u64) -> u64 {
    key = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    key = (key ^ (key >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    key ^ (key >> 31)
}

impl FreshEdges {
    pub fn len(&self) -> usize {
        self.edges.len()
    }

    pub fn edges(&self) -> &[Fresh] {
        &self.edges
    }

    pub fn edges_mut(&mut self) -> &mut [Fresh] {
        &mut self.edges
    }

    pub fn get_mut(&mut self, at: u32) -> &mut Fresh {
        &mut self.edges[at as usize]
    }

    pub fn bytes(&self) -> usize {
        self.edges.capacity() * size_of::<Fresh>() + (self.latest.capacity() + self.places.capacity()) * 4
    }

    /// The place in the table that holds an edge, or would.
    fn place(&self, source: u32, target: u32) -> usize {
        let mask = self.places.len() - 1;
        let mut place = spread(u64::from(source) << 32 | u64::from(target)) as usize & mask;
        loop {
            let at = self.places[place];
            if at == NONE {
                return place;
            }
            let edge = &self.edges[at as usize];
            if (edge.source, edge.target) == (source, target) {
                return place;
            }
            place = (place + 1) & mask;
        }
    }

    pub fn find(&self, source: u32, target: u32) -> Option<u32> {
        if self.places.is_empty() {
            return None;
        }
        let at = self.places[self.place(source, target)];
        (at != NONE).then_some(at)
    }

    /// Adds an edge that isn't there.
    pub fn insert(&mut self, source: u32, at: usize, target: u32, r: f32, s: f32) {
        if self.places.len() < 2 * (self.edges.len() + 1) {
            let size = (4 * (self.edges.len() + 1)).next_power_of_two().max(64);
            self.places = vec![NONE; size];
            for at in 0..self.edges.len() {
                let place = self.place(self.edges[at].source, self.edges[at].target);
                self.places[place] = at as u32;
            }
        }
        let place = self.place(source, target);
        self.places[place] = self.edges.len() as u32;
        if self.latest.len() <= at {
            self.latest.resize(at + 1, NONE);
        }
        let next = std::mem::replace(&mut self.latest[at], self.edges.len() as u32);
        self.edges.push(Fresh { source, target, next, r, s });
    }

    /// Makes room at a place for a source that comes between others.
    pub fn make_room(&mut self, place: usize) {
        if place < self.latest.len() {
            self.latest.insert(place, NONE);
        }
    }

    /// The edges of the source at a place, latest first.
    pub fn of(&self, place: Option<usize>) -> impl Iterator<Item = &Fresh> {
        let mut next = place.and_then(|place| self.latest.get(place)).copied().unwrap_or(NONE);
        std::iter::from_fn(move || {
            let edge = self.edges.get(next as usize)?;
            next = edge.next;
            Some(edge)
        })
    }

    pub fn clear(&mut self) {
        self.edges.clear();
        self.latest.clear();
        self.places.fill(NONE);
    }

    /// Works out what isn't saved; `place_of` gives a source its place. Fails if edges make no sense.
    pub fn index(&mut self, mut place_of: impl FnMut(&mut Self, u32) -> usize) -> Result<(), String> {
        let edges = std::mem::take(&mut self.edges);
        *self = Self::default();
        for edge in edges {
            if self.find(edge.source, edge.target).is_some() || edge.source == NONE {
                return Err("an edge of the trust graph stands there twice".into());
            }
            let place = place_of(self, edge.source);
            self.insert(edge.source, place, edge.target, edge.r, edge.s);
        }
        Ok(())
    }
}
