//! The crate `ct-merkle` as another opinion.

use super::*;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;

fn hash_of(root: &ct_merkle::RootHash<Sha3_256>) -> Hash {
    (*root.as_bytes()).into()
}

proptest! {
    #![proptest_config(agent2028_property_tests::cases(256))]

    #[test]
    fn another_implementation_has_the_same_roots_and_proofs(
        leaves in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 1..150),
        picks in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..12),
    ) {
        let mut theirs = MemoryBackedTree::<Sha3_256, Vec<u8>>::new();
        let mut ours: Tree = Tree::default();
        let mut roots = vec![theirs.root()];
        for leaf in &leaves {
            theirs.push(leaf.clone());
            ours.push(Sha3_256::leaf(leaf));
            roots.push(theirs.root());
            prop_assert_eq!(ours.root(), hash_of(&theirs.root()));
        }
        let size = leaves.len() as u64;
        for (leaf, old) in picks {
            let (index, old) = (leaf.index(leaves.len()), 1 + old.index(leaves.len()));
            let their_proof = theirs.prove_inclusion(index);
            let our_proof = ours.prove_inclusion(index as u64, size).unwrap();
            prop_assert_eq!(their_proof.as_bytes(), our_proof.path.as_flattened());
            let read = ct_merkle::InclusionProof::<Sha3_256>::from_bytes(our_proof.path.as_flattened().to_vec());
            prop_assert!(theirs.root().verify_inclusion(&leaves[index], index as u64, &read).is_ok());

            let theirs_for_old = theirs.prove_consistency(leaves.len() - old);
            let ours_for_old = ours.prove_consistency(old as u64, size).unwrap();
            let read = ct_merkle::ConsistencyProof::<Sha3_256>::try_from_bytes(ours_for_old.path.as_flattened().to_vec()).unwrap();
            prop_assert!(theirs.root().verify_consistency(&roots[old], &read).is_ok());
            prop_assert_eq!(theirs_for_old.as_bytes(), ours_for_old.path.as_flattened());
            prop_assert_eq!(ours.root_at(old as u64), Some(hash_of(&roots[old])));
        }
    }
}
