//! A broken scene gives a report with file, line, column and a suggestion, exit code 2, and starts nothing.

use crate::{finish, folder, program};

struct Wrong {
    /// The scene.
    text: &'static str,
    /// The place that is reported: line and column.
    at: (usize, usize),
    /// A part of the message.
    message: &'static str,
    /// A part of the help.
    help: &'static str,
}

const BIRD: &str = "(name: \"bird\", count: 3, capabilities: [\"fly.high\"])";

#[test]
fn each_kind_of_mistake_is_reported_with_its_place_and_a_suggestion() {
    let wrongs = [
        Wrong { text: "Scene(\n  agnets: [],\n)", at: (2, 3), message: "no field \"agnets\"", help: "agents" },
        Wrong {
            text: "Scene(\n  agents: [BIRD],\n  seed: \"x\",\n)",
            at: (3, 9),
            message: "expected a number",
            help: "",
        },
        Wrong {
            text: "Scene(\n  agents: [(name: \"a\", health: 1.5)],\n)",
            at: (2, 32),
            message: "out of range",
            help: "0 to 1",
        },
        Wrong {
            text: "Scene(\n  agents: [BIRD],\n  tick_hz: NaN,\n)",
            at: (3, 12),
            message: "not a finite",
            help: "ordinary",
        },
        Wrong {
            text: "Scene(\n  agents: [BIRD],\n  tick_hz: inf,\n)",
            at: (3, 12),
            message: "not a finite",
            help: "ordinary",
        },
        Wrong {
            text: "Scene(\n  agents: [BIRD],\n  view: (color_by: \"satus\"),\n)",
            at: (3, 20),
            message: "no quantity \"satus\"",
            help: "did you mean \"status\"",
        },
        Wrong {
            text: "Scene(\n  agents: [BIRD],\n  view: (color_range: Some((2, 1))),\n)",
            at: (3, 23),
            message: "no range",
            help: "the smaller end first",
        },
        Wrong {
            text: "Scene(\n  agents: [BIRD],\n  timeline: [(at: 1, do: Kill(select: WithCapability(\"fly.hgih\")))],\n)",
            at: (3, 39),
            message: "no agent has a capability",
            help: "fly.high",
        },
        Wrong {
            text: "Scene(\n  agents: [BIRD],\n  timeline: [(at: 1, do: Kil(select: All))],\n)",
            at: (3, 26),
            message: "not a choice",
            help: "Kill",
        },
        Wrong {
            text: "Scene(\n  agents: [BIRD],\n  timeline: [(at: 1, do: Kill(select: Named(\"brid\")))],\n)",
            at: (3, 39),
            message: "no agent group",
            help: "bird",
        },
        Wrong {
            text: "Scene(\n  agents: [(name: \"a\", from_csv: \"no.csv\")],\n)",
            at: (2, 34),
            message: "no.csv",
            help: "relative",
        },
        Wrong {
            text: "Scene(\n  agents: [BIRD],\n  captions: [(on: \"AgentFaild\", text: \"one fails\")],\n)",
            at: (3, 19),
            message: "nothing in this scene tells events of the kind \"AgentFaild\"",
            help: "AgentFailed",
        },
        Wrong {
            text: "Scene(\n  agents: [BIRD],\n  captions: [(at: 5, on: \"AgentFailed\", text: \"one fails\")],\n)",
            at: (3, 19),
            message: "at no tick",
            help: "leave out at",
        },
        Wrong { text: "Scene(\n  schema: 99,\n  whatever: 1,\n)", at: (2, 11), message: "format 99", help: "newer" },
        Wrong {
            text: "Scene(\n  agents: [BIRD],\n  boids: (),\n  expect: [(metric: \"boids.ordr\", at_least: 1)],\n)",
            at: (4, 21),
            message: "no metric",
            help: "boids.order",
        },
        Wrong {
            text: "Scene(\n  agents: [BIRD],\n  boids: (),\n  timeline: [(at: 1, do: SetParam(path: \"boids.max_sped\", value: 1))],\n)",
            at: (4, 41),
            message: "no field",
            help: "max_speed",
        },
        Wrong {
            text: "Scene(\n  agents: [BIRD],\n  boids: (),\n  timeline: [(at: 1, do: SetParam(path: \"boids.max_speed\", value: -1))],\n)",
            at: (4, 67),
            message: "out of range",
            help: "",
        },
        Wrong {
            text: "Scene(\n  agents: [BIRD],\n  seed: 18446744073709551616,\n)",
            at: (3, 9),
            message: "18446744073709551616 does not fit here",
            help: "0 to 18446744073709551615",
        },
        Wrong {
            text: "Scene(\n  agents: [BIRD],\n  boids: (neighbourhood: Nearest(65)),\n)",
            at: (3, 34),
            message: "65 is out of range",
            help: "1 to 64",
        },
        Wrong { text: "Scene(\n  agents: [BIRD,\n)", at: (2, 11), message: "never closed", help: "]" },
        Wrong { text: "Scene()", at: (1, 1), message: "no agents", help: "agents:" },
        Wrong {
            text: "Scene(\n  agents: [BIRD],\n  world: (edge: Round),\n)",
            at: (3, 17),
            message: "not a choice",
            help: "Wrap",
        },
        Wrong { text: "Scene(\n  agents: [BIRD],\n  agents: [],\n)", at: (3, 3), message: "twice", help: "remove" },
    ];
    let folder = folder();
    for (index, wrong) in wrongs.iter().enumerate() {
        let path = folder.path().join(format!("wrong-{index}.ron"));
        std::fs::write(&path, wrong.text.replace("BIRD", BIRD)).unwrap();
        let (code, out, _) = finish(program().args(["check", "--format", "json"]).arg(&path));
        assert_eq!(code, 2, "{}", wrong.text);
        let lines: Vec<serde_json::Value> = serde_json::from_str(&out).unwrap();
        let found = lines.iter().any(|line| {
            line["message"].as_str().unwrap().contains(wrong.message)
                && line["help"].as_str().unwrap().contains(wrong.help)
                && (line["line"].as_u64(), line["column"].as_u64())
                    == (Some(wrong.at.0 as u64), Some(wrong.at.1 as u64))
        });
        assert!(found, "{}\nexpected {:?} {:?} at {:?}, got {out}", wrong.text, wrong.message, wrong.help, wrong.at);
    }
}

#[test]
fn syntax_errors_and_wrong_types_are_told_together() {
    let text = "Scene(\n  agents: [BIRD, (name: \"b\", count: 1, name: \"c\")],\n  seed: \"x\",\n  name: \"a\\qb\"\n  agnets: [],\n  agents: [],\n)";
    let folder = folder();
    let path = folder.path().join("both.ron");
    std::fs::write(&path, text.replace("BIRD", BIRD)).unwrap();
    let (code, out, _) = finish(program().args(["check", "--format", "json"]).arg(&path));
    assert_eq!(code, 2);
    let lines: Vec<serde_json::Value> = serde_json::from_str(&out).unwrap();
    let told: Vec<_> = lines
        .iter()
        .map(|line| {
            (line["line"].as_u64().unwrap(), line["column"].as_u64().unwrap(), line["message"].as_str().unwrap())
        })
        .collect();
    let second = BIRD.len() as u64;
    assert_eq!(
        told,
        [
            (2, 12 + second + 24, "the field \"name\" stands here twice"),
            (3, 9, "expected a number, found the text \"x\""),
            (4, 11, "this escape is unknown"),
            (5, 3, "a comma or ) is missing here"),
            (5, 3, "there is no field \"agnets\" here"),
            (6, 3, "the field \"agents\" stands here twice"),
        ]
    );
    assert!(lines[5]["help"].as_str().unwrap().ends_with("the first stands in line 2, column 3"), "{out}");
}

#[test]
fn what_never_happens_is_refused() {
    let problems = |text: &str| -> Vec<String> {
        match agent2028::scene::load::load_text("scene.ron", text, None, &[]) {
            Ok(_) => Vec::new(),
            Err(error) => error.lines().into_iter().map(|line| line.message).collect(),
        }
    };
    let scene = |rest: &str| format!("Scene(agents: [{BIRD}], duration: Ticks(100), {rest})");
    for (rest, words) in [
        ("timeline: [(at: 101, do: Kill())]", "the scene ends at tick 100: this never happens"),
        ("expect: [(metric: \"agents.total\", over: (90, 101), at_least: 1)]", "tick 101 is never judged"),
        ("params: {\"seed\": (path: \"boids.max_speed\")}", "a scene has a field \"seed\" of its own"),
    ] {
        let found = problems(&scene(rest));
        assert!(found.len() == 1 && found[0].contains(words), "{rest}: {found:?}");
    }
    let last = "timeline: [(at: 100, do: Kill())], expect: [(metric: \"agents.total\", over: (90, 100), at_least: 1)]";
    assert_eq!(problems(&scene(last)), Vec::<String>::new());
    assert_eq!(
        problems(&scene("seed: 18446744073709551615, timeline: [(do: SetField(field: \"Velocity.0.x\"))]")),
        Vec::<String>::new()
    );
}

#[test]
fn quantities_can_be_named_before_anybody_has_them() {
    use agent2028::assemble::{ExtraPlugins, check};
    let view = |view: &str, rest: &str| {
        let text = format!("Scene(agents: [{BIRD}], {rest} view: ({view}))");
        agent2028::scene::load::load_text("scene.ron", &text, None, &[])
            .and_then(|loaded| check(&loaded, &ExtraPlugins::default()))
            // Long lines of help are wrapped.
            .map_err(|error| error.to_plain_text().split_whitespace().collect::<Vec<_>>().join(" "))
    };
    for name in ["Velocity.speed", "Velocity.x", "Velocity.0.x", "Condition.health", "Position.x", "speed"] {
        assert_eq!(view(&format!("color_by: \"{name}\", size_by: \"{name}\""), "boids: (),"), Ok(()), "{name}");
    }
    for (wrong, near) in [
        ("Velocity.speedd", "Velocity.speed"),
        ("Velocity.sped", "Velocity.speed"),
        ("Velocty.x", "Velocity.x"),
        ("Conditon.health", "Condition.health"),
        ("Position.xx", "Position.x"),
        ("sped", "speed"),
        ("helth", "health"),
    ] {
        for field in ["color_by", "size_by"] {
            let error = view(&format!("{field}: \"{wrong}\""), "boids: (),").unwrap_err();
            assert!(error.contains(&format!("did you mean \"{near}\"?")), "{field} {wrong}: {error}");
        }
    }
    let error = view("color_by: \"gruop\"", "").unwrap_err();
    assert!(error.contains("did you mean \"group\"?"), "{error}");
}

/// Every number of the scene language that has a range, at both of its ends.
#[test]
fn the_ends_of_every_range_are_in_it() {
    use agent2028::core::check::{Problems, Range};
    use agent2028::core::ranges::check_ranges;
    use bevy::reflect::{TypeInfo, TypeRegistry, prelude::ReflectDefault};
    let mut types = TypeRegistry::default();
    types.register::<agent2028::Scene>();
    agent2028::plugins::all().register_types(&mut types);
    let mut tried = 0;
    for registration in types.iter() {
        let (TypeInfo::Struct(info), Some(default)) = (registration.type_info(), registration.data::<ReflectDefault>())
        else {
            continue;
        };
        for (index, field) in info.iter().enumerate() {
            let Some(range) = field.get_attribute::<Range>() else { continue };
            for end in [range.min, range.max].into_iter().filter(|end| *end < f64::MAX) {
                let mut value = default.default();
                let bevy::reflect::ReflectMut::Struct(parent) = value.reflect_mut() else { continue };
                let Some(held) = parent.field_at_mut(index) else { continue };
                let set = agent2028::core::ranges::set_nth_number(held, &mut 0, end);
                if !set {
                    continue;
                }
                tried += 1;
                let mut problems = Problems::default();
                check_ranges(value.as_partial_reflect(), "", &mut problems);
                let here: Vec<_> = problems.list().iter().filter(|problem| problem.path == field.name()).collect();
                assert!(here.is_empty(), "{}.{}: {end}: {here:?}", info.type_path(), field.name());
            }
        }
    }
    assert!(tried > 100, "{tried} ends");
}

#[test]
fn all_problems_are_told_at_once_and_nothing_starts() {
    let folder = folder();
    let path = folder.path().join("many.ron");
    std::fs::write(&path, "Scene(\n  agents: [(name: \"a\", cuont: 3, health: 2)],\n  tick_hz: -1,\n)").unwrap();
    let out = folder.path().join("out");
    let (code, stdout, stderr) = finish(program().arg("run").arg(&path).arg("--out").arg(&out));
    assert_eq!((code, stdout.as_str()), (2, ""));
    for part in [
        "many.ron has 3 problems",
        "cuont",
        "did you mean \"count\"?",
        "2 is out of range",
        "-1 is out of range",
        "2:24",
    ] {
        assert!(stderr.contains(part), "{part} in {stderr}");
    }
    assert!(!out.exists());
}

#[test]
fn a_cyclic_include_is_refused_with_its_way() {
    let folder = folder();
    std::fs::write(folder.path().join("a.ron"), "Scene(include: [\"b.ron\"], agents: [(name: \"x\")])").unwrap();
    std::fs::write(folder.path().join("b.ron"), "Scene(include: [\"a.ron\"])").unwrap();
    let (code, _, stderr) = finish(program().arg("check").arg(folder.path().join("a.ron")));
    assert_eq!(code, 2);
    assert!(stderr.contains("a.ron → b.ron → a.ron"), "{stderr}");
}

#[test]
fn includes_merge_and_settings_win() {
    let folder = folder();
    let path = folder.path().join("main.ron");
    std::fs::write(
        folder.path().join("common.ron"),
        "Scene(seed: 5, agents: [(name: \"ant\", count: 2)], boids: (max_speed: 9))",
    )
    .unwrap();
    std::fs::write(
        &path,
        "Scene(include: [\"common.ron\"], agents: [(name: \"bird\", count: 3)], boids: (max_force: 2))",
    )
    .unwrap();
    let settings = ["boids.max_speed=3".parse().unwrap(), "agents[1].count=4".parse().unwrap()];
    let scene = agent2028::scene::load::load(path.to_str().unwrap(), &settings).unwrap().scene;
    let groups: Vec<(&str, u32)> = scene.agents.iter().map(|group| (group.name.as_str(), group.count)).collect();
    assert_eq!(groups, [("ant", 2), ("bird", 4)]);
    let boids = scene.section::<agent2028::boids::BoidsConfig>().unwrap();
    assert_eq!((scene.seed, boids.max_speed, boids.max_force), (5, 3.0, 2.0));
}

#[test]
fn what_several_files_include_is_included_once_and_its_problems_are_told_once() {
    let folder = folder();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("base.ron", "Scene(seed: 1, agents: [(name: \"base\", count: 1)], boids: (max_speed: 1, max_force: 1))");
    write("left.ron", "Scene(include: [\"base.ron\"], seed: 2, agents: [(name: \"left\")], boids: (max_speed: 2))");
    write("right.ron", "Scene(include: [\"base.ron\"], agents: [(name: \"right\")], boids: (min_speed: 0.5))");
    write("top.ron", "Scene(include: [\"left.ron\", \"right.ron\"], agents: [(name: \"top\")], boids: ())");
    let top = folder.path().join("top.ron");
    let scene = agent2028::scene::load::load(top.to_str().unwrap(), &[]).unwrap().scene;
    let groups: Vec<&str> = scene.agents.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(groups, ["base", "left", "right", "top"]);
    // What includes a file comes before it, whoever else includes it.
    let boids = scene.section::<agent2028::boids::BoidsConfig>().unwrap();
    assert_eq!((scene.seed, boids.max_speed, boids.max_force, boids.min_speed), (2, 2.0, 1.0, Some(0.5)));
    write("base.ron", "Scene(sed: 1, agents: [(name: \"base\")])");
    let (_, out, _) = finish(program().args(["check", "--format", "json"]).arg(&top));
    let lines: Vec<serde_json::Value> = serde_json::from_str(&out).unwrap();
    assert_eq!(lines.len(), 1, "{out}");
    write("base.ron", "Scene(agents: [");
    let (_, out, _) = finish(program().args(["check", "--format", "json"]).arg(&top));
    assert_eq!(out.matches("never closed").count(), 1, "{out}");
}

#[test]
fn files_are_sought_beside_the_file_that_names_them() {
    let folder = folder();
    let inner = folder.path().join("parts/deep");
    std::fs::create_dir_all(&inner).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("parts/deep/birds.csv", "x,y\n1,2\n3,4\n");
    write("parts/deep/links.csv", "from,to\n0,1\n");
    write("parts/deep/asks.csv", "at_s,capability\n0.1,a.b\n");
    write("parts/deep/times.csv", "ms\n5\n");
    write("parts/deep/ratings.csv", "source,target,rating\n0,1,0.5\n");
    write(
        "parts/deep/birds.ron",
        "Scene(agents: [(name: \"bird\", from_csv: \"birds.csv\", capabilities: [\"a.b\"])], network: (topology: \
         Csv(\"links.csv\")), operations: (workload: [Trace(\"asks.csv\")], service: Empirical(\"times.csv\")), trust: \
         (edges: Csv(\"ratings.csv\")))",
    );
    write("parts/middle.ron", "Scene(include: [\"deep/birds.ron\"])");
    write("top.ron", "Scene(include: [\"parts/middle.ron\"], duration: Ticks(3))");
    let top = folder.path().join("top.ron");
    let (code, _, stderr) = finish(program().arg("run").arg(&top).arg("--out").arg(folder.path().join("out")));
    assert_eq!(code, 0, "{stderr}");
    // The run's own folder holds all of them.
    let (code, _, stderr) = finish(program().arg("check").arg(folder.path().join("out/scene.ron")));
    assert_eq!(code, 0, "{stderr}");
}

#[test]
fn text_in_utf_16_is_told_for_what_it_is() {
    let folder = folder();
    let utf16: Vec<u8> = "\u{feff}x,y\n1,2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(folder.path().join("agents.csv"), utf16).unwrap();
    let path = folder.path().join("scene.ron");
    std::fs::write(&path, "Scene(agents: [(name: \"a\", from_csv: \"agents.csv\")])").unwrap();
    let (code, _, stderr) = finish(program().arg("check").arg(&path));
    assert!(code == 2 && stderr.contains("UTF-16") && stderr.contains("save it as"), "{stderr}");
}

#[test]
fn bad_rows_of_a_csv_file_are_reported_by_line_and_column() {
    let folder = folder();
    std::fs::write(folder.path().join("agents.csv"), "x,y\n1,2\n3,oops\nNaN,4\n").unwrap();
    let path = folder.path().join("scene.ron");
    std::fs::write(&path, "Scene(agents: [(name: \"a\", from_csv: \"agents.csv\")])").unwrap();
    let (code, out, _) = finish(program().args(["check", "--format", "json"]).arg(&path));
    assert_eq!(code, 2);
    let lines: Vec<serde_json::Value> = serde_json::from_str(&out).unwrap();
    let places: Vec<(u64, u64)> =
        lines.iter().map(|line| (line["line"].as_u64().unwrap(), line["column"].as_u64().unwrap())).collect();
    assert_eq!(places, [(3, 3), (4, 1)]);
    assert!(lines[0]["file"].as_str().unwrap().ends_with("agents.csv"));
}

#[test]
fn agents_come_in_from_a_csv_file() {
    let folder = folder();
    std::fs::write(folder.path().join("agents.csv"), "x,y,vx,vy,health\n1,2,3,4,0.5\n-7,8,0,0,1\n").unwrap();
    let path = folder.path().join("scene.ron");
    std::fs::write(&path, "Scene(agents: [(name: \"a\", from_csv: \"agents.csv\")], boids: (units: PerSecond))")
        .unwrap();
    let agents = agent2028::Sandbox::open(&path).unwrap().agents().unwrap();
    assert_eq!(agents.len(), 2);
    assert_eq!((agents[0].position.x, agents[0].velocity.y, agents[0].health), (1.0, 4.0, 0.5));
}

#[test]
fn an_unknown_scene_is_answered_with_the_nearest_name() {
    let (code, _, stderr) = finish(program().args(["run", "flok"]));
    assert_eq!(code, 2);
    assert!(stderr.contains("did you mean \"flock\"?"), "{stderr}");
}

#[test]
fn wrong_settings_are_reported_like_wrong_scenes() {
    for (setting, part) in [
        ("boids.seperation.weight=1", "separation"),
        ("boids.separation.weight=high", "expected a number"),
        ("boids.separation.weight=-3", "out of range"),
        ("seed=1.5", "whole number"),
        ("agents[7].count=1", "no element"),
        ("=1", "the name of a field is missing"),
        ("boids..max_speed=1", "not a path"),
    ] {
        let (code, _, stderr) = finish(program().args(["run", "flock", "--ticks", "1", "--set", setting]));
        assert_eq!(code, 2, "{setting}");
        assert!(stderr.contains(part), "{setting}: {stderr}");
    }
}

#[test]
fn whatever_is_wrong_is_told_in_one_round() {
    let folder = folder();
    let path = folder.path().join("scene.ron");
    let wrong = [
        ("(at: 5, do: Kill(select: Named(\"zz\")))", "zz"),
        ("(at: 6, do: DropResource())", "DropResource needs the section"),
        ("(at: 7, do: SetField(field: \"Conditio.health\", value: 1))", "Conditio"),
        ("(at: 8, until: Some(9), do: Kill())", "no repetition"),
        ("(at: 99, do: Freeze())", "the scene ends at tick 60"),
    ];
    let timeline: Vec<&str> = wrong.iter().map(|(entry, _)| *entry).collect();
    std::fs::write(
        &path,
        format!(
            "Scene(agents: [(name: \"a\", count: 20)], duration: Ticks(60),\n timeline: [{}],\n plots: [(metrics: \
             [\"agents.faild\"])],\n expect: [(metric: \"agents.toal\", at_least: 1)],\n view: (color_by: \"sped\"),\n \
             params: {{\"p\": (path: \"\"), \"q\": (path: \"wrld.edge\")}})",
            timeline.join(",\n  ")
        ),
    )
    .unwrap();
    let beside = ["agents.faild", "agents.toal", "sped", "the parameter has no path", "wrld"];
    let all: Vec<&str> = wrong.iter().map(|(_, told)| *told).chain(beside).collect();
    let (code, out, _) = finish(program().args(["check", "--format", "json"]).arg(&path));
    let lines: Vec<serde_json::Value> = serde_json::from_str(&out).unwrap();
    // Each once, by every verb that reads a scene.
    assert_eq!((code, lines.len()), (2, all.len()), "{out}");
    for verb in [&["check"][..], &["run"], &["test"]] {
        let (code, out, stderr) = finish(program().args(verb).arg(&path));
        let told = format!("{out}{stderr}");
        assert_eq!(code, 2, "{told}");
        assert!(all.iter().all(|problem| told.contains(problem)), "{verb:?}\n{told}");
    }
}

#[test]
fn a_quote_that_is_never_closed_is_told_with_its_place_in_every_kind_of_table() {
    let rows = "\n0.2,a.b,read".repeat(29);
    let scene = |section: &str| format!("Scene(agents: [(name: \"a\", count: 9, capabilities: [\"a.b\"])], {section})");
    let trace = scene("operations: (workload: [Trace(\"table.csv\")])");
    let tables: [(String, String, (u64, u64)); 8] = [
        (trace.clone(), format!("at_s,capability,kind\n0.1,a.b,\"read{rows}\n"), (2, 9)),
        // Another quote closes it many rows later.
        (trace.clone(), format!("at_s,capability,kind\n0.1,a.b,\"read{rows}\n0.3,a.b,\"read\n"), (2, 9)),
        (trace, format!("at_s,capability,\"kind\n0.1,a.b,read{rows}\n"), (1, 17)),
        (scene("operations: (service: Empirical(\"table.csv\"))"), "ms\n3\n\"4\n5\n".into(), (3, 1)),
        ("Scene(agents: [(name: \"a\", from_csv: \"table.csv\")])".into(), "x,y\n0,1\n1,\"2".into(), (3, 3)),
        (scene("network: (topology: Csv(\"table.csv\"))"), "from,to\n0,1\n1,\"2\n2,3\n".into(), (3, 3)),
        (scene("trust: (edges: Csv(\"table.csv\"))"), "source,target,rating\n0,1,1\n1,2,\"1\n2,3,1\n".into(), (3, 5)),
        (scene("trust: (edges: Csv(\"table.csv\"))"), "source,target,rating\r\n0,1,1\r\n1,\"2,1\r\n".into(), (3, 3)),
    ];
    let folder = folder();
    let (path, table) = (folder.path().join("scene.ron"), folder.path().join("table.csv"));
    for (scene, text, place) in tables {
        std::fs::write(&path, &scene).unwrap();
        std::fs::write(&table, &text).unwrap();
        let (code, out, stderr) = finish(program().args(["check", "--format", "json"]).arg(&path));
        assert_eq!(code, 2, "{scene}\n{text}\n{out}{stderr}");
        let line: &serde_json::Value = &serde_json::from_str::<Vec<serde_json::Value>>(&out).unwrap()[0];
        assert_eq!(line["message"], "this quote is never closed", "{scene}\n{out}");
        assert_eq!((line["line"].as_u64(), line["column"].as_u64()), (Some(place.0), Some(place.1)), "{scene}\n{text}");
        assert!(line["file"].as_str().unwrap().ends_with("table.csv"));
        // Closed it is right, where the quote isn't in the header's last cell.
        let closed = text.replace("\"read", "\"read\"").replace("\"kind", "\"kind\"").replace("\"4", "\"4\"");
        let closed = closed.replace("\"2", "\"2\"").replace("\"1", "\"1\"");
        std::fs::write(&table, closed).unwrap();
        let (code, _, stderr) = finish(program().arg("check").arg(&path));
        assert_eq!(code, 0, "{scene}\n{text}\n{stderr}");
    }
}

#[test]
fn a_scene_file_in_another_encoding_is_told_for_what_it_is() {
    let folder = folder();
    let text = "Scene(name: \"Möwe\", agents: [(name: \"a\", count: 3)])";
    let utf16 =
        |order: fn(u16) -> [u8; 2]| format!("\u{feff}{text}").encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let latin1: Vec<u8> = text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
    for (name, bytes, told) in [
        ("u16.ron", utf16(u16::to_le_bytes), "UTF-16"),
        ("big.ron", utf16(u16::to_be_bytes), "UTF-16"),
        ("latin.ron", latin1, "byte 0xF6 in line 1, column 15"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        for verb in ["check", "run", "test"] {
            let (code, out, stderr) = finish(program().arg(verb).arg(&path));
            let report = format!("{out}{stderr}");
            assert_eq!(code, 2, "{report}");
            assert!(report.contains(told) && report.contains("save it with the encoding UTF-8"), "{report}");
            assert!(!report.contains("did you mean") && !report.contains("spreadsheet"), "{report}");
        }
    }
    // What isn't there has a name that is near.
    let (_, _, stderr) = finish(program().arg("check").arg(folder.path().join("latn.ron")));
    assert!(stderr.contains("did you mean \"latin.ron\"?"), "{stderr}");
}
