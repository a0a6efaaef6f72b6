//! Lines drawn by hand with fewer points.

use bevy::math::Vec2;

/// The points of a line that are needed for every point left out to lie within `tolerance` of what remains (Ramer 1972,
/// Douglas and Peucker 1973). The ends stay; points in one spot become one.
#[must_use]
pub fn simplify(points: &[Vec2], tolerance: f32) -> Vec<Vec2> {
    let mut distinct: Vec<Vec2> = Vec::with_capacity(points.len());
    for &point in points.iter().filter(|point| point.is_finite()) {
        if distinct.last() != Some(&point) {
            distinct.push(point);
        }
    }
    if distinct.len() < 3 {
        return distinct;
    }
    let mut kept = vec![false; distinct.len()];
    kept[0] = true;
    kept[distinct.len() - 1] = true;
    // A stack of spans instead of recursion: a line drawn for long has many points.
    let mut spans = vec![(0, distinct.len() - 1)];
    while let Some((first, last)) = spans.pop() {
        let (from, to) = (distinct[first], distinct[last]);
        let farthest = (first + 1..last)
            .map(|at| (away(distinct[at], from, to), at))
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        if let Some((distance, at)) = farthest
            && distance > tolerance
        {
            kept[at] = true;
            spans.push((first, at));
            spans.push((at, last));
        }
    }
    distinct.into_iter().zip(kept).filter(|(_, kept)| *kept).map(|(point, _)| point).collect()
}

/// The distance of a point from a segment.
fn away(point: Vec2, from: Vec2, to: Vec2) -> f32 {
    let along = to - from;
    let square = along.length_squared();
    let share = if square > 0.0 { ((point - from).dot(along) / square).clamp(0.0, 1.0) } else { 0.0 };
    point.distance(from + along * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_straight_keeps_its_ends_and_what_bends_its_bends() {
        let line: Vec<Vec2> = (0..100).map(|at| Vec2::new(at as f32, (at % 2) as f32 * 0.5)).collect();
        assert_eq!(simplify(&line, 1.0), [line[0], line[99]]);
        let bent: Vec<Vec2> = (0..=100)
            .map(|at| if at <= 50 { Vec2::new(at as f32, 0.0) } else { Vec2::new(50.0, at as f32 - 50.0) })
            .collect();
        assert_eq!(simplify(&bent, 1.0), [bent[0], bent[50], bent[100]]);
    }

    #[test]
    fn no_point_left_out_is_farther_than_the_tolerance() {
        let line: Vec<Vec2> = (0..2000)
            .map(|at| {
                let angle = at as f32 * 0.01;
                Vec2::new(at as f32 * 0.2, bevy::math::ops::sin(angle) * 40.0)
            })
            .collect();
        let few = simplify(&line, 0.5);
        assert!(few.len() < 100, "{}", few.len());
        for point in &line {
            let nearest = few.windows(2).map(|pair| away(*point, pair[0], pair[1])).fold(f32::MAX, f32::min);
            assert!(nearest <= 0.501, "{point}: {nearest}");
        }
        assert_eq!(simplify(&[Vec2::ONE; 9], 1.0), [Vec2::ONE]);
        assert_eq!(simplify(&[], 1.0), Vec::<Vec2>::new());
    }
}
