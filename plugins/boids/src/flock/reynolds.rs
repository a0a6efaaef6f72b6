//! Reynolds' boids: separation, alignment and cohesion (Reynolds 1987), as steering forces (Reynolds 1999).
//!
//! Each urge has a desired velocity; its force is `clamp(desired − velocity, max_force)`. The weighted sum of the forces
//! is clamped to `max_force` again, so no agent ever accelerates more than that, and never flies faster than its top
//! speed (one that is too fast already, because its top speed sank, brakes at `max_force`).

#![allow(clippy::needless_range_loop, reason = "loops over lanes by index are what becomes vector instructions")]

use std::f32::consts::TAU;

use bevy::math::{Vec2, ops};

use super::lanes::{
    LANES, Lane, Mask, keep, lengths, limit, mask, scaled, select, short_way, splat, unfold, with_length,
};
use super::rule::{Block, Influences, Record, Rule, Torus};

/// The most flocks that one rule can keep apart.
pub const MOST_FLOCKS: usize = 16;

/// A threshold of view below −1, which no cosine reaches.
const SEES_ALL_AROUND: f32 = -2.0;
/// Speeds are limits up to rounding: an agent that flies at a limit keeps its bits.
const ROUNDING: f32 = 1e-6;

/// The parameters of one flock, ready for use: lengths in world units, speeds and forces in world units per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlockParameters {
    /// Others closer than this are kept clear of.
    pub separation_radius: f32,
    /// Weight of the separation force.
    pub separation_weight: f32,
    /// The velocities of others up to this far are matched.
    pub alignment_radius: f32,
    /// Weight of the alignment force.
    pub alignment_weight: f32,
    /// Whether alignment asks for the others' mean direction at top speed, rather than for their mean velocity.
    pub heading_only: bool,
    /// The centre of others up to this far is sought.
    pub cohesion_radius: f32,
    /// Weight of the cohesion force.
    pub cohesion_weight: f32,
    /// Members of flocks to avoid are kept clear of up to this far.
    pub avoidance_radius: f32,
    /// Weight of the avoidance force.
    pub avoidance_weight: f32,
    /// The angle that an agent sees, in degrees, centred on where it flies to; 360 is all around.
    pub view_degrees: f32,
    /// Top speed.
    pub max_speed: f32,
    /// Speed below which an agent that moves speeds up; 0 for none.
    pub min_speed: f32,
    /// The largest force.
    pub max_force: f32,
    /// What a force does to the velocity: 1 if forces are changes per tick, the tick's length in seconds if they are
    /// changes per second.
    pub gain: f32,
}

impl FlockParameters {
    /// The largest distance at which anybody is perceived.
    #[must_use]
    pub fn reach(&self, avoids: bool) -> f32 {
        let reach = self.separation_radius.max(self.alignment_radius).max(self.cohesion_radius);
        if avoids { reach.max(self.avoidance_radius) } else { reach }
    }

    /// Whether agents see all around.
    #[must_use]
    pub fn sees_all_around(&self) -> bool {
        self.view_degrees >= 360.0
    }

    /// cos·|cos| of half the view: with s(a) = a·|a|, an offset d is in view if s(v·d) ≥ s(cos)·|v|²·|d|², without a
    /// square root.
    pub(super) fn view_threshold(&self) -> f32 {
        if self.sees_all_around() {
            return SEES_ALL_AROUND;
        }
        let cosine = ops::cos(self.view_degrees.max(0.0).to_radians() * 0.5);
        cosine * cosine.abs()
    }
}

/// What members of one flock make of another's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Relation {
    /// They don't perceive them.
    Ignore,
    /// They fly with them as with their own.
    #[default]
    Join,
    /// They only keep away from them.
    Avoid,
}

/// Several flocks and what they make of each other.
#[derive(Clone, Copy, Debug)]
pub struct FlockSet<'a> {
    /// Each flock's parameters; 1 to [`MOST_FLOCKS`] of them.
    pub per_flock: &'a [FlockParameters],
    /// What flock `a` makes of flock `b`, at `a · number of flocks + b`.
    pub relations: &'a [Relation],
    /// Each agent's flock, by slot. Agents beyond the end belong to the first.
    pub flock_of: &'a [u8],
}

/// Reynolds' rule. `SHARED`: alignment and cohesion have one radius. `VIEW`: agents may not see all around. `SEVERAL`:
/// there are several flocks. What isn't used isn't compiled in.
#[derive(Clone, Copy, Debug)]
pub struct Boids<'a, const SHARED: bool, const VIEW: bool, const SEVERAL: bool> {
    flocks: FlockSet<'a>,
    reach: f32,
}

impl<'a, const SHARED: bool, const VIEW: bool, const SEVERAL: bool> Boids<'a, SHARED, VIEW, SEVERAL> {
    /// The rule for these flocks.
    #[must_use]
    pub fn new(flocks: FlockSet<'a>) -> Self {
        let several = flocks.per_flock.len();
        let reach = flocks
            .per_flock
            .iter()
            .enumerate()
            .map(|(flock, parameters)| {
                let relations = flocks.relations.get(flock * several..(flock + 1) * several).unwrap_or(&[]);
                parameters.reach(relations.contains(&Relation::Avoid))
            })
            .fold(0.0, f32::max);
        Self { flocks, reach }
    }

    #[inline(always)]
    fn flock(&self, slot: usize) -> usize {
        if SEVERAL { self.flocks.flock_of.get(slot).map_or(0, |&flock| usize::from(flock)) } else { 0 }
    }

    /// The parameters of the agent in a slot.
    #[inline(always)]
    #[must_use]
    pub fn parameters(&self, slot: usize) -> &FlockParameters {
        &self.flocks.per_flock[self.flock(slot).min(self.flocks.per_flock.len() - 1)]
    }

    /// What `perceiver` and `perceived` (slots) are to each other.
    #[inline(always)]
    #[must_use]
    pub fn relation(&self, perceiver: usize, perceived: usize) -> Relation {
        if SEVERAL {
            let at = self.flock(perceiver) * self.flocks.per_flock.len() + self.flock(perceived);
            self.flocks.relations.get(at).copied().unwrap_or_default()
        } else {
            Relation::Join
        }
    }
}

/// What eight boids are capable of, and how much their urges weigh.
#[derive(Clone, Copy, Debug)]
struct Ability {
    top: Lane,
    slowest: Lane,
    most: Lane,
    gain: Lane,
    /// Of separation, alignment, cohesion and avoidance.
    weights: [Lane; 4],
    heading_only: Mask,
}

/// The forces of eight boids' urges, none longer than the largest force, not yet weighed.
#[derive(Clone, Copy, Debug)]
struct Urges {
    separation: (Lane, Lane),
    alignment: (Lane, Lane),
    cohesion: (Lane, Lane),
    avoidance: (Lane, Lane),
}

impl<const SHARED: bool, const VIEW: bool, const SEVERAL: bool> Boids<'_, SHARED, VIEW, SEVERAL> {
    #[inline(always)]
    fn ability(&self, block: &Block, influences: &Influences<'_>) -> Ability {
        let parameters = self.parameters(block.slot);
        let mut top = splat(parameters.max_speed);
        let mut slowest = splat(parameters.min_speed);
        let mut most = splat(parameters.max_force);
        let mut gain = splat(parameters.gain);
        let mut weights = [
            splat(parameters.separation_weight),
            splat(parameters.alignment_weight),
            splat(parameters.cohesion_weight),
            splat(parameters.avoidance_weight),
        ];
        let mut heading_only = [mask(parameters.heading_only); LANES];
        if SEVERAL {
            for lane in 0..block.len {
                let parameters = self.parameters(block.slot + lane);
                top[lane] = parameters.max_speed;
                slowest[lane] = parameters.min_speed;
                most[lane] = parameters.max_force;
                gain[lane] = parameters.gain;
                weights[0][lane] = parameters.separation_weight;
                weights[1][lane] = parameters.alignment_weight;
                weights[2][lane] = parameters.cohesion_weight;
                weights[3][lane] = parameters.avoidance_weight;
                heading_only[lane] = mask(parameters.heading_only);
            }
        }
        if let Some(vigour) = influences.vigour {
            for (lane, vigour) in vigour[block.slot..block.slot + block.len].iter().enumerate() {
                top[lane] *= vigour;
                slowest[lane] *= vigour;
            }
        }
        Ability { top, slowest, most, gain, weights, heading_only }
    }

    #[inline(always)]
    fn urges(&self, block: &Block, sums: &BoidSums, ability: &Ability) -> Urges {
        let (vx, vy) = (block.vx, block.vy);
        let Ability { top, most, heading_only, .. } = *ability;
        // Separation: away from where the close ones are.
        let (mut away_x, mut away_y) = with_length(sums.close_x, sums.close_y, top);
        for lane in 0..LANES {
            let wanted = mask(sums.close_x[lane] != 0.0) | mask(sums.close_y[lane] != 0.0);
            away_x[lane] = keep(wanted, -away_x[lane] - vx[lane]);
            away_y[lane] = keep(wanted, -away_y[lane] - vy[lane]);
        }
        let separation = limit(away_x, away_y, most);
        // Alignment: the others' mean velocity, or their mean direction at top speed.
        let (ahead_x, ahead_y) = with_length(sums.velocity_x, sums.velocity_y, top);
        let (mut along_x, mut along_y) = (splat(0.0), splat(0.0));
        for lane in 0..LANES {
            let count = sums.aligned[lane].max(1.0);
            let directed = mask(sums.velocity_x[lane] != 0.0) | mask(sums.velocity_y[lane] != 0.0);
            let wanted = mask(sums.aligned[lane] > 0.0) & (directed | !heading_only[lane]);
            let desired_x = select(heading_only[lane], ahead_x[lane], sums.velocity_x[lane] / count);
            let desired_y = select(heading_only[lane], ahead_y[lane], sums.velocity_y[lane] / count);
            along_x[lane] = keep(wanted, desired_x - vx[lane]);
            along_y[lane] = keep(wanted, desired_y - vy[lane]);
        }
        let alignment = limit(along_x, along_y, most);
        // Cohesion: toward the centre of those around.
        let (mut toward_x, mut toward_y) = with_length(sums.offset_x, sums.offset_y, top);
        for lane in 0..LANES {
            let wanted = mask(sums.offset_x[lane] != 0.0) | mask(sums.offset_y[lane] != 0.0);
            toward_x[lane] = keep(wanted, toward_x[lane] - vx[lane]);
            toward_y[lane] = keep(wanted, toward_y[lane] - vy[lane]);
        }
        let cohesion = limit(toward_x, toward_y, most);
        let mut avoidance = (splat(0.0), splat(0.0));
        if SEVERAL {
            let (mut apart_x, mut apart_y) = with_length(sums.strange_x, sums.strange_y, top);
            for lane in 0..LANES {
                let wanted = mask(sums.strange_x[lane] != 0.0) | mask(sums.strange_y[lane] != 0.0);
                apart_x[lane] = keep(wanted, -apart_x[lane] - vx[lane]);
                apart_y[lane] = keep(wanted, -apart_y[lane] - vy[lane]);
            }
            avoidance = limit(apart_x, apart_y, most);
        }
        Urges { separation, alignment, cohesion, avoidance }
    }

    /// The forces of the first agent of a block, with their weights: separation, alignment, cohesion, avoidance. They
    /// are what [`Rule::decide`] adds up.
    #[must_use]
    pub fn forces(&self, block: &Block, sums: &BoidSums, influences: &Influences<'_>) -> [(f32, Vec2); 4] {
        let ability = self.ability(block, influences);
        let Urges { separation, alignment, cohesion, avoidance } = self.urges(block, sums, &ability);
        let forces = [separation, alignment, cohesion, avoidance];
        std::array::from_fn(|urge| (ability.weights[urge][0], Vec2::new(forces[urge].0[0], forces[urge].1[0])))
    }
}

/// What eight boids look for.
#[derive(Clone, Copy, Debug)]
pub struct BoidLanes {
    separation: Lane,
    alignment: Lane,
    cohesion: Lane,
    avoidance: Lane,
    view: Lane,
    /// For each flock of others, a bit for each lane that flies with it, or keeps away from it.
    join: [u8; MOST_FLOCKS],
    avoid: [u8; MOST_FLOCKS],
}

/// Sums over the neighbours of eight boids.
#[derive(Clone, Copy, Debug)]
pub struct BoidSums {
    aligned: Lane,
    velocity_x: Lane,
    velocity_y: Lane,
    together: Lane,
    offset_x: Lane,
    offset_y: Lane,
    close_x: Lane,
    close_y: Lane,
    strange_x: Lane,
    strange_y: Lane,
}

impl<const SHARED: bool, const VIEW: bool, const SEVERAL: bool> Rule for Boids<'_, SHARED, VIEW, SEVERAL> {
    type Lanes = BoidLanes;
    type Sums = BoidSums;

    fn reach(&self) -> f32 {
        self.reach
    }

    #[inline(always)]
    fn load(&self, block: &Block) -> BoidLanes {
        let parameters = self.parameters(block.slot);
        let view = if VIEW { parameters.view_threshold() } else { SEES_ALL_AROUND };
        let mut lanes = BoidLanes {
            separation: splat(parameters.separation_radius * parameters.separation_radius),
            alignment: splat(parameters.alignment_radius * parameters.alignment_radius),
            cohesion: splat(parameters.cohesion_radius * parameters.cohesion_radius),
            avoidance: [0.0; LANES],
            view: splat(view),
            join: [0; MOST_FLOCKS],
            avoid: [0; MOST_FLOCKS],
        };
        if SEVERAL {
            let several = self.flocks.per_flock.len().min(MOST_FLOCKS);
            for lane in 0..block.len {
                let slot = block.slot + lane;
                let parameters = self.parameters(slot);
                lanes.separation[lane] = parameters.separation_radius * parameters.separation_radius;
                lanes.alignment[lane] = parameters.alignment_radius * parameters.alignment_radius;
                lanes.cohesion[lane] = parameters.cohesion_radius * parameters.cohesion_radius;
                lanes.avoidance[lane] = parameters.avoidance_radius * parameters.avoidance_radius;
                if VIEW {
                    lanes.view[lane] = parameters.view_threshold();
                }
                let own = self.flock(slot) * self.flocks.per_flock.len();
                for other in 0..several {
                    let relation = self.flocks.relations.get(own + other).copied().unwrap_or_default();
                    lanes.join[other] |= u8::from(relation == Relation::Join) << lane;
                    lanes.avoid[other] |= u8::from(relation == Relation::Avoid) << lane;
                }
            }
        }
        if VIEW {
            for lane in 0..LANES {
                let speed = block.vx[lane] * block.vx[lane] + block.vy[lane] * block.vy[lane];
                // Zero for an agent that stands still: it looks all around.
                lanes.view[lane] *= speed;
            }
        }
        lanes
    }

    #[inline(always)]
    fn nobody(&self) -> BoidSums {
        const NONE: Lane = [0.0; LANES];
        BoidSums {
            aligned: NONE,
            velocity_x: NONE,
            velocity_y: NONE,
            together: NONE,
            offset_x: NONE,
            offset_y: NONE,
            close_x: NONE,
            close_y: NONE,
            strange_x: NONE,
            strange_y: NONE,
        }
    }

    #[inline(always)]
    fn add<const SEAM: bool, const OWN: bool>(
        &self,
        torus: &Torus,
        block: &Block,
        lanes: &BoidLanes,
        total: &mut BoidSums,
        first: usize,
        others: &[Record],
    ) {
        // Copies, so that they can stay in registers.
        let mut sums = *total;
        let (x, y, vx, vy) = (block.x, block.y, block.vx, block.vy);
        let (separation, alignment, cohesion) = (lanes.separation, lanes.alignment, lanes.cohesion);
        // Where in `others` the first lane itself stands.
        let own = block.slot.wrapping_sub(first);
        for (other, record) in others.iter().enumerate() {
            let (mut dx, mut dy, mut square, mut inverse) = ([0.0; LANES], [0.0; LANES], [0.0; LANES], [0.0; LANES]);
            let (mut close, mut aligned, mut together) = ([0_u32; LANES], [0_u32; LANES], [0_u32; LANES]);
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
                square[lane] = dx[lane] * dx[lane] + dy[lane] * dy[lane];
            }
            for lane in 0..LANES {
                close[lane] = mask(square[lane] < separation[lane]);
            }
            for lane in 0..LANES {
                aligned[lane] = mask(square[lane] <= alignment[lane]);
            }
            if !SHARED {
                for lane in 0..LANES {
                    together[lane] = mask(square[lane] <= cohesion[lane]);
                }
            }
            let mut counts = [u32::MAX; LANES];
            if OWN {
                for lane in 0..LANES {
                    counts[lane] = mask(lane.wrapping_add(own) != other);
                }
            }
            if VIEW {
                for lane in 0..LANES {
                    let ahead = vx[lane] * dx[lane] + vy[lane] * dy[lane];
                    counts[lane] &= mask(ahead * ahead.abs() >= lanes.view[lane] * square[lane]);
                }
            }
            if SEVERAL {
                let flock = self.flock(first + other).min(MOST_FLOCKS - 1);
                let (join, avoid) = (unfold(lanes.join[flock]), unfold(lanes.avoid[flock]));
                let mut strange = [0_u32; LANES];
                for lane in 0..LANES {
                    strange[lane] = counts[lane] & mask(square[lane] < lanes.avoidance[lane]);
                }
                for lane in 0..LANES {
                    strange[lane] &= avoid[lane];
                }
                for lane in 0..LANES {
                    counts[lane] &= join[lane];
                }
                for lane in 0..LANES {
                    let inverse = 1.0 / square[lane].max(f32::MIN_POSITIVE);
                    sums.strange_x[lane] += keep(strange[lane], dx[lane] * inverse);
                    sums.strange_y[lane] += keep(strange[lane], dy[lane] * inverse);
                }
            }
            if OWN || VIEW || SEVERAL {
                for lane in 0..LANES {
                    close[lane] &= counts[lane];
                    aligned[lane] &= counts[lane];
                    together[lane] &= counts[lane];
                }
            }
            for lane in 0..LANES {
                sums.aligned[lane] += keep(aligned[lane], 1.0);
            }
            for lane in 0..LANES {
                sums.velocity_x[lane] += keep(aligned[lane], record.vx);
            }
            for lane in 0..LANES {
                sums.velocity_y[lane] += keep(aligned[lane], record.vy);
            }
            if !SHARED {
                for lane in 0..LANES {
                    sums.together[lane] += keep(together[lane], 1.0);
                }
            }
            let near = if SHARED { aligned } else { together };
            for lane in 0..LANES {
                sums.offset_x[lane] += keep(near[lane], dx[lane]);
            }
            for lane in 0..LANES {
                sums.offset_y[lane] += keep(near[lane], dy[lane]);
            }
            // Away from the other, weighted by one over the distance: offset / distance². Agents on one point have no
            // direction to part in; `untangle` finds them one.
            for lane in 0..LANES {
                inverse[lane] = 1.0 / square[lane].max(f32::MIN_POSITIVE);
            }
            for lane in 0..LANES {
                sums.close_x[lane] += keep(close[lane], dx[lane] * inverse[lane]);
            }
            for lane in 0..LANES {
                sums.close_y[lane] += keep(close[lane], dy[lane] * inverse[lane]);
            }
        }
        *total = sums;
    }

    #[inline(always)]
    fn untangle(&self, sums: &mut BoidSums, len: usize, crowd: impl Fn(usize) -> (usize, usize)) {
        for lane in 0..len {
            let company = sums.aligned[lane] + sums.together[lane] > 0.0;
            if company && sums.close_x[lane] == 0.0 && sums.close_y[lane] == 0.0 {
                let (rank, count) = crowd(lane);
                if count > 1 {
                    // Agents on one point part like the petals of a flower.
                    let angle = TAU * rank as f32 / count as f32;
                    sums.close_x[lane] = ops::cos(angle);
                    sums.close_y[lane] = ops::sin(angle);
                }
            }
        }
    }

    #[inline(always)]
    fn decide(&self, block: &Block, _: &BoidLanes, sums: &BoidSums, influences: &Influences<'_>) -> (Lane, Lane) {
        let ability = self.ability(block, influences);
        let (mut force_x, mut force_y) = (splat(0.0), splat(0.0));
        if let Some(steering) = influences.steering {
            for (lane, force) in steering[block.slot..block.slot + block.len].iter().enumerate() {
                force_x[lane] = force.x;
                force_y[lane] = force.y;
            }
        }
        let Urges { separation, alignment, cohesion, avoidance } = self.urges(block, sums, &ability);
        let weights = &ability.weights;
        for lane in 0..LANES {
            force_x[lane] += weights[0][lane] * separation.0[lane]
                + weights[1][lane] * alignment.0[lane]
                + weights[2][lane] * cohesion.0[lane];
            force_y[lane] += weights[0][lane] * separation.1[lane]
                + weights[1][lane] * alignment.1[lane]
                + weights[2][lane] * cohesion.1[lane];
        }
        if SEVERAL {
            for lane in 0..LANES {
                force_x[lane] += weights[3][lane] * avoidance.0[lane];
                force_y[lane] += weights[3][lane] * avoidance.1[lane];
            }
        }
        let Ability { top, slowest, most, gain, .. } = ability;
        accelerate((block.vx, block.vy), limit(force_x, force_y, most), most, gain, slowest, top)
    }

    #[inline(always)]
    fn neighbours(sums: &BoidSums) -> Lane {
        if SHARED {
            return sums.aligned;
        }
        let mut most = sums.aligned;
        for lane in 0..LANES {
            most[lane] = most[lane].max(sums.together[lane]);
        }
        most
    }
}

/// Applies a force to velocities within the limits of speed. The velocity never changes by more than `most · gain`.
#[inline(always)]
fn accelerate(
    (vx, vy): (Lane, Lane),
    (force_x, force_y): (Lane, Lane),
    most: Lane,
    gain: Lane,
    slowest: Lane,
    top: Lane,
) -> (Lane, Lane) {
    let (mut next_x, mut next_y, mut change) = (splat(0.0), splat(0.0), splat(0.0));
    for lane in 0..LANES {
        next_x[lane] = vx[lane] + force_x[lane] * gain[lane];
        next_y[lane] = vy[lane] + force_y[lane] * gain[lane];
        change[lane] = most[lane] * gain[lane];
    }
    let speeds = lengths(&next_x, &next_y);
    let mut factors = splat(1.0);
    for lane in 0..LANES {
        let fast = mask(speeds[lane] > top[lane] * (1.0 + ROUNDING));
        factors[lane] = select(fast, top[lane] / speeds[lane], 1.0);
    }
    for lane in 0..LANES {
        let slow = mask(speeds[lane] > 0.0) & mask(speeds[lane] < slowest[lane] * (1.0 - ROUNDING));
        factors[lane] = select(slow, slowest[lane] / speeds[lane], factors[lane]);
    }
    let (mut next_x, mut next_y) = scaled(next_x, next_y, &factors);
    let (mut turn_x, mut turn_y) = (splat(0.0), splat(0.0));
    for lane in 0..LANES {
        turn_x[lane] = next_x[lane] - vx[lane];
    }
    for lane in 0..LANES {
        turn_y[lane] = next_y[lane] - vy[lane];
    }
    // Within the speed limits this changes nothing; beyond them it keeps braking from being abrupt.
    let mut abrupt = [0_u32; LANES];
    for lane in 0..LANES {
        let square = turn_x[lane] * turn_x[lane] + turn_y[lane] * turn_y[lane];
        abrupt[lane] = mask(square > change[lane] * change[lane] * (1.0 + ROUNDING));
    }
    let (turn_x, turn_y) = limit(turn_x, turn_y, change);
    for lane in 0..LANES {
        next_x[lane] = select(abrupt[lane], vx[lane] + turn_x[lane], next_x[lane]);
        next_y[lane] = select(abrupt[lane], vy[lane] + turn_y[lane], next_y[lane]);
    }
    (next_x, next_y)
}

/// Sums for one lane that are collected elsewhere, for neighbourhoods that aren't a matter of distance.
#[derive(Clone, Copy, Debug, Default)]
pub struct Neighbourhood {
    /// How many neighbours there are, and the sum of their velocities.
    pub aligned: f32,
    /// See `aligned`.
    pub velocity: Vec2,
    /// How many neighbours there are, and the sum of the offsets to them.
    pub together: f32,
    /// See `together`.
    pub offset: Vec2,
    /// The sum of offset / distance² over those that are too close.
    pub close: Vec2,
    /// The same over strangers to avoid.
    pub strange: Vec2,
}

impl BoidSums {
    /// Puts a neighbourhood into a lane.
    pub fn set(&mut self, lane: usize, sums: &Neighbourhood) {
        self.aligned[lane] = sums.aligned;
        (self.velocity_x[lane], self.velocity_y[lane]) = sums.velocity.into();
        self.together[lane] = sums.together;
        (self.offset_x[lane], self.offset_y[lane]) = sums.offset.into();
        (self.close_x[lane], self.close_y[lane]) = sums.close.into();
        (self.strange_x[lane], self.strange_y[lane]) = sums.strange.into();
    }
}
