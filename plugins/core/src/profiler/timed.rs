//! A wrapper around a system that measures how long the system takes.

use std::any::TypeId;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bevy::ecs::change_detection::{CheckChangeTicks, Tick};
use bevy::ecs::query::FilteredAccessSet;
use bevy::ecs::schedule::graph::DiGraph;
use bevy::ecs::schedule::{
    ApplyDeferred, FlattenedDependencies, InternedSystemSet, NodeId, ScheduleBuildError, ScheduleBuildPass,
    ScheduleGraph, SystemKey, SystemSetKey, SystemWithAccess,
};
use bevy::ecs::system::{IntoSystem, RunSystemError, System, SystemIn, SystemStateFlags};
use bevy::ecs::world::DeferredWorld;
use bevy::ecs::world::unsafe_world_cell::UnsafeWorldCell;
use bevy::prelude::*;
use bevy::utils::prelude::DebugName;

/// What the runs of a system have cost since somebody asked.
#[derive(Debug, Default)]
pub(super) struct Meter {
    spent: AtomicU64,
    worst: AtomicU64,
    runs: AtomicU64,
}

impl Meter {
    fn note(&self, cost: Duration) {
        let nanoseconds = u64::try_from(cost.as_nanos()).unwrap_or(u64::MAX);
        self.spent.fetch_add(nanoseconds, Ordering::Relaxed);
        self.worst.fetch_max(nanoseconds, Ordering::Relaxed);
    }

    /// Time in all, the longest run and the number of runs; they begin anew.
    pub(super) fn take(&self) -> (Duration, Duration, u64) {
        let take = |counter: &AtomicU64| counter.swap(0, Ordering::Relaxed);
        (Duration::from_nanos(take(&self.spent)), Duration::from_nanos(take(&self.worst)), take(&self.runs))
    }
}

/// The system inside a wrapper, until it is taken back out.
type Inside = Arc<Mutex<Option<SystemWithAccess>>>;

fn open(inside: &Inside) -> MutexGuard<'_, Option<SystemWithAccess>> {
    // A system that panicked ends the run; what it left is still the system.
    inside.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All systems that are wrapped.
#[derive(Clone, Default)]
pub(super) struct Wrapped(Arc<Mutex<Vec<(SystemKey, Inside, Arc<Meter>)>>>);

impl Wrapped {
    fn list(&self) -> MutexGuard<'_, Vec<(SystemKey, Inside, Arc<Meter>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The meter of a system.
    pub(super) fn meter(&self, key: SystemKey) -> Option<Arc<Meter>> {
        self.list().iter().find(|(of, ..)| *of == key).map(|(.., meter)| Arc::clone(meter))
    }
}

/// Wraps all systems when the schedule is built, or unwraps them.
pub(super) struct Wrap {
    wrapped: Wrapped,
    on: bool,
}

impl fmt::Debug for Wrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wrap").field("on", &self.on).finish_non_exhaustive()
    }
}

impl Wrap {
    /// Wraps all systems and notes them down.
    pub(super) fn around(wrapped: &Wrapped) -> Self {
        Self { wrapped: wrapped.clone(), on: true }
    }

    /// Unwraps those that were noted down.
    pub(super) fn off(wrapped: &Wrapped) -> Self {
        Self { wrapped: wrapped.clone(), on: false }
    }
}

impl ScheduleBuildPass for Wrap {
    type EdgeOptions = ();

    fn add_dependency(&mut self, _: NodeId, _: NodeId, _: Option<&()>) {}

    fn collapse_set(
        &mut self,
        _: SystemSetKey,
        _: &indexmap::IndexSet<SystemKey, bevy::platform::hash::FixedHasher>,
        _: &DiGraph<NodeId>,
    ) -> impl Iterator<Item = (NodeId, NodeId)> {
        std::iter::empty()
    }

    fn build(
        &mut self,
        _: &mut World,
        graph: &mut ScheduleGraph,
        _: FlattenedDependencies<'_>,
    ) -> Result<(), ScheduleBuildError> {
        let mut list = self.wrapped.list();
        if !self.on {
            for (key, inside, _) in list.drain(..) {
                if let (Some(node), Some(system)) = (graph.systems.get_mut(key), open(&inside).take()) {
                    *node = system;
                }
            }
            return Ok(());
        }
        let sync_point = IntoSystem::into_system(ApplyDeferred).system_type();
        let keys: Vec<SystemKey> = graph.systems.iter().map(|(key, ..)| key).collect();
        for key in keys {
            let Some(node) = graph.systems.get_mut(key) else { continue };
            if node.system_type() == sync_point {
                continue;
            }
            let (inside, meter) = (Inside::default(), Arc::new(Meter::default()));
            let timed = Timed {
                name: node.name(),
                kind: node.system_type(),
                flags: node.flags(),
                inside: Arc::clone(&inside),
                meter: Arc::clone(&meter),
            };
            let system = std::mem::replace(node, SystemWithAccess::new(Box::new(timed)));
            *open(&inside) = Some(system);
            list.push((key, inside, meter));
        }
        Ok(())
    }
}

struct Timed {
    name: DebugName,
    kind: TypeId,
    flags: SystemStateFlags,
    inside: Inside,
    meter: Arc<Meter>,
}

#[expect(clippy::disallowed_methods, reason = "measuring takes a real clock; no simulation code sees it")]
fn now() -> Instant {
    Instant::now()
}

impl System for Timed {
    type In = ();
    type Out = ();

    fn name(&self) -> DebugName {
        self.name.clone()
    }

    fn system_type(&self) -> TypeId {
        self.kind
    }

    fn flags(&self) -> SystemStateFlags {
        self.flags
    }

    #[expect(unsafe_code, reason = "the trait of systems has it so")]
    unsafe fn run_unsafe(&mut self, input: SystemIn<'_, Self>, world: UnsafeWorldCell) -> Result<(), RunSystemError> {
        let mut inside = open(&self.inside);
        let Some(system) = inside.as_mut() else { return Ok(()) };
        let start = now();
        // SAFETY: the caller promises what the inner system needs: access to all that it registered and, if it is
        // exclusive (the flags are its own), to the whole world. The schedule runs single-threaded, with exclusive access.
        let outcome = unsafe { system.run_unsafe(input, world) };
        self.meter.note(start.elapsed());
        self.meter.runs.fetch_add(1, Ordering::Relaxed);
        outcome
    }

    fn apply_deferred(&mut self, world: &mut World) {
        if let Some(system) = open(&self.inside).as_mut() {
            let start = now();
            system.apply_deferred(world);
            self.meter.note(start.elapsed());
        }
    }

    fn queue_deferred(&mut self, world: DeferredWorld) {
        if let Some(system) = open(&self.inside).as_mut() {
            system.queue_deferred(world);
        }
    }

    fn initialize(&mut self, world: &mut World) -> FilteredAccessSet {
        open(&self.inside).as_mut().map_or_else(FilteredAccessSet::new, |system| system.initialize(world))
    }

    fn check_change_tick(&mut self, check: CheckChangeTicks) {
        if let Some(system) = open(&self.inside).as_mut() {
            system.check_change_tick(check);
        }
    }

    fn default_system_sets(&self) -> Vec<InternedSystemSet> {
        open(&self.inside).as_ref().map_or_else(Vec::new, System::default_system_sets)
    }

    fn get_last_run(&self) -> Tick {
        open(&self.inside).as_ref().map_or(Tick::new(0), System::get_last_run)
    }

    fn set_last_run(&mut self, last_run: Tick) {
        if let Some(system) = open(&self.inside).as_mut() {
            system.set_last_run(last_run);
        }
    }
}
