//! The comparison of all with all that the kernel must equal bit for bit: plain scalars, one agent at a time, neighbours
//! in the order of the slots. Written apart from the kernel, from the formulas.

use agent2028_core::space::{CellGrid, CellSort, WorldBounds};
use bevy::math::{Vec2, ops};

use super::{Arrays, Birds, FlockParameters, Record, Relation};
use agent2028_core::parallel::Workers;

/// The slots in the kernel's order.
pub(crate) fn sorted(bounds: WorldBounds, reach: f32, positions: &[Vec2], velocities: &[Vec2]) -> CellSort<Record> {
    let mut sort = CellSort::default();
    sort.sort(CellGrid::for_radius(bounds, reach), &[Arrays { positions, velocities }], &Workers::new(1));
    sort
}

fn others(sort: &CellSort<Record>, own: usize) -> impl Iterator<Item = (usize, Vec2, &Record)> {
    let from = sort.items()[own].position();
    sort.items()
        .iter()
        .enumerate()
        .filter(move |(slot, _)| *slot != own)
        .map(move |(slot, other)| (slot, sort.grid().bounds().delta(from, other.position()), other))
}

fn square(v: Vec2) -> f32 {
    v.x * v.x + v.y * v.y
}

/// The next velocities, by id.
pub(crate) fn birds(rule: &Birds, bounds: WorldBounds, positions: &[Vec2], velocities: &[Vec2]) -> Vec<Vec2> {
    let sort = sorted(bounds, rule.vision, positions, velocities);
    let mut next = vec![Vec2::ZERO; positions.len()];
    for own in 0..positions.len() {
        let (mut count, mut offset, mut close, mut velocity) = (0.0_f32, Vec2::ZERO, Vec2::ZERO, Vec2::ZERO);
        for (_, delta, other) in others(&sort, own) {
            let distance = square(delta);
            if distance <= rule.vision * rule.vision {
                count += 1.0;
                offset += delta;
                velocity += other.velocity();
                if distance < rule.separation * rule.separation {
                    close += delta;
                }
            }
        }
        let v = sort.items()[own].velocity();
        let (cohere, separate) = (rule.cohere * rule.speed, rule.separate * rule.speed);
        let turned = v + (cohere * offset - separate * close + rule.match_heading * velocity) / count.max(1.0);
        let length = square(turned).sqrt();
        next[sort.ids()[own].index()] = if length > 0.0 { turned * (rule.speed / length) } else { v };
    }
    next
}

fn limited(v: Vec2, most: f32) -> Vec2 {
    let length = square(v).sqrt();
    if length > most { v * (most / length) } else { v }
}

fn of_length(v: Vec2, length: f32) -> Vec2 {
    let present = square(v).sqrt();
    if present > 0.0 { v * (length / present) } else { v * 0.0 }
}

fn urge(wanted: bool, desired: Vec2, velocity: Vec2, most: f32) -> Vec2 {
    if wanted { limited(desired - velocity, most) } else { Vec2::ZERO }
}

/// The next velocities, by id. `flock_of` is by id.
pub(crate) fn boids(
    per_flock: &[FlockParameters],
    relations: &[Relation],
    flock_of: &[u8],
    reach: f32,
    bounds: WorldBounds,
    positions: &[Vec2],
    velocities: &[Vec2],
) -> Vec<Vec2> {
    let sort = sorted(bounds, reach, positions, velocities);
    let flock = |slot: usize| flock_of.get(sort.ids()[slot].index()).map_or(0, |&flock| usize::from(flock));
    let mut next = vec![Vec2::ZERO; positions.len()];
    for own in 0..positions.len() {
        let parameters = &per_flock[flock(own)];
        let v = sort.items()[own].velocity();
        let cosine = ops::cos(parameters.view_degrees.to_radians() * 0.5);
        let (mut aligned, mut together) = (0.0_f32, 0.0_f32);
        let (mut velocity, mut offset, mut close, mut strange) = (Vec2::ZERO, Vec2::ZERO, Vec2::ZERO, Vec2::ZERO);
        let (mut crowd, mut rank) = (1, 0);
        for (slot, delta, other) in others(&sort, own) {
            let relation = relations.get(flock(own) * per_flock.len() + flock(slot)).copied().unwrap_or_default();
            let distance = square(delta);
            if other.position() == sort.items()[own].position() {
                crowd += 1;
                rank += usize::from(slot < own);
            }
            let ahead = v.x * delta.x + v.y * delta.y;
            let all_around = parameters.view_degrees >= 360.0;
            if !all_around && ahead * ahead.abs() < cosine * cosine.abs() * square(v) * distance {
                continue;
            }
            let inverse = 1.0 / distance.max(f32::MIN_POSITIVE);
            match relation {
                Relation::Ignore => {}
                Relation::Avoid => {
                    if distance < parameters.avoidance_radius * parameters.avoidance_radius {
                        strange += delta * inverse;
                    }
                }
                Relation::Join => {
                    if distance <= parameters.alignment_radius * parameters.alignment_radius {
                        aligned += 1.0;
                        velocity += other.velocity();
                    }
                    if distance <= parameters.cohesion_radius * parameters.cohesion_radius {
                        together += 1.0;
                        offset += delta;
                    }
                    if distance < parameters.separation_radius * parameters.separation_radius {
                        close += delta * inverse;
                    }
                }
            }
        }
        if aligned + together > 0.0 && close == Vec2::ZERO && crowd > 1 {
            let angle = std::f32::consts::TAU * rank as f32 / crowd as f32;
            close = Vec2::new(ops::cos(angle), ops::sin(angle));
        }
        let most = parameters.max_force;
        let away = urge(close != Vec2::ZERO, -of_length(close, parameters.max_speed), v, most);
        let desired = if parameters.heading_only {
            of_length(velocity, parameters.max_speed)
        } else {
            velocity / aligned.max(1.0)
        };
        let directed = velocity != Vec2::ZERO || !parameters.heading_only;
        let along = urge(aligned > 0.0 && directed, desired, v, most);
        let toward = urge(offset != Vec2::ZERO, of_length(offset, parameters.max_speed), v, most);
        let mut force = Vec2::ZERO
            + (parameters.separation_weight * away
                + parameters.alignment_weight * along
                + parameters.cohesion_weight * toward);
        if per_flock.len() > 1 {
            let apart = urge(strange != Vec2::ZERO, -of_length(strange, parameters.max_speed), v, most);
            force += parameters.avoidance_weight * apart;
        }
        let mut turned = v + limited(force, most) * parameters.gain;
        let speed = square(turned).sqrt();
        if speed > 0.0 && speed < parameters.min_speed * (1.0 - 1e-6) {
            turned *= parameters.min_speed / speed;
        } else if speed > parameters.max_speed * (1.0 + 1e-6) {
            turned *= parameters.max_speed / speed;
        }
        let change = most * parameters.gain;
        let turn = turned - v;
        if square(turn) > change * change * (1.0 + 1e-6) {
            turned = v + limited(turn, change);
        }
        next[sort.ids()[own].index()] = turned;
    }
    next
}
