//! Scenes: what a run is made of, as one RON file that a person can write by hand.
//!
//! | module | concept |
//! |---|---|
//! | [`syntax`] | RON as a tree with places |
//! | [`types`] | the types of a scene, described |
//! | [`load`] | from files to a checked [`Scene`]: includes, settings, CSV files, all problems at once |
//! | [`report`] | problems as reports with line, caret and help |
//! | [`read`] | from a tree to a [`Scene`] |
//! | [`expect`] | expectations, judged while the scene runs |
//! | [`files`] | the files that agents and sections name |
//! | [`fingerprint`] | what of a scene makes it the scene that it is |
//! | [`mod@reference`] | `docs/scene-reference.md`, from the types |
//! | [`gallery`] | the built-in scenes |

pub mod expect;
pub mod files;
pub mod fingerprint;
pub mod gallery;
pub mod load;
pub mod read;
pub mod reference;
pub mod report;
pub mod types;
pub mod view;

pub use agent2028_language::syntax;

use std::collections::{BTreeMap, BTreeSet};

use agent2028_core::agent::{AgentGroup, MAX_GROUPS};
use agent2028_core::check::{Check, Naming, Problems, Range, Scripted, Unit};
use agent2028_core::clock::ticks_in;
use agent2028_core::intervention::{AnyIntervention, Newcomers};
use agent2028_core::params::Param;
use agent2028_core::quarantine::OnFault;
use agent2028_core::section::{SceneSection, Sections};
use agent2028_core::space::WorldBounds;
use bevy::prelude::*;
use bevy::reflect::{TypeInfo, Typed};
use chrono::{DateTime, Utc};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

use expect::Expectation;
use view::ViewDefaults;

/// The newest version of the scene format that this program reads and the one it writes.
pub const SCHEMA: u32 = 1;

/// A scene: agents, the systems that act on them, what is done to them, and what is expected of them.
#[derive(Clone, Debug, PartialEq, Reflect, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Scene {
    /// The version of the scene format.
    pub schema: u32,
    /// The title.
    pub name: String,
    /// What the scene shows, in a sentence or three.
    pub description: String,
    /// The seed of all chance: the same scene and seed give the same run, bit for bit.
    pub seed: u64,
    /// Ticks per simulated second.
    #[reflect(@Range::new(0.001, 100_000.0), @Unit("1/s"))]
    pub tick_hz: f64,
    /// The date and time of tick 0, as RFC 3339.
    pub epoch: String,
    /// How long a run takes unless told otherwise: `Ticks(n)` or `Seconds(s)` of simulated time.
    pub duration: RunLength,
    /// The world's size and edges.
    pub world: WorldBounds,
    /// The groups of agents; the only field that must be there.
    pub agents: Vec<AgentGroup>,
    /// The systems that act on agents, each a field of its own name in the text, read by [`read::scene`]. What no section is
    /// there for doesn't exist in the scene.
    #[serde(skip)]
    #[reflect(ignore)]
    pub sections: Sections,
    /// What is done to the simulation, and when.
    pub timeline: Vec<TimelineEntry>,
    /// What must hold for the scene to pass `agent2028 test`.
    pub expect: Vec<Expectation>,
    /// Plots that the inspector opens with the scene.
    pub plots: Vec<Plot>,
    /// How the scene is best looked at.
    pub view: ViewDefaults,
    /// Metrics that the summary of a run names first.
    pub headline: Vec<String>,
    /// Subtitles shown while they matter.
    pub captions: Vec<Caption>,
    /// Named values that sliders, `--set` and sweeps can vary.
    #[serde(with = "agent2028_core::params::in_order")]
    pub params: BTreeMap<String, Param>,
    /// Other scene files, relative to this one, whose fields apply where this file has none; the lists `agents`,
    /// `timeline`, `expect`, `plots` and `captions` are put in front of this file's.
    pub include: Vec<String>,
    /// What happens when a value of an agent stops being finite: `Continue` (the agent fails) or `Stop`.
    pub on_fault: OnFault,
}

impl Default for Scene {
    fn default() -> Self {
        Self {
            schema: SCHEMA,
            name: "Untitled".into(),
            description: String::new(),
            seed: 2028,
            tick_hz: 60.0,
            epoch: agent2028_core::clock::DEFAULT_EPOCH.into(),
            duration: RunLength::Ticks(1800),
            world: WorldBounds::default(),
            agents: Vec::new(),
            sections: Sections::default(),
            timeline: Vec::new(),
            expect: Vec::new(),
            plots: Vec::new(),
            view: ViewDefaults::default(),
            headline: Vec::new(),
            captions: Vec::new(),
            params: BTreeMap::new(),
            include: Vec::new(),
            on_fault: OnFault::Continue,
        }
    }
}

impl Serialize for Scene {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// Parameters in the order in which the scene names them.
        struct InOrder<'a>(&'a BTreeMap<String, Param>);

        impl Serialize for InOrder<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                agent2028_core::params::in_order::serialize(self.0, serializer)
            }
        }
        // Names every field, so that a new one can't be forgotten.
        let Self {
            schema,
            name,
            description,
            seed,
            tick_hz,
            epoch,
            duration,
            world,
            agents,
            sections,
            timeline,
            expect,
            plots,
            view,
            headline,
            captions,
            params,
            include,
            on_fault,
        } = self;
        let mut scene = serializer.serialize_struct("Scene", 18 + sections.iter().len())?;
        scene.serialize_field("schema", schema)?;
        scene.serialize_field("name", name)?;
        scene.serialize_field("description", description)?;
        scene.serialize_field("seed", seed)?;
        scene.serialize_field("tick_hz", tick_hz)?;
        scene.serialize_field("epoch", epoch)?;
        scene.serialize_field("duration", duration)?;
        scene.serialize_field("world", world)?;
        scene.serialize_field("agents", agents)?;
        for section in sections.iter() {
            scene.serialize_field(section.kind().name, section)?;
        }
        scene.serialize_field("timeline", timeline)?;
        scene.serialize_field("expect", expect)?;
        scene.serialize_field("plots", plots)?;
        scene.serialize_field("view", view)?;
        scene.serialize_field("headline", headline)?;
        scene.serialize_field("captions", captions)?;
        scene.serialize_field("params", &InOrder(params))?;
        scene.serialize_field("include", include)?;
        scene.serialize_field("on_fault", on_fault)?;
        scene.end()
    }
}

/// No run is longer.
pub const MOST_TICKS: u64 = 1_000_000_000_000_000;

/// How long a run takes.
#[derive(Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum RunLength {
    /// A number of ticks.
    Ticks(#[reflect(@Range::new(0.0, 1e15), @Unit("ticks"))] u64),
    /// Simulated seconds.
    Seconds(#[reflect(@Range::new(0.0, 1e12), @Unit("s"))] f64),
}

impl Default for RunLength {
    fn default() -> Self {
        Self::Ticks(1800)
    }
}

impl RunLength {
    /// The length in ticks.
    #[must_use]
    pub fn ticks(self, tick_hz: f64) -> u64 {
        match self {
            Self::Ticks(ticks) => ticks,
            Self::Seconds(seconds) => ticks_in(seconds, tick_hz),
        }
    }
}

/// Something that is done to the simulation at a tick, once or again and again.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct TimelineEntry {
    /// The tick at whose start it happens; ticks are numbered from 1, and what is at 0 happens in the first. What happens in
    /// one tick happens in the order of the file.
    #[reflect(@Unit("ticks"))]
    pub at: u64,
    /// It happens again every so many ticks.
    #[reflect(@Range::new(1.0, 1e15), @Unit("ticks"))]
    pub every: Option<u64>,
    /// The last tick of the repetition; by default the end of the scene's duration. Only together with `every`.
    #[reflect(@Unit("ticks"))]
    pub until: Option<u64>,
    /// What is done: a fault, an attack, a change of a value.
    // Which interventions there are, only the registry knows: `read::scene` fills it in.
    #[serde(skip_deserializing)]
    pub r#do: AnyIntervention,
}

impl Default for TimelineEntry {
    fn default() -> Self {
        Self { at: 1, every: None, until: None, r#do: AnyIntervention::default() }
    }
}

/// A timeline entry is repeated at most this often.
const MAX_REPETITIONS: u64 = 100_000;

impl TimelineEntry {
    /// How often the entry happens in a scene of `duration` ticks.
    #[must_use]
    pub fn repetitions(&self, duration: u64) -> u64 {
        let every = self.every.unwrap_or(0);
        let last = if every == 0 { self.at } else { self.until.unwrap_or(duration).max(self.at) };
        (last - self.at).checked_div(every).map_or(1, |count| count.saturating_add(1))
    }

    /// The ticks at which the entry happens in a scene of `duration` ticks.
    pub fn ticks(&self, duration: u64) -> impl Iterator<Item = u64> {
        let every = self.every.unwrap_or(0);
        let count = self.repetitions(duration).min(MAX_REPETITIONS);
        let at = self.at;
        (0..count).map(move |index| at.saturating_add(index.saturating_mul(every)))
    }
}

/// A plot with one or more metrics.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Plot {
    /// The plot's title.
    pub title: String,
    /// The metrics that it shows.
    pub metrics: Vec<String>,
}

/// A subtitle: it appears at a tick, or with the first event of a kind.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Caption {
    /// The tick at which it appears.
    #[reflect(@Unit("ticks"))]
    pub at: u64,
    /// The kind of event, such as `AgentFailed`, with whose first event it appears; without it, it appears at `at`.
    pub on: Option<String>,
    /// What it says.
    pub text: String,
}

impl Scene {
    /// The scene with a section, in the place of another of its kind.
    ///
    /// ```
    /// use agent2028::boids::BoidsConfig;
    /// use agent2028::scene::Scene;
    ///
    /// let scene = Scene { seed: 7, ..Scene::default() }.with(BoidsConfig::default());
    /// assert!(scene.section::<BoidsConfig>().is_some());
    /// ```
    #[must_use]
    pub fn with<T: SceneSection>(mut self, section: T) -> Self {
        self.sections = self.sections.with(section);
        self
    }

    /// The section of a type.
    #[must_use]
    pub fn section<T: SceneSection>(&self) -> Option<&T> {
        self.sections.get()
    }

    /// Whether a path leads to a value of the scene.
    #[must_use]
    pub fn has_value(&self, path: &str) -> bool {
        let read = agent2028_core::reflect_path::read;
        let (name, rest) = path.split_once('.').unwrap_or((path, ""));
        match self.sections.named(name) {
            Some(section) => !rest.is_empty() && read(section.reflect(), rest).is_ok(),
            None => read(self, path).is_ok(),
        }
    }

    /// The length of a run in ticks.
    #[must_use]
    pub fn duration_ticks(&self) -> u64 {
        self.duration.ticks(self.tick_hz)
    }

    /// The date and time of tick 0; the default epoch if the field doesn't hold one (a checked scene's does).
    #[must_use]
    pub fn epoch(&self) -> DateTime<Utc> {
        self.epoch.parse().unwrap_or_else(|_| agent2028_core::clock::SimClock::default().epoch())
    }

    /// All metrics that the scene refers to.
    pub fn wanted_metrics(&self) -> impl Iterator<Item = &str> {
        let plotted = self.plots.iter().flat_map(|plot| plot.metrics.iter());
        let expected = self.expect.iter().map(|expectation| &expectation.metric);
        plotted.chain(expected).chain(&self.headline).map(String::as_str)
    }

    /// The capabilities that agents have at the start or are granted later.
    pub(crate) fn capabilities(&self) -> Vec<String> {
        let mut names: Vec<String> = self.agents.iter().flat_map(|group| group.capabilities.iter().cloned()).collect();
        names.extend(self.agents.iter().flat_map(|group| group.rows.iter().flat_map(|row| row.capabilities.clone())));
        names.extend(self.timeline.iter().filter_map(|entry| entry.r#do.grants().map(str::to_owned)));
        names.sort_unstable();
        names.dedup();
        names
    }

    /// How many ids agents will have had at the end, if only the timeline adds some; nothing if that can't be told.
    pub(crate) fn agents_foreseen(&self) -> Option<u64> {
        let mut agents: u64 = self.agents.iter().map(|group| u64::from(group.initial_count())).sum();
        let duration = self.duration_ticks();
        for entry in &self.timeline {
            let each = match entry.r#do.newcomers() {
                Newcomers::None => continue,
                Newcomers::Each(count) => count,
                Newcomers::Unforeseen => return None,
            };
            agents = agents.saturating_add(u64::from(each).saturating_mul(entry.repetitions(duration)));
        }
        Some(agents)
    }

    /// The timeline, as far as sections need to know of it.
    pub(crate) fn scripted(&self) -> Vec<Scripted> {
        let scripted = |entry: &TimelineEntry| Scripted {
            intervention: entry.r#do.name().to_owned(),
            at: entry.at,
            every: entry.every,
            until: entry.until,
        };
        self.timeline.iter().map(scripted).collect()
    }

    /// Everything that is wrong with the scene beyond types and ranges.
    #[must_use]
    pub fn problems(&self) -> Problems {
        let groups = self.agents.iter().map(|group| group.name.clone()).collect();
        let mut problems = Problems::among(groups, self.capabilities(), self.world);
        problems.regions = agent2028_core::agent::regions_of_groups(&self.agents).into();
        problems.roles = self.agents.iter().map(|group| group.role.clone()).collect();
        problems.agents = self.agents_foreseen();
        problems.sections = self.sections.iter().map(|section| section.kind().name.to_owned()).collect();
        problems.group_sizes = self.agents.iter().map(AgentGroup::initial_count).collect();
        self.check("", &mut problems);
        problems
    }
}

impl Check for Scene {
    fn files_mut(&mut self) -> Vec<&mut String> {
        self.sections.iter_mut().flat_map(|section| section.files_mut()).collect()
    }

    fn check(&self, _: &str, problems: &mut Problems) {
        if self.schema == 0 {
            problems.push("schema", "schema 0 does not exist", format!("write schema: {SCHEMA}"));
        }
        if let Err(error) = self.epoch.parse::<DateTime<Utc>>() {
            problems.push(
                "epoch",
                format!("\"{}\" is not a date and time: {error}", self.epoch),
                "for example \"2028-01-01T00:00:00Z\"",
            );
        }
        if let RunLength::Seconds(seconds) = self.duration
            && !(seconds.is_finite() && seconds >= 0.0)
        {
            problems.push("duration", format!("{seconds} s is no length of time"), "for example Seconds(30)");
        }
        self.world.check("world", problems);
        if self.agents.is_empty() {
            problems.push(
                "agents",
                "the scene has no agents",
                "add for example agents: [(name: \"bird\", count: 100)]",
            );
        }
        if self.agents.len() > MAX_GROUPS {
            let message = format!("{} groups are too many", self.agents.len());
            problems.push("agents", message, format!("a scene holds at most {MAX_GROUPS} groups"));
        }
        let mut seen = BTreeSet::new();
        for (index, group) in self.agents.iter().enumerate() {
            group.check(&format!("agents[{index}]"), problems);
            if !seen.insert(&group.name) {
                problems.push(
                    format!("agents[{index}].name"),
                    format!("there are two groups named \"{}\"", group.name),
                    "give each group a name of its own",
                );
            }
        }
        let total: u64 = self.agents.iter().map(|group| u64::from(group.initial_count())).sum();
        if total > 1 << 24 {
            problems.push("agents", format!("{total} agents are too many"), "a scene holds at most 16 777 216 agents");
        }
        self.sections.iter().for_each(|section| section.check(problems));
        let end = self.duration_ticks();
        for (index, entry) in self.timeline.iter().enumerate() {
            entry.r#do.check(&format!("timeline[{index}].do"), problems);
            let times = entry.repetitions(end);
            if times > MAX_REPETITIONS {
                problems.push(
                    format!("timeline[{index}].every"),
                    format!("this would be done {times} times"),
                    format!("at most {MAX_REPETITIONS} times; write a longer every, or an until"),
                );
            }
            if entry.at > end {
                problems.push(
                    format!("timeline[{index}].at"),
                    format!("the scene ends at tick {end}: this never happens"),
                    "an earlier tick, or a longer duration",
                );
            }
            if entry.until.is_some() && entry.every.is_none() {
                problems.push(
                    format!("timeline[{index}].until"),
                    "this happens once, so that there is no repetition to end",
                    "add every, for example every: Some(10), or leave until out",
                );
            } else if entry.until.is_some_and(|until| until < entry.at) {
                problems.push(
                    format!("timeline[{index}].until"),
                    "the repetition ends before it begins",
                    "until must not be smaller than at",
                );
            }
        }
        for (index, caption) in self.captions.iter().enumerate() {
            if let Some(kind) = &caption.on {
                problems.mention(format!("captions[{index}].on"), Naming::EventKind, kind);
                if caption.at > 0 {
                    problems.push(
                        format!("captions[{index}].at"),
                        format!("this caption appears with the first event of the kind \"{kind}\", and at no tick"),
                        "leave out at, or on",
                    );
                }
            } else if caption.at > end {
                problems.push(
                    format!("captions[{index}].at"),
                    format!("the scene ends at tick {end}: this is never shown"),
                    "an earlier tick, or a longer duration",
                );
            }
        }
        for (index, expectation) in self.expect.iter().enumerate() {
            expectation.check(&format!("expect[{index}]"), problems);
            if let Some((_, to)) = expectation.over
                && to > end
            {
                problems.push(
                    format!("expect[{index}].over"),
                    format!("the scene ends at tick {end}: tick {to} is never judged"),
                    "an earlier tick, or a longer duration",
                );
            }
        }
        if !self.view.has_sound_range() {
            problems.push(
                "view.color_range",
                "this is no range",
                "write the smaller end first, for example Some((0, 1))",
            );
        }
        for (name, param) in &self.params {
            check_param(name, param, self.sections.named(name).is_some(), problems);
        }
    }
}

fn check_param(name: &str, param: &Param, is_section: bool, problems: &mut Problems) {
    if name.trim().is_empty() {
        let help = "a name that a person can say, for example \"separation\"";
        problems.push("params", "a parameter needs a name", help);
        return;
    }
    let at = format!("params.{name}");
    let is_field = matches!(Scene::type_info(), TypeInfo::Struct(scene) if scene.field(name).is_some());
    if is_field || is_section {
        problems.push(
            &at,
            format!("a scene has a field \"{name}\" of its own, and a parameter of this name would stand in its way"),
            "give the parameter another name",
        );
    }
    if let Some((from, to)) = param.range
        && !(from.is_finite() && to.is_finite() && from < to)
    {
        problems.push(
            format!("{at}.range"),
            format!("({from}, {to}) is not a range"),
            "write (smallest, largest), for example (0, 5)",
        );
    }
    if param.step.is_some_and(|step| !(step.is_finite() && step > 0.0)) {
        problems.push(format!("{at}.step"), "the step must be above 0", "for example step: 0.1");
    }
    if param.path.is_empty() {
        problems.push(at, "the parameter has no path", "for example path: \"boids.separation.weight\"");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_entries_end_with_the_scene_or_where_they_say() {
        let entry = |every, until| TimelineEntry { at: 10, every, until, ..default() };
        assert_eq!(entry(None, None).ticks(100).collect::<Vec<_>>(), [10]);
        assert_eq!(entry(Some(40), None).ticks(100).collect::<Vec<_>>(), [10, 50, 90]);
        assert_eq!(entry(Some(5), Some(20)).ticks(100).collect::<Vec<_>>(), [10, 15, 20]);
        assert_eq!(entry(Some(1), Some(u64::MAX)).ticks(100).count() as u64, MAX_REPETITIONS);
    }
}
