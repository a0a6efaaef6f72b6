//! From reflection to a description.

use std::any::TypeId;
use std::collections::BTreeMap;

use bevy_reflect::enums::{VariantInfo, VariantType};
use bevy_reflect::std_traits::ReflectDefault;
use bevy_reflect::{
    GetTypeRegistration, NamedField, PartialReflect, ReflectRef, TypeInfo, TypeRegistry, Typed, UnnamedField,
};

use super::{FieldDoc, Member, OpenTypes, Payload, Shape, ShapeId, Types, VariantDoc, one_line, paragraph};
use crate::limits::{FileName, Range, Unit};

/// What a choice holds of its own type, which reflection can't tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// One of it.
    One,
    /// A list of it.
    Many,
}

/// How a default value of a type is written, shortened if it is long.
pub type DefaultText = fn(&dyn PartialReflect) -> Option<String>;

/// Describes types by what reflection tells, and by what it is told besides.
#[derive(Default)]
pub struct Describer {
    registry: TypeRegistry,
    open: OpenTypes,
    given: BTreeMap<TypeId, Shape>,
    held: BTreeMap<(TypeId, &'static str), Held>,
    texts: BTreeMap<TypeId, DefaultText>,
    shapes: Vec<Shape>,
    known: BTreeMap<TypeId, ShapeId>,
}

impl Describer {
    /// Types to which this is added from outside.
    #[must_use]
    pub fn new(open: OpenTypes) -> Self {
        Self { open, ..Self::default() }
    }

    /// The registry, which knows the defaults of types that are registered in it.
    pub fn registry_mut(&mut self) -> &mut TypeRegistry {
        &mut self.registry
    }

    /// Describes a type by this, whatever its fields are: a point that is written `(x, y)`.
    pub fn give<T: 'static>(&mut self, shape: Shape) {
        self.given.insert(TypeId::of::<T>(), shape);
    }

    /// Says that a choice of a type holds values of the same type.
    pub fn holds<T: 'static>(&mut self, variant: &'static str, held: Held) {
        self.held.insert((TypeId::of::<T>(), variant), held);
    }

    /// Says how defaults of a type are written that reflection can't look into.
    pub fn writes_default<T: 'static>(&mut self, text: DefaultText) {
        self.texts.insert(TypeId::of::<T>(), text);
    }

    /// The description of a type and all that it is made of.
    #[must_use]
    pub fn describe<T: Typed + GetTypeRegistration>(mut self) -> Types {
        self.registry.register::<T>();
        let root = self.shape(T::type_info());
        Types { shapes: self.shapes, root }
    }

    fn push(&mut self, shape: Shape) -> ShapeId {
        self.shapes.push(shape);
        self.shapes.len() - 1
    }

    fn shape(&mut self, info: &'static TypeInfo) -> ShapeId {
        if let Some(known) = self.known.get(&info.type_id()) {
            return *known;
        }
        // The number is given out before the type is looked into: types may contain themselves.
        let id = self.push(Shape::Opaque);
        self.known.insert(info.type_id(), id);
        self.shapes[id] = self.look(info);
        id
    }

    fn shape_or_opaque(&mut self, info: Option<&'static TypeInfo>) -> ShapeId {
        match info {
            Some(info) => self.shape(info),
            None => self.push(Shape::Opaque),
        }
    }

    fn look(&mut self, info: &'static TypeInfo) -> Shape {
        let id = info.type_id();
        if let Some(shape) = self.given.get(&id).cloned().or_else(|| plain_shape(id)) {
            return shape;
        }
        let name = info.type_path_table().short_path().to_owned();
        if let Some(choices) = self.open.choices_of(id).map(<[Member]>::to_vec) {
            let variants = choices.iter().map(|choice| self.choice(choice)).collect();
            // What stands for any of several is called what it stands for.
            let name = name.strip_prefix("Any").unwrap_or(&name).to_owned();
            return Shape::Choice { name, docs: paragraph(info.docs()), default: String::new(), variants };
        }
        let default = self.registry.get_type_data::<ReflectDefault>(id).map(ReflectDefault::default);
        let default = default.as_deref().map(|default| default.as_partial_reflect());
        match info {
            TypeInfo::Struct(record) => {
                let mut fields: Vec<FieldDoc> = Vec::with_capacity(record.field_len());
                for field in (0..record.field_len()).filter_map(|index| record.field_at(index)) {
                    let value = default.and_then(|default| field_of(default, field));
                    let value = value.and_then(|value| self.value_text(value));
                    fields.push(self.field(field, value));
                }
                let members = self.open.fields_of(id).to_vec();
                fields.extend(members.iter().map(|member| self.member(member)));
                Shape::Record { name, docs: paragraph(record.docs()), fields }
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
                let default = match default.map(PartialReflect::reflect_ref) {
                    Some(ReflectRef::Enum(value)) => value.variant_name().to_owned(),
                    _ => String::new(),
                };
                let variants = choice.iter().map(|variant| self.variant(id, variant)).collect();
                Shape::Choice { name, docs: paragraph(choice.docs()), default, variants }
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
            unit: field.get_attribute::<Unit>().copied(),
            range: field.get_attribute::<Range>().copied(),
            is_file: field.get_attribute::<FileName>().is_some(),
            default,
            shape: self.shape_or_opaque(field.type_info()),
        }
    }

    fn value(&mut self, field: &'static UnnamedField) -> FieldDoc {
        FieldDoc {
            docs: one_line(field.docs()),
            unit: field.get_attribute::<Unit>().copied(),
            range: field.get_attribute::<Range>().copied(),
            is_file: field.get_attribute::<FileName>().is_some(),
            shape: self.shape_or_opaque(field.type_info()),
            ..FieldDoc::default()
        }
    }

    /// An optional field that is added from outside.
    fn member(&mut self, member: &Member) -> FieldDoc {
        let inner = self.shape(member.type_info);
        FieldDoc {
            name: member.name.to_owned(),
            docs: one_line(Some(member.docs)),
            default: Some("None".into()),
            shape: self.push(Shape::Optional(inner)),
            ..FieldDoc::default()
        }
    }

    /// A choice that is added from outside.
    fn choice(&mut self, choice: &Member) -> VariantDoc {
        let shape = self.shape(choice.type_info);
        let value = FieldDoc { shape, ..FieldDoc::default() };
        self.holding(choice.name, choice.docs, value)
    }

    /// A choice that holds one value: `Kill(select: All)` stands for `Kill((select: All))`.
    fn holding(&self, name: &str, docs: &str, value: FieldDoc) -> VariantDoc {
        let holds = Some(value.shape);
        let payload = match &self.shapes[value.shape] {
            Shape::Record { fields, .. } => Payload::Fields(fields.clone()),
            _ => Payload::Values(vec![value]),
        };
        VariantDoc { name: name.to_owned(), docs: one_line(Some(docs)), payload, holds }
    }

    fn variant(&mut self, of: TypeId, variant: &'static VariantInfo) -> VariantDoc {
        let (name, docs) = (variant.name(), variant.docs().unwrap_or_default());
        if let Some(held) = self.held.get(&(of, name)).copied() {
            let own = self.known.get(&of).copied().unwrap_or_default();
            let shape = if held == Held::Many { self.push(Shape::List(own)) } else { own };
            let value = FieldDoc { shape, ..FieldDoc::default() };
            return VariantDoc {
                name: name.to_owned(),
                docs: one_line(Some(docs)),
                payload: Payload::Values(vec![value]),
                holds: Some(shape),
            };
        }
        let payload = match variant {
            VariantInfo::Unit(_) => Payload::Nothing,
            VariantInfo::Tuple(tuple) => {
                let fields: Vec<&'static UnnamedField> =
                    (0..tuple.field_len()).filter_map(|index| tuple.field_at(index)).collect();
                let mut values: Vec<FieldDoc> = fields.into_iter().map(|field| self.value(field)).collect();
                if values.len() == 1
                    && let Some(only) = values.pop()
                {
                    return self.holding(name, docs, only);
                }
                Payload::Values(values)
            }
            VariantInfo::Struct(fields) => {
                let fields: Vec<&'static NamedField> =
                    (0..fields.field_len()).filter_map(|index| fields.field_at(index)).collect();
                Payload::Fields(fields.into_iter().map(|field| self.field(field, None)).collect())
            }
        };
        VariantDoc { name: name.to_owned(), docs: one_line(Some(docs)), payload, holds: None }
    }

    /// A default value as it would stand in a scene; what is long is shortened.
    fn value_text(&self, value: &dyn PartialReflect) -> Option<String> {
        let id = value.get_represented_type_info().map(TypeInfo::type_id);
        if let Some(text) = id.and_then(|id| self.texts.get(&id)) {
            return text(value);
        }
        if let Some(Shape::Point) = id.and_then(|id| self.given.get(&id))
            && let ReflectRef::Struct(point) = value.reflect_ref()
        {
            let axis = |index| point.field_at(index).and_then(|axis| axis.try_downcast_ref::<f32>().copied());
            return Some(format!("({}, {})", axis(0).unwrap_or_default(), axis(1).unwrap_or_default()));
        }
        if let Some(text) = value.try_downcast_ref::<String>() {
            return Some(format!("\"{text}\""));
        }
        Some(match value.reflect_ref() {
            ReflectRef::Struct(_) => "(…)".into(),
            ReflectRef::List(list) if list.is_empty() => "[]".into(),
            ReflectRef::List(_) => "[…]".into(),
            ReflectRef::Map(map) if map.is_empty() => "{}".into(),
            ReflectRef::Enum(value) => {
                let held = || value.field_at(0).and_then(|value| self.value_text(value));
                match (value.variant_name(), value.variant_type()) {
                    ("Some", _) => held().unwrap_or_else(|| "None".into()),
                    (name, VariantType::Unit) => name.into(),
                    (name, VariantType::Tuple) => format!("{name}({})", held().unwrap_or_default()),
                    (name, VariantType::Struct) => format!("{name}(…)"),
                }
            }
            _ => format!("{value:?}"),
        })
    }
}

/// A field's name as it stands in a scene.
#[must_use]
pub fn field_name(field: &NamedField) -> &str {
    field.name().strip_prefix("r#").unwrap_or(field.name())
}

fn field_of<'a>(value: &'a dyn PartialReflect, field: &NamedField) -> Option<&'a dyn PartialReflect> {
    match value.reflect_ref() {
        ReflectRef::Struct(value) => value.field(field.name()),
        _ => None,
    }
}

fn plain_shape(id: TypeId) -> Option<Shape> {
    macro_rules! whole {
        ($($kind:ty),*) => {
            $(if id == TypeId::of::<$kind>() {
                return Some(Shape::Whole { least: <$kind>::MIN as i128, most: <$kind>::MAX as i128, called: None });
            })*
        };
    }
    whole!(u8, u16, u32, u64, usize, i8, i16, i32, i64);
    if id == TypeId::of::<String>() {
        return Some(Shape::Text);
    }
    if id == TypeId::of::<bool>() {
        return Some(Shape::Truth);
    }
    if id == TypeId::of::<f32>() {
        return Some(Shape::Real { single: true });
    }
    (id == TypeId::of::<f64>()).then_some(Shape::Real { single: false })
}
