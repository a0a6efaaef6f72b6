//! Rows of the palette that lie about others, betray, change names, and join in numbers.

use agent2028_core::agent::Placement;
use agent2028_core::intervention::{AnyIntervention, Intervention as _};
use agent2028_core::selector::Selector;
use agent2028_kit::faults::{DropOn, FaultRows, FaultsState, FaultsView, Rows, Verb, number};
use agent2028_kit::theme::measure;
use agent2028_kit::{format, widgets};
use agent2028_trust::Trust;
use agent2028_trust::interventions::{BadMouthing, BallotStuffing, Collude, OnOff, SybilJoin, Whitewash};
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{DragValue, Ui, WidgetType};

/// What agents do to what others are held to be.
fn by_agents() -> [Verb; 5] {
    [
        Verb::of::<BallotStuffing>(),
        Verb::of::<BadMouthing>(),
        Verb::of::<Collude>(),
        Verb::of::<OnOff>(),
        Verb::of::<Whitewash>(),
    ]
}

/// What a row says: of these, with that group.
fn text(verb: Verb, words: &str, about: &str) -> String {
    match verb.name() {
        BallotStuffing::NAME => format!("Let {words} praise {about}"),
        BadMouthing::NAME => format!("Let {words} run {about} down"),
        Collude::NAME => format!("Let {words} collude"),
        OnOff::NAME => format!("Let {words} betray by turns"),
        Whitewash::NAME => format!("Let {words} change names"),
        _ => format!("Sybils join {about}"),
    }
}

/// What is remembered of these rows.
#[derive(Clone, Debug, PartialEq)]
pub struct TrustRowsState {
    /// How many ratings each liar makes up, per second.
    pub ratings: f64,
    /// The group that is lied about.
    pub about: String,
}

impl Default for TrustRowsState {
    fn default() -> Self {
        Self { ratings: 2.0, about: String::new() }
    }
}

impl TrustRowsState {
    /// Many who join the group that is spoken of, praise each other and perhaps others.
    fn sybils(&self, praise: Option<Selector>, at: Option<Placement>, choices: &FaultsState) -> AnyIntervention {
        let (group, count, duration_s) = (self.about.clone(), choices.spawned, choices.duration_s());
        SybilJoin { group, count, praise, per_second: self.ratings, at, duration_s }.into()
    }
}

/// Attacks on trust.
#[derive(Clone, Copy, Debug)]
pub struct TrustRows;

impl FaultRows for TrustRows {
    type State = TrustRowsState;

    fn verbs() -> Vec<Verb> {
        by_agents().into_iter().chain([Verb::of::<SybilJoin>()]).collect()
    }

    fn applies(world: &World) -> bool {
        world.contains_resource::<Trust>()
    }

    fn show(ui: &mut Ui, rows: &mut Rows, state: &mut TrustRowsState) {
        let (look, groups) = (rows.look, rows.view.groups);
        if !groups.iter().any(|group| group.name == state.about) {
            state.about = groups.first().map_or_else(String::new, |group| group.name.clone());
        }
        let (select, words) = (rows.select(), rows.words());
        ui.add_space(spacing::TIGHT);
        widgets::property(ui, look, "Each makes up", |ui| {
            let field = DragValue::new(&mut state.ratings).range(0.0..=10_000.0).speed(0.05).max_decimals(1);
            number(ui, "Made-up ratings per second", field.suffix(" /s"));
        });
        widgets::property(ui, look, "About", |ui| {
            let response = widgets::choice("about", measure::CHOICE, look.body(&state.about)).show_ui(ui, |ui| {
                for group in groups {
                    ui.selectable_value(&mut state.about, group.name.clone(), look.body(&group.name));
                }
            });
            widgets::named(ui, &response.response, WidgetType::ComboBox, "Group that is lied about");
        });
        ui.add_enabled_ui(rows.meant(), |ui| {
            for verb in by_agents() {
                if rows.fault(ui, verb, &text(verb, &words, &state.about), |_| {}) {
                    rows.actions.intervene(Self::done(verb, select.clone(), rows.choices, state));
                }
            }
        });
        ui.add_enabled_ui(!state.about.is_empty(), |ui| {
            let verb = Verb::of::<SybilJoin>();
            if rows.fault(ui, verb, &text(verb, &words, &state.about), |_| {}) {
                rows.actions.intervene(state.sybils(None, None, rows.choices));
            }
        });
    }

    fn done(verb: Verb, select: Selector, choices: &FaultsState, state: &TrustRowsState) -> AnyIntervention {
        let (duration_s, per_second) = (choices.duration_s(), state.ratings);
        let about = || Selector::Named(state.about.clone());
        match verb.name() {
            BallotStuffing::NAME => BallotStuffing { select, praise: about(), per_second, duration_s }.into(),
            BadMouthing::NAME => BadMouthing { select, against: about(), per_second, duration_s }.into(),
            Collude::NAME => {
                Collude { select, against: Some(about()), per_second, duration_s, ..Collude::default() }.into()
            }
            SybilJoin::NAME => state.sybils(Some(select), None, choices),
            _ => verb.to(select, duration_s, None),
        }
    }

    fn told(verb: Verb, whom: &str) -> String {
        format!("{} {whom}", verb.word())
    }

    fn dropped(
        verb: Verb,
        on: DropOn,
        view: &FaultsView,
        choices: &FaultsState,
        state: &TrustRowsState,
    ) -> (AnyIntervention, String) {
        if let (true, DropOn::Ground(center)) = (verb.is::<SybilJoin>(), on) {
            let at = Some(Placement::Disc { center, radius: choices.drop_radius(view) });
            let words = format!("{} Sybils joined {}", format::count(choices.spawned.into()), state.about);
            return (state.sybils(None, at, choices), words);
        }
        let (select, whom) = choices.dropped_on(on, view);
        (Self::done(verb, select, choices, state), Self::told(verb, &whom))
    }
}
