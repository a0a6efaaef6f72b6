//! What the program writes and prints for other programs: files, pipes and devices, JUnit, manual pages, completions.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{finish, folder, program};

/// A pipe or device in a folder of the test's own; nothing where the machine doesn't allow that.
fn special(folder: &Path, name: &str, kind: &[&str]) -> Option<PathBuf> {
    let at = folder.join(name);
    let made = Command::new("mknod").arg(&at).args(kind).status().is_ok_and(|status| status.success());
    let opens = made && (kind == ["p"] || std::fs::OpenOptions::new().write(true).open(&at).is_ok());
    if !opens {
        eprintln!("SKIPPED: this machine doesn't allow mknod {kind:?}");
    }
    opens.then_some(at)
}

const FULL: [&str; 3] = ["c", "1", "7"];
const SCENE: &str = "Scene(name: \"One\", agents: [(name: \"a\", count: 1)], duration: Ticks(4), expect: [
    (metric: \"agents.total\", at_least: 1),
    (metric: \"agents.total\", at_least: 1),
    (metric: \"agents.total\", at_least: 2, because: \"there should be two\"),
])";

#[cfg(unix)]
#[test]
fn what_stands_at_a_target_stays_what_it_is() {
    use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};
    let folder = folder();
    let at = folder.path();
    let run = at.join("run");
    let (code, _, stderr) = finish(program().args(["run", "flock", "--ticks", "5", "--out"]).arg(&run));
    assert_eq!(code, 0, "{stderr}");
    let scene = at.join("scene.ron");
    std::fs::write(&scene, SCENE).unwrap();
    let plot = |out: &Path| finish(program().arg("plot").arg(&run).args(["--metric", "agents.*", "--out"]).arg(out));
    let junit = |out: &Path| finish(program().arg("test").arg(&scene).arg("--junit").arg(out));
    // A link is followed, and what it leads to keeps its mode.
    for (name, write) in [("plot.svg", &plot as &dyn Fn(&Path) -> (i32, String, String)), ("junit.xml", &junit)] {
        let (target, link) = (at.join(format!("real-{name}")), at.join(name));
        std::fs::write(&target, "before").unwrap();
        std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o600)).unwrap();
        symlink(&target, &link).unwrap();
        let (_, _, stderr) = write(&link);
        assert!(link.symlink_metadata().unwrap().is_symlink(), "{name}: {stderr}");
        assert!(std::fs::read_to_string(&target).unwrap().contains("<"), "{name}: {stderr}");
        assert_eq!(target.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{name}");
        // A folder is refused with words.
        let (code, _, stderr) = write(&at.join(format!("{name}.svg/")));
        assert!(code == 2 && stderr.contains("folder"), "{name}: {code} {stderr}");
        std::fs::create_dir(at.join(format!("folder-{name}"))).unwrap();
        let (code, _, stderr) = write(&at.join(format!("folder-{name}")));
        assert!(code == 2 && stderr.contains("this is a folder"), "{name}: {code} {stderr}");
        // A pipe is written into.
        if let Some(pipe) = special(at, &format!("pipe-{name}"), &["p"]) {
            let reader = std::thread::spawn({
                let pipe = pipe.clone();
                move || std::fs::read_to_string(pipe).unwrap()
            });
            write(&pipe);
            assert!(reader.join().unwrap().contains("<"), "{name}");
            assert!(pipe.symlink_metadata().unwrap().file_type().is_fifo());
        }
        // A device is written into, and one that takes nothing says so.
        if let Some(full) = special(at, &format!("full-{name}"), &FULL) {
            let (code, _, stderr) = write(&full);
            assert!(code == 2 && stderr.contains("No space left"), "{name}: {code} {stderr}");
            assert!(full.symlink_metadata().unwrap().file_type().is_char_device());
        }
    }
    let left =
        std::fs::read_dir(at).unwrap().flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with('.'));
    assert_eq!(left.count(), 0, "nothing half-written is left");
}

#[test]
fn junit_tells_class_name_and_reason_of_every_case_whatever_happens() {
    let folder = folder();
    let (scene, junit) = (folder.path().join("scene.ron"), folder.path().join("junit.xml"));
    std::fs::write(&scene, SCENE).unwrap();
    let nowhere = folder.path().join("no-such.ron");
    let test = |arguments: &[&Path]| {
        let _ = std::fs::remove_file(&junit);
        let mut command = program();
        command.arg("test").args(arguments).arg("--junit").arg(&junit);
        let (code, out, stderr) = finish(&mut command);
        (code, out, stderr, std::fs::read_to_string(&junit).unwrap_or_default())
    };
    let (code, out, _, xml) = test(&[&scene]);
    assert_eq!(code, 1);
    assert!(out.contains("0 of 1 scene passed"), "{out}");
    let class = format!("classname=\"{}\"", scene.display());
    assert_eq!((xml.matches("<testcase ").count(), xml.matches(&class).count()), (3, 3), "{xml}");
    assert!(
        xml.contains("agents.total: mean at least 1\"") && xml.contains("agents.total: mean at least 1 (2)\""),
        "{xml}"
    );
    assert!(xml.contains("there should be two") && xml.contains("wanted mean at least 2, got 1"), "{xml}");
    // A file that isn't there is a case of its own, and the others are judged.
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let (code, _, _, xml) = test(&[&nowhere, &empty, &scene]);
    assert_eq!(code, 2);
    assert!(
        xml.contains("no-such.ron") && xml.contains("no scenes in this folder") && xml.contains("there should be two"),
        "{xml}"
    );
    // Nobody reads what is printed.
    if let Some(full) = special(folder.path(), "full", &FULL) {
        std::fs::remove_file(&junit).unwrap();
        let mut command = program();
        command
            .arg("test")
            .arg(&scene)
            .arg("--junit")
            .arg(&junit)
            .stdout(File::options().write(true).open(full).unwrap());
        assert_eq!(command.output().unwrap().status.code(), Some(2));
        let xml = std::fs::read_to_string(&junit).unwrap();
        assert!(xml.contains("there should be two"), "{xml}");
    }
}

#[test]
fn what_cannot_be_printed_is_an_error_in_words() {
    let folder = folder();
    let Some(full) = special(folder.path(), "full", &FULL) else { return };
    let full = || File::options().write(true).open(&full).unwrap();
    for arguments in [
        &["completions", "bash"][..],
        &["man"],
        &["man", "run"],
        &["scenes"],
        &["--help"],
        &["run", "--help"],
        &["--version"],
    ] {
        let output = program().args(arguments).stdout(full()).stderr(Stdio::piped()).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && stderr.contains("standard output"), "{arguments:?}: {stderr}");
    }
    // Even where nothing can be said, the exit code tells.
    for (arguments, wanted) in [(&["check", "no-such"][..], 2), (&["run", "no-such"], 2), (&["run", "--no-such"], 2)] {
        let status = program().args(arguments).stdout(full()).stderr(full()).status().unwrap();
        assert_eq!(status.code(), Some(wanted), "{arguments:?}");
    }
}

#[test]
fn all_manual_pages_that_are_listed_can_be_printed() {
    /// The pages that a page refers to.
    fn listed(page: &str) -> Vec<String> {
        let lines = page.lines().filter_map(|line| line.strip_suffix("(1)"));
        lines.map(|name| name.replace("\\-", "-").replace("\\fB", "").replace("\\fR", "")).collect()
    }
    let (code, page, _) = finish(program().arg("man"));
    assert!(code == 0 && page.contains(".TH agent2028"), "{page}");
    let mut waiting = listed(&page);
    assert!(waiting.len() >= 9, "{waiting:?}");
    let mut printed = Vec::new();
    while let Some(name) = waiting.pop() {
        let (code, page, stderr) = finish(program().args(["man", &name]));
        assert!(code == 0 && page.contains(".SH SYNOPSIS"), "{name}: {stderr}");
        assert!(page.contains(&format!(".TH {name} ")), "{name}: {page}");
        // The same page by its words.
        let words: Vec<&str> = name.split('-').skip(1).collect();
        assert_eq!(finish(program().arg("man").args(words)).1, page);
        waiting.extend(listed(&page));
        printed.push(name);
    }
    assert!(printed.iter().any(|name| name == "agent2028-ledger-verify"), "{printed:?}");
    let (code, _, stderr) = finish(program().args(["man", "rnu"]));
    assert!(code == 2 && stderr.contains("run"), "{stderr}");
}

#[test]
fn negative_numbers_get_a_word_about_what_would_be_right() {
    for (arguments, word) in [
        (&["run", "flock", "--ticks", "-1"][..], "from 0 to"),
        (&["run", "flock", "--seed", "-1"], "from 0 to 18446744073709551615"),
        (&["run", "flock", "--for", "-1"], "from 0 up"),
        (&["run", "flock", "--threads", "-2"], "1..=1024"),
        (&["run", "flock", "--out", "x", "--checkpoint-every", "-3"], "from 1 to"),
        (&["open", "flock", "--speed", "-1"], "from 0.1 to"),
        (&["open", "flock", "--until", "-1"], "from 0 to"),
        (&["render", "flock", "--out", "a.png", "--at", "-1"], "from 0 to"),
        (&["render", "flock", "--out", "a.png", "--scale", "-1"], "from 0.5 to"),
        (&["render", "flock", "--out", "a.gif", "--every", "1", "--fps", "-1"], "from 0.1 to"),
        (&["render", "flock", "--out", "a.png", "--color-range", "-1"], "for example 0..1"),
        (&["plot", "x", "--scale", "-1"], "1..=8"),
        (&["replay", "x", "--at", "-1"], "from 0 to"),
        (&["ledger", "show", "x", "--limit", "-1"], "from 0 to"),
        (&["ledger", "show", "x", "--agent", "-1"], "0..=4294967295"),
        (&["ledger", "prove", "x", "--index", "-1"], "from 0 to"),
    ] {
        let (code, _, stderr) = finish(program().args(arguments));
        assert!(code == 2 && stderr.contains(word), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("unexpected argument"), "{arguments:?}: {stderr}");
    }
}

#[cfg(all(feature = "desktop", target_os = "linux"))]
#[test]
fn a_display_that_is_none_is_an_error_in_words() {
    for (display, words) in [
        ("notadisplay", "names no display"),
        (":", "names no display"),
        (":x", "names no display"),
        (":64999", "nothing answers"),
        ("localhost:59000", "nothing answers"),
        ("unix:64998.0", "nothing answers"),
    ] {
        let (code, _, stderr) =
            finish(program().args(["open", "flock"]).env("DISPLAY", display).env_remove("WAYLAND_DISPLAY"));
        assert!(code == 2 && stderr.contains(words), "{display}: {code} {stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
    }
}

/// A display that refuses whoever comes, as the X protocol says it (a failed connection setup), or closes at once.
#[cfg(all(feature = "desktop", target_os = "linux"))]
#[test]
fn a_display_that_answers_and_refuses_is_an_error_in_words() {
    use std::io::{Read as _, Write as _};

    let mut reply = vec![0, 21, 11, 0, 0, 0, 6, 0];
    reply.extend_from_slice(b"Maximum clients here.\0\0\0");
    for (reply, words) in [(reply, "Maximum clients here"), (Vec::new(), "closes the connection")] {
        // A number that nobody has: the listener tells.
        let folder = std::path::Path::new("/tmp/.X11-unix");
        let _ = std::fs::create_dir(folder);
        let (number, listener) = (40_000..50_000)
            .find_map(|number| {
                let path = folder.join(format!("X{number}"));
                Some((number, std::os::unix::net::UnixListener::bind(path).ok()?))
            })
            .unwrap();
        let refusing = std::thread::spawn(move || {
            for client in listener.incoming() {
                let mut client = client.unwrap();
                let mut asked = [0; 12];
                // A client that only looks whether somebody is there says nothing.
                if client.read_exact(&mut asked).is_err() {
                    continue;
                }
                if asked == *b"no more here" {
                    break;
                }
                let _ = client.write_all(&reply);
            }
        });
        let out = tempfile::tempdir().unwrap();
        let display = format!(":{number}");
        let (code, _, stderr) = finish(
            program()
                .args(["open", "flock", "--out"])
                .arg(out.path().join("run"))
                .env("DISPLAY", &display)
                .env_remove("WAYLAND_DISPLAY"),
        );
        assert!(code == 2 && stderr.contains(words), "{code} {stderr}");
        assert!(!stderr.contains("panicked") && !out.path().join("run").exists(), "{stderr}");
        let path = folder.join(format!("X{number}"));
        std::os::unix::net::UnixStream::connect(&path).unwrap().write_all(b"no more here").unwrap();
        refusing.join().unwrap();
        std::fs::remove_file(path).unwrap();
    }
}

/// What a display says to a client that it takes: a setup with one screen, as the X protocol has it.
#[cfg(all(feature = "desktop", target_os = "linux"))]
fn accepting() -> Vec<u8> {
    let mut reply = vec![1, 0, 11, 0, 0, 0, 18, 0];
    let words = |reply: &mut Vec<u8>, words: &[u32]| words.iter().for_each(|word| reply.extend(word.to_le_bytes()));
    // Release, resource ids; no vendor, requests of up to 65 535 words, one screen, no formats, key codes from 8.
    words(&mut reply, &[1, 0x20_0000, 0x1f_ffff, 256, 0xffff_0000, 1, 0xff08_2020, 0]);
    // The screen: root window, colours, events, 800 x 600 pixels, one map, its visual, no depths.
    words(&mut reply, &[1, 2, 0xff_ffff, 0, 0, 600 << 16 | 800, 150 << 16 | 200, 0x1_0001, 3, 0x18 << 16]);
    assert_eq!(reply.len(), 8 + 18 * 4);
    reply
}

/// A display may take a connection and refuse the next one: whoever looks first is not safe for that.
#[cfg(all(feature = "desktop", target_os = "linux"))]
#[test]
fn a_display_that_refuses_while_the_window_comes_up_leaves_nothing_behind() {
    use std::io::{Read as _, Write as _};

    let folder = std::path::Path::new("/tmp/.X11-unix");
    let _ = std::fs::create_dir(folder);
    let (number, listener) = (50_000..60_000)
        .find_map(|number| {
            let path = folder.join(format!("X{number}"));
            Some((number, std::os::unix::net::UnixListener::bind(path).ok()?))
        })
        .unwrap();
    // One client of each run is taken: it says who it is, and the run after it begins anew.
    let taken = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let begins = taken.clone();
    let fickle = std::thread::spawn(move || {
        let mut kept = Vec::new();
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let mut asked = [0; 12];
            if taken.swap(true, std::sync::atomic::Ordering::SeqCst) || client.read_exact(&mut asked).is_err() {
                continue;
            }
            if asked == *b"no more here" {
                break;
            }
            let _ = client.write_all(&accepting());
            kept.push(client);
        }
    });
    let run = |arguments: &[&std::ffi::OsStr]| {
        begins.store(false, std::sync::atomic::Ordering::SeqCst);
        finish(program().args(arguments).env("DISPLAY", format!(":{number}")).env_remove("WAYLAND_DISPLAY"))
    };
    let home = tempfile::tempdir().unwrap();
    let (scene, out) = (home.path().join("scene.ron"), home.path().join("out"));
    std::fs::write(&scene, "Scene(duration: Ticks(5), agents: [(count: 3)], boids: ())").unwrap();
    for _ in 0..2 {
        let (code, _, stderr) = run(&["open".as_ref(), scene.as_ref(), "--out".as_ref(), out.as_ref()]);
        assert!(code == 2 && stderr.contains("A window can't be opened"), "{code} {stderr}");
        assert!(stderr.contains("Without a window: agent2028 run"), "{stderr}");
        for word in ["panicked", "Os(", "OsError"] {
            assert!(!stderr.contains(word), "{stderr}");
        }
        assert!(!out.exists(), "so that the same command can be given again");
    }
    // What can be done without a window is done, as where there is no display at all.
    let (code, _, stderr) = finish(program().arg("run").arg(&scene).arg("--out").arg(&out));
    assert_eq!(code, 0, "{stderr}");
    let (code, told, stderr) = run(&["replay".as_ref(), out.as_ref()]);
    assert!(code == 0 && stderr.contains("No window") && told.contains("Verified"), "{code} {stderr} {told}");

    begins.store(false, std::sync::atomic::Ordering::SeqCst);
    let path = folder.join(format!("X{number}"));
    std::os::unix::net::UnixStream::connect(&path).unwrap().write_all(b"no more here").unwrap();
    fickle.join().unwrap();
    std::fs::remove_file(path).unwrap();
}

#[test]
fn problems_are_counted_in_words_shown_twenty_at_most_and_all_told_to_programs() {
    let folder = folder();
    let file = folder.path().join("scene.ron");
    let check = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let (code, out, stderr) = finish(program().arg("check").arg(&file));
        let (_, json, _) = finish(program().arg("check").arg(&file).args(["--format", "json"]));
        let all: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
        (code, out, stderr, all)
    };
    let (code, out, _, all) = check("Scene(agents: [(name: \"a\", health: 2)])");
    assert_eq!((code, out.as_str(), all.len()), (2, "1 problem in 1 scene\n", 1));
    // A thousand mistakes in a file that a program wrote on one line.
    let groups: String =
        (0..1000).map(|number| format!("(name: \"group-{number:04}\", count: 1, health: 7),")).collect();
    let (code, out, stderr, all) = check(&format!("Scene(agents:[{groups}])"));
    assert_eq!((code, out.as_str(), all.len()), (2, "1000 problems in 1 scene\n", 1000));
    assert!(stderr.contains("has 1000 problems") && stderr.contains("and 980 more"), "{stderr}");
    assert_eq!(stderr.matches("7 is out of range").count(), 20);
    assert!(stderr.len() < 20_000, "{} bytes", stderr.len());
    // The last one is far beyond what a column of 16 bits can tell.
    let column = all[999]["column"].as_u64().unwrap();
    assert!(column > 1000 * 42 && all[999]["line"] == 1, "{}", all[999]);
    // And a single one there is no panic, and short.
    let groups: String = (0..3000).map(|number| format!("(name: \"group-{number:04}\", count: 1),")).collect();
    let (code, out, stderr, all) = check(&format!("Scene(agents:[{groups}(name: \"last\", health: 7)])"));
    assert_eq!((code, out.as_str()), (2, "1 problem in 1 scene\n"), "{stderr}");
    assert!(all[0]["column"].as_u64() > Some(65_535) && stderr.len() < 2_000, "{stderr}");
    assert!(stderr.contains("health: 7") && stderr.contains(&format!(":1:{}", all[0]["column"])), "{stderr}");
    let (code, _, stderr) = finish(program().arg("run").arg(&file));
    assert!(code == 2 && stderr.contains("7 is out of range") && !stderr.contains("panicked"), "{stderr}");
}

#[test]
fn a_table_that_a_program_wrote_on_one_line_is_refused_briefly() {
    let folder = folder();
    let columns: Vec<String> = (0..20_000).map(|number| format!("c{number}")).collect();
    std::fs::write(folder.path().join("agents.csv"), format!("x,y,{}\n", columns.join(","))).unwrap();
    let file = folder.path().join("scene.ron");
    std::fs::write(&file, "Scene(agents: [(name: \"a\", from_csv: \"agents.csv\")])").unwrap();
    let (code, _, stderr) = finish(program().arg("check").arg(&file));
    assert!(code == 2 && stderr.contains("c0") && stderr.len() < 3_000, "{} bytes: {stderr}", stderr.len());
}

#[test]
fn metrics_that_cost_something_are_recorded_when_they_are_asked_for_and_have_no_empty_columns() {
    let folder = folder();
    let record = |name: &str, metrics: &[&str]| {
        let out = folder.path().join(name);
        let mut command = program();
        command.args(["run", "flock", "--ticks", "60", "--out"]).arg(&out);
        command.args(metrics.iter().flat_map(|pattern| ["--metrics", pattern]));
        let (code, _, stderr) = finish(&mut command);
        let mut text = String::new();
        if code == 0 {
            File::open(out.join("metrics.csv")).unwrap().read_to_string(&mut text).unwrap();
        }
        (code, stderr, text)
    };
    let columns = |text: &str| -> Vec<String> { text.lines().next().unwrap().split(',').map(str::to_owned).collect() };
    let (_, _, plain) = record("plain", &[]);
    let (code, stderr, all) = record("all", &["*"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(columns(&all).len() > columns(&plain).len(), "{:?}", columns(&all));
    assert!(columns(&plain).iter().all(|name| columns(&all).contains(name)));
    for (number, name) in columns(&all).iter().enumerate() {
        let filled = all.lines().skip(1).any(|row| row.split(',').nth(number).is_some_and(|cell| !cell.is_empty()));
        assert!(filled || columns(&plain).contains(name), "{name} was asked for and is empty");
    }
    let (code, stderr, _) = record("none", &["boids.ordr"]);
    assert!(code == 2 && stderr.contains("boids.order"), "{stderr}");
    // What resumes goes on with the columns that it had.
    let out = folder.path().join("resumed");
    let mut command = program();
    command.args(["run", "flock", "--ticks", "40", "--metrics", "*", "--checkpoint-every", "20", "--out"]).arg(&out);
    assert_eq!(finish(&mut command).0, 0);
    let (code, _, stderr) = finish(program().args(["run", "--ticks", "60", "--resume"]).arg(&out));
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(std::fs::read_to_string(out.join("metrics.csv")).unwrap(), all);
}

#[test]
fn where_results_have_no_place_no_scene_runs() {
    let folder = folder();
    let at = folder.path();
    let scene = at.join("scene.ron");
    std::fs::write(&scene, SCENE).unwrap();
    for (target, told) in [(at.join("gone/junit.xml"), "there is no folder"), (at.to_path_buf(), "this is a folder")] {
        let (code, out, stderr) = finish(program().arg("test").arg(&scene).arg("--junit").arg(&target));
        assert!(code == 2 && stderr.contains(told), "{stderr}");
        assert_eq!(out, "", "nothing ran");
    }
    assert_eq!(std::fs::read_dir(at).unwrap().count(), 1, "nothing is left behind");
}

#[cfg(unix)]
#[test]
fn results_are_printed_whatever_becomes_of_their_file() {
    let folder = folder();
    let scene = folder.path().join("scene.ron");
    std::fs::write(&scene, SCENE).unwrap();
    let Some(full) = special(folder.path(), "full", &FULL) else { return };
    let (code, out, stderr) = finish(program().arg("test").arg(&scene).arg("--junit").arg(&full));
    assert!(code == 2 && stderr.contains("full"), "{stderr}");
    assert!(out.contains("0 of 1 scene passed"), "{out}");
}

#[test]
fn suites_and_cases_of_junit_have_names_of_their_own_and_every_scene_has_one() {
    let folder = folder();
    let at = folder.path();
    std::fs::write(at.join("a.ron"), SCENE).unwrap();
    std::fs::write(at.join("plain.ron"), "Scene(agents: [(name: \"a\", count: 1)], duration: Ticks(2))").unwrap();
    std::fs::write(at.join("wrong.ron"), "Scene(agnts: [])").unwrap();
    let arguments = ["test", "a.ron", "a.ron", "plain.ron", "plain.ron", "wrong.ron", "wrong.ron", "--junit", "j.xml"];
    let (code, _, stderr) = finish(program().current_dir(at).args(arguments));
    assert_eq!(code, 2, "{stderr}");
    let text = std::fs::read_to_string(at.join("j.xml")).unwrap();
    let attribute = |line: &str, name: &str| {
        let (_, rest) = line.split_once(&format!(" {name}=\"")).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let (mut suites, mut cases) = (Vec::new(), Vec::new());
    for line in text.lines().map(str::trim) {
        if line.starts_with("<testsuite ") {
            suites.push(attribute(line, "name"));
        } else if line.starts_with("<testcase ") {
            cases.push((attribute(line, "classname"), attribute(line, "name")));
        }
    }
    assert_eq!(suites, ["a.ron", "a.ron (2)", "plain.ron", "plain.ron (2)", "wrong.ron", "wrong.ron (2)"]);
    // Three expectations twice, and one case for each of the others.
    assert_eq!(cases.len(), 2 * 3 + 4, "{text}");
    let names: std::collections::BTreeSet<_> = cases.iter().collect();
    assert_eq!(names.len(), cases.len(), "{cases:?}");
}
