//! Runs that end at a chosen tick as a kill would end them: the rows are there, the summary is not.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use agent2028::assemble::ExtraPlugins;
use agent2028::core::clock::SimClock;
use agent2028::core::{SimSchedule, SimSystems};
use agent2028::headless::{RunError, RunOptions, run};
use agent2028::scene::load::Loaded;
use bevy::prelude::*;

#[derive(Clone)]
struct Stop {
    after: u64,
    flag: Arc<AtomicBool>,
}

impl Plugin for Stop {
    fn build(&self, app: &mut App) {
        let Self { after, flag } = self.clone();
        let stop = move |clock: Res<SimClock>| flag.store(clock.tick() >= after, Ordering::Relaxed);
        app.add_systems(SimSchedule, stop.in_set(SimSystems::Observe));
    }
}

/// Runs a scene with these options until `after` ticks are written down, and no further.
pub(crate) fn stopped_after(loaded: &Loaded, after: u64, options: RunOptions) {
    let flag = Arc::new(AtomicBool::new(false));
    let plugins = ExtraPlugins::default().with(Stop { after, flag: flag.clone() });
    let options = RunOptions { cancel: Some(flag), plugins, ..options };
    assert!(matches!(run(loaded, &options, &mut |_| {}), Err(RunError::Cancelled)));
}

/// All files of a folder with what they hold.
pub(crate) fn contents(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push((path.clone(), std::fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}
