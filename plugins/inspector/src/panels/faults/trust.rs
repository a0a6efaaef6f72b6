//! Rows of the palette that lie about others, betray, change names, and join in numbers.

use agent2028_core::agent::Placement;
use agent2028_core::intervention::{AnyIntervention, Intervention};
use agent2028_core::selector::Selector;
use agent2028_trust::interventions::{BadMouthing, BallotStuffing, Collude, OnOff, SybilJoin, Whitewash};
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{DragValue, Ui, WidgetType};

use super::{FaultsState, FaultsView, Verb, fault, number};
use crate::actions::Actions;
use crate::theme::{Look, measure};
use crate::widgets;

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

/// All rows of this file.
pub(super) fn verbs() -> Vec<Verb> {
    by_agents().into_iter().chain([Verb::of::<SybilJoin>()]).collect()
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

impl FaultsState {
    /// What a row of these does to agents.
    pub(super) fn on_trust(&self, verb: Verb, select: Selector) -> AnyIntervention {
        let (duration_s, per_second) = (self.duration_s(), f64::from(self.ratings));
        let about = || Selector::Named(self.about.clone());
        match verb.name() {
            BallotStuffing::NAME => BallotStuffing { select, praise: about(), per_second, duration_s }.into(),
            BadMouthing::NAME => BadMouthing { select, against: about(), per_second, duration_s }.into(),
            Collude::NAME => {
                Collude { select, against: Some(about()), per_second, duration_s, ..Collude::default() }.into()
            }
            SybilJoin::NAME => self.sybils(Some(select), None),
            _ => verb.to(select, duration_s, None),
        }
    }

    /// Many who join the group that is spoken of, praise each other and perhaps others.
    pub(super) fn sybils(&self, praise: Option<Selector>, at: Option<Placement>) -> AnyIntervention {
        let (group, count) = (self.about.clone(), self.spawned);
        let (per_second, duration_s) = (f64::from(self.ratings), self.duration_s());
        SybilJoin { group, count, praise, per_second, at, duration_s }.into()
    }
}

/// The rows.
pub(super) fn show(
    ui: &mut Ui,
    look: &Look,
    view: &FaultsView,
    state: &mut FaultsState,
    meant: bool,
    actions: &mut Actions,
) {
    if !view.groups.iter().any(|group| group.name == state.about) {
        state.about = view.groups.first().map_or_else(String::new, |group| group.name.clone());
    }
    let (select, words) = (state.selector(view), state.in_words(view));
    ui.add_space(spacing::TIGHT);
    widgets::property(ui, look, "Each makes up", |ui| {
        let field = DragValue::new(&mut state.ratings).range(0.0..=10_000.0).speed(0.05).max_decimals(1);
        number(ui, "Made-up ratings per second", field.suffix(" /s"));
    });
    widgets::property(ui, look, "About", |ui| {
        let response = widgets::choice("about", measure::CHOICE, look.body(&state.about)).show_ui(ui, |ui| {
            for group in view.groups {
                ui.selectable_value(&mut state.about, group.name.clone(), look.body(&group.name));
            }
        });
        widgets::named(ui, &response.response, WidgetType::ComboBox, "Group that is lied about");
    });
    let mut asked = None;
    let mut row = |ui: &mut Ui, verb: Verb, dragged: &mut Option<Verb>, about: &str| {
        if fault(ui, look, verb, &text(verb, &words, about), dragged, |_| {}) {
            asked = Some(verb);
        }
    };
    ui.add_enabled_ui(meant, |ui| {
        for verb in by_agents() {
            row(ui, verb, &mut state.dragged, &state.about);
        }
    });
    ui.add_enabled_ui(!state.about.is_empty(), |ui| {
        row(ui, Verb::of::<SybilJoin>(), &mut state.dragged, &state.about);
    });
    match asked {
        Some(verb) if verb.is::<SybilJoin>() => actions.intervene(state.sybils(None, None)),
        Some(verb) => actions.intervene(state.on_trust(verb, select)),
        None => {}
    }
}
