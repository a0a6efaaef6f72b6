//! What floats over the world has a place of its own: legend, map, hints, captions, notices, reports and cards.
//!
//! One rule for all of them. Each says where it would like to stand. Those that stay choose first, and each takes the place
//! nearest to its wish that is inside the world's part of the window and clear of those that chose before it. Where there
//! is not room for all, what matters least gives way until there is, and comes back when there is room again.
//!
//! How large a thing is shows when it is laid out: so it is laid out unseen in its first frame, and has its place in the
//! second one.

use std::collections::BTreeMap;

use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Align2, Area, Context, Id, InnerResponse, Order, Pos2, Rect, Ui, Vec2, vec2};

/// What floats, in the order in which places are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Float {
    /// What colours and sizes mean.
    Legend,
    /// The map of the whole world.
    Minimap,
    /// Why a scene could not be read.
    Problems,
    /// The strip of the tool in hand.
    ToolOptions,
    /// The first steps.
    Hints,
    /// What waits for the next tick.
    Pending,
    /// A text or a run that was found again.
    FoundAgain,
    /// A caption of the scene.
    Caption,
    /// What was done, or failed.
    Notices,
    /// What became of a scene's file.
    FileNote,
    /// The agent under the pointer.
    HoverCard,
}

impl Float {
    /// All of them, in the order in which they choose.
    pub const ALL: [Self; 11] = [
        Self::Legend,
        Self::Minimap,
        Self::Problems,
        Self::ToolOptions,
        Self::Hints,
        Self::Pending,
        Self::FoundAgain,
        Self::Caption,
        Self::Notices,
        Self::FileNote,
        Self::HoverCard,
    ];

    /// How much it matters where there is not room for all.
    const fn weight(self) -> u8 {
        match self {
            Self::HoverCard => 0,
            Self::Hints => 1,
            Self::Minimap => 2,
            Self::Caption => 3,
            Self::Legend => 4,
            Self::Pending => 5,
            Self::ToolOptions => 6,
            Self::FileNote => 7,
            Self::Notices => 8,
            Self::FoundAgain => 9,
            Self::Problems => 10,
        }
    }

    fn id(self) -> Id {
        Id::new(match self {
            Self::Legend => "legend",
            Self::Minimap => "minimap",
            Self::Problems => "problems",
            Self::ToolOptions => "tool-options",
            Self::Hints => "hints",
            Self::Pending => "pending",
            Self::FoundAgain => "found-again",
            Self::Caption => "caption",
            Self::Notices => "notices",
            Self::FileNote => "file-note",
            Self::HoverCard => "hover-card",
        })
    }
}

/// Where something would like to stand: this point of it, at that place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wish {
    /// Which point of it.
    pub pivot: Align2,
    /// Where that would be.
    pub at: Pos2,
}

/// Something that floats in a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Claim {
    /// What it is.
    pub float: Float,
    /// Where it would like to stand.
    pub wish: Wish,
    /// How large it is.
    pub size: Vec2,
}

/// Free space between two things.
const GAP: f32 = spacing::NORMAL;
/// Sizes and places that differ by less are the same.
const SLACK: f32 = 0.5;

/// The place that is nearest to a wish, inside `free` and clear of what is `taken`; none if there is none.
fn nearest(wish: Wish, size: Vec2, free: Rect, taken: &[Rect]) -> Option<Rect> {
    let wished = wish.pivot.anchor_size(wish.at, size);
    // What is larger than the world's part of the window begins where that begins.
    let inside = |low: f32, high: f32, own: f32, at: f32| at.min(high - own).max(low);
    let left = inside(free.left(), free.right(), size.x, wished.left());
    let top = inside(free.top(), free.bottom(), size.y, wished.top());
    let (mut lefts, mut tops) = (vec![left], vec![top]);
    for other in taken {
        lefts.extend([other.right() + GAP, other.left() - GAP - size.x]);
        tops.extend([other.bottom() + GAP, other.top() - GAP - size.y]);
    }
    let clear = |place: &Rect| taken.iter().all(|other| !overlap(*place, *other));
    let fits = |place: &Rect| {
        let ends = |from: f32, to: f32, low: f32, high: f32, wished: f32| {
            from == wished || (from >= low - SLACK && to <= high + SLACK)
        };
        ends(place.left(), place.right(), free.left(), free.right(), left)
            && ends(place.top(), place.bottom(), free.top(), free.bottom(), top)
    };
    let places =
        lefts.iter().flat_map(|left| tops.iter().map(move |top| Rect::from_min_size(Pos2::new(*left, *top), size)));
    let far = |place: &Rect| (place.left() - left).abs() + (place.top() - top).abs();
    places.filter(fits).filter(clear).min_by(|one, two| far(one).total_cmp(&far(two)))
}

fn overlap(one: Rect, two: Rect) -> bool {
    let both = one.expand(GAP / 2.0).intersect(two.expand(GAP / 2.0)).size();
    both.x > SLACK && both.y > SLACK
}

/// Where everything stands; what has no place is not in it.
#[must_use]
pub fn places(free: Rect, claims: &[Claim]) -> BTreeMap<Float, Rect> {
    let mut claims = claims.to_vec();
    claims.sort_by_key(|claim| claim.float);
    loop {
        let mut found: BTreeMap<Float, Rect> = BTreeMap::new();
        let mut without = None;
        for claim in &claims {
            let taken: Vec<Rect> = found.values().copied().collect();
            match nearest(claim.wish, claim.size, free, &taken) {
                Some(place) => drop(found.insert(claim.float, place)),
                None => without = without.or(Some(claim.float)),
            }
        }
        let Some(without) = without else {
            return found;
        };
        // What has no room stays away itself if nothing that has matters less.
        let lighter = found.keys().filter(|other| other.weight() < without.weight());
        let gives_way = lighter.min_by_key(|other| other.weight()).copied().unwrap_or(without);
        claims.retain(|claim| claim.float != gives_way);
    }
}

/// What floats in this frame and in the last one.
#[derive(Clone, Debug, Default)]
struct Floats {
    free: Option<Rect>,
    /// A frame has begun and not ended.
    open: bool,
    last: Vec<Claim>,
    now: Vec<Claim>,
    places: BTreeMap<Float, Rect>,
}

impl Floats {
    fn known(&self, float: Float) -> Option<Claim> {
        self.last.iter().find(|claim| claim.float == float).copied()
    }
}

fn with<R>(ctx: &Context, work: impl FnOnce(&mut Floats) -> R) -> R {
    ctx.data_mut(|data| work(data.get_temp_mut_or_default::<Floats>(Id::NULL)))
}

/// Begins a frame: everything gets its place.
pub fn begin(ctx: &Context, free: Rect) {
    with(ctx, |floats| {
        floats.now.clear();
        (floats.free, floats.open) = (Some(free), true);
        floats.places = places(free, &floats.last);
    });
}

/// Ends a frame: whoever is new, or of another size than before, has a place in the next one.
pub fn end(ctx: &Context) {
    let changed = with(ctx, |floats| {
        if !std::mem::take(&mut floats.open) {
            return false;
        }
        let now = std::mem::take(&mut floats.now);
        let same = |one: &Claim, two: &Claim| {
            one.float == two.float
                && (one.size - two.size).abs().max_elem() < SLACK
                && (one.wish.at - two.wish.at).abs().max_elem() < SLACK
        };
        let changed = now.len() != floats.last.len() || !now.iter().zip(&floats.last).all(|(one, two)| same(one, two));
        floats.last = now;
        changed
    });
    if changed {
        ctx.request_repaint();
    }
}

/// The places that are taken in this frame.
pub fn taken(ctx: &Context) -> Vec<Rect> {
    with(ctx, |floats| floats.places.values().copied().collect())
}

/// Shows something that floats, if there is room for it; the place that it takes.
pub fn show<R>(
    ctx: &Context,
    float: Float,
    wish: Wish,
    order: Order,
    touchable: bool,
    contents: impl FnOnce(&mut Ui) -> R,
) -> Option<InnerResponse<R>> {
    let (known, place) = with(ctx, |floats| {
        let known = floats.known(float);
        let Some(claim) = known else { return (None, None) };
        // Its wish may be another one than in the last frame: it follows an agent. Those before it stand where they stood.
        let before: Vec<Rect> =
            floats.places.iter().filter(|(other, _)| **other < float).map(|(_, rect)| *rect).collect();
        let has_place = floats.places.contains_key(&float);
        let free = floats.free.unwrap_or(Rect::EVERYTHING);
        let place = if has_place { nearest(wish, claim.size, free, &before) } else { None };
        if let Some(place) = place {
            floats.places.insert(float, place);
        }
        (known, place)
    });
    if let (Some(claim), None) = (known, place) {
        // It waits for room, as large as it was.
        with(ctx, |floats| floats.now.push(Claim { wish, ..claim }));
        return None;
    }
    let area = Area::new(float.id()).order(order).interactable(touchable).constrain(false).fade_in(false);
    let area = match place {
        Some(place) => area.fixed_pos(place.min),
        None => area.pivot(wish.pivot).fixed_pos(wish.at).sizing_pass(true),
    };
    let shown = area.show(ctx, contents);
    let size = shown.response.rect.size();
    with(ctx, |floats| floats.now.push(Claim { float, wish, size }));
    Some(shown)
}

impl Wish {
    /// In the middle of the upper edge of a part of the window, so far from it.
    #[must_use]
    pub fn above(free: Rect, away: f32) -> Self {
        Self { pivot: Align2::CENTER_TOP, at: free.center_top() + vec2(0.0, away) }
    }

    /// In the middle of its lower edge, so far from it.
    #[must_use]
    pub fn below(free: Rect, away: f32) -> Self {
        Self { pivot: Align2::CENTER_BOTTOM, at: free.center_bottom() - vec2(0.0, away) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORLD: Rect = Rect { min: Pos2::new(300.0, 40.0), max: Pos2::new(960.0, 640.0) };

    fn claim(float: Float, pivot: Align2, size: Vec2) -> Claim {
        Claim { float, wish: Wish { pivot, at: pivot.pos_in_rect(&WORLD.shrink(12.0)) }, size }
    }

    #[test]
    fn what_is_alone_stands_where_it_would_like_to() {
        let alone = claim(Float::Caption, Align2::CENTER_BOTTOM, vec2(300.0, 40.0));
        let place = places(WORLD, &[alone])[&Float::Caption];
        assert_eq!(place, alone.wish.pivot.anchor_size(alone.wish.at, alone.size));
        let out = Claim { wish: Wish { at: Pos2::new(955.0, 630.0), pivot: Align2::LEFT_TOP }, ..alone };
        assert_eq!(places(WORLD, &[out])[&Float::Caption].max, WORLD.max, "it stays inside");
    }

    #[test]
    fn whoever_stays_keeps_its_place_when_something_else_comes() {
        let legend = claim(Float::Legend, Align2::LEFT_BOTTOM, vec2(200.0, 120.0));
        let hints = claim(Float::Hints, Align2::LEFT_TOP, vec2(270.0, 150.0));
        let before = places(WORLD, &[legend, hints]);
        let notice = claim(Float::Notices, Align2::CENTER_TOP, vec2(520.0, 50.0));
        let found = claim(Float::FoundAgain, Align2::CENTER_BOTTOM, vec2(480.0, 90.0));
        let after = places(WORLD, &[legend, hints, notice, found]);
        assert_eq!((before[&Float::Legend], before[&Float::Hints]), (after[&Float::Legend], after[&Float::Hints]));
        assert_eq!(after.len(), 4);
    }

    /// Whatever floats, and however large it and the window are: no two stand over each other, and whoever has no place
    /// matters less than anybody that could have given way for it.
    #[test]
    fn no_two_things_stand_over_each_other_in_any_window() {
        let pivots =
            [Align2::LEFT_BOTTOM, Align2::RIGHT_BOTTOM, Align2::CENTER_TOP, Align2::CENTER_TOP, Align2::LEFT_TOP];
        let pivots = pivots.into_iter().chain([Align2::CENTER_BOTTOM; 3]).chain([Align2::CENTER_TOP; 3]);
        let pivots: Vec<Align2> = pivots.collect();
        for (width, height) in [(150.0_f32, 120.0_f32), (320.0, 200.0), (660.0, 600.0), (1300.0, 900.0), (40.0, 20.0)] {
            let free = Rect::from_min_size(Pos2::new(50.0, 40.0), vec2(width, height));
            for seed in 0..64_u32 {
                let claims: Vec<Claim> = Float::ALL
                    .into_iter()
                    .zip(&pivots)
                    .enumerate()
                    .filter(|(at, _)| (seed * 37 + 11) >> (at % 6) & 1 == 1)
                    .map(|(at, (float, pivot))| {
                        let part = |salt: u32| ((seed * 31 + at as u32 * 17 + salt) % 10) as f32;
                        let wish = Wish { pivot: *pivot, at: pivot.pos_in_rect(&free.shrink(12.0)) };
                        Claim { float, wish, size: vec2(40.0 + 60.0 * part(1), 20.0 + 16.0 * part(5)) }
                    })
                    .collect();
                let found = places(free, &claims);
                for (one, place) in &found {
                    for (two, other) in &found {
                        assert!(one == two || !overlap(*place, *other), "{one:?} {two:?} in {free:?}");
                    }
                }
                for away in claims.iter().filter(|claim| !found.contains_key(&claim.float)) {
                    // Nothing that is shown could have made room for it alone.
                    let heavier = claims.iter().filter(|other| other.float.weight() > away.float.weight());
                    let heavier: Vec<Claim> = heavier.copied().chain([*away]).collect();
                    let alone = places(free, &heavier);
                    let kept = heavier.iter().filter(|other| found.contains_key(&other.float)).count();
                    assert!(alone.len() <= kept + 1, "{:?} in {free:?}", away.float);
                }
            }
        }
    }
}
