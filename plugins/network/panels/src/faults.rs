//! Rows of the palette that cut the network, make links worse, set clocks wrong, and begin rumours.

use agent2028_core::intervention::AnyIntervention;
use agent2028_core::selector::Selector;
use agent2028_kit::faults::{DropOn, FaultRows, FaultsState, FaultsView, Rows, Verb};
use agent2028_kit::theme::Look;
use agent2028_kit::widgets;
use agent2028_network::Network;
use agent2028_network::config::{NetworkConfig, Scope};
use agent2028_network::interventions::{
    ClockSkew, Duplicate, FalseAlert, Heal, LinkLatency, LinkLoss, Partition, Reorder, TellRumour,
};
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{TextEdit, Ui, WidgetType};

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

/// Whether one of those who are meant does it.
fn is_by_one(verb: Verb) -> bool {
    verb.is::<TellRumour>() || verb.is::<FalseAlert>()
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
    fn intervention(&self, verb: Verb, select: Selector) -> AnyIntervention {
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

/// Faults of links, clocks and words.
#[derive(Clone, Copy, Debug)]
pub struct NetworkRows;

impl FaultRows for NetworkRows {
    type State = Rumour;

    fn verbs() -> Vec<Verb> {
        let others = [Verb::of::<Heal>(), Verb::of::<TellRumour>(), Verb::of::<FalseAlert>()];
        of_links().into_iter().chain(others).collect()
    }

    fn applies(world: &World) -> bool {
        world.contains_resource::<Network>()
    }

    fn show(ui: &mut Ui, rows: &mut Rows, rumour: &mut Rumour) {
        let world = rows.world;
        let Some(network) = world.get_resource::<Network>() else { return };
        let gossips = world.get_resource::<NetworkConfig>().is_some_and(|config| config.gossip.is_some());
        let (select, words) = (rows.select(), rows.words());
        let everyone = FaultsState { share: 1.0, ..rows.choices.clone() }.in_words(rows.view);
        ui.add_space(spacing::TIGHT);
        ui.add_enabled_ui(rows.meant(), |ui| {
            for verb in of_links() {
                let text =
                    if verb.is::<Partition>() { format!("{} {words}", verb.word()) } else { verb.title().into() };
                rows.row(ui, verb, &text);
            }
        });
        ui.add_enabled_ui(!network.faults().partitions.is_empty(), |ui| {
            let verb = Verb::of::<Heal>();
            if rows.fault(ui, verb, verb.word(), |_| {}) {
                rows.actions.intervene(Heal::default());
            }
        });
        if gossips {
            ui.add_space(spacing::TIGHT);
            rumour_fields(ui, rows.look, rumour);
            let said = !rumour.text.trim().is_empty();
            ui.add_enabled_ui(rows.meant() && said, |ui| {
                for verb in [Verb::of::<TellRumour>(), Verb::of::<FalseAlert>()] {
                    if rows.fault(ui, verb, &format!("{} one of {everyone}", verb.word()), |_| {}) {
                        rows.actions.intervene(rumour.intervention(verb, select.clone()));
                    }
                }
            });
        }
    }

    fn done(verb: Verb, select: Selector, choices: &FaultsState, rumour: &Rumour) -> AnyIntervention {
        if is_by_one(verb) { rumour.intervention(verb, select) } else { choices.done(verb, select) }
    }

    fn told(verb: Verb, whom: &str) -> String {
        format!("{} {whom}", verb.word())
    }

    fn dropped(
        verb: Verb,
        on: DropOn,
        view: &FaultsView,
        choices: &FaultsState,
        rumour: &Rumour,
    ) -> (AnyIntervention, String) {
        if verb.is::<Heal>() {
            return (Heal::default().into(), "Healed all partitions".into());
        }
        let (select, mut whom) = choices.dropped_on(on, view);
        if let (true, DropOn::Ground(_)) = (is_by_one(verb), on) {
            whom = "one of the circle".into();
        }
        (Self::done(verb, select, choices, rumour), Self::told(verb, &whom))
    }

    fn hint(verb: Verb, agent: Option<&str>) -> String {
        match agent {
            _ if verb.is::<Heal>() => verb.word().to_owned(),
            Some(agent) => format!("{} {agent}", verb.word()),
            None => format!("{} here", verb.word()),
        }
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
