//! Pictures of the panels; `agent2028_panel_testing` says how they are written anew.

use agent2028_panel_testing::pictures::{WINDOW, panels, without_the_plugin};
use agent2028_panel_testing::sizes;
use agent2028_panel_testing::whole::whole_in;

use super::network::talking;
use super::*;

const HOME: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn without_the_plugin_the_panels_say_what_would_fill_them() {
    without_the_plugin(HOME, &["Network", "Messages", "Gossip"], register);
}

#[test]
fn with_the_plugin() {
    let mut harness = whole_in(Theme::Dark, WINDOW, talking(60, 150));
    register(&mut harness.state_mut().state.registry);
    panels(HOME, &mut harness, &["Network", "Messages", "Gossip"], "talking");
}

#[test]
fn no_text_of_talking_is_cut_and_no_window_is_too_small() {
    sizes::no_text_is_cut("talking", talking(30, 60), register);
    sizes::no_window_is_too_small("talking", talking(30, 60), register);
    sizes::every_panel_fits(talking(30, 60), register);
}
