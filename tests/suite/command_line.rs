//! Verbs, formats and exit codes.

use crate::{finish, folder, program};

#[test]
fn run_prints_a_table_and_the_state_hash() {
    let (code, out, _) = finish(program().args(["run", "flock", "--ticks", "30"]));
    // 30 ticks are too few for the scene's expectations: they are not judged.
    assert_eq!(code, 0);
    let hash = out.lines().find_map(|line| line.strip_prefix("state-hash: ")).unwrap();
    assert!(hash.len() == 64 && hash.chars().all(|digit| digit.is_ascii_hexdigit()), "{out}");
    for part in ["boids.order", "ticks/s", "not judged", "1\u{2009}000"] {
        assert!(out.contains(part), "{part} in {out}");
    }
}

#[test]
fn run_prints_one_json_object_with_all_that_is_promised() {
    let (_, out, _) = finish(program().args(["run", "flock", "--for", "0.5s", "--seed", "9", "--format", "json"]));
    let object: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (object["ticks"].as_u64(), object["seed"].as_u64(), object["agents"].as_u64()),
        (Some(30), Some(9), Some(1000))
    );
    for key in [
        "scene",
        "state_hash",
        "wall_seconds",
        "cpu_seconds",
        "ticks_per_second",
        "peak_rss_bytes",
        "metrics",
        "expectations",
        "events",
    ] {
        assert!(!object[key].is_null(), "{key}");
    }
    assert!(object["metrics"]["boids.order"].is_number());
    for key in ["metric", "wanted", "got", "met"] {
        assert!(!object["expectations"][0][key].is_null(), "{key}");
    }
}

#[test]
fn the_thread_count_changes_nothing_but_the_speed() {
    let hash = |threads: &str| {
        let (_, out, _) = finish(program().args(["run", "flock", "--ticks", "40", "--threads", threads]));
        out.lines().find(|line| line.starts_with("state-hash")).unwrap().to_owned()
    };
    assert_eq!(hash("1"), hash("3"));
}

const SCENE: &str = "Scene(agents: [(name: \"a\", count: 3)], duration: Ticks(5), expect: [(metric: \"agents.total\", at_least: LEAST)])";

#[test]
fn test_passes_what_holds_and_exits_1_for_what_does_not() {
    let folder = folder();
    let path = folder.path().join("scene.ron");
    let junit = folder.path().join("junit.xml");
    std::fs::write(&path, SCENE.replace("LEAST", "3")).unwrap();
    let (code, out, _) = finish(program().arg("test").arg(folder.path()));
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("1 of 1 scene passed"));
    std::fs::write(&path, SCENE.replace("LEAST", "4")).unwrap();
    let (code, out, _) = finish(program().arg("test").arg(&path).arg("--junit").arg(&junit));
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("NOT MET") && out.contains("0 of 1 scene passed"), "{out}");
    let xml = std::fs::read_to_string(&junit).unwrap();
    assert!(xml.contains("<failure") && xml.contains("agents.total"), "{xml}");
    let (code, out, _) = finish(program().arg("test").arg(&path).args(["--format", "json"]));
    let list: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, list[0]["expectations"][0]["met"].as_bool()), (1, Some(false)));
    let with = |setting: &str| finish(program().arg("test").arg(&path).args(["--seed", "5", "--set", setting]));
    assert_eq!(with("agents[0].count=4").0, 0);
    let (code, _, stderr) = with("agents[0].cuont=4");
    assert!(code == 2 && stderr.contains("count"), "{stderr}");
}

#[test]
fn scenes_are_listed_and_shown_and_the_reference_is_printed() {
    let (code, out, _) = finish(program().arg("scenes"));
    assert_eq!(code, 0);
    for name in agent2028::scene::gallery::names() {
        assert!(out.contains(name), "{name}");
    }
    let (_, out, _) = finish(program().args(["scenes", "show", "flock"]));
    assert_eq!(out, agent2028::scene::gallery::find("flock").unwrap());
    let (code, _, stderr) = finish(program().args(["scenes", "show", "flokc"]));
    assert!(code == 2 && stderr.contains("flock"), "{stderr}");
}

#[test]
fn the_scene_reference_is_in_step_with_the_types() {
    let written = std::fs::read_to_string("docs/scene-reference.md").unwrap();
    assert!(
        written == agent2028::scene::reference::markdown(),
        "docs/scene-reference.md is out of date: write it anew with `cargo run -- scenes reference > docs/scene-reference.md`"
    );
}

#[test]
fn every_verb_has_help_with_an_example() {
    let (_, out, _) = finish(program().arg("--help"));
    let verbs: Vec<&str> = out
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|verb| *verb != "help")
        .collect();
    assert!(verbs.len() >= 6, "{out}");
    for verb in verbs {
        let (code, out, _) = finish(program().args([verb, "--help"]));
        assert!(code == 0 && out.contains("Example"), "{verb}: {out}");
    }
}

#[test]
fn completions_and_the_manual_page_come_from_the_same_source() {
    let (code, out, _) = finish(program().args(["completions", "bash"]));
    assert!(code == 0 && out.contains("--checkpoint-every"));
    let (code, out, _) = finish(program().arg("man"));
    assert!(code == 0 && out.contains(".TH"));
}

#[test]
fn without_a_display_no_verb_runs_the_welcome_scene_headless() {
    let (code, out, stderr) = finish(program().env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY"));
    assert_eq!(code, 0, "{stderr}\n{out}");
    assert!(stderr.contains("headless"), "{stderr}");
    assert!(out.contains("state-hash: "), "{out}");
}

#[cfg(feature = "desktop")]
#[test]
fn without_a_display_open_says_so() {
    let (code, _, stderr) =
        finish(program().args(["open", "flock"]).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY"));
    assert_eq!(code, 2);
    assert!(stderr.contains("no display") && stderr.contains("agent2028 run flock"), "{stderr}");
}

#[cfg(feature = "desktop")]
#[test]
fn a_broken_scene_ends_every_verb_with_its_report_where_nobody_can_mend_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broken.ron");
    std::fs::write(&file, "Scene(agents: [(cuont: 3)])").unwrap();
    let file = file.display().to_string();
    let out = folder.path().join("out").display().to_string();
    let nowhere =
        |arguments: &[&str]| finish(program().args(arguments).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY"));
    for arguments in [
        &["open", &file][..],
        &["open", &file, "--until", "3"],
        &["open", &file, "--out", &out],
        &["run", &file, "--ticks", "3"],
        &["check", &file],
        &["test", &file],
        &["render", &file, "--out", &format!("{out}.png")],
    ] {
        let (code, stdout, stderr) = nowhere(arguments);
        assert_eq!(code, 2, "{arguments:?}: {stderr}");
        let told = format!("{stdout}{stderr}");
        assert!(told.contains("cuont") && told.contains("broken.ron:1:17"), "{arguments:?}: {told}");
    }
    assert!(!std::path::Path::new(&out).exists(), "nothing was begun");
}

#[test]
fn a_wrong_flag_is_a_usage_error() {
    for arguments in
        [["run", "flock", "--tikcs", "3"], ["run", "flock", "--for", "soon"], ["run", "flock", "--threads", "0"]]
    {
        let (code, _, stderr) = finish(program().args(arguments));
        assert_eq!(code, 2, "{stderr}");
    }
}

#[test]
fn a_run_is_not_longer_than_a_scene_may_be() {
    for arguments in [["--for", "1e30h"], ["--for", "1e16s"], ["--ticks", "1000000000000001"]] {
        let (code, _, stderr) = finish(program().args(["run", "flock"]).args(arguments));
        assert!(code == 2 && stderr.contains("1000000000000000"), "{arguments:?}: {stderr}");
    }
}

#[cfg(feature = "desktop")]
#[test]
fn ticks_that_were_not_recorded_are_not_drawn() {
    let folder = folder();
    let (run, out) = (folder.path().join("run"), folder.path().join("picture"));
    let (code, _, stderr) = finish(program().args(["run", "flock", "--ticks", "20", "--out"]).arg(&run));
    assert_eq!(code, 0, "{stderr}");
    for (arguments, ending) in [(&["--at", "100"][..], "png"), (&["--every", "5", "--until", "100"], "gif")] {
        let out = out.with_extension(ending);
        let (code, _, stderr) = finish(program().arg("render").arg(&run).args(arguments).arg("--out").arg(&out));
        assert!(code == 2 && stderr.contains("20 recorded ticks") && stderr.contains("100"), "{stderr}");
        assert!(!out.exists());
    }
}
