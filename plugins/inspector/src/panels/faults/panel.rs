//! The palette of faults as a panel.

use agent2028_core::agent::CapabilityRegistry;
use agent2028_core::space::WorldBounds;
use agent2028_pheromones::field::PheromoneField;
use bevy_egui::egui::Ui;
use egui_material_icons::icons::ICON_BOLT;

use super::{FaultsState, FaultsView, Proving, Talking, demands, offered, show};
use crate::facts::GroupCounts;
use crate::panel::{Group, Panel, PanelContext, PanelFacts, PanelKey, Place};

/// The panel of faults and attacks.
#[derive(Clone, Copy, Debug)]
pub struct FaultsPanel;

impl Panel for FaultsPanel {
    type State = FaultsState;
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Faults"),
        title: "Faults",
        icon: ICON_BOLT,
        help: "Faults and attacks, and whom they strike.",
        group: Group::Scene,
        place: Place::Left,
        scrolls: true,
        story: false,
    };

    fn show(ui: &mut Ui, context: &mut PanelContext, state: &mut FaultsState) {
        let facts = context.facts;
        let world = facts.world();
        let fields: Vec<String> = world
            .get_resource::<PheromoneField>()
            .map_or_else(Vec::new, |field| field.layers().map(|(_, name, _)| name.to_owned()).collect());
        let capabilities: Vec<String> = facts.resource::<CapabilityRegistry>().names().map(str::to_owned).collect();
        let view = FaultsView {
            agents: facts.simulation.agents() as u64,
            groups: context.states.of::<GroupCounts>().follow(facts.generation(), world),
            selected: facts.selected(),
            capabilities: &capabilities,
            fields: &fields,
            talking: Talking::of(world),
            proving: Proving::of(world),
            trusting: world.contains_resource::<agent2028_trust::Trust>(),
            demands: &demands(world),
            offered: &offered(world),
            view_center: facts.camera.center,
            world_size: facts.resource::<WorldBounds>().size.max_element(),
        };
        show(ui, context.look, &view, state, context.actions);
    }
}
