//! Values that can be changed while a simulation runs: live sections of the scene, and the parameters a scene names.

use std::collections::BTreeMap;

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::checkpoint::AddCheckpoint;
use crate::reflect_path::{self, FieldHints, ParamValue, PathError};
use crate::schema::{Check, Problems, suggest};

/// A value that a scene names so that `--set`, sliders and sweeps can vary it.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Param {
    /// The path of the value, such as `boids.separation.weight`.
    pub path: String,
    /// What a slider calls it; by default its name.
    pub label: String,
    /// Smallest and largest value of the slider; by default the range of the field.
    pub range: Option<(f64, f64)>,
    /// The slider's step; by default a hundredth of the range.
    pub step: Option<f64>,
    /// The unit shown; by default the unit of the field.
    pub unit: String,
    /// What the value does, in a sentence; by default the field's documentation.
    pub help: String,
}

/// The named parameters of the running scene.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct Params(pub BTreeMap<String, Param>);

impl Params {
    /// The path behind a name, or the name itself if it is a path already.
    #[must_use]
    pub fn resolve<'a>(&'a self, name_or_path: &'a str) -> &'a str {
        self.0.get(name_or_path).map_or(name_or_path, |param| param.path.as_str())
    }
}

type CheckFn = fn(&World, &str, &mut Problems);
type ReflectFn = for<'w> fn(&'w World) -> Option<&'w dyn Reflect>;
type ReplaceFn = fn(&mut World, Box<dyn Reflect>) -> bool;

#[derive(Clone, Copy, Debug)]
struct Section {
    check: CheckFn,
    reflect: ReflectFn,
    replace: ReplaceFn,
}

/// The sections of the scene that live on as resources and can be changed while the simulation runs.
#[derive(Resource, Clone, Debug, Default)]
pub struct LiveSections {
    sections: BTreeMap<&'static str, Section>,
}

impl LiveSections {
    /// The names of the sections.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.sections.keys().copied()
    }

    fn find<'p>(&self, path: &'p str) -> Result<(&'static str, Section, &'p str), PathError> {
        let (name, rest) = path.split_once('.').unwrap_or((path, ""));
        match self.sections.get_key_value(name) {
            Some((name, section)) => Ok((name, *section, rest)),
            None => Err(PathError {
                message: format!("\"{name}\" is not a section that can change while the simulation runs"),
                help: suggest(name, self.sections.keys().copied(), "section"),
            }),
        }
    }
}

/// Reads a live value by path, with what is known about the field.
///
/// # Errors
/// If the path doesn't lead to a value.
pub fn get_live(world: &World, path: &str) -> Result<(ParamValue, FieldHints), PathError> {
    let path = world.resource::<Params>().resolve(path);
    let (name, section, rest) = world.resource::<LiveSections>().find(path)?;
    let value = (section.reflect)(world).ok_or_else(|| not_there(name))?;
    reflect_path::read(value.as_partial_reflect(), rest)
}

fn not_there(name: &str) -> PathError {
    PathError { message: format!("section \"{name}\" is not part of this scene"), help: "add it to the scene".into() }
}

/// Writes a live value by path or parameter name; the world is unchanged if that fails.
///
/// # Errors
/// If the path doesn't exist or the value doesn't fit its type, its range or the checks of its section.
pub fn set_live(world: &mut World, name_or_path: &str, value: &ParamValue) -> Result<(), PathError> {
    let path = world.resource::<Params>().resolve(name_or_path).to_owned();
    let (name, section, rest) = world.resource::<LiveSections>().find(&path)?;
    if rest.is_empty() {
        return Err(PathError {
            message: format!("\"{name}\" is a whole section"),
            help: "name a field in it, such as boids.separation.weight".into(),
        });
    }
    let types = world.resource::<AppTypeRegistry>().clone();
    let before = (section.reflect)(world).ok_or_else(|| not_there(name))?;
    let clone =
        || before.reflect_clone().map_err(|error| PathError { message: error.to_string(), help: String::new() });
    let (mut changed, original) = (clone()?, clone()?);
    reflect_path::write(changed.as_partial_reflect_mut(), rest, value, &types.read())?;
    (section.replace)(world, changed);
    let mut problems = problems_context(world);
    (section.check)(world, name, &mut problems);
    let first = problems.into_list().into_iter().next();
    match first {
        None => Ok(()),
        Some(problem) => {
            (section.replace)(world, original);
            Err(PathError { message: format!("{}: {}", problem.path, problem.message), help: problem.help })
        }
    }
}

/// Lets `work` change live sections and then puts them all back: for trying out whether values fit.
pub fn preserving_sections<R>(world: &mut World, work: impl FnOnce(&mut World) -> R) -> R {
    let sections: Vec<Section> = world.resource::<LiveSections>().sections.values().copied().collect();
    let originals: Vec<(ReplaceFn, Box<dyn Reflect>)> = sections
        .into_iter()
        .filter_map(|section| Some((section.replace, (section.reflect)(world)?.reflect_clone().ok()?)))
        .collect();
    let result = work(world);
    for (replace, original) in originals {
        replace(world, original);
    }
    result
}

/// An empty list of problems that knows the running scene's groups, capabilities and world.
#[must_use]
pub fn problems_context(world: &World) -> Problems {
    let mut problems = Problems::default();
    if let Some(groups) = world.get_resource::<crate::agent::AgentGroups>() {
        problems.groups = groups.groups().iter().map(|group| group.name.clone()).collect();
    }
    if let Some(registry) = world.get_resource::<crate::agent::CapabilityRegistry>() {
        problems.capabilities = registry.names().map(str::to_owned).collect();
    }
    if let Some(bounds) = world.get_resource::<crate::space::WorldBounds>() {
        problems.world = *bounds;
    }
    problems
}

/// Makes sections of the scene changeable while the simulation runs.
pub trait AddSection {
    /// Registers the resource `T` as the live form of the scene's section `name`; it is saved in checkpoints and is
    /// part of the state hash. Systems must read it each tick.
    fn add_section<T>(&mut self, name: &'static str) -> &mut Self
    where
        T: Resource
            + Reflect
            + bevy::reflect::GetTypeRegistration
            + Check
            + Clone
            + Serialize
            + serde::de::DeserializeOwned;
}

impl AddSection for App {
    fn add_section<T>(&mut self, name: &'static str) -> &mut Self
    where
        T: Resource
            + Reflect
            + bevy::reflect::GetTypeRegistration
            + Check
            + Clone
            + Serialize
            + serde::de::DeserializeOwned,
    {
        self.register_type::<T>();
        self.checkpoint_ron_resource::<T>(name);
        self.world_mut().get_resource_or_init::<LiveSections>().sections.insert(
            name,
            Section {
                check: |world, at, problems| {
                    if let Some(section) = world.get_resource::<T>() {
                        section.check(at, problems);
                    }
                },
                reflect: |world| world.get_resource::<T>().map(|section| section as &dyn Reflect),
                replace: |world, value| match value.take::<T>() {
                    Ok(value) => {
                        world.insert_resource(value);
                        true
                    }
                    Err(_) => false,
                },
            },
        );
        self
    }
}
