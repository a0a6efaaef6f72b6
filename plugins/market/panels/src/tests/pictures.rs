//! Pictures of the panels; `agent2028_panel_testing` says how they are written anew.

use agent2028_panel_testing::pictures::{WINDOW, panels, without_the_plugin};
use agent2028_panel_testing::sizes;
use agent2028_panel_testing::whole::whole_in;

use super::auctions::{few, market};
use super::*;

const HOME: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn without_the_plugin_the_panels_say_what_would_fill_them() {
    without_the_plugin(HOME, &["Auctions"], register);
}

#[test]
fn with_the_plugin() {
    let mut harness = whole_in(Theme::Dark, WINDOW, market(60, few(), 900));
    register(&mut harness.state_mut().state.registry);
    panels(HOME, &mut harness, &["Auctions"], "trading");
    let mut harness = whole_in(Theme::Light, WINDOW, market(60, few(), 900));
    register(&mut harness.state_mut().state.registry);
    panels(HOME, &mut harness, &["Auctions"], "trading-light");
}

#[test]
fn no_text_of_a_market_is_cut_and_no_window_is_too_small() {
    sizes::no_text_is_cut("trading", market(30, few(), 600), register);
    sizes::no_window_is_too_small("trading", market(30, few(), 600), register);
    sizes::every_panel_fits(market(30, few(), 600), register);
}
