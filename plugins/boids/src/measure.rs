//! How a flock is doing: pure measures on positions and velocities. None depends on the order of the agents.

use agent2028_core::space::{CellItem, CellSort};
use bevy::math::Vec2;

/// Directions are added up as whole numbers of this many parts, so that their order doesn't show in the sum.
const DIRECTION_PARTS: f64 = 1_073_741_824.0;

/// Adds up how alike the directions of velocities are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Order {
    x: i64,
    y: i64,
    speed: i64,
    count: u64,
}

impl Order {
    /// Counts an agent in. One that stands still has no direction but counts.
    pub fn add(&mut self, velocity: Vec2) {
        let speed = velocity.length();
        self.count += 1;
        if speed > 0.0 && speed.is_finite() {
            self.x += (f64::from(velocity.x / speed) * DIRECTION_PARTS).round() as i64;
            self.y += (f64::from(velocity.y / speed) * DIRECTION_PARTS).round() as i64;
            self.speed = self.speed.saturating_add((f64::from(speed) * 65_536.0).round() as i64);
        }
    }

    /// The order parameter φ = |Σ v/|v|| / n (Vicsek et al. 1995): 1 if all fly the same way, near 0 if each its own.
    #[must_use]
    pub fn parameter(&self) -> f64 {
        if self.count == 0 {
            return 0.0;
        }
        let (x, y) = (self.x as f64 / DIRECTION_PARTS, self.y as f64 / DIRECTION_PARTS);
        (x * x + y * y).sqrt() / self.count as f64
    }

    /// The mean speed, in the units of the velocities.
    #[must_use]
    pub fn mean_speed(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.speed as f64 / 65_536.0 / self.count as f64 }
    }
}

/// The mean distance of each item to its nearest other one; 0 for fewer than two.
#[must_use]
pub fn mean_nearest_distance<T: CellItem>(items: &CellSort<T>) -> f64 {
    let count = items.items().len();
    if count < 2 {
        return 0.0;
    }
    let mut nearest = Vec::with_capacity(2);
    let mut sum = 0.0;
    for (own, item) in items.items().iter().enumerate() {
        items.nearest_into(item.place(), 1, &mut nearest, |slot| slot != own);
        if let Some(&(square, _)) = nearest.first() {
            sum += f64::from(square).sqrt();
        }
    }
    sum / count as f64
}

/// How many pairs of items are closer than `distance`.
#[must_use]
pub fn pairs_closer_than<T: CellItem>(items: &CellSort<T>, distance: f32) -> u64 {
    let mut pairs = 0;
    for (own, item) in items.items().iter().enumerate() {
        items.for_each_within(item.place(), distance, |slot, square| {
            pairs += u64::from(slot > own && square < distance * distance);
        });
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::parallel::Workers;
    use agent2028_core::space::{CellGrid, Edge, WorldBounds};

    fn sorted(places: &[Vec2], cell: f32) -> CellSort<Vec2> {
        let bounds = WorldBounds { size: Vec2::splat(100.0), edge: Edge::Wrap };
        let mut sort = CellSort::default();
        sort.sort(CellGrid::for_radius(bounds, cell), &[places], &Workers::new(1));
        sort
    }

    #[test]
    fn the_order_parameter_is_one_in_step_and_zero_in_opposition() {
        let mut order = Order::default();
        (1..=10).for_each(|speed| order.add(Vec2::new(3.0, 4.0) * speed as f32));
        assert!((order.parameter() - 1.0).abs() < 1e-6);
        assert!((order.mean_speed() - 27.5).abs() < 1e-3);
        let mut opposed = Order::default();
        [Vec2::X, Vec2::NEG_X, Vec2::Y * 3.0, Vec2::NEG_Y].into_iter().for_each(|velocity| opposed.add(velocity));
        assert!(opposed.parameter() < 1e-6);
        assert_eq!(Order::default().parameter(), 0.0);
    }

    #[test]
    fn the_order_of_the_agents_does_not_show() {
        let velocities: Vec<Vec2> =
            (0..100).map(|at| Vec2::new((at * 37 % 19) as f32 - 9.0, (at % 7) as f32)).collect();
        let (mut forth, mut back) = (Order::default(), Order::default());
        velocities.iter().for_each(|velocity| forth.add(*velocity));
        velocities.iter().rev().for_each(|velocity| back.add(*velocity));
        assert_eq!(forth.parameter().to_bits(), back.parameter().to_bits());
    }

    #[test]
    fn nearest_distances_and_collisions_are_counted() {
        let places = [(0.0, 0.0), (3.0, 0.0), (3.0, 4.0), (-49.5, 20.0), (49.5, 20.0)].map(Vec2::from);
        let sort = sorted(&places, 5.0);
        assert!((mean_nearest_distance(&sort) - (3.0 + 3.0 + 4.0 + 1.0 + 1.0) / 5.0).abs() < 1e-6);
        assert_eq!(pairs_closer_than(&sort, 3.5), 2);
        assert_eq!(pairs_closer_than(&sort, 1.0), 0);
    }
}
