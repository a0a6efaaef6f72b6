//! Interventions: everything from outside that changes a running simulation.

mod any;
mod apply;
mod error;
mod queue;
mod registry;

pub use crate::tone::Tone;
pub use any::AnyIntervention;
pub use apply::InterventionTold;
pub(crate) use apply::{InterventionPlugin, apply_due};
pub use error::{InterventionError, MOST_LASTING, Unfit, room_among, room_for};
pub use queue::{Applied, InterventionLog, InterventionQueue, Origin, Stamped};
pub use registry::{AddIntervention, InterventionKind, InterventionRegistry};

use std::collections::BTreeSet;
use std::fmt::Debug;

use bevy::prelude::*;
use bevy::reflect::{GetTypeRegistration, PartialReflect, ReflectRef, Typed};
use serde::{Serialize, de::DeserializeOwned};

use crate::agent::AgentId;
use crate::check::Check;
use crate::rng::Purpose;
use crate::selector::Selector;

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

    /// The sections without which it can do nothing, such as `&["network"]`, or optional parts of them (`"market.tasks"`). In a scene that lacks one it is refused before
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

    /// The group that those whom it adds join, if it is one; of any group if that can't be told.
    fn joined(&self) -> Option<&str> {
        None
    }

    /// Whether agents leave for good because of it.
    fn takes_away(&self) -> bool {
        false
    }

    /// Whether it could ever work in a scene, asked when the scene has been put together and before its first tick: looks up
    /// what it names, and what the timeline has done before: see [`crate::rehearsal`]. What only changes sections may change them, so that what comes later in the timeline finds them
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
