//! What the crate `ron` reads is read here to the same value, and what it refuses is refused, but for the liberties that
//! [`crate::read`] names: then the tree, written in plain form, is what `ron` reads to the same value.

use std::collections::BTreeMap;
use std::fmt::Debug;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use ron::extensions::Extensions;
use ron::ser::PrettyConfig;
use serde::de::{DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::from_tree;
use crate::syntax::{Fault, SourceId, parse};

fn options() -> ron::Options {
    ron::Options::default()
        .with_default_extension(Extensions::UNWRAP_VARIANT_NEWTYPES)
        .with_default_extension(Extensions::IMPLICIT_SOME)
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Inner {
    x: i32,
    #[serde(default)]
    y: Option<f32>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Lenient {
    r#type: String,
    on: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Newtype(u16);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Twice(i8, Option<bool>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Nothing;

#[derive(Clone, PartialEq)]
struct Bytes(Vec<u8>);

impl Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Bytes;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.into()))
            }
        }
        deserializer.deserialize_bytes(Any)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Choice {
    Bare,
    Number(i64),
    Fields(Inner),
    Pair((u8, String)),
    Optional(Option<Inner>),
    Unit(()),
    Marker(Nothing),
    Many(Vec<u8>),
    Named(BTreeMap<String, i16>),
    Two(f64, char),
    Own { a: bool, b: Option<Box<Self>> },
    Wrapped(Newtype),
    Nested(Box<Self>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Everything {
    small: i8,
    large: u64,
    single: f32,
    double: f64,
    letter: char,
    text: String,
    bytes: Bytes,
    maybe: Option<u32>,
    perhaps: Option<Inner>,
    choices: Vec<Choice>,
    map: BTreeMap<i16, Choice>,
    twice: Twice,
    newtype: Newtype,
    nothing: Nothing,
    unit: (),
    tuple: (bool, Option<String>),
    lenient: Lenient,
}

fn real() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>().prop_filter("NaN is not equal to itself", |number| !number.is_nan()),
        Just(0.1),
        Just(-7.0)
    ]
}

fn inner() -> impl Strategy<Value = Inner> {
    (any::<i32>(), proptest::option::of(real())).prop_map(|(x, y)| Inner { x, y: y.map(|y| y as f32) })
}

fn choice() -> impl Strategy<Value = Choice> {
    let leaf = prop_oneof![
        Just(Choice::Bare),
        any::<i64>().prop_map(Choice::Number),
        inner().prop_map(Choice::Fields),
        (any::<u8>(), ".{0,6}").prop_map(Choice::Pair),
        proptest::option::of(inner()).prop_map(Choice::Optional),
        Just(Choice::Unit(())),
        Just(Choice::Marker(Nothing)),
        vec(any::<u8>(), 0..4).prop_map(Choice::Many),
        btree_map(".{0,4}", any::<i16>(), 0..3).prop_map(Choice::Named),
        (real(), any::<char>()).prop_map(|(number, letter)| Choice::Two(number, letter)),
        any::<u16>().prop_map(|number| Choice::Wrapped(Newtype(number))),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| Choice::Nested(inner.into())),
            (any::<bool>(), proptest::option::of(inner))
                .prop_map(|(a, inner)| Choice::Own { a, b: inner.map(Box::new) }),
        ]
    })
}

fn everything() -> impl Strategy<Value = Everything> {
    let plain = (any::<i8>(), any::<u64>(), real(), real(), any::<char>(), ".{0,12}", vec(any::<u8>(), 0..6));
    let held = (
        proptest::option::of(any::<u32>()),
        proptest::option::of(inner()),
        vec(choice(), 0..4),
        btree_map(any::<i16>(), choice(), 0..3),
    );
    let small = (any::<(i8, Option<bool>)>(), any::<u16>(), any::<bool>(), proptest::option::of(".{0,4}"), ".{0,4}");
    (plain, held, small).prop_map(|(plain, held, small)| Everything {
        small: plain.0,
        large: plain.1,
        single: plain.2 as f32,
        double: plain.3,
        letter: plain.4,
        text: plain.5,
        bytes: Bytes(plain.6),
        maybe: held.0,
        perhaps: held.1,
        choices: held.2,
        map: held.3,
        twice: Twice(small.0.0, small.0.1),
        newtype: Newtype(small.1),
        nothing: Nothing,
        unit: (),
        tuple: (small.2, small.3),
        lenient: Lenient { r#type: small.4, on: small.2 },
    })
}

/// Reads a text here; faults must lie within it.
fn ours<T: DeserializeOwned>(text: &str) -> Result<(T, String), Vec<Fault>> {
    let read = match parse(SourceId(0), text) {
        Ok(node) => from_tree(&node).map(|value| (value, node.to_text())).map_err(|fault| vec![fault]),
        Err(broken) => Err(broken.faults),
    };
    if let Err(faults) = &read {
        assert!(!faults.is_empty(), "{text}");
        for fault in faults {
            let part = text.get(fault.place.span.clone());
            assert!(part.is_some() && !fault.message.is_empty() && !fault.help.is_empty(), "{text}: {fault:?}");
        }
    }
    read
}

/// Reads a text here and by `ron`, and compares.
fn compare<T: DeserializeOwned + Debug>(text: &str) -> Result<(), TestCaseError> {
    let theirs = options().from_str::<T>(text).map(|value| format!("{value:?}"));
    let mine = ours::<T>(text).map(|(value, plain)| (format!("{value:?}"), plain));
    let name = std::any::type_name::<T>();
    match (theirs, mine) {
        (Ok(theirs), Ok((mine, _))) => prop_assert_eq!(mine, theirs, "{} as {}", text, name),
        (Ok(theirs), Err(faults)) => {
            // Of keys that stand in a map twice `ron` takes the last.
            let twice = faults.iter().all(|fault| fault.message == "this key stands here twice");
            prop_assert!(twice, "{text} as {name} is {theirs}: {faults:?}");
        }
        (Err(error), Ok((mine, plain))) => {
            let read = |options: ron::Options| options.from_str::<T>(&plain).map(|value| format!("{value:?}"));
            let bare = || read(options().with_default_extension(Extensions::UNWRAP_NEWTYPES));
            let again = read(options()).or_else(|_| bare());
            prop_assert_eq!(Ok(mine), again, "{} as {}: {}\n{}", text, name, error, plain);
        }
        (Err(_), Err(_)) => {}
    }
    Ok(())
}

/// Every kind of value in turn.
fn compare_all(text: &str) -> Result<(), TestCaseError> {
    compare::<i8>(text)?;
    compare::<u8>(text)?;
    compare::<i64>(text)?;
    compare::<u64>(text)?;
    compare::<f32>(text)?;
    compare::<f64>(text)?;
    compare::<bool>(text)?;
    compare::<char>(text)?;
    compare::<String>(text)?;
    compare::<Bytes>(text)?;
    compare::<()>(text)?;
    compare::<Nothing>(text)?;
    compare::<Option<i16>>(text)?;
    compare::<Option<Option<bool>>>(text)?;
    compare::<Vec<Option<i8>>>(text)?;
    compare::<(u8, f64)>(text)?;
    compare::<(u8,)>(text)?;
    compare::<BTreeMap<i8, String>>(text)?;
    compare::<Inner>(text)?;
    compare::<Lenient>(text)?;
    compare::<Twice>(text)?;
    compare::<Newtype>(text)?;
    compare::<Choice>(text)
}

/// A text with parts taken out, put in and doubled.
fn mutated(text: &str, edits: &[(prop::sample::Index, u8, String)]) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for (at, kind, new) in edits {
        let at = at.index(letters.len() + 1);
        let end = (at + usize::from(kind / 4 % 5)).min(letters.len());
        match kind % 4 {
            0 => drop(letters.drain(at..end)),
            1 => drop(letters.splice(at..at, new.chars())),
            2 => drop(letters.splice(at..end, new.chars())),
            _ => {
                let copy: Vec<char> = letters[at..end].to_vec();
                letters.splice(at..at, copy);
            }
        }
    }
    letters.into_iter().collect()
}

fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, String)>> {
    let new = prop_oneof![
        "[-+_.,:;0-9a-fxobuirNS(){}\\[\\]\"'\\\\/*# \\n\u{a0}é]{1,3}",
        prop::sample::select(vec![
            "r#",
            "b\"",
            "br#\"",
            "b'",
            "Some(",
            "None",
            "()",
            "/*",
            "*/",
            "//",
            "\\u{",
            "\\x",
            "1e",
            "inf",
            "NaN",
            "0x",
            "u8",
            "f64",
            "true",
            "Inner",
            "\u{feff}",
            "#![enable(implicit_some)]",
            "..",
            "\r\n",
        ])
        .prop_map(str::to_owned),
    ];
    vec((any::<prop::sample::Index>(), any::<u8>(), new), 1..4)
}

proptest! {
    #![proptest_config(agent2028_property_tests::cases(300))]

    #[test]
    fn what_ron_writes_is_read_to_the_same_value(value in everything(), names in any::<bool>(), compact in any::<bool>()) {
        let config = PrettyConfig::new().struct_names(names).compact_arrays(compact).number_suffixes(compact && names);
        let texts = [options().to_string(&value).unwrap(), options().to_string_pretty(&value, config).unwrap()];
        for text in texts {
            let read = ours::<Everything>(&text);
            let (read, plain) = read.map_err(|faults| TestCaseError::fail(format!("{text}: {faults:?}")))?;
            prop_assert_eq!(&read, &value, "{}", text);
            // And the tree's own text says the same, to both.
            prop_assert_eq!(&ours::<Everything>(&plain).unwrap().0, &value, "{}", plain);
            prop_assert_eq!(&options().from_str::<Everything>(&plain).unwrap(), &value, "{}", plain);
        }
    }

    #[test]
    fn changed_texts_are_read_or_refused_like_ron_does(value in everything(), edits in edits()) {
        compare::<Everything>(&mutated(&options().to_string(&value).unwrap(), &edits))?;
    }

    #[test]
    fn changed_choices_are_read_or_refused_like_ron_does(value in choice(), edits in edits()) {
        compare_all(&mutated(&options().to_string(&value).unwrap(), &edits))?;
    }
}

proptest! {
    #![proptest_config(agent2028_property_tests::cases(1500))]

    #[test]
    fn numbers_are_read_or_refused_like_ron_does(text in "[-+]{0,2}(0[xob])?[0-9a-f_]{0,4}[.]{0,2}[0-9_]{0,3}([eE][-+]?[0-9_]{0,2})?([iuf](8|16|32|64))?") {
        compare_all(&text)?;
    }

    #[test]
    fn texts_and_characters_are_read_or_refused_like_ron_does(
        open in "b?(r#{0,2})?[\"']",
        inner in "(\\\\[nrt0\\\\\"'q]|\\\\x[0-9a-fA-F]{1,2}|\\\\u\\{[0-9a-f]{0,7}\\}|\\\\\r?\n  |[ -~é\u{1f600}\n]){0,3}",
        close in "[\"']#{0,2}",
    ) {
        compare_all(&format!("{open}{inner}{close}"))?;
    }

    #[test]
    fn small_texts_are_read_or_refused_like_ron_does(
        words in vec(prop::sample::select(vec![
            "(", ")", "[", "]", "{", "}", ",", ":", "1", "-2.5", "x", "y", "a", "b", "true", "None", "Some", "Some(", "Fields(",
            "Pair(", "Own", "Bare", "Two", "Nested(", "Inner", "Newtype(", "Twice(", "Nothing", "\"t\"", "'c'", " ", "\n", "// c\n",
            "/* c */", "r#type", "on:", "x:", "y:", "a:", "type:", "b\"\"", "inf", "()", "Unit(", "Wrapped(", "Optional(", "Many(",
        ]), 1..8),
    ) {
        compare_all(&words.concat())?;
    }
}
