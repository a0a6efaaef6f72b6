//! The whole world in a corner: where its agents are and which part of it is seen. Clicking or dragging moves the view.

use agent2028_view::tokens::spacing;
use bevy::math::Vec2;
use bevy_egui::egui;
use egui::{
    Align2, Color32, ColorImage, Context, Order, Rect, Sense, Stroke, StrokeKind, TextureHandle, TextureOptions, Ui,
    pos2, vec2,
};

use crate::actions::{Action, Actions};
use crate::floats::{self, Float, Wish};
use crate::theme::{Look, flat_frame};
use crate::widgets;

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct MinimapView<'a> {
    /// The world, in world units (y up).
    pub world: bevy::math::Rect,
    /// The part of it that is seen.
    pub seen: bevy::math::Rect,
    /// The picture of its agents.
    pub picture: &'a MinimapPicture,
    /// The length of its longer side, in points.
    pub side: f32,
}

/// A small picture of where agents are, row by row from the top.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MinimapPicture {
    /// Columns and rows.
    pub size: [usize; 2],
    /// Their colours.
    pub pixels: Vec<Color32>,
    /// Changes with the pixels.
    pub version: u64,
}

/// What the panel remembers.
#[derive(Clone, Default)]
pub struct MinimapState {
    texture: Option<(u64, TextureHandle)>,
}

impl std::fmt::Debug for MinimapState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MinimapState").finish_non_exhaustive()
    }
}

/// Shows the map at the lower right of the world; returns the place that it takes.
pub fn show(
    ctx: &Context,
    look: &Look,
    free: Rect,
    view: &MinimapView,
    state: &mut MinimapState,
    actions: &mut Actions,
) -> Option<Rect> {
    let wish = Wish { pivot: Align2::RIGHT_BOTTOM, at: free.right_bottom() - vec2(spacing::WIDE, spacing::WIDE) };
    let shown = floats::show(ctx, Float::Minimap, wish, Order::Middle, true, |ui| {
        flat_frame(look).inner_margin(crate::theme::margin(0.0, 0.0)).show(ui, |ui| {
            contents(ui, look, view, state, actions);
        });
    })?;
    Some(shown.response.rect)
}

/// The map itself.
pub fn contents(ui: &mut Ui, look: &Look, view: &MinimapView, state: &mut MinimapState, actions: &mut Actions) {
    let world = view.world.size().max(Vec2::splat(f32::MIN_POSITIVE));
    let scale = view.side / world.max_element();
    let size = vec2((world.x * scale).max(spacing::SECTION), (world.y * scale).max(spacing::SECTION));
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let texture = texture(ui.ctx(), view.picture, state);
    let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    ui.painter().rect_filled(rect, 0.0, crate::theme::color(look.theme.tokens().world));
    ui.painter().image(texture, rect, whole, crate::theme::UNTINTED);
    let place = |point: Vec2| {
        let at = (point - view.world.min) / world;
        pos2(rect.left() + at.x * rect.width(), rect.bottom() - at.y * rect.height())
    };
    let seen = Rect::from_two_pos(place(view.seen.min), place(view.seen.max)).intersect(rect);
    let line = Stroke::new(spacing::HAIRLINE, look.accent);
    if seen.is_positive() {
        ui.painter().rect_stroke(seen, 0.0, line, StrokeKind::Inside);
    }
    widgets::named(ui, &response, egui::WidgetType::Image, "Map of the world");
    if (response.clicked() || response.dragged())
        && let Some(at) = response.interact_pointer_pos()
    {
        let share = Vec2::new((at.x - rect.left()) / rect.width(), (rect.bottom() - at.y) / rect.height());
        let point = view.world.min + share.clamp(Vec2::ZERO, Vec2::ONE) * world;
        actions.push(Action::LookAt { point, at_once: response.dragged() });
    }
    widgets::tip(response, look, "The whole world. Click or drag to move the view", "");
}

fn texture(ctx: &Context, picture: &MinimapPicture, state: &mut MinimapState) -> egui::TextureId {
    let image = || ColorImage::new(picture.size, picture.pixels.clone());
    match &mut state.texture {
        Some((version, texture)) => {
            if *version != picture.version {
                *version = picture.version;
                texture.set(image(), TextureOptions::LINEAR);
            }
            texture.id()
        }
        empty => {
            let texture = ctx.load_texture("minimap", image(), TextureOptions::LINEAR);
            let id = texture.id();
            *empty = Some((picture.version, texture));
            id
        }
    }
}
