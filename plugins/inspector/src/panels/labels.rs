//! Names and numbers in the world: of selected and pinned agents, flocks, groups and places. None covers another.

use agent2028_view::labels::{LabelPlacer, LabelRequest};
use agent2028_view::tokens::spacing;
use bevy::math::Vec2;
use bevy_egui::egui;
use egui::{Color32, Rect, Ui, pos2, vec2};

use crate::theme::{Look, color, label_font, radius};

/// What a label belongs to, the least important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LabelKind {
    /// One of many places.
    Detail,
    /// A landmark.
    Place,
    /// A group of agents.
    Group,
    /// A flock with a hull.
    Flock,
    /// A pinned agent.
    Pinned,
    /// A selected agent.
    Selected,
}

/// A label that wants a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// What it belongs to.
    pub kind: LabelKind,
    /// Which one of its kind.
    pub number: u32,
    /// What it says.
    pub text: String,
    /// The colour of its text.
    pub tint: Color32,
    /// The middle of what it names, in points.
    pub at: Vec2,
    /// How far from there it stands, in points.
    pub clearance: f32,
    /// Of two of a kind, the one with more weight comes first.
    pub weight: f32,
}

/// Paints the labels for which there is room: within `free` and clear of what is `taken`. Returns how many.
pub fn show(ui: &Ui, look: &Look, free: Rect, taken: &[Rect], labels: &[Label], placer: &mut LabelPlacer) -> usize {
    let painter = ui.painter().with_clip_rect(free);
    let galleys: Vec<_> =
        labels.iter().map(|label| painter.layout_no_wrap(label.text.clone(), label_font(), label.tint)).collect();
    let heaviest = labels.iter().map(|label| label.weight).fold(f32::MIN_POSITIVE, f32::max);
    let requests: Vec<LabelRequest> = labels
        .iter()
        .zip(&galleys)
        .map(|(label, galley)| LabelRequest {
            key: u64::from(label.number) << 3 | label.kind as u64,
            anchor: label.at,
            clearance: label.clearance,
            size: Vec2::new(galley.size().x + spacing::NORMAL, galley.size().y + spacing::HAIRLINE * 2.0),
            priority: f32::from(label.kind as u8) + 0.9 * (label.weight / heaviest).clamp(0.0, 1.0),
            on_top: matches!(label.kind, LabelKind::Flock | LabelKind::Group),
        })
        .collect();
    let taken: Vec<bevy::math::Rect> = taken.iter().map(|rect| world_rect(*rect)).collect();
    let places = placer.place(&requests, world_rect(free), &taken);
    let ground = color(look.theme.tokens().world);
    let mut shown = 0;
    for (place, galley) in places.into_iter().zip(galleys) {
        let Some(place) = place else { continue };
        shown += 1;
        let rect = Rect::from_min_max(pos2(place.min.x, place.min.y), pos2(place.max.x, place.max.y));
        painter.rect_filled(rect, radius(), ground);
        let text_at = rect.min + vec2(spacing::TIGHT, spacing::HAIRLINE);
        painter.galley(text_at.round(), galley, look.text);
    }
    shown
}

fn world_rect(rect: Rect) -> bevy::math::Rect {
    bevy::math::Rect::new(rect.min.x, rect.min.y, rect.max.x, rect.max.y)
}
