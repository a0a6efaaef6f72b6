//! Every example that people copy works: the code blocks of the README and the examples in the help of every verb.
//!
//! Rust in the README is compiled and run as a documentation test.

use std::path::Path;

use crate::{finish, folder, program};

/// A code block: its language and its lines.
fn code_blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            let indent = line.len() - line.trim_start().len();
            let block = lines.by_ref().take_while(|line| !line.trim_start().starts_with("```"));
            let text: String = block.map(|line| format!("{}\n", line.get(indent..).unwrap_or_default())).collect();
            blocks.push((language.trim().to_owned(), text));
        }
    }
    blocks
}

/// The words of a line for a shell, without comment, pipe and redirection; nothing if it calls another program.
fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for letter in line.trim().chars() {
        match (quote, letter) {
            (Some(mark), _) if letter == mark => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, '|' | '>') => break,
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    (words.first().map(String::as_str) == Some("agent2028")).then(|| words.split_off(1))
}

/// What examples take for granted: a scene of one's own, the folder of scenes, recorded runs, a proof.
fn workshop() -> tempfile::TempDir {
    let folder = folder();
    let at = folder.path();
    let ran = |arguments: &[&str]| {
        let (code, out, stderr) = finish(program().current_dir(at).args(arguments));
        assert_eq!(code, 0, "{arguments:?}: {stderr}");
        out
    };
    std::fs::write(at.join("my-scene.ron"), ran(&["scenes", "show", "flock"])).unwrap();
    std::fs::create_dir(at.join("scenes")).unwrap();
    for scene in ["flock", "gossip"] {
        std::fs::write(at.join(format!("scenes/{scene}.ron")), ran(&["scenes", "show", scene])).unwrap();
    }
    let mut fingerprints = ["my.key", "witness.key"].map(|key| {
        let told = ran(&["ledger", "keygen", key]);
        let mut words =
            told.split_whitespace().map(|word| word.trim_matches(|letter: char| !letter.is_ascii_hexdigit()));
        words.find(|word| word.len() == 64).unwrap_or_else(|| panic!("{told}")).to_owned()
    });
    std::fs::write(at.join(MINE), std::mem::take(&mut fingerprints[0])).unwrap();
    for run in ["runs/1", "runs/2", "runs/3"] {
        let mut wanted =
            vec!["run", "flock", "--ticks", "20", "--hash-every", "1", "--checkpoint-every", "10", "--out", run];
        if run == "runs/1" {
            wanted.extend(["--sign-with", "my.key"]);
        }
        ran(&wanted);
    }
    // The same run elsewhere, and a head of it that a witness has signed, too.
    assert!(
        std::process::Command::new("cp").current_dir(at).args(["-r", "runs/1", "runs/5"]).status().unwrap().success()
    );
    std::fs::write(at.join("head.txt"), ran(&["ledger", "head", "runs/1", "--sign-with", "my.key"])).unwrap();
    let cosigned = ran(&["ledger", "cosign", "head.txt", "--of", "runs/1", "--sign-with", "witness.key"]);
    std::fs::write(at.join("cosigned.txt"), cosigned).unwrap();
    // This one has a ledger whose entries are signed.
    ran(&["run", "audited-run", "--ticks", "60", "--out", "runs/4"]);
    std::fs::write(at.join("proof.json"), ran(&["ledger", "prove", "runs/4", "--index", "12"])).unwrap();
    folder
}

/// The file with the fingerprint of `my.key`, which lines call FINGERPRINT.
const MINE: &str = "fingerprint.txt";

/// Whether the program understands a line; and what takes no window and no minutes is done, runs for three ticks.
fn try_line(line: &str, at: &Path) {
    let Some(mut words) = words(line) else { return };
    for word in words.iter_mut().filter(|word| *word == "FINGERPRINT") {
        *word = std::fs::read_to_string(at.join(MINE)).unwrap();
    }
    let arguments = std::iter::once("agent2028".to_owned()).chain(words.iter().cloned());
    if let Err(wrong) = agent2028::cli::understands(arguments) {
        panic!("{line}\n{wrong}");
    }
    match words.first().map(String::as_str) {
        // Explorations take their time, and end with 1 where they find something.
        _ if words.iter().any(|word| word == "--consensus") => return,
        // Events are called otherwise in every run.
        _ if words.iter().any(|word| word == "--event") => return,
        // A key that is there already is not written over.
        Some("ledger") if words.get(1).is_some_and(|verb| verb == "keygen") => {
            words[2] = format!("another-{}", words[2]);
            let _ = std::fs::remove_file(at.join(&words[2]));
            let _ = std::fs::remove_file(at.join(format!("{}.pub", words[2])));
        }
        Some("scenes" | "check" | "completions" | "man" | "plot" | "ledger") => {}
        Some("replay") if words.iter().any(|word| word == "--verify") => {}
        Some("run") => {
            // Where a run is written there must be none yet.
            if let Some(out) = words.iter().position(|word| word == "--out") {
                words[out + 1] = format!("{}-{}", words[out + 1], words.join("-").len());
                let _ = std::fs::remove_dir_all(at.join(&words[out + 1]));
            }
            for length in ["--ticks", "--for"] {
                if let Some(asked) = words.iter().position(|word| word == length) {
                    words.drain(asked..asked + 2);
                }
            }
            // A run that is complete stays as it is.
            if !words.iter().any(|word| word == "--resume") {
                words.extend(["--ticks".into(), "3".into()]);
            }
        }
        // The rest needs a window, a graphics adapter, or the length of its scenes: what it names must be there.
        _ => {
            let scenes = words.get(1).into_iter().filter(|word| !word.starts_with("--") && !word.starts_with("runs/"));
            for scene in scenes {
                let (code, _, stderr) = finish(program().current_dir(at).args(["check", scene]));
                assert_eq!(code, 0, "{line}\n{stderr}");
            }
            return;
        }
    }
    let (code, _, stderr) = finish(program().current_dir(at).args(&words));
    assert_eq!(code, 0, "{line}\n{stderr}");
}

#[test]
fn every_line_for_a_shell_in_the_readme_works() {
    let page = std::fs::read_to_string("README.md").unwrap();
    let workshop = workshop();
    let mut tried = 0;
    for (language, text) in code_blocks(&page) {
        if language == "sh" {
            for line in text.lines() {
                tried += usize::from(words(line).is_some());
                try_line(line, workshop.path());
            }
        }
    }
    assert!(tried >= 10, "{tried} lines");
}

/// The names of all verbs, with those below them.
fn verbs(above: &[String]) -> Vec<Vec<String>> {
    let (_, help, _) = finish(program().args(above).arg("--help"));
    let listed = help.lines().skip_while(|line| !line.starts_with("Commands:")).skip(1);
    let names = listed.take_while(|line| line.starts_with("  ")).filter(|line| !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    let below: Vec<Vec<String>> = names.map(|name| above.iter().cloned().chain([name.to_owned()]).collect()).collect();
    below.iter().flat_map(|verb| std::iter::once(verb.clone()).chain(verbs(verb))).collect()
}

#[test]
fn every_example_in_the_help_works() {
    let workshop = workshop();
    let all = verbs(&[]);
    assert!(all.len() >= 10 && all.contains(&vec!["ledger".into(), "prove".into()]), "{all:?}");
    let mut tried = 0;
    for verb in std::iter::once(Vec::new()).chain(all) {
        let (code, help, _) = finish(program().args(&verb).arg("--help"));
        assert_eq!(code, 0, "{verb:?}");
        for line in help.lines().skip_while(|line| !line.starts_with("Example")).skip(1) {
            tried += usize::from(words(line).is_some());
            try_line(line, workshop.path());
        }
    }
    assert!(tried >= 25, "{tried} examples");
}

#[test]
fn the_first_example_of_the_help_is_no_failure_at_its_full_length() {
    // It ends before its scene does: what the scene expects of its end is not judged, and said to be so.
    let (code, out, stderr) = finish(program().args(["run", "flock", "--ticks", "600"]));
    assert_eq!(code, 0, "{out}{stderr}");
    assert!(out.contains("not judged") && !out.contains("NOT MET"), "{out}");
}

/// What the README's sections need around them.
const AROUND: &str = r#"
    agents: [
        (name: "founder", count: 3, capabilities: ["database.query"]), (name: "authority", count: 1),
        (name: "curator", count: 2), (name: "courier", count: 3), (name: "gate", count: 2), (name: "office", count: 1),
        (name: "drone", count: 5, capabilities: ["lift.heavy"]), (name: "buyer", count: 5), (name: "seller", count: 5),
        (name: "client", count: 5), (name: "database", count: 3, capabilities: ["database.query"]),
        (name: "validator", count: 4, capabilities: ["deploy.release"]), (name: "elder", count: 1),
    ],
    network: (),
"#;

/// What a section needs beside it, if it is not that section itself.
fn beside(section: &str) -> &'static str {
    match section.split(':').next() {
        Some("market") => "operations: (), trust: (), identity: (),",
        Some("consensus") => "operations: (),",
        _ => "",
    }
}

#[test]
fn every_scene_and_section_of_a_scene_in_the_readme_runs() {
    let page = std::fs::read_to_string("README.md").unwrap();
    let folder = folder();
    std::fs::write(folder.path().join("requests.csv"), "at_s,capability\n0.05,database.query\n").unwrap();
    std::fs::write(folder.path().join("tasks.csv"), "at_s,value\n0.05,1000\n").unwrap();
    let blocks: Vec<String> =
        code_blocks(&page).into_iter().filter(|(language, _)| language == "ron").map(|(_, text)| text).collect();
    assert!(blocks.len() >= 4, "{}", blocks.len());
    for (number, text) in blocks.iter().enumerate() {
        let file = folder.path().join(format!("{number}.ron"));
        let is_whole = text.starts_with("Scene(");
        let scene = if is_whole { text.clone() } else { format!("Scene({AROUND}{}{text}\n)", beside(text)) };
        std::fs::write(&file, scene).unwrap();
        let (code, _, stderr) = finish(program().arg("check").arg(&file));
        assert_eq!(code, 0, "{text}\n{stderr}");
        // A whole scene is run to its end, and what it expects holds.
        let mut command = program();
        let run = if is_whole {
            command.arg("test").arg(&file)
        } else {
            command.arg("run").arg(&file).args(["--ticks", "30"])
        };
        let (code, out, stderr) = finish(run);
        assert_eq!(code, 0, "{text}\n{out}{stderr}");
    }
}

#[test]
fn what_the_readme_says_that_the_program_prints_it_prints() {
    let page = std::fs::read_to_string("README.md").unwrap();
    let blocks = code_blocks(&page);
    // The mistake is made in the first scene of the page.
    let (_, scene) = blocks.iter().find(|(language, _)| language == "ron").unwrap();
    let folder = folder();
    let wrong = scene.replacen("weight", "wieght", 1);
    assert_ne!(&wrong, scene);
    std::fs::write(folder.path().join("my-flock.ron"), wrong).unwrap();
    let (code, _, stderr) = finish(program().current_dir(folder.path()).args(["check", "my-flock.ron"]));
    assert_eq!(code, 2);
    // The lines that add a plugin to a program stand in that program.
    let texts = blocks.iter().filter(|(language, _)| language == "text");
    let (programs, printed): (Vec<_>, Vec<&(String, String)>) =
        texts.partition(|(_, text)| text.starts_with("fn main"));
    let program_of_example = std::fs::read_to_string("examples/rumour/src/main.rs").unwrap();
    assert!(programs.iter().all(|(_, text)| program_of_example.contains(text.trim_end())), "{program_of_example}");
    assert_eq!(printed.len(), 1, "a new block of what is printed needs a comparison of its own");
    assert!(stderr.contains(&printed[0].1), "{}\n{stderr}", printed[0].1);
}

#[test]
fn every_block_of_the_readme_is_of_a_kind_that_a_test_knows() {
    let page = std::fs::read_to_string("README.md").unwrap();
    for (language, text) in code_blocks(&page) {
        // Text is what the program prints; rust is compiled and run by the library's documentation tests.
        assert!(["sh", "ron", "rust", "text"].contains(&language.as_str()), "{language}: {text}");
    }
    let library = std::fs::read_to_string("src/lib.rs").unwrap();
    assert!(library.contains("#[doc = include_str!(\"../README.md\")]"));
}
