use agent2028_core::agent::AgentId;
use agent2028_market::config::{Exchange, Good, OpeningBalance, Traders, TradingPolicy, TradingRule, TradingSide};
use agent2028_market::{MarketConfig, MarketPlugin};

use super::*;
use crate::exchange::{self, Drawn, ExchangeState, ExchangeView};

const PANEL: [f32; 2] = [1100.0, 420.0];

/// Buyers and sellers in a book and a call market, after so many ticks.
pub(super) fn goods(count: u32, quotes_per_s: f32, ticks: u64) -> Simulation {
    let mut app = app();
    let traders = |group: &str, side| Traders {
        group: group.into(),
        side,
        policy: TradingPolicy::ZeroIntelligence,
        quotes_per_s,
        ..default()
    };
    let good = |name: &str, rule| Good { name: name.into(), rule, ..default() };
    let exchange = Exchange {
        goods: vec![good("grain", TradingRule::Continuous), good("call", TradingRule::McAfee { every_s: 1.0 })],
        traders: vec![traders("buyer", TradingSide::Buys), traders("seller", TradingSide::Sells)],
        period_s: Some(5.0),
        most_trades: 10_000,
    };
    let balances = vec![OpeningBalance { group: "buyer".into(), amount: 5000 }];
    let config = MarketConfig { balances, exchange: Some(exchange), ..default() };
    app.add_plugins(MarketPlugin { config, ..default() });
    for name in ["buyer", "seller"] {
        let group = AgentGroup { name: name.into(), count, ..default() };
        let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
        agent2028_core::agent::spawn_scene_group(app.world_mut(), group).unwrap();
    }
    let mut simulation = Simulation::new(std::mem::take(app.world_mut()));
    simulation.run(ticks);
    simulation
}

fn panel<'a>(simulation: &'a Simulation, good: usize, drawn: Drawn) -> Harness<'a, PanelTest<ExchangeState>> {
    let mut state = ExchangeState::default();
    (state.good, state.drawn) = (good, drawn);
    panel_test(PANEL, state, move |ui, look, state, actions| {
        let view = ExchangeView { world: simulation.world(), selected: &[AgentId(1)] };
        exchange::show(ui, look, &view, state, actions);
    })
}

#[test]
fn without_goods_the_panel_says_how_to_get_some() {
    let without = simulation(&[("bird", 3)]);
    assert!(says(&panel(&without, 0, Drawn::Book), "This scene has no exchange"));
    assert!(says(&panel(&goods(5, 2.0, 0), 0, Drawn::Book), "Trading has not begun yet"));
    let silent = goods(5, 0.0, 10);
    assert!(says(&panel(&silent, 0, Drawn::Book), "Nothing rests in the book"));
    assert!(says(&panel(&silent, 0, Drawn::Prices), "Nothing was traded yet"));
}

#[test]
fn a_book_its_curves_and_its_trades_are_shown() {
    let simulation = goods(20, 4.0, 450);
    for drawn in [Drawn::Book, Drawn::Values, Drawn::Prices] {
        for good in [0, 1] {
            let harness = panel(&simulation, good, drawn);
            assert_eq!(nameless(&harness), Vec::<String>::new());
            assert!(says(&harness, "Of the optimum"), "{drawn:?}");
        }
    }
    assert!(says(&panel(&simulation, 0, Drawn::Book), "Spread"));
    assert!(says(&panel(&simulation, 1, Drawn::Book), "Lie of a seller"));
    let mut harness = panel(&simulation, 0, Drawn::Values);
    let market = simulation.world().resource::<agent2028_market::exchange::Exchange>();
    let last = market.goods()[0].recent().next_back().unwrap();
    let row = harness
        .query_all_by(|node| node.label().is_some_and(|name| name.starts_with("Trade in tick ")))
        .map(|node| (node.rect().center(), node.accesskit_node().label().unwrap()))
        .min_by(|a, b| a.0.y.total_cmp(&b.0.y))
        .unwrap();
    assert!(row.1.starts_with(&format!("Trade in tick {} at {}", last.tick, last.price)), "{}", row.1);
    let actions = press_at(&mut harness, row.0, 1);
    assert!(matches!(&actions[..], [Action::Select(both)] if both.len() == 2), "{actions:?}");
}

#[test]
fn ten_thousand_trades_are_listed() {
    let simulation = goods(1000, 20.0, 1500);
    let market = simulation.world().resource::<agent2028_market::exchange::Exchange>();
    assert!(market.goods()[0].recent().len() > 1500);
    let harness = panel(&simulation, 0, Drawn::Prices);
    let rows = harness.query_all_by(|node| node.label().is_some_and(|name| name.starts_with("Trade "))).count();
    assert!((5..40).contains(&rows), "only what is seen is drawn: {rows}");
}
