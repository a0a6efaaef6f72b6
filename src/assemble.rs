//! Builds the app of a scene: adds the plugins that the scene names, in the order of [`crate::plugins`].

use std::collections::BTreeSet;
use std::sync::Arc;

use agent2028_core::SimCorePlugin;
use agent2028_core::agent::{AgentGroups, AgentIndex, GroupId, spawn_scene_group};
use agent2028_core::check::{Names, Problem, nearest, suggest};
use agent2028_core::checkpoint::{CheckpointRegistry, SceneFingerprint, checked_state_hash};
use agent2028_core::clash::Clash;
use agent2028_core::event::EventKinds;
use agent2028_core::intervention::{AddIntervention, AnyIntervention, InterventionQueue, InterventionRegistry, Origin};
use agent2028_core::metrics::Metrics;
use agent2028_core::params::{Foreseen, Params, get_live, look_up, preserving_sections, problems_context};
use agent2028_core::quantity;
use agent2028_core::quarantine::Stopped;
use agent2028_core::rehearsal::{Planned, Rehearsal};
use bevy::prelude::*;

use crate::scene::expect::{self, Expectations};
use crate::scene::load::Loaded;
use crate::scene::report::SceneError;
use crate::scene::view::ViewDefaults;
use crate::scene::{Scene, TimelineEntry};

/// Plugins that a program adds to those that a scene names. They are added anew each time a scene is opened.
#[derive(Clone, Default)]
pub struct ExtraPlugins(Vec<Arc<dyn Fn(&mut App) + Send + Sync>>);

impl ExtraPlugins {
    /// These and one more.
    #[must_use]
    pub fn with(mut self, plugin: impl Plugin + Clone) -> Self {
        self.0.push(Arc::new(move |app| {
            app.add_plugins(plugin.clone());
        }));
        self
    }
}

impl std::fmt::Debug for ExtraPlugins {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ExtraPlugins").field(&self.0.len()).finish()
    }
}

/// Makes the app of a scene: plugins, agents, timeline. A plugin that the scene doesn't name is not added.
///
/// # Errors
/// If the scene refers to metrics, values or capabilities that its plugins don't have.
pub fn build_app(loaded: &Loaded, threads: Option<usize>, plugins: &ExtraPlugins) -> Result<App, SceneError> {
    let scene = &loaded.scene;
    let (mut app, mut problems) = without_agents(loaded, threads, plugins);
    let world = app.world_mut();
    if !problems.is_empty() {
        problems.extend(check_timeline(world, scene));
        return Err(loaded.error(problems));
    }
    for name in scene.wanted_metrics() {
        world.resource_mut::<Metrics>().want(name);
    }
    let groups: Vec<_> = (0..scene.agents.len()).map(|index| GroupId(index as u16)).collect();
    for group in groups {
        // The scene's check bounds the number of agents, and the groups were added above.
        if let Err(error) = spawn_scene_group(world, group) {
            let path = format!("agents[{}]", group.0);
            return Err(loaded.error(vec![Problem { path, message: error.to_string(), help: String::new() }]));
        }
    }
    let problems = check_timeline(world, scene);
    if !problems.is_empty() {
        return Err(loaded.error(problems));
    }
    let duration = scene.duration_ticks();
    let mut queue = world.resource_mut::<InterventionQueue>();
    for entry in &scene.timeline {
        for tick in entry.ticks(duration) {
            queue.push(tick, Origin::Scene, entry.r#do.clone());
        }
    }
    Ok(app)
}

/// Checks whether a scene can be made into an app. Everything is built except the agents: so no keys are drawn, no papers are
/// signed, and no agent takes a place.
///
/// # Errors
/// If the scene refers to metrics, values or capabilities that its plugins don't have.
pub fn check(loaded: &Loaded, plugins: &ExtraPlugins) -> Result<(), SceneError> {
    let problems = problems_when_met(loaded, plugins);
    if problems.is_empty() { Ok(()) } else { Err(loaded.error(problems)) }
}

/// Everything that shows when a scene meets its plugins.
fn problems_when_met(loaded: &Loaded, plugins: &ExtraPlugins) -> Vec<Problem> {
    let (mut app, mut problems) = without_agents(loaded, Some(1), plugins);
    problems.extend(check_timeline(app.world_mut(), &loaded.scene));
    problems
}

/// The error of a scene that was read, with what else is wrong: if what is known to be wrong leaves its agents and sections whole,
/// they are put together, so that all problems are told at once.
#[must_use]
pub fn with_all_problems(error: SceneError, plugins: &ExtraPlugins) -> SceneError {
    match error.partial() {
        Some(partial) => partial.error_with(problems_when_met(&partial.loaded, plugins)),
        None => error,
    }
}

/// The names of the metrics that a scene has, in order; the scene is put together for that and checked, but no agents are.
///
/// # Errors
/// If the scene refers to metrics, values or capabilities that its plugins don't have.
pub fn metrics_of(loaded: &Loaded, plugins: &ExtraPlugins) -> Result<Vec<String>, SceneError> {
    let (mut app, mut problems) = without_agents(loaded, Some(1), plugins);
    problems.extend(check_timeline(app.world_mut(), &loaded.scene));
    if !problems.is_empty() {
        return Err(loaded.error(problems));
    }
    let mut names: Vec<String> = app.world().resource::<Metrics>().iter().map(|(spec, _)| spec.name.clone()).collect();
    names.sort_unstable();
    Ok(names)
}

/// The app of a scene before its agents come into the world, and what of the scene doesn't fit it, its timeline left aside.
fn without_agents(loaded: &Loaded, threads: Option<usize>, plugins: &ExtraPlugins) -> (App, Vec<Problem>) {
    let scene = &loaded.scene;
    let mut app = App::new();
    app.add_plugins(SimCorePlugin {
        seed: scene.seed,
        tick_hz: scene.tick_hz,
        epoch: scene.epoch(),
        world: scene.world,
        threads,
        on_fault: scene.on_fault,
    });
    app.add_plugins(expect::plugin);
    app.insert_resource(loaded.scene_files().clone());
    // Those too that the scene has no section for: a timeline may name them, they are refused when their time comes, and a
    // recording or checkpoint of that run holds them.
    app.add_interventions(|list| list.extend(loaded.registry().interventions()));
    for group in &scene.agents {
        app.world_mut().resource_mut::<AgentGroups>().add(group.clone());
    }
    loaded.build_sections(&mut app);
    for add in &plugins.0 {
        add(&mut app);
    }
    app.finish();
    app.cleanup();

    let world = app.world_mut();
    world.insert_resource(SceneFingerprint(loaded.fingerprint()));
    world.insert_resource(Params(scene.params.clone()));
    world.insert_resource(Foreseen { capabilities: scene.capabilities(), agents: scene.agents_foreseen() });
    world.insert_resource(Expectations::new(scene.expect.clone(), scene.duration_ticks()));
    let mut problems = clashes(world, loaded);
    problems.extend(check_against_plugins(world, scene));
    if let Err(error) = checked_state_hash(world) {
        problems.push(Problem {
            path: String::new(),
            message: error.to_string(),
            help: "a plugin saves what has no binary form: its types must be plain serde types".into(),
        });
    }
    (app, problems)
}

/// Names that two plugins of the scene give to different things.
fn clashes(world: &World, loaded: &Loaded) -> Vec<Problem> {
    let of_app = [
        world.resource::<InterventionRegistry>().clashes(),
        world.resource::<EventKinds>().clashes(),
        world.resource::<CheckpointRegistry>().clashes(),
        world.resource::<Metrics>().clashes(),
    ];
    let mut clashes = crate::plugins::clashes(loaded.registry());
    for clash in of_app.into_iter().flatten() {
        if !clashes.contains(clash) {
            clashes.push(clash.clone());
        }
    }
    let problem = |clash: Clash| Problem {
        path: String::new(),
        message: clash.to_string(),
        help: "this is no mistake of the scene, but of the program that brings the plugins together".into(),
    };
    clashes.into_iter().map(problem).collect()
}

/// What only shows when the scene has met its plugins: metrics, live values.
fn check_against_plugins(world: &mut World, scene: &Scene) -> Vec<Problem> {
    let mut problems = Vec::new();
    let metrics = world.resource::<Metrics>();
    let names: Names = metrics.iter().map(|(spec, _)| spec.name.clone()).collect();
    let mut check_metric = |path: String, name: &str| {
        if !names.contains(name) {
            problems.push(Problem {
                path,
                message: format!("this scene has no metric \"{name}\""),
                help: suggest(name, names.iter(), "metric"),
            });
        }
    };
    for (index, plot) in scene.plots.iter().enumerate() {
        for (number, name) in plot.metrics.iter().enumerate() {
            check_metric(format!("plots[{index}].metrics[{number}]"), name);
        }
    }
    for (index, expectation) in scene.expect.iter().enumerate() {
        check_metric(format!("expect[{index}].metric"), &expectation.metric);
    }
    for (index, name) in scene.headline.iter().enumerate() {
        check_metric(format!("headline[{index}]"), name);
    }
    for (field, name) in scene.view.quantities() {
        if !quantity::is_name(world, name) {
            let words = words_of(field).iter().copied();
            let near = quantity::suggestion(world, name);
            let near = nearest(name, words.chain(near.as_deref()))
                .map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"));
            problems.push(Problem {
                path: format!("view.{field}"),
                message: format!("agents have no quantity \"{name}\""),
                help: format!("write {}, or a quantity such as \"Velocity.x\"{near}", words_for(field)),
            });
        }
    }
    // The sections were checked when the scene was read, but for the names that only plugins know.
    let mentions = scene.problems().take_mentions();
    let mut names = problems_context(world);
    // Those of the timeline are looked up when there are agents.
    for mention in mentions.into_iter().filter(|mention| !mention.path.starts_with("timeline[")) {
        names.mention(mention.path, mention.naming, &mention.name);
    }
    look_up(world, &mut names);
    problems.extend(names.into_list());
    for (name, param) in &scene.params {
        if let Err(error) = get_live(world, &param.path)
            && !scene.has_value(&param.path)
        {
            problems.push(Problem { path: format!("params.{name}.path"), message: error.message, help: error.help });
        }
    }
    problems
}

/// What of the timeline can never work in the world that the scene has become, with its agents or before they come: each entry
/// is rehearsed as [`rehearse`] says. Live sections are put back afterwards.
fn check_timeline(world: &mut World, scene: &Scene) -> Vec<Problem> {
    let mut names = problems_context(world);
    let mut problems: Vec<(usize, Problem)> = Vec::new();
    let (mut parts, mut planned) = (Vec::new(), Vec::new());
    for (index, entry) in scene.timeline.iter().enumerate() {
        let (at, action) = (format!("timeline[{index}].do"), entry.r#do.clone());
        let (first, every, times) = (entry.at, entry.every.unwrap_or(0), entry.repetitions(scene.duration_ticks()));
        planned.push(Planned { action: action.clone(), first, every, times });
        let found = action.problems(world, &at, &mut names);
        if found.is_empty() {
            parts.push(Part::new(index, at, action, entry, scene.duration_ticks()));
        }
        problems.extend(found.into_iter().map(|problem| (index, problem)));
    }
    world.insert_resource(Rehearsal::of(planned));
    problems.extend(preserving_sections(world, |world| rehearse(world, parts)));
    world.remove_resource::<Rehearsal>();
    problems.sort_by_key(|(index, _)| *index);
    problems.into_iter().map(|(_, problem)| problem).collect()
}

/// An entry of a timeline while it is rehearsed.
struct Part {
    /// Its place in the file.
    index: usize,
    /// Its path.
    at: String,
    action: AnyIntervention,
    /// The tick of its first time, how many ticks later it happens again, and how often it happens.
    first: u64,
    every: u64,
    times: u64,
    /// How often it was tried.
    tried: u64,
    /// What stood in its way the first time; nothing once it has worked.
    refused: Option<Problem>,
    works: bool,
}

impl Part {
    fn new(index: usize, at: String, action: AnyIntervention, entry: &TimelineEntry, duration: u64) -> Self {
        let (first, every, times) = (entry.at, entry.every.unwrap_or(0), entry.repetitions(duration));
        Self { index, at, action, first, every, times, tried: 0, refused: None, works: false }
    }

    /// The tick at which it happens next; what is at 0 happens in the first.
    fn next(&self) -> Option<u64> {
        (self.tried < self.times).then(|| self.first.saturating_add(self.tried.saturating_mul(self.every)).max(1))
    }

    /// The tick at which it happens next after an entry, here or elsewhere in the file, has happened.
    fn next_after(&mut self, (tick, index): (u64, usize)) -> Option<u64> {
        let earliest = if self.index > index { tick } else { tick.saturating_add(1) };
        self.tried = self.tried.max(earliest.saturating_sub(self.first).div_ceil(self.every.max(1)));
        self.next()
    }
}

/// At most so many repetitions of a timeline are rehearsed: each may copy and check a section that has grown.
const MOST_REHEARSED_AGAIN: usize = 1000;

/// Rehearses the entries of a timeline in the order in which they happen, by tick and then as they stand in the file: what comes
/// later finds the sections as the earlier ones have left them. An entry is refused if it never works. What is repeated is
/// rehearsed again as long as it changes sections, or hasn't worked and something has changed since, and as long as there are
/// others that have not worked yet; what lies beyond [`MOST_REHEARSED_AGAIN`] repetitions isn't judged.
fn rehearse(world: &mut World, mut parts: Vec<Part>) -> Vec<(usize, Problem)> {
    // The first time of each, and the next of those that are worth another try.
    let mut next: BTreeSet<(u64, usize)> =
        parts.iter().enumerate().filter_map(|(number, part)| Some((part.next()?, number))).collect();
    // Those that failed and will happen again: they are tried when a section has changed.
    let mut waiting: BTreeSet<usize> = BTreeSet::new();
    let (mut open, mut again) = (parts.len(), 0);
    while open > 0
        && let Some((tick, number)) = next.pop_first()
    {
        let Some(part) = parts.get_mut(number) else { continue };
        again += usize::from(part.tried > 0);
        if again > MOST_REHEARSED_AGAIN {
            // Whatever is still open may work later.
            parts.iter_mut().filter(|part| part.tried < part.times).for_each(|part| part.refused = None);
            break;
        }
        part.tried += 1;
        let now = (tick, part.index);
        world.resource_mut::<Rehearsal>().look_at(part.index);
        match part.action.rehearse(world, &part.at) {
            Err((problem, _)) => {
                if !part.works {
                    part.refused.get_or_insert(problem);
                }
                waiting.insert(number);
            }
            Ok(()) => {
                open -= usize::from(!part.works);
                (part.works, part.refused) = (true, None);
                if part.action.changes_sections() {
                    next.extend(part.next().map(|tick| (tick, number)));
                    for number in std::mem::take(&mut waiting) {
                        let tick = parts.get_mut(number).and_then(|part| part.next_after(now));
                        next.extend(tick.map(|tick| (tick, number)));
                    }
                }
            }
        }
    }
    parts.into_iter().filter_map(|part| Some((part.index, part.refused?))).collect()
}

/// The words that a field of the view takes beside quantities.
fn words_for(field: &str) -> String {
    words_of(field).join(", ")
}

fn words_of(field: &str) -> &'static [&'static str] {
    if field == "size_by" { &ViewDefaults::SIZES } else { &ViewDefaults::COLORS }
}

/// Whether a fault has stopped the run.
#[must_use]
pub fn is_stopped(world: &World) -> bool {
    world.resource::<Stopped>().0
}

/// How many agents there are.
#[must_use]
pub fn agent_count(world: &World) -> usize {
    world.resource::<AgentIndex>().len()
}
