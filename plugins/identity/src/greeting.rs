//! How two agree on a suite before one opens a sealed channel to the other.
//!
//! Who opens says which suites it can do (an [`Offer`]). Who accepts says which it can do, chooses the most preferred one that
//! both can, and signs all of it together with its key for that suite (an [`Answer`]). The offer travels in the clear and
//! unsigned: whoever stands on the way can strike suites from it. The answer tells what has arrived, so who opens finds out,
//! and what opens the channel rests on the answer with both lists ([`Channel`](crate::channel::Channel)).

use serde::{Deserialize, Serialize};

use crate::canonical::{Canonical, Digest};
use crate::channel::HelloError;
use crate::did::{Did, DidDocument};
use crate::signature::Signature;
use crate::suite::{KeyError, PrivateKeys, PublicKeys, SignatureError, SuiteId};
use crate::timestamp::Timestamp;

/// The context of the signature under an answer.
pub const ANSWER: &str = "agent2028.channel.answer";

/// What somebody says who wants to open a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Who it is.
    pub from: Did,
    /// To whom the channel shall lead.
    pub to: Did,
    /// When it was said.
    pub at: Timestamp,
    /// The suites that it can do.
    pub suites: Vec<SuiteId>,
}

/// What the other says to that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The offer, as it has come.
    pub offer: Offer,
    /// The suites that the other can do.
    pub accepts: Vec<SuiteId>,
    /// Its keys of the suite that is used: secrets are closed for these.
    pub keys: PublicKeys,
    /// Its signature over all of this, with the key of its identity.
    pub signature: Signature,
}

fn names(suites: &[SuiteId]) -> String {
    let names: Vec<&str> = suites.iter().map(|suite| suite.name()).collect();
    names.join(" ")
}

fn answer_bytes(offer: &Offer, accepts: &[SuiteId], keys: &PublicKeys) -> Vec<u8> {
    let canonical = Canonical::new(ANSWER).bytes(&offer.from.0.0).bytes(&offer.to.0.0).bytes(&offer.at.0.to_le_bytes());
    canonical.text(&names(&offer.suites)).text(&names(accepts)).bytes(&keys.id().0.0).finish()
}

impl Answer {
    /// Answers an offer with the most preferred suite that both can; `keys` sign, and `sealing` gives the keys of that suite.
    ///
    /// # Errors
    /// If the two have no suite in common, or a key is missing.
    pub fn give(
        offer: Offer,
        accepts: Vec<SuiteId>,
        sealing: impl FnOnce(SuiteId) -> Result<PublicKeys, KeyError>,
        keys: &dyn PrivateKeys,
    ) -> Result<Self, HelloError> {
        let suite = SuiteId::negotiate(&offer.suites, &accepts).ok_or(HelloError::NoCommonSuite)?;
        let sealing = sealing(suite)?;
        let signature = Signature::sign(keys, ANSWER, offer.at, &answer_bytes(&offer, &accepts, &sealing))?;
        Ok(Self { offer, accepts, keys: sealing, signature })
    }

    /// The suite that is used.
    #[must_use]
    pub fn suite(&self) -> SuiteId {
        self.keys.suite
    }

    /// What it is called by: both lists, the keys and the parties are in it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&answer_bytes(&self.offer, &self.accepts, &self.keys))
    }

    /// Whether this is what `to` answers to this offer, and the best that both can do.
    ///
    /// # Errors
    /// Why it isn't.
    pub fn verify(&self, said: &Offer, to: &DidDocument) -> Result<(), HelloError> {
        self.verify_if(said, to, |signature, keys, bytes| signature.verify(keys, ANSWER, bytes))?;
        self.check_suites(said)
    }

    /// Whether `to` has answered this to the parties of an offer, whichever suites it was told of; with somebody else's word for
    /// the signature.
    pub(crate) fn verify_if(
        &self,
        said: &Offer,
        to: &DidDocument,
        verify: impl FnOnce(&Signature, &PublicKeys, &[u8]) -> Result<(), SignatureError>,
    ) -> Result<(), HelloError> {
        let heard = &self.offer;
        if (heard.from, heard.to, heard.at) != (said.from, said.to, said.at) || to.did != said.to {
            return Err(HelloError::OtherParties);
        }
        if !to.is_active() {
            return Err(HelloError::Deactivated);
        }
        let theirs = to.current().filter(|keys| keys.id() == self.signature.key).ok_or(HelloError::KeyNotInForce)?;
        Ok(verify(&self.signature, theirs, &answer_bytes(heard, &self.accepts, &self.keys))?)
    }

    /// Whether the other has heard of the suites that were offered, and has chosen the best that both can.
    pub(crate) fn check_suites(&self, said: &Offer) -> Result<(), HelloError> {
        let best = SuiteId::negotiate(&said.suites, &self.accepts);
        if self.offer.suites != said.suites || best != Some(self.suite()) {
            return Err(HelloError::Downgraded);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::Channel;
    use crate::fixture::{keys, seed, time};
    use SuiteId::{HybridCrystals, HybridFips};

    struct Two {
        keys: [Box<dyn PrivateKeys>; 2],
        documents: [DidDocument; 2],
        offer: Offer,
    }

    fn two() -> Two {
        let keys = [keys(1), keys(2)];
        let documents = [0, 1].map(|at| DidDocument::new(keys[at].public().clone(), time(0)));
        let suites = vec![HybridFips, HybridCrystals];
        let offer = Offer { from: documents[0].did, to: documents[1].did, at: time(1), suites };
        Two { keys, documents, offer }
    }

    /// What Bob answers who accepts these suites, with keys of any of them.
    fn answer(two: &Two, offer: &Offer, accepts: &[SuiteId]) -> Result<Answer, HelloError> {
        let sealing = |suite: SuiteId| match suite {
            HybridFips => Ok(two.keys[1].public().clone()),
            HybridCrystals => Ok(suite.get()?.generate(&seed(7)).public().clone()),
        };
        Answer::give(offer.clone(), accepts.to_vec(), sealing, two.keys[1].as_ref())
    }

    #[test]
    fn the_best_that_both_can_is_chosen() {
        let two = two();
        for (mine, theirs, wanted) in [
            (&[HybridFips, HybridCrystals][..], &[HybridCrystals, HybridFips][..], Ok(HybridFips)),
            (&[HybridCrystals, HybridFips], &[HybridFips], Ok(HybridFips)),
            (&[HybridFips], &[HybridCrystals], Err(HelloError::NoCommonSuite)),
            (&[], &[HybridFips], Err(HelloError::NoCommonSuite)),
            #[cfg(feature = "crystals")]
            (&[HybridFips, HybridCrystals], &[HybridCrystals], Ok(HybridCrystals)),
        ] {
            let offer = Offer { suites: mine.to_vec(), ..two.offer.clone() };
            let answer = answer(&two, &offer, theirs);
            assert_eq!(answer.as_ref().map(Answer::suite).map_err(|error| *error), wanted, "{mine:?} {theirs:?}");
            if let Ok(answer) = answer {
                assert_eq!(answer.verify(&offer, &two.documents[1]), Ok(()));
            }
        }
    }

    #[cfg(feature = "crystals")]
    #[test]
    fn a_stripped_offer_is_noticed() {
        let two = two();
        let stripped = Offer { suites: vec![HybridCrystals], ..two.offer.clone() };
        let honest = answer(&two, &stripped, &[HybridFips, HybridCrystals]).unwrap();
        assert_eq!(honest.suite(), HybridCrystals);
        assert_eq!(honest.verify(&two.offer, &two.documents[1]), Err(HelloError::Downgraded));
        // Whoever has struck something can't put it back into what Bob has signed, nor strike anything from what Bob accepts.
        let bob = &two.documents[1];
        let mended = Answer { offer: two.offer.clone(), ..honest.clone() };
        assert_eq!(mended.verify(&two.offer, bob), Err(HelloError::Signature(SignatureError::Data)));
        let narrowed = Answer { accepts: vec![HybridCrystals], ..mended };
        assert_eq!(narrowed.verify(&two.offer, bob), Err(HelloError::Signature(SignatureError::Data)));
        // Other keys than Bob's own, or an answer to somebody else or of another time.
        let whole = answer(&two, &two.offer, &[HybridFips, HybridCrystals]).unwrap();
        let mallory = Answer { keys: keys(3).public().clone(), ..whole.clone() };
        assert_eq!(mallory.verify(&two.offer, bob), Err(HelloError::Signature(SignatureError::Data)));
        let later = Offer { at: time(2), ..two.offer.clone() };
        assert_eq!(whole.verify(&later, bob), Err(HelloError::OtherParties));
        // Bob himself can't choose less than both can do without Alice knowing.
        let mut lazy = whole.clone();
        lazy.keys = HybridCrystals.suite().unwrap().generate(&seed(7)).public().clone();
        let bytes = answer_bytes(&lazy.offer, &lazy.accepts, &lazy.keys);
        lazy.signature = Signature::sign(two.keys[1].as_ref(), ANSWER, time(1), &bytes).unwrap();
        assert_eq!(lazy.verify(&two.offer, bob), Err(HelloError::Downgraded));
    }

    #[test]
    fn what_opens_a_channel_rests_on_the_lists_that_both_have_seen() {
        let two = two();
        let [alice, bob] = &two.documents;
        let given = answer(&two, &two.offer, &[HybridFips]).unwrap();
        let (_, hello) = Channel::open_to(alice, two.keys[0].as_ref(), bob, &given, &seed(9), time(1)).unwrap();
        let accept =
            |hello: &_, answer: &Answer| Channel::accept(hello, answer, alice, bob, two.keys[1].as_ref()).err();
        assert_eq!(accept(&hello, &given), None);
        // Bob has given another answer: he was told of fewer suites, or can do more.
        for (suites, accepts) in
            [(vec![HybridFips], vec![HybridFips]), (two.offer.suites.clone(), vec![HybridFips, HybridCrystals])]
        {
            let other = answer(&two, &Offer { suites, ..two.offer.clone() }, &accepts).unwrap();
            assert_eq!(accept(&hello, &other), Some(HelloError::OtherAnswer));
            let mut claimed = hello.clone();
            claimed.answer = other.digest();
            assert_eq!(accept(&claimed, &other), Some(HelloError::Signature(SignatureError::Data)));
        }
    }
}
