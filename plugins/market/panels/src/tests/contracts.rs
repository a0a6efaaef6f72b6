use agent2028_core::agent::AgentId;
use agent2028_core::faults::Kill;
use agent2028_core::selector::Selector;
use agent2028_market::capabilities::ServiceMarket;
use agent2028_market::config::{Buyers, CapabilityMarket, Offering, OpeningBalance};
use agent2028_market::{MarketConfig, MarketPlugin};
use agent2028_operations::config::ServiceTime;
use agent2028_operations::{OperationsConfig, OperationsPlugin};

use super::*;
use crate::contracts::{self, ContractsState, ContractsView, Page};

const PANEL: [f32; 2] = [1200.0, 420.0];
const QUERY: &str = "database.query";

/// Clients of databases, after so many ticks; a third of the databases fail in the middle.
pub(super) fn services(clients: u32, databases: u32, ticks: u64) -> Simulation {
    let mut app = app();
    let operations = OperationsConfig { service: ServiceTime::Constant { ms: 20.0 }, ..default() };
    app.add_plugins(OperationsPlugin { config: operations, ..default() });
    let capabilities = CapabilityMarket {
        listings: vec![Offering {
            group: "database".into(),
            capability: QUERY.into(),
            description: "queries".into(),
            stock: 1_000_000,
            ..default()
        }],
        buyers: vec![Buyers {
            group: "client".into(),
            capability: QUERY.into(),
            units: 30,
            requests_per_s: 5.0,
            lasts_s: 12.0,
            ..default()
        }],
        ..default()
    };
    let balance = |group: &str| OpeningBalance { group: group.into(), amount: 1_000_000 };
    let balances = vec![balance("client"), balance("database")];
    let config = MarketConfig { balances, capabilities: Some(capabilities), ..default() };
    app.add_plugins(MarketPlugin { config, ..default() });
    for (name, count, can) in [("client", clients, vec![]), ("database", databases, vec![QUERY.into()])] {
        let group = AgentGroup { name: name.into(), count, capabilities: can, max_concurrency: 64, ..default() };
        let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
        agent2028_core::agent::spawn_scene_group(app.world_mut(), group).unwrap();
    }
    let mut simulation = Simulation::new(std::mem::take(app.world_mut()));
    simulation.run(ticks / 2);
    let select = Selector::And(vec![Selector::Named("database".into()), Selector::Fraction(0.33)]);
    simulation.intervene(Kill { select, duration_s: None });
    simulation.run(ticks - ticks / 2);
    simulation
}

fn panel<'a>(
    simulation: &'a Simulation,
    selected: &'a [AgentId],
    page: Page,
) -> Harness<'a, PanelTest<ContractsState>> {
    let mut state = ContractsState::default();
    state.page = page;
    panel_test(PANEL, state, move |ui, look, state, actions| {
        let (world, tick) = (simulation.world(), simulation.tick());
        let view = ContractsView { world, generation: 0, tick, tick_hz: 60.0, selected };
        contracts::show(ui, look, &view, state, actions);
    })
}

fn rows(harness: &Harness<'_, PanelTest<ContractsState>>, begin: &str) -> Vec<String> {
    let found = harness.query_all_by(|node| node.label().is_some_and(|name| name.starts_with(begin)));
    found.map(|node| node.accesskit_node().label().unwrap()).collect()
}

#[test]
fn without_contracts_the_panel_says_how_to_get_some() {
    let without = simulation(&[("bird", 3)]);
    assert!(says(&panel(&without, &[], Page::Open), "Nobody offers capabilities in this scene"));
    let fresh = services(3, 2, 0);
    assert!(says(&panel(&fresh, &[], Page::Open), "There is no contract now"));
    assert!(says(&panel(&fresh, &[], Page::Ended), "No contract has ended yet"));
}

#[test]
fn contracts_are_listed_with_what_was_promised_and_measured() {
    let simulation = services(10, 6, 900);
    let market = simulation.world().resource::<ServiceMarket>();
    let open = panel(&simulation, &[], Page::Open);
    assert_eq!(nameless(&open), Vec::<String>::new());
    assert_eq!(rows(&open, "Contract ").len(), market.deals().count());
    let mut ended = panel(&simulation, &[], Page::Ended);
    let listed = rows(&ended, "Contract ");
    let newest = market.ended().next_back().unwrap();
    assert!(listed.iter().any(|row| row.starts_with(&format!("Contract {},", newest.id.0))), "{listed:?}");
    assert!(market.ended().any(|ended| ended.breach.is_some()), "those that failed broke their promise");
    let row = ended.get_by(|node| node.label().as_deref() == Some(&listed[0])).rect().center();
    assert!(matches!(&press_at(&mut ended, row, 1)[..], [Action::Select(both)] if both.len() == 2));
    let listings = panel(&simulation, &[], Page::Listings);
    assert_eq!(rows(&listings, "database").len(), 6);
    assert_eq!(nameless(&listings), Vec::<String>::new());
    let one = [AgentId(3)];
    let mut only = panel(&simulation, &one, Page::Open);
    only.state_mut().state.only_selected = true;
    only.run_steps(2);
    assert!(rows(&only, "Contract ").len() <= 1);
}

#[test]
fn ten_thousand_contracts_are_listed() {
    let simulation = services(13_000, 520, 70);
    let market = simulation.world().resource::<ServiceMarket>();
    assert!(market.deals().count() > 9000, "{}", market.deals().count());
    let harness = panel(&simulation, &[], Page::Open);
    let drawn = rows(&harness, "Contract ").len();
    assert!((5..40).contains(&drawn), "only what is seen is drawn: {drawn}");
}

/// In a narrow dock the last column can still be come to: the table keeps its width.
#[test]
fn no_column_is_lost_in_a_narrow_dock() {
    let simulation = services(10, 6, 900);
    for (page, last) in [(Page::Open, "Ends in"), (Page::Ended, "Stars"), (Page::Listings, "Earned")] {
        let mut state = ContractsState::default();
        state.page = page;
        let simulation = &simulation;
        let mut harness = panel_test([320.0, 420.0], state, move |ui, look, state, actions| {
            let (world, tick) = (simulation.world(), simulation.tick());
            let view = ContractsView { world, generation: 0, tick, tick_hz: 60.0, selected: &[] };
            contracts::show(ui, look, &view, state, actions);
        });
        let shown = |harness: &Harness<'_, PanelTest<ContractsState>>| {
            harness.get_by(|node| node.label().as_deref() == Some(last) || node.value().as_deref() == Some(last)).rect()
        };
        assert!(shown(&harness).right() > 320.0, "{last} lies beyond the edge at first");
        harness.hover_at(egui::pos2(160.0, 300.0));
        for _ in 0..20 {
            harness.event(egui::Event::MouseWheel {
                unit: egui::MouseWheelUnit::Point,
                delta: egui::vec2(-200.0, 0.0),
                phase: egui::TouchPhase::Move,
                modifiers: egui::Modifiers::NONE,
            });
            harness.run_steps(2);
        }
        let at = shown(&harness);
        assert!(at.left() >= 0.0 && at.right() <= 320.0, "{last} is moved into sight: {at:?}");
    }
}
