//! The lives of the few agents that somebody watches: where each was, what it did and why, tick by tick.
//!
//! A life is history for people, no part of the state: checkpoints don't hold it, and the simulation never reads it. It
//! is written at the end of each tick for the agents in [`Lives::watch`], so that it is complete however fast the ticks
//! run, and fills again whenever ticks are run anew after going back in time. While nobody is watched it costs nothing.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bevy::prelude::*;

use crate::agent::{AgentId, AgentIndex, Condition, Position, Status, Velocity};
use crate::clock::SimClock;
use crate::explain::{Explanation, Term, Value, explain};

/// The most agents that are watched at once; of more, the first ones are.
pub const MOST_WATCHED: usize = 16;
/// The most moments kept of a life. Beyond it, every other one of the older half is dropped: long lives get coarser.
pub const MOST_MOMENTS: usize = 4096;
/// Explanations look at all agents once, and may look at about so many in a tick; of larger worlds' lives some ticks stay
/// without one.
const AGENTS_PER_TICK: usize = 200_000;

/// What is known of an agent at the end of a tick.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// The tick.
    pub tick: u64,
    /// Where it was, in world units.
    pub position: Vec2,
    /// How fast it was, in world units per second; none if it doesn't move.
    pub speed: Option<f32>,
    /// Whether it could act.
    pub status: Status,
    /// Its health, 0–1.
    pub health: f32,
    /// What it was about to do and why, if that was looked at in this tick.
    pub why: Option<Arc<Why>>,
}

/// An explanation in short.
#[derive(Clone, Debug, PartialEq)]
pub struct Why {
    /// What it did, in two or three words.
    pub activity: String,
    /// The same as a sentence.
    pub sentence: String,
    /// How many agents it perceived.
    pub perceived: usize,
    /// The inputs: name, what it contributed (or its value, if it contributes nothing), and the unit.
    pub terms: Vec<(String, Value, &'static str)>,
    /// What came of it.
    pub outcome: String,
}

impl Why {
    fn of(explanation: Explanation) -> Self {
        let short = |term: Term| (term.name.into_owned(), term.contribution.unwrap_or(term.value), term.unit);
        Self {
            activity: explanation.activity.into_owned(),
            sentence: explanation.sentence,
            perceived: explanation.perceived.len(),
            terms: explanation.terms.into_iter().map(short).collect(),
            outcome: explanation.outcome.sentence,
        }
    }
}

/// The life of one agent, as far as it is known: moments by tick, ascending.
#[derive(Clone, Debug, Default)]
pub struct Life {
    moments: VecDeque<Moment>,
}

impl Life {
    /// The moments, oldest first.
    #[must_use]
    pub fn moments(&self) -> &VecDeque<Moment> {
        &self.moments
    }

    /// The last moment at or before a tick.
    #[must_use]
    pub fn at(&self, tick: u64) -> Option<&Moment> {
        let after = self.moments.partition_point(|moment| moment.tick <= tick);
        self.moments.get(after.checked_sub(1)?)
    }

    fn push(&mut self, moment: Moment) {
        self.truncate(moment.tick.saturating_sub(1));
        self.moments.push_back(moment);
        if self.moments.len() > MOST_MOMENTS {
            let half = MOST_MOMENTS / 2;
            let mut at = 0;
            self.moments.retain(|_| {
                at += 1;
                at > half || at % 2 == 1
            });
        }
    }

    /// Forgets what came after a tick.
    fn truncate(&mut self, tick: u64) {
        let after = self.moments.partition_point(|moment| moment.tick <= tick);
        self.moments.truncate(after);
    }
}

/// The lives that are written down.
#[derive(Resource, Clone, Debug, Default)]
pub struct Lives {
    watched: Vec<AgentId>,
    lives: BTreeMap<AgentId, Life>,
}

impl Lives {
    /// Watches these agents (the first [`MOST_WATCHED`] of them) from the next tick on. Lives of agents that were watched
    /// before are kept until there is no room for them.
    pub fn watch(&mut self, agents: &[AgentId]) {
        let wanted = &agents[..agents.len().min(MOST_WATCHED)];
        if self.watched == wanted {
            return;
        }
        self.watched = wanted.to_vec();
        while self.lives.len() > 2 * MOST_WATCHED {
            let unwatched = self.lives.keys().find(|agent| !self.watched.contains(agent)).copied();
            match unwatched {
                Some(agent) => self.lives.remove(&agent),
                None => break,
            };
        }
    }

    /// Who is watched.
    #[must_use]
    pub fn watched(&self) -> &[AgentId] {
        &self.watched
    }

    /// The life of an agent, if it is or was watched.
    #[must_use]
    pub fn get(&self, agent: AgentId) -> Option<&Life> {
        self.lives.get(&agent)
    }

    /// Forgets what came after a tick: the simulation has gone back to it.
    pub fn truncate(&mut self, tick: u64) {
        for life in self.lives.values_mut() {
            life.truncate(tick);
        }
    }
}

/// Whether anybody is watched.
pub(crate) fn somebody_is_watched(lives: Res<Lives>) -> bool {
    !lives.watched.is_empty()
}

/// Writes the tick down for those who are watched.
pub(crate) fn write_lives(world: &mut World) {
    world.resource_scope(|world, mut lives: Mut<Lives>| {
        let tick = world.resource::<SimClock>().tick();
        let Lives { watched, lives } = &mut *lives;
        let looks = world.resource::<AgentIndex>().len().saturating_mul(watched.len());
        let every = looks.div_ceil(AGENTS_PER_TICK).max(1) as u64;
        for &agent in watched.iter() {
            if let Some(moment) = moment(world, agent, tick, tick.is_multiple_of(every)) {
                lives.entry(agent).or_default().push(moment);
            }
        }
    });
}

fn moment(world: &World, agent: AgentId, tick: u64, explained: bool) -> Option<Moment> {
    let entity = world.resource::<AgentIndex>().get(agent)?;
    let condition = world.get::<Condition>(entity);
    let why = if explained { explain(world, agent).into_iter().next() } else { None };
    Some(Moment {
        tick,
        position: world.get::<Position>(entity)?.0,
        speed: world.get::<Velocity>(entity).map(|velocity| velocity.0.length()),
        status: condition.map_or(Status::Active, |condition| condition.status),
        health: Condition::health(condition),
        why: why.map(|why| Arc::new(Why::of(why))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::Explainers;
    use crate::faults::{Kill, fixture::simulation};
    use crate::selector::Selector;

    fn ticks(simulation: &crate::simulation::Simulation, agent: u32) -> Vec<u64> {
        let life = simulation.world().resource::<Lives>().get(AgentId(agent));
        life.map_or_else(Vec::new, |life| life.moments().iter().map(|moment| moment.tick).collect())
    }

    #[test]
    fn a_watched_life_is_written_tick_by_tick_and_follows_going_back() {
        let mut simulation = simulation(5);
        simulation.run(3);
        let early = simulation.checkpoint();
        simulation.world_mut().resource_mut::<Lives>().watch(&[AgentId(2)]);
        let hash = simulation.state_hash();
        simulation.intervene(Kill { select: Selector::Ids(vec![AgentId(2)]), duration_s: None });
        simulation.run(4);
        assert_eq!(ticks(&simulation, 2), [4, 5, 6, 7]);
        assert_eq!(ticks(&simulation, 3), [0; 0]);
        let lives = simulation.world().resource::<Lives>();
        assert_eq!(lives.get(AgentId(2)).unwrap().at(6).unwrap().status, Status::Failed);
        assert_eq!(lives.get(AgentId(2)).unwrap().at(3), None);
        // Back, and on: what came after is forgotten and fills again.
        simulation.restore(&early).unwrap();
        assert_eq!(simulation.state_hash(), hash, "lives are no state");
        assert_eq!(ticks(&simulation, 2), [0; 0]);
        simulation.run(2);
        assert_eq!(ticks(&simulation, 2), [4, 5]);
        let life = simulation.world().resource::<Lives>().get(AgentId(2)).unwrap();
        assert_eq!(life.at(9).unwrap().status, Status::Active, "this time nobody killed it");
    }

    #[test]
    fn a_long_life_gets_coarser_but_stays_bounded() {
        let mut life = Life::default();
        for tick in 1..=20_000 {
            let (position, status) = (Vec2::ZERO, Status::Active);
            life.push(Moment { tick, position, speed: None, status, health: 1.0, why: None });
        }
        assert!(life.moments().len() <= MOST_MOMENTS);
        assert_eq!(life.at(20_000).unwrap().tick, 20_000);
        assert_eq!(life.moments().front().unwrap().tick, 1);
        let recent: Vec<u64> = life.moments().iter().rev().take(1000).map(|moment| moment.tick).collect();
        assert!(recent.windows(2).all(|pair| pair[0] == pair[1] + 1), "what is recent is whole");
    }

    #[test]
    fn decisions_are_written_down_with_their_inputs() {
        let mut simulation = simulation(3);
        simulation.world_mut().resource_mut::<Explainers>().add("test", |_, agent| {
            Some(Explanation {
                activity: "Counts".into(),
                terms: vec![Term::number("Sheep", agent.0, "sheep", "").contributing(Value::Number(2.0))],
                ..Explanation::default()
            })
        });
        simulation.world_mut().resource_mut::<Lives>().watch(&[AgentId(1)]);
        simulation.run(1);
        let life = simulation.world().resource::<Lives>().get(AgentId(1)).unwrap();
        let why = life.moments()[0].why.as_ref().unwrap();
        assert_eq!(why.activity, "Counts");
        assert_eq!(why.terms, [("Sheep".to_owned(), Value::Number(2.0), "sheep")]);
    }

    #[test]
    fn lives_of_others_are_kept_until_there_is_no_room() {
        let mut lives = Lives::default();
        for agent in 0..100 {
            lives.watch(&[AgentId(agent)]);
            lives.lives.entry(AgentId(agent)).or_default();
        }
        assert!(lives.lives.len() <= 2 * MOST_WATCHED + 1);
        assert!(lives.get(AgentId(99)).is_some());
        lives.watch(&(0..100).map(AgentId).collect::<Vec<_>>());
        assert_eq!(lives.watched().len(), MOST_WATCHED);
    }
}
