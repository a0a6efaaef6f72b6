//! The sections that a program knows, in the order in which their plugins are added.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use agent2028_language::syntax::Node;
use agent2028_language::types::Types;
use agent2028_language::{Fault, from_tree};
use bevy::reflect::{GetTypeRegistration, TypeInfo, TypeRegistry, Typed};

use super::{AnySection, SceneSection};
use crate::check::{Member, OpenTypes};
use crate::clash::Clash;
use crate::event::{EventDeclaration, EventKinds};
use crate::intervention::InterventionRegistry;

/// What is to be known of a kind of section without having one.
#[derive(Clone, Copy)]
pub struct SectionKind {
    /// Its name in scenes.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// The revision of its defaults; see [`SceneSection::REVISION`].
    pub revision: u32,
    id: fn() -> TypeId,
    type_info: fn() -> &'static TypeInfo,
    default: fn() -> AnySection,
    read: fn(&Node) -> Result<AnySection, Fault>,
    register_types: fn(&mut TypeRegistry),
    interventions: fn(&mut InterventionRegistry),
    events: fn() -> Vec<EventDeclaration>,
}

impl std::fmt::Debug for SectionKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SectionKind").field(&self.name).finish()
    }
}

impl SectionKind {
    /// The kind of a type.
    #[must_use]
    pub fn of<T: SceneSection>() -> Self {
        Self {
            name: T::NAME,
            about: T::ABOUT,
            revision: T::REVISION,
            id: TypeId::of::<T>,
            type_info: <T as Typed>::type_info,
            default: || AnySection::new(T::default()),
            read: |node| from_tree::<T>(node).map(AnySection::new),
            register_types: TypeRegistry::register::<T>,
            interventions: T::interventions,
            events: T::events,
        }
    }

    /// Its fields.
    #[must_use]
    pub fn type_info(&self) -> &'static TypeInfo {
        (self.type_info)()
    }

    /// The kinds of events that it tells.
    #[must_use]
    pub fn events(&self) -> Vec<EventDeclaration> {
        (self.events)()
    }

    /// One with all defaults.
    #[must_use]
    pub fn default_section(&self) -> AnySection {
        (self.default)()
    }

    /// Reads one from a tree.
    ///
    /// # Errors
    /// With the place of what doesn't fit.
    pub fn read(&self, node: &Node) -> Result<AnySection, Fault> {
        (self.read)(node)
    }
}

/// The sections that a program knows, in the order in which their plugins are added, with the interventions that come with
/// them. Clones share it.
#[derive(Clone, Debug)]
pub struct SectionRegistry(Arc<Known>);

#[derive(Clone, Debug)]
struct Known {
    kinds: Vec<SectionKind>,
    interventions: InterventionRegistry,
    clashes: Vec<Clash>,
    described: Described,
}

/// The types of scenes, described when somebody asks for the first time.
#[derive(Debug, Default)]
struct Described(Mutex<BTreeMap<TypeId, Arc<Types>>>);

/// Whoever copies a registry changes it: then the types are others.
impl Clone for Described {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Default for SectionRegistry {
    fn default() -> Self {
        let mut interventions = InterventionRegistry::default();
        crate::faults::interventions(&mut interventions);
        Self(Arc::new(Known { kinds: Vec::new(), interventions, clashes: Vec::new(), described: Described::default() }))
    }
}

impl SectionRegistry {
    /// These and one more, whose plugin is added last. One that is there already stays where it is.
    #[must_use]
    pub fn with<T: SceneSection>(self) -> Self {
        self.with_kind(SectionKind::of::<T>())
    }

    /// These and one more, whose plugin is added last. One that is there already stays where it is; another type of its name is
    /// a [clash](Self::clashes).
    #[must_use]
    pub fn with_kind(mut self, kind: SectionKind) -> Self {
        let there = self.find(kind.name).copied();
        let known = Arc::make_mut(&mut self.0);
        match there {
            None => {
                known.described = Described::default();
                (kind.interventions)(&mut known.interventions);
                known.kinds.push(kind);
            }
            Some(first) if (first.id)() != (kind.id)() => {
                let (first, second) = (first.type_info().type_path(), kind.type_info().type_path());
                known.clashes.push(Clash::new("a section", kind.name, first, second));
            }
            Some(_) => {}
        }
        self
    }

    /// Names that two plugins give to different things: sections, interventions, kinds of events.
    #[must_use]
    pub fn clashes(&self) -> Vec<Clash> {
        let mut events = EventKinds::default();
        self.0.kinds.iter().for_each(|kind| events.add(&kind.events()));
        [self.0.clashes.as_slice(), self.0.interventions.clashes(), events.clashes()].concat()
    }

    /// All kinds of sections, in the order in which their plugins are added.
    pub fn kinds(&self) -> impl ExactSizeIterator<Item = &SectionKind> {
        self.0.kinds.iter()
    }

    /// Their names, in this order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &'static str> + Clone {
        self.0.kinds.iter().map(|kind| kind.name)
    }

    /// The kind of a name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&SectionKind> {
        self.0.kinds.iter().find(|kind| kind.name == name)
    }

    /// Whether this very type is one of them.
    #[must_use]
    pub fn has<T: SceneSection>(&self) -> bool {
        self.find(T::NAME).is_some_and(|kind| (kind.id)() == TypeId::of::<T>())
    }

    /// All interventions that a scene may name.
    #[must_use]
    pub fn interventions(&self) -> &InterventionRegistry {
        &self.0.interventions
    }

    /// Makes the types of all sections and interventions known to a type registry.
    pub fn register_types(&self, types: &mut TypeRegistry) {
        self.0.kinds.iter().for_each(|kind| (kind.register_types)(types));
        self.0.interventions.kinds().for_each(|kind| kind.register_types(types));
    }

    /// What plugins add to the types of a scene: sections are fields of `S`, interventions are choices of
    /// [`AnyIntervention`](crate::intervention::AnyIntervention).
    #[must_use]
    pub fn open_types<S: 'static>(&self) -> OpenTypes {
        let mut open = OpenTypes::default();
        for kind in &self.0.kinds {
            open.add_field::<S>(Member { name: kind.name, docs: kind.about, type_info: kind.type_info() });
        }
        for kind in self.0.interventions.kinds() {
            let docs = kind.type_info().docs().unwrap_or_default();
            let choice = Member { name: kind.name, docs, type_info: kind.type_info() };
            open.add_choice::<crate::intervention::AnyIntervention>(choice);
        }
        open
    }

    /// The types of scenes of the type `S`, with what plugins add to them.
    #[must_use]
    pub fn types<S: Typed + GetTypeRegistration>(&self) -> Arc<Types> {
        let mut described = self.0.described.0.lock().unwrap_or_else(PoisonError::into_inner);
        let types = described.entry(TypeId::of::<S>()).or_insert_with(|| {
            let mut describer = crate::check::describer(self.open_types::<S>());
            self.register_types(describer.registry_mut());
            Arc::new(describer.describe::<S>())
        });
        types.clone()
    }
}
