//! The market for capabilities of a simulation: agents who offer what they can do, under contracts.
//!
//! | module | what it holds |
//! |---|---|
//! | [`state`] | listings, buyers, contracts that go on, and when something is due for each |
//! | `enrol` | who comes, who is gone |
//! | `buy` | buyers look, propose and ask for service; providers accept |
//! | `settle` | service is measured, contracts end, money moves, buyers rate |
//! | [`analytics`] | trades, prices and what they tell |
//! | [`attacks`] | wash trades and dumping |
//! | `observe` | metrics |
//!
//! Whatever waits stands in a calendar under the tick in which something is due. So a tick costs what happens in it, however many
//! contracts go on.

pub mod analytics;
pub mod attacks;
mod buy;
mod enrol;
mod observe;
mod settle;
pub mod state;

pub use state::{Buyer, Deal, Entry, ServiceMarket};

use agent2028_core::checkpoint::{AddCheckpoint, to_bytes};
use agent2028_core::metrics::Metrics;
use agent2028_core::profiler::AddMemoryReport;
use agent2028_core::{SimSchedule, SimSystems};
use bevy::prelude::*;

use crate::Part;
use crate::config::CapabilityMarket;

/// Adds the market to a simulation.
pub(crate) fn build(config: &CapabilityMarket, app: &mut App) {
    let mut metrics = app.world_mut().get_resource_or_init::<Metrics>();
    let ids = observe::CapabilityMetrics::declare(config, &mut metrics);
    app.insert_resource(ids).init_resource::<ServiceMarket>().checkpoint_custom(
        "market.capabilities",
        true,
        save,
        load,
    );
    app.report_memory("agent2028_market", "listings and contracts", |world| {
        world.get_resource::<ServiceMarket>().map_or(0, ServiceMarket::bytes)
    });
    app.add_systems(SimSchedule, enrol::enrol.in_set(Part::Capabilities.of(SimSystems::Perceive)))
        .add_systems(SimSchedule, buy::buy.run_if(buy::is_due).in_set(Part::Capabilities.of(SimSystems::Decide)))
        .add_systems(SimSchedule, settle::settle.in_set(Part::Capabilities.of(SimSystems::Settle)))
        .add_systems(SimSchedule, observe::observe.in_set(Part::Capabilities.of(SimSystems::Observe)));
}

fn save(world: &World) -> Result<Vec<u8>, String> {
    world.get_resource::<ServiceMarket>().map_or(Ok(Vec::new()), to_bytes)
}

fn load(world: &mut World, bytes: &[u8]) -> Result<(), String> {
    world.insert_resource(ServiceMarket::from_bytes(bytes)?);
    Ok(())
}
