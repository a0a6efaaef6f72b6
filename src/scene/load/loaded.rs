//! A scene that was read, and where it comes from.

use std::path::PathBuf;
use std::sync::Arc;

use agent2028_core::check::Problem;
use agent2028_core::files::SceneFiles;
use agent2028_core::section::{SceneContext, SceneDocument, SectionFiles, SectionRegistry, Supplied};

use super::locate::Locator;
use crate::scene::Scene;
use crate::scene::files::{self, Beside, NamedFile};
use crate::scene::report::{Fault, SceneError, Sources};
use crate::scene::syntax::{Node, SourceId};

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
    /// The files that agents and sections name, in the order of the scene.
    pub(super) named: Vec<NamedFile>,
    /// What they hold.
    pub(super) section_files: SectionFiles,
    pub(super) registry: SectionRegistry,
    pub(super) supplied: Supplied,
    pub(super) warnings: Vec<Fault>,
    pub(super) scene_files: SceneFiles,
    pub(super) fingerprint: [u8; 32],
    pub(super) tree: Node,
    pub(super) sources: Sources,
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
        let files = files::beside(&mut tree, &self.named);
        (tree.to_text(), files)
    }

    /// The scene as a document: what the ledger of a run begins with.
    #[must_use]
    pub fn document(&self) -> SceneDocument {
        let (text, files) = self.portable();
        SceneDocument {
            name: self.scene.name.clone(),
            text,
            seed: self.scene.seed,
            fingerprint: self.fingerprint(),
            files: files.iter().map(|(name, content)| (name.clone(), content.digest())).collect(),
        }
    }

    /// Builds the scene's sections into an app, in the order of the registry.
    pub fn build_sections(&self, app: &mut bevy::app::App) {
        let document = || self.document();
        let context = SceneContext::new(&document, &self.supplied);
        for kind in self.registry.kinds() {
            if let Some(section) = self.scene.sections.named(kind.name) {
                section.build(&self.section_files, &context, app);
            }
        }
    }

    /// The sections that the scene could have, and the interventions that it can name.
    #[must_use]
    pub fn registry(&self) -> &SectionRegistry {
        &self.registry
    }

    /// Supplies something that comes with the scene and stands in none of its files, for the section that asks for it.
    pub fn supply<T: Send + Sync + 'static>(&mut self, value: Arc<T>) {
        self.supplied.supply(value);
    }

    /// What was supplied of a type.
    #[must_use]
    pub fn supplied<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.supplied.get()
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
