//! What a tick costs and what the simulation holds: time per system, phase and plugin; memory per component and resource.
//!
//! Time is measured only after [`start`]: until then, and again after [`stop`], every system runs bare. While measuring,
//! each system of [`SimSchedule`] is wrapped in one that looks at the clock before and after. What systems do, and in which
//! order, stays the same, and so do the bits.

mod memory;
mod timed;

pub use memory::{AddMemoryReport, MemoryReports, MemoryUse, memory};

use std::sync::Arc;
use std::time::Duration;

use bevy::ecs::schedule::{InternedSystemSet, ScheduleBuildError, SystemKey, SystemSet};
use bevy::prelude::*;

use crate::schedule::TickStart;
use crate::{After, Before, SimSchedule, SimSystems};
use timed::{Meter, Wrap, Wrapped};

/// When in a tick a system runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Before the first phase: the clock moves on.
    Start,
    /// In the phase with this place in [`SimSystems::ALL`], or in the hooks around it.
    In(usize),
    /// After the last phase.
    End,
}

impl Phase {
    /// What the phase is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        const NAMES: [&str; 7] = ["Intervene", "Perceive", "Decide", "Act", "Settle", "Heal", "Observe"];
        match self {
            Self::Start => "Start",
            Self::In(place) => NAMES.get(place).copied().unwrap_or("End"),
            Self::End => "End",
        }
    }
}

/// What a system has cost since it was last asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemCost {
    /// The crate that the system is from.
    pub plugin: String,
    /// The system's path in its crate.
    pub system: String,
    /// When in a tick it runs.
    pub phase: Phase,
    /// Wall-clock time spent in all its runs.
    pub spent: Duration,
    /// The longest run.
    pub worst: Duration,
    /// How often it ran.
    pub runs: u64,
}

/// A system that is measured.
struct Measured {
    plugin: String,
    system: String,
    phase: Phase,
    meter: Arc<Meter>,
}

/// The systems that are measured, in the order in which they run, and what is needed to unwrap them.
#[derive(Resource)]
struct Profiler {
    systems: Vec<Measured>,
    wrapped: Wrapped,
}

/// Whether time is being measured.
#[must_use]
pub fn is_on(world: &World) -> bool {
    world.contains_resource::<Profiler>()
}

/// Begins to measure. Nothing happens if it is being done already.
///
/// # Errors
/// If the schedule can't be built: a system that was just added races with another one.
pub fn start(world: &mut World) -> Result<(), ScheduleBuildError> {
    if is_on(world) {
        return Ok(());
    }
    let wrapped = Wrapped::default();
    let systems = world.schedule_scope(SimSchedule, |world, schedule| {
        rebuild(world, schedule, Wrap::around(&wrapped))?;
        Ok::<_, ScheduleBuildError>(measured(schedule, &wrapped))
    })?;
    world.insert_resource(Profiler { systems, wrapped });
    Ok(())
}

/// Measures no more: every system is what it was before.
///
/// # Errors
/// If the schedule can't be built: a system that was just added races with another one.
pub fn stop(world: &mut World) -> Result<(), ScheduleBuildError> {
    let Some(profiler) = world.remove_resource::<Profiler>() else {
        return Ok(());
    };
    world.schedule_scope(SimSchedule, |world, schedule| rebuild(world, schedule, Wrap::off(&profiler.wrapped)))
}

fn rebuild(world: &mut World, schedule: &mut Schedule, wrap: Wrap) -> Result<(), ScheduleBuildError> {
    schedule.add_build_pass(wrap);
    // A schedule is built anew when something was added to it; this adds what is there already.
    schedule.configure_sets(TickStart.before(Before(SimSystems::Intervene)));
    let built = schedule.initialize(world).map(|_| ());
    schedule.remove_build_pass::<Wrap>();
    built
}

fn measured(schedule: &Schedule, wrapped: &Wrapped) -> Vec<Measured> {
    let phases = phases(schedule);
    let Ok(systems) = schedule.systems() else {
        return Vec::new();
    };
    let measured = systems.filter_map(|(key, system)| {
        let path = system.name().to_string();
        let (plugin, name) = split_path(&path);
        let phase = phases.iter().find(|(of, _)| *of == key).map_or(Phase::End, |(_, phase)| *phase);
        Some(Measured { plugin: plugin.to_owned(), system: name.to_owned(), phase, meter: wrapped.meter(key)? })
    });
    measured.collect()
}

/// The phase of every system that belongs to one.
fn phases(schedule: &Schedule) -> Vec<(SystemKey, Phase)> {
    let mut phases = Vec::new();
    let mut enter = |set: InternedSystemSet, phase: Phase| {
        if let Ok(systems) = schedule.graph().systems_in_set(set) {
            phases.extend(systems.iter().map(|key| (*key, phase)));
        }
    };
    enter(TickStart.intern(), Phase::Start);
    for (place, phase) in SimSystems::ALL.into_iter().enumerate() {
        for set in [Before(phase).intern(), phase.intern(), After(phase).intern()] {
            enter(set, Phase::In(place));
        }
    }
    phases
}

/// A type's or function's path as its crate and the rest.
pub(crate) fn split_path(path: &str) -> (&str, &str) {
    match path.find("::").filter(|at| !path[..*at].contains(['<', '(', '&'])) {
        Some(at) => (&path[..at], &path[at + 2..]),
        None => ("", path),
    }
}

/// What every system has cost since this was last called, in the order in which they run; empty unless time is measured.
#[must_use]
pub fn take(world: &World) -> Vec<SystemCost> {
    let measured = world.get_resource::<Profiler>().map_or(&[][..], |profiler| &profiler.systems);
    let costs = measured.iter().map(|system| {
        let (spent, worst, runs) = system.meter.take();
        SystemCost {
            plugin: system.plugin.clone(),
            system: system.system.clone(),
            phase: system.phase,
            spent,
            worst,
            runs,
        }
    });
    costs.collect()
}

#[cfg(test)]
mod tests;
