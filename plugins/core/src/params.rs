//! Values that can be changed while a simulation runs: live sections of the scene, and the parameters a scene names.

use std::collections::BTreeMap;

use bevy::ecs::component::Mutable;
use bevy::prelude::*;
use bevy::reflect::enums::{VariantInfo, VariantType};
use bevy::reflect::{GetPath, PartialReflect, ReflectRef, TypeInfo};
use serde::{Deserialize, Serialize};

use crate::agent::AgentIndex;
use crate::check::{Check, Naming, Problem, Problems, suggest};
use crate::checkpoint::{AddCheckpoint, absent};
use crate::event::EventKinds;
use crate::files::SceneFiles;
use crate::reflect_path::{self, FieldHints, ParamValue, PathError};

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
    /// Its place among the scene's parameters, in the order in which the scene names them.
    #[serde(skip)]
    #[reflect(ignore)]
    pub place: ParamOrder,
}

/// A parameter's place in its scene's list. It is no part of what a parameter is: two that differ in nothing else are
/// equal.
#[derive(Clone, Copy, Debug, Default)]
pub struct ParamOrder(pub u32);

impl PartialEq for ParamOrder {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Reads and writes parameters in the order in which a scene names them. For `#[serde(with = …)]`.
pub mod in_order {
    use std::collections::BTreeMap;
    use std::fmt;

    use serde::de::{MapAccess, Visitor};
    use serde::ser::SerializeMap;
    use serde::{Deserializer, Serializer};

    use super::{Param, ParamOrder};

    /// Writes them.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(params: &BTreeMap<String, Param>, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list: Vec<(&String, &Param)> = params.iter().collect();
        list.sort_by_key(|(_, param)| param.place.0);
        let mut map = serializer.serialize_map(Some(list.len()))?;
        for (name, param) in list {
            map.serialize_entry(name, param)?;
        }
        map.end()
    }

    /// Reads them.
    ///
    /// # Errors
    /// Those of the deserializer.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Param>, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = BTreeMap<String, Param>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a map from names to parameters")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
                let mut params = BTreeMap::new();
                while let Some((name, param)) = access.next_entry::<String, Param>()? {
                    let place = ParamOrder(params.len() as u32);
                    params.insert(name, Param { place, ..param });
                }
                Ok(params)
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// The named parameters of the running scene.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct Params(pub BTreeMap<String, Param>);

impl Params {
    /// The parameters with their names, in the order in which the scene names them.
    #[must_use]
    pub fn in_order(&self) -> Vec<(&str, &Param)> {
        let mut list: Vec<(&str, &Param)> = self.0.iter().map(|(name, param)| (name.as_str(), param)).collect();
        // Where no order is known, the names' holds.
        list.sort_by_key(|(_, param)| param.place.0);
        list
    }

    /// The path behind a name, or the name itself if it is a path already.
    #[must_use]
    pub fn resolve<'a>(&'a self, name_or_path: &'a str) -> &'a str {
        self.0.get(name_or_path).map_or(name_or_path, |param| param.path.as_str())
    }
}

type CheckFn = fn(&World, &str, &mut Problems);
type ReflectFn = for<'w> fn(&'w World) -> Option<&'w dyn Reflect>;
type EditFn = fn(&mut World, &mut dyn FnMut(&mut dyn PartialReflect));
type FileNamesFn = fn(&mut World) -> Vec<String>;
type ReplaceFn = fn(&mut World, Box<dyn Reflect>) -> bool;

#[derive(Clone, Copy, Debug)]
struct Section {
    check: CheckFn,
    reflect: ReflectFn,
    /// To write to, if it is there; the section counts as unchanged.
    edit: EditFn,
    set_changed: fn(&mut World),
    file_names: FileNamesFn,
    replace: ReplaceFn,
}

/// The sections of the scene that live on as resources and can be changed while the simulation runs.
#[derive(Resource, Clone, Debug, Default)]
pub struct LiveSections {
    sections: BTreeMap<&'static str, Section>,
    /// Resources that interventions change together with sections.
    beside: Vec<Preserve>,
}

/// Notes what a resource holds, and gives back what puts it back.
type Preserve = fn(&World) -> Box<dyn FnOnce(&mut World)>;

impl LiveSections {
    /// Whether a section is part of the scene, or, with a path such as `market.tasks`, an optional part of one.
    #[must_use]
    pub fn has(&self, world: &World, path: &str) -> bool {
        let (name, part) = path.split_once('.').unwrap_or((path, ""));
        let Some(section) = self.sections.get(name).and_then(|section| (section.reflect)(world)) else { return false };
        if part.is_empty() {
            return true;
        }
        let found = section.reflect_path(part);
        found.is_ok_and(|part| match part.reflect_ref() {
            ReflectRef::Enum(value) => value.variant_name() != "None",
            _ => true,
        })
    }

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

/// The names that a live value can take, if it is a choice among names; none for numbers, texts, and what isn't there.
#[must_use]
pub fn live_choices(world: &World, path: &str) -> Vec<&'static str> {
    let path = world.resource::<Params>().resolve(path);
    let find = || {
        let (_, section, rest) = world.resource::<LiveSections>().find(path).ok()?;
        let value = (section.reflect)(world)?;
        let (value, _) = reflect_path::get(value.as_partial_reflect(), &reflect_path::parse_path(rest).ok()?).ok()?;
        Some(choices_of(value))
    };
    find().unwrap_or_default()
}

/// A value that can be changed while the simulation runs.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveValue {
    /// Its path, such as `boids.separation.weight`.
    pub path: String,
    /// Its value now.
    pub value: ParamValue,
    /// What is known about it.
    pub hints: FieldHints,
    /// The names that it can take, if it is a choice.
    pub choices: Vec<&'static str>,
}

/// Lists longer than this are settings up to here only: nobody sets a thousand things one by one.
const LONGEST_LIST: usize = 64;

/// All values that can be changed while the simulation runs, section by section in the order of their fields.
#[must_use]
pub fn live_values(world: &World) -> Vec<LiveValue> {
    let mut found = Vec::new();
    let Some(sections) = world.get_resource::<LiveSections>() else {
        return found;
    };
    for (name, section) in &sections.sections {
        if let Some(value) = (section.reflect)(world) {
            find_live_values(value.as_partial_reflect(), name, FieldHints::default(), &mut found);
        }
    }
    found
}

fn find_live_values(value: &dyn PartialReflect, path: &str, hints: FieldHints, found: &mut Vec<LiveValue>) {
    // What a value says of itself wins; coordinates and elements have what their whole has.
    let within = |known: FieldHints| FieldHints {
        range: known.range.or(hints.range),
        unit: known.unit.or(hints.unit),
        docs: known.docs.or(hints.docs),
    };
    let mut leaf = |choices: Vec<&'static str>| {
        found.push(LiveValue { path: path.to_owned(), value: reflect_path::to_param(value), hints, choices });
    };
    match value.reflect_ref() {
        ReflectRef::Struct(parent) => {
            for at in 0..parent.field_len() {
                if let (Some(name), Some(field)) = (parent.name_at(at), parent.field_at(at)) {
                    let known = within(reflect_path::hints_of(value, name));
                    find_live_values(field, &format!("{path}.{name}"), known, found);
                }
            }
        }
        ReflectRef::TupleStruct(parent) if parent.field_len() == 1 => {
            if let Some(field) = parent.field(0) {
                find_live_values(field, path, hints, found);
            }
        }
        ReflectRef::List(parent) => {
            for (at, element) in parent.iter().enumerate().take(LONGEST_LIST) {
                find_live_values(element, &format!("{path}[{at}]"), hints, found);
            }
        }
        ReflectRef::Enum(parent) => match (parent.variant_type(), parent.field_at(0)) {
            (VariantType::Tuple, Some(field)) if parent.field_len() == 1 => find_live_values(field, path, hints, found),
            (VariantType::Struct, _) => {
                for at in 0..parent.field_len() {
                    if let (Some(name), Some(field)) = (parent.name_at(at), parent.field_at(at)) {
                        let known = within(reflect_path::hints_of(value, name));
                        find_live_values(field, &format!("{path}.{name}"), known, found);
                    }
                }
            }
            _ => leaf(choices_of(value)),
        },
        _ => leaf(Vec::new()),
    }
}

/// The names that a value can take, if it is a choice among names and nothing else.
fn choices_of(value: &dyn PartialReflect) -> Vec<&'static str> {
    let variants: Vec<&VariantInfo> = match value.get_represented_type_info() {
        Some(TypeInfo::Enum(info)) => info.iter().collect(),
        _ => Vec::new(),
    };
    let plain = variants.iter().all(|variant| matches!(variant, VariantInfo::Unit(_)));
    if plain { variants.iter().map(|variant| variant.name()).collect() } else { Vec::new() }
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
    let types = types.read();
    // Only what stands at the path is copied, however much else is in the section.
    let mut written = Err(not_there(name));
    (section.edit)(world, &mut |held| written = reflect_path::write_undoable(held, rest, value, &types));
    let mut undo = Some(written?);
    let files = (section.file_names)(world);
    let first = first_problem(world, |problems| {
        (section.check)(world, name, problems);
        check_files(world, &files, name, problems);
    });
    match first {
        None => {
            (section.set_changed)(world);
            Ok(())
        }
        Some(problem) => {
            let mut put_back = Ok(());
            (section.edit)(world, &mut |held| {
                if let Some(undo) = undo.take() {
                    put_back = undo.put_back(held, &types);
                }
            });
            put_back?;
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
    let beside = world.resource::<LiveSections>().beside.clone();
    let beside: Vec<_> = beside.into_iter().map(|preserve| preserve(world)).collect();
    let result = work(world);
    for (replace, original) in originals {
        replace(world, original);
    }
    beside.into_iter().for_each(|put_back| put_back(world));
    result
}

/// What a scene's timeline will bring: what refers to it is no mistake before it has come. No part of the state, since it
/// follows from the scene.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct Foreseen {
    /// Capabilities that agents have or are given.
    pub capabilities: Vec<String>,
    /// How many ids agents will have had at the end, if nobody else adds any and that can be told.
    pub agents: Option<u64>,
}

/// Looks up the names that `problems` has noted, and adds a problem for each that stands for nothing here.
pub fn look_up(world: &World, problems: &mut Problems) {
    for mention in problems.take_mentions() {
        let name = mention.name.as_str();
        let (message, help) = match mention.naming {
            Naming::Quantity => {
                if crate::quantity::is_name(world, name) {
                    continue;
                }
                let near = crate::quantity::suggestion(world, name).map_or_else(
                    || "for example \"speed\" or \"Velocity.x\"".to_owned(),
                    |near| format!("did you mean \"{near}\"?"),
                );
                (format!("agents have no quantity \"{name}\""), near)
            }
            Naming::EventKind => {
                let kinds = world.resource::<EventKinds>();
                if kinds.contains(name) {
                    continue;
                }
                (
                    format!("nothing in this scene tells events of the kind \"{name}\""),
                    suggest(name, kinds.names(), "kind"),
                )
            }
        };
        problems.push(mention.path, message, help);
    }
}

/// The first thing that is wrong with what `check` looks at in the running scene, names included.
pub fn first_problem(world: &World, check: impl FnOnce(&mut Problems)) -> Option<Problem> {
    let mut problems = problems_context(world);
    check(&mut problems);
    look_up(world, &mut problems);
    problems.into_list().into_iter().next()
}

/// An empty list of problems that knows the running scene's groups, capabilities and world.
#[must_use]
pub fn problems_context(world: &World) -> Problems {
    let mut problems = Problems::default();
    if let Some(groups) = world.get_resource::<crate::agent::AgentGroups>() {
        (problems.groups, problems.roles) = (groups.names().clone(), groups.roles().clone());
        problems.regions = groups.regions().clone();
    }
    if let Some(registry) = world.get_resource::<crate::agent::CapabilityRegistry>() {
        problems.capabilities = registry.gathered();
    }
    if let Some(sections) = world.get_resource::<LiveSections>() {
        let there = sections.names().filter(|name| sections.has(world, name));
        problems.sections = there.map(str::to_owned).collect();
    }
    if let Some(foreseen) = world.get_resource::<Foreseen>() {
        let added = foreseen.capabilities.iter().filter(|name| !problems.capabilities.contains(name));
        let added: Vec<String> = added.cloned().collect();
        if !added.is_empty() {
            problems.capabilities = problems.capabilities.iter().map(str::to_owned).chain(added).collect();
        }
        let so_far = world.get_resource::<AgentIndex>().map_or(0, |index| u64::from(index.next_id().0));
        problems.agents = foreseen.agents.map(|agents| agents.max(so_far));
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
        T: Resource<Mutability = Mutable>
            + Reflect
            + bevy::reflect::GetTypeRegistration
            + Check
            + Clone
            + Serialize
            + serde::de::DeserializeOwned;

    /// Says that interventions which are tried out may change a resource beside the sections: it is put back with them.
    fn preserve_beside_sections<T: Resource + Clone>(&mut self) -> &mut Self;
}

/// A section's bytes, with what its files hold in the place of their names.
fn save_section<T: Resource + Check + Clone + Serialize>(world: &World) -> Result<Vec<u8>, String> {
    let Some(section) = world.get_resource::<T>() else {
        return Ok(Vec::new());
    };
    let text = match world.get_resource::<SceneFiles>().filter(|files| !files.is_empty()) {
        None => crate::ron_format::to_line(section),
        Some(files) => {
            let mut section = section.clone();
            files.hide_names(section.files_mut());
            crate::ron_format::to_line(&section)
        }
    };
    text.map(String::into_bytes).map_err(|error| error.to_string())
}

/// The inverse of [`save_section`].
fn load_section<T: Resource + Check + serde::de::DeserializeOwned>(
    world: &mut World,
    bytes: &[u8],
) -> Result<(), String> {
    if bytes.is_empty() {
        return absent::<T>(world);
    }
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let mut section = crate::ron_format::from_str::<T>(text).map_err(|error| error.to_string())?;
    if let Some(files) = world.get_resource::<SceneFiles>() {
        files.show_names(section.files_mut())?;
    }
    world.insert_resource(section);
    Ok(())
}

/// Files are read when a scene starts; a section can't take up others while it runs.
fn check_files(world: &World, named: &[String], at: &str, problems: &mut Problems) {
    let Some(files) = world.get_resource::<SceneFiles>() else {
        return;
    };
    for name in named {
        if !name.is_empty() && !files.has(name) {
            let known: Vec<&str> = files.names().collect();
            let help = if known.is_empty() {
                "files are read when a scene starts: name this one in the scene".to_owned()
            } else {
                format!("files are read when a scene starts; this one was read with {}", known.join(", "))
            };
            problems.push(at, format!("this scene was not read with a file \"{name}\""), help);
        }
    }
}

impl AddSection for App {
    fn add_section<T>(&mut self, name: &'static str) -> &mut Self
    where
        T: Resource<Mutability = Mutable>
            + Reflect
            + bevy::reflect::GetTypeRegistration
            + Check
            + Clone
            + Serialize
            + serde::de::DeserializeOwned,
    {
        self.register_type::<T>();
        self.checkpoint_custom(name, true, save_section::<T>, load_section::<T>);
        self.world_mut().get_resource_or_init::<LiveSections>().sections.insert(
            name,
            Section {
                check: |world, at, problems| {
                    if let Some(section) = world.get_resource::<T>() {
                        section.check(at, problems);
                    }
                },
                reflect: |world| world.get_resource::<T>().map(|section| section as &dyn Reflect),
                edit: |world, edit| {
                    if let Some(mut section) = world.get_resource_mut::<T>() {
                        edit(section.bypass_change_detection().as_partial_reflect_mut());
                    }
                },
                set_changed: |world| {
                    if let Some(mut section) = world.get_resource_mut::<T>() {
                        section.set_changed();
                    }
                },
                file_names: |world| {
                    let Some(mut section) = world.get_resource_mut::<T>() else { return Vec::new() };
                    section.bypass_change_detection().files_mut().into_iter().map(|name| name.clone()).collect()
                },
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

    fn preserve_beside_sections<T: Resource + Clone>(&mut self) -> &mut Self {
        self.world_mut().get_resource_or_init::<LiveSections>().beside.push(|world| {
            let original = world.get_resource::<T>().cloned();
            Box::new(move |world| {
                if let Some(original) = original {
                    world.insert_resource(original);
                }
            })
        });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::WorldBounds;

    #[test]
    fn every_setting_that_is_listed_can_be_read_and_set() {
        let mut simulation = crate::faults::fixture::simulation(1);
        let all = live_values(simulation.world());
        let paths: Vec<&str> = all.iter().map(|setting| setting.path.as_str()).collect();
        assert_eq!(paths, ["world.size.x", "world.size.y", "world.edge"]);
        assert_eq!(all[2].choices, ["Wrap", "Bounce", "Open"]);
        for setting in all {
            assert_eq!(get_live(simulation.world(), &setting.path).unwrap().0, setting.value, "{}", setting.path);
            set_live(simulation.world_mut(), &setting.path, &setting.value).unwrap();
        }
        assert_eq!(simulation.world().resource::<WorldBounds>().size, WorldBounds::default().size);
    }

    #[test]
    fn parameters_keep_the_order_in_which_they_are_written() {
        #[derive(Serialize, Deserialize)]
        struct Scene {
            #[serde(with = "in_order")]
            params: BTreeMap<String, Param>,
        }
        let text = r#"(params: {"zeal": (path: "a.z"), "calm": (path: "a.c"), "mood": (path: "a.m")})"#;
        let scene: Scene = crate::ron_format::from_str(text).unwrap();
        let names = |scene: &Scene| -> Vec<String> {
            Params(scene.params.clone()).in_order().into_iter().map(|(name, _)| name.to_owned()).collect()
        };
        assert_eq!(names(&scene), ["zeal", "calm", "mood"]);
        let again: Scene = crate::ron_format::from_str(&crate::ron_format::to_line(&scene).unwrap()).unwrap();
        assert_eq!(names(&again), ["zeal", "calm", "mood"]);
        assert!(again.params == scene.params);
    }

    /// A list that counts how often its items are copied.
    #[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
    #[reflect(Default)]
    struct Shelf {
        items: Vec<Item>,
    }

    #[derive(Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
    #[reflect(Clone, Default)]
    struct Item {
        weight: f32,
    }

    thread_local! {
        static COPIES: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
    }

    impl Clone for Item {
        fn clone(&self) -> Self {
            COPIES.set(COPIES.get() + 1);
            Self { weight: self.weight }
        }
    }

    impl Check for Shelf {
        fn check(&self, at: &str, problems: &mut Problems) {
            if self.items.iter().any(|item| item.weight > 100.0) {
                problems.push(format!("{at}.items"), "an item is too heavy", "weigh it again");
            }
        }
    }

    #[derive(Resource, Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
    #[reflect(Resource, Default)]
    struct Shop {
        shelf: Shelf,
        name: Option<String>,
    }

    impl Check for Shop {
        fn check(&self, at: &str, problems: &mut Problems) {
            self.shelf.check(&format!("{at}.shelf"), problems);
        }
    }

    /// A world whose section `shop` has so many items, in a scene of so many groups.
    fn shop(items: usize, groups: usize) -> World {
        let mut app = App::new();
        app.add_plugins(crate::SimCorePlugin::default()).add_section::<Shop>("shop");
        let item = || Item { weight: 1.0 };
        let shelf = Shelf { items: std::iter::repeat_with(item).take(items).collect() };
        app.insert_resource(Shop { shelf, name: None });
        for number in 0..groups {
            let group = crate::agent::AgentGroup { name: format!("group-{number}"), ..default() };
            app.world_mut().resource_mut::<crate::agent::AgentGroups>().add(group);
        }
        std::mem::take(app.world_mut())
    }

    #[test]
    fn a_value_that_is_set_costs_no_copy_of_its_section() {
        let copies = |items: usize, value: f64| {
            let mut world = shop(items, 1);
            COPIES.set(0);
            let outcome = set_live(&mut world, "shop.shelf.items[2].weight", &ParamValue::Number(value));
            (outcome.is_ok(), COPIES.get(), world.resource::<Shop>().shelf.items[2].weight)
        };
        for items in [5, 5000] {
            assert_eq!(copies(items, 7.0), (true, 0, 7.0), "{items} items");
            // What its checks refuse stands there as before.
            assert_eq!(copies(items, 101.0), (false, 0, 1.0), "{items} items");
            assert_eq!(copies(items, f64::NAN), (false, 0, 1.0), "{items} items");
        }
    }

    #[test]
    fn what_was_not_there_is_not_there_again_after_a_refusal() {
        let mut world = shop(3, 1);
        world.resource_mut::<Shop>().shelf.items[0].weight = 200.0;
        let before = world.resource::<Shop>().clone();
        let name = ParamValue::Text("Some(\"Corner shop\")".into());
        assert!(set_live(&mut world, "shop.name", &name).is_err(), "an item is too heavy");
        assert_eq!(*world.resource::<Shop>(), before);
        world.resource_mut::<Shop>().shelf.items[0].weight = 2.0;
        set_live(&mut world, "shop.name", &name).unwrap();
        assert_eq!(world.resource::<Shop>().name.as_deref(), Some("Corner shop"));
    }

    #[test]
    fn names_of_a_scene_are_gathered_once_and_not_for_each_change() {
        let mut world = shop(1, 3000);
        let _ = world.resource_mut::<crate::agent::CapabilityRegistry>().intern("mail.send");
        let (one, other) = (problems_context(&world), problems_context(&world));
        for (one, other) in [
            (&one.groups, &other.groups),
            (&one.roles, &other.roles),
            (&one.regions, &other.regions),
            (&one.capabilities, &other.capabilities),
        ] {
            assert!(one.shares_memory_with(other));
        }
        assert!(one.groups.contains("group-2999") && one.capabilities.contains("mail.send"));
        let _ = world.resource_mut::<crate::agent::CapabilityRegistry>().intern("mail.read");
        assert!(problems_context(&world).capabilities.contains("mail.read"));
    }
}
