//! Formats that survive growth: a plugin that is added, or a field with a default, invalidates no checkpoint and no recording.
//!
//! `tests/suite/golden-run` is a run that was recorded once. When what a run does rightly changes, it is recorded anew:
//! `AGENT2028_WRITE_RUN=1 cargo test --test suite formats`.

use std::path::Path;

use agent2028::core::check::Check;
use agent2028::core::section::{SceneContext, SceneSection, SectionFiles, SectionKind};
use agent2028::headless::{RunOptions, run};
use agent2028::record::{About, Recording, recording};
use agent2028::replay::verify;
use agent2028::scene::load::{load, load_text, load_text_with, load_value};
use agent2028::scene::syntax::{Kind, Node, SourceId, parse};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::folder;

const GOLDEN: &str = "tests/suite/golden-run";
const DEFAULTS: &str = "tests/suite/golden-defaults.ron";

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Records the golden run anew, if that is asked for.
fn write_golden() {
    let folder = folder();
    let scene = folder.path().join("scene.ron");
    std::fs::write(folder.path().join("birds.csv"), "x,y\n0,0\n30,10\n-20,5\n7,-9\n").unwrap();
    let text = r#"Scene(
    name: "Golden",
    seed: 11,
    agents: [(name: "bird", from_csv: Some("birds.csv")), (name: "hawk", count: 2)],
    boids: (flocks: [(agents: "bird")], predators: [(agents: "hawk", prey: "bird")]),
    params: {"pull": (path: "boids.cohesion.weight")},
    timeline: [(at: 12, do: Kill(select: Count(1))), (at: 20, do: SetParam(path: "pull", value: 1.5))],
    duration: Ticks(40),
)"#;
    std::fs::write(&scene, text).unwrap();
    let _ = std::fs::remove_dir_all(GOLDEN);
    let options = RunOptions {
        ticks: Some(30),
        out: Some(GOLDEN.into()),
        checkpoint_every: Some(15),
        hash_every: Some(10),
        ..RunOptions::default()
    };
    run(&load(scene.to_str().unwrap(), &[]).unwrap(), &options, &mut |_| {}).unwrap();
}

#[test]
fn a_recording_of_long_ago_is_replayed_and_its_checkpoint_goes_on() {
    if std::env::var("AGENT2028_WRITE_RUN").is_ok() {
        write_golden();
    }
    let folder = folder();
    let out = folder.path().join("run");
    copy(Path::new(GOLDEN), &out);
    let recorded = Recording::open(&out).unwrap();
    let about = recorded.about.clone().unwrap();
    assert_eq!(about.fingerprint, About::fingerprint_of(&recorded.loaded), "the scene is told for another one");
    let verified = verify(&recorded, Some(1), &mut |_| {}).unwrap();
    assert!(verified.difference.is_none(), "{:?}", verified.difference);
    let resume = RunOptions { resume: Some(out.clone()), ticks: Some(40), ..RunOptions::default() };
    let resumed = run(&recording::load_scene(&out, &[]).unwrap(), &resume, &mut |_| {}).unwrap();
    let whole = run(&recorded.loaded, &RunOptions { ticks: Some(40), ..RunOptions::default() }, &mut |_| {}).unwrap();
    assert_eq!(resumed.state_hash, whole.state_hash);
}

#[test]
fn a_recording_that_told_scenes_apart_in_another_way_is_refused_in_words() {
    let folder = folder();
    let out = folder.path().join("run");
    copy(Path::new(GOLDEN), &out);
    let about = std::fs::read_to_string(out.join("about.json")).unwrap();
    let older: String = about.lines().filter(|line| !line.contains("fingerprint_format")).collect();
    std::fs::write(out.join("about.json"), older).unwrap();
    let (code, _, errors) = crate::finish(crate::program().args(["run", "--resume"]).arg(&out));
    assert_eq!(code, 2, "{errors}");
    assert!(errors.contains("told scenes"), "{errors}");
}

/// A plugin that no scene names.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
struct Lighthouses {
    /// How many.
    count: u32,
}

impl Check for Lighthouses {}

impl SceneSection for Lighthouses {
    const NAME: &'static str = "lighthouses";
    const ABOUT: &'static str = "Lights.";

    fn build(&self, _: &SectionFiles, _: &SceneContext, _: &mut App) {}
}

#[test]
fn a_plugin_more_changes_no_fingerprint() {
    for (name, text) in agent2028::scene::gallery::SCENES {
        let more = agent2028::plugins::ours().with::<Lighthouses>();
        let with = load_text_with(name, text, None, &[], more).unwrap();
        assert_eq!(with.fingerprint(), load_text(name, text, None, &[]).unwrap().fingerprint(), "{name}");
    }
    let more = || agent2028::plugins::ours().with::<Lighthouses>();
    let text = |section: &str| format!("Scene(agents: [(count: 2)], {section})");
    let of = |section: &str| load_text_with("x", &text(section), None, &[], more()).unwrap().fingerprint();
    // One that is named counts, although all its fields have their defaults.
    assert_ne!(of("lighthouses: ()"), of(""));
    assert_eq!(of("lighthouses: ()"), of("lighthouses: (count: 0)"));
    assert_ne!(of("lighthouses: ()"), of("lighthouses: (count: 1)"));
}

#[test]
fn a_fingerprint_covers_what_can_change_a_run_and_nothing_else() {
    let of = |fields: &str| {
        let text = format!("Scene(agents: [(name: \"bird\", count: 5)], {fields})");
        load_text("x", &text, None, &[])
            .unwrap_or_else(|error| panic!("{fields}: {}", error.to_plain_text()))
            .fingerprint()
    };
    let bare = of("boids: ()");
    for same in [
        "boids: (), name: \"Another\", description: \"Words.\", view: (color_by: \"speed\"), duration: Ticks(9)",
        "boids: Some((separation: (weight: 1.5))), seed: 2028",
        "boids: (flocks: []), plots: [(title: \"t\", metrics: [\"boids.order\"])], captions: [(at: 1, text: \"c\")]",
        "boids: (), headline: [\"boids.order\"], params: {\"p\": (path: \"boids.cohesion.weight\")}",
    ] {
        let weight = agent2028::boids::BoidsConfig::default().separation.weight;
        assert_eq!(of(&same.replace("1.5", &weight.to_string())), bare, "{same}");
    }
    let flock = of("boids: (flocks: [(agents: \"bird\")])");
    let change = |path: &str| format!("boids: (), {path} timeline: [(at: 1, do: SetParam(path: \"p\", value: 2))]");
    let others = [
        of("boids: (), seed: 1"),
        of("boids: (separation: (weight: 9))"),
        of(""),
        of("boids: (), timeline: [(at: 1, do: Kill())]"),
        of("boids: (), timeline: [(at: 1, do: Kill(select: Fraction(0.5)))]"),
        of("boids: (), timeline: [(at: 1, do: Kill(select: And([Named(\"bird\"), Count(2)])))]"),
        of("boids: (), timeline: [(at: 1, do: Kill(select: And([Named(\"bird\"), Count(3)])))]"),
        of(&change("params: {\"p\": (path: \"boids.cohesion.weight\")},")),
        of(&change("params: {\"p\": (path: \"boids.separation.weight\")},")),
        of("boids: (), world: (edge: Open)"),
        flock,
    ];
    for (number, one) in others.iter().enumerate() {
        assert!(*one != bare && !others[..number].contains(one), "{number}");
    }
    // A scene that a program made is the scene that is read from its text.
    for (name, _) in agent2028::scene::gallery::SCENES {
        let read = load(name, &[]).unwrap();
        assert_eq!(load_value(&read.scene, &[]).unwrap().fingerprint(), read.fingerprint(), "{name}");
    }
}

/// Adds where `now` no longer says what `then` says; what it says beyond that is no difference.
fn differences(then: &Node, now: &Node, at: &str, found: &mut Vec<String>) {
    match (&then.kind, &now.kind) {
        (Kind::Struct(_, fields), Kind::Struct(..)) => {
            for (name, then) in fields {
                let at = format!("{at}.{}", name.text);
                match now.field(&name.text) {
                    Some(now) => differences(then, now, &at, found),
                    None => found.push(at),
                }
            }
        }
        _ if then.to_text() == now.to_text() => {}
        _ => found.push(at.to_owned()),
    }
}

/// A default that changes changes what scenes do that don't name the field, and no fingerprint tells: the section's revision
/// does. `AGENT2028_WRITE_DEFAULTS=1` writes the defaults down anew.
#[test]
fn a_default_that_changes_raises_the_revision_of_its_section() {
    let plugins = agent2028::plugins::ours();
    let text = |kind: &SectionKind| {
        let section = agent2028::core::ron_format::to_pretty(&kind.default_section()).unwrap();
        format!("    \"{} {}\": {section},\n", kind.name, kind.revision)
    };
    let now: String = plugins.kinds().map(text).collect();
    if std::env::var("AGENT2028_WRITE_DEFAULTS").is_ok() {
        std::fs::write(DEFAULTS, format!("{{\n{now}}}\n")).unwrap();
    }
    let parsed = |text: &str| parse(SourceId(0), text).unwrap();
    let (then, now) = (parsed(&std::fs::read_to_string(DEFAULTS).unwrap()), parsed(&format!("{{{now}}}")));
    let mut found = Vec::new();
    for kind in plugins.kinds() {
        let name = format!("{} {}", kind.name, kind.revision);
        match (then.field(&name), now.field(&name)) {
            (Some(then), Some(now)) => differences(then, now, kind.name, &mut found),
            _ => found.push(format!("{name} is not written down: AGENT2028_WRITE_DEFAULTS=1")),
        }
    }
    assert!(found.is_empty(), "defaults changed, and no revision was raised: {found:?}");
}
