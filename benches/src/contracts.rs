//! Rows about contracts: what many of them cost.

use agent2028_core::agent::{AgentGroup, AgentGroups};
use agent2028_core::simulation::Simulation;
use agent2028_core::space::WorldBounds;
use agent2028_market::capabilities::ServiceMarket;
use agent2028_market::config::{Buyers, CapabilityMarket, Offering, OpeningBalance, PricingRule};
use agent2028_market::{MarketConfig, MarketPlugin};
use agent2028_operations::config::{QueueConfig, ServiceTime};
use agent2028_operations::{OperationsConfig, OperationsPlugin};
use bevy::prelude::*;

use crate::measure::{Clock, Cost, Failure, Figures, pairs, time};
use crate::row::{Effort, Row, Target, Unit};
use crate::scene::simulation;

/// The rows.
pub const ROWS: &[Row] = &[
    Row {
        name: "contracts",
        work: "a tick in which 10⁵ contracts go on and 1000 of them ask for an operation each",
        baseline: "a tick in which 1000 contracts go on and all of them ask for an operation each",
        unit: Unit::SecondsPer("tick"),
        clock: Clock::Wall,
        target: Target::CostTimes(2.0),
        measure: contracts,
        curve: None,
        why_missed: "",
    },
    Row {
        name: "memory-contracts",
        work: "bytes per contract that goes on, with its place in the calendar, its buyer and its share of listings, of 10⁵",
        baseline: "the contract's terms alone",
        unit: Unit::BytesPer("contract"),
        clock: Clock::Wall,
        target: Target::Cost(512.0),
        measure: memory,
        curve: None,
        why_missed: "",
    },
];

const CAPABILITY: &str = "database.query";

/// Operations that are asked for in a tick, by all contracts together.
const ASKED: usize = 1000;

/// A market in which so many contracts go on, of which so many ask for an operation in each tick.
fn market(contracts: usize, asked: usize) -> Result<Simulation, Failure> {
    let group = |name: &str| OpeningBalance { group: name.into(), amount: 1_000_000 };
    let capabilities = CapabilityMarket {
        listings: vec![Offering {
            group: "provider".into(),
            capability: CAPABILITY.into(),
            pricing: PricingRule::Fixed(1),
            stock: 1_000_000_000,
            uptime_percent: 0.0,
            ..default()
        }],
        buyers: vec![Buyers {
            group: "buyer".into(),
            capability: CAPABILITY.into(),
            units: 10_000,
            lasts_s: 1e6,
            requests_per_s: (60.0 * asked as f64 / contracts as f64) as f32,
            ..default()
        }],
        ..default()
    };
    let balances = vec![group("buyer"), group("provider")];
    let market = MarketConfig { balances, capabilities: Some(capabilities), ..default() };
    let operations = OperationsConfig {
        service: ServiceTime::Constant { ms: 1.0 },
        queue: QueueConfig { capacity: 100_000, ..default() },
        ..default()
    };
    let buyers = AgentGroup { name: "buyer".into(), count: contracts as u32, ..default() };
    let providers = AgentGroup {
        name: "provider".into(),
        count: 1000,
        capabilities: vec![CAPABILITY.into()],
        max_concurrency: 1000,
        ..default()
    };
    let mut simulation = simulation(WorldBounds::default(), 1, buyers, |app| {
        app.world_mut().resource_mut::<AgentGroups>().add(providers);
        app.add_plugins(OperationsPlugin { config: operations, ..default() });
        app.add_plugins(MarketPlugin { config: market, ..default() });
    })?;
    let world = simulation.world_mut();
    let group = world.resource::<AgentGroups>().find("provider").ok_or("there are no providers")?;
    agent2028_core::agent::spawn_scene_group(world, group).map_err(|error| error.to_string())?;
    simulation.run(300);
    let active = simulation.world().resource::<ServiceMarket>().open()[1] as usize;
    if active < contracts {
        return Err(format!("only {active} of {contracts} contracts go on"));
    }
    Ok(simulation)
}

fn contracts(effort: Effort) -> Result<Figures, Failure> {
    let (many, asked) = (effort.at_most(100_000, 400), effort.at_most(ASKED, 40));
    let (mut many, mut few) = (market(many, asked)?, market(asked, asked)?);
    let ticks = effort.at_most(60, 3) as u64;
    pairs(
        effort.pairs(7),
        Clock::Wall,
        || Ok(time(ticks as f64, || many.run(ticks)).0),
        || Ok(time(ticks as f64, || few.run(ticks)).0),
    )
}

fn memory(effort: Effort) -> Result<Figures, Failure> {
    let contracts = effort.at_most(100_000, 400);
    let simulation = market(contracts, effort.at_most(ASKED, 40))?;
    let ours = simulation.world().resource::<ServiceMarket>().bytes() as f64 / contracts as f64;
    let baseline = size_of::<agent2028_market::contract::Terms>() as f64;
    let (ours, baseline, ratio) = (Cost::plain(ours), Cost::plain(baseline), ours / baseline);
    Ok(Figures { ours, baseline, ratios: vec![ratio], note: String::new() })
}
