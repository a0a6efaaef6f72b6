//! Interventions in a checkpoint: those that wait and those that were applied, with their outcome.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use super::registry::to_bytes;

use crate::intervention::{Applied, InterventionLog, InterventionQueue, InterventionRegistry, Origin, Stamped};

#[derive(Serialize, Deserialize)]
struct StoredIntervention {
    tick: u64,
    sequence: u64,
    origin: Origin,
    name: String,
    fields: String,
    outcome: Option<Result<String, String>>,
}

#[derive(Serialize, Deserialize)]
struct StoredInterventions {
    next_sequence: u64,
    waiting: Vec<StoredIntervention>,
    applied: Vec<StoredIntervention>,
}

fn store(stamped: &Stamped, outcome: Option<Result<String, String>>) -> Result<StoredIntervention, String> {
    Ok(StoredIntervention {
        tick: stamped.tick,
        sequence: stamped.sequence,
        origin: stamped.origin,
        name: stamped.action.name().into(),
        fields: stamped.action.to_ron().map_err(|error| format!("{}: {error}", stamped.action.name()))?,
        outcome,
    })
}

pub(super) fn save(world: &World) -> Result<Vec<u8>, String> {
    let queue = world.resource::<InterventionQueue>();
    let log = world.resource::<InterventionLog>();
    let stored = StoredInterventions {
        next_sequence: queue.next_sequence(),
        waiting: queue.iter().map(|stamped| store(&stamped, None)).collect::<Result<_, _>>()?,
        applied: log
            .0
            .iter()
            .map(|applied| store(&applied.stamped, Some(applied.outcome.clone())))
            .collect::<Result<_, _>>()?,
    };
    to_bytes(&stored)
}

pub(super) fn load(world: &mut World, bytes: &[u8]) -> Result<(), String> {
    let stored: StoredInterventions = postcard::from_bytes(bytes).map_err(|error| error.to_string())?;
    let registry = world.resource::<InterventionRegistry>().clone();
    let revive = |stored: StoredIntervention| -> Result<(Stamped, Option<Result<String, String>>), String> {
        let action = registry.read(&stored.name, &stored.fields).map_err(|error| error.to_string())?;
        let stamped = Stamped { tick: stored.tick, sequence: stored.sequence, origin: stored.origin, action };
        Ok((stamped, stored.outcome))
    };
    let waiting: Result<Vec<Stamped>, String> =
        stored.waiting.into_iter().map(|stored| revive(stored).map(|(stamped, _)| stamped)).collect();
    let applied: Result<Vec<Applied>, String> = stored
        .applied
        .into_iter()
        .map(|stored| {
            let (stamped, outcome) = revive(stored)?;
            Ok(Applied { stamped, outcome: outcome.unwrap_or(Ok(String::new())) })
        })
        .collect();
    world.resource_mut::<InterventionQueue>().restore(waiting?, stored.next_sequence);
    world.resource_mut::<InterventionLog>().0 = applied?;
    Ok(())
}
