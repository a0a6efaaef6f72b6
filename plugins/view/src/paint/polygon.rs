//! Cutting simple polygons into triangles.

use bevy::math::Vec2;

/// Far more than scenes draw; beyond it the square cost of clipping ears shows.
const MOST_CORNERS: usize = 2048;

/// The area of a polygon, positive if its corners go counter-clockwise (x right, y up).
pub(super) fn signed_area(points: &[Vec2]) -> f32 {
    let mut sum = 0.0;
    for at in 0..points.len() {
        sum += points[at].perp_dot(points[(at + 1) % points.len()]);
    }
    sum * 0.5
}

/// Cuts a simple polygon into triangles by clipping ears (Meisters 1975): three indices per triangle. None if it has
/// fewer than three corners, more than 2048, or one that isn't finite. A polygon that crosses itself is cut somehow.
#[must_use]
pub fn triangulate(points: &[Vec2]) -> Option<Vec<u32>> {
    if points.len() < 3 || points.len() > MOST_CORNERS || points.iter().any(|point| !point.is_finite()) {
        return None;
    }
    let turn = if signed_area(points) < 0.0 { -1.0 } else { 1.0 };
    let corner = |a: u32, b: u32, c: u32| {
        let [a, b, c] = [a, b, c].map(|at| points[at as usize]);
        (b - a).perp_dot(c - a) * turn
    };
    let mut rest: Vec<u32> = (0..points.len() as u32).collect();
    let mut triangles = Vec::with_capacity(3 * (points.len() - 2));
    let mut start = 0;
    while rest.len() > 3 {
        let count = rest.len();
        let ear = (0..count).map(|offset| (start + offset) % count).find(|&at| {
            let [a, b, c] = [rest[(at + count - 1) % count], rest[at], rest[(at + 1) % count]];
            corner(a, b, c) > 0.0
                && !rest.iter().any(|&other| {
                    ![a, b, c].contains(&other)
                        && corner(a, b, other) > 0.0
                        && corner(b, c, other) > 0.0
                        && corner(c, a, other) > 0.0
                })
        });
        // Corners on a straight line, or a polygon that crosses itself: cut anywhere, so that it ends.
        let at = ear.unwrap_or(start % count);
        triangles.extend([rest[(at + count - 1) % count], rest[at], rest[(at + 1) % count]]);
        rest.remove(at);
        // Going on behind the ear makes fans of a convex polygon stay even and its cutting linear.
        start = at % rest.len();
    }
    triangles.extend(rest);
    Some(triangles)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::math::ops;

    fn covered(points: &[Vec2]) -> f32 {
        triangulate(points)
            .unwrap()
            .chunks_exact(3)
            .map(|three| {
                let [a, b, c] = [three[0], three[1], three[2]].map(|at| points[at as usize]);
                ((b - a).perp_dot(c - a) * 0.5).abs()
            })
            .sum()
    }

    #[test]
    fn triangles_cover_exactly_the_polygon_in_either_direction() {
        let l_shape =
            [(0.0, 0.0), (4.0, 0.0), (4.0, 1.0), (1.0, 1.0), (1.0, 3.0), (0.0, 3.0)].map(|(x, y)| Vec2::new(x, y));
        let mut reversed = l_shape;
        reversed.reverse();
        assert!((covered(&l_shape) - 6.0).abs() < 1e-5);
        assert!((covered(&reversed) - 6.0).abs() < 1e-5);
        let star: Vec<Vec2> = (0..20)
            .map(|at| {
                let angle = std::f32::consts::TAU * at as f32 / 20.0;
                Vec2::new(ops::cos(angle), ops::sin(angle)) * if at % 2 == 0 { 10.0 } else { 3.0 }
            })
            .collect();
        assert!((covered(&star) - signed_area(&star)).abs() < 1e-3);
    }

    #[test]
    fn odd_input_is_refused_or_cut_and_always_ends() {
        assert_eq!(triangulate(&[Vec2::ZERO, Vec2::X]), None);
        assert_eq!(triangulate(&[Vec2::ZERO, Vec2::X, Vec2::NAN]), None);
        assert_eq!(triangulate(&[Vec2::ZERO; 5]).unwrap().len(), 9);
        let bow_tie = [Vec2::ZERO, Vec2::new(1.0, 1.0), Vec2::new(1.0, 0.0), Vec2::new(0.0, 1.0)];
        assert_eq!(triangulate(&bow_tie).unwrap().len(), 6);
    }
}
