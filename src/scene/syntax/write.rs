//! The tree as RON text again.

use super::{Kind, Node};

impl Node {
    /// Writes the value as RON text.
    pub fn write(&self, out: &mut String, indent: usize) {
        match &self.kind {
            Kind::Number(text) | Kind::Word(text) => out.push_str(text),
            Kind::Text(text) => write_text(out, text),
            Kind::Struct(name, fields) => {
                if let Some(name) = name {
                    out.push_str(&name.text);
                }
                out.push('(');
                write_items(out, indent, fields, |out, (name, node), indent| {
                    out.push_str(&name.text);
                    out.push_str(": ");
                    node.write(out, indent);
                });
                out.push(')');
            }
            // An optional value stands for itself, as in the scenes that people write.
            Kind::Tuple(Some(name), items) if name.text == "Some" && items.len() == 1 => items[0].write(out, indent),
            Kind::Tuple(name, items) => {
                if let Some(name) = name {
                    out.push_str(&name.text);
                    // The reader takes `Point((1, 2))` and `Kill((select: All))` only without the inner parentheses.
                    if let [Self { kind: Kind::Tuple(None, _) | Kind::Struct(None, _), .. }] = items.as_slice() {
                        return items[0].write(out, indent);
                    }
                }
                out.push('(');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    item.write(out, indent);
                }
                out.push(')');
            }
            Kind::List(items) => {
                out.push('[');
                write_items(out, indent, items, |out, item, indent| item.write(out, indent));
                out.push(']');
            }
            Kind::Map(entries) => {
                out.push('{');
                write_items(out, indent, entries, |out, (key, value), indent| {
                    key.write(out, indent);
                    out.push_str(": ");
                    value.write(out, indent);
                });
                out.push('}');
            }
        }
    }

    /// The value as RON text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out.push('\n');
        out
    }

    fn is_short(&self) -> bool {
        match &self.kind {
            Kind::Number(_) | Kind::Word(_) => true,
            Kind::Text(text) => text.len() < 40,
            Kind::Tuple(_, items) => items.len() <= 3 && items.iter().all(Self::is_short),
            Kind::Struct(_, fields) => fields.len() <= 3 && fields.iter().all(|(_, node)| node.is_leaf()),
            Kind::List(items) => items.len() <= 4 && items.iter().all(Self::is_leaf),
            Kind::Map(entries) => entries.is_empty(),
        }
    }

    fn is_leaf(&self) -> bool {
        matches!(self.kind, Kind::Number(_) | Kind::Word(_) | Kind::Text(_))
            || matches!(&self.kind, Kind::Tuple(_, items) if items.iter().all(Self::is_leaf))
    }
}

/// Items on one line if they are few and short, else a line each.
fn write_items<T: Short>(out: &mut String, indent: usize, items: &[T], write: impl Fn(&mut String, &T, usize)) {
    if items.len() <= 4 && items.iter().all(Short::short) {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            write(out, item, indent);
        }
        return;
    }
    for item in items {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', (indent + 1) * 4));
        write(out, item, indent + 1);
        out.push(',');
    }
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent * 4));
}

trait Short {
    fn short(&self) -> bool;
}

impl Short for Node {
    fn short(&self) -> bool {
        self.is_short()
    }
}

impl<N> Short for (N, Node) {
    fn short(&self) -> bool {
        self.1.is_short()
    }
}

fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control.is_control() => {
                out.push_str(&format!("\\u{{{:x}}}", u32::from(control)));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}
