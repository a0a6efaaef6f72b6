//! The birds of the ABMFrameworksComparison: the flocking model that many simulators are measured with.
//!
//! A bird flies at constant speed. Each step it adds to its heading the mean over all others within its vision of
//! `cohere · offset − separate · offset (if closer than the separation) + match · heading`, and turns to the sum. As in
//! the Agents.jl and Mesa versions of that comparison, but all birds choose at the same time.

#![allow(clippy::needless_range_loop, reason = "loops over lanes by index are what becomes vector instructions")]

use bevy::math::Vec2;

use super::lanes::{LANES, Lane, keep, mask, select, short_way};
use super::rule::{Block, Influences, Record, Rule, Torus};

/// The rule's parameters, ready for use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Birds {
    /// How far a bird sees, in world units; the border counts.
    pub vision: f32,
    /// The distance below which it moves away, in world units; the border doesn't count.
    pub separation: f32,
    /// Weight of the offset to others.
    pub cohere: f32,
    /// Weight of the offset from others that are too close.
    pub separate: f32,
    /// Weight of the others' headings.
    pub match_heading: f32,
    /// The constant speed, in world units per second.
    pub speed: f32,
}

/// Sums over the neighbours of eight birds.
#[derive(Clone, Copy, Debug)]
pub struct BirdSums {
    count: Lane,
    offset_x: Lane,
    offset_y: Lane,
    close_x: Lane,
    close_y: Lane,
    velocity_x: Lane,
    velocity_y: Lane,
}

impl Birds {
    /// What the neighbours of the first bird of a block add to its velocity, in world units per second: cohesion,
    /// separation, and matching of headings. [`Rule::decide`] adds their sum.
    #[must_use]
    pub fn turns(&self, sums: &BirdSums) -> [Vec2; 3] {
        let count = sums.count[0].max(1.0);
        [
            self.cohere * self.speed * Vec2::new(sums.offset_x[0], sums.offset_y[0]) / count,
            -self.separate * self.speed * Vec2::new(sums.close_x[0], sums.close_y[0]) / count,
            self.match_heading * Vec2::new(sums.velocity_x[0], sums.velocity_y[0]) / count,
        ]
    }
}

impl Rule for Birds {
    type Lanes = ();
    type Sums = BirdSums;

    fn reach(&self) -> f32 {
        self.vision
    }

    #[inline(always)]
    fn load(&self, _: &Block) -> Self::Lanes {}

    #[inline(always)]
    fn nobody(&self) -> BirdSums {
        const NONE: Lane = [0.0; LANES];
        BirdSums {
            count: NONE,
            offset_x: NONE,
            offset_y: NONE,
            close_x: NONE,
            close_y: NONE,
            velocity_x: NONE,
            velocity_y: NONE,
        }
    }

    #[inline(always)]
    fn add<const SEAM: bool, const OWN: bool>(
        &self,
        torus: &Torus,
        block: &Block,
        (): &Self::Lanes,
        total: &mut BirdSums,
        first: usize,
        others: &[Record],
    ) {
        // Copies, so that they can stay in registers.
        let (x, y, mut sums) = (block.x, block.y, *total);
        let vision = self.vision * self.vision;
        let separation = (self.separation * self.separation).min(vision);
        // Where in `others` the first lane itself stands.
        let own = block.slot.wrapping_sub(first);
        for (other, record) in others.iter().enumerate() {
            let (mut dx, mut dy) = ([0.0; LANES], [0.0; LANES]);
            let (mut seen, mut close) = ([0_u32; LANES], [0_u32; LANES]);
            for lane in 0..LANES {
                dx[lane] = record.x - x[lane];
            }
            for lane in 0..LANES {
                dy[lane] = record.y - y[lane];
            }
            if SEAM {
                for lane in 0..LANES {
                    dx[lane] = short_way(dx[lane], torus.half.x, torus.size.x);
                }
                for lane in 0..LANES {
                    dy[lane] = short_way(dy[lane], torus.half.y, torus.size.y);
                }
            }
            for lane in 0..LANES {
                let distance = dx[lane] * dx[lane] + dy[lane] * dy[lane];
                seen[lane] = mask(distance <= vision);
                close[lane] = mask(distance < separation);
            }
            if OWN {
                for lane in 0..LANES {
                    seen[lane] &= mask(lane.wrapping_add(own) != other);
                }
            }
            // A bird's offset to itself is zero, so `close` needn't leave it out.
            for lane in 0..LANES {
                sums.count[lane] += keep(seen[lane], 1.0);
            }
            for lane in 0..LANES {
                sums.offset_x[lane] += keep(seen[lane], dx[lane]);
            }
            for lane in 0..LANES {
                sums.offset_y[lane] += keep(seen[lane], dy[lane]);
            }
            for lane in 0..LANES {
                sums.velocity_x[lane] += keep(seen[lane], record.vx);
            }
            for lane in 0..LANES {
                sums.velocity_y[lane] += keep(seen[lane], record.vy);
            }
            for lane in 0..LANES {
                sums.close_x[lane] += keep(close[lane], dx[lane]);
            }
            for lane in 0..LANES {
                sums.close_y[lane] += keep(close[lane], dy[lane]);
            }
        }
        *total = sums;
    }

    /// The model says nothing of birds on one point: their offset is zero, and other terms part them or don't.
    #[inline(always)]
    fn untangle(&self, _: &mut BirdSums, _: usize, _: impl Fn(usize) -> (usize, usize)) {}

    #[inline(always)]
    fn decide(&self, block: &Block, (): &Self::Lanes, sums: &BirdSums, influences: &Influences<'_>) -> (Lane, Lane) {
        // Velocities are headings times speed; so are the other terms, then.
        let (cohere, separate) = (self.cohere * self.speed, self.separate * self.speed);
        let (mut vx, mut vy) = (block.vx, block.vy);
        for lane in 0..LANES {
            let count = sums.count[lane].max(1.0);
            let x = cohere * sums.offset_x[lane] - separate * sums.close_x[lane]
                + self.match_heading * sums.velocity_x[lane];
            let y = cohere * sums.offset_y[lane] - separate * sums.close_y[lane]
                + self.match_heading * sums.velocity_y[lane];
            vx[lane] += x / count;
            vy[lane] += y / count;
        }
        if let Some(steering) = influences.steering {
            for (lane, force) in steering[block.slot..block.slot + block.len].iter().enumerate() {
                vx[lane] += force.x;
                vy[lane] += force.y;
            }
        }
        let mut speed = [self.speed; LANES];
        if let Some(vigour) = influences.vigour {
            for (lane, vigour) in vigour[block.slot..block.slot + block.len].iter().enumerate() {
                speed[lane] *= vigour;
            }
        }
        for lane in 0..LANES {
            let length = (vx[lane] * vx[lane] + vy[lane] * vy[lane]).sqrt();
            let moves = mask(length > 0.0);
            let factor = speed[lane] / length;
            vx[lane] = select(moves, vx[lane] * factor, block.vx[lane]);
            vy[lane] = select(moves, vy[lane] * factor, block.vy[lane]);
        }
        (vx, vy)
    }

    #[inline(always)]
    fn neighbours(sums: &BirdSums) -> Lane {
        sums.count
    }
}
