//! Rows of the palette that forge, steal, impersonate and replay, and that take back what was given.

use agent2028_core::intervention::AnyIntervention;
use agent2028_core::selector::Selector;
use agent2028_identity::IdentityConfig;
use agent2028_identity::interventions::{
    DeactivateIdentity, ForgeSignature, Impersonate, ReplayMessages, RevokePapers, RotateKeys, StealDelegation,
};
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{Color32, DragValue, Ui};
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons::{
    ICON_ASSIGNMENT_RETURN, ICON_AUTORENEW, ICON_CONTENT_PASTE_GO, ICON_DRAW, ICON_FACE, ICON_PERSON_OFF, ICON_REPLAY,
};

use super::{FaultsState, FaultsView, Verb, fault, number};
use crate::actions::Actions;
use crate::theme::Look;
use crate::widgets;

/// What the palette does to who agents are to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityVerb {
    /// They sign in another's name.
    Forge,
    /// They show another's papers.
    Steal,
    /// They say that they are another.
    Impersonate,
    /// They send messages of others again.
    Replay,
    /// Their papers are taken back.
    Revoke,
    /// They get new keys.
    Rotate,
    /// Their identities end.
    End,
}

impl IdentityVerb {
    /// What stands before those whom it concerns.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Forge => "Forge by",
            Self::Steal => "Steal papers by",
            Self::Impersonate => "Impersonate by",
            Self::Replay => "Replay by",
            Self::Revoke => "Revoke papers of",
            Self::Rotate => "Rotate keys of",
            Self::End => "End identity of",
        }
    }

    pub(super) const fn icon(self) -> MaterialIcon {
        match self {
            Self::Forge => ICON_DRAW,
            Self::Steal => ICON_CONTENT_PASTE_GO,
            Self::Impersonate => ICON_FACE,
            Self::Replay => ICON_REPLAY,
            Self::Revoke => ICON_ASSIGNMENT_RETURN,
            Self::Rotate => ICON_AUTORENEW,
            Self::End => ICON_PERSON_OFF,
        }
    }

    pub(super) fn tint(self, look: &Look) -> Color32 {
        match self {
            Self::Forge | Self::Steal | Self::Impersonate | Self::Replay => look.danger,
            Self::Revoke | Self::End => look.warning,
            Self::Rotate => look.good,
        }
    }

    pub(super) const fn does(self) -> &'static str {
        match self {
            Self::Forge => {
                "They write themselves papers in a root's name, signed with keys of their own, and use them."
            }
            Self::Steal => "They show papers of others, who may use what the scene asks for first, as their own.",
            Self::Impersonate => "They say that they are others, who may use what the scene asks for first.",
            Self::Replay => "They listen to sealed channels and send again what went through them.",
            Self::Revoke => "Whoever gave them papers takes them back; the news goes from agent to agent.",
            Self::Rotate => "New keys in place of their old ones; names and papers stay.",
            Self::End => "They may prove, sign and vouch for nothing any more, for good.",
        }
    }
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

/// What a row does to agents.
pub(super) fn intervention(
    verb: IdentityVerb,
    select: Selector,
    per_second: f32,
    duration_s: Option<f32>,
) -> AnyIntervention {
    match verb {
        IdentityVerb::Forge => ForgeSignature { select, per_second, duration_s, ..ForgeSignature::default() }.into(),
        IdentityVerb::Steal => StealDelegation { select, per_second, duration_s, ..StealDelegation::default() }.into(),
        IdentityVerb::Impersonate => Impersonate { select, per_second, duration_s, ..Impersonate::default() }.into(),
        IdentityVerb::Replay => ReplayMessages { select, per_second, duration_s }.into(),
        IdentityVerb::Revoke => RevokePapers { select, capability: String::new() }.into(),
        IdentityVerb::Rotate => RotateKeys { select }.into(),
        IdentityVerb::End => DeactivateIdentity { select }.into(),
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
    let (select, words, duration_s) = (state.selector(view), state.in_words(view), state.duration_s());
    let mut asked = None;
    ui.add_space(spacing::TIGHT);
    if proving.requests || proving.channels {
        widgets::property(ui, look, "Each tries", |ui| {
            let field = DragValue::new(&mut state.tries).range(0.0..=1000.0).speed(0.05).max_decimals(1);
            number(ui, "Attempts per second", field.suffix(" /s"));
        });
    }
    ui.add_enabled_ui(meant, |ui| {
        let tried = [IdentityVerb::Forge, IdentityVerb::Steal, IdentityVerb::Impersonate];
        let tried = tried.into_iter().filter(|_| proving.requests);
        let replayed = proving.channels.then_some(IdentityVerb::Replay);
        let done = [IdentityVerb::Revoke, IdentityVerb::Rotate, IdentityVerb::End];
        for verb in tried.chain(replayed).chain(done) {
            let text = format!("{} {words}", verb.word());
            if fault(ui, look, Verb::Identity(verb), &text, &mut state.dragged, |_| {}) {
                asked = Some(verb);
            }
        }
    });
    if let Some(verb) = asked {
        actions.intervene(intervention(verb, select, state.tries, duration_s));
    }
}
