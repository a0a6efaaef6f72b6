//! Resources and nests come, move and go.

use agent2028_core::agent::{Agent, Position};
use agent2028_core::check::{Check, Range, Unit};
use agent2028_core::intervention::{Intervention, InterventionContext, InterventionError, Unfit, room_among};
use agent2028_core::rng::SimRng;
use agent2028_core::space::WorldBounds;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use super::{numbered, rehearse};
use crate::config::{NestConfig, ResourceConfig};
use crate::forager::Forager;
use crate::site::Sites;

/// No more than these are added while a simulation runs; those of the section may be more.
const MOST_SITES: usize = 1 << 17;

const MOST_NESTS: usize = 4096;

/// Brings a new resource into the world.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct DropResource {
    /// The resource.
    pub resource: ResourceConfig,
}

impl Check for DropResource {}

impl Intervention for DropResource {
    const NAME: &'static str = "DropResource";
    const NEEDS: &'static [&'static str] = &["pheromones"];
    const CHANGES_SECTIONS: bool = true;

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        rehearse(self, world)
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let items = self.resource.items.max(1) as usize;
        room_among(world.resource::<Sites>().sources.len() + items - 1, MOST_SITES, "resources")?;
        let bounds = *world.resource::<WorldBounds>();
        let mut stream = world.resource::<SimRng>().global(context.purpose("pheromones.drop"), context.tick);
        world.resource_mut::<Sites>().add_resource(&self.resource, &bounds, &mut stream);
        Ok(format!("dropped {} units of {}", self.resource.amount, self.resource.name))
    }
}

/// Brings a new nest into the world. Foragers that are there keep theirs; those spawned later may choose it.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct AddNest {
    /// The nest.
    pub nest: NestConfig,
}

impl Check for AddNest {}

impl Intervention for AddNest {
    const NAME: &'static str = "AddNest";
    const NEEDS: &'static [&'static str] = &["pheromones"];
    const CHANGES_SECTIONS: bool = true;

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        rehearse(self, world)
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        room_among(world.resource::<Sites>().nests.len(), MOST_NESTS, "nests")?;
        let bounds = *world.resource::<WorldBounds>();
        world.resource_mut::<Sites>().add_nest(&self.nest, &bounds);
        Ok(format!("added nest {}", self.nest.name))
    }
}

/// Moves a resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct MoveResource {
    /// Which, from 0 in the order in which they came into the world.
    pub index: u32,
    /// Where to.
    #[reflect(@Range::new(-1e7, 1e7), @Unit("units"))]
    pub to: Vec2,
}

impl Check for MoveResource {}

impl Intervention for MoveResource {
    const NAME: &'static str = "MoveResource";
    const NEEDS: &'static [&'static str] = &["pheromones"];

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        numbered(&world.resource::<Sites>().sources, self.index, "resource")?;
        Ok(())
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        let bounds = *world.resource::<WorldBounds>();
        let mut sites = world.resource_mut::<Sites>();
        numbered(&sites.sources, self.index, "resource")?;
        let source = &mut sites.sources[self.index as usize];
        source.position = bounds.enter(self.to);
        Ok(format!("{} is at {} now", source.name, source.position))
    }
}

/// Takes a resource out of the world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct RemoveResource {
    /// Which, from 0 in the order in which they came into the world.
    pub index: u32,
}

impl Check for RemoveResource {}

impl Intervention for RemoveResource {
    const NAME: &'static str = "RemoveResource";
    const NEEDS: &'static [&'static str] = &["pheromones"];
    const CHANGES_SECTIONS: bool = true;

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        // It changes nothing but the sites, which whoever asks puts back. What comes later asks only how many there are, so that
        // those behind needn't move up.
        let mut sites = world.resource_mut::<Sites>();
        numbered(&sites.sources, self.index, "resource")?;
        sites.sources.swap_remove(self.index as usize);
        Ok(())
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        let mut sites = world.resource_mut::<Sites>();
        numbered(&sites.sources, self.index, "resource")?;
        let gone = sites.sources.remove(self.index as usize);
        Ok(format!("{} at {} is gone", gone.name, gone.position))
    }
}

/// Moves a nest. Its foragers find home there from now on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct MoveNest {
    /// Which, from 0 in the order in which they came into the world.
    pub index: u32,
    /// Where to.
    #[reflect(@Range::new(-1e7, 1e7), @Unit("units"))]
    pub to: Vec2,
}

impl Check for MoveNest {}

impl Intervention for MoveNest {
    const NAME: &'static str = "MoveNest";
    const NEEDS: &'static [&'static str] = &["pheromones"];

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        numbered(&world.resource::<Sites>().nests, self.index, "nest")?;
        Ok(())
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        let bounds = *world.resource::<WorldBounds>();
        let mut sites = world.resource_mut::<Sites>();
        numbered(&sites.nests, self.index, "nest")?;
        let nest = &mut sites.nests[self.index as usize];
        nest.position = bounds.enter(self.to);
        Ok(format!("{} is at {} now", nest.name, nest.position))
    }
}

/// Takes a nest out of the world. Its foragers choose the nest that is nearest to them; the last nest can't be taken from
/// foragers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct RemoveNest {
    /// Which, from 0 in the order in which they came into the world.
    pub index: u32,
}

impl Check for RemoveNest {}

impl Intervention for RemoveNest {
    const NAME: &'static str = "RemoveNest";
    const NEEDS: &'static [&'static str] = &["pheromones"];
    const CHANGES_SECTIONS: bool = true;

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        // It changes nothing but the sites, which whoever asks puts back. What comes later asks only how many there are, so that
        // those behind needn't move up.
        let mut sites = world.resource_mut::<Sites>();
        numbered(&sites.nests, self.index, "nest")?;
        sites.nests.swap_remove(self.index as usize);
        Ok(())
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        let bounds = *world.resource::<WorldBounds>();
        let mut foragers = world.query::<(&Agent, &Position, &mut Forager)>();
        let forages = foragers.iter(world).next().is_some();
        let mut sites = world.resource_mut::<Sites>();
        numbered(&sites.nests, self.index, "nest")?;
        if forages && sites.nests.len() == 1 {
            let text = "this is the only nest, and foragers need one; add another one first";
            return Err(InterventionError::Refused(text.into()));
        }
        let gone = sites.nests.remove(self.index as usize);
        let left = sites.clone();
        let mut moved = 0;
        // Each forager's new nest depends on nothing but itself, so their order is of no effect.
        for (_, position, mut forager) in foragers.iter_mut(world) {
            if forager.nest > self.index {
                forager.nest -= 1;
            } else if forager.nest == self.index {
                forager.nest = left.nearest_nest(position.0, &bounds).unwrap_or(0) as u32;
                moved += 1;
            }
        }
        Ok(format!("{} is gone, {moved} foragers moved to other nests", gone.name))
    }
}
