//! Pictures of the panels; `agent2028_panel_testing` says how they are written anew.

use agent2028_panel_testing::pictures::{WINDOW, panels, without_the_plugin};
use agent2028_panel_testing::sizes;
use agent2028_panel_testing::whole::whole_in;

use super::operations::{servers, two_workloads};
use super::*;
use agent2028_operations::Strategy;

const HOME: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn without_the_plugin_the_panels_say_what_would_fill_them() {
    without_the_plugin(HOME, &["Routing", "Operations"], register);
}

#[test]
fn with_the_plugin() {
    let mut harness = whole_in(Theme::Dark, WINDOW, servers(40, two_workloads(Strategy::LeastLoaded), 240));
    register(&mut harness.state_mut().state.registry);
    panels(HOME, &mut harness, &["Routing", "Operations"], "working");
}

#[test]
fn no_text_of_working_is_cut_and_no_window_is_too_small() {
    sizes::no_text_is_cut("working", servers(12, two_workloads(Strategy::LeastLoaded), 60), register);
    sizes::no_window_is_too_small("working", servers(12, two_workloads(Strategy::LeastLoaded), 60), register);
    sizes::every_panel_fits(servers(12, two_workloads(Strategy::LeastLoaded), 60), register);
}
