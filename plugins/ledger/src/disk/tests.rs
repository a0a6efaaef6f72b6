//! Ledgers on disk: they come back, they are checked, they survive.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::*;
use crate::entry::{Entry, EntryKind};
use crate::hash::{Hash, TreeHash};
use crate::head::TreeHead;
use crate::sign::tests::Secret;
use crate::stamp::TimeStampAuthority;
use crate::tree::{ConsistencyProof, Tree};
use proptest::prelude::*;
use sha3::Sha3_256;

fn entry(number: u64) -> Entry {
    let mut entry = Entry::new(EntryKind::Event, number / 10, (number / 10) as i64 * 16, format!("Kind{}", number % 7));
    entry.who = (!number.is_multiple_of(3)).then_some(number as u32);
    entry.detail = "x".repeat((number % 40) as usize);
    entry
}

fn append(store: &mut Store, numbers: std::ops::Range<u64>) {
    for number in numbers {
        assert_eq!(store.append(&entry(number)).unwrap(), number);
    }
}

fn head(store: &Store, tick: u64) -> crate::head::SignedTreeHead {
    TreeHead { size: store.size(), root: store.root(), tick, unix_ms: tick as i64 * 16 }.signed(Some(&Secret::new(1)))
}

/// A ledger of so many entries, with a tree head after every fifty and a time stamp of every hundredth, and its roots.
fn write(folder: &Path, entries: u64, options: StoreOptions) -> Vec<Hash> {
    let mut store = Store::create(folder, options).unwrap();
    let mut authority = TimeStampAuthority::default();
    let mut roots = vec![store.root()];
    for number in 0..entries {
        let entry = entry(number);
        assert_eq!(store.append(&entry).unwrap(), number);
        roots.push(store.root());
        if number % 100 == 99 {
            let leaf = Sha3_256::leaf(&entry.to_bytes());
            let stamp = authority.stamp(number, leaf, entry.unix_ms, (&[0; 32], number * 77), &Secret::new(2)).unwrap();
            store.append_stamp(&stamp).unwrap();
        }
        if number % 50 == 49 {
            let head = head(&store, entry.tick);
            store.append_head(&head).unwrap();
        }
    }
    store.sync().unwrap();
    roots
}

const SMALL: StoreOptions = StoreOptions { durability: Durability::AtHeads, segment_bytes: 4000 };

fn damage(folder: &Path) -> Damage {
    match walk(folder, &mut |_| Ok(())) {
        Err(DiskError::Damaged(damage)) => damage,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_written_is_read_over_many_segments() {
    let folder = tempfile::tempdir().unwrap();
    let roots = write(folder.path(), 1000, SMALL);
    let mut seen = Vec::new();
    let found = walk(folder.path(), &mut |item| {
        if let Item::Entry { index, entry, bytes } = item {
            assert_eq!((index, entry.to_bytes().as_slice()), (seen.len() as u64, bytes));
            seen.push(entry);
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(seen, (0..1000).map(entry).collect::<Vec<_>>());
    assert_eq!((found.size, found.heads.len(), found.stamps), (1000, 20, 10));
    assert!(found.segments > 20 && found.torn.is_none(), "{}", found.segments);
    assert_eq!(found.tree.unwrap().root(), roots[1000]);
    // A run's folder, the ledger's folder and a single segment are all ways to mean it.
    let run = tempfile::tempdir().unwrap();
    write(&run.path().join("ledger"), 5, SMALL);
    assert_eq!(locate(run.path()).unwrap(), run.path().join("ledger"));
    assert_eq!(locate(folder.path()).unwrap(), folder.path());
    let third = segment::path(folder.path(), 2);
    let alone = walk(&locate(&third).unwrap(), &mut |_| Ok(())).unwrap();
    assert!(alone.first > 0 && alone.tree.is_none() && alone.size > alone.first);
    assert!(matches!(locate(&run.path().join("nothing")), Err(DiskError::NoLedger(_))));
}

#[test]
fn a_ledger_goes_on_where_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let roots = write(folder.path(), 300, SMALL);
    assert!(matches!(Store::create(folder.path(), SMALL), Err(DiskError::Occupied(_))));
    let (mut store, recovery) = Store::open(folder.path(), SMALL).unwrap();
    assert!(recovery.torn.is_none());
    assert_eq!((store.size(), store.root()), (300, roots[300]));
    append(&mut store, 300..900);
    store.sync().unwrap();
    let whole = tempfile::tempdir().unwrap();
    assert_eq!(write(whole.path(), 900, SMALL)[900], store.root());
    let wrong = TreeHead { size: 900, root: [1; 32], tick: 0, unix_ms: 0 }.signed(None);
    assert!(matches!(store.append_head(&wrong), Err(DiskError::Refused(_))));
    assert_eq!(walk(folder.path(), &mut |_| Ok(())).unwrap().size, 900);
}

/// Exhaustively for records in the module `record`; here for whole ledgers in files, headers and tree heads included.
#[test]
fn a_flipped_bit_in_any_file_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 1000, StoreOptions { segment_bytes: 40_000, ..SMALL });
    let files = segment::list(folder.path()).unwrap();
    assert!(files.len() > 2);
    let mut state = 5_u64;
    for round in 0..600 {
        let (number, file) = &files[round % files.len()];
        let bytes = fs::read(file).unwrap();
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        // Some in the header, some in the last bytes, the others anywhere.
        let bits = bytes.len() * 8;
        let bit = match round % 10 {
            0 => (state >> 33) as usize % (segment::HEADER * 8),
            1 => bits - 1 - (state >> 33) as usize % 128,
            _ => (state >> 20) as usize % bits,
        };
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        fs::write(file, &changed).unwrap();
        let found = damage(folder.path());
        assert_eq!(found.file, *file, "bit {bit} of segment {number}");
        assert!(found.offset <= bit as u64 / 8 && (bit < segment::HEADER * 8) == found.record.is_none(), "{found}");
        assert!(found.to_string().contains("a28l"));
        assert!(matches!(Store::open(folder.path(), SMALL), Err(DiskError::Damaged(_))), "nobody mends that");
        fs::write(file, &bytes).unwrap();
    }
    assert_eq!(walk(folder.path(), &mut |_| Ok(())).unwrap().size, 1000);
}

#[test]
fn whole_files_that_are_lost_exchanged_or_shortened_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 300, SMALL);
    let files = segment::list(folder.path()).unwrap();
    let (second, third) = (fs::read(&files[1].1).unwrap(), fs::read(&files[2].1).unwrap());
    fs::remove_file(&files[1].1).unwrap();
    assert!(damage(folder.path()).what.contains("missing"));
    fs::write(&files[1].1, &third).unwrap();
    assert!(damage(folder.path()).what.contains("doesn't go on"));
    let end = record::read(&second, segment::HEADER).unwrap().end;
    fs::write(&files[1].1, &second[..end]).unwrap();
    let found = damage(folder.path());
    assert_eq!((found.file, found.record), (files[2].1.clone(), None), "a shortened file doesn't lead to the next one");
    fs::write(&files[1].1, &second[..end + 5]).unwrap();
    assert_eq!(damage(folder.path()).record, Some(1), "only the last file may be torn");
}

#[test]
fn a_torn_end_is_cut_off_and_told() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 12, StoreOptions::default());
    let file = segment::path(folder.path(), 0);
    let bytes = fs::read(&file).unwrap();
    let mut at = segment::HEADER;
    let mut ends = Vec::new();
    while let Ok(record) = record::read(&bytes, at) {
        at = record.end;
        ends.push(at);
    }
    for length in segment::HEADER..bytes.len() {
        fs::write(&file, &bytes[..length]).unwrap();
        let whole = ends.iter().filter(|end| **end <= length).count();
        let kept = ends[..whole].last().copied().unwrap_or(segment::HEADER);
        let found = walk(folder.path(), &mut |_| Ok(())).unwrap();
        let torn = (length > kept).then_some((whole as u64, (length - kept) as u64));
        assert_eq!(found.torn.map(|torn| (torn.record, torn.bytes)), torn, "{length}");
        let (mut store, recovery) = Store::open(folder.path(), StoreOptions::default()).unwrap();
        assert_eq!(recovery.torn.is_some(), torn.is_some());
        assert_eq!((store.size(), fs::metadata(&file).unwrap().len()), (whole as u64, kept as u64));
        store.append(&entry(whole as u64)).unwrap();
        store.flush().unwrap();
        assert_eq!(walk(folder.path(), &mut |_| Ok(())).unwrap().size, whole as u64 + 1);
    }
    // A file that never came to the disk, and one that was just begun.
    for start in [vec![0; 20], bytes[..9].to_vec(), Vec::new()] {
        fs::write(&file, &start).unwrap();
        let (store, recovery) = Store::open(folder.path(), StoreOptions::default()).unwrap();
        assert_eq!((store.size(), recovery.torn.unwrap().bytes), (0, start.len() as u64));
    }
    // Bytes of a crashed machine that never came to the disk.
    fs::write(&file, [&bytes[..ends[9]], &[0; 4096]].concat()).unwrap();
    let (store, recovery) = Store::open(folder.path(), StoreOptions::default()).unwrap();
    assert_eq!((store.size(), recovery.torn.unwrap().bytes), (10, 4096));
}

#[test]
fn dropping_old_entries_leaves_what_old_proofs_need() {
    let folder = tempfile::tempdir().unwrap();
    let roots = write(folder.path(), 1000, SMALL);
    let before = walk(folder.path(), &mut |_| Ok(())).unwrap();
    let tree = before.tree.unwrap();
    let old_proof = tree.prove_inclusion(60, 100).unwrap();
    let leaf = tree.leaf(60).unwrap();
    let (mut store, _) = Store::open(folder.path(), SMALL).unwrap();
    assert_eq!(store.compact(3).unwrap(), None, "less than a segment");
    let first = store.compact(400).unwrap().unwrap();
    assert!(first.from == 0 && first.to <= 400 && first.to > 300 && first.bytes > 0 && first.tick <= 40);
    assert_eq!(first.root, roots[first.to as usize]);
    let second = store.compact(700).unwrap().unwrap();
    assert_eq!(second.from, first.to);
    append(&mut store, 1000..1200);
    store.sync().unwrap();

    let after = walk(folder.path(), &mut |_| Ok(())).unwrap();
    assert_eq!((after.first, after.size, after.compactions.clone()), (second.to, 1200, vec![first, second.clone()]));
    assert_eq!(after.heads.len(), 20, "tree heads stay");
    let kept = after.tree.unwrap();
    assert!(old_proof.verify::<Sha3_256>(&leaf, &roots[100]), "a proof from before goes on to hold");
    for signed in &after.heads {
        let head = signed.head;
        let proof: ConsistencyProof = kept.prove_consistency(head.size, 1200).unwrap();
        assert!(proof.verify::<Sha3_256>(&head.root, &kept.root()), "{}", head.size);
        signed.verify(&Secret::new(1)).unwrap();
    }
    let whole: Tree = (0..1200).fold(Tree::default(), |mut tree, number| {
        tree.push(Sha3_256::leaf(&entry(number).to_bytes()));
        tree
    });
    assert_eq!(kept.root(), whole.root());
    assert_eq!(kept.prove_inclusion(second.to, 1200), whole.prove_inclusion(second.to, 1200));
    // It opens again, files that a compaction was stopped from removing go away, and damage of the base is told.
    fs::write(segment::path(folder.path(), 0), b"left over").unwrap();
    let (store, _) = Store::open(folder.path(), SMALL).unwrap();
    assert_eq!((store.size(), store.root()), (1200, whole.root()));
    assert!(!segment::path(folder.path(), 0).exists());
    let path = base::Base::path(folder.path());
    let bytes = fs::read(&path).unwrap();
    for bit in (0..bytes.len() * 8).step_by(41) {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, &changed).unwrap();
        assert_eq!(damage(folder.path()).file, path);
    }
    fs::remove_file(&path).unwrap();
    assert!(damage(folder.path()).what.contains("missing"), "without its base the ledger has lost its beginning");
}

#[test]
fn a_run_that_goes_another_way_takes_its_entries_back() {
    for tick in [0, 3, 37, 38, 98, 99, 200] {
        let folder = tempfile::tempdir().unwrap();
        let roots = write(folder.path(), 1000, SMALL);
        let (mut store, _) = Store::open(folder.path(), SMALL).unwrap();
        store
            .cut(|item| match item {
                Item::Entry { entry, .. } => entry.tick <= tick,
                Item::Head(signed) => signed.head.tick <= tick,
                _ => true,
            })
            .unwrap();
        let left = ((tick + 1) * 10).min(1000);
        assert_eq!((store.size(), store.root()), (left, roots[left as usize]), "tick {tick}");
        store.append(&entry(5000)).unwrap();
        store.sync().unwrap();
        let found = walk(folder.path(), &mut |_| Ok(())).unwrap();
        assert_eq!(found.size, left + 1);
    }
}

#[test]
fn sizes_that_would_wrap_are_refused() {
    use crate::tree::{Frontier, InclusionProof, MOST_LEAVES};
    for first in [u64::MAX, u64::MAX - 1, MOST_LEAVES + 1] {
        let folder = tempfile::tempdir().unwrap();
        let file = segment::path(folder.path(), 0);
        let mut bytes = segment::SegmentHeader { number: 0, first, before: [0; 16] }.to_bytes();
        for number in 0..3 {
            record::append(&mut bytes, record::RecordKind::Entry, &entry(number).to_bytes());
        }
        fs::write(&file, bytes).unwrap();
        assert!(matches!(walk(&file, &mut |_| Ok(())), Err(DiskError::Damaged(_))), "{first}");
        assert!(Frontier::from_parts(first, vec![[0; 32]; first.count_ones() as usize]).is_none());
        let proof = InclusionProof { index: first - 1, size: first, path: vec![[0; 32]; 63] };
        assert!(proof.root::<Sha3_256>(&[0; 32]).is_none());
        let proof = ConsistencyProof { old_size: 1, new_size: first, path: vec![[0; 32]; 64] };
        assert!(!proof.verify::<Sha3_256>(&[0; 32], &[0; 32]));
    }
}

/// What was kept must have been there: a made-up beginning has no proof, whatever its checksum says.
#[test]
fn a_base_with_another_beginning_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::create(folder.path(), SMALL).unwrap();
    for (number, kind) in [EntryKind::Scene, EntryKind::Seed, EntryKind::Terms].into_iter().enumerate() {
        store.append(&Entry { kind, ..entry(number as u64) }).unwrap();
    }
    for number in 3..600 {
        store.append(&entry(number)).unwrap();
    }
    store.sync().unwrap();
    let compaction = store.compact(400).unwrap().unwrap();
    drop(store);
    let right = base::Base::read(folder.path()).unwrap();
    assert_eq!(right.kept.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [0, 1, 2]);
    let mut seen = Vec::new();
    walk(folder.path(), &mut |item| {
        if let Item::Kept { index, entry, .. } = item {
            seen.push((index, entry.kind));
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(seen, [(0, EntryKind::Scene), (1, EntryKind::Seed), (2, EntryKind::Terms)]);
    // What is told of what was dropped, but not that it is under the root: whoever has the program can make the checksum right.
    let changes: [fn(&mut base::Base); 11] = [
        |base| base.counts.values_mut().for_each(|count| *count = u64::MAX),
        |base| *base.counts.values_mut().next().unwrap() += 1,
        |base| base.stamps = u64::MAX,
        |base| base.compactions.clear(),
        |base| base.compactions[0].tick = u64::MAX,
        |base| (base.compactions[0].from, base.compactions[0].to) = (u64::MAX, u64::MAX),
        |base| base.pinned.push((200, u64::MAX, [0; 32])),
        |base| base.kept[0].1[40] ^= 1,
        |base| base.kept[1].0 = 5,
        |base| base.kept.swap(0, 1),
        |base| base.pinned[0].2[3] ^= 1,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut forged = right.clone();
        change(&mut forged);
        forged.write(folder.path()).unwrap();
        let found = damage(folder.path());
        // A tick shows where the next entry is of an earlier one.
        let is_told = found.file == base::Base::path(folder.path()) || found.what.contains("said to be dropped");
        assert!(is_told, "change {number} of {compaction:?}: {found}");
    }
    right.write(folder.path()).unwrap();
    assert!(walk(folder.path(), &mut |_| Ok(())).is_ok());
}

proptest! {
    #![proptest_config(agent2028_property_tests::cases(256))]

    #[test]
    fn no_bytes_make_a_walk_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..400), magic in any::<bool>(), good in 0..4_u64,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let file = segment::path(folder.path(), 0);
        let mut content = Vec::new();
        if good > 0 {
            write(folder.path(), good, SMALL);
            content = fs::read(&file).unwrap();
        } else if magic {
            content = b"A28LEDG2".to_vec();
        }
        content.extend(&bytes);
        fs::write(&file, content).unwrap();
        let _ = walk(folder.path(), &mut |_| Ok(()));
        fs::write(base::Base::path(folder.path()), &bytes).unwrap();
        prop_assert!(walk(folder.path(), &mut |_| Ok(())).is_err());
    }
}

/// A ledger of which entries were dropped, and what its base says.
static COMPACTED: std::sync::LazyLock<(tempfile::TempDir, Vec<u8>)> = std::sync::LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 300, SMALL);
    let (mut store, _) = Store::open(folder.path(), SMALL).unwrap();
    assert!(store.compact(200).unwrap().is_some());
    let file = fs::read(base::Base::path(folder.path())).unwrap();
    let content = file[8..file.len() - 32].to_vec();
    (folder, content)
});

proptest! {
    #![proptest_config(agent2028_property_tests::cases(512))]

    /// Whoever has the program can make the checksum right: then only what it says is wrong.
    #[test]
    fn whatever_a_base_says_nothing_panics(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), prop_oneof![Just(0xff_u8), any::<u8>()], 1..12_usize), 1..6),
        inserted in any::<bool>(),
    ) {
        let (folder, right) = &*COMPACTED;
        let mut content = right.clone();
        for (at, value, count) in &edits {
            let at = at.index(content.len());
            if inserted {
                content.splice(at..at, std::iter::repeat_n(*value, *count));
            } else {
                let end = (at + count).min(content.len());
                content[at..end].fill(*value);
            }
        }
        let file = [b"A28LBAS2".as_slice(), &content, blake3::hash(&content).as_bytes()].concat();
        let path = base::Base::path(folder.path());
        fs::write(&path, file).unwrap();
        let walked = walk(folder.path(), &mut |_| Ok(()));
        // What is accepted is appended to.
        if walked.is_ok() {
            let copy = tempfile::tempdir().unwrap();
            for file in fs::read_dir(folder.path()).unwrap().flatten() {
                fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
            }
            if let Ok((mut store, _)) = Store::open(copy.path(), SMALL) {
                append(&mut store, 300..330);
                let _ = store.compact(310);
            }
        }
    }
}

/// The variable by which the test below tells the process that it kills where to write.
const VICTIM: &str = "AGENT2028_LEDGER_VICTIM";

/// Not a test by itself: what the test below starts and kills. Without its variable it does nothing.
#[test]
#[allow(clippy::print_stdout, reason = "the test that starts this reads it")]
fn victim() {
    let Some(folder) = std::env::var_os(VICTIM).map(PathBuf::from) else {
        return;
    };
    let options = StoreOptions { durability: Durability::Every(64), segment_bytes: 20_000 };
    let mut store = match Store::open(&folder, options) {
        Ok((store, _)) => store,
        Err(_) => Store::create(&folder, options).unwrap(),
    };
    loop {
        let batch = store.size() % 9 + 1;
        let size = store.size();
        append(&mut store, size..size + batch);
        if store.size().is_multiple_of(5) {
            let head = head(&store, store.size() / 10);
            store.append_head(&head).unwrap();
        }
        store.flush().unwrap();
        println!("acknowledged {}", store.size());
    }
}

/// `kill -9` a hundred times, each after so many acknowledgements, amid whatever the victim does then: what was acknowledged
/// is there, and the ledger goes on.
#[test]
fn a_hundred_kills_lose_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger");
    let (mut torn, mut last) = (0, 0);
    for round in 0..100_usize {
        let mut victim = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "disk::tests::victim", "--nocapture"])
            .env(VICTIM, &ledger)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines();
        // The last line may be torn itself: only those before it are whole for certain.
        let told = |line: std::io::Result<String>| -> Option<u64> {
            line.ok()?.split("acknowledged ").nth(1)?.trim().parse().ok()
        };
        let mut acknowledged = lines.by_ref().filter_map(told).nth(round * 17 % 41).unwrap();
        victim.kill().unwrap();
        victim.wait().unwrap();
        let mut previous = acknowledged;
        for now in lines.filter_map(told) {
            (previous, acknowledged) = (acknowledged, now.max(acknowledged));
        }
        let found = walk(&ledger, &mut |item| match item {
            Item::Entry { index, entry: found, .. } if found != entry(index) => Err("another entry".into()),
            _ => Ok(()),
        })
        .unwrap();
        torn += u32::from(found.torn.is_some());
        assert!(found.size >= previous && previous >= last, "{} of {previous} acknowledged are there", found.size);
        last = found.size;
    }
    // Twenty acknowledgements a round on average, of five entries each.
    assert!(last > 5000, "{last} entries, {torn} torn ends");
}
