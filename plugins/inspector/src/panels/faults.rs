//! The palette of faults as a panel: whom they strike, then the rows of the agents themselves, of every plugin, and of
//! interventions that nobody composed a row for.

mod own;

use agent2028_kit::faults::{FaultRowsEntry, FaultsState, FaultsView, Rows, Verb, choices, offered};
use agent2028_view::tokens::spacing;
use bevy_egui::egui::Ui;
use egui_material_icons::icons::ICON_BOLT;

use crate::facts::GroupCounts;
use crate::panel::{DockSide, Group, InspectorRegistry, Panel, PanelContext, PanelFacts, PanelKey};

pub use own::{AgentFaultRows, AgentFaultRowsState, CapabilityFaultRows, CapabilityFaultRowsState};

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
        side: DockSide::Left,
        scrolls: true,
        story: false,
    };

    fn show(ui: &mut Ui, context: &mut PanelContext, state: &mut FaultsState) {
        let (look, facts) = (context.look, context.facts);
        let mut counts = context.states.take::<GroupCounts>();
        let view = FaultsView::of(facts, counts.follow(facts.generation(), facts.world()));
        choices(ui, look, &view, state);
        ui.add_space(spacing::TIGHT);
        let world = facts.world();
        let mut rows = Rows { look, world, view: &view, choices: state, actions: context.actions };
        let all = all_rows(facts.registry);
        for entry in all.iter().filter(|entry| entry.applies(world)) {
            entry.show(ui, &mut rows, context.states);
        }
        // What plugins bring that nothing is composed for.
        let others: Vec<Verb> =
            offered(world).into_iter().filter(|verb| !all.iter().any(|entry| entry.has(*verb))).collect();
        if !others.is_empty() {
            ui.add_space(spacing::TIGHT);
            let words = rows.words();
            ui.add_enabled_ui(rows.meant(), |ui| {
                for verb in others {
                    rows.row(ui, verb, &format!("{} {words}", verb.word()));
                }
            });
        }
        context.states.put(counts);
    }
}

/// All rows that somebody composed, in their order.
#[must_use]
pub fn all_rows(registry: &InspectorRegistry) -> Vec<FaultRowsEntry> {
    let mut all = vec![FaultRowsEntry::of::<AgentFaultRows>()];
    all.extend(registry.fault_rows());
    all.push(FaultRowsEntry::of::<CapabilityFaultRows>());
    all
}
