//! From a tree to values: serde reads the tree, so that a text is read once and every error has its place.
//!
//! What is read is what the crate `ron` reads with `implicit_some` and `unwrap_variant_newtypes`. Beyond that:
//!
//! - the parentheses of what a choice or a newtype holds may be written or left out: `Kill((select: All))` and
//!   `Kill(select: All)`, `Some((x: 1))` and `Some(x: 1)`;
//! - numbers in other bases may stand where fractions may: `0x10` is 16 everywhere;
//! - blanks and comments may stand between a name and its bracket;
//! - values whose type isn't known (`deserialize_any`): a word is text, and `Name(…)` a map of one entry.

use std::fmt;

use serde::Deserialize;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, Expected, IntoDeserializer as _, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};

use crate::names::suggest;
use crate::syntax::literal::{Whole, real, suffix_of, whole};
use crate::syntax::{Broken, Fault, Kind, Name, Node, Place, SourceId, parse};

/// Reads a value from a tree.
///
/// # Errors
/// With the place of what doesn't fit.
pub fn from_tree<'n, T: Deserialize<'n>>(node: &'n Node) -> Result<T, Fault> {
    finish(T::deserialize(Reader::of(node)), node)
}

/// Reads what a choice holds: the fields in the parentheses of `Kill(select: All)`, or none of a bare `Kill`.
///
/// # Errors
/// With the place of what doesn't fit.
pub fn from_payload<'n, T: Deserialize<'n>>(node: &'n Node) -> Result<T, Fault> {
    finish(T::deserialize(Reader { node, inside: true }), node)
}

/// Reads a value from a text.
///
/// # Errors
/// With the places of what isn't RON or doesn't fit.
pub fn from_text<T: de::DeserializeOwned>(text: &str) -> Result<T, Vec<Fault>> {
    let node = parse(SourceId(0), text).map_err(|Broken { faults, .. }| faults)?;
    from_tree(&node).map_err(|fault| vec![fault])
}

fn finish<T>(read: Result<T, ReadError>, node: &Node) -> Result<T, Fault> {
    read.map_err(|error| Fault {
        place: error.place.unwrap_or_else(|| node.place.clone()),
        message: error.message,
        help: error.help,
    })
}

/// Why a value can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// Where; the innermost place that is known.
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ReadError {}

const SEE_REFERENCE: &str = "see docs/scene-reference.md";

impl ReadError {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { place: None, message: message.into(), help: help.into() }
    }

    fn wrong(node: &Node, expected: &str, example: &str) -> Self {
        let message = format!("expected {expected}, found {}", node.describe());
        Self { place: Some(node.place.clone()), message, help: example.into() }
    }

    /// The error, at this place if none is known.
    fn at(mut self, place: &Place) -> Self {
        self.place.get_or_insert_with(|| place.clone());
        self
    }
}

impl de::Error for ReadError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string(), SEE_REFERENCE)
    }

    fn invalid_type(found: Unexpected, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {expected}, found {found}"), SEE_REFERENCE)
    }

    fn invalid_value(found: Unexpected, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {expected}, found {found}"), SEE_REFERENCE)
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {expected}, found {length}"), SEE_REFERENCE)
    }

    fn unknown_variant(name: &str, known: &'static [&'static str]) -> Self {
        Self::new(format!("\"{name}\" is not a choice here"), suggest(name, known.iter().copied(), "choice"))
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        Self::new(format!("there is no field \"{name}\" here"), suggest(name, known.iter().copied(), "field"))
    }

    fn missing_field(name: &'static str) -> Self {
        Self::new(format!("the field \"{name}\" is missing"), format!("add {name}: …"))
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self::new(format!("the field \"{name}\" stands here twice"), "remove one of the two")
    }
}

/// Reads one node.
#[derive(Clone, Copy)]
struct Reader<'n> {
    node: &'n Node,
    /// Whether what the node's name holds is read, not the node: the fields of `Kill(select: All)` without `Kill`.
    inside: bool,
}

impl<'n> Reader<'n> {
    const fn of(node: &'n Node) -> Self {
        Self { node, inside: false }
    }

    /// The value itself, if what is read is all that stands in the parentheses of its name.
    fn only(self) -> Result<Self, ReadError> {
        if !self.inside {
            return Ok(self);
        }
        match &self.node.kind {
            Kind::Tuple(_, items) if items.len() == 1 => Ok(Self::of(&items[0])),
            Kind::Tuple(_, items) if items.len() > 1 => {
                let second = &items[1];
                Err(ReadError::wrong(second, "one value in the parentheses", "for example Fraction(0.5)"))
            }
            _ => Err(ReadError::wrong(self.node, "a value in parentheses", "for example Fraction(0.5)")),
        }
    }

    fn done<T>(self, read: Result<T, ReadError>) -> Result<T, ReadError> {
        read.map_err(|error| error.at(&self.node.place))
    }

    fn wrong<T>(self, expected: &str, example: &str) -> Result<T, ReadError> {
        Err(ReadError::wrong(self.node, expected, example))
    }

    fn whole(self, name: &str) -> Result<Whole<'n>, ReadError> {
        let Kind::Number(text) = &self.node.kind else {
            return self.wrong("a whole number", "for example 12");
        };
        match whole(text) {
            Some(number) if number.suffix.is_empty() || number.suffix == name => Ok(number),
            Some(number) => self.wrong("a whole number", &format!("leave {} out", number.suffix)),
            None => self.wrong("a whole number", "leave the fraction out"),
        }
    }

    fn does_not_fit<T>(self, name: &str) -> Result<T, ReadError> {
        let Kind::Number(text) = &self.node.kind else { return self.wrong("a whole number", "for example 12") };
        let help = format!("write a whole number that fits into {name}");
        Err(ReadError::new(format!("{text} does not fit here"), help).at(&self.node.place))
    }

    fn real<T: std::str::FromStr>(self, name: &str) -> Result<T, ReadError> {
        let (Kind::Number(text) | Kind::Word(text)) = &self.node.kind else {
            return self.wrong("a number", "for example 1.5");
        };
        match real(text, name) {
            Some(number) => Ok(number),
            None if matches!(suffix_of(text), "f32" | "f64") => {
                self.wrong("a number", &format!("leave {} out", suffix_of(text)))
            }
            None => self.wrong("a number", "for example 1.5"),
        }
    }

    fn name_is(name: Option<&Name>, expected: &str) -> Result<(), ReadError> {
        match name {
            Some(name) if name.text != expected => {
                let message = format!("expected {expected}(…), found {}(…)", name.text);
                let help = format!("write {expected}(…) or leave the name out");
                Err(ReadError::new(message, help).at(&name.place))
            }
            _ => Ok(()),
        }
    }

    /// The fields of a struct, by the name of its type if it is written.
    fn fields<V: Visitor<'n>>(self, name: &str, visitor: V) -> Result<V::Value, ReadError> {
        match &self.node.kind {
            // `Kill((select: All))`
            Kind::Tuple(_, items) if self.inside && items.len() == 1 => Self::of(&items[0]).fields(name, visitor),
            Kind::Struct(own, fields) => {
                if !self.inside {
                    Self::name_is(own.as_ref(), name)?;
                }
                self.done(visitor.visit_map(Fields { rest: fields.iter(), value: None }))
            }
            Kind::Tuple(own, items) if items.is_empty() => {
                if !self.inside {
                    Self::name_is(own.as_ref(), name)?;
                }
                self.done(visitor.visit_map(Fields { rest: [].iter(), value: None }))
            }
            Kind::Word(_) if self.inside => self.done(visitor.visit_map(Fields { rest: [].iter(), value: None })),
            _ => self.wrong("fields in parentheses", "write (name: value, …)"),
        }
    }

    /// So many values in parentheses.
    fn values<V: Visitor<'n>>(self, name: Option<&str>, length: usize, visitor: V) -> Result<V::Value, ReadError> {
        let Kind::Tuple(own, items) = &self.node.kind else {
            return self.wrong(&format!("{length} values in parentheses"), "for example (0, 100)");
        };
        if self.inside {
            // `Point((1, 2))`
            if let [Node { kind: Kind::Tuple(None, inner), .. }] = items.as_slice()
                && (length != 1 || inner.len() == 1)
            {
                return Self::of(&items[0]).values(name, length, visitor);
            }
        } else {
            match (own, name) {
                (Some(own), None) => return self.wrong("values in parentheses", &format!("leave {} out", own.text)),
                (own, Some(name)) => Self::name_is(own.as_ref(), name)?,
                (None, None) => {}
            }
        }
        self.all(items, visitor)
    }

    /// All of these, and no more.
    fn all<V: Visitor<'n>>(self, items: &'n [Node], visitor: V) -> Result<V::Value, ReadError> {
        let mut items = Items(items.iter());
        let value = self.done(visitor.visit_seq(&mut items))?;
        match items.0.next() {
            None => Ok(value),
            Some(item) => Err(ReadError::new("this value is one too many", "remove it").at(&item.place)),
        }
    }

    fn nothing<V: Visitor<'n>>(self, name: Option<&str>, visitor: V) -> Result<V::Value, ReadError> {
        match &self.node.kind {
            Kind::Tuple(_, items) if self.inside && items.len() == 1 => Self::of(&items[0]).nothing(name, visitor),
            Kind::Tuple(None, items) if items.is_empty() => self.done(visitor.visit_unit()),
            Kind::Tuple(Some(_), items) if self.inside && items.is_empty() => self.done(visitor.visit_unit()),
            Kind::Word(word) if !self.inside && Some(word.as_str()) == name => self.done(visitor.visit_unit()),
            _ => self.wrong("()", "write ()"),
        }
    }
}

macro_rules! whole_numbers {
    ($($method:ident $visit:ident $kind:ident),* $(,)?) => {
        $(fn $method<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, ReadError> {
            let this = self.only()?;
            let number = this.whole(stringify!($kind))?;
            match number.value().and_then(|number| <$kind>::try_from(number).ok()) {
                Some(number) => this.done(visitor.$visit(number)),
                None => this.does_not_fit(stringify!($kind)),
            }
        })*
    };
}

impl<'n> Deserializer<'n> for Reader<'n> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.inside {
            return match &self.node.kind {
                Kind::Tuple(_, items) if items.len() == 1 => Self::of(&items[0]).deserialize_any(visitor),
                Kind::Tuple(_, items) if items.is_empty() => self.done(visitor.visit_unit()),
                Kind::Tuple(_, items) => self.all(items, visitor),
                Kind::Struct(..) => self.fields("", visitor),
                _ => self.only().and_then(|only| only.deserialize_any(visitor)),
            };
        }
        let read = match &self.node.kind {
            Kind::Number(text) => match whole(text).and_then(|number| number.value()) {
                Some(number) => match (u64::try_from(number), i64::try_from(number)) {
                    (Ok(number), _) => visitor.visit_u64(number),
                    (_, Ok(number)) => visitor.visit_i64(number),
                    _ => visitor.visit_f64(number as f64),
                },
                None => match (real(text, "f64"), real::<f32>(text, "f32")) {
                    (Some(number), _) => visitor.visit_f64(number),
                    (_, Some(number)) => visitor.visit_f32(number),
                    _ => return self.wrong("a number", "for example 1.5"),
                },
            },
            Kind::Text(text) => visitor.visit_borrowed_str(text),
            Kind::Character(letter) => visitor.visit_char(*letter),
            Kind::Bytes(bytes) => visitor.visit_borrowed_bytes(bytes),
            Kind::Word(word) => match word.as_str() {
                "true" => visitor.visit_bool(true),
                "false" => visitor.visit_bool(false),
                "None" => visitor.visit_none(),
                word => match real::<f64>(word, "f64") {
                    Some(number) => visitor.visit_f64(number),
                    None => visitor.visit_borrowed_str(word),
                },
            },
            Kind::Tuple(Some(name), items) if name.text == "Some" && items.len() == 1 => {
                visitor.visit_some(Self::of(&items[0]))
            }
            Kind::Struct(Some(name), _) | Kind::Tuple(Some(name), _) => {
                visitor.visit_map(Named { name, node: self.node, given: false })
            }
            Kind::Struct(None, fields) => visitor.visit_map(Fields { rest: fields.iter(), value: None }),
            Kind::Tuple(None, items) if items.is_empty() => visitor.visit_unit(),
            Kind::Tuple(None, items) | Kind::List(items) => return self.all(items, visitor),
            Kind::Map(entries) => visitor.visit_map(Entries { rest: entries.iter(), value: None }),
        };
        self.done(read)
    }

    fn deserialize_bool<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let this = self.only()?;
        match &this.node.kind {
            Kind::Word(word) if word == "true" => this.done(visitor.visit_bool(true)),
            Kind::Word(word) if word == "false" => this.done(visitor.visit_bool(false)),
            _ => this.wrong("true or false", "write true or false"),
        }
    }

    whole_numbers!(
        deserialize_i8 visit_i8 i8,
        deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64,
        deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64,
    );

    fn deserialize_f32<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let this = self.only()?;
        let number = this.real("f32")?;
        this.done(visitor.visit_f32(number))
    }

    fn deserialize_f64<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let this = self.only()?;
        let number = this.real("f64")?;
        this.done(visitor.visit_f64(number))
    }

    fn deserialize_char<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let this = self.only()?;
        match this.node.kind {
            Kind::Character(letter) => this.done(visitor.visit_char(letter)),
            _ => this.wrong("a character", "for example 'a'"),
        }
    }

    fn deserialize_str<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let this = self.only()?;
        match &this.node.kind {
            Kind::Text(text) => this.done(visitor.visit_borrowed_str(text)),
            _ => this.wrong("text in double quotes", "for example \"bird\""),
        }
    }

    fn deserialize_string<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let this = self.only()?;
        match &this.node.kind {
            Kind::Bytes(bytes) => this.done(visitor.visit_borrowed_bytes(bytes)),
            Kind::List(_) => {
                let bytes = Vec::<u8>::deserialize(this)?;
                this.done(visitor.visit_byte_buf(bytes))
            }
            _ => this.wrong("bytes", "for example b\"\\x1f\" or [1, 2]"),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let this = match &self.node.kind {
            Kind::Tuple(_, items) if self.inside && items.len() == 1 => Self::of(&items[0]),
            _ => self,
        };
        if this.inside {
            return this.done(visitor.visit_some(this));
        }
        match &this.node.kind {
            Kind::Word(word) if word == "None" => this.done(visitor.visit_none()),
            Kind::Struct(Some(name), _) | Kind::Tuple(Some(name), _) if name.text == "Some" => {
                this.done(visitor.visit_some(Self { node: this.node, inside: true }))
            }
            _ => this.done(visitor.visit_some(this)),
        }
    }

    fn deserialize_unit<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.nothing(None, visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'n>>(self, name: &'static str, visitor: V) -> Result<V::Value, ReadError> {
        self.nothing(Some(name), visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'n>>(self, name: &'static str, visitor: V) -> Result<V::Value, ReadError> {
        let this = match &self.node.kind {
            Kind::Tuple(_, items) if self.inside && items.len() == 1 => Self::of(&items[0]),
            _ => self,
        };
        if this.inside {
            return this.done(visitor.visit_newtype_struct(this));
        }
        match &this.node.kind {
            Kind::Tuple(own, items) if items.len() == 1 && own.as_ref().is_none_or(|own| own.text == name) => {
                this.done(visitor.visit_newtype_struct(Self::of(&items[0])))
            }
            Kind::Struct(Some(own), _) | Kind::Tuple(Some(own), _) if own.text == name => {
                this.done(visitor.visit_newtype_struct(Self { node: this.node, inside: true }))
            }
            _ => this.done(visitor.visit_newtype_struct(this)),
        }
    }

    fn deserialize_seq<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let this = self.only()?;
        match &this.node.kind {
            Kind::List(items) => this.all(items, visitor),
            _ => this.wrong("a list", "write the values in square brackets: [a, b]"),
        }
    }

    fn deserialize_tuple<V: Visitor<'n>>(self, length: usize, visitor: V) -> Result<V::Value, ReadError> {
        self.values(None, length, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'n>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.values(Some(name), length, visitor)
    }

    fn deserialize_map<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let this = self.only()?;
        match &this.node.kind {
            Kind::Map(entries) => this.done(visitor.visit_map(Entries { rest: entries.iter(), value: None })),
            _ => this.wrong("a map", "write the entries in braces: {\"name\": (…)}"),
        }
    }

    fn deserialize_struct<V: Visitor<'n>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.fields(name, visitor)
    }

    fn deserialize_enum<V: Visitor<'n>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let this = self.only()?;
        match &this.node.kind {
            Kind::Word(_) | Kind::Struct(Some(_), _) | Kind::Tuple(Some(_), _) => this.done(visitor.visit_enum(this)),
            _ => this.wrong("one of several choices", &format!("one of: {}", variants.join(", "))),
        }
    }

    fn deserialize_identifier<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match &self.node.kind {
            Kind::Word(word) => self.done(visitor.visit_borrowed_str(word)),
            _ => self.wrong("a name", "write a name without quotes"),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.done(visitor.visit_unit())
    }
}

impl<'n> EnumAccess<'n> for Reader<'n> {
    type Error = ReadError;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'n>>(self, seed: S) -> Result<(S::Value, Self), ReadError> {
        let (name, place) = match &self.node.kind {
            Kind::Word(word) => (word.as_str(), &self.node.place),
            Kind::Struct(Some(name), _) | Kind::Tuple(Some(name), _) => (name.text.as_str(), &name.place),
            _ => return self.wrong("one of several choices", SEE_REFERENCE),
        };
        let known = seed.deserialize(de::value::BorrowedStrDeserializer::new(name));
        known.map(|known| (known, self)).map_err(|error: ReadError| error.at(place))
    }
}

impl<'n> VariantAccess<'n> for Reader<'n> {
    type Error = ReadError;

    fn unit_variant(self) -> Result<(), ReadError> {
        match &self.node.kind {
            Kind::Word(_) => Ok(()),
            _ => self.wrong("just the name", "this choice takes no values"),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'n>>(self, seed: S) -> Result<S::Value, ReadError> {
        match &self.node.kind {
            Kind::Word(word) => self.wrong(&format!("{word}(…)"), "for example Fraction(0.5)"),
            _ => self.done(seed.deserialize(Self { node: self.node, inside: true })),
        }
    }

    fn tuple_variant<V: Visitor<'n>>(self, length: usize, visitor: V) -> Result<V::Value, ReadError> {
        match &self.node.kind {
            Kind::Tuple(_, items) => self.all(items, visitor),
            _ => self.wrong(&format!("{length} values in parentheses"), "for example Ring(0, 1)"),
        }
    }

    fn struct_variant<V: Visitor<'n>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, ReadError> {
        match &self.node.kind {
            Kind::Struct(_, fields) => self.done(visitor.visit_map(Fields { rest: fields.iter(), value: None })),
            Kind::Tuple(_, items) if items.is_empty() => {
                self.done(visitor.visit_map(Fields { rest: [].iter(), value: None }))
            }
            _ => self.wrong("fields in parentheses", "write (name: value, …)"),
        }
    }
}

/// Fields by name.
struct Fields<'n> {
    rest: std::slice::Iter<'n, (Name, Node)>,
    value: Option<&'n Node>,
}

impl<'n> MapAccess<'n> for Fields<'n> {
    type Error = ReadError;

    fn next_key_seed<S: DeserializeSeed<'n>>(&mut self, seed: S) -> Result<Option<S::Value>, ReadError> {
        let Some((name, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some(value);
        let key = seed.deserialize(de::value::BorrowedStrDeserializer::new(&name.text));
        key.map(Some).map_err(|error: ReadError| error.at(&name.place))
    }

    fn next_value_seed<S: DeserializeSeed<'n>>(&mut self, seed: S) -> Result<S::Value, ReadError> {
        next_value(self.value.take(), seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

fn next_value<'n, S: DeserializeSeed<'n>>(value: Option<&'n Node>, seed: S) -> Result<S::Value, ReadError> {
    let value = value.ok_or_else(|| ReadError::new("a value was asked for before its name", SEE_REFERENCE))?;
    seed.deserialize(Reader::of(value))
}

/// The entries of a map.
struct Entries<'n> {
    rest: std::slice::Iter<'n, (Node, Node)>,
    value: Option<&'n Node>,
}

impl<'n> MapAccess<'n> for Entries<'n> {
    type Error = ReadError;

    fn next_key_seed<S: DeserializeSeed<'n>>(&mut self, seed: S) -> Result<Option<S::Value>, ReadError> {
        let Some((key, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(Reader::of(key)).map(Some).map_err(|error| error.at(&key.place))
    }

    fn next_value_seed<S: DeserializeSeed<'n>>(&mut self, seed: S) -> Result<S::Value, ReadError> {
        next_value(self.value.take(), seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// The values of a list.
struct Items<'n>(std::slice::Iter<'n, Node>);

impl<'n> SeqAccess<'n> for &mut Items<'n> {
    type Error = ReadError;

    fn next_element_seed<S: DeserializeSeed<'n>>(&mut self, seed: S) -> Result<Option<S::Value>, ReadError> {
        self.0.next().map(|item| seed.deserialize(Reader::of(item)).map_err(|error| error.at(&item.place))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// `Name(…)` as a map from the name to what it holds.
struct Named<'n> {
    name: &'n Name,
    node: &'n Node,
    given: bool,
}

impl<'n> MapAccess<'n> for Named<'n> {
    type Error = ReadError;

    fn next_key_seed<S: DeserializeSeed<'n>>(&mut self, seed: S) -> Result<Option<S::Value>, ReadError> {
        if std::mem::replace(&mut self.given, true) {
            return Ok(None);
        }
        seed.deserialize(self.name.text.as_str().into_deserializer()).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'n>>(&mut self, seed: S) -> Result<S::Value, ReadError> {
        seed.deserialize(Reader { node: self.node, inside: true })
    }
}
