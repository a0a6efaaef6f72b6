//! A list of any length, of which only the visible rows are drawn.
//!
//! egui's own scroll areas count in 32-bit pixels, which jitter from some hundred thousand rows on; this one counts rows.

use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Id, Rect, Sense, Ui, UiBuilder, Vec2, WidgetInfo, WidgetType, pos2, vec2};

use crate::theme::{Look, measure, radius};

/// Where a list stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LongList {
    /// The row at the top, with a fraction.
    pub top: f64,
}

impl LongList {
    /// Brings a row into sight, in a list that shows `visible` rows.
    pub fn reveal(&mut self, row: usize, visible: usize) {
        let (row, last) = (row as f64, (visible.max(2) - 2) as f64);
        self.top = self.top.clamp((row - last).max(0.0), row.max(0.0));
    }

    /// The rows that would be visible in the space that is left.
    #[must_use]
    pub fn visible(&self, ui: &Ui, count: usize) -> std::ops::Range<usize> {
        let visible = f64::from((ui.available_rect_before_wrap().height() / measure::TABLE_ROW).max(1.0));
        let first = self.top.min((count as f64 - visible).max(0.0)).max(0.0).floor() as usize;
        first..(first + visible.ceil() as usize + 1).min(count)
    }

    /// Draws the visible ones of `count` rows into the space that is left, each with `draw(ui, row)`; the rows that are
    /// visible.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        look: &Look,
        name: &str,
        count: usize,
        mut draw: impl FnMut(&mut Ui, usize),
    ) -> std::ops::Range<usize> {
        let area = ui.available_rect_before_wrap();
        let height = measure::TABLE_ROW;
        let visible = (area.height() / height).max(1.0);
        let most = (count as f64 - f64::from(visible)).max(0.0);
        let bar = Rect::from_min_max(pos2(area.right() - spacing::NORMAL, area.top()), area.max);
        let hovered = ui.rect_contains_pointer(area);
        if hovered {
            let scroll = ui.input(|input| input.smooth_scroll_delta());
            if scroll.y != 0.0 {
                self.top -= f64::from(scroll.y / height);
                ui.input_mut(|input| input.smooth_scroll_delta = vec2(scroll.x, 0.0));
            }
        }
        if most > 0.0 {
            self.bar(ui, look, name, bar, f64::from(visible) / count as f64, most);
        }
        self.top = self.top.clamp(0.0, most);
        let first = self.top.floor() as usize;
        let last = (first + visible.ceil() as usize + 1).min(count);
        let offset = ((self.top - first as f64) as f32 * height).round();
        let width = if most > 0.0 { (area.width() - spacing::WIDE).max(0.0) } else { area.width() };
        let start = pos2(area.left(), area.top() - offset);
        let rows = Rect::from_min_size(start, vec2(width, height * (last - first) as f32));
        let mut child = ui.new_child(UiBuilder::new().max_rect(rows));
        child.set_clip_rect(area.intersect(ui.clip_rect()));
        child.spacing_mut().item_spacing = Vec2::ZERO;
        for row in first..last {
            let at = Rect::from_min_size(start + vec2(0.0, (row - first) as f32 * height), vec2(width, height));
            // Rows keep their identity by number while the list moves below them.
            let mut line = child.new_child(UiBuilder::new().max_rect(at).id_salt(("row", row)));
            draw(&mut line, row);
        }
        ui.advance_cursor_after_rect(area);
        first..last
    }

    fn bar(&mut self, ui: &mut Ui, look: &Look, name: &str, bar: Rect, share: f64, most: f64) {
        let response = ui.interact(bar, Id::new(("long list", name)), Sense::click_and_drag());
        let enabled = ui.is_enabled();
        response.widget_info(|| WidgetInfo::labeled(WidgetType::ScrollBar, enabled, format!("Scroll {name}")));
        let handle = (f64::from(bar.height()) * share).max(f64::from(measure::CONTROL)) as f32;
        let way = (bar.height() - handle).max(1.0);
        if let Some(at) = response.interact_pointer_pos()
            && (response.dragged() || response.clicked())
        {
            self.top = f64::from((at.y - bar.top() - handle / 2.0) / way).clamp(0.0, 1.0) * most;
        }
        let top = bar.top() + (self.top.clamp(0.0, most) / most) as f32 * way;
        let thumb = Rect::from_min_size(pos2(bar.left() + spacing::TIGHT / 2.0, top), vec2(spacing::TIGHT, handle));
        let fill = if response.hovered() || response.dragged() { look.secondary } else { look.hairline };
        ui.painter().rect_filled(thumb, radius(), fill);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_brought_into_sight_with_as_little_motion_as_possible() {
        let mut list = LongList { top: 100.0 };
        list.reveal(105, 20);
        assert_eq!(list.top, 100.0);
        list.reveal(90, 20);
        assert_eq!(list.top, 90.0);
        list.reveal(999_999, 20);
        assert_eq!(list.top, 999_981.0);
    }
}
