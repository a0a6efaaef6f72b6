//! Settings from outside: values put into a tree by path.

use agent2028_core::reflect_path::{Segment, parse_path};

use super::Loader;
use crate::scene::report::Fault;
use crate::scene::syntax::{Kind, Name, Node, Place};

/// A setting from outside: `path=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// A path such as `boids.separation.weight`, or the name of a parameter.
    pub path: String,
    /// The value in RON.
    pub value: String,
}

impl std::str::FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (path, value) = text.split_once('=').ok_or("write path=value, for example boids.separation.weight=2.0")?;
        Ok(Self { path: path.trim().into(), value: value.trim().into() })
    }
}

/// Sets a value in the tree; structs that are missing on the way come into being.
fn set_node(tree: &mut Node, segments: &[Segment], value: Node) -> Result<(), String> {
    let Some((segment, rest)) = segments.split_first() else {
        *tree = value;
        return Ok(());
    };
    match (&mut tree.kind, segment) {
        (Kind::Struct(_, fields), Segment::Field(name)) => {
            match fields.iter_mut().find(|(field, _)| field.text == *name) {
                Some((_, node)) => set_node(node, rest, value),
                None => {
                    let place = value.place.clone();
                    let mut node = Node { kind: Kind::Tuple(None, Vec::new()), place: place.clone() };
                    set_node(&mut node, rest, value)?;
                    fields.push((Name { text: name.clone(), place }, node));
                    Ok(())
                }
            }
        }
        (Kind::Tuple(None, items), Segment::Field(name)) if items.is_empty() => {
            let place = value.place.clone();
            tree.kind = Kind::Struct(
                None,
                vec![(
                    Name { text: name.clone(), place: place.clone() },
                    Node { kind: Kind::Tuple(None, Vec::new()), place },
                )],
            );
            set_node(tree, segments, value)
        }
        (Kind::Tuple(Some(name), items), _)
            if items.len() == 1 && (name.text == "Some" || matches!(segment, Segment::Field(_))) =>
        {
            set_node(&mut items[0], segments, value)
        }
        // Points are written (x, y) and addressed as .x and .y.
        (Kind::Tuple(None, items), Segment::Field(name)) => {
            let index = match name.as_str() {
                "x" => 0,
                "y" => 1,
                other => other.parse().map_err(|_| format!("there is no field \"{other}\" here"))?,
            };
            let count = items.len();
            let item = items.get_mut(index).ok_or_else(|| format!("there are only {count} values here"))?;
            set_node(item, rest, value)
        }
        (Kind::Map(entries), Segment::Field(name)) => {
            match entries.iter_mut().find(|(key, _)| matches!(&key.kind, Kind::Text(text) if text == name)) {
                Some((_, node)) => set_node(node, rest, value),
                None => Err(format!("there is no entry \"{name}\" here")),
            }
        }
        (Kind::List(items), Segment::Index(index)) => {
            let count = items.len();
            let item =
                items.get_mut(*index).ok_or_else(|| format!("there is no element [{index}]: the list has {count}"))?;
            set_node(item, rest, value)
        }
        (_, Segment::Field(name)) => Err(format!("there is no field \"{name}\" here")),
        (_, Segment::Index(index)) => Err(format!("there is no element [{index}] here")),
    }
}

impl Loader {
    pub(super) fn apply_setting(&mut self, tree: &mut Node, setting: &Setting) {
        let label = format!("--set {}={}", setting.path, setting.value);
        let source = self.sources.add(&label, &setting.value);
        let whole = Place { source, span: 0..setting.value.len() };
        // A parameter's name stands for its path.
        let path = tree
            .field("params")
            .and_then(|params| params.field(&setting.path))
            .and_then(|param| param.field("path"))
            .and_then(|node| match &node.kind {
                Kind::Text(path) => Some(path.clone()),
                _ => None,
            })
            .unwrap_or_else(|| setting.path.clone());
        let segments = match parse_path(&path) {
            Ok(segments) => segments,
            Err(error) => {
                self.faults.push(Fault::new(whole, error.message, error.help));
                return;
            }
        };
        if let Some(value) = self.tree_of(source, &setting.value)
            && let Err(message) = set_node(tree, &segments, value)
        {
            self.faults.push(Fault::new(whole, format!("{path}: {message}"), "see docs/scene-reference.md"));
        }
    }
}
