//! The design's law: colours and sizes come from the tokens, through `theme.rs` alone; words stand where they are shown.

use std::path::{Path, PathBuf};

/// All sources in a folder except the theme and the tests.
fn sources(root: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path.file_name().unwrap() != "tests" {
                    folders.push(path);
                }
            } else if !["theme.rs", "tests.rs"].iter().any(|name| path.file_name().unwrap() == *name) {
                let text = std::fs::read_to_string(&path).unwrap();
                // What follows the unit tests of a file is not drawn.
                let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
                found.push((path, code));
            }
        }
    }
    found
}

/// What a call takes as its first argument, if the code calls it here.
fn arguments<'a>(code: &'a str, call: &str) -> Vec<&'a str> {
    code.match_indices(call).map(|(at, _)| code[at + call.len()..].trim_start()).collect()
}

/// Whether an argument begins with a number other than 0 (nought is no size).
fn is_size(argument: &str) -> bool {
    let number: String = argument.chars().take_while(|letter| letter.is_ascii_digit() || *letter == '.').collect();
    number.parse::<f32>().is_ok_and(|value| value != 0.0)
}

fn offences(code: &str) -> Vec<String> {
    let mut offences = Vec::new();
    for call in [
        "Color32::from_",
        "Rgba8::hex",
        "Rgba8::new",
        "Color32::WHITE",
        "Color32::BLACK",
        "Color32::RED",
        "Color32::GRAY",
    ] {
        offences.extend(code.match_indices(call).map(|(at, _)| code[at..].chars().take(40).collect()));
    }
    for call in [
        "add_space(",
        ".size(",
        "vec2(",
        "Vec2::splat(",
        "Stroke::new(",
        "Margin::same(",
        "Margin::symmetric(",
        "CornerRadius::same(",
        "set_width(",
        "set_min_width(",
        "set_max_width(",
        "set_height(",
        "desired_width(",
        ".width(",
        ".height(",
        "max_height(",
        "min_size(",
        "exact_size(",
        "default_size(",
        ".gap(",
        "circle_filled(",
        "FontId::proportional(",
        "FontId::monospace(",
        "FontId::new(",
        "inner_margin(",
        "corner_radius(",
    ] {
        offences.extend(
            arguments(code, call)
                .into_iter()
                .filter(|argument| is_size(argument))
                .map(|argument| format!("{call}{}", argument.chars().take(20).collect::<String>())),
        );
    }
    offences
}

#[test]
fn no_colour_and_no_size_stands_outside_the_theme() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = ["src", "kit/src", "editor/src", "plots/src"].map(|folder| home.join(folder)).to_vec();
    let plugins = std::fs::read_dir(home.join("..")).unwrap().map(|plugin| plugin.unwrap().path().join("panels/src"));
    folders.extend(plugins.filter(|panels| panels.exists()));
    assert!(folders.len() >= 6, "the panels of plugins were not found");
    for folder in folders {
        let sources = sources(&folder);
        assert!(!sources.is_empty(), "the sources of {} were not found", folder.display());
        for (path, code) in sources {
            assert_eq!(offences(&code), Vec::<String>::new(), "{}", path.display());
        }
    }
}

/// Folders and files that draw, or whose very matter is words: names of commands, types and units in words.
const SHOWN: [&str; 8] =
    ["panels/", "dock/", "shortcuts.rs", "authoring/words.rs", "format.rs", "widgets/", "faults", "tool.rs"];

/// Before a text that no person reads: of tests, names for egui, keys of maps, logs, proofs, comments.
const UNREAD: [&str; 13] = [
    "expect(",
    "Id::new(",
    "warn!(",
    "error!(",
    "debug!(",
    "trace!(",
    "panic!(",
    "unreachable!(",
    "debug_tuple(",
    "write_str(",
    "reason = ",
    "==",
    "// ",
];

/// The texts of a source file that a person would read: more than one word, or a capital.
fn phrases(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut above = "";
    for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
        // A comment behind the code is no text; two strokes within a text are.
        let comment = line.match_indices("//").find(|(at, _)| line[..*at].matches('"').count() % 2 == 0);
        let line = comment.map_or(line, |(at, _)| &line[..at]);
        // A text that begins a line belongs to the call above it.
        let over = std::mem::replace(&mut above, line);
        if line.trim_start().starts_with("#[") || line.contains("\\\"") {
            continue;
        }
        let mut parts = line.split('"');
        let mut before = parts.next().filter(|before| !before.trim().is_empty()).unwrap_or(over);
        while let (Some(text), after) = (parts.next(), parts.next().unwrap_or_default()) {
            let said: String = {
                // What stands in braces is put in by the code.
                let mut depth = 0;
                text.chars()
                    .filter(|letter| {
                        depth += i32::from(*letter == '{') - i32::from(*letter == '}');
                        depth == 0 && *letter != '}'
                    })
                    .collect()
            };
            let several = said.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).count() > 1;
            let capital = said.starts_with(char::is_uppercase) && said.contains(char::is_lowercase);
            if (several || capital) && !UNREAD.iter().any(|call| before.contains(call)) {
                found.push(text.to_owned());
            }
            before = after;
        }
    }
    found
}

#[test]
fn no_words_stand_outside_the_files_that_show_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = sources(&root.join("src")).into_iter().map(|(path, code)| (root.join("src"), path, code));
    let of_kit = sources(&root.join("kit/src")).into_iter().map(|(path, code)| (root.join("kit/src"), path, code));
    for (folder, path, code) in own.chain(of_kit) {
        let place = path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/");
        if !SHOWN.iter().any(|shown| place.starts_with(shown)) {
            assert_eq!(phrases(&code), Vec::<String>::new(), "{}", path.display());
        }
    }
    // The window's own code tells what happened, and leaves the words to the panels.
    let window = sources(&root.join("../../src/desktop"));
    assert!(window.len() > 5, "the window's sources were not found");
    // Where no window can open, or its display dies, the words go to the terminal.
    for (path, code) in window.into_iter().filter(|(path, _)| {
        let is_of_display = path.ancestors().any(|folder| folder.ends_with("desktop/display"));
        !(is_of_display || path.ends_with("display.rs"))
    }) {
        assert_eq!(phrases(&code), Vec::<String>::new(), "{}", path.display());
    }
}

#[test]
fn neither_the_window_nor_the_view_knows_a_plugin() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let plugins = std::fs::read_dir(root.join("..")).unwrap().map(|plugin| plugin.unwrap());
    let plugins: Vec<String> = plugins
        .filter(|plugin| plugin.path().join("panels/src").exists())
        .map(|plugin| format!("agent2028_{}", plugin.file_name().to_string_lossy()))
        .collect();
    assert!(plugins.len() >= 7, "the plugins were not found: {plugins:?}");
    for folder in ["src", "kit/src", "editor/src", "plots/src", "../view/src"] {
        let sources = sources(&root.join(folder));
        assert!(sources.len() > 4, "the sources of {folder} were not found");
        for (path, code) in sources {
            let known = plugins.iter().find(|plugin| code.contains(plugin.as_str()));
            assert!(known.is_none(), "{} knows {known:?}", path.display());
        }
    }
}

#[test]
fn the_search_finds_what_it_should() {
    assert_eq!(
        phrases("a(\"boids\", \"nest-{number}\", \"{} {}\"); x.expect(\"it is there\"); // \"no words\""),
        [""; 0]
    );
    assert_eq!(
        phrases("told(\"Saved as {file}\"); (\"Home\", \"went well\")"),
        ["Saved as {file}", "Home", "went well"]
    );
    assert_eq!(offences("ui.add_space(0.0); ui.add_space(spacing::TIGHT); vec2(width, 0.0)").len(), 0);
    assert_eq!(offences("ui.add_space(7.0); Color32::from_rgb(1, 2, 3); vec2( 3.5, y); Color32::WHITE").len(), 4);
}
