//! How docks look and work: tabs with a line below the one in front, hairlines between, and a menu at the right end.

use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{
    Align2, Color32, FontId, Id, Rect, ScrollArea, Sense, Stroke, Ui, Visuals, WidgetInfo, WidgetText, WidgetType, vec2,
};
use egui_material_icons::icons::ICON_CLOSE;
use egui_tiles::{Behavior, ResizeState, SimplificationOptions, TabState, Tabs, Tile, TileId, Tiles, UiResponse};

use super::layout::DockLayout;
use super::menu;
use super::panel::{Catalog, PanelKey};
use crate::theme::{Look, hairline, margin, measure};

/// The panels there are, and those of them that apply to the simulation.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// All panels.
    pub catalog: &'a Catalog,
    /// Those that have something to say about this simulation.
    pub applying: &'a [PanelKey],
}

/// Draws the docks; `draw` fills a panel.
pub(super) struct Docks<'a, Draw> {
    pub look: &'a Look,
    pub offer: Offer<'a>,
    pub draw: Draw,
    /// The place that is left for the world.
    pub world: Option<Rect>,
    /// A panel that was closed.
    pub closed: Option<PanelKey>,
    /// A panel that was opened, and in which dock.
    pub opened: Option<(PanelKey, TileId)>,
    /// Which panels are open somewhere.
    pub open: Vec<PanelKey>,
}

impl<Draw: FnMut(&mut Ui, PanelKey)> Docks<'_, Draw> {
    fn close_button(&mut self, ui: &Ui, tab: Rect, id: Id, panel: PanelKey) {
        let side = spacing::ICON;
        let rect =
            Rect::from_center_size(tab.right_center() - vec2(side * 0.5 + spacing::TIGHT, 0.0), vec2(side, side));
        let response = ui.interact(rect, id.with("close"), Sense::click());
        let (enabled, title) = (ui.is_enabled(), self.offer.catalog.facts(panel).title);
        response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, enabled, format!("Close {title}")));
        let tint = if response.hovered() { self.look.text } else { self.look.secondary };
        let font = FontId::new(spacing::WIDE, ICON_CLOSE.font_family());
        ui.painter().text(rect.center(), Align2::CENTER_CENTER, ICON_CLOSE.codepoint, font, tint);
        if response.clicked() {
            self.closed = Some(panel);
        }
    }
}

impl<Draw: FnMut(&mut Ui, PanelKey)> Behavior<PanelKey> for Docks<'_, Draw> {
    fn pane_ui(&mut self, ui: &mut Ui, _: TileId, panel: &mut PanelKey) -> UiResponse {
        let place = ui.max_rect();
        if *panel == PanelKey::WORLD {
            self.world = Some(place);
            return UiResponse::None;
        }
        ui.painter().rect_filled(place, 0.0, self.look.panel);
        let facts = self.offer.catalog.facts(*panel);
        let frame = egui::Frame::new().inner_margin(margin(spacing::WIDE, spacing::NORMAL));
        // What is in a panel never widens it.
        ui.set_clip_rect(place.intersect(ui.clip_rect()));
        if facts.scrolls {
            ScrollArea::vertical().id_salt(facts.title).auto_shrink([false, false]).show(ui, |ui| {
                frame.show(ui, |ui| (self.draw)(ui, *panel));
            });
        } else {
            frame.show(ui, |ui| (self.draw)(ui, *panel));
        }
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, panel: &PanelKey) -> WidgetText {
        self.offer.catalog.facts(*panel).title.into()
    }

    fn tab_ui(
        &mut self,
        tiles: &mut Tiles<PanelKey>,
        ui: &mut Ui,
        id: Id,
        tile: TileId,
        state: &TabState,
    ) -> egui::Response {
        let Some(Tile::Pane(panel)) = tiles.get(tile) else {
            return ui.allocate_response(egui::Vec2::ZERO, Sense::hover());
        };
        let (panel, look) = (*panel, self.look);
        let facts = self.offer.catalog.facts(panel);
        let title = facts.title;
        // Tabs that have no room are scrolled to.
        crate::texts::scrolls_sideways(ui);
        let text = if state.active { look.strong(title) } else { look.body(title).color(look.secondary) };
        let galley = WidgetText::from(text).into_galley(
            ui,
            Some(egui::TextWrapMode::Extend),
            f32::INFINITY,
            egui::TextStyle::Body,
        );
        let closer = if state.active { spacing::ICON } else { 0.0 };
        let size = vec2(galley.size().x + 2.0 * spacing::NORMAL + closer, ui.available_height());
        let (_, rect) = ui.allocate_space(size);
        let response = ui.interact(rect, id, Sense::click_and_drag());
        let (enabled, active) = (ui.is_enabled(), state.active);
        response.widget_info(|| WidgetInfo::selected(WidgetType::Button, enabled, active, title));
        if ui.is_rect_visible(rect) && !state.is_being_dragged {
            let tint = if active || response.hovered() || response.has_focus() { look.text } else { look.secondary };
            let at = egui::pos2(rect.left() + spacing::NORMAL, rect.center().y - galley.size().y * 0.5);
            ui.painter().galley_with_override_text_color(at, galley, tint);
            if active {
                let line = Stroke::new(spacing::HAIRLINE * 2.0, look.accent);
                ui.painter().hline(
                    rect.shrink2(vec2(spacing::TIGHT, 0.0)).x_range(),
                    rect.bottom() - spacing::HAIRLINE,
                    line,
                );
            }
        }
        if active {
            self.close_button(ui, rect, id, panel);
        }
        // A tab that has come to the front is brought into view, however many there are.
        let front = id.with("in front");
        if active && !ui.data(|data| data.get_temp(front).unwrap_or(false)) {
            ui.scroll_to_rect(rect, None);
        }
        ui.data_mut(|data| data.insert_temp(front, active));
        if response.clicked_by(egui::PointerButton::Middle) {
            self.closed = Some(panel);
        }
        response.on_hover_text(look.body(facts.help))
    }

    fn drag_ui(&mut self, tiles: &Tiles<PanelKey>, ui: &mut Ui, tile: TileId) {
        if let Some(Tile::Pane(panel)) = tiles.get(tile) {
            let title = self.offer.catalog.facts(*panel).title;
            crate::theme::floating_frame(self.look).show(ui, |ui| ui.label(self.look.strong(title)));
        }
    }

    fn top_bar_right_ui(&mut self, _: &Tiles<PanelKey>, ui: &mut Ui, tile: TileId, _: &Tabs, _: &mut f32) {
        if let Some(panel) = menu::add_panel(ui, self.look, &self.offer, &self.open) {
            self.opened = Some((panel, tile));
        }
    }

    fn tab_bar_height(&self, _: &egui::Style) -> f32 {
        measure::TAB_BAR
    }

    fn gap_width(&self, _: &egui::Style) -> f32 {
        spacing::HAIRLINE
    }

    fn min_size(&self) -> f32 {
        measure::LEAST_PANEL
    }

    fn simplification_options(&self) -> SimplificationOptions {
        DockLayout::simplification()
    }

    fn resize_stroke(&self, _: &egui::Style, state: ResizeState) -> Stroke {
        match state {
            ResizeState::Idle => hairline(self.look),
            ResizeState::Hovering => Stroke::new(spacing::HAIRLINE * 2.0, self.look.secondary),
            ResizeState::Dragging => Stroke::new(spacing::HAIRLINE * 2.0, self.look.accent),
        }
    }

    fn tab_bar_color(&self, _: &Visuals) -> Color32 {
        self.look.background
    }

    fn tab_bar_hline_stroke(&self, _: &Visuals) -> Stroke {
        hairline(self.look)
    }

    fn dragged_overlay_color(&self, _: &Visuals) -> Color32 {
        self.look.panel.gamma_multiply(0.5)
    }

    fn drag_preview_stroke(&self, _: &Visuals) -> Stroke {
        Stroke::new(spacing::HAIRLINE, self.look.accent)
    }

    fn drag_preview_color(&self, _: &Visuals) -> Color32 {
        self.look.accent.gamma_multiply(0.2)
    }
}

impl DockLayout {
    /// Draws the docks into all that is left of `ui` and returns the place that is left for the world.
    pub fn show(&mut self, ui: &mut Ui, look: &Look, offer: Offer, draw: impl FnMut(&mut Ui, PanelKey)) -> Rect {
        let place = ui.available_rect_before_wrap();
        self.settle(offer.catalog);
        self.fit(place.size());
        let open = self.panels();
        let mut docks = Docks { look, offer, draw, world: None, closed: None, opened: None, open };
        self.tree_mut().ui(&mut docks, ui);
        let Docks { world, closed, opened, .. } = docks;
        if let Some(panel) = closed {
            self.close(panel);
        }
        if let Some((panel, dock)) = opened {
            self.open_in(panel, dock);
        }
        self.mend();
        // Behind another tab the world is not seen at all.
        world.unwrap_or_else(|| Rect::from_min_size(place.min, egui::Vec2::ZERO))
    }
}
