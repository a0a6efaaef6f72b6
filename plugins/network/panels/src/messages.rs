//! The message diagram: a lane for each agent, time from left to right, a line for each message from who sent it to who got it.

use std::collections::BTreeMap;

use agent2028_core::agent::{AgentGroups, AgentId};
use agent2028_core::clock::SimClock;
use agent2028_core::time::{PARTS, Rate, Time, tick_of};
use agent2028_network::MessageKinds;
use agent2028_network::diagram::{Diagram, Fate, Traced};
use agent2028_view::tokens::{spacing, type_size};
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{Align2, FontId, Sense, Stroke, Ui, WidgetInfo, WidgetType, pos2, vec2};
use egui_material_icons::icons::ICON_TIMELINE;

use agent2028_kit::actions::{Action, Actions};
use agent2028_kit::format;
use agent2028_kit::panel::{DockSide, Group, Panel, PanelContext, PanelFacts, PanelKey};
use agent2028_kit::theme::{Look, measure};
use agent2028_kit::widgets;

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct MessagesView<'a> {
    /// The simulation's world.
    pub world: &'a World,
    /// The last tick that ran.
    pub tick: u64,
    /// The selected agents, which have the lanes; without any those who talked last.
    pub selected: &'a [AgentId],
}

/// What the panel remembers.
#[derive(Clone, Debug)]
pub struct MessagesState {
    /// How many ticks the diagram shows at most.
    pub ticks: f64,
    /// The lanes that were chosen for want of a selection, and for whom: they stay as long as something is said there.
    lanes: Vec<AgentId>,
    chosen_for: Option<AgentId>,
}

impl Default for MessagesState {
    fn default() -> Self {
        Self { ticks: 120.0, lanes: Vec::new(), chosen_for: None }
    }
}

/// More lanes than this can't be told apart.
const MOST_LANES: usize = 12;

/// As many letters of a name stand before a lane.
const MOST_LETTERS: usize = 18;

/// Who comes up most often, of several the lowest id.
fn most_often(agents: impl Iterator<Item = AgentId>) -> Option<AgentId> {
    let mut counts: BTreeMap<AgentId, u32> = BTreeMap::new();
    agents.for_each(|agent| *counts.entry(agent).or_insert(0) += 1);
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(agent, _)| agent)
}

/// Agents that talk with each other, ascending: one and those with whom it talks, or those who talk most.
fn talkers(diagram: &Diagram, about: Option<AgentId>) -> Vec<AgentId> {
    let mut lanes: Vec<AgentId> = about.into_iter().collect();
    while lanes.len() < MOST_LANES {
        let partner = |message: &Traced| {
            let told = |agent: AgentId| about.map_or_else(|| lanes.contains(&agent), |about| about == agent);
            match (told(message.from), told(message.to)) {
                (true, _) if !lanes.contains(&message.to) => Some(message.to),
                (_, true) if !lanes.contains(&message.from) => Some(message.from),
                _ => None,
            }
        };
        let next = most_often(diagram.iter().filter_map(partner)).or_else(|| {
            // Those have talked with nobody else: on with the next group.
            let others = diagram.iter().flat_map(|message| [message.from, message.to]);
            most_often(others.filter(|agent| about.is_none() && !lanes.contains(agent)))
        });
        let Some(next) = next else { break };
        lanes.push(next);
    }
    lanes.sort_unstable();
    lanes
}

/// The agents that get a lane, ascending: the selected ones, or some who talk with each other.
fn lanes(view: &MessagesView, diagram: &Diagram, state: &mut MessagesState, first: u64) -> Vec<AgentId> {
    if view.selected.len() > 1 {
        return view.selected.iter().copied().take(MOST_LANES).collect();
    }
    let about = view.selected.first().copied();
    let said = |message: &Traced| {
        tick_of(message.ended) >= first
            && state.lanes.binary_search(&message.from).is_ok()
            && state.lanes.binary_search(&message.to).is_ok()
    };
    if state.chosen_for != about || !diagram.iter().any(said) {
        state.chosen_for = about;
        state.lanes = talkers(diagram, about);
    }
    state.lanes.clone()
}

/// The panel of the last messages.
#[derive(Clone, Copy, Debug)]
pub struct MessagesPanel;

impl Panel for MessagesPanel {
    type State = MessagesState;
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Messages"),
        title: "Messages",
        icon: ICON_TIMELINE,
        help: "The last messages over time, from whom to whom, with their clocks.",
        group: Group::Talk,
        side: DockSide::Bottom,
        scrolls: false,
        story: false,
    };

    fn applies(simulation: &agent2028_core::simulation::Simulation) -> bool {
        simulation.world().contains_resource::<agent2028_network::Network>()
    }

    fn show(ui: &mut Ui, context: &mut PanelContext, state: &mut MessagesState) {
        let facts = context.facts;
        let view = MessagesView { world: facts.world(), tick: facts.tick(), selected: facts.selected() };
        show(ui, context.look, &view, state, context.actions);
    }
}

/// Shows the diagram.
pub fn show(ui: &mut Ui, look: &Look, view: &MessagesView, state: &mut MessagesState, actions: &mut Actions) {
    let Some(diagram) = view.world.get_resource::<Diagram>().filter(|diagram| diagram.iter().len() > 0) else {
        let how = "Messages appear once agents talk; the scene's field network.diagram says how many are remembered.";
        return widgets::empty(ui, look, ICON_TIMELINE, "No message yet", how);
    };
    ui.horizontal_wrapped(|ui| {
        ui.label(look.quiet("Time shown"));
        widgets::slider(ui, &mut state.ticks, 10.0..=600.0, 10.0, measure::CHOICE, "Ticks shown");
        ui.label(look.figure(format::counted(state.ticks as u64, "tick", "ticks")));
        let hint = look.quiet("Select two or more agents to see what goes on between them");
        ui.label(hint);
    });
    // What is remembered may be younger than what could be shown.
    let oldest = diagram.iter().map(|message| tick_of(message.sent)).min().unwrap_or(0);
    let first = view.tick.saturating_sub(state.ticks as u64).max(oldest.min(view.tick.saturating_sub(1)));
    let lanes = lanes(view, diagram, state, first);
    let size = vec2(ui.available_width(), ui.available_height().max(measure::PLOT.1));
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let left = rect.left() + measure::AGENT_COLUMN;
    let x = |moment: Time| {
        let share = (moment as f64 / PARTS as f64 - first as f64) as f32 / (view.tick - first).max(1) as f32;
        left + share * (rect.right() - left)
    };
    let step = rect.height() / lanes.len().max(1) as f32;
    let y = |lane: usize| rect.top() + (lane as f32 + 0.5) * step;
    let painter = ui.painter().with_clip_rect(rect);
    let font = FontId::proportional(type_size::SMALL);
    for (lane, agent) in lanes.iter().enumerate() {
        painter.hline(left..=rect.right(), y(lane), Stroke::new(spacing::HAIRLINE, look.hairline));
        let name = AgentGroups::name_in(view.world, *agent);
        let name = format::elided(&name, MOST_LETTERS);
        painter.text(pos2(rect.left(), y(lane)), Align2::LEFT_CENTER, name, font.clone(), look.text);
    }
    let mut nearest: Option<(f32, &Traced)> = None;
    let mut shown = 0_u64;
    for message in diagram.iter().filter(|message| tick_of(message.ended) >= first) {
        let (Ok(from), Ok(to)) = (lanes.binary_search(&message.from), lanes.binary_search(&message.to)) else {
            continue;
        };
        shown += 1;
        let tint = match message.fate {
            Fate::Delivered => look.info,
            Fate::Lost => look.warning,
            Fate::Cut => look.danger,
        };
        let (start, end) = (pos2(x(message.sent), y(from)), pos2(x(message.ended), y(to)));
        // What never arrived ends halfway.
        let end = if message.fate == Fate::Delivered { end } else { start + (end - start) * 0.5 };
        painter.line_segment([start, end], Stroke::new(measure::CURVE, tint));
        painter.circle_filled(end, measure::DOT * 0.5, tint);
        if let Some(at) = response.hover_pos() {
            let way = end - start;
            let along = ((at - start).dot(way) / way.length_sq().max(f32::EPSILON)).clamp(0.0, 1.0);
            let distance = at.distance(start + way * along);
            if distance < spacing::NORMAL && nearest.is_none_or(|(known, _)| distance < known) {
                nearest = Some((distance, message));
            }
        }
    }
    let enabled = ui.is_enabled();
    let words = format!(
        "Message diagram: {} between {}",
        format::counted(shown, "message", "messages"),
        format::counted(lanes.len() as u64, "agent", "agents")
    );
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Image, enabled, words.clone()));
    if let Some((_, message)) = nearest {
        if response.clicked() {
            actions.push(Action::Select(vec![message.from, message.to]));
        }
        response.on_hover_text(look.body(told(view.world, message)));
    }
}

/// A message in words, with its clocks.
fn told(world: &World, message: &Traced) -> String {
    let kind = world.get_resource::<MessageKinds>().map_or("message", |kinds| kinds.name(message.kind));
    let fate = match message.fate {
        Fate::Delivered => "arrived",
        Fate::Lost => "lost",
        Fate::Cut => "cut off",
    };
    let mut text = format!(
        "{kind} {}: {} to {}, ticks {} to {}, {fate}\nClock when sent {}",
        message.sequence,
        message.from,
        message.to,
        tick_of(message.sent),
        tick_of(message.ended),
        message.time_sent
    );
    if let (Fate::Delivered, Some(clock)) = (message.fate, world.get_resource::<SimClock>()) {
        let way = Rate::of(clock).ms(message.ended - message.sent);
        text.push_str(&format!("\nOn its way for {}", format::milliseconds(way)));
    }
    if let Some(time) = message.time_received {
        text.push_str(&format!(", when received {time}"));
    }
    if let Some(vector) = &message.vector {
        let entries: Vec<String> =
            vector.iter().take(MOST_LANES).map(|(agent, count)| format!("{agent}: {count}")).collect();
        text.push_str(&format!("\nVector clock {}", entries.join(", ")));
    }
    text
}
