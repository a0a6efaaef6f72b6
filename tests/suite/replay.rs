//! Recorded runs, run again from their folders alone.

use agent2028::ledger::disk::{Item, Store, StoreOptions};
use std::path::Path;

use crate::parquet_reader::{self, Cell};
use crate::stop::stopped_after;
use crate::{checkpoint_ticks, finish, folder, killed_when, program};
use agent2028::core::faults::{Kill, SetParam, Spawn};
use agent2028::core::intervention::AnyIntervention;
use agent2028::core::reflect_path::ParamValue;
use agent2028::core::selector::Selector;
use agent2028::headless::{RunOptions, Summary, run};
use agent2028::record::{Recording, interventions, parquet as tables, recording};
use agent2028::replay::verify as verify_recording;
use agent2028::scene::load::{load, load_text};

/// A flock of which a third is killed, which is then disturbed in ways that can and can't be done, and joined by others.
fn done() -> Vec<(u64, AnyIntervention)> {
    let nonsense = SetParam { path: "boids.no_such_field".into(), value: ParamValue::Number(1.0) };
    let newcomers = Spawn { group: "boid".into(), count: 5, ..Spawn::default() };
    vec![
        (20, Kill { select: Selector::Fraction(0.3), duration_s: Some(0.5) }.into()),
        (30, nonsense.into()),
        (30, SetParam { path: "boids.separation.weight".into(), value: ParamValue::Number(2.5) }.into()),
        (47, newcomers.into()),
    ]
}

/// Records a run of 90 ticks with interventions, with hashes every 15 ticks and checkpoints every 40.
fn record(out: &Path) -> Summary {
    let options = RunOptions {
        ticks: Some(90),
        out: Some(out.into()),
        checkpoint_every: Some(40),
        hash_every: Some(15),
        interventions: done(),
        ..RunOptions::default()
    };
    run(&load("flock", &[]).unwrap(), &options, &mut |_| {}).unwrap()
}

fn verify(out: &Path) -> (i32, String, String) {
    finish(program().args(["replay", "--verify"]).arg(out))
}

fn edit(path: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    std::fs::write(path, text.replace(from, to)).unwrap();
}

#[test]
fn a_run_with_interventions_is_verified_from_its_folder_alone() {
    let folder = folder();
    let out = folder.path().join("run");
    let summary = record(&out);
    let recording = Recording::open(&out).unwrap();
    assert_eq!(recording.last_tick, 90);
    assert_eq!(recording.hashes.last().unwrap(), &(90, summary.state_hash));
    let outcomes: Vec<bool> = recording.interventions.iter().map(|entry| entry.outcome.is_ok()).collect();
    assert_eq!(outcomes, [true, false, true, true]);

    let (code, text, stderr) = verify(&out);
    assert_eq!(code, 0, "{text}{stderr}");
    assert!(text.contains("4 interventions done again, 6 state hashes and 2 checkpoints compared"), "{text}");
    assert!(text.contains("the same state up to tick 90"), "{text}");
    let (code, text, _) = finish(program().args(["replay", "--verify", "--format", "json"]).arg(&out));
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, found["ticks"].as_u64(), found["hashes"].as_u64()), (0, Some(90), Some(6)));
    assert!(found["difference"].is_null(), "{text}");
}

#[test]
fn without_a_display_a_replay_says_so_and_verifies() {
    let folder = folder();
    let out = folder.path().join("run");
    finish(program().args(["run", "flock", "--ticks", "5", "--out"]).arg(&out));
    let (code, text, stderr) =
        finish(program().arg("replay").arg(&out).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY"));
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains("No window") && text.contains("Verified"), "{text}{stderr}");
}

#[test]
fn another_intervention_is_noticed_at_the_first_state_that_differs() {
    let folder = folder();
    let out = folder.path().join("run");
    record(&out);
    // It is done with the same outcome, so only the state can tell.
    edit(&out.join("interventions.ron"), "value:2.5", "value:2.25");
    edit(&out.join("interventions.ron"), "is now 2.5\"", "is now 2.25\"");
    let (code, text, _) = verify(&out);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("NOT THE SAME: tick 30 differs in its state hash; the same up to tick 15"), "{text}");

    // Without the hashes before it, a checkpoint tells which parts of the state differ.
    std::fs::write(out.join("hashes.csv"), "tick,state_hash\n").unwrap();
    let (code, text, _) = finish(program().args(["replay", "--verify", "--format", "json"]).arg(&out));
    let difference = &serde_json::from_str::<serde_json::Value>(&text).unwrap()["difference"];
    assert_eq!((code, difference["tick"].as_u64()), (1, Some(40)), "{text}");
    let sections: Vec<&str> =
        difference["sections"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(sections.contains(&"velocities") && !sections.contains(&"conditions"), "{sections:?}");
}

#[test]
fn another_outcome_is_noticed() {
    let folder = folder();
    let out = folder.path().join("run");
    record(&out);
    edit(&out.join("interventions.ron"), "Fraction(0.3)", "Fraction(0.2)");
    let (code, text, _) = verify(&out);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("tick 20 differs in its intervention 1") && text.contains("300 agents failed"), "{text}");
}

#[test]
fn what_a_scene_does_by_itself_is_marked_and_not_done_twice() {
    let folder = folder();
    let out = folder.path().join("run");
    let scene = "Scene(agents: [(name: \"a\", count: 50)], boids: (), timeline: [
        (at: 5, do: Kill(select: Count(3))),
        (at: 8, every: Some(4), until: Some(20), do: Spawn(group: \"a\", count: 2)),
    ])";
    let options = RunOptions {
        ticks: Some(30),
        out: Some(out.clone()),
        interventions: vec![(9, Kill { select: Selector::Count(5), duration_s: None }.into())],
        ..RunOptions::default()
    };
    let summary = run(&load_text("scene", scene, None, &[]).unwrap(), &options, &mut |_| {}).unwrap();
    assert_eq!(summary.agents, 58);
    let text = std::fs::read_to_string(out.join("interventions.ron")).unwrap();
    assert_eq!((text.matches("origin: Scene").count(), text.matches("origin: User").count()), (5, 1), "{text}");
    let (code, text, _) = verify(&out);
    assert!(code == 0 && text.contains("1 intervention done again"), "{text}");
}

/// Runs a flock with a timeline for some ticks, stops it after `stop`, goes on with it, and returns what was done in order.
fn done_by(timeline: &str, interventions: Vec<(u64, AnyIntervention)>, stop: u64) -> Vec<(u64, String, bool)> {
    let folder = folder();
    let scene = format!("Scene(agents: [(name: \"a\", count: 20)], boids: (), timeline: [{timeline}])");
    let loaded = load_text("scene", &scene, None, &[]).unwrap();
    let options = |out: &str| RunOptions {
        ticks: Some(30),
        out: Some(folder.path().join(out)),
        checkpoint_every: Some(5),
        hash_every: Some(3),
        interventions: interventions.clone(),
        ..RunOptions::default()
    };
    let whole = run(&loaded, &options("whole"), &mut |_| {}).unwrap();
    stopped_after(&loaded, stop, options("parts"));
    let out = folder.path().join("parts");
    // Who goes on with a run asks for the same again; what waits already is not done twice.
    let resume =
        RunOptions { resume: Some(out.clone()), interventions: interventions.clone(), ..RunOptions::default() };
    let resumed = run(&recording::load_scene(&out, &[]).unwrap(), &resume, &mut |_| {}).unwrap();
    assert_eq!(resumed.state_hash, whole.state_hash, "{timeline}");
    let entries = interventions::read(&folder.path().join("whole")).unwrap();
    assert_eq!(interventions::read(&out).unwrap(), entries, "{timeline}");
    for out in ["whole", "parts"] {
        let recording = Recording::open(&folder.path().join(out)).unwrap();
        let found = verify_recording(&recording, None, &mut |_| {}).unwrap();
        assert!(found.passed(), "{timeline}, {out}: {found:?}");
    }
    entries.into_iter().map(|entry| (entry.tick, entry.fields, entry.outcome.is_ok())).collect()
}

#[test]
fn a_timeline_is_done_in_the_order_of_its_file() {
    let set =
        |at: u64, value: f64| format!("(at: {at}, do: SetParam(path: \"boids.separation.weight\", value: {value:.1}))");
    for order in [[1, 1, 1, 7], [0, 1, 0, 7], [1, 0, 0, 7], [7, 1, 0, 7], [7, 7, 1, 0]] {
        let entries: Vec<String> = order.iter().zip(1..).map(|(at, value)| set(*at, f64::from(value))).collect();
        let done = done_by(&entries.join(", "), Vec::new(), 6);
        // Tick 1 is the first: what is asked for before it is done in it, in its turn.
        let mut wanted: Vec<(u64, i32)> = order.iter().map(|at| (*at).max(1)).zip(1..).collect();
        wanted.sort_by_key(|(tick, _)| *tick);
        let found: Vec<(u64, i32)> = done
            .iter()
            .map(|(tick, fields, _)| {
                let value = fields.split("value:").nth(1).unwrap().trim_end_matches(')');
                (*tick, value.parse::<f64>().unwrap() as i32)
            })
            .collect();
        assert_eq!(found, wanted, "{order:?}");
    }
}

#[test]
fn a_run_with_actions_that_fail_goes_on_after_a_stop() {
    use agent2028::network::interventions::Heal;
    use agent2028::trust::interventions::Whitewash;
    // What has been done already, what somebody undid, and what the scene has no section for; done before, in and after the
    // checkpoint.
    let timeline = "(at: 2, do: AddObstacle(obstacle: Circle(center: (9, 9), radius: 3))), \
                    (at: 4, every: Some(9), do: RemoveObstacle(index: 0))";
    let strangers: Vec<(u64, AnyIntervention)> =
        vec![(3, Heal::default().into()), (12, Whitewash::default().into()), (26, Heal::default().into())];
    for stop in [4, 12, 17] {
        let done = done_by(timeline, strangers.clone(), stop);
        let told: Vec<(u64, bool)> = done.iter().map(|(tick, _, is_done)| (*tick, *is_done)).collect();
        assert_eq!(told, [(2, true), (3, false), (4, true), (12, false), (13, false), (22, false), (26, false)]);
    }
}

#[test]
fn what_people_did_after_a_checkpoint_is_done_again_by_a_resumed_run() {
    let folder = folder();
    let out = folder.path().join("run");
    let summary = record(&out);
    // As a kill leaves it: the newest checkpoint is that of tick 40, and people did something in tick 47.
    std::fs::remove_file(out.join("checkpoints/000000000080.a28")).unwrap();
    std::fs::remove_file(out.join("summary.json")).unwrap();
    let (mut ledger, _) = Store::open(&out.join("ledger"), StoreOptions::default()).unwrap();
    ledger.cut(|item| !matches!(item, Item::Entry { entry, .. } if entry.kind.closes())).unwrap();
    drop(ledger);
    let (_, text, stderr) = finish(program().args(["run", "--ticks", "90", "--format", "json", "--resume"]).arg(&out));
    let again: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(again["state_hash"].as_str(), Some(summary.state_hash.as_str()), "{stderr}");
    assert_eq!(interventions::read(&out).unwrap().len(), 4);
    assert_eq!(verify(&out).0, 0);
}

#[test]
fn a_killed_run_can_be_verified_as_far_as_it_came() {
    let folder = folder();
    let out = folder.path().join("run");
    let begun = ["run", "predator", "--ticks", "1000000000", "--hash-every", "5", "--checkpoint-every", "10", "--out"];
    killed_when(program().args(begun).arg(&out), || checkpoint_ticks(&out).len() >= 2);
    assert!(!out.join("metrics.parquet").exists() && !out.join("events.parquet").exists());
    let (code, text, stderr) = verify(&out);
    assert!(code == 0 && text.contains("Verified"), "{text}{stderr}");
}

#[test]
fn folders_that_are_no_recording_are_refused_with_words() {
    let folder = folder();
    let (code, _, stderr) = verify(folder.path());
    assert!(code == 2 && stderr.contains("holds no run"), "{stderr}");
    let (code, _, stderr) = verify(Path::new("/no/such/folder"));
    assert!(code == 2 && stderr.contains("holds no run"), "{stderr}");

    let out = folder.path().join("run");
    record(&out);
    let file = out.join("interventions.ron");
    let whole = std::fs::read_to_string(&file).unwrap();
    edit(&file, "name: \"Spawn\"", "name: \"Spwan\"");
    let (code, _, stderr) = verify(&out);
    assert!(code == 2 && stderr.contains("Spwan") && stderr.contains("Spawn"), "{stderr}");
    std::fs::write(&file, whole.replace("sequence: 1", "sequence: one")).unwrap();
    let (code, _, stderr) = verify(&out);
    assert!(code == 2 && stderr.contains("interventions.ron, line 4"), "{stderr}");
    std::fs::write(&file, &whole).unwrap();
    edit(&out.join("hashes.csv"), "\n30,", "\n30,xyz");
    let (code, _, stderr) = verify(&out);
    assert!(code == 2 && stderr.contains("hashes.csv, line 3"), "{stderr}");

    std::fs::write(out.join("hashes.csv"), "tick,state_hash\n").unwrap();
    std::fs::remove_dir_all(out.join("checkpoints")).unwrap();
    let (code, _, stderr) = verify(&out);
    assert!(code == 2 && stderr.contains("nothing to compare"), "{stderr}");
}

#[test]
fn parquet_has_the_bits_of_the_text_files_with_units_and_meaning() {
    let folder = folder();
    let out = folder.path().join("run");
    let summary = record(&out);
    let table = parquet_reader::read(&out.join(tables::METRICS));
    let csv = std::fs::read_to_string(out.join("metrics.csv")).unwrap();
    let names: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    assert_eq!(table.columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), names);
    let (mut numbers, mut gaps) = (0, 0);
    for (row, line) in csv.lines().skip(1).enumerate() {
        for (index, cell) in line.split(',').enumerate() {
            let expected = match (index, cell) {
                (0, tick) => Cell::Whole(tick.parse().unwrap()),
                (_, "") => Cell::Nothing,
                (_, number) => Cell::Bits(number.parse::<f64>().unwrap().to_bits()),
            };
            gaps += usize::from(expected == Cell::Nothing);
            numbers += 1;
            assert_eq!(table.columns[index].1[row], expected, "{line}");
        }
    }
    assert_eq!(table.columns[0].1.len(), 90);
    assert!(numbers > 900 && gaps > 0, "{numbers} cells, {gaps} empty");

    let told = |key: &str| table.metadata.get(key).unwrap_or_else(|| panic!("{key}")).clone();
    assert_eq!(told("agent2028.version"), env!("CARGO_PKG_VERSION"));
    assert_eq!(told("agent2028.seed"), summary.seed.to_string());
    assert_eq!(told("agent2028.fingerprint").len(), 64);
    assert_eq!(told("column.agents.failed.unit"), "agents");
    assert!(told("column.boids.order.help").len() > 10);
}

#[test]
fn names_with_commas_quotes_and_line_breaks_are_recorded_resumed_and_plotted() {
    let folder = folder();
    let names = ["left, right", "the \\\"best\\\"", "two\\nlines"];
    let workload: Vec<String> =
        names.iter().map(|name| format!("Poisson(name: \"{name}\", capability: \"a.b\", per_second: 50)")).collect();
    let scene = format!(
        "Scene(name: \"a, b\\nc\", agents: [(name: \"x, y\\nz\", count: 5, capabilities: [\"a.b\"])], duration: Ticks(20), \
         operations: (workload: [{}]))",
        workload.join(", ")
    );
    let path = folder.path().join("scene.ron");
    std::fs::write(&path, scene).unwrap();
    let loaded = load(path.to_str().unwrap(), &[]).unwrap();
    let out = folder.path().join("run");
    let options =
        RunOptions { out: Some(out.clone()), checkpoint_every: Some(8), hash_every: Some(5), ..RunOptions::default() };
    stopped_after(&loaded, 11, options);
    let (code, _, stderr) = finish(program().args(["run", "--resume"]).arg(&out));
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(verify(&out).0, 0);
    // As the CSV reader of others has it, and in Parquet.
    let mut reader = csv::Reader::from_path(out.join("metrics.csv")).unwrap();
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    for name in ["left, right", "the \"best\"", "two\nlines"] {
        assert!(header.iter().any(|column| column.contains(name)), "{name}: {header:?}");
    }
    assert_eq!(reader.records().map(|row| row.unwrap().len()).collect::<Vec<_>>(), vec![header.len(); 20]);
    let table = parquet_reader::read(&out.join(tables::METRICS));
    assert_eq!(table.columns.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(), header);
    assert_eq!(table.columns[1].1.len(), 20);
    let picture = folder.path().join("all.csv");
    let (code, _, stderr) =
        finish(program().arg("plot").arg(&out).args(["--metric", "operations.*lines*", "--out"]).arg(&picture));
    assert_eq!(code, 0, "{stderr}");
    let mut reader = csv::Reader::from_path(&picture).unwrap();
    assert!(reader.records().all(|row| row.unwrap()[1].contains("two\nlines")));
}

#[test]
fn long_tables_have_several_row_groups() {
    let folder = folder();
    let rows = tables::GROUP_ROWS + 5;
    let csv: String = (1..=rows).map(|tick| format!("{tick},{}\n", tick as f64 / 3.0)).collect();
    std::fs::write(folder.path().join("metrics.csv"), format!("tick,a\n{csv}")).unwrap();
    tables::write(folder.path()).unwrap();
    let table = parquet_reader::read(&folder.path().join(tables::METRICS));
    assert_eq!((table.groups, table.columns[1].1.len()), (2, rows));
    assert_eq!(table.columns[1].1[rows - 1], Cell::Bits((rows as f64 / 3.0).to_bits()));
    assert_eq!(parquet_reader::read(&folder.path().join(tables::EVENTS)).groups, 0);
}

#[test]
fn events_are_written_without_loss_and_come_back_from_parquet() {
    let folder = folder();
    let out = folder.path().join("run");
    // More events in a tick than the bus keeps.
    let scene = "Scene(agents: [(name: \"a\", count: 3000)], timeline: [(at: 2, do: Kill(select: All))])";
    let options = RunOptions { ticks: Some(4), out: Some(out.clone()), ..RunOptions::default() };
    let summary = run(&load_text("scene", scene, None, &[]).unwrap(), &options, &mut |_| {}).unwrap();
    let lines = std::fs::read_to_string(out.join("events.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len() as u64, summary.events.values().sum::<u64>());
    assert!(lines.len() > 1000, "{}", lines.len());
    let numbers: Vec<u64> = lines.iter().map(|line| line["sequence"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..lines.len() as u64).collect::<Vec<_>>());

    let table = parquet_reader::read(&out.join(tables::EVENTS));
    let number = |value: &serde_json::Value| value.as_i64().map_or(Cell::Nothing, Cell::Whole);
    let text = |value: &serde_json::Value| Cell::Text(value.as_str().unwrap().into());
    for (name, cells) in &table.columns {
        assert_eq!(cells.len(), lines.len());
        for (cell, line) in cells.iter().zip(&lines) {
            let told = &line[name];
            assert_eq!(*cell, if told.is_string() { text(told) } else { number(told) }, "{name} of {line}");
        }
    }
}
