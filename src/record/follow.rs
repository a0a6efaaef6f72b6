//! A folder that follows a run in a window, where people go back in time and do something else.
//!
//! The folder always holds the branch that is shown. Going back writes nothing: the same ticks run again, and they are
//! there already. Only when something else is done than was recorded is the folder cut at that tick and written anew.

use agent2028_core::checkpoint::{Checkpoint, checked_state_hash};
use agent2028_core::clock::SimClock;
use agent2028_core::intervention::{Applied, InterventionLog};
use bevy::prelude::World;

use super::{RecordError, RecordedIntervention, RunFolder};

/// Writes a run down through rewinds and forks.
#[derive(Debug)]
pub struct Follower {
    folder: RunFolder,
    checkpoint_every: Option<u64>,
    hash_every: Option<u64>,
    seen: u64,
    missing: u64,
}

impl Follower {
    /// Records a run in a folder while it runs, with a checkpoint and a state hash every given number of ticks if asked for.
    #[must_use]
    pub fn new(folder: RunFolder, checkpoint_every: Option<u64>, hash_every: Option<u64>) -> Self {
        let seen = folder.last();
        Self { folder, checkpoint_every, hash_every, seen, missing: 0 }
    }

    /// The folder.
    #[must_use]
    pub const fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// The folder, to end it.
    pub const fn folder_mut(&mut self) -> &mut RunFolder {
        &mut self.folder
    }

    /// How many ticks have no row, because the window showed another branch when they ran and jumped over them.
    #[must_use]
    pub const fn missing(&self) -> u64 {
        self.missing
    }

    /// Looks at the tick that has just run.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn look(&mut self, world: &World) -> Result<(), RecordError> {
        let tick = world.resource::<SimClock>().tick();
        let log = &world.resource::<InterventionLog>().0;
        // Whoever comes from the tick before has been compared up to there.
        let compared_up_to = if self.seen + 1 == tick { self.seen } else { 0 };
        if let Some(parting) = parting(self.folder.interventions(), log, compared_up_to, tick, self.folder.last())? {
            self.folder.cut(parting.saturating_sub(1))?;
        }
        self.seen = tick;
        if tick <= self.folder.last() {
            return Ok(());
        }
        self.missing += tick - self.folder.last() - 1;
        self.folder.tick(world)?;
        let due = |every: Option<u64>| every.is_some_and(|every| tick.is_multiple_of(every.max(1)));
        if due(self.hash_every) {
            self.folder.hash(tick, checked_state_hash(world)?, world)?;
        }
        if due(self.checkpoint_every) {
            self.folder.checkpoint(&Checkpoint::of(world), world)?;
        }
        Ok(())
    }
}

/// The first tick after `from` and up to `to` in which something else was done than is written down, in a folder that
/// goes up to the tick `last`.
fn parting(
    written: &[RecordedIntervention],
    log: &[Applied],
    from: u64,
    to: u64,
    last: u64,
) -> Result<Option<u64>, RecordError> {
    let mut written = written.iter().skip(written.partition_point(|entry| entry.tick <= from));
    let mut done =
        log.iter().skip(log.partition_point(|applied| applied.stamped.tick <= from)).map(RecordedIntervention::of);
    loop {
        let (was, is) = (written.next().filter(|entry| entry.tick <= to), done.next().transpose()?);
        return Ok(match (was, is) {
            (None, None) => None,
            (Some(was), Some(is)) if was.does_the_same(&is) => continue,
            (Some(was), Some(is)) => Some(was.tick.min(is.tick)),
            (Some(was), None) => Some(was.tick),
            // What is done after the folder's end is news, not a parting.
            (None, Some(is)) => Some(is.tick).filter(|tick| *tick <= last),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assemble::{ExtraPlugins, build_app};
    use crate::record::{Recording, interventions};
    use crate::scene::load::load_text;
    use agent2028_core::faults::Kill;
    use agent2028_core::selector::Selector;
    use agent2028_core::simulation::{Simulation, TickWatchers};
    use std::path::Path;
    use std::sync::{Arc, Mutex};

    /// A simulation that is followed into a folder.
    fn followed(path: &Path) -> (Simulation, Arc<Mutex<Follower>>) {
        let scene =
            "Scene(agents: [(name: \"a\", count: 40)], boids: (), timeline: [(at: 3, do: Kill(select: Count(1)))])";
        let loaded = load_text("scene", scene, None, &[]).unwrap();
        let mut app = build_app(&loaded, Some(1), &ExtraPlugins::default()).unwrap();
        let asked = crate::record::Asked::default();
        let folder = RunFolder::create(path, &loaded, &asked, app.world_mut()).unwrap();
        let follower = Arc::new(Mutex::new(Follower::new(folder, Some(10), Some(5))));
        let watcher = follower.clone();
        TickWatchers::add(app.world_mut(), move |world| watcher.lock().unwrap().look(world).unwrap());
        (Simulation::new(std::mem::take(app.world_mut())), follower)
    }

    fn kill(count: u32) -> Kill {
        Kill { select: Selector::Count(count), duration_s: None }
    }

    fn rows(path: &Path) -> Vec<u64> {
        let text = std::fs::read_to_string(path.join("metrics.csv")).unwrap();
        text.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect()
    }

    #[test]
    fn going_back_and_running_again_writes_nothing_twice() {
        let folder = tempfile::tempdir().unwrap();
        let (mut simulation, follower) = followed(folder.path());
        simulation.run(10);
        let then = simulation.checkpoint();
        simulation.intervene(kill(5));
        simulation.run(12);
        let end = simulation.state_hash();
        simulation.restore(&then).unwrap();
        // The same is done again.
        simulation.intervene(kill(5));
        simulation.run(20);
        follower.lock().unwrap().folder_mut().sync().unwrap();
        assert_eq!(rows(folder.path()), (1..=30).collect::<Vec<_>>());
        assert_eq!(interventions::read(folder.path()).unwrap().len(), 2);
        let recording = Recording::open(folder.path()).unwrap();
        assert_eq!(recording.hashes.iter().map(|(tick, _)| *tick).collect::<Vec<_>>(), [5, 10, 15, 20, 25, 30]);
        assert!(crate::replay::verify(&recording, Some(1), &mut |_| {}).unwrap().passed());
        simulation.restore(&then).unwrap();
        simulation.intervene(kill(5));
        simulation.run(12);
        assert_eq!(simulation.state_hash(), end);
    }

    #[test]
    fn another_way_cuts_the_folder_where_it_parts() {
        let folder = tempfile::tempdir().unwrap();
        let (mut simulation, follower) = followed(folder.path());
        simulation.run(10);
        let then = simulation.checkpoint();
        simulation.intervene(kill(5));
        simulation.run(20);
        simulation.restore(&then).unwrap();
        simulation.run(4);
        // Without the kill in tick 11 it is another run from there.
        follower.lock().unwrap().folder_mut().sync().unwrap();
        assert_eq!(rows(folder.path()), (1..=14).collect::<Vec<_>>());
        simulation.intervene(kill(9));
        simulation.run(9);
        follower.lock().unwrap().folder_mut().sync().unwrap();
        assert_eq!(rows(folder.path()), (1..=23).collect::<Vec<_>>());
        let done: Vec<u64> = interventions::read(folder.path()).unwrap().iter().map(|entry| entry.tick).collect();
        assert_eq!(done, [3, 15]);
        let recording = Recording::open(folder.path()).unwrap();
        assert_eq!(recording.checkpoints.iter().map(|(tick, _)| *tick).collect::<Vec<_>>(), [10, 20]);
        let found = crate::replay::verify(&recording, Some(1), &mut |_| {}).unwrap();
        assert!(found.passed() && found.hashes == 4, "{found:?}");
    }

    #[test]
    fn a_jump_to_another_branch_is_followed_with_all_that_was_done_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let (mut simulation, follower) = followed(folder.path());
        simulation.run(10);
        let fork = simulation.checkpoint();
        simulation.intervene(kill(5));
        simulation.run(10);
        let first = simulation.checkpoint();
        simulation.restore(&fork).unwrap();
        simulation.intervene(kill(9));
        simulation.run(3);
        // Back to the first branch, in the middle of it.
        simulation.restore(&first).unwrap();
        simulation.run(5);
        let mut follower = follower.lock().unwrap();
        assert_eq!(follower.missing(), 10);
        follower.folder_mut().sync().unwrap();
        assert_eq!(rows(folder.path()), (1..=10).chain(21..=25).collect::<Vec<_>>());
        let recording = Recording::open(folder.path()).unwrap();
        assert_eq!(recording.interventions.iter().map(|entry| entry.tick).collect::<Vec<_>>(), [3, 11]);
        assert!(crate::replay::verify(&recording, Some(1), &mut |_| {}).unwrap().passed());
    }
}
