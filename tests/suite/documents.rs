//! Documents that are kept in step with the sources: what they name is there, and what is there has its line.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// All files below a folder of the repository with this ending, without what builds and fuzzers write.
fn files(folder: &str, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            if !["target", "corpus", "artifacts", ".git"].iter().any(|other| name == *other) {
                files(path.to_str().unwrap(), ending, found);
            }
        } else if path.extension().is_some_and(|other| other == ending) {
            found.push(path);
        }
    }
}

/// The names in the sections of a manifest that list dependencies.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut listing = false;
    for line in manifest.lines() {
        if let Some(section) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            // `[dependencies]`, `[target.'cfg(unix)'.dependencies]`, and `[dependencies.name]`.
            let parts: Vec<&str> = section.rsplit('.').collect();
            listing = parts[0].ends_with("dependencies");
            if let [name, kind, ..] = parts[..]
                && kind.ends_with("dependencies")
            {
                names.insert(name.to_owned());
            }
        } else if listing && line.starts_with(|first: char| first.is_ascii_alphabetic()) {
            let end = line.find(['.', ' ', '=']).unwrap_or(line.len());
            names.insert(line[..end].to_owned());
        }
    }
    names.retain(|name| !name.starts_with("agent2028"));
    names
}

#[test]
fn every_direct_dependency_has_its_line() {
    let mut manifests =
        ["Cargo.toml", "benches/Cargo.toml", "fuzz/Cargo.toml", "tests/model/Cargo.toml", "tests/parquet/Cargo.toml"]
            .map(PathBuf::from)
            .to_vec();
    let mut of_plugins = Vec::new();
    files("plugins", "toml", &mut of_plugins);
    manifests.extend(of_plugins.into_iter().filter(|file| file.ends_with("Cargo.toml")));
    let mut used: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for manifest in manifests {
        for name in dependencies(&std::fs::read_to_string(&manifest).unwrap()) {
            used.entry(name).or_default().push(manifest.display().to_string());
        }
    }
    assert!(used.len() > 30 && used["bevy"].len() > 5 && used.contains_key("libfuzzer-sys"), "{used:?}");
    let page = std::fs::read_to_string("docs/DEPENDENCIES.md").unwrap();
    let mut listed = BTreeSet::new();
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        assert!(cells.len() == 4 && cells.iter().all(|cell| !cell.is_empty()), "{row}");
        assert!(listed.insert(cells[0].trim_matches('`').to_owned()), "{row} stands there twice");
    }
    let wanted: BTreeSet<String> = used.keys().cloned().collect();
    let missing: Vec<_> = wanted.difference(&listed).map(|name| (name, &used[name])).collect();
    assert!(missing.is_empty(), "docs/DEPENDENCIES.md has no line for {missing:?}");
    let gone: Vec<_> = listed.difference(&wanted).collect();
    assert!(gone.is_empty(), "docs/DEPENDENCIES.md has lines for {gone:?}, which nothing depends on");
}

/// The tests of the repository by name, each with the file that it stands in.
fn tests() -> BTreeMap<String, PathBuf> {
    let mut sources = Vec::new();
    for folder in ["src", "plugins", "tests", "benches", "examples"] {
        files(folder, "rs", &mut sources);
    }
    let mut found = BTreeMap::new();
    for source in sources {
        let text = std::fs::read_to_string(&source).unwrap();
        let mut is_test = false;
        for line in text.lines().map(str::trim) {
            if line == "#[test]" {
                is_test = true;
            } else if let Some(rest) = line.strip_prefix("fn ") {
                let end = rest.find(|letter: char| letter != '_' && !letter.is_ascii_alphanumeric());
                if is_test {
                    found.insert(rest[..end.unwrap_or(rest.len())].to_owned(), source.clone());
                }
                is_test = false;
            }
        }
    }
    found
}

/// What stands between backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn every_test_that_the_conformance_page_names_exists() {
    let tests = tests();
    assert!(tests.len() > 300 && tests.contains_key("every_test_that_the_conformance_page_names_exists"));
    let page = std::fs::read_to_string("docs/CONFORMANCE.md").unwrap();
    let mut wrong = Vec::new();
    let mut rows = 0;
    for row in page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| § |")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [_, statement, places, proof] = cells[..] else {
            wrong.push(format!("not four cells: {row}"));
            continue;
        };
        rows += 1;
        let gone =
            quoted(places).filter(|place| !Path::new(place).exists()).map(|place| format!("no file {place}: {row}"));
        wrong.extend(gone);
        let open = proof.starts_with("open: ");
        for name in quoted(proof).filter(|_| !open) {
            let exists = if name.contains(['/', '.']) { Path::new(name).exists() } else { tests.contains_key(name) };
            if !exists {
                wrong.push(format!("no test {name}: {row}"));
            }
        }
        if !open && quoted(proof).next().is_none() {
            wrong.push(format!("neither a test nor open: {row}"));
        }
        if statement.is_empty() {
            wrong.push(format!("no statement: {row}"));
        }
    }
    assert!(rows > 100, "{rows} rows");
    assert!(wrong.is_empty(), "docs/CONFORMANCE.md:\n{}", wrong.join("\n"));
}

/// Whether a line of code multiplies something by the rate of ticks.
fn multiplies_by_the_rate(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    code.match_indices("tick_hz").any(|(at, name)| {
        let before =
            code[..at].trim_end_matches(|letter: char| letter.is_ascii_alphanumeric() || "._".contains(letter));
        let before = before.trim_end_matches("()").trim_end_matches(|letter: char| letter.is_ascii_alphanumeric());
        let after = code[at + name.len()..].trim_start_matches("()").trim_start();
        // `*` in front may be a dereference; a product has something before it.
        before.trim_end().strip_suffix('*').is_some_and(|left| left.ends_with(' ')) || after.starts_with('*')
    })
}

/// Lengths of time become ticks in one place, `agent2028_core::clock::ticks_in`: whoever multiplies by the rate himself rounds
/// in his own way, and 0.1 s at 10 Hz are two ticks because 32 bits hold 0.1000000015.
#[test]
fn lengths_of_time_become_ticks_in_one_place() {
    /// Where the rate is multiplied by something that is no length of time that becomes whole ticks.
    const OTHERS: [(&str, &str); 6] = [
        ("plugins/core/src/clock.rs", "this is the place"),
        ("plugins/core/src/transport.rs", "real time that ticks are owed for"),
        ("plugins/core/src/time.rs", "parts of ticks"),
        ("plugins/operations/src/stats.rs", "a rate per second"),
        ("plugins/inspector/src/panels/timeline/scale.rs", "the span of a view"),
        ("plugins/network/src/heartbeat.rs", "a deviation in ticks"),
    ];
    assert!(multiplies_by_the_rate("let due = passed >= f64::from(rules.refresh_s) * clock.tick_hz();"));
    assert!(multiplies_by_the_rate("let ticks = (seconds * self.tick_hz).ceil();"));
    assert!(multiplies_by_the_rate("let ticks = tick_hz * seconds;"));
    assert!(!multiplies_by_the_rate("let (a, b) = (*tick_hz, clock.tick_hz() / 2.0); // seconds * tick_hz"));
    let mut sources = Vec::new();
    ["src", "plugins"].into_iter().for_each(|folder| files(folder, "rs", &mut sources));
    let mut own_ways = Vec::new();
    for source in sources {
        let name = source.to_str().unwrap().replace('\\', "/");
        let is_test = name.contains("tests") || name.contains("known_answers");
        if is_test || OTHERS.iter().any(|(other, _)| name == *other) {
            continue;
        }
        let text = std::fs::read_to_string(&source).unwrap();
        for (number, line) in text.lines().take_while(|line| *line != "#[cfg(test)]").enumerate() {
            if multiplies_by_the_rate(line) {
                own_ways.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(own_ways.is_empty(), "use agent2028_core::clock::ticks_in:\n{}", own_ways.join("\n"));
}

#[test]
fn nobody_says_that_the_order_of_systems_does_not_matter() {
    let mut sources = Vec::new();
    for folder in ["src", "plugins", "tests", "examples"] {
        files(folder, "rs", &mut sources);
    }
    let word = ["ambiguous", "with"].join("_");
    let saying = sources.iter().filter(|source| std::fs::read_to_string(source).unwrap().contains(&word));
    assert_eq!(saying.collect::<Vec<_>>(), Vec::<&PathBuf>::new());
}
