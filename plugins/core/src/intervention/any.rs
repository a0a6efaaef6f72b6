//! An intervention of any type.

use std::any::Any;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;

use bevy::prelude::*;
use bevy::reflect::PartialReflect;
use serde::{Serialize, Serializer};

use super::apply::lacking;
use super::{Intervention, InterventionContext, InterventionError, InterventionKind, Newcomers, Unfit};
use crate::agent::AgentId;
use crate::check::{Check, Problem, Problems};
use crate::params::look_up;
use crate::ranges::check_ranges;

pub(super) trait Erased: Debug + Send + Sync {
    fn kind(&self) -> InterventionKind;
    fn name(&self) -> &'static str;
    fn needs(&self) -> &'static [&'static str];
    fn grants(&self) -> Option<&str>;
    fn newcomers(&self) -> Newcomers;
    fn joined(&self) -> Option<&str>;
    fn takes_away(&self) -> bool;
    fn changes_sections(&self) -> bool;
    fn check_at(&self, at: &str, problems: &mut Problems);
    fn reflect(&self) -> &dyn PartialReflect;
    fn edited(&self, edit: &mut dyn FnMut(&mut dyn PartialReflect)) -> AnyIntervention;
    fn serde(&self) -> &dyn erased_serde::Serialize;
    fn rehearse(&self, world: &mut World) -> Result<(), Unfit>;
    fn problems(&self, problems: &mut Problems);
    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError>;
    fn to_ron(&self) -> Result<String, ron::Error>;
    fn equals(&self, other: &dyn Any) -> bool;
    fn continues(&self, earlier: &dyn Any) -> bool;
    fn reaches(&self, world: &World, context: &InterventionContext, before: &BTreeSet<AgentId>)
    -> Option<Vec<AgentId>>;
    fn as_any(&self) -> &dyn Any;
}

impl<T: Intervention> Erased for T {
    fn kind(&self) -> InterventionKind {
        InterventionKind::of::<T>()
    }

    fn name(&self) -> &'static str {
        T::NAME
    }

    fn needs(&self) -> &'static [&'static str] {
        T::NEEDS
    }

    fn grants(&self) -> Option<&str> {
        Intervention::grants(self)
    }

    fn newcomers(&self) -> Newcomers {
        Intervention::newcomers(self)
    }

    fn joined(&self) -> Option<&str> {
        Intervention::joined(self)
    }

    fn takes_away(&self) -> bool {
        Intervention::takes_away(self)
    }

    fn check_at(&self, at: &str, problems: &mut Problems) {
        Check::check(self, at, problems);
    }

    fn reflect(&self) -> &dyn PartialReflect {
        self.as_partial_reflect()
    }

    fn edited(&self, edit: &mut dyn FnMut(&mut dyn PartialReflect)) -> AnyIntervention {
        let mut copy = self.clone();
        edit(copy.as_partial_reflect_mut());
        AnyIntervention::new(copy)
    }

    fn serde(&self) -> &dyn erased_serde::Serialize {
        self
    }

    fn changes_sections(&self) -> bool {
        T::CHANGES_SECTIONS
    }

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        Intervention::rehearse(self, world)
    }

    fn problems(&self, problems: &mut Problems) {
        check_ranges(self.as_partial_reflect(), "", problems);
        // What is out of range would only be told twice.
        if problems.is_empty() {
            self.check("", problems);
        }
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        Intervention::apply(self, world, context)
    }

    fn to_ron(&self) -> Result<String, ron::Error> {
        crate::ron_format::to_line(self)
    }

    fn equals(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<T>().is_some_and(|other| other == self)
    }

    fn continues(&self, earlier: &dyn Any) -> bool {
        earlier.downcast_ref::<T>().is_some_and(|earlier| Intervention::continues(self, earlier))
    }

    fn reaches(
        &self,
        world: &World,
        context: &InterventionContext,
        before: &BTreeSet<AgentId>,
    ) -> Option<Vec<AgentId>> {
        Intervention::reaches(self, world, context, before)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The path of what is at `path` in something at `at`.
fn below(at: &str, path: &str) -> String {
    match path.strip_prefix('.').unwrap_or(path) {
        "" => at.to_owned(),
        path => format!("{at}.{path}"),
    }
}

/// Something that is done to a running simulation: a fault, an attack, or a change. In a scene it is written
/// `Name(field: value, …)`; what is left out has its default.
// Which there are, the `InterventionRegistry` knows.
#[derive(Clone, Debug, Reflect)]
#[reflect(opaque)]
pub struct AnyIntervention(pub(super) Arc<dyn Erased>);

impl Default for AnyIntervention {
    fn default() -> Self {
        Self::new(crate::faults::Kill::default())
    }
}

impl Serialize for AnyIntervention {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// Its fields, without the name.
        struct Fields<'a>(&'a dyn Erased);

        impl Serialize for Fields<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                erased_serde::serialize(self.0.serde(), serializer)
            }
        }
        serializer.serialize_newtype_variant("Intervention", 0, self.name(), &Fields(&*self.0))
    }
}

impl Check for AnyIntervention {
    fn check(&self, at: &str, problems: &mut Problems) {
        self.0.check_at(at, problems);
    }
}

impl AnyIntervention {
    /// Wraps an intervention.
    #[must_use]
    pub fn new<T: Intervention>(intervention: T) -> Self {
        Self(Arc::new(intervention))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// The sections without which it can do nothing.
    #[must_use]
    pub fn needs(&self) -> &'static [&'static str] {
        self.0.needs()
    }

    /// What kind it is.
    #[must_use]
    pub fn kind(&self) -> InterventionKind {
        self.0.kind()
    }

    /// The capability that it brings into the world, if it does.
    #[must_use]
    pub fn grants(&self) -> Option<&str> {
        self.0.grants()
    }

    /// How many agents it adds each time.
    #[must_use]
    pub fn newcomers(&self) -> Newcomers {
        self.0.newcomers()
    }

    /// The group that those whom it adds join, if it is one.
    #[must_use]
    pub fn joined(&self) -> Option<&str> {
        self.0.joined()
    }

    /// Whether agents leave for good because of it.
    #[must_use]
    pub fn takes_away(&self) -> bool {
        self.0.takes_away()
    }

    /// Its fields, by reflection.
    #[must_use]
    pub fn fields(&self) -> &dyn PartialReflect {
        self.0.reflect()
    }

    /// Changes its fields, by reflection.
    pub fn edit(&mut self, mut edit: impl FnMut(&mut dyn PartialReflect)) {
        *self = self.0.edited(&mut edit);
    }

    /// Whether what it changes in the sections decides whether others of a timeline can work.
    #[must_use]
    pub fn changes_sections(&self) -> bool {
        self.0.changes_sections()
    }

    /// Everything about it that can never work in this scene whatever comes before it, with paths that begin at `at`; `problems`
    /// knows the scene's names and is empty.
    #[must_use]
    pub fn problems(&self, world: &World, at: &str, problems: &mut Problems) -> Vec<Problem> {
        if let Some(section) = lacking(self, world) {
            let message = format!("{} needs the section `{section}`, which this scene does not have", self.name());
            return vec![Problem { path: at.into(), message, help: format!("add {section}: (…) to the scene") }];
        }
        self.0.problems(problems);
        look_up(world, problems);
        let found = problems.take_list().into_iter();
        found.map(|problem| Problem { path: below(at, &problem.path), ..problem }).collect()
    }

    /// Whether it works as the sections are now; they come out changed as it would change them: see
    /// [`crate::params::preserving_sections`]. For what has no [problems](Self::problems) of its own.
    ///
    /// # Errors
    /// With the problem, whose path begins at `at`, and its cause.
    pub fn rehearse(&self, world: &mut World, at: &str) -> Result<(), (Problem, InterventionError)> {
        self.0.rehearse(world).map_err(|unfit| {
            let (message, help) = unfit.error.clone().into_words();
            (Problem { path: below(at, unfit.field), message, help }, unfit.error)
        })
    }

    /// It, if it is a `T`.
    #[must_use]
    pub fn downcast<T: Intervention>(&self) -> Option<&T> {
        self.0.as_any().downcast_ref()
    }

    /// Whether this goes on with what `earlier` began, so that both are undone together.
    #[must_use]
    pub fn continues(&self, earlier: &Self) -> bool {
        self.0.continues(earlier.0.as_any())
    }

    /// The agents that it would reach if it were applied to this world; nothing if it isn't about agents that exist.
    #[must_use]
    pub fn reaches(&self, world: &World, context: &InterventionContext) -> Option<Vec<AgentId>> {
        self.0.reaches(world, context, &BTreeSet::new())
    }

    /// Its fields in RON, without the name.
    ///
    /// # Errors
    /// If a field has no RON form.
    pub fn to_ron(&self) -> Result<String, ron::Error> {
        self.0.to_ron()
    }
}

impl<T: Intervention> From<T> for AnyIntervention {
    fn from(intervention: T) -> Self {
        Self::new(intervention)
    }
}

impl PartialEq for AnyIntervention {
    fn eq(&self, other: &Self) -> bool {
        self.0.equals(other.0.as_any())
    }
}
