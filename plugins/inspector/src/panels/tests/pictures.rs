//! Pictures of every panel: without agents, with some that live and fail, and with a million. Those of the whole window, with
//! the panels of all plugins, are compared by the tests of the program.
//!
//! They lie in `tests/snapshots`. After a change that is meant, write them anew and look at them:
//!
//! ```sh
//! AGENT2028_WRITE_PICTURES=1 cargo test --workspace --lib pictures::
//! ```

use agent2028_core::agent::AgentId;

use super::testing::pictures::{WINDOW, live, lively, panels};
use super::testing::whole::{Whole, whole_in};
use super::*;

const HOME: &str = env!("CARGO_MANIFEST_DIR");

/// Shows one panel after another and compares each.
fn every_panel(harness: &mut Harness<'_, PanelTest<Whole>>, situation: &str) {
    // What the palette of faults offers where somebody forages.
    harness.state_mut().state.registry.add_fault_rows::<agent2028_pheromones_panels::faults::FalseTrails>();
    let all: Vec<&str> = harness.state().state.registry.catalog().iter().map(|facts| facts.key.name()).collect();
    panels(HOME, harness, &all, situation);
}

#[test]
fn every_panel_without_agents() {
    every_panel(&mut whole_in(Theme::Dark, WINDOW, simulation(&[])), "empty");
}

#[test]
fn every_panel_with_agents_that_live() {
    let mut harness = whole_in(Theme::Dark, WINDOW, lively());
    live(&mut harness);
    every_panel(&mut harness, "lively");
}

#[test]
fn every_panel_with_a_million_agents() {
    let mut simulation = simulation(&[("bird", 999_000), ("ant", 1_000)]);
    simulation.run(2);
    let mut harness = whole_in(Theme::Light, WINDOW, simulation);
    harness.state_mut().state.selection.set((0..1_000_000).map(AgentId));
    every_panel(&mut harness, "million");
}
