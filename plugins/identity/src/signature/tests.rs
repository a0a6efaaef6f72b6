use proptest::prelude::*;

use super::*;
use crate::fixture::{keys, time};

const DATA: &[u8] = b"agent 7 may query the database";

fn signed() -> (Box<dyn PrivateKeys>, Signature) {
    let keys = keys(1);
    let signature = Signature::sign(keys.as_ref(), "test", time(0), DATA).unwrap();
    (keys, signature)
}

#[test]
fn a_signature_holds_for_its_data_context_and_key() {
    let (keys, signature) = signed();
    let verify = |context, data: &[u8]| signature.verify(keys.public(), context, data);
    assert_eq!(verify("test", DATA), Ok(()));
    assert_eq!(verify("another", DATA), Err(SignatureError::Context));
    assert_eq!(verify("test", b"agent 8 may query the database"), Err(SignatureError::Data));
    let others = crate::fixture::keys(2);
    assert_eq!(signature.verify(others.public(), "test", DATA), Err(SignatureError::Key));
    let long = "x".repeat(256);
    assert_eq!(Signature::sign(keys.as_ref(), &long, time(0), DATA), Err(SignatureError::ContextTooLong));
}

#[test]
fn moving_a_signature_to_another_context_or_suite_breaks_it() {
    let (keys, signature) = signed();
    let moved = Signature { context: "another".into(), ..signature.clone() };
    assert_eq!(moved.verify(keys.public(), "another", DATA), Err(SignatureError::Classic));
    let suite = Signature { suite: SuiteId::HybridCrystals, ..signature.clone() };
    assert_eq!(suite.verify(keys.public(), "test", DATA), Err(SignatureError::Suite));
    let later = Signature { at: time(1), ..signature };
    assert_eq!(later.verify(keys.public(), "test", DATA), Err(SignatureError::Classic));
}

/// All bits of the time, the context, the digest, the key's id and the Ed25519 half, and as many of the lattice half as a
/// test has time for (the property test below takes others).
#[test]
fn flipping_a_single_bit_breaks_it() {
    let (keys, signature) = signed();
    let ready: std::sync::Arc<dyn VerifyingKeys> = keys.public().verifying().unwrap().into();
    let holds = |signature: &Signature, context: &str, data: &[u8]| {
        let id = keys.public().id();
        signature.verify_ready(id, SuiteId::HybridFips, || Ok(std::sync::Arc::clone(&ready)), context, data).is_ok()
    };
    assert!(holds(&signature, "test", DATA));
    for bit in 0..64 {
        assert!(!holds(&Signature { at: Timestamp(signature.at.0 ^ 1 << bit), ..signature.clone() }, "test", DATA));
    }
    for bit in 0..8 * DATA.len() {
        let mut data = DATA.to_vec();
        data[bit / 8] ^= 1 << (bit % 8);
        assert!(!holds(&signature, "test", &data));
        // Nor if the digest is adapted.
        assert!(!holds(&Signature { digest: Digest::of(&data), ..signature.clone() }, "test", &data));
    }
    for bit in 0..8 * 4 {
        let mut context = b"test".to_vec();
        context[bit / 8] ^= 1 << (bit % 8);
        let Ok(context) = String::from_utf8(context) else {
            continue;
        };
        assert!(!holds(&signature, &context, DATA));
        assert!(!holds(&Signature { context: context.clone(), ..signature.clone() }, &context, DATA));
    }
    for bit in 0..256 {
        let mut flipped = signature.clone();
        flipped.digest.0[bit / 8] ^= 1 << (bit % 8);
        assert!(!holds(&flipped, "test", DATA));
        let mut flipped = signature.clone();
        flipped.key.0.0[bit / 8] ^= 1 << (bit % 8);
        assert!(!holds(&flipped, "test", DATA));
    }
    for bit in 0..512 {
        let mut flipped = signature.clone();
        flipped.halves.classic[bit / 256][bit % 256 / 8] ^= 1 << (bit % 8);
        assert!(!holds(&flipped, "test", DATA), "Ed25519, bit {bit}");
    }
    for bit in (0..8 * 3309).step_by(37).chain(8 * 3309 - 64..8 * 3309) {
        let mut flipped = signature.clone();
        flipped.halves.lattice[bit / 8] ^= 1 << (bit % 8);
        assert!(!holds(&flipped, "test", DATA), "ML-DSA, bit {bit}");
    }
}

proptest! {
    #![proptest_config(agent2028_property_tests::cases(48))]

    #[test]
    fn any_change_of_the_lattice_half_breaks_it(at in 0_usize..3309, by in 1_u8..=255) {
        let (keys, mut signature) = signed();
        signature.halves.lattice[at] ^= by;
        prop_assert_eq!(signature.verify(keys.public(), "test", DATA), Err(SignatureError::Lattice));
    }

    #[test]
    fn a_signature_survives_being_written_down(data in prop::collection::vec(any::<u8>(), 0..40)) {
        let keys = keys(1);
        let signature = Signature::sign(keys.as_ref(), "test", time(3), &data).unwrap();
        let bytes = postcard::to_stdvec(&signature).unwrap();
        let read: Signature = postcard::from_bytes(&bytes).unwrap();
        prop_assert_eq!(&read, &signature);
        prop_assert_eq!(read.verify(keys.public(), "test", &data), Ok(()));
    }
}
