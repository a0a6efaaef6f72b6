//! From files to a checked scene: includes are merged, settings applied, CSV files read, and all problems told at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::conform::conform;
use super::report::{Fault, SceneError, Sources};
use super::syntax::{Kind, Name, Node, Place, SourceId, parse, parse_number};
use super::{SCHEMA, Scene, gallery, rows, traces};
use agent2028_core::agent::AgentGroup;
use agent2028_core::files::SceneFiles;
use agent2028_core::reflect_path::{Segment, parse_path};
use agent2028_core::schema::{Check, Names, Problem, suggest};
use agent2028_core::table::{SAVE_AS_UTF8, utf8};
use agent2028_language::from_tree;
use agent2028_ledger::Opening;
use agent2028_network::config::TopologyConfig;
use agent2028_trust::config::Edges;
use agent2028_trust::graph::FAINTEST;
use agent2028_trust::ratings::{Called, Table, read_ratings};
use agent2028_trust::{TrustConfig, kept_of};

/// Scene and CSV files larger than this are refused.
const MAX_FILE_BYTES: u64 = 256 << 20;
/// Includes nested deeper than this are refused.
const MAX_INCLUDES: usize = 16;
/// More included files than this are refused.
const MAX_INCLUDED: usize = 256;
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
                if traces::digest_of(to)? == *digest {
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

/// Identifies a scene with its seed, settings and files.
fn fingerprint_of(scene: &Scene, files: &SceneFiles) -> Result<[u8; 32], ron::Error> {
    let mut hasher = blake3::Hasher::new();
    // What changes nothing about the run takes no part, so that a clearer description keeps old runs valid.
    let mut scene = scene.clone();
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
    // Of other files, too, what they hold counts.
    files.hide_names(scene.files_mut());
    hasher.update(agent2028_core::ron_format::to_line(&scene)?.as_bytes());
    for group in &scene.agents {
        for row in &group.rows {
            hasher.update(format!("{row:?}").as_bytes());
        }
    }
    Ok(*hasher.finalize().as_bytes())
}

/// Gives the files of the section `operations` other names.
fn rename_files(node: &mut Node, names: &BTreeMap<String, String>) {
    match &mut node.kind {
        Kind::Tuple(Some(kind), items) if matches!(kind.text.as_str(), "Trace" | "Empirical") => {
            for item in items {
                if let Kind::Text(file) = &mut item.kind
                    && let Some(name) = names.get(file)
                {
                    file.clone_from(name);
                }
            }
        }
        Kind::Tuple(_, items) | Kind::List(items) => items.iter_mut().for_each(|item| rename_files(item, names)),
        Kind::Struct(_, fields) => fields.iter_mut().for_each(|(_, item)| rename_files(item, names)),
        Kind::Map(entries) => entries.iter_mut().for_each(|(_, item)| rename_files(item, names)),
        _ => {}
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
    /// What the files of the section `operations` hold, or where they are.
    pub files_of_operations: agent2028_operations::Files,
    /// These files by the names that the scene gives them: where they are, and the hashes of what they hold.
    looked_through: BTreeMap<String, (PathBuf, [u8; 32])>,
    /// The ratings of the section `trust`.
    pub ratings: agent2028_trust::Ratings,
    /// The text that they come from.
    text_of_ratings: Option<String>,
    warnings: Vec<Fault>,
    scene_files: SceneFiles,
    fingerprint: [u8; 32],
    /// What agents made with keys that nobody could make again, if this scene is that of a recorded run.
    pub recorded: Arc<agent2028_identity::Recorded>,
    tree: Node,
    sources: Sources,
}

impl Loaded {
    /// The text of the scene's own file, as it was written.
    #[must_use]
    pub fn source_text(&self) -> &str {
        self.sources.text(SourceId(0))
    }

    /// What is to be considered though the scene is right, if there is anything.
    #[must_use]
    pub fn warnings(&self) -> Option<SceneError> {
        let told = || SceneError::warnings(&self.origin.label(), &self.sources, self.warnings.clone());
        (!self.warnings.is_empty()).then(told)
    }

    /// The scene as a folder of its own: its text with the CSV files that it names beside it, and those files by name.
    #[must_use]
    pub fn portable(&self) -> (String, Vec<(String, Beside)>) {
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
            files.push((name, Beside::Text(text.clone())));
        }
        if let Some(text) = &self.text_of_ratings {
            let name = "ratings.csv".to_owned();
            if let Some(node) = tree.field_mut("trust").and_then(|trust| trust.field_mut("edges"))
                && let Kind::Tuple(_, items) = &mut node.kind
                && let Some(file) = items.first_mut()
            {
                file.kind = Kind::Text(name.clone());
            }
            files.push((name, Beside::Text(text.clone())));
        }
        for (index, text) in &self.tables {
            let name = format!("agents-{index}.csv");
            if let Some(node) = tree.field_mut("agents").and_then(|agents| agents.item_mut(*index))
                && let Some(table) = node.field_mut("from_csv")
            {
                table.kind = Kind::Text(name.clone());
            }
            files.push((name, Beside::Text(text.clone())));
        }
        if let Some(section) = tree.field_mut("operations") {
            // In the order in which the scene names them, each content once: so a copy's copy has the same names.
            let (mut renamed, mut held) = (BTreeMap::new(), Vec::new());
            for (_, file, _) in traces::named(&self.scene) {
                let Some((path, digest)) = self.looked_through.get(&file) else { continue };
                let number = held.iter().position(|known| known == digest).unwrap_or(held.len());
                let name = format!("operations-{number}.csv");
                if number == held.len() {
                    held.push(*digest);
                    files.push((name.clone(), Beside::Copy { from: path.clone(), digest: *digest }));
                }
                renamed.insert(file, name);
            }
            rename_files(section, &renamed);
        }
        (tree.to_text(), files)
    }

    /// What the ledger of a run of the scene begins with.
    #[must_use]
    pub fn opening(&self) -> Opening {
        let (scene, files) = self.portable();
        Opening {
            name: self.scene.name.clone(),
            scene,
            seed: self.scene.seed,
            fingerprint: self.fingerprint(),
            files: files.iter().map(|(name, content)| (name.clone(), content.digest())).collect(),
        }
    }

    /// The error for problems that were found later, when the scene met the plugins.
    #[must_use]
    pub fn error(&self, problems: Vec<Problem>) -> SceneError {
        let mut locator = Locator::new(&self.tree);
        let faults = problems.into_iter().map(|problem| locator.fault(problem)).collect();
        SceneError::new(&self.origin.label(), &self.sources, faults)
    }

    /// Identifies the scene with its seed and settings: checkpoints of another one are refused.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }

    /// The files that the scene's sections name, and what they hold.
    #[must_use]
    pub fn scene_files(&self) -> &SceneFiles {
        &self.scene_files
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
    if path.is_dir() {
        let help = "name a scene file; a recorded run's folder is for open, replay, render and plot";
        return Err(SceneError::whole(&label, "this is a folder", help));
    }
    let text = read_text(path).map_err(|message| {
        if path.exists() {
            // What is there has no other name.
            let (message, help) = message.split_once("; ").unwrap_or((&message, ""));
            return SceneError::whole(&label, message, help);
        }
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
    loaded.fingerprint = fingerprint_of(&loaded.scene, &loaded.scene_files)
        .map_err(|error| SceneError::whole(&scene.name, error.to_string(), "this scene has no RON form"))?;
    Ok(loaded)
}

fn read_text(path: &Path) -> Result<String, String> {
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
fn unread<'e>(path: &Path, error: &'e str, otherwise: &'e str) -> (String, &'e str) {
    let (error, help) = error.split_once("; ").unwrap_or((error, otherwise));
    (format!("{}: {error}", path.display()), help)
}

/// What to do about a scene file in another encoding.
const SAVE_SCENE_AS_UTF8: &str = "save it with the encoding UTF-8, which editors offer where they save under a name";

/// A scene that has problems and can be put together all the same: they are beside what its world is made of.
pub(crate) struct Partial {
    /// The scene.
    pub(crate) loaded: Loaded,
    faults: Vec<Fault>,
    /// The paths of what is wrong.
    paths: Vec<String>,
}

impl std::fmt::Debug for Partial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The whole scene would hide what is wrong with it.
        f.debug_struct("Partial").field("paths", &self.paths).finish_non_exhaustive()
    }
}

impl Partial {
    /// The error with further problems.
    pub(crate) fn error_with(&self, problems: Vec<Problem>) -> SceneError {
        // What was found wrong is not told a second time for what follows from it, such as a parameter without a path.
        let follows = |problem: &Problem| {
            !problem.path.starts_with("timeline[")
                && self.paths.iter().any(|path| problem.path.strip_prefix(path.as_str()).is_some_and(is_end))
        };
        let mut locator = Locator::new(&self.loaded.tree);
        let mut faults = self.faults.clone();
        for problem in problems.into_iter().filter(|problem| !follows(problem)) {
            let fault = locator.fault(problem);
            if !self.faults.contains(&fault) {
                faults.push(fault);
            }
        }
        SceneError::new(&self.loaded.origin.label(), &self.loaded.sources, faults)
    }
}

/// Whether a path ends here, or goes on with a field or an element.
fn is_end(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(['.', '['])
}

/// What of a scene is not what its world is made of.
const BESIDE: [&str; 7] = ["timeline", "expect", "plots", "view", "headline", "captions", "params"];

/// Whether something stands beside what a scene's world is made of.
fn is_beside(path: &str) -> bool {
    BESIDE.iter().any(|field| path.strip_prefix(field).is_some_and(is_end))
}

struct Loader {
    origin: SceneOrigin,
    folder: Option<PathBuf>,
    sources: Sources,
    files: Vec<PathBuf>,
    links: Option<String>,
    tables: Vec<(usize, String)>,
    files_of_operations: agent2028_operations::Files,
    looked_through: BTreeMap<String, (PathBuf, [u8; 32])>,
    ratings: agent2028_trust::Ratings,
    text_of_ratings: Option<String>,
    faults: Vec<Fault>,
    /// What is to be considered though it is right.
    warnings: Vec<Fault>,
}

impl Loader {
    fn new(origin: SceneOrigin, folder: Option<PathBuf>) -> Self {
        let files = match &origin {
            SceneOrigin::File(path) => vec![path.clone()],
            _ => Vec::new(),
        };
        Self {
            origin,
            folder,
            sources: Sources::default(),
            files,
            tables: Vec::new(),
            links: None,
            files_of_operations: agent2028_operations::Files::default(),
            looked_through: BTreeMap::new(),
            ratings: agent2028_trust::Ratings::default(),
            text_of_ratings: None,
            faults: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// The tree of a text, if it is plain what is meant; its faults are told with all others.
    fn tree_of(&mut self, source: SourceId, text: &str) -> Option<Node> {
        parse(source, text).map_or_else(
            |broken| {
                self.faults.extend(broken.faults);
                broken.tree
            },
            Some,
        )
    }

    fn fail(self) -> SceneError {
        SceneError::new(&self.origin.label(), &self.sources, self.faults)
    }

    fn load(mut self, text: &str, settings: &[Setting]) -> Result<Loaded, SceneError> {
        let source = self.sources.add(&self.origin.label(), text);
        let Some(mut tree) = self.tree_of(source, text) else { return Err(self.fail()) };
        if let Err(fault) = check_schema(&tree) {
            self.faults.push(fault);
            return Err(self.fail());
        }
        let root = match &self.origin {
            SceneOrigin::File(path) => Some(canonical(path)),
            _ => None,
        };
        let folder = self.folder.clone();
        self.merge_includes(&mut tree, folder.as_deref(), root);
        for setting in settings {
            self.apply_setting(&mut tree, setting);
        }
        let findings = conform::<Scene>(&tree);
        self.faults.extend(findings.misfits);
        if !self.faults.is_empty() {
            return Err(self.fail());
        }
        tree.remove_names(&findings.type_names);
        let resolved = tree.to_text();
        // What the shape leaves open, such as a field that must be there, serde tells with its place.
        let mut scene: Scene = match from_tree(&tree) {
            Ok(scene) => scene,
            Err(fault) => {
                self.faults.push(fault);
                return Err(self.fail());
            }
        };
        self.read_rows(&mut scene, &tree);
        self.read_links(&mut scene, &tree);
        self.read_files_of_operations(&scene, &tree);
        self.read_ratings(&scene, &tree);
        if scene.trust.as_ref().is_some_and(|trust| is_cheaply_bought(trust, &tree)) {
            let message = "everybody may rate, and by default the word of strangers counts half: whoever comes with many names \
                           lifts whom it likes";
            let help = "write reputation: EigenTrust with pre_trusted: [\"a group\"], or raters: [\"a group\"]; \
                        or reputation: Weighted if nobody can come with many names";
            let problem = Problem { path: "trust".into(), message: message.into(), help: help.into() };
            self.warnings.push(locate(&tree, problem));
        }
        // Faults so far are those of files.
        let files_are_read = self.faults.is_empty();
        let problems = scene.problems().into_list();
        let can_be_put_together = files_are_read && problems.iter().all(|problem| is_beside(&problem.path));
        let paths: Vec<String> = problems.iter().map(|problem| problem.path.clone()).collect();
        let mut locator = Locator::new(&tree);
        self.faults.extend(problems.into_iter().map(|problem| locator.fault(problem)));
        let scene_files = self.scene_files(&scene);
        let fingerprint = fingerprint_of(&scene, &scene_files).unwrap_or_else(|error| {
            self.faults.push(Fault::new(tree.place.clone(), error.to_string(), "this scene has no RON form"));
            [0; 32]
        });
        if !self.faults.is_empty() && !can_be_put_together {
            return Err(self.fail());
        }
        let faults = std::mem::take(&mut self.faults);
        let loaded = Loaded {
            scene,
            scene_files,
            fingerprint,
            origin: self.origin,
            text: resolved,
            files: self.files,
            tables: self.tables,
            links: self.links,
            files_of_operations: self.files_of_operations,
            looked_through: self.looked_through,
            ratings: self.ratings,
            text_of_ratings: self.text_of_ratings,
            warnings: self.warnings,
            recorded: Arc::default(),
            tree,
            sources: self.sources,
        };
        if faults.is_empty() {
            return Ok(loaded);
        }
        let error = SceneError::new(&loaded.origin.label(), &loaded.sources, faults.clone());
        Err(error.of_partial(Partial { loaded, faults, paths }))
    }

    /// Merges the files that the tree includes under it.
    fn merge_includes(&mut self, tree: &mut Node, folder: Option<&Path>, root: Option<PathBuf>) {
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
            for name in files_named_in(&mut included) {
                *name = beside.join(&*name).to_string_lossy().into_owned();
            }
            including.pieces.push(included);
        }
    }

    /// What the files hold that sections name, by these names.
    fn scene_files(&self, scene: &Scene) -> SceneFiles {
        let mut files = SceneFiles::default();
        for (name, (_, digest)) in &self.looked_through {
            files.add(name, *digest);
        }
        if let (Some(trust), Some(text)) = (&scene.trust, &self.text_of_ratings)
            && let Edges::Csv(name) | Edges::CsvOfNames(name) = &trust.edges
        {
            files.add(name, *blake3::hash(text.as_bytes()).as_bytes());
        }
        files
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
        if let Some(value) = self.tree_of(source, &setting.value)
            && let Err(message) = set_node(tree, &segments, value)
        {
            self.faults.push(Fault::new(whole, format!("{path}: {message}"), "see docs/scene-reference.md"));
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
                let quotes = rows::open_quotes(&path, &text, source);
                match quotes.and_then(|()| rows::read_links(&path, &text, source, agents)) {
                    Ok(links) => network.topology = TopologyConfig::Edges(links),
                    Err(faults) => self.faults.extend(faults),
                }
                self.files.push(path);
                self.links = Some(text);
            }
            Err(error) => {
                let (message, help) = unread(&path, &error, "the path is relative to the scene's file");
                self.faults.push(refuse(message, help));
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
                    let quotes = rows::open_quotes(&path, &text, source);
                    match quotes.and_then(|()| rows::read(&path, &text, source)) {
                        Ok(rows) => group.rows = rows,
                        Err(faults) => self.faults.extend(faults),
                    }
                    self.files.push(path);
                    self.tables.push((index, text));
                }
                Err(error) => {
                    let (message, help) = unread(&path, &error, "the path is relative to the scene's file");
                    self.faults.push(refuse(message, help));
                }
            }
        }
    }
}

impl Loader {
    /// Looks through the files that the section `operations` names. Traces stay where they are.
    fn read_files_of_operations(&mut self, scene: &Scene, tree: &Node) {
        let capabilities = Names::from(scene.capabilities());
        for (at, file, kind) in traces::named(scene) {
            let refuse =
                |message: String, help: &str| locate(tree, Problem { path: at.clone(), message, help: help.into() });
            let Some(folder) = &self.folder else {
                self.faults.push(refuse(
                    format!("\"{file}\" can't be found: this scene is not a file"),
                    "save the scene beside the CSV file",
                ));
                continue;
            };
            let known = match kind {
                traces::Kind::Trace => self.files_of_operations.traces.contains_key(&file),
                traces::Kind::Samples => self.files_of_operations.samples.contains_key(&file),
            };
            if known {
                continue;
            }
            let path = folder.join(&file);
            match traces::look_through(&path, kind, &capabilities) {
                Ok((found, digest)) => {
                    self.looked_through.insert(file.clone(), (path.clone(), digest));
                    self.files.push(path.clone());
                    match found {
                        traces::Content::Trace => {
                            self.files_of_operations.traces.insert(file, path);
                        }
                        traces::Content::Samples(samples) => {
                            self.files_of_operations.samples.insert(file, samples.into());
                        }
                    }
                }
                Err(traces::Refusal::Unreadable(error)) => {
                    let (message, help) = unread(&path, &error, "the path is relative to the scene's file");
                    self.faults.push(refuse(message, help));
                }
                Err(traces::Refusal::Bad(faults, beyond)) => {
                    // The text is only held to show where the faults are.
                    let text = read_text(&path).unwrap_or_default();
                    let source = self.sources.add(&path.display().to_string(), &text);
                    self.faults.extend(traces::located(&path, &text, source, faults, beyond));
                }
            }
        }
    }
}

impl Loader {
    /// Reads the ratings that the section `trust` names.
    fn read_ratings(&mut self, scene: &Scene, tree: &Node) {
        let Some(trust) = &scene.trust else { return };
        let (file, called) = match &trust.edges {
            Edges::None => return,
            Edges::Csv(file) => (file, Called::ByNumbers),
            Edges::CsvOfNames(file) => (file, Called::ByNames),
        };
        if file.is_empty() {
            return;
        }
        let at = "trust.edges".to_owned();
        let refuse = |message: String, help: &str| locate(tree, Problem { path: at, message, help: help.into() });
        let Some(folder) = &self.folder else {
            let message = format!("\"{file}\" can't be found: this scene is not a file");
            self.faults.push(refuse(message, "save the scene beside the CSV file"));
            return;
        };
        let path = folder.join(file);
        let text = match read_text(&path) {
            Ok(text) => text,
            Err(error) => {
                let (message, help) = unread(&path, &error, "the path is relative to the scene's file");
                self.faults.push(refuse(message, help));
                return;
            }
        };
        let agents = scene.agents.iter().map(AgentGroup::initial_count).fold(0, u32::saturating_add);
        let source = self.sources.add(&path.display().to_string(), &text);
        if let Err(faults) = rows::open_quotes(&path, &text, source) {
            self.faults.extend(faults);
            self.files.push(path);
            return;
        }
        match read_ratings(text.as_bytes(), agents, trust.rating_scale, called, rows::REPORTED) {
            Ok(table) => {
                let warnings = rating_warnings(&table, trust);
                self.warnings.extend(warnings.into_iter().map(|(path, message, help)| {
                    locate(tree, Problem { path: path.into(), message, help: help.into() })
                }));
                self.ratings = agent2028_trust::Ratings { rows: table.ratings.into(), names: table.names.into() };
            }
            Err((faults, beyond)) => {
                let faults = faults.into_iter().map(|fault| traces::RowFault {
                    byte: fault.byte,
                    line: fault.line,
                    cell: fault.cell,
                    message: fault.message,
                    help: fault.help,
                });
                self.faults.extend(traces::located(&path, &text, source, faults.collect(), beyond));
            }
        }
        self.files.push(path);
        self.text_of_ratings = Some(text);
    }
}

/// A share of ratings above which it is told that so many have faded.
const MANY_FADED: f64 = 0.1;

/// What is to be considered of a table of ratings: where in the scene, what, and what could be done.
fn rating_warnings(table: &Table, trust: &TrustConfig) -> Vec<(&'static str, String, &'static str)> {
    let mut warnings = Vec::new();
    if let Some((count, line)) = table.of_themselves {
        let rows = if count == 1 { "1 row rates".into() } else { format!("{count} rows rate") };
        let rows = format!("{rows} the rater itself");
        let message = format!("{rows}, the first in line {line}; nobody's word about itself counts");
        warnings.push(("trust.edges", message, "they are left out"));
    }
    let kept = kept_of(&table.ratings, trust.forgetting.fading());
    let faded = kept.filter(|kept| f64::from(trust.rating_weight) * kept < FAINTEST).count();
    let all = table.ratings.len();
    if faded as f64 > MANY_FADED * all as f64 {
        let times = table.ratings.iter().map(|rating| rating.time);
        let days = (times.clone().fold(f64::MIN, f64::max) - times.fold(f64::MAX, f64::min)) / 86_400.0;
        let message = format!(
            "{faded} of {all} ratings have faded before the run begins: they are up to {days:.0} days older than the newest"
        );
        let help = "write forgetting: Never, or a forgetting that fits how long these ratings hold";
        warnings.push(("trust.forgetting", message, help));
    }
    warnings
}

/// Whether whoever comes with many names outvotes all others though the scene doesn't say whose word counts.
fn is_cheaply_bought(trust: &TrustConfig, tree: &Node) -> bool {
    let section = tree.field("trust").map(|node| match &node.kind {
        Kind::Tuple(Some(name), items) if name.text == "Some" && items.len() == 1 => &items[0],
        _ => node,
    });
    section.is_some_and(|section| section.field("reputation").is_none()) && trust.raters.is_empty()
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

/// The names of files that a scene's tree holds, to change them.
fn files_named_in(tree: &mut Node) -> Vec<&mut String> {
    let mut found = Vec::new();
    let Kind::Struct(_, fields) = &mut tree.kind else { return found };
    for (name, node) in fields {
        match name.text.as_str() {
            "agents" => {
                if let Kind::List(groups) = &mut node.kind {
                    let tables = groups.iter_mut().filter_map(|group| group.field_mut("from_csv"));
                    tables.for_each(|table| names_in(table, &["Some"], &mut found));
                }
            }
            "network" => {
                inner_of(node).field_mut("topology").into_iter().for_each(|node| names_in(node, &["Csv"], &mut found));
            }
            "trust" => {
                inner_of(node)
                    .field_mut("edges")
                    .into_iter()
                    .for_each(|node| names_in(node, &["Csv", "CsvOfNames"], &mut found));
            }
            "operations" => names_in(node, &["Trace", "Empirical"], &mut found),
            _ => {}
        }
    }
    found
}

/// What stands in `Some(…)`.
fn inner_of(node: &mut Node) -> &mut Node {
    let is_some = matches!(&node.kind, Kind::Tuple(Some(name), items) if name.text == "Some" && items.len() == 1);
    if !is_some {
        return node;
    }
    match node.kind {
        Kind::Tuple(_, ref mut items) => &mut items[0],
        _ => node,
    }
}

/// The texts in a tree that are the value of one of these choices; a tree that is a text is one itself.
fn names_in<'t>(node: &'t mut Node, choices: &[&str], found: &mut Vec<&'t mut String>) {
    let is_chosen = matches!(&node.kind, Kind::Tuple(Some(kind), _) if choices.contains(&kind.text.as_str()));
    let is_text = choices == ["Some"];
    match &mut node.kind {
        Kind::Text(text) => found.extend(is_text.then_some(text)),
        Kind::Tuple(_, items) | Kind::List(items) => {
            for item in items {
                if !matches!(item.kind, Kind::Text(_)) {
                    names_in(item, choices, found);
                } else if let Kind::Text(text) = &mut item.kind {
                    found.extend((is_text || is_chosen).then_some(text));
                }
            }
        }
        Kind::Struct(_, fields) => fields.iter_mut().for_each(|(_, item)| names_in(item, choices, found)),
        Kind::Map(entries) => entries.iter_mut().for_each(|(_, item)| names_in(item, choices, found)),
        _ => {}
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
    Locator::new(tree).fault(problem)
}

/// Finds where problems are in a tree. The fields of long structs and maps are put in order once, so that a thousand problems
/// among a thousand parameters are found in a thousand steps.
struct Locator<'t> {
    tree: &'t Node,
    /// The fields of nodes with many, by the node's address.
    fields: BTreeMap<*const Node, BTreeMap<&'t str, &'t Node>>,
}

/// Nodes with more fields than this have their fields put in order.
const MANY_FIELDS: usize = 32;

impl<'t> Locator<'t> {
    fn new(tree: &'t Node) -> Self {
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

    fn fault(&mut self, problem: Problem) -> Fault {
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

#[cfg(test)]
mod tests {
    use super::*;

    const WITH_FILES: &str = r#"Scene(
        schema: 1,
        agents: [(count: 3, capabilities: ["a.b", "a.c"])],
        operations: (
            workload: [Poisson(capability: "a.c", per_second: 5), Trace("data/requests.csv")],
            service: Empirical("data/times.csv"),
            services: [(capability: "a.c", time: Empirical("data/times.csv"))],
        ),
    )"#;

    #[test]
    fn ratings_come_from_a_file_and_go_elsewhere_with_the_scene() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let text = r#"Scene(schema: 1, agents: [(count: 4)], trust: (edges: Csv("otc.csv"), rating_scale: (-10, 10)))"#;
        let (file, table) = (here.path().join("scene.ron"), here.path().join("otc.csv"));
        std::fs::write(&file, text).unwrap();
        std::fs::write(&table, "source,target,rating,time\n0,1,10,5\n3,1,-10,7.5\n").unwrap();
        let loaded = load(file.to_str().unwrap(), &[]).unwrap();
        assert_eq!(loaded.ratings.rows.len(), 2);
        let (text, files) = loaded.portable();
        for (name, content) in files {
            content.write(&there.path().join(name)).unwrap();
        }
        let moved = there.path().join("scene.ron");
        std::fs::write(&moved, text).unwrap();
        assert_eq!(load(moved.to_str().unwrap(), &[]).unwrap().fingerprint(), loaded.fingerprint());
        std::fs::write(&table, "source,target,rating,time\n0,1,9,5\n3,1,-10,7.5\n").unwrap();
        assert_ne!(load(file.to_str().unwrap(), &[]).unwrap().fingerprint(), loaded.fingerprint());
        std::fs::write(&table, "source,target,rating,time\n0,9,11,5\n3,1,-10,soon\n").unwrap();
        let error = load(file.to_str().unwrap(), &[]).unwrap_err().to_string();
        let report = format!("{error:?} {:?}", load(file.to_str().unwrap(), &[]).unwrap_err());
        for wrong in ["no agent 9", "a rating of 11", "soon"] {
            assert!(report.contains(wrong), "{report}");
        }
    }

    /// What is told of a scene with these ratings, by place and message.
    fn warnings_of(section: &str, ratings: &str) -> Vec<(usize, String)> {
        let here = tempfile::tempdir().unwrap();
        let file = here.path().join("scene.ron");
        let text = format!("Scene(schema: 1, agents: [(count: 40)],\ntrust: ({section}))");
        std::fs::write(&file, text).unwrap();
        std::fs::write(here.path().join("r.csv"), ratings).unwrap();
        let loaded = load(file.to_str().unwrap(), &[]).unwrap_or_else(|error| panic!("{}", error.to_plain_text()));
        let told = loaded.warnings();
        let lines = told.iter().flat_map(SceneError::lines);
        lines.inspect(|line| assert_eq!(line.severity, "warning")).map(|line| (line.line, line.message)).collect()
    }

    #[test]
    fn ratings_that_have_faded_before_they_are_used_are_told() {
        let day = 86_400;
        let ratings = |days: &[i64]| -> String {
            days.iter().enumerate().map(|(row, day_of)| format!("{row},39,1,{}\n", day_of * day)).collect()
        };
        // 0.98 a day leaves a thousandth after ln 1000 / −ln 0.98 = 341.9 days.
        let section = r#"reputation: Weighted, edges: Csv("r.csv")"#;
        assert_eq!(warnings_of(section, &ratings(&[0, 1, 100, 341])), []);
        let told = warnings_of(section, &ratings(&[0, 1, 2, 342, 343]));
        assert_eq!(told.len(), 1);
        assert!(told[0].1.starts_with("2 of 5 ratings have faded") && told[0].1.contains("343 days"), "{told:?}");
        assert_eq!(warnings_of(&format!("{section}, forgetting: Never"), &ratings(&[0, 10_000])), []);
    }

    #[test]
    fn rows_about_themselves_and_a_default_that_strangers_can_buy_are_told() {
        let itself = "0,1,2\n3,3,10\n";
        let told = warnings_of(r#"reputation: Weighted, edges: Csv("r.csv")"#, itself);
        assert!(told[0].1.starts_with("1 row rates the rater itself, the first in line 2"), "{told:?}");
        let told = warnings_of(r#"edges: CsvOfNames("r.csv")"#, "ann,bob,2\nbob,cy,1\n");
        assert!(told.len() == 1 && told[0].1.contains("comes with many names"), "{told:?}");
        for chosen in ["reputation: Pooled", "raters: [\"agents\"]"] {
            let here = "Scene(schema: 1, agents: [(name: \"agents\", count: 4)], trust: (X))".replace('X', chosen);
            assert!(load_text("here", &here, None, &[]).unwrap().warnings().is_none(), "{chosen}");
        }
    }

    #[test]
    fn a_scene_goes_elsewhere_with_its_files_and_stays_the_same_scene() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::create_dir(here.path().join("data")).unwrap();
        let requests = here.path().join("data/requests.csv");
        std::fs::write(&requests, "at_s,capability\n0.5,a.b\n1,a.c\n").unwrap();
        std::fs::write(here.path().join("data/times.csv"), "ms\n3\n4.5\n").unwrap();
        let file = here.path().join("scene.ron");
        std::fs::write(&file, WITH_FILES).unwrap();
        let loaded = load(file.to_str().unwrap(), &[]).unwrap();
        let (text, files) = loaded.portable();
        assert_eq!(files.len(), 2);
        for (name, content) in files {
            content.write(&there.path().join(name)).unwrap();
        }
        let moved = there.path().join("scene.ron");
        std::fs::write(&moved, text).unwrap();
        let moved = load(moved.to_str().unwrap(), &[]).unwrap();
        assert_eq!(moved.fingerprint(), loaded.fingerprint());
        assert_eq!(moved.files_of_operations.samples.values().next().unwrap()[..], [3.0, 4.5]);
        assert!(moved.files_of_operations.traces["operations-0.csv"].starts_with(there.path()));
        // With other requests it is another scene.
        std::fs::write(&requests, "at_s,capability\n0.5,a.b\n2,a.c\n").unwrap();
        assert_ne!(load(file.to_str().unwrap(), &[]).unwrap().fingerprint(), loaded.fingerprint());
    }
}
