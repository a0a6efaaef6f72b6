//! The graph of trust, laid out by forces: those who have to do with each other stand near each other.

use std::collections::BTreeMap;

use agent2028_core::agent::{AgentGroups, AgentId};
use agent2028_trust::Trust;
use agent2028_trust::trust_record::{EXPOSED, ISOLATED};
use agent2028_view::tokens::{spacing, type_size};
use bevy::math::ops;
use bevy_egui::egui;
use egui::{Align2, FontId, Pos2, Rect, Sense, Stroke, Ui, Vec2, WidgetInfo, WidgetType, pos2};

use super::{TrustState, TrustView, share};
use agent2028_kit::actions::{Action, Actions};
use agent2028_kit::format;
use agent2028_kit::theme::{Look, measure};
use agent2028_kit::widgets;

/// More agents than this can't be told apart.
const MOST_AGENTS: usize = 120;
/// More edges than this make the drawing black.
const MOST_EDGES: usize = 1500;
/// How often forces pull when the graph is new, and when it has changed.
const STEPS: (usize, usize) = (160, 24);
/// How long a drawing stands, in seconds of real time.
pub(super) const INTERVAL_S: f64 = 1.0;
/// Names are written up to so many agents.
const MOST_NAMES: usize = 40;
const MOST_LETTERS: usize = 16;

/// An edge of the drawing, by places of its ends.
#[derive(Clone, Copy, Debug)]
struct Line {
    from: usize,
    to: usize,
    trust: f64,
}

/// The drawing as it stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Drawing {
    agents: Vec<u32>,
    /// Within a square of edge 1.
    places: Vec<Vec2>,
    lines: Vec<Line>,
    more: bool,
    drawn: Option<(u64, f64, u64, u64)>,
    about: Vec<AgentId>,
}

impl Drawing {
    /// Draws anew if there is something else to draw.
    fn follow(&mut self, view: &TrustView, trust: &Trust, threshold: f64, now: f64) {
        let fits = self.drawn.is_some_and(|(generation, at, of, tick)| {
            let fresh = (0.0..INTERVAL_S).contains(&(now - at)) || tick == view.tick;
            generation == view.generation && of == threshold.to_bits() && fresh
        });
        if fits && self.about == view.selected {
            return;
        }
        self.drawn = Some((view.generation, now, threshold.to_bits(), view.tick));
        self.about = view.selected.to_vec();
        let known: BTreeMap<u32, Vec2> = self.agents.iter().copied().zip(self.places.iter().copied()).collect();
        self.choose(trust, threshold);
        let new = self.agents.iter().filter(|agent| !known.contains_key(agent)).count();
        let count = self.agents.len().max(1) as f32;
        let golden = std::f32::consts::PI * (3.0 - 5.0_f32.sqrt());
        let spiral = |at: usize| {
            let angle = golden * at as f32;
            0.5 * (at as f32 / count).sqrt() * Vec2::new(ops::cos(angle), ops::sin(angle))
        };
        self.places = (0..self.agents.len())
            .map(|at| known.get(&self.agents[at]).copied().unwrap_or_else(|| spiral(at)))
            .collect();
        let steps = if 2 * new > self.agents.len() { STEPS.0 } else { STEPS.1 };
        self.pull(steps);
    }

    /// Whom to draw: the selected ones with those they have to do with, or those who have most to do with others.
    fn choose(&mut self, trust: &Trust, threshold: f64) {
        let graph = trust.graph();
        let selected: Vec<u32> = self.about.iter().map(|agent| agent.0).collect();
        let mut weights: BTreeMap<u32, f64> = BTreeMap::new();
        let mut edges: Vec<(u32, u32, f64)> = Vec::new();
        graph.for_each(|from, to, r, s| {
            let trust = (r + 1.0) / (r + s + 2.0);
            if trust < threshold {
                return;
            }
            let near = selected.binary_search(&from).is_ok() || selected.binary_search(&to).is_ok();
            if selected.is_empty() || near {
                *weights.entry(from).or_insert(0.0) += r + s;
                *weights.entry(to).or_insert(0.0) += r + s;
            }
        });
        for agent in &selected {
            *weights.entry(*agent).or_insert(0.0) = f64::INFINITY;
        }
        let mut chosen: Vec<(u32, f64)> = weights.into_iter().collect();
        chosen.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        self.more = chosen.len() > MOST_AGENTS;
        chosen.truncate(MOST_AGENTS);
        self.agents = chosen.into_iter().map(|(agent, _)| agent).collect();
        self.agents.sort_unstable();
        for agent in &self.agents {
            for edge in graph.edges_of(*agent) {
                let trust = edge.evidence.score();
                if trust >= threshold && self.agents.binary_search(&edge.target).is_ok() {
                    edges.push((edge.source, edge.target, trust));
                }
            }
        }
        edges.sort_by(|a, b| b.2.total_cmp(&a.2).then((a.0, a.1).cmp(&(b.0, b.1))));
        self.more |= edges.len() > MOST_EDGES;
        edges.truncate(MOST_EDGES);
        let place = |agent: &u32| self.agents.binary_search(agent).unwrap_or(0);
        self.lines =
            edges.iter().map(|(from, to, trust)| Line { from: place(from), to: place(to), trust: *trust }).collect();
    }

    /// Springs between those who trust each other, and a push between all (Fruchterman & Reingold 1991).
    fn pull(&mut self, steps: usize) {
        let count = self.places.len();
        if count < 2 {
            return;
        }
        let length = (1.0 / count as f32).sqrt() * 0.7;
        for step in 0..steps {
            let mut forces = vec![Vec2::ZERO; count];
            for one in 0..count {
                for other in one + 1..count {
                    let apart = self.places[one] - self.places[other];
                    let distance = apart.length().max(1e-3);
                    let push = apart / distance * (length * length / distance);
                    forces[one] += push;
                    forces[other] -= push;
                }
                // Nobody drifts away.
                forces[one] -= self.places[one] * length;
            }
            let strength = (count as f32 / self.lines.len().max(1) as f32).min(1.0);
            for line in &self.lines {
                let apart = self.places[line.from] - self.places[line.to];
                let pull = apart * (apart.length() / length) * strength * line.trust as f32;
                forces[line.from] -= pull;
                forces[line.to] += pull;
            }
            let most = 0.1 * (1.0 - step as f32 / steps as f32);
            for (place, force) in self.places.iter_mut().zip(forces) {
                let size = force.length();
                if size > 0.0 {
                    *place += force / size * size.min(most);
                }
            }
        }
    }

    /// Where everybody stands within a rectangle.
    fn within(&self, rect: Rect) -> Vec<Pos2> {
        let bounds =
            self.places.iter().fold(Rect::NOTHING, |bounds, place| bounds.union(Rect::from_pos(place.to_pos2())));
        let size = bounds.size().max(Vec2::splat(f32::MIN_POSITIVE));
        let inner = rect.shrink(measure::CONTROL);
        let at = |place: &Vec2| {
            let share = (place.to_pos2() - bounds.min) / size;
            pos2(inner.left() + share.x * inner.width(), inner.top() + share.y * inner.height())
        };
        if self.places.len() == 1 { vec![inner.center()] } else { self.places.iter().map(at).collect() }
    }
}

/// Draws the graph; a click selects.
pub(super) fn show(
    ui: &mut Ui,
    look: &Look,
    view: &TrustView,
    trust: &Trust,
    state: &mut TrustState,
    size: Vec2,
    actions: &mut Actions,
) {
    let now = ui.input(|input| input.time);
    state.graph.follow(view, trust, state.threshold, now);
    let drawing = &state.graph;
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let painter = ui.painter().with_clip_rect(rect);
    let places = drawing.within(rect);
    for line in &drawing.lines {
        let touches = |at: usize| view.selected.binary_search(&AgentId(drawing.agents[at])).is_ok();
        let strong = touches(line.from) || touches(line.to);
        let tint = if strong { look.accent } else { look.secondary.gamma_multiply(look.band) };
        let width = if strong { measure::CURVE } else { spacing::HAIRLINE };
        painter.line_segment([places[line.from], places[line.to]], egui::Stroke::new(width, tint));
    }
    let under = response.hover_pos().and_then(|pointer| {
        let near = places.iter().enumerate().map(|(at, place)| (place.distance(pointer), at));
        near.min_by(|a, b| a.0.total_cmp(&b.0)).filter(|(distance, _)| *distance < measure::CONTROL).map(|(_, at)| at)
    });
    let font = FontId::proportional(type_size::SMALL);
    let mut names: Vec<(bool, Pos2, f32, AgentId)> = Vec::new();
    for (at, (place, agent)) in places.iter().zip(&drawing.agents).enumerate() {
        let agent = AgentId(*agent);
        let standing = trust.standing(agent).copied().unwrap_or_default();
        let known = standing.pooled().amount() > 0.0;
        let tint = match f64::from(standing.score) {
            _ if !known => look.disabled,
            score if score >= 0.7 => look.good,
            score if score >= 0.4 => look.warning,
            _ => look.danger,
        };
        let radius = if Some(at) == under { 2.0 * measure::DOT } else { 1.5 * measure::DOT };
        painter.circle_filled(*place, radius, tint);
        // What colour says, shape says, too: a ring for those who are shut out, a cross for those who are not believed.
        if standing.flags & ISOLATED != 0 {
            painter.circle_stroke(*place, radius + spacing::TIGHT, Stroke::new(measure::CURVE, look.danger));
        }
        if standing.flags & EXPOSED != 0 {
            let arm = Vec2::splat(radius);
            let stroke = Stroke::new(measure::CURVE, look.background);
            painter.line_segment([*place - arm, *place + arm], stroke);
            let arm = Vec2::new(arm.x, -arm.y);
            painter.line_segment([*place - arm, *place + arm], stroke);
        }
        let selected = view.selected.binary_search(&agent).is_ok();
        if selected {
            painter.circle_stroke(*place, radius + spacing::TIGHT, Stroke::new(measure::CURVE, look.accent));
        }
        let wanted = selected || Some(at) == under;
        if wanted || drawing.agents.len() <= MOST_NAMES {
            names.push((!wanted, *place, radius, agent));
        }
    }
    // Those that one asked for first; others where there is room.
    names.sort_by_key(|(optional, ..)| *optional);
    let mut taken: Vec<Rect> = Vec::new();
    for (optional, place, radius, agent) in names {
        let name = format::elided(&AgentGroups::name_in(view.world, agent), MOST_LETTERS);
        let galley = painter.layout_no_wrap(name, font.clone(), look.text);
        let size = galley.size();
        let left = (place.x - size.x / 2.0).clamp(rect.left(), (rect.right() - size.x).max(rect.left()));
        let (below, above) = (place.y + radius + spacing::TIGHT, place.y - radius - spacing::TIGHT - size.y);
        let mut free = [below, above].into_iter().map(|top| Rect::from_min_size(pos2(left, top), size));
        let free = free.find(|at| rect.contains_rect(*at) && !taken.iter().any(|other| other.intersects(*at)));
        let Some(at) = free.or_else(|| (!optional).then(|| Rect::from_min_size(pos2(left, below), size))) else {
            continue;
        };
        painter.galley(at.min, galley, look.text);
        taken.push(at);
    }
    if drawing.agents.is_empty() {
        let said = "Nobody is trusted that much";
        painter.text(rect.center(), Align2::CENTER_CENTER, said, FontId::proportional(type_size::BODY), look.secondary);
    }
    if drawing.more {
        let said = "Those with the most experience are drawn; select agents to see theirs";
        painter.text(rect.left_bottom(), Align2::LEFT_BOTTOM, said, font, look.secondary);
    }
    let (agents, lines) = (drawing.agents.len() as u64, drawing.lines.len() as u64);
    let told = format!(
        "Graph of trust: {}, {}",
        format::counted(agents, "agent", "agents"),
        format::counted(lines, "edge", "edges")
    );
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Image, enabled, &told));
    if let Some(at) = under {
        let agent = AgentId(drawing.agents[at]);
        if response.clicked() {
            let chosen = if widgets::held_with(ui).shift { with(view.selected, agent) } else { vec![agent] };
            actions.push(Action::Select(chosen));
        }
        let standing = trust.standing(agent).copied().unwrap_or_default();
        let text = format!(
            "{}: reputation {}, trusted {}",
            AgentGroups::name_in(view.world, agent),
            share(f64::from(standing.score)),
            share(f64::from(standing.trust))
        );
        response.on_hover_text(look.body(text));
    }
}

/// The selected ones and one more.
fn with(selected: &[AgentId], agent: AgentId) -> Vec<AgentId> {
    let mut all = selected.to_vec();
    if !all.contains(&agent) {
        all.push(agent);
    }
    all
}
