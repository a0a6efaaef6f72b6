//! Where labels stand so that none covers another: greedily, the most important first (Christensen, Marks and Shieber
//! 1995). A label for which there is no room is left out.

use std::collections::BTreeMap;

use bevy::math::{Rect, Vec2};

/// A label that wants a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabelRequest {
    /// Whom it belongs to: a label keeps the side on which it stood.
    pub key: u64,
    /// The middle of what it names, in pixels (y down).
    pub anchor: Vec2,
    /// How far from there it stands, in pixels.
    pub clearance: f32,
    /// Its width and height in pixels.
    pub size: Vec2,
    /// The larger, the sooner it gets a place.
    pub priority: f32,
    /// Whether it may stand on what it names, as on a wide area.
    pub on_top: bool,
}

/// Remembers where labels stood.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelPlacer {
    sides: BTreeMap<u64, usize>,
}

/// So many sides: above, right, below, left, on top.
const SIDES: usize = 5;
/// Free space around a label, in pixels.
const GAP: f32 = 2.0;

impl LabelPlacer {
    /// Where each label stands within `area`, clear of each other and of what is `taken`; none where there is no room.
    pub fn place(&mut self, requests: &[LabelRequest], area: Rect, taken: &[Rect]) -> Vec<Option<Rect>> {
        let mut order: Vec<usize> = (0..requests.len()).collect();
        order.sort_by(|&one, &two| {
            let (a, b) = (&requests[one], &requests[two]);
            b.priority.total_cmp(&a.priority).then(a.key.cmp(&b.key)).then(one.cmp(&two))
        });
        let mut covered: Vec<Rect> = taken.to_vec();
        let mut places = vec![None; requests.len()];
        let mut sides = BTreeMap::new();
        for index in order {
            let request = &requests[index];
            let last = self.sides.get(&request.key).copied();
            // On what it names first, if it may stand there.
            let on_top = request.on_top.then_some(SIDES - 1);
            let found = last.into_iter().chain(on_top).chain(0..SIDES).find_map(|side| {
                let rect = beside(request, side)?;
                let inside = area.contains(rect.min) && area.contains(rect.max);
                let free = !covered.iter().any(|other| overlap(*other, rect));
                (inside && free).then_some((side, rect))
            });
            if let Some((side, rect)) = found {
                covered.push(rect);
                sides.insert(request.key, side);
                places[index] = Some(rect);
            }
        }
        self.sides = sides;
        places
    }
}

/// The place on one side of what a label names.
fn beside(request: &LabelRequest, side: usize) -> Option<Rect> {
    let half = request.size * 0.5;
    let away = half + request.clearance;
    let middle = match side {
        0 => Vec2::new(0.0, -away.y),
        1 => Vec2::new(away.x, 0.0),
        2 => Vec2::new(0.0, away.y),
        3 => Vec2::new(-away.x, 0.0),
        _ if request.on_top => Vec2::ZERO,
        _ => return None,
    };
    let rect = Rect::from_center_half_size(request.anchor + middle, half.max(Vec2::splat(0.5)));
    (rect.min.is_finite() && rect.max.is_finite()).then_some(rect)
}

fn overlap(one: Rect, two: Rect) -> bool {
    one.min.x < two.max.x + GAP
        && two.min.x < one.max.x + GAP
        && one.min.y < two.max.y + GAP
        && two.min.y < one.max.y + GAP
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: Rect = Rect { min: Vec2::ZERO, max: Vec2::new(400.0, 300.0) };

    fn request(key: u64, x: f32, y: f32, priority: f32) -> LabelRequest {
        LabelRequest {
            key,
            anchor: Vec2::new(x, y),
            clearance: 8.0,
            size: Vec2::new(60.0, 16.0),
            priority,
            on_top: false,
        }
    }

    #[test]
    fn labels_never_overlap_and_the_important_ones_come_first() {
        let requests: Vec<LabelRequest> = (0..60_u16)
            .map(|at| {
                let (x, y) = (f32::from(at * 53 % 400), f32::from(at * 97 % 300));
                request(u64::from(at), x, y, f32::from(at % 7))
            })
            .collect();
        let places = LabelPlacer::default().place(&requests, AREA, &[Rect::new(0.0, 250.0, 100.0, 300.0)]);
        let placed: Vec<Rect> = places.iter().copied().flatten().collect();
        assert!(placed.len() > 20, "{}", placed.len());
        for (at, one) in placed.iter().enumerate() {
            assert!(AREA.contains(one.min) && AREA.contains(one.max));
            assert!(!placed[..at].iter().any(|two| overlap(*one, *two)));
            assert!(!overlap(*one, Rect::new(0.0, 250.0, 100.0, 300.0)));
        }
        let crowd = [request(1, 200.0, 150.0, 0.0), request(2, 200.0, 150.0, 9.0)].repeat(4);
        let places = LabelPlacer::default().place(&crowd, AREA, &[]);
        let first = places[1].unwrap();
        assert!(first.max.y <= 142.0, "the most important one stands above: {first:?}");
    }

    #[test]
    fn a_label_keeps_its_side_and_one_without_room_is_left_out() {
        let mut placer = LabelPlacer::default();
        let alone = [request(1, 200.0, 150.0, 0.0)];
        let above = placer.place(&alone, AREA, &[])[0].unwrap();
        let blocked = placer.place(&alone, AREA, &[above])[0].unwrap();
        assert!(blocked.min.y > 150.0, "below: to the right it would touch what blocks it");
        assert_eq!(placer.place(&alone, AREA, &[])[0].unwrap(), blocked, "it doesn't jump back");
        assert_eq!(placer.place(&alone, AREA, &[AREA])[0], None);
        assert_eq!(placer.place(&[request(1, f32::NAN, 0.0, 0.0)], AREA, &[])[0], None);
        let wide = LabelRequest { on_top: true, ..alone[0] };
        let walls = [Rect::new(0.0, 0.0, 400.0, 140.0), Rect::new(0.0, 160.0, 400.0, 300.0)];
        let narrow = [walls[0], walls[1], Rect::new(240.0, 0.0, 400.0, 300.0), Rect::new(0.0, 0.0, 160.0, 300.0)];
        assert_eq!(
            LabelPlacer::default().place(&[wide], AREA, &narrow)[0].map(|rect| rect.center()),
            Some(wide.anchor)
        );
    }
}
