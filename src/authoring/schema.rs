//! The types of a scene as a tree of documented fields, by reflection.

use std::any::TypeId;
use std::collections::BTreeMap;

use agent2028_core::agent::AgentId;
use agent2028_core::reflect_path::ParamValue;
use agent2028_core::schema::{Member, OpenTypes, Range, Unit};
use agent2028_core::selector::Selector;
use agent2028_inspector::authoring::{FieldDoc, Payload, Schema, Shape, ShapeId, VariantDoc};
use bevy::math::Vec2;
use bevy::prelude::ReflectDefault;
use bevy::reflect::enums::VariantInfo;
use bevy::reflect::{NamedField, PartialReflect, ReflectRef, TypeInfo, TypeRegistry, Typed, UnnamedField};

use crate::scene::Scene;
use crate::scene::conform::field_name;
use crate::scene::reference::{one_line, value_text};

/// All types that a scene is made of.
#[must_use]
pub fn of_scenes() -> Schema {
    let registry = crate::plugins::all();
    let mut types = TypeRegistry::default();
    types.register::<Scene>();
    registry.register_types(&mut types);
    let open = registry.open_types::<Scene>();
    let mut gatherer = Gatherer { types, open, shapes: Vec::new(), known: BTreeMap::new() };
    let root = gatherer.shape(Scene::type_info());
    Schema { shapes: gatherer.shapes, root }
}

struct Gatherer {
    types: TypeRegistry,
    open: OpenTypes,
    shapes: Vec<Shape>,
    known: BTreeMap<&'static str, ShapeId>,
}

impl Gatherer {
    fn shape(&mut self, info: &'static TypeInfo) -> ShapeId {
        let path = info.type_path_table().path();
        if let Some(known) = self.known.get(path) {
            return *known;
        }
        // The number is given out before the type is looked into: types may contain themselves.
        let id = self.shapes.len();
        self.known.insert(path, id);
        self.shapes.push(Shape::Opaque);
        self.shapes[id] = self.look(info);
        id
    }

    fn look(&mut self, info: &'static TypeInfo) -> Shape {
        let id = info.type_id();
        if id == TypeId::of::<Vec2>() {
            return Shape::Point;
        }
        if id == TypeId::of::<ParamValue>() {
            return Shape::Free;
        }
        if id == TypeId::of::<AgentId>() {
            return Shape::Number { whole: true, ends: (0.0, f64::from(u32::MAX)) };
        }
        if id == TypeId::of::<String>() {
            return Shape::Text;
        }
        if id == TypeId::of::<bool>() {
            return Shape::Truth;
        }
        if let Some(number) = number(id) {
            return number;
        }
        let name = info.type_path_table().short_path().to_owned();
        if let Some(choices) = self.open.choices_of(id).map(<[Member]>::to_vec) {
            let docs = one_line(info.docs());
            let variants = choices.iter().map(|choice| self.choice(choice)).collect();
            return Shape::Choice { name, docs, variants };
        }
        match info {
            TypeInfo::Struct(fields) => {
                let default = self.types.get_type_data::<ReflectDefault>(id).map(ReflectDefault::default);
                let docs = one_line(fields.docs());
                let fields: Vec<&'static NamedField> =
                    (0..fields.field_len()).filter_map(|index| fields.field_at(index)).collect();
                let mut fields: Vec<FieldDoc> = fields
                    .into_iter()
                    .map(|field| {
                        let default =
                            default.as_deref().and_then(|default| field_of(default.as_partial_reflect(), field));
                        self.field(field, default.map(value_text))
                    })
                    .collect();
                let members = self.open.fields_of(id).to_vec();
                fields.extend(members.iter().map(|member| self.member(member)));
                Shape::Record { name, docs, fields }
            }
            TypeInfo::TupleStruct(tuple) if tuple.field_len() == 1 => {
                match tuple.field_at(0).and_then(UnnamedField::type_info) {
                    Some(inner) => {
                        let inner = self.shape(inner);
                        self.shapes[inner].clone()
                    }
                    None => Shape::Opaque,
                }
            }
            TypeInfo::Enum(option) if name.starts_with("Option<") => match option.variant("Some") {
                Some(VariantInfo::Tuple(some)) => match some.field_at(0).and_then(UnnamedField::type_info) {
                    Some(inner) => Shape::Optional(self.shape(inner)),
                    None => Shape::Opaque,
                },
                _ => Shape::Opaque,
            },
            TypeInfo::Enum(choice) => {
                let docs = one_line(choice.docs());
                let variants = choice.iter().map(|variant| self.variant(id, variant)).collect();
                Shape::Choice { name, docs, variants }
            }
            TypeInfo::List(list) => list.item_info().map_or(Shape::Opaque, |inner| Shape::List(self.shape(inner))),
            TypeInfo::Map(map) => map.value_info().map_or(Shape::Opaque, |inner| Shape::Map(self.shape(inner))),
            TypeInfo::Tuple(tuple) => {
                let inner: Vec<&'static TypeInfo> = tuple.iter().filter_map(UnnamedField::type_info).collect();
                Shape::Tuple(inner.into_iter().map(|info| self.shape(info)).collect())
            }
            _ => Shape::Opaque,
        }
    }

    fn field(&mut self, field: &'static NamedField, default: Option<String>) -> FieldDoc {
        FieldDoc {
            name: field_name(field).to_owned(),
            docs: one_line(field.docs()),
            unit: field.get_attribute::<Unit>().map_or(String::new(), |unit| unit.0.to_owned()),
            range: field.get_attribute::<Range>().map(|range| (range.min, range.max)),
            default: default.map(|text| text.strip_suffix(".0").map_or(text.clone(), str::to_owned)),
            shape: self.shape_or_opaque(field.type_info()),
        }
    }

    /// An optional field that a plugin adds.
    fn member(&mut self, member: &Member) -> FieldDoc {
        let inner = self.shape(member.type_info);
        self.shapes.push(Shape::Optional(inner));
        FieldDoc {
            name: member.name.to_owned(),
            docs: one_line(Some(member.docs)),
            default: Some("None".into()),
            shape: self.shapes.len() - 1,
            ..FieldDoc::default()
        }
    }

    /// A choice that a plugin adds.
    fn choice(&mut self, choice: &Member) -> VariantDoc {
        let shape = self.shape(choice.type_info);
        let payload = match &self.shapes[shape] {
            Shape::Record { fields, .. } => Payload::Fields(fields.clone()),
            _ => Payload::Values(vec![FieldDoc { shape, ..FieldDoc::default() }]),
        };
        VariantDoc { name: choice.name.to_owned(), docs: one_line(Some(choice.docs)), payload }
    }

    fn value(&mut self, field: &'static UnnamedField) -> FieldDoc {
        FieldDoc {
            docs: one_line(field.docs()),
            unit: field.get_attribute::<Unit>().map_or(String::new(), |unit| unit.0.to_owned()),
            range: field.get_attribute::<Range>().map(|range| (range.min, range.max)),
            shape: self.shape_or_opaque(field.type_info()),
            ..FieldDoc::default()
        }
    }

    fn shape_or_opaque(&mut self, info: Option<&'static TypeInfo>) -> ShapeId {
        if let Some(info) = info {
            return self.shape(info);
        }
        self.shapes.push(Shape::Opaque);
        self.shapes.len() - 1
    }

    fn variant(&mut self, of: TypeId, variant: &'static VariantInfo) -> VariantDoc {
        let payload = match variant {
            VariantInfo::Unit(_) => Payload::Nothing,
            // Selectors contain selectors, which reflection leaves out.
            VariantInfo::Tuple(_) if of == TypeId::of::<Selector>() && matches!(variant.name(), "And" | "Not") => {
                let selector = self.shape(Selector::type_info());
                let shape = if variant.name() == "And" { self.list_of(selector) } else { selector };
                Payload::Values(vec![FieldDoc { shape, ..FieldDoc::default() }])
            }
            VariantInfo::Tuple(tuple) => {
                let fields: Vec<&'static UnnamedField> =
                    (0..tuple.field_len()).filter_map(|index| tuple.field_at(index)).collect();
                let values: Vec<FieldDoc> = fields.into_iter().map(|field| self.value(field)).collect();
                match values.as_slice() {
                    // `Kill(select: All)` stands for `Kill((select: All))`.
                    [only] => match &self.shapes[only.shape] {
                        Shape::Record { fields, .. } => Payload::Fields(fields.clone()),
                        _ => Payload::Values(values),
                    },
                    _ => Payload::Values(values),
                }
            }
            VariantInfo::Struct(fields) => {
                let fields: Vec<&'static NamedField> =
                    (0..fields.field_len()).filter_map(|index| fields.field_at(index)).collect();
                Payload::Fields(fields.into_iter().map(|field| self.field(field, None)).collect())
            }
        };
        VariantDoc { name: variant.name().to_owned(), docs: one_line(variant.docs()), payload }
    }

    fn list_of(&mut self, inner: ShapeId) -> ShapeId {
        self.shapes.push(Shape::List(inner));
        self.shapes.len() - 1
    }
}

fn field_of<'a>(value: &'a dyn PartialReflect, field: &NamedField) -> Option<&'a dyn PartialReflect> {
    match value.reflect_ref() {
        ReflectRef::Struct(value) => value.field(field.name()),
        _ => None,
    }
}

fn number(id: TypeId) -> Option<Shape> {
    macro_rules! whole {
        ($($kind:ty),*) => {
            $(if id == TypeId::of::<$kind>() {
                return Some(Shape::Number { whole: true, ends: (<$kind>::MIN as f64, <$kind>::MAX as f64) });
            })*
        };
    }
    whole!(u8, u16, u32, u64, usize, i8, i16, i32, i64);
    if id == TypeId::of::<f32>() {
        return Some(Shape::Number { whole: false, ends: (f64::from(f32::MIN), f64::from(f32::MAX)) });
    }
    (id == TypeId::of::<f64>()).then_some(Shape::Number { whole: false, ends: (f64::MIN, f64::MAX) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scene_s_fields_come_with_docs_units_ranges_and_defaults() {
        let schema = of_scenes();
        let Shape::Record { fields, .. } = schema.shape(schema.root) else { panic!() };
        let field = |name: &str| fields.iter().find(|field| field.name == name).unwrap();
        let rate = field("tick_hz");
        assert_eq!((rate.unit.as_str(), rate.range, rate.default.as_deref()), ("1/s", Some((0.001, 1e5)), Some("60")));
        assert!(fields.iter().all(|field| !field.docs.is_empty()));
        assert!(matches!(schema.shape(field("boids").shape), Shape::Optional(_)));
        assert!(schema.shapes.iter().all(|shape| *shape != Shape::Opaque), "a type is not understood");
    }

    #[test]
    fn types_that_contain_themselves_end() {
        let schema = of_scenes();
        let selector = schema.shapes.iter().find_map(|shape| match shape {
            Shape::Choice { name, variants, .. } if name == "Selector" => Some(variants),
            _ => None,
        });
        let and = selector.unwrap().iter().find(|variant| variant.name == "And").unwrap();
        assert_eq!(schema.blank_variant(and), "And([])");
    }

    #[test]
    fn the_shortest_form_of_every_choice_is_read() {
        use crate::scene::syntax::{SourceId, parse};
        let schema = of_scenes();
        for shape in &schema.shapes {
            if let Shape::Choice { variants, name, .. } = shape {
                for variant in variants {
                    let text = schema.blank_variant(variant);
                    assert!(parse(SourceId(0), &text).is_ok(), "{name}: {text}");
                }
            }
        }
    }
}
