//! Pictures of the panels of goods, contracts and money; `agent2028_panel_testing` says how they are written anew.

use agent2028_panel_testing::pictures::{WINDOW, panels, without_the_plugin};
use agent2028_panel_testing::sizes;
use agent2028_panel_testing::whole::whole_in;

use super::contracts::services;
use super::exchange::goods;
use super::*;

const HOME: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn without_goods_and_contracts_the_panels_say_what_would_fill_them() {
    without_the_plugin(HOME, &["Exchange", "Contracts", "Accounts"], register);
}

#[test]
fn with_goods_and_contracts() {
    for (theme, name) in [(Theme::Dark, "trading"), (Theme::Light, "trading-light")] {
        let mut harness = whole_in(theme, WINDOW, goods(30, 4.0, 450));
        register(&mut harness.state_mut().state.registry);
        panels(HOME, &mut harness, &["Exchange"], name);
        let mut harness = whole_in(theme, WINDOW, services(20, 9, 600));
        register(&mut harness.state_mut().state.registry);
        panels(HOME, &mut harness, &["Contracts", "Accounts"], name);
    }
}

#[test]
fn no_text_of_goods_and_contracts_is_cut_and_no_window_is_too_small() {
    sizes::no_text_is_cut("goods", goods(20, 4.0, 300), register);
    sizes::no_window_is_too_small("goods", goods(20, 4.0, 300), register);
    sizes::every_panel_fits(goods(20, 4.0, 300), register);
    sizes::no_text_is_cut("contracts", services(10, 6, 300), register);
    sizes::no_window_is_too_small("contracts", services(10, 6, 300), register);
    sizes::every_panel_fits(services(10, 6, 300), register);
}
