//! The built-in scenes: all embedded, all valid, all round trips, no byte change panics.

use agent2028::scene::gallery;
use agent2028::scene::load::{load, load_text};
use proptest::prelude::*;

#[test]
fn every_scene_file_is_embedded_and_every_embedded_scene_is_a_file() {
    let mut files: Vec<String> = std::fs::read_dir("scenes")
        .unwrap()
        .flatten()
        .filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".ron")?.to_owned()))
        .collect();
    files.sort();
    let mut embedded: Vec<&str> = gallery::names().collect();
    embedded.sort_unstable();
    assert_eq!(files, embedded);
}

#[test]
fn every_scene_round_trips_from_ron_to_types_and_back() {
    for name in gallery::names() {
        let scene = load(name, &[]).unwrap_or_else(|error| panic!("{}", error.to_plain_text())).scene;
        let text = agent2028::core::ron_format::to_pretty(&scene).unwrap();
        assert_eq!(load_text(name, &text, None, &[]).unwrap().scene, scene, "{name}");
    }
}

#[test]
fn every_scene_has_what_a_gallery_needs() {
    for name in gallery::names() {
        let scene = load(name, &[]).unwrap().scene;
        assert!(scene.description.len() > 40, "{name}: description");
        assert!(!scene.params.is_empty(), "{name}: params");
        assert!(!scene.plots.is_empty(), "{name}: plots");
        assert!(!scene.headline.is_empty(), "{name}: headline");
        assert!(scene.expect.len() >= 2, "{name}: expectations");
    }
}

#[test]
fn the_scenes_of_two_experiments_run_the_numbers_that_their_known_answers_are_shown_with() {
    use agent2028::pheromones::experiments::{discovery, double_bridge};
    for (name, experiment) in [("double-bridge", double_bridge()), ("resource-discovery", discovery(true))] {
        let scene = load(name, &[]).unwrap().scene;
        assert_eq!(scene.section(), Some(&experiment.pheromones), "{name}");
        assert_eq!((scene.world, scene.tick_hz), (experiment.world, experiment.tick_hz), "{name}");
        assert_eq!(scene.agents.len(), experiment.groups.len(), "{name}");
        for (ours, theirs) in scene.agents.iter().zip(&experiment.groups) {
            assert_eq!((ours.count, &ours.spawn), (theirs.count, &theirs.spawn), "{name}");
        }
    }
}

proptest! {
    #![proptest_config(agent2028_property_tests::cases(400))]

    /// SPEC 2: mutating any byte of any built-in scene never panics.
    #[test]
    fn no_changed_byte_of_a_scene_panics(
        scene in 0..gallery::SCENES.len(), changes in proptest::collection::vec((0.0_f64..1.0, any::<u8>(), 0..3_u8), 1..4),
    ) {
        let mut bytes = gallery::SCENES[scene].1.as_bytes().to_vec();
        for (at, byte, how) in changes {
            let index = ((bytes.len() - 1) as f64 * at) as usize;
            match how {
                0 => bytes[index] = byte,
                1 => drop(bytes.remove(index)),
                _ => bytes.insert(index, b"()[]{},:\"'\\/*#."[usize::from(byte) % 15]),
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        if let Err(error) = load_text("changed", &text, None, &[]) {
            prop_assert!(!error.lines().is_empty());
            prop_assert!(!error.to_plain_text().is_empty());
            for found in error.places() {
                prop_assert!(found.in_text && text.get(found.span.clone()).is_some(), "{:?}", found);
                prop_assert!(!found.message.is_empty() && !found.help.is_empty(), "{:?}", found);
            }
        }
    }
}
