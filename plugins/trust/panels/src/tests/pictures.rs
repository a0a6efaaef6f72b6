//! Pictures of the panels; `agent2028_panel_testing` says how they are written anew.

use agent2028_panel_testing::pictures::{WINDOW, panels, without_the_plugin};
use agent2028_panel_testing::sizes;
use agent2028_panel_testing::whole::whole_in;

use super::trust::trusting;
use super::*;
use agent2028_core::agent::AgentId;

const HOME: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn without_the_plugin_the_panels_say_what_would_fill_them() {
    without_the_plugin(HOME, &["Trust"], register);
}

#[test]
fn with_the_plugin() {
    let mut harness = whole_in(Theme::Dark, WINDOW, trusting(30, 200.0, 300));
    register(&mut harness.state_mut().state.registry);
    harness.state_mut().state.selection.set([AgentId(27)]);
    panels(HOME, &mut harness, &["Trust"], "trusting");
}

#[test]
fn no_text_of_trust_is_cut_and_no_window_is_too_small() {
    sizes::no_text_is_cut("trust", trusting(20, 200.0, 60), register);
    sizes::no_window_is_too_small("trust", trusting(20, 200.0, 60), register);
    sizes::every_panel_fits(trusting(20, 200.0, 60), register);
}
