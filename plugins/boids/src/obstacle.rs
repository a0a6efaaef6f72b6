//! Obstacles, and steering around them.

use agent2028_core::check::{Check, Problems, Range, Unit};
use agent2028_core::space::WorldBounds;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::steering::{Limits, direction, seek};

/// Something that agents fly around.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(deny_unknown_fields)]
pub enum Obstacle {
    /// A disc.
    Circle {
        /// Its centre.
        #[reflect(@Unit("units"))]
        center: Vec2,
        /// Its radius.
        #[reflect(@Range::new(0.0, 1e7), @Unit("units"))]
        radius: f32,
    },
    /// A simple polygon: its corners in order, either way round, at least three.
    Polygon(#[reflect(@Unit("units"))] Vec<Vec2>),
}

impl Default for Obstacle {
    fn default() -> Self {
        Self::Circle { center: Vec2::ZERO, radius: 50.0 }
    }
}

impl Check for Obstacle {
    fn check(&self, at: &str, problems: &mut Problems) {
        match self {
            Self::Circle { center, radius } => {
                if !(center.is_finite() && radius.is_finite() && *radius >= 0.0) {
                    problems.push(
                        at,
                        "an obstacle's centre must be finite and its radius at least 0",
                        "for example Circle(center: (0, 0), radius: 50)",
                    );
                }
            }
            Self::Polygon(corners) => {
                if corners.len() < 3 || corners.iter().any(|corner| !corner.is_finite()) {
                    problems.push(
                        at,
                        "a polygon needs at least three corners, all of them finite",
                        "for example Polygon([(0, 0), (100, 0), (0, 100)])",
                    );
                }
            }
        }
    }
}

/// What lies ahead: how far, and which way leads out of it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Threat {
    distance: f32,
    /// A direction away from the obstacle.
    away: Vec2,
}

impl Obstacle {
    /// Whether a point lies in the obstacle or on its border.
    #[must_use]
    pub fn contains(&self, bounds: &WorldBounds, point: Vec2) -> bool {
        match self {
            Self::Circle { center, radius } => bounds.delta(point, *center).length() <= *radius,
            Self::Polygon(corners) => inside(&relative(bounds, point, corners).collect::<Vec<_>>()),
        }
    }

    /// The corners of the rectangle that holds it.
    #[must_use]
    pub fn extent(&self) -> (Vec2, Vec2) {
        match self {
            Self::Circle { center, radius } => (*center - Vec2::splat(*radius), *center + Vec2::splat(*radius)),
            Self::Polygon(corners) => {
                let first = corners.first().copied().unwrap_or_default();
                corners.iter().fold((first, first), |(least, most), corner| (least.min(*corner), most.max(*corner)))
            }
        }
    }

    /// Moves it by a displacement in world units.
    pub fn shift(&mut self, by: Vec2) {
        match self {
            Self::Circle { center, .. } => *center += by,
            Self::Polygon(corners) => corners.iter_mut().for_each(|corner| *corner += by),
        }
    }

    /// A wall of a thickness in world units along a chain of at least two points; `closed` joins the last to the first and
    /// fills what lies between.
    #[must_use]
    pub fn wall(points: &[Vec2], thickness: f32, closed: bool) -> Self {
        if closed && points.len() > 2 {
            return Self::Polygon(points.to_vec());
        }
        let half = thickness * 0.5;
        let count = points.len();
        let along = |at: usize| direction(points[at + 1] - points[at]);
        let side = |at: usize, sign: f32| {
            let before = along(at.saturating_sub(1).min(count.saturating_sub(2)));
            let after = along(at.min(count.saturating_sub(2)));
            // The corner of both rims, at most twice as far out, so that sharp bends don't shoot out.
            let sum = before.perp() + after.perp();
            let square = sum.length_squared();
            let out = if square < 1.0 { direction(sum) * 2.0 } else { sum * (2.0 / square) };
            // The ends reach half a thickness beyond.
            let beyond = match at {
                0 => -after,
                last if last + 1 == count => before,
                _ => Vec2::ZERO,
            };
            points[at] + (out * sign + beyond) * half
        };
        if count < 2 {
            let at = points.first().copied().unwrap_or_default();
            return Self::Circle { center: at, radius: half };
        }
        let right = (0..count).map(|at| side(at, -1.0));
        let left = (0..count).rev().map(|at| side(at, 1.0));
        Self::Polygon(right.chain(left).collect())
    }

    fn threat(
        &self,
        bounds: &WorldBounds,
        position: Vec2,
        heading: Vec2,
        look_ahead: f32,
        clearance: f32,
        corners: &mut Vec<Vec2>,
    ) -> Option<Threat> {
        match self {
            Self::Circle { center, radius } => {
                circle_threat(bounds.delta(position, *center), radius + clearance, heading, look_ahead)
            }
            Self::Polygon(polygon) => {
                corners.clear();
                corners.extend(relative(bounds, position, polygon));
                polygon_threat(corners, heading, look_ahead, clearance)
            }
        }
    }
}

/// A polygon's corners as seen from `point`, the short way round to its first corner.
fn relative<'a>(bounds: &WorldBounds, point: Vec2, corners: &'a [Vec2]) -> impl Iterator<Item = Vec2> + use<'a> {
    // The middle decides which image of the polygon is the near one; its corners keep together.
    let middle = corners.iter().copied().sum::<Vec2>() / corners.len().max(1) as f32;
    let offset = bounds.delta(point, middle);
    corners.iter().map(move |corner| offset + (*corner - middle))
}

fn circle_threat(center: Vec2, radius: f32, heading: Vec2, look_ahead: f32) -> Option<Threat> {
    let distance = center.length();
    if distance < radius {
        let out = if distance > 0.0 { -direction(center) } else { heading.perp() };
        return Some(Threat { distance: 0.0, away: out });
    }
    let ahead = center.dot(heading);
    let aside = center - heading * ahead;
    let lateral = aside.length();
    if ahead <= 0.0 || lateral >= radius {
        return None;
    }
    // Where the course meets the circle.
    let meets = ahead - (radius * radius - lateral * lateral).sqrt();
    if meets > look_ahead {
        return None;
    }
    // Dead on: everybody passes on the left.
    let away = if lateral > 0.0 { -aside / lateral } else { heading.perp() };
    Some(Threat { distance: meets.max(0.0), away })
}

fn edges(corners: &[Vec2]) -> impl Iterator<Item = (Vec2, Vec2)> + '_ {
    (0..corners.len()).map(|at| (corners[at], corners[(at + 1) % corners.len()]))
}

/// The point of an edge that is nearest to the origin.
fn nearest_point(from: Vec2, to: Vec2) -> Vec2 {
    let along = to - from;
    let square = along.length_squared();
    if square == 0.0 {
        return from;
    }
    from + along * (-from.dot(along) / square).clamp(0.0, 1.0)
}

/// Whether the origin lies within a polygon (even–odd rule).
fn inside(corners: &[Vec2]) -> bool {
    let mut inside = false;
    for (from, to) in edges(corners) {
        if (from.y > 0.0) != (to.y > 0.0) && from.x + (to.x - from.x) * (-from.y / (to.y - from.y)) > 0.0 {
            inside = !inside;
        }
    }
    inside
}

fn polygon_threat(corners: &[Vec2], heading: Vec2, look_ahead: f32, clearance: f32) -> Option<Threat> {
    if corners.len() < 3 {
        return None;
    }
    let nearest = edges(corners)
        .map(|(from, to)| nearest_point(from, to))
        .min_by(|a, b| a.length_squared().total_cmp(&b.length_squared()))?;
    if inside(corners) {
        return Some(Threat { distance: 0.0, away: direction(nearest) });
    }
    if nearest.length() < clearance {
        let out = if nearest == Vec2::ZERO { heading.perp() } else { -direction(nearest) };
        return Some(Threat { distance: 0.0, away: out });
    }
    // The first edge that the course ahead comes closer to than the clearance: the edge itself, or one of its sides
    // moved by the clearance.
    let mut first: Option<Threat> = None;
    for (from, to) in edges(corners) {
        for side in [-clearance, 0.0, clearance] {
            let shift = heading.perp() * side;
            let Some(meets) = course_meets(heading, from - shift, to - shift) else {
                continue;
            };
            if meets <= look_ahead && first.is_none_or(|threat| meets < threat.distance) {
                first = Some(Threat { distance: meets, away: around(corners, heading) });
            }
        }
    }
    first
}

/// How far ahead a course from the origin meets an edge.
fn course_meets(heading: Vec2, from: Vec2, to: Vec2) -> Option<f32> {
    let along = to - from;
    let cross = heading.perp_dot(along);
    if cross == 0.0 {
        return None;
    }
    let distance = from.perp_dot(along) / cross;
    let share = from.perp_dot(heading) / cross;
    (distance >= 0.0 && (0.0..=1.0).contains(&share)).then_some(distance)
}

/// The side on which less of the polygon sticks out; left if both are the same.
fn around(corners: &[Vec2], heading: Vec2) -> Vec2 {
    let left = heading.perp();
    let sides = corners.iter().map(|corner| corner.dot(left));
    let (lowest, highest) = sides.fold((f32::MAX, f32::MIN), |(low, high), side| (low.min(side), high.max(side)));
    if highest <= -lowest { left } else { -left }
}

/// The force that keeps an agent clear of the nearest obstacle on its course: sideways, or outward if it is in one or
/// closer to it than `clearance`. Zero if its course is free for `look_ahead` world units.
#[must_use]
pub fn avoid<'a>(
    obstacles: impl IntoIterator<Item = &'a Obstacle>,
    bounds: &WorldBounds,
    position: Vec2,
    velocity: Vec2,
    look_ahead: f32,
    clearance: f32,
    limits: Limits,
) -> Vec2 {
    let heading = if velocity == Vec2::ZERO { Vec2::X } else { direction(velocity) };
    let mut corners = Vec::new();
    let mut nearest: Option<Threat> = None;
    for obstacle in obstacles {
        if let Some(threat) = obstacle.threat(bounds, position, heading, look_ahead, clearance, &mut corners)
            && nearest.is_none_or(|nearest| threat.distance < nearest.distance)
        {
            nearest = Some(threat);
        }
    }
    nearest.map_or(Vec2::ZERO, |threat| seek(threat.away, velocity, limits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steering::clamp_length;
    use agent2028_core::space::Edge;

    const LIMITS: Limits = Limits { max_speed: 4.0, max_force: 0.4 };

    fn world(edge: Edge) -> WorldBounds {
        WorldBounds { size: Vec2::splat(400.0), edge }
    }

    fn square(center: Vec2, half: f32) -> Obstacle {
        Obstacle::Polygon(
            [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)].map(|(x, y)| center + Vec2::new(x, y) * half).to_vec(),
        )
    }

    /// Flies straight at an obstacle, avoiding it, and tells whether it ever was inside and how far it got.
    fn fly(obstacle: Obstacle, start: Vec2, mut velocity: Vec2, ticks: usize) -> (bool, Vec2) {
        let bounds = world(Edge::Wrap);
        let obstacles = [obstacle];
        let (mut position, mut touched) = (start, false);
        for _ in 0..ticks {
            let force = avoid(&obstacles, &bounds, position, velocity, 60.0, 3.0, LIMITS);
            velocity = clamp_length(velocity + force, LIMITS.max_speed);
            position = bounds.wrap(position + velocity);
            touched |= obstacles[0].contains(&bounds, position);
        }
        (touched, position)
    }

    #[test]
    fn a_wall_surrounds_its_chain_and_can_be_moved() {
        let bounds = world(Edge::Open);
        let chain = [(0.0, 0.0), (40.0, 0.0), (40.0, 30.0)].map(Vec2::from);
        let mut wall = Obstacle::wall(&chain, 4.0, false);
        let held = |wall: &Obstacle, x: f32, y: f32| wall.contains(&bounds, Vec2::new(x, y));
        for (x, y) in [(0.0, 0.0), (20.0, 1.5), (20.0, -1.5), (41.5, -1.5), (38.5, 20.0), (40.0, 31.0), (-1.5, 0.0)] {
            assert!(held(&wall, x, y), "({x}, {y})");
        }
        for (x, y) in [(20.0, 2.5), (37.0, 20.0), (43.0, 20.0), (40.0, 33.0), (-3.0, 0.0), (20.0, 15.0)] {
            assert!(!held(&wall, x, y), "({x}, {y})");
        }
        wall.shift(Vec2::new(0.0, 100.0));
        assert!(held(&wall, 20.0, 101.0) && !held(&wall, 20.0, 1.0));
        assert!(held(&Obstacle::wall(&chain, 4.0, true), 30.0, 10.0), "a closed chain is filled");
    }

    #[test]
    fn a_circle_on_the_course_is_flown_around() {
        for y in [-20.0, -3.0, 0.0, 0.5, 24.0] {
            let circle = Obstacle::Circle { center: Vec2::new(100.0, 0.0), radius: 25.0 };
            let (touched, _) = fly(circle, Vec2::new(0.0, y), Vec2::new(4.0, 0.0), 60);
            assert!(!touched, "starting at y = {y}");
        }
    }

    #[test]
    fn a_polygon_on_the_course_is_flown_around() {
        for y in [-20.0, -3.0, 0.0, 0.5, 24.0] {
            let (touched, _) = fly(square(Vec2::new(100.0, 0.0), 25.0), Vec2::new(0.0, y), Vec2::new(4.0, 0.0), 60);
            assert!(!touched, "starting at y = {y}");
        }
    }

    #[test]
    fn an_obstacle_across_the_seam_is_seen() {
        let circle = Obstacle::Circle { center: Vec2::new(-180.0, 0.0), radius: 25.0 };
        let (touched, _) = fly(circle, Vec2::new(130.0, 3.0), Vec2::new(4.0, 0.0), 50);
        assert!(!touched);
        let (touched, _) = fly(square(Vec2::new(-180.0, 0.0), 25.0), Vec2::new(130.0, 3.0), Vec2::new(4.0, 0.0), 50);
        assert!(!touched);
    }

    #[test]
    fn who_is_inside_gets_out() {
        for obstacle in [Obstacle::Circle { center: Vec2::ZERO, radius: 30.0 }, square(Vec2::ZERO, 30.0)] {
            let (_, position) = fly(obstacle.clone(), Vec2::new(5.0, 3.0), Vec2::ZERO, 60);
            assert!(!obstacle.contains(&world(Edge::Wrap), position), "{obstacle:?}");
        }
    }

    #[test]
    fn a_free_course_takes_no_force() {
        let bounds = world(Edge::Open);
        let obstacles =
            [Obstacle::Circle { center: Vec2::new(50.0, 40.0), radius: 20.0 }, square(Vec2::new(0.0, 90.0), 9.0)];
        let force = avoid(&obstacles, &bounds, Vec2::ZERO, Vec2::new(4.0, 0.0), 100.0, 3.0, LIMITS);
        assert_eq!(force, Vec2::ZERO);
        let behind = [Obstacle::Circle { center: Vec2::new(-30.0, 0.0), radius: 20.0 }];
        assert_eq!(avoid(&behind, &bounds, Vec2::ZERO, Vec2::new(4.0, 0.0), 100.0, 3.0, LIMITS), Vec2::ZERO);
    }

    #[test]
    fn the_force_never_exceeds_its_limit() {
        let bounds = world(Edge::Wrap);
        let obstacles = [Obstacle::default(), square(Vec2::new(100.0, 50.0), 40.0)];
        for at in 0..500 {
            let place = Vec2::new((at as f32 * 37.7) % 400.0 - 200.0, (at as f32 * 91.3) % 400.0 - 200.0);
            let velocity = Vec2::new((at % 9) as f32 - 4.0, (at % 7) as f32 - 3.0);
            let force = avoid(&obstacles, &bounds, place, velocity, 50.0, 5.0, LIMITS);
            assert!(force.is_finite() && force.length() <= LIMITS.max_force * 1.000_01);
        }
    }
}
