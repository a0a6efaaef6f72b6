//! From files to a checked scene: includes are merged, settings applied, CSV files read, and all problems told at once.

use std::path::{Path, PathBuf};

use super::conform::conform;
use super::report::{Fault, SceneError, Sources};
use super::syntax::{Kind, Name, Node, Place, parse, parse_number};
use super::{SCHEMA, Scene, gallery, rows};
use agent2028_core::reflect_path::{Segment, parse_path};
use agent2028_core::schema::{Problem, suggest};
use agent2028_network::config::TopologyConfig;

/// Scene and CSV files larger than this are refused.
const MAX_FILE_BYTES: u64 = 256 << 20;
/// Includes nested deeper than this are refused.
const MAX_INCLUDES: usize = 16;
/// The lists that an include adds to instead of standing in for.
const JOINED_LISTS: [&str; 5] = ["agents", "timeline", "expect", "plots", "captions"];

/// Where a scene comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SceneOrigin {
    /// A file.
    File(PathBuf),
    /// A built-in scene.
    Builtin(String),
    /// A text or value given by a program.
    Given(String),
}

impl SceneOrigin {
    /// The path or name, as reports show it.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Builtin(name) | Self::Given(name) => name.clone(),
        }
    }
}

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

/// A scene that was read and checked.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The scene.
    pub scene: Scene,
    /// Where it comes from.
    pub origin: SceneOrigin,
    /// The scene as one RON text, includes merged and settings applied.
    pub text: String,
    /// All files that were read, to watch.
    pub files: Vec<PathBuf>,
    /// The tables that agents come from: where in the scene's `agents`, and their text.
    pub tables: Vec<(usize, String)>,
    /// The table that the network's links come from.
    links: Option<String>,
    tree: Node,
    sources: Sources,
}

impl Loaded {
    /// The text of the scene's own file, as it was written.
    #[must_use]
    pub fn source_text(&self) -> &str {
        self.sources.text(super::syntax::SourceId(0))
    }

    /// The scene as a folder of its own: its text with `from_csv` pointing at files beside it, and those files by name.
    #[must_use]
    pub fn portable(&self) -> (String, Vec<(String, &str)>) {
        let mut tree = self.tree.clone();
        let mut files = Vec::new();
        if let Some(text) = &self.links {
            let name = "links.csv".to_owned();
            if let Some(node) = tree.field_mut("network").and_then(|network| network.field_mut("topology"))
                && let Kind::Tuple(_, items) = &mut node.kind
                && let Some(file) = items.first_mut()
            {
                file.kind = Kind::Text(name.clone());
            }
            files.push((name, text.as_str()));
        }
        for (index, text) in &self.tables {
            let name = format!("agents-{index}.csv");
            if let Some(node) = tree.field_mut("agents").and_then(|agents| agents.item_mut(*index))
                && let Some(table) = node.field_mut("from_csv")
            {
                table.kind = Kind::Text(name.clone());
            }
            files.push((name, text.as_str()));
        }
        (tree.to_text(), files)
    }

    /// The error for problems that were found later, when the scene met the plugins.
    #[must_use]
    pub fn error(&self, problems: Vec<Problem>) -> SceneError {
        let faults = problems.into_iter().map(|problem| locate(&self.tree, problem)).collect();
        SceneError::new(&self.origin.label(), &self.sources, faults)
    }

    /// Identifies the scene with its seed and settings: checkpoints of another one are refused.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        // What changes nothing about the run takes no part, so that a clearer description keeps old runs valid.
        let mut scene = self.scene.clone();
        scene.description.clear();
        scene.name.clear();
        scene.plots.clear();
        scene.captions.clear();
        scene.headline.clear();
        scene.params.clear();
        scene.include.clear();
        scene.duration = super::RunLength::Ticks(0);
        for group in &mut scene.agents {
            // The rows count, not the name of their file.
            group.from_csv = None;
        }
        hasher.update(agent2028_core::ron_format::to_line(&scene).unwrap_or_default().as_bytes());
        for group in &self.scene.agents {
            for row in &group.rows {
                hasher.update(format!("{row:?}").as_bytes());
            }
        }
        *hasher.finalize().as_bytes()
    }
}

/// Loads a scene by path or by the name of a built-in one.
///
/// # Errors
/// With everything that is wrong with it.
pub fn load(path_or_name: &str, settings: &[Setting]) -> Result<Loaded, SceneError> {
    let path = Path::new(path_or_name);
    let looks_like_path = path_or_name.ends_with(".ron") || path.components().count() > 1;
    match gallery::find(path_or_name) {
        Some(text) if !looks_like_path => {
            let origin = SceneOrigin::Builtin(path_or_name.into());
            Loader::new(origin, None).load(text, settings)
        }
        _ if looks_like_path || path.exists() => load_file(path, settings),
        _ => {
            let help = suggest(path_or_name, gallery::names(), "scene");
            Err(SceneError::whole(
                path_or_name,
                "there is no built-in scene of this name, and no such file",
                format!("{help}; `agent2028 scenes` lists the built-in ones"),
            ))
        }
    }
}

fn load_file(path: &Path, settings: &[Setting]) -> Result<Loaded, SceneError> {
    let label = path.display().to_string();
    let text = read_text(path).map_err(|message| {
        let near = path.parent().map_or_else(
            || Path::new("."),
            |parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent },
        );
        let names: Vec<String> = std::fs::read_dir(near)
            .map(|entries| {
                entries
                    .flatten()
                    .map(|entry| entry.file_name().to_string_lossy().into_owned())
                    .filter(|name| name.ends_with(".ron"))
                    .collect()
            })
            .unwrap_or_default();
        let wrong = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        SceneError::whole(&label, message, suggest(&wrong, names.iter().map(String::as_str), "scene file here"))
    })?;
    Loader::new(SceneOrigin::File(path.into()), path.parent().map(Path::to_path_buf)).load(&text, settings)
}

/// Loads a scene from a text; includes and CSV files are looked up in `folder`.
///
/// # Errors
/// With everything that is wrong with it.
pub fn load_text(name: &str, text: &str, folder: Option<&Path>, settings: &[Setting]) -> Result<Loaded, SceneError> {
    Loader::new(SceneOrigin::Given(name.into()), folder.map(Path::to_path_buf)).load(text, settings)
}

/// Loads a text as it stands in an editor, as if it lay in the file, or were the built-in scene, that it came from.
///
/// # Errors
/// With everything that is wrong with it.
pub fn load_edited(origin: SceneOrigin, text: &str, settings: &[Setting]) -> Result<Loaded, SceneError> {
    let folder = match &origin {
        SceneOrigin::File(path) => path.parent().map(Path::to_path_buf),
        _ => None,
    };
    Loader::new(origin, folder).load(text, settings)
}

/// Checks a scene made by a program, and applies settings to it.
///
/// # Errors
/// With everything that is wrong with it.
pub fn load_value(scene: &Scene, settings: &[Setting]) -> Result<Loaded, SceneError> {
    let text = agent2028_core::ron_format::to_pretty(scene)
        .map_err(|error| SceneError::whole(&scene.name, error.to_string(), "this scene has no RON form"))?;
    let name = if scene.name.is_empty() { "scene" } else { &scene.name };
    let mut loaded = load_text(name, &text, None, settings)?;
    // Rows have no RON form; they stay as the program gave them.
    for (group, given) in loaded.scene.agents.iter_mut().zip(&scene.agents) {
        group.rows.clone_from(&given.rows);
    }
    Ok(loaded)
}

fn read_text(path: &Path) -> Result<String, String> {
    let size = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > MAX_FILE_BYTES {
        return Err(format!("the file has {size} bytes; at most {MAX_FILE_BYTES} are read"));
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| {
        format!("the file is not UTF-8 text (byte {} and what follows)", error.utf8_error().valid_up_to())
    })
}

struct Loader {
    origin: SceneOrigin,
    folder: Option<PathBuf>,
    sources: Sources,
    files: Vec<PathBuf>,
    links: Option<String>,
    tables: Vec<(usize, String)>,
    faults: Vec<Fault>,
}

impl Loader {
    fn new(origin: SceneOrigin, folder: Option<PathBuf>) -> Self {
        let files = match &origin {
            SceneOrigin::File(path) => vec![path.clone()],
            _ => Vec::new(),
        };
        Self { origin, folder, sources: Sources::default(), files, tables: Vec::new(), links: None, faults: Vec::new() }
    }

    fn fail(self) -> SceneError {
        SceneError::new(&self.origin.label(), &self.sources, self.faults)
    }

    fn load(mut self, text: &str, settings: &[Setting]) -> Result<Loaded, SceneError> {
        let source = self.sources.add(&self.origin.label(), text);
        let mut tree = match parse(source, text) {
            Ok(tree) => tree,
            Err(error) => {
                self.faults.push(error.into());
                return Err(self.fail());
            }
        };
        if let Err(fault) = check_schema(&tree) {
            self.faults.push(fault);
            return Err(self.fail());
        }
        let stack = match &self.origin {
            SceneOrigin::File(path) => vec![canonical(path)],
            _ => Vec::new(),
        };
        let folder = self.folder.clone();
        self.merge_includes(&mut tree, folder.as_deref(), &stack);
        for setting in settings {
            self.apply_setting(&mut tree, setting);
        }
        let findings = conform::<Scene>(&tree);
        self.faults.extend(findings.misfits.into_iter().map(Fault::from));
        if !self.faults.is_empty() {
            return Err(self.fail());
        }
        tree.remove_names(&findings.type_names);
        let resolved = tree.to_text();
        let mut scene: Scene = match agent2028_core::ron_format::from_str(&resolved) {
            Ok(scene) => scene,
            Err(error) => {
                // Only reached if the shape is right and serde still refuses; the tree's root is the best place known.
                self.faults.push(Fault::new(tree.place.clone(), error.code.to_string(), "see docs/scene-reference.md"));
                return Err(self.fail());
            }
        };
        self.read_rows(&mut scene, &tree);
        self.read_links(&mut scene, &tree);
        let problems = scene.problems().into_list();
        self.faults.extend(problems.into_iter().map(|problem| locate(&tree, problem)));
        if !self.faults.is_empty() {
            return Err(self.fail());
        }
        Ok(Loaded {
            scene,
            origin: self.origin,
            text: resolved,
            files: self.files,
            tables: self.tables,
            links: self.links,
            tree,
            sources: self.sources,
        })
    }

    /// Merges the files that the tree includes under it, depth first.
    fn merge_includes(&mut self, tree: &mut Node, folder: Option<&Path>, stack: &[PathBuf]) {
        let Some(Kind::List(names)) = tree.field("include").map(|node| node.kind.clone()) else {
            return;
        };
        for name in names.into_iter().rev() {
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
            let path = folder.join(file);
            let identity = canonical(&path);
            if stack.contains(&identity) {
                let chain: Vec<String> = stack.iter().map(|path| short(path)).collect();
                self.faults.push(refuse(
                    format!("\"{file}\" includes itself: {} → {}", chain.join(" → "), short(&identity)),
                    "remove one of the includes",
                ));
                continue;
            }
            if stack.len() >= MAX_INCLUDES {
                self.faults.push(refuse(
                    format!("includes are nested deeper than {MAX_INCLUDES} files"),
                    "include fewer files",
                ));
                continue;
            }
            let text = match read_text(&path) {
                Ok(text) => text,
                Err(error) => {
                    self.faults
                        .push(refuse(format!("{}: {error}", path.display()), "the path is relative to this file"));
                    continue;
                }
            };
            self.files.push(path.clone());
            let source = self.sources.add(&path.display().to_string(), &text);
            let mut included = match parse(source, &text) {
                Ok(included) => included,
                Err(error) => {
                    self.faults.push(error.into());
                    continue;
                }
            };
            if let Err(fault) = check_schema(&included) {
                self.faults.push(fault);
                continue;
            }
            let mut stack = stack.to_vec();
            stack.push(identity);
            let folder = path.parent().map(Path::to_path_buf);
            self.merge_includes(&mut included, folder.as_deref(), &stack);
            merge_under(tree, included, true);
        }
        if let Kind::Struct(_, fields) = &mut tree.kind {
            fields.retain(|(field, _)| field.text != "include");
        }
    }

    fn apply_setting(&mut self, tree: &mut Node, setting: &Setting) {
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
        match parse(source, &setting.value) {
            Ok(value) => {
                if let Err(message) = set_node(tree, &segments, value) {
                    self.faults.push(Fault::new(whole, format!("{path}: {message}"), "see docs/scene-reference.md"));
                }
            }
            Err(error) => self.faults.push(error.into()),
        }
    }

    fn read_links(&mut self, scene: &mut Scene, tree: &Node) {
        let agents = scene.agents.iter().map(|group| u64::from(group.initial_count())).sum();
        let Some(network) = &mut scene.network else {
            return;
        };
        let TopologyConfig::Csv(file) = &network.topology else {
            return;
        };
        let at = "network.topology".to_owned();
        let refuse = |message: String, help: &str| locate(tree, Problem { path: at, message, help: help.into() });
        let Some(folder) = &self.folder else {
            let message = format!("\"{file}\" can't be found: this scene is not a file");
            self.faults.push(refuse(message, "save the scene beside the CSV file"));
            return;
        };
        let path = folder.join(file);
        match read_text(&path) {
            Ok(text) => {
                let source = self.sources.add(&path.display().to_string(), &text);
                match rows::read_links(&path, &text, source, agents) {
                    Ok(links) => network.topology = TopologyConfig::Edges(links),
                    Err(faults) => self.faults.extend(faults),
                }
                self.files.push(path);
                self.links = Some(text);
            }
            Err(error) => {
                let message = format!("{}: {error}", path.display());
                self.faults.push(refuse(message, "the path is relative to the scene's file"));
            }
        }
    }

    fn read_rows(&mut self, scene: &mut Scene, tree: &Node) {
        for (index, group) in scene.agents.iter_mut().enumerate() {
            let Some(file) = group.from_csv.clone() else {
                continue;
            };
            let at = format!("agents[{index}].from_csv");
            let refuse =
                |message: String, help: &str| locate(tree, Problem { path: at.clone(), message, help: help.into() });
            let Some(folder) = &self.folder else {
                self.faults.push(refuse(
                    format!("\"{file}\" can't be found: this scene is not a file"),
                    "save the scene beside the CSV file",
                ));
                continue;
            };
            let path = folder.join(&file);
            match read_text(&path) {
                Ok(text) => {
                    let source = self.sources.add(&path.display().to_string(), &text);
                    match rows::read(&path, &text, source) {
                        Ok(rows) => group.rows = rows,
                        Err(faults) => self.faults.extend(faults),
                    }
                    self.files.push(path);
                    self.tables.push((index, text));
                }
                Err(error) => {
                    self.faults.push(refuse(
                        format!("{}: {error}", path.display()),
                        "the path is relative to the scene's file",
                    ));
                }
            }
        }
    }
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

fn short(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// A scene of a newer format is refused before anything else about it is judged.
fn check_schema(tree: &Node) -> Result<(), Fault> {
    let Some(node) = tree.field("schema") else {
        return Ok(());
    };
    match &node.kind {
        Kind::Number(text) if parse_number(text).is_some_and(|schema| schema > f64::from(SCHEMA)) => Err(Fault::new(
            node.place.clone(),
            format!("this scene has format {text}; this version of agent2028 reads up to {SCHEMA}"),
            "use a newer agent2028, or write the scene in the older format",
        )),
        _ => Ok(()),
    }
}

/// Puts what `base` has and `over` lacks into `over`.
fn merge_under(over: &mut Node, base: Node, top: bool) {
    match (&mut over.kind, base.kind) {
        (Kind::Struct(_, fields), Kind::Struct(_, base_fields)) => {
            for (name, node) in base_fields {
                match fields.iter_mut().find(|(field, _)| field.text == name.text) {
                    Some((_, mine)) if top && JOINED_LISTS.contains(&name.text.as_str()) => join_lists(mine, node),
                    Some((_, mine)) => merge_under(mine, node, false),
                    None => fields.push((name, node)),
                }
            }
        }
        (Kind::Map(entries), Kind::Map(base_entries)) => {
            for (key, node) in base_entries {
                match entries.iter_mut().find(|(mine, _)| mine.kind == key.kind) {
                    Some((_, mine)) => merge_under(mine, node, false),
                    None => entries.push((key, node)),
                }
            }
        }
        _ => {}
    }
}

fn join_lists(over: &mut Node, base: Node) {
    if let (Kind::List(mine), Kind::List(mut theirs)) = (&mut over.kind, base.kind) {
        theirs.append(mine);
        *mine = theirs;
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

/// The deepest node on a problem's path that exists.
fn locate(tree: &Node, problem: Problem) -> Fault {
    let mut place = tree.place.clone();
    if problem.path.is_empty() || parse_path(&problem.path).is_err() {
        // The whole scene: its first line.
        place.span.end = place.span.start + 1;
        return Fault::new(place, problem.message, problem.help);
    }
    let mut node = tree;
    place.span.end = place.span.start + 1;
    for segment in parse_path(&problem.path).unwrap_or_default() {
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
            (_, Segment::Field(name)) => node.field(name),
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
