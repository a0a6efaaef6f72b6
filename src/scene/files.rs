//! The files that a scene's agents and sections name: where their names stand, what is read from them, and copies beside a
//! copy of the scene.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};

use agent2028_core::reflect_path::{Segment, parse_path};
use agent2028_core::section::{FileContent, FileContext, FileFaults, FileRequest, Reading, TableFile};
use agent2028_core::table::{RowFault, SAVE_AS_UTF8, open_quotes, utf8};
use agent2028_language::types::{FieldDoc, Payload, Shape, ShapeId, Types};

use super::report::Fault;
use super::syntax::{Kind, Name, Node, Place, SourceId};

/// How many bad rows of a file are reported; the others are counted.
pub(super) const REPORTED: usize = 1000;
/// Scene and CSV files larger than this are refused.
const MAX_FILE_BYTES: u64 = 256 << 20;
/// What a file holds is kept in memory for copies of the scene if it is at most so long.
const MAX_HELD_BYTES: usize = 16 << 20;
/// What to do about a scene file in another encoding.
const SAVE_SCENE_AS_UTF8: &str = "save it with the encoding UTF-8, which editors offer where they save under a name";

/// A file that lies beside a scene.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beside {
    /// Its text.
    Text(String),
    /// A copy of a file, which may be long.
    Copy {
        /// The file.
        from: PathBuf,
        /// The BLAKE3 hash of what it held when the scene was read.
        digest: [u8; 32],
    },
}

impl Beside {
    /// Writes it.
    ///
    /// # Errors
    /// If it can't be read or written, or no longer holds what it held when the scene was read.
    pub fn write(&self, to: &Path) -> std::io::Result<()> {
        match self {
            Self::Text(text) => agent2028_core::checkpoint::write_atomically(to, text.as_bytes()),
            Self::Copy { from, digest } => {
                std::fs::copy(from, to)?;
                if digest_of(to)? == *digest {
                    return Ok(());
                }
                // What is no part of the scene must not be taken for one.
                let _ = std::fs::remove_file(to);
                let changed = format!("{} was changed after the scene was read: start again", from.display());
                Err(std::io::Error::other(changed))
            }
        }
    }

    /// The BLAKE3 hash of its bytes.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        match self {
            Self::Text(text) => *blake3::hash(text.as_bytes()).as_bytes(),
            Self::Copy { digest, .. } => *digest,
        }
    }
}

/// A file that was read with a scene.
#[derive(Clone, Debug)]
pub(super) struct NamedFile {
    /// Where in the scene its name stands.
    pub(super) at: String,
    /// The name that the scene gives it.
    pub(super) name: String,
    copy_as: &'static str,
    content: Beside,
}

impl NamedFile {
    /// The BLAKE3 hash of its bytes.
    pub(super) fn digest(&self) -> [u8; 32] {
        self.content.digest()
    }

    /// The same file, named at another place.
    pub(super) fn clone_at(&self, at: String) -> Self {
        Self { at, ..self.clone() }
    }
}

/// Why a file can't be used.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It can't be read.
    Unreadable(String),
    /// What it holds is wrong; with its text, if that is known.
    Bad(FileFaults, Option<String>),
}

/// Reads a file that is asked for at a place of the scene.
///
/// # Errors
/// With everything that is wrong with it.
pub(super) fn read(
    at: String,
    request: &FileRequest,
    path: &Path,
    context: &FileContext,
) -> Result<(NamedFile, FileContent), Refusal> {
    let unreadable = |error: std::io::Error| Refusal::Unreadable(error.to_string());
    let (file, quotes) = match request.reading {
        Reading::Once => {
            let text = read_text(path).map_err(Refusal::Unreadable)?;
            let quotes = open_quotes(text.as_bytes(), REPORTED).map_err(unreadable)?;
            (TableFile::in_memory(path, text), quotes)
        }
        Reading::Streamed => {
            // It is read as often as it is played, from any place: a pipe or a device can't be, and may have no end.
            if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
                let message = "this is a device, a pipe or a folder; an ordinary file is wanted";
                return Err(Refusal::Unreadable(message.into()));
            }
            let quotes = open_quotes(BufReader::new(File::open(path).map_err(unreadable)?), REPORTED);
            (TableFile::on_disk(path), quotes.map_err(unreadable)?)
        }
    };
    let held = || file.text().map(str::to_owned);
    if !quotes.0.is_empty() {
        return Err(Refusal::Bad(quotes.into(), held()));
    }
    let rows = request.read(&file, context).map_err(|faults| Refusal::Bad(faults, held()))?;
    let content = match file.text() {
        Some(text) if text.len() <= MAX_HELD_BYTES => Beside::Text(text.to_owned()),
        Some(text) => Beside::Copy { from: path.into(), digest: *blake3::hash(text.as_bytes()).as_bytes() },
        None => Beside::Copy { from: path.into(), digest: digest_of(path).map_err(unreadable)? },
    };
    Ok((NamedFile { at, name: request.name.clone(), copy_as: request.copy_as, content }, rows))
}

/// The BLAKE3 hash of a file's bytes.
fn digest_of(path: &Path) -> std::io::Result<[u8; 32]> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(*hasher.finalize().as_bytes())
}

/// A text file.
pub(super) fn read_text(path: &Path) -> Result<String, String> {
    let too_long = |size: &str| format!("the file has {size} bytes; at most {MAX_FILE_BYTES} are read");
    let file = File::open(path).map_err(|error| error.to_string())?;
    let size = file.metadata().map_err(|error| error.to_string())?.len();
    if size > MAX_FILE_BYTES {
        return Err(too_long(&size.to_string()));
    }
    // A device or a pipe tells no size, and may have no end.
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(too_long("more"));
    }
    utf8(bytes).map_err(|message| {
        let is_table = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
        format!("{message}; {}", if is_table { SAVE_AS_UTF8 } else { SAVE_SCENE_AS_UTF8 })
    })
}

/// That a file can't be read, and what to do: what its error says, if it says something.
pub(super) fn unread<'e>(path: &Path, error: &'e str, otherwise: &'e str) -> (String, &'e str) {
    let (error, help) = error.split_once("; ").unwrap_or((error, otherwise));
    (format!("{}: {error}", path.display()), help)
}

/// The faults of a file with their places in its text; a text that could not be held has none.
pub(super) fn located(path: &Path, text: &str, source: SourceId, faults: FileFaults) -> Vec<Fault> {
    let mut found: Vec<Fault> = faults
        .told
        .into_iter()
        .map(|RowFault { byte, line, cell, message, help }| {
            let span = cell_span(text, usize::try_from(byte).unwrap_or(usize::MAX), cell);
            let message = if text.is_empty() { format!("line {line}: {message}") } else { message };
            Fault::new(Place { source, span }, message, help)
        })
        .collect();
    if faults.beyond > 0
        && let Some(last) = found.last_mut()
    {
        last.help = format!("{}; {} more values in {} are wrong", last.help, faults.beyond, path.display());
    }
    found
}

fn line_at(text: &str, start: usize) -> std::ops::Range<usize> {
    let start = start.min(text.len());
    let end = text.get(start..).and_then(|rest| rest.find(['\n', '\r'])).map_or(text.len(), |end| start + end);
    start..end
}

/// The bytes of the `index`-th cell of the row that starts at `start` (quoted cells count their quotes).
fn cell_span(text: &str, start: usize, index: usize) -> std::ops::Range<usize> {
    let line = line_at(text, start);
    let Some(row) = text.get(line.clone()) else {
        return line;
    };
    let mut from = 0;
    let mut quoted = false;
    let mut cell = 0;
    for (at, character) in row.char_indices() {
        match character {
            '"' => quoted = !quoted,
            ',' if !quoted => {
                if cell == index {
                    return line.start + from..line.start + at;
                }
                cell += 1;
                from = at + 1;
            }
            _ => {}
        }
    }
    line.start + from..line.end
}

/// Gives the files of a scene names that lie beside it, in the order in which it names them, each content once: so a copy's
/// copy has the same names. Returns what lies there, by name.
pub(super) fn beside(tree: &mut Node, files: &[NamedFile]) -> Vec<(String, Beside)> {
    let mut held: Vec<(&str, [u8; 32])> = Vec::new();
    let mut copies = Vec::new();
    for file in files {
        let known: Vec<&[u8; 32]> =
            held.iter().filter(|(kind, _)| *kind == file.copy_as).map(|(_, held)| held).collect();
        let number = known.iter().position(|held| **held == file.digest()).unwrap_or(known.len());
        let name = file.copy_as.replace("{}", &number.to_string());
        if number == known.len() {
            held.push((file.copy_as, file.digest()));
            copies.push((name.clone(), file.content.clone()));
        }
        if let Some(text) = node_at(tree, &file.at).and_then(text_of) {
            *text = name;
        }
    }
    copies.sort_by(|(one, _), (other, _)| one.cmp(other));
    copies
}

/// The node at a path.
fn node_at<'t>(tree: &'t mut Node, path: &str) -> Option<&'t mut Node> {
    parse_path(path).ok()?.into_iter().try_fold(tree, |node, segment| {
        let node = inner_of(node);
        match (&mut node.kind, segment) {
            (Kind::Struct(_, fields), Segment::Field(name)) => {
                fields.iter_mut().find(|(field, _)| field.text == name).map(|(_, node)| node)
            }
            (Kind::List(items) | Kind::Tuple(_, items), Segment::Index(index)) => items.get_mut(index),
            _ => None,
        }
    })
}

/// What stands in `Some(…)`.
fn inner_of(node: &mut Node) -> &mut Node {
    let is_some = matches!(&node.kind, Kind::Tuple(Some(name), items) if name.text == "Some" && items.len() == 1);
    if !is_some {
        return node;
    }
    match node.kind {
        Kind::Tuple(_, ref mut items) => inner_of(&mut items[0]),
        _ => node,
    }
}

/// The text that a node is, or is a choice with.
fn text_of(node: &mut Node) -> Option<&mut String> {
    match &mut inner_of(node).kind {
        Kind::Text(text) => Some(text),
        Kind::Tuple(_, items) => match items.as_mut_slice() {
            [Node { kind: Kind::Text(text), .. }] => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// The names of files that a tree of this type holds, to change them: what the types mark as a
/// [`FileName`](agent2028_core::check::FileName).
pub(super) fn names_in<'t>(node: &'t mut Node, types: &Types, shape: ShapeId, found: &mut Vec<&'t mut String>) {
    let node = inner_of(node);
    match types.shape(types.plain(shape)) {
        Shape::Record { fields, .. } => {
            if let Kind::Struct(_, entries) = &mut node.kind {
                names_in_fields(entries, types, fields, found);
            }
        }
        Shape::Choice { variants, .. } => {
            let (Kind::Struct(Some(name), _) | Kind::Tuple(Some(name), _)) = &node.kind else { return };
            let Some(variant) = variants.iter().find(|variant| variant.name == name.text) else { return };
            match (&variant.payload, variant.holds, &mut node.kind) {
                (Payload::Fields(fields), _, Kind::Struct(_, entries)) => {
                    names_in_fields(entries, types, fields, found);
                }
                // `Poisson((per_second: 2))` means what `Poisson(per_second: 2)` does.
                (Payload::Fields(_), Some(held), Kind::Tuple(_, items)) => {
                    items.iter_mut().for_each(|item| names_in(item, types, held, found));
                }
                (Payload::Values(fields), _, Kind::Tuple(_, items)) => {
                    for (item, field) in items.iter_mut().zip(fields) {
                        names_in_field(item, types, field, found);
                    }
                }
                _ => {}
            }
        }
        Shape::List(of) => {
            if let Kind::List(items) = &mut node.kind {
                items.iter_mut().for_each(|item| names_in(item, types, *of, found));
            }
        }
        Shape::Map(of) => {
            if let Kind::Map(entries) = &mut node.kind {
                entries.iter_mut().for_each(|(_, value)| names_in(value, types, *of, found));
            }
        }
        Shape::Tuple(of) => {
            if let Kind::Tuple(_, items) = &mut node.kind {
                items.iter_mut().zip(of).for_each(|(item, of)| names_in(item, types, *of, found));
            }
        }
        _ => {}
    }
}

fn names_in_fields<'t>(
    entries: &'t mut [(Name, Node)],
    types: &Types,
    fields: &[FieldDoc],
    found: &mut Vec<&'t mut String>,
) {
    for (name, node) in entries {
        if let Some(field) = fields.iter().find(|field| field.name == name.text) {
            names_in_field(node, types, field, found);
        }
    }
}

fn names_in_field<'t>(node: &'t mut Node, types: &Types, field: &FieldDoc, found: &mut Vec<&'t mut String>) {
    if field.is_file {
        found.extend(text_of(node));
    } else {
        names_in(node, types, field.shape, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_stand_where_they_are_in_the_text() {
        let text = "at_s,capability\n1,a.b\noops,a.b\n";
        let faults = FileFaults { told: vec![RowFault::new(22, 3, 0, "no", "")], beyond: 4 };
        let found = located(Path::new("requests.csv"), text, SourceId(0), faults);
        assert_eq!(&text[found[0].place.span.clone()], "oops");
        assert!(found[0].help.contains("4 more"));
    }

    /// What the types mark as a file's name is what sections ask for, and the other way round.
    #[test]
    fn every_file_that_is_asked_for_is_marked() {
        let registry = crate::plugins::ours();
        let text = r#"Scene(agents: [(from_csv: Some("a.csv"))], network: (topology: Csv("l.csv")),
            trust: (edges: CsvOfNames("r.csv")), operations: (workload: [Trace("t.csv"), Poisson(per_second: 2)],
            service: Empirical("s.csv"), services: [(capability: "a", time: Empirical("u.csv"))]))"#;
        let mut tree = super::super::syntax::parse(SourceId(0), text).unwrap();
        let scene = super::super::read::scene(&tree, &registry).unwrap();
        let of_groups = scene.agents.iter().filter_map(agent2028_core::agent::AgentGroup::file);
        let asked = of_groups.chain(scene.sections.iter().flat_map(|section| section.files()));
        let mut asked: Vec<String> = asked.map(|request| request.name).collect();
        let (types, mut marked) = (registry.types::<super::super::Scene>(), Vec::new());
        names_in(&mut tree, &types, types.root, &mut marked);
        let mut marked: Vec<String> = marked.into_iter().map(|name| name.clone()).collect();
        asked.sort();
        marked.sort();
        assert_eq!(marked, ["a.csv", "l.csv", "r.csv", "s.csv", "t.csv", "u.csv"]);
        assert_eq!(asked, marked);
    }
}
