use std::path::{Path, PathBuf};

use super::*;
use crate::widgets::{FileDialog, FileQuestion, FileTask};

struct Asked {
    dialog: FileDialog,
    answer: Option<PathBuf>,
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("agent2028-dialog-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("inner")).unwrap();
    for file in ["flock.ron", "a-name-that-is-far-too-long-for-its-column-and-goes-on-and-on-and-on-and-on.ron"] {
        std::fs::write(folder.join(file), "()").unwrap();
    }
    folder
}

fn dialog<'a>(task: FileTask, folder: &Path) -> Harness<'a, PanelTest<Asked>> {
    let mut dialog = FileDialog::default();
    dialog.ask(FileQuestion {
        task,
        title: "Save the scene as".into(),
        endings: vec!["ron"],
        folder: Some(folder.into()),
        ..default()
    });
    let mut harness = panel_test([1280.0, 720.0], Asked { dialog, answer: None }, |ui, look, asked, _| {
        if let Some(path) = asked.dialog.show(ui.ctx(), look) {
            asked.answer = Some(path);
        }
    });
    harness.run_steps(5);
    harness
}

#[test]
fn a_file_is_chosen_by_clicks_and_every_widget_has_a_name() {
    let folder = folder("open");
    let mut harness = dialog(FileTask::Open, &folder);
    assert_eq!(nameless(&harness), Vec::<String>::new());
    assert!(says(&harness, "Folder inner"));
    click(&mut harness, Role::Button, "File flock.ron");
    click(&mut harness, Role::Button, "Open");
    assert_eq!(harness.state().state.answer, Some(folder.join("flock.ron")));
    assert!(!harness.state().state.dialog.is_open());
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn replacing_a_file_takes_two_clicks_and_escape_closes() {
    let folder = folder("save");
    let mut harness = dialog(FileTask::Save, &folder);
    harness.get_by_role_and_label(Role::TextInput, "Name of the file").type_text("flock");
    harness.run_steps(3);
    click(&mut harness, Role::Button, "Save");
    assert!(says(&harness, "flock.ron is there already"));
    click(&mut harness, Role::Button, "Replace");
    assert_eq!(harness.state().state.answer, Some(folder.join("flock.ron")));
    let mut harness = dialog(FileTask::Folder, &folder.join("inner"));
    assert!(says(&harness, "Nothing to choose in this folder"));
    harness.key_press(egui::Key::Escape);
    harness.run_steps(3);
    assert!(!harness.state().state.dialog.is_open() && harness.state().state.answer.is_none());
    std::fs::remove_dir_all(folder).unwrap();
}
