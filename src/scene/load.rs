//! From files to a checked scene: includes are merged, settings applied, CSV files read, and all problems told at once.

mod includes;
mod loaded;
mod locate;
mod settings;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use self::includes::canonical;
pub use self::loaded::{Loaded, SceneOrigin};
use self::locate::{Locator, locate};
pub use self::settings::Setting;
pub use super::files::Beside;
use super::files::{self, NamedFile, REPORTED, read_text, unread};
use super::fingerprint::fingerprint_of;
use super::report::{Fault, SceneError, Sources};
use super::syntax::{Kind, Node, SourceId, parse, parse_number};
use super::{SCHEMA, Scene, gallery, read};
use agent2028_core::agent::{AgentGroup, AgentRow};
use agent2028_core::check::{Names, Problem, Problems, suggest};
use agent2028_core::files::SceneFiles;
use agent2028_core::section::{FileContext, FileRequest, Reading, SectionFiles, SectionRegistry, Supplied};
use agent2028_language::conform::conform;

/// What is said of a recorded scene that names something else.
const OUTSIDE: &str = "a recorded scene names files beside it, and nothing else is read";

/// Loads a scene by path or by the name of a built-in one.
///
/// # Errors
/// With everything that is wrong with it.
pub fn load(path_or_name: &str, settings: &[Setting]) -> Result<Loaded, SceneError> {
    load_with(path_or_name, settings, crate::plugins::all())
}

/// Loads a scene as [`load`], with the sections of a registry.
///
/// # Errors
/// With everything that is wrong with it.
pub fn load_with(path_or_name: &str, settings: &[Setting], registry: SectionRegistry) -> Result<Loaded, SceneError> {
    let path = Path::new(path_or_name);
    let looks_like_path = path_or_name.ends_with(".ron") || path.components().count() > 1;
    match gallery::find(path_or_name) {
        Some(text) if !looks_like_path => {
            let origin = SceneOrigin::Builtin(path_or_name.into());
            Loader::new(origin, None, registry).load(text, settings)
        }
        _ if looks_like_path || path.exists() => load_file(path, settings, registry),
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

fn load_file(path: &Path, settings: &[Setting], registry: SectionRegistry) -> Result<Loaded, SceneError> {
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
    let folder = path.parent().map(Path::to_path_buf);
    Loader::new(SceneOrigin::File(path.into()), folder, registry).load(&text, settings)
}

/// Loads a scene from a text; includes and CSV files are looked up in `folder`.
///
/// # Errors
/// With everything that is wrong with it.
pub fn load_text(name: &str, text: &str, folder: Option<&Path>, settings: &[Setting]) -> Result<Loaded, SceneError> {
    load_text_with(name, text, folder, settings, crate::plugins::all())
}

/// Loads a scene as [`load_text`], with the sections of a registry.
///
/// # Errors
/// With everything that is wrong with it.
pub fn load_text_with(
    name: &str,
    text: &str,
    folder: Option<&Path>,
    settings: &[Setting],
    registry: SectionRegistry,
) -> Result<Loaded, SceneError> {
    Loader::new(SceneOrigin::Given(name.into()), folder.map(Path::to_path_buf), registry).load(text, settings)
}

/// Loads the scene of a recorded run. What it names lies beside it in the run's folder, as ordinary files: whoever looks at a run
/// reads nothing else, whatever its scene says.
///
/// # Errors
/// With everything that is wrong with it.
pub fn load_recorded(name: &str, text: &str, folder: &Path, settings: &[Setting]) -> Result<Loaded, SceneError> {
    let origin = SceneOrigin::Given(name.into());
    let mut loader = Loader::new(origin, Some(folder.to_path_buf()), crate::plugins::all());
    loader.confined = true;
    loader.load(text, settings)
}

/// Whether a name leads to an ordinary file in a folder itself.
fn lies_in(folder: &Path, name: &str) -> bool {
    let is_plain = Path::new(name).file_name().is_some_and(|plain| plain == name);
    is_plain && std::fs::symlink_metadata(folder.join(name)).is_ok_and(|about| about.is_file())
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
    Loader::new(origin, folder, crate::plugins::all()).load(text, settings)
}

/// Checks a scene made by a program, and applies settings to it.
///
/// # Errors
/// With everything that is wrong with it.
pub fn load_value(scene: &Scene, settings: &[Setting]) -> Result<Loaded, SceneError> {
    load_value_with(scene, settings, crate::plugins::all())
}

/// Checks a scene as [`load_value`], with the sections of a registry and those that the scene has.
///
/// # Errors
/// With everything that is wrong with it.
pub fn load_value_with(scene: &Scene, settings: &[Setting], registry: SectionRegistry) -> Result<Loaded, SceneError> {
    let registry = scene.sections.iter().fold(registry, |registry, section| registry.with_kind(section.kind()));
    let text = agent2028_core::ron_format::to_pretty(scene)
        .map_err(|error| SceneError::whole(&scene.name, error.to_string(), "this scene has no RON form"))?;
    let name = if scene.name.is_empty() { "scene" } else { &scene.name };
    let mut loaded = load_text_with(name, &text, None, settings, registry)?;
    // Rows have no RON form; they stay as the program gave them.
    for (group, given) in loaded.scene.agents.iter_mut().zip(&scene.agents) {
        group.rows.clone_from(&given.rows);
    }
    loaded.fingerprint = fingerprint_of(&loaded.scene, &loaded.scene_files, &loaded.registry)
        .map_err(|error| SceneError::whole(&scene.name, error.to_string(), "this scene has no RON form"))?;
    Ok(loaded)
}

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
    /// Whether the scene may name nothing but ordinary files in that folder itself.
    confined: bool,
    sources: Sources,
    files: Vec<PathBuf>,
    named: Vec<NamedFile>,
    registry: SectionRegistry,
    faults: Vec<Fault>,
    /// What is to be considered though it is right.
    warnings: Vec<Fault>,
}

impl Loader {
    fn new(origin: SceneOrigin, folder: Option<PathBuf>, registry: SectionRegistry) -> Self {
        let files = match &origin {
            SceneOrigin::File(path) => vec![path.clone()],
            _ => Vec::new(),
        };
        Self {
            origin,
            folder,
            confined: false,
            sources: Sources::default(),
            files,
            named: Vec::new(),
            registry,
            faults: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// The tree of a text, if it is plain what is meant; its faults are told with all others.
    fn tree_of(&mut self, source: SourceId, text: &str) -> Option<Node> {
        parse(source, text).map_or_else(
            |broken| {
                self.faults.extend(broken.faults);
                broken.tree.map(|tree| *tree)
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
        let findings = conform(&tree, &self.registry.types::<Scene>());
        self.faults.extend(findings.faults);
        if !self.faults.is_empty() {
            return Err(self.fail());
        }
        tree.remove_names(&findings.type_names);
        let resolved = tree.to_text();
        // What the shape leaves open, such as a field that must be there, serde tells with its place.
        let mut scene = match read::scene(&tree, &self.registry) {
            Ok(scene) => scene,
            Err(fault) => {
                self.faults.push(fault);
                return Err(self.fail());
            }
        };
        let section_files = self.read_files(&mut scene, &tree);
        let scene_files = self.scene_files();
        let fingerprint = fingerprint_of(&scene, &scene_files, &self.registry).unwrap_or_else(|error| {
            self.faults.push(Fault::new(tree.place.clone(), error.to_string(), "this scene has no RON form"));
            [0; 32]
        });
        scene.sections.iter_mut().for_each(|section| section.take_files(&section_files));
        self.advise(&scene, &tree);
        // Faults so far are those of files.
        let files_are_read = self.faults.is_empty();
        let problems = scene.problems().into_list();
        let can_be_put_together = files_are_read && problems.iter().all(|problem| is_beside(&problem.path));
        let paths: Vec<String> = problems.iter().map(|problem| problem.path.clone()).collect();
        let mut locator = Locator::new(&tree);
        self.faults.extend(problems.into_iter().map(|problem| locator.fault(problem)));
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
            named: self.named,
            section_files,
            registry: self.registry,
            supplied: Supplied::default(),
            warnings: self.warnings,
            tree,
            sources: self.sources,
        };
        if faults.is_empty() {
            return Ok(loaded);
        }
        let error = SceneError::new(&loaded.origin.label(), &loaded.sources, faults.clone());
        Err(error.of_partial(Partial { loaded, faults, paths }))
    }

    /// What the files hold that the scene names, by these names.
    fn scene_files(&self) -> SceneFiles {
        let mut files = SceneFiles::default();
        for file in &self.named {
            files.add(&file.name, file.digest());
        }
        files
    }

    /// Reads the files that agents and sections name; agents that come from a file get their rows. What the scene's sections
    /// get is returned.
    fn read_files(&mut self, scene: &mut Scene, tree: &Node) -> SectionFiles {
        let mut files = SectionFiles::default();
        let none = Names::default();
        let first = FileContext { agents: 0, capabilities: &none, most_faults: REPORTED };
        for (index, group) in scene.agents.iter_mut().enumerate() {
            let Some(request) = group.file() else { continue };
            let mut rows = SectionFiles::default();
            self.read_file(&format!("agents[{index}].from_csv"), &request, tree, &first, &mut rows);
            if let Some(rows) = rows.get::<Vec<AgentRow>>(&request.name) {
                group.rows = rows.to_vec();
            }
        }
        let agents = scene.agents.iter().map(AgentGroup::initial_count).fold(0, u32::saturating_add);
        let capabilities = Names::from(scene.capabilities());
        let context = FileContext { agents, capabilities: &capabilities, most_faults: REPORTED };
        let mut known = BTreeSet::new();
        for section in scene.sections.iter() {
            for request in section.files() {
                let at = below(section.kind().name, &request.at);
                // An empty name is refused by the section's own check.
                if !request.name.is_empty()
                    && known.insert((section.kind().name, request.name.clone(), request.reading == Reading::Streamed))
                {
                    self.read_file(&at, &request, tree, &context, &mut files);
                } else if let Some(file) = self.named.iter().find(|file| file.name == request.name) {
                    let again = file.clone_at(at);
                    self.named.push(again);
                }
            }
        }
        files
    }

    fn read_file(
        &mut self,
        at: &str,
        request: &FileRequest,
        tree: &Node,
        context: &FileContext,
        files: &mut SectionFiles,
    ) {
        let file = &request.name;
        let problem = |message: String, help: &str| Problem { path: at.into(), message, help: help.into() };
        let Some(folder) = &self.folder else {
            let message = format!("\"{file}\" can't be found: this scene is not a file");
            self.faults.push(locate(tree, problem(message, "save the scene beside the CSV file")));
            return;
        };
        if self.confined && !lies_in(folder, file) {
            let message = format!("\"{file}\" is no file in the run's folder");
            self.faults.push(locate(tree, problem(message, OUTSIDE)));
            return;
        }
        let path = folder.join(file);
        match files::read(at.to_owned(), request, &path, context) {
            Ok((named, content)) => {
                self.named.push(named);
                files.add(file, content.rows);
                let section = at.split(['.', '[']).next().unwrap_or_default();
                for advice in content.advice {
                    let advice = Problem { path: below(section, &advice.path), ..advice };
                    self.warnings.push(locate(tree, advice));
                }
                self.files.push(path);
            }
            Err(files::Refusal::Unreadable(error)) => {
                let (message, help) = unread(&path, &error, "the path is relative to the scene's file");
                self.faults.push(locate(tree, problem(message, help)));
            }
            Err(files::Refusal::Bad(faults, text)) => {
                // A text that is not held is only read to show where the faults are.
                let text = text.unwrap_or_else(|| read_text(&path).unwrap_or_default());
                let source = self.sources.add(&path.display().to_string(), &text);
                self.faults.extend(files::located(&path, &text, source, faults));
                self.files.push(path);
            }
        }
    }

    /// What sections say is to be considered though it is right.
    fn advise(&mut self, scene: &Scene, tree: &Node) {
        for section in scene.sections.iter() {
            let node = tree.field(section.kind().name).map(inner_of);
            let mut advice = Problems::to_consider(scene.tick_hz, scene.scripted());
            section.advise(&|field| node.is_some_and(|node| node.field(field).is_some()), &mut advice);
            self.warnings.extend(advice.into_list().into_iter().map(|problem| locate(tree, problem)));
        }
    }
}

/// A path below a section.
fn below(section: &str, path: &str) -> String {
    if path.is_empty() { section.to_owned() } else { format!("{section}.{path}") }
}

/// What stands in `Some(…)`.
fn inner_of(node: &Node) -> &Node {
    match &node.kind {
        Kind::Tuple(Some(name), items) if name.text == "Some" && items.len() == 1 => inner_of(&items[0]),
        _ => node,
    }
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
        let ratings = loaded.section_files.get::<agent2028_trust::Ratings>("otc.csv").unwrap();
        assert_eq!(ratings.rows.len(), 2);
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
    fn rumours_that_the_timeline_begins_count_where_a_memory_is_too_short_for_them() {
        let told = |remembered: u32, lifetime_s: &str| -> Vec<(usize, String)> {
            let here = format!(
                "Scene(schema: 1, tick_hz: 10, agents: [(count: 4)],\nnetwork: (topology: Ring(reach: 1),\n\
                 gossip: Some((mode: Flood,\nremembered: {remembered}, lifetime_s: {lifetime_s}, rumours: [(at: 5)]))),\n\
                 timeline: [(at: 14, do: TellRumour())])"
            );
            let loaded =
                load_text("here", &here, None, &[]).unwrap_or_else(|error| panic!("{}", error.to_plain_text()));
            let told = loaded.warnings();
            told.iter().flat_map(SceneError::lines).map(|line| (line.line, line.message)).collect()
        };
        let long = told(1, "60.0");
        assert!(long.len() == 1 && long[0].0 == 4 && long[0].1.starts_with("up to 2 rumours live at once"), "{long:?}");
        assert_eq!(told(2, "60.0"), [], "an agent remembers both");
        // From tick 5 to tick 14 there are nine tenths of a second: then the first is dead when the second begins.
        assert_eq!(told(1, "1.0").len(), 1);
        assert_eq!(told(1, "0.9"), []);
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
        let names: Vec<&str> = moved.scene_files().names().collect();
        assert_eq!(names, ["operations-0.csv", "operations-1.csv"]);
        assert!(moved.files.iter().all(|file| file.starts_with(there.path())));
        // With other requests it is another scene.
        std::fs::write(&requests, "at_s,capability\n0.5,a.b\n2,a.c\n").unwrap();
        assert_ne!(load(file.to_str().unwrap(), &[]).unwrap().fingerprint(), loaded.fingerprint());
    }
}
