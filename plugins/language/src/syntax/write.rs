//! The tree as RON text again.

use super::literal::is_plain_word;
use super::{Kind, Name, Node};

impl Node {
    /// Writes the value as RON text.
    pub fn write(&self, out: &mut String, indent: usize) {
        match &self.kind {
            Kind::Number(text) => out.push_str(text),
            Kind::Word(word) => write_word(out, word),
            Kind::Text(text) => write_text(out, text),
            Kind::Character(letter) => {
                out.push('\'');
                write_letter(out, *letter, '\'');
                out.push('\'');
            }
            Kind::Bytes(bytes) => {
                out.push_str("b\"");
                bytes.iter().for_each(|byte| out.push_str(&byte.escape_ascii().to_string()));
                out.push('"');
            }
            Kind::Struct(name, fields) => {
                write_name(out, name.as_ref());
                out.push('(');
                write_items(out, indent, fields, |out, (name, node), indent| {
                    write_word(out, &name.text);
                    out.push_str(": ");
                    node.write(out, indent);
                });
                out.push(')');
            }
            // An optional value stands for itself, as in the scenes that people write.
            Kind::Tuple(Some(name), items) if name.text == "Some" && items.len() == 1 && !items[0].is_nothing() => {
                items[0].write(out, indent);
            }
            Kind::Tuple(name, items) => {
                write_name(out, name.as_ref());
                // RON has `Point((1, 2))` and `Kill((select: All))` only without the inner parentheses.
                if let (Some(_), [Self { kind: Kind::Tuple(None, _) | Kind::Struct(None, _), .. }]) =
                    (name, items.as_slice())
                {
                    return items[0].write(out, indent);
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

    /// The value as RON on one line.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut out = String::new();
        self.write_line(&mut out);
        out
    }

    fn write_line(&self, out: &mut String) {
        fn list<T>(out: &mut String, items: &[T], write: impl Fn(&mut String, &T)) {
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write(out, item);
            }
        }
        match &self.kind {
            Kind::Struct(name, fields) => {
                write_name(out, name.as_ref());
                out.push('(');
                list(out, fields, |out, (name, node)| {
                    write_word(out, &name.text);
                    out.push_str(": ");
                    node.write_line(out);
                });
                out.push(')');
            }
            Kind::Tuple(name, items) => {
                write_name(out, name.as_ref());
                out.push('(');
                list(out, items, |out, item| item.write_line(out));
                out.push(')');
            }
            Kind::List(items) => {
                out.push('[');
                list(out, items, |out, item| item.write_line(out));
                out.push(']');
            }
            Kind::Map(entries) => {
                out.push('{');
                list(out, entries, |out, (key, value)| {
                    key.write_line(out);
                    out.push_str(": ");
                    value.write_line(out);
                });
                out.push('}');
            }
            _ => self.write(out, 0),
        }
    }

    /// Whether it is `None`, or that in `Some(…)`.
    fn is_nothing(&self) -> bool {
        match &self.kind {
            Kind::Word(word) => word == "None",
            Kind::Tuple(Some(name), items) if name.text == "Some" && items.len() == 1 => items[0].is_nothing(),
            _ => false,
        }
    }

    fn is_short(&self) -> bool {
        match &self.kind {
            Kind::Number(_) | Kind::Word(_) | Kind::Character(_) => true,
            Kind::Bytes(bytes) => bytes.len() < 40,
            Kind::Text(text) => text.len() < 40,
            Kind::Tuple(_, items) => items.len() <= 3 && items.iter().all(Self::is_short),
            Kind::Struct(_, fields) => fields.len() <= 3 && fields.iter().all(|(_, node)| node.is_leaf()),
            Kind::List(items) => items.len() <= 4 && items.iter().all(Self::is_leaf),
            Kind::Map(entries) => entries.is_empty(),
        }
    }

    fn is_leaf(&self) -> bool {
        matches!(self.kind, Kind::Number(_) | Kind::Word(_) | Kind::Text(_) | Kind::Character(_))
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

fn write_name(out: &mut String, name: Option<&Name>) {
    if let Some(name) = name {
        write_word(out, &name.text);
    }
}

fn write_word(out: &mut String, word: &str) {
    if !is_plain_word(word) {
        out.push_str("r#");
    }
    out.push_str(word);
}

fn write_text(out: &mut String, text: &str) {
    out.push('"');
    text.chars().for_each(|letter| write_letter(out, letter, '"'));
    out.push('"');
}

/// A letter as it stands between quotes.
fn write_letter(out: &mut String, letter: char, quote: char) {
    match letter {
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        letter if letter == quote => out.extend(['\\', letter]),
        control if control.is_control() => out.push_str(&format!("\\u{{{:x}}}", u32::from(control))),
        other => out.push(other),
    }
}

/// A text as it stands in RON.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::new();
    write_text(&mut out, text);
    out
}
