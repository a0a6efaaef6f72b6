//! Kill −9 at any moment: what was written is readable, and the run goes on with the same bits.

use std::path::Path;

use agent2028::headless::{RunOptions, run};
use agent2028::record::{Recording, checkpoints, recording};
use agent2028::replay::verify;
use agent2028::scene::load::{Loaded, load, load_text};

use crate::stop::{contents, stopped_after};
use crate::{checkpoint_ticks, finish, folder, killed_when, program};

fn state_hash(out: &str) -> String {
    out.lines().find_map(|line| line.strip_prefix("state-hash: ")).unwrap_or_else(|| panic!("{out}")).to_owned()
}

#[test]
fn a_killed_run_resumes_with_the_same_bits() {
    let folder = folder();
    let out = folder.path().join("run");
    let begun = ["run", "predator", "--ticks", "1000000000", "--checkpoint-every", "20", "--hash-every", "50", "--out"];
    // Killed when some checkpoints are there, wherever it is then.
    killed_when(program().args(begun).arg(&out), || checkpoint_ticks(&out).len() >= 3);
    assert!(!out.join("summary.json").exists());
    let end = checkpoint_ticks(&out).last().unwrap() / 50 * 50 + 150;
    let ticks = end.to_string();
    let (_, whole, _) = finish(program().args(["run", "predator", "--ticks", &ticks]));

    // The newest checkpoint may be torn by a crash of the machine: it is passed over.
    std::fs::write(out.join("checkpoints/999999999999.a28"), b"A28CKPT torn").unwrap();
    let (_, resumed, stderr) = finish(
        program()
            .args(["run", "--ticks", &ticks, "--checkpoint-every", "100", "--hash-every", "50", "--resume"])
            .arg(&out),
    );
    assert_eq!(state_hash(&resumed), state_hash(&whole), "{stderr}");
    assert!(stderr.contains("passed over"), "{stderr}");

    let metrics = std::fs::read_to_string(out.join("metrics.csv")).unwrap();
    let ticks: Vec<u64> =
        metrics.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect();
    assert_eq!(ticks, (1..=end).collect::<Vec<_>>());
    let hashes = std::fs::read_to_string(out.join("hashes.csv")).unwrap();
    let ticks: Vec<u64> = hashes.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect();
    assert_eq!(ticks, (1..=end / 50).map(|count| count * 50).collect::<Vec<_>>());
    let summary: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(out.join("summary.json")).unwrap()).unwrap();
    assert_eq!(summary["state_hash"].as_str().unwrap(), state_hash(&whole));
}

/// A run that is stopped and goes on is the run that was never stopped: its states, and every row of what was measured.
fn goes_on_the_same(name: &str, loaded: &Loaded) {
    let folder = folder();
    let out = folder.path().join("run");
    // Every metric there is, those too that cost something.
    let options = RunOptions { ticks: Some(37), metrics: vec!["*".into()], ..RunOptions::default() };
    let unbroken = folder.path().join("unbroken");
    let recorded = RunOptions { out: Some(unbroken.clone()), checkpoint_every: Some(10), ..options };
    let whole = run(loaded, &recorded, &mut |_| {}).unwrap();
    stopped_after(loaded, 27, RunOptions { out: Some(out.clone()), ..recorded });
    let resume = RunOptions { resume: Some(out.clone()), ..RunOptions::default() };
    let resumed = run(&recording::load_scene(&out, &[]).unwrap(), &resume, &mut |_| {}).unwrap();
    assert_eq!((resumed.state_hash, resumed.ticks), (whole.state_hash, 37), "{name}");
    let ticks: Vec<u64> = checkpoints::files(&out).unwrap().into_iter().map(|(tick, _)| tick).collect();
    assert_eq!(ticks, [10, 20, 30], "{name}");
    assert_eq!(resumed.metrics, whole.metrics, "{name}");
    let rows = |out: &Path| std::fs::read_to_string(out.join("metrics.csv")).unwrap();
    let (after, before) = (rows(&out), rows(&unbroken));
    let columns: Vec<&str> = before.lines().next().unwrap_or_default().split(',').collect();
    for (number, (after, before)) in after.lines().zip(before.lines()).enumerate() {
        let differing =
            after.split(',').zip(before.split(',')).zip(&columns).find(|((after, before), _)| after != before);
        assert_eq!(differing, None, "{name}, row {number}");
    }
    assert_eq!(after.lines().count(), before.lines().count(), "{name}");
}

/// All that two folders tell of a run but how long it took and what it was asked for.
fn tells_the_same(one: &Path, other: &Path) {
    for name in ["metrics.csv", "events.jsonl", "hashes.csv", "interventions.ron", "metrics.parquet", "events.parquet"]
    {
        assert!(
            std::fs::read(one.join(name)).unwrap() == std::fs::read(other.join(name)).unwrap(),
            "{name} of {}",
            one.display()
        );
    }
    let [one, other] = [one, other].map(|folder| {
        let text = std::fs::read_to_string(folder.join("summary.json")).unwrap();
        let mut summary: serde_json::Value = serde_json::from_str(&text).unwrap();
        for passing in ["scene", "wall_seconds", "cpu_seconds", "ticks_per_second", "peak_rss_bytes"] {
            summary.as_object_mut().unwrap().remove(passing);
        }
        summary
    });
    assert_eq!(one, other);
}

/// The names in the first row of a file.
fn columns_of(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().next().unwrap().split(',').map(str::to_owned).collect()
}

#[test]
fn a_run_tells_the_same_wherever_it_was_stopped() {
    // Metrics of all kinds, some of them measured now and then; papers that are issued before the first tick.
    for (name, metrics) in [("order-book", "*"), ("delegation", "*"), ("trust-market", "market.earned.*")] {
        let loaded = load(name, &[]).unwrap();
        let folder = folder();
        let whole = folder.path().join("whole");
        let options = RunOptions {
            ticks: Some(60),
            checkpoint_every: Some(15),
            hash_every: Some(25),
            metrics: vec![metrics.into()],
            ..RunOptions::default()
        };
        run(&loaded, &RunOptions { out: Some(whole.clone()), ..options.clone() }, &mut |_| {}).unwrap();
        // What the summary tells are the columns.
        let names = columns_of(&whole.join("metrics.csv"));
        let text = std::fs::read_to_string(whole.join("summary.json")).unwrap();
        let summary: agent2028::headless::Summary = serde_json::from_str(&text).unwrap();
        assert!(summary.metrics.keys().all(|told| names.contains(told)), "{name}");
        let resume = |out: &Path| {
            let loaded = recording::load_scene(out, &[]).unwrap();
            let resume = RunOptions { resume: Some(out.into()), ticks: Some(60), ..RunOptions::default() };
            run(&loaded, &resume, &mut |_| {}).unwrap();
        };
        // Before the first checkpoint, amid, and after the checkpoint of the last tick.
        for stop in [3, 31, 45, 59, 60] {
            let out = folder.path().join(format!("stopped-{stop}"));
            let longer = RunOptions { out: Some(out.clone()), ticks: Some(90), ..options.clone() };
            stopped_after(&loaded, stop, longer);
            resume(&out);
            tells_the_same(&out, &whole);
            assert!(verify(&Recording::open(&out).unwrap(), None, &mut |_| {}).unwrap().passed(), "{name} {stop}");
        }
    }
}

#[test]
#[cfg(unix)]
fn a_resume_of_a_run_that_had_ended_may_be_killed_before_its_ledger_knows() {
    let folder = folder();
    let out = folder.path().join("run");
    let options = RunOptions { out: Some(out.clone()), checkpoint_every: Some(10), ..RunOptions::default() };
    run(&small(), &options, &mut |_| {}).unwrap();
    // The system kills who lets a file grow beyond this: the first to try is the ledger, which has no other use of the disk before.
    let ledger = std::fs::read_dir(out.join("ledger")).unwrap().flatten().map(|entry| entry.metadata().unwrap().len());
    let blocks = ledger.max().unwrap() / 512;
    let script = format!("ulimit -f {blocks}; exec \"$0\" run --threads 1 --ticks 40 --resume \"$1\"");
    let mut killed = std::process::Command::new("sh");
    let (code, _, _) = finish(killed.arg("-c").arg(script).arg(program().get_program()).arg(&out));
    assert_ne!(code, 0);
    for _ in 0..2 {
        let (code, _, stderr) =
            finish(program().args(["run", "--threads", "2", "--ticks", "40", "--resume"]).arg(&out));
        assert_eq!(code, 0, "{stderr}");
    }
    let whole = folder.path().join("whole");
    let options = RunOptions { out: Some(whole.clone()), checkpoint_every: Some(10), ..RunOptions::default() };
    run(&small(), &options, &mut |_| {}).unwrap();
    run(&small(), &RunOptions { resume: Some(whole.clone()), ticks: Some(40), ..RunOptions::default() }, &mut |_| {})
        .unwrap();
    tells_the_same(&out, &whole);
    assert!(verify(&Recording::open(&out).unwrap(), None, &mut |_| {}).unwrap().passed());
}

#[test]
fn every_scene_goes_on_after_a_stop_with_the_same_bits() {
    for name in agent2028::scene::gallery::names() {
        goes_on_the_same(name, &load(name, &[]).unwrap());
    }
}

#[test]
fn all_sections_at_once_go_on_after_a_stop_with_the_same_bits() {
    goes_on_the_same("all sections", &load_text("everything", &crate::sections::everything(), None, &[]).unwrap());
    // Whatever makes a tree head is over before the stop.
    let heads =
        "Scene(agents: [(name: \"a\", count: 3)], ledger: (events: [\"AgentRecovered\"], heads_every_s: 0.001))";
    goes_on_the_same("heads", &load_text("heads", heads, None, &[]).unwrap());
}

#[test]
fn a_run_with_agents_from_a_table_goes_on_from_its_folder_alone() {
    let folder = folder();
    let scene = folder.path().join("birds.ron");
    let table = folder.path().join("birds.csv");
    std::fs::write(&table, "x,y\n0,0\n10,5\n-7,3\n").unwrap();
    std::fs::write(&scene, "Scene(agents: [(name: \"bird\", from_csv: Some(\"birds.csv\"))], boids: ())").unwrap();
    let (_, whole, _) = finish(program().arg("run").arg(&scene).args(["--ticks", "60"]));
    let out = folder.path().join("run");
    let run = ["--ticks", "30", "--checkpoint-every", "10", "--out"];
    let (code, _, stderr) = finish(program().arg("run").arg(&scene).args(run).arg(&out));
    assert_eq!(code, 0, "{stderr}");
    std::fs::remove_file(&scene).unwrap();
    std::fs::remove_file(&table).unwrap();
    let (code, resumed, stderr) = finish(program().args(["run", "--ticks", "60", "--resume"]).arg(&out));
    assert_eq!((code, state_hash(&resumed)), (0, state_hash(&whole)), "{stderr}");
}

#[test]
fn a_run_without_a_checkpoint_starts_over() {
    let folder = folder();
    let out = folder.path().join("run");
    let (_, whole, _) = finish(program().args(["run", "flock", "--ticks", "20"]));
    let options = RunOptions { ticks: Some(20), out: Some(out.clone()), ..RunOptions::default() };
    stopped_after(&load("flock", &[]).unwrap(), 12, options);
    let (_, again, stderr) = finish(program().args(["run", "--resume"]).arg(&out));
    assert_eq!(state_hash(&again), state_hash(&whole), "{stderr}");
    assert!(stderr.contains("starts over"), "{stderr}");
    assert_eq!(ticks_of(&out.join("metrics.csv")), (1..=20).collect::<Vec<_>>());
}

/// A flock of a few agents, so that these tests are quick.
const SMALL: &str = "Scene(agents: [(name: \"a\", count: 40)], boids: (), duration: Ticks(25))";

fn small() -> Loaded {
    load_text("small", SMALL, None, &[]).unwrap()
}

/// The first column of a file of rows.
fn ticks_of(path: &Path) -> Vec<u64> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect()
}

#[test]
fn a_resumed_run_goes_on_with_what_it_was_asked_for_unless_told_otherwise() {
    let whole = run(&small(), &RunOptions { ticks: Some(60), ..RunOptions::default() }, &mut |_| {}).unwrap();
    // The scene's own length is another one.
    for (arguments, hashes, last) in [
        (&[][..], vec![6, 12, 18, 24, 30, 36, 42, 48, 54, 60], 60),
        (&["--hash-every", "20"], vec![6, 12, 18, 20, 40, 60], 60),
        (&["--ticks", "40", "--threads", "1"], vec![6, 12, 18, 24, 30, 36, 40], 40),
    ] {
        let folder = folder();
        let out = folder.path().join("run");
        let options = RunOptions {
            ticks: Some(60),
            threads: Some(2),
            out: Some(out.clone()),
            checkpoint_every: Some(9),
            hash_every: Some(6),
            metrics: vec!["boids.sp*".into()],
            ..RunOptions::default()
        };
        stopped_after(&small(), 20, options);
        assert!(!out.join("summary.json").exists());
        let (code, text, stderr) = finish(program().args(["run", "--resume"]).arg(&out).args(arguments));
        assert_eq!(code, 0, "{stderr}");
        assert_eq!(ticks_of(&out.join("hashes.csv")), hashes, "{arguments:?}");
        assert_eq!(ticks_of(&out.join("metrics.csv")), (1..=last).collect::<Vec<_>>(), "{arguments:?}");
        let text_of_metrics = std::fs::read_to_string(out.join("metrics.csv")).unwrap();
        let speed = text_of_metrics.lines().next().unwrap().split(',').position(|name| name == "boids.speed").unwrap();
        let last_row = text_of_metrics.lines().last().unwrap();
        assert!(last_row.split(',').nth(speed).unwrap().parse::<f64>().unwrap() > 0.0, "{last_row}");
        let saved: Vec<u64> = checkpoints::files(&out).unwrap().into_iter().map(|(tick, _)| tick).collect();
        assert_eq!(saved, (1..=last / 9).map(|number| number * 9).collect::<Vec<_>>(), "{arguments:?}");
        if last == 60 {
            assert_eq!(state_hash(&text), whole.state_hash, "{arguments:?}");
        }
        assert!(verify(&Recording::open(&out).unwrap(), None, &mut |_| {}).unwrap().passed());
    }
}

#[test]
fn a_complete_run_stays_as_it_is_unless_more_is_asked_for() {
    let folder = folder();
    let out = folder.path().join("run");
    let options = RunOptions { out: Some(out.clone()), checkpoint_every: Some(10), ..RunOptions::default() };
    let recorded = run(&small(), &options, &mut |_| {}).unwrap();
    assert!(!recorded.was_complete);
    let before = contents(&out);
    for arguments in [&[][..], &["--ticks", "25"], &["--hash-every", "5"], &["--format", "json"]] {
        let (code, text, stderr) = finish(program().args(["run", "--resume"]).arg(&out).args(arguments));
        assert_eq!(code, 0, "{stderr}");
        assert!(stderr.contains("complete run of 25 ticks") && stderr.contains("--ticks"), "{stderr}");
        assert!(text.contains(&recorded.state_hash), "{text}");
        assert!(contents(&out) == before, "{arguments:?}");
    }
    let resume = RunOptions { resume: Some(out.clone()), ..RunOptions::default() };
    let again = run(&small(), &resume, &mut |_| {}).unwrap();
    assert!(again.was_complete && again.metrics == recorded.metrics && again.events == recorded.events);
    // More.
    let (code, text, stderr) = finish(program().args(["run", "--ticks", "40", "--resume"]).arg(&out));
    assert_eq!(code, 0, "{stderr}");
    let whole = run(&small(), &RunOptions { ticks: Some(40), ..RunOptions::default() }, &mut |_| {}).unwrap();
    assert_eq!(state_hash(&text), whole.state_hash);
    assert_eq!(ticks_of(&out.join("metrics.csv")), (1..=40).collect::<Vec<_>>());
    let (_, text, _) = finish(program().args(["run", "--format", "json", "--resume"]).arg(&out));
    assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap()["ticks"], 40);
}

#[test]
fn nothing_that_is_recorded_is_taken_away() {
    let folder = folder();
    let (ended, stopped) = (folder.path().join("ended"), folder.path().join("stopped"));
    let options =
        |out: &Path| RunOptions { out: Some(out.into()), checkpoint_every: Some(10), ..RunOptions::default() };
    run(&small(), &options(&ended), &mut |_| {}).unwrap();
    stopped_after(&small(), 14, options(&stopped));
    for (out, ticks, least) in
        [(&ended, "24", "25"), (&ended, "0", "25"), (&stopped, "13", "14"), (&stopped, "5", "14")]
    {
        let before = contents(out);
        let (code, _, stderr) = finish(program().args(["run", "--ticks", ticks, "--resume"]).arg(out));
        assert!(code == 2 && stderr.contains(&format!("at least {least}")), "{stderr}");
        assert!(contents(out) == before);
    }
    let (code, _, stderr) = finish(program().args(["run", "--ticks", "14", "--resume"]).arg(&stopped));
    assert_eq!((code, ticks_of(&stopped.join("metrics.csv"))), (0, (1..=14).collect()), "{stderr}");
}

#[test]
fn a_run_begins_in_a_new_or_empty_folder_only() {
    let folder = folder();
    let out = folder.path().join("run");
    let at = |out: &Path| finish(program().args(["run", "flock", "--ticks", "3", "--out"]).arg(out));
    std::fs::create_dir(&out).unwrap();
    assert_ne!(at(&out).0, 2, "an empty folder is as good as a new one");
    let (code, _, stderr) = at(&out);
    assert!(code == 2 && stderr.contains("--resume"), "{stderr}");
    for (name, word) in [("notes", "files in it"), ("hidden", "files in it"), ("file", "is a file")] {
        let out = folder.path().join(name);
        match name {
            "file" => std::fs::write(&out, "mine").unwrap(),
            _ => {
                std::fs::create_dir(&out).unwrap();
                let mine = out.join(if name == "hidden" { ".mine" } else { "metrics.csv" });
                std::fs::write(mine, "mine").unwrap();
            }
        }
        let before = contents(folder.path());
        let (code, _, stderr) = at(&out);
        assert!(code == 2 && stderr.contains(word), "{stderr}");
        assert!(contents(folder.path()) == before);
    }
}

#[test]
fn a_resume_of_another_scene_or_of_nothing_is_refused() {
    let folder = folder();
    let refused = |out: &Path, arguments: &[&str]| {
        let before = contents(out);
        let (code, _, stderr) = finish(program().arg("run").args(arguments).arg("--resume").arg(out));
        assert!(code == 2 && stderr.contains("another scene"), "{stderr}");
        assert!(contents(out) == before);
    };
    let loaded = load("flock", &[]).unwrap();
    // With a checkpoint, without one, and complete.
    for (name, checkpoint_every, stop) in [("saved", Some(3), true), ("bare", None, true), ("complete", None, false)] {
        let out = folder.path().join(name);
        let options = RunOptions { ticks: Some(6), out: Some(out.clone()), checkpoint_every, ..RunOptions::default() };
        if stop {
            stopped_after(&loaded, 4, options);
        } else {
            run(&loaded, &options, &mut |_| {}).unwrap();
        }
        refused(&out, &["flock", "--seed", "1"]);
        refused(&out, &["--set", "boids.separation.weight=2.5"]);
        refused(&out, &["predator"]);
    }
    let nothing = folder.path().join("nothing");
    std::fs::create_dir(&nothing).unwrap();
    for scene in [&[][..], &["flock"]] {
        let (code, _, stderr) = finish(program().arg("run").args(scene).arg("--resume").arg(&nothing));
        assert!(code == 2 && stderr.contains("holds no run"), "{stderr}");
        assert_eq!(contents(&nothing), []);
    }
}

#[cfg(unix)]
#[test]
fn a_disk_that_refuses_gives_an_error_and_exit_code_2() {
    let (code, _, stderr) = finish(program().args(["run", "flock", "--ticks", "3", "--out", "/proc/agent2028"]));
    assert!(code == 2 && stderr.contains("/proc/agent2028"), "{stderr}");
}
