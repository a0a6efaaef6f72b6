//! Property tests try the same cases in every run, unless somebody asks for others.

use std::path::PathBuf;

fn sources(folder: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(path.to_str().unwrap(), found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_property_test_draws_the_same_cases_in_every_run() {
    let mut all = Vec::new();
    for folder in ["src", "plugins", "tests", "benches"] {
        sources(folder, &mut all);
    }
    let (mut wrong, mut right) = (Vec::new(), 0);
    for source in all.iter().filter(|source| !source.ends_with("suite/properties.rs")) {
        let text = std::fs::read_to_string(source).unwrap();
        for (at, _) in text.match_indices("proptest!") {
            if text[..at].rsplit('\n').next().is_some_and(|line| line.trim_start().starts_with("//")) {
                continue;
            }
            // What the macro is configured by stands right behind it.
            let said: String = text[at..].lines().filter(|line| !line.trim().is_empty()).take(3).collect();
            if said.contains("agent2028_property_tests::cases(") {
                right += 1;
            } else {
                wrong.push(format!("{}: {said}", source.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "draw from `agent2028_property_tests::cases`:\n{}", wrong.join("\n"));
    assert!(right > 35, "{right} blocks of property tests");
}
