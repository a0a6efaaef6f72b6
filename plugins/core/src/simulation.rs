//! A simulation: a world of its own, which it shares with no window, renderer or interface.

use std::time::{Duration, Instant};

use bevy::prelude::*;

use crate::agent::AgentIndex;
use crate::checkpoint::{Checkpoint, CheckpointError, StateHash, state_hash};
use crate::clock::SimClock;
use crate::intervention::{AnyIntervention, InterventionQueue, Origin};
use crate::life::Lives;
use crate::metrics::Metrics;
use crate::quarantine::Stopped;
use crate::schedule::SimSchedule;
use crate::timeline::Keyframe;

/// A running simulation: the one door in is [`Simulation::intervene`], the one door out are events and metrics.
///
/// The window holds one as a resource beside its own world. So what is drawn can't change what is simulated, a scene is
/// opened by replacing the simulation, and two of them can run side by side.
#[derive(Resource)]
pub struct Simulation {
    world: World,
    generation: u64,
    tick_cost: Duration,
}

impl std::fmt::Debug for Simulation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulation").field("tick", &self.tick()).field("agents", &self.agents()).finish_non_exhaustive()
    }
}

impl Simulation {
    /// Wraps a world in which [`SimCorePlugin`](crate::SimCorePlugin) and a scene have been set up.
    #[must_use]
    pub fn new(world: World) -> Self {
        Self { world, generation: 0, tick_cost: Duration::ZERO }
    }

    /// Puts another simulation in this one's place.
    pub fn replace(&mut self, world: World) {
        self.world = world;
        self.generation += 1;
        self.tick_cost = Duration::ZERO;
    }

    /// Takes the world out.
    #[must_use]
    pub fn into_world(self) -> World {
        self.world
    }

    /// Counts how often the simulation was replaced or put back in time: whoever keeps something derived from it must
    /// derive it again when this changes.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The simulation's world, to read.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The simulation's world, for queries that need `&mut`. What changes the simulation goes through
    /// [`Simulation::intervene`].
    pub fn world_mut(&mut self) -> &mut World {
        &mut self.world
    }

    /// The last tick that ran.
    #[must_use]
    pub fn tick(&self) -> u64 {
        self.world.resource::<SimClock>().tick()
    }

    /// How many agents there are.
    #[must_use]
    pub fn agents(&self) -> usize {
        self.world.resource::<AgentIndex>().len()
    }

    /// Runs `ticks` ticks, or fewer if a fault stops the run. Returns how many ran.
    pub fn run(&mut self, ticks: u64) -> u64 {
        run_ticks(&mut self.world, ticks)
    }

    /// Runs at most `ticks` ticks and stops early when `budget` of wall-clock time is used up; at least one tick runs if
    /// any is asked for. Returns how many ran. Only *how many* ticks run depends on the wall clock, never what they do.
    #[expect(clippy::disallowed_methods, reason = "the budget is about real time; no simulation code sees it")]
    pub fn run_within(&mut self, ticks: u64, budget: Duration) -> u64 {
        let start = Instant::now();
        let mut ran = 0;
        while ran < ticks && !self.stopped() {
            ran += run_ticks(&mut self.world, 1);
            if start.elapsed() + self.tick_cost / 2 >= budget {
                break;
            }
        }
        if ran > 0 {
            self.note_tick_cost(start.elapsed() / u32::try_from(ran).unwrap_or(u32::MAX));
        }
        ran
    }

    /// Takes note of what a tick cost: a moving average that follows within a few frames.
    pub(crate) fn note_tick_cost(&mut self, cost: Duration) {
        self.tick_cost = if self.tick_cost.is_zero() { cost } else { (self.tick_cost * 7 + cost) / 8 };
    }

    /// What a tick costs on average, in wall-clock time.
    #[must_use]
    pub fn tick_cost(&self) -> Duration {
        self.tick_cost
    }

    /// Whether a fault has stopped the run (`on_fault: Stop`).
    #[must_use]
    pub fn stopped(&self) -> bool {
        self.world.resource::<Stopped>().0
    }

    /// Queues a change for the start of the next tick and returns its number.
    pub fn intervene(&mut self, action: impl Into<AnyIntervention>) -> u64 {
        let tick = self.tick() + 1;
        self.world.resource_mut::<InterventionQueue>().push(tick, Origin::User, action)
    }

    /// The hash of the whole state.
    #[must_use]
    pub fn state_hash(&self) -> StateHash {
        state_hash(&self.world)
    }

    /// The whole state, to go back to.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint::of(&self.world)
    }

    /// Goes back (or forth) to a saved state of the same scene.
    ///
    /// # Errors
    /// If the checkpoint is of another scene or damaged.
    pub fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), CheckpointError> {
        checkpoint.restore(&mut self.world)?;
        self.world.resource_mut::<Metrics>().truncate(checkpoint.tick);
        self.world.resource_mut::<Lives>().truncate(checkpoint.tick);
        self.generation += 1;
        Ok(())
    }

    /// Goes back (or forth) to a state with its whole history.
    ///
    /// # Errors
    /// If the keyframe is of another scene.
    pub fn put_back(&mut self, keyframe: &Keyframe) -> Result<(), CheckpointError> {
        self.generation += 1;
        keyframe.restore(&mut self.world)
    }
}

/// Those who look at every tick of a simulation right after it has run, before the next one: recorders. They read only.
#[derive(Resource, Default)]
pub struct TickWatchers(Vec<Box<dyn FnMut(&World) + Send + Sync>>);

impl TickWatchers {
    /// Lets somebody look at every tick of `world` from now on.
    pub fn add(world: &mut World, watcher: impl FnMut(&World) + Send + Sync + 'static) {
        world.get_resource_or_init::<Self>().0.push(Box::new(watcher));
    }
}

/// Lets the watchers look. They are out of the world meanwhile, so that they can borrow it.
fn show_to_watchers(world: &mut World) {
    let Some(mut watchers) = world.get_resource_mut::<TickWatchers>() else {
        return;
    };
    let mut looking = std::mem::take(&mut watchers.0);
    for watcher in &mut looking {
        watcher(world);
    }
    if let Some(mut watchers) = world.get_resource_mut::<TickWatchers>() {
        watchers.0.append(&mut looking);
    }
}

/// Runs ticks on a bare world, without a frame of Bevy's main schedule in between. Returns how many ran.
pub fn run_ticks(world: &mut World, ticks: u64) -> u64 {
    for ran in 0..ticks {
        if world.resource::<Stopped>().0 {
            return ran;
        }
        world.run_schedule(SimSchedule);
        // Bevy's change ticks wrap after 2³² systems; its main schedule would do this for us.
        world.check_change_ticks();
        // It would also forget who was despawned two ticks ago; else every agent that ever left takes 16 bytes per component.
        world.clear_trackers();
        show_to_watchers(world);
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SimCorePlugin;
    use std::sync::{Arc, Mutex};

    #[test]
    fn a_watcher_sees_every_tick_once() {
        let mut app = App::new();
        app.add_plugins(SimCorePlugin::default());
        let mut simulation = Simulation::new(std::mem::take(app.world_mut()));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let notes = seen.clone();
        TickWatchers::add(simulation.world_mut(), move |world| {
            notes.lock().unwrap().push(world.resource::<SimClock>().tick());
        });
        simulation.run(2);
        simulation.run_within(1, Duration::from_secs(1));
        assert_eq!(*seen.lock().unwrap(), [1, 2, 3]);
    }
}
