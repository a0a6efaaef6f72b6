//! Runs leave a ledger that can be checked, whatever happens to them.

use std::path::Path;
use std::process::Stdio;

use agent2028::ledger::disk::{DiskError, Item, Walk, walk};
use agent2028::ledger::hash::{leaf_hash, to_hex};
use agent2028::ledger::{Entry, EntryKind};

use agent2028::record::audit::{AuditVerdict, audit};

use crate::{checkpoint_ticks, finish, folder, killed_when, program, program_killed_at};

fn run(out: &Path, arguments: &[&str]) -> String {
    let (code, _, stderr) = finish(program().arg("run").args(arguments).arg("--out").arg(out));
    // Runs that are cut short don't meet their expectations.
    assert!(code < 2, "{stderr}");
    stderr
}

fn verify(path: &Path) -> (i32, String, String) {
    finish(program().args(["ledger", "verify"]).arg(path))
}

fn entries(path: &Path) -> Vec<Entry> {
    let mut entries = Vec::new();
    walk(&path.join("ledger"), &mut |item| {
        if let Item::Entry { entry, .. } = item {
            entries.push(entry);
        }
        Ok(())
    })
    .unwrap();
    entries
}

fn kinds(path: &Path, kind: EntryKind) -> usize {
    entries(path).iter().filter(|entry| entry.kind == kind).count()
}

/// The line of the output that begins with a word.
fn line<'a>(text: &'a str, word: &str) -> &'a str {
    text.lines().find(|line| line.starts_with(word)).unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn every_recorded_run_has_a_ledger_and_the_same_run_has_the_same_root() {
    let folder = folder();
    // One whose scene says what is entered, and one whose scene doesn't.
    for (scene, ticks) in [("audited-run", "660"), ("predator", "130")] {
        let [one, other] = [1, 2].map(|number| folder.path().join(format!("{scene}-{number}")));
        run(&one, &[scene, "--ticks", ticks, "--hash-every", "60", "--threads", "1"]);
        run(&other, &[scene, "--ticks", ticks, "--hash-every", "60", "--threads", "2"]);
        let (code, out, stderr) = verify(&one);
        assert_eq!(code, 0, "{out}{stderr}");
        assert!(out.ends_with("Whole. Verified.\n") && out.contains("the run's files agree"), "{out}");
        assert!(line(&out, "key").contains("keeper, hybrid-fips"), "{out}");
        // What was run has one root; that over all files isn't the same, because some tell how fast the run was.
        assert_eq!(line(&out, "run"), line(&verify(&other).1, "run"));
        let root = line(&out, "root").to_owned();
        assert_ne!(root, line(&verify(&other).1, "root"));
        for kind in [EntryKind::Scene, EntryKind::Seed, EntryKind::Terms, EntryKind::StateHash, EntryKind::End] {
            assert!(kinds(&one, kind) > 0, "{scene} {kind:?}");
        }
        assert_eq!(kinds(&one, EntryKind::Result), 4);
        assert_eq!(entries(&one).last().unwrap().kind, EntryKind::Manifest);
        // The folder in it and a single file do, too, and the root and the key can be demanded.
        assert_eq!(verify(&one.join("ledger")).0, 0);
        assert_eq!(verify(&one.join("ledger/00000000.a28l")).0, 0);
        let hex = root.split_whitespace().nth(1).unwrap();
        let key = line(&out, "key").split_whitespace().nth(1).unwrap();
        let demand = |root: &str, key: &str| {
            finish(program().args(["ledger", "verify", "--root", root, "--key", key]).arg(&one)).0
        };
        assert_eq!(demand(hex, key), 0);
        assert_eq!(demand(&"0".repeat(64), key), 1);
        assert_eq!(demand(hex, &"0".repeat(64)), 1);
        assert_eq!(demand(hex, &key[..16]), 2, "a part of a fingerprint is none");
    }
    assert_eq!(kinds(&folder.path().join("audited-run-1"), EntryKind::Intervention), 1);
    assert!(kinds(&folder.path().join("audited-run-1"), EntryKind::Receipt) > 500);
}

#[test]
fn another_run_from_a_recording_has_the_same_ledger() {
    let folder = folder();
    let (one, again) = (folder.path().join("one"), folder.path().join("again"));
    run(&one, &["audited-run", "--ticks", "320"]);
    run(&again, &[one.join("scene.ron").to_str().unwrap(), "--ticks", "320"]);
    assert_eq!(line(&verify(&one).1, "run"), line(&verify(&again).1, "run"));
    run(&folder.path().join("other"), &["audited-run", "--ticks", "320", "--seed", "1"]);
    assert_ne!(line(&verify(&one).1, "run"), line(&verify(&folder.path().join("other")).1, "run"));
}

#[test]
fn a_repetition_compares_the_ledger_too() {
    let folder = folder();
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    run(&one, &["audited-run", "--ticks", "320"]);
    run(&other, &["audited-run", "--ticks", "320", "--seed", "1"]);
    let replay = || finish(program().args(["replay", "--verify"]).arg(&one));
    let (code, out, stderr) = replay();
    assert_eq!(code, 0, "{out}{stderr}");
    std::fs::remove_dir_all(one.join("ledger")).unwrap();
    std::fs::rename(other.join("ledger"), one.join("ledger")).unwrap();
    let (code, out, _) = replay();
    assert!(code == 1 && out.contains("differs in its ledger of") && out.contains("NOT VERIFIED"), "{out}");
    // One that is ruined or gone is no better.
    std::fs::write(one.join("ledger/00000000.a28l"), "ruined").unwrap();
    let (code, out, _) = replay();
    assert!(code == 1 && out.contains("NOT VERIFIED") && out.contains("00000000.a28l"), "{out}");
    std::fs::remove_dir_all(one.join("ledger")).unwrap();
    let (code, out, _) = replay();
    assert!(code == 1 && out.contains("NOT VERIFIED") && out.contains("ledger"), "{out}");
}

#[test]
fn a_resumed_run_goes_on_with_its_ledger() {
    let folder = folder();
    for scene in ["audited-run", "predator"] {
        let (whole, parts) =
            (folder.path().join(format!("{scene}-whole")), folder.path().join(format!("{scene}-parts")));
        let rows = ["--checkpoint-every", "70", "--hash-every", "50"];
        run(&whole, &[&[scene, "--ticks", "330"], &rows[..]].concat());
        run(&parts, &[&[scene, "--ticks", "250"], &rows[..]].concat());
        assert_eq!(verify(&parts).0, 0);
        let resume = [&["run", "--ticks", "330"], &rows[..], &["--resume"]].concat();
        let (_, _, stderr) = finish(program().args(resume).arg(&parts));
        let (code, out, problem) = verify(&parts);
        assert_eq!(code, 0, "{out}{problem}{stderr}");
        assert_eq!(line(&out, "run"), line(&verify(&whole).1, "run"));
    }
}

/// A run that has ended goes on, from a checkpoint or from its beginning, and is stopped and goes on again: its ledger only grows.
#[cfg(unix)]
#[test]
fn a_run_that_goes_on_after_its_end_keeps_that_end() {
    let folder = folder();
    for (scene, rows) in [
        ("audited-run", &["--checkpoint-every", "70", "--hash-every", "60"][..]),
        ("audited-run", &[]),
        ("predator", &["--checkpoint-every", "70", "--hash-every", "60"]),
        ("predator", &[]),
    ] {
        let out = folder.path().join(format!("{scene}-{}", rows.len()));
        run(&out, &[&[scene, "--ticks", "250"], rows].concat());
        let seen = |name: &str| {
            let (code, told, stderr) = finish(program().args(["ledger", "head"]).arg(&out));
            assert_eq!(code, 0, "{stderr}");
            let file = folder.path().join(name);
            std::fs::write(&file, told).unwrap();
            let walk = walk(&out.join("ledger"), &mut |_| Ok(())).unwrap();
            (file, entries(&out), walk)
        };
        let holds = |(file, before, walked): &(std::path::PathBuf, Vec<Entry>, Walk), wanted: i32| {
            let mut verify = program();
            verify.args(["ledger", "verify", "--consistent-with"]).arg(file).arg(&out);
            let (code, told, stderr) = finish(&mut verify);
            assert_eq!(code, wanted, "{scene} {rows:?}: {told}{stderr}");
            assert_eq!(entries(&out)[..before.len()], before[..], "{scene} {rows:?}");
            let tree = walk(&out.join("ledger"), &mut |_| Ok(())).unwrap().tree.unwrap();
            for signed in &walked.heads {
                assert_eq!(tree.root_at(signed.head.size), Some(signed.head.root), "{scene} {rows:?}");
            }
        };
        let resumed = |ticks: &str| {
            let (code, _, stderr) = finish(program().args(["run", "--ticks", ticks, "--resume"]).arg(&out));
            assert!(code < 2, "{stderr}");
        };
        let first = seen("first.txt");
        resumed("330");
        holds(&first, 0);
        assert_eq!((kinds(&out, EntryKind::End), kinds(&out, EntryKind::Resumed)), (2, 1), "{scene} {rows:?}");
        let second = seen("second.txt");
        // It is stopped right after that, and goes on from before its second end or after it.
        let rows_of = || std::fs::read_to_string(out.join("metrics.csv")).unwrap_or_default();
        let mut endless = program();
        endless.args(["run", "--ticks", "1000000000", "--resume"]).arg(&out);
        killed_when(&mut endless, || rows_of().contains("\n345,"));
        holds(&second, 4);
        let last: u64 = rows_of().lines().filter_map(|row| row.split(',').next()?.parse().ok()).max().unwrap();
        let last = (last + 20).to_string();
        resumed(&last);
        holds(&first, 0);
        holds(&second, 0);
        assert_eq!((kinds(&out, EntryKind::End), kinds(&out, EntryKind::Resumed)), (3, 2), "{scene} {rows:?}");
        let (code, told, stderr) = finish(program().args(["replay", "--verify"]).arg(&out));
        assert_eq!(code, 0, "{told}{stderr}");
        // Whoever repeats the whole run has the same entries, but for the ends that it doesn't have.
        if scene == "audited-run" {
            let whole = folder.path().join(format!("whole-{}", rows.len()));
            run(&whole, &[&[scene, "--ticks", last.as_str()], rows].concat());
            let of_the_run = |path: &Path| -> Vec<Entry> {
                entries(path).into_iter().filter(|entry| entry.kind.is_of_the_run()).collect()
            };
            assert_eq!(of_the_run(&whole), of_the_run(&out));
        }
    }
}

#[test]
fn whatever_is_changed_in_a_run_is_told_with_exit_code_1() {
    let folder = folder();
    let out = folder.path().join("run");
    run(&out, &["audited-run", "--ticks", "660", "--hash-every", "60"]);
    assert_eq!(verify(&out).0, 0);
    let change = |name: &str, from: &str, to: &str, told: &str| {
        let path = out.join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{name}: {from}");
        std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
        let (code, stdout, stderr) = verify(&out);
        assert!(code == 1 && stdout.contains("NOT VERIFIED") && stdout.contains(told), "{name}: {stdout}{stderr}");
        std::fs::write(&path, text).unwrap();
    };
    change("scene.ron", "0.97", "0.96", "scene.ron is not the scene that was run (entry 0)");
    change("metrics.csv", "\n60,", "\n60,1", "metrics.csv is not the file that was entered");
    change("interventions.ron", "0.33", "0.34", "interventions.ron");
    change("events.jsonl", "AgentFailed", "AgentFalled", "events.jsonl");
    change("summary.json", "\"ticks\": 660", "\"ticks\": 661", "summary.json tells of another end");
    change("hashes.csv", "\n60,", "\n61,", "hashes.csv");
    // A bit of the ledger itself, in whatever file and place.
    let file = out.join("ledger/00000000.a28l");
    let bytes = std::fs::read(&file).unwrap();
    for bit in (0..bytes.len() * 8).step_by(bytes.len() * 8 / 23) {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&file, changed).unwrap();
        let (code, told, _) = verify(&out);
        assert!(code == 1 && told.contains("00000000.a28l"), "bit {bit}: {told}");
        assert!(bit < 52 * 8 || told.contains("record"), "bit {bit}: {told}");
    }
    // A torn end is told, too.
    std::fs::write(&file, &bytes[..bytes.len() - 3]).unwrap();
    let (code, stdout, _) = verify(&out);
    assert!(code == 1 && stdout.contains("torn"), "{stdout}");
    let (code, _, stderr) = verify(folder.path());
    assert!(code == 2 && stderr.contains("holds no ledger"), "{stderr}");
    assert_eq!(verify(&folder.path().join("nothing")).0, 2);
}

#[test]
fn proofs_stand_by_themselves() {
    let folder = folder();
    let out = folder.path().join("run");
    run(&out, &["audited-run", "--ticks", "660"]);
    let prove = |arguments: &[&str]| finish(program().args(["ledger", "prove"]).arg(&out).args(arguments));
    let check = |text: &str| {
        let file = folder.path().join("proof.json");
        std::fs::write(&file, text).unwrap();
        finish(program().args(["ledger", "verify", "--proof"]).arg(&file))
    };
    let (_, verified, _) = verify(&out);
    let key = line(&verified, "key").split_whitespace().nth(1).unwrap();
    let all = entries(&out);
    let index = all.iter().position(|entry| entry.kind == EntryKind::Intervention).unwrap();
    let event = all.iter().position(|entry| entry.operation == "AgentFailed").unwrap();
    let id: String = {
        let digits = to_hex(&all[event].event.unwrap());
        [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
    };
    for arguments in [["--index", &index.to_string()], ["--event", &id]] {
        let (code, proof, stderr) = prove(&arguments);
        assert_eq!(code, 0, "{stderr}");
        // The ledger is not needed.
        let (code, told, stderr) = check(&proof);
        assert_eq!(code, 0, "{told}{stderr}");
        // Whoever knows neither root nor key knows nothing.
        assert!(
            told.contains("tree head signed by") && told.contains("proves nothing") && !told.contains("Verified"),
            "{told}"
        );
        let with_key = folder.path().join("proof.json");
        let demand = |key: &str| finish(program().args(["ledger", "verify", "--key", key, "--proof"]).arg(&with_key)).0;
        assert_eq!((demand(key), demand(&"ab".repeat(32))), (0, 1));
        let known = finish(program().args(["ledger", "verify", "--key", key, "--proof"]).arg(&with_key)).1;
        assert!(known.ends_with("Verified.\n"), "{known}");
        for (from, to) in [("\"index\": ", "\"index\": 1"), ("\"root\": \"", "\"root\": \"00"), ("Done", "Failed")] {
            let (code, told, stderr) = check(&proof.replacen(from, to, 1));
            assert!(code == 1 && told.contains("NOT VERIFIED"), "{from}: {told}{stderr}");
        }
    }
    assert!(prove(&["--index", &index.to_string()]).1.contains("\"nonce\""), "interventions are time-stamped");
    // What the ledger was is the beginning of what it became.
    let (code, proof, _) = prove(&["--from", "100"]);
    let (checked, told, _) = check(&proof);
    assert!(code == 0 && checked == 0 && told.contains("is the beginning of"), "{told}");
    assert_eq!(check(&proof.replace("\"old_size\": 100", "\"old_size\": 101")).0, 1);
    assert_eq!(check("no proof at all").0, 2);
    assert_eq!(prove(&["--index", "999999"]).0, 2);
    assert_eq!(prove(&["--event", "00000000-0000-4000-8000-000000000000"]).0, 2);
}

#[test]
fn a_ledger_can_be_asked_and_written_out() {
    let folder = folder();
    let out = folder.path().join("run");
    run(&out, &["audited-run", "--ticks", "660"]);
    let ledger = |verb: &str, arguments: &[&str]| {
        let (code, stdout, stderr) = finish(program().args(["ledger", verb]).arg(&out).args(arguments));
        assert_eq!(code, 0, "{stderr}");
        stdout
    };
    let all = entries(&out);
    let lines: Vec<serde_json::Value> =
        ledger("export", &[]).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // Heads, keys and stamps are there, too, with what it takes to check them.
    let of = |name: &str| lines.iter().filter(|line| line.get(name).is_some()).count();
    assert_eq!((of("head"), of("stamp"), of("key")), (4, 1, 2));
    let head = lines.iter().find_map(|line| line.get("head")).unwrap();
    assert!(head["signature"]["bytes"].as_str().unwrap().len() > 6000, "{head}");
    let lines: Vec<serde_json::Value> = lines.into_iter().filter(|line| line.get("index").is_some()).collect();
    assert_eq!(lines.len(), all.len());
    for (index, (line, entry)) in lines.iter().zip(&all).enumerate() {
        let leaf = to_hex(&leaf_hash(&entry.to_bytes()));
        assert_eq!((line["index"].as_u64(), line["leaf"].as_str()), (Some(index as u64), Some(leaf.as_str())));
    }
    let of_agent = ledger("export", &["--agent", "3", "--kind", "receipt"]);
    let expected = all.iter().filter(|entry| entry.who == Some(3) && entry.kind == EntryKind::Receipt).count();
    assert!(expected > 3 && of_agent.lines().count() == expected);
    assert_eq!(ledger("export", &["--from", "100", "--to", "110"]).lines().count(), {
        all.iter().filter(|entry| (100..=110).contains(&entry.tick)).count()
    });
    let shown = ledger("show", &["--limit", "3"]);
    assert!(shown.contains("1 Kill") && shown.contains("hashes.csv") && shown.contains("the last 3 of"), "{shown}");
    let summary: serde_json::Value =
        serde_json::from_str(&ledger("show", &["--format", "json", "--operation", "Kill"])).unwrap();
    assert_eq!(summary["summary"]["entries"], 1);
    assert!(ledger("show", &["--operation", "nothing"]).contains("No entry fits"));
}

/// `kill −9` in the middle of runs, a hundred times: each ledger is the beginning of that of a run that nobody disturbed, has
/// everything up to the newest checkpoint, and goes on to the same end.
#[cfg(unix)]
#[test]
fn runs_that_are_killed_a_hundred_times_lose_nothing_that_was_acknowledged() {
    let folder = folder();
    let whole = folder.path().join("whole");
    let rows = ["--ticks", "1500", "--checkpoint-every", "25", "--hash-every", "100"];
    run(&whole, &[&["audited-run"], &rows[..]].concat());
    let reference = entries(&whole);
    let (_, expected, _) = verify(&whole);
    let size = |folder: &Path| {
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        files.filter_map(|file| file.metadata().ok()).filter(|data| data.is_file()).map(|data| data.len()).max()
    };
    let largest =
        size(&whole).unwrap().max(size(&whole.join("ledger")).unwrap()).max(size(&whole.join("checkpoints")).unwrap());
    // A kill every so many bytes of the longest file, so that a run is killed some thirty times before it ends.
    let (blocks, a_part) = (largest / 512, largest / 512 / 33 + 1);
    let (mut kills, mut finished, mut amid) = (0_u64, 0, 0);
    let mut last = None;
    while kills < 100 {
        let path = folder.path().join(format!("killed-{finished}"));
        // Other bytes in every run.
        let mut limit = 1 + finished * 7 % a_part;
        loop {
            let mut command = program_killed_at(limit);
            command.arg("run");
            if path.join("scene.ron").exists() {
                command.args(rows).arg("--resume").arg(&path);
            } else {
                // What a run leaves that was stopped before its scene was written is in nobody's way.
                command.arg("audited-run").args(rows).arg("--out").arg(&path);
            }
            let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
            let killed = status.code().is_none();
            kills += u64::from(killed);
            if path.exists() {
                // An honest run raises no alarm, wherever it was killed.
                match audit(&path).map(|audit| audit.verdict) {
                    Ok(AuditVerdict::Whole) => assert!(!killed),
                    Ok(AuditVerdict::CutOff(_)) | Err(DiskError::NoLedger(_)) => assert!(killed),
                    other => panic!("after {kills} kills: {other:?}"),
                }
            }
            if path.join("ledger/00000000.a28l").exists() {
                let found = entries(&path);
                let closed = found.iter().take_while(|entry| !entry.kind.closes()).count();
                assert_eq!(found[..closed], reference[..closed], "after {kills} kills");
                let newest = checkpoint_ticks(&path).last().copied().unwrap_or(0);
                amid += u32::from(killed && newest > 0 && closed == found.len());
                let acknowledged = |entry: &&Entry| entry.tick <= newest && !entry.kind.closes();
                let acknowledged = reference.iter().filter(acknowledged).count();
                assert!(
                    closed >= acknowledged || newest == 0,
                    "{closed} of {acknowledged} entries up to tick {newest}"
                );
            }
            if !killed {
                assert!(path.join("summary.json").exists(), "{status}");
                break;
            }
            limit += a_part;
            assert!(limit < blocks * 4, "a run of {blocks} blocks does not end with {limit}");
        }
        assert_eq!(line(&verify(&path).1, "run"), line(&expected, "run"));
        (last, finished) = (Some(path), finished + 1);
    }
    assert!(amid >= 50, "only {amid} of {kills} kills fell amid a run");
    let (code, told, problem) = verify(&last.unwrap());
    assert_eq!(code, 0, "{told}{problem}");
}

/// A key whose secret is in no run.
struct Keys {
    secret: std::path::PathBuf,
    public: std::path::PathBuf,
    fingerprint: String,
}

fn keygen(folder: &Path, name: &str) -> Keys {
    let secret = folder.join(name);
    let (code, told, stderr) = finish(program().args(["ledger", "keygen"]).arg(&secret));
    assert_eq!(code, 0, "{stderr}");
    let fingerprint = line(&told, "fingerprint").split_whitespace().nth(1).unwrap().to_owned();
    Keys { public: folder.join(format!("{name}.pub")), secret, fingerprint }
}

#[test]
fn a_key_from_outside_of_the_run_signs_what_nobody_else_can_sign() {
    let folder = folder();
    let key = keygen(folder.path(), "my.key");
    let other = keygen(folder.path(), "other.key");
    assert_ne!(key.fingerprint, other.fingerprint);
    let (code, _, stderr) = finish(program().args(["ledger", "keygen"]).arg(&key.secret));
    assert!(code == 2 && stderr.contains("a key is never"), "{stderr}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&key.secret).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let out = folder.path().join("run");
    let signing = ["audited-run", "--ticks", "320", "--checkpoint-every", "100", "--sign-with"];
    run(&out, &[&signing[..], &[key.secret.to_str().unwrap()]].concat());
    let demand = |path: &Path, key: &str| finish(program().args(["ledger", "verify", "--key", key]).arg(path));
    let (code, told, _) = demand(&out, &key.fingerprint);
    assert!(code == 0 && told.contains("a key from outside of the run"), "{told}");
    assert_eq!(demand(&out, &other.fingerprint).0, 1);
    // The same run has the same entries, whoever signs, and without the secret nobody gets its signatures.
    let plain = folder.path().join("plain");
    run(&plain, &["audited-run", "--ticks", "320", "--checkpoint-every", "100"]);
    assert_eq!(line(&verify(&out).1, "run"), line(&verify(&plain).1, "run"));
    assert!(demand(&plain, &key.fingerprint).1.contains("is signed by"));
    let digits = std::fs::read_to_string(&key.secret).unwrap();
    let digits = digits.lines().last().unwrap();
    let (_, bytes) = (digits, agent2028::ledger::hash::from_hex(digits).unwrap());
    for name in ["options.json", "ledger/00000000.a28l", "checkpoints/000000000300.a28", "summary.json"] {
        let content = std::fs::read(out.join(name)).unwrap();
        assert!(!content.windows(8).any(|window| bytes.windows(8).any(|part| part == window)), "{name}");
        assert!(!String::from_utf8_lossy(&content).contains(&digits[..16]), "{name}");
    }
    // Of a run that was killed the key has signed what was signed until then.
    let killed = folder.path().join("killed");
    copy_run(&out, &killed);
    std::fs::remove_file(killed.join("summary.json")).unwrap();
    for name in ["metrics.parquet", "events.parquet"] {
        std::fs::remove_file(killed.join(name)).unwrap();
    }
    let segment = killed.join("ledger/00000000.a28l");
    let bytes = std::fs::read(&segment).unwrap();
    std::fs::write(&segment, &bytes[..bytes.len() - 5000]).unwrap();
    let (code, told, stderr) = demand(&killed, &key.fingerprint);
    assert!(code == 4 && told.contains("the key has signed the first"), "{told}{stderr}");
    let (code, told, _) = demand(&killed, &other.fingerprint);
    assert!(code == 1 && told.contains("is signed by"), "{told}");
    // Nobody signs or proves anything of a ledger that was changed.
    std::fs::write(&segment, [&bytes[..bytes.len() / 2], b"?", &bytes[bytes.len() / 2 + 1..]].concat()).unwrap();
    for arguments in [&["head"][..], &["prove", "--index", "0"]] {
        let (code, told, stderr) = finish(program().arg("ledger").args(arguments).arg(&killed));
        assert!(
            code == 1 && !told.contains("agent2028/") && stderr.contains("NOT VERIFIED"),
            "{arguments:?}: {told}{stderr}"
        );
    }
    // Whoever goes on with the run signs with the same key.
    let resume = |extra: &[&str]| finish(program().args(["run", "--ticks", "350", "--resume"]).arg(&out).args(extra));
    let (code, _, stderr) = resume(&[]);
    assert!(code == 2 && stderr.contains("--sign-with") && stderr.contains(&key.fingerprint), "{stderr}");
    assert_eq!(resume(&["--sign-with", other.secret.to_str().unwrap()]).0, 2);
    assert!(resume(&["--sign-with", key.secret.to_str().unwrap()]).0 < 2);
    assert_eq!(demand(&out, &key.fingerprint).0, 0);
    let (code, _, stderr) = finish(program().args(["run", "flock", "--ticks", "1", "--sign-with"]).arg(&key.public));
    assert!(code == 2 && stderr.contains("--out"), "{stderr}");
    let nowhere = folder.path().join("nowhere");
    let (code, _, stderr) = finish(
        program().args(["run", "flock", "--ticks", "1", "--sign-with"]).arg(&key.public).arg("--out").arg(nowhere),
    );
    assert!(code == 2 && stderr.contains("no secret key"), "{stderr}");
}

fn copy_run(run: &Path, to: &Path) {
    for within in ["", "ledger", "checkpoints"] {
        std::fs::create_dir_all(to.join(within)).unwrap();
        for entry in std::fs::read_dir(run.join(within)).unwrap().flatten().filter(|entry| entry.path().is_file()) {
            std::fs::copy(entry.path(), to.join(within).join(entry.file_name())).unwrap();
        }
    }
}

#[cfg(unix)]
#[test]
fn a_ledger_goes_on_where_it_was_at_a_head_that_was_kept_and_cosigned() {
    let folder = folder();
    let (key, witness) = (keygen(folder.path(), "my.key"), keygen(folder.path(), "witness.key"));
    let out = folder.path().join("run");
    let scene = ["run", "audited-run", "--ticks", "900", "--checkpoint-every", "100"];
    let status = program_killed_at(450).args(scene).arg("--out").arg(&out).output().unwrap().status;
    assert!(status.code().is_none());
    let written = |name: &str, arguments: &[&str]| {
        let (code, told, stderr) = finish(program().arg("ledger").args(arguments));
        assert_eq!(code, 0, "{stderr}");
        let file = folder.path().join(name);
        std::fs::write(&file, told).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let (run_folder, secret) = (out.to_str().unwrap(), key.secret.to_str().unwrap());
    let head = written("head.txt", &["head", run_folder, "--sign-with", secret]);
    let text = std::fs::read_to_string(&head).unwrap();
    assert!(text.starts_with("agent2028/") && text.contains("\n\n\u{2014} agent2028/"), "{text}");
    let by_witness =
        ["--of", run_folder, "--name", "witness.example/w1", "--sign-with", witness.secret.to_str().unwrap()];
    let cosigned = written("cosigned.txt", &[&["cosign", head.as_str()], &by_witness[..]].concat());
    assert!(std::fs::read_to_string(&cosigned).unwrap().contains("\u{2014} witness.example/w1 "));
    // The run goes on, and so does its ledger.
    assert!(finish(program().args(["run", "--resume"]).arg(&out)).0 < 2);
    let consistent = |path: &Path, head: &str, extra: &[&str]| {
        finish(program().args(["ledger", "verify", "--consistent-with", head]).arg(path).args(extra))
    };
    let (mine, theirs) = (key.public.to_str().unwrap(), witness.public.to_str().unwrap());
    for extra in [vec![], vec!["--signed-by", mine], vec!["--signed-by", theirs]] {
        let (code, told, stderr) = consistent(&out, &cosigned, &extra);
        assert_eq!(code, 0, "{told}{stderr}");
    }
    assert_eq!(consistent(&out, &head, &["--signed-by", theirs]).0, 1, "the witness had not signed that one");
    // Another ledger, one that was rolled back, and a head that somebody has changed.
    let other = folder.path().join("other");
    run(&other, &["audited-run", "--ticks", "900", "--seed", "3"]);
    let (code, told, _) = consistent(&other, &cosigned, &[]);
    assert!(code == 1 && told.contains("of another ledger"), "{told}");
    let forged = folder.path().join("forged.txt");
    let lines: Vec<&str> = text.lines().collect();
    std::fs::write(&forged, text.replacen(lines[1], "9999", 1)).unwrap();
    let (code, told, _) = consistent(&out, forged.to_str().unwrap(), &[]);
    assert!(code == 1 && told.contains("rolled back"), "{told}");
    assert_eq!(consistent(&out, forged.to_str().unwrap(), &["--signed-by", mine]).0, 1);
    let (code, _, stderr) =
        finish(program().args(["ledger", "cosign"]).arg(&forged).args(["--of", run_folder, "--sign-with", secret]));
    assert!(code == 2 && stderr.contains("is no tree head of"), "{stderr}");
    std::fs::write(&forged, "no head").unwrap();
    assert_eq!(consistent(&out, forged.to_str().unwrap(), &[]).0, 2);
}

/// A folder that was stripped of all that tells of ticks looks like that of a run that was stopped at its beginning. Whoever kept a root or
/// a tree head is not told that this may be so.
#[test]
fn what_was_kept_of_a_ledger_is_missed_where_there_is_none() {
    let folder = folder();
    let (out, head) = (folder.path().join("run"), folder.path().join("head"));
    run(&out, &["audited-run", "--ticks", "60"]);
    let (code, text, _) = finish(program().args(["ledger", "head"]).arg(&out));
    assert_eq!(code, 0);
    std::fs::write(&head, text).unwrap();
    let stripped = folder.path().join("stripped");
    std::fs::create_dir_all(stripped.join("ledger")).unwrap();
    for name in ["scene.ron", "about.json", "options.json"] {
        std::fs::copy(out.join(name), stripped.join(name)).unwrap();
    }
    assert_eq!(verify(&stripped).0, 4, "it may have been stopped at its beginning");
    let head = head.to_str().unwrap();
    for (arguments, word) in
        [(["--consistent-with", head], "rolled back"), (["--root", &"00".repeat(32)], "there is no ledger")]
    {
        let (code, told, _) = finish(program().args(["ledger", "verify"]).args(arguments).arg(&stripped));
        assert!(code == 1 && told.contains("NOT VERIFIED") && told.contains(word), "{told}");
    }
}

/// Of dropped entries only the ledger's own tree heads can be compared with later: no other head is given out of a ledger that drops some.
#[test]
fn a_ledger_that_drops_entries_gives_out_no_head_that_could_not_be_compared_with() {
    let folder = folder();
    let out = folder.path().join("run");
    run(&out, &["audited-run", "--ticks", "400", "--set", "ledger.disk=(keep:Some(100),segment_mib:0.01)"]);
    let (code, _, stderr) = finish(program().args(["ledger", "head", "--size", "7"]).arg(&out));
    assert!(code == 2 && stderr.contains("no tree head over 7 entries") && stderr.contains("disk.keep"), "{stderr}");
    let (code, text, stderr) = finish(program().args(["ledger", "head"]).arg(&out));
    assert!(code == 0 && !text.is_empty(), "{stderr}");
}
