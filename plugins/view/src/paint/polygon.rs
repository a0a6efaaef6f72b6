//! Cutting simple polygons into triangles.

use bevy::math::Vec2;

/// The area of a polygon, positive if its corners go counter-clockwise (x right, y up).
pub(super) fn signed_area(points: &[Vec2]) -> f32 {
    let mut sum = 0.0;
    for at in 0..points.len() {
        sum += points[at].perp_dot(points[(at + 1) % points.len()]);
    }
    sum * 0.5
}

/// Cuts a simple polygon into triangles: three indices per triangle. None if it has fewer than three corners or one that isn't
/// finite, or if it covers nothing. A polygon that crosses itself is cut somehow.
#[must_use]
pub fn triangulate(points: &[Vec2]) -> Option<Vec<u32>> {
    if points.len() < 3 || points.iter().any(|point| !point.is_finite()) {
        return None;
    }
    let mut triangles: Vec<u32> = Vec::with_capacity(3 * (points.len() - 2));
    earcut::Earcut::new().earcut(points.iter().map(|point| point.to_array()), &[], &mut triangles);
    (!triangles.is_empty()).then_some(triangles)
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
        assert_eq!(triangulate(&[Vec2::ZERO; 5]), None, "it covers nothing");
        let bow_tie = [Vec2::ZERO, Vec2::new(1.0, 1.0), Vec2::new(1.0, 0.0), Vec2::new(0.0, 1.0)];
        assert!(triangulate(&bow_tie).is_some_and(|triangles| triangles.len() % 3 == 0));
        let circle = |corners: u16| {
            (0..corners).map(move |at| {
                let angle = f32::from(at) / f32::from(corners) * std::f32::consts::TAU;
                Vec2::new(ops::cos(angle), ops::sin(angle))
            })
        };
        let many: Vec<Vec2> = circle(10_000).collect();
        assert!((covered(&many) - std::f32::consts::PI).abs() < 1e-3, "many corners are no matter");
    }
}
