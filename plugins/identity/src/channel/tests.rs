use proptest::prelude::*;

use super::*;
use crate::fixture::{keys, seed, time};
use crate::greeting::Offer;
use crate::suite::SuiteId;

struct Pair {
    alice: Channel,
    bob: Channel,
    hello: Hello,
    answer: Answer,
    documents: [DidDocument; 2],
    keys: [Box<dyn PrivateKeys>; 2],
}

/// What the second answers to the first, with its own suite.
fn answer(documents: &[DidDocument; 2], keys: &dyn PrivateKeys) -> Answer {
    let suite = keys.public().suite;
    let offer = Offer { from: documents[0].did, to: documents[1].did, at: time(1), suites: SuiteId::ALL.to_vec() };
    Answer::give(offer, vec![suite], |_| Ok(keys.public().clone()), keys).unwrap()
}

fn pair() -> Pair {
    let keys = [keys(1), keys(2)];
    let documents = [0, 1].map(|at| DidDocument::new(keys[at].public().clone(), time(0)));
    let answer = answer(&documents, keys[1].as_ref());
    let (alice, hello) =
        Channel::open_to(&documents[0], keys[0].as_ref(), &documents[1], &answer, &seed(9), time(1)).unwrap();
    let bob = Channel::accept(&hello, &answer, &documents[0], &documents[1], keys[1].as_ref()).unwrap();
    Pair { alice, bob, hello, answer, documents, keys }
}

#[test]
fn both_ends_understand_each_other_and_nobody_else_does() {
    let Pair { mut alice, mut bob, .. } = pair();
    assert_eq!(alice.id(), bob.id());
    let there = alice.seal(b"hello").unwrap();
    assert_eq!(bob.open(&there).unwrap(), b"hello");
    assert!(!there.bytes.windows(5).any(|bytes| bytes == b"hello"));
    let back = bob.seal(b"hello yourself").unwrap();
    assert_eq!(alice.open(&back).unwrap(), b"hello yourself");
    // The directions have keys of their own: a message that is sent back is none.
    let there = alice.seal(b"hello").unwrap();
    assert_eq!(alice.open(&there), Err(OpenError::NotAuthentic));
    let [keys_of_mallory, other] = [keys(3), keys(4)];
    let documents = [&keys_of_mallory, &other].map(|keys| DidDocument::new(keys.public().clone(), time(0)));
    let answer = answer(&documents, other.as_ref());
    let (_, hello) =
        Channel::open_to(&documents[0], keys_of_mallory.as_ref(), &documents[1], &answer, &seed(9), time(1)).unwrap();
    let mut stranger = Channel::accept(&hello, &answer, &documents[0], &documents[1], other.as_ref()).unwrap();
    assert_eq!(stranger.open(&there), Err(OpenError::NotAuthentic));
}

#[test]
fn every_bit_of_a_message_counts() {
    let Pair { mut alice, mut bob, .. } = pair();
    let sealed = alice.seal(b"pay 100").unwrap();
    for bit in 0..8 * sealed.bytes.len() {
        let mut tampered = sealed.clone();
        tampered.bytes[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(bob.open(&tampered), Err(OpenError::NotAuthentic));
    }
    let moved = Sealed { number: 1, ..sealed.clone() };
    assert_eq!(bob.open(&moved), Err(OpenError::NotAuthentic));
    // What wasn't authentic didn't use the number up.
    assert_eq!(bob.open(&sealed).unwrap(), b"pay 100");
}

#[test]
fn a_message_comes_in_once() {
    let Pair { mut alice, mut bob, .. } = pair();
    let sealed: Vec<Sealed> = (0..200_u8).map(|number| alice.seal(&[number]).unwrap()).collect();
    assert!(bob.open(&sealed[1]).is_ok());
    assert!(bob.open(&sealed[0]).is_ok());
    assert_eq!(bob.open(&sealed[1]), Err(OpenError::Replayed));
    assert_eq!(bob.open(&sealed[0]), Err(OpenError::Replayed));
    assert!(bob.open(&sealed[150]).is_ok());
    assert!(bob.open(&sealed[149]).is_ok());
    assert!(bob.open(&sealed[23]).is_ok());
    assert_eq!(bob.open(&sealed[22]), Err(OpenError::TooOld));
    assert_eq!(bob.open(&sealed[23]), Err(OpenError::Replayed));
    assert_eq!(bob.open_unguarded(&sealed[1]).unwrap(), [1]);
}

#[test]
fn an_opening_is_for_these_two_and_for_once() {
    let Pair { hello, answer, documents, keys, .. } = pair();
    let [alice, bob] = &documents;
    let accept = |hello: &Hello| Channel::accept(hello, &answer, alice, bob, keys[1].as_ref()).err();
    let swapped = Hello { from: hello.to, to: hello.from, ..hello.clone() };
    assert_eq!(accept(&swapped), Some(HelloError::OtherParties));
    let mut tampered = hello.clone();
    tampered.sealed.lattice[3] ^= 1;
    assert_eq!(accept(&tampered), Some(HelloError::Signature(SignatureError::Data)));
    // Somebody who opens it in Alice's name has other keys.
    let mallory = crate::fixture::keys(3);
    let (_, mut forged) = Channel::open_to(alice, mallory.as_ref(), bob, &answer, &seed(8), time(1)).unwrap();
    assert_eq!(accept(&forged), Some(HelloError::KeyNotInForce));
    forged.signature.key = hello.signature.key;
    assert_eq!(accept(&forged), Some(HelloError::Signature(SignatureError::Classic)));
    let mut guard = HelloGuard::default();
    assert_eq!(guard.admit(&hello, time(2), 10.0), Ok(()));
    assert_eq!(guard.admit(&hello, time(3), 10.0), Err(OpenError::Replayed));
    assert_eq!(guard.admit(&hello, time(30), 10.0), Err(OpenError::TooOld));
    let mut ended = alice.clone();
    ended.deactivate(keys[0].as_ref(), time(5)).unwrap();
    assert_eq!(Channel::accept(&hello, &answer, &ended, bob, keys[1].as_ref()).err(), Some(HelloError::Deactivated));
}

#[cfg(feature = "crystals")]
#[test]
fn channels_work_between_parties_of_different_suites() {
    let alice = keys(1);
    let bob = SuiteId::HybridCrystals.suite().unwrap().generate(&seed(2));
    let documents = [&alice, &bob].map(|keys| DidDocument::new(keys.public().clone(), time(0)));
    let answer = answer(&documents, bob.as_ref());
    let (mut there, hello) =
        Channel::open_to(&documents[0], alice.as_ref(), &documents[1], &answer, &seed(9), time(1)).unwrap();
    let mut here = Channel::accept(&hello, &answer, &documents[0], &documents[1], bob.as_ref()).unwrap();
    assert_eq!(here.open(&there.seal(b"across").unwrap()).unwrap(), b"across");
}

proptest! {
    #![proptest_config(agent2028_property_tests::cases(256))]

    /// The window against a set that never forgets.
    #[test]
    fn the_window_lets_in_what_is_new_and_near(numbers in prop::collection::vec(0_u64..400, 0..300)) {
        let (mut window, mut came, mut newest) = (ReplayWindow::default(), std::collections::BTreeSet::new(), None);
        for number in numbers {
            let is_near = newest.is_none_or(|newest: u64| number + WINDOW > newest);
            let wanted = if !is_near { Err(OpenError::TooOld) }
                else if came.contains(&number) { Err(OpenError::Replayed) }
                else { Ok(()) };
            prop_assert_eq!(window.check(number), wanted);
            if wanted.is_ok() {
                window.note(number);
                came.insert(number);
                newest = newest.max(Some(number));
            }
        }
    }
}

#[test]
fn the_window_knows_the_largest_number() {
    let mut window = ReplayWindow::default();
    window.note(u64::MAX);
    assert_eq!(window.check(u64::MAX - 1), Ok(()));
    assert_eq!(window.check(3), Err(OpenError::TooOld));
}
