//! Interventions that are to come, and those that were applied.

use std::collections::{BTreeMap, BTreeSet};

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use super::{AnyIntervention, InterventionContext};
use crate::agent::AgentId;

/// Who asked for an intervention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// The scene's timeline.
    Scene,
    /// A person at the window, or a program through the library.
    User,
}

/// An intervention with its stamp.
#[derive(Clone, Debug, PartialEq)]
pub struct Stamped {
    /// The tick at whose start it is (or was) applied.
    pub tick: u64,
    /// Its number among all interventions of the run, in the order of arrival.
    pub sequence: u64,
    /// Who asked for it.
    pub origin: Origin,
    /// What it is.
    pub action: AnyIntervention,
}

/// An intervention that was applied, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// The intervention.
    pub stamped: Stamped,
    /// What it did, or why it could not.
    pub outcome: Result<String, String>,
}

/// Interventions that wait for their tick.
#[derive(Resource, Clone, Debug, Default)]
pub struct InterventionQueue {
    waiting: BTreeMap<(u64, u64), (Origin, AnyIntervention)>,
    next_sequence: u64,
    /// Numbers that are not given again, because interventions have them that came when this run was further.
    reserved: BTreeSet<u64>,
}

impl InterventionQueue {
    /// Queues an intervention for the start of `tick`; one for a tick that has run already is applied in the next.
    /// Interventions of one tick are applied in the order in which they came.
    pub fn push(&mut self, tick: u64, origin: Origin, action: impl Into<AnyIntervention>) -> u64 {
        while self.reserved.remove(&self.next_sequence) {
            self.next_sequence += 1;
        }
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        self.waiting.insert((tick, sequence), (origin, action.into()));
        sequence
    }

    /// What waits, in the order in which it will be applied.
    pub fn iter(&self) -> impl Iterator<Item = Stamped> + '_ {
        self.waiting.iter().map(|(&(tick, sequence), (origin, action))| Stamped {
            tick,
            sequence,
            origin: *origin,
            action: action.clone(),
        })
    }

    /// What will be applied at the start of `tick`, in order, each with when that is: what its random choices hang on.
    pub fn due(&self, tick: u64) -> impl Iterator<Item = (Stamped, InterventionContext)> + '_ {
        let due = self.iter().take_while(move |stamped| stamped.tick <= tick);
        due.enumerate().map(move |(ordinal, stamped)| (stamped, InterventionContext { tick, ordinal: ordinal as u64 }))
    }

    /// What will be applied at the start of `tick`, each with the agents that it will reach: one that chooses among those
    /// whom it can change knows whom others of its kind reach before it in this tick.
    #[must_use]
    pub fn foresee(&self, world: &World, tick: u64) -> Vec<(Stamped, Option<Vec<AgentId>>)> {
        let mut reached: BTreeMap<&'static str, BTreeSet<AgentId>> = BTreeMap::new();
        self.due(tick)
            .map(|(stamped, context)| {
                let before = reached.entry(stamped.action.name()).or_default();
                let reaches = stamped.action.0.reaches(world, &context, before);
                before.extend(reaches.iter().flatten());
                (stamped, reaches)
            })
            .collect()
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// What is due, in the order in which it came: what was asked for a tick that has run already comes with the rest.
    pub(super) fn take_due(&mut self, now: u64) -> Vec<Stamped> {
        let later = self.waiting.split_off(&(now.saturating_add(1), 0));
        let due = std::mem::replace(&mut self.waiting, later);
        let stamped = |((_, sequence), (origin, action))| Stamped { tick: now, sequence, origin, action };
        let mut due: Vec<Stamped> = due.into_iter().map(stamped).collect();
        due.sort_by_key(|stamped| stamped.sequence);
        due
    }

    pub(super) fn has_due(&self, now: u64) -> bool {
        self.waiting.first_key_value().is_some_and(|((tick, _), _)| *tick <= now)
    }

    /// A number that no intervention has yet, nor any of a higher number.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.reserved.last().map_or(self.next_sequence, |last| self.next_sequence.max(last + 1))
    }

    /// Where the search for the next number begins: what [`InterventionQueue::plan`] needs to give the same numbers again.
    pub(crate) fn first_free(&self) -> u64 {
        self.next_sequence
    }

    /// After the tick `now` of a run, lets exactly the later ones of `user` wait of all that came from a user, with their
    /// numbers; whatever comes anew gets the number that it would have in a run that knows nothing of another future.
    pub(crate) fn plan(&mut self, now: u64, first_free: Option<u64>, user: &[Stamped]) {
        let mut withdrawn = BTreeSet::new();
        self.waiting.retain(|(_, sequence), (origin, _)| {
            let stays = *origin != Origin::User;
            if !stays {
                withdrawn.insert(*sequence);
            }
            stays
        });
        if let Some(first_free) = first_free {
            self.next_sequence = first_free;
        }
        user.iter().for_each(|stamped| {
            withdrawn.remove(&stamped.sequence);
        });
        while self.next_sequence.checked_sub(1).is_some_and(|last| withdrawn.remove(&last)) {
            self.next_sequence -= 1;
        }
        self.reserved =
            user.iter().map(|stamped| stamped.sequence).filter(|sequence| *sequence >= self.next_sequence).collect();
        for stamped in user.iter().filter(|stamped| stamped.tick > now) {
            self.waiting.insert((stamped.tick, stamped.sequence), (stamped.origin, stamped.action.clone()));
        }
    }

    pub(crate) fn restore(&mut self, waiting: Vec<Stamped>, next_sequence: u64) {
        self.waiting = waiting
            .into_iter()
            .map(|stamped| ((stamped.tick, stamped.sequence), (stamped.origin, stamped.action)))
            .collect();
        self.next_sequence = next_sequence;
        self.reserved.clear();
    }
}

/// All interventions that were applied: with the scene and its seed, the whole run.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct InterventionLog(pub Vec<Applied>);
