//! Includes: other files, merged under a scene.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Loader, OUTSIDE, check_schema, lies_in};
use crate::scene::Scene;
use crate::scene::files::{self, read_text, unread};
use crate::scene::report::Fault;
use crate::scene::syntax::{Kind, Name, Node};

/// Includes nested deeper than this are refused.
const MAX_INCLUDES: usize = 16;
/// More included files than this are refused.
const MAX_INCLUDED: usize = 256;
/// The lists that an include adds to instead of standing in for.
const JOINED_LISTS: [&str; 5] = ["agents", "timeline", "expect", "plots", "captions"];

/// The files that a scene includes, as they are read.
#[derive(Default)]
struct Including {
    /// The file that is being read and those that include it.
    stack: Vec<PathBuf>,
    /// All files that were read.
    read: BTreeSet<PathBuf>,
    /// Their contents, what is included before what includes it.
    pieces: Vec<Node>,
}

fn take_field(tree: &mut Node, name: &str) -> Option<(Name, Node)> {
    let Kind::Struct(_, fields) = &mut tree.kind else { return None };
    let at = fields.iter().position(|(field, _)| field.text == name)?;
    Some(fields.remove(at))
}

/// Several lists as one, under the name and place of the last, which is the scene's own if it has one. What is no list stands for
/// itself, to be refused later.
fn join_lists(mut lists: Vec<(Name, Node)>) -> Option<(Name, Node)> {
    let (name, mut last) = lists.pop()?;
    if let Kind::List(own) = &mut last.kind {
        let mut joined = Vec::new();
        for (name, list) in lists {
            match list.kind {
                Kind::List(items) => joined.extend(items),
                _ => return Some((name, list)),
            }
        }
        joined.append(own);
        *own = joined;
    }
    Some((name, last))
}

/// Puts what `base` has and `over` lacks into `over`.
fn merge_under(over: &mut Node, base: Node) {
    if let Kind::Tuple(Some(name), items) = &mut over.kind
        && name.text == "Some"
        && let [inner] = items.as_mut_slice()
    {
        return merge_under(inner, base);
    }
    let base = match base.kind {
        Kind::Tuple(Some(name), mut items) if name.text == "Some" && items.len() == 1 => match items.pop() {
            Some(inner) => inner.kind,
            None => return,
        },
        kind => kind,
    };
    match (&mut over.kind, base) {
        // Other choices of an enum have nothing in common.
        (Kind::Struct(Some(name), _), Kind::Struct(Some(base_name), _)) if name.text != base_name.text => {}
        (Kind::Struct(_, fields), Kind::Struct(_, base_fields)) => {
            for (name, node) in base_fields {
                match fields.iter_mut().find(|(field, _)| field.text == name.text) {
                    Some((_, mine)) => merge_under(mine, node),
                    None => fields.push((name, node)),
                }
            }
        }
        // A section of which nothing is said: `boids: ()`.
        (Kind::Tuple(None, items), base @ Kind::Struct(None, _)) if items.is_empty() => over.kind = base,
        (Kind::Map(entries), Kind::Map(base_entries)) => {
            for (key, node) in base_entries {
                match entries.iter_mut().find(|(mine, _)| mine.kind == key.kind) {
                    Some((_, mine)) => merge_under(mine, node),
                    None => entries.push((key, node)),
                }
            }
        }
        _ => {}
    }
}

/// A path without detours, so that one file has one name.
pub(super) fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

fn short(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

impl Loader {
    /// Merges the files that the tree includes under it.
    pub(super) fn merge_includes(&mut self, tree: &mut Node, folder: Option<&Path>, root: Option<PathBuf>) {
        let mut including = Including { stack: root.into_iter().collect(), ..Including::default() };
        self.collect_includes(tree, folder, Path::new(""), &mut including);
        // What is included comes before what includes it: the lists stand in this order, and of values the last one counts.
        let mut pieces = including.pieces;
        for name in JOINED_LISTS {
            let lists = pieces.iter_mut().filter_map(|piece| take_field(piece, name));
            let mut joined: Vec<(Name, Node)> = lists.collect();
            joined.extend(take_field(tree, name));
            if let (Some(joined), Kind::Struct(_, fields)) = (join_lists(joined), &mut tree.kind) {
                fields.push(joined);
            }
        }
        for piece in pieces.into_iter().rev() {
            merge_under(tree, piece);
        }
        if let Kind::Struct(_, fields) = &mut tree.kind {
            fields.retain(|(field, _)| field.text != "include");
        }
    }

    /// Reads what a tree includes, each file once, what is included before what includes it. `beside` leads from the scene's
    /// folder to the one in which the files are sought.
    fn collect_includes(&mut self, tree: &Node, folder: Option<&Path>, beside: &Path, including: &mut Including) {
        let Some(Kind::List(names)) = tree.field("include").map(|node| &node.kind) else {
            return;
        };
        for name in names {
            let Kind::Text(file) = &name.kind else {
                continue;
            };
            let refuse = |message: String, help: &str| Fault::new(name.place.clone(), message, help);
            let Some(folder) = folder else {
                self.faults.push(refuse(
                    format!("\"{file}\" can't be found: this scene is not a file"),
                    "save the scene to a file beside what it includes",
                ));
                continue;
            };
            if self.confined && !lies_in(folder, file) {
                self.faults.push(refuse(format!("\"{file}\" is not in the run's folder"), OUTSIDE));
                continue;
            }
            let path = folder.join(file);
            let identity = canonical(&path);
            if including.stack.contains(&identity) {
                let chain: Vec<String> = including.stack.iter().map(|path| short(path)).collect();
                self.faults.push(refuse(
                    format!("\"{file}\" includes itself: {} → {}", chain.join(" → "), short(&identity)),
                    "remove one of the includes",
                ));
                continue;
            }
            if including.stack.len() >= MAX_INCLUDES {
                self.faults.push(refuse(
                    format!("includes are nested deeper than {MAX_INCLUDES} files"),
                    "include fewer files",
                ));
                continue;
            }
            if including.read.contains(&identity) {
                continue;
            }
            if including.read.len() >= MAX_INCLUDED {
                self.faults.push(refuse(
                    format!("the scene includes more than {MAX_INCLUDED} files"),
                    "put several of them into one",
                ));
                return;
            }
            including.read.insert(identity.clone());
            let text = match read_text(&path) {
                Ok(text) => text,
                Err(error) => {
                    let (message, help) = unread(&path, &error, "the path is relative to this file");
                    self.faults.push(refuse(message, help));
                    continue;
                }
            };
            self.files.push(path.clone());
            let source = self.sources.add(&path.display().to_string(), &text);
            let Some(mut included) = self.tree_of(source, &text) else { continue };
            if let Err(fault) = check_schema(&included) {
                self.faults.push(fault);
                continue;
            }
            match &included.kind {
                Kind::Struct(..) => {}
                Kind::Tuple(_, items) if items.is_empty() => continue,
                _ => {
                    self.faults.push(Fault::new(
                        included.place.clone(),
                        "this is no scene",
                        "write Scene(field: value, …)",
                    ));
                    continue;
                }
            }
            let beside = beside.join(Path::new(file).parent().unwrap_or(Path::new("")));
            including.stack.push(identity);
            self.collect_includes(&included, path.parent(), &beside, including);
            including.stack.pop();
            let mut names = Vec::new();
            let types = self.registry.types::<Scene>();
            files::names_in(&mut included, &types, types.root, &mut names);
            for name in names {
                *name = beside.join(&*name).to_string_lossy().into_owned();
            }
            including.pieces.push(included);
        }
    }
}
