//! Attacks on sealed channels: what was heard is sent again, channels are opened again, offers are stripped.

use agent2028_core::agent::AgentId;
use agent2028_core::check::{Check, Problems, Range, Unit};
use agent2028_core::check_selector;
use agent2028_core::clock::SimClock;
use agent2028_core::intervention::{Intervention, InterventionContext, InterventionError, PaletteEntry, Tone, Unfit};
use agent2028_core::selector::Selector;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use super::{members, refused};
use crate::config::IdentityConfig;
use crate::identities::Identities;
use crate::state::{Attack, AttackKind};

fn has_channels(world: &World) -> Result<(), InterventionError> {
    if world.get_resource::<IdentityConfig>().is_some_and(|config| !config.channels.is_empty()) {
        return Ok(());
    }
    Err(refused("there are no sealed channels in this scene; add identity.channels"))
}

/// Attacks of those who listen to sealed channels: what they are called and told, and the fields that they share.
macro_rules! listening_attack {
    (
        $(#[$docs:meta])* $kind:ident, $(#[$rate_docs:meta])* per_second,
        $word:literal, $icon:literal, $does:literal, $done:literal
    ) => {
        $(#[$docs])*
        #[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
        #[reflect(Default)]
        #[serde(default, deny_unknown_fields)]
        pub struct $kind {
            /// Who does it.
            pub select: Selector,
            $(#[$rate_docs])*
            #[reflect(@Range::new(0.0, 1e4), @Unit("1/s"))]
            pub per_second: f32,
            /// For how long; without it for good.
            #[reflect(@Range::new(0.0, 1e9), @Unit("s"))]
            pub duration_s: Option<f32>,
        }

        impl Default for $kind {
            fn default() -> Self {
                Self { select: Selector::Count(1), per_second: 1.0, duration_s: None }
            }
        }

        check_selector!($kind);

        impl Intervention for $kind {
            const NAME: &'static str = stringify!($kind);
            const NEEDS: &'static [&'static str] = &["identity"];
            const PALETTE: Option<PaletteEntry> =
                Some(PaletteEntry::new($word, $icon, Tone::Danger, $does).with_strength("per_second"));

            fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
                Ok(has_channels(world)?)
            }

            fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
                let (kind, rate, length) = (AttackKind::$kind, self.per_second, self.duration_s);
                let count = listen(world, context, kind, &self.select, rate, length)?;
                Ok(format!("{count} agents {}", $done))
            }
        }
    };
}

listening_attack!(
    /// Agents listen to sealed channels and send again what went through them.
    ReplayMessages,
    /// How often each sends a message again, of any channel.
    per_second,
    "Replay by",
    "\u{e042}",
    "They listen to sealed channels and send again what went through them.",
    "send messages of others again"
);

listening_attack!(
    /// Agents listen to sealed channels, open them once more with what they have heard, and send messages again.
    ReplayOpening,
    /// How often each opens a channel again, of any two others, with one message.
    per_second,
    "Reopen channels by",
    "\u{e898}",
    "They open sealed channels of others once more, with the words that opened them before.",
    "open channels of others again"
);

/// Agents stand on the way when others open sealed channels, and strike all suites but the weakest from what these offer.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct StripOffers {
    /// Who does it, in turn.
    pub select: Selector,
    /// Whose offers: of all channels that these open from now on.
    pub victim: Selector,
    /// For how long; without it for good.
    #[reflect(@Range::new(0.0, 1e9), @Unit("s"))]
    pub duration_s: Option<f32>,
}

impl Default for StripOffers {
    fn default() -> Self {
        Self { select: Selector::Count(1), victim: Selector::All, duration_s: None }
    }
}

impl Intervention for StripOffers {
    const NAME: &'static str = "StripOffers";
    const NEEDS: &'static [&'static str] = &["identity"];
    const PALETTE: Option<PaletteEntry> = Some(PaletteEntry::new(
        "Strip offers by",
        "\u{f0c5}",
        Tone::Danger,
        "They stand in the way when others open sealed channels, and strike all suites but the weakest from what these offer.",
    ));

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        Ok(has_channels(world)?)
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = members(world, context, &self.select)?;
        has_channels(world)?;
        let mut victims = members(world, context, &self.victim)?;
        victims.retain(|victim| agents.binary_search(victim).is_err());
        if agents.is_empty() || victims.is_empty() {
            return Err(refused("nobody whose offers somebody else could strip"));
        }
        let until = world.resource::<SimClock>().end_of(self.duration_s);
        let state = &mut world.resource_mut::<Identities>().state;
        let kind = AttackKind::StripOffers;
        let is_victim = |agent: u32| victims.binary_search(&AgentId(agent)).is_ok();
        state.attacks.retain(|attack| !(attack.kind == kind && is_victim(attack.victim)));
        let pairs = victims.iter().zip(agents.iter().cycle());
        let begun = pairs.map(|(victim, agent)| Attack {
            kind,
            agent: agent.0,
            victim: victim.0,
            capability: 0,
            per_second: 0.0,
            until,
        });
        state.attacks.extend(begun);
        Ok(format!("{} agents strip what {} others offer", agents.len().min(victims.len()), victims.len()))
    }
}

impl Check for StripOffers {
    fn check(&self, at: &str, problems: &mut Problems) {
        self.select.check(&format!("{at}.select"), problems);
        self.victim.check(&format!("{at}.victim"), problems);
    }
}

/// Lets agents listen to channels and send again what they hear, in one way. Returns how many.
fn listen(
    world: &mut World,
    context: &InterventionContext,
    kind: AttackKind,
    select: &Selector,
    per_second: f32,
    duration_s: Option<f32>,
) -> Result<usize, InterventionError> {
    let agents = members(world, context, select)?;
    has_channels(world)?;
    let until = world.resource::<SimClock>().end_of(duration_s);
    let state = &mut world.resource_mut::<Identities>().state;
    for agent in &agents {
        let agent = agent.0;
        state.attacks.retain(|attack| !(attack.kind == kind && attack.agent == agent));
        state.attacks.push(Attack { kind, agent, victim: agent, capability: 0, per_second, until });
    }
    Ok(agents.len())
}
