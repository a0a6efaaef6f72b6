//! Voters that lie.

use agent2028_core::agent::AgentId;
use agent2028_core::check::{Check, Problems, Range, Unit};
use agent2028_core::clock::SimClock;
use agent2028_core::intervention::{
    Intervention, InterventionContext, InterventionError, InterventionRegistry, PaletteEntry, Tone,
};
use agent2028_core::selector::Selector;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::lies::Deed;
use crate::log::Consensus;

/// Adds the interventions of this plugin.
pub fn interventions(list: &mut InterventionRegistry) {
    list.add::<ByzantineVote>().add::<Equivocate>().add::<Withhold>();
}

macro_rules! lies {
    ($($(#[$about:meta])* $name:ident, $deed:expr, $palette:expr, $done:literal;)*) => {
        $(
            $(#[$about])*
            #[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
            #[reflect(Default)]
            #[serde(default, deny_unknown_fields)]
            pub struct $name {
                /// Which voters; agents that don't vote are left out.
                pub select: Selector,
                /// For how long; for good by default.
                #[reflect(@Range::positive(), @Unit("s"))]
                pub duration_s: Option<f32>,
            }

            impl Default for $name {
                fn default() -> Self {
                    Self { select: Selector::Count(1), duration_s: None }
                }
            }

            impl Check for $name {
                fn check(&self, at: &str, problems: &mut Problems) {
                    self.select.check(&format!("{at}.select"), problems);
                }
            }

            impl Intervention for $name {
                const NAME: &'static str = stringify!($name);
                const NEEDS: &'static [&'static str] = &["consensus"];
                const PALETTE: Option<PaletteEntry> = Some($palette);

                fn concerns(&self, world: &World, agent: AgentId) -> bool {
                    world.get_resource::<Consensus>().is_some_and(|consensus| consensus.may_vote(world, agent))
                }

                fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
                    let liars = self.chosen_by(&self.select, world, context);
                    lie(world, &liars, $deed, self.duration_s)?;
                    Ok(format!($done, liars.len()))
                }
            }
        )*
    };
}

lies! {
    /// Attack: voters propose and vote for what is not valid.
    ByzantineVote, Deed::Garbage,
    PaletteEntry::new("Vote for garbage by", "\u{e14d}", Tone::Danger, "They propose and vote for what is not valid."),
    "{} voters vote for garbage";

    /// Attack: voters say one thing to one half of the honest voters and another to the rest, in concert.
    Equivocate, Deed::Equivocate,
    PaletteEntry::new("Equivocation by", "\u{e8d5}", Tone::Danger, "They say one thing to one half of the honest and another to the rest, in concert."),
    "{} voters equivocate";

    /// Fault: voters say nothing, though they are there.
    Withhold, Deed::Withhold,
    PaletteEntry::new("Silence of", "\u{e16f}", Tone::Warning, "They send neither proposals nor votes."),
    "{} voters are silent";
}

fn lie(world: &mut World, agents: &[AgentId], deed: Deed, seconds: Option<f32>) -> Result<(), InterventionError> {
    let clock = world.resource::<SimClock>();
    let length = |seconds: f32| clock.tick().saturating_add(clock.ticks_in(f64::from(seconds))).saturating_sub(1);
    let until = seconds.map_or(u64::MAX, length);
    let none = || InterventionError::Refused("this scene decides nothing; add the section consensus".into());
    let ids: Vec<u32> = agents.iter().map(|agent| agent.0).collect();
    world.get_resource_mut::<Consensus>().ok_or_else(none)?.lie(&ids, deed, until);
    Ok(())
}
