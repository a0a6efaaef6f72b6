//! The whole window at sizes from the smallest to 4K, at every scale of the interface: nothing panics, no text is cut,
//! printed over another or without a glyph.

use agent2028_core::timeline::{Limits, Timeline};
use agent2028_operations::Strategy;

use super::whole::{Whole, whole_in};
use super::*;
use crate::PanelId;
use crate::dock::{DockLayout, Preset};
use crate::panels::top_bar::SCALES;
use crate::texts::{Fault, SeenText, seen};
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

fn resize(harness: &mut Harness<'_, Stage<Whole>>, size: [f32; 2]) {
    harness.set_size(egui::vec2(size[0], size[1]));
    harness.run_steps(4);
}

/// What is wrong with the texts of the last frame.
fn faults(harness: &Harness<'_, Stage<Whole>>) -> Vec<(Fault, String)> {
    let texts: Vec<SeenText> = seen(&harness.ctx, &harness.output().shapes);
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
            harness.state_mut().state.inspector.layout = DockLayout::preset(preset);
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
    for panel in PanelId::ALL {
        let layout = format!(
            "(size: (960.0, 520.0), window: Some(Row([(1.0, Panel(World)), (1.0, Tabs(front: 0, panels: [Panel({panel:?})]))])))"
        );
        if *panel == PanelId::World {
            continue;
        }
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
        for window in [[1280.0, 720.0], [1920.0, 1080.0], [3840.0, 2160.0]] {
            for scale in [1.0, 1.5, 2.5] {
                let size = points(window, scale);
                resize(&mut harness, size);
                harness.run_steps(8);
                wrong.extend(
                    faults(&harness)
                        .into_iter()
                        .map(|(fault, text)| format!("{name} {window:?} at {scale} {size:?}: {fault:?} {text}")),
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{} faults", wrong.join("\n"), wrong.len());
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
    let found: Vec<(String, Option<Fault>)> =
        seen(&harness.ctx, &harness.output().shapes).into_iter().map(|seen| (seen.text, seen.fault)).collect();
    let of = |text: &str| found.iter().find(|(seen, _)| seen == text).map(|(_, fault)| *fault);
    assert_eq!(of("one over"), Some(Some(Fault::Overlapped)));
    assert_eq!(of("another"), Some(Some(Fault::Overlapped)));
    assert_eq!(of("over the edge of the window"), Some(Some(Fault::Cut)));
    assert_eq!(found[3].1, Some(Fault::NoGlyph), "{found:?}");
    assert_eq!(of("well"), Some(None));
    assert_eq!(of("below a button"), Some(Some(Fault::Overlapped)));
    assert_eq!(of("below a window"), None, "what floats may cover it");
}
