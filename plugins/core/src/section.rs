//! Sections of a scene: how a plugin brings its own.
//!
//! A plugin's configuration implements [`SceneSection`]: its name in scenes, the files that it wants, what it checks, the
//! interventions that come with it, and how it is built into an app. A program lists the sections it knows in a
//! [`SectionRegistry`]; readers, checks, reference, completion and form find them there. A scene holds the ones it names in
//! [`Sections`].
//!
//! ```
//! use agent2028_core::check::{Check, Problems};
//! use agent2028_core::section::{SceneContext, SceneSection, SectionFiles, SectionRegistry, Sections};
//! use bevy::prelude::*;
//! use serde::{Deserialize, Serialize};
//!
//! /// Lighthouses.
//! #[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
//! #[reflect(Default)]
//! #[serde(default, deny_unknown_fields)]
//! struct Lighthouses {
//!     /// How many there are.
//!     count: u32,
//! }
//!
//! impl Check for Lighthouses {}
//!
//! impl SceneSection for Lighthouses {
//!     const NAME: &'static str = "lighthouses";
//!     const ABOUT: &'static str = "Lights that agents steer by. Without this section there are none.";
//!
//!     fn build(&self, _: &SectionFiles, _: &SceneContext, _: &mut App) {}
//! }
//!
//! let registry = SectionRegistry::default().with::<Lighthouses>();
//! assert_eq!(registry.names().collect::<Vec<_>>(), ["lighthouses"]);
//! let sections = Sections::default().with(Lighthouses { count: 2 });
//! assert_eq!(sections.get::<Lighthouses>().map(|section| section.count), Some(2));
//! ```

mod files;
mod registry;

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use bevy::prelude::*;
use bevy::reflect::{GetTypeRegistration, PartialReflect, Typed};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::check::{Check, Problems};
use crate::event::EventDeclaration;
use crate::intervention::InterventionRegistry;

pub use files::{FileContent, FileContext, FileFaults, FileRequest, Reading, SectionFiles, TableFile};
pub use registry::{SectionKind, SectionRegistry};

/// A section of a scene: the configuration of a plugin, and everything about it that a reader of scenes must know.
///
/// Field documentation, units, ranges and defaults are read through reflection.
pub trait SceneSection:
    Reflect
    + Typed
    + GetTypeRegistration
    + Default
    + Clone
    + Debug
    + PartialEq
    + Serialize
    + DeserializeOwned
    + Check
    + Send
    + Sync
    + 'static
{
    /// Its name in scenes, such as `boids`: lower case, a word.
    const NAME: &'static str;

    /// What it is, in a sentence, and what there is not without it.
    const ABOUT: &'static str;

    /// Raised whenever a default value, or what a value means, changes so that scenes run differently: checkpoints and
    /// recordings of scenes with this section are then refused. A new field whose default changes nothing is no reason.
    const REVISION: u32 = 0;

    /// Adds its interventions. They exist although a scene has no such section: a timeline may name them, and is told what
    /// they need.
    fn interventions(list: &mut InterventionRegistry) {
        let _ = list;
    }

    /// The kinds of events that it tells. What is built from it declares the same to its app
    /// ([`AddEventKinds::add_event_kinds`](crate::event::AddEventKinds::add_event_kinds)).
    fn events() -> Vec<EventDeclaration> {
        Vec::new()
    }

    /// The files that it names, each with its reader.
    fn files(&self) -> Vec<FileRequest> {
        Vec::new()
    }

    /// Takes what its files hold into itself, where that is to be checked and saved with it.
    fn take_files(&mut self, files: &SectionFiles) {
        let _ = files;
    }

    /// What is to be considered though it is right. `is_written` says whether the scene itself gives one of its fields;
    /// `advice` knows the rate of ticks and the timeline.
    fn advise(&self, is_written: &dyn Fn(&str) -> bool, advice: &mut Problems) {
        let _ = (is_written, advice);
    }

    /// Words by which people find scenes that have it.
    fn tags(&self) -> Vec<&'static str> {
        vec![Self::NAME]
    }

    /// Builds it into an app, after [`SimCorePlugin`](crate::SimCorePlugin) and the sections before it in the registry, and
    /// before there are agents.
    fn build(&self, files: &SectionFiles, context: &SceneContext, app: &mut App);
}

/// The scene that a section is part of, as a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SceneDocument {
    /// The scene's title.
    pub name: String,
    /// Its text, with includes merged and settings applied.
    pub text: String,
    /// The seed.
    pub seed: u64,
    /// The fingerprint of scene, seed and settings.
    pub fingerprint: [u8; 32],
    /// The files that belong to it: name and BLAKE3 hash.
    pub files: Vec<(String, [u8; 32])>,
}

/// What a section can ask for while it is built.
#[derive(Clone, Copy)]
pub struct SceneContext<'a> {
    document: &'a dyn Fn() -> SceneDocument,
    supplied: &'a Supplied,
}

impl Debug for SceneContext<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SceneContext").field("supplied", &self.supplied).finish_non_exhaustive()
    }
}

impl<'a> SceneContext<'a> {
    /// A context. `document` is called only by sections that need the whole scene.
    #[must_use]
    pub fn new(document: &'a dyn Fn() -> SceneDocument, supplied: &'a Supplied) -> Self {
        Self { document, supplied }
    }

    /// The whole scene as a document.
    #[must_use]
    pub fn document(&self) -> SceneDocument {
        (self.document)()
    }

    /// What was supplied with the scene, if there is such a thing.
    #[must_use]
    pub fn supplied<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.supplied.get()
    }
}

/// Values that come with a scene and stand in none of its files: what a recording keeps beside it. One of each type.
#[derive(Clone, Default)]
pub struct Supplied(Vec<Arc<dyn Any + Send + Sync>>);

impl Debug for Supplied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Supplied").field(&self.0.len()).finish()
    }
}

impl Supplied {
    /// Supplies a value, in the place of another of its type.
    pub fn supply<T: Any + Send + Sync>(&mut self, value: Arc<T>) {
        self.0.retain(|known| !known.is::<T>());
        self.0.push(value);
    }

    /// The value of a type.
    #[must_use]
    pub fn get<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.0.iter().find_map(|value| Arc::clone(value).downcast::<T>().ok())
    }
}

trait Erased: Debug + Send + Sync {
    fn kind(&self) -> SectionKind;
    fn cloned(&self) -> AnySection;
    fn equals(&self, other: &dyn Any) -> bool;
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
    fn reflect(&self) -> &dyn PartialReflect;
    fn serde(&self) -> &dyn erased_serde::Serialize;
    fn check(&self, problems: &mut Problems);
    fn files_mut(&mut self) -> Vec<&mut String>;
    fn files(&self) -> Vec<FileRequest>;
    fn take_files(&mut self, files: &SectionFiles);
    fn advise(&self, is_written: &dyn Fn(&str) -> bool, advice: &mut Problems);
    fn tags(&self) -> Vec<&'static str>;
    fn build(&self, files: &SectionFiles, context: &SceneContext, app: &mut App);
}

impl<T: SceneSection> Erased for T {
    fn kind(&self) -> SectionKind {
        SectionKind::of::<T>()
    }

    fn cloned(&self) -> AnySection {
        AnySection::new(self.clone())
    }

    fn equals(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<T>().is_some_and(|other| other == self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn reflect(&self) -> &dyn PartialReflect {
        self.as_partial_reflect()
    }

    fn serde(&self) -> &dyn erased_serde::Serialize {
        self
    }

    fn check(&self, problems: &mut Problems) {
        Check::check(self, T::NAME, problems);
    }

    fn files_mut(&mut self) -> Vec<&mut String> {
        Check::files_mut(self)
    }

    fn files(&self) -> Vec<FileRequest> {
        SceneSection::files(self)
    }

    fn take_files(&mut self, files: &SectionFiles) {
        SceneSection::take_files(self, files);
    }

    fn advise(&self, is_written: &dyn Fn(&str) -> bool, advice: &mut Problems) {
        SceneSection::advise(self, is_written, advice);
    }

    fn tags(&self) -> Vec<&'static str> {
        SceneSection::tags(self)
    }

    fn build(&self, files: &SectionFiles, context: &SceneContext, app: &mut App) {
        SceneSection::build(self, files, context, app);
    }
}

/// A section of any type.
#[derive(Debug)]
pub struct AnySection(Box<dyn Erased>);

impl AnySection {
    /// Wraps a section.
    #[must_use]
    pub fn new<T: SceneSection>(section: T) -> Self {
        Self(Box::new(section))
    }

    /// What kind of section it is.
    #[must_use]
    pub fn kind(&self) -> SectionKind {
        self.0.kind()
    }

    /// It, if it is a `T`.
    #[must_use]
    pub fn downcast<T: SceneSection>(&self) -> Option<&T> {
        self.0.as_any().downcast_ref()
    }

    /// It, if it is a `T`, to change it.
    #[must_use]
    pub fn downcast_mut<T: SceneSection>(&mut self) -> Option<&mut T> {
        self.0.as_any_mut().downcast_mut()
    }

    /// Its fields, by reflection.
    #[must_use]
    pub fn reflect(&self) -> &dyn PartialReflect {
        self.0.reflect()
    }

    /// Adds what is wrong with it.
    pub fn check(&self, problems: &mut Problems) {
        self.0.check(problems);
    }

    /// The names of its files, to change them.
    #[must_use]
    pub fn files_mut(&mut self) -> Vec<&mut String> {
        self.0.files_mut()
    }

    /// The files that it names, each with its reader.
    #[must_use]
    pub fn files(&self) -> Vec<FileRequest> {
        self.0.files()
    }

    /// Takes what its files hold into itself.
    pub fn take_files(&mut self, files: &SectionFiles) {
        self.0.take_files(files);
    }

    /// What is to be considered though it is right; see [`SceneSection::advise`].
    pub fn advise(&self, is_written: &dyn Fn(&str) -> bool, advice: &mut Problems) {
        self.0.advise(is_written, advice);
    }

    /// Words by which people find scenes that have it.
    #[must_use]
    pub fn tags(&self) -> Vec<&'static str> {
        self.0.tags()
    }

    /// Builds it into an app.
    pub fn build(&self, files: &SectionFiles, context: &SceneContext, app: &mut App) {
        self.0.build(files, context, app);
    }
}

impl Clone for AnySection {
    fn clone(&self) -> Self {
        self.0.cloned()
    }
}

impl PartialEq for AnySection {
    fn eq(&self, other: &Self) -> bool {
        self.0.equals(other.0.as_any())
    }
}

impl Serialize for AnySection {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        erased_serde::serialize(self.0.serde(), serializer)
    }
}

/// The sections of a scene: at most one of each kind.
#[derive(Clone, Debug, Default)]
pub struct Sections(Vec<AnySection>);

impl Sections {
    /// Adds a section, in the place of another of its kind.
    pub fn insert(&mut self, section: AnySection) {
        let name = section.kind().name;
        match self.0.iter_mut().find(|known| known.kind().name == name) {
            Some(known) => *known = section,
            None => self.0.push(section),
        }
    }

    /// These and one more.
    #[must_use]
    pub fn with<T: SceneSection>(mut self, section: T) -> Self {
        self.insert(AnySection::new(section));
        self
    }

    /// The section of a type.
    #[must_use]
    pub fn get<T: SceneSection>(&self) -> Option<&T> {
        self.0.iter().find_map(AnySection::downcast)
    }

    /// The section of a type, to change it.
    #[must_use]
    pub fn get_mut<T: SceneSection>(&mut self) -> Option<&mut T> {
        self.0.iter_mut().find_map(AnySection::downcast_mut)
    }

    /// Takes the section of a type away.
    pub fn remove<T: SceneSection>(&mut self) -> Option<T> {
        let at = self.0.iter().position(|section| section.downcast::<T>().is_some())?;
        self.0.remove(at).downcast().cloned()
    }

    /// The section of a name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&AnySection> {
        self.0.iter().find(|section| section.kind().name == name)
    }

    /// All sections.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &AnySection> + Clone {
        self.0.iter()
    }

    /// All sections, to change them.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = &mut AnySection> {
        self.0.iter_mut()
    }
}

/// The order in which sections were added is no part of what they are.
impl PartialEq for Sections {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().all(|section| other.named(section.kind().name) == Some(section))
    }
}
