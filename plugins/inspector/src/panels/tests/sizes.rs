//! The whole window at sizes from the smallest to 4K, at every scale of the interface: nothing panics, no text is cut,
//! printed over another or without a glyph.

use super::testing::sizes::{crowded, every_panel_fits, no_text_is_cut, no_window_is_too_small};
use super::testing::whole::whole_in;
use super::*;
use crate::dock::{DockLayout, Preset};
use crate::texts::TextFault;
use crate::theme::{least_window, measure, scale_that_fits};

fn scenes() -> Vec<(&'static str, Simulation)> {
    vec![
        ("empty", simulation(&[])),
        ("birds", simulation(&[("bird", 100), ("a-group-with-a-name-that-is-far-too-long-for-its-place", 12)])),
    ]
}

#[test]
fn no_window_is_too_small_for_any_scene_at_any_scale() {
    for (name, simulation) in scenes() {
        no_window_is_too_small(name, simulation, |_| {});
    }
}

#[test]
fn every_panel_fits_into_any_window_without_a_panic() {
    every_panel_fits(simulation(&[("bird", 30)]), |_| {});
}

#[test]
fn no_text_is_cut_or_overlapped_or_without_glyph_at_three_sizes_and_three_scales() {
    for (name, simulation) in scenes() {
        no_text_is_cut(name, simulation, |_| {});
    }
}

#[test]
fn the_first_steps_speak_of_panels_that_are_there() {
    let mut harness = whole_in(Theme::Dark, [1280.0, 720.0], simulation(&[("bird", 100)]));
    assert!(says(&harness, "in the panel Faults, and watch"));
    let layout = DockLayout::preset(Preset::Present, harness.state().state.registry.catalog());
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

/// A dock that somebody has made narrow is no reason to print a value over its label.
#[test]
fn a_value_without_room_beside_its_label_stands_below_it() {
    for (width, is_beside) in [(190.0, false), (205.0, false), (400.0, true)] {
        let mut harness = panel_test([width, 120.0], (), |ui, look, _, _| {
            crate::widgets::property(ui, look, "How long", |ui| {
                for word in ["10.0 s", "For", "For good", "or so"] {
                    ui.label(look.quiet(word));
                }
            });
        });
        harness.run_steps(3);
        let seen = texts(&harness);
        let of = |text: &str| seen.iter().find(|seen| seen.text == text).expect("a text is missing");
        assert!(seen.iter().all(|seen| seen.fault.is_none()), "{width}: {seen:?}");
        assert_eq!(of("For good").ink.top() < of("How long").ink.bottom(), is_beside, "{width}: {seen:?}");
    }
}

#[test]
fn what_is_wrong_with_texts_is_found() {
    let mut harness = panel_test([300.0, 200.0], (), |ui, look, _, _| {
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
    let found: Vec<(String, Option<TextFault>)> =
        texts(&harness).into_iter().map(|seen| (seen.text, seen.fault)).collect();
    let of = |text: &str| found.iter().find(|(seen, _)| seen == text).map(|(_, fault)| *fault);
    assert_eq!(of("one over"), Some(Some(TextFault::Overlapped)));
    assert_eq!(of("another"), Some(Some(TextFault::Overlapped)));
    assert_eq!(of("over the edge of the window"), Some(Some(TextFault::Cut)));
    assert_eq!(found[3].1, Some(TextFault::NoGlyph), "{found:?}");
    assert_eq!(of("well"), Some(None));
    assert_eq!(of("below a button"), Some(Some(TextFault::Overlapped)));
    assert_eq!(of("below a window"), None, "what floats may cover it");
}

/// What a narrow place clips is cut, also where nothing of it is painted: only what scrolls sideways may end at an edge, and
/// only as high as it is.
#[test]
fn what_a_place_clips_is_cut_also_where_nothing_of_it_is_seen() {
    let mut harness = panel_test([300.0, 200.0], (), |ui, look, _, _| {
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
    let found: Vec<(String, Option<TextFault>)> =
        texts(&harness).into_iter().map(|seen| (seen.text, seen.fault)).collect();
    let faults: Vec<&str> =
        found.iter().filter(|(_, fault)| *fault == Some(TextFault::Cut)).map(|(text, _)| text.as_str()).collect();
    assert!(faults.contains(&"1234567890123456789") && faults.contains(&"units"), "{found:?}");
    assert!(!faults.iter().any(|text| text.contains("tab")), "{found:?}");
}
