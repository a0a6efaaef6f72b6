//! A row per agent: what it was given, what waits, how it does.

use std::fmt::Write as _;

use agent2028_core::agent::AgentId;
use agent2028_operations::Operations;
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Rect, ScrollArea, Ui, WidgetInfo, WidgetType, pos2, vec2};
use egui_material_icons::icons::ICON_BLOCK;

use super::{Figure, RoutingState, RoutingView};
use agent2028_kit::actions::{Action, Actions};
use agent2028_kit::format::csv_cell;
use agent2028_kit::theme::{Look, measure, radius};
use agent2028_kit::widgets::{self, Cell};

/// The width of a figure's column.
const fn width(figure: Figure) -> f32 {
    match figure {
        Figure::Given => measure::VALUE_COLUMN + spacing::SECTION,
        _ => measure::FIGURE_COLUMN,
    }
}

/// Draws the head and the visible rows.
pub(super) fn show(
    ui: &mut Ui,
    look: &Look,
    view: &RoutingView,
    operations: &Operations,
    state: &mut RoutingState,
    actions: &mut Actions,
) {
    let wide: f32 = Figure::EVERY.iter().map(|figure| width(*figure) + spacing::NORMAL).sum();
    let width = (measure::AGENT_COLUMN + spacing::NORMAL + wide + spacing::WIDE).max(ui.available_width());
    ScrollArea::horizontal().id_salt("routing").auto_shrink([false, false]).show(ui, |ui| {
        agent2028_kit::texts::scrolls_sideways(ui);
        ui.set_width(width);
        ui.spacing_mut().item_spacing.y = 0.0;
        head(ui, look, state);
        widgets::rule(ui, look);
        let mut list = state.list;
        list.show(ui, look, "who gets what", state.cache.order.len(), |ui, row| {
            line(ui, look, view, operations, state, row, actions);
        });
        state.list = list;
    });
}

fn head(ui: &mut Ui, look: &Look, state: &mut RoutingState) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::NORMAL;
        title(ui, look, None, state);
        for figure in Figure::EVERY {
            title(ui, look, Some(figure), state);
        }
    });
}

fn title(ui: &mut Ui, look: &Look, figure: Option<Figure>, state: &mut RoutingState) {
    let sorted = match (state.sort, figure) {
        (Some((by, descending)), Some(figure)) if by == figure => Some(descending),
        (None, None) => Some(false),
        _ => None,
    };
    let (name, help) =
        figure.map_or(("Agent", "The agent's name; sorts by number"), |figure| (figure.label(), figure.help()));
    let (wide, align) = figure.map_or((measure::AGENT_COLUMN, Cell::Left), |figure| (width(figure), Cell::Right));
    let response = widgets::sort_head(ui, look, wide, align, (name, name), sorted);
    if response.on_hover_text(look.body(format!("{help}. Click to sort."))).clicked() {
        state.sort = widgets::sorted_after(figure, sorted);
    }
}

fn line(
    ui: &mut Ui,
    look: &Look,
    view: &RoutingView,
    operations: &Operations,
    state: &RoutingState,
    row: usize,
    actions: &mut Actions,
) {
    let agent = state.cache.order[row];
    // It may have left since the order was worked out.
    let Some(server) = operations.server(AgentId(agent)) else { return };
    let chosen = view.selected.binary_search(&AgentId(agent)).is_ok();
    let response = widgets::row_background(ui, look, "row", chosen);
    let name = view.name(agent);
    let (enabled, given) = (ui.is_enabled(), Figure::Given.text(Figure::Given.of(server)));
    response.widget_info(|| {
        let name = format!("Agent {name}, given {given}, {} waiting", server.waiting);
        WidgetInfo::selected(WidgetType::SelectableLabel, enabled, chosen, name)
    });
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing = vec2(spacing::NORMAL, 0.0);
        widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| {
            if !server.is_available() {
                ui.label(look.icon(ICON_BLOCK).color(look.danger));
            }
            ui.label(look.body(&name));
        });
        for figure in Figure::EVERY {
            let value = figure.of(server);
            widgets::cell(ui, width(figure), Cell::Right, |ui| {
                let shown = ui.label(look.figure(figure.text(value)));
                if figure == Figure::Given {
                    bar(ui, look, state, value, shown.rect.left());
                }
            });
        }
    });
    let response = response.on_hover_cursor(egui::CursorIcon::PointingHand);
    if response.double_clicked() {
        actions.push(Action::Follow(Some(AgentId(agent))));
    } else if response.clicked() {
        actions.push(Action::Select(vec![AgentId(agent)]));
    }
}

/// A bar from the left end of the cell to as far as the agent's part of the most reaches.
fn bar(ui: &Ui, look: &Look, state: &RoutingState, value: f64, right: f32) {
    let most = f64::from(state.cache.sums.most.unwrap_or(0)).max(1.0);
    let cell = ui.max_rect();
    let room = (right - spacing::NORMAL - cell.left()).max(0.0);
    let middle = cell.center().y;
    let long = room * (value / most).clamp(0.0, 1.0) as f32;
    let rect = Rect::from_min_max(
        pos2(cell.left(), middle - measure::BAR / 2.0),
        pos2(cell.left() + long, middle + measure::BAR / 2.0),
    );
    ui.painter().rect_filled(rect, radius(), look.info);
}

/// All agents with their numbers, in the order of the table.
pub(super) fn csv(view: &RoutingView, operations: &Operations, state: &RoutingState) -> String {
    let mut text =
        String::from("agent,name,available,given,waiting,executing,slots,completed,failed,latency_ms,reliability\n");
    for agent in &state.cache.order {
        let Some(server) = operations.server(AgentId(*agent)) else { continue };
        let _ = writeln!(
            text,
            "{agent},{},{},{},{},{},{},{},{},{},{}",
            csv_cell(&view.name(*agent)),
            server.is_available(),
            server.assigned,
            server.waiting,
            server.executing,
            server.slots,
            server.completed,
            server.failed,
            server.latency_ms,
            server.reliability
        );
    }
    text
}
