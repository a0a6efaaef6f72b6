//! What a timeline may hold, and what becomes of interventions that can't work: told with their place or as an event.

use agent2028::core::event::EventKinds;
use agent2028::core::intervention::{AnyIntervention, InterventionKind, InterventionLog};
use agent2028::network::interventions::Heal;
use agent2028::{Sandbox, SandboxError, Scene};

use crate::{finish, folder, program};

/// A scene with a few agents, these sections and this timeline.
fn scene(sections: &str, timeline: &str) -> String {
    format!(
        "Scene(\n  schema: 1,\n  agents: [(name: \"agent\", count: 10, capabilities: [\"file.read\"])],\n  {sections}\n  \
         timeline: [{timeline}],\n)"
    )
}

/// One of each kind, with default values.
fn one_of_each() -> Vec<AnyIntervention> {
    let plugins = agent2028::plugins::all();
    plugins.interventions().kinds().map(InterventionKind::default_intervention).collect()
}

/// The text of an action as a timeline holds it, with names that are there.
fn written(action: &AnyIntervention) -> String {
    let text = agent2028::core::ron_format::to_line(action).unwrap();
    let text = text.replace("agents:\"\"", "agents:\"agent\"").replace("capability:\"\"", "capability:\"file.read\"");
    text.replace("points:[]", "points:[(0,0),(9,9)]")
}

#[test]
fn an_action_without_its_section_is_refused_with_its_place_and_never_panics() {
    let mut needy = 0;
    for action in one_of_each() {
        let (name, needs) = (action.name(), action.needs());
        // In the timeline: told before anything runs.
        let checked = Sandbox::parse(&scene("", &format!("\n    (at: 2, do: {})", written(&action))))
            .and_then(|mut sandbox| sandbox.run(1));
        if let [section, ..] = needs {
            needy += 1;
            let report = format!("{:?}", checked.expect_err(name));
            assert!(report.contains(&format!("{name} needs the section `{section}`")), "{report}");
            assert!(report.contains(&format!("add {section}")), "{report}");
        }
        // From outside: an event, and the run goes on.
        let mut sandbox = Sandbox::parse(&scene("", "")).unwrap();
        sandbox.intervene(action.clone()).unwrap();
        sandbox.run(2).unwrap();
        let failed = sandbox.app_mut().unwrap().world().resource::<InterventionLog>().0[0].outcome.clone();
        if needs.is_empty() {
            continue;
        }
        assert!(failed.as_ref().is_err_and(|words| words.contains(needs[0])), "{name}: {failed:?}");
        let told = sandbox.events().unwrap();
        assert!(told.iter().any(|event| event.kind.name == "InterventionFailed"), "{name}");
    }
    assert!(needy > 40, "{needy} actions need a section");
}

#[test]
fn an_action_with_all_sections_does_something_or_says_why_not() {
    let sections = "boids: (), pheromones: (), network: (), operations: (), identity: (), trust: (), market: (tasks: Some((sources: [()], bidders: [(group: \"agent\")]))), consensus: (voters: [(group: \"agent\")]),";
    for action in one_of_each() {
        let mut sandbox = Sandbox::parse(&scene(sections, "")).unwrap();
        sandbox.intervene(action.clone()).unwrap();
        sandbox.run(3).unwrap_or_else(|error| panic!("{}: {error:?}", action.name()));
        assert_eq!(sandbox.app_mut().unwrap().world().resource::<InterventionLog>().0.len(), 1);
    }
}

#[test]
fn an_action_that_a_scene_may_hold_with_the_sections_that_it_needs_works() {
    let all = "boids: (), pheromones: (), network: (gossip: ()), operations: (), identity: (), trust: (), market: (),";
    let (mut passed, mut refused) = (0, 0);
    for action in one_of_each() {
        let needed: String = action.needs().iter().map(|section| format!("{section}: (), ")).collect();
        for sections in [needed.as_str(), all] {
            let text = scene(sections, &format!("(at: 2, do: {})", written(&action)));
            let Ok(mut sandbox) = Sandbox::parse(&text) else {
                refused += 1;
                continue;
            };
            if let Err(problem) = sandbox.run(3) {
                // Refused when it was put together, and no fault of the program.
                assert!(matches!(problem, SandboxError::Scene(_)), "{}: {problem:?}", action.name());
                refused += 1;
                continue;
            }
            passed += 1;
            let log = &sandbox.app_mut().unwrap().world().resource::<InterventionLog>().0;
            assert!(log.iter().all(|applied| applied.outcome.is_ok()), "{text}\n{log:?}");
        }
    }
    assert!(passed > 60 && refused > 20, "{passed} passed, {refused} refused");
}

/// What is wrong with a scene, as `check` tells it: place and message of the first problem.
fn problem(text: &str) -> String {
    let folder = folder();
    let file = folder.path().join("scene.ron");
    std::fs::write(&file, text).unwrap();
    let (code, out, errors) = finish(program().arg("check").arg(&file).args(["--format", "json"]));
    assert_eq!(code, 2, "{text}\n{out}{errors}");
    out
}

#[test]
fn a_name_that_stands_for_nothing_is_refused_with_its_place_and_a_suggestion() {
    let at = |action: &str| format!("\n    (at: 2, do: {action})");
    let work = "operations: (workload: [Poisson(name: \"reads\", capability: \"file.read\")]),";
    let forage = "pheromones: (nests: [(position: (0, 0))], foraging: [(agents: \"agent\")]),";
    let cases: &[(&str, String, &str, &str)] = &[
        ("", at("SetField(select: All, field: \"Conditon.health\", value: 1)"), "Conditon", "Condition"),
        ("", at("SetField(select: All, field: \"Condition.helth\", value: 1)"), "helth", "health"),
        ("", at("SetField(select: All, field: \"Condition.health\", value: 2)"), "out of range", "0 to 1"),
        (forage, at("SetField(select: All, field: \"Forager.caried\", value: 2)"), "caried", "carried"),
        ("", at("SetField(select: All, field: \"Velocity.0.x\", value: 2)"), "no agent has the component", ""),
        ("", at("Kill(select: Role(\"zz\"))"), "role \\\"zz\\\"", ""),
        ("", at("Kill(select: Compare(quantity: \"sped\", is: Above, value: 1))"), "quantity \\\"sped\\\"", "id"),
        ("", at("Kill(select: Not(Compare(quantity: \"helth\", is: Above, value: 1)))"), "helth", "health"),
        ("", at("Kill(select: Ids([3, 10]))"), "no agent 10", "0 to 9"),
        ("", at("Kill(select: IdRange(first: 10, last: 12))"), "no agent 10", "0 to 9"),
        ("", at("WithdrawCapability(select: All, capability: \"file.raed\")"), "file.raed", "file.read"),
        ("", at("SetParam(path: \"wrld.edge\", value: \"Wrap\")"), "wrld", "world"),
        ("network: (topology: Edges([(0, 1), (0, 99)])),", String::new(), "no agent 99", "0 to 9"),
        ("identity: (signed_events: [\"AgentFialed\"]),", String::new(), "AgentFialed", "AgentFailed"),
        ("ledger: (events: [\"AgentFialed\"]),", String::new(), "AgentFialed", "AgentFailed"),
        ("pheromones: (),", at("PaintPheromone(layer: \"fod\")"), "layer \\\"fod\\\"", "food"),
        ("pheromones: (),", at("ClearPheromone(layer: Some(\"fod\"))"), "layer \\\"fod\\\"", "food"),
        ("pheromones: (),", at("RemoveWall(index: 3)"), "no wall number 3", ""),
        ("boids: (),", at("RemoveObstacle(index: 3)"), "no obstacle number 3", ""),
        (work, at("LoadSpike(of: \"raeds\")"), "workload \\\"raeds\\\"", "reads"),
        (work, at("SetParam(path: \"operations.workload[0].per_secnd\", value: 2)"), "per_secnd", "per_second"),
        ("operations: (services: [(capability: \"file.raed\")]),", String::new(), "file.raed", "file.read"),
        ("network: (gossip: (rumours: [(from: Role(\"zz\"))])),", String::new(), "role \\\"zz\\\"", ""),
        ("network: (),", at("TellRumour()"), "nobody gossips", "gossip"),
        ("identity: (),", at("ReplayMessages()"), "no sealed channels", "identity.channels"),
        (
            "boids: (),",
            "\n    (at: 1, every: Some(1), until: Some(200000), do: Kill())".into(),
            "200000 times",
            "at most",
        ),
    ];
    for (sections, timeline, message, help) in cases {
        let report = problem(&scene(sections, timeline));
        assert!(report.contains(message) && report.contains(help), "{sections}{timeline}\n{report}");
        assert!(!report.contains("\"line\": 1,"), "no place is told\n{report}");
    }
}

#[test]
fn what_a_timeline_does_to_resources_and_nests_that_are_not_there_is_refused() {
    let scene = |timeline: &str| scene("duration: Ticks(60), pheromones: (),", timeline);
    let problems = |timeline: &str| {
        let checked = agent2028::scene::load::load_text("scene", &scene(timeline), None, &[])
            .and_then(|loaded| agent2028::assemble::check(&loaded, &agent2028::assemble::ExtraPlugins::default()));
        checked.map_or_else(|error| error.to_plain_text(), |()| String::new())
    };
    for (what, action) in [("resource", "Resource"), ("nest", "Nest")] {
        let add = if what == "nest" { "AddNest()" } else { "DropResource()" };
        for verb in ["Remove", "Move"] {
            let told = problems(&format!("(at: 1, do: {verb}{action}()), (at: 2, do: {add})"));
            assert!(told.contains(&format!("there is no {what} number 0")), "{verb} {what}: {told}");
            assert_eq!(problems(&format!("(at: 3, do: {verb}{action}()), (at: 2, do: {add})")), "", "{verb} {what}");
        }
        let twice =
            problems(&format!("(at: 1, do: {add}), (at: 2, do: Remove{action}()), (at: 3, do: Remove{action}())"));
        assert!(twice.contains(&format!("there is no {what} number 0")), "{what}: {twice}");
    }
    // What was tried was put back.
    let mut sandbox = Sandbox::parse(&scene("(at: 50, do: DropResource())")).unwrap();
    sandbox.run(1).unwrap();
    let world = sandbox.app_mut().unwrap().world();
    assert!(world.resource::<agent2028::pheromones::site::Sites>().sources.is_empty());
}

#[test]
fn a_repeated_entry_counts_as_often_as_it_has_come() {
    let wall = "do: AddWall(wall: (points: [(0, 0), (9, 9)]))";
    let obstacle = "do: AddObstacle(obstacle: Circle(center: (9, 9), radius: 3))";
    let (third_wall, third_obstacle) = ("do: MoveWall(index: 2)", "do: MoveObstacle(index: 2)");
    // Walls come at 5, 15 and 25.
    let can_run = [
        format!("(at: 5, every: Some(10), {wall}), (at: 30, {third_wall})"),
        format!("(at: 5, every: Some(10), {obstacle}), (at: 30, {third_obstacle})"),
        // In the order of ticks, whatever that of the file, and within a tick in that of the file.
        format!("(at: 30, {third_wall}), (at: 5, every: Some(10), {wall})"),
        format!("(at: 5, every: Some(10), {wall}), (at: 25, {third_wall})"),
        format!("(at: 5, every: Some(10), until: Some(25), {wall}), (at: 60, {third_wall})"),
        // One is taken away between.
        format!("(at: 5, every: Some(10), {wall}), (at: 22, do: RemoveWall(index: 0)), (at: 36, {third_wall})"),
        // What is at 0 and at 1 both happens in the first tick.
        format!("(at: 0, every: Some(1), {wall}), (at: 2, {third_wall})"),
        // What fails at first works later.
        format!("(at: 1, every: Some(10), {third_wall}), (at: 5, every: Some(10), {wall})"),
        // More often than is rehearsed: what then may be is no mistake.
        format!("(at: 1, every: Some(1), {wall}), (at: 3000, do: MoveWall(index: 2500))"),
    ];
    let third_is_missing = [
        format!("(at: 5, every: Some(10), {wall}), (at: 24, {third_wall})"),
        format!("(at: 25, {third_wall}), (at: 5, every: Some(10), {wall})"),
        format!("(at: 1, {third_wall}), (at: 0, every: Some(1), {wall})"),
        format!("(at: 5, every: Some(10), until: Some(24), {wall}), (at: 60, {third_wall})"),
        format!("(at: 5, every: Some(10), {wall}), (at: 22, do: RemoveWall(index: 0)), (at: 26, {third_wall})"),
        format!("(at: 5, every: Some(10), until: Some(15), {obstacle}), (at: 60, every: Some(1), {third_obstacle})"),
        // However often it is tried.
        format!("(at: 1, every: Some(1), until: Some(3000), {third_wall})"),
    ];
    let scene = |timeline: &str| scene("duration: Ticks(3100), boids: (), pheromones: (),", timeline);
    for timeline in can_run {
        let loaded = agent2028::scene::load::load_text("scene", &scene(&timeline), None, &[]).unwrap();
        let checked = agent2028::assemble::check(&loaded, &agent2028::assemble::ExtraPlugins::default());
        assert!(checked.is_ok(), "{timeline}: {checked:?}");
        if timeline.contains("at: 3000") {
            continue;
        }
        // What is moved once is moved: its time finds it there.
        let mut sandbox = Sandbox::parse(&scene(&timeline)).unwrap();
        sandbox.run(60).unwrap();
        let log = &sandbox.app_mut().unwrap().world().resource::<InterventionLog>().0;
        let moved = log.iter().filter(|applied| applied.stamped.action.name().starts_with("Move"));
        assert!(moved.clone().any(|applied| applied.outcome.is_ok()), "{timeline}");
        assert!(timeline.starts_with("(at: 1,") || moved.clone().all(|applied| applied.outcome.is_ok()), "{timeline}");
    }
    for timeline in third_is_missing {
        let report = problem(&scene(&timeline));
        assert!(report.contains("number 2"), "{timeline}\n{report}");
    }
}

#[test]
fn what_there_is_no_room_for_is_told_once_whoever_asks() {
    let attacks = ["OnOff", "Collude", "BadMouthing", "BallotStuffing"];
    let timeline: Vec<String> = attacks.iter().map(|name| format!("(at: 1, every: Some(1), do: {name}())")).collect();
    let folder = folder();
    let file = folder.path().join("scene.ron");
    std::fs::write(&file, scene("duration: Ticks(300), operations: (), trust: (),", &timeline.join(", "))).unwrap();
    let (code, out, errors) = finish(program().arg("run").arg(&file).args(["--ticks", "300", "--format", "json"]));
    assert_eq!(code, 0, "{errors}");
    let summary: serde_json::Value = serde_json::from_str(&out).unwrap();
    let failed = summary["failed_interventions"].as_array().unwrap();
    let reason = |one: &serde_json::Value| one["reason"].as_str().unwrap().to_owned();
    let reasons: std::collections::BTreeSet<String> = failed.iter().map(reason).collect();
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    assert!(reasons.iter().all(|reason| reason.contains("there may be 256 at a time")), "{reasons:?}");
    // Each kind that failed is told once.
    assert!(failed.len() <= attacks.len(), "{failed:?}");
}

#[test]
fn what_comes_later_may_be_named_before() {
    for timeline in [
        // Agents and capabilities that the timeline brings, obstacles that it puts up.
        "(at: 5, do: Spawn(group: \"agent\", count: 5)), (at: 9, do: Kill(select: Ids([14])))",
        "(at: 9, do: Kill(select: WithCapability(\"disk.write\"))), (at: 5, do: GrantCapability(select: All, capability: \"disk.write\"))",
        "(at: 9, do: MoveObstacle(index: 0)), (at: 5, do: AddObstacle(obstacle: Circle(center: (9, 9), radius: 3)))",
        "(at: 5, do: SetParam(path: \"operations.workload[0].capability\", value: \"disk.write\")), \
         (at: 9, do: GrantCapability(select: All, capability: \"disk.write\"))",
        "(at: 9, do: Kill(select: Compare(quantity: \"Condition.health\", is: Below, value: 0.5)))",
    ] {
        let sections = "boids: (), operations: (workload: [Poisson(capability: \"file.read\")]),";
        let text = scene(sections, timeline);
        let mut sandbox = Sandbox::parse(&text).unwrap();
        sandbox.run(12).unwrap_or_else(|error| panic!("{text}\n{error:?}"));
        let log = sandbox.app_mut().unwrap().world().resource::<InterventionLog>().0.clone();
        assert!(log.iter().all(|applied| applied.outcome.is_ok()), "{log:?}");
    }
}

#[test]
fn a_scripted_change_is_tried_where_agents_are_and_changes_nothing_before_its_time() {
    let text = scene(
        "operations: (workload: [Poisson(capability: \"file.read\", per_second: 10)]),",
        "(at: 5, do: SetParam(path: \"operations.workload[0].per_second\", value: 500)), \
         (at: 6, do: SetParam(path: \"operations.timeout_ms\", value: 100))",
    );
    let mut sandbox = Sandbox::parse(&text).unwrap();
    sandbox.run(4).unwrap();
    let rate = |sandbox: &mut Sandbox| {
        let world = sandbox.app_mut().unwrap().world();
        agent2028::core::params::get_live(world, "operations.workload[0].per_second").unwrap().0
    };
    use agent2028::core::reflect_path::ParamValue;
    assert_eq!(rate(&mut sandbox), ParamValue::Number(10.0));
    sandbox.run(2).unwrap();
    assert_eq!(rate(&mut sandbox), ParamValue::Number(500.0));
}

#[test]
fn what_an_agent_has_by_default_can_be_set() {
    let mut sandbox =
        Sandbox::parse(&scene("", "(at: 2, do: SetField(select: Count(4), field: \"Condition.health\", value: 0.25))"))
            .unwrap();
    sandbox.run(2).unwrap();
    assert!((sandbox.metric("agents.health").unwrap() - (6.0 + 4.0 * 0.25) / 10.0).abs() < 1e-6);
    let log = &sandbox.app_mut().unwrap().world().resource::<InterventionLog>().0;
    assert_eq!(log[0].outcome.as_deref(), Ok("Condition.health of 4 agents is now 0.25"));
}

#[test]
fn a_run_tells_how_many_interventions_failed_and_which() {
    let folder = folder();
    let file = folder.path().join("scene.ron");
    // Nothing is wrong with the scene: whether there is still a partition to heal only shows at its tick.
    let timeline = "(at: 1, do: Partition(duration_s: Some(0.02))), (at: 5, every: Some(5), until: Some(20), do: \
                    Heal(partition: Some(0)))";
    std::fs::write(&file, scene("network: (),", timeline)).unwrap();
    let (code, out, errors) = finish(program().arg("run").arg(&file).args(["--ticks", "20"]));
    assert_eq!(code, 0, "{errors}");
    assert!(
        out.contains("4 interventions failed")
            && out.contains("Heal 4 times, first at tick 5: there is no partition 0"),
        "{out}"
    );
    let (_, out, _) = finish(program().arg("run").arg(&file).args(["--ticks", "20", "--format", "json"]));
    let summary: serde_json::Value = serde_json::from_str(&out).unwrap();
    let failed = &summary["failed_interventions"][0];
    assert_eq!((failed["intervention"].as_str(), failed["times"].as_u64()), (Some("Heal"), Some(4)), "{out}");
}

/// What `check` says about a scene, and what building it for a run says.
fn checked_and_built(text: &str) -> (String, String) {
    use agent2028::assemble::{ExtraPlugins, build_app, check};
    let plugins = ExtraPlugins::default();
    // All of it, however much that is.
    let told = |error: agent2028::scene::report::SceneError| {
        let lines = error.lines().into_iter().map(|line| format!("{}:{} {}\n", line.line, line.column, line.message));
        lines.collect::<String>()
    };
    let loaded = match agent2028::scene::load::load_text("scene", text, None, &[]) {
        Ok(loaded) => loaded,
        Err(error) => {
            let told = told(error);
            return (told.clone(), told);
        }
    };
    let checked = check(&loaded, &plugins).map_or_else(told, |()| String::new());
    (checked, build_app(&loaded, Some(1), &plugins).map_or_else(told, |_| String::new()))
}

#[test]
fn check_knows_exactly_the_quantities_that_a_run_knows() {
    use bevy::ecs::reflect::{AppTypeRegistry, ReflectComponent};

    let forage = "pheromones: (nests: [()], foraging: [(agents: \"agent\")]),";
    let all =
        format!("boids: (), {forage} network: (gossip: ()), operations: (), identity: (), trust: (), ledger: (),");
    let mut sandbox = Sandbox::parse(&scene(&all, "")).unwrap();
    let types = sandbox.app_mut().unwrap().world().resource::<AppTypeRegistry>().clone();
    let mut names: Vec<String> =
        ["speed", "sped", "Velocity.speed", "Velocity.0.x", "Condition.health", "PathMemory"].map(str::to_owned).into();
    for component in types.read().iter().filter(|component| component.data::<ReflectComponent>().is_some()) {
        let name = component.type_info().type_path_table().short_path();
        if name.chars().all(|letter| letter.is_ascii_alphanumeric()) {
            let paths = ["", ".nope", ".0", ".x", ".length", ".carried", "."];
            names.extend(paths.map(|path| format!("{name}{path}")));
        }
    }
    assert!(names.len() > 100, "{} names", names.len());
    let kill = |name: &String| format!("(at: 1, do: Kill(select: Compare(quantity: \"{name}\", is: Above, value: 1)))");
    let timeline: Vec<String> = names.iter().map(kill).collect();
    for sections in ["", "boids: (),", forage, all.as_str()] {
        let (checked, built) = checked_and_built(&scene(sections, &timeline.join(",\n")));
        assert_eq!(checked, built, "{sections}");
        for nobodys in ["Agent.0", "Position.nope", "Forager.nope", "Agent.", "Condition."] {
            assert!(checked.contains(&format!("\"{nobodys}\"")), "{sections} {nobodys}\n{checked}");
        }
        for somebodys in ["speed", "Velocity.0.x", "Velocity.x", "Condition.health", "Position.x"] {
            assert!(!checked.contains(&format!("\"{somebodys}\"")), "{sections} {somebodys}\n{checked}");
        }
        assert_eq!(checked.contains("\"Forager.carried\""), !sections.contains("foraging"), "{sections}");
    }
    // Whatever else names quantities asks in the same way.
    for sections in [
        "view: (color_by: \"Forager.nope\"),",
        "view: (size_by: \"Agent.0\"),",
        "network: (gossip: (rumours: [(from: Compare(quantity: \"Forager.x\", is: Above, value: 1))])),",
    ] {
        let (checked, built) = checked_and_built(&scene(sections, ""));
        assert!(checked.contains("no quantity") && checked == built, "{sections}\n{checked}\n{built}");
    }
}

#[test]
fn what_an_entry_can_never_do_to_those_whom_it_chooses_is_refused_before_the_first_tick() {
    let scene = |sections: &str, timeline: &str| {
        format!(
            "Scene(duration: Ticks(60), agents: [(name: \"ant\", count: 3, role: \"worker\"), (name: \"bee\", count: 2, \
             capabilities: [\"file.read\"], velocity: Some((1, 0))), (name: \"late\", count: 0, velocity: Some((1, 0)))], \
             {sections} timeline: [{timeline}])"
        )
    };
    let set = |at: u64, select: &str, field: &str| {
        format!("(at: {at}, do: SetField(select: {select}, field: \"{field}\", value: 1))")
    };
    let forage = "pheromones: (nests: [()], foraging: [(agents: \"bee\")]),";
    let small = "pheromones: (), world: (size: (100000, 100000)),";
    let cells = "pheromones: (cell_size: 1), world: (size: (100000, 100000)),";
    let papers = "identity: (roots: [\"ant\"], attestations: [(by: \"ant\", to: \"bee\", capability: \"file.read\")]),";
    let attack = |name: &str, victim: &str| {
        format!("(at: 2, do: {name}(victim: Named(\"{victim}\"), capability: \"file.read\"))")
    };
    let speed = "Velocity.0.x";
    let spawn = |at: u64, group: &str| format!("(at: {at}, do: Spawn(group: \"{group}\", count: 1))");
    let rotate = "(at: 1, do: RotateKeys(select: All))";
    let epoch = "(at: 1, do: RaiseEpoch(select: Named(\"ant\")))";
    let tasks = "market: (balances: [(group: \"bee\", amount: 10000)], tasks: Some((sources: [(name: \"src\")], bidders: \
                 [(group: \"bee\")]))),";
    let services = "operations: (), market: (balances: [(group: \"ant\", amount: 10000), (group: \"bee\", amount: 10000)], \
                    capabilities: Some((listings: [(group: \"bee\", capability: \"file.read\")], buyers: [(group: \"ant\", \
                    capability: \"file.read\")]))),";
    // Sections, timeline, and what is told; nothing where it can work.
    let cases: Vec<(&str, String, &str)> = vec![
        ("", set(2, "Named(\"ant\")", speed), "no agent has the component"),
        ("", set(2, "Role(\"worker\")", speed), "no agent has the component"),
        ("", set(2, "Not(Named(\"bee\"))", speed), "no agent has the component"),
        ("", set(2, "And([Named(\"ant\"), Count(2)])", speed), "no agent has the component"),
        ("", set(2, "Ids([0, 2])", speed), "no agent has the component"),
        ("", set(2, "IdRange(first: 2, last: 3)", speed), ""),
        ("", set(2, "Count(5)", speed), ""),
        ("", set(2, "Named(\"ant\")", "ServiceRecord.reliability"), "no agent has the component"),
        (
            "",
            format!(
                "(at: 1, do: GrantCapability(capability: \"x.y\")), {}",
                set(2, "Named(\"ant\")", "ServiceRecord.reliability")
            ),
            "",
        ),
        (forage, set(2, "Named(\"ant\")", "Forager.carried"), "no agent has the component"),
        (forage, set(2, "Named(\"bee\")", "Forager.carried"), ""),
        ("", format!("{}, {}", set(1, "Named(\"ant\")", speed), spawn(20, "ant")), "no agent has the component"),
        ("", format!("{}, {}", spawn(20, "late"), set(30, "Not(Named(\"bee\"))", speed)), ""),
        ("", format!("{}, {}", spawn(40, "late"), set(30, "Not(Named(\"bee\"))", speed)), "no agent has the component"),
        ("", "(at: 1, do: Spawn(group: \"ant\", count: 16777212))".into(), "5 agents"),
        ("network: (),", "(at: 3, do: Heal(partition: Some(0)))".into(), "no partition 0"),
        ("network: (),", "(at: 2, do: Partition()), (at: 3, do: Heal(partition: Some(1)))".into(), "no partition 1"),
        ("network: (),", "(at: 3, do: Heal(partition: Some(0))), (at: 2, do: Partition())".into(), ""),
        (
            "network: (),",
            "(at: 2, every: Some(1), until: Some(7), do: Partition()), (at: 7, do: Heal(partition: Some(5)))".into(),
            "",
        ),
        (cells, "(at: 1, do: PaintPheromone(radius: 100000))".into(), "too many for one brush"),
        (cells, "(at: 1, do: ErasePheromone(radius: 100000))".into(), "too many for one brush"),
        (cells, "(at: 1, do: SpoofPheromone(place: At((0, 0)), radius: 100000))".into(), "too many for one brush"),
        (small, "(at: 1, do: PaintPheromone(radius: 100))".into(), ""),
        ("identity: (),", attack("ForgeSignature", "ant"), "is a root"),
        (papers, attack("ForgeSignature", "bee"), "is a root"),
        (papers, attack("ForgeSignature", "ant"), ""),
        ("identity: (),", attack("StealDelegation", "ant"), "has papers for file.read"),
        (papers, attack("StealDelegation", "ant"), "has papers for file.read"),
        (papers, attack("StealDelegation", "bee"), ""),
        (papers, attack("Impersonate", "ant"), "has papers for file.read"),
        (papers, attack("Impersonate", "bee"), ""),
        (papers, "(at: 2, do: ForgeList(victim: Named(\"bee\")))".into(), "has issued anything"),
        (papers, "(at: 2, do: ForgeList(victim: Named(\"ant\")))".into(), ""),
        ("identity: (),", "(at: 2, do: RollbackList())".into(), "more than one revocation list"),
        (papers, "(at: 2, do: RollbackList(victim: Named(\"ant\")))".into(), "more than one revocation list"),
        (
            papers,
            format!("{epoch}, (at: 2, do: RollbackList(victim: Named(\"ant\")))"),
            "more than one revocation list",
        ),
        (papers, format!("{epoch}, {epoch}, (at: 2, do: RollbackList(victim: Named(\"ant\")))"), ""),
        ("market: (),", "(at: 2, do: ShillBid())".into(), "needs the section `market.tasks`"),
        ("market: (),", "(at: 2, do: BidAndDefault())".into(), "needs the section `market.tasks`"),
        ("market: (),", "(at: 2, do: BiddingRing())".into(), "needs the section `market.tasks`"),
        ("market: (),", "(at: 2, do: PutUpTasks())".into(), "needs the section `market.tasks`"),
        ("market: (),", "(at: 2, do: WashTrade())".into(), "needs the section `market.capabilities`"),
        ("market: (),", "(at: 2, do: PriceDump())".into(), "needs the section `market.capabilities`"),
        (tasks, "(at: 2, do: ShillBid(select: Named(\"ant\")))".into(), "none of them bids"),
        (tasks, "(at: 2, do: BiddingRing(select: Role(\"worker\")))".into(), "none of them bids"),
        (tasks, "(at: 2, do: ShillBid(select: Named(\"bee\")))".into(), ""),
        (tasks, "(at: 2, do: BidAndDefault(select: Fraction(0.9)))".into(), ""),
        (tasks, "(at: 2, do: PutUpTasks(source: \"scr\"))".into(), "no source \"scr\""),
        (tasks, "(at: 2, do: PutUpTasks())".into(), ""),
        (
            "market: (tasks: Some((bidders: [(group: \"bee\")]))),",
            "(at: 2, do: PutUpTasks())".into(),
            "no tasks are put up",
        ),
        (services, "(at: 2, do: WashTrade(select: Named(\"ant\")))".into(), "offers a capability"),
        (services, "(at: 2, do: PriceDump(select: Ids([0, 2])))".into(), "offers a capability"),
        (services, "(at: 2, do: WashTrade(select: All))".into(), ""),
        (services, "(at: 2, do: PriceDump(select: Named(\"bee\")))".into(), ""),
        ("identity: (),", "(at: 2, do: RevokePapers())".into(), "no such papers"),
        (papers, "(at: 2, do: RevokePapers(capability: \"file.write\"))".into(), "no such papers"),
        (papers, "(at: 2, do: RevokePapers(capability: \"file.*\"))".into(), ""),
        (papers, attack("StealOldKey", "ant"), "rotated its keys"),
        (papers, format!("{rotate}, {}", attack("StealOldKey", "bee")), "rotated its keys"),
        (papers, format!("{rotate}, {}", attack("StealOldKey", "ant")), ""),
    ];
    for (sections, timeline, message) in cases {
        let text = scene(sections, &timeline);
        let (checked, built) = checked_and_built(&text);
        assert_eq!(checked, built, "{timeline}");
        assert_eq!(checked.is_empty(), message.is_empty(), "{timeline}\n{checked}");
        assert!(checked.contains(message), "{timeline}\n{checked}");
        if message.is_empty() {
            // What is let pass does something at its time.
            let mut sandbox = Sandbox::parse(&text).unwrap();
            sandbox.run(60).unwrap();
            let log = &sandbox.app_mut().unwrap().world().resource::<InterventionLog>().0;
            assert!(log.iter().all(|applied| applied.outcome.is_ok()), "{timeline}: {log:?}");
        }
    }
}

#[test]
fn what_is_nothing_is_refused() {
    let kill = |shape: &str| format!("timeline: [(at: 1, do: Kill(select: Inside([{shape}])))],");
    let spawn = "timeline: [(at: 1, do: Spawn(group: \"agent\", at: Some(Rect(center: (0, 0), size: (-5, 5)))))],";
    let twice = "timeline: [(at: 1, do: SetParam(path: \"boids.separation\", value: \"(weight: 1, weight: 2)\"))],";
    for (rest, message) in [
        (spawn.to_owned(), "the rectangle is not one"),
        (kill("(1, 1), (1, 1), (1, 1)"), "nothing is inside"),
        (kill("(0, 0), (1, 1), (3, 3), (2, 2)"), "nothing is inside"),
        (kill("(0, 0), (1, 1), (3, 3.5)"), ""),
        ("params: {\"\": (path: \"boids.max_speed\")},".into(), "a parameter needs a name"),
        ("captions: [(at: 61, text: \"over\")],".into(), "never shown"),
        ("captions: [(at: 60, text: \"over\")],".into(), ""),
        (twice.into(), "stands here twice"),
    ] {
        let text = format!("Scene(duration: Ticks(60), agents: [(name: \"agent\", count: 3)], boids: (), {rest})");
        let (checked, built) = checked_and_built(&text);
        assert!(checked == built && checked.contains(message) && checked.is_empty() == message.is_empty(), "{checked}");
    }
}

#[test]
fn every_kind_of_event_that_a_plugin_tells_may_be_named_in_a_scene() {
    let sections =
        "boids: (), pheromones: (), network: (), operations: (), identity: (), ledger: (), trust: (), market: (),";
    let mut sandbox = Sandbox::parse(&scene(sections, "")).unwrap();
    let there = sandbox.app_mut().unwrap().world().resource::<EventKinds>().clone();
    let plugins = agent2028::plugins::ours();
    let mut known = EventKinds::default();
    for kind in plugins.kinds() {
        known.add(&kind.events());
        // What a section declares, its plugin tells its app.
        let is_there = sections.contains(&format!("{}:", kind.name));
        let untold = kind.events().into_iter().find(|event| is_there && !there.contains(event.kind.name));
        assert!(untold.is_none(), "{untold:?}");
    }
    let mut found = 0;
    for plugin in std::fs::read_dir("plugins").unwrap().flatten() {
        if plugins.names().all(|name| plugin.file_name() != *name) {
            continue;
        }
        let Ok(source) = std::fs::read_to_string(plugin.path().join("src/events.rs")) else { continue };
        for part in source.split("EventKind::new(\"").skip(1) {
            let name = part.split('"').next().unwrap();
            found += 1;
            assert!(known.contains(name), "{name} of {} is not registered", plugin.path().display());
        }
    }
    assert!(found > 20, "{found}");
    let core = std::fs::read_to_string("plugins/core/src/event/kind.rs").unwrap();
    for part in core.split("Self::new(\"").skip(1) {
        assert!(known.contains(part.split('"').next().unwrap()), "{part}");
    }
}

#[test]
fn a_scene_made_by_a_program_is_checked_like_one_that_is_read() {
    let mut made = Scene { agents: vec![Default::default()], ..Scene::default() };
    made.timeline = vec![agent2028::scene::TimelineEntry { r#do: Heal::default().into(), ..Default::default() }];
    let report = format!("{:?}", Sandbox::new(made).and_then(|mut sandbox| sandbox.run(1)).unwrap_err());
    assert!(report.contains("needs the section `network`"), "{report}");
}

#[test]
fn bounds_that_are_reached_are_told_by_an_event() {
    let told = |sections: &str, timeline: &str| -> Vec<String> {
        let text = scene(&format!("tick_hz: 1,\n  {sections}"), timeline);
        let mut sandbox = Sandbox::parse(&text).unwrap();
        sandbox.run(2).unwrap_or_else(|error| panic!("{text}\n{error:?}"));
        let events = sandbox.events().unwrap();
        events.iter().filter(|event| event.kind.name == "LimitReached").map(|event| event.text().into_owned()).collect()
    };
    let uses = told(
        "identity: (agents: [\"agent\"], requests: [(by: \"agent\", at: \"agent\", capability: \"file.read\", per_second: 300)]),",
        "",
    );
    assert_eq!(uses[0], "uses of capabilities within a tick: at most 2048; the others don't happen");
    let sealed = told("identity: (channels: [(from: \"agent\", to: \"agent\", per_second: 1000, bytes: 1)]),", "");
    assert_eq!(sealed[0], "sealed messages within a tick: at most 8192; the others are not sent");
    let lies = told("trust: (),", "(at: 1, do: BallotStuffing(select: All, praise: All, per_second: 10000))");
    assert_eq!(lies[0], "false ratings within a tick: at most 262144; the others are not given");
    let asked =
        told("operations: (workload: [Poisson(capability: \"file.read\", per_second: 1e8)], most_in_flight: 10),", "");
    assert_eq!(asked[0], "operations asked for within a tick: at most 1048576; the others wait for the next tick");
}

#[test]
fn a_component_that_nobody_has_is_told_before_the_first_tick() {
    let text = scene("", "(at: 2, do: SetField(select: All, field: \"Velocity.0.x\", value: 2))");
    let report = format!("{:?}", Sandbox::parse(&text).and_then(|mut sandbox| sandbox.run(1)).unwrap_err());
    assert!(report.contains("no agent has the component"), "{report}");
    // Who flies has one.
    let text = scene("boids: (),", "(at: 2, do: SetField(select: All, field: \"Velocity.0.x\", value: 2))");
    Sandbox::parse(&text).unwrap().run(3).unwrap();
}

/// What `check` lets through must run, and what it refuses must not: for each component that can be set, with those who have it
/// and without.
#[test]
fn check_and_run_agree_on_who_has_which_component() {
    let forage = "pheromones: (nests: [(position: (0, 0))], foraging: [(agents: \"agent\")]),";
    let sections =
        ["", "boids: (),", "pheromones: (),", forage, "network: (), operations: (),", "identity: (), trust: (),"];
    let fields = ["Position.0.x", "Velocity.0.x", "Condition.health", "ServiceRecord.reliability", "Forager.carried"];
    let (mut refused, mut ran) = (0, 0);
    for section in sections {
        for field in fields {
            let text = scene(section, &format!("(at: 2, do: SetField(select: All, field: \"{field}\", value: 0.5))"));
            let checked = agent2028::scene::load::load_text("scene", &text, None, &[])
                .and_then(|loaded| agent2028::assemble::check(&loaded, &agent2028::assemble::ExtraPlugins::default()));
            let run = Sandbox::parse(&text).and_then(|mut sandbox| sandbox.run(3));
            assert_eq!(checked.is_ok(), run.is_ok(), "{section} {field}: {checked:?}");
            *(if run.is_ok() { &mut ran } else { &mut refused }) += 1;
        }
    }
    assert!(refused > 0 && ran > 0, "{refused} refused, {ran} ran");
}
