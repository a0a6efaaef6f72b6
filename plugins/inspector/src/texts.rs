//! The texts that a frame shows, and what is wrong with them: cut off, printed over another, without a glyph.
//!
//! Scripts read it in the table of the interface, tests go through windows of all sizes with it.

use bevy_egui::egui;
use egui::epaint::{ClippedShape, RectShape, Shape, TextShape};
use egui::{Context, Pos2, Rect, Vec2, vec2};

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// It ends at an edge beside which there is no more of it.
    Cut,
    /// Another text, or another widget, stands over it.
    Overlapped,
    /// A letter of it is in no font.
    NoGlyph,
}

impl Fault {
    /// What it is called in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Overlapped => "overlapped",
            Self::NoGlyph => "glyphless",
        }
    }
}

/// A line of text as it is seen.
#[derive(Clone, Debug, PartialEq)]
pub struct SeenText {
    /// The text.
    pub text: String,
    /// Where its letters are, in points, as far as they are seen.
    pub ink: Rect,
    /// Whether it was shortened by an ellipsis.
    pub elided: bool,
    /// What is wrong with it.
    pub fault: Option<Fault>,
}

/// Letters may reach over an edge, or into each other's places, by so much (points): corners are smoothed.
const SLACK: f32 = 1.0;
/// What is painted over texts and at least so high is a thing that floats, and may cover them.
const FLOATS_FROM: f32 = 40.0;

/// The places in which texts may end at an edge in this frame, because they scroll sideways.
#[derive(Clone, Debug, Default)]
struct Sideways {
    frame: u64,
    places: Vec<Rect>,
}

/// Says of a place that scrolls sideways that texts may end at its edges.
pub(crate) fn may_be_cut(ui: &egui::Ui, place: Rect) {
    let frame = ui.ctx().cumulative_frame_nr();
    ui.data_mut(|data| {
        let known = data.get_temp_mut_or_default::<Sideways>(egui::Id::NULL);
        if known.frame != frame {
            *known = Sideways { frame, places: Vec::new() };
        }
        if !known.places.contains(&place) {
            known.places.push(place);
        }
    });
}

/// All texts that a frame shows, in the order in which they are painted.
#[must_use]
pub fn seen(ctx: &Context, shapes: &[ClippedShape]) -> Vec<SeenText> {
    let screen = ctx.viewport_rect();
    let sideways = ctx.data(|data| data.get_temp::<Sideways>(egui::Id::NULL)).unwrap_or_default().places;
    let mut texts = Vec::new();
    for clipped in shapes {
        walk(ctx, &clipped.shape, clipped.clip_rect.intersect(screen), screen, &mut texts);
    }
    for text in &mut texts {
        if text.fault == Some(Fault::Cut) && sideways.iter().any(|place| place.expand(SLACK).contains_rect(text.ink)) {
            text.fault = None;
        }
    }
    for at in 1..texts.len() {
        let (before, after) = texts.split_at_mut(at);
        let text = &mut after[0];
        for other in before {
            if over(text.ink, other.ink) {
                text.fault.get_or_insert(Fault::Overlapped);
                other.fault.get_or_insert(Fault::Overlapped);
            }
        }
    }
    texts
}

fn over(one: Rect, two: Rect) -> bool {
    let both = one.intersect(two).size();
    both.x > SLACK && both.y > SLACK
}

fn walk(ctx: &Context, shape: &Shape, clip: Rect, screen: Rect, texts: &mut Vec<SeenText>) {
    match shape {
        Shape::Vec(shapes) => shapes.iter().for_each(|shape| walk(ctx, shape, clip, screen, texts)),
        Shape::Text(text) => lines(ctx, text, clip, screen, texts),
        Shape::Rect(rect) => cover(rect, clip, texts),
        _ => {}
    }
}

/// What is filled hides what was painted before.
fn cover(filled: &RectShape, clip: Rect, texts: &mut Vec<SeenText>) {
    if !filled.fill.is_opaque() || filled.brush.is_some() {
        return;
    }
    let area = filled.rect.intersect(clip);
    let floats = area.height() >= FLOATS_FROM;
    texts.retain_mut(|text| {
        let both = area.intersect(text.ink).size();
        if both.x <= SLACK || both.y <= SLACK {
            return true;
        }
        if floats {
            return false;
        }
        text.fault.get_or_insert(Fault::Overlapped);
        true
    });
}

fn lines(ctx: &Context, shape: &TextShape, clip: Rect, screen: Rect, texts: &mut Vec<SeenText>) {
    let galley = &shape.galley;
    // Turned texts (the names of axes) are few, and their letters are not where the galley says.
    if shape.opacity_factor <= 0.0 || shape.angle != 0.0 {
        return;
    }
    let no_glyph = galley.job.sections.iter().any(|section| {
        let part = galley.job.text.get(section.byte_range.start.0..section.byte_range.end.0).unwrap_or_default();
        ctx.fonts_mut(|fonts| {
            let mut font = fonts.fonts.font(&section.format.font_id.family);
            let known = font.characters();
            part.chars().any(|letter| !letter.is_control() && !letter.is_whitespace() && !known.contains_key(&letter))
        })
    });
    for row in &galley.rows {
        let whole = row.visuals.mesh_bounds.translate(shape.pos.to_vec2() + row.pos.to_vec2());
        let ink = whole.intersect(clip);
        if !whole.is_positive() || ink.width() <= SLACK || ink.height() <= SLACK {
            continue;
        }
        // Lists are cut at their upper and lower edge, where they scroll; nothing is cut there at the edge of the window.
        let lost = vec2(whole.width() - ink.width(), 0.0).max(beyond(whole, screen));
        let cut = lost.x > SLACK || lost.y > SLACK;
        let fault = if no_glyph {
            Some(Fault::NoGlyph)
        } else if cut && !galley.elided {
            Some(Fault::Cut)
        } else {
            None
        };
        texts.push(SeenText { text: row.text(), ink, elided: galley.elided, fault });
    }
}

/// How far a rectangle reaches over the edges of another.
fn beyond(rect: Rect, edge: Rect) -> Vec2 {
    let over = |low: Pos2, high: Pos2| (high - low).max(Vec2::ZERO);
    over(rect.min, edge.min).max(over(edge.max, rect.max))
}
