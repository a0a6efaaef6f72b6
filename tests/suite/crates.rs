//! Who builds on whom, as Cargo knows it: what is built again after a change, and what knows no plugin.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// The crates of the workspace, each with those of them that it builds on; tests and benches aside.
fn crates() -> BTreeMap<String, BTreeSet<String>> {
    let home = env!("CARGO_MANIFEST_DIR");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let told = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path"])
        .arg(Path::new(home).join("Cargo.toml"))
        .output()
        .unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    let packages = told["packages"].as_array().unwrap();
    let name = |package: &serde_json::Value| package["name"].as_str().unwrap().to_owned();
    let ours: BTreeSet<String> = packages.iter().map(name).collect();
    packages
        .iter()
        .map(|package| {
            // Dependencies of tests are of the kind "dev"; those of the crate itself of none.
            let all = package["dependencies"].as_array().unwrap().iter();
            let own = all.filter(|on| on["kind"].is_null()).map(name).filter(|on| ours.contains(on));
            (name(package), own.collect())
        })
        .collect()
}

/// All crates that one builds on, and what those build on.
fn below(crates: &BTreeMap<String, BTreeSet<String>>, name: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![name.to_owned()];
    while let Some(next) = waiting.pop() {
        waiting.extend(crates[&next].iter().filter(|on| found.insert((*on).clone())).cloned());
    }
    found
}

#[test]
fn a_change_in_what_a_plugin_shows_builds_its_crate_and_the_program_only() {
    let crates = crates();
    let panels: Vec<&String> = crates.keys().filter(|name| name.ends_with("_panels")).collect();
    assert!(panels.len() >= 7, "{panels:?}");
    for panel in panels {
        let built: Vec<&String> = crates.iter().filter(|(_, on)| on.contains(panel)).map(|(name, _)| name).collect();
        assert_eq!(built, ["agent2028"], "what builds on {panel}");
    }
    // And one in a panel of the window itself: no plugin builds on the window.
    let on_window: BTreeSet<&String> =
        crates.keys().filter(|name| below(&crates, name).contains("agent2028_inspector")).collect();
    let known = ["agent2028", "agent2028_bench", "agent2028_example_rumour", "agent2028_panel_testing"];
    assert!(on_window.iter().all(|name| known.contains(&name.as_str())), "{on_window:?}");
}

#[test]
fn neither_the_window_nor_the_view_builds_on_a_plugin() {
    let crates = crates();
    let may = ["chart", "core", "editor", "kit", "language", "plots", "view"].map(|name| format!("agent2028_{name}"));
    for name in ["agent2028_inspector", "agent2028_view"] {
        let others: Vec<String> = below(&crates, name).into_iter().filter(|on| !may.contains(on)).collect();
        assert_eq!(others, Vec::<String>::new(), "{name}");
    }
}

#[test]
fn the_window_has_fewer_than_twenty_thousand_lines() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/inspector/src")];
    let (mut files, mut lines) = (0, 0);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else {
                files += 1;
                lines += std::fs::read_to_string(entry).unwrap().lines().count();
            }
        }
    }
    assert!(files > 50 && lines < 20_000, "{lines} lines in {files} files, tests among them");
}
