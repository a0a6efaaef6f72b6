//! Voters that lie.

use agent2028_core::agent::AgentId;
use agent2028_core::check::{Check, Problems, Range, Unit};
use agent2028_core::clock::SimClock;
use agent2028_core::intervention::{
    Intervention, InterventionContext, InterventionError, InterventionRegistry, PaletteEntry, Tone,
};
use agent2028_core::selector::Selector;
use agent2028_trust::Trust;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::lies::Deed;
use crate::log::Consensus;

/// Adds the interventions of this plugin.
pub fn interventions(list: &mut InterventionRegistry) {
    list.add::<ByzantineVote>()
        .add::<Equivocate>()
        .add::<Withhold>()
        .add::<DelayVotes>()
        .add::<ColludeVotes>()
        .add::<ReplayVotes>();
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

    /// Attack: voters collude. They vote for what one of them proposes, and for none otherwise, so that nobody else's proposals
    /// are decided once they are more than a third.
    ColludeVotes, Deed::Collude,
    PaletteEntry::new("Censorship by", "\u{e7ef}", Tone::Danger, "They vote only for what one of them proposes."),
    "{} voters vote only for what one of them proposes";

    /// Attack: voters send to everybody again what others have said before, signatures and all.
    ReplayVotes, Deed::Replay,
    PaletteEntry::new("Old votes again by", "\u{e042}", Tone::Danger, "They send again what others have said before."),
    "{} voters say again what others have said";
}

/// Fault: voters say everything late.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct DelayVotes {
    /// Which voters; agents that don't vote are left out.
    pub select: Selector,
    /// By how much; by default 1.
    #[reflect(@Range::new(1e-3, 1e6), @Unit("s"))]
    pub delay_s: f32,
    /// For how long; for good by default.
    #[reflect(@Range::positive(), @Unit("s"))]
    pub duration_s: Option<f32>,
}

impl Default for DelayVotes {
    fn default() -> Self {
        Self { select: Selector::Count(1), delay_s: 1.0, duration_s: None }
    }
}

impl Check for DelayVotes {
    fn check(&self, at: &str, problems: &mut Problems) {
        self.select.check(&format!("{at}.select"), problems);
    }
}

impl Intervention for DelayVotes {
    const NAME: &'static str = "DelayVotes";
    const NEEDS: &'static [&'static str] = &["consensus"];
    const PALETTE: Option<PaletteEntry> =
        Some(PaletteEntry::new("Late votes of", "\u{e8b5}", Tone::Warning, "They send proposals and votes late."));

    fn concerns(&self, world: &World, agent: AgentId) -> bool {
        world.get_resource::<Consensus>().is_some_and(|consensus| consensus.may_vote(world, agent))
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let liars = self.chosen_by(&self.select, world, context);
        let delay = world.resource::<SimClock>().ticks_in(f64::from(self.delay_s));
        lie(world, &liars, Deed::Delay(delay), self.duration_s)?;
        Ok(format!("{} voters say everything {} s late", liars.len(), self.delay_s))
    }
}

fn lie(world: &mut World, agents: &[AgentId], deed: Deed, seconds: Option<f32>) -> Result<(), InterventionError> {
    let clock = world.resource::<SimClock>();
    let length = |seconds: f32| clock.tick().saturating_add(clock.ticks_in(f64::from(seconds))).saturating_sub(1);
    let until = seconds.map_or(u64::MAX, length);
    let none = || InterventionError::Refused("this scene decides nothing; add the section consensus".into());
    let ids: Vec<u32> = agents.iter().map(|agent| agent.0).collect();
    let tick = clock.tick();
    world.get_resource_mut::<Consensus>().ok_or_else(none)?.lie(&ids, deed, until);
    if deed.is_lie()
        && let Some(mut trust) = world.get_resource_mut::<Trust>()
    {
        ids.iter().for_each(|agent| trust.mark_malicious(*agent, tick));
    }
    Ok(())
}
