//! Whatever is done to whatever file of a recorded run: it is told, with its place, and nothing hangs or fills the memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use agent2028::headless::{RunOptions, run};
use agent2028::ledger::disk::{Item, Store, StoreOptions, walk};
use agent2028::ledger::hash::leaf_hash;
use agent2028::ledger::keys::{KeyRole, SigningKey};
use agent2028::ledger::sign::Signer;
use agent2028::ledger::stamp::TimeStampAuthority;
use agent2028::ledger::{EntryKind, Outcome, SignedTreeHead, Terms, TreeHead, facts};
use agent2028::record::Recording;
use agent2028::record::audit::{AuditVerdict, audit};
use agent2028::scene::load::{Setting, load};
use agent2028_core::rng::SimRng;
use agent2028_identity::suite::SuiteId;

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
        for entry in fs::read_dir(run.join(folder)).into_iter().flatten().flatten() {
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
        Ok(AuditVerdict::Changed(what)) => {
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
        assert_eq!(audit(&run).unwrap().verdict, AuditVerdict::Whole);
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
        assert_eq!(audit(&run).unwrap().verdict, AuditVerdict::Whole);
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
    assert_eq!(audit(&run).unwrap().verdict, AuditVerdict::Whole);
    // A base with a right checksum that is longer than any is, and a scene that names an endless device.
    let mut hasher = blake3::Hasher::new();
    let zeros = vec![0; 1 << 24];
    let base = run.join("ledger/base.a28b");
    let before = fs::read(&base).unwrap();
    {
        use std::io::Write as _;
        let mut file = fs::File::create(&base).unwrap();
        file.write_all(b"A28LBAS2").unwrap();
        for _ in 0..16 {
            hasher.update(&zeros);
            file.write_all(&zeros).unwrap();
        }
        file.write_all(hasher.finalize().as_bytes()).unwrap();
    }
    let (code, told, stderr) = finish(limited().arg(&run));
    assert!(code == 1 && told.contains("so long"), "{told}{stderr}");
    fs::write(&base, before).unwrap();
    let scene = fs::read_to_string(run.join("scene.ron")).unwrap();
    fs::write(run.join("scene.ron"), scene.replace("\"agents-0.csv\"", "\"/dev/zero\"")).unwrap();
    let (code, told, stderr) = finish(limited().arg(&run));
    assert!(code == 1 && told.contains("scene.ron"), "{told}{stderr}");
    // Nor does whoever runs it again read anything but what lies beside the scene.
    let refused = Recording::open(&run).unwrap_err().to_string();
    assert!(refused.contains("no file in the run's folder"), "{refused}");
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
    // The keeper's key follows from the seed, which everybody has who has the run.
    let keeper = SigningKey::of_run(KeyRole::Keeper, SuiteId::HybridFips, &SimRng::new(5)).unwrap();
    let mut store = Store::create(&folder, StoreOptions::default()).unwrap();
    let stamper = SigningKey::of_run(KeyRole::TimeStamps, SuiteId::HybridFips, &SimRng::new(5)).unwrap();
    // The last entry, if it stayed.
    let mut last = None;
    for thing in things {
        let is_entry = matches!(thing, Thing::Entry(_));
        match change(thing) {
            Some(Thing::Entry(entry)) => last = Some((store.append(&entry).unwrap(), leaf_hash(&entry.to_bytes()))),
            Some(Thing::Head(signed)) => {
                let head = TreeHead { size: store.size(), root: store.root(), ..signed.head };
                let key = signed.signature.is_some().then_some(&keeper as &dyn Signer);
                store.append_head(&head.signed(key)).unwrap();
            }
            Some(Thing::Other(Item::Stamp(stamp))) => {
                if let Some((index, leaf)) = last {
                    let mut authority = TimeStampAuthority::default();
                    let stamp = authority.stamp(index, leaf, stamp.unix_ms, (&leaf, index), &stamper).unwrap();
                    store.append_stamp(&stamp).unwrap();
                }
            }
            Some(Thing::Other(Item::Key(key))) => store.append_key(&key).unwrap(),
            Some(Thing::Other(_)) => unreachable!("entries and heads have their own"),
            None => last = last.filter(|_| !is_entry),
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
        AuditVerdict::Changed(what) => what,
        other => panic!("{other:?}"),
    };
    // To change nothing is no forgery.
    assert_eq!(audit(&forged(&mut Some)).unwrap().verdict, AuditVerdict::Whole);
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
    // Nothing in two receipts of a tick tells their order; that it was another the root tells.
    let roots = [&run, &exchanged].map(|run| audit(run).unwrap().ledger.unwrap().root);
    assert!(swapped && roots[0] != roots[1]);
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
    // Not behind its checkpoints: before each there was a tree head.
    assert!(told(&back).contains("there is a checkpoint of tick 120"), "{}", told(&back));
    fs::remove_dir_all(back.join("checkpoints")).unwrap();
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
    assert_eq!(audit(&run).unwrap().verdict, AuditVerdict::Whole);
    assert!(audit(&run).unwrap().ledger.unwrap().first > 0);
    let scene = fs::read_to_string(run.join("scene.ron")).unwrap();
    assert!(scene.contains("seed: 5"), "{scene}");
    fs::write(run.join("scene.ron"), scene.replace("seed: 5", "seed: 6")).unwrap();
    let AuditVerdict::Changed(what) = audit(&run).unwrap().verdict else { panic!() };
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
        assert!(
            matches!(audit(&killed).unwrap().verdict, AuditVerdict::CutOff(_)),
            "{:?}",
            audit(&killed).unwrap().verdict
        );
        let (code, _, stderr) = finish(program().args(["run", "--resume"]).arg(&killed));
        assert!(code < 2, "{blocks}: {stderr}");
        assert_eq!(audit(&killed).unwrap().verdict, AuditVerdict::Whole);
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
    assert_eq!(audit(&out).unwrap().verdict, AuditVerdict::Whole);
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

/// What is told of a run that was changed.
fn told(run: &Path) -> String {
    match audit(run).unwrap().verdict {
        AuditVerdict::Changed(what) => what,
        other => panic!("{other:?}"),
    }
}

/// Whoever has the seed has the keys and can sign whatever ledger: what its entries say of themselves, of their times and of the run's
/// files has to be so all the same.
#[test]
fn entries_say_what_the_files_and_the_clock_say() {
    let folder = folder();
    let run = record(folder.path(), "run", "None", 5);
    let year = 365 * 86_400_000;
    let mut number = 0;
    let mut forged = |change: &mut dyn FnMut(&mut agent2028::ledger::Entry) -> bool| {
        number += 1;
        let copied = folder.path().join(format!("forged-{number}"));
        copy(&run, &copied);
        rewritten(&copied, |thing| match thing {
            Thing::Entry(mut entry) => change(&mut entry).then_some(Thing::Entry(entry)),
            other => Some(other),
        });
        copied
    };
    assert_eq!(audit(&forged(&mut |_| true)).unwrap().verdict, AuditVerdict::Whole, "to change nothing is no forgery");
    let mut of = |kind: EntryKind, words: &str, change: &mut dyn FnMut(&mut agent2028::ledger::Entry)| {
        let mut found = 0;
        let changed = forged(&mut |entry| {
            if entry.kind == kind {
                found += 1;
                change(entry);
            }
            true
        });
        let what = told(&changed);
        assert!(found > 0 && what.contains(words), "{kind:?}: {what}");
    };
    for kind in [EntryKind::Event, EntryKind::Receipt, EntryKind::StateHash, EntryKind::Intervention, EntryKind::End] {
        of(kind, "its time", &mut |entry| entry.unix_ms += year);
    }
    of(EntryKind::Event, "tells otherwise of the event", &mut |entry| entry.detail = "all is well".into());
    of(EntryKind::Event, "tells otherwise of the event", &mut |entry| entry.operation = "AllIsWell".into());
    of(EntryKind::Event, "has the outcome", &mut |entry| entry.outcome = Outcome::Refused);
    of(EntryKind::Intervention, "tells otherwise of what", &mut |entry| entry.detail = "nothing".into());
    of(EntryKind::Intervention, "tells otherwise of what", &mut |entry| entry.operation = "Nothing".into());
    of(EntryKind::Intervention, "tells otherwise of what", &mut |entry| entry.outcome = Outcome::Refused);
    of(EntryKind::StateHash, "is not what its hash is of", &mut |entry| entry.detail = "00".repeat(32));
    of(EntryKind::Result, "is not what its hash is of", &mut |entry| entry.payload = [0; 32]);
    of(EntryKind::Seed, "is not what its hash is of", &mut |entry| entry.detail = "6".into());
    of(EntryKind::Scene, "calls its scene other", &mut |entry| entry.operation = "Another".into());
    of(EntryKind::End, "is not what its hash is of", &mut |entry| entry.payload = [0; 32]);
    of(EntryKind::Result, "results that were entered", &mut |entry| entry.operation = "metrics.csv".into());
    // An intervention that was done sets values; nothing else changes what has to be in a ledger, and that not before.
    let copied = folder.path().join("terms");
    copy(&run, &copied);
    rewritten(&copied, |thing| match thing {
        Thing::Entry(entry) if entry.kind == EntryKind::StateHash && entry.tick == 30 => {
            let (terms, _) = terms_of(&run);
            let none = Terms { state_hash_every: None, heads_every: 1 << 40, ..terms };
            Some(Thing::Entry(Box::new(facts::terms_entry(&none, 0, entry.tick, entry.unix_ms))))
        }
        other => Some(other),
    });
    assert!(told(&copied).contains("no intervention"), "{}", told(&copied));
    // Time stamps have the time of their entry, whoever has the authority's key.
    let copied = folder.path().join("stamps");
    copy(&run, &copied);
    rewritten(&copied, |thing| match thing {
        Thing::Other(Item::Stamp(mut stamp)) => {
            stamp.unix_ms += year;
            Some(Thing::Other(Item::Stamp(stamp)))
        }
        other => Some(other),
    });
    assert!(
        told(&copied).contains("the time stamp of entry") && told(&copied).contains("its time"),
        "{}",
        told(&copied)
    );
    // So have tree heads.
    let copied = folder.path().join("heads");
    copy(&run, &copied);
    rewritten(&copied, |thing| match thing {
        Thing::Head(mut signed) => {
            signed.head.unix_ms += year;
            Some(Thing::Head(signed))
        }
        other => Some(other),
    });
    assert!(told(&copied).contains("its time"), "{}", told(&copied));
}

fn terms_of(run: &Path) -> (Terms, usize) {
    let mut terms = None;
    walk(&run.join("ledger"), &mut |item| {
        if let Item::Entry { entry, .. } = item
            && entry.kind == EntryKind::Terms
        {
            terms = terms.take().or_else(|| Terms::from_text(&entry.detail));
        }
        Ok(())
    })
    .unwrap();
    terms.unwrap()
}

fn resumed(run: &Path, ticks: u64) -> Result<(), String> {
    let loaded = agent2028::record::recording::load_scene(run, &[]).map_err(|error| error.to_string())?;
    let options = RunOptions { resume: Some(run.into()), ticks: Some(ticks), ..RunOptions::default() };
    agent2028::headless::run(&loaded, &options, &mut |_| {}).map(drop).map_err(|error| error.to_string())
}

fn everything(run: &Path) -> Vec<(String, Vec<u8>)> {
    files(run).into_iter().map(|name| (name.clone(), fs::read(run.join(name)).unwrap())).collect()
}

/// The manifest says what a run's folder holds: whatever somebody takes away of it, also nearly everything.
#[test]
fn a_folder_that_is_stripped_of_whatever_files_is_never_whole_and_does_not_go_on() {
    let folder = folder();
    let run = record(folder.path(), "run", "None", 5);
    let names = files(&run);
    let (of_ledger, others): (Vec<&String>, Vec<&String>) = names.iter().partition(|name| name.starts_with("ledger/"));
    let mut number = 0;
    let mut stripped = |kept: &[&String], also: &dyn Fn(&Path)| {
        number += 1;
        let to = folder.path().join(format!("stripped-{number}"));
        for name in kept {
            let place = to.join(name);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::copy(run.join(name), place).unwrap();
        }
        also(&to);
        let verdict = audit(&to).unwrap().verdict;
        assert!(matches!(verdict, AuditVerdict::Changed(_)), "{kept:?}: {verdict:?}");
        if to.join("scene.ron").exists() {
            let before = everything(&to);
            let refused = resumed(&to, 200).unwrap_err();
            assert!(!refused.is_empty() && before == everything(&to), "{kept:?}: {refused}");
        }
    };
    stripped(&of_ledger, &|_| {});
    for name in &others {
        stripped(&[&of_ledger[..], &[*name]].concat(), &|_| {});
        let rest: Vec<&String> = names.iter().filter(|other| other != name).collect();
        stripped(&rest, &|_| {});
    }
    // A scene that was altered, and nothing else.
    stripped(&of_ledger, &|to| {
        let scene = fs::read_to_string(run.join("scene.ron")).unwrap();
        fs::write(to.join("scene.ron"), scene.replace("per_second: 60", "per_second: 1")).unwrap();
    });
    // Without its ledger nothing vouches for a run.
    stripped(&others, &|_| {});
}

/// What a run goes on from is what its ledger knows: a run of which something was altered does not go on, and is not touched.
#[cfg(unix)]
#[test]
fn a_run_whose_files_were_altered_does_not_go_on() {
    let folder = folder();
    let ended = record(folder.path(), "ended", "None", 5);
    let killed = folder.path().join("killed");
    let scene = ["run", "audited-run", "--ticks", "900", "--checkpoint-every", "100"];
    let status = crate::program_killed_at(450).args(scene).arg("--out").arg(&killed).output().unwrap().status;
    assert!(status.code().is_none() && !crate::checkpoint_ticks(&killed).is_empty());
    let mut number = 0;
    let mut altered = |run: &Path, name: &str, alter: &dyn Fn(String) -> Option<String>| {
        number += 1;
        let to = folder.path().join(format!("altered-{number}"));
        copy(run, &to);
        let text = fs::read_to_string(to.join(name)).unwrap();
        match alter(text) {
            Some(text) => fs::write(to.join(name), text).unwrap(),
            None => fs::remove_file(to.join(name)).unwrap(),
        }
        let before = everything(&to);
        let refused = resumed(&to, 1000).unwrap_err();
        assert!(refused.contains("nothing was touched") && refused.contains(name), "{name}: {refused}");
        assert!(before == everything(&to), "{name}");
    };
    let without_last = |text: String| {
        let lines: Vec<&str> = text.lines().collect();
        Some(lines[..lines.len() - 1].iter().map(|line| format!("{line}\n")).collect())
    };
    altered(&ended, "metrics.csv", &|text| Some(text.replacen("\n50,", "\n50,1", 1)));
    altered(&ended, "metrics.csv", &|_| None);
    altered(&ended, "hashes.csv", &without_last);
    altered(&ended, "events.jsonl", &|_| Some(String::new()));
    for run in [&ended, &killed] {
        altered(run, "metrics.csv", &|text| Some(format!("{}\n", text.lines().next().unwrap())));
        altered(run, "about.json", &|_| None);
    }
    // A ledger that was cut to its beginning, with the events that it had.
    let to = folder.path().join("cut");
    copy(&killed, &to);
    fs::write(to.join("events.jsonl"), "").unwrap();
    let segment = to.join("ledger/00000000.a28l");
    let bytes = fs::read(&segment).unwrap();
    for length in [52, 2000, bytes.len() / 4] {
        fs::write(&segment, &bytes[..length]).unwrap();
        let what = told(&to);
        assert!(what.contains("checkpoint") || what.contains("tells of ticks"), "{length}: {what}");
        assert!(resumed(&to, 1000).is_err());
        assert!(fs::read(&segment).unwrap() == bytes[..length], "a resume that is refused touches nothing");
    }
    // What is as it was left goes on, and is whole then.
    for run in [&ended, &killed] {
        resumed(run, 1000).unwrap();
        assert_eq!(audit(run).unwrap().verdict, AuditVerdict::Whole);
    }
}

/// A run that was cut off goes on from a checkpoint: another one in its place, whole and of the same scene, is found out.
#[cfg(unix)]
#[test]
fn a_run_does_not_go_on_from_a_state_that_it_never_had() {
    use agent2028_core::faults::Kill;
    use agent2028_core::selector::Selector;
    let folder = folder();
    let scene = "Scene(seed: 4, duration: Ticks(1000000), agents: [(name: \"bird\", count: 300)], boids: ())";
    fs::write(folder.path().join("scene.ron"), scene).unwrap();
    let loaded = load(folder.path().join("scene.ron").to_str().unwrap(), &[]).unwrap();
    let (killed, other) = (folder.path().join("killed"), folder.path().join("other"));
    let mut command = program();
    command.args(["run", "--checkpoint-every", "100"]).arg(folder.path().join("scene.ron")).arg("--out").arg(&killed);
    crate::killed_when(&mut command, || crate::checkpoint_ticks(&killed).len() > 2);
    let AuditVerdict::CutOff(_) = audit(&killed).unwrap().verdict else {
        panic!("{:?}", audit(&killed).unwrap().verdict)
    };
    let newest = crate::checkpoint_ticks(&killed).into_iter().max().unwrap();
    // The same scene, in which somebody has done something.
    let options = RunOptions {
        out: Some(other.clone()),
        ticks: Some(newest),
        checkpoint_every: Some(newest),
        interventions: vec![(5, Kill { select: Selector::Count(3), duration_s: None }.into())],
        ..RunOptions::default()
    };
    run(&loaded, &options, &mut |_| {}).unwrap();
    let name = format!("checkpoints/{newest:012}.a28");
    let honest = fs::read(killed.join(&name)).unwrap();
    fs::copy(other.join(&name), killed.join(&name)).unwrap();
    let before = everything(&killed);
    assert!(told(&killed).contains(&format!("{name} holds another state than tick {newest} had")), "{}", told(&killed));
    let refused = resumed(&killed, newest + 200).unwrap_err();
    assert!(refused.contains("holds another state") && before == everything(&killed), "{refused}");
    fs::write(killed.join(&name), honest).unwrap();
    resumed(&killed, newest + 200).unwrap();
    assert_eq!(audit(&killed).unwrap().verdict, AuditVerdict::Whole);
}

/// What a run had written when it ended stays as it is when the run goes on, from whatever checkpoint; and whoever alters that
/// later is found out, although newer ends of the run don't tell of it.
#[test]
fn what_was_written_up_to_an_end_stays() {
    let folder = folder();
    let run = record(folder.path(), "run", "None", 5);
    let grows = ["metrics.csv", "events.jsonl", "hashes.csv"];
    let before = grows.map(|name| fs::read(run.join(name)).unwrap());
    for ticks in [200, 215] {
        resumed(&run, ticks).unwrap();
        assert_eq!(audit(&run).unwrap().verdict, AuditVerdict::Whole);
        for (name, before) in grows.iter().zip(&before) {
            assert!(fs::read(run.join(name)).unwrap().starts_with(before), "{name} after tick {ticks}");
        }
    }
    // As after a kill, before the last end.
    rewritten(&run, |thing| match thing {
        Thing::Entry(entry) if entry.tick == 215 && entry.kind.closes() => None,
        Thing::Head(signed) if signed.head.tick == 215 => None,
        other => Some(other),
    });
    for name in ["summary.json", "metrics.parquet", "events.parquet"] {
        fs::remove_file(run.join(name)).unwrap();
    }
    assert!(matches!(audit(&run).unwrap().verdict, AuditVerdict::CutOff(_)), "{:?}", audit(&run).unwrap().verdict);
    let rows = fs::read_to_string(run.join("metrics.csv")).unwrap();
    fs::write(run.join("metrics.csv"), rows.replacen("\n50,", "\n50,1", 1)).unwrap();
    assert!(told(&run).contains("metrics.csv no longer begins with what it was"), "{}", told(&run));
}

/// A run that is stopped while it begins, at whatever byte, is cut off and never changed; it begins again or goes on.
#[test]
fn a_run_that_is_stopped_at_any_byte_of_its_beginning_is_cut_off() {
    let folder = folder();
    let run = record(folder.path(), "run", "None", 5);
    let header = |name: &str| {
        let text = fs::read_to_string(run.join(name)).unwrap();
        format!("{}\n", text.lines().next().unwrap()).into_bytes()
    };
    let whole = |name: &str| fs::read(run.join(name)).unwrap();
    let interventions = b"// What was done to this run, in order. A replay does it again, but for what the scene does by itself.\n[\n]\n";
    let files = [
        ("about.json", whole("about.json")),
        ("options.json", whole("options.json")),
        ("metrics.csv", header("metrics.csv")),
        ("events.jsonl", Vec::new()),
        ("hashes.csv", header("hashes.csv")),
        ("interventions.ron", interventions.to_vec()),
        ("agents-0.csv", whole("agents-0.csv")),
        ("scene.ron", whole("scene.ron")),
        ("ledger/00000000.a28l", whole("ledger/00000000.a28l")),
    ];
    let at = folder.path().join("stopped");
    fs::create_dir_all(at.join("checkpoints")).unwrap();
    let scene = folder.path().join("scene.ron");
    let mut stopped = 0;
    for (name, bytes) in &files {
        let place = at.join(name);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        // Scenes come to their place as a whole. A ledger's beginning is some entries and keys long.
        let step = if bytes.len() > 3000 { 311 } else { bytes.len() / 3 + 1 };
        let last = if name.starts_with("ledger/") { bytes.len().min(12_000) } else { bytes.len() };
        let lengths: Vec<usize> = match *name {
            "scene.ron" => vec![bytes.len()],
            "ledger/00000000.a28l" => (0..60).chain((60..last).step_by(step)).collect(),
            _ => (0..last).step_by(step).chain([bytes.len()]).collect(),
        };
        for length in lengths {
            fs::write(&place, &bytes[..length]).unwrap();
            // A single file is no run yet.
            let verdict = audit(&at).map(|audit| audit.verdict);
            let is_fine = matches!(verdict, Ok(AuditVerdict::CutOff(_))) || *name == "about.json" && verdict.is_err();
            assert!(is_fine, "{name}, {length} bytes: {verdict:?}");
            stopped += 1;
            if stopped % 29 == 0 {
                let again = folder.path().join(format!("again-{stopped}"));
                copy(&at, &again);
                fs::create_dir_all(again.join("checkpoints")).unwrap();
                if again.join("scene.ron").exists() {
                    resumed(&again, 160).unwrap();
                } else {
                    let loaded = load(scene.to_str().unwrap(), &[]).unwrap();
                    let options = RunOptions { out: Some(again.clone()), ..RunOptions::default() };
                    agent2028::headless::run(&loaded, &options, &mut |_| {}).unwrap();
                }
                assert_eq!(audit(&again).unwrap().verdict, AuditVerdict::Whole);
            }
        }
    }
    assert!(stopped > 60, "{stopped}");
}
