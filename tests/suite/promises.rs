//! Promises of the command line and the library that stand in no other file.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use agent2028::Sandbox;
use agent2028::core::agent::{AgentId, AgentIndex, Status, Velocity};
use agent2028::core::faults::Kill;
use agent2028::core::selector::Selector;
use agent2028::core::{Before, SimSchedule, SimSystems};
use agent2028::scene::gallery;
use bevy::prelude::*;

use crate::{finish, folder, program};

#[test]
fn settings_can_be_repeated_and_name_a_path_or_a_parameter() {
    let metrics = |settings: &[&str]| {
        let mut command = program();
        command.args(["run", "flock", "--ticks", "3", "--format", "json"]);
        command.args(settings.iter().flat_map(|setting| ["--set", setting]));
        let (_, out, stderr) = finish(&mut command);
        let object: serde_json::Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{stderr}"));
        (object["agents"].as_u64().unwrap(), object["state_hash"].as_str().unwrap().to_owned())
    };
    let both = metrics(&["agents[0].count=70", "boids.separation.weight=2.5"]);
    assert_eq!(both.0, 70);
    // The parameter "separation" of this scene stands for that path.
    assert_eq!(metrics(&["agents[0].count=70", "separation=2.5"]), both);
    assert_ne!(metrics(&["agents[0].count=70"]).1, both.1);
    // Of two settings of one value the last counts.
    assert_eq!(metrics(&["agents[0].count=9", "separation=2.5", "agents[0].count=70"]), both);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how often progress is told is about real time")]
fn progress_is_a_line_a_second_without_a_terminal() {
    let begun = Instant::now();
    let mut child = program()
        .args(["run", "murmuration", "--ticks", "1000000000"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines: Vec<String> = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .filter(|line| line.starts_with("tick "))
        .take(2)
        .collect();
    let elapsed = begun.elapsed();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(lines.len(), 2, "{lines:?}");
    for part in ["of 1,000,000,000", "agents", "ticks/s"] {
        assert!(lines.iter().all(|line| line.contains(part)), "{part} in {lines:?}");
    }
    assert!(elapsed >= Duration::from_secs(2), "two lines after {elapsed:?}");
}

#[test]
fn right_scenes_are_told_to_be_right() {
    let (code, out, stderr) = finish(program().args(["check", "scenes", "flock"]));
    assert_eq!((code, out), (0, format!("{} scenes are right\n", gallery::SCENES.len() + 1)), "{stderr}");
    let (code, out, _) = finish(program().args(["check", "flock", "--format", "json"]));
    assert_eq!((code, out.trim()), (0, "[]"));
    let empty = folder();
    let (code, _, stderr) = finish(program().arg("check").arg(empty.path()));
    assert!(code == 2 && stderr.contains(".ron"), "{stderr}");
}

#[test]
fn the_gallery_is_listed_as_json_too() {
    let (code, out, _) = finish(program().args(["scenes", "--format", "json"]));
    let list: serde_json::Value = serde_json::from_str(&out).unwrap();
    let names: Vec<&str> = list.as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect();
    assert_eq!((code, names), (0, gallery::names().collect::<Vec<_>>()));
    assert_eq!(list[1]["agents"].as_u64(), Some(1000));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_ends_with_exit_code_2() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = program().args(["run", "flock", "--ticks", "3"]).stdout(full).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && stderr.contains("standard output"), "{stderr}");
}

#[test]
fn the_scene_of_a_run_is_whole_without_its_includes_and_settings() {
    let folder = folder();
    std::fs::write(folder.path().join("common.ron"), "Scene(agents: [(name: \"ant\", count: 2)], tick_hz: 20)")
        .unwrap();
    let path = folder.path().join("main.ron");
    std::fs::write(&path, "Scene(include: [\"common.ron\"], duration: Ticks(4))").unwrap();
    let out = folder.path().join("run");
    let run =
        finish(program().arg("run").arg(&path).args(["--set", "agents[0].count=5", "--seed", "8", "--out"]).arg(&out));
    assert_eq!(run.0, 0, "{}", run.2);
    std::fs::remove_file(folder.path().join("common.ron")).unwrap();
    let scene = Sandbox::open(out.join("scene.ron")).unwrap().scene().unwrap().clone();
    assert_eq!((scene.seed, scene.tick_hz, scene.agents[0].count), (8, 20.0, 5));
}

#[test]
fn every_scene_has_the_same_hash_at_8_threads() {
    for name in gallery::names() {
        let hash = |threads| {
            let mut sandbox = Sandbox::builtin(name).unwrap().threads(threads).unwrap();
            sandbox.run(40).unwrap();
            sandbox.state_hash().unwrap()
        };
        assert_eq!(hash(1), hash(8), "{name}");
    }
}

/// What the plugin below counts.
#[derive(Resource, Default)]
struct Counted(u64);

/// A plugin as a user would write one.
#[derive(Clone)]
struct Counter;

impl Plugin for Counter {
    fn build(&self, app: &mut App) {
        // Systems stand in a phase or in one of the hooks around it: the schedule takes no two whose order is open.
        app.init_resource::<Counted>().add_systems(
            SimSchedule,
            (|mut counted: ResMut<Counted>| counted.0 += 1).in_set(Before(SimSystems::Observe)),
        );
    }
}

#[test]
fn a_plugin_of_ones_own_runs_in_every_tick_of_the_app_underneath() {
    let mut sandbox = Sandbox::builtin("flock").unwrap().add_plugin(Counter).unwrap();
    sandbox.run(7).unwrap();
    assert_eq!(sandbox.app_mut().unwrap().world().resource::<Counted>().0, 7);
}

#[test]
fn a_series_has_a_value_a_tick_and_events_tell_what_happened() {
    let mut sandbox = Sandbox::builtin("flock").unwrap();
    sandbox.run(3).unwrap();
    sandbox.intervene(Kill { select: Selector::Count(250), duration_s: None }).unwrap();
    sandbox.run(2).unwrap();
    let values: Vec<(u64, f64)> = sandbox.series("agents.active").unwrap().samples().collect();
    assert_eq!(values, [(1, 1000.0), (2, 1000.0), (3, 1000.0), (4, 750.0), (5, 750.0)]);
    let failed =
        sandbox.events().unwrap().into_iter().filter(|event| event.kind.name == "AgentFailed" && event.tick == 4);
    assert!(failed.count() >= 1);
}

#[test]
fn a_run_goes_on_without_an_agent_whose_velocity_is_no_number() {
    let mut sandbox = Sandbox::builtin("flock").unwrap();
    sandbox.run(5).unwrap();
    let world = sandbox.app_mut().unwrap().world_mut();
    let agent = world.resource::<AgentIndex>().get(AgentId(3)).unwrap();
    world.get_mut::<Velocity>(agent).unwrap().0.y = f32::NAN;
    assert_eq!(sandbox.run(20).unwrap(), 20);
    let agents = sandbox.agents().unwrap();
    assert_eq!(agents[3].status, Status::Failed);
    assert!(agents.iter().all(|agent| agent.position.is_finite() && agent.velocity.is_finite()));
    // Neighbours who saw it in that tick may have failed with it; the flock goes on.
    assert!(agents.iter().filter(|agent| agent.status == Status::Active).count() > 900);
}

#[test]
fn a_circle_selects_those_within_it_also_over_the_edge() {
    for (edge, over) in [("Wrap", true), ("Bounce", false)] {
        let scene = format!("Scene(world: (size: (400, 300), edge: {edge}), agents: [(name: \"a\", count: 500)])");
        let mut sandbox = Sandbox::parse(&scene).unwrap();
        let center = Vec2::new(190.0, 20.0);
        sandbox.intervene(Kill { select: Selector::Within { center, radius: 60.0 }, duration_s: None }).unwrap();
        sandbox.run(1).unwrap();
        let mut beyond = 0;
        for agent in sandbox.agents().unwrap() {
            let mut way = (agent.position - center).abs();
            if over && way.x > 200.0 {
                way.x = 400.0 - way.x;
            }
            let within = way.length() <= 60.0;
            assert_eq!(agent.status == Status::Failed, within, "{agent:?} with {edge}");
            beyond += usize::from(within && agent.position.x < 0.0);
        }
        assert_eq!(beyond > 0, over, "{edge}");
    }
}

#[test]
fn no_operation_is_lost_in_any_tick_of_any_scene() {
    use agent2028::operations::Operations;
    let mut with_work = 0;
    for name in gallery::names() {
        let mut sandbox = Sandbox::builtin(name).unwrap();
        if sandbox.scene().unwrap().section::<agent2028::operations::OperationsConfig>().is_none() {
            continue;
        }
        with_work += 1;
        let mut wrong = None;
        let ticks = sandbox.scene().unwrap().duration_ticks().min(1500);
        sandbox
            .run_until(ticks, |world| {
                let operations = world.resource::<Operations>();
                let (total, in_flight) = (operations.tally().total, operations.slab().len() as u64);
                let ended = total.completed + total.failed + total.timed_out + total.rejected;
                if total.requested != ended + in_flight {
                    wrong = Some(format!("{name}: {total:?} and {in_flight} in flight"));
                }
                wrong.is_some()
            })
            .unwrap();
        assert_eq!(wrong, None);
        assert!(sandbox.metric("operations.requested").unwrap() > 1000.0, "{name}");
    }
    assert!(with_work >= 4, "{with_work} scenes with work");
}
