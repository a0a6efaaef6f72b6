//! Capabilities under contracts.

use agent2028_core::checkpoint::Checkpoint;
use agent2028_core::faults::{Freeze, Kill, Remove, Restart, Spawn, WithdrawCapability};
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_market::capabilities::{Deal, ServiceMarket};
use agent2028_market::config::{BestListing, Buyers, CapabilityMarket, Offering, PricingRule};
use agent2028_market::contract::Status;
use agent2028_network::NetworkConfig;
use agent2028_network::interventions::Partition;
use agent2028_operations::config::ServiceTime;
use agent2028_trust::TrustConfig;
use bevy::prelude::default;

use crate::scene::{QUERY, Scene, assert_conserved, metric, services, treasury};

fn offering(stock: u32) -> Offering {
    Offering { group: "provider".into(), capability: QUERY.into(), stock, ..default() }
}

fn buyers(units: u32) -> Buyers {
    Buyers { group: "buyer".into(), capability: QUERY.into(), units, requests_per_s: 10.0, lasts_s: 10.0, ..default() }
}

fn scene(offering: Offering, buyers: Buyers, providers: u32, clients: u32) -> Scene {
    let market = CapabilityMarket { listings: vec![offering], buyers: vec![buyers], ..default() };
    Scene::services(&[("buyer", clients), ("provider", providers)], 10_000, market)
}

fn run_conserved(simulation: &mut Simulation, ticks: u64, issued: i64) {
    for _ in 0..ticks {
        simulation.run(1);
        assert_conserved(simulation, issued);
    }
}

#[test]
fn five_units_are_sold_five_times_and_no_more_however_many_want_them_at_once() {
    let quick = Buyers { pause_s: 0.0, ..buyers(1) };
    let mut simulation = scene(offering(5), quick, 1, 40).start();
    run_conserved(&mut simulation, 600, 410_000);
    assert_eq!(metric(&simulation, "market.contracts"), 5.0);
    assert_eq!((metric(&simulation, "market.delivered"), metric(&simulation, "market.fulfilled")), (5.0, 5.0));
    assert!(metric(&simulation, "market.refused") >= 35.0, "the others were refused, or found nothing any more");
    assert_eq!(services(&simulation).depth(QUERY), 0);
    // Five units of 10 were paid for.
    let paid: i64 = treasury(&simulation).balance(agent2028_core::agent::AgentId(40)) - 10_000;
    assert_eq!(paid, 50);
}

#[test]
fn a_contract_is_served_by_its_provider_paid_and_rated() {
    let mut simulation = scene(offering(1000), buyers(20), 1, 1).start();
    run_conserved(&mut simulation, 400, 20_000);
    let market = services(&simulation);
    let first = market.ended().next().unwrap();
    assert_eq!((first.status, first.delivered, first.cost, first.stars), (Status::Fulfilled, 20, 200, Some(5)));
    assert_eq!((first.measured.served, first.measured.failed), (20, 0));
    // 20 requests at 10 a second: the last is asked for 1.9 s after the first.
    assert!((115..140).contains(&first.tick), "{}", first.tick);
    assert_eq!(metric(&simulation, "operations.completed"), metric(&simulation, "market.delivered"));
    assert_eq!(market.entries()[0].listing.rating.mean_thousandths(), 5000);
}

#[test]
fn a_provider_that_fails_breaches_and_the_buyer_has_its_money_and_the_penalty() {
    let mut simulation = scene(Offering { breach_penalty_percent: 25, ..offering(1000) }, buyers(40), 1, 1).start();
    run_conserved(&mut simulation, 100, 20_000);
    let delivered = services(&simulation).deals().next().unwrap().contract.delivered();
    assert!(delivered > 3);
    simulation.intervene(Kill { select: Selector::Named("provider".into()), duration_s: None });
    run_conserved(&mut simulation, 60, 20_000);
    let ended = *services(&simulation).ended().next().unwrap();
    assert_eq!(ended.status, Status::Breached);
    // 10 for each unit that was delivered, and a quarter of the 400 for the rest.
    let buyer = treasury(&simulation).balance(agent2028_core::agent::AgentId(0));
    assert_eq!(buyer, 10_000 - 10 * i64::from(ended.delivered) + 100);
    assert_eq!(metric(&simulation, "market.penalties"), 100.0);
    // Nobody answers any more, so that no money lies anywhere else.
    run_conserved(&mut simulation, 200, 20_000);
    assert_eq!(services(&simulation).escrowed(), 0);
    assert!(metric(&simulation, "market.refused") > 0.0);
}

#[test]
fn one_failure_of_a_thousand_is_allowed_at_999_permille_and_the_second_breaches() {
    // The unit's arithmetic, measured from operations: a service that fails each time breaches with its second failure.
    let promise = Offering { uptime_percent: 99.9, ..offering(5000) };
    let mut scene = scene(promise, Buyers { lasts_s: 1000.0, ..buyers(1000) }, 1, 1);
    scene.groups[1].reliability = 0.0;
    let mut simulation = scene.start();
    run_conserved(&mut simulation, 120, 20_000);
    let ended = services(&simulation).ended().next().unwrap();
    assert_eq!((ended.status, ended.measured.failed, ended.delivered), (Status::Breached, 2, 0));
}

#[test]
fn slow_service_breaches_a_promise_of_latency() {
    let promise = Offering { p99_ms: Some(10.0), uptime_percent: 0.0, ..offering(1000) };
    let mut simulation = scene(promise, buyers(20), 1, 1).start();
    run_conserved(&mut simulation, 120, 20_000);
    let ended = services(&simulation).ended().next().unwrap();
    // 20 ms instead of 10: not even the first may be slow of 20, since 1 % of them is none.
    assert_eq!((ended.status, ended.measured.slow), (Status::Breached, 1));
    let promise = Offering { p99_ms: Some(30.0), uptime_percent: 0.0, ..offering(1000) };
    let mut simulation = scene(promise, buyers(20), 1, 1).start();
    run_conserved(&mut simulation, 200, 20_000);
    assert_eq!(services(&simulation).ended().next().unwrap().status, Status::Fulfilled);
}

#[test]
fn what_fails_outside_of_the_hours_of_service_breaches_nothing() {
    let run = |hours: &str| {
        let promise = Offering { availability: hours.into(), ..offering(1000) };
        let mut scene = scene(promise, Buyers { lasts_s: 3.0, ..buyers(20) }, 1, 1);
        scene.groups[1].reliability = 0.0;
        let mut simulation = scene.start();
        run_conserved(&mut simulation, 400, 20_000);
        *services(&simulation).ended().next().unwrap()
    };
    // The simulation begins at midnight.
    assert_eq!(run("24x7").status, Status::Breached);
    let outside = run("* 8-17 * * *");
    assert_eq!((outside.status, outside.measured.failed), (Status::Expired, 0));
    assert!(outside.measured.outside > 20);
}

/// Service is promised for the first minute of the day, and takes three seconds: what is asked for in that minute counts, also
/// what is served after it.
#[test]
fn a_request_counts_by_when_it_was_made() {
    let promise = Offering { availability: "0 0 * * *".into(), uptime_percent: 0.0, ..offering(1000) };
    let slow = Buyers { requests_per_s: 2.0, lasts_s: 90.0, ..buyers(1000) };
    let mut scene = scene(promise, slow, 1, 1);
    if let Some(operations) = &mut scene.operations {
        operations.service = ServiceTime::Constant { ms: 3000.0 };
    }
    let mut simulation = scene.start();
    simulation.run(5600);
    let ended = *services(&simulation).ended().next().unwrap();
    assert_eq!((ended.status, ended.measured.served, ended.measured.failed), (Status::Expired, 120, 0));
}

#[test]
fn subscriptions_auctions_and_meters_cost_what_they_should() {
    let cost = |pricing: PricingRule, most: Option<i64>, clients: u32| {
        let buyers = Buyers { most_cost: most, ..buyers(20) };
        let mut simulation = scene(Offering { pricing, ..offering(1000) }, buyers, 1, clients).start();
        run_conserved(&mut simulation, 400, 10_000 * i64::from(clients + 1));
        services(&simulation).ended().map(|ended| ended.cost).collect::<Vec<_>>()
    };
    assert_eq!(cost(PricingRule::Fixed(70), None, 1)[0], 70);
    assert_eq!(cost(PricingRule::Subscription(720), None, 1)[0], 1, "an hour of 720 a month");
    assert_eq!(cost(PricingRule::Metered(vec![(10, 12), (100, 5)]), None, 1)[0], 10 * 12 + 10 * 5);
    let auction = |clients| cost(PricingRule::Auction { reserve: 100, bids_s: 0.5 }, Some(400), clients);
    assert_eq!(auction(1)[0], 100, "alone, one pays the reserve");
    let contested = auction(10);
    assert!(contested.iter().all(|price| (100..=400).contains(price)), "{contested:?}");
    assert!(contested.iter().any(|price| *price > 200), "the second highest bid of ten is above the middle");
    assert_eq!(cost(PricingRule::PerUnit(10), Some(199), 1), [], "what is too dear is not bought");
}

#[test]
fn buyers_that_demand_trust_wait_for_it_and_then_buy_from_the_trusted_only() {
    let market = CapabilityMarket {
        listings: vec![
            offering(1_000_000),
            Offering { group: "fraud".into(), pricing: PricingRule::PerUnit(5), ..offering(1_000_000) },
        ],
        buyers: vec![
            Buyers { least_trust: 0.7, best: BestListing::Cost, ..buyers(10) },
            Buyers { group: "pioneer".into(), best: BestListing::Uptime, ..buyers(10) },
        ],
        ..default()
    };
    let groups = [("buyer", 5), ("pioneer", 5), ("provider", 4), ("fraud", 4)];
    let mut scene = Scene::services(&groups, 100_000, market);
    scene.groups[3].reliability = 0.3;
    scene.trust = Some(TrustConfig { raters: vec!["buyer".into(), "pioneer".into()], ..default() });
    let mut alone = scene.clone();
    alone.market.capabilities.as_mut().unwrap().buyers.truncate(1);
    let mut simulation = alone.start();
    simulation.run(600);
    assert_eq!(metric(&simulation, "market.contracts"), 0.0, "nobody knows anybody, so that nobody buys");
    assert!(metric(&simulation, "market.unserved") > 0.0);

    let mut simulation = scene.start();
    simulation.run(1800);
    let careful: Vec<_> = services(&simulation).ended().filter(|ended| ended.buyer.0 < 5).collect();
    assert!(careful.len() > 10, "{}", careful.len());
    assert!(careful.iter().all(|ended| (10..14).contains(&ended.provider.0)), "the cheaper frauds are not trusted");
    assert!(services(&simulation).ended().any(|ended| ended.provider.0 >= 14), "pioneers bought from them");
    // Who asked is who rates.
    let trust = simulation.world().resource::<agent2028_trust::Trust>();
    let raters: Vec<u32> =
        trust.raters_of(agent2028_core::agent::AgentId(14)).iter().map(|(rater, _)| rater.0).collect();
    assert!(!raters.is_empty() && raters.iter().all(|rater| (5..10).contains(rater)), "{raters:?}");
}

#[test]
fn a_parted_network_suspends_contracts_and_blames_nobody() {
    let long = Buyers { lasts_s: 60.0, ..buyers(100) };
    let mut scene = scene(offering(10_000), long, 4, 4);
    scene.network = Some(NetworkConfig::default());
    let mut simulation = scene.start();
    run_conserved(&mut simulation, 120, 80_000);
    simulation.intervene(Partition { select: Selector::Named("buyer".into()), duration_s: Some(3.0) });
    run_conserved(&mut simulation, 30, 80_000);
    assert_eq!((metric(&simulation, "market.suspended"), metric(&simulation, "market.active")), (4.0, 0.0));
    let delivered = metric(&simulation, "market.delivered");
    run_conserved(&mut simulation, 60, 80_000);
    assert_eq!(metric(&simulation, "market.delivered"), delivered, "nothing is served meanwhile");
    run_conserved(&mut simulation, 800, 80_000);
    assert_eq!((metric(&simulation, "market.suspended"), metric(&simulation, "market.breached")), (0.0, 0.0));
    assert!(metric(&simulation, "market.fulfilled") >= 4.0);
}

#[test]
fn whatever_happens_to_agents_money_and_escrow_are_conserved() {
    let market = CapabilityMarket {
        listings: vec![Offering { uptime_percent: 90.0, restock_s: Some(2.0), upkeep_per_s: 3, ..offering(60) }],
        buyers: vec![Buyers { lasts_s: 3.0, pause_s: 0.2, ..buyers(15) }],
        ..default()
    };
    let mut scene = Scene::services(&[("buyer", 30), ("provider", 12)], 3000, market);
    scene.groups[1].reliability = 0.93;
    let mut simulation = scene.start();
    let issued = 42 * 3000;
    run_conserved(&mut simulation, 200, issued);
    simulation.intervene(Kill { select: Selector::Fraction(0.4), duration_s: Some(2.0) });
    run_conserved(&mut simulation, 100, issued);
    simulation.intervene(Freeze { select: Selector::Fraction(0.4), duration_s: Some(2.0) });
    simulation.intervene(Remove { select: Selector::Count(8) });
    run_conserved(&mut simulation, 200, issued);
    simulation.intervene(WithdrawCapability { select: Selector::Fraction(0.5), capability: QUERY.into() });
    run_conserved(&mut simulation, 200, issued);
    simulation.intervene(Restart { select: Selector::All });
    run_conserved(&mut simulation, 500, issued);
    let ended: f64 =
        ["fulfilled", "breached", "expired"].map(|name| metric(&simulation, &format!("market.{name}"))).iter().sum();
    let open = services(&simulation).open();
    assert_eq!(metric(&simulation, "market.contracts"), ended + f64::from(open[1] + open[2]));
    assert!(metric(&simulation, "market.breached") > 0.0 && metric(&simulation, "market.fulfilled") > 50.0);
}

#[test]
fn a_tick_costs_what_is_due_in_it_however_many_contracts_go_on() {
    let slow = |clients: u32| {
        let market = CapabilityMarket {
            listings: vec![Offering { breach_penalty_percent: 0, ..offering(1_000_000_000) }],
            buyers: vec![Buyers { requests_per_s: 0.01, lasts_s: 10_000.0, pause_s: 0.0, ..buyers(100) }],
            ..default()
        };
        let mut simulation = Scene::services(&[("buyer", clients), ("provider", 100)], 1_000_000, market).start();
        simulation.run(120);
        assert_eq!(metric(&simulation, "market.active"), f64::from(clients));
        let before = services(&simulation).looked();
        simulation.run(600);
        services(&simulation).looked() - before
    };
    // 3000 contracts go on and ask for nothing for 100 seconds.
    assert_eq!((slow(30), slow(3000)), (0, 0));
}

#[test]
fn a_contract_takes_little_memory() {
    assert!(size_of::<Option<Deal>>() <= 256, "{}", size_of::<Option<Deal>>());
}

#[test]
fn a_checkpoint_amid_contracts_goes_on_with_the_same_hashes_and_damaged_ones_are_refused() {
    let market = CapabilityMarket {
        listings: vec![
            offering(500),
            Offering {
                capability: QUERY.into(),
                group: "seller".into(),
                pricing: PricingRule::Auction { reserve: 50, bids_s: 0.4 },
                ..offering(500)
            },
        ],
        buyers: vec![Buyers { lasts_s: 4.0, most_cost: Some(400), best: BestListing::Cost, ..buyers(15) }],
        ..default()
    };
    let mut scene = Scene::services(&[("buyer", 12), ("provider", 3), ("seller", 3)], 5000, market);
    scene.groups[1].reliability = 0.9;
    scene.trust = Some(TrustConfig::default());
    let mut through = scene.start();
    through.run(95);
    through.intervene(Remove { select: Selector::Count(2) });
    through.run(38);
    let saved = Checkpoint::decode(&through.checkpoint().encode().unwrap()).unwrap();
    let mut resumed = scene.start();
    resumed.restore(&saved).unwrap();
    for _ in 0..6 {
        through.run(41);
        resumed.run(41);
        assert_eq!(through.state_hash(), resumed.state_hash(), "tick {}", through.tick());
    }
    let bytes = agent2028_core::checkpoint::to_bytes(services(&through)).unwrap();
    for at in (0..bytes.len()).step_by(53) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x5a;
        if let Ok(market) = ServiceMarket::from_bytes(&damaged) {
            let _ = market.deals().count();
        }
    }
}

#[test]
fn those_who_come_take_the_places_of_those_who_are_gone() {
    let mut simulation = scene(offering(1000), Buyers { lasts_s: 1.0, ..buyers(5) }, 5, 10).start();
    simulation.run(60);
    for _ in 0..30 {
        simulation.intervene(Remove { select: Selector::Count(4) });
        simulation.intervene(Spawn { group: "buyer".into(), count: 3, at: None });
        simulation.intervene(Spawn { group: "provider".into(), count: 1, at: None });
        simulation.run(90);
    }
    let market = services(&simulation);
    assert!(market.buyers().len() <= 40, "{}", market.buyers().len());
    assert!(market.entries().len() <= 40, "{}", market.entries().len());
    assert!(metric(&simulation, "market.fulfilled") > 50.0);
}
