//! The strip of time: where the run is, what happened in it, and the way to any other tick.

mod marks;
mod scale;

use std::fmt::Write as _;

use agent2028_core::clock::ticks_in;
use agent2028_core::event::EventKinds;
use agent2028_core::intervention::{Applied, InterventionQueue};
use agent2028_core::timeline::{Branch, BranchId, EventMark, Seeking, Timeline};
use agent2028_view::tokens::{motion, spacing, type_size};
use bevy_egui::egui;
use egui::{
    Align, Align2, FontId, Key, Layout, Painter, Rangef, Rect, Response, RichText, Sense, Stroke, TextEdit, Ui,
    UiBuilder, WidgetInfo, WidgetType, pos2, vec2,
};
use egui_material_icons::icons::{ICON_CALL_SPLIT, ICON_CLOSE, ICON_FIT_WIDTH, ICON_REDO, ICON_UNDO};

use self::marks::{Mark, marks};
use self::scale::Range;
use crate::actions::{Action, Actions, Travel};
use crate::format;
use crate::shortcuts::{Command, keys};
use crate::theme::{Look, measure};
use crate::widgets;

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct TimelineView<'a> {
    /// Branches and keyframes.
    pub timeline: &'a Timeline,
    /// What was applied in the current branch as far as it ran.
    pub log: &'a [Applied],
    /// What waits.
    pub waiting: &'a InterventionQueue,
    /// The scene's captions with their ticks, in order.
    pub captions: &'a [(u64, String)],
    /// What plugins say of the kinds of events.
    pub kinds: &'a EventKinds,
    /// The last tick that ran.
    pub tick: u64,
    /// Ticks per simulated second.
    pub tick_hz: f64,
    /// Whether ticks happen by themselves.
    pub playing: bool,
    /// Whether keyframes are shown: where they are kept depends on how fast the machine is, so pictures leave them out.
    pub keyframes: bool,
}

/// What the panel remembers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TimelineState {
    /// What is shown, if not everything.
    range: Option<Range>,
    /// The tick that was asked for by dragging.
    asked: Option<u64>,
    /// What is typed as the tick to go to.
    pub jump: String,
    /// Whether the field for it wants the keyboard.
    pub jumping: bool,
    /// Since when a way to another tick is shown, in seconds of real time.
    seeking_since: Option<f64>,
    /// The run that was shown last, and since when.
    shown: Option<(BranchId, f64)>,
}

/// The waiting interventions that are drawn at most; a scene may script many thousands.
const MOST_WAITING: usize = 2000;

/// Shows the strip.
pub fn show(ui: &mut Ui, look: &Look, view: &TimelineView, state: &mut TimelineState, actions: &mut Actions) {
    let Some(branch) = view.timeline.current() else {
        ui.centered_and_justified(|ui| ui.label(look.quiet("Time begins with the first frame of a scene")));
        return;
    };
    ui.spacing_mut().item_spacing.x = spacing::TIGHT;
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        history(ui, look, view, branch, state, actions);
        ui.add_space(spacing::NORMAL);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            destination(ui, look, view, state, actions);
            ui.add_space(spacing::NORMAL);
            let (rect, _) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
            let mut child = ui.new_child(UiBuilder::new().max_rect(rect).layout(Layout::top_down(Align::Min)));
            band(&mut child, look, view, branch, state, actions, rect);
        });
    });
}

/// Undo, redo, fork, and which run this is.
fn history(
    ui: &mut Ui,
    look: &Look,
    view: &TimelineView,
    branch: &Branch,
    state: &mut TimelineState,
    actions: &mut Actions,
) {
    let told = |action: Option<&agent2028_core::intervention::AnyIntervention>| {
        action.map(|action| format::words(action.name()).to_lowercase())
    };
    let undoable = told(view.timeline.undoable());
    ui.add_enabled_ui(undoable.is_some(), |ui| {
        let button = widgets::icon_button(ui, look, ICON_UNDO, "Undo");
        let what = undoable.unwrap_or_default();
        let text = format!("Undo {what}: a run without your last change, at the same tick");
        if widgets::tip(button, look, &text, keys(Command::Undo))
            .on_disabled_hover_text(look.body("Nothing of yours to undo: you have changed nothing in this run"))
            .clicked()
        {
            actions.push(Action::Time(Travel::Undo));
        }
    });
    let redoable = told(view.timeline.redoable());
    ui.add_enabled_ui(redoable.is_some(), |ui| {
        let button = widgets::icon_button(ui, look, ICON_REDO, "Redo");
        let text = format!("Redo {}: back to the run with that change", redoable.unwrap_or_default());
        if widgets::tip(button, look, &text, keys(Command::Redo))
            .on_disabled_hover_text(look.body("Nothing to redo"))
            .clicked()
        {
            actions.push(Action::Time(Travel::Redo));
        }
    });
    let fork = widgets::icon_button(ui, look, ICON_CALL_SPLIT, "Fork here");
    let text = "Fork here: a second run that goes on from this tick. A change in the past forks by itself.";
    if widgets::tip(fork, look, text, keys(Command::Fork)).clicked() {
        actions.push(Action::Time(Travel::Fork));
    }
    let mut chosen = branch.id();
    let now = ui.input(|input| input.time);
    if state.shown.is_none_or(|(run, _)| run != branch.id()) {
        // The first run is no news.
        state.shown = Some((branch.id(), if state.shown.is_none() { f64::NEG_INFINITY } else { now }));
    }
    let news = state.shown.is_some_and(|(_, since)| now - since < NEWS_S);
    let name = look.body(branch.name());
    let response = widgets::choice("run", measure::RUN_CHOICE, if news { name.color(look.accent) } else { name })
        .show_ui(ui, |ui| {
            for other in view.timeline.branches() {
                ui.selectable_value(&mut chosen, other.id(), look.body(other.name()));
            }
        })
        .response;
    widgets::named(ui, &response, WidgetType::ComboBox, "Run");
    response.on_hover_text(look.body("The run that is shown; another one is shown at the same tick if it ran so far"));
    if let Some(other) = view.timeline.branch(chosen).filter(|other| other.id() != branch.id()) {
        actions.push(Action::Time(Travel::Switch(chosen, view.timeline.position().min(other.furthest()))));
    }
}

/// Another run than before stands out for so many seconds of real time: a change in the past forks without a word.
const NEWS_S: f64 = 4.0;

/// On the way to a tick: how far, and to stop. Otherwise: a field for the tick to go to.
fn destination(ui: &mut Ui, look: &Look, view: &TimelineView, state: &mut TimelineState, actions: &mut Actions) {
    let now = ui.input(|input| input.time);
    let size = vec2(measure::JUMP, measure::CONTROL);
    let seeking = view.timeline.seeking().filter(|seeking| seeking.now != seeking.target);
    state.seeking_since = seeking.and(state.seeking_since.or(Some(now)));
    // What takes no longer than a blink would only flicker.
    let long = state.seeking_since.is_some_and(|since| now - since >= f64::from(motion::PANEL));
    // The strip must keep its width while it is dragged: this place is as wide whatever stands in it.
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let layout = Layout::right_to_left(Align::Center);
    let mut place = ui.new_child(UiBuilder::new().max_rect(rect).layout(layout));
    let ui = &mut place;
    ui.spacing_mut().item_spacing.x = spacing::TIGHT;
    if let Some(seeking) = seeking.filter(|_| long) {
        let stop = widgets::icon_button(ui, look, ICON_CLOSE, "Stop here");
        if widgets::tip(stop, look, "Stop here: stay at the tick that is reached", "").clicked() {
            actions.push(Action::Time(Travel::Stay));
        }
        let (target, part) = (format::count(seeking.target), format::percent(f64::from(seeking.progress())));
        ui.label(look.quiet(format!("to {target} · {part}"))).on_hover_text(look.body(way(&seeking)));
        return;
    }
    if state.range.is_some() {
        let fit = widgets::icon_button(ui, look, ICON_FIT_WIDTH, "Show all of the run");
        if widgets::tip(fit, look, "Show all of the run: double click on the strip", "").clicked() {
            state.range = None;
        }
    }
    jump(ui, look, view, state, actions);
}

fn way(seeking: &Seeking) -> String {
    format!(
        "Runs again from the keyframe at tick {} to tick {}; tick {} is reached",
        format::count(seeking.from),
        format::count(seeking.target),
        format::count(seeking.now)
    )
}

fn jump(ui: &mut Ui, look: &Look, view: &TimelineView, state: &mut TimelineState, actions: &mut Actions) {
    let edit = TextEdit::singleline(&mut state.jump)
        .hint_text(look.quiet("Go to tick"))
        .font(egui::TextStyle::Monospace)
        .desired_width((ui.available_width() - spacing::NORMAL).max(0.0))
        .id_salt("jump");
    let response = ui.add(edit);
    widgets::named(ui, &response, WidgetType::TextEdit, "Go to tick");
    if std::mem::take(&mut state.jumping) {
        response.request_focus();
    }
    let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    let tip = "A tick, as 1200, or a time, as 0:20. One that has not run yet is run up to.";
    widgets::tip(response, look, tip, keys(Command::GoToTick));
    if entered {
        if let Some(tick) = parse(&state.jump, view.tick_hz) {
            actions.push(Action::Time(Travel::Seek(tick)));
        }
        state.jump.clear();
    }
}

/// A tick as a number (spaces between thousands are fine), or a time as `m:ss` or `h:mm:ss`.
fn parse(text: &str, tick_hz: f64) -> Option<u64> {
    let text: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    if !text.contains(':') {
        return text.parse().ok();
    }
    let mut seconds = 0.0;
    for part in text.split(':') {
        let part: f64 = part.parse().ok().filter(|part: &f64| part.is_finite() && *part >= 0.0)?;
        seconds = seconds * 60.0 + part;
    }
    Some(ticks_in(seconds, tick_hz))
}

/// Where the first and the last tick stand. However narrow the window is, the one is never right of the other.
fn across(rect: Rect) -> Rangef {
    let room = rect.x_range().shrink(measure::STRIP_MARK / 2.0);
    if room.max >= room.min { room } else { Rangef::point(room.center()) }
}

/// The strip itself.
fn band(
    ui: &mut Ui,
    look: &Look,
    view: &TimelineView,
    branch: &Branch,
    state: &mut TimelineState,
    actions: &mut Actions,
    rect: Rect,
) {
    let all = Range::fitted(view.timeline.start(), branch.furthest().max(view.timeline.position()), view.tick_hz);
    let across = across(rect);
    let response = ui.interact(rect, ui.id().with("band"), Sense::click_and_drag());
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::slider(enabled, view.tick as f64, "Time"));
    let range = navigate(ui, &response, state, view, all, across);
    scrub(&response, state, view, branch, range, across, actions);

    let painter = ui.painter_at(rect);
    let lanes = Lanes::of(rect);
    labels(&painter, look, view, range, across, rect);
    rail(&painter, look, view, branch, range, across, &lanes);
    let lines = told(&painter, look, view, branch, range, across, &lanes, response.hover_pos().map(|at| at.x));
    interventions(ui, &painter, look, view, branch, range, across, &lanes, actions);
    playhead(&painter, look, view, range, across, rect, &lanes);
    tooltip(response, look, view, branch, range, across, &lines);
}

/// What stands at which height.
struct Lanes {
    top: f32,
    marks: f32,
    rail: Rangef,
    events: Rangef,
    keyframes: Rangef,
}

impl Lanes {
    fn of(rect: Rect) -> Self {
        let top = rect.top() + type_size::SMALL + spacing::TIGHT;
        let marks = top + measure::STRIP_MARK / 2.0;
        let rail = Rangef::new(top + measure::STRIP_MARK + spacing::HAIRLINE, 0.0);
        let rail = Rangef::new(rail.min, rail.min + measure::STRIP_RAIL);
        let events = Rangef::new(rail.max + spacing::HAIRLINE, rect.bottom());
        let keyframes = Rangef::new(rect.bottom() - spacing::TIGHT * 0.75, rect.bottom());
        Self { top, marks, rail, events, keyframes }
    }
}

/// Wheel zooms around the pointer, sideways moves, double click shows everything.
fn navigate(
    ui: &Ui,
    response: &Response,
    state: &mut TimelineState,
    view: &TimelineView,
    all: Range,
    across: Rangef,
) -> Range {
    let mut range = state.range.unwrap_or(all);
    if let Some(at) = response.hover_pos() {
        let scroll = ui.input(|input| input.smooth_scroll_delta);
        let span = range.to - range.from;
        if scroll.y != 0.0 {
            let around = range.tick(at.x, across) as f64;
            range = range.zoomed(f64::from(scroll.y * ZOOM_PER_POINT).exp(), around, all);
        }
        if scroll.x != 0.0 {
            range = range.moved(-f64::from(scroll.x / across.span().max(1.0)) * span, all);
        }
        if scroll != egui::Vec2::ZERO {
            state.range = (range != all).then_some(range);
        }
    }
    if response.double_clicked() {
        state.range = None;
        range = all;
    }
    // Playing on, the playhead turns the page.
    if let Some(shown) = &mut state.range
        && view.playing
        && view.tick as f64 > shown.to
        && (view.tick as f64) < shown.to + (shown.to - shown.from)
    {
        *shown = shown.moved(shown.to - shown.from, all);
        range = *shown;
    }
    range
}

/// How fast the wheel zooms.
const ZOOM_PER_POINT: f32 = 1.0 / 200.0;

/// Pressing goes to the tick under the pointer, and dragging along.
fn scrub(
    response: &Response,
    state: &mut TimelineState,
    view: &TimelineView,
    branch: &Branch,
    range: Range,
    across: Rangef,
    actions: &mut Actions,
) {
    let at = response.interact_pointer_pos().filter(|_| response.is_pointer_button_down_on());
    let Some(at) = at else {
        state.asked = None;
        return;
    };
    let tick = range.tick(at.x, across).min(branch.furthest()).max(view.timeline.start());
    if state.asked != Some(tick) {
        state.asked = Some(tick);
        if tick != view.timeline.position() {
            actions.push(Action::Time(Travel::Seek(tick)));
        }
    }
}

fn labels(painter: &Painter, look: &Look, view: &TimelineView, range: Range, across: Rangef, rect: Rect) {
    let seconds = (range.to - range.from) / view.tick_hz;
    let least = seconds * f64::from(measure::STRIP_LABEL / across.span().max(1.0));
    for (tick, time) in range.labels(view.tick_hz, least) {
        let x = range.x(tick, across).round() + 0.5;
        painter.vline(x, Rangef::new(rect.top(), rect.bottom()), Stroke::new(spacing::HAIRLINE, look.hairline));
        let text = |text: String, font| painter.layout_no_wrap(text, font, look.secondary);
        let time = text(time, FontId::monospace(type_size::SMALL));
        let tick = text(format!("tick {}", format::count(tick)), FontId::proportional(type_size::SMALL));
        let at = pos2(x + spacing::TIGHT, rect.top());
        let next = at + vec2(time.size().x + spacing::NORMAL, 0.0);
        let (time_fits, tick_fits) = (next.x <= rect.right(), next.x + tick.size().x <= rect.right());
        if time_fits {
            painter.galley(at, time, look.secondary);
        }
        if tick_fits {
            painter.galley(next, tick, look.secondary);
        }
    }
}

/// What has been played, what is known to come, and where keyframes are.
fn rail(
    painter: &Painter,
    look: &Look,
    view: &TimelineView,
    branch: &Branch,
    range: Range,
    across: Rangef,
    lanes: &Lanes,
) {
    let x = |tick: u64| range.x(tick, across).clamp(across.min, across.max);
    let part = |from: f32, to: f32| Rect::from_x_y_ranges(Rangef::new(from, to), lanes.rail);
    let radius = spacing::HAIRLINE;
    painter.rect_filled(part(across.min, across.max), radius, look.background);
    let (start, now) = (x(view.timeline.start()), x(view.tick));
    painter.rect_filled(part(start, x(branch.furthest())), radius, look.hairline);
    painter.rect_filled(part(start, now), radius, look.disabled);
    if let Some(seeking) = view.timeline.seeking() {
        let target = x(seeking.target);
        painter.rect_filled(part(now.min(target), now.max(target)), radius, look.accent.gamma_multiply(0.35));
    }
    let mut last = f32::NAN;
    for tick in view.timeline.keyframes(branch.id()).filter(|tick| view.keyframes && range.holds(*tick)) {
        let at = x(tick).round() + 0.5;
        if at != last {
            painter.vline(at, lanes.keyframes, Stroke::new(spacing::HAIRLINE, look.disabled));
            last = at;
        }
    }
}

/// Events that stand out, captions and the fork; returns what is told about those under the pointer.
fn told(
    painter: &Painter,
    look: &Look,
    view: &TimelineView,
    branch: &Branch,
    range: Range,
    across: Rangef,
    lanes: &Lanes,
    pointer: Option<f32>,
) -> Vec<String> {
    let mut lines = Vec::new();
    let near = |x: f32| pointer.is_some_and(|pointer| (pointer - x).abs() <= measure::STRIP_MARK / 2.0);
    let mut columns: Vec<(f32, u8)> = Vec::new();
    for mark in branch.marks().filter(|mark| range.holds(mark.tick)) {
        let x = range.x(mark.tick, across).round() + 0.5;
        if near(x) && lines.len() < MOST_TOLD {
            lines.push(event_line(mark, view.kinds));
        }
        match columns.last_mut() {
            Some((last, priority)) if *last == x => *priority = mark.priority.max(*priority),
            _ => columns.push((x, mark.priority)),
        }
    }
    for (x, priority) in columns {
        let (color, reach) = match priority {
            9.. => (look.danger, 1.0),
            8 => (look.warning, 0.8),
            _ => (look.info, 0.6),
        };
        let lane = Rangef::new(lanes.events.min, lanes.events.min + lanes.events.span() * reach);
        painter.vline(x, lane, Stroke::new(measure::CURVE, color));
    }
    for (tick, text) in view.captions.iter().filter(|(tick, _)| range.holds(*tick)) {
        let x = range.x(*tick, across).round() + 0.5;
        if near(x) {
            lines.push(format!("Tick {} · Caption: {text}", format::count(*tick)));
        }
        let flag = Rect::from_min_size(pos2(x, lanes.marks - spacing::TIGHT), vec2(spacing::NORMAL, spacing::TIGHT));
        painter.vline(x, Rangef::new(flag.top(), lanes.rail.max), Stroke::new(spacing::HAIRLINE, look.secondary));
        painter.rect_filled(flag, 0.0, look.secondary);
    }
    if let Some((parent, fork)) = view.timeline.parent(branch.id()).filter(|(_, fork)| range.holds(*fork)) {
        let x = range.x(fork, across).round() + 0.5;
        if near(x) {
            let name = view.timeline.branch(parent).map_or("another run", |parent| parent.name());
            lines.push(format!("Tick {} · Fork: until here as in {name}", format::count(fork)));
        }
        let y = Rangef::new(lanes.marks - spacing::TIGHT, lanes.events.max);
        painter.vline(x, y, Stroke::new(spacing::HAIRLINE, look.text));
        let icon = FontId::new(type_size::SMALL, ICON_CALL_SPLIT.font_family());
        // Below the rail: the change that forked stands right beside it, above.
        let at = pos2(x - spacing::NORMAL, lanes.events.center());
        painter.text(at, Align2::CENTER_CENTER, ICON_CALL_SPLIT.codepoint, icon, look.text);
    }
    lines
}

/// So many lines about events stand in one tooltip.
const MOST_TOLD: usize = 8;

fn event_line(mark: &EventMark, kinds: &EventKinds) -> String {
    let mut line = format!("Tick {} · {}", format::count(mark.tick), super::events::words_of(kinds, mark.kind));
    if mark.count > 1 {
        let _ = write!(line, " ({} times)", format::count(mark.count));
    }
    let _ = write!(line, ": {}", mark.text);
    line
}

fn interventions(
    ui: &Ui,
    painter: &Painter,
    look: &Look,
    view: &TimelineView,
    branch: &Branch,
    range: Range,
    across: Rangef,
    lanes: &Lanes,
    actions: &mut Actions,
) {
    let upcoming = view.waiting.iter().filter(|waiting| waiting.tick > branch.furthest()).take(MOST_WAITING);
    let shown = marks(view.log, upcoming, |tick| range.holds(tick).then(|| range.x(tick, across)));
    for (index, (x, mark)) in shown.into_iter().enumerate() {
        let at = pos2(x, lanes.marks);
        let place = Rect::from_center_size(at, egui::Vec2::splat(measure::STRIP_MARK + spacing::TIGHT / 2.0));
        let response = ui.interact(place, ui.id().with(("mark", index)), Sense::click_and_drag());
        let (enabled, name) = (ui.is_enabled(), mark.name());
        response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, enabled, name.as_str()));
        if response.hovered() || response.has_focus() {
            painter.circle_filled(at, measure::STRIP_MARK * 0.8, look.raised);
        }
        mark.kind.paint(painter, look, at, mark.by_user);
        let before = mark.tick.saturating_sub(1).max(view.timeline.start());
        let clicked = response.clicked();
        response.on_hover_ui(|ui| mark_tooltip(ui, look, &mark, before));
        if clicked {
            actions.push(Action::Time(Travel::Seek(before)));
        }
    }
}

fn mark_tooltip(ui: &mut Ui, look: &Look, mark: &Mark, before: u64) {
    for line in &mark.lines {
        ui.label(look.body(line.as_str()));
    }
    if mark.count > mark.lines.len() {
        ui.label(look.quiet(format!("and {} more", format::count((mark.count - mark.lines.len()) as u64))));
    }
    ui.label(look.quiet(format!("Click: go to tick {}, just before it", format::count(before))));
}

fn playhead(
    painter: &Painter,
    look: &Look,
    view: &TimelineView,
    range: Range,
    across: Rangef,
    rect: Rect,
    lanes: &Lanes,
) {
    let head = |tick: u64, color: egui::Color32| {
        if range.holds(tick) {
            let x = range.x(tick, across).round() + 0.5;
            // It begins below the labels: a line through a number makes it another one.
            painter.vline(x, Rangef::new(lanes.top, rect.bottom()), Stroke::new(measure::CURVE, color));
            let knob = Rect::from_center_size(
                pos2(x, lanes.rail.center()),
                vec2(measure::STRIP_RAIL, measure::STRIP_RAIL + spacing::TIGHT),
            );
            painter.rect_filled(knob, spacing::HAIRLINE * 2.0, color);
        }
    };
    if let Some(seeking) = view.timeline.seeking() {
        head(seeking.target, look.accent.gamma_multiply(0.6));
    }
    head(view.tick, look.accent);
}

/// Where the pointer is, and what is told about that place.
fn tooltip(
    response: Response,
    look: &Look,
    view: &TimelineView,
    branch: &Branch,
    range: Range,
    across: Rangef,
    lines: &[String],
) {
    let Some(pointer) = response.hover_pos() else {
        return;
    };
    let tick = range.tick(pointer.x, across).max(view.timeline.start());
    let part = if tick > branch.furthest() {
        "has not run yet"
    } else if tick > view.tick {
        "known: it comes again if nothing is changed"
    } else {
        "has been played"
    };
    response.on_hover_ui_at_pointer(|ui| {
        ui.horizontal(|ui| {
            let figure = |text: String| -> RichText { look.figure(text) };
            ui.label(figure(format!("tick {}", format::count(tick))));
            ui.label(figure(format::clock(tick as f64 / view.tick_hz)));
            ui.label(look.quiet(part));
        });
        for line in lines {
            ui.label(look.body(line.as_str()));
        }
        ui.label(look.quiet("Drag: go there. Wheel: zoom. Double click: show all of the run."));
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::event::{EventDeclaration, EventKind};
    use agent2028_core::tone::Tone;

    #[test]
    fn an_event_on_the_strip_is_called_what_its_plugin_calls_it() {
        let (storm, icon) = (EventKind::new("GaleWarning", 8), "\u{f052}");
        let mut kinds = EventKinds::default();
        kinds.add(&[EventDeclaration::new(storm, "Storm at sea", icon, Tone::Danger, "A storm comes up.")]);
        let mark = |kind, count| EventMark { tick: 12, kind, priority: 8, count, text: "force 9".into() };
        let line = event_line(&mark("GaleWarning", 1), &kinds);
        assert!(line.ends_with("Storm at sea: force 9"), "{line}");
        let line = event_line(&mark("GaleWarning", 3), &kinds);
        assert!(line.ends_with("Storm at sea (3 times): force 9"), "{line}");
        // A kind whose plugin isn't there has its key alone.
        let line = event_line(&mark("ShipSunk", 1), &kinds);
        assert!(line.ends_with("Ship sunk: force 9"), "{line}");
    }

    #[test]
    fn a_tick_can_be_typed_as_a_number_or_a_time() {
        assert_eq!(parse("1200", 60.0), Some(1200));
        assert_eq!(parse(" 1\u{202f}200 ", 60.0), Some(1200));
        assert_eq!(parse("0:20", 60.0), Some(1200));
        assert_eq!(parse("1:00:00.5", 60.0), Some(216_030));
        for wrong in ["", "x", "-5", "1:x", "1:-2", "nan:1"] {
            assert_eq!(parse(wrong, 60.0), None, "{wrong}");
        }
    }
}
