//! What a flocking rule is: sums over the neighbours, then a decision from the sums.

use bevy::math::Vec2;
use bytemuck::{Pod, Zeroable};

use agent2028_core::space::CellItem;

use super::lanes::{LANES, Lane};

/// What the others see of an agent: where it is (world units) and how it moves (world units per second).
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Record {
    /// Position along x.
    pub x: f32,
    /// Position along y.
    pub y: f32,
    /// Velocity along x.
    pub vx: f32,
    /// Velocity along y.
    pub vy: f32,
}

impl Record {
    /// The record of an agent.
    #[inline]
    #[must_use]
    pub const fn new(position: Vec2, velocity: Vec2) -> Self {
        Self { x: position.x, y: position.y, vx: velocity.x, vy: velocity.y }
    }

    /// Where the agent is.
    #[inline]
    #[must_use]
    pub const fn position(&self) -> Vec2 {
        Vec2::new(self.x, self.y)
    }

    /// How it moves.
    #[inline]
    #[must_use]
    pub const fn velocity(&self) -> Vec2 {
        Vec2::new(self.vx, self.vy)
    }
}

impl CellItem for Record {
    #[inline(always)]
    fn place(&self) -> Vec2 {
        self.position()
    }
}

/// Up to eight agents that follow each other in a row of cells.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// The slot of the first one.
    pub slot: usize,
    /// How many there are, 1–8. The lanes beyond are infinitely far away, so they see nobody.
    pub len: usize,
    /// Positions along x.
    pub x: Lane,
    /// Positions along y.
    pub y: Lane,
    /// Velocities along x.
    pub vx: Lane,
    /// Velocities along y.
    pub vy: Lane,
}

impl Block {
    /// The block that starts at `slot` and ends before `end`, or after eight agents.
    #[inline(always)]
    #[must_use]
    pub fn load(records: &[Record], slot: usize, end: usize) -> Self {
        let records = &records[slot..end.min(slot + LANES)];
        let mut padded = [Record { x: f32::INFINITY, y: f32::INFINITY, vx: 0.0, vy: 0.0 }; LANES];
        padded[..records.len()].copy_from_slice(records);
        Self {
            slot,
            len: records.len(),
            x: padded.map(|record| record.x),
            y: padded.map(|record| record.y),
            vx: padded.map(|record| record.vx),
            vy: padded.map(|record| record.vy),
        }
    }
}

/// A torus' half and whole size, for the short way round.
#[derive(Clone, Copy, Debug)]
pub struct Torus {
    /// Half the width and height.
    pub half: Vec2,
    /// Width and height.
    pub size: Vec2,
}

/// What agents bring to a decision beside their neighbours. Left out by a flock that doesn't use it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Influences<'a> {
    /// The weighted sum of further steering forces, by slot (units of velocity, like `max_force`).
    pub steering: Option<&'a [Vec2]>,
    /// The factor on top speed, 0–1, by slot.
    pub vigour: Option<&'a [f32]>,
}

/// A rule by which agents choose their next velocity from those around them.
///
/// Every agent sums its neighbours one after the other in slot order, so the bits of a sum depend on the order alone.
pub trait Rule: Sync {
    /// What a block's lanes hold while their neighbours are summed.
    type Lanes: Copy;
    /// The sums.
    type Sums: Copy;

    /// The largest distance at which this rule perceives anybody, in world units.
    fn reach(&self) -> f32;

    /// Makes a block ready.
    fn load(&self, block: &Block) -> Self::Lanes;

    /// The sums over nobody.
    fn nobody(&self) -> Self::Sums;

    /// Adds the agents `others`, the first of which has slot `first`, in their order. `SEAM`: distances may have to go
    /// the short way round the torus. `OWN`: `others` may hold agents of the block itself; each passes over itself.
    fn add<const SEAM: bool, const OWN: bool>(
        &self,
        torus: &Torus,
        block: &Block,
        lanes: &Self::Lanes,
        sums: &mut Self::Sums,
        first: usize,
        others: &[Record],
    );

    /// Lanes that have company but no direction in which to keep clear of it: agents may stand on the same point. The
    /// `crowd` of a lane tells its rank among the agents on its very point and their number.
    fn untangle(&self, sums: &mut Self::Sums, len: usize, crowd: impl Fn(usize) -> (usize, usize));

    /// The new velocities.
    fn decide(
        &self,
        block: &Block,
        lanes: &Self::Lanes,
        sums: &Self::Sums,
        influences: &Influences<'_>,
    ) -> (Lane, Lane);

    /// How many neighbours each lane perceived.
    fn neighbours(sums: &Self::Sums) -> Lane;
}
