//! What is asked of the window, done without a window.

use std::time::Duration;

use agent2028_editor::files::RecoveredWhat;
use agent2028_inspector::SceneTrouble;
use agent2028_view::ColorBy;

use super::*;

/// The window without a window: what is asked of it, done to a simulation that nobody sees.
fn window(name: &str, home: &Path) -> App {
    let loaded = load(name, &[]).unwrap_or_else(|error| panic!("{}", error.to_plain_text()));
    let simulation = simulation_of(&loaded, Some(1), &ExtraPlugins::default()).unwrap();
    let mut status = status_of(&loaded);
    status.source.0 = 1;
    let mut state = InspectorState::default();
    state.scenes().follow(&status.source);
    let folders = Folders { state: home.join("state"), cache: home.join("cache"), scenes: home.join("scenes") };
    let mut app = App::new();
    app.add_plugins(bevy::time::TimePlugin)
        .add_message::<SceneRequest>()
        .add_message::<AppExit>()
        .add_message::<FileDragAndDrop>()
        .add_message::<WindowCloseRequested>()
        .insert_resource(simulation)
        .insert_resource(status)
        .insert_resource(state)
        .init_resource::<SceneLibrary>()
        .init_resource::<WorldCamera>()
        .init_resource::<Viewport>()
        .init_resource::<ViewSettings>()
        .init_resource::<PictureMaker>()
        .init_resource::<AskedToEnd>()
        .init_resource::<Timeline>()
        .init_resource::<Transport>()
        .insert_resource(OpenScene {
            watch: FileWatch::of(&loaded),
            loaded,
            threads: Some(1),
            plugins: ExtraPlugins::default(),
            settings: Vec::new(),
            folders: Some(folders),
            found: Vec::new(),
            opened: 0,
            recorder: None,
        })
        .add_systems(
            Update,
            (
                super::super::signals::end_when_asked,
                take_drops,
                close_window,
                serve,
                follow_files,
                keep_unsaved,
                journal::keep_journal,
            )
                .chain(),
        );
    app
}

fn ask(app: &mut App, request: SceneRequest) {
    app.world_mut().write_message(request);
    app.update();
}

/// Draws frames until something has come about, however slow the machine is: threads and the file system answer in their own
/// time. Only what never comes is given up, after minutes.
fn until(app: &mut App, mut done: impl FnMut(&mut App) -> bool) {
    for _ in 0..60_000 {
        app.update();
        if done(app) {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("it never comes about");
}

fn scenes(app: &mut App) -> Mut<'_, InspectorState> {
    app.world_mut().resource_mut::<InspectorState>()
}

fn document(app: &mut App) -> &agent2028_editor::Document {
    &scenes(app).into_inner().scenes().document
}

fn agents(app: &App) -> usize {
    app.world().resource::<Simulation>().agents()
}

fn edit(app: &mut App, text: &str) {
    scenes(app).scenes().document.changed_to(text, 0.0);
}

const TWO: &str = "Scene(name: \"Two\", agents: [(name: \"a\", count: 2)])";

#[test]
fn a_built_in_scene_is_edited_run_saved_and_opened_again() {
    let home = tempfile::tempdir().unwrap();
    let mut app = window("flock", home.path());
    edit(&mut app, TWO);
    ask(&mut app, SceneRequest::Run(TWO.into()));
    assert_eq!((agents(&app), scenes(&mut app).scenes().document.is_dirty()), (2, true));
    let file = home.path().join("two.ron");
    ask(&mut app, SceneRequest::Save(file.clone()));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), TWO);
    assert!(!scenes(&mut app).scenes().document.is_dirty());
    assert_eq!(app.world().resource::<SceneStatus>().path.as_ref(), Some(&file));
    ask(&mut app, SceneRequest::Open("foraging".into()));
    assert_eq!(scenes(&mut app).scenes().document.name(), "foraging");
    let dropped = FileDragAndDrop::DroppedFile { window: Entity::PLACEHOLDER, path_buf: file };
    app.world_mut().write_message(dropped);
    app.update();
    assert_eq!((agents(&app), scenes(&mut app).scenes().document.text()), (2, TWO));
    assert_eq!(app.world().resource::<SceneLibrary>().recent.len(), 1);
}

#[test]
fn nothing_is_opened_or_closed_over_unsaved_changes() {
    let home = tempfile::tempdir().unwrap();
    let mut app = window("flock", home.path());
    edit(&mut app, TWO);
    let dropped = FileDragAndDrop::DroppedFile { window: Entity::PLACEHOLDER, path_buf: "x.ron".into() };
    app.world_mut().write_message(dropped);
    app.update();
    assert_eq!(scenes(&mut app).scenes().files.pending, Some(SceneRequest::Open("x.ron".into())));
    app.world_mut().write_message(WindowCloseRequested { window: Entity::PLACEHOLDER });
    app.update();
    assert_eq!(scenes(&mut app).scenes().files.pending, Some(SceneRequest::Close));
    assert_eq!(scenes(&mut app).scenes().document.text(), TWO);
    assert!(app.should_exit().is_none());
    // The answer is given: it closes, and nothing is kept.
    ask(&mut app, SceneRequest::Close);
    assert!(app.should_exit().is_some());
}

#[test]
fn a_broken_scene_leaves_the_old_one_running_and_its_text_to_be_mended() {
    let home = tempfile::tempdir().unwrap();
    let mut app = window("flock", home.path());
    let before = agents(&app);
    let file = home.path().join("broken.ron");
    std::fs::write(&file, "Scene(agents: [(cuont: 3)])").unwrap();
    ask(&mut app, SceneRequest::Open(file.display().to_string()));
    let status = app.world().resource::<SceneStatus>();
    assert_eq!((agents(&app), status.reports.len()), (before, 1));
    let report = &status.reports[0];
    assert!(report.here && report.help.contains("count") && (report.line, report.column) == (1, 17), "{report:?}");
    let document = document(&mut app);
    assert!(document.text().contains("cuont") && document.is_ahead() && !document.is_dirty());
    ask(&mut app, SceneRequest::Run("Scene(agents: [(count: 3)])".into()));
    assert_eq!((agents(&app), app.world().resource::<SceneStatus>().reports.len()), (3, 0));
    // Restarting runs what was applied, not what the file says.
    ask(&mut app, SceneRequest::Reload);
    assert_eq!(agents(&app), 3);
}

#[test]
fn unsaved_texts_are_kept_and_removed_once_they_are_saved() {
    let home = tempfile::tempdir().unwrap();
    let mut app = window("flock", home.path());
    let kept = || std::fs::read_dir(home.path().join("state/unsaved")).map_or(0, Iterator::count);
    edit(&mut app, TWO);
    app.update();
    assert_eq!(kept(), 1);
    ask(&mut app, SceneRequest::Save(home.path().join("two.ron")));
    app.update();
    assert_eq!(kept(), 0);
}

#[test]
fn a_text_that_was_found_again_is_restored_with_its_file_and_runs() {
    let home = tempfile::tempdir().unwrap();
    let mut app = window("flock", home.path());
    let file = home.path().join("mine.ron");
    std::fs::write(&file, "Scene(agents: [()])").unwrap();
    let text = Unsaved {
        name: file.display().to_string(),
        title: "Mine".into(),
        path: Some(file.clone()),
        text: TWO.into(),
        session: Session { process: u32::MAX - 7, started: 0 },
    };
    let state = home.path().join("state");
    unsaved::keep(&state, &text).unwrap();
    app.world_mut().resource_mut::<OpenScene>().found = lost::find(&state);
    ask(&mut app, SceneRequest::Recover(0));
    let document = document(&mut app);
    assert_eq!((document.text(), document.path(), document.is_dirty()), (TWO, Some(file.as_path()), true));
    assert_eq!((agents(&app), unsaved::found(&state)), (2, vec![]));
}

#[test]
fn a_run_that_a_crash_has_ended_is_brought_back_with_all_that_was_done_to_it() {
    use agent2028_core::faults::Kill;
    use agent2028_core::selector::Selector;
    bevy::tasks::IoTaskPool::get_or_init(bevy::tasks::TaskPool::new);
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("state");
    let mut app = window("flock", home.path());
    let play = |app: &mut App, ticks: u64| {
        app.world_mut().resource_scope(|world, mut timeline: Mut<Timeline>| {
            timeline.run(&mut world.resource_mut::<Simulation>(), ticks);
        });
    };
    play(&mut app, 5);
    app.update();
    let own = journal::folder_of(&state, Session::own());
    assert!(!own.exists(), "nobody has changed anything");
    app.world_mut().resource_scope(|world, mut timeline: Mut<Timeline>| {
        let kill = Kill { select: Selector::Count(7), duration_s: None };
        timeline.intervene(&mut world.resource_mut::<Simulation>(), kill);
    });
    play(&mut app, 5);
    until(&mut app, |_| own.join("session.json").exists());
    let (hash, left) = (app.world().resource::<Simulation>().state_hash(), agents(&app));
    // The program dies, and the next has the number of its process: the folder stays, and is told apart by its time.
    let before = Session { started: Session::own().started - 1, ..Session::own() };
    let dead = journal::folder_of(&state, before);
    std::fs::rename(&own, &dead).unwrap();
    let note = dead.join("session.json");
    let text = std::fs::read_to_string(&note).unwrap();
    let text =
        text.replace(&format!("\"started\":{}", Session::own().started), &format!("\"started\":{}", before.started));
    std::fs::write(&note, text).unwrap();

    let mut app = window("predator", home.path());
    app.world_mut().resource_mut::<OpenScene>().found = lost::find(&state);
    let offered = lost::offered(&app.world().resource::<OpenScene>().found);
    assert_eq!(offered[0].what, RecoveredWhat::Run { tick: 10, changes: 1 });
    ask(&mut app, SceneRequest::Recover(0));
    app.world_mut().resource_scope(|world, mut timeline: Mut<Timeline>| {
        timeline.finish(&mut world.resource_mut::<Simulation>());
    });
    let simulation = app.world().resource::<Simulation>();
    assert_eq!((simulation.tick(), simulation.state_hash(), agents(&app)), (10, hash, left));
    assert!(!dead.exists() && !scenes(&mut app).scenes().document.is_dirty());
    // Another scene on purpose: nothing is left behind.
    until(&mut app, |_| own.join("session.json").exists());
    ask(&mut app, SceneRequest::Open("flock".into()));
    until(&mut app, |_| !own.exists());
}

#[test]
fn a_file_changed_elsewhere_is_taken_over_or_asked_about() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("scene.ron");
    std::fs::write(&file, TWO).unwrap();
    let mut app = window(&file.display().to_string(), home.path());
    std::fs::write(&file, TWO.replace("count: 2", "count: 5")).unwrap();
    until(&mut app, |app| agents(app) == 5);
    assert!(scenes(&mut app).scenes().document.text().contains("count: 5"));
    edit(&mut app, "mine");
    std::fs::write(&file, TWO.replace("count: 2", "count: 7")).unwrap();
    until(&mut app, |app| scenes(app).scenes().files.theirs.is_some());
    assert_eq!((agents(&app), scenes(&mut app).scenes().document.text()), (5, "mine"));
    ask(&mut app, SceneRequest::TakeTheirs);
    assert!(agents(&app) == 7 && !scenes(&mut app).scenes().document.is_dirty());
}

#[test]
fn a_new_scene_runs_at_once_and_asks_for_a_name_only_when_it_is_saved() {
    let home = tempfile::tempdir().unwrap();
    let mut app = window("flock", home.path());
    ask(&mut app, SceneRequest::New { title: "Empty".into(), text: TWO.into() });
    let document = document(&mut app);
    assert_eq!((document.path(), document.is_dirty(), document.is_ahead()), (None, false, false));
    assert_eq!(agents(&app), 2);
}

#[test]
fn a_scene_is_shown_as_it_wishes_and_a_choice_by_hand_stays_while_it_begins_anew() {
    let home = tempfile::tempdir().unwrap();
    let mut app = window("flock", home.path());
    let colored = |app: &App| app.world().resource::<ViewSettings>().color_by.clone();
    ask(&mut app, SceneRequest::Open("gossip".into()));
    assert_eq!(colored(&app), ColorBy::Quantity("informed".into()));
    app.world_mut().resource_mut::<ViewSettings>().color_by = ColorBy::Status;
    ask(&mut app, SceneRequest::Reload);
    assert_eq!(colored(&app), ColorBy::Status);
    ask(&mut app, SceneRequest::Open("flock".into()));
    assert_eq!(colored(&app), ColorBy::Group, "the next scene doesn't inherit it");
}

/// A file that says to be 100 MB long, and takes no room.
fn enormous(file: &Path) {
    std::fs::File::create(file).and_then(|file| file.set_len(100_000_000)).unwrap();
}

#[test]
fn what_is_too_long_for_a_window_is_turned_away_with_words_however_it_comes() {
    let home = tempfile::tempdir().unwrap();
    let mine = home.path().join("mine.ron");
    std::fs::write(&mine, TWO).unwrap();
    let mut app = window(&mine.display().to_string(), home.path());
    let told = |app: &mut App| scenes(app).scenes().files.told().map(Note::words).unwrap_or_default();
    let long = home.path().join("long.ron");
    enormous(&long);
    let turned_away = |app: &mut App| {
        let words = told(app);
        assert!(words.contains("long.ron") && words.contains("100\u{202f}MB") && words.contains("up to 1"), "{words}");
        let document = document(app);
        assert_eq!((document.text(), document.is_dirty()), (TWO, false));
        assert_eq!(agents(app), 2);
        scenes(app).scenes().files = Default::default();
    };
    ask(&mut app, SceneRequest::Open(long.display().to_string()));
    turned_away(&mut app);
    let dropped = FileDragAndDrop::DroppedFile { window: Entity::PLACEHOLDER, path_buf: long.clone() };
    app.world_mut().write_message(dropped);
    app.update();
    turned_away(&mut app);
    // The folder of a run is opened by its scene.
    let folder = home.path().join("long.ron.run");
    std::fs::create_dir(&folder).unwrap();
    enormous(&folder.join("scene.ron"));
    ask(&mut app, SceneRequest::Open(folder.display().to_string()));
    turned_away(&mut app);

    // The gallery lists it, and says why it is not opened.
    let folders = app.world().resource::<OpenScene>().folders.clone().unwrap();
    std::fs::create_dir_all(&folders.scenes).unwrap();
    std::fs::rename(&long, folders.scenes.join("long.ron")).unwrap();
    ask(&mut app, SceneRequest::Refresh);
    let card = &app.world().resource::<SceneLibrary>().own[0];
    let why = card.trouble.clone();
    assert!(
        matches!(why, Some(SceneTrouble::UnreadableFile(UnreadableFile::TooLong { bytes: 100_000_000, .. }))),
        "{why:?}"
    );

    // What grows while the window shows it stays as it was, and so do changes that are not saved.
    enormous(&mine);
    ask(&mut app, SceneRequest::Reload);
    assert!(told(&mut app).contains("mine.ron is not opened"), "{}", told(&mut app));
    assert_eq!((agents(&app), scenes(&mut app).scenes().document.text()), (2, TWO));
    let other = TWO.replace("Two", "Other");
    edit(&mut app, &other);
    ask(&mut app, SceneRequest::TakeTheirs);
    assert_eq!((agents(&app), scenes(&mut app).scenes().document.text()), (2, other.as_str()));
}

#[test]
fn a_long_scene_that_runs_already_keeps_its_text_to_itself() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("long.ron");
    let text = format!("{TWO}\n//{}", "-".repeat(scene_file::MOST_BYTES as usize));
    std::fs::write(&file, &text).unwrap();
    let mut app = window(&file.display().to_string(), home.path());
    let document = document(&mut app);
    assert_eq!((document.text(), document.withheld(), document.is_dirty()), ("", Some(text.len() as u64), false));
    ask(&mut app, SceneRequest::Reload);
    assert_eq!(agents(&app), 2, "it begins anew");
    // Nothing writes an empty text over it.
    let mut actions = agent2028_inspector::Actions::default();
    let state = scenes(&mut app).into_inner();
    let agent2028_inspector::ScenesState { files, document, .. } = state.scenes();
    files.save(document, false, None, None, &mut actions);
    assert!(actions.is_empty());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn a_broken_scene_of_the_command_line_opens_the_editor_on_its_error() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("broken.ron");
    let text = "Scene(\n    name: \"Mine\",\n    agents: [(cuont: 3)],\n)\n";
    std::fs::write(&file, text).unwrap();
    let error = load(&file.display().to_string(), &[]).unwrap_err();
    let broken = BrokenScene::of(&file.display().to_string(), &error).unwrap();
    let nothing = BrokenScene::stand_in().unwrap();
    let mut app = window("flock", home.path());
    let simulation = simulation_of(&nothing, Some(1), &ExtraPlugins::default()).unwrap();
    app.insert_resource(status_of(&nothing)).insert_resource(simulation);
    app.world_mut().resource_mut::<OpenScene>().loaded = nothing;
    // When the window begins everything is put where it was left, and no editor was open then.
    app.add_systems(Startup, |mut state: ResMut<InspectorState>| state.layout = InspectorState::default().layout);
    open_broken(&mut app, broken);
    app.update();

    assert_eq!(agents(&app), 0, "nothing else runs");
    let mut state = scenes(&mut app);
    assert!(state.layout.is_seen(agent2028_inspector::PanelKey::new("Editor")));
    assert_eq!(state.scenes().document.text(), text);
    let status = app.world().resource::<SceneStatus>();
    let report = &status.reports[0];
    assert!(report.here && (report.line, report.column) == (3, 15) && report.help.contains("count"), "{report:?}");

    // It is mended in the editor, or by another program.
    let mended = text.replace("cuont", "count");
    edit(&mut app, &mended);
    ask(&mut app, SceneRequest::Run(mended.clone()));
    assert_eq!((agents(&app), app.world().resource::<SceneStatus>().reports.len()), (3, 0));
    assert_eq!(app.world().resource::<OpenScene>().loaded.origin, SceneOrigin::File(file.clone()));
    ask(&mut app, SceneRequest::Save(file.clone()));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), mended);
}

#[test]
fn what_a_person_can_not_mend_in_the_editor_is_no_broken_scene() {
    let home = tempfile::tempdir().unwrap();
    let of = |file: &Path| {
        let error = load(&file.display().to_string(), &[]).unwrap_err();
        BrokenScene::of(&file.display().to_string(), &error).is_some()
    };
    let file = home.path().join("scene.ron");
    assert!(!of(&file), "there is no such file");
    std::fs::write(&file, [0xFF, 0xFE, 0x00]).unwrap();
    assert!(!of(&file), "it is no text");
    std::fs::write(&file, format!("Scene({}", " ".repeat(scene_file::MOST_BYTES as usize))).unwrap();
    assert!(!of(&file), "it is too long");
    std::fs::write(&file, "Scene(").unwrap();
    assert!(of(&file));
}

/// Nobody could be asked about the text, so it is kept; apart from that it is an end like any other.
#[test]
fn an_end_that_the_system_asks_for_is_no_crash_and_loses_no_text() {
    let home = tempfile::tempdir().unwrap();
    let mut app = window("flock", home.path());
    let written = |folder: &str| std::fs::read_dir(home.path().join("state").join(folder)).map_or(0, Iterator::count);
    edit(&mut app, TWO);
    // Before the text has rested long enough to be kept by itself.
    app.update();
    edit(&mut app, "Scene(name: \"Three\", agents: [(count: 3)])");
    app.world().resource::<AskedToEnd>().ask();
    app.update();
    assert_eq!(app.should_exit(), Some(AppExit::Success));
    assert_eq!((written("sessions"), written("unsaved")), (0, 1));
    let file = std::fs::read_dir(home.path().join("state/unsaved")).unwrap().next().unwrap().unwrap();
    let kept: Unsaved = serde_json::from_slice(&std::fs::read(file.path()).unwrap()).unwrap();
    assert!(kept.text.contains("Three"), "the last letters are there too: {}", kept.text);
}
