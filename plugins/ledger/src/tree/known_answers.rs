//! The answers that the literature and arithmetic give.

use super::*;
use crate::hash::to_hex;
use proptest::prelude::*;
use sha2::Sha256;

/// The eight leaves of the reference implementations of RFC 6962.
const LEAVES: [&[u8]; 8] = [
    b"",
    &[0x00],
    &[0x10],
    &[0x20, 0x21],
    &[0x30, 0x31],
    &[0x40, 0x41, 0x42, 0x43],
    &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
    &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
];

/// The published roots over the first 1 to 8 of them with SHA-256.
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn tree_of<H: TreeHash>(leaves: usize) -> Tree<H> {
    let mut tree = Tree::default();
    for number in 0..leaves {
        tree.push(H::leaf(&(number as u64).to_le_bytes()));
    }
    tree
}

/// The root straight from the definition in RFC 9162, section 2.1.1.
fn defined<H: TreeHash>(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => H::empty(),
        [leaf] => *leaf,
        _ => {
            let mut split = 1;
            while split * 2 < leaves.len() {
                split *= 2;
            }
            H::node(&defined::<H>(&leaves[..split]), &defined::<H>(&leaves[split..]))
        }
    }
}

#[test]
fn the_eight_leaves_have_the_published_roots() {
    let mut tree: Tree<Sha256> = Tree::default();
    let mut frontier = Frontier::default();
    assert_eq!(to_hex(&tree.root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (leaf, root) in LEAVES.iter().zip(ROOTS) {
        tree.push(Sha256::leaf(leaf));
        frontier.push::<Sha256>(Sha256::leaf(leaf));
        assert_eq!(to_hex(&tree.root()), root);
        assert_eq!(to_hex(&frontier.root::<Sha256>()), root);
    }
    // The published paths (RFC 6962's reference tests): leaf 0 of 8, leaf 5 of 8, leaf 2 of 3, leaf 1 of 5.
    let path = |index, size| -> Vec<String> {
        tree.prove_inclusion(index, size).unwrap().path.iter().map(|hash| to_hex(hash)).collect()
    };
    let leaf = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
    let pair = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
    let half = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
    assert_eq!(path(0, 8), [leaf, pair, half]);
    let fourth = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
    let last = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
    assert_eq!(path(5, 8), [fourth, last, ROOTS[3]]);
    assert_eq!(path(2, 3), [ROOTS[1]]);
    assert_eq!(path(1, 5), [ROOTS[0], pair, fourth]);
}

#[test]
fn with_sha3_the_structure_is_the_same() {
    let leaves: Vec<Hash> = LEAVES.iter().map(|leaf| Sha3_256::leaf(leaf)).collect();
    let mut tree: Tree = Tree::default();
    for (size, leaf) in leaves.iter().enumerate() {
        assert_eq!(tree.root(), defined::<Sha3_256>(&leaves[..size]));
        tree.push(*leaf);
    }
    let node = Sha3_256::node;
    let pairs: Vec<Hash> = leaves.chunks(2).map(|pair| node(&pair[0], &pair[1])).collect();
    assert_eq!(tree.root(), node(&node(&pairs[0], &pairs[1]), &node(&pairs[2], &pairs[3])));
    // SHA3-256 of 0x00, computed elsewhere (Python's hashlib).
    assert_eq!(to_hex(&leaves[0]), "5d53469f20fef4f8eab52b88044ede69c77a6a68a60728609fc4a65ff531e7d0");
    assert_eq!(tree.root_at(0), Some(Sha3_256::empty()));
}

#[test]
fn ten_thousand_proofs_verify_and_fail_against_any_other_root() {
    let tree: Tree = tree_of(3000);
    let mut state = 2028_u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for round in 0..10_000 {
        let new = 1 + random(3000);
        // (Every tree begins with the empty one, so a proof of that says nothing of its root.)
        let (index, old) = (random(new), 1 + random(new));
        let (root, old_root) = (tree.root_at(new).unwrap(), tree.root_at(old).unwrap());
        let leaf = tree.leaf(index).unwrap();
        let inclusion = tree.prove_inclusion(index, new).unwrap();
        assert!(inclusion.path.len() <= 12);
        assert!(inclusion.verify::<Sha3_256>(&leaf, &root));
        let consistency = tree.prove_consistency(old, new).unwrap();
        assert!(consistency.verify::<Sha3_256>(&old_root, &root), "{old} {new}");
        // Any other root, leaf or place.
        let mut wrong = root;
        wrong[round % 32] ^= 1 << (round % 8);
        let other = tree.root_at(1 + random(3000)).unwrap();
        for wrong in [wrong, other].iter().filter(|wrong| **wrong != root) {
            assert!(!inclusion.verify::<Sha3_256>(&leaf, wrong));
            assert!(!consistency.verify::<Sha3_256>(&old_root, wrong), "{old} {new}");
        }
        for wrong in [wrong, other].iter().filter(|wrong| **wrong != old_root) {
            assert!(!consistency.verify::<Sha3_256>(wrong, &root), "{old} {new}");
        }
        let mut elsewhere = inclusion.clone();
        elsewhere.index ^= 1;
        assert!(!elsewhere.verify::<Sha3_256>(&leaf, &root));
        assert!(!inclusion.verify::<Sha3_256>(&root, &root) || new == 1);
        if let Some(hash) = (!inclusion.path.is_empty()).then(|| random(inclusion.path.len() as u64) as usize) {
            let (mut changed, mut shorter, mut longer) = (inclusion.clone(), inclusion.clone(), inclusion.clone());
            changed.path[hash][round % 32] ^= 1 << (round % 8);
            shorter.path.remove(hash);
            longer.path.insert(hash, [9; 32]);
            for wrong in [changed, shorter, longer] {
                assert!(!wrong.verify::<Sha3_256>(&leaf, &root));
            }
        }
        if let Some(hash) = (!consistency.path.is_empty()).then(|| random(consistency.path.len() as u64) as usize) {
            let (mut changed, mut shorter, mut longer) =
                (consistency.clone(), consistency.clone(), consistency.clone());
            changed.path[hash][round % 32] ^= 1 << (round % 8);
            shorter.path.remove(hash);
            longer.path.insert(hash, [9; 32]);
            for wrong in [changed, shorter, longer] {
                assert!(!wrong.verify::<Sha3_256>(&old_root, &root));
            }
        }
    }
}

#[test]
fn what_was_never_there_can_not_be_proven() {
    let tree: Tree = tree_of(9);
    assert_eq!(tree.prove_inclusion(3, 10), Err(ProofError::TooLarge { asked: 10, size: 9 }));
    assert_eq!(tree.prove_inclusion(5, 5), Err(ProofError::TooLarge { asked: 5, size: 5 }));
    assert_eq!(tree.prove_consistency(6, 5), Err(ProofError::TooLarge { asked: 6, size: 5 }));
    assert_eq!(tree.root_at(10), None);
    // A proof that promises nonsense is refused, whatever its numbers are.
    for (index, size) in [(0, 0), (u64::MAX, u64::MAX), (5, 3), (u64::MAX - 1, u64::MAX)] {
        let proof = InclusionProof { index, size, path: vec![[1; 32]; 70] };
        assert!(!proof.verify::<Sha3_256>(&[0; 32], &[0; 32]));
        let proof = ConsistencyProof { old_size: index, new_size: size, path: vec![[1; 32]; 70] };
        assert!(!proof.verify::<Sha3_256>(&[0; 32], &[1; 32]));
    }
}

proptest! {
    #![proptest_config(agent2028_property_tests::cases(256))]

    #[test]
    fn a_tree_that_lost_its_beginning_proves_the_rest_as_before(
        size in 1..400_u64, dropped in proptest::collection::vec(0.0..1.0_f64, 1..4),
        heads in proptest::collection::vec(0..400_u64, 0..6), leaves in proptest::collection::vec(0..400_u64, 0..6),
        more in 0..70_u64,
    ) {
        let whole: Tree = tree_of((size + more) as usize);
        let mut tree: Tree = tree_of(size as usize);
        let mut fractions = dropped;
        fractions.sort_unstable_by(f64::total_cmp);
        let heads: Vec<u64> = heads.into_iter().map(|head| head % (size + 1)).collect();
        let leaves: Vec<u64> = leaves.into_iter().map(|leaf| leaf % size).collect();
        for fraction in fractions {
            let index = (size as f64 * fraction) as u64;
            tree.drop_before(index, &heads, &leaves);
        }
        let index = tree.dropped();
        let mut from_remains: Tree = Tree::from_remains(&tree.remains());
        for number in index..size {
            from_remains.push(tree.leaf(number).unwrap());
        }
        for number in size..size + more {
            tree.push(whole.leaf(number).unwrap());
            from_remains.push(whole.leaf(number).unwrap());
        }
        let size = size + more;
        for tree in [&tree, &from_remains] {
            prop_assert_eq!(tree.root(), whole.root());
            prop_assert_eq!(tree.frontier_at(size), whole.frontier_at(size));
            for number in 0..size {
                let proof = tree.prove_inclusion(number, size);
                // What is dropped has no proof, or, where a head or a leaf that stays needs the same nodes, the right one.
                if number < index && proof.is_err() {
                    prop_assert!(!leaves.contains(&number));
                    prop_assert_eq!(proof, Err(ProofError::Dropped { dropped: index }));
                } else {
                    prop_assert_eq!(proof, whole.prove_inclusion(number, size));
                }
            }
            // Old sizes from the dropped one on, and those of tree heads, stay provable.
            for old in (index..=size).chain(heads.iter().copied()) {
                prop_assert_eq!(tree.prove_consistency(old, size), whole.prove_consistency(old, size));
                prop_assert_eq!(tree.root_at(old), whole.root_at(old));
            }
        }
    }

    #[test]
    fn a_tree_that_was_cut_is_the_shorter_one(size in 0..200_u64, cut in 0.0..=1.0_f64, dropped in 0.0..=1.0_f64, more in 0..20_u64) {
        let mut tree: Tree = tree_of(size as usize);
        let cut = (size as f64 * cut) as u64;
        tree.drop_before((cut as f64 * dropped) as u64, &[], &[]);
        prop_assert!(tree.truncate(cut));
        prop_assert_eq!(tree.root(), tree_of::<Sha3_256>(cut as usize).root());
        for number in cut..cut + more {
            tree.push(Sha3_256::leaf(&number.to_le_bytes()));
        }
        prop_assert_eq!(tree.root(), tree_of::<Sha3_256>((cut + more) as usize).root());
        prop_assert!(tree.dropped() == 0 || !tree.truncate(tree.dropped() - 1));
    }

    #[test]
    fn a_frontier_has_the_root_and_the_subtrees_of_the_tree(size in 0..300_usize) {
        let tree: Tree = tree_of(size);
        let mut frontier = Frontier::default();
        (0..size).for_each(|number| frontier.push::<Sha3_256>(tree.leaf(number as u64).unwrap()));
        prop_assert_eq!(frontier.root::<Sha3_256>(), tree.root());
        prop_assert_eq!(Some(frontier), tree.frontier_at(size as u64));
    }
}
