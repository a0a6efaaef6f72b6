//! What plugins say of the kinds of events that they tell.

use std::collections::BTreeMap;
use std::fmt;

use bevy::prelude::*;
use bevy::reflect::{TypeInfo, Typed};

use super::payload::{self, EventPayload, Payload};
use super::{EventKind, EventPayloads};
use crate::clash::Clash;
use crate::metrics::{MetricId, MetricSpec, Metrics};
use crate::tone::Tone;

/// What the plugin that tells events of a kind says of them: all that others need to know. Panels, filters, metrics,
/// recordings and the ledger know the kind by its key, the name of its [`EventKind`].
///
/// ```
/// use agent2028_core::event::{EventDeclaration, EventKind, EventPayload};
/// use agent2028_core::tone::Tone;
/// use bevy::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// /// A ship has sunk.
/// pub const SHIP_SUNK: EventKind = EventKind::new("ShipSunk", 8);
///
/// /// What a [`SHIP_SUNK`] carries.
/// #[derive(Debug, PartialEq, Reflect, Serialize, Deserialize)]
/// pub struct ShipSunk {
///     /// How many were on board.
///     pub crew: u32,
/// }
///
/// impl EventPayload for ShipSunk {
///     const NAME: &'static str = "ShipSunk";
/// }
///
/// impl std::fmt::Display for ShipSunk {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         write!(f, "sunk with a crew of {}", self.crew)
///     }
/// }
///
/// /// For `SceneSection::events` and `App::add_event_kinds`.
/// pub const KINDS: &[EventDeclaration] =
///     &[EventDeclaration::new(SHIP_SUNK, "Ship sunk", "\u{f052}", Tone::Danger, "A ship has sunk.").carries::<ShipSunk>()];
/// assert_eq!(KINDS[0].fields().len(), 1);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct EventDeclaration {
    /// The kind: its key and its usual priority.
    pub kind: EventKind,
    /// What people call it, such as "Agent failed".
    pub words: &'static str,
    /// Its icon: a codepoint of Material Symbols, such as `"\u{f8c7}"`.
    pub icon: &'static str,
    /// What it means for those whom it concerns.
    pub tone: Tone,
    /// When it is told, in a sentence.
    pub about: &'static str,
    payload: Option<PayloadKind>,
}

/// The type of what events of a kind carry.
#[derive(Clone, Copy)]
struct PayloadKind {
    name: &'static str,
    type_info: fn() -> &'static TypeInfo,
    read: fn(&str) -> Result<Payload, String>,
}

impl fmt::Debug for PayloadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// A field of what an event carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventField {
    /// Its name; of an enum, that of a variant.
    pub name: &'static str,
    /// What it says.
    pub docs: &'static str,
}

impl EventDeclaration {
    /// A kind whose events say what they say in words alone.
    #[must_use]
    pub const fn new(
        kind: EventKind,
        words: &'static str,
        icon: &'static str,
        tone: Tone,
        about: &'static str,
    ) -> Self {
        Self { kind, words, icon, tone, about, payload: None }
    }

    /// The same, whose events carry values of a type. Checkpoints with such events can be loaded from then on.
    #[must_use]
    pub const fn carries<T: EventPayload>(self) -> Self {
        let payload = PayloadKind { name: T::NAME, type_info: <T as Typed>::type_info, read: payload::read::<T> };
        Self { payload: Some(payload), ..self }
    }

    /// The name of the type that its events carry; nothing if they carry words alone.
    #[must_use]
    pub fn payload(&self) -> Option<&'static str> {
        self.payload.map(|payload| payload.name)
    }

    /// The fields of what its events carry; of an enum, its variants.
    #[must_use]
    pub fn fields(&self) -> Vec<EventField> {
        let field =
            |name: &'static str, docs: Option<&'static str>| EventField { name, docs: docs.unwrap_or_default().trim() };
        match self.payload.map(|payload| (payload.type_info)()) {
            Some(TypeInfo::Struct(info)) => info.iter().map(|of| field(of.name(), of.docs())).collect(),
            Some(TypeInfo::Enum(info)) => info.iter().map(|of| field(of.name(), of.docs())).collect(),
            _ => Vec::new(),
        }
    }

    /// The name of the metric that counts its events: `events.` and the key.
    #[must_use]
    pub fn metric(&self) -> String {
        metric_of(self.kind.name)
    }

    /// Whether both say the same of the kind itself, whatever its events carry.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        let said = |of: &Self| (of.kind, of.words, of.icon, of.tone);
        said(self) == said(other)
    }
}

/// The name of the metric that counts events of a kind.
fn metric_of(kind: &str) -> String {
    format!("events.{kind}")
}

/// The kinds of events that a simulation may tell, by key. Several plugins may tell the same kind: each declares it with what
/// it lets its events carry.
#[derive(Resource, Clone, Debug)]
pub struct EventKinds {
    kinds: BTreeMap<&'static str, Vec<EventDeclaration>>,
    clashes: Vec<Clash>,
}

impl Default for EventKinds {
    fn default() -> Self {
        let mut kinds = Self { kinds: BTreeMap::new(), clashes: Vec::new() };
        kinds.add(super::core_kinds::KINDS);
        kinds
    }
}

impl EventKinds {
    /// Takes declarations in. What a kind means belongs to who came first; who says otherwise is a [clash](Self::clashes).
    pub fn add(&mut self, declarations: &[EventDeclaration]) {
        for declaration in declarations {
            let name = declaration.kind.name;
            if let Some(clash) = self.clash(declaration).filter(|clash| !self.clashes.contains(clash)) {
                self.clashes.push(clash);
            }
            let known = self.kinds.entry(name).or_default();
            if known.iter().all(|other| other.payload() != declaration.payload()) {
                known.push(*declaration);
            }
        }
    }

    /// What is known already and says otherwise: of the kind, or of the name of what its events carry.
    fn clash(&self, declaration: &EventDeclaration) -> Option<Clash> {
        let first = self.kinds.get(declaration.kind.name).and_then(|known| known.first());
        if let Some(first) = first.filter(|first| !first.agrees_with(declaration)) {
            let said = |of: &EventDeclaration| format!("{:?} of priority {}", of.words, of.kind.priority);
            let name = declaration.kind.name;
            return Some(Clash::new("a kind of events", name, said(first), said(declaration)));
        }
        let payload = declaration.payload?;
        let second = (payload.type_info)();
        let of_others = self.iter().filter_map(|other| other.payload).filter(|other| other.name == payload.name);
        let mut types = of_others.map(|other| (other.type_info)());
        let first = types.find(|first| first.type_id() != second.type_id())?;
        Some(Clash::new("a type that events carry", payload.name, first.type_path(), second.type_path()))
    }

    /// Names that two plugins give to different things.
    #[must_use]
    pub fn clashes(&self) -> &[Clash] {
        &self.clashes
    }

    /// Whether something may tell events of the kind of this name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.kinds.contains_key(name)
    }

    /// What is said of a kind.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&EventDeclaration> {
        self.kinds.get(name)?.first()
    }

    /// All names in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.kinds.keys().copied()
    }

    /// All declarations in alphabetical order of the keys: a kind that several plugins tell stands here for each type that its
    /// events carry.
    pub fn iter(&self) -> impl Iterator<Item = &EventDeclaration> {
        self.kinds.values().flatten()
    }
}

/// Makes kinds of events known to an app.
pub trait AddEventKinds {
    /// Declares kinds, so that scenes may name them (in `ledger.events`, in `identity.signed_events`), that metrics count them
    /// (`events.AgentFailed`), that panels show them in words, and that checkpoints with events that nobody has read yet can be
    /// loaded.
    fn add_event_kinds(&mut self, declarations: &[EventDeclaration]) -> &mut Self;
}

impl AddEventKinds for App {
    fn add_event_kinds(&mut self, declarations: &[EventDeclaration]) -> &mut Self {
        let world = self.world_mut();
        world.get_resource_or_init::<EventKinds>().add(declarations);
        world.get_resource_or_init::<EventPayloads>().add(declarations);
        world.init_resource::<EventCounts>();
        world.resource_scope(|world, mut counted: Mut<EventCounts>| {
            counted.count(declarations, &mut world.get_resource_or_init::<Metrics>());
        });
        self
    }
}

/// The metrics that count events by kind. They are recorded while somebody wants them.
#[derive(Resource, Clone, Debug)]
pub(crate) struct EventCounts(Vec<(&'static str, MetricId)>);

impl FromWorld for EventCounts {
    fn from_world(world: &mut World) -> Self {
        let mut counts = Self(Vec::new());
        counts.count(super::core_kinds::KINDS, &mut world.get_resource_or_init::<Metrics>());
        counts
    }
}

impl EventCounts {
    fn count(&mut self, declarations: &[EventDeclaration], metrics: &mut Metrics) {
        for declaration in declarations {
            let spec =
                MetricSpec::expensive(declaration.metric(), "events", "How often this has been told in the run.", 1);
            let id = metrics.declare(spec);
            if self.0.iter().all(|(_, other)| *other != id) {
                self.0.push((declaration.kind.name, id));
            }
        }
    }

    /// Records the counts that are wanted.
    pub fn record(&self, counts: impl Fn(&str) -> u64, metrics: &mut Metrics) {
        for (kind, id) in &self.0 {
            if metrics.wanted(*id) {
                metrics.record(*id, counts(kind) as f64);
            }
        }
    }
}

impl EventPayloads {
    /// Takes in the types that events of these kinds carry.
    pub(super) fn add(&mut self, declarations: &[EventDeclaration]) {
        for payload in declarations.iter().filter_map(|declaration| declaration.payload) {
            self.insert(payload.name, payload.read);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SimCorePlugin;
    use crate::event::EventBus;
    use crate::simulation::Simulation;

    const SHIP_SUNK: EventKind = EventKind::new("ShipSunk", 8);
    const KINDS: &[EventDeclaration] =
        &[EventDeclaration::new(SHIP_SUNK, "Ship sunk", "\u{f052}", Tone::Danger, "A ship has sunk.")];

    #[test]
    fn a_kind_that_is_declared_is_known_by_its_key() {
        let mut app = App::new();
        app.add_plugins(SimCorePlugin::default()).add_event_kinds(KINDS).add_event_kinds(KINDS);
        let kinds = app.world().resource::<EventKinds>();
        assert_eq!(kinds.get("ShipSunk").map(|kind| kind.words), Some("Ship sunk"));
        assert!(kinds.contains("AgentFailed") && !kinds.contains("ShipRaised"));
        assert_eq!(kinds.iter().filter(|kind| kind.kind == SHIP_SUNK).count(), 1);
    }

    #[test]
    fn events_of_a_kind_are_counted_while_somebody_wants_to_know() {
        let mut app = App::new();
        app.add_plugins(SimCorePlugin::default()).add_event_kinds(KINDS);
        let mut simulation = Simulation::new(std::mem::take(app.world_mut()));
        let tell = |simulation: &mut Simulation, times: u32| {
            for _ in 0..times {
                simulation.world_mut().resource_mut::<EventBus>().publish(SHIP_SUNK, None, "gone");
            }
            simulation.run(1);
            simulation.world().resource::<Metrics>().value("events.ShipSunk")
        };
        assert_eq!(tell(&mut simulation, 2), None);
        assert!(simulation.world_mut().resource_mut::<Metrics>().want("events.ShipSunk"));
        assert_eq!(tell(&mut simulation, 0), Some(2.0));
        assert_eq!(tell(&mut simulation, 3), Some(5.0));
        assert_eq!(simulation.world().resource::<Metrics>().value("events.AgentFailed"), None);
    }

    #[test]
    fn the_kinds_of_core_say_what_they_carry() {
        let kinds = EventKinds::default();
        let failed = kinds.get("AgentFailed").unwrap();
        assert_eq!(failed.payload(), Some("ConditionChange"));
        assert!(failed.fields().iter().any(|field| field.name == "Degraded" && !field.docs.is_empty()));
        let joined = kinds.get("AgentStarted").unwrap().fields();
        assert_eq!(joined.iter().map(|field| field.name).collect::<Vec<_>>(), ["group", "count"]);
    }
}
