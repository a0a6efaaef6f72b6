//! Who may bid in a round, and how bids stay sealed until all are in.
//!
//! In the first phase bidders hand in commitments, SHA3-256 of auction, round, bidder, price and a nonce; in the second they
//! reveal what they committed to. Nobody learns a rival's price in time to answer it, and nobody can change a price once the
//! first is known. A commitment is bound to its bidder and its auction, so that a copied one can't be revealed by the thief.
//! One bid counts per bidder and round, however often its message arrives. Who lacks the skill is not admitted, whatever it
//! promises; who commits and does not reveal is known by name afterwards.

use std::collections::{BTreeMap, BTreeSet};

use agent2028_core::agent::AgentId;
use serde::{Deserialize, Serialize};
use sha3::{Digest, Sha3_256};

use crate::accounts::Money;
use crate::auction::{Bid, Promise};

/// What keeps commitments of this kind apart from all else that is hashed.
const DOMAIN: &[u8] = b"agent2028.market.commitment.v1";

/// A sealed bid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Commitment(pub [u8; 32]);

/// What a commitment hides. The nonce has enough random bits that prices can't be tried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Opening {
    /// The price, in minor units.
    pub price: Money,
    /// What is promised with it.
    pub promise: Promise,
    /// Random bits.
    pub nonce: [u8; 16],
}

impl Opening {
    /// The commitment to this by this bidder in this auction and round.
    #[must_use]
    pub fn commit(&self, auction: u64, round: u32, bidder: AgentId) -> Commitment {
        let mut hash = Sha3_256::new();
        hash.update(DOMAIN);
        hash.update(auction.to_le_bytes());
        hash.update(round.to_le_bytes());
        hash.update(bidder.0.to_le_bytes());
        hash.update(self.price.to_le_bytes());
        for promised in [self.promise.load, self.promise.time_ms, self.promise.confidence] {
            hash.update(promised.to_bits().to_le_bytes());
        }
        hash.update(self.nonce);
        Commitment(hash.finalize().into())
    }
}

/// Where a round stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Commitments come in.
    Committing,
    /// Bids are revealed.
    Revealing,
    /// Bids can be cleared.
    Closed,
}

/// Why a message does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The bidder lacks a skill.
    #[error("the bidder is not admitted")]
    NotAdmitted,
    /// It is too early or too late for this.
    #[error("it is not the time for this")]
    WrongPhase,
    /// The bidder has another bid in this round already.
    #[error("the bidder has committed to another bid")]
    SecondBid,
    /// Nothing was committed to.
    #[error("the bidder has not committed to a bid")]
    NoCommitment,
    /// It is not what was committed to.
    #[error("this is not what the bidder committed to")]
    Mismatch,
}

/// One round of a sealed auction.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SealedRound {
    auction: u64,
    round: u32,
    reveal_at: u64,
    close_at: u64,
    admitted: BTreeSet<AgentId>,
    committed: BTreeMap<AgentId, Commitment>,
    revealed: BTreeMap<AgentId, Bid>,
}

impl SealedRound {
    /// A round in which those who are `admitted` commit before `reveal_at` and reveal from then until before `close_at`, in
    /// ticks.
    #[must_use]
    pub fn new(
        auction: u64,
        round: u32,
        reveal_at: u64,
        close_at: u64,
        admitted: impl IntoIterator<Item = AgentId>,
    ) -> Self {
        let admitted = admitted.into_iter().collect();
        let (committed, revealed) = (BTreeMap::new(), BTreeMap::new());
        Self { auction, round, reveal_at, close_at: close_at.max(reveal_at), admitted, committed, revealed }
    }

    /// When it closes.
    #[must_use]
    pub fn close_at(&self) -> u64 {
        self.close_at
    }

    /// Its memory in bytes, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.admitted.len() * 8
            + self.committed.len() * 48
            + self.revealed.len() * (size_of::<Bid>() + 8)
    }

    /// Where it stands at a tick.
    #[must_use]
    pub fn phase(&self, now: u64) -> Phase {
        match now {
            early if early < self.reveal_at => Phase::Committing,
            middle if middle < self.close_at => Phase::Revealing,
            _ => Phase::Closed,
        }
    }

    /// Takes a commitment. The same one again changes nothing.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn commit(&mut self, now: u64, bidder: AgentId, commitment: Commitment) -> Result<(), Refusal> {
        if !self.admitted.contains(&bidder) {
            return Err(Refusal::NotAdmitted);
        }
        if self.phase(now) != Phase::Committing {
            return Err(Refusal::WrongPhase);
        }
        match self.committed.get(&bidder) {
            Some(first) if *first != commitment => Err(Refusal::SecondBid),
            _ => {
                self.committed.insert(bidder, commitment);
                Ok(())
            }
        }
    }

    /// Takes what a commitment hid. The same again changes nothing.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn reveal(&mut self, now: u64, bidder: AgentId, opening: &Opening) -> Result<(), Refusal> {
        if self.phase(now) != Phase::Revealing {
            return Err(Refusal::WrongPhase);
        }
        let commitment = self.committed.get(&bidder).ok_or(Refusal::NoCommitment)?;
        if opening.commit(self.auction, self.round, bidder) != *commitment {
            return Err(Refusal::Mismatch);
        }
        self.revealed.insert(bidder, Bid { bidder, price: opening.price, promise: opening.promise });
        Ok(())
    }

    /// The bids that count, in the order of their bidders; none before the round is closed.
    #[must_use]
    pub fn bids(&self, now: u64) -> Vec<Bid> {
        if self.phase(now) == Phase::Closed { self.revealed.values().copied().collect() } else { Vec::new() }
    }

    /// Who committed and did not reveal.
    pub fn withheld(&self) -> impl Iterator<Item = AgentId> + '_ {
        self.committed.keys().copied().filter(|bidder| !self.revealed.contains_key(bidder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HONEST: AgentId = AgentId(1);
    const OTHER: AgentId = AgentId(2);

    fn round() -> SealedRound {
        SealedRound::new(77, 3, 10, 20, [HONEST, OTHER])
    }

    fn opening(price: Money) -> Opening {
        Opening { price, promise: Promise::default(), nonce: [7; 16] }
    }

    #[test]
    fn what_was_committed_to_counts_once_and_in_time() {
        let mut round = round();
        let bid = opening(50);
        let sealed = bid.commit(77, 3, HONEST);
        assert_eq!(round.reveal(5, HONEST, &bid), Err(Refusal::WrongPhase));
        assert_eq!((round.commit(9, HONEST, sealed), round.commit(9, HONEST, sealed)), (Ok(()), Ok(())));
        assert_eq!(round.commit(9, HONEST, opening(40).commit(77, 3, HONEST)), Err(Refusal::SecondBid));
        assert_eq!(round.commit(10, OTHER, sealed), Err(Refusal::WrongPhase));
        assert_eq!(round.reveal(10, HONEST, &opening(40)), Err(Refusal::Mismatch));
        assert_eq!(round.reveal(10, OTHER, &bid), Err(Refusal::NoCommitment));
        assert_eq!((round.reveal(10, HONEST, &bid), round.reveal(19, HONEST, &bid)), (Ok(()), Ok(())));
        assert_eq!(round.bids(19), []);
        assert_eq!(round.bids(20), [Bid::new(HONEST, 50)]);
        assert_eq!(round.reveal(20, HONEST, &bid), Err(Refusal::WrongPhase));
    }

    #[test]
    fn commitments_are_bound_to_bidder_auction_and_round() {
        let bid = opening(50);
        let sealed = bid.commit(77, 3, HONEST);
        let mut round = round();
        // A thief copies what it can't read, and can't reveal it as its own.
        round.commit(1, OTHER, sealed).unwrap();
        assert_eq!(round.reveal(10, OTHER, &bid), Err(Refusal::Mismatch));
        assert_eq!(round.withheld().collect::<Vec<_>>(), [OTHER]);
        for other in [bid.commit(78, 3, HONEST), bid.commit(77, 4, HONEST), opening(51).commit(77, 3, HONEST)] {
            assert_ne!(other, sealed);
        }
        let blind = Opening { nonce: [8; 16], ..bid };
        assert_ne!(blind.commit(77, 3, HONEST), sealed);
        let promises = Opening { promise: Promise { load: 1.0, ..Promise::default() }, ..bid };
        assert_ne!(promises.commit(77, 3, HONEST), sealed);
    }

    #[test]
    fn who_lacks_the_skill_is_not_admitted_whatever_it_promises() {
        let mut round = round();
        let stranger = AgentId(9);
        assert_eq!(round.commit(1, stranger, opening(0).commit(77, 3, stranger)), Err(Refusal::NotAdmitted));
        assert_eq!(round.reveal(10, stranger, &opening(0)), Err(Refusal::NoCommitment));
        assert!(round.bids(20).is_empty());
    }
}
