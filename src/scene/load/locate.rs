//! Finds the place in a tree that a problem is about.

use std::collections::BTreeMap;

use agent2028_core::check::Problem;
use agent2028_core::reflect_path::{Segment, parse_path};

use crate::scene::report::Fault;
use crate::scene::syntax::{Kind, Node};

/// The deepest node on a problem's path that exists.
pub(super) fn locate(tree: &Node, problem: Problem) -> Fault {
    Locator::new(tree).fault(problem)
}

/// Finds where problems are in a tree. The fields of long structs and maps are put in order once, so that a thousand problems
/// among a thousand parameters are found in a thousand steps.
pub(super) struct Locator<'t> {
    tree: &'t Node,
    /// The fields of nodes with many, by the node's address.
    fields: BTreeMap<*const Node, BTreeMap<&'t str, &'t Node>>,
}

/// Nodes with more fields than this have their fields put in order.
const MANY_FIELDS: usize = 32;

impl<'t> Locator<'t> {
    pub(super) fn new(tree: &'t Node) -> Self {
        Self { tree, fields: BTreeMap::new() }
    }

    fn field(&mut self, node: &'t Node, name: &str) -> Option<&'t Node> {
        match &node.kind {
            Kind::Map(entries) if entries.len() > MANY_FIELDS => {
                let fields = self.fields.entry(std::ptr::from_ref(node)).or_insert_with(|| {
                    let texts = entries.iter().filter_map(|(key, node)| match &key.kind {
                        Kind::Text(text) => Some((text.as_str(), node)),
                        _ => None,
                    });
                    texts.collect()
                });
                fields.get(name).copied()
            }
            _ => node.field(name),
        }
    }

    pub(super) fn fault(&mut self, problem: Problem) -> Fault {
        let mut place = self.tree.place.clone();
        // The whole scene: its first line.
        place.span.end = place.span.start + 1;
        let segments = if problem.path.is_empty() { Vec::new() } else { parse_path(&problem.path).unwrap_or_default() };
        let mut node = self.tree;
        for segment in segments {
            while let Kind::Tuple(Some(_), items) = &node.kind
                && items.len() == 1
            {
                node = &items[0];
            }
            let next = match (&node.kind, &segment) {
                (Kind::List(items) | Kind::Tuple(None, items), Segment::Index(index)) => items.get(*index),
                (Kind::Tuple(None, items), Segment::Field(name)) => {
                    name.parse::<usize>().ok().and_then(|index| items.get(index))
                }
                (_, Segment::Field(name)) => self.field(node, name),
                _ => None,
            };
            match next {
                Some(next) => {
                    node = next;
                    place = node.place.clone();
                }
                None => break,
            }
        }
        Fault::new(place, problem.message, problem.help)
    }
}
