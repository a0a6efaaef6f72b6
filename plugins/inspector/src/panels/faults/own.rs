//! Rows about agents themselves, and about what they can do.

use agent2028_core::agent::{CapabilityRegistry, Placement};
use agent2028_core::faults::{
    Churn, Degrade, Freeze, GrantCapability, Kill, Remove, Restart, Spawn, WithdrawCapability,
};
use agent2028_core::intervention::AnyIntervention;
use agent2028_core::selector::Selector;
use agent2028_kit::faults::{DropOn, FaultRows, FaultsState, FaultsView, Rows, Verb, Whom, number};
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{DragValue, Ui};

use crate::format;
use crate::widgets;

/// What is remembered of the rows about agents.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentFaultRowsState {
    /// Expected departures per agent and second under `Churn`.
    pub departures: f32,
    /// How long an agent under `Churn` stays away, in simulated seconds.
    pub away: f32,
}

impl Default for AgentFaultRowsState {
    fn default() -> Self {
        let churn = Churn::default();
        Self { departures: churn.per_second, away: churn.downtime_s }
    }
}

/// Rows about agents: they fail, stop, leave and join.
#[derive(Clone, Copy, Debug)]
pub struct AgentFaultRows;

/// What is done to those that are meant, with nothing more to choose than a strength.
fn plain() -> [Verb; 4] {
    [Verb::of::<Kill>(), Verb::of::<Restart>(), Verb::of::<Freeze>(), Verb::of::<Degrade>()]
}

impl FaultRows for AgentFaultRows {
    type State = AgentFaultRowsState;

    fn verbs() -> Vec<Verb> {
        plain().into_iter().chain([Verb::of::<Churn>(), Verb::of::<Remove>(), Verb::of::<Spawn>()]).collect()
    }

    fn applies(_: &World) -> bool {
        true
    }

    fn show(ui: &mut Ui, rows: &mut Rows, state: &mut AgentFaultRowsState) {
        let (select, words, look) = (rows.select(), rows.words(), rows.look);
        let named = |verb: Verb| format!("{} {words}", verb.word());
        ui.add_enabled_ui(rows.meant(), |ui| {
            for verb in plain() {
                rows.row(ui, verb, &named(verb));
            }
            let churn = Verb::of::<Churn>();
            if rows.fault(ui, churn, &named(churn), |_| {}) {
                rows.actions.intervene(Self::done(churn, select.clone(), rows.choices, state));
            }
            widgets::property(ui, look, "Each leaves", |ui| {
                let away = DragValue::new(&mut state.away).range(0.1..=3600.0).speed(0.1).max_decimals(1).suffix(" s");
                number(ui, "Seconds that an agent stays away", away);
                ui.label(look.quiet("for"));
                let field = DragValue::new(&mut state.departures).range(0.0..=1000.0).speed(0.01).max_decimals(2);
                number(ui, "Departures per second", field.suffix(" /s"));
            });
            let remove = Verb::of::<Remove>();
            rows.row(ui, remove, &named(remove));
        });
        let group = rows.choices.group.clone();
        ui.add_enabled_ui(!group.is_empty(), |ui| {
            let (text, at) = match rows.choices.whom {
                Whom::Circle => {
                    let at = Placement::Disc { center: rows.choices.center, radius: rows.choices.radius };
                    (format!("Spawn {group} in the circle"), Some(at))
                }
                _ => (format!("Spawn more of {group}"), None),
            };
            let mut count = rows.choices.spawned;
            let pressed = rows.fault(ui, Verb::of::<Spawn>(), &text, |ui| {
                number(ui, "How many agents to spawn", DragValue::new(&mut count).range(1..=1_000_000).speed(1.0));
            });
            rows.choices.spawned = count;
            if pressed {
                rows.actions.intervene(Spawn { group, count, at });
            }
        });
    }

    fn done(verb: Verb, select: Selector, choices: &FaultsState, state: &AgentFaultRowsState) -> AnyIntervention {
        if verb.is::<Churn>() {
            let AgentFaultRowsState { departures: per_second, away: downtime_s } = *state;
            return Churn { select, per_second, downtime_s, duration_s: choices.duration_s() }.into();
        }
        choices.done(verb, select)
    }

    fn dropped(
        verb: Verb,
        on: DropOn,
        view: &FaultsView,
        choices: &FaultsState,
        state: &AgentFaultRowsState,
    ) -> (AnyIntervention, String) {
        if let (true, DropOn::Ground(center)) = (verb.is::<Spawn>(), on) {
            let at = Some(Placement::Disc { center, radius: choices.drop_radius(view) });
            let spawn = Spawn { group: choices.group.clone(), count: choices.spawned, at };
            let words = format!("Spawned {} {}", format::count(choices.spawned.into()), choices.group);
            return (spawn.into(), words);
        }
        let (select, whom) = choices.dropped_on(on, view);
        (Self::done(verb, select, choices, state), Self::told(verb, &whom))
    }

    fn needs_ground(verb: Verb) -> bool {
        verb.is::<Spawn>()
    }
}

/// What is remembered of the rows about capabilities.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CapabilityFaultRowsState {
    /// The capability that is granted or withdrawn.
    pub capability: String,
}

/// Rows about what agents can do.
#[derive(Clone, Copy, Debug)]
pub struct CapabilityFaultRows;

impl FaultRows for CapabilityFaultRows {
    type State = CapabilityFaultRowsState;

    fn verbs() -> Vec<Verb> {
        vec![Verb::of::<GrantCapability>(), Verb::of::<WithdrawCapability>()]
    }

    fn applies(_: &World) -> bool {
        true
    }

    fn show(ui: &mut Ui, rows: &mut Rows, state: &mut CapabilityFaultRowsState) {
        let known: Vec<String> = rows
            .world
            .get_resource::<CapabilityRegistry>()
            .map_or_else(Vec::new, |registry| registry.names().map(str::to_owned).collect());
        ui.add_space(spacing::TIGHT);
        widgets::property(ui, rows.look, "Capability", |ui| {
            widgets::capability_field(ui, &known, &mut state.capability);
        });
        let (select, words) = (rows.select(), rows.words());
        let named = !state.capability.trim().is_empty();
        ui.add_enabled_ui(rows.meant() && named, |ui| {
            for (verb, to) in [(Verb::of::<GrantCapability>(), "to"), (Verb::of::<WithdrawCapability>(), "from")] {
                if rows.fault(ui, verb, &format!("{} {to} {words}", verb.word()), |_| {}) {
                    rows.actions.intervene(Self::done(verb, select.clone(), rows.choices, state));
                }
            }
        });
    }

    fn done(verb: Verb, select: Selector, _: &FaultsState, state: &CapabilityFaultRowsState) -> AnyIntervention {
        let capability = state.capability.trim().to_owned();
        if verb.is::<GrantCapability>() {
            GrantCapability { select, capability }.into()
        } else {
            WithdrawCapability { select, capability }.into()
        }
    }
}
