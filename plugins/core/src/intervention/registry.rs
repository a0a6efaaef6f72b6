//! The interventions that a program knows.

use std::collections::BTreeMap;
use std::fmt::{self, Debug};

use agent2028_language::syntax::Node;
use agent2028_language::{Fault, from_payload};
use bevy::prelude::*;
use bevy::reflect::{TypeInfo, TypeRegistry, Typed};

use super::{AnyIntervention, Intervention, InterventionError, PaletteEntry};
use crate::clash::Clash;

/// What is to be known of a kind of intervention without having one.
#[derive(Clone, Copy)]
pub struct InterventionKind {
    /// Its name in scenes and recordings.
    pub name: &'static str,
    /// The sections without which it can do nothing.
    pub needs: &'static [&'static str],
    /// How the palette offers it.
    pub palette: Option<PaletteEntry>,
    type_info: fn() -> &'static TypeInfo,
    default: fn() -> AnyIntervention,
    read: fn(&Node) -> Result<AnyIntervention, Fault>,
    read_fields: fn(&str) -> Result<AnyIntervention, ron::error::SpannedError>,
    register_types: fn(&mut TypeRegistry),
}

impl Debug for InterventionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InterventionKind").field(&self.name).finish()
    }
}

impl InterventionKind {
    /// The kind of a type.
    #[must_use]
    pub fn of<T: Intervention>() -> Self {
        Self {
            name: T::NAME,
            needs: T::NEEDS,
            palette: T::PALETTE,
            type_info: <T as Typed>::type_info,
            default: || AnyIntervention::new(T::default()),
            read: |node| from_payload::<T>(node).map(AnyIntervention::new),
            read_fields: |fields| crate::ron_format::from_str::<T>(fields).map(AnyIntervention::new),
            register_types: TypeRegistry::register::<T>,
        }
    }

    /// Its fields.
    #[must_use]
    pub fn type_info(&self) -> &'static TypeInfo {
        (self.type_info)()
    }

    /// One with all defaults.
    #[must_use]
    pub fn default_intervention(&self) -> AnyIntervention {
        (self.default)()
    }

    /// Makes its type known to a type registry.
    pub fn register_types(&self, types: &mut TypeRegistry) {
        (self.register_types)(types);
    }

    /// Reads one from a tree: `Name(field: value, …)`.
    ///
    /// # Errors
    /// With the place of what doesn't fit.
    pub fn read(&self, node: &Node) -> Result<AnyIntervention, Fault> {
        (self.read)(node)
    }

    /// Reads the fields of one from RON.
    ///
    /// # Errors
    /// With the position of what could not be read.
    pub fn read_fields(&self, fields: &str) -> Result<AnyIntervention, ron::error::SpannedError> {
        (self.read_fields)(fields)
    }
}

/// All interventions: what a scene's timeline, a recording, a checkpoint and the palette may name. In the order in which they
/// were added.
#[derive(Resource, Clone, Debug, Default)]
pub struct InterventionRegistry {
    kinds: Vec<InterventionKind>,
    places: BTreeMap<&'static str, usize>,
    clashes: Vec<Clash>,
}

impl InterventionRegistry {
    /// Adds an intervention. A name belongs to the type that came first; another one is a [clash](Self::clashes).
    pub fn add<T: Intervention>(&mut self) -> &mut Self {
        self.add_kind(InterventionKind::of::<T>());
        self
    }

    fn add_kind(&mut self, kind: InterventionKind) {
        match self.places.get(kind.name) {
            Some(place) => {
                let (first, second) = (self.kinds[*place].type_info(), kind.type_info());
                let clash = Clash::new("an intervention", kind.name, first.type_path(), second.type_path());
                if first.type_id() != second.type_id() && !self.clashes.contains(&clash) {
                    self.clashes.push(clash);
                }
            }
            None => {
                self.places.insert(kind.name, self.kinds.len());
                self.kinds.push(kind);
            }
        }
    }

    /// Adds all of another registry.
    pub fn extend(&mut self, others: &Self) {
        others.kinds.iter().for_each(|kind| self.add_kind(*kind));
        let new: Vec<Clash> = others.clashes.iter().filter(|clash| !self.clashes.contains(clash)).cloned().collect();
        self.clashes.extend(new);
    }

    /// Names that two types have.
    #[must_use]
    pub fn clashes(&self) -> &[Clash] {
        &self.clashes
    }

    /// All kinds, in the order in which they were added.
    pub fn kinds(&self) -> impl ExactSizeIterator<Item = &InterventionKind> {
        self.kinds.iter()
    }

    /// The kind of a name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&InterventionKind> {
        self.kinds.get(*self.places.get(name)?)
    }

    /// The names that are known, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.places.keys().copied()
    }

    /// Reads an intervention from its name and its fields in RON.
    ///
    /// # Errors
    /// If the name is unknown or the fields don't fit.
    pub fn read(&self, name: &str, fields: &str) -> Result<AnyIntervention, InterventionError> {
        let kind = self.find(name).ok_or_else(|| {
            let help = crate::check::suggest(name, self.names(), "intervention");
            InterventionError::Refused(format!("there is no intervention \"{name}\" here; {help}"))
        })?;
        kind.read_fields(fields).map_err(|error| InterventionError::Refused(format!("{name}: {error}")))
    }
}

/// Makes intervention types known to an app.
pub trait AddIntervention {
    /// Registers an intervention, so that recordings and checkpoints with it can be read.
    fn add_intervention<T: Intervention>(&mut self) -> &mut Self;

    /// Registers the interventions of a list, such as those of a section.
    fn add_interventions(&mut self, add: impl FnOnce(&mut InterventionRegistry)) -> &mut Self;
}

impl AddIntervention for App {
    fn add_intervention<T: Intervention>(&mut self) -> &mut Self {
        self.add_interventions(|list| {
            list.add::<T>();
        })
    }

    fn add_interventions(&mut self, add: impl FnOnce(&mut InterventionRegistry)) -> &mut Self {
        add(&mut self.world_mut().get_resource_or_init::<InterventionRegistry>());
        self
    }
}
