//! Pictures of every panel: without agents, with some that live and fail, and with a million; and of the whole window.
//!
//! They lie in `tests/snapshots`. After a change that is meant, write them anew and look at them:
//!
//! ```sh
//! AGENT2028_WRITE_PICTURES=1 cargo test --workspace --lib pictures::
//! ```

use agent2028_core::agent::AgentId;
use agent2028_view::tokens;

use super::testing::pictures::{WINDOW, compare, drawn, live, lively, panels};
use super::testing::whole::{Whole, whole_in};
use super::*;
use crate::dock::{DockLayout, Preset};

const HOME: &str = env!("CARGO_MANIFEST_DIR");

/// Shows one panel after another and compares each.
fn every_panel(harness: &mut Harness<'_, Stage<Whole>>, situation: &str) {
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

#[test]
fn every_layout_of_the_window() {
    let mut wrong: Vec<String> = Vec::new();
    for theme in [Theme::Dark, Theme::Light] {
        let mut harness = whole_in(theme, [1280.0, 720.0], lively());
        live(&mut harness);
        for preset in Preset::ALL {
            let whole = &mut harness.state_mut().state;
            whole.inspector.layout = DockLayout::preset(preset, whole.registry.catalog());
            harness.run_steps(12);
            // The last line tells real time.
            let picture = drawn(&harness);
            let picture =
                picture.crop([0, 0], [picture.size[0], picture.size[1] - tokens::layout::STATUS_BAR as usize]);
            wrong.extend(compare(HOME, &picture, &format!("window-{preset:?}-{theme:?}").to_lowercase()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
