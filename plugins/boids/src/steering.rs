//! Steering behaviours (Reynolds 1999) as pure functions: from where things are and how they move to a force.
//!
//! All take offsets (from the agent to the thing, the short way round on a torus), so they know no world. All return
//! `clamp(desired − velocity, max_force)`: a force never longer than [`Limits::max_force`], in the units of velocity.

use std::f32::consts::TAU;

use agent2028_core::agent::AgentId;
use agent2028_core::rng::{Purpose, SimRng};
use bevy::math::{Vec2, ops};

/// What an agent is capable of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Top speed, in world units per second.
    pub max_speed: f32,
    /// The largest force, in the units of velocity.
    pub max_force: f32,
}

/// `vector`, shortened to at most `length`.
#[must_use]
pub fn clamp_length(vector: Vec2, length: f32) -> Vec2 {
    let present = vector.length();
    if present > length { vector * (length / present) } else { vector }
}

/// The unit vector, or zero for the zero vector.
#[must_use]
pub fn direction(vector: Vec2) -> Vec2 {
    let length = vector.length();
    if length > 0.0 { vector / length } else { Vec2::ZERO }
}

/// The force toward a desired velocity.
#[must_use]
pub fn toward_velocity(desired: Vec2, velocity: Vec2, limits: Limits) -> Vec2 {
    clamp_length(desired - velocity, limits.max_force)
}

/// Toward a point at top speed.
#[must_use]
pub fn seek(offset: Vec2, velocity: Vec2, limits: Limits) -> Vec2 {
    if offset == Vec2::ZERO {
        return Vec2::ZERO;
    }
    toward_velocity(direction(offset) * limits.max_speed, velocity, limits)
}

/// Away from a point at top speed; nowhere in particular if on it.
#[must_use]
pub fn flee(offset: Vec2, velocity: Vec2, limits: Limits) -> Vec2 {
    seek(-offset, velocity, limits)
}

/// Toward a point, slowing down within `slowing_radius` of it so as to stop there.
#[must_use]
pub fn arrive(offset: Vec2, velocity: Vec2, slowing_radius: f32, limits: Limits) -> Vec2 {
    keep_station(offset, Vec2::ZERO, velocity, slowing_radius, limits)
}

/// Toward a place that moves itself at `place_velocity`, so as to stay on it.
#[must_use]
pub fn keep_station(offset: Vec2, place_velocity: Vec2, velocity: Vec2, slowing_radius: f32, limits: Limits) -> Vec2 {
    let distance = offset.length();
    let speed = if distance < slowing_radius { limits.max_speed * distance / slowing_radius } else { limits.max_speed };
    let desired = place_velocity + direction(offset) * speed;
    toward_velocity(clamp_length(desired, limits.max_speed), velocity, limits)
}

/// How long, in seconds, until a pursuer at top speed could be there. (Bounded, so that a slow pursuer doesn't aim far
/// beyond its quarry.)
fn interception_seconds(offset: Vec2, quarry_velocity: Vec2, limits: Limits) -> f32 {
    let closing = limits.max_speed + quarry_velocity.length();
    if closing > 0.0 { offset.length() / closing } else { 0.0 }
}

/// Toward where something that moves will be.
#[must_use]
pub fn pursue(offset: Vec2, quarry_velocity: Vec2, velocity: Vec2, limits: Limits) -> Vec2 {
    let ahead = quarry_velocity * interception_seconds(offset, quarry_velocity, limits);
    seek(offset + ahead, velocity, limits)
}

/// Away from where something that moves will be.
#[must_use]
pub fn evade(offset: Vec2, hunter_velocity: Vec2, velocity: Vec2, limits: Limits) -> Vec2 {
    let ahead = hunter_velocity * interception_seconds(offset, hunter_velocity, limits);
    let predicted = offset + ahead;
    flee(if predicted == Vec2::ZERO { offset } else { predicted }, velocity, limits)
}

/// Behind a leader at `distance`, and out of its way when in front of it (Reynolds 1999, leader following).
#[must_use]
pub fn follow(offset: Vec2, leader_velocity: Vec2, velocity: Vec2, distance: f32, limits: Limits) -> Vec2 {
    let heading = direction(leader_velocity);
    // In front of the leader, and close: aside.
    let from_leader = -offset;
    let before = from_leader.dot(heading);
    if before > 0.0 && from_leader.length() < distance {
        let side = from_leader - heading * before;
        let aside = if side == Vec2::ZERO { heading.perp() } else { side };
        return seek(aside, velocity, limits);
    }
    keep_station(offset - heading * distance, leader_velocity, velocity, distance, limits)
}

/// Straying: toward a point on a circle ahead. The circle's radius is 1 where its distance is √2 (Reynolds 1999);
/// `angle` says where on it, and should change slowly.
#[must_use]
pub fn wander(angle: f32, velocity: Vec2, limits: Limits) -> Vec2 {
    let ahead = direction(velocity) * std::f32::consts::SQRT_2;
    let stray = Vec2::new(ops::cos(angle), ops::sin(angle));
    seek(ahead + stray, velocity, limits)
}

/// An angle that strays smoothly with time, by an agent's own dice: a random walk on the circle of which only the steps
/// around now need to be known. So there is nothing to store. `period_ticks` (≥ 1) is the time between two directions.
#[must_use]
pub fn wander_angle(dice: &SimRng, agent: AgentId, tick: u64, period_ticks: u64) -> f32 {
    let period = period_ticks.max(1);
    // Agents turn at different times, or the whole flock would.
    let shift = u64::from(agent.0).wrapping_mul(0x9e37_79b9) % period;
    let now = tick + shift;
    let purpose = Purpose::new("boids.wander");
    let from = dice.stream(purpose, agent, now / period).unit();
    let to = dice.stream(purpose, agent, now / period + 1).unit();
    // The short way from one to the next.
    let turn = to - from - (to - from + 0.5).floor();
    let share = (now % period) as f32 / period as f32;
    let smooth = share * share * (3.0 - 2.0 * share);
    (from + turn * smooth) * TAU
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: Limits = Limits { max_speed: 4.0, max_force: 0.1 };

    #[test]
    fn seek_turns_toward_and_flee_away() {
        let force = seek(Vec2::new(10.0, 0.0), Vec2::ZERO, LIMITS);
        assert!(force.abs_diff_eq(Vec2::new(0.1, 0.0), 1e-6));
        assert_eq!(flee(Vec2::new(10.0, 0.0), Vec2::ZERO, LIMITS), -force);
        assert_eq!(seek(Vec2::ZERO, Vec2::X, LIMITS), Vec2::ZERO);
    }

    #[test]
    fn seeking_at_top_speed_already_takes_no_force() {
        assert!(seek(Vec2::new(3.0, 4.0), Vec2::new(2.4, 3.2), LIMITS).length() < 1e-6);
    }

    #[test]
    fn arrive_stops_on_the_point() {
        let limits = Limits { max_speed: 4.0, max_force: 0.5 };
        let (mut position, mut velocity) = (Vec2::new(-80.0, 30.0), Vec2::new(0.0, 3.0));
        for _ in 0..400 {
            velocity = clamp_length(velocity + arrive(-position, velocity, 30.0, limits), limits.max_speed);
            position += velocity;
        }
        assert!(position.length() < 0.1 && velocity.length() < 0.01, "{position} {velocity}");
    }

    #[test]
    fn a_station_that_moves_is_kept() {
        let limits = Limits { max_speed: 4.0, max_force: 0.5 };
        let (mut place, drift) = (Vec2::ZERO, Vec2::new(1.0, 0.5));
        let (mut position, mut velocity) = (Vec2::new(-40.0, 30.0), Vec2::ZERO);
        for _ in 0..400 {
            velocity = clamp_length(
                velocity + keep_station(place - position, drift, velocity, 20.0, limits),
                limits.max_speed,
            );
            position += velocity;
            place += drift;
        }
        assert!(position.distance(place) < 0.1, "{}", position.distance(place));
    }

    #[test]
    fn pursuit_aims_ahead_of_the_quarry_and_evasion_away_from_there() {
        let (offset, quarry) = (Vec2::new(20.0, 0.0), Vec2::new(0.0, 3.0));
        assert!(pursue(offset, quarry, Vec2::ZERO, LIMITS).y > 0.0);
        assert!(evade(offset, quarry, Vec2::ZERO, LIMITS).y < 0.0);
    }

    #[test]
    fn pursuit_catches_a_slower_quarry_on_a_straight_course() {
        let (mut quarry, drift) = (Vec2::new(60.0, -30.0), Vec2::new(0.0, 2.0));
        let (mut position, mut velocity) = (Vec2::ZERO, Vec2::ZERO);
        let limits = Limits { max_speed: 4.0, max_force: 0.5 };
        let caught = (0..200).any(|_| {
            velocity = clamp_length(velocity + pursue(quarry - position, drift, velocity, limits), 4.0);
            position += velocity;
            quarry += drift;
            position.distance(quarry) < 4.0
        });
        assert!(caught);
    }

    #[test]
    fn followers_stay_behind_and_step_aside() {
        let leader_velocity = Vec2::new(2.0, 0.0);
        // Far behind: forward.
        assert!(follow(Vec2::new(50.0, 0.0), leader_velocity, Vec2::ZERO, 10.0, LIMITS).x > 0.0);
        // Straight in front: sideways.
        let aside = follow(Vec2::new(-5.0, 0.0), leader_velocity, Vec2::ZERO, 10.0, LIMITS);
        assert!(aside.y.abs() > 0.09 && aside.x.abs() < 0.01, "{aside}");
    }

    #[test]
    fn wandering_is_smooth_and_differs_between_agents() {
        let dice = SimRng::new(3);
        for tick in 1..500 {
            let (before, now) =
                (wander_angle(&dice, AgentId(4), tick - 1, 60), wander_angle(&dice, AgentId(4), tick, 60));
            let turn = (now - before + TAU * 10.5) % TAU - TAU / 2.0;
            assert!(turn.abs() < 0.1, "tick {tick}: {turn}");
        }
        assert_ne!(wander_angle(&dice, AgentId(4), 100, 60), wander_angle(&dice, AgentId(5), 100, 60));
    }

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn no_behaviour_exceeds_the_force_limit(
            x in -100_f32..100.0, y in -100_f32..100.0,
            vx in -9_f32..9.0, vy in -9_f32..9.0,
            ox in -9_f32..9.0, oy in -9_f32..9.0,
            angle in 0_f32..6.0,
        ) {
            let (offset, velocity, other) = (Vec2::new(x, y), Vec2::new(vx, vy), Vec2::new(ox, oy));
            for force in [
                seek(offset, velocity, LIMITS),
                flee(offset, velocity, LIMITS),
                arrive(offset, velocity, 20.0, LIMITS),
                arrive(offset, velocity, 0.0, LIMITS),
                keep_station(offset, other, velocity, 20.0, LIMITS),
                pursue(offset, other, velocity, LIMITS),
                evade(offset, other, velocity, LIMITS),
                follow(offset, other, velocity, 10.0, LIMITS),
                wander(angle, velocity, LIMITS),
            ] {
                prop_assert!(force.is_finite() && force.length() <= LIMITS.max_force * 1.000_01);
            }
        }
    }
}
