//! Rows of the palette that forge, steal, impersonate and replay, and that take back what was given.

use agent2028_identity::IdentityConfig;
use agent2028_identity::interventions::{
    DeactivateIdentity, ForgeList, ForgeSignature, Impersonate, ReplayMessages, ReplayOpening, RevokePapers,
    RollbackList, RotateKeys, StealDelegation, StealOldKey,
};
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{DragValue, Ui};

use super::{FaultsState, FaultsView, Verb, fault, number};
use crate::actions::Actions;
use crate::theme::Look;
use crate::widgets;

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
pub(super) fn is_tried(verb: Verb) -> bool {
    with_papers().contains(&verb) || on_channels().contains(&verb) || with_lists().contains(&verb)
}

/// All rows of this file.
pub(super) fn verbs() -> Vec<Verb> {
    with_papers().into_iter().chain(on_channels()).chain(with_lists()).chain(done()).collect()
}

/// What the palette needs to know of identities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proving {
    /// Whether capabilities are used before others.
    pub requests: bool,
    /// Whether there are sealed channels.
    pub channels: bool,
}

impl Proving {
    /// That of a world, if anybody has keys there.
    #[must_use]
    pub fn of(world: &World) -> Option<Self> {
        let config = world.get_resource::<IdentityConfig>()?;
        Some(Self { requests: !config.requests.is_empty(), channels: !config.channels.is_empty() })
    }
}

/// The rows.
pub(super) fn show(
    ui: &mut Ui,
    look: &Look,
    view: &FaultsView,
    proving: Proving,
    state: &mut FaultsState,
    meant: bool,
    actions: &mut Actions,
) {
    let (select, words) = (state.selector(view), state.in_words(view));
    ui.add_space(spacing::TIGHT);
    widgets::property(ui, look, "Each tries", |ui| {
        let field = DragValue::new(&mut state.tries).range(0.0..=1000.0).speed(0.05).max_decimals(1);
        number(ui, "Attempts per second", field.suffix(" /s"));
    });
    ui.add_enabled_ui(meant, |ui| {
        let papers = with_papers().into_iter().filter(|_| proving.requests);
        let channels = on_channels().into_iter().filter(|_| proving.channels);
        for verb in papers.chain(channels).chain(with_lists()).chain(done()) {
            let text = format!("{} {words}", verb.word());
            if fault(ui, look, verb, &text, &mut state.dragged, |_| {}) {
                actions.intervene(state.intervention(verb, select.clone()));
            }
        }
    });
}
