//! Rows of the palette that cut the network, make links worse, set clocks wrong, and begin rumours.

use agent2028_core::intervention::AnyIntervention;
use agent2028_core::selector::Selector;
use agent2028_network::Network;
use agent2028_network::config::{NetworkConfig, Scope};
use agent2028_network::interventions::{
    ClockSkew, Duplicate, FalseAlert, Heal, LinkLatency, LinkLoss, Partition, Reorder, TellRumour,
};
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{TextEdit, Ui, WidgetType};

use super::{FaultsState, FaultsView, Verb, row};
use crate::actions::Actions;
use crate::theme::Look;
use crate::widgets;

/// What was done when partitions were healed.
pub(super) const HEALED: &str = "Healed all partitions";

/// What is done to how those who are meant talk.
fn of_links() -> [Verb; 6] {
    [
        Verb::of::<Partition>(),
        Verb::of::<LinkLoss>(),
        Verb::of::<LinkLatency>(),
        Verb::of::<Duplicate>(),
        Verb::of::<Reorder>(),
        Verb::of::<ClockSkew>(),
    ]
}

/// All rows of this file.
pub(super) fn verbs() -> Vec<Verb> {
    let others = [Verb::of::<Heal>(), Verb::of::<TellRumour>(), Verb::of::<FalseAlert>()];
    of_links().into_iter().chain(others).collect()
}

/// Whether one of those who are meant does it.
pub(super) fn is_by_one(verb: Verb) -> bool {
    verb.is::<TellRumour>() || verb.is::<FalseAlert>()
}

/// What the palette needs to know of a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Talking {
    /// How many partitions there are.
    pub partitions: usize,
    /// Whether agents gossip.
    pub gossips: bool,
}

impl Talking {
    /// That of a world, if anybody talks there.
    #[must_use]
    pub fn of(world: &World) -> Option<Self> {
        let network = world.get_resource::<Network>()?;
        let gossips = world.get_resource::<NetworkConfig>().is_some_and(|config| config.gossip.is_some());
        Some(Self { partitions: network.faults().partitions.len(), gossips })
    }
}

/// What rumours say.
#[derive(Clone, Debug, PartialEq)]
pub struct Rumour {
    /// The words.
    pub text: String,
    /// How far a rumour is meant to go.
    pub scope: Scope,
}

impl Default for Rumour {
    fn default() -> Self {
        let TellRumour { text, scope, .. } = TellRumour::default();
        Self { text, scope }
    }
}

impl Rumour {
    /// Lets one of those who are meant begin it, as true or as an alarm.
    pub(super) fn intervention(&self, verb: Verb, select: Selector) -> AnyIntervention {
        let (select, scope, text) = (one_of(select), self.scope, self.text.trim().to_owned());
        if verb.is::<FalseAlert>() {
            FalseAlert { select, scope, text }.into()
        } else {
            TellRumour { select, scope, text }.into()
        }
    }
}

/// One of those that a selector means: of a hundred that begin the same rumour, nobody could tell which one spreads.
fn one_of(among: Selector) -> Selector {
    match among {
        Selector::All | Selector::Fraction(_) => Selector::Count(1),
        Selector::And(mut parts) => {
            parts.retain(|part| !matches!(part, Selector::Fraction(_)));
            parts.push(Selector::Count(1));
            Selector::And(parts)
        }
        among => Selector::And(vec![among, Selector::Count(1)]),
    }
}

const fn scope_name(scope: Scope) -> &'static str {
    match scope {
        Scope::LocalBroadcast => "Those nearby",
        Scope::RegionalGossip => "The region",
        Scope::GlobalAlert => "Everybody",
    }
}

/// The rows.
pub(super) fn show(
    ui: &mut Ui,
    look: &Look,
    view: &FaultsView,
    talking: Talking,
    state: &mut FaultsState,
    meant: bool,
    actions: &mut Actions,
) {
    let (select, words) = (state.selector(view), state.in_words(view));
    let all = FaultsState { share: 1.0, ..state.clone() };
    let everyone = all.in_words(view);
    ui.add_space(spacing::TIGHT);
    ui.add_enabled_ui(meant, |ui| {
        for verb in of_links() {
            let text = if verb.is::<Partition>() { format!("{} {words}", verb.word()) } else { verb.title().into() };
            row(ui, look, verb, &text, state, &select, actions);
        }
    });
    ui.add_enabled_ui(talking.partitions > 0, |ui| {
        let verb = Verb::of::<Heal>();
        row(ui, look, verb, verb.word(), state, &select, actions);
    });
    if talking.gossips {
        ui.add_space(spacing::TIGHT);
        rumour_fields(ui, look, &mut state.rumour);
        let said = !state.rumour.text.trim().is_empty();
        ui.add_enabled_ui(meant && said, |ui| {
            for verb in [Verb::of::<TellRumour>(), Verb::of::<FalseAlert>()] {
                row(ui, look, verb, &format!("{} one of {everyone}", verb.word()), state, &select, actions);
            }
        });
    }
}

fn rumour_fields(ui: &mut Ui, look: &Look, rumour: &mut Rumour) {
    widgets::property(ui, look, "Rumour", |ui| {
        let field = TextEdit::singleline(&mut rumour.text).desired_width(f32::INFINITY);
        let response = ui.add(field.hint_text("What is told"));
        widgets::named(ui, &response, WidgetType::TextEdit, "Rumour");
    });
    widgets::property(ui, look, "For", |ui| {
        let response = widgets::choice("scope", ui.available_width(), scope_name(rumour.scope))
            .show_ui(ui, |ui| {
                for scope in [Scope::LocalBroadcast, Scope::RegionalGossip, Scope::GlobalAlert] {
                    ui.selectable_value(&mut rumour.scope, scope, scope_name(scope));
                }
            })
            .response;
        widgets::named(ui, &response, WidgetType::ComboBox, "For whom the rumour is");
    });
}
