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
