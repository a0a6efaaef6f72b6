use bevy::math::Vec2;
use proptest::prelude::*;

use super::*;
use crate::agent::{AgentId, Status};
use crate::selector::Comparison;

fn known() -> Vocabulary {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Vocabulary {
        groups: names(&["ant", "bird", "night owl"]),
        roles: names(&["worker"]),
        regions: names(&["europe"]),
        capabilities: names(&["carry.food", "database.query"]),
        quantities: names(&["health", "speed", "x"]),
    }
}

fn named(name: &str) -> Selector {
    Selector::Named(name.into())
}

fn compare(quantity: &str, is: Comparison, value: f64) -> Selector {
    Selector::Compare { quantity: quantity.into(), is, value }
}

#[test]
fn expressions_mean_what_they_say() {
    let within = Selector::Within { center: Vec2::ZERO, radius: 50.0 };
    let cases = [
        ("all", Selector::All),
        ("none", Selector::Ids(vec![])),
        (" group  ant ", named("ant")),
        ("group \"night owl\"", named("night owl")),
        ("not failed", Selector::Not(Box::new(Selector::HasStatus(Status::Failed)))),
        ("id 3..10", Selector::IdRange { first: AgentId(3), last: AgentId(10) }),
        ("id 3, 5", Selector::Ids(vec![AgentId(3), AgentId(5)])),
        ("can database.*", Selector::WithCapability("database.*".into())),
        ("role worker", Selector::Role("worker".into())),
        ("region europe", Selector::InRegion("europe".into())),
        ("within (0, 0) 50", within.clone()),
        ("within 50 of (0, 0)", within.clone()),
        ("region (1, -2) (30, 4)", Selector::Region { center: Vec2::new(1.0, -2.0), size: Vec2::new(30.0, 4.0) }),
        ("nearest to (1.5, -2e1)", Selector::Nearest { to: Vec2::new(1.5, -20.0), count: 1 }),
        ("nearest 5 (0, 0)", Selector::Nearest { to: Vec2::ZERO, count: 5 }),
        ("any 33%", Selector::Fraction(0.33)),
        ("any 7", Selector::Count(7)),
        ("speed>=.5", compare("speed", Comparison::AtLeast, 0.5)),
        ("speed == -2", compare("speed", Comparison::Equal, -2.0)),
        (
            "group ant and speed > 2 and within (0, 0) 50",
            Selector::And(vec![named("ant"), compare("speed", Comparison::Above, 2.0), within]),
        ),
        (
            "group ant and active or not (failed or frozen)",
            Selector::Or(vec![
                Selector::And(vec![named("ant"), Selector::HasStatus(Status::Active)]),
                Selector::Not(Box::new(Selector::Or(vec![
                    Selector::HasStatus(Status::Failed),
                    Selector::HasStatus(Status::Frozen),
                ]))),
            ]),
        ),
        ("And([Named(\"ant\"), Fraction(0.5)])", Selector::And(vec![named("ant"), Selector::Fraction(0.5)])),
    ];
    for (text, meant) in cases {
        assert_eq!(parse(text), Ok(meant.clone()), "{text}");
        assert_eq!(parse_among(text, &known()), Ok(meant), "{text}");
    }
}

#[test]
fn errors_point_at_what_is_wrong_and_say_what_would_work() {
    let cases = [
        ("", 0..0, "something is missing", ""),
        ("group", 5..5, "the name of a group is missing", "valid: ant, bird, night owl"),
        ("group ants", 6..10, "there is no group `ants`", "did you mean \"ant\"?"),
        ("group ant failed", 10..16, "doesn't belong", "`and` or `or`"),
        ("group ant and", 13..13, "something is missing", ""),
        ("and failed", 0..3, "nothing before", "between two"),
        ("spead > 2", 0..5, "there is no quantity `spead`", "did you mean \"speed\"?"),
        ("speed", 0..5, "not compared", "speed > 0"),
        ("speed > fast", 8..12, "the value to compare with is missing", "write a number"),
        ("ant and failed", 0..3, "`ant` alone is no selector", "group ant"),
        ("faild", 0..5, "`faild` is not a selector", "did you mean `failed`?"),
        ("id 10..3", 7..8, "less than", "lower number first"),
        ("id 1.5", 3..6, "not a whole number", ""),
        ("within 5 of 3", 12..13, "a point is missing", "(0, 0)"),
        ("(failed", 7..7, "`)` is missing", ""),
        ("any 120%", 7..8, "out of range", "0% to 100%"),
        ("can Fly", 4..7, "", "database.*"),
        ("can fly", 4..7, "no agent has a capability", ""),
        ("failed & frozen", 7..8, "`&` means nothing", ""),
        ("group \"ant", 6..10, "not closed", ""),
        ("x > 1e999", 4..9, "too large", ""),
        ("Nobody", 0..6, "", "Named"),
    ];
    for (text, at, message, help) in cases {
        let error = parse_among(text, &known()).unwrap_err();
        assert!(error.message.contains(message) && error.help.contains(help), "{text}: {error}");
        if !text.starts_with('N') && text != "any 120%" {
            assert_eq!(error.at, at, "{text}: {error}");
        }
        assert!(text.get(error.at.clone()).is_some(), "{text}: {:?}", error.at);
    }
    let deep = "(".repeat(5000);
    assert!(parse(&deep).unwrap_err().message.contains("too deeply"));
    let deep = "not ".repeat(5000);
    assert!(parse(&deep).unwrap_err().message.contains("too deeply"));
}

fn choices(text: &str) -> Vec<String> {
    complete(text, text.len(), &known()).choices.into_iter().map(|choice| choice.text).collect()
}

#[test]
fn completions_fit_the_place() {
    assert_eq!(choices("group "), ["ant", "bird", "\"night owl\""]);
    assert_eq!(choices("group bi"), ["bird"]);
    assert_eq!(choices("role "), ["worker"]);
    assert_eq!(choices("can dat"), ["database.query", "database.*"]);
    assert_eq!(choices("group ant "), ["and", "or"]);
    assert_eq!(choices("failed "), ["and", "or"]);
    assert_eq!(choices("speed > 2 a"), ["and"]);
    assert_eq!(choices("speed "), ["<", "<=", "=", "!=", ">=", ">"]);
    assert_eq!(choices("spe"), ["speed"]);
    assert_eq!(choices("not fa"), ["failed"]);
    assert!(choices("(").contains(&"group".to_owned()));
    assert_eq!(choices("within "), Vec::<String>::new());
    assert_eq!(choices("within 5 of ("), Vec::<String>::new());
    assert_eq!(choices("group group "), ["and", "or"], "the second one is a name");
    assert_eq!(choices("Named(\"a\""), Vec::<String>::new(), "a scene's RON has completions of its own");
    let capital = Vocabulary { quantities: vec!["Energy".into()], ..known() };
    assert_eq!(complete("Ene", 3, &capital).choices[0].text, "Energy");
    let begun = complete("group bi and failed", 8, &known());
    assert_eq!((begun.replace, begun.choices.len()), (6..8, 1));
    assert!(complete("größe", 3, &known()).choices.len() < 40, "inside of a letter nothing breaks");
}

fn number() -> impl Strategy<Value = f32> {
    prop_oneof![-1e4_f32..1e4, any::<f32>().prop_filter("finite", |number| number.is_finite())]
}

fn point() -> impl Strategy<Value = Vec2> {
    (number(), number()).prop_map(Vec2::from)
}

/// Names that mean something else in one place or another, to the reader of expressions, of RON or of numbers.
const ODD_NAMES: &[&str] = &[
    "",
    " ",
    "a b",
    " a",
    "a ",
    "A",
    "Z9",
    "A.b",
    "A[0]",
    "A(0)",
    "A_",
    "CPU",
    "All",
    "Not",
    "And",
    "Or",
    "Named",
    "Count",
    "Within",
    "Some",
    "None",
    "Ids",
    "capability",
    "to",
    "size",
    "of",
    "xor",
    "and or",
    "3",
    "3rd",
    "-1",
    "+",
    "-",
    "-x",
    ".5",
    ".",
    "..",
    "a..b",
    "a..",
    "a.",
    "1e5",
    "e5",
    "inf",
    "NaN",
    "\"",
    "\\",
    "'",
    "(",
    ")",
    ",",
    "%",
    "<",
    "<=",
    "=",
    "a=b",
    "a\tb",
    "\n",
    "é",
    "Ä",
    "İ",
    "氷",
    "a\u{301}",
    "🐝",
    "*",
    "//",
    "/* */",
];

/// The names of all variants of [`Selector`], which are RON if they stand alone.
fn variants() -> Vec<String> {
    use bevy::reflect::{TypeInfo, Typed};
    match Selector::type_info() {
        TypeInfo::Enum(info) => info.variant_names().iter().map(|name| (*name).to_owned()).collect(),
        _ => Vec::new(),
    }
}

fn odd_names() -> Vec<String> {
    let words = KEYWORDS.iter().map(|(word, _)| *word).chain(ODD_NAMES.iter().copied());
    words.map(str::to_owned).chain(variants()).collect()
}

#[test]
fn every_name_is_read_back_in_every_place() {
    let names = odd_names();
    assert!(names.len() > 90 && names.contains(&"Fraction".to_owned()));
    for name in &names {
        let places = [
            named(name),
            Selector::Role(name.clone()),
            Selector::InRegion(name.clone()),
            compare(name, Comparison::Below, 0.0),
        ];
        for place in places {
            // Alone, first, amid, last, and within what binds more tightly.
            let joined = [
                place.clone(),
                Selector::Not(Box::new(place.clone())),
                Selector::Or(vec![place.clone(), Selector::All]),
                Selector::And(vec![Selector::All, place.clone(), place.clone()]),
                Selector::Or(vec![Selector::And(vec![place.clone(), Selector::All]), place.clone()]),
                Selector::And(vec![place.clone()]),
                Selector::And(vec![Selector::Or(vec![place.clone(), place.clone()]), place]),
            ];
            for selector in joined {
                let written = format(&selector);
                assert_eq!(parse(&written), Ok(selector.clone()), "{written}");
                assert_eq!(parse(&format!("  {written}\n")), Ok(selector.clone()), "{written}");
                let ron = crate::ron_format::to_line(&selector).unwrap();
                assert_eq!(parse(&ron), Ok(selector), "{ron}");
            }
        }
    }
}

#[test]
fn every_name_that_is_offered_is_read_as_that_name() {
    let names = odd_names();
    let known = Vocabulary {
        groups: names.clone(),
        roles: names.clone(),
        regions: names.clone(),
        capabilities: Vec::new(),
        quantities: names.clone(),
    };
    let offered = |text: &str| {
        let choices = complete(text, text.len(), &known).choices;
        choices.into_iter().map(|choice| choice.text).collect::<Vec<_>>()
    };
    for (before, of) in [
        ("group ", Selector::Named as fn(String) -> Selector),
        ("role ", Selector::Role),
        ("region ", Selector::InRegion),
    ] {
        let read: Vec<_> = offered(before).iter().map(|name| parse_among(&format!("{before}{name}"), &known)).collect();
        let meant: Vec<_> = names.iter().map(|name| Ok(of(name.clone()))).collect();
        assert_eq!(read, meant, "{before}");
    }
    let offered = offered("all and ");
    let quantities = &offered[offered.len() - names.len()..];
    for (name, quantity) in names.iter().zip(quantities) {
        let text = format!("{quantity} < 0");
        assert_eq!(parse_among(&text, &known), Ok(compare(name, Comparison::Below, 0.0)), "{text}");
    }
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z_][A-Za-z0-9_.-]{0,8}",
        "\\PC{0,8}",
        "[A-Z0-9(), .<>=*\"\\\\-]{0,6}",
        prop::sample::select(odd_names()),
    ]
}

fn leaf() -> impl Strategy<Value = Selector> {
    let comparison = (0..Comparison::ALL.len()).prop_map(|at| Comparison::ALL[at]);
    prop_oneof![
        Just(Selector::All),
        (0_f32..=1.0).prop_map(Selector::Fraction),
        any::<u32>().prop_map(Selector::Count),
        name().prop_map(Selector::Named),
        name().prop_map(Selector::Role),
        name().prop_map(Selector::InRegion),
        "[a-z]{1,4}(\\.[a-z]{1,4}){0,2}(\\.\\*)?".prop_map(Selector::WithCapability),
        prop::collection::vec(any::<u32>().prop_map(AgentId), 0..4).prop_map(Selector::Ids),
        (any::<u32>(), any::<u32>())
            .prop_map(|(a, b)| Selector::IdRange { first: AgentId(a.min(b)), last: AgentId(a.max(b)) }),
        prop_oneof![Just(Status::Active), Just(Status::Failed), Just(Status::Frozen)].prop_map(Selector::HasStatus),
        (name(), comparison, any::<f64>().prop_filter("finite", |number| number.is_finite()))
            .prop_map(|(quantity, is, value)| Selector::Compare { quantity, is, value }),
        (point(), number()).prop_map(|(center, radius)| Selector::Within { center, radius }),
        (point(), point()).prop_map(|(center, size)| Selector::Region { center, size }),
        prop::collection::vec(point(), 1..5).prop_map(Selector::Inside),
        (point(), any::<u32>()).prop_map(|(to, count)| Selector::Nearest { to, count }),
    ]
}

fn selector() -> impl Strategy<Value = Selector> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Selector::And),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Selector::Or),
            inner.prop_map(|selector| Selector::Not(Box::new(selector))),
        ]
    })
}

proptest! {
    #![proptest_config(agent2028_property_tests::cases(256))]

    #[test]
    fn what_is_written_is_read_back(selector in selector()) {
        let written = format(&selector);
        prop_assert_eq!(parse(&written), Ok(selector), "{}", written);
    }

    #[test]
    fn scenes_forms_are_read_too(selector in selector()) {
        let written = crate::ron_format::to_line(&selector).unwrap();
        prop_assert_eq!(parse(&written), Ok(selector), "{}", written);
    }

    #[test]
    fn no_text_breaks_the_reader(text in "\\PC{0,40}", cursor in 0_usize..60) {
        if let Err(error) = parse_among(&text, &known()) {
            prop_assert!(text.get(error.at).is_some());
        }
        let completions = complete(&text, cursor, &known());
        prop_assert!(text.get(completions.replace).is_some());
    }

    #[test]
    fn no_words_break_the_reader(words in prop::collection::vec(0_usize..30, 0..12)) {
        let signs = ["(", ")", ",", "3", "-2.5", "..", "%", ">", "\"a b\"", "ant", "speed", "<"];
        let words: Vec<&str> = words
            .into_iter()
            .map(|at| KEYWORDS.get(at).map_or_else(|| signs[at % signs.len()], |(word, _)| word))
            .collect();
        let text = words.join(" ");
        if let Ok(selector) = parse(&text) {
            prop_assert_eq!(parse(&format(&selector)), Ok(selector), "{}", text);
        }
        let _ = complete(&text, text.len(), &known());
    }
}
