//! Goods in order books and call markets.

use agent2028_core::checkpoint::Checkpoint;
use agent2028_core::faults::{Freeze, Kill, Remove, Spawn};
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_market::config::{Exchange, Good, Traders, TradingPolicy, TradingRule, TradingSide, UnitValues};
use agent2028_market::double_auction::{Offer, UniformPrice};
use agent2028_market::mechanism::Mechanism;
use agent2028_market::order_book::Side;

use crate::scene::{Scene, assert_conserved, goods, metric, treasury};

fn traders(group: &str, side: TradingSide, policy: TradingPolicy) -> Traders {
    Traders { group: group.into(), side, policy, quotes_per_s: 4.0, ..Traders::default() }
}

fn good(name: &str, rule: TradingRule) -> Good {
    Good { name: name.into(), rule, ..Good::default() }
}

/// Buyers and sellers under all rules at once.
fn everything(policy: TradingPolicy, count: u32) -> Scene {
    let exchange = Exchange {
        period_s: Some(5.0),
        goods: vec![
            good("book", TradingRule::Continuous),
            good("uniform", TradingRule::UniformPrice { every_s: 1.0, k: 0.0 }),
            good("mcafee", TradingRule::McAfee { every_s: 1.0 }),
        ],
        traders: vec![traders("buyer", TradingSide::Buys, policy), traders("seller", TradingSide::Sells, policy)],
        ..Exchange::default()
    };
    Scene::goods(&[("buyer", count), ("seller", count)], 2000, exchange)
}

/// A book alone, with this policy.
fn book(policy: TradingPolicy, seed: u64) -> Simulation {
    let mut scene = everything(policy, 20);
    scene.market.exchange.as_mut().unwrap().goods.truncate(1);
    scene.seed = seed;
    scene.start()
}

#[test]
fn money_and_units_are_conserved_in_every_tick_and_each_period_begins_as_the_first_did() {
    for policy in [
        TradingPolicy::ZeroIntelligence,
        TradingPolicy::Unconstrained,
        TradingPolicy::Truthful,
        TradingPolicy::Markup(0.2),
        TradingPolicy::Learning,
    ] {
        let mut simulation = everything(policy, 10).start();
        for tick in 1..=1200_u64 {
            simulation.run(1);
            assert_conserved(&simulation, 40_000);
            // The first tick of a period begins with what all had, but for what stands behind orders of this tick.
            if tick % 300 == 1 {
                let behind: i64 = goods(&simulation).goods().iter().map(|good| good.now().units as i64).sum();
                let moved = treasury(&simulation).balances().filter(|(_, balance)| *balance != 2000).count() as i64;
                let orders: i64 = goods(&simulation).goods().iter().map(|good| good.book().len() as i64).sum();
                assert!(moved <= 2 * behind + orders, "{policy:?}, tick {tick}: {moved} purses have changed");
            }
        }
        assert!(metric(&simulation, "market.volume.book") > 0.0, "{policy:?}");
    }
}

#[test]
fn faults_lose_neither_money_nor_units_and_those_who_are_gone_rest_in_no_book() {
    let mut simulation = everything(TradingPolicy::ZeroIntelligence, 20).start();
    for tick in 1..=900_u64 {
        match tick {
            100 => {
                simulation.intervene(Kill { select: Selector::Fraction(0.3), duration_s: Some(3.0) });
            }
            200 => {
                simulation.intervene(Remove { select: Selector::Count(9) });
            }
            250 => {
                simulation.intervene(Freeze { select: Selector::Fraction(0.3), duration_s: Some(1.0) });
            }
            _ => {}
        }
        simulation.run(1);
        assert_conserved(&simulation, 80_000);
    }
    let there: Vec<u32> = (0..40).collect();
    let gone: usize = goods(&simulation)
        .goods()
        .iter()
        .map(|good| {
            let rests = |side| good.book().queue(side).map(|order| order.owner.0).collect::<Vec<_>>();
            let owners = [rests(Side::Buy), rests(Side::Sell)].concat();
            owners.iter().filter(|owner| !there.contains(owner)).count()
        })
        .sum();
    assert_eq!(gone, 0);
    for good in goods(&simulation).goods() {
        assert!(good.traders().len() <= 40 - 9, "those who are gone are forgotten with their period");
    }
    // Newcomers bring their money and their units.
    simulation.intervene(Spawn { group: "seller".into(), count: 5, at: None });
    simulation.run(2);
    assert_conserved(&simulation, 90_000);
    assert_eq!(goods(&simulation).goods()[0].traders().len(), 36);
}

/// SPEC 12: constrained zero-intelligence traders reach at least 95 % of the surplus (the median over seeds), others less.
#[test]
fn a_book_of_constrained_traders_finds_95_percent_of_the_surplus_and_one_of_unconstrained_ones_does_not() {
    let median = |policy| {
        let mut found: Vec<f64> = (1..=21)
            .map(|seed| {
                let mut simulation = book(policy, seed);
                simulation.run(301);
                metric(&simulation, "market.efficiency.book")
            })
            .collect();
        found.sort_by(f64::total_cmp);
        found[found.len() / 2]
    };
    let (constrained, unconstrained) = (median(TradingPolicy::ZeroIntelligence), median(TradingPolicy::Unconstrained));
    assert!(constrained >= 0.95, "{constrained}");
    assert!(unconstrained < 0.9, "{unconstrained}");
}

/// Cliff & Bruten 1997: traders that learn trade nearer to the equilibrium than those without intelligence.
#[test]
fn prices_of_traders_that_learn_are_nearer_to_the_equilibrium() {
    let deviation = |policy| -> f64 {
        let mut all: Vec<f64> = (1..=9)
            .map(|seed| {
                let mut scene = everything(policy, 20);
                let exchange = scene.market.exchange.as_mut().unwrap();
                exchange.goods.truncate(1);
                // The same values in each period: what is learnt stays true.
                let values: Vec<i64> = (1..=20).map(|step| 10 * step).collect();
                exchange.traders.iter_mut().for_each(|traders| traders.values = UnitValues::Listed(values.clone()));
                scene.seed = seed;
                let mut simulation = scene.start();
                simulation.run(3001);
                metric(&simulation, "market.price_deviation.book")
            })
            .collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    let (learning, random) = (deviation(TradingPolicy::Learning), deviation(TradingPolicy::ZeroIntelligence));
    assert!(learning < 0.5 * random, "{learning} % against {random} %");
}

#[test]
fn truthful_calls_are_efficient_and_lies_gain_where_theory_says_so() {
    let mut simulation = everything(TradingPolicy::Truthful, 30).start();
    simulation.run(1501);
    // One unit each, everybody offers in the first call: all that can be gained is gained.
    assert_eq!(metric(&simulation, "market.efficiency.uniform").to_bits(), 1.0_f64.to_bits());
    let mcafee = metric(&simulation, "market.efficiency.mcafee");
    assert!((0.9..=1.0).contains(&mcafee), "{mcafee}");
    // With k = 0 buyers of one unit can't gain by a lie, and sellers can; under McAfee nobody can.
    let regret = |name: &str| metric(&simulation, &format!("market.regret_{name}"));
    assert_eq!([regret("buyers.uniform"), regret("buyers.mcafee"), regret("sellers.mcafee")], [0.0; 3]);
    // Few traders make a price.
    let mut few = everything(TradingPolicy::Truthful, 4);
    few.market.exchange.as_mut().unwrap().period_s = Some(1.0);
    let mut simulation = few.start();
    simulation.run(6000);
    let regret = |name: &str| metric(&simulation, &format!("market.regret_{name}"));
    assert_eq!([regret("buyers.uniform"), regret("buyers.mcafee"), regret("sellers.mcafee")], [0.0; 3]);
    assert!(regret("sellers.uniform") > 0.0);
}

#[test]
fn all_goods_see_the_same_values_and_the_optimum_is_that_of_a_call_of_all_units() {
    let mut scene = everything(TradingPolicy::ZeroIntelligence, 8);
    scene.market.exchange.as_mut().unwrap().traders.iter_mut().for_each(|traders| traders.units = 3);
    let mut simulation = scene.start();
    simulation.run(1);
    let goods = goods(&simulation).goods();
    let values = |good: usize| goods[good].traders().iter().map(|trader| trader.values.clone()).collect::<Vec<_>>();
    assert_eq!(values(0), values(1));
    assert_eq!(values(0), values(2));
    let offers: Vec<Offer> = goods[0]
        .traders()
        .iter()
        .flat_map(|trader| {
            let (agent, side) = (trader.agent, trader.side);
            trader.values.iter().map(move |price| Offer { trader: agent, side, price: *price, quantity: 1 })
        })
        .collect();
    let clearing = UniformPrice::default().clear(&offers);
    assert_eq!(goods[0].now().largest, clearing.welfare(&offers));
    for trader in goods[0].traders() {
        let sorted = trader.values.is_sorted_by(|a, b| if trader.side == Side::Buy { a >= b } else { a <= b });
        assert!(sorted, "the most valuable unit is traded first");
    }
}

#[test]
fn listed_values_are_given_out_in_order_in_each_period() {
    let mut scene = everything(TradingPolicy::Truthful, 3);
    let exchange = scene.market.exchange.as_mut().unwrap();
    exchange.traders[0].values = UnitValues::Listed(vec![90, 70, 50]);
    exchange.traders[1].values = UnitValues::Listed(vec![40, 60, 80]);
    let mut simulation = scene.start();
    for _ in 0..3 {
        simulation.run(300);
        let good = &goods(&simulation).goods()[1];
        let values: Vec<i64> = good.traders().iter().flat_map(|trader| trader.values.clone()).collect();
        assert_eq!(values, [90, 70, 50, 40, 60, 80]);
        // Two units change hands: the third buyer would pay 50, the third seller asks for 80.
        assert_eq!((good.now().units, good.now().largest, good.now().surplus), (2, 60, 60));
    }
}

#[test]
fn who_has_no_money_promises_nothing() {
    let mut scene = everything(TradingPolicy::Unconstrained, 10);
    scene.market.balances[0].amount = 30;
    let mut simulation = scene.start();
    for _ in 0..600 {
        simulation.run(1);
        assert_conserved(&simulation, 300 + 20_000);
    }
    assert!(goods(&simulation).goods()[0].recent().all(|trade| trade.price <= 30));
}

#[test]
fn a_checkpoint_amid_trading_goes_on_with_the_same_hashes() {
    let scene = everything(TradingPolicy::Learning, 15);
    let mut through = scene.start();
    through.run(137);
    through.intervene(Remove { select: Selector::Count(3) });
    through.run(60);
    let saved = Checkpoint::decode(&through.checkpoint().encode().unwrap()).unwrap();
    let mut resumed = scene.start();
    resumed.restore(&saved).unwrap();
    for _ in 0..6 {
        through.run(50);
        resumed.run(50);
        assert_eq!(through.state_hash(), resumed.state_hash(), "tick {}", through.tick());
    }
    let (tick, hash) = (through.tick(), through.state_hash());
    through.restore(&saved).unwrap();
    through.run(tick - through.tick());
    assert_eq!(through.state_hash(), hash);
}
