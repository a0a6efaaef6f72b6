//! What a file holds is part of a simulation; what it is called and where it lies is not.

use std::path::{Path, PathBuf};

use agent2028::headless::{RunOptions, run};
use agent2028::record::{Recording, recording};
use agent2028::replay::verify;
use agent2028::scene::load::{Loaded, load};

use crate::stop::stopped_after;
use crate::{finish, folder, program};

const TICKS: u64 = 30;
const WAYS: usize = 5;

/// Every kind of file that the scene language knows: the scene with `FILE` where the path stands, the file's name and what it
/// holds.
fn kinds() -> Vec<(&'static str, String, &'static str, String)> {
    // Requests over the whole run, most of them after it is stopped.
    let trace: String = (0..60).map(|row| format!("{:.3},a.b,{row}\n", f64::from(row) * 0.0085)).collect();
    let agents = "agents: [(name: \"a\", count: 12, capabilities: [\"a.b\"])]";
    let poisson = "Poisson(capability: \"a.b\", per_second: 200)";
    vec![
        (
            "agents",
            "Scene(agents: [(name: \"a\", from_csv: \"FILE\")], boids: ())".into(),
            "data.csv",
            "x,y,vx,vy\n0,0,1,0\n10,5,0,1\n-7,3,1,1\n4,-4,-1,0\n".into(),
        ),
        (
            "trace",
            format!("Scene({agents}, operations: (workload: [Trace(\"FILE\")], service: Constant(ms: 30)))"),
            "data.csv",
            format!("at_s,capability,key\n{trace}"),
        ),
        (
            "service times",
            format!("Scene({agents}, operations: (workload: [{poisson}], service: Empirical(\"FILE\")))"),
            "data.csv",
            "ms\n3\n40\n85\n".into(),
        ),
        (
            "service times of a rule",
            format!(
                "Scene({agents}, operations: (workload: [{poisson}], \
                 services: [(capability: \"a.*\", time: Empirical(\"FILE\"))]))"
            ),
            "data.csv",
            "ms\n3\n40\n85\n".into(),
        ),
        (
            "ratings",
            format!(
                "Scene({agents}, operations: (workload: [{poisson}], service: Constant(ms: 5)), \
                 trust: (edges: Csv(\"FILE\"), rating_scale: (-10, 10)))"
            ),
            "data.csv",
            "source,target,rating\n0,1,10\n3,1,-10\n2,5,4\n".into(),
        ),
        (
            "links",
            format!(
                "Scene({agents}, network: (topology: Csv(\"FILE\"), detector: (heartbeat: (period_s: 0.1))), ledger: (stamps: All))"
            ),
            "data.csv",
            "from,to\n0,1\n1,2\n2,3\n3,4\n4,5\n5,0\n6,7\n".into(),
        ),
        (
            "an included scene",
            "Scene(include: [\"FILE\"], agents: [(name: \"a\", count: 12)])".into(),
            "common.ron",
            "Scene(boids: (), timeline: [(at: 9, do: Kill(select: Count(2)))])".into(),
        ),
    ]
}

/// The ways in which a scene in `home` can write the path of a file beside it.
fn ways(home: &Path, file: &str) -> [String; WAYS] {
    [
        file.to_owned(),
        format!("./{file}"),
        format!("sub/../{file}"),
        home.join(file).to_str().unwrap().to_owned(),
        format!("elsewhere/{file}"),
    ]
}

fn open(path: &Path) -> Loaded {
    load(path.to_str().unwrap(), &[]).unwrap_or_else(|error| panic!("{error:?}"))
}

/// The hash of the whole run, and its metrics.
fn whole(loaded: &Loaded, options: RunOptions) -> (String, Vec<(String, f64)>) {
    let summary = run(loaded, &options, &mut |_| {}).unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(summary.ticks, TICKS);
    (summary.state_hash, summary.metrics.into_iter().collect())
}

/// Writes a scene with one of the ways, and the file where it says.
fn scene(home: &Path, text: &str, way: &str, file: &str, held: &str) -> PathBuf {
    for sub in ["sub", "elsewhere"] {
        std::fs::create_dir_all(home.join(sub)).unwrap();
    }
    let at = if way.starts_with("elsewhere") { home.join(way) } else { home.join(file) };
    std::fs::write(at, held).unwrap();
    let path = home.join("scene.ron");
    std::fs::write(&path, text.replace("FILE", way)).unwrap();
    path
}

#[test]
fn a_run_goes_on_and_is_verified_however_the_path_of_its_file_is_written() {
    for (kind, text, file, held) in kinds() {
        let mut hashes = Vec::new();
        for number in 0..WAYS {
            let folder = folder();
            let home = folder.path();
            let way = &ways(home, file)[number];
            let path = scene(home, &text, way, file, &held);
            let loaded = open(&path);
            let options = || RunOptions { ticks: Some(TICKS), ..RunOptions::default() };
            let wanted = whole(&loaded, options());
            // Stopped amid the run, before and after a checkpoint; what it was made from is gone then.
            let out = home.join("out");
            let recorded =
                RunOptions { out: Some(out.clone()), checkpoint_every: Some(5), hash_every: Some(4), ..options() };
            stopped_after(&loaded, 13, recorded);
            for gone in ["sub", "elsewhere"] {
                std::fs::remove_dir_all(home.join(gone)).unwrap();
            }
            std::fs::remove_file(&path).unwrap();
            let _ = std::fs::remove_file(home.join(file));

            let loaded = recording::load_scene(&out, &[]).unwrap();
            let resumed = whole(&loaded, RunOptions { resume: Some(out.clone()), ..RunOptions::default() });
            assert_eq!(resumed, wanted, "{kind}, {way}: resumed");
            let recording = Recording::open(&out).unwrap();
            let found = verify(&recording, Some(2), &mut |_| {}).unwrap();
            assert!(found.passed() && found.hashes == 8 && found.checkpoints == 6, "{kind}, {way}: {found:?}");
            assert_eq!(found.notes, [""; 0], "{kind}, {way}");
            // A recording of a recording is the same run, too.
            let again = home.join("again");
            whole(&loaded, RunOptions { out: Some(again.clone()), hash_every: Some(4), ..options() });
            let rows = |out: &Path| std::fs::read_to_string(out.join("hashes.csv")).unwrap();
            assert_eq!(rows(&again), rows(&out), "{kind}, {way}: again");
            assert!(verify(&Recording::open(&again).unwrap(), None, &mut |_| {}).unwrap().passed());
            hashes.push((wanted, rows(&out)));
        }
        for other in &hashes[1..] {
            assert_eq!(*other, hashes[0], "{kind}: one simulation, whatever its file is called");
        }
    }
}

#[test]
fn other_content_under_the_same_name_is_another_simulation() {
    for (kind, text, file, held) in kinds() {
        let home = folder();
        let path = scene(home.path(), &text, file, file, &held);
        let before = open(&path);
        let options = || RunOptions { ticks: Some(TICKS), ..RunOptions::default() };
        let was = whole(&before, options()).0;
        // The last row, or the last entry, says something else.
        let changed = match held.trim_end().rsplit_once('\n') {
            Some((rest, _)) => format!("{rest}\n"),
            None => held.replace("Count(2)", "Count(3)"),
        };
        assert_ne!(changed, held);
        std::fs::write(home.path().join(file), changed).unwrap();
        let after = open(&path);
        assert_ne!(before.fingerprint(), after.fingerprint(), "{kind}");
        assert_ne!(whole(&after, options()).0, was, "{kind}");
    }
}

#[test]
fn the_folder_that_the_program_is_started_in_makes_no_difference() {
    let home = folder();
    let (_, text, file, held) = kinds().swap_remove(1);
    scene(home.path(), &text, file, file, &held);
    let elsewhere = home.path().join("sub");
    let mut hashes = Vec::new();
    for (from, scene, out) in [
        (home.path(), "scene.ron", "out-1"),
        (&elsewhere, "../scene.ron", "../out-2"),
        (Path::new("/"), home.path().join("scene.ron").to_str().unwrap(), home.path().join("out-3").to_str().unwrap()),
    ] {
        let arguments = ["run", scene, "--ticks", "12", "--checkpoint-every", "6", "--hash-every", "3", "--out", out];
        let (code, _, stderr) = finish(program().current_dir(from).args(arguments));
        assert_eq!(code, 0, "{stderr}");
        // It goes on from yet another folder.
        let number = hashes.len() + 1;
        let out = home.path().join(format!("out-{number}"));
        let (code, _, stderr) =
            finish(program().current_dir(&elsewhere).args(["run", "--ticks", "30", "--resume"]).arg(&out));
        assert_eq!(code, 0, "{stderr}");
        let (code, text, _) = finish(program().current_dir("/").args(["replay", "--verify"]).arg(&out));
        assert_eq!(code, 0, "{text}");
        hashes.push(std::fs::read_to_string(out.join("hashes.csv")).unwrap());
    }
    assert_eq!((&hashes[1], &hashes[2]), (&hashes[0], &hashes[0]));
}

#[test]
fn files_keep_their_names_and_roots_in_a_copy_of_a_copy() {
    // More files than digits sort, one of them under two names.
    let home = folder();
    let mut workload = Vec::new();
    for number in 0..12 {
        let name = format!("{}.csv", char::from(b'z' - number));
        std::fs::write(home.path().join(&name), format!("at_s,capability\n0.{number:02},a.b\n")).unwrap();
        workload.push(format!("Trace(\"{name}\")"));
    }
    workload.push("Trace(\"./z.csv\")".into());
    let text = format!(
        "Scene(agents: [(name: \"a\", count: 3, capabilities: [\"a.b\"])], ledger: (), \
         operations: (workload: [{}], service: Constant(ms: 4)))",
        workload.join(", ")
    );
    let path = home.path().join("scene.ron");
    std::fs::write(&path, text).unwrap();
    let loaded = open(&path);
    let (first, files) = loaded.portable();
    assert_eq!(files.len(), 12);
    let copy = folder();
    for (name, content) in &files {
        content.write(&copy.path().join(name)).unwrap();
    }
    std::fs::write(copy.path().join("scene.ron"), &first).unwrap();
    let copied = open(&copy.path().join("scene.ron"));
    assert_eq!(copied.portable().0, first);
    assert_eq!(copied.document().files, loaded.document().files);
    assert_eq!(copied.fingerprint(), loaded.fingerprint());
    // A file that changes between reading and recording is told; it is no part of the scene.
    std::fs::write(copy.path().join(&files[3].0), "at_s,capability\n0.5,a.b\n").unwrap();
    let out = home.path().join("out");
    let options = RunOptions { ticks: Some(3), out: Some(out.clone()), ..RunOptions::default() };
    let told = run(&copied, &options, &mut |_| {}).unwrap_err().to_string();
    assert!(told.contains("changed after the scene was read"), "{told}");
    assert!(!out.join("scene.ron").exists());
}

#[test]
fn a_running_section_takes_up_no_file_that_the_scene_was_not_read_with() {
    use agent2028::Sandbox;
    use agent2028::core::faults::SetParam;
    use agent2028::core::reflect_path::ParamValue;
    let home = folder();
    let (_, text, file, held) = kinds().swap_remove(2);
    let path = scene(home.path(), &text, file, file, &held);
    let mut sandbox = Sandbox::open(&path).unwrap();
    let other = ParamValue::Text("Empirical(\"other.csv\")".into());
    sandbox.intervene(SetParam { path: "operations.service".into(), value: other }).unwrap().run(1).unwrap();
    let events = sandbox.events().unwrap();
    let told: Vec<String> = events.iter().map(|event| event.text().into_owned()).collect();
    assert!(told.iter().any(|text| text.contains("not read with a file \"other.csv\"")), "{told:?}");
}

/// Whatever a scene reads has an end: a device that has none is refused, and not read until memory is full.
#[cfg(target_os = "linux")]
#[test]
fn a_device_without_end_is_refused() {
    let scratch = folder();
    let endless = scratch.path().join("data.csv");
    std::os::unix::fs::symlink("/dev/zero", &endless).unwrap();
    let included = ("an included scene", "Scene(include: [\"FILE\"], agents: [(name: \"a\")])".to_owned());
    let scenes = kinds().into_iter().map(|(kind, scene, ..)| (kind, scene)).chain([included]);
    for (kind, scene) in scenes {
        let file = scratch.path().join("scene.ron");
        std::fs::write(&file, scene.replace("FILE", "data.csv")).unwrap();
        let (code, _, stderr) = finish(program().arg("check").arg(&file));
        assert_eq!(code, 2, "{kind}: {stderr}");
        assert!(stderr.contains("at most") || stderr.contains("device"), "{kind}: {stderr}");
    }
    let (code, _, stderr) = finish(program().arg("check").arg(&endless));
    assert_eq!(code, 2, "{stderr}");
}
