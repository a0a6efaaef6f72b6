use agent2028_core::agent::AgentId;
use agent2028_market::config::{Arrivals, Auctioneer, Bidders, Rule, TaskMarket, TaskSource};
use agent2028_market::{MarketConfig, MarketPlugin};

use super::*;
use crate::auctions::{self, AuctionsState, AuctionsView, Page};

const PANEL: [f32; 2] = [1100.0, 420.0];

/// Workers for whose bids tasks are auctioned by each rule, after so many ticks.
pub(super) fn market(workers: u32, arrivals: Arrivals, ticks: u64) -> Simulation {
    let mut app = app();
    let auctioneer = |rule: Rule| Auctioneer { name: format!("{rule:?}"), rule, bid_s: 0.5, ..default() };
    let rules = [Rule::Vickrey, Rule::FirstPrice, Rule::Dutch, Rule::English, Rule::Hungarian];
    let tasks = TaskMarket {
        sources: vec![TaskSource {
            name: "orders".into(),
            arrivals,
            value: (1500, 2000),
            work_s: (0.3, 0.6),
            place: Some(Placement::World),
            ..default()
        }],
        auctioneers: rules.map(auctioneer).to_vec(),
        bidders: vec![Bidders { group: "worker".into(), per_distance: 0.2, speed: 2000.0, ..default() }],
        ..default()
    };
    let config = MarketConfig { tasks: Some(tasks), ..default() };
    let group = AgentGroup { name: "worker".into(), count: workers, ..default() };
    let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
    app.add_plugins(MarketPlugin { config, ..default() });
    agent2028_core::agent::spawn_scene_group(app.world_mut(), group).unwrap();
    let mut simulation = Simulation::new(std::mem::take(app.world_mut()));
    simulation.run(ticks);
    simulation
}

/// A few tasks a second.
pub(super) fn few() -> Arrivals {
    Arrivals::Poisson { per_second: 2.0 }
}

fn panel<'a>(simulation: &'a Simulation, page: Page) -> Harness<'a, PanelTest<AuctionsState>> {
    let mut state = AuctionsState::default();
    state.page = page;
    panel_test(PANEL, state, move |ui, look, state, actions| {
        let tick = simulation.tick();
        let view = AuctionsView { world: simulation.world(), tick, tick_hz: 60.0, selected: &[] };
        auctions::show(ui, look, &view, state, actions);
    })
}

#[test]
fn without_a_market_the_panel_says_how_to_get_one() {
    let without = simulation(&[("bird", 3)]);
    assert!(says(&panel(&without, Page::Bids), "This scene has no task market"));
    let fresh = market(20, few(), 0);
    assert!(says(&panel(&fresh, Page::Bids), "No auction has begun yet"));
    assert!(says(&panel(&fresh, Page::Tasks), "No task is open or in work"));
}

#[test]
fn an_auction_tells_who_won_and_why_and_what_the_truth_would_have_earned() {
    let simulation = market(60, few(), 900);
    let mut harness = panel(&simulation, Page::Bids);
    assert!(says(&harness, "asked for least, and is paid what the second asked for"));
    for column in ["Asked", "Costs it", "Gains", "By truth"] {
        assert!(says(&harness, column), "{column}");
    }
    let bidder = texts(&harness).into_iter().find(|text| text.text.starts_with("worker-") && !text.text.contains(' '));
    let name = bidder.unwrap().text;
    let actions = click(&mut harness, Role::Link, &name);
    let agent: u32 = name.trim_start_matches("worker-").parse().unwrap();
    assert!(matches!(&actions[..], [Action::Select(agents)] if agents[..] == [AgentId(agent)]), "{actions:?}");
}

#[test]
fn rules_stand_side_by_side_and_tasks_in_a_list() {
    let simulation = market(60, few(), 900);
    let harness = panel(&simulation, Page::Rules);
    for text in ["Vickrey", "First price", "Dutch clock", "English clock", "Best assignment", "A lie gains"] {
        assert!(says(&harness, text), "{text}");
    }
    let harness = panel(&simulation, Page::Tasks);
    assert!(says(&harness, "At most") && says(&harness, "orders"));
    assert!(nameless(&harness).is_empty(), "{:?}", nameless(&harness));
}

/// Ten thousand tasks are a list like another.
#[test]
fn ten_thousand_tasks_are_listed() {
    let simulation = market(100, Arrivals::Keep { open: 10_000 }, 3);
    let harness = panel(&simulation, Page::Tasks);
    assert!(says(&harness, "open"));
}
