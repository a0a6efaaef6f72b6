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
use egui::{Color32, DragValue, TextEdit, Ui, WidgetType};
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons::{
    ICON_CAMPAIGN, ICON_CONTENT_COPY, ICON_CONTENT_CUT, ICON_HEALING, ICON_HOURGLASS_BOTTOM, ICON_LINK_OFF,
    ICON_MORE_TIME, ICON_NOTIFICATION_IMPORTANT, ICON_SWAP_VERT,
};

use super::{FaultsState, FaultsView, Verb, fault, number};
use crate::actions::Actions;
use crate::theme::Look;
use crate::widgets;

/// What the palette does to how agents talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkVerb {
    /// No message passes between them and the others.
    CutOff,
    /// All partitions end.
    Heal,
    /// Their links lose messages.
    Lose,
    /// Their links are slow.
    Delay,
    /// Their links deliver messages twice.
    Double,
    /// Their links let messages overtake each other.
    Reorder,
    /// Their clocks are off.
    Skew,
    /// One of them begins a rumour.
    Rumour,
    /// One of them raises a false alarm.
    Alarm,
}

/// What was done when partitions were healed.
pub(super) const HEALED: &str = "Healed all partitions";

impl NetworkVerb {
    /// What stands before those whom it concerns: "Cut off", "Lose messages of".
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::CutOff => "Cut off",
            Self::Heal => "Heal partitions",
            Self::Lose => "Lose messages of",
            Self::Delay => "Delay messages of",
            Self::Double => "Double messages of",
            Self::Reorder => "Reorder messages of",
            Self::Skew => "Skew clocks of",
            Self::Rumour => "Rumour by",
            Self::Alarm => "False alarm by",
        }
    }

    /// What was done to a share of those in a circle, in words.
    pub(super) fn of_the_circle(self, share: &str) -> String {
        let whom = if matches!(self, Self::Rumour | Self::Alarm) { "one" } else { share };
        format!("{} {whom} of the circle", self.word())
    }

    /// What its row says where there is little room: what it does, without those whom it concerns.
    const fn title(self) -> &'static str {
        match self {
            Self::Lose => "Lose messages",
            Self::Delay => "Delay messages",
            Self::Double => "Double messages",
            Self::Reorder => "Reorder messages",
            Self::Skew => "Skew clocks",
            _ => self.word(),
        }
    }

    pub(super) const fn icon(self) -> MaterialIcon {
        match self {
            Self::CutOff => ICON_CONTENT_CUT,
            Self::Heal => ICON_HEALING,
            Self::Lose => ICON_LINK_OFF,
            Self::Delay => ICON_HOURGLASS_BOTTOM,
            Self::Double => ICON_CONTENT_COPY,
            Self::Reorder => ICON_SWAP_VERT,
            Self::Skew => ICON_MORE_TIME,
            Self::Rumour => ICON_CAMPAIGN,
            Self::Alarm => ICON_NOTIFICATION_IMPORTANT,
        }
    }

    pub(super) fn tint(self, look: &Look) -> Color32 {
        match self {
            Self::CutOff | Self::Alarm => look.danger,
            Self::Heal => look.good,
            Self::Rumour => look.info,
            Self::Lose | Self::Delay | Self::Double | Self::Reorder | Self::Skew => look.warning,
        }
    }

    pub(super) const fn does(self) -> &'static str {
        match self {
            Self::CutOff => "No message passes between them and the others.",
            Self::Heal => "Messages pass again between all.",
            Self::Lose => "Their links lose this share of messages, beyond the usual.",
            Self::Delay => "Messages from and to them take so much longer.",
            Self::Double => "This share of the messages from and to them arrives twice.",
            Self::Reorder => {
                "This share of the messages from and to them is held up, so that later ones overtake them."
            }
            Self::Skew => "Each of their clocks is off by an amount of its own, at most by the value at the right.",
            Self::Rumour => "One of them begins to tell it.",
            Self::Alarm => "One of them tells what isn't true, and it spreads as the truth does.",
        }
    }
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

/// How strong faults of the network are.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkStrengths {
    /// The share of messages that is lost, 0–1.
    pub lost: f32,
    /// What is added to the latency, in milliseconds.
    pub added_ms: f32,
    /// The share of messages that arrives twice, 0–1.
    pub doubled: f32,
    /// The share of messages that is held up, 0–1.
    pub held_up: f32,
    /// By how much clocks are off at most, in milliseconds.
    pub skew_ms: f32,
    /// What a rumour says.
    pub text: String,
    /// How far a rumour is meant to go.
    pub scope: Scope,
}

impl Default for NetworkStrengths {
    fn default() -> Self {
        let rumour = TellRumour::default();
        Self {
            lost: LinkLoss::default().loss,
            added_ms: LinkLatency::default().added_ms,
            doubled: Duplicate::default().share,
            held_up: Reorder::default().share,
            skew_ms: ClockSkew::default().most_ms,
            text: rumour.text,
            scope: rumour.scope,
        }
    }
}

impl NetworkStrengths {
    /// What a row does to agents.
    pub(super) fn intervention(&self, verb: NetworkVerb, select: Selector, duration_s: Option<f32>) -> AnyIntervention {
        let (scope, text) = (self.scope, || self.text.trim().to_owned());
        match verb {
            NetworkVerb::CutOff => Partition { select, duration_s }.into(),
            NetworkVerb::Heal => Heal::default().into(),
            NetworkVerb::Lose => LinkLoss { select, loss: self.lost, duration_s }.into(),
            NetworkVerb::Delay => LinkLatency { select, added_ms: self.added_ms, duration_s }.into(),
            NetworkVerb::Double => Duplicate { select, share: self.doubled, duration_s }.into(),
            NetworkVerb::Reorder => Reorder { select, share: self.held_up, duration_s }.into(),
            NetworkVerb::Skew => ClockSkew { select, most_ms: self.skew_ms, duration_s }.into(),
            NetworkVerb::Rumour => TellRumour { select: one_of(select), scope, text: text() }.into(),
            NetworkVerb::Alarm => FalseAlert { select: one_of(select), scope, text: text() }.into(),
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
    let duration_s = state.duration_s();
    let FaultsState { network: strengths, dragged, .. } = state;
    let mut asked = None;
    ui.add_space(spacing::TIGHT);
    ui.add_enabled_ui(meant, |ui| {
        for verb in [
            NetworkVerb::CutOff,
            NetworkVerb::Lose,
            NetworkVerb::Delay,
            NetworkVerb::Double,
            NetworkVerb::Reorder,
            NetworkVerb::Skew,
        ] {
            let text =
                if verb == NetworkVerb::CutOff { format!("{} {words}", verb.word()) } else { verb.title().into() };
            if fault(ui, look, Verb::Network(verb), &text, dragged, |ui| strength(ui, verb, strengths)) {
                asked = Some(verb);
            }
        }
    });
    ui.add_enabled_ui(talking.partitions > 0, |ui| {
        let verb = NetworkVerb::Heal;
        if fault(ui, look, Verb::Network(verb), verb.word(), dragged, |_| {}) {
            asked = Some(verb);
        }
    });
    if talking.gossips {
        ui.add_space(spacing::TIGHT);
        rumour_fields(ui, look, strengths);
        let said = !strengths.text.trim().is_empty();
        ui.add_enabled_ui(meant && said, |ui| {
            for verb in [NetworkVerb::Rumour, NetworkVerb::Alarm] {
                let text = format!("{} one of {everyone}", verb.word());
                if fault(ui, look, Verb::Network(verb), &text, dragged, |_| {}) {
                    asked = Some(verb);
                }
            }
        });
    }
    if let Some(verb) = asked {
        actions.intervene(strengths.intervention(verb, select, duration_s));
    }
}

/// What sets a row's strength.
fn strength(ui: &mut Ui, verb: NetworkVerb, strengths: &mut NetworkStrengths) {
    match verb {
        NetworkVerb::Lose => per_cent(ui, "Lost messages, in per cent", &mut strengths.lost),
        NetworkVerb::Delay => milliseconds(ui, "Milliseconds that messages take longer", &mut strengths.added_ms),
        NetworkVerb::Double => per_cent(ui, "Messages that arrive twice, in per cent", &mut strengths.doubled),
        NetworkVerb::Reorder => per_cent(ui, "Messages that are held up, in per cent", &mut strengths.held_up),
        NetworkVerb::Skew => milliseconds(ui, "Milliseconds that clocks are off at most", &mut strengths.skew_ms),
        NetworkVerb::CutOff | NetworkVerb::Heal | NetworkVerb::Rumour | NetworkVerb::Alarm => {}
    }
}

fn rumour_fields(ui: &mut Ui, look: &Look, strengths: &mut NetworkStrengths) {
    widgets::property(ui, look, "Rumour", |ui| {
        let field = TextEdit::singleline(&mut strengths.text).desired_width(f32::INFINITY);
        let response = ui.add(field.hint_text("What is told"));
        widgets::named(ui, &response, WidgetType::TextEdit, "Rumour");
    });
    widgets::property(ui, look, "For", |ui| {
        let response = widgets::choice("scope", ui.available_width(), scope_name(strengths.scope))
            .show_ui(ui, |ui| {
                for scope in [Scope::LocalBroadcast, Scope::RegionalGossip, Scope::GlobalAlert] {
                    ui.selectable_value(&mut strengths.scope, scope, scope_name(scope));
                }
            })
            .response;
        widgets::named(ui, &response, WidgetType::ComboBox, "For whom the rumour is");
    });
}

fn per_cent(ui: &mut Ui, name: &str, share: &mut f32) {
    let mut value = *share * 100.0;
    let field = DragValue::new(&mut value).range(0.0..=100.0).speed(0.5).max_decimals(0).suffix("%");
    if number(ui, name, field).changed() {
        *share = value / 100.0;
    }
}

fn milliseconds(ui: &mut Ui, name: &str, ms: &mut f32) {
    number(ui, name, DragValue::new(ms).range(0.0..=1e6).speed(5.0).max_decimals(0).suffix(" ms"));
}
