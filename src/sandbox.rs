//! The library's main interface: a simulation without a window.

use agent2028_core::agent::{Agent, AgentGroups, AgentId, Condition, Position, Status, Velocity};
use agent2028_core::check::suggest;
use agent2028_core::checkpoint::{Checkpoint, CheckpointError, StateHash, checked_state_hash};
use agent2028_core::clash::Clash;
use agent2028_core::clock::SimClock;
use agent2028_core::event::{Event, EventBus, EventFilter, EventStream};
use agent2028_core::intervention::{AnyIntervention, InterventionLog, InterventionQueue, Origin, Stamped};
use agent2028_core::metrics::{Metrics, Series};
use agent2028_core::section::{SceneSection, SectionRegistry};
use agent2028_core::simulation::{Simulation, run_ticks};
use agent2028_core::timeline::Keyframe;
use bevy::prelude::*;

use crate::assemble::{ExtraPlugins, build_app};
use crate::scene::Scene;
use crate::scene::expect::{Expectations, Verdict};
use crate::scene::load::{Loaded, Setting, load_text_with, load_value_with, load_with};
use crate::scene::report::SceneError;

/// Why a sandbox could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// Something is wrong with the scene or a setting.
    #[error(transparent)]
    Scene(Box<SceneError>),
    /// Two plugins give different things one name.
    #[error(transparent)]
    Plugins(#[from] Clash),
    /// A checkpoint can't be used.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// There is no such metric.
    #[error("there is no metric \"{name}\"; {help}")]
    UnknownMetric {
        /// The name that was asked for.
        name: String,
        /// The nearest valid name.
        help: String,
    },
    /// The tick lies in the future.
    #[error("tick {tick} has not run yet, the last one was {now}; run up to it first")]
    NotReached {
        /// The tick that was asked for.
        tick: u64,
        /// The last one that ran.
        now: u64,
    },
    /// The simulation is there already.
    #[error("{0} must come before the first tick, and before anything else is asked of the simulation")]
    AlreadyRunning(&'static str),
}

impl From<SceneError> for SandboxError {
    fn from(error: SceneError) -> Self {
        Self::Scene(Box::new(error))
    }
}

/// A simulation without a window, for tests, sweeps and other people's programs.
///
/// ```
/// use agent2028::Sandbox;
///
/// let mut sandbox = Sandbox::builtin("flock")?.seed(7)?.set("boids.separation.weight", 2.0)?;
/// sandbox.run(600)?;
/// assert!(sandbox.metric("boids.order")? > 0.3, "the flock should begin to align");
/// # Ok::<(), agent2028::SandboxError>(())
/// ```
pub struct Sandbox {
    source: Source,
    settings: Vec<Setting>,
    threads: Option<usize>,
    plugins: ExtraPlugins,
    registry: SectionRegistry,
    built: Option<Built>,
}

/// A sandbox in the making, for scenes with sections of your own; see [`Sandbox::builder`].
#[derive(Clone, Debug)]
pub struct SandboxBuilder {
    registry: SectionRegistry,
    plugins: ExtraPlugins,
}

impl SandboxBuilder {
    /// Scenes may have this section.
    #[must_use]
    pub fn section<T: SceneSection>(self) -> Self {
        Self { registry: self.registry.with::<T>(), ..self }
    }

    /// Adds a plugin that every scene has.
    #[must_use]
    pub fn plugin(self, plugin: impl Plugin + Clone) -> Self {
        Self { plugins: self.plugins.with(plugin), ..self }
    }

    /// Opens a scene file (or a built-in scene by name).
    ///
    /// # Errors
    /// With everything that is wrong with the scene.
    pub fn open(self, path: impl AsRef<std::path::Path>) -> Result<Sandbox, SandboxError> {
        self.build(Source::Named(path.as_ref().display().to_string()))
    }

    /// Takes a scene from RON text.
    ///
    /// # Errors
    /// With everything that is wrong with the text.
    pub fn parse(self, text: &str) -> Result<Sandbox, SandboxError> {
        self.build(Source::Text(text.into()))
    }

    /// Takes a scene as a value.
    ///
    /// # Errors
    /// With everything that is wrong with it.
    pub fn scene(self, scene: Scene) -> Result<Sandbox, SandboxError> {
        self.build(Source::Value(Box::new(scene)))
    }

    fn build(self, source: Source) -> Result<Sandbox, SandboxError> {
        let Self { registry, plugins } = self;
        if let Some(clash) = crate::plugins::clashes(&registry).into_iter().next() {
            return Err(clash.into());
        }
        let sandbox = Sandbox { source, settings: Vec::new(), threads: None, plugins, registry, built: None };
        // Problems are told here, where the scene is named, not at the first tick.
        sandbox.load()?;
        Ok(sandbox)
    }
}

struct Built {
    app: App,
    loaded: Loaded,
}

enum Source {
    Named(String),
    Text(String),
    Value(Box<Scene>),
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Sandbox {
    fn from_source(source: Source) -> Result<Self, SandboxError> {
        Self::builder().build(source)
    }

    /// Begins a sandbox that knows your own sections beside those of [`crate::plugins::all`].
    #[must_use]
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder { registry: crate::plugins::all(), plugins: ExtraPlugins::default() }
    }

    fn load(&self) -> Result<Loaded, SandboxError> {
        let registry = self.registry.clone();
        Ok(match &self.source {
            Source::Named(name) => load_with(name, &self.settings, registry)?,
            Source::Text(text) => load_text_with("scene", text, None, &self.settings, registry)?,
            Source::Value(scene) => load_value_with(scene, &self.settings, registry)?,
        })
    }

    /// Opens a scene file (or a built-in scene by name).
    ///
    /// # Errors
    /// With everything that is wrong with the scene.
    pub fn open(path: impl AsRef<std::path::Path>) -> Result<Self, SandboxError> {
        Self::from_source(Source::Named(path.as_ref().display().to_string()))
    }

    /// Opens a built-in scene; `agent2028 scenes` lists them.
    ///
    /// # Errors
    /// If there is no such scene.
    pub fn builtin(name: &str) -> Result<Self, SandboxError> {
        Self::from_source(Source::Named(name.into()))
    }

    /// Takes a scene from RON text.
    ///
    /// # Errors
    /// With everything that is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, SandboxError> {
        Self::from_source(Source::Text(text.into()))
    }

    /// Takes a scene as a value.
    ///
    /// # Errors
    /// With everything that is wrong with it.
    pub fn new(scene: Scene) -> Result<Self, SandboxError> {
        Self::from_source(Source::Value(Box::new(scene)))
    }

    /// The sandbox, if its simulation is not there yet: later, what is set here would come true at the next rewind.
    fn unbuilt(self, what: &'static str) -> Result<Self, SandboxError> {
        if self.built.is_some() { Err(SandboxError::AlreadyRunning(what)) } else { Ok(self) }
    }

    /// Sets the seed; must come before the first tick.
    ///
    /// # Errors
    /// [`SandboxError::AlreadyRunning`] if it comes later.
    pub fn seed(self, seed: u64) -> Result<Self, SandboxError> {
        let mut sandbox = self.unbuilt("seed")?;
        sandbox.settings.push(Setting { path: "seed".into(), value: seed.to_string() });
        Ok(sandbox)
    }

    /// Sets how many threads the simulation uses; must come before the first tick. It changes nothing but the speed.
    ///
    /// # Errors
    /// [`SandboxError::AlreadyRunning`] if it comes later.
    pub fn threads(self, threads: usize) -> Result<Self, SandboxError> {
        let sandbox = self.unbuilt("threads")?;
        Ok(Self { threads: Some(threads), ..sandbox })
    }

    /// Sets any value of the scene by path, or a parameter by name; must come before the first tick.
    ///
    /// # Errors
    /// If the path doesn't exist or the value doesn't fit; [`SandboxError::AlreadyRunning`] if it comes later.
    pub fn set(self, path: &str, value: impl Into<SettingValue>) -> Result<Self, SandboxError> {
        let mut sandbox = self.unbuilt("set")?;
        sandbox.settings.push(Setting { path: path.into(), value: value.into().0 });
        sandbox.load()?;
        Ok(sandbox)
    }

    /// Adds a plugin of your own; must come before the first tick.
    ///
    /// # Errors
    /// [`SandboxError::AlreadyRunning`] if it comes later.
    pub fn add_plugin(self, plugin: impl Plugin + Clone) -> Result<Self, SandboxError> {
        let mut sandbox = self.unbuilt("add_plugin")?;
        sandbox.plugins = sandbox.plugins.with(plugin);
        Ok(sandbox)
    }

    fn built(&mut self) -> Result<&mut Built, SandboxError> {
        if self.built.is_none() {
            let loaded = self.load()?;
            let app = build_app(&loaded, self.threads, &self.plugins)?;
            self.built = Some(Built { app, loaded });
        }
        // Just filled, if it was empty.
        self.built.as_mut().ok_or(SandboxError::AlreadyRunning("building"))
    }

    /// The Bevy app underneath.
    ///
    /// # Errors
    /// If the scene doesn't fit the plugins (an unknown metric, for instance).
    pub fn app_mut(&mut self) -> Result<&mut App, SandboxError> {
        Ok(&mut self.built()?.app)
    }

    /// The scene, with all settings applied.
    ///
    /// # Errors
    /// As [`Sandbox::app_mut`].
    pub fn scene(&mut self) -> Result<&Scene, SandboxError> {
        Ok(&self.built()?.loaded.scene)
    }

    fn world(&mut self) -> Result<&mut World, SandboxError> {
        Ok(self.built()?.app.world_mut())
    }

    /// Runs `ticks` ticks, or fewer if a fault stops the run. Returns how many ran.
    ///
    /// # Errors
    /// As [`Sandbox::app_mut`].
    pub fn run(&mut self, ticks: u64) -> Result<u64, SandboxError> {
        Ok(run_ticks(self.world()?, ticks))
    }

    /// Runs until `condition` holds after a tick, at most `most` ticks. Returns whether it came to hold.
    ///
    /// # Errors
    /// As [`Sandbox::app_mut`].
    pub fn run_until(&mut self, most: u64, mut condition: impl FnMut(&World) -> bool) -> Result<bool, SandboxError> {
        let world = self.world()?;
        for _ in 0..most {
            if run_ticks(world, 1) == 0 {
                return Ok(false);
            }
            if condition(world) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The last tick that ran; 0 before the first.
    ///
    /// # Errors
    /// As [`Sandbox::app_mut`].
    pub fn tick(&mut self) -> Result<u64, SandboxError> {
        Ok(self.world()?.resource::<SimClock>().tick())
    }

    /// Changes the simulation at the start of the next tick.
    ///
    /// # Errors
    /// As [`Sandbox::app_mut`]; what can't be applied is told by an `InterventionFailed` event.
    pub fn intervene(&mut self, action: impl Into<AnyIntervention>) -> Result<&mut Self, SandboxError> {
        let world = self.world()?;
        let tick = world.resource::<SimClock>().tick() + 1;
        world.resource_mut::<InterventionQueue>().push(tick, Origin::User, action);
        Ok(self)
    }

    /// The last value of a metric; 0 before its first.
    ///
    /// # Errors
    /// If there is no such metric.
    pub fn metric(&mut self, name: &str) -> Result<f64, SandboxError> {
        Ok(self.series(name)?.last().map_or(0.0, |(_, value)| value))
    }

    /// The history of a metric. From now on it is recorded, if it is one of those that are only worked out when wanted.
    ///
    /// # Errors
    /// If there is no such metric.
    pub fn series(&mut self, name: &str) -> Result<&Series, SandboxError> {
        let world = self.world()?;
        world.resource_mut::<Metrics>().want(name);
        let metrics = world.resource::<Metrics>();
        metrics.series(name).ok_or_else(|| SandboxError::UnknownMetric {
            name: name.into(),
            help: suggest(name, metrics.iter().map(|(spec, _)| spec.name.as_str()), "metric"),
        })
    }

    /// The events that are still kept, oldest first.
    ///
    /// # Errors
    /// As [`Sandbox::app_mut`].
    pub fn events(&mut self) -> Result<Vec<Event>, SandboxError> {
        Ok(self.world()?.resource::<EventBus>().history().cloned().collect())
    }

    /// Lets async code listen to events from now on, in any thread and on any executor. No tick waits for it, however slow it
    /// is; what it misses it is told, and can read again as long as the history has it. The stream ends with the simulation:
    /// when the sandbox is dropped, or builds it anew to rewind.
    ///
    /// ```
    /// use agent2028::Sandbox;
    /// use agent2028_core::event::{EventFilter, EventKind, Told};
    /// use agent2028_core::faults::Kill;
    /// use agent2028_core::selector::Selector;
    ///
    /// let mut sandbox = Sandbox::builtin("flock")?;
    /// let mut stream = sandbox.event_stream(EventFilter::kinds([EventKind::AGENT_FAILED]))?;
    /// let watcher = std::thread::spawn(move || bevy::tasks::block_on(async {
    ///     let (mut failures, mut missed) = (0, 0);
    ///     while let Some(told) = stream.next().await {
    ///         match told {
    ///             Told::Event(_) => failures += 1,
    ///             Told::Gap(gap) => missed += gap.missed,
    ///             Told::Rewound { .. } => {}
    ///         }
    ///     }
    ///     (failures, missed)
    /// }));
    /// sandbox.intervene(Kill { select: Selector::Count(3), duration_s: None })?.run(10)?;
    /// // The stream ends with the simulation.
    /// drop(sandbox);
    /// assert_eq!(watcher.join().unwrap(), (3, 0));
    /// # Ok::<(), agent2028::SandboxError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Sandbox::app_mut`].
    pub fn event_stream(&mut self, filter: EventFilter) -> Result<EventStream, SandboxError> {
        Ok(self.world()?.resource_mut::<EventBus>().stream(filter))
    }

    /// All agents in id order.
    ///
    /// # Errors
    /// As [`Sandbox::app_mut`].
    pub fn agents(&mut self) -> Result<Vec<AgentSnapshot>, SandboxError> {
        let world = self.world()?;
        let mut query = world.query::<(&Agent, &Position, Option<&Velocity>, Option<&Condition>)>();
        let groups = world.resource::<AgentGroups>();
        let mut agents: Vec<AgentSnapshot> = query
            .iter(world)
            .map(|(agent, position, velocity, condition)| AgentSnapshot {
                id: agent.0,
                group: groups
                    .group_of(agent.0)
                    .and_then(|group| groups.get(group))
                    .map(|group| group.name.clone())
                    .unwrap_or_default(),
                position: position.0,
                velocity: velocity.map_or(Vec2::ZERO, |velocity| velocity.0),
                status: condition.map_or(Status::Active, |condition| condition.status),
                health: Condition::health(condition),
            })
            .collect();
        agents.sort_unstable_by_key(|agent| agent.id);
        Ok(agents)
    }

    /// How the scene's expectations stand.
    ///
    /// # Errors
    /// As [`Sandbox::app_mut`].
    pub fn verdicts(&mut self) -> Result<Vec<Verdict>, SandboxError> {
        let world = self.world()?;
        Ok(world.resource::<Expectations>().verdicts(world.resource::<SimClock>().tick()))
    }

    /// The hash of the whole state: equal for equal scene, seed and interventions.
    ///
    /// # Errors
    /// As [`Sandbox::app_mut`], and if a part of the state can't be saved.
    pub fn state_hash(&mut self) -> Result<StateHash, SandboxError> {
        Ok(checked_state_hash(self.world()?)?)
    }

    /// The whole state, to go back to.
    ///
    /// # Errors
    /// As [`Sandbox::app_mut`], and if a part of the state can't be saved.
    pub fn checkpoint(&mut self) -> Result<Checkpoint, SandboxError> {
        Ok(Checkpoint::of(self.world()?).whole()?)
    }

    /// Goes back (or forth) to a saved state of the same scene.
    ///
    /// # Errors
    /// If the checkpoint is of another scene or damaged.
    pub fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), SandboxError> {
        let world = self.world()?;
        checkpoint.restore(world)?;
        world.resource_mut::<Metrics>().truncate(checkpoint.tick);
        Ok(())
    }

    /// Goes back to the end of an earlier tick, as if nothing had happened since: what was changed up to there stays, what
    /// was changed later is forgotten. The scene runs again from its start up to there, with the same bits; whoever goes
    /// back often does better with a [`Timeline`](agent2028_core::timeline::Timeline), which keeps keyframes.
    ///
    /// ```
    /// use agent2028::Sandbox;
    /// use agent2028_core::faults::Kill;
    ///
    /// let mut calm = Sandbox::builtin("flock")?;
    /// calm.run(60)?;
    /// let mut struck = calm.fork()?;
    /// struck.intervene(Kill::default())?;
    /// calm.run(60)?;
    /// struck.run(60)?;
    /// assert!(struck.metric("agents.failed")? > calm.metric("agents.failed")?);
    ///
    /// struck.rewind(60)?;
    /// struck.run(60)?;
    /// assert_eq!(struck.state_hash()?, calm.state_hash()?);
    /// # Ok::<(), agent2028::SandboxError>(())
    /// ```
    ///
    /// # Errors
    /// If the tick has not run yet; as [`Sandbox::app_mut`].
    pub fn rewind(&mut self, tick: u64) -> Result<(), SandboxError> {
        let now = self.tick()?;
        if tick > now {
            return Err(SandboxError::NotReached { tick, now });
        }
        let world = self.world()?;
        let interventions: Vec<Stamped> = world
            .resource::<InterventionLog>()
            .0
            .iter()
            .map(|applied| applied.stamped.clone())
            .filter(|stamped| stamped.origin == Origin::User && stamped.tick <= tick)
            .collect();
        let before = world.resource::<Metrics>().clone();
        let wanted: Vec<&str> =
            before.iter().map(|(spec, _)| spec.name.as_str()).filter(|name| before.wants(name)).collect();
        self.built = None;
        let world = self.world()?;
        for name in wanted {
            world.resource_mut::<Metrics>().want(name);
        }
        for stamped in interventions {
            let now = world.resource::<SimClock>().tick();
            run_ticks(world, stamped.tick - 1 - now);
            world.resource_mut::<InterventionQueue>().push(stamped.tick, stamped.origin, stamped.action);
        }
        let now = world.resource::<SimClock>().tick();
        run_ticks(world, tick - now);
        Ok(())
    }

    /// A second sandbox of the same scene in the same state, with the same events and metrics so far. From here on each goes
    /// its own way; [`Sandbox::rewind`] has an example.
    ///
    /// # Errors
    /// As [`Sandbox::app_mut`].
    pub fn fork(&mut self) -> Result<Self, SandboxError> {
        let keyframe = Keyframe::of(self.world()?);
        let source = match &self.source {
            Source::Named(name) => Source::Named(name.clone()),
            Source::Text(text) => Source::Text(text.clone()),
            Source::Value(scene) => Source::Value(scene.clone()),
        };
        let (settings, plugins, registry) = (self.settings.clone(), self.plugins.clone(), self.registry.clone());
        let mut fork = Self { source, settings, threads: self.threads, plugins, registry, built: None };
        keyframe.restore(fork.world()?)?;
        Ok(fork)
    }

    /// Hands the simulation over, to a window for instance.
    ///
    /// # Errors
    /// As [`Sandbox::app_mut`].
    pub fn into_simulation(mut self) -> Result<(Simulation, Loaded), SandboxError> {
        let built = self.built()?;
        let world = std::mem::take(built.app.world_mut());
        Ok((Simulation::new(world), built.loaded.clone()))
    }
}

/// A value for [`Sandbox::set`]: a number, a truth value, or RON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingValue(String);

impl From<f64> for SettingValue {
    fn from(number: f64) -> Self {
        Self(format!("{number}"))
    }
}

impl From<i32> for SettingValue {
    fn from(number: i32) -> Self {
        Self(number.to_string())
    }
}

impl From<u64> for SettingValue {
    fn from(number: u64) -> Self {
        Self(number.to_string())
    }
}

impl From<bool> for SettingValue {
    fn from(truth: bool) -> Self {
        Self(truth.to_string())
    }
}

impl From<&str> for SettingValue {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

/// What there is to see of an agent.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentSnapshot {
    /// Its number.
    pub id: AgentId,
    /// The name of its group.
    pub group: String,
    /// Where it is, in world units.
    pub position: Vec2,
    /// How it moves, in world units per second.
    pub velocity: Vec2,
    /// Whether it can act.
    pub status: Status,
    /// Its health, 0–1.
    pub health: f32,
}
