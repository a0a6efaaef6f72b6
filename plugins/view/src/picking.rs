//! Which agents lie under a point or in a rectangle of the window: exactly those that are drawn there.

use agent2028_core::agent::{Agent, AgentId, AgentIndex, Position};
use agent2028_core::simulation::Simulation;
use agent2028_core::space::{PolygonIndex, WorldBounds};
use bevy::math::{Rect, Vec2, ops};

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

/// The agents drawn inside an outline in the window (logical pixels), ascending. Where the outline crosses itself it leaves
/// holes.
#[must_use]
pub fn agents_inside(simulation: &Simulation, projection: &Projection, outline: &[Vec2]) -> Vec<AgentId> {
    let world = simulation.world();
    let Some(mut agents) = world.try_query::<(&Agent, &Position)>() else {
        return Vec::new();
    };
    let outline = PolygonIndex::new(outline);
    let mut found: Vec<AgentId> = agents
        .iter(world)
        .filter(|(_, position)| outline.contains(projection.pixel(position.0)))
        .map(|(agent, _)| agent.0)
        .collect();
    found.sort_unstable();
    found
}

/// The agents within twice the mean distance between agents of any of the given ones, and the given ones themselves, in
/// ascending order.
#[must_use]
pub fn neighbours(simulation: &Simulation, of: &[AgentId]) -> Vec<AgentId> {
    let world = simulation.world();
    let bounds = world.get_resource::<WorldBounds>().copied().unwrap_or_default();
    let reach = 2.0 * (bounds.size.x * bounds.size.y / simulation.agents().max(1) as f32).sqrt();
    near(simulation, of, reach)
}

/// The agents within a distance (in world units) of any of the given ones, and the given ones themselves, in ascending order.
#[must_use]
pub fn near(simulation: &Simulation, of: &[AgentId], reach: f32) -> Vec<AgentId> {
    let world = simulation.world();
    let bounds = world.get_resource::<WorldBounds>().copied().unwrap_or_default();
    let (Some(index), Some(mut agents)) =
        (world.get_resource::<AgentIndex>(), world.try_query::<(&Agent, &Position)>())
    else {
        return Vec::new();
    };
    // Squares as wide as the reach, so that neighbours are in the same one or next to it; round the world a whole number.
    let cells = (bounds.size / reach.max(f32::MIN_POSITIVE)).floor().clamp(Vec2::ONE, Vec2::splat(65_535.0));
    let cell = |place: Vec2| ((bounds.enter(place) - bounds.min()) / bounds.size * cells).floor();
    let key = |cell: Vec2| {
        let round = |at: f32, count: f32| (ops::rem_euclid(at, count) as u64).min(count as u64 - 1);
        if bounds.wraps() {
            (round(cell.y, cells.y) << 32) | round(cell.x, cells.x)
        } else {
            // Beyond the edges too, as where there are none agents may leave the world.
            (((cell.y as i32) as u32 as u64) << 32) | u64::from((cell.x as i32) as u32)
        }
    };
    let mut held: Vec<(u64, Vec2)> = of
        .iter()
        .filter_map(|agent| Some(world.get::<Position>(index.get(*agent)?)?.0))
        .map(|place| (key(cell(place)), place))
        .collect();
    held.sort_unstable_by_key(|(key, _)| *key);
    let mut found: Vec<AgentId> = agents
        .iter(world)
        .filter(|(_, position)| {
            let middle = cell(position.0);
            (-1..=1).any(|dy| {
                (-1..=1).any(|dx| {
                    let key = key(middle + Vec2::new(dx as f32, dy as f32));
                    let first = held.partition_point(|(other, _)| *other < key);
                    held[first..].iter().take_while(|(other, _)| *other == key).any(|(_, place)| {
                        bounds.delta(bounds.enter(*place), bounds.enter(position.0)).length_squared() <= reach * reach
                    })
                })
            })
        })
        .map(|(agent, _)| agent.0)
        .collect();
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

    #[test]
    fn a_lasso_around_a_million_agents_is_exact() {
        use agent2028_core::SimCorePlugin;
        use agent2028_core::agent::{AgentGroup, AgentGroups, Placement, spawn_group};
        use bevy::prelude::*;

        use crate::camera::WorldCamera;
        use crate::paint::Projection;
        use crate::viewport::Viewport;

        let mut app = App::new();
        app.add_plugins(SimCorePlugin::default());
        let group = app.world_mut().resource_mut::<AgentGroups>().add(AgentGroup { name: "ant".into(), ..default() });
        spawn_group(app.world_mut(), group, 1_000_000, &Placement::World).unwrap();
        let simulation = Simulation::new(std::mem::take(app.world_mut()));
        let projection = Projection::new(&WorldCamera::default(), &Viewport::default());
        // A circle drawn by hand: a thousand points around the middle of the window.
        let middle = projection.rect.center();
        let outline: Vec<Vec2> = (0..1000)
            .map(|at| {
                let angle = std::f32::consts::TAU * at as f32 / 1000.0;
                middle + Vec2::new(ops::cos(angle), ops::sin(angle)) * 200.0
            })
            .collect();
        let found = agents_inside(&simulation, &projection, &outline);
        let world = simulation.world();
        let distances: Vec<(AgentId, f32)> = world
            .try_query::<(&Agent, &Position)>()
            .unwrap()
            .iter(world)
            .map(|(agent, position)| (agent.0, projection.pixel(position.0).distance(middle)))
            .collect();
        let inside = |limit: f32| distances.iter().filter(|(_, distance)| *distance < limit).count();
        assert!((inside(199.99)..=inside(200.01)).contains(&found.len()), "{} of {}", found.len(), inside(200.0));
        assert!(found.is_sorted());
    }

    #[test]
    fn neighbours_are_those_within_reach_also_around_the_edge() {
        use agent2028_core::SimCorePlugin;
        use agent2028_core::agent::{AgentGroup, AgentGroups, Placement, spawn_group};
        use agent2028_core::space::Edge;
        use bevy::prelude::*;

        for edge in [Edge::Wrap, Edge::Open, Edge::Bounce] {
            let mut app = App::new();
            let world = WorldBounds { size: Vec2::new(1280.0, 720.0), edge };
            app.add_plugins(SimCorePlugin { world, ..default() });
            let group = AgentGroup { name: "ant".into(), ..default() };
            let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
            let places: Vec<Vec2> = scatter(600, 9).into_iter().map(|(_, at)| at - world.half()).collect();
            spawn_group(app.world_mut(), group, 600, &Placement::Points(places.clone())).unwrap();
            let simulation = Simulation::new(std::mem::take(app.world_mut()));
            let of = [3, 77, 400, 599].map(AgentId);
            for reach in [0.0, 20.0, 77.0, 500.0, 1e6] {
                let expected: Vec<AgentId> = (0..600)
                    .filter(|agent| {
                        of.iter().any(|held| world.delta(places[held.index()], places[*agent]).length() <= reach)
                    })
                    .map(|agent| AgentId(agent as u32))
                    .collect();
                assert_eq!(near(&simulation, &of, reach), expected, "{edge:?} {reach}");
            }
        }
    }
}
