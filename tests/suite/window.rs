//! The whole window with the panels of all plugins, drawn without a display.

use agent2028::panels::PanelPlugins;
use agent2028_inspector::InspectorRegistry;
use agent2028_inspector::dock::{DockLayout, Preset};
use agent2028_panel_testing::pictures::{compare, drawn, live, lively};
use agent2028_panel_testing::whole::whole_in;
use agent2028_view::{Theme, WorldLayers, tokens};
use bevy::prelude::App;

/// The panels and layers of the program.
fn all() -> (InspectorRegistry, WorldLayers) {
    let mut app = App::new();
    app.insert_resource(agent2028_inspector::panels::of_the_host()).add_plugins(PanelPlugins);
    let world = app.world_mut();
    (world.remove_resource().unwrap(), world.remove_resource().unwrap())
}

#[test]
fn every_panel_of_the_program_has_a_key_and_a_title_of_its_own() {
    let (registry, layers) = all();
    let panels: Vec<_> = registry.catalog().iter().collect();
    for (at, facts) in panels.iter().enumerate() {
        assert!(facts.help.ends_with('.'), "{}", facts.title);
        assert!(panels[..at].iter().all(|other| other.title != facts.title), "{}", facts.title);
    }
    for name in ["Plots", "Trust", "Operations", "Routing", "Network", "Messages", "Gossip", "Ledger", "Auctions"] {
        assert!(panels.iter().any(|facts| facts.key.name() == name), "saved layouts hold a panel {name}");
    }
    let keys: Vec<&str> = layers.all().map(|facts| facts.key).collect();
    let of_plugins = ["links", "messages", "trust", "tasks", "trades", "formation_slots", "fields"];
    assert_eq!(keys[4..11], of_plugins);
    for (at, facts) in layers.all().enumerate() {
        let before: Vec<_> = layers.all().take(at).collect();
        assert!(!before.iter().any(|other| other.shortcut == facts.shortcut), "{facts:?} has another's key");
    }
    let tools: Vec<&str> = registry.tools.iter().map(|entry| entry.facts.shortcut).collect();
    assert_eq!(tools, ["V", "H", "L", "G", "A", "O", "R", "N", "P", "X", "M"], "the rail stands as people know it");
    assert_eq!(registry.tabs().map(|tab| tab.facts.label).collect::<Vec<_>>(), ["Keys"]);
}

/// The pictures lie in `tests/snapshots`; `agent2028_panel_testing` says how they are written anew.
#[test]
fn every_layout_of_the_window() {
    let mut wrong: Vec<String> = Vec::new();
    for theme in [Theme::Dark, Theme::Light] {
        let mut harness = whole_in(theme, [1280.0, 720.0], lively());
        let whole = &mut harness.state_mut().state;
        (whole.registry, whole.layers) = all();
        live(&mut harness);
        for preset in Preset::ALL {
            let whole = &mut harness.state_mut().state;
            whole.inspector.layout = DockLayout::preset(preset, whole.registry.catalog());
            harness.run_steps(12);
            // The last line tells real time.
            let picture = drawn(&harness);
            let picture =
                picture.crop([0, 0], [picture.size[0], picture.size[1] - tokens::layout::STATUS_BAR as usize]);
            let name = format!("window-{preset:?}-{theme:?}").to_lowercase();
            wrong.extend(compare(env!("CARGO_MANIFEST_DIR"), &picture, &name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
