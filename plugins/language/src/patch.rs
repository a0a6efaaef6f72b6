//! Changes at a path of a scene's text: one replacement each, which leaves every other byte, comments and formatting
//! as they are.

use std::ops::Range;

use crate::path::{Step, path_text};
use crate::syntax::lexer::{Lexer, TokenKind};
use crate::syntax::{Kind, Name, Node, SourceId, parse, quoted};

/// What is to be done at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Put this there; what is missing on the way comes into being.
    Set(String),
    /// Take the field, item or entry away.
    Remove,
    /// Put this in front of the item of a list, or at its end.
    Insert(String),
    /// Put a copy of the item after it.
    Duplicate,
    /// Let the item of a list change places with the one at this index.
    Swap(usize),
    /// Give the entry of a map another key.
    Rename(String),
}

/// A replacement in a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextEdit {
    /// The bytes that go.
    pub span: Range<usize>,
    /// What comes in their place.
    pub text: String,
}

/// The one replacement that makes a change.
///
/// # Errors
/// With a sentence, if the text can't be read, the path leads nowhere, or the new text is no value.
pub fn edit(text: &str, path: &[Step], change: &Change) -> Result<TextEdit, String> {
    let tree = read(text, "the scene")?;
    if let Change::Set(value) | Change::Insert(value) = change {
        read(value, "the new value")?;
    }
    let edit = match change {
        Change::Set(value) => set(text, &tree, path, value)?,
        Change::Remove => {
            let (holder, last) = holder(&tree, path)?;
            remove(text, &slots(holder, last)?)
        }
        Change::Insert(value) => insert(text, &tree, path, value)?,
        Change::Duplicate => {
            let (holder, last) = holder(&tree, path)?;
            let slots = slots(holder, last)?;
            let slot = slots.list[slots.at].clone();
            let copy = text[slot].to_owned();
            add(text, holder, &slots.list, slots.at + 1, &copy)
        }
        Change::Swap(other) => {
            let (holder, last) = holder(&tree, path)?;
            let slots = slots(holder, last)?;
            let (first, second) = (slots.at.min(*other), slots.at.max(*other));
            let (Some(a), Some(b)) = (slots.list.get(first), slots.list.get(second)) else {
                return Err(format!("there is no item [{other}] to change places with"));
            };
            if first == second {
                return Err("an item can't change places with itself".into());
            }
            let swapped = format!("{}{}{}", &text[b.clone()], &text[a.end..b.start], &text[a.clone()]);
            TextEdit { span: a.start..b.end, text: swapped }
        }
        Change::Rename(name) => rename(&tree, path, name)?,
    };
    let mut after = text.to_owned();
    after.replace_range(edit.span.clone(), &edit.text);
    read(&after, "the scene after the change")?;
    Ok(edit)
}

fn read(text: &str, what: &str) -> Result<Node, String> {
    parse(SourceId(0), text).map_err(|error| format!("{what} can't be read: {}", error.message()))
}

/// The value that paths see: without `Some(…)`, and without the parentheses of `Kill((select: All))`.
fn plain<'a>(node: &'a Node, step: Option<&Step>) -> &'a Node {
    match &node.kind {
        Kind::Tuple(Some(name), items) if name.text == "Some" && items.len() == 1 => plain(&items[0], step),
        Kind::Tuple(Some(_), items)
            if items.len() == 1
                && matches!(step, Some(Step::Field(_)))
                && matches!(items[0].kind, Kind::Struct(None, _)) =>
        {
            &items[0]
        }
        _ => node,
    }
}

fn child<'a>(node: &'a Node, step: &Step) -> Option<&'a Node> {
    match (&plain(node, Some(step)).kind, step) {
        (Kind::Struct(_, fields), Step::Field(name)) => {
            fields.iter().find(|(field, _)| field.text == *name).map(|(_, node)| node)
        }
        (Kind::List(items) | Kind::Tuple(_, items), Step::Item(index)) => items.get(*index),
        (Kind::Map(entries), Step::Key(key)) => entries.iter().find(|(own, _)| own.is_key(key)).map(|(_, node)| node),
        _ => None,
    }
}

/// What holds the value at a path, and the last step.
fn holder<'a, 'p>(tree: &'a Node, path: &'p [Step]) -> Result<(&'a Node, &'p Step), String> {
    let (last, way) = path.split_last().ok_or("the scene as a whole stays")?;
    let node = way.iter().try_fold(tree, child).ok_or_else(|| format!("there is nothing at {}", path_text(way)))?;
    Ok((plain(node, Some(last)), last))
}

/// The items of something that holds values, each with its name or key, and which one is meant.
struct Slots {
    list: Vec<Range<usize>>,
    at: usize,
}

fn spans(node: &Node) -> Vec<Range<usize>> {
    match &node.kind {
        Kind::Struct(_, fields) => {
            fields.iter().map(|(name, node)| name.place.span.start..node.place.span.end).collect()
        }
        Kind::Map(entries) => entries.iter().map(|(key, node)| key.place.span.start..node.place.span.end).collect(),
        Kind::List(items) | Kind::Tuple(_, items) => items.iter().map(|node| node.place.span.clone()).collect(),
        _ => Vec::new(),
    }
}

fn slots(holder: &Node, last: &Step) -> Result<Slots, String> {
    let at = match (&holder.kind, last) {
        (Kind::Struct(_, fields), Step::Field(name)) => fields.iter().position(|(field, _)| field.text == *name),
        (Kind::Map(entries), Step::Key(key)) => entries.iter().position(|(own, _)| own.is_key(key)),
        (Kind::List(items), Step::Item(index)) => (*index < items.len()).then_some(*index),
        _ => None,
    };
    match at {
        Some(at) => Ok(Slots { list: spans(holder), at }),
        None => Err("there is nothing at this place".into()),
    }
}

fn set(text: &str, tree: &Node, path: &[Step], value: &str) -> Result<TextEdit, String> {
    let mut node = tree;
    for (depth, step) in path.iter().enumerate() {
        match child(node, step) {
            Some(next) => node = next,
            None => return put(text, node, &path[depth..], value),
        }
    }
    Ok(TextEdit { span: node.place.span.clone(), text: value.to_owned() })
}

/// Puts a value where something on the way to it is missing.
fn put(text: &str, node: &Node, rest: &[Step], value: &str) -> Result<TextEdit, String> {
    let (first, further) = rest.split_first().ok_or("there is nothing to add")?;
    let inner = nested(further, value)?;
    let holder = plain(node, Some(first));
    match (&holder.kind, first) {
        (Kind::Struct(..), Step::Field(name)) => {
            Ok(add(text, holder, &spans(holder), usize::MAX, &format!("{name}: {inner}")))
        }
        (Kind::Tuple(_, items), Step::Field(name)) if items.is_empty() => {
            Ok(add(text, holder, &[], 0, &format!("{name}: {inner}")))
        }
        // A choice without parentheses gets them.
        (Kind::Word(word), Step::Field(name)) if word != "None" => {
            let end = holder.place.span.end;
            Ok(TextEdit { span: end..end, text: format!("({name}: {inner})") })
        }
        (Kind::Word(word), _) if word == "None" => {
            Ok(TextEdit { span: holder.place.span.clone(), text: nested(rest, value)? })
        }
        (Kind::List(items), Step::Item(index)) if *index == items.len() => {
            Ok(add(text, holder, &spans(holder), usize::MAX, &inner))
        }
        (Kind::Map(_), Step::Key(key)) => {
            Ok(add(text, holder, &spans(holder), usize::MAX, &format!("{}: {inner}", quoted(key))))
        }
        _ => Err(format!("{} has no place here", path_text(rest))),
    }
}

/// A value with the records around it that a path needs.
fn nested(path: &[Step], value: &str) -> Result<String, String> {
    path.iter().rev().try_fold(value.to_owned(), |inner, step| match step {
        Step::Field(name) => Ok(format!("({name}: {inner})")),
        Step::Key(key) => Ok(format!("{{{}: {inner}}}", quoted(key))),
        Step::Item(0) => Ok(format!("[{inner}]")),
        Step::Item(index) => Err(format!("there are no items before [{index}]")),
    })
}

fn insert(text: &str, tree: &Node, path: &[Step], value: &str) -> Result<TextEdit, String> {
    let (last, way) = path.split_last().ok_or("the scene as a whole stays")?;
    let list = way.iter().try_fold(tree, child).map(|node| plain(node, Some(last)));
    match (list, last) {
        (Some(holder @ Node { kind: Kind::List(items), .. }), Step::Item(index)) if *index <= items.len() => {
            Ok(add(text, holder, &spans(holder), *index, value))
        }
        _ => set(text, tree, path, value),
    }
}

fn rename(tree: &Node, path: &[Step], name: &str) -> Result<TextEdit, String> {
    let (holder, last) = holder(tree, path)?;
    match (&holder.kind, last) {
        (Kind::Map(entries), Step::Key(key)) => {
            if entries.iter().any(|(own, _)| own.is_key(name)) {
                return Err(format!("there is an entry \"{name}\" already"));
            }
            let (own, _) = entries.iter().find(|(own, _)| own.is_key(key)).ok_or("there is no such entry")?;
            Ok(TextEdit { span: own.place.span.clone(), text: quoted(name) })
        }
        _ => Err("only the entries of a map have names that can change".into()),
    }
}

/// The end of the line that a byte is in, without the newline.
fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end)
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// The byte behind the comma that follows, if comments and blanks are all that stands before it.
fn after_comma(text: &str, from: usize) -> Option<usize> {
    let next = Lexer::new(&text[from..]).find(|token| token.kind != TokenKind::Comment)?;
    (next.kind == TokenKind::Comma).then_some(from + next.span.end)
}

/// Whether only blanks and a line comment follow on the line.
fn rest_is_remark(text: &str, from: usize) -> bool {
    let rest = text[from..line_end(text, from)].trim();
    rest.is_empty() || rest.starts_with("//")
}

/// Where the brackets of something that holds values begin.
fn opening(text: &str, holder: &Node) -> usize {
    let start = match &holder.kind {
        Kind::Struct(Some(Name { place, .. }), _) | Kind::Tuple(Some(Name { place, .. }), _) => place.span.end,
        _ => holder.place.span.start,
    };
    // Between a name and its bracket there may be blanks and comments.
    let next = Lexer::new(&text[start..]).find(|token| token.kind != TokenKind::Comment);
    start + next.map_or(0, |token| token.span.start)
}

/// Adds an item at a place among others, in their style: on a line of its own if they have lines of their own.
fn add(text: &str, holder: &Node, slots: &[Range<usize>], index: usize, item: &str) -> TextEdit {
    let open = opening(text, holder);
    let Some(first) = slots.first() else {
        return TextEdit { span: open + 1..open + 1, text: item.to_owned() };
    };
    // Its own line: nothing but blanks before it.
    let own_line = |slot: &Range<usize>| text[line_start(text, slot.start)..slot.start].trim().is_empty();
    let indent = |slot: &Range<usize>| text[line_start(text, slot.start)..slot.start].to_owned();
    let lines = own_line(first) && text[open..first.start].contains('\n');
    if let Some(next) = slots.get(index) {
        let separator = if lines && own_line(next) { format!(",\n{}", indent(next)) } else { ", ".into() };
        return TextEdit { span: next.start..next.start, text: format!("{item}{separator}") };
    }
    let last = &slots[slots.len() - 1];
    let comma = after_comma(text, last.end);
    if !lines {
        return match comma {
            Some(after) => TextEdit { span: after..after, text: format!(" {item}") },
            None => TextEdit { span: last.end..last.end, text: format!(", {item}") },
        };
    }
    let from = comma.unwrap_or(last.end);
    let line = format!("\n{}{item},", indent(first));
    let comma = if comma.is_some() { "" } else { "," };
    if rest_is_remark(text, from) {
        // A remark behind the last item stays behind it.
        let end = line_end(text, from);
        return TextEdit { span: from..end, text: format!("{comma}{}{line}", &text[from..end]) };
    }
    TextEdit { span: from..from, text: format!("{comma}{line}") }
}

/// Takes an item away with its comma, and with its line if it has one of its own.
fn remove(text: &str, slots: &Slots) -> TextEdit {
    let slot = &slots.list[slots.at];
    let comma = after_comma(text, slot.end);
    let end = comma.unwrap_or(slot.end);
    let start = line_start(text, slot.start);
    let nothing = |span: Range<usize>| TextEdit { span, text: String::new() };
    if text[start..slot.start].trim().is_empty() && rest_is_remark(text, end) && line_end(text, end) < text.len() {
        let trailing = comma.is_some() || slots.at == 0;
        if trailing {
            return nothing(start..line_end(text, end) + 1);
        }
    }
    if comma.is_some() {
        let blanks = text[end..].len() - text[end..].trim_start_matches([' ', '\t']).len();
        return nothing(slot.start..end + blanks);
    }
    match slots.at.checked_sub(1) {
        // The comma before goes with it.
        Some(before) => {
            let from = after_comma(text, slots.list[before].end).unwrap_or(slot.start);
            // Remarks between the two stay where they are.
            let blank = from > slots.list[before].end && text[from..slot.start].trim().is_empty();
            if blank { nothing(from - 1..slot.end) } else { nothing(slot.clone()) }
        }
        None => nothing(slot.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn field(name: &str) -> Step {
        Step::Field(name.into())
    }

    fn done(text: &str, path: &[Step], change: Change) -> String {
        let edit = edit(text, path, &change).unwrap_or_else(|error| panic!("{text}: {error}"));
        let mut after = text.to_owned();
        after.replace_range(edit.span, &edit.text);
        after
    }

    const SCENE: &str = "Scene(\n    // The seed.\n    seed: 1, // odd\n    agents: [\n        (name: \"a\"), // first\n        (name: \"b\")\n    ],\n    world: (),\n)\n";

    #[test]
    fn values_are_set_in_place_and_comments_stay() {
        assert_eq!(done(SCENE, &[field("seed")], Change::Set("7".into())), SCENE.replace("seed: 1", "seed: 7"));
        let path = [field("agents"), Step::Item(1), field("name")];
        assert_eq!(done(SCENE, &path, Change::Set("\"c\"".into())), SCENE.replace("\"b\"", "\"c\""));
    }

    #[test]
    fn what_is_missing_comes_into_being_in_the_style_of_its_neighbours() {
        let path = [field("boids"), field("cohesion"), field("weight")];
        assert_eq!(
            done(SCENE, &path, Change::Set("2".into())),
            SCENE.replace("world: (),\n", "world: (),\n    boids: (cohesion: (weight: 2)),\n")
        );
        let path = [field("agents"), Step::Item(0), field("count")];
        assert_eq!(done(SCENE, &path, Change::Set("5".into())), SCENE.replace("\"a\")", "\"a\", count: 5)"));
        assert_eq!(
            done(SCENE, &[field("world"), field("edge")], Change::Set("Open".into())),
            SCENE.replace("world: ()", "world: (edge: Open)")
        );
        assert_eq!(done("(a: None)", &[field("a"), field("b")], Change::Set("1".into())), "(a: (b: 1))");
        assert_eq!(done("(a: Some((b: 1)))", &[field("a"), field("b")], Change::Set("2".into())), "(a: Some((b: 2)))");
        assert_eq!(done("(do: Kill)", &[field("do"), field("x")], Change::Set("2".into())), "(do: Kill(x: 2))");
        assert_eq!(
            done("(do: Kill((x: 1)))", &[field("do"), field("x")], Change::Set("2".into())),
            "(do: Kill((x: 2)))"
        );
        assert_eq!(
            done("(m: {})", &[field("m"), Step::Key("k\"".into())], Change::Set("2".into())),
            "(m: {\"k\\\"\": 2})"
        );
        assert_eq!(done("(\n  a: 1 // x\n)", &[field("b")], Change::Set("2".into())), "(\n  a: 1, // x\n  b: 2,\n)");
        assert_eq!(
            done("Scene()", &[field("agents"), Step::Item(0)], Change::Insert("()".into())),
            "Scene(agents: [()])"
        );
    }

    #[test]
    fn items_come_go_and_change_places() {
        let items = |index| [field("agents"), Step::Item(index)];
        let without_first = SCENE.replace("        (name: \"a\"), // first\n", "");
        assert_eq!(done(SCENE, &items(0), Change::Remove), without_first);
        assert_eq!(
            done(SCENE, &items(2), Change::Insert("(name: \"c\")".into())),
            SCENE.replace("(name: \"b\")\n", "(name: \"b\"),\n        (name: \"c\"),\n")
        );
        assert_eq!(done("[1, 2, 3]", &[Step::Item(1)], Change::Remove), "[1, 3]");
        assert_eq!(done("[1, 2, 3]", &[Step::Item(2)], Change::Remove), "[1, 2]");
        assert_eq!(done("[1]", &[Step::Item(0)], Change::Remove), "[]");
        assert_eq!(done("[1, /* x */ 2, 3]", &[Step::Item(0)], Change::Swap(1)), "[2, /* x */ 1, 3]");
        assert_eq!(done("[1, 2]", &[Step::Item(0)], Change::Duplicate), "[1, 1, 2]");
        assert_eq!(done("[1, 2]", &[Step::Item(1)], Change::Duplicate), "[1, 2, 2]");
        assert_eq!(done("{\"a\": 1}", &[Step::Key("a".into())], Change::Rename("b".into())), "{\"b\": 1}");
        assert_eq!(done(SCENE, &[field("seed")], Change::Remove), SCENE.replace("    seed: 1, // odd\n", ""));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_a_sentence() {
        let refused = |text: &str, path: &[Step], change: Change| edit(text, path, &change).unwrap_err();
        assert!(refused("(a: ", &[field("a")], Change::Set("1".into())).contains("scene can't be read"));
        assert!(refused("(a: 1)", &[field("a")], Change::Set(")".into())).contains("new value can't be read"));
        assert!(refused("(a: 1)", &[field("a"), field("b")], Change::Set("1".into())).contains("no place"));
        assert!(refused("(a: [])", &[field("a"), Step::Item(0)], Change::Remove).contains("nothing"));
        assert!(refused("[1]", &[Step::Item(0)], Change::Swap(7)).contains("[7]"));
    }

    /// Blanks and remarks as they may stand between any two words.
    fn blank() -> impl Strategy<Value = String> {
        prop_oneof![
            3 => Just(String::new()),
            2 => Just(" ".to_owned()),
            1 => Just("\n    ".to_owned()),
            1 => Just(" // a, b: (c\n  ".to_owned()),
            1 => Just(" /* }, */ ".to_owned()),
        ]
    }

    /// The text of a value with whatever people put between its words.
    fn value() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("1.5".to_owned()),
            Just("-3".to_owned()),
            Just("\"t, (\\\" x\"".to_owned()),
            Just("true".to_owned()),
            Just("None".to_owned()),
            Just("Wrap".to_owned()),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let items = proptest::collection::vec((blank(), inner, blank()), 0..4);
            let joined = |items: &[(String, String, String)], trailing: bool, name: fn(usize) -> String| {
                let list: Vec<String> = items
                    .iter()
                    .enumerate()
                    .map(|(index, (before, value, after))| format!("{before}{}{value}{after}", name(index)))
                    .collect();
                let mut text = list.join(",");
                if trailing && !items.is_empty() {
                    text.push(',');
                }
                text
            };
            (items, any::<bool>(), 0..4_usize).prop_map(move |(items, trailing, kind)| match kind {
                0 => format!("[{}]", joined(&items, trailing, |_| String::new())),
                1 => format!("({})", joined(&items, trailing, |index| format!("f{index}: "))),
                2 => format!("Kind({})", joined(&items, trailing, |index| format!("f{index}:"))),
                _ => format!("{{{}}}", joined(&items, trailing, |index| format!("\"k{index}\": "))),
            })
        })
    }

    fn paths(node: &Node, way: &mut Vec<Step>, out: &mut Vec<Vec<Step>>) {
        out.push(way.clone());
        let mut visit = |step: Step, node: &Node| {
            way.push(step);
            paths(node, way, out);
            way.pop();
        };
        match &node.kind {
            Kind::Struct(_, fields) => fields.iter().for_each(|(name, node)| visit(field(&name.text), node)),
            Kind::List(items) => items.iter().enumerate().for_each(|(index, node)| visit(Step::Item(index), node)),
            Kind::Map(entries) => entries.iter().for_each(|(key, node)| {
                if let Kind::Text(key) = &key.kind {
                    visit(Step::Key(key.clone()), node);
                }
            }),
            _ => {}
        }
    }

    /// The same change made on the tree, without places.
    fn changed(node: &Node, path: &[Step], change: &Change) -> Node {
        let value = |text: &str| parse(SourceId(0), text).unwrap();
        let Some((step, rest)) = path.split_first() else {
            return match change {
                Change::Set(text) => value(text),
                _ => node.clone(),
            };
        };
        let mut node = node.clone();
        let remove = rest.is_empty() && *change == Change::Remove;
        match (&mut node.kind, step) {
            (Kind::Struct(_, fields), Step::Field(name)) => {
                if remove {
                    fields.retain(|(field, _)| field.text != *name);
                } else if let Some((_, inner)) = fields.iter_mut().find(|(field, _)| field.text == *name) {
                    *inner = changed(inner, rest, change);
                } else if let Change::Set(text) = change {
                    let place = node.place.clone();
                    fields.push((Name { text: name.clone(), place }, value(text)));
                }
            }
            (Kind::List(items), Step::Item(index)) => match change {
                Change::Remove if remove => drop(items.remove(*index)),
                Change::Duplicate if rest.is_empty() => items.insert(*index, items[*index].clone()),
                Change::Insert(text) if rest.is_empty() => items.insert(*index, value(text)),
                _ => items[*index] = changed(&items[*index], rest, change),
            },
            (Kind::Map(entries), Step::Key(key)) => {
                if remove {
                    entries.retain(|(own, _)| !own.is_key(key));
                } else if let Some((_, inner)) = entries.iter_mut().find(|(own, _)| own.is_key(key)) {
                    *inner = changed(inner, rest, change);
                }
            }
            _ => {}
        }
        node
    }

    /// A record that lost its last field reads as `()`, which is the same.
    fn told(node: &Node) -> String {
        parse(SourceId(0), &node.to_text()).unwrap().to_text()
    }

    proptest! {
        // Many picks can't be changed in the way that was drawn.
        #![proptest_config(ProptestConfig { max_global_rejects: 200_000, ..agent2028_property_tests::cases(600) })]

        #[test]
        fn a_patched_text_says_exactly_the_new_value_and_keeps_every_other_byte(
            text in value(), new in value(), pick in any::<prop::sample::Index>(), what in 0..5_usize,
        ) {
            let Ok(tree) = parse(SourceId(0), &text) else { return Ok(()) };
            let mut all = Vec::new();
            paths(&tree, &mut Vec::new(), &mut all);
            let mut path = all[pick.index(all.len())].clone();
            let is_item = matches!(path.last(), Some(Step::Item(_)));
            let change = match what {
                0 => Change::Set(new),
                1 => {
                    let inner = all.iter().filter(|other| other.len() > path.len() && other.starts_with(&path)).count();
                    let at = path.iter().try_fold(&tree, child).unwrap();
                    prop_assume!(matches!(at.kind, Kind::Struct(..)) && inner > 0);
                    path.push(field("fresh"));
                    Change::Set(new)
                }
                2 => { prop_assume!(!path.is_empty()); Change::Remove }
                3 => { prop_assume!(is_item); Change::Duplicate }
                _ => { prop_assume!(is_item); Change::Insert(new) }
            };
            let edit = edit(&text, &path, &change).map_err(TestCaseError::fail)?;
            let mut after = text.clone();
            after.replace_range(edit.span.clone(), &edit.text);
            prop_assert_eq!(&after[..edit.span.start], &text[..edit.span.start]);
            prop_assert_eq!(&after[edit.span.start + edit.text.len()..], &text[edit.span.end..]);
            let read = parse(SourceId(0), &after).map_err(|error| TestCaseError::fail(format!("{after}: {error:?}")))?;
            prop_assert_eq!(told(&read), told(&changed(&tree, &path, &change)), "{} -> {}", text, after);
            if let Change::Set(new) = &change && path.iter().try_fold(&tree, child).is_some() {
                // What is replaced is the value and nothing else.
                let old = path.iter().try_fold(&tree, child).unwrap().place.span.clone();
                prop_assert_eq!((edit.span, &edit.text), (old, new));
            }
        }
    }
}
