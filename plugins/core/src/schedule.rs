//! The one order: every tick runs the same phases in the same order.

use bevy::ecs::schedule::{LogLevel, ScheduleBuildSettings, ScheduleLabel, SingleThreadedExecutor};
use bevy::prelude::*;

/// One tick of the simulation.
#[derive(ScheduleLabel, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SimSchedule;

/// The phases of a tick, in their order.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SimSystems {
    /// Queued interventions due now are applied.
    Intervene,
    /// The world is made readable: spatial indices, delivered messages.
    Perceive,
    /// Agents choose; nothing visible changes.
    Decide,
    /// Choices take effect: deposits, sends, task starts.
    Act,
    /// Consequences are worked out: motion, diffusion, clearing, tallies.
    Settle,
    /// The healing loop looks at the outcome.
    Heal,
    /// The tick is written down: metrics, events, checkpoints.
    Observe,
}

impl SimSystems {
    /// All phases in the order in which they run.
    pub const ALL: [Self; 7] =
        [Self::Intervene, Self::Perceive, Self::Decide, Self::Act, Self::Settle, Self::Heal, Self::Observe];
}

/// The empty set before a phase: a hook for systems that must see the world before the built-in ones of that phase.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Before(pub SimSystems);

/// The empty set after a phase: a hook for systems that must see what the phase did.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct After(pub SimSystems);

/// The set in which a tick ends, after all its phases: event handlers are called, and the event bus closes the tick. What runs
/// after it sees a tick in which everything has happened.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TickEnd;

/// The set in which the clock moves on, before everything else in a tick.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TickStart;

/// The schedule with its phases chained, run by the single-threaded executor (parallelism lives inside systems, where
/// results can be combined in a fixed order), with every ambiguity an error.
pub(crate) fn sim_schedule() -> Schedule {
    let mut schedule = Schedule::new(SimSchedule);
    schedule.set_executor(SingleThreadedExecutor::new());
    schedule.set_build_settings(ScheduleBuildSettings { ambiguity_detection: LogLevel::Error, ..default() });
    let mut previous: Option<SimSystems> = None;
    for phase in SimSystems::ALL {
        schedule.configure_sets((Before(phase), phase, After(phase)).chain());
        match previous {
            Some(previous) => schedule.configure_sets(Before(phase).after(After(previous))),
            None => schedule.configure_sets(TickStart.before(Before(phase))),
        };
        previous = Some(phase);
    }
    schedule.configure_sets(TickEnd.after(After(SimSystems::Observe)));
    schedule
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SimCorePlugin;

    #[derive(Resource, Default)]
    struct Order(Vec<&'static str>);

    fn note(name: &'static str) -> impl Fn(ResMut<Order>) {
        move |mut order: ResMut<Order>| order.0.push(name)
    }

    #[test]
    fn phases_and_hooks_run_in_their_order() {
        let mut app = App::new();
        app.add_plugins(SimCorePlugin::default()).init_resource::<Order>();
        app.add_systems(SimSchedule, note("observe").in_set(SimSystems::Observe))
            .add_systems(SimSchedule, note("after act").in_set(After(SimSystems::Act)))
            .add_systems(SimSchedule, note("before act").in_set(Before(SimSystems::Act)))
            .add_systems(SimSchedule, note("act").in_set(SimSystems::Act))
            .add_systems(SimSchedule, note("intervene").in_set(Before(SimSystems::Intervene)));
        app.world_mut().run_schedule(SimSchedule);
        assert_eq!(app.world().resource::<Order>().0, ["intervene", "before act", "act", "after act", "observe"]);
    }

    #[test]
    fn two_systems_that_race_for_a_resource_are_refused() {
        #[derive(Resource, Default)]
        struct Contested(u32);
        let mut app = App::new();
        app.add_plugins(SimCorePlugin::default()).init_resource::<Contested>();
        app.add_systems(
            SimSchedule,
            (|mut c: ResMut<Contested>| c.0 += 1, |mut c: ResMut<Contested>| c.0 *= 2).in_set(SimSystems::Act),
        );
        let mut schedule = app.world_mut().resource_mut::<Schedules>().remove(SimSchedule).unwrap();
        assert!(schedule.initialize(app.world_mut()).is_err());
    }
}
