//! The whole window at sizes from the smallest to 4K, at every scale of the interface.

use agent2028_core::timeline::{Timeline, TimelineLimits};
use agent2028_inspector::dock::{Catalog, DockLayout, Preset};
use agent2028_inspector::panel::InspectorRegistry;
use agent2028_inspector::panels::notices::Notice;
use agent2028_inspector::panels::top_bar::SCALES;
use agent2028_inspector::scene::{PlotPanel, SceneCaption};
use agent2028_inspector::texts::{SeenText, TextFault};
use agent2028_inspector::theme::scale_that_fits;

use super::whole::{Whole, whole_in};
use super::*;

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
pub fn points([width, height]: [f32; 2], scale: f32) -> [f32; 2] {
    let scale = scale_that_fits(scale, egui::vec2(width, height));
    [width / scale, height / scale]
}

/// What scenes plot: titles and curves that have no room beside each other.
fn plotted(harness: &mut Harness<'_, PanelTest<Whole>>) {
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
pub fn crowded(harness: &mut Harness<'_, PanelTest<Whole>>) {
    let whole = &mut harness.state_mut().state;
    whole.status.problems = vec!["broken.ron:10:34 there is no field \"wieght\" here".into()];
    whole.status.reports = vec![agent2028_inspector::authoring::TextProblem {
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
    whole.status.captions = vec![SceneCaption::at(0, "A third of all agents fail, and the others go on without them")];
    let inspector = &mut whole.inspector;
    let saved = std::path::Path::new("/home/somebody/pictures/a-scene-with-a-long-name-tick-1234.png");
    inspector.notices().tell(Notice::saved(saved), 1e6);
    inspector.notices().tell(Notice::Failed("the disk is full".into()), 0.0);
    inspector.scenes().files.tell(agent2028_editor::files::Note::Saved("my-flock.ron".into()));
    let what = agent2028_editor::files::RecoveredWhat::Text { lines: 43 };
    inspector.scenes().files.recovered =
        vec![agent2028_editor::files::Recovered { title: "A flock".into(), path: None, age: 3, what }];
}

fn catalog(harness: &Harness<'_, PanelTest<Whole>>) -> Catalog {
    harness.state().state.registry.catalog().clone()
}

/// Gives the window another size.
pub fn resize(harness: &mut Harness<'_, PanelTest<Whole>>, size: [f32; 2]) {
    harness.set_size(egui::vec2(size[0], size[1]));
    harness.run_steps(4);
}

/// What is wrong with the texts of the last frame.
pub fn faults(harness: &Harness<'_, PanelTest<Whole>>) -> Vec<(TextFault, String)> {
    let texts: Vec<SeenText> = texts(harness);
    assert!(texts.len() > 3, "no texts are seen");
    texts.into_iter().filter_map(|seen| Some((seen.fault?, format!("{:?} {:?}", seen.text, seen.ink)))).collect()
}

/// Shows a window at every scale, from one to the next as a person drags its corner, with a run that has gone on for a while:
/// whatever is laid out, it doesn't panic.
///
/// # Panics
/// If no room is left that is a number.
pub fn no_window_is_too_small(name: &str, mut simulation: Simulation, register: impl Fn(&mut InspectorRegistry)) {
    let mut timeline = Timeline::new(TimelineLimits { bytes: 0, ..TimelineLimits::default() });
    timeline.begin(&simulation);
    timeline.run(&mut simulation, 40);
    let mut harness = whole_in(Theme::Dark, [1280.0, 720.0], simulation);
    register(&mut harness.state_mut().state.registry);
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

/// Shows every panel in windows down to one point: nothing panics.
///
/// # Panics
/// If the layout of one panel is none.
pub fn every_panel_fits(simulation: Simulation, register: impl Fn(&mut InspectorRegistry)) {
    let mut harness = whole_in(Theme::Dark, [1280.0, 720.0], simulation);
    register(&mut harness.state_mut().state.registry);
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

/// Shows a scene in the windows that the interface is made for, at three scales: no text is cut, printed over another or
/// without a glyph.
///
/// # Panics
/// If one is.
pub fn no_text_is_cut(name: &str, mut simulation: Simulation, register: impl Fn(&mut InspectorRegistry)) {
    let mut wrong: Vec<String> = Vec::new();
    simulation.run(40);
    let mut harness = whole_in(Theme::Dark, [1280.0, 720.0], simulation);
    register(&mut harness.state_mut().state.registry);
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
                    wrong
                        .extend(faults(&harness).into_iter().map(|(fault, text)| format!("{place}: {fault:?} {text}")));
                    wrong.extend(crossed(&harness).into_iter().map(|both| format!("{place}: {both}")));
                    if full && !says(&harness, "The scene could not be read") {
                        wrong.push(format!("{place}: what matters most is not there"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{} faults", wrong.join("\n"), wrong.len());
}

/// Things that float and stand over each other.
fn crossed(harness: &Harness<'_, PanelTest<Whole>>) -> Vec<String> {
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
