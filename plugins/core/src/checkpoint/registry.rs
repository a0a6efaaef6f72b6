//! What each plugin says must be saved, by name.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::sync::Arc;

use bevy::ecs::component::Mutable;
use bevy::prelude::*;
use bytemuck::Pod;
use serde::{Serialize, de::DeserializeOwned};

use super::{agents, column, history};
use crate::agent::ConditionExpiry;
use crate::clash::Clash;
use crate::clock::SimClock;

/// The section that says which agents exist; it is loaded before all others, because they refer to agents.
const AGENTS: &str = "agents";

type Save = Arc<dyn Fn(&World) -> Result<Vec<u8>, String> + Send + Sync>;
type Load = Arc<dyn Fn(&mut World, &[u8]) -> Result<(), String> + Send + Sync>;

#[derive(Clone)]
pub(super) struct Section {
    /// Whether it is state, part of the state hash, or history.
    pub(super) hashed: bool,
    /// Whether a checkpoint has no such section when it would be empty.
    pub(super) optional: bool,
    pub(super) save: Save,
    pub(super) load: Load,
    /// Who saves it: the type of the function that does.
    saver: TypeId,
}

/// A value in the binary form of checkpoints.
///
/// # Errors
/// If its type has no such form.
pub fn to_bytes<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, String> {
    postcard::to_stdvec(value).map_err(|error| error.to_string())
}

/// What each plugin says must be saved, by name.
#[derive(Resource, Clone, Default)]
pub struct CheckpointRegistry {
    pub(super) sections: BTreeMap<&'static str, Section>,
    pub(super) after_load: Vec<fn(&mut World)>,
    clashes: Vec<Clash>,
}

impl CheckpointRegistry {
    /// Takes a section in. A name belongs to who came first; what somebody else saves under it is a [clash](Self::clashes).
    fn add(&mut self, name: &'static str, section: Section) {
        match self.sections.get(name) {
            Some(known) if known.saver != section.saver => {
                let (first, second) = ("saved first", "left out");
                self.clashes.push(Clash::new("a part of checkpoints", name, first, second));
            }
            _ => {
                self.sections.insert(name, section);
            }
        }
    }

    /// Names under which two plugins save different things.
    #[must_use]
    pub fn clashes(&self) -> &[Clash] {
        &self.clashes
    }

    /// Whether there is a section of this name that is part of the state.
    pub(super) fn is_hashed(&self, name: &str) -> bool {
        self.sections.get(name).is_some_and(|section| section.hashed)
    }

    /// The sections in the order in which they are loaded.
    pub(super) fn load_order(&self) -> impl Iterator<Item = (&'static str, &Section)> {
        let agents = self.sections.get_key_value(AGENTS);
        let others = self.sections.iter().filter(|(name, _)| **name != AGENTS);
        agents.into_iter().chain(others).map(|(name, section)| (*name, section))
    }
}

/// How plugins say what of them a checkpoint must save.
pub trait AddCheckpoint {
    /// Saves a section by hand. `hashed` says whether it is state (part of the state hash) or history. What can't be saved
    /// is an error, so that nothing is ever taken for the same because it was left out.
    fn checkpoint_custom(
        &mut self,
        name: &'static str,
        hashed: bool,
        save: impl Fn(&World) -> Result<Vec<u8>, String> + Send + Sync + 'static,
        load: impl Fn(&mut World, &[u8]) -> Result<(), String> + Send + Sync + 'static,
    ) -> &mut Self;

    /// Saves a part of the state that most simulations don't have: where `save` returns nothing, a checkpoint has no such
    /// section and the state hash doesn't know of it; loading such a checkpoint hands nothing to `load`.
    fn checkpoint_optional(
        &mut self,
        name: &'static str,
        save: impl Fn(&World) -> Result<Vec<u8>, String> + Send + Sync + 'static,
        load: impl Fn(&mut World, &[u8]) -> Result<(), String> + Send + Sync + 'static,
    ) -> &mut Self;

    /// Saves a component of agents as a dense column of its bytes, in id order. For plain-old-data components.
    fn checkpoint_component_pod<T: Component<Mutability = Mutable> + Pod>(&mut self, name: &'static str) -> &mut Self;

    /// Like [`checkpoint_component_pod`](Self::checkpoint_component_pod), for components that few scenes use: while no
    /// agent has it there is no section.
    fn checkpoint_rare_component_pod<T: Component<Mutability = Mutable> + Pod>(
        &mut self,
        name: &'static str,
    ) -> &mut Self;

    /// Saves a component of agents through serde, in id order.
    fn checkpoint_component<T: Component + Serialize + DeserializeOwned>(&mut self, name: &'static str) -> &mut Self;

    /// Saves a resource through serde in binary form (the type must not need a self-describing format). A resource that
    /// isn't there is saved as absent.
    fn checkpoint_resource<T: Resource + Serialize + DeserializeOwned>(&mut self, name: &'static str) -> &mut Self;

    /// Saves a resource through serde as RON, for types that need a self-describing format.
    fn checkpoint_ron_resource<T: Resource + Serialize + DeserializeOwned>(&mut self, name: &'static str) -> &mut Self;

    /// Runs after a checkpoint was loaded: for what is derived from saved state.
    fn after_checkpoint_load(&mut self, derive: fn(&mut World)) -> &mut Self;
}

/// A resource that was absent when the state was saved must be absent now: whoever has it since relies on it.
///
/// # Errors
/// If it is there.
pub(crate) fn absent<T: Resource>(world: &World) -> Result<(), String> {
    if world.contains_resource::<T>() { Err(format!("{} is missing", std::any::type_name::<T>())) } else { Ok(()) }
}

impl AddCheckpoint for App {
    fn checkpoint_custom(
        &mut self,
        name: &'static str,
        hashed: bool,
        save: impl Fn(&World) -> Result<Vec<u8>, String> + Send + Sync + 'static,
        load: impl Fn(&mut World, &[u8]) -> Result<(), String> + Send + Sync + 'static,
    ) -> &mut Self {
        let saver = save.type_id();
        let section = Section { hashed, optional: false, save: Arc::new(save), load: Arc::new(load), saver };
        self.world_mut().get_resource_or_init::<CheckpointRegistry>().add(name, section);
        self
    }

    fn checkpoint_optional(
        &mut self,
        name: &'static str,
        save: impl Fn(&World) -> Result<Vec<u8>, String> + Send + Sync + 'static,
        load: impl Fn(&mut World, &[u8]) -> Result<(), String> + Send + Sync + 'static,
    ) -> &mut Self {
        let saver = save.type_id();
        let section = Section { hashed: true, optional: true, save: Arc::new(save), load: Arc::new(load), saver };
        self.world_mut().get_resource_or_init::<CheckpointRegistry>().add(name, section);
        self
    }

    fn checkpoint_component_pod<T: Component<Mutability = Mutable> + Pod>(&mut self, name: &'static str) -> &mut Self {
        self.world_mut().register_component::<T>();
        self.checkpoint_custom(name, true, |world| Ok(column::save_pod::<T>(world)), column::load_pod::<T>)
    }

    fn checkpoint_rare_component_pod<T: Component<Mutability = Mutable> + Pod>(
        &mut self,
        name: &'static str,
    ) -> &mut Self {
        self.world_mut().register_component::<T>();
        self.checkpoint_optional(name, |world| Ok(column::save_rare_pod::<T>(world)), column::load_rare_pod::<T>)
    }

    fn checkpoint_component<T: Component + Serialize + DeserializeOwned>(&mut self, name: &'static str) -> &mut Self {
        self.world_mut().register_component::<T>();
        self.checkpoint_custom(name, true, column::save_serde::<T>, column::load_serde::<T>)
    }

    fn checkpoint_resource<T: Resource + Serialize + DeserializeOwned>(&mut self, name: &'static str) -> &mut Self {
        self.checkpoint_custom(
            name,
            true,
            |world| to_bytes(&world.get_resource::<T>()),
            |world, bytes| {
                match postcard::from_bytes::<Option<T>>(bytes).map_err(|error| error.to_string())? {
                    Some(resource) => world.insert_resource(resource),
                    None => absent::<T>(world)?,
                }
                Ok(())
            },
        )
    }

    fn checkpoint_ron_resource<T: Resource + Serialize + DeserializeOwned>(&mut self, name: &'static str) -> &mut Self {
        self.checkpoint_custom(
            name,
            true,
            |world| {
                world.get_resource::<T>().map_or(Ok(Vec::new()), |resource| {
                    crate::ron_format::to_line(resource).map(String::into_bytes).map_err(|error| error.to_string())
                })
            },
            |world, bytes| {
                if bytes.is_empty() {
                    return absent::<T>(world);
                }
                let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
                world.insert_resource(crate::ron_format::from_str::<T>(text).map_err(|error| error.to_string())?);
                Ok(())
            },
        )
    }

    fn after_checkpoint_load(&mut self, derive: fn(&mut World)) -> &mut Self {
        self.world_mut().get_resource_or_init::<CheckpointRegistry>().after_load.push(derive);
        self
    }
}

/// Registers what core itself saves.
pub(crate) fn register_core(app: &mut App) {
    app.checkpoint_custom(AGENTS, true, agents::save, agents::load)
        .checkpoint_resource::<SimClock>("clock")
        .checkpoint_component::<crate::agent::Condition>("conditions")
        .checkpoint_component::<crate::agent::Capabilities>("capabilities")
        .checkpoint_component::<crate::agent::ServiceRecord>("service-records")
        .checkpoint_resource::<crate::agent::CapabilityRegistry>("capability-names")
        .checkpoint_custom("interventions", false, history::save, history::load)
        .after_checkpoint_load(crate::agent::rebuild_index)
        .after_checkpoint_load(|world| world.resource_mut::<ConditionExpiry>().0 = 0);
}
