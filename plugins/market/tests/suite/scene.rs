//! Simulations with a market, as tests need them.

use agent2028_core::SimCorePlugin;
use agent2028_core::agent::{AgentGroup, AgentGroups, spawn_scene_group};
use agent2028_core::metrics::Metrics;
use agent2028_core::simulation::Simulation;
use agent2028_market::capabilities::ServiceMarket;
use agent2028_market::config::{CapabilityMarket, Exchange, OpeningBalance};
use agent2028_market::exchange::Exchange as Goods;
use agent2028_market::order_book::Side;
use agent2028_market::{MarketConfig, MarketPlugin, Treasury};
use agent2028_network::{NetworkConfig, NetworkPlugin};
use agent2028_operations::config::{QueueConfig, ServiceTime};
use agent2028_operations::{OperationsConfig, OperationsPlugin};
use agent2028_trust::{TrustConfig, TrustPlugin};
use bevy::prelude::*;

pub(crate) const QUERY: &str = "database.query";

/// A scene, to be started as often as one likes.
#[derive(Clone)]
pub(crate) struct Scene {
    pub groups: Vec<AgentGroup>,
    pub market: MarketConfig,
    pub operations: Option<OperationsConfig>,
    pub trust: Option<TrustConfig>,
    pub network: Option<NetworkConfig>,
    pub seed: u64,
}

impl Scene {
    pub fn new(groups: &[(&str, u32)], market: MarketConfig) -> Self {
        let group = |(name, count): &(&str, u32)| AgentGroup {
            name: (*name).into(),
            count: *count,
            capabilities: vec![QUERY.into()],
            max_concurrency: 8,
            ..default()
        };
        let groups = groups.iter().map(group).collect();
        Self { groups, market, operations: None, trust: None, network: None, seed: 1 }
    }

    /// Providers of a capability and those who buy it.
    pub fn services(groups: &[(&str, u32)], money: i64, capabilities: CapabilityMarket) -> Self {
        let balances = groups.iter().map(|(name, _)| OpeningBalance { group: (*name).into(), amount: money }).collect();
        let market = MarketConfig { balances, capabilities: Some(capabilities), ..default() };
        let operations = OperationsConfig {
            service: ServiceTime::Constant { ms: 20.0 },
            queue: QueueConfig { capacity: 256, ..default() },
            ..default()
        };
        Self { operations: Some(operations), ..Self::new(groups, market) }
    }

    /// Those who trade goods.
    pub fn goods(groups: &[(&str, u32)], money: i64, exchange: Exchange) -> Self {
        let balances = groups.iter().map(|(name, _)| OpeningBalance { group: (*name).into(), amount: money }).collect();
        Self::new(groups, MarketConfig { balances, exchange: Some(exchange), ..default() })
    }

    pub fn start(&self) -> Simulation {
        let mut app = App::new();
        app.add_plugins(SimCorePlugin { seed: self.seed, ..default() });
        if let Some(config) = &self.network {
            app.add_plugins(NetworkPlugin { config: config.clone() });
        }
        if let Some(config) = &self.operations {
            app.add_plugins(OperationsPlugin { config: config.clone(), ..default() });
        }
        if let Some(config) = &self.trust {
            app.add_plugins(TrustPlugin { config: config.clone(), ..default() });
        }
        app.add_plugins(MarketPlugin { config: self.market.clone(), ..default() });
        for group in &self.groups {
            let group = app.world_mut().resource_mut::<AgentGroups>().add(group.clone());
            spawn_scene_group(app.world_mut(), group).unwrap();
        }
        app.world_mut().resource_mut::<Metrics>().want_all();
        Simulation::new(std::mem::take(app.world_mut()))
    }
}

pub(crate) fn metric(simulation: &Simulation, name: &str) -> f64 {
    simulation.world().resource::<Metrics>().value(name).unwrap_or(f64::NAN)
}

pub(crate) fn treasury(simulation: &Simulation) -> &Treasury {
    simulation.world().resource()
}

pub(crate) fn services(simulation: &Simulation) -> &ServiceMarket {
    simulation.world().resource()
}

pub(crate) fn goods(simulation: &Simulation) -> &Goods {
    simulation.world().resource()
}

/// What must hold after every tick: money and units are conserved, nobody is overdrawn, and what is promised is there.
pub(crate) fn assert_conserved(simulation: &Simulation, issued: i64) {
    let (tick, accounts) = (simulation.tick(), treasury(simulation).accounts());
    assert_eq!((accounts.sum(), accounts.issued()), (0, issued), "tick {tick}");
    assert!(accounts.is_sound(), "tick {tick}");
    if let Some(goods) = simulation.world().get_resource::<Goods>() {
        for good in goods.goods() {
            let (units, book) = (good.units(), good.book());
            assert!(units.is_sound(), "tick {tick}");
            let pledged: i64 = book.queue(Side::Buy).map(|order| order.price * i64::from(order.quantity)).sum();
            let offered: i64 = book.queue(Side::Sell).map(|order| i64::from(order.quantity)).sum();
            assert_eq!(accounts.balance(good.pledged()), pledged, "tick {tick}: money behind orders");
            assert_eq!(units.balance(good.offered()), offered, "tick {tick}: units behind orders");
            let crossed = book.best(Side::Buy).zip(book.best(Side::Sell)).is_some_and(|(buy, sell)| buy >= sell);
            assert!(!crossed, "tick {tick}: the book crosses");
        }
    }
    if let Some(market) = simulation.world().get_resource::<ServiceMarket>() {
        let escrow = |deal: &agent2028_market::capabilities::Deal| {
            deal.contract.escrow().map_or(0, |escrow| accounts.balance(escrow))
        };
        let held: i64 = market.deals().map(escrow).sum();
        assert_eq!(market.escrowed(), held, "tick {tick}: escrow");
        let [proposed, active, suspended] = market.open();
        assert_eq!((proposed + active + suspended) as usize, market.deals().count(), "tick {tick}");
        for entry in market.entries() {
            let taken: u32 = market
                .deals()
                .filter(|deal| deal.listing == entry.listing.id.0 && deal.began > entry.restocked)
                .filter(|deal| deal.contract.escrow().is_some())
                .map(|deal| deal.contract.terms.quantity)
                .sum();
            assert!(taken <= entry.listing.stock.sold(), "tick {tick}: stock");
        }
    }
}
