//! A million samples in a thousand pixels: in each column of pixels the first, the last, the smallest and the largest
//! remain, so that the line looks as it would with all of them.

/// Reduces the samples of a line (its x ascending, in pixels) to those that show.
pub(crate) fn reduce(points: &[(f32, f32)]) -> Vec<(f32, f32)> {
    let mut kept: Vec<(f32, f32)> = Vec::new();
    let mut rest = points;
    while let Some(first) = rest.first() {
        let column = first.0.floor();
        let length = rest.iter().take_while(|point| point.0.floor() == column).count().max(1);
        let (inside, after) = rest.split_at(length);
        if inside.len() <= 4 {
            kept.extend_from_slice(inside);
        } else {
            let of = |better: fn(f32, f32) -> bool| {
                (1..inside.len())
                    .fold(0, |best, index| if better(inside[index].1, inside[best].1) { index } else { best })
            };
            let mut chosen = [0, of(|a, b| a < b), of(|a, b| a > b), inside.len() - 1];
            chosen.sort_unstable();
            let mut last = None;
            for index in chosen {
                if last.replace(index) != Some(index) {
                    kept.push(inside[index]);
                }
            }
        }
        rest = after;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extremes_of_every_column_remain() {
        let points: Vec<(f32, f32)> = (0..100_000)
            .map(|index| (index as f32 / 1000.0, if index == 31_416 { 50.0 } else { (index % 7) as f32 }))
            .collect();
        let kept = reduce(&points);
        assert!(kept.len() <= 400, "{}", kept.len());
        assert!(kept.contains(&(31.416, 50.0)));
        assert_eq!((kept.first(), kept.last()), (points.first(), points.last()));
        assert!(kept.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    }
}
