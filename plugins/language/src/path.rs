//! Steps through a tree, as forms and patches take them.

use crate::syntax::{Kind, Node};

/// One step of a path into a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// A field of a struct.
    Field(String),
    /// An item of a list or tuple.
    Item(usize),
    /// An entry of a map.
    Key(String),
}

/// A path as people write it: `boids.flocks[0].max_speed`.
#[must_use]
pub fn path_text(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Field(name) | Step::Key(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
            Step::Item(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

impl Node {
    /// The value without a `Some(…)` around it.
    #[must_use]
    pub fn plain(&self) -> &Self {
        match &self.kind {
            Kind::Tuple(Some(name), items) if name.text == "Some" && items.len() == 1 => items[0].plain(),
            _ => self,
        }
    }

    /// The value one step further.
    #[must_use]
    pub fn step(&self, step: &Step) -> Option<&Self> {
        let value = self.plain();
        match (&value.kind, step) {
            (Kind::Struct(_, fields), Step::Field(name)) => {
                fields.iter().find(|(field, _)| field.text == *name).map(|(_, node)| node)
            }
            // `Kill((select: All))` stands for `Kill(select: All)`.
            (Kind::Tuple(Some(_), items), Step::Field(_)) if items.len() == 1 => items[0].step(step),
            (Kind::Tuple(_, items) | Kind::List(items), Step::Item(index)) => items.get(*index),
            (Kind::Map(entries), Step::Key(key)) => {
                entries.iter().find(|(own, _)| own.is_key(key)).map(|(_, node)| node)
            }
            _ => None,
        }
    }

    /// The value at a path.
    #[must_use]
    pub fn at(&self, path: &[Step]) -> Option<&Self> {
        path.iter().try_fold(self, |value, step| value.step(step))
    }

    /// The key of a map that it is.
    #[must_use]
    pub fn key_text(&self) -> String {
        match &self.kind {
            Kind::Text(text) | Kind::Word(text) | Kind::Number(text) => text.clone(),
            _ => self.to_line(),
        }
    }

    /// Whether it is this key.
    pub(crate) fn is_key(&self, key: &str) -> bool {
        match &self.kind {
            Kind::Text(text) | Kind::Word(text) | Kind::Number(text) => text == key,
            _ => self.to_line() == key,
        }
    }

    /// How many items, fields or entries it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.plain().kind {
            Kind::Struct(_, fields) => fields.len(),
            Kind::Tuple(_, items) | Kind::List(items) => items.len(),
            Kind::Map(entries) => entries.len(),
            _ => 0,
        }
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The path of the innermost value around a byte.
    #[must_use]
    pub fn path_at(&self, byte: usize) -> Vec<Step> {
        let inside = |node: &Self| node.place.span.start <= byte && byte <= node.place.span.end;
        let found = match &self.kind {
            Kind::Struct(_, fields) => fields
                .iter()
                .find(|(_, node)| inside(node))
                .map(|(name, node)| (Some(Step::Field(name.text.clone())), node)),
            Kind::Map(entries) => {
                entries.iter().find(|(_, node)| inside(node)).map(|(key, node)| (Some(Step::Key(key.key_text())), node))
            }
            Kind::Tuple(Some(name), items) if name.text == "Some" && items.len() == 1 => {
                inside(&items[0]).then(|| (None, &items[0]))
            }
            Kind::Tuple(_, items) | Kind::List(items) => items
                .iter()
                .enumerate()
                .find(|(_, node)| inside(node))
                .map(|(index, node)| (Some(Step::Item(index)), node)),
            _ => None,
        };
        let Some((step, node)) = found else {
            return Vec::new();
        };
        let mut path: Vec<Step> = step.into_iter().collect();
        path.extend(node.path_at(byte));
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::{SourceId, parse};

    #[test]
    fn paths_read_like_people_write_them_and_lead_through_a_tree() {
        let path = [Step::Field("boids".into()), Step::Field("flocks".into()), Step::Item(0), Step::Key("a".into())];
        assert_eq!(path_text(&path), "boids.flocks[0].a");
        let text = "Scene(boids: Some((flocks: [{\"a\": 12}])))";
        let node = parse(SourceId(0), text).unwrap();
        assert_eq!(node.at(&path).map(|node| &text[node.place.span.clone()]), Some("12"));
        assert_eq!(node.path_at(text.find("12").unwrap()), path);
        assert_eq!(node.at(&path[..3]).map(Node::len), Some(1));
    }
}
