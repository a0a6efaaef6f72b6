//! Agents that join and agents that leave for good.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::agent::{AgentGroups, MOST_AT_ONCE, Placement, SpawnError, remove_agents, spawn_group};
use crate::check::{Check, Problems, Range, Unit};
use crate::check_selector;
use crate::intervention::{Intervention, InterventionContext, InterventionError, Newcomers, PaletteEntry, Tone, Unfit};
use crate::rehearsal::agents_at_least;
use crate::selector::Selector;

check_selector!(Remove);

/// Adds agents to a group of the scene.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Spawn {
    /// The group's name.
    pub group: String,
    /// How many agents.
    #[reflect(@Range::new(0.0, 16_777_216.0), @Unit("agents"))]
    pub count: u32,
    /// Where; by default where the group starts.
    pub at: Option<Placement>,
}

impl Default for Spawn {
    fn default() -> Self {
        Self { group: "agent".into(), count: 10, at: None }
    }
}

impl Check for Spawn {
    fn check(&self, at: &str, problems: &mut Problems) {
        problems.check_group(format!("{at}.group"), &self.group);
        if let Some(placement) = &self.at {
            placement.check(&format!("{at}.at"), problems);
        }
    }
}

impl Intervention for Spawn {
    const NAME: &'static str = "Spawn";
    const PALETTE: Option<PaletteEntry> = Some(
        PaletteEntry::new("Spawn", "\u{e7f0}", Tone::Good, "More agents of the group join.").with_strength("count"),
    );

    fn newcomers(&self) -> Newcomers {
        Newcomers::Each(self.count)
    }

    fn joined(&self) -> Option<&str> {
        Some(&self.group)
    }

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        match agents_at_least(world, MOST_AT_ONCE) {
            Some(now) if now + u64::from(self.count) > MOST_AT_ONCE => {
                let error = SpawnError::TooManyAtOnce { now, more: u64::from(self.count) };
                Err(Unfit { field: "count", error: error.into() })
            }
            _ => Ok(()),
        }
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        let groups = world.resource::<AgentGroups>();
        let unknown = || {
            let names = groups.groups().iter().map(|group| group.name.as_str());
            let help = crate::check::suggest(&self.group, names, "group");
            InterventionError::Refused(format!("there is no agent group \"{}\"; {help}", self.group))
        };
        let group = groups.find(&self.group).ok_or_else(unknown)?;
        let start = groups.get(group).map(|group| group.spawn.clone()).unwrap_or_default();
        let batch = spawn_group(world, group, self.count, self.at.as_ref().unwrap_or(&start))?;
        Ok(format!("{} agents joined {}", batch.entities.len(), self.group))
    }
}

/// Takes agents out of the world for good.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Remove {
    /// Which agents.
    pub select: Selector,
}

impl Intervention for Remove {
    const NAME: &'static str = "Remove";
    const PALETTE: Option<PaletteEntry> =
        Some(PaletteEntry::new("Remove", "\u{e92e}", Tone::Danger, "They leave the world for good."));

    fn takes_away(&self) -> bool {
        true
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = self.select.resolve(world, context);
        Ok(format!("{} agents removed", remove_agents(world, &agents)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::*;
    use crate::agent::{AgentId, AgentIndex};

    /// What Bevy remembers of the despawned, for those who ask which components were removed, and what is kept by id.
    #[test]
    fn agents_that_left_leave_nothing_behind() {
        let mut simulation = simulation(50);
        let mut held = Vec::new();
        for _ in 0..120 {
            simulation.intervene(Spawn { group: "bird".into(), count: 40, at: None });
            simulation.intervene(Remove { select: Selector::Count(40) });
            simulation.run(1);
            let world = simulation.world();
            let removed: usize = world.removed_components().iter().map(|(_, messages)| messages.len()).sum();
            held.push((removed, world.resource::<AgentIndex>().bytes()));
        }
        assert_eq!(simulation.world().resource::<AgentIndex>().next_id(), AgentId(50 + 120 * 40));
        let [early, late] = [&held[10..20], &held[110..]].map(|some| some.iter().max().copied());
        assert_eq!(early.map(|(removed, _)| removed), late.map(|(removed, _)| removed), "{held:?}");
        // The oldest of 50 that are replaced at random is a few pages old at most.
        assert!(held.iter().all(|(_, bytes)| *bytes < 64 * 1024), "{held:?}");
    }

    #[test]
    fn agents_join_and_leave_and_ids_are_never_reused() {
        let mut simulation = simulation(5);
        simulation.intervene(Remove { select: Selector::Ids(vec![AgentId(4)]) });
        simulation.intervene(Spawn { group: "bird".into(), count: 3, at: None });
        simulation.run(1);
        let index = simulation.world().resource::<AgentIndex>();
        assert_eq!(index.iter().map(|(agent, _)| agent.0).collect::<Vec<_>>(), [0, 1, 2, 3, 5, 6, 7]);
    }
}
