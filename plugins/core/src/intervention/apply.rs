//! Interventions that are due are applied.

use std::fmt;

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    AnyIntervention, Applied, InterventionContext, InterventionError, InterventionLog, InterventionQueue,
    InterventionRegistry,
};
use crate::clock::SimClock;
use crate::event::{EventBus, EventKind, EventPayload};
use crate::params::{LiveSections, first_problem};

/// The first section that an intervention needs and the scene lacks.
pub(super) fn lacking(action: &AnyIntervention, world: &World) -> Option<&'static str> {
    let sections = world.resource::<LiveSections>();
    action.needs().iter().copied().find(|section| !sections.has(world, section))
}

/// Applies an intervention unless something is wrong with its values: what comes from a program or over a wire was not
/// read from a scene, where the same is checked.
fn apply_checked(
    action: &AnyIntervention,
    world: &mut World,
    context: &InterventionContext,
) -> Result<String, InterventionError> {
    if let Some(section) = lacking(action, world) {
        let (name, help) = (action.name(), format!("add {section}: (…) to the scene"));
        let message = format!("{name} needs the section {section}, which this scene does not have; {help}");
        return Err(InterventionError::Refused(message));
    }
    match first_problem(world, |problems| action.0.problems(problems)) {
        None => action.0.apply(world, context),
        Some(problem) => {
            let path = problem.path.trim_start_matches('.');
            Err(InterventionError::Refused(format!("{path}: {}; {}", problem.message, problem.help)))
        }
    }
}

/// What an [`EventKind::INTERVENTION_APPLIED`] or an [`EventKind::INTERVENTION_FAILED`] carries.
#[derive(Clone, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct InterventionTold {
    /// The intervention's name, such as `Kill`.
    pub intervention: String,
    /// What it did, or why it could not, in words.
    pub outcome: String,
}

impl EventPayload for InterventionTold {
    const NAME: &'static str = "InterventionTold";
}

impl fmt::Display for InterventionTold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.intervention, self.outcome)
    }
}

/// What comes from outside.
pub(crate) struct InterventionPlugin;

impl Plugin for InterventionPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<InterventionQueue>()
            .init_resource::<InterventionLog>()
            .init_resource::<InterventionRegistry>();
    }
}

/// Applies what is due at the start of the tick.
pub(crate) fn apply_due(world: &mut World) {
    let now = world.resource::<SimClock>().tick();
    if !world.resource::<InterventionQueue>().has_due(now) {
        return;
    }
    let due = world.resource_mut::<InterventionQueue>().take_due(now);
    for (ordinal, stamped) in due.into_iter().enumerate() {
        let context = InterventionContext { tick: now, ordinal: ordinal as u64 };
        let name = stamped.action.name();
        let outcome = apply_checked(&stamped.action, world, &context).map_err(|error| error.to_string());
        let (kind, words) = match &outcome {
            Ok(words) => (EventKind::INTERVENTION_APPLIED, words),
            Err(words) => (EventKind::INTERVENTION_FAILED, words),
        };
        let told = InterventionTold { intervention: name.into(), outcome: words.clone() };
        world.resource_mut::<EventBus>().publish(kind, None, told);
        world.resource_mut::<InterventionLog>().0.push(Applied { stamped, outcome });
    }
}
