//! One agent: its reputation, what was said of it over time, and by whom.

use agent2028_core::agent::{AgentGroups, AgentId};
use agent2028_trust::score::Evidence;
use agent2028_trust::trust::Observation;
use agent2028_trust::trust_record::{CORRECTED, EXPOSED, ISOLATED};
use agent2028_trust::{Trust, TrustConfig};
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Pos2, Sense, Shape, Stroke, Ui, WidgetInfo, WidgetType, pos2, vec2};

use super::{TrustView, share};
use agent2028_kit::actions::{Action, Actions};
use agent2028_kit::format;
use agent2028_kit::theme::{Look, measure};
use agent2028_kit::widgets::{self, Cell};

/// As many of the last ratings are listed.
const MOST_LISTED: usize = 12;
/// As many raters are listed.
const MOST_RATERS: usize = 8;

/// What it is held to be, and how that came to be.
pub(super) fn reputation(
    ui: &mut Ui,
    look: &Look,
    view: &TrustView,
    trust: &Trust,
    config: &TrustConfig,
    agent: AgentId,
) {
    let Some(standing) = trust.standing(agent) else {
        ui.label(look.quiet("Nothing is known of it."));
        return;
    };
    let mut tell = |name: &str, value: String| widgets::property_text(ui, look, name, look.figure(value));
    tell("Reputation", share(f64::from(standing.score)));
    tell("At least", share(f64::from(standing.conservative)));
    tell("For routing", share(f64::from(standing.trust)));
    tell("Confidence", format::percent(f64::from(standing.confidence)));
    let pooled = standing.pooled();
    tell("For it", format::fixed(pooled.r, 1));
    tell("Against it", format::fixed(pooled.s, 1));
    if trust.graph().edges_of(agent.0).next().is_some() {
        tell("Its word counts", share(f64::from(standing.credibility)));
    }
    for (flag, words, tint) in [
        (ISOLATED, "Given no work for lack of trust", look.danger),
        (EXPOSED, "Says of others what nobody else does", look.warning),
        (CORRECTED, "Its score was wrong and stands corrected", look.info),
    ] {
        if standing.flags & flag != 0 {
            ui.label(look.body(words).color(tint));
        }
    }
    let (said, _) = trust.since(agent, 0);
    curve(ui, look, view, config, &said, (pooled.r, pooled.s));
}

/// The score of what was said of it, from now back as far as ratings are kept, with a mark for each rating.
fn curve(ui: &mut Ui, look: &Look, view: &TrustView, config: &TrustConfig, said: &[Observation], now: (f64, f64)) {
    let Some(first) = said.first().map(|observation| observation.tick) else {
        return;
    };
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), measure::PLOT.1), Sense::hover());
    let span = view.tick.saturating_sub(first).max(1) as f32;
    let at = |tick: u64, value: f64| {
        let share = (tick.saturating_sub(first)) as f32 / span;
        pos2(rect.left() + share * rect.width(), rect.bottom() - value as f32 * rect.height())
    };
    let painter = ui.painter().with_clip_rect(rect);
    for level in [0.0, 0.5, 1.0] {
        painter.hline(rect.x_range(), at(first, level).y, Stroke::new(spacing::HAIRLINE, look.hairline));
    }
    let fading = config.forgetting.fading();
    let severity = config.betrayal.map_or(1.0, |betrayal| f64::from(betrayal.severity));
    let (mut r, mut s) = now;
    let mut later = view.tick;
    let mut points: Vec<Pos2> = vec![at(view.tick, (r + 1.0) / (r + s + 2.0))];
    for observation in said.iter().rev() {
        let days = (later - observation.tick) as f64 / view.tick_hz / 86_400.0;
        let kept = fading.kept(days).max(f64::MIN_POSITIVE);
        let good = observation.said.good();
        // What was known when this was said, and just before.
        (r, s) = (r / kept, s / kept);
        points.push(at(observation.tick, (r + 1.0) / (r + s + 2.0)));
        (r, s) = ((r - good).max(0.0), (s - severity * (1.0 - good)).max(0.0));
        later = observation.tick;
        let tint = if good >= 0.5 { look.good } else { look.danger };
        let foot = at(observation.tick, if good >= 0.5 { 1.0 } else { 0.0 });
        let tip = foot + vec2(0.0, if good >= 0.5 { spacing::TIGHT } else { -spacing::TIGHT });
        painter.line_segment([foot, tip], Stroke::new(spacing::HAIRLINE, tint));
    }
    painter.add(Shape::line(points, Stroke::new(measure::CURVE, look.info)));
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Image, enabled, "Score of what was said of it over time"));
    let seconds = f64::from(span) / view.tick_hz;
    let told = format!(
        "{} in the last {}",
        format::counted(said.len() as u64, "rating", "ratings"),
        format::with_unit(seconds, "s")
    );
    ui.label(look.quiet(told));
}

/// The last ratings, and those who say most.
pub(super) fn said(
    ui: &mut Ui,
    look: &Look,
    view: &TrustView,
    trust: &Trust,
    agent: AgentId,
    raters: &[(AgentId, Evidence)],
    actions: &mut Actions,
) {
    if raters.is_empty() {
        ui.label(look.quiet("Nobody has said anything of it."));
        return;
    }
    let mut list = |ui: &mut Ui, rater: AgentId, value: String, tint: egui::Color32| {
        let name = AgentGroups::name_in(view.world, rater);
        let response = widgets::row_background(ui, look, (&name, &value, ui.cursor().top().to_bits()), false);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = spacing::TIGHT;
            let rest = widgets::rest(ui, measure::FIGURE_COLUMN);
            widgets::cell(ui, rest, Cell::Left, |ui| ui.label(look.body(&name)));
            widgets::right_figure(ui, measure::FIGURE_COLUMN, look.figure(value).color(tint));
        });
        if response.clicked() {
            let mut both = vec![rater, agent];
            both.sort_unstable();
            actions.push(Action::Select(both));
        }
    };
    let tint = |score: f64| if score >= 0.5 { look.text } else { look.danger };
    for (rater, evidence) in raters.iter().take(MOST_RATERS) {
        list(ui, *rater, share(evidence.score()), tint(evidence.score()));
    }
    if raters.len() > MOST_RATERS {
        let more = (raters.len() - MOST_RATERS) as u64;
        ui.label(look.quiet(format!("and {} more", format::counted(more, "rater", "raters"))));
    }
    ui.add_space(spacing::NORMAL);
    ui.label(look.quiet("Last ratings"));
    let (about, _) = trust.since(agent, 0);
    for observation in about.iter().rev().take(MOST_LISTED) {
        let value = observation.said.name();
        let good = observation.said.good();
        list(ui, AgentId(observation.rater), value.into(), tint(good));
    }
}
