//! The log of a scene's voters, explored: all orders of messages, timers, restarts and lies up to a bound, over the state machine
//! that the simulation runs. What is found becomes a scene in which it happens step by step.

use std::path::Path;

use agent2028_consensus::ConsensusConfig;
use agent2028_consensus::lies::Deed;
use agent2028_consensus::log::Consensus;
use agent2028_consensus::protocol::exploration::search::{Bounds, Explored, explore};
use agent2028_consensus::protocol::exploration::{Event, Fault};
use agent2028_consensus::schedule::{LyingConfig, ScheduleConfig};
use agent2028_core::clock::SimClock;
use agent2028_core::simulation::run_ticks;
use serde::Serialize;

use crate::assemble::{ExtraPlugins, build_app};
use crate::headless::{RunError, RunOptions, run};
use crate::scene::load::{Loaded, load_value};
use crate::scene::report::SceneError;
use crate::scene::{Caption, RunLength, Scene};

/// The interventions by which voters come to lie.
const LIES: [&str; 6] = ["ByzantineVote", "Equivocate", "Withhold", "DelayVotes", "ColludeVotes", "ReplayVotes"];

/// The interventions by which voters come back after they were killed.
const RESTARTS: [&str; 2] = ["Restart", "Churn"];

/// What must hold of voters, and whether it does as far as was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Property {
    /// In words.
    pub name: &'static str,
    /// Whether it holds.
    pub holds: bool,
}

/// What came out when a scene's voters were explored.
#[derive(Clone, Debug)]
pub struct Exploration {
    /// How many vote.
    pub voters: usize,
    /// What was explored; its steps are those of the counterexample, if there is one.
    pub schedule: ScheduleConfig,
    /// What was seen.
    pub explored: Explored,
}

impl Exploration {
    /// What must hold, and whether it does.
    #[must_use]
    pub fn properties(&self) -> Vec<Property> {
        let fault = self.explored.fault.as_ref().map(|(fault, _)| *fault);
        vec![
            Property { name: "no two honest voters decide differently", holds: !matches!(fault, Some(Fault::Fork(_))) },
            Property { name: "nothing is decided that is not valid", holds: !matches!(fault, Some(Fault::Garbage(_))) },
            Property {
                name: "no honest voter contradicts itself",
                holds: !matches!(fault, Some(Fault::Contradiction(_))),
            },
        ]
    }

    /// The scene in which the counterexample happens, one step a tick; nothing if there is none.
    ///
    /// # Errors
    /// If the scene can't be written.
    pub fn counterexample(&self, loaded: &Loaded) -> Option<Result<Loaded, SceneError>> {
        let (fault, events) = self.explored.fault.as_ref()?;
        let voters = loaded.scene.section::<ConsensusConfig>()?.voters.clone();
        let config = ConsensusConfig { voters, schedule: Some(self.schedule.clone()), ..ConsensusConfig::default() };
        let captions = (1..).zip(&self.schedule.steps);
        let mut captions: Vec<Caption> =
            captions.map(|(at, text)| Caption { at, text: text.clone(), ..Caption::default() }).collect();
        captions.push(Caption { at: events.len() as u64 + 1, text: fault.to_string(), ..Caption::default() });
        let scene = Scene {
            name: format!("{}: a counterexample", loaded.scene.name),
            description: format!("{fault}, after {} steps. Each tick is one of them.", events.len()),
            seed: loaded.scene.seed,
            tick_hz: 1.0,
            duration: RunLength::Ticks(events.len() as u64 + 1),
            world: loaded.scene.world,
            agents: loaded.scene.agents.clone(),
            headline: ["consensus.decided", "consensus.forks"].map(str::to_owned).to_vec(),
            captions,
            ..Scene::default()
        };
        Some(load_value(&scene.with(config), &[]))
    }
}

/// How far a scene's voters are explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most steps from the beginning, and the most situations.
    pub bounds: Bounds,
    /// How many rounds each height has.
    pub rounds: u32,
    /// How many heights there are.
    pub heights: u32,
}

/// Explores all that can happen to a scene's voters. Who lies is whom the scene's timeline lets lie at any time; a voter may be
/// killed and restarted once, if the timeline lets agents come back.
///
/// # Errors
/// If the scene has no voters, or can't be put together.
pub fn explore_voters(
    loaded: &Loaded,
    limits: Limits,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Exploration, SceneError> {
    let whole = |message: &str, help: &str| SceneError::whole(&loaded.scene.name, message.to_owned(), help);
    if loaded.scene.section::<ConsensusConfig>().is_none() {
        return Err(whole(
            "nobody decides anything in this scene",
            "name a scene with the section consensus, such as byzantine-4",
        ));
    }
    let mut app = build_app(loaded, None, &ExtraPlugins::default())?;
    let world = app.world_mut();
    let duration = loaded.scene.duration_ticks();
    let named = |names: &[&str], name: &str| names.contains(&name);
    let entries = loaded.scene.timeline.iter();
    let ticks = entries.filter(|entry| named(&LIES, entry.r#do.name())).flat_map(|entry| entry.ticks(duration));
    // Whom a selector means is known when its time has come.
    let last = ticks.max().unwrap_or(0).max(1);
    let mut liars: Vec<(u16, Deed)> = Vec::new();
    while world.resource::<SimClock>().tick() < last {
        run_ticks(world, 1);
        let (tick, consensus) = (world.resource::<SimClock>().tick(), world.resource::<Consensus>());
        let now = consensus.liars(tick).filter_map(|(agent, deed)| Some((consensus.voter_of(agent)?.0, deed)));
        liars.extend(now.filter(|liar| !liars.contains(liar)).collect::<Vec<_>>());
    }
    let consensus = world.resource::<Consensus>();
    let Some(setting) = consensus.setting() else {
        return Err(whole("nobody votes in this scene", "let the groups that consensus.voters names have agents"));
    };
    let committee = setting.committee.clone();
    let is_silent = liars.iter().all(|(_, deed)| *deed == Deed::Withhold);
    let restarts = loaded.scene.timeline.iter().any(|entry| named(&RESTARTS, entry.r#do.name()));
    let mut numbers: Vec<u16> = liars.iter().map(|(voter, _)| *voter).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let schedule = ScheduleConfig {
        lying: if is_silent { LyingConfig::Silent } else { LyingConfig::OneStory },
        garbage: liars.iter().any(|(_, deed)| *deed == Deed::Garbage),
        heights: limits.heights,
        rounds: limits.rounds,
        restarts: u32::from(restarts),
        liars: numbers,
        ..ScheduleConfig::default()
    };
    let voters = committee.len();
    let explored = explore(&schedule.scenario(committee), limits.bounds, progress);
    let steps = explored.fault.iter().flat_map(|(_, events)| events).map(Event::to_string).collect();
    Ok(Exploration { voters, schedule: ScheduleConfig { steps, ..schedule }, explored })
}

/// Runs a counterexample into a folder, for `agent2028 replay`.
///
/// # Errors
/// If the folder can't be written.
pub fn record(counterexample: &Loaded, folder: &Path) -> Result<(), RunError> {
    let options = RunOptions { out: Some(folder.into()), hash_every: Some(1), ..RunOptions::default() };
    run(counterexample, &options, &mut |_| {}).map(|_| ())
}
