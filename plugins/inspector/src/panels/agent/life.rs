//! An agent's life as lanes over time: what it did, whether it was in order, how fast it was, what happened to it.

use std::collections::BTreeMap;

use agent2028_core::agent::Status;
use agent2028_core::clock::ticks_in;
use agent2028_core::life::{Life, Moment};
use agent2028_view::tokens::{spacing, type_size};
use bevy_egui::egui;
use egui::{
    Align2, Color32, FontId, Id, Label, Painter, Rangef, Rect, Response, Sense, Shape, Stroke, Ui, WidgetType, pos2,
    vec2,
};
use egui_material_icons::icons::ICON_TIMELINE;

use super::AgentView;
use super::events::Happening;
use crate::actions::{Action, Actions, Travel};
use crate::format;
use crate::theme::{Look, measure};
use crate::widgets;

/// How much of a life the lanes show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Span {
    /// The last ten simulated seconds.
    Seconds,
    /// The last simulated minute.
    #[default]
    Minute,
    /// All that is known.
    All,
}

impl Span {
    const ALL: [Self; 3] = [Self::Seconds, Self::Minute, Self::All];

    const fn label(self) -> &'static str {
        match self {
            Self::Seconds => "10 s",
            Self::Minute => "1 min",
            Self::All => "All",
        }
    }

    fn seconds(self) -> Option<f64> {
        match self {
            Self::Seconds => Some(10.0),
            Self::Minute => Some(60.0),
            Self::All => None,
        }
    }
}

/// What the lanes remember.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LifeState {
    /// How much is shown.
    pub span: Span,
}

/// Shows the life.
pub(super) fn show(ui: &mut Ui, look: &Look, view: &AgentView, state: &mut LifeState, actions: &mut Actions) {
    let known = view.life.filter(|life| !life.moments().is_empty());
    let Some(life) = known else {
        widgets::empty(
            ui,
            look,
            ICON_TIMELINE,
            "Nothing of its life is known yet",
            "It is written down tick by tick while the agent is selected or pinned: let the simulation run. To see what \
             it did before, go back in time with the agent selected; its life fills as the ticks run anew.",
        );
        return;
    };
    ui.horizontal(|ui| {
        ui.label(look.quiet("Show the last"));
        for span in Span::ALL {
            let response = ui.selectable_label(state.span == span, look.quiet(span.label()));
            widgets::named(ui, &response, WidgetType::Button, &format!("Show {}", span.label()));
            if response.clicked() {
                state.span = span;
            }
        }
    });
    ui.add_space(spacing::TIGHT);
    let ticks = shown_ticks(life, state.span, view.tick, view.tick_hz);
    lanes(ui, look, view, life, ticks, actions);
    ui.add_space(spacing::NORMAL);
    shares(ui, look, life, ticks);
    let note = "Hover to see what decided a moment, click to go there. Written down while it is selected or pinned.";
    ui.add(Label::new(look.quiet(note)).wrap());
}

/// The first and the last tick that are shown.
fn shown_ticks(life: &Life, span: Span, now: u64, tick_hz: f64) -> (u64, u64) {
    let first = life.moments().front().map_or(now, |moment| moment.tick);
    let wanted = span.seconds().map_or(0, |seconds| now.saturating_sub(ticks_in(seconds, tick_hz)));
    (first.max(wanted).min(now), now.max(first + 1))
}

fn within(life: &Life, (from, to): (u64, u64)) -> impl Iterator<Item = &Moment> {
    let first = life.moments().partition_point(|moment| moment.tick < from);
    life.moments().range(first..).take_while(move |moment| moment.tick <= to)
}

/// A stretch of time in which an agent did one thing.
#[derive(Clone, Debug, PartialEq)]
struct Band<T> {
    from: u64,
    to: u64,
    what: T,
}

/// Joins moments that are alike. A gap in what is known ends a band.
fn bands<'a, T: PartialEq>(
    moments: impl Iterator<Item = &'a Moment>,
    mut of: impl FnMut(&'a Moment) -> Option<T>,
) -> Vec<Band<T>> {
    let mut bands: Vec<Band<T>> = Vec::new();
    let mut last: Option<u64> = None;
    let mut step = 1;
    for moment in moments {
        // Older lives are coarser: what is a gap depends on how far moments lie apart.
        let apart = last.map_or(1, |last| moment.tick - last);
        let gap = apart > 4 * step.max(1);
        step = if gap { step } else { apart };
        last = Some(moment.tick);
        let Some(what) = of(moment) else { continue };
        match bands.last_mut() {
            Some(band) if !gap && band.what == what => band.to = moment.tick,
            Some(band) if !gap => {
                // Until something else began, it went on.
                band.to = moment.tick;
                bands.push(Band { from: moment.tick, to: moment.tick, what });
            }
            _ => bands.push(Band { from: moment.tick, to: moment.tick, what }),
        }
    }
    bands
}

/// The activities in the order in which they first appeared, which gives them their colours.
fn palette(life: &Life) -> Vec<&str> {
    let mut known: Vec<&str> = Vec::new();
    for why in life.moments().iter().filter_map(|moment| moment.why.as_ref()) {
        if !known.contains(&why.activity.as_str()) {
            known.push(&why.activity);
        }
    }
    known
}

fn lanes(ui: &mut Ui, look: &Look, view: &AgentView, life: &Life, ticks: (u64, u64), actions: &mut Actions) {
    let lane = measure::LANE;
    let height = 4.0 * lane + 3.0 * spacing::TIGHT + measure::SMALL_LINE;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
    let words = format!("Life of {}, ticks {} to {}", view.agent.name, format::count(ticks.0), format::count(ticks.1));
    widgets::named(ui, &response, WidgetType::Button, &words);
    let x_of = |tick: u64| {
        let share = tick.saturating_sub(ticks.0) as f32 / (ticks.1 - ticks.0).max(1) as f32;
        rect.left() + share.min(1.0) * rect.width()
    };
    if ui.is_rect_visible(rect) {
        let painter = ui.painter().with_clip_rect(rect.expand(1.0));
        let row = |at: usize| {
            let top = rect.top() + at as f32 * (lane + spacing::TIGHT);
            Rangef::new(top, top + lane)
        };
        let palette = palette(life);
        let shown = || within(life, ticks);
        for band in bands(shown(), |moment| moment.why.as_ref().map(|why| why.activity.as_str())) {
            let color = activity_color(look, &palette, band.what);
            stretch(
                &painter,
                look,
                Rect::from_x_y_ranges(x_of(band.from)..=x_of(band.to), row(0)),
                color,
                Some(band.what),
            );
        }
        for band in bands(shown(), |moment| Some((moment.status, moment.health < 1.0))) {
            let (status, degraded) = band.what;
            let color = widgets::status_color(look, status, degraded);
            let word = (status != Status::Active || degraded).then(|| widgets::status_word(status, degraded));
            stretch(&painter, look, Rect::from_x_y_ranges(x_of(band.from)..=x_of(band.to), row(1)), color, word);
        }
        speeds(&painter, look, shown(), row(2), x_of);
        marks(&painter, look, view.happenings, ticks, row(3), x_of);
        let font = FontId::monospace(type_size::SMALL);
        let bottom = rect.bottom();
        painter.text(
            pos2(rect.left(), bottom),
            Align2::LEFT_BOTTOM,
            format::count(ticks.0),
            font.clone(),
            look.secondary,
        );
        painter.text(pos2(rect.right(), bottom), Align2::RIGHT_BOTTOM, format::count(ticks.1), font, look.secondary);
    }
    pointed_at(ui, look, view, life, ticks, rect, response, actions);
}

fn activity_color(look: &Look, palette: &[&str], activity: &str) -> Color32 {
    look.category(palette.iter().position(|known| *known == activity).unwrap_or(0))
}

/// A filled stretch with its name in it, if there is room.
fn stretch(painter: &Painter, look: &Look, rect: Rect, color: Color32, word: Option<&str>) {
    let rect = rect.with_max_x(rect.right().max(rect.left() + 1.0));
    painter.rect_filled(rect, 0.0, color.gamma_multiply(0.45));
    painter.vline(rect.left(), rect.y_range(), Stroke::new(spacing::HAIRLINE, color));
    let Some(word) = word else { return };
    let font = FontId::proportional(type_size::SMALL);
    let galley = painter.layout_no_wrap(word.to_owned(), font, look.text);
    if galley.size().x + spacing::NORMAL <= rect.width() {
        let at = pos2(rect.left() + spacing::TIGHT, rect.center().y - galley.size().y / 2.0);
        painter.galley(at, galley, look.text);
    }
}

/// The speed as a curve from 0 to the largest shown.
fn speeds<'a>(
    painter: &Painter,
    look: &Look,
    moments: impl Iterator<Item = &'a Moment>,
    lane: Rangef,
    x_of: impl Fn(u64) -> f32,
) {
    let samples: Vec<(u64, f32)> = moments.filter_map(|moment| Some((moment.tick, moment.speed?))).collect();
    let most = samples.iter().map(|(_, speed)| *speed).fold(0.0, f32::max);
    let last = samples.len().saturating_sub(1);
    // As many points as pixels are enough.
    let every = (samples.len() / 512).max(1);
    let points: Vec<egui::Pos2> = samples
        .iter()
        .enumerate()
        .filter(|(at, _)| at % every == 0 || *at == last)
        .map(|(_, (tick, speed))| {
            let share = if most > 0.0 { speed / most } else { 0.0 };
            pos2(x_of(*tick), egui::lerp(lane.max..=lane.min, share))
        })
        .collect();
    painter.hline(painter.clip_rect().x_range(), lane.max, crate::theme::hairline(look));
    painter.add(Shape::line(points, Stroke::new(measure::CURVE, look.info)));
    let font = FontId::proportional(type_size::SMALL);
    let text = format!("speed, up to {}", format::with_unit(f64::from(most), "units/s"));
    let galley = painter.layout_no_wrap(text, font, look.secondary);
    let at = pos2(painter.clip_rect().left() + spacing::TIGHT, lane.min);
    let behind = Rect::from_min_size(at, galley.size());
    painter.rect_filled(behind, 0.0, look.panel.gamma_multiply(0.7));
    painter.galley(at, galley, look.secondary);
}

/// What happened as dots, what intervened as diamonds.
fn marks(
    painter: &Painter,
    look: &Look,
    happenings: &[Happening],
    ticks: (u64, u64),
    lane: Rangef,
    x_of: impl Fn(u64) -> f32,
) {
    let middle = lane.center();
    painter.hline(painter.clip_rect().x_range(), middle, crate::theme::hairline(look));
    for happening in happenings.iter().filter(|happening| (ticks.0..=ticks.1).contains(&happening.tick)) {
        let at = pos2(x_of(happening.tick), middle);
        if happening.intervention {
            let half = measure::DOT + 1.0;
            let corners = vec![at - vec2(0.0, half), at + vec2(half, 0.0), at + vec2(0.0, half), at - vec2(half, 0.0)];
            painter.add(Shape::convex_polygon(corners, look.accent, Stroke::NONE));
        } else {
            painter.circle_filled(at, measure::DOT, look.info);
        }
    }
}

/// A line at the pointer, what decided that moment, and the way there.
fn pointed_at(
    ui: &Ui,
    look: &Look,
    view: &AgentView,
    life: &Life,
    ticks: (u64, u64),
    rect: Rect,
    response: Response,
    actions: &mut Actions,
) {
    let Some(pointer) = response.hover_pos() else {
        if response.clicked() {
            // By the keyboard: to the beginning of what is shown.
            actions.push(Action::Time(Travel::Seek(ticks.0)));
        }
        return;
    };
    let share = ((pointer.x - rect.left()) / rect.width()).clamp(0.0, 1.0);
    let tick = ticks.0 + (f64::from(share) * (ticks.1 - ticks.0) as f64).round() as u64;
    ui.painter().vline(pointer.x, rect.y_range(), Stroke::new(spacing::HAIRLINE, look.accent));
    if response.clicked() {
        actions.push(Action::Time(Travel::Seek(tick)));
    }
    let near = (ticks.1 - ticks.0) / 60;
    let happened: Vec<&Happening> =
        view.happenings.iter().filter(|happening| happening.tick.abs_diff(tick) <= near).take(4).collect();
    let moment = life.at(tick);
    response.on_hover_ui_at_pointer(|ui| {
        ui.set_max_width(measure::SCENE_LIST);
        ui.label(look.figure(format!("tick {}", format::count(tick))).color(look.secondary));
        if let Some(moment) = moment {
            moment_in_words(ui, look, moment);
        }
        for happening in happened {
            let text = format!("{}: {}", happening.kind, happening.text);
            ui.add(Label::new(look.body(text).color(look.accent)).wrap());
        }
        ui.label(look.quiet("Click to go there"));
    });
}

fn moment_in_words(ui: &mut Ui, look: &Look, moment: &Moment) {
    let Some(why) = &moment.why else {
        ui.label(look.quiet("What decided this tick was not written down"));
        return;
    };
    ui.add(Label::new(look.strong(why.sentence.as_str())).wrap());
    ui.add(Label::new(look.body(format!("Then it {}.", why.outcome))).wrap());
    egui::Grid::new(Id::new("inputs of a moment")).num_columns(2).spacing(vec2(spacing::WIDE, 0.0)).show(ui, |ui| {
        for (name, value, unit) in why.terms.iter().take(8) {
            ui.label(look.quiet(name.as_str()));
            ui.label(look.figure(super::why::value_text(value, unit)));
            ui.end_row();
        }
    });
}

/// How much of the time shown it spent with what.
fn shares(ui: &mut Ui, look: &Look, life: &Life, ticks: (u64, u64)) {
    let palette = palette(life);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for why in within(life, ticks).filter_map(|moment| moment.why.as_ref()) {
        *counts.entry(&why.activity).or_default() += 1;
    }
    let total: usize = counts.values().sum();
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    for (activity, count) in counts {
        widgets::property(ui, look, activity, |ui| {
            ui.label(look.figure(format::percent(count as f64 / total.max(1) as f64)));
            widgets::swatch(ui, activity_color(look, &palette, activity));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::math::Vec2;

    fn moment(tick: u64, status: Status) -> Moment {
        Moment { tick, position: Vec2::ZERO, speed: Some(1.0), status, health: 1.0, why: None }
    }

    #[test]
    fn moments_that_are_alike_are_one_band_and_gaps_part_them() {
        let moments = [
            moment(1, Status::Active),
            moment(2, Status::Active),
            moment(3, Status::Failed),
            moment(40, Status::Failed),
            moment(41, Status::Failed),
        ];
        let bands = bands(moments.iter(), |moment| Some(moment.status));
        let told: Vec<(u64, u64, Status)> = bands.iter().map(|band| (band.from, band.to, band.what)).collect();
        assert_eq!(told, [(1, 3, Status::Active), (3, 3, Status::Failed), (40, 41, Status::Failed)]);
    }

    #[test]
    fn the_lanes_show_what_was_asked_for() {
        let life = Life::default();
        assert_eq!(shown_ticks(&life, Span::All, 900, 60.0), (900, 901));
        assert_eq!(Span::Seconds.seconds(), Some(10.0));
    }
}
