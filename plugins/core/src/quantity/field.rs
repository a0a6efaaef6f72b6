//! Quantities that nobody registered: numbers, truth values and enums in the reflected components of agents.

use std::any::TypeId;

use bevy::ecs::archetype::Archetype;
use bevy::ecs::component::ComponentId;
use bevy::ecs::reflect::ReflectComponent;
use bevy::ecs::world::EntityRef;
use bevy::prelude::*;
use bevy::reflect::enums::{EnumInfo, VariantInfo};
use bevy::reflect::{PartialReflect, ReflectRef, TypeInfo, TypeRegistration};

use super::{Quantity, QuantityKind, QuantitySpec};
use crate::agent::{Agent, AgentId};
use crate::check::{Range, Unit};
use crate::faults::EditableComponents;
use crate::parallel::Workers;

/// How many agents one thread reads at a time.
const CHUNK_AGENTS: usize = 4096;
/// How deep fields are looked for below a component.
const DEPTH: usize = 6;
/// The longest array whose elements are quantities of their own.
const LONGEST_ARRAY: usize = 8;

type LeafFn = fn(&dyn PartialReflect) -> Option<f64>;

/// The way to a number in a component.
pub(super) struct Field {
    component: TypeId,
    reflect: ReflectComponent,
    steps: Vec<usize>,
    leaf: LeafFn,
}

impl Field {
    pub(super) fn read(&self, entity: EntityRef) -> Option<f64> {
        let mut value = self.reflect.reflect(entity)?.as_partial_reflect();
        for &step in &self.steps {
            value = match value.reflect_ref() {
                ReflectRef::Struct(parent) => parent.field_at(step)?,
                ReflectRef::TupleStruct(parent) => parent.field(step)?,
                ReflectRef::Tuple(parent) => parent.field(step)?,
                ReflectRef::Array(parent) => parent.get(step)?,
                ReflectRef::Enum(parent) => parent.field_at(step)?,
                _ => return None,
            };
        }
        (self.leaf)(value)
    }

    pub(super) fn fill(&self, world: &World, column: &mut Vec<(AgentId, f32)>) {
        let one_thread = Workers::new(1);
        let workers = world.get_resource::<Workers>().unwrap_or(&one_thread);
        // Nobody has had any as long as it has no number.
        let Some(component) = world.components().get_id(self.component) else { return };
        for archetype in carriers(world, component) {
            let chunks = workers.map_chunks(archetype.entities(), CHUNK_AGENTS, |_, entities| {
                let mut values = Vec::with_capacity(entities.len());
                for entity in entities.iter().filter_map(|entity| world.get_entity(entity.id()).ok()) {
                    if let (Some(agent), Some(value)) = (entity.get::<Agent>(), self.read(entity))
                        && (value as f32).is_finite()
                    {
                        values.push((agent.0, value as f32));
                    }
                }
                values
            });
            column.extend(chunks.into_iter().flatten());
        }
    }
}

/// The archetypes of agents that carry a component.
fn carriers(world: &World, component: ComponentId) -> impl Iterator<Item = &Archetype> {
    let agent = world.components().component_id::<Agent>();
    world
        .archetypes()
        .iter()
        .filter(move |archetype| agent.is_some_and(|agent| archetype.contains(agent)) && archetype.contains(component))
}

/// All fields that agents of this world have, by path.
pub(super) fn fields(world: &World) -> Vec<Quantity> {
    let is_carried = |component| carriers(world, component).next().is_some();
    collect(world, |registration, _| world.components().get_id(registration.type_id()).is_some_and(is_carried))
}

/// All fields that agents of this world may come to have, by path: nobody may have failed yet, or even joined.
pub(super) fn possible_fields(world: &World) -> Vec<Quantity> {
    collect(world, |registration, name| may_come(world, registration, name))
}

/// The fields of one component that agents of this world have or may come to have, by path.
pub(super) fn fields_of(world: &World, component: &str) -> Vec<Quantity> {
    collect(world, |registration, name| name == component && may_come(world, registration, name))
}

/// Whether agents may come to have a component: its fields can be set, or something in this world deals with it. Types are
/// registered whether or not a scene has the plugin that brings them.
fn may_come(world: &World, registration: &TypeRegistration, name: &str) -> bool {
    world.components().get_id(registration.type_id()).is_some()
        || world.get_resource::<EditableComponents>().is_some_and(|editable| editable.contains(name))
}

fn collect(world: &World, admits: impl Fn(&TypeRegistration, &str) -> bool) -> Vec<Quantity> {
    let Some(types) = world.get_resource::<AppTypeRegistry>() else {
        return Vec::new();
    };
    let mut found: Vec<Quantity> = Vec::new();
    for registration in types.read().iter().filter(|registration| registration.type_id() != TypeId::of::<Agent>()) {
        let info = registration.type_info();
        let Some(reflect) = registration.data::<ReflectComponent>() else { continue };
        if !admits(registration, info.type_path_table().short_path()) {
            continue;
        }
        let component = registration.type_id();
        let mut finder = Finder { component, reflect, steps: Vec::new(), found: &mut found };
        let hints = Hints { docs: docs_of(info).unwrap_or_default(), ..Hints::default() };
        finder.look(info, info.type_path_table().short_path(), &hints);
    }
    found.sort_by(|a, b| a.name().cmp(b.name()));
    found.dedup_by(|later, earlier| later.name() == earlier.name());
    found
}

/// What is known about a field from those around it.
#[derive(Clone, Copy, Debug, Default)]
struct Hints {
    docs: &'static str,
    unit: &'static str,
    range: Option<Range>,
    /// It is one coordinate of a vector, whose sign means a direction.
    coordinate: bool,
}

fn docs_of(info: &'static TypeInfo) -> Option<&'static str> {
    match info {
        TypeInfo::Struct(info) => info.docs(),
        TypeInfo::TupleStruct(info) => info.docs(),
        TypeInfo::Enum(info) => info.docs(),
        _ => None,
    }
}

struct Finder<'a> {
    component: TypeId,
    reflect: &'a ReflectComponent,
    steps: Vec<usize>,
    found: &'a mut Vec<Quantity>,
}

impl Finder<'_> {
    fn look(&mut self, info: &'static TypeInfo, path: &str, hints: &Hints) {
        if self.steps.len() >= DEPTH {
            return;
        }
        match info {
            TypeInfo::Struct(info) => {
                let coordinate = info.type_path().starts_with("glam::");
                for (step, field) in info.iter().enumerate() {
                    let Some(inner) = field.type_info() else { continue };
                    let hints = Hints {
                        docs: field.docs().unwrap_or(hints.docs),
                        unit: field.get_attribute::<Unit>().map_or(hints.unit, |unit| unit.0),
                        range: field.get_attribute::<Range>().copied().or(hints.range),
                        coordinate,
                    };
                    self.step(step, inner, &format!("{path}.{}", field.name()), &hints);
                }
            }
            TypeInfo::TupleStruct(info) => {
                for (step, field) in info.iter().enumerate() {
                    let Some(inner) = field.type_info() else { continue };
                    let hints = Hints {
                        docs: field.docs().unwrap_or(hints.docs),
                        unit: field.get_attribute::<Unit>().map_or(hints.unit, |unit| unit.0),
                        range: field.get_attribute::<Range>().copied().or(hints.range),
                        coordinate: false,
                    };
                    // A newtype is seen through.
                    let path = if info.field_len() == 1 { path.to_owned() } else { format!("{path}.{step}") };
                    self.step(step, inner, &path, &hints);
                }
            }
            TypeInfo::Tuple(info) => {
                for (step, field) in info.iter().enumerate() {
                    let Some(inner) = field.type_info() else { continue };
                    self.step(step, inner, &format!("{path}.{step}"), hints);
                }
            }
            TypeInfo::Array(info) if info.capacity() <= LONGEST_ARRAY => {
                let Some(inner) = info.item_info() else { return };
                for step in 0..info.capacity() {
                    self.step(step, inner, &format!("{path}[{step}]"), hints);
                }
            }
            TypeInfo::Enum(info) => match optional(info) {
                Some(inner) => self.step(0, inner, path, hints),
                None => {
                    let labels = (0..info.variant_len()).filter_map(|at| info.variant_at(at));
                    let kind = QuantityKind::Category(labels.map(|variant| variant.name().to_owned()).collect());
                    self.add(path, kind, &Hints { range: None, ..*hints }, variant_index);
                }
            },
            TypeInfo::List(_) => {
                let hints = Hints { unit: "", range: None, ..*hints };
                self.add(&format!("{path}.length"), QuantityKind::Integer, &hints, |value| match value.reflect_ref() {
                    ReflectRef::List(list) => Some(list.len() as f64),
                    _ => None,
                });
            }
            TypeInfo::Opaque(info) => self.number(info.type_id(), path, hints),
            _ => {}
        }
    }

    fn step(&mut self, step: usize, info: &'static TypeInfo, path: &str, hints: &Hints) {
        self.steps.push(step);
        self.look(info, path, hints);
        self.steps.pop();
    }

    fn number(&mut self, kind: TypeId, path: &str, hints: &Hints) {
        macro_rules! whole {
            ($($number:ty),*) => {
                $(if kind == TypeId::of::<$number>() {
                    return self.add(path, QuantityKind::Integer, hints, |value| {
                        // The largest unsigned number stands for "never" and "nobody".
                        let number = *value.try_downcast_ref::<$number>()?;
                        (<$number>::MIN != 0 || number != <$number>::MAX || <$number>::BITS < 32).then_some(number as f64)
                    });
                })*
            };
        }
        whole!(u8, u16, u32, u64, usize, i8, i16, i32, i64, isize);
        let fraction = match hints {
            Hints { unit: "°", .. } => QuantityKind::Angle,
            Hints { coordinate: true, .. } => QuantityKind::Signed,
            Hints { range: Some(range), .. } if range.min < 0.0 && range.max > 0.0 => QuantityKind::Signed,
            _ => QuantityKind::Continuous,
        };
        if kind == TypeId::of::<f32>() {
            self.add(path, fraction, hints, |value| value.try_downcast_ref::<f32>().map(|number| f64::from(*number)));
        } else if kind == TypeId::of::<f64>() {
            self.add(path, fraction, hints, |value| value.try_downcast_ref::<f64>().copied());
        } else if kind == TypeId::of::<bool>() {
            let kind = QuantityKind::Category(vec!["no".into(), "yes".into()]);
            self.add(path, kind, hints, |value| {
                value.try_downcast_ref::<bool>().map(|truth| f64::from(u8::from(*truth)))
            });
        }
    }

    fn add(&mut self, path: &str, kind: QuantityKind, hints: &Hints, leaf: LeafFn) {
        let spec = QuantitySpec {
            name: path.to_owned(),
            unit: hints.unit.to_owned(),
            help: hints.docs.split_whitespace().collect::<Vec<_>>().join(" "),
            range: hints.range,
            kind,
        };
        let (reflect, steps) = (self.reflect.clone(), self.steps.clone());
        self.found.push(Quantity::of_field(spec, Field { component: self.component, reflect, steps, leaf }));
    }
}

/// What is inside an `Option`.
fn optional(info: &'static EnumInfo) -> Option<&'static TypeInfo> {
    if !info.type_path().starts_with("core::option::Option<") {
        return None;
    }
    match info.variant("Some")? {
        VariantInfo::Tuple(some) => some.field_at(0)?.type_info(),
        _ => None,
    }
}

fn variant_index(value: &dyn PartialReflect) -> Option<f64> {
    match value.reflect_ref() {
        ReflectRef::Enum(value) => Some(value.variant_index() as f64),
        _ => None,
    }
}
