//! Which obstacles an agent can meet, by where it is: an agent tests those near it and not all of them.

use std::ops::Range;

use agent2028_core::space::{CellGrid, WorldBounds};
use bevy::prelude::*;

use crate::config::ObstacleAvoidance;
use crate::obstacle::Obstacle;

/// What covers more than one in so many of the cells stands in a list of its own, so that memory stays small.
const WIDE_SHARE: u32 = 4;
/// The most cells along an axis.
const MOST_CELLS: f32 = 64.0;

/// Obstacles by the cells of the world from which they can be met. Derived: it is no state.
#[derive(Clone, Debug, Default)]
pub struct ObstacleGrid {
    /// What it was made for.
    made_for: Option<(ObstacleAvoidance, WorldBounds)>,
    obstacles: Vec<Obstacle>,
    grid: Option<CellGrid>,
    /// The obstacles that can be met from most cells, ascending.
    wide: Vec<u32>,
    /// Where each cell's obstacles begin among `cells`; one more at the end.
    starts: Vec<u32>,
    /// The obstacles of all cells, in each cell ascending.
    cells: Vec<u32>,
}

impl ObstacleGrid {
    /// Becomes the grid of these obstacles, if it isn't yet.
    pub fn fit(&mut self, obstacles: &[Obstacle], avoidance: &ObstacleAvoidance, bounds: &WorldBounds) {
        let made_for = Some((*avoidance, *bounds));
        if self.made_for == made_for && self.obstacles == obstacles {
            return;
        }
        *self = Self { made_for, obstacles: obstacles.to_vec(), ..Self::default() };
        if obstacles.is_empty() {
            return;
        }
        let reach = avoidance.look_ahead + avoidance.clearance;
        // About as many cells as obstacles, and none much smaller than what is looked ahead.
        let across = (2.0 * (obstacles.len() as f32).sqrt()).min(MOST_CELLS);
        let grid = CellGrid::new(
            *bounds,
            (bounds.size.x / across).max(reach * 0.5),
            (bounds.size.y / across).max(reach * 0.5),
        );
        let all = grid.columns() * grid.rows();
        let mut entries: Vec<(u32, u32)> = Vec::new();
        for (number, obstacle) in obstacles.iter().enumerate() {
            let (least, most) = obstacle.extent();
            // What is rounded on the way to a cell, and on the way to a threat.
            let furthest = least.abs().max(most.abs()).max_element() + bounds.size.max_element();
            let slack = 1e-3 * reach + 1e-5 * furthest;
            let margin = Vec2::splat(reach + slack);
            let (least, most) = (least - margin, most + margin);
            let columns = grid.columns_across(least.x, most.x);
            let rows = grid.rows_across(least.y, most.y);
            let cells = |spans: &[Range<u32>; 2]| spans.iter().map(|span| span.len() as u32).sum::<u32>();
            if cells(&columns) * cells(&rows) > all / WIDE_SHARE {
                self.wide.push(number as u32);
                continue;
            }
            for row in rows.iter().cloned().flatten() {
                for column in columns.iter().cloned().flatten() {
                    entries.push((row * grid.columns() + column, number as u32));
                }
            }
        }
        entries.sort_unstable();
        self.starts = vec![0; all as usize + 1];
        for (cell, _) in &entries {
            self.starts[*cell as usize + 1] += 1;
        }
        for cell in 0..all as usize {
            self.starts[cell + 1] += self.starts[cell];
        }
        self.cells = entries.into_iter().map(|(_, number)| number).collect();
        self.grid = Some(grid);
    }

    /// Whether there is no obstacle.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.obstacles.is_empty()
    }

    /// The obstacles that an agent at `position` may meet, in the order of the scene; some of them it may not.
    pub fn near(&self, position: Vec2) -> impl Iterator<Item = &Obstacle> + '_ {
        let here = self.grid.as_ref().map_or(0..0, |grid| {
            let cell = (grid.row(position.y) * grid.columns() + grid.column(position.x)) as usize;
            self.starts[cell] as usize..self.starts[cell + 1] as usize
        });
        let (mut wide, mut near) = (self.wide.iter().peekable(), self.cells[here].iter().peekable());
        std::iter::from_fn(move || {
            let is_wide = wide.peek().is_some_and(|one| near.peek().is_none_or(|other| one < other));
            let number = if is_wide { wide.next() } else { near.next() };
            self.obstacles.get(*number? as usize)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::obstacle::avoid;
    use crate::steering::Limits;
    use agent2028_core::rng::{Purpose, SimRng};
    use agent2028_core::space::Edge;
    use proptest::prelude::*;

    const LIMITS: Limits = Limits { max_speed: 4.0, max_force: 0.4 };

    fn any_obstacle() -> impl Strategy<Value = Obstacle> {
        let center = || (-90_f32..90.0, -60_f32..60.0).prop_map(Vec2::from);
        let reach = || prop_oneof![4 => 0_f32..6.0, 1 => 6_f32..90.0];
        let circle = (center(), reach()).prop_map(|(center, radius)| Obstacle::Circle { center, radius });
        let polygon = (center(), reach(), 3_usize..7, 0_f32..6.0).prop_map(|(center, reach, corners, turn)| {
            let corner = |at: usize| {
                let angle = turn + std::f32::consts::TAU * at as f32 / corners as f32;
                center + Vec2::new(bevy::math::ops::cos(angle), bevy::math::ops::sin(angle)) * reach
            };
            Obstacle::Polygon((0..corners).map(corner).collect())
        });
        prop_oneof![circle, polygon]
    }

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn nothing_is_missed_that_testing_every_obstacle_finds(
            obstacles in prop::collection::vec(any_obstacle(), 1..40),
            agents in prop::collection::vec(((-1.0_f32..1.0, -1.0_f32..1.0), (-4_f32..4.0, -4_f32..4.0)), 1..40),
            edge in prop::sample::select(vec![Edge::Wrap, Edge::Bounce, Edge::Open]),
            look_ahead in 0_f32..40.0, clearance in 0_f32..8.0,
        ) {
            let bounds = WorldBounds { size: Vec2::new(120.0, 80.0), edge };
            let avoidance = ObstacleAvoidance { look_ahead, clearance, ..default() };
            let mut grid = ObstacleGrid::default();
            grid.fit(&obstacles, &avoidance, &bounds);
            // Some of those of an open world are far outside.
            let spread = if edge == Edge::Open { 300.0 } else { 1.0 };
            for (place, velocity) in agents {
                let position = bounds.enter(Vec2::from(place) * bounds.half() * spread);
                let velocity = Vec2::from(velocity);
                let force = |among: &mut dyn Iterator<Item = &Obstacle>| {
                    avoid(among, &bounds, position, velocity, look_ahead, clearance, LIMITS)
                };
                prop_assert_eq!(force(&mut grid.near(position)), force(&mut obstacles.iter()), "at {}", position);
            }
        }
    }

    /// Twice as many obstacles in twice the area are not more to test for anybody.
    #[test]
    fn what_an_agent_tests_does_not_grow_with_the_world() {
        let mut stream = SimRng::new(5).global(Purpose::new("obstacles"), 0);
        let avoidance = ObstacleAvoidance { look_ahead: 20.0, clearance: 2.0, ..default() };
        for edge in [Edge::Wrap, Edge::Bounce, Edge::Open] {
            for count in [64, 256, 1024, 4096] {
                let bounds = WorldBounds { size: Vec2::splat(40.0 * (count as f32).sqrt()), edge };
                let mut anywhere = || Vec2::new(stream.unit() - 0.5, stream.unit() - 0.5) * bounds.size;
                let obstacles: Vec<Obstacle> =
                    (0..count).map(|_| Obstacle::Circle { center: anywhere(), radius: 4.0 }).collect();
                let mut grid = ObstacleGrid::default();
                grid.fit(&obstacles, &avoidance, &bounds);
                let tested: usize = (0..1000).map(|_| grid.near(anywhere()).count()).sum();
                // An obstacle is met from 52 × 52 units around it, of 1600 there are one; cells make that somewhat more.
                assert!(tested <= 1000 * 8, "{edge:?}: {tested} tests of {count} obstacles by 1000 agents");
            }
        }
    }
}
