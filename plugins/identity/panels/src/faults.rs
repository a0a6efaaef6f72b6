//! Rows of the palette that forge, steal, impersonate and replay, and that take back what was given.

use agent2028_core::intervention::AnyIntervention;
use agent2028_core::selector::Selector;
use agent2028_identity::IdentityConfig;
use agent2028_identity::interventions::{
    DeactivateIdentity, ForgeList, ForgeSignature, Impersonate, ReplayMessages, ReplayOpening, RevokePapers,
    RollbackList, RotateKeys, StealDelegation, StealOldKey,
};
use agent2028_kit::faults::{FaultRows, FaultsState, Rows, Verb, number};
use agent2028_kit::widgets;
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{DragValue, Ui};

/// What attackers try where capabilities are used.
fn with_papers() -> [Verb; 4] {
    [Verb::of::<ForgeSignature>(), Verb::of::<StealDelegation>(), Verb::of::<StealOldKey>(), Verb::of::<Impersonate>()]
}

/// What attackers try on channels.
fn on_channels() -> [Verb; 2] {
    [Verb::of::<ReplayMessages>(), Verb::of::<ReplayOpening>()]
}

/// What attackers try with revocation lists.
fn with_lists() -> [Verb; 2] {
    [Verb::of::<ForgeList>(), Verb::of::<RollbackList>()]
}

/// What is done with the papers and keys of agents.
fn done() -> [Verb; 3] {
    [Verb::of::<RevokePapers>(), Verb::of::<RotateKeys>(), Verb::of::<DeactivateIdentity>()]
}

/// Whether attackers try it again and again.
fn is_tried(verb: Verb) -> bool {
    with_papers().contains(&verb) || on_channels().contains(&verb) || with_lists().contains(&verb)
}

/// What is remembered of these rows.
#[derive(Clone, Debug, PartialEq)]
pub struct IdentityRowsState {
    /// How often each attacker tries, per second.
    pub tries: f64,
}

impl Default for IdentityRowsState {
    fn default() -> Self {
        Self { tries: 1.0 }
    }
}

/// Attacks on identities, and what is done with papers and keys.
#[derive(Clone, Copy, Debug)]
pub struct IdentityRows;

impl FaultRows for IdentityRows {
    type State = IdentityRowsState;

    fn verbs() -> Vec<Verb> {
        with_papers().into_iter().chain(on_channels()).chain(with_lists()).chain(done()).collect()
    }

    fn applies(world: &World) -> bool {
        world.contains_resource::<IdentityConfig>()
    }

    fn show(ui: &mut Ui, rows: &mut Rows, state: &mut IdentityRowsState) {
        let Some(config) = rows.world.get_resource::<IdentityConfig>() else { return };
        let (requests, channels) = (!config.requests.is_empty(), !config.channels.is_empty());
        let (select, words) = (rows.select(), rows.words());
        ui.add_space(spacing::TIGHT);
        widgets::property(ui, rows.look, "Each tries", |ui| {
            let field = DragValue::new(&mut state.tries).range(0.0..=1000.0).speed(0.05).max_decimals(1);
            number(ui, "Attempts per second", field.suffix(" /s"));
        });
        ui.add_enabled_ui(rows.meant(), |ui| {
            let papers = with_papers().into_iter().filter(|_| requests);
            let channels = on_channels().into_iter().filter(|_| channels);
            for verb in papers.chain(channels).chain(with_lists()).chain(done()) {
                if rows.fault(ui, verb, &format!("{} {words}", verb.word()), |_| {}) {
                    rows.actions.intervene(Self::done(verb, select.clone(), rows.choices, state));
                }
            }
        });
    }

    fn done(verb: Verb, select: Selector, choices: &FaultsState, state: &IdentityRowsState) -> AnyIntervention {
        if is_tried(verb) {
            return verb.to(select, choices.duration_s(), Some(state.tries));
        }
        choices.done(verb, select)
    }

    fn told(verb: Verb, whom: &str) -> String {
        format!("{} {whom}", verb.word())
    }
}
