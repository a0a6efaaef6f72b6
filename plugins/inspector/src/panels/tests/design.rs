//! The design's law for this crate: colours and sizes come from the tokens, through `theme.rs` alone.

use std::path::{Path, PathBuf};

/// All sources of the crate except the theme and the tests.
fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path.file_name().unwrap() != "tests" {
                    folders.push(path);
                }
            } else if path.file_name().unwrap() != "theme.rs" {
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
    let sources = sources();
    assert!(sources.len() > 30, "the sources were not found");
    for (path, code) in sources {
        assert_eq!(offences(&code), Vec::<String>::new(), "{}", path.display());
    }
}

#[test]
fn the_search_finds_what_it_should() {
    assert_eq!(offences("ui.add_space(0.0); ui.add_space(spacing::TIGHT); vec2(width, 0.0)").len(), 0);
    assert_eq!(offences("ui.add_space(7.0); Color32::from_rgb(1, 2, 3); vec2( 3.5, y); Color32::WHITE").len(), 4);
}
