//! RON as a tree with places: what error reports point at, what includes merge and settings change, and what values are
//! read from.
//!
//! | module | concept |
//! |---|---|
//! | [`place`] | places in texts, and what is wrong there |
//! | [`lexer`] | tokens, whatever state the text is in |
//! | [`literal`] | what numbers and texts stand for |
//! | [`tree`] | values with their places |
//! | [`parse`](mod@parse) | text to tree, all faults at once |
//! | [`write`](mod@write) | tree to text |
//!
//! The language is RON 0.12 with implicit `Some` and without the inner parentheses of `Kill((select: All))`. What differs is
//! told by `tests/suite`: a few liberties that change no value, and no ranges (`1..2`).

pub mod lexer;
pub mod literal;
pub mod parse;
pub mod place;
pub mod tree;
pub mod write;

pub use literal::parse_number;
pub use parse::{Broken, parse};
pub use place::{Fault, Place, SourceId};
pub use tree::{Kind, Name, Node};
pub use write::quoted;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Node, Broken> {
        parse(SourceId(0), text)
    }

    #[test]
    fn places_are_exact() {
        let text = "Scene(\n  // birds\n  agents: [(name: \"bird\", count: 12)],\n)";
        let node = read(text).unwrap();
        let agents = node.field("agents").unwrap();
        let Kind::List(groups) = &agents.kind else { panic!() };
        let count = groups[0].field("count").unwrap();
        assert_eq!(&text[count.place.span.clone()], "12");
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        let text = r#"S(a: -1.5e3, b: "x\n\"y\u{e9}", c: [1, 2, (x: N)], d: {"k": Some(())}, e: Disc(center: (0, 1), radius: 2), f: r"raw\", g: true)"#;
        let node = read(text).unwrap();
        let again = read(&node.to_text()).unwrap();
        assert_eq!(node.to_text(), again.to_text());
    }

    #[test]
    fn what_is_written_says_the_same_in_plain_form() {
        for (text, plain) in [
            ("Some((1, -2))", "(1, -2)"),
            ("Some((max_speed: 4))", "(max_speed: 4)"),
            ("Some(Some(3))", "3"),
            ("Point((1, 2))", "Point(1, 2)"),
            ("0x1e", "30"),
            ("-0b1_01", "-5"),
            ("0xffff_ffff_ffff_ffff", "18446744073709551615"),
            ("1_000.5", "1_000.5"),
        ] {
            assert_eq!(read(text).unwrap().to_text().trim(), plain, "{text}");
        }
    }

    #[test]
    fn errors_say_where_and_what() {
        for (text, message, at) in [
            ("(a: 1 b: 2)", "comma", 6),
            ("(a: 1, a: 2)", "twice", 7),
            ("(a: [1, 2)", "comma", 9),
            ("(a: 1", "never closed", 0),
            ("(a: \"x", "never ends", 4),
            ("(a: 1.2.3)", "not a number", 4),
            ("(a: 1) x", "after the end", 7),
            ("/* x", "never ends", 0),
            ("", "ends where", 0),
            ("(a: @)", "can't begin", 4),
        ] {
            let broken = read(text).unwrap_err();
            assert!(broken.message().contains(message), "{text}: {broken:?}");
            assert_eq!(broken.faults[0].place.span.start, at, "{text}");
        }
    }

    /// Messages and places of all faults, and whether it is plain what is meant.
    fn faults(text: &str) -> (Vec<(String, &str)>, bool) {
        let broken = read(text).unwrap_err();
        let told = broken.faults.into_iter().map(|fault| (fault.message, &text[fault.place.span]));
        (told.collect(), broken.tree.is_some())
    }

    #[test]
    fn every_duplicate_is_told_with_its_place_and_that_of_the_first() {
        let text = "(a: 1,\n b: {\"k\": 1, \"k\": 2},\n  a: 3, c: (d: 1, d: 2), a: 4)";
        let broken = read(text).unwrap_err();
        let told: Vec<(&str, usize, &str)> = broken
            .faults
            .iter()
            .map(|fault| (fault.message.as_str(), fault.place.span.start, fault.help.rsplit("; ").next().unwrap()))
            .collect();
        assert_eq!(
            told,
            [
                ("this key stands here twice", 20, "the first stands in line 2, column 6"),
                ("the field \"a\" stands here twice", 31, "the first stands in line 1, column 2"),
                ("the field \"d\" stands here twice", 47, "the first stands in line 3, column 13"),
                ("the field \"a\" stands here twice", 54, "the first stands in line 1, column 2"),
            ]
        );
        assert_eq!(broken.tree.unwrap().to_text(), read("(a: 1, b: {\"k\": 1}, c: (d: 1))").unwrap().to_text());
    }

    #[test]
    fn what_can_be_understood_in_spite_of_a_fault_is_looked_at_to_the_end() {
        let told = faults(r#"(a: "x\qy", b: [1 2, "\u{110000}"] c: 'ab', a: 1.2.3, d: @, e 5, f: , g: +)"#);
        let wanted = [
            ("this escape is unknown", r"\q"),
            ("a comma or ] is missing here", "2"),
            ("this escape is unknown", r"\u{110000}"),
            ("a comma or ) is missing here", "c"),
            ("this is not a single character", "'ab'"),
            ("\"1.2.3\" is not a number", "1.2.3"),
            ("a value can't begin with '@'", "@"),
            ("a colon is missing here", "5"),
            ("a value can't begin with ','", ","),
            ("\"+\" is not a number", "+"),
        ];
        assert_eq!(told, (wanted.map(|(message, at)| (message.to_owned(), at)).into(), false));
        // What is meant is plain if only commas are missing, escapes unknown or fields there twice.
        assert!(faults(r#"(a: "\q" b: 1, a: 2)"#).1);
        // A quote too few makes a riddle of the rest: it is told where it shows first.
        assert_eq!(faults("[\"x, \"y\", 3 4]").0.len(), 1);
        assert_eq!(faults("(a: 1, (b: 2, c 3").0.len(), 1);
    }

    #[test]
    fn one_fault_hides_none_of_those_behind_it() {
        let (value, colon, comma) = ("a value can't begin with", "a colon is missing", "a comma or");
        let cases: [(&str, &[(&str, &str)]); 10] = [
            (
                "S(a: [(n: 3)], b: (x 1, y: ), c 5, d: , e: 6x0, f: [\"a\" \"b\"])",
                &[(colon, "1"), (value, ")"), (colon, "5"), (value, ","), ("not a number", "6x0"), (comma, "\"")],
            ),
            (
                "(b: (x 1), t = 60, \"n\": 1, s: 1, s: 2; h: {\"a\"}, d: T 5, g: 'xy')",
                &[
                    (colon, "1"),
                    (colon, "="),
                    ("has no quotes", "\"n\""),
                    ("twice", "s"),
                    (comma, ";"),
                    (colon, "}"),
                    (comma, "5"),
                    ("not a single character", "'xy'"),
                ],
            ),
            ("(a: [\"a\",, \"c\"], b: 1,, c: 2 d: 3)", &[(value, ","), ("name is missing", ","), (comma, "d")]),
            (
                "(s: 1 a: [(n: 3 m: 4)], w: (z: (1, 2, e: W), t: @@ 3, u: 6 6)",
                &[("never closed", "("), (comma, "a"), (comma, "m"), ("has a name", ":"), (value, "@"), (comma, "6")],
            ),
            ("(a [(n: 3)], b: 1, b: 2)", &[(colon, "["), ("twice", "b")]),
            ("(n 3)", &[(colon, "3")]),
            ("(a: [1, 2), b: 3}, c 4)", &[(comma, ")")]),
            ("[(a: 1}, (b 2)]", &[(comma, "}"), (colon, "2")]),
            ("{1 2, 3: 4, 5, \"k\": [6 7]}", &[(colon, "2"), (colon, ","), (comma, "7")]),
            ("(a: 1, b, (c: 2), d: 3 e: 4)", &[(colon, ","), ("name is missing", "("), (comma, "e")]),
        ];
        let mut wrong = Vec::new();
        for (text, wanted) in cases {
            let (told, is_plain) = faults(text);
            let fits =
                |(told, wanted): (&(String, &str), &(&str, &str))| told.0.contains(wanted.0) && told.1 == wanted.1;
            if is_plain || told.len() != wanted.len() || !told.iter().zip(wanted).all(fits) {
                wrong.push(format!("{text}: {told:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn what_is_wrong_everywhere_is_not_told_for_ever() {
        let broken = read(&format!("[{}]", "@,".repeat(100_000))).unwrap_err();
        assert!(broken.faults.len() < 1000);
        let broken = read(&format!("({})", "a: 1, ".repeat(100_000))).unwrap_err();
        assert!(broken.faults.len() < 1000);
    }

    #[test]
    fn attributes_of_a_document_are_read() {
        for text in ["#![enable(implicit_some, unwrap_newtypes,)] 1", "#![type = \"x\"]\n#![schema = r\"y\"] // c\n 1"]
        {
            assert!(read(text).is_ok(), "{text}");
        }
        for text in ["#![enable()] 1", "#![enable(all)] 1", "#![allow(x)] 1", "#[x] 1", "#![enable(implicit_some) 1"] {
            assert!(read(text).unwrap_err().message().contains("attribute"), "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_refused() {
        assert!(read(&"(".repeat(10_000)).is_err());
        assert!(read(&"[".repeat(10_000)).is_err());
    }

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn no_text_panics(text in "[\\PC\\n\"'()\\[\\]{}:,r#/*\\\\]{0,80}") {
            let _ = read(&text);
        }
    }
}
