//! The fingerprint of a scene. A checkpoint or a recording of a scene with another fingerprint is refused.
//!
//! The fingerprint covers what the scene names and what can change a run: its agents, seed, rate, world, sections, timeline
//! and expectations, and what its files hold. It covers neither texts for people nor how the scene is looked at, so that a
//! clearer description keeps old runs valid. Fields that have their default value are left out, wherever they stand, and
//! so are sections that the scene doesn't have: a plugin that is added, or a field with a default, changes no fingerprint.
//! A section whose defaults come to mean something else raises its
//! [`REVISION`](agent2028_core::section::SceneSection::REVISION), which is covered.

use agent2028_core::faults::SetParam;
use agent2028_core::files::SceneFiles;
use agent2028_core::intervention::AnyIntervention;
use agent2028_core::ron_format::to_line;
use agent2028_core::section::SectionRegistry;
use bevy::prelude::*;
use bevy::reflect::enums::VariantType;
use bevy::reflect::{PartialReflect, ReflectRef, TypeRegistry};
use serde::Serialize;

use super::syntax::{Kind, Node, SourceId, parse};
use super::{RunLength, Scene};

/// How fingerprints are worked out. Those of another kind can't be compared.
pub const FORMAT: u32 = 2;

/// Identifies a scene with its seed, settings and files.
///
/// # Errors
/// If a value of the scene has no text.
pub fn fingerprint_of(scene: &Scene, files: &SceneFiles, registry: &SectionRegistry) -> Result<[u8; 32], ron::Error> {
    let mut types = TypeRegistry::default();
    types.register::<Scene>();
    registry.register_types(&mut types);
    let mut hasher = blake3::Hasher::new();
    let mut add = |name: &str, text: &str| {
        for part in [name, text] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
    };
    add("format", &FORMAT.to_string());
    let mut sections: Vec<_> = scene.sections.iter().cloned().collect();
    sections.sort_by_key(|section| section.kind().name);
    for section in &mut sections {
        // Of a file, what it holds counts, not its name.
        files.hide_names(section.files_mut());
        let kind = section.kind();
        let name = match kind.revision {
            0 => kind.name.to_owned(),
            revision => format!("{} {revision}", kind.name),
        };
        add(&name, &canonical(section, section.reflect(), &types)?);
    }
    let core = core_of(scene);
    add("scene", &canonical(&core, &core, &types)?);
    for group in &scene.agents {
        for row in &group.rows {
            add("row", &format!("{row:?}"));
        }
    }
    Ok(*hasher.finalize().as_bytes())
}

/// What of a scene's own fields can change a run, and nothing else.
fn core_of(scene: &Scene) -> Scene {
    let mut core = Scene {
        schema: scene.schema,
        seed: scene.seed,
        tick_hz: scene.tick_hz,
        epoch: scene.epoch.clone(),
        world: scene.world,
        agents: scene.agents.clone(),
        timeline: scene.timeline.clone(),
        expect: scene.expect.clone(),
        on_fault: scene.on_fault,
        duration: RunLength::default(),
        ..Scene::default()
    };
    for group in &mut core.agents {
        // The rows count, not the name of their file.
        group.from_csv = None;
    }
    // A parameter matters if something is done by its name.
    for entry in &mut core.timeline {
        if let Some(change) = entry.r#do.downcast::<SetParam>()
            && let Some(param) = scene.params.get(&change.path)
        {
            entry.r#do = SetParam { path: param.path.clone(), ..change.clone() }.into();
        }
    }
    core
}

/// A value as text without the fields that have their default value.
fn canonical<T: Serialize>(
    value: &T,
    reflected: &dyn PartialReflect,
    types: &TypeRegistry,
) -> Result<String, ron::Error> {
    let text = to_line(value)?;
    let mut tree = parse(SourceId(0), &text).map_err(|broken| ron::Error::Message(broken.message().to_owned()))?;
    prune(&mut tree, Some(reflected), types);
    Ok(tree.to_text())
}

/// Leaves out fields that have their default value, and puts the others in order of their names.
fn prune(node: &mut Node, value: Option<&dyn PartialReflect>, types: &TypeRegistry) {
    let value = value.map(shown);
    match (&mut node.kind, value.map(PartialReflect::reflect_ref)) {
        (Kind::Struct(_, fields), Some(ReflectRef::Struct(parent))) => {
            let info = value.and_then(PartialReflect::get_represented_type_info);
            let default = info.and_then(|info| types.get_type_data::<ReflectDefault>(info.type_id()));
            let default = default.map(ReflectDefault::default);
            let default = default.as_deref().and_then(|default| default.reflect_ref().as_struct().ok());
            fields.retain_mut(|(name, node)| {
                let field = field_of(parent, &name.text);
                let usual = default.and_then(|default| field_of(default, &name.text));
                let is_usual = field
                    .zip(usual)
                    .is_some_and(|(field, usual)| field.reflect_partial_eq(usual) == Some(true) && covers(field, node));
                if !is_usual {
                    prune(node, field, types);
                }
                !is_usual
            });
            fields.sort_by(|(one, _), (other, _)| one.text.cmp(&other.text));
        }
        (Kind::Struct(_, fields), Some(ReflectRef::Enum(parent))) => {
            if parent.variant_type() == VariantType::Tuple {
                // `Poisson(per_second: 2)` stands for `Poisson((per_second: 2))`.
                return prune(node, parent.field_at(0), types);
            }
            fields.iter_mut().for_each(|(name, node)| prune(node, parent.field(&name.text), types));
            fields.sort_by(|(one, _), (other, _)| one.text.cmp(&other.text));
        }
        (Kind::Tuple(Some(_), items), Some(ReflectRef::Enum(parent))) => {
            items.iter_mut().enumerate().for_each(|(at, node)| prune(node, parent.field_at(at), types));
        }
        (Kind::Tuple(None, items), Some(ReflectRef::Tuple(parent))) => {
            items.iter_mut().enumerate().for_each(|(at, node)| prune(node, parent.field(at), types));
        }
        (Kind::List(items), Some(ReflectRef::List(parent))) => {
            items.iter_mut().enumerate().for_each(|(at, node)| prune(node, parent.get(at), types));
        }
        _ => {}
    }
}

/// What of a value is written: what is in `Some(…)`, the fields of an intervention.
fn shown(value: &dyn PartialReflect) -> &dyn PartialReflect {
    if let Some(intervention) = value.try_downcast_ref::<AnyIntervention>() {
        return intervention.fields();
    }
    match value.reflect_ref() {
        ReflectRef::Enum(option) if is_some(value) => option.field_at(0).map_or(value, shown),
        _ => value,
    }
}

fn is_some(value: &dyn PartialReflect) -> bool {
    let info = value.get_represented_type_info();
    let is_option = info.is_some_and(|info| info.type_path_table().short_path().starts_with("Option<"));
    is_option && matches!(value.reflect_ref(), ReflectRef::Enum(option) if option.variant_name() == "Some")
}

fn field_of<'a>(parent: &'a dyn bevy::reflect::structs::Struct, name: &str) -> Option<&'a dyn PartialReflect> {
    parent.field(name).or_else(|| parent.field(&format!("r#{name}")))
}

/// Whether reflection sees everything that was written of a value: what it doesn't see it can't compare.
fn covers(value: &dyn PartialReflect, node: &Node) -> bool {
    let value = shown(value);
    match (&node.kind, value.reflect_ref()) {
        (Kind::Struct(_, fields), ReflectRef::Struct(parent)) => {
            fields.iter().all(|(name, node)| field_of(parent, &name.text).is_some_and(|value| covers(value, node)))
        }
        (Kind::Struct(_, fields), ReflectRef::Enum(parent)) => match parent.variant_type() {
            VariantType::Tuple => parent.field_at(0).is_some_and(|value| covers(value, node)),
            _ => fields.iter().all(|(name, node)| parent.field(&name.text).is_some_and(|value| covers(value, node))),
        },
        (Kind::Tuple(_, items), ReflectRef::Enum(parent)) => all_cover(items, |at| parent.field_at(at)),
        (Kind::Tuple(_, items), ReflectRef::Tuple(parent)) => all_cover(items, |at| parent.field(at)),
        (Kind::List(items), ReflectRef::List(parent)) => all_cover(items, |at| parent.get(at)),
        (Kind::Map(entries), ReflectRef::Map(parent)) => entries.is_empty() && parent.is_empty(),
        // Plain values; vectors and other types that are written in a form of their own, and compared as a whole.
        (Kind::Number(_) | Kind::Text(_) | Kind::Word(_) | Kind::Character(_) | Kind::Bytes(_), _)
        | (Kind::Tuple(None, _), ReflectRef::Struct(_) | ReflectRef::TupleStruct(_) | ReflectRef::Opaque(_)) => true,
        _ => false,
    }
}

fn all_cover<'a>(nodes: &[Node], value: impl Fn(usize) -> Option<&'a dyn PartialReflect>) -> bool {
    nodes.iter().enumerate().all(|(at, node)| value(at).is_some_and(|value| covers(value, node)))
}
