//! Markets for tasks, goods and capabilities.
//!
//! [`MarketPlugin`] adds to a simulation, in its turn:
//!
//! | phase | what this crate runs in it |
//! |---|---|
//! | before [`Perceive`](SimSystems::Perceive) | agents that came, left or failed are taken note of |
//! | [`Perceive`](SimSystems::Perceive) | newcomers list what they offer, or begin to look |
//! | [`Decide`](SimSystems::Decide) | tasks are put up, bidders are asked and bid; buyers of capabilities look, propose and ask for service |
//! | [`Act`](SimSystems::Act) | managers and contractors write to each other |
//! | [`Settle`](SimSystems::Settle) | auctions whose time has come are cleared, those who have tasks travel, work and are paid; goods are traded; service is measured, contracts are paid and rated |
//! | after [`Settle`](SimSystems::Settle) | what happened is told; clients rate who worked for them |
//! | [`Observe`](SimSystems::Observe) | metrics |
//!
//! Beneath it lie the mechanisms, as pure functions over slices and plain values: they know no world and no clock, money is whole
//! minor units, times are what the caller counts in, and chance comes from streams of
//! [`SimRng`](agent2028_core::rng::SimRng) that the caller hands in. So everything repeats bit for bit, and can be used outside
//! of a simulation.
//!
//! | module | what it holds |
//! |---|---|
//! | [`mechanism`] | what all mechanisms have in common, and how much a lie gains under one |
//! | [`auction`] | one item: sealed best score, first price, Vickrey, Dutch, English |
//! | [`combinatorial`] | bundles of items: winner determination and VCG payments |
//! | [`double_auction`] | many buyers and sellers at once: uniform price, McAfee |
//! | [`order_book`] | a continuous double auction with price–time priority |
//! | [`continuous_auction`] | a stretch of trading in it as one mechanism, in which lies are looked for |
//! | [`assignment`] | the cheapest assignment of tasks to agents, as yardstick |
//! | [`round`] | who may bid, one bid each, sealed by a commitment and revealed |
//! | [`policy`], [`zero_intelligence`] | how bidders choose their bids |
//! | [`contract_net`] | announcement, bid and award as messages that can be lost |
//! | [`accounts`] | money in double-entry accounts with escrow |
//! | [`listing`], [`pricing`] | what is offered, how much of it is left, what it costs |
//! | [`config`], [`money`], [`interventions`] | the scene's section, the money of a simulation, attacks |
//! | [`tasks`] | the task market of a simulation |
//! | [`exchange`] | the exchange of a simulation: goods, traders, periods |
//! | [`capabilities`] | its market for capabilities: listings, buyers, contracts, attacks |
//! | [`events`] | what markets tell |
//! | [`contract`], [`sla`], [`rating`] | a contract's life, what it promises, what its buyer thinks of it |

pub mod accounts;
pub mod assignment;
pub mod auction;
pub mod capabilities;
pub mod combinatorial;
pub mod config;
pub mod continuous_auction;
pub mod contract;
pub mod contract_net;
pub mod double_auction;
pub mod events;
pub mod exchange;
pub mod interventions;
pub mod listing;
pub mod mechanism;
pub mod money;
mod observe;
pub mod order_book;
pub mod policy;
pub mod pricing;
pub mod rating;
pub mod round;
mod section;
pub mod sla;
pub mod tasks;
pub mod zero_intelligence;

pub use config::MarketConfig;
pub use money::Treasury;
pub use observe::gini;

use agent2028_core::agent::SpawnHooks;
use agent2028_core::checkpoint::AddCheckpoint;
use agent2028_core::event::AddEventKinds;
use agent2028_core::intervention::AddIntervention;
use agent2028_core::metrics::Metrics;
use agent2028_core::params::AddSection;
use agent2028_core::profiler::AddMemoryReport;
use agent2028_core::{SimSchedule, SimSystems, TakeTurn, TickPart};
use bevy::prelude::*;

/// Tasks, goods, capabilities and the money paid for them. Add it after `SimCorePlugin` and the plugins whose work is traded or
/// rated, before agents are spawned.
#[derive(Clone, Debug, Default)]
pub struct MarketPlugin {
    /// The scene's section.
    pub config: MarketConfig,
    /// The rows of its files of tasks.
    pub tables: tasks::TaskTables,
}

/// The parts of this crate, in the order in which those that a scene has act, in each phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    /// The task market.
    Tasks,
    /// The exchange.
    Exchange,
    /// The market for capabilities.
    Capabilities,
    /// The money.
    Money,
}

/// A part's place in a phase.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PartIn(Part, TickPart);

impl Part {
    /// The set of a part's systems in a phase.
    pub(crate) fn of(self, place: impl Into<TickPart>) -> PartIn {
        PartIn(self, place.into())
    }

    /// Lays down the order in this crate's turns.
    fn take_turns(app: &mut App) {
        let turn = app.take_turn("market");
        for place in TickPart::all() {
            let [a, b, c, d] =
                [Self::Tasks, Self::Exchange, Self::Capabilities, Self::Money].map(|part| PartIn(part, place));
            app.configure_sets(SimSchedule, (a, b, c, d).chain().in_set(turn.of(place)));
        }
    }
}

impl Plugin for MarketPlugin {
    fn build(&self, app: &mut App) {
        let mut metrics = app.world_mut().get_resource_or_init::<Metrics>();
        let ids = observe::MarketMetrics::declare(&mut metrics);
        app.insert_resource(self.config.clone())
            .insert_resource(ids)
            .init_resource::<Treasury>()
            .add_section::<MarketConfig>("market")
            .checkpoint_custom("market.money", true, money::save, money::load)
            .add_interventions(interventions::interventions)
            .add_event_kinds(events::TASK_KINDS)
            .add_event_kinds(events::EXCHANGE_KINDS)
            .add_event_kinds(events::CAPABILITY_KINDS);
        app.report_memory("agent2028_market", "accounts and purses", |world| {
            world.get_resource::<Treasury>().map_or(0, Treasury::bytes)
        });
        app.world_mut().get_resource_or_init::<SpawnHooks>().0.push(money::endow);
        Part::take_turns(app);
        tasks::build(self, app);
        if let Some(config) = &self.config.exchange {
            exchange::build(config, app);
        }
        if let Some(config) = &self.config.capabilities {
            capabilities::build(config, app);
        }
        app.add_systems(SimSchedule, observe::observe.in_set(Part::Money.of(SimSystems::Observe)));
    }
}
