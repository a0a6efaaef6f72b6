//! A cell per agent, coloured by one of its numbers; where there are too many for that, a cell for several of them with the
//! largest number.

use agent2028_core::agent::AgentId;
use agent2028_operations::Operations;
use agent2028_view::tokens::{ColorScale, spacing};
use bevy_egui::egui;
use egui::{Color32, Mesh, Pos2, Rect, Sense, Shape, Ui, WidgetInfo, WidgetType, pos2, vec2};

use super::{RoutingState, RoutingView};
use agent2028_kit::actions::{Action, Actions};
use agent2028_kit::format;
use agent2028_kit::theme::{Look, color, measure};

/// How agents are put into cells.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Grid {
    area: Rect,
    /// The edge of a cell, gap included.
    edge: f32,
    columns: usize,
    /// How many agents a cell stands for.
    each: usize,
    count: usize,
}

impl Grid {
    /// The largest cells in which `count` agents find room.
    fn new(area: Rect, count: usize) -> Self {
        let fits =
            |edge: f32| (area.width() / edge).floor().max(1.0) as usize * (area.height() / edge).floor() as usize;
        let (least, most) = measure::HEAT_CELL;
        let mut edge = (area.area() / count.max(1) as f32).sqrt().ceil().clamp(least, most);
        while edge > least && fits(edge) < count {
            edge -= 1.0;
        }
        let columns = (area.width() / edge).floor().max(1.0) as usize;
        let each = count.div_ceil(fits(edge).max(1)).max(1);
        Self { area, edge, columns, each, count }
    }

    fn cells(&self) -> usize {
        self.count.div_ceil(self.each)
    }

    fn rect(&self, cell: usize) -> Rect {
        let (column, row) = (cell % self.columns, cell / self.columns);
        let gap = if self.edge > spacing::TIGHT { spacing::HAIRLINE } else { 0.0 };
        let start = self.area.min + vec2(column as f32, row as f32) * self.edge;
        Rect::from_min_size(start, egui::Vec2::splat(self.edge - gap))
    }

    /// The places of the agents in the cell at a point.
    fn at(&self, point: Pos2) -> Option<std::ops::Range<usize>> {
        let within = (point - self.area.min) / self.edge;
        if within.x < 0.0 || within.y < 0.0 || within.x as usize >= self.columns {
            return None;
        }
        let cell = within.y as usize * self.columns + within.x as usize;
        let first = cell * self.each;
        (first < self.count).then(|| first..(first + self.each).min(self.count))
    }
}

/// Draws the scale and the map.
pub(super) fn show(
    ui: &mut Ui,
    look: &Look,
    view: &RoutingView,
    operations: &Operations,
    state: &RoutingState,
    actions: &mut Actions,
) {
    let (members, servers) = (&state.cache.members, operations.servers());
    scale(ui, look, state);
    let area = ui.available_rect_before_wrap();
    let response = ui.allocate_rect(area, Sense::click());
    let name = format!("Map of {} by agent", state.heat.label().to_lowercase());
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Image, enabled, &name));
    let grid = Grid::new(area, members.len());
    let mut mesh = Mesh::default();
    for cell in 0..grid.cells() {
        let inside = &members[cell * grid.each..((cell + 1) * grid.each).min(members.len())];
        let there = inside.iter().filter_map(|agent| servers.get(*agent));
        let hottest = there.filter(|server| server.is_available()).map(|server| state.heat.of(server)).reduce(f64::max);
        mesh.add_colored_rect(grid.rect(cell), tint(look, state, hottest));
    }
    ui.painter().with_clip_rect(area).add(Shape::mesh(mesh));
    for agent in view.selected.iter().take(measure::MOST_MARKS) {
        if let Ok(place) = members.binary_search(&agent.0) {
            let rect = grid.rect(place / grid.each).expand(spacing::HAIRLINE);
            ui.painter().rect_stroke(
                rect,
                0.0,
                egui::Stroke::new(measure::CURVE, look.accent),
                egui::StrokeKind::Outside,
            );
        }
    }
    let Some(chosen) = response.hover_pos().and_then(|at| grid.at(at)) else { return };
    let chosen = &members[chosen];
    if response.clicked() {
        actions.push(Action::Select(chosen.iter().map(|agent| AgentId(*agent)).collect()));
    }
    response.on_hover_ui_at_pointer(|ui| {
        match chosen {
            [agent] => ui.label(look.body(view.name(*agent))),
            several => {
                let (first, last) = (view.name(several[0]), view.name(several[several.len() - 1]));
                ui.label(look.body(format!("{first} to {last}: the largest of them colours the cell")))
            }
        };
        if let [agent] = chosen
            && let Some(server) = servers.get(*agent)
        {
            for figure in super::Figure::EVERY {
                ui.label(look.quiet(format!("{}: {}", figure.label(), figure.text(figure.of(server)))));
            }
            if !server.is_available() {
                ui.label(look.quiet("It is given nothing now").color(look.warning));
            }
        }
        ui.label(look.quiet("Click to select"));
    });
}

/// The colour of a cell; nothing: none of its agents is available.
fn tint(look: &Look, state: &RoutingState, value: Option<f64>) -> Color32 {
    match value {
        None => look.danger.gamma_multiply(measure::FAINT),
        Some(value) => {
            let at = if state.cache.hottest > 0.0 { (value / state.cache.hottest) as f32 } else { 0.0 };
            color(ColorScale::Viridis.on(look.theme, at))
        }
    }
}

/// What the colours mean.
fn scale(ui: &mut Ui, look: &Look, state: &RoutingState) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        ui.label(look.quiet(state.heat.label()));
        ui.label(look.figure(state.heat.text(0.0)));
        let (bar, _) = ui.allocate_exact_size(vec2(measure::SPARKLINE.0, measure::SWATCH), Sense::hover());
        let wide = spacing::HAIRLINE * 2.0;
        let steps = (measure::SPARKLINE.0 / wide) as usize;
        for step in 0..steps {
            let at = step as f32 / (steps - 1) as f32;
            let place = Rect::from_min_size(pos2(bar.left() + step as f32 * wide, bar.top()), vec2(wide, bar.height()));
            ui.painter().rect_filled(place, 0.0, color(ColorScale::Viridis.on(look.theme, at)));
        }
        ui.label(look.figure(state.heat.text(state.cache.hottest)));
        if state.cache.sums.gone > 0 {
            ui.add_space(spacing::NORMAL);
            let (mark, _) = ui.allocate_exact_size(egui::Vec2::splat(measure::SWATCH), Sense::hover());
            ui.painter().rect_filled(mark, 0.0, tint(look, state, None));
            let gone = format::count(state.cache.sums.gone);
            ui.label(look.quiet(format!("{gone} not available")));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_agent_has_its_cell_and_every_cell_lies_in_the_area() {
        let area = Rect::from_min_size(pos2(10.0, 20.0), vec2(301.0, 157.0));
        for count in [1, 2, 60, 999, 1000, 40_000, 1_000_000] {
            let grid = Grid::new(area, count);
            assert!(grid.cells() * grid.each >= count, "{count}");
            assert!(area.contains_rect(grid.rect(grid.cells() - 1)), "{count}: {grid:?}");
            for cell in [0, grid.cells() / 2, grid.cells() - 1] {
                let inside = grid.at(grid.rect(cell).center()).unwrap();
                assert_eq!(inside.start, cell * grid.each, "{count}");
                assert!(inside.end <= count);
            }
        }
        assert_eq!(Grid::new(area, 10).at(pos2(0.0, 0.0)), None);
    }
}
