//! What is held of agents, as opposed to what is true of them: detectors, registries and whoever else judges agents says
//! here what it has come to, so that the two can be seen side by side.
//!
//! ```
//! # use agent2028_core::agent::AgentId;
//! # use agent2028_core::belief::{Judgement, Judges, Standing, judgements};
//! # use bevy::prelude::World;
//! let mut world = World::new();
//! assert!(judgements(&world).is_none(), "nobody judges");
//! world.init_resource::<Judges>();
//! world.resource_mut::<Judges>().add("a detector", |_, tell| {
//!     tell(AgentId(3), Judgement { standing: Standing::Suspected, ..Judgement::default() });
//! });
//! let held = judgements(&world).unwrap();
//! assert_eq!(held, [(AgentId(3), Judgement { standing: Standing::Suspected, quality: 1.0 })]);
//! ```

use bevy::prelude::*;

use crate::agent::AgentId;

/// Whether an agent is held to be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Nothing is held against it.
    #[default]
    Sound,
    /// It may have failed.
    Suspected,
    /// It has failed.
    Failed,
}

/// What is held of an agent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// Whether it is held to be there.
    pub standing: Standing,
    /// How good it is held to be, 0–1; 1 if nothing is known.
    pub quality: f32,
}

impl Default for Judgement {
    fn default() -> Self {
        Self { standing: Standing::Sound, quality: 1.0 }
    }
}

impl Judgement {
    /// Both together: the worse standing, the lower quality.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { standing: self.standing.max(other.standing), quality: self.quality.min(other.quality) }
    }
}

/// Tells what it holds of agents; those it doesn't tell of are sound to it.
pub type Judge = fn(&World, &mut dyn FnMut(AgentId, Judgement));

/// Everybody that judges agents. Reading them changes nothing.
#[derive(Resource, Clone, Debug, Default)]
pub struct Judges(Vec<(&'static str, Judge)>);

impl Judges {
    /// Adds a judge by its name in words, such as `the failure detector`.
    pub fn add(&mut self, name: &'static str, judge: Judge) {
        if self.0.iter().all(|(known, _)| *known != name) {
            self.0.push((name, judge));
        }
    }

    /// Their names, in the order in which they were added.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|(name, _)| *name)
    }
}

/// What is held of agents, ascending by agent, without those of whom nothing is held; none if nobody judges.
#[must_use]
pub fn judgements(world: &World) -> Option<Vec<(AgentId, Judgement)>> {
    let judges = world.get_resource::<Judges>().filter(|judges| !judges.0.is_empty())?;
    let mut held: Vec<(AgentId, Judgement)> = Vec::new();
    for (_, judge) in &judges.0 {
        judge(world, &mut |agent, judgement| held.push((agent, judgement)));
    }
    held.sort_by_key(|(agent, _)| *agent);
    held.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 = kept.1.and(next.1);
        }
        same
    });
    held.retain(|(_, judgement)| *judgement != Judgement::default());
    Some(held)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_judges_the_worst_counts() {
        let mut world = World::new();
        world.init_resource::<Judges>();
        assert!(judgements(&world).is_none());
        let mut judges = world.resource_mut::<Judges>();
        judges.add("one", |_, tell| {
            tell(AgentId(5), Judgement { quality: 0.4, ..default() });
            tell(AgentId(2), Judgement::default());
        });
        judges.add("two", |_, tell| tell(AgentId(5), Judgement { standing: Standing::Failed, quality: 0.9 }));
        judges.add("two", |_, _| panic!("added twice"));
        assert_eq!(judges.names().collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!(judgements(&world).unwrap(), [(AgentId(5), Judgement { standing: Standing::Failed, quality: 0.4 })]);
    }
}
