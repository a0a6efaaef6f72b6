//! Which agents lie under a point or in a rectangle of the window: exactly those that are drawn there.

use agent2028_core::agent::{Agent, AgentId, Position};
use agent2028_core::simulation::Simulation;
use agent2028_core::space::WorldBounds;
use bevy::math::{Rect, Vec2};

use crate::agents::AgentSize;
use crate::paint::Projection;

/// The place nearest to `pointer` within `reach`, all in logical pixels; of several equally near the lowest id.
///
/// A plain pass over all places: 10⁵ take less than a millisecond, and no index has to follow agents that move.
#[must_use]
pub fn nearest(places: impl Iterator<Item = (AgentId, Vec2)>, pointer: Vec2, reach: f32) -> Option<AgentId> {
    let mut best: Option<(f32, AgentId)> = None;
    let mut limit = reach * reach;
    for (agent, place) in places {
        let squared = place.distance_squared(pointer);
        // What isn't a number is never nearer.
        if squared <= limit && best.is_none_or(|(nearest, held)| squared < nearest || agent < held) {
            best = Some((squared, agent));
            limit = squared;
        }
    }
    best.map(|(_, agent)| agent)
}

/// The agents whose middles lie in a rectangle (logical pixels), in no particular order.
pub fn within(places: impl Iterator<Item = (AgentId, Vec2)>, area: Rect) -> impl Iterator<Item = AgentId> {
    places.filter(move |(_, place)| area.contains(*place)).map(|(agent, _)| agent)
}

/// The agent drawn under a point of the window (logical pixels), or nearly under it.
#[must_use]
pub fn agent_at(simulation: &Simulation, projection: &Projection, pointer: Vec2) -> Option<AgentId> {
    let bounds = simulation.world().get_resource::<WorldBounds>().copied().unwrap_or_default();
    let reach = AgentSize::new(&bounds, simulation.agents(), projection.pixels_per_unit).pick_reach();
    let world = simulation.world();
    let mut agents = world.try_query::<(&Agent, &Position)>()?;
    let places = agents.iter(world).map(|(agent, position)| (agent.0, projection.pixel(position.0)));
    nearest(places, pointer, reach)
}

/// The agents drawn in a rectangle of the window (logical pixels), ascending.
#[must_use]
pub fn agents_in(simulation: &Simulation, projection: &Projection, area: Rect) -> Vec<AgentId> {
    let world = simulation.world();
    let Some(mut agents) = world.try_query::<(&Agent, &Position)>() else {
        return Vec::new();
    };
    let places = agents.iter(world).map(|(agent, position)| (agent.0, projection.pixel(position.0)));
    let mut found: Vec<AgentId> = within(places, area).collect();
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scattered places from a linear congruential generator (Knuth's MMIX).
    fn scatter(count: u32, seed: u64) -> Vec<(AgentId, Vec2)> {
        let mut state = seed;
        let mut next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 24) as f32
        };
        (0..count).map(|id| (AgentId(id), Vec2::new(next() * 1280.0, next() * 720.0))).collect()
    }

    /// By definition: sort all by distance, then id, and take the first.
    fn by_definition(places: &[(AgentId, Vec2)], pointer: Vec2, reach: f32) -> Option<AgentId> {
        let mut all: Vec<(f32, AgentId)> =
            places.iter().map(|(agent, place)| (place.distance_squared(pointer), *agent)).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        all.first().filter(|(squared, _)| *squared <= reach * reach).map(|(_, agent)| *agent)
    }

    #[test]
    fn the_nearest_is_exact_whatever_the_order() {
        for seed in 1..40 {
            let mut places = scatter(2_000, seed);
            // Every fifth stands exactly on another, so that ties occur.
            for at in (5..2_000).step_by(5) {
                places[at].1 = places[at - 3].1;
            }
            let mut reversed = places.clone();
            reversed.reverse();
            for (_, pointer) in scatter(20, seed + 1_000) {
                for reach in [0.5, 6.0, 40.0] {
                    let expected = by_definition(&places, pointer, reach);
                    assert_eq!(nearest(places.iter().copied(), pointer, reach), expected);
                    assert_eq!(nearest(reversed.iter().copied(), pointer, reach), expected);
                }
            }
            let onto = places[10].1;
            assert_eq!(nearest(places.iter().copied(), onto, 0.0), by_definition(&places, onto, 0.0));
        }
    }

    #[test]
    fn odd_places_are_never_picked() {
        let places = [(AgentId(0), Vec2::NAN), (AgentId(1), Vec2::INFINITY), (AgentId(2), Vec2::new(3.0, 4.0))];
        assert_eq!(nearest(places.into_iter(), Vec2::ZERO, 5.0), Some(AgentId(2)));
        assert_eq!(nearest(places.into_iter(), Vec2::ZERO, 4.9), None);
        assert_eq!(nearest(places.into_iter(), Vec2::NAN, 1e9), None);
    }

    #[test]
    fn a_rectangle_holds_those_in_it() {
        let places = scatter(500, 3);
        let area = Rect::new(100.0, 100.0, 500.0, 300.0);
        let found: Vec<AgentId> = within(places.iter().copied(), area).collect();
        let expected = places.iter().filter(|(_, at)| at.x >= 100.0 && at.x <= 500.0 && at.y >= 100.0 && at.y <= 300.0);
        assert_eq!(found, expected.map(|(agent, _)| *agent).collect::<Vec<_>>());
        assert!(!found.is_empty());
    }
}
