//! The one door in: everything from outside that changes a running simulation.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Debug};
use std::sync::Arc;

use agent2028_language::syntax::Node;
use agent2028_language::{Fault, from_payload};
use bevy::prelude::*;
use bevy::reflect::{GetTypeRegistration, PartialReflect, ReflectRef, TypeInfo, TypeRegistry, Typed};
use serde::{Deserialize, Serialize, Serializer, de::DeserializeOwned};

use crate::agent::{AgentId, CapabilityError, SpawnError};
use crate::clock::SimClock;
use crate::event::{EventBus, EventKind, EventPayload};
use crate::params::{LiveSections, first_problem, look_up};
use crate::ranges::check_ranges;
use crate::reflect_path::PathError;
use crate::rng::Purpose;
use crate::schema::{Check, Problem, Problems};
use crate::selector::Selector;
pub use crate::tone::Tone;

/// When an intervention is applied: what its random choices are keyed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterventionContext {
    /// The tick that applies it.
    pub tick: u64,
    /// Its place among the interventions of that tick, from 0.
    pub ordinal: u64,
}

impl InterventionContext {
    /// A purpose for random streams that no other intervention of the run shares (together with the tick).
    #[must_use]
    pub const fn purpose(&self, name: &str) -> Purpose {
        Purpose::new(name).indexed(self.ordinal)
    }
}

/// Why an intervention could not be applied. The simulation is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InterventionError {
    /// A path or value doesn't fit.
    #[error("{}; {}", .0.message, .0.help)]
    Path(#[from] PathError),
    /// A capability name is malformed.
    #[error(transparent)]
    Capability(#[from] CapabilityError),
    /// Agents can't be spawned.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// No agent has this component now.
    #[error("no agent has the component \"{0}\"")]
    NobodyHas(String),
    /// Anything else, in words that say what would work.
    #[error("{0}")]
    Refused(String),
}

impl InterventionError {
    /// What is wrong, and what would be right if that is known.
    #[must_use]
    pub fn into_words(self) -> (String, String) {
        match self {
            Self::Path(error) => (error.message, error.help),
            // Refusals are written as what is wrong; what would work.
            Self::Refused(words) => match words.split_once("; ") {
                Some((message, help)) => (message.to_owned(), help.to_owned()),
                None => (words, String::new()),
            },
            other => (other.to_string(), String::new()),
        }
    }
}

/// What of an intervention doesn't fit a scene, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// The field that is to blame; empty for the whole.
    pub field: &'static str,
    /// Why.
    pub error: InterventionError,
}

impl From<InterventionError> for Unfit {
    fn from(error: InterventionError) -> Self {
        Self { field: "", error }
    }
}

/// How many interventions of one kind may last at the same time: each costs something in every tick.
pub const MOST_LASTING: usize = 256;

/// Refuses one more of what lasts for a while if so many last already.
///
/// # Errors
/// If `now` is [`MOST_LASTING`] or more.
pub fn room_for(now: usize, what: &str) -> Result<(), InterventionError> {
    room_among(now, MOST_LASTING, what)
}

/// Refuses one more of something if there are `most` already. Whoever needs room for several counts all but one of them to `now`.
/// The words are the same whatever `now` is, so that what failed for one reason is told once.
///
/// # Errors
/// If `now` is `most` or more.
pub fn room_among(now: usize, most: usize, what: &str) -> Result<(), InterventionError> {
    if now < most {
        return Ok(());
    }
    Err(InterventionError::Refused(format!("there is no room for more {what}; there may be {most} at a time")))
}

/// Something from outside that changes the simulation: a fault, an attack, a slider, a click.
///
/// An implementor is a plain serialisable struct with a default; its plugin lists it in
/// [`SceneSection::interventions`](crate::section::SceneSection::interventions). Its documentation, fields, units and ranges are
/// read through reflection.
pub trait Intervention:
    Serialize
    + DeserializeOwned
    + Check
    + Reflect
    + Typed
    + GetTypeRegistration
    + Default
    + Clone
    + Debug
    + PartialEq
    + Send
    + Sync
    + 'static
{
    /// Its name in scenes and recordings, such as `Kill`.
    const NAME: &'static str;

    /// The sections without which it can do nothing, such as `&["network"]`. In a scene that lacks one it is refused before
    /// [`Intervention::apply`] is called, so that this may rely on what the sections' plugins bring.
    const NEEDS: &'static [&'static str] = &[];

    /// How the palette offers it to agents; nothing if it isn't done to agents that somebody chooses, or has a tool of its own.
    const PALETTE: Option<PaletteEntry> = None;

    /// The capability that it brings into the world, if it does: what refers to one is no mistake before it has come.
    fn grants(&self) -> Option<&str> {
        None
    }

    /// How many agents it adds each time.
    fn newcomers(&self) -> Newcomers {
        Newcomers::None
    }

    /// Whether it could ever work in a scene, asked when the scene has been put together and before its first tick: looks up
    /// what it names. What only changes sections may change them, so that what comes later in the timeline finds them
    /// changed; they are put back afterwards. Everything else in the world stays as it is.
    ///
    /// # Errors
    /// With the field that can't be right.
    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        let _ = world;
        Ok(())
    }

    /// Whether what it changes in the sections decides whether others of a timeline can work: what it adds can be moved, what it
    /// takes away can't. Then its repetitions are rehearsed too.
    const CHANGES_SECTIONS: bool = false;

    /// Changes the world and says what was done ("killed 330 agents").
    ///
    /// # Errors
    /// If it can't be done; then the world must be as before.
    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError>;

    /// Whether this goes on with what `earlier`, made by the same hand a moment ago, began: a slider that is dragged, a stroke
    /// of a brush. Then both are undone together.
    fn continues(&self, earlier: &Self) -> bool {
        let _ = earlier;
        false
    }

    /// Whether it can change nothing more about those whom one of its kind has changed, such as killing the dead.
    const ONCE: bool = false;

    /// Whether it can change anything about an agent, by default always. Where it chooses a few, by chance or the nearest, it
    /// chooses among those.
    fn concerns(&self, world: &World, agent: AgentId) -> bool {
        let _ = (world, agent);
        true
    }

    /// The agents whom a selector of it chooses among those that it [concerns](Intervention::concerns).
    fn chosen_by(&self, select: &Selector, world: &World, context: &InterventionContext) -> Vec<AgentId> {
        select.resolve_among(world, context, |agent| self.concerns(world, agent))
    }

    /// The agents that it would reach if it were applied to this world, in id order; nothing if it isn't about agents that
    /// exist. By default they are those whom its field `select` chooses or, without such a field, the selector that it
    /// holds elsewhere, without those that it [can change](Intervention::ONCE) no more because others of its kind reach them
    /// before.
    fn reaches(
        &self,
        world: &World,
        context: &InterventionContext,
        before: &BTreeSet<AgentId>,
    ) -> Option<Vec<AgentId>> {
        let concerned = |agent| self.concerns(world, agent) && !(Self::ONCE && before.contains(&agent));
        Some(aim_of(self.as_partial_reflect())?.resolve_among(world, context, concerned))
    }
}

/// How the palette offers an intervention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaletteEntry {
    /// What stands before those whom it concerns: "Kill", "Lose messages of".
    pub word: &'static str,
    /// Its icon: a codepoint of Material Symbols, such as `"\u{f8c7}"`.
    pub icon: &'static str,
    /// What it means for those whom it concerns.
    pub tone: Tone,
    /// What it does, in a sentence.
    pub does: &'static str,
    /// The field that says how strong it is and is set beside the button, if one does; at first it has its default.
    pub strength: Option<&'static str>,
}

impl PaletteEntry {
    /// An entry without a strength.
    #[must_use]
    pub const fn new(word: &'static str, icon: &'static str, tone: Tone, does: &'static str) -> Self {
        Self { word, icon, tone, does, strength: None }
    }

    /// The same, with the field that says how strong it is.
    #[must_use]
    pub const fn with_strength(self, field: &'static str) -> Self {
        Self { strength: Some(field), ..self }
    }
}

/// How many agents an intervention adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Newcomers {
    /// None.
    None,
    /// So many, each time that it is applied.
    Each(u32),
    /// Some; how many can't be told before it runs.
    Unforeseen,
}

/// The selector that says at whom a value is aimed: its field `select`, or the first one that it holds anywhere.
fn aim_of(value: &dyn PartialReflect) -> Option<&Selector> {
    if let Some(selector) = value.try_downcast_ref::<Selector>() {
        return Some(selector);
    }
    match value.reflect_ref() {
        ReflectRef::Struct(fields) => {
            let named = fields.field("select").and_then(aim_of);
            named.or_else(|| fields.iter_fields().map(|(_, field)| field).find_map(aim_of))
        }
        ReflectRef::TupleStruct(fields) => fields.iter_fields().find_map(aim_of),
        ReflectRef::Tuple(fields) => fields.iter_fields().find_map(aim_of),
        ReflectRef::Enum(variant) => variant.iter_fields().find_map(|field| aim_of(field.value())),
        _ => None,
    }
}

trait Erased: Debug + Send + Sync {
    fn kind(&self) -> InterventionKind;
    fn name(&self) -> &'static str;
    fn needs(&self) -> &'static [&'static str];
    fn grants(&self) -> Option<&str>;
    fn newcomers(&self) -> Newcomers;
    fn changes_sections(&self) -> bool;
    fn check_at(&self, at: &str, problems: &mut Problems);
    fn reflect(&self) -> &dyn PartialReflect;
    fn edited(&self, edit: &mut dyn FnMut(&mut dyn PartialReflect)) -> AnyIntervention;
    fn serde(&self) -> &dyn erased_serde::Serialize;
    fn rehearse(&self, world: &mut World) -> Result<(), Unfit>;
    fn problems(&self, problems: &mut Problems);
    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError>;
    fn to_ron(&self) -> Result<String, ron::Error>;
    fn equals(&self, other: &dyn Any) -> bool;
    fn continues(&self, earlier: &dyn Any) -> bool;
    fn reaches(&self, world: &World, context: &InterventionContext, before: &BTreeSet<AgentId>)
    -> Option<Vec<AgentId>>;
    fn as_any(&self) -> &dyn Any;
}

impl<T: Intervention> Erased for T {
    fn kind(&self) -> InterventionKind {
        InterventionKind::of::<T>()
    }

    fn name(&self) -> &'static str {
        T::NAME
    }

    fn needs(&self) -> &'static [&'static str] {
        T::NEEDS
    }

    fn grants(&self) -> Option<&str> {
        Intervention::grants(self)
    }

    fn newcomers(&self) -> Newcomers {
        Intervention::newcomers(self)
    }

    fn check_at(&self, at: &str, problems: &mut Problems) {
        Check::check(self, at, problems);
    }

    fn reflect(&self) -> &dyn PartialReflect {
        self.as_partial_reflect()
    }

    fn edited(&self, edit: &mut dyn FnMut(&mut dyn PartialReflect)) -> AnyIntervention {
        let mut copy = self.clone();
        edit(copy.as_partial_reflect_mut());
        AnyIntervention::new(copy)
    }

    fn serde(&self) -> &dyn erased_serde::Serialize {
        self
    }

    fn changes_sections(&self) -> bool {
        T::CHANGES_SECTIONS
    }

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        Intervention::rehearse(self, world)
    }

    fn problems(&self, problems: &mut Problems) {
        check_ranges(self.as_partial_reflect(), "", problems);
        // What is out of range would only be told twice.
        if problems.is_empty() {
            self.check("", problems);
        }
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        Intervention::apply(self, world, context)
    }

    fn to_ron(&self) -> Result<String, ron::Error> {
        crate::ron_format::to_line(self)
    }

    fn equals(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<T>().is_some_and(|other| other == self)
    }

    fn continues(&self, earlier: &dyn Any) -> bool {
        earlier.downcast_ref::<T>().is_some_and(|earlier| Intervention::continues(self, earlier))
    }

    fn reaches(
        &self,
        world: &World,
        context: &InterventionContext,
        before: &BTreeSet<AgentId>,
    ) -> Option<Vec<AgentId>> {
        Intervention::reaches(self, world, context, before)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The path of what is at `path` in something at `at`.
fn below(at: &str, path: &str) -> String {
    match path.strip_prefix('.').unwrap_or(path) {
        "" => at.to_owned(),
        path => format!("{at}.{path}"),
    }
}

/// Something that is done to a running simulation: a fault, an attack, or a change. In a scene it is written
/// `Name(field: value, …)`; what is left out has its default.
// Which there are, the `InterventionRegistry` knows.
#[derive(Clone, Debug, Reflect)]
#[reflect(opaque)]
pub struct AnyIntervention(Arc<dyn Erased>);

impl Default for AnyIntervention {
    fn default() -> Self {
        Self::new(crate::faults::Kill::default())
    }
}

impl Serialize for AnyIntervention {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// Its fields, without the name.
        struct Fields<'a>(&'a dyn Erased);

        impl Serialize for Fields<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                erased_serde::serialize(self.0.serde(), serializer)
            }
        }
        serializer.serialize_newtype_variant("Intervention", 0, self.name(), &Fields(&*self.0))
    }
}

impl Check for AnyIntervention {
    fn check(&self, at: &str, problems: &mut Problems) {
        self.0.check_at(at, problems);
    }
}

impl AnyIntervention {
    /// Wraps an intervention.
    #[must_use]
    pub fn new<T: Intervention>(intervention: T) -> Self {
        Self(Arc::new(intervention))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// The sections without which it can do nothing.
    #[must_use]
    pub fn needs(&self) -> &'static [&'static str] {
        self.0.needs()
    }

    /// What kind it is.
    #[must_use]
    pub fn kind(&self) -> InterventionKind {
        self.0.kind()
    }

    /// The capability that it brings into the world, if it does.
    #[must_use]
    pub fn grants(&self) -> Option<&str> {
        self.0.grants()
    }

    /// How many agents it adds each time.
    #[must_use]
    pub fn newcomers(&self) -> Newcomers {
        self.0.newcomers()
    }

    /// Whether agents may have something after it that nobody had before.
    #[must_use]
    pub fn brings_others(&self) -> bool {
        self.newcomers() != Newcomers::None || self.grants().is_some()
    }

    /// Its fields, by reflection.
    #[must_use]
    pub fn fields(&self) -> &dyn PartialReflect {
        self.0.reflect()
    }

    /// Changes its fields, by reflection.
    pub fn edit(&mut self, mut edit: impl FnMut(&mut dyn PartialReflect)) {
        *self = self.0.edited(&mut edit);
    }

    /// Whether what it changes in the sections decides whether others of a timeline can work.
    #[must_use]
    pub fn changes_sections(&self) -> bool {
        self.0.changes_sections()
    }

    /// Everything about it that can never work in this scene whatever comes before it, with paths that begin at `at`; `problems`
    /// knows the scene's names and is empty.
    #[must_use]
    pub fn problems(&self, world: &World, at: &str, problems: &mut Problems) -> Vec<Problem> {
        if let Some(section) = lacking(self, world) {
            let message = format!("{} needs the section `{section}`, which this scene does not have", self.name());
            return vec![Problem { path: at.into(), message, help: format!("add {section}: (…) to the scene") }];
        }
        self.0.problems(problems);
        look_up(world, problems);
        let found = problems.take_list().into_iter();
        found.map(|problem| Problem { path: below(at, &problem.path), ..problem }).collect()
    }

    /// Whether it works as the sections are now; they come out changed as it would change them: see
    /// [`crate::params::preserving_sections`]. For what has no [problems](Self::problems) of its own.
    ///
    /// # Errors
    /// With the problem, whose path begins at `at`, and its cause.
    pub fn rehearse(&self, world: &mut World, at: &str) -> Result<(), (Problem, InterventionError)> {
        self.0.rehearse(world).map_err(|unfit| {
            let (message, help) = unfit.error.clone().into_words();
            (Problem { path: below(at, unfit.field), message, help }, unfit.error)
        })
    }

    /// It, if it is a `T`.
    #[must_use]
    pub fn downcast<T: Intervention>(&self) -> Option<&T> {
        self.0.as_any().downcast_ref()
    }

    /// Whether this goes on with what `earlier` began, so that both are undone together.
    #[must_use]
    pub fn continues(&self, earlier: &Self) -> bool {
        self.0.continues(earlier.0.as_any())
    }

    /// The agents that it would reach if it were applied to this world; nothing if it isn't about agents that exist.
    #[must_use]
    pub fn reaches(&self, world: &World, context: &InterventionContext) -> Option<Vec<AgentId>> {
        self.0.reaches(world, context, &BTreeSet::new())
    }

    /// Its fields in RON, without the name.
    ///
    /// # Errors
    /// If a field has no RON form.
    pub fn to_ron(&self) -> Result<String, ron::Error> {
        self.0.to_ron()
    }
}

impl<T: Intervention> From<T> for AnyIntervention {
    fn from(intervention: T) -> Self {
        Self::new(intervention)
    }
}

impl PartialEq for AnyIntervention {
    fn eq(&self, other: &Self) -> bool {
        self.0.equals(other.0.as_any())
    }
}

/// Who asked for an intervention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// The scene's timeline.
    Scene,
    /// A person at the window, or a program through the library.
    User,
}

/// An intervention with its stamp.
#[derive(Clone, Debug, PartialEq)]
pub struct Stamped {
    /// The tick at whose start it is (or was) applied.
    pub tick: u64,
    /// Its number among all interventions of the run, in the order of arrival.
    pub sequence: u64,
    /// Who asked for it.
    pub origin: Origin,
    /// What it is.
    pub action: AnyIntervention,
}

/// An intervention that was applied, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// The intervention.
    pub stamped: Stamped,
    /// What it did, or why it could not.
    pub outcome: Result<String, String>,
}

/// Interventions that wait for their tick.
#[derive(Resource, Clone, Debug, Default)]
pub struct InterventionQueue {
    waiting: BTreeMap<(u64, u64), (Origin, AnyIntervention)>,
    next_sequence: u64,
    /// Numbers that are not given again, because interventions have them that came when this run was further.
    reserved: BTreeSet<u64>,
}

impl InterventionQueue {
    /// Queues an intervention for the start of `tick`; one for a tick that has run already is applied in the next.
    /// Interventions of one tick are applied in the order in which they came.
    pub fn push(&mut self, tick: u64, origin: Origin, action: impl Into<AnyIntervention>) -> u64 {
        while self.reserved.remove(&self.next_sequence) {
            self.next_sequence += 1;
        }
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        self.waiting.insert((tick, sequence), (origin, action.into()));
        sequence
    }

    /// What waits, in the order in which it will be applied.
    pub fn iter(&self) -> impl Iterator<Item = Stamped> + '_ {
        self.waiting.iter().map(|(&(tick, sequence), (origin, action))| Stamped {
            tick,
            sequence,
            origin: *origin,
            action: action.clone(),
        })
    }

    /// What will be applied at the start of `tick`, in order, each with when that is: what its random choices hang on.
    pub fn due(&self, tick: u64) -> impl Iterator<Item = (Stamped, InterventionContext)> + '_ {
        let due = self.iter().take_while(move |stamped| stamped.tick <= tick);
        due.enumerate().map(move |(ordinal, stamped)| (stamped, InterventionContext { tick, ordinal: ordinal as u64 }))
    }

    /// What will be applied at the start of `tick`, each with the agents that it will reach: one that chooses among those
    /// whom it can change knows whom others of its kind reach before it in this tick.
    #[must_use]
    pub fn foresee(&self, world: &World, tick: u64) -> Vec<(Stamped, Option<Vec<AgentId>>)> {
        let mut reached: BTreeMap<&'static str, BTreeSet<AgentId>> = BTreeMap::new();
        self.due(tick)
            .map(|(stamped, context)| {
                let before = reached.entry(stamped.action.name()).or_default();
                let reaches = stamped.action.0.reaches(world, &context, before);
                before.extend(reaches.iter().flatten());
                (stamped, reaches)
            })
            .collect()
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// What is due, in the order in which it came: what was asked for a tick that has run already comes with the rest.
    fn take_due(&mut self, now: u64) -> Vec<Stamped> {
        let later = self.waiting.split_off(&(now.saturating_add(1), 0));
        let due = std::mem::replace(&mut self.waiting, later);
        let stamped = |((_, sequence), (origin, action))| Stamped { tick: now, sequence, origin, action };
        let mut due: Vec<Stamped> = due.into_iter().map(stamped).collect();
        due.sort_by_key(|stamped| stamped.sequence);
        due
    }

    fn has_due(&self, now: u64) -> bool {
        self.waiting.first_key_value().is_some_and(|((tick, _), _)| *tick <= now)
    }

    /// A number that no intervention has yet, nor any of a higher number.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.reserved.last().map_or(self.next_sequence, |last| self.next_sequence.max(last + 1))
    }

    /// Where the search for the next number begins: what [`InterventionQueue::plan`] needs to give the same numbers again.
    pub(crate) fn first_free(&self) -> u64 {
        self.next_sequence
    }

    /// After the tick `now` of a run, lets exactly the later ones of `user` wait of all that came from a user, with their
    /// numbers; whatever comes anew gets the number that it would have in a run that knows nothing of another future.
    pub(crate) fn plan(&mut self, now: u64, first_free: Option<u64>, user: &[Stamped]) {
        let mut withdrawn = BTreeSet::new();
        self.waiting.retain(|(_, sequence), (origin, _)| {
            let stays = *origin != Origin::User;
            if !stays {
                withdrawn.insert(*sequence);
            }
            stays
        });
        if let Some(first_free) = first_free {
            self.next_sequence = first_free;
        }
        user.iter().for_each(|stamped| {
            withdrawn.remove(&stamped.sequence);
        });
        while self.next_sequence.checked_sub(1).is_some_and(|last| withdrawn.remove(&last)) {
            self.next_sequence -= 1;
        }
        self.reserved =
            user.iter().map(|stamped| stamped.sequence).filter(|sequence| *sequence >= self.next_sequence).collect();
        for stamped in user.iter().filter(|stamped| stamped.tick > now) {
            self.waiting.insert((stamped.tick, stamped.sequence), (stamped.origin, stamped.action.clone()));
        }
    }

    pub(crate) fn restore(&mut self, waiting: Vec<Stamped>, next_sequence: u64) {
        self.waiting = waiting
            .into_iter()
            .map(|stamped| ((stamped.tick, stamped.sequence), (stamped.origin, stamped.action)))
            .collect();
        self.next_sequence = next_sequence;
        self.reserved.clear();
    }
}

/// All interventions that were applied: with the scene and its seed, the whole run.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct InterventionLog(pub Vec<Applied>);

/// What is to be known of a kind of intervention without having one.
#[derive(Clone, Copy)]
pub struct InterventionKind {
    /// Its name in scenes and recordings.
    pub name: &'static str,
    /// The sections without which it can do nothing.
    pub needs: &'static [&'static str],
    /// How the palette offers it.
    pub palette: Option<PaletteEntry>,
    type_info: fn() -> &'static TypeInfo,
    default: fn() -> AnyIntervention,
    read: fn(&Node) -> Result<AnyIntervention, Fault>,
    read_fields: fn(&str) -> Result<AnyIntervention, ron::error::SpannedError>,
    register_types: fn(&mut TypeRegistry),
}

impl Debug for InterventionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InterventionKind").field(&self.name).finish()
    }
}

impl InterventionKind {
    /// The kind of a type.
    #[must_use]
    pub fn of<T: Intervention>() -> Self {
        Self {
            name: T::NAME,
            needs: T::NEEDS,
            palette: T::PALETTE,
            type_info: <T as Typed>::type_info,
            default: || AnyIntervention::new(T::default()),
            read: |node| from_payload::<T>(node).map(AnyIntervention::new),
            read_fields: |fields| crate::ron_format::from_str::<T>(fields).map(AnyIntervention::new),
            register_types: TypeRegistry::register::<T>,
        }
    }

    /// Its fields.
    #[must_use]
    pub fn type_info(&self) -> &'static TypeInfo {
        (self.type_info)()
    }

    /// One with all defaults.
    #[must_use]
    pub fn default_intervention(&self) -> AnyIntervention {
        (self.default)()
    }

    /// Makes its type known to a type registry.
    pub fn register_types(&self, types: &mut TypeRegistry) {
        (self.register_types)(types);
    }

    /// Reads one from a tree: `Name(field: value, …)`.
    ///
    /// # Errors
    /// With the place of what doesn't fit.
    pub fn read(&self, node: &Node) -> Result<AnyIntervention, Fault> {
        (self.read)(node)
    }

    /// Reads the fields of one from RON.
    ///
    /// # Errors
    /// With the position of what could not be read.
    pub fn read_fields(&self, fields: &str) -> Result<AnyIntervention, ron::error::SpannedError> {
        (self.read_fields)(fields)
    }
}

/// All interventions: what a scene's timeline, a recording, a checkpoint and the palette may name. In the order in which they
/// were added.
#[derive(Resource, Clone, Debug, Default)]
pub struct InterventionRegistry {
    kinds: Vec<InterventionKind>,
    places: BTreeMap<&'static str, usize>,
}

impl InterventionRegistry {
    /// Adds an intervention, in the place of another of its name.
    pub fn add<T: Intervention>(&mut self) -> &mut Self {
        self.add_kind(InterventionKind::of::<T>());
        self
    }

    fn add_kind(&mut self, kind: InterventionKind) {
        match self.places.get(kind.name) {
            Some(place) => self.kinds[*place] = kind,
            None => {
                self.places.insert(kind.name, self.kinds.len());
                self.kinds.push(kind);
            }
        }
    }

    /// Adds all of another registry.
    pub fn extend(&mut self, others: &Self) {
        others.kinds.iter().for_each(|kind| self.add_kind(*kind));
    }

    /// All kinds, in the order in which they were added.
    pub fn kinds(&self) -> impl ExactSizeIterator<Item = &InterventionKind> {
        self.kinds.iter()
    }

    /// The kind of a name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&InterventionKind> {
        self.kinds.get(*self.places.get(name)?)
    }

    /// The names that are known, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.places.keys().copied()
    }

    /// Reads an intervention from its name and its fields in RON.
    ///
    /// # Errors
    /// If the name is unknown or the fields don't fit.
    pub fn read(&self, name: &str, fields: &str) -> Result<AnyIntervention, InterventionError> {
        let kind = self.find(name).ok_or_else(|| {
            let help = crate::schema::suggest(name, self.names(), "intervention");
            InterventionError::Refused(format!("there is no intervention \"{name}\" here; {help}"))
        })?;
        kind.read_fields(fields).map_err(|error| InterventionError::Refused(format!("{name}: {error}")))
    }
}

/// Makes intervention types known to an app.
pub trait AddIntervention {
    /// Registers an intervention, so that recordings and checkpoints with it can be read.
    fn add_intervention<T: Intervention>(&mut self) -> &mut Self;

    /// Registers the interventions of a list, such as those of a section.
    fn add_interventions(&mut self, add: impl FnOnce(&mut InterventionRegistry)) -> &mut Self;
}

impl AddIntervention for App {
    fn add_intervention<T: Intervention>(&mut self) -> &mut Self {
        self.add_interventions(|list| {
            list.add::<T>();
        })
    }

    fn add_interventions(&mut self, add: impl FnOnce(&mut InterventionRegistry)) -> &mut Self {
        add(&mut self.world_mut().get_resource_or_init::<InterventionRegistry>());
        self
    }
}

/// The first section that an intervention needs and the scene lacks.
fn lacking(action: &AnyIntervention, world: &World) -> Option<&'static str> {
    let sections = world.resource::<LiveSections>();
    action.needs().iter().copied().find(|section| !sections.has(world, section))
}

/// Applies an intervention unless something is wrong with its values: what comes from a program or over a wire was not
/// read from a scene, where the same is checked.
fn apply_checked(
    action: &AnyIntervention,
    world: &mut World,
    context: &InterventionContext,
) -> Result<String, InterventionError> {
    if let Some(section) = lacking(action, world) {
        let (name, help) = (action.name(), format!("add {section}: (…) to the scene"));
        let message = format!("{name} needs the section {section}, which this scene does not have; {help}");
        return Err(InterventionError::Refused(message));
    }
    match first_problem(world, |problems| action.0.problems(problems)) {
        None => action.0.apply(world, context),
        Some(problem) => {
            let path = problem.path.trim_start_matches('.');
            Err(InterventionError::Refused(format!("{path}: {}; {}", problem.message, problem.help)))
        }
    }
}

/// What an [`EventKind::INTERVENTION_APPLIED`] or an [`EventKind::INTERVENTION_FAILED`] carries.
#[derive(Clone, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct InterventionTold {
    /// The intervention's name, such as `Kill`.
    pub intervention: String,
    /// What it did, or why it could not, in words.
    pub outcome: String,
}

impl EventPayload for InterventionTold {
    const NAME: &'static str = "InterventionTold";
}

impl fmt::Display for InterventionTold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.intervention, self.outcome)
    }
}

/// Applies what is due at the start of the tick.
pub(crate) fn apply_due(world: &mut World) {
    let now = world.resource::<SimClock>().tick();
    if !world.resource::<InterventionQueue>().has_due(now) {
        return;
    }
    let due = world.resource_mut::<InterventionQueue>().take_due(now);
    for (ordinal, stamped) in due.into_iter().enumerate() {
        let context = InterventionContext { tick: now, ordinal: ordinal as u64 };
        let name = stamped.action.name();
        let outcome = apply_checked(&stamped.action, world, &context).map_err(|error| error.to_string());
        let (kind, words) = match &outcome {
            Ok(words) => (EventKind::INTERVENTION_APPLIED, words),
            Err(words) => (EventKind::INTERVENTION_FAILED, words),
        };
        let told = InterventionTold { intervention: name.into(), outcome: words.clone() };
        world.resource_mut::<EventBus>().publish(kind, None, told);
        world.resource_mut::<InterventionLog>().0.push(Applied { stamped, outcome });
    }
}
