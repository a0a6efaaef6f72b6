//! The texts that a frame shows, and what is wrong with them: cut off, printed over another, without a glyph.
//!
//! Scripts read it in the table of the interface, tests go through windows of all sizes with it.

use std::collections::BTreeMap;

use bevy_egui::egui;
use egui::accesskit::{Role, TreeUpdate};
use egui::epaint::{ClippedShape, RectShape, Shape, TextShape};
use egui::{Context, Pos2, Rangef, Rect, Vec2, vec2};

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TextFault {
    /// It ends at an edge beside which there is no more of it.
    Cut,
    /// Another text, or another widget, stands over it.
    Overlapped,
    /// A letter of it is in no font.
    NoGlyph,
}

impl TextFault {
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
    /// Where its letters are, in points, as far as they are seen; where they would be, if none is.
    pub ink: Rect,
    /// Whether it was shortened by an ellipsis.
    pub elided: bool,
    /// What is wrong with it.
    pub fault: Option<TextFault>,
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

impl Sideways {
    /// Whether what is seen of something ends at the edges of a place that scrolls.
    fn excuse(&self, across: Rangef, down: Rangef) -> bool {
        self.places.iter().any(|place| {
            place.y_range().expand(SLACK).contains(down.center())
                && place.left() - SLACK <= across.min
                && across.max <= place.right() + SLACK
        })
    }
}

/// Says of the place that a part of the interface is seen in that it scrolls sideways: texts may end at its edges.
///
/// A place that scrolls sideways ends at its edges only to the left and right; how high it is says the interface itself.
pub fn scrolls_sideways(ui: &egui::Ui) {
    let (seen, own) = (ui.clip_rect(), ui.max_rect());
    may_be_cut(ui, Rect::from_x_y_ranges(seen.x_range(), seen.y_range().intersection(own.y_range())));
}

/// Says of a place that scrolls sideways that texts may end at its edges.
pub fn may_be_cut(ui: &egui::Ui, place: Rect) {
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

/// All texts of a frame, in the order in which they are painted; then those that a widget has and that nobody can see,
/// because the widget lies beyond the left or right edge of its place.
#[must_use]
pub fn seen(ctx: &Context, shapes: &[ClippedShape], said: &Said) -> Vec<SeenText> {
    let screen = ctx.viewport_rect();
    let sideways = ctx.data(|data| data.get_temp::<Sideways>(egui::Id::NULL)).unwrap_or_default();
    let mut texts = Vec::new();
    for clipped in shapes {
        walk(ctx, &clipped.shape, clipped.clip_rect.intersect(screen), screen, &mut texts);
    }
    for text in &mut texts {
        if text.fault == Some(TextFault::Cut) && sideways.excuse(text.ink.x_range(), text.ink.y_range()) {
            text.fault = None;
        }
    }
    for at in 1..texts.len() {
        let (before, after) = texts.split_at_mut(at);
        let text = &mut after[0];
        for other in before {
            if over(text.ink, other.ink) {
                text.fault.get_or_insert(TextFault::Overlapped);
                other.fault.get_or_insert(TextFault::Overlapped);
            }
        }
    }
    unseen(ctx, said, &sideways, &mut texts);
    texts
}

/// What widgets say, as screen readers read it, by where they are: the tree and the widgets know the same places.
#[derive(Clone, Debug, Default)]
pub struct Said(BTreeMap<[i64; 4], String>);

/// A place in sixteenths of a point.
fn key(place: Rect) -> [i64; 4] {
    [place.left(), place.top(), place.right(), place.bottom()].map(|at| (f64::from(at) * 16.0).round() as i64)
}

impl Said {
    /// What the widgets of a frame say.
    #[must_use]
    pub fn of(update: Option<&TreeUpdate>) -> Self {
        let mut said = Self::default();
        for (_, node) in update.into_iter().flat_map(|update| &update.nodes) {
            if let Some(bounds) = node.bounds() {
                let [left, top, right, bottom] = [bounds.x0, bounds.y0, bounds.x1, bounds.y1].map(|at| at as f32);
                let place = Rect::from_min_max(Pos2::new(left, top), Pos2::new(right, bottom));
                said.add(place, node.role(), node.label().or_else(|| node.value()));
            }
        }
        said
    }

    /// Adds what a widget says, if it is one of those that show it.
    pub fn add(&mut self, place: Rect, role: Role, text: Option<&str>) {
        let shows = matches!(role, Role::Label | Role::Button | Role::CheckBox | Role::ComboBox);
        if let Some(text) = text.filter(|text| shows && text.chars().any(char::is_alphanumeric)) {
            self.0.insert(key(place), text.to_owned());
        }
    }
}

/// Widgets that say something, but of which a part lies beyond the left or right edge of what shows them: what isn't painted
/// at all leaves no shape behind.
fn unseen(ctx: &Context, said: &Said, sideways: &Sideways, texts: &mut Vec<SeenText>) {
    ctx.viewport(|viewport| {
        for widget in viewport.prev_pass.widgets.layers().flat_map(|(_, widgets)| widgets) {
            let Some(text) = said.0.get(&key(widget.rect)) else { continue };
            let (whole, shown) = (widget.rect, widget.interact_rect);
            let lost = whole.width() - shown.width();
            // What is scrolled out of sight up or down is not cut.
            let in_sight = whole.is_positive() && shown.height() > SLACK;
            if in_sight && lost > SLACK && !sideways.excuse(shown.x_range(), whole.y_range()) {
                texts.push(SeenText { text: text.clone(), ink: whole, elided: false, fault: Some(TextFault::Cut) });
            }
        }
    });
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
        text.fault.get_or_insert(TextFault::Overlapped);
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
            Some(TextFault::NoGlyph)
        } else if cut && !galley.elided {
            Some(TextFault::Cut)
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
