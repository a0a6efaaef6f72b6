//! Rows of the palette that lie about others, betray, change names, and join in numbers.

use agent2028_core::agent::Placement;
use agent2028_core::intervention::AnyIntervention;
use agent2028_core::selector::Selector;
use agent2028_trust::interventions::{BadMouthing, BallotStuffing, Collude, OnOff, SybilJoin, Whitewash};
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Color32, DragValue, Ui, WidgetType};
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons::{
    ICON_BADGE, ICON_GROUPS, ICON_HANDSHAKE, ICON_THUMB_DOWN, ICON_THUMB_UP, ICON_TOGGLE_OFF,
};

use super::{FaultsState, FaultsView, Verb, fault, number};
use crate::actions::Actions;
use crate::theme::{Look, measure};
use crate::widgets;

/// What the palette does to what agents are held to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustVerb {
    /// They praise others, whatever those do.
    Praise,
    /// They run others down, whatever those do.
    RunDown,
    /// They praise each other and run others down.
    Collude,
    /// They behave, then betray, and so on.
    Betray,
    /// They leave and come back under other names.
    Rename,
    /// Many join who praise each other.
    Sybils,
}

impl TrustVerb {
    /// What stands before those whom it concerns.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Praise => "False praise by",
            Self::RunDown => "Bad-mouthing by",
            Self::Collude => "Collusion of",
            Self::Betray => "Betrayal by",
            Self::Rename => "New names for",
            Self::Sybils => "Sybils who praise",
        }
    }

    pub(super) const fn icon(self) -> MaterialIcon {
        match self {
            Self::Praise => ICON_THUMB_UP,
            Self::RunDown => ICON_THUMB_DOWN,
            Self::Collude => ICON_HANDSHAKE,
            Self::Betray => ICON_TOGGLE_OFF,
            Self::Rename => ICON_BADGE,
            Self::Sybils => ICON_GROUPS,
        }
    }

    pub(super) const fn tint(self, look: &Look) -> Color32 {
        look.danger
    }

    pub(super) const fn does(self) -> &'static str {
        match self {
            Self::Praise => "As raters they praise that group, whatever it does, and also for work that never was.",
            Self::RunDown => "As raters they run that group down, whatever it does, and also for work that never was.",
            Self::Collude => "They praise each other and run that group down, for work that never was.",
            Self::Betray => "They behave for 8 s, fail at everything for 4 s, and so on.",
            Self::Rename => "When they are trusted too little they leave and come back under names that nobody knows.",
            Self::Sybils => "As many as are spawned above join that group, and praise each other.",
        }
    }

    /// What the row says: of these, with that group.
    fn row(self, words: &str, about: &str) -> String {
        match self {
            Self::Praise => format!("Let {words} praise {about}"),
            Self::RunDown => format!("Let {words} run {about} down"),
            Self::Collude => format!("Let {words} collude"),
            Self::Betray => format!("Let {words} betray by turns"),
            Self::Rename => format!("Let {words} change names"),
            Self::Sybils => format!("Sybils join {about}"),
        }
    }
}

impl FaultsState {
    /// What a row of these does to agents.
    pub(super) fn on_trust(&self, verb: TrustVerb, select: Selector) -> AnyIntervention {
        let (duration_s, per_second) = (self.duration_s(), f64::from(self.ratings));
        let about = || Selector::Named(self.about.clone());
        match verb {
            TrustVerb::Praise => BallotStuffing { select, praise: about(), per_second, duration_s }.into(),
            TrustVerb::RunDown => BadMouthing { select, against: about(), per_second, duration_s }.into(),
            TrustVerb::Collude => {
                Collude { select, against: Some(about()), per_second, duration_s, ..Collude::default() }.into()
            }
            TrustVerb::Betray => OnOff { select, duration_s, ..OnOff::default() }.into(),
            TrustVerb::Rename => Whitewash { select, duration_s, ..Whitewash::default() }.into(),
            TrustVerb::Sybils => self.sybils(Some(select), None),
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
    let mut row = |ui: &mut Ui, verb: TrustVerb, dragged: &mut Option<Verb>, about: &str| {
        if fault(ui, look, Verb::Trust(verb), &verb.row(&words, about), dragged, |_| {}) {
            asked = Some(verb);
        }
    };
    ui.add_enabled_ui(meant, |ui| {
        let by_agents =
            [TrustVerb::Praise, TrustVerb::RunDown, TrustVerb::Collude, TrustVerb::Betray, TrustVerb::Rename];
        for verb in by_agents {
            row(ui, verb, &mut state.dragged, &state.about);
        }
    });
    ui.add_enabled_ui(!state.about.is_empty(), |ui| {
        row(ui, TrustVerb::Sybils, &mut state.dragged, &state.about);
    });
    match asked {
        Some(TrustVerb::Sybils) => actions.intervene(state.sybils(None, None)),
        Some(verb) => actions.intervene(state.on_trust(verb, select)),
        None => {}
    }
}
