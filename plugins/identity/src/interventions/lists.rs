//! Attacks on revocation lists: forged, and rolled back.

use agent2028_core::agent::AgentId;
use agent2028_core::check::{Check, Problems, Range, Unit};
use agent2028_core::clock::SimClock;
use agent2028_core::intervention::{
    Intervention, InterventionContext, InterventionError, PaletteEntry, Tone, Unfit, room_among,
};
use agent2028_core::rehearsal::Rehearsal;
use agent2028_core::rng::SimRng;
use agent2028_core::selector::Selector;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use super::foreseen::{forges, in_victim, issues, no_older_list, nothing_issued, some_chosen};
use super::{RaiseEpoch, RevokePapers, RotateKeys, attack, members};
use crate::identities::Identities;
use crate::state::{AttackKind, Forged, Paper};
use crate::timestamp::Timestamp;

/// The most forged lists of a run.
const MOST_FORGED: usize = 4096;

macro_rules! list_attack {
    ($(#[$docs:meta])* $kind:ident, $(#[$victim_docs:meta])* victim) => {
        $(#[$docs])*
        #[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
        #[reflect(Default)]
        #[serde(default, deny_unknown_fields)]
        pub struct $kind {
            /// Who does it.
            pub select: Selector,
            $(#[$victim_docs])*
            pub victim: Selector,
            /// Upon how many others each presses it, beside those who ask; in the rhythm in which lists are compared.
            #[reflect(@Range::new(0.0, 1e3), @Unit("1/s"))]
            pub per_second: f32,
            /// For how long; without it for good.
            #[reflect(@Range::new(0.0, 1e9), @Unit("s"))]
            pub duration_s: Option<f32>,
        }

        impl Default for $kind {
            fn default() -> Self {
                Self { select: Selector::Count(1), victim: Selector::All, per_second: 1.0, duration_s: None }
            }
        }

        impl Check for $kind {
            fn check(&self, at: &str, problems: &mut Problems) {
                self.select.check(&format!("{at}.select"), problems);
                self.victim.check(&format!("{at}.victim"), problems);
            }
        }
    };
}

list_attack!(
    /// Agents make revocation lists in another's name, signed with keys of their own, that take back all it ever issued, and
    /// press them upon others.
    ForgeList,
    /// In whose name: of those among these who have issued anything, in turn.
    victim
);

list_attack!(
    /// Agents hand out an old revocation list as if it were the newest, so that what was taken back counts again.
    RollbackList,
    /// Whose list: of those among these who have made more than one, in turn.
    victim
);

impl Intervention for ForgeList {
    const NAME: &'static str = "ForgeList";
    const NEEDS: &'static [&'static str] = &["identity"];
    const PALETTE: Option<PaletteEntry> = Some(
        PaletteEntry::new(
            "Forge lists by",
            "\u{eb80}",
            Tone::Danger,
            "They make revocation lists in others' names that take back all those issued, and press them upon others.",
        )
        .with_strength("per_second"),
    );

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        in_victim(forges(world) || some_chosen(world, &self.victim, issues), nothing_issued())
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let forgers = members(world, context, &self.select)?;
        let chosen = members(world, context, &self.victim)?;
        let state = world.resource::<Identities>().state();
        let has_issued = |agent: &AgentId| state.papers.iter().any(|paper| is_own_of(paper, agent.0));
        let victims: Vec<AgentId> = chosen.into_iter().filter(has_issued).collect();
        if victims.is_empty() {
            return Err(nothing_issued());
        }
        room_among((state.forged.len() + forgers.len()).saturating_sub(1), MOST_FORGED, "forged lists")?;
        let until = world.resource::<SimClock>().end_of(self.duration_s);
        let parties = (forgers.as_slice(), victims.as_slice());
        let pairs = attack(world, AttackKind::ForgeList, parties, "", self.per_second, until);
        let (now, dice) = (Timestamp::now(world.resource::<SimClock>()), *world.resource::<SimRng>());
        let mut identities = world.resource_mut::<Identities>();
        for (forger, victim) in &pairs {
            let state = &identities.state;
            let Some(place) = state.place(*forger) else { continue };
            let papers = state.papers.iter().zip(0..).filter(|(paper, _)| is_own_of(paper, *victim));
            let forged = Forged {
                issuer: *victim,
                signer: (*forger, state.members[place].generation_at(now)),
                base: state.lists.get(victim).map_or(0, Vec::len) as u32,
                issued: now,
                papers: papers.map(|(_, at)| at).collect(),
            };
            identities.add_forged(&dice, forged);
        }
        Ok(format!("{} agents forge revocation lists", pairs.len()))
    }
}

/// Whether an agent issued a paper, with keys of its own.
fn is_own_of(paper: &Paper, agent: u32) -> bool {
    paper.by == agent && paper.signer.0 == agent
}

impl Intervention for RollbackList {
    const NAME: &'static str = "RollbackList";
    const NEEDS: &'static [&'static str] = &["identity"];
    const PALETTE: Option<PaletteEntry> = Some(
        PaletteEntry::new(
            "Roll lists back by",
            "\u{e8b3}",
            Tone::Danger,
            "They hand out old revocation lists as if they were the newest, so that what was taken back counts again.",
        )
        .with_strength("per_second"),
    );

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        // Who issues nothing takes nothing back, and each of these makes one list of an issuer.
        let lists = [RevokePapers::NAME, RaiseEpoch::NAME, RotateKeys::NAME].map(|name| Rehearsal::times(world, name));
        let may_have_older = lists.into_iter().fold(0, u64::saturating_add) > 1;
        let issue = forges(world) || some_chosen(world, &self.victim, issues);
        in_victim(may_have_older && issue, no_older_list())
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = members(world, context, &self.select)?;
        let chosen = members(world, context, &self.victim)?;
        let state = world.resource::<Identities>().state();
        let has_older = |agent: &AgentId| state.lists.get(&agent.0).is_some_and(|lists| lists.len() > 1);
        let victims: Vec<AgentId> = chosen.into_iter().filter(has_older).collect();
        if victims.is_empty() {
            return Err(no_older_list());
        }
        let until = world.resource::<SimClock>().end_of(self.duration_s);
        let parties = (agents.as_slice(), victims.as_slice());
        let pairs = attack(world, AttackKind::RollbackList, parties, "", self.per_second, until);
        Ok(format!("{} agents hand out old revocation lists", pairs.len()))
    }
}
