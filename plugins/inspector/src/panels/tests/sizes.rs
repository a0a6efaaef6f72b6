//! The whole window at sizes from the smallest to 4K, at every scale of the interface: nothing panics, no text is cut,
//! printed over another or without a glyph.

use agent2028_core::timeline::{Limits, Timeline};
use agent2028_operations::Strategy;

use super::whole::{Whole, whole_in};
use super::*;
use crate::dock::{Catalog, DockLayout, Preset};
use crate::panels::notices::Notice;
use crate::panels::top_bar::SCALES;
use crate::scene::PlotPanel;
use crate::texts::{Fault, SeenText};
use crate::theme::{least_window, measure, scale_that_fits};

/// Windows in logical pixels: what people have, and what no window manager should make of one.
const WINDOWS: [[f32; 2]; 8] = [
    [1280.0, 720.0],
    [1920.0, 1080.0],
    [3840.0, 2160.0],
    [1000.0, 700.0],
    [900.0, 700.0],
    [640.0, 480.0],
    [480.0, 300.0],
    [90.0, 40.0],
];

/// The points that a window has at a scale.
fn points([width, height]: [f32; 2], scale: f32) -> [f32; 2] {
    let scale = scale_that_fits(scale, egui::vec2(width, height));
    [width / scale, height / scale]
}

fn scenes() -> Vec<(&'static str, Simulation)> {
    vec![
        ("empty", simulation(&[])),
        ("birds", simulation(&[("bird", 100), ("a-group-with-a-name-that-is-far-too-long-for-its-place", 12)])),
        ("talking", network::talking(30, 60)),
        ("working", operations::servers(12, operations::two_workloads(Strategy::LeastLoaded), 60)),
        ("audited", ledger::audited(60)),
    ]
}

/// What scenes plot: titles and curves that have no room beside each other.
fn plotted(harness: &mut Harness<'_, Stage<Whole>>) {
    let plot = |title: &str, metrics: &[&str]| PlotPanel {
        title: title.into(),
        metrics: metrics.iter().map(|name| (*name).to_owned()).collect(),
    };
    harness.state_mut().state.status.plots = vec![
        plot("Way against the shortest one", &["agents.active"]),
        plot("All agents", &["agents.active", "agents.failed", "agents.total"]),
        plot("Operations that are on their way to somebody", &["operations.completed", "operations.failed"]),
    ];
}

/// Everything that can float over the world at once.
fn crowded(harness: &mut Harness<'_, Stage<Whole>>) {
    let whole = &mut harness.state_mut().state;
    whole.status.problems = vec!["broken.ron:10:34 there is no field \"wieght\" here".into()];
    whole.status.reports = vec![crate::authoring::TextProblem {
        span: 300..306,
        line: 10,
        column: 34,
        file: "broken.ron".into(),
        here: true,
        message: "there is no field \"wieght\" here".into(),
        help: "did you mean \"weight\"?".into(),
        excerpt: "        separation: (radius: 12, wieght: 1.5),".into(),
        caret: 33,
    }];
    whole.status.captions = vec![(0, "A third of all agents fail, and the others go on without them".into())];
    let inspector = &mut whole.inspector;
    let saved = std::path::Path::new("/home/somebody/pictures/a-scene-with-a-long-name-tick-1234.png");
    inspector.notices.tell(Notice::saved(saved), 1e6);
    inspector.notices.tell(Notice::Failed("the disk is full".into()), 0.0);
    inspector.scenes.files.tell(crate::panels::files::Note::Saved("my-flock.ron".into()));
    let what = crate::panels::files::RecoveredWhat::Text { lines: 43 };
    inspector.scenes.files.recovered =
        vec![crate::panels::files::Recovered { title: "A flock".into(), path: None, age: 3, what }];
}

fn catalog(harness: &Harness<'_, Stage<Whole>>) -> Catalog {
    harness.state().state.registry.catalog().clone()
}

fn resize(harness: &mut Harness<'_, Stage<Whole>>, size: [f32; 2]) {
    harness.set_size(egui::vec2(size[0], size[1]));
    harness.run_steps(4);
}

/// What is wrong with the texts of the last frame.
fn faults(harness: &Harness<'_, Stage<Whole>>) -> Vec<(Fault, String)> {
    let texts: Vec<SeenText> = texts(harness);
    assert!(texts.len() > 3, "no texts are seen");
    texts.into_iter().filter_map(|seen| Some((seen.fault?, format!("{:?} {:?}", seen.text, seen.ink)))).collect()
}

/// Every window at every scale, from one to the next as a person drags its corner, with a run that has gone on for a while:
/// whatever is laid out, it doesn't panic.
#[test]
fn no_window_is_too_small_for_any_scene_at_any_scale() {
    for (name, mut simulation) in scenes() {
        let mut timeline = Timeline::new(Limits { bytes: 0, ..Limits::default() });
        timeline.begin(&simulation);
        timeline.run(&mut simulation, 40);
        let mut harness = whole_in(Theme::Dark, [1280.0, 720.0], simulation);
        harness.state_mut().state.timeline = timeline;
        for preset in Preset::ALL {
            let layout = DockLayout::preset(preset, &catalog(&harness));
            harness.state_mut().state.inspector.layout = layout;
            for window in WINDOWS {
                for scale in SCALES {
                    let size = points(window, scale);
                    resize(&mut harness, size);
                    let free = harness.state().state.free;
                    assert!(free.width().is_finite() && free.height().is_finite(), "{name} {preset:?} {size:?}");
                }
            }
        }
    }
}

#[test]
fn every_panel_fits_into_any_window_without_a_panic() {
    let mut harness = whole_in(Theme::Dark, [1280.0, 720.0], network::talking(30, 60));
    for facts in catalog(&harness).iter() {
        let panel = facts.key.name();
        let layout = format!(
            "(size: (960.0, 520.0), window: Some(Row([(1.0, Panel(World)), (1.0, Tabs(front: 0, panels: [Panel({panel})]))])))"
        );
        harness.state_mut().state.inspector.layout = ron::from_str(&layout).unwrap();
        for size in [[1280.0, 720.0], [640.0, 400.0], [200.0, 150.0], [30.0, 20.0], [1.0, 1.0]] {
            resize(&mut harness, size);
        }
    }
}

/// The windows that the interface is made for.
#[test]
fn no_text_is_cut_or_overlapped_or_without_glyph_at_three_sizes_and_three_scales() {
    let mut wrong: Vec<String> = Vec::new();
    for (name, mut simulation) in scenes() {
        simulation.run(40);
        let mut harness = whole_in(Theme::Dark, [1280.0, 720.0], simulation);
        plotted(&mut harness);
        for full in [false, true] {
            if full {
                crowded(&mut harness);
                harness.run_steps(6);
            }
            for preset in Preset::ALL {
                let layout = DockLayout::preset(preset, &catalog(&harness));
                harness.state_mut().state.inspector.layout = layout;
                for window in [[1280.0, 690.0], [1920.0, 1080.0], [3840.0, 2160.0]] {
                    for scale in [1.0, 1.5, 2.5] {
                        let size = points(window, scale);
                        resize(&mut harness, size);
                        let place = format!("{name} {full} {preset:?} {window:?} at {scale} {size:?}");
                        wrong.extend(
                            faults(&harness).into_iter().map(|(fault, text)| format!("{place}: {fault:?} {text}")),
                        );
                        wrong.extend(crossed(&harness).into_iter().map(|both| format!("{place}: {both}")));
                        if full && !says(&harness, "The scene could not be read") {
                            wrong.push(format!("{place}: what matters most is not there"));
                        }
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{} faults", wrong.join("\n"), wrong.len());
}

/// Things that float and stand over each other.
fn crossed(harness: &Harness<'_, Stage<Whole>>) -> Vec<String> {
    const NAMES: [&str; 8] =
        ["legend", "hints", "problems", "pending", "found-again", "caption", "notices", "file-note"];
    let shown = |name: &'static str| {
        let visible = |layer: &egui::LayerId| harness.ctx.memory(|memory| memory.areas().is_visible(layer));
        let layers = [egui::Order::Middle, egui::Order::Foreground].map(|order| egui::LayerId::new(order, name.into()));
        let rect = harness.ctx.memory(|memory| memory.area_rect(name));
        rect.filter(|_| layers.iter().any(visible))
    };
    let rects: Vec<(&'static str, egui::Rect)> =
        NAMES.into_iter().filter_map(|name| Some((name, shown(name)?))).collect();
    let mut both = Vec::new();
    for (at, (one, rect)) in rects.iter().enumerate() {
        for (two, other) in &rects[..at] {
            let common = rect.intersect(*other).size();
            if common.x > 1.0 && common.y > 1.0 {
                both.push(format!("{one} {rect:?} over {two} {other:?}"));
            }
        }
    }
    both
}

#[test]
fn the_first_steps_speak_of_panels_that_are_there() {
    let mut harness = whole_in(Theme::Dark, [1280.0, 720.0], simulation(&[("bird", 100)]));
    assert!(says(&harness, "in the panel Faults, and watch"));
    let layout = DockLayout::preset(Preset::Present, &catalog(&harness));
    harness.state_mut().state.inspector.layout = layout;
    harness.run_steps(3);
    assert!(says(&harness, "Ctrl P finds it"));
}

/// What a report says first is no measure for what it says next.
#[test]
fn a_report_that_grows_has_room_for_its_help() {
    let mut harness = whole_in(Theme::Dark, [1280.0, 720.0], simulation(&[("bird", 100)]));
    harness.state_mut().state.status.problems = vec!["no scene".into()];
    harness.run_steps(4);
    crowded(&mut harness);
    harness.run_steps(4);
    let help = harness.get_by_label("did you mean \"weight\"?").rect();
    let texts = texts(&harness);
    let shown = texts.iter().find(|seen| seen.text == "did you mean \"weight\"?").expect("the help is not seen");
    assert!(shown.ink.height() > 8.0 && help.contains_rect(shown.ink.shrink(1.0)), "{shown:?} {help:?}");
}

#[test]
fn a_scale_that_a_window_has_no_room_for_is_lowered_and_never_below_the_least() {
    let window = |width, height| egui::vec2(width, height);
    assert_eq!(scale_that_fits(2.5, window(3840.0, 2160.0)), 2.5);
    assert_eq!(scale_that_fits(1.0, window(1280.0, 720.0)), 1.0);
    let (width, height) = least_window();
    for asked in [0.0, 0.75, 1.0, 2.5, 99.0, f32::NAN, f32::INFINITY] {
        for (width, height) in [(640.0, 480.0), (1280.0, 720.0), (width, height), (5000.0, 338.0)] {
            let scale = scale_that_fits(asked, window(width, height));
            assert!((measure::SCALES.0..=measure::SCALES.1).contains(&scale), "{asked} {width} {height}");
            let fits =
                width / scale >= measure::LEAST_WINDOW.0 - 0.1 && height / scale >= measure::LEAST_WINDOW.1 - 0.1;
            assert!(fits, "{asked} {width} {height}: {scale}");
        }
        assert_eq!(scale_that_fits(asked, window(1.0, 1.0)), measure::SCALES.0);
    }
}

#[test]
fn what_is_wrong_with_texts_is_found() {
    let mut harness = stage([300.0, 200.0], (), |ui, look, _, _| {
        let paint = |at: egui::Pos2, text: &str| {
            ui.painter().text(at, egui::Align2::LEFT_TOP, text, crate::theme::label_font(), look.text);
        };
        paint(egui::pos2(10.0, 10.0), "one over");
        paint(egui::pos2(14.0, 12.0), "another");
        paint(egui::pos2(270.0, 40.0), "over the edge of the window");
        paint(egui::pos2(10.0, 70.0), "\u{10FFFF}");
        paint(egui::pos2(10.0, 100.0), "well");
        paint(egui::pos2(60.0, 120.0), "below a button");
        let button = egui::Rect::from_min_size(egui::pos2(80.0, 115.0), egui::vec2(30.0, 24.0));
        ui.painter().rect_filled(button, 0.0, look.raised);
        paint(egui::pos2(10.0, 150.0), "below a window");
        let window = egui::Rect::from_min_size(egui::pos2(0.0, 145.0), egui::vec2(200.0, 50.0));
        ui.painter().rect_filled(window, 0.0, look.panel);
    });
    harness.run_steps(2);
    let found: Vec<(String, Option<Fault>)> = texts(&harness).into_iter().map(|seen| (seen.text, seen.fault)).collect();
    let of = |text: &str| found.iter().find(|(seen, _)| seen == text).map(|(_, fault)| *fault);
    assert_eq!(of("one over"), Some(Some(Fault::Overlapped)));
    assert_eq!(of("another"), Some(Some(Fault::Overlapped)));
    assert_eq!(of("over the edge of the window"), Some(Some(Fault::Cut)));
    assert_eq!(found[3].1, Some(Fault::NoGlyph), "{found:?}");
    assert_eq!(of("well"), Some(None));
    assert_eq!(of("below a button"), Some(Some(Fault::Overlapped)));
    assert_eq!(of("below a window"), None, "what floats may cover it");
}

/// What a narrow place clips is cut, also where nothing of it is painted: only what scrolls sideways may end at an edge, and
/// only as high as it is.
#[test]
fn what_a_place_clips_is_cut_also_where_nothing_of_it_is_seen() {
    let mut harness = stage([300.0, 200.0], (), |ui, look, _, _| {
        let row = |ui: &mut egui::Ui, top: f32, texts: [&str; 3]| {
            let place = egui::Rect::from_min_size(egui::pos2(10.0, top), egui::vec2(150.0, 20.0));
            let mut row = ui.new_child(
                egui::UiBuilder::new().max_rect(place).layout(egui::Layout::left_to_right(egui::Align::Center)),
            );
            row.set_clip_rect(egui::Rect::from_x_y_ranges(place.x_range(), 0.0..=200.0));
            if texts[0] == "tabs" {
                crate::texts::scrolls_sideways(&row);
            }
            for text in texts {
                row.add(egui::Label::new(look.body(text)).extend());
            }
        };
        row(ui, 10.0, ["tabs", "a tab with a name that is long", "a tab beyond"]);
        row(ui, 60.0, ["Delivered", "1234567890123456789", "units"]);
    });
    harness.run_steps(2);
    let found: Vec<(String, Option<Fault>)> = texts(&harness).into_iter().map(|seen| (seen.text, seen.fault)).collect();
    let faults: Vec<&str> =
        found.iter().filter(|(_, fault)| *fault == Some(Fault::Cut)).map(|(text, _)| text.as_str()).collect();
    assert!(faults.contains(&"1234567890123456789") && faults.contains(&"units"), "{found:?}");
    assert!(!faults.iter().any(|text| text.contains("tab")), "{found:?}");
}
