//! Recorded runs as charts.

use std::path::Path;

use agent2028::chart::Style;
use agent2028::core::faults::Kill;
use agent2028::core::selector::Selector;
use agent2028::headless::{RunOptions, run};
use agent2028::plot::{PlotError, chart, open_all};
use agent2028::scene::load::{Setting, load};

use crate::{finish, folder, program};

/// Records a flock with an intervention, from a seed.
fn record(out: &Path, seed: u64) {
    let kill = Kill { select: Selector::Fraction(0.3), duration_s: None };
    let options = RunOptions {
        ticks: Some(60),
        out: Some(out.into()),
        interventions: vec![(20, kill.into())],
        ..RunOptions::default()
    };
    let seed = Setting { path: "seed".into(), value: seed.to_string() };
    run(&load("flock", &[seed]).unwrap(), &options, &mut |_| {}).unwrap();
}

#[test]
fn a_run_is_plotted_as_its_scene_asks_with_a_mark_for_what_was_done() {
    let folder = folder();
    let out = folder.path().join("run");
    record(&out, 1);
    let picture = folder.path().join("plot.svg");
    let (code, text, stderr) = finish(program().arg("plot").arg(&out).arg("--out").arg(&picture));
    assert!(code == 0 && text.contains("plot.svg"), "{text}{stderr}");
    let svg = std::fs::read_to_string(&picture).unwrap();
    for part in ["boids.order", "Tick 20: Kill: 300 agents failed", "Seed 1", "</svg>"] {
        assert!(svg.contains(part), "{part}");
    }
    let picture = folder.path().join("plot.png");
    let arguments = ["--metric", "agents.*", "--theme", "light", "--size", "640x360", "--scale", "1", "--out"];
    let (code, _, stderr) = finish(program().arg("plot").arg(&out).args(arguments).arg(&picture));
    assert_eq!(code, 0, "{stderr}");
    let png = std::fs::read(&picture).unwrap();
    // A PNG begins with its signature and a header with width and height.
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    assert_eq!((&png[1..4], number(16), number(20)), (b"PNG".as_slice(), 640, 360));
}

#[test]
fn runs_lie_over_one_another_and_the_numbers_are_those_recorded() {
    let folder = folder();
    let outs = [folder.path().join("a"), folder.path().join("b")];
    record(&outs[0], 1);
    record(&outs[1], 2);
    let table = folder.path().join("order.csv");
    let arguments = ["--metric", "boids.order", "--out"];
    let (code, _, stderr) = finish(program().arg("plot").args(&outs).args(arguments).arg(&table));
    assert_eq!(code, 0, "{stderr}");
    let written = std::fs::read_to_string(&table).unwrap();
    let metrics = std::fs::read_to_string(outs[1].join("metrics.csv")).unwrap();
    let column = metrics.lines().next().unwrap().split(',').position(|name| name == "boids.order").unwrap();
    let recorded: Vec<&str> = metrics.lines().skip(1).map(|row| row.split(',').nth(column).unwrap()).collect();
    let plotted: Vec<&str> = written
        .lines()
        .filter(|row| row.contains("boids.order · b"))
        .map(|row| row.rsplit(',').next().unwrap())
        .collect();
    assert_eq!(plotted, recorded);
    assert_eq!(plotted.len(), 60);

    let runs = open_all(&outs).unwrap();
    let chart = chart(&runs, &["boids.order".into()]).unwrap();
    assert_eq!(chart.plots.len(), 1);
    assert_eq!(chart.plots[0].series.len(), 2);
    assert_ne!(chart.plots[0].series[0].color, chart.plots[0].series[1].color);
    assert_eq!(chart.marks.len(), 2);
    assert!(chart.draw(&Style::DARK).to_svg().contains("a: Kill: 300 agents failed; b: Kill: 300 agents failed"));
}

#[test]
fn of_several_runs_each_tells_its_own_seed_rate_and_name() {
    let folder = folder();
    let record = |name: &str, seed: &str, rate: &str, title: &str| {
        let set = |path: &str, value: &str| Setting { path: path.into(), value: value.into() };
        let settings = [set("seed", seed), set("tick_hz", rate), set("name", title)];
        let options = RunOptions { ticks: Some(3), out: Some(folder.path().join(name)), ..RunOptions::default() };
        run(&load("flock", &settings).unwrap(), &options, &mut |_| {}).unwrap();
    };
    record("a", "1", "60", "\"Flock\"");
    record("b", "2", "60", "\"Flock\"");
    record("c", "1", "30", "\"Slow flock\"");
    let drawn = |names: &[&str]| {
        let folders: Vec<_> = names.iter().map(|name| folder.path().join(name)).collect();
        let chart = chart(&open_all(&folders).unwrap(), &["boids.order".into()]).unwrap();
        (chart.title, chart.caption)
    };
    let told = |title: &str, caption: &str| (title.to_owned(), caption.to_owned());
    assert_eq!(drawn(&["a"]), told("Flock", "Seed 1 · 60 ticks per second · a"));
    assert_eq!(drawn(&["a", "b"]), told("Flock", "Seeds 1 (a), 2 (b) · 60 ticks per second · a, b"));
    assert_eq!(
        drawn(&["a", "b", "c"]),
        told("Flock (a, b), Slow flock (c)", "Seeds 1 (a, c), 2 (b) · 60 (a, b), 30 (c) ticks per second · a, b, c")
    );
    // A metric that another version of the program measured in another unit is told with both.
    let about = folder.path().join("b/about.json");
    let text = std::fs::read_to_string(&about).unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let metrics = value["metrics"].as_array_mut().unwrap();
    for metric in metrics.iter_mut().filter(|metric| metric["name"] == "agents.failed") {
        metric["unit"] = "birds".into();
    }
    std::fs::write(&about, value.to_string()).unwrap();
    let folders = ["a", "b"].map(|name| folder.path().join(name));
    let chart = chart(&open_all(&folders).unwrap(), &["agents.failed".into()]).unwrap();
    assert_eq!(chart.plots[0].unit, "agents (a), birds (b)");
}

#[test]
fn wrong_names_files_and_folders_are_told_with_words() {
    let folder = folder();
    let out = folder.path().join("run");
    record(&out, 1);
    let (code, _, stderr) = finish(program().arg("plot").arg(&out).args(["--metric", "boids.oder"]));
    assert!(code == 2 && stderr.contains("boids.order"), "{stderr}");
    let (code, _, stderr) = finish(program().arg("plot").arg(&out).args(["--out", "plot.gif"]));
    assert!(code == 2 && stderr.contains(".svg"), "{stderr}");
    let (code, _, stderr) = finish(program().arg("plot").arg(folder.path()));
    assert!(code == 2 && stderr.contains("holds no run"), "{stderr}");
    let (code, _, stderr) = finish(program().arg("plot").arg(&out).args(["--out", "/no/such/folder/plot.svg"]));
    assert!(code == 2 && stderr.contains("/no/such/folder"), "{stderr}");
    assert!(matches!(chart(&open_all(&[&out]).unwrap(), &["x*".into()]), Err(PlotError::UnknownMetric { .. })));
}

#[cfg(feature = "desktop")]
#[test]
fn charts_have_the_colours_of_the_design() {
    use agent2028::chart::Rgb;
    use agent2028_view::tokens::{DARK, LIGHT, Rgba8};
    let rgb = |Rgba8([red, green, blue, _]): Rgba8| Rgb(red, green, blue);
    for (style, tokens) in [(Style::DARK, &DARK), (Style::LIGHT, &LIGHT)] {
        assert_eq!(style.series, tokens.categories.map(rgb));
        assert_eq!((style.text, style.secondary), (rgb(tokens.text), rgb(tokens.secondary)));
        assert_eq!((style.mark, style.axis), (rgb(tokens.accent), rgb(tokens.hairline)));
    }
    assert_eq!((Style::DARK.ground, Style::DARK.field), (rgb(DARK.background), rgb(DARK.world)));
    assert_eq!((Style::LIGHT.ground, Style::LIGHT.field), (rgb(LIGHT.world), rgb(LIGHT.world)));
    assert_eq!((Style::DARK.grid, Style::LIGHT.grid), (rgb(DARK.raised), rgb(LIGHT.background)));
}
