//! Kill −9 at any moment: what was written is readable, and the run goes on with the same bits.

use std::process::Stdio;
use std::time::Duration;

use crate::{finish, folder, program};

fn state_hash(out: &str) -> String {
    out.lines().find_map(|line| line.strip_prefix("state-hash: ")).unwrap_or_else(|| panic!("{out}")).to_owned()
}

#[test]
fn a_killed_run_resumes_with_the_same_bits() {
    let (_, whole, _) = finish(program().args(["run", "predator", "--ticks", "600"]));
    let folder = folder();
    let out = folder.path().join("run");
    let mut child = program()
        .args(["run", "predator", "--ticks", "600", "--checkpoint-every", "20", "--hash-every", "50", "--out"])
        .arg(&out)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Killed as soon as some checkpoints are there, wherever it is then.
    let checkpoints = out.join("checkpoints");
    for _ in 0..600 {
        let count = std::fs::read_dir(&checkpoints).map_or(0, |entries| entries.flatten().count());
        if count >= 3 {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!out.join("summary.json").exists(), "the run ended before it could be killed");

    // The newest checkpoint may be torn by a crash of the machine: it is passed over.
    std::fs::write(checkpoints.join("999999999999.a28"), b"A28CKPT torn").unwrap();
    let (_, resumed, stderr) = finish(
        program()
            .args(["run", "--ticks", "600", "--checkpoint-every", "100", "--hash-every", "50", "--resume"])
            .arg(&out),
    );
    assert_eq!(state_hash(&resumed), state_hash(&whole), "{stderr}");
    assert!(stderr.contains("passed over"), "{stderr}");

    let metrics = std::fs::read_to_string(out.join("metrics.csv")).unwrap();
    let ticks: Vec<u64> =
        metrics.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect();
    assert_eq!(ticks, (1..=600).collect::<Vec<_>>());
    let hashes = std::fs::read_to_string(out.join("hashes.csv")).unwrap();
    let ticks: Vec<&str> = hashes.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(ticks, ["50", "100", "150", "200", "250", "300", "350", "400", "450", "500", "550", "600"]);
    let summary: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(out.join("summary.json")).unwrap()).unwrap();
    assert_eq!(summary["state_hash"].as_str().unwrap(), state_hash(&whole));
}

#[test]
fn every_scene_goes_on_after_a_kill_with_the_same_bits() {
    for name in agent2028::scene::gallery::names() {
        let folder = folder();
        let out = folder.path().join("run");
        let mut child = program()
            .args(["run", name, "--ticks", "1000000000", "--checkpoint-every", "10", "--out"])
            .arg(&out)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let newest = || {
            let files = std::fs::read_dir(out.join("checkpoints")).ok()?.flatten();
            let stems = files.filter_map(|file| file.path().file_stem()?.to_str()?.parse::<u64>().ok());
            stems.max()
        };
        for _ in 0..1500 {
            if newest() >= Some(20) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let ticks = (newest().unwrap_or_else(|| panic!("{name} wrote no checkpoint")) + 7).to_string();
        let (_, whole, _) = finish(program().args(["run", name, "--ticks", &ticks]));
        let (_, resumed, stderr) = finish(program().args(["run", "--ticks", &ticks, "--resume"]).arg(&out));
        assert_eq!(state_hash(&resumed), state_hash(&whole), "{name}: {stderr}");
    }
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
    let (_, whole, _) = finish(program().args(["run", "flock", "--ticks", "20", "--out"]).arg(&out));
    let (code, again, stderr) = finish(program().args(["run", "--ticks", "20", "--resume"]).arg(&out));
    assert_eq!((code, state_hash(&again)), (1, state_hash(&whole)), "{stderr}");
    assert!(stderr.contains("starts over"), "{stderr}");
    let metrics = std::fs::read_to_string(out.join("metrics.csv")).unwrap();
    assert_eq!(metrics.lines().count(), 21);
}

#[test]
fn a_folder_with_a_run_is_not_written_over() {
    let folder = folder();
    let out = folder.path().join("run");
    let run = |verb: &str| finish(program().args(["run", "flock", "--ticks", "3", verb]).arg(&out));
    assert_eq!(run("--out").0, 1);
    let (code, _, stderr) = run("--out");
    assert!(code == 2 && stderr.contains("--resume"), "{stderr}");
}

#[test]
fn a_resume_of_another_scene_or_of_nothing_is_refused() {
    let folder = folder();
    let out = folder.path().join("run");
    finish(program().args(["run", "flock", "--ticks", "6", "--checkpoint-every", "3", "--out"]).arg(&out));
    let (code, _, stderr) = finish(program().args(["run", "flock", "--seed", "1", "--resume"]).arg(&out));
    assert!(code == 2 && stderr.contains("another scene"), "{stderr}");
    let (code, _, stderr) = finish(program().args(["run", "--resume"]).arg(folder.path()));
    assert!(code == 2 && stderr.contains("holds no run"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn a_disk_that_refuses_gives_an_error_and_exit_code_2() {
    let (code, _, stderr) = finish(program().args(["run", "flock", "--ticks", "3", "--out", "/proc/agent2028"]));
    assert!(code == 2 && stderr.contains("/proc/agent2028"), "{stderr}");
}
