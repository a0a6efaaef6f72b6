//! Editor, form, gallery and questions about files. The real author of scenes lives in the program; this one knows a
//! small scene, so that the panels are tested alone.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::*;
use crate::authoring::{Analysis, SceneAuthor, Source, Template, TextProblem};
use crate::document::Document;
use crate::editing::ScenesState;
use crate::scene::{SceneEntry, SceneLibrary, SceneRequest, SceneStatus, SceneTrouble};
use crate::{files, scene_editor, scene_form};
use agent2028_core::check::{Range as Limits, Unit};
use agent2028_language::syntax::{SourceId, parse};
use agent2028_language::types::{FieldDoc, Shape, Types, VariantDoc};

/// Knows scenes with a name, a seed, a world, groups of agents and perhaps boids.
struct Small(Types);

fn types() -> Types {
    let field = |name: &str, shape: usize, default: &str| FieldDoc {
        name: name.into(),
        docs: format!("What {name} means."),
        default: Some(default.into()),
        shape,
        ..FieldDoc::default()
    };
    let rate = FieldDoc { unit: Some(Unit("1/s")), range: Some(Limits::new(1.0, 100.0)), ..field("tick_hz", 1, "60") };
    let record = |name: &str, fields| Shape::Record { name: name.into(), docs: String::new(), fields };
    let shapes = vec![
        Shape::Text,
        Shape::Whole { least: 0, most: 1_000_000_000, called: None },
        record("Group", vec![field("name", 0, "\"agent\""), field("count", 1, "1")]),
        Shape::List(2),
        Shape::Choice {
            name: "Edge".into(),
            docs: String::new(),
            default: "Wrap".into(),
            variants: ["Wrap", "Open"]
                .map(|name| VariantDoc { name: name.into(), docs: format!("{name}s."), ..VariantDoc::default() })
                .into(),
        },
        record("World", vec![field("edge", 4, "Wrap")]),
        record("Boids", vec![field("seed", 1, "1")]),
        Shape::Optional(6),
        record(
            "Scene",
            vec![
                field("name", 0, "\"Untitled\""),
                rate,
                field("seed", 1, "2028"),
                field("agents", 3, "[]"),
                field("world", 5, "(…)"),
                field("boids", 7, "None"),
            ],
        ),
    ];
    Types { root: shapes.len() - 1, shapes }
}

impl SceneAuthor for Small {
    fn types(&self) -> &Types {
        &self.0
    }

    fn analyse(&self, name: &str, text: &str, _: Option<&Path>) -> Analysis {
        let mut problems = Vec::new();
        let mut add = |span: Range<usize>, message: &str, help: &str| {
            let (line, column) = crate::authoring::line_and_column(text, span.start);
            problems.push(TextProblem {
                excerpt: text.lines().nth(line - 1).unwrap_or_default().into(),
                caret: column - 1,
                span,
                line,
                column,
                file: name.into(),
                here: true,
                message: message.into(),
                help: help.into(),
            });
        };
        let tree = parse(SourceId(0), text).ok();
        if tree.is_none() {
            add(0..1, "this bracket is never closed", "close it with )");
        }
        for (at, _) in text.match_indices("sed:") {
            add(at..at + 3, "there is no field \"sed\" here", "did you mean \"seed\"?");
        }
        for (at, _) in text.match_indices("-7") {
            add(at..at + 2, "-7 is out of range", "at least 0");
        }
        Analysis { tree, problems, metrics: Vec::new() }
    }

    fn templates(&self) -> Vec<Template> {
        vec![Template { name: "Empty".into(), about: "Nothing yet.".into(), text: "Scene(agents: [()])".into() }]
    }
}

fn author() -> Arc<dyn SceneAuthor> {
    Arc::new(Small(types()))
}

const SCENE: &str =
    "Scene(\n    name: \"Under test\", // a remark\n    seed: 7,\n    agents: [(name: \"bird\", count: 3)],\n)\n";

fn document(text: &str) -> Document {
    let mut document = Document::default();
    document.open(Source { name: "test.ron".into(), text: text.into(), ..default() });
    document
}

/// A scene of about so many lines.
fn long(lines: usize) -> String {
    let mut text = String::from("Scene(\n    agents: [\n");
    for line in 0..lines {
        text +=
            &format!("        (name: \"a-group-with-a-name-that-is-long-{line}\", count: {line}), // number {line}\n");
    }
    text + "    ],\n)\n"
}

fn editor<'a>(text: &str) -> Harness<'a, PanelTest<ScenesState>> {
    let scenes = ScenesState { document: document(text), ..default() };
    let author = author();
    panel_test([900.0, 500.0], scenes, move |ui, look, scenes, actions| {
        scene_editor::show(ui, look, Some(&author), &mut scenes.document, &mut scenes.editor, actions);
    })
}

fn press(harness: &mut Harness<'_, PanelTest<ScenesState>>, modifiers: egui::Modifiers, key: egui::Key) -> Vec<Action> {
    harness.key_press_modifiers(modifiers, key);
    harness.run_steps(3);
    harness.state_mut().actions.take()
}

fn text<'a>(harness: &'a Harness<'_, PanelTest<ScenesState>>) -> &'a str {
    harness.state().state.document.text()
}

/// Puts the caret at a place and the keyboard into the editor.
fn caret(harness: &mut Harness<'_, PanelTest<ScenesState>>, byte: usize) {
    harness.state_mut().state.editor.jump_to(byte);
    harness.run_steps(3);
}

fn write(harness: &mut Harness<'_, PanelTest<ScenesState>>, text: &str) {
    harness.event(egui::Event::Text(text.into()));
    harness.run_steps(3);
}

#[test]
fn without_a_scene_editor_and_form_say_what_to_do() {
    let harness = editor("");
    assert!(says(&harness, "test.ron") || !says(&harness, "No scene is open"));
    let empty = |form: bool| {
        let author = author();
        panel_test([600.0, 400.0], ScenesState::default(), move |ui, look, scenes, actions| {
            if form {
                scene_form::show(ui, look, Some(&author), &mut scenes.document, &mut scenes.form);
            } else {
                scene_editor::show(ui, look, Some(&author), &mut scenes.document, &mut scenes.editor, actions);
            }
        })
    };
    assert!(says(&empty(false), "No scene is open") && says(&empty(true), "No scene is open"));
}

#[test]
fn the_editor_runs_saves_and_takes_back() {
    let mut harness = editor(SCENE);
    assert_eq!(nameless(&harness), Vec::<String>::new());
    assert!(says(&harness, "Runs as it stands"));
    caret(&mut harness, SCENE.find("7,").unwrap());
    write(&mut harness, "1");
    assert_eq!(text(&harness), SCENE.replace("7,", "17,"));
    assert!(says(&harness, "Changed; Apply runs it"));
    let run = [Action::Scene(SceneRequest::Run(SCENE.replace("7,", "17,")))];
    assert_eq!(press(&mut harness, egui::Modifiers::COMMAND, egui::Key::Enter), run);
    assert_eq!(click(&mut harness, Role::Button, "Apply"), run);
    assert_eq!(click(&mut harness, Role::Button, "Save the scene"), [Action::SaveScene { ask: false }]);
    caret(&mut harness, 0);
    press(&mut harness, egui::Modifiers::COMMAND, egui::Key::Z);
    assert_eq!(text(&harness), SCENE);
    press(&mut harness, egui::Modifiers::COMMAND | egui::Modifiers::SHIFT, egui::Key::Z);
    assert_eq!(text(&harness), SCENE.replace("7,", "17,"));
    click(&mut harness, Role::Button, "Revert to the saved text");
    assert_eq!(text(&harness), SCENE);
}

#[test]
fn what_is_wrong_is_listed_and_a_click_leads_there() {
    let wrong = SCENE.replace("seed: 7", "sed: 7");
    let mut harness = editor(&wrong);
    assert!(says(&harness, "did you mean \"seed\"?") && says(&harness, "1 problem"));
    click(&mut harness, Role::Button, "Line 3: there is no field \"sed\" here");
    assert_eq!(harness.state().state.editor.caret(), wrong.find("sed").unwrap());
    assert!(says(&harness, "Line 3, column 5"));
}

#[test]
fn names_are_completed_while_typing() {
    let mut harness = editor("Scene(\n    \n)");
    caret(&mut harness, 11);
    write(&mut harness, "se");
    assert!(says(&harness, "What seed means."));
    press(&mut harness, egui::Modifiers::NONE, egui::Key::Enter);
    assert_eq!(text(&harness), "Scene(\n    seed: \n)");
    assert_eq!(harness.state().state.editor.caret(), 17);
    write(&mut harness, "5");
    assert_eq!(text(&harness), "Scene(\n    seed: 5\n)");
    // Asked for, everything is offered; the second is taken.
    caret(&mut harness, 11);
    press(&mut harness, egui::Modifiers::COMMAND, egui::Key::Space);
    press(&mut harness, egui::Modifiers::NONE, egui::Key::ArrowDown);
    press(&mut harness, egui::Modifiers::NONE, egui::Key::Tab);
    assert_eq!(text(&harness), "Scene(\n    tick_hz: seed: 5\n)");
}

#[test]
fn new_lines_are_indented_by_their_brackets() {
    let mut harness = editor("Scene()");
    caret(&mut harness, 6);
    press(&mut harness, egui::Modifiers::NONE, egui::Key::Enter);
    assert_eq!((text(&harness), harness.state().state.editor.caret()), ("Scene(\n    \n)", 11));
    press(&mut harness, egui::Modifiers::NONE, egui::Key::Tab);
    assert_eq!(text(&harness), "Scene(\n        \n)");
}

#[test]
fn text_is_found_replaced_and_lines_are_gone_to() {
    let mut harness = editor(&long(40));
    caret(&mut harness, 0);
    press(&mut harness, egui::Modifiers::COMMAND, egui::Key::F);
    harness.get_by_role_and_label(Role::TextInput, "Find").type_text("long-3");
    harness.run_steps(4);
    assert!(says(&harness, "1 of 11"));
    click(&mut harness, Role::Button, "Next place");
    assert!(says(&harness, "2 of 11"));
    click(&mut harness, Role::TextInput, "Replace by");
    harness.get_by_role_and_label(Role::TextInput, "Replace by").type_text("short-3");
    harness.run_steps(3);
    click(&mut harness, Role::Button, "Replace all places");
    assert_eq!(text(&harness).matches("short-3").count(), 11);
    assert!(says(&harness, "nowhere"));
    click(&mut harness, Role::Button, "Close the search");
    caret(&mut harness, 0);
    press(&mut harness, egui::Modifiers::COMMAND, egui::Key::G);
    click(&mut harness, Role::TextInput, "Line to go to");
    harness.get_by_role_and_label(Role::TextInput, "Line to go to").type_text("30");
    harness.run_steps(3);
    press(&mut harness, egui::Modifiers::NONE, egui::Key::Enter);
    assert!(says(&harness, "Line 30, column 1"));
}

#[test]
fn ten_thousand_lines_are_edited_without_waiting() {
    // As in the window: without the tree for screen readers, which nobody asked for there.
    let ctx = egui::Context::default();
    ctx.set_fonts(theme::fonts());
    let author = author();
    let mut scenes = ScenesState { document: document(&long(10_000)), ..default() };
    let frame = |events: Vec<egui::Event>, scenes: &mut ScenesState| {
        let size = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(900.0, 500.0));
        let input = egui::RawInput { screen_rect: Some(size), events, ..default() };
        let mut output = ctx.run_ui(input, |ui| {
            theme::dress(ui.ctx(), Theme::Dark, false);
            let mut actions = Actions::default();
            let look = Look::of(Theme::Dark);
            scene_editor::show(ui, &look, Some(&author), &mut scenes.document, &mut scenes.editor, &mut actions);
        });
        output.textures_delta.clear();
    };
    frame(Vec::new(), &mut scenes);
    scenes.editor.jump_to(400_000);
    for _ in 0..3 {
        frame(Vec::new(), &mut scenes);
    }
    // What takes long is laying the text out: once for each letter, and not at all when nothing changes.
    let mut laid_out = scenes.editor.layout().unwrap();
    for _ in 0..5 {
        frame(vec![egui::Event::Text("7".into())], &mut scenes);
        let typed = scenes.editor.layout().unwrap();
        assert!(!std::sync::Arc::ptr_eq(&laid_out, &typed), "the letter is not laid out");
        for _ in 0..4 {
            frame(Vec::new(), &mut scenes);
        }
        laid_out = scenes.editor.layout().unwrap();
        assert!(std::sync::Arc::ptr_eq(&laid_out, &typed), "an unchanged text is laid out again");
    }
    assert!(scenes.document.text().contains("77777"));
}

fn form<'a>(text: &str) -> Harness<'a, PanelTest<ScenesState>> {
    let scenes = ScenesState { document: document(text), ..default() };
    let author = author();
    panel_test([420.0, 900.0], scenes, move |ui, look, scenes, _| {
        scene_form::show(ui, look, Some(&author), &mut scenes.document, &mut scenes.form);
    })
}

#[test]
fn the_form_shows_every_field_and_edits_the_text() {
    let mut harness = form(SCENE);
    assert_eq!(nameless(&harness), Vec::<String>::new());
    for field in ["Name", "Seed", "Tick hz", "Agents (1)", "World", "Boids"] {
        assert!(says(&harness, field), "{field}");
    }
    harness.get_by_role_and_label(Role::TextInput, "Name").click();
    harness.run_steps(2);
    harness.key_press(egui::Key::End);
    harness.get_by_role_and_label(Role::TextInput, "Name").type_text("!");
    harness.run_steps(3);
    assert_eq!(text(&harness), SCENE.replace("Under test", "Under test!"));
    click(&mut harness, Role::CheckBox, "Use Boids");
    assert!(text(&harness).contains("boids: ()"), "{}", text(&harness));
    click(&mut harness, Role::Button, "Add to agents");
    assert!(text(&harness).contains("count: 3), ()]"), "{}", text(&harness));
    let rect = harness.get_by_role_and_label(Role::Button, "Remove agents[0]").rect();
    assert!(rect.right() <= 420.0, "{rect:?}");
    click(&mut harness, Role::Button, "Duplicate agents[0]");
    assert_eq!(text(&harness).matches("bird").count(), 2);
    assert!(says(&harness, "Agents (3)"));
    // Nothing grows out of the panel, frame by frame.
    harness.run_steps(20);
    let right = harness.get_by_role_and_label(Role::Button, "Remove agents[0]").rect().right();
    assert!(right <= 420.0, "{right}");
}

#[test]
fn choices_are_chosen_in_the_form() {
    let mut harness = form(&SCENE.replace("seed: 7", "world: ()"));
    click(&mut harness, Role::Button, "World");
    click(&mut harness, Role::ComboBox, "Edge");
    harness.get_by_label("Open").click();
    harness.run_steps(3);
    assert!(
        text(&harness).contains("world: (edge: Open)") || text(&harness).contains("edge: Open"),
        "{}",
        text(&harness)
    );
}

#[test]
fn the_form_searches_and_hides_what_is_not_set() {
    let mut harness = form(SCENE);
    harness.state_mut().state.form.only_set = true;
    harness.run_steps(3);
    assert!(says(&harness, "Seed") && !says(&harness, "Tick hz"));
    harness.state_mut().state.form.only_set = false;
    harness.state_mut().state.form.search = "count".into();
    harness.run_steps(3);
    assert!(says(&harness, "agents[0].count") && !says(&harness, "Tick hz"));
    harness.state_mut().state.form.search = "no such field".into();
    harness.run_steps(3);
    assert!(says(&harness, "No field matches"));
}

#[test]
fn problems_stand_at_their_fields_and_broken_texts_are_told() {
    let harness = form(&SCENE.replace("seed: 7", "seed: -7"));
    assert!(says(&harness, "-7 is out of range"));
    let harness = form("Scene(");
    assert!(says(&harness, "The text can't be read") && says(&harness, "never closed"));
}

#[test]
fn a_form_of_ten_thousand_groups_shows_a_page() {
    let mut harness = form(&long(10_000));
    // So long a text is read on a thread of its own.
    until(&mut harness, |harness| says(harness, "Agents (10"));
    let widgets = harness.query_all_by(|_| true).count();
    assert!(widgets < 2000, "{widgets} widgets");
    assert!(says(&harness, "Agents (10\u{202f}000)"));
}

fn entry(name: &str, tags: &[&str], path: Option<&str>) -> SceneEntry {
    SceneEntry {
        name: name.into(),
        title: format!("The {name}"),
        description: "What it shows, in a sentence that is too long for a card and goes on and on and on.".into(),
        path: path.map(PathBuf::from),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        agents: 1200,
        headline: vec![format!("{name}.order")],
        ..default()
    }
}

fn gallery_of<'a>(library: SceneLibrary) -> Harness<'a, PanelTest<ScenesState>> {
    let mut scenes = ScenesState::default();
    scenes.gallery.open(&mut Actions::default());
    let status = SceneStatus { name: "flock".into(), ..default() };
    let author = author();
    let mut harness = panel_test([1280.0, 720.0], scenes, move |ui, look, scenes, actions| {
        let area = ui.max_rect();
        crate::editing::floating(ui.ctx(), look, area, Some(&author), &library, &status, scenes, actions);
    });
    harness.run_steps(5);
    harness
}

fn shelf() -> SceneLibrary {
    let gone = SceneEntry { trouble: Some(SceneTrouble::Gone), ..entry("gone", &[], Some("/x/gone.ron")) };
    SceneLibrary {
        entries: vec![entry("flock", &["boids"], None), entry("ants", &["pheromones"], None)],
        recent_entries: vec![entry("mine", &["boids"], Some("/x/mine.ron")), gone],
        ..default()
    }
}

#[test]
fn the_gallery_shows_cards_and_opens_by_click_and_by_key() {
    let mut harness = gallery_of(shelf());
    assert_eq!(nameless(&harness), Vec::<String>::new());
    for text in ["Scene The flock", "The file is gone", "Opened lately", "1\u{202f}200 agents"] {
        assert!(says(&harness, text), "{text}");
    }
    let open = |name: &str| [Action::Scene(SceneRequest::Open(name.into()))];
    harness.key_press(egui::Key::ArrowRight);
    harness.run_steps(3);
    harness.key_press(egui::Key::Enter);
    harness.run_steps(3);
    assert_eq!(harness.state_mut().actions.take(), open("ants"));
    assert!(!harness.state().state.gallery.open);
    let mut harness = gallery_of(shelf());
    assert_eq!(click(&mut harness, Role::Button, "Scene The mine"), open("/x/mine.ron"));
    let mut harness = gallery_of(shelf());
    let new = SceneRequest::New { title: "Empty".into(), text: "Scene(agents: [()])".into() };
    assert_eq!(click(&mut harness, Role::Button, "New: empty"), [Action::Scene(new)]);
}

#[test]
fn the_gallery_is_searched_and_filtered_by_tags() {
    let mut harness = gallery_of(shelf());
    click(&mut harness, Role::Button, "Only pheromones");
    assert!(says(&harness, "Scene The ants") && !says(&harness, "Scene The flock"));
    click(&mut harness, Role::TextInput, "Search scenes");
    harness.get_by_role_and_label(Role::TextInput, "Search scenes").type_text("bees");
    harness.run_steps(4);
    assert!(says(&harness, "No scene matches"));
    harness.key_press(egui::Key::Escape);
    harness.run_steps(3);
    assert!(!harness.state().state.gallery.open);
    assert!(says(&gallery_of(SceneLibrary::default()), "There are no scenes here"));
}

#[test]
fn a_thousand_scenes_are_a_page_of_cards() {
    let mut library = shelf();
    library.entries = (0..1000).map(|number| entry(&format!("scene-{number}"), &["boids"], None)).collect();
    let mut harness = gallery_of(library);
    harness.get_by_role_and_label(Role::TextInput, "Search scenes").type_text("scene-777");
    harness.run_steps(4);
    harness.key_press(egui::Key::Enter);
    harness.run_steps(3);
    let open = [Action::Scene(SceneRequest::Open("scene-777".into()))];
    assert_eq!(harness.state_mut().actions.take(), open);
}

fn question<'a>(prepare: impl FnOnce(&mut ScenesState)) -> Harness<'a, PanelTest<ScenesState>> {
    let mut scenes = ScenesState::default();
    scenes.document.open(Source {
        name: "/x/mine.ron".into(),
        text: "a\nb".into(),
        path: Some("/x/mine.ron".into()),
        ..default()
    });
    scenes.document.changed_to("a\nmine", 0.0);
    prepare(&mut scenes);
    let mut harness = panel_test([1000.0, 600.0], scenes, move |ui, look, scenes, actions| {
        let area = ui.max_rect();
        files::show(ui.ctx(), look, area, &scenes.document, None, &mut scenes.files, actions);
    });
    harness.run_steps(4);
    harness
}

#[test]
fn unsaved_changes_are_asked_about() {
    let close = || question(|scenes| assert!(!scenes.may(&SceneRequest::Close)));
    let mut harness = close();
    assert!(says(&harness, "Save mine.ron?"));
    assert_eq!(nameless(&harness), Vec::<String>::new());
    assert_eq!(
        click(&mut harness, Role::Button, "Save"),
        [Action::Scene(SceneRequest::Save("/x/mine.ron".into())), Action::Discard(SceneRequest::Close)]
    );
    assert_eq!(click(&mut close(), Role::Button, "Don't save"), [Action::Discard(SceneRequest::Close)]);
    let mut harness = close();
    assert_eq!(click(&mut harness, Role::Button, "Cancel"), vec![]);
    assert!(harness.state().state.files.pending.is_none());
}

#[test]
fn a_file_changed_elsewhere_is_kept_taken_or_compared() {
    let changed = || question(|scenes| scenes.files.theirs = Some("a\ntheirs".into()));
    let mut harness = changed();
    click(&mut harness, Role::Button, "Show the difference");
    assert!(says(&harness, "mine    mine") && says(&harness, "theirs  theirs") && says(&harness, "1 line alike"));
    assert_eq!(click(&mut harness, Role::Button, "Take theirs"), [Action::Discard(SceneRequest::TakeTheirs)]);
    let mut harness = changed();
    assert_eq!(click(&mut harness, Role::Button, "Keep mine"), vec![]);
    assert!(!harness.state().state.files.is_asking());
    let mut harness = changed();
    click(&mut harness, Role::Button, "Save mine as");
    assert!(says(&harness, "Save the scene as"));
}

#[test]
fn texts_that_were_found_again_are_offered() {
    let found = || {
        question(|scenes| {
            let what = files::RecoveredWhat::Text { lines: 40 };
            let text = files::Recovered { title: "Evening flock".into(), path: None, age: 300, what };
            scenes.files.recovered = vec![text];
        })
    };
    let mut harness = found();
    assert!(says(&harness, "Evening flock") && says(&harness, "5\u{202f}min ago"));
    assert_eq!(click(&mut harness, Role::Button, "Restore"), [Action::Scene(SceneRequest::Recover(0))]);
    assert_eq!(click(&mut found(), Role::Button, "Delete them"), [Action::Scene(SceneRequest::Forget(0))]);
    let mut harness = found();
    click(&mut harness, Role::Button, "Later");
    assert!(!says(&harness, "Evening flock"));
}

#[test]
fn runs_that_were_cut_off_are_offered() {
    let mut harness = question(|scenes| {
        let what = files::RecoveredWhat::Run { tick: 1204, changes: 3 };
        scenes.files.recovered = vec![files::Recovered { title: "Evening flock".into(), path: None, age: 300, what }];
    });
    assert!(says(&harness, "A run of Evening flock was cut off") && says(&harness, "3 changes"));
    let height = harness.ctx.memory(|memory| memory.area_rect("found-again")).unwrap().height();
    assert!(height < 140.0, "the offer is {height} points high");
    assert_eq!(click(&mut harness, Role::Button, "Restore"), [Action::Scene(SceneRequest::Recover(0))]);
}

#[test]
fn moved_sliders_are_written_into_the_text() {
    use agent2028_core::reflect_path::ParamValue;
    let mut scenes = ScenesState { document: document(SCENE), ..default() };
    let moved = |path: &str, value: f64| (path.to_owned(), ParamValue::Number(value));
    assert_eq!(scenes.keep_parameters([moved("agents[0].count", 12.0)], 0.0), Ok(1));
    assert_eq!(scenes.document.text(), SCENE.replace("count: 3", "count: 12"));
    assert!(scenes.keep_parameters([moved("seed.x", 1.0)], 0.0).is_err());
}
