//! The schedule: every tick runs the same phases in the same order.

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

/// Where plugins meet for one purpose, whatever they are: each is a part of a hook, and comes last in it.
///
/// | hook | where | who goes there |
/// |---|---|---|
/// | `Welcome` | before `Perceive` | whoever keeps something of each agent takes note of those who came and those who went |
/// | `Tell` | after `Act` | whoever gathers what has happened tells it as events |
/// | `Judge` | after `Settle` | whoever judges agents by what they did |
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hook {
    /// Those who came are known to everybody before the tick's decisions.
    Welcome,
    /// What has happened is told.
    Tell,
    /// Agents are judged by what they did.
    Judge,
}

impl Hook {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Welcome, Self::Tell, Self::Judge];

    /// The part of the tick that it ends.
    const fn within(self) -> TickPart {
        match self {
            Self::Welcome => TickPart::Before(SimSystems::Perceive),
            Self::Tell => TickPart::After(SimSystems::Act),
            Self::Judge => TickPart::After(SimSystems::Settle),
        }
    }
}

/// A part of a tick in which plugins meet: a phase, the hook before or after one, or one for a purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TickPart {
    /// In the hook before a phase.
    Before(SimSystems),
    /// In a phase.
    In(SimSystems),
    /// In the hook after a phase.
    After(SimSystems),
    /// In the hook of a purpose.
    For(Hook),
}

impl From<Before> for TickPart {
    fn from(before: Before) -> Self {
        Self::Before(before.0)
    }
}

impl From<SimSystems> for TickPart {
    fn from(phase: SimSystems) -> Self {
        Self::In(phase)
    }
}

impl From<After> for TickPart {
    fn from(after: After) -> Self {
        Self::After(after.0)
    }
}

impl From<Hook> for TickPart {
    fn from(hook: Hook) -> Self {
        Self::For(hook)
    }
}

impl TickPart {
    /// All parts of a tick.
    pub fn all() -> impl Iterator<Item = Self> {
        let phases = SimSystems::ALL.into_iter().flat_map(|of| [Self::Before(of), Self::In(of), Self::After(of)]);
        phases.chain(Hook::ALL.into_iter().map(Self::For))
    }
}

/// A plugin's turn. Within every part of a tick plugins come one after the other, in the order in which they were added, so that
/// two which write to the same thing (the event bus, the metrics, the positions of agents) need not know each other. Core comes
/// first, and what only writes down comes last ([`Turn::RECORD`]).
///
/// A system of a plugin goes into `turn.of(SimSystems::Act)` instead of `SimSystems::Act`, where `turn` is what
/// [`TakeTurn::take_turn`] gave. What is in a phase without a turn has no order among these, and the schedule refuses it if it
/// touches what they touch.
///
/// ```
/// use agent2028_core::{Hook, SimCorePlugin, SimSchedule, SimSystems, TakeTurn};
/// use bevy::prelude::*;
///
/// fn settle_debts() {}
/// fn open_accounts() {}
///
/// let mut app = App::new();
/// app.add_plugins(SimCorePlugin::default());
/// let turn = app.take_turn("bank");
/// app.add_systems(SimSchedule, open_accounts.in_set(turn.of(Hook::Welcome)))
///     .add_systems(SimSchedule, settle_debts.in_set(turn.of(SimSystems::Settle)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Turn(&'static str);

impl Turn {
    /// That of core: what agents are, whichever plugins there are.
    pub(crate) const CORE: Self = Self("core");

    /// That of all that only writes down: records, ledgers. It comes after everybody's.
    pub const RECORD: Self = Self("record");

    /// The set of this turn in a part of a tick; a system in it needs no other set.
    #[must_use]
    pub fn of(self, part: impl Into<TickPart>) -> TurnSet {
        TurnSet { part: part.into(), turn: self }
    }
}

/// A turn in a part of a tick; see [`Turn::of`].
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TurnSet {
    part: TickPart,
    turn: Turn,
}

impl TurnSet {
    /// Puts it where it belongs in a schedule, after another set if there is one.
    fn configure(self, schedule: &mut Schedule, after: Option<Self>) {
        match self.part {
            TickPart::Before(phase) => schedule.configure_sets(self.in_set(Before(phase))),
            TickPart::In(phase) => schedule.configure_sets(self.in_set(phase)),
            TickPart::After(phase) => schedule.configure_sets(self.in_set(After(phase))),
            TickPart::For(hook) => schedule.configure_sets(self.in_set(hook)),
        };
        if let Some(after) = after {
            schedule.configure_sets(self.after(after));
        }
    }
}

/// The turns that were taken, in their order.
#[derive(Resource, Clone, Debug, Default)]
struct Turns(Vec<Turn>);

/// Gives plugins their turns.
pub trait TakeTurn {
    /// The turn of a plugin, by the plugin's name: after those of all plugins that asked before. Who asks again gets the same.
    fn take_turn(&mut self, plugin: &'static str) -> Turn;
}

impl TakeTurn for App {
    fn take_turn(&mut self, plugin: &'static str) -> Turn {
        let turn = Turn(plugin);
        let mut turns = self.world_mut().get_resource_or_init::<Turns>();
        if turns.0.contains(&turn) {
            return turn;
        }
        let previous = turns.0.last().copied().unwrap_or(Turn::CORE);
        turns.0.push(turn);
        self.edit_schedule(SimSchedule, |schedule| {
            for part in TickPart::all() {
                turn.of(part).configure(schedule, Some(previous.of(part)));
                schedule.configure_sets(turn.of(part).before(Turn::RECORD.of(part)));
            }
        });
        turn
    }
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
        previous = Some(phase);
    }
    for part in TickPart::all() {
        Turn::CORE.of(part).configure(&mut schedule, None);
        Turn::RECORD.of(part).configure(&mut schedule, Some(Turn::CORE.of(part)));
    }
    for hook in Hook::ALL {
        match hook.within() {
            TickPart::Before(phase) => schedule.configure_sets(hook.in_set(Before(phase))),
            TickPart::In(phase) => schedule.configure_sets(hook.in_set(phase)),
            TickPart::After(phase) => schedule.configure_sets(hook.in_set(After(phase))),
            TickPart::For(other) => schedule.configure_sets(hook.in_set(other)),
        };
        schedule.configure_sets(hook.after(Turn::RECORD.of(hook.within())));
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
    fn plugins_take_turns_in_the_order_in_which_they_were_added() {
        for part in TickPart::all() {
            let mut app = App::new();
            app.add_plugins(SimCorePlugin::default()).init_resource::<Order>();
            let (first, _, third) = (app.take_turn("first"), app.take_turn("second"), app.take_turn("third"));
            assert_eq!(app.take_turn("first"), first);
            // Their systems are added in another order; what stands between has none.
            app.add_systems(SimSchedule, note("record").in_set(Turn::RECORD.of(part)))
                .add_systems(SimSchedule, note("third").in_set(third.of(part)))
                .add_systems(SimSchedule, note("first").in_set(first.of(part)));
            app.world_mut().run_schedule(SimSchedule);
            assert_eq!(app.world().resource::<Order>().0, ["first", "third", "record"], "{part:?}");
        }
        let mut app = App::new();
        app.add_plugins(SimCorePlugin::default()).init_resource::<Order>();
        let first = app.take_turn("first");
        app.add_systems(SimSchedule, note("first").in_set(first.of(SimSystems::Act)))
            .add_systems(SimSchedule, note("core").in_set(Turn::CORE.of(SimSystems::Act)));
        app.world_mut().run_schedule(SimSchedule);
        assert_eq!(app.world().resource::<Order>().0, ["core", "first"]);
    }

    #[test]
    fn hooks_for_a_purpose_come_last_in_their_part_of_the_tick() {
        for hook in Hook::ALL {
            let mut app = App::new();
            app.add_plugins(SimCorePlugin::default()).init_resource::<Order>();
            let (one, other) = (app.take_turn("one"), app.take_turn("other"));
            app.add_systems(SimSchedule, note("other's hook").in_set(other.of(hook)))
                .add_systems(SimSchedule, note("one's hook").in_set(one.of(hook)))
                .add_systems(SimSchedule, note("other").in_set(other.of(hook.within())))
                .add_systems(SimSchedule, note("record").in_set(Turn::RECORD.of(hook.within())));
            app.world_mut().run_schedule(SimSchedule);
            let order = &app.world().resource::<Order>().0;
            assert_eq!(*order, ["other", "record", "one's hook", "other's hook"], "{hook:?}");
        }
    }

    #[test]
    fn two_plugins_that_know_nothing_of_each_other_may_write_to_the_same_thing() {
        #[derive(Resource, Default)]
        struct Contested(u32);
        let mut app = App::new();
        app.add_plugins(SimCorePlugin::default()).init_resource::<Contested>();
        for (plugin, factor) in [("adder", 1), ("doubler", 2)] {
            let turn = app.take_turn(plugin);
            let system = move |mut contested: ResMut<Contested>| contested.0 = contested.0 * factor + 3 - factor;
            app.add_systems(SimSchedule, system.in_set(turn.of(SimSystems::Act)));
        }
        app.world_mut().run_schedule(SimSchedule);
        // (0 · 1 + 2) · 2 + 1
        assert_eq!(app.world().resource::<Contested>().0, 5);
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
