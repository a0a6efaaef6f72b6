//! The selected agent, or agents, as a panel.

use agent2028_core::agent::{AgentGroups, AgentId, CapabilityRegistry, agent_uuid};
use agent2028_core::life::Lives;
use agent2028_core::rng::SimRng;
use bevy_egui::egui::Ui;
use egui_material_icons::icons::ICON_PERSON_SEARCH;

use super::{AgentState, AgentView, TabEntry, TabFacts, show};
use crate::facts::{AgentFacts, GroupCounts, ManyCache};
use crate::inspection::Inspection;
use crate::panel::{DockSide, Group, Panel, PanelContext, PanelFacts, PanelKey};
use crate::panels::compare::QuantityCache;
use crate::panels::many::{self, ManyState};
use crate::panels::selected;

/// The panel of the selected agents.
#[derive(Clone, Copy, Debug)]
pub struct AgentPanel;

impl Panel for AgentPanel {
    type State = AgentState;
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Agent"),
        title: "Agent",
        icon: ICON_PERSON_SEARCH,
        help: "What the selected agents are, and how to change them.",
        group: Group::Agents,
        side: DockSide::Right,
        scrolls: true,
        story: false,
    };

    fn show(ui: &mut Ui, context: &mut PanelContext, state: &mut AgentState) {
        match context.facts.selected() {
            [] => selected::nothing(ui, context.look),
            [only] => match AgentFacts::of(context.facts.world(), *only) {
                Some(agent) => one(ui, context, &agent, state),
                None => selected::gone(ui, context.look, *only, context.actions),
            },
            several => all(ui, context, several),
        }
    }
}

fn capabilities(context: &PanelContext) -> Vec<String> {
    context.facts.resource::<CapabilityRegistry>().names().map(str::to_owned).collect()
}

fn all(ui: &mut Ui, context: &mut PanelContext, several: &[AgentId]) {
    let (facts, now) = (context.facts, ui.input(|input| input.time));
    let (world, generation, tick) = (facts.world(), facts.generation(), facts.tick());
    let capabilities = capabilities(context);
    let mut inspection = context.states.take::<Inspection>();
    let mut quantities = context.states.take::<QuantityCache>();
    let mut counts = context.states.take::<GroupCounts>();
    let mut cache = context.states.take::<ManyCache>();
    inspection.find_settable(generation, world);
    let view = many::ManyView {
        selected: several,
        facts: cache.follow(generation, tick, world, several, now),
        groups: counts.follow(generation, world),
        names: facts.resource::<AgentGroups>(),
        capabilities: &capabilities,
        spreads: inspection.spreads.follow(generation, tick, world, quantities.follow(generation, world), several, now),
        fields: inspection.settable.1.as_slice(),
    };
    many::show(ui, context.look, &view, context.states.of::<ManyState>(), context.actions);
    context.states.put(inspection);
    context.states.put(quantities);
    context.states.put(counts);
    context.states.put(cache);
}

/// The name of an agent for the whole world, worked out when somebody asks for it.
#[derive(Clone, Debug, Default)]
struct KnownUuid(Option<(u64, AgentId, String)>);

impl KnownUuid {
    fn of(&mut self, context: (u64, &SimRng), agent: AgentId) -> String {
        let (generation, rng) = context;
        match &self.0 {
            Some((of, id, uuid)) if (*of, *id) == (generation, agent) => uuid.clone(),
            _ => {
                let uuid = agent_uuid(rng, agent).to_string();
                self.0 = Some((generation, agent, uuid.clone()));
                uuid
            }
        }
    }
}

fn one(ui: &mut Ui, context: &mut PanelContext, agent: &AgentFacts, state: &mut AgentState) {
    let (facts, now) = (context.facts, ui.input(|input| input.time));
    let (world, generation, tick) = (facts.world(), facts.generation(), facts.tick());
    let asked = state.uuid_of == Some(agent.id);
    let uuid = asked.then(|| context.states.of::<KnownUuid>().of((generation, facts.resource::<SimRng>()), agent.id));
    let capabilities = capabilities(context);
    let of_plugins: Vec<TabEntry> = facts
        .registry
        .tabs()
        .filter(|tab| tab.follow(facts.simulation, agent.id, context.states, now))
        .copied()
        .collect();
    let tabs: Vec<&'static TabFacts> = of_plugins.iter().map(|tab| tab.facts).collect();
    let mut inspection = context.states.take::<Inspection>();
    let view = AgentView {
        agent,
        uuid: uuid.as_deref(),
        followed: facts.camera.follow == Some(agent.id),
        pinned: facts.views.pins.contains(agent.id),
        settings: facts.settings,
        capabilities: &capabilities,
        explanations: inspection.why.follow(facts.simulation, agent.id, now),
        of_plugins: &tabs,
        fields: inspection.fields.follow(generation, tick, world, agent.id),
        life: facts.resource::<Lives>().get(agent.id),
        happenings: inspection.happenings.follow(generation, world, agent.id),
        names: facts.resource::<AgentGroups>(),
        tick,
        tick_hz: facts.tick_hz(),
    };
    let open = show(ui, context.look, &view, state, context.actions);
    context.states.put(inspection);
    if let Some(tab) = of_plugins.iter().find(|tab| Some(tab.facts) == open) {
        tab.show(ui, context, agent.id);
    }
}
