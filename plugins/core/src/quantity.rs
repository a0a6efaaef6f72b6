//! Any number of an agent by name: what colours, tables, histograms and expressions are made of.
//!
//! There are two kinds of them. *Derived* quantities are registered by plugins ([`AddQuantity`]): `speed`, `heading`,
//! `group`. *Fields* are found by themselves: every number, truth value and enum in a reflected component that agents
//! carry is a quantity by its path, such as `Condition.health` or `Velocity.x`; newtypes are seen through
//! (`Velocity.0.x` is the same).
//!
//! ```
//! use agent2028_core::{MotionPlugin, SimCorePlugin, agent::*, quantity};
//! use bevy::prelude::*;
//!
//! let mut app = App::new();
//! app.add_plugins((SimCorePlugin::default(), MotionPlugin));
//! let group = AgentGroup { velocity: Some(Vec2::new(3.0, 4.0)), ..default() };
//! let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
//! spawn_scene_group(app.world_mut(), group).unwrap();
//! let speed = quantity::find(app.world(), "speed").unwrap();
//! assert_eq!(speed.value(app.world(), AgentId(0)), Some(5.0));
//! let upward = quantity::find(app.world(), "Velocity.y").unwrap();
//! let mut column = Vec::new();
//! upward.column(app.world(), &mut column);
//! assert_eq!(column[7], (AgentId(7), 4.0));
//! ```

mod field;
mod own;

pub(crate) use own::QuantityPlugin;

use std::collections::BTreeMap;
use std::sync::Arc;

use bevy::ecs::query::{QueryData, ReadOnlyQueryData, ReleaseStateQueryData, SingleEntityQueryData};
use bevy::prelude::*;

use crate::agent::{Agent, AgentId, AgentIndex};
use crate::check::{Range, nearest};
use field::Field;

/// What a quantity's numbers stand for, which decides how they are drawn and counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum QuantityKind {
    /// Any number, more being more.
    #[default]
    Continuous,
    /// A number whose sign matters: drawn on a scale with a middle at 0.
    Signed,
    /// A whole number.
    Integer,
    /// One of these: the number is an index into the labels.
    Category(Vec<String>),
    /// A direction in degrees, which comes round after 360.
    Angle,
}

/// What a quantity is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QuantitySpec {
    /// Its name: lower-case words for derived ones, a path for fields.
    pub name: String,
    /// Its unit, empty for pure numbers and categories.
    pub unit: String,
    /// What it tells, in a sentence.
    pub help: String,
    /// The values that it can take, if they are bounded.
    pub range: Option<Range>,
    /// What its numbers stand for.
    pub kind: QuantityKind,
}

impl QuantitySpec {
    /// A number.
    #[must_use]
    pub fn new(name: impl Into<String>, unit: impl Into<String>, help: impl Into<String>) -> Self {
        Self { name: name.into(), unit: unit.into(), help: help.into(), ..Self::default() }
    }

    /// The same with bounds.
    #[must_use]
    pub fn within(mut self, range: Range) -> Self {
        self.range = Some(range);
        self
    }

    /// The same of another kind.
    #[must_use]
    pub fn of_kind(mut self, kind: QuantityKind) -> Self {
        self.kind = kind;
        self
    }

    /// The same as a choice among labels.
    #[must_use]
    pub fn among<'a>(self, labels: impl IntoIterator<Item = &'a str>) -> Self {
        self.of_kind(QuantityKind::Category(labels.into_iter().map(str::to_owned).collect()))
    }

    /// The labels, if this is a choice.
    #[must_use]
    pub fn labels(&self) -> Option<&[String]> {
        match &self.kind {
            QuantityKind::Category(labels) => Some(labels),
            _ => None,
        }
    }

    /// A value in words: the label of a category, or the number and its unit.
    #[must_use]
    pub fn text(&self, value: f64) -> String {
        match (&self.kind, self.unit.as_str()) {
            (QuantityKind::Category(labels), _) if value >= 0.0 => {
                labels.get(value as usize).cloned().unwrap_or_else(|| format!("{value}"))
            }
            (_, "") => format!("{value}"),
            (_, "°" | "%") => format!("{value}{}", self.unit),
            (_, unit) => format!("{value} {unit}"),
        }
    }
}

type ReadFn = dyn Fn(&World, AgentId, Entity) -> Option<f64> + Send + Sync;
type FillFn = dyn Fn(&World, &mut Vec<(AgentId, f32)>) + Send + Sync;
type CompleteFn = fn(&World, &mut QuantitySpec);

#[derive(Clone)]
enum Source {
    Derived { read: Arc<ReadFn>, fill: Arc<FillFn> },
    Field(Arc<Field>),
}

/// A number that agents have: what it is, and how it is read. Keep it while you read often; it stays valid for the
/// simulation that it was found in.
#[derive(Clone)]
pub struct Quantity {
    spec: QuantitySpec,
    source: Source,
    complete: Option<CompleteFn>,
}

impl std::fmt::Debug for Quantity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Quantity").field(&self.spec.name).finish()
    }
}

impl Quantity {
    /// A quantity that `read` works out from an agent's components `Q`; agents without them, and those for which it gives
    /// `None`, have no value.
    pub fn derived<Q>(
        spec: QuantitySpec,
        read: impl for<'w, 's> Fn(&World, AgentId, Q::Item<'w, 's>) -> Option<f64> + Clone + Send + Sync + 'static,
    ) -> Self
    where
        Q: QueryData + ReadOnlyQueryData + ReleaseStateQueryData + SingleEntityQueryData + 'static,
    {
        let one = read.clone();
        Self {
            spec,
            source: Source::Derived {
                read: Arc::new(move |world, agent, entity| {
                    let entity = world.get_entity(entity).ok()?;
                    one(world, agent, entity.get_components::<Q>().ok()?)
                }),
                fill: Arc::new(move |world, column| {
                    let Some(mut agents) = world.try_query::<(&Agent, Q)>() else {
                        return;
                    };
                    column.extend(agents.iter(world).filter_map(|(agent, item)| {
                        let value = read(world, agent.0, item)? as f32;
                        value.is_finite().then_some((agent.0, value))
                    }));
                }),
            },
            complete: None,
        }
    }

    /// The same with a faster way to read all agents at once. It must give what reading them one by one gives; the order
    /// is of no matter.
    #[must_use]
    pub fn filled_by(mut self, fill: impl Fn(&World, &mut Vec<(AgentId, f32)>) + Send + Sync + 'static) -> Self {
        if let Source::Derived { fill: slow, .. } = &mut self.source {
            *slow = Arc::new(fill);
        }
        self
    }

    /// The same with a specification that is completed from the world: labels of groups, the world's bounds.
    #[must_use]
    pub fn completed_by(mut self, complete: CompleteFn) -> Self {
        self.complete = Some(complete);
        self
    }

    fn of_field(spec: QuantitySpec, field: Field) -> Self {
        Self { spec, source: Source::Field(Arc::new(field)), complete: None }
    }

    fn completed(&self, world: &World) -> Self {
        let mut quantity = self.clone();
        if let Some(complete) = self.complete {
            complete(world, &mut quantity.spec);
        }
        quantity
    }

    /// What it is.
    #[must_use]
    pub fn spec(&self) -> &QuantitySpec {
        &self.spec
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// Whether it is a field of a component, and not derived.
    #[must_use]
    pub fn is_field(&self) -> bool {
        matches!(self.source, Source::Field(_))
    }

    /// The value of one agent; `None` if it has left or has no such value.
    #[must_use]
    pub fn value(&self, world: &World, agent: AgentId) -> Option<f64> {
        let entity = world.resource::<AgentIndex>().get(agent)?;
        let value = match &self.source {
            Source::Derived { read, .. } => read(world, agent, entity),
            Source::Field(field) => field.read(world.get_entity(entity).ok()?),
        };
        value.filter(|value| value.is_finite())
    }

    /// The finite values of all agents that have one, ascending by agent, in place of what `column` held.
    pub fn column(&self, world: &World, column: &mut Vec<(AgentId, f32)>) {
        column.clear();
        match &self.source {
            Source::Derived { fill, .. } => fill(world, column),
            Source::Field(field) => field.fill(world, column),
        }
        // Bevy's tables hold stretches of ascending ids, which a stable sort merges in linear time.
        if !column.is_sorted_by_key(|(agent, _)| *agent) {
            column.sort_by_key(|(agent, _)| *agent);
        }
    }
}

/// The derived quantities that plugins have registered.
#[derive(Resource, Clone, Debug, Default)]
pub struct Quantities {
    derived: BTreeMap<String, Quantity>,
}

impl Quantities {
    /// Adds a quantity, in place of one of the same name.
    pub fn add(&mut self, quantity: Quantity) {
        self.derived.insert(quantity.name().to_owned(), quantity);
    }
}

/// Registers quantities with an app.
pub trait AddQuantity {
    /// Adds a derived quantity.
    fn add_quantity(&mut self, quantity: Quantity) -> &mut Self;
}

impl AddQuantity for App {
    fn add_quantity(&mut self, quantity: Quantity) -> &mut Self {
        self.world_mut().get_resource_or_init::<Quantities>().add(quantity);
        self
    }
}

/// All quantities of a world: derived ones by name, then fields by path. Collecting them takes a moment: keep the list
/// until [`version`] changes or the simulation is replaced.
#[must_use]
pub fn list(world: &World) -> Vec<Quantity> {
    let derived = world.get_resource::<Quantities>().into_iter().flat_map(|known| known.derived.values());
    derived.map(|quantity| quantity.completed(world)).chain(field::fields(world)).collect()
}

/// A number that changes when the world's quantities may have changed: agents came to carry other components.
#[must_use]
pub fn version(world: &World) -> usize {
    world.archetypes().len()
}

/// Another name of a quantity, and its own.
const SPEED: (&str, &str) = ("Velocity.speed", "speed");

/// The quantity of this name: derived, or a field that agents have or may come to have. `Velocity.speed` is another name of
/// `speed`.
#[must_use]
pub fn find(world: &World, name: &str) -> Option<Quantity> {
    let name = if name == SPEED.0 { SPEED.1 } else { name };
    if let Some(derived) = world.get_resource::<Quantities>().and_then(|known| known.derived.get(name)) {
        return Some(derived.completed(world));
    }
    let seen_through = name.replace(".0", "");
    let component = name.split(['.', '[']).next().unwrap_or(name);
    let fields = field::fields_of(world, component);
    let at = fields.iter().position(|field| field.name() == name);
    let at = at.or_else(|| fields.iter().position(|field| field.name() == seen_through))?;
    fields.into_iter().nth(at)
}

/// The value of one agent by name: for a look now and then. Whoever reads often keeps what [`find`] gives.
#[must_use]
pub fn value(world: &World, name: &str, agent: AgentId) -> Option<f64> {
    find(world, name)?.value(world, agent)
}

/// Whether agents have a quantity of this name, or can come to have it: exactly what [`find`] finds. So a scene names what its
/// run can ask for, whether its agents are there yet or not.
#[must_use]
pub fn is_name(world: &World, name: &str) -> bool {
    find(world, name).is_some()
}

/// The name nearest to one that doesn't exist, for error messages: among all that [`find`] knows, in every way of writing
/// them.
#[must_use]
pub fn suggestion(world: &World, wrong: &str) -> Option<String> {
    let known = list(world);
    let possible = field::possible_fields(world);
    // Newtypes are seen through: that is how people write their fields.
    let written = |quantity: &Quantity| quantity.name().replace(".0", "");
    let short: Vec<String> = known.iter().chain(&possible).map(written).collect();
    let own = known.iter().map(Quantity::name);
    let names = std::iter::once(SPEED.0).filter(|_| find(world, SPEED.0).is_some());
    nearest(wrong, names.chain(short.iter().map(String::as_str)).chain(own)).map(str::to_owned)
}

#[cfg(test)]
mod tests;
