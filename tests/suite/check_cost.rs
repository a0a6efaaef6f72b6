//! What it costs to check a scene grows with the scene and not faster, whatever list of the scene language is long.
//!
//! Counted is what a thread does, not how long it takes: names that are looked up or compared, and memory that is asked for.
//! Every list and map that the types of a scene hold is found by reflection, so that a new one is tried, too.

use std::any::TypeId;

use agent2028::assemble::{ExtraPlugins, check};
use agent2028::core::agent::AgentId;
use agent2028::core::check::{OpenTypes, Range, names_compared};
use agent2028::core::intervention::AnyIntervention;
use agent2028::core::reflect_path::ParamValue;
use agent2028::scene::Scene;
use agent2028::scene::load::load_text;
use bevy::math::Vec2;
use bevy::reflect::enums::VariantInfo;
use bevy::reflect::{NamedField, TypeInfo, Typed};

use crate::counting::memory_asked_for;

/// How often names were compared, how often memory was asked for, and how much.
type Work = [u64; 3];
const KINDS: [&str; 3] = ["comparisons of names", "requests for memory", "bytes of memory"];

/// What it costs to load and check a scene and to tell what is wrong with it; and whether nothing is.
fn work(text: &str) -> (Work, bool) {
    let counts = || {
        let (times, bytes) = memory_asked_for();
        [names_compared(), times, bytes]
    };
    let before = counts();
    let checked = load_text("scene.ron", text, None, &[]).and_then(|loaded| check(&loaded, &ExtraPlugins::default()));
    let right = match checked {
        Ok(()) => true,
        Err(error) => {
            assert!(!error.places().is_empty() && error.to_plain_text().len() < 100_000, "{error}");
            false
        }
    };
    let after = counts();
    ([0, 1, 2].map(|kind| after[kind] - before[kind]), right)
}

/// Doubles a list twice: the second half of the last must cost at most so many times what the second half of the one before
/// costs. Two is linear, four quadratic; sorting and growing lists take a little more than two.
fn assert_linear(name: &str, least: usize, wants_right: bool, scene: impl Fn(usize) -> String) {
    // What is done once in a process, such as looking through the types, is done before anything is counted, whatever ran before.
    let _ = work(&scene(least));
    let costs = [1, 2, 4].map(|times| {
        let text = scene(least * times);
        let (work, right) = work(&text);
        assert!(
            right || !wants_right,
            "{name}: {}",
            load_text("scene.ron", &text, None, &[]).map_or_else(
                |error| error.to_plain_text(),
                |loaded| check(&loaded, &ExtraPlugins::default())
                    .map_or_else(|error| error.to_plain_text(), |()| String::new())
            )
        );
        work
    });
    for (kind, what) in KINDS.iter().enumerate() {
        let [one, two, four] = costs.map(|work| work[kind] as f64);
        // A few of anything may come and go with the state of the program.
        let slack = 200.0 + 0.02 * four;
        assert!(
            four - two <= 2.5 * (two - one) + slack,
            "{name}: {what} for {least}, {} and {} items: {one}, {two}, {four}",
            2 * least,
            4 * least
        );
    }
}

fn list(count: usize, item: impl Fn(usize) -> String) -> String {
    format!("[{}]", (0..count).map(item).collect::<Vec<_>>().join(", "))
}

#[test]
fn checking_a_right_scene_costs_what_is_in_it() {
    let groups = |count: usize| list(count, |number| format!("(name: \"g{number}\", count: 1)"));
    let one = "agents: [(name: \"a\", count: 3, capabilities: [\"x.y\"]), (name: \"b\", count: 2)]";
    assert_linear("groups with keys", 100, true, |count| format!("Scene(agents: {}, identity: ())", groups(count)));
    assert_linear("regions", 100, true, |count| {
        let groups = list(count, |number| format!("(name: \"g{number}\", count: 1, region: \"r{number}\")"));
        format!("Scene(agents: {groups}, network: ())")
    });
    assert_linear("attestations", 100, true, |count| {
        let papers = list(count, |number| format!("(by: \"a\", to: \"b\", capability: \"x.c{number}\")"));
        format!("Scene({one}, identity: (roots: [\"a\"], attestations: {papers}))")
    });
    assert_linear("parameters", 100, true, |count| {
        let params: String = (0..count).map(|number| format!("\"p{number}\": (path: \"boids.max_speed\"), ")).collect();
        format!("Scene({one}, boids: (), params: {{{params}}})")
    });
    assert_linear("plots and headline", 100, true, |count| {
        let plots = list(count, |number| format!("(title: \"t{number}\", metrics: [\"boids.order\"])"));
        let headline = list(count, |_| "\"boids.order\"".into());
        format!("Scene({one}, boids: (), plots: {plots}, headline: {headline})")
    });
    assert_linear("expectations", 100, true, |count| {
        let expect = list(count, |number| format!("(metric: \"boids.order\", at_least: -{number})"));
        format!("Scene({one}, boids: (), expect: {expect})")
    });
    assert_linear("timeline", 100, true, |count| {
        let timeline = list(count, |number| match number % 3 {
            0 => format!("(at: {}, do: Kill(select: Named(\"a\")))", number + 1),
            1 => format!("(at: {}, do: Kill(select: WithCapability(\"x.*\")), every: Some(7))", number + 1),
            _ => format!("(at: {}, do: SetParam(path: \"boids.max_speed\", value: 3))", number + 1),
        });
        format!("Scene({one}, boids: (), timeline: {timeline})")
    });
    assert_linear("walls and obstacles that come", 100, true, |count| {
        let timeline = list(count, |number| match number % 2 {
            0 => format!("(at: {}, do: AddWall(wall: (points: [(0, 0), (1, 1)])))", number + 1),
            _ => format!("(at: {}, do: AddObstacle(obstacle: Circle(center: (0, 0), radius: 3)))", number + 1),
        });
        format!("Scene({one}, duration: Ticks(100000), boids: (), pheromones: (), timeline: {timeline})")
    });
    // As many of them as changes to them: what a change copies and checks is what it changes.
    let moves = |count: usize, action: &dyn Fn(usize) -> String| {
        list(count, |number| format!("(at: {}, do: {})", number + 1, action(number)))
    };
    let walls = |count: usize| list(count, |_| "(points: [(0, 0), (1, 1)])".into());
    let circles = |count: usize| list(count, |_| "Circle(center: (0, 0), radius: 3)".into());
    let targets = |count: usize| list(count, |_| "(at: (0, 0))".into());
    assert_linear("walls that move", 100, true, |count| {
        let timeline = moves(count, &|number| format!("MoveWall(index: {number}, by: (1, 1))"));
        format!("Scene({one}, duration: Ticks(9999), pheromones: (walls: {}), timeline: {timeline})", walls(count))
    });
    assert_linear("walls that come and go", 100, true, |count| {
        let timeline = moves(count, &|number| match number % 2 {
            0 => "AddWall(wall: (points: [(0, 0), (1, 1)]))".into(),
            _ => "RemoveWall(index: 0)".into(),
        });
        format!("Scene({one}, duration: Ticks(9999), pheromones: (walls: {}), timeline: {timeline})", walls(count))
    });
    assert_linear("obstacles that move", 100, true, |count| {
        let timeline = moves(count, &|number| format!("MoveObstacle(index: {number}, by: (1, 1))"));
        format!("Scene({one}, duration: Ticks(9999), boids: (obstacles: {}), timeline: {timeline})", circles(count))
    });
    assert_linear("obstacles that come and go", 100, true, |count| {
        let timeline = moves(count, &|number| match number % 2 {
            0 => "AddObstacle(obstacle: Circle(center: (0, 0), radius: 3))".into(),
            _ => "RemoveObstacle(index: 0)".into(),
        });
        format!("Scene({one}, duration: Ticks(9999), boids: (obstacles: {}), timeline: {timeline})", circles(count))
    });
    assert_linear("targets that move", 100, true, |count| {
        let timeline = moves(count, &|number| format!("MoveTarget(index: {number}, to: (1, 1))"));
        format!("Scene({one}, duration: Ticks(9999), boids: (targets: {}), timeline: {timeline})", targets(count))
    });
    assert_linear("formations that change among obstacles and targets", 100, true, |count| {
        let timeline = moves(count, &|number| match number % 3 {
            0 => "SetFormation(agents: \"b\", spacing: Some(9))".into(),
            1 => "MoveFormation(agents: \"b\", to: (1, 1))".into(),
            _ => "DissolveFormation(agents: \"b\")".into(),
        });
        let boids = format!("(obstacles: {}, targets: {})", circles(count), targets(count));
        format!("Scene({one}, duration: Ticks(9999), boids: {boids}, timeline: {timeline})")
    });
    assert_linear("nests and resources that come and go", 100, true, |count| {
        let timeline = moves(count, &|number| match number % 4 {
            0 => "DropResource(resource: (amount: 3))".into(),
            1 => "AddNest(nest: (name: \"n\"))".into(),
            2 => "RemoveResource(index: 0)".into(),
            _ => "RemoveNest(index: 0)".into(),
        });
        format!("Scene({one}, duration: Ticks(9999), pheromones: (), timeline: {timeline})")
    });
    assert_linear("services", 100, true, |count| {
        let have = list(count, |number| format!("\"c.x{number}\""));
        let services = list(count, |number| format!("(capability: \"c.x{number}\")"));
        format!("Scene(agents: [(name: \"a\", capabilities: {have})], operations: (services: {services}))")
    });
    assert_linear("obstacles", 100, true, |count| {
        let obstacles = list(count, |number| format!("Circle(center: ({number}, 0), radius: 4)"));
        format!("Scene({one}, boids: (obstacles: {obstacles}))")
    });
    assert_linear("links", 100, true, |count| {
        let links = list(count, |number| format!("({number}, {})", number + 1));
        format!("Scene(agents: [(name: \"a\", count: {})], network: (topology: Edges({links})))", count + 1)
    });
    assert_linear("workloads", 50, true, |count| {
        let asks = |number| format!("Poisson(name: \"w{number}\", capability: \"x.y\", per_second: 1)");
        format!("Scene({one}, operations: (workload: {}))", list(count, asks))
    });
    assert_linear("shared values", 100, true, |count| {
        format!("Scene({one}, network: (shared: {}))", list(count, |number| format!("(name: \"s{number}\")")))
    });
}

#[test]
fn telling_what_is_wrong_costs_what_is_wrong() {
    let one = "agents: [(name: \"a\", count: 3)]";
    assert_linear("unknown groups", 200, false, |count| {
        let groups = list(count, |number| format!("(name: \"g{number}\")"));
        let wanted = list(count, |number| format!("\"h{number}\""));
        format!("Scene(agents: {groups}, identity: (roots: {wanted}))")
    });
    assert_linear("groups of one name", 200, false, |count| {
        format!("Scene(agents: {})", list(count, |_| "(name: \"a\")".into()))
    });
    assert_linear("unknown metrics", 200, false, |count| {
        format!("Scene({one}, headline: {})", list(count, |number| format!("\"m{number}\"")))
    });
    assert_linear("parameters that lead nowhere", 200, false, |count| {
        let params: String =
            (0..count).map(|number| format!("\"p{number}\": (path: \"nowhere\", step: Some(-1)), ")).collect();
        format!("Scene({one}, params: {{{params}}})")
    });
    assert_linear("unknown fields", 200, false, |count| {
        format!("Scene({one}, {})", (0..count).map(|number| format!("f{number}: 1, ")).collect::<String>())
    });
    assert_linear("numbers out of range on one line", 200, false, |count| {
        format!("Scene(agents: {})", list(count, |number| format!("(name: \"g{number}\", health: 7)")))
    });
    assert_linear("numbers out of range on lines of their own", 200, false, |count| {
        format!("Scene(agents: {})", list(count, |number| format!("\n(name: \"g{number}\", health: 7)")))
    });
    assert_linear("capabilities that nobody has", 200, false, |count| {
        let have = list(count, |number| format!("\"x.c{number}\""));
        let timeline = list(count, |number| format!("(do: Kill(select: WithCapability(\"y.c{number}\")))"));
        format!("Scene(agents: [(name: \"a\", capabilities: {have})], timeline: {timeline})")
    });
    assert_linear("type names", 200, false, |count| {
        format!("Scene(agents: {})", list(count, |_| "AgentGroup(name: \"\")".into()))
    });
}

/// A step from the scene to a list.
#[derive(Clone)]
enum Step {
    Field(&'static str),
    Item,
    Entry,
    /// The variant's name, and the text of its values with a place for the one that the way leads through.
    Variant(String),
}

/// The ways to all lists and maps in a type, each with what it holds.
fn lists(
    info: &'static TypeInfo,
    open: &OpenTypes,
    way: &mut Vec<Step>,
    within: &mut Vec<TypeId>,
    found: &mut Vec<(Vec<Step>, bool, &'static TypeInfo)>,
) {
    if within.contains(&info.type_id()) || info.type_id() == TypeId::of::<Vec2>() {
        return;
    }
    within.push(info.type_id());
    let mut go = |step: Step, inner: Option<&'static TypeInfo>, found: &mut Vec<_>| {
        if let Some(inner) = inner {
            way.push(step);
            lists(inner, open, way, within, found);
            way.pop();
        }
    };
    match info {
        TypeInfo::Struct(info) => {
            for field in info.iter().filter(|field| field.name() != "include") {
                go(Step::Field(field.name().trim_start_matches("r#")), field.type_info(), found);
            }
            for member in open.fields_of(info.type_id()) {
                go(Step::Field(member.name), Some(member.type_info), found);
            }
        }
        _ if open.choices_of(info.type_id()).is_some() => {
            for choice in open.choices_of(info.type_id()).unwrap() {
                go(Step::Variant(format!("{}({{}})", choice.name)), Some(choice.type_info), found);
            }
        }
        TypeInfo::Enum(choices) if is_option(info) => {
            let Some(VariantInfo::Tuple(some)) = choices.variant("Some") else { return };
            go(Step::Variant("{}".into()), some.field_at(0).and_then(|field| field.type_info()), found);
        }
        TypeInfo::Enum(choices) => {
            for variant in choices.iter() {
                let name = variant.name();
                match variant {
                    VariantInfo::Unit(_) => {}
                    VariantInfo::Tuple(variant) => {
                        let values: Vec<_> =
                            (0..variant.field_len()).filter_map(|at| variant.field_at(at)?.type_info()).collect();
                        for (at, value) in values.iter().enumerate() {
                            let all = values
                                .iter()
                                .enumerate()
                                .map(|(other, info)| if other == at { "{}".into() } else { sample(info, 0, None) });
                            go(
                                Step::Variant(format!("{name}({})", all.collect::<Vec<_>>().join(", "))),
                                Some(value),
                                found,
                            );
                        }
                    }
                    VariantInfo::Struct(variant) => {
                        for field in variant.iter() {
                            let all = variant.iter().map(|other| {
                                let value = if other.name() == field.name() { "{}".into() } else { of_field(other, 0) };
                                format!("{}: {value}", other.name())
                            });
                            go(
                                Step::Variant(format!("{name}({})", all.collect::<Vec<_>>().join(", "))),
                                field.type_info(),
                                found,
                            );
                        }
                    }
                }
            }
        }
        TypeInfo::TupleStruct(info) if info.field_len() == 1 => {
            go(Step::Variant("{}".into()), info.field_at(0).and_then(|field| field.type_info()), found);
        }
        TypeInfo::List(list) => {
            if let Some(inner) = list.item_info() {
                found.push((way.clone(), false, inner));
                way.push(Step::Item);
                lists(inner, open, way, within, found);
                way.pop();
            }
        }
        TypeInfo::Map(map) => {
            if let Some(inner) = map.value_info() {
                found.push((way.clone(), true, inner));
                way.push(Step::Entry);
                lists(inner, open, way, within, found);
                way.pop();
            }
        }
        _ => {}
    }
    within.pop();
}

fn is_option(info: &TypeInfo) -> bool {
    info.type_path_table().short_path().starts_with("Option<")
}

fn of_field(field: &NamedField, number: usize) -> String {
    field.type_info().map_or_else(|| "1".into(), |info| sample(info, number, field.get_attribute()))
}

/// A value of a type, as it stands in a scene; texts have the number in them.
fn sample(info: &'static TypeInfo, number: usize, range: Option<&Range>) -> String {
    let id = info.type_id();
    if id == TypeId::of::<Vec2>() {
        return "(1, 2)".into();
    }
    if id == TypeId::of::<AgentId>() || id == TypeId::of::<ParamValue>() {
        return "1".into();
    }
    if id == TypeId::of::<AnyIntervention>() {
        return "Kill()".into();
    }
    match info {
        TypeInfo::Struct(fields) => match fields.iter().find(|field| ["name", "agents"].contains(&field.name())) {
            Some(field) if field.type_info().is_some_and(|info| info.type_id() == TypeId::of::<String>()) => {
                format!("({}: \"x{number}\")", field.name())
            }
            _ => "()".into(),
        },
        TypeInfo::Enum(_) if is_option(info) => "None".into(),
        TypeInfo::Enum(choices) => {
            match choices.iter().min_by_key(|variant| !matches!(variant, VariantInfo::Unit(_))) {
                Some(VariantInfo::Tuple(variant)) => {
                    let values = (0..variant.field_len())
                        .filter_map(|at| Some(sample(variant.field_at(at)?.type_info()?, number, None)));
                    format!("{}({})", variant.name(), values.collect::<Vec<_>>().join(", "))
                }
                Some(VariantInfo::Struct(variant)) => {
                    let fields = variant.iter().map(|field| format!("{}: {}", field.name(), of_field(field, number)));
                    format!("{}({})", variant.name(), fields.collect::<Vec<_>>().join(", "))
                }
                Some(variant) => variant.name().into(),
                None => "()".into(),
            }
        }
        TypeInfo::Tuple(parts) => {
            let parts =
                parts.iter().map(|part| part.type_info().map_or_else(|| "1".into(), |info| sample(info, number, None)));
            format!("({})", parts.collect::<Vec<_>>().join(", "))
        }
        TypeInfo::TupleStruct(_) => "1".into(),
        TypeInfo::List(_) => "[]".into(),
        TypeInfo::Map(_) => "{}".into(),
        _ if id == TypeId::of::<String>() => format!("\"x{number}\""),
        _ if id == TypeId::of::<bool>() => "true".into(),
        _ => range.map_or(1.0, |range| range.min.max(1.0).min(range.max)).to_string(),
    }
}

#[test]
fn every_list_of_the_scene_language_costs_what_is_in_it() {
    let mut found = Vec::new();
    let open = agent2028::plugins::all().open_types::<Scene>();
    lists(Scene::type_info(), &open, &mut Vec::new(), &mut Vec::new(), &mut found);
    assert!(found.len() > 40, "{} lists", found.len());
    for (way, is_map, inner) in found {
        let name: String = way
            .iter()
            .map(|step| match step {
                Step::Field(name) => format!(".{name}"),
                Step::Item => "[]".into(),
                Step::Entry => "{}".into(),
                Step::Variant(text) if text == "{}" => String::new(),
                Step::Variant(text) => format!(".{}", text.split('(').next().unwrap_or_default()),
            })
            .collect();
        assert_linear(&name, 100, false, |count| {
            let values = (0..count).map(|number| sample(inner, number, None));
            let mut text = if is_map {
                let entries = values.enumerate().map(|(number, value)| format!("\"k{number}\": {value}"));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
            } else {
                format!("[{}]", values.collect::<Vec<_>>().join(", "))
            };
            for (at, step) in way.iter().enumerate().rev() {
                text = match step {
                    Step::Field(field) if at == 0 && *field != "agents" => {
                        format!("Scene(agents: [(name: \"a\")], {field}: {text})")
                    }
                    Step::Field(field) => format!("({field}: {text})"),
                    Step::Item => format!("[{text}]"),
                    Step::Entry => format!("{{\"k\": {text}}}"),
                    Step::Variant(around) => around.replacen("{}", &text, 1),
                };
            }
            text
        });
    }
}
