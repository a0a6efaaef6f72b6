//! What happened to an agent and what intervened, latest first.

use std::borrow::Cow;

use agent2028_core::agent::AgentId;
use agent2028_core::event::{EventBus, EventKinds};
use agent2028_core::faults::{Degrade, Freeze, GrantCapability, Kill, Remove, Restart, SetField, WithdrawCapability};
use agent2028_core::intervention::{AnyIntervention, InterventionLog};
use agent2028_core::selector::Selector;
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{Align, Label, Layout, ScrollArea, Ui};
use egui_material_icons::icons::{ICON_BLOCK, ICON_BOLT, ICON_CIRCLE};

use super::AgentView;
use crate::actions::{Action, Actions, Travel};
use crate::format;
use crate::panels::events::words_of;
use crate::theme::{Look, measure};
use crate::widgets;

/// The most happenings that are kept of an agent; of more the latest are.
const MOST: usize = 1000;

/// Something that happened to an agent.
#[derive(Clone, Debug, PartialEq)]
pub struct Happening {
    /// The tick.
    pub tick: u64,
    /// What kind of thing: `Agent failed`, `Kill`.
    pub kind: String,
    /// In words.
    pub text: Cow<'static, str>,
    /// Whether it came from outside.
    pub intervention: bool,
    /// Whether it was asked for but could not be done.
    pub refused: bool,
}

/// What happened to one agent, kept up with the event bus and the log of interventions.
#[derive(Clone, Debug, Default)]
pub struct HappeningCache {
    of: Option<(AgentId, u64)>,
    next_event: u64,
    next_intervention: usize,
    list: Vec<Happening>,
}

impl HappeningCache {
    /// What has happened to `agent` so far, by tick.
    pub fn follow(&mut self, generation: u64, world: &World, agent: AgentId) -> &[Happening] {
        if self.of != Some((agent, generation)) {
            *self = Self { of: Some((agent, generation)), ..Self::default() };
        }
        let (bus, log) = (world.resource::<EventBus>(), world.resource::<InterventionLog>());
        let kinds = world.resource::<EventKinds>();
        if bus.next_sequence() == self.next_event && log.0.len() == self.next_intervention {
            return &self.list;
        }
        let (_, news) = bus.since(self.next_event);
        self.list.extend(news.filter(|event| event.source == Some(agent)).map(|event| Happening {
            tick: event.tick,
            kind: words_of(kinds, event.kind.name),
            text: event.text().into_owned().into(),
            intervention: false,
            refused: false,
        }));
        self.next_event = bus.next_sequence();
        for applied in log.0.iter().skip(self.next_intervention) {
            if means(&applied.stamped.action, agent) {
                let text = match &applied.outcome {
                    Ok(done) => done.clone(),
                    Err(why) => format!("refused: {why}"),
                };
                self.list.push(Happening {
                    tick: applied.stamped.tick,
                    kind: format::words(applied.stamped.action.name()),
                    text: text.into(),
                    intervention: true,
                    refused: applied.outcome.is_err(),
                });
            }
        }
        self.next_intervention = log.0.len();
        self.list.sort_by_key(|happening| happening.tick);
        let surplus = self.list.len().saturating_sub(MOST);
        self.list.drain(..surplus);
        &self.list
    }
}

/// Whether an intervention was meant for an agent by its number, or for all.
fn means(action: &AnyIntervention, agent: AgentId) -> bool {
    let select = None
        .or_else(|| action.downcast::<Kill>().map(|action| &action.select))
        .or_else(|| action.downcast::<Restart>().map(|action| &action.select))
        .or_else(|| action.downcast::<Freeze>().map(|action| &action.select))
        .or_else(|| action.downcast::<Degrade>().map(|action| &action.select))
        .or_else(|| action.downcast::<Remove>().map(|action| &action.select))
        .or_else(|| action.downcast::<SetField>().map(|action| &action.select))
        .or_else(|| action.downcast::<GrantCapability>().map(|action| &action.select))
        .or_else(|| action.downcast::<WithdrawCapability>().map(|action| &action.select));
    match select {
        Some(Selector::Ids(ids)) => ids.contains(&agent),
        Some(Selector::All) => true,
        _ => false,
    }
}

/// Shows the events, latest first; only the rows in view cost anything.
pub(super) fn show(ui: &mut Ui, look: &Look, view: &AgentView, actions: &mut Actions) {
    let count = view.happenings.len();
    ui.label(
        look.quiet(format!(
            "{}, latest first. Click one to go there.",
            format::counted(count as u64, "event", "events")
        )),
    );
    ui.add_space(spacing::TIGHT);
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical()
        .id_salt("events of the agent")
        .max_height(measure::LONG_LIST)
        .auto_shrink([false, true])
        .show_rows(ui, measure::TABLE_ROW, count, |ui, rows| {
            for at in rows {
                let happening = &view.happenings[count - 1 - at];
                let response = widgets::row_background(ui, look, at, false);
                let tick = format::count(happening.tick);
                let words = format!("Tick {tick}: {}, {}", happening.kind, happening.text);
                widgets::named(ui, &response, egui::WidgetType::Button, &words);
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = spacing::NORMAL;
                    widgets::right_figure(ui, measure::TICK_COLUMN, look.figure(tick).color(look.secondary));
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        let (icon, tint) = match happening {
                            Happening { refused: true, .. } => (ICON_BLOCK, look.danger),
                            Happening { intervention: true, .. } => (ICON_BOLT, look.accent),
                            _ => (ICON_CIRCLE, look.info),
                        };
                        ui.label(look.icon(icon).color(tint).size(spacing::WIDE));
                        ui.add(Label::new(look.body(format!("{}: {}", happening.kind, happening.text))).truncate());
                    });
                });
                let response = response.on_hover_text(look.body(words));
                if response.clicked() {
                    actions.push(Action::Time(Travel::Seek(happening.tick)));
                }
            }
        });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panels::tests::simulation;

    #[test]
    fn what_concerns_an_agent_is_found_and_followed() {
        let mut simulation = simulation(&[("bird", 5)]);
        let mut cache = HappeningCache::default();
        assert!(cache.follow(0, simulation.world(), AgentId(2)).is_empty());
        simulation.intervene(Kill { select: Selector::Ids(vec![AgentId(2)]), duration_s: None });
        simulation.intervene(Kill { select: Selector::Ids(vec![AgentId(3)]), duration_s: None });
        simulation.run(1);
        let told: Vec<(u64, String, bool)> = cache
            .follow(0, simulation.world(), AgentId(2))
            .iter()
            .map(|happening| (happening.tick, happening.kind.clone(), happening.intervention))
            .collect();
        assert_eq!(told, [(1, "Agent failed".into(), false), (1, "Kill".into(), true)]);
        simulation.intervene(Restart { select: Selector::All });
        simulation.run(1);
        assert_eq!(cache.follow(0, simulation.world(), AgentId(2)).len(), 4);
        assert_eq!(cache.follow(1, simulation.world(), AgentId(4)).len(), 1, "Restart was meant for all");
    }
}
