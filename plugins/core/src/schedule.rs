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

/// A part of a tick in which plugins meet: a phase, or the hook before or after one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// In the hook before a phase.
    Before(SimSystems),
    /// In a phase.
    In(SimSystems),
    /// In the hook after a phase.
    After(SimSystems),
}

impl From<Before> for Place {
    fn from(before: Before) -> Self {
        Self::Before(before.0)
    }
}

impl From<SimSystems> for Place {
    fn from(phase: SimSystems) -> Self {
        Self::In(phase)
    }
}

impl From<After> for Place {
    fn from(after: After) -> Self {
        Self::After(after.0)
    }
}

/// Whose turn it is where plugins meet: within every phase and every hook these come in this order, so that two plugins which
/// write to the same thing (the event bus, the metrics, the positions of agents) need not know each other.
///
/// A system of a plugin goes into `Turn::Motion.of(SimSystems::Act)` instead of `SimSystems::Act`. What is in a phase without
/// a turn has no order among these, and the schedule refuses it if it touches what they touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Turn {
    /// What agents are, whichever plugins there are.
    Agents,
    /// Agents that move by themselves: flocks, formations.
    Motion,
    /// Trails and those who follow them.
    Trails,
    /// Links and messages.
    Messages,
    /// Work that is asked for and done.
    Work,
    /// Keys, papers and channels.
    Identity,
    /// Who is to be trusted.
    Trust,
    /// Tasks, goods and money that change hands.
    Market,
    /// Plugins of one's own.
    Own,
    /// What only writes down: records, ledgers.
    Record,
}

impl Turn {
    /// All turns in their order.
    pub const ALL: [Self; 10] = [
        Self::Agents,
        Self::Motion,
        Self::Trails,
        Self::Messages,
        Self::Work,
        Self::Identity,
        Self::Trust,
        Self::Market,
        Self::Own,
        Self::Record,
    ];

    /// The set of this turn in a phase or hook; a system in it needs no other set.
    #[must_use]
    pub fn of(self, place: impl Into<Place>) -> Meeting {
        Meeting { place: place.into(), turn: self }
    }
}

/// A turn in a phase or hook; see [`Turn::of`].
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Meeting {
    place: Place,
    turn: Turn,
}

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
        for turn in Turn::ALL {
            schedule.configure_sets(turn.of(Before(phase)).in_set(Before(phase)));
            schedule.configure_sets(turn.of(phase).in_set(phase));
            schedule.configure_sets(turn.of(After(phase)).in_set(After(phase)));
        }
        for place in [Place::Before(phase), Place::In(phase), Place::After(phase)] {
            for turns in Turn::ALL.windows(2) {
                schedule.configure_sets(turns[0].of(place).before(turns[1].of(place)));
            }
        }
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
    fn plugins_that_meet_take_turns_in_every_phase_and_hook() {
        for place in [Place::Before(SimSystems::Act), Place::In(SimSystems::Settle), Place::After(SimSystems::Heal)] {
            let mut app = App::new();
            app.add_plugins(SimCorePlugin::default()).init_resource::<Order>();
            // Added in another order; the ones between are empty.
            app.add_systems(SimSchedule, note("record").in_set(Turn::Record.of(place)))
                .add_systems(SimSchedule, note("messages").in_set(Turn::Messages.of(place)))
                .add_systems(SimSchedule, note("motion").in_set(Turn::Motion.of(place)));
            app.world_mut().run_schedule(SimSchedule);
            assert_eq!(app.world().resource::<Order>().0, ["motion", "messages", "record"], "{place:?}");
        }
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
