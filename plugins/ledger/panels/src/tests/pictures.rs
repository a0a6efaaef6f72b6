//! Pictures of the panels; `agent2028_panel_testing` says how they are written anew.

use agent2028_panel_testing::pictures::{WINDOW, panels, without_the_plugin};
use agent2028_panel_testing::sizes;
use agent2028_panel_testing::whole::whole_in;

use super::ledger::audited;
use super::*;
use crate::ledger::LedgerState;

const HOME: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn without_the_plugin_the_panels_say_what_would_fill_them() {
    without_the_plugin(HOME, &["Ledger"], register);
}

#[test]
fn with_the_plugin() {
    let mut harness = whole_in(Theme::Dark, WINDOW, audited(240));
    register(&mut harness.state_mut().state.registry);
    harness.state_mut().state.inspector.states.of::<LedgerState>().chosen = Some(3);
    panels(HOME, &mut harness, &["Ledger"], "audited");
}

#[test]
fn no_text_of_audited_is_cut_and_no_window_is_too_small() {
    sizes::no_text_is_cut("audited", audited(60), register);
    sizes::no_window_is_too_small("audited", audited(60), register);
    sizes::every_panel_fits(audited(60), register);
}
