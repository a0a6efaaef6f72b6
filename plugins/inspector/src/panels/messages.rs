//! The message diagram: a lane for each agent, time from left to right, a line for each message from who sent it to who got it.

use agent2028_core::agent::{AgentGroups, AgentId};
use agent2028_network::MessageKinds;
use agent2028_network::diagram::{Diagram, Fate, Traced};
use agent2028_view::tokens::{spacing, type_size};
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{Align2, FontId, Sense, Stroke, Ui, WidgetInfo, WidgetType, pos2, vec2};
use egui_material_icons::icons::ICON_TIMELINE;

use crate::actions::{Action, Actions};
use crate::format;
use crate::theme::{Look, measure};
use crate::widgets;

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
    /// How many ticks the diagram shows.
    pub ticks: f64,
}

impl Default for MessagesState {
    fn default() -> Self {
        Self { ticks: 120.0 }
    }
}

/// More lanes than this can't be told apart.
const MOST_LANES: usize = 12;

/// The agents that get a lane, ascending: the selected ones, or those of the last messages.
fn lanes(view: &MessagesView, diagram: &Diagram) -> Vec<AgentId> {
    let mut lanes: Vec<AgentId> = view.selected.iter().copied().take(MOST_LANES).collect();
    if view.selected.len() < 2 {
        for message in diagram.iter().rev() {
            // Of one selected agent only its own messages are shown, with whom it talked.
            if view.selected.first().is_some_and(|one| *one != message.from && *one != message.to) {
                continue;
            }
            for agent in [message.from, message.to] {
                if !lanes.contains(&agent) && lanes.len() < MOST_LANES {
                    lanes.push(agent);
                }
            }
            if lanes.len() == MOST_LANES {
                break;
            }
        }
    }
    lanes.sort_unstable();
    lanes
}

/// Shows the diagram.
pub fn show(ui: &mut Ui, look: &Look, view: &MessagesView, state: &mut MessagesState, actions: &mut Actions) {
    let Some(diagram) = view.world.get_resource::<Diagram>().filter(|diagram| diagram.iter().len() > 0) else {
        let how = "Messages appear once agents talk; the scene's field network.diagram says how many are remembered.";
        return widgets::empty(ui, look, ICON_TIMELINE, "No message yet", how);
    };
    ui.horizontal(|ui| {
        ui.label(look.quiet("Time shown"));
        widgets::slider(ui, &mut state.ticks, 10.0..=600.0, 10.0, measure::CHOICE, "Ticks shown");
        ui.label(look.figure(format::counted(state.ticks as u64, "tick", "ticks")));
        ui.label(look.quiet("Select two or more agents to see what goes on between them"));
    });
    let lanes = lanes(view, diagram);
    let (rect, response) =
        ui.allocate_exact_size(ui.available_size().max(vec2(measure::PLOT.0, measure::PLOT.1)), Sense::click());
    let first = view.tick.saturating_sub(state.ticks as u64);
    let left = rect.left() + measure::AGENT_COLUMN;
    let x = |tick: u64| {
        let share = (tick as f32 - first as f32) / (view.tick - first).max(1) as f32;
        left + share * (rect.right() - left)
    };
    let step = rect.height() / lanes.len().max(1) as f32;
    let y = |lane: usize| rect.top() + (lane as f32 + 0.5) * step;
    let painter = ui.painter().with_clip_rect(rect);
    let font = FontId::proportional(type_size::SMALL);
    for (lane, agent) in lanes.iter().enumerate() {
        painter.hline(left..=rect.right(), y(lane), Stroke::new(spacing::HAIRLINE, look.hairline));
        let name = view.world.get_resource::<AgentGroups>().map(|groups| groups.name_of(*agent)).unwrap_or_default();
        painter.text(pos2(rect.left(), y(lane)), Align2::LEFT_CENTER, name, font.clone(), look.text);
    }
    let mut nearest: Option<(f32, &Traced)> = None;
    let mut shown = 0_u64;
    for message in diagram.iter().filter(|message| message.ended >= first) {
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
        message.sequence, message.from, message.to, message.sent, message.ended, message.time_sent
    );
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
