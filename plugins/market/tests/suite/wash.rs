//! Wash trades and dumping.

use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_market::capabilities::attacks::{PriceDump, WashTrade};
use agent2028_market::config::{BestListing, Buyers, CapabilityMarket, Offering, PricingRule, RatingRule};
use agent2028_market::rating::Rating;
use bevy::prelude::default;

use crate::scene::{QUERY, Scene, assert_conserved, metric, services};

fn named(name: &str) -> Selector {
    Selector::Named(name.into())
}

fn washed(ratings: RatingRule) -> Simulation {
    let offering =
        |group: &str| Offering { group: group.into(), capability: QUERY.into(), uptime_percent: 80.0, ..default() };
    let buyers =
        |units| Buyers { group: "buyer".into(), capability: QUERY.into(), units, requests_per_s: 10.0, ..default() };
    let market = CapabilityMarket {
        ratings,
        listings: vec![
            Offering { stock: 1_000_000, ..offering("provider") },
            Offering { stock: 1_000_000, ..offering("fraud") },
        ],
        buyers: vec![Buyers { best: BestListing::Value, ..buyers(20) }],
        ..default()
    };
    let groups = [("buyer", 20), ("provider", 8), ("fraud", 2), ("accomplice", 4)];
    let mut scene = Scene::services(&groups, 100_000, market);
    scene.groups[1].reliability = 0.95;
    scene.groups[2].reliability = 0.3;
    scene.market.balances.truncate(3);
    let mut simulation = scene.start();
    simulation.run(300);
    let select = Selector::Or(vec![named("fraud"), named("accomplice")]);
    simulation.intervene(WashTrade { select, per_second: 40.0, units: 20, duration_s: None });
    for _ in 0..900 {
        simulation.run(1);
        assert_conserved(&simulation, 3_000_000);
    }
    simulation
}

#[test]
fn wash_trades_lift_frauds_where_every_contract_counts_and_not_where_money_must_stay_paid() {
    let rating = |simulation: &Simulation| {
        let frauds = services(simulation).entries().iter().filter(|entry| entry.offering == 1);
        frauds.map(|entry| entry.listing.rating.mean_thousandths()).max().unwrap()
    };
    let (fooled, defended) = (washed(RatingRule::EveryContract), washed(RatingRule::NetPaid));
    assert!(metric(&fooled, "market.wash_trades") > 400.0 && metric(&defended, "market.wash_trades") > 400.0);
    assert!(rating(&fooled) > 4000, "{}", rating(&fooled));
    assert!(rating(&defended) < 3000, "{}", rating(&defended));
}

#[test]
fn wash_trades_are_seen_in_the_accounts() {
    let simulation = washed(RatingRule::NetPaid);
    let share = services(&simulation).round_trip_share().unwrap();
    assert!(share > 0.5, "{share}");
    for pair in services(&simulation).pairs() {
        let accomplice = pair.buyer.0 >= 28;
        assert_eq!(pair.round_trip() > 0, accomplice, "{pair:?}");
    }
}

/// Also after a resume, which works them out anew.
#[test]
fn ratings_that_are_worked_out_anew_equal_those_that_were_counted() {
    for rule in [RatingRule::EveryContract, RatingRule::OnePerBuyer, RatingRule::NetPaid] {
        let simulation = washed(rule);
        let mut market = services(&simulation).clone();
        let counted: Vec<Rating> = market.entries().iter().map(|entry| entry.listing.rating).collect();
        market.rate_all_anew(rule);
        let anew: Vec<Rating> = market.entries().iter().map(|entry| entry.listing.rating).collect();
        assert_eq!(counted, anew, "{rule:?}");
    }
}

#[test]
fn dumping_drives_out_those_who_live_on_it_unless_it_is_not_shown() {
    let run = |least_price_share: Option<f32>| {
        let offering = |group: &str| Offering {
            group: group.into(),
            capability: QUERY.into(),
            pricing: PricingRule::PerUnit(20),
            stock: 1_000_000,
            upkeep_per_s: 100,
            breach_penalty_percent: 0,
            ..default()
        };
        let market = CapabilityMarket {
            least_price_share,
            window_s: 2.0,
            listings: vec![offering("provider"), offering("dumper")],
            buyers: vec![Buyers {
                group: "buyer".into(),
                capability: QUERY.into(),
                requests_per_s: 20.0,
                pause_s: 0.5,
                best: BestListing::Cost,
                ..default()
            }],
            ..default()
        };
        let mut scene = Scene::services(&[("buyer", 20), ("provider", 6), ("dumper", 2)], 1_000_000, market);
        scene.market.balances[1].amount = 500;
        let mut simulation = scene.start();
        simulation.run(120);
        let dump = PriceDump { select: named("dumper"), price: 0.2, afterwards: 3.0, duration_s: Some(60.0) };
        simulation.intervene(dump);
        for _ in 0..4500 {
            simulation.run(1);
            assert_conserved(&simulation, 22_000_000 + 6 * 500);
        }
        (metric(&simulation, "market.withdrawn"), metric(&simulation, &format!("market.price_index.{QUERY}")))
    };
    let (gone, index) = run(None);
    assert_eq!(gone, 6.0);
    assert!((index - 300.0).abs() < 1.0, "who is alone asks for three times as much: {index}");
    let (gone, index) = run(Some(0.5));
    assert_eq!((gone, index), (0.0, 100.0));
}
