//! One plot: its heading, its curves, and what the pointer does on them.

use agent2028_core::intervention::Applied;
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{
    Align, Color32, CursorIcon, DragAndDrop, Id, Label, Layout, PointerButton, Pos2, Rect, Response, ScrollArea, Sense,
    Shape, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, WidgetType, pos2, vec2,
};
use egui_material_icons::icons::{ICON_ADD, ICON_CLOSE, ICON_MORE_VERT};
use egui_plot::{FilledArea, Line, LineStyle, PlotBounds, PlotPoints, PlotTransform};

use super::axis::{Scale, chart};
use super::curves::Curve;
use super::heading::{Entry, Rows, Wanted};
use super::picture::{self, PictureKind};
use super::{
    Change, DraggedMetric, DraggedPlot, NO_VALUES, OtherRun, PlotSetup, PlotsState, PlotsView, Span, picker,
    visible_table,
};
use crate::actions::{Action, Actions, Travel};
use crate::export::FileToSave;
use crate::format;
use crate::theme::{Look, icon_button_size, measure, radius};
use crate::widgets::{self, Cell};

/// How much closer one pixel of the wheel brings.
const ZOOM_PER_PIXEL: f64 = 0.004;
/// The share of the height that is left free above and below the curves.
const MARGIN: f64 = 0.08;

/// The line around what a dragged thing would fall into.
pub(super) fn accent(look: &Look) -> Stroke {
    Stroke::new(spacing::HAIRLINE * 2.0, look.accent)
}

/// Draws plot `number` into all of the space; `cursor` is the tick that the pointer was at in any plot.
pub(super) fn show(
    ui: &mut Ui,
    look: &Look,
    view: &PlotsView,
    state: &mut PlotsState,
    number: usize,
    cursor: Option<f64>,
    actions: &mut Actions,
    change: &mut Option<Change>,
) {
    let mut setup = state.plots[number].clone();
    let area = ui.max_rect();
    ui.spacing_mut().item_spacing.y = spacing::TIGHT;
    let (from, to) = state.span.ticks(view.last());
    let (first, last) = (from.max(0.0) as u64, to.max(0.0).ceil() as u64);
    let most = (area.width() as usize).max(2);
    let curves: Vec<(Curve, Color32)> = setup
        .metrics
        .iter()
        .enumerate()
        .map(|(index, name)| (Curve::of(view.metrics, name, first, last, most), look.category(index)))
        .collect();
    heading(ui, look, view, state, number, &mut setup, &curves, cursor, actions, change);
    if state.statistics {
        statistics(ui, look, view, &mut setup, &curves, cursor, first, last);
    }
    // A heading that is too long must not make the chart wider than its place.
    let place = Rect::from_min_max(pos2(area.left(), ui.cursor().top().min(area.bottom())), area.max);
    let mut below = ui.new_child(egui::UiBuilder::new().max_rect(place).id_salt("chart"));
    let ui = &mut below;
    if curves.iter().all(|(curve, _)| curve.buckets.is_empty()) {
        // Axes without a value would show a range that nobody measured.
        ui.centered_and_justified(|ui| ui.label(look.quiet(NO_VALUES)));
    } else {
        draw(ui, look, view, state, number, &setup, &curves, cursor, actions);
    }
    drop(ui, look, number, area, change);
    if setup.metrics.is_empty() {
        *change = Some(Change::Remove(number));
    }
    state.plots[number] = setup;
}

/// Takes metrics and plots that are dropped onto the plot.
fn drop(ui: &Ui, look: &Look, number: usize, area: Rect, change: &mut Option<Change>) {
    let ctx = ui.ctx();
    let metric = DragAndDrop::payload::<DraggedMetric>(ctx).filter(|dragged| dragged.from != Some(number));
    let plot = DragAndDrop::payload::<DraggedPlot>(ctx).filter(|dragged| dragged.0 != number);
    if (metric.is_none() && plot.is_none()) || !ui.rect_contains_pointer(area) {
        return;
    }
    ui.painter().rect_stroke(area, radius(), accent(look), StrokeKind::Inside);
    if ui.input(|input| input.pointer.any_released()) {
        *change = match (metric, plot) {
            (Some(metric), _) => Some(Change::Drop((*metric).clone(), number)),
            (_, Some(plot)) => Some(Change::Rearrange(plot.0, number)),
            _ => None,
        };
        DragAndDrop::clear_payload(ctx);
    }
}

fn heading(
    ui: &mut Ui,
    look: &Look,
    view: &PlotsView,
    state: &mut PlotsState,
    number: usize,
    setup: &mut PlotSetup,
    curves: &[(Curve, Color32)],
    cursor: Option<f64>,
    actions: &mut Actions,
    change: &mut Option<Change>,
) {
    let title = setup.heading();
    let rows = rows(ui, look, view, setup, ui.available_width());
    for (number_of_row, row) in rows.rows.iter().enumerate() {
        let width = ui.available_width();
        ui.allocate_ui_with_layout(vec2(width, measure::CONTROL), Layout::right_to_left(Align::Center), |ui| {
            ui.set_min_height(measure::CONTROL);
            ui.spacing_mut().item_spacing.x = spacing::TIGHT;
            if number_of_row == 0 {
                let more = widgets::icon_button(ui, look, ICON_MORE_VERT, &format!("More about {title}"));
                menu(look, view, state, number, setup, &more, actions, change);
                let add = widgets::icon_button(ui, look, ICON_ADD, &format!("Add a metric to {title}"));
                let add = widgets::tip(add, look, "Add a metric to this plot", "");
                if let Some(metric) = picker::show(look, view.metrics, &add, &mut state.search, &setup.metrics) {
                    setup.add(&metric);
                    actions.push(Action::WantMetric(metric));
                }
            }
            let rest = ui.available_width();
            ui.allocate_ui_with_layout(vec2(rest, measure::CONTROL), Layout::left_to_right(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = spacing::TIGHT;
                if number_of_row == 0 && !setup.title.is_empty() {
                    let label = ui.add(Label::new(look.strong(&setup.title)).truncate().sense(Sense::drag()));
                    label.dnd_set_drag_payload(DraggedPlot(number));
                    ui.add_space(spacing::TIGHT);
                }
                for (at, placed) in row.iter().enumerate() {
                    if at > 0 {
                        ui.add_space(spacing::NORMAL - spacing::TIGHT);
                    }
                    if let Some((curve, tint)) = curves.get(placed.index) {
                        entry(ui, look, view, number, setup, curve, *tint, cursor, *placed);
                    } else if let Some(other) = view.others.get(placed.index - curves.len()) {
                        other_entry(ui, look, other, placed.index - curves.len(), placed.name);
                    }
                }
            });
        });
    }
    if rows.more > 0 {
        let hidden: Vec<&str> =
            curves.iter().skip(curves.len().saturating_sub(rows.more)).map(|(curve, _)| curve.name.as_str()).collect();
        ui.allocate_ui_with_layout(
            vec2(ui.available_width(), measure::SMALL_LINE),
            Layout::left_to_right(Align::Center),
            |ui| {
                ui.label(look.quiet(format!("and {} more", rows.more))).on_hover_text(look.body(hidden.join(", ")));
            },
        );
    }
}

/// A number at a curve has room for so many figures, so that rows stand still while it changes.
const FIGURES: f32 = 7.0;

/// What the title and the names of a plot's curves need above it, in a place of a width.
pub(super) fn rows(ui: &Ui, look: &Look, view: &PlotsView, setup: &PlotSetup, width: f32) -> Rows {
    let gap = spacing::TIGHT;
    let close = icon_button_size().x + gap;
    let wanted = |name: &String| {
        let Some(spec) = view.metrics.spec(name) else {
            return Wanted {
                name: widgets::text_width(ui, look.quiet(name)).ceil() + 1.0,
                rest: measure::SWATCH + gap,
                button: close,
            };
        };
        let value = view.metrics.value(name).map_or(format::NOTHING.to_owned(), format::number);
        let value = widgets::text_width(ui, look.figure(value)).max(FIGURES * measure::DIGIT);
        let unit = if spec.unit.is_empty() { 0.0 } else { widgets::text_width(ui, look.quiet(spec.unit)) + gap };
        let rest = measure::SWATCH + gap + gap + value + unit;
        Wanted { name: widgets::text_width(ui, look.quiet(short_name(name))).ceil() + 1.0, rest, button: close }
    };
    let other = |other: &OtherRun| Wanted {
        name: widgets::text_width(ui, look.quiet(other.name)).ceil() + 1.0,
        rest: spacing::SECTION + spacing::NORMAL + gap,
        button: 0.0,
    };
    let entries: Vec<Wanted> = setup.metrics.iter().map(wanted).chain(view.others.iter().map(other)).collect();
    let title = if setup.title.is_empty() {
        0.0
    } else {
        widgets::text_width(ui, look.strong(&setup.title)) + 2.0 * gap + spacing::NORMAL
    };
    let buttons = 2.0 * (icon_button_size().x + gap);
    Rows::of(&entries, width, width - buttons - title)
}

/// The last word of a dotted name tells the curves of a plot apart; the whole name is in the tooltip.
fn short_name(name: &str) -> String {
    format::label_of(name.rsplit('.').next().unwrap_or(name))
}

/// A name in no more than a width.
fn name_within(ui: &mut Ui, label: Label, width: f32) -> Response {
    let room = vec2(width.max(0.0), measure::SMALL_LINE);
    ui.allocate_ui_with_layout(room, Layout::left_to_right(Align::Center), |ui| {
        ui.set_max_width(room.x);
        ui.add(label.truncate())
    })
    .inner
}

/// How the lines of another run are broken: the first three runs differ.
fn broken(index: usize) -> LineStyle {
    match index % 3 {
        0 => LineStyle::Dashed { length: spacing::NORMAL },
        1 => LineStyle::Dotted { spacing: spacing::TIGHT },
        _ => LineStyle::Dashed { length: spacing::TIGHT },
    }
}

/// A piece of another run's lines, and its name.
fn other_entry(ui: &mut Ui, look: &Look, other: &OtherRun, index: usize, width: f32) {
    let (rect, _) = ui.allocate_exact_size(vec2(spacing::SECTION + spacing::NORMAL, spacing::NORMAL), Sense::hover());
    let (points, stroke) = ([rect.left_center(), rect.right_center()], Stroke::new(spacing::HAIRLINE, look.secondary));
    let shapes = match broken(index) {
        LineStyle::Dotted { spacing: apart } => Shape::dotted_line(&points, look.secondary, apart, spacing::HAIRLINE),
        LineStyle::Dashed { length } => Shape::dashed_line(&points, stroke, length, length * BREAK),
        LineStyle::Solid => vec![Shape::line_segment(points, stroke)],
    };
    ui.painter().extend(shapes);
    name_within(ui, Label::new(look.quiet(other.name)), width).on_hover_text(look.body(format!(
        "{} from tick {} to {}: the panel Runs chooses what is compared",
        other.name,
        format::count(other.from),
        format::count(other.to)
    )));
}

/// A gap in a dashed line, as a share of a dash: as the plots draw them.
const BREAK: f32 = 0.618;

fn menu(
    look: &Look,
    view: &PlotsView,
    state: &PlotsState,
    number: usize,
    setup: &mut PlotSetup,
    button: &Response,
    actions: &mut Actions,
    change: &mut Option<Change>,
) {
    egui::Popup::menu(button).gap(spacing::TIGHT).show(|ui| {
        let item = |ui: &mut Ui, text: &str| ui.add(egui::Button::new(look.body(text)).frame(false)).clicked();
        ui.checkbox(&mut setup.logarithmic, look.body("Logarithmic axis"));
        ui.separator();
        if item(ui, "Copy the values") {
            actions.push(Action::Copy(visible_table(view, state, &setup.metrics, '\t')));
        }
        if item(ui, "Save as CSV…") {
            let text = visible_table(view, state, &setup.metrics, ',');
            actions.push(Action::SaveFile(FileToSave::csv("Save the plotted values as", &setup.heading(), text)));
        }
        for (text, kind) in [("Save as SVG…", PictureKind::Svg), ("Save as PNG…", PictureKind::Png)] {
            if item(ui, text) {
                picture::save(view, state, std::slice::from_ref(setup), look.theme, kind, actions);
            }
        }
        ui.separator();
        if number > 0 && item(ui, "Move to the front") {
            *change = Some(Change::Rearrange(number, number - 1));
        }
        if number + 1 < state.plots.len() && item(ui, "Move to the back") {
            *change = Some(Change::Rearrange(number, number + 1));
        }
        if item(ui, "Remove the plot") {
            *change = Some(Change::Remove(number));
        }
    });
}

/// A metric's colour, name and value: the last one, or the one under the cursor. It can be dragged to another plot.
fn entry(
    ui: &mut Ui,
    look: &Look,
    view: &PlotsView,
    number: usize,
    setup: &mut PlotSetup,
    curve: &Curve,
    tint: Color32,
    cursor: Option<f64>,
    placed: Entry,
) {
    let name = curve.name.as_str();
    widgets::swatch(ui, tint);
    match view.metrics.spec(name) {
        None => {
            name_within(ui, Label::new(look.quiet(name).color(look.warning)), placed.name)
                .on_hover_text(look.body("There is no metric of this name in the running scene"));
        }
        Some(spec) => {
            let label =
                name_within(ui, Label::new(look.quiet(short_name(name))).sense(Sense::click_and_drag()), placed.name);
            label.dnd_set_drag_payload(DraggedMetric { name: name.to_owned(), from: Some(number) });
            label.on_hover_text(look.body(format!("{name}: {} Drag it to another plot.", spec.help)));
            ui.label(look.figure(value_text(view, curve, cursor)));
            if !spec.unit.is_empty() {
                ui.add(Label::new(look.quiet(spec.unit)).truncate());
            }
        }
    }
    if placed.button && widgets::icon_button(ui, look, ICON_CLOSE, &format!("Plot {name} no longer")).clicked() {
        setup.metrics.retain(|shown| shown != name);
    }
}

fn value_text(view: &PlotsView, curve: &Curve, cursor: Option<f64>) -> String {
    let value = match cursor {
        Some(tick) => curve.at(tick.max(0.0).round() as u64),
        None => view.metrics.value(&curve.name),
    };
    value.map_or(format::NOTHING.to_owned(), format::number)
}

/// A row per metric: last, smallest, mean and largest value, and the standard deviation, over the visible span.
fn statistics(
    ui: &mut Ui,
    look: &Look,
    view: &PlotsView,
    setup: &mut PlotSetup,
    curves: &[(Curve, Color32)],
    cursor: Option<f64>,
    first: u64,
    last: u64,
) {
    const COLUMNS: [(&str, &str); 5] = [
        ("Last", "The newest value that is visible, or the one at the cursor"),
        ("Min", "The smallest value that is visible"),
        ("Mean", "The mean of the visible values"),
        ("Max", "The largest value that is visible"),
        ("Spread", "The standard deviation of the visible values"),
    ];
    let height = (setup.metrics.len() + 1) as f32 * measure::SMALL_LINE;
    ScrollArea::vertical().id_salt("statistics").max_height(height.min(ui.available_height() / 2.0)).show(ui, |ui| {
        egui::Grid::new("statistics").num_columns(COLUMNS.len() + 1).spacing(vec2(spacing::NORMAL, 0.0)).show(
            ui,
            |ui| {
                ui.label("");
                for (name, help) in COLUMNS {
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        ui.label(look.quiet(name)).on_hover_text(look.body(help));
                    });
                }
                ui.end_row();
                for (curve, tint) in curves {
                    // The finest history that is kept, whatever the plot has pixels for.
                    let all = Curve::of(view.metrics, &curve.name, first, last, usize::MAX).statistics();
                    widgets::cell(ui, measure::LABEL, Cell::Left, |ui| {
                        widgets::swatch(ui, *tint);
                        let short = curve.name.rsplit('.').next().unwrap_or(&curve.name);
                        ui.label(look.quiet(format::label_of(short)));
                    });
                    let at_cursor = cursor.and_then(|tick| curve.at(tick.max(0.0).round() as u64));
                    let values =
                        all.map(|all| [at_cursor.unwrap_or(all.last), all.min, all.mean, all.max, all.deviation]);
                    for value in 0..COLUMNS.len() {
                        let text = values.map_or(format::NOTHING.to_owned(), |values| format::number(values[value]));
                        ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(look.figure(text)));
                    }
                    ui.end_row();
                }
            },
        );
    });
}

fn draw(
    ui: &mut Ui,
    look: &Look,
    view: &PlotsView,
    state: &mut PlotsState,
    number: usize,
    setup: &PlotSetup,
    curves: &[(Curve, Color32)],
    cursor: Option<f64>,
    actions: &mut Actions,
) {
    let (from, to) = state.span.ticks(view.last());
    let per_tick = if state.in_ticks { 1.0 } else { 1.0 / view.tick_hz };
    let height_of = |value: f64| if setup.logarithmic { value.log10() } else { value };
    let (first, last) = (from.max(0.0) as u64, to.max(0.0).ceil() as u64);
    let most = (ui.available_width() as usize).max(2);
    let others: Vec<(usize, Curve, Color32)> = view
        .others
        .iter()
        .enumerate()
        .flat_map(|(index, other)| {
            curves.iter().map(move |(curve, tint)| {
                let theirs = Curve::of(other.metrics, &curve.name, first.max(other.from), last, most);
                (index, theirs, *tint)
            })
        })
        .collect();
    let shown = curves.iter().map(|(curve, _)| curve).chain(others.iter().map(|(_, curve, _)| curve));
    let extents = shown.filter_map(|curve| curve.extent(setup.logarithmic));
    let extent = extents.reduce(|(a, b), (c, d)| (a.min(c), b.max(d)));
    let Some((least, most)) = extent.map(|(least, most)| room(height_of(least), height_of(most))) else {
        ui.centered_and_justified(|ui| ui.label(look.quiet("A logarithmic axis shows values above 0 only")));
        return;
    };
    let x = if state.in_ticks { Scale::Number } else { Scale::Time };
    let y = if setup.logarithmic { Scale::Logarithm } else { Scale::Number };
    let shown =
        chart(look, ("plot", number), ui.available_size(), x, y).sense(Sense::click_and_drag()).show(ui, |plot| {
            plot.set_plot_bounds(PlotBounds::from_min_max([from * per_tick, least], [to * per_tick, most]));
            for (index, curve, tint) in &others {
                let points: Vec<[f64; 2]> = curve
                    .buckets
                    .iter()
                    .filter(|bucket| !setup.logarithmic || bucket.min > 0.0)
                    .map(|bucket| [(bucket.from + bucket.to) as f64 / 2.0 * per_tick, height_of(bucket.mean())])
                    .collect();
                let name = view.others.get(*index).map_or("", |other| other.name);
                let line = Line::new(format!("{}, {name}", curve.name), PlotPoints::new(points));
                plot.line(line.color(*tint).width(spacing::HAIRLINE).style(broken(*index)));
            }
            for (curve, tint) in curves {
                let buckets = curve.buckets.iter().filter(|bucket| !setup.logarithmic || bucket.min > 0.0);
                let points: Vec<[f64; 2]> = buckets
                    .clone()
                    .map(|bucket| [(bucket.from + bucket.to) as f64 / 2.0 * per_tick, height_of(bucket.mean())])
                    .collect();
                if curve.buckets.iter().any(|bucket| bucket.max > bucket.min) {
                    let places: Vec<f64> = points.iter().map(|point| point[0]).collect();
                    let (low, high): (Vec<f64>, Vec<f64>) =
                        buckets.map(|bucket| (height_of(bucket.min), height_of(bucket.max))).unzip();
                    let band = FilledArea::new("", &places, &low, &high);
                    plot.add(band.fill_color(tint.gamma_multiply(look.band)));
                }
                plot.line(Line::new(curve.name.as_str(), PlotPoints::new(points)).color(*tint).width(measure::CURVE));
            }
        });
    let (response, transform) = (shown.response, shown.transform);
    let enabled = ui.is_enabled();
    response.widget_info(|| {
        WidgetInfo::labeled(WidgetType::Image, enabled, format!("Plot of {}", setup.metrics.join(", ")))
    });
    let place = |tick: f64| transform.position_from_point_x(tick * per_tick);
    let frame = *transform.frame();
    let painter = ui.painter().with_clip_rect(frame.intersect(ui.clip_rect()));
    for (at, failed) in marks(view.interventions, from, to, &place) {
        let tint = if failed { look.danger } else { look.warning };
        painter.vline(at, frame.y_range(), Stroke::new(spacing::HAIRLINE, tint.gamma_multiply(look.band * 2.0)));
        let (top, half) = (frame.top(), spacing::TIGHT);
        let corners = vec![pos2(at - half, top), pos2(at + half, top), pos2(at, top + half * 1.5)];
        painter.add(Shape::convex_polygon(corners, tint, Stroke::NONE));
    }
    if view.last() > view.tick {
        // Beyond the present there is only what other runs did.
        painter.vline(place(view.tick as f64), frame.y_range(), Stroke::new(spacing::HAIRLINE, look.accent));
    }
    if let Some(tick) = cursor {
        painter.vline(place(tick), frame.y_range(), Stroke::new(spacing::HAIRLINE, look.secondary));
        for (curve, tint) in curves {
            if let Some(value) =
                curve.at(tick.max(0.0).round() as u64).filter(|value| !setup.logarithmic || *value > 0.0)
            {
                let at = pos2(place(tick), transform.position_from_point_y(height_of(value)));
                painter.circle_filled(at, measure::DOT, *tint);
            }
        }
    }
    point(ui, look, view, state, number, &response, &transform, per_tick, actions);
}

/// The values from least to most with some room around them.
fn room(least: f64, most: f64) -> (f64, f64) {
    let span = most - least;
    if span > 0.0 {
        return (least - span * MARGIN, most + span * MARGIN);
    }
    let around = if least == 0.0 { 1.0 } else { least.abs() * 0.1 };
    (least - around, most + around)
}

/// Where interventions stand, at most one per few pixels, and whether one of them could not be applied.
fn marks(interventions: &[Applied], from: f64, to: f64, place: &dyn Fn(f64) -> f32) -> Vec<(f32, bool)> {
    let mut marks: Vec<(f32, bool)> = Vec::new();
    for applied in interventions {
        let tick = applied.stamped.tick as f64;
        if !(from..=to).contains(&tick) {
            continue;
        }
        let (at, failed) = (place(tick), applied.outcome.is_err());
        match marks.last_mut() {
            Some((near, known)) if (at - *near).abs() < spacing::TIGHT => *known |= failed,
            _ => marks.push((at, failed)),
        }
    }
    marks
}

/// What the pointer does: it moves the shared cursor, drags and zooms time, and tells what is under it.
fn point(
    ui: &mut Ui,
    look: &Look,
    view: &PlotsView,
    state: &mut PlotsState,
    number: usize,
    response: &Response,
    transform: &PlotTransform,
    per_tick: f64,
    actions: &mut Actions,
) {
    let tick_at = |at: Pos2| transform.value_from_position(at).x / per_tick;
    let ticks_per_point = transform.dvalue_dpos()[0].abs() / per_tick;
    let pointer = response.hover_pos().or_else(|| response.interact_pointer_pos());
    if let Some(at) = pointer {
        state.cursor = Some(tick_at(at));
    }
    let shift = ui.input(|input| input.modifiers.shift);
    if let Some(at) = response.interact_pointer_pos() {
        let started = response.drag_started_by(PointerButton::Secondary)
            || (shift && response.drag_started_by(PointerButton::Primary));
        if started {
            state.box_from = Some((number, tick_at(at)));
        } else if state.box_from.is_none() && response.dragged_by(PointerButton::Primary) {
            let by = -f64::from(response.drag_delta().x) * ticks_per_point;
            if by != 0.0 {
                state.span = state.span.moved(by, view.last());
            }
        }
    }
    if let Some((of, start)) = state.box_from.filter(|(of, _)| *of == number) {
        let end = pointer.map_or(start, tick_at);
        let (a, b) =
            (transform.position_from_point_x(start * per_tick), transform.position_from_point_x(end * per_tick));
        let chosen = Rect::from_x_y_ranges(a.min(b)..=a.max(b), transform.frame().y_range());
        ui.painter().rect(chosen, 0.0, look.accent.gamma_multiply(look.band), accent(look), StrokeKind::Inside);
        if response.drag_stopped() || !ui.input(|input| input.pointer.any_down()) {
            state.box_from = None;
            if (a - b).abs() > spacing::TIGHT && of == number {
                state.span = Span::between(start, end);
            }
        }
    }
    if response.hovered() {
        ui.ctx().set_cursor_icon(if response.dragged() { CursorIcon::Grabbing } else { CursorIcon::Crosshair });
        let (scroll, pinch) = ui.input(|input| (input.smooth_scroll_delta(), input.zoom_delta()));
        let around = pointer.map_or(0.0, tick_at);
        if scroll.y != 0.0 || pinch != 1.0 {
            let factor = (-f64::from(scroll.y) * ZOOM_PER_PIXEL).exp() / f64::from(pinch);
            state.span = state.span.zoomed(factor, around, view.last());
        }
        if scroll.x != 0.0 {
            state.span = state.span.moved(-f64::from(scroll.x) * ticks_per_point, view.last());
        }
        // The list of plots must not scroll away under the pointer.
        ui.input_mut(|input| input.smooth_scroll_delta = Vec2::ZERO);
    }
    if response.double_clicked() {
        state.span = Span::All;
    } else if let Some(at) = response.interact_pointer_pos().filter(|_| response.clicked()) {
        let tick = tick_at(at).round().clamp(0.0, view.tick as f64) as u64;
        actions.push(Action::Time(Travel::Seek(tick)));
    }
    let id = Id::new(("plot tooltip", number));
    if let (Some(at), false) = (response.hover_pos(), response.dragged()) {
        let tick = tick_at(at);
        let near: Vec<&Applied> = view
            .interventions
            .iter()
            .filter(|applied| {
                ((applied.stamped.tick as f64 - tick) / ticks_per_point).abs() < f64::from(spacing::NORMAL)
            })
            .take(4)
            .collect();
        if tick >= 0.0 {
            response.clone().with_new_rect(response.rect).on_hover_ui_at_pointer(|ui| {
                ui.push_id(id, |ui| tooltip(ui, look, view, tick, &near));
            });
        }
    }
}

fn tooltip(ui: &mut Ui, look: &Look, view: &PlotsView, tick: f64, near: &[&Applied]) {
    let whole = tick.round().max(0.0) as u64;
    ui.label(look.figure(format!("tick {}  {}", format::count(whole), format::clock(whole as f64 / view.tick_hz))));
    for applied in near {
        let outcome = applied.outcome.as_ref().unwrap_or_else(|error| error);
        let name = format::words(applied.stamped.action.name());
        ui.label(look.quiet(format!("Tick {}: {name}, {outcome}", format::count(applied.stamped.tick))));
    }
    ui.label(look.quiet("Click to go to this tick, drag to move, wheel to zoom, Shift and drag to zoom into a part"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn level_curves_get_room_too() {
        assert_eq!(room(0.0, 100.0), (-8.0, 108.0));
        assert_eq!(room(0.0, 0.0), (-1.0, 1.0));
        assert_eq!(room(10.0, 10.0), (9.0, 11.0));
    }
}
