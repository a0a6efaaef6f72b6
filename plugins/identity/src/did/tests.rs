use super::*;
use crate::fixture::{keys, time};

#[test]
fn a_name_is_the_hash_of_the_first_keys() {
    let alice = keys(1);
    let document = DidDocument::new(alice.public().clone(), time(0));
    assert_eq!(document.verify(), Ok(()));
    let text = document.did.to_string();
    assert!(text.starts_with("did:agent:zW1"), "{text}");
    assert_eq!(text.parse(), Ok(document.did));
    // Nobody can claim the name with other keys.
    let claimed = DidDocument { did: document.did, ..DidDocument::new(keys(2).public().clone(), time(0)) };
    assert_eq!(claimed.verify(), Err(DocumentError::OtherKeys));
    for bad in ["did:agent:", "did:agent:zzz", "did:key:zW1", "did:agent:z0OIl", ""] {
        assert_eq!(bad.parse::<Did>(), Err(NoDid), "{bad}");
    }
    assert!(document.did.short().chars().count() < 22);
}

#[test]
fn keys_rotate_and_keep_the_name_and_what_was_signed_before() {
    let generations = [keys(1), keys(2), keys(3)];
    let mut document = DidDocument::new(generations[0].public().clone(), time(0));
    let did = document.did;
    let before = Signature::sign(generations[0].as_ref(), "test", time(5), b"data").unwrap();
    document.rotate(generations[0].as_ref(), generations[1].as_ref(), time(10)).unwrap();
    document.rotate(generations[1].as_ref(), generations[2].as_ref(), time(20)).unwrap();
    assert_eq!((document.verify(), document.did), (Ok(()), did));
    assert_eq!(document.current(), Some(generations[2].public()));
    let then = document.keys_at(before.key, before.at).unwrap();
    assert_eq!(before.verify(then, "test", b"data"), Ok(()));
    // The old key signs nothing new, nor did the new one sign before its time.
    assert_eq!(document.keys_at(before.key, time(15)), None);
    assert_eq!(document.keys_at(generations[1].public().id(), time(5)), None);
    // Only the keys in force may rotate.
    let refused = document.rotate(generations[0].as_ref(), keys(4).as_ref(), time(30));
    assert_eq!(refused, Err(DocumentError::NotInForce));
    assert_eq!(document.rotate(generations[2].as_ref(), keys(4).as_ref(), time(19)), Err(DocumentError::Order(3)));
}

#[test]
fn a_rotation_needs_both_signatures() {
    let generations = [keys(1), keys(2)];
    let mut document = DidDocument::new(generations[0].public().clone(), time(0));
    document.rotate(generations[0].as_ref(), generations[1].as_ref(), time(10)).unwrap();
    let proof = document.history[1].proof.clone().unwrap();
    let with = |proof: Option<RotationProof>| {
        let mut document = document.clone();
        document.history[1].proof = proof;
        document.verify()
    };
    assert_eq!(with(None), Err(DocumentError::OtherKeys));
    let failed = |error| Err(DocumentError::Rotation { number: 1, error });
    let swapped = RotationProof { by_former: proof.by_new.clone(), by_new: proof.by_former.clone() };
    assert_eq!(with(Some(swapped)), failed(SignatureError::Key));
    let mut tampered = proof.clone();
    tampered.by_new.halves.lattice[9] ^= 1;
    assert_eq!(with(Some(tampered)), failed(SignatureError::Lattice));
    let mut tampered = proof;
    tampered.by_former.halves.classic[0][0] ^= 1;
    assert_eq!(with(Some(tampered)), failed(SignatureError::Classic));
    // Other keys slipped in.
    let mut other = document.clone();
    other.history[1].keys = keys(9).public().clone();
    assert_eq!(other.verify(), failed(SignatureError::Data));
    let mut early = document.clone();
    early.history[1].from = time(-1);
    assert_eq!(early.verify(), Err(DocumentError::Order(1)));
}

#[test]
fn deactivation_is_final() {
    let (alice, mallory) = (keys(1), keys(2));
    let mut document = DidDocument::new(alice.public().clone(), time(0));
    assert_eq!(document.deactivate(mallory.as_ref(), time(1)), Err(DocumentError::NotInForce));
    document.deactivate(alice.as_ref(), time(1)).unwrap();
    assert_eq!((document.verify(), document.is_active()), (Ok(()), false));
    assert_eq!(document.deactivate(alice.as_ref(), time(2)), Err(DocumentError::Deactivated));
    assert_eq!(document.rotate(alice.as_ref(), keys(3).as_ref(), time(2)), Err(DocumentError::Deactivated));
    let mut forged = document;
    forged.deactivated.as_mut().unwrap().at = time(3);
    assert_eq!(forged.verify(), Err(DocumentError::Deactivation(SignatureError::Classic)));
}

#[test]
fn a_document_is_extended_by_what_came_after_it_and_by_nothing_else() {
    let keys = [keys(1), keys(2), keys(3), keys(4)];
    let mut whole = DidDocument::new(keys[0].public().clone(), time(0));
    let mut stages = vec![whole.clone()];
    for at in 1..4 {
        whole.rotate(keys[at - 1].as_ref(), keys[at].as_ref(), time(10 * at as i64)).unwrap();
        stages.push(whole.clone());
    }
    whole.deactivate(keys[3].as_ref(), time(50)).unwrap();
    stages.push(whole.clone());
    for (known, earlier) in stages.iter().enumerate() {
        for (upto, later) in stages.iter().enumerate() {
            let news = later.since(earlier.history.len());
            assert_eq!(earlier.extended(&news).ok().as_ref(), (known <= upto).then_some(later), "{known} {upto}");
            assert_eq!(earlier.extended(later).ok().as_ref(), (known <= upto).then_some(later), "{known} {upto}");
        }
    }
    // Other keys than those that came, a gap, another's, and a change that the keys before have not signed.
    let mut other = stages[1].clone();
    other.rotate(keys[1].as_ref(), keys[3].as_ref(), time(15)).unwrap();
    assert!(stages[2].extended(&other).is_err());
    assert!(stages[0].extended(&stages[2].since(2)).is_err());
    assert!(stages[0].extended(&DidDocument::new(keys[1].public().clone(), time(0))).is_err());
    let mut forged = stages[2].since(1);
    forged.history[1].proof.as_mut().unwrap().by_former.halves.lattice[7] ^= 1;
    assert!(matches!(stages[0].extended(&forged), Err(DocumentError::Rotation { number: 1, .. })));
    assert!(stages[0].extended(&DidDocument { history: Vec::new(), ..stages[0].clone() }).is_err());
}
