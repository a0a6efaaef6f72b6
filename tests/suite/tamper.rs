//! Whatever is done to whatever file of a recorded run: it is told, with its place, and nothing hangs or fills the memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use agent2028::headless::{RunOptions, run};
use agent2028::ledger::disk::{Item, Store, StoreOptions, walk};
use agent2028::ledger::{EntryKind, SignedTreeHead};
use agent2028::record::Recording;
use agent2028::record::audit::{Verdict, audit};
use agent2028::scene::load::{Setting, load};

use crate::{finish, folder, program};

/// A scene with every sort of file that a run can have: a table of agents, signatures that no seed repeats, several segments.
const SCENE: &str = "Scene(
    name: \"Everything\", seed: 5, duration: Ticks(160),
    agents: [(name: \"clerk\", count: 4, from_csv: Some(\"clerks.csv\"), capabilities: [\"a.b\"])],
    operations: (workload: [Poisson(name: \"w\", capability: \"a.b\", per_second: 60)]),
    identity: (suite: HybridCrystals, signed_events: [\"AgentRecovered\"]),
    ledger: (receipts: true, state_hash_every_s: Some(0.5), heads_every_s: 0.5, stamps: Interventions,
        disk: (segment_mib: 0.01, keep: KEEP)),
    timeline: [(at: 40, do: Kill(select: Count(2))), (at: 90, do: Restart(select: All))],
)";

fn record(folder: &Path, name: &str, keep: &str, seed: u64) -> PathBuf {
    let scene = folder.join("scene.ron");
    fs::write(folder.join("clerks.csv"), "x,y\n1,2\n3,4\n5,6\n7,8\n").unwrap();
    fs::write(&scene, SCENE.replace("KEEP", keep)).unwrap();
    let loaded = load(scene.to_str().unwrap(), &[Setting { path: "seed".into(), value: seed.to_string() }]).unwrap();
    let out = folder.join(name);
    let options = RunOptions {
        out: Some(out.clone()),
        checkpoint_every: Some(60),
        hash_every: Some(50),
        threads: Some(1),
        ..RunOptions::default()
    };
    run(&loaded, &options, &mut |_| {}).unwrap();
    out
}

/// All files of a run by their names within it, those of its ledger too.
fn files(run: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for (folder, before) in [("", ""), ("checkpoints", "checkpoints/"), ("ledger", "ledger/")] {
        for entry in fs::read_dir(run.join(folder)).unwrap().flatten() {
            if entry.file_type().unwrap().is_file() {
                names.push(format!("{before}{}", entry.file_name().to_str().unwrap()));
            }
        }
    }
    names.sort();
    names
}

fn changed(run: &Path, name: &str, how: &str) {
    match audit(run).map(|audit| audit.verdict) {
        // The place: the file, or that the ledger ends too early where its last file was cut.
        Ok(Verdict::Changed(what)) => {
            let file = name.rsplit('/').next().unwrap();
            // Where a part of another ledger lies, the next one doesn't go on with it.
            let segment = name.starts_with("ledger/") && what.contains(".a28l");
            assert!(what.contains(file) || segment || what.contains("entry "), "{how} {name}: {what}");
        }
        other => panic!("{how} {name}: {other:?}"),
    }
}

fn remove(path: &Path) {
    match fs::symlink_metadata(path) {
        Ok(about) if about.is_dir() => fs::remove_dir_all(path).unwrap(),
        Ok(_) => fs::remove_file(path).unwrap(),
        Err(_) => {}
    }
}

/// Puts something in the place of a file.
type Replacement = fn(&Path);

#[cfg(unix)]
fn replacements() -> Vec<(&'static str, Replacement)> {
    fn link(to: &Path, at: &Path) {
        std::os::unix::fs::symlink(to, at).unwrap();
    }
    vec![
        ("a folder in the place of", |path| fs::create_dir(path).unwrap()),
        ("a pipe in the place of", |path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success())),
        ("a link to an endless device in the place of", |path| link(Path::new("/dev/zero"), path)),
        ("a link to nothing in the place of", |path| link(Path::new("nowhere"), path)),
        ("a link to what it was in the place of", |path| link(&path.with_extension("away"), path)),
    ]
}

#[cfg(unix)]
#[test]
fn whatever_is_done_to_whatever_file_is_told_with_its_place() {
    let folder = folder();
    for keep in ["None", "Some(60)"] {
        let run = record(folder.path(), &format!("run-{}", keep.len()), keep, 5);
        let other = record(folder.path(), &format!("other-{}", keep.len()), keep, 6);
        assert_eq!(audit(&run).unwrap().verdict, Verdict::Whole);
        let names = files(&run);
        for wanted in ["scene.ron", "agents-0.csv", "about.json", "options.json", "signatures.csv", "metrics.parquet"] {
            assert!(names.iter().any(|name| name == wanted), "{wanted} of {names:?}");
        }
        let count = |begin: &str| names.iter().filter(|name| name.starts_with(begin)).count();
        assert!(count("ledger/0") > 1 && count("checkpoints/") == 2, "{names:?}");
        assert_eq!(count("ledger/base"), usize::from(keep != "None"));
        for name in &names {
            let path = run.join(name);
            let bytes = fs::read(&path).unwrap();
            let half = bytes.len() / 2;
            let flipped = |at: usize| {
                let mut changed = bytes.clone();
                changed[at] ^= 1;
                changed
            };
            let mut contents = vec![
                ("flip in", flipped(half)),
                ("cut", bytes[..bytes.len() - 1].to_vec()),
                ("append to", [&bytes[..], b"\n"].concat()),
                ("swapped halves of", [&bytes[half..], &bytes[..half]].concat()),
                ("emptied", Vec::new()),
            ];
            // The same text under another seed tells nothing; most files tell of something.
            let others = fs::read(other.join(name)).unwrap_or_default();
            if others != bytes {
                contents.push(("another run's", others));
            }
            for (how, content) in contents {
                fs::write(&path, content).unwrap();
                changed(&run, name, how);
            }
            fs::remove_file(&path).unwrap();
            changed(&run, name, "deleted");
            let away = path.with_extension("away");
            fs::write(&away, &bytes).unwrap();
            for (how, put) in replacements() {
                put(&path);
                changed(&run, name, how);
                // Whoever shows the run or runs it again refuses it too, or doesn't need it, and waits for nothing.
                let _ = Recording::open(&run);
                remove(&path);
            }
            fs::remove_file(&away).unwrap();
            fs::write(&path, &bytes).unwrap();
        }
        for at in ["checkpoints", "ledger"] {
            let (place, away) = (run.join(at), folder.path().join("away"));
            fs::rename(&place, &away).unwrap();
            std::os::unix::fs::symlink(&away, &place).unwrap();
            changed(&run, at, "a link in the place of");
            remove(&place);
            changed(&run, at, "deleted");
            fs::rename(&away, &place).unwrap();
        }
        // What nobody has written is no part of the run, unless it has the name of one.
        fs::write(run.join("notes.txt"), "mine").unwrap();
        assert_eq!(audit(&run).unwrap().verdict, Verdict::Whole);
        fs::write(run.join("agents-7.csv"), "x,y\n").unwrap();
        changed(&run, "agents-7.csv", "added");
    }
}

/// What limits a program's memory: 200 MB of it may be written to.
#[cfg(target_os = "linux")]
fn limited() -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -d 204800; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_agent2028"), "ledger", "verify"]);
    command
}

#[cfg(target_os = "linux")]
#[test]
fn endless_and_enormous_files_are_refused_within_200_mb() {
    let folder = folder();
    let run = record(folder.path(), "run", "Some(60)", 5);
    let (code, told, stderr) = finish(limited().arg(&run));
    assert_eq!(code, 0, "{told}{stderr}");
    let last = files(&run).into_iter().rev().find(|name| name.ends_with(".a28l")).unwrap();
    for name in ["scene.ron", "metrics.csv", "events.jsonl", "summary.json", "ledger/base.a28b", &last] {
        let path = run.join(name);
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        let (code, told, stderr) = finish(limited().arg(&run));
        assert!(code == 1 && told.contains("NOT VERIFIED"), "{name}: {told}{stderr}");
        remove(&path);
        // A terabyte of zeros after it, which takes no room on the disk, and nobody reads.
        fs::write(&path, &bytes).unwrap();
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
        let (code, told, stderr) = finish(limited().arg(&run));
        assert!(code == 1 && told.contains("NOT VERIFIED"), "{name}: {told}{stderr}");
        fs::write(&path, &bytes).unwrap();
    }
    assert_eq!(audit(&run).unwrap().verdict, Verdict::Whole);
}

/// Writes a ledger anew with all checksums right, as whoever has the program could; what `change` returns instead of a thing
/// is written in its place.
fn rewritten(run: &Path, mut change: impl FnMut(Thing) -> Option<Thing>) {
    let folder = run.join("ledger");
    let mut things = Vec::new();
    walk(&folder, &mut |item| {
        things.push(match item {
            Item::Entry { entry, .. } => Thing::Entry(Box::new(entry)),
            Item::Head(signed) => Thing::Head(signed),
            Item::Stamp(stamp) => Thing::Other(Item::Stamp(stamp)),
            Item::Key(key) => Thing::Other(Item::Key(key)),
            Item::Kept { .. } | Item::FormerKey(_) => unreachable!("nothing was dropped"),
        });
        Ok(())
    })
    .unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let mut store = Store::create(&folder, StoreOptions::default()).unwrap();
    for thing in things.into_iter().filter_map(&mut change) {
        match thing {
            Thing::Entry(entry) => drop(store.append(&entry).unwrap()),
            Thing::Head(mut signed) => {
                (signed.head.size, signed.head.root) = (store.size(), store.root());
                store.append_head(&signed).unwrap();
            }
            // One of an entry that has another number now, or none.
            Thing::Other(Item::Stamp(stamp)) => drop(store.append_stamp(&stamp)),
            Thing::Other(Item::Key(key)) => store.append_key(&key).unwrap(),
            Thing::Other(_) => unreachable!("entries and heads have their own"),
        }
    }
    store.sync().unwrap();
}

enum Thing {
    Entry(Box<agent2028::ledger::Entry>),
    Head(SignedTreeHead),
    Other(Item<'static>),
}

fn copy(run: &Path, to: &Path) {
    for name in files(run) {
        let place = to.join(&name);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::copy(run.join(&name), place).unwrap();
    }
}

/// What somebody can do who has the program: every checksum is right.
#[test]
fn what_is_left_out_with_all_checksums_right_is_missed() {
    let folder = folder();
    let run = record(folder.path(), "run", "None", 5);
    let mut number = 0;
    let mut forged = |change: &mut dyn FnMut(Thing) -> Option<Thing>| {
        number += 1;
        let copied = folder.path().join(format!("forged-{number}"));
        copy(&run, &copied);
        rewritten(&copied, change);
        copied
    };
    let told = |run: &Path| match audit(run).unwrap().verdict {
        Verdict::Changed(what) => what,
        other => panic!("{other:?}"),
    };
    // To change nothing is no forgery.
    assert_eq!(audit(&forged(&mut Some)).unwrap().verdict, Verdict::Whole);
    let unsigned = forged(&mut |thing| match thing {
        Thing::Head(signed) => Some(Thing::Head(SignedTreeHead { signature: None, ..signed })),
        other => Some(other),
    });
    assert!(told(&unsigned).contains("not signed"), "{}", told(&unsigned));
    let headless = forged(&mut |thing| (!matches!(thing, Thing::Head(_))).then_some(thing));
    assert!(told(&headless).contains("tree head of tick 30 is missing"), "{}", told(&headless));
    let stampless = forged(&mut |thing| (!matches!(thing, Thing::Other(Item::Stamp(_)))).then_some(thing));
    assert!(told(&stampless).contains("lacks the time stamp"), "{}", told(&stampless));
    let without = |kind: EntryKind| {
        move |thing: Thing| match thing {
            Thing::Entry(entry) if entry.kind == kind => None,
            // Nobody who leaves entries out can sign the heads anew without the key.
            Thing::Head(signed) => Some(Thing::Head(signed)),
            other => Some(other),
        }
    };
    for (kind, words) in [
        (EntryKind::StateHash, "state hash of tick 30 is missing"),
        (EntryKind::Terms, "begins with scene, seed, terms"),
        (EntryKind::Scene, "begins with scene, seed, terms"),
        (EntryKind::File, "files"),
    ] {
        let forged = forged(&mut without(kind));
        assert!(told(&forged).contains(words), "{kind:?}: {}", told(&forged));
    }
    // Ticks never fall.
    let mut seen = 0;
    let falling = forged(&mut |thing| match thing {
        Thing::Entry(mut entry) => {
            seen += 1;
            entry.tick = if seen == 40 { 1 } else { entry.tick };
            Some(Thing::Entry(entry))
        }
        other => Some(other),
    });
    assert!(told(&falling).contains("its tick is 1"), "{}", told(&falling));

    // Two entries of one tick in the other order.
    let mut held: Option<Box<agent2028::ledger::Entry>> = None;
    let mut swapped = false;
    let exchanged = forged(&mut |thing| match thing {
        Thing::Entry(entry) if !swapped && held.is_none() && entry.kind == EntryKind::Receipt => {
            held = Some(entry.clone());
            Some(Thing::Entry(entry))
        }
        Thing::Entry(entry) if !swapped && entry.kind == EntryKind::Receipt => {
            swapped = true;
            held.take().map(Thing::Entry)
        }
        other => Some(other),
    });
    assert!(swapped && told(&exchanged).contains("tree head over"), "{}", told(&exchanged));
    // Nothing comes after the head over the manifest, not even that head again; and nothing goes on that had not ended.
    let appended = |run: &Path, append: &dyn Fn(&mut Store)| {
        let (mut store, _) = Store::open(&run.join("ledger"), StoreOptions::default()).unwrap();
        append(&mut store);
        store.sync().unwrap();
        told(run)
    };
    let twice = forged(&mut Some);
    let last = walk(&twice.join("ledger"), &mut |_| Ok(())).unwrap().heads.pop().unwrap();
    let words = appended(&twice, &|store| store.append_head(&last).unwrap());
    assert!(words.contains("more than one tree head over all"), "{words}");
    let resumed = agent2028::ledger::facts::resumed_entry(60, 0);
    let early = forged(&mut |thing| match thing {
        Thing::Entry(entry) if entry.tick > 60 => None,
        Thing::Head(signed) if signed.head.tick > 60 => None,
        other => Some(other),
    });
    let words = appended(&early, &|store| assert!(store.append(&resumed).is_ok()));
    assert!(words.contains("the run had not ended"), "{words}");
    let elsewhere = forged(&mut Some);
    let words = appended(&elsewhere, &|store| assert!(store.append(&resumed).is_ok()));
    assert!(words.contains("the run ended with tick 160") || words.contains("its tick is 60"), "{words}");

    // Rolled back to an earlier head: a run that has ended has an end; one that pretends not to have ended is cut off.
    let mut heads = 0;
    let mut earlier = |thing: Thing| {
        heads += u32::from(matches!(thing, Thing::Head(_)));
        (heads < 3).then_some(thing)
    };
    let back = forged(&mut earlier);
    assert!(told(&back).contains("the run has ended"), "{}", told(&back));
    fs::remove_file(back.join("summary.json")).unwrap();
    let (code, words, _) = finish(program().args(["ledger", "verify"]).arg(&back));
    assert!(code == 4 && words.contains("CUT OFF: the ledger ends with entry"), "{code}: {words}");

    // What was dropped although the scene wants all to be kept, rightly and with what proves the rest.
    let small = folder.path().join("small");
    copy(&run, &small);
    let (mut store, _) = Store::open(&small.join("ledger"), StoreOptions::default()).unwrap();
    assert!(store.compact(store.size() / 2).unwrap().is_some());
    drop(store);
    assert!(told(&small).contains("the scene wants all to be kept"), "{}", told(&small));
}

#[test]
fn a_run_of_which_entries_were_dropped_still_has_its_scene_and_seed() {
    let folder = folder();
    let run = record(folder.path(), "run", "Some(60)", 5);
    assert_eq!(audit(&run).unwrap().verdict, Verdict::Whole);
    assert!(audit(&run).unwrap().ledger.unwrap().first > 0);
    let scene = fs::read_to_string(run.join("scene.ron")).unwrap();
    assert!(scene.contains("seed: 5"), "{scene}");
    fs::write(run.join("scene.ron"), scene.replace("seed: 5", "seed: 6")).unwrap();
    let Verdict::Changed(what) = audit(&run).unwrap().verdict else { panic!() };
    assert!(what.contains("scene.ron is not the scene that was run (entry 0)"), "{what}");
    fs::write(run.join("scene.ron"), &scene).unwrap();
    // The scene can be proven to be under the last root although its entry is in no segment any longer.
    let (code, proof, stderr) = finish(program().args(["ledger", "prove", "--index", "0"]).arg(&run));
    assert_eq!(code, 0, "{stderr}");
    let file = folder.path().join("proof.json");
    fs::write(&file, proof).unwrap();
    let (code, told, _) = finish(program().args(["ledger", "verify", "--proof"]).arg(&file));
    assert!(code == 0 && told.contains("Scene Everything"), "{told}");
}

/// A run that drops entries is killed between two checkpoints that lie far apart: it goes on from the first one.
#[cfg(unix)]
#[test]
fn a_run_that_drops_entries_goes_on_after_a_kill() {
    let folder = folder();
    let whole = folder.path().join("whole");
    let scene = ["run", "audited-run", "--set", "ledger.disk=(keep:Some(100),segment_mib:0.01)", "--ticks", "900"];
    let rows = ["--checkpoint-every", "400"];
    let (code, _, stderr) = finish(program().args(scene).args(rows).arg("--out").arg(&whole));
    assert!(code < 2, "{stderr}");
    let root = |run: &Path| audit(run).unwrap().ledger.unwrap().run.unwrap();
    for blocks in [150, 400, 520] {
        let killed = folder.path().join(format!("killed-{blocks}"));
        let mut command = crate::program_killed_at(blocks);
        let status = command.args(scene).args(rows).arg("--out").arg(&killed).output().unwrap().status;
        assert!(status.code().is_none(), "killed by {blocks} blocks");
        assert!(matches!(audit(&killed).unwrap().verdict, Verdict::CutOff(_)), "{:?}", audit(&killed).unwrap().verdict);
        let (code, _, stderr) = finish(program().args(["run", "--resume"]).arg(&killed));
        assert!(code < 2, "{blocks}: {stderr}");
        assert_eq!(audit(&killed).unwrap().verdict, Verdict::Whole);
        assert_eq!(root(&killed), root(&whole));
    }
}

/// Sliders reach the ledger too: what has to be in it changes in the middle of a run, says so, and is demanded from there on.
#[test]
fn terms_that_change_during_a_run_are_entered_and_raise_no_alarm() {
    let folder = folder();
    let scene = SCENE.replace("KEEP", "None").replace("stamps: Interventions", "stamps: Important").replace(
        "timeline: [",
        "timeline: [(at: 30, do: SetParam(path: \"ledger.heads_every_s\", value: \"0.2\")),
            (at: 77, do: SetParam(path: \"ledger.least_priority\", value: \"1\")),
            (at: 120, do: SetParam(path: \"ledger.heads_every_s\", value: \"0.9\")), ",
    );
    fs::write(folder.path().join("clerks.csv"), "x,y\n1,2\n3,4\n5,6\n7,8\n").unwrap();
    let file = folder.path().join("scene.ron");
    fs::write(&file, scene).unwrap();
    let loaded = load(file.to_str().unwrap(), &[]).unwrap();
    let out = folder.path().join("run");
    run(&loaded, &RunOptions { out: Some(out.clone()), ..RunOptions::default() }, &mut |_| {}).unwrap();
    assert_eq!(audit(&out).unwrap().verdict, Verdict::Whole);
    let (mut terms, mut heads) = (Vec::new(), Vec::new());
    walk(&out.join("ledger"), &mut |item| {
        match item {
            Item::Entry { entry, .. } if entry.kind == EntryKind::Terms => terms.push(entry.tick),
            Item::Head(signed) => heads.push(signed.head.tick),
            _ => {}
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(terms, [0, 30, 77, 120]);
    // Every 30 ticks, then every 12, then every 54, and twice at the end.
    assert_eq!(heads, [36, 48, 60, 72, 84, 96, 108, 160, 160]);
}
